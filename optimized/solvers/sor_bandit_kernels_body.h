/*
 * The kernels, included once for each instruction set, which defines: LANES; V, a vector of that many doubles; MASK,
 * and TAIL(k), the mask of the first k lanes; LOAD, STORE, and KEEP(mask, v), which sets the other lanes to 0; SET(a);
 * LATER(v, w), the lanes of v but the first, and then the first of w; EARLIER(v, w), the last lane of v, and then those
 * of w but the last; ADD, SUBTRACT, MULTIPLY, DIVIDE; FUSED(a, b, c) = a b + c, with or without an intermediate
 * rounding; SUM(v); KERNELS, the name of the table.
 *
 * What SOR computes must have the reference's bits: no fused operations there, and the order of the reference's sums.
 */
#include "optimized/solvers/sor_bandit_kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* Runs @p AT(k, v) for the vectors from element k of @p n, v being VALUE(k), with zeros behind the last element: they
 * may be stored, because an anti-diagonal has zeros behind it up to a vector's end. */
#define FOR_VECTORS(n, VALUE, AT)                                                                                      \
    do {                                                                                                               \
        size_t k_ = 0;                                                                                                 \
        for (; k_ + LANES <= (n); k_ += LANES)                                                                         \
            AT(k_, VALUE(k_));                                                                                         \
        if (LANES > 1 && k_ < (n)) {                                                                                   \
            const MASK mask_ = TAIL((n)-k_);                                                                           \
            AT(k_, KEEP(mask_, VALUE(k_)));                                                                            \
        }                                                                                                              \
    } while (0)

/* The same for what is 0 wherever its arguments are: it needs no mask. */
#define FOR_WHOLE_VECTORS(n, AT)                                                                                       \
    do {                                                                                                               \
        for (size_t k_ = 0; k_ < (n); k_ += LANES)                                                                     \
            AT(k_);                                                                                                    \
    } while (0)

/*
 * The neighbours of LANES points on the anti-diagonal before (up and left) or behind (right and down), p being that in
 * the row of the first point. One of the two vectors is where a vector was stored, maybe just now; the other one
 * straddles two such places, and to load it would wait until both are in the cache: it is put together from them.
 */
typedef struct pair {
    V first, second;
} pair;

INLINE pair pair_before(const double *p, bool level)
{
    if (level) {
        const V left = LOAD(p);
        return (pair){EARLIER(LOAD(p - LANES), left), left};
    }
    const V up = LOAD(p - 1);
    return (pair){up, LATER(up, LOAD(p - 1 + LANES))};
}

INLINE pair pair_behind(const double *p, bool level)
{
    if (level) {
        const V right = LOAD(p);
        return (pair){right, LATER(right, LOAD(p + LANES))};
    }
    const V down = LOAD(p + 1);
    return (pair){EARLIER(LOAD(p + 1 - LANES), down), down};
}

/* Makes @p CALL for the four combinations of conditions that hold for a whole anti-diagonal, with constants in place of
 * level_before and level_behind, for the compiler to make four loops of one. */
#define FOR_LEVELS(at, CALL)                                                                                           \
    do {                                                                                                               \
        if ((at)->level_before && (at)->level_behind)                                                                  \
            CALL(true, true);                                                                                          \
        else if ((at)->level_before)                                                                                   \
            CALL(true, false);                                                                                         \
        else if ((at)->level_behind)                                                                                   \
            CALL(false, true);                                                                                         \
        else                                                                                                           \
            CALL(false, false);                                                                                        \
    } while (0)

INLINE V both(pair p)
{
    return ADD(p.first, p.second);
}

/* ---- SOR ------------------------------------------------------------------------------------------------------ */

/* The operator with what SOR needs of it in all lanes. */
typedef struct spread {
    V diagonal, neighbour, omega; /* neighbour: the matrix's element, negative */
} spread;

