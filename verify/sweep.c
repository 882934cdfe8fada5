/*
 * The two-tier exhaustive engine.
 *
 * The fast tier gives t with |t - f| <= B|f|. With one ulp at least 2^-24 |f| this puts the error e = |y - f|/ulp
 * within d(u) = 2^24 B + 2^-52 u of u = |y - t|/ulp (the second part is for the rounding of y - t), provided that t and
 * f share an ulp. It decides everything about an input unless
 *   - u is within d of an edge of the histogram (1/2, where correct rounding ends, is one) or of the limit,
 *   - t is so near to a power of two that f may have another ulp,
 *   - u is within 2d of the largest u of its block, so that the input may be the worst one,
 *   - u is no number.
 * These go to MPFR. Correct rounding means e < 1/2, or e = 1/2 and the even neighbour, which only MPFR can tell. In a
 * closed interval the answer decides all inputs whose output is the answer, and the drift says which one is the worst.
 */
#include "verify/sweep.h"

#include "assay/memory.h"
#include "assay/threads.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    HARD = SWEEP_BINS, /* the bin of inputs that go to MPFR */
    STEP = 1024        /* inputs that the fast tier takes at once */
};

/* ---- Records ---------------------------------------------------------------------------------------------------- */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static unsigned exponent_field(uint32_t bits)
{
    return bits >> 23 & 0xff;
}

void sweep_clear(assay_sweep_shard *out)
{
    assay_sweep_shard clear = {.algorithm = out->algorithm,
                               .implementation = out->implementation,
                               .check = out->check,
                               .shards = SWEEP_SHARDS};
    for (size_t i = 0; i < 256; i++)
        clear.binade_worst[i] = NAN;
    *out = clear;
}

/* An error is seen; @p first says that nothing was before. */
static void note_worst(assay_sweep_shard *out, bool first, double ulp, uint32_t input)
{
    if (first || ulp > out->worst_ulp || (ulp == out->worst_ulp && input < out->worst_input)) {
        out->worst_ulp = ulp;
        out->worst_input = input;
    }
}

static void note_binade(assay_sweep_shard *out, unsigned binade, double ulp)
{
    if (!(ulp <= out->binade_worst[binade])) /* NaN until now, or less */
        out->binade_worst[binade] = ulp;
}

/* Counts, histogram and worst cases; hash and identity are the caller's. */
static void add_counts(assay_sweep_shard *total, const assay_sweep_shard *part)
{
    if (part->inputs == 0)
        return;
    note_worst(total, total->inputs == 0, part->worst_ulp, part->worst_input);
    total->inputs += part->inputs;
    total->hard += part->hard;
    total->not_correctly_rounded += part->not_correctly_rounded;
    total->over_limit += part->over_limit;
    total->seconds += part->seconds;
    for (size_t k = 0; k < SWEEP_BINS; k++)
        total->histogram[k] += part->histogram[k];
    for (unsigned k = 0; k < 256; k++) {
        total->binade_inputs[k] += part->binade_inputs[k];
        if (!isnan(part->binade_worst[k]))
            note_binade(total, k, part->binade_worst[k]);
    }
}

/* What a part contributes to the hash of a total. */
static uint64_t hash_in_total(const assay_sweep_shard *part)
{
    return part->shards == 1
               ? part->output_hash
               : sweep_hash_words(SWEEP_HASH_BASIS, (const uint64_t[]){part->shard, part->output_hash}, 2);
}

void sweep_join(assay_sweep_shard *total, const assay_sweep_shard *part)
{
    const uint64_t hash = (total->inputs ? hash_in_total(total) : 0) + (part->inputs ? hash_in_total(part) : 0);
    if (total->inputs == 0) {
        sweep_clear(total);
        total->algorithm = part->algorithm;
        total->implementation = part->implementation;
        total->check = part->check;
    }
    add_counts(total, part);
    total->output_hash = hash;
    total->shard = 0;
    total->shards = 1;
}

/* ---- Judging ---------------------------------------------------------------------------------------------------- */

/* Inputs that share sign and exponent field, at most SWEEP_BLOCK of them, and what becomes of them. */
typedef struct judgement {
    const oracle_function *truth;
    double limit;
    const float *x, *y;
    double *u;          /* scratch for SWEEP_BLOCK numbers */
    unsigned char *bin; /* likewise */
    bool any;           /* something was seen */
    assay_sweep_shard *out;
} judgement;

static void consider(judgement *j, double ulp, uint32_t input)
{
    note_worst(j->out, !j->any, ulp, input);
    note_binade(j->out, exponent_field(input), ulp);
    j->any = true;
}

