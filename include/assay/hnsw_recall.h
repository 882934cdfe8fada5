/**
 * @file hnsw_recall.h
 * HNSW, an approximate index of nearest neighbours, and what is needed to ask how much recall it loses and why.
 *
 * O. P. Elliott, J. Clark, The Impacts of Data, Ordering, and Intrinsic Dimensionality on Recall in Hierarchical
 * Navigable Small Worlds, ICTIR 2024, arXiv:2405.17813. The index: Y. A. Malkov, D. A. Yashunin, IEEE TPAMI 42 (2018);
 * the estimator of local intrinsic dimension: L. Amsaleg et al., KDD 2015.
 *
 * Each element gets a level, floor(-ln(u) / ln(M)) for u uniform in (0, 1), and on each level up to that one a list of
 * at most M (on level 0: 2 M) elements near it, thinned out so that none is nearer to another one of the list than to
 * the list's owner. A search walks greedily down the levels and then, on level 0, keeps the @c ef best elements seen
 * and visits their neighbours until none of the best is unvisited.
 *
 * Ties: wherever distances are compared, equal ones are ordered by internal id (the position in order of insertion),
 * smaller first. So results and graph are functions of the distances alone.
 *
 * Distances are float32, and their rounding depends on the CPU level: sums of @c dimension products in an order of the
 * level's own, each within (dimension + 2) 2^-24 of the sum of the products' magnitudes. Where that decides nothing
 * (coordinates that are small integers, for one) index and results are bit for bit the same at every level. They are
 * the same with any number of threads, always. An index may be filled, saved, loaded and searched at different levels.
 *
 * Vectors must be finite and no coordinate larger than HNSW_RECALL_LARGEST in magnitude, so that no distance overflows.
 * Outputs are untouched when a call fails; what an index holds, too, unless the header says otherwise.
 */
#ifndef ASSAY_HNSW_RECALL_H
#define ASSAY_HNSW_RECALL_H

#include "assay/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

#define HNSW_RECALL_DIMENSIONS 4096                /**< largest dimension */
#define HNSW_RECALL_M_LEAST    2                   /**< least number of links */
#define HNSW_RECALL_M_MOST     128                 /**< largest number of links */
#define HNSW_RECALL_EF_MOST    (UINT32_C(1) << 20) /**< largest breadth of a search, and k */
#define HNSW_RECALL_LEVELS     64                  /**< levels are 0 to 63; u >= 2^-62 gives no more, even for M = 2 */
#define HNSW_RECALL_CAPACITY   0x7fffffff          /**< most elements of an index */
#define HNSW_RECALL_ROUND_MOST 1024                /**< most elements inserted at the same time */
#define HNSW_RECALL_ROUND      64    /**< a good number for hnsw_recall_options.round, where threads are to be used */
#define HNSW_RECALL_LARGEST    1e15f /**< largest magnitude of a coordinate */

/** What is near. */
typedef enum hnsw_recall_metric {
    HNSW_RECALL_L2,    /**< sum of (x_i - y_i)^2 */
    HNSW_RECALL_IP,    /**< 1 - sum of x_i y_i */
    HNSW_RECALL_COSINE /**< the same of x / |x| and y / |y|; vectors must not be zero */
} hnsw_recall_metric;

/** Which variant of the algorithm builds the graph. */
typedef enum hnsw_recall_mode {
    HNSW_RECALL_LIBRARY, /**< that of the library hnswlib (0.6.2): candidates fewer than asked for are all taken, the
                              nearest element found on a level is where the next lower one is entered */
    HNSW_RECALL_MALKOV   /**< Algorithms 1, 2 and 4 of the HNSW paper: always thinned out, all elements found on a
                              level are where the next lower one is entered */
} hnsw_recall_mode;

