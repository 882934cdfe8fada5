/* A synthetic database for the tests of the reports. Its numbers are plausible, so that its pages can be looked at. */
#include "report_fixture.h"

#include "assay/random.h"
#include "assay/statistics.h"
#include "reports/store.h"
#include "tests/plain_records.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char fixture_hostile[] =
    "</script></title></textarea><script>window.assayHostile=1</script><img src=x onerror=\"window.assayHostile=2\">"
    "' onmouseover='window.assayHostile=3 & | ` ``` ]]> \\ \xE2\x80\xA8 \xE2\x80\xA9 \xFF\xC0 <!--<script> {{7*7}} "
    "\x01\x1B[31m";

typedef struct fixture {
    report_store *store;
    int64_t run;
    bool failing;
    bool ok;
} fixture;

static void check_status(fixture *f, assay_status status)
{
    f->ok = f->ok && status == ASSAY_OK;
    if (status != ASSAY_OK)
        fprintf(stderr, "fixture: %s\n", assay_error());
}

static void begin(fixture *f, const char *command, const char *revision, const char *started, const char *depth)
{
    assay_run run = plain_run(command, revision, started);
    run.depth = depth;
    check_status(f, report_store_begin_run(f->store, &run, &f->run));
}

/* ---- Results ---------------------------------------------------------------------------------------------------- */

static assay_result blank(const char *algorithm, const char *implementation, assay_kind kind, const char *check)
{
    return (assay_result){.algorithm = algorithm,
                          .implementation = implementation,
                          .kind = kind,
                          .check = check,
                          .workload = "",
                          .measured = NAN,
                          .limit = NAN,
                          .unit = "",
                          .verdict = ASSAY_PASS,
                          .reason = "",
                          .seconds = 0.25,
                          .seed = 1,
                          .replay = "",
                          .spread_low = NAN,
                          .spread_high = NAN};
}

static void add(fixture *f, assay_result r)
{
    char replay[256];
    snprintf(replay, sizeof replay, "build/assay verify --seed 1 '%.60s/%.40s/%.60s'", r.algorithm, r.implementation,
             r.check);
    if (!*r.replay)
        r.replay = replay;
    check_status(f, report_store_add_result(f->store, f->run, &r));
}

static void add_measured(fixture *f, const char *algorithm, const char *implementation, assay_kind kind,
                         const char *check, const char *workload, double measured, double limit, const char *unit)
{
    assay_result r = blank(algorithm, implementation, kind, check);
    r.workload = workload;
    r.measured = measured;
    r.limit = limit;
    r.unit = unit;
    r.verdict = measured <= limit ? ASSAY_PASS : ASSAY_FAIL;
    if (r.verdict == ASSAY_FAIL)
        r.reason = "worst at index 4093: expected 0x1.8p+1, was 0x1.8p+2";
    add(f, r);
}

static void add_claim(fixture *f, const char *algorithm, const char *check, const char *statement, const char *paper,
                      double ours, double spread, const char *unit, assay_verdict verdict)
{
    assay_result r = blank(algorithm, "avx512", ASSAY_CLAIM, check);
    r.statement = statement;
    r.paper_value = paper;
    r.measured = ours;
    r.unit = unit;
    r.spread_low = ours - spread;
    r.spread_high = ours + spread;
    r.verdict = verdict;
    r.provenance = "abstract";
    r.seeds = spread > 0 ? 5 : 1;
    r.seeds_passed = verdict == ASSAY_REPRODUCED ? r.seeds : verdict == ASSAY_REPRODUCED_IN_PART ? 3 : 0;
    add(f, r);
}

