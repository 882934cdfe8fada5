/* The softmax of one row in float32, written so that plain and vectorised code give the same bits: no fused
 * multiply-add, and the sum is made of 16 interleaved ones. */
#ifndef ASSAY_LMUL_SOFTMAX_H
#define ASSAY_LMUL_SOFTMAX_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* e^x for x <= 0: x = n ln 2 + r with |r| <= ln(2)/2 (Cody and Waite: n times the first part of ln 2 is exact), e^r by
 * a polynomial, 2^n by adding to the exponent field. 0 below -87, where the result would come near the subnormals. */
static inline float lmul_exponential(float x)
{
    const float round_to_integer = 0x1.8p23f;
    const float shifted = x * 0x1.715476p0f + round_to_integer;
    const float n = shifted - round_to_integer;
    const float r = (x - n * 0x1.63p-1f) + n * 0x1.bd0106p-13f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const float e = (p * (r * r) + r) + 1.0f;
    uint32_t power, bits;
    memcpy(&power, &shifted, sizeof power);
    memcpy(&bits, &e, sizeof bits);
    bits += power << 23; /* the low bits of shifted are n */
    float scaled;
    memcpy(&scaled, &bits, sizeof scaled);
    scaled = x < -87.0f ? 0.0f : scaled;
    return x != x ? x : scaled;
}

/* row = softmax(scale * row). A NaN or +infinity makes the whole row NaN. */
static inline void lmul_softmax_row(float *restrict row, size_t n, float scale)
{
    enum { PARTS = 16 };
    float most[PARTS], sum[PARTS];
    const size_t whole = n - n % PARTS;
    for (size_t p = 0; p < PARTS; p++) {
        most[p] = -INFINITY;
        sum[p] = 0;
    }
    for (size_t i = 0; i < n; i++)
        row[i] *= scale;
    for (size_t i = 0; i < whole; i += PARTS)
        for (size_t p = 0; p < PARTS; p++)
            most[p] = row[i + p] > most[p] ? row[i + p] : most[p];
    for (size_t i = whole; i < n; i++)
        most[i - whole] = row[i] > most[i - whole] ? row[i] : most[i - whole];
    float largest = most[0];
    for (size_t p = 1; p < PARTS; p++)
        largest = most[p] > largest ? most[p] : largest;
    for (size_t i = 0; i < n; i++)
        row[i] = lmul_exponential(row[i] - largest);
    for (size_t i = 0; i < whole; i += PARTS)
        for (size_t p = 0; p < PARTS; p++)
            sum[p] += row[i + p];
    for (size_t i = whole; i < n; i++)
        sum[i - whole] += row[i];
    for (size_t width = PARTS / 2; width > 0; width /= 2)
        for (size_t p = 0; p < width; p++)
            sum[p] += sum[p + width];
    for (size_t i = 0; i < n; i++)
        row[i] /= sum[0];
}

#endif
