/* functional_hash: the cache's state on disk, threads that meet in it, and what it keeps of several evaluations. */
#include "verify/arithmetic/functional_hash_checks.h"

#include "assay/memory.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUTPUTS = 2, DISTINCT = 60 };

static functional_hash_key key_of(uint64_t word)
{
    functional_hash_key key;
    functional_hash_mix_words(&word, 1, &key);
    return key;
}

/* ---- On disk ---- */

static assay_status give(void *self, size_t i, double *outputs)
{
    uint64_t *calls = self;
    (void)i;
    outputs[0] = assay_random_uniform((assay_random){77, 0}, (*calls)++);
    outputs[1] = -0.0; /* which must come back with its sign */
    return ASSAY_OK;
}

static bool look_up(verify_context *v, functional_hash_cache *cache, uint64_t first, uint64_t last, uint64_t *calls)
{
    bool good = true;
    for (uint64_t i = first; good && i < last; i++) {
        double outputs[OUTPUTS];
        const functional_hash_key key = key_of(assay_random_integer(verify_random(v, 30), i, DISTINCT)),
                                  audit = key_of(i % 5);
        good = verify_ok(v, functional_hash_cache_get(cache, key, &audit, give, calls, outputs, NULL), "get");
    }
    return good;
}

static bool demand_same(verify_context *v, const functional_hash_cache *a, const functional_hash_cache *b)
{
    unsigned char *x = NULL, *y = NULL;
    size_t m = 0, n = 0;
    const bool good = verify_ok(v, functional_hash_cache_pack(a, &x, &m), "pack") &&
                      verify_ok(v, functional_hash_cache_pack(b, &y, &n), "pack") &&
                      verify_true(v, m == n && memcmp(x, y, m) == 0, "states are the same: %zu and %zu bytes", m, n);
    assay_release(x);
    assay_release(y);
    return good;
}

void functional_hash_check_saved(verify_context *v)
{
    static const uint64_t cuts[] = {0, 1, 150, 999};
    const functional_hash_cache_config config = {.capacity = 4,
                                                 .outputs = OUTPUTS,
                                                 .max_evaluations = 3,
                                                 .remove_probability = 0.2,
                                                 .seed = verify_seed_of(v),
                                                 .audit = true};
    char path[] = "/tmp/assay-cache-XXXXXX";
    const int descriptor = mkstemp(path);
    if (!verify_true(v, descriptor >= 0, "a temporary file"))
        return;
    close(descriptor);
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        functional_hash_cache *whole = NULL, *part = NULL, *rest = NULL;
        uint64_t calls = 0, other_calls = 0;
        verify_ok(v, functional_hash_cache_create(&config, &whole), "create");
        verify_ok(v, functional_hash_cache_create(&config, &part), "create");
        if (look_up(v, whole, 0, 1000, &calls) && look_up(v, part, 0, cuts[c], &other_calls) &&
            verify_ok(v, functional_hash_cache_save(part, path), "save") &&
            verify_ok(v, functional_hash_cache_load(&config, path, &rest), "load") && demand_same(v, part, rest) &&
            look_up(v, rest, cuts[c], 1000, &other_calls))
            demand_same(v, whole, rest);
        functional_hash_cache_destroy(whole);
        functional_hash_cache_destroy(part);
        functional_hash_cache_destroy(rest);
    }
    unlink(path);
}

/* ---- Threads ---- */

typedef struct visitor {
    atomic_uint *evaluations;
    uint64_t word;
} visitor;

static assay_status count_evaluation(void *self, size_t i, double *outputs)
{
    const visitor *visit = self;
    (void)i;
    atomic_fetch_add(&visit->evaluations[visit->word], 1);
    for (volatile int spin = 0; spin < 2000; spin++) /* so that others come meanwhile */
        ;
    outputs[0] = (double)visit->word;
    outputs[1] = 1;
    return ASSAY_OK;
}

