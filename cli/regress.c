/* assay regress: this binary against another revision's, in pairs of fresh processes. */
#include "cli/regress.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/regress_accuracy.h"
#include "cli/regress_measure.h"

#include "assay/bench.h"
#include "assay/build.h"
#include "assay/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_PAIRS = 10, MORE_PAIRS = 5, MOST_PAIRS = 30, CONFIRMING_PAIRS = 30 };

typedef enum report_style { STYLE_TEXT, STYLE_JSON, STYLE_MARKDOWN } report_style;

/* The command's options and all that comes of them. */
typedef struct regression {
    common_options common;
    regress_settings settings;
    const char *revision;
    double threshold; /* 0: the default of the way of measuring */
    double budget;    /* seconds for the measurements */
    double patience;  /* seconds for one measurement */
    bool skip_accuracy, skip_timing, reference;
    report_style style;
    regress_base base;
    char program[4096];
    regress_comparison *comparisons;
    bool *one_thread;
    size_t count, capacity;
    bool *pattern_used;
    json_t *changes; /* of accuracy; null if not compared */
    char accuracy_problem[512];
    double deadline;
    bool progress;
} regression;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Which benchmarks ------------------------------------------------------------------------------------------- */

static bool has_size(const uint64_t sizes[BENCH_SIZES], uint64_t size)
{
    for (size_t i = 0; i < BENCH_SIZES && sizes[i]; i++) {
        if (sizes[i] == size)
            return true;
    }
    return false;
}

/* Ours, at the sizes wanted, that this machine can run; the reference, which nobody tunes, only on request. With one
 * thread and with all: what lies between, and weak scalings, would tell the same again. */
static bool is_wanted(const regression *r, const bench_item *item)
{
    if (item->level == ASSAY_REFERENCE && !r->reference)
        return false;
    if (item->weak || (item->threads > 1 && item->threads < assay_threads()))
        return false;
    const bench_workload *workload = item->workload;
    if (!r->settings.all_sizes && workload->full_only)
        return false;
    const bool quick = !r->settings.all_sizes && workload->quick_sizes[0];
    const assay_level highest =
        r->settings.instructions && assay_cpu_level() > ASSAY_AVX2 ? ASSAY_AVX2 : assay_cpu_level();
    return !item->peer && item->level <= highest && !(r->settings.instructions && item->threads > 1) &&
           has_size(quick ? workload->quick_sizes : workload->sizes, item->size);
}

static void consider(void *self, const bench_item *item)
{
    regression *r = self;
    char rest[256];
    bool selected = r->common.pattern_count == 0;
    snprintf(rest, sizeof rest, "%s/%llu", item->workload->name, (unsigned long long)item->size);
    for (size_t i = 0; i < r->common.pattern_count; i++) {
        if (assay_pattern_matches(r->common.patterns[i], item->algorithm, item->implementation, rest))
            selected = r->pattern_used[i] = true;
    }
    if (!selected || !is_wanted(r, item))
        return;
    if (r->count == r->capacity) {
        const size_t capacity = r->capacity ? 2 * r->capacity : 64;
        regress_comparison *comparisons = realloc(r->comparisons, capacity * sizeof *comparisons);
        bool *one_thread = realloc(r->one_thread, capacity * sizeof *one_thread);
        r->comparisons = comparisons ? comparisons : r->comparisons;
        r->one_thread = one_thread ? one_thread : r->one_thread;
        if (!comparisons || !one_thread)
            return; /* seen by the caller: a pattern without benchmarks */
        r->capacity = capacity;
    }
    regress_comparison *c = &r->comparisons[r->count];
    *c = (regress_comparison){.ratio = {NAN, NAN, NAN}, .p = NAN, .adjusted = NAN, .verdict = REGRESS_UNDECIDED};
    snprintf(c->name, sizeof c->name, "%s/%s/%s", item->algorithm, item->implementation, rest);
    r->one_thread[r->count++] = item->threads == 1;
}

