/* dp_federated_bandit as the paper has it: silos play optimistically, and synchronise sums that a protocol protects. */
#include "assay/catalogue.h"
#include "assay/dense.h"
#include "assay/memory.h"
#include "assay/threads.h"
#include "reference/privacy/dp_federated_bandit_reference.h"

#include <math.h>
#include <string.h>

ASSAY_CATALOGUE(
    dp_federated_bandit, .family = "privacy", .title = "On Differentially Private Federated Linear Contextual Bandits",
    .authors = "X. Zhou, S. R. Chowdhury", .year = 2023, .identifier = "arXiv:2302.13945",
    .summary = "Silos learn a linear bandit together from sums that are private in each user's data, without "
               "trusting the server.",
    .levels = ASSAY_LEVEL_BIT(ASSAY_REFERENCE) | ASSAY_LEVEL_BIT(ASSAY_BASELINE) | ASSAY_LEVEL_BIT(ASSAY_AVX2) |
              ASSAY_LEVEL_BIT(ASSAY_AVX512));

/* A game in progress. */
typedef struct game {
    const dp_federated_bandit_parameters *p;
    const dp_federated_bandit_environment *e;
    const dp_federated_bandit_engine *engine;
    const dp_federated_bandit_ranks *ranks;
    dp_federated_bandit_result result; /* copied out when all went well */
    size_t width, first, count;        /* of the silos of this process */
    dp_federated_bandit_silo *silos;   /* count */
    dp_federated_bandit_server *server;
    double *shared;           /* width: Us and Ws */
    double *base;             /* d x d: lambda 1 + Ws */
    double *messages, *inbox; /* count x width; M x width on rank 0 */
    double *gaps, *all_gaps;  /* count x chunk, M x chunk */
    size_t *message_counts;   /* for each rank */
    double determinant;       /* ln det V at the last synchronisation, for ADAPTIVE */
} game;

/* ---- A round in a silo ---------------------------------------------------------------------------------------------
 */

static double radius(const game *g, size_t t)
{
    const dp_federated_bandit_parameters *p = g->p;
    const double d = (double)p->dimension, lambda = g->result.lambda;
    if (!isnan(p->radius))
        return p->radius;
    const double growth = 2 * log(1 / p->alpha) + d * log1p((double)t * (double)p->silos / (d * lambda));
    return p->radius_scale * (sqrt(lambda) * p->parameter_bound + p->noise_bound * sqrt(growth));
}

/* Feature vectors must be finite and of norm at most 1. */
static assay_status take_features(const game *g, dp_federated_bandit_silo *s, size_t t)
{
    const size_t d = g->p->dimension;
    g->e->features(g->e->context, s->number, t, s->x);
    if (g->engine->within && g->engine->within(s->engine, s))
        return ASSAY_OK;
    for (size_t a = 0; a < g->p->arms; a++) {
        double *x = s->x + a * d, squares = 0;
        for (size_t i = 0; i < d; i++)
            squares += x[i] * x[i];
        if (squares <= 1)
            continue;
        if (!isfinite(squares) || (!g->p->clip && squares > (1 + 1e-9) * (1 + 1e-9)))
            return assay_fail(ASSAY_BAD_DATA,
                              "features: arm %zu of silo %zu in round %zu has norm %g, must be at most 1", a, s->number,
                              t, sqrt(squares));
        if (squares > (1 + 1e-9) * (1 + 1e-9)) {
            s->clipped++;
            for (size_t i = 0; i < d; i++)
                x[i] /= sqrt(squares);
        }
    }
    return ASSAY_OK;
}

/* The lowest index of those whose bound is the largest, to 1e-12. */
static size_t choose(const double *bounds, size_t arms)
{
    double best = bounds[0];
    for (size_t a = 1; a < arms; a++) {
        if (bounds[a] > best || isnan(best))
            best = bounds[a];
    }
    size_t chosen = 0;
    while (!(bounds[chosen] >= best - 1e-12 * fmax(1, fabs(best))))
        chosen++;
    return chosen;
}

