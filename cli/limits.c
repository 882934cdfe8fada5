/* assay limits: measures what this machine can do at best. */
#include "cli/command.h"
#include "cli/formats.h"
#include "cli/options.h"
#include "reports/number.h"

#include "assay/bench.h"

static const struct argp_child children[] = {
    {.argp = &options_depth}, {.argp = &options_machine}, {.argp = &options_format}, {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT: options_share(state, state->input, 3); return 0;
    case ARGP_KEY_ARG: argp_error(state, "%s: limits takes no PATTERN", text); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .parser = parse_option,
    .doc =
        "Measures the bandwidths of memory and caches and the peaks of arithmetic, for each CPU level, with one thread "
        "and with all. --quick takes a few seconds; the default, --full, is surer.",
    .children = children};

typedef struct table {
    output_format format;
    size_t count;
} table;

static void print_json(const assay_limit *limit)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", format_json_text(limit->name));
    json_object_set_new(object, "level", format_json_text(limit->level));
    json_object_set_new(object, "where", format_json_text(limit->where));
    json_object_set_new(object, "threads", json_integer(limit->threads));
    json_object_set_new(object, "per_second", format_json_number(limit->per_second));
    json_object_set_new(object, "unit", format_json_text(limit->unit));
    format_json_line(stdout, object);
}

static void print_csv(const assay_limit *limit, bool first)
{
    if (first)
        fputs("name,level,where,threads,per_second,unit\r\n", stdout);
    format_csv_text(stdout, limit->name, true);
    format_csv_text(stdout, limit->level, false);
    format_csv_text(stdout, limit->where, false);
    format_csv_count(stdout, (uint64_t)limit->threads);
    format_csv_number(stdout, limit->per_second);
    format_csv_text(stdout, limit->unit, false);
    format_csv_end(stdout);
}

static void print_text(const assay_limit *limit, bool first)
{
    if (first)
        printf("%-18s  %-9s  %-6s  %7s  %14s\n", "limit", "level", "where", "threads", "at best");
    printf("%-18s  %-9s  %-6s  %7d  %14s\n", limit->name, limit->level, limit->where, limit->threads,
           report_quantity(limit->per_second, limit->unit).text);
}

static void on_limit(void *self, const assay_limit *limit)
{
    table *t = self;
    const bool first = t->count++ == 0;
    if (t->format == FORMAT_JSON)
        print_json(limit);
    else if (t->format == FORMAT_CSV)
        print_csv(limit, first);
    else
        print_text(limit, first);
}

int command_limits(int argc, char **argv)
{
    common_options common = common_options_default(1u << FORMAT_TEXT | 1u << FORMAT_JSON | 1u << FORMAT_CSV);
    parse_arguments(&argp, argc, argv, &common);
    int exit_status = options_apply(&common);
    if (exit_status != EXIT_ALL_GOOD)
        return exit_status;
    table t = {.format = common.format};
    const bench_sink sink = {.self = &t, .limit = on_limit};
    assay_status status = bench_limits(common.has_depth && common.depth == VERIFY_QUICK, &sink);
    return close_output(status == ASSAY_OK ? EXIT_ALL_GOOD : complain_of(status));
}
