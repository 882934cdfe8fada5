/* functional_hash against truth: isomorphism by nauty, counts of lookups by a plain list, the worked examples. */
#include "verify/arithmetic/functional_hash_checks.h"
#include "verify/arithmetic/functional_hash_nauty.h"

#include <math.h>
#include <stdlib.h>

/* ---- Isomorphism ---- */

typedef struct form_and_keys {
    functional_hash_form form;
    functional_hash_key isomorphism, function;
} form_and_keys;

static int by_form(const void *a, const void *b)
{
    return memcmp(&((const form_and_keys *)a)->form, &((const form_and_keys *)b)->form, sizeof(functional_hash_form));
}

/* Graphs that nauty finds isomorphic have equal keys, by isomorphism and by function; a graph with its vertices in
 * another order is found isomorphic. How much the function's key merges beyond that, and whether the hash of
 * NAS-Bench-101 merges too much, is noted. */
void functional_hash_check_nauty(verify_context *v)
{
    const size_t count = verify_depth_of(v) == VERIFY_QUICK ? 1500 : 30000;
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_dag *dags = calloc(count, sizeof *dags), pruned;
    form_and_keys *all = calloc(count, sizeof *all);
    functional_hash_key *keys = calloc(count, sizeof *keys);
    if (verify_true(v, dags && all && keys, "memory")) {
        functional_hash_random_dags(verify_random(v, 1), dags, count);
        for (size_t i = 0; i < count; i++) {
            functional_hash_dag_prune(&dags[i], &pruned);
            functional_hash_canonical_form(&pruned, &all[i].form);
            verify_ok(
                v,
                functional_hash_dag_key(&dags[i], FUNCTIONAL_HASH_BY_ISOMORPHISM, NULL, &options, &all[i].isomorphism),
                "key by isomorphism");
            verify_ok(v,
                      functional_hash_dag_key(&dags[i], FUNCTIONAL_HASH_BY_FUNCTION, NULL, &options, &all[i].function),
                      "key by function");
        }
        qsort(all, count, sizeof *all, by_form);
        size_t forms = 1;
        for (size_t i = 1; i < count; i++) {
            if (by_form(&all[i], &all[i - 1]) != 0) {
                forms++;
                continue;
            }
            if (!verify_true(v, functional_hash_equal(all[i].isomorphism, all[i - 1].isomorphism),
                             "isomorphic graphs have one key by isomorphism") ||
                !verify_true(v, functional_hash_equal(all[i].function, all[i - 1].function),
                             "isomorphic graphs have one key by function"))
                break;
        }
        for (size_t i = 0; i < count; i++)
            keys[i] = all[i].isomorphism;
        const size_t by_isomorphism = functional_hash_count_distinct(keys, count);
        for (size_t i = 0; i < count; i++)
            keys[i] = all[i].function;
        const size_t by_function = functional_hash_count_distinct(keys, count);
        verify_true(v, by_isomorphism <= forms && by_function <= by_isomorphism, "%zu forms, %zu keys, %zu functions",
                    forms, by_isomorphism, by_function);
        verify_at_least(v, (double)(count - forms), 1, "merges", "random graphs repeat");
        verify_note(v, "%zu graphs: %zu classes by nauty, %zu by NAS-Bench's hash, %zu functions", count, forms,
                    by_isomorphism, by_function);
    }
    free(dags);
    free(all);
    free(keys);
}

/* A set of keys, by open addressing. */
typedef struct key_set {
    functional_hash_key *slots; /* those of none are empty */
    size_t mask, count;
} key_set;

static void enter_key(key_set *set, functional_hash_key key)
{
    size_t at = (size_t)key.word[0] & set->mask;
    while (functional_hash_is_hashable(set->slots[at]) && !functional_hash_equal(set->slots[at], key))
        at = (at + 1) & set->mask;
    set->count += !functional_hash_is_hashable(set->slots[at]);
    set->slots[at] = key;
}

/* Enters a graph by NAS-Bench's hash and, if @p forms is there, by nauty's canonical form. */
static void enter_graph(verify_context *v, const functional_hash_dag *dag, key_set *hashes, key_set *forms)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = {{0, 0}};
    functional_hash_form form;
    verify_ok(v, functional_hash_dag_key(dag, FUNCTIONAL_HASH_BY_ISOMORPHISM, NULL, &options, &key), "key");
    enter_key(hashes, key);
    if (!forms)
        return;
    functional_hash_canonical_form(dag, &form);
    functional_hash_mix_words(form.word, sizeof form.word / sizeof *form.word, &key);
    enter_key(forms, key);
}

