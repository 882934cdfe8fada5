/* Caches of functions. */
#include "fuzz/state.h"
#include "fuzz/targets.h"

#include "assay/functional_hash.h"
#include "assay/memory.h"

#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 2 };

static const functional_hash_cache_config config = {.capacity = 4,
                                                    .outputs = OUTPUTS,
                                                    .max_evaluations = 3,
                                                    .remove_probability = 0.5,
                                                    .aggregate = FUNCTIONAL_HASH_MEAN,
                                                    .seed = 7,
                                                    .audit = true};

static assay_status evaluate(void *self, size_t i, double *outputs)
{
    (void)self;
    for (size_t j = 0; j < OUTPUTS; j++)
        outputs[j] = (double)(i + j);
    return ASSAY_OK;
}

static void pack(const functional_hash_cache *cache, unsigned char **bytes, size_t *count)
{
    functional_hash_cache *again;
    unsigned char *twice;
    size_t length;
    FUZZ_OK(functional_hash_cache_pack(cache, bytes, count));
    FUZZ_OK(functional_hash_cache_unpack(&config, *bytes, *count, &again));
    FUZZ_OK(functional_hash_cache_pack(again, &twice, &length));
    FUZZ_ASSERT(length == *count && memcmp(twice, *bytes, length) == 0, "packed again, the cache has other bytes");
    assay_release(twice);
    functional_hash_cache_destroy(again);
}

/* Looks up the keys that the file begins with, known ones among them: that must neither fail nor wait for ever. */
static void use(functional_hash_cache *cache, const uint8_t *data, size_t size)
{
    functional_hash_cache_counts before, after;
    FUZZ_OK(functional_hash_cache_count(cache, &before));
    for (size_t at = 0; at + 16 <= size; at += 8) {
        functional_hash_key key;
        double outputs[OUTPUTS];
        memcpy(&key, data + at, sizeof key);
        FUZZ_OK(functional_hash_cache_get(cache, key, &key, evaluate, NULL, outputs, NULL));
    }
    FUZZ_OK(functional_hash_cache_count(cache, &after));
    FUZZ_ASSERT(after.lookups - before.lookups == (size >= 16 ? (size - 16) / 8 + 1 : 0), "%llu lookups more",
                (unsigned long long)(after.lookups - before.lookups));
}

static void load(const uint8_t *data, size_t size, bool repair)
{
    const char *path = fuzz_state_file("input.cache", data, size, repair);
    functional_hash_cache *cache;
    fuzz_poison(&cache, sizeof cache);
    const assay_status status = functional_hash_cache_load(&config, path, &cache);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&cache, sizeof cache);
        return;
    }
    unsigned char *bytes;
    size_t count;
    pack(cache, &bytes, &count);
    use(cache, data, size);
    assay_release(bytes);
    functional_hash_cache_destroy(cache);
}

int fuzz_cache(const uint8_t *data, size_t size)
{
    load(data, size, false);
    load(data, size, true);
    return 0;
}