/* Eight threads after the same keys: each is evaluated exactly as often as allowed, and everybody gets its outputs. */
void functional_hash_check_concurrent(verify_context *v)
{
    enum { THREADS = 8, ROUNDS = 40 };
    for (uint32_t most = 1; most <= 3; most += 2) {
        const functional_hash_cache_config config = {.capacity = 1, .outputs = OUTPUTS, .max_evaluations = most};
        functional_hash_cache *cache = NULL;
        atomic_uint evaluations[DISTINCT] = {0}, wrong = 0;
        if (!verify_ok(v, functional_hash_cache_create(&config, &cache), "create"))
            return;
#pragma omp parallel num_threads(THREADS)
        for (uint64_t i = 0; i < ROUNDS * DISTINCT; i++) {
            visitor visit = {evaluations, i % DISTINCT};
            double outputs[OUTPUTS] = {-1, -1};
            const assay_status status =
                functional_hash_cache_get(cache, key_of(visit.word), NULL, count_evaluation, &visit, outputs, NULL);
            if (status != ASSAY_OK || outputs[0] != (double)visit.word || outputs[1] != 1)
                atomic_fetch_add(&wrong, 1);
        }
        functional_hash_cache_counts counts = {0};
        verify_ok(v, functional_hash_cache_count(cache, &counts), "count");
        verify_true(v, wrong == 0, "%u lookups of %d gave something else", wrong, THREADS * ROUNDS * DISTINCT);
        verify_true(v, counts.misses == DISTINCT && counts.size == DISTINCT, "%llu misses",
                    (unsigned long long)counts.misses);
        verify_true(v, counts.lookups == (uint64_t)THREADS * ROUNDS * DISTINCT, "all lookups are counted");
        for (size_t i = 0; i < DISTINCT; i++)
            verify_true(v, evaluations[i] == most, "key %zu was evaluated %u times, must be %u", i, evaluations[i],
                        (unsigned)most);
        functional_hash_cache_destroy(cache);
    }
}

/* Waits, not for long, until both evaluations of a pair have begun, and fails. */
static assay_status fail_together(void *self, size_t i, double *outputs)
{
    enum { PATIENCE = 20000 };
    atomic_uint *arrived = self;
    (void)outputs;
    atomic_fetch_add(arrived, 1);
    for (int k = 0; k < PATIENCE && *arrived < 2; k++)
        continue;
    return assay_fail(i == 0 ? ASSAY_NOT_CONVERGED : ASSAY_BAD_DATA, "evaluation %zu fails", i);
}

/* Of evaluations that fail at the same moment the first by index is told, with its own words. Chance decides whether
 * they meet in a place that is not made for it, so that there are many; none may fail. */
void functional_hash_check_failing_together(verify_context *v)
{
    enum { TRIALS = 2000 };
    const functional_hash_cache_config config = {.capacity = 1, .outputs = OUTPUTS, .max_evaluations = 1};
    const functional_hash_key keys[] = {key_of(1), key_of(2)};
    functional_hash_cache *cache = NULL;
    if (!verify_ok(v, functional_hash_cache_create(&config, &cache), "create"))
        return;
    verify_use_level(v, 2);
    bool good = true;
    const double end = omp_get_wtime() + 1; /* threads that wait for each other take long on a busy machine */
    for (int trial = 0; good && trial < TRIALS && (trial == 0 || omp_get_wtime() < end); trial++) {
        atomic_uint arrived = 0;
        double outputs[2 * OUTPUTS];
        const assay_status status =
            functional_hash_cache_get_all(cache, keys, NULL, 2, fail_together, &arrived, outputs, NULL);
        good = verify_true(v, status == ASSAY_NOT_CONVERGED && strstr(assay_error(), "evaluation 0"),
                           "trial %d: the first failure is evaluation 0's, told is %s: %s", trial,
                           assay_status_name(status), assay_error());
    }
    functional_hash_cache_destroy(cache);
}

/* ---- What is kept ---- */

typedef struct script {
    const double (*outputs)[OUTPUTS];
    size_t at, fails_at;
} script;

static assay_status play(void *self, size_t i, double *outputs)
{
    script *s = self;
    (void)i;
    if (s->at == s->fails_at) {
        s->fails_at = SIZE_MAX;
        return assay_fail(ASSAY_NOT_CONVERGED, "evaluation gives up");
    }
    memcpy(outputs, s->outputs[s->at++], OUTPUTS * sizeof *outputs);
    return ASSAY_OK;
}

