/*
 * The functional key of a program: what it computes for fixed generic values of x and of its constants, so that
 * programs that differ only in how they write the same function share one key (Gillard et al., arXiv:2302.05433).
 */
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <string.h>

enum { POINTS = 8, KEPT_BITS = 24, CANONICAL_SEED = 123 };

static uint64_t splitmix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Mixes values with their low bits dropped; a value next to 0 is 0. False if one is not finite. */
static bool mix(const double *values, double floor_at, evolved_exp_function_key *key)
{
    static const uint64_t lane[2] = {UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F)};
    key->word[0] = POINTS;
    key->word[1] = ~(uint64_t)POINTS;
    for (int i = 0; i < POINTS; i++) {
        if (!isfinite(values[i]))
            return false;
        const double value = fabs(values[i]) < floor_at ? 0 : values[i];
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        bits &= ~((UINT64_C(1) << (52 - KEPT_BITS)) - 1);
        for (int j = 0; j < 2; j++) {
            uint64_t *h = &key->word[j];
            *h = splitmix(*h ^ (bits + lane[j] + (*h << 6) + (*h >> 2)));
        }
    }
    return true;
}

static bool key_before(const evolved_exp_function_key *a, const evolved_exp_function_key *b)
{
    return a->word[0] != b->word[0] ? a->word[0] < b->word[0] : a->word[1] < b->word[1];
}

/* The next permutation in lexicographic order; false after the last. */
static bool next_permutation(uint8_t *order, size_t k)
{
    size_t i = k - 1, j = k - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    while (order[j] <= order[i - 1])
        j--;
    uint8_t swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
    for (j = k - 1; i < j; i++, j--) {
        swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    return true;
}

bool evolved_exp_function_key_of(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                 evolved_exp_function_key *key, uint8_t *order)
{
    const assay_random random = {CANONICAL_SEED, 0};
    evolved_exp_program canonical = *program;
    uint32_t nodes[EVOLVED_EXP_NODES];
    uint8_t trial[EVOLVED_EXP_NODES];
    double x[POINTS], y[POINTS], largest = 0, value[EVOLVED_EXP_NODES];
    const size_t k = evolved_exp_constant_nodes(program, nodes);
    for (uint64_t i = 0; i < POINTS; i++) {
        x[i] = problem->low + (problem->high - problem->low) * assay_random_uniform(random, i);
        largest = fmax(largest, fabs(x[i]));
    }
    for (size_t j = 0; j < k; j++) {
        value[j] = 0.5 + 1.5 * assay_random_uniform(random, POINTS + j);
        largest = fmax(largest, value[j]);
        trial[j] = (uint8_t)j;
    }
    bool found = false;
    do {
        evolved_exp_function_key candidate;
        for (size_t j = 0; j < k; j++)
            canonical.nodes[nodes[j]].constant = value[trial[j]];
        evolved_exp_reference_evaluate_f64(&canonical, x, y, POINTS);
        if (mix(y, 0x1p-40 * largest, &candidate) && (!found || key_before(&candidate, key))) {
            *key = candidate;
            memcpy(order, trial, k);
            found = true;
        }
    } while (k >= 2 && k <= EVOLVED_EXP_KEY_ORDERED && next_permutation(trial, k));
    return found;
}
