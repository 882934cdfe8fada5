/* Canonical forms of graphs by nauty. */
#ifndef ASSAY_VERIFY_FUNCTIONAL_HASH_NAUTY_H
#define ASSAY_VERIFY_FUNCTIONAL_HASH_NAUTY_H

#include "assay/functional_hash_domains.h"

/* Number of vertices, operations in canonical order, rows of the canonical adjacency matrix. */
typedef struct functional_hash_form {
    uint64_t word[1 + 2 * FUNCTIONAL_HASH_DAG_VERTICES];
} functional_hash_form;

/* The canonical form of a pruned graph: equal for isomorphic graphs (same operations, input and output to themselves)
 * and for no others. */
void functional_hash_canonical_form(const functional_hash_dag *pruned, functional_hash_form *form);

#endif
