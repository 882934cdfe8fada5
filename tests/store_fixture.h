/* What the tests of the store share: a folder for each, sample records, and a dump of everything that a store holds. */
#ifndef ASSAY_TESTS_STORE_FIXTURE_H
#define ASSAY_TESTS_STORE_FIXTURE_H

#include "reports/store.h"

#include <check.h>
#include <ftw.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define assert_ok(CALL)                                                                                                \
    do {                                                                                                               \
        const assay_status got_ = CALL;                                                                                \
        ck_assert_msg(got_ == ASSAY_OK, "%s: %s: %s", #CALL, assay_status_name(got_), assay_error());                  \
    } while (0)

#define assert_refused(STATUS, CALL, TEXT)                                                                             \
    do {                                                                                                               \
        const assay_status got_ = CALL;                                                                                \
        ck_assert_msg(got_ == STATUS, "%s: %s: %s", #CALL, assay_status_name(got_), assay_error());                    \
        ck_assert_msg(strstr(assay_error(), TEXT) != NULL, "\"%s\" does not contain \"%s\"", assay_error(), TEXT);     \
    } while (0)

/* ---- A folder for each test -------------------------------------------------------------------------------------- */

static char folder[64];

static inline void make_folder(void)
{
    /* In memory if possible: what is tested does not depend on the disk, which is the slowest part of it. */
    strcpy(folder, "/dev/shm/assay-store-XXXXXX");
    if (!mkdtemp(folder)) {
        strcpy(folder, "/tmp/assay-store-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
    }
}

static inline int remove_one(const char *path, const struct stat *file, int type, struct FTW *where)
{
    (void)file, (void)type, (void)where;
    return remove(path);
}

static inline void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path in the folder; the last 128 stay valid. */
static inline const char *in_folder(const char *name)
{
    static char paths[128][256];
    static unsigned turn;
    char *path = paths[turn++ % 128];
    snprintf(path, 256, "%s/%s", folder, name);
    return path;
}

static inline char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot read %s", path);
    char *bytes = NULL;
    size_t length = 0;
    FILE *copy = open_memstream(&bytes, &length);
    for (int c; (c = fgetc(file)) != EOF;)
        fputc(c, copy);
    fclose(copy);
    fclose(file);
    *size = length;
    return bytes;
}

static inline void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void assert_file_is(const char *path, const void *bytes, size_t size)
{
    size_t now;
    char *content = read_file(path, &now);
    ck_assert_uint_eq(now, size);
    ck_assert_mem_eq(content, bytes, size);
    free(content);
}

/* Statements on a database behind the store's back. */
static inline void sql(const char *path, const char *statements)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, statements, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static inline void assert_integrity(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static inline assay_run some_run(const char *command, const char *shard)
{
    return (assay_run){.command = command,
                       .revision = "0123456789ab",
                       .compiler = "gcc 12.2.0",
                       .flags = "-O3 -ffp-contract=off",
                       .machine = "A Processor; 3 GHz",
                       .system = "Linux 6.1 x86_64",
                       .level = "avx2",
                       .depth = "quick",
                       .shard = shard,
                       .started = "2026-11-24T16:24:58Z",
                       .word_bits = 64,
                       .processors = 2,
                       .threads = 2,
                       .seed = 1};
}

static inline assay_result some_result(const char *check, assay_verdict verdict)
{
    return (assay_result){.algorithm = "lmul",
                          .implementation = "avx2",
                          .kind = ASSAY_ORACLE,
                          .check = check,
                          .workload = "uniform",
                          .measured = 0.75,
                          .limit = 1,
                          .unit = "ulp",
                          .verdict = verdict,
                          .reason = "",
                          .seconds = 0.5,
                          .seed = 1,
                          .replay = "assay verify 'lmul/avx2/x' --seed 1",
                          .spread_low = NAN,
                          .spread_high = NAN};
}

static inline assay_sweep_shard some_shard(uint32_t shard, uint32_t shards)
{
    assay_sweep_shard part = {.algorithm = "evolved_exp",
                              .implementation = "avx512",
                              .check = "exp2_ulp",
                              .shard = shard,
                              .shards = shards,
                              .inputs = 1u << 24,
                              .hard = 17,
                              .not_correctly_rounded = 12345,
                              .over_limit = 0,
                              .worst_ulp = 0.50000012345,
                              .worst_input = 0xff800001,
                              .output_hash = 0xfedcba9876543210,
                              .seconds = 0.25};
    for (unsigned i = 0; i < 256; i++) {
        part.histogram[i % 64] = i * UINT64_C(0x0101010101010101);
        part.binade_worst[i] = i % 3 ? i / 512.0 : NAN;
        part.binade_inputs[i] = UINT64_MAX - i;
    }
    return part;
}

static inline report_store *open_new(const char *name)
{
    report_store *store;
    assert_ok(report_store_open(in_folder(name), &store));
    return store;
}

/* ---- Everything a store holds, as text ----------------------------------------------------------------------------
 */

typedef struct dumper {
    report_store *store;
    FILE *out;
    size_t records;
} dumper;

static inline void put_text(FILE *out, const char *text)
{
    fprintf(out, text ? " \"%s\"" : " null", text);
}

/* All bits of the numbers, NaN's included. */
static inline void put_words(FILE *out, const void *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const char *)words + i * sizeof word, sizeof word);
        fprintf(out, " %016llx", (unsigned long long)word);
    }
}

