/* Databases for the targets: what is done with one. */
#include "fuzz/stores.h"

#include "reports/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

typedef struct dumper {
    report_store *store;
    FILE *out;
    int64_t runs[16];
    size_t run_count;
} dumper;

/* Every byte of a text is read, and of one that the header demands there must be one. */
static void put(dumper *d, const char *text)
{
    fprintf(d->out, " \"%s\"", text ? text : "(null)");
}

static void put_required(dumper *d, const char *text)
{
    FUZZ_ASSERT(text, "a name is null");
    put(d, text);
}

static bool visit_run(void *self, const report_run *stored)
{
    dumper *d = self;
    const assay_run *r = &stored->run;
    fprintf(d->out, "run %lld %d %d %d %llu %a", (long long)stored->id, r->word_bits, r->processors, r->threads,
            (unsigned long long)r->seed, stored->seconds);
    put_required(d, r->command);
    put_required(d, r->revision);
    put_required(d, r->shard);
    const char *const others[] = {r->compiler, r->flags, r->machine, r->system,
                                  r->level,    r->depth, r->started, r->data};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put(d, others[i]);
    fputc('\n', d->out);
    if (d->run_count < sizeof d->runs / sizeof *d->runs)
        d->runs[d->run_count++] = stored->id;
    return true;
}

static bool visit_result(void *self, const assay_result *r)
{
    dumper *d = self;
    FUZZ_ASSERT(r->kind <= ASSAY_REJECTION && r->verdict <= ASSAY_NOT_REPRODUCED, "kind %d, verdict %d", (int)r->kind,
                (int)r->verdict);
    fprintf(d->out, "result %d %d %d %llu %d %d %a %a %a %a %a %a", (int)r->kind, (int)r->verdict, r->at_least,
            (unsigned long long)r->seed, r->seeds, r->seeds_passed, r->measured, r->limit, r->seconds, r->false_alarm,
            r->spread_low, r->spread_high);
    put_required(d, r->algorithm);
    put_required(d, r->implementation);
    put_required(d, r->check);
    const char *const others[] = {r->workload,  r->unit,        r->reason,    r->replay,
                                  r->statement, r->paper_value, r->provenance};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put(d, others[i]);
    fputc('\n', d->out);
    return true;
}

static void put_numbers(dumper *d, const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(d->out, " %a", numbers[i]);
}

static bool visit_series(void *self, const assay_series *s)
{
    dumper *d = self;
    FUZZ_ASSERT(s->style <= ASSAY_FRONT && s->kind <= ASSAY_SCALING, "style %d, kind %d", (int)s->style, (int)s->kind);
    fprintf(d->out, "series %d %d %d %d %zu %a %a %a %a", (int)s->style, (int)s->kind, s->x_log, s->y_log, s->count,
            s->exponent, s->exponent_low, s->exponent_high, s->factor);
    put_required(d, s->algorithm);
    put_required(d, s->implementation);
    put_required(d, s->chart);
    put(d, s->label);
    put(d, s->x_label);
    put(d, s->y_label);
    put_numbers(d, s->x, s->count);
    put_numbers(d, s->y, s->count);
    fputc('\n', d->out);
    return true;
}

static bool visit_count(void *self, const assay_count *c)
{
    dumper *d = self;
    fprintf(d->out, "count %a %a", c->count, c->allowed);
    put_required(d, c->algorithm);
    put_required(d, c->implementation);
    put_required(d, c->workload);
    put_required(d, c->counted);
    put(d, c->method);
    fputc('\n', d->out);
    return true;
}

static bool visit_timing(void *self, const assay_timing *t)
{
    dumper *d = self;
    fprintf(d->out, "timing %d %d %llu %d", t->is_peer, t->is_reference, (unsigned long long)t->size, t->threads);
    put_required(d, t->algorithm);
    put_required(d, t->implementation);
    put_required(d, t->workload);
    const double numbers[] = {t->bytes,  t->flops,        t->items,         t->working_set,  t->limit_seconds,
                              t->cycles, t->instructions, t->branch_misses, t->cache_misses, t->quality};
    put_numbers(d, numbers, sizeof numbers / sizeof *numbers);
    put_numbers(d, t->seconds, t->repetitions);
    const char *const others[] = {t->limit_name, t->note, t->counters_reason, t->replay, t->quality_label};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put(d, others[i]);
    fputc('\n', d->out);
    return true;
}

static bool visit_limit(void *self, const assay_limit *l)
{
    dumper *d = self;
    fprintf(d->out, "limit %d %a", l->threads, l->per_second);
    put_required(d, l->name);
    put(d, l->level);
    put(d, l->where);
    put(d, l->unit);
    fputc('\n', d->out);
    return true;
}

