/*
 * Measured costs by program, in a file: a replay of a search with measured costs reads them back.
 *
 * One line for each program: a hash of its nodes, and the cost in hexadecimal. Lines are only appended.
 */
#include "core/readers.h"
#include "core/state_file.h"
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct line {
    uint64_t hash[2];
    double cost;
} line;

struct evolved_exp_cost_log {
    evolved_exp_cost_function inner;
    FILE *file; /* open for appending if there is an inner function */
    line *lines;
    size_t count, capacity;
};

/* Two FNV-1a hashes of the printed program, of which every bit counts. */
static void hash_program(const evolved_exp_program *program, uint64_t hash[2])
{
    char text[(EVOLVED_EXP_NODES + 1) * 128];
    size_t length = 0;
    evolved_exp_print(program, text, sizeof text, &length);
    hash[0] = state_fnv(STATE_FNV_START, text, length);
    hash[1] = state_fnv(~STATE_FNV_START, text, length);
}

static bool append(evolved_exp_cost_log *log, const line *entry)
{
    if (log->count == log->capacity) {
        const size_t capacity = 2 * log->capacity + 64;
        line *grown = realloc(log->lines, capacity * sizeof *grown);
        if (!grown)
            return false;
        log->lines = grown;
        log->capacity = capacity;
    }
    log->lines[log->count++] = *entry;
    return true;
}

/* 16 hexadecimal digits. */
static bool read_hash(const char *at, uint64_t *hash)
{
    *hash = 0;
    for (int i = 0; i < 16; i++) {
        const char *digits = "0123456789abcdef", *digit = at[i] ? strchr(digits, at[i]) : NULL;
        if (!digit)
            return false;
        *hash = *hash << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

/* A line as it is written, up to its end. */
static bool read_line(const char *at, const char *end, line *entry)
{
    if (end - at <= 33 || !read_hash(at, &entry->hash[0]) || !read_hash(at + 16, &entry->hash[1]) || at[32] != ' ' ||
        isspace((unsigned char)at[33])) /* strtod() would go on to the next line */
        return false;
    char *stop;
    entry->cost = strtod(at + 33, &stop);
    return stop == end && entry->cost >= 0 && isfinite(entry->cost);
}

static assay_status read_lines(evolved_exp_cost_log *log, const file_bytes *file)
{
    const char *at = (const char *)file->bytes, *end = at + file->size;
    for (size_t number = 1; at < end; number++) {
        line entry;
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop || !read_line(at, stop, &entry))
            return assay_fail(ASSAY_BAD_DATA, "path %s: line %zu is no measured cost: %.*s", file->path, number,
                              (int)(!stop || stop - at > 60 ? (end - at > 60 ? 60 : end - at) : stop - at), at);
        if (!append(log, &entry))
            return assay_fail(ASSAY_NO_MEMORY, "no memory for the log %s", file->path);
        at = stop + 1;
    }
    return ASSAY_OK;
}

static assay_status read_log(evolved_exp_cost_log *log, const char *path)
{
    file_bytes file;
    assay_status status = file_read(path, &file);
    if (status != ASSAY_OK)
        return assay_fail(status, "path %s", assay_error()); /* which begins with it */
    status = read_lines(log, &file);
    file_release(&file);
    return status;
}

assay_status evolved_exp_cost_log_open(const char *path, evolved_exp_cost_function inner, evolved_exp_cost_log **log)
{
    if (!path || !log)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", path ? "log" : "path");
    evolved_exp_cost_log *result = calloc(1, sizeof *result);
    if (!result)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a log");
    result->inner = inner;
    const bool is_new = inner.measure && access(path, F_OK) != 0 && errno == ENOENT;
    assay_status status = is_new ? ASSAY_OK : read_log(result, path);
    if (status == ASSAY_OK && inner.measure && !(result->file = fopen(path, "a")))
        status = assay_fail(ASSAY_IO, "path %s cannot be written: %s", path, strerror(errno));
    if (status == ASSAY_OK)
        *log = result;
    else
        evolved_exp_cost_log_close(result);
    return status;
}

void evolved_exp_cost_log_close(evolved_exp_cost_log *log)
{
    if (!log)
        return;
    if (log->file)
        fclose(log->file);
    free(log->lines);
    free(log);
}

static assay_status measure(void *self, const evolved_exp_program *program, double *cost)
{
    evolved_exp_cost_log *log = self;
    line entry;
    hash_program(program, entry.hash);
    for (size_t i = 0; i < log->count; i++)
        if (memcmp(log->lines[i].hash, entry.hash, sizeof entry.hash) == 0) {
            *cost = log->lines[i].cost;
            return ASSAY_OK;
        }
    if (!log->inner.measure)
        return assay_fail(ASSAY_MISMATCH, "the log holds no cost of a program that the replay asks for");
    assay_status status = log->inner.measure(log->inner.self, program, &entry.cost);
    if (status != ASSAY_OK)
        return status;
    if (!(entry.cost >= 0 && isfinite(entry.cost)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "the measured cost is %g, must be finite and at least 0", entry.cost);
    if (!append(log, &entry))
        return assay_fail(ASSAY_NO_MEMORY, "no memory for another measured cost");
    if (fprintf(log->file, "%016llx%016llx %a\n", (unsigned long long)entry.hash[0], (unsigned long long)entry.hash[1],
                entry.cost) < 0 ||
        fflush(log->file) != 0)
        return assay_fail(ASSAY_IO, "the log of measured costs cannot be written: %s", strerror(errno));
    *cost = entry.cost;
    return ASSAY_OK;
}

evolved_exp_cost_function evolved_exp_cost_log_function(evolved_exp_cost_log *log)
{
    return (evolved_exp_cost_function){.measure = measure, .self = log, .name = log ? log->inner.name : NULL};
}
