/* The first page: what ran, where, with what verdicts. */
#include "reports/chart.h"
#include "reports/number.h"
#include "reports/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The verdict in large --------------------------------------------------------------------------------------- */

static void write_headline(report_text *t, const report_model *model)
{
    const report_tally *total = &model->total;
    size_t checks = total->passed + total->failed + total->skipped;
    bool bad = total->failed || model->contradiction_count;
    report_text_format(t, "<p class=\"headline %s\"><span class=\"light\" aria-hidden=\"true\">%s</span> ",
                       bad              ? "fail"
                       : total->skipped ? "part"
                                        : "pass",
                       bad ? "✗" : "✓");
    if (checks == 0)
        report_text_add(t, "Nothing was checked");
    else if (total->failed)
        report_text_format(t, "%zu of %zu checks failed", total->failed, checks);
    else if (total->skipped)
        report_text_format(t, "No check failed, %zu of %zu %s skipped", total->skipped, checks,
                           total->skipped == 1 ? "was" : "were");
    else
        report_text_format(t, "All %zu checks passed", checks);
    if (model->contradiction_count)
        report_text_format(t, "; %zu verdicts changed between runs", model->contradiction_count);
    report_text_add(t, "</p>\n");
}

static void write_tile(report_text *t, const char *title, const char *big, const char *small)
{
    report_text_add(t, "<div class=\"tile\"><h3>");
    report_text_html(t, title);
    report_text_add(t, "</h3><p class=\"big\">");
    report_text_html(t, big);
    report_text_add(t, "</p><p class=\"hint\">");
    report_text_html(t, small);
    report_text_add(t, "</p></div>\n");
}

static void write_tally_tile(report_text *t, const char *title, const report_tally *tally, bool claims)
{
    size_t all = claims ? tally->reproduced + tally->in_part + tally->not_reproduced
                        : tally->passed + tally->failed + tally->skipped;
    report_text_format(t, "<div class=\"tile\"><h3>%s</h3><p class=\"big\">%zu <small>of %zu %s</small></p>", title,
                       claims ? tally->reproduced : tally->passed, all, claims ? "reproduced" : "passed");
    report_tally_bar(t, tally, claims);
    report_text_add(t, "</div>\n");
}

/* The algorithm with the largest best speedup; null if nothing was compared. */
static const report_model_algorithm *fastest_algorithm(const report_model *model)
{
    const report_model_algorithm *fastest = NULL;
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_model_algorithm *a = model->algorithms[i];
        if (a->best && (!fastest || a->best->speedup.estimate > fastest->best->speedup.estimate))
            fastest = a;
    }
    return fastest;
}

static void write_summary(report_text *t, const report_model *model)
{
    write_headline(t, model);
    report_text_add(t, "<div class=\"tiles\">\n");
    write_tally_tile(t, "Checks", &model->total, false);
    write_tally_tile(t, "Claims of the papers", &model->total, true);
    const report_model_algorithm *a = fastest_algorithm(model);
    report_text small = {0};
    if (a) {
        const report_model_timing *best = a->best;
        report_text_format(&small, "%s over the reference: %s, size %s in %s",
                           report_range(best->speedup.low, best->speedup.high, "x").text, a->name,
                           report_count(best->record.size).text, report_quantity(best->median.estimate, "s").text);
        write_tile(t, "Largest speedup", report_quantity(best->speedup.estimate, "x").text,
                   small.data ? small.data : "");
        t->failed |= small.failed;
        report_text_free(&small);
        if (isfinite(best->limit_fraction)) {
            report_text_format(&small, "%s, same benchmark", best->record.limit_name);
            write_tile(t, "Of what the machine can do", report_quantity(best->limit_fraction, "share").text,
                       small.data ? small.data : "");
        }
    }
    t->failed |= small.failed;
    report_text_free(&small);
    report_text_add(t, "</div>\n");
}

/* ---- Trouble ---------------------------------------------------------------------------------------------------- */

static void write_failure(report_text *t, const report_model_algorithm *a, const assay_result *r)
{
    report_text_format(t, "<li><a href=\"%s\"><strong>", a->file);
    report_text_html(t, a->name);
    report_text_add(t, "</strong></a> ");
    report_text_html(t, r->check);
    report_text_add(t, " (");
    report_text_html(t, r->implementation);
    report_text_add(t, "): ");
    report_text_html(t, *r->reason ? r->reason : "no reason was given");
    report_text_add(t, "<br><code class=\"command\">");
    report_text_html(t, r->replay);
    report_text_add(t, "</code></li>\n");
}

