/* The charts: accuracy, speed, size, roofline, history. */
#include "reports/chart.h"
#include "reports/number.h"
#include "reports/page.h"
#include "reports/scaling.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A title or label put together from data; released by the caller. */
static report_text joined(const char *a, const char *b, const char *c)
{
    report_text t = {0};
    report_text_add(&t, a);
    report_text_add(&t, b);
    report_text_add(&t, c);
    return t;
}

static const char *words(const report_text *t)
{
    return t->data ? t->data : "";
}

/* ---- Accuracy --------------------------------------------------------------------------------------------------- */

/* Implementations that gave the same bits share one curve. */
static bool same_sweep(const report_model_sweep *a, const report_model_sweep *b)
{
    return a->total.check == b->total.check && a->total.shards == b->total.shards && a->total.shard == b->total.shard &&
           a->total.output_hash == b->total.output_hash &&
           memcmp(a->total.histogram, b->total.histogram, sizeof a->total.histogram) == 0 &&
           memcmp(a->seen, b->seen, a->total.shards * sizeof *a->seen) == 0;
}

/* The names of all implementations with the same outputs, or none if an earlier one has named them. */
static report_text sweep_label(const report_model_algorithm *a, size_t which, const char *suffix)
{
    report_text label = {0};
    for (size_t i = 0; i < a->sweep_count; i++) {
        if (!same_sweep(&a->sweeps[i], &a->sweeps[which]))
            continue;
        if (i < which)
            return label;
        report_text_add(&label, i > which ? ", " : "");
        report_text_add(&label, a->sweeps[i].total.implementation);
    }
    report_text_add(&label, suffix);
    return label;
}

static double sweep_limit(const report_model_algorithm *a, const char *check)
{
    for (size_t i = 0; i < a->result_count; i++) {
        if (a->results[i].record.check == check && strcmp(a->results[i].record.unit, "ulp") == 0)
            return a->results[i].record.limit;
    }
    return NAN;
}

static void histogram_chart(report_text *t, const report_model_algorithm *a, size_t first, size_t end, unsigned id)
{
    report_text title = joined("Error of ", a->sweeps[first].total.check, ": how often which");
    report_chart chart = {.title = words(&title),
                          .note = "Each bar counts the inputs whose error lies within 1/32 ulp; half an ulp is the "
                                  "best that rounding allows.",
                          .x = {.label = "error", .unit = "ulp"},
                          .y = {.label = "inputs", .log = true}};
    for (size_t i = first; i < end; i++) {
        report_text label = sweep_label(a, i, "");
        if (label.length) {
            report_chart_begin(&chart, words(&label), REPORT_BARS);
            for (size_t k = 0; k < 64; k++) {
                if (a->sweeps[i].total.histogram[k])
                    report_chart_point(&chart, ((double)k + 0.5) / 32, (double)a->sweeps[i].total.histogram[k], NAN,
                                       NAN);
            }
        }
        chart.failed |= label.failed;
        report_text_free(&label);
    }
    chart.failed |= title.failed;
    report_chart_write(&chart, t, id);
    report_text_free(&title);
}

static void binade_curve(report_chart *chart, const report_model_algorithm *a, size_t which, bool negative)
{
    report_text label = sweep_label(a, which, negative ? ", x < 0" : ", x ≥ 0");
    const double *worst = negative ? a->sweeps[which].negative : a->sweeps[which].positive;
    if (label.length) {
        report_chart_begin(chart, words(&label), REPORT_LINE);
        for (int k = 0; k < 255; k++) /* 255 holds infinities and NaN */
            report_chart_point(chart, k - 127, worst[k], NAN, NAN);
    }
    chart->failed |= label.failed;
    report_text_free(&label);
}

/* A level line as wide as the points of the chart. */
static void limit_over(report_chart *chart, double limit)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < chart->series_count; i++) {
        for (size_t k = 0; k < chart->series[i].count; k++) {
            low = fmin(low, chart->series[i].points[k].x);
            high = fmax(high, chart->series[i].points[k].x);
        }
    }
    report_chart_begin(chart, "limit", REPORT_LIMIT);
    report_chart_point(chart, low, limit, NAN, NAN);
    report_chart_point(chart, high, limit, NAN, NAN);
}

