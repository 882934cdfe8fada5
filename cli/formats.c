#include "cli/formats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

json_t *format_json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *format_json_text(const char *s)
{
    if (!s)
        return json_null();
    json_t *text = json_string(s);
    if (text)
        return text;
    char *valid = malloc(3 * strlen(s) + 1);
    if (!valid)
        return NULL;
    report_valid_utf8(valid, s);
    text = json_string(valid);
    free(valid);
    return text;
}

void format_json_line(FILE *out, json_t *object)
{
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

void format_csv_text(FILE *out, const char *s, bool first)
{
    if (!first)
        fputc(',', out);
    if (!s)
        return;
    if (!strpbrk(s, ",\"\r\n")) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"')
            fputc('"', out);
        fputc(*s, out);
    }
    fputc('"', out);
}

void format_csv_number(FILE *out, double x)
{
    fputc(',', out);
    if (!isnan(x))
        fprintf(out, "%.17g", x);
}

void format_csv_count(FILE *out, uint64_t n)
{
    fprintf(out, ",%llu", (unsigned long long)n);
}

void format_csv_end(FILE *out)
{
    fputs("\r\n", out);
}

/* ---- JUnit ------------------------------------------------------------------------------------------------------- */

typedef struct junit_case {
    char *group, *name, *message, *output;
    double seconds;
    junit_outcome outcome;
    bool printed;
} junit_case;

static void release_case(junit_case *c)
{
    free(c->group);
    free(c->name);
    free(c->message);
    free(c->output);
}

void junit_add(junit *j, const char *group, const char *name, double seconds, junit_outcome outcome,
               const char *message, const char *output)
{
    if (j->count == j->capacity) {
        const size_t capacity = j->capacity ? 2 * j->capacity : 64;
        junit_case *cases = realloc(j->cases, capacity * sizeof *cases);
        if (!cases) {
            j->failed = true;
            return;
        }
        j->cases = cases;
        j->capacity = capacity;
    }
    junit_case c = {strdup(group), strdup(name), strdup(message ? message : ""), strdup(output ? output : ""), seconds,
                    outcome,       false};
    if (!c.group || !c.name || !c.message || !c.output) {
        release_case(&c);
        j->failed = true;
        return;
    }
    j->cases[j->count++] = c;
}

static void print_case(report_text *t, const junit_case *c)
{
    report_text_add(t, "    <testcase classname=\"");
    report_text_xml(t, c->group);
    report_text_add(t, "\" name=\"");
    report_text_xml(t, c->name);
    report_text_format(t, "\" time=\"%.6f\"", isfinite(c->seconds) ? c->seconds : 0.0);
    if (c->outcome == JUNIT_PASSED && !*c->output) {
        report_text_add(t, "/>\n");
        return;
    }
    report_text_add(t, ">\n");
    if (c->outcome != JUNIT_PASSED) {
        report_text_add(t, c->outcome == JUNIT_FAILED ? "      <failure message=\"" : "      <skipped message=\"");
        report_text_xml(t, c->message);
        report_text_add(t, "\"/>\n");
    }
    if (*c->output) {
        report_text_add(t, "      <system-out>");
        report_text_xml(t, c->output);
        report_text_add(t, "</system-out>\n");
    }
    report_text_add(t, "    </testcase>\n");
}

/* Prints the suite of all cases whose group is that of cases[first]. */
static void print_suite(report_text *t, junit *j, size_t first)
{
    const char *group = j->cases[first].group;
    size_t tests = 0, failures = 0, skipped = 0;
    double seconds = 0;
    for (size_t i = first; i < j->count; i++) {
        const junit_case *c = &j->cases[i];
        if (strcmp(c->group, group) != 0)
            continue;
        tests++;
        failures += c->outcome == JUNIT_FAILED;
        skipped += c->outcome == JUNIT_SKIPPED;
        seconds += isfinite(c->seconds) ? c->seconds : 0;
    }
    report_text_add(t, "  <testsuite name=\"");
    report_text_xml(t, group);
    report_text_format(t, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\">\n", tests,
                       failures, skipped, seconds);
    for (size_t i = first; i < j->count; i++) {
        if (strcmp(j->cases[i].group, group) == 0) {
            print_case(t, &j->cases[i]);
            j->cases[i].printed = true;
        }
    }
    report_text_add(t, "  </testsuite>\n");
}

bool junit_print(junit *j, const char *title, FILE *out)
{
    report_text t = {0};
    report_text_add(&t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"");
    report_text_xml(&t, title);
    report_text_add(&t, "\">\n");
    for (size_t i = 0; i < j->count; i++) {
        if (!j->cases[i].printed)
            print_suite(&t, j, i);
    }
    report_text_add(&t, "</testsuites>\n");
    const bool complete = !t.failed && !j->failed;
    if (t.data)
        fwrite(t.data, 1, t.length, out);
    report_text_free(&t);
    for (size_t i = 0; i < j->count; i++)
        release_case(&j->cases[i]);
    free(j->cases);
    *j = (junit){0};
    return complete;
}
