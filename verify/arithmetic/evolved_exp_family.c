/*
 * Family T by exchange: at one more point than there are constants, error(x_i) = (-1)^i E is solved by Newton's method,
 * the points move to the extrema of the error, and so on. Numbers have 400 bits; only the points and the heights of
 * the extrema, which matter to second order and in relation to each other, are double.
 */
#include "verify/arithmetic/evolved_exp_family.h"

#include <math.h>

enum { POINTS = FAMILY_CONSTANTS + 1, GRID = 512, EXCHANGES = 40, STEPS = 200 };

/* Scratch numbers: x to w of an evaluation, the others of whoever evaluates. */
typedef struct scratch {
    mpfr_t x, u, v, w, error, step;
} scratch;

static void scratch_init(scratch *s)
{
    mpfr_inits2(FAMILY_BITS, s->x, s->u, s->v, s->w, s->error, s->step, (mpfr_ptr)NULL);
}

static void scratch_clear(scratch *s)
{
    mpfr_clears(s->x, s->u, s->v, s->w, s->error, s->step, (mpfr_ptr)NULL);
}

int family_constants(family_form form)
{
    return form == FAMILY_3 ? 3 : form == FAMILY_5 ? 4 : 5;
}

void family_init(family_member *member)
{
    for (int k = 0; k < FAMILY_CONSTANTS; k++)
        mpfr_init2(member->c[k], FAMILY_BITS);
}

void family_clear(family_member *member)
{
    for (int k = 0; k < FAMILY_CONSTANTS; k++)
        mpfr_clear(member->c[k]);
}

/* The form at s->x, with fractions cleared of 1 / x so that it is defined at 0. */
static void evaluate_form(const family_member *f, scratch *s, mpfr_t y)
{
    switch (f->form) {
    case FAMILY_3:
        mpfr_add(y, f->c[2], s->x, MPFR_RNDN);
        mpfr_div(y, f->c[0], y, MPFR_RNDN);
        mpfr_sub(y, y, f->c[1], MPFR_RNDN);
        return;
    case FAMILY_5: /* c2 x / (c4 x + x^2 + c1) - c3 */
        mpfr_add(y, f->c[3], s->x, MPFR_RNDN);
        mpfr_fma(y, y, s->x, f->c[0], MPFR_RNDN);
        mpfr_mul(s->u, f->c[1], s->x, MPFR_RNDN);
        mpfr_div(y, s->u, y, MPFR_RNDN);
        mpfr_sub(y, y, f->c[2], MPFR_RNDN);
        return;
    case FAMILY_7: /* u = x^2 + c3;  c4 x u / (c1 x^2 + u (u + c2 x)) - c5 */
        mpfr_sqr(s->v, s->x, MPFR_RNDN);
        mpfr_add(s->u, s->v, f->c[2], MPFR_RNDN);
        mpfr_fma(y, f->c[1], s->x, s->u, MPFR_RNDN);
        mpfr_mul(y, y, s->u, MPFR_RNDN);
        mpfr_fma(y, f->c[0], s->v, y, MPFR_RNDN);
        mpfr_mul(s->u, s->u, s->x, MPFR_RNDN);
        mpfr_mul(s->u, s->u, f->c[3], MPFR_RNDN);
        mpfr_div(y, s->u, y, MPFR_RNDN);
        mpfr_sub(y, y, f->c[4], MPFR_RNDN);
        return;
    }
}

/* The relative error at x. */
static void evaluate_error(const family_member *f, double x, scratch *s, mpfr_t error)
{
    mpfr_set_d(s->x, x, MPFR_RNDN);
    evaluate_form(f, s, error);
    for (unsigned k = 0; k < f->squarings; k++)
        mpfr_sqr(error, error, MPFR_RNDN);
    mpfr_exp2(s->w, s->x, MPFR_RNDN);
    mpfr_div(error, error, s->w, MPFR_RNDN);
    mpfr_sub_ui(error, error, 1, MPFR_RNDN);
}

/* ---- Newton -------------------------------------------------------------------------------------------------------
 */

/* Linear equations: order rows of order coefficients and the right side. */
typedef mpfr_t equations[POINTS][POINTS + 1];

