/* hnsw_recall: files that are well, damaged, cut off and forged. */
#include "reference/discrete/hnsw_recall_index.h"
#include "verify/discrete/hnsw_recall_checks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- A file ---------------------------------------------------------------------------------------------------- */

typedef struct saved {
    char path[64];
    int descriptor;
    unsigned char *bytes;
    size_t size;
} saved;

static void forget(saved *file)
{
    if (file->path[0]) {
        close(file->descriptor);
        unlink(file->path);
    }
    free(file->bytes);
}

static bool read_back(saved *file)
{
    struct stat facts;
    if (fstat(file->descriptor, &facts) != 0 || facts.st_size <= 0)
        return false;
    file->size = (size_t)facts.st_size;
    file->bytes = malloc(file->size);
    return file->bytes && pread(file->descriptor, file->bytes, file->size, 0) == (ssize_t)file->size;
}

/* In place: thousands of these follow each other. */
static bool write_bytes(const saved *file, const unsigned char *bytes, size_t size)
{
    return pwrite(file->descriptor, bytes, size, 0) == (ssize_t)size && ftruncate(file->descriptor, (off_t)size) == 0;
}

static bool save(verify_context *v, const hnsw_recall_index *index, saved *file)
{
    *file = (saved){.path = "/tmp/assay-index-XXXXXX"};
    file->descriptor = mkstemp(file->path);
    if (!verify_true(v, file->descriptor >= 0, "a temporary file") ||
        !verify_ok(v, hnsw_recall_save(index, file->path), "save"))
        return false;
    close(file->descriptor); /* of the name's earlier file */
    file->descriptor = open(file->path, O_RDWR | O_CLOEXEC);
    return verify_true(v, file->descriptor >= 0 && read_back(file), "read back");
}

/* The 40 elements of the worked example, on three levels. */
static hnsw_recall_index *forty(verify_context *v, hnsw_recall_metric metric)
{
    static const int levels[40] = {0, 2, 0, 0, 1, 0, 0, 0, 1};
    float *x = hnsw_normals(verify_random(v, 40), 40, 3);
    hnsw_recipe recipe = {x, 40, 3, hnsw_recall_defaults(metric), NULL};
    recipe.options.m = 3;
    recipe.options.ef_construction = 10;
    recipe.options.levels = levels;
    hnsw_recall_index *index = hnsw_built(v, &recipe);
    free(x);
    return index;
}

/* The sections' sizes, as the format says, from the header: its numbers are at fixed places. */
enum {
    HEADER = 88,
    AT_ORDER = 8,
    AT_M = 16,
    AT_ENTRY = 44,
    AT_TOP = 48,
    AT_CRC = 52,
    AT_COUNT = 56,
    AT_UPPER = 80,
    SECTIONS = 5
};

static uint64_t number_at(const unsigned char *bytes, size_t at, size_t size)
{
    uint64_t number = 0;
    memcpy(&number, bytes + at, size);
    return number;
}

static void lay_out(const saved *file, size_t offsets[SECTIONS + 1])
{
    const size_t n = number_at(file->bytes, AT_COUNT, 8), m = number_at(file->bytes, AT_M, 4);
    const size_t sizes[SECTIONS] = {n, n * (4 + 2 * m * 8), number_at(file->bytes, AT_UPPER, 8) * (4 + m * 8),
                                    n * 3 * 4, n * 8};
    offsets[0] = HEADER;
    for (int i = 0; i < SECTIONS; i++)
        offsets[i + 1] = offsets[i] + sizes[i] + 4;
}

/* Makes all CRCs right again. */
static void seal(unsigned char *bytes, const size_t offsets[SECTIONS + 1])
{
    memset(bytes + AT_CRC, 0, 4);
    const uint32_t crc = hnsw_crc(bytes, HEADER);
    memcpy(bytes + AT_CRC, &crc, 4);
    for (int i = 0; i < SECTIONS; i++) {
        const uint32_t section = hnsw_crc(bytes + offsets[i], offsets[i + 1] - offsets[i] - 4);
        memcpy(bytes + offsets[i + 1] - 4, &section, 4);
    }
}

