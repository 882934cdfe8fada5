/* lora_gradient: the paper's claims about time. What is compared is timed in turns in one process, by one thread in its
 * own time, and medians are taken; what can be counted is counted besides (P1_operations, P6_operations). */
#include "verify/attention/lora_gradient_checks.h"

#include "assay/memory.h"
#include "assay/threads.h"

#include <math.h>

enum { REPETITIONS = 5, MOST_JOBS = 4 };

/* Something to be timed: a way to compute the gradients of a case. */
typedef struct job {
    lora_case x;
    lora_gradient_mode mode;
    bool approximate, materialised;
    lora_gradient_options options;
    double *workspace;
    lora_gradient_info info;
    double seconds; /* the median */
} job;

static assay_status run(job *j)
{
    if (j->approximate)
        return lora_gradient_approximate(&j->x.problem, j->mode, &j->options, &j->x.result, &j->info);
    if (j->materialised)
        return lora_gradient_materialised(&j->x.problem, j->mode, j->workspace, &j->x.result);
    return lora_gradient_exact(&j->x.problem, j->mode, &j->x.result);
}

static int repetitions_of(const verify_context *v)
{
    return verify_depth_of(v) == VERIFY_QUICK ? 3 : REPETITIONS;
}

/* Times the jobs in turns, after a run to warm up; false if one failed. */
static bool time_in_turns(verify_context *v, job *jobs, size_t n, int repetitions)
{
    double seconds[MOST_JOBS][REPETITIONS];
    assay_set_threads(1);
    for (int repetition = -1; repetition < repetitions; repetition++) {
        for (size_t i = 0; i < n; i++) {
            const double start = lora_seconds();
            if (run(&jobs[i]) != ASSAY_OK) {
                verify_note(v, "%s", assay_error());
                return false;
            }
            if (repetition >= 0)
                seconds[i][repetition] = lora_seconds() - start;
        }
    }
    for (size_t i = 0; i < n && repetitions > 0; i++)
        jobs[i].seconds = lora_median(seconds[i], (size_t)repetitions);
    return true;
}

static void release_jobs(job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lora_release_case(&jobs[i].x);
}

/* ---- P1, P2: slopes ------------------------------------------------------------------------------------------- */

typedef struct slope {
    const char *label;
    bool approximate;
    lora_gradient_mode mode;
    lora_gradient_chain chain;
    size_t lengths[4];
    size_t count;
    bool of_operations;
} slope;

/* The exponent of time (or operations) over the length, at d = 4, r = 2, Gamma = 1, eps = 1e-3. */
static double fit_slope(verify_context *v, uint64_t seed, const slope *s)
{
    job jobs[MOST_JOBS] = {0};
    double x[MOST_JOBS], y[MOST_JOBS];
    assay_interval exponent = {NAN, NAN, NAN};
    size_t made = 0;
    for (; made < s->count; made++) {
        jobs[made].mode = s->mode;
        jobs[made].approximate = s->approximate;
        jobs[made].options = lora_gradient_with_eps(1e-3);
        jobs[made].options.chain = s->chain;
        if (lora_make_random(s->lengths[made], 4, 2, true, 1, seed, &jobs[made].x))
            break;
    }
    if (made == s->count && time_in_turns(v, jobs, made, s->of_operations ? 0 : repetitions_of(v))) {
        for (size_t i = 0; i < made; i++) {
            x[i] = (double)s->lengths[i];
            y[i] = s->of_operations ? jobs[i].info.flops : jobs[i].seconds;
        }
        if (!verify_record_exponent(v,
                                    s->of_operations ? "operations over the length, d = 4, r = 2, Gamma = 1"
                                                     : "time over the length, d = 4, r = 2, Gamma = 1, one thread",
                                    s->label, "tokens", s->of_operations ? "operations" : "seconds", x, y, made,
                                    &exponent))
            exponent.estimate = NAN;
    }
    release_jobs(jobs, made);
    return exponent.estimate;
}

