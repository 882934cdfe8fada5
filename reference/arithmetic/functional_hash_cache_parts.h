/*
 * The inside of the cache of functions; private to the library.
 *
 * A cache is cut into parts by the key, each with a lock of its own. A part keeps its entries densely, in the order in
 * which they came (the last one fills the gap of one that is removed), and finds them by open addressing.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_CACHE_PARTS_H
#define ASSAY_FUNCTIONAL_HASH_CACHE_PARTS_H

#include "assay/functional_hash.h"

#include <pthread.h>

enum { FUNCTIONAL_HASH_PARTS = 16, FUNCTIONAL_HASH_OUTPUTS_MOST = 4096 };

typedef struct functional_hash_slot {
    uint32_t tag;   /* bits of the key, so that most other entries need not be looked at */
    uint32_t index; /* of the entry; UINT32_MAX: empty */
} functional_hash_slot;

typedef struct functional_hash_entry {
    functional_hash_key key;
    uint32_t claimed;     /* evaluations begun or finished */
    uint32_t evaluations; /* finished */
    double outputs[];     /* as many as configured */
} functional_hash_entry;

typedef struct functional_hash_part {
    pthread_mutex_t lock;
    pthread_cond_t settled; /* an evaluation ended */
    size_t count, capacity;
    unsigned char *entries;
    functional_hash_key *audits; /* null unless the cache audits */
    functional_hash_slot *slots;
    size_t slot_count; /* a power of two */
    functional_hash_cache_counts counts;
} functional_hash_part;

struct functional_hash_cache {
    functional_hash_cache_config config;
    size_t stride; /* bytes of an entry */
    functional_hash_part *parts;
};

static inline functional_hash_part *functional_hash_part_of(const functional_hash_cache *cache, functional_hash_key key)
{
    return &cache->parts[key.word[1] % FUNCTIONAL_HASH_PARTS];
}

static inline functional_hash_entry *functional_hash_entry_at(const functional_hash_cache *cache,
                                                              const functional_hash_part *part, size_t index)
{
    return (functional_hash_entry *)(void *)(part->entries + index * cache->stride);
}

static inline size_t functional_hash_slot_of(const functional_hash_part *part, functional_hash_key key)
{
    return (size_t)key.word[0] & (part->slot_count - 1);
}

static inline uint32_t functional_hash_tag_of(functional_hash_key key)
{
    return (uint32_t)(key.word[0] >> 32);
}

/* The entry of a key, or null. All of these want the part's lock to be held, where other threads may be about. */
functional_hash_entry *functional_hash_cache_find(const functional_hash_cache *cache, const functional_hash_part *part,
                                                  functional_hash_key key);

/* Enters a key that is not there; null (with assay_error() set) if there is no memory. */
functional_hash_entry *functional_hash_cache_append(const functional_hash_cache *cache, functional_hash_part *part,
                                                    functional_hash_key key, const functional_hash_key *audit);

/* Makes room for @p capacity entries. */
assay_status functional_hash_cache_reserve(const functional_hash_cache *cache, functional_hash_part *part,
                                           size_t capacity);

/* Claims an evaluation of a key, or finds that it has enough (a hit, of which *entry is the entry). Counts the lookup.
 */
assay_status functional_hash_cache_claim_in(const functional_hash_cache *cache, functional_hash_part *part,
                                            functional_hash_key key, const functional_hash_key *audit,
                                            functional_hash_lookup *lookup, functional_hash_entry **entry);

/* Adds an evaluation to an entry. */
void functional_hash_cache_add(const functional_hash_cache *cache, functional_hash_entry *entry, const double *outputs);

/* Gives a claim up and takes its lookup out of the counts. */
void functional_hash_cache_give_up(const functional_hash_cache *cache, functional_hash_part *part,
                                   functional_hash_entry *entry, functional_hash_lookup lookup);

/* Whether the next hit of this part is to remove its entry. */
bool functional_hash_cache_removes_next(const functional_hash_cache *cache, const functional_hash_part *part);

void functional_hash_cache_remove(const functional_hash_cache *cache, functional_hash_part *part,
                                  functional_hash_entry *entry);

/* Whether evaluations of the entry are still to come. */
static inline bool functional_hash_is_pending(const functional_hash_entry *entry)
{
    return entry->evaluations < entry->claimed;
}

/* The arguments that all ways of looking up share. */
assay_status functional_hash_cache_check_get(const functional_hash_cache *cache, const functional_hash_key *keys,
                                             const functional_hash_key *audits, size_t n,
                                             functional_hash_evaluation *evaluate, const double *outputs);

#endif
