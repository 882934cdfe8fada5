/*
 * Checks of accuracies: proofs for the known programs, family T derived anew, the classical baselines, claims C1 to C4
 * and C9.
 */
#include "assay/evolved_exp_baseline.h"
#include "assay/verify.h"
#include "core/double_double.h"
#include "verify/arithmetic/evolved_exp_certificate.h"
#include "verify/arithmetic/evolved_exp_family.h"

#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <string.h>

static double digits(double error)
{
    return -log10(error);
}

static bool load(verify_context *v, const char *name, evolved_exp_program *program)
{
    return verify_ok(v, evolved_exp_known(name, program), "known program %s", name);
}

/* ---- Proofs -------------------------------------------------------------------------------------------------------
 */

/* Each known program's error is proven to be at most what its header says. */
static void check_certificates(verify_context *v)
{
    static const struct {
        const char *name;
        double bound;
    } cases[] = {
        {"f2", 4.1382e-2},  {"f3", 1.22661e-3},  {"f5", 6.3386e-6},   {"f10", 3.5528e-15}, {"T3", 8.674e-4},
        {"T4", 2.1686e-4},  {"T5", 4.3421e-6},   {"T6", 2.7337e-7},   {"T7", 5.6385e-10},  {"T8", 8.9408e-12},
        {"T9", 1.4040e-13}, {"T10", 2.1927e-15}, {"T11", 3.4269e-17}, {"T12", 5.3548e-19},
    };
    evolved_exp_program program;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (load(v, cases[i].name, &program))
            verify_at_most(v, evolved_exp_certify(&program, 0, 1), cases[i].bound, "relative error", "proof for %s",
                           cases[i].name);
}

/* The relative error of a program at x, in 300-bit arithmetic. Programs here have no other operations. */
static double real_error(const evolved_exp_program *program, double x)
{
    mpfr_t value[EVOLVED_EXP_NODES], truth;
    mpfr_init2(truth, 300);
    for (size_t i = 0; i < program->count; i++) {
        const evolved_exp_node *node = &program->nodes[i];
        mpfr_init2(value[i], 300);
        switch (node->operation) {
        case EVOLVED_EXP_X: mpfr_set_d(value[i], x, MPFR_RNDN); break;
        case EVOLVED_EXP_CONSTANT: mpfr_set_d(value[i], node->constant, MPFR_RNDN); break;
        case EVOLVED_EXP_ADD: mpfr_add(value[i], value[node->a], value[node->b], MPFR_RNDN); break;
        case EVOLVED_EXP_SUBTRACT: mpfr_sub(value[i], value[node->a], value[node->b], MPFR_RNDN); break;
        case EVOLVED_EXP_MULTIPLY: mpfr_mul(value[i], value[node->a], value[node->b], MPFR_RNDN); break;
        case EVOLVED_EXP_DIVIDE: mpfr_div(value[i], value[node->a], value[node->b], MPFR_RNDN); break;
        case EVOLVED_EXP_SQRT:
        case EVOLVED_EXP_FMA: mpfr_set_nan(value[i]); break;
        }
    }
    mpfr_set_d(truth, x, MPFR_RNDN);
    mpfr_exp2(truth, truth, MPFR_RNDN);
    mpfr_div(truth, value[program->output], truth, MPFR_RNDN);
    mpfr_sub_ui(truth, truth, 1, MPFR_RNDN);
    const double error = mpfr_get_d(truth, MPFR_RNDN);
    for (size_t i = 0; i < program->count; i++)
        mpfr_clear(value[i]);
    mpfr_clear(truth);
    return error;
}

static double chebyshev_point(int i, int count)
{
    return 0.5 - 0.5 * cos((2 * i + 1) * M_PI / (2 * count));
}

/* A program that the proof must not trust: x / x is not defined at 0. And one for which Lagrange's remainder matters:
 * x / (x + 2^-10) has a pole so near that Taylor polynomials of degree 9 miss half of its error of 1 at 0. */
static void check_difficult_proofs(verify_context *v)
{
    evolved_exp_program program = {.count = 4, .output = 1, .nodes = {{.operation = EVOLVED_EXP_X}}};
    program.nodes[1] = (evolved_exp_node){.operation = EVOLVED_EXP_DIVIDE};
    verify_true(v, isinf(evolved_exp_certify(&program, 0, 1)), "x / x has no proof on [0, 1]");
    verify_at_most(v, evolved_exp_certify(&program, 0.5, 1), 0.501, "relative error", "proof for x / x on [1/2, 1]");
    program.nodes[1] = (evolved_exp_node){.operation = EVOLVED_EXP_CONSTANT, .constant = 0x1p-10};
    program.nodes[2] = (evolved_exp_node){.operation = EVOLVED_EXP_ADD, .a = 0, .b = 1};
    program.nodes[3] = (evolved_exp_node){.operation = EVOLVED_EXP_DIVIDE, .a = 0, .b = 2};
    program.output = 3;
    verify_at_least(v, evolved_exp_certify(&program, 0, 1), 1, "relative error", "proof for x / (x + 2^-10)");
}

/* A proof must not claim less than any error seen, nor much more than the largest; and it must see a constant that
 * is off by 2^-30, which makes every one of these programs worse. */
