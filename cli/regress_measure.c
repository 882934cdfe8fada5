#include "cli/regress_measure.h"
#include "cli/regress.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIME_LIMIT = 120, COUNT_LIMIT = 1200, ARGUMENTS = 24 };

/* The time of the one benchmark among the lines of JSON; NaN if there is none. Of the process's own interval the lower
 * end: whatever disturbs a process only ever makes it slower. */
static double time_among(char *lines)
{
    double time = NAN;
    for (char *rest = lines, *line; (line = strtok_r(rest, "\n", &rest));) {
        json_t *object = json_loads(line, 0, NULL);
        const json_t *value = json_object_get(json_object_get(object, "seconds"), "low");
        if (json_is_number(value))
            time = json_number_value(value);
        json_decref(object);
    }
    return time;
}

static assay_status no_measurement(const char *program, const char *name, int exit_status)
{
    if (exit_status == 2)
        return assay_fail(ASSAY_MISMATCH, "%s does not have the benchmark %s", program, name);
    return assay_fail(ASSAY_UNSUPPORTED, "%s gave no measurement of %s (exit status %d)", program, name, exit_status);
}

/* Short repetitions: what counts is that many fresh processes alternate. */
static assay_status take_time(const char *program, const char *name, bool one_thread, const regress_settings *settings,
                              double *measured)
{
    char seed[32], *output;
    int exit_status = 0, n = 0;
    const char *arguments[ARGUMENTS] = {NULL};
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)settings->seed);
    arguments[n++] = program;
    arguments[n++] = "bench";
    arguments[n++] = name;
    arguments[n++] = "--format=json";
    arguments[n++] = "--no-db";
    arguments[n++] = "--no-limits";
    arguments[n++] = "--no-counters";
    arguments[n++] = "--seconds=0.001";
    arguments[n++] = "--seed";
    arguments[n++] = seed;
    if (!settings->all_sizes)
        arguments[n++] = "--quick";
    assay_status status = regress_capture(
        arguments, TIME_LIMIT, CAPTURE_COPIED | (one_thread ? CAPTURE_PINNED : CAPTURE_PLAINLY), &output, &exit_status);
    if (status != ASSAY_OK)
        return status;
    *measured = time_among(output);
    free(output);
    return isnan(*measured) ? no_measurement(program, name, exit_status) : ASSAY_OK;
}

/* Instructions of a whole process that runs the kernel so many times, by callgrind. */
static assay_status count_process(const char *program, const char *name, const char *runs,
                                  const regress_settings *settings, double *total)
{
    char folder[] = "/tmp/assay-callgrind-XXXXXX", file[64], option[96], seed[32], *output;
    int exit_status = 0;
    if (!mkdtemp(folder))
        return assay_fail(ASSAY_IO, "cannot make a temporary folder");
    snprintf(file, sizeof file, "%s/out", folder);
    snprintf(option, sizeof option, "--callgrind-out-file=%s", file);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)settings->seed);
    const char *const arguments[] = {"env",  "ASSAY_CPU=avx2", "valgrind", "-q",     "--tool=callgrind",
                                     option, program,          "bench",    name,     "--untimed",
                                     runs,   "--threads",      "1",        "--seed", seed,
                                     NULL};
    assay_status status = regress_capture(arguments, COUNT_LIMIT, CAPTURE_PLAINLY, &output, &exit_status);
    if (status == ASSAY_OK) {
        free(output);
        status = no_measurement(program, name, exit_status);
        FILE *result = exit_status == 0 ? fopen(file, "re") : NULL;
        char line[512];
        while (result && fgets(line, sizeof line, result)) {
            if (sscanf(line, "totals: %lf", total) == 1 || sscanf(line, "summary: %lf", total) == 1)
                status = ASSAY_OK;
        }
        if (result)
            fclose(result);
    }
    unlink(file);
    rmdir(folder);
    return status;
}

/* What one run costs is what three cost more than one, halved: start and setup cancel out. */
static assay_status count_instructions(const char *program, const char *name, const regress_settings *settings,
                                       double *measured)
{
    double one = 0, three = 0;
    assay_status status = count_process(program, name, "1", settings, &one);
    if (status == ASSAY_OK)
        status = count_process(program, name, "3", settings, &three);
    if (status == ASSAY_OK)
        *measured = (three - one) / 2;
    return status;
}

assay_status regress_measure(const char *program, const char *name, bool one_thread, const regress_settings *settings,
                             double *measured)
{
    return settings->instructions ? count_instructions(program, name, settings, measured)
                                  : take_time(program, name, one_thread, settings, measured);
}

assay_status regress_need_valgrind(void)
{
    const char *const arguments[] = {"valgrind", "--version", NULL};
    char *output;
    int exit_status = 0;
    assay_status status = regress_capture(arguments, 60, CAPTURE_PLAINLY, &output, &exit_status);
    if (status == ASSAY_OK) {
        free(output);
        if (exit_status != 0)
            status = assay_fail(ASSAY_UNSUPPORTED, "--instructions needs valgrind; install the package valgrind");
    }
    return status;
}
