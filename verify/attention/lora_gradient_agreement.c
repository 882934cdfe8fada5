/* lora_gradient: every level against the reference, in both precisions, for all ways through the code. */
#include "verify/attention/lora_gradient_checks.h"

#include "assay/memory.h"

#include <string.h>

/*
 * Shapes on either side of a block of 64 queries, of a tile of 128 keys, of the widths where the exact gradient goes
 * over to two passes, and of register tiles' columns.
 *
 * Limits are times the largest bar of a result (lora_gradient_bars.h). By the bound of lora_gradient_truth.c reference
 * and optimized code may each be off by u 2 (2 L + 2 (2 (d + r) + 6) S-bar + ...) bars: at most 4000 u for the shapes
 * below, and 720 u for the polynomial's cancellation; 1e-12 is 9000 u. In float sums over more than 128 tokens are made
 * in double: at most 1500 u without the reference's part; 2e-4 is 3300 u. No seed can make these fail by rounding.
 */
typedef struct shape {
    size_t length, width, rank;
    bool same;
    double gamma;
} shape;

static const shape shapes[] = {
    {2, 1, 1, true, 1},    {3, 2, 1, false, 1},   {63, 3, 2, true, 1},    {64, 4, 2, true, 1},    {65, 4, 4, false, 1},
    {127, 5, 1, false, 1}, {129, 6, 3, false, 1}, {130, 8, 4, true, 1.5}, {200, 9, 3, true, 0.5}, {257, 10, 2, true, 1},
    {300, 17, 5, true, 1}, {193, 4, 1, true, 3},  {700, 2, 1, true, 2}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static const double LIMIT = 1e-12, LIMIT_F32 = 2e-4;

/* One of the functions on a case: the results are left in the case, as double or as float. */
typedef struct method {
    assay_status (*run)(lora_case *x, lora_gradient_mode mode, const lora_gradient_options *options);
    bool single;
    double limit;
} method;

static assay_status run_exact(lora_case *x, lora_gradient_mode mode, const lora_gradient_options *options)
{
    (void)options;
    return lora_gradient_exact(&x->problem, mode, &x->result);
}

static assay_status run_exact_f32(lora_case *x, lora_gradient_mode mode, const lora_gradient_options *options)
{
    (void)options;
    return lora_gradient_exact_f32(&x->problem_f32, mode, &x->result_f32);
}

static assay_status run_approximate(lora_case *x, lora_gradient_mode mode, const lora_gradient_options *options)
{
    return lora_gradient_approximate(&x->problem, mode, options, &x->result, NULL);
}

static assay_status run_approximate_f32(lora_case *x, lora_gradient_mode mode, const lora_gradient_options *options)
{
    return lora_gradient_approximate_f32(&x->problem_f32, mode, options, &x->result_f32, NULL);
}

/* All results of a case one after the other: for each trained part dB and dA, then O, then the loss. */
typedef struct piece {
    char name[8];
    const void *data;
    size_t count;
    double bar;
} piece;

enum { PIECES = 2 * LORA_PART_COUNT + 2 };

static size_t list_pieces(const lora_case *x, lora_gradient_mode mode, bool single, const lora_bars *bars,
                          piece *pieces)
{
    const size_t adapter = x->problem.rank * x->problem.width;
    size_t n = 0;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        if (m == LORA_K && mode == LORA_GRADIENT_PARTIAL)
            continue;
        pieces[n] =
            (piece){.data = single ? (void *)x->result_f32.b[m] : x->result.b[m], .count = adapter, .bar = bars->b[m]};
        memcpy(pieces[n].name, (char[]){'d', 'B', '_', lora_part_names[m][0], 0}, 5);
        n++;
        pieces[n] =
            (piece){.data = single ? (void *)x->result_f32.a[m] : x->result.a[m], .count = adapter, .bar = bars->a[m]};
        memcpy(pieces[n].name, (char[]){'d', 'A', '_', lora_part_names[m][0], 0}, 5);
        n++;
    }
    const size_t tokens = x->problem.length * x->problem.width;
    pieces[n++] = (piece){"O", single ? (void *)x->result_f32.output : x->result.output, tokens, bars->output};
    pieces[n++] = (piece){"loss", single ? &x->result_f32.loss : &x->result.loss, 1, bars->loss};
    return n;
}

