/* sinkhorn_newton: optimized against reference. Sums and exponentials differ, hence the bits; what may differ by how
 * much follows from the errors alone, see transport_distance_bound(). */
#include "verify/transport/sinkhorn_newton_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A problem of an agreement. */
typedef struct agreement {
    transport_kind kind;
    size_t n, m;
    double eta;
} agreement;

/* Lists and spans of the truncated plan, one block of rows and several, n > m and n < m. */
static const agreement cases[] = {{TRANSPORT_ASSIGNMENT, 1, 1, 10},     {TRANSPORT_ASSIGNMENT, 50, 50, 120},
                                  {TRANSPORT_GAUSSIANS, 49, 49, 300},   {TRANSPORT_W2, 50, 50, 200},
                                  {TRANSPORT_W1, 43, 43, 100},          {TRANSPORT_MASSES, 67, 32, 500},
                                  {TRANSPORT_MASSES, 9, 90, 20},        {TRANSPORT_ASSIGNMENT, 33, 33, 1},
                                  {TRANSPORT_GAUSSIANS, 60, 60, 20000}, {TRANSPORT_W1, 40, 40, 30000}};

/* Those of the quick depth, all, and with those for sweeps alone, where marginals are next to nothing for long. */
enum { QUICK_CASES = 6, CASES = 8, SWEEP_CASES = sizeof cases / sizeof *cases, FAR_CASE = 5 };

/* A potential moved by what is free: sum x = sum y afterwards. */
static void centre(transport *t)
{
    double difference = 0;
    for (size_t i = 0; i < t->problem.n; i++)
        difference += t->solution.x[i];
    for (size_t j = 0; j < t->problem.m; j++)
        difference -= t->solution.y[j];
    difference /= (double)(t->problem.n + t->problem.m);
    for (size_t i = 0; i < t->problem.n; i++)
        t->solution.x[i] -= difference;
    for (size_t j = 0; j < t->problem.m; j++)
        t->solution.y[j] += difference;
}

static double largest_move(const transport *a, const transport *b)
{
    double most = 0;
    for (size_t i = 0; i < a->problem.n; i++)
        most = fmax(most, fabs(a->solution.x[i] - b->solution.x[i]));
    for (size_t j = 0; j < a->problem.m; j++)
        most = fmax(most, fabs(a->solution.y[j] - b->solution.y[j]));
    return most;
}

/* Both solutions have errors of at most e. */
static bool compare(verify_context *v, transport *expected, transport *actual, double e, const char *what)
{
    const size_t count = expected->problem.n * expected->problem.m;
    const double bound = transport_distance_bound(expected, e), rounding = transport_rounding(expected);
    double expected_cost = 0, actual_cost = 0;
    const double *p = expected->solution.plan, *q = actual->solution.plan;
    verify_at_most(v, transport_distance(p, q, count), bound, "sum |P - P'|", "%s", what);
    sinkhorn_newton_transport_cost(&expected->problem, p, &expected_cost);
    sinkhorn_newton_transport_cost(&expected->problem, q, &actual_cost);
    verify_at_most(v, fabs(expected_cost - actual_cost), bound, "<C, P> - <C, P'>", "%s", what);
    centre(expected);
    centre(actual);
    const double f_bound = 1e-12 * (1 + fabs(expected->solution.value)) + e * largest_move(expected, actual);
    verify_at_most(v, fabs(expected->solution.value - actual->solution.value), f_bound, "f - f'", "%s", what);
    /* An edge of a flow carries e at most. */
    return verify_agree(v, VERIFY_MAX_ABSOLUTE, e + 2 * rounding, VERIFY_F64, p, q, count, "P by %s", what);
}

/* The tolerance need not have been reached. */
static bool has_run(verify_context *v, assay_status status)
{
    return status == ASSAY_NOT_CONVERGED || verify_ok(v, status, "run");
}

static void spoil(transport *t)
{
    const size_t n = t->problem.n, m = t->problem.m;
    verify_spoil(t->solution.x, n * sizeof *t->solution.x);
    verify_spoil(t->solution.y, m * sizeof *t->solution.y);
    verify_spoil(t->solution.plan, n * m * sizeof *t->solution.plan);
    t->solution.value = t->solution.error = NAN;
}

/* A method on all cases with the given options. */
static void agree(verify_context *v, transport_method method, const sinkhorn_newton_options *options, const char *what)
{
    const int count = verify_depth_of(v) == VERIFY_QUICK ? QUICK_CASES : CASES;
    for (int k = 0; k < count; k++) {
        transport expected, actual;
        const uint64_t seed = verify_seed_of(v) + (uint64_t)k;
        const agreement *c = &cases[k];
        bool good = transport_open(v, &expected, c->kind, c->n, c->m, c->eta, seed);
        good = transport_open(v, &actual, c->kind, c->n, c->m, c->eta, seed) && good;
        verify_use_reference(v);
        const assay_status status = good ? transport_run(&expected, method, options) : ASSAY_OK;
        for (const int *threads = verify_thread_counts; good && *threads; threads++) {
            verify_use_level(v, *threads);
            spoil(&actual);
            const assay_status ours = transport_run(&actual, method, options);
            const double e = fmax(expected.solution.error, actual.solution.error);
            if (method == TRANSPORT_LBFGS)
                good = has_run(v, status) && has_run(v, ours);
            else
                good = verify_true(v, ours == status, "%s, case %d: \"%s\" as the reference's \"%s\"", what, k,
                                   assay_status_name(ours), assay_status_name(status));
            good = good && compare(v, &expected, &actual, e, what);
        }
        transport_close(&expected);
        transport_close(&actual);
    }
}