static assay_status play_round(game *g, dp_federated_bandit_silo *s, size_t t, double *gap)
{
    const size_t d = g->p->dimension;
    assay_status status = take_features(g, s, t);
    if (status == ASSAY_OK)
        status = g->engine->score(s->engine, s, radius(g, t));
    if (status != ASSAY_OK)
        return status;
    if (g->p->watch)
        g->p->watch(g->p->self, s->number, t, s->bounds);
    const size_t arm = choose(s->bounds, g->p->arms);
    const double *x = s->x + arm * d;
    double y = g->e->reward(g->e->context, s->number, t, arm, s->x);
    if (!isfinite(y))
        return assay_fail(ASSAY_BAD_DATA, "reward: arm %zu of silo %zu in round %zu gives %g", arm, s->number, t, y);
    if (fabs(y) > 1) {
        s->clipped++;
        y = copysign(1, y);
    }
    if (g->e->gap)
        *gap = g->e->gap(g->e->context, s->number, t, arm, s->x);
    if (g->result.played)
        g->result.played[s->number * g->p->rounds + t - 1] = (uint32_t)arm;
    dp_federated_bandit_pack(d, x, y, s->packed);
    dp_federated_bandit_server_record(g->server, s->number, t, x, y);
    return g->engine->learn(s->engine, d, x, y);
}

/* Rounds @p from to @p to - 1 of every silo; silos do not see one another in between. */
static assay_status play_rounds(game *g, size_t from, size_t to)
{
    const size_t work = g->count * (to - from) * g->p->arms * g->p->dimension * g->p->dimension;
    const bool parallel = g->engine->threads && g->count > 1 && work > 20000 && assay_threads() > 1;
    if (parallel)
        assay_blas_serial_begin();
#pragma omp parallel for schedule(static) num_threads(assay_threads()) if (parallel)
    for (size_t i = 0; i < g->count; i++) {
        dp_federated_bandit_silo *s = &g->silos[i];
        for (size_t t = from; s->status == ASSAY_OK && t < to; t++)
            s->status = play_round(g, s, t, &g->gaps[i * (to - from) + t - from]);
        if (s->status != ASSAY_OK) { /* the message belongs to this thread */
            strncpy(s->detail, assay_error(), sizeof s->detail - 1);
            s->detail[sizeof s->detail - 1] = '\0';
        }
    }
    if (parallel)
        assay_blas_serial_end();
    for (size_t i = 0; i < g->count; i++) {
        if (g->silos[i].status != ASSAY_OK)
            return assay_fail(g->silos[i].status, "%s", g->silos[i].detail);
    }
    return ASSAY_OK;
}

/* ---- Between ranks
 * --------------------------------------------------------------------------------------------------- */

/* @p each numbers of every silo to rank 0. */
static assay_status gather(game *g, const double *mine, double *all, size_t each)
{
    if (!g->ranks) {
        memcpy(all, mine, g->count * each * sizeof *all);
        return ASSAY_OK;
    }
    for (size_t r = 0; r < g->ranks->size; r++)
        g->message_counts[r] = ((r + 1) * g->p->silos / g->ranks->size - r * g->p->silos / g->ranks->size) * each;
    return g->ranks->gather(g->ranks->self, mine, all, g->message_counts);
}

static assay_status broadcast(game *g, double *numbers, size_t count)
{
    return g->ranks ? g->ranks->broadcast(g->ranks->self, numbers, count) : ASSAY_OK;
}

/* Adds the gaps of all silos, in their order, to the regret. */
static assay_status account(game *g, size_t from, size_t to)
{
    const size_t chunk = to - from;
    if (!g->e->gap)
        return ASSAY_OK;
    assay_status status = gather(g, g->gaps, g->all_gaps, chunk);
    if (status == ASSAY_OK)
        status = broadcast(g, g->all_gaps, g->p->silos * chunk);
    for (size_t t = from; status == ASSAY_OK && t < to; t++) {
        for (size_t i = 0; i < g->p->silos; i++)
            g->result.total_regret += g->all_gaps[i * chunk + t - from];
        if (g->result.regret)
            g->result.regret[t - 1] = g->result.total_regret;
    }
    return status;
}

/* ---- Synchronisation
 * --------------------------------------------------------------------------------------------------- */

/* lambda 1 + Ws, made positive definite if noise has made it indefinite, to every silo. */
static assay_status begin_silos(game *g)
{
    const size_t d = g->p->dimension;
    const double *upper = g->shared + d;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = i; j < d; j++)
            g->base[i * d + j] = g->base[j * d + i] = *upper++ + (i == j ? g->result.lambda : 0);
    }
    double values[256];
    assay_status status = assay_dense_symmetric_eigen(d, g->base, values, NULL);
    if (status != ASSAY_OK)
        return status;
    g->determinant = 0;
    if (values[0] <= 0) {
        g->result.repairs++;
        const double shift = 2 * fmax(-values[0], 1e-12 * fmax(1, values[d - 1]));
        for (size_t i = 0; i < d; i++) {
            g->base[i * d + i] += shift;
            values[i] += shift;
        }
    }
    for (size_t i = 0; i < d; i++)
        g->determinant += log(values[i]);
    for (size_t i = 0; status == ASSAY_OK && i < g->count; i++) {
        memset(g->silos[i].packed, 0, g->width * sizeof(double));
        status = g->engine->begin(g->silos[i].engine, d, g->base, g->shared);
    }
    return status;
}

