/* Tests of core/statistics.c: against enumeration of all cases, published tables and examples, and exact theory.
 *
 * Where chance plays a part the seed is fixed, and the limits are such that a correct implementation would pass with
 * another seed, too, but for a probability below 1e-6 that stands beside them. */
#include "assay/statistics.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const assay_random stream_of_tests = {.seed = 20240607, .stream = 1};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#define assert_refused(STATUS, CALL, TEXT)                                                                             \
    do {                                                                                                               \
        ck_assert_int_eq(CALL, STATUS);                                                                                \
        ck_assert_msg(strstr(assay_error(), TEXT) != NULL, "\"%s\" does not contain \"%s\"", assay_error(), TEXT);     \
    } while (0)

/* ---- Order statistics ------------------------------------------------------------------------------------------ */

START_TEST(median_is_the_middle)
{
    double median;
    const double odd[] = {5, -1, 3}, even[] = {4, 1, 3, 2}, one[] = {7}, huge[] = {1.7e308, 1.6e308};
    ck_assert_int_eq(assay_median(odd, 3, &median), ASSAY_OK);
    ck_assert_double_eq(median, 3);
    ck_assert_int_eq(assay_median(even, 4, &median), ASSAY_OK);
    ck_assert_double_eq(median, 2.5);
    ck_assert_double_eq(even[0], 4); /* left as it was */
    ck_assert_int_eq(assay_median(one, 1, &median), ASSAY_OK);
    ck_assert_double_eq(median, 7);
    ck_assert_int_eq(assay_median(huge, 2, &median), ASSAY_OK);
    ck_assert_double_eq_tol(median, 1.65e308, 1e293); /* the sum of the two overflows */
    const double infinite[] = {INFINITY, 1, INFINITY};
    ck_assert_int_eq(assay_median(infinite, 3, &median), ASSAY_OK);
    ck_assert_double_infinite(median);
}
END_TEST

START_TEST(quantile_is_type_7)
{
    const double x[] = {50, 10, 40, 20, 30};
    const struct {
        double q, value;
    } cases[] = {{0, 10}, {0.1, 14}, {0.25, 20}, {0.5, 30}, {0.6, 34}, {0.95, 48}, {1, 50}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        double value;
        ck_assert_int_eq(assay_quantile(x, 5, cases[i].q, &value), ASSAY_OK);
        ck_assert_double_eq_tol(value, cases[i].value, 1e-14);
    }
    const double two[] = {-1.7e308, 1.7e308};
    double value;
    ck_assert_int_eq(assay_quantile(two, 2, 0.75, &value), ASSAY_OK);
    ck_assert_double_eq_tol(value, 0.85e308, 1e293); /* the difference of the two overflows */
}
END_TEST

START_TEST(order_statistics_refuse)
{
    double out = 42;
    const double x[] = {1, NAN, 2}, ends[] = {-INFINITY, INFINITY};
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_median(NULL, 1, &out), "x is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_median(x, 1, NULL), "median is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_median(x, 0, &out), "0 numbers");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_median(x, 3, &out), "x[1] is NaN");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_median(ends, 2, &out), "between -inf and inf");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_quantile(NULL, 1, 0.5, &out), "x is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_quantile(x, 1, 0.5, NULL), "quantile is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_quantile(x, 0, 0.5, &out), "0 numbers");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_quantile(x, 3, 0.5, &out), "x[1] is NaN");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_quantile(ends, 2, 0.5, &out), "between -inf and inf");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_quantile(x, 1, -0.01, &out), "q is -0.01");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_quantile(x, 1, 1.01, &out), "q is 1.01");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_quantile(x, 1, NAN, &out), "q is");
    ck_assert_double_eq(out, 42);
}
END_TEST

/* ---- Bootstrap ------------------------------------------------------------------------------------------------- */

/* The medians of all n^n resamples of n <= 6 numbers, sorted; returns how many. */
static size_t all_medians(const double *x, size_t n, double *medians)
{
    size_t count = 1;
    for (size_t i = 0; i < n; i++)
        count *= n;
    for (size_t code = 0; code < count; code++) {
        double drawn[6] = {0};
        size_t rest = code;
        for (size_t i = 0; i < n; i++, rest /= n)
            drawn[i] = x[rest % n];
        qsort(drawn, n, sizeof *drawn, compare);
        medians[code] = (drawn[(n - 1) / 2] + drawn[n / 2]) / 2;
    }
    qsort(medians, count, sizeof *medians, compare);
    return count;
}

/* The empirical distribution of N resamples is within e of the true one everywhere but for a probability of at most
 * 2 exp(-2 N e^2) (Dvoretzky, Kiefer, Wolfowitz; Massart): N = 20000 and e = 0.02 give 2.3e-7. So a resampled quantile
 * must lie between the true quantiles e to the left and to the right. */