/* MPFR decides input i. */
static void judge_hard(judgement *j, size_t i)
{
    float rounded;
    const double ulp = oracle_judge_f32(j->truth, j->x[i], j->y[i], &rounded);
    const bool both_nan = isnan(rounded) && isnan(j->y[i]);
    j->out->hard++;
    j->out->histogram[ulp < 2 ? (size_t)(ulp * SWEEP_BINS_PER_ULP) : SWEEP_BINS - 1]++;
    j->out->not_correctly_rounded += !(rounded == j->y[i] || both_nan);
    j->out->over_limit += !(ulp < j->limit);
    consider(j, ulp, bits_of(j->x[i]));
}

static bool matches(const oracle_closed *closed, float y)
{
    return isnan(closed->answer) ? isnan(y) : y == closed->answer;
}

/* True if all n outputs are the answer bit for bit, or no numbers where it is none. */
static bool all_match(const oracle_closed *closed, const float *y, size_t n)
{
    const uint32_t answer = bits_of(closed->answer);
    uint32_t differ = 0;
    if (isnan(closed->answer)) {
        for (size_t i = 0; i < n; i++)
            differ |= (bits_of(y[i]) & 0x7fffffff) <= 0x7f800000;
    } else {
        for (size_t i = 0; i < n; i++)
            differ |= bits_of(y[i]) ^ answer;
    }
    return differ == 0;
}

/* Inputs [from, to) of a closed interval. */
static void judge_closed(judgement *j, const oracle_closed *closed, size_t from, size_t to)
{
    size_t count = 0, first = from, last = to - 1;
    if (closed->drift != ORACLE_EXACT && j->limit < 1.0 / SWEEP_BINS_PER_ULP) { /* the answer may be over the limit */
        for (size_t i = from; i < to; i++)
            judge_hard(j, i);
        return;
    }
    if (all_match(closed, j->y + from, to - from)) {
        count = to - from;
    } else {
        for (size_t i = from; i < to; i++) {
            if (matches(closed, j->y[i])) {
                first = count == 0 ? i : first;
                last = i;
                count++;
            } else {
                judge_hard(j, i);
            }
        }
    }
    if (count == 0)
        return;
    if (closed->drift == ORACLE_EXACT) {
        j->out->histogram[0] += count;
        consider(j, 0, bits_of(j->x[first]));
    } else {
        j->out->histogram[0] += count - 1;
        judge_hard(j, closed->drift == ORACLE_GROWS ? last : first);
    }
}

/* 2^-k for the ulp 2^k of the number t of the fast tier; see the format in oracle.h. */
static inline double inverse_ulp(double t)
{
    t = t > 0x1p-126 ? t : 0x1p-126;
    t = t < 0x1p127 ? t : 0x1p127;
    uint64_t bits;
    memcpy(&bits, &t, sizeof bits);
    bits = ((uint64_t)(2 * 1023 + 23) << 52) - (bits & (uint64_t)0x7ff << 52);
    memcpy(&t, &bits, sizeof t);
    return t;
}

/* True if f may have another ulp than t: t within 16 places of a power of two. */
static inline bool near_power_of_two(double t)
{
    uint64_t bits;
    memcpy(&bits, &t, sizeof bits);
    return ((bits + 16) & (((uint64_t)1 << 52) - 1)) <= 32;
}

/* The error of each y[i] by the number t[i] of the fast tier; returns the largest that is certain. */
static double measure_errors(const float *restrict y, const double *restrict t, double *restrict u, size_t n)
{
    double largest = -1;
#pragma omp simd reduction(max : largest)
    for (size_t i = 0; i < n; i++) {
        double wide = (double)y[i], exact = t[i];
        wide = wide > 0x1p128 ? 0x1p128 : wide;
        wide = wide < -0x1p128 ? -0x1p128 : wide;
        exact = exact > 0x1p128 ? 0x1p128 : exact;
        exact = exact < -0x1p128 ? -0x1p128 : exact;
        u[i] = fabs(wide - exact) * inverse_ulp(fabs(t[i]));
        const double certain = near_power_of_two(t[i]) ? -1 : u[i];
        largest = certain > largest ? certain : largest;
    }
    return largest;
}

