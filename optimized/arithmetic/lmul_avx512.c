/* The kernels of lmul for AVX-512. */
#include "optimized/arithmetic/lmul_kernels.h"

#include <immintrin.h>

#define LMUL_LANES          16
#define LMUL_GROUPS         4
#define LMUL_FMA(a, b, c)   ((f32v)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define LMUL_FMA_1(a, b, c) __builtin_fmaf(a, b, c)
#define LMUL_MULTIPLY       multiply_numbers
#define LMUL_LEAST(a, b)    ((u32v)_mm512_min_epu32((__m512i)(a), (__m512i)(b)))
#define LMUL_MOST(a, b)     ((u32v)_mm512_max_epu32((__m512i)(a), (__m512i)(b)))
#define LMUL_TABLE          lmul_kernels_avx512

/* What the addition of one vector needs, spread over its lanes. */
typedef struct adder {
    __m512i keep, half, last, magnitude, sign, infinity, limit, subtrahend;
    unsigned shift;
    bool nearest;
} adder;

static inline __m512i nearest_magnitude(const adder *s, __m512i a)
{
    const __m512i up = _mm512_add_epi32(s->half, _mm512_and_si512(_mm512_srli_epi32(a, s->shift), s->last));
    return _mm512_and_si512(_mm512_add_epi32(a, up), s->keep);
}

static inline __m512i add(const adder *s, __m512i x, __m512i y, __m512i *largest)
{
    __m512i a = _mm512_and_si512(x, s->magnitude), b = _mm512_and_si512(y, s->magnitude);
    if (s->nearest) {
        a = nearest_magnitude(s, a);
        b = nearest_magnitude(s, b);
    }
    /* As unsigned numbers; infinities and NaN are seen to by the caller. */
    *largest = _mm512_max_epu32(*largest, _mm512_max_epu32(a, b));
    const __m512i sum = _mm512_add_epi32(a, b);
    __mmask16 is_normal = _mm512_test_epi32_mask(a, s->infinity); /* an exponent field that is not 0 */
    is_normal = _mm512_mask_test_epi32_mask(is_normal, b, s->infinity);
    is_normal = _mm512_mask_cmpge_epu32_mask(is_normal, sum, s->limit);
    const __m512i result = _mm512_min_epu32(_mm512_maskz_sub_epi32(is_normal, sum, s->subtrahend), s->infinity);
    /* result | ((x ^ y) & sign) */
    return _mm512_ternarylogic_epi32(result, _mm512_xor_si512(x, y), s->sign, 0xf8);
}

static adder make_adder(const lmul_arithmetic *arithmetic)
{
    const lmul_rounder r = lmul_rounder_of(arithmetic->bits, arithmetic->rounding);
    const uint32_t subtrahend = 0x3f800000 - lmul_offset_f32(arithmetic);
    return (adder){.keep = _mm512_set1_epi32((int)r.keep),
                   .half = _mm512_set1_epi32((int)r.half),
                   .last = _mm512_set1_epi32((int)r.last),
                   .magnitude = _mm512_set1_epi32((int)(r.last ? 0x7fffffff : r.keep & 0x7fffffff)),
                   .sign = _mm512_set1_epi32(INT32_MIN),
                   .infinity = _mm512_set1_epi32(0x7f800000),
                   .limit = _mm512_set1_epi32((int)(subtrahend + 0x00800000)),
                   .subtrahend = _mm512_set1_epi32((int)subtrahend),
                   .shift = r.shift,
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
        __m512i largest = _mm512_setzero_si512(), product[UNROLL];
        for (size_t j = 0; j < UNROLL; j++)
            product[j] = add(&s, _mm512_loadu_si512(x + i + j * LMUL_LANES), _mm512_loadu_si512(y + i + j * LMUL_LANES),
                             &largest);
        if (_mm512_cmpge_epu32_mask(largest, s.infinity)) {
            multiply_generic(arithmetic, x + i, y + i, out + i, UNROLL * LMUL_LANES);
            continue;
        }
        for (size_t j = 0; j < UNROLL; j++) {
            if (past_cache)
                _mm512_stream_si512((__m512i *)(out + i + j * LMUL_LANES), product[j]);
            else
                _mm512_storeu_si512(out + i + j * LMUL_LANES, product[j]);
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
        head = (64 - (uintptr_t)out % 64) % 64 / sizeof *out;
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