static void check_proofs_are_tight(verify_context *v)
{
    enum { POINTS = 1000 };
    static const char *const names[] = {"f10", "T7", "T9", "T10", "T12"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        evolved_exp_program program;
        double largest = 0;
        if (!load(v, names[k], &program))
            return;
        for (int i = 0; i < POINTS; i++)
            largest = fmax(largest, fabs(real_error(&program, chebyshev_point(i, POINTS))));
        const double bound = evolved_exp_certify(&program, 0, 1);
        verify_at_least(v, bound, largest, "relative error", "proof for %s against its largest error seen", names[k]);
        verify_at_most(v, bound, 1.01 * largest, "relative error", "proof for %s", names[k]);
        for (size_t i = 0; i < program.count; i++) {
            evolved_exp_node *node = &program.nodes[i];
            const double constant = node->constant;
            if (node->operation != EVOLVED_EXP_CONSTANT || fabs(constant) < 0x1p-20) /* not the low parts */
                continue;
            node->constant = constant * (1 + 0x1p-30);
            verify_true(v, evolved_exp_certify(&program, 0, 1) > bound, "the proof for %s sees constant %zu change",
                        names[k], i);
            node->constant = constant;
        }
    }
    check_difficult_proofs(v);
}

/* ---- Family T -----------------------------------------------------------------------------------------------------
 */

typedef struct family_row {
    double digits[6]; /* by squarings, known beforehand */
    int members;
    int exponent; /* q: a squaring divides the error by 2^(q-1) */
    const char *known[6];
} family_row;

static const family_row family_rows[] = {
    [FAMILY_3] = {{3.062, 3.664}, 2, 3, {"T3", "T4"}},
    [FAMILY_5] = {{5.362, 6.563, 7.767, 8.971, 10.175, 11.379}, 6, 5, {"T5", "T6"}},
    [FAMILY_7] = {{9.249, 11.049, 12.853, 14.659, 16.465, 18.271}, 6, 7, {"T7", "T8", "T9", "T10", "T11", "T12"}},
};

static void record_family(verify_context *v, family_form form, const double *found)
{
    static const char *const labels[] = {"family T, 3 operations and squarings", "family T, 5 operations and squarings",
                                         "family T, 7 operations and squarings"};
    double operations[6];
    for (int k = 0; k < 6; k++)
        operations[k] = 3 + 2 * (int)form + k;
    const assay_series series = {.chart = "accuracy of exp2 by number of operations",
                                 .label = labels[form],
                                 .style = ASSAY_FRONT,
                                 .x_label = "operations",
                                 .y_label = "digits, -log10 of the largest error",
                                 .count = (size_t)family_rows[form].members,
                                 .x = operations,
                                 .y = found};
    verify_record_series(v, &series);
}

/* Derives one form's members by exchange in MPFR: their digits, their equioscillation, the scaling law, and that the
 * known programs are these members. The law is exact for short intervals: each squaring, which halves the interval of
 * the form, divides the deviation by 4. */
static void check_family_of(verify_context *v, family_form form)
{
    const family_row *row = &family_rows[form];
    const double law = (row->exponent - 1) * log10(2);
    double found[6];
    family_member member;
    family_init(&member);
    for (int k = 0; k < row->members; k++) {
        const bool minimax = k == 0 ? family_begin(&member, form) : family_next(&member);
        if (!verify_true(v, minimax, "exchange for form %d with %d squarings", (int)form, k))
            break;
        found[k] = digits(member.error);
        verify_at_most(v, fabs(found[k] - row->digits[k]), 6e-4, "digits", "form %d with %d squarings: %.4f digits",
                       (int)form, k, found[k]);
        verify_true(v, member.extrema == family_constants(form) + 1, "the error has %d extrema", member.extrema);
        verify_at_most(v, member.spread, 1e-4, "relative spread", "extrema of form %d with %d squarings", (int)form, k);
        if (k > 0)
            verify_at_most(v, fabs(found[k] - found[k - 1] - law), 0.007 * pow(4, 1 - k), "digits",
                           "squaring %d of form %d adds %.4f", k, (int)form, found[k] - found[k - 1]);
        /* 0.1 % for the width of intervals, 0.2 % for c5 of T9 as one double: 4 * 2^-54 of 1.4e-13. */
        evolved_exp_program program;
        if (row->known[k] && load(v, row->known[k], &program))
            verify_at_most(v, evolved_exp_certify(&program, 0, 1), 1.003 * member.error, "relative error",
                           "%s against the minimum of its form", row->known[k]);
        if (k == row->members - 1)
            record_family(v, form, found);
    }
    family_clear(&member);
}

static void check_family(verify_context *v)
{
    check_family_of(v, FAMILY_3);
    check_family_of(v, FAMILY_5);
    check_family_of(v, FAMILY_7);
}

/* ---- Baselines ----------------------------------------------------------------------------------------------------
 */

static double baseline_error(verify_context *v, evolved_exp_kind kind, uint32_t n, uint32_t m,
                             evolved_exp_target target, evolved_exp_form form, evolved_exp_program *program)
{
    evolved_exp_problem problem;
    double error = NAN;
    if (!verify_ok(v, evolved_exp_problem_default(target, &problem), "problem"))
        return NAN;
    verify_ok(v, evolved_exp_baseline(kind, n, m, &problem, form, program, &error), "baseline [%u/%u] of %s", n, m,
              evolved_exp_target_name(target));
    return error;
}

