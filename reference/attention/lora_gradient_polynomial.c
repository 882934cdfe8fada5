/* Polynomials for the exponential function, the features that make them matrix products, and the threshold. */
#include "assay/memory.h"
#include "reference/attention/lora_gradient_arguments.h"

#include <math.h>

enum { POINTS = 2001, DEGREE_MAX = LORA_GRADIENT_DEGREE_MAX };

/* No polynomial of degree 40 has a relative error below 1 on so long an interval. */
static const double RANGE_MAX = 350;

/* ---- Coefficients --------------------------------------------------------------------------------------------- */

static void taylor(size_t degree, double *coefficients)
{
    long double term = 1;
    for (size_t j = 0; j <= degree; j++) {
        coefficients[j] = (double)term;
        term /= (long double)(j + 1);
    }
}

/* The interpolant at the zeros of T_{g+1}(x / R): c_k = (2 - [k = 0]) / (g + 1) sum_j e^{R x_j} T_k(x_j), and then
 * sum_k c_k T_k in powers by T_{k+1} = 2 x T_k - T_{k-1}. */
static void chebyshev(size_t degree, double range, double *coefficients)
{
    const long double pi = 3.14159265358979323846264338327950288L;
    const size_t n = degree + 1;
    long double values[DEGREE_MAX + 1], sum[DEGREE_MAX + 1] = {0};
    long double last[DEGREE_MAX + 1] = {1}, before[DEGREE_MAX + 1] = {0}; /* T_k and T_{k-1} in powers */
    for (size_t j = 0; j < n; j++)
        values[j] = expl(range * cosl(pi * ((long double)j + 0.5L) / (long double)n));
    for (size_t k = 0; k <= degree; k++) {
        long double c = 0;
        for (size_t j = 0; j < n; j++)
            c += values[j] * cosl(pi * (long double)k * ((long double)j + 0.5L) / (long double)n);
        c *= (k == 0 ? 1.0L : 2.0L) / (long double)n;
        for (size_t j = 0; j <= k; j++)
            sum[j] += c * last[j];
        for (size_t j = k < degree ? k + 2 : 0; j-- > 0;) { /* T_{k+1} in place of T_k, which goes where T_{k-1} was */
            const long double next = (k == 0 ? 1.0L : 2.0L) * (j > 0 ? last[j - 1] : 0) - before[j];
            before[j] = last[j];
            last[j] = next;
        }
    }
    long double power = 1;
    for (size_t j = 0; j <= degree; j++) {
        coefficients[j] = range > 0 || j == 0 ? (double)(sum[j] / power) : 0;
        power *= range;
    }
}

static void fit(lora_gradient_kind kind, size_t degree, double range, double *coefficients)
{
    if (kind == LORA_GRADIENT_TAYLOR)
        taylor(degree, coefficients);
    else
        chebyshev(degree, range, coefficients);
}

/* The largest |P(x) e^-x - 1|, at the points x_i = R (2 i / 2000 - 1); gives up early once it is above @p enough. The
 * largest is at the left end as a rule: it goes first. */
static double relative_error(const double *coefficients, size_t degree, double range, double enough)
{
    double largest = 0;
    for (size_t i = 0; i < POINTS && !(largest > enough); i++) {
        const long double x = range * (2 * (long double)i / (POINTS - 1) - 1);
        long double p = coefficients[degree];
        for (size_t j = degree; j-- > 0;)
            p = p * x + coefficients[j];
        const double error = (double)fabsl(p * expl(-x) - 1);
        largest = error > largest || isnan(error) ? error : largest;
    }
    return largest;
}

static assay_status check_kind_and_range(lora_gradient_kind kind, double range, double range_max)
{
    if ((unsigned)kind > LORA_GRADIENT_TAYLOR)
        return assay_fail(ASSAY_OUT_OF_RANGE, "kind is %d, must be 0 or 1", (int)kind);
    if (!(range >= 0) || range > range_max)
        return assay_fail(ASSAY_OUT_OF_RANGE, "range is %g, must be 0 to %g", range, range_max);
    return ASSAY_OK;
}

static assay_status check_eps(double eps)
{
    if (!(eps > 0 && eps < 1))
        return assay_fail(ASSAY_OUT_OF_RANGE, "eps is %g, must be above 0 and below 1", eps);
    return ASSAY_OK;
}

assay_status lora_gradient_polynomial(lora_gradient_kind kind, size_t degree, double range, double *coefficients,
                                      double *error)
{
    const assay_status status = check_kind_and_range(kind, range, RANGE_MAX);
    if (status != ASSAY_OK)
        return status;
    if (degree > DEGREE_MAX)
        return assay_fail(ASSAY_OUT_OF_RANGE, "degree is %zu, must be 0 to %d", degree, DEGREE_MAX);
    if (!coefficients)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "coefficients is null");
    fit(kind, degree, range, coefficients);
    if (error)
        *error = relative_error(coefficients, degree, range, INFINITY);
    return ASSAY_OK;
}