static void write_failures(report_text *t, const report_model *model)
{
    if (!model->total.failed && !model->contradiction_count)
        return;
    report_section_begin(t, "failures", "What failed");
    report_text_add(t, "<ul class=\"failures\">\n");
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_model_algorithm *a = model->algorithms[i];
        for (size_t k = 0; k < a->result_count; k++) {
            if (a->results[k].record.verdict == ASSAY_FAIL)
                write_failure(t, a, &a->results[k].record);
        }
    }
    for (size_t i = 0; i < model->contradiction_count; i++) {
        const report_contradiction *c = &model->contradictions[i];
        report_text_add(t, "<li><strong>");
        report_text_html(t, c->algorithm);
        report_text_add(t, "</strong> ");
        report_text_html(t, c->check);
        report_text_add(t, " (");
        report_text_html(t, c->implementation);
        report_text_add(t, "): the verdict changed between runs of one revision: ");
        report_text_html(t, c->verdicts);
        report_text_add(t, "</li>\n");
    }
    report_text_add(t, "</ul>\n");
    report_section_end(t);
}

/* ---- Algorithms and speed --------------------------------------------------------------------------------------- */

static void algorithm_row(report_table *table, const report_model *model, const report_model_algorithm *a)
{
    report_text *t = table->text;
    const report_tally *n = &a->tally;
    size_t checks = n->passed + n->failed + n->skipped, claims = n->reproduced + n->in_part + n->not_reproduced;
    report_table_row(table);
    report_cell_begin(table, NAN);
    report_text_format(t, "<a href=\"%s\"><strong>", a->file);
    report_text_html(t, a->name);
    report_text_add(t, "</strong></a>");
    report_cell_end(table);
    report_cell_begin(table, NAN);
    if (a->entry) {
        report_text_html(t, a->entry->title);
        report_text_format(t, " <small class=\"paper\">%d</small>", a->entry->year);
    }
    report_cell_end(table);
    report_cell_begin(table, checks ? (double)n->failed : NAN);
    if (checks)
        report_tally_bar(t, n, false);
    report_cell_end(table);
    report_cell_begin(table, claims ? (double)n->reproduced / (double)claims : NAN);
    if (claims)
        report_tally_bar(t, n, true);
    report_cell_end(table);
    const assay_interval none = {NAN, NAN, NAN};
    report_cell_interval(table, a->best ? &a->best->speedup : &none, "x");
    report_cell_interval(table, a->best ? &a->best->over_peer : &none, "x");
    double fraction = a->best ? a->best->limit_fraction : NAN;
    report_cell_number(table, fraction, report_quantity(fraction, "share").text);
    double seconds = report_seconds_of(model, a);
    report_cell_number(table, seconds, report_quantity(seconds, "s").text);
}

static void write_unseen(report_text *t, const report_model *model)
{
    bool any = false;
    for (int i = 0; i < assay_catalogue_size(); i++) {
        const char *name = assay_catalogue_at(i)->name;
        bool seen = false;
        for (size_t k = 0; !seen && k < model->algorithm_count; k++)
            seen = strcmp(model->algorithms[k]->name, name) == 0;
        if (seen)
            continue;
        report_text_add(t, any ? ", " : "<p class=\"hint\">In this build, but not in this database: ");
        report_text_html(t, name);
        any = true;
    }
    report_text_add(t, any ? ".</p>\n" : "");
}

static void write_algorithms(report_text *t, const report_model *model)
{
    report_section_begin(t, "algorithms", "Algorithms");
    report_table table =
        report_table_begin(t, "Algorithms with their verdicts and best speedups",
                           REPORT_COLUMNS({"Algorithm", REPORT_WORDS}, {"Paper", REPORT_PROSE},
                                          {"Checks", REPORT_WORDS}, {"Claims", REPORT_WORDS},
                                          {"Best speedup", REPORT_NUMBERS}, {"Over the best peer", REPORT_NUMBERS},
                                          {"Of the limit", REPORT_NUMBERS}, {"Checks took", REPORT_NUMBERS}));
    for (size_t i = 0; i < model->algorithm_count; i++)
        algorithm_row(&table, model, model->algorithms[i]);
    report_table_end(&table);
    write_unseen(t, model);
    report_section_end(t);
}