/* Known digits of minimax approximations; counts of operations come along. */
static void check_minimax_digits(verify_context *v)
{
    static const struct {
        evolved_exp_target target;
        uint32_t n, m;
        evolved_exp_form form;
        double digits;
        uint32_t cost;
    } cases[] = {
        {EVOLVED_EXP_TARGET_EXP2, 2, 0, EVOLVED_EXP_HORNER, 2.76, 4},
        {EVOLVED_EXP_TARGET_EXP2, 3, 0, EVOLVED_EXP_HORNER, 4.13, 6},
        {EVOLVED_EXP_TARGET_EXP2, 4, 0, EVOLVED_EXP_HORNER, 5.59, 8},
        {EVOLVED_EXP_TARGET_EXP2, 5, 0, EVOLVED_EXP_HORNER, 7.125, 10},
        {EVOLVED_EXP_TARGET_EXP2, 3, 2, EVOLVED_EXP_HORNER, 8.124, 10},
        {EVOLVED_EXP_TARGET_EXP2, 3, 3, EVOLVED_EXP_HORNER, 10.03, 12},
        {EVOLVED_EXP_TARGET_EXP2, 3, 3, EVOLVED_EXP_CONTINUED_FRACTION, 10.03, 9},
        {EVOLVED_EXP_TARGET_EXP2, 1, 1, EVOLVED_EXP_CONTINUED_FRACTION, 3.062, 3},
        {EVOLVED_EXP_TARGET_LOG2P1, 2, 0, EVOLVED_EXP_HORNER, 1.70, 4},
        {EVOLVED_EXP_TARGET_LOG2P1, 3, 0, EVOLVED_EXP_HORNER, 2.59, 6},
        {EVOLVED_EXP_TARGET_LOG2P1, 4, 0, EVOLVED_EXP_HORNER, 3.445, 8},
        {EVOLVED_EXP_TARGET_SIN, 2, 0, EVOLVED_EXP_HORNER, 1.72, 4},
        {EVOLVED_EXP_TARGET_SIN, 3, 0, EVOLVED_EXP_HORNER, 3.29, 6},
        {EVOLVED_EXP_TARGET_SIN, 4, 0, EVOLVED_EXP_HORNER, 4.23, 8},
        {EVOLVED_EXP_TARGET_ERF, 2, 0, EVOLVED_EXP_HORNER, 1.60, 4},
        {EVOLVED_EXP_TARGET_ERF, 3, 0, EVOLVED_EXP_HORNER, 2.35, 6},
        {EVOLVED_EXP_TARGET_ERF, 4, 0, EVOLVED_EXP_HORNER, 3.62, 8},
        {EVOLVED_EXP_TARGET_TANH, 2, 0, EVOLVED_EXP_HORNER, 1.65, 4},
        {EVOLVED_EXP_TARGET_TANH, 3, 0, EVOLVED_EXP_HORNER, 2.32, 6},
        {EVOLVED_EXP_TARGET_TANH, 4, 0, EVOLVED_EXP_HORNER, 3.85, 8},
        {EVOLVED_EXP_TARGET_ERF, 3, 3, EVOLVED_EXP_ODD_HORNER, 10.56, 14},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const evolved_exp_kind kind = cases[i].m ? EVOLVED_EXP_MINIMAX_RATIONAL : EVOLVED_EXP_MINIMAX_POLYNOMIAL;
        evolved_exp_program program;
        uint32_t cost = 0;
        const double found =
            digits(baseline_error(v, kind, cases[i].n, cases[i].m, cases[i].target, cases[i].form, &program));
        verify_at_most(v, fabs(found - cases[i].digits), 0.0051, "digits", "%s by [%u/%u]: %.4f digits, not %.3f",
                       evolved_exp_target_name(cases[i].target), cases[i].n, cases[i].m, found, cases[i].digits);
        verify_ok(v, evolved_exp_cost(&program, &cost), "cost");
        verify_true(v, cost == cases[i].cost, "cost of [%u/%u] is %u, must be %u", cases[i].n, cases[i].m, cost,
                    cases[i].cost);
    }
}

/* 2n, 2n + 2m and 3n operations, and two more for odd functions. */
static void check_operation_counts(verify_context *v)
{
    evolved_exp_program program;
    for (uint32_t n = 1; n <= 5; n++) {
        for (uint32_t m = 0; m <= 3; m++) {
            uint32_t horner = 0, odd = 0, fraction = 0;
            const evolved_exp_kind kind = m ? EVOLVED_EXP_MINIMAX_RATIONAL : EVOLVED_EXP_MINIMAX_POLYNOMIAL;
            baseline_error(v, kind, n, m, EVOLVED_EXP_TARGET_EXP2, EVOLVED_EXP_HORNER, &program);
            verify_ok(v, evolved_exp_cost(&program, &horner), "cost");
            verify_true(v, horner == 2 * n + 2 * m, "[%u/%u] by Horner's rule: %u operations", n, m, horner);
            if (n + m <= 4) {
                baseline_error(v, kind, n, m, EVOLVED_EXP_TARGET_ERF, EVOLVED_EXP_ODD_HORNER, &program);
                verify_ok(v, evolved_exp_cost(&program, &odd), "cost");
                verify_true(v, odd == 2 * n + 2 * m + 2, "x [%u/%u](x^2): %u operations", n, m, odd);
            }
            if (n != m)
                continue;
            baseline_error(v, kind, n, m, EVOLVED_EXP_TARGET_EXP2, EVOLVED_EXP_CONTINUED_FRACTION, &program);
            verify_ok(v, evolved_exp_cost(&program, &fraction), "cost");
            verify_true(v, fraction == 3 * n, "[%u/%u] as a continued fraction: %u operations", n, m, fraction);
        }
    }
}

