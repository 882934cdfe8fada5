/* The targets, each in the file of its name. */
#ifndef ASSAY_FUZZ_TARGETS_H
#define ASSAY_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

int fuzz_arguments(const uint8_t *data, size_t size); /* words of the command line */
int fuzz_cache(const uint8_t *data, size_t size);     /* caches of functions */
int fuzz_costs(const uint8_t *data, size_t size);     /* logs of measured costs */
int fuzz_csv(const uint8_t *data, size_t size);
int fuzz_database(const uint8_t *data, size_t size); /* bytes of databases */
int fuzz_hnsw(const uint8_t *data, size_t size);     /* indexes of neighbours */
int fuzz_idx(const uint8_t *data, size_t size);
int fuzz_mtx(const uint8_t *data, size_t size);
int fuzz_npy(const uint8_t *data, size_t size);
int fuzz_pattern(const uint8_t *data, size_t size);  /* PATTERNs, and advice on mistyped names */
int fuzz_programs(const uint8_t *data, size_t size); /* programs, graphs, terms as text */
int fuzz_regress(const uint8_t *data, size_t size);  /* what another revision's program printed */
int fuzz_report(const uint8_t *data, size_t size);   /* pages of databases with wild contents */
int fuzz_rows(const uint8_t *data, size_t size);     /* databases with wild contents */
int fuzz_search(const uint8_t *data, size_t size);   /* states of searches */
int fuzz_vecs(const uint8_t *data, size_t size);

#endif
