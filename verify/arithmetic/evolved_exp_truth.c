#include "verify/arithmetic/evolved_exp_truth.h"

#include <float.h>
#include <math.h>

static const mpfr_rnd_t nearest = MPFR_RNDN;

static void airy(double x, mpfr_t y)
{
    mpfr_t z;
    mpfr_init2(z, EVOLVED_EXP_TRUTH_BITS);
    mpfr_set_d(z, x, nearest);
    mpfr_mul_si(z, z, -7, nearest);
    mpfr_ai(y, z, nearest);
    mpfr_clear(z);
}

/* x sqrt(pi) exp(x^2) */
static void tail_factor(double x, mpfr_t y)
{
    mpfr_t z;
    mpfr_init2(z, EVOLVED_EXP_TRUTH_BITS);
    mpfr_set_d(z, x, nearest);
    mpfr_sqr(z, z, nearest);
    mpfr_exp(y, z, nearest);
    mpfr_const_pi(z, nearest);
    mpfr_sqrt(z, z, nearest);
    mpfr_mul(y, y, z, nearest);
    mpfr_mul_d(y, y, x, nearest);
    mpfr_clear(z);
}

/* sqrt(2 / (pi x)) sinh x */
static void bessel(double x, mpfr_t y)
{
    mpfr_t z;
    mpfr_init2(z, EVOLVED_EXP_TRUTH_BITS);
    mpfr_const_pi(z, nearest);
    mpfr_mul_d(z, z, x, nearest);
    mpfr_ui_div(z, 2, z, nearest);
    mpfr_sqrt(z, z, nearest);
    mpfr_set_d(y, x, nearest);
    mpfr_sinh(y, y, nearest);
    mpfr_mul(y, y, z, nearest);
    mpfr_clear(z);
}

static void log2_plus_1(mpfr_t y)
{
    mpfr_t z;
    mpfr_init2(z, EVOLVED_EXP_TRUTH_BITS);
    mpfr_const_log2(z, nearest);
    mpfr_log1p(y, y, nearest);
    mpfr_div(y, y, z, nearest);
    mpfr_clear(z);
}

static void tail(double x, mpfr_t y)
{
    mpfr_t z;
    mpfr_init2(z, EVOLVED_EXP_TRUTH_BITS);
    tail_factor(x, z);
    mpfr_erfc(y, y, nearest);
    mpfr_mul(y, y, z, nearest);
    mpfr_clear(z);
}

void evolved_exp_truth(evolved_exp_target target, double x, mpfr_t y)
{
    mpfr_set_d(y, x, nearest);
    switch (target) {
    case EVOLVED_EXP_TARGET_EXP2: mpfr_exp2(y, y, nearest); break;
    case EVOLVED_EXP_TARGET_EXP: mpfr_exp(y, y, nearest); break;
    case EVOLVED_EXP_TARGET_LOG2: mpfr_log2(y, y, nearest); break;
    case EVOLVED_EXP_TARGET_LOG2P1: log2_plus_1(y); break;
    case EVOLVED_EXP_TARGET_SIN: mpfr_sin(y, y, nearest); break;
    case EVOLVED_EXP_TARGET_COS: mpfr_cos(y, y, nearest); break;
    case EVOLVED_EXP_TARGET_ERF: mpfr_erf(y, y, nearest); break;
    case EVOLVED_EXP_TARGET_TANH: mpfr_tanh(y, y, nearest); break;
    case EVOLVED_EXP_TARGET_ERF_TAIL: tail(x, y); break;
    case EVOLVED_EXP_TARGET_AIRY: airy(x, y); break;
    case EVOLVED_EXP_TARGET_WAVY:
        airy(x, y);
        mpfr_add_ui(y, y, 1, nearest);
        break;
    case EVOLVED_EXP_TARGET_BESSEL: bessel(x, y); break;
    }
}

static void run_node(const evolved_exp_node *node, double x, mpfr_t *v, mpfr_t y)
{
    switch (node->operation) {
    case EVOLVED_EXP_X: mpfr_set_d(y, x, nearest); break;
    case EVOLVED_EXP_CONSTANT: mpfr_set_d(y, node->constant, nearest); break;
    case EVOLVED_EXP_ADD: mpfr_add(y, v[node->a], v[node->b], nearest); break;
    case EVOLVED_EXP_SUBTRACT: mpfr_sub(y, v[node->a], v[node->b], nearest); break;
    case EVOLVED_EXP_MULTIPLY: mpfr_mul(y, v[node->a], v[node->b], nearest); break;
    case EVOLVED_EXP_DIVIDE: mpfr_div(y, v[node->a], v[node->b], nearest); break;
    case EVOLVED_EXP_SQRT: mpfr_sqrt(y, v[node->a], nearest); break;
    case EVOLVED_EXP_FMA: mpfr_fma(y, v[node->a], v[node->b], v[node->c], nearest); break;
    }
}

void evolved_exp_truth_program(const evolved_exp_program *program, double x, mpfr_t y)
{
    mpfr_t v[EVOLVED_EXP_NODES];
    for (size_t i = 0; i < program->count; i++) {
        mpfr_init2(v[i], EVOLVED_EXP_TRUTH_BITS);
        run_node(&program->nodes[i], x, v, v[i]);
    }
    mpfr_set(y, v[program->output], nearest);
    for (size_t i = 0; i < program->count; i++)
        mpfr_clear(v[i]);
}

/* |f - y| in the problem's measure; f and y are lost. */
static double measure(const evolved_exp_problem *problem, double x, mpfr_t f, mpfr_t y)
{
    mpfr_sub(f, f, y, nearest);
    mpfr_abs(f, f, nearest);
    if (problem->target == EVOLVED_EXP_TARGET_ERF_TAIL) {
        tail_factor(x, y);
        mpfr_div(f, f, y, nearest);
        mpfr_set_d(y, x, nearest);
        mpfr_erf(y, y, nearest);
    }
    if (problem->error == EVOLVED_EXP_RELATIVE) {
        mpfr_abs(y, y, nearest);
        mpfr_div(f, f, y, nearest);
    } else if (problem->error == EVOLVED_EXP_ULP32_FIXED) {
        mpfr_mul_2si(f, f, FLT_MANT_DIG - 1 - (long)ilogb(problem->ulp_of), nearest);
    }
    return mpfr_get_d(f, nearest);
}

double evolved_exp_truth_error(const evolved_exp_problem *problem, const evolved_exp_program *program, size_t points,
                               bool real)
{
    mpfr_t f, y;
    mpfr_inits2(EVOLVED_EXP_TRUTH_BITS, f, y, (mpfr_ptr)NULL);
    double worst = 0;
    for (size_t i = 0; i < points; i++) {
        const double angle = 0x1.921fb54442d18p+1 * (2.0 * (double)i + 1) / (2.0 * (double)points);
        const double x = problem->low + (problem->high - problem->low) * (0.5 * (1 - cos(angle)));
        if (real) {
            evolved_exp_truth_program(program, x, f);
        } else {
            double value = NAN;
            evolved_exp_evaluate_f64(program, &x, &value, 1);
            mpfr_set_d(f, value, nearest);
        }
        evolved_exp_truth(problem->target, x, y);
        const double error = measure(problem, x, f, y);
        worst = error <= worst ? worst : error; /* NaN becomes the worst and stays */
    }
    mpfr_clears(f, y, (mpfr_ptr)NULL);
    return worst;
}
