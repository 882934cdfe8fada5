/* The columns of the records, and how a record becomes a row and a row a record. */
#include "reports/store_private.h"

#include <endian.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAMED(RECORD, MEMBER, COLUMN, TYPE, ...)                                                                       \
    {                                                                                                                  \
        .column = COLUMN, .type = TYPE, .offset = offsetof(RECORD, MEMBER), ##__VA_ARGS__                              \
    }
/* Most columns are called as the member; the others would be keywords of SQL. */
#define FIELD(RECORD, MEMBER, TYPE, ...) NAMED(RECORD, MEMBER, #MEMBER, TYPE, ##__VA_ARGS__)

static const store_field run_fields[] = {
    FIELD(assay_run, command, STORE_TEXT, .required = true),
    FIELD(assay_run, revision, STORE_TEXT, .required = true),
    FIELD(assay_run, compiler, STORE_TEXT),
    FIELD(assay_run, flags, STORE_TEXT),
    FIELD(assay_run, machine, STORE_TEXT),
    FIELD(assay_run, system, STORE_TEXT),
    FIELD(assay_run, level, STORE_TEXT),
    FIELD(assay_run, depth, STORE_TEXT),
    FIELD(assay_run, started, STORE_TEXT),
    FIELD(assay_run, word_bits, STORE_INT),
    FIELD(assay_run, processors, STORE_INT),
    FIELD(assay_run, threads, STORE_INT),
    FIELD(assay_run, seed, STORE_U64),
    FIELD(assay_run, data, STORE_TEXT, .since = 2),
};

static const store_field result_fields[] = {
    FIELD(assay_result, algorithm, STORE_TEXT, .required = true),
    FIELD(assay_result, implementation, STORE_TEXT, .required = true),
    FIELD(assay_result, kind, STORE_KIND),
    NAMED(assay_result, check, "check_name", STORE_TEXT, .required = true),
    FIELD(assay_result, workload, STORE_TEXT),
    FIELD(assay_result, measured, STORE_REAL),
    NAMED(assay_result, limit, "limit_value", STORE_REAL),
    FIELD(assay_result, at_least, STORE_INT),
    FIELD(assay_result, unit, STORE_TEXT),
    FIELD(assay_result, verdict, STORE_VERDICT),
    FIELD(assay_result, reason, STORE_TEXT),
    FIELD(assay_result, seconds, STORE_REAL, .fold = "min"),
    FIELD(assay_result, seed, STORE_U64),
    FIELD(assay_result, replay, STORE_TEXT),
    FIELD(assay_result, statement, STORE_TEXT),
    FIELD(assay_result, paper_value, STORE_TEXT),
    FIELD(assay_result, provenance, STORE_TEXT),
    FIELD(assay_result, spread_low, STORE_REAL),
    FIELD(assay_result, spread_high, STORE_REAL),
    FIELD(assay_result, seeds, STORE_INT),
    FIELD(assay_result, seeds_passed, STORE_INT),
    FIELD(assay_result, false_alarm, STORE_REAL, .since = 2),
};

static const store_field series_fields[] = {
    FIELD(assay_series, algorithm, STORE_TEXT, .required = true),
    FIELD(assay_series, implementation, STORE_TEXT, .required = true),
    FIELD(assay_series, chart, STORE_TEXT, .required = true),
    FIELD(assay_series, label, STORE_TEXT),
    FIELD(assay_series, style, STORE_STYLE),
    FIELD(assay_series, x_label, STORE_TEXT),
    FIELD(assay_series, y_label, STORE_TEXT),
    FIELD(assay_series, x_log, STORE_INT),
    FIELD(assay_series, y_log, STORE_INT),
    FIELD(assay_series, x, STORE_REALS, .extent = offsetof(assay_series, count)),
    FIELD(assay_series, y, STORE_REALS, .extent = offsetof(assay_series, count)),
    FIELD(assay_series, kind, STORE_SERIES_KIND, .since = 2),
    FIELD(assay_series, exponent, STORE_REAL, .since = 2),
    FIELD(assay_series, exponent_low, STORE_REAL, .since = 2),
    FIELD(assay_series, exponent_high, STORE_REAL, .since = 2),
    FIELD(assay_series, factor, STORE_REAL, .since = 2),
};

