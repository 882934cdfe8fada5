/* The kernels of hamming_distance for AVX-512. */
#include "optimized/discrete/hamming_distance_kernels.h"

#include <immintrin.h>

#define HD_BYTES 64
#define HD_ADD_EQUAL_U8(s, a, b)                                                                                       \
    ((bytes_v)_mm512_mask_add_epi8((__m512i)(s), _mm512_cmpeq_epi8_mask((__m512i)(a), (__m512i)(b)), (__m512i)(s),     \
                                   _mm512_set1_epi8(1)))
#define HD_ADD_EQUAL_U16(s, a, b)                                                                                      \
    ((words_v)_mm512_mask_add_epi16((__m512i)(s), _mm512_cmpeq_epi16_mask((__m512i)(a), (__m512i)(b)), (__m512i)(s),   \
                                    _mm512_set1_epi16(1)))
#define HD_SUM3(a, b, c)   ((bits_v)_mm512_ternarylogic_epi64((__m512i)(a), (__m512i)(b), (__m512i)(c), 0x96))
#define HD_CARRY3(a, b, c) ((bits_v)_mm512_ternarylogic_epi64((__m512i)(a), (__m512i)(b), (__m512i)(c), 0xe8))
#define HD_STAGGER(at)     ((bits_v)staggered(at))
#define HD_DIFFERENT(a, p, b, q)                                                                                       \
    ((bits_v)_mm512_ternarylogic_epi64((__m512i)((a) ^ (p)), (__m512i)(b), (__m512i)(q), 0xf6))
#define HD_DISTANCE_U8                    vector_distance_u8
#define HD_DISTANCE_U16                   vector_distance_u16
#define HD_EXPAND(slices, levels, counts) expand((const unsigned char *)(slices), levels, counts)

static inline __m512i load(const void *address)
{
    return _mm512_loadu_si512(address);
}

static inline __m512i staggered(const unsigned char *at)
{
    const __m512i from =
        _mm512_setr_epi64(0x0706050403020100, 0x0807060504030201, 0x0908070605040302, 0x0a09080706050403,
                          0x0b0a090807060504, 0x0c0b0a0908070605, 0x0d0c0b0a09080706, 0x0e0d0c0b0a090807);
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)at)), from);
}

static inline size_t vector_distance_u8(const uint8_t *a, const uint8_t *b)
{
    return (size_t)__builtin_popcountll(_mm512_cmpneq_epi8_mask(load(a), load(b)));
}

static inline size_t vector_distance_u16(const uint16_t *a, const uint16_t *b)
{
    return (size_t)__builtin_popcountll(_mm512_cmpneq_epi16_mask(load(a), load(b)));
}

static inline __m512i double_and_add(__m512i sum, const unsigned char *bits)
{
    __mmask64 mask;
    __builtin_memcpy(&mask, bits, sizeof mask);
    sum = _mm512_add_epi8(sum, sum);
    return _mm512_mask_add_epi8(sum, mask, sum, _mm512_set1_epi8(1));
}

/* Adds bit slices to counts, 64 of them at a time. */
static void expand(const unsigned char *slices, size_t levels, uint16_t *counts)
{
    /* For the interleaving of low and high bytes: positions among the 16-bit words of two vectors. */
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11),
                  second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    for (size_t byte = 0; byte < HD_BYTES; byte += 8, counts += 64) {
        __m512i low = _mm512_setzero_si512(), high = low;
        for (size_t k = levels < 8 ? levels : 8; k-- > 0;)
            low = double_and_add(low, slices + k * HD_BYTES + byte);
        for (size_t k = levels; k-- > 8;)
            high = double_and_add(high, slices + k * HD_BYTES + byte);
        const __m512i a = _mm512_unpacklo_epi8(low, high), b = _mm512_unpackhi_epi8(low, high);
        _mm512_storeu_si512(counts, _mm512_add_epi16(load(counts), _mm512_permutex2var_epi64(a, first, b)));
        _mm512_storeu_si512(counts + 32, _mm512_add_epi16(load(counts + 32), _mm512_permutex2var_epi64(a, second, b)));
    }
}

#include "optimized/discrete/hamming_distance_kernels_body.h"

