/* What several files of functional_hash's checks need. */
#include "assay/readers.h"
#include "verify/arithmetic/functional_hash_checks.h"

#include <stdlib.h>

functional_hash_dag_task *functional_hash_digits(verify_context *v)
{
    char path[4096];
    functional_hash_dag_task *task = NULL;
    const char *given = assay_user_data();
    assay_status status = given ? ASSAY_OK : assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = functional_hash_dag_task_read(given ? given : path, 600, 400, &task);
    verify_ok(v, status, "digits");
    return task;
}

void functional_hash_random_dags(assay_random random, functional_hash_dag *dags, size_t count)
{
    functional_hash_dice dice = {random, 0};
    for (size_t i = 0; i < count; i++)
        functional_hash_dag_random(&dice, &dags[i]);
}

void functional_hash_random_codes(assay_random random, functional_hash_code *codes, size_t count, size_t line)
{
    functional_hash_dice dice = {random, 0};
    for (size_t i = 0; i < count; i++)
        if (i % line == 0)
            functional_hash_code_random(&dice, &codes[i]);
        else
            functional_hash_code_mutate(&dice, &codes[i - 1], &codes[i]);
}

void functional_hash_random_terms(assay_random random, functional_hash_term *terms, size_t count, size_t line)
{
    functional_hash_dice dice = {random, 0};
    for (size_t i = 0; i < count; i++)
        if (i % line == 0)
            functional_hash_term_random(&dice, &terms[i]);
        else
            functional_hash_term_mutate(&dice, &terms[i - 1], &terms[i]);
}

static int by_words(const void *a, const void *b)
{
    const functional_hash_key *x = a, *y = b;
    const int word = x->word[0] == y->word[0];
    return (x->word[word] > y->word[word]) - (x->word[word] < y->word[word]);
}

size_t functional_hash_count_distinct(functional_hash_key *keys, size_t count)
{
    size_t distinct = count > 0;
    qsort(keys, count, sizeof *keys, by_words);
    for (size_t i = 1; i < count; i++)
        distinct += !functional_hash_equal(keys[i], keys[i - 1]);
    return distinct;
}

static void keep(void *self, const functional_hash_record *record, const void *candidate)
{
    functional_hash_history *h = self;
    if (h->count == h->capacity) {
        const size_t capacity = 2 * h->capacity + 256;
        functional_hash_record *records = realloc(h->records, capacity * sizeof *records);
        if (!records)
            return; /* and so the count will not be right */
        h->records = records;
        unsigned char *candidates = realloc(h->candidates, capacity * h->size);
        if (!candidates)
            return;
        h->candidates = candidates;
        h->capacity = capacity;
    }
    h->records[h->count] = *record;
    memcpy(h->candidates + h->count++ * h->size, candidate, h->size);
}

bool functional_hash_run_search(verify_context *v, const functional_hash_domain *domain,
                                const functional_hash_search_config *config, uint64_t seed,
                                functional_hash_history *history)
{
    functional_hash_search_config c = *config;
    *history = (functional_hash_history){.size = domain->size};
    c.observe = keep;
    c.self = history;
    return verify_ok(v, functional_hash_search_run(domain, &c, seed, &history->result, NULL), "search of %s",
                     domain->name) &&
           verify_true(v, history->count == history->result.candidates, "every candidate is seen");
}

void functional_hash_release_history(functional_hash_history *history)
{
    free(history->records);
    free(history->candidates);
    *history = (functional_hash_history){0};
}

size_t functional_hash_distinct_candidates(verify_context *v, const functional_hash_domain *domain,
                                           const functional_hash_history *history, functional_hash_equality equality)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key *keys = calloc(history->count, sizeof *keys);
    size_t distinct = 0;
    bool good = verify_true(v, keys != NULL, "memory");
    for (size_t i = 0; good && i < history->count; i++)
        good = verify_ok(
            v, domain->key(domain->task, history->candidates + i * history->size, equality, &options, &keys[i]),
            "key of candidate %zu", i);
    if (good)
        distinct = functional_hash_count_distinct(keys, history->count);
    free(keys);
    return distinct;
}
