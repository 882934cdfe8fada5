/*
 * Family T, derived anew: the minimax constants of the three evolved forms with squarings, by exchange in MPFR.
 */
#ifndef ASSAY_VERIFY_EVOLVED_EXP_FAMILY_H
#define ASSAY_VERIFY_EVOLVED_EXP_FAMILY_H

#include <mpfr.h>
#include <stdbool.h>

enum { FAMILY_CONSTANTS = 5, FAMILY_BITS = 400 };

/* The forms, by their number of operations; each is followed by squarings. */
typedef enum family_form {
    FAMILY_3, /* c1 / (c3 + x) - c2 */
    FAMILY_5, /* w = x + c1 / x;  c2 / (c4 + w) - c3 */
    FAMILY_7  /* w = x + c3 / x;  c4 / ((c1 / w + w) + c2) - c5 */
} family_form;

/* A form with minimax constants for 2^x on [0, 1], relative error. */
typedef struct family_member {
    family_form form;
    unsigned squarings;
    mpfr_t c[FAMILY_CONSTANTS]; /* 3, 4 or 5 of them */
    double error;               /* the largest */
    double spread;              /* largest less smallest error at the extrema, over the largest */
    int extrema;                /* number of extrema, between which the error changes its sign */
} family_member;

void family_init(family_member *member);
void family_clear(family_member *member);

/* Number of constants of a form. */
int family_constants(family_form form);

/* Starts with the paper's constants, without squarings, and makes them minimax. Returns false if exchange fails. */
bool family_begin(family_member *member, family_form form);

/* Adds one squaring: scales the constants, and makes them minimax again. */
bool family_next(family_member *member);

#endif