INLINE V sor_new(const spread *a, V b, V x, pair before, pair behind)
{
    V sum = ADD(ADD(SET(0), MULTIPLY(a->neighbour, before.first)), MULTIPLY(a->neighbour, before.second));
    sum = ADD(ADD(sum, MULTIPLY(a->neighbour, behind.first)), MULTIPLY(a->neighbour, behind.second));
    return ADD(x, MULTIPLY(a->omega, SUBTRACT(DIVIDE(SUBTRACT(b, sum), a->diagonal), x)));
}

INLINE V sor_residual(const spread *a, V b, V x, pair before, pair behind)
{
    V sum = ADD(ADD(SET(0), MULTIPLY(a->neighbour, before.first)), MULTIPLY(a->neighbour, before.second));
    sum = ADD(sum, MULTIPLY(a->diagonal, x));
    sum = ADD(ADD(sum, MULTIPLY(a->neighbour, behind.first)), MULTIPLY(a->neighbour, behind.second));
    return SUBTRACT(b, sum);
}

INLINE void sweep_points(const spread *a, const sor_bandit_place *at, bool level_before, bool level_behind,
                         const double *b, double *x)
{
    const double *before = x + at->before, *behind = x + at->behind;
    b += at->here;
    x += at->here;
#define VALUE(k)                                                                                                       \
    sor_new(a, LOAD(b + (k)), LOAD(x + (k)), pair_before(before + (k), level_before),                                  \
            pair_behind(behind + (k), level_behind))
#define AT(k, v) STORE(x + (k), v)
    FOR_VECTORS(at->n, VALUE, AT);
#undef VALUE
#undef AT
}

INLINE void sweep_diagonal(const spread *a, const sor_bandit_skew *skew, size_t s, const double *b, double *x)
{
    const sor_bandit_place *const at = &skew->places[s];
#define CALL(level_before, level_behind) sweep_points(a, at, level_before, level_behind, b, x)
    FOR_LEVELS(at, CALL);
#undef CALL
}

INLINE V residual_points(const spread *a, const sor_bandit_place *at, bool level_before, bool level_behind,
                         const double *b, const double *x, V squares)
{
    const double *before = x + at->before, *behind = x + at->behind;
    b += at->here;
    x += at->here;
#define VALUE(k)                                                                                                       \
    sor_residual(a, LOAD(b + (k)), LOAD(x + (k)), pair_before(before + (k), level_before),                             \
                 pair_behind(behind + (k), level_behind))
#define AT(k, v)                                                                                                       \
    do {                                                                                                               \
        const V r_ = v;                                                                                                \
        squares = FUSED(r_, r_, squares);                                                                              \
    } while (0)
    FOR_VECTORS(at->n, VALUE, AT);
#undef VALUE
#undef AT
    return squares;
}

INLINE V residual_diagonal(const spread *a, const sor_bandit_skew *skew, size_t s, const double *b, const double *x,
                           V squares)
{
    const sor_bandit_place *const at = &skew->places[s];
#define CALL(level_before, level_behind) squares = residual_points(a, at, level_before, level_behind, b, x, squares)
    FOR_LEVELS(at, CALL);
#undef CALL
    return squares;
}

/*
 * @p count sweeps at once: each is two anti-diagonals behind the one before it, whose values it needs, and its residual
 * follows by one anti-diagonal, before the next sweep comes there. They do not wait for each other, and what they share
 * is in the first cache.
 */
INLINE void sweep_together(const sor_bandit_operator *a, double omega, const double *b, double *x, size_t count,
                           double *squares)
{
    const spread spread_a = {SET(a->diagonal), SET(-a->neighbour), SET(omega)};
    const size_t diagonals = a->skew->diagonals;
    V sums[SOR_BANDIT_TOGETHER];
    for (size_t j = 0; j < count; j++)
        sums[j] = SET(0);
    for (size_t t = 0; t <= diagonals + 2 * (count - 1); t++)
        for (size_t j = 0; j < count; j++) {
            const size_t s = t - 2 * j; /* wraps to a large number before the sweep begins */
            if (s < diagonals)
                sweep_diagonal(&spread_a, a->skew, s, b, x);
            if (s - 1 < diagonals)
                sums[j] = residual_diagonal(&spread_a, a->skew, s - 1, b, x, sums[j]);
        }
    for (size_t j = 0; j < count; j++)
        squares[j] = SUM(sums[j]);
}

