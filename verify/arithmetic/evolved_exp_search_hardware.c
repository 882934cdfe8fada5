/*
 * Hardware mode: programs are emitted as C, compiled, loaded and timed; the log of the times replays the search.
 */
#include "assay/evolved_exp_search.h"
#include "assay/verify.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INPUTS = 10000, REPEATS = 30, CANDIDATES = 500 };

/* What the measuring of one program after another needs. */
typedef struct workshop {
    verify_context *v;
    char folder[64], source[96], library[96], log[96], state[96];
    unsigned compiled;
    float x[INPUTS], y[INPUTS], expected[INPUTS];
} workshop;

static bool open_workshop(verify_context *v, workshop *w)
{
    w->v = v;
    snprintf(w->folder, sizeof w->folder, "/tmp/assay-hardware-XXXXXX");
    if (!verify_true(v, mkdtemp(w->folder) != NULL, "a temporary folder"))
        return false;
    snprintf(w->source, sizeof w->source, "%s/program.c", w->folder);
    snprintf(w->library, sizeof w->library, "%s/program.so", w->folder);
    snprintf(w->log, sizeof w->log, "%s/log", w->folder);
    snprintf(w->state, sizeof w->state, "%s/state", w->folder);
    return verify_ok(v, assay_random_fill_uniform_f32(verify_random(v, 1), 0, 0.1f, 0.9f, w->x, INPUTS), "inputs");
}

static void close_workshop(const workshop *w)
{
    unlink(w->source);
    unlink(w->library);
    unlink(w->log);
    unlink(w->state);
    rmdir(w->folder);
}

/* Runs the C compiler; false if there is none or it refuses. */
static bool compile(const workshop *w)
{
    const pid_t child = fork();
    if (child == 0) {
        execlp("cc", "cc", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-shared", "-fPIC", "-o",
               w->library, w->source, (char *)NULL);
        _exit(127);
    }
    int outcome = -1;
    return child > 0 && waitpid(child, &outcome, 0) == child && WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0;
}

static assay_status write_source(const workshop *w, const evolved_exp_program *program)
{
    char text[EVOLVED_EXP_NODES * 100];
    size_t length = 0;
    assay_status status = evolved_exp_emit(program, EVOLVED_EXP_F32, "evolved_program", text, sizeof text, &length);
    if (status != ASSAY_OK)
        return status;
    FILE *file = fopen(w->source, "w");
    const bool good = file && fwrite(text, 1, length, file) == length;
    return (file ? fclose(file) == 0 : false) && good ? ASSAY_OK : assay_fail(ASSAY_IO, "%s not written", w->source);
}

typedef void compiled_program(const float *x, float *y, size_t n);

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Nanoseconds for one element: the least of the repeats. The compiled program must give the library's bits. */
static double time_program(workshop *w, compiled_program *run, const evolved_exp_program *program)
{
    double least = INFINITY;
    for (int i = 0; i < REPEATS; i++) {
        const double start = seconds_now();
        run(w->x, w->y, INPUTS);
        least = fmin(least, seconds_now() - start);
    }
    verify_ok(w->v, evolved_exp_evaluate_f32(program, w->x, w->expected, INPUTS), "evaluate");
    for (size_t i = 0; i < INPUTS; i++)
        if (isnan(w->y[i])) /* whose sign is the instruction's affair */
            w->y[i] = NAN;
    verify_true(w->v, memcmp(w->y, w->expected, sizeof w->y) == 0, "the compiled program gives the same bits");
    return least / INPUTS * 1e9;
}