static int find_benchmarks(regression *r)
{
    r->pattern_used = calloc(r->common.pattern_count + 1, sizeof *r->pattern_used);
    if (!r->pattern_used)
        return complain_of(assay_fail(ASSAY_NO_MEMORY, "cannot allocate the patterns"));
    bench_each_item(consider, r);
    for (size_t i = 0; i < r->common.pattern_count; i++) {
        if (!r->pattern_used[i]) {
            complain("pattern \"%s\" matches no benchmark; `assay list' shows them", r->common.patterns[i]);
            return EXIT_USAGE;
        }
    }
    if (r->count == 0) {
        complain("there is no benchmark that this machine can run");
        return EXIT_ENVIRONMENT;
    }
    return EXIT_ALL_GOOD;
}

/* ---- Measuring -------------------------------------------------------------------------------------------------- */

static void show_progress(const regression *r, const char *phase, size_t done, size_t whole)
{
    if (r->progress)
        fprintf(stderr, "\r\033[K%s: %zu of %zu", phase, done, whole);
}

static void end_progress(const regression *r)
{
    if (r->progress)
        fprintf(stderr, "\r\033[K");
}

/* A pair: four processes in the order base-now-now-base or now-base-base-now by turns, so that a drift favours neither;
 * of the two of one revision the quicker counts, because now and then a whole process is slow (where its pages came to
 * lie, what a neighbour did). Counts repeat: one process each is enough. */
static void measure_pair(regression *r, size_t i)
{
    regress_comparison *c = &r->comparisons[i];
    const char *programs[2] = {r->base.program, r->program};
    const size_t processes = r->settings.instructions ? 2 : 4;
    double best[2] = {INFINITY, INFINITY};
    const double begun = now();
    assay_status status = ASSAY_OK;
    for (size_t k = 0; status == ASSAY_OK && k < processes; k++) {
        const size_t which = ((k + 1) / 2 + c->pairs) % 2;
        double measured = NAN;
        status = regress_measure(programs[which], c->name, r->one_thread[i], &r->settings, &measured);
        best[which] = measured < best[which] ? measured : best[which];
        const double took = now() - begun;
        if (status == ASSAY_OK && k == 0 && c->pairs == 0 && !c->confirming && !r->settings.instructions &&
            took > r->patience)
            status = assay_fail(ASSAY_UNSUPPORTED, "left out: a measurement takes %.1f s; --patience %.0f takes it in",
                                took, ceil(2 * took));
    }
    if (status == ASSAY_OK)
        status = regress_add_pair(c, best[0], best[1]);
    if (status != ASSAY_OK) {
        snprintf(c->problem, sizeof c->problem, "%s", assay_error());
        regress_forget_pairs(c);
    }
}

/* One pair for each benchmark in turn, round after round, so that each one's pairs are spread over the time. */
static void measure_rounds(regression *r, const char *phase, size_t pairs, bool (*wants)(const regression *, size_t))
{
    for (size_t round = 0; round < pairs; round++) {
        for (size_t i = 0; i < r->count; i++) {
            if (!r->comparisons[i].problem[0] && wants(r, i) && now() < r->deadline)
                measure_pair(r, i);
            show_progress(r, phase, round * r->count + i + 1, pairs * r->count);
        }
    }
    end_progress(r);
}

static bool wants_first(const regression *r, size_t i)
{
    (void)r;
    (void)i;
    return true;
}

static bool wants_more(const regression *r, size_t i)
{
    return r->comparisons[i].pairs < MOST_PAIRS && !regress_is_precise(&r->comparisons[i], r->threshold);
}

static bool wants_confirmation(const regression *r, size_t i)
{
    return r->comparisons[i].confirming;
}

static assay_status estimate_all(regression *r)
{
    assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < r->count; i++) {
        if (r->comparisons[i].pairs > 0)
            status = regress_estimate(&r->comparisons[i], r->common.seed);
    }
    return status;
}

static size_t imprecise(const regression *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += !r->comparisons[i].problem[0] && wants_more(r, i);
    return count;
}

