/* functional_hash: optimized code against the reference, bit for bit. */
#include "verify/arithmetic/functional_hash_checks.h"

#include "assay/memory.h"

#include <math.h>
#include <stdlib.h>

/* ---- Mixing ---- */

enum { SHORT = 5, ROWS = 19 };

/* Normal numbers with zeros of both signs, subnormal numbers and, if wanted, NaN and infinities among them. */
static void fill_values(assay_random r, double *x, size_t count, uint64_t specials)
{
    static const double special[] = {0.0, -0.0, 0x1p-1074, -0x1p-1030, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < count; i++) {
        const uint64_t pick = assay_random_integer(r, 3 * i, 20);
        x[i] = pick < specials
                   ? special[pick]
                   : ldexp(assay_random_normal(r, 2 * (count + i)), (int)assay_random_integer(r, 3 * i + 1, 60) - 30);
    }
}

static void fill_finite(assay_random r, void *data, size_t count)
{
    fill_values(r, data, count, 4);
}

/* One value in three hundred is not finite, so that some rows have no key and most have. */
static void fill_any(assay_random r, void *data, size_t count)
{
    double *x = data;
    fill_values(r, x, count, 4);
    for (size_t i = 0; i < count; i++)
        if (assay_random_integer((assay_random){r.seed, r.stream ^ 1}, i, 30) == 0)
            x[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
}

static size_t count_short(size_t n)
{
    return SHORT * n;
}

static size_t count_keys(size_t n)
{
    return 2 * n;
}

static assay_status run_short(const verify_call *call)
{
    functional_hash_options options = functional_hash_default();
    options.floor = 0x1p-20;
    return functional_hash_mix_rows(call->in[0], call->n, SHORT, &options, call->out[0]);
}

const verify_kernel functional_hash_kernel_rows = {
    .in = {{"values", VERIFY_F64, count_short, fill_any}},
    .out = {{"keys", VERIFY_U64, count_keys, NULL}},
    .run = run_short,
    .metric = VERIFY_BITWISE,
    .lanes = 8,
    .large = {1000, 20000}, /* the second uses threads */
};

static size_t count_long(size_t n)
{
    return ROWS * (n + 1);
}

static size_t count_long_keys(size_t n)
{
    (void)n;
    return (size_t)2 * ROWS;
}

static assay_status run_long(const verify_call *call)
{
    functional_hash_options options = functional_hash_default();
    options.bits = 1 + (unsigned)(call->n % 52);
    return functional_hash_mix_rows(call->in[0], ROWS, call->n + 1, &options, call->out[0]);
}

const verify_kernel functional_hash_kernel_long = {
    .in = {{"values", VERIFY_F64, count_long, fill_finite}},
    .out = {{"keys", VERIFY_U64, count_long_keys, NULL}},
    .run = run_long,
    .metric = VERIFY_BITWISE,
    .lanes = 32, /* values of a row that are turned at once */
    .large = {1000, 5000},
};

static assay_status run_sentinel(const verify_call *call)
{
    const functional_hash_options options = {.bits = 52, .sentinel = true};
    return functional_hash_mix_rows(call->in[0], call->n, SHORT, &options, call->out[0]);
}

const verify_kernel functional_hash_kernel_sentinel = {
    .in = {{"values", VERIFY_F64, count_short, fill_any}},
    .out = {{"keys", VERIFY_U64, count_keys, NULL}},
    .run = run_sentinel,
    .metric = VERIFY_BITWISE,
    .lanes = 8,
};

/* ---- Representations ---- */

/* What is computed at the reference and at the level under test: @p count numbers. */
typedef bool compute(verify_context *v, void *inputs, double *out);

static void agree(verify_context *v, compute *run, void *inputs, size_t count, const char *what)
{
    double *expected = calloc(count, sizeof *expected), *actual = calloc(count, sizeof *actual);
    if (verify_true(v, expected && actual, "memory")) {
        verify_use_reference(v);
        bool good = run(v, inputs, expected);
        for (const int *threads = verify_thread_counts; good && *threads; threads++) {
            verify_use_level(v, *threads);
            verify_spoil(actual, count * sizeof *actual);
            good = run(v, inputs, actual) && verify_agree(v, VERIFY_ULP, 0, VERIFY_F64, expected, actual, count,
                                                          "%s, %d threads", what, *threads);
        }
    }
    free(expected);
    free(actual);
}

enum { DAGS = 24, IMAGES = 21, PIXELS = IMAGES * FUNCTIONAL_HASH_DAG_PIXELS };

typedef struct dag_inputs {
    functional_hash_dag dags[DAGS];
    double images[PIXELS];
    functional_hash_dag_task *task;
} dag_inputs;

static bool run_dags(verify_context *v, void *inputs, double *out)
{
    const dag_inputs *in = inputs;
    bool good = true;
    for (size_t i = 0; good && i < DAGS; i++)
        good = verify_ok(v, functional_hash_dag_run(&in->dags[i], in->images, IMAGES, out + i * PIXELS), "run");
    return good;
}

/* A key as two numbers that have its bits' halves. */
static void split_key(functional_hash_key key, double *out)
{
    for (int half = 0; half < 4; half++)
        out[half] = (double)(uint32_t)(key.word[half / 2] >> (half % 2 * 32));
}

enum { PER_DAG = 1 + 3 * 4 };

static bool judge_dags(verify_context *v, void *inputs, double *out)
{
    static const functional_hash_dag_view views[3] = {{4, false}, {7, true}, {1, false}};
    const functional_hash_options options = functional_hash_domain_options();
    const dag_inputs *in = inputs;
    bool good = true;
    for (size_t i = 0; good && i < DAGS; i++) {
        double *to = out + i * PER_DAG;
        good = verify_ok(v, functional_hash_dag_evaluate(in->task, &in->dags[i], to), "evaluate");
        for (size_t k = 0; good && k < 3; k++) {
            functional_hash_key key;
            good = verify_ok(
                v, functional_hash_dag_key(&in->dags[i], FUNCTIONAL_HASH_BY_FUNCTION, &views[k], &options, &key),
                "key");
            split_key(key, to + 1 + 4 * k);
        }
    }
    return good;
}

void functional_hash_agree_dag(verify_context *v)
{
    dag_inputs *in = calloc(1, sizeof *in);
    if (!verify_true(v, in != NULL, "memory"))
        return;
    functional_hash_random_dags(verify_random(v, 1), in->dags, DAGS);
    assay_random_fill_normal(verify_random(v, 2), 0, 0, 1, in->images, PIXELS);
    in->task = functional_hash_digits(v);
    if (in->task) {
        agree(v, run_dags, in, (size_t)DAGS * PIXELS, "outputs of graphs");
        agree(v, judge_dags, in, (size_t)DAGS * PER_DAG, "fitness and keys of graphs");
    }
    functional_hash_dag_task_destroy(in->task);
    free(in);
}

enum { CODES = 400, TRAINING = 37, VALIDATION = 41, EXAMPLES = TRAINING + VALIDATION };

typedef struct code_inputs {
    functional_hash_code codes[CODES];
    double inputs[EXAMPLES * FUNCTIONAL_HASH_CODE_WIDTH], labels[EXAMPLES];
} code_inputs;

static bool run_codes(verify_context *v, void *inputs, double *out)
{
    const code_inputs *in = inputs;
    bool good = true;
    for (size_t i = 0; good && i < CODES; i++) {
        double *to = out + i * (VALIDATION + 1);
        good = verify_ok(v, functional_hash_code_run(&in->codes[i], in->inputs, in->labels, TRAINING, VALIDATION, to),
                         "run") &&
               verify_ok(v, functional_hash_code_evaluate(&in->codes[i], to + VALIDATION), "evaluate");
    }
    return good;
}

void functional_hash_agree_code(verify_context *v)
{
    code_inputs *in = calloc(1, sizeof *in);
    if (!verify_true(v, in != NULL, "memory"))
        return;
    static const char least_squares[] = "setup: s2 = constant(0.1)\npredict: s0 = dot(v0, v1)\n"
                                        "learn: s3 = subtract(s1, s0)\nlearn: s3 = multiply(s3, s2)\n"
                                        "learn: v2 = scale(s3, v0)\nlearn: v1 = add(v1, v2)\nlearn: v2 = zero()\n";
    /* In random programs what decides is seldom a quotient; here each operation of scalars and vectors does. */
    static const char *const each[] = {
        "setup: s2 = constant(3)\npredict: s3 = dot(v0, v0)\npredict: s0 = divide(s3, s2)\n",
        "setup: s2 = constant(3)\npredict: s3 = dot(v0, v0)\npredict: s0 = divide(s2, s3)\n",
        "setup: s2 = constant(3)\npredict: s3 = dot(v0, v0)\npredict: s0 = subtract(s3, s2)\n",
        "setup: s2 = constant(3)\npredict: s3 = dot(v0, v0)\npredict: s0 = add(s3, s2)\n",
        "setup: s2 = constant(3)\npredict: s3 = dot(v0, v0)\npredict: s0 = multiply(s3, s2)\n",
        "predict: s3 = dot(v0, v1)\npredict: s0 = relu(s3)\nlearn: v1 = add(v1, v0)\n",
        "predict: s3 = dot(v0, v1)\npredict: s0 = abs(s3)\nlearn: v1 = subtract(v0, v1)\n",
        least_squares,
    };
    functional_hash_random_codes(verify_random(v, 3), in->codes, CODES, 50);
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        verify_ok(v, functional_hash_code_parse(each[i], &in->codes[i]), "%s", each[i]);
    assay_random_fill_normal(verify_random(v, 4), 0, 0, 1, in->inputs, sizeof in->inputs / sizeof *in->inputs);
    assay_random_fill_normal(verify_random(v, 5), 0, 0, 1, in->labels, EXAMPLES);
    in->labels[3] = 0; /* so that something is divided by 0 */
    agree(v, run_codes, in, (size_t)CODES * (VALIDATION + 1), "learning programs");
    free(in);
}

enum { TERMS = 200, PAIRS = 130 };

typedef struct term_inputs {
    functional_hash_term terms[TERMS];
    double p[PAIRS], y[PAIRS];
} term_inputs;

static bool run_terms(verify_context *v, void *inputs, double *out)
{
    const term_inputs *in = inputs;
    bool good = true;
    for (size_t i = 0; good && i < TERMS; i++) {
        double *to = out + i * (PAIRS + 2);
        memset(to, 0, PAIRS * sizeof *to); /* what a term that gets stuck leaves as it is */
        const assay_status status = functional_hash_term_run(&in->terms[i], in->p, in->y, PAIRS, to);
        to[PAIRS] = (double)status;
        good = verify_ok(v, functional_hash_term_evaluate(&in->terms[i], to + PAIRS + 1), "evaluate");
    }
    return good;
}

void functional_hash_agree_term(verify_context *v)
{
    static const char *const strange[] = {
        "((fn x0 (x0 x0)) (fn x0 (x0 x0)))",      /* for ever */
        "(p y)",                                  /* a number called */
        "(+ p (fn x0 x0))",                       /* a function added */
        "(fn x1 x1)",                             /* a function as the result */
        "(let x1 (fn x0 (* x0 p)) (let p1 y p))", /* no term: left as it is */
        "(let x1 (fn x0 (* x0 p)) (let x2 (fn x0 (x1 (x1 x0))) (x2 (x2 y))))",
    };
    term_inputs *in = calloc(1, sizeof *in);
    if (!verify_true(v, in != NULL, "memory"))
        return;
    functional_hash_random_terms(verify_random(v, 6), in->terms, TERMS, 20);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        functional_hash_term_parse(strange[i], &in->terms[i]);
    assay_random_fill_normal(verify_random(v, 7), 0, 0, 1, in->p, PAIRS);
    assay_random_fill_normal(verify_random(v, 8), 0, 0, 1, in->y, PAIRS);
    agree(v, run_terms, in, (size_t)TERMS * (PAIRS + 2), "lambda terms");
    free(in);
}

/* ---- The cache ---- */

enum { KEYS = 700, DISTINCT = 90, OUTPUTS = 3 };

typedef struct cache_inputs {
    functional_hash_cache_config config;
    functional_hash_key keys[KEYS], audits[KEYS];
    assay_random random;
} cache_inputs;

/* An evaluation that depends on the candidate alone. */
static assay_status compute_outputs(void *self, size_t i, double *outputs)
{
    const cache_inputs *in = self;
    for (size_t j = 0; j < in->config.outputs; j++)
        outputs[j] = assay_random_uniform(in->random, OUTPUTS * i + j);
    return ASSAY_OK;
}

enum { PER_KEY = OUTPUTS + 1 + OUTPUTS + 1, STATE_BYTES = 2 * DISTINCT * 100 };

/* Two calls on one cache, then looks at every entry; the packed state's bytes are numbers, too. */
static bool use_cache(verify_context *v, void *inputs, double *out)
{
    cache_inputs *in = inputs;
    functional_hash_cache *cache = NULL;
    functional_hash_lookup lookups[KEYS];
    uint32_t evaluations[KEYS];
    static double outputs[KEYS * OUTPUTS], seen[KEYS * OUTPUTS];
    const size_t width = in->config.outputs;
    unsigned char *bytes = NULL;
    size_t count = 0;
    bool good = verify_ok(v, functional_hash_cache_create(&in->config, &cache), "create");
    for (size_t first = 0; good && first < KEYS; first += KEYS / 2)
        good = verify_ok(v,
                         functional_hash_cache_get_all(cache, in->keys + first, in->audits + first, KEYS / 2,
                                                       compute_outputs, in, outputs + first * width, lookups + first),
                         "get all");
    memset(seen, 0, sizeof seen);
    good = good && verify_ok(v, functional_hash_cache_peek_all(cache, in->keys, KEYS, seen, evaluations), "peek all") &&
           verify_ok(v, functional_hash_cache_pack(cache, &bytes, &count), "pack");
    for (size_t i = 0; good && i < KEYS; i++) {
        double *to = out + i * PER_KEY;
        memset(to, 0, PER_KEY * sizeof *to);
        memcpy(to, outputs + i * width, width * sizeof *to);
        to[OUTPUTS] = (double)lookups[i];
        memcpy(to + OUTPUTS + 1, seen + i * width, width * sizeof *to);
        to[PER_KEY - 1] = evaluations[i];
    }
    memset(out + KEYS * PER_KEY, 0, STATE_BYTES * sizeof *out);
    for (size_t i = 0; good && i < count && i < STATE_BYTES; i++)
        out[KEYS * PER_KEY + i] = bytes[i];
    assay_release(bytes);
    functional_hash_cache_destroy(cache);
    return good;
}

void functional_hash_agree_cache(verify_context *v)
{
    static const struct {
        uint32_t outputs, most;
        double remove;
        functional_hash_aggregate aggregate;
        bool audit;
    } configs[] = {{OUTPUTS, 1, 0, FUNCTIONAL_HASH_MEAN, false},
                   {1, 3, 0.3, FUNCTIONAL_HASH_MEAN, true},
                   {2, 2, 1, FUNCTIONAL_HASH_BEST, false},
                   {OUTPUTS, 5, 0.1, FUNCTIONAL_HASH_LAST, true}};
    cache_inputs *in = calloc(1, sizeof *in);
    if (!verify_true(v, in != NULL, "memory"))
        return;
    in->random = verify_random(v, 9);
    for (uint64_t i = 0; i < KEYS; i++) {
        const uint64_t word = assay_random_integer(verify_random(v, 10), i, DISTINCT), other = word ^ (i % 7 == 0);
        functional_hash_mix_words(&word, 1, &in->keys[i]);
        functional_hash_mix_words(&other, 1, &in->audits[i]);
        if (i % 11 == 3) /* alike in what a table goes by, and yet another key */
            in->keys[i].word[1] ^= 256;
        if (i % 50 == 1)
            in->keys[i] = (functional_hash_key){{0, 0}};
    }
    for (size_t c = 0; c < sizeof configs / sizeof *configs; c++) {
        in->config = (functional_hash_cache_config){.capacity = 1,
                                                    .outputs = configs[c].outputs,
                                                    .max_evaluations = configs[c].most,
                                                    .remove_probability = configs[c].remove,
                                                    .aggregate = configs[c].aggregate,
                                                    .seed = verify_seed_of(v),
                                                    .audit = configs[c].audit};
        agree(v, use_cache, in, (size_t)KEYS * PER_KEY + STATE_BYTES, "cache");
    }
    free(in);
}

/* ---- The search ---- */

enum { CANDIDATES = 90, PER_CANDIDATE = 7 };

typedef struct search_inputs {
    functional_hash_domain domain;
    functional_hash_search_config config;
    uint64_t seed;
} search_inputs;

static bool run_search(verify_context *v, void *inputs, double *out)
{
    const search_inputs *in = inputs;
    functional_hash_history history;
    const bool good = functional_hash_run_search(v, &in->domain, &in->config, in->seed, &history);
    for (size_t i = 0; good && i < CANDIDATES; i++) {
        const functional_hash_record *r = &history.records[i];
        double *to = out + i * PER_CANDIDATE;
        split_key(r->key, to);
        to[4] = r->fitness;
        to[5] = (double)r->lookup;
        to[6] = (double)r->evaluations;
    }
    functional_hash_release_history(&history);
    return good;
}

void functional_hash_agree_search(verify_context *v)
{
    functional_hash_dag_task *digits = functional_hash_digits(v);
    const functional_hash_dag_domain_task task = {digits, {4, false}};
    search_inputs in = {.domain = functional_hash_dag_domain(&task),
                        .config = functional_hash_search_default(),
                        .seed = verify_seed_of(v)};
    in.config.candidates = CANDIDATES;
    in.config.population = 20;
    in.config.tournament = 5;
    in.config.batch = 8;
    if (digits)
        agree(v, run_search, &in, (size_t)CANDIDATES * PER_CANDIDATE, "search of graphs");
    in.domain = functional_hash_code_domain();
    in.config.noise = 0.01;
    in.config.stored_runs = 3;
    in.config.max_evaluations = 2;
    in.config.remove_probability = 0.2;
    in.config.algorithm = FUNCTIONAL_HASH_ELITISM;
    agree(v, run_search, &in, (size_t)CANDIDATES * PER_CANDIDATE, "search of learning programs");
    in.domain = functional_hash_term_domain();
    agree(v, run_search, &in, (size_t)CANDIDATES * PER_CANDIDATE, "search of lambda terms");
    functional_hash_dag_task_destroy(digits);
}
