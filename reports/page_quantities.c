/* What checks and benchmarks recorded besides verdicts and times: convergence, quality and speed, counts of operations,
 * fitted exponents, other curves. Each kind has a standard chart. */
#include "reports/chart.h"
#include "reports/number.h"
#include "reports/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDE = 20 /* a ratio of greatest to least from which an axis is logarithmic where both would do */
};

static const char *words(const report_text *t)
{
    return t->data ? t->data : "";
}

/* Begins a series of a name put together from data. */
static void begin_series(report_chart *chart, report_text *label, report_draw draw)
{
    report_chart_begin(chart, words(label), draw);
    chart->failed |= label->failed;
}

/* A stretch of the sorted series: those of one chart. */
typedef struct stretch {
    const report_model_series *series;
    size_t count;
    bool has_twin; /* another chart has the same name and only runs along something else */
} stretch;

static bool has_twin(const report_model_algorithm *a, const assay_series *s)
{
    for (size_t i = 0; i < a->series_count; i++) {
        const assay_series *other = &a->series[i].record;
        if (other->kind == s->kind && other->chart == s->chart && other->x_label != s->x_label)
            return true;
    }
    return false;
}

/* The series of the chart that begins at @p first. */
static stretch chart_at(const report_model_algorithm *a, size_t first)
{
    size_t end = first;
    while (end < a->series_count && report_same_chart(&a->series[end].record, &a->series[first].record))
        end++;
    return (stretch){a->series + first, end - first, has_twin(a, &a->series[first].record)};
}

static bool same_points(const assay_series *a, const assay_series *b)
{
    return a->count == b->count && (a->count == 0 || (memcmp(a->x, b->x, a->count * sizeof *a->x) == 0 &&
                                                      memcmp(a->y, b->y, a->count * sizeof *a->y) == 0));
}

/* What the legend calls a series: its label, and its implementation if the label alone does not tell. Empty for one
 * that an earlier series of the same label equals in every point: levels that compute the same share one curve. */
static report_text series_label(stretch s, size_t which)
{
    const assay_series *self = &s.series[which].record;
    report_text label = {0};
    bool ambiguous = *self->label == '\0';
    for (size_t i = 0; i < s.count; i++) {
        const assay_series *other = &s.series[i].record;
        if (i == which || other->label != self->label)
            continue;
        const bool equal = same_points(other, self);
        if (equal && i < which)
            return label;
        ambiguous |= !equal && other->implementation != self->implementation;
    }
    report_text_add(&label, self->label);
    if (ambiguous) {
        report_text_add(&label, *self->label ? ", " : "");
        report_text_add(&label, self->implementation);
    }
    return label;
}

static void add_points(report_chart *chart, const assay_series *s)
{
    for (size_t k = 0; k < s->count; k++)
        report_chart_point(chart, s->x[k], s->y[k], NAN, NAN);
}

/* Whether the abscissas of a chart are better on a logarithmic axis. Zeros (the error before the first iteration) count
 * for little: they are left out there. */
static bool is_wide(stretch s)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < s.count; i++) {
        const assay_series *r = &s.series[i].record;
        double end = 0;
        for (size_t k = 0; k < r->count; k++) {
            end = fmax(end, r->x[k]);
            most = fmax(most, r->x[k]);
        }
        least = end > 0 ? fmin(least, end) : least;
    }
    return most > WIDE * least; /* of the ends of the series: methods that need very different efforts */
}

/* ---- The chart of each kind ------------------------------------------------------------------------------------- */

static void points_chart(report_text *t, stretch s, unsigned id)
{
    static const report_draw draws[] = {[ASSAY_HISTOGRAM] = REPORT_BARS,
                                        [ASSAY_LINE] = REPORT_LINE,
                                        [ASSAY_SCATTER] = REPORT_POINTS,
                                        [ASSAY_FRONT] = REPORT_FRONT};
    const assay_series *first = &s.series[0].record;
    report_chart chart = {.title = first->chart,
                          .x = {.label = first->x_label, .log = first->x_log},
                          .y = {.label = first->y_label, .log = first->y_log}};
    for (size_t i = 0; i < s.count; i++) {
        report_text label = series_label(s, i);
        if (label.length) {
            begin_series(&chart, &label, draws[s.series[i].record.style]);
            add_points(&chart, &s.series[i].record);
        }
        report_text_free(&label);
    }
    report_chart_write(&chart, t, id);
}

