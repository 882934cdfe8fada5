/* hamming_distance: worked examples, and exact truth by products of large integers. */
#include "reference/discrete/hamming_distance_parts.h"
#include "verify/discrete/hamming_distance_checks.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

/* ---- Worked examples ------------------------------------------------------------------------------------------ */

static void check_example(verify_context *v, const char *text, const char *pattern, hamming_distance_method method,
                          const int32_t *expected, int32_t bound)
{
    const size_t n = strlen(text), m = strlen(pattern), shifts = n - m + 1;
    int32_t out[16];
    uint8_t codes[32]; /* A, C, G, T as 0 to 3 */
    const bool dna = method == HAMMING_DISTANCE_DNA2;
    for (size_t i = 0; i < n + m; i++) {
        const char symbol = i < n ? text[i] : pattern[i - n];
        codes[i] = (uint8_t)(dna ? strchr("ACGT", symbol) - "ACGT" : symbol);
    }
    const char *name = hamming_distance_method_name(method);
    const assay_status status = bound < 0
                                    ? hamming_distance_exact(codes, n, codes + n, m, 1, method, NULL, out)
                                    : hamming_distance_bounded(codes, n, codes + n, m, 1, (size_t)bound, NULL, out);
    if (!verify_ok(v, status, "%s in %s, %s", pattern, text, name))
        return;
    for (size_t i = 0; i < shifts; i++) {
        const int32_t limit = bound < 0 || expected[i] <= bound ? expected[i] : bound + 1;
        verify_true(v, out[i] == limit, "%s in %s at %zu, %s, k = %d: %d, must be %d", pattern, text, i, name,
                    (int)bound, (int)out[i], (int)limit);
    }
}

static const int32_t ABRACADABRA[] = {0, 4, 3, 3, 3, 3, 4, 0}, ACGT[] = {1, 3, 4, 4, 1, 4, 3, 4, 4};

void hamming_check_examples(verify_context *v)
{
    for (hamming_distance_method method = 0; method < HAMMING_DISTANCE_METHODS; method++) {
        if (method != HAMMING_DISTANCE_DNA2)
            check_example(v, "abracadabra", "abra", method, ABRACADABRA, -1);
        check_example(v, "ACGTACGTTACG", "ACGA", method, ACGT, -1);
    }
    check_example(v, "abracadabra", "abra", HAMMING_DISTANCE_AUTO, ABRACADABRA, 3);
    check_example(v, "abracadabra", "abra", HAMMING_DISTANCE_AUTO, ABRACADABRA, 1);
    check_example(v, "ACGTACGTTACG", "ACGA", HAMMING_DISTANCE_AUTO, ACGT, 4);
}

void hamming_check_period_example(verify_context *v)
{
    static const char text[] = "ACGTACGTTACG", pattern[] = "ACGA";
    const hamming_distance_input input = {text, pattern, 12, 4, 1};
    hamming_distance_strings strings = {0};
    hamming_distance_counters counters = {0};
    int64_t matches[9];
    if (!verify_ok(v, hamming_distance_make_strings(&input, &strings), "numbers of symbols"))
        return;
    for (size_t period = 1; period <= 12; period++) {
        const assay_status status =
            hamming_distance_by_period(hamming_distance_reference_cyclic, strings.text, 12, strings.pattern, 4,
                                       strings.symbols, period, matches, &counters);
        if (!verify_ok(v, status, "period %zu", period))
            break;
        for (size_t i = 0; i < 9; i++)
            verify_true(v, 4 - matches[i] == ACGT[i], "period %zu, shift %zu: %lld", period, i,
                        (long long)(4 - matches[i]));
    }
    hamming_distance_release_strings(&strings);
}

/* T = "aaaa", P = "aa", q = 2, p = 5: residues 1 0 0 0 1, deficits 2 2 2 0 0, and M = 1 2 2 2 1 again. */
void hamming_check_repair_example(verify_context *v)
{
    static const uint16_t zeros[4] = {0};
    static const uint32_t only = 0, expected_residues[] = {1, 0, 0, 0, 1}, expected[] = {1, 2, 2, 2, 1};
    static const int64_t expected_deficits[] = {2, 2, 2, 0, 0};
    hamming_distance_places text = {0}, pattern = {0};
    hamming_distance_counters counters = {0};
    uint32_t residues[5];
    int64_t deficits[5] = {0};
    bool done = false;
    const hamming_distance_group group = {
        &text, &pattern, &only, 1, 4, 2, 2, residues, hamming_distance_reference_cyclic};
    bool good =
        verify_ok(v, hamming_distance_find_places(zeros, 4, 1, &text), "places in the text") &&
        verify_ok(v, hamming_distance_find_places(zeros, 2, 1, &pattern), "places in the pattern") &&
        verify_ok(v, hamming_distance_reference_residues(&text, &pattern, &only, 1, 4, 2, 2, residues, &counters),
                  "residues");
    for (size_t e = 0; good && e < 5; e++)
        good = verify_true(v, residues[e] == expected_residues[e], "residue %zu is %u", e, residues[e]);
    good = good && verify_ok(v, hamming_distance_deficits(&group, 5, deficits, &counters), "deficits");
    for (size_t d = 0; good && d < 5; d++)
        good = verify_true(v, deficits[d] == expected_deficits[d], "deficit %zu is %lld", d, (long long)deficits[d]);
    static const uint32_t primes[2] = {5, 7};
    good = good && verify_ok(v, hamming_distance_repair_with(&group, primes, &done, &counters), "repair") &&
           verify_true(v, done && counters.overflowed == 3, "repaired: %d, %d counts", (int)done,
                       (int)counters.overflowed);
    for (size_t e = 0; good && e < 5; e++)
        good = verify_true(v, residues[e] == expected[e], "count %zu is %u", e, residues[e]);
    hamming_distance_release_places(&text);
    hamming_distance_release_places(&pattern);
}