enum { RESAMPLES = 20000 };
static const double band = 0.02;

static void assert_true_quantile(double value, const double *sorted, size_t n, double q)
{
    const double low = floor((q - band) * (double)n) - 1, high = ceil((q + band) * (double)n);
    ck_assert_double_ge(value, sorted[(size_t)fmax(low, 0)]);
    ck_assert_double_le(value, sorted[(size_t)fmin(high, (double)n - 1)]);
}

START_TEST(bootstrap_median_is_that_of_all_resamples)
{
    static double medians[46656];
    const double x[] = {3.5, 1.25, 9, 4, 2, 7.75};
    for (size_t n = 1; n <= COUNT(x); n++) {
        const size_t count = all_medians(x, n, medians);
        for (int percent = 50; percent < 100; percent += 20) {
            const double confidence = percent / 100.0;
            assay_interval interval;
            double median;
            ck_assert_int_eq(assay_bootstrap_median(x, n, confidence, RESAMPLES, stream_of_tests, &interval), ASSAY_OK);
            assay_median(x, n, &median);
            ck_assert_double_eq(interval.estimate, median);
            assert_true_quantile(interval.low, medians, count, (1 - confidence) / 2);
            assert_true_quantile(interval.high, medians, count, (1 + confidence) / 2);
        }
    }
}
END_TEST

START_TEST(bootstrap_ratio_is_that_of_all_resamples)
{
    static double over[27], under[256], ratios[27 * 256];
    const double x[] = {3, 5, 4}, y[] = {2, 1, 4, 2.5};
    const size_t nx = all_medians(x, 3, over), ny = all_medians(y, 4, under);
    for (size_t i = 0; i < nx * ny; i++)
        ratios[i] = over[i / ny] / under[i % ny];
    qsort(ratios, nx * ny, sizeof *ratios, compare);
    assay_interval interval;
    ck_assert_int_eq(assay_bootstrap_ratio(x, 3, y, 4, 0.6, RESAMPLES, stream_of_tests, &interval), ASSAY_OK);
    ck_assert_double_eq(interval.estimate, 4 / 2.25);
    assert_true_quantile(interval.low, ratios, nx * ny, 0.2);
    assert_true_quantile(interval.high, ratios, nx * ny, 0.8);
    ck_assert_double_lt(interval.low, interval.estimate);
    ck_assert_double_gt(interval.high, interval.estimate);
}
END_TEST

START_TEST(bootstrap_paired_keeps_pairs_together)
{
    /* Twice as slow on every pair, while the numbers themselves scatter over a factor of a million. */
    const double y[] = {1, 1000, 10, 1e6, 100, 1e5, 1e4}, twice[] = {2, 2000, 20, 2e6, 200, 2e5, 2e4};
    assay_interval interval;
    ck_assert_int_eq(assay_bootstrap_paired_ratio(twice, y, 7, 0.99, 1000, stream_of_tests, &interval), ASSAY_OK);
    ck_assert_double_eq(interval.low, 2);
    ck_assert_double_eq(interval.estimate, 2);
    ck_assert_double_eq(interval.high, 2);

    static double medians[3125];
    const double x[] = {3, 1100, 15, 1e6, 180}, ratios[] = {3, 1.1, 1.5, 1, 1.8};
    const size_t count = all_medians(ratios, 5, medians);
    ck_assert_int_eq(assay_bootstrap_paired_ratio(x, y, 5, 0.8, RESAMPLES, stream_of_tests, &interval), ASSAY_OK);
    ck_assert_double_eq(interval.estimate, 1.5);
    assert_true_quantile(interval.low, medians, count, 0.1);
    assert_true_quantile(interval.high, medians, count, 0.9);
}
END_TEST

START_TEST(bootstrap_replays)
{
    double x[21], y[21];
    assay_random_fill_uniform(stream_of_tests, 0, 1, 2, x, 21);
    assay_random_fill_uniform(stream_of_tests, 21, 1, 2, y, 21);
    assay_interval first, second, other;
    const assay_random other_stream = {stream_of_tests.seed, stream_of_tests.stream + 1};
    ck_assert_int_eq(assay_bootstrap_ratio(x, 21, y, 21, 0.95, 500, stream_of_tests, &first), ASSAY_OK);
    ck_assert_int_eq(assay_bootstrap_ratio(x, 21, y, 21, 0.95, 500, stream_of_tests, &second), ASSAY_OK);
    ck_assert_int_eq(assay_bootstrap_ratio(x, 21, y, 21, 0.95, 500, other_stream, &other), ASSAY_OK);
    ck_assert_mem_eq(&first, &second, sizeof first);
    ck_assert(first.low != other.low || first.high != other.high);
    qsort(x, 21, sizeof *x, compare); /* the order of the numbers is no part of a sample */
    ck_assert_int_eq(assay_bootstrap_ratio(x, 21, y, 21, 0.95, 500, stream_of_tests, &second), ASSAY_OK);
    ck_assert_mem_eq(&first, &second, sizeof first);
}
END_TEST