static void convergence_chart(report_text *t, stretch s, unsigned id)
{
    const assay_series *first = &s.series[0].record;
    const bool in_time = strcmp(first->x_label, "seconds") == 0;
    report_text title = {0};
    report_text_add(&title, first->chart);
    if (s.has_twin) {
        report_text_add(&title, ": error over ");
        report_text_add(&title, in_time ? "time" : first->x_label);
    }
    report_chart chart = {.title = words(&title),
                          .note = "How each method comes near its end: lower and further left is better.",
                          .x = {.label = in_time ? "time" : first->x_label, .unit = in_time ? "s" : NULL},
                          .y = {.label = first->y_label, .log = true},
                          .failed = title.failed};
    chart.x.log = is_wide(s);
    for (size_t i = 0; i < s.count; i++) {
        const assay_series *r = &s.series[i].record;
        report_text label = series_label(s, i);
        if (label.length) {
            begin_series(&chart, &label, REPORT_LINE);
            for (size_t k = 0; k < r->count; k++) {
                if (r->y[k] > 0 && (r->x[k] > 0 || !chart.x.log))
                    report_chart_point(&chart, r->x[k], r->y[k], NAN, NAN);
            }
        }
        report_text_free(&label);
    }
    report_chart_write(&chart, t, id);
    report_text_free(&title);
}

static void quality_chart(report_text *t, stretch s, unsigned id)
{
    const assay_series *first = &s.series[0].record;
    report_chart chart = {.title = first->chart,
                          .note = "One point for each setting of a method: further up and further right is better.",
                          .x = {.label = first->x_label},
                          .y = {.label = first->y_label, .log = true}};
    for (size_t i = 0; i < s.count; i++) {
        const assay_series *r = &s.series[i].record;
        report_text label = series_label(s, i);
        if (label.length) {
            begin_series(&chart, &label, REPORT_LINE);
            for (size_t k = 0; k < r->count; k++) {
                if (r->y[k] > 0)
                    report_chart_point(&chart, r->x[k], r->y[k], NAN, NAN);
            }
        }
        report_text_free(&label);
    }
    report_chart_write(&chart, t, id);
}

/* The fitted line from the first to the last abscissa. */
static void add_fit(report_chart *chart, report_text *label, const assay_series *s)
{
    double low = INFINITY, high = 0;
    for (size_t k = 0; k < s->count; k++) {
        low = fmin(low, s->x[k]);
        high = fmax(high, s->x[k]);
    }
    begin_series(chart, label, REPORT_FIT);
    report_chart_point(chart, low, s->factor * pow(low, s->exponent), NAN, NAN);
    report_chart_point(chart, high, s->factor * pow(high, s->exponent), NAN, NAN);
}

static void scaling_chart(report_text *t, stretch s, unsigned id)
{
    const assay_series *first = &s.series[0].record;
    report_chart chart = {.title = first->chart,
                          .note =
                              "Points: measured. Lines: fitted power laws, whose exponents stand in the legend with "
                              "their 95 % intervals.",
                          .x = {.label = first->x_label, .log = true},
                          .y = {.label = first->y_label, .log = true}};
    for (size_t i = 0; i < s.count; i++) {
        const assay_series *r = &s.series[i].record;
        report_text label = series_label(s, i);
        if (label.length) {
            report_text_format(&label, ": exponent %s", report_number(r->exponent, 3).text);
            report_text_format(&label, " (%s)", report_range(r->exponent_low, r->exponent_high, "").text);
            begin_series(&chart, &label, REPORT_POINTS);
            add_points(&chart, r);
            add_fit(&chart, &label, r);
        }
        report_text_free(&label);
    }
    report_chart_write(&chart, t, id);
}

