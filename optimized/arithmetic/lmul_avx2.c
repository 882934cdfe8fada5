/* The kernels of lmul for AVX2. */
#include "optimized/arithmetic/lmul_kernels.h"
#include "optimized/simd.h"

#define LMUL_LANES          8
#define LMUL_GROUPS         2
#define LMUL_FMA(a, b, c)   ((f32v)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define LMUL_FMA_1(a, b, c) __builtin_fmaf(a, b, c)
#define LMUL_MULTIPLY       multiply_numbers
#define LMUL_LEAST(a, b)    ((u32v)_mm256_min_epu32((__m256i)(a), (__m256i)(b)))
#define LMUL_MOST(a, b)     ((u32v)_mm256_max_epu32((__m256i)(a), (__m256i)(b)))
#define LMUL_TABLE          lmul_kernels_avx2

/* What the addition of one vector needs, spread over its lanes. */
typedef struct adder {
    __m256i keep, half, last, magnitude, sign, largest, infinity, least, limit, subtrahend;
    int shift;
    bool nearest;
} adder;

static inline __m256i add(const adder *s, __m256i x, __m256i y, __m256i *special)
{
    __m256i a = _mm256_and_si256(x, s->magnitude), b = _mm256_and_si256(y, s->magnitude);
    if (s->nearest) {
        a = _mm256_add_epi32(a, _mm256_add_epi32(s->half, _mm256_and_si256(_mm256_srli_epi32(a, s->shift), s->last)));
        b = _mm256_add_epi32(b, _mm256_add_epi32(s->half, _mm256_and_si256(_mm256_srli_epi32(b, s->shift), s->last)));
        a = _mm256_and_si256(a, s->keep);
        b = _mm256_and_si256(b, s->keep);
    }
    /* As unsigned numbers; infinities and NaN are seen to by the caller. */
    *special = _mm256_or_si256(*special, _mm256_cmpgt_epi32(_mm256_max_epu32(a, b), s->largest));
    const __m256i sum = _mm256_add_epi32(a, b);
    const __m256i big_enough = _mm256_cmpeq_epi32(_mm256_max_epu32(sum, s->limit), sum);
    const __m256i too_small = _mm256_cmpgt_epi32(s->least, _mm256_min_epu32(a, b));
    __m256i result = _mm256_min_epu32(_mm256_sub_epi32(sum, s->subtrahend), s->infinity);
    result = _mm256_andnot_si256(too_small, _mm256_and_si256(result, big_enough));
    return _mm256_or_si256(result, _mm256_and_si256(_mm256_xor_si256(x, y), s->sign));
}

static adder make_adder(const lmul_arithmetic *arithmetic)
{
    const lmul_rounder r = lmul_rounder_of(arithmetic->bits, arithmetic->rounding);
    const uint32_t subtrahend = 0x3f800000 - lmul_offset_f32(arithmetic);
    return (adder){.keep = _mm256_set1_epi32((int)r.keep),
                   .half = _mm256_set1_epi32((int)r.half),
                   .last = _mm256_set1_epi32((int)r.last),
                   .magnitude = _mm256_set1_epi32((int)(r.last ? 0x7fffffff : r.keep & 0x7fffffff)),
                   .sign = _mm256_set1_epi32(INT32_MIN),
                   .largest = _mm256_set1_epi32(0x7f7fffff),
                   .infinity = _mm256_set1_epi32(0x7f800000),
                   .least = _mm256_set1_epi32(0x00800000),
                   .limit = _mm256_set1_epi32((int)(subtrahend + 0x00800000)),
                   .subtrahend = _mm256_set1_epi32((int)subtrahend),
                   .shift = (int)r.shift,
                   .nearest = r.last != 0};
}

static size_t multiply_numbers(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n,
                               bool past_cache);

#include "optimized/arithmetic/lmul_kernels_body.h"

enum { UNROLL = 4 };

static inline __attribute__((always_inline)) size_t multiply_loop(const lmul_arithmetic *arithmetic, bool nearest,
                                                                  const float *x, const float *y, float *out, size_t n,
                                                                  bool past_cache)
{
    adder s = make_adder(arithmetic);
    s.nearest = nearest;
    size_t i = 0;
    for (; i + UNROLL * LMUL_LANES <= n; i += UNROLL * LMUL_LANES) {
        __m256i special = _mm256_setzero_si256(), product[UNROLL];
        for (size_t j = 0; j < UNROLL; j++)
            product[j] = add(&s, _mm256_loadu_si256((const __m256i *)(x + i + j * LMUL_LANES)),
                             _mm256_loadu_si256((const __m256i *)(y + i + j * LMUL_LANES)), &special);
        if (!_mm256_testz_si256(special, special)) {
            multiply_generic(arithmetic, x + i, y + i, out + i, UNROLL * LMUL_LANES);
            continue;
        }
        for (size_t j = 0; j < UNROLL; j++) {
            __m256i *to = (__m256i *)(out + i + j * LMUL_LANES);
            if (past_cache)
                _mm256_stream_si256(to, product[j]);
            else
                _mm256_storeu_si256(to, product[j]);
        }
    }
    if (past_cache)
        _mm_sfence();
    return i;
}

/* The first elements of a product of vectors; returns how many. Aligned for stores that go past the cache. */
static size_t multiply_numbers(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n,
                               bool past_cache)
{
    size_t head = 0;
    past_cache = past_cache && (uintptr_t)out % sizeof *out == 0;
    if (past_cache) {
        head = (32 - (uintptr_t)out % 32) % 32 / sizeof *out;
        head = head < n ? head : n;
        multiply_generic(arithmetic, x, y, out, head);
    }
    const bool nearest = lmul_rounder_of(arithmetic->bits, arithmetic->rounding).last != 0;
    x += head, y += head, out += head, n -= head;
    if (nearest)
        return head + (past_cache ? multiply_loop(arithmetic, true, x, y, out, n, true)
                                  : multiply_loop(arithmetic, true, x, y, out, n, false));
    return head + (past_cache ? multiply_loop(arithmetic, false, x, y, out, n, true)
                              : multiply_loop(arithmetic, false, x, y, out, n, false));
}
