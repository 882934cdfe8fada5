/* hamming_distance: texts and patterns for its checks. */
#include "verify/discrete/hamming_distance_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const hamming_input_recipe hamming_recipes[HAMMING_RECIPES] = {
    {"uniform 64", HAMMING_UNIFORM, 64, 0, 0}, {"uniform 20", HAMMING_UNIFORM, 20, 0, 0},
    {"uniform 4", HAMMING_UNIFORM, 4, 0, 0},   {"noisy period 37", HAMMING_PERIODIC, 20, 37, 0.05},
    {"period 7", HAMMING_PERIODIC, 4, 7, 0},   {"Zipf 1.5", HAMMING_ZIPF, 64, 0, 0},
    {"blocks", HAMMING_BLOCKS, 4, 0, 0},       {"uniform 256", HAMMING_UNIFORM, 256, 0, 0},
    {"near match", HAMMING_NEAR, 250, 0, 0},
};

/* below[s] = probability of a symbol up to s. */
static void fill_zipf(double *below, unsigned symbols)
{
    double total = 0, sum = 0;
    for (unsigned s = 0; s < symbols; s++)
        total += pow(s + 1, -1.5);
    for (unsigned s = 0; s < symbols; s++)
        below[s] = sum += pow(s + 1, -1.5) / total;
}

/* The first symbol up to which the probability is above a uniform number, by bisection. */
static uint16_t zipf(const double *below, unsigned symbols, double uniform)
{
    unsigned low = 0, high = symbols - 1;
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        if (uniform < below[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return (uint16_t)low;
}

/* One of the two strings; streams r.stream (shared), +1 + 2 which and +2 + 2 which. */
static void make_string(const hamming_input_recipe *recipe, const double *below, assay_random r, uint64_t which,
                        uint16_t *string, size_t n)
{
    const assay_random own = {r.seed, r.stream + 1 + 2 * which}, noise = {r.seed, r.stream + 2 + 2 * which};
    size_t run = 0;
    for (size_t i = 0; i < n; i++) {
        const uint16_t symbol = (uint16_t)assay_random_integer(own, i, recipe->symbols);
        switch (recipe->kind) {
        case HAMMING_UNIFORM:
        case HAMMING_NEAR: string[i] = symbol; break;
        case HAMMING_PERIODIC:
            string[i] = assay_random_uniform(noise, i) < recipe->noise
                            ? symbol
                            : (uint16_t)assay_random_integer(r, i % recipe->period, recipe->symbols);
            break;
        case HAMMING_ZIPF: string[i] = zipf(below, recipe->symbols, assay_random_uniform(noise, i)); break;
        case HAMMING_BLOCKS:
            string[i] = run == 0 ? symbol : string[i - 1];
            run = run == 0 ? assay_random_integer(noise, i, 64) : run - 1;
            break;
        }
    }
}

bool hamming_make_input(verify_context *v, const hamming_input_recipe *recipe, assay_random r, size_t n, size_t m,
                        hamming_input *input)
{
    *input = (hamming_input){.n = n,
                             .m = m,
                             .text = malloc(n * sizeof *input->text),
                             .pattern = malloc(m * sizeof *input->pattern),
                             .text8 = malloc(n),
                             .pattern8 = malloc(m),
                             .expected = malloc((n - m + 1) * sizeof *input->expected),
                             .actual = malloc((n - m + 1) * sizeof *input->actual)};
    if (!verify_true(
            v, input->text && input->pattern && input->text8 && input->pattern8 && input->expected && input->actual,
            "memory for %s, n = %zu", recipe->name, n)) {
        hamming_release_input(input);
        return false;
    }
    double *below = malloc(recipe->symbols * sizeof *below);
    if (!verify_true(v, below != NULL, "memory for probabilities")) {
        hamming_release_input(input);
        return false;
    }
    fill_zipf(below, recipe->kind == HAMMING_ZIPF ? recipe->symbols : 0);
    r.stream *= 16; /* streams of one input apart from those of others */
    make_string(recipe, below, r, 0, input->text, n);
    make_string(recipe, below, r, 1, input->pattern, m);
    free(below);
    if (recipe->kind == HAMMING_NEAR) {
        const size_t from = assay_random_integer((assay_random){r.seed, r.stream + 5}, 0, n - m + 1);
        for (size_t j = 0; j < m; j++)
            if (assay_random_uniform((assay_random){r.seed, r.stream + 6}, j) >= 0.1)
                input->pattern[j] = input->text[from + j];
    }
    for (size_t i = 0; i < n; i++)
        input->text8[i] = (uint8_t)input->text[i];
    for (size_t j = 0; j < m; j++)
        input->pattern8[j] = (uint8_t)input->pattern[j];
    return true;
}

void hamming_release_input(hamming_input *input)
{
    free(input->text);
    free(input->pattern);
    free(input->text8);
    free(input->pattern8);
    free(input->expected);
    free(input->actual);
    *input = (hamming_input){0};
}

void hamming_expect(hamming_input *input)
{
    for (size_t i = 0; i + input->m <= input->n; i++) {
        int32_t distance = 0;
        for (size_t j = 0; j < input->m; j++)
            distance += input->text[i + j] != input->pattern[j];
        input->expected[i] = distance;
    }
}

size_t hamming_first_difference(const int32_t *a, const int32_t *b, size_t n)
{
    size_t i = 0;
    while (i < n && a[i] == b[i])
        i++;
    return i;
}
