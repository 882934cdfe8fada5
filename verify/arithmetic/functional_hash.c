/* functional_hash: what is checked. */
#include "verify/arithmetic/functional_hash_checks.h"

#define EVERY_LEVEL .every_level = true

static const verify_check checks[] = {
    /* Oracle. */
    {ASSAY_ORACLE, "isomorphism", "random graphs against nauty", .run = functional_hash_check_nauty},
    {ASSAY_ORACLE, "space", "all graphs of up to 6 vertices, of 7 in full", .run = functional_hash_check_space},
    {ASSAY_ORACLE, "graph_values", "60 random graphs on noise", EVERY_LEVEL, .run = functional_hash_check_graph_values},
    {ASSAY_ORACLE, "graph_fitness", "random graphs on digits", .run = functional_hash_check_graph_fitness},
    {ASSAY_ORACLE, "code_values", "500 learning programs", EVERY_LEVEL, .run = functional_hash_check_code_values},
    {ASSAY_ORACLE, "rational_terms", "lambda terms against exact rationals", EVERY_LEVEL,
     .run = functional_hash_check_rational_terms},
    {ASSAY_ORACLE, "rational_programs", "straight-line programs against exact rationals",
     .run = functional_hash_check_rational_programs},
    {ASSAY_ORACLE, "replay", "counts of lookups against a plain list", .false_alarm = 1.3e-9,
     .run = functional_hash_check_replay},
    {ASSAY_ORACLE, "examples", "worked examples", EVERY_LEVEL, .run = functional_hash_check_examples},

    /* Agreement with the reference. */
    {ASSAY_AGREEMENT, "mix_rows", .kernel = &functional_hash_kernel_rows},
    {ASSAY_AGREEMENT, "mix_long", .kernel = &functional_hash_kernel_long},
    {ASSAY_AGREEMENT, "mix_sentinel", .kernel = &functional_hash_kernel_sentinel},
    {ASSAY_AGREEMENT, "graphs", "24 random graphs, on noise and on digits", EVERY_LEVEL,
     .run = functional_hash_agree_dag},
    {ASSAY_AGREEMENT, "codes", "400 learning programs", EVERY_LEVEL, .run = functional_hash_agree_code},
    {ASSAY_AGREEMENT, "terms", "200 lambda terms", EVERY_LEVEL, .run = functional_hash_agree_term},
    {ASSAY_AGREEMENT, "cache", "700 lookups of 90 keys, four configurations", EVERY_LEVEL,
     .run = functional_hash_agree_cache},
    {ASSAY_AGREEMENT, "search", "90 candidates of three representations", EVERY_LEVEL,
     .run = functional_hash_agree_search},

    /* Laws. */
    {ASSAY_LAW, "names_of_graphs", "300 graphs: vertices in another order, dead ones", EVERY_LEVEL,
     .run = functional_hash_check_invariance_dag},
    {ASSAY_LAW, "lines_of_codes", "600 programs: dead lines, independent lines swapped", EVERY_LEVEL,
     .run = functional_hash_check_invariance_code},
    {ASSAY_LAW, "names_of_terms", "300 terms: names, dead lets, lets inlined, calls", EVERY_LEVEL,
     .run = functional_hash_check_invariance_term},
    {ASSAY_LAW, "representations", "one function as graph, learning program, term and program", EVERY_LEVEL,
     .run = functional_hash_check_representations},
    {ASSAY_LAW, "coarser", "400 graphs, fewer bits and fewer inputs", .run = functional_hash_check_coarser},
    {ASSAY_LAW, "accounting", "800 learning programs, six configurations", .run = functional_hash_check_accounting},
    {ASSAY_LAW, "trajectory", "evolution with sharing and without", .run = functional_hash_check_trajectory},
    {ASSAY_LAW, "evolution", "parents, survivors and noise of 20,000 candidates", .false_alarm = 4e-10,
     .run = functional_hash_check_evolution},
    {ASSAY_LAW, "odds", "20,000 random graphs, their mutants and those of a program", .false_alarm = 8e-10,
     .run = functional_hash_check_odds},
    {ASSAY_LAW, "order_of_equalities", "evolved candidates of three representations",
     .run = functional_hash_check_order},
    {ASSAY_LAW, "no_collisions", "vectors that differ by one unit in the last place",
     .run = functional_hash_check_collisions},
    {ASSAY_LAW, "text", "300 candidates of each representation", .run = functional_hash_check_text},
    {ASSAY_LAW, "streams", "proposals under noise and removal", .run = functional_hash_check_streams},
    {ASSAY_LAW, "saved", "1000 lookups, interrupted at four places", .run = functional_hash_check_saved},
    {ASSAY_LAW, "concurrent", "eight threads after the same keys", .run = functional_hash_check_concurrent},
    {ASSAY_LAW, "failing_together", "up to 2000 pairs of evaluations that fail at once",
     .run = functional_hash_check_failing_together},
    {ASSAY_LAW, "aggregates", "mean, best and last; failures; claims", .run = functional_hash_check_aggregates},

    /* Claims. */
    {ASSAY_CLAIM, "C1", "digits, graphs", .claim = &functional_hash_claim_c1},
    {ASSAY_CLAIM, "C2", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c2},
    {ASSAY_CLAIM, "C3", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c3},
    {ASSAY_CLAIM, "C3_trajectory", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c3_trajectory},
    {ASSAY_CLAIM, "C3_key", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c3_key},
    {ASSAY_CLAIM, "C4", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c4},
    {ASSAY_CLAIM, "C5", "learning programs", .claim = &functional_hash_claim_c5},
    {ASSAY_CLAIM, "C5_programs", "learning programs", .claim = &functional_hash_claim_c5_programs},
    {ASSAY_CLAIM, "C6", "2^x on [0, 1]", VERIFY_FULL, .claim = &functional_hash_claim_c6},
    {ASSAY_CLAIM, "C7_wide", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c7_wide},
    {ASSAY_CLAIM, "C7_scalar", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c7_scalar},
    {ASSAY_CLAIM, "C7_fitness", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c7_fitness},
    {ASSAY_CLAIM, "C8", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c8},
    {ASSAY_CLAIM, "C8_elitism", "digits, graphs", VERIFY_FULL, .claim = &functional_hash_claim_c8_elitism},
    {ASSAY_CLAIM, "C9", "2^x on [0, 1]", VERIFY_FULL, .claim = &functional_hash_claim_c9},
    {ASSAY_CLAIM, "C9_best", "2^x on [0, 1]", VERIFY_FULL, .claim = &functional_hash_claim_c9_best},
    {ASSAY_CLAIM, "C10_quick", "2^x on [0, 1]", .claim = &functional_hash_claim_c10_quick},
    {ASSAY_CLAIM, "C10", "2^x on [0, 1]", VERIFY_FULL, .claim = &functional_hash_claim_c10},
    {ASSAY_CLAIM, "C10_digits", "2^x on [0, 1]", VERIFY_FULL, .claim = &functional_hash_claim_c10_digits},

    /* Rejections. */
    {ASSAY_REJECTION, "rejects_mix", "bits, floor, null, no values", EVERY_LEVEL,
     .run = functional_hash_check_rejects_mix},
    {ASSAY_REJECTION, "rejects_cache", "configurations, null, claims", .run = functional_hash_check_rejects_cache},
    {ASSAY_REJECTION, "rejects_files", "damaged caches, foreign digits", .run = functional_hash_check_rejects_files},
    {ASSAY_REJECTION, "rejects_candidates", "malformed graphs, programs and terms; blow-ups", EVERY_LEVEL,
     .run = functional_hash_check_rejects_candidates},
    {ASSAY_REJECTION, "rejects_search", "configurations and domains", .run = functional_hash_check_rejects_search},
};

VERIFY_CHECKS(functional_hash, checks);