/* The least degree of relative error at most eps, with its coefficients and error; DEGREE_MAX + 1 if there is none. */
static size_t least_degree(lora_gradient_kind kind, double range, double eps, double *coefficients, double *error)
{
    for (size_t g = 0; range <= RANGE_MAX && g <= DEGREE_MAX; g++) {
        fit(kind, g, range, coefficients);
        *error = relative_error(coefficients, g, range, eps);
        if (*error <= eps)
            return g;
    }
    return DEGREE_MAX + 1;
}

static assay_status degree_too_high(double range, double eps)
{
    return assay_fail(ASSAY_NOT_CONVERGED, "the degree for a relative error of %g on [-%g, %g] is above %d", eps, range,
                      range, DEGREE_MAX);
}

assay_status lora_gradient_degree(lora_gradient_kind kind, double range, double eps, size_t *degree)
{
    double coefficients[DEGREE_MAX + 1], error;
    assay_status status = check_kind_and_range(kind, range, INFINITY);
    if (status == ASSAY_OK)
        status = check_eps(eps);
    if (status == ASSAY_OK && !degree)
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "degree is null");
    if (status != ASSAY_OK)
        return status;
    const size_t g = least_degree(kind, range, eps, coefficients, &error);
    if (g > DEGREE_MAX)
        return degree_too_high(range, eps);
    *degree = g;
    return ASSAY_OK;
}

/* ---- Features ------------------------------------------------------------------------------------------------- */

static size_t common_divisor(size_t x, size_t y)
{
    while (y != 0) {
        const size_t rest = x % y;
        x = y;
        y = rest;
    }
    return x;
}

size_t lora_gradient_features(size_t width, size_t degree)
{
    size_t count = 1; /* C(width + t, t) = C(width + t - 1, t - 1) (width + t) / t */
    for (size_t t = 1; t <= degree; t++) {
        size_t factor;
        if (__builtin_add_overflow(width, t, &factor))
            return SIZE_MAX;
        const size_t common = common_divisor(factor, t);
        if (__builtin_mul_overflow(count / (t / common), factor / common, &count))
            return SIZE_MAX;
    }
    return count;
}

static assay_status make_features(size_t width, size_t degree, const double *coefficients, lora_features *features)
{
    const size_t count = lora_gradient_features(width, degree);
    uint32_t *run; /* how often the last variable occurs, which the multinomial coefficient needs */
    const size_t bytes = count * (3 * sizeof *run + sizeof(double)) + (degree + 2) * sizeof(size_t);
    *features = (lora_features){.count = count, .memory = assay_allocate(bytes, 1)};
    if (!features->memory)
        return ASSAY_NO_MEMORY;
    features->weight = features->memory;
    features->first = (size_t *)(features->weight + count);
    features->parent = (uint32_t *)(features->first + degree + 2);
    features->variable = features->parent + count;
    run = features->variable + count;

    features->weight[0] = 1; /* the empty multiset */
    features->first[1] = 1;
    size_t n = 1;
    for (size_t t = 1; t <= degree; t++) {
        for (size_t p = features->first[t - 1]; p < features->first[t]; p++) {
            for (size_t x = features->variable[p]; x < width; x++, n++) {
                features->parent[n] = (uint32_t)p;
                features->variable[n] = (uint32_t)x;
                run[n] = t > 1 && x == features->variable[p] ? run[p] + 1 : 1;
                features->weight[n] = features->weight[p] * (double)t / run[n];
            }
        }
        features->first[t + 1] = n;
    }
    for (size_t t = 0; t <= degree; t++) {
        for (size_t i = features->first[t]; i < features->first[t + 1]; i++)
            features->weight[i] *= coefficients[t];
    }
    return ASSAY_OK;
}

void lora_release_features(lora_features *features)
{
    assay_release(features->memory);
    *features = (lora_features){0};
}

/* ---- The plan of an approximation ----------------------------------------------------------------------------- */

/* The sum of the features is that of the polynomial's terms: its rounding errors are in proportion to the sum of their
 * magnitudes, at most sum_j |coefficient_j| R^j, against a sum of at least about e^-R. */
static double rounding_error(const double *coefficients, size_t degree, double range, double unit)
{
    double magnitude = 0;
    for (size_t j = degree + 1; j-- > 0;)
        magnitude = magnitude * range + fabs(coefficients[j]);
    return unit * (double)(degree + 4) * magnitude * exp(range);
}

