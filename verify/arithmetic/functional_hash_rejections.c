/* functional_hash: bad input gets its error, and outputs stay untouched. */
#include "verify/arithmetic/functional_hash_checks.h"

#include "assay/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const functional_hash_key untouched = {{12, 34}};

static assay_status run_nothing(void *self, const double *inputs, double *outputs, size_t n)
{
    (void)inputs;
    for (size_t i = 0; i < n; i++)
        outputs[i] = *(const double *)self;
    return ASSAY_OK;
}

static assay_status run_failing(void *self, const double *inputs, double *outputs, size_t n)
{
    (void)self;
    (void)inputs;
    (void)outputs;
    (void)n;
    return assay_fail(ASSAY_NOT_CONVERGED, "the program fails");
}

void functional_hash_check_rejects_mix(verify_context *v)
{
    const double values[4] = {1, 2, 3, 4};
    double infinite = INFINITY;
    const functional_hash_options good = functional_hash_default();
    functional_hash_options bad = good;
    functional_hash_key key = untouched;
    static const unsigned bits[] = {0, 53, ~0u};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        bad.bits = bits[i];
        verify_rejects(v, functional_hash_mix(values, 4, &bad, &key), ASSAY_OUT_OF_RANGE, "bits", "%u bits", bits[i]);
    }
    static const double floors[] = {-1e-300, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof floors / sizeof *floors; i++) {
        bad = good;
        bad.floor = floors[i];
        verify_rejects(v, functional_hash_mix(values, 4, &bad, &key), ASSAY_OUT_OF_RANGE, "floor", "%g", floors[i]);
    }
    verify_rejects(v, functional_hash_mix(values, 0, &good, &key), ASSAY_OUT_OF_RANGE, "n is 0", "no values");
    verify_rejects(v, functional_hash_mix(NULL, 4, &good, &key), ASSAY_INVALID_ARGUMENT, "values", "null values");
    verify_rejects(v, functional_hash_mix(values, 4, NULL, &key), ASSAY_INVALID_ARGUMENT, "options", "null options");
    verify_rejects(v, functional_hash_mix(values, 4, &good, NULL), ASSAY_INVALID_ARGUMENT, "key", "null key");
    verify_rejects(v, functional_hash_mix_rows(values, SIZE_MAX / 16, 4, &good, &key), ASSAY_NO_MEMORY, "rows",
                   "too many rows");
    verify_rejects(v, functional_hash_mix_words(NULL, 1, &key), ASSAY_INVALID_ARGUMENT, "words", "null words");
    verify_rejects(v, functional_hash_run(NULL, NULL, values, 4, &good, &key), ASSAY_INVALID_ARGUMENT, "run", "no run");
    verify_rejects(v, functional_hash_run(run_nothing, NULL, values, 0, &good, &key), ASSAY_OUT_OF_RANGE, "n is 0",
                   "no outputs");
    verify_rejects(v, functional_hash_run(run_failing, NULL, values, 4, &good, &key), ASSAY_NOT_CONVERGED, "program",
                   "a run that fails");
    verify_true(v, functional_hash_equal(key, untouched), "the key is untouched");
    verify_ok(v, functional_hash_mix_rows(NULL, 0, 4, &good, NULL), "no rows");
    verify_ok(v, functional_hash_run(run_nothing, &infinite, values, 4, &good, &key), "infinities");
    verify_true(v, !functional_hash_is_hashable(key), "infinities have the key of none");
    bad = good;
    bad.sentinel = true;
    verify_ok(v, functional_hash_run(run_nothing, &infinite, values, 4, &bad, &key), "sentinel");
    verify_true(v, functional_hash_is_hashable(key), "but with a sentinel one like others");
}

