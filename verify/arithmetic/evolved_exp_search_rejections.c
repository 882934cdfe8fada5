/*
 * Bad input to programs and to the search: its error, and no output.
 */
#include "assay/evolved_exp_search.h"
#include "assay/verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Programs ---- */

static void reject_program(verify_context *v, const evolved_exp_program *program, const char *mentions,
                           const char *what)
{
    double x = 0.5, y = 7;
    float x32 = 0.5f, y32 = 7;
    uint32_t cost = 77;
    char text[64] = "untouched";
    const assay_status expected = ASSAY_INVALID_ARGUMENT;
    verify_rejects(v, evolved_exp_check(program), expected, mentions, "check, %s", what);
    verify_rejects(v, evolved_exp_evaluate_f64(program, &x, &y, 1), expected, mentions, "f64, %s", what);
    verify_rejects(v, evolved_exp_evaluate_f32(program, &x32, &y32, 1), expected, mentions, "f32, %s", what);
    verify_rejects(v, evolved_exp_cost(program, &cost), expected, mentions, "cost, %s", what);
    verify_rejects(v, evolved_exp_print(program, text, sizeof text, NULL), expected, mentions, "print, %s", what);
    verify_true(v, y == 7 && y32 == 7 && cost == 77 && strcmp(text, "untouched") == 0, "outputs are untouched, %s",
                what);
}

static void check_programs(verify_context *v)
{
    evolved_exp_program good, bad;
    verify_ok(v, evolved_exp_known("f5", &good), "f5");
    reject_program(v, NULL, "program", "null");
    bad = good;
    bad.count = 0;
    reject_program(v, &bad, "count", "empty");
    bad.count = EVOLVED_EXP_NODES + 1;
    reject_program(v, &bad, "count", "101 nodes");
    bad = good;
    bad.nodes[2].a = 2;
    reject_program(v, &bad, "argument", "a cycle");
    bad.nodes[2].a = 4000000000u;
    reject_program(v, &bad, "argument", "an index out of range");
    bad = good;
    bad.nodes[2].operation = (evolved_exp_operation)8;
    reject_program(v, &bad, "operation", "an operation outside the set");
    bad = good;
    bad.nodes[1].constant = INFINITY;
    reject_program(v, &bad, "constant", "an infinite constant");
    bad.nodes[1].constant = NAN;
    reject_program(v, &bad, "constant", "a constant that is no number");
    bad = good;
    bad.output = (uint32_t)bad.count;
    reject_program(v, &bad, "output", "an output that is no node");
    double x = 1, y = 7;
    float x32 = 1, y32 = 7;
    const assay_status expected = ASSAY_INVALID_ARGUMENT;
    verify_rejects(v, evolved_exp_evaluate_f64(&good, NULL, &y, 1), expected, "x is null", "null x");
    verify_rejects(v, evolved_exp_evaluate_f64(&good, &x, NULL, 1), expected, "y is null", "null y");
    verify_rejects(v, evolved_exp_evaluate_f32(&good, NULL, &y32, 1), expected, "x is null", "null x");
    verify_rejects(v, evolved_exp_evaluate_f32(&good, &x32, NULL, 1), expected, "y is null", "null y");
    verify_ok(v, evolved_exp_evaluate_f64(&good, NULL, NULL, 0), "n = 0");
    verify_rejects(v, evolved_exp_known("f4", &bad), expected, "name", "unknown program");
    verify_rejects(v, evolved_exp_cost(&good, NULL), expected, "cost", "null cost");
    bad = (evolved_exp_program){.count = 3,
                                .output = 2,
                                .nodes = {{.operation = EVOLVED_EXP_CONSTANT},
                                          {.operation = EVOLVED_EXP_CONSTANT},
                                          {.operation = EVOLVED_EXP_DIVIDE, .a = 0, .b = 1}}};
    verify_rejects(v, evolved_exp_collapse(&bad), ASSAY_OUT_OF_RANGE, "program", "0 / 0 as a constant");
    verify_true(v, bad.count == 3, "the program is untouched");
}

