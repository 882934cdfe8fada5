/* functional_hash against truth: what graphs and learning programs compute, by their definitions written out once more,
 * graphs in the widest format that C has. */
#include "assay/readers.h"
#include "reference/arithmetic/functional_hash_domain_parts.h"
#include "verify/arithmetic/functional_hash_checks.h"

#include <math.h>
#include <stdlib.h>

enum { SIDE = 8, PIXELS = FUNCTIONAL_HASH_DAG_PIXELS, VERTICES = FUNCTIONAL_HASH_DAG_VERTICES };

/* ---- Outputs of graphs ------------------------------------------------------------------------------------------- */

typedef long double wide;

/* An image, and for each pixel the sum of magnitudes that went into it. */
typedef struct picture {
    wide value[PIXELS];
    double bar[PIXELS];
} picture;

/* conv3 by its definition, from the side of the inputs: pixel (y, x) goes to all outputs that it is a neighbour of. */
static void apply_conv3(const picture *z, picture *out)
{
    static const wide weights[3][3] = {{.4L, -.3L, .1L}, {.5L, .7L, -.6L}, {-.2L, .3L, .25L}};
    *out = (picture){{0}, {0}};
    for (int i = 0; i < PIXELS; i++)
        for (int k = 0; k < 9; k++) {
            const int y = i / SIDE - (k / 3 - 1), x = i % SIDE - (k % 3 - 1);
            if (y < 0 || y >= SIDE || x < 0 || x >= SIDE)
                continue;
            out->value[y * SIDE + x] += weights[k / 3][k % 3] * z->value[i];
            out->bar[y * SIDE + x] += fabs((double)weights[k / 3][k % 3]) * z->bar[i];
        }
    for (int i = 0; i < PIXELS; i++) {
        out->value[i] = fmaxl(out->value[i] - .05L, 0);
        out->bar[i] += .05;
    }
}

static void apply_conv1(const picture *z, picture *out)
{
    for (int i = 0; i < PIXELS; i++) {
        out->value[i] = fmaxl(.8L * z->value[i] + .1L, 0);
        out->bar[i] = .8 * z->bar[i] + .1;
    }
}

static void apply_pool(const picture *z, picture *out)
{
    for (int i = 0; i < PIXELS; i++) {
        out->value[i] = -INFINITY;
        out->bar[i] = 0;
        for (int j = 0; j < PIXELS; j++)
            if (abs(i / SIDE - j / SIDE) <= 1 && abs(i % SIDE - j % SIDE) <= 1) {
                out->value[i] = fmaxl(out->value[i], z->value[j]);
                out->bar[i] = fmax(out->bar[i], z->bar[j]);
            }
    }
}

/* Runs a graph that has its dead vertices still; false if it has no path. What does not come from the input counts for
 * nothing. */
static bool run_wide(const functional_hash_dag *dag, const double *image, picture *out)
{
    static void (*const apply[])(const picture *, picture *) = {apply_conv3, apply_conv1, apply_pool};
    picture values[VERTICES], sum;
    bool reached[VERTICES] = {true};
    for (int i = 0; i < PIXELS; i++) {
        values[0].value[i] = image[i];
        values[0].bar[i] = fabs(image[i]);
    }
    for (size_t v = 1; v < dag->vertices; v++) {
        sum = (picture){{0}, {0}};
        for (size_t u = 0; u < v; u++)
            if (reached[u] && (dag->successors[u] >> v & 1)) {
                reached[v] = true;
                for (int i = 0; i < PIXELS; i++) {
                    sum.value[i] += values[u].value[i];
                    sum.bar[i] += values[u].bar[i];
                }
            }
        if (v + 1 == dag->vertices)
            *out = sum;
        else
            apply[dag->operations[v]](&sum, &values[v]);
    }
    return reached[dag->vertices - 1];
}

/* A vertex makes at most 6 + 10 roundings, each of at most 2^-53 of what went in, and passes errors on as it does its
 * inputs' magnitudes; there are at most 6 of them in a row. */