static assay_status load_bytes(verify_context *v, const saved *file, const unsigned char *bytes, size_t size,
                               hnsw_recall_index **index)
{
    *index = NULL;
    if (!verify_true(v, write_bytes(file, bytes, size), "write %s", file->path))
        return ASSAY_IO;
    return hnsw_recall_load(file->path, 0, index);
}

/* ---- Saving and loading ---------------------------------------------------------------------------------------- */

static void compare_dumps(verify_context *v, const hnsw_recall_index *one, const hnsw_recall_index *other,
                          const char *what)
{
    hnsw_dump a = {0}, b = {0};
    if (hnsw_dump_graph(v, one, &a) && hnsw_dump_graph(v, other, &b) &&
        verify_true(v, a.count == b.count, "%s: number of links", what))
        verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U32, a.words, b.words, a.count, "%s", what);
    free(a.words);
    free(b.words);
}

static void compare_answers(verify_context *v, const hnsw_recall_index *one, const hnsw_recall_index *other,
                            const float *queries)
{
    enum { QUERIES = 50, K = 5 };
    uint64_t labels[2][QUERIES * K];
    float distances[2][QUERIES * K];
    if (verify_ok(v, hnsw_recall_search_batch(one, queries, QUERIES, K, 20, labels[0], distances[0]), "saved") &&
        verify_ok(v, hnsw_recall_search_batch(other, queries, QUERIES, K, 20, labels[1], distances[1]), "loaded")) {
        verify_agree(v, VERIFY_BITWISE, 0, VERIFY_U64, labels[0], labels[1], (size_t)QUERIES * K, "labels");
        verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F32, distances[0], distances[1], (size_t)QUERIES * K, "distances");
    }
}

void hnsw_check_save_load(verify_context *v)
{
    enum { N = 300, D = 51 };
    for (int metric = 0; metric < 3; metric++) {
        float *x = hnsw_normals(verify_random(v, 41), N + 50, D);
        hnsw_recipe recipe = {x, N, D, hnsw_recall_defaults((hnsw_recall_metric)metric), NULL};
        recipe.options.m = 5;
        recipe.options.seed = 17;
        hnsw_recall_index *index = hnsw_built(v, &recipe), *loaded = NULL;
        saved file = {0};
        if (index && save(v, index, &file) && verify_ok(v, hnsw_recall_load(file.path, 0, &loaded), "load")) {
            hnsw_recall_options before, after;
            hnsw_recall_options_of(index, &before);
            hnsw_recall_options_of(loaded, &after);
            verify_true(v,
                        before.metric == after.metric && before.m == after.m && before.seed == after.seed &&
                            before.ef_construction == after.ef_construction && before.round == after.round,
                        "options");
            compare_dumps(v, index, loaded, "loaded");
            compare_answers(v, index, loaded, x + N * D);
        }
        hnsw_recall_release(loaded);
        hnsw_recall_release(index);
        forget(&file);
        free(x);
    }
    verify_true(v, hnsw_crc("123456789", 9) == 0xe3069283, "CRC-32C of 123456789");
}

/* Saved halfway, loaded and filled up, an index is the one that was never saved. */
void hnsw_check_grows(verify_context *v)
{
    enum { N = 400, D = 50 };
    float *x = hnsw_normals(verify_random(v, 42), N, D);
    hnsw_recipe recipe = {x, N, D, hnsw_recall_defaults(HNSW_RECALL_COSINE), NULL};
    recipe.options.m = 4;
    hnsw_recall_index *whole = hnsw_built(v, &recipe), *half = NULL, *loaded = NULL;
    saved file = {0};
    uint64_t labels[N / 2];
    for (size_t i = 0; i < N / 2; i++)
        labels[i] = N / 2 + i;
    if (whole && verify_ok(v, hnsw_recall_create(D, N, &recipe.options, &half), "create") &&
        verify_ok(v, hnsw_recall_add_batch(half, x, NULL, N / 2, NULL), "half") && save(v, half, &file) &&
        verify_ok(v, hnsw_recall_load(file.path, N, &loaded), "load") &&
        verify_ok(v, hnsw_recall_add_batch(loaded, x + (size_t)N / 2 * D, labels, N / 2, NULL), "the rest")) {
        compare_dumps(v, whole, loaded, "grown");
        verify_rejects(v, hnsw_recall_add(loaded, x, N + 1), ASSAY_OUT_OF_RANGE, "400", "full");
        hnsw_recall_release(loaded);
        loaded = NULL;
        verify_rejects(v, hnsw_recall_load(file.path, N / 2 - 1, &loaded), ASSAY_OUT_OF_RANGE, "capacity", "too small");
    }
    hnsw_recall_release(loaded);
    hnsw_recall_release(half);
    hnsw_recall_release(whole);
    forget(&file);
    free(x);
}

