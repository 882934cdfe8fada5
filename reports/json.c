/* results.json: everything that the report knows, at full precision. */
#include "reports/render.h"
#include "reports/scaling.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* JSON has no numbers that are none: missing ones are null, infinite ones the strings "inf" and "-inf". */
static json_t *number(double x)
{
    if (isnan(x))
        return json_null();
    return isinf(x) ? json_string(x > 0 ? "inf" : "-inf") : json_real(x);
}

static json_t *numbers(const double *x, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, number(x[i]));
    return array;
}

/* Seeds, hashes and counts may exceed what jansson's signed integers hold. */
static json_t *count(uint64_t n)
{
    return n <= INT64_MAX ? json_integer((json_int_t)n) : json_sprintf("%llu", (unsigned long long)n);
}

static json_t *counts(const uint64_t *n, size_t size)
{
    json_t *array = json_array();
    for (size_t i = 0; i < size; i++)
        json_array_append_new(array, count(n[i]));
    return array;
}

static json_t *interval(const assay_interval *x)
{
    return json_pack("{s:o, s:o, s:o}", "estimate", number(x->estimate), "low", number(x->low), "high",
                     number(x->high));
}

static json_t *tally(const report_tally *n)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "passed", (json_int_t)n->passed, "failed", (json_int_t)n->failed,
                     "skipped", (json_int_t)n->skipped, "reproduced", (json_int_t)n->reproduced, "reproduced_in_part",
                     (json_int_t)n->in_part, "not_reproduced", (json_int_t)n->not_reproduced);
}

static json_int_t run_number(const report_model_run *run)
{
    return (json_int_t)run->stored.id;
}

static json_t *run_object(const report_model_run *run)
{
    const assay_run *r = &run->stored.run;
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:s}", "run",
                     run_number(run), "command", r->command, "revision", r->revision, "compiler", r->compiler, "flags",
                     r->flags, "machine", r->machine, "system", r->system, "level", r->level, "depth", r->depth,
                     "shard", r->shard, "started", r->started, "word_bits", r->word_bits, "processors", r->processors,
                     "threads", r->threads, "seed", count(r->seed), "seconds", number(run->stored.seconds), "data",
                     r->data);
}

static json_t *check_object(const report_model_result *result)
{
    const assay_result *r = &result->record;
    json_t *object =
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o}", "run",
                  run_number(result->run), "implementation", r->implementation, "kind", assay_kind_name(r->kind),
                  "check", r->check, "workload", r->workload, "measured", number(r->measured), "limit",
                  number(r->limit), "limit_is", r->at_least ? "at least" : "at most", "unit", r->unit, "verdict",
                  assay_verdict_name(r->verdict), "reason", r->reason, "seconds", number(r->seconds), "seed",
                  count(r->seed), "replay", r->replay, "false_alarm", number(r->false_alarm));
    if (object && r->kind == ASSAY_CLAIM) {
        json_t *claim =
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:i, s:i}", "statement", r->statement, "paper_value", r->paper_value,
                      "provenance", r->provenance, "spread_low", number(r->spread_low), "spread_high",
                      number(r->spread_high), "seeds", r->seeds, "seeds_passed", r->seeds_passed);
        json_object_set_new(object, "claim", claim);
    }
    return object;
}

/* The median of each run that timed it, oldest first. */
static json_t *timing_history(const report_model *model, const report_model_timing *timing)
{
    json_t *array = json_array();
    for (size_t run = 0; run < model->run_count; run++) {
        if (!isnan(timing->history[run]))
            json_array_append_new(array, json_pack("{s:I, s:o}", "run", run_number(&model->runs[run]), "seconds",
                                                   number(timing->history[run])));
    }
    return array;
}

/* Null for one thread, and where there is none to compare with. */
static json_t *scaling_object(const report_model_algorithm *a, const report_model_timing *timing)
{
    report_scaling s;
    return report_scaling_of(a, timing, &s) ? json_pack("{s:s, s:o, s:o}", "kind", report_scaling_kind(&s), "speedup",
                                                        interval(&s.speedup), "efficiency", interval(&s.efficiency))
                                            : json_null();
}