static void speed_row(report_table *table, const report_model_algorithm *a, const report_model_timing *timing)
{
    report_text *t = table->text;
    const assay_timing *r = &timing->record;
    report_table_row(table);
    report_cell_begin(table, NAN);
    report_text_format(t, "<a href=\"%s\">", a->file);
    report_text_html(t, a->name);
    report_text_add(t, "</a>");
    report_cell_end(table);
    report_cell(table, r->workload);
    report_cell_number(table, (double)r->size, report_count(r->size).text);
    report_cell(table, r->implementation);
    report_cell_interval(table, &timing->median, "s");
    report_cell_interval(table, &timing->speedup, "x");
    report_cell_interval(table, &timing->over_peer, "x");
    report_cell(table, *timing->peer ? timing->peer : "–");
    report_cell_number(table, timing->limit_fraction, report_quantity(timing->limit_fraction, "share").text);
}

static void write_speed_table(report_text *t, const report_model *model, bool best)
{
    report_text_add(t, best ? "<h3>Best</h3>\n" : "<h3>Worst</h3>\n");
    report_hint(t, best ? "Each algorithm's benchmark on which our fastest code gains most over the reference."
                        : "Each algorithm's benchmark on which our fastest code gains least over the reference.");
    report_table table = report_table_begin(
        t, best ? "Best speedups" : "Worst speedups",
        REPORT_COLUMNS({"Algorithm", REPORT_WORDS}, {"Workload", REPORT_WORDS}, {"Size", REPORT_NUMBERS},
                       {"Implementation", REPORT_WORDS}, {"Time", REPORT_NUMBERS},
                       {"Over the reference", REPORT_NUMBERS}, {"Over the best peer", REPORT_NUMBERS},
                       {"Peer", REPORT_WORDS}, {"Of the limit", REPORT_NUMBERS}));
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_model_algorithm *a = model->algorithms[i];
        if (a->best)
            speed_row(&table, a, best ? a->best : a->worst);
    }
    report_table_end(&table);
}

static unsigned write_speedups(report_text *t, const report_model *model, unsigned id)
{
    if (!fastest_algorithm(model))
        return id;
    report_section_begin(t, "speed", "Speed");
    report_hint(t, "Ratios of medians within one run, with 95 % bootstrap intervals.");
    report_chart chart = {.title = "Best and worst speedup of each algorithm",
                          .x = {.label = "algorithm"},
                          .y = {.label = "speedup over the reference", .unit = "x", .log = true},
                          .horizontal = true,
                          .base = 1};
    for (int worst = 0; worst < 2; worst++) {
        report_chart_begin(&chart, worst ? "worst benchmark" : "best benchmark", REPORT_BARS);
        for (size_t i = 0, k = 0; i < model->algorithm_count; i++) {
            const report_model_algorithm *a = model->algorithms[i];
            if (!a->best)
                continue;
            if (!worst)
                report_chart_category(&chart, a->name);
            const assay_interval *s = worst ? &a->worst->speedup : &a->best->speedup;
            report_chart_point(&chart, (double)k++, s->estimate, s->low, s->high);
        }
    }
    report_chart_write(&chart, t, id++);
    write_speed_table(t, model, true);
    write_speed_table(t, model, false);
    report_section_end(t);
    return id;
}

/* ---- Time ------------------------------------------------------------------------------------------------------- */

enum { SLOWEST = 20 };

static void slow_row(report_table *table, const report_model *model, const report_slow_check *slow, double all)
{
    const assay_result *r = &slow->result->record;
    report_table_row(table);
    report_cell_begin(table, NAN);
    report_text_format(table->text, "<a href=\"%s\">", slow->algorithm->file);
    report_text_html(table->text, slow->algorithm->name);
    report_text_add(table->text, "</a>");
    report_cell_end(table);
    report_cell_begin(table, NAN);
    report_text_html(table->text, r->check);
    report_origin(table->text, model, slow->result->run);
    report_cell_end(table);
    report_cell(table, r->implementation);
    report_cell(table, assay_kind_name(r->kind));
    report_cell(table, slow->result->run->stored.run.depth);
    report_cell_number(table, r->seconds, report_quantity(r->seconds, "s").text);
    report_cell_number(table, r->seconds / all, report_quantity(r->seconds / all, "share").text);
    report_cell_replay(table, r->replay);
}

