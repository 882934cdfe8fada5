/*
 * Comparing and counting, for vectors of HD_BYTES bytes. Included by the file of each instruction set, which defines
 *
 *     HD_BYTES                  bytes of a vector
 *     HD_ADD_EQUAL_U8(s, a, b)  s + (a == b) in each lane, of vectors of bytes; likewise _U16
 *     HD_SUM3(a, b, c)          the bit a ^ b ^ c of a full adder, of vectors of 64-bit words
 *     HD_CARRY3(a, b, c)        its carry: the majority
 *     HD_STAGGER(at)            64 bits from address at, at + 1, ... on, in a vector of 64-bit words; up to 16 bytes
 * are read HD_DIFFERENT(a, p, b, q)  (a ^ p) | (b ^ q), of vectors of 64-bit words HD_EXPAND(x, levels, c)   adds @c
 * levels bit slices, at x, to as many counts as a vector has bits HD_DISTANCE_U8, _U16      mismatches of two vectors
 * at addresses a and b, as a number
 */
#include "core/assert.h"

#include <string.h>

typedef uint8_t bytes_v __attribute__((vector_size(HD_BYTES)));
typedef uint16_t words_v __attribute__((vector_size(HD_BYTES)));
typedef uint64_t bits_v __attribute__((vector_size(HD_BYTES)));

typedef bytes_v bytes_at __attribute__((aligned(1), may_alias));
typedef words_v words_at __attribute__((aligned(2), may_alias));
typedef bits_v bits_at __attribute__((aligned(1), may_alias));

/* ---- One pattern symbol against many shifts ------------------------------------------------------------------- */

enum { COMPARE_VECTORS = 8 };

/*
 * Matches are counted in bytes, which hold 255 of them, and taken to the distances before they overflow; with 16-bit
 * symbols in 16 bits.
 */
