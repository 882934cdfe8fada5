/**
 * @file evolved_exp_search.h
 * Straight-line programs as data, and the evolutionary search that finds them.
 *
 * E. Real et al., AutoNumerics-Zero: Automated Discovery of State-of-the-Art Mathematical Functions, arXiv:2312.08472.
 * The program type itself is in evolved_exp.h. A program computes f(x) by the nodes that its output needs, in their
 * order, one IEEE operation for each; its accuracy against a target function and its cost (a count of operations) are
 * the two objectives of the search.
 */
#ifndef ASSAY_EVOLVED_EXP_SEARCH_H
#define ASSAY_EVOLVED_EXP_SEARCH_H

#include "assay/evolved_exp.h"

#include <stdbool.h>

ASSAY_BEGIN_DECLARATIONS

/* ---- Programs ------------------------------------------------------------------------------------------------- */

/** Number of arguments of an operation, 0 to 3: those of a node are a, then b, then c; the others mean nothing. */
unsigned evolved_exp_arguments(evolved_exp_operation operation);

/** Fails with ASSAY_INVALID_ARGUMENT unless the program has 1 to EVOLVED_EXP_NODES nodes, known operations, arguments
 *  that are earlier nodes (so there is no cycle), an output that is one of its nodes, and finite constants. */
assay_status evolved_exp_check(const evolved_exp_program *program);

/** y[i] = f(x[i]) in IEEE double arithmetic, one rounding for each node, no reassociation: the same bits at every
 * level. A NaN result is always the positive quiet NaN. Any n and alignment; y may be x, but must not overlap it
 * otherwise. */
assay_status evolved_exp_evaluate_f64(const evolved_exp_program *program, const double *x, double *y, size_t n);

/** The same in IEEE float arithmetic, with the constants rounded to float. */
assay_status evolved_exp_evaluate_f32(const evolved_exp_program *program, const float *x, float *y, size_t n);

/** evolved_exp_evaluate_f64() plainly: one point after another, one node after another. */
assay_status evolved_exp_reference_evaluate_f64(const evolved_exp_program *program, const double *x, double *y,
                                                size_t n);

/** evolved_exp_evaluate_f32() plainly: one point after another, one node after another. */
assay_status evolved_exp_reference_evaluate_f32(const evolved_exp_program *program, const float *x, float *y, size_t n);

/** The cost: nodes that are operations, that the output needs and that depend on x, but at least 2. A node that is used
 *  twice counts once, a fused multiply-add counts 1, and what depends on constants alone is free. */
assay_status evolved_exp_cost(const evolved_exp_program *program, uint32_t *cost);

/** Drops the nodes that the output does not need; the others keep their order. */
assay_status evolved_exp_prune(evolved_exp_program *program);

/** Replaces each largest part that does not depend on x by one constant with its value (in double), then prunes.
 *  ASSAY_OUT_OF_RANGE if such a value is not finite. */
assay_status evolved_exp_collapse(evolved_exp_program *program);

/**
 * Writes the program as text, one line for each node and one for the output, constants in hexadecimal:
 *
 *     0 x
 *     1 constant 0x1.9p+4
 *     2 divide 1 0
 *     output 2
 *
 * @p length, which may be null, receives the length without the final null byte. @p text may be null with
 * capacity 0 to ask for the length. ASSAY_OUT_OF_RANGE if the text does not fit.
 */
assay_status evolved_exp_print(const evolved_exp_program *program, char *text, size_t capacity, size_t *length);

/** Reads what evolved_exp_print() writes, bit for bit; arguments that mean nothing become 0. Empty lines and lines that
 *  start with '#' are skipped. ASSAY_BAD_DATA, naming the line, for anything else, text after the output included. */
assay_status evolved_exp_parse(const char *text, evolved_exp_program *program);

/**
 * Programs for 2^x on (0, 1] that are known by name. At x = 0 those that divide by x rely on IEEE infinity.
 *
 * - "f2", "f3", "f5", "f10": evolved, Figure 11 of the paper; the number is the cost. Largest relative errors 4.138e-2,
 *   1.2266e-3, 6.3386e-6 and 3.5527e-15 in real arithmetic.
 * - "T3" to "T12": the same three forms with minimax constants and a power of two as exponent, the best of each cost.
 *   Digits 3.062, 3.664, 5.362, 6.563, 9.249, 11.049, 12.853, 14.659, 16.465, 18.271 in real arithmetic. T10 to T12
 *   hold each constant as a sum of two, which costs nothing and carries the digits that one double cannot.
 */
assay_status evolved_exp_known(const char *name, evolved_exp_program *program);

/** The name of the known program at @p position, 0, 1, ...; null beyond the last. */
const char *evolved_exp_known_name(size_t position);

