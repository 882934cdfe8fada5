/**
 * @file cpu.h
 * Instruction-set levels: which this machine has, and which the library uses.
 *
 * Every optimized function exists at some of these levels and takes, when called, the best one that is allowed.
 * The environment variable ASSAY_CPU (reference, baseline, avx2 or avx512) narrows the choice for a whole process,
 * assay_cpu_set_level() while it runs.
 */
#ifndef ASSAY_CPU_H
#define ASSAY_CPU_H

#include "assay/status.h"

#include <stdbool.h>

ASSAY_BEGIN_DECLARATIONS

/** Levels in increasing order; a level includes those below it. */
typedef enum assay_level {
    ASSAY_REFERENCE = 0, /**< the plain reference code */
    ASSAY_BASELINE,      /**< better algorithms and threads, but only what every CPU of the architecture has */
    ASSAY_AVX2,          /**< AVX2, FMA, BMI2 and F16C; on AArch64 the same code carried by SIMDe onto NEON */
    ASSAY_AVX512         /**< AVX-512 F, DQ, BW and VL */
} assay_level;

/** Number of levels. */
#define ASSAY_LEVELS 4

/** The name of a level as ASSAY_CPU spells it, e.g. "avx2"; null if @p level is none. */
const char *assay_level_name(assay_level level);

/** Finds the level of a name; ASSAY_INVALID_ARGUMENT if there is none. */
assay_status assay_level_parse(const char *name, assay_level *level);

/** The first CPU feature that @p level needs and this machine (or this build) lacks, e.g. "avx512f"; null if it lacks
 * none. */
const char *assay_cpu_lacks(assay_level level);

/** The best level that this machine has, whatever ASSAY_CPU says. */
assay_level assay_cpu_best(void);

/** The level in force: the one that was set, else ASSAY_CPU, else the best. An ASSAY_CPU that means nothing here is
 *  reported by assay_cpu_check_environment() and otherwise ignored. */
assay_level assay_cpu_level(void);

/** Sets the level for all threads of the process. ASSAY_UNSUPPORTED if the machine lacks it. */
assay_status assay_cpu_set_level(assay_level level);

/** Fails if ASSAY_CPU holds an unknown name or a level that this machine lacks. */
assay_status assay_cpu_check_environment(void);

/** The processor's model name, e.g. "AMD EPYC"; never null. */
const char *assay_cpu_model(void);

ASSAY_END_DECLARATIONS

#endif