#define VALUE_LIMIT (100 * 0x1p-53)

void functional_hash_check_graph_values(verify_context *v)
{
    enum { COUNT = 60, IMAGES = 11 };
    functional_hash_dag dags[COUNT];
    static double images[IMAGES * PIXELS], out[IMAGES * PIXELS];
    functional_hash_random_dags(verify_random(v, 40), dags, COUNT);
    assay_random_fill_normal(verify_random(v, 41), 0, 0, 1, images, IMAGES * PIXELS);
    for (size_t d = 0; d < COUNT; d++) {
        if (!verify_ok(v, functional_hash_dag_run(&dags[d], images, IMAGES, out), "run"))
            return;
        double worst = 0;
        for (size_t k = 0; k < IMAGES; k++) {
            picture truth;
            verify_true(v, run_wide(&dags[d], images + k * PIXELS, &truth), "graph %zu has a path", d);
            for (size_t i = 0; i < PIXELS; i++) {
                const double error = (double)fabsl(out[k * PIXELS + i] - truth.value[i]) / (truth.bar[i] + 1e-300);
                worst = error > worst || isnan(error) ? error : worst;
            }
        }
        verify_at_most(v, worst, VALUE_LIMIT, "of the magnitudes", "outputs of graph %zu", d);
    }
}

/* ---- Fitness of graphs ------------------------------------------------------------------------------------------- */

enum { TRAINING = 600, VALIDATION = 400, IMAGES = TRAINING + VALIDATION, CLASSES = 10, WEIGHTS = PIXELS + 1 };

typedef struct regression {
    wide features[IMAGES][WEIGHTS];
    wide system[WEIGHTS][WEIGHTS + CLASSES];
} regression;

static void make_features(const functional_hash_dag *dag, const double *pixels, regression *r)
{
    double image[PIXELS];
    picture out;
    for (size_t k = 0; k < IMAGES; k++) {
        for (size_t i = 0; i < PIXELS; i++)
            image[i] = pixels[k * PIXELS + i] / 16 - 0.3;
        run_wide(dag, image, &out);
        memcpy(r->features[k], out.value, sizeof out.value);
        r->features[k][PIXELS] = 1;
    }
    for (size_t i = 0; i < PIXELS; i++) {
        wide mean = 0, squares = 0;
        for (size_t k = 0; k < TRAINING; k++)
            mean += r->features[k][i] / TRAINING;
        for (size_t k = 0; k < TRAINING; k++)
            squares += (r->features[k][i] - mean) * (r->features[k][i] - mean) / TRAINING;
        for (size_t k = 0; k < IMAGES; k++)
            r->features[k][i] /= sqrtl(squares) + 1e-6L;
    }
}

/* (X^T X + 6 I) W = X^T Y by Gauss and Jordan, for one-hot Y; W ends in the last columns. */
static void fit(const uint8_t *labels, regression *r)
{
    memset(r->system, 0, sizeof r->system);
    for (size_t i = 0; i < WEIGHTS; i++) {
        for (size_t k = 0; k < TRAINING; k++) {
            for (size_t j = 0; j < WEIGHTS; j++)
                r->system[i][j] += r->features[k][i] * r->features[k][j];
            r->system[i][WEIGHTS + labels[k]] += r->features[k][i];
        }
        r->system[i][i] += 1e-2L * TRAINING;
    }
    for (size_t p = 0; p < WEIGHTS; p++)
        for (size_t i = 0; i < WEIGHTS; i++) {
            const wide factor = i == p ? 0 : r->system[i][p] / r->system[p][p];
            for (size_t j = p; i != p && j < WEIGHTS + CLASSES; j++)
                r->system[i][j] -= factor * r->system[p][j];
        }
    for (size_t i = 0; i < WEIGHTS; i++)
        for (size_t c = 0; c < CLASSES; c++)
            r->system[i][WEIGHTS + c] /= r->system[i][i];
}

