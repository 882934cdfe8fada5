/*
 * The command line: main() of the assay command, called as assay_main(), with the lines of the input as its arguments
 * ('\r' stands for a line end within one). What a command does when it has understood its arguments is put aside at the
 * linker (-Wl,--wrap): only listing, explaining and `assay new` in a tree of its own are real.
 */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "assay/bench.h"
#include "assay/catalogue.h"
#include "assay/threads.h"
#include "assay/verify.h"
#include "cli/command.h"
#include "cli/regress.h"
#include "cli/session.h"
#include "reports/report.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int assay_main(int argc, char **argv);

/* ---- An algorithm for patterns to match ----------------------------------------------------------------------------
 */

ASSAY_CATALOGUE(sample, .family = "tests", .title = "A sample", .authors = "nobody", .year = 2026, .identifier = "none",
                .summary = "nothing", .data = "anything", .levels = ASSAY_LEVEL_BIT(ASSAY_AVX2));

static void check_nothing(verify_context *v)
{
    (void)v;
}

static const verify_check checks[] = {
    {.kind = ASSAY_LAW, .name = "sum", .run = check_nothing},
    {.kind = ASSAY_ORACLE, .name = "C5", .run = check_nothing, .from = VERIFY_FULL},
};
VERIFY_CHECKS(sample, checks);

static assay_status run_nothing(bench_state *state)
{
    (void)state;
    return ASSAY_OK;
}

static const bench_workload workloads[] = {
    {.name = "uniform", .sizes = {16, 1024}, .quick_sizes = {16}, .size_label = "elements", .run = run_nothing},
};
BENCH_WORKLOADS(sample, workloads);

/* ---- Instead of ending the process ---------------------------------------------------------------------------------
 */

static jmp_buf outside;
static int left_with; /* the exit status */
static bool inside;   /* a command is running */
static bool mistaken; /* argp_error() was called */

__attribute__((noreturn)) void __real_exit(int status);
error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *end, void *input);

__attribute__((noreturn)) void __wrap_exit(int status);
void __wrap_exit(int status)
{
    if (inside) {
        left_with = status;
        longjmp(outside, 1);
    }
    __real_exit(status);
}

void __wrap_argp_error(const struct argp_state *state, const char *format, ...);
void __wrap_argp_error(const struct argp_state *state, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", state && state->name ? state->name : "assay");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    mistaken = true;
}

/* argp ends the process after an error and after --help, unless it is told not to: then it says what is wrong and
 * mostly reports an error, and goes on after --help. */
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *end, void *input);
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *end, void *input)
{
    mistaken = false;
    const long before = ftell(stderr);
    const error_t error = __real_argp_parse(argp, argc, argv, flags | ARGP_NO_EXIT, end, input);
    if (error || mistaken || ftell(stderr) > before)
        __wrap_exit(EXIT_USAGE);
    return 0;
}

/* ---- Instead of work: what was understood must be within its ranges ------------------------------------------------
 */

static assay_status put_aside(void)
{
    return assay_fail(ASSAY_INTERRUPTED, "put aside");
}

static void expect_common(const common_options *o)
{
    FUZZ_ASSERT(o->shards >= 1 && o->shard < o->shards, "shard %u of %u", o->shard, o->shards);
    FUZZ_ASSERT(o->seed <= INT64_MAX, "seed %llu", (unsigned long long)o->seed);
    FUZZ_ASSERT(o->threads >= 0 && o->threads <= ASSAY_THREADS_MAX, "%d threads", o->threads);
    FUZZ_ASSERT(o->formats & 1u << o->format, "format %d of 0x%x", (int)o->format, o->formats);
    FUZZ_ASSERT(o->database && *o->database && (!o->data || *o->data), "an empty path");
    for (size_t i = 0; i < o->pattern_count; i++)
        FUZZ_ASSERT(o->patterns[i], "pattern %zu is null", i);
}

assay_status __wrap_session_begin(session *s, const common_options *common, const char *command, const char *depth,
                                  bool resume);
assay_status __real_session_begin(session *s, const common_options *common, const char *command, const char *depth,
                                  bool resume);
assay_status __wrap_session_begin(session *s, const common_options *common, const char *command, const char *depth,
                                  bool resume)
{
    if (!inside)
        return __real_session_begin(s, common, command, depth, resume);
    (void)s, (void)resume;
    FUZZ_ASSERT(command && depth, "no command or depth");
    expect_common(common);
    return put_aside();
}

assay_status __wrap_bench_repeat(const bench_item *item, uint64_t seed, uint64_t times);
assay_status __real_bench_repeat(const bench_item *item, uint64_t seed, uint64_t times);
assay_status __wrap_bench_repeat(const bench_item *item, uint64_t seed, uint64_t times)
{
    if (!inside)
        return __real_bench_repeat(item, seed, times);
    (void)item;
    FUZZ_ASSERT(seed <= INT64_MAX && times >= 1 && times <= UINT32_MAX, "%llu times", (unsigned long long)times);
    return ASSAY_OK;
}

assay_status __wrap_bench_limits(bool quick, const bench_sink *sink);
assay_status __real_bench_limits(bool quick, const bench_sink *sink);
assay_status __wrap_bench_limits(bool quick, const bench_sink *sink)
{
    if (!inside)
        return __real_bench_limits(quick, sink);
    (void)quick;
    FUZZ_ASSERT(sink && sink->limit, "no sink");
    return ASSAY_OK;
}

