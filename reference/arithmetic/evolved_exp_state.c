/*
 * The state of a search as a file.
 *
 * Layout, all numbers little-endian 64-bit words: magic, version, length of the payload in bytes, FNV-1a of the
 * payload, payload. The payload begins with the configuration as text and the seed, so that a state of another search
 * is told from a damaged one.
 */
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERSION = 1, HEADER_WORDS = 4, CONFIG_TEXT = 1024 };
static const uint64_t magic = UINT64_C(0x4c4f56454c4f5645); /* "EVOLEVOL" */

/* A growing output, or an input being read. */
typedef struct buffer {
    unsigned char *bytes;
    size_t used, capacity; /* for an input: position and length */
    bool failed;
} buffer;

static void put(buffer *b, const void *bytes, size_t n)
{
    if (!b->failed && b->used + n > b->capacity) {
        const size_t capacity = 2 * (b->used + n) + 4096;
        unsigned char *grown = realloc(b->bytes, capacity);
        b->failed = !grown;
        if (grown) {
            b->bytes = grown;
            b->capacity = capacity;
        }
    }
    if (b->failed)
        return;
    memcpy(b->bytes + b->used, bytes, n);
    b->used += n;
}

static void put_word(buffer *b, uint64_t word)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> (8 * i));
    put(b, bytes, sizeof bytes);
}

static void put_double(buffer *b, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    put_word(b, bits);
}

static uint64_t take_word(buffer *b)
{
    uint64_t word = 0;
    if (b->failed || b->capacity - b->used < 8) {
        b->failed = true;
        return 0;
    }
    for (int i = 0; i < 8; i++)
        word |= (uint64_t)b->bytes[b->used++] << (8 * i);
    return word;
}

/* A word that must be at most @p most. */
static uint64_t take_count(buffer *b, uint64_t most)
{
    const uint64_t word = take_word(b);
    if (word > most)
        b->failed = true;
    return b->failed ? 0 : word;
}