/* The fitness; *doubtful counts images whose two largest predictions are so near that rounding may choose. */
static double judge(const uint8_t *labels, const regression *r, size_t *doubtful)
{
    wide errors = 0;
    size_t right = 0;
    *doubtful = 0;
    for (size_t k = TRAINING; k < IMAGES; k++) {
        wide prediction[CLASSES] = {0};
        size_t best = 0;
        for (size_t c = 0; c < CLASSES; c++) {
            for (size_t i = 0; i < WEIGHTS; i++)
                prediction[c] += r->features[k][i] * r->system[i][WEIGHTS + c];
            errors += (prediction[c] - (labels[k] == c)) * (prediction[c] - (labels[k] == c));
            best = prediction[c] > prediction[best] ? c : best;
        }
        right += labels[k] == best;
        for (size_t c = 0; c < CLASSES; c++)
            if (c != best && prediction[best] - prediction[c] < 1e-7L) {
                ++*doubtful;
                break;
            }
    }
    return (double)((wide)right / VALIDATION - 1e-3L * errors / (VALIDATION * CLASSES));
}

/* The first thousand digits as they stand in the file. */
static bool read_digits(verify_context *v, double *pixels, uint8_t *labels)
{
    char path[4096];
    assay_table table = {0};
    assay_status status = assay_data_path("digits.csv", path, sizeof path);
    if (status == ASSAY_OK)
        status = assay_read_csv(path, &table);
    const bool good = verify_ok(v, status, "digits") &&
                      verify_true(v, table.rows >= IMAGES && table.columns == PIXELS + 1, "%zu digits", table.rows);
    for (size_t k = 0; good && k < IMAGES; k++) {
        memcpy(pixels + k * PIXELS, table.values + k * (PIXELS + 1), PIXELS * sizeof *pixels);
        labels[k] = (uint8_t)table.values[k * (PIXELS + 1) + PIXELS];
    }
    assay_table_release(&table);
    return good;
}

/* Features that are nearly constant become 1e5 times others, and the system's condition 1e14. What rounding then does
 * to predictions has no useful bound, so the graphs are always the same 60, for which it stays below 1e-9; a penalty
 * that is wrong by a hundredth moves fitnesses by 3e-9 and more. */
void functional_hash_check_graph_fitness(verify_context *v)
{
    const size_t count = verify_depth_of(v) == VERIFY_QUICK ? 6 : 60;
    double *pixels = malloc(IMAGES * PIXELS * sizeof *pixels);
    regression *r = malloc(sizeof *r);
    uint8_t labels[IMAGES];
    functional_hash_dag dags[60];
    functional_hash_dag_task *task = NULL;
    functional_hash_random_dags((assay_random){1, 42}, dags, 60);
    if (verify_true(v, pixels && r, "memory") && read_digits(v, pixels, labels) &&
        verify_ok(v, functional_hash_dag_task_create(pixels, labels, TRAINING, VALIDATION, &task), "task"))
        for (size_t d = 0; d < count; d++) {
            size_t doubtful;
            double fitness = NAN;
            verify_ok(v, functional_hash_dag_evaluate(task, &dags[d], &fitness), "evaluate");
            make_features(&dags[d], pixels, r);
            fit(labels, r);
            const double truth = judge(labels, r, &doubtful);
            verify_at_most(v, fabs(fitness - truth), 2e-9 + (double)doubtful / VALIDATION, "absolute error",
                           "fitness of graph %zu, %g", d, truth);
        }
    functional_hash_dag_task_destroy(task);
    free(pixels);
    free(r);
}

/* ---- Learning programs ------------------------------------------------------------------------------------------- */

enum { WIDTH = FUNCTIONAL_HASH_CODE_WIDTH, FIRST_VECTOR = FUNCTIONAL_HASH_CODE_SCALARS };

/* All registers in one row, scalars first: the k-th number of what is read or written. */
static double *number_at(double *registers, char kind, uint8_t which, size_t k)
{
    return kind == 's' ? &registers[which] : &registers[FIRST_VECTOR + WIDTH * which + k];
}

