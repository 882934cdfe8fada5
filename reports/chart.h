/* A chart as data: what page.js draws, and the table that says the same in words. */
#ifndef ASSAY_REPORTS_CHART_H
#define ASSAY_REPORTS_CHART_H

#include "reports/text.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum report_draw {
    REPORT_BARS,
    REPORT_LINE,
    REPORT_POINTS,
    REPORT_FRONT, /* steps between points: the best so far */
    REPORT_LIMIT, /* a dashed line without points, left out of the table */
    REPORT_FIT,  /* a line without points in the colour of the series of the same label, left out of legend and table */
    REPORT_RUNS, /* points with a faint line through them */
    REPORT_LEVEL,      /* a bar from the first point's category to the last's, like a fit */
    REPORT_WORSE_FROM, /* marks before categories where things became worse, with their names, left out likewise */
    REPORT_BETTER_FROM
} report_draw;

typedef struct report_point {
    double x, y;      /* x is the category's index if the chart has categories */
    double low, high; /* 95 % interval of y; NaN: none */
    bool peer;        /* drawn hatched */
    char *name;       /* of the point, where the series alone does not say; null: none */
} report_point;

typedef struct report_chart_series {
    char *label;
    report_draw draw;
    report_point *points;
    size_t count, capacity;
} report_chart_series;

typedef struct report_axis {
    const char *label;
    const char *unit; /* as report_quantity() takes it; null: plain numbers */
    bool log;
} report_axis;

typedef struct report_chart {
    const char *title;
    const char *note; /* what to look for; null: nothing */
    report_axis x, y;
    bool horizontal; /* bars lie; their categories are on the vertical axis */
    bool stacked;
    bool zoomed; /* the vertical axis begins near the smallest value; categories are shown by their last word */
    double base; /* where bars start; 0: at zero or the axis' end */
    /* Filled by the functions below. */
    char **categories;
    size_t category_count, category_capacity;
    report_chart_series *series;
    size_t series_count, series_capacity;
    bool failed; /* no memory */
} report_chart;

void report_chart_category(report_chart *chart, const char *name);

/* Begins a series; the points that follow are its. */
void report_chart_begin(report_chart *chart, const char *label, report_draw draw);
void report_chart_point(report_chart *chart, double x, double y, double low, double high);
void report_chart_peer(report_chart *chart, double x, double y, double low, double high);

/* A point of a name of its own. */
void report_chart_named(report_chart *chart, const char *name, double x, double y, double low, double high);

/* Writes the figure with id @p id (title, canvas, data, table) unless the chart is empty, and releases the chart. */
void report_chart_write(report_chart *chart, report_text *html, unsigned id);

#endif
