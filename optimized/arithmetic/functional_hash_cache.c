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

/* A key misses two caches, for the slot and for the entry: with so many keys in flight they overlap. Keys go by flights
 * through three stages; none of these asks whether a key is known, which cannot be foreseen. */
enum { FLIGHT = 16 };

/* What is read: keys, and where their entries are, in two flights by turns. */
typedef struct reading {
    const functional_hash_cache *cache;
    const functional_hash_key *keys;
    size_t n, width;
    double *outputs; /* or null */
    uint32_t *evaluations;
    const functional_hash_entry *entries[2][FLIGHT];
} reading;

static size_t end_of(const reading *r, size_t flight)
{
    return r->n < (flight + 1) * FLIGHT ? r->n : (flight + 1) * FLIGHT;
}

static void fetch_slots(const reading *r, size_t flight)
{
    for (size_t i = flight * FLIGHT; i < end_of(r, flight); i++) {
        const functional_hash_part *part = functional_hash_part_of(r->cache, r->keys[i]);
        __builtin_prefetch(&part->slots[functional_hash_slot_of(part, r->keys[i])]);
    }
}

/* An entry without evaluations, for keys that are not known. */
static const union {
    functional_hash_entry entry;
    unsigned char bytes[sizeof(functional_hash_entry) + sizeof(double)];
} nothing;

/* Where the key's entry is if it is known, by its tag. */
static const functional_hash_entry *likely_entry(const reading *r, functional_hash_key key)
{
    const functional_hash_part *part = functional_hash_part_of(r->cache, key);
    const uint32_t tag = functional_hash_tag_of(key);
    size_t s = functional_hash_slot_of(part, key);
    functional_hash_slot slot = part->slots[s];
    while ((slot.index != UINT32_MAX) & (slot.tag != tag)) {
        s = (s + 1) & (part->slot_count - 1);
        slot = part->slots[s];
    }
    const functional_hash_entry *const choices[] = {functional_hash_entry_at(r->cache, part, slot.index),
                                                    &nothing.entry};
    return choices[slot.index == UINT32_MAX];
}

static void fetch_entries(reading *r, size_t flight)
{
    for (size_t i = flight * FLIGHT; i < end_of(r, flight); i++) {
        const functional_hash_entry *entry = likely_entry(r, r->keys[i]);
        r->entries[flight % 2][i % FLIGHT] = entry;
        __builtin_prefetch(entry);
    }
}

static void read_outputs(const reading *r, size_t i, const functional_hash_entry *entry)
{
    if (r->width > 1) {
        for (size_t k = 0; entry->evaluations > 0 && k < r->width; k++)
            r->outputs[i * r->width + k] = entry->outputs[k];
        return;
    }
    uint64_t old, new;
    memcpy(&old, &r->outputs[i], sizeof old);
    memcpy(&new, entry->outputs, sizeof new);
    const uint64_t known = -(uint64_t)(entry->evaluations > 0);
    new = (new &known) | (old & ~known);
    memcpy(&r->outputs[i], &new, sizeof new);
}

static void read_entries(const reading *r, size_t flight)
{
    for (size_t i = flight * FLIGHT; i < end_of(r, flight); i++) {
        const functional_hash_entry *entry = r->entries[flight % 2][i % FLIGHT];
        const uint64_t different =
            (entry->key.word[0] ^ r->keys[i].word[0]) | (entry->key.word[1] ^ r->keys[i].word[1]);
        if ((entry != &nothing.entry) & (different != 0)) { /* once in 2^32 */
            entry = functional_hash_cache_find(r->cache, functional_hash_part_of(r->cache, r->keys[i]), r->keys[i]);
            entry = entry ? entry : &nothing.entry;
        }
        r->evaluations[i] = entry->evaluations;
        if (r->outputs)
            read_outputs(r, i, entry);
    }
}

static void peek_all(const functional_hash_cache *cache, const functional_hash_key *keys, size_t n, double *outputs,
                     uint32_t *evaluations)
{
    reading r = {cache, keys, n, cache->config.outputs, outputs, evaluations, {{0}}};
    const size_t flights = (n + FLIGHT - 1) / FLIGHT;
    for (size_t flight = 0; flight < flights + 2; flight++) {
        fetch_slots(&r, flight);
        if (flight >= 1)
            fetch_entries(&r, flight - 1);
        if (flight >= 2)
            read_entries(&r, flight - 2);
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
