/*
 * Proofs of error bounds by interval Taylor arithmetic.
 */
#ifndef ASSAY_VERIFY_EVOLVED_EXP_CERTIFICATE_H
#define ASSAY_VERIFY_EVOLVED_EXP_CERTIFICATE_H

#include "assay/evolved_exp.h"

/* A bound of |f(x) / 2^x - 1| for all x in [low, high], f the program in exact arithmetic: proven, because every
 * rounding is directed outward. Infinite if nothing could be proven: where the program divides by an interval around 0,
 * takes a square root, or is not valid. */
double evolved_exp_certify(const evolved_exp_program *program, double low, double high);

#endif