static assay_status synchronise(game *g, size_t t)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < g->count; i++)
        status = dp_federated_bandit_server_send(g->server, g->silos[i].number, g->silos[i].packed,
                                                 g->messages + i * g->width);
    if (status == ASSAY_OK)
        status = gather(g, g->messages, g->inbox, g->width);
    if (status == ASSAY_OK && (!g->ranks || g->ranks->rank == 0))
        status = dp_federated_bandit_server_combine(g->server, g->inbox, t, g->shared);
    if (status == ASSAY_OK)
        status = broadcast(g, g->shared, g->width);
    if (status != ASSAY_OK)
        return status;
    if (g->result.synchronised && g->result.synchronisations < g->result.capacity)
        g->result.synchronised[g->result.synchronisations] = t;
    g->result.synchronisations++;
    g->result.numbers_sent += 2 * g->p->silos * g->width;
    return begin_silos(g);
}

/* ADAPTIVE: a silo asks when (t - t_last) ln(det(V + W) / det V) reaches D, W without noise: that is the leak. */
static assay_status is_wanted(game *g, size_t since, bool *wanted)
{
    const size_t d = g->p->dimension;
    double values[256], *v = g->messages; /* room for d x d: the messages are not in use now */
    *wanted = false;
    for (size_t i = 0; i < g->count && !*wanted; i++) {
        const double *upper = g->silos[i].packed + d;
        for (size_t r = 0; r < d; r++) {
            for (size_t c = r; c < d; c++)
                v[r * d + c] = v[c * d + r] = g->base[r * d + c] + *upper++;
        }
        const assay_status status = assay_dense_symmetric_eigen(d, v, values, NULL);
        if (status != ASSAY_OK)
            return status;
        double determinant = 0;
        for (size_t k = 0; k < d; k++)
            determinant += log(values[k]);
        *wanted = (double)since * (determinant - g->determinant) >= g->p->trigger;
    }
    return ASSAY_OK;
}

static assay_status play_game(game *g)
{
    const dp_federated_bandit_parameters *p = g->p;
    const bool adaptive = p->protocol == DP_FEDERATED_BANDIT_ADAPTIVE;
    const size_t chunk = adaptive ? 1 : p->batch;
    size_t last = 0;
    assay_status status = begin_silos(g);
    for (size_t t = 1; status == ASSAY_OK && t <= p->rounds;) {
        const size_t next = p->rounds - t < chunk ? p->rounds + 1 : t + chunk;
        bool wanted = p->protocol != DP_FEDERATED_BANDIT_LOCAL && next - t == chunk;
        status = play_rounds(g, t, next);
        if (status == ASSAY_OK)
            status = account(g, t, next);
        t = next;
        if (status == ASSAY_OK && adaptive)
            status = is_wanted(g, t - 1 - last, &wanted);
        if (status == ASSAY_OK && wanted) {
            status = synchronise(g, t - 1);
            last = t - 1;
        }
    }
    return status;
}

/* ---- Making a game
 * ----------------------------------------------------------------------------------------------------- */

static void release(game *g)
{
    for (size_t i = 0; g->silos && i < g->count; i++) {
        assay_release(g->silos[i].packed);
        assay_release(g->silos[i].x);
        assay_release(g->silos[i].bounds);
        if (g->silos[i].engine)
            g->engine->release(g->silos[i].engine);
    }
    dp_federated_bandit_server_release(g->server);
    void *const all[] = {g->silos, g->shared, g->base, g->messages, g->inbox, g->gaps, g->all_gaps, g->message_counts};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assay_release(all[i]);
}

