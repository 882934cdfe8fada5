/* report.md: the report as text. */
#include "reports/number.h"
#include "reports/render.h"
#include "reports/scaling.h"

#include <math.h>
#include <string.h>

static void cell(report_text *t, const char *s)
{
    report_text_add(t, " ");
    report_text_markdown(t, s);
    report_text_add(t, " |");
}

static void replay_cell(report_text *t, const char *command)
{
    report_text_add(t, " ");
    if (*command)
        report_text_markdown_code(t, command);
    report_text_add(t, " |\n");
}

static void head(report_text *t, const char *const *titles, size_t count)
{
    report_text_add(t, "|");
    for (size_t i = 0; i < count; i++)
        cell(t, titles[i]);
    report_text_add(t, "\n|");
    for (size_t i = 0; i < count; i++)
        report_text_add(t, " --- |");
    report_text_add(t, "\n");
}

#define HEAD(t, ...)                                                                                                   \
    head(t, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* ---- Summary ---------------------------------------------------------------------------------------------------- */

static void write_verdicts(report_text *t, const report_tally *n)
{
    report_text_format(t, "%zu passed, %zu failed, %zu skipped", n->passed, n->failed, n->skipped);
    if (n->reproduced + n->in_part + n->not_reproduced)
        report_text_format(t, "; claims: %zu reproduced, %zu in part, %zu not", n->reproduced, n->in_part,
                           n->not_reproduced);
}

static void write_run(report_text *t, const char *title, const report_model_run *run)
{
    if (!run)
        return;
    const assay_run *r = &run->stored.run;
    const char *const fields[][2] = {{"started", r->started},      {"revision", r->revision}, {"machine", r->machine},
                                     {"system", r->system},        {"compiler", r->compiler}, {"flags", r->flags},
                                     {"CPU level", r->level},      {"depth", r->depth},       {"shard", r->shard},
                                     {"data of the user", r->data}};
    report_text_format(t, "\n%s run:\n\n", title);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!*fields[i][1])
            continue;
        report_text_format(t, "- %s: ", fields[i][0]);
        report_text_markdown(t, fields[i][1]);
        report_text_add(t, "\n");
    }
    report_text_format(t, "- %d processors, %d threads, %d-bit words, seed %llu, %s %s\n", r->processors, r->threads,
                       r->word_bits, (unsigned long long)r->seed, isnan(run->stored.seconds) ? "interrupted" : "took",
                       isnan(run->stored.seconds) ? "" : report_quantity(run->stored.seconds, "s").text);
}

static void write_algorithms(report_text *t, const report_model *model)
{
    report_text_add(t, "\n## Algorithms\n\n");
    HEAD(t, "Algorithm", "Checks and claims", "Best speedup", "On", "Over the best peer", "Of the limit");
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_model_algorithm *a = model->algorithms[i];
        const report_model_timing *best = a->best;
        report_text_add(t, "|");
        cell(t, a->name);
        report_text_add(t, " ");
        write_verdicts(t, &a->tally);
        report_text_add(t, " |");
        cell(t, best ? report_quantity(best->speedup.estimate, "x").text : "–");
        cell(t, best ? best->record.workload : "–");
        cell(t, best ? report_quantity(best->over_peer.estimate, "x").text : "–");
        cell(t, best ? report_quantity(best->limit_fraction, "share").text : "–");
        report_text_add(t, "\n");
    }
}

static void write_contradictions(report_text *t, const report_model *model)
{
    if (!model->contradiction_count)
        return;
    report_text_add(t, "\n## Verdicts that changed between runs of one revision\n\n");
    for (size_t i = 0; i < model->contradiction_count; i++) {
        const report_contradiction *c = &model->contradictions[i];
        report_text_add(t, "- ");
        const char *const words[] = {c->algorithm, "/", c->implementation, "/", c->check, ": ", c->verdicts};
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            report_text_markdown(t, words[k]);
        report_text_add(t, "\n");
    }
}

static void write_time(report_text *t, const report_model *model)
{
    report_slow_check slowest[20];
    const size_t count = report_slowest_checks(model, slowest, sizeof slowest / sizeof *slowest);
    if (!count)
        return;
    report_text_format(t, "\n## Where the time goes\n\nAll checks and claims together took %s; the slowest:\n\n",
                       report_quantity(report_seconds_of(model, NULL), "s").text);
    HEAD(t, "Algorithm", "Check", "Implementation", "Kind", "Took", "Replay");
    for (size_t i = 0; i < count; i++) {
        const assay_result *r = &slowest[i].result->record;
        report_text_add(t, "|");
        cell(t, slowest[i].algorithm->name);
        cell(t, r->check);
        cell(t, r->implementation);
        cell(t, assay_kind_name(r->kind));
        cell(t, report_quantity(r->seconds, "s").text);
        replay_cell(t, r->replay);
    }
}

