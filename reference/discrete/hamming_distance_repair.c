/*
 * From counts modulo q to counts, with certainty (step 4 of the algorithm, d to f).
 *
 * The differences d = -(m - 1) to n - 1 are hashed to d mod p. A bucket's deficit, the exact number of pairs in it less
 * the residues in it, is a sum of multiples of q that are not negative: if it is 0 every residue in it is exact, and if
 * only one difference in it can be wrong, that one lacks the whole deficit.
 */
#include "reference/discrete/hamming_distance_parts.h"

#include "assay/memory.h"
#include "assay/random.h"

enum { ATTEMPTS = 8 };

/* Bucket of the difference with index e = d + m - 1. */
static size_t bucket_of(const hamming_distance_group *group, size_t e, uint32_t p)
{
    const int64_t d = (int64_t)e - (int64_t)(group->m - 1), remainder = d % (int64_t)p;
    return (size_t)(remainder < 0 ? remainder + p : remainder);
}

assay_status hamming_distance_deficits(const hamming_distance_group *group, uint32_t p, int64_t *deficits,
                                       hamming_distance_counters *counters)
{
    if (p < 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "p is %u, must be a prime", (unsigned)p);
    const size_t N = hamming_distance_power_of_two(2 * (size_t)p - 1);
    int64_t *counts = assay_allocate(N, sizeof *counts);
    if (!counts)
        return ASSAY_NO_MEMORY;
    const assay_status status =
        group->cyclic(group->text, group->pattern, group->symbols, group->symbol_count, p, N, counts, counters);
    if (status == ASSAY_OK) {
        /* Positions are below p, so differences are -(p - 1) to p - 1, the negative ones at the end. */
        for (size_t v = 0; v < p; v++)
            deficits[v] = counts[v] + (v > 0 ? counts[N - p + v] : 0);
        for (size_t e = 0; e < group->n + group->m - 1; e++)
            deficits[bucket_of(group, e, p)] -= group->residues[e];
    }
    assay_release(counts);
    return status;
}

/* The two tables of deficits; a difference is a candidate while it lacks something in both. */
typedef struct tables {
    const hamming_distance_group *group;
    uint32_t prime[2];
    int64_t *deficit[2];
} tables;

/* The only candidate among the differences of a bucket, or SIZE_MAX if there is none or several. */
static size_t only_candidate(const tables *t, int side, size_t bucket)
{
    const size_t length = t->group->n + t->group->m - 1, p = t->prime[side];
    size_t found = SIZE_MAX;
    /* The first index of the bucket: e = bucket + m - 1 modulo p. */
    for (size_t e = (bucket + t->group->m - 1) % p; e < length; e += p)
        if (t->deficit[1 - side][bucket_of(t->group, e, t->prime[1 - side])] > 0) {
            if (found != SIZE_MAX)
                return SIZE_MAX;
            found = e;
        }
    return found;
}

/* Peels buckets with a single candidate until there are none; counts what was resolved. */
static size_t peel(tables *t)
{
    size_t resolved = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (int side = 0; side < 2; side++)
            for (size_t bucket = 0; bucket < t->prime[side]; bucket++) {
                const int64_t lacking = t->deficit[side][bucket];
                const size_t e = lacking > 0 ? only_candidate(t, side, bucket) : SIZE_MAX;
                if (e == SIZE_MAX)
                    continue;
                t->group->residues[e] += (uint32_t)lacking;
                t->deficit[side][bucket] = 0;
                t->deficit[1 - side][bucket_of(t->group, e, t->prime[1 - side])] -= lacking;
                resolved++;
                changed = true;
            }
    }
    return resolved;
}

static bool all_zero(const tables *t)
{
    for (int side = 0; side < 2; side++)
        for (size_t bucket = 0; bucket < t->prime[side]; bucket++)
            if (t->deficit[side][bucket] != 0)
                return false;
    return true;
}

assay_status hamming_distance_repair_with(const hamming_distance_group *group, const uint32_t primes[2], bool *done,
                                          hamming_distance_counters *counters)
{
    if (primes[0] < 2 || primes[1] < 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "primes are %u and %u", (unsigned)primes[0], (unsigned)primes[1]);
    tables t = {.group = group, .prime = {primes[0], primes[1]}};
    t.deficit[0] = assay_allocate(primes[0], sizeof *t.deficit[0]);
    t.deficit[1] = assay_allocate(primes[1], sizeof *t.deficit[1]);
    assay_status status = t.deficit[0] && t.deficit[1] ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (int side = 0; status == ASSAY_OK && side < 2; side++)
        status = hamming_distance_deficits(group, primes[side], t.deficit[side], counters);
    if (status == ASSAY_OK) {
        counters->overflowed += peel(&t);
        *done = all_zero(&t);
    }
    assay_release(t.deficit[0]);
    assay_release(t.deficit[1]);
    return status;
}

/* A random prime in [least, 2 least]: by Bertrand's postulate there is one. */
static uint32_t random_prime(assay_random r, uint64_t *index, uint32_t least)
{
    for (;;) {
        const uint64_t candidate = least + assay_random_integer(r, (*index)++, (uint64_t)least + 1);
        if (hamming_distance_is_prime(candidate))
            return (uint32_t)candidate;
    }
}

assay_status hamming_distance_repair(const hamming_distance_group *group, uint64_t seed, uint64_t stream, bool *done,
                                     hamming_distance_counters *counters)
{
    const assay_random r = {seed, (UINT64_C(1) << 17) + stream};
    const size_t half = (group->n + group->m - 1) / 2;
    const uint32_t least = half > 17 ? (uint32_t)half : 17;
    uint64_t index = 0;
    *done = false;
    for (int attempt = 0; attempt < ATTEMPTS && !*done; attempt++) {
        uint32_t primes[2] = {random_prime(r, &index, least), 0};
        do
            primes[1] = random_prime(r, &index, least);
        while (primes[1] == primes[0]);
        counters->attempts++;
        const assay_status status = hamming_distance_repair_with(group, primes, done, counters);
        if (status != ASSAY_OK)
            return status;
    }
    return ASSAY_OK;
}
