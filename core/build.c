#include "assay/build.h"

#include <stdio.h>

#include "build_facts.h" /* written by the Makefile when the revision or the flags change */

/* Of fixed size, so that builds of one source lie alike in memory whatever their revision: where tables come to lie can
 * be worth several per cent of a kernel's time. The same in data.c. */
static char revision[64] = ASSAY_REVISION, flags[1024] = ASSAY_FLAGS;

const char *assay_version(void)
{
    return ASSAY_VERSION;
}

const char *assay_build_revision(void)
{
    return revision;
}

const char *assay_build_compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

const char *assay_build_flags(void)
{
    return flags;
}

void assay_set_build(const char *of_source, const char *of_compiler)
{
    snprintf(revision, sizeof revision, "%s", of_source && *of_source ? of_source : "unknown");
    snprintf(flags, sizeof flags, "%s", of_compiler ? of_compiler : "");
}
