/* What the parts of `assay history` share. */
#ifndef ASSAY_CLI_HISTORY_H
#define ASSAY_CLI_HISTORY_H

#include "cli/options.h"
#include "reports/history.h"

#include <stdio.h>

typedef struct history_arguments {
    common_options common;
    report_history_options options;
    bool check, all;
} history_arguments;

/* The series by what was said of them. */
typedef struct history_summary {
    size_t judged, worse, too_few;
    size_t most_runs; /* that a series has */
} history_summary;
history_summary history_summarize(const report_history *h);

/* Prints all series in the format that was asked for. */
void history_print(const history_arguments *a, const report_history *h, FILE *out);

/* A line of numbers as a row of blocks, or of ASCII characters, at most @p width of them, the newest ones; a bar stands
 * where a change is. */
typedef struct history_sparkline {
    char text[512];
} history_sparkline;
history_sparkline history_draw(const report_history_series *s, size_t width, bool blocks);

/* Whether the locale of the environment is one of UTF-8. */
bool history_has_blocks(void);

#endif
