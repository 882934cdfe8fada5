/* The tables of checks that algorithms have entered, and the plan made from them. */
#ifndef ASSAY_VERIFY_TABLE_H
#define ASSAY_VERIFY_TABLE_H

#include "assay/verify.h"

/* The items that a run's options select, in order. */
typedef struct verify_plan {
    verify_item *items;
    size_t count;
} verify_plan;

/* Makes the plan. ASSAY_INVALID_ARGUMENT if a pattern matches no item whatever the depth. */
assay_status verify_plan_make(const verify_options *options, verify_plan *plan);

void verify_plan_release(verify_plan *plan);

#endif
