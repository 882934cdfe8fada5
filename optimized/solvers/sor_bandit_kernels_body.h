/*
 * The kernels, included once for each instruction set, which defines: LANES; V, a vector of that many doubles; MASK,
 * and TAIL(k), the mask of the first k lanes; LOAD, STORE, STORE_TAIL(p, mask, v) and KEEP(mask, v), which sets the
 * other lanes to 0; SET(a); ADD, SUBTRACT, MULTIPLY, DIVIDE; FUSED(a, b, c) = a b + c, with or without an intermediate
 * rounding; SUM(v); KERNELS, the name of the table.
 *
 * What SOR computes must have the reference's bits: no fused operations there, and the order of the reference's sums.
 */
#include "optimized/solvers/sor_bandit_kernels.h"

/* Runs @p AT(k) for the vectors from element k of @p n, then @p TAIL_AT(k, mask) for what is left. */
#define FOR_VECTORS(n, AT, TAIL_AT)                                                                                    \
    do {                                                                                                               \
        size_t k_ = 0;                                                                                                 \
        for (; k_ + LANES <= (n); k_ += LANES)                                                                         \
            AT(k_);                                                                                                    \
        if (LANES > 1 && k_ < (n)) {                                                                                   \
            const MASK mask_ = TAIL((n)-k_);                                                                           \
            TAIL_AT(k_, mask_);                                                                                        \
        }                                                                                                              \
    } while (0)

/* Element of the first point of an anti-diagonal, and those of its row on the ones before and behind. */
typedef struct place {
    size_t n;
    ptrdiff_t here, before, behind;
} place;

static inline place place_of(const sor_bandit_skew *skew, size_t s)
{
    const ptrdiff_t first = (ptrdiff_t)skew->first[s], *origin = skew->origin + s;
    return (place){skew->count[s], origin[0] + first, origin[-1] + first, origin[1] + first};
}

/* ---- SOR ------------------------------------------------------------------------------------------------------ */

static inline V sor_sum(V neighbour, const double *before)
{
    return ADD(ADD(SET(0), MULTIPLY(neighbour, LOAD(before - 1))), MULTIPLY(neighbour, LOAD(before)));
}

static inline V sor_new(V neighbour, V diagonal, V omega, V b, V x, const double *before, const double *behind)
{
    V sum = sor_sum(neighbour, before);
    sum = ADD(ADD(sum, MULTIPLY(neighbour, LOAD(behind))), MULTIPLY(neighbour, LOAD(behind + 1)));
    return ADD(x, MULTIPLY(omega, SUBTRACT(DIVIDE(SUBTRACT(b, sum), diagonal), x)));
}

static inline V sor_residual(V neighbour, V diagonal, V b, V x, const double *before, const double *behind)
{
    V sum = ADD(sor_sum(neighbour, before), MULTIPLY(diagonal, x));
    sum = ADD(ADD(sum, MULTIPLY(neighbour, LOAD(behind))), MULTIPLY(neighbour, LOAD(behind + 1)));
    return SUBTRACT(b, sum);
}

static inline void sweep_diagonal(const sor_bandit_operator *a, size_t s, V omega, const double *b, double *x)
{
    const place at = place_of(a->skew, s);
    const V diagonal = SET(a->diagonal), neighbour = SET(-a->neighbour);
    const double *before = x + at.before, *behind = x + at.behind;
    b += at.here;
    x += at.here;
#define NEW(k)        sor_new(neighbour, diagonal, omega, LOAD(b + (k)), LOAD(x + (k)), before + (k), behind + (k))
#define AT(k)         STORE(x + (k), NEW(k))
#define TAIL_AT(k, m) STORE_TAIL(x + (k), m, NEW(k))
    FOR_VECTORS(at.n, AT, TAIL_AT);
#undef NEW
#undef AT
#undef TAIL_AT
}

static inline V residual_diagonal(const sor_bandit_operator *a, size_t s, const double *b, const double *x, V squares)
{
    const place at = place_of(a->skew, s);
    const V diagonal = SET(a->diagonal), neighbour = SET(-a->neighbour);
    const double *before = x + at.before, *behind = x + at.behind;
    b += at.here;
    x += at.here;
#define RESIDUAL(k) sor_residual(neighbour, diagonal, LOAD(b + (k)), LOAD(x + (k)), before + (k), behind + (k))
#define AT(k)                                                                                                          \
    do {                                                                                                               \
        const V r_ = RESIDUAL(k);                                                                                      \
        squares = FUSED(r_, r_, squares);                                                                              \
    } while (0)
#define TAIL_AT(k, m)                                                                                                  \
    do {                                                                                                               \
        const V r_ = KEEP(m, RESIDUAL(k));                                                                             \
        squares = FUSED(r_, r_, squares);                                                                              \
    } while (0)
    FOR_VECTORS(at.n, AT, TAIL_AT);
#undef RESIDUAL
#undef AT
#undef TAIL_AT
    return squares;
}