static json_t *timing_object(const report_model *model, const report_model_algorithm *a,
                             const report_model_timing *timing)
{
    const assay_timing *r = &timing->record;
    json_t *counters = json_pack("{s:o, s:o, s:o, s:o, s:s}", "cycles", number(r->cycles), "instructions",
                                 number(r->instructions), "branch_misses", number(r->branch_misses), "cache_misses",
                                 number(r->cache_misses), "reason", r->counters_reason);
    return json_pack(
        "{s:I, s:s, s:b, s:b, s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:s, s:s, s:o, "
        "s:s, s:o, s:s, s:o, s:o}",
        "run", run_number(timing->run), "implementation", r->implementation, "peer", r->is_peer, "reference",
        r->is_reference, "workload", r->workload, "size", count(r->size), "threads", r->threads, "repetitions",
        numbers(r->seconds, r->repetitions), "seconds", interval(&timing->median), "bytes", number(r->bytes), "flops",
        number(r->flops), "items", number(r->items), "working_set", number(r->working_set), "limit_seconds",
        number(r->limit_seconds), "limit", r->limit_name, "limit_fraction", number(timing->limit_fraction), "speedup",
        interval(&timing->speedup), "over_peer", interval(&timing->over_peer), "best_peer", timing->peer, "note",
        r->note, "counters", counters, "replay", r->replay, "history", timing_history(model, timing), "quality_label",
        r->quality_label, "quality", number(r->quality), "scaling", scaling_object(a, timing));
}

static json_t *series_object(const report_model_series *series)
{
    const assay_series *s = &series->record;
    json_t *object = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:o}", "run",
                               run_number(series->run), "kind", assay_series_kind_name(s->kind), "implementation",
                               s->implementation, "chart", s->chart, "label", s->label, "style",
                               assay_series_style_name(s->style), "x_label", s->x_label, "y_label", s->y_label, "x_log",
                               s->x_log, "y_log", s->y_log, "x", numbers(s->x, s->count), "y", numbers(s->y, s->count));
    if (object && s->kind == ASSAY_SCALING) {
        const assay_interval exponent = {s->exponent, s->exponent_low, s->exponent_high};
        json_object_set_new(object, "exponent", interval(&exponent));
        json_object_set_new(object, "factor", number(s->factor));
    }
    return object;
}

static json_t *count_object(const report_model_count *counted)
{
    const assay_count *c = &counted->record;
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o}", "run", run_number(counted->run), "implementation",
                     c->implementation, "workload", c->workload, "method", c->method, "counted", c->counted, "count",
                     number(c->count), "allowed", number(c->allowed));
}

static json_t *sweep_object(const report_model_sweep *sweep)
{
    const assay_sweep_shard *s = &sweep->total;
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "run",
                     run_number(sweep->run), "implementation", s->implementation, "check", s->check, "parts",
                     count(s->shard), "parts_of", count(s->shards), "inputs", count(s->inputs), "hard", count(s->hard),
                     "not_correctly_rounded", count(s->not_correctly_rounded), "over_limit", count(s->over_limit),
                     "worst_ulp", number(s->worst_ulp), "worst_input", json_sprintf("%08x", s->worst_input),
                     "output_hash", json_sprintf("%016llx", (unsigned long long)s->output_hash), "seconds",
                     number(s->seconds), "histogram", counts(s->histogram, 64), "binade_inputs",
                     counts(s->binade_inputs, 256), "binade_worst_positive", numbers(sweep->positive, 256),
                     "binade_worst_negative", numbers(sweep->negative, 256));
}

static json_t *verdict_history(const report_model *model, const report_model_algorithm *a)
{
    json_t *array = json_array();
    for (size_t run = 0; run < model->run_count; run++) {
        const report_tally *n = &a->history[run];
        if (n->passed + n->failed + n->skipped + n->reproduced + n->in_part + n->not_reproduced)
            json_array_append_new(array,
                                  json_pack("{s:I, s:o}", "run", run_number(&model->runs[run]), "tally", tally(n)));
    }
    return array;
}