/* P(Binomial(n, p) >= k). */
static double binomial_tail(size_t n, double p, size_t k)
{
    double total = p >= 1 && k <= n ? 1 : 0;
    for (double i = (double)k, m = (double)n; p < 1 && i <= m; i++)
        total += exp(lgamma(m + 1) - lgamma(i + 1) - lgamma(m - i + 1) + i * log(p) + (m - i) * log1p(-p));
    return fmin(total, 1);
}

/* Fails if so many hits, or more, have a probability below 5e-7 at a rate of @p high, or so few at a rate of @p low. */
static void assert_rate(size_t hits, size_t trials, double low, double high)
{
    const double as_many = binomial_tail(trials, high, hits), as_few = binomial_tail(trials, 1 - low, trials - hits);
    ck_assert_msg(as_many > 5e-7, "%zu of %zu is too often for a rate of %.4f", hits, trials, high);
    ck_assert_msg(as_few > 5e-7, "%zu of %zu is too rare for a rate of %.4f", hits, trials, low);
}

/* The median of a resample of n = 2 h + 1 numbers is at most the k-th smallest, x_(k), with probability
 * G(k) = P(Binomial(n, k / n) > h): the lower end of the interval is the first x_(k) with G(k) >= q. */
static size_t lower_end(size_t n, double q)
{
    size_t k = 1;
    while (binomial_tail(n, (double)k / (double)n, n / 2 + 1) < q)
        k++;
    return k;
}

/* P(x_(k) <= true median <= x_(n + 1 - k)), for any continuous distribution. */
static double coverage(size_t n, size_t k)
{
    return 1 - 2 * binomial_tail(n, 0.5, n + 1 - k);
}

/* With 2000 resamples an empirical tail of 0.025 is a true one of 0.01 to 0.05 but for a probability of 2e-7 (six and
 * five standard deviations), so that the coverage lies between those of the order statistics for these two. */
START_TEST(bootstrap_median_covers_as_often_as_theory_says)
{
    enum { N = 25, TRIALS = 800 };
    const double least = coverage(N, lower_end(N, 0.05)), most = coverage(N, lower_end(N, 0.01));
    ck_assert_double_gt(least, 0.89);
    ck_assert_double_lt(most, 0.995);
    size_t hits = 0;
    for (uint64_t trial = 0; trial < TRIALS; trial++) {
        double x[N];
        assay_interval interval;
        assay_random_fill_normal((assay_random){1, trial}, 0, 10, 3, x, N);
        ck_assert_int_eq(assay_bootstrap_median(x, N, 0.95, 2000, (assay_random){2, trial}, &interval), ASSAY_OK);
        hits += interval.low <= 10 && 10 <= interval.high;
    }
    assert_rate(hits, TRIALS, least, most);
}
END_TEST

/* No exact theory here: the percentile interval of a ratio of medians is taken to cover 92 to 98 % at this size. */
START_TEST(bootstrap_ratio_covers)
{
    enum { N = 25, TRIALS = 600 };
    size_t hits = 0, paired_hits = 0;
    for (uint64_t trial = 0; trial < TRIALS; trial++) {
        double x[N], y[N];
        assay_random_fill_normal((assay_random){3, trial}, 0, 0, 0.1, x, N);
        assay_random_fill_normal((assay_random){4, trial}, 0, 0, 0.1, y, N);
        for (size_t i = 0; i < N; i++) {
            x[i] = 1.5 * exp(x[i]); /* true ratio of medians, and median of ratios: 1.5 */
            y[i] = exp(y[i]);
        }
        assay_interval interval, paired;
        const assay_random r = {5, trial};
        ck_assert_int_eq(assay_bootstrap_ratio(x, N, y, N, 0.95, 500, r, &interval), ASSAY_OK);
        ck_assert_int_eq(assay_bootstrap_paired_ratio(x, y, N, 0.95, 500, r, &paired), ASSAY_OK);
        hits += interval.low <= 1.5 && 1.5 <= interval.high;
        paired_hits += paired.low <= 1.5 && 1.5 <= paired.high;
    }
    assert_rate(hits, TRIALS, 0.92, 0.98);
    assert_rate(paired_hits, TRIALS, 0.92, 0.98);
}
END_TEST

