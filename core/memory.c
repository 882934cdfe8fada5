#include "assay/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* From this size on, memory is aligned to large pages and the kernel asked for them: beyond the caches, small ones cost
 * up to a fifth of the bandwidth. */
static const size_t large_page = (size_t)2 << 20, large_from = (size_t)8 << 20;

/* Of which assay_scatter() is the seed: 0, or changed by every allocation. */
static _Atomic uint64_t scattering;

void assay_scatter(uint64_t seed)
{
    scattering = seed;
}

/* Bytes to be left free after an allocation, 0 to 16320. One step of a Weyl sequence, its product folded. */
static size_t gap(void)
{
    if (scattering == 0)
        return 0;
    const uint64_t step = UINT64_C(0x9e3779b97f4a7c15), x = atomic_fetch_add(&scattering, step) + step;
    return (size_t)((x ^ x >> 32) * step >> 56) * ASSAY_ALIGNMENT;
}

/* ---- Fences ------------------------------------------------------------------------------------------------------ */

/* With fences everything lies in one range of addresses that are forbidden until they are given out, and again when
 * they come back; none is given out twice. */
enum { FENCED_RANGE_BITS = 40, TAIL_VALUE = 0xff /* NaN as a float or double */ };

static struct {
    bool on;
    size_t page;
    char *start, *end;
    _Atomic(size_t) used, blocks;
} fences;

/* What lies before the caller's bytes. */
typedef struct fenced_block {
    size_t bytes, inside; /* the caller's; of all pages that are open */
    uintptr_t seal;       /* tells whether the rest was written over */
} fenced_block;

static uintptr_t seal_of(const fenced_block *block, const void *memory)
{
    return ~(block->bytes ^ block->inside << 1 ^ (uintptr_t)memory);
}

static size_t whole(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

bool assay_fence(bool on)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    on = false; /* they have fences of their own, or would follow the whole range */
#endif
    if (on && !fences.start) {
        const size_t size = (size_t)1 << FENCED_RANGE_BITS;
        void *range = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (range != MAP_FAILED) {
            fences.page = (size_t)sysconf(_SC_PAGESIZE);
            fences.start = range;
            fences.end = fences.start + size;
        }
    }
    return fences.on = on && fences.start;
}

size_t assay_fenced_blocks(void)
{
    return fences.blocks;
}

/* Zeroed memory that ends where a forbidden page begins, but for the bytes up to the alignment; null if there is none,
 * or no address any more. */
static void *allocate_fenced(size_t bytes)
{
    const size_t shown = whole(bytes, ASSAY_ALIGNMENT), size = (size_t)(fences.end - fences.start);
    fenced_block block = {.bytes = bytes, .inside = whole(ASSAY_ALIGNMENT + shown, fences.page)};
    const size_t taken = block.inside + fences.page;
    if (taken > size)
        return NULL;
    const size_t at = atomic_fetch_add(&fences.used, taken);
    char *start = fences.start + at;
    if (at > size - taken || mprotect(start, block.inside, PROT_READ | PROT_WRITE) != 0)
        return NULL;
    char *memory = start + block.inside - shown;
    memset(memory + bytes, TAIL_VALUE, shown - bytes);
    block.seal = seal_of(&block, memory);
    memcpy(memory - ASSAY_ALIGNMENT, &block, sizeof block);
    fences.blocks++;
    return memory;
}

_Noreturn static void complain_of(const void *memory, const char *what, size_t bytes)
{
    fprintf(stderr, "assay_release(): memory at %p, %zu bytes: %s\n", memory, bytes, what);
    abort();
}

static void release_fenced(char *memory)
{
    fenced_block block;
    memcpy(&block, memory - ASSAY_ALIGNMENT, sizeof block);
    if (block.seal != seal_of(&block, memory))
        complain_of(memory, "something was written before it", 0);
    const size_t shown = whole(block.bytes, ASSAY_ALIGNMENT);
    for (size_t i = block.bytes; i < shown; i++) {
        if ((unsigned char)memory[i] != TAIL_VALUE)
            complain_of(memory, "something was written past its end", block.bytes);
    }
    fences.blocks--;
    (void)mmap(memory + shown - block.inside, block.inside, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* ---- Want of memory ---------------------------------------------------------------------------------------------- */

static _Atomic(size_t) plenty = SIZE_MAX;

void assay_starve(size_t after)
{
    plenty = after;
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

void *assay_allocate(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - large_page) {
        assay_fail(ASSAY_NO_MEMORY, "%zu elements of %zu bytes do not fit in memory", count, size);
        return NULL;
    }
    if (plenty != SIZE_MAX && atomic_fetch_sub(&plenty, 1) == 0) {
        assay_fail(ASSAY_NO_MEMORY, "cannot allocate %zu bytes: starved", bytes);
        return NULL;
    }
    void *memory = fences.on ? allocate_fenced(bytes) : NULL;
    if (memory)
        return memory;
    const size_t alignment = bytes >= large_from ? large_page : ASSAY_ALIGNMENT;
    bytes = bytes ? whole(bytes, alignment) : alignment;
    memory = aligned_alloc(alignment, bytes + (alignment == large_page ? 0 : gap()));
    if (!memory) {
        assay_fail(ASSAY_NO_MEMORY, "cannot allocate %zu bytes", bytes);
        return NULL;
    }
    if (alignment == large_page)
        madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: without them it is slower, not wrong */
    return memset(memory, 0, bytes);
}

void assay_release(void *memory)
{
    if (memory && (char *)memory >= fences.start && (char *)memory < fences.end)
        release_fenced(memory);
    else
        free(memory);
}

/* ---- Guarded memory ---------------------------------------------------------------------------------------------- */

assay_status assay_guarded_allocate(assay_guarded *memory, size_t bytes, assay_guard_side side, size_t offset)
{
    if (!memory)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "memory is null");
    if (offset >= 4096)
        return assay_fail(ASSAY_OUT_OF_RANGE, "offset is %zu, must be below 4096", offset);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (bytes > SIZE_MAX / 2 - 4 * page)
        return assay_fail(ASSAY_NO_MEMORY, "cannot map %zu guarded bytes", bytes);
    const size_t inside = (bytes + offset + page - 1) / page * page;
    const size_t total = inside + 2 * page;
    char *map = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return assay_fail(ASSAY_NO_MEMORY, "cannot map %zu bytes: %s", total, strerror(errno));
    if (inside > 0 && mprotect(map + page, inside, PROT_READ | PROT_WRITE) != 0) {
        munmap(map, total);
        return assay_fail(ASSAY_NO_MEMORY, "cannot open %zu bytes between guards: %s", inside, strerror(errno));
    }
    char *data = side == ASSAY_GUARD_BEFORE ? map + page + offset : map + page + inside - bytes - offset;
    *memory = (assay_guarded){.data = data, .bytes = bytes, .map = map, .map_bytes = total};
    return ASSAY_OK;
}

assay_status assay_guarded_protect(assay_guarded *memory)
{
    if (!memory || !memory->map)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "memory is null or not allocated");
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (memory->map_bytes > 2 * page &&
        mprotect((char *)memory->map + page, memory->map_bytes - 2 * page, PROT_READ) != 0)
        return assay_fail(ASSAY_IO, "cannot protect guarded memory: %s", strerror(errno));
    return ASSAY_OK;
}

void assay_guarded_release(assay_guarded *memory)
{
    if (memory && memory->map) {
        munmap(memory->map, memory->map_bytes);
        *memory = (assay_guarded){0};
    }
}