static bool visit_shard(void *self, const assay_sweep_shard *s)
{
    dumper *d = self;
    FUZZ_ASSERT(s->shard < s->shards, "shard %u of %u", s->shard, s->shards);
    fprintf(d->out, "shard %u %u %llu %llu %llu %llu %a %x %llx %a", s->shard, s->shards, (unsigned long long)s->inputs,
            (unsigned long long)s->hard, (unsigned long long)s->not_correctly_rounded,
            (unsigned long long)s->over_limit, s->worst_ulp, s->worst_input, (unsigned long long)s->output_hash,
            s->seconds);
    put_required(d, s->algorithm);
    put_required(d, s->implementation);
    put_required(d, s->check);
    put_numbers(d, s->binade_worst, sizeof s->binade_worst / sizeof *s->binade_worst);
    fputc('\n', d->out);
    return true;
}

static bool visit_algorithm(void *self, const char *algorithm)
{
    put_required(self, algorithm);
    return true;
}

static assay_status dump_run(dumper *d, int64_t id)
{
    report_contradiction found[4];
    size_t count;
    assay_status status = report_store_each_result(d->store, id, visit_result, d);
    if (status == ASSAY_OK)
        status = report_store_each_series(d->store, id, visit_series, d);
    if (status == ASSAY_OK)
        status = report_store_each_count(d->store, id, visit_count, d);
    if (status == ASSAY_OK)
        status = report_store_each_timing(d->store, id, visit_timing, d);
    if (status == ASSAY_OK)
        status = report_store_each_limit(d->store, id, visit_limit, d);
    if (status == ASSAY_OK)
        status = report_store_each_shard(d->store, id, visit_shard, d);
    if (status == ASSAY_OK)
        status = report_store_each_algorithm(d->store, id, visit_algorithm, d);
    if (status == ASSAY_OK)
        status = report_store_contradictions(d->store, id, found, 4, &count);
    return status;
}

static assay_status dump_all(dumper *d)
{
    assay_sweep_shard shard = {
        .algorithm = "lmul", .implementation = "avx2", .check = "sweep", .shard = 3, .shards = 4};
    int64_t newest;
    bool found;
    assay_status status = report_store_each_run(d->store, visit_run, d);
    for (size_t i = 0; status == ASSAY_OK && i < d->run_count; i++)
        status = dump_run(d, d->runs[i]);
    if (status == ASSAY_OK)
        status = report_store_newest(d->store, "verify", &newest);
    if (status == ASSAY_OK)
        status = report_store_find_shard(d->store, "1234abcd", &shard, &found);
    return status;
}

char *fuzz_dump_store(const char *path)
{
    char *text;
    size_t length;
    dumper d = {0};
    fuzz_poison(&d.store, sizeof d.store);
    assay_status status = report_store_open_read_only(path, &d.store);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&d.store, sizeof d.store);
        return NULL;
    }
    d.out = open_memstream(&text, &length);
    status = dump_all(&d);
    report_store_close(d.store);
    FUZZ_ASSERT(fclose(d.out) == 0, "no memory");
    if (status == ASSAY_OK)
        return text;
    fuzz_expect_failure(status, path);
    free(text);
    return NULL;
}

/* ---- Joining -------------------------------------------------------------------------------------------------------
 */

void fuzz_merge_store(const char *path)
{
    const char *first = fuzz_path("first.db"), *second = fuzz_path("second.db");
    const char *const twice[] = {path, path};
    unlink(first);
    unlink(second);
    const assay_status status = report_store_merge(twice, 2, first, false);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, NULL);
        FUZZ_ASSERT(access(first, F_OK) != 0, "%s was written: %s", first, assay_error());
        return;
    }
    char *before = fuzz_dump_store(first);
    FUZZ_ASSERT(before, "what was joined is refused: %s", assay_error());
    FUZZ_OK(report_store_merge(&first, 1, second, false));
    char *after = fuzz_dump_store(second);
    FUZZ_ASSERT(after && strcmp(before, after) == 0, "joined again, the database is another:\n%s---\n%s", before,
                after ? after : assay_error());
    free(before);
    free(after);
}

/* ---- Writing -------------------------------------------------------------------------------------------------------
 */

void fuzz_write_store(const char *path)
{
    report_store *store;
    int64_t id;
    const assay_run run = {.command = "verify", .revision = "1234abcd", .word_bits = 64, .processors = 1, .threads = 1};
    const assay_result result = {.algorithm = "a", .implementation = "b", .check = "c", .measured = 1, .limit = NAN};
    fuzz_poison(&store, sizeof store);
    assay_status status = report_store_open(path, &store);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&store, sizeof store);
        return;
    }
    status = report_store_begin_run(store, &run, &id);
    if (status == ASSAY_OK)
        status = report_store_add_result(store, id, &result);
    if (status == ASSAY_OK)
        status = report_store_end_run(store, id, 1.5);
    if (status != ASSAY_OK)
        fuzz_expect_failure(status, path);
    report_store_close(store);
}