/* The residual follows the sweep by one anti-diagonal, while all is still in the first cache. */
static double sweep(const sor_bandit_operator *a, double omega, const double *b, double *x)
{
    const V factor = SET(omega);
    V squares = SET(0);
    sweep_diagonal(a, 0, factor, b, x);
    for (size_t s = 1; s < a->skew->diagonals; s++) {
        sweep_diagonal(a, s, factor, b, x);
        squares = residual_diagonal(a, s - 1, b, x, squares);
    }
    return SUM(residual_diagonal(a, a->skew->diagonals - 1, b, x, squares));
}

/* ---- Conjugate gradients -------------------------------------------------------------------------------------- */

static void residual(const sor_bandit_operator *a, const double *b, const double *x, double *r, double squares[2])
{
    const V diagonal = SET(a->diagonal), neighbour = SET(-a->neighbour);
    V of_r = SET(0), of_b = SET(0);
    for (size_t s = 0; s < a->skew->diagonals; s++) {
        const place at = place_of(a->skew, s);
        const double *bs = b + at.here, *xs = x + at.here, *before = x + at.before, *behind = x + at.behind;
        double *rs = r + at.here;
#define RESIDUAL(k) sor_residual(neighbour, diagonal, LOAD(bs + (k)), LOAD(xs + (k)), before + (k), behind + (k))
#define AT(k)                                                                                                          \
    do {                                                                                                               \
        const V r_ = RESIDUAL(k), b_ = LOAD(bs + (k));                                                                 \
        STORE(rs + (k), r_);                                                                                           \
        of_r = FUSED(r_, r_, of_r);                                                                                    \
        of_b = FUSED(b_, b_, of_b);                                                                                    \
    } while (0)
#define TAIL_AT(k, m)                                                                                                  \
    do {                                                                                                               \
        const V r_ = KEEP(m, RESIDUAL(k)), b_ = KEEP(m, LOAD(bs + (k)));                                               \
        STORE_TAIL(rs + (k), m, r_);                                                                                   \
        of_r = FUSED(r_, r_, of_r);                                                                                    \
        of_b = FUSED(b_, b_, of_b);                                                                                    \
    } while (0)
        FOR_VECTORS(at.n, AT, TAIL_AT);
#undef RESIDUAL
#undef AT
#undef TAIL_AT
    }
    squares[0] = SUM(of_r);
    squares[1] = SUM(of_b);
}

/* x += alpha p, r -= alpha q on one anti-diagonal; adds r's squares. */
static inline V advance_diagonal(size_t n, V alpha, const double *p, const double *q, double *x, double *r, V squares)
{
#define AT(k)                                                                                                          \
    do {                                                                                                               \
        const V r_ = SUBTRACT(LOAD(r + (k)), MULTIPLY(alpha, LOAD(q + (k))));                                          \
        STORE(x + (k), FUSED(alpha, LOAD(p + (k)), LOAD(x + (k))));                                                    \
        STORE(r + (k), r_);                                                                                            \
        squares = FUSED(r_, r_, squares);                                                                              \
    } while (0)
#define TAIL_AT(k, m)                                                                                                  \
    do {                                                                                                               \
        const V r_ = KEEP(m, SUBTRACT(LOAD(r + (k)), MULTIPLY(alpha, LOAD(q + (k)))));                                 \
        STORE_TAIL(x + (k), m, FUSED(alpha, LOAD(p + (k)), LOAD(x + (k))));                                            \
        STORE_TAIL(r + (k), m, r_);                                                                                    \
        squares = FUSED(r_, r_, squares);                                                                              \
    } while (0)
    FOR_VECTORS(n, AT, TAIL_AT);
#undef AT
#undef TAIL_AT
    return squares;
}

/* y = (r + omega neighbour (y above and left)) / diagonal, as own r + coupling (...). */
static inline void forward_diagonal(size_t n, V own, V coupling, const double *r, const double *before, double *y)
{
#define NEW(k)        FUSED(coupling, ADD(LOAD(before + (k)-1), LOAD(before + (k))), MULTIPLY(own, LOAD(r + (k))))
#define AT(k)         STORE(y + (k), NEW(k))
#define TAIL_AT(k, m) STORE_TAIL(y + (k), m, NEW(k))
    FOR_VECTORS(n, AT, TAIL_AT);
#undef NEW
#undef AT
#undef TAIL_AT
}

