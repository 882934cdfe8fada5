/*
 * The C library's exponentials, one call after another: the empty statement keeps the loops from being vectorized.
 */
#include "bench/arithmetic/evolved_exp_peers.h"

#include <math.h>

#define MAP(REAL, NAME, FUNCTION)                                                                                      \
    void NAME(const REAL *x, REAL *y, size_t n)                                                                        \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                                               \
            y[i] = FUNCTION(x[i]);                                                                                     \
            __asm__ volatile("" : : : "memory");                                                                       \
        }                                                                                                              \
    }

MAP(float, evolved_exp_peer_glibc_expf, expf)
MAP(float, evolved_exp_peer_glibc_exp2f, exp2f)
MAP(double, evolved_exp_peer_glibc_exp2, exp2)
