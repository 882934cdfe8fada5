/*
 * Checks of the search: one result whatever the level, the threads and the calls; its state on disk; what mutation and
 * the archive must keep; measured costs and their replay.
 */
#include "assay/evolved_exp_search.h"
#include "assay/threads.h"
#include "assay/verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Files ---- */

/* A temporary folder, removed with the files of these names. */
typedef struct folder {
    char path[64], first[96], second[96], log[96];
} folder;

static bool make_folder(verify_context *v, folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/assay-search-XXXXXX");
    if (!verify_true(v, mkdtemp(f->path) != NULL, "a temporary folder"))
        return false;
    snprintf(f->first, sizeof f->first, "%s/first", f->path);
    snprintf(f->second, sizeof f->second, "%s/second", f->path);
    snprintf(f->log, sizeof f->log, "%s/log", f->path);
    return true;
}

static void remove_folder(const folder *f)
{
    unlink(f->first);
    unlink(f->second);
    unlink(f->log);
    rmdir(f->path);
}

/* A whole file; the caller frees. */
static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    struct stat facts;
    *size = 0;
    if (!file)
        return NULL;
    unsigned char *bytes = fstat(fileno(file), &facts) == 0 ? malloc((size_t)facts.st_size + 1) : NULL;
    if (bytes)
        *size = fread(bytes, 1, (size_t)facts.st_size, file);
    fclose(file);
    return bytes;
}

static bool write_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    const bool good = file && fwrite(bytes, 1, size, file) == size;
    return (file ? fclose(file) == 0 : false) && good;
}

/* The state of a search is all that it is, so equal states are equal searches. */
static void demand_same_state(verify_context *v, const folder *f, const char *what)
{
    size_t first_size, second_size;
    unsigned char *first = read_file(f->first, &first_size), *second = read_file(f->second, &second_size);
    verify_true(v, first && second && first_size > 0, "states are on disk, %s", what);
    verify_true(v, first_size == second_size && first && second && memcmp(first, second, first_size) == 0,
                "the state is the same bit for bit: %s (%zu and %zu bytes)", what, first_size, second_size);
    free(first);
    free(second);
}

/* ---- Configurations, each with something of its own ---- */

enum { CONFIGURATIONS = 8 };

static const char *configure(int which, evolved_exp_search_config *config)
{
    evolved_exp_search_default(which == 2 ? EVOLVED_EXP_TARGET_BESSEL : EVOLVED_EXP_TARGET_EXP2, config);
    config->population = 8;
    config->validation_points = 200;
    config->generations = 40;
    switch (which) {
    case 0: return "default";
    case 1:
        config->islands = 3;
        config->elitist = false;
        return "three islands, not elitist";
    case 2:
        config->operations |= 1u << EVOLVED_EXP_FMA;
        config->start = EVOLVED_EXP_NONANCHORED;
        return "bessel with square root and fused multiply-add, nonanchored";
    case 3:
        config->problem.precision = EVOLVED_EXP_F32;
        config->problem.error = EVOLVED_EXP_ULP32_FIXED;
        config->decades = 8;
        config->start = EVOLVED_EXP_LAMARCKIAN;
        return "float32, fixed ulp, Lamarckian";
    case 4: config->variant = EVOLVED_EXP_RANDOM; return "random selection";
    case 5: config->variant = EVOLVED_EXP_NO_CMA; return "no CMA-ES";
    case 6:
        config->variant = EVOLVED_EXP_NO_STRUCTURE;
        config->evaluations = 2;
        return "random graphs, two evaluations for a function";
    default:
        config->collapse = false;
        config->evaluations = 0;
        config->lambda = 6;
        return "not collapsed, no cache";
    }
}

static evolved_exp_search *create(verify_context *v, const evolved_exp_search_config *config)
{
    evolved_exp_search *search = NULL;
    verify_ok(v, evolved_exp_search_create(config, verify_seed_of(v), &search), "create");
    return search;
}

/* ---- Agreement ---- */

/* The scalar search against the one in force, with several numbers of threads. */
static void compare_engines(verify_context *v, const folder *f, int which, uint64_t candidates)
{
    static const int threads[] = {1, 2, 5};
    evolved_exp_search_config config;
    const char *what = configure(which, &config);
    evolved_exp_search *search = create(v, &config);
    verify_ok(v, evolved_exp_reference_search_run(search, candidates), "reference, %s", what);
    verify_ok(v, evolved_exp_search_save(search, f->first), "save, %s", what);
    evolved_exp_search_destroy(search);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        search = create(v, &config);
        assay_set_threads(threads[i]);
        verify_ok(v, evolved_exp_search_run(search, candidates), "%d threads, %s", threads[i], what);
        verify_ok(v, evolved_exp_search_save(search, f->second), "save, %s", what);
        evolved_exp_search_destroy(search);
        demand_same_state(v, f, what);
    }
    assay_set_threads(0);
}

