#include "cli/results.h"
#include "reports/number.h"

#include <math.h>
#include <string.h>

/* ---- Text -------------------------------------------------------------------------------------------------------- */

static const char *colour_of(assay_verdict verdict)
{
    switch (verdict) {
    case ASSAY_FAIL: return "\033[1;31m";
    case ASSAY_PASS:
    case ASSAY_REPRODUCED: return "\033[32m";
    default: return "\033[33m";
    }
}

/* "0.878 <= 1 ulp"; for a claim "1.03 (paper: 1.02)". */
static void describe_measure(const assay_result *r, char *text, size_t size)
{
    const char *unit = r->unit && *r->unit ? r->unit : "";
    const char *space = *unit ? " " : "";
    text[0] = '\0';
    if (isnan(r->measured))
        return;
    if (r->kind == ASSAY_CLAIM)
        snprintf(text, size, "%s%s%s (paper: %s)", report_number(r->measured, 4).text, space, unit,
                 r->paper_value ? r->paper_value : "no number");
    else if (isnan(r->limit))
        snprintf(text, size, "%s%s%s", report_number(r->measured, 4).text, space, unit);
    else
        snprintf(text, size, "%s %s %s%s%s", report_number(r->measured, 4).text,
                 r->at_least ? ">=" : "<=", report_number(r->limit, 4).text, space, unit);
}

static bool is_failure(const assay_result *r)
{
    return r->verdict == ASSAY_FAIL;
}

static void write_text(const result_writer *w, const assay_result *r)
{
    char name[512], measure[256];
    snprintf(name, sizeof name, "%s/%s/%s", r->algorithm, r->implementation, r->check);
    describe_measure(r, measure, sizeof measure);
    const char *verdict = is_failure(r) ? "FAIL" : assay_verdict_name(r->verdict);
    fprintf(w->out, "%-*s  %s%-18s%s  %7.2f s  %s\n", w->width, name, w->colour ? colour_of(r->verdict) : "", verdict,
            w->colour ? "\033[0m" : "", r->seconds, r->verdict == ASSAY_SKIPPED && r->reason ? r->reason : measure);
    if (is_failure(r))
        fprintf(w->out, "    reason: %s\n    replay: %s\n", r->reason ? r->reason : "", r->replay ? r->replay : "");
}

/* ---- For machines ------------------------------------------------------------------------------------------------ */

static void write_json(const result_writer *w, const assay_result *r)
{
    json_t *object = json_object();
    json_object_set_new(object, "algorithm", format_json_text(r->algorithm));
    json_object_set_new(object, "implementation", format_json_text(r->implementation));
    json_object_set_new(object, "kind", format_json_text(assay_kind_name(r->kind)));
    json_object_set_new(object, "check", format_json_text(r->check));
    json_object_set_new(object, "workload", format_json_text(r->workload));
    json_object_set_new(object, "measured", format_json_number(r->measured));
    json_object_set_new(object, "limit", format_json_number(r->limit));
    json_object_set_new(object, "unit", format_json_text(r->unit));
    json_object_set_new(object, "verdict", format_json_text(assay_verdict_name(r->verdict)));
    json_object_set_new(object, "reason", format_json_text(r->reason));
    json_object_set_new(object, "seconds", format_json_number(r->seconds));
    json_object_set_new(object, "seed", json_integer((json_int_t)r->seed));
    json_object_set_new(object, "replay", format_json_text(r->replay));
    json_object_set_new(object, "false_alarm", format_json_number(r->false_alarm));
    format_json_line(w->out, object);
}

static void write_csv(const result_writer *w, const assay_result *r)
{
    format_csv_text(w->out, r->algorithm, true);
    format_csv_text(w->out, r->implementation, false);
    format_csv_text(w->out, assay_kind_name(r->kind), false);
    format_csv_text(w->out, r->check, false);
    format_csv_text(w->out, r->workload, false);
    format_csv_number(w->out, r->measured);
    format_csv_number(w->out, r->limit);
    format_csv_text(w->out, r->unit, false);
    format_csv_text(w->out, assay_verdict_name(r->verdict), false);
    format_csv_text(w->out, r->reason, false);
    format_csv_number(w->out, r->seconds);
    format_csv_count(w->out, r->seed);
    format_csv_text(w->out, r->replay, false);
    format_csv_number(w->out, r->false_alarm);
    format_csv_end(w->out);
}

static void gather_case(result_writer *w, const assay_result *r)
{
    char group[256], name[256], measure[256], output[1024];
    snprintf(group, sizeof group, "%s.%s", r->algorithm, r->implementation);
    snprintf(name, sizeof name, "%s", r->check);
    describe_measure(r, measure, sizeof measure);
    snprintf(output, sizeof output, "%s: %s\nreplay: %s\n", assay_verdict_name(r->verdict), measure,
             r->replay ? r->replay : "");
    const junit_outcome outcome = is_failure(r)                 ? JUNIT_FAILED
                                  : r->verdict == ASSAY_SKIPPED ? JUNIT_SKIPPED
                                                                : JUNIT_PASSED;
    junit_add(&w->cases, group, name, r->seconds, outcome, r->reason, output);
}

/* ---- All --------------------------------------------------------------------------------------------------------- */

result_writer result_writer_begin(output_format format, FILE *out, int width)
{
    if (format == FORMAT_CSV)
        fputs("algorithm,implementation,kind,check,workload,measured,limit,unit,verdict,reason,seconds,seed,replay,"
              "false_alarm\r\n",
              out);
    return (result_writer){
        .format = format, .out = out, .colour = format == FORMAT_TEXT && terminal_has_colour(out), .width = width};
}

void result_write(result_writer *w, const assay_result *result)
{
    switch (w->format) {
    case FORMAT_TEXT: write_text(w, result); break;
    case FORMAT_JSON: write_json(w, result); break;
    case FORMAT_CSV: write_csv(w, result); break;
    case FORMAT_JUNIT: gather_case(w, result); break;
    }
    fflush(w->out); /* a line is out before the next check starts, whatever becomes of it */
}

bool result_writer_end(result_writer *w)
{
    return w->format != FORMAT_JUNIT || junit_print(&w->cases, "assay verify", w->out);
}

void result_summarize(const verify_summary *s, FILE *out)
{
    if (s->claims)
        fprintf(out, "%zu claims (counted as passed): %zu reproduced, %zu in part, %zu not reproduced\n", s->claims,
                s->reproduced, s->in_part, s->not_reproduced);
    fprintf(out, "%zu passed, %zu failed, %zu skipped\n", s->passed + s->claims, s->failed, s->skipped);
}
