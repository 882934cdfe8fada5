/* The kernels of hamming_distance for any CPU: vectors of 16 bytes as the compiler makes them. Little-endian. */
#include "optimized/discrete/hamming_distance_kernels.h"

#define HD_BYTES                          16
#define HD_ADD_EQUAL_U8(s, a, b)          ((s) - (bytes_v)((a) == (b)))
#define HD_ADD_EQUAL_U16(s, a, b)         ((s) - (words_v)((a) == (b)))
#define HD_SUM3(a, b, c)                  ((a) ^ (b) ^ (c))
#define HD_CARRY3(a, b, c)                (((a) & (b)) | (((a) ^ (b)) & (c)))
#define HD_STAGGER(at)                    staggered(at)
#define HD_DIFFERENT(a, p, b, q)          (((a) ^ (p)) | ((b) ^ (q)))
#define HD_DISTANCE_U8                    vector_distance_u8
#define HD_DISTANCE_U16                   vector_distance_u16
#define HD_EXPAND(slices, levels, counts) expand((const unsigned char *)(slices), levels, counts)
/* How many lanes of a word are not 0, lanes being those of which @p ones has a 1 in each: an addition carries into the
 * top bit of a lane unless its lower bits are all 0, and a multiplication sums the top bits. */
static inline size_t nonzero_lanes(uint64_t x, uint64_t ones, unsigned bits)
{
    const uint64_t lower = (ones << (bits - 1)) - ones;
    const uint64_t top = (((x & lower) + lower) | x) >> (bits - 1) & ones;
    return (size_t)(top * ones >> (64 - bits));
}

static inline size_t different_lanes(const void *a, const void *b, uint64_t ones, unsigned bits)
{
    uint64_t x[HD_BYTES / 8], y[HD_BYTES / 8];
    size_t distance = 0;
    __builtin_memcpy(x, a, sizeof x);
    __builtin_memcpy(y, b, sizeof y);
    for (size_t i = 0; i < HD_BYTES / 8; i++)
        distance += nonzero_lanes(x[i] ^ y[i], ones, bits);
    return distance;
}

static inline size_t vector_distance_u8(const uint8_t *a, const uint8_t *b)
{
    return different_lanes(a, b, UINT64_C(0x0101010101010101), 8);
}

static inline size_t vector_distance_u16(const uint16_t *a, const uint16_t *b)
{
    return different_lanes(a, b, UINT64_C(0x0001000100010001), 16);
}

/* Bit i of a byte as byte i of a word: copies of the byte, of which each keeps one bit, which is moved to the top by an
 * addition that carries into it. */
static inline uint64_t spread(unsigned char bits)
{
    const uint64_t kept = bits * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    return (kept + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
}

/* Adds bit slices to counts, eight of them at a time. */
static void expand(const unsigned char *slices, size_t levels, uint16_t *counts)
{
    for (size_t byte = 0; byte < HD_BYTES; byte++) {
        uint64_t low = 0, high = 0;
        for (size_t k = 0; k < levels && k < 8; k++)
            low += spread(slices[k * HD_BYTES + byte]) << k;
        for (size_t k = 8; k < levels; k++)
            high += spread(slices[k * HD_BYTES + byte]) << (k - 8);
        for (size_t i = 0; i < 8; i++)
            counts[8 * byte + i] += (uint16_t)((low >> 8 * i & 0xff) + ((high >> 8 * i & 0xff) << 8));
    }
}

#include "optimized/discrete/hamming_distance_kernels_body.h"

static inline bits_v staggered(const unsigned char *at)
{
    uint64_t words[2];
    memcpy(&words[0], at, sizeof words[0]);
    memcpy(&words[1], at + 1, sizeof words[1]);
    return (bits_v){words[0], words[1]};
}

/* Set bits of each byte, by halves of ever larger fields. */
static inline bits_v population(bits_v x)
{
    x -= x >> 1 & 0x5555555555555555;
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
    return (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
}

static inline bits_v add_bytes(bits_v x)
{
    x = (x & 0x00ff00ff00ff00ff) + (x >> 8 & 0x00ff00ff00ff00ff);
    x += x >> 16;
    return (x + (x >> 32)) & 0xffff;
}

BASES(bases, , population, 31, add_bytes)

#if defined(__SSE2__)
#include <emmintrin.h>
#define HD_MULTIPLY_HIGH(a, b) ((words_v)_mm_mulhi_epu16((__m128i)(a), (__m128i)(b)))
/* There is no minimum of unsigned words: a - b where that is above 0 is subtracted. */
#define HD_LEAST(a, b) least(a, b)

static inline words_v least(words_v a, words_v b)
{
    return a - (words_v)_mm_subs_epu16((__m128i)a, (__m128i)b);
}
#else
#define HD_MULTIPLY_HIGH(a, b) multiply_high(a, b)
#define HD_LEAST(a, b)         least(a, b)

static inline words_v multiply_high(words_v a, words_v b)
{
    typedef uint32_t wide_v __attribute__((vector_size(2 * HD_BYTES)));
    return __builtin_convertvector(__builtin_convertvector(a, wide_v) * __builtin_convertvector(b, wide_v) >> 16,
                                   words_v);
}

static inline words_v least(words_v a, words_v b)
{
    const words_v smaller = (words_v)(a < b);
    return (a & smaller) | (b & ~smaller);
}
#endif

#define HD_TRANSPOSE(x) transpose(x)

static inline void transpose(words_v *x)
{
    for (size_t i = 0; i < HD_BYTES / 2; i++)
        for (size_t j = 0; j < i; j++) {
            const uint16_t swap = x[i][j];
            x[i][j] = x[j][i];
            x[j][i] = swap;
        }
}

#include "optimized/discrete/hamming_distance_modular_body.h"

const hamming_kernels hamming_kernels_baseline = {HD_TABLE};