/* ---- Targets and errors --------------------------------------------------------------------------------------- */

/** Functions to be approximated, with the interval and the error that evolved_exp_problem_default() gives them. */
typedef enum evolved_exp_target {
    EVOLVED_EXP_TARGET_EXP2,     /**< 2^x; [0, 1], relative */
    EVOLVED_EXP_TARGET_EXP,      /**< e^x; [0, 1], relative */
    EVOLVED_EXP_TARGET_LOG2,     /**< log2 x; [1, 2], absolute, because it is 0 at 1 */
    EVOLVED_EXP_TARGET_LOG2P1,   /**< log2(1 + x); [1e-3, 1], relative */
    EVOLVED_EXP_TARGET_SIN,      /**< sin x; [1e-3, 1], relative */
    EVOLVED_EXP_TARGET_COS,      /**< cos x; [0, pi/4], absolute */
    EVOLVED_EXP_TARGET_ERF,      /**< erf x; [1e-3, 1], relative */
    EVOLVED_EXP_TARGET_TANH,     /**< tanh x; [1e-3, 1], relative */
    EVOLVED_EXP_TARGET_ERF_TAIL, /**< G with erf x = 1 - exp(-x^2) / (x sqrt(pi)) G(x); [1, 5]; errors are those of erf
                                  */
    EVOLVED_EXP_TARGET_AIRY,     /**< Ai(-7x); [0, 1], absolute */
    EVOLVED_EXP_TARGET_WAVY,     /**< 1 + Ai(-7x), which has no zeros; [0, 1], relative */
    EVOLVED_EXP_TARGET_BESSEL    /**< I_1/2(x) = sqrt(2 / (pi x)) sinh x; [1e-3, 1], relative */
} evolved_exp_target;

/** Number of targets. */
#define EVOLVED_EXP_TARGETS 12

/** Names of the targets: "exp2", "exp", "log2", "log2p1", "sin", "cos", "erf", "tanh", "erf_tail", "airy", "wavy",
 *  "bessel"; null if @p target is none. */
const char *evolved_exp_target_name(evolved_exp_target target);

/** Finds the target of a name; ASSAY_INVALID_ARGUMENT if there is none. */
assay_status evolved_exp_target_parse(const char *name, evolved_exp_target *target);

/** y[i] = target(x[i]), within 1 ulp for the arguments of its domain: finite results of exp and exp2, x > 0 for log2
 * and erf_tail (up to 5), x > -1 for log2p1, x in [0, 2] for airy and wavy, x >= 0 for bessel. Outside: NaN or
 * infinity. */
assay_status evolved_exp_target_values(evolved_exp_target target, const double *x, double *y, size_t n);

/** How the error of f at a point is measured; E is the largest over the points, +inf if any of them is not finite. */
typedef enum evolved_exp_error_kind {
    EVOLVED_EXP_RELATIVE,   /**< |f - y| / |y| */
    EVOLVED_EXP_ABSOLUTE,   /**< |f - y| */
    EVOLVED_EXP_ULP32_FIXED /**< |f - y| in units of the last place of one fixed float */
} evolved_exp_error_kind;

/** The arithmetic in which programs are run. */
typedef enum evolved_exp_precision {
    EVOLVED_EXP_F64, /**< double */
    EVOLVED_EXP_F32  /**< float, constants rounded to it */
} evolved_exp_precision;

/** What is to be approximated, where, and how its error is measured. */
typedef struct evolved_exp_problem {
    evolved_exp_target target;    /**< the function */
    double low;                   /**< left end of the interval, finite; the target is finite from here to @c high, */
    double high;                  /**< right end, above @c low; and not 0 if the error is relative */
    evolved_exp_error_kind error; /**< how the error of a point is measured */
    double ulp_of;                /**< for ULP32_FIXED: the float whose unit it is, e.g. 1.5 for 2^x on [0, 1] */
    evolved_exp_precision precision; /**< of the arithmetic that runs the program */
} evolved_exp_problem;

/** The interval and the error of the table above, in double arithmetic. */
assay_status evolved_exp_problem_default(evolved_exp_target target, evolved_exp_problem *problem);

/** ASSAY_OUT_OF_RANGE, naming the member, unless the problem is as its comments demand. */
assay_status evolved_exp_problem_check(const evolved_exp_problem *problem);

/** E of a program over @p points (1 to 2^24) Chebyshev points low + (high - low) (1 - cos((2i + 1) pi / 2n)) / 2,
 * against target values rounded to double. The same bits at every level. */
assay_status evolved_exp_measure(const evolved_exp_problem *problem, const evolved_exp_program *program, size_t points,
                                 double *error);

/** evolved_exp_measure() by the plain evaluator and one thread; the same bits. */
assay_status evolved_exp_reference_measure(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                           size_t points, double *error);