static void check_engines(verify_context *v)
{
    folder f = {.path = ""};
    const bool quick = verify_depth_of(v) == VERIFY_QUICK;
    if (!make_folder(v, &f))
        return;
    for (int which = 0; which < CONFIGURATIONS; which++)
        compare_engines(v, &f, which, quick ? 80 : 500);
    remove_folder(&f);
}

/* run(total) against run(part), save, load, run(rest), with the cut inside a round and between rounds. */
static void compare_resumed(verify_context *v, const folder *f, int which, uint64_t part, uint64_t total)
{
    evolved_exp_search_config config;
    evolved_exp_search *resumed = NULL;
    const char *what = configure(which, &config);
    evolved_exp_search *search = create(v, &config);
    verify_ok(v, evolved_exp_search_run(search, part), "first part, %s", what);
    verify_ok(v, evolved_exp_search_save(search, f->second), "save, %s", what);
    evolved_exp_search_destroy(search);
    verify_ok(v, evolved_exp_search_load(&config, verify_seed_of(v), f->second, &resumed), "load, %s", what);
    verify_ok(v, evolved_exp_search_run(resumed, total - part), "second part, %s", what);
    verify_ok(v, evolved_exp_search_save(resumed, f->second), "save again, %s", what);
    evolved_exp_search_destroy(resumed);
    demand_same_state(v, f, what);
}

static void check_resume(verify_context *v)
{
    static const uint64_t parts[] = {1, 48, 55}; /* a round has 16 children, 48 with three islands */
    folder f = {.path = ""};
    if (!make_folder(v, &f))
        return;
    for (int which = 0; which < CONFIGURATIONS; which++) {
        evolved_exp_search_config config;
        configure(which, &config);
        evolved_exp_search *search = create(v, &config);
        verify_ok(v, evolved_exp_search_run(search, 60), "in one");
        verify_ok(v, evolved_exp_search_save(search, f.first), "save");
        evolved_exp_search_destroy(search);
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            compare_resumed(v, &f, which, parts[i], 60);
    }
    remove_folder(&f);
}

/* ---- Laws ---- */

static uint32_t count_operations(const evolved_exp_program *program)
{
    uint32_t count = 0;
    for (size_t i = 0; i < program->count; i++)
        count += evolved_exp_arguments(program->nodes[i].operation) > 0;
    return count;
}

static void check_child(verify_context *v, const evolved_exp_search_config *config, const evolved_exp_program *child)
{
    uint32_t cost = 0, pruned_cost = 0;
    char text[EVOLVED_EXP_NODES * 64];
    evolved_exp_program pruned = *child, parsed;
    if (!verify_ok(v, evolved_exp_check(child), "the child is a program"))
        return;
    verify_ok(v, evolved_exp_cost(child, &cost), "cost");
    verify_ok(v, evolved_exp_prune(&pruned), "prune");
    verify_ok(v, evolved_exp_cost(&pruned, &pruned_cost), "cost when pruned");
    verify_true(v, cost == pruned_cost, "cost %u, %u when pruned", cost, pruned_cost);
    verify_true(v, pruned.count == child->count, "%zu of %zu nodes are needed", pruned.count, child->count);
    verify_true(v, count_operations(child) <= config->max_operations, "%u operations, at most %u",
                count_operations(child), config->max_operations);
    verify_true(v, !config->collapse || cost == (count_operations(child) < 2 ? 2 : count_operations(child)),
                "every operation of a collapsed program depends on x");
    verify_ok(v, evolved_exp_print(child, text, sizeof text, NULL), "print");
    verify_ok(v, evolved_exp_parse(text, &parsed), "parse");
    verify_true(v,
                parsed.count == child->count && parsed.output == child->output &&
                    memcmp(parsed.nodes, child->nodes, child->count * sizeof child->nodes[0]) == 0,
                "what was printed is read back bit for bit");
}

static bool same_structure(const evolved_exp_program *p, const evolved_exp_program *q)
{
    bool same = p->count == q->count;
    for (size_t i = 0; same && i < p->count; i++)
        same = p->nodes[i].operation == q->nodes[i].operation && p->nodes[i].a == q->nodes[i].a &&
               p->nodes[i].b == q->nodes[i].b && p->nodes[i].c == q->nodes[i].c;
    return same;
}

