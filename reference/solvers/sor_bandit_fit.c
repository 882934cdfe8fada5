/* Least squares over a box for ChebCB's regressions (R7, step 3), by normal equations. */
#include "reference/solvers/sor_bandit_learner.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { M = SOR_BANDIT_FEATURES };

/* Turns rows and columns p, q of the symmetric a such that a[p][q] = 0, and columns p, q of v with them. */
static void rotate(size_t m, double a[M][M], double v[M][M], size_t p, size_t q)
{
    const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const double t = copysign(1 / (fabs(theta) + sqrt(theta * theta + 1)), theta);
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < m; k++) {
        const double kp = a[k][p], kq = a[k][q];
        a[k][p] = c * kp - s * kq;
        a[k][q] = s * kp + c * kq;
    }
    for (size_t k = 0; k < m; k++) {
        const double pk = a[p][k], qk = a[q][k];
        a[p][k] = c * pk - s * qk;
        a[q][k] = s * pk + c * qk;
    }
    for (size_t k = 0; k < m; k++) {
        const double kp = v[k][p], kq = v[k][q];
        v[k][p] = c * kp - s * kq;
        v[k][q] = s * kp + c * kq;
    }
}

/* Eigenvalues (the diagonal of a) and eigenvectors (the columns of v) by Jacobi's rotations, until what is off the
 * diagonal is below the rounding of what is on it. */
static void diagonalise(size_t m, double a[M][M], double v[M][M])
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            v[i][j] = i == j;
    for (int sweep = 0; sweep < 50; sweep++) {
        bool done = true;
        for (size_t p = 0; p + 1 < m; p++)
            for (size_t q = p + 1; q < m; q++)
                if (fabs(a[p][q]) > DBL_EPSILON / 4 * sqrt(fabs(a[p][p] * a[q][q])) && fabs(a[p][q]) > DBL_MIN) {
                    rotate(m, a, v, p, q);
                    done = false;
                }
        if (done)
            return;
    }
}

/* Solves a x = side for the unknowns in @p free (the others get 0) by Cholesky's factors. A pivot below @p cutoff times
 * its diagonal element is left out with its unknown; false if there was one. */
static bool solve_free(size_t m, const double *a, const bool *free, const double *side, double cutoff, double *x)
{
    double l[M][M], y[M];
    bool kept[M], all = true;
    for (size_t i = 0; i < m; i++) {
        x[i] = y[i] = 0;
        kept[i] = free[i];
        for (size_t j = 0; kept[i] && j < i; j++) {
            double sum = a[i * m + j];
            for (size_t k = 0; kept[j] && k < j; k++)
                sum -= kept[k] ? l[i][k] * l[j][k] : 0;
            l[i][j] = kept[j] ? sum / l[j][j] : 0;
        }
        double pivot = a[i * m + i];
        for (size_t k = 0; kept[i] && k < i; k++)
            pivot -= l[i][k] * l[i][k];
        if (kept[i] && !(pivot > cutoff * a[i * m + i]))
            kept[i] = all = false;
        if (!kept[i])
            continue;
        l[i][i] = sqrt(pivot);
        y[i] = side[i];
        for (size_t k = 0; k < i; k++)
            y[i] -= l[i][k] * y[k];
        y[i] /= l[i][i];
    }
    for (size_t i = m; i-- > 0;) {
        if (!kept[i])
            continue;
        double sum = y[i];
        for (size_t k = i + 1; k < m; k++)
            sum -= kept[k] ? l[k][i] * x[k] : 0;
        x[i] = sum / l[i][i];
    }
    return all;
}

/* The eigenvalues are needed only if there may be some that count as 0. */
void sor_bandit_least_norm(size_t m, const double *gram, const double *side, double *psi)
{
    bool all[M];
    double a[M][M], v[M][M], largest = 0;
    memset(all, true, sizeof all);
    if (solve_free(m, gram, all, side, 1e-6, psi))
        return;
    for (size_t i = 0; i < m; i++)
        memcpy(a[i], gram + i * m, m * sizeof *gram);
    diagonalise(m, a, v);
    for (size_t i = 0; i < m; i++) {
        largest = fmax(largest, a[i][i]);
        psi[i] = 0;
    }
    for (size_t l = 0; l < m; l++) {
        if (!(a[l][l] > 1e-12 * largest))
            continue;
        double projection = 0;
        for (size_t i = 0; i < m; i++)
            projection += v[i][l] * side[i];
        for (size_t i = 0; i < m; i++)
            psi[i] += v[i][l] * (projection / a[l][l]);
    }
}

/* ---- Over a box ------------------------------------------------------------------------------------------------ */

/* The problem min theta^T G theta / 2 - target^T theta over |theta_j| <= box[j], and where its solution has come to. */
typedef struct boxed {
    size_t m;
    const double *gram, *box;
    double target[M];
    double *theta;
    bool free[M]; /* the others are held at an end of their interval */
} boxed;

/* target - G theta: the way down; *size gets the sum of the absolute terms of element j, whose rounding is its error.
 */
static double descent(const boxed *b, size_t j, double *size)
{
    double sum = b->target[j];
    *size = fabs(sum);
    for (size_t l = 0; l < b->m; l++) {
        const double term = b->gram[j * b->m + l] * b->theta[l];
        sum -= term;
        *size += fabs(term);
    }
    return sum;
}

/* Goes to the minimum over the free unknowns, or as far as the box lets it; true if it got there. */
static bool move_free(boxed *b)
{
    double down[M], step[M], size, part = 1;
    size_t blocking = b->m;
    for (size_t j = 0; j < b->m; j++)
        down[j] = descent(b, j, &size);
    solve_free(b->m, b->gram, b->free, down, 1e-12, step);
    for (size_t j = 0; j < b->m; j++) {
        const double room = step[j] > 0 ? b->box[j] - b->theta[j] : -b->box[j] - b->theta[j];
        if (step[j] != 0 && room / step[j] < part) {
            part = room / step[j];
            blocking = j;
        }
    }
    for (size_t j = 0; j < b->m; j++)
        b->theta[j] += part * step[j];
    if (blocking == b->m)
        return true;
    b->theta[blocking] = copysign(b->box[blocking], step[blocking]);
    b->free[blocking] = false;
    return false;
}

/* Frees the held unknown that would gain most by going inwards; false if none would: the minimum is found. */
static bool free_one(boxed *b)
{
    size_t best = b->m;
    double most = 0;
    for (size_t j = 0; j < b->m; j++) {
        double size = 0;
        const double down = b->free[j] || b->box[j] == 0 ? 0 : descent(b, j, &size);
        const double gain = b->theta[j] > 0 ? -down : down;
        if (down != 0 && gain > 1e-13 * size && gain > most) {
            most = gain;
            best = j;
        }
    }
    if (best < b->m)
        b->free[best] = true;
    return best < b->m;
}

/* The method of active sets: ends after finitely many changes of the set of free unknowns. */
void sor_bandit_fit_box(size_t m, const double *gram, const double *side, const double *psi, double scale,
                        const double *box, double *theta)
{
    boxed b = {.m = m, .gram = gram, .box = box, .theta = theta};
    bool inside = true;
    for (size_t j = 0; j < m; j++) {
        const double wanted = psi[j] / scale;
        b.target[j] = side[j] / scale;
        b.free[j] = fabs(wanted) <= box[j] && box[j] > 0;
        theta[j] = fmin(fmax(wanted, -box[j]), box[j]);
        inside = inside && fabs(wanted) <= box[j];
    }
    for (size_t change = 0; !inside && change < 50 * m; change++)
        inside = move_free(&b) && !free_one(&b);
}
