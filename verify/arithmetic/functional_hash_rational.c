/*
 * Keys of lambda terms and straight-line programs against exact rational arithmetic.
 *
 * Candidates whose exact values are equal must have equal keys, and those with equal keys must be equal up to the bits
 * that keys drop. Both hold for certain where double arithmetic came near enough to the exact values and no value lies
 * next to a step of the truncation; other pairs are left out and counted. So there is no chance in these checks.
 */
#include "verify/arithmetic/functional_hash_checks.h"

#include <gmp.h>
#include <math.h>
#include <stdlib.h>

enum { BITS = 24, POINTS_MOST = 16, VERSIONS = 6 };

/* ---- Exact values of a candidate, and what double arithmetic made of them ---- */

typedef struct exact {
    mpq_t value[POINTS_MOST];
    double rounded[POINTS_MOST];
    size_t points;
    bool defined; /* no division by zero, nothing stuck */
    bool certain; /* doubles are near the exact values and away from steps */
} exact;

/* A candidate under each order of its constants, of which the key takes the one with the least key. */
typedef struct candidate {
    exact version[VERSIONS];
    size_t versions;
    bool certain; /* all versions are: any of them may be the one of the key */
    functional_hash_key key;
} candidate;

static void init_exact(exact *e, size_t points)
{
    e->points = points;
    for (size_t i = 0; i < points; i++)
        mpq_init(e->value[i]);
}

static void init_candidate(candidate *c, size_t versions, size_t points)
{
    c->versions = versions;
    c->certain = true;
    for (size_t i = 0; i < versions; i++)
        init_exact(&c->version[i], points);
}

static void free_all(candidate *all, size_t count)
{
    for (size_t c = 0; c < count; c++)
        for (size_t v = 0; v < all[c].versions; v++)
            for (size_t i = 0; i < all[c].version[v].points; i++)
                mpq_clear(all[c].version[v].value[i]);
    free(all);
}

/* Whether dropping bits could go either way for a number within 2^-40 of x, relatively. */
static bool is_next_to_step(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t dropped = (UINT64_C(1) << (52 - BITS)) - 1, low = bits & dropped;
    return low < UINT64_C(1) << 12 || dropped - low < UINT64_C(1) << 12;
}

/* |x - exact| <= 2^-42 |exact|. */
static bool is_near(double x, const mpq_t value)
{
    mpq_t difference, limit;
    bool near = false;
    if (!isfinite(x))
        return false;
    mpq_inits(difference, limit, NULL);
    mpq_set_d(difference, x);
    mpq_sub(difference, difference, value);
    mpq_abs(difference, difference);
    mpq_abs(limit, value);
    mpq_div_2exp(limit, limit, 42);
    near = mpq_cmp(difference, limit) <= 0;
    mpq_clears(difference, limit, NULL);
    return near;
}

static void judge(exact *e, double floor_at)
{
    e->certain = e->defined;
    for (size_t i = 0; e->certain && i < e->points; i++) {
        const double x = e->rounded[i];
        if (mpq_sgn(e->value[i]) == 0)
            e->certain = fabs(x) < floor_at; /* counts as 0 */
        else
            e->certain = is_near(x, e->value[i]) && fabs(x) > 2 * floor_at && !is_next_to_step(x);
    }
}

static bool are_equal(const exact *a, const exact *b)
{
    for (size_t i = 0; i < a->points; i++)
        if (!mpq_equal(a->value[i], b->value[i]))
            return false;
    return true;
}

/* Equal up to the dropped bits: truncated values are equal only if they differ by less than 2^-24 of the larger. */
static bool are_close(const exact *a, const exact *b)
{
    bool close = true;
    for (size_t i = 0; close && i < a->points; i++) {
        const double x = mpq_get_d(a->value[i]), y = mpq_get_d(b->value[i]);
        close = fabs(x - y) <= 0x1.01p-24 * fmax(fabs(x), fabs(y));
    }
    return close;
}

/* Whether each version of a is also one of b. */
static bool is_within(const candidate *a, const candidate *b)
{
    bool within = true;
    for (size_t i = 0; within && i < a->versions; i++) {
        within = false;
        for (size_t j = 0; !within && j < b->versions; j++)
            within = are_equal(&a->version[i], &b->version[j]);
    }
    return within;
}

/* Whether the version of a's key could be that of b's. */
static bool have_close_versions(const candidate *a, const candidate *b)
{
    for (size_t i = 0; i < a->versions; i++)
        for (size_t j = 0; j < b->versions; j++)
            if (are_close(&a->version[i], &b->version[j]))
                return true;
    return false;
}