static const store_field count_fields[] = {
    FIELD(assay_count, algorithm, STORE_TEXT, .required = true),
    FIELD(assay_count, implementation, STORE_TEXT, .required = true),
    FIELD(assay_count, workload, STORE_TEXT, .required = true),
    FIELD(assay_count, method, STORE_TEXT),
    FIELD(assay_count, counted, STORE_TEXT, .required = true),
    NAMED(assay_count, count, "number", STORE_REAL),
    FIELD(assay_count, allowed, STORE_REAL),
};

static const store_field timing_fields[] = {
    FIELD(assay_timing, algorithm, STORE_TEXT, .required = true),
    FIELD(assay_timing, implementation, STORE_TEXT, .required = true),
    FIELD(assay_timing, is_peer, STORE_INT),
    FIELD(assay_timing, is_reference, STORE_INT),
    FIELD(assay_timing, workload, STORE_TEXT, .required = true),
    FIELD(assay_timing, size, STORE_U64),
    FIELD(assay_timing, threads, STORE_INT),
    FIELD(assay_timing, seconds, STORE_REALS, .extent = offsetof(assay_timing, repetitions)),
    FIELD(assay_timing, bytes, STORE_REAL),
    FIELD(assay_timing, flops, STORE_REAL),
    FIELD(assay_timing, items, STORE_REAL),
    FIELD(assay_timing, working_set, STORE_REAL),
    FIELD(assay_timing, limit_seconds, STORE_REAL),
    FIELD(assay_timing, limit_name, STORE_TEXT),
    FIELD(assay_timing, note, STORE_TEXT),
    FIELD(assay_timing, cycles, STORE_REAL),
    FIELD(assay_timing, instructions, STORE_REAL),
    FIELD(assay_timing, branch_misses, STORE_REAL),
    FIELD(assay_timing, cache_misses, STORE_REAL),
    FIELD(assay_timing, counters_reason, STORE_TEXT),
    FIELD(assay_timing, replay, STORE_TEXT),
    FIELD(assay_timing, quality, STORE_REAL, .since = 2),
    FIELD(assay_timing, quality_label, STORE_TEXT, .since = 2),
};

/* Of a limit measured by several shards the best is kept: it is what the machine can do. */
static const store_field limit_fields[] = {
    FIELD(assay_limit, name, STORE_TEXT, .required = true),
    FIELD(assay_limit, level, STORE_TEXT),
    NAMED(assay_limit, where, "place", STORE_TEXT),
    FIELD(assay_limit, threads, STORE_INT),
    FIELD(assay_limit, per_second, STORE_REAL, .fold = "max"),
    FIELD(assay_limit, unit, STORE_TEXT),
};

static const store_field shard_fields[] = {
    FIELD(assay_sweep_shard, algorithm, STORE_TEXT, .required = true),
    FIELD(assay_sweep_shard, implementation, STORE_TEXT, .required = true),
    NAMED(assay_sweep_shard, check, "check_name", STORE_TEXT, .required = true),
    FIELD(assay_sweep_shard, shard, STORE_U32),
    FIELD(assay_sweep_shard, shards, STORE_U32),
    FIELD(assay_sweep_shard, inputs, STORE_U64),
    FIELD(assay_sweep_shard, hard, STORE_U64),
    FIELD(assay_sweep_shard, not_correctly_rounded, STORE_U64),
    FIELD(assay_sweep_shard, over_limit, STORE_U64),
    FIELD(assay_sweep_shard, worst_ulp, STORE_REAL),
    FIELD(assay_sweep_shard, worst_input, STORE_U32),
    FIELD(assay_sweep_shard, output_hash, STORE_U64),
    FIELD(assay_sweep_shard, seconds, STORE_REAL, .fold = "min"),
    FIELD(assay_sweep_shard, histogram, STORE_WORDS, .extent = 64),
    FIELD(assay_sweep_shard, binade_worst, STORE_WORDS, .extent = 256),
    FIELD(assay_sweep_shard, binade_inputs, STORE_WORDS, .extent = 256),
};

