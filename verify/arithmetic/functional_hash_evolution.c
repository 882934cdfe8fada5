/* functional_hash: evolution by its definition, replayed on a representation that writes down who its parent was; and
 * the odds of random graphs and mutants. */
#include "verify/arithmetic/functional_hash_checks.h"

#include <math.h>
#include <stdlib.h>

/* Hoeffding: the mean of n numbers from 0 to 1 is off by more than this with a probability of at most @p alarm. */
static double deviation(size_t n, double alarm)
{
    return sqrt(log(2 / alarm) / (2 * (double)n));
}

/* ---- A representation that remembers ------------------------------------------------------------------------------
 */

enum { LEVELS = 8 };

/* Its fitness is its value; with few levels there are ties. */
typedef struct individual {
    uint64_t own, parent; /* parent 0: drawn */
    double value;
} individual;

typedef struct individual_task {
    bool few; /* values: 8 levels */
} individual_task;

static void draw_individual(const individual_task *task, functional_hash_dice *dice, uint64_t parent, individual *t)
{
    t->own = assay_random_bits(dice->random, dice->next++) | 1;
    t->parent = parent;
    t->value = task->few ? (double)assay_random_integer(dice->random, dice->next++, LEVELS)
                         : assay_random_uniform(dice->random, dice->next++);
}

static assay_status individual_random(const void *task, functional_hash_dice *dice, void *candidate)
{
    draw_individual(task, dice, 0, candidate);
    return ASSAY_OK;
}

static assay_status individual_mutate(const void *task, functional_hash_dice *dice, const void *parent, void *child)
{
    draw_individual(task, dice, ((const individual *)parent)->own, child);
    return ASSAY_OK;
}

/* Equal values are isomorphic. */
static assay_status individual_key(const void *task, const void *candidate, functional_hash_equality equality,
                                   const functional_hash_options *options, functional_hash_key *key)
{
    const individual *t = candidate;
    const uint64_t word = equality == FUNCTIONAL_HASH_BY_ISOMORPHISM ? (uint64_t)(LEVELS * t->value) : t->own;
    (void)task;
    (void)options;
    return functional_hash_mix_words(&word, 1, key);
}

static assay_status individual_audit(const void *task, const void *candidate, functional_hash_key *key)
{
    return individual_key(task, candidate, FUNCTIONAL_HASH_BY_STRUCTURE, NULL, key);
}

static assay_status individual_evaluate(const void *task, const void *candidate, assay_random random, double *fitness)
{
    (void)task;
    (void)random;
    *fitness = ((const individual *)candidate)->value;
    return ASSAY_OK;
}

static assay_status individual_print(const void *candidate, char *text, size_t capacity, size_t *length)
{
    (void)candidate;
    if (capacity > 0)
        text[0] = '\0';
    *length = 0;
    return ASSAY_OK;
}

static functional_hash_domain individual_domain(const individual_task *task)
{
    return (functional_hash_domain){.name = "individual",
                                    .size = sizeof(individual),
                                    .task = task,
                                    .random = individual_random,
                                    .mutate = individual_mutate,
                                    .key = individual_key,
                                    .audit = individual_audit,
                                    .evaluate = individual_evaluate,
                                    .print = individual_print};
}

static const individual *individual_at(const functional_hash_history *h, size_t i)
{
    return (const individual *)(const void *)(h->candidates + i * h->size);
}

/* ---- Who is whose parent ------------------------------------------------------------------------------------------
 */

enum { POPULATION = 7 };

/* The members, the oldest first. */
typedef struct members {
    individual at[POPULATION];
    size_t count;
} members;

/* The oldest leaves, or by elitism the worst (the oldest of several). */
static void take_in(members *m, const individual *t, bool elitism)
{
    size_t leaves = 0;
    for (size_t j = 1; elitism && j < m->count; j++)
        leaves = m->at[j].value < m->at[leaves].value ? j : leaves;
    if (m->count == POPULATION) {
        memmove(&m->at[leaves], &m->at[leaves + 1], (POPULATION - leaves - 1) * sizeof *t);
        m->count--;
    }
    m->at[m->count++] = *t;
}

/* How many members would win against this one: better, or as good and younger. POPULATION if it is none of them. */
static size_t rank_of(const members *m, uint64_t own)
{
    size_t at = 0, rank = 0;
    while (at < m->count && m->at[at].own != own)
        at++;
    for (size_t j = 0; at < m->count && j < m->count; j++)
        rank += m->at[j].value > m->at[at].value || (m->at[j].value == m->at[at].value && j > at);
    return at < m->count ? rank : POPULATION;
}

static double binomial(size_t n, size_t k)
{
    return k > n ? 0 : tgamma((double)n + 1) / tgamma((double)k + 1) / tgamma((double)(n - k) + 1);
}

