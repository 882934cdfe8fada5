/* Databases of many runs with synthetic times and errors, for the tests of the history. */
#ifndef ASSAY_TESTS_HISTORY_FIXTURE_H
#define ASSAY_TESTS_HISTORY_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

/* What runs measure. The benchmarks are multiply/4096 and dot/65536 of lmul (reference, avx2, avx512, a peer) and one
 * of sor_bandit, with noise of 1 % from run to run; the check is lmul/avx2/gemm, whose worst error repeats. */
typedef struct history_plan {
    size_t runs;        /* of bench, each followed by one of verify */
    size_t slower_from; /* from this run on (from 0) lmul/avx2/multiply takes `factor` times as long */
    double factor;      /* 0: nothing happens */
    size_t
        less_exact_from;  /* from this run on the worst error is 1.25 times as large and what is found less; 0: never */
    size_t other_machine; /* so many runs before those on a machine three times as slow */
    bool peer_slower;     /* from slower_from on the peer is slower too */
    bool newest_is_partial;       /* the newest bench lacks lmul's multiply */
    bool other_machine_is_newest; /* they come after them instead */
    unsigned long long seed;
} history_plan;

/* The revision of run k, counted over both machines, of twelve hexadecimal digits. */
void fixture_revision(size_t k, char revision[13]);

/* Adds the runs to a database, which is made if need be; false if the store refused something. Run k started at noon of
 * the day k after the first of January 2026, months taken to have 28 days. */
bool fixture_add_history(const char *path, const history_plan *plan);

#endif