static double sweep(const sor_bandit_operator *a, double omega, const double *b, double *x)
{
    double squares;
    sweep_together(a, omega, b, x, 1, &squares);
    return squares;
}

static void sweeps(const sor_bandit_operator *a, double omega, const double *b, double *x, double *squares)
{
    sweep_together(a, omega, b, x, SOR_BANDIT_TOGETHER, squares);
}

/* ---- Conjugate gradients -------------------------------------------------------------------------------------- */

static void residual(const sor_bandit_operator *a, const double *b, const double *x, double *r, double squares[2])
{
    const spread spread_a = {SET(a->diagonal), SET(-a->neighbour), SET(0)};
    V of_r = SET(0), of_b = SET(0);
    for (size_t s = 0; s < a->skew->diagonals; s++) {
        const sor_bandit_place *const at = &a->skew->places[s];
        const double *bs = b + at->here, *xs = x + at->here, *before = x + at->before, *behind = x + at->behind;
        double *rs = r + at->here;
#define VALUE(k)                                                                                                       \
    sor_residual(&spread_a, LOAD(bs + (k)), LOAD(xs + (k)), ((pair){LOAD(before + (k)-1), LOAD(before + (k))}),        \
                 ((pair){LOAD(behind + (k)), LOAD(behind + (k) + 1)}))
#define AT(k, v)                                                                                                       \
    do {                                                                                                               \
        const V r_ = v;                                                                                                \
        STORE(rs + (k), r_);                                                                                           \
        of_r = FUSED(r_, r_, of_r);                                                                                    \
    } while (0)
#define AT_SIDE(k)                                                                                                     \
    do {                                                                                                               \
        const V b_ = LOAD(bs + (k));                                                                                   \
        of_b = FUSED(b_, b_, of_b);                                                                                    \
    } while (0)
        FOR_VECTORS(at->n, VALUE, AT);
        FOR_WHOLE_VECTORS(at->n, AT_SIDE);
#undef VALUE
#undef AT
#undef AT_SIDE
    }
    squares[0] = SUM(of_r);
    squares[1] = SUM(of_b);
}

/* x += alpha p, r -= alpha q on one anti-diagonal; adds r's squares. */
INLINE V advance_diagonal(size_t n, V alpha, const double *p, const double *q, double *x, double *r, V squares)
{
#define AT(k)                                                                                                          \
    do {                                                                                                               \
        const V r_ = SUBTRACT(LOAD(r + (k)), MULTIPLY(alpha, LOAD(q + (k))));                                          \
        STORE(x + (k), FUSED(alpha, LOAD(p + (k)), LOAD(x + (k))));                                                    \
        STORE(r + (k), r_);                                                                                            \
        squares = FUSED(r_, r_, squares);                                                                              \
    } while (0)
    FOR_WHOLE_VECTORS(n, AT);
#undef AT
    return squares;
}

/* y = (r + omega neighbour (y above and left)) / diagonal, as own r + coupling (...). */
INLINE void forward_points(size_t n, bool level, V own, V coupling, const double *r, const double *before, double *y)
{
#define VALUE(k) FUSED(coupling, both(pair_before(before + (k), level)), MULTIPLY(own, LOAD(r + (k))))
#define AT(k, v) STORE(y + (k), v)
    FOR_VECTORS(n, VALUE, AT);
#undef VALUE
#undef AT
}