static void eliminate(equations a, int order, int pivot, mpfr_t t, mpfr_t factor)
{
    for (int i = 0; i < order; i++) {
        if (i == pivot)
            continue;
        mpfr_div(factor, a[i][pivot], a[pivot][pivot], MPFR_RNDN);
        for (int j = pivot; j <= order; j++) {
            mpfr_mul(t, factor, a[pivot][j], MPFR_RNDN);
            mpfr_sub(a[i][j], a[i][j], t, MPFR_RNDN);
        }
    }
}

/* The solution takes the place of the right side. */
static bool solve_linear(equations a, int order)
{
    mpfr_t t, factor;
    mpfr_inits2(FAMILY_BITS, t, factor, (mpfr_ptr)NULL);
    bool regular = true;
    for (int pivot = 0; regular && pivot < order; pivot++) {
        int largest = pivot;
        for (int i = pivot + 1; i < order; i++)
            if (mpfr_cmpabs(a[i][pivot], a[largest][pivot]) > 0)
                largest = i;
        for (int j = 0; j <= order; j++)
            mpfr_swap(a[pivot][j], a[largest][j]);
        regular = !mpfr_zero_p(a[pivot][pivot]) && mpfr_number_p(a[pivot][pivot]);
        if (regular)
            eliminate(a, order, pivot, t, factor);
    }
    for (int i = 0; regular && i < order; i++)
        mpfr_div(a[i][order], a[i][order], a[i][i], MPFR_RNDN);
    mpfr_clears(t, factor, (mpfr_ptr)NULL);
    return regular;
}

/* The equations of one step: columns are derivatives by the constants (difference quotients, in relative steps of
 * 2^-130) and by E, the right side is what is missing. */
static void set_up(family_member *f, const double *points, const mpfr_t deviation, equations a, scratch *s)
{
    const int count = family_constants(f->form), order = count + 1;
    mpfr_t value, saved;
    mpfr_inits2(FAMILY_BITS, value, saved, (mpfr_ptr)NULL);
    for (int i = 0; i < order; i++) {
        evaluate_error(f, points[i], s, value);
        for (int k = 0; k < count; k++) {
            mpfr_set(saved, f->c[k], MPFR_RNDN);
            mpfr_mul_2si(s->step, saved, -130, MPFR_RNDN);
            mpfr_add(f->c[k], saved, s->step, MPFR_RNDN);
            evaluate_error(f, points[i], s, a[i][k]);
            mpfr_sub(a[i][k], a[i][k], value, MPFR_RNDN);
            mpfr_mul_2si(a[i][k], a[i][k], 130, MPFR_RNDN);
            mpfr_set(f->c[k], saved, MPFR_RNDN);
        }
        mpfr_set_si(a[i][count], i % 2 ? 1 : -1, MPFR_RNDN);
        mpfr_mul_si(a[i][order], deviation, i % 2 ? -1 : 1, MPFR_RNDN);
        mpfr_sub(a[i][order], a[i][order], value, MPFR_RNDN);
    }
    mpfr_clears(value, saved, (mpfr_ptr)NULL);
}

/* Adds the solution, at most a part 0.3 of each constant. Returns the largest part. */
static double apply(family_member *f, mpfr_t deviation, equations a, scratch *s)
{
    const int count = family_constants(f->form), order = count + 1;
    double largest = 0;
    for (int k = 0; k < count; k++)
        largest = fmax(largest, fabs(mpfr_get_d(a[k][order], MPFR_RNDN)));
    const double damping = largest > 0.3 ? 0.3 / largest : 1;
    for (int k = 0; k < count; k++) { /* unknowns are relative changes */
        mpfr_mul_d(s->step, a[k][order], damping, MPFR_RNDN);
        mpfr_fma(f->c[k], f->c[k], s->step, f->c[k], MPFR_RNDN);
    }
    mpfr_mul_d(s->step, a[count][order], damping, MPFR_RNDN);
    mpfr_add(deviation, deviation, s->step, MPFR_RNDN);
    return largest;
}

static bool solve(family_member *f, const double *points, mpfr_t deviation, equations a, scratch *s)
{
    for (int step = 0; step < STEPS; step++) {
        set_up(f, points, deviation, a, s);
        if (!solve_linear(a, family_constants(f->form) + 1))
            return false;
        if (apply(f, deviation, a, s) < 1e-70)
            return true;
    }
    return false;
}