#define LONG_LENGTHS  .lengths = {4096, 16384, 65536}, .count = 3
#define SHORT_LENGTHS .lengths = {1024, 2048, 4096, 8192}, .count = 3 /* 4 at full depth */

static double measure_p1(verify_context *v, uint64_t seed)
{
    return fit_slope(v, seed,
                     &(slope){"chained, partial", true, LORA_GRADIENT_PARTIAL, LORA_GRADIENT_CHAINED, LONG_LENGTHS});
}

static double measure_p1_moments(verify_context *v, uint64_t seed)
{
    return fit_slope(v, seed,
                     &(slope){"moments, partial", true, LORA_GRADIENT_PARTIAL, LORA_GRADIENT_MOMENTS, LONG_LENGTHS});
}

static double measure_p1_operations(verify_context *v, uint64_t seed)
{
    return fit_slope(v, seed,
                     &(slope){"chained, partial", true, LORA_GRADIENT_PARTIAL, LORA_GRADIENT_CHAINED, LONG_LENGTHS,
                              .of_operations = true});
}

static double measure_p1_exact(verify_context *v, uint64_t seed)
{
    slope s = {"exact, partial", false, LORA_GRADIENT_PARTIAL, LORA_GRADIENT_CHEAPER, SHORT_LENGTHS};
    if (verify_depth_of(v) != VERIFY_QUICK)
        s.count = 4;
    return fit_slope(v, seed, &s);
}

static double measure_p2(verify_context *v, uint64_t seed)
{
    return fit_slope(v, seed, &(slope){"chained, full", true, LORA_GRADIENT_FULL, LORA_GRADIENT_CHAINED, LONG_LENGTHS});
}

const verify_claim lora_claim_p1 = {
    .statement =
        "Adapting W_Q and W_V takes almost linear time below the threshold: exponent of the time of the paper's "
        "chains over L = 4096, 16384, 65536 (d = 4, r = 2, Gamma = 1, eps = 1e-3)",
    .paper_value = "L^(1+o(1))",
    .provenance = "abstract",
    .unit = "exponent",
    .measure = measure_p1,
    .low = 0.8,
    .high = 1.2,
    .part_low = 0.7,
    .part_high = 1.5,
    .seeds = 5};

const verify_claim lora_claim_p1_moments = {.statement = "The same by moments of the tokens instead of chains",
                                            .paper_value = "L^(1+o(1))",
                                            .provenance = "derived",
                                            .unit = "exponent",
                                            .measure = measure_p1_moments,
                                            .low = 0.8,
                                            .high = 1.2,
                                            .part_low = 0.7,
                                            .part_high = 1.5,
                                            .seeds = 5};

const verify_claim lora_claim_p1_operations = {
    .statement = "Adapting W_Q and W_V needs almost linearly many operations below the threshold: exponent of the "
                 "operations counted over L = 4096, 16384, 65536",
    .paper_value = "L^(1+o(1))",
    .provenance = "abstract",
    .unit = "exponent",
    .measure = measure_p1_operations,
    .low = 0.99,
    .high = 1.2,
    .part_low = 0.99,
    .part_high = 1.3,
    .seeds = 5};

const verify_claim lora_claim_p1_exact = {
    .statement = "The exact gradient takes quadratic time: exponent over L = 1024, 2048, 4096 (and 8192 at full depth)",
    .paper_value = "L^2",
    .provenance = "abstract",
    .unit = "exponent",
    .measure = measure_p1_exact,
    .low = 1.8,
    .high = INFINITY,
    .part_low = 1.6,
    .part_high = INFINITY,
    .seeds = 5};

const verify_claim lora_claim_p2 = {
    .statement = "Adapting W_K, W_Q and W_V takes almost linear time too: exponent of the time of the paper's chains",
    .paper_value = "L^(1+o(1))",
    .provenance = "abstract",
    .unit = "exponent",
    .measure = measure_p2,
    .low = 0.8,
    .high = 1.25,
    .part_low = 0.7,
    .part_high = 1.5,
    .seeds = 5};