static void check_text(verify_context *v)
{
    static const char *const texts[] = {"",
                                        "output 0\n",
                                        "0 x\n",
                                        "0 x\noutput 1\n",
                                        "1 x\noutput 1\n",
                                        "0 y\noutput 0\n",
                                        "0 x\n1 add 0\noutput 1\n",
                                        "0 x\n1 add 0 0 0\noutput 1\n",
                                        "0 x\n1 add 0 1\noutput 1\n",
                                        "0 x\n1 constant inf\noutput 1\n",
                                        "0 x\n1 constant 0x1p+2z\noutput 1\n",
                                        "0 x\n1 constant\noutput 1\n",
                                        "0 x\n1 sqrt -1\noutput 1\n",
                                        "0 x\noutput 0\n0 x\n",
                                        "0 x 0\noutput 0\n"};
    evolved_exp_program program = {.count = 55};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        verify_rejects(v, evolved_exp_parse(texts[i], &program), ASSAY_BAD_DATA, "text", "text %zu", i);
    char many[8192] = "0 x\n";
    size_t used = strlen(many), length = 0;
    for (int i = 1; i <= EVOLVED_EXP_NODES; i++)
        used += (size_t)snprintf(many + used, sizeof many - used, "%d add 0 0\n", i);
    snprintf(many + used, sizeof many - used, "output 1\n");
    verify_rejects(v, evolved_exp_parse(many, &program), ASSAY_BAD_DATA, "line 101", "101 nodes");
    verify_true(v, program.count == 55, "the output is untouched");
    verify_rejects(v, evolved_exp_parse(NULL, &program), ASSAY_INVALID_ARGUMENT, "text", "null");
    char text[16];
    verify_ok(v, evolved_exp_known("f5", &program), "f5");
    verify_rejects(v, evolved_exp_print(&program, text, sizeof text, NULL), ASSAY_OUT_OF_RANGE, "capacity",
                   "too short");
    verify_rejects(v, evolved_exp_print(&program, NULL, 10, NULL), ASSAY_INVALID_ARGUMENT, "text", "null");
    verify_ok(v, evolved_exp_print(&program, NULL, 0, &length), "asking for the length");
    verify_true(v, length > 100, "the length is %zu", length);
    verify_rejects(v, evolved_exp_emit(&program, EVOLVED_EXP_F64, "2f", text, sizeof text, NULL),
                   ASSAY_INVALID_ARGUMENT, "name", "no identifier");
    verify_rejects(v, evolved_exp_emit(&program, EVOLVED_EXP_F64, "f", text, sizeof text, NULL), ASSAY_OUT_OF_RANGE,
                   "capacity", "too short");
}

/* ---- Problems ---- */

static void reject_problem(verify_context *v, evolved_exp_problem problem, const char *mentions, const char *what)
{
    evolved_exp_program program, before;
    double error = 7;
    evolved_exp_known("f5", &program);
    before = program;
    verify_rejects(v, evolved_exp_problem_check(&problem), ASSAY_OUT_OF_RANGE, mentions, "%s", what);
    verify_rejects(v, evolved_exp_measure(&problem, &program, 10, &error), ASSAY_OUT_OF_RANGE, mentions, "E, %s", what);
    verify_rejects(v, evolved_exp_tune(&problem, &program, NULL), ASSAY_OUT_OF_RANGE, mentions, "tune, %s", what);
    verify_true(v, error == 7 && memcmp(&program, &before, sizeof program) == 0, "outputs are untouched, %s", what);
}

