/*
 * What the parts of the search know of each other; private to the library.
 */
#ifndef ASSAY_EVOLVED_EXP_SEARCH_PARTS_H
#define ASSAY_EVOLVED_EXP_SEARCH_PARTS_H

#include "assay/evolved_exp_search.h"
#include "assay/functional_hash.h"

/* ---- evolved_exp_points.c: where errors are measured ---- */

enum { EVOLVED_EXP_POINTS_BLOCK = 64 };

/* Points with target values and weights; an error is |f(x) - y| * weight. The count is a multiple of the block: the
 * last point is repeated. */
typedef struct evolved_exp_points {
    size_t count;
    evolved_exp_precision precision;
    double *x, *y, *weight;
    float *x32;
} evolved_exp_points;

assay_status evolved_exp_points_create(const evolved_exp_problem *problem, size_t count, evolved_exp_points *points);
void evolved_exp_points_release(evolved_exp_points *points);

/* E of a checked program over points. */
typedef double evolved_exp_evaluator(const evolved_exp_program *program, const evolved_exp_points *points);
evolved_exp_evaluator evolved_exp_reference_error;

/* optimized/arithmetic/evolved_exp_search.c: the one of the level in force. */
evolved_exp_evaluator *evolved_exp_evaluator_in_force(void);

/* ---- evolved_exp_targets.c ---- */

/* The target's value as a sum of two doubles. */
void evolved_exp_target_pair(evolved_exp_target target, double x, double *high, double *low);

/* The factor of |f - y| for an error of this problem, given the target's value. */
double evolved_exp_weight(const evolved_exp_problem *problem, double x, double y);

/* ---- Random choices ---- */

/* Numbers taken one after another from one stream. */
typedef struct evolved_exp_dice {
    assay_random random;
    uint64_t next;
} evolved_exp_dice;

static inline double evolved_exp_dice_uniform(evolved_exp_dice *dice)
{
    return assay_random_uniform(dice->random, dice->next++);
}

static inline uint32_t evolved_exp_dice_below(evolved_exp_dice *dice, uint32_t bound)
{
    return (uint32_t)assay_random_integer(dice->random, dice->next++, bound);
}

/* ---- evolved_exp_mutate.c ---- */

/* A constant +-10^-u, u uniform in [0, decades]. */
double evolved_exp_draw_constant(evolved_exp_dice *dice, double decades, bool negative);

/* Mutates until the structure differs from the parent's. Never fails: the parent is a checked program. */
void evolved_exp_mutate_once(const evolved_exp_search_config *config, evolved_exp_dice *dice,
                             const evolved_exp_program *parent, evolved_exp_program *child);

/* A random program: f(x) = x after 1 to max_operations insertions. */
void evolved_exp_random_program(const evolved_exp_search_config *config, evolved_exp_dice *dice,
                                evolved_exp_program *program);

/* evolved_exp_program.c: replaces constant parts by their values, finite or not; prunes. */
void evolved_exp_fold(evolved_exp_program *program);

/* ---- evolved_exp_cma.c ---- */

/* Tunes the constants of a program by CMA-ES; returns the best E over the points and leaves its constants. */
double evolved_exp_cma(const evolved_exp_search_config *config, evolved_exp_evaluator *evaluator,
                       const evolved_exp_points *points, assay_random random, evolved_exp_program *program,
                       uint64_t *evaluations);

/* Indices of the constant nodes; returns their number. */
size_t evolved_exp_constant_nodes(const evolved_exp_program *program, uint32_t *nodes);

/* ---- evolved_exp_function_key.c ---- */

enum { EVOLVED_EXP_KEY_ORDERED = 4 }; /* up to so many constants, their order does not matter */

/* Finds the key of what a program computes as a function of x and its constants; order[j] is the place of constant j in
 * the key's own order. @p floor_at below 0 means 2^-40 times the largest canonical value. False if the program's values
 * are not all finite: such a program has no key. */
bool evolved_exp_function_key_of(const evolved_exp_problem *problem, const evolved_exp_program *program, unsigned bits,
                                 double floor_at, functional_hash_key *key, uint8_t *order);

/* ---- evolved_exp_select.c ---- */

/* What selection sees of a program. */
typedef struct evolved_exp_fitness {
    double error, cost;
} evolved_exp_fitness;

/* Picks at most @p want of @p count, by index, best first; returns how many. @p feasible is the error that hardware
 * mode accepts, or negative for the two objectives accuracy and cost. */
size_t evolved_exp_select(const evolved_exp_fitness *fitness, size_t count, size_t want, double feasible,
                          size_t *chosen);

/* True if a is better than b as an entry of the archive. */
bool evolved_exp_better(evolved_exp_fitness a, evolved_exp_fitness b, double feasible);

/* ---- evolved_exp_search.c: the driver ---- */

/* Runs body(self, i) for i < n, in any order. */
typedef void evolved_exp_map(size_t n, void (*body)(void *self, size_t i), void *self);

assay_status evolved_exp_search_drive(evolved_exp_search *search, uint64_t candidates, evolved_exp_evaluator *evaluator,
                                      evolved_exp_map *map);

/* ---- The state, shared by evolved_exp_search.c and evolved_exp_state.c ---- */

typedef struct evolved_exp_individual {
    evolved_exp_program program;
    evolved_exp_fitness fitness;
} evolved_exp_individual;

/* The plan of a child: tuned, or waiting for the constants that the cache has for its function at the end of its round.
 */
typedef enum evolved_exp_plan { EVOLVED_EXP_TUNE, EVOLVED_EXP_TAKE } evolved_exp_plan;

typedef struct evolved_exp_child {
    evolved_exp_individual individual;
    uint64_t evaluations;
    functional_hash_key key; /* of its function and number of operations; of none if there is no cache or no key */
    uint32_t plan;
    uint8_t order[EVOLVED_EXP_NODES];
} evolved_exp_child;

struct evolved_exp_search {
    evolved_exp_search_config config;
    char cost_name[64];
    uint64_t seed;
    evolved_exp_points train, validation;
    uint64_t round;
    uint64_t done;                   /* children of this round that were made */
    uint32_t *parent_counts;         /* one for each island */
    evolved_exp_individual *parents; /* islands * population */
    evolved_exp_child *children;     /* islands * 2 * population */
    functional_hash_cache *cache;    /* by function: minus the error, and the constants in the key's order; or null */
    evolved_exp_search_counts counts;
    evolved_exp_archive archive;
    assay_status failed; /* of a cost function or an allocation in the middle of a round: the search is over */
};

/* The cache's configuration: functions are looked up by the evaluations of the configuration, and the best counts. */
functional_hash_cache_config evolved_exp_cache_config(const evolved_exp_search_config *config);

#endif