static void add_evolved_exp(fixture *f)
{
    static const char *const levels[] = {"reference", "baseline", "avx2", "avx512"};
    for (int i = 0; i < 4; i++) {
        add_measured(f, "evolved_exp", levels[i], ASSAY_ORACLE, "exp_ulp", "all float32", i ? 0.8914 : 0.500001, 1,
                     "ulp");
        add_measured(f, "evolved_exp", levels[i], ASSAY_ORACLE, "exp2_ulp", "all float32", i ? 0.8785 : 0.500002, 1,
                     "ulp");
        if (i)
            add_measured(f, "evolved_exp", levels[i], ASSAY_AGREEMENT, "exp_matches_reference", "", 0, 0,
                         "differing bits");
    }
    add_measured(f, "evolved_exp", "reference", ASSAY_ORACLE, "f10_certificate", "[0, 1]", 3.52003e-15, 3.6e-15,
                 "relative error");
    add_measured(f, "evolved_exp", "avx512", ASSAY_LAW, "monotone", "4096 neighbours", 0.003, 1, "ulp");
    add_measured(f, "evolved_exp", "avx512", ASSAY_REJECTION, "null_input", "", NAN, NAN, "");
    assay_result digits = blank("evolved_exp", "reference", ASSAY_LAW, "search_digits");
    digits.measured = 6.56;
    digits.limit = 6;
    digits.at_least = 1;
    digits.unit = "digits";
    add(f, digits);
    assay_result rejection = blank("evolved_exp", "avx512", ASSAY_REJECTION, "null_input");
    rejection.verdict = ASSAY_PASS;
    add(f, rejection);
    add_claim(f, "evolved_exp", "C1",
              "The evolved 10-operation program has 14 digits, with a proven error below 5.4e-15", "5.4e-15",
              3.52003e-15, 0, "", ASSAY_REPRODUCED);
    add_claim(f, "evolved_exp", "C5",
              "Evolution from empty code beats minimax polynomials at equal operation count, 12,000 candidates",
              "6.5 digits at 6 operations", 6.41, 0.3, "digits", ASSAY_REPRODUCED_IN_PART);
}

static void add_lmul(fixture *f)
{
    add_measured(f, "lmul", "avx512", ASSAY_AGREEMENT, "gemm", "odd shapes", 0, 0, "differing bits");
    add_measured(f, "lmul", "avx2", ASSAY_AGREEMENT, "gemm", "odd shapes", 0, 0, "differing bits");
    add_measured(f, "lmul", "reference", ASSAY_ORACLE, "e4m3_all_pairs", "65,536 pairs", 0, 0, "wrong products");
    add_measured(f, "lmul", "reference", ASSAY_LAW, "mean_error", "4e6 pairs", 1.1e-5, 2e-4, "relative error");
    assay_result skipped = blank("lmul", "avx512", ASSAY_ORACLE, "needs_more");
    skipped.verdict = ASSAY_SKIPPED;
    skipped.reason = "the CPU lacks avx512bf16";
    add(f, skipped);
    if (f->failing)
        add_measured(f, "lmul", "avx2", ASSAY_LAW, "scaling", "powers of two", INFINITY, 0, "ulp");
    add_claim(f, "lmul", "C2", "4-bit L-Mul is comparable to e4m3 products: ratio of root mean square errors", "≈ 1",
              0.995, 0.004, "", ASSAY_REPRODUCED);
    add_claim(f, "lmul", "C9", "Fine-tuning with all products by 3-bit L-Mul reaches e4m3's accuracy", "equal", -1.4,
              0.9, "points", ASSAY_NOT_REPRODUCED);
}

static void add_hostile(fixture *f)
{
    assay_result r = blank(fixture_hostile, fixture_hostile, ASSAY_ORACLE, fixture_hostile);
    r.workload = r.unit = r.reason = r.replay = fixture_hostile;
    r.verdict = f->failing ? ASSAY_FAIL : ASSAY_SKIPPED;
    r.measured = -INFINITY;
    r.limit = NAN;
    add(f, r);
    r = blank(fixture_hostile, "avx2", ASSAY_CLAIM, "C1");
    r.statement = r.paper_value = r.provenance = r.reason = fixture_hostile;
    r.verdict = ASSAY_REPRODUCED;
    r.seeds = r.seeds_passed = 5;
    add(f, r);
    const double x[] = {0, 1, NAN, 3, 4}, y[] = {1, INFINITY, 2, 0.5, 3};
    assay_series s = {.algorithm = fixture_hostile,
                      .implementation = "avx2",
                      .chart = fixture_hostile,
                      .label = fixture_hostile,
                      .style = ASSAY_LINE,
                      .x_label = fixture_hostile,
                      .y_label = fixture_hostile,
                      .count = 5,
                      .x = x,
                      .y = y};
    check_status(f, report_store_add_series(f->store, f->run, &s));
}