/* An instruction by its name in the text form; vectors element by element. */
static void execute(const char *name, const functional_hash_instruction_form *form,
                    const functional_hash_instruction *line, double *registers)
{
    double a[WIDTH], b[WIDTH];
    for (size_t k = 0; k < WIDTH; k++) {
        a[k] = form->a ? *number_at(registers, form->a, line->a, k) : 0;
        b[k] = form->b ? *number_at(registers, form->b, line->b, k) : 0;
    }
    for (size_t k = 0; k < WIDTH; k++) {
        double result = 0;
        if (!strcmp(name, "add"))
            result = a[k] + b[k];
        else if (!strcmp(name, "subtract"))
            result = a[k] - b[k];
        else if (!strcmp(name, "multiply") || !strcmp(name, "scale"))
            result = a[k] * b[k];
        else if (!strcmp(name, "divide"))
            result = b[k] == 0 ? 0 : a[k] / b[k];
        else if (!strcmp(name, "relu"))
            result = a[k] > 0 ? a[k] : 0;
        else if (!strcmp(name, "abs"))
            result = fabs(a[k]);
        else if (!strcmp(name, "constant"))
            result = line->constant;
        else if (!strcmp(name, "dot"))
            result = (a[0] * b[0] + a[1] * b[1]) + (a[2] * b[2] + a[3] * b[3]);
        *number_at(registers, form->to, line->to, k) = result;
    }
}

static void execute_all(const functional_hash_code *code, int function, double *registers)
{
    for (size_t i = 0; i < code->counts[function]; i++) {
        const functional_hash_instruction *line = &code->lines[function][i];
        const functional_hash_instruction_form *form = &functional_hash_instruction_forms[line->operation];
        execute(form->name, form, line, registers);
    }
}

/* Residuals of the examples after the first @p training ones. */
static void learn(const functional_hash_code *code, const double *inputs, const double *labels, size_t training,
                  size_t examples, double *residuals)
{
    double registers[FIRST_VECTOR + WIDTH * FUNCTIONAL_HASH_CODE_VECTORS] = {0};
    execute_all(code, FUNCTIONAL_HASH_SETUP, registers);
    for (size_t k = 0; k < examples; k++) {
        memcpy(registers + FIRST_VECTOR, inputs + k * WIDTH, WIDTH * sizeof *registers);
        registers[1] = 0;
        execute_all(code, FUNCTIONAL_HASH_PREDICT, registers);
        if (k >= training) {
            residuals[k - training] = labels[k] - registers[0];
            continue;
        }
        registers[1] = labels[k];
        execute_all(code, FUNCTIONAL_HASH_LEARN, registers);
    }
}

/* Bit for bit, NaN for NaN. */
static bool are_same(const double *x, const double *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(x[i] == y[i] || (isnan(x[i]) && isnan(y[i]))))
            return false;
    return true;
}

/* 1 - 2/pi atan of the mean of the root mean squares of both tasks' residuals, minus infinity if that is not finite or
 * a canonical residual is not. */
static double fitness_of(const functional_hash_code *code)
{
    double residuals[FUNCTIONAL_HASH_TASK_MOST], error = 0;
    const functional_hash_linear_task *task = functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_KEY);
    bool finite = true;
    learn(code, task->inputs[0], task->labels, task->training, task->training + task->validation, residuals);
    for (size_t k = 0; k < task->validation; k++)
        finite &= isfinite(residuals[k]);
    for (size_t t = 0; t < 2; t++) {
        double squares = 0;
        task = functional_hash_linear_task_at(FUNCTIONAL_HASH_TASK_FIRST + t);
        learn(code, task->inputs[0], task->labels, task->training, task->training + task->validation, residuals);
        for (size_t k = 0; k < task->validation; k++)
            squares += residuals[k] * residuals[k];
        error += sqrt(squares / 40) / 2;
    }
    return finite && isfinite(error) ? 1 - atan(error) * 2 / M_PI : -INFINITY;
}

