/*
 * Lookups in two halves: an evaluation of a key is claimed, and entered or given up in its own time.
 */
#include "reference/arithmetic/functional_hash_cache_parts.h"

assay_status functional_hash_cache_claim(functional_hash_cache *cache, functional_hash_key key,
                                         const functional_hash_key *audit, functional_hash_lookup *lookup)
{
    if (!cache || !lookup)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", cache ? "lookup" : "cache");
    if (cache->config.audit && !audit)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "audit is null, but the cache audits");
    functional_hash_part *part = functional_hash_part_of(cache, key);
    functional_hash_entry *entry;
    functional_hash_lookup found;
    pthread_mutex_lock(&part->lock);
    const assay_status status = functional_hash_cache_claim_in(cache, part, key, audit, &found, &entry);
    pthread_mutex_unlock(&part->lock);
    if (status == ASSAY_OK)
        *lookup = found;
    return status;
}

/* Ends a claim: with outputs, or without (given up). */
static assay_status settle(functional_hash_cache *cache, functional_hash_key key, const double *outputs)
{
    functional_hash_part *part = functional_hash_part_of(cache, key);
    pthread_mutex_lock(&part->lock);
    functional_hash_entry *entry = functional_hash_cache_find(cache, part, key);
    const bool open = entry && functional_hash_is_pending(entry);
    if (open && outputs)
        functional_hash_cache_add(cache, entry, outputs);
    else if (open)
        functional_hash_cache_give_up(cache, part, entry,
                                      entry->claimed > 1 ? FUNCTIONAL_HASH_PARTIAL : FUNCTIONAL_HASH_MISS);
    pthread_cond_broadcast(&part->settled);
    pthread_mutex_unlock(&part->lock);
    return open ? ASSAY_OK
                : assay_fail(ASSAY_MISMATCH, "key %016llx%016llx has no open claim", (unsigned long long)key.word[0],
                             (unsigned long long)key.word[1]);
}

assay_status functional_hash_cache_enter(functional_hash_cache *cache, functional_hash_key key, const double *outputs)
{
    if (!cache || !outputs)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", cache ? "outputs" : "cache");
    return settle(cache, key, outputs);
}

assay_status functional_hash_cache_abandon(functional_hash_cache *cache, functional_hash_key key)
{
    if (!cache)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "cache is null");
    return settle(cache, key, NULL);
}
