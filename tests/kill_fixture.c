#include "tests/kill_fixture.h"

#include "assay/random.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 30 }; /* seconds for what was started to end after its parent */

double kill_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pause_for(double seconds)
{
    const struct timespec pause = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * fmod(seconds, 1))};
    nanosleep(&pause, NULL);
}

static uint64_t number_in_environment(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : usual;
}

unsigned kill_moments(unsigned usual)
{
    return (unsigned)number_in_environment("ASSAY_KILL_MOMENTS", usual);
}

uint64_t kill_seed(void)
{
    return number_in_environment("ASSAY_KILL_SEED", 1);
}

double kill_moment(uint64_t stream, unsigned i, double seconds)
{
    return seconds * assay_random_uniform((assay_random){.seed = kill_seed(), .stream = stream}, i);
}

void kill_adopt_orphans(void)
{
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

static int open_empty(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ck_assert_int_ge(file, 0);
    return file;
}

pid_t kill_start(const char *const *arguments, const char *folder)
{
    /* Not by the child: killed at once, it would leave what the one before it had printed. */
    const int out = open_empty(folder, "out"), err = open_empty(folder, "err");
    fflush(NULL);
    const pid_t program = fork();
    ck_assert_int_ge(program, 0);
    if (program == 0) {
        if (dup2(out, 1) < 0 || dup2(err, 2) < 0)
            _exit(126);
        unsetenv("CK_RUN_SUITE");
        execvp(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    close(out);
    close(err);
    return program;
}

static bool has_ended(pid_t program)
{
    siginfo_t about = {0};
    return waitid(P_PID, (id_t)program, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == program;
}

/* Whatever the program has started ends by itself, soon, or the test says what does not. */
static void reap_orphans(void)
{
    const double end = kill_now() + PATIENCE;
    for (;;) {
        int state;
        const pid_t orphan = waitpid(-1, &state, WNOHANG);
        if (orphan < 0 && errno == ECHILD)
            return;
        ck_assert_msg(orphan != 0 || kill_now() < end, "what a killed program had started still runs");
        if (orphan == 0)
            pause_for(0.002);
    }
}

kill_ending kill_after(pid_t program, pid_t victim, double seconds)
{
    kill_ending ending = {.was_killed = true};
    int state;
    const double start = kill_now();
    while (!has_ended(program) && kill_now() - start < seconds) {
        const double left = start + seconds - kill_now();
        pause_for(left < 0.002 ? fmax(left, 0) : 0.002);
    }
    ending.was_killed = !has_ended(program) && kill(victim, SIGKILL) == 0;
    ck_assert_int_eq(waitpid(program, &state, 0), program);
    ending.seconds = kill_now() - start;
    ending.status = WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    reap_orphans();
    return ending;
}

static pid_t parent_of(pid_t process)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *name_end = strrchr(text, ')');
    int parent = 0;
    return name_end && sscanf(name_end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

pid_t kill_find_child(pid_t parent, unsigned which, unsigned children)
{
    pid_t found[16];
    while (!has_ended(parent)) {
        unsigned count = 0;
        DIR *processes = opendir("/proc");
        for (struct dirent *entry; processes && (entry = readdir(processes));) {
            const pid_t process = (pid_t)strtol(entry->d_name, NULL, 10);
            if (process > 0 && count < 16 && parent_of(process) == parent)
                found[count++] = process;
        }
        if (processes)
            closedir(processes);
        if (count > 0 && count >= children)
            return found[which % count];
        pause_for(0.002);
    }
    return 0;
}
