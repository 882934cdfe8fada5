/* assay history: the series of a database over its runs, where they changed, and whether the newest run is worse. */
#include "cli/history.h"
#include "cli/patterns.h"

#include "assay/catalogue.h"
#include "assay/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_CHECK = 0x200, KEY_ALL, KEY_RELATIVE, KEY_THRESHOLD, KEY_RECENT, KEY_CONFIRM, KEY_LAST, KEY_RATE };

static const struct argp_option own_options[] = {
    {.name = "check", .key = KEY_CHECK, .doc = "Exit with 1 if the newest run is in a new, worse segment"},
    {.name = "threshold", .key = KEY_THRESHOLD, .arg = "PERCENT", .doc = "Smallest change of a time that counts (3)"},
    {.name = "rate", .key = KEY_RATE, .arg = "R", .doc = "Of false alarms, for each algorithm (0.01)"},
    {.name = "recent", .key = KEY_RECENT, .arg = "N", .doc = "Runs for which a change stays new (5)"},
    {.name = "confirm", .key = KEY_CONFIRM, .arg = "N", .doc = "Runs that must show a change before it counts (1)"},
    {.name = "last", .key = KEY_LAST, .arg = "N", .doc = "Look at the newest N comparable runs (200)"},
    {.name = "relative", .key = KEY_RELATIVE, .doc = "Times over that of the reference in the same run"},
    {.name = "all",
     .key = KEY_ALL,
     .doc = "Also peers and the reference, runs of other machines and builds, and steady accuracy"},
    {0}};

static const struct argp_child children[] = {{.argp = &options_format}, {.argp = &options_database}, {0}};

static void parse_count(struct argp_state *state, const char *name, const char *text, uint64_t low, size_t *count)
{
    uint64_t number;
    if (parse_number(text, low, ASSAY_CHANGE_MOST, &number))
        *count = (size_t)number;
    else
        argp_error(state, "--%s is \"%s\", must be %llu to %d", name, text, (unsigned long long)low, ASSAY_CHANGE_MOST);
}

static bool parse_real(const char *text, double low, double high, double *number)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || !(value >= low && value <= high))
        return false;
    *number = value;
    return *end == '\0' || strcmp(end, "%") == 0;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    history_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT: options_share(state, &a->common, 2); return 0;
    case KEY_CHECK: a->check = true; return 0;
    case KEY_ALL: a->all = a->options.peers = a->options.all_groups = true; return 0;
    case KEY_RELATIVE: a->options.relative = true; return 0;
    case KEY_THRESHOLD:
        if (!parse_real(text, 0.01, 1000, &a->options.threshold))
            argp_error(state, "--threshold is \"%s\", must be 0.01%% to 1000%%", text);
        a->options.threshold /= 100;
        return 0;
    case KEY_RATE:
        if (!parse_real(text, 1e-6, 0.5, &a->options.rate) || strchr(text, '%'))
            argp_error(state, "--rate is \"%s\", must be 0.000001 to 0.5", text);
        return 0;
    case KEY_RECENT: parse_count(state, "recent", text, 1, &a->options.recent); return 0;
    case KEY_CONFIRM: parse_count(state, "confirm", text, 1, &a->options.confirm); return 0;
    case KEY_LAST: parse_count(state, "last", text, REPORT_HISTORY_LEAST, &a->options.last); return 0;
    case ARGP_KEY_ARGS:
        a->common.patterns = (const char *const *)(state->argv + state->next);
        a->common.pattern_count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_END:
        if (a->options.confirm > a->options.recent)
            argp_error(state, "--confirm is %zu, must be at most --recent, %zu", a->options.confirm, a->options.recent);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = own_options,
    .parser = parse_option,
    .args_doc = "[ALGORITHM|PATTERN...]",
    .doc =
        "Shows how long benchmarks took and how large the worst errors of checks were over the runs of the database, "
        "and marks where they changed. Only runs of one machine, compiler and flags are compared.\v"
        "With --check the exit status is 1 if the newest run is in a new, worse segment, and 3 if there are too few "
        "comparable runs to say. A PATTERN is a glob over algorithm/implementation/workload/size or "
        "algorithm/implementation/check.",
    .children = children};

