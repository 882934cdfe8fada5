/* assay new: writes the files of a new algorithm, which build, verify and benchmark as they are. */
#include "cli/command.h"

#include "assay/catalogue.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Templates: files of cli/templates/, assembled into the program ---------------------------------------------- */

#define TEMPLATE(NAME, FILE)                                                                                           \
    __asm__(".pushsection .rodata\n"                                                                                   \
            "template_" #NAME ":\n"                                                                                    \
            ".incbin \"cli/templates/" FILE "\"\n"                                                                     \
            ".byte 0\n"                                                                                                \
            ".popsection\n");                                                                                          \
    extern const char template_##NAME[] __attribute__((visibility("hidden")))

TEMPLATE(header, "header.h.in");
TEMPLATE(reference, "reference.c.in");
TEMPLATE(kernels, "kernels.h.in");
TEMPLATE(optimized, "optimized.c.in");
TEMPLATE(optimized_avx2, "optimized_avx2.c.in");
TEMPLATE(verify, "verify.c.in");
TEMPLATE(bench, "bench.c.in");

/* Paths and contents; what stands between @ signs is replaced. */
static const struct {
    const char *path, *content;
} templates[] = {
    {"include/assay/@NAME@.h", template_header},
    {"reference/@FAMILY@/@NAME@.c", template_reference},
    {"optimized/@FAMILY@/@NAME@_kernels.h", template_kernels},
    {"optimized/@FAMILY@/@NAME@.c", template_optimized},
    {"optimized/@FAMILY@/@NAME@_avx2.c", template_optimized_avx2},
    {"verify/@FAMILY@/@NAME@.c", template_verify},
    {"bench/@FAMILY@/@NAME@.c", template_bench},
};

enum { TEMPLATES = sizeof templates / sizeof templates[0], NAME_LENGTH = 48, PATH_LENGTH = 4096 };

/* ---- Options ----------------------------------------------------------------------------------------------------- */

typedef struct new_arguments {
    const char *name, *family, *folder;
} new_arguments;

static const struct argp_option own_options[] = {
    {.name = "family", .key = 'f', .arg = "FAMILY", .doc = "The folder it belongs to, e.g. arithmetic"},
    {.name = "directory", .key = 'C', .arg = "DIR", .doc = "The source tree (default: here)"},
    {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    new_arguments *arguments = state->input;
    switch (key) {
    case 'f': arguments->family = text; return 0;
    case 'C': arguments->folder = text; return 0;
    case ARGP_KEY_ARG:
        if (arguments->name)
            argp_error(state, "one NAME at a time");
        arguments->name = text;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->name)
            argp_error(state, "no NAME is given");
        if (!arguments->family)
            argp_error(state, "no family is given: --family FAMILY");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = own_options,
                                 .parser = parse_option,
                                 .args_doc = "NAME --family FAMILY",
                                 .doc = "Writes header, reference, optimized code, checks and benchmarks of a new "
                                        "algorithm. They compute a dot product, "
                                        "build, verify and benchmark as they are, and lead through what to replace."};

/* ---- Names ------------------------------------------------------------------------------------------------------- */

static bool is_identifier(const char *s)
{
    if (!(*s >= 'a' && *s <= 'z'))
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s) && strlen(s) <= NAME_LENGTH;
}

static bool ends_with(const char *s, const char *end)
{
    const size_t length = strlen(s), of_end = strlen(end);
    return length >= of_end && strcmp(s + length - of_end, end) == 0;
}

/* The beginnings of the harness's own names. */
static const char *const own_names[] = {"assay", "verify", "bench", "report", "oracle", "sweep"};

static int check_names(const new_arguments *a)
{
    const char *name = a->name;
    if (!is_identifier(name)) {
        complain("NAME is \"%s\", must be at most %d lower-case letters, digits and _ and begin with a letter", name,
                 NAME_LENGTH);
        return EXIT_USAGE;
    }
    if (!is_identifier(a->family)) {
        complain("--family is \"%s\", must be at most %d lower-case letters, digits and _ and begin with a letter",
                 a->family, NAME_LENGTH);
        return EXIT_USAGE;
    }
    if (ends_with(name, "_avx2") || ends_with(name, "_avx512")) {
        complain("NAME is \"%s\", must not end as the files of a CPU level do", name);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof own_names / sizeof own_names[0]; i++) {
        if (strcmp(name, own_names[i]) == 0) {
            complain("NAME is \"%s\", with which the harness's own names begin", name);
            return EXIT_USAGE;
        }
    }
    const assay_algorithm *taken = assay_catalogue_find(name);
    if (taken) {
        complain("there is an algorithm \"%s\" already, of the family %s", name, taken->family);
        return EXIT_USAGE;
    }
    return EXIT_ALL_GOOD;
}

/* ---- Filling in -------------------------------------------------------------------------------------------------- */

/* What stands for a mark, and the mark's length; null if @p text does not begin with one. */
static const char *replacement(const char *text, const new_arguments *a, const char *guard, size_t *length)
{
    static char year[8];
    time_t now = time(NULL);
    struct tm utc;
    strftime(year, sizeof year, "%Y", gmtime_r(&now, &utc));
    const char *const marks[][2] = {{"@NAME@", a->name}, {"@FAMILY@", a->family}, {"@GUARD@", guard}, {"@YEAR@", year}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        *length = strlen(marks[i][0]);
        if (strncmp(text, marks[i][0], *length) == 0)
            return marks[i][1];
    }
    return NULL;
}

