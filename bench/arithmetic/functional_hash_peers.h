/* Other people's hashes, tables and canonical forms, and those of the published code. */
#ifndef ASSAY_BENCH_FUNCTIONAL_HASH_PEERS_H
#define ASSAY_BENCH_FUNCTIONAL_HASH_PEERS_H

#include "assay/functional_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Keys of @p count rows of n values by XXH3 (128 bits) and by SHA-256 (its first 128 bits) of the masked values. @p
 * room is scratch for n values. */
void functional_hash_peer_xxh3(const double *values, size_t count, size_t n, double *room, functional_hash_key *keys);
void functional_hash_peer_sha256(const double *values, size_t count, size_t n, double *room, functional_hash_key *keys);

/* std::unordered_map from keys to one number, load factor 0.5. */
typedef struct functional_hash_peer_map functional_hash_peer_map;
functional_hash_peer_map *functional_hash_peer_map_create(const functional_hash_key *keys, size_t count);
void functional_hash_peer_map_find(const functional_hash_peer_map *map, const functional_hash_key *keys, size_t count,
                                   double *outputs);
void functional_hash_peer_map_destroy(functional_hash_peer_map *map);

#ifdef __cplusplus
}
#endif

#endif