/* Pade quotients of 2^x at 0 in closed form, in MPFR:
 * num_j = (n+m-j)! n! / ((n+m)! j! (n-j)!) L^j, den_j = (n+m-j)! m! / ((n+m)! j! (m-j)!) (-L)^j, L = ln 2. */
static double pade_of_exp2(uint32_t n, uint32_t m, double x)
{
    mpfr_t power, term, sums[2];
    mpfr_inits2(200, power, term, sums[0], sums[1], (mpfr_ptr)NULL);
    for (int below = 0; below < 2; below++) {
        const uint32_t degree = below ? m : n;
        mpfr_const_log2(power, MPFR_RNDN);
        mpfr_mul_d(power, power, below ? -x : x, MPFR_RNDN); /* +-L x */
        mpfr_set_ui(term, 1, MPFR_RNDN);
        mpfr_set_ui(sums[below], 1, MPFR_RNDN);
        for (uint32_t j = 0; j < degree; j++) { /* ratio of neighbours: (degree - j) / ((n + m - j) (j + 1)) */
            mpfr_mul(term, term, power, MPFR_RNDN);
            mpfr_mul_ui(term, term, degree - j, MPFR_RNDN);
            mpfr_div_ui(term, term, (n + m - j) * (j + 1), MPFR_RNDN);
            mpfr_add(sums[below], sums[below], term, MPFR_RNDN);
        }
    }
    mpfr_div(term, sums[0], sums[1], MPFR_RNDN);
    const double value = mpfr_get_d(term, MPFR_RNDN);
    mpfr_clears(power, term, sums[0], sums[1], (mpfr_ptr)NULL);
    return value;
}

/* Taylor polynomials are Pade quotients with m = 0. */
static void check_pade(verify_context *v)
{
    for (uint32_t n = 0; n <= 6; n++) {
        for (uint32_t m = 0; m <= 5; m++) {
            evolved_exp_program program;
            baseline_error(v, m ? EVOLVED_EXP_PADE : EVOLVED_EXP_TAYLOR, n, m, EVOLVED_EXP_TARGET_EXP2,
                           EVOLVED_EXP_HORNER, &program);
            for (int i = 0; i <= 8; i++) {
                double x = i / 8.0, y = NAN;
                verify_ok(v, evolved_exp_evaluate_f64(&program, &x, &y, 1), "evaluation");
                verify_at_most(v, fabs(y / pade_of_exp2(n, m, x) - 1), 2e-15, "relative error", "[%u/%u](%g)", n, m, x);
            }
        }
    }
}

/* A series about the left end is what its name says if the error there goes like h^(n+m+1). */
static void check_order_of_contact(verify_context *v)
{
    for (unsigned target = 0; target <= EVOLVED_EXP_TARGET_TANH; target++) {
        for (uint32_t m = 0; m <= 2; m++) {
            evolved_exp_problem problem;
            evolved_exp_program program;
            double errors[2];
            if (!verify_ok(v, evolved_exp_problem_default((evolved_exp_target)target, &problem), "problem"))
                return;
            problem.low = 0.25;
            problem.error = EVOLVED_EXP_ABSOLUTE;
            for (int k = 0; k < 2; k++) {
                problem.high = 0.25 + (k ? 0x1p-9 : 0x1p-8);
                verify_ok(v,
                          evolved_exp_baseline(m ? EVOLVED_EXP_PADE : EVOLVED_EXP_TAYLOR, 3, m, &problem,
                                               EVOLVED_EXP_HORNER, &program, &errors[k]),
                          "%s", evolved_exp_target_name(problem.target));
            }
            verify_at_most(v, fabs(log2(errors[0] / errors[1]) - (3 + m + 1)), 0.05, "order",
                           "[3/%u] of %s: halving the interval divides the error by 2^%.3f", m,
                           evolved_exp_target_name(problem.target), log2(errors[0] / errors[1]));
        }
    }
}

/* The error of a program in double arithmetic, largest of each run of one sign; returns the number of runs. */
static size_t find_extrema(const evolved_exp_problem *problem, const evolved_exp_program *program, double *heights,
                           size_t capacity)
{
    enum { POINTS = 4000 };
    double x[POINTS], y[POINTS], truth[POINTS];
    for (int i = 0; i < POINTS; i++)
        x[i] = problem->low + (problem->high - problem->low) * (i == 0            ? 0
                                                                : i == POINTS - 1 ? 1
                                                                                  : chebyshev_point(i, POINTS));
    if (evolved_exp_evaluate_f64(program, x, y, POINTS) != ASSAY_OK ||
        evolved_exp_target_values(problem->target, x, truth, POINTS) != ASSAY_OK)
        return 0;
    size_t runs = 0;
    for (int i = 0; i < POINTS; i++) {
        const double error = y[i] / truth[i] - 1;
        if (runs == 0 || (error < 0) != (heights[runs - 1] < 0)) {
            if (runs == capacity)
                return 0;
            heights[runs++] = error;
        } else if (fabs(error) > fabs(heights[runs - 1])) {
            heights[runs - 1] = error;
        }
    }
    return runs;
}

