/*
 * What the parts of the search know of each other; private to the library.
 */
#ifndef ASSAY_EVOLVED_EXP_SEARCH_PARTS_H
#define ASSAY_EVOLVED_EXP_SEARCH_PARTS_H

#include "assay/evolved_exp_search.h"
#include "assay/random.h"

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

/* What a program computes as a function of x and its constants. */
typedef struct evolved_exp_function_key {
    uint64_t word[2];
} evolved_exp_function_key;

/* Finds the key; order[j] is the place of constant j in the key's own order. False if the canonical values are not all
 * finite: such a program has no key. */
bool evolved_exp_function_key_of(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                 evolved_exp_function_key *key, uint8_t *order);

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

/* The plan of a child: tuned, or waiting for the constants of an entry of the cache until the end of its round. */
typedef enum evolved_exp_plan { EVOLVED_EXP_TUNE, EVOLVED_EXP_TAKE } evolved_exp_plan;

typedef struct evolved_exp_child {
    evolved_exp_individual individual;
    uint64_t evaluations;
    uint64_t entry; /* of the cache, or UINT64_MAX */
    uint32_t plan;
    uint8_t order[EVOLVED_EXP_NODES];
} evolved_exp_child;

/* A function and the best constants seen for it, in the key's order. */
typedef struct evolved_exp_cache_entry {
    evolved_exp_function_key key;
    uint32_t operations;
    uint32_t evaluations; /* planned so far */
    uint32_t count;       /* constants */
    double error;
    double constants[EVOLVED_EXP_NODES];
} evolved_exp_cache_entry;

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
    evolved_exp_cache_entry *cache;
    size_t cache_count, cache_capacity;
    size_t *slots; /* open addressing over the cache; SIZE_MAX is empty */
    size_t slot_count;
    evolved_exp_search_counts counts;
    evolved_exp_archive archive;
    assay_status failed; /* of a cost function or an allocation in the middle of a round: the search is over */
};

/* The entry of a key, or SIZE_MAX. */
size_t evolved_exp_cache_find(const evolved_exp_search *search, evolved_exp_function_key key, uint32_t operations);

/* Enters a key that is not in the cache; the new entry's index, or SIZE_MAX if there is no memory. */
size_t evolved_exp_cache_append(evolved_exp_search *search, const evolved_exp_cache_entry *entry);

/* FNV-1a, for checksums. */
static inline uint64_t evolved_exp_fnv(uint64_t hash, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes; n > 0; n--)
        hash = (hash ^ *p++) * UINT64_C(0x100000001b3);
    return hash;
}
#define EVOLVED_EXP_FNV_START UINT64_C(0xcbf29ce484222325)

#endif
