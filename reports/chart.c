/* Charts: collecting points, writing them as data and as a table. */
#include "reports/chart.h"

#include "reports/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DRAWN_POINTS = 1024, /* more than the pixels of a line */
    TABLE_ROWS = 256     /* all of them are in results.json */
};

/* Room for one more element at the end of *array. */
static void *append(report_chart *chart, void *array, size_t *count, size_t *capacity, size_t size)
{
    void **elements = array;
    if (*count == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : 16;
        void *grown = larger > (size_t)-1 / 2 / size ? NULL : realloc(*elements, larger * size);
        if (!grown) {
            chart->failed = true;
            return NULL;
        }
        *elements = grown;
        *capacity = larger;
    }
    return (char *)*elements + (*count)++ * size;
}

static char *copy_of(report_chart *chart, const char *s)
{
    char *copy = strdup(s);
    chart->failed |= !copy;
    return copy;
}

void report_chart_category(report_chart *chart, const char *name)
{
    char **slot = append(chart, &chart->categories, &chart->category_count, &chart->category_capacity, sizeof *slot);
    if (slot)
        *slot = copy_of(chart, name);
}

void report_chart_begin(report_chart *chart, const char *label, report_draw draw)
{
    report_chart_series *s = append(chart, &chart->series, &chart->series_count, &chart->series_capacity, sizeof *s);
    if (s)
        *s = (report_chart_series){.label = copy_of(chart, label), .draw = draw};
}

static void add_point(report_chart *chart, report_point point)
{
    report_point *slot = NULL;
    if (!chart->failed && chart->series_count && isfinite(point.x) &&
        isfinite(point.y)) { /* what is not cannot be drawn */
        report_chart_series *s = &chart->series[chart->series_count - 1];
        slot = append(chart, &s->points, &s->count, &s->capacity, sizeof *slot);
    }
    if (slot)
        *slot = point;
    else
        free(point.name);
}

void report_chart_point(report_chart *chart, double x, double y, double low, double high)
{
    add_point(chart, (report_point){x, y, low, high, false, NULL});
}

void report_chart_peer(report_chart *chart, double x, double y, double low, double high)
{
    add_point(chart, (report_point){x, y, low, high, true, NULL});
}

void report_chart_named(report_chart *chart, const char *name, double x, double y, double low, double high)
{
    if (isfinite(x) && isfinite(y))
        add_point(chart, (report_point){x, y, low, high, false, copy_of(chart, name)});
}

static void release(report_chart *chart)
{
    for (size_t i = 0; i < chart->category_count; i++)
        free(chart->categories[i]);
    for (size_t i = 0; i < chart->series_count; i++) {
        for (size_t k = 0; k < chart->series[i].count; k++)
            free(chart->series[i].points[k].name);
        free(chart->series[i].label);
        free(chart->series[i].points);
    }
    free(chart->categories);
    free(chart->series);
    *chart = (report_chart){0};
}

/* Thins a line out to the lowest and highest point of each stretch, so that no peak is lost. */
static void thin_out(report_chart_series *s)
{
    if (s->count <= DRAWN_POINTS || s->draw == REPORT_BARS || s->points[0].name)
        return;
    size_t stretches = DRAWN_POINTS / 2, kept = 0;
    for (size_t k = 0; k < stretches; k++) {
        size_t first = k * s->count / stretches, end = (k + 1) * s->count / stretches, low = first, high = first;
        for (size_t i = first; i < end; i++) {
            low = s->points[i].y < s->points[low].y ? i : low;
            high = s->points[i].y > s->points[high].y ? i : high;
        }
        report_point a = s->points[low < high ? low : high], b = s->points[low < high ? high : low];
        s->points[kept++] = a;
        if (low != high)
            s->points[kept++] = b;
    }
    s->count = kept;
}

/* ---- Data for page.js ------------------------------------------------------------------------------------------- */

