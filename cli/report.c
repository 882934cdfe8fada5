/* assay report: the newest results of a database as pages and files. */
#include "reports/report.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

#include <string.h>

typedef struct report_arguments {
    common_options common;
    const char *folder;
    const char *claims; /* write these to this file instead; null: no */
} report_arguments;

enum { KEY_CLAIMS = 0x200 };

static const struct argp_option own_options[] = {
    {.name = "output", .key = 'o', .arg = "FOLDER", .doc = "Where the pages go (default reports/out)"},
    {.name = "claims",
     .key = KEY_CLAIMS,
     .arg = "FILE",
     .doc = "Write no pages, but every claim with its verdict, numbers and command as Markdown to FILE"},
    {0}};

static const struct argp_child children[] = {{.argp = &options_database}, {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    report_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT: options_share(state, &arguments->common, 1); return 0;
    case 'o':
        if (!*text)
            argp_error(state, "--output is empty");
        arguments->folder = text;
        return 0;
    case KEY_CLAIMS:
        if (!*text)
            argp_error(state, "--claims is empty");
        arguments->claims = text;
        return 0;
    case ARGP_KEY_ARG: argp_error(state, "%s: report takes no PATTERN; it shows all of the database", text); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = own_options,
                                 .parser = parse_option,
                                 .doc = "Writes index.html, a page for each algorithm, report.md, results.json and "
                                        "junit.xml from the newest results of "
                                        "the database, and prints a summary.",
                                 .children = children};

int command_report(int argc, char **argv)
{
    report_arguments arguments = {.common = common_options_default(1u << FORMAT_TEXT), .folder = "reports/out"};
    parse_arguments(&argp, argc, argv, &arguments);
    report_summary summary = {0};
    if (arguments.claims) {
        const assay_status written = report_write_claims(arguments.common.database, arguments.claims);
        return written == ASSAY_OK ? EXIT_ALL_GOOD : (complain_of(written), EXIT_ENVIRONMENT);
    }
    assay_status status = report_write(arguments.common.database, arguments.folder, NULL, &summary);
    if (status != ASSAY_OK) {
        complain_of(status);
        return EXIT_ENVIRONMENT;
    }
    report_print_summary(&summary, stdout, terminal_has_colour(stdout));
    report_summary_free(&summary);
    return close_output(EXIT_ALL_GOOD);
}
