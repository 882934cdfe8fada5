/*
 * A cache as bytes and as a file: its configuration, then part by part the counts and the entries in their order. Slots
 * are made again. Outputs are written up to the last one that is not +0.
 */
#include "assay/memory.h"
#include "core/state_file.h"
#include "reference/arithmetic/functional_hash_cache_parts.h"

#include <string.h>

static const state_kind kind = {.magic = UINT64_C(0x4548434143484600), .version = 1, .name = "cache of functions"};

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* ---- The configuration ---- */

enum { CONFIG_WORDS = 6 };

static void describe(const functional_hash_cache_config *config, uint64_t words[CONFIG_WORDS])
{
    const uint64_t description[CONFIG_WORDS] = {config->outputs,
                                                config->max_evaluations,
                                                bits_of(config->remove_probability),
                                                (uint64_t)config->aggregate,
                                                config->seed,
                                                config->audit};
    memcpy(words, description, sizeof description);
}

/* ---- Parts ---- */

static void put_part(state_bytes *b, const functional_hash_cache *cache, const functional_hash_part *part)
{
    const functional_hash_cache_counts *c = &part->counts;
    const uint64_t counts[] = {c->misses, c->partial_hits, c->hits, c->uncached, c->removed, c->false_merges};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        state_put_word(b, counts[i]);
    state_put_word(b, part->count);
    for (size_t i = 0; i < part->count; i++) {
        const functional_hash_entry *entry = functional_hash_entry_at(cache, part, i);
        size_t used = cache->config.outputs;
        while (used > 0 && bits_of(entry->outputs[used - 1]) == 0)
            used--;
        state_put_word(b, entry->key.word[0]);
        state_put_word(b, entry->key.word[1]);
        state_put_word(b, (uint64_t)entry->claimed << 32 | entry->evaluations);
        if (part->audits) {
            state_put_word(b, part->audits[i].word[0]);
            state_put_word(b, part->audits[i].word[1]);
        }
        state_put_word(b, used);
        for (size_t j = 0; j < used; j++)
            state_put_double(b, entry->outputs[j]);
    }
}

static bool take_entry(state_bytes *b, functional_hash_cache *cache, functional_hash_part *part)
{
    functional_hash_key key, audit = {{0, 0}};
    key.word[0] = state_take_word(b);
    key.word[1] = state_take_word(b);
    const uint64_t evaluations = state_take_word(b);
    if (part->audits) {
        audit.word[0] = state_take_word(b);
        audit.word[1] = state_take_word(b);
    }
    const uint64_t used = state_take_count(b, cache->config.outputs);
    const bool sound = functional_hash_is_hashable(key) && functional_hash_part_of(cache, key) == part &&
                       evaluations >> 32 >= (uint32_t)evaluations && evaluations >> 32 >= 1 &&
                       !functional_hash_cache_find(cache, part, key);
    if (!sound || b->failed)
        return false;
    functional_hash_entry *entry = functional_hash_cache_append(cache, part, key, &audit);
    b->no_memory = !entry;
    if (!entry)
        return false;
    entry->claimed = (uint32_t)(evaluations >> 32);
    entry->evaluations = (uint32_t)evaluations;
    for (size_t j = 0; j < used; j++)
        entry->outputs[j] = state_take_double(b);
    return true;
}

static void take_part(state_bytes *b, functional_hash_cache *cache, functional_hash_part *part)
{
    functional_hash_cache_counts *c = &part->counts;
    uint64_t *const counts[] = {&c->misses, &c->partial_hits, &c->hits, &c->uncached, &c->removed, &c->false_merges};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i] = state_take_word(b);
    const uint64_t count = state_take_word(b);
    for (uint64_t i = 0; i < count && !b->failed; i++)
        b->failed |= !take_entry(b, cache, part);
}

/* ---- The whole ---- */

static void put_cache(state_bytes *b, const functional_hash_cache *cache)
{
    uint64_t words[CONFIG_WORDS];
    describe(&cache->config, words);
    for (size_t i = 0; i < CONFIG_WORDS; i++)
        state_put_word(b, words[i]);
    for (size_t i = 0; i < FUNCTIONAL_HASH_PARTS; i++) {
        pthread_mutex_lock(&cache->parts[i].lock);
        put_part(b, cache, &cache->parts[i]);
        pthread_mutex_unlock(&cache->parts[i].lock);
    }
}