/* ---- Ratios --------------------------------------------------------------------------------------------------- */

static double measure_p2_ratio(verify_context *v, uint64_t seed)
{
    job jobs[2] = {0};
    double ratio = NAN;
    size_t made = 0;
    for (; made < 2; made++) {
        jobs[made].mode = made == 0 ? LORA_GRADIENT_PARTIAL : LORA_GRADIENT_FULL;
        jobs[made].approximate = true;
        jobs[made].options = lora_gradient_with_eps(1e-3);
        jobs[made].options.chain = LORA_GRADIENT_CHAINED;
        if (lora_make_random(16384, 4, 2, true, 1, seed, &jobs[made].x))
            break;
    }
    if (made == 2 && time_in_turns(v, jobs, 2, repetitions_of(v)))
        ratio = jobs[1].seconds / jobs[0].seconds;
    release_jobs(jobs, made);
    return ratio;
}

const verify_claim lora_claim_p2_ratio = {
    .statement = "Adapting all three weights costs at most three times as much as two: ratio of times, L = 16384",
    .paper_value = "the same order",
    .provenance = "abstract",
    .unit = "ratio",
    .measure = measure_p2_ratio,
    .low = 0,
    .high = 3,
    .seeds = 5};

static double measure_p6(verify_context *v, uint64_t seed)
{
    job jobs[4] = {0};
    double ratio = NAN;
    size_t made = 0;
    for (; made < 4; made++) {
        jobs[made].mode = LORA_GRADIENT_PARTIAL;
        jobs[made].approximate = true;
        jobs[made].options = lora_gradient_with_eps(1e-3);
        jobs[made].options.degree = 3;
        jobs[made].options.chain = made < 2 ? LORA_GRADIENT_CHAINED : LORA_GRADIENT_MOMENTS;
        if (lora_make_random(8192, 8, made % 2 == 0 ? 1 : 8, true, 0.5, seed, &jobs[made].x))
            break;
    }
    if (made == 4 && time_in_turns(v, jobs, 4, repetitions_of(v))) {
        ratio = jobs[1].seconds / jobs[0].seconds;
        verify_note(v, "chained %.1f and %.1f ms; by moments %.1f and %.1f ms", 1e3 * jobs[0].seconds,
                    1e3 * jobs[1].seconds, 1e3 * jobs[2].seconds, 1e3 * jobs[3].seconds);
    }
    release_jobs(jobs, made);
    return ratio;
}

const verify_claim lora_claim_p6 = {
    .statement =
        "Low rank shortens the chains: time at r = 8 over time at r = 1 (L = 8192, d = 8, 165 features, partial)",
    .paper_value = "hierarchical low-rank structure",
    .provenance = "abstract",
    .unit = "ratio",
    .measure = measure_p6,
    .low = 2,
    .high = INFINITY,
    .seeds = 5};

/* ---- P7: real tokens ------------------------------------------------------------------------------------------ */

/* Digits (or the user's tokens), 6 principal components of a root mean square of @p scale, r = 2, eps = 1e-2. */
static assay_status make_digits(uint64_t seed, double scale, job *j)
{
    j->mode = LORA_GRADIENT_FULL;
    j->options = lora_gradient_with_eps(1e-2);
    j->options.features_max = 200000; /* to see how slow it gets */
    return lora_make_real(LORA_DIGITS, 4096, 6, 2, scale, seed, &j->x);
}