static void exponent_table(report_text *t, const report_model_algorithm *a)
{
    report_table table = report_table_begin(
        t, "Fitted exponents",
        REPORT_COLUMNS({"Chart", REPORT_PROSE}, {"Method", REPORT_WORDS}, {"Implementation", REPORT_WORDS},
                       {"Exponent", REPORT_NUMBERS}, {"95 % interval", REPORT_NUMBERS}, {"Points", REPORT_NUMBERS}));
    for (size_t i = 0; i < a->series_count; i++) {
        const assay_series *s = &a->series[i].record;
        if (s->kind != ASSAY_SCALING)
            continue;
        report_table_row(&table);
        report_cell(&table, s->chart);
        report_cell(&table, *s->label ? s->label : "–");
        report_cell(&table, s->implementation);
        report_cell_number(&table, s->exponent, report_number(s->exponent, 4).text);
        report_cell_number(&table, s->exponent_high - s->exponent_low,
                           report_range(s->exponent_low, s->exponent_high, "").text);
        report_cell_number(&table, (double)s->count, report_count(s->count).text);
    }
    report_table_end(&table);
}

/* ---- Quality and speed of benchmarks ---------------------------------------------------------------------------- */

/* A benchmark with a quality. */
typedef struct setting {
    const report_model_timing *timing;
    double quality, speed, low, high; /* items per second with their interval */
} setting;

static int compare_settings(const void *a, const void *b)
{
    const setting *x = a, *y = b;
    int order = (x->quality > y->quality) - (x->quality < y->quality);
    return order
               ? order
               : (x->timing->record.size > y->timing->record.size) - (x->timing->record.size < y->timing->record.size);
}

static bool has_quality(const report_model_timing *x)
{
    return *x->record.quality_label && isfinite(x->record.quality);
}

/* The benchmarks of one implementation and workload as a curve over its sizes; those before @p which were drawn. */
static void add_settings(report_chart *chart, const report_model_timing *timings, size_t count, size_t which)
{
    const assay_timing *self = &timings[which].record;
    setting *settings = malloc(count * sizeof *settings);
    size_t found = 0;
    chart->failed |= !settings;
    for (size_t i = which; settings && i < count; i++) {
        const report_model_timing *x = &timings[i];
        if (!has_quality(x) || x->record.implementation != self->implementation || x->record.threads != self->threads)
            continue;
        const double amount = x->record.items > 0 ? x->record.items : 1;
        settings[found++] = (setting){x, x->record.quality, amount / x->median.estimate, amount / x->median.high,
                                      amount / x->median.low};
    }
    if (settings)
        qsort(settings, found, sizeof *settings, compare_settings);
    report_text label = {0};
    report_text_add(&label, self->implementation);
    report_text_add(&label, self->is_peer ? " (peer)" : "");
    begin_series(chart, &label, REPORT_LINE);
    report_text_free(&label);
    for (size_t i = 0; i < found; i++) {
        report_text name = {0};
        report_text_format(&name, "size %s", report_count(settings[i].timing->record.size).text);
        report_chart_named(chart, words(&name), settings[i].quality, settings[i].speed, settings[i].low,
                           settings[i].high);
        chart->failed |= name.failed;
        report_text_free(&name);
    }
    free(settings);
}

/* The chart of one workload. */
static unsigned bench_quality_chart(report_text *t, const report_model_timing *timings, size_t count, unsigned id)
{
    const char *quality = "";
    bool items = true;
    for (size_t i = 0; i < count; i++) {
        if (has_quality(&timings[i])) {
            quality = timings[i].record.quality_label;
            items &= timings[i].record.items > 0;
        }
    }
    if (!*quality)
        return id;
    report_text title = {0};
    report_text_add(&title, "Benchmark ");
    report_text_add(&title, timings[0].record.workload);
    report_chart chart = {
        .title = words(&title),
        .note = "One point for each size of the benchmark: further up and further right is better. "
                "Whiskers: 95 % intervals.",
        .x = {.label = quality},
        .y = {.label = items ? "items per second" : "runs per second", .unit = items ? "item/s" : NULL, .log = true},
        .failed = title.failed};
    for (size_t i = 0; i < count; i++) {
        bool drawn = !has_quality(&timings[i]);
        for (size_t k = 0; k < i && !drawn; k++)
            drawn = has_quality(&timings[k]) && timings[k].record.implementation == timings[i].record.implementation &&
                    timings[k].record.threads == timings[i].record.threads;
        if (!drawn)
            add_settings(&chart, timings, count, i);
    }
    report_chart_write(&chart, t, id);
    report_text_free(&title);
    return id + 1;
}

static bool any_quality(const report_model_algorithm *a)
{
    for (size_t i = 0; i < a->timing_count; i++) {
        if (has_quality(&a->timings[i]))
            return true;
    }
    return false;
}

