/**
 * @file functional_hash_domains.h
 * Four representations of functions that evolution can search, with their functional keys: directed acyclic graphs of
 * image operations, learning programs, lambda terms, and the straight-line programs of evolved_exp.
 *
 * R. Gillard et al., Unified Functional Hashing in Automatic Machine Learning, arXiv:2302.05433. The space of the
 * graphs is that of NAS-Bench-101, with a surrogate for the training of networks; programs follow AutoML-Zero; lambda
 * terms are losses. Each representation can be drawn, mutated, pruned, printed, parsed, run and evaluated, and has keys
 * of its structure besides that of its function.
 *
 * Nothing here depends on the number of threads. Runs, keys and fitnesses are the same bits at every CPU level.
 */
#ifndef ASSAY_FUNCTIONAL_HASH_DOMAINS_H
#define ASSAY_FUNCTIONAL_HASH_DOMAINS_H

#include "assay/evolved_exp_search.h"
#include "assay/functional_hash.h"

ASSAY_BEGIN_DECLARATIONS

/** Random numbers taken one after another from one stream. */
typedef struct functional_hash_dice {
    assay_random random; /**< the stream */
    uint64_t next;       /**< the index of the next number */
} functional_hash_dice;

/** When two candidates count as one. */
typedef enum functional_hash_equality {
    FUNCTIONAL_HASH_BY_NOTHING,     /**< never: every candidate is evaluated */
    FUNCTIONAL_HASH_BY_STRUCTURE,   /**< the serialised candidates are equal */
    FUNCTIONAL_HASH_BY_ISOMORPHISM, /**< equal up to names, dead parts and the order of what commutes */
    FUNCTIONAL_HASH_BY_FUNCTION     /**< their outputs on canonical inputs are equal: the paper's method */
} functional_hash_equality;

/** functional_hash_options.floor for a domain's key: 2^-40 times the largest magnitude of its canonical inputs. */
#define FUNCTIONAL_HASH_FLOOR_OF_DOMAIN (-1.0)

/** functional_hash_default() with the domain's floor: for the keys below, which are those of the function unless the
 *  equality says otherwise; then the options do not matter. */
functional_hash_options functional_hash_domain_options(void);

/* ---- Graphs of image operations ------------------------------------------------------------------------------- */

/** Sizes of graphs and images. */
enum {
    FUNCTIONAL_HASH_DAG_VERTICES = 7, /**< most vertices: input, five operations, output */
    FUNCTIONAL_HASH_DAG_EDGES = 9,    /**< most edges that are left after pruning */
    FUNCTIONAL_HASH_DAG_PIXELS = 64,  /**< of an image, 8 x 8, row by row */
    FUNCTIONAL_HASH_DAG_INPUTS = 8    /**< most canonical images */
};

/** Operations of inner vertices, on the sum of the predecessors. */
typedef enum functional_hash_dag_operation {
    FUNCTIONAL_HASH_CONV3, /**< relu(correlation with [[.4, -.3, .1], [.5, .7, -.6], [-.2, .3, .25]], zero-padded, -
                              .05) */
    FUNCTIONAL_HASH_CONV1, /**< relu(0.8 z + 0.1) */
    FUNCTIONAL_HASH_POOL   /**< largest of the 3 x 3 neighbours that there are */
} functional_hash_dag_operation;

/** A graph: vertex 0 is the input, the last one the output, edges go from lower to higher vertices. */
typedef struct functional_hash_dag {
    uint8_t vertices;                                 /**< 2 to FUNCTIONAL_HASH_DAG_VERTICES */
    uint8_t successors[FUNCTIONAL_HASH_DAG_VERTICES]; /**< bit j of entry i: there is an edge from i to j > i */
    uint8_t operations[FUNCTIONAL_HASH_DAG_VERTICES]; /**< of the inner vertices; 0 for the others */
} functional_hash_dag;

/** ASSAY_INVALID_ARGUMENT unless the graph is as its comments demand, has a path from input to output, and at most
 *  FUNCTIONAL_HASH_DAG_EDGES edges on such paths. */
assay_status functional_hash_dag_check(const functional_hash_dag *dag);

/** Drops the vertices that are on no path from input to output; the others keep their order. @p pruned may be @p dag.
 */
assay_status functional_hash_dag_prune(const functional_hash_dag *dag, functional_hash_dag *pruned);

