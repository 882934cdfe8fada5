/* hnsw_recall: what the checks work on. */
#include "assay/readers.h"
#include "reference/discrete/hnsw_recall_index.h"
#include "verify/discrete/hnsw_recall_checks.h"

#include <stdlib.h>
#include <string.h>

float *hnsw_integers(assay_random r, size_t n, size_t dimension, unsigned most)
{
    float *x = malloc((n * dimension + 1) * sizeof *x);
    for (size_t i = 0; x && i < n * dimension; i++)
        x[i] = (float)((int)assay_random_integer(r, i, 2 * most + 1) - (int)most);
    return x;
}

float *hnsw_normals(assay_random r, size_t n, size_t dimension)
{
    float *x = malloc((n * dimension + 1) * sizeof *x);
    if (x && assay_random_fill_normal_f32(r, 0, 0, 1, x, n * dimension) != ASSAY_OK) {
        free(x);
        return NULL;
    }
    return x;
}

hnsw_recall_index *hnsw_built(verify_context *v, const hnsw_recipe *recipe)
{
    hnsw_recall_index *index = NULL;
    if (!verify_true(v, recipe->vectors != NULL, "no memory for vectors") ||
        !verify_ok(v, hnsw_recall_create(recipe->dimension, recipe->n, &recipe->options, &index), "create"))
        return NULL;
    if (verify_ok(v, hnsw_recall_add_batch(index, recipe->vectors, NULL, recipe->n, recipe->order),
                  "%zu vectors of %zu numbers", recipe->n, recipe->dimension))
        return index;
    hnsw_recall_release(index);
    return NULL;
}

bool hnsw_dump_graph(verify_context *v, const hnsw_recall_index *index, hnsw_dump *dump)
{
    const size_t n = hnsw_recall_size(index);
    size_t words = 1, entry;
    int level, top;
    *dump = (hnsw_dump){0};
    if (!verify_ok(v, hnsw_recall_entry_point(index, &entry, &top), "entry"))
        return false;
    for (size_t id = 0; id < n; id++) {
        hnsw_recall_element(index, id, NULL, &level);
        words += 2;
        for (int l = 0; l <= level; l++)
            words += 2 + 2 * (size_t)hnsw_list_of(index, (uint32_t)id, l)->count;
    }
    dump->words = malloc(words * sizeof *dump->words);
    if (!verify_true(v, dump->words != NULL, "no memory for %zu words", words))
        return false;
    uint32_t *to = dump->words;
    *to++ = (uint32_t)entry;
    for (size_t id = 0; id < n; id++) {
        uint64_t label;
        hnsw_recall_element(index, id, &label, &level);
        *to++ = (uint32_t)level;
        *to++ = (uint32_t)label;
        for (int l = 0; l <= level; l++) {
            hnsw_list *list = hnsw_list_of(index, (uint32_t)id, l);
            *to++ = list->count;
            *to++ = list->selected;
            memcpy(to, list->ids, list->count * sizeof *to);
            memcpy(to + list->count, hnsw_distances_of(index, list, l), list->count * sizeof *to);
            to += 2 * (size_t)list->count;
        }
    }
    dump->count = (size_t)(to - dump->words);
    return true;
}

float *hnsw_read_rows(verify_context *v, const char *name, size_t most, size_t *n, size_t *dimension)
{
    char path[4096];
    float *x = NULL;
    const char *user = name ? NULL : assay_user_data();
    const assay_status status = user   ? ASSAY_OK
                                : name ? assay_dataset_path(name, path, sizeof path)
                                       : assay_data_path("words_small.fvecs", path, sizeof path);
    if (status == ASSAY_UNSUPPORTED) {
        verify_skip(v, "%s", assay_error());
        return NULL;
    }
    if (verify_ok(v, status, "%s", name ? name : "words_small.fvecs"))
        verify_ok(v, hnsw_recall_read(user ? user : path, most, &x, n, dimension), "vectors");
    return x;
}

uint8_t *hnsw_read_bytes(verify_context *v, const char *name, size_t *n)
{
    char path[4096];
    assay_array array = {0};
    assay_status status = assay_dataset_path(name, path, sizeof path);
    if (status == ASSAY_UNSUPPORTED) {
        verify_skip(v, "%s", assay_error());
        return NULL;
    }
    if (status == ASSAY_OK)
        status = assay_read_idx(path, &array);
    uint8_t *bytes = NULL;
    if (verify_ok(v, status, "%s", name) &&
        verify_true(v, array.element == ASSAY_ELEMENT_U8, "%s has no bytes", name)) {
        *n = array.count;
        bytes = malloc(array.count + 1);
        if (verify_true(v, bytes != NULL, "no memory for %s", name))
            memcpy(bytes, array.data, array.count);
    }
    assay_array_release(&array);
    return bytes;
}