START_TEST(bootstrap_refuses)
{
    const assay_random r = stream_of_tests;
    const double x[] = {1, 2, 3}, zero[] = {1, 0, 2}, bad[] = {1, 2, INFINITY}, huge[] = {1e300}, tiny[] = {1e-300};
    assay_interval out = {42, 42, 42};
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_median(NULL, 3, 0.9, 100, r, &out), "x is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_median(x, 3, 0.9, 100, r, NULL), "interval is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_median(x, 0, 0.9, 100, r, &out), "0 numbers");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_median(bad, 3, 0.9, 100, r, &out), "x[2] is inf");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_median(x, 3, 0, 100, r, &out), "confidence is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_median(x, 3, 1, 100, r, &out), "confidence is 1");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_median(x, 3, NAN, 100, r, &out), "confidence is");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_median(x, 3, 0.9, 99, r, &out), "resamples is 99");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_median(x, 3, 0.9, SIZE_MAX / 2, r, &out), "do not fit");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_ratio(NULL, 3, x, 3, 0.9, 100, r, &out), "x is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_ratio(x, 3, NULL, 3, 0.9, 100, r, &out), "y is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_ratio(x, 3, x, 0, 0.9, 100, r, &out), "y has 0 numbers");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_ratio(x, 3, zero, 3, 0.9, 100, r, &out), "y[1] is 0");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_ratio(x, 3, bad, 3, 0.9, 100, r, &out), "y[2] is inf");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_ratio(huge, 1, tiny, 1, 0.9, 100, r, &out), "overflows");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_ratio(x, 3, x, 3, 0.9, 100, r, NULL), "interval is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_bootstrap_paired_ratio(x, NULL, 3, 0.9, 100, r, &out), "y is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_paired_ratio(x, zero, 3, 0.9, 100, r, &out), "y[1] is 0");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_paired_ratio(huge, tiny, 1, 0.9, 100, r, &out), "overflows");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_bootstrap_paired_ratio(x, x, 3, 1.5, 100, r, &out), "confidence is 1.5");
    ck_assert(out.estimate == 42 && out.low == 42 && out.high == 42);
}
END_TEST

/* ---- Rank tests ------------------------------------------------------------------------------------------------ */

/* Share of the cases whose statistic is at least as far from the middle of 0..top as @p value. */
static double share_as_extreme(const unsigned *ways, size_t top, double value)
{
    unsigned all = 0, as_extreme = 0;
    for (size_t k = 0; k <= top; k++) {
        all += ways[k];
        as_extreme += fabs(2.0 * (double)k - (double)top) >= fabs(2.0 * value - (double)top) ? ways[k] : 0;
    }
    return (double)as_extreme / all;
}

/* The ranks in @p set go to x, the others to y; returns how many pairs have x > y, counted one by one. */
static size_t deal(unsigned set, size_t n, double *x, double *y)
{
    size_t nx = 0, ny = 0, above = 0;
    for (size_t rank = 0; rank < n; rank++)
        *(set >> rank & 1 ? &x[nx++] : &y[ny++]) = (double)rank;
    for (size_t i = 0; i < nx; i++) {
        for (size_t j = 0; j < ny; j++)
            above += x[i] > y[j];
    }
    return above;
}

/* Every way to give nx of the ranks to x, which defines the test. */
static void enumerate_mann_whitney(size_t nx, size_t ny)
{
    const size_t n = nx + ny;
    unsigned ways[37] = {0};
    double x[12], y[12], u, p;
    for (unsigned set = 0; set < 1u << n; set++) {
        if ((size_t)__builtin_popcount(set) == nx)
            ways[deal(set, n, x, y)]++;
    }
    for (unsigned set = 0; set < 1u << n; set++) {
        if ((size_t)__builtin_popcount(set) != nx)
            continue;
        const double above = (double)deal(set, n, x, y);
        ck_assert_int_eq(assay_mann_whitney(x, nx, y, ny, &u, &p), ASSAY_OK);
        ck_assert_double_eq(u, above);
        ck_assert_double_eq_tol(p, share_as_extreme(ways, nx * ny, above), 1e-15);
    }
}

START_TEST(mann_whitney_equals_enumeration)
{
    for (size_t nx = 1; nx <= 6; nx++) {
        for (size_t ny = 1; ny <= 6; ny++)
            enumerate_mann_whitney(nx, ny);
    }
}
END_TEST

/* x and y without ties such that u pairs have x > y. */
static void arrange(double *x, size_t nx, double *y, size_t ny, size_t u)
{
    for (size_t j = 0; j < ny; j++)
        y[j] = (double)j + 1;
    for (size_t i = 0; i < nx; i++) {
        const size_t above = u < ny ? u : ny;
        u -= above;
        x[i] = (double)above + 0.5 + (double)i / 64;
    }
}