/* ---- Sweeps ----------------------------------------------------------------------------------------------------- */

static void add_sweep(fixture *f, const char *implementation, double spread)
{
    for (uint32_t shard = 0x38; shard < 0xc8; shard += shard == 0x43 ? 0x75 : 1) {
        assay_sweep_shard s = {.algorithm = "evolved_exp",
                               .implementation = implementation,
                               .check = "exp_ulp",
                               .shard = shard,
                               .shards = 256,
                               .inputs = 1u << 24,
                               .hard = 800 + shard,
                               .not_correctly_rounded = 40000,
                               .worst_input = shard << 24 | 0x1234,
                               .output_hash = shard * 0x9E3779B97F4A7C15u,
                               .seconds = 0.04};
        for (int k = 0; k < 64; k++)
            s.histogram[k] = k < 32 * spread + 16 ? (uint64_t)(1e6 * exp(-k / (16 * spread + 1.0))) : 0;
        for (int k = 0; k < 256; k++)
            s.binade_worst[k] = NAN;
        for (int k = 0; k < 2; k++) {
            unsigned field = (shard & 0x7f) << 1 | (unsigned)k;
            s.binade_worst[field] = 0.5 + spread * (0.5 + 0.5 * sin(field * 0.7 + (shard > 127)));
            s.binade_inputs[field] = 1u << 23;
            s.worst_ulp = fmax(s.worst_ulp, s.binade_worst[field]);
        }
        check_status(f, report_store_add_shard(f->store, f->run, &s));
    }
}

/* ---- Series ----------------------------------------------------------------------------------------------------- */

static void add_series(fixture *f, const char *algorithm, const char *chart, const char *label,
                       assay_series_style style, const char *x_label, const char *y_label, int y_log,
                       double (*value)(int), size_t count)
{
    static double x[4096], y[4096];
    for (size_t i = 0; i < count; i++) {
        x[i] = (double)i + 1;
        y[i] = value((int)i);
    }
    assay_series s = {.algorithm = algorithm,
                      .implementation = "avx512",
                      .chart = chart,
                      .label = label,
                      .style = style,
                      .x_label = x_label,
                      .y_label = y_label,
                      .y_log = y_log,
                      .count = count,
                      .x = x,
                      .y = y};
    check_status(f, report_store_add_series(f->store, f->run, &s));
}

static double falling(int i)
{
    return pow(0.99, i) * (1.1 + 0.1 * cos(i));
}

static double falling_faster(int i)
{
    return i == 700 ? 3.0 : pow(0.98, i < 800 ? i : 800);
}

static double front(int i)
{
    static const double digits[] = {1.4, 2.8, 3.06, 3.66, 5.36, 6.56, 7.77};
    return digits[i % 7];
}

static double scattered(int i)
{
    return assay_random_normal((assay_random){1, 2}, (uint64_t)i);
}

static double bell(int i)
{
    return 1000 * exp(-0.05 * (i - 12) * (i - 12));
}

static void add_curves(fixture *f)
{
    add_series(f, "evolved_exp", "digits over operations", "evolved", ASSAY_FRONT, "operations", "digits", 0, front, 7);
    add_series(f, "evolved_exp", "best error over candidates", "with CMA-ES", ASSAY_LINE, "candidates",
               "relative error", 1, falling, 400);
    add_series(f, "evolved_exp", "best error over candidates", "without", ASSAY_LINE, "candidates", "relative error", 1,
               falling_faster, 4000);
    add_series(f, "lmul", "error of a product", "k = 4", ASSAY_SCATTER, "sample", "relative error, %", 0, scattered,
               120);
    add_series(f, "lmul", "distribution of errors", "k = 4", ASSAY_HISTOGRAM, "bin", "products", 0, bell, 25);
}