/* All pairs. Equal are candidates with the same versions: a program with one more constant that has no effect is none,
 * and may have another key than the program without. */
static void compare_all(verify_context *v, const candidate *all, size_t count, const char *what)
{
    size_t equal = 0, merged = 0, uncertain = 0;
    for (size_t i = 0; i < count; i++) {
        uncertain += !all[i].certain;
        for (size_t j = 0; j < i; j++) {
            if (!all[i].certain || !all[j].certain)
                continue;
            const bool same_key = functional_hash_equal(all[i].key, all[j].key);
            const bool same = is_within(&all[i], &all[j]) && is_within(&all[j], &all[i]);
            equal += same;
            merged += same_key;
            if (!verify_true(v, !same || same_key, "%s %zu and %zu are equal, their keys are not", what, i, j) ||
                !verify_true(v, !same_key || same || have_close_versions(&all[i], &all[j]),
                             "%s %zu and %zu have one key, but are different", what, i, j))
                return;
        }
    }
    verify_at_least(v, (double)equal, 1, "pairs", "%s that are equal", what);
    verify_note(v, "%zu %s, %zu of them left out: %zu equal pairs, %zu with one key", count, what, uncertain, equal,
                merged);
}

/* ---- Lambda terms, by substitution of values ---- */

typedef struct frame frame;

/* A number (by its place among the machine's), or a function with its environment. */
typedef struct value {
    size_t place;
    const functional_hash_term_node *function;
    const frame *environment;
} value;

struct frame {
    uint8_t name;
    value value;
    const frame *outer;
};

enum { STEPS = FUNCTIONAL_HASH_TERM_STEPS };

typedef struct machine {
    const functional_hash_term *term;
    mpq_t p, y, numbers[STEPS];
    frame frames[STEPS];
    size_t used, framed, steps, depth;
} machine;

static bool evaluate(machine *m, size_t at, const frame *environment, value *result);

static bool apply(machine *m, const functional_hash_term_node *n, const frame *environment, value *result)
{
    value function, argument;
    if (!evaluate(m, n->a, environment, &function) || !function.function ||
        !evaluate(m, n->b, environment, &argument) || ++m->depth > FUNCTIONAL_HASH_TERM_DEPTH)
        return false;
    frame *f = &m->frames[m->framed++];
    *f = (frame){function.function->name, argument, function.environment};
    const bool good = evaluate(m, function.function->a, f, result);
    m->depth--;
    return good;
}

static bool calculate(machine *m, const functional_hash_term_node *n, const frame *environment, value *result)
{
    value a, b = {0};
    if (!evaluate(m, n->a, environment, &a) || a.function)
        return false;
    if (n->kind != FUNCTIONAL_HASH_TERM_ABSOLUTE && (!evaluate(m, n->b, environment, &b) || b.function))
        return false;
    mpq_t *out = &m->numbers[m->used], *x = &m->numbers[a.place], *y = &m->numbers[b.place];
    switch (n->kind) {
    case FUNCTIONAL_HASH_TERM_ADD: mpq_add(*out, *x, *y); break;
    case FUNCTIONAL_HASH_TERM_SUBTRACT: mpq_sub(*out, *x, *y); break;
    case FUNCTIONAL_HASH_TERM_MULTIPLY: mpq_mul(*out, *x, *y); break;
    case FUNCTIONAL_HASH_TERM_DIVIDE:
        if (mpq_sgn(*y) == 0)
            return false;
        mpq_div(*out, *x, *y);
        break;
    case FUNCTIONAL_HASH_TERM_MAXIMUM: mpq_set(*out, mpq_cmp(*x, *y) > 0 ? *x : *y); break;
    default: mpq_abs(*out, *x);
    }
    *result = (value){.place = m->used++};
    return mpz_sizeinbase(mpq_denref(*out), 2) < 20000; /* beyond, double arithmetic is none any more */
}