/* All graphs of so many vertices, each of them on a path, with at most 9 edges, and all operations. */
static void enter_graphs(verify_context *v, uint8_t vertices, key_set *hashes, key_set *forms)
{
    const unsigned places = vertices * (vertices - 1u) / 2;
    size_t labels = 1;
    for (unsigned i = 2; i < vertices; i++)
        labels *= 3;
    for (uint32_t edges = 0; edges < 1u << places; edges++) {
        functional_hash_dag dag = {.vertices = vertices}, pruned;
        for (unsigned i = 0, bit = 0; i < vertices; i++)
            for (unsigned j = i + 1; j < vertices; j++, bit++)
                dag.successors[i] |= (uint8_t)((edges >> bit & 1) << j);
        if (__builtin_popcount(edges) > FUNCTIONAL_HASH_DAG_EDGES ||
            functional_hash_dag_prune(&dag, &pruned) != ASSAY_OK || pruned.vertices < vertices)
            continue;
        for (size_t label = 0; label < labels; label++) {
            size_t rest = label;
            for (unsigned i = 1; i + 1 < vertices; i++, rest /= 3)
                dag.operations[i] = (uint8_t)(rest % 3);
            enter_graph(v, &dag, hashes, forms);
        }
    }
}

/* The hash of NAS-Bench-101 tells all graphs apart that are not isomorphic: as many classes as by nauty, and in the
 * whole space, which takes a while, as many as its authors counted: 423,624. This is why a coarser equality merges at
 * least as much in order_of_equalities, whatever the seed. */
void functional_hash_check_space(verify_context *v)
{
    const bool quick = verify_depth_of(v) == VERIFY_QUICK;
    enum { SLOTS = 1 << 20 };
    key_set hashes = {calloc(SLOTS, sizeof *hashes.slots), SLOTS - 1, 0};
    key_set forms = {calloc(SLOTS, sizeof *forms.slots), SLOTS - 1, 0};
    if (verify_true(v, hashes.slots && forms.slots, "memory")) {
        for (uint8_t vertices = 2; vertices <= 6; vertices++)
            enter_graphs(v, vertices, &hashes, &forms);
        verify_true(v, hashes.count == forms.count, "%zu classes by the hash, %zu by nauty", hashes.count, forms.count);
        verify_note(v, "%zu graphs of up to 6 vertices", forms.count);
        if (!quick)
            enter_graphs(v, 7, &hashes, NULL);
        verify_true(v, quick || hashes.count == 423624, "%zu graphs in all, NAS-Bench-101 has 423624", hashes.count);
    }
    free(hashes.slots);
    free(forms.slots);
}

/* ---- Counts of lookups ---- */

static assay_status give_index(void *self, size_t i, double *outputs)
{
    (void)self;
    outputs[0] = (double)i;
    return ASSAY_OK;
}

enum { LOOKUPS = 8000, DISTINCT = 300 };

/* A cache as a plain list. */
typedef struct plain_list {
    uint64_t words[DISTINCT], audits[DISTINCT];
    uint32_t evaluations[DISTINCT];
    size_t count;
    functional_hash_cache_counts counts;
} plain_list;

/* Looks a word up in the list; returns what the cache should say, and the place. */
static functional_hash_lookup replay(plain_list *list, uint64_t word, uint64_t audit, uint32_t most, size_t *at)
{
    *at = 0;
    while (*at < list->count && list->words[*at] != word)
        ++*at;
    list->counts.lookups++;
    if (*at == list->count) {
        list->words[*at] = word;
        list->audits[*at] = audit;
        list->evaluations[*at] = 1;
        list->counts.misses++;
        list->count++;
        return FUNCTIONAL_HASH_MISS;
    }
    list->counts.false_merges += list->audits[*at] != audit;
    if (list->evaluations[*at] < most) {
        list->evaluations[*at]++;
        list->counts.partial_hits++;
        return FUNCTIONAL_HASH_PARTIAL;
    }
    list->counts.hits++;
    return FUNCTIONAL_HASH_HIT;
}

static functional_hash_key key_of(uint64_t word)
{
    functional_hash_key key;
    functional_hash_mix_words(&word, 1, &key);
    return key;
}

/* Keys with repetitions through the cache, and through a list that is searched from its beginning. That a hit removed
 * its entry is seen from the count; how often, must be near the probability: by Hoeffding's inequality (in its form for
 * the largest of partial sums, as the number of hits is itself random) n hits remove by more than sqrt(10.6 N) other
 * than n times the probability with 2 exp(-2 10.6) = 1.3e-9, for n up to N lookups. */