/** Draws a valid graph of 7 vertices: each of the 21 edges with probability 1/2, uniform operations, until valid. */
assay_status functional_hash_dag_random(functional_hash_dice *dice, functional_hash_dag *dag);

/** Mutates a valid graph of 7 vertices: each edge flips with probability 1/7, each operation is re-drawn among the two
 *  others with probability 1/5, from the start again until valid. @p child must not be @p parent. */
assay_status functional_hash_dag_mutate(functional_hash_dice *dice, const functional_hash_dag *parent,
                                        functional_hash_dag *child);

/** Writes a graph as text, e.g. "conv3 pool: 01 02 13 23" (operations in order, then edges). Arguments as for
 *  evolved_exp_print(). */
assay_status functional_hash_dag_print(const functional_hash_dag *dag, char *text, size_t capacity, size_t *length);

/** Reads what functional_hash_dag_print() writes; ASSAY_BAD_DATA for anything else. The graph need not have a path. */
assay_status functional_hash_dag_parse(const char *text, functional_hash_dag *dag);

/** Runs a valid graph on @p count images (count x 64, row-major); @p outputs likewise. The output vertex is the sum of
 *  its predecessors. Predecessors are added in the order of their values on the canonical images (by the first pixel
 *  that differs), so that graphs that differ only in the order of vertices give the same bits. */
assay_status functional_hash_dag_run(const functional_hash_dag *dag, const double *images, size_t count,
                                     double *outputs);

/** What of a graph's outputs is hashed. */
typedef struct functional_hash_dag_view {
    size_t inputs; /**< canonical images, 1 to FUNCTIONAL_HASH_DAG_INPUTS */
    bool scalar;   /**< hash only the mean of all pixels: to study collisions */
} functional_hash_dag_view;

/** A key of a graph. @p view is the function's; null means 4 images, all pixels. */
assay_status functional_hash_dag_key(const functional_hash_dag *dag, functional_hash_equality equality,
                                     const functional_hash_dag_view *view, const functional_hash_options *options,
                                     functional_hash_key *key);

/** A key of 20 bits of the outputs on 64 images that have nothing to do with the canonical ones. More bits would take
 *  one function in two ways of rounding for two. */
assay_status functional_hash_dag_audit(const functional_hash_dag *dag, functional_hash_key *key);

/** What graphs are evaluated on: labelled images. */
typedef struct functional_hash_dag_task functional_hash_dag_task;

/** Takes @p training + @p validation images (row-major, 64 pixels each, 0 to 16, with labels 0 to 9), the training ones
 *  first. Both counts must be multiples of 8, from 8 to 2^20. */
assay_status functional_hash_dag_task_create(const double *images, const uint8_t *labels, size_t training,
                                             size_t validation, functional_hash_dag_task **task);

/** The same from the rows of a file as data/digits.csv is (64 pixels and the label), taken in an order that is drawn
 * from FUNCTIONAL_HASH_CANONICAL_SEED. ASSAY_BAD_DATA if it has too few rows or other columns, or values outside their
 *  ranges. */
assay_status functional_hash_dag_task_read(const char *path, size_t training, size_t validation,
                                           functional_hash_dag_task **task);

/** Ends a task; null is fine. */
void functional_hash_dag_task_destroy(functional_hash_dag_task *task);

/**
 * The fitness of a graph: runs it on pixel/16 - 0.3, divides each of the 64 outputs by its standard deviation over the
 * training images (+ 1e-6), adds a constant 1, and fits the ten classes (one-hot) by ridge regression with the penalty
 * 1e-2 times the number of training images on all 65 weights. The fitness is the part of the validation images whose
 * largest prediction (the first if equal) is the label's, minus 1e-3 times the mean squared error of the predictions.
 * Sums over images are made in eight interleaved parts.
 */
assay_status functional_hash_dag_evaluate(const functional_hash_dag_task *task, const functional_hash_dag *dag,
                                          double *fitness);

/* ---- Learning programs ---------------------------------------------------------------------------------------- */

/** Sizes of learning programs. */
enum {
    FUNCTIONAL_HASH_CODE_SCALARS = 4, /**< registers s0 to s3 */
    FUNCTIONAL_HASH_CODE_VECTORS = 3, /**< registers v0 to v2 */
    FUNCTIONAL_HASH_CODE_WIDTH = 4,   /**< elements of a vector */
    FUNCTIONAL_HASH_CODE_LINES = 5    /**< most instructions of a function: 3 of setup and predict, 5 of learn */
};