static void write_axis(report_text *t, const char *name, const report_axis *axis)
{
    report_text_format(t, "\"%s\":{\"label\":", name);
    report_text_json(t, axis->label);
    report_text_add(t, ",\"unit\":");
    report_text_json(t, axis->unit ? axis->unit : "");
    report_text_format(t, ",\"log\":%s}", axis->log ? "true" : "false");
}

static void write_points(report_text *t, const report_chart_series *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const report_point *p = &s->points[i];
        report_text_add(t, i ? ",{\"x\":" : "{\"x\":");
        report_text_json_number(t, p->x);
        report_text_add(t, ",\"y\":");
        report_text_json_number(t, p->y);
        if (isfinite(p->low) && isfinite(p->high)) {
            report_text_add(t, ",\"low\":");
            report_text_json_number(t, p->low);
            report_text_add(t, ",\"high\":");
            report_text_json_number(t, p->high);
        }
        if (p->name) {
            report_text_add(t, ",\"name\":");
            report_text_json(t, p->name);
        }
        report_text_add(t, p->peer ? ",\"peer\":true}" : "}");
    }
}

static void write_data(report_text *t, const report_chart *chart)
{
    static const char *const draws[] = {"bars", "line", "points", "front", "limit",
                                        "fit",  "runs", "level",  "worse", "better"};
    report_text_add(t, "{");
    write_axis(t, "x", &chart->x);
    report_text_add(t, ",");
    write_axis(t, "y", &chart->y);
    report_text_format(
        t, ",\"horizontal\":%s,\"stacked\":%s,\"zoomed\":%s,\"base\":", chart->horizontal ? "true" : "false",
        chart->stacked ? "true" : "false", chart->zoomed ? "true" : "false");
    report_text_json_number(t, chart->base);
    report_text_add(t, ",\"categories\":[");
    for (size_t i = 0; i < chart->category_count; i++) {
        report_text_add(t, i ? "," : "");
        report_text_json(t, chart->categories[i]);
    }
    report_text_add(t, "],\"series\":[");
    for (size_t i = 0; i < chart->series_count; i++) {
        const report_chart_series *s = &chart->series[i];
        report_text_add(t, i ? ",{\"label\":" : "{\"label\":");
        report_text_json(t, s->label);
        report_text_format(t, ",\"draw\":\"%s\",\"points\":[", draws[s->draw]);
        write_points(t, s);
        report_text_add(t, "]}");
    }
    report_text_add(t, "]}");
}

/* ---- Table ------------------------------------------------------------------------------------------------------ */

static void write_value(report_text *t, double x, const char *unit, const char *label)
{
    report_text_add(t, "<td class=\"number\" data-label=\"");
    report_text_html(t, label);
    report_text_format(t, "\" data-value=\"%.9g\">", x);
    report_text_html(t, report_quantity(x, unit ? unit : "").text);
    report_text_add(t, "</td>");
}

static void write_row(report_text *t, const report_chart *chart, const report_chart_series *s, const report_point *p,
                      bool intervals)
{
    report_text_add(t, "<tr><td data-label=\"series\">");
    report_text_html(t, s->label);
    if (p->name) {
        report_text_add(t, ", ");
        report_text_html(t, p->name);
    }
    report_text_add(t, "</td>");
    if (chart->category_count) {
        size_t k = p->x >= 0 && p->x < (double)chart->category_count ? (size_t)p->x : 0;
        report_text_add(t, "<td data-label=\"");
        report_text_html(t, chart->x.label);
        report_text_add(t, "\">");
        report_text_html(t, chart->categories[k]);
        report_text_add(t, "</td>");
    } else {
        write_value(t, p->x, chart->x.unit, chart->x.label);
    }
    write_value(t, p->y, chart->y.unit, chart->y.label);
    if (intervals) {
        report_text_add(t, "<td class=\"number\" data-label=\"95 % interval\">");
        report_text_html(t, report_range(p->low, p->high, chart->y.unit ? chart->y.unit : "").text);
        report_text_add(t, "</td>");
    }
    report_text_add(t, "</tr>\n");
}