/* What looks changed is measured anew and judged by the new pairs alone: having looked among many, at several moments,
 * made the first p values too small. */
static size_t choose_for_confirmation(regression *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++) {
        regress_comparison *c = &r->comparisons[i];
        const double change = fmax(c->ratio.estimate, 1 / c->ratio.estimate);
        const bool differs = c->ratio.low > 1 || c->ratio.high < 1;
        if (c->pairs > 0 && differs && change > 1 + r->threshold) {
            c->confirming = true;
            regress_forget_pairs(c);
            count++;
        }
    }
    return count;
}

static assay_status measure_times(regression *r)
{
    const double rate = 0.01;
    const double end = now() + r->budget;
    r->deadline = INFINITY; /* the first pairs are taken whatever they cost */
    measure_rounds(r, "measuring", FIRST_PAIRS, wants_first);
    r->deadline = end;
    assay_status status = estimate_all(r);
    while (status == ASSAY_OK && imprecise(r) > 0 && now() < r->deadline) {
        measure_rounds(r, "measuring the uncertain", MORE_PAIRS, wants_more);
        status = estimate_all(r);
    }
    if (status == ASSAY_OK && choose_for_confirmation(r) > 0) {
        r->deadline = now() + fmax(r->budget / 2, 60); /* a suspicion is followed up even when the time is spent */
        measure_rounds(r, "confirming", CONFIRMING_PAIRS, wants_confirmation);
        status = estimate_all(r);
    }
    return status == ASSAY_OK ? regress_decide(r->comparisons, r->count, r->threshold, rate) : status;
}

/* Counts repeat, so one pair says all. */
static assay_status count_all(regression *r)
{
    assay_status status = regress_need_valgrind();
    r->deadline = INFINITY;
    if (status != ASSAY_OK)
        return status;
    measure_rounds(r, "counting", 1, wants_first);
    for (size_t i = 0; i < r->count; i++) {
        regress_comparison *c = &r->comparisons[i];
        if (c->pairs == 0)
            continue;
        const double ratio = c->now[0] / c->base[0];
        c->ratio = (assay_interval){ratio, ratio, ratio};
        c->verdict = ratio > 1 + r->threshold         ? REGRESS_SLOWER
                     : ratio < 1 / (1 + r->threshold) ? REGRESS_FASTER
                                                      : REGRESS_SAME;
    }
    return ASSAY_OK;
}

/* Checks have other names than workloads: of a pattern, the algorithm and the implementation hold for both. */
static void compare_accuracy(regression *r)
{
    char(*parts)[256] = calloc(r->common.pattern_count + 1, sizeof *parts);
    const char **patterns = calloc(r->common.pattern_count + 1, sizeof *patterns);
    assay_status status = parts && patterns ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "cannot allocate the patterns");
    for (size_t i = 0; status == ASSAY_OK && i < r->common.pattern_count; i++) {
        snprintf(parts[i], sizeof parts[i], "%s", r->common.patterns[i]);
        char *slash = strchr(parts[i], '/');
        slash = slash ? strchr(slash + 1, '/') : NULL;
        if (slash)
            *slash = '\0';
        patterns[i] = parts[i];
    }
    if (status == ASSAY_OK)
        status = regress_compare_accuracy(r->base.program, r->program, patterns, r->common.pattern_count,
                                          r->common.seed, &r->changes);
    if (status != ASSAY_OK)
        snprintf(r->accuracy_problem, sizeof r->accuracy_problem, "%s", assay_error());
    free(parts);
    free(patterns);
}

/* ---- Reporting -------------------------------------------------------------------------------------------------- */

static size_t count_verdicts(const regression *r, regress_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += r->comparisons[i].pairs > 0 && r->comparisons[i].verdict == verdict;
    return count;
}

static size_t count_worse(const regression *r)
{
    size_t count = 0, i;
    json_t *change;
    json_array_foreach(r->changes, i, change) count += json_is_true(json_object_get(change, "worse"));
    return count;
}

static const char *percent(double ratio, char text[32])
{
    snprintf(text, 32, "%+.2f %%", 100 * (ratio - 1));
    return text;
}