static void compare_lists(verify_context *v, uint32_t most, double remove)
{
    const functional_hash_cache_config config = {.capacity = 1,
                                                 .outputs = 1,
                                                 .max_evaluations = most,
                                                 .remove_probability = remove,
                                                 .seed = verify_seed_of(v),
                                                 .audit = true};
    functional_hash_cache *cache = NULL;
    plain_list list = {.count = 0};
    functional_hash_cache_counts counts = {0};
    bool good = verify_ok(v, functional_hash_cache_create(&config, &cache), "create");
    for (uint64_t i = 0; good && i < LOOKUPS; i++) {
        const uint64_t word = assay_random_integer(verify_random(v, 2), i, DISTINCT);
        const uint64_t other = word + (assay_random_integer(verify_random(v, 3), i, 10) == 0);
        const functional_hash_key audit = key_of(other);
        functional_hash_lookup lookup = FUNCTIONAL_HASH_UNCACHED;
        double output;
        size_t at;
        const functional_hash_lookup should = replay(&list, word, other, most, &at);
        good = verify_ok(v, functional_hash_cache_get(cache, key_of(word), &audit, give_index, NULL, &output, &lookup),
                         "get") &&
               verify_true(v, lookup == should, "lookup %llu is %d, must be %d", (unsigned long long)i, (int)lookup,
                           (int)should);
        functional_hash_cache_count(cache, &counts);
        if (counts.removed > list.counts.removed && should == FUNCTIONAL_HASH_HIT) {
            list.counts.removed++;
            list.count--;
            list.words[at] = list.words[list.count];
            list.audits[at] = list.audits[list.count];
            list.evaluations[at] = list.evaluations[list.count];
        }
        list.counts.size = list.count;
        good = good && verify_true(v, memcmp(&counts, &list.counts, sizeof counts) == 0,
                                   "counts after lookup %llu are those of the list", (unsigned long long)i);
    }
    const bool certain = remove == 0 || remove == 1;
    verify_at_most(v, fabs((double)counts.removed - remove * (double)counts.hits), certain ? 0 : sqrt(10.6 * LOOKUPS),
                   "hits", "that remove their entry beyond %g of %llu", remove, (unsigned long long)counts.hits);
    functional_hash_cache_destroy(cache);
}

void functional_hash_check_replay(verify_context *v)
{
    compare_lists(v, 1, 0);
    compare_lists(v, 4, 0);
    compare_lists(v, 2, 0.3);
    compare_lists(v, 1, 1);
}

/* ---- Worked examples ---- */

static functional_hash_key mix(verify_context *v, const double *values, size_t n, unsigned bits)
{
    functional_hash_options options = functional_hash_default();
    functional_hash_key key = {{0, 0}};
    options.bits = bits;
    verify_ok(v, functional_hash_mix(values, n, &options, &key), "mix");
    return key;
}

/* The key of masked words, by its formula written out once more. */
static functional_hash_key mix_masked(const uint64_t *words, size_t n)
{
    const uint64_t lanes[2] = {UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F)};
    functional_hash_key key = {{n, ~(uint64_t)n}};
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < 2; j++) {
            uint64_t h = key.word[j], z = h ^ (words[i] + lanes[j] + (h << 6) + (h >> 2));
            z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
            z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
            key.word[j] = z ^ (z >> 31);
        }
    return key;
}

static functional_hash_key dag_key(verify_context *v, const char *text)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_dag dag;
    functional_hash_key key = {{0, 0}};
    if (verify_ok(v, functional_hash_dag_parse(text, &dag), "%s", text))
        verify_ok(v, functional_hash_dag_key(&dag, FUNCTIONAL_HASH_BY_FUNCTION, NULL, &options, &key), "%s", text);
    return key;
}

static functional_hash_key code_key(verify_context *v, const char *text)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_code code;
    functional_hash_key key = {{0, 0}};
    if (verify_ok(v, functional_hash_code_parse(text, &code), "%s", text))
        verify_ok(v, functional_hash_code_key(&code, FUNCTIONAL_HASH_BY_FUNCTION, &options, &key), "%s", text);
    return key;
}

static functional_hash_key term_key(verify_context *v, const char *text)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_term term;
    functional_hash_key key = {{0, 0}};
    if (verify_ok(v, functional_hash_term_parse(text, &term), "%s", text))
        verify_ok(v, functional_hash_term_key(&term, FUNCTIONAL_HASH_BY_FUNCTION, &options, &key), "%s", text);
    return key;
}

