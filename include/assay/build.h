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

ASSAY_END_DECLARATIONS

#endif
