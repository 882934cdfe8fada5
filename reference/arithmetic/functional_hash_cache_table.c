/*
 * The table of a part of the cache: entries in the order in which they came, found by open addressing.
 */
#include "reference/arithmetic/functional_hash_cache_parts.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 8 }; /* number of slots */

functional_hash_entry *functional_hash_cache_find(const functional_hash_cache *cache, const functional_hash_part *part,
                                                  functional_hash_key key)
{
    const uint32_t tag = functional_hash_tag_of(key);
    for (size_t s = functional_hash_slot_of(part, key);; s = (s + 1) & (part->slot_count - 1)) {
        const functional_hash_slot slot = part->slots[s];
        if (slot.index == UINT32_MAX)
            return NULL;
        if (slot.tag != tag)
            continue;
        functional_hash_entry *entry = functional_hash_entry_at(cache, part, slot.index);
        if (functional_hash_equal(entry->key, key))
            return entry;
    }
}

static void enter_slot(functional_hash_part *part, functional_hash_key key, size_t index)
{
    size_t s = functional_hash_slot_of(part, key);
    while (part->slots[s].index != UINT32_MAX)
        s = (s + 1) & (part->slot_count - 1);
    part->slots[s] = (functional_hash_slot){functional_hash_tag_of(key), (uint32_t)index};
}

/* The slot of the entry at an index. */
static size_t slot_of_index(const functional_hash_cache *cache, const functional_hash_part *part, size_t index)
{
    size_t s = functional_hash_slot_of(part, functional_hash_entry_at(cache, part, index)->key);
    while (part->slots[s].index != index)
        s = (s + 1) & (part->slot_count - 1);
    return s;
}

/* Empties a slot; those behind it that would no longer be found move up. */
static void empty_slot(const functional_hash_cache *cache, functional_hash_part *part, size_t hole)
{
    const size_t mask = part->slot_count - 1;
    for (size_t s = (hole + 1) & mask; part->slots[s].index != UINT32_MAX; s = (s + 1) & mask) {
        const functional_hash_key key = functional_hash_entry_at(cache, part, part->slots[s].index)->key;
        const size_t home = functional_hash_slot_of(part, key);
        if (((s - home) & mask) < ((s - hole) & mask))
            continue;
        part->slots[hole] = part->slots[s];
        hole = s;
    }
    part->slots[hole].index = UINT32_MAX;
}

static assay_status no_room(size_t capacity)
{
    return assay_fail(ASSAY_NO_MEMORY, "the cache of functions has no memory for %zu entries", capacity);
}

/* At most a quarter of the slots is in use: what costs time is that probing goes on unexpectedly, not memory. */
static assay_status grow_slots(const functional_hash_cache *cache, functional_hash_part *part, size_t capacity)
{
    size_t slot_count = part->slot_count ? part->slot_count : SMALLEST;
    while (slot_count / 4 < capacity)
        slot_count *= 2;
    if (slot_count == part->slot_count)
        return ASSAY_OK;
    functional_hash_slot *slots = malloc(slot_count * sizeof *slots);
    if (!slots)
        return no_room(capacity);
    memset(slots, 0xff, slot_count * sizeof *slots);
    free(part->slots);
    part->slots = slots;
    part->slot_count = slot_count;
    for (size_t i = 0; i < part->count; i++)
        enter_slot(part, functional_hash_entry_at(cache, part, i)->key, i);
    return ASSAY_OK;
}

assay_status functional_hash_cache_reserve(const functional_hash_cache *cache, functional_hash_part *part,
                                           size_t capacity)
{
    size_t bytes;
    if (capacity >= UINT32_MAX || __builtin_mul_overflow(capacity, cache->stride, &bytes))
        return no_room(capacity);
    unsigned char *entries = realloc(part->entries, bytes);
    if (!entries)
        return no_room(capacity);
    part->entries = entries;
    if (cache->config.audit) {
        functional_hash_key *audits = realloc(part->audits, capacity * sizeof *audits);
        if (!audits)
            return no_room(capacity);
        part->audits = audits;
    }
    const assay_status status = grow_slots(cache, part, capacity);
    if (status == ASSAY_OK)
        part->capacity = capacity;
    return status;
}

functional_hash_entry *functional_hash_cache_append(const functional_hash_cache *cache, functional_hash_part *part,
                                                    functional_hash_key key, const functional_hash_key *audit)
{
    if (part->count == part->capacity && functional_hash_cache_reserve(cache, part, 2 * part->capacity) != ASSAY_OK)
        return NULL;
    functional_hash_entry *entry = functional_hash_entry_at(cache, part, part->count);
    memset(entry, 0, cache->stride);
    entry->key = key;
    if (part->audits)
        part->audits[part->count] = *audit;
    enter_slot(part, key, part->count);
    part->count++;
    return entry;
}

void functional_hash_cache_remove(const functional_hash_cache *cache, functional_hash_part *part,
                                  functional_hash_entry *entry)
{
    const size_t index = (size_t)((unsigned char *)entry - part->entries) / cache->stride, last = part->count - 1;
    empty_slot(cache, part, slot_of_index(cache, part, index));
    if (index != last) {
        part->slots[slot_of_index(cache, part, last)].index = (uint32_t)index;
        memcpy(entry, functional_hash_entry_at(cache, part, last), cache->stride);
        if (part->audits)
            part->audits[index] = part->audits[last];
    }
    part->count--;
}
