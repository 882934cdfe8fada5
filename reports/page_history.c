/* The section of an algorithm's page that shows its series over comparable runs: a table with a small picture of each,
 * and a chart for each that changed. */
#include "reports/chart.h"
#include "reports/history.h"
#include "reports/number.h"
#include "reports/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHARTS = 24 }; /* on a page; the table has all */

/* A series, and how much its largest change is. */
typedef struct ranked_series {
    const report_history_series *series;
    double rank;
} ranked_series;

static const report_run *run_at(const report_model *model, const report_history_series *s, size_t point)
{
    return &model->past->runs[s->points[point].run];
}

static bool is_shown(const report_model_algorithm *a, const report_history_series *s)
{
    return strcmp(s->algorithm, a->name) == 0 && s->count >= REPORT_HISTORY_LEAST &&
           (s->measure == REPORT_TIME || s->change_count);
}

bool report_has_changes(const report_model *model, const report_model_algorithm *a)
{
    for (size_t i = 0; model->past && i < model->past->series_count; i++) {
        if (is_shown(a, &model->past->series[i]))
            return true;
    }
    return false;
}

/* The revision as git shortens it. */
static report_words short_revision(const assay_run *run)
{
    report_words w;
    snprintf(w.text, sizeof w.text, "%.7s%s", run->revision, strstr(run->revision, "-dirty") ? "*" : "");
    return w;
}

/* How far half of the newest segment's runs are from its level, as a share of it. */
static double spread_of(const report_history_series *s)
{
    size_t first, end;
    double *distances = malloc(s->count * sizeof *distances), spread = NAN;
    report_segment_of(s, s->count - 1, &first, &end);
    const double level = report_level(s, first, end);
    for (size_t i = first; distances && i < end; i++)
        distances[i - first] = fabs(s->points[i].value - level);
    if (distances && level > 0 && assay_median(distances, end - first, &spread) == ASSAY_OK)
        spread /= level;
    free(distances);
    return spread;
}

/* ---- Small pictures -----------------------------------------------------------------------------------------------
 */

enum { PICTURE_WIDTH = 150, PICTURE_HEIGHT = 30, PICTURE_MARGIN = 4 };

/* A frame that is never lower than 5 %, so that noise does not look like a mountain. */
typedef struct frame {
    double low, high;
    size_t count;
} frame;

static frame frame_of(const report_history_series *s)
{
    frame f = {INFINITY, -INFINITY, s->count};
    for (size_t i = 0; i < s->count; i++) {
        f.low = fmin(f.low, s->points[i].value);
        f.high = fmax(f.high, s->points[i].value);
    }
    const double missing = 0.05 * fmax(fabs(f.low), fabs(f.high)) - (f.high - f.low);
    f.low -= fmax(missing, 0) / 2;
    f.high += fmax(missing, 0) / 2;
    return f;
}

static double across(const frame *f, double point)
{
    return PICTURE_MARGIN + (PICTURE_WIDTH - 2 * PICTURE_MARGIN) * (point + 0.5) / (double)f->count;
}

static double up(const frame *f, double value)
{
    const double share = f->high > f->low ? (value - f->low) / (f->high - f->low) : 0.5;
    return PICTURE_HEIGHT - PICTURE_MARGIN - (PICTURE_HEIGHT - 2 * PICTURE_MARGIN) * share;
}

static void draw_picture(report_text *t, const report_history_series *s)
{
    const frame f = frame_of(s);
    report_text_format(t,
                       "<svg class=\"spark\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">"
                       "<polyline class=\"runs\" points=\"",
                       PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_WIDTH, PICTURE_HEIGHT);
    for (size_t i = 0; i < s->count; i++)
        report_text_format(t, "%s%.1f,%.1f", i ? " " : "", across(&f, (double)i), up(&f, s->points[i].value));
    report_text_add(t, "\"/>");
    for (size_t first = 0, end; first < s->count; first = end) {
        size_t begin;
        report_segment_of(s, first, &begin, &end);
        const double y = up(&f, report_level(s, first, end));
        report_text_format(t, "<path class=\"level\" d=\"M%.1f %.1fH%.1f\"/>", across(&f, (double)first - 0.5), y,
                           across(&f, (double)end - 0.5));
    }
    for (size_t i = 0; i < s->change_count; i++)
        report_text_format(t, "<path class=\"%s\" d=\"M%.1f 1V%d\"/>", s->changes[i].worse ? "worse" : "better",
                           across(&f, (double)s->changes[i].at - 0.5), PICTURE_HEIGHT - 1);
    report_text_add(t, "</svg>");
}

/* ---- Table --------------------------------------------------------------------------------------------------------
 */

