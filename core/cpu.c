#include "assay/cpu.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[ASSAY_LEVELS] = {"reference", "baseline", "avx2", "avx512"};

static atomic_int level_set = -1; /* -1: not set yet, read the environment at the first question */

const char *assay_level_name(assay_level level)
{
    return (unsigned)level < ASSAY_LEVELS ? level_names[level] : NULL;
}

assay_status assay_level_parse(const char *name, assay_level *level)
{
    if (!name || !level)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name ? "level" : "name");
    for (int i = 0; i < ASSAY_LEVELS; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (assay_level)i;
            return ASSAY_OK;
        }
    }
    return assay_fail(ASSAY_INVALID_ARGUMENT, "CPU level \"%s\" is none of reference, baseline, avx2, avx512", name);
}

#if defined(__x86_64__)

static const char *lacks_avx2(void)
{
    if (!__builtin_cpu_supports("avx2"))
        return "avx2";
    if (!__builtin_cpu_supports("fma"))
        return "fma";
    if (!__builtin_cpu_supports("bmi2"))
        return "bmi2";
    return NULL; /* every CPU with AVX2 and FMA has F16C */
}

static const char *lacks_avx512(void)
{
    if (!__builtin_cpu_supports("avx512f"))
        return "avx512f";
    if (!__builtin_cpu_supports("avx512dq"))
        return "avx512dq";
    if (!__builtin_cpu_supports("avx512bw"))
        return "avx512bw";
    if (!__builtin_cpu_supports("avx512vl"))
        return "avx512vl";
    return lacks_avx2();
}

#else

static const char *lacks_avx2(void)
{
    return NULL; /* carried by SIMDe */
}

static const char *lacks_avx512(void)
{
    return "avx512f";
}

#endif

const char *assay_cpu_lacks(assay_level level)
{
    switch (level) {
    case ASSAY_AVX2: return lacks_avx2();
    case ASSAY_AVX512: return lacks_avx512();
    default: return NULL;
    }
}

assay_level assay_cpu_best(void)
{
    assay_level level = ASSAY_AVX512;
    while (assay_cpu_lacks(level))
        level = (assay_level)(level - 1);
    return level;
}

static assay_level level_of_environment(void)
{
    const char *name = getenv("ASSAY_CPU");
    assay_level best = assay_cpu_best(), wanted;
    if (!name || !*name || assay_level_parse(name, &wanted) != ASSAY_OK)
        return best;
    return wanted < best ? wanted : best;
}

assay_level assay_cpu_level(void)
{
    int level = atomic_load_explicit(&level_set, memory_order_relaxed);
    if (level < 0) {
        int from_environment = (int)level_of_environment();
        level = -1;
        if (atomic_compare_exchange_strong(&level_set, &level, from_environment))
            level = from_environment;
    }
    return (assay_level)level;
}

assay_status assay_cpu_set_level(assay_level level)
{
    if ((unsigned)level >= ASSAY_LEVELS)
        return assay_fail(ASSAY_OUT_OF_RANGE, "level is %d, must be 0 to %d", (int)level, ASSAY_LEVELS - 1);
    const char *missing = assay_cpu_lacks(level);
    if (missing)
        return assay_fail(ASSAY_UNSUPPORTED, "this CPU lacks %s", missing);
    atomic_store(&level_set, (int)level);
    return ASSAY_OK;
}

assay_status assay_cpu_check_environment(void)
{
    const char *name = getenv("ASSAY_CPU");
    assay_level level;
    if (!name || !*name)
        return ASSAY_OK;
    if (assay_level_parse(name, &level) != ASSAY_OK)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "ASSAY_CPU is \"%s\", must be reference, baseline, avx2 or avx512",
                          name);
    const char *missing = assay_cpu_lacks(level);
    if (missing)
        return assay_fail(ASSAY_UNSUPPORTED, "ASSAY_CPU is \"%s\", but this CPU lacks %s", name, missing);
    return ASSAY_OK;
}

static char model[128];

/* The value of a line "NAME : VALUE" of /proc/cpuinfo; null if it is another one. */
static const char *value_of(char *line, const char *name)
{
    const size_t length = strlen(name);
    char *colon = strchr(line, ':');
    if (strncmp(line, name, length) != 0 || !colon || colon[1] != ' ')
        return NULL;
    colon[strcspn(colon, "\n")] = '\0';
    return colon + 2;
}

/* x86-64 has a name; AArch64 has numbers of who designed the core and which of theirs it is. */
__attribute__((constructor)) static void read_model(void)
{
    snprintf(model, sizeof model, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (!file)
        return;
    char line[512], implementer[32] = "";
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        const char *name = value_of(line, "model name"), *who = value_of(line, "CPU implementer"),
                   *part = value_of(line, "CPU part");
        if (who)
            snprintf(implementer, sizeof implementer, "%.16s", who);
        if (name)
            snprintf(model, sizeof model, "%.100s", name);
        else if (part)
            snprintf(model, sizeof model, "implementer %s part %.16s", implementer, part);
        found = name || part;
    }
    fclose(file);
}

const char *assay_cpu_model(void)
{
    return model;
}