/* Copies what the pieces hold, and lets them point there. */
static void *copy_pieces(piece *pieces, size_t n, size_t element)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += pieces[i].count * element + sizeof(double);
    char *copy = assay_allocate(bytes, 1), *next = copy;
    for (size_t i = 0; copy && i < n; i++) {
        const size_t size =
            pieces[i].count == 1 && strcmp(pieces[i].name, "loss") == 0 ? sizeof(double) : pieces[i].count * element;
        pieces[i].data = memcpy(next, pieces[i].data, size);
        next += (size + 7) / 8 * 8;
    }
    return copy;
}

/* NaN everywhere: what is not written must not pass for the results of the run before. */
static void spoil(const piece *pieces, size_t n, bool single)
{
    for (size_t i = 0; i < n; i++) {
        const bool is_loss = i + 1 == n;
        verify_spoil((void *)pieces[i].data, pieces[i].count * (single && !is_loss ? sizeof(float) : sizeof(double)));
    }
}

static void agree(verify_context *v, const method *how, const shape *s, lora_case *x, lora_gradient_mode mode,
                  const lora_gradient_options *options, const char *what)
{
    piece expected[PIECES], actual[PIECES];
    lora_bars bars;
    verify_use_reference(v);
    if (!verify_ok(v, lora_find_bars(&x->problem, &bars), "bars") ||
        !verify_ok(v, how->run(x, mode, options), "reference, %s", what))
        return;
    const size_t n = list_pieces(x, mode, how->single, &bars, expected);
    void *copy = copy_pieces(expected, n, how->single ? sizeof(float) : sizeof(double));
    if (!verify_true(v, copy, "memory"))
        return;
    list_pieces(x, mode, how->single, &bars, actual);
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        spoil(actual, n, how->single);
        bool well = verify_ok(v, how->run(x, mode, options), "%s, %d threads", what, *threads);
        for (size_t i = 0; well && i < n; i++) {
            const bool is_loss = i + 1 == n;
            well = verify_agree(v, VERIFY_MAX_ABSOLUTE, how->limit * expected[i].bar,
                                how->single && !is_loss ? VERIFY_F32 : VERIFY_F64, expected[i].data, actual[i].data,
                                actual[i].count, "%s, %s, L = %zu, d = %zu, r = %zu%s, %d threads", expected[i].name,
                                what, s->length, s->width, s->rank, s->same ? "" : ", three kinds of tokens", *threads);
        }
        if (!well)
            break;
    }
    assay_release(copy);
}

static bool make_case(verify_context *v, const shape *s, uint64_t stream, bool single, lora_case *x)
{
    if (!verify_ok(v, lora_make_random(s->length, s->width, s->rank, s->same, s->gamma, verify_seed_of(v) + stream, x),
                   "problem"))
        return false;
    if (!single || verify_ok(v, lora_round_case(x), "problem in float"))
        return true;
    lora_release_case(x);
    return false;
}

static void agree_exact(verify_context *v, const method *how)
{
    for (size_t i = 0; i < SHAPES; i++) {
        lora_case x;
        if (!make_case(v, &shapes[i], i, how->single, &x))
            return;
        if (i % 2 == 0)
            agree(v, how, &shapes[i], &x, LORA_GRADIENT_FULL, NULL, "full");
        else
            agree(v, how, &shapes[i], &x, LORA_GRADIENT_PARTIAL, NULL, "partial");
        lora_release_case(&x);
    }
}

void lora_check_exact(verify_context *v)
{
    agree_exact(v, &(method){run_exact, false, LIMIT});
}

void lora_check_exact_f32(verify_context *v)
{
    agree_exact(v, &(method){run_exact_f32, true, LIMIT_F32});
}

/* ---- The baseline --------------------------------------------------------------------------------------------- */

static assay_status run_materialised(lora_case *x, lora_gradient_mode mode, const lora_gradient_options *options)
{
    (void)options;
    return assay_cpu_level() == ASSAY_REFERENCE ? lora_gradient_reference_exact(&x->problem, mode, &x->result)
                                                : lora_gradient_materialised(&x->problem, mode, NULL, &x->result);
}