static void write_time(report_text *t, const report_model *model)
{
    report_slow_check slowest[SLOWEST];
    const size_t count = report_slowest_checks(model, slowest, SLOWEST);
    const double all = report_seconds_of(model, NULL);
    if (!count)
        return;
    report_section_begin(t, "time", "Where the time goes");
    report_text_format(t,
                       "<p class=\"hint\">The checks and claims that took longest; all of them together took %s.</p>\n",
                       report_quantity(all, "s").text);
    report_table table = report_table_begin(t, "The slowest checks",
                                            REPORT_COLUMNS({"Algorithm", REPORT_WORDS}, {"Check", REPORT_WORDS},
                                                           {"Implementation", REPORT_WORDS}, {"Kind", REPORT_WORDS},
                                                           {"Depth", REPORT_WORDS}, {"Took", REPORT_NUMBERS},
                                                           {"Of all", REPORT_NUMBERS}, {"Replay", REPORT_WORDS}));
    for (size_t i = 0; i < count; i++)
        slow_row(&table, model, &slowest[i], all);
    report_table_end(&table);
    report_section_end(t);
}

/* ---- Machine ---------------------------------------------------------------------------------------------------- */

static void field_row(report_table *table, const char *name, const char *verify, const char *bench)
{
    report_table_row(table);
    report_cell(table, name);
    report_cell(table, verify);
    report_cell(table, bench);
}

static void write_machine(report_text *t, const report_model *model)
{
    static const assay_run nothing = {.command = "–",
                                      .revision = "–",
                                      .compiler = "–",
                                      .flags = "–",
                                      .machine = "–",
                                      .system = "–",
                                      .level = "–",
                                      .depth = "–",
                                      .shard = "–",
                                      .started = "–",
                                      .data = "–"};
    const assay_run *v = model->verify ? &model->verify->stored.run : &nothing;
    const assay_run *b = model->bench ? &model->bench->stored.run : &nothing;
    report_section_begin(t, "machine", "Machine and build");
    report_table table = report_plain_table_begin(
        t, "The newest runs: machine, build and settings",
        REPORT_COLUMNS({"", REPORT_WORDS}, {"Newest verify run", REPORT_WORDS}, {"Newest bench run", REPORT_WORDS}));
    field_row(&table, "Processor", v->machine, b->machine);
    field_row(&table, "System", v->system, b->system);
    field_row(&table, "Revision", v->revision, b->revision);
    field_row(&table, "Compiler", v->compiler, b->compiler);
    field_row(&table, "Flags", v->flags, b->flags);
    field_row(&table, "CPU level", v->level, b->level);
    field_row(&table, "Depth", *v->depth ? v->depth : "–", *b->depth ? b->depth : "–");
    field_row(&table, "Shard", v->shard, b->shard);
    field_row(&table, "Started", v->started, b->started);
    field_row(&table, "Data of the user", *v->data ? v->data : "–", *b->data ? b->data : "–");
    const report_model_run *runs[] = {model->verify, model->bench};
    char numbers[5][2][48];
    for (int i = 0; i < 2; i++) {
        const assay_run *r = i ? b : v;
        snprintf(numbers[0][i], sizeof numbers[0][i], "%d", r->processors);
        snprintf(numbers[1][i], sizeof numbers[1][i], "%d", r->threads);
        snprintf(numbers[2][i], sizeof numbers[2][i], "%d bits", r->word_bits);
        snprintf(numbers[3][i], sizeof numbers[3][i], "%llu", (unsigned long long)r->seed);
        double seconds = runs[i] ? runs[i]->stored.seconds : NAN;
        snprintf(numbers[4][i], sizeof numbers[4][i], "%.40s",
                 isnan(seconds) ? "interrupted" : report_quantity(seconds, "s").text);
        for (int k = 0; k < 5 && !runs[i]; k++)
            strcpy(numbers[k][i], "–");
    }
    static const char *const names[] = {"Processors", "Threads", "Word size", "Seed", "Duration"};
    for (int k = 0; k < 5; k++)
        field_row(&table, names[k], numbers[k][0], numbers[k][1]);
    report_table_end(&table);
    report_section_end(t);
}