/* The usual table of critical values: the largest U that is significant at 5 %, two-sided, for equal sizes 4 to 20. */
START_TEST(mann_whitney_agrees_with_the_published_table)
{
    const size_t critical[] = {0, 2, 5, 8, 13, 17, 23, 30, 37, 45, 55, 64, 75, 87, 99, 113, 127};
    for (size_t i = 0; i < COUNT(critical); i++) {
        const size_t n = i + 4;
        double x[20], y[20], u, p, next;
        arrange(x, n, y, n, critical[i]);
        ck_assert_int_eq(assay_mann_whitney(x, n, y, n, &u, &p), ASSAY_OK);
        ck_assert_double_eq(u, (double)critical[i]);
        arrange(x, n, y, n, critical[i] + 1);
        ck_assert_int_eq(assay_mann_whitney(x, n, y, n, NULL, &next), ASSAY_OK);
        ck_assert_double_le(p, 0.05);
        ck_assert_double_gt(next, 0.05);
    }
}
END_TEST

START_TEST(mann_whitney_agrees_with_published_examples)
{
    /* Hollander and Wolfe (1973), p. 69 f., permeability of chorioamnion: U = 35, one-sided exact p = 0.1272. */
    const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    double u, p;
    ck_assert_int_eq(assay_mann_whitney(term, 10, early, 5, &u, &p), ASSAY_OK);
    ck_assert_double_eq(u, 35);
    ck_assert_double_eq_tol(p / 2, 0.1272, 5e-5);
    /* Cushny and Peebles' (Student's) sleep data, with ties: U = 25.5, p = 0.06933 with continuity correction. */
    const double first[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    const double second[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    ck_assert_int_eq(assay_mann_whitney(first, 10, second, 10, &u, &p), ASSAY_OK);
    ck_assert_double_eq(u, 25.5);
    ck_assert_double_eq_tol(p, 0.06933, 5e-6);
}
END_TEST

/* Two-sided normal p of a statistic @p distance from its mean, and its Edgeworth correction for the excess kurtosis. */
static double normal_p(double distance, double variance, double kurtosis)
{
    const double z = (distance - 0.5) / sqrt(variance), density = exp(-z * z / 2) / sqrt(2 * acos(-1));
    return erfc(z / sqrt(2)) + 2 * density * kurtosis / 24 * (z * z * z - 3 * z);
}

START_TEST(mann_whitney_changes_to_the_normal_approximation)
{
    double x[20], y[21], u, p;
    arrange(x, 20, y, 20, 140);
    ck_assert_int_eq(assay_mann_whitney(x, 20, y, 20, &u, &p), ASSAY_OK);
    const double variance = 400.0 * 41 / 12, kurtosis = -1.2 * (3 * 400 + 40) / (400 * 41);
    ck_assert_double_eq_tol(p, normal_p(60, variance, kurtosis), 1e-4); /* the next terms are of order 1 / n^2 */
    ck_assert(fabs(p - normal_p(60, variance, 0)) > 3e-4);              /* so it was the exact one */
    y[20] = 1000;                                                       /* above all x: U stays as it is */
    ck_assert_int_eq(assay_mann_whitney(x, 20, y, 21, &u, &p), ASSAY_OK);
    ck_assert_double_eq(u, 140);
    ck_assert_double_eq_tol(p, normal_p(70, 420.0 * 42 / 12, 0), 1e-14);
}
END_TEST

START_TEST(mann_whitney_at_the_edges)
{
    const double low[] = {1, 2, 3, 4}, high[] = {5, 6, 7, 8}, same[] = {1, 1, 1};
    double u, p;
    ck_assert_int_eq(assay_mann_whitney(low, 4, high, 4, &u, &p), ASSAY_OK);
    ck_assert_double_eq(u, 0);
    ck_assert_double_eq_tol(p, 2.0 / 70, 1e-16);
    ck_assert_int_eq(assay_mann_whitney(high, 4, low, 4, &u, &p), ASSAY_OK);
    ck_assert_double_eq(u, 16);
    ck_assert_double_eq_tol(p, 2.0 / 70, 1e-16);
    ck_assert_int_eq(assay_mann_whitney(same, 3, same, 3, &u, &p), ASSAY_OK);
    ck_assert_double_eq(u, 4.5);
    ck_assert_double_eq(p, 1);
    ck_assert_int_eq(assay_mann_whitney(high, 1, same, 1, &u, &p), ASSAY_OK);
    ck_assert_double_eq(p, 1); /* two numbers prove nothing */
    double many[39];
    arrange(many, 39, many, 0, 0); /* all distinct, ascending: the most lopsided sizes that are counted */
    ck_assert_int_eq(assay_mann_whitney(many, 1, many + 1, 38, NULL, &p), ASSAY_OK);
    ck_assert_double_eq_tol(p, 2.0 / 39, 1e-15);
}
END_TEST

START_TEST(wilcoxon_equals_enumeration)
{
    for (size_t n = 1; n <= 10; n++) {
        unsigned ways[56] = {0};
        for (int counting = 1; counting >= 0; counting--) {
            for (unsigned signs = 0; signs < 1u << n; signs++) {
                double d[11] = {0}, w, p; /* the last one is a zero, which is to be dropped */
                size_t sum = 0;
                for (size_t i = 0; i < n; i++) {
                    d[i] = (double)(i + 1) * (signs >> i & 1 ? 1.5 : -1.5);
                    sum += signs >> i & 1 ? i + 1 : 0;
                }
                ways[sum] += (unsigned)counting;
                if (counting)
                    continue;
                ck_assert_int_eq(assay_wilcoxon(d, n + 1, &w, &p), ASSAY_OK);
                ck_assert_double_eq(w, (double)sum);
                ck_assert_double_eq_tol(p, share_as_extreme(ways, n * (n + 1) / 2, w), 1e-15);
            }
        }
    }
}
END_TEST

/* Differences of sizes 1..n with signs such that the positive ones sum to w. */
static void give_signs(double *d, size_t n, size_t w)
{
    for (size_t rank = n; rank > 0; rank--) {
        const int positive = w >= rank;
        w -= positive ? rank : 0;
        d[rank - 1] = positive ? (double)rank : -(double)rank;
    }
}

START_TEST(wilcoxon_agrees_with_the_published_table)
{
    /* The largest W significant at 5 %, two-sided, for n = 6, 7, ... 25. */
    const size_t critical[] = {0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89};
    for (size_t i = 0; i < COUNT(critical); i++) {
        double d[25], w, p, next;
        const size_t n = i + 6;
        give_signs(d, n, critical[i]);
        ck_assert_int_eq(assay_wilcoxon(d, n, &w, &p), ASSAY_OK);
        ck_assert_double_eq(w, (double)critical[i]);
        give_signs(d, n, critical[i] + 1);
        ck_assert_int_eq(assay_wilcoxon(d, n, NULL, &next), ASSAY_OK);
        ck_assert_double_le(p, 0.05);
        ck_assert_double_gt(next, 0.05);
    }
}
END_TEST

START_TEST(wilcoxon_agrees_with_published_examples)
{
    /* Hollander and Wolfe (1973), p. 29 f., depression scale: W = 40, one-sided exact p = 0.01953. */
    const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    double d[9], w, p;
    for (size_t i = 0; i < 9; i++)
        d[i] = before[i] - after[i];
    ck_assert_int_eq(assay_wilcoxon(d, 9, &w, &p), ASSAY_OK);
    ck_assert_double_eq(w, 40);
    ck_assert_double_eq_tol(p / 2, 0.01953, 5e-6);
    /* The sleep data as pairs, in tenths of hours so that ties are exact: W = 0, p = 0.009091. */
    const double sleep[] = {-12, -24, -13, -13, 0, -10, -18, -8, -46, -14};
    ck_assert_int_eq(assay_wilcoxon(sleep, 10, &w, &p), ASSAY_OK);
    ck_assert_double_eq(w, 0);
    ck_assert_double_eq_tol(p, 0.009091, 5e-7);
}
END_TEST

START_TEST(wilcoxon_changes_to_the_normal_approximation)
{
    double d[41], w, p;
    give_signs(d, 40, 300);
    ck_assert_int_eq(assay_wilcoxon(d, 40, &w, &p), ASSAY_OK);
    double fourth = 0; /* cumulant: -r^4 / 8 from each rank r */
    for (int rank = 1; rank <= 40; rank++)
        fourth -= (double)(rank * rank * rank * rank) / 8;
    const double variance = 40.0 * 41 * 81 / 24;
    ck_assert_double_eq_tol(p, normal_p(110, variance, fourth / (variance * variance)),
                            1e-4);                          /* the next terms are of order 1 / n^2 */
    ck_assert(fabs(p - normal_p(110, variance, 0)) > 3e-4); /* so it was the exact one */
    give_signs(d, 41, 300);
    ck_assert_int_eq(assay_wilcoxon(d, 41, &w, &p), ASSAY_OK);
    ck_assert_double_eq(w, 300);
    ck_assert_double_eq_tol(p, normal_p(130.5, 41.0 * 42 * 83 / 24, 0), 1e-14);
    const double zeros[] = {0, -0.0};
    ck_assert_int_eq(assay_wilcoxon(zeros, 2, &w, &p), ASSAY_OK);
    ck_assert_double_eq(w, 0);
    ck_assert_double_eq(p, 1);
}
END_TEST

START_TEST(rank_tests_refuse)
{
    const double x[] = {1, 2}, bad[] = {1, NAN}, infinite[] = {-INFINITY, 1};
    double u = 42, p = 42;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_mann_whitney(NULL, 2, x, 2, &u, &p), "x is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_mann_whitney(x, 2, NULL, 2, &u, &p), "y is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_mann_whitney(x, 2, x, 2, &u, NULL), "p is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_mann_whitney(x, 0, x, 2, &u, &p), "x has 0 numbers");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_mann_whitney(x, 2, x, 0, &u, &p), "y has 0 numbers");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_mann_whitney(x, 2, bad, 2, &u, &p), "y[1] is NaN");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_mann_whitney(infinite, 2, x, 2, &u, &p), "x[0] is -inf");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_wilcoxon(NULL, 2, &u, &p), "d is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_wilcoxon(x, 2, &u, NULL), "p is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_wilcoxon(x, 0, &u, &p), "d has 0 numbers");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_wilcoxon(bad, 2, &u, &p), "d[1] is NaN");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_wilcoxon(infinite, 2, &u, &p), "d[0] is -inf");
    ck_assert_double_eq(u, 42);
    ck_assert_double_eq(p, 42);
}
END_TEST

/* ---- Benjamini-Hochberg ---------------------------------------------------------------------------------------- */

/* The example of their paper (1995, section 4): 15 hypotheses, four rejected at a rate of 0.05. */
START_TEST(benjamini_hochberg_agrees_with_the_paper)
{
    const double p[] = {0.4262, 0.0001, 0.0004, 1.0000, 0.0019, 0.0095, 0.0201, 0.0278,
                        0.0298, 0.0344, 0.0459, 0.3240, 0.5719, 0.6528, 0.7590};
    double adjusted[15];
    ck_assert_int_eq(assay_benjamini_hochberg(p, 15, adjusted), ASSAY_OK);
    size_t rejected = 0;
    for (size_t i = 0; i < 15; i++)
        rejected += adjusted[i] <= 0.05;
    ck_assert_uint_eq(rejected, 4);
    ck_assert_double_eq_tol(adjusted[1], 0.0015, 1e-15);
    ck_assert_double_eq_tol(adjusted[5], 0.0095 * 15 / 4, 1e-15);
    ck_assert_double_eq_tol(adjusted[6], 0.0201 * 15 / 5, 1e-15);
    ck_assert_double_eq_tol(adjusted[7], 0.0298 * 15 / 7, 1e-15); /* not 0.0278 * 15 / 6, which is larger */
    ck_assert_double_eq(adjusted[3], 1);
}
END_TEST

/* By definition: the least of the rates at which the step-up procedure rejects hypothesis i. */
START_TEST(benjamini_hochberg_equals_its_definition)
{
    double p[12], adjusted[12];
    assay_random_fill_uniform(stream_of_tests, 0, 0, 0.3, p, 12);
    p[3] = p[7];
    p[9] = 0;
    ck_assert_int_eq(assay_benjamini_hochberg(p, 12, adjusted), ASSAY_OK);
    for (size_t i = 0; i < 12; i++) {
        double least = 1;
        for (size_t j = 0; j < 12; j++) { /* the rate at which p[j] is the last one that is rejected */
            double rank = 0;
            for (size_t k = 0; k < 12; k++)
                rank += p[k] <= p[j];
            if (p[i] <= p[j])
                least = fmin(least, p[j] * 12 / rank);
        }
        ck_assert_double_eq_tol(adjusted[i], least, 1e-15);
    }
    double in_place[12];
    memcpy(in_place, p, sizeof p);
    ck_assert_int_eq(assay_benjamini_hochberg(in_place, 12, in_place), ASSAY_OK);
    ck_assert_mem_eq(in_place, adjusted, sizeof adjusted);
}
END_TEST

START_TEST(benjamini_hochberg_refuses)
{
    const double negative[] = {0.5, -0.1}, above[] = {1.1, 0.5}, bad[] = {0.5, NAN};
    double out[2] = {42, 42};
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_benjamini_hochberg(NULL, 2, out), "p is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_benjamini_hochberg(bad, 1, NULL), "adjusted is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_benjamini_hochberg(bad, 0, out), "0 numbers");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_benjamini_hochberg(bad, 2, out), "p[1] is NaN");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_benjamini_hochberg(negative, 2, out), "p[1] is -0.1");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_benjamini_hochberg(above, 2, out), "p[0] is 1.1");
    ck_assert(out[0] == 42 && out[1] == 42);
}
END_TEST

