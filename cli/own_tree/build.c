/* A part of the installed harness only: what is linked with it is somebody else's tree, of which the revision that the
 * library was built from says nothing. Before all constructors without a priority, which know better (ASSAY_BUILD). */
#include "assay/build.h"

#include <stddef.h>

__attribute__((constructor(101))) static void forget_build(void)
{
    assay_set_build(NULL, NULL);
}