assay_status lora_plan(const lora_gradient_options *options, size_t width, double range, double largest_value,
                       double unit, lora_gradient_info *info, lora_features *features)
{
    double coefficients[DEGREE_MAX + 1], error = INFINITY;
    const double fitted = options->range > 0 ? options->range : range;
    size_t degree;
    if (options->degree < 0) {
        degree = least_degree(options->kind, fitted, options->eps, coefficients, &error);
    } else {
        degree = (size_t)options->degree;
        if (fitted > RANGE_MAX)
            return assay_fail(ASSAY_NOT_CONVERGED, "range is %g, must be at most %g for a given degree", fitted,
                              RANGE_MAX);
        fit(options->kind, degree, fitted, coefficients);
    }
    if (degree <= DEGREE_MAX && (options->degree >= 0 || fitted < range)) /* what it is where it is used */
        error = range <= RANGE_MAX ? relative_error(coefficients, degree, range, INFINITY) : INFINITY;
    info->range = range;
    info->degree = degree;
    info->features = lora_gradient_features(width, degree);
    if (degree > DEGREE_MAX)
        return degree_too_high(fitted, options->eps);
    if (info->features > options->features_max)
        return assay_fail(ASSAY_NOT_CONVERGED,
                          "a polynomial of degree %zu for |x| <= %g has more than features_max = %zu "
                          "features of %zu variables",
                          degree, fitted, options->features_max, width);
    info->error = error + rounding_error(coefficients, degree, range, unit);
    info->bound = info->error < 1 ? 2 * info->error / (1 - info->error) * largest_value : INFINITY;
    return make_features(width, degree, coefficients, features);
}

/* ---- The threshold -------------------------------------------------------------------------------------------- */

double lora_gradient_model_exact(size_t length, size_t width)
{
    if (length == 0 || width == 0)
        return NAN;
    return (double)length * (double)length * (12 * (double)width + 30);
}

double lora_gradient_model_approximate(size_t length, size_t width, size_t rank, lora_gradient_mode mode,
                                       size_t features)
{
    if (length == 0 || width == 0 || rank == 0 || features == 0 || (unsigned)mode > LORA_GRADIENT_FULL)
        return NAN;
    const double d = (double)width, r = (double)rank;
    const double each = 4 + 8 * d + 8 * d * r + 10 * r + (mode == LORA_GRADIENT_FULL ? 8 * d * r + 8 * r : 0);
    return (double)length * (double)features * each;
}

static bool fits(size_t degree, double range, double eps)
{
    double coefficients[DEGREE_MAX + 1];
    fit(LORA_GRADIENT_CHEBYSHEV, degree, range, coefficients);
    return range <= RANGE_MAX && relative_error(coefficients, degree, range, eps) <= eps;
}

/* The largest R, at least @p low, on which the interpolant of a degree has a relative error of at most eps: the error
 * grows with R. */
static double largest_range(size_t degree, double low, double eps)
{
    double high = 2 * low + 1;
    for (; fits(degree, high, eps); high *= 2)
        low = high;
    for (int step = 0; step < 48; step++) {
        const double middle = 0.5 * (low + high);
        if (fits(degree, middle, eps))
            low = middle;
        else
            high = middle;
    }
    return low;
}

assay_status lora_gradient_threshold(size_t length, size_t width, size_t rank, double eps, lora_gradient_mode mode,
                                     double *range, double *gamma)
{
    if (length < 1 || width < 1)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s is 0, must be at least 1", length < 1 ? "length" : "width");
    if (rank < 1 || rank > width)
        return assay_fail(ASSAY_OUT_OF_RANGE, "rank is %zu, must be 1 to the width %zu", rank, width);
    if ((unsigned)mode > LORA_GRADIENT_FULL)
        return assay_fail(ASSAY_OUT_OF_RANGE, "mode is %d, must be 0 or 1", (int)mode);
    const assay_status status = check_eps(eps);
    if (status != ASSAY_OK)
        return status;
    const double exact = lora_gradient_model_exact(length, width);
    size_t degrees = 0; /* 0 .. degrees - 1 are cheaper than exact */
    while (degrees <= DEGREE_MAX &&
           lora_gradient_model_approximate(length, width, rank, mode, lora_gradient_features(width, degrees)) < exact)
        degrees++;
    double largest = 0; /* of the highest degree, except where the rounding of coefficients decides (above 20) */
    for (size_t g = degrees; g-- > 0;) {
        if (fits(g, largest * (1 + 1e-9), eps))
            largest = largest_range(g, largest, eps);
    }
    if (range)
        *range = largest;
    if (gamma)
        *gamma = sqrt(largest);
    return ASSAY_OK;
}