START_TEST(student_quantiles_agree_with_published_ones)
{
    const struct {
        double q;
        int freedom;
        double t;
    } table[] = {{0.975, 1, 12.7062047361747},  {0.975, 2, 4.30265272974946},
                 {0.975, 5, 2.57058183563631},  {0.95, 10, 1.81246112281168},
                 {0.995, 3, 5.84090930973336},  {0.975, 30, 2.04227245630124},
                 {0.025, 4, -2.77644510519779}, {0.5, 7, 0}};
    for (size_t i = 0; i < COUNT(table); i++) {
        double t;
        ck_assert_int_eq(assay_student_quantile(table[i].q, table[i].freedom, &t), ASSAY_OK);
        ck_assert_double_eq_tol(t, table[i].t, 1e-11 * (1 + fabs(table[i].t)));
    }
}
END_TEST

START_TEST(exponent_of_a_power_law_is_exact)
{
    const double x[] = {1, 2, 4, 8}, y[] = {3, 12, 48, 192};
    assay_interval exponent;
    double factor;
    ck_assert_int_eq(assay_fit_exponent(x, y, 4, 0.95, &exponent, &factor), ASSAY_OK);
    ck_assert_double_eq_tol(exponent.estimate, 2, 1e-14);
    ck_assert_double_eq_tol(exponent.high - exponent.low, 0, 1e-13);
    ck_assert_double_eq_tol(factor, 3, 1e-13);
}
END_TEST

