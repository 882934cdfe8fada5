/*
 * Runs searches for one target and prints the best program of each cost, polished, as data/evolved_exp keeps them.
 *
 *     build/evolve TARGET FIRST_SEED SEEDS CANDIDATES MAX_OPERATIONS > data/evolved_exp/TARGET.txt
 *
 * Only programs that are better than all cheaper ones are printed.
 */
#include "assay/evolved_exp_search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS = 32 };

/* The best programs over all seeds, by operations. */
typedef struct best {
    evolved_exp_found found[OPERATIONS];
    uint64_t seed[OPERATIONS];
    bool known[OPERATIONS];
} best;

static int fail(void)
{
    fprintf(stderr, "evolve: %s\n", assay_error());
    return 1;
}

static assay_status search_seed(const evolved_exp_search_config *config, uint64_t seed, uint64_t candidates, best *b)
{
    evolved_exp_search *search;
    static evolved_exp_archive archive;
    assay_status status = evolved_exp_search_create(config, seed, &search);
    if (status != ASSAY_OK)
        return status;
    status = evolved_exp_search_run(search, candidates);
    if (status == ASSAY_OK)
        status = evolved_exp_search_archive(search, true, &archive);
    evolved_exp_search_destroy(search);
    for (size_t i = 0; status == ASSAY_OK && i < archive.count; i++) {
        const evolved_exp_found *found = &archive.found[i];
        const uint32_t at = found->operations;
        if (!b->known[at] || found->error < b->found[at].error) {
            b->found[at] = *found;
            b->seed[at] = seed;
            b->known[at] = true;
        }
    }
    return status;
}

static void print_best(const evolved_exp_search_config *config, uint64_t candidates, const best *b)
{
    static const char *const kinds[] = {"relative", "absolute", "float32 ulp"};
    const evolved_exp_problem *p = &config->problem;
    double least = INFINITY;
    printf("# Programs for %s on [%.17g, %.17g], %s error, %u validation points.\n", evolved_exp_target_name(p->target),
           p->low, p->high, kinds[p->error], (unsigned)config->validation_points);
    for (uint32_t at = 0; at < OPERATIONS; at++) {
        char text[EVOLVED_EXP_NODES * 64];
        const evolved_exp_found *found = &b->found[at];
        if (!b->known[at] || !(found->error < least) ||
            evolved_exp_print(&found->program, text, sizeof text, NULL) != ASSAY_OK)
            continue;
        least = found->error;
        printf("\n#@ operations=%u digits=%.4f error=%a seed=%llu candidate=%llu candidates=%llu max_operations=%u\n%s",
               at, -log10(found->error), found->error, (unsigned long long)b->seed[at],
               (unsigned long long)found->candidate, (unsigned long long)candidates, (unsigned)config->max_operations,
               text);
    }
}

int main(int count, char **words)
{
    evolved_exp_target target;
    evolved_exp_search_config config;
    static best b;
    if (count != 6) {
        fprintf(stderr, "usage: evolve TARGET FIRST_SEED SEEDS CANDIDATES MAX_OPERATIONS\n");
        return 2;
    }
    if (evolved_exp_target_parse(words[1], &target) != ASSAY_OK ||
        evolved_exp_search_default(target, &config) != ASSAY_OK)
        return fail();
    const uint64_t first = strtoull(words[2], NULL, 10), seeds = strtoull(words[3], NULL, 10);
    const uint64_t candidates = strtoull(words[4], NULL, 10);
    config.max_operations = (uint32_t)strtoul(words[5], NULL, 10);
    for (uint64_t seed = first; seed < first + seeds; seed++)
        if (search_seed(&config, seed, candidates, &b) != ASSAY_OK)
            return fail();
    printf("# Found by: build/evolve %s %s %s %s %s\n", words[1], words[2], words[3], words[4], words[5]);
    print_best(&config, candidates, &b);
    return 0;
}