/* Series over comparable runs and where they changed. */
static json_t *change_objects(const report_history *past, const report_history_series *s)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->change_count; i++) {
        const report_history_change *c = &s->changes[i];
        const report_run *run = &past->runs[s->points[c->at].run];
        json_array_append_new(array, json_pack("{s:I, s:s, s:o, s:o, s:b, s:b}", "run", (json_int_t)run->id, "revision",
                                               run->run.revision, "ratio", interval(&c->ratio), "p", number(c->p),
                                               "worse", c->worse, "newest", c->newest));
    }
    return array;
}

static json_t *past_objects(const report_model *model, const report_model_algorithm *a)
{
    const report_history *past = model->past;
    json_t *array = json_array();
    for (size_t i = 0; past && i < past->series_count; i++) {
        const report_history_series *s = &past->series[i];
        if (strcmp(s->algorithm, a->name) == 0)
            json_array_append_new(array,
                                  json_pack("{s:s, s:s, s:s, s:o, s:i, s:s, s:s, s:o, s:o, s:o}", "measure",
                                            report_measure_name(s->measure), "implementation", s->implementation,
                                            s->measure == REPORT_TIME ? "workload" : "check", s->name, "size",
                                            count(s->size), "threads", s->threads, "unit", s->unit, "judgement",
                                            report_judgement_name(s->judgement), "p_adjusted", number(s->adjusted),
                                            "runs", count(s->count), "changes", change_objects(past, s)));
    }
    return array;
}

static json_t *paper_object(const assay_algorithm *entry)
{
    return entry ? json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "title", entry->title, "authors", entry->authors, "year",
                             entry->year, "identifier", entry->identifier, "family", entry->family, "summary",
                             entry->summary)
                 : json_null();
}

static json_t *algorithm_object(const report_model *model, const report_model_algorithm *a)
{
    json_t *checks = json_array(), *timings = json_array(), *series = json_array(), *counts = json_array(),
           *sweeps = json_array();
    for (size_t i = 0; i < a->result_count; i++)
        json_array_append_new(checks, check_object(&a->results[i]));
    for (size_t i = 0; i < a->timing_count; i++)
        json_array_append_new(timings, timing_object(model, a, &a->timings[i]));
    for (size_t i = 0; i < a->series_count; i++)
        json_array_append_new(series, series_object(&a->series[i]));
    for (size_t i = 0; i < a->count_count; i++)
        json_array_append_new(counts, count_object(&a->counts[i]));
    for (size_t i = 0; i < a->sweep_count; i++)
        json_array_append_new(sweeps, sweep_object(&a->sweeps[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "algorithm", a->name, "page", a->file,
                     "paper", paper_object(a->entry), "tally", tally(&a->tally), "checks", checks, "sweeps", sweeps,
                     "timings", timings, "series", series, "counts", counts, "history", verdict_history(model, a),
                     "past", past_objects(model, a));
}

static json_t *limit_object(const report_model_limit *limit)
{
    const assay_limit *l = &limit->record;
    return json_pack("{s:I, s:s, s:s, s:s, s:i, s:o, s:s}", "run", run_number(limit->run), "name", l->name, "level",
                     l->level, "where", l->where, "threads", l->threads, "per_second", number(l->per_second), "unit",
                     l->unit);
}

static json_t *contradiction_objects(const report_model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < model->contradiction_count; i++) {
        const report_contradiction *c = &model->contradictions[i];
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s}", "algorithm", c->algorithm, "implementation",
                                               c->implementation, "check", c->check, "verdicts", c->verdicts));
    }
    return array;
}

void report_json(report_text *t, const report_model *model)
{
    json_t *runs = json_array(), *algorithms = json_array(), *limits = json_array();
    for (size_t i = 0; i < model->run_count; i++)
        json_array_append_new(runs, run_object(&model->runs[i]));
    for (size_t i = 0; i < model->algorithm_count; i++)
        json_array_append_new(algorithms, algorithm_object(model, model->algorithms[i]));
    for (size_t i = 0; i < model->limit_count; i++)
        json_array_append_new(limits, limit_object(&model->limits[i]));
    json_t *root = json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "format", "assay results", "version", 1, "tally",
                             tally(&model->total), "contradictions", contradiction_objects(model), "runs", runs,
                             "algorithms", algorithms, "limits", limits);
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    if (text) {
        report_text_add(t, text);
        report_text_add(t, "\n");
    } else {
        t->failed = true;
    }
    free(text);
    json_decref(root);
}
