/*
 * For `make lint` only: tells the static analyzers what some functions return, whose bodies they do not see. Without
 * this they follow paths on which a failure counts as success. Arguments are evaluated twice, which hurts nobody there.
 */
#include "assay/status.h"
#include "assay/verify.h"

#ifdef CPPCHECK /* does not look behind a comma */
#define verify_true(CONTEXT, DEMANDED, ...) (DEMANDED)
#else
#define assay_fail(STATUS, ...)             ((assay_fail)(STATUS, __VA_ARGS__), (STATUS))
#define verify_true(CONTEXT, DEMANDED, ...) ((verify_true)(CONTEXT, DEMANDED, __VA_ARGS__), (DEMANDED))
#endif
#define verify_ok(CONTEXT, STATUS, ...) (verify_true(CONTEXT, (STATUS) == ASSAY_OK, __VA_ARGS__))