static assay_status measure(void *self, const evolved_exp_program *program, double *cost)
{
    workshop *w = self;
    assay_status status = write_source(w, program);
    if (status != ASSAY_OK)
        return status;
    if (!compile(w))
        return assay_fail(ASSAY_UNSUPPORTED, "cc did not compile %s", w->source);
    void *library = dlopen(w->library, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return assay_fail(ASSAY_UNSUPPORTED, "%s", dlerror());
    compiled_program *run;
    void *symbol = dlsym(library, "evolved_program");
    memcpy(&run, &symbol, sizeof run);
    if (symbol)
        *cost = time_program(w, run, program);
    dlclose(library);
    unlink(w->library); /* the next one must be a new file, or dlopen would know it */
    w->compiled++;
    return symbol ? ASSAY_OK : assay_fail(ASSAY_UNSUPPORTED, "the compiled library lacks evolved_program");
}

/* One search over the log; the archive's fastest feasible program comes back. */
static bool run(workshop *w, evolved_exp_cost_function inner, evolved_exp_found *fastest)
{
    evolved_exp_search_config config;
    evolved_exp_cost_log *log = NULL;
    evolved_exp_search *search = NULL;
    static evolved_exp_archive archive;
    evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config);
    config.problem.precision = EVOLVED_EXP_F32;
    config.problem.error = EVOLVED_EXP_ULP32_FIXED;
    config.decades = 8;
    config.feasible = 0x1p20; /* units of 2^-23: an error of 1/8, which many programs of a short search have */
    if (!verify_ok(w->v, evolved_exp_cost_log_open(w->log, inner, &log), "open the log"))
        return false;
    config.cost = evolved_exp_cost_log_function(log);
    bool good = verify_ok(w->v, evolved_exp_search_create(&config, verify_seed_of(w->v), &search), "create") &&
                verify_ok(w->v, evolved_exp_search_run(search, CANDIDATES), "run") &&
                verify_ok(w->v, evolved_exp_search_archive(search, false, &archive), "archive");
    fastest->cost = INFINITY;
    for (size_t i = 0; good && i < archive.count; i++)
        if (archive.found[i].error <= config.feasible && archive.found[i].cost < fastest->cost)
            *fastest = archive.found[i];
    evolved_exp_search_destroy(search);
    evolved_exp_cost_log_close(log);
    return good;
}

static void check_hardware(verify_context *v)
{
    static workshop w;
    static evolved_exp_found measured, replayed;
    evolved_exp_program program;
    if (!open_workshop(v, &w))
        return;
    evolved_exp_known("f5", &program);
    if (write_source(&w, &program) != ASSAY_OK || !compile(&w)) {
        close_workshop(&w);
        verify_skip(v, "no C compiler named cc runs here");
        return;
    }
    const evolved_exp_cost_function inner = {measure, &w, "ns per element, cc -O3 -march=native"};
    const evolved_exp_cost_function none = {NULL, NULL, inner.name};
    if (run(&w, inner, &measured)) {
        const unsigned compiled = w.compiled;
        verify_true(v, compiled > 0, "%u programs were compiled and timed", compiled);
        run(&w, none, &replayed);
        verify_true(v, w.compiled == compiled, "the replay compiles nothing");
        verify_true(v,
                    measured.cost == replayed.cost && measured.error == replayed.error &&
                        measured.candidate == replayed.candidate,
                    "the replay finds the same program: candidate %llu, was %llu",
                    (unsigned long long)replayed.candidate, (unsigned long long)measured.candidate);
        verify_true(v, isfinite(measured.cost), "a feasible program was found");
        verify_note(v, "%u programs timed; the fastest has %u operations, %.3f ns per element, error %.3g", compiled,
                    measured.operations, measured.cost, measured.error * 0x1p-23);
    }
    close_workshop(&w);
}

static const verify_check checks[] = {
    {.kind = ASSAY_AGREEMENT,
     .name = "hardware_replay",
     .workload = "2^x in float32, 500 candidates, compiled and timed",
     .from = VERIFY_FULL,
     .run = check_hardware},
};

__attribute__((constructor)) static void enter_checks(void)
{
    verify_add("evolved_exp", checks, sizeof checks / sizeof checks[0]);
}