/* ---- An algorithm ----------------------------------------------------------------------------------------------- */

static void write_claims(report_text *t, const report_model_algorithm *a)
{
    bool begun = false;
    for (size_t i = 0; i < a->result_count; i++) {
        const assay_result *r = &a->results[i].record;
        if (r->kind != ASSAY_CLAIM)
            continue;
        if (!begun) {
            report_text_add(t, "\n### Claims\n\n");
            HEAD(t, "Verdict", "Claim", "Statement", "Paper", "Ours", "Spread", "Seeds passed", "Source", "Replay");
        }
        begun = true;
        report_text_add(t, "|");
        cell(t, assay_verdict_name(r->verdict));
        cell(t, r->check);
        cell(t, r->statement);
        cell(t, r->paper_value);
        cell(t, report_quantity(r->measured, r->unit).text);
        cell(t, r->seeds > 1 ? report_range(r->spread_low, r->spread_high, r->unit).text : "–");
        report_text_format(t, " %d of %d |", r->seeds_passed, r->seeds);
        cell(t, r->provenance);
        replay_cell(t, r->replay);
    }
}

static void write_check(report_text *t, const assay_result *r)
{
    report_text_add(t, "|");
    cell(t, assay_verdict_name(r->verdict));
    cell(t, r->check);
    cell(t, r->workload);
    cell(t, r->implementation);
    cell(t, assay_kind_name(r->kind));
    cell(t, report_quantity(r->measured, r->unit).text);
    report_text_add(t, isnan(r->limit) ? "" : r->at_least ? " ≥" : " ≤");
    cell(t, report_limit(r->limit, r->unit).text);
    cell(t, r->reason);
    replay_cell(t, r->replay);
}

static void write_checks(report_text *t, const report_model_algorithm *a)
{
    bool begun = false;
    for (size_t i = 0; i < a->result_count; i++) {
        if (a->results[i].record.kind == ASSAY_CLAIM)
            continue;
        if (!begun) {
            report_text_add(t, "\n### Checks\n\n");
            HEAD(t, "Verdict", "Check", "Workload", "Implementation", "Kind", "Measured", "Limit", "Reason", "Replay");
        }
        begun = true;
        write_check(t, &a->results[i].record);
    }
}

static void write_sweeps(report_text *t, const report_model_algorithm *a)
{
    if (!a->sweep_count)
        return;
    report_text_add(t, "\n### Accuracy over all inputs\n\n");
    HEAD(t, "Sweep", "Implementation", "Parts", "Inputs", "Worst error", "At input", "Not correctly rounded",
         "Over the limit");
    for (size_t i = 0; i < a->sweep_count; i++) {
        const assay_sweep_shard *s = &a->sweeps[i].total;
        report_text_add(t, "|");
        cell(t, s->check);
        cell(t, s->implementation);
        report_text_format(t, " %u of %u |", s->shard, s->shards);
        cell(t, report_count(s->inputs).text);
        report_text_format(t, " %s ulp | 0x%08x |", report_number(s->worst_ulp, 6).text, s->worst_input);
        cell(t, report_count(s->not_correctly_rounded).text);
        cell(t, report_count(s->over_limit).text);
        report_text_add(t, "\n");
    }
}

/* What is drawn as charts elsewhere, in numbers: of a convergence its end, of a scaling its exponent. */
static void write_convergence(report_text *t, const report_model_algorithm *a)
{
    bool begun = false;
    for (size_t i = 0; i < a->series_count; i++) {
        const assay_series *s = &a->series[i].record;
        if (s->kind != ASSAY_CONVERGENCE || s->count == 0)
            continue;
        if (!begun) {
            report_text_add(t, "\n### Convergence\n\n");
            HEAD(t, "Chart", "Method", "Implementation", "Points", "Along", "Until", "Error", "Error at the end");
        }
        begun = true;
        report_text_add(t, "|");
        cell(t, s->chart);
        cell(t, s->label);
        cell(t, s->implementation);
        cell(t, report_count(s->count).text);
        cell(t, s->x_label);
        cell(t, report_number(s->x[s->count - 1], 4).text);
        cell(t, s->y_label);
        cell(t, report_number(s->y[s->count - 1], 4).text);
        report_text_add(t, "\n");
    }
}

static void write_qualities(report_text *t, const report_model_algorithm *a)
{
    bool begun = false;
    for (size_t i = 0; i < a->series_count; i++) {
        const assay_series *s = &a->series[i].record;
        if (s->kind != ASSAY_QUALITY_SPEED)
            continue;
        if (!begun) {
            report_text_add(t, "\n### Quality and speed\n\n");
            HEAD(t, "Chart", "Method", "Implementation", "Quality", "", "Speed", "");
        }
        begun = true;
        for (size_t k = 0; k < s->count; k++) {
            report_text_add(t, "|");
            cell(t, s->chart);
            cell(t, s->label);
            cell(t, s->implementation);
            cell(t, s->x_label);
            cell(t, report_number(s->x[k], 4).text);
            cell(t, s->y_label);
            cell(t, report_number(s->y[k], 4).text);
            report_text_add(t, "\n");
        }
    }
}

