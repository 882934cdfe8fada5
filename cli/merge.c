/* assay merge: joins the databases of shards. */
#include "cli/command.h"
#include "reports/store.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct merge_arguments {
    const char *const *paths;
    size_t count;
    const char *output;
    bool replace;
} merge_arguments;

enum { KEY_REPLACE = 0x200 };

static const struct argp_option own_options[] = {
    {.name = "output", .key = 'o', .arg = "FILE", .doc = "The database to be written; it must not exist yet"},
    {.name = "replace", .key = KEY_REPLACE, .doc = "It may exist and is replaced at the end, all at once"},
    {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    merge_arguments *arguments = state->input;
    switch (key) {
    case 'o': arguments->output = text; return 0;
    case KEY_REPLACE: arguments->replace = true; return 0;
    case ARGP_KEY_ARGS:
        arguments->paths = (const char *const *)(state->argv + state->next);
        arguments->count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_END:
        if (!arguments->count)
            argp_error(state, "no database is given");
        if (!arguments->output || !*arguments->output)
            argp_error(state, "no output is given: -o FILE");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = own_options,
    .parser = parse_option,
    .args_doc = "A.db [B.db...] -o C.db",
    .doc = "Joins the results of shards into one database. Databases of different revisions, seeds or word sizes are "
           "refused. Joining again what was joined before changes nothing."};

int command_merge(int argc, char **argv)
{
    merge_arguments arguments = {0};
    parse_arguments(&argp, argc, argv, &arguments);
    assay_status status = report_store_merge(arguments.paths, arguments.count, arguments.output, arguments.replace);
    if (status != ASSAY_OK)
        return complain_of(status);
    printf("%s: joined %zu %s\n", arguments.output, arguments.count, arguments.count == 1 ? "database" : "databases");
    return close_output(EXIT_ALL_GOOD);
}
