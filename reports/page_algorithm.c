/* The page of an algorithm: its paper, checks, claims, speed and history. */
#include "reports/number.h"
#include "reports/page.h"
#include "reports/scaling.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Paper ------------------------------------------------------------------------------------------------------ */

static void write_identifier(report_text *t, const char *identifier)
{
    bool arxiv = strncmp(identifier, "arXiv:", 6) == 0;
    if (arxiv) {
        report_text_add(t, "<a rel=\"noreferrer\" href=\"https://arxiv.org/abs/");
        report_text_html(t, identifier + 6);
        report_text_add(t, "\">");
    }
    report_text_html(t, identifier);
    report_text_add(t, arxiv ? "</a>" : "");
}

static void write_paper(report_text *t, const report_model_algorithm *a)
{
    report_text_add(t, "<h1>");
    report_text_html(t, a->name);
    report_text_add(t, "</h1>\n");
    if (!a->entry) {
        report_hint(t, "This build does not know the algorithm: its records come from another one.");
        return;
    }
    report_text_add(t, "<p class=\"lead\">");
    report_text_html(t, a->entry->summary);
    report_text_add(t, "</p>\n<p class=\"paper\"><cite>");
    report_text_html(t, a->entry->title);
    report_text_add(t, "</cite><br>");
    report_text_html(t, a->entry->authors);
    report_text_format(t, ", %d, ", a->entry->year);
    write_identifier(t, a->entry->identifier);
    report_text_add(t, " · family ");
    report_text_html(t, a->entry->family);
    report_text_add(t, "</p>\n");
}

static void write_tallies(report_text *t, const report_model_algorithm *a)
{
    const report_tally *n = &a->tally;
    report_text_add(t, "<div class=\"tiles\">\n<div class=\"tile\"><h3>Checks</h3>");
    report_text_format(t, "<p class=\"big\">%zu <small>of %zu passed</small></p>", n->passed,
                       n->passed + n->failed + n->skipped);
    report_tally_bar(t, n, false);
    report_text_add(t, "</div>\n");
    if (report_has_claims(a)) {
        report_text_format(
            t, "<div class=\"tile\"><h3>Claims</h3><p class=\"big\">%zu <small>of %zu reproduced</small></p>",
            n->reproduced, n->reproduced + n->in_part + n->not_reproduced);
        report_tally_bar(t, n, true);
        report_text_add(t, "</div>\n");
    }
    if (a->best) {
        const report_model_timing *best = a->best;
        report_text_format(t, "<div class=\"tile\"><h3>Largest speedup</h3><p class=\"big\">%s</p><p class=\"hint\">",
                           report_quantity(best->speedup.estimate, "x").text);
        report_text_html(t, best->record.implementation);
        report_text_add(t, " over the reference on ");
        report_text_html(t, best->record.workload);
        report_text_format(t, ", size %s", report_count(best->record.size).text);
        if (isfinite(best->over_peer.estimate)) {
            report_text_format(t, "; %s over ", report_quantity(best->over_peer.estimate, "x").text);
            report_text_html(t, best->peer);
        }
        report_text_add(t, "</p></div>\n");
    }
    report_text_add(t, "</div>\n");
}

/* ---- Checks ----------------------------------------------------------------------------------------------------- */

/* The bar of a check: from a millionth of the limit on the left to ten times the limit on the right. */
static void write_meter(report_text *t, const assay_result *r)
{
    static const double decades_below = 6, decades_above = 1;
    double used = report_limit_used(r);
    if (isnan(used))
        return;
    double where = used > 0 ? (log10(used) + decades_below) / (decades_below + decades_above) : 0;
    where = fmin(1, fmax(used > 0 ? 0.01 : 0, where));
    double mark = decades_below / (decades_below + decades_above);
    report_text_format(t,
                       "<span class=\"meter\" role=\"img\" aria-label=\"%s of the limit\"><span class=\"fill %s\" "
                       "style=\"width:%.1f%%\"></span><span class=\"mark\" style=\"left:%.1f%%\"></span></span>",
                       report_quantity(used, "share").text, report_verdict_class(r->verdict), 100 * where, 100 * mark);
    report_text_format(t, "<small>%s</small>", report_quantity(used, "share").text);
}

