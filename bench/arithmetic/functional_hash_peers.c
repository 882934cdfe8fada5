/* XXH3 and SHA-256 over values masked as keys mask them. */
#include "bench/arithmetic/functional_hash_peers.h"

#include <openssl/sha.h>
#include <string.h>
#include <xxhash.h>

/* 24 bits. */
static void mask(const double *values, size_t n, double *room)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        const double value = values[i] + 0.0; /* -0 becomes +0 */
        memcpy(&bits, &value, sizeof bits);
        bits &= ~((UINT64_C(1) << 28) - 1);
        memcpy(&room[i], &bits, sizeof bits);
    }
}

void functional_hash_peer_xxh3(const double *values, size_t count, size_t n, double *room, functional_hash_key *keys)
{
    for (size_t i = 0; i < count; i++) {
        mask(values + i * n, n, room);
        const XXH128_hash_t hash = XXH3_128bits(room, n * sizeof *room);
        keys[i] = (functional_hash_key){{hash.low64, hash.high64}};
    }
}

void functional_hash_peer_sha256(const double *values, size_t count, size_t n, double *room, functional_hash_key *keys)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char digest[SHA256_DIGEST_LENGTH];
        mask(values + i * n, n, room);
        SHA256((const unsigned char *)room, n * sizeof *room, digest);
        memcpy(&keys[i], digest, sizeof keys[i]);
    }
}
