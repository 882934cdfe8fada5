/* Noisy prefix sums by a binary tree. */
#include "assay/memory.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

enum { MOST_LEVELS = 64 };

/* At each level the newest complete node: its sum, and what was released of it. */
struct dp_federated_bandit_tree {
    size_t width, length, levels, count;
    double *deviations; /* width */
    double *sums;       /* levels x width: exact sums of the nodes that are being filled or are kept */
    double *released;   /* levels x width */
    assay_random random;
};

assay_status dp_federated_bandit_tree_create_scaled(size_t width, size_t length, double *deviations,
                                                    assay_random random, dp_federated_bandit_tree **tree)
{
    size_t levels = dp_federated_bandit_nodes(length), numbers;
    dp_federated_bandit_tree *t = assay_allocate(1, sizeof *t);
    if (__builtin_mul_overflow(levels, width, &numbers) || numbers > SIZE_MAX / 64) {
        assay_release(t);
        return assay_fail(ASSAY_NO_MEMORY, "%zu levels of width %zu do not fit in size_t", levels, width);
    }
    if (t)
        *t = (dp_federated_bandit_tree){.width = width,
                                        .length = length,
                                        .levels = levels,
                                        .sums = assay_allocate(numbers, sizeof(double)),
                                        .released = assay_allocate(numbers, sizeof(double)),
                                        .random = random};
    if (!t || !t->sums || !t->released) {
        dp_federated_bandit_tree_release(t);
        return ASSAY_NO_MEMORY;
    }
    t->deviations = deviations;
    *tree = t;
    return ASSAY_OK;
}

assay_status dp_federated_bandit_tree_create(size_t width, size_t length, double deviation, assay_random random,
                                             dp_federated_bandit_tree **tree)
{
    if (!tree)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "tree is null");
    if (width == 0 || width > SIZE_MAX / 4096 || length == 0)
        return assay_fail(ASSAY_OUT_OF_RANGE, "width is %zu and length %zu, must be at least 1", width, length);
    if (!(deviation >= 0 && isfinite(deviation)))
        return assay_fail(ASSAY_OUT_OF_RANGE, "deviation is %g, must be at least 0", deviation);
    double *deviations = assay_allocate(width, sizeof *deviations);
    if (!deviations)
        return ASSAY_NO_MEMORY;
    for (size_t i = 0; i < width; i++)
        deviations[i] = deviation;
    const assay_status status = dp_federated_bandit_tree_create_scaled(width, length, deviations, random, tree);
    if (status != ASSAY_OK)
        assay_release(deviations);
    return status;
}

void dp_federated_bandit_tree_release(dp_federated_bandit_tree *tree)
{
    if (!tree)
        return;
    assay_release(tree->deviations);
    assay_release(tree->sums);
    assay_release(tree->released);
    assay_release(tree);
}

/* Node (k, j) ends the vectors k - 2^j + 1 .. k, where j is the number of trailing zeros of k: it is the new vector and
 * the nodes of the levels below, which end just before. */
assay_status dp_federated_bandit_tree_add(dp_federated_bandit_tree *tree, const double *vector, double *prefix)
{
    if (!tree || !vector || !prefix)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !tree ? "tree" : !vector ? "vector" : "prefix");
    if (tree->count == tree->length)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the tree has taken its %zu vectors", tree->length);
    const size_t k = ++tree->count, level = (size_t)__builtin_ctzll(k), width = tree->width;
    double *sum = tree->sums + level * width, *released = tree->released + level * width;
    memcpy(sum, vector, width * sizeof *sum);
    for (size_t j = 0; j < level; j++) {
        for (size_t i = 0; i < width; i++)
            sum[i] += tree->sums[j * width + i];
    }
    for (size_t i = 0; i < width; i++)
        released[i] =
            sum[i] +
            (tree->deviations[i] == 0 ? 0 : tree->deviations[i] * assay_random_normal(tree->random, k * width + i));
    memset(prefix, 0, width * sizeof *prefix);
    for (size_t j = tree->levels; j-- > 0;) { /* the oldest batches first */
        for (size_t i = 0; (k >> j & 1) && i < width; i++)
            prefix[i] += tree->released[j * width + i];
    }
    return ASSAY_OK;
}