static void fill_in(FILE *out, const char *text, const new_arguments *a)
{
    char guard[NAME_LENGTH + 1];
    size_t length = 0;
    for (; a->name[length]; length++)
        guard[length] =
            a->name[length] >= 'a' && a->name[length] <= 'z' ? (char)(a->name[length] - 'a' + 'A') : a->name[length];
    guard[length] = '\0';
    while (*text) {
        const char *instead = *text == '@' ? replacement(text, a, guard, &length) : NULL;
        if (instead) {
            fputs(instead, out);
            text += length;
        } else {
            fputc(*text++, out);
        }
    }
}

/* The path of a file below the source tree; false if it is too long. */
static bool path_of(size_t template, const new_arguments *a, char path[PATH_LENGTH])
{
    FILE *out = fmemopen(path, PATH_LENGTH, "w");
    if (!out)
        return false;
    fprintf(out, "%s/", a->folder);
    fill_in(out, templates[template].path, a);
    fputc('\0', out);
    return fclose(out) == 0;
}

/* ---- Writing: everything or nothing ------------------------------------------------------------------------------ */

/* What has been made so far, so that it can be taken back. */
typedef struct made {
    char files[TEMPLATES][PATH_LENGTH], folders[TEMPLATES][PATH_LENGTH];
    size_t file_count, folder_count;
} made;

static void take_back(const made *m)
{
    for (size_t i = 0; i < m->file_count; i++)
        unlink(m->files[i]);
    for (size_t i = m->folder_count; i-- > 0;)
        rmdir(m->folders[i]);
}

/* Makes the family's folder if there is none. */
static bool make_folder(made *m, const char *path)
{
    char *folder = m->folders[m->folder_count];
    const size_t length = (size_t)(strrchr(path, '/') - path);
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (mkdir(folder, 0777) == 0) {
        m->folder_count++;
    } else if (errno != EEXIST) {
        complain("cannot make the folder %s: %s", folder, strerror(errno));
        return false;
    }
    return true;
}

static bool write_file(made *m, size_t template, const new_arguments *a)
{
    char *path = m->files[m->file_count];
    if (!path_of(template, a, path)) {
        complain("the path of %s is too long", templates[template].path);
        return false;
    }
    if (!make_folder(m, path))
        return false;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *out = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!out) {
        complain("cannot make %s: %s", path, strerror(errno));
        if (descriptor >= 0) {
            close(descriptor);
            unlink(path);
        }
        return false;
    }
    m->file_count++;
    fill_in(out, templates[template].content, a);
    const bool written = !ferror(out);
    if (fclose(out) != 0 || !written) {
        complain("cannot write %s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

/* Refuses a folder that is no source tree, and files that exist. */
static int check_tree(const new_arguments *a)
{
    char path[PATH_LENGTH];
    snprintf(path, sizeof path, "%s/include/assay/status.h", a->folder);
    if (access(path, F_OK) != 0) {
        complain("%s is no source tree of assay: there is no %s", a->folder, path);
        return EXIT_USAGE;
    }
    int exit_status = EXIT_ALL_GOOD;
    for (size_t i = 0; i < TEMPLATES; i++) {
        struct stat existing;
        if (path_of(i, a, path) && lstat(path, &existing) == 0) {
            complain("%s exists", path);
            exit_status = EXIT_USAGE;
        }
    }
    return exit_status;
}

/* Formats what was written as the tree's .clang-format says: how lines break depends on the length of the name. Without
 * clang-format they stay as they are, until somebody who has it runs `make format`. */
static void format_files(const made *m)
{
    static char tool[] = "clang-format", in_place[] = "-i", style[] = "--style=file",
                otherwise[] = "--fallback-style=none";
    char *arguments[TEMPLATES + 5] = {tool, in_place, style, otherwise};
    for (size_t i = 0; i < m->file_count; i++)
        arguments[i + 4] = (char *)m->files[i];
    posix_spawn_file_actions_t silent;
    if (posix_spawn_file_actions_init(&silent) != 0)
        return;
    pid_t child;
    if (posix_spawn_file_actions_addopen(&silent, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawnp(&child, tool, &silent, NULL, arguments, environ) == 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    posix_spawn_file_actions_destroy(&silent);
}

static int write_files(const new_arguments *a)
{
    made *m = calloc(1, sizeof *m);
    if (!m) {
        complain("no memory");
        return EXIT_ENVIRONMENT;
    }
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before); /* an interrupt has to wait: nothing may be left half-written */
    bool written = true;
    for (size_t i = 0; written && i < TEMPLATES; i++)
        written = write_file(m, i, a);
    if (written)
        format_files(m);
    else
        take_back(m);
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; written && i < TEMPLATES; i++)
        printf("%s\n", m->files[i]);
    free(m);
    return written ? EXIT_ALL_GOOD : EXIT_ENVIRONMENT;
}

int command_new(int argc, char **argv)
{
    new_arguments arguments = {.folder = "."};
    parse_arguments(&argp, argc, argv, &arguments);
    int exit_status = check_names(&arguments);
    if (exit_status == EXIT_ALL_GOOD)
        exit_status = check_tree(&arguments);
    if (exit_status == EXIT_ALL_GOOD)
        exit_status = write_files(&arguments);
    if (exit_status == EXIT_ALL_GOOD)
        printf("next: make && build/assay verify %s && build/assay bench %s; then follow the steps in the files\n",
               arguments.name, arguments.name);
    return close_output(exit_status);
}
