/* functional_hash as the cache of evolved_exp's search: how many functions there are, what their cache saves, and how
 * often a function must be evaluated when evaluations are optimisations that start anew. */
#include "reference/arithmetic/evolved_exp_search_parts.h"
#include "verify/arithmetic/functional_hash_checks.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { CANDIDATES = 18000, NOISY_CANDIDATES = 12000, OPERATIONS = 8 };

/* The search, S = 24, at most 8 operations, with so many evaluations of each function (0: no cache). */
static evolved_exp_search *create(verify_context *v, uint32_t evaluations, uint64_t seed)
{
    evolved_exp_search_config config;
    evolved_exp_search *search = NULL;
    evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config);
    config.evaluations = evaluations;
    verify_ok(v, evolved_exp_search_create(&config, seed, &search), "create");
    return search;
}

static double digits_of(const evolved_exp_search *search, uint32_t operations)
{
    double digits = -INFINITY;
    evolved_exp_archive *archive = malloc(sizeof *archive);
    if (!archive || evolved_exp_search_archive(search, false, archive) != ASSAY_OK) {
        free(archive);
        return NAN;
    }
    for (size_t i = 0; i < archive->count && archive->found[i].operations <= operations; i++)
        digits = fmax(digits, -log10(archive->found[i].error));
    free(archive);
    return digits;
}

/* ---- C6: functions and structures among the candidates ---- */

typedef struct population {
    double functions, structures;
} population;

/* Runs round by round and looks at the children of each. */
static bool count_kinds(verify_context *v, uint64_t seed, population *p)
{
    const functional_hash_options options = functional_hash_domain_options();
    evolved_exp_search *search = create(v, 12, seed);
    functional_hash_key *functions = calloc(CANDIDATES, sizeof *functions);
    functional_hash_key *structures = calloc(CANDIDATES, sizeof *structures);
    bool good = verify_true(v, search && functions && structures, "memory");
    const size_t round = good ? (size_t)2 * search->config.population : 1;
    for (size_t first = 0; good && first + round <= CANDIDATES; first += round) {
        good = verify_ok(v, evolved_exp_search_run(search, round), "run");
        for (size_t i = 0; good && i < round; i++) {
            const evolved_exp_program *program = &search->children[i].individual.program;
            good = verify_ok(v,
                             functional_hash_slp_key(&search->config.problem, program, FUNCTIONAL_HASH_BY_FUNCTION,
                                                     &options, &functions[first + i]),
                             "function") &&
                   verify_ok(v,
                             functional_hash_slp_key(&search->config.problem, program, FUNCTIONAL_HASH_BY_STRUCTURE,
                                                     &options, &structures[first + i]),
                             "structure");
        }
    }
    if (good) {
        p->functions = (double)functional_hash_count_distinct(functions, CANDIDATES);
        p->structures = (double)functional_hash_count_distinct(structures, CANDIDATES);
    }
    evolved_exp_search_destroy(search);
    free(functions);
    free(structures);
    return good;
}

static double measure_c6(verify_context *v, uint64_t seed)
{
    population p;
    if (!count_kinds(v, seed, &p))
        return NAN;
    verify_note(v, "seed %llu: %g functions, %g structures", (unsigned long long)seed, p.functions, p.structures);
    return p.functions < p.structures ? 100 * p.functions / CANDIDATES : INFINITY;
}

const verify_claim functional_hash_claim_c6 = {
    .statement =
        "It works on the discovery of algorithms: of 18,000 programs of evolved_exp's search for 2^x (S = 24, 8 "
        "operations), so many per cent are distinct functions, fewer than distinct structures",
    .paper_value = "program synthesis",
    .provenance = "abstract, limit derived",
    .unit = "% of candidates",
    .measure = measure_c6,
    .low = -INFINITY,
    .high = 30,
    .seeds = 5,
};

/* ---- C9: noisy evaluations ---- */

static double digits_with(verify_context *v, uint32_t evaluations, uint64_t seed)
{
    evolved_exp_search *search = create(v, evaluations, seed);
    double digits = NAN;
    if (search && verify_ok(v, evolved_exp_search_run(search, NOISY_CANDIDATES), "run"))
        digits = digits_of(search, 3);
    evolved_exp_search_destroy(search);
    return digits;
}

static double measure_c9(verify_context *v, uint64_t seed)
{
    return digits_with(v, 1, seed);
}

