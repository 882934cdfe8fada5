/* The kernels of hamming_distance for AVX2. */
#include "optimized/discrete/hamming_distance_kernels.h"
#include "optimized/simd.h"

#define HD_BYTES                          32
#define HD_ADD_EQUAL_U8(s, a, b)          ((s) - (bytes_v)((a) == (b)))
#define HD_ADD_EQUAL_U16(s, a, b)         ((s) - (words_v)((a) == (b)))
#define HD_SUM3(a, b, c)                  ((a) ^ (b) ^ (c))
#define HD_CARRY3(a, b, c)                (((a) & (b)) | (((a) ^ (b)) & (c)))
#define HD_STAGGER(at)                    ((bits_v)staggered(at))
#define HD_DIFFERENT(a, p, b, q)          (((a) ^ (p)) | ((b) ^ (q)))
#define HD_DISTANCE_U8                    vector_distance_u8
#define HD_DISTANCE_U16                   vector_distance_u16
#define HD_EXPAND(slices, levels, counts) expand((const unsigned char *)(slices), levels, counts)

static inline __m256i load(const void *address)
{
    return _mm256_loadu_si256((const __m256i *)address);
}

static inline __m256i staggered(const unsigned char *at)
{
    const __m256i from =
        _mm256_setr_epi64x(0x0706050403020100, 0x0807060504030201, 0x0908070605040302, 0x0a09080706050403);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)at)), from);
}

static inline size_t vector_distance_u8(const uint8_t *a, const uint8_t *b)
{
    const __m256i equal = _mm256_cmpeq_epi8(load(a), load(b));
    return 32 - (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(equal));
}

static inline size_t vector_distance_u16(const uint16_t *a, const uint16_t *b)
{
    const __m256i equal = _mm256_cmpeq_epi16(load(a), load(b));
    return 16 - (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(equal)) / 2;
}

/* 32 bits as 32 bytes of 0 or -1. */
static inline __m256i spread(const unsigned char *bits)
{
    int32_t word;
    __builtin_memcpy(&word, bits, sizeof word);
    const __m256i which = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3,
                                           3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    const __m256i copies = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), which), bit);
    return _mm256_cmpeq_epi8(copies, bit);
}

/* Adds bit slices to counts, 32 of them at a time. */
static void expand(const unsigned char *slices, size_t levels, uint16_t *counts)
{
    for (size_t byte = 0; byte < HD_BYTES; byte += 4, counts += 32) {
        __m256i low = _mm256_setzero_si256(), high = low;
        for (size_t k = levels < 8 ? levels : 8; k-- > 0;) /* 2 low + bit, by subtraction of -bit */
            low = _mm256_sub_epi8(_mm256_add_epi8(low, low), spread(slices + k * HD_BYTES + byte));
        for (size_t k = levels; k-- > 8;)
            high = _mm256_sub_epi8(_mm256_add_epi8(high, high), spread(slices + k * HD_BYTES + byte));
        /* Bytes of both are interleaved within halves of 128 bits. */
        const __m256i a = _mm256_unpacklo_epi8(low, high), b = _mm256_unpackhi_epi8(low, high);
        __m256i *to = (__m256i *)counts;
        _mm256_storeu_si256(to, _mm256_add_epi16(load(to), _mm256_permute2x128_si256(a, b, 0x20)));
        _mm256_storeu_si256(to + 1, _mm256_add_epi16(load(to + 1), _mm256_permute2x128_si256(a, b, 0x31)));
    }
}

#include "optimized/discrete/hamming_distance_kernels_body.h"

/* Set bits of each byte, by nibbles. */
static inline bits_v population(bits_v x)
{
    const __m256i count = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2,
                                           2, 3, 2, 3, 3, 4);
    const __m256i nibble = _mm256_set1_epi8(15), bits = (__m256i)x;
    const __m256i low = _mm256_shuffle_epi8(count, _mm256_and_si256(bits, nibble));
    const __m256i high = _mm256_shuffle_epi8(count, _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble));
    return (bits_v)_mm256_add_epi8(low, high);
}