static bool evaluate(machine *m, size_t at, const frame *environment, value *result)
{
    const functional_hash_term_node *n = &m->term->nodes[at];
    if (++m->steps > STEPS)
        return false;
    *result = (value){0};
    switch (n->kind) {
    case FUNCTIONAL_HASH_TERM_P:
    case FUNCTIONAL_HASH_TERM_Y:
    case FUNCTIONAL_HASH_TERM_NUMBER:
        result->place = m->used++;
        if (n->kind == FUNCTIONAL_HASH_TERM_NUMBER)
            mpq_set_d(m->numbers[result->place], n->number);
        else
            mpq_set(m->numbers[result->place], n->kind == FUNCTIONAL_HASH_TERM_P ? m->p : m->y);
        return true;
    case FUNCTIONAL_HASH_TERM_VARIABLE:
        while (environment && environment->name != n->name)
            environment = environment->outer;
        if (!environment)
            return false; /* not in a closed term */
        *result = environment->value;
        return true;
    case FUNCTIONAL_HASH_TERM_FUNCTION: *result = (value){.function = n, .environment = environment}; return true;
    case FUNCTIONAL_HASH_TERM_APPLY: return apply(m, n, environment, result);
    case FUNCTIONAL_HASH_TERM_LET: {
        value bound;
        if (!evaluate(m, n->a, environment, &bound))
            return false;
        frame *f = &m->frames[m->framed++];
        *f = (frame){n->name, bound, environment};
        return evaluate(m, n->b, f, result);
    }
    default: return calculate(m, n, environment, result);
    }
}

static void evaluate_term(machine *m, const functional_hash_term *term, const double *p, const double *y, exact *e)
{
    m->term = term;
    e->defined = true;
    for (size_t i = 0; e->defined && i < e->points; i++) {
        value result;
        mpq_set_d(m->p, p[i]);
        mpq_set_d(m->y, y[i]);
        m->used = m->framed = m->steps = m->depth = 0;
        e->defined = evaluate(m, term->count - 1u, NULL, &result) && !result.function;
        if (e->defined)
            mpq_set(e->value[i], m->numbers[result.place]);
    }
}

void functional_hash_check_rational_terms(verify_context *v)
{
    enum { POINTS = 16 };
    const size_t count = verify_depth_of(v) == VERIFY_QUICK ? 250 : 1500;
    functional_hash_term *terms = calloc(count, sizeof *terms);
    candidate *all = calloc(count, sizeof *all);
    machine *m = malloc(sizeof *m);
    double p[POINTS], y[POINTS];
    functional_hash_options options = {.bits = BITS};
    if (!verify_true(v, terms && all && m, "memory")) {
        free(terms);
        free(all);
        free(m);
        return;
    }
    mpq_inits(m->p, m->y, NULL);
    for (size_t i = 0; i < STEPS; i++)
        mpq_init(m->numbers[i]);
    assay_random_fill_normal(verify_random(v, 10), 0, 0, 1, p, POINTS);
    assay_random_fill_normal(verify_random(v, 11), 0, 0, 1, y, POINTS);
    for (size_t i = 0; i < POINTS; i++)
        options.floor = fmax(options.floor, 0x1p-40 * fmax(fabs(p[i]), fabs(y[i])));
    functional_hash_random_terms(verify_random(v, 12), terms, count, 25);
    for (size_t i = 0; i < count; i++) {
        init_candidate(&all[i], 1, POINTS);
        exact *e = all[i].version;
        evaluate_term(m, &terms[i], p, y, e);
        e->defined &= functional_hash_term_run(&terms[i], p, y, POINTS, e->rounded) == ASSAY_OK;
        judge(e, options.floor);
        all[i].certain = e->certain;
        if (e->defined)
            verify_ok(v, functional_hash_mix(e->rounded, POINTS, &options, &all[i].key), "key");
    }
    compare_all(v, all, count, "terms");
    for (size_t i = 0; i < STEPS; i++)
        mpq_clear(m->numbers[i]);
    mpq_clears(m->p, m->y, NULL);
    free(terms);
    free_all(all, count);
    free(m);
}

/* ---- Straight-line programs, constants as parameters ---- */

enum { KEY_POINTS = 8, ALL_POINTS = 16, CONSTANTS = 3 };

/* The points and constants of the key, as functional_hash_slp_key() says: values of seed 123. Beyond the key's 8 points
 * there are 8 that the key knows nothing of: programs with one key must be equal there, too. */
static double canonical_point(const evolved_exp_problem *problem, uint64_t i)
{
    const assay_random random = {FUNCTIONAL_HASH_CANONICAL_SEED, i < KEY_POINTS ? 0 : 1};
    return problem->low + (problem->high - problem->low) * assay_random_uniform(random, i);
}

static double canonical_constant(size_t j)
{
    return 0.5 + 1.5 * assay_random_uniform((assay_random){FUNCTIONAL_HASH_CANONICAL_SEED, 0}, KEY_POINTS + j);
}

