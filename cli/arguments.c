/* Parsing of a command's arguments by argp, with advice on mistyped options, and the messages of all commands. */
#include "cli/command.h"
#include "cli/nearest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *command_program = "assay";

void complain(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int exit_status_of(assay_status status)
{
    switch (status) {
    case ASSAY_OK: return EXIT_ALL_GOOD;
    case ASSAY_INVALID_ARGUMENT:
    case ASSAY_OUT_OF_RANGE:
    case ASSAY_MISMATCH: return EXIT_USAGE;
    case ASSAY_INTERRUPTED: return EXIT_INTERRUPTED;
    default: return EXIT_ENVIRONMENT;
    }
}

int complain_of(assay_status status)
{
    complain("%s", *assay_error() ? assay_error() : assay_status_name(status));
    return exit_status_of(status);
}

int close_output(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("cannot write the output: %s", errno ? strerror(errno) : "an earlier write failed");
    return EXIT_ENVIRONMENT;
}

/* ---- Options that do not exist ----------------------------------------------------------------------------------- */

/* Calls visit for every option of argp and its children until it returns true. */
static bool any_option(const struct argp *argp, bool (*visit)(void *self, const struct argp_option *option), void *self)
{
    for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc || o->group); o++) {
        if (visit(self, o))
            return true;
    }
    for (const struct argp_child *child = argp->children; child && child->argp; child++) {
        if (any_option(child->argp, visit, self))
            return true;
    }
    return false;
}

/* An option as it was typed, and what is known of it. */
typedef struct typed_option {
    const char *name; /* without dashes; null: a short one */
    char letter;
    bool takes_value;
    nearest near;
} typed_option;

static bool is_typed(void *self, const struct argp_option *option)
{
    typed_option *typed = self;
    /* As getopt does, any beginning of a name will do. */
    const bool is_it = typed->name ? option->name && strncmp(option->name, typed->name, strlen(typed->name)) == 0
                                   : option->key == typed->letter;
    if (is_it)
        typed->takes_value = option->arg && !(option->flags & OPTION_ARG_OPTIONAL);
    return is_it;
}

static bool consider_option(void *self, const struct argp_option *option)
{
    typed_option *typed = self;
    char shown[64];
    if (option->name) {
        snprintf(shown, sizeof shown, "--%s", option->name);
        nearest_consider(&typed->near, option->name, shown);
    }
    return false;
}

/* What argp adds to every command. */
static const struct argp_option added_options[] = {
    {.name = "help", .key = '?'}, {.name = "usage", .key = -1}, {.name = "version", .key = 'V'}, {0}};
static const struct argp added = {.options = added_options};

static void refuse_option(const struct argp *argp, const char *name)
{
    typed_option typed = {.name = name, .near = nearest_begin(name)};
    any_option(argp, consider_option, &typed);
    any_option(&added, consider_option, &typed);
    char advice[NEAREST_TEXT];
    complain("there is no option \"--%s\"%s", name, nearest_advice(&typed.near, advice));
    fprintf(stderr, "Try `%s --help'.\n", program_invocation_short_name);
    exit(EXIT_USAGE);
}

/* Looks for options that do not exist before argp does, which would not say which ones are near. */
static void check_options(const struct argp *argp, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        char name[64] = "";
        typed_option typed = {.letter = argv[i][0] == '-' ? argv[i][1] : '\0'};
        if (!typed.letter)
            continue;
        const bool is_long = typed.letter == '-';
        if (is_long) {
            snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[i] + 2, "="), argv[i] + 2);
            typed.name = name;
        }
        const bool exists = any_option(argp, is_typed, &typed) || any_option(&added, is_typed, &typed);
        if (is_long && !exists)
            refuse_option(argp, name);
        if (exists && typed.takes_value && (is_long ? !strchr(argv[i], '=') : argv[i][2] == '\0'))
            i++;
    }
}

void parse_arguments(const struct argp *argp, int argc, char **argv, void *input)
{
    check_options(argp, argc, argv);
    error_t error = argp_parse(argp, argc, argv, 0, NULL, input);
    if (error) {
        complain("cannot parse the arguments: %s", strerror(error));
        exit(EXIT_ENVIRONMENT);
    }
}