#define ADD_BYTES(x) ((bits_v)_mm256_sad_epu8((__m256i)(x), _mm256_setzero_si256()))

BASES(bases, , population, 31, ADD_BYTES)

#define HD_MULTIPLY_HIGH(a, b) ((words_v)_mm256_mulhi_epu16((__m256i)(a), (__m256i)(b)))
#define HD_LEAST(a, b)         ((words_v)_mm256_min_epu16((__m256i)(a), (__m256i)(b)))
#define HD_TRANSPOSE(x)        transpose(x)

/* Exchanges bits of the number of a vector with those of the number of a lane, from the lowest to the highest. */
static inline void transpose(words_v *x)
{
    for (size_t i = 0; i < 16; i += 2) {
        const __m256i a = (__m256i)x[i], b = (__m256i)x[i + 1];
        x[i] = (words_v)_mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xaa);
        x[i + 1] = (words_v)_mm256_blend_epi16(_mm256_srli_epi32(a, 16), b, 0xaa);
    }
    for (size_t i = 0; i < 16; i++) {
        if (i & 2)
            continue;
        const __m256i a = (__m256i)x[i], b = (__m256i)x[i + 2];
        x[i] = (words_v)_mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xaa);
        x[i + 2] = (words_v)_mm256_blend_epi32(_mm256_srli_epi64(a, 32), b, 0xaa);
    }
    for (size_t i = 0; i < 16; i++) {
        if (i & 4)
            continue;
        const __m256i a = (__m256i)x[i], b = (__m256i)x[i + 4];
        x[i] = (words_v)_mm256_unpacklo_epi64(a, b);
        x[i + 4] = (words_v)_mm256_unpackhi_epi64(a, b);
    }
    for (size_t i = 0; i < 8; i++) {
        const __m256i a = (__m256i)x[i], b = (__m256i)x[i + 8];
        x[i] = (words_v)_mm256_permute2x128_si256(a, b, 0x20);
        x[i + 8] = (words_v)_mm256_permute2x128_si256(a, b, 0x31);
    }
}

#include "optimized/discrete/hamming_distance_modular_body.h"

#define PLANE(NAME, TYPE, STEP, EQUAL)                                                                                 \
    static void NAME(const TYPE *text, size_t length, TYPE symbol, uint64_t *plane)                                    \
    {                                                                                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + 64 <= length; i += 64) {                                                                            \
            uint64_t word = 0;                                                                                         \
            for (size_t k = 0; k < 64; k += (STEP))                                                                    \
                word |= (uint64_t)EQUAL(text + i + k, symbol) << k;                                                    \
            plane[i / 64] = word;                                                                                      \
        }                                                                                                              \
        if (i < length)                                                                                                \
            plane[i / 64] = 0;                                                                                         \
        for (; i < length; i++)                                                                                        \
            plane[i / 64] |= (uint64_t)(text[i] == symbol) << i % 64;                                                  \
    }

static inline uint32_t equal_u8(const uint8_t *text, uint8_t symbol)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(load(text), _mm256_set1_epi8((char)symbol)));
}

/* 32 symbols; packing interleaves halves of 128 bits. */
static inline uint32_t equal_u16(const uint16_t *text, uint16_t symbol)
{
    const __m256i all_equal = _mm256_set1_epi16((short)symbol);
    const __m256i packed =
        _mm256_packs_epi16(_mm256_cmpeq_epi16(load(text), all_equal), _mm256_cmpeq_epi16(load(text + 16), all_equal));
    return (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(packed, 0xd8));
}

PLANE(plane_u8, uint8_t, 32, equal_u8)
PLANE(plane_u16, uint16_t, 32, equal_u16)

const hamming_kernels hamming_kernels_avx2 = {HD_TABLE, .plane_u8 = plane_u8, .plane_u16 = plane_u16};