void functional_hash_check_rejects_cache(verify_context *v)
{
    const functional_hash_cache_config good = {.capacity = 1, .outputs = 1, .max_evaluations = 1};
    functional_hash_cache *cache = NULL;
    functional_hash_cache_config bad;
    functional_hash_lookup lookup = FUNCTIONAL_HASH_HIT;
    functional_hash_cache_counts counts;
    double output = 5;
    verify_rejects(v, functional_hash_cache_create(NULL, &cache), ASSAY_INVALID_ARGUMENT, "config", "null config");
    verify_rejects(v, functional_hash_cache_create(&good, NULL), ASSAY_INVALID_ARGUMENT, "cache", "null cache");
#define REJECT(MEMBER, VALUE)                                                                                          \
    bad = good;                                                                                                        \
    bad.MEMBER = (VALUE);                                                                                              \
    verify_rejects(v, functional_hash_cache_create(&bad, &cache), ASSAY_OUT_OF_RANGE, #MEMBER, #MEMBER " " #VALUE)
    REJECT(capacity, 0);
    REJECT(capacity, SIZE_MAX);
    REJECT(outputs, 0);
    REJECT(outputs, 4097);
    REJECT(max_evaluations, 0);
    REJECT(remove_probability, -0.1);
    REJECT(remove_probability, 1.1);
    REJECT(remove_probability, NAN);
    REJECT(aggregate, (functional_hash_aggregate)3);
#undef REJECT
    verify_true(v, cache == NULL, "the output is untouched");
    bad = good;
    bad.audit = true;
    if (!verify_ok(v, functional_hash_cache_create(&bad, &cache), "create"))
        return;
    verify_rejects(v, functional_hash_cache_get(cache, untouched, NULL, NULL, NULL, &output, &lookup),
                   ASSAY_INVALID_ARGUMENT, "evaluate", "no evaluation");
    verify_rejects(v, functional_hash_cache_claim(cache, untouched, NULL, &lookup), ASSAY_INVALID_ARGUMENT, "audit",
                   "no audit key");
    verify_rejects(v, functional_hash_cache_enter(cache, untouched, &output), ASSAY_MISMATCH, "claim", "no claim");
    verify_rejects(v, functional_hash_cache_abandon(cache, untouched), ASSAY_MISMATCH, "claim", "no claim");
    verify_rejects(v, functional_hash_cache_enter(cache, untouched, NULL), ASSAY_INVALID_ARGUMENT, "outputs", "null");
    uint32_t evaluations = 7;
    verify_rejects(v, functional_hash_cache_peek_all(cache, NULL, 3, &output, NULL), ASSAY_INVALID_ARGUMENT, "keys",
                   "null keys and evaluations");
    verify_rejects(v, functional_hash_cache_peek_all(cache, NULL, 1, &output, &evaluations), ASSAY_INVALID_ARGUMENT,
                   "keys", "null keys");
    verify_rejects(v, functional_hash_cache_peek_all(cache, &untouched, 1, &output, NULL), ASSAY_INVALID_ARGUMENT,
                   "evaluations", "null evaluations");
    verify_rejects(v, functional_hash_cache_peek_all(NULL, &untouched, 1, &output, &evaluations),
                   ASSAY_INVALID_ARGUMENT, "cache", "null cache");
    verify_true(v, evaluations == 7, "evaluations are untouched");
    verify_rejects(v, functional_hash_cache_count(NULL, &counts), ASSAY_INVALID_ARGUMENT, "cache", "null");
    verify_true(v, output == 5 && lookup == FUNCTIONAL_HASH_HIT, "outputs are untouched");
    functional_hash_cache_destroy(cache);
    functional_hash_cache_destroy(NULL);
}

/* ---- Files ---- */

static bool write_bytes(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    const bool good = file && fwrite(bytes, 1, size, file) == size;
    return (file ? fclose(file) == 0 : false) && good;
}

static void check_file(verify_context *v, const functional_hash_cache_config *config, const char *path)
{
    static unsigned char bytes[1 << 16];
    functional_hash_cache *cache = NULL;
    FILE *file = fopen(path, "rb");
    const size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    if (!verify_true(v, size > 500 && size < sizeof bytes, "a file of %zu bytes", size))
        return;
    functional_hash_cache_config other = *config;
    other.max_evaluations++;
    verify_rejects(v, functional_hash_cache_load(&other, path, &cache), ASSAY_MISMATCH, "configuration", "another one");
    verify_rejects(v, functional_hash_cache_load(config, "/nonexistent/cache", &cache), ASSAY_IO, "path", "no file");
    verify_rejects(v, functional_hash_cache_load(config, NULL, &cache), ASSAY_INVALID_ARGUMENT, "path", "null path");
    for (size_t part = 0; part < 8; part++) {
        const size_t at = size * part / 8;
        verify_true(v, write_bytes(path, bytes, at), "write a part");
        verify_rejects(v, functional_hash_cache_load(config, path, &cache), ASSAY_BAD_DATA, "path", "%zu eighths",
                       part);
        bytes[at] ^= 1;
        verify_true(v, write_bytes(path, bytes, size), "write a changed file");
        verify_rejects(v, functional_hash_cache_load(config, path, &cache), ASSAY_BAD_DATA, "path", "byte %zu", at);
        bytes[at] ^= 1;
    }
    /* What no checksum guards: packed bytes. */
    for (size_t at = 0; at < size; at += 7) {
        const unsigned char kept = bytes[at];
        bytes[at] ^= 0x41;
        const assay_status status = functional_hash_cache_unpack(config, bytes + 32, size - 32, &cache);
        verify_true(v, status == ASSAY_OK || status == ASSAY_BAD_DATA || status == ASSAY_MISMATCH,
                    "a changed byte %zu gives %s", at, assay_status_name(status));
        if (status == ASSAY_OK)
            functional_hash_cache_destroy(cache);
        cache = NULL;
        bytes[at] = kept;
    }
    for (size_t less = 1; less < size - 32; less += 11)
        verify_rejects(v, functional_hash_cache_unpack(config, bytes + 32, size - 32 - less, &cache), ASSAY_BAD_DATA,
                       "cut off", "%zu bytes less", less);
    verify_true(v, cache == NULL, "the output is untouched");
}

static assay_status give_one(void *self, size_t i, double *outputs)
{
    (void)self;
    (void)i;
    outputs[0] = 1;
    return ASSAY_OK;
}

void functional_hash_check_rejects_files(verify_context *v)
{
    const functional_hash_cache_config config = {.capacity = 1, .outputs = 1, .max_evaluations = 2};
    functional_hash_cache *cache = NULL;
    functional_hash_lookup lookup;
    char path[] = "/tmp/assay-cache-XXXXXX";
    const int descriptor = mkstemp(path);
    if (!verify_true(v, descriptor >= 0, "a temporary file"))
        return;
    close(descriptor);
    verify_ok(v, functional_hash_cache_create(&config, &cache), "create");
    for (uint64_t i = 1; i <= 40; i++) {
        double output;
        functional_hash_key key;
        functional_hash_mix_words(&i, 1, &key);
        verify_ok(v, functional_hash_cache_get(cache, key, NULL, give_one, NULL, &output, NULL), "get");
    }
    verify_ok(v, functional_hash_cache_save(cache, path), "save");
    check_file(v, &config, path);
    verify_rejects(v, functional_hash_cache_save(cache, "/nonexistent/cache"), ASSAY_IO, "path", "no folder");
    verify_ok(v, functional_hash_cache_claim(cache, untouched, NULL, &lookup), "claim");
    verify_rejects(v, functional_hash_cache_save(cache, path), ASSAY_MISMATCH, "claims", "an open claim");
    functional_hash_cache_destroy(cache);
    unlink(path);
    /* Digits. */
    functional_hash_dag_task *task = NULL;
    char digits[] = "/tmp/assay-digits-XXXXXX";
    const int other = mkstemp(digits);
    if (!verify_true(v, other >= 0, "a temporary file"))
        return;
    close(other);
    verify_true(v, write_bytes(digits, (const unsigned char *)"1,2,3\n", 6), "write");
    verify_rejects(v, functional_hash_dag_task_read(digits, 8, 8, &task), ASSAY_BAD_DATA, "path", "three columns");
    verify_rejects(v, functional_hash_dag_task_read("/nonexistent.csv", 8, 8, &task), ASSAY_IO, "nonexistent", "none");
    verify_rejects(v, functional_hash_dag_task_read(digits, 7, 8, &task), ASSAY_OUT_OF_RANGE, "training", "7 images");
    verify_rejects(v, functional_hash_dag_task_read(digits, 8, 0, &task), ASSAY_OUT_OF_RANGE, "validation", "none");
    verify_true(v, task == NULL, "the output is untouched");
    unlink(digits);
}

/* ---- Candidates ---- */

static void reject_dag(verify_context *v, functional_hash_dag dag, const char *mentions, const char *what)
{
    const functional_hash_options options = functional_hash_domain_options();
    double image[FUNCTIONAL_HASH_DAG_PIXELS] = {0}, out[FUNCTIONAL_HASH_DAG_PIXELS] = {7};
    functional_hash_key key = untouched;
    functional_hash_dag pruned = {.vertices = 99};
    verify_rejects(v, functional_hash_dag_check(&dag), ASSAY_INVALID_ARGUMENT, mentions, "check: %s", what);
    verify_rejects(v, functional_hash_dag_run(&dag, image, 1, out), ASSAY_INVALID_ARGUMENT, mentions, "run: %s", what);
    verify_rejects(v, functional_hash_dag_key(&dag, FUNCTIONAL_HASH_BY_FUNCTION, NULL, &options, &key),
                   ASSAY_INVALID_ARGUMENT, mentions, "key: %s", what);
    verify_rejects(v, functional_hash_dag_prune(&dag, &pruned), ASSAY_INVALID_ARGUMENT, mentions, "prune: %s", what);
    verify_true(v, out[0] == 7 && functional_hash_equal(key, untouched) && pruned.vertices == 99,
                "outputs are untouched");
}

static void reject_dags(verify_context *v)
{
    functional_hash_dag dag = {.vertices = 3, .successors = {2, 4, 0}};
    verify_ok(v, functional_hash_dag_check(&dag), "a graph");
    functional_hash_dag bad = dag;
    bad.successors[1] = 1;
    reject_dag(v, bad, "edge", "an edge down: a cycle, or below the diagonal");
    bad = dag;
    bad.successors[1] = 2;
    reject_dag(v, bad, "edge", "an edge from a vertex to itself");
    bad = dag;
    bad.successors[0] = 8;
    reject_dag(v, bad, "edge", "an edge to where there is no vertex");
    bad = dag;
    bad.successors[0] = 0;
    reject_dag(v, bad, "path", "no path");
    bad = dag;
    bad.operations[1] = 3;
    reject_dag(v, bad, "operation", "an unknown operation");
    bad = dag;
    bad.operations[0] = 1;
    reject_dag(v, bad, "operation", "an operation of the input");
    bad = dag;
    bad.vertices = 8;
    reject_dag(v, bad, "vertices", "eight vertices");
    bad.vertices = 1;
    reject_dag(v, bad, "vertices", "one vertex");
    bad = (functional_hash_dag){.vertices = 7, .successors = {0x7e, 0x7c, 0x78, 0x70, 0x60, 0x40, 0}};
    reject_dag(v, bad, "edges", "21 edges");
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = untouched;
    for (size_t inputs = 0; inputs <= 9; inputs += 9) {
        const functional_hash_dag_view view = {inputs, false};
        verify_rejects(v, functional_hash_dag_key(&dag, FUNCTIONAL_HASH_BY_FUNCTION, &view, &options, &key),
                       ASSAY_OUT_OF_RANGE, "inputs", "%zu inputs", inputs);
    }
    verify_rejects(v, functional_hash_dag_key(&dag, FUNCTIONAL_HASH_BY_NOTHING, NULL, &options, &key),
                   ASSAY_OUT_OF_RANGE, "equality", "by nothing");
    double fitness;
    verify_rejects(v, functional_hash_dag_evaluate(NULL, &dag, &fitness), ASSAY_INVALID_ARGUMENT, "task", "null task");
    verify_rejects(v, functional_hash_dag_run(&dag, NULL, 1, NULL), ASSAY_INVALID_ARGUMENT, "images", "null images");
    static const char *const texts[] = {
        "", "conv3", "conv5: 01 12", "conv3: 02 2", "conv3: 10", "conv3: 03", "pool pool pool pool pool pool: 01"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        verify_rejects(v, functional_hash_dag_parse(texts[i], &dag), ASSAY_BAD_DATA, "text", "\"%s\"", texts[i]);
}

static void reject_codes(verify_context *v)
{
    functional_hash_code code = {.counts = {0, 1, 0}}, bad;
    double x[4] = {0}, label = 1, residual = 7, fitness;
    char text[4];
    verify_ok(v, functional_hash_code_check(&code), "s0 = s0 + s0");
    bad = code;
    bad.counts[0] = 4;
    verify_rejects(v, functional_hash_code_run(&bad, x, &label, 0, 1, &residual), ASSAY_INVALID_ARGUMENT, "setup",
                   "four lines of setup");
    bad = code;
    bad.lines[1][0].operation = FUNCTIONAL_HASH_CODE_OPERATIONS;
    verify_rejects(v, functional_hash_code_run(&bad, x, &label, 0, 1, &residual), ASSAY_INVALID_ARGUMENT, "operation",
                   "unknown operation");
    bad = code;
    bad.lines[1][0].a = 4;
    verify_rejects(v, functional_hash_code_evaluate(&bad, &fitness), ASSAY_INVALID_ARGUMENT, "line 1", "register s4");
    bad = code;
    bad.lines[1][0] = (functional_hash_instruction){.operation = FUNCTIONAL_HASH_SCALAR_CONSTANT, .constant = NAN};
    verify_rejects(v, functional_hash_code_check(&bad), ASSAY_INVALID_ARGUMENT, "line 1", "constant NaN");
    verify_rejects(v, functional_hash_code_run(&code, NULL, &label, 0, 1, &residual), ASSAY_INVALID_ARGUMENT, "inputs",
                   "null inputs");
    verify_rejects(v, functional_hash_code_print(&code, text, sizeof text, NULL), ASSAY_OUT_OF_RANGE, "capacity",
                   "no room");
    verify_true(v, residual == 7, "the residual is untouched");
    static const char *const texts[] = {
        "s0 = add(s0, s0)\n",          "predict: s0 = add(s0, s0)",     "predict: s4 = abs(s0)\n",
        "predict: s0 = add(s0, v0)\n", "predict: s0 = constant(inf)\n", "run: s0 = abs(s0)\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        verify_rejects(v, functional_hash_code_parse(texts[i], &code), ASSAY_BAD_DATA, "line 1", "%s", texts[i]);
    /* A prediction that is not finite: no key, the fitness of none. */
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = untouched;
    verify_ok(v, functional_hash_code_parse("setup: s3 = constant(1e300)\npredict: s0 = multiply(s3, s3)\n", &code),
              "1e600");
    verify_ok(v, functional_hash_code_key(&code, FUNCTIONAL_HASH_BY_FUNCTION, &options, &key), "key");
    verify_true(v, !functional_hash_is_hashable(key), "an infinite prediction has the key of none");
    verify_ok(v, functional_hash_code_evaluate(&code, &fitness), "evaluate");
    verify_true(v, fitness == -INFINITY, "and the fitness of none");
}

static void reject_terms(verify_context *v)
{
    functional_hash_term term, bad;
    double p = 1, y = 2, value = 7, fitness;
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = untouched;
    verify_ok(v, functional_hash_term_parse("(- p y)", &term), "a term");
    bad = term;
    bad.nodes[2].a = 2;
    verify_rejects(v, functional_hash_term_run(&bad, &p, &y, 1, &value), ASSAY_INVALID_ARGUMENT, "part", "a cycle");
    bad = term;
    bad.nodes[2].b = 0;
    verify_rejects(v, functional_hash_term_run(&bad, &p, &y, 1, &value), ASSAY_INVALID_ARGUMENT, "part",
                   "one part used twice");
    bad = term;
    bad.nodes[1] = (functional_hash_term_node){.kind = FUNCTIONAL_HASH_TERM_VARIABLE, .name = 3};
    verify_rejects(v, functional_hash_term_run(&bad, &p, &y, 1, &value), ASSAY_INVALID_ARGUMENT, "free", "x3 is free");
    bad = term;
    bad.nodes[1].kind = FUNCTIONAL_HASH_TERM_KINDS;
    verify_rejects(v, functional_hash_term_check(&bad), ASSAY_INVALID_ARGUMENT, "kind", "unknown kind");
    bad.count = 0;
    verify_rejects(v, functional_hash_term_check(&bad), ASSAY_INVALID_ARGUMENT, "nodes", "no nodes");
    verify_rejects(v, functional_hash_term_run(&term, NULL, &y, 1, &value), ASSAY_INVALID_ARGUMENT, "p", "null p");
    static const struct {
        const char *text;
        assay_status status;
        const char *mentions;
    } cases[] = {
        {"((fn x0 (x0 x0)) (fn x0 (x0 x0)))", ASSAY_NOT_CONVERGED, "deeper"},
        {"(p y)", ASSAY_BAD_DATA, "stuck"},
        {"(+ p (fn x0 x0))", ASSAY_BAD_DATA, "stuck"},
        {"(fn x0 x0)", ASSAY_BAD_DATA, "stuck"},
        {"(let x0 (fn x1 (+ x1 (+ x1 x1))) (let x0 (fn x1 (x0 (x0 (x0 (x0 (x0 x1)))))) (let x0 (fn x1 (x0 (x0 (x0 (x0 "
         "(x0 "
         "x1)))))) (let x0 (fn x1 (x0 (x0 (x0 (x0 (x0 x1)))))) (let x0 (fn x1 (x0 (x0 (x0 (x0 (x0 x1)))))) (x0 "
         "p))))))",
         ASSAY_NOT_CONVERGED, "steps"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        verify_ok(v, functional_hash_term_parse(cases[i].text, &term), "%s", cases[i].text);
        verify_rejects(v, functional_hash_term_run(&term, &p, &y, 1, &value), cases[i].status, cases[i].mentions, "%s",
                       cases[i].text);
        verify_ok(v, functional_hash_term_key(&term, FUNCTIONAL_HASH_BY_FUNCTION, &options, &key), "key");
        verify_true(v, !functional_hash_is_hashable(key), "%s has the key of none", cases[i].text);
        verify_ok(v, functional_hash_term_evaluate(&term, &fitness), "evaluate");
        verify_true(v, fitness == -INFINITY, "%s has the fitness of none", cases[i].text);
    }
    verify_true(v, value == 7, "the value is untouched");
    static const char *const texts[] = {"",           "(", "()",        "(+ p)", "(+ p y",     "x0", "(let y p y)",
                                        "(fn x99 p)", "q", "(+ p y) p", "1e999", "((((((((((p"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        verify_rejects(v, functional_hash_term_parse(texts[i], &term), ASSAY_BAD_DATA, "text", "\"%s\"", texts[i]);
    enum { DEEP = 100000 };
    char *deep = malloc(DEEP + 1);
    if (verify_true(v, deep != NULL, "memory")) {
        memset(deep, '(', DEEP);
        deep[DEEP] = '\0';
        verify_rejects(v, functional_hash_term_parse(deep, &term), ASSAY_BAD_DATA, "text", "parentheses without end");
    }
    free(deep);
}

void functional_hash_check_rejects_candidates(verify_context *v)
{
    reject_dags(v);
    reject_codes(v);
    reject_terms(v);
    evolved_exp_problem problem;
    evolved_exp_program program = {.count = 1, .nodes = {{.operation = EVOLVED_EXP_X}}};
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = untouched;
    evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem);
    program.nodes[0] = (evolved_exp_node){.operation = EVOLVED_EXP_SQRT};
    verify_rejects(v, functional_hash_slp_key(&problem, &program, FUNCTIONAL_HASH_BY_FUNCTION, &options, &key),
                   ASSAY_INVALID_ARGUMENT, "program", "an argument that is no earlier node");
    problem.high = problem.low;
    verify_rejects(v, functional_hash_slp_key(&problem, &program, FUNCTIONAL_HASH_BY_FUNCTION, &options, &key),
                   ASSAY_OUT_OF_RANGE, "high", "an empty interval");
}

/* ---- Evolution ---- */

void functional_hash_check_rejects_search(verify_context *v)
{
    const functional_hash_domain domain = functional_hash_code_domain();
    functional_hash_search_config good = functional_hash_search_default(), bad;
    functional_hash_search_result result = {.candidates = 77};
    good.candidates = 10;
#define REJECT(MEMBER, VALUE, MENTIONS)                                                                                \
    bad = good;                                                                                                        \
    bad.MEMBER = (VALUE);                                                                                              \
    verify_rejects(v, functional_hash_search_run(&domain, &bad, 1, &result, NULL), ASSAY_OUT_OF_RANGE, MENTIONS,       \
                   #MEMBER " " #VALUE)
    REJECT(tournament, 51, "tournament");
    REJECT(tournament, 0, "tournament");
    REJECT(population, 0, "population");
    REJECT(batch, 0, "batch");
    REJECT(batch, 5000, "batch");
    REJECT(candidates, 0, "candidates");
    REJECT(noise, -1, "noise");
    REJECT(tie, NAN, "tie");
    REJECT(time, INFINITY, "time");
    REJECT(hashing_time, -1, "hashing_time");
    REJECT(evaluation_time, NAN, "evaluation_time");
    REJECT(max_evaluations, 0, "max_evaluations");
    REJECT(remove_probability, 2, "remove_probability");
    REJECT(aggregate, (functional_hash_aggregate)7, "aggregate");
    REJECT(equality, (functional_hash_equality)4, "equality");
    REJECT(algorithm, (functional_hash_algorithm)3, "algorithm");
    REJECT(hash.bits, 0, "bits");
    REJECT(hash.bits, 53, "bits");
    REJECT(hash.floor, -2, "floor");
#undef REJECT
    functional_hash_domain lacking = domain;
    lacking.evaluate = NULL;
    verify_rejects(v, functional_hash_search_run(&lacking, &good, 1, &result, NULL), ASSAY_INVALID_ARGUMENT, "domain",
                   "no evaluation");
    verify_rejects(v, functional_hash_search_run(NULL, &good, 1, &result, NULL), ASSAY_INVALID_ARGUMENT, "domain",
                   "null");
    verify_rejects(v, functional_hash_search_run(&domain, NULL, 1, &result, NULL), ASSAY_INVALID_ARGUMENT, "config",
                   "null");
    verify_rejects(v, functional_hash_search_run(&domain, &good, 1, NULL, NULL), ASSAY_INVALID_ARGUMENT, "result",
                   "null");
    verify_true(v, result.candidates == 77, "the result is untouched");
}