static double advance(const sor_bandit_operator *a, double omega, double alpha, const double *p, const double *q,
                      double *x, double *r, double *y)
{
    const V factor = SET(alpha), own = SET(1 / a->diagonal), coupling = SET(omega * a->neighbour / a->diagonal);
    V squares = SET(0);
    for (size_t s = 0; s < a->skew->diagonals; s++) {
        const place at = place_of(a->skew, s);
        if (p)
            squares = advance_diagonal(at.n, factor, p + at.here, q + at.here, x + at.here, r + at.here, squares);
        if (y)
            forward_diagonal(at.n, own, coupling, r + at.here, y + at.before, y + at.here);
    }
    return SUM(squares);
}

static double backward(const sor_bandit_operator *a, double omega, const double *r, double *y)
{
    const V own = SET(omega * (2 - omega)), coupling = SET(omega * a->neighbour / a->diagonal);
    V product = SET(0);
    for (size_t s = a->skew->diagonals; s-- > 0;) {
        const place at = place_of(a->skew, s);
        const double *rs = r + at.here, *behind = y + at.behind;
        double *z = y + at.here;
#define NEW(k) FUSED(coupling, ADD(LOAD(behind + (k)), LOAD(behind + (k) + 1)), MULTIPLY(own, LOAD(z + (k))))
#define AT(k)                                                                                                          \
    do {                                                                                                               \
        const V z_ = NEW(k);                                                                                           \
        STORE(z + (k), z_);                                                                                            \
        product = FUSED(LOAD(rs + (k)), z_, product);                                                                  \
    } while (0)
#define TAIL_AT(k, m)                                                                                                  \
    do {                                                                                                               \
        const V z_ = KEEP(m, NEW(k));                                                                                  \
        STORE_TAIL(z + (k), m, z_);                                                                                    \
        product = FUSED(KEEP(m, LOAD(rs + (k))), z_, product);                                                         \
    } while (0)
        FOR_VECTORS(at.n, AT, TAIL_AT);
#undef NEW
#undef AT
#undef TAIL_AT
    }
    return SUM(product);
}

static inline void direct_diagonal(size_t n, double beta, const double *z, double *p)
{
    const V factor = SET(beta);
#define FIRST(k)         STORE(p + (k), LOAD(z + (k)))
#define FIRST_TAIL(k, m) STORE_TAIL(p + (k), m, LOAD(z + (k)))
#define AT(k)            STORE(p + (k), FUSED(factor, LOAD(p + (k)), LOAD(z + (k))))
#define TAIL_AT(k, m)    STORE_TAIL(p + (k), m, FUSED(factor, LOAD(p + (k)), LOAD(z + (k))))
    if (beta == 0)
        FOR_VECTORS(n, FIRST, FIRST_TAIL);
    else
        FOR_VECTORS(n, AT, TAIL_AT);
#undef FIRST
#undef FIRST_TAIL
#undef AT
#undef TAIL_AT
}

static inline V apply_diagonal(const sor_bandit_operator *a, size_t s, const double *p, double *q, V product)
{
    const place at = place_of(a->skew, s);
    const V diagonal = SET(a->diagonal), neighbour = SET(-a->neighbour);
    const double *before = p + at.before, *behind = p + at.behind;
    p += at.here;
    q += at.here;
#define NEIGHBOURS(k)                                                                                                  \
    ADD(ADD(LOAD(before + (k)-1), LOAD(before + (k))), ADD(LOAD(behind + (k)), LOAD(behind + (k) + 1)))
#define AT(k)                                                                                                          \
    do {                                                                                                               \
        const V p_ = LOAD(p + (k)), q_ = FUSED(neighbour, NEIGHBOURS(k), MULTIPLY(diagonal, p_));                      \
        STORE(q + (k), q_);                                                                                            \
        product = FUSED(p_, q_, product);                                                                              \
    } while (0)
#define TAIL_AT(k, m)                                                                                                  \
    do {                                                                                                               \
        const V p_ = KEEP(m, LOAD(p + (k))), q_ = FUSED(neighbour, NEIGHBOURS(k), MULTIPLY(diagonal, p_));             \
        STORE_TAIL(q + (k), m, q_);                                                                                    \
        product = FUSED(p_, KEEP(m, q_), product);                                                                     \
    } while (0)
    FOR_VECTORS(at.n, AT, TAIL_AT);
#undef NEIGHBOURS
#undef AT
#undef TAIL_AT
    return product;
}

