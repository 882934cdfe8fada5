/* Saboteurs: planted faults that a comparison must reject before it is believed. */
#ifndef ASSAY_VERIFY_SABOTEUR_H
#define ASSAY_VERIFY_SABOTEUR_H

#include "assay/verify.h"

enum { SABOTEUR_FAULTS = 5, SABOTEUR_SWAP = 1u << 2 };

/**
 * Replays a comparison that passed with one planted fault after the other. Returns null if each was rejected, else the
 * name of a fault that was accepted ("blind check"). @p stale is what the output held before the call.
 * Faults that cannot exist here (two elements swapped where all are equal) are left out; the bits of the others are
 * set in @p planted.
 */
const char *saboteur_find_blindness(verify_metric metric, double tolerance, verify_type type, const void *expected,
                                    const void *actual, const void *stale, size_t n, assay_random r, unsigned *planted);

#endif