/* The bin of each error, or HARD where the fast tier does not decide about histogram and limit. */
static void sort_errors(const judgement *j, const double *restrict t, const double *restrict u,
                        unsigned char *restrict bin, size_t n)
{
    double chosen[STEP];
    const double bound = 0x1p24 * j->truth->fast_bound, limit = j->limit;
    for (size_t i = 0; i < n; i++) {
        const double d = bound + 0x1p-52 * u[i], scaled = u[i] * SWEEP_BINS_PER_ULP;
        const double capped =
            scaled < SWEEP_BINS - 0.5 ? scaled : SWEEP_BINS - 0.5; /* the last bin has no upper edge */
        const double edge = (capped + 0x1.8p52) - 0x1.8p52;        /* the nearest; 0 is none */
        const double below = edge > capped ? edge - 1 : edge;
        const double from_edge = edge > 0 && edge < SWEEP_BINS ? fabs(capped - edge) : 1;
        const double from_limit = fabs(u[i] - limit);
        chosen[i] = from_edge > SWEEP_BINS_PER_ULP * d && from_limit > d ? below : HARD; /* HARD if u is no number */
        chosen[i] = near_power_of_two(t[i]) ? HARD : chosen[i];
    }
    for (size_t i = 0; i < n; i++)
        bin[i] = (unsigned char)chosen[i];
}

/* Fills u and bin for [from, to) by the fast tier; returns the largest u that is certain. */
static double measure_fast(const judgement *j, size_t from, size_t to)
{
    double t[STEP], largest = -1;
    for (size_t start = from; start < to; start += STEP) {
        const size_t n = to - start < STEP ? to - start : STEP;
        j->truth->fast(j->x + start, t, n);
        const double here = measure_errors(j->y + start, t, j->u + start, n);
        largest = here > largest ? here : largest;
        sort_errors(j, t, j->u + start, j->bin + start, n);
    }
    return largest;
}

/* Inputs [from, to) outside the closed intervals. */
static void judge_open(judgement *j, size_t from, size_t to)
{
    if (!j->truth->fast) {
        for (size_t i = from; i < to; i++)
            judge_hard(j, i);
        return;
    }
    const double largest = measure_fast(j, from, to);
    const double candidate = largest - 2 * (0x1p24 * j->truth->fast_bound + 0x1p-52 * largest);
    uint64_t counts[SWEEP_BINS + 1] = {0}, over = 0;
    for (size_t i = from; i < to; i++) {
        if (j->u[i] >= candidate)
            j->bin[i] = HARD;
        counts[j->bin[i]]++;
        over += j->bin[i] != HARD && j->u[i] >= j->limit;
    }
    for (size_t i = from; counts[HARD] && i < to; i++) {
        if (j->bin[i] == HARD) {
            judge_hard(j, i);
            counts[HARD]--;
        }
    }
    j->out->over_limit += over;
    for (size_t k = 0; k < SWEEP_BINS; k++) {
        j->out->histogram[k] += counts[k];
        j->out->not_correctly_rounded += k >= SWEEP_BINS_PER_ULP / 2 ? counts[k] : 0;
    }
}

/* The first of [from, to) whose bit pattern is @p bound or more. */
static size_t lower_bound(const float *x, size_t from, size_t to, uint64_t bound)
{
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (bits_of(x[middle]) < bound)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* n inputs of one sign and exponent field. */
static void judge_run(judgement *j, size_t n)
{
    const oracle_function *truth = j->truth;
    j->out->inputs += n;
    j->out->binade_inputs[exponent_field(bits_of(j->x[0]))] += n;
    size_t at = 0;
    for (size_t k = 0; k < truth->closed_count && at < n; k++) {
        const oracle_closed *closed = &truth->closed[k];
        const size_t begin = lower_bound(j->x, at, n, closed->first);
        const size_t end = lower_bound(j->x, begin, n, (uint64_t)closed->last + 1);
        if (begin > at)
            judge_open(j, at, begin);
        if (end > begin)
            judge_closed(j, closed, begin, end);
        at = end;
    }
    if (at < n)
        judge_open(j, at, n);
}

static assay_status check_judge(const oracle_function *truth, double limit)
{
    if (!truth || !truth->mpfr)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "truth is null or has no mpfr function");
    if (!(limit > 0))
        return assay_fail(ASSAY_OUT_OF_RANGE, "limit_ulp is %g, must be above 0", limit);
    if (truth->fast && !(truth->fast_bound >= 0 && truth->fast_bound <= 0x1p-49))
        return assay_fail(ASSAY_OUT_OF_RANGE, "fast_bound is %g, must be 0 to 2^-49", truth->fast_bound);
    return ASSAY_OK;
}

/* Scratch memory of one thread. */
typedef struct scratch {
    float x[SWEEP_BLOCK], y[SWEEP_BLOCK];
    double u[SWEEP_BLOCK];
    unsigned char bin[SWEEP_BLOCK];
} scratch;