/* A column of the table of limits: a CPU level and a number of threads. */
typedef struct limit_column {
    const char *level;
    int threads;
    char title[64];
} limit_column;

enum { LIMIT_COLUMNS = 12 };

static size_t limit_columns(const report_model *model, limit_column *columns)
{
    size_t count = 0;
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *l = &model->limits[i].record;
        size_t k = 0;
        while (k < count && (columns[k].level != l->level || columns[k].threads != l->threads))
            k++;
        if (k == count && count < LIMIT_COLUMNS) {
            columns[count] = (limit_column){.level = l->level, .threads = l->threads};
            snprintf(columns[count].title, sizeof columns[count].title, "%.32s, %d thread%s",
                     strlen(l->level) <= 32 ? l->level : "", l->threads, l->threads == 1 ? "" : "s");
            count++;
        }
    }
    return count;
}

static void limit_row(report_table *table, const report_model *model, const assay_limit *row,
                      const limit_column *columns, size_t count)
{
    report_table_row(table);
    report_cell(table, row->name);
    report_cell(table, *row->where ? row->where : "–");
    for (size_t k = 0; k < count; k++) {
        double value = NAN;
        for (size_t i = 0; i < model->limit_count; i++) {
            const assay_limit *l = &model->limits[i].record;
            if (l->name == row->name && l->where == row->where && l->level == columns[k].level &&
                l->threads == columns[k].threads)
                value = l->per_second;
        }
        report_cell_number(table, value, report_quantity(value, row->unit).text);
    }
}

static void write_limits(report_text *t, const report_model *model)
{
    limit_column columns[LIMIT_COLUMNS];
    size_t count = limit_columns(model, columns);
    if (!count)
        return;
    report_section_begin(t, "limits", "Limits of this machine");
    report_hint(t,
                "The best that was measured, in the same run as the timings: what a share of the limit is a share of.");
    report_column titles[2 + LIMIT_COLUMNS] = {{"Limit", REPORT_WORDS}, {"Where", REPORT_WORDS}};
    for (size_t k = 0; k < count; k++)
        titles[2 + k] = (report_column){columns[k].title, REPORT_NUMBERS};
    report_table table = report_table_begin(t, "Measured limits of the machine", titles, 2 + count);
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *l = &model->limits[i].record;
        bool seen = false;
        for (size_t k = 0; !seen && k < i; k++)
            seen = model->limits[k].record.name == l->name && model->limits[k].record.where == l->where;
        if (!seen)
            limit_row(&table, model, l, columns, count);
    }
    report_table_end(&table);
    report_section_end(t);
}

/* ---- Page ------------------------------------------------------------------------------------------------------- */

static void write_history(report_text *t, const report_model *model, unsigned id)
{
    report_section_begin(t, "history", "Runs in this database");
    report_newest_changes(t, model);
    report_history_charts(t, model, NULL, id);
    report_section_end(t);
}

static void write_opening(report_text *t, const report_model *model)
{
    const report_model_run *newest = &model->runs[model->run_count - 1];
    report_text_add(t, "<h1>Report</h1>\n<p class=\"subtitle\">");
    report_text_html(t, newest->stored.run.machine);
    report_text_add(t, " · ");
    report_text_html(t, report_name_of_run(newest).text);
    report_text_add(t, "</p>\n");
}

static bool has_any_claim(const report_model *model)
{
    for (size_t i = 0; i < model->algorithm_count; i++) {
        if (report_has_claims(model->algorithms[i]))
            return true;
    }
    return false;
}

void report_index_page(report_text *t, const report_model *model, const report_text *chart_js)
{
    report_page_begin(t, "assay report", true);
    write_opening(t, model);
    write_summary(t, model);
    write_failures(t, model);
    write_algorithms(t, model);
    if (has_any_claim(model)) {
        report_section_begin(t, "claims", "Claims of the papers");
        report_hint(t, "Each result of a paper measured again at the scale that its statement names. “Not reproduced” "
                       "is a finding, not a fault.");
        report_claims_table(t, model, NULL);
        report_section_end(t);
    }
    unsigned id = write_speedups(t, model, 1);
    write_time(t, model);
    write_machine(t, model);
    write_limits(t, model);
    write_history(t, model, id);
    report_page_end(t, chart_js);
}