void sinkhorn_newton_agree_solve(verify_context *v)
{
    static const struct {
        sinkhorn_newton_rule rule;
        double keep;
        sinkhorn_newton_solver solver;
        const char *what;
    } settings[] = {{SINKHORN_NEWTON_MASS, 1e-3, SINKHORN_NEWTON_CG, "MASS"},
                    {SINKHORN_NEWTON_MASS, 1e-3, SINKHORN_NEWTON_SCHUR, "MASS, factorised"},
                    {SINKHORN_NEWTON_TOPK_PLAN, 8, SINKHORN_NEWTON_CG, "TOPK_PLAN"},
                    {SINKHORN_NEWTON_TOPK_HESSIAN, 0.2, SINKHORN_NEWTON_CG, "TOPK_HESSIAN"}};
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        sinkhorn_newton_options options = transport_options(1e-11);
        options.rule = settings[k].rule;
        options.keep = settings[k].keep;
        options.solver = settings[k].solver;
        options.steps = 300;
        if (options.rule == SINKHORN_NEWTON_MASS)
            agree(v, TRANSPORT_SOLVE, &options, settings[k].what);
        else { /* on the one problem that suits them: plans of many entries need more than the k largest */
            transport expected, actual;
            bool good = transport_open(v, &expected, TRANSPORT_ASSIGNMENT, 50, 50, 120, verify_seed_of(v));
            good = transport_open(v, &actual, TRANSPORT_ASSIGNMENT, 50, 50, 120, verify_seed_of(v)) && good;
            verify_use_reference(v);
            good = good && verify_ok(v, transport_run(&expected, TRANSPORT_SOLVE, &options), "reference");
            verify_use_level(v, 1);
            good = good && verify_ok(v, transport_run(&actual, TRANSPORT_SOLVE, &options), "optimized");
            if (good)
                compare(v, &expected, &actual, 1e-11, settings[k].what);
            transport_close(&expected);
            transport_close(&actual);
        }
    }
}

void sinkhorn_newton_agree_dense(verify_context *v)
{
    const sinkhorn_newton_options options = transport_options(1e-11);
    agree(v, TRANSPORT_DENSE, &options, "dense Newton");
}

void sinkhorn_newton_agree_lbfgs(verify_context *v)
{
    sinkhorn_newton_options options = transport_options(1e-6);
    options.steps = 3000;
    agree(v, TRANSPORT_LBFGS, &options, "L-BFGS");
}

/* The first column is far from all rows but the last, the second from all rows: the exponentials of the first, of rows
 * that are summed up together, and all of the second, are below the least double. */
static void move_columns(transport *t)
{
    const size_t n = t->problem.n, m = t->problem.m;
    for (size_t i = 0; i < n; i++) {
        t->cost[i * m] += i + 1 < n ? 2000 / t->problem.eta : 0;
        t->cost[i * m + 1] += 2000 / t->problem.eta;
    }
}

/*
 * So many sweeps: an update changes potentials by no more than those it begins with were changed, so that each half
 * sweep adds its own rounding. That is, in units of 1/eta, the exponents' (see transport_rounding()), the sum's
 * (entries 2^-53), the logarithm's, and of the truncated plan a relative 1e-15.
 */
static void agree_sweeps(verify_context *v, transport_method method, const char *what)
{
    static const size_t sweeps[] = {1, 2, 7, 40};
    for (int k = 0; k < SWEEP_CASES; k++) {
        transport expected, actual;
        const agreement *c = &cases[k];
        const uint64_t seed = verify_seed_of(v) + (uint64_t)k;
        bool good = transport_open(v, &expected, c->kind, c->n, c->m, c->eta, seed);
        good = transport_open(v, &actual, c->kind, c->n, c->m, c->eta, seed) && good;
        if (good && k == FAR_CASE) {
            move_columns(&expected);
            move_columns(&actual);
        }
        const double half = good ? transport_rounding(&expected) + 2e-15 + 0x1p-52 * (double)(c->n + c->m) : 0;
        for (size_t s = 0; s < sizeof sweeps / sizeof *sweeps && good; s++) {
            sinkhorn_newton_options options = transport_options(1e-300);
            options.sweeps = sweeps[s];
            const double tolerance = 2 * (double)sweeps[s] * half / c->eta;
            verify_use_reference(v);
            good = has_run(v, transport_run(&expected, method, &options));
            for (const int *threads = verify_thread_counts; good && *threads; threads++) {
                verify_use_level(v, *threads);
                spoil(&actual);
                good = has_run(v, transport_run(&actual, method, &options)) &&
                       verify_agree(v, VERIFY_MAX_ABSOLUTE, tolerance, VERIFY_F64, expected.solution.x,
                                    actual.solution.x, c->n, "x after %zu %s, case %d", sweeps[s], what, k) &&
                       verify_agree(v, VERIFY_MAX_ABSOLUTE, tolerance, VERIFY_F64, expected.solution.y,
                                    actual.solution.y, c->m, "y after %zu %s, case %d", sweeps[s], what, k);
            }
        }
        transport_close(&expected);
        transport_close(&actual);
    }
}

