/**
 * @file build.h
 * What this library was built from and with.
 */
#ifndef ASSAY_BUILD_H
#define ASSAY_BUILD_H

#include "assay/status.h"

ASSAY_BEGIN_DECLARATIONS

const char *assay_version(void);        /**< e.g. "0.1.0" */
const char *assay_build_revision(void); /**< git revision, with "-dirty" if the source had changes, or "unknown" */
const char *assay_build_compiler(void); /**< e.g. "gcc 12.2.0" */
const char *assay_build_flags(void);    /**< flags of the optimized files */

/** Sets revision and flags (null or empty: unknown) of what is verified and timed: they are kept with all results. For
 *  trees of one's own, by ASSAY_BUILD before main; the installed harness knows neither otherwise. */
void assay_set_build(const char *revision, const char *flags);

/** Says, once in a tree of one's own, which revision of it was built with which flags: `ASSAY_BUILD("1a2b3c", "-O3");`.
 *  What is not known, or ends in "-dirty", is never taken for what was verified before. */
#define ASSAY_BUILD(REVISION, FLAGS)                                                                                   \
    __attribute__((constructor)) static void assay_tell_build(void)                                                    \
    {                                                                                                                  \
        assay_set_build(REVISION, FLAGS);                                                                              \
    }                                                                                                                  \
    struct assay_build_swallow_semicolon

ASSAY_END_DECLARATIONS

#endif
