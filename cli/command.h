/* The commands of assay and what they share: exit statuses, messages, the way arguments are parsed. */
#ifndef ASSAY_CLI_COMMAND_H
#define ASSAY_CLI_COMMAND_H

#include "assay/status.h"

#include <argp.h>
#include <stddef.h>

/* What the command's exit status says. */
enum {
    EXIT_ALL_GOOD = 0,
    EXIT_CHECK_FAILED = 1, /* or a regression */
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3, /* something that is needed is not there: space, permission, a CPU feature, a file */
    EXIT_INTERRUPTED = 130
};

/* The commands; argv[0] is "assay NAME". */
int command_list(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_report(int argc, char **argv);
int command_regress(int argc, char **argv);
int command_history(int argc, char **argv);
int command_merge(int argc, char **argv);
int command_limits(int argc, char **argv);
int command_new(int argc, char **argv);
int command_ranks(int argc, char **argv);

/* The program as it was called, e.g. "build/assay": the first word of replay commands. */
extern const char *command_program;

/* Prints "assay COMMAND: message" to stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints assay_error() and returns the exit status that fits @p status. */
int complain_of(assay_status status);

/* The exit status that fits a status. */
int exit_status_of(assay_status status);

/* Parses a command's arguments; exits with EXIT_USAGE where they are wrong, naming the nearest option. */
void parse_arguments(const struct argp *argp, int argc, char **argv, void *input);

/* Ends a command: EXIT_ENVIRONMENT if standard output could not be written, else @p status. */
int close_output(int status);

#endif
