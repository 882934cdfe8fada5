/**
 * @file verify.h
 * The verify layer: how an algorithm says what is to be checked, and how checks are run.
 *
 * An algorithm's verify file is a table of checks and the small functions behind them; everything else (a process for
 * each check, every CPU level, thread counts, guard pages, odd lengths, saboteurs, seeds, time limits) is done here.
 */
#ifndef ASSAY_VERIFY_H
#define ASSAY_VERIFY_H

#include "assay/cpu.h"
#include "assay/random.h"
#include "assay/record.h"
#include "assay/statistics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** How much is checked. */
typedef enum verify_depth {
    VERIFY_QUICK,     /**< under a minute for everything */
    VERIFY_FULL,      /**< more seeds, sizes and every claim */
    VERIFY_EXHAUSTIVE /**< all 2^32 inputs of float32 functions */
} verify_depth;

/** "quick", "full", "exhaustive". */
const char *verify_depth_name(verify_depth depth);

/* ---- Inside a check ------------------------------------------------------------------------------------------- */

/** One check in progress. */
typedef struct verify_context verify_context;

verify_depth verify_depth_of(const verify_context *v);                /**< how deep this run goes */
assay_level verify_level_of(const verify_context *v);                 /**< the CPU level in force (already set) */
uint64_t verify_seed_of(const verify_context *v);                     /**< the run's seed */
assay_random verify_random(const verify_context *v, uint64_t stream); /**< random numbers of this run and purpose */

/** Holds @p measured against @p limit; NaN never passes. The check's result shows the tightest (or first failed) of its
 *  measurements, and @p format says where it was taken. */