/** Operations of instructions: "to" is the register written, a and b those read. */
typedef enum functional_hash_code_operation {
    FUNCTIONAL_HASH_SCALAR_ADD,      /**< s_to = s_a + s_b */
    FUNCTIONAL_HASH_SCALAR_SUBTRACT, /**< s_to = s_a - s_b */
    FUNCTIONAL_HASH_SCALAR_MULTIPLY, /**< s_to = s_a s_b */
    FUNCTIONAL_HASH_SCALAR_DIVIDE,   /**< s_to = s_a / s_b, 0 if s_b is 0 */
    FUNCTIONAL_HASH_SCALAR_RELU,     /**< s_to = the larger of s_a and 0 */
    FUNCTIONAL_HASH_SCALAR_ABSOLUTE, /**< s_to = |s_a| */
    FUNCTIONAL_HASH_SCALAR_CONSTANT, /**< s_to = the instruction's constant */
    FUNCTIONAL_HASH_DOT,             /**< s_to = v_a . v_b, (0 + 1) + (2 + 3) */
    FUNCTIONAL_HASH_VECTOR_ADD,      /**< v_to = v_a + v_b */
    FUNCTIONAL_HASH_VECTOR_SUBTRACT, /**< v_to = v_a - v_b */
    FUNCTIONAL_HASH_VECTOR_SCALE,    /**< v_to = s_a v_b */
    FUNCTIONAL_HASH_VECTOR_ZERO,     /**< v_to = 0 */
    FUNCTIONAL_HASH_CODE_OPERATIONS  /**< how many there are */
} functional_hash_code_operation;

/** One instruction. Members that its operation does not use are 0. */
typedef struct functional_hash_instruction {
    uint8_t operation; /**< a functional_hash_code_operation */
    uint8_t to;        /**< register written */
    uint8_t a;         /**< first register read */
    uint8_t b;         /**< second register read */
    double constant;   /**< of FUNCTIONAL_HASH_SCALAR_CONSTANT; finite */
} functional_hash_instruction;

/** The three functions of a program. */
typedef enum functional_hash_code_function {
    FUNCTIONAL_HASH_SETUP,         /**< once, at the beginning */
    FUNCTIONAL_HASH_PREDICT,       /**< for every example, without its label */
    FUNCTIONAL_HASH_LEARN,         /**< for every training example after the prediction, with the label */
    FUNCTIONAL_HASH_CODE_FUNCTIONS /**< how many there are */
} functional_hash_code_function;

/** A program. For each example v0 = the input and s1 = 0, predict runs, s0 is the prediction; in training then s1 = the
 *  label, and learn runs. All registers begin as 0 and stay as they are otherwise. */
typedef struct functional_hash_code {
    uint8_t counts[FUNCTIONAL_HASH_CODE_FUNCTIONS]; /**< instructions in use: at most 3, 3 and 5 */
    functional_hash_instruction lines[FUNCTIONAL_HASH_CODE_FUNCTIONS][FUNCTIONAL_HASH_CODE_LINES]; /**< by function */
} functional_hash_code;

/** Most instructions of a function; 0 if @p function is none. */
size_t functional_hash_code_capacity(functional_hash_code_function function);

/** ASSAY_INVALID_ARGUMENT, naming the line, unless the program is as its comments demand. */
assay_status functional_hash_code_check(const functional_hash_code *code);

/** Drops the instructions that cannot influence a prediction. @p pruned may be @p code. */
assay_status functional_hash_code_prune(const functional_hash_code *code, functional_hash_code *pruned);

/** Draws the program that evolution starts from: the empty one. */
assay_status functional_hash_code_random(functional_hash_dice *dice, functional_hash_code *code);

/** Mutates a program, with equal odds: inserts a random instruction, deletes one, or changes one member of one (a new
 *  operation with what registers it then needs, a register, or the constant). What is impossible leaves it as it is. */
assay_status functional_hash_code_mutate(functional_hash_dice *dice, const functional_hash_code *parent,
                                         functional_hash_code *child);

/** Writes a program as text, e.g. "predict: s0 = dot(v0, v1)", a function or instruction to a line. Arguments as for
 *  evolved_exp_print(). */