static inline bool put_result(void *self, const assay_result *r)
{
    dumper *d = self;
    d->records++;
    fprintf(d->out, "result");
    const char *texts[] = {r->algorithm,
                           r->implementation,
                           assay_kind_name(r->kind),
                           r->check,
                           r->workload,
                           r->unit,
                           assay_verdict_name(r->verdict),
                           r->reason,
                           r->replay,
                           r->statement,
                           r->paper_value,
                           r->provenance};
    for (size_t i = 0; i < COUNT(texts); i++)
        put_text(d->out, texts[i]);
    fprintf(d->out, " %a %a %d %a %llu %a %a %d %d %a\n", r->measured, r->limit, r->at_least, r->seconds,
            (unsigned long long)r->seed, r->spread_low, r->spread_high, r->seeds, r->seeds_passed, r->false_alarm);
    return true;
}

static inline bool put_series(void *self, const assay_series *s)
{
    dumper *d = self;
    d->records++;
    fprintf(d->out, "series");
    const char *texts[] = {s->algorithm, s->implementation, s->chart, s->label, assay_series_style_name(s->style),
                           s->x_label,   s->y_label};
    for (size_t i = 0; i < COUNT(texts); i++)
        put_text(d->out, texts[i]);
    fprintf(d->out, " %d %d %zu %s %a %a %a %a", s->x_log, s->y_log, s->count, assay_series_kind_name(s->kind),
            s->exponent, s->exponent_low, s->exponent_high, s->factor);
    put_words(d->out, s->x, s->count);
    put_words(d->out, s->y, s->count);
    fputc('\n', d->out);
    return true;
}

static inline bool put_count(void *self, const assay_count *c)
{
    dumper *d = self;
    d->records++;
    fprintf(d->out, "count");
    const char *texts[] = {c->algorithm, c->implementation, c->workload, c->method, c->counted};
    for (size_t i = 0; i < COUNT(texts); i++)
        put_text(d->out, texts[i]);
    fprintf(d->out, " %a %a\n", c->count, c->allowed);
    return true;
}

static inline bool put_timing(void *self, const assay_timing *t)
{
    dumper *d = self;
    d->records++;
    fprintf(d->out, "timing");
    const char *texts[] = {t->algorithm, t->implementation,  t->workload, t->limit_name,
                           t->note,      t->counters_reason, t->replay,   t->quality_label};
    for (size_t i = 0; i < COUNT(texts); i++)
        put_text(d->out, texts[i]);
    const double numbers[] = {t->bytes,  t->flops,        t->items,         t->working_set,  t->limit_seconds,
                              t->cycles, t->instructions, t->branch_misses, t->cache_misses, t->quality};
    for (size_t i = 0; i < COUNT(numbers); i++)
        fprintf(d->out, " %a", numbers[i]);
    fprintf(d->out, " %d %d %llu %d %zu", t->is_peer, t->is_reference, (unsigned long long)t->size, t->threads,
            t->repetitions);
    put_words(d->out, t->seconds, t->repetitions);
    fputc('\n', d->out);
    return true;
}