/* Lines of mutants. Without selection they shrink, so each begins at f10 again.
 *
 * That lines come by every number of operations from 0 to 10 is demanded of all four settings together, and at greater
 * depth of each. A line of 50 comes by one of them with a probability that was measured over 3800 lines: the rarest of
 * the 44 is 0.257, and of the 11 the one that 20 lines of each setting miss most easily (6) is missed with (0.159)^20.
 * So a right mutation fails with a probability of at most 11 * 0.17^20 < 1e-14, or 44 * 0.75^1000. */
static void check_mutation(verify_context *v)
{
    const bool quick = verify_depth_of(v) == VERIFY_QUICK;
    const uint64_t steps = quick ? 1000 : 50000;
    uint32_t seen_by_any = 0; /* set of numbers of operations */
    for (int which = 0; which < 4; which++) {
        evolved_exp_search_config config;
        evolved_exp_program program, child;
        evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config);
        config.collapse = which % 2 == 0;
        config.max_operations = which < 2 ? 10 : 30;
        if (which >= 2)
            config.operations |= 1u << EVOLVED_EXP_SQRT | 1u << EVOLVED_EXP_FMA;
        uint32_t seen = 0;
        for (uint64_t i = 0; i < steps; i++) {
            if (i % 50 == 0)
                verify_ok(v, evolved_exp_known("f10", &program), "f10");
            if (!verify_ok(v, evolved_exp_mutate(&config, verify_seed_of(v), i, &program, &child), "mutate"))
                return;
            check_child(v, &config, &child);
            verify_true(v, !same_structure(&program, &child), "mutant %llu has another structure",
                        (unsigned long long)i);
            program = child;
            seen |= 1u << count_operations(&child);
        }
        seen_by_any |= seen;
        verify_true(v, quick || (seen & 0x7ff) == 0x7ff, "mutants of setting %d have 0 to 10 operations: 0x%x", which,
                    seen);
    }
    verify_true(v, (seen_by_any & 0x7ff) == 0x7ff, "mutants have 0 to 10 operations: 0x%x", seen_by_any);
}

/* As the search goes on: entries are what they say, and each cost only gets better. */
static void check_archive(verify_context *v)
{
    evolved_exp_search_config config;
    configure(0, &config);
    config.problem.high = 0.5; /* easy, so that much is found early */
    evolved_exp_search *search = create(v, &config);
    double before[32];
    evolved_exp_archive *archive = malloc(sizeof *archive), *polished = malloc(sizeof *polished);
    for (int i = 0; i < 32; i++)
        before[i] = INFINITY;
    for (int step = 0; step < 5 && archive && polished; step++) {
        verify_ok(v, evolved_exp_search_run(search, 150), "run");
        verify_ok(v, evolved_exp_search_archive(search, false, archive), "archive");
        for (size_t i = 0; i < archive->count; i++) {
            const evolved_exp_found *found = &archive->found[i];
            uint32_t cost = 0;
            double error = NAN;
            evolved_exp_cost(&found->program, &cost);
            verify_ok(v,
                      evolved_exp_reference_measure(&config.problem, &found->program, config.validation_points, &error),
                      "measure");
            verify_true(v, cost == found->operations && found->cost == cost, "cost of entry %zu", i);
            verify_true(v, error == found->error && error >= 0, "error of entry %zu is %a, stored %a", i, error,
                        found->error);
            verify_true(v, i == 0 || found->operations > archive->found[i - 1].operations, "entries go up in cost");
            verify_true(v, found->error <= before[cost], "%u operations only get better", cost);
            verify_true(v, found->candidate >= 1 && found->candidate <= 150u * (unsigned)(step + 1),
                        "candidate number");
            before[cost] = found->error;
        }
    }
    if (archive && polished) {
        verify_true(v, archive->count >= 1, "%zu costs are in the archive", archive->count); /* more depends on luck */
        verify_ok(v, evolved_exp_search_archive(search, true, polished), "polished archive");
        for (size_t i = 0; i < archive->count; i++)
            verify_true(v, polished->found[i].error <= archive->found[i].error, "polishing makes nothing worse");
    }
    evolved_exp_search_counts counts;
    verify_ok(v, evolved_exp_search_count(search, &counts), "counts");
    verify_true(v, counts.candidates == 750 && counts.cached + counts.tuned == 750, "candidates are cached or tuned");
    verify_true(v, counts.functions < counts.candidates && counts.cached > 0, "functions repeat");
    free(archive);
    free(polished);
    evolved_exp_search_destroy(search);
}

/* ---- Measured costs ---- */

/* A cost that can be computed: divisions are dear. Counts its calls. */
typedef struct meter {
    unsigned calls;
    bool broken;
} meter;

