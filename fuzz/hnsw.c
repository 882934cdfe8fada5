/*
 * Indexes of neighbours. The bytes are loaded as they are, and then once more with all checksums made right: no
 * mutation would ever get past those.
 */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "reference/discrete/hnsw_recall_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where things are in a file (hnsw_recall_file.c). */
enum { DIMENSION = 12, M = 16, HEADER_CRC = 52, COUNT = 56, UPPER_LISTS = 80, HEADER = 88, SECTIONS = 5 };

static uint64_t number_at(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;
    memcpy(&number, bytes, size); /* of this machine's order, as the file is */
    return number;
}

static void repair(uint8_t *bytes, size_t size)
{
    if (size < HEADER)
        return;
    const uint64_t count = number_at(bytes + COUNT, 8), m = number_at(bytes + M, 4);
    const uint64_t units[SECTIONS] = {1, hnsw_list_size(2 * m), hnsw_list_size(m), 4 * number_at(bytes + DIMENSION, 4),
                                      8};
    memset(bytes + HEADER_CRC, 0, 4);
    uint32_t crc = hnsw_crc(bytes, HEADER);
    memcpy(bytes + HEADER_CRC, &crc, sizeof crc);
    size_t at = HEADER;
    for (int i = 0; i < SECTIONS; i++) {
        size_t length;
        if (__builtin_mul_overflow(i == 2 ? number_at(bytes + UPPER_LISTS, 8) : count, units[i], &length) ||
            length > size || size - length < at + 4)
            return;
        crc = hnsw_crc(bytes + at, length);
        memcpy(bytes + at + length, &crc, sizeof crc);
        at += length + 4;
    }
}

typedef assay_status searcher(const hnsw_recall_index *index, const float *query, size_t k, size_t ef, uint64_t *labels,
                              float *distances, size_t *count);

static void expect_search(const hnsw_recall_index *index, searcher *search, const float *query)
{
    enum { K = 4 };
    uint64_t labels[K];
    float distances[K];
    size_t count;
    FUZZ_OK(search(index, query, K, 8, labels, distances, &count));
    FUZZ_ASSERT(count <= K && count <= hnsw_recall_size(index) && (count > 0) == (hnsw_recall_size(index) > 0),
                "%zu found of %zu", count, hnsw_recall_size(index));
    for (size_t i = 0; i < K; i++) {
        FUZZ_ASSERT((labels[i] == UINT64_MAX) == (i >= count), "label %zu is %llu", i, (unsigned long long)labels[i]);
        FUZZ_ASSERT(i == 0 || distances[i] >= distances[i - 1], "distances %g, %g", (double)distances[i - 1],
                    (double)distances[i]);
    }
}

/* What a loaded index must bear: to be searched, measured, saved, loaded and saved as the same bytes, and to grow. */
static void use(hnsw_recall_index *index)
{
    hnsw_recall_statistics statistics;
    const size_t size = hnsw_recall_size(index), dimension = hnsw_recall_dimension(index);
    float *query = calloc(dimension, sizeof *query);
    FUZZ_ASSERT(query, "no memory");
    query[0] = 1;
    FUZZ_OK(hnsw_recall_check(index));
    FUZZ_OK(hnsw_recall_measure(index, &statistics));
    FUZZ_ASSERT(statistics.reachable >= 0 && statistics.reachable <= 1, "reachable %g", statistics.reachable);
    expect_search(index, hnsw_recall_reference_search, query);
    expect_search(index, hnsw_recall_search, query);
    const char *first = fuzz_path("first.hnsw"), *second = fuzz_path("second.hnsw");
    hnsw_recall_index *copy;
    FUZZ_OK(hnsw_recall_save(index, first));
    FUZZ_OK(hnsw_recall_load(first, size + 1, &copy));
    FUZZ_OK(hnsw_recall_save(copy, second));
    fuzz_expect_same_files(first, second);
    uint64_t label = 12345;
    while (hnsw_recall_reference_add(copy, query, label) == ASSAY_INVALID_ARGUMENT) /* it is there */
        label++;
    FUZZ_ASSERT(hnsw_recall_size(copy) == size + 1, "%zu elements after adding one to %zu: %s", hnsw_recall_size(copy),
                size, assay_error());
    FUZZ_OK(hnsw_recall_check(copy));
    hnsw_recall_release(copy);
    free(query);
}

static void load(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("input.hnsw", data, size);
    hnsw_recall_index *index;
    fuzz_poison(&index, sizeof index);
    const assay_status status = hnsw_recall_load(path, 0, &index);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&index, sizeof index);
        return;
    }
    use(index);
    hnsw_recall_release(index);
}

int fuzz_hnsw(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(size + 1, 1);
    FUZZ_ASSERT(copy, "no memory");
    if (size)
        memcpy(copy, data, size);
    load(copy, size);
    repair(copy, size);
    load(copy, size);
    free(copy);
    return 0;
}