assay_status functional_hash_code_print(const functional_hash_code *code, char *text, size_t capacity, size_t *length);

/** Reads what functional_hash_code_print() writes, bit for bit; ASSAY_BAD_DATA, naming the line, for anything else. */
assay_status functional_hash_code_parse(const char *text, functional_hash_code *code);

/** Trains on the first @p training examples (inputs: rows of 4; one label each), then predicts the @p validation next
 *  ones: residuals[i] = label - prediction, not always finite. */
assay_status functional_hash_code_run(const functional_hash_code *code, const double *inputs, const double *labels,
                                      size_t training, size_t validation, double *residuals);

/** A key of a program: of the function, its 10 residuals after training on 10 examples of a canonical linear task. */
assay_status functional_hash_code_key(const functional_hash_code *code, functional_hash_equality equality,
                                      const functional_hash_options *options, functional_hash_key *key);

/** A key of 20 bits of 64 residuals on another task. */
assay_status functional_hash_code_audit(const functional_hash_code *code, functional_hash_key *key);

/** The fitness of a program, 1 - 2/pi atan of the median (mean of both) root mean square error over 2 linear tasks with
 *  40 training and 40 validation examples; minus infinity if an error is not finite, or the key is that of none. */
assay_status functional_hash_code_evaluate(const functional_hash_code *code, double *fitness);

/* ---- Lambda terms --------------------------------------------------------------------------------------------- */

/** Sizes of terms and limits of their evaluation. */
enum {
    FUNCTIONAL_HASH_TERM_NODES = 64,  /**< most nodes of a term */
    FUNCTIONAL_HASH_TERM_NAMES = 64,  /**< variables are x0 to x63 */
    FUNCTIONAL_HASH_TERM_DEPTH = 64,  /**< calls within calls */
    FUNCTIONAL_HASH_TERM_STEPS = 4096 /**< nodes evaluated in all */
};

/** Kinds of nodes. */
typedef enum functional_hash_term_kind {
    FUNCTIONAL_HASH_TERM_NUMBER,   /**< a number */
    FUNCTIONAL_HASH_TERM_P,        /**< the prediction */
    FUNCTIONAL_HASH_TERM_Y,        /**< the label */
    FUNCTIONAL_HASH_TERM_VARIABLE, /**< a variable that a function or a let around it binds */
    FUNCTIONAL_HASH_TERM_ADD,      /**< a + b */
    FUNCTIONAL_HASH_TERM_SUBTRACT, /**< a - b */
    FUNCTIONAL_HASH_TERM_MULTIPLY, /**< a * b */
    FUNCTIONAL_HASH_TERM_DIVIDE,   /**< a / b */
    FUNCTIONAL_HASH_TERM_MAXIMUM,  /**< a if a > b, else b */
    FUNCTIONAL_HASH_TERM_ABSOLUTE, /**< |a| */
    FUNCTIONAL_HASH_TERM_LET,      /**< b with the name bound to the value of a */
    FUNCTIONAL_HASH_TERM_FUNCTION, /**< the function of the name with the body a */
    FUNCTIONAL_HASH_TERM_APPLY,    /**< the function a called with the value of b */
    FUNCTIONAL_HASH_TERM_KINDS     /**< how many there are */
} functional_hash_term_kind;

/** One node. Parts are earlier nodes, each the part of one node only. */
typedef struct functional_hash_term_node {
    uint8_t kind;  /**< a functional_hash_term_kind */
    uint8_t a;     /**< first part */
    uint8_t b;     /**< second part */
    uint8_t name;  /**< of a variable, let or function */
    double number; /**< of FUNCTIONAL_HASH_TERM_NUMBER; finite */
} functional_hash_term_node;

/** A term, e.g. a loss L(p, y). The last node is the whole. */
typedef struct functional_hash_term {
    uint8_t count;                                               /**< 1 to FUNCTIONAL_HASH_TERM_NODES */
    functional_hash_term_node nodes[FUNCTIONAL_HASH_TERM_NODES]; /**< the first @c count are in use */
} functional_hash_term;

/** ASSAY_INVALID_ARGUMENT, naming the node, unless the term is as its comments demand and has no free variable. */
assay_status functional_hash_term_check(const functional_hash_term *term);

/** Drops each let whose name is not used and whose value is arithmetic without variables and calls, and what is then
 *  unused in turn. @p pruned may be @p term. */