/* ---- Exchange -----------------------------------------------------------------------------------------------------
 */

static double grid_point(double i)
{
    return 0.5 - 0.5 * cos(i * (M_PI / GRID));
}

static double error_at(const family_member *f, double i, scratch *s)
{
    evaluate_error(f, grid_point(i), s, s->error);
    return mpfr_get_d(s->error, MPFR_RNDN);
}

/* Moves the points to the extrema of the error, one for each run of one sign; notes how equal they are. */
static bool move_points(family_member *f, double *points, scratch *s)
{
    double errors[GRID + 1], smallest = INFINITY;
    for (int i = 0; i <= GRID; i++)
        errors[i] = error_at(f, i, s);
    f->extrema = 0;
    f->error = 0;
    for (int i = 0; i <= GRID;) {
        int top = i, next = i;
        for (; next <= GRID && (errors[next] < 0) == (errors[i] < 0); next++)
            if (fabs(errors[next]) > fabs(errors[top]))
                top = next;
        double place = top, height = errors[top];
        if (top > 0 && top < GRID) { /* vertex of a parabola */
            const double bend = errors[top - 1] - 2 * errors[top] + errors[top + 1];
            place += 0.5 * (errors[top - 1] - errors[top + 1]) / bend;
            height = error_at(f, place, s);
        }
        if (f->extrema == POINTS)
            return false;
        points[f->extrema++] = grid_point(place);
        f->error = fmax(f->error, fabs(height));
        smallest = fmin(smallest, fabs(height));
        i = next;
    }
    f->spread = (f->error - smallest) / f->error;
    return f->extrema == family_constants(f->form) + 1;
}

static bool exchange(family_member *f, scratch *s, mpfr_t deviation, equations a)
{
    const int order = family_constants(f->form) + 1;
    double points[POINTS];
    for (int i = 0; i < order; i++)
        points[i] = grid_point((double)GRID * i / (order - 1));
    for (int k = 0; k < EXCHANGES; k++) {
        if (!solve(f, points, deviation, a, s) || !move_points(f, points, s))
            return false;
        if (f->spread < 1e-9)
            return true;
    }
    return false;
}

static bool make_minimax(family_member *f)
{
    scratch s;
    mpfr_t deviation;
    equations a;
    scratch_init(&s);
    mpfr_init2(deviation, FAMILY_BITS);
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j <= POINTS; j++)
            mpfr_init2(a[i][j], FAMILY_BITS);
    mpfr_set_ui(deviation, 0, MPFR_RNDN);
    const bool found = exchange(f, &s, deviation, a);
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j <= POINTS; j++)
            mpfr_clear(a[i][j]);
    mpfr_clear(deviation);
    scratch_clear(&s);
    return found;
}

/* Multiplies the constants by these powers of two. */
static void scale(family_member *f, const int *powers)
{
    for (int k = 0; k < family_constants(f->form); k++)
        mpfr_mul_2si(f->c[k], f->c[k], powers[k], MPFR_RNDN);
}

bool family_begin(family_member *member, family_form form)
{
    /* f3, f5 and f10 of Figure 11. */
    static const double paper[][FAMILY_CONSTANTS] = {
        {-8.387819235563974, 1.4427239805682266, -3.4355225277901402},
        {25.596749740144819, 17.746150088734609, -0.99999366143081858, -8.8505996518073289},
        {15141.981176922711, -250.55247494972059, 5783.5330096027765, 501.10494991027866, -0.99999999999999956},
    };
    member->form = form;
    member->squarings = 0;
    for (int k = 0; k < family_constants(form); k++)
        mpfr_set_d(member->c[k], paper[form][k], MPFR_RNDN);
    if (form == FAMILY_7) /* f10 approximates 2^(x/8) before its squarings */
        scale(member, (const int[]){-6, -3, -6, -3, 0});
    return make_minimax(member);
}

/* With x / 2 for x, the forms keep their shape if constants that stand for x double and those for x^2 quadruple. */
bool family_next(family_member *member)
{
    static const int powers[][FAMILY_CONSTANTS] = {{1, 0, 1}, {2, 1, 0, 1}, {2, 1, 2, 1, 0}};
    scale(member, powers[member->form]);
    member->squarings++;
    return make_minimax(member);
}