/* The winner of a tournament of T distinct ones of P has the rank r with the probability C(P-1-r, T-1) / C(P, T): by
 * Hoeffding a count of each rank is off by no more than deviation(). */
static void check_parents(verify_context *v, functional_hash_algorithm algorithm, size_t tournament, bool few)
{
    enum { COUNT = 20000 };
    const individual_task task = {few};
    const functional_hash_domain domain = individual_domain(&task);
    functional_hash_search_config config = functional_hash_search_default();
    functional_hash_history h;
    members m = {.count = 0};
    size_t ranks[POPULATION + 1] = {0};
    config.algorithm = algorithm;
    config.equality = FUNCTIONAL_HASH_BY_NOTHING;
    config.population = POPULATION;
    config.tournament = tournament;
    config.tie = 0;
    config.candidates = COUNT;
    const uint64_t seed = verify_seed_of(v) + tournament;
    bool good = functional_hash_run_search(v, &domain, &config, seed, &h);
    for (size_t i = 0; good && i < COUNT; i++) {
        const individual *t = individual_at(&h, i);
        const bool drawn = i < POPULATION || algorithm == FUNCTIONAL_HASH_RANDOM;
        const size_t rank = rank_of(&m, t->parent);
        good = verify_true(v, drawn == (t->parent == 0), "candidate %zu has the parent %llu", i,
                           (unsigned long long)t->parent);
        if (good && !drawn) { /* distinct ones: the last T - 1 never win */
            good = verify_true(v, rank <= POPULATION - tournament, "parent of candidate %zu has the rank %zu of %d", i,
                               rank, POPULATION);
            ranks[rank]++;
        }
        take_in(&m, t, algorithm == FUNCTIONAL_HASH_ELITISM);
    }
    for (size_t r = 0; good && algorithm != FUNCTIONAL_HASH_RANDOM && r < POPULATION; r++) {
        const double wanted = binomial(POPULATION - 1 - r, tournament - 1) / binomial(POPULATION, tournament);
        verify_at_most(v, fabs((double)ranks[r] / (COUNT - POPULATION) - wanted), deviation(COUNT - POPULATION, 1e-11),
                       "absolute error", "share of parents of rank %zu, algorithm %d, tournament %zu", r, algorithm,
                       tournament);
    }
    functional_hash_release_history(&h);
}

/* ---- Noise ---------------------------------------------------------------------------------------------------------
 */

/* Normal noise afresh for each evaluation. The mean of n is normal with the deviation 1 / sqrt n: beyond 7 of them once
 * in 4e11. n times their mean square is chi-squared: off by more than 2 sqrt(n x) + 2 x with 2 exp(-x) (Laurent and
 * Massart), x = 27: 4e-12. */
static void check_fresh_noise(verify_context *v)
{
    enum { COUNT = 20000 };
    const individual_task task = {false};
    const functional_hash_domain domain = individual_domain(&task);
    functional_hash_search_config config = functional_hash_search_default();
    functional_hash_history h;
    double sum = 0, squares = 0;
    config.algorithm = FUNCTIONAL_HASH_RANDOM;
    config.candidates = COUNT;
    config.noise = 0.25;
    if (functional_hash_run_search(v, &domain, &config, verify_seed_of(v), &h)) {
        for (size_t i = 0; i < COUNT; i++) {
            const double noise = (h.records[i].fitness - individual_at(&h, i)->value) / 0.25;
            sum += noise;
            squares += noise * noise;
        }
        verify_at_most(v, fabs(sum) / sqrt(COUNT), 7, "standard errors", "mean of the noise");
        verify_at_most(v, fabs(squares - COUNT), 2 * sqrt(COUNT * 27.0) + 54, "absolute error",
                       "squares of the noise over its variance");
    }
    functional_hash_release_history(&h);
}

/* Each class has three stored noises, of which an evaluation draws one: of n = 200 and more evaluations of a class
 * none draws one of them with 3 (2/3)^200 < 1e-34; a class of 8 has fewer than 200 of 4000 with exp(-2 0.075^2 4000) =
 * 3e-20 (Hoeffding). */