assay_status functional_hash_term_prune(const functional_hash_term *term, functional_hash_term *pruned);

/** Draws a closed term of at most about 16 nodes. */
assay_status functional_hash_term_random(functional_hash_dice *dice, functional_hash_term *term);

/** Mutates a term: replaces a random part by a small random one that may use the variables there, wraps it into an
 *  operation, or replaces it by a part of its own. */
assay_status functional_hash_term_mutate(functional_hash_dice *dice, const functional_hash_term *parent,
                                         functional_hash_term *child);

/** Writes a term in prefix form, e.g. "((fn x0 (* x0 x0)) (- p y))", "(let x1 (abs p) (max x1 0x1p+0))". Arguments as
 *  for evolved_exp_print(). */
assay_status functional_hash_term_print(const functional_hash_term *term, char *text, size_t capacity, size_t *length);

/** Reads what functional_hash_term_print() writes, with numbers as strtod() in the C locale takes them, and spaces and
 *  line ends at will. ASSAY_BAD_DATA for anything else, free variables included. */
assay_status functional_hash_term_parse(const char *text, functional_hash_term *term);

/** values[i] = the term for p[i], y[i], call by value. ASSAY_BAD_DATA if the evaluation gets stuck (a function where a
 *  number is needed, a number called, a function as the result), ASSAY_NOT_CONVERGED if it goes beyond
 *  FUNCTIONAL_HASH_TERM_DEPTH or FUNCTIONAL_HASH_TERM_STEPS: either does not depend on the numbers. */
assay_status functional_hash_term_run(const functional_hash_term *term, const double *p, const double *y, size_t count,
                                      double *values);

/** A key of a term: of the function, its values on 16 canonical pairs (p, y). A term that gets stuck or goes beyond the
 *  limits has the key of none. */
assay_status functional_hash_term_key(const functional_hash_term *term, functional_hash_equality equality,
                                      const functional_hash_options *options, functional_hash_key *key);

/** A key of 20 bits of the values on 64 other pairs. */
assay_status functional_hash_term_audit(const functional_hash_term *term, functional_hash_key *key);

/** The fitness of a term as a loss: linear models are trained by it on the two tasks of learning programs, in 20 steps
 *  of gradient descent of length 0.1 (derivatives by central differences, p +- 2^-12), and judged as there. Minus
 *  infinity for a term that has the key of none. */
assay_status functional_hash_term_evaluate(const functional_hash_term *term, double *fitness);

/* ---- Straight-line programs ----------------------------------------------------------------------------------- */

/** A key of a program of evolved_exp, over the problem's interval, its constants being free parameters: of the
 *  function, its values at 8 canonical points with canonical values of the constants, the least key over all orders of
 *  up to 4 constants. BY_STRUCTURE and BY_ISOMORPHISM see operations and where their arguments come from, the latter up
 *  to the order of nodes and of what commutes. Constant parts count as one constant each, and what the output does not
 *  need as nothing, by function and by isomorphism. */
assay_status functional_hash_slp_key(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                     functional_hash_equality equality, const functional_hash_options *options,
                                     functional_hash_key *key);

/** A key of 20 bits at 64 other points with other constants in the order of the function's key. */
assay_status functional_hash_slp_audit(const evolved_exp_problem *problem, const evolved_exp_program *program,
                                       functional_hash_key *key);

/* ---- Reference ------------------------------------------------------------------------------------------------ */

/** functional_hash_dag_run() plainly, one image after the other; the same bits. */
assay_status functional_hash_reference_dag_run(const functional_hash_dag *dag, const double *images, size_t count,
                                               double *outputs);

/** functional_hash_dag_evaluate() plainly; the same bits. */
assay_status functional_hash_reference_dag_evaluate(const functional_hash_dag_task *task,
                                                    const functional_hash_dag *dag, double *fitness);

/** functional_hash_code_run() plainly, every instruction of the program; the same bits. */
assay_status functional_hash_reference_code_run(const functional_hash_code *code, const double *inputs,
                                                const double *labels, size_t training, size_t validation,
                                                double *residuals);

/** functional_hash_term_run() plainly, one pair after the other; the same bits. */
assay_status functional_hash_reference_term_run(const functional_hash_term *term, const double *p, const double *y,
                                                size_t count, double *values);

ASSAY_END_DECLARATIONS

#endif