static void write_counts(report_text *t, const report_model_algorithm *a)
{
    if (!a->count_count)
        return;
    report_text_add(t, "\n### Counted operations\n\n");
    HEAD(t, "Counted", "Workload", "Method", "Implementation", "Count", "Allowed", "Of the allowed");
    for (size_t i = 0; i < a->count_count; i++) {
        const assay_count *c = &a->counts[i].record;
        report_text_add(t, "|");
        cell(t, c->counted);
        cell(t, c->workload);
        cell(t, c->method);
        cell(t, c->implementation);
        cell(t, report_number(c->count, 6).text);
        cell(t, report_number(c->allowed, 6).text);
        cell(t, report_quantity(c->count / c->allowed, "share").text);
        report_text_add(t, "\n");
    }
}

static void write_exponents(report_text *t, const report_model_algorithm *a)
{
    bool begun = false;
    for (size_t i = 0; i < a->series_count; i++) {
        const assay_series *s = &a->series[i].record;
        if (s->kind != ASSAY_SCALING)
            continue;
        if (!begun) {
            report_text_add(t, "\n### Fitted exponents\n\n");
            HEAD(t, "Chart", "Method", "Implementation", "Exponent", "95 %", "Points");
        }
        begun = true;
        report_text_add(t, "|");
        cell(t, s->chart);
        cell(t, s->label);
        cell(t, s->implementation);
        cell(t, report_number(s->exponent, 4).text);
        cell(t, report_range(s->exponent_low, s->exponent_high, "").text);
        cell(t, report_count(s->count).text);
        report_text_add(t, "\n");
    }
}

static void write_timings(report_text *t, const report_model_algorithm *a)
{
    if (!a->timing_count)
        return;
    report_text_add(t, "\n### Speed\n\n");
    HEAD(t, "Workload", "Size", "Implementation", "Threads", "Time", "95 %", "Over the reference", "95 %",
         "Of the limit", "Quality", "Note", "Replay");
    for (size_t i = 0; i < a->timing_count; i++) {
        const report_model_timing *x = &a->timings[i];
        if (report_is_weak(&x->record)) /* among the threads */
            continue;
        report_text_add(t, "|");
        cell(t, x->record.workload);
        cell(t, report_count(x->record.size).text);
        report_text_add(t, " ");
        report_text_markdown(t, x->record.implementation);
        report_text_format(t, "%s | %d |", x->record.is_peer ? " (peer)" : "", x->record.threads);
        cell(t, report_quantity(x->median.estimate, "s").text);
        cell(t, report_range(x->median.low, x->median.high, "s").text);
        cell(t, report_quantity(x->speedup.estimate, "x").text);
        cell(t, report_range(x->speedup.low, x->speedup.high, "x").text);
        cell(t, report_quantity(x->limit_fraction, "share").text);
        report_text_add(t, " ");
        if (*x->record.quality_label) {
            report_text_markdown(t, x->record.quality_label);
            report_text_format(t, " %s", report_number(x->record.quality, 4).text);
        }
        report_text_add(t, " |");
        cell(t, x->record.note);
        replay_cell(t, x->record.replay);
    }
}

/* Speedup and efficiency with more threads. */
static void write_scalings(report_text *t, const report_model_algorithm *a)
{
    bool begun = false;
    report_scaling s;
    for (size_t i = 0; i < a->timing_count; i++) {
        if (!report_scaling_of(a, &a->timings[i], &s))
            continue;
        const assay_timing *r = &s.timing->record;
        if (!begun) {
            report_text_add(t, "\n### Threads\n\n");
            HEAD(t, "Scaling", "Workload", "Size", "Implementation", "Threads", "Speedup", "95 %", "Efficiency", "95 %",
                 "Replay");
        }
        begun = true;
        report_text_add(t, "|");
        cell(t, report_scaling_kind(&s));
        cell(t, r->workload);
        cell(t, report_count(r->size).text);
        report_text_add(t, " ");
        report_text_markdown(t, s.single->record.implementation);
        report_text_format(t, "%s | %d |", r->is_peer ? " (peer)" : "", r->threads);
        cell(t, report_quantity(s.speedup.estimate, "x").text);
        cell(t, report_range(s.speedup.low, s.speedup.high, "x").text);
        cell(t, report_quantity(s.efficiency.estimate, "share").text);
        cell(t, report_range(s.efficiency.low, s.efficiency.high, "share").text);
        replay_cell(t, r->replay);
    }
}