#define COMPARE(NAME, TYPE, VECTOR, AT, ADD_EQUAL, DISTANCE, MOST)                                                     \
    static inline __attribute__((always_inline)) void NAME##_vectors(const TYPE *text, size_t vectors,                 \
                                                                     const TYPE *pattern, size_t m, int32_t *out)      \
    {                                                                                                                  \
        enum { LANES = HD_BYTES / sizeof(TYPE) };                                                                      \
        TYPE matches[COMPARE_VECTORS * LANES];                                                                         \
        for (size_t i = 0; i < vectors * LANES; i++)                                                                   \
            out[i] = (int32_t)m;                                                                                       \
        const size_t parts = (m + (MOST)-1) / (MOST);                                                                  \
        for (size_t part = 0; part < parts; part++) {                                                                  \
            const size_t low = part * m / parts, high = (part + 1) * m / parts;                                        \
            VECTOR sum[COMPARE_VECTORS] = {{0}};                                                                       \
            for (size_t j = low; j < high; j++) {                                                                      \
                const VECTOR symbol = pattern[j] - (VECTOR){0};                                                        \
                for (size_t k = 0; k < vectors; k++)                                                                   \
                    sum[k] = ADD_EQUAL(sum[k], *(const AT *)(text + j + k * LANES), symbol);                           \
            }                                                                                                          \
            memcpy(matches, sum, vectors *HD_BYTES);                                                                   \
            for (size_t i = 0; i < vectors * LANES; i++)                                                               \
                out[i] -= matches[i];                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void NAME(const TYPE *text, size_t shifts, const TYPE *pattern, size_t m, int32_t *out)                     \
    {                                                                                                                  \
        enum { LANES = HD_BYTES / sizeof(TYPE) };                                                                      \
        size_t i = 0;                                                                                                  \
        for (; i + COMPARE_VECTORS * LANES <= shifts; i += COMPARE_VECTORS * LANES)                                    \
            NAME##_vectors(text + i, COMPARE_VECTORS, pattern, m, out + i);                                            \
        for (; i + LANES <= shifts; i += LANES)                                                                        \
            NAME##_vectors(text + i, 1, pattern, m, out + i);                                                          \
        if (i < shifts && shifts >= LANES) { /* the last ones together with some before */                             \
            NAME##_vectors(text + shifts - LANES, 1, pattern, m, out + shifts - LANES);                                \
            i = shifts;                                                                                                \
        }                                                                                                              \
        for (; i < shifts; i++)                                                                                        \
            out[i] = (int32_t)DISTANCE(text + i, pattern, m, m);                                                       \
    }

/* Two strings, vectors along them, looked at whether to stop every 256 bytes. */
#define DISTANCE(NAME, TYPE, VECTOR_DISTANCE)                                                                          \
    static size_t NAME(const TYPE *a, const TYPE *b, size_t m, size_t limit)                                           \
    {                                                                                                                  \
        enum { LANES = HD_BYTES / sizeof(TYPE), STEP = 256 / sizeof(TYPE) };                                           \
        size_t distance = 0, j = 0;                                                                                    \
        for (; j + STEP <= m && distance <= limit; j += STEP)                                                          \
            for (size_t k = 0; k < STEP; k += LANES)                                                                   \
                distance += VECTOR_DISTANCE(a + j + k, b + j + k);                                                     \
        if (distance > limit)                                                                                          \
            return distance;                                                                                           \
        for (; j + LANES <= m; j += LANES)                                                                             \
            distance += VECTOR_DISTANCE(a + j, b + j);                                                                 \
        for (; j < m; j++)                                                                                             \
            distance += a[j] != b[j];                                                                                  \
        return distance;                                                                                               \
    }

DISTANCE(distance_u8, uint8_t, HD_DISTANCE_U8)
DISTANCE(distance_u16, uint16_t, HD_DISTANCE_U16)
COMPARE(compare_u8, uint8_t, bytes_v, bytes_at, HD_ADD_EQUAL_U8, distance_u8, 255)
COMPARE(compare_u16, uint16_t, words_v, words_at, HD_ADD_EQUAL_U16, distance_u16, 65535)

/* ---- Counters in bit slices ----------------------------------------------------------------------------------- */

enum { HIGH_SLICES = 12, SLICES = 4 + HIGH_SLICES };

/* Slices of weight 16, 32, ... with, for each bit of @c rounds that is set, one more slice of the weight pending. */
typedef struct high_slices {
    bits_v sum[HIGH_SLICES], pending[HIGH_SLICES];
    size_t rounds;
} high_slices;

static inline void add_high(high_slices *h, bits_v carry)
{
    size_t k = 0;
    for (; h->rounds >> k & 1; k++) {
        const bits_v a = h->sum[k], b = h->pending[k];
        h->sum[k] = HD_SUM3(a, b, carry);
        carry = HD_CARRY3(a, b, carry);
    }
    h->pending[k] = carry;
    h->rounds++;
}

/* Adds what is pending, so that the sums are all there is. */
static inline void settle_high(high_slices *h)
{
    for (size_t k = 0; k < HIGH_SLICES; k++) {
        if (!(h->rounds >> k & 1))
            continue;
        bits_v carry = h->pending[k];
        for (size_t l = k; l < HIGH_SLICES; l++) {
            const bits_v sum = h->sum[l];
            h->sum[l] = sum ^ carry;
            carry = sum & carry;
        }
    }
}

#define ADD2(SUM, CARRY, B, C)                                                                                         \
    do {                                                                                                               \
        const bits_v b_ = (B), c_ = (C);                                                                               \
        (CARRY) = HD_CARRY3(SUM, b_, c_);                                                                              \
        (SUM) = HD_SUM3(SUM, b_, c_);                                                                                  \
    } while (0)

/* Sixteen slices of weight 1 go into the four slices ones to eights, and one of weight 16 comes out (a tree of full
 * adders, as Harley and Seal count bits). */
static inline bits_v add_sixteen(bits_v low[4], const unsigned char *base, const uint32_t *offsets)
{
#define INPUT(I) (*(const bits_at *)(base + offsets[I]))
    bits_v ones = low[0], twos = low[1], fours = low[2], eights = low[3], two[2], four[2], eight[2], sixteen;
    for (size_t half = 0; half < 2; half++, offsets += 8) {
        ADD2(ones, two[0], INPUT(0), INPUT(1));
        ADD2(ones, two[1], INPUT(2), INPUT(3));
        ADD2(twos, four[0], two[0], two[1]);
        ADD2(ones, two[0], INPUT(4), INPUT(5));
        ADD2(ones, two[1], INPUT(6), INPUT(7));
        ADD2(twos, four[1], two[0], two[1]);
        ADD2(fours, eight[half], four[0], four[1]);
    }
    ADD2(eights, sixteen, eight[0], eight[1]);
    low[0] = ones, low[1] = twos, low[2] = fours, low[3] = eights;
    return sixteen;
#undef INPUT
}

static void sliced(const unsigned char *planes, const uint32_t *offsets, size_t count, size_t blocks, uint16_t *counts)
{
    ASSAY_ASSERT(count % HAMMING_SLICE_INPUTS == 0 && count <= 65520);
    size_t levels = 4;
    while (count >> levels)
        levels++;
    for (size_t block = 0; block < blocks; block++) {
        bits_v slices[SLICES] = {{0}};
        high_slices high;
        memset(&high, 0, sizeof high);
        for (size_t i = 0; i < count; i += HAMMING_SLICE_INPUTS)
            add_high(&high, add_sixteen(slices, planes + block * HD_BYTES, offsets + i));
        settle_high(&high);
        memcpy(slices + 4, high.sum, sizeof high.sum);
        HD_EXPAND(slices, levels, counts + block * 8 * HD_BYTES);
    }
}

/* ---- Bases of DNA --------------------------------------------------------------------------------------------- */

enum { WORDS = HD_BYTES / 8 }; /* of 64 bits, in a vector */

/* Word l of sum r is the distance at shift 8 l + r: put in order, two at a time in the halves of words. */
static inline void order_sums(const bits_v *sum, int32_t *distance)
{
    uint64_t pairs[WORDS][4];
    for (size_t r = 0; r < 8; r += 2) {
        const bits_v both = sum[r] + (sum[r + 1] << 32);
        for (size_t l = 0; l < WORDS; l++)
            pairs[l][r / 2] = both[l];
    }
    memcpy(distance, pairs, sizeof pairs);
}

/*
 * 8 * WORDS shifts at a time: word l of a vector of text begins at byte l, and meets eight copies of the pattern,
 * shifted by 0 to 7 bits, word after word. So nothing is to be summed across a vector. COUNT(x) is the number of bits
 * set in each 64-bit word or in parts of it, which do not overflow for MOST words of the pattern; ADD(x) adds them up
 * for each word.
 */
#define BASES(NAME, ATTRIBUTE, COUNT, MOST, ADD)                                                                       \
    ATTRIBUTE static inline __attribute__((always_inline)) void NAME##_word(                                           \
        const unsigned char *const text[2], const uint64_t(*pattern)[2], const uint64_t *mask, bits_v *sum)            \
    {                                                                                                                  \
        const bits_v a = HD_STAGGER(text[0]), b = HD_STAGGER(text[1]);                                                 \
        _Pragma("GCC unroll 8") for (size_t r = 0; r < 8; r++)                                                         \
        {                                                                                                              \
            bits_v different = HD_DIFFERENT(a, pattern[r][0] - (bits_v){0}, b, pattern[r][1] - (bits_v){0});           \
            if (mask)                                                                                                  \
                different &= mask[r] - (bits_v){0};                                                                    \
            sum[r] += COUNT(different);                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    ATTRIBUTE static void NAME(const unsigned char *const text[2], const hamming_bases *pattern, size_t shifts,        \
                               int32_t *out)                                                                           \
    {                                                                                                                  \
        const size_t words = pattern->words, full = words > 2 ? words - 2 : 1; /* from 1 to there without masks */     \
        for (size_t i = 0; i < shifts; i += 8 * WORDS) {                                                               \
            bits_v total[8] = {{0}};                                                                                   \
            for (size_t first = 0; first < words; first += (MOST)) {                                                   \
                const size_t last = words - first < (MOST) ? words : first + (MOST);                                   \
                bits_v sum[8] = {{0}};                                                                                 \
                for (size_t w = first; w < last; w++) {                                                                \
                    const unsigned char *const at[2] = {text[0] + i / 8 + 8 * w, text[1] + i / 8 + 8 * w};             \
                    if (w >= 1 && w < full)                                                                            \
                        NAME##_word(at, pattern->word[w], NULL, sum);                                                  \
                    else                                                                                               \
                        NAME##_word(at, pattern->word[w], pattern->mask[w < 1 ? 0 : w - full + 1], sum);               \
                }                                                                                                      \
                for (size_t r = 0; r < 8; r++)                                                                         \
                    total[r] += ADD(sum[r]);                                                                           \
            }                                                                                                          \
            int32_t distance[8 * WORDS];                                                                               \
            order_sums(total, distance);                                                                               \
            if (shifts - i >= 8 * WORDS) /* always as many: without a loop */                                          \
                memcpy(out + i, distance, sizeof distance);                                                            \
            else                                                                                                       \
                memcpy(out + i, distance, (shifts - i) * sizeof *out);                                                 \
        }                                                                                                              \
    }

/* ---- Transforms of float32 ------------------------------------------------------------------------------------ */

static void indicate_u8(const uint8_t *text, size_t length, uint8_t symbol, float *x)
{
    for (size_t i = 0; i < length; i++)
        x[i] = text[i] == symbol;
}

static void indicate_u16(const uint16_t *text, size_t length, uint16_t symbol, float *x)
{
    for (size_t i = 0; i < length; i++)
        x[i] = text[i] == symbol;
}

static void correlate(const float *restrict a, const float *restrict b, size_t count, float *restrict sum)
{
    for (size_t k = 0; k < 2 * count; k += 2) {
        sum[k] += a[k] * b[k] + a[k + 1] * b[k + 1];
        sum[k + 1] += a[k + 1] * b[k] - a[k] * b[k + 1];
    }
}

/* To the nearest integer: beyond 2^23 float32 has no others. */
static inline float round_to_integer(float x)
{
    const float large = 0x1.8p23F;
    return x + large - large;
}

static float off_integers(const float *x, size_t count)
{
    uint32_t worst = 0; /* as bits, which are in the order of the numbers, NaN above all */
    for (size_t i = 0; i < count; i++) {
        const float off = x[i] - round_to_integer(x[i]);
        uint32_t bits;
        memcpy(&bits, &off, sizeof bits);
        bits &= 0x7fffffff;
        worst = bits > worst ? bits : worst;
    }
    float result;
    memcpy(&result, &worst, sizeof result);
    return result;
}

static void subtract(const float *restrict x, size_t count, int32_t constant, int32_t *restrict out)
{
    for (size_t i = 0; i < count; i++)
        out[i] -= (int32_t)round_to_integer(x[i]) + constant;
}
