/* Blending of two images of bytes: out[i] = a[i] w[i] / 255 + b[i] (255 - w[i]) / 255, rounded once to the nearest. */
#ifndef BLEND_H
#define BLEND_H

#include <assay/status.h>
#include <stddef.h>
#include <stdint.h>

/* Blends n pixels at the CPU level in force. Arrays must not overlap; n may be 0. The result is exact: the same at
 * every level. */
assay_status blend(const uint8_t *a, const uint8_t *b, const uint8_t *weight, size_t n, uint8_t *out);

/* The definition, pixel by pixel. */
assay_status blend_reference(const uint8_t *a, const uint8_t *b, const uint8_t *weight, size_t n, uint8_t *out);

/* The kernel for AVX2. */
void blend_avx2(const uint8_t *a, const uint8_t *b, const uint8_t *weight, size_t n, uint8_t *out);

/* One pixel without a division: x / 255 = (x + 128 + (x + 128) / 256) / 256 for all x up to 255 * 255. */
static inline uint8_t blend_pixel(unsigned a, unsigned b, unsigned weight)
{
    const unsigned x = a * weight + b * (255 - weight) + 128;
    return (uint8_t)((x + (x >> 8)) >> 8);
}

#endif