static assay_status take_cache(state_bytes *b, const functional_hash_cache_config *config,
                               functional_hash_cache **cache)
{
    uint64_t ours[CONFIG_WORDS];
    functional_hash_cache *result = NULL;
    assay_status status = functional_hash_cache_create(config, &result);
    if (status != ASSAY_OK)
        return status;
    describe(config, ours);
    bool same = true;
    for (size_t i = 0; i < CONFIG_WORDS; i++)
        same &= state_take_word(b) == ours[i];
    if (!b->failed && !same)
        status = assay_fail(ASSAY_MISMATCH, "the cache belongs to another configuration");
    for (size_t i = 0; status == ASSAY_OK && i < FUNCTIONAL_HASH_PARTS; i++)
        take_part(b, result, &result->parts[i]);
    if (status == ASSAY_OK && b->no_memory)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for the entries of a cache");
    if (status == ASSAY_OK && (b->failed || b->used != b->capacity))
        status = assay_fail(ASSAY_BAD_DATA, "the cache of functions is malformed or cut off");
    if (status == ASSAY_OK)
        *cache = result;
    else
        functional_hash_cache_destroy(result);
    return status;
}

static bool has_open_claims(const functional_hash_cache *cache)
{
    bool open = false;
    for (size_t i = 0; i < FUNCTIONAL_HASH_PARTS; i++) {
        functional_hash_part *part = &cache->parts[i];
        pthread_mutex_lock(&part->lock);
        for (size_t j = 0; j < part->count; j++)
            open |= functional_hash_is_pending(functional_hash_entry_at(cache, part, j));
        pthread_mutex_unlock(&part->lock);
    }
    return open;
}

assay_status functional_hash_cache_save(const functional_hash_cache *cache, const char *path)
{
    if (!cache || !path)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", cache ? "path" : "cache");
    if (has_open_claims(cache))
        return assay_fail(ASSAY_MISMATCH, "the cache has open claims");
    state_bytes payload = {0};
    put_cache(&payload, cache);
    const assay_status status = state_write_file(path, &kind, &payload);
    state_release(&payload);
    return status;
}

assay_status functional_hash_cache_load(const functional_hash_cache_config *config, const char *path,
                                        functional_hash_cache **cache)
{
    if (!path || !cache)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", path ? "cache" : "path");
    state_bytes b = {0};
    assay_status status = state_read_file(path, &kind, &b);
    if (status == ASSAY_OK) {
        functional_hash_cache *loaded = NULL;
        status = take_cache(&b, config, &loaded);
        if (status == ASSAY_OK && has_open_claims(loaded)) /* nobody would ever settle them */
            status = assay_fail(ASSAY_BAD_DATA, "the cache has open claims");
        if (status == ASSAY_OK) {
            *cache = loaded;
        } else {
            functional_hash_cache_destroy(loaded);
            status = assay_fail(status, "path %s: %s", path, assay_error());
        }
    }
    state_release(&b);
    return status;
}

assay_status functional_hash_cache_pack(const functional_hash_cache *cache, unsigned char **bytes, size_t *count)
{
    if (!cache || !bytes || !count)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !cache ? "cache" : bytes ? "count" : "bytes");
    state_bytes b = {0};
    put_cache(&b, cache);
    unsigned char *packed = b.failed ? NULL : assay_allocate(b.used, 1);
    if (packed) {
        memcpy(packed, b.bytes, b.used);
        *bytes = packed;
        *count = b.used;
    }
    state_release(&b);
    return packed ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "no memory to pack the cache");
}

assay_status functional_hash_cache_unpack(const functional_hash_cache_config *config, const unsigned char *bytes,
                                          size_t count, functional_hash_cache **cache)
{
    if (!bytes || !cache)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", bytes ? "cache" : "bytes");
    state_bytes b = {0};
    state_put(&b, bytes, count);
    b.capacity = count;
    b.used = 0;
    const assay_status status = take_cache(&b, config, cache);
    state_release(&b);
    return status;
}
