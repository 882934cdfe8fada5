/* Young's theory of SOR, the surrogates of the counts, and golden-section search. */
#include "assay/memory.h"
#include "reference/solvers/sor_bandit_arguments.h"

#include <math.h>

double sor_bandit_jacobi_radius(const sor_bandit_grid *grid)
{
    if (sor_bandit_check_grid(grid) != ASSAY_OK)
        return NAN;
    return 2 * fabs(grid->neighbour) / grid->diagonal *
           (cos(M_PI / (double)(grid->rows + 1)) + cos(M_PI / (double)(grid->columns + 1)));
}

double sor_bandit_young_omega(double beta)
{
    if (!(beta >= 0 && beta < 1))
        return NAN;
    const double part = beta / (1 + sqrt(1 - beta * beta));
    return 1 + part * part;
}

double sor_bandit_young_radius(double beta, double omega)
{
    if (!(beta >= 0 && beta < 1) || !(omega > 0 && omega < 2))
        return NAN;
    const double inside = omega * omega * beta * beta - 4 * (omega - 1);
    if (omega >= sor_bandit_young_omega(beta) || inside < 0)
        return omega - 1;
    const double root = (omega * beta + sqrt(inside)) / 2;
    return root * root;
}

double sor_bandit_surrogate_sor(double radius, double tau, double tolerance)
{
    if (!(radius >= 0 && radius < 1) || !(tau >= 0 && tau < 1) || !(tolerance > 0 && tolerance < 1))
        return NAN;
    return 1 + log(tolerance) / log(radius + tau * (1 - radius));
}

double sor_bandit_surrogate_gradients(double omega, double kappa, double alpha, double beta, double tolerance)
{
    if (!(omega >= 2 * sqrt(2) - 2 && omega < 2) || !(kappa >= 1) || !(alpha > 0) || !isfinite(beta) ||
        !(tolerance > 0 && tolerance < 1))
        return NAN;
    const double s = (2 - omega) / (1 + (2 - omega) * (2 - omega) * alpha / (4 * omega) + beta * omega);
    const double steps = log(sqrt(kappa) / tolerance + sqrt(kappa / (tolerance * tolerance) - 1));
    return 1 + steps / -log(1 - 2 / (1 + sqrt(1 / s)));
}

/* ---- Golden section (R8) -------------------------------------------------------------------------------------- */

/* All costs so far are kept by the least one and where it was found first and last, in omega. */
typedef struct golden {
    sor_bandit_cost cost;
    void *self;
    size_t made;
    double least, from, to;
} golden;

static double evaluate(golden *g, double omega)
{
    const double cost = g->cost(g->self, omega);
    g->made++;
    if (cost < g->least || isnan(g->least)) {
        g->least = cost;
        g->from = g->to = omega;
    } else if (cost == g->least) {
        g->from = fmin(g->from, omega);
        g->to = fmax(g->to, omega);
    }
    return cost;
}

static assay_status check_starts(const double *starts, size_t count, size_t evaluations)
{
    if (count < 3 || evaluations <= count)
        return assay_fail(ASSAY_OUT_OF_RANGE, "count is %zu and evaluations %zu, must be at least 3 and more than that",
                          count, evaluations);
    if (!starts)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "starts is null");
    for (size_t i = 0; i < count; i++)
        if (!isfinite(starts[i]) || (i > 0 && starts[i] <= starts[i - 1]))
            return assay_fail(ASSAY_INVALID_ARGUMENT, "starts[%zu] is %g, must be finite and ascending", i, starts[i]);
    return ASSAY_OK;
}

assay_status sor_bandit_golden(sor_bandit_cost cost, void *self, const double *starts, size_t count, size_t evaluations,
                               double *omega)
{
    const assay_status status = check_starts(starts, count, evaluations);
    if (status != ASSAY_OK)
        return status;
    if (!cost || !omega)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", cost ? "omega" : "cost");
    golden g = {.cost = cost, .self = self, .least = NAN};
    for (size_t i = 0; i < count; i++)
        evaluate(&g, starts[i]);
    if (isnan(g.least))
        return assay_fail(ASSAY_OUT_OF_RANGE, "the cost is NaN at all starts");
    double low = starts[0], high = starts[count - 1];
    for (size_t i = 1; i < count; i++) {
        low = starts[i] == g.from ? starts[i - 1] : low;
        high = starts[i - 1] == g.to ? starts[i] : high;
    }
    const double ratio = (sqrt(5) - 1) / 2;
    double left = high - ratio * (high - low), right = low + ratio * (high - low);
    double at_left = evaluate(&g, left), at_right = g.made < evaluations ? evaluate(&g, right) : INFINITY;
    while (g.made < evaluations) {
        if (at_left < at_right || (at_left == at_right && g.made % 2 == 0)) {
            high = right;
            right = left;
            at_right = at_left;
            left = high - ratio * (high - low);
            at_left = evaluate(&g, left);
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + ratio * (high - low);
            at_right = evaluate(&g, right);
        }
    }
    *omega = (g.from + g.to) / 2;
    return ASSAY_OK;
}
