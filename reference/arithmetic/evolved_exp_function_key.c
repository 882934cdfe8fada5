/*
 * The functional key of a program: what it computes for fixed generic values of x and of its constants, so that
 * programs that differ only in how they write the same function share one key (functional_hash.h).
 */
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <string.h>

enum { POINTS = 8 };

static bool key_before(functional_hash_key a, functional_hash_key b)
{
    return a.word[0] != b.word[0] ? a.word[0] < b.word[0] : a.word[1] < b.word[1];
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

bool evolved_exp_function_key_of(const evolved_exp_problem *problem, const evolved_exp_program *program, unsigned bits,
                                 double floor_at, functional_hash_key *key, uint8_t *order)
{
    const assay_random random = {FUNCTIONAL_HASH_CANONICAL_SEED, 0};
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
    const functional_hash_options options = {.bits = bits, .floor = floor_at < 0 ? 0x1p-40 * largest : floor_at};
    bool found = false;
    do {
        functional_hash_key candidate;
        for (size_t j = 0; j < k; j++)
            canonical.nodes[nodes[j]].constant = value[trial[j]];
        evolved_exp_reference_evaluate_f64(&canonical, x, y, POINTS);
        functional_hash_reference_mix(y, POINTS, &options, &candidate);
        if (functional_hash_is_hashable(candidate) && (!found || key_before(candidate, *key))) {
            *key = candidate;
            memcpy(order, trial, k);
            found = true;
        }
    } while (k >= 2 && k <= EVOLVED_EXP_KEY_ORDERED && next_permutation(trial, k));
    return found;
}