void verify_at_most(verify_context *v, double measured, double limit, const char *unit, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/** The same for what must be at least @p limit. */
void verify_at_least(verify_context *v, double measured, double limit, const char *unit, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/** Demands a condition; returns it, so that a check can stop early. */
bool verify_true(verify_context *v, bool condition, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Demands bit equality of two numbers. */
bool verify_same_bits(verify_context *v, uint64_t actual, uint64_t expected, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Demands that a call succeeded; the failure shows its assay_error(). */
bool verify_ok(verify_context *v, assay_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Demands that a call was refused with @p expected and that assay_error() mentions @p mentions (an argument's name).
 */
void verify_rejects(verify_context *v, assay_status actual, assay_status expected, const char *mentions,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Ends the check as skipped. The first reason stays; return from the check afterwards. */
void verify_skip(verify_context *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Adds words to the result, e.g. where the worst case is. The last note stays. */
void verify_note(verify_context *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Records points to be drawn; algorithm and implementation are filled in by the harness. */
void verify_record_series(verify_context *v, const assay_series *series);

/* ---- Claims --------------------------------------------------------------------------------------------------- */

/**
 * A result of the paper, measured again. The harness calls @p measure once for each of @p seeds seeds (the run's seed,
 * the next one, ...). A seed passes if its measurement lies in [low, high]. The claim is reproduced if every seed
 * passes, reproduced in part if at least half of them do or if every one lies in [part_low, part_high], else not
 * reproduced. It fails (as a check) only if a measurement could not be taken.
 */
typedef struct verify_claim {
    const char *statement;   /**< in words, with the scale of our experiment */
    const char *paper_value; /**< the paper's number */
    const char *provenance;  /**< "abstract", "paper", "recalled", "derived", "note", "code" */
    const char *unit;        /**< of the measurement, e.g. "per cent"; "" for none */
    double (*measure)(verify_context *v, uint64_t seed); /**< NaN with a verify_note() if it could not be measured */
    double low;       /**< least measurement that reproduces it; -INFINITY if it has no lower side */
    double high;      /**< largest measurement that reproduces it; INFINITY if it has no upper side */
    double part_low;  /**< the same for "in part"; leave this and the next 0 if there is no such interval */
    double part_high; /**< see @c part_low */
    int seeds;        /**< 1 for a claim without randomness, else at least 5 */
} verify_claim;

/* ---- Agreement ------------------------------------------------------------------------------------------------ */

/** Element types of buffers. */
typedef enum verify_type { VERIFY_F32, VERIFY_F64, VERIFY_U8, VERIFY_U16, VERIFY_U32, VERIFY_U64 } verify_type;

/** Size of an element in bytes. */
size_t verify_type_size(verify_type type);

/** How outputs are compared. The measure is 0 for identical outputs, and NaN agrees only with NaN (except BITWISE,
 *  where their bits must be the same). */
typedef enum verify_metric {
    VERIFY_BITWISE,       /**< number of elements whose bits differ */
    VERIFY_ULP,           /**< largest distance in units in the last place of the expected value */
    VERIFY_RELATIVE_NORM, /**< ||actual - expected||_2 / ||expected||_2 */
    VERIFY_MAX_ABSOLUTE,  /**< max |actual - expected| */
    VERIFY_SET,           /**< elements not found in the other, as multisets, whatever the order */
    VERIFY_ORDER          /**< number of positions whose values differ (-0 equals +0) */
} verify_metric;

/** What a metric found. */
typedef struct verify_difference {
    double measure;  /**< how far apart; infinite if one side is NaN or infinite and the other is not */
    size_t where;    /**< index of the worst element */
    double expected; /**< what it should be, for the message */
    double actual;   /**< what it is */
} verify_difference;

/** Measures how far @p actual is from @p expected, @p n elements each. */
verify_difference verify_compare(verify_metric metric, verify_type type, const void *expected, const void *actual,
                                 size_t n);

/** One argument array of a kernel. */
typedef struct verify_operand {
    const char *name; /**< as the kernel's header calls it, for the message */
    verify_type type; /**< of its elements */
    /** Number of elements at scale @p n; null means n. */
    size_t (*count)(size_t n);
    /** Fills an input, or the prior contents of an output that the kernel adds to (null for a pure output). */
    void (*fill)(assay_random r, void *data, size_t count);
} verify_operand;

enum { VERIFY_OPERANDS = 4 };

/** The arrays of one call. */
typedef struct verify_call {
    size_t n;                        /**< the scale, from which the kernel derives its shapes */
    const void *in[VERIFY_OPERANDS]; /**< inputs in the order of verify_kernel.in; write-protected */
    void *out[VERIFY_OPERANDS];      /**< outputs in the order of verify_kernel.out */
} verify_call;

/**
 * An agreement check: the harness runs @p run at level REFERENCE with one thread, then at the level under test with 1,
 * 2 and 5 threads, over lengths 0 to 2 * lanes + 1 and some larger ones, on buffers that end at (and in a second pass
 * begin after) a forbidden page, misaligned in a third; inputs are write-protected, and each comparison must also
 * reject planted faults. Scales, thread counts and passes thus need no word in the algorithm's file.
 */
typedef struct verify_kernel {
    verify_operand in[VERIFY_OPERANDS];           /**< inputs; ends at the first without a name */
    verify_operand out[VERIFY_OPERANDS];          /**< outputs; ends at the first without a name */
    assay_status (*run)(const verify_call *call); /**< calls the public function, which takes the level in force */
    verify_metric metric;                         /**< how outputs are compared */
    double tolerance; /**< largest accepted measure, with its reason in a comment beside it */
    size_t lanes;     /**< elements that the widest code handles at once, unrolling included; 0 means 64 */
    size_t large[4];  /**< further scales, e.g. where threads start to be used; ends at the first 0 */
} verify_kernel;

/**
 * The same for what is no map of arrays: a check of kind ASSAY_AGREEMENT with a @c run of its own computes the expected
 * result after verify_use_reference(), then the actual one after verify_use_level() at each of verify_thread_counts,
 * and hands both to verify_agree():
 *
 *     verify_use_reference(v);
 *     solve(&problem, expected);
 *     for (const int *threads = verify_thread_counts; *threads; threads++) {
 *         verify_use_level(v, *threads);
 *         verify_spoil(actual, n * sizeof *actual);
 *         solve(&problem, actual);
 *         if (!verify_agree(v, VERIFY_RELATIVE_NORM, 1e-12, VERIFY_F64, expected, actual, n, "x, %d threads",
 * *threads)) break;
 *     }
 */
void verify_use_reference(verify_context *v);

/** From here on the level under test, with @p threads threads (0: as many as the machine has). */
void verify_use_level(verify_context *v, int threads);

/** The thread counts to be tried: 1, 2, 5, and 0 at the end. */
extern const int verify_thread_counts[];

/** Fills the room for results with 0xff (NaN): what a kernel does not write must not pass for what another run wrote
 *  there. Null is fine. */
void verify_spoil(void *results, size_t bytes);

/** Holds @p actual against @p expected, and the comparison itself against planted faults: one that accepts a wrong
 *  result fails as blind. @p format says what is compared. True if all is well. */
bool verify_agree(verify_context *v, verify_metric metric, double tolerance, verify_type type, const void *expected,
                  const void *actual, size_t n, const char *format, ...) __attribute__((format(printf, 8, 9)));

/* ---- Quantities to be recorded and drawn ----------------------------------------------------------------------- */

/** What an iterative method's error is drawn over. */
typedef enum verify_progress {
    VERIFY_ITERATIONS, /**< iterations, sweeps, evaluations */
    VERIFY_SECONDS     /**< time on the wall */
} verify_progress;

/** Records how an iterative method came near its end. Methods with the same @p chart are drawn together, the error on a
 *  logarithmic axis; errors that are not above 0 are left out. */
void verify_record_convergence(verify_context *v, const char *chart, const char *label, verify_progress along,
                               const char *error_label, const double *progress, const double *error, size_t n);

/** Records what quality a method reaches at what speed, one point for each setting; methods with the same @p chart are
 *  drawn together. @p quality_label is e.g. "recall@10", @p speed_label e.g. "queries per second". */
void verify_record_quality_speed(verify_context *v, const char *chart, const char *label, const char *quality_label,
                                 const char *speed_label, const double *quality, const double *speed, size_t n);

/** Records a count of operations made on @p workload, e.g. @p counted "word operations" by @p label "las vegas", and
 *  what theory allows (NaN: nothing). */
void verify_record_count(verify_context *v, const char *workload, const char *label, const char *counted, double count,
                         double bound);

/** Fits y = factor x^exponent to @p n >= 3 positive points (assay_fit_exponent() at 95 %), records points and line, and
 *  gives the exponent with its interval. False, with the check failed, if it cannot be fitted. */
bool verify_record_exponent(verify_context *v, const char *chart, const char *label, const char *x_label,
                            const char *y_label, const double *x, const double *y, size_t n, assay_interval *exponent);

/* ---- Exhaustive sweeps ---------------------------------------------------------------------------------------- */

struct oracle_function; /* verify/oracle.h */

/** A float32 function to be checked on every one of the 2^32 inputs (exhaustive), or on a sample of shards (quick). */
typedef struct verify_sweep {
    assay_status (*run)(const float *x, float *y, size_t n); /**< the function: y[i] = f(x[i]) at the level in force */
    const struct oracle_function *truth;                     /**< what f should be */
    double limit_ulp;                                        /**< every error must be below this */
    unsigned
        quick_shards[8]; /**< of 256 shards by the input's top 8 bits, those of the quick depth; ends at the first 0 */
} verify_sweep;

/* ---- The table ------------------------------------------------------------------------------------------------ */

/** One check. Exactly one of run, kernel, claim and sweep is set; kind follows from it except for run. */
typedef struct verify_check {
    assay_kind kind;      /**< of @c run; ignored for the others, whose kinds are agreement, claim and oracle */
    const char *name;     /**< short, without '/': "exp2_ulp", "C5" */
    const char *workload; /**< what it is measured on; may be null for an agreement */
    verify_depth from;    /**< the least depth at which it runs (QUICK: always) */
    bool every_level;     /**< run once for each CPU level of the algorithm (agreements and sweeps always are) */
    double seconds;       /**< time limit; 0 means 60, times 20 at greater depth */
    double false_alarm;   /**< of a check on random quantities: at most so probable is it that a right implementation
                           *   fails at a random seed, all its comparisons together; how that was computed stands in a
                           *   comment. 0: it cannot. Below 1e-6 for all quick checks together */
    void (*run)(verify_context *v); /**< any kind: demands things by verify_true(), verify_at_most(), ... */
    const verify_kernel *kernel;    /**< an agreement of optimized and reference */
    const verify_claim *claim;      /**< a claim of the paper */
    const verify_sweep *sweep;      /**< an oracle over all inputs */
} verify_check;

/** Enters an algorithm's checks; called before main by VERIFY_CHECKS. */
void verify_add(const char *algorithm, const verify_check *checks, size_t count);

/** Registers a table of checks: `VERIFY_CHECKS(lmul, checks);`. */
#define VERIFY_CHECKS(ALGORITHM, TABLE)                                                                                \
    __attribute__((constructor)) static void ALGORITHM##_enter_checks(void)                                            \
    {                                                                                                                  \
        verify_add(#ALGORITHM, TABLE, sizeof(TABLE) / sizeof((TABLE)[0]));                                             \
    }                                                                                                                  \
    struct ALGORITHM##_swallow_semicolon

/* ---- Programs for MPI ranks -------------------------------------------------------------------------------------- */

/** What every rank runs; MPI is neither initialised before nor finalised after it. Returns the exit status. */
typedef int verify_rank_program(int argc, char **argv);

/** Enters a program that checks start by verify_run_ranks(), under mpirun, as `assay ranks NAME ARGUMENT...`. */
void verify_add_rank_program(const char *name, verify_rank_program *program);

/** The program of a name; null if there is none. */
verify_rank_program *verify_find_rank_program(const char *name);

/** Registers one: `VERIFY_RANK_PROGRAM(sum, sum_over_ranks);`. */
#define VERIFY_RANK_PROGRAM(NAME, PROGRAM)                                                                             \
    __attribute__((constructor)) static void NAME##_enter_rank_program(void)                                           \
    {                                                                                                                  \
        verify_add_rank_program(#NAME, PROGRAM);                                                                       \
    }                                                                                                                  \
    struct NAME##_program_swallow_semicolon

/** Runs this program as `assay ranks NAME ARGUMENTS` on @p ranks ranks and gives what it printed (cut to @p size).
 *  ASSAY_UNSUPPORTED if this build is without MPI, mpirun is missing, or this process is itself under mpirun;
 *  ASSAY_IO if it failed. @p arguments are words of letters, digits, points, signs and spaces. */
assay_status verify_run_ranks(unsigned ranks, const char *name, const char *arguments, char *output, size_t size);

/* ---- Running -------------------------------------------------------------------------------------------------- */

/** A check at a level: one line of the plan. */
typedef struct verify_item {
    const char *algorithm;      /**< its name in the catalogue */
    const char *implementation; /**< name of the level */
    assay_level level;          /**< at which the check runs */
    const verify_check *check;  /**< what runs */
} verify_item;

/** Visits every item of the catalogue, whatever the depth and level; for `list` and for suggestions. */
void verify_each_item(void (*visit)(void *self, const verify_item *item), void *self);

/** What to run. */
typedef struct verify_options {
    const char *const *patterns; /**< globs over algorithm/implementation/check; a missing part means everything */
    size_t pattern_count;        /**< 0: everything */
    verify_depth depth;          /**< how much is checked */
    uint64_t seed;               /**< of all random numbers */
    unsigned shard;              /**< from 0: which part of the items to run; see @c shards */
    unsigned shards;             /**< run items with index = shard modulo this; 0 or 1: all. An exhaustive sweep is
                                  *   split by its 256 parts instead */
    bool fail_fast;              /**< stop after the first failure: later items get no result */
    double timeout_scale;        /**< multiplies every time limit (sanitizers, valgrind); 0 means 1 */
    bool no_fences;              /**< no forbidden pages behind assay_allocate()'s memory (memory.h) */
    bool starve;                 /**< in each check one call of assay_allocate() finds no memory, */
    uint64_t starve_after;       /**< that after so many */
    const char *program;         /**< for the replay commands, e.g. "build/assay" */
} verify_options;

/** Who gets the records, in the calling process, as they come. Null members are not called. */
typedef struct verify_sink {
    void *self;                                                /**< given to all of these */
    void (*begin)(void *self, size_t items);                   /**< the plan's length */
    void (*start)(void *self, const verify_item *item);        /**< an item begins */
    void (*advance)(void *self, double done);                  /**< a long check's progress, 0 to 1 */
    void (*result)(void *self, const assay_result *result);    /**< an item ended; every one does, in any order */
    void (*series)(void *self, const assay_series *series);    /**< points to be drawn */
    void (*count)(void *self, const assay_count *count);       /**< a number of operations */
    void (*shard)(void *self, const assay_sweep_shard *shard); /**< a finished part of a sweep */
    /** Looks up a part finished by an earlier run of the same revision; returns false if there is none. */
    bool (*find_shard)(void *self, assay_sweep_shard *shard);
    /** True if the interrupted run that is being resumed already has this item's result: it is left out. */
    bool (*is_finished)(void *self, const verify_item *item);
} verify_sink;

/** Counts of verdicts. */
typedef struct verify_summary {
    size_t items;          /**< results given: the sum of those below except @c claims */
    size_t passed;         /**< ASSAY_PASS */
    size_t failed;         /**< ASSAY_FAIL, claims that could not be measured included */
    size_t skipped;        /**< ASSAY_SKIPPED */
    size_t claims;         /**< claims that were measured: the sum of the next three */
    size_t reproduced;     /**< ASSAY_REPRODUCED */
    size_t in_part;        /**< ASSAY_REPRODUCED_IN_PART */
    size_t not_reproduced; /**< ASSAY_NOT_REPRODUCED */
} verify_summary;

/** Runs the checks that the options select, each in a process of its own. ASSAY_INVALID_ARGUMENT if a pattern matches
 *  nothing, ASSAY_INTERRUPTED after SIGINT or SIGTERM; a failed check is no failure of the call, and neither is having
 *  stopped behind one. */
assay_status verify_run(const verify_options *options, const verify_sink *sink, verify_summary *summary);

/** True if @p pattern (a glob over slash-separated parts, missing parts match all) matches. */
bool assay_pattern_matches(const char *pattern, const char *algorithm, const char *implementation, const char *rest);

ASSAY_END_DECLARATIONS

#endif