static double measure_p7_features(verify_context *v, uint64_t seed)
{
    job j = {.approximate = true};
    double ratio = NAN;
    if (make_digits(seed, 1, &j)) {
        verify_note(v, "%s", assay_error());
        return NAN;
    }
    j.options.features_max = 1; /* the plan is enough */
    const assay_status status = run(&j);
    if (status == ASSAY_OK || status == ASSAY_NOT_CONVERGED) {
        ratio = (double)j.info.features / (double)j.x.problem.length;
        verify_note(v, "R = %.2f, degree %zu, %zu features for %zu tokens", j.info.range, j.info.degree,
                    j.info.features, j.x.problem.length);
    } else {
        verify_note(v, "%s", assay_error());
    }
    lora_release_case(&j.x);
    return ratio;
}

/* Times an exact gradient and an approximate one in turns; the ratio of times, NaN if one cannot be had. */
static double exact_over_approximate(verify_context *v, uint64_t seed, double scale, bool materialised)
{
    job jobs[2] = {{.materialised = materialised}, {.approximate = true}};
    double ratio = NAN;
    if (make_digits(seed, scale, &jobs[0]) || make_digits(seed, scale, &jobs[1])) {
        verify_note(v, "%s", assay_error());
        release_jobs(jobs, 2);
        return NAN;
    }
    const size_t length = jobs[0].x.problem.length;
    jobs[0].workspace = materialised ? assay_allocate(length, 2 * length * sizeof(double)) : NULL;
    if ((jobs[0].workspace || !materialised) && time_in_turns(v, jobs, 2, repetitions_of(v))) {
        ratio = jobs[0].seconds / jobs[1].seconds;
        verify_note(v, "exact %.2f ms, approximate %.2f ms with %zu features", 1e3 * jobs[0].seconds,
                    1e3 * jobs[1].seconds, jobs[1].info.features);
    }
    assay_release(jobs[0].workspace);
    release_jobs(jobs, 2);
    return ratio;
}

static double measure_p7_slower(verify_context *v, uint64_t seed)
{
    return 1 / exact_over_approximate(v, seed, 1, false);
}

static double measure_p7_speed(verify_context *v, uint64_t seed)
{
    return exact_over_approximate(v, seed, 0.5, true);
}

static double measure_p7_error(verify_context *v, uint64_t seed)
{
    job j = {.approximate = true};
    lora_snapshot kept = {0};
    double error = NAN;
    if (make_digits(seed, 0.5, &j)) {
        verify_note(v, "%s", assay_error());
        return NAN;
    }
    if (lora_gradient_exact(&j.x.problem, j.mode, &j.x.result) == ASSAY_OK && lora_keep(v, &j.x, &kept)) {
        if (run(&j) == ASSAY_OK)
            error = lora_distance(&j.x, j.mode, &kept);
        else
            verify_note(v, "%s", assay_error());
    }
    lora_release_snapshot(&kept);
    lora_release_case(&j.x);
    return error;
}

const verify_claim lora_claim_p7_features = {
    .statement =
        "Norms decide on real tokens: images of digits, 6 components of root mean square 1, eps = 1e-2: features "
        "over tokens",
    .paper_value = "above the threshold",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_p7_features,
    .low = 1,
    .high = INFINITY,
    .seeds = 5};

const verify_claim lora_claim_p7_slower = {
    .statement =
        "Norms decide on real tokens: there the approximate gradient takes longer than the exact one (ratio of "
        "times)",
    .paper_value = "above the threshold",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_p7_slower,
    .low = 1,
    .high = INFINITY,
    .seeds = 5};

const verify_claim lora_claim_p7_speed = {
    .statement =
        "Norms decide on real tokens: with half the norms the approximate gradient is at least 4 times as quick as "
        "the exact one by OpenBLAS",
    .paper_value = "below the threshold",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_p7_speed,
    .low = 4,
    .high = INFINITY,
    .seeds = 5};

const verify_claim lora_claim_p7_error = {
    .statement =
        "Norms decide on real tokens: with half the norms the largest relative error of a gradient is below eps",
    .paper_value = "below the threshold",
    .provenance = "paper",
    .unit = "relative error",
    .measure = measure_p7_error,
    .low = 0,
    .high = 1e-2,
    .seeds = 5};
