/*
 * What the representations' parts know of each other; private to the library.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_DOMAIN_PARTS_H
#define ASSAY_FUNCTIONAL_HASH_DOMAIN_PARTS_H

#include "assay/functional_hash_search.h"
#include "reference/arithmetic/functional_hash_parts.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- Streams of FUNCTIONAL_HASH_CANONICAL_SEED ---- */

enum {
    FUNCTIONAL_HASH_STREAM_DAG,
    FUNCTIONAL_HASH_STREAM_DAG_AUDIT,
    FUNCTIONAL_HASH_STREAM_TASK, /* of learning: the canonical one, the audit's, those of evaluations */
    FUNCTIONAL_HASH_STREAM_PAIRS = FUNCTIONAL_HASH_STREAM_TASK + 8,
    FUNCTIONAL_HASH_STREAM_PAIRS_AUDIT,
    FUNCTIONAL_HASH_STREAM_POINTS_AUDIT,
    FUNCTIONAL_HASH_STREAM_ROWS
};

static inline assay_random functional_hash_stream(uint64_t stream)
{
    return (assay_random){FUNCTIONAL_HASH_CANONICAL_SEED, UINT64_C(1) << 32 | stream};
}

/* ---- Random choices ---- */

static inline double functional_hash_draw_uniform(functional_hash_dice *dice)
{
    return assay_random_uniform(dice->random, dice->next++);
}

static inline uint32_t functional_hash_draw_below(functional_hash_dice *dice, uint32_t bound)
{
    return (uint32_t)assay_random_integer(dice->random, dice->next++, bound);
}

/* Standard normal. The stream's own pairing of normals is by index, so each takes a pair. */
static inline double functional_hash_draw_normal(functional_hash_dice *dice)
{
    dice->next += 2 - dice->next % 2;
    return assay_random_normal(dice->random, dice->next - 2);
}

/* ---- Keys ---- */

/* Checks equality and options (and key) of a domain's key and gives the options with the floor resolved. */
assay_status functional_hash_resolve(functional_hash_equality equality, const functional_hash_options *options,
                                     double largest_input, const functional_hash_key *key,
                                     functional_hash_options *resolved);

/* 20 bits, with the floor of a domain. */
functional_hash_options functional_hash_audit_options(double largest_input);

/* The key of bytes. */
functional_hash_key functional_hash_bytes_key(const void *bytes, size_t n);

/* ---- Text ---- */

/* A text being written; length counts what there was no room for, too. */
typedef struct functional_hash_text {
    char *text;
    size_t capacity, length;
} functional_hash_text;