/* ---- Damage ---------------------------------------------------------------------------------------------------- */

/* Every byte with every one of its bits flipped, and with all: found by a CRC, by the magic number, or by the size. */
void hnsw_check_flips(verify_context *v)
{
    saved file = {0};
    hnsw_recall_index *index = forty(v, HNSW_RECALL_L2), *loaded = NULL;
    size_t refused = 0, tried = 0;
    if (index && save(v, index, &file)) {
        for (size_t at = 0; at < file.size; at++) {
            for (int bit = 0; bit <= 8; bit++, tried++) {
                const unsigned char flip = bit == 8 ? 0xff : (unsigned char)(1 << bit);
                file.bytes[at] ^= flip;
                refused += load_bytes(v, &file, file.bytes, file.size, &loaded) == ASSAY_BAD_DATA;
                file.bytes[at] ^= flip;
                hnsw_recall_release(loaded);
            }
        }
        verify_true(v, refused == tried, "%zu of %zu flips are refused", refused, tried);
        verify_note(v, "%zu flips of %zu bytes", tried, file.size);
    }
    hnsw_recall_release(index);
    forget(&file);
}

void hnsw_check_truncations(verify_context *v)
{
    saved file = {0};
    hnsw_recall_index *index = forty(v, HNSW_RECALL_IP), *loaded = NULL;
    if (index && save(v, index, &file)) {
        for (size_t size = 0; size < file.size; size++)
            verify_rejects(v, load_bytes(v, &file, file.bytes, size, &loaded), ASSAY_BAD_DATA, "bytes", "%zu bytes",
                           size);
        unsigned char *longer = calloc(file.size + 1, 1);
        if (verify_true(v, longer != NULL, "no memory")) {
            memcpy(longer, file.bytes, file.size);
            verify_rejects(v, load_bytes(v, &file, longer, file.size + 1, &loaded), ASSAY_BAD_DATA, "too long",
                           "a byte more");
        }
        free(longer);
    }
    hnsw_recall_release(index);
    forget(&file);
}

/* One change to a file, whose CRCs are made right again, and what the loader says. */
typedef struct forgery {
    const char *what, *says;
    int section; /* -1: the header */
    size_t at;   /* in the section */
    size_t size;
    uint64_t number;
} forgery;