/* ---- Minimax constants ---------------------------------------------------------------------------------------- */

/** What evolved_exp_tune() found. */
typedef struct evolved_exp_tuning {
    double error;                        /**< the largest error in exact arithmetic, constants as pairs */
    double spread;                       /**< largest minus smallest error at the extrema, over the largest */
    size_t extrema;                      /**< at which the error alternates: constants + 1 */
    int exchanges;                       /**< how often the points were moved to the extrema */
    double low_parts[EVOLVED_EXP_NODES]; /**< for each constant node, what its double lacks */
} evolved_exp_tuning;

/**
 * Makes the constants of a program minimax by exchange: solves error(x_i) = (-1)^i E at k + 1 points by Newton's
 * method, moves the points to the extrema, and repeats until the largest error and |E| differ by less than 1e-6, all in
 * double-double arithmetic. @p tuning may be null. Constants that are not independent make the equations singular.
 *
 * ASSAY_NOT_CONVERGED, with the program untouched, if the error does not alternate often enough.
 */
assay_status evolved_exp_tune(const evolved_exp_problem *problem, evolved_exp_program *program,
                              evolved_exp_tuning *tuning);

/* ---- The search ----------------------------------------------------------------------------------------------- */

/** The full method, or one of the paper's ablations. */
typedef enum evolved_exp_variant {
    EVOLVED_EXP_FULL,        /**< everything */
    EVOLVED_EXP_RANDOM,      /**< parents are drawn uniformly instead of selected */
    EVOLVED_EXP_NO_CMA,      /**< one generation of CMA-ES: lambda random constants, the best kept */
    EVOLVED_EXP_NO_STRUCTURE /**< a child is a fresh random graph */
} evolved_exp_variant;

/** Where constants start from. */
typedef enum evolved_exp_start {
    EVOLVED_EXP_NONANCHORED, /**< drawn afresh for each candidate: +-10^-u, u uniform in [0, decades] */
    EVOLVED_EXP_LAMARCKIAN,  /**< the tuned values of the parent */
    EVOLVED_EXP_EITHER       /**< a coin decides */
} evolved_exp_start;

/**
 * A cost that is measured instead of counted (hardware mode), e.g. the nanoseconds of the program compiled for this
 * machine. The library never compiles or runs anything itself: the user does in @c measure, by way of
 * evolved_exp_emit() if need be. It is called from one thread, for one feasible candidate after another. If it fails,
 * so does the search's run.
 */
typedef struct evolved_exp_cost_function {
    assay_status (*measure)(void *self, const evolved_exp_program *program, double *cost); /**< cost finite, >= 0 */
    void *self;                                                                            /**< given to @c measure */
    const char *name; /**< part of the configuration's identity, at most 63 characters */
} evolved_exp_cost_function;

/** A search's configuration; start from evolved_exp_search_default(). */
typedef struct evolved_exp_search_config {
    evolved_exp_problem problem; /**< what is to be approximated */
    unsigned operations;         /**< set of allowed operations: 1u << EVOLVED_EXP_ADD | ... */
    uint32_t max_operations;     /**< largest number of operation nodes, 1 to 30 */
    uint32_t population;         /**< S: parents of an island, 2 to 4096 */
    uint32_t islands;            /**< W: 1 to 256; population * islands is at most 65536 */
    uint32_t train_points;       /**< 2 to 65536 */
    uint32_t validation_points;  /**< 2 to 2^20 */
    evolved_exp_start start;     /**< where the constants of a candidate start from */
    double decades;              /**< r, 0 to 300 */
    uint32_t generations;        /**< G: at most so many in one run of CMA-ES, 1 to 10^6 */
    uint32_t lambda;             /**< its population; 0 for max(8, 4 + floor(3 ln k)), else 4 to 4096 */
    double sigma;                /**< its first step size, positive */
    bool collapse;               /**< constant parts become one constant after a mutation */
    bool elitist;                /**< parents compete with the children; else a child is with probability 1/2 a copy */
    uint32_t evaluations;        /**< CMA-ES runs for candidates that compute the same function of x and their constants
                                      (functional_hash.h); later ones take the best constants. 0: always run it */
    evolved_exp_variant variant; /**< the full method, or which ablation */
    double feasible;             /**< hardware mode: the largest error that counts as correct, e.g. 1 ulp */
    evolved_exp_cost_function cost; /**< measure is null: operations are counted */
} evolved_exp_search_config;

/** S = 24, one island, {+, -, *, /} (and the square root for bessel), at most 8 operations, 64 training and 4096
 *  validation points, start EITHER with 4 decades, G = 400, sigma 0.1, collapse, elitist, 12 evaluations. */
assay_status evolved_exp_search_default(evolved_exp_target target, evolved_exp_search_config *config);