static void change_cell(report_table *table, const report_history_series *s)
{
    const report_history_change *c = s->change_count ? &s->changes[s->change_count - 1] : NULL;
    report_text *t = table->text;
    report_cell_begin(table, c ? c->ratio.estimate : NAN);
    if (c) {
        report_text_format(t, "<span class=\"verdict %s\">", c->worse ? "fail" : "pass");
        report_text_html(t, report_size_of_change(c).text);
        report_text_add(t, " ");
        report_text_add(t, report_direction_of_change(s, c));
        report_text_add(t, s->judgement == REPORT_WORSE ? ", new</span>" : "</span>");
        if (*report_interval_of_change(c).text) {
            report_text_add(t, "<small class=\"interval\">");
            report_text_html(t, report_interval_of_change(c).text);
            report_text_add(t, "</small>");
        }
    } else {
        report_text_add(t, "–");
    }
    report_cell_end(table);
}

static void series_row(report_table *table, const report_model *model, const report_history_series *s)
{
    const report_history_change *c = s->change_count ? &s->changes[s->change_count - 1] : NULL;
    const report_history_point *newest = &s->points[s->count - 1];
    report_table_row(table);
    report_cell(table, report_title_of_series(s).text);
    report_cell_number(table, (double)s->count, report_count(s->count).text);
    if (s->measure == REPORT_TIME)
        report_cell_interval(table, &(assay_interval){newest->value, newest->low, newest->high}, s->unit);
    else
        report_cell_number(table, newest->value, report_quantity(newest->value, s->unit).text);
    report_cell_number(table, spread_of(s), report_quantity(spread_of(s), "share").text);
    change_cell(table, s);
    report_cell(table, c ? report_name_of_start(&run_at(model, s, c->at)->run).text : "–");
    report_cell_begin(table, (double)s->change_count);
    draw_picture(table->text, s);
    report_cell_end(table);
}

static void series_table(report_text *t, const report_model *model, const report_model_algorithm *a)
{
    report_table table = report_table_begin(t, "Benchmarks and worst errors over comparable runs",
                                            REPORT_COLUMNS({"Series", REPORT_WORDS}, {"Runs", REPORT_NUMBERS},
                                                           {"Newest", REPORT_NUMBERS}, {"Spread", REPORT_NUMBERS},
                                                           {"Last change", REPORT_NUMBERS}, {"Since", REPORT_WORDS},
                                                           {"Over the runs", REPORT_WORDS}));
    for (size_t i = 0; i < model->past->series_count; i++) {
        if (is_shown(a, &model->past->series[i]))
            series_row(&table, model, &model->past->series[i]);
    }
    report_table_end(&table);
}

/* ---- Charts -------------------------------------------------------------------------------------------------------
 */

static void levels(report_chart *chart, const report_history_series *s)
{
    for (size_t first = 0, end; first < s->count; first = end) {
        size_t begin;
        report_segment_of(s, first, &begin, &end);
        const double level = report_level(s, first, end);
        report_chart_begin(chart, s->implementation, REPORT_LEVEL);
        report_chart_point(chart, (double)first, level, NAN, NAN);
        report_chart_point(chart, (double)(end - 1), level, NAN, NAN);
    }
}

static void marks(report_chart *chart, const report_model *model, const report_history_series *s, bool worse)
{
    report_chart_begin(chart, worse ? "worse" : "better", worse ? REPORT_WORSE_FROM : REPORT_BETTER_FROM);
    for (size_t i = 0; i < s->change_count; i++) {
        const report_history_change *c = &s->changes[i];
        report_words name;
        if (c->worse != worse)
            continue;
        snprintf(name.text, sizeof name.text, "%.60s · %.20s", report_size_of_change(c).text,
                 short_revision(&run_at(model, s, c->at)->run).text);
        report_chart_named(chart, name.text, (double)c->at, s->points[c->at].value, NAN, NAN);
    }
}

static void series_chart(report_text *t, const report_model *model, const report_history_series *s, unsigned id)
{
    const report_words title = report_title_of_series(s);
    report_chart chart = {.title = title.text,
                          .x = {.label = "run"},
                          .y = {.label = s->measure == REPORT_TIME ? "median time" : "worst error", .unit = s->unit},
                          .zoomed = true};
    report_chart_begin(&chart, s->implementation, REPORT_RUNS);
    for (size_t i = 0; i < s->count; i++) {
        const report_history_point *p = &s->points[i];
        report_chart_category(&chart, report_name_of_start(&run_at(model, s, i)->run).text);
        report_chart_point(&chart, (double)i, p->value, p->low, p->high);
    }
    levels(&chart, s);
    marks(&chart, model, s, true);
    marks(&chart, model, s, false);
    report_chart_write(&chart, t, id);
}

