#include "cli/regress.h"

#include "assay/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The last processor that we may use: the first ones get the interrupts. Failing that, no pinning. */
static void pin_to_last_processor(void)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
        if (CPU_ISSET(cpu, &allowed)) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof one, &one);
            return;
        }
    }
}

/* Which pages of memory a program's file came to lie in, and how long its name is, can be worth several per cent, the
 * same in every process, so that two files of the same content differ for good. From a fresh copy each time, under the
 * same name, that becomes noise. Returns only if it cannot be done. */
static void become_copy(const char *const *arguments)
{
    static char name[] = "assay";
    enum { MOST_ARGUMENTS = 64 };
    char *renamed[MOST_ARGUMENTS] = {name};
    const int file = open(arguments[0], O_RDONLY | O_CLOEXEC), copy = memfd_create(name, MFD_CLOEXEC);
    struct stat facts;
    if (file < 0 || copy < 0 || fstat(file, &facts) != 0)
        return;
    for (off_t done = 0; done < facts.st_size;) {
        if (sendfile(copy, file, &done, (size_t)(facts.st_size - done)) <= 0)
            return;
    }
    for (size_t i = 1; arguments[i]; i++) {
        if (i + 1 == MOST_ARGUMENTS)
            return;
        renamed[i] = (char *)arguments[i];
    }
    fexecve(copy, renamed, environ);
}

_Noreturn static void become(const char *const *arguments, int output, unsigned how)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);           /* what is wrong the exit status says */
    setenv("OPENBLAS_NUM_THREADS", "1", 1); /* or it would start its threads in each of many short processes */
    if (how & CAPTURE_PINNED)
        pin_to_last_processor();
    if (how & CAPTURE_COPIED)
        become_copy(arguments);
    execvp(arguments[0], (char *const *)arguments);
    _exit(127);
}