void lora_check_materialised(verify_context *v)
{
    for (size_t i = 0; i < SHAPES; i += 3) {
        lora_case x;
        if (!make_case(v, &shapes[i], i, false, &x))
            return;
        const method how = {run_materialised, false, LIMIT};
        agree(v, &how, &shapes[i], &x, LORA_GRADIENT_FULL, NULL, "baseline, full");
        agree(v, &how, &shapes[i], &x, LORA_GRADIENT_PARTIAL, NULL, "baseline, partial");
        lora_release_case(&x);
    }
}

/* ---- Approximations: the same polynomial, so the same limits -------------------------------------------------- */

static const shape approximated[] = {{2, 1, 1, true, 1},     {63, 3, 2, true, 1},   {64, 4, 2, false, 1},
                                     {130, 4, 4, true, 1},   {193, 5, 1, false, 1}, {257, 2, 1, true, 1.5},
                                     {321, 6, 2, true, 0.5}, {1100, 2, 2, false, 1}};

static void agree_approximate(verify_context *v, const method *how)
{
    static const char *const names[] = {"cheaper", "chained", "moments"};
    for (size_t i = 0; i < sizeof approximated / sizeof *approximated; i++) {
        lora_case x;
        if (!make_case(v, &approximated[i], i, how->single, &x))
            return;
        lora_gradient_options options = lora_gradient_with_eps(i % 2 == 0 ? 1e-3 : 1e-2);
        options.kind = i % 3 == 2 ? LORA_GRADIENT_TAYLOR : LORA_GRADIENT_CHEBYSHEV;
        options.center = i % 4 != 3;
        for (int chain = LORA_GRADIENT_CHAINED; chain <= LORA_GRADIENT_MOMENTS; chain++) {
            options.chain = (lora_gradient_chain)chain;
            agree(v, how, &approximated[i], &x, LORA_GRADIENT_FULL, &options, names[chain]);
            if (i % 3 == 0)
                agree(v, how, &approximated[i], &x, LORA_GRADIENT_PARTIAL, &options, names[chain]);
        }
        lora_release_case(&x);
    }
}

void lora_check_approximate(verify_context *v)
{
    agree_approximate(v, &(method){run_approximate, false, LIMIT});
}

void lora_check_approximate_f32(verify_context *v)
{
    agree_approximate(v, &(method){run_approximate_f32, true, LIMIT_F32});
}

/* ---- The same bits for any number of threads ------------------------------------------------------------------ */

static void repeat(verify_context *v, const method *how, lora_case *x, const lora_gradient_options *options,
                   const char *what)
{
    piece first[PIECES], again[PIECES];
    const lora_bars none = {0};
    void *copy = NULL;
    for (const int *threads = verify_thread_counts; *threads; threads++) {
        verify_use_level(v, *threads);
        if (!verify_ok(v, how->run(x, LORA_GRADIENT_FULL, options), "%s, %d threads", what, *threads))
            break;
        const size_t n = list_pieces(x, LORA_GRADIENT_FULL, how->single, &none, copy ? again : first);
        if (!copy) {
            copy = copy_pieces(first, n, how->single ? sizeof(float) : sizeof(double));
            if (!verify_true(v, copy, "memory"))
                break;
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            const size_t element = how->single && i + 1 < n ? sizeof(float) : sizeof(double);
            verify_true(v, memcmp(first[i].data, again[i].data, again[i].count * element) == 0,
                        "%s, %s: other bits with %d threads", what, first[i].name, *threads);
        }
    }
    assay_release(copy);
}

void lora_check_repeatable(verify_context *v)
{
    const shape s = {1500, 4, 2, false, 1};
    lora_case x;
    if (!make_case(v, &s, 77, true, &x))
        return;
    lora_gradient_options options = lora_gradient_with_eps(1e-3);
    repeat(v, &(method){run_exact, false, 0}, &x, NULL, "exact");
    repeat(v, &(method){run_exact_f32, true, 0}, &x, NULL, "exact in float");
    options.chain = LORA_GRADIENT_CHAINED;
    repeat(v, &(method){run_approximate, false, 0}, &x, &options, "chained");
    repeat(v, &(method){run_approximate_f32, true, 0}, &x, &options, "chained in float");
    options.chain = LORA_GRADIENT_MOMENTS;
    repeat(v, &(method){run_approximate, false, 0}, &x, &options, "moments");
    repeat(v, &(method){run_approximate_f32, true, 0}, &x, &options, "moments in float");
    lora_release_case(&x);
}