static void check_problems(verify_context *v)
{
    evolved_exp_problem good, p;
    evolved_exp_program program;
    double error = 7;
    verify_ok(v, evolved_exp_problem_default(EVOLVED_EXP_TARGET_EXP2, &good), "default");
    p = good;
    p.low = p.high;
    reject_problem(v, p, "low", "an empty interval");
    p.low = NAN;
    reject_problem(v, p, "low", "low is no number");
    p = good;
    p.high = INFINITY;
    reject_problem(v, p, "high", "an infinite interval");
    p.high = 2000;
    reject_problem(v, p, "interval", "2^x overflows");
    p = (evolved_exp_problem){.target = EVOLVED_EXP_TARGET_LOG2, .high = 1, .error = EVOLVED_EXP_ABSOLUTE};
    reject_problem(v, p, "interval", "log2 at 0");
    p = (evolved_exp_problem){.target = EVOLVED_EXP_TARGET_SIN, .low = -1, .high = 0.7};
    reject_problem(v, p, "zero", "sin has a zero inside");
    p = (evolved_exp_problem){.target = EVOLVED_EXP_TARGET_LOG2, .low = 1, .high = 2};
    reject_problem(v, p, "zero", "log2 has a zero at 1");
    p = good;
    p.error = EVOLVED_EXP_ULP32_FIXED;
    p.ulp_of = 0;
    reject_problem(v, p, "ulp_of", "a unit of 0");
    p.error = (evolved_exp_error_kind)3;
    reject_problem(v, p, "error", "no kind of error");
    p = good;
    p.precision = (evolved_exp_precision)2;
    reject_problem(v, p, "precision", "no precision");
    p = good;
    p.target = (evolved_exp_target)EVOLVED_EXP_TARGETS;
    verify_rejects(v, evolved_exp_problem_check(&p), ASSAY_INVALID_ARGUMENT, "target", "no target");
    verify_rejects(v, evolved_exp_target_parse("exp3", &p.target), ASSAY_INVALID_ARGUMENT, "name", "no target");
    evolved_exp_known("f5", &program);
    verify_rejects(v, evolved_exp_measure(&good, &program, 0, &error), ASSAY_OUT_OF_RANGE, "points", "no points");
    verify_rejects(v, evolved_exp_measure(&good, &program, 10, NULL), ASSAY_INVALID_ARGUMENT, "error", "null error");
    evolved_exp_parse("0 x\n1 constant 0x1p+0\n2 add 0 1\n3 constant 0x1p+0\n4 add 2 3\noutput 4\n", &program);
    verify_rejects(v, evolved_exp_tune(&good, &program, NULL), ASSAY_NOT_CONVERGED, "Newton",
                   "x + c1 + c2, whose constants are not independent");
}

/* ---- The search ---- */

static void reject_config(verify_context *v, evolved_exp_search_config config, assay_status expected,
                          const char *mentions)
{
    evolved_exp_search *search = (evolved_exp_search *)&config; /* must stay */
    verify_rejects(v, evolved_exp_search_create(&config, 1, &search), expected, mentions, "create, %s", mentions);
    verify_true(v, search == (evolved_exp_search *)&config, "the output is untouched, %s", mentions);
}

#define REJECT(MEMBER, VALUE)                                                                                          \
    do {                                                                                                               \
        evolved_exp_search_config changed = good;                                                                      \
        changed.MEMBER = VALUE;                                                                                        \
        reject_config(v, changed, ASSAY_OUT_OF_RANGE, #MEMBER);                                                        \
    } while (0)

static void check_configurations(verify_context *v)
{
    evolved_exp_search_config good;
    evolved_exp_search *search = NULL;
    verify_ok(v, evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &good), "default");
    REJECT(max_operations, 0);
    REJECT(max_operations, 31);
    REJECT(population, 0);
    REJECT(population, 1);
    REJECT(population, 5000);
    REJECT(islands, 0);
    REJECT(islands, 257);
    REJECT(operations, 0);
    REJECT(operations, 1u << EVOLVED_EXP_X);
    REJECT(operations, 1u << 8);
    REJECT(train_points, 1);
    REJECT(validation_points, 1);
    REJECT(decades, -1);
    REJECT(decades, NAN);
    REJECT(generations, 0);
    REJECT(lambda, 3);
    REJECT(lambda, 300);
    REJECT(sigma, 0);
    REJECT(sigma, NAN);
    REJECT(start, (evolved_exp_start)3);
    REJECT(variant, (evolved_exp_variant)4);
    evolved_exp_search_config changed = good;
    changed.population = 4096;
    changed.islands = 256;
    reject_config(v, changed, ASSAY_OUT_OF_RANGE, "population * islands");
    changed = good;
    changed.problem.low = 2;
    reject_config(v, changed, ASSAY_OUT_OF_RANGE, "low");
    verify_rejects(v, evolved_exp_search_create(NULL, 1, &search), ASSAY_INVALID_ARGUMENT, "config", "null config");
    verify_rejects(v, evolved_exp_search_create(&good, 1, NULL), ASSAY_INVALID_ARGUMENT, "search", "null search");
    verify_rejects(v, evolved_exp_search_run(NULL, 1), ASSAY_INVALID_ARGUMENT, "search", "null search");
    verify_ok(v, evolved_exp_search_create(&good, 1, &search), "create");
    verify_rejects(v, evolved_exp_search_run(search, 0), ASSAY_OUT_OF_RANGE, "candidates", "budget 0");
    verify_rejects(v, evolved_exp_search_archive(search, false, NULL), ASSAY_INVALID_ARGUMENT, "archive",
                   "null archive");
    verify_rejects(v, evolved_exp_search_count(search, NULL), ASSAY_INVALID_ARGUMENT, "counts", "null counts");
    verify_rejects(v, evolved_exp_search_save(search, "/nonexistent/state"), ASSAY_IO, "path", "no folder");
    evolved_exp_search_destroy(search);
    evolved_exp_search_destroy(NULL);
}