void functional_hash_append(functional_hash_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends a print function as evolved_exp_print() does. */
assay_status functional_hash_end_text(const functional_hash_text *t, size_t *length);

/* ---- Graphs ---- */

/* A pruned graph with each vertex's predecessors in the order in which they are added. */
typedef struct functional_hash_dag_plan {
    size_t vertices;
    functional_hash_dag_operation operations[FUNCTIONAL_HASH_DAG_VERTICES];
    size_t counts[FUNCTIONAL_HASH_DAG_VERTICES];
    uint8_t predecessors[FUNCTIONAL_HASH_DAG_VERTICES][FUNCTIONAL_HASH_DAG_VERTICES];
} functional_hash_dag_plan;

enum { FUNCTIONAL_HASH_DAG_CANONICAL = 4 }; /* canonical images by which predecessors are ordered */

/* Checks and prunes; predecessors by index. */
assay_status functional_hash_dag_plan_of(const functional_hash_dag *dag, functional_hash_dag_plan *plan);

/* The canonical images, FUNCTIONAL_HASH_DAG_INPUTS x 64 numbers. Kept for ever; made once, by whoever comes first. */
const double *functional_hash_dag_canonical(void);

/* The largest magnitude among the first @p count of them. */
double functional_hash_dag_largest(size_t count);

enum {
    FUNCTIONAL_HASH_DAG_CLASSES = 10,
    FUNCTIONAL_HASH_DAG_LANES = 8,                                /* interleaved parts of sums over images */
    FUNCTIONAL_HASH_DAG_WEIGHTS = FUNCTIONAL_HASH_DAG_PIXELS + 1, /* with the constant's */
    FUNCTIONAL_HASH_DAG_ROWS = FUNCTIONAL_HASH_DAG_WEIGHTS + FUNCTIONAL_HASH_DAG_CLASSES
};

/* Standard deviations get this added; the mean squared error's weight; the ridge by training image. */
#define FUNCTIONAL_HASH_DAG_SOFTENING 1e-6
#define FUNCTIONAL_HASH_DAG_ERROR     1e-3
#define FUNCTIONAL_HASH_DAG_RIDGE     1e-2

/* The upper triangle of the regression's matrix and its right sides: products of the first FUNCTIONAL_HASH_DAG_WEIGHTS
 * rows with all FUNCTIONAL_HASH_DAG_ROWS, over n images, rows @p stride apart. */
void functional_hash_reference_dag_products(const double *rows, size_t stride, size_t n, double ridge,
                                            double (*a)[FUNCTIONAL_HASH_DAG_ROWS]);

struct functional_hash_dag_task {
    size_t training, validation;
    double *images; /* row-major, scaled */
    double *tiles;  /* the same in groups of 8 images: [group][pixel][image], for optimized code */
    double *hot;    /* class x image: 1 at the label */
    uint8_t *labels;
};

/* ---- Learning programs and lambda terms ---- */

enum { FUNCTIONAL_HASH_TASK_MOST = 80 }; /* examples of a task */

/* Examples of a linear task: rows of inputs, their labels; the training examples first. */
typedef struct functional_hash_linear_task {
    size_t training, validation;
    double inputs[FUNCTIONAL_HASH_TASK_MOST][FUNCTIONAL_HASH_CODE_WIDTH];
    double labels[FUNCTIONAL_HASH_TASK_MOST];
    double largest; /* magnitude of an input */
} functional_hash_linear_task;

/* Which: what keys are made on, what audits are, and the two of evaluations. */
enum { FUNCTIONAL_HASH_TASK_KEY, FUNCTIONAL_HASH_TASK_AUDIT, FUNCTIONAL_HASH_TASK_FIRST, FUNCTIONAL_HASH_TASKS = 4 };

/* Kept for ever; made once, by whoever comes first. */
const functional_hash_linear_task *functional_hash_linear_task_at(size_t which);

/* Runs a program on the two tasks of evaluations; residuals of the first, then of the second. */
assay_status functional_hash_code_run_both(const functional_hash_code *code, double *residuals);

/* 1 - 2/pi atan of the mean of two tasks' root mean square residuals; minus infinity if that is not finite. */
double functional_hash_fitness_of(const double *residuals, size_t each);

/* What an instruction reads and writes: 's' a scalar, 'v' a vector, 0 nothing. */
typedef struct functional_hash_instruction_form {
    const char *name;
    char to, a, b;
} functional_hash_instruction_form;
extern const functional_hash_instruction_form functional_hash_instruction_forms[FUNCTIONAL_HASH_CODE_OPERATIONS];

/* Number of parts of a kind of node, 0 to 2. */
unsigned functional_hash_term_parts(functional_hash_term_kind kind);

/* Appends a node and returns its place. A count beyond FUNCTIONAL_HASH_TERM_NODES says that it did not fit. */
uint8_t functional_hash_term_append(functional_hash_term *term, functional_hash_term_node n);

/* The arguments of functional_hash_term_run(). */
assay_status functional_hash_term_check_run(const functional_hash_term *term, const double *p, const double *y,
                                            size_t count, const double *values);

/* The 16 canonical pairs: p first, then y. Kept for ever. */
const double *functional_hash_term_pairs(void);

#endif