static int compare_ranks(const void *a, const void *b)
{
    const ranked_series *x = a, *y = b;
    const int order = (x->rank < y->rank) - (x->rank > y->rank);
    return order ? order : (x->series > y->series) - (x->series < y->series);
}

/* What is new and worse comes first, then the largest changes. */
static double rank_of(const report_history_series *s)
{
    double most = s->judgement == REPORT_WORSE ? 100 : 0;
    for (size_t i = 0; i < s->change_count; i++) {
        const double size = fabs(log(s->changes[i].ratio.estimate));
        most = fmax(most, isfinite(size) ? size : 1);
    }
    return most;
}

static bool is_last_of_workload(const report_history *past, size_t which)
{
    const report_history_series *s = &past->series[which], *next = s + 1;
    return s->measure == REPORT_TIME &&
           (which + 1 == past->series_count || strcmp(next->algorithm, s->algorithm) != 0 ||
            strcmp(next->name, s->name) != 0 || next->measure != s->measure || next->group != s->group);
}

/* The series that changed; if none did, of each workload the largest size by our best code. Returns their number. */
static size_t choose(const report_model *model, const report_model_algorithm *a, ranked_series *chosen)
{
    size_t count = 0;
    const report_history *past = model->past;
    for (size_t i = 0; i < past->series_count; i++) {
        if (is_shown(a, &past->series[i]) && past->series[i].change_count)
            chosen[count++] = (ranked_series){&past->series[i], rank_of(&past->series[i])};
    }
    const bool any = count > 0;
    for (size_t i = 0; !any && i < past->series_count; i++) {
        if (is_shown(a, &past->series[i]) && is_last_of_workload(past, i))
            chosen[count++] = (ranked_series){&past->series[i], 0};
    }
    qsort(chosen, count, sizeof *chosen, compare_ranks);
    return count < CHARTS ? count : CHARTS;
}

/* Which runs these are, and what the marks mean. */
static void explain(report_text *t, const report_model *model, const report_model_algorithm *a)
{
    const report_history *past = model->past;
    for (size_t i = 0; i < past->series_count; i++) {
        if (!is_shown(a, &past->series[i]))
            continue;
        const report_history_group *g = &past->groups[past->series[i].group];
        report_text_format(t, "<p class=\"hint\">%zu comparable runs: ", g->runs);
        report_text_html(t, g->machine);
        report_text_format(t, " (%d processor%s), ", g->processors, g->processors == 1 ? "" : "s");
        report_text_html(t, g->compiler);
        report_text_add(t, ", ");
        report_text_html(t, g->flags);
        report_text_add(t,
                        ". A change is marked where E‑divisive means find one (of the marks at most 5 % are false) and "
                        "the level moves by 3 % or more; <em>new</em> says that the newest run is in a new, worse "
                        "segment. Bars are the medians of the segments, whiskers come from the repetitions within one "
                        "run; the spread is the median distance from the newest level.</p>\n");
        return;
    }
}

unsigned report_changes(report_text *t, const report_model *model, const report_model_algorithm *a, unsigned id)
{
    if (!report_has_changes(model, a))
        return id;
    ranked_series *chosen = malloc(model->past->series_count * sizeof *chosen);
    t->failed |= !chosen;
    explain(t, model, a);
    report_text_add(t, "<div class=\"charts\">\n");
    const size_t count = chosen ? choose(model, a, chosen) : 0;
    for (size_t i = 0; i < count; i++)
        series_chart(t, model, chosen[i].series, id++);
    report_text_add(t, "</div>\n");
    series_table(t, model, a);
    free(chosen);
    return id;
}

/* ---- The first page -----------------------------------------------------------------------------------------------
 */

void report_newest_changes(report_text *t, const report_model *model)
{
    const report_history *past = model->past;
    bool any = false;
    for (size_t i = 0; past && i < past->series_count; i++) {
        const report_history_series *s = &past->series[i];
        if (s->judgement != REPORT_WORSE || !s->change_count)
            continue;
        const report_history_change *c = &s->changes[s->change_count - 1];
        report_text_add(t, any ? "<li>" : "<h3>Worse in the newest runs</h3>\n<ul class=\"failures\">\n<li>");
        report_text_add(t, "<span class=\"verdict fail\">");
        report_text_html(t, report_size_of_change(c).text);
        report_text_add(t, " ");
        report_text_add(t, report_direction_of_change(s, c));
        report_text_add(t, "</span> ");
        report_text_html(t, s->algorithm);
        report_text_add(t, ": ");
        report_text_html(t, report_title_of_series(s).text);
        report_text_add(t, ", since ");
        report_text_html(t, report_name_of_start(&run_at(model, s, c->at)->run).text);
        report_text_add(t, "</li>\n");
        any = true;
    }
    report_text_add(t, any ? "</ul>\n" : "");
}
