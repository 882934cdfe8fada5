/* From a database to a folder of files. */
#include "reports/report.h"

#include "reports/files.h"
#include "reports/model.h"
#include "reports/number.h"
#include "reports/page.h"
#include "reports/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_HISTORY = 30, PAST_RUNS = 60 };

/* ---- Files ------------------------------------------------------------------------------------------------------ */

/* Writes a text and releases it. */
static assay_status finish_file(const char *folder, const char *name, report_text *t)
{
    assay_status status = report_write_file(folder, name, t);
    report_text_free(t);
    return status;
}

static assay_status write_pages(const report_model *model, const char *folder, const report_text *chart_js)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < model->algorithm_count; i++) {
        report_text page = {0};
        report_algorithm_page(&page, model, model->algorithms[i], chart_js);
        status = finish_file(folder, model->algorithms[i]->file, &page);
    }
    return status;
}

/* The first page comes last, so that its links lead somewhere. */
static assay_status write_all(const report_model *model, const char *folder, const report_text *chart_js)
{
    assay_status status = write_pages(model, folder, chart_js);
    report_text t = {0};
    if (status == ASSAY_OK) {
        report_json(&t, model);
        status = finish_file(folder, "results.json", &t);
    }
    if (status == ASSAY_OK) {
        report_junit(&t, model);
        status = finish_file(folder, "junit.xml", &t);
    }
    if (status == ASSAY_OK) {
        report_markdown(&t, model);
        status = finish_file(folder, "report.md", &t);
    }
    if (status == ASSAY_OK) {
        report_index_page(&t, model, chart_js);
        status = finish_file(folder, "index.html", &t);
    }
    return status;
}

/* ---- Summary ---------------------------------------------------------------------------------------------------- */

/* Copies as many whole characters as fit. */
static void copy_whole(char *out, size_t capacity, const char *s)
{
    size_t length = strlen(s);
    if (length >= capacity) {
        length = capacity - 1;
        while (length && ((unsigned char)s[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(out, s, length);
    out[length] = '\0';
}

static void summarize(const report_model_algorithm *a, report_summary_row *row)
{
    *row = (report_summary_row){.tally = a->tally,
                                .speedup = NAN,
                                .speedup_low = NAN,
                                .speedup_high = NAN,
                                .over_peer = NAN,
                                .limit_fraction = NAN,
                                .tightest = NAN};
    copy_whole(row->algorithm, sizeof row->algorithm, a->name);
    for (size_t i = 0; i < a->result_count; i++) {
        const assay_result *r = &a->results[i].record;
        if (r->verdict == ASSAY_PASS && r->kind != ASSAY_CLAIM)
            row->tightest = fmax(row->tightest, report_limit_used(r));
    }
    if (!a->best)
        return;
    row->speedup = a->best->speedup.estimate;
    row->speedup_low = a->best->speedup.low;
    row->speedup_high = a->best->speedup.high;
    row->over_peer = a->best->over_peer.estimate;
    row->limit_fraction = a->best->limit_fraction;
    report_text name = {0};
    report_text_format(&name, "%s on %s/%llu", a->best->record.implementation, a->best->record.workload,
                       (unsigned long long)a->best->record.size);
    copy_whole(row->fastest, sizeof row->fastest, name.data ? name.data : "");
    report_text_free(&name);
}

/* Names the checks that took longest. */
static void name_slowest(const report_model *model, char *out, size_t capacity)
{
    report_slow_check slowest[5];
    const size_t count = report_slowest_checks(model, slowest, sizeof slowest / sizeof *slowest);
    report_text text = {0};
    for (size_t i = 0; i < count; i++)
        report_text_format(&text, "%s%s/%s/%s %s", i ? ", " : "", slowest[i].algorithm->name,
                           slowest[i].result->record.implementation, slowest[i].result->record.check,
                           report_quantity(slowest[i].result->record.seconds, "s").text);
    copy_whole(out, capacity, text.data ? text.data : "");
    report_text_free(&text);
}

static assay_status fill_summary(const report_model *model, const char *folder, report_summary *summary)
{
    report_summary_row *rows = calloc(model->algorithm_count + 1, sizeof *rows);
    if (!rows)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the summary of %zu algorithms", model->algorithm_count);
    for (size_t i = 0; i < model->algorithm_count; i++)
        summarize(model->algorithms[i], &rows[i]);
    *summary = (report_summary){.total = model->total,
                                .contradictions = model->contradiction_count,
                                .rows = rows,
                                .row_count = model->algorithm_count};
    name_slowest(model, summary->slowest, sizeof summary->slowest);
    report_text path = {0};
    report_text_format(&path, "%s/index.html", folder);
    copy_whole(summary->index, sizeof summary->index, path.data ? path.data : "");
    report_text_free(&path);
    return ASSAY_OK;
}

void report_summary_free(report_summary *summary)
{
    if (!summary)
        return;
    free(summary->rows);
    *summary = (report_summary){0};
}

/* ---- The report ------------------------------------------------------------------------------------------------- */

assay_status report_write(const char *database, const char *folder, const report_options *options,
                          report_summary *summary)
{
    if (!database)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "database is null");
    if (!folder || !*folder)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "folder is %s", folder ? "empty" : "null");
    report_model model = {0};
    report_history past = {0};
    report_text chart_js = {0};
    assay_status status = report_read_chart_js(options ? options->chart_js : NULL, &chart_js);
    if (status == ASSAY_OK)
        status = report_model_load(database, false, &model);
    if (status == ASSAY_OK)
        status = report_history_load(database, &(report_history_options){.last = PAST_RUNS, .seed = 1}, &past);
    model.past = &past;
    model.history = options && options->history ? options->history : DEFAULT_HISTORY;
    if (status == ASSAY_OK)
        status = report_make_folder(folder);
    if (status == ASSAY_OK)
        status = write_all(&model, folder, &chart_js);
    if (status == ASSAY_OK && summary)
        status = fill_summary(&model, folder, summary);
    report_text_free(&chart_js);
    report_history_free(&past);
    report_model_free(&model);
    return status;
}
