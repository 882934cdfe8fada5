/*
 * Many lookups at once: evaluations on all threads, and entries fetched ahead.
 */
#include "assay/cpu.h"
#include "assay/threads.h"
#include "reference/arithmetic/functional_hash_cache_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Evaluations side by side, as if one after the other ---- */

/* What is to be done for a key of the call. */
typedef enum plan {
    PLAN_DONE, /* a hit, read */
    PLAN_EVALUATE,
    PLAN_READ /* a hit on a key that this call is still to evaluate */
} plan;

typedef struct batch {
    functional_hash_cache *cache;
    const functional_hash_key *keys, *audits;
    functional_hash_evaluation *evaluate;
    void *self;
    double *outputs;
    functional_hash_lookup *lookups;
    uint8_t *plans;
    assay_status *statuses;
    size_t failed; /* the first evaluation that did, or SIZE_MAX */
    char message[256];
} batch;

static double *outputs_of(const batch *b, size_t i)
{
    return b->outputs + i * b->cache->config.outputs;
}

static void read_entry(const batch *b, size_t i, const functional_hash_entry *entry)
{
    memcpy(outputs_of(b, i), entry->outputs, b->cache->config.outputs * sizeof(double));
}

static void evaluate(batch *b, size_t i)
{
    b->statuses[i] = b->evaluate(b->self, i, outputs_of(b, i));
    if (b->statuses[i] == ASSAY_OK)
        return;
#pragma omp critical(functional_hash_failed)
    if (i < b->failed) {
        b->failed = i;
        snprintf(b->message, sizeof b->message, "%s", assay_error());
    }
}

/* Evaluates what is planned of keys first to last - 1, then settles all of them in their order. */
static assay_status settle(batch *b, size_t first, size_t last)
{
    const int threads = assay_threads();
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1 && last - first > 1)
    for (size_t i = first; i < last; i++)
        if (b->plans[i] == PLAN_EVALUATE)
            evaluate(b, i);
    for (size_t i = first; i < last; i++) {
        functional_hash_part *part = functional_hash_part_of(b->cache, b->keys[i]);
        functional_hash_entry *entry = b->plans[i] == PLAN_DONE || !functional_hash_is_hashable(b->keys[i])
                                           ? NULL
                                           : functional_hash_cache_find(b->cache, part, b->keys[i]);
        if (b->plans[i] == PLAN_EVALUATE && b->statuses[i] != ASSAY_OK)
            functional_hash_cache_give_up(b->cache, part, entry, b->lookups[i]);
        else if (entry && b->plans[i] == PLAN_EVALUATE)
            functional_hash_cache_add(b->cache, entry, outputs_of(b, i));
        if (entry && b->statuses[i] == ASSAY_OK)
            read_entry(b, i, entry);
    }
    return b->failed == SIZE_MAX ? ASSAY_OK : assay_fail(b->statuses[b->failed], "%s", b->message);
}

/* Plans key i. False if it is a hit that removes an entry whose evaluations are still to come: they must be settled
 * first. */
static bool plan_key(batch *b, size_t i, assay_status *status)
{
    functional_hash_cache *cache = b->cache;
    functional_hash_part *part = functional_hash_part_of(cache, b->keys[i]);
    functional_hash_entry *entry =
        functional_hash_is_hashable(b->keys[i]) ? functional_hash_cache_find(cache, part, b->keys[i]) : NULL;
    const bool hit = entry && entry->claimed >= cache->config.max_evaluations;
    const bool remove = hit && functional_hash_cache_removes_next(cache, part);
    if (remove && functional_hash_is_pending(entry))
        return false;
    *status = functional_hash_cache_claim_in(cache, part, b->keys[i], b->audits ? &b->audits[i] : NULL, &b->lookups[i],
                                             &entry);
    b->plans[i] = b->lookups[i] != FUNCTIONAL_HASH_HIT ? PLAN_EVALUATE
                  : functional_hash_is_pending(entry)  ? PLAN_READ
                                                       : PLAN_DONE;
    if (b->plans[i] == PLAN_DONE)
        read_entry(b, i, entry);
    if (remove) {
        functional_hash_cache_remove(cache, part, entry);
        part->counts.removed++;
    }
    return true;
}