static void quote(const json_t *value, char *text, size_t size)
{
    if (json_is_real(value))
        snprintf(text, size, "%.9g", json_real_value(value));
    else
        snprintf(text, size, "%s", json_is_string(value) ? json_string_value(value) : "-");
}

static bool is_news(const regress_comparison *c)
{
    return c->problem[0] || c->verdict == REGRESS_SLOWER || c->verdict == REGRESS_FASTER;
}

static void print_comparison(const regress_comparison *c, bool markdown)
{
    char change[32], low[32], high[32];
    if (c->problem[0]) {
        printf(markdown ? "| `%s` | not measured | %s | | |\n" : "%-58s not measured: %s\n", c->name, c->problem);
        return;
    }
    if (c->pairs == 0)
        return;
    percent(c->ratio.estimate, change);
    percent(c->ratio.low, low);
    percent(c->ratio.high, high);
    if (markdown)
        printf("| `%s` | %s%s | %s | %s to %s | %zu |\n", c->name, regress_verdict_name(c->verdict),
               c->verdict == REGRESS_SLOWER   ? " :red_circle:"
               : c->verdict == REGRESS_FASTER ? " :green_circle:"
                                              : "",
               change, low, high, c->pairs);
    else
        printf("%-58s %-9s %9s  [%9s, %9s]  %2zu pairs  p %.2g\n", c->name, regress_verdict_name(c->verdict), change,
               low, high, c->pairs, c->adjusted);
}

static void print_accuracy(const regression *r, bool markdown)
{
    size_t i;
    json_t *change;
    if (r->skip_accuracy)
        return;
    if (!r->changes) {
        printf(markdown ? "\nAccuracy was not compared: %s\n" : "accuracy: not compared: %s\n", r->accuracy_problem);
        return;
    }
    if (markdown && json_array_size(r->changes) > 0)
        printf("\n| check | what | base | now | |\n| --- | --- | --- | --- | --- |\n");
    json_array_foreach(r->changes, i, change)
    {
        char before[128], after[128];
        quote(json_object_get(change, "base"), before, sizeof before);
        quote(json_object_get(change, "now"), after, sizeof after);
        printf(markdown ? "| `%s` | %s | %s | %s | %s |\n" : "%-58s %s: %s -> %s %s\n",
               json_string_value(json_object_get(change, "check")), json_string_value(json_object_get(change, "what")),
               before, after, json_is_true(json_object_get(change, "worse")) ? "WORSE" : "");
    }
    if (json_array_size(r->changes) == 0)
        printf(markdown ? "\nAccuracy: no check changed.\n" : "accuracy: no check changed\n");
}

static void print_summary(const regression *r, bool markdown)
{
    printf(markdown ? "\n**%zu slower, %zu faster, %zu same, %zu undecided; %zu accuracy losses**\n"
                    : "%zu slower, %zu faster, %zu same, %zu undecided; %zu accuracy losses\n",
           count_verdicts(r, REGRESS_SLOWER), count_verdicts(r, REGRESS_FASTER), count_verdicts(r, REGRESS_SAME),
           count_verdicts(r, REGRESS_UNDECIDED), count_worse(r));
}

static void print_text(const regression *r)
{
    for (size_t i = 0; i < r->count; i++)
        print_comparison(&r->comparisons[i], false);
    print_accuracy(r, false);
    print_summary(r, false);
}

static void print_markdown(const regression *r)
{
    const char *head = "| benchmark | verdict | change | 95 % interval | pairs |\n| --- | --- | --- | --- | --- |\n";
    size_t news = 0;
    printf("### assay regress: `%s` against `%.12s`\n\n%s per run of the kernel, change above %g %% counts; %s\n\n",
           assay_build_revision(), r->base.hash, r->settings.instructions ? "Instructions" : "Time", 100 * r->threshold,
           assay_build_compiler());
    for (size_t i = 0; i < r->count; i++)
        news += is_news(&r->comparisons[i]);
    if (news > 0) {
        printf("%s", head);
        for (size_t i = 0; i < r->count; i++) {
            if (is_news(&r->comparisons[i]))
                print_comparison(&r->comparisons[i], true);
        }
    }
    print_accuracy(r, true);
    print_summary(r, true);
    printf("\n<details><summary>All %zu benchmarks</summary>\n\n%s", r->count, head);
    for (size_t i = 0; i < r->count; i++)
        print_comparison(&r->comparisons[i], true);
    printf("\n</details>\n");
}