static void write_check_name(report_text *t, const report_model *model, const report_model_result *result)
{
    const assay_result *r = &result->record;
    report_text_add(t, "<strong class=\"name\">");
    report_text_html(t, r->check);
    report_text_add(t, "</strong>");
    if (*r->workload) {
        report_text_add(t, " <span class=\"workload\">");
        report_text_html(t, r->workload);
        report_text_add(t, "</span>");
    }
    if (*r->reason) {
        report_text_add(t, "<small class=\"reason\">");
        report_text_html(t, r->reason);
        report_text_add(t, "</small>");
    }
    if (r->false_alarm > 0)
        report_text_format(t, "<small class=\"reason\">false alarm at a random seed: at most %s</small>",
                           report_number(r->false_alarm, 2).text);
    report_origin(t, model, result->run);
}

/* The number, and below it the unit if that is a word. */
static void measured_cell(report_table *table, const assay_result *r)
{
    report_short number = report_limit(r->measured, r->unit), whole = report_quantity(r->measured, r->unit);
    report_cell_begin(table, r->measured);
    report_text_html(table->text, number.text);
    if (strcmp(number.text, whole.text) != 0) {
        report_text_add(table->text, " <small>");
        report_text_html(table->text, r->unit);
        report_text_add(table->text, "</small>");
    }
    report_cell_end(table);
}

static void check_row(report_table *table, const report_model *model, const report_model_result *result)
{
    report_text *t = table->text;
    const assay_result *r = &result->record;
    report_table_row(table);
    report_cell_verdict(table, r->verdict);
    report_cell_begin(table, NAN);
    write_check_name(t, model, result);
    report_cell_end(table);
    report_cell(table, r->implementation);
    report_cell(table, assay_kind_name(r->kind));
    measured_cell(table, r);
    report_cell_begin(table, r->limit);
    if (!isnan(r->limit)) {
        report_text_add(t, r->at_least ? "≥ " : "≤ ");
        report_text_html(t, report_limit(r->limit, r->unit).text);
    } else {
        report_text_add(t, "–");
    }
    report_cell_end(table);
    report_cell_begin(table, report_limit_used(r));
    write_meter(t, r);
    report_cell_end(table);
    report_cell_number(table, r->seconds, report_quantity(r->seconds, "s").text);
    report_cell_replay(table, r->replay);
}

static void write_checks(report_text *t, const report_model *model, const report_model_algorithm *a)
{
    const report_tally *n = &a->tally;
    if (n->passed + n->failed + n->skipped == 0)
        return;
    report_section_begin(t, "checks", "Checks");
    report_hint(t,
                "The bar shows how much of its limit a check used up, on a logarithmic scale: a millionth at the left "
                "end, all of it at the mark, beyond the mark too much.");
    report_table table = report_table_begin(
        t, "Checks with measured value and limit",
        REPORT_COLUMNS({"Verdict", REPORT_WORDS}, {"Check", REPORT_PROSE}, {"Implementation", REPORT_WORDS},
                       {"Kind", REPORT_WORDS}, {"Measured", REPORT_NUMBERS}, {"Limit", REPORT_NUMBERS},
                       {"Of the limit", REPORT_NUMBERS}, {"Took", REPORT_NUMBERS}, {"Replay", REPORT_WORDS}));
    for (size_t i = 0; i < a->result_count; i++) {
        if (a->results[i].record.kind != ASSAY_CLAIM)
            check_row(&table, model, &a->results[i]);
    }
    report_table_end(&table);
    report_section_end(t);
}

/* ---- Sweeps ----------------------------------------------------------------------------------------------------- */

static void sweep_row(report_table *table, const report_model *model, const report_model_sweep *sweep)
{
    const assay_sweep_shard *s = &sweep->total;
    report_table_row(table);
    report_cell_begin(table, NAN);
    report_text_html(table->text, s->check);
    report_origin(table->text, model, sweep->run);
    report_cell_end(table);
    report_cell(table, s->implementation);
    char shown[80];
    snprintf(shown, sizeof shown, "%u of %u", s->shard, s->shards);
    report_cell_number(table, s->shard, shown);
    report_cell_number(table, (double)s->inputs, report_count(s->inputs).text);
    report_cell_number(table, s->worst_ulp, report_number(s->worst_ulp, 6).text);
    snprintf(shown, sizeof shown, "0x%08x", s->worst_input);
    report_cell(table, shown);
    report_cell_number(table, (double)s->not_correctly_rounded, report_count(s->not_correctly_rounded).text);
    report_cell_number(table, (double)s->over_limit, report_count(s->over_limit).text);
    report_cell_number(table, (double)s->hard, report_count(s->hard).text);
    report_cell_number(table, s->seconds, report_quantity(s->seconds, "s").text);
}