#define TABLE(NAME, FIELDS, ...)                                                                                       \
    {                                                                                                                  \
        .name = NAME, .fields = FIELDS, .count = sizeof(FIELDS) / sizeof(FIELDS)[0], ##__VA_ARGS__                     \
    }

const store_table store_run_table = TABLE("run", run_fields);

const store_table store_tables[STORE_TABLES] = {
    [STORE_RESULT] = TABLE("result", result_fields),
    [STORE_SERIES] = TABLE("series", series_fields),
    [STORE_COUNT] = TABLE("operation_count", count_fields, .since = 2),
    [STORE_TIMING] = TABLE("timing", timing_fields),
    [STORE_LIMIT] = TABLE("machine_limit", limit_fields),
    [STORE_SHARD] = TABLE("sweep_shard", shard_fields),
};

void store_append_columns(sqlite3_str *sql, const store_table *table, const char *prefix, int version)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->fields[i].since > version)
            sqlite3_str_appendall(sql, ", NULL");
        else
            sqlite3_str_appendf(sql, ", %s%s", prefix, table->fields[i].column);
    }
}

/* ---- Record to row ----------------------------------------------------------------------------------------------- */

static int bind_words(sqlite3_stmt *statement, int parameter, const void *words, size_t count)
{
    uint64_t *bytes = malloc(count * sizeof *bytes + 1);
    if (!bytes)
        return SQLITE_NOMEM;
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const char *)words + i * sizeof word, sizeof word);
        bytes[i] = htole64(word);
    }
    return sqlite3_bind_blob64(statement, parameter, bytes, count * sizeof *bytes, free);
}

/* The name of an enumeration's value, or a failure if it has none. */
static assay_status name_of(const store_field *field, const void *member, const char **name)
{
    const int value = *(const int *)member;
    assay_kind kind;
    assay_verdict verdict;
    assay_series_style style;
    assay_series_kind series_kind;
    assay_status status;
    switch (field->type) {
    case STORE_KIND: status = assay_kind_parse(*name = assay_kind_name((assay_kind)value), &kind); break;
    case STORE_VERDICT: status = assay_verdict_parse(*name = assay_verdict_name((assay_verdict)value), &verdict); break;
    case STORE_SERIES_KIND:
        status = assay_series_kind_parse(*name = assay_series_kind_name((assay_series_kind)value), &series_kind);
        break;
    default:
        status = assay_series_style_parse(*name = assay_series_style_name((assay_series_style)value), &style);
        break;
    }
    return status == ASSAY_OK ? ASSAY_OK
                              : assay_fail(ASSAY_INVALID_ARGUMENT, "%s is %d, which has no name", field->column, value);
}

static assay_status bind_text(sqlite3_stmt *statement, int parameter, const store_field *field, const char *text,
                              int *code)
{
    if (!text && field->required)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", field->column);
    *code = sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
    return ASSAY_OK;
}

