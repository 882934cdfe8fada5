/* What the files of dp_federated_bandit share: the loop over rounds, and the engines that play them. */
#ifndef ASSAY_DP_FEDERATED_BANDIT_REFERENCE_H
#define ASSAY_DP_FEDERATED_BANDIT_REFERENCE_H

#include "assay/dp_federated_bandit.h"

/* Upper triangles are packed row by row after the vector: U, then W. */
static inline size_t dp_federated_bandit_width(size_t d)
{
    return d + d * (d + 1) / 2;
}

/* What a silo knows. The engine's own part comes from its create(). */
typedef struct dp_federated_bandit_silo {
    size_t number;
    size_t dimension, arms;
    double *packed; /* U and W of its own rounds since the last synchronisation */
    double *x;      /* K x d: this round's features */
    double *bounds; /* K */
    void *engine;
    uint64_t clipped;
    assay_status status;
    char detail[160];
} dp_federated_bandit_silo;

/* How a silo's bounds are computed: plainly, or fast. */
typedef struct dp_federated_bandit_engine {
    bool threads;                           /* silos may be played by several */
    void *(*create)(size_t d, size_t arms); /* null: no memory, with assay_error() */
    void (*release)(void *engine);
    /* A synchronisation: V = base (d x d, positive definite) and U = shared, nothing of the silo's own. */
    assay_status (*begin)(void *engine, size_t d, const double *base, const double *shared);
    /* May be null: a quick look at the silo's arms in a round, before their bounds are asked for. True if none of them
     * is longer than 1 + 1e-9, or not finite; whether one is near that is found out slowly. */
    bool (*within)(void *engine, const dp_federated_bandit_silo *silo);
    /* bounds of the silo's arms with radius @p beta. */
    assay_status (*score)(void *engine, const dp_federated_bandit_silo *silo, double beta);
    /* V += x x^T, U += y x. */
    assay_status (*learn)(void *engine, size_t d, const double *x, double y);
} dp_federated_bandit_engine;

extern const dp_federated_bandit_engine dp_federated_bandit_plain_engine;

/* Adds y x and the upper triangle of x x^T to a packed sum. */
void dp_federated_bandit_pack(size_t d, const double *x, double y, double *packed);

assay_status dp_federated_bandit_check(const dp_federated_bandit_parameters *parameters,
                                       const dp_federated_bandit_environment *environment,
                                       const dp_federated_bandit_result *result);

/* One process's silos, or all. */
assay_status dp_federated_bandit_play(const dp_federated_bandit_parameters *parameters,
                                      const dp_federated_bandit_environment *environment,
                                      const dp_federated_bandit_engine *engine, const dp_federated_bandit_ranks *ranks,
                                      dp_federated_bandit_result *result);

/* ---- Servers: from the silos' batch sums to what is shared ---- */

typedef struct dp_federated_bandit_server dp_federated_bandit_server;

/* @p first and @p count are the silos of this process; the server's own part exists on rank 0. */
assay_status dp_federated_bandit_server_create(const dp_federated_bandit_parameters *parameters,
                                               const dp_federated_bandit_ledger *ledger, size_t first, size_t count,
                                               dp_federated_bandit_server **server);
void dp_federated_bandit_server_release(dp_federated_bandit_server *server);

/* What silo @p silo sends of its batch sum: with its noise, or as it is. */
assay_status dp_federated_bandit_server_send(dp_federated_bandit_server *server, size_t silo, const double *packed,
                                             double *message);

/* SDP_VEC: a user's record, from any thread, one silo at a time. */
void dp_federated_bandit_server_record(dp_federated_bandit_server *server, size_t silo, size_t t, const double *x,
                                       double y);

/* From all silos' messages (M x width) to the shared sums (width); @p rounds have been played. */
assay_status dp_federated_bandit_server_combine(dp_federated_bandit_server *server, const double *messages,
                                                size_t rounds, double *shared);

/* A tree with a deviation for each number, taken over as it is (not copied). */
assay_status dp_federated_bandit_tree_create_scaled(size_t width, size_t length, double *deviations,
                                                    assay_random random, dp_federated_bandit_tree **tree);

/* The task of a node of the tree with 2^level batches. */
dp_federated_bandit_vector_task dp_federated_bandit_node_task(const dp_federated_bandit_parameters *p, size_t nodes,
                                                              size_t level);

/* Number of nodes that hold a batch, of @p batches. */
size_t dp_federated_bandit_nodes(size_t batches);

/* sigma for each number of a packed sum: off the diagonal of W a symmetrised noise has half the variance. */
double *dp_federated_bandit_deviations(size_t d, double sigma);

/* Random numbers by purpose. */
enum { DP_FEDERATED_BANDIT_NOISE = 1, DP_FEDERATED_BANDIT_ROUNDING, DP_FEDERATED_BANDIT_BINOMIAL };

#endif