/** A program that the search found. */
typedef struct evolved_exp_found {
    evolved_exp_program program; /**< with its tuned constants */
    double error;                /**< E over the validation points */
    uint32_t operations;         /**< evolved_exp_cost() */
    double cost;                 /**< the same, or the measured cost */
    uint64_t candidate;          /**< number of the candidate, from 1 */
} evolved_exp_found;

/** The best program found for each number of operations, in that order (by error; in hardware mode feasible ones first,
 *  and by their cost). */
typedef struct evolved_exp_archive {
    size_t count;                /**< numbers of operations for which there is a program */
    evolved_exp_found found[32]; /**< the first @c count are in use, fewest operations first */
} evolved_exp_archive;

/** How far a search has come. */
typedef struct evolved_exp_search_counts {
    uint64_t candidates;  /**< programs proposed */
    uint64_t cached;      /**< of them not tuned, because their function was known */
    uint64_t tuned;       /**< runs of CMA-ES */
    uint64_t evaluations; /**< of E over the training points */
    uint64_t functions;   /**< distinct functions seen */
} evolved_exp_search_counts;

/** A search in progress. */
typedef struct evolved_exp_search evolved_exp_search;

/** Starts a search from the empty program f(x) = x. ASSAY_OUT_OF_RANGE, naming the member, for a configuration that its
 *  comments forbid. */
assay_status evolved_exp_search_create(const evolved_exp_search_config *config, uint64_t seed,
                                       evolved_exp_search **search);

/**
 * Goes on for @p candidates more candidates (at least 1). What is found depends on the configuration, the seed and the
 * total number of candidates alone: not on the level, the number of threads, or how the total is split into calls.
 */
assay_status evolved_exp_search_run(evolved_exp_search *search, uint64_t candidates);

/** The same by one thread and the scalar evaluator. */
assay_status evolved_exp_reference_search_run(evolved_exp_search *search, uint64_t candidates);

/** Copies the archive. With @p polish, each program's constants are tuned by evolved_exp_tune() and kept if the error
 *  over the validation points became smaller. */
assay_status evolved_exp_search_archive(const evolved_exp_search *search, bool polish, evolved_exp_archive *archive);

/** How far the search has come since it was created; saving and loading do not interrupt the count. */
assay_status evolved_exp_search_count(const evolved_exp_search *search, evolved_exp_search_counts *counts);

/** Writes the whole state to a file: into a temporary one beside it, which then takes its name. */
assay_status evolved_exp_search_save(const evolved_exp_search *search, const char *path);

/** Goes on from a file. ASSAY_BAD_DATA for one that is truncated, changed or of another version, ASSAY_MISMATCH for one
 *  of another configuration or seed. */
assay_status evolved_exp_search_load(const evolved_exp_search_config *config, uint64_t seed, const char *path,
                                     evolved_exp_search **search);

/** Ends a search; null is fine. */
void evolved_exp_search_destroy(evolved_exp_search *search);

/** One random mutation of a program, as the search makes them (section "Mutation" of the algorithm), for index @p index
 * of the seed; the same arguments give the same child. Only operations, max_operations, decades and collapse of the
 *  configuration matter. ASSAY_OUT_OF_RANGE for a parent of EVOLVED_EXP_NODES nodes, which may leave no room. */
assay_status evolved_exp_mutate(const evolved_exp_search_config *config, uint64_t seed, uint64_t index,
                                const evolved_exp_program *parent, evolved_exp_program *child);

/* ---- Hardware mode -------------------------------------------------------------------------------------------- */

/** Writes a C function `void NAME(const T *restrict x, T *restrict y, size_t n)` that runs the program over arrays, T
 * being the type of @p precision; it is to be compiled with -ffp-contract=off. Arguments as for evolved_exp_print(). */
assay_status evolved_exp_emit(const evolved_exp_program *program, evolved_exp_precision precision, const char *name,
                              char *text, size_t capacity, size_t *length);

/** Measured costs by program, kept in a file so that a search can be replayed. */
typedef struct evolved_exp_cost_log evolved_exp_cost_log;

/**
 * Opens a log, which need not exist, and reads what it holds. Costs that are in it are read back; others are measured
 * by
 * @p inner and appended, or, if inner->measure is null, refused with ASSAY_MISMATCH (a pure replay). ASSAY_BAD_DATA for
 * a malformed log.
 */
assay_status evolved_exp_cost_log_open(const char *path, evolved_exp_cost_function inner, evolved_exp_cost_log **log);

/** The cost function to put into a configuration. */
evolved_exp_cost_function evolved_exp_cost_log_function(evolved_exp_cost_log *log);

/** Closes; null is fine. */
void evolved_exp_cost_log_close(evolved_exp_cost_log *log);

ASSAY_END_DECLARATIONS

#endif