static void check_stored_noise(verify_context *v)
{
    enum { COUNT = 4000, STORED = 3 };
    const individual_task task = {true};
    const functional_hash_domain domain = individual_domain(&task);
    functional_hash_search_config config = functional_hash_search_default();
    functional_hash_history h;
    double kept[LEVELS][STORED];
    size_t counts[LEVELS] = {0};
    config.algorithm = FUNCTIONAL_HASH_RANDOM;
    config.candidates = COUNT;
    config.noise = 0.25;
    config.stored_runs = STORED;
    bool good = functional_hash_run_search(v, &domain, &config, verify_seed_of(v), &h);
    for (size_t i = 0; good && i < COUNT; i++) {
        const size_t level = (size_t)individual_at(&h, i)->value;
        size_t k = 0;
        while (k < counts[level] && kept[level][k] != h.records[i].fitness)
            k++;
        good = verify_true(v, k < STORED, "level %zu has more than %d noises", level, STORED);
        if (good && k == counts[level])
            kept[level][counts[level]++] = h.records[i].fitness;
    }
    for (size_t level = 0; good && level < LEVELS; level++)
        verify_true(v, counts[level] == STORED, "level %zu has %zu noises", level, counts[level]);
    functional_hash_release_history(&h);
}

/* ---- What a search says of itself -----------------------------------------------------------------------------------
 */

/* The best candidate is the first of the largest fitness. */
static void check_best(verify_context *v)
{
    const individual_task task = {true};
    const functional_hash_domain domain = individual_domain(&task);
    functional_hash_search_config config = functional_hash_search_default();
    functional_hash_search_result result;
    individual best = {0, 0, -1};
    config.candidates = 500;
    if (verify_ok(v, functional_hash_search_run(&domain, &config, verify_seed_of(v), &result, &best), "search")) {
        functional_hash_history h;
        size_t first = 0;
        if (functional_hash_run_search(v, &domain, &config, verify_seed_of(v), &h)) {
            for (size_t i = 0; i < h.count; i++)
                first = h.records[i].fitness > h.records[first].fitness ? i : first;
            verify_true(v,
                        result.best_candidate == first && result.best_fitness == h.records[first].fitness &&
                            best.own == individual_at(&h, first)->own,
                        "the best candidate is number %zu, not %llu", first, (unsigned long long)result.best_candidate);
        }
        functional_hash_release_history(&h);
    }
}

/* False alarms: 5 tables of at most 7 shares with 1e-11 each, and noise with 7e-12: below 4e-10. */
void functional_hash_check_evolution(verify_context *v)
{
    check_parents(v, FUNCTIONAL_HASH_REGULARIZED, POPULATION, true);
    check_parents(v, FUNCTIONAL_HASH_REGULARIZED, 3, false);
    check_parents(v, FUNCTIONAL_HASH_REGULARIZED, 1, false);
    check_parents(v, FUNCTIONAL_HASH_ELITISM, POPULATION, true);
    check_parents(v, FUNCTIONAL_HASH_ELITISM, 1, true);
    check_parents(v, FUNCTIONAL_HASH_RANDOM, 2, true);
    check_fresh_noise(v);
    check_stored_noise(v);
    check_best(v);
}

/* ---- The odds of graphs ---------------------------------------------------------------------------------------------
 */

enum { VERTICES = FUNCTIONAL_HASH_DAG_VERTICES, EDGES = VERTICES * (VERTICES - 1) / 2, SAMPLES = 20000 };

/* The edges of a graph as bits, row by row. */
static uint32_t edges_of(const functional_hash_dag *dag)
{
    uint32_t edges = 0;
    for (unsigned i = 0, bit = 0; i < VERTICES; i++)
        for (unsigned j = i + 1; j < VERTICES; j++, bit++)
            edges |= (uint32_t)(dag->successors[i] >> j & 1) << bit;
    return edges;
}

/* Whether there is a path from the first vertex to the last and at most 9 edges lie on such. */
static bool is_valid(uint32_t edges)
{
    unsigned after[VERTICES], ahead = 1, behind = 1u << (VERTICES - 1), count = 0;
    for (unsigned i = 0, bit = 0; i < VERTICES; bit += VERTICES - 1 - i, i++) /* successors */
        after[i] = (edges >> bit & ((1u << (VERTICES - 1 - i)) - 1)) << (i + 1);
    for (unsigned i = 0; i < VERTICES; i++)
        ahead |= ahead >> i & 1 ? after[i] : 0;
    for (unsigned i = VERTICES; i-- > 0;)
        behind |= after[i] & behind ? 1u << i : 0;
    for (unsigned i = 0; i < VERTICES; i++)
        count += ahead >> i & behind >> i & 1 ? (unsigned)__builtin_popcount(after[i] & behind) : 0;
    return (behind & 1) && count <= FUNCTIONAL_HASH_DAG_EDGES;
}

