/* Writes the seeds: `make fuzz-seeds`. Files of the corpus of other names are findings that were mended. */
#include "fuzz/seeds.h"

#include "assay/evolved_exp_search.h"
#include "assay/functional_hash.h"
#include "assay/hnsw_recall.h"
#include "assay/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *corpus;

static void put(const char *target, const char *name, const void *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", corpus, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/seed-%s", corpus, target, name);
    FILE *file = fopen(path, "wb");
    FUZZ_ASSERT(file && fwrite(data, 1, size, file) == size && fclose(file) == 0, "cannot write %s", path);
}

static void put_file(const char *target, const char *name, const char *path, size_t from)
{
    size_t size;
    char *bytes = fuzz_read(path, &size);
    put(target, name, bytes + from, size - from);
    free(bytes);
}

/* ---- Arrays --------------------------------------------------------------------------------------------------------
 */

static void put_npy(const char *name, unsigned version, const char *header, size_t zeros)
{
    char bytes[512] = "\x93NUMPY";
    const size_t length = strlen(header), prefix = version == 1 ? 10 : 12;
    bytes[6] = (char)version;
    bytes[8] = (char)length;
    memcpy(bytes + prefix, header, length); /* NOLINT(bugprone-not-null-terminated-result): the length is before it */
    put("npy", name, bytes, prefix + length + zeros);
}

static void put_npys(void)
{
    static const char *const types[] = {"|u1", "|i1", "<i2", ">i4", "<i8", "<f4", ">f8"};
    static const size_t sizes[] = {1, 1, 2, 4, 8, 4, 8};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char header[128];
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3), }\n", types[i]);
        put_npy(types[i] + 1, 1 + (unsigned)i % 3, header, 6 * sizes[i]);
    }
    put_npy("scalar", 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", 8);
    put_npy("list", 1, "{'shape': (5,), 'fortran_order': False, 'descr': '<f4'}", 20);
    put_npy("nothing", 2, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 7)}\n", 0);
    put_npy("eight", 3, "{\"descr\":\"<i2\",\"fortran_order\":False,\"shape\":(1,1,1,1,1,1,1,2)}", 4);
    put_npy("fortran", 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }\n", 8);
    put_npy("huge", 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n", 8);
    put_npy("twice", 1, "{'shape': (1, 2, 3), 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", 8);
}

static void put_idxs(void)
{
    static const uint8_t codes[] = {0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e}, sizes[] = {1, 1, 2, 4, 4, 8};
    for (size_t i = 0; i < sizeof codes; i++) {
        uint8_t bytes[64] = {0, 0, codes[i], 2, 0, 0, 0, 2, 0, 0, 0, 1};
        char name[16];
        snprintf(name, sizeof name, "%02x", codes[i]);
        put("idx", name, bytes, 12 + 2 * (size_t)sizes[i]);
    }
    const uint8_t huge[] = {0,   0,   0x0e, 4,   255, 255, 255, 255, 255, 255,
                            255, 255, 255,  255, 255, 255, 255, 255, 255, 255};
    const uint8_t nothing[] = {0, 0, 0x08, 2, 0, 0, 0, 0, 0, 0, 0, 3};
    put("idx", "huge", huge, sizeof huge);
    put("idx", "nothing", nothing, sizeof nothing);
}

static void put_vecs(void)
{
    const uint32_t good[] = {2, 0x3f800000, 0x40000000, 2, 0xbf800000, 0}, uneven[] = {2, 1, 2, 3, 1, 2},
                   huge[] = {0x7fffffff, 0};
    const uint32_t negative[] = {0xffffffff, 0}, nan[] = {1, 0x7fc00000};
    put("vecs", "good", good, sizeof good);
    put("vecs", "uneven", uneven, sizeof uneven);
    put("vecs", "huge", huge, sizeof huge);
    put("vecs", "negative", negative, sizeof negative);
    put("vecs", "nan", nan, sizeof nan);
}

/* ---- Indexes, caches, searches -------------------------------------------------------------------------------------
 */