static void binade_chart(report_text *t, const report_model_algorithm *a, size_t first, size_t end, unsigned id)
{
    report_text title = joined("Worst error of ", a->sweeps[first].total.check, " over its input");
    report_chart chart = {.title = words(&title),
                          .note = "The largest error for each binary exponent e of the input, 2ᵉ ≤ |x| < 2ᵉ⁺¹; −127 "
                                  "stands for subnormals and zero.",
                          .x = {.label = "binary exponent of the input"},
                          .y = {.label = "worst error", .unit = "ulp"}};
    for (size_t i = first; i < end; i++) {
        binade_curve(&chart, a, i, false);
        binade_curve(&chart, a, i, true);
    }
    limit_over(&chart, sweep_limit(a, a->sweeps[first].total.check));
    chart.failed |= title.failed;
    report_chart_write(&chart, t, id);
    report_text_free(&title);
}

unsigned report_accuracy_charts(report_text *t, const report_model_algorithm *a, unsigned id)
{
    for (size_t i = 0, end; i < a->sweep_count; i = end) {
        for (end = i; end < a->sweep_count && a->sweeps[end].total.check == a->sweeps[i].total.check;)
            end++;
        histogram_chart(t, a, i, end, id++);
        binade_chart(t, a, i, end, id++);
    }
    return id;
}

/* ---- Speed ------------------------------------------------------------------------------------------------------ */

/* One workload's timings: a stretch of the sorted array. */
typedef struct stretch {
    const report_model_timing *timings;
    size_t count;
} stretch;

static bool same_implementation(const report_model_timing *a, const report_model_timing *b)
{
    return a->record.implementation == b->record.implementation && a->record.threads == b->record.threads;
}

/* Whether an earlier timing of the stretch is of the same implementation (at another size). */
static bool is_repeated(stretch s, size_t which)
{
    for (size_t i = 0; i < which; i++) {
        if (same_implementation(&s.timings[i], &s.timings[which]))
            return true;
    }
    return false;
}

static const report_model_timing *largest_of(stretch s, const report_model_timing *like)
{
    const report_model_timing *largest = NULL;
    for (size_t i = 0; i < s.count; i++) {
        if (same_implementation(&s.timings[i], like))
            largest = &s.timings[i];
    }
    return largest;
}

static int compare_by_speedup(const void *a, const void *b)
{
    const report_model_timing *x = *(const report_model_timing *const *)a, *y = *(const report_model_timing *const *)b;
    if (x->record.is_reference != y->record.is_reference)
        return x->record.is_reference ? -1 : 1;
    int order = (x->speedup.estimate < y->speedup.estimate) - (x->speedup.estimate > y->speedup.estimate);
    return order ? order : (x > y) - (x < y);
}

/* Of each implementation the timing at its largest size, fastest first. Released by the caller; null: no memory. */
static const report_model_timing **ranked(stretch s, size_t *count)
{
    const report_model_timing **list = malloc(s.count * sizeof(report_model_timing *));
    *count = 0;
    for (size_t i = 0; list && i < s.count; i++) {
        if (!is_repeated(s, i))
            list[(*count)++] = largest_of(s, &s.timings[i]);
    }
    if (list)
        qsort(list, *count, sizeof(report_model_timing *), compare_by_speedup);
    return list;
}

static void label_of(report_text *label, const report_model_timing *timing)
{
    const assay_timing *r = &timing->record;
    report_text_add(label, r->implementation);
    char threads[24];
    snprintf(threads, sizeof threads, "-%dt", r->threads);
    if (r->threads > 1 && !strstr(r->implementation, threads))
        report_text_format(label, ", %d threads", r->threads);
    report_text_add(label, r->is_peer ? " (peer)" : "");
}

static void add_category(report_chart *chart, const report_model_timing *timing)
{
    report_text label = {0};
    label_of(&label, timing);
    report_chart_category(chart, words(&label));
    chart->failed |= label.failed;
    report_text_free(&label);
}

static void begin_implementation(report_chart *chart, const report_model_timing *timing, report_draw draw)
{
    report_text label = {0};
    label_of(&label, timing);
    report_chart_begin(chart, words(&label), draw);
    chart->failed |= label.failed;
    report_text_free(&label);
}

