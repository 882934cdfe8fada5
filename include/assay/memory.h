/**
 * @file memory.h
 * Aligned memory for kernels, and guarded memory for their tests.
 */
#ifndef ASSAY_MEMORY_H
#define ASSAY_MEMORY_H

#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** Alignment of assay_allocate(), in bytes: a cache line, and the widest vector. */
#define ASSAY_ALIGNMENT 64

/** Zeroed memory for @p count elements of @p size bytes, aligned to ASSAY_ALIGNMENT; null (with assay_error() set) if
 *  there is none or count * size does not fit in size_t. Zero bytes give a valid pointer. Release with assay_release().
 */
void *assay_allocate(size_t count, size_t size);

/** Releases what assay_allocate() gave; null is fine. */
void assay_release(void *memory);

/**
 * For benchmarks: from now on assay_allocate() leaves gaps after what it gives (below 8 MiB), random ones of up to 16
 * KiB drawn from @p seed, so that data made anew lie elsewhere, also among each other. 0 (as at the start) ends it.
 */
void assay_scatter(uint64_t seed);

/**
 * For checks: while on, what assay_allocate() gives lies, as far as there are addresses, right before a forbidden page:
 * to read or write behind it, or after its release, raises SIGSEGV. The bytes between the end and the alignment are
 * 0xff (NaN as a float), and assay_release() ends the program if they, or what lies before, have changed. False if it
 * is not to be had: no range of addresses, or a sanitizer watches instead.
 */
bool assay_fence(bool on);

/** Number of fenced allocations that have not been released. */
size_t assay_fenced_blocks(void);

/** For checks: the @p after + 1-st call of assay_allocate() from here on finds no memory; SIZE_MAX: none does. */
void assay_starve(size_t after);

/** Where the forbidden page lies. */
typedef enum assay_guard_side {
    ASSAY_GUARD_AFTER, /**< the data end exactly where the forbidden page begins */
    ASSAY_GUARD_BEFORE /**< the data begin @c offset bytes after the forbidden page */
} assay_guard_side;

/** Memory between forbidden pages: touching a byte outside raises SIGSEGV (on the guarded side at once). */
typedef struct assay_guarded {
    void *data;       /**< first byte for use */
    size_t bytes;     /**< number of bytes for use */
    void *map;        /**< the whole mapping */
    size_t map_bytes; /**< its size */
} assay_guarded;

/** Makes guarded memory of @p bytes bytes. @p offset shifts the start away from the page boundary (BEFORE) or the end
 *  (AFTER), to make misaligned data; it must be below 4096. */
assay_status assay_guarded_allocate(assay_guarded *memory, size_t bytes, assay_guard_side side, size_t offset);

/** Forbids writing to guarded memory, so that a kernel that writes to its input is caught. */
assay_status assay_guarded_protect(assay_guarded *memory);

/** Unmaps guarded memory; a zeroed structure is fine. */
void assay_guarded_release(assay_guarded *memory);

ASSAY_END_DECLARATIONS

#endif
