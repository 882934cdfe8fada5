/*
 * States of searches. Bytes are read as a whole file with its checksum made right. To get beyond the configuration,
 * which must be the one that is asked for, the input's is replaced by it.
 */
#include "fuzz/state.h"
#include "fuzz/targets.h"

#include "assay/evolved_exp_search.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 32, SEED = FUZZ_SEARCH_SEED };

void fuzz_small_search(evolved_exp_search_config *config)
{
    FUZZ_OK(evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, config));
    config->population = 2;
    config->max_operations = 3;
    config->train_points = 2;
    config->validation_points = 2;
    config->generations = 1;
    config->evaluations = 2;
}

/* What every file begins with: header, configuration and seed. */
static const char *beginning(size_t *length)
{
    static char *bytes;
    static size_t size;
    if (!bytes) {
        evolved_exp_search_config config;
        evolved_exp_search *search;
        fuzz_small_search(&config);
        FUZZ_OK(evolved_exp_search_create(&config, SEED, &search));
        FUZZ_OK(evolved_exp_search_save(search, fuzz_path("fresh.search")));
        evolved_exp_search_destroy(search);
        bytes = fuzz_read(fuzz_path("fresh.search"), &size);
        uint64_t text;
        memcpy(&text, bytes + HEADER, sizeof text);
        size = HEADER + 8 + (size_t)text + 8;
    }
    *length = size;
    return bytes;
}

/* A loaded search is saved as the same bytes whenever, and can go on. */
static void use(evolved_exp_search *search)
{
    evolved_exp_search_config config;
    const char *first = fuzz_path("first.search"), *second = fuzz_path("second.search");
    evolved_exp_search *again;
    evolved_exp_archive archive;
    fuzz_small_search(&config);
    FUZZ_OK(evolved_exp_search_save(search, first));
    FUZZ_OK(evolved_exp_search_load(&config, SEED, first, &again));
    FUZZ_OK(evolved_exp_search_save(again, second));
    fuzz_expect_same_files(first, second);
    evolved_exp_search_destroy(again);
    const assay_status status = evolved_exp_reference_search_run(search, 5); /* more than a round */
    if (status != ASSAY_OK)
        fuzz_expect_failure(status, NULL);
    FUZZ_OK(evolved_exp_search_archive(search, false, &archive));
    FUZZ_ASSERT(archive.count <= sizeof archive.found / sizeof *archive.found, "%zu programs", archive.count);
    for (size_t i = 0; i < archive.count; i++)
        FUZZ_OK(evolved_exp_check(&archive.found[i].program));
}

static void load(const uint8_t *data, size_t size)
{
    evolved_exp_search_config config;
    const char *path = fuzz_state_file("input.search", data, size, true);
    evolved_exp_search *search;
    fuzz_small_search(&config);
    fuzz_poison(&search, sizeof search);
    const assay_status status = evolved_exp_search_load(&config, SEED, path, &search);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&search, sizeof search);
        return;
    }
    use(search);
    evolved_exp_search_destroy(search);
}

int fuzz_search(const uint8_t *data, size_t size)
{
    size_t length;
    const char *begin = beginning(&length);
    load(data, size);
    uint8_t *whole = malloc(length + size);
    FUZZ_ASSERT(whole, "no memory");
    memcpy(whole, begin, length);
    if (size)
        memcpy(whole + length, data, size);
    load(whole, length + size);
    free(whole);
    return 0;
}