static void speedup_bars(report_chart *chart, stretch s, const report_model_timing *const *order, size_t count,
                         uint64_t size)
{
    char label[48];
    snprintf(label, sizeof label, "size %.32s", report_count(size).text);
    report_chart_begin(chart, label, REPORT_BARS);
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < s.count; i++) {
            const report_model_timing *x = &s.timings[i];
            if (x->record.size != size || !same_implementation(x, order[k]))
                continue;
            if (x->record.is_peer)
                report_chart_peer(chart, (double)k, x->speedup.estimate, x->speedup.low, x->speedup.high);
            else
                report_chart_point(chart, (double)k, x->speedup.estimate, x->speedup.low, x->speedup.high);
        }
    }
}

static void speedup_chart(report_text *t, stretch s, unsigned id)
{
    report_text title = joined("Speedup over the reference: ", s.timings[0].record.workload, "");
    report_chart chart = {
        .title = words(&title),
        .note = "Longer is faster; sizes grow from top to bottom. Whiskers: 95 % intervals. Hatched: peers.",
        .x = {.label = "implementation"},
        .y = {.label = "speedup over the reference", .unit = "x", .log = true},
        .horizontal = true,
        .base = 1};
    size_t count;
    const report_model_timing **order = ranked(s, &count);
    chart.failed |= !order || title.failed;
    for (size_t k = 0; order && k < count; k++)
        add_category(&chart, order[k]);
    for (size_t i = 0; order && i < s.count; i++) {
        if (i == 0 || s.timings[i].record.size != s.timings[i - 1].record.size)
            speedup_bars(&chart, s, order, count, s.timings[i].record.size);
    }
    free(order);
    report_chart_write(&chart, t, id);
    report_text_free(&title);
}

/* The least time that the machine allows at each size, for a number of threads. */
static void limit_line(report_chart *chart, stretch s, int threads)
{
    char label[48];
    snprintf(label, sizeof label, "machine's limit, %d thread%s", threads, threads == 1 ? "" : "s");
    report_chart_begin(chart, label, REPORT_LIMIT);
    for (size_t i = 0, end; i < s.count; i = end) {
        double least = INFINITY;
        for (end = i; end < s.count && s.timings[end].record.size == s.timings[i].record.size; end++) {
            if (s.timings[end].record.threads == threads)
                least = fmin(least, s.timings[end].record.limit_seconds);
        }
        report_chart_point(chart, (double)s.timings[i].record.size, least, NAN, NAN);
    }
}

static bool is_first_of_threads(stretch s, size_t which)
{
    for (size_t i = 0; i < which; i++) {
        if (s.timings[i].record.threads == s.timings[which].record.threads)
            return false;
    }
    return true;
}

static void size_chart(report_text *t, stretch s, unsigned id)
{
    report_text title = joined("Time over size: ", s.timings[0].record.workload, "");
    report_chart chart = {.title = words(&title),
                          .note = "Dashed: the least time that the measured limits of this machine allow.",
                          .x = {.label = "size", .log = true},
                          .y = {.label = "time per run", .unit = "s", .log = true}};
    for (size_t k = 0; k < s.count; k++) {
        if (is_repeated(s, k))
            continue;
        begin_implementation(&chart, &s.timings[k], REPORT_LINE);
        for (size_t i = k; i < s.count; i++) {
            const report_model_timing *x = &s.timings[i];
            if (same_implementation(x, &s.timings[k]))
                report_chart_point(&chart, (double)x->record.size, x->median.estimate, x->median.low, x->median.high);
        }
    }
    for (size_t k = 0; k < s.count; k++) {
        if (is_first_of_threads(s, k))
            limit_line(&chart, s, s.timings[k].record.threads);
    }
    chart.failed |= title.failed;
    report_chart_write(&chart, t, id);
    report_text_free(&title);
}

/* ---- Roofline --------------------------------------------------------------------------------------------------- */

static bool is_on_roofline(const report_model_timing *x)
{
    return x->record.flops > 0 && x->record.bytes > 0 && x->median.estimate > 0;
}

/* The CPU level with the most limits' worth: the last one that was measured with these threads. */
static const char *roof_level(const report_model *model, int threads)
{
    const char *level = NULL;
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *l = &model->limits[i].record;
        if (l->threads == threads && (!level || report_compare_implementations(l->level, level) > 0))
            level = l->level;
    }
    return level;
}