/* At the optimum the error equioscillates at n + m + 2 points; degrees are such that rounding is far below. */
static void check_equioscillation(verify_context *v)
{
    static const struct {
        evolved_exp_target target;
        uint32_t n, m;
    } cases[] = {
        {EVOLVED_EXP_TARGET_EXP2, 1, 0},   {EVOLVED_EXP_TARGET_EXP2, 3, 0}, {EVOLVED_EXP_TARGET_EXP2, 5, 0},
        {EVOLVED_EXP_TARGET_EXP2, 1, 1},   {EVOLVED_EXP_TARGET_EXP2, 2, 2}, {EVOLVED_EXP_TARGET_EXP2, 3, 2},
        {EVOLVED_EXP_TARGET_LOG2P1, 4, 0}, {EVOLVED_EXP_TARGET_SIN, 4, 0},  {EVOLVED_EXP_TARGET_ERF, 2, 2},
        {EVOLVED_EXP_TARGET_TANH, 4, 0},   {EVOLVED_EXP_TARGET_EXP, 4, 0},  {EVOLVED_EXP_TARGET_EXP, 2, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        evolved_exp_problem problem;
        evolved_exp_program program;
        double heights[32] = {0}, smallest = INFINITY, largest = 0;
        const evolved_exp_kind kind = cases[i].m ? EVOLVED_EXP_MINIMAX_RATIONAL : EVOLVED_EXP_MINIMAX_POLYNOMIAL;
        verify_ok(v, evolved_exp_problem_default(cases[i].target, &problem), "problem");
        baseline_error(v, kind, cases[i].n, cases[i].m, cases[i].target, EVOLVED_EXP_HORNER, &program);
        const size_t runs = find_extrema(&problem, &program, heights, 32);
        for (size_t k = 0; k < runs; k++) {
            smallest = fmin(smallest, fabs(heights[k]));
            largest = fmax(largest, fabs(heights[k]));
        }
        const char *name = evolved_exp_target_name(cases[i].target);
        verify_true(v, runs == cases[i].n + cases[i].m + 2, "[%u/%u] of %s: %zu extrema", cases[i].n, cases[i].m, name,
                    runs);
        verify_at_most(v, (largest - smallest) / largest, 1e-4, "relative spread", "extrema of [%u/%u] of %s",
                       cases[i].n, cases[i].m, name);
    }
}

/* Two independent ways to the optimum: Remez exchange in coefficients of Chebyshev polynomials, and the tuner of
 * programs, which knows nothing of polynomials, started from the interpolant or from a Pade quotient. */
static void check_tuner(verify_context *v)
{
    static const struct {
        uint32_t n, m;
        evolved_exp_kind start;
    } cases[] = {
        {2, 0, EVOLVED_EXP_CHEBYSHEV}, {3, 0, EVOLVED_EXP_CHEBYSHEV}, {5, 0, EVOLVED_EXP_CHEBYSHEV},
        {1, 1, EVOLVED_EXP_PADE},      {2, 2, EVOLVED_EXP_PADE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        evolved_exp_problem problem;
        evolved_exp_program program, start;
        evolved_exp_tuning tuning = {.error = NAN};
        const evolved_exp_kind kind = cases[i].m ? EVOLVED_EXP_MINIMAX_RATIONAL : EVOLVED_EXP_MINIMAX_POLYNOMIAL;
        const double expected =
            baseline_error(v, kind, cases[i].n, cases[i].m, EVOLVED_EXP_TARGET_EXP2, EVOLVED_EXP_HORNER, &program);
        baseline_error(v, cases[i].start, cases[i].n, cases[i].m, EVOLVED_EXP_TARGET_EXP2, EVOLVED_EXP_HORNER, &start);
        verify_ok(v, evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem), "problem");
        verify_ok(v, evolved_exp_tune(&problem, &start, &tuning), "tuning [%u/%u]", cases[i].n, cases[i].m);
        verify_at_most(v, fabs(tuning.error / expected - 1), 2e-6, "relative difference",
                       "error of [%u/%u] by the tuner: %.9g, by exchange %.9g", cases[i].n, cases[i].m, tuning.error,
                       expected);
    }
}

/* The reported error against the programs themselves, in double arithmetic at 1000 points. */
static void check_reported_errors(verify_context *v)
{
    for (unsigned target = 0; target < EVOLVED_EXP_TARGETS; target++) {
        evolved_exp_problem problem;
        verify_ok(v, evolved_exp_problem_default((evolved_exp_target)target, &problem), "problem");
        for (uint32_t n = 1; n <= 4; n += 3) {
            evolved_exp_program program;
            double measured = NAN;
            const double reported =
                baseline_error(v, EVOLVED_EXP_MINIMAX_POLYNOMIAL, n, 0, problem.target, EVOLVED_EXP_HORNER, &program);
            verify_ok(v, evolved_exp_measure(&problem, &program, 1000, &measured), "measurement");
            verify_at_most(v, fabs(measured / reported - 1), 1e-4, "relative difference",
                           "error of degree %u for %s: reported %.9g, measured %.9g", n,
                           evolved_exp_target_name(problem.target), reported, measured);
        }
    }
}

/* Accuracy over operations for 2^x: the classical lines that the evolved programs are drawn beside. */
static void record_front(verify_context *v, const char *label, evolved_exp_kind kind, evolved_exp_form form,
                         uint32_t from, uint32_t to, bool square)
{
    double operations[16], accuracy[16];
    size_t count = 0;
    for (uint32_t n = from; n <= to; n++) {
        evolved_exp_program program;
        uint32_t cost = 0;
        const double error = baseline_error(v, kind, n, square ? n : 0, EVOLVED_EXP_TARGET_EXP2, form, &program);
        verify_ok(v, evolved_exp_cost(&program, &cost), "cost");
        operations[count] = cost;
        accuracy[count++] = digits(error);
    }
    for (size_t i = 1; i < count; i++)
        verify_true(v, accuracy[i] > accuracy[i - 1], "%s: %.3f digits after %.3f", label, accuracy[i],
                    accuracy[i - 1]);
    const assay_series series = {.chart = "accuracy of exp2 by number of operations",
                                 .label = label,
                                 .style = ASSAY_FRONT,
                                 .x_label = "operations",
                                 .y_label = "digits, -log10 of the largest error",
                                 .count = count,
                                 .x = operations,
                                 .y = accuracy};
    verify_record_series(v, &series);
}

static void check_fronts(verify_context *v)
{
    record_front(v, "Taylor", EVOLVED_EXP_TAYLOR, EVOLVED_EXP_HORNER, 1, 6, false);
    record_front(v, "Chebyshev interpolation", EVOLVED_EXP_CHEBYSHEV, EVOLVED_EXP_HORNER, 1, 6, false);
    record_front(v, "minimax polynomial", EVOLVED_EXP_MINIMAX_POLYNOMIAL, EVOLVED_EXP_HORNER, 1, 6, false);
    record_front(v, "Pade, continued fraction", EVOLVED_EXP_PADE, EVOLVED_EXP_CONTINUED_FRACTION, 1, 4, true);
    record_front(v, "minimax rational, Horner", EVOLVED_EXP_MINIMAX_RATIONAL, EVOLVED_EXP_HORNER, 1, 3, true);
    record_front(v, "minimax rational, continued fraction", EVOLVED_EXP_MINIMAX_RATIONAL,
                 EVOLVED_EXP_CONTINUED_FRACTION, 1, 4, true);
}

/* ---- Claims -------------------------------------------------------------------------------------------------------
 */

static double certified(verify_context *v, const char *name)
{
    evolved_exp_program program;
    return load(v, name, &program) ? evolved_exp_certify(&program, 0, 1) : NAN;
}

static double measure_f10_proof(verify_context *v, uint64_t seed)
{
    (void)seed;
    return certified(v, "f10");
}

static const verify_claim f10_proof_claim = {
    .statement =
        "The evolved program with 10 operations has 14 digits: proven bound of the relative error of f10 on [0, "
        "1] in exact arithmetic",
    .paper_value = "14 digits, error below 5.4e-15",
    .provenance = "abstract, note",
    .unit = "relative error",
    .measure = measure_f10_proof,
    .low = 0,
    .high = 3.6e-15,
    .part_low = 0,
    .part_high = 5.4e-15,
    .seeds = 1,
};

/* Against 2^x with 95 bits, at the ends and at points between, each moved at random. */
static double measure_f10_double(verify_context *v, uint64_t seed)
{
    enum { BLOCK = 10000, BLOCKS = 20 };
    static double x[BLOCK], y[BLOCK];
    evolved_exp_program program;
    double worst = 0;
    if (!load(v, "f10", &program))
        return NAN;
    for (uint64_t block = 0; block < BLOCKS; block++) {
        for (uint64_t i = 0; i < BLOCK; i++) {
            const uint64_t k = block * BLOCK + i;
            x[i] = ((double)k + assay_random_uniform((assay_random){seed, 20}, k)) / (BLOCK * BLOCKS);
        }
        x[0] = block == 0 ? 0 : block == 1 ? 1 : x[0];
        if (!verify_ok(v, evolved_exp_evaluate_f64(&program, x, y, BLOCK), "evaluation"))
            return NAN;
        for (uint64_t i = 0; i < BLOCK; i++) {
            const double_double truth = dd_exp2(dd_from(x[i]));
            worst = fmax(worst, fabs(dd_to_double(dd_subtract(dd_from(y[i]), truth))) / truth.high);
        }
    }
    return worst;
}

static const verify_claim f10_double_claim = {
    .statement =
        "The evolved program with 10 operations has 14 digits: largest relative error of f10 in double arithmetic "
        "over 200,000 numbers in [0, 1] for each seed",
    .paper_value = "14 digits, error below 5.4e-15",
    .provenance = "abstract, note",
    .unit = "relative error",
    .measure = measure_f10_double,
    .low = 0,
    .high = 5.4e-15,
    .seeds = 5,
};

static double measure_advantage(verify_context *v, uint64_t seed)
{
    (void)seed;
    evolved_exp_program program;
    uint32_t costs[3] = {0};
    const double polynomial =
        baseline_error(v, EVOLVED_EXP_MINIMAX_POLYNOMIAL, 5, 0, EVOLVED_EXP_TARGET_EXP2, EVOLVED_EXP_HORNER, &program);
    verify_ok(v, evolved_exp_cost(&program, &costs[0]), "cost");
    const double rational =
        baseline_error(v, EVOLVED_EXP_MINIMAX_RATIONAL, 3, 2, EVOLVED_EXP_TARGET_EXP2, EVOLVED_EXP_HORNER, &program);
    verify_ok(v, evolved_exp_cost(&program, &costs[1]), "cost");
    if (!load(v, "f10", &program))
        return NAN;
    verify_ok(v, evolved_exp_cost(&program, &costs[2]), "cost");
    verify_true(v, costs[0] == 10 && costs[1] == 10 && costs[2] == 10, "all three have 10 operations");
    return fmin(polynomial, rational) / evolved_exp_certify(&program, 0, 1);
}

static const verify_claim advantage_claim = {
    .statement =
        "f10 beats earlier methods of equal size by more than 6 orders: error of the better of the minimax "
        "polynomial of degree 5 and the minimax [3/2], both by Horner's rule with 10 operations, over the proven "
        "error of f10. (As a continued fraction of 9 operations, the minimax [3/3] has 10.03 digits: 4.4 orders. "
        "A [4/4] Pade form of 2^(x/8) and squarings, with the scaling in the constants, is f10.)",
    .paper_value = "more than 6 orders of magnitude",
    .provenance = "abstract",
    .unit = "times",
    .measure = measure_advantage,
    .low = 1e6,
    .high = INFINITY,
    .part_low = 1e3,
    .part_high = INFINITY,
    .seeds = 1,
};

/* Largest deviation, of the errors of f2, f3 and f5, from those published. */
static double measure_small_programs(verify_context *v, uint64_t seed)
{
    static const struct {
        const char *name;
        double error;
    } cases[] = {{"f2", 0.04138}, {"f3", 1.2266e-3}, {"f5", 6.3386e-6}};
    evolved_exp_problem problem;
    double worst = 0;
    (void)seed;
    if (!verify_ok(v, evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &problem), "problem"))
        return NAN;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        evolved_exp_program program;
        double error = NAN;
        if (!load(v, cases[i].name, &program) ||
            !verify_ok(v, evolved_exp_measure(&problem, &program, 4000, &error), "error of %s", cases[i].name))
            return NAN;
        worst = fmax(worst, fabs(error / cases[i].error - 1));
    }
    return worst;
}