static void put_index(const char *name, hnsw_recall_metric metric, hnsw_recall_mode mode, size_t dimension,
                      size_t count)
{
    static const int levels[8] = {0, 2, 1, 0, 0, 1, 0, 0};
    hnsw_recall_options options = hnsw_recall_defaults(metric);
    hnsw_recall_index *index;
    float vector[64] = {0};
    options.m = 2;
    options.ef_construction = 4;
    options.mode = mode;
    options.extend_candidates = options.keep_pruned = mode == HNSW_RECALL_MALKOV;
    options.levels = levels;
    FUZZ_OK(hnsw_recall_create(dimension, 8, &options, &index));
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < dimension; j++)
            vector[j] = (float)((i + 1) * (j + 2) % 7) + 0.5f;
        FUZZ_OK(hnsw_recall_reference_add(index, vector, 10 * i));
    }
    FUZZ_OK(hnsw_recall_save(index, fuzz_path("seed")));
    hnsw_recall_release(index);
    put_file("hnsw", name, fuzz_path("seed"), 0);
}

static void put_indexes(void)
{
    put_index("empty", HNSW_RECALL_L2, HNSW_RECALL_LIBRARY, 3, 0);
    put_index("one", HNSW_RECALL_IP, HNSW_RECALL_LIBRARY, 1, 1);
    put_index("eight", HNSW_RECALL_L2, HNSW_RECALL_LIBRARY, 2, 8);
    put_index("malkov", HNSW_RECALL_COSINE, HNSW_RECALL_MALKOV, 3, 5);
    put_index("coded", HNSW_RECALL_L2, HNSW_RECALL_MALKOV, 50, 2);
}

static assay_status give(void *self, size_t i, double *outputs)
{
    (void)self, (void)i;
    outputs[0] = 1.5;
    outputs[1] = 0;
    return ASSAY_OK;
}

/* A file whose claims nobody will ever settle: functional_hash_cache_save() would not write it. */
static void put_open_claims(functional_hash_cache *cache)
{
    const functional_hash_key key = {{UINT64_C(0x9e3779b97f4a7c15), 1}};
    unsigned char *bytes;
    size_t size, header;
    for (int i = 0; i < 2; i++) {
        functional_hash_lookup lookup;
        FUZZ_OK(functional_hash_cache_claim(cache, key, &key, &lookup));
    }
    FUZZ_OK(functional_hash_cache_pack(cache, &bytes, &size));
    char *file = fuzz_read(fuzz_path("seed"), &header);
    char *joined = malloc(32 + size);
    FUZZ_ASSERT(joined && header > 32, "no memory");
    memcpy(joined, file, 32);
    memcpy(joined + 32, bytes, size);
    put("cache", "open-claims", joined, 32 + size);
    free(joined);
    free(file);
    assay_release(bytes);
}

/* The configuration is that of the target. */
static void put_caches(void)
{
    const functional_hash_cache_config config = {.capacity = 4,
                                                 .outputs = 2,
                                                 .max_evaluations = 3,
                                                 .remove_probability = 0.5,
                                                 .aggregate = FUNCTIONAL_HASH_MEAN,
                                                 .seed = 7,
                                                 .audit = true};
    functional_hash_cache *cache;
    unsigned char *bytes;
    size_t size;
    double outputs[2];
    FUZZ_OK(functional_hash_cache_create(&config, &cache));
    FUZZ_OK(functional_hash_cache_save(cache, fuzz_path("seed")));
    put_file("cache", "empty", fuzz_path("seed"), 0);
    for (uint64_t i = 1; i < 6; i++) {
        const functional_hash_key key = {{i * UINT64_C(0x9e3779b97f4a7c15), i}};
        FUZZ_OK(functional_hash_cache_get(cache, key, &key, give, NULL, outputs, NULL));
    }
    FUZZ_OK(functional_hash_cache_save(cache, fuzz_path("seed")));
    put_file("cache", "entries", fuzz_path("seed"), 0);
    FUZZ_OK(functional_hash_cache_pack(cache, &bytes, &size));
    put("cache", "packed", bytes, size);
    assay_release(bytes);
    put_open_claims(cache);
    functional_hash_cache_destroy(cache);
}

