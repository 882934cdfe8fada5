#include "assay/build.h"

#include "build_facts.h" /* written by the Makefile when the revision or the flags change */

const char *assay_version(void)
{
    return ASSAY_VERSION;
}

const char *assay_build_revision(void)
{
    return ASSAY_REVISION;
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
    return ASSAY_FLAGS;
}
