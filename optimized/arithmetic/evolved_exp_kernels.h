/*
 * What the instruction sets' versions of the float32 exponentials share: their constants and their declarations.
 *
 * 2^x: n = x rounded to an integer, r = x - n (exact), a polynomial of degree 6 for 2^r, times 2^n with one rounding.
 * Over all floats the error is at most 0.7997 ulp, and 0.8784 ulp where the result is subnormal and so rounded twice.
 *
 * e^x: n = x / ln 2 rounded to a multiple of 1/16, and e^x = 2^n e^s e^r with
 *   r = x - n ln 2 - s,  |r| <= ln 2 / 32 + |s|,  e^r = 1 + r (1 + r (c2 + c3 r)) within 1.9e-9,
 * where the 16 values of 2^(n - floor n) e^s come from a table in a register. The rounding errors of a table would add
 * up to 0.5 ulp; the shift s = -0.0016107304 makes all of them at most 0.2404 ulp (found by trying the 2^23 shifts that
 * the following makes possible). Over all floats the error is at most 0.7846 ulp, and 0.8804 ulp where the result is
 * subnormal. The shift is free: n = t - magic, where t = x / ln 2 + magic rounds to 1/16 because magic is near 2^19,
 * and the second step of the reduction subtracts t low instead of n low, which makes s = magic low. The first step,
 * x - n high, is exact: a multiple of 2^-28 below 2^-5.
 */
#ifndef ASSAY_EVOLVED_EXP_KERNELS_H
#define ASSAY_EVOLVED_EXP_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#define EXP2_C1 0x1.62e43p-1f
#define EXP2_C2 0x1.ebfbd8p-3f
#define EXP2_C3 0x1.c6af76p-5f
#define EXP2_C4 0x1.3b30ap-7f
#define EXP2_C5 0x1.5f0b82p-10f
#define EXP2_C6 0x1.3fa208p-13f

#define EXP_MAGIC    0x1.9cee28p+19f /* 13530900 / 16 */
#define EXP_LOG2_E   0x1.715476p+0f
#define EXP_LN2_HIGH 0x1.62e43p-1f
#define EXP_LN2_LOW  -0x1.05c61p-29f
#define EXP_C2       0x1.000202p-1f
#define EXP_C3       0x1.55ac9p-3f
#define EXP_R_BOUND  0.03f

/* 2^(k/16) e^s, k = 0..15, rounded to float; place i is for t whose last four bits are i: k = i - 13530900 mod 16. */
#define EXP_TABLE                                                                                                      \
    {                                                                                                                  \
        0x1.add896p+0f, 0x1.c0e08p+0f, 0x1.d4c01cp+0f, 0x1.e980f8p+0f, 0x1.ff2d0cp-1f, 0x1.0ae762p+0f, 0x1.16b87ep+0f, \
            0x1.230f8ap+0f, 0x1.2ff272p+0f, 0x1.3d6768p+0f, 0x1.4b74e4p+0f, 0x1.5a21a6p+0f, 0x1.6974bcp+0f,            \
            0x1.797582p+0f, 0x1.8a2baap+0f, 0x1.9b9f3ap+0f                                                             \
    }

/* y[i] = f(x[i]) by one thread; x may be y. With stream, y is written past the caches. */
typedef void evolved_exp_kernel_f32(const float *x, float *y, size_t n, bool stream);

evolved_exp_kernel_f32 evolved_exp_exp2_f32_avx2, evolved_exp_exp2_f32_avx512;
evolved_exp_kernel_f32 evolved_exp_exp_f32_avx2, evolved_exp_exp_f32_avx512;

typedef void evolved_exp_kernel_f64(const double *x, double *y, size_t n);
evolved_exp_kernel_f64 evolved_exp_exp2_f64_baseline, evolved_exp_exp2_f64_avx2, evolved_exp_exp2_f64_avx512;

#endif
