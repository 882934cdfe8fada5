// The exact transport problem by LEMON's network simplex.
#include "verify/transport/sinkhorn_newton_simplex.h"

#include <cmath>
#include <new>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // LEMON copies arcs that it sets afterwards
#endif
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

using lemon::NetworkSimplex;
using lemon::SmartDigraph;

struct transport_simplex {
    size_t n, m;
    SmartDigraph graph;
};

extern "C" transport_simplex *transport_simplex_create(size_t n, size_t m)
try {
    auto *simplex = new transport_simplex{n, m, {}};
    simplex->graph.reserveNode(static_cast<int>(n + m));
    simplex->graph.reserveArc(static_cast<int>(n * m));
    for (size_t k = 0; k < n + m; k++)
        simplex->graph.addNode();
    for (size_t i = 0; i < n; i++) // arc i m + j
        for (size_t j = 0; j < m; j++)
            simplex->graph.addArc(SmartDigraph::nodeFromId(static_cast<int>(i)),
                                  SmartDigraph::nodeFromId(static_cast<int>(n + j)));
    return simplex;
} catch (const std::bad_alloc &) {
    return nullptr;
}

extern "C" void transport_simplex_release(transport_simplex *simplex)
{
    delete simplex;
}

extern "C" double transport_simplex_solve(transport_simplex *simplex, const double *cost, const int64_t *supply,
                                          const int64_t *demand)
try {
    const size_t n = simplex->n, m = simplex->m;
    SmartDigraph::ArcMap<int64_t> costs(simplex->graph);
    SmartDigraph::NodeMap<int64_t> supplies(simplex->graph);
    for (size_t k = 0; k < n * m; k++)
        costs[SmartDigraph::arcFromId(static_cast<int>(k))] = std::llround(std::ldexp(cost[k], 40));
    for (size_t i = 0; i < n; i++)
        supplies[SmartDigraph::nodeFromId(static_cast<int>(i))] = supply[i];
    for (size_t j = 0; j < m; j++)
        supplies[SmartDigraph::nodeFromId(static_cast<int>(n + j))] = -demand[j];
    NetworkSimplex<SmartDigraph, int64_t, int64_t> method(simplex->graph);
    method.costMap(costs).supplyMap(supplies);
    if (method.run() != method.OPTIMAL)
        return NAN;
    return std::ldexp(static_cast<double>(method.totalCost()), -40);
} catch (const std::bad_alloc &) {
    return NAN;
}
