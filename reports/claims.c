/* docs/claims.md: every claim of the papers with its verdict, the numbers and the command that repeats it. */
#include "reports/files.h"
#include "reports/model.h"
#include "reports/number.h"
#include "reports/report.h"
#include "reports/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void cell(report_text *t, const char *s)
{
    report_text_add(t, " ");
    report_text_markdown(t, s);
    report_text_add(t, " |");
}

static bool is_measured(const assay_result *r)
{
    return r->kind == ASSAY_CLAIM && report_is_claim_verdict(r->verdict);
}

/* Of a claim, or of one that was skipped or could not be measured. */
static void write_claim(report_text *t, const assay_result *r)
{
    report_text_add(t, "|");
    cell(t, r->check);
    report_text_add(t, is_measured(r) ? " **" : " ");
    report_text_markdown(t, r->verdict == ASSAY_FAIL ? "could not be measured" : assay_verdict_name(r->verdict));
    report_text_add(t, is_measured(r) ? "** |" : " |");
    cell(t, is_measured(r) || !*r->reason ? r->statement : r->reason);
    cell(t, *r->paper_value ? r->paper_value : "–");
    cell(t, report_quantity(r->measured, r->unit).text);
    cell(t, r->seeds > 1 ? report_range(r->spread_low, r->spread_high, r->unit).text : "–");
    report_text_format(t, " %d of %d |", r->seeds_passed, r->seeds);
    cell(t, r->provenance);
    report_text_add(t, " ");
    if (*r->replay)
        report_text_markdown_code(t, r->replay);
    report_text_add(t, " |\n");
}

static size_t count_claims(const report_model_algorithm *a, report_tally *tally)
{
    size_t count = 0;
    for (size_t i = 0; i < a->result_count; i++) {
        if (a->results[i].record.kind == ASSAY_CLAIM) {
            report_tally_add(tally, a->results[i].record.verdict);
            count++;
        }
    }
    return count;
}

static void write_tally(report_text *t, const report_tally *n)
{
    report_text_format(t, "%zu reproduced, %zu in part, %zu not reproduced", n->reproduced, n->in_part,
                       n->not_reproduced);
    if (n->skipped)
        report_text_format(t, ", %zu skipped", n->skipped);
    if (n->failed)
        report_text_format(t, ", %zu could not be measured", n->failed);
}

/* Where the claims of an algorithm come from: runs, each once. */
static void write_runs(report_text *t, const report_model *model, const report_model_algorithm *a)
{
    bool first = true;
    for (size_t run = model->run_count; run-- > 0;) {
        bool has_claim = false;
        for (size_t i = 0; i < a->result_count && !has_claim; i++)
            has_claim = a->results[i].record.kind == ASSAY_CLAIM && a->results[i].run == &model->runs[run];
        if (!has_claim)
            continue;
        const assay_run *r = &model->runs[run].stored.run;
        const char *const words[] = {first ? "Measured at revision " : "; others at revision ", r->revision, ", depth ",
                                     r->depth, ", on "};
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            report_text_markdown(t, words[k]);
        report_text_markdown(t, r->machine);
        report_text_format(t, ", seeds from %llu", (unsigned long long)r->seed);
        if (*r->data) {
            report_text_add(t, ", data ");
            report_text_markdown(t, r->data);
        }
        first = false;
    }
    report_text_add(t, ".\n\n");
}

static void write_algorithm(report_text *t, const report_model *model, const report_model_algorithm *a)
{
    report_tally tally = {0};
    if (!count_claims(a, &tally))
        return;
    report_text_add(t, "\n## ");
    report_text_markdown(t, a->name);
    report_text_add(t, "\n\n");
    if (a->entry) {
        report_text_add(t, "*");
        report_text_markdown(t, a->entry->title);
        report_text_add(t, "*, ");
        report_text_markdown(t, a->entry->authors);
        report_text_format(t, ", %d, ", a->entry->year);
        report_text_markdown(t, a->entry->identifier);
        report_text_add(t, ". ");
    }
    write_tally(t, &tally);
    report_text_add(t, ". ");
    write_runs(t, model, a);
    report_text_add(t, "| Claim | Verdict | Statement | Paper | Ours | Spread | Seeds | Source | Repeat |\n"
                       "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < a->result_count; i++) {
        if (a->results[i].record.kind == ASSAY_CLAIM)
            write_claim(t, &a->results[i].record);
    }
}

static void write_document(report_text *t, const report_model *model)
{
    report_tally total = {0};
    size_t algorithms = 0, claims = 0;
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const size_t count = count_claims(model->algorithms[i], &total);
        claims += count;
        algorithms += count > 0;
    }
    report_text_add(t, "# Claims of the papers\n\n"
                       "Written by `make claims` from the results of `assay verify --full`; not to be edited.\n\n"
                       "Each result of a paper is measured again at the scale that its statement names, over several "
                       "seeds: *ours* is the median, *spread* the least and the largest, *seeds* says how many of them "
                       "gave the paper's result. *Source* is where the paper's number is from. “Not reproduced” is a "
                       "finding, not a fault.\n\n");
    report_text_format(t, "%zu claims of %zu algorithms: ", claims, algorithms);
    write_tally(t, &total);
    report_text_add(t, ".\n");
    for (size_t i = 0; i < model->algorithm_count; i++)
        write_algorithm(t, model, model->algorithms[i]);
}

assay_status report_write_claims(const char *database, const char *path)
{
    if (!database || !path || !*path)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s", !database ? "database is null" : "path is null or empty");
    report_model model = {0};
    report_text text = {0};
    assay_status status = report_model_load(database, true, &model);
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + (slash == path)) : strdup(".");
    if (status == ASSAY_OK && !folder)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for the path '%s'", path);
    if (status == ASSAY_OK) {
        write_document(&text, &model);
        status = report_make_folder(folder);
    }
    if (status == ASSAY_OK)
        status = report_write_file(folder, slash ? slash + 1 : path, &text);
    free(folder);
    report_text_free(&text);
    report_model_free(&model);
    return status;
}