static bool write_bytes(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    const bool good = file && fwrite(bytes, 1, size, file) == size;
    return (file ? fclose(file) == 0 : false) && good;
}

/* Every way in which a file can be none of this search's. */
static void check_state_file(verify_context *v, const evolved_exp_search_config *config, const char *path)
{
    static unsigned char bytes[1 << 20];
    evolved_exp_search *search = NULL;
    FILE *file = fopen(path, "rb");
    const size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    if (!verify_true(v, size > 1000 && size < sizeof bytes, "a state of %zu bytes", size))
        return;
    evolved_exp_search_config other = *config;
    other.generations++;
    verify_rejects(v, evolved_exp_search_load(&other, 1, path, &search), ASSAY_MISMATCH, "configuration",
                   "other config");
    verify_rejects(v, evolved_exp_search_load(config, 2, path, &search), ASSAY_MISMATCH, "seed", "other seed");
    verify_rejects(v, evolved_exp_search_load(config, 1, "/nonexistent/state", &search), ASSAY_IO, "path", "no file");
    verify_rejects(v, evolved_exp_search_load(config, 1, NULL, &search), ASSAY_INVALID_ARGUMENT, "path", "null path");
    for (size_t part = 0; part < 8; part++) {
        verify_true(v, write_bytes(path, bytes, size * part / 8), "write a part");
        verify_rejects(v, evolved_exp_search_load(config, 1, path, &search), ASSAY_BAD_DATA, "path", "%zu eighths",
                       part);
        const size_t at = size * part / 8;
        bytes[at] ^= 1;
        verify_true(v, write_bytes(path, bytes, size), "write a changed state");
        verify_rejects(v, evolved_exp_search_load(config, 1, path, &search), ASSAY_BAD_DATA, "path",
                       "a changed bit in byte %zu", at);
        bytes[at] ^= 1;
    }
    verify_true(v, write_bytes(path, bytes, size - 1), "write all but the last byte");
    verify_rejects(v, evolved_exp_search_load(config, 1, path, &search), ASSAY_BAD_DATA, "truncated", "one byte less");
    verify_true(v, search == NULL, "the output is untouched");
    verify_true(v, write_bytes(path, bytes, size), "write the state again");
    verify_ok(v, evolved_exp_search_load(config, 1, path, &search), "load the unchanged state");
    evolved_exp_search_destroy(search);
}

static void check_states(verify_context *v)
{
    evolved_exp_search_config config;
    evolved_exp_search *search = NULL;
    char path[] = "/tmp/assay-state-XXXXXX";
    const int descriptor = mkstemp(path);
    if (!verify_true(v, descriptor >= 0, "a temporary file"))
        return;
    close(descriptor);
    evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config);
    config.generations = 20;
    verify_ok(v, evolved_exp_search_create(&config, 1, &search), "create");
    verify_ok(v, evolved_exp_search_run(search, 60), "run");
    verify_ok(v, evolved_exp_search_save(search, path), "save");
    evolved_exp_search_destroy(search);
    check_state_file(v, &config, path);
    unlink(path);
}

static const verify_check checks[] = {
    {.kind = ASSAY_REJECTION, .name = "bad_programs", .workload = "programs", .run = check_programs},
    {.kind = ASSAY_REJECTION, .name = "bad_text", .workload = "programs as text", .run = check_text},
    {.kind = ASSAY_REJECTION, .name = "bad_problems", .workload = "targets and intervals", .run = check_problems},
    {.kind = ASSAY_REJECTION, .name = "bad_configurations", .workload = "searches", .run = check_configurations},
    {.kind = ASSAY_REJECTION, .name = "bad_states", .workload = "files of a search", .run = check_states},
};

__attribute__((constructor)) static void enter_checks(void)
{
    verify_add("evolved_exp", checks, sizeof checks / sizeof checks[0]);
}