/* ---- Quantities ------------------------------------------------------------------------------------------------- */

static void add_quantity(fixture *f, assay_series s)
{
    s.algorithm = "lmul";
    s.implementation = s.implementation ? s.implementation : "avx512";
    check_status(f, report_store_add_series(f->store, f->run, &s));
}

/* Errors of three methods over iterations and over seconds: one needs forty times the iterations of another. */
static void add_convergence(fixture *f)
{
    static const struct {
        const char *name;
        double rate, seconds;
        size_t count;
    } methods[] = {{"Newton", 0.4, 2e-3, 25}, {"Sinkhorn", 0.98, 1e-4, 1000}, {"Sinkhorn, damped", 0.96, 1.4e-4, 500}};
    static double iterations[1000], seconds[1000], errors[1000];
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        for (size_t i = 0; i < methods[m].count; i++) {
            iterations[i] = (double)i;
            seconds[i] = methods[m].seconds * (double)i;
            errors[i] = 0.3 * pow(methods[m].rate, (double)i);
        }
        for (int in_time = 0; in_time < 2; in_time++)
            add_quantity(f, (assay_series){.kind = ASSAY_CONVERGENCE,
                                           .chart = "Transport of MNIST digits, n = 784",
                                           .label = methods[m].name,
                                           .style = ASSAY_LINE,
                                           .x_label = in_time ? "seconds" : "iterations",
                                           .y_label = "violation of the marginals",
                                           .y_log = 1,
                                           .count = methods[m].count,
                                           .x = in_time ? seconds : iterations,
                                           .y = errors});
    }
}

static void add_quality(fixture *f)
{
    const double recall[] = {0.71, 0.85, 0.93, 0.97, 0.99}, ours[] = {9e4, 6e4, 3.4e4, 1.9e4, 9e3};
    const double theirs[] = {7e4, 4.4e4, 2.5e4, 1.3e4, 6e3};
    for (int peer = 0; peer < 2; peer++)
        add_quantity(f, (assay_series){.kind = ASSAY_QUALITY_SPEED,
                                       .chart = "Words, n = 100,000",
                                       .label = peer ? "hnswlib" : "ours",
                                       .style = ASSAY_LINE,
                                       .x_label = "recall@10",
                                       .y_label = "queries per second",
                                       .count = 5,
                                       .x = recall,
                                       .y = peer ? theirs : ours});
}

static void add_counts(fixture *f)
{
    static const char *const levels[] = {"reference", "avx2"};
    for (int i = 0; i < 2; i++) { /* both count the same and share a bar */
        const assay_count counts[] = {
            {"lmul", levels[i], "hard family, m = 4096", "las vegas", "word operations", 3.1e6, 9e6},
            {"lmul", levels[i], "hard family, m = 4096", "abrahamson", "word operations", 1.66e7, 2.2e7},
            {"lmul", levels[i], "hard family, m = 4096", "every pair", "word operations", 1.7e9, NAN},
            {"lmul", levels[i], "", "", "visited vertices", 120 + i, NAN},
        };
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            check_status(f, report_store_add_count(f->store, f->run, &counts[k]));
    }
}

static void add_scaling(fixture *f)
{
    const double sizes[] = {512, 1024, 2048, 4096, 8192}, quadratic[] = {1.1e6, 4.1e6, 1.7e7, 6.6e7, 2.7e8};
    const double almost[] = {9e5, 2.0e6, 4.3e6, 9.1e6, 1.95e7};
    for (int k = 0; k < 2; k++) {
        const double *y = k ? almost : quadratic;
        assay_interval exponent = {NAN, NAN, NAN};
        double factor = NAN;
        check_status(f, assay_fit_exponent(sizes, y, 5, 0.95, &exponent, &factor));
        add_quantity(f, (assay_series){.kind = ASSAY_SCALING,
                                       .chart = "Cost of a gradient",
                                       .label = k ? "approximate" : "exact",
                                       .style = ASSAY_SCATTER,
                                       .x_label = "length L of the sequence",
                                       .y_label = "multiply-adds",
                                       .x_log = 1,
                                       .y_log = 1,
                                       .count = 5,
                                       .x = sizes,
                                       .y = y,
                                       .exponent = exponent.estimate,
                                       .exponent_low = exponent.low,
                                       .exponent_high = exponent.high,
                                       .factor = factor});
    }
}