/* Exact values with constant j at the canonical value of place order[j]; false after a division by zero. */
static bool evaluate_program(const evolved_exp_program *program, const evolved_exp_problem *problem,
                             const uint8_t *order, exact *e)
{
    mpq_t values[EVOLVED_EXP_NODES];
    evolved_exp_program canonical = *program;
    size_t constants = 0;
    bool defined = true;
    for (size_t i = 0; i < program->count; i++) {
        mpq_init(values[i]);
        if (program->nodes[i].operation == EVOLVED_EXP_CONSTANT) {
            canonical.nodes[i].constant = canonical_constant(order[constants++]);
            mpq_set_d(values[i], canonical.nodes[i].constant);
        }
    }
    for (size_t point = 0; defined && point < e->points; point++) {
        const double x = canonical_point(problem, point);
        for (size_t i = 0; defined && i < program->count; i++) {
            const evolved_exp_node *n = &program->nodes[i];
            switch (n->operation) {
            case EVOLVED_EXP_X: mpq_set_d(values[i], x); break;
            case EVOLVED_EXP_ADD: mpq_add(values[i], values[n->a], values[n->b]); break;
            case EVOLVED_EXP_SUBTRACT: mpq_sub(values[i], values[n->a], values[n->b]); break;
            case EVOLVED_EXP_MULTIPLY: mpq_mul(values[i], values[n->a], values[n->b]); break;
            case EVOLVED_EXP_DIVIDE:
                defined = mpq_sgn(values[n->b]) != 0;
                if (defined)
                    mpq_div(values[i], values[n->a], values[n->b]);
                break;
            default: break; /* constants; there are no others */
            }
        }
        mpq_set(e->value[point], values[program->output]);
        evolved_exp_evaluate_f64(&canonical, &x, &e->rounded[point], 1);
    }
    for (size_t i = 0; i < program->count; i++)
        mpq_clear(values[i]);
    return defined;
}

/* The versions of a program: one for each order of its constants. */
static void evaluate_orders(const evolved_exp_program *program, const evolved_exp_problem *problem, double floor_at,
                            candidate *c)
{
    static const uint8_t orders[VERSIONS][CONSTANTS] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1},
                                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t o = 0; o < c->versions; o++) {
        exact *e = &c->version[o];
        e->defined = evaluate_program(program, problem, orders[o], e);
        judge(e, floor_at);
        c->certain &= e->certain;
    }
}

static size_t count_constants(const evolved_exp_program *program)
{
    size_t count = 0;
    for (size_t i = 0; i < program->count; i++)
        count += program->nodes[i].operation == EVOLVED_EXP_CONSTANT;
    return count;
}

void functional_hash_check_rational_programs(verify_context *v)
{
    static const size_t factorial[CONSTANTS + 1] = {1, 1, 2, 6};
    const size_t wanted = verify_depth_of(v) == VERIFY_QUICK ? 150 : 800;
    const functional_hash_options options = functional_hash_domain_options();
    evolved_exp_search_config config;
    evolved_exp_program program = {.count = 1, .nodes = {{.operation = EVOLVED_EXP_X}}}, child;
    candidate *all = calloc(wanted, sizeof *all);
    size_t count = 0;
    double largest = 0;
    if (!verify_true(v, all != NULL, "memory"))
        return;
    evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config);
    config.max_operations = 4;
    for (uint64_t i = 0; count < wanted && i < 40 * wanted; i++) {
        if (i % 12 == 0)
            program = (evolved_exp_program){.count = 1, .nodes = {{.operation = EVOLVED_EXP_X}}};
        verify_ok(v, evolved_exp_mutate(&config, verify_seed_of(v), i, &program, &child), "mutate");
        program = child;
        const size_t constants = count_constants(&program);
        if (constants > CONSTANTS)
            continue;
        for (size_t j = 0; j < KEY_POINTS; j++)
            largest = fmax(largest, fabs(canonical_point(&config.problem, j)));
        for (size_t j = 0; j < constants; j++)
            largest = fmax(largest, canonical_constant(j));
        candidate *c = &all[count++];
        init_candidate(c, factorial[constants], ALL_POINTS);
        evaluate_orders(&program, &config.problem, 0x1p-40 * largest, c);
        verify_ok(v, functional_hash_slp_key(&config.problem, &program, FUNCTIONAL_HASH_BY_FUNCTION, &options, &c->key),
                  "key");
    }
    compare_all(v, all, count, "programs");
    free_all(all, count);
}