static inline bits_v population_by_nibbles(bits_v x)
{
    const __m512i count = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m512i nibble = _mm512_set1_epi8(15), bits = (__m512i)x;
    const __m512i low = _mm512_shuffle_epi8(count, _mm512_and_si512(bits, nibble));
    const __m512i high = _mm512_shuffle_epi8(count, _mm512_and_si512(_mm512_srli_epi16(bits, 4), nibble));
    return (bits_v)_mm512_add_epi8(low, high);
}

#define COUNTING     __attribute__((target("avx512vpopcntdq")))
#define ADD_BYTES(x) ((bits_v)_mm512_sad_epu8((__m512i)(x), _mm512_setzero_si512()))

BASES(bases_by_nibbles, , population_by_nibbles, 31, ADD_BYTES)

#define POPULATION_BY_INSTRUCTION(x) ((bits_v)_mm512_popcnt_epi64((__m512i)(x)))
#define ADD_NOTHING(x)               (x)
BASES(bases_by_instruction, COUNTING, POPULATION_BY_INSTRUCTION, SIZE_MAX, ADD_NOTHING)

/* Counting bits is an instruction of its own on some of these CPUs. */
static void bases(const unsigned char *const text[2], const hamming_bases *pattern, size_t shifts, int32_t *out)
{
    if (__builtin_cpu_supports("avx512vpopcntdq"))
        bases_by_instruction(text, pattern, shifts, out);
    else
        bases_by_nibbles(text, pattern, shifts, out);
}

#define HD_MULTIPLY_HIGH(a, b) ((words_v)_mm512_mulhi_epu16((__m512i)(a), (__m512i)(b)))
#define HD_LEAST(a, b)         ((words_v)_mm512_min_epu16((__m512i)(a), (__m512i)(b)))
#define HD_TRANSPOSE(x)        transpose(x)

/* Exchanges each bit of the number of a vector with that of the number of a lane. */
static inline void transpose(words_v *x)
{
    uint16_t lane_numbers[32];
    for (uint16_t l = 0; l < 32; l++)
        lane_numbers[l] = l;
    const __m512i lane = load(lane_numbers);
    for (uint16_t bit = 1; bit < 32; bit *= 2) {
        const __mmask32 upper = _mm512_test_epi16_mask(lane, _mm512_set1_epi16((short)bit));
        /* Lanes from 32 on are those of the second vector. */
        const __m512i low = _mm512_mask_add_epi16(lane, upper, lane, _mm512_set1_epi16((short)(32 - bit)));
        const __m512i high = _mm512_mask_add_epi16(_mm512_or_si512(lane, _mm512_set1_epi16((short)bit)), upper, lane,
                                                   _mm512_set1_epi16(32));
        for (size_t i = 0; i < 32; i++) {
            if (i & bit)
                continue;
            const __m512i a = (__m512i)x[i], b = (__m512i)x[i + bit];
            x[i] = (words_v)_mm512_permutex2var_epi16(a, low, b);
            x[i + bit] = (words_v)_mm512_permutex2var_epi16(a, high, b);
        }
    }
}

#include "optimized/discrete/hamming_distance_modular_body.h"

#define PLANE(NAME, TYPE, EQUAL)                                                                                       \
    static void NAME(const TYPE *text, size_t length, TYPE symbol, uint64_t *plane)                                    \
    {                                                                                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + 64 <= length; i += 64)                                                                              \
            plane[i / 64] = EQUAL(text + i, symbol);                                                                   \
        if (i < length)                                                                                                \
            plane[i / 64] = 0;                                                                                         \
        for (; i < length; i++)                                                                                        \
            plane[i / 64] |= (uint64_t)(text[i] == symbol) << i % 64;                                                  \
    }

static inline uint64_t equal_u8(const uint8_t *text, uint8_t symbol)
{
    return _mm512_cmpeq_epi8_mask(load(text), _mm512_set1_epi8((char)symbol));
}

static inline uint64_t equal_u16(const uint16_t *text, uint16_t symbol)
{
    const __m512i equal = _mm512_set1_epi16((short)symbol);
    return _mm512_cmpeq_epi16_mask(load(text), equal) | (uint64_t)_mm512_cmpeq_epi16_mask(load(text + 32), equal) << 32;
}

PLANE(plane_u8, uint8_t, equal_u8)
PLANE(plane_u16, uint16_t, equal_u16)

const hamming_kernels hamming_kernels_avx512 = {HD_TABLE, .plane_u8 = plane_u8, .plane_u16 = plane_u16};