static assay_status get_all(batch *b, size_t n)
{
    assay_status status = ASSAY_OK;
    size_t first = 0, i = 0;
    while (status == ASSAY_OK && i < n) {
        if (plan_key(b, i, &status)) {
            i += status == ASSAY_OK;
        } else {
            status = settle(b, first, i);
            first = i;
        }
    }
    const assay_status settled = settle(b, first, i); /* what was claimed, even if a claim failed */
    return status == ASSAY_OK ? settled : status;
}

assay_status functional_hash_cache_get_all(functional_hash_cache *cache, const functional_hash_key *keys,
                                           const functional_hash_key *audits, size_t n,
                                           functional_hash_evaluation *evaluate_one, void *self, double *outputs,
                                           functional_hash_lookup *lookups)
{
    if (n == 1 || assay_cpu_level() == ASSAY_REFERENCE)
        return functional_hash_reference_cache_get_all(cache, keys, audits, n, evaluate_one, self, outputs, lookups);
    assay_status status = functional_hash_cache_check_get(cache, keys, audits, n, evaluate_one, outputs);
    if (status != ASSAY_OK || n == 0)
        return status;
    batch b = {cache, keys, audits, evaluate_one, self, outputs, .failed = SIZE_MAX};
    b.lookups = lookups ? lookups : calloc(n, sizeof *lookups);
    b.plans = calloc(n, sizeof *b.plans);
    b.statuses = calloc(n, sizeof *b.statuses);
    status = b.lookups && b.plans && b.statuses ? get_all(&b, n)
                                                : assay_fail(ASSAY_NO_MEMORY, "no memory to look up %zu keys", n);
    free(lookups ? NULL : b.lookups);
    free(b.plans);
    free(b.statuses);
    return status;
}

/* ---- Entries fetched ahead ---- */

/* Two caches misses a key, the slot and the entry: with so many keys in flight they overlap. */
enum { FLIGHT = 16 };

static const functional_hash_slot *slot_of(const functional_hash_cache *cache, functional_hash_key key)
{
    const functional_hash_part *part = functional_hash_part_of(cache, key);
    return &part->slots[functional_hash_slot_of(part, key)];
}

static void fetch_entry(const functional_hash_cache *cache, functional_hash_key key)
{
    const functional_hash_slot slot = *slot_of(cache, key);
    if (slot.index != UINT32_MAX)
        __builtin_prefetch(functional_hash_entry_at(cache, functional_hash_part_of(cache, key), slot.index));
}

static void peek_all(const functional_hash_cache *cache, const functional_hash_key *keys, size_t n, double *outputs,
                     uint32_t *evaluations)
{
    const size_t width = cache->config.outputs;
    for (size_t i = 0; i < n + 2 * FLIGHT; i++) {
        if (i < n)
            __builtin_prefetch(slot_of(cache, keys[i]));
        if (i >= FLIGHT && i - FLIGHT < n)
            fetch_entry(cache, keys[i - FLIGHT]);
        if (i < 2 * FLIGHT)
            continue;
        const size_t j = i - 2 * FLIGHT;
        const functional_hash_entry *entry =
            functional_hash_cache_find(cache, functional_hash_part_of(cache, keys[j]), keys[j]);
        evaluations[j] = entry ? entry->evaluations : 0;
        for (size_t k = 0; outputs && evaluations[j] > 0 && k < width; k++)
            outputs[j * width + k] = entry->outputs[k];
    }
}

assay_status functional_hash_cache_peek_all(const functional_hash_cache *cache, const functional_hash_key *keys,
                                            size_t n, double *outputs, uint32_t *evaluations)
{
    if (assay_cpu_level() == ASSAY_REFERENCE || !cache || !keys || !evaluations)
        return functional_hash_reference_cache_peek_all(cache, keys, n, outputs, evaluations);
    for (size_t i = 0; i < FUNCTIONAL_HASH_PARTS; i++) /* always in this order, and no one else takes two */
        pthread_mutex_lock(&cache->parts[i].lock);
    peek_all(cache, keys, n, outputs, evaluations);
    for (size_t i = 0; i < FUNCTIONAL_HASH_PARTS; i++)
        pthread_mutex_unlock(&cache->parts[i].lock);
    return ASSAY_OK;
}
