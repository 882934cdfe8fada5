/* The exact transport problem by LEMON's network simplex, as truth and as a peer. */
#ifndef VERIFY_SINKHORN_NEWTON_SIMPLEX_H
#define VERIFY_SINKHORN_NEWTON_SIMPLEX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The graph of n sources and m targets. */
typedef struct transport_simplex transport_simplex;

/* Null if there is no memory. */
transport_simplex *transport_simplex_create(size_t n, size_t m);
void transport_simplex_release(transport_simplex *simplex);

/* Least cost of moving @p supply (n) to @p demand (m), whole numbers with equal sums below 2^20, at costs of at most 2
 * in size, which are rounded to multiples of 2^-40. NaN if it fails. */
double transport_simplex_solve(transport_simplex *simplex, const double *cost, const int64_t *supply,
                               const int64_t *demand);

#ifdef __cplusplus
}
#endif

#endif
