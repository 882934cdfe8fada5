/*
 * Selection by NSGA-II (Deb et al. 2002): fronts of non-dominated programs, the last one thinned by crowding distance.
 */
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Accuracy in digits, kept finite so that distances are. */
static double digits(evolved_exp_fitness f)
{
    return f.error > 0 ? fmin(40, fmax(-40, -log10(f.error))) : 40;
}

/* Hardware mode: what is correct beats what is not; correct ones compare by cost, others by error. */
static int compare_feasible(evolved_exp_fitness a, evolved_exp_fitness b, double feasible)
{
    const bool fa = a.error <= feasible, fb = b.error <= feasible;
    if (fa != fb)
        return fa ? -1 : 1;
    const double va = fa ? a.cost : a.error, vb = fa ? b.cost : b.error;
    return va < vb ? -1 : va > vb;
}

static bool dominates(evolved_exp_fitness a, evolved_exp_fitness b, double feasible)
{
    if (feasible >= 0)
        return compare_feasible(a, b, feasible) < 0;
    return a.error <= b.error && a.cost <= b.cost && (a.error < b.error || a.cost < b.cost);
}

bool evolved_exp_better(evolved_exp_fitness a, evolved_exp_fitness b, double feasible)
{
    return feasible >= 0 ? compare_feasible(a, b, feasible) < 0 : a.error < b.error;
}

/* One member of a front. */
typedef struct member {
    size_t index;
    double digits, cost, distance;
} member;

static int by_cost(const void *a, const void *b)
{
    const member *p = a, *q = b;
    if (p->cost != q->cost)
        return p->cost < q->cost ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

static int by_distance(const void *a, const void *b)
{
    const member *p = a, *q = b;
    if (p->distance != q->distance)
        return p->distance > q->distance ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

/* Along a front accuracy rises with cost, so that both objectives have the same neighbours. */
static void crowd(member *front, size_t count)
{
    enum { OBJECTIVES = 2 };
    qsort(front, count, sizeof *front, by_cost);
    const double cost_range = front[count - 1].cost - front[0].cost;
    const double digit_range = fabs(front[count - 1].digits - front[0].digits);
    for (size_t i = 0; i < count; i++) {
        front[i].distance = OBJECTIVES;
        if (i == 0 || i == count - 1)
            continue;
        const double cost_gap = front[i + 1].cost - front[i - 1].cost;
        const double digit_gap = fabs(front[i + 1].digits - front[i - 1].digits);
        front[i].distance =
            (cost_range > 0 ? cost_gap / cost_range : 0) + (digit_range > 0 ? digit_gap / digit_range : 0);
    }
    qsort(front, count, sizeof *front, by_distance);
}

/* Programs of one cost whose errors agree this well compute the same function with the same tuned constants, but for
 * rounding in another order or the last steps of CMA-ES. */
static const double same_error = 1e-6;

static bool same(evolved_exp_fitness a, evolved_exp_fitness b)
{
    return a.cost == b.cost && (a.error == b.error || fabs(a.error - b.error) <= same_error * b.error);
}

/* Indices of the fitnesses, without repetitions of a (cost, error); returns how many. Without this the copies of the
 * best programs crowd out the slightly worse ones from which better ones come. */
static size_t list_distinct(const evolved_exp_fitness *fitness, size_t count, size_t *out)
{
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        bool repeated = false;
        for (size_t j = 0; j < distinct && !repeated; j++)
            repeated = same(fitness[out[j]], fitness[i]);
        if (!repeated)
            out[distinct++] = i;
    }
    return distinct;
}

/* Moves the non-dominated of @p left to @p front; returns their number. */
static size_t take_front(const evolved_exp_fitness *fitness, size_t *left, size_t *left_count, double feasible,
                         member *front)
{
    size_t taken = 0, kept = 0;
    bool *dominated = calloc(*left_count, sizeof *dominated);
    if (!dominated)
        return 0;
    for (size_t i = 0; i < *left_count; i++)
        for (size_t j = 0; j < *left_count && !dominated[i]; j++)
            dominated[i] = dominates(fitness[left[j]], fitness[left[i]], feasible);
    for (size_t i = 0; i < *left_count; i++) {
        const evolved_exp_fitness f = fitness[left[i]];
        if (dominated[i])
            left[kept++] = left[i];
        else
            front[taken++] = (member){.index = left[i], .digits = digits(f), .cost = f.cost};
    }
    *left_count = kept;
    free(dominated);
    return taken;
}

size_t evolved_exp_select(const evolved_exp_fitness *fitness, size_t count, size_t want, double feasible,
                          size_t *chosen)
{
    size_t *left = malloc(count * sizeof *left);
    member *front = malloc(count * sizeof *front);
    size_t picked = 0, left_count = left && front ? list_distinct(fitness, count, left) : 0;
    while (picked < want && left_count > 0) {
        const size_t members = take_front(fitness, left, &left_count, feasible, front);
        if (members == 0)
            break;
        crowd(front, members);
        for (size_t i = 0; i < members && picked < want; i++)
            chosen[picked++] = front[i].index;
    }
    free(left);
    free(front);
    return picked;
}
