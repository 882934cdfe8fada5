/* The fast tier of the oracle: exp and exp2 of float32 in double, with a proven bound; see oracle_fast.c. */
#ifndef ASSAY_VERIFY_ORACLE_FAST_H
#define ASSAY_VERIFY_ORACLE_FAST_H

#include "verify/oracle.h"

/* Largest relative error of both functions, outside their closed intervals. */
#define ORACLE_FAST_BOUND 0x1p-51

void oracle_fast_exp(const float *x, double *y, size_t n);
void oracle_fast_exp2(const float *x, double *y, size_t n);

enum { ORACLE_EXP_CLOSED = 6, ORACLE_EXP2_CLOSED = 6 };
extern const oracle_closed oracle_exp_closed[ORACLE_EXP_CLOSED], oracle_exp2_closed[ORACLE_EXP2_CLOSED];

#endif
