/* Programs that checks start under mpirun. */
#include "assay/verify.h"
#include "verify/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_PROGRAMS = 64 };

static struct {
    const char *name;
    verify_rank_program *program;
} programs[MOST_PROGRAMS];
static size_t program_count;

void verify_add_rank_program(const char *name, verify_rank_program *program)
{
    if (program_count < MOST_PROGRAMS) {
        programs[program_count].name = name;
        programs[program_count++].program = program;
    }
}

verify_rank_program *verify_find_rank_program(const char *name)
{
    for (size_t i = 0; i < program_count; i++) {
        if (strcmp(programs[i].name, name) == 0)
            return programs[i].program;
    }
    return NULL;
}

static assay_status find_mpirun(void)
{
    unsigned rank, ranks;
    if (!ASSAY_HAVE_MPI)
        return assay_fail(ASSAY_UNSUPPORTED, "this build is without MPI");
    if (ranks_launched(&rank, &ranks))
        return assay_fail(ASSAY_UNSUPPORTED, "this process is itself under mpirun");
    if (system("command -v mpirun >/dev/null 2>&1") != 0) /* NOLINT(cert-env33-c): mpirun is found as a shell would */
        return assay_fail(ASSAY_UNSUPPORTED, "there is no mpirun here");
    return ASSAY_OK;
}

assay_status verify_run_ranks(unsigned ranks, const char *name, const char *arguments, char *output, size_t size)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_ ";
    if (!name || !arguments || !output || size == 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "name, arguments or output is null");
    if (strspn(name, harmless) != strlen(name) || strspn(arguments, harmless) != strlen(arguments))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "arguments \"%s %s\" have characters that a shell minds", name,
                          arguments);
    const assay_status status = find_mpirun();
    if (status != ASSAY_OK)
        return status;
    char program[512] = {0}, command[2048];
    if (readlink("/proc/self/exe", program, sizeof program - 1) <= 0)
        return assay_fail(ASSAY_IO, "the path of this program is not known");
    /* What a build with AddressSanitizer would say of memory at the end of a rank is Open MPI's, which keeps much of
     * its own. Not bound to processors, of which Open MPI would give every one-rank program the same. Warnings of the
     * ranks go to stderr and are dropped; a hang ends with the check's time limit, by a signal to its process group. */
    const int length = snprintf(
        command, sizeof command,
        "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 mpirun --allow-run-as-root --oversubscribe --bind-to none --mca "
        "btl_vader_single_copy_mechanism none -n %u '%s' ranks %s %s 2>/dev/null </dev/null",
        ranks, program, name, arguments);
    if (length < 0 || (size_t)length >= sizeof command)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the command for mpirun is too long");
    FILE *pipe = popen(command, "r"); /* NOLINT(cert-env33-c) */
    if (!pipe)
        return assay_fail(ASSAY_IO, "mpirun could not be started");
    const size_t got = fread(output, 1, size - 1, pipe);
    output[got] = '\0';
    const int ended = pclose(pipe);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
        return assay_fail(ASSAY_IO, "mpirun -n %u ... ranks %s %s ended with wait status 0x%x", ranks, name, arguments,
                          (unsigned)ended);
    return ASSAY_OK;
}