static inline bool put_limit(void *self, const assay_limit *l)
{
    dumper *d = self;
    d->records++;
    fprintf(d->out, "limit");
    put_text(d->out, l->name);
    put_text(d->out, l->level);
    put_text(d->out, l->where);
    put_text(d->out, l->unit);
    fprintf(d->out, " %d %a\n", l->threads, l->per_second);
    return true;
}

static inline bool put_shard(void *self, const assay_sweep_shard *s)
{
    dumper *d = self;
    d->records++;
    fprintf(d->out, "shard");
    put_text(d->out, s->algorithm);
    put_text(d->out, s->implementation);
    put_text(d->out, s->check);
    fprintf(d->out, " %u %u %llu %llu %llu %llu %a %08x %016llx %a", s->shard, s->shards, (unsigned long long)s->inputs,
            (unsigned long long)s->hard, (unsigned long long)s->not_correctly_rounded,
            (unsigned long long)s->over_limit, s->worst_ulp, s->worst_input, (unsigned long long)s->output_hash,
            s->seconds);
    put_words(d->out, s->histogram, COUNT(s->histogram));
    put_words(d->out, s->binade_worst, COUNT(s->binade_worst));
    put_words(d->out, s->binade_inputs, COUNT(s->binade_inputs));
    fputc('\n', d->out);
    return true;
}

static inline bool put_run(void *self, const report_run *stored)
{
    dumper *d = self;
    const assay_run *r = &stored->run;
    const char *texts[] = {r->command, r->revision, r->compiler, r->flags,   r->machine, r->system,
                           r->level,   r->depth,    r->shard,    r->started, r->data};
    fprintf(d->out, "run %lld", (long long)stored->id);
    for (size_t i = 0; i < COUNT(texts); i++)
        put_text(d->out, texts[i]);
    fprintf(d->out, " %d %d %d %llu %a\n", r->word_bits, r->processors, r->threads, (unsigned long long)r->seed,
            stored->seconds);
    assert_ok(report_store_each_result(d->store, stored->id, put_result, d));
    assert_ok(report_store_each_series(d->store, stored->id, put_series, d));
    assert_ok(report_store_each_count(d->store, stored->id, put_count, d));
    assert_ok(report_store_each_timing(d->store, stored->id, put_timing, d));
    assert_ok(report_store_each_limit(d->store, stored->id, put_limit, d));
    assert_ok(report_store_each_shard(d->store, stored->id, put_shard, d));
    return true;
}

/* The caller frees the text. */
static inline char *dump(const char *path, size_t *records)
{
    char *text;
    size_t length;
    dumper d = {.out = open_memstream(&text, &length)};
    assert_ok(report_store_open_read_only(path, &d.store));
    assert_ok(report_store_each_run(d.store, put_run, &d));
    report_store_close(d.store);
    fclose(d.out);
    if (records)
        *records = d.records;
    return text;
}

static inline int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same lines in order. */
static inline char *sorted(char *text)
{
    char *lines[1024] = {NULL}, *joined;
    size_t count = 0, length;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        ck_assert_uint_lt(count, COUNT(lines));
        lines[count++] = line;
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    FILE *out = open_memstream(&joined, &length);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s\n", lines[i]);
    fclose(out);
    free(text);
    return joined;
}

