/* Agreement of dp_federated_bandit: fast against plain, over protocols and thread counts, and over MPI ranks. */
#include "verify/privacy/dp_federated_bandit_checks.h"

#include "assay/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if ASSAY_HAVE_MPI
#include <mpi.h>
#endif

/* ---- In one process
 * --------------------------------------------------------------------------------------------------- */

typedef struct scenario {
    dp_federated_bandit_protocol protocol;
    size_t silos, dimension, arms, rounds, batch;
} scenario;

static const scenario scenarios[] = {
    {DP_FEDERATED_BANDIT_NONE, 3, 5, 33, 120, 10},   {DP_FEDERATED_BANDIT_NONE, 1, 1, 1, 20, 1},
    {DP_FEDERATED_BANDIT_LDP, 5, 3, 7, 90, 15},      {DP_FEDERATED_BANDIT_SDP_AMP, 4, 4, 64, 60, 7},
    {DP_FEDERATED_BANDIT_CENTRAL, 7, 17, 40, 50, 8}, {DP_FEDERATED_BANDIT_ADAPTIVE, 3, 4, 9, 60, 10},
    {DP_FEDERATED_BANDIT_LOCAL, 3, 6, 31, 60, 60},   {DP_FEDERATED_BANDIT_SDP_VEC, 2, 2, 5, 24, 6},
};

static dp_federated_bandit_parameters parameters_of(const scenario *s, uint64_t seed)
{
    dp_federated_bandit_parameters p = dp_federated_bandit_defaults();
    p.protocol = s->protocol;
    p.silos = s->silos;
    p.dimension = s->dimension;
    p.arms = s->arms;
    p.rounds = s->rounds;
    p.batch = s->batch;
    p.calibration = s->protocol == DP_FEDERATED_BANDIT_SDP_VEC ? DP_FEDERATED_BANDIT_CODE : DP_FEDERATED_BANDIT_EXACT;
    p.seed = seed;
    return p;
}

/* Arms and shared sums of a game; the arms as doubles, so that one array holds all. */
static bool play(verify_context *v, const dp_federated_bandit_parameters *p, uint32_t *played, double *numbers)
{
    dp_federated_bandit_sphere world;
    dp_federated_bandit_environment e;
    const size_t games = p->silos * p->rounds;
    dp_federated_bandit_result result = {.played = played, .shared = numbers + games};
    if (!verify_ok(v, dp_federated_bandit_make_sphere(p->dimension, p->arms, verify_seed_of(v), &world, &e), "world") ||
        !verify_ok(v, dp_federated_bandit_run(p, &e, &result), "%s", dp_federated_bandit_protocol_name(p->protocol)))
        return false;
    for (size_t k = 0; k < games; k++)
        numbers[k] = played[k];
    return true;
}

static bool compare_scenario(verify_context *v, const scenario *s)
{
    const dp_federated_bandit_parameters p = parameters_of(s, verify_seed_of(v));
    const char *name = dp_federated_bandit_protocol_name(s->protocol);
    const size_t games = s->silos * s->rounds, d = s->dimension, shared = d * d + d, n = games + shared;
    uint32_t *played = assay_allocate(games, sizeof *played);
    double *expected = assay_allocate(3 * n, sizeof *expected), *first = expected + n, *actual = first + n;
    bool good = verify_true(v, played && expected, "memory");
    verify_use_reference(v);
    good = good && play(v, &p, played, expected);
    for (const int *threads = verify_thread_counts; good && *threads; threads++) {
        verify_use_level(v, *threads);
        verify_spoil(played, games * sizeof *played);
        verify_spoil(actual, n * sizeof *actual);
        good = play(v, &p, played, actual);
        if (good && threads == verify_thread_counts)
            memcpy(first, actual, n * sizeof *first);
        /* Arms must be the same: two bounds would have to be within 1e-13 of one another to be told apart wrongly. Sums
         * of some hundred products of equal arms in the same order are then the same too, but for the noise's sake
         * 1e-11 is allowed. */
        good = good &&
               verify_agree(v, VERIFY_ORDER, 0, VERIFY_F64, expected, actual, games, "%s: arms, %d threads", name,
                            *threads) &&
               (s->protocol == DP_FEDERATED_BANDIT_LOCAL ||
                verify_agree(v, VERIFY_RELATIVE_NORM, 1e-11, VERIFY_F64, expected + games, actual + games, shared,
                             "%s: shared sums, %d threads", name, *threads)) &&
               verify_agree(v, VERIFY_BITWISE, 0, VERIFY_F64, first, actual, n, "%s: 1 and %d threads", name, *threads);
    }
    assay_release(played);
    assay_release(expected);
    return good;
}

void dp_federated_bandit_check_agreement(verify_context *v)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        if (!compare_scenario(v, &scenarios[i]))
            return;
    }
}

/* ---- Over MPI ranks ---------------------------------------------------------------------------------------------- */