/** How an index is built; see hnsw_recall_defaults(). */
typedef struct hnsw_recall_options {
    hnsw_recall_metric metric; /**< what is near */
    size_t m;                  /**< M: links of a new element on each level, HNSW_RECALL_M_LEAST to _M_MOST */
    size_t ef_construction;    /**< breadth of the search for them, 1 to HNSW_RECALL_EF_MOST; raised to M if smaller */
    uint64_t seed;             /**< of the levels; those of hnswlib for the same seed */
    hnsw_recall_mode mode;     /**< variant */
    bool extend_candidates;    /**< HNSW_RECALL_MALKOV only: neighbours of a new element's candidates are candidates */
    bool keep_pruned;          /**< HNSW_RECALL_MALKOV only: lists are filled up with the nearest thinned-out ones */
    /**
     * Most elements inserted at the same time by hnsw_recall_add_batch(), 1 to HNSW_RECALL_ROUND_MOST. 1 is the
     * published algorithm, element after element, on one thread. With more, those of a round search the graph as it
     * was before the round, by all threads, and each also has those before it in the round as candidates; then links
     * back to them are made in their order. The graph depends on this number and not on the threads, and
     * recall less on the order of insertion. A round is at
     * most a sixteenth of the elements already there.
     */
    size_t round;
    /** For tests: levels to be used instead of drawn ones, one for each of the capacity elements (copied); -1: the
     *  drawn one. Null: all drawn. */
    const int *levels;
} hnsw_recall_options;

/** Options as most users have them: M = 16, ef_construction = 128, seed 100, HNSW_RECALL_LIBRARY, round 1. */
hnsw_recall_options hnsw_recall_defaults(hnsw_recall_metric metric);

/** An index. May be searched by several threads at the same time, and be changed by one while nobody searches. */
typedef struct hnsw_recall_index hnsw_recall_index;

/** Makes an empty index for at most @p capacity (1 to HNSW_RECALL_CAPACITY) vectors of @p dimension (1 to
 *  HNSW_RECALL_DIMENSIONS) numbers. Memory is taken for the capacity, but used as it fills. @p options may be null:
 *  hnsw_recall_defaults(HNSW_RECALL_L2). */
assay_status hnsw_recall_create(size_t dimension, size_t capacity, const hnsw_recall_options *options,
                                hnsw_recall_index **index);

/** Releases an index; null is fine. */
void hnsw_recall_release(hnsw_recall_index *index);

/** Inserts a vector. Labels are the caller's names of elements, any numbers but UINT64_MAX, and must differ:
 *  ASSAY_INVALID_ARGUMENT if the label is there already, ASSAY_OUT_OF_RANGE if the index is full. The time is about
 * that of a search with ef = ef_construction and of M choices among 2 M neighbours. */
assay_status hnsw_recall_add(hnsw_recall_index *index, const float *vector, uint64_t label);

/** Inserts @p n vectors (@p n x dimension) in the order order[0], order[1], ... (a permutation of 0..n-1; null: as they
 *  are). Null @p labels: vector i gets the label i. Checks everything before it inserts anything; only when memory runs
 *  out some may have been inserted. */
assay_status hnsw_recall_add_batch(hnsw_recall_index *index, const float *vectors, const uint64_t *labels, size_t n,
                                   const size_t *order);

/** Finds about the @p k (1 to HNSW_RECALL_EF_MOST) nearest elements of @p query, looking at max(@p ef, k) candidates,
 *  1 <= ef <= HNSW_RECALL_EF_MOST. Writes labels and distances of *count <= k elements in order of distance (and id),
 * then UINT64_MAX and infinity up to k; @p distances may be null. An empty index gives none. */
assay_status hnsw_recall_search(const hnsw_recall_index *index, const float *query, size_t k, size_t ef,
                                uint64_t *labels, float *distances, size_t *count);

/** The same for @p n queries (n x dimension), by all threads: @p labels and @p distances (or null) are n x k. */
assay_status hnsw_recall_search_batch(const hnsw_recall_index *index, const float *queries, size_t n, size_t k,
                                      size_t ef, uint64_t *labels, float *distances);

/** The reference of hnsw_recall_add(): the same contract. */
assay_status hnsw_recall_reference_add(hnsw_recall_index *index, const float *vector, uint64_t label);

/** The reference of hnsw_recall_add_batch(): one thread. */
assay_status hnsw_recall_reference_add_batch(hnsw_recall_index *index, const float *vectors, const uint64_t *labels,
                                             size_t n, const size_t *order);

/** The reference of hnsw_recall_search(). */
assay_status hnsw_recall_reference_search(const hnsw_recall_index *index, const float *query, size_t k, size_t ef,
                                          uint64_t *labels, float *distances, size_t *count);