static void add_quantities(fixture *f)
{
    add_convergence(f);
    add_quality(f);
    add_counts(f);
    add_scaling(f);
    add_scaling(f); /* as by the second seed of a claim */
}

/* A benchmark whose sizes are settings: more work, better results. */
static void add_graded_timings(fixture *f)
{
    static const double quality[] = {0.8, 0.92, 0.97, 0.99};
    for (int size = 0; size < 4; size++) {
        for (int who = 0; who < 3; who++) {
            double seconds[9];
            for (int i = 0; i < 9; i++)
                seconds[i] = (10 << size) * (1.2 - 0.3 * (who == 1)) * (1 + 0.01 * i) * 1e-6;
            assay_timing t = plain_timing("lmul",
                                          who == 0   ? "reference"
                                          : who == 1 ? "avx512"
                                                     : "hnswlib",
                                          "search", UINT64_C(10) << size, seconds);
            t.is_peer = who == 2;
            t.is_reference = who == 0;
            t.items = 1;
            t.replay = "build/assay bench lmul";
            t.quality = quality[size] - 0.02 * (who == 2);
            t.quality_label = "recall@10";
            check_status(f, report_store_add_timing(f->store, f->run, &t));
        }
    }
}

/* ---- Timings ---------------------------------------------------------------------------------------------------- */

typedef struct contender {
    const char *name, *note;
    bool peer, reference;
    int threads;
    double seconds_per_item;
} contender;

static void add_timing(fixture *f, const char *algorithm, const char *workload, uint64_t size, const contender *c,
                       double bytes_per_item, double flops_per_item, double drift)
{
    double seconds[9], floor = bytes_per_item / (size < 100000 ? 150e9 : 20e9) / c->threads;
    for (int i = 0; i < 9; i++) {
        double noise = 1 + 0.02 * assay_random_normal((assay_random){size, strlen(c->name)}, (uint64_t)i);
        seconds[i] = (double)size * fmax(c->seconds_per_item, floor * 1.08) * noise * drift + 40e-9;
    }
    assay_timing t = plain_timing(algorithm, c->name, workload, size, seconds);
    t.is_peer = c->peer;
    t.is_reference = c->reference;
    t.threads = c->threads;
    t.bytes = t.working_set = bytes_per_item * (double)size;
    t.flops = flops_per_item * (double)size;
    t.items = (double)size;
    t.limit_seconds = floor * (double)size;
    t.limit_name = size < 100000 ? "L2 copy bandwidth" : "memory copy bandwidth";
    t.note = c->note;
    t.counters_reason = "perf_event_open: not permitted";
    t.replay = "build/assay bench evolved_exp/avx512/exp_uniform";
    check_status(f, report_store_add_timing(f->store, f->run, &t));
}