/* By hand, in powers of two: log y = 0, 1, 1 over log x = 0, 1, 2 has the slope 1/2, residuals -1/6, 1/3, -1/6, hence a
 * standard error of sqrt(1/6 / 1 / 2), and t = 12.706 for one degree of freedom. */
START_TEST(exponent_has_students_interval)
{
    const double x[] = {1, 2, 4}, y[] = {1, 2, 2};
    assay_interval exponent;
    ck_assert_int_eq(assay_fit_exponent(x, y, 3, 0.95, &exponent, NULL), ASSAY_OK);
    const double half = 12.7062047361747 * sqrt(1.0 / 12);
    ck_assert_double_eq_tol(exponent.estimate, 0.5, 1e-14);
    ck_assert_double_eq_tol(exponent.low, 0.5 - half, 1e-10);
    ck_assert_double_eq_tol(exponent.high, 0.5 + half, 1e-10);
}
END_TEST

START_TEST(fits_refuse)
{
    const double good[] = {1, 2, 3}, bad[] = {1, 0, 3}, same[] = {2, 2, 2};
    assay_interval exponent = {42, 42, 42};
    double t = 42;
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fit_exponent(NULL, good, 3, 0.95, &exponent, NULL), "x is null");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fit_exponent(good, good, 2, 0.95, &exponent, NULL), "n is 2");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fit_exponent(good, bad, 3, 0.95, &exponent, NULL), "point 1");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_fit_exponent(same, good, 3, 0.95, &exponent, NULL), "all x are 2");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_fit_exponent(good, good, 3, 1, &exponent, NULL), "confidence is 1");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_student_quantile(1, 3, &t), "q is 1");
    assert_refused(ASSAY_OUT_OF_RANGE, assay_student_quantile(0.9, 0, &t), "freedom is 0");
    ck_assert(exponent.estimate == 42 && t == 42);
}
END_TEST