static assay_status bind_reals(sqlite3_stmt *statement, int parameter, const store_field *field, const double *numbers,
                               size_t count, int *code)
{
    enum { MOST = 100000000 }; /* below SQLite's limit for a blob, 10^9 bytes */
    if (!numbers && count > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null with %zu numbers", field->column, count);
    if (count > MOST)
        return assay_fail(ASSAY_OUT_OF_RANGE, "%s has %zu numbers, must have at most %d", field->column, count, MOST);
    *code = bind_words(statement, parameter, numbers, count);
    return ASSAY_OK;
}

static assay_status bind_field(sqlite3_stmt *statement, int parameter, const store_field *field, const char *record)
{
    const void *member = record + field->offset;
    assay_status status = ASSAY_OK;
    const char *name = NULL;
    int code = SQLITE_OK;
    switch (field->type) {
    case STORE_TEXT: status = bind_text(statement, parameter, field, *(const char *const *)member, &code); break;
    case STORE_REAL: code = sqlite3_bind_double(statement, parameter, *(const double *)member); break;
    case STORE_INT: code = sqlite3_bind_int(statement, parameter, *(const int *)member); break;
    case STORE_U32: code = sqlite3_bind_int64(statement, parameter, *(const uint32_t *)member); break;
    case STORE_U64: code = sqlite3_bind_int64(statement, parameter, (int64_t) * (const uint64_t *)member); break;
    case STORE_KIND:
    case STORE_VERDICT:
    case STORE_STYLE:
    case STORE_SERIES_KIND:
        status = name_of(field, member, &name);
        code = sqlite3_bind_text(statement, parameter, name, -1, SQLITE_STATIC);
        break;
    case STORE_WORDS: code = bind_words(statement, parameter, member, field->extent); break;
    case STORE_REALS:
        status = bind_reals(statement, parameter, field, *(const double *const *)member,
                            *(const size_t *)(const void *)(record + field->extent), &code);
        break;
    }
    if (status == ASSAY_OK && code != SQLITE_OK)
        status = assay_fail(ASSAY_NO_MEMORY, "cannot bind %s: %s", field->column, sqlite3_errstr(code));
    return status;
}

assay_status store_bind(sqlite3_stmt *statement, int first, const store_table *table, const void *record)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < table->count; i++)
        status = bind_field(statement, first + (int)i, &table->fields[i], record);
    return status;
}

/* ---- Row to record ----------------------------------------------------------------------------------------------- */

static void copy_words(const void *blob, void *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const char *)blob + i * sizeof word, sizeof word);
        word = le64toh(word);
        memcpy((char *)words + i * sizeof word, &word, sizeof word);
    }
}

static assay_status read_words(sqlite3_stmt *statement, int column, const store_field *field, void *words)
{
    const void *blob = sqlite3_column_blob(statement, column);
    const size_t bytes = (size_t)sqlite3_column_bytes(statement, column);
    if (bytes != field->extent * sizeof(uint64_t))
        return assay_fail(ASSAY_BAD_DATA, "%s has %zu bytes, must have %zu", field->column, bytes,
                          field->extent * sizeof(uint64_t));
    copy_words(blob, words, field->extent);
    return ASSAY_OK;
}

static assay_status read_reals(sqlite3_stmt *statement, int column, const store_field *field, const double **numbers,
                               size_t *count)
{
    const void *blob = sqlite3_column_blob(statement, column);
    const size_t bytes = (size_t)sqlite3_column_bytes(statement, column);
    if (bytes % sizeof(double) != 0)
        return assay_fail(ASSAY_BAD_DATA, "%s has %zu bytes, must have a multiple of 8", field->column, bytes);
    double *copy = malloc(bytes + 1);
    if (!copy)
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate %zu bytes", bytes);
    *count = bytes / sizeof(double);
    copy_words(blob, copy, *count);
    *numbers = copy;
    return ASSAY_OK;
}

/* Two arrays of one count (a series' x and y) must agree about it. */
static assay_status read_counted_reals(sqlite3_stmt *statement, int column, const store_table *table, size_t which,
                                       char *record)
{
    const store_field *field = &table->fields[which];
    size_t *shared = (size_t *)(void *)(record + field->extent), count = 0;
    assay_status status =
        read_reals(statement, column, field, (const double **)(void *)(record + field->offset), &count);
    if (status != ASSAY_OK)
        return status;
    const bool second = which > 0 && table->fields[which - 1].type == STORE_REALS;
    if (second && count != *shared)
        return assay_fail(ASSAY_BAD_DATA, "%s has %zu numbers, must have %zu", field->column, count, *shared);
    *shared = count;
    return ASSAY_OK;
}

