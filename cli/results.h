/* The results of checks as they are printed: lines of text, JSON, CSV, JUnit. */
#ifndef ASSAY_CLI_RESULTS_H
#define ASSAY_CLI_RESULTS_H

#include "cli/formats.h"
#include "cli/options.h"
#include "cli/terminal.h"

#include "assay/record.h"

typedef struct result_writer {
    output_format format;
    FILE *out;
    bool colour;
    int width; /* of the column of names */
    junit cases;
} result_writer;

/* @p width is that of the longest name, algorithm/implementation/check. */
result_writer result_writer_begin(output_format format, FILE *out, int width);

void result_write(result_writer *w, const assay_result *result);

/* Prints what could not be printed before; false if memory ran out. */
bool result_writer_end(result_writer *w);

/* Prints the last words: claims, then "N passed, N failed, N skipped" on a line of its own. */
void result_summarize(const verify_summary *summary, FILE *out);

#endif