void sinkhorn_newton_agree_scale_log(verify_context *v)
{
    agree_sweeps(v, TRANSPORT_SCALE_LOG, "sweeps in logs");
}

void sinkhorn_newton_agree_scale(verify_context *v)
{
    agree_sweeps(v, TRANSPORT_SCALE, "sweeps");
    sinkhorn_newton_options options = transport_options(1e-9);
    options.sweeps = 100000;
    agree(v, TRANSPORT_SCALE, &options, "sweeps to 1e-9");
}

typedef struct keeping {
    sinkhorn_newton_rule rule;
    double keep;
} keeping;

/* The same entries are kept but where values are equal to rounding: entry by entry the values agree, a few times the
 * rounding of an entry, or one of the two is 0 and the other one is as small as the least that is kept. */
static void agree_kept(verify_context *v, double eta, const keeping *rules, size_t count)
{
    transport t;
    const size_t n = 70, m = 40;
    sinkhorn_newton_options options = transport_options(1e-300);
    options.sweeps = 3;
    double *expected = malloc(2 * n * m * sizeof *expected), *actual = expected + n * m;
    bool good =
        transport_open(v, &t, TRANSPORT_MASSES, n, m, eta, verify_seed_of(v)) && verify_true(v, expected, "memory");
    verify_use_reference(v);
    if (good)
        transport_run(&t, TRANSPORT_SCALE_LOG, &options);
    for (size_t k = 0; k < count && good; k++) {
        size_t expected_count = 0, actual_count = 0;
        options.rule = rules[k].rule;
        options.keep = rules[k].keep;
        verify_use_reference(v);
        good = verify_ok(
            v, sinkhorn_newton_sparsify(&t.problem, &options, t.solution.x, t.solution.y, expected, &expected_count),
            "reference");
        for (const int *threads = verify_thread_counts; good && *threads; threads++) {
            verify_use_level(v, *threads);
            verify_spoil(actual, n * m * sizeof *actual);
            good = verify_ok(v,
                             sinkhorn_newton_sparsify(&t.problem, &options, t.solution.x, t.solution.y, actual,
                                                      &actual_count),
                             "optimized") &&
                   verify_agree(v, VERIFY_MAX_ABSOLUTE, transport_rounding(&t), VERIFY_F64, expected, actual, n * m,
                                "kept entries by rule %zu, eta = %g", k, eta);
            if (options.rule == SINKHORN_NEWTON_MASS && options.keep == 0)
                continue; /* where the sum is all of it depends on rounding */
            verify_true(v, expected_count == actual_count, "rule %zu keeps %zu entries, the reference %zu, eta = %g", k,
                        actual_count, expected_count, eta);
        }
    }
    free(expected);
    transport_close(&t);
}

void sinkhorn_newton_agree_sparsify(verify_context *v)
{
    static const keeping rules[] = {{SINKHORN_NEWTON_MASS, 0.1},         {SINKHORN_NEWTON_MASS, 1e-3},
                                    {SINKHORN_NEWTON_MASS, 0},           {SINKHORN_NEWTON_TOPK_PLAN, 0.5},
                                    {SINKHORN_NEWTON_TOPK_PLAN, 2},      {SINKHORN_NEWTON_TOPK_PLAN, 7},
                                    {SINKHORN_NEWTON_TOPK_HESSIAN, 0.1}, {SINKHORN_NEWTON_TOPK_HESSIAN, 1}};
    /* So many that entries are kept which are less than 2^-80 of the whole. */
    static const keeping many[] = {{SINKHORN_NEWTON_TOPK_PLAN, 20}, {SINKHORN_NEWTON_TOPK_PLAN, 21},
                                   {SINKHORN_NEWTON_TOPK_PLAN, 22}, {SINKHORN_NEWTON_TOPK_PLAN, 23},
                                   {SINKHORN_NEWTON_TOPK_PLAN, 24}, {SINKHORN_NEWTON_TOPK_PLAN, 25}};
    agree_kept(v, 40, rules, sizeof rules / sizeof *rules);
    agree_kept(v, 100, many, sizeof many / sizeof *many);
}
