/*
 * The keys of several rows side by side, for one instruction set: MIX_NAME is the function, MIX_LANES how many rows a
 * vector holds. Each row's two chains of multiplications are latency; rows fill the time.
 *
 * Vectors are those of the compiler (GCC and clang), so that the same text becomes SSE2, NEON, AVX2 or AVX-512.
 */
#include "optimized/arithmetic/functional_hash_kernels.h"

enum { VECTORS = FUNCTIONAL_HASH_ROWS / MIX_LANES, BLOCK = 32 };

typedef uint64_t words __attribute__((vector_size(8 * MIX_LANES)));
typedef words unaligned __attribute__((aligned(8), may_alias)); /* memcpy() would go through memory in halves */

static inline words splitmix(words z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline words step(words h, words u, uint64_t lane)
{
    return splitmix(h ^ (u + lane + (h << 6) + (h >> 2)));
}

/* Values that count, masked; *odd collects a set top bit where one is not finite. All by additions that carry into the
 * top bit, which magnitudes leave free: comparisons of 64-bit integers SSE2 has not. */
static inline words prepare(words u, const functional_hash_masks *masks, words *odd)
{
    const words magnitude = u & (UINT64_MAX >> 1);
    const words not_finite = magnitude + ((UINT64_C(1) << 63) - (UINT64_C(0x7ff) << 52));
    const words counts = magnitude + ((UINT64_C(1) << 63) - (masks->floor > 0 ? masks->floor : 1));
    const words kept = u & masks->keep & -(counts >> 63);
    *odd |= not_finite;
    const words strange = -(not_finite >> 63);
    return masks->sentinel ? (kept & ~strange) | (FUNCTIONAL_HASH_NAN & strange) : kept;
}

/* rows[i][row] = bits of value i of a row, for a block of at most BLOCK values. */
static inline void turn(const double *values, size_t stride, size_t count, uint64_t rows[][FUNCTIONAL_HASH_ROWS])
{
    for (size_t row = 0; row < FUNCTIONAL_HASH_ROWS; row++)
        for (size_t i = 0; i < count; i++)
            memcpy(&rows[i][row], &values[row * stride + i], sizeof rows[i][row]);
}

void MIX_NAME(const double *values, size_t n, const functional_hash_masks *masks, functional_hash_key *keys)
{
    uint64_t rows[BLOCK][FUNCTIONAL_HASH_ROWS] __attribute__((aligned(64)));
    words h0[VECTORS], h1[VECTORS], odd[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        h0[v] = (words){0} + n;
        h1[v] = (words){0} + ~(uint64_t)n;
        odd[v] = (words){0};
    }
    for (size_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? n - first : BLOCK;
        turn(values + first, n, count, rows);
        for (size_t i = 0; i < count; i++) {
            for (int v = 0; v < VECTORS; v++) {
                const words u = prepare(*(const unaligned *)&rows[i][v * MIX_LANES], masks, &odd[v]);
                h0[v] = step(h0[v], u, FUNCTIONAL_HASH_LANE_0);
                h1[v] = step(h1[v], u, FUNCTIONAL_HASH_LANE_1);
            }
        }
    }
    for (int row = 0; row < FUNCTIONAL_HASH_ROWS; row++) {
        const int v = row / MIX_LANES, lane = row % MIX_LANES;
        const bool none = odd[v][lane] >> 63 && !masks->sentinel;
        const functional_hash_key key = {{h0[v][lane], h1[v][lane]}};
        keys[row] = none ? (functional_hash_key){{0, 0}} : functional_hash_finish(key);
    }
}
