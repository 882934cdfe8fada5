/* The assay command: finds the command that is asked for. Adding a command is adding a line to the table. */
#include "cli/command.h"
#include "cli/nearest.h"

#include "assay/build.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} command;

static int command_help(int argc, char **argv);

static const command commands[] = {
    {"list", command_list, "the algorithms, what there is of them, and what this CPU can run"},
    {"verify", command_verify, "checks every implementation against truth, reference and theory"},
    {"bench", command_bench, "times the implementations beside their peers"},
    {"report", command_report, "writes the newest results as pages and files"},
    {"regress", command_regress, "compares with another revision, in speed and accuracy"},
    {"history", command_history, "shows how times and errors changed over the runs"},
    {"merge", command_merge, "joins the databases of shards"},
    {"limits", command_limits, "measures what this machine can do at best"},
    {"new", command_new, "writes the files of a new algorithm"},
    {"ranks", command_ranks, "runs a program of the checks over MPI ranks (under mpirun)"},
    {"help", command_help, "explains a command"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int run_command(const command *chosen, int argc, char **argv)
{
    char name[32];
    snprintf(name, sizeof name, "assay %s", chosen->name);
    argv[0] = name;
    program_invocation_name = program_invocation_short_name = name;
    int status = chosen->run(argc, argv);
    program_invocation_name = program_invocation_short_name = (char *)"assay";
    return status;
}

static int complain_of_unknown(const char *name)
{
    nearest near = nearest_begin(name);
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_consider(&near, commands[i].name, commands[i].name);
    char advice[NEAREST_TEXT];
    complain("there is no command \"%s\"%s", name, nearest_advice(&near, advice));
    fprintf(stderr, "Try `assay help'.\n");
    return EXIT_USAGE;
}

static void print_help(FILE *out)
{
    fputs("Usage: assay COMMAND [OPTION...] [PATTERN...]\n"
          "A benchmark and verification harness with the algorithms of research papers as its collection.\n\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\nA PATTERN is a glob over algorithm/implementation/check or algorithm/implementation/workload/size;\n"
          "parts that are left out match everything: lmul, '*/avx2', 'lmul/*/C?'.\n\n"
          "Exit status: 0 all is good, 1 a check failed or something got slower, 2 wrong usage, 3 the environment\n"
          "lacks something that is needed, 130 interrupted (what was finished is kept).\n\n"
          "`assay COMMAND --help' lists the options of a command; `man assay' tells it all.\n",
          out);
}

static int command_help(int argc, char **argv)
{
    if (argc > 2) {
        complain("one COMMAND at a time");
        return EXIT_USAGE;
    }
    if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return close_output(EXIT_ALL_GOOD);
    }
    const command *chosen = find_command(argv[1]);
    if (!chosen)
        return complain_of_unknown(argv[1]);
    char help[] = "--help", *arguments[] = {NULL, help, NULL};
    return run_command(chosen, 2, arguments);
}

static void print_version(FILE *out, struct argp_state *state)
{
    (void)state;
    fprintf(out, "assay %s (revision %s, %s)\n", assay_version(), assay_build_revision(), assay_build_compiler());
}

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_USAGE;
    argp_program_version_hook = print_version;
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like a full disk */
    if (argc > 0 && argv[0] && *argv[0])
        command_program = argv[0];
    program_invocation_name = program_invocation_short_name = (char *)"assay";
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return close_output(EXIT_ALL_GOOD);
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version(stdout, NULL);
        return close_output(EXIT_ALL_GOOD);
    }
    const command *chosen = find_command(argv[1]);
    return chosen ? run_command(chosen, argc - 1, argv + 1) : complain_of_unknown(argv[1]);
}
