/*
 * Other people's exponentials over whole arrays, by one thread: the C library's one number at a time, libmvec's and
 * SLEEF's one register at a time. The vector ones need n to be a multiple of their lanes.
 */
#ifndef ASSAY_BENCH_EVOLVED_EXP_PEERS_H
#define ASSAY_BENCH_EVOLVED_EXP_PEERS_H

#include <stddef.h>

typedef void evolved_exp_peer_f32(const float *x, float *y, size_t n);
typedef void evolved_exp_peer_f64(const double *x, double *y, size_t n);

evolved_exp_peer_f32 evolved_exp_peer_glibc_expf, evolved_exp_peer_glibc_exp2f;
evolved_exp_peer_f64 evolved_exp_peer_glibc_exp2;

#if defined(__x86_64__)
evolved_exp_peer_f32 evolved_exp_peer_libmvec_expf_avx2, evolved_exp_peer_libmvec_exp2f_avx2;
evolved_exp_peer_f32 evolved_exp_peer_sleef_expf_u10_avx2, evolved_exp_peer_sleef_exp2f_u10_avx2,
    evolved_exp_peer_sleef_exp2f_u35_avx2;
evolved_exp_peer_f64 evolved_exp_peer_libmvec_exp2_avx2, evolved_exp_peer_sleef_exp2_u10_avx2;

evolved_exp_peer_f32 evolved_exp_peer_libmvec_expf_avx512, evolved_exp_peer_libmvec_exp2f_avx512;
evolved_exp_peer_f32 evolved_exp_peer_sleef_expf_u10_avx512, evolved_exp_peer_sleef_exp2f_u10_avx512,
    evolved_exp_peer_sleef_exp2f_u35_avx512;
evolved_exp_peer_f64 evolved_exp_peer_libmvec_exp2_avx512, evolved_exp_peer_sleef_exp2_u10_avx512;
#endif

#endif