static void add_timings(fixture *f, double drift)
{
    static const contender exps[] = {{"reference", "", false, true, 1, 9.1e-9},
                                     {"baseline", "", false, false, 1, 3.2e-9},
                                     {"avx2", "", false, false, 1, 0.71e-9},
                                     {"avx512", "", false, false, 1, 0.41e-9},
                                     {"avx512-2t", "", false, false, 2, 0.22e-9},
                                     {"glibc expf", "at most 0.502 ulp", true, false, 1, 4.3e-9},
                                     {"libmvec expf avx512", "at most 4 ulp", true, false, 1, 0.79e-9},
                                     {"SLEEF expf u10 avx512", "at most 1.0 ulp", true, false, 1, 0.68e-9}};
    static const uint64_t sizes[] = {4096, 65536, 1u << 20, 1u << 24};
    for (size_t s = 0; s < 4; s++) {
        for (size_t i = 0; i < sizeof exps / sizeof *exps; i++)
            add_timing(f, "evolved_exp", "exp_uniform", sizes[s], &exps[i], 8, 16, drift);
    }
    static const contender products[] = {{"reference", "", false, true, 1, 1.16e-9},
                                         {"avx2", "", false, false, 1, 0.062e-9},
                                         {"avx512", "", false, false, 1, 0.031e-9},
                                         {"OpenBLAS sgemm", "exact products", true, false, 1, 0.012e-9}};
    static const uint64_t shapes[] = {64ull * 64 * 64, 256ull * 256 * 256};
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < sizeof products / sizeof *products; i++)
            add_timing(f, "lmul", "gemm", shapes[s], &products[i], 0.05, 2, drift);
    }
}

static void add_limits(fixture *f)
{
    static const char *const places[] = {"L1", "L2", "L3", "memory"};
    static const double copy[] = {310e9, 152e9, 61e9, 20.4e9};
    for (int threads = 1; threads <= 2; threads++) {
        for (int k = 0; k < 4; k++) {
            assay_limit l = {"copy bandwidth",
                             "avx512",
                             places[k],
                             threads,
                             copy[k] * (k < 3 ? threads : 1.4 * threads / 2 + 0.3),
                             "B/s"};
            check_status(f, report_store_add_limit(f->store, f->run, &l));
        }
        assay_limit peak = {"fma f32", "avx512", "", threads, 118e9 * threads, "flop/s"};
        check_status(f, report_store_add_limit(f->store, f->run, &peak));
        assay_limit adds = {"add i32", "avx512", "", threads, 110e9 * threads, "op/s"};
        check_status(f, report_store_add_limit(f->store, f->run, &adds));
    }
}

/* ---- The database ----------------------------------------------------------------------------------------------- */

static void fill(fixture *f)
{
    begin(f, "verify", "0123456789ab", "2026-11-20T09:00:00Z", "quick");
    add_evolved_exp(f);
    add_measured(f, "lmul", "avx2", ASSAY_AGREEMENT, "gemm", "odd shapes", 3, 0, "differing bits");
    check_status(f, report_store_end_run(f->store, f->run, 41.5));
    begin(f, "bench", "0123456789ab", "2026-11-20T09:05:00Z", "");
    add_timings(f, 1.12);
    check_status(f, report_store_end_run(f->store, f->run, 63));
    begin(f, "verify", "ba9876543210", "2026-11-24T16:24:58Z", "full");
    add_evolved_exp(f);
    add_lmul(f);
    add_hostile(f);
    add_curves(f);
    add_quantities(f);
    add_sweep(f, "reference", 0.0);
    add_sweep(f, "baseline", 0.39);
    add_sweep(f, "avx2", 0.39);
    check_status(f, report_store_end_run(f->store, f->run, 128));
    begin(f, "bench", "ba9876543210", "2026-11-24T16:30:00Z", "");
    add_limits(f);
    add_timings(f, 1);
    add_graded_timings(f);
    check_status(f, report_store_end_run(f->store, f->run, 71));
    begin(f, "verify", "ba9876543210", "2026-11-24T17:00:00Z", "full"); /* of one check, and interrupted */
    add_measured(f, "evolved_exp", "avx512", ASSAY_LAW, "monotone", "4096 neighbours", 0.004, 1, "ulp");
}

bool fixture_make_database(const char *path, bool failing)
{
    fixture f = {.failing = failing, .ok = true};
    check_status(&f, report_store_open(path, &f.store));
    if (f.ok)
        fill(&f);
    report_store_close(f.store);
    return f.ok;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about;
    (void)type;
    (void)where;
    return remove(path);
}

bool fixture_remove_folder(const char *folder)
{
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0;
}
