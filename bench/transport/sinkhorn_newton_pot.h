/* POT (Python Optimal Transport) as a peer, run in this process. */
#ifndef BENCH_SINKHORN_NEWTON_POT_H
#define BENCH_SINKHORN_NEWTON_POT_H

#include "assay/sinkhorn_newton.h"

#include <stdbool.h>

/* Whether the system's Python 3.11 and POT can be loaded; done at the first call. */
bool pot_is_available(void);

/* ot.emd: the exact plan by network simplex. The problem's arrays are shared, not copied. */
assay_status pot_emd(const sinkhorn_newton_problem *problem);

/* ot.sinkhorn of a method ("sinkhorn", "sinkhorn_log", "sinkhorn_stabilized"), at most @p limit sweeps, until the
 * 2-norm of the violation is at most @p threshold. @p error, unless null, gets |P 1 - r|_1 + |P^T 1 - c|_1. */
assay_status pot_sinkhorn(const sinkhorn_newton_problem *problem, const char *method, size_t limit, double threshold,
                          double *error);

#endif
