/* JSON objects a line, CSV (RFC 4180) and JUnit XML: what the commands print for machines. */
#ifndef ASSAY_CLI_FORMATS_H
#define ASSAY_CLI_FORMATS_H

#include "reports/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* A number, or null if it is not finite: JSON has no others. */
json_t *format_json_number(double x);

/* A string, or null; bytes that are no UTF-8 are replaced. */
json_t *format_json_text(const char *s);

/* Prints an object on a line of its own and releases it. */
void format_json_line(FILE *out, json_t *object);

/* A CSV field, quoted where need be, after a comma unless it is the first; NaN is empty. */
void format_csv_text(FILE *out, const char *s, bool first);
void format_csv_number(FILE *out, double x);
void format_csv_count(FILE *out, uint64_t n);
void format_csv_end(FILE *out);

/* Test cases that are gathered and printed at the end, because JUnit wants their number first. */
typedef struct junit {
    struct junit_case *cases;
    size_t count, capacity;
    bool failed; /* no memory */
} junit;

typedef enum junit_outcome { JUNIT_PASSED, JUNIT_FAILED, JUNIT_SKIPPED } junit_outcome;

/* A case of the class @p group; @p message says why it failed or was skipped, @p output is shown with it. */
void junit_add(junit *j, const char *group, const char *name, double seconds, junit_outcome outcome,
               const char *message, const char *output);

/* Prints the document, one suite for each group, and releases all. False if memory ran out. */
bool junit_print(junit *j, const char *title, FILE *out);

#endif