/* Whole files and what follows configuration and seed in them. */
static void put_searches(void)
{
    static const uint64_t steps[] = {1, 2, 6};
    evolved_exp_search_config config;
    evolved_exp_search *search;
    uint64_t text, done = 0;
    fuzz_small_search(&config);
    FUZZ_OK(evolved_exp_search_create(&config, FUZZ_SEARCH_SEED, &search));
    for (size_t i = 0; i <= sizeof steps / sizeof *steps; i++) {
        char name[32];
        size_t size;
        FUZZ_OK(evolved_exp_search_save(search, fuzz_path("seed")));
        char *bytes = fuzz_read(fuzz_path("seed"), &size);
        memcpy(&text, bytes + 32, sizeof text);
        free(bytes);
        snprintf(name, sizeof name, "after-%llu", (unsigned long long)done);
        put_file("search", name, fuzz_path("seed"), 32 + 8 + (size_t)text + 8);
        if (i == 0)
            put_file("search", "whole", fuzz_path("seed"), 0);
        if (i < sizeof steps / sizeof *steps)
            FUZZ_OK(evolved_exp_reference_search_run(search, steps[i]));
        done += i < sizeof steps / sizeof *steps ? steps[i] : 0;
    }
    evolved_exp_search_destroy(search);
}

/* As many nodes as there may be, none of which is x, and each used twice: a mutation that leads one of the uses to x
 * makes another node. */
static void put_chain(void)
{
    char text[4096];
    int length = snprintf(text, sizeof text, "0 constant 0x1p+0\n");
    for (int i = 1; i < EVOLVED_EXP_NODES; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%d add %d %d\n", i, i - 1, i - 1);
    length += snprintf(text + length, sizeof text - (size_t)length, "output %d\n", EVOLVED_EXP_NODES - 1);
    put("programs", "chain", text, (size_t)length);
}

/* ---- Databases: see fuzz/database.c and fuzz/wild_store.c for what the bytes mean ----------------------------------
 */

static void put_databases(void)
{
    static const uint8_t second[] = {0}, first[] = {3}, magic[] = {0, 0, 3, 'x'}, cut[] = {0, 255, 255, 128};
    static const uint8_t page[] = {0, 1, 200, 7, 9, 9, 9, 30, 0, 255}, header[] = {0, 0, 100, 2};
    put("database", "version-2", second, sizeof second);
    put("database", "version-1", first, sizeof first);
    put("database", "magic", magic, sizeof magic);
    put("database", "cut", cut, sizeof cut);
    put("database", "page", page, sizeof page);
    put("database", "root", header, sizeof header);
    for (int i = 0; i < 2; i++) {
        const char *target = i ? "report" : "rows";
        put(target, "version-2", second, sizeof second);
        put(target, "version-1", first, sizeof first);
        for (uint8_t table = 0; table < 8; table++) {
            /* The schema is weakened, then one column and another are given wild values. */
            const uint8_t edits[] = {
                0, 6, 0, 0, 0, 0, table, (uint8_t)(table + 2), 0, 0, table, 3, (uint8_t)(5 * table + 9)};
            char name[16];
            snprintf(name, sizeof name, "table-%u", table);
            put(target, name, edits, sizeof edits);
        }
        for (uint8_t structure = 0; structure < 17; structure++) {
            const uint8_t edits[] = {(uint8_t)(structure % 4), 10, (uint8_t)(structure % 8), structure, 0};
            char name[24];
            snprintf(name, sizeof name, "structure-%u", structure);
            put(target, name, edits, sizeof edits);
        }
        const uint8_t more[] = {0, 7, 2, 0, 0, 9, 0, 1, 1, 8, 1, 0, 0, 11, 0, 6, 15};
        put(target, "more", more, sizeof more);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    corpus = argv[1];
    put_npys();
    put_idxs();
    put_vecs();
    put_indexes();
    put_caches();
    put_searches();
    put_chain();
    put_databases();
    for (const fuzz_text_seed *seed = fuzz_text_seeds; seed->target; seed++)
        put(seed->target, seed->name, seed->text, seed->size ? seed->size : strlen(seed->text));
    return 0;
}