/* ---- Kronecker substitution ----------------------------------------------------------------------------------- */

/* Sets z to the sum of 2^(32 i) over the places of a symbol, from the string's end if @p turned. */
static void indicator(mpz_t z, const uint16_t *string, size_t length, uint16_t symbol, bool turned, uint32_t *words)
{
    for (size_t i = 0; i < length; i++)
        words[i] = string[turned ? length - 1 - i : i] == symbol;
    mpz_import(z, length, -1, sizeof *words, 0, 0, words);
}

/* Digit i + m - 1 in base 2^32 of the sum over symbols of the products is the number of matches at shift i: no digit
 * exceeds m < 2^32, so that none carries. */
static bool kronecker(hamming_input *input, unsigned symbols)
{
    const size_t n = input->n, m = input->m;
    size_t written = 0;
    uint32_t *words = calloc(n + m, sizeof *words);
    mpz_t text, pattern, sum;
    mpz_inits(text, pattern, sum, NULL);
    for (unsigned s = 0; words && s < symbols; s++) {
        indicator(text, input->text, n, (uint16_t)s, false, words);
        indicator(pattern, input->pattern, m, (uint16_t)s, true, words);
        mpz_addmul(sum, text, pattern);
    }
    if (words) {
        memset(words, 0, (n + m) * sizeof *words);
        mpz_export(words, &written, -1, sizeof *words, 0, 0, sum);
        for (size_t i = 0; i + m <= n; i++)
            input->expected[i] = (int32_t)(m - words[i + m - 1]);
    }
    mpz_clears(text, pattern, sum, NULL);
    free(words);
    return words != NULL;
}

/* Every method, against products of integers. */
static void check_against_products(verify_context *v, const hamming_input_recipe *recipe, uint64_t stream, size_t n,
                                   size_t m)
{
    hamming_input input;
    if (!hamming_make_input(v, recipe, verify_random(v, stream), n, m, &input))
        return;
    if (!verify_true(v, kronecker(&input, recipe->symbols), "memory for products"))
        m = n + 1; /* nothing to compare */
    for (hamming_distance_method method = 0; m <= n && method < HAMMING_DISTANCE_METHODS; method++) {
        if (method == HAMMING_DISTANCE_DNA2 && recipe->symbols > 4)
            continue;
        for (size_t width = 1; width <= 2; width++) {
            const void *text = width == 1 ? (const void *)input.text8 : input.text;
            const void *pattern = width == 1 ? (const void *)input.pattern8 : input.pattern;
            const char *name = hamming_distance_method_name(method);
            memset(input.actual, 0xff, (n - m + 1) * sizeof *input.actual);
            if (!verify_ok(v, hamming_distance_exact(text, n, pattern, m, width, method, NULL, input.actual),
                           "%s, %s, %zu bytes", recipe->name, name, width))
                continue;
            const size_t i = hamming_first_difference(input.actual, input.expected, n - m + 1);
            verify_true(v, i > n - m, "%s (%zu, %zu), %s, %zu bytes: [%zu] = %d, must be %d", recipe->name, n, m, name,
                        width, i, (int)input.actual[i > n - m ? 0 : i], (int)input.expected[i > n - m ? 0 : i]);
        }
    }
    hamming_release_input(&input);
}

void hamming_check_kronecker(verify_context *v)
{
    const bool full = verify_depth_of(v) >= VERIFY_FULL;
    for (uint64_t i = 0; i < HAMMING_RECIPES; i++) {
        check_against_products(v, &hamming_recipes[i], i, full ? 40000 : 3000, full ? 9001 : 701);
        check_against_products(v, &hamming_recipes[i], 16 + i, 2000, 61);
    }
}

/* The reference's two loops and all else, against the definition as it is written here, at many small lengths. */
void hamming_check_definition(verify_context *v)
{
    static const size_t lengths[] = {1, 2, 3, 7, 16, 33, 63, 64, 65, 127, 130, 255, 257};
    const size_t count = sizeof lengths / sizeof *lengths;
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b <= a; b++) {
            hamming_input input;
            const size_t n = lengths[a], m = lengths[b];
            const hamming_input_recipe *recipe = &hamming_recipes[2 + (a + b) % 2 * 5]; /* 4 symbols or 256 */
            if (!hamming_make_input(v, recipe, verify_random(v, 64 + a * count + b), n, m, &input))
                return;
            hamming_expect(&input);
            for (hamming_distance_method method = 0; method < HAMMING_DISTANCE_METHODS; method++) {
                if (method == HAMMING_DISTANCE_DNA2 && recipe->symbols > 4)
                    continue;
                const assay_status status =
                    hamming_distance_exact(input.text8, n, input.pattern8, m, 1, method, NULL, input.actual);
                if (!verify_ok(v, status, "n = %zu, m = %zu", n, m))
                    continue;
                const size_t i = hamming_first_difference(input.actual, input.expected, n - m + 1);
                verify_true(v, i > n - m, "n = %zu, m = %zu, %s: wrong at %zu", n, m,
                            hamming_distance_method_name(method), i);
            }
            hamming_release_input(&input);
        }
}
