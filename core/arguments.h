/*
 * Checks of arguments that many public functions share.
 */
#ifndef ASSAY_CORE_ARGUMENTS_H
#define ASSAY_CORE_ARGUMENTS_H

#include "assay/status.h"

#include <stddef.h>

/* For functions that turn x[n] into y[n], elements of @p size bytes each: fails if one is null and n is not 0, if the
 * size of an array does not fit in size_t, or if the arrays overlap without being the same. */
assay_status assay_check_map(const void *x, const void *y, size_t n, size_t size);

#endif