const verify_claim functional_hash_claim_c9 = {
    .statement =
        "Caching the first of evaluations that are a matter of luck (CMA-ES from a random start) harms: with one "
        "for each function, 12,000 programs come to so many digits with 3 operations, where 3.06 are possible",
    .paper_value = "derived",
    .provenance = "derived",
    .unit = "digits",
    .measure = measure_c9,
    .low = -INFINITY,
    .high = 3.0,
    .seeds = 5,
};

static double measure_c9_best(verify_context *v, uint64_t seed)
{
    return digits_with(v, 12, seed);
}

const verify_claim functional_hash_claim_c9_best = {
    .statement = "... and with the best of twelve for each function to so many",
    .paper_value = "derived",
    .provenance = "derived",
    .unit = "digits",
    .measure = measure_c9_best,
    .low = 3.0,
    .high = INFINITY,
    .seeds = 5,
};

/* ---- C10: what the cache saves ---- */

typedef struct gain {
    double evaluations, seconds, digits; /* without the cache by with it; digits with it minus without */
} gain;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The same number of candidates with the cache and without, by turns. */
static bool measure_gain(verify_context *v, uint64_t seed, uint64_t candidates, gain *g)
{
    enum { TURNS = 4 };
    evolved_exp_search *searches[2] = {create(v, 12, seed), create(v, 0, seed)};
    evolved_exp_search_counts counts[2] = {{0}};
    double seconds[2] = {0};
    bool good = searches[0] && searches[1];
    for (int turn = 0; good && turn < TURNS; turn++)
        for (int i = 0; good && i < 2; i++) {
            const double start = now();
            good = verify_ok(v, evolved_exp_search_run(searches[i], candidates / TURNS), "run");
            seconds[i] += now() - start;
        }
    for (int i = 0; good && i < 2; i++)
        good = verify_ok(v, evolved_exp_search_count(searches[i], &counts[i]), "count");
    if (good) {
        g->evaluations = (double)counts[1].evaluations / (double)counts[0].evaluations;
        g->seconds = seconds[1] / seconds[0];
        g->digits = digits_of(searches[0], OPERATIONS) - digits_of(searches[1], OPERATIONS);
        verify_note(v,
                    "seed %llu: %.1f million evaluations and %.2f s with the cache, %.1f million and %.2f s without "
                    "(%.2f times the time), %+.2f digits",
                    (unsigned long long)seed, 1e-6 * (double)counts[0].evaluations, seconds[0],
                    1e-6 * (double)counts[1].evaluations, seconds[1], g->seconds, g->digits);
    }
    evolved_exp_search_destroy(searches[0]);
    evolved_exp_search_destroy(searches[1]);
    return good;
}

static double measure_c10(verify_context *v, uint64_t seed)
{
    gain g;
    return measure_gain(v, seed, 4000, &g) ? g.evaluations : NAN;
}

static double measure_c10_quick(verify_context *v, uint64_t seed)
{
    gain g;
    return measure_gain(v, seed, 480, &g) ? g.evaluations : NAN;
}

static double measure_c10_digits(verify_context *v, uint64_t seed)
{
    gain g;
    return measure_gain(v, seed, 4000, &g) ? g.digits : NAN;
}

const verify_claim functional_hash_claim_c10 = {
    .statement =
        "As the cache of evolved_exp's search: 4000 programs take so many times fewer evaluations of the error "
        "with the best of twelve tunings for each function than with a tuning for each program",
    .paper_value = "large efficiency gains",
    .provenance = "abstract, limit derived",
    .unit = "times",
    .measure = measure_c10,
    .low = 1.3,
    .high = INFINITY,
    .part_low = 1,
    .part_high = INFINITY,
    .seeds = 5,
};

const verify_claim functional_hash_claim_c10_digits = {
    .statement = "... and lose no accuracy by it: digits with at most 8 operations, with the cache minus without (each "
                 "search takes its own way; half a digit is what seeds differ by)",
    .paper_value = "same quality",
    .provenance = "derived",
    .unit = "digits",
    .measure = measure_c10_digits,
    .low = -0.5,
    .high = INFINITY,
    .seeds = 5,
};

const verify_claim functional_hash_claim_c10_quick = {
    .statement =
        "As the cache of evolved_exp's search: the first 480 programs, when most functions are new, take so many "
        "times fewer evaluations of the error with it",
    .paper_value = "large efficiency gains",
    .provenance = "abstract, limit derived",
    .unit = "times",
    .measure = measure_c10_quick,
    .low = 1.1,
    .high = INFINITY,
    .part_low = 1,
    .part_high = INFINITY,
    .seeds = 5,
};
