/**
 * @file statistics.h
 * The statistics that the harness rests on. Docs: docs/statistics.md.
 */
#ifndef ASSAY_STATISTICS_H
#define ASSAY_STATISTICS_H

#include "assay/random.h"

ASSAY_BEGIN_DECLARATIONS

/** An estimate with its confidence interval. */
typedef struct assay_interval {
    double estimate; /**< from the sample as it is */
    double low;      /**< lower end of the interval */
    double high;     /**< upper end; low <= high */
} assay_interval;

/** Median of @p n >= 1 numbers (mean of the two middle ones if n is even). Fails on NaN; infinities are numbers like
 *  others, unless the median lies between -inf and inf. @p x is left as it is. */
assay_status assay_median(const double *x, size_t n, double *median);

/** Quantile @p q in [0, 1], linearly interpolated between order statistics (type 7 of Hyndman and Fan 1996). Otherwise
 *  like assay_median(). */
assay_status assay_quantile(const double *x, size_t n, double q, double *quantile);

/** Median with its percentile bootstrap interval at @p confidence in (0, 1), from @p resamples >= 100 resamples. All
 *  numbers must be finite. The resamples are drawn by the numbers of @p r from index 0 on, so that the same call gives
 *  the same interval; the order of the numbers does not matter. */
assay_status assay_bootstrap_median(const double *x, size_t n, double confidence, size_t resamples, assay_random r,
                                    assay_interval *interval);

/** Ratio of medians, median(x) / median(y), with its percentile bootstrap interval (x and y resampled on their own).
 *  All x must be finite, all y finite and above 0. */
assay_status assay_bootstrap_ratio(const double *x, size_t nx, const double *y, size_t ny, double confidence,
                                   size_t resamples, assay_random r, assay_interval *interval);

/** Median of the pairwise ratios x[i] / y[i] with its interval (pairs resampled together). All x must be finite, all y
 *  finite and above 0. */
assay_status assay_bootstrap_paired_ratio(const double *x, const double *y, size_t n, double confidence,
                                          size_t resamples, assay_random r, assay_interval *interval);

/** Two-sided Mann-Whitney U test: exact by counting for nx + ny <= 40 without ties, else normal with tie and continuity
 *  correction. @p u counts pairs with x > y (ties 1/2); may be null. All numbers must be finite. */
assay_status assay_mann_whitney(const double *x, size_t nx, const double *y, size_t ny, double *u, double *p);

/** Two-sided Wilcoxon signed-rank test of d[i] around 0, zeros dropped: exact if at most 40 are left, without ties in
 *  |d|, else normal with corrections. p is 1 if nothing is left. @p w is the sum of ranks of positive differences; may
 *  be null. All numbers must be finite. */
assay_status assay_wilcoxon(const double *d, size_t n, double *w, double *p);

/** Benjamini and Hochberg: adjusted[i] is the smallest false discovery rate at which hypothesis i is rejected. Needs
 *  0 <= p[i] <= 1; @p adjusted may be @p p. */
assay_status assay_benjamini_hochberg(const double *p, size_t n, double *adjusted);

/** Fits y = factor x^exponent by least squares of the logarithms over @p n >= 3 points, all x and y finite and above 0,
 *  at least two different x. The interval of the exponent is Student's at @p confidence in (0, 1), which takes the
 *  errors of log y for independent and normal. @p factor may be null. */
assay_status assay_fit_exponent(const double *x, const double *y, size_t n, double confidence, assay_interval *exponent,
                                double *factor);

/** The quantile @p q in (0, 1) of Student's distribution with @p freedom >= 1 degrees of freedom. */
assay_status assay_student_quantile(double q, int freedom, double *quantile);

/** The interval of Clopper and Pearson for a probability, from @p successes among @p n >= 1 trials, at @p confidence in
 *  (0, 1), two-sided with equal tails. The estimate is successes / n. */
assay_status assay_clopper_pearson(size_t successes, size_t n, double confidence, assay_interval *interval);

/** The regularised incomplete beta function I_x(a, b), 0 <= x <= 1, a and b above 0: relative error below 1e-10. */
assay_status assay_incomplete_beta(double a, double b, double x, double *value);

ASSAY_END_DECLARATIONS

#endif