static const verify_claim small_programs_claim = {
    .statement =
        "The evolved programs of 2, 3 and 5 operations have the errors 0.04138, 1.2266e-3 and 6.3386e-6: largest "
        "deviation, 4000 points",
    .paper_value = "0.04138, 1.2266e-3, 6.3386e-6",
    .provenance = "paper (Figure 11)",
    .unit = "relative deviation",
    .measure = measure_small_programs,
    .low = 0,
    .high = 1e-3,
    .part_low = 0,
    .part_high = 0.02,
    .seeds = 1,
};

static double measure_retuned(verify_context *v, uint64_t seed)
{
    (void)seed;
    return certified(v, "T10");
}

static const verify_claim retuned_claim = {
    .statement = "Minimax constants improve f10: proven bound of the relative error of T10 (f10: 3.553e-15)",
    .paper_value = "none; f10 has 3.52e-15",
    .provenance = "derived",
    .unit = "relative error",
    .measure = measure_retuned,
    .low = 0,
    .high = 2.20e-15,
    .part_low = 0,
    .part_high = 3.52e-15,
    .seeds = 1,
};

static double measure_erf(verify_context *v, uint64_t seed)
{
    (void)seed;
    evolved_exp_program program;
    return digits(baseline_error(v, EVOLVED_EXP_MINIMAX_RATIONAL, 3, 3, EVOLVED_EXP_TARGET_ERF, EVOLVED_EXP_ODD_HORNER,
                                 &program));
}