/* Whether a series is measured: lines that explain are left out of the table. */
static bool is_data(const report_chart_series *s)
{
    return s->draw != REPORT_LIMIT && s->draw != REPORT_FIT && s->draw < REPORT_LEVEL;
}

static bool has_intervals(const report_chart *chart)
{
    for (size_t i = 0; i < chart->series_count; i++) {
        for (size_t k = 0; k < chart->series[i].count; k++) {
            if (isfinite(chart->series[i].points[k].low))
                return true;
        }
    }
    return false;
}

static void write_table(report_text *t, const report_chart *chart)
{
    size_t rows = 0, written = 0;
    for (size_t i = 0; i < chart->series_count; i++)
        rows += is_data(&chart->series[i]) ? chart->series[i].count : 0;
    size_t step = rows > TABLE_ROWS ? (rows + TABLE_ROWS - 1) / TABLE_ROWS : 1;
    bool intervals = has_intervals(chart);
    report_text_add(t, "<details><summary>Data of this chart</summary>\n");
    if (step > 1)
        report_text_format(t, "<p class=\"hint\">Every %zuth of %zu points; results.json has them all.</p>\n", step,
                           rows);
    report_text_add(t, "<div class=\"scroll\"><table class=\"sortable\"><caption class=\"hidden\">Data of the chart ");
    report_text_html(t, chart->title);
    report_text_add(t, "</caption><thead><tr><th scope=\"col\">Series</th><th scope=\"col\">");
    report_text_html(t, chart->x.label);
    report_text_add(t, "</th><th scope=\"col\">");
    report_text_html(t, chart->y.label);
    report_text_add(t, intervals ? "</th><th scope=\"col\">95 % interval</th></tr></thead>\n<tbody>\n"
                                 : "</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < chart->series_count; i++) {
        const report_chart_series *s = &chart->series[i];
        for (size_t k = 0; is_data(s) && k < s->count; k++) {
            if (written++ % step == 0)
                write_row(t, chart, s, &s->points[k], intervals);
        }
    }
    report_text_add(t, "</tbody></table></div></details>\n");
}

static bool is_empty(const report_chart *chart)
{
    for (size_t i = 0; i < chart->series_count; i++) {
        if (chart->series[i].count && is_data(&chart->series[i]))
            return false;
    }
    return true;
}

static void write_figure(report_text *t, const report_chart *chart, unsigned id)
{
    report_text_format(t, "<figure class=\"%s\" aria-labelledby=\"chart-%u-title\">\n<h4 id=\"chart-%u-title\">",
                       chart->horizontal ? "chart wide" : "chart", id, id);
    report_text_html(t, chart->title);
    report_text_add(t, "</h4>\n");
    if (chart->note) {
        report_text_add(t, "<p class=\"hint\">");
        report_text_html(t, chart->note);
        report_text_add(t, "</p>\n");
    }
    report_text_add(t, "<div class=\"canvas\"");
    if (chart->horizontal) /* as many bars, as much height */
        report_text_format(t, " style=\"height:%zupx\"", 110 + 15 * chart->category_count * (chart->series_count + 1));
    report_text_format(t, "><canvas id=\"chart-%u\" role=\"img\" aria-label=\"", id);
    report_text_html(t, chart->title);
    report_text_add(t, ": ");
    report_text_html(t, chart->y.label);
    report_text_add(t, " over ");
    report_text_html(t, chart->x.label);
    report_text_add(t, ". The table below has its data.\"></canvas></div>\n");
    report_text_format(t, "<script type=\"application/json\" class=\"chart-data\" data-canvas=\"chart-%u\">", id);
    write_data(t, chart);
    report_text_add(t, "</script>\n");
    write_table(t, chart);
    report_text_add(t, "</figure>\n");
}

void report_chart_write(report_chart *chart, report_text *html, unsigned id)
{
    html->failed |= chart->failed;
    if (!chart->failed && !is_empty(chart)) {
        for (size_t i = 0; i < chart->series_count; i++)
            thin_out(&chart->series[i]);
        write_figure(html, chart, id);
    }
    release(chart);
}