/* The limits are measured with one and with all threads: there are none for what lies between. */
static bool has_roofs(const report_model *model, int threads)
{
    return model->limit_count == 0 || roof_level(model, threads);
}

/* A bandwidth is a slope that ends where it meets the arithmetic peak, which is flat. */
static void roof(report_chart *chart, const assay_limit *l, double low, double high, double peak)
{
    report_text label = joined(l->where, *l->where ? " " : "", l->name);
    report_chart_begin(chart, words(&label), REPORT_LIMIT);
    chart->failed |= label.failed;
    report_text_free(&label);
    bool slope = strcmp(l->unit, "B/s") == 0;
    double end = slope ? fmin(high, peak / l->per_second) : high;
    report_chart_point(chart, low, slope ? low * l->per_second : l->per_second, NAN, NAN);
    report_chart_point(chart, end, slope ? end * l->per_second : l->per_second, NAN, NAN);
}

static bool is_roof(const assay_limit *l, const char *level, int threads)
{
    bool drawn = strcmp(l->unit, "B/s") != 0 || strncmp(l->name, "copy", 4) == 0;
    return drawn && l->level == level && l->threads == threads && l->per_second > 0;
}

/* The roofs for a number of threads, from left of the first ridge and of every point to right of all. */
static void roofs(report_chart *chart, const report_model *model, int threads, double low, double high)
{
    const char *level = roof_level(model, threads);
    double peak = 0;
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *l = &model->limits[i].record;
        if (is_roof(l, level, threads) && strcmp(l->unit, "B/s") != 0)
            peak = fmax(peak, l->per_second);
    }
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *l = &model->limits[i].record;
        if (is_roof(l, level, threads) && strcmp(l->unit, "B/s") == 0 && peak > 0)
            low = fmin(low, peak / l->per_second / 2);
    }
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *l = &model->limits[i].record;
        if (is_roof(l, level, threads))
            roof(chart, l, low, high, peak > 0 ? peak : INFINITY);
    }
}

/* The benchmarks of one implementation. */
static void roofline_points(report_chart *chart, const report_model_algorithm *a, size_t which)
{
    begin_implementation(chart, &a->timings[which], REPORT_POINTS);
    for (size_t i = which; i < a->timing_count; i++) {
        const report_model_timing *x = &a->timings[i];
        if (!is_on_roofline(x) || !same_implementation(x, &a->timings[which]))
            continue;
        report_text name = joined(x->record.workload, ", size ", report_count(x->record.size).text);
        report_chart_named(chart, words(&name), x->record.flops / x->record.bytes, x->record.flops / x->median.estimate,
                           x->record.flops / x->median.high, x->record.flops / x->median.low);
        chart->failed |= name.failed;
        report_text_free(&name);
    }
}

/* Whether the implementation of a timing comes earlier in the array, on something else. */
static bool is_drawn_before(const report_model_algorithm *a, size_t which)
{
    for (size_t i = 0; i < which; i++) {
        if (is_on_roofline(&a->timings[i]) && same_implementation(&a->timings[i], &a->timings[which]))
            return true;
    }
    return false;
}

static void roofline_chart(report_text *t, const report_model *model, const report_model_algorithm *a, int threads,
                           unsigned id)
{
    char title[64];
    snprintf(title, sizeof title, "Roofline, %d thread%s", threads, threads == 1 ? "" : "s");
    report_chart chart = {.title = title,
                          .note = "Each point is a benchmark at one size. Under a slope it waits for memory, under a "
                                  "flat roof for arithmetic.",
                          .x = {.label = "operations per byte", .log = true},
                          .y = {.label = "operations per second", .unit = "op/s", .log = true}};
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < a->timing_count; i++) {
        const report_model_timing *x = &a->timings[i];
        if (x->record.threads != threads || !is_on_roofline(x))
            continue;
        if (!is_drawn_before(a, i))
            roofline_points(&chart, a, i);
        low = fmin(low, x->record.flops / x->record.bytes);
        high = fmax(high, x->record.flops / x->record.bytes);
    }
    if (high > 0)
        roofs(&chart, model, threads, low / 4, high * 4);
    report_chart_write(&chart, t, id);
}