assay_status sweep_judge(const oracle_function *truth, double limit_ulp, const float *x, const float *y, size_t n,
                         assay_sweep_shard *out)
{
    assay_status status = check_judge(truth, limit_ulp);
    if (status != ASSAY_OK)
        return status;
    if (!out || (n > 0 && (!x || !y)))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !out ? "out" : !x ? "x" : "y");
    for (size_t i = 1; i < n; i++) {
        if (bits_of(x[i]) <= bits_of(x[i - 1]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "x[%zu] does not follow x[%zu] in bit patterns", i, i - 1);
    }
    scratch *s = assay_allocate(1, sizeof *s);
    if (!s)
        return ASSAY_NO_MEMORY;
    for (size_t at = 0; at < n;) {
        const uint64_t next_binade = ((uint64_t)(bits_of(x[at]) >> 23) + 1) << 23;
        const size_t left = n - at < SWEEP_BLOCK ? n - at : SWEEP_BLOCK;
        const size_t run = lower_bound(x + at, 0, left, next_binade);
        judgement j = {truth, limit_ulp, x + at, y + at, s->u, s->bin, out->inputs > 0, out};
        judge_run(&j, run);
        at += run;
    }
    assay_release(s);
    return ASSAY_OK;
}

/* ---- Sweeping --------------------------------------------------------------------------------------------------- */

/* What a block leaves. */
typedef struct block_result {
    assay_sweep_shard counts;
    assay_status status;
    char message[256];
} block_result;

static void sweep_block(const verify_sweep *sweep, unsigned block, scratch *s, block_result *result)
{
    for (uint32_t i = 0; i < SWEEP_BLOCK; i++)
        s->x[i] = float_of(block * (uint32_t)SWEEP_BLOCK + i);
    memset(s->y, 0xff, sizeof s->y); /* an output that is not written is no number */
    sweep_clear(&result->counts);
    result->status = sweep->run(s->x, s->y, SWEEP_BLOCK);
    if (result->status != ASSAY_OK) {
        snprintf(result->message, sizeof result->message, "%s", assay_error());
        return;
    }
    judgement j = {sweep->truth, sweep->limit_ulp, s->x, s->y, s->u, s->bin, false, &result->counts};
    judge_run(&j, SWEEP_BLOCK);
    result->counts.output_hash = sweep_hash(s->y, SWEEP_BLOCK);
}

static void sweep_in_parallel(const verify_sweep *sweep, unsigned first, unsigned count, block_result *results)
{
#pragma omp parallel num_threads(assay_threads())
    {
        scratch *s = assay_allocate(1, sizeof *s);
#pragma omp for schedule(dynamic)
        for (unsigned i = 0; i < count; i++) {
            if (s)
                sweep_block(sweep, first + i, s, &results[i]);
            else
                results[i].status = ASSAY_NO_MEMORY;
        }
        assay_release(s);
        oracle_release_thread();
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

assay_status sweep_blocks(const verify_sweep *sweep, unsigned first, unsigned count, assay_sweep_shard *out)
{
    if (!sweep || !sweep->run || !out)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !out ? "out" : !sweep ? "sweep" : "run");
    assay_status status = check_judge(sweep->truth, sweep->limit_ulp);
    if (status != ASSAY_OK)
        return status;
    if (first >= SWEEP_BLOCKS || count > SWEEP_BLOCKS - first)
        return assay_fail(ASSAY_OUT_OF_RANGE, "blocks are %u from %u, must end at %d or before", count, first,
                          SWEEP_BLOCKS);
    const double start = now();
    block_result *results = assay_allocate(count, sizeof *results);
    if (!results)
        return ASSAY_NO_MEMORY;
    sweep_in_parallel(sweep, first, count, results);
    assay_sweep_shard total = {.algorithm = out->algorithm, .implementation = out->implementation, .check = out->check};
    sweep_clear(&total);
    total.output_hash = SWEEP_HASH_BASIS;
    for (unsigned i = 0; i < count && status == ASSAY_OK; i++) {
        status = results[i].status;
        if (status != ASSAY_OK)
            assay_fail(status, "the function failed on the inputs from 0x%08x: %s", (first + i) * (unsigned)SWEEP_BLOCK,
                       results[i].message);
        add_counts(&total, &results[i].counts);
        total.output_hash = sweep_hash_words(total.output_hash, &results[i].counts.output_hash, 1);
    }
    assay_release(results);
    total.seconds = now() - start;
    if (status == ASSAY_OK)
        *out = total;
    return status;
}

assay_status sweep_shard(const verify_sweep *sweep, unsigned shard, assay_sweep_shard *out)
{
    if (shard >= SWEEP_SHARDS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "shard is %u, must be 0 to %d", shard, SWEEP_SHARDS - 1);
    assay_status status = sweep_blocks(sweep, shard * (SWEEP_BLOCKS / SWEEP_SHARDS), SWEEP_BLOCKS / SWEEP_SHARDS, out);
    if (status == ASSAY_OK) {
        out->shard = shard;
        out->shards = SWEEP_SHARDS;
    }
    return status;
}