/* Reads until the end, an error or the deadline (0: none); false at the deadline. */
static bool read_all(int end, double deadline, char **text)
{
    size_t size = 0, capacity = 4096;
    *text = malloc(capacity);
    while (*text) {
        struct pollfd wait = {.fd = end, .events = POLLIN};
        const double left = deadline > 0 ? deadline - now() : 3600;
        if (left <= 0)
            return false;
        int ready = poll(&wait, 1, (int)(left * 1000) + 1);
        if (ready == 0 && deadline > 0)
            return false;
        if (ready <= 0)
            continue;
        if (size + 2048 > capacity) {
            char *larger = realloc(*text, 2 * capacity);
            if (!larger)
                break;
            *text = larger;
            capacity *= 2;
        }
        ssize_t got = read(end, *text + size, capacity - size - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    if (*text)
        (*text)[size] = '\0';
    return true;
}

assay_status regress_capture(const char *const *arguments, double seconds, unsigned how, char **output,
                             int *exit_status)
{
    int ends[2], state = 0;
    *output = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return assay_fail(ASSAY_IO, "cannot make a pipe: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become(arguments, ends[1], how);
    close(ends[1]);
    assay_status status = ASSAY_OK;
    if (child < 0) {
        status = assay_fail(ASSAY_IO, "cannot fork: %s", strerror(errno));
    } else {
        if (!read_all(ends[0], seconds > 0 ? now() + seconds : 0, output)) {
            kill(child, SIGKILL);
            status = assay_fail(ASSAY_IO, "%s did not end within %g s", arguments[0], seconds);
        }
        while (waitpid(child, &state, 0) < 0 && errno == EINTR)
            continue;
        *exit_status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    }
    close(ends[0]);
    if (status == ASSAY_OK && !*output)
        status = assay_fail(ASSAY_NO_MEMORY, "cannot hold the output of %s", arguments[0]);
    if (status != ASSAY_OK) {
        free(*output);
        *output = NULL;
    }
    return status;
}

/* Runs git and keeps the first line of what it says. */
static assay_status git_line(const char *const *arguments, char *line, size_t size, int *exit_status)
{
    char *output;
    assay_status status = regress_capture(arguments, 60, CAPTURE_PLAINLY, &output, exit_status);
    if (status == ASSAY_OK) {
        output[strcspn(output, "\n")] = '\0';
        snprintf(line, size, "%s", output);
        free(output);
    }
    return status;
}

static assay_status find_revision(const char *revision, char top[2048], char hash[64])
{
    int exit_status = 0;
    const char *const where[] = {"git", "rev-parse", "--show-toplevel", NULL};
    assay_status status = git_line(where, top, 2048, &exit_status);
    if (status == ASSAY_OK && exit_status != 0)
        return assay_fail(ASSAY_UNSUPPORTED, "regress needs git and must be run inside the repository of the source");
    char wanted[512];
    snprintf(wanted, sizeof wanted, "%s^{commit}", revision);
    const char *const which[] = {"git", "rev-parse", "--verify", "--quiet", "--end-of-options", wanted, NULL};
    if (status == ASSAY_OK)
        status = git_line(which, hash, 64, &exit_status);
    if (status == ASSAY_OK && (exit_status != 0 || strlen(hash) < 40))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "there is no revision \"%s\"; see `git log` and `git tag`", revision);
    return status;
}

static bool exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0;
}

/* A worktree whose folder was removed by `make clean` is still registered: pruned first. */
static assay_status make_worktree(const char *top, const char *hash, const char *source)
{
    int exit_status = 0;
    char line[512];
    if (exists(source))
        return ASSAY_OK;
    const char *const prune[] = {"git", "-C", top, "worktree", "prune", NULL};
    assay_status status = git_line(prune, line, sizeof line, &exit_status);
    const char *const add[] = {"git",      "-C",      top,    "worktree", "add", "--quiet",
                               "--detach", "--force", source, hash,       NULL};
    if (status == ASSAY_OK)
        status = git_line(add, line, sizeof line, &exit_status);
    if (status == ASSAY_OK && exit_status != 0)
        return assay_fail(ASSAY_IO, "cannot make a git worktree of %s in %s", hash, source);
    return status;
}

assay_status regress_build(const char *revision, FILE *progress, regress_base *base)
{
    char top[2048], source[3000], build[3000], log[3100], command[10000];
    if (!revision || !*revision || revision[0] == '-')
        return assay_fail(ASSAY_INVALID_ARGUMENT, "revision is \"%s\", must name a commit", revision ? revision : "");
    assay_status status = find_revision(revision, top, base->hash);
    if (status != ASSAY_OK)
        return status;
    snprintf(source, sizeof source, "%s/build/regress/%s/source", top, base->hash);
    snprintf(build, sizeof build, "%s/build/regress/%s/build", top, base->hash);
    snprintf(log, sizeof log, "%s/build/regress/%s/build.log", top, base->hash);
    snprintf(base->program, sizeof base->program, "%s/assay", build);
    status = make_worktree(top, base->hash, source);
    if (status != ASSAY_OK)
        return status;
    if (progress)
        fprintf(progress, "building %.12s in %s ...\n", base->hash, build);
    /* Paths go in by position, so that none of their characters means anything to the shell. Make is told nothing by
     * the one that may have started us. */
    snprintf(command, sizeof command,
             "unset MAKEFLAGS MAKELEVEL MFLAGS; exec make -C \"$1\" BUILD=\"$2\" -j%d \"$2/assay\" > \"$3\" 2>&1",
             assay_processors());
    const char *const make[] = {"sh", "-c", command, "sh", source, build, log, NULL};
    char *output;
    int exit_status = 0;
    status = regress_capture(make, 0, CAPTURE_PLAINLY, &output, &exit_status);
    if (status != ASSAY_OK)
        return status;
    free(output);
    if (exit_status != 0)
        return assay_fail(ASSAY_UNSUPPORTED, "revision %.12s does not build; see %s", base->hash, log);
    return ASSAY_OK;
}
