/*
 * Classical approximations as programs: the arguments, and the ways of evaluation.
 */
#include "reference/arithmetic/evolved_exp_baseline_parts.h"

#include <math.h>

/* ---- Programs. Each function appends nodes and returns the index of the last one. ---------------------------------
 */

static uint32_t append(evolved_exp_program *program, evolved_exp_operation operation, uint32_t a, uint32_t b)
{
    program->nodes[program->count] = (evolved_exp_node){.operation = operation, .a = a, .b = b};
    return (uint32_t)program->count++;
}

static uint32_t append_constant(evolved_exp_program *program, double_double number)
{
    program->nodes[program->count] =
        (evolved_exp_node){.operation = EVOLVED_EXP_CONSTANT, .constant = dd_to_double(number)};
    return (uint32_t)program->count++;
}

/* p[degree] v^degree + ... + p[0] by Horner's rule; a leading coefficient of 1 costs no multiplication. */
static uint32_t append_polynomial(evolved_exp_program *program, uint32_t v, const double_double *p, uint32_t degree,
                                  bool monic)
{
    if (degree == 0)
        return append_constant(program, p[0]);
    uint32_t sum = v;
    if (!monic)
        sum = append(program, EVOLVED_EXP_MULTIPLY, append_constant(program, p[degree]), v);
    for (uint32_t j = degree - 1;; j--) {
        sum = append(program, EVOLVED_EXP_ADD, sum, append_constant(program, p[j]));
        if (j == 0)
            return sum;
        sum = append(program, EVOLVED_EXP_MULTIPLY, sum, v);
    }
}

static uint32_t append_quotient(evolved_exp_program *program, uint32_t v, const evolved_exp_quotient *r)
{
    const uint32_t p = append_polynomial(program, v, r->p, r->n, false);
    if (r->m == 0)
        return p;
    return append(program, EVOLVED_EXP_DIVIDE, p, append_polynomial(program, v, r->q, r->m, true));
}

/* P / Q = a[0] + b[1] / (x + a[1] + b[2] / (x + a[2] + ...)) for P and monic Q of degree n. Each step divides: with the
 * remainder b R of the division before, R monic and of one degree less than Q, it is Q / R = x + a + b' R' / R. */
static bool continued_fraction(const evolved_exp_quotient *r, double_double *a, double_double *b)
{
    const uint32_t n = r->n;
    double_double dividend[BASELINE_TERMS], divisor[BASELINE_TERMS], rest[BASELINE_TERMS];
    for (uint32_t j = 0; j <= n; j++)
        divisor[j] = r->q[j];
    a[0] = r->p[n];
    for (uint32_t j = 0; j < n; j++)
        rest[j] = dd_subtract(r->p[j], dd_multiply(a[0], r->q[j]));
    for (uint32_t level = 1; level <= n; level++) {
        const uint32_t degree = n - level; /* of the remainder */
        b[level] = rest[degree];
        if (!(fabs(b[level].high) > 0))
            return false;
        for (uint32_t j = 0; j <= degree + 1; j++)
            dividend[j] = divisor[j];
        for (uint32_t j = 0; j <= degree; j++)
            divisor[j] = dd_divide(rest[j], b[level]);
        a[level] = degree > 0 ? dd_subtract(dividend[degree], divisor[degree - 1]) : dividend[0];
        for (uint32_t j = 0; j < degree; j++) {
            rest[j] = dd_subtract(dividend[j], dd_multiply(a[level], divisor[j]));
            if (j > 0)
                rest[j] = dd_subtract(rest[j], divisor[j - 1]);
        }
    }
    return true;
}

static assay_status append_continued_fraction(evolved_exp_program *program, uint32_t x, const evolved_exp_quotient *r)
{
    double_double a[BASELINE_TERMS] = {{0}}, b[BASELINE_TERMS] = {{0}};
    if (!continued_fraction(r, a, b))
        return assay_fail(ASSAY_NOT_CONVERGED, "the quotient of degrees n = m = %u has no continued fraction", r->n);
    uint32_t value = append(program, EVOLVED_EXP_ADD, x, append_constant(program, a[r->n]));
    for (uint32_t level = r->n; level > 1; level--) {
        const uint32_t tail = append(program, EVOLVED_EXP_DIVIDE, append_constant(program, b[level]), value);
        const uint32_t head = append(program, EVOLVED_EXP_ADD, x, append_constant(program, a[level - 1]));
        value = append(program, EVOLVED_EXP_ADD, head, tail);
    }
    value = append(program, EVOLVED_EXP_DIVIDE, append_constant(program, b[1]), value);
    program->output = append(program, EVOLVED_EXP_ADD, append_constant(program, a[0]), value);
    return ASSAY_OK;
}

static assay_status write_program(const evolved_exp_quotient *r, evolved_exp_form form, evolved_exp_program *program)
{
    const uint32_t x = append(program, EVOLVED_EXP_X, 0, 0);
    if (form == EVOLVED_EXP_CONTINUED_FRACTION)
        return append_continued_fraction(program, x, r);
    if (form == EVOLVED_EXP_HORNER) {
        program->output = append_quotient(program, x, r);
    } else {
        const uint32_t square = append(program, EVOLVED_EXP_MULTIPLY, x, x);
        program->output = append(program, EVOLVED_EXP_MULTIPLY, x, append_quotient(program, square, r));
    }
    return ASSAY_OK;
}

