/* The hash of a sweep's outputs. A file of its own because multiplications of 64 bits are best left scalar. */
#include "verify/sweep.h"

#include <string.h>

enum { LANES = 8 }; /* independent multiplications, to hide their latency */

static const uint64_t prime = 0x100000001b3;

static uint32_t word_of(float y)
{
    uint32_t bits;
    memcpy(&bits, &y, sizeof bits);
    return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits;
}

uint64_t sweep_hash_words(uint64_t hash, const uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ words[i]) * prime;
    return hash;
}

uint64_t sweep_hash(const float *y, size_t n)
{
    uint64_t lanes[LANES];
    for (size_t lane = 0; lane < LANES; lane++)
        lanes[lane] = SWEEP_HASH_BASIS;
    const size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++)
            lanes[lane] = (lanes[lane] ^ word_of(y[i + lane])) * prime;
    }
    for (size_t i = whole; i < n; i++)
        lanes[i - whole] = (lanes[i - whole] ^ word_of(y[i])) * prime;
    return sweep_hash_words(SWEEP_HASH_BASIS, lanes, LANES);
}