Suite *test_statistics(void);

Suite *test_statistics(void)
{
    const struct {
        const char *name;
        const TTest *tests[12];
    } cases[] = {
        {"order", {median_is_the_middle, quantile_is_type_7, order_statistics_refuse}},
        {"bootstrap",
         {bootstrap_median_is_that_of_all_resamples, bootstrap_ratio_is_that_of_all_resamples,
          bootstrap_paired_keeps_pairs_together, bootstrap_replays, bootstrap_median_covers_as_often_as_theory_says,
          bootstrap_ratio_covers, bootstrap_refuses}},
        {"ranks",
         {mann_whitney_equals_enumeration, mann_whitney_agrees_with_the_published_table,
          mann_whitney_agrees_with_published_examples, mann_whitney_changes_to_the_normal_approximation,
          mann_whitney_at_the_edges, wilcoxon_equals_enumeration, wilcoxon_agrees_with_the_published_table,
          wilcoxon_agrees_with_published_examples, wilcoxon_changes_to_the_normal_approximation, rank_tests_refuse}},
        {"many",
         {benjamini_hochberg_agrees_with_the_paper, benjamini_hochberg_equals_its_definition,
          benjamini_hochberg_refuses}},
        {"fits",
         {student_quantiles_agree_with_published_ones, exponent_of_a_power_law_is_exact, exponent_has_students_interval,
          fits_refuse}},
    };
    Suite *suite = suite_create("statistics");
    for (size_t i = 0; i < COUNT(cases); i++) {
        TCase *group = tcase_create(cases[i].name);
        tcase_set_timeout(group, 60);
        for (size_t j = 0; j < COUNT(cases[i].tests) && cases[i].tests[j]; j++)
            tcase_add_test(group, cases[i].tests[j]);
        suite_add_tcase(suite, group);
    }
    return suite;
}