/* The timings of the workload that begins at @p first; empty at the end. */
static stretch workload_at(const report_model_algorithm *a, size_t first)
{
    size_t end = first;
    while (end < a->timing_count && a->timings[end].record.workload == a->timings[first].record.workload)
        end++;
    return (stretch){a->timings + first, end - first};
}

unsigned report_speed_charts(report_text *t, const report_model *model, const report_model_algorithm *a, unsigned id)
{
    for (size_t i = 0; i < a->timing_count; i += workload_at(a, i).count) {
        if (!report_is_weak(&a->timings[i].record))
            speedup_chart(t, workload_at(a, i), id++);
    }
    for (size_t i = 0; i < a->timing_count; i += workload_at(a, i).count) {
        stretch s = workload_at(a, i);
        if (s.timings[0].record.size != s.timings[s.count - 1].record.size && !report_is_weak(&s.timings[0].record))
            size_chart(t, s, id++);
    }
    stretch all = {a->timings, a->timing_count};
    for (size_t i = 0; i < a->timing_count; i++) {
        if (is_first_of_threads(all, i) && has_roofs(model, a->timings[i].record.threads))
            roofline_chart(t, model, a, a->timings[i].record.threads, id++);
    }
    return id;
}

/* ---- History ---------------------------------------------------------------------------------------------------- */

static report_tally tally_of(const report_model *model, const report_model_algorithm *only, size_t run)
{
    report_tally sum = {0};
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_tally *n = &model->algorithms[i]->history[run];
        if (only && model->algorithms[i] != only)
            continue;
        sum.passed += n->passed;
        sum.failed += n->failed;
        sum.skipped += n->skipped;
        sum.reproduced += n->reproduced;
        sum.in_part += n->in_part;
        sum.not_reproduced += n->not_reproduced;
    }
    return sum;
}

static size_t checks_in(const report_tally *n)
{
    return n->passed + n->failed + n->skipped + n->reproduced + n->in_part + n->not_reproduced;
}

static size_t timings_in(const report_model *model, const report_model_algorithm *only, size_t run)
{
    if (!only)
        return model->runs[run].timings;
    size_t count = 0;
    for (size_t i = 0; i < only->timing_count; i++)
        count += isfinite(only->timings[i].history[run]);
    return count;
}

static void run_row(report_table *table, const report_model *model, const report_model_algorithm *only, size_t run)
{
    const report_run *stored = &model->runs[run].stored;
    const report_tally n = tally_of(model, only, run);
    report_table_row(table);
    report_cell(table, stored->run.started);
    report_cell(table, stored->run.command);
    report_cell(table, stored->run.revision);
    report_cell(table, stored->run.depth);
    report_cell(table, stored->run.level);
    report_cell(table, stored->run.machine);
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)stored->run.seed);
    report_cell_number(table, (double)stored->run.seed, seed);
    const size_t counts[] = {
        n.passed, n.failed, n.skipped, n.reproduced, n.in_part, n.not_reproduced, timings_in(model, only, run)};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        report_cell_number(table, (double)counts[i], report_count(counts[i]).text);
    report_cell_number(table, stored->seconds,
                       isnan(stored->seconds) ? "interrupted" : report_quantity(stored->seconds, "s").text);
}

static void run_table(report_text *t, const report_model *model, const report_model_algorithm *only)
{
    report_table table = report_table_begin(
        t, "Runs in this database, newest first",
        REPORT_COLUMNS({"Started", REPORT_WORDS}, {"Command", REPORT_WORDS}, {"Revision", REPORT_WORDS},
                       {"Depth", REPORT_WORDS}, {"Level", REPORT_WORDS}, {"Machine", REPORT_WORDS},
                       {"Seed", REPORT_NUMBERS}, {"Passed", REPORT_NUMBERS}, {"Failed", REPORT_NUMBERS},
                       {"Skipped", REPORT_NUMBERS}, {"Reproduced", REPORT_NUMBERS}, {"In part", REPORT_NUMBERS},
                       {"Not reproduced", REPORT_NUMBERS}, {"Timings", REPORT_NUMBERS}, {"Took", REPORT_NUMBERS}));
    for (size_t run = model->run_count; run-- > report_history_start(model);) {
        report_tally n = tally_of(model, only, run);
        if (!only || checks_in(&n) || timings_in(model, only, run))
            run_row(&table, model, only, run);
    }
    report_table_end(&table);
}

