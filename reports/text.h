/* Text under construction: a growing buffer, and the escapes of the formats that reports are written in. Running out
 * of memory is remembered in `failed`, so that only the end of a page has to look. */
#ifndef ASSAY_REPORTS_TEXT_H
#define ASSAY_REPORTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct report_text {
    char *data; /* ends with a zero byte that length does not count; null while empty */
    size_t length, capacity;
    bool failed;
} report_text;

void report_text_free(report_text *t);
void report_text_bytes(report_text *t, const char *bytes, size_t count);
void report_text_add(report_text *t, const char *s);
void report_text_format(report_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds data, escaped for... */
void report_text_html(report_text *t, const char *s);          /* HTML elements and quoted attributes */
void report_text_xml(report_text *t, const char *s);           /* XML 1.0, quoted attributes included */
void report_text_markdown(report_text *t, const char *s);      /* a line of Markdown or a cell of its tables */
void report_text_markdown_code(report_text *t, const char *s); /* a code span in a cell of a Markdown table */
void report_text_json(report_text *t, const char *s);          /* a quoted JSON string, safe inside <script> */
void report_text_json_number(report_text *t, double x);        /* nine digits; null if not finite */

/* Adds a script so that it cannot end the <script> element that it stands in. */
void report_text_script(report_text *t, const char *script, size_t length);

/* Copies @p s to @p out (room for 3 * strlen(s) + 1 bytes) with each byte that is not part of valid UTF-8 replaced by
 * U+FFFD. */
void report_valid_utf8(char *out, const char *s);

#endif