static const verify_claim erf_claim = {
    .statement =
        "Rational functions stay ahead for erf at high precision: digits of x R(x^2) with the minimax [3/3] R, 14 "
        "operations, on [1e-3, 1]",
    .paper_value = "Pade best at high precision",
    .provenance = "note",
    .unit = "digits",
    .measure = measure_erf,
    .low = 10.5,
    .high = INFINITY,
    .seeds = 1,
};

/* ---- Bad input ----------------------------------------------------------------------------------------------------
 */

static void check_bad_baselines(verify_context *v)
{
    evolved_exp_problem exp2, bad, airy;
    evolved_exp_program program = {0}, untouched = {0};
    verify_ok(v, evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &exp2), "problem");
    verify_ok(v, evolved_exp_problem_default(EVOLVED_EXP_TARGET_AIRY, &airy), "problem");
    const evolved_exp_kind polynomial = EVOLVED_EXP_MINIMAX_POLYNOMIAL, rational = EVOLVED_EXP_MINIMAX_RATIONAL;
    const evolved_exp_form horner = EVOLVED_EXP_HORNER, fraction = EVOLVED_EXP_CONTINUED_FRACTION,
                           odd = EVOLVED_EXP_ODD_HORNER;
    const struct {
        evolved_exp_kind kind;
        uint32_t n, m;
        const evolved_exp_problem *problem;
        evolved_exp_form form;
        assay_status status;
        const char *mentions;
    } cases[] = {
        {polynomial, 3, 0, NULL, horner, ASSAY_INVALID_ARGUMENT, "problem"},
        {(evolved_exp_kind)5, 3, 0, &exp2, horner, ASSAY_INVALID_ARGUMENT, "kind is 5"},
        {polynomial, 3, 0, &exp2, (evolved_exp_form)3, ASSAY_INVALID_ARGUMENT, "form is 3"},
        {polynomial, EVOLVED_EXP_DEGREES + 1, 0, &exp2, horner, ASSAY_OUT_OF_RANGE, "n + m is 25"},
        {rational, UINT32_MAX, UINT32_MAX, &exp2, horner, ASSAY_OUT_OF_RANGE, "n + m is 8589934590"},
        {rational, 13, 12, &exp2, horner, ASSAY_OUT_OF_RANGE, "n + m is 25"},
        {rational, 3, 0, &exp2, horner, ASSAY_OUT_OF_RANGE, "m is 0"},
        {EVOLVED_EXP_PADE, 3, 0, &exp2, horner, ASSAY_OUT_OF_RANGE, "m is 0"},
        {polynomial, 3, 1, &exp2, horner, ASSAY_OUT_OF_RANGE, "m is 1"},
        {EVOLVED_EXP_TAYLOR, 3, 1, &exp2, horner, ASSAY_OUT_OF_RANGE, "m is 1"},
        {EVOLVED_EXP_CHEBYSHEV, 3, 1, &exp2, horner, ASSAY_OUT_OF_RANGE, "m is 1"},
        {polynomial, 3, 0, &exp2, fraction, ASSAY_INVALID_ARGUMENT, "form"},
        {rational, 3, 2, &exp2, fraction, ASSAY_INVALID_ARGUMENT, "form"},
        {EVOLVED_EXP_TAYLOR, 3, 0, &exp2, odd, ASSAY_INVALID_ARGUMENT, "form"},
        {EVOLVED_EXP_PADE, 3, 1, &exp2, odd, ASSAY_INVALID_ARGUMENT, "form"},
        {EVOLVED_EXP_TAYLOR, 3, 0, &airy, horner, ASSAY_UNSUPPORTED, "airy"},
        {EVOLVED_EXP_PADE, 3, 2, &airy, horner, ASSAY_UNSUPPORTED, "airy"},
        {polynomial, EVOLVED_EXP_DEGREES, 0, &exp2, horner, ASSAY_NOT_CONVERGED, "n = 24"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        verify_rejects(v,
                       evolved_exp_baseline(cases[i].kind, cases[i].n, cases[i].m, cases[i].problem, cases[i].form,
                                            &program, NULL),
                       cases[i].status, cases[i].mentions, "case %zu", i);
    verify_rejects(v, evolved_exp_baseline(polynomial, 3, 0, &exp2, horner, NULL, NULL), ASSAY_INVALID_ARGUMENT,
                   "program is null", "no program");
    bad = exp2;
    bad.high = bad.low;
    verify_rejects(v, evolved_exp_baseline(polynomial, 3, 0, &bad, horner, &program, NULL), ASSAY_OUT_OF_RANGE, "low",
                   "an empty interval");
    bad = exp2;
    bad.high = NAN;
    verify_rejects(v, evolved_exp_baseline(polynomial, 3, 0, &bad, horner, &program, NULL), ASSAY_OUT_OF_RANGE, "high",
                   "no number");
    bad = exp2;
    bad.low = -1;
    verify_rejects(v, evolved_exp_baseline(polynomial, 3, 0, &bad, odd, &program, NULL), ASSAY_OUT_OF_RANGE,
                   "low is -1", "an odd form left of 0");
    verify_true(v, memcmp(&program, &untouched, sizeof program) == 0, "the program is left alone");
    verify_ok(v, evolved_exp_baseline(polynomial, 0, 0, &exp2, horner, &program, NULL), "a constant");
}

/* ---- The table ----------------------------------------------------------------------------------------------------
 */

static const verify_check checks[] = {
    {ASSAY_ORACLE, "certificates", "known programs, interval Taylor arithmetic", .run = check_certificates},
    {ASSAY_LAW, "proofs_are_tight", "5 known programs", .run = check_proofs_are_tight},
    {ASSAY_ORACLE, "family_T", "exchange with 400 bits", .run = check_family},
    {ASSAY_ORACLE, "minimax_digits", "21 minimax approximations", .run = check_minimax_digits},
    {ASSAY_LAW, "operation_counts", "degrees up to 5", .run = check_operation_counts},
    {ASSAY_ORACLE, "pade", "closed form of 2^x", .run = check_pade},
    {ASSAY_LAW, "order_of_contact", "series of 8 targets", .run = check_order_of_contact},
    {ASSAY_LAW, "equioscillation", "12 minimax approximations", .run = check_equioscillation},
    {ASSAY_AGREEMENT, "tuner_and_exchange", "2^x on [0, 1]", .run = check_tuner},
    {ASSAY_AGREEMENT, "reported_errors", "minimax polynomials of 12 targets", .run = check_reported_errors},
    {ASSAY_LAW, "classical_fronts", "2^x on [0, 1]", .run = check_fronts},
    {.name = "C1_proof", .workload = "f10", .claim = &f10_proof_claim},
    {.name = "C1_double", .workload = "f10", .claim = &f10_double_claim},
    {.name = "C2", .workload = "f10, minimax of 10 operations", .claim = &advantage_claim},
    {.name = "C3", .workload = "f2, f3, f5", .claim = &small_programs_claim},
    {.name = "C4", .workload = "T10", .claim = &retuned_claim},
    {.name = "C9", .workload = "erf", .claim = &erf_claim},
    {ASSAY_REJECTION, "bad_baselines", "bad input", .run = check_bad_baselines},
};

VERIFY_CHECKS(evolved_exp, checks);