/** The reference of hnsw_recall_search_batch(): one thread. */
assay_status hnsw_recall_reference_search_batch(const hnsw_recall_index *index, const float *queries, size_t n,
                                                size_t k, size_t ef, uint64_t *labels, float *distances);

/* ---- Looking into an index ------------------------------------------------------------------------------------- */

/** Number of elements; 0 for null. */
size_t hnsw_recall_size(const hnsw_recall_index *index);

/** Dimension of the vectors; 0 for null. */
size_t hnsw_recall_dimension(const hnsw_recall_index *index);

/** The options that it was made with; hnsw_recall_options.levels is null. */
assay_status hnsw_recall_options_of(const hnsw_recall_index *index, hnsw_recall_options *options);

/** Where a search begins: an element of the highest level. ASSAY_OUT_OF_RANGE if the index is empty. */
assay_status hnsw_recall_entry_point(const hnsw_recall_index *index, size_t *id, int *level);

/** Label and level of element @p id (0 is the first inserted); either may be null. */
assay_status hnsw_recall_element(const hnsw_recall_index *index, size_t id, uint64_t *label, int *level);

/** The list of element @p id on @p level: at most 2 M ids, nearest first where it was chosen at once, then what was
 *  appended. */
assay_status hnsw_recall_neighbors(const hnsw_recall_index *index, size_t id, int level, uint32_t *ids, size_t *count);

/** Checks every law of the structure: numbers of links, no loops, no link twice, links only to elements of at least
 *  the level, the entry has the highest level, every element has a link if there are several, vectors are finite and
 *  labels differ. ASSAY_BAD_DATA names the first that does not hold. */
assay_status hnsw_recall_check(const hnsw_recall_index *index);

/** Numbers about an index. */
typedef struct hnsw_recall_statistics {
    uint64_t distances; /**< distances computed by all calls on this index since it was made */
    uint64_t estimates; /**< elements that a bound ruled out, so that no distance was computed; always 0 of the
                             reference */
    uint64_t hops;      /**< lists read by searches, those of insertions included */
    size_t levels[HNSW_RECALL_LEVELS];              /**< elements of each level (as their highest) */
    size_t out_degrees[2 * HNSW_RECALL_M_MOST + 1]; /**< elements with so many links on level 0 */
    size_t in_degrees[2 * HNSW_RECALL_M_MOST + 1];  /**< with so many links to them; the last: at least so many */
    size_t links;                                   /**< on level 0 */
    double reachable; /**< share of the elements to which links on level 0 lead from the entry; 1 for none */
} hnsw_recall_statistics;

/** Counts. Takes time proportional to the number of links. */
assay_status hnsw_recall_measure(const hnsw_recall_index *index, hnsw_recall_statistics *statistics);

/* ---- Files ----------------------------------------------------------------------------------------------------- */

/** Writes an index to a file, by way of another name so that no half-written file is ever left under this one. The
 *  format is that of the machine's byte order, with a CRC-32C for the header and each section. */
assay_status hnsw_recall_save(const hnsw_recall_index *index, const char *path);

/** Reads an index, for at most @p capacity elements (0: those of the file, so that it is full). It answers bit for bit
 *  like the one saved, and grows like it. Nothing in the file is trusted: ASSAY_BAD_DATA with the place if it is
 *  truncated, too long, damaged, of the other byte order, or violates a law of hnsw_recall_check(); ASSAY_IO if it
 *  cannot be read; ASSAY_OUT_OF_RANGE if it holds more than capacity elements. */
assay_status hnsw_recall_load(const char *path, size_t capacity, hnsw_recall_index **index);

/* ---- Truth, data and measures ---------------------------------------------------------------------------------- */

/** The @p k nearest (1 <= k <= n) of @p n rows of @p x for each of @p queries rows of @p q, by comparing with all:
 *  @p ids and @p distances (or null) are queries x k in order of distance and then id. The distances are those of the
 *  direct formulas (no |q|^2 + |x|^2 - 2 q x, which loses small ones), and so is what is nearest: rounding decides
 *  between two only where their float32 distances at this level do. */
assay_status hnsw_recall_exact(hnsw_recall_metric metric, size_t dimension, const float *x, size_t n, const float *q,
                               size_t queries, size_t k, uint64_t *ids, float *distances);