/* Fills the store with records of every kind and odd values; the text is what a dump must show of them. */
static inline char *add_odd_records(report_store *store, int64_t run_id)
{
    char *text;
    size_t length;
    dumper d = {.out = open_memstream(&text, &length)};

    assay_result plain = some_result("plain", ASSAY_PASS), claim = some_result("C5", ASSAY_NOT_REPRODUCED);
    claim.kind = ASSAY_CLAIM;
    claim.measured = -INFINITY;
    claim.limit = NAN;
    claim.at_least = 1;
    claim.workload = claim.unit = claim.reason = claim.replay = NULL;
    claim.seed = UINT64_C(1) << 63;
    claim.statement = "fewer than 3 % of <b>all</b> & more";
    claim.paper_value = "2.9 %";
    claim.provenance = "recalled";
    claim.spread_low = 5e-324;
    claim.spread_high = INFINITY;
    claim.seeds = 5;
    claim.seeds_passed = 2;
    claim.false_alarm = 1e-9;
    assert_ok(report_store_add_result(store, run_id, &plain));
    assert_ok(report_store_add_result(store, run_id, &claim));
    put_result(&d, &plain);
    put_result(&d, &claim);

    double x[] = {-0.0, 5e-324, INFINITY, -INFINITY, 1.0 / 3}, y[] = {NAN, -NAN, 1e308, 0, NAN};
    const uint64_t payload = 0x7ff4deadbeef0001; /* a signalling NaN with a message */
    memcpy(&y[4], &payload, sizeof payload);
    const assay_series full = {.algorithm = "lmul",
                               .implementation = "avx2",
                               .chart = "c",
                               .label = "l",
                               .style = ASSAY_FRONT,
                               .x_label = "x",
                               .y_label = "y",
                               .x_log = 1,
                               .count = 5,
                               .x = x,
                               .y = y,
                               .kind = ASSAY_SCALING,
                               .exponent = 1.5,
                               .exponent_low = 1.25,
                               .exponent_high = INFINITY,
                               .factor = 5e-324};
    const assay_series empty = {.algorithm = "lmul", .implementation = "avx2", .chart = "c", .style = ASSAY_HISTOGRAM};
    assert_ok(report_store_add_series(store, run_id, &full));
    assert_ok(report_store_add_series(store, run_id, &empty));
    put_series(&d, &full);
    put_series(&d, &empty);

    const assay_count counted = {"lmul", "avx2", "hard family, 4096", "las vegas", "word operations", 1e15, NAN};
    const assay_count bounded = {"lmul", "reference", "", NULL, "", 0, 0x1p80};
    assert_ok(report_store_add_count(store, run_id, &counted));
    assert_ok(report_store_add_count(store, run_id, &bounded));
    put_count(&d, &counted);
    put_count(&d, &bounded);

    const double seconds[] = {1e-6, 1.0000000000000002e-6, 3e-7, 1e-6};
    const assay_timing timing = {.algorithm = "exp",
                                 .implementation = "SLEEF exp u10",
                                 .is_peer = 1,
                                 .workload = "w",
                                 .size = UINT64_MAX,
                                 .threads = 2,
                                 .repetitions = 4,
                                 .seconds = seconds,
                                 .bytes = 8192,
                                 .flops = NAN,
                                 .items = 4096,
                                 .working_set = 65536,
                                 .limit_seconds = NAN,
                                 .note = "at most 1.0 ulp",
                                 .quality = 0.9875,
                                 .quality_label = "recall@10",
                                 .cycles = NAN,
                                 .instructions = NAN,
                                 .branch_misses = NAN,
                                 .cache_misses = NAN,
                                 .counters_reason = "not supported",
                                 .replay = "assay bench"};
    assert_ok(report_store_add_timing(store, run_id, &timing));
    put_timing(&d, &timing);

    const assay_limit limit = {
        .name = "fma f32", .level = "avx512", .where = "", .threads = 2, .per_second = 1.5e11, .unit = "flop/s"};
    assert_ok(report_store_add_limit(store, run_id, &limit));
    put_limit(&d, &limit);

    const assay_sweep_shard shard = some_shard(255, 256);
    assert_ok(report_store_add_shard(store, run_id, &shard));
    put_shard(&d, &shard);
    fclose(d.out);
    return text;
}

/* A small store, closed, as bytes. */
static inline char *make_database(const char *path, size_t *size)
{
    report_store *store;
    const assay_run run = some_run("verify", "1/1");
    int64_t id;
    assert_ok(report_store_open(path, &store));
    assert_ok(report_store_begin_run(store, &run, &id));
    free(add_odd_records(store, id));
    report_store_close(store);
    return read_file(path, size);
}

/* ---- Children ------------------------------------------------------------------------------------------------------
 */

/* Runs @p body in a child; its failed assertions make it exit with another status than 0. */
static inline pid_t start_child(void (*body)(void *self), void *self)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body(self);
        _exit(0);
    }
    return child;
}

static inline void assert_child_succeeds(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x", status);
}

static inline void demand(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "child: %s: %s\n", what, assay_error());
        _exit(1);
    }
}

#endif
