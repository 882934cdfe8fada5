/* JUnit XML: an algorithm is a suite, a check a case. */
#include "reports/number.h"
#include "reports/render.h"

#include <math.h>

static void attribute(report_text *t, const char *name, const char *value)
{
    report_text_format(t, " %s=\"", name);
    report_text_xml(t, value);
    report_text_add(t, "\"");
}

static double seconds_of(const report_model_algorithm *a)
{
    double seconds = 0;
    for (size_t i = 0; i < a->result_count; i++)
        seconds += isfinite(a->results[i].record.seconds) ? a->results[i].record.seconds : 0;
    return seconds;
}

static void write_outcome(report_text *t, const assay_result *r)
{
    if (r->verdict == ASSAY_FAIL) {
        report_text_add(t, "      <failure");
        attribute(t, "message", *r->reason ? r->reason : "no reason was given");
        report_text_add(t, ">replay: ");
        report_text_xml(t, r->replay);
        report_text_add(t, "</failure>\n");
    } else if (r->verdict == ASSAY_SKIPPED) {
        report_text_add(t, "      <skipped");
        attribute(t, "message", r->reason);
        report_text_add(t, "/>\n");
    }
}

static void write_output(report_text *t, const assay_result *r)
{
    report_text_format(t, "      <system-out>%s, measured ", assay_verdict_name(r->verdict));
    report_text_xml(t, report_quantity(r->measured, r->unit).text);
    if (r->kind == ASSAY_CLAIM) {
        report_text_add(t, "; the paper: ");
        report_text_xml(t, r->paper_value);
        report_text_add(t, "; ");
        report_text_xml(t, r->statement);
    } else if (!isnan(r->limit)) {
        report_text_add(t, r->at_least ? ", at least " : ", at most ");
        report_text_xml(t, report_quantity(r->limit, r->unit).text);
    }
    report_text_add(t, "</system-out>\n");
}

static void write_case(report_text *t, const assay_result *r)
{
    report_text_add(t, "    <testcase classname=\"");
    report_text_xml(t, r->algorithm);
    report_text_add(t, ".");
    report_text_xml(t, r->implementation);
    report_text_add(t, "\" name=\"");
    report_text_xml(t, assay_kind_name(r->kind));
    report_text_add(t, " ");
    report_text_xml(t, r->check);
    if (*r->workload) {
        report_text_add(t, " on ");
        report_text_xml(t, r->workload);
    }
    report_text_format(t, "\" time=\"%.3f\">\n", isfinite(r->seconds) ? r->seconds : 0);
    write_outcome(t, r);
    write_output(t, r);
    report_text_add(t, "    </testcase>\n");
}

static void write_suite(report_text *t, const report_model_algorithm *a)
{
    report_text_add(t, "  <testsuite");
    attribute(t, "name", a->name);
    report_text_format(t, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
                       a->result_count, a->tally.failed, a->tally.skipped, seconds_of(a));
    for (size_t i = 0; i < a->result_count; i++)
        write_case(t, &a->results[i].record);
    report_text_add(t, "  </testsuite>\n");
}

void report_junit(report_text *t, const report_model *model)
{
    size_t tests = 0;
    double seconds = 0;
    for (size_t i = 0; i < model->algorithm_count; i++) {
        tests += model->algorithms[i]->result_count;
        seconds += seconds_of(model->algorithms[i]);
    }
    report_text_format(t,
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\" tests=\"%zu\" "
                       "failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\">\n",
                       tests, model->total.failed, model->total.skipped, seconds);
    for (size_t i = 0; i < model->algorithm_count; i++) {
        if (model->algorithms[i]->result_count)
            write_suite(t, model->algorithms[i]);
    }
    report_text_add(t, "</testsuites>\n");
}