static void check_keys(verify_context *v)
{
    static const double values[] = {1.0, -0.0, 3.14159265358979};
    static const uint64_t with_24[] = {UINT64_C(0x3ff0000000000000), 0, UINT64_C(0x400921fb50000000)};
    static const uint64_t with_4[] = {UINT64_C(0x3ff0000000000000), 0, UINT64_C(0x4009000000000000)};
    verify_true(v, functional_hash_equal(mix(v, values, 3, 24), mix_masked(with_24, 3)), "24 bits");
    verify_true(v, functional_hash_equal(mix(v, values, 3, 4), mix_masked(with_4, 3)), "4 bits");
    verify_true(v, !functional_hash_equal(mix(v, values, 3, 24), mix(v, values, 3, 4)), "24 and 4 bits");
    /* With a floor what is below counts as 0; NaN and infinities as one pattern, if wanted. */
    static const double odd[] = {-1e-13, 1e-12, -NAN, INFINITY, -INFINITY};
    static const uint64_t pattern = UINT64_C(0x7ff8000000000000);
    uint64_t words[] = {0, 0, pattern, pattern, pattern};
    const functional_hash_options options = {.bits = 52, .floor = 1e-12, .sentinel = true};
    functional_hash_key key = {{0, 0}};
    memcpy(&words[1], &odd[1], sizeof words[1]);
    verify_ok(v, functional_hash_mix(odd, 5, &options, &key), "mix");
    verify_true(v, functional_hash_equal(key, mix_masked(words, 5)), "floor and sentinel");
    verify_true(v,
                !functional_hash_equal(functional_hash_salt(key, 1), functional_hash_salt(key, 2)) &&
                    functional_hash_equal(functional_hash_salt(key, 7), functional_hash_salt(key, 7)) &&
                    !functional_hash_is_hashable(functional_hash_salt((functional_hash_key){{0, 0}}, 3)),
                "salts tell keys apart, and that of none stays what it is");
    verify_true(v, functional_hash_equal(dag_key(v, "conv3: 01 12"), dag_key(v, "conv3 pool: 01 13 02")),
                "a vertex that leads nowhere");
    verify_true(v, functional_hash_equal(dag_key(v, "pool conv1: 01 12 23"), dag_key(v, "conv1 pool: 01 12 23")),
                "conv1 is monotone, and commutes with pool");
    verify_true(v, !functional_hash_equal(dag_key(v, "pool conv3: 01 12 23"), dag_key(v, "conv3 pool: 01 12 23")),
                "conv3 does not");
    verify_true(v,
                functional_hash_equal(code_key(v, "predict: s0 = dot(v0, v1)\nlearn: v1 = add(v0, v1)\n"),
                                      code_key(v, "predict: s0 = dot(v1, v0)\nlearn: v1 = add(v1, v0)\n")),
                "dot commutes");
    verify_true(v,
                functional_hash_equal(term_key(v, "((fn x0 (* x0 x0)) (- p y))"), term_key(v, "(* (- p y) (- p y))")),
                "a call and its result");
    verify_true(v,
                functional_hash_equal(term_key(v, "(let x0 p (let x1 (fn x2 (* x0 x2)) (let x0 y (x1 2))))"),
                                      term_key(v, "(* p 2)")),
                "a function keeps the names of where it was made");
    verify_true(v, !functional_hash_equal(term_key(v, "(* (- p y) (- p y))"), term_key(v, "(abs (- p y))")),
                "square and absolute loss");
}

static assay_status fall(void *self, size_t i, double *outputs)
{
    int *calls = self;
    (void)i;
    outputs[0] = ++*calls == 1 ? 0.9 : 0.7;
    return ASSAY_OK;
}

static void check_cache(verify_context *v)
{
    static const double expected[3] = {0.9, 0.8, 0.8};
    static const functional_hash_lookup lookups[3] = {FUNCTIONAL_HASH_MISS, FUNCTIONAL_HASH_PARTIAL,
                                                      FUNCTIONAL_HASH_HIT};
    const functional_hash_cache_config config = {.capacity = 1, .outputs = 1, .max_evaluations = 2};
    functional_hash_cache *cache = NULL;
    int calls = 0;
    if (!verify_ok(v, functional_hash_cache_create(&config, &cache), "create"))
        return;
    for (int i = 0; i < 3; i++) {
        double output = 0;
        functional_hash_lookup lookup = FUNCTIONAL_HASH_UNCACHED;
        const functional_hash_key key = {{1, 2}};
        verify_ok(v, functional_hash_cache_get(cache, key, NULL, fall, &calls, &output, &lookup), "get");
        /* The mean of 0.9 and 0.7 by one step of the running mean: three roundings, each below 2^-53. */
        verify_at_most(v, output > expected[i] ? output - expected[i] : expected[i] - output, 0x1p-51,
                       "absolute difference", "lookup %d", i);
        verify_true(v, lookup == lookups[i], "lookup %d is %d", i, (int)lookup);
    }
    verify_true(v, calls == 2, "%d evaluations", calls);
    functional_hash_cache_destroy(cache);
}

void functional_hash_check_examples(verify_context *v)
{
    check_keys(v);
    check_cache(v);
}
