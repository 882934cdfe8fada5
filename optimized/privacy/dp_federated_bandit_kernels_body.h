/* The kernel, compiled once for each level: SCORE is its name, MINUS_PRODUCT(c, a, b) is c - a b.
 *
 * Arms lie across the lanes: a tile of 32 is transposed, then z = L^-1 x goes row by row, each element of L being
 * loaded once for all of them, with the accumulators of a row in registers. */
#include "optimized/privacy/dp_federated_bandit_kernels.h"

#include <math.h>

enum { TILE = DP_FEDERATED_BANDIT_TILE };

static void score_tile(const double *restrict l, const double *restrict theta, double beta, size_t d,
                       const double *restrict columns, double *restrict z, double *restrict bounds)
{
    double squares[TILE] = {0}, means[TILE] = {0};
    for (size_t i = 0; i < d; i++) {
        double row[TILE];
        const double *x = columns + i * TILE;
        for (int a = 0; a < TILE; a++)
            row[a] = x[a];
        for (size_t j = 0; j < i; j++) {
            const double factor = l[i * d + j];
            const double *above = z + j * TILE;
            for (int a = 0; a < TILE; a++)
                row[a] = MINUS_PRODUCT(row[a], factor, above[a]);
        }
        const double reciprocal = l[i * d + i], weight = -theta[i];
        for (int a = 0; a < TILE; a++) {
            row[a] *= reciprocal;
            z[i * TILE + a] = row[a];
            squares[a] = MINUS_PRODUCT(squares[a], -row[a], row[a]);
            means[a] = MINUS_PRODUCT(means[a], weight, x[a]);
        }
    }
    for (int a = 0; a < TILE; a++)
        bounds[a] = means[a] + beta * sqrt(squares[a]);
}

void SCORE(const double *l, const double *theta, double beta, const double *x, size_t d, size_t arms, double *bounds,
           double *room)
{
    double *columns = room, *z = room + d * TILE, last[TILE];
    for (size_t from = 0; from < arms; from += TILE) {
        const size_t count = arms - from < TILE ? arms - from : TILE;
        for (size_t a = 0; a < TILE; a++) {
            const double *row = x + (from + (a < count ? a : 0)) * d; /* idle lanes repeat the first arm */
            for (size_t i = 0; i < d; i++)
                columns[i * TILE + a] = row[i];
        }
        score_tile(l, theta, beta, d, columns, z, count == TILE ? bounds + from : last);
        for (size_t a = 0; count < TILE && a < count; a++)
            bounds[from + a] = last[a];
    }
}