/* The probabilities, given validity, that each edge differs from @p parent if each flips with @p rate. */
static void flip_odds(const uint8_t *valid, uint32_t parent, double rate, double odds[EDGES])
{
    double powers[EDGES + 1], total = 0;
    for (int k = 0; k <= EDGES; k++)
        powers[k] = pow(rate, k) * pow(1 - rate, EDGES - k);
    memset(odds, 0, EDGES * sizeof *odds);
    for (uint32_t edges = 0; edges < 1u << EDGES; edges++) {
        if (!valid[edges])
            continue;
        const uint32_t flips = edges ^ parent;
        const double weight = powers[__builtin_popcount(flips)];
        total += weight;
        for (uint32_t rest = flips; rest; rest &= rest - 1)
            odds[__builtin_ctz(rest)] += weight;
    }
    for (int k = 0; k < EDGES; k++)
        odds[k] /= total;
}

/* Graphs drawn, or mutants of a parent, against the odds. */
static void compare_odds(verify_context *v, const functional_hash_dag *parent, const double odds[EDGES])
{
    functional_hash_dice dice = {verify_random(v, parent ? 51 : 50), 0};
    size_t flips[EDGES] = {0}, kinds[VERTICES][3] = {{0}};
    for (size_t i = 0; i < SAMPLES; i++) {
        functional_hash_dag dag;
        verify_ok(v, parent ? functional_hash_dag_mutate(&dice, parent, &dag) : functional_hash_dag_random(&dice, &dag),
                  "draw");
        for (uint32_t rest = edges_of(&dag) ^ (parent ? edges_of(parent) : 0); rest; rest &= rest - 1)
            flips[__builtin_ctz(rest)]++;
        for (size_t k = 1; k + 1 < VERTICES; k++)
            kinds[k][(dag.operations[k] + 3u - (parent ? parent->operations[k] : 0u)) % 3]++;
    }
    const char *what = parent ? "mutants" : "random graphs";
    const double most = deviation(SAMPLES, 1e-11);
    for (int k = 0; k < EDGES; k++)
        verify_at_most(v, fabs((double)flips[k] / SAMPLES - odds[k]), most, "absolute error", "%s: edge %d, odds %.4f",
                       what, k, odds[k]);
    for (size_t k = 1; k + 1 < VERTICES; k++)
        for (int o = 0; o < 3; o++) /* uniform; or 1/5 of them are others, equally */
            verify_at_most(v,
                           fabs((double)kinds[k][o] / SAMPLES - (!parent ? 1.0 / 3
                                                                 : o     ? 0.1
                                                                         : 0.8)),
                           most, "absolute error", "%s: operation %d later at vertex %zu", what, o, k);
}

/* A mutation of a learning program inserts, deletes or changes a line with equal odds. */
static void compare_code_odds(verify_context *v)
{
    functional_hash_dice dice = {verify_random(v, 52), 0};
    functional_hash_code parent, child, empty;
    size_t more = 0, fewer = 0;
    verify_ok(v, functional_hash_code_random(&dice, &empty), "random");
    verify_true(v, empty.counts[0] + empty.counts[1] + empty.counts[2] == 0, "evolution starts from the empty program");
    verify_ok(v,
              functional_hash_code_parse("setup: s2 = constant(0.5)\npredict: s0 = dot(v0, v1)\n"
                                         "learn: s3 = subtract(s1, s0)\nlearn: v1 = scale(s3, v0)\n",
                                         &parent),
              "parent");
    for (size_t i = 0; i < SAMPLES; i++) {
        verify_ok(v, functional_hash_code_mutate(&dice, &parent, &child), "mutate");
        const int lines = child.counts[0] + child.counts[1] + child.counts[2];
        more += lines == 5;
        fewer += lines == 3;
        verify_true(v, lines >= 3 && lines <= 5, "%d lines", lines);
    }
    const double most = deviation(SAMPLES, 1e-11);
    verify_at_most(v, fabs((double)more / SAMPLES - 1.0 / 3), most, "absolute error", "share of insertions");
    verify_at_most(v, fabs((double)fewer / SAMPLES - 1.0 / 3), most, "absolute error", "share of deletions");
}

/* Exact odds by counting all 2^21 sets of edges. False alarms: 2 (21 + 15) + 2 shares with 1e-11 each, below 8e-10. */
void functional_hash_check_odds(verify_context *v)
{
    uint8_t *valid = malloc((size_t)1 << EDGES);
    double odds[EDGES];
    functional_hash_dag parent;
    if (!verify_true(v, valid != NULL, "memory"))
        return;
    for (uint32_t edges = 0; edges < 1u << EDGES; edges++)
        valid[edges] = is_valid(edges);
    flip_odds(valid, 0, 0.5, odds);
    compare_odds(v, NULL, odds);
    functional_hash_random_dags(verify_random(v, 53), &parent, 1);
    flip_odds(valid, edges_of(&parent), 1.0 / VERTICES, odds);
    compare_odds(v, &parent, odds);
    compare_code_odds(v);
    free(valid);
}