static double advance(const sor_bandit_operator *a, double omega, double alpha, const double *p, const double *q,
                      double *x, double *r, double *y)
{
    const V factor = SET(alpha), own = SET(1 / a->diagonal), coupling = SET(omega * a->neighbour / a->diagonal);
    V squares = SET(0);
    for (size_t s = 0; s < a->skew->diagonals; s++) {
        const sor_bandit_place *const at = &a->skew->places[s];
        if (p)
            squares = advance_diagonal(at->n, factor, p + at->here, q + at->here, x + at->here, r + at->here, squares);
        if (y && at->level_before)
            forward_points(at->n, true, own, coupling, r + at->here, y + at->before, y + at->here);
        else if (y)
            forward_points(at->n, false, own, coupling, r + at->here, y + at->before, y + at->here);
    }
    return SUM(squares);
}

INLINE V backward_points(size_t n, bool level, V own, V coupling, const double *r, const double *behind, double *z,
                         V product)
{
#define VALUE(k) FUSED(coupling, both(pair_behind(behind + (k), level)), MULTIPLY(own, LOAD(z + (k))))
#define AT(k, v)                                                                                                       \
    do {                                                                                                               \
        const V z_ = v;                                                                                                \
        STORE(z + (k), z_);                                                                                            \
        product = FUSED(LOAD(r + (k)), z_, product);                                                                   \
    } while (0)
    FOR_VECTORS(n, VALUE, AT);
#undef VALUE
#undef AT
    return product;
}

static double backward(const sor_bandit_operator *a, double omega, const double *r, double *y)
{
    const V own = SET(omega * (2 - omega)), coupling = SET(omega * a->neighbour / a->diagonal);
    V product = SET(0);
    for (size_t s = a->skew->diagonals; s-- > 0;) {
        const sor_bandit_place *const at = &a->skew->places[s];
        if (at->level_behind)
            product = backward_points(at->n, true, own, coupling, r + at->here, y + at->behind, y + at->here, product);
        else
            product = backward_points(at->n, false, own, coupling, r + at->here, y + at->behind, y + at->here, product);
    }
    return SUM(product);
}

INLINE void direct_diagonal(size_t n, double beta, const double *z, double *p)
{
    const V factor = SET(beta);
#define FIRST(k) STORE(p + (k), LOAD(z + (k)))
#define AT(k)    STORE(p + (k), FUSED(factor, LOAD(p + (k)), LOAD(z + (k))))
    if (beta == 0)
        FOR_WHOLE_VECTORS(n, FIRST);
    else
        FOR_WHOLE_VECTORS(n, AT);
#undef FIRST
#undef AT
}

INLINE V apply_points(const sor_bandit_place *at, bool level_before, bool level_behind, V diagonal, V neighbour,
                      const double *p, double *q, V product)
{
    const double *before = p + at->before, *behind = p + at->behind;
    p += at->here;
    q += at->here;
#define NEIGHBOURS(k) ADD(both(pair_before(before + (k), level_before)), both(pair_behind(behind + (k), level_behind)))
#define VALUE(k)      FUSED(neighbour, NEIGHBOURS(k), MULTIPLY(diagonal, LOAD(p + (k))))
#define AT(k, v)                                                                                                       \
    do {                                                                                                               \
        const V q_ = v;                                                                                                \
        STORE(q + (k), q_);                                                                                            \
        product = FUSED(LOAD(p + (k)), q_, product);                                                                   \
    } while (0)
    FOR_VECTORS(at->n, VALUE, AT);
#undef NEIGHBOURS
#undef VALUE
#undef AT
    return product;
}

INLINE V apply_diagonal(const sor_bandit_operator *a, size_t s, const double *p, double *q, V product)
{
    const sor_bandit_place *const at = &a->skew->places[s];
    const V diagonal = SET(a->diagonal), neighbour = SET(-a->neighbour);
#define CALL(level_before, level_behind)                                                                               \
    product = apply_points(at, level_before, level_behind, diagonal, neighbour, p, q, product)
    FOR_LEVELS(at, CALL);
#undef CALL
    return product;
}

