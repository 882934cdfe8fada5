/* The section on threads: a curve for each workload, and every number with its efficiency. */
#include "reports/chart.h"
#include "reports/number.h"
#include "reports/page.h"
#include "reports/scaling.h"

#include "assay/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All scalings of an algorithm. */
typedef struct scalings {
    const report_scaling *list;
    size_t count;
} scalings;

/* The curve that is drawn of a workload: of our best code, at the largest size. Null: only peers were timed so. */
static const report_model_timing *curve_of(scalings s, const char *workload)
{
    const report_model_timing *best = NULL;
    for (size_t i = 0; i < s.count; i++) {
        const assay_timing *r = &s.list[i].single->record;
        if (r->workload != workload || r->is_peer)
            continue;
        const int larger = best ? (r->size > best->record.size) - (r->size < best->record.size) : 1;
        if (larger > 0 ||
            (larger == 0 && report_compare_implementations(r->implementation, best->record.implementation) > 0))
            best = s.list[i].single;
    }
    return best;
}

static void curve(report_chart *chart, scalings s, const report_model_timing *single)
{
    const assay_timing *r = &single->record;
    report_text label = {0};
    /* That it is weak the heading says. */
    report_text_bytes(&label, r->workload, strlen(r->workload) - (report_is_weak(r) ? strlen(BENCH_WEAK) : 0));
    report_text_add(&label, ", ");
    report_text_add(&label, r->implementation);
    report_text_format(&label, ", size %s", report_count(r->size).text);
    report_chart_begin(chart, label.data ? label.data : "", REPORT_LINE);
    chart->failed |= label.failed;
    report_text_free(&label);
    report_chart_point(chart, 1, 1, NAN, NAN);
    for (size_t i = 0; i < s.count; i++) {
        const report_scaling *x = &s.list[i];
        if (x->single == single)
            report_chart_point(chart, x->timing->record.threads, x->speedup.estimate, x->speedup.low, x->speedup.high);
    }
}

static int most_threads(scalings s)
{
    int most = 1;
    for (size_t i = 0; i < s.count; i++)
        most = s.list[i].timing->record.threads > most ? s.list[i].timing->record.threads : most;
    return most;
}

/* From eight threads on a curve is read better on logarithmic axes, where powers of two have equal distances. */
static void scaling_chart(report_text *t, scalings s, bool weak, unsigned id)
{
    const int most = most_threads(s);
    report_chart chart = {.title =
                              weak ? "Weak scaling: the same size for each thread" : "Strong scaling: the same size",
                          .note = "Work in a second over that of one thread. Dashed: ideal.",
                          .x = {.label = "threads", .log = most >= 8},
                          .y = {.label = "speedup over one thread", .unit = "x", .log = most >= 8}};
    bool any = false;
    for (size_t i = 0; i < s.count; i++) {
        const char *workload = s.list[i].single->record.workload;
        const report_model_timing *single = curve_of(s, workload);
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = s.list[k].single->record.workload == workload;
        if (s.list[i].weak != weak || seen || !single)
            continue;
        curve(&chart, s, single);
        any = true;
    }
    if (any) {
        report_chart_begin(&chart, "ideal", REPORT_LIMIT);
        report_chart_point(&chart, 1, 1, NAN, NAN);
        report_chart_point(&chart, most, most, NAN, NAN);
    }
    report_chart_write(&chart, t, id);
}

static void scaling_row(report_table *table, const report_model *model, const report_scaling *x)
{
    const assay_timing *r = &x->timing->record;
    char threads[16];
    snprintf(threads, sizeof threads, "%d", r->threads);
    report_table_row(table);
    report_cell(table, report_scaling_kind(x));
    report_cell(table, r->workload);
    report_cell_number(table, (double)r->size, report_count(r->size).text);
    report_cell_begin(table, NAN);
    report_text_html(table->text, x->single->record.implementation);
    report_text_add(table->text, r->is_peer ? " <span class=\"tag\">peer</span>" : "");
    report_origin(table->text, model, x->timing->run);
    report_cell_end(table);
    report_cell_number(table, r->threads, threads);
    report_cell_interval(table, &x->single->median, "s");
    report_cell_interval(table, &x->timing->median, "s");
    report_cell_interval(table, &x->speedup, "x");
    report_cell_interval(table, &x->efficiency, "share");
    report_cell_replay(table, r->replay);
}

static void scaling_table(report_text *t, const report_model *model, scalings s)
{
    report_table table = report_table_begin(t, "Speedup and efficiency with more threads",
                                            REPORT_COLUMNS({"Scaling", REPORT_WORDS}, {"Workload", REPORT_WORDS},
                                                           {"Size", REPORT_NUMBERS}, {"Implementation", REPORT_WORDS},
                                                           {"Threads", REPORT_NUMBERS}, {"Time of one", REPORT_NUMBERS},
                                                           {"Time", REPORT_NUMBERS}, {"Speedup", REPORT_NUMBERS},
                                                           {"Efficiency", REPORT_NUMBERS}, {"Replay", REPORT_WORDS}));
    for (size_t i = 0; i < s.count; i++)
        scaling_row(&table, model, &s.list[i]);
    report_table_end(&table);
}

unsigned report_scaling_section(report_text *t, const report_model *model, const report_model_algorithm *a, unsigned id)
{
    scalings s;
    report_scaling *list = report_scalings(a, &s.count);
    s.list = list;
    t->failed |= s.count && !list;
    if (!list)
        return id;
    report_section_begin(t, "threads", "Threads");
    report_hint(t,
                "Efficiency is the speedup over one thread divided by the number of threads. Strong scaling keeps the "
                "size; weak scaling gives each thread the size that one thread has, and counts the work.");
    report_text_add(t, "<div class=\"charts\">\n");
    scaling_chart(t, s, false, id++);
    scaling_chart(t, s, true, id++);
    report_text_add(t, "</div>\n");
    scaling_table(t, model, s);
    report_section_end(t);
    free(list);
    return id;
}
