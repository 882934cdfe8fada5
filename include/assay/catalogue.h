/**
 * @file catalogue.h
 * The catalogue: one entry for each algorithm, written next to its reference code and registered by being linked.
 */
#ifndef ASSAY_CATALOGUE_H
#define ASSAY_CATALOGUE_H

#include "assay/cpu.h"

ASSAY_BEGIN_DECLARATIONS

/** What one paper contributes. */
typedef struct assay_algorithm {
    const char *name;       /**< e.g. "lmul": the file name in reference/, optimized/, verify/ and bench/ */
    const char *family;     /**< e.g. "arithmetic": the folder */
    const char *title;      /**< the paper's title */
    const char *authors;    /**< the paper's authors */
    int year;               /**< year of its first version */
    const char *identifier; /**< e.g. "arXiv:2410.00907" */
    const char *summary;    /**< what it computes, in one sentence */
    const char *data;       /**< what `--data FILE` may hold, e.g. "vectors as .npy, .fvecs or .csv"; null: nothing */
    unsigned levels;        /**< the set of levels with code of their own: 1u << ASSAY_AVX2 | ... */
} assay_algorithm;

/** Enters an algorithm. Called before main by ASSAY_CATALOGUE; @p algorithm must live for ever. */
void assay_catalogue_add(const assay_algorithm *algorithm);

/** Number of algorithms. */
int assay_catalogue_size(void);

/** The algorithm at @p position in order of name; null beyond the end. */
const assay_algorithm *assay_catalogue_at(int position);

/** The algorithm of a name; null if there is none. */
const assay_algorithm *assay_catalogue_find(const char *name);

/** Defines and registers the entry of an algorithm: `ASSAY_CATALOGUE(lmul, .family = "arithmetic", ...)`. */
#define ASSAY_CATALOGUE(NAME, ...)                                                                                     \
    static const assay_algorithm NAME##_entry = {.name = #NAME, __VA_ARGS__};                                          \
    __attribute__((constructor)) static void NAME##_enter(void)                                                        \
    {                                                                                                                  \
        assay_catalogue_add(&NAME##_entry);                                                                            \
    }                                                                                                                  \
    struct NAME##_swallow_semicolon

/** Shorthands for assay_algorithm.levels. */
#define ASSAY_LEVEL_BIT(LEVEL) (1u << (LEVEL))

ASSAY_END_DECLARATIONS

#endif
