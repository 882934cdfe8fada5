/* nearest FILE ROW K: the K nearest neighbours of a row of a .npy (or .fvecs, .csv) file, by libassay. */
#include <assay/hnsw_recall.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 100 };
static int fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, assay_error());
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: nearest FILE ROW K\n"), 2;
    const size_t row = strtoul(argv[2], NULL, 10), k = strtoul(argv[3], NULL, 10);
    size_t rows, dimension, found;
    float *x;
    if (hnsw_recall_read(argv[1], 0, &x, &rows, &dimension) != ASSAY_OK)
        return fail(argv[1]);
    if (row >= rows || k == 0 || k > MOST)
        return fprintf(stderr, "ROW must be 0 to %zu, K 1 to %d\n", rows - 1, MOST), 2;
    hnsw_recall_options options = hnsw_recall_defaults(HNSW_RECALL_L2);
    options.round = HNSW_RECALL_ROUND; /* inserted by all processors */
    hnsw_recall_index *index;
    if (hnsw_recall_create(dimension, rows, &options, &index) != ASSAY_OK ||
        hnsw_recall_add_batch(index, x, NULL, rows, NULL) != ASSAY_OK)
        return fail("index");

    uint64_t nearest[MOST];
    float distance[MOST];
    if (hnsw_recall_search(index, x + row * dimension, k, MOST, nearest, distance, &found) != ASSAY_OK)
        return fail("search");
    for (size_t i = 0; i < found; i++)
        printf("%llu %g\n", (unsigned long long)nearest[i], (double)distance[i]);
    free(x);
    hnsw_recall_release(index);
    return EXIT_SUCCESS;
}
