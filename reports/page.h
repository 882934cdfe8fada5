/* What the pages share: their frame, tables, marks. */
#ifndef ASSAY_REPORTS_PAGE_H
#define ASSAY_REPORTS_PAGE_H

#include "reports/model.h"
#include "reports/text.h"

/* ---- Frame ------------------------------------------------------------------------------------------------------ */

/* Begins a page. @p title is data; @p home is true for the first page. */
void report_page_begin(report_text *t, const char *title, bool home);

/* Ends a page; @p chart_js goes into it. */
void report_page_end(report_text *t, const report_text *chart_js);

/* A section with its heading, to which #id leads. */
void report_section_begin(report_text *t, const char *id, const char *heading);
void report_section_end(report_text *t);

/* A paragraph of explanation, not of data. */
void report_hint(report_text *t, const char *text);

/* ---- Tables ----------------------------------------------------------------------------------------------------- */

typedef enum report_cells { REPORT_WORDS, REPORT_NUMBERS, REPORT_PROSE } report_cells;

typedef struct report_column {
    const char *title;  /* data or not: it is escaped */
    report_cells cells; /* numbers stand at the right, prose gets room */
} report_column;

typedef struct report_table {
    report_text *text;
    const report_column *columns;
    size_t column_count, column;
    bool in_row, plain;
} report_table;

#define REPORT_COLUMNS(...)                                                                                            \
    ((const report_column[]){__VA_ARGS__}), sizeof((const report_column[]){__VA_ARGS__}) / sizeof(report_column)

report_table report_table_begin(report_text *t, const char *caption, const report_column *columns, size_t count);
/* One whose order means something: it is not sorted, and the first cell of a row heads it. */
report_table report_plain_table_begin(report_text *t, const char *caption, const report_column *columns, size_t count);
void report_table_row(report_table *table);
void report_table_end(report_table *table);

/* Cells, in the order of the columns. @p value is what the column is sorted by; NaN sorts last. */
void report_cell(report_table *table, const char *text);
void report_cell_number(report_table *table, double value, const char *shown);
void report_cell_interval(report_table *table, const assay_interval *interval, const char *unit);
void report_cell_verdict(report_table *table, assay_verdict verdict);
void report_cell_replay(report_table *table, const char *command);
void report_cell_begin(report_table *table, double value);
void report_cell_end(report_table *table);

/* ---- Marks ------------------------------------------------------------------------------------------------------ */

/* A verdict with its sign and word. */
void report_verdict_mark(report_text *t, assay_verdict verdict);

/* A class name for a verdict: "pass", "fail", "skip", "part". */
const char *report_verdict_class(assay_verdict verdict);

/* A small bar of a tally with its numbers in words. */
void report_tally_bar(report_text *t, const report_tally *tally, bool claims);

/* Where a record is not of the newest revision: says of which it is. */
void report_origin(report_text *t, const report_model *model, const report_model_run *run);

/* The claims of one algorithm or (null) of all. */
void report_claims_table(report_text *t, const report_model *model, const report_model_algorithm *only);
bool report_has_claims(const report_model_algorithm *algorithm);

/* A run in short: "2026-11-24 16:24 · af5cb6443bf0". */
typedef struct report_run_name {
    char text[128];
} report_run_name;
report_run_name report_name_of_run(const report_model_run *run);
report_run_name report_name_of_start(const assay_run *run);

/* ---- Pages ------------------------------------------------------------------------------------------------------ */

void report_index_page(report_text *t, const report_model *model, const report_text *chart_js);
void report_algorithm_page(report_text *t, const report_model *model, const report_model_algorithm *algorithm,
                           const report_text *chart_js);

/* The sections of what checks and benchmarks recorded: convergence, quality and speed, counts of operations, fitted
 * exponents, other curves. Returns the next free number of a chart. */
unsigned report_quantities(report_text *t, const report_model_algorithm *algorithm, unsigned id);

/* The section on threads: strong and weak scaling. Likewise. */
unsigned report_scaling_section(report_text *t, const report_model *model, const report_model_algorithm *algorithm,
                                unsigned id);

/* The charts of an algorithm's page; each returns the next free number of a chart. */
unsigned report_accuracy_charts(report_text *t, const report_model_algorithm *algorithm, unsigned id);
unsigned report_speed_charts(report_text *t, const report_model *model, const report_model_algorithm *algorithm,
                             unsigned id);

/* The series over comparable runs, with the points where they changed (page_history.c). */
bool report_has_changes(const report_model *model, const report_model_algorithm *algorithm);
unsigned report_changes(report_text *t, const report_model *model, const report_model_algorithm *algorithm,
                        unsigned id);
void report_newest_changes(report_text *t, const report_model *model);

unsigned report_history_charts(report_text *t, const report_model *model, const report_model_algorithm *algorithm,
                               unsigned id);

#endif
