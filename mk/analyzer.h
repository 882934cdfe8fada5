/*
 * For `make lint` only: tells the static analyzer what some functions return, whose bodies it does not see. Without
 * this it follows paths on which a failure counts as success. Arguments are evaluated twice, which hurts nobody there.
 */
#include "assay/status.h"
#include "assay/verify.h"

#define assay_fail(STATUS, ...)            ((assay_fail)(STATUS, __VA_ARGS__), (STATUS))
#define verify_true(CONTEXT, DEMANDED, ...) ((verify_true)(CONTEXT, DEMANDED, __VA_ARGS__), (DEMANDED))
#define verify_ok(CONTEXT, STATUS, ...)     (verify_true(CONTEXT, (STATUS) == ASSAY_OK, __VA_ARGS__))
