/**
 * @file change_points.h
 * Where a sequence of measurements changes: E-divisive means of Matteson and James (A Nonparametric Approach for
 * Multiple Change Point Analysis of Multivariate Data, JASA 109 (2014), arXiv:1306.4933) in one dimension with exponent
 * 1, and a test for the few newest numbers, which are too few for permutations. Docs: docs/statistics.md.
 */
#ifndef ASSAY_CHANGE_POINTS_H
#define ASSAY_CHANGE_POINTS_H

#include "assay/random.h"

ASSAY_BEGIN_DECLARATIONS

/** The longest sequence, in numbers: the work grows with its square. */
#define ASSAY_CHANGE_MOST 10000

/** The best cut of a sequence in two. */
typedef struct assay_split {
    size_t at;        /**< the first number after the cut; 0: the sequence is too short to be cut */
    size_t end;       /**< the numbers at .. end - 1 are what those before the cut differ most from (kappa) */
    double statistic; /**< how much: Q of equation (6) at its largest; 0 without a cut */
} assay_split;

/** Finds the cut with the largest Q (equations (5) to (7) of the paper, exponent 1), which leaves at least
 *  @p min_segment >= 2 numbers on either side; the first one if several. Of @p n <= ASSAY_CHANGE_MOST finite numbers,
 * in O(n^2) operations and O(n) memory. */
assay_status assay_best_split(const double *x, size_t n, size_t min_segment, assay_split *split);

/** Settings; zero members mean the default. */
typedef struct assay_change_options {
    size_t min_segment;  /**< numbers in a segment, at least 2; default 3 */
    size_t permutations; /**< for each test, at least 19; default 4999 */
    double level;        /**< of each test, above 0, at most 1; default 0.01 */
    size_t most;         /**< change points; default: as many as there are */
    assay_random random; /**< of the permutations: the same numbers give the same change points */
} assay_change_options;

/** A point where the distribution changes. */
typedef struct assay_change_point {
    size_t at;        /**< the first number of the new segment */
    double statistic; /**< Q of equation (6) when it was found */
    double p;         /**< of the permutation test when it was found */
    size_t step;      /**< 0: it was found first, 1: second, ... */
} assay_change_point;

/** Cuts the sequence hierarchically (section 2.3 of the paper): the best cut of any segment is tested against those of
 *  sequences whose numbers are permuted within the segments (section 2.4), and accepted while p is at most the level. A
 *  test ends early when 20 permutations have reached the statistic (Besag and Clifford, Biometrika 78 (1991)), and has
 *  p = 20 / permutations so far, which is valid, too. @p points, in order of place, has room for n / min_segment. */
assay_status assay_change_points(const double *x, size_t n, const assay_change_options *options,
                                 assay_change_point *points, size_t *count);

/** Student's one-sided test with pooled variance whether @p after has the larger mean: p is small if so. With one
 * number after, it is the test by the prediction interval of the numbers before. At least 1 number each, at least 3
 * together, all finite. If no number differs from the others on its side, p is 0 or 1. */
assay_status assay_step_up(const double *before, size_t n, const double *after, size_t m, double *p);

/** Settings of assay_newest_rise(); zero members mean the default. */
typedef struct assay_rise_options {
    assay_change_options changes; /**< for the segments before, and for the test by permutations */
    size_t recent;                /**< how many of the newest numbers a new segment may have; default 5 */
    size_t least;                 /**< how many it must have, at most @c recent; default 1 */
    double size;                  /**< the least difference of medians that counts; 0: any */
} assay_rise_options;

/** Whether the newest number lies in a new, higher segment. */
typedef struct assay_rise {
    double p;    /**< small if so; 1 if nothing rose by the size that counts; NaN: too few numbers to tell */
    size_t at;   /**< the first number of the new segment; n if p is 1 or NaN */
    size_t base; /**< the first number of the segment before, which ends at @c at */
} assay_rise;

/** The fewest numbers before a new segment; with @c least fewer, nothing can be judged. */
#define ASSAY_RISE_BASE 5

/** Tests the newest @c least to @c recent numbers against the segment before them by assay_step_up(), and the newest
 *  change point, if it leaves as many, by its permutations; p is the smaller of the two, corrected for the number of
 *  tests (Bonferroni). In both cases the medians must differ by the size, and each new number must be above the median
 *  before by half of it: where the newest number has fallen again, nothing is to be said; nor where a cut before the
 * recent numbers is the better one, as the segment is not new. */
assay_status assay_newest_rise(const double *x, size_t n, const assay_rise_options *options, assay_rise *rise);

ASSAY_END_DECLARATIONS

#endif