/** The reference of hnsw_recall_exact(). */
assay_status hnsw_recall_reference_exact(hnsw_recall_metric metric, size_t dimension, const float *x, size_t n,
                                         const float *q, size_t queries, size_t k, uint64_t *ids, float *distances);

/** The maximum-likelihood estimate of the local intrinsic dimension at each of @p n rows: -1 / mean(ln(r_i / r_k))
 *  over the (not squared) Euclidean distances r_1 <= ... <= r_k to its @p k nearest other rows, 2 <= k < n. Distances
 * of 0 are left out of the mean; NaN where no two distances differ. For cosine distance, pass normalised rows. */
assay_status hnsw_recall_lid(size_t dimension, const float *x, size_t n, size_t k, double *lid);

/** The reference of hnsw_recall_lid(). */
assay_status hnsw_recall_reference_lid(size_t dimension, const float *x, size_t n, size_t k, double *lid);

/** The estimate from @p k distances in increasing order; NaN if it is undefined. */
double hnsw_recall_lid_of(const double *distances, size_t k);

/** Reads vectors by the ending of the file's name: .fvecs, .npy (f4, f8, u1; the first dimension counts rows), .idx
 * (the same) or .csv; at most @p most of them (0: all). *x is rows x dimension numbers, to be released by free(). The
 * errors are those of the readers (readers.h), ASSAY_BAD_DATA too if there are no rows, more than
 * HNSW_RECALL_DIMENSIONS numbers in one, or numbers that an index would refuse. */
assay_status hnsw_recall_read(const char *path, size_t most, float **x, size_t *rows, size_t *dimension);

/** Divides each row by its length; ASSAY_INVALID_ARGUMENT if one is zero. @p out may be @p x. */
assay_status hnsw_recall_normalise(size_t dimension, const float *x, size_t n, float *out);

/** Rows @p first to first + n - 1 of an endless sequence of unit vectors in a random subspace of @p intrinsic
 * dimensions (1 to dimension): standard normal combinations of an orthonormal basis, normalised. Rows of the same @p r
 * lie in the same subspace: those beyond the indexed ones are queries. */
assay_status hnsw_recall_subspace(assay_random r, size_t dimension, size_t intrinsic, uint64_t first, size_t n,
                                  float *out);

/** Number of groups of hnsw_recall_mixture(). */
#define HNSW_RECALL_GROUPS 6

/** The same with rows taken in turn from six subspaces of 2, 4, 8, 16, 32 and 64 dimensions (dimension >= 64): row i
 *  belongs to group i mod 6. */
assay_status hnsw_recall_mixture(assay_random r, size_t dimension, uint64_t first, size_t n, float *out);

/** Orders of insertion. */
typedef enum hnsw_recall_ordering {
    HNSW_RECALL_RANDOM,    /**< shuffled */
    HNSW_RECALL_GIVEN,     /**< 0, 1, 2, ... */
    HNSW_RECALL_ASCENDING, /**< shuffled, then by increasing key (NaN last): the local intrinsic dimension, a category
                            */
    HNSW_RECALL_DESCENDING /**< shuffled, then by decreasing key (NaN last) */
} hnsw_recall_ordering;

/** Makes an order of @p n elements: order[i] is inserted as number i. @p keys (n numbers) may be null for the first two
 *  kinds. Equal keys stay in the order of the shuffle, which is that of @p r. */
assay_status hnsw_recall_order(hnsw_recall_ordering kind, const double *keys, size_t n, assay_random r, size_t *order);

/** recall\@k over @p queries: mean share of the k exact labels that are among the k found (UINT64_MAX counts as none).
 */
assay_status hnsw_recall_at_k(const uint64_t *found, const uint64_t *exact, size_t queries, size_t k, double *recall);

/** The same by distances, which does justice to equal ones: a hit is a found distance at most exact[k-1], plus 1e-6 of
 *  its magnitude. Both are queries x k; infinity counts as none. */
assay_status hnsw_recall_at_k_by_distance(const float *found, const float *exact, size_t queries, size_t k,
                                          double *recall);

/** NDCG\@k with gains 0 and 1: @p relevant is queries x k, in order of rank. Mean of
 *  sum relevant_i / log2(i + 1) over the same sum with all relevant, i from 1. */
assay_status hnsw_recall_ndcg(const bool *relevant, size_t queries, size_t k, double *ndcg);

ASSAY_END_DECLARATIONS

#endif