static void write_sweeps(report_text *t, const report_model *model, const report_model_algorithm *a)
{
    if (!a->sweep_count)
        return;
    report_table table = report_table_begin(
        t, "Sweeps over all inputs",
        REPORT_COLUMNS({"Sweep", REPORT_WORDS}, {"Implementation", REPORT_WORDS}, {"Parts", REPORT_NUMBERS},
                       {"Inputs", REPORT_NUMBERS}, {"Worst, ulp", REPORT_NUMBERS}, {"At input", REPORT_WORDS},
                       {"Not correctly rounded", REPORT_NUMBERS}, {"Over the limit", REPORT_NUMBERS},
                       {"Decided by MPFR", REPORT_NUMBERS}, {"Took", REPORT_NUMBERS}));
    for (size_t i = 0; i < a->sweep_count; i++)
        sweep_row(&table, model, &a->sweeps[i]);
    report_table_end(&table);
}

static unsigned write_accuracy(report_text *t, const report_model *model, const report_model_algorithm *a, unsigned id)
{
    if (!a->sweep_count)
        return id;
    report_section_begin(t, "accuracy", "Accuracy over all inputs");
    write_sweeps(t, model, a);
    report_text_add(t, "<div class=\"charts\">\n");
    id = report_accuracy_charts(t, a, id);
    report_text_add(t, "</div>\n");
    report_section_end(t);
    return id;
}

/* ---- Timings ---------------------------------------------------------------------------------------------------- */

static void rate_cell(report_table *table, double amount, double seconds, const char *unit)
{
    double rate = amount / seconds;
    report_cell_number(table, rate, report_quantity(rate, unit).text);
}

static void write_timed_name(report_text *t, const report_model *model, const report_model_timing *timing)
{
    const assay_timing *r = &timing->record;
    report_text_html(t, r->implementation);
    if (r->is_peer)
        report_text_add(t, " <span class=\"tag\">peer</span>");
    if (r->is_reference)
        report_text_add(t, " <span class=\"tag\">reference</span>");
    if (*r->note) {
        report_text_add(t, "<small class=\"reason\">");
        report_text_html(t, r->note);
        report_text_add(t, "</small>");
    }
    report_origin(t, model, timing->run);
}

static void timing_row(report_table *table, const report_model *model, const report_model_timing *timing,
                       bool has_quality)
{
    const assay_timing *r = &timing->record;
    double seconds = timing->median.estimate;
    report_table_row(table);
    report_cell_number(table, (double)r->size, report_count(r->size).text);
    report_cell_begin(table, NAN);
    write_timed_name(table->text, model, timing);
    report_cell_end(table);
    char threads[16];
    snprintf(threads, sizeof threads, "%d", r->threads);
    report_cell_number(table, r->threads, threads);
    report_cell_interval(table, &timing->median, "s");
    report_cell_interval(table, &timing->speedup, "x");
    if (has_quality)
        report_cell_number(table, r->quality, report_number(r->quality, 4).text);
    rate_cell(table, r->items, seconds, "item/s");
    rate_cell(table, r->bytes, seconds, "B/s");
    rate_cell(table, r->flops, seconds, "op/s");
    report_cell_begin(table, timing->limit_fraction);
    report_text_html(table->text, report_quantity(timing->limit_fraction, "share").text);
    if (*r->limit_name && isfinite(timing->limit_fraction)) {
        report_text_add(table->text, "<small>");
        report_text_html(table->text, r->limit_name);
        report_text_add(table->text, "</small>");
    }
    report_cell_end(table);
    report_cell_replay(table, r->replay);
}