static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(const regression *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const regress_comparison *c = &r->comparisons[i];
        json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:b, s:s}", "benchmark", c->name,
                                   "base", r->base.hash, "unit", r->settings.instructions ? "instructions" : "seconds",
                                   "verdict", c->pairs ? regress_verdict_name(c->verdict) : "not measured", "pairs",
                                   (json_int_t)c->pairs, "ratio", real_or_null(c->ratio.estimate), "low",
                                   real_or_null(c->ratio.low), "high", real_or_null(c->ratio.high), "p",
                                   real_or_null(c->adjusted), "confirmed", c->confirming, "problem", c->problem);
        json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
        putchar('\n');
        json_decref(object);
    }
    size_t i;
    json_t *change;
    json_array_foreach(r->changes, i, change)
    {
        json_dumpf(change, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
        putchar('\n');
    }
}

/* ---- The command ------------------------------------------------------------------------------------------------ */

enum {
    KEY_BASE = 0x200,
    KEY_THRESHOLD,
    KEY_INSTRUCTIONS,
    KEY_BUDGET,
    KEY_PATIENCE,
    KEY_REFERENCE,
    KEY_ALL_SIZES,
    KEY_NO_ACCURACY,
    KEY_NO_TIMING,
    KEY_STYLE,
    KEY_REGRESS_SEED
};

/* A positive number, with or without a per cent sign: 3%, 3 and 0.5 are per cent. */
static bool parse_positive(const char *text, double most, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (end != text && *end == '%')
        end++;
    return end != text && *end == '\0' && *value > 0 && *value <= most;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    regression *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &r->common; return 0;
    case KEY_BASE: r->revision = text; return 0;
    case KEY_THRESHOLD:
        if (!parse_positive(text, 100, &r->threshold))
            argp_error(state, "--threshold is \"%s\", must be above 0 and at most 100 (per cent)", text);
        r->threshold /= 100;
        return 0;
    case KEY_BUDGET:
        if (!parse_positive(text, 1e6, &r->budget))
            argp_error(state, "--budget is \"%s\", must be above 0 and at most 1000000 (seconds)", text);
        return 0;
    case KEY_PATIENCE:
        if (!parse_positive(text, 1e6, &r->patience))
            argp_error(state, "--patience is \"%s\", must be above 0 and at most 1000000 (seconds)", text);
        return 0;
    case KEY_REFERENCE: r->reference = true; return 0;
    case KEY_INSTRUCTIONS: r->settings.instructions = true; return 0;
    case KEY_ALL_SIZES: r->settings.all_sizes = true; return 0;
    case KEY_NO_ACCURACY: r->skip_accuracy = true; return 0;
    case KEY_NO_TIMING: r->skip_timing = true; return 0;
    case KEY_REGRESS_SEED:
        if (!parse_number(text, 0, INT64_MAX, &r->common.seed))
            argp_error(state, "--seed is \"%s\", must be 0 to %lld", text, (long long)INT64_MAX);
        return 0;
    case KEY_STYLE:
        r->style = strcmp(text, "json") == 0 ? STYLE_JSON : strcmp(text, "markdown") == 0 ? STYLE_MARKDOWN : STYLE_TEXT;
        if (r->style == STYLE_TEXT && strcmp(text, "text") != 0)
            argp_error(state, "--format is \"%s\", must be text, json or markdown", text);
        return 0;
    case ARGP_KEY_ARGS:
        r->common.patterns = (const char *const *)(state->argv + state->next);
        r->common.pattern_count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_END:
        if (!r->revision)
            argp_error(state, "--base is missing: the revision to compare with, e.g. --base HEAD~1");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {.name = "base", .key = KEY_BASE, .arg = "REV", .doc = "The git revision to compare with"},
    {.name = "threshold",
     .key = KEY_THRESHOLD,
     .arg = "PERCENT",
     .doc = "The smallest change that counts (default 3%, with --instructions 0.1%)"},
    {.name = "instructions", .key = KEY_INSTRUCTIONS, .doc = "Count instructions by callgrind at the AVX2 level"},
    {.name = "budget", .key = KEY_BUDGET, .arg = "SECONDS", .doc = "Time for the measurements (default 600)"},
    {.name = "patience",
     .key = KEY_PATIENCE,
     .arg = "SECONDS",
     .doc = "Leave out benchmarks of which a measurement takes longer (default 0.3)"},
    {.name = "reference", .key = KEY_REFERENCE, .doc = "Compare the reference implementations too"},
    {.name = "all-sizes", .key = KEY_ALL_SIZES, .doc = "Not only the sizes of bench --quick"},
    {.name = "no-accuracy", .key = KEY_NO_ACCURACY, .doc = "Compare speed only"},
    {.name = "no-timing", .key = KEY_NO_TIMING, .doc = "Compare accuracy only"},
    {.name = "seed", .key = KEY_REGRESS_SEED, .arg = "N", .doc = "Seed of all random numbers (default 1)"},
    {.name = "format", .key = KEY_STYLE, .arg = "FORMAT", .doc = "text, json (an object a line) or markdown"},
    {0}};