/* The canonical tasks have the sizes of the definition and are linear: the first four examples say how. */
static void check_tasks(verify_context *v)
{
    static const size_t sizes[FUNCTIONAL_HASH_TASKS][2] = {{10, 10}, {10, 64}, {40, 40}, {40, 40}};
    for (size_t t = 0; t < FUNCTIONAL_HASH_TASKS; t++) {
        const functional_hash_linear_task *task = functional_hash_linear_task_at(t);
        wide system[WIDTH][WIDTH + 1];
        verify_true(v, task->training == sizes[t][0] && task->validation == sizes[t][1], "task %zu has %zu + %zu", t,
                    task->training, task->validation);
        for (size_t i = 0; i < WIDTH; i++)
            for (size_t j = 0; j <= WIDTH; j++)
                system[i][j] = j < WIDTH ? task->inputs[i][j] : task->labels[i];
        for (size_t p = 0; p < WIDTH; p++)
            for (size_t i = 0; i < WIDTH; i++) {
                const wide factor = i == p ? 0 : system[i][p] / system[p][p];
                for (size_t j = p; i != p && j <= WIDTH; j++)
                    system[i][j] -= factor * system[p][j];
            }
        for (size_t k = 0; k < sizes[t][0] + sizes[t][1]; k++) {
            wide label = 0;
            for (size_t j = 0; j < WIDTH; j++)
                label += task->inputs[k][j] * system[j][WIDTH] / system[j][j];
            verify_at_most(v, (double)fabsl(label - task->labels[k]), 1e-12, "absolute error", "task %zu, label %zu", t,
                           k);
        }
    }
}

void functional_hash_check_code_values(verify_context *v)
{
    enum { COUNT = 500, TRAINED = 23, EXAMPLES = 60 };
    static const char gradient_descent[] = "setup: s2 = constant(0.05)\npredict: s0 = dot(v0, v1)\n"
                                           "learn: s3 = subtract(s1, s0)\nlearn: s3 = multiply(s3, s2)\n"
                                           "learn: v2 = scale(s3, v0)\nlearn: v1 = add(v1, v2)\n";
    functional_hash_code *codes = calloc(COUNT, sizeof *codes);
    double inputs[EXAMPLES * WIDTH], labels[EXAMPLES], found[EXAMPLES], truth[EXAMPLES];
    if (!verify_true(v, codes != NULL, "memory"))
        return;
    check_tasks(v);
    functional_hash_random_codes(verify_random(v, 43), codes, COUNT, 100);
    verify_ok(v, functional_hash_code_parse(gradient_descent, &codes[0]), "gradient descent");
    assay_random_fill_normal(verify_random(v, 44), 0, 0, 1, inputs, EXAMPLES * WIDTH);
    assay_random_fill_normal(verify_random(v, 45), 0, 0, 1, labels, EXAMPLES);
    labels[5] = 0; /* which something is divided by */
    for (size_t i = 0; i < COUNT; i++) {
        double fitness = NAN;
        verify_ok(v, functional_hash_code_run(&codes[i], inputs, labels, TRAINED, EXAMPLES - TRAINED, found), "run");
        learn(&codes[i], inputs, labels, TRAINED, EXAMPLES, truth);
        if (!verify_true(v, are_same(found, truth, EXAMPLES - TRAINED), "residuals of program %zu", i))
            break;
        verify_ok(v, functional_hash_code_evaluate(&codes[i], &fitness), "evaluate");
        const double expected = fitness_of(&codes[i]);
        if (fitness != expected) /* infinities; sums of 40 squares in one order, atan() */
            verify_at_most(v, fabs(fitness - expected), 16 * 0x1p-53, "absolute error", "fitness of program %zu", i);
    }
    /* Gradient descent is found fit, and the empty program is not: it predicts 0 for labels of standard deviation 2. */
    double fit_one = 0, empty = 1;
    verify_ok(v, functional_hash_code_evaluate(&codes[0], &fit_one), "gradient descent");
    verify_ok(v, functional_hash_code_evaluate(&(functional_hash_code){{0}, {{{0}}}}, &empty), "the empty program");
    verify_at_least(v, fit_one - empty, 0.3, "fitness", "gradient descent above the empty program");
    free(codes);
}