static void write_algorithm(report_text *t, const report_model_algorithm *a)
{
    report_text_add(t, "\n## ");
    report_text_markdown(t, a->name);
    report_text_add(t, "\n\n");
    if (a->entry) {
        const assay_algorithm *e = a->entry;
        report_text_markdown(t, e->summary);
        report_text_add(t, "\n\n*");
        report_text_markdown(t, e->title);
        report_text_add(t, "*, ");
        report_text_markdown(t, e->authors);
        report_text_format(t, ", %d, ", e->year);
        report_text_markdown(t, e->identifier);
        report_text_add(t, "\n\n");
    }
    write_verdicts(t, &a->tally);
    report_text_add(t, "\n");
    write_claims(t, a);
    write_checks(t, a);
    write_sweeps(t, a);
    write_timings(t, a);
    write_scalings(t, a);
    write_qualities(t, a);
    write_convergence(t, a);
    write_counts(t, a);
    write_exponents(t, a);
}

/* ---- Limits and runs -------------------------------------------------------------------------------------------- */

static void write_limits(report_text *t, const report_model *model)
{
    if (!model->limit_count)
        return;
    report_text_add(t, "\n## Limits of this machine\n\n");
    HEAD(t, "Limit", "Where", "CPU level", "Threads", "At best");
    for (size_t i = 0; i < model->limit_count; i++) {
        const assay_limit *l = &model->limits[i].record;
        report_text_add(t, "|");
        cell(t, l->name);
        cell(t, l->where);
        cell(t, l->level);
        report_text_format(t, " %d |", l->threads);
        cell(t, report_quantity(l->per_second, l->unit).text);
        report_text_add(t, "\n");
    }
}

/* Of each series that changed the last change. */
static void write_changes(report_text *t, const report_model *model)
{
    const report_history *past = model->past;
    bool any = false;
    for (size_t i = 0; past && i < past->series_count; i++) {
        const report_history_series *s = &past->series[i];
        if (!s->change_count)
            continue;
        const report_history_change *c = &s->changes[s->change_count - 1];
        const assay_run *run = &past->runs[s->points[c->at].run].run;
        if (!any) {
            report_text_add(t, "\n## Changes over the runs\n\n");
            HEAD(t, "Series", "Runs", "Last change", "", "95 %", "Since", "Revision", "Newest run");
        }
        any = true;
        report_text_add(t, "| ");
        report_text_markdown(t, s->algorithm);
        report_text_add(t, ":");
        cell(t, report_title_of_series(s).text);
        cell(t, report_count(s->count).text);
        cell(t, report_size_of_change(c).text);
        cell(t, report_direction_of_change(s, c));
        cell(t, report_interval_of_change(c).text);
        cell(t, run->started);
        cell(t, run->revision);
        cell(t, report_judgement_name(s->judgement));
        report_text_add(t, "\n");
    }
}

static void write_history(report_text *t, const report_model *model)
{
    report_text_add(t, "\n## Runs\n\n");
    HEAD(t, "Started", "Command", "Revision", "Depth", "CPU level", "Checks and claims", "Timings", "Took");
    for (size_t run = model->run_count; run-- > report_history_start(model);) {
        const report_model_run *stored = &model->runs[run];
        const assay_run *r = &stored->stored.run;
        report_tally sum = {0};
        for (size_t i = 0; i < model->algorithm_count; i++) {
            const report_tally *n = &model->algorithms[i]->history[run];
            sum = (report_tally){sum.passed + n->passed,   sum.failed + n->failed,
                                 sum.skipped + n->skipped, sum.reproduced + n->reproduced,
                                 sum.in_part + n->in_part, sum.not_reproduced + n->not_reproduced};
        }
        report_text_add(t, "|");
        const char *const words[] = {r->started, r->command, r->revision, r->depth, r->level};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            cell(t, words[i]);
        report_text_add(t, " ");
        write_verdicts(t, &sum);
        report_text_format(t, " | %zu | %s |\n", stored->timings,
                           isnan(stored->stored.seconds) ? "interrupted"
                                                         : report_quantity(stored->stored.seconds, "s").text);
    }
}

void report_markdown(report_text *t, const report_model *model)
{
    report_text_add(t, "# assay report\n\n");
    write_verdicts(t, &model->total);
    report_text_add(t, "\n");
    write_run(t, "Verify", model->verify);
    write_run(t, "Bench", model->bench);
    write_contradictions(t, model);
    write_algorithms(t, model);
    for (size_t i = 0; i < model->algorithm_count; i++)
        write_algorithm(t, model->algorithms[i]);
    write_time(t, model);
    write_limits(t, model);
    write_changes(t, model);
    write_history(t, model);
}