static bool selects(const void *self, const char *algorithm, const char *implementation, const char *rest)
{
    return patterns_match(self, algorithm, implementation, rest);
}

/* ---- What there is to say -----------------------------------------------------------------------------------------
 */

/* Nothing of what is asked for is in the database: mistyped, or not measured yet? */
static int complain_of_nothing(const common_options *common)
{
    if (common->pattern_count && patterns_check(common, PATTERN_ALL) != EXIT_ALL_GOOD)
        return EXIT_USAGE;
    const char *pattern = common->pattern_count ? common->patterns[0] : "";
    complain("'%s' holds no times or errors%s%s%s: run `%s bench --quick%s%s%s' a few times", common->database,
             *pattern ? " of \"" : "", pattern, *pattern ? "\"" : "", command_program, *pattern ? " '" : "", pattern,
             *pattern ? "'" : "");
    return EXIT_ENVIRONMENT;
}

/* Every pattern must have selected something, lest a mistyped one never complains. */
static const char *unused_pattern(const history_arguments *a, const report_history *h)
{
    for (size_t k = 0; k < a->common.pattern_count; k++) {
        bool used = false;
        for (size_t i = 0; i < h->series_count && !used; i++) {
            const report_history_series *s = &h->series[i];
            const report_words name = report_name_of_series(s);
            const char *rest = strchr(name.text, '/');
            used = assay_pattern_matches(a->common.patterns[k], s->algorithm, s->implementation, rest ? rest + 1 : "");
        }
        if (!used)
            return a->common.patterns[k];
    }
    return NULL;
}

history_summary history_summarize(const report_history *h)
{
    history_summary sum = {0};
    for (size_t i = 0; i < h->series_count; i++) {
        const report_history_series *s = &h->series[i];
        sum.judged += s->judgement == REPORT_STEADY || s->judgement == REPORT_WORSE;
        sum.worse += s->judgement == REPORT_WORSE;
        sum.too_few += s->judgement == REPORT_TOO_FEW;
        sum.most_runs = s->count > sum.most_runs ? s->count : sum.most_runs;
    }
    return sum;
}

static int check_status(const history_arguments *a, const report_history *h)
{
    const history_summary sum = history_summarize(h);
    if (!a->check)
        return EXIT_ALL_GOOD;
    if (sum.judged)
        return sum.worse ? EXIT_CHECK_FAILED : EXIT_ALL_GOOD;
    const size_t needed = ASSAY_RISE_BASE + a->options.confirm;
    complain("too few comparable runs to judge: the database has %zu of this machine and build, %zu are needed; "
             "run `%s bench' (or `verify') with this --db again",
             sum.most_runs, needed, command_program);
    return EXIT_ENVIRONMENT;
}

int command_history(int argc, char **argv)
{
    history_arguments a = {
        .common = common_options_default(1u << FORMAT_TEXT | 1u << FORMAT_JSON | 1u << FORMAT_CSV),
        .options = {.threshold = 0.03, .rate = 0.01, .recent = 5, .confirm = 1, .selects = selects, .seed = 1}};
    parse_arguments(&argp, argc, argv, &a);
    a.options.self = &a.common;
    report_history h;
    assay_status status = report_history_load(a.common.database, &a.options, &h);
    int result = status == ASSAY_OK ? EXIT_ALL_GOOD : (complain_of(status), EXIT_ENVIRONMENT);
    if (status == ASSAY_OK) {
        const char *unused = unused_pattern(&a, &h);
        const common_options one = {
            .patterns = &unused, .pattern_count = unused != NULL, .database = a.common.database};
        if (h.series_count == 0 || unused) {
            result = complain_of_nothing(&one);
        } else {
            history_print(&a, &h, stdout);
            result = check_status(&a, &h);
        }
    }
    report_history_free(&h);
    return close_output(result);
}