/* FNV-1a over arms, regret and shared sums: one different bit changes it. */
static uint64_t digest(const void *data, size_t bytes, uint64_t hash)
{
    const unsigned char *b = data;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ b[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Game number @p which of those that ranks can play. */
static dp_federated_bandit_parameters rank_game(unsigned which, uint64_t seed)
{
    static const scenario games[] = {{DP_FEDERATED_BANDIT_NONE, 7, 4, 12, 60, 10},
                                     {DP_FEDERATED_BANDIT_LDP, 7, 4, 12, 60, 10},
                                     {DP_FEDERATED_BANDIT_CENTRAL, 5, 9, 20, 40, 8},
                                     {DP_FEDERATED_BANDIT_SDP_AMP, 6, 3, 8, 48, 5}};
    return parameters_of(&games[which % 4], seed);
}

enum { GAMES = 4 };

static assay_status play_ranks(unsigned which, uint64_t seed, const dp_federated_bandit_ranks *ranks, uint64_t *hash)
{
    const dp_federated_bandit_parameters p = rank_game(which, seed);
    dp_federated_bandit_sphere world;
    dp_federated_bandit_environment e;
    double regret[64] = {0}, shared[128] = {0};
    dp_federated_bandit_result result = {.regret = regret, .shared = shared};
    assay_status status = dp_federated_bandit_make_sphere(p.dimension, p.arms, seed, &world, &e);
    if (status == ASSAY_OK)
        status =
            ranks ? dp_federated_bandit_run_ranks(&p, &e, ranks, &result) : dp_federated_bandit_run(&p, &e, &result);
    *hash = digest(regret, p.rounds * sizeof *regret, UINT64_C(0xcbf29ce484222325));
    *hash = digest(shared, (p.dimension * p.dimension + p.dimension) * sizeof *shared, *hash);
    return status;
}

#if ASSAY_HAVE_MPI
static assay_status gather(void *self, const double *mine, double *all, const size_t *counts)
{
    int rank, size, sizes[256], places[256], place = 0;
    (void)self;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int r = 0; r < size; r++) {
        sizes[r] = (int)counts[r];
        places[r] = place;
        place += sizes[r];
    }
    return MPI_Gatherv(mine, sizes[rank], MPI_DOUBLE, all, sizes, places, MPI_DOUBLE, 0, MPI_COMM_WORLD) == MPI_SUCCESS
               ? ASSAY_OK
               : assay_fail(ASSAY_IO, "MPI_Gatherv failed");
}

static assay_status broadcast(void *self, double *numbers, size_t count)
{
    (void)self;
    return MPI_Bcast(numbers, (int)count, MPI_DOUBLE, 0, MPI_COMM_WORLD) == MPI_SUCCESS
               ? ASSAY_OK
               : assay_fail(ASSAY_IO, "MPI_Bcast failed");
}

/* Arguments: the seed. Rank 0 prints the digest of every game. */
static int play_on_ranks(int argc, char **argv)
{
    int rank, size, failed = 0;
    if (argc != 2 || MPI_Init(NULL, NULL) != MPI_SUCCESS)
        return 2;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const dp_federated_bandit_ranks ranks = {
        .rank = (size_t)rank, .size = (size_t)size, .gather = gather, .broadcast = broadcast};
    for (unsigned which = 0; size <= 5 && which < GAMES; which++) {
        uint64_t hash;
        failed |= play_ranks(which, strtoull(argv[1], NULL, 10), &ranks, &hash) != ASSAY_OK;
        if (rank == 0 && !failed)
            printf("%016" PRIx64 "\n", hash);
    }
    MPI_Finalize();
    return failed || size > 5;
}

VERIFY_RANK_PROGRAM(dp_federated_bandit, play_on_ranks);
#endif

void dp_federated_bandit_check_ranks(verify_context *v)
{
    char expected[GAMES * 17 + 1] = "", output[4096], seed[32];
    snprintf(seed, sizeof seed, "%" PRIu64, verify_seed_of(v));
    for (unsigned which = 0; which < GAMES; which++) {
        uint64_t hash;
        if (!verify_ok(v, play_ranks(which, verify_seed_of(v), NULL, &hash), "game %u", which))
            return;
        snprintf(expected + (size_t)which * 17, 18, "%016" PRIx64 "\n", hash);
    }
    for (unsigned ranks = 1; ranks <= 3; ranks++) {
        const assay_status status = verify_run_ranks(ranks, "dp_federated_bandit", seed, output, sizeof output);
        if (status == ASSAY_UNSUPPORTED) {
            verify_skip(v, "%s", assay_error());
            return;
        }
        if (!verify_ok(v, status, "%u ranks", ranks) ||
            !verify_true(v, strcmp(output, expected) == 0, "%u ranks give other digests than one process: %.100s",
                         ranks, output))
            return;
    }
}