/* q follows p by one anti-diagonal. */
static double direction(const sor_bandit_operator *a, double beta, const double *z, double *p, double *q)
{
    const sor_bandit_skew *skew = a->skew;
    V product = SET(0);
    for (size_t s = 0; s < skew->diagonals; s++) {
        const sor_bandit_place *const at = &skew->places[s];
        direct_diagonal(at->n, beta, z + at->here, p + at->here);
        if (s > 0)
            product = apply_diagonal(a, s - 1, p, q, product);
    }
    return SUM(apply_diagonal(a, skew->diagonals - 1, p, q, product));
}

static void explicit_step(const sor_bandit_skew *skew, double center, double g, const double *u, double *b)
{
    const V own = SET(center), other = SET(g);
    for (size_t s = 0; s < skew->diagonals; s++) {
        const sor_bandit_place *const at = &skew->places[s];
        const double *us = u + at->here, *before = u + at->before, *behind = u + at->behind;
        double *bs = b + at->here;
#define AROUND(k) ADD(ADD(ADD(LOAD(before + (k)-1), LOAD(before + (k))), LOAD(behind + (k))), LOAD(behind + (k) + 1))
#define VALUE(k)  ADD(MULTIPLY(own, LOAD(us + (k))), MULTIPLY(other, AROUND(k)))
#define AT(k, v)  STORE(bs + (k), v)
        FOR_VECTORS(at->n, VALUE, AT);
#undef AROUND
#undef VALUE
#undef AT
    }
}

/* ---- Many problems side by side --------------------------------------------------------------------------------- */

INLINE void sweep_lanes_diagonal(const spread *a, const sor_bandit_skew *skew, size_t s, const double *b, double *x)
{
    const sor_bandit_place *const at = &skew->places[s];
    const double *before = x + at->before * LANES, *behind = x + at->behind * LANES;
    b += at->here * LANES;
    x += at->here * LANES;
    for (size_t k = 0; k < at->n * LANES; k += LANES)
        STORE(x + k, sor_new(a, LOAD(b + k), LOAD(x + k), (pair){LOAD(before + k - LANES), LOAD(before + k)},
                             (pair){LOAD(behind + k), LOAD(behind + k + LANES)}));
}

INLINE V residual_lanes_diagonal(const spread *a, const sor_bandit_skew *skew, size_t s, const double *b,
                                 const double *x, V squares)
{
    const sor_bandit_place *const at = &skew->places[s];
    const double *before = x + at->before * LANES, *behind = x + at->behind * LANES;
    b += at->here * LANES;
    x += at->here * LANES;
    for (size_t k = 0; k < at->n * LANES; k += LANES) {
        const V r = sor_residual(a, LOAD(b + k), LOAD(x + k), (pair){LOAD(before + k - LANES), LOAD(before + k)},
                                 (pair){LOAD(behind + k), LOAD(behind + k + LANES)});
        squares = FUSED(r, r, squares);
    }
    return squares;
}

static void sweep_lanes(const sor_bandit_skew *skew, double neighbour, const double *diagonals, const double *omegas,
                        const double *b, double *x, double *squares)
{
    const spread a = {LOAD(diagonals), SET(-neighbour), LOAD(omegas)};
    V sums = SET(0);
    for (size_t s = 0; s <= skew->diagonals; s++) {
        if (s < skew->diagonals)
            sweep_lanes_diagonal(&a, skew, s, b, x);
        if (s > 0)
            sums = residual_lanes_diagonal(&a, skew, s - 1, b, x, sums);
    }
    STORE(squares, sums);
}

const sor_bandit_kernels KERNELS = {LANES,    sweep,     sweeps,        residual,   advance,
                                    backward, direction, explicit_step, sweep_lanes};