/* ---- Counts of operations --------------------------------------------------------------------------------------- */

/* A stretch of the sorted counts: the same thing counted on the same workload. */
typedef struct counting {
    const report_model_count *counts;
    size_t count;
} counting;

static counting counting_at(const report_model_algorithm *a, size_t first)
{
    size_t end = first;
    while (end < a->count_count && report_same_counting(&a->counts[end].record, &a->counts[first].record))
        end++;
    return (counting){a->counts + first, end - first};
}

/* The name of a bar: the method, with the implementation where implementations count differently. Empty if an earlier
 * implementation of the method counted the same. */
static report_text bar_name(counting c, size_t which)
{
    const assay_count *self = &c.counts[which].record;
    report_text name = {0};
    bool ambiguous = *self->method == '\0';
    for (size_t i = 0; i < c.count; i++) {
        const assay_count *other = &c.counts[i].record;
        if (i == which || other->method != self->method)
            continue;
        const bool equal = other->count == self->count;
        if (equal && i < which)
            return name;
        ambiguous |= !equal;
    }
    report_text_add(&name, self->method);
    if (ambiguous) {
        report_text_add(&name, *self->method ? ", " : "");
        report_text_add(&name, self->implementation);
    }
    return name;
}

static void add_bars(report_chart *chart, counting c, bool allowed)
{
    report_chart_begin(chart, allowed ? "allowed by theory" : "counted", REPORT_BARS);
    for (size_t i = 0, k = 0; i < c.count; i++) {
        report_text name = bar_name(c, i);
        if (name.length) {
            if (!allowed)
                report_chart_category(chart, words(&name));
            const double value = allowed ? c.counts[i].record.allowed : c.counts[i].record.count;
            if (value > 0 || !chart->y.log)
                report_chart_point(chart, (double)k, value, NAN, NAN);
            k++;
        }
        chart->failed |= name.failed;
        report_text_free(&name);
    }
}

static bool counts_are_wide(counting c)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < c.count; i++) {
        const double values[] = {c.counts[i].record.count, c.counts[i].record.allowed};
        for (int k = 0; k < 2; k++) {
            if (values[k] > 0) {
                least = fmin(least, values[k]);
                most = fmax(most, values[k]);
            }
        }
    }
    return most > WIDE * least && least >= 1;
}

static void counting_chart(report_text *t, counting c, unsigned id)
{
    const assay_count *first = &c.counts[0].record;
    bool bounded = false;
    for (size_t i = 0; i < c.count; i++)
        bounded |= isfinite(c.counts[i].record.allowed);
    report_text title = {0};
    report_text_add(&title, first->counted);
    report_text_add(&title, *first->workload ? ": " : "");
    report_text_add(&title, first->workload);
    report_chart chart = {.title = words(&title),
                          .note = bounded ? "What was counted beside what theory allows: shorter is better."
                                          : "What was counted: shorter is better.",
                          .x = {.label = "method"},
                          .y = {.label = first->counted, .log = counts_are_wide(c)},
                          .horizontal = true,
                          .failed = title.failed};
    chart.base = chart.y.log ? 1 : 0;
    add_bars(&chart, c, false);
    if (bounded)
        add_bars(&chart, c, true);
    report_chart_write(&chart, t, id);
    report_text_free(&title);
}

static bool same_count(const assay_count *a, const assay_count *b)
{
    return report_same_counting(a, b) && a->method == b->method && a->count == b->count &&
           (a->allowed == b->allowed || (isnan(a->allowed) && isnan(b->allowed)));
}

/* All implementations that counted the same, or none if an earlier row has named them. */
static report_text counted_by(const report_model_algorithm *a, size_t which)
{
    report_text names = {0};
    for (size_t i = 0; i < a->count_count; i++) {
        if (!same_count(&a->counts[i].record, &a->counts[which].record))
            continue;
        if (i < which)
            return names;
        report_text_add(&names, i > which ? ", " : "");
        report_text_add(&names, a->counts[i].record.implementation);
    }
    return names;
}

static void count_row(report_table *table, const assay_count *c, const char *implementations)
{
    report_table_row(table);
    report_cell(table, c->counted);
    report_cell(table, *c->workload ? c->workload : "–");
    report_cell(table, *c->method ? c->method : "–");
    report_cell(table, implementations);
    report_cell_number(table, c->count, report_number(c->count, 6).text);
    report_cell_number(table, c->allowed, report_number(c->allowed, 6).text);
    report_cell_number(table, c->count / c->allowed, report_quantity(c->count / c->allowed, "share").text);
}