static assay_status make_silo(game *g, size_t i)
{
    dp_federated_bandit_silo *s = &g->silos[i];
    const size_t d = g->p->dimension, arms = g->p->arms;
    *s = (dp_federated_bandit_silo){.number = g->first + i,
                                    .dimension = d,
                                    .arms = arms,
                                    .packed = assay_allocate(g->width, sizeof(double)),
                                    .x = assay_allocate(arms * d, sizeof(double)),
                                    .bounds = assay_allocate(arms, sizeof(double)),
                                    .engine = g->engine->create(d, arms)};
    return s->packed && s->x && s->bounds && s->engine ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static assay_status make(game *g)
{
    const dp_federated_bandit_parameters *p = g->p;
    const size_t d = p->dimension, chunk = p->protocol == DP_FEDERATED_BANDIT_ADAPTIVE ? 1 : p->batch;
    const size_t rank = g->ranks ? g->ranks->rank : 0, size = g->ranks ? g->ranks->size : 1;
    g->width = dp_federated_bandit_width(d);
    g->first = rank * p->silos / size;
    g->count = (rank + 1) * p->silos / size - g->first;
    size_t room = g->count * g->width;
    room = room < d * d ? d * d : room;
    g->silos = assay_allocate(g->count, sizeof *g->silos);
    g->shared = assay_allocate(g->width, sizeof *g->shared);
    g->base = assay_allocate(d * d, sizeof *g->base);
    g->messages = assay_allocate(room, sizeof *g->messages);
    g->inbox = assay_allocate(p->silos * g->width, sizeof *g->inbox);
    g->gaps = assay_allocate(g->count * chunk, sizeof *g->gaps);
    g->all_gaps = assay_allocate(p->silos * chunk, sizeof *g->all_gaps);
    g->message_counts = assay_allocate(size, sizeof *g->message_counts);
    if (!g->silos || !g->shared || !g->base || !g->messages || !g->inbox || !g->gaps || !g->all_gaps ||
        !g->message_counts)
        return ASSAY_NO_MEMORY;
    assay_status status = dp_federated_bandit_server_create(p, &g->result.ledger, g->first, g->count, &g->server);
    for (size_t i = 0; status == ASSAY_OK && i < g->count; i++)
        status = make_silo(g, i);
    return status;
}

static double automatic_lambda(const dp_federated_bandit_parameters *p, const dp_federated_bandit_ledger *ledger)
{
    const size_t whole = p->rounds / p->batch;
    const double batches = fmax(1, (double)whole);
    const double spread = 2 * ledger->aggregate * sqrt((double)ledger->nodes);
    return fmax(1, spread * (sqrt((double)p->dimension) + sqrt(log(2 * batches / p->alpha))));
}

static void copy_out(const game *g, dp_federated_bandit_result *result)
{
    *result = g->result;
    for (size_t i = 0; i < g->count; i++)
        result->clipped += g->silos[i].clipped;
    if (!g->e->gap)
        result->total_regret = NAN;
    const size_t d = g->p->dimension;
    if (!result->shared)
        return;
    const double *upper = g->shared + d;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = i; j < d; j++)
            result->shared[i * d + j] = result->shared[j * d + i] = *upper++;
    }
    memcpy(result->shared + d * d, g->shared, d * sizeof(double));
}

assay_status dp_federated_bandit_play(const dp_federated_bandit_parameters *parameters,
                                      const dp_federated_bandit_environment *environment,
                                      const dp_federated_bandit_engine *engine, const dp_federated_bandit_ranks *ranks,
                                      dp_federated_bandit_result *result)
{
    game g = {.p = parameters, .e = environment, .engine = engine, .ranks = ranks, .result = *result};
    g.result.synchronisations = 0;
    g.result.total_regret = 0;
    g.result.numbers_sent = g.result.clipped = g.result.repairs = 0;
    assay_status status = dp_federated_bandit_calibrate(parameters, &g.result.ledger);
    if (status != ASSAY_OK)
        return status;
    g.result.lambda = parameters->lambda > 0 ? parameters->lambda : automatic_lambda(parameters, &g.result.ledger);
    status = make(&g);
    if (status == ASSAY_OK)
        status = play_game(&g);
    if (status == ASSAY_OK)
        copy_out(&g, result);
    release(&g);
    return status;
}

assay_status dp_federated_bandit_reference_run(const dp_federated_bandit_parameters *parameters,
                                               const dp_federated_bandit_environment *environment,
                                               dp_federated_bandit_result *result)
{
    const assay_status status = dp_federated_bandit_check(parameters, environment, result);
    if (status != ASSAY_OK)
        return status;
    return dp_federated_bandit_play(parameters, environment, &dp_federated_bandit_plain_engine, NULL, result);
}