static assay_status weigh(void *self, const evolved_exp_program *program, double *cost)
{
    meter *m = self;
    m->calls++;
    *cost = 0;
    for (size_t i = 0; i < program->count; i++) {
        const evolved_exp_operation operation = program->nodes[i].operation;
        *cost += operation == EVOLVED_EXP_DIVIDE ? 7.5 : evolved_exp_arguments(operation) > 0 ? 1 : 0.25;
    }
    if (m->broken)
        *cost = NAN;
    return ASSAY_OK;
}

static bool run_measured(verify_context *v, evolved_exp_cost_function inner, const folder *f, const char *state,
                         assay_status expected)
{
    evolved_exp_search_config config;
    evolved_exp_cost_log *log = NULL;
    configure(3, &config);
    config.feasible = 1e6; /* units of 2^-23, so an error of 0.12: the first programs get there */
    if (!verify_ok(v, evolved_exp_cost_log_open(f->log, inner, &log), "open the log"))
        return false;
    config.cost = evolved_exp_cost_log_function(log);
    evolved_exp_search *search = create(v, &config);
    assay_status status = evolved_exp_search_run(search, 400);
    bool good = verify_true(v, status == expected, "run with measured costs: %s, expected %s (%s)",
                            assay_status_name(status), assay_status_name(expected), assay_error());
    if (good && status == ASSAY_OK)
        good = verify_ok(v, evolved_exp_search_save(search, state), "save");
    if (status != ASSAY_OK) {
        verify_true(v, evolved_exp_search_run(search, 1) == status, "a failed search stays failed");
        verify_true(v, evolved_exp_search_save(search, state) == status, "a failed search is not saved");
    }
    evolved_exp_search_destroy(search);
    evolved_exp_cost_log_close(log);
    return good;
}

static void check_measured(verify_context *v)
{
    folder f = {.path = ""};
    meter m = {0};
    size_t size;
    if (!make_folder(v, &f))
        return;
    const evolved_exp_cost_function inner = {weigh, &m, "divisions cost 7.5"}, none = {NULL, NULL, inner.name};
    if (run_measured(v, inner, &f, f.first, ASSAY_OK)) {
        const unsigned calls = m.calls;
        verify_true(v, calls > 10, "%u programs were measured", calls);
        run_measured(v, inner, &f, f.second, ASSAY_OK); /* all in the log */
        verify_true(v, m.calls == calls, "nothing is measured twice");
        demand_same_state(v, &f, "measured costs read back");
        run_measured(v, none, &f, f.second, ASSAY_OK);
        demand_same_state(v, &f, "pure replay");
        unsigned char *bytes = read_file(f.log, &size);
        verify_true(v, bytes && write_file(f.log, bytes, size / 2 / 53 * 53),
                    "cut the log"); /* some line ends inside */
        free(bytes);
    }
    unlink(f.log);
    m.broken = true;
    run_measured(v, inner, &f, f.second, ASSAY_OUT_OF_RANGE);
    verify_true(v, write_file(f.log, (const unsigned char *)"", 0), "an empty log");
    run_measured(v, none, &f, f.second, ASSAY_MISMATCH);
    verify_true(v, write_file(f.log, (const unsigned char *)"0123 0x1p+0\n", 12), "a bad log");
    evolved_exp_cost_log *log = NULL;
    verify_rejects(v, evolved_exp_cost_log_open(f.log, inner, &log), ASSAY_BAD_DATA, "line 1", "a malformed log");
    verify_rejects(v, evolved_exp_cost_log_open("/nonexistent/log", inner, &log), ASSAY_IO, "path", "no folder");
    verify_rejects(v, evolved_exp_cost_log_open(NULL, inner, &log), ASSAY_INVALID_ARGUMENT, "path", "null path");
    remove_folder(&f);
}

static const verify_check checks[] = {
    {.kind = ASSAY_AGREEMENT,
     .name = "search",
     .workload = "8 configurations, 1, 2 and 5 threads",
     .every_level = true,
     .run = check_engines},
    {.kind = ASSAY_AGREEMENT, .name = "search_resumed", .workload = "8 configurations, 3 cuts", .run = check_resume},
    {.kind = ASSAY_LAW,
     .name = "mutation",
     .workload = "lines of mutants",
     .run = check_mutation,
     .false_alarm = 1e-14},
    {.kind = ASSAY_LAW, .name = "archive", .workload = "2^x on [0, 1/2]", .run = check_archive},
    {.kind = ASSAY_LAW, .name = "measured_cost", .workload = "a computable cost", .run = check_measured},
};

__attribute__((constructor)) static void enter_checks(void)
{
    verify_add("evolved_exp", checks, sizeof checks / sizeof checks[0]);
}