void functional_hash_check_aggregates(verify_context *v)
{
    /* Sums of these are exact. */
    static const double given[4][OUTPUTS] = {{1, 10}, {4, 20}, {1, 30}, {2, 40}};
    static const double expected[3][4][OUTPUTS] = {{{1, 10}, {2.5, 15}, {2, 20}, {2, 25}},
                                                   {{1, 10}, {4, 20}, {4, 20}, {4, 20}},
                                                   {{1, 10}, {4, 20}, {1, 30}, {2, 40}}};
    for (int a = FUNCTIONAL_HASH_MEAN; a <= FUNCTIONAL_HASH_LAST; a++) {
        const functional_hash_cache_config config = {
            .capacity = 1, .outputs = OUTPUTS, .max_evaluations = 4, .aggregate = (functional_hash_aggregate)a};
        functional_hash_cache *cache = NULL;
        script s = {given, 0, 2};
        double outputs[OUTPUTS];
        functional_hash_lookup lookup;
        const functional_hash_key key = key_of(5);
        if (!verify_ok(v, functional_hash_cache_create(&config, &cache), "create"))
            return;
        for (size_t i = 0; i < 4; i++) {
            if (i == 2) /* which does not count */
                verify_true(
                    v, functional_hash_cache_get(cache, key, NULL, play, &s, outputs, &lookup) == ASSAY_NOT_CONVERGED,
                    "a failure is passed on");
            verify_ok(v, functional_hash_cache_get(cache, key, NULL, play, &s, outputs, &lookup), "get");
            verify_true(v, outputs[0] == expected[a][i][0] && outputs[1] == expected[a][i][1],
                        "aggregate %d, lookup %zu: %g, %g", a, i, outputs[0], outputs[1]);
            verify_true(v, lookup == (i == 0 ? FUNCTIONAL_HASH_MISS : FUNCTIONAL_HASH_PARTIAL), "lookup %zu", i);
        }
        functional_hash_cache_counts counts;
        verify_ok(v, functional_hash_cache_count(cache, &counts), "count");
        verify_true(v, counts.misses == 1 && counts.partial_hits == 3, "%llu partial hits",
                    (unsigned long long)counts.partial_hits);
        functional_hash_cache_destroy(cache);
    }
    /* Claims: a key without evaluations is gone when its claim is given up. */
    const functional_hash_cache_config config = {.capacity = 1, .outputs = OUTPUTS, .max_evaluations = 2};
    functional_hash_cache *cache = NULL;
    functional_hash_lookup lookup;
    functional_hash_cache_counts counts;
    uint32_t evaluations = 9;
    const functional_hash_key key = key_of(6);
    if (!verify_ok(v, functional_hash_cache_create(&config, &cache), "create"))
        return;
    verify_ok(v, functional_hash_cache_claim(cache, key, NULL, &lookup), "claim");
    verify_ok(v, functional_hash_cache_abandon(cache, key), "abandon");
    verify_ok(v, functional_hash_cache_count(cache, &counts), "count");
    verify_true(v, counts.lookups == 0 && counts.size == 0, "nothing is left");
    for (int i = 0; i < 3; i++) {
        verify_ok(v, functional_hash_cache_claim(cache, key, NULL, &lookup), "claim");
        verify_true(v, (int)lookup == i, "claim %d is %d", i, (int)lookup);
    }
    verify_ok(v, functional_hash_cache_peek(cache, key, NULL, &evaluations), "peek");
    verify_true(v, evaluations == 0, "claimed, not evaluated");
    verify_ok(v, functional_hash_cache_enter(cache, key, given[0]), "enter");
    verify_ok(v, functional_hash_cache_enter(cache, key, given[1]), "enter");
    verify_rejects(v, functional_hash_cache_enter(cache, key, given[2]), ASSAY_MISMATCH, "claim", "a third");
    double outputs[OUTPUTS] = {0};
    verify_ok(v, functional_hash_cache_peek(cache, key, outputs, &evaluations), "peek");
    verify_true(v, evaluations == 2 && outputs[0] == 2.5, "%u evaluations, mean %g", evaluations, outputs[0]);
    functional_hash_cache_destroy(cache);
}