static const struct argp_child children[] = {{.argp = &options_machine}, {0}};

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[PATTERN...]",
    .doc = "Compare this build with another revision, in speed and accuracy.\vPATTERN is a glob over "
           "algorithm/implementation/workload/size. Exit status 1 if something became slower or less accurate.",
    .children = children};

static bool find_program(regression *r)
{
    ssize_t length = readlink("/proc/self/exe", r->program, sizeof r->program - 1);
    if (length <= 0)
        return false;
    r->program[length] = '\0';
    return true;
}

static int measure(regression *r)
{
    assay_status status = regress_build(r->revision, r->progress ? stderr : NULL, &r->base);
    if (status == ASSAY_OK && !find_program(r))
        status = assay_fail(ASSAY_UNSUPPORTED, "cannot find this program's own file: /proc/self/exe is not readable");
    if (status == ASSAY_OK && !r->skip_timing)
        status = r->settings.instructions ? count_all(r) : measure_times(r);
    if (status != ASSAY_OK)
        return complain_of(status);
    if (!r->skip_accuracy)
        compare_accuracy(r);
    return EXIT_ALL_GOOD;
}

int command_regress(int argc, char **argv)
{
    regression r = {.common = common_options_default(1u << FORMAT_TEXT),
                    .budget = 600,
                    .patience = 0.3,
                    .progress = isatty(STDERR_FILENO)};
    parse_arguments(&argp, argc, argv, &r);
    if (r.threshold == 0)
        r.threshold = r.settings.instructions ? 0.001 : 0.03;
    r.settings.seed = r.common.seed;
    int status = options_apply(&r.common);
    if (status == EXIT_ALL_GOOD)
        status = find_benchmarks(&r);
    if (status == EXIT_ALL_GOOD)
        status = measure(&r);
    if (status == EXIT_ALL_GOOD) {
        (r.style == STYLE_JSON ? print_json : r.style == STYLE_MARKDOWN ? print_markdown : print_text)(&r);
        const bool worse = count_verdicts(&r, REGRESS_SLOWER) > 0 || count_worse(&r) > 0;
        status = close_output(worse ? EXIT_CHECK_FAILED : EXIT_ALL_GOOD);
    }
    for (size_t i = 0; i < r.count; i++)
        regress_release(&r.comparisons[i]);
    free(r.comparisons);
    free(r.one_thread);
    free(r.pattern_used);
    json_decref(r.changes);
    return status;
}