/* Makes the denominator monic. */
static bool normalize(evolved_exp_quotient *r)
{
    const double_double lead = r->q[r->m];
    if (!(fabs(lead.high) > 0))
        return false;
    for (uint32_t j = 0; j <= r->n; j++)
        r->p[j] = dd_divide(r->p[j], lead);
    for (uint32_t j = 0; j <= r->m; j++)
        r->q[j] = dd_divide(r->q[j], lead);
    return true;
}

/* ---- Arguments ----------------------------------------------------------------------------------------------------
 */

static bool is_quotient(evolved_exp_kind kind)
{
    return kind == EVOLVED_EXP_PADE || kind == EVOLVED_EXP_MINIMAX_RATIONAL;
}

static bool is_series(evolved_exp_kind kind)
{
    return kind == EVOLVED_EXP_TAYLOR || kind == EVOLVED_EXP_PADE;
}

static assay_status check_degrees(evolved_exp_kind kind, uint32_t n, uint32_t m)
{
    if (n > EVOLVED_EXP_DEGREES || m > EVOLVED_EXP_DEGREES || n + m > EVOLVED_EXP_DEGREES)
        return assay_fail(ASSAY_OUT_OF_RANGE, "n + m is %llu, must be at most %d", (unsigned long long)n + m,
                          EVOLVED_EXP_DEGREES);
    if (is_quotient(kind) && m == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "m is 0, must be at least 1 for a quotient");
    if (!is_quotient(kind) && m != 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "m is %u, must be 0 for a polynomial", m);
    return ASSAY_OK;
}

static assay_status check_form(evolved_exp_kind kind, uint32_t n, uint32_t m, const evolved_exp_problem *problem,
                               evolved_exp_form form)
{
    if (form == EVOLVED_EXP_CONTINUED_FRACTION && (n != m || m == 0))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "form: a continued fraction needs n = m >= 1, not n = %u, m = %u", n,
                          m);
    if (form == EVOLVED_EXP_ODD_HORNER && is_series(kind))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "form: x R(x^2) does not go with a series");
    if (form == EVOLVED_EXP_ODD_HORNER && problem->low < 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "low is %g, must be at least 0 for x R(x^2)", problem->low);
    return ASSAY_OK;
}

static assay_status check_arguments(evolved_exp_kind kind, uint32_t n, uint32_t m, const evolved_exp_problem *problem,
                                    evolved_exp_form form, const evolved_exp_program *program)
{
    if (!problem || !program)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", problem ? "program" : "problem");
    if ((unsigned)kind > EVOLVED_EXP_MINIMAX_RATIONAL)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "kind is %u, must be 0 to %d", (unsigned)kind,
                          EVOLVED_EXP_MINIMAX_RATIONAL);
    if ((unsigned)form > EVOLVED_EXP_ODD_HORNER)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "form is %u, must be 0 to %d", (unsigned)form,
                          EVOLVED_EXP_ODD_HORNER);
    assay_status status = check_degrees(kind, n, m);
    if (status == ASSAY_OK)
        status = evolved_exp_problem_check(problem);
    if (status == ASSAY_OK)
        status = check_form(kind, n, m, problem, form);
    return status;
}

static assay_status find_quotient(evolved_exp_kind kind, uint32_t n, uint32_t m, const evolved_exp_approximand *f,
                                  evolved_exp_quotient *r)
{
    switch (kind) {
    case EVOLVED_EXP_TAYLOR:
    case EVOLVED_EXP_PADE: return evolved_exp_pade(f->problem->target, f->problem->low, n, m, r);
    case EVOLVED_EXP_CHEBYSHEV: return evolved_exp_interpolate(f, n, r);
    case EVOLVED_EXP_MINIMAX_POLYNOMIAL:
    case EVOLVED_EXP_MINIMAX_RATIONAL: break;
    }
    return evolved_exp_exchange(f, n, m, r);
}

assay_status evolved_exp_baseline(evolved_exp_kind kind, uint32_t n, uint32_t m, const evolved_exp_problem *problem,
                                  evolved_exp_form form, evolved_exp_program *program, double *error)
{
    assay_status status = check_arguments(kind, n, m, problem, form, program);
    if (status != ASSAY_OK)
        return status;
    const evolved_exp_approximand f = {problem, form == EVOLVED_EXP_ODD_HORNER};
    evolved_exp_quotient r;
    evolved_exp_program result = {0};
    status = find_quotient(kind, n, m, &f, &r);
    if (status == ASSAY_OK && !normalize(&r))
        status = assay_fail(ASSAY_NOT_CONVERGED, "the denominator of degrees n = %u, m = %u has no leading term", n, m);
    if (status == ASSAY_OK)
        status = write_program(&r, form, &result);
    if (status == ASSAY_OK)
        status = evolved_exp_check(&result); /* coefficients may be infinite */
    if (status != ASSAY_OK)
        return status;
    if (error)
        *error = evolved_exp_largest_error(&f, &r);
    *program = result;
    return ASSAY_OK;
}