assay_status __wrap_regress_build(const char *revision, FILE *progress, regress_base *base);
assay_status __real_regress_build(const char *revision, FILE *progress, regress_base *base);
assay_status __wrap_regress_build(const char *revision, FILE *progress, regress_base *base)
{
    if (!inside)
        return __real_regress_build(revision, progress, base);
    (void)progress, (void)base;
    FUZZ_ASSERT(revision, "no revision");
    return put_aside();
}

assay_status __wrap_report_write(const char *database, const char *folder, const report_options *options,
                                 report_summary *summary);
assay_status __real_report_write(const char *database, const char *folder, const report_options *options,
                                 report_summary *summary);
assay_status __wrap_report_write(const char *database, const char *folder, const report_options *options,
                                 report_summary *summary)
{
    if (!inside)
        return __real_report_write(database, folder, options, summary);
    (void)options, (void)summary;
    FUZZ_ASSERT(database && *database && folder && *folder, "an empty path");
    return put_aside();
}

assay_status __wrap_report_write_claims(const char *database, const char *path);
assay_status __real_report_write_claims(const char *database, const char *path);
assay_status __wrap_report_write_claims(const char *database, const char *path)
{
    if (!inside)
        return __real_report_write_claims(database, path);
    FUZZ_ASSERT(database && *database && path && *path, "an empty path");
    return put_aside();
}

assay_status __wrap_report_store_merge(const char *const *paths, size_t count, const char *out, bool replace);
assay_status __real_report_store_merge(const char *const *paths, size_t count, const char *out, bool replace);
assay_status __wrap_report_store_merge(const char *const *paths, size_t count, const char *out, bool replace)
{
    if (!inside)
        return __real_report_store_merge(paths, count, out, replace);
    FUZZ_ASSERT(paths && count > 0 && out && *out, "%zu databases", count);
    for (size_t i = 0; i < count; i++)
        FUZZ_ASSERT(paths[i], "path %zu is null", i);
    return put_aside();
}

/* ---- Where `assay new` writes --------------------------------------------------------------------------------------
 */

static void make_tree(void)
{
    static const char *const folders[] = {"tree",           "tree/include",   "tree/include/assay", "tree/reference",
                                          "tree/optimized", "tree/optimized", "tree/verify",        "tree/bench"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(fuzz_path(folders[i]), 0700);
    fuzz_file("tree/include/assay/status.h", "", 0);
}

/* Makes the tree when it is first needed, and anew when something was written to it. */
static void clean_tree(void)
{
    const char *tree = fuzz_path("tree"), *bench = fuzz_path("tree/bench");
    if (rmdir(bench) == 0) {
        mkdir(bench, 0700);
    } else { /* it is not empty, or not there */
        fuzz_remove(tree);
        make_tree();
    }
}

/* ---- The call ------------------------------------------------------------------------------------------------------
 */

enum { WORDS = 64 };

static int split(const uint8_t *data, size_t size, char *words[WORDS + 2])
{
    int count = 0;
    words[count++] = fuzz_text((const uint8_t *)"assay", 5);
    while (size > 0 && count <= WORDS) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t length = end ? (size_t)(end - data) : size;
        words[count] = fuzz_text(data, length);
        for (char *c = words[count]; *c; c++)
            *c = *c == '\r' ? '\n' : *c;
        count++;
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    words[count] = NULL;
    return count;
}

/* Runs main with its output thrown away; *message becomes what it said on stderr. */
static int call(int argc, char **argv, char **message)
{
    FILE *const out = stdout, *const err = stderr;
    size_t length;
    static FILE *nowhere;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    stdout = nowhere;
    stderr = open_memstream(message, &length);
    const int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    FUZZ_ASSERT(stdout && stderr && here >= 0 && chdir(fuzz_path("tree")) == 0, "no streams or no tree");
    inside = true;
    if (setjmp(outside) == 0)
        left_with = assay_main(argc, argv);
    inside = false;
    fclose(stderr);
    stdout = out;
    stderr = err;
    FUZZ_ASSERT(fchdir(here) == 0 && close(here) == 0, "no way back");
    program_invocation_name = program_invocation_short_name = (char *)"assay";
    return left_with;
}

int fuzz_command(const char *const *words, char **message)
{
    char *copies[WORDS + 2] = {NULL}, *argv[WORDS + 2];
    int argc = 0;
    clean_tree();
    for (; words[argc]; argc++)
        copies[argc] = fuzz_text((const uint8_t *)words[argc], strlen(words[argc]));
    memcpy((void *)argv, (const void *)copies, sizeof argv);
    const int status = call(argc, argv, message);
    for (int i = 0; i < argc; i++)
        free(copies[i]);
    return status;
}

int fuzz_arguments(const uint8_t *data, size_t size)
{
    char *words[WORDS + 2], *argv[WORDS + 2], *message;
    clean_tree();
    const int argc = split(data, size, words);
    memcpy((void *)argv, (const void *)words, sizeof argv); /* argp sorts them */
    const int status = call(argc, argv, &message);
    FUZZ_ASSERT(status == EXIT_ALL_GOOD || status == EXIT_USAGE || status == EXIT_ENVIRONMENT ||
                    status == EXIT_INTERRUPTED,
                "exit status %d: %s", status, message);
    const size_t length = strlen(message);
    FUZZ_ASSERT((status == EXIT_ALL_GOOD) == (length == 0), "exit status %d with the message \"%s\"", status, message);
    FUZZ_ASSERT(length == 0 || ((strncmp(message, "assay", 5) == 0 || argc < 2) && message[length - 1] == '\n'),
                "the message is \"%s\"", message);
    free(message);
    for (int i = 0; i < argc; i++)
        free(words[i]);
    assay_set_user_data(NULL);
    assay_set_threads(1);
    assay_cpu_set_level(assay_cpu_best());
    return 0;
}