static double take_double(buffer *b)
{
    const uint64_t bits = take_word(b);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* ---- Parts of the state, each written and read ---- */

static void put_program(buffer *b, const evolved_exp_program *program)
{
    put_word(b, program->count);
    put_word(b, program->output);
    for (size_t i = 0; i < program->count; i++) {
        const evolved_exp_node *node = &program->nodes[i];
        put_word(b, (uint64_t)node->operation);
        put_word(b, node->a);
        put_word(b, node->b);
        put_word(b, node->c);
        put_double(b, node->constant);
    }
}

static void take_program(buffer *b, evolved_exp_program *program)
{
    memset(program, 0, sizeof *program);
    program->count = take_count(b, EVOLVED_EXP_NODES);
    program->output = (uint32_t)take_count(b, EVOLVED_EXP_NODES);
    for (size_t i = 0; i < program->count; i++) {
        evolved_exp_node *node = &program->nodes[i];
        node->operation = (evolved_exp_operation)take_count(b, EVOLVED_EXP_FMA);
        node->a = (uint32_t)take_count(b, EVOLVED_EXP_NODES);
        node->b = (uint32_t)take_count(b, EVOLVED_EXP_NODES);
        node->c = (uint32_t)take_count(b, EVOLVED_EXP_NODES);
        node->constant = take_double(b);
    }
    if (!b->failed && evolved_exp_check(program) != ASSAY_OK)
        b->failed = true;
}

static void put_individual(buffer *b, const evolved_exp_individual *individual)
{
    put_program(b, &individual->program);
    put_double(b, individual->fitness.error);
    put_double(b, individual->fitness.cost);
}

static void take_individual(buffer *b, evolved_exp_individual *individual)
{
    take_program(b, &individual->program);
    individual->fitness.error = take_double(b);
    individual->fitness.cost = take_double(b);
}

static void put_child(buffer *b, const evolved_exp_child *child)
{
    put_individual(b, &child->individual);
    put_word(b, child->evaluations);
    put_word(b, child->entry);
    put_word(b, child->plan);
    for (size_t i = 0; i < child->individual.program.count; i++)
        put_word(b, child->order[i]);
}

static void take_child(buffer *b, evolved_exp_child *child, uint64_t entries)
{
    memset(child, 0, sizeof *child);
    take_individual(b, &child->individual);
    child->evaluations = take_word(b);
    child->entry = take_word(b);
    child->plan = (uint32_t)take_count(b, EVOLVED_EXP_TAKE);
    for (size_t i = 0; i < child->individual.program.count; i++)
        child->order[i] = (uint8_t)take_count(b, EVOLVED_EXP_NODES - 1);
    if (child->entry != UINT64_MAX && child->entry >= entries)
        b->failed = true;
}

static void put_entry(buffer *b, const evolved_exp_cache_entry *entry)
{
    put_word(b, entry->key.word[0]);
    put_word(b, entry->key.word[1]);
    put_word(b, entry->operations);
    put_word(b, entry->evaluations);
    put_word(b, entry->count);
    put_double(b, entry->error);
    for (size_t i = 0; i < entry->count; i++)
        put_double(b, entry->constants[i]);
}

static void take_entry(buffer *b, evolved_exp_search *search)
{
    evolved_exp_cache_entry entry = {0};
    entry.key.word[0] = take_word(b);
    entry.key.word[1] = take_word(b);
    entry.operations = (uint32_t)take_count(b, EVOLVED_EXP_NODES);
    entry.evaluations = (uint32_t)take_count(b, UINT32_MAX);
    entry.count = (uint32_t)take_count(b, EVOLVED_EXP_NODES);
    entry.error = take_double(b);
    for (size_t i = 0; i < entry.count; i++)
        entry.constants[i] = take_double(b);
    if (!b->failed && evolved_exp_cache_append(search, &entry) == SIZE_MAX)
        b->failed = true;
}

static void put_archive(buffer *b, const evolved_exp_archive *archive)
{
    put_word(b, archive->count);
    for (size_t i = 0; i < archive->count; i++) {
        const evolved_exp_found *found = &archive->found[i];
        put_program(b, &found->program);
        put_double(b, found->error);
        put_word(b, found->operations);
        put_double(b, found->cost);
        put_word(b, found->candidate);
    }
}

static void take_archive(buffer *b, evolved_exp_archive *archive)
{
    archive->count = take_count(b, sizeof archive->found / sizeof archive->found[0]);
    for (size_t i = 0; i < archive->count; i++) {
        evolved_exp_found *found = &archive->found[i];
        take_program(b, &found->program);
        found->error = take_double(b);
        found->operations = (uint32_t)take_count(b, EVOLVED_EXP_NODES);
        found->cost = take_double(b);
        found->candidate = take_word(b);
    }
}

static void put_counts(buffer *b, const evolved_exp_search_counts *counts)
{
    put_word(b, counts->candidates);
    put_word(b, counts->cached);
    put_word(b, counts->tuned);
    put_word(b, counts->evaluations);
    put_word(b, counts->functions);
}

static void take_counts(buffer *b, evolved_exp_search_counts *counts)
{
    counts->candidates = take_word(b);
    counts->cached = take_word(b);
    counts->tuned = take_word(b);
    counts->evaluations = take_word(b);
    counts->functions = take_word(b);
}

/* ---- The whole ---- */

/* Everything of a configuration that results depend on, in words. */
static size_t describe(const evolved_exp_search_config *c, const char *cost_name, char *text)
{
    const evolved_exp_problem *p = &c->problem;
    return (size_t)snprintf(
        text, CONFIG_TEXT,
        "target=%s low=%a high=%a error=%u ulp_of=%a precision=%u operations=%x max_operations=%u population=%u "
        "islands=%u train_points=%u validation_points=%u start=%u decades=%a generations=%u lambda=%u sigma=%a "
        "collapse=%d elitist=%d evaluations=%u variant=%u feasible=%a cost=%s",
        evolved_exp_target_name(p->target), p->low, p->high, (unsigned)p->error, p->ulp_of, (unsigned)p->precision,
        c->operations, (unsigned)c->max_operations, (unsigned)c->population, (unsigned)c->islands,
        (unsigned)c->train_points, (unsigned)c->validation_points, (unsigned)c->start, c->decades,
        (unsigned)c->generations, (unsigned)c->lambda, c->sigma, c->collapse, c->elitist, (unsigned)c->evaluations,
        (unsigned)c->variant, c->cost.measure ? c->feasible : 0.0, c->cost.measure ? cost_name : "");
}

static void put_search(buffer *b, const evolved_exp_search *search)
{
    char text[CONFIG_TEXT];
    const size_t length = describe(&search->config, search->cost_name, text);
    put_word(b, length);
    put(b, text, length);
    put_word(b, search->seed);
    put_word(b, search->round);
    put_word(b, search->done);
    put_counts(b, &search->counts);
    put_word(b, search->cache_count);
    for (size_t i = 0; i < search->cache_count; i++)
        put_entry(b, &search->cache[i]);
    for (uint32_t island = 0; island < search->config.islands; island++) {
        put_word(b, search->parent_counts[island]);
        for (uint32_t i = 0; i < search->parent_counts[island]; i++)
            put_individual(b, &search->parents[(size_t)island * search->config.population + i]);
    }
    for (size_t i = 0; i < search->done; i++)
        put_child(b, &search->children[i]);
    put_archive(b, &search->archive);
}

/* Fails with ASSAY_MISMATCH if the payload begins with another configuration or seed. */
static assay_status take_identity(buffer *b, const evolved_exp_search *search)
{
    char ours[CONFIG_TEXT];
    const size_t length = describe(&search->config, search->cost_name, ours);
    const uint64_t theirs = take_count(b, CONFIG_TEXT);
    if (b->failed || b->capacity - b->used < theirs)
        return assay_fail(ASSAY_BAD_DATA, "state: the configuration is cut off");
    const char *text = (const char *)b->bytes + b->used;
    b->used += theirs;
    if (theirs != length || memcmp(text, ours, length) != 0)
        return assay_fail(ASSAY_MISMATCH, "state: it belongs to another configuration: %.*s", (int)theirs, text);
    const uint64_t seed = take_word(b);
    if (!b->failed && seed != search->seed)
        return assay_fail(ASSAY_MISMATCH, "state: it belongs to seed %llu, not %llu", (unsigned long long)seed,
                          (unsigned long long)search->seed);
    return ASSAY_OK;
}

static void take_search(buffer *b, evolved_exp_search *search)
{
    const evolved_exp_search_config *config = &search->config;
    search->round = take_word(b);
    search->done = take_count(b, (uint64_t)2 * config->population * config->islands - 1);
    take_counts(b, &search->counts);
    const uint64_t entries = take_word(b);
    for (uint64_t i = 0; i < entries && !b->failed; i++)
        take_entry(b, search);
    for (uint32_t island = 0; island < config->islands; island++) {
        search->parent_counts[island] = (uint32_t)take_count(b, config->population);
        for (uint32_t i = 0; i < search->parent_counts[island]; i++)
            take_individual(b, &search->parents[(size_t)island * config->population + i]);
        b->failed |= search->parent_counts[island] == 0;
    }
    for (size_t i = 0; i < search->done && !b->failed; i++)
        take_child(b, &search->children[i], entries);
    take_archive(b, &search->archive);
    b->failed |= b->used != b->capacity;
}

static assay_status write_whole(const char *path, const buffer *header, const buffer *payload)
{
    char *temporary = malloc(strlen(path) + sizeof ".new");
    if (!temporary)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the name of %s", path);
    sprintf(temporary, "%s.new", path);
    FILE *file = fopen(temporary, "wb");
    bool good = file && fwrite(header->bytes, 1, header->used, file) == header->used &&
                fwrite(payload->bytes, 1, payload->used, file) == payload->used && fflush(file) == 0 &&
                fsync(fileno(file)) == 0;
    int reason = errno;
    if (file && fclose(file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && rename(temporary, path) != 0) {
        good = false;
        reason = errno;
    }
    if (!good && file)
        unlink(temporary);
    free(temporary);
    return good ? ASSAY_OK : assay_fail(ASSAY_IO, "path %s cannot be written: %s", path, strerror(reason));
}

assay_status evolved_exp_search_save(const evolved_exp_search *search, const char *path)
{
    if (!search || !path)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", search ? "path" : "search");
    if (search->failed != ASSAY_OK)
        return assay_fail(search->failed, "search failed in the middle of a round: there is no state to save");
    buffer header = {0}, payload = {0};
    put_search(&payload, search);
    put_word(&header, magic);
    put_word(&header, VERSION);
    put_word(&header, payload.used);
    put_word(&header, evolved_exp_fnv(EVOLVED_EXP_FNV_START, payload.bytes, payload.used));
    assay_status status = header.failed || payload.failed
                              ? assay_fail(ASSAY_NO_MEMORY, "no memory for the state of the search")
                              : write_whole(path, &header, &payload);
    free(header.bytes);
    free(payload.bytes);
    return status;
}

static assay_status read_whole(const char *path, buffer *b)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return assay_fail(ASSAY_IO, "path %s cannot be opened: %s", path, strerror(errno));
    unsigned char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        put(b, part, n);
    const bool error = ferror(file);
    fclose(file);
    if (error)
        return assay_fail(ASSAY_IO, "path %s cannot be read", path);
    return b->failed ? assay_fail(ASSAY_NO_MEMORY, "no memory to read %s", path) : ASSAY_OK;
}

/* Checks the header and leaves the input at the payload. */
static assay_status open_payload(buffer *b, const char *path)
{
    b->capacity = b->used;
    b->used = 0;
    const bool complete = b->capacity >= 8 * HEADER_WORDS;
    if (!complete || take_word(b) != magic)
        return assay_fail(ASSAY_BAD_DATA, "path %s is no state of a search", path);
    const uint64_t version = take_word(b), length = take_word(b), checksum = take_word(b);
    if (version != VERSION)
        return assay_fail(ASSAY_BAD_DATA, "path %s has version %llu, must be %d", path, (unsigned long long)version,
                          VERSION);
    if (length != b->capacity - b->used)
        return assay_fail(ASSAY_BAD_DATA, "path %s has %zu bytes of %llu: it is truncated or has more", path,
                          b->capacity - b->used, (unsigned long long)length);
    if (checksum != evolved_exp_fnv(EVOLVED_EXP_FNV_START, b->bytes + b->used, (size_t)length))
        return assay_fail(ASSAY_BAD_DATA, "path %s does not match its checksum", path);
    return ASSAY_OK;
}

assay_status evolved_exp_search_load(const evolved_exp_search_config *config, uint64_t seed, const char *path,
                                     evolved_exp_search **search)
{
    if (!path || !search)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", path ? "search" : "path");
    evolved_exp_search *result;
    assay_status status = evolved_exp_search_create(config, seed, &result);
    if (status != ASSAY_OK)
        return status;
    buffer b = {0};
    status = read_whole(path, &b);
    if (status == ASSAY_OK)
        status = open_payload(&b, path);
    if (status == ASSAY_OK)
        status = take_identity(&b, result);
    if (status == ASSAY_OK) {
        take_search(&b, result);
        if (b.failed)
            status = assay_fail(ASSAY_BAD_DATA, "path %s holds a malformed state", path);
    }
    free(b.bytes);
    if (status == ASSAY_OK)
        *search = result;
    else
        evolved_exp_search_destroy(result);
    return status;
}
