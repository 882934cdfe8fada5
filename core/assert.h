/*
 * What must hold between our own functions. A debug build (make debug) stops where it does not; in others it costs
 * nothing. The arguments of public functions are another matter: they are looked at in every build, and refused.
 */
#ifndef ASSAY_CORE_ASSERT_H
#define ASSAY_CORE_ASSERT_H

#if defined(ASSAY_DEBUG)
#include <assert.h>
#define ASSAY_ASSERT(condition) assert(condition)
#else
#define ASSAY_ASSERT(condition) ((void)sizeof((condition) ? 1 : 0))
#endif

#endif