static void verdict_chart(report_text *t, const report_model *model, const report_model_algorithm *only, unsigned id)
{
    static const char *const labels[] = {"checks failed", "checks skipped", "claims not reproduced"};
    report_chart chart = {.title = "Failed and skipped checks over the runs",
                          .x = {.label = "run"},
                          .y = {.label = "number"},
                          .stacked = true};
    for (size_t k = 0; k < 3; k++) {
        report_chart_begin(&chart, labels[k], REPORT_BARS);
        for (size_t run = report_history_start(model), at = 0; run < model->run_count; run++) {
            report_tally n = tally_of(model, only, run);
            if (!checks_in(&n))
                continue;
            if (k == 0)
                report_chart_category(&chart, report_name_of_run(&model->runs[run]).text);
            const size_t counts[] = {n.failed, n.skipped, n.not_reproduced};
            report_chart_point(&chart, (double)at++, (double)counts[k], NAN, NAN);
        }
    }
    if (chart.category_count < 2)
        for (size_t k = 0; k < chart.series_count; k++)
            chart.series[k].count = 0; /* one run is no history */
    report_chart_write(&chart, t, id);
}

/* Whether times of a run can be held beside those of the newest bench run. */
static bool is_comparable(const report_model *model, size_t run)
{
    const assay_run *a = &model->runs[run].stored.run, *b = model->bench ? &model->bench->stored.run : a;
    return a->machine == b->machine && a->compiler == b->compiler && a->flags == b->flags &&
           a->processors == b->processors;
}

static bool run_timed(const report_model *model, stretch s, size_t run)
{
    for (size_t i = 0; is_comparable(model, run) && i < s.count; i++) {
        if (isfinite(s.timings[i].history[run]))
            return true;
    }
    return false;
}

static void median_line(report_chart *chart, const report_model *model, stretch s, const report_model_timing *timing)
{
    begin_implementation(chart, timing, REPORT_LINE);
    for (size_t run = report_history_start(model), at = 0; run < model->run_count; run++) {
        if (run_timed(model, s, run))
            report_chart_point(chart, (double)at++, timing->history[run], NAN, NAN);
    }
}

/* The medians of a workload at its largest size over the runs that timed it. */
static void median_chart(report_text *t, const report_model *model, stretch s, unsigned id)
{
    size_t runs = 0;
    for (size_t run = report_history_start(model); run < model->run_count; run++)
        runs += run_timed(model, s, run);
    if (runs < 2)
        return;
    report_text title = joined("Time over the runs: ", s.timings[0].record.workload, ", size ");
    report_text_add(&title, report_count(s.timings[0].record.size).text);
    report_chart chart = {.title = words(&title),
                          .note = "Between runs a shared machine itself changes by several per cent.",
                          .x = {.label = "run"},
                          .y = {.label = "median time per run", .unit = "s", .log = true}};
    for (size_t run = report_history_start(model); run < model->run_count; run++) {
        if (run_timed(model, s, run))
            report_chart_category(&chart, report_name_of_run(&model->runs[run]).text);
    }
    for (size_t i = 0; i < s.count; i++)
        median_line(&chart, model, s, &s.timings[i]);
    chart.failed |= title.failed;
    report_chart_write(&chart, t, id);
    report_text_free(&title);
}

unsigned report_history_charts(report_text *t, const report_model *model, const report_model_algorithm *only,
                               unsigned id)
{
    report_text_add(t, "<div class=\"charts\">\n");
    verdict_chart(t, model, only, id++);
    for (size_t i = 0, end; only && !report_has_changes(model, only) && i < only->timing_count; i = end) {
        for (end = i + 1; end < only->timing_count &&
                          only->timings[end].record.workload == only->timings[i].record.workload &&
                          only->timings[end].record.size == only->timings[i].record.size;)
            end++;
        bool largest =
            end == only->timing_count || only->timings[end].record.workload != only->timings[i].record.workload;
        if (largest && !report_is_weak(&only->timings[i].record))
            median_chart(t, model, (stretch){&only->timings[i], end - i}, id++);
    }
    report_text_add(t, "</div>\n");
    run_table(t, model, only);
    return id;
}
