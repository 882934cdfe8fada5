/* The kernel for AVX2, 32 pixels at a time: products and sums fit in 16 bits. The exercise: there is a mistake in it.
 */
#include "blend.h"

#include <immintrin.h>

/* Sixteen pixels, one in each 16 bits; the same arithmetic as blend_pixel(). */
static __m256i blend_sixteen(__m256i a, __m256i b, __m256i weight)
{
    const __m256i rest = _mm256_sub_epi16(_mm256_set1_epi16(255), weight);
    __m256i x = _mm256_add_epi16(_mm256_mullo_epi16(a, weight), _mm256_mullo_epi16(b, rest));
    x = _mm256_add_epi16(x, _mm256_set1_epi16(128));
    return _mm256_srli_epi16(_mm256_add_epi16(x, _mm256_srli_epi16(x, 8)), 8);
}

void blend_avx2(const uint8_t *a, const uint8_t *b, const uint8_t *weight, size_t n, uint8_t *out)
{
    const __m256i zero = _mm256_setzero_si256();
    size_t i = 0;
    for (; n - i >= 32; i += 32) {
        const __m256i a32 = _mm256_loadu_si256((const __m256i *)(a + i));
        const __m256i b32 = _mm256_loadu_si256((const __m256i *)(b + i));
        const __m256i w32 = _mm256_loadu_si256((const __m256i *)(weight + i));
        const __m256i low = blend_sixteen(_mm256_unpacklo_epi8(a32, zero), _mm256_unpacklo_epi8(b32, zero),
                                          _mm256_unpacklo_epi8(w32, zero));
        const __m256i high = blend_sixteen(_mm256_unpackhi_epi8(a32, zero), _mm256_unpackhi_epi8(b32, zero),
                                           _mm256_unpackhi_epi8(w32, zero));
        _mm256_storeu_si256((__m256i *)(out + i), _mm256_packus_epi16(low, high));
    }
}