static void count_table(report_text *t, const report_model_algorithm *a)
{
    report_table table = report_table_begin(t, "Counted operations",
                                            REPORT_COLUMNS({"Counted", REPORT_WORDS}, {"Workload", REPORT_PROSE},
                                                           {"Method", REPORT_WORDS}, {"Implementation", REPORT_WORDS},
                                                           {"Count", REPORT_NUMBERS}, {"Allowed", REPORT_NUMBERS},
                                                           {"Of the allowed", REPORT_NUMBERS}));
    for (size_t i = 0; i < a->count_count; i++) {
        report_text names = counted_by(a, i);
        if (names.length)
            count_row(&table, &a->counts[i].record, words(&names));
        t->failed |= names.failed;
        report_text_free(&names);
    }
    report_table_end(&table);
}

/* ---- Sections --------------------------------------------------------------------------------------------------- */

static bool has_kind(const report_model_algorithm *a, assay_series_kind kind)
{
    for (size_t i = 0; i < a->series_count; i++) {
        if (a->series[i].record.kind == kind)
            return true;
    }
    return false;
}

static unsigned charts_of_kind(report_text *t, const report_model_algorithm *a, assay_series_kind kind, unsigned id)
{
    static void (*const charts[])(report_text * t, stretch s, unsigned id) = {[ASSAY_POINTS] = points_chart,
                                                                              [ASSAY_CONVERGENCE] = convergence_chart,
                                                                              [ASSAY_QUALITY_SPEED] = quality_chart,
                                                                              [ASSAY_SCALING] = scaling_chart};
    for (size_t i = 0; i < a->series_count; i += chart_at(a, i).count) {
        if (a->series[i].record.kind == kind)
            charts[kind](t, chart_at(a, i), id++);
    }
    return id;
}

static unsigned section_of_kind(report_text *t, const report_model_algorithm *a, assay_series_kind kind,
                                const char *anchor, const char *heading, unsigned id)
{
    if (!has_kind(a, kind))
        return id;
    report_section_begin(t, anchor, heading);
    if (kind == ASSAY_SCALING)
        exponent_table(t, a);
    report_text_add(t, "<div class=\"charts\">\n");
    id = charts_of_kind(t, a, kind, id);
    report_text_add(t, "</div>\n");
    report_section_end(t);
    return id;
}

static unsigned quality_section(report_text *t, const report_model_algorithm *a, unsigned id)
{
    if (!has_kind(a, ASSAY_QUALITY_SPEED) && !any_quality(a))
        return id;
    report_section_begin(t, "quality", "Quality and speed");
    report_text_add(t, "<div class=\"charts\">\n");
    for (size_t i = 0, end; i < a->timing_count; i = end) {
        for (end = i; end < a->timing_count && a->timings[end].record.workload == a->timings[i].record.workload;)
            end++;
        id = bench_quality_chart(t, &a->timings[i], end - i, id);
    }
    id = charts_of_kind(t, a, ASSAY_QUALITY_SPEED, id);
    report_text_add(t, "</div>\n");
    report_section_end(t);
    return id;
}

static unsigned count_section(report_text *t, const report_model_algorithm *a, unsigned id)
{
    if (!a->count_count)
        return id;
    report_section_begin(t, "counts", "Counted operations");
    count_table(t, a);
    report_text_add(t, "<div class=\"charts\">\n");
    for (size_t i = 0; i < a->count_count; i += counting_at(a, i).count)
        counting_chart(t, counting_at(a, i), id++);
    report_text_add(t, "</div>\n");
    report_section_end(t);
    return id;
}

unsigned report_quantities(report_text *t, const report_model_algorithm *a, unsigned id)
{
    id = quality_section(t, a, id);
    id = section_of_kind(t, a, ASSAY_CONVERGENCE, "convergence", "Convergence", id);
    id = count_section(t, a, id);
    id = section_of_kind(t, a, ASSAY_SCALING, "scaling", "Scaling", id);
    return section_of_kind(t, a, ASSAY_POINTS, "series", "Measured curves", id);
}