/* Counters in a table of their own, as few machines have them. */
static void write_counters(report_text *t, const report_model_timing *timings, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any |= isfinite(timings[i].record.cycles) || isfinite(timings[i].record.instructions);
    if (!any) {
        const char *reason = timings[0].record.counters_reason;
        report_text_add(t, "<p class=\"hint\">No hardware counters");
        report_text_add(t, *reason ? ": " : ".");
        report_text_html(t, reason);
        report_text_add(t, "</p>\n");
        return;
    }
    report_text_add(t, "<details><summary>Hardware counters, per run of the kernel</summary>\n");
    report_table table = report_table_begin(
        t, "Hardware counters",
        REPORT_COLUMNS({"Size", REPORT_NUMBERS}, {"Implementation", REPORT_WORDS}, {"Cycles", REPORT_NUMBERS},
                       {"Instructions", REPORT_NUMBERS}, {"Instructions per cycle", REPORT_NUMBERS},
                       {"Branch misses", REPORT_NUMBERS}, {"Cache misses", REPORT_NUMBERS}));
    for (size_t i = 0; i < count; i++) {
        const assay_timing *r = &timings[i].record;
        report_table_row(&table);
        report_cell_number(&table, (double)r->size, report_count(r->size).text);
        report_cell(&table, r->implementation);
        const double values[] = {r->cycles, r->instructions, r->instructions / r->cycles, r->branch_misses,
                                 r->cache_misses};
        for (size_t k = 0; k < sizeof values / sizeof *values; k++)
            report_cell_number(&table, values[k], report_number(values[k], 4).text);
    }
    report_table_end(&table);
    report_text_add(t, "</details>\n");
}

static void write_workload(report_text *t, const report_model *model, const report_model_timing *timings, size_t count)
{
    report_text_add(t, "<h3>");
    report_text_html(t, timings[0].record.workload);
    report_text_add(t, "</h3>\n");
    const char *quality = "";
    for (size_t i = 0; i < count && !*quality; i++)
        quality = timings[i].record.quality_label;
    report_column columns[12] = {{"Size", REPORT_NUMBERS},
                                 {"Implementation", REPORT_WORDS},
                                 {"Threads", REPORT_NUMBERS},
                                 {"Time", REPORT_NUMBERS},
                                 {"Over the reference", REPORT_NUMBERS}};
    size_t used = 5;
    if (*quality)
        columns[used++] = (report_column){quality, REPORT_NUMBERS};
    static const report_column rest[] = {{"Items", REPORT_NUMBERS},
                                         {"Bytes", REPORT_NUMBERS},
                                         {"Operations", REPORT_NUMBERS},
                                         {"Of the limit", REPORT_NUMBERS},
                                         {"Replay", REPORT_WORDS}};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        columns[used++] = rest[i];
    report_table table = report_table_begin(t, timings[0].record.workload, columns, used);
    for (size_t i = 0; i < count; i++)
        timing_row(&table, model, &timings[i], *quality != '\0');
    report_table_end(&table);
    write_counters(t, timings, count);
}

static unsigned write_speed(report_text *t, const report_model *model, const report_model_algorithm *a, unsigned id)
{
    if (!a->timing_count)
        return id;
    report_section_begin(t, "speed", "Speed");
    report_hint(t,
                "Medians with 95 % bootstrap intervals. Ratios are of medians within one run. Peers are other people's "
                "implementations of the same job, in the same binary.");
    report_text_add(t, "<div class=\"charts\">\n");
    id = report_speed_charts(t, model, a, id);
    report_text_add(t, "</div>\n");
    for (size_t i = 0, end; i < a->timing_count; i = end) {
        for (end = i; end < a->timing_count && a->timings[end].record.workload == a->timings[i].record.workload;)
            end++;
        if (!report_is_weak(&a->timings[i].record)) /* in the section on threads */
            write_workload(t, model, &a->timings[i], end - i);
    }
    report_section_end(t);
    return id;
}

/* ---- Page ------------------------------------------------------------------------------------------------------- */

static void write_title(report_text *title, const char *name)
{
    report_text_add(title, name);
    report_text_add(title, " – assay report");
}

void report_algorithm_page(report_text *t, const report_model *model, const report_model_algorithm *a,
                           const report_text *chart_js)
{
    report_text title = {0};
    write_title(&title, a->name);
    report_page_begin(t, title.data ? title.data : "", false);
    t->failed |= title.failed;
    report_text_free(&title);
    write_paper(t, a);
    write_tallies(t, a);
    if (report_has_claims(a)) {
        report_section_begin(t, "claims", "Claims of the paper");
        report_claims_table(t, model, a);
        report_section_end(t);
    }
    write_checks(t, model, a);
    unsigned id = write_accuracy(t, model, a, 1);
    id = write_speed(t, model, a, id);
    id = report_scaling_section(t, model, a, id);
    id = report_quantities(t, a, id);
    report_section_begin(t, "history", "History");
    id = report_changes(t, model, a, id);
    report_history_charts(t, model, a, id);
    report_section_end(t);
    report_page_end(t, chart_js);
}