/* A list of level 0 has 4 + 6 8 bytes: count, selected, 6 ids, 6 distances. Elements 1, 4 and 8 have lists above. */
static const forgery forgeries[] = {
    {"another byte order", "byte order", -1, AT_ORDER, 4, 0x04030201},
    {"no byte order", "byte order", -1, AT_ORDER, 4, 0x01020305},
    {"another magic", "ASHNSW1", -1, 6, 1, '2'},
    {"dimension 0", "dimension is 0", -1, 12, 4, 0},
    {"dimension 5000", "dimension is 5000", -1, 12, 4, 5000},
    {"m = 1", "header's m is 1", -1, AT_M, 4, 1},
    {"m = 129", "header's m is 129", -1, AT_M, 4, 129},
    {"ef_construction below m", "ef_construction is 2", -1, 20, 4, 2},
    {"metric 3", "metric is 3", -1, 24, 4, 3},
    {"mode 2", "mode is 2", -1, 28, 4, 2},
    {"an option of the other mode", "extend_candidates is 1", -1, 32, 4, 1},
    {"round 0", "round is 0", -1, 40, 4, 0},
    {"an entry beyond", "entry", -1, AT_ENTRY, 4, 40},
    {"a low entry", "entry", -1, AT_ENTRY, 4, 0},
    {"a top level of 64", "highest level is 64", -1, AT_TOP, 4, 64},
    {"a top level of -1", "highest level is -1", -1, AT_TOP, 4, 0xffffffff},
    {"a top level of 1", "level", -1, AT_TOP, 4, 1},
    {"a top level of 3", "entry", -1, AT_TOP, 4, 3},
    {"a count of 0", "highest level is 2", -1, AT_COUNT, 8, 0},
    {"a count of 41", "too short", -1, AT_COUNT, 8, 41},
    {"a count of 39", "too long", -1, AT_COUNT, 8, 39},
    {"a count of 2^31 - 1", "too short", -1, AT_COUNT, 8, 0x7fffffff},
    {"a count of 2^63", "header's count is", -1, AT_COUNT, 8, UINT64_C(1) << 63},
    {"a state of 0", "state of the levels is 0", -1, 72, 8, 0},
    {"5 upper lists", "too short", -1, AT_UPPER, 8, 5},
    {"2^60 upper lists", "upper lists is", -1, AT_UPPER, 8, UINT64_C(1) << 60},
    {"another level", "levels", 0, 3, 1, 1},
    {"a level of 64", "level", 0, 3, 1, 64},
    {"a lower level", "levels", 0, 4, 1, 0},
    {"7 links", "links", 1, 0, 2, 7},
    {"65535 links", "links", 1, 0, 2, 65535},
    {"no links", "link", 1, 0, 4, 0},
    {"more selected than links", "links", 1, 2, 2, 7},
    {"a link to 40", "must be below", 1, 4, 4, 40},
    {"a link to 2^32 - 1", "must be below", 1, 4, 4, 0xffffffff},
    {"a link to itself", "itself", 1, 4, 4, 0},
    {"a distance that is NaN", "distance", 1, 4 + 24, 4, 0x7fc00000},
    {"an upper link to 40", "must be below", 2, 4, 4, 40},
    {"an upper link to level 0", "level", 2, 4, 4, 0},
    {"4 upper links", "links", 2, 0, 2, 4},
    {"a coordinate that is NaN", "vector", 3, 12, 4, 0x7fc00000},
    {"an infinite coordinate", "vector", 3, 12, 4, 0xff800000},
    {"a coordinate of 2e15", "vector", 3, 12, 4, 0x58e35fa9},
    {"a label twice", "label", 4, 8, 8, 0},
    {"the label that is none", "label", 4, 8, 8, UINT64_MAX},
};

void hnsw_check_forged(verify_context *v)
{
    saved file = {0};
    hnsw_recall_index *index = forty(v, HNSW_RECALL_L2), *loaded = NULL;
    size_t offsets[SECTIONS + 1];
    unsigned char *copy = NULL;
    if (index && save(v, index, &file)) {
        lay_out(&file, offsets);
        copy = malloc(file.size);
        verify_true(v, offsets[SECTIONS] == file.size, "the layout is understood");
    }
    for (size_t i = 0; copy && i < sizeof forgeries / sizeof *forgeries; i++) {
        const forgery *f = &forgeries[i];
        memcpy(copy, file.bytes, file.size);
        memcpy(copy + (f->section < 0 ? 0 : offsets[f->section]) + f->at, &f->number, f->size);
        seal(copy, offsets);
        verify_rejects(v, load_bytes(v, &file, copy, file.size, &loaded), ASSAY_BAD_DATA, f->says, "%s", f->what);
        hnsw_recall_release(loaded);
    }
    /* Any byte changed, with right CRCs: whatever still loads obeys the laws and can be searched. */
    const float query[3] = {0.1f, 0.2f, 0.3f};
    size_t accepted = 0;
    for (size_t at = 0; copy && at < file.size; at++) {
        uint64_t labels[40];
        size_t count = 0;
        memcpy(copy, file.bytes, file.size);
        copy[at] ^= (unsigned char)(1 + assay_random_integer(verify_random(v, 43), at, 255));
        seal(copy, offsets);
        if (load_bytes(v, &file, copy, file.size, &loaded) != ASSAY_OK)
            continue;
        accepted++;
        verify_ok(v, hnsw_recall_check(loaded), "byte %zu", at);
        verify_ok(v, hnsw_recall_search(loaded, query, 40, 40, labels, NULL, &count), "byte %zu", at);
        hnsw_recall_release(loaded);
    }
    verify_note(v, "%zu files with a changed byte are right in themselves", accepted);
    free(copy);
    hnsw_recall_release(index);
    forget(&file);
}