/* q follows p by one anti-diagonal. */
static double direction(const sor_bandit_operator *a, double beta, const double *z, double *p, double *q)
{
    const sor_bandit_skew *skew = a->skew;
    V product = SET(0);
    for (size_t s = 0; s < skew->diagonals; s++) {
        const place at = place_of(skew, s);
        direct_diagonal(at.n, beta, z + at.here, p + at.here);
        if (s > 0)
            product = apply_diagonal(a, s - 1, p, q, product);
    }
    return SUM(apply_diagonal(a, skew->diagonals - 1, p, q, product));
}

static void explicit_step(const sor_bandit_skew *skew, double center, double g, const double *u, double *b)
{
    const V own = SET(center), other = SET(g);
    for (size_t s = 0; s < skew->diagonals; s++) {
        const place at = place_of(skew, s);
        const double *us = u + at.here, *before = u + at.before, *behind = u + at.behind;
        double *bs = b + at.here;
#define NEW(k)                                                                                                         \
    ADD(MULTIPLY(own, LOAD(us + (k))),                                                                                 \
        MULTIPLY(other,                                                                                                \
                 ADD(ADD(ADD(LOAD(before + (k)-1), LOAD(before + (k))), LOAD(behind + (k))), LOAD(behind + (k) + 1))))
#define AT(k)         STORE(bs + (k), NEW(k))
#define TAIL_AT(k, m) STORE_TAIL(bs + (k), m, NEW(k))
        FOR_VECTORS(at.n, AT, TAIL_AT);
#undef NEW
#undef AT
#undef TAIL_AT
    }
}

/* ---- Many problems side by side --------------------------------------------------------------------------------- */

static inline void sweep_lanes_diagonal(const sor_bandit_skew *skew, size_t s, V neighbour, V diagonal, V omega,
                                        const double *b, double *x)
{
    const place at = place_of(skew, s);
    for (size_t k = 0; k < at.n; k++) {
        const double *before = x + (at.before + (ptrdiff_t)k) * LANES, *behind = x + (at.behind + (ptrdiff_t)k) * LANES;
        const ptrdiff_t here = (at.here + (ptrdiff_t)k) * LANES;
        const V old = LOAD(x + here);
        V sum = ADD(ADD(SET(0), MULTIPLY(neighbour, LOAD(before - LANES))), MULTIPLY(neighbour, LOAD(before)));
        sum = ADD(ADD(sum, MULTIPLY(neighbour, LOAD(behind))), MULTIPLY(neighbour, LOAD(behind + LANES)));
        STORE(x + here, ADD(old, MULTIPLY(omega, SUBTRACT(DIVIDE(SUBTRACT(LOAD(b + here), sum), diagonal), old))));
    }
}

static inline V residual_lanes_diagonal(const sor_bandit_skew *skew, size_t s, V neighbour, V diagonal, const double *b,
                                        const double *x, V squares)
{
    const place at = place_of(skew, s);
    for (size_t k = 0; k < at.n; k++) {
        const double *before = x + (at.before + (ptrdiff_t)k) * LANES, *behind = x + (at.behind + (ptrdiff_t)k) * LANES;
        const ptrdiff_t here = (at.here + (ptrdiff_t)k) * LANES;
        V sum = ADD(ADD(SET(0), MULTIPLY(neighbour, LOAD(before - LANES))), MULTIPLY(neighbour, LOAD(before)));
        sum = ADD(sum, MULTIPLY(diagonal, LOAD(x + here)));
        sum = ADD(ADD(sum, MULTIPLY(neighbour, LOAD(behind))), MULTIPLY(neighbour, LOAD(behind + LANES)));
        const V r = SUBTRACT(LOAD(b + here), sum);
        squares = FUSED(r, r, squares);
    }
    return squares;
}

static void sweep_lanes(const sor_bandit_skew *skew, double neighbour, const double *diagonals, const double *omegas,
                        const double *b, double *x, double *squares)
{
    const V minus = SET(-neighbour), diagonal = LOAD(diagonals), omega = LOAD(omegas);
    V sums = SET(0);
    for (size_t s = 0; s < skew->diagonals; s++) {
        sweep_lanes_diagonal(skew, s, minus, diagonal, omega, b, x);
        if (s > 0)
            sums = residual_lanes_diagonal(skew, s - 1, minus, diagonal, b, x, sums);
    }
    STORE(squares, residual_lanes_diagonal(skew, skew->diagonals - 1, minus, diagonal, b, x, sums));
}

const sor_bandit_kernels KERNELS = {LANES, sweep, residual, advance, backward, direction, explicit_step, sweep_lanes};