static double read_real(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, column);
}

/* A number of 4 bytes, with or without a sign. */
static assay_status read_whole(sqlite3_stmt *statement, int column, const store_field *field, int64_t least,
                               int64_t most, void *member)
{
    const int64_t number = sqlite3_column_int64(statement, column);
    if (number < least || number > most)
        return assay_fail(ASSAY_BAD_DATA, "%s is %lld, must be %lld to %lld", field->column, (long long)number,
                          (long long)least, (long long)most);
    const uint32_t bits = (uint32_t)number;
    memcpy(member, &bits, sizeof bits);
    return ASSAY_OK;
}

static assay_status read_field(sqlite3_stmt *statement, int column, const store_table *table, size_t which,
                               char *record)
{
    const store_field *field = &table->fields[which];
    void *member = record + field->offset;
    const char *text = NULL;
    if (field->type == STORE_TEXT || field->type == STORE_KIND || field->type == STORE_VERDICT ||
        field->type == STORE_STYLE || field->type == STORE_SERIES_KIND)
        text = (const char *)sqlite3_column_text(statement, column);
    switch (field->type) {
    case STORE_TEXT:
        *(const char **)member = text;
        return text || !field->required ? ASSAY_OK : assay_fail(ASSAY_BAD_DATA, "%s is null", field->column);
    case STORE_REAL: *(double *)member = read_real(statement, column); break;
    case STORE_INT: return read_whole(statement, column, field, INT_MIN, INT_MAX, member);
    case STORE_U32: return read_whole(statement, column, field, 0, UINT32_MAX, member);
    case STORE_U64: *(uint64_t *)member = (uint64_t)sqlite3_column_int64(statement, column); break;
    case STORE_KIND: return assay_kind_parse(text, member);
    case STORE_VERDICT: return assay_verdict_parse(text, member);
    case STORE_STYLE: return assay_series_style_parse(text, member);
    case STORE_SERIES_KIND: return assay_series_kind_parse(text ? text : assay_series_kind_name(ASSAY_POINTS), member);
    case STORE_WORDS: return read_words(statement, column, field, member);
    case STORE_REALS: return read_counted_reals(statement, column, table, which, record);
    }
    return ASSAY_OK;
}

static assay_status check_shard(const assay_sweep_shard *shard)
{
    return shard->shard < shard->shards
               ? ASSAY_OK
               : assay_fail(ASSAY_BAD_DATA, "shard is %u, must be below shards, %u", shard->shard, shard->shards);
}

assay_status store_read(sqlite3_stmt *statement, int first, const store_table *table, void *record)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < table->count; i++) {
        if (table->fields[i].type == STORE_REALS)
            *(double **)(void *)((char *)record + table->fields[i].offset) = NULL;
    }
    for (size_t i = 0; status == ASSAY_OK && i < table->count; i++)
        status = read_field(statement, first + (int)i, table, i, record);
    if (status == ASSAY_OK && table == &store_tables[STORE_SHARD])
        status = check_shard(record);
    if (status != ASSAY_OK) {
        store_release(table, record);
        status = assay_fail(status == ASSAY_NO_MEMORY ? status : ASSAY_BAD_DATA,
                            "cannot read \"%s\": row %lld of table %s is malformed: %s",
                            sqlite3_db_filename(sqlite3_db_handle(statement), "main"),
                            (long long)sqlite3_column_int64(statement, 0), table->name, assay_error());
    }
    return status;
}

void store_release(const store_table *table, void *record)
{
    for (size_t i = 0; i < table->count; i++) {
        double **numbers = (double **)(void *)((char *)record + table->fields[i].offset);
        if (table->fields[i].type == STORE_REALS) {
            free(*numbers);
            *numbers = NULL;
        }
    }
}
