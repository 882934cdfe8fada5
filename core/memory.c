#include "assay/memory.h"

#include <errno.h>
#include <malloc.h>
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

/* After the caller's bytes come some of this value: NaN as a float or double, huge or -1 as an integer. The last bytes
 * of the block say where the fence begins. */
enum { FENCE_VALUE = 0xff, FENCE_BYTES = 4 * ASSAY_ALIGNMENT };

typedef struct fence_end {
    size_t bytes, sealed; /* the caller's; the same, made unlikely to arise by chance */
} fence_end;

static bool fenced;

void assay_fence(bool on)
{
#if defined(__SANITIZE_ADDRESS__)
    (void)on; /* it has fences of its own, and sees at once who reads there */
#else
    fenced = on;
#endif
}

static size_t sealed(const void *memory, size_t bytes)
{
    return ~(bytes ^ (uintptr_t)memory);
}

static size_t place_of_end(void *memory)
{
    return malloc_usable_size(memory) - sizeof(fence_end);
}

static void build_fence(void *memory, size_t bytes)
{
    const fence_end end = {bytes, sealed(memory, bytes)};
    const size_t place = place_of_end(memory);
    memset((char *)memory + bytes, FENCE_VALUE, place - bytes);
    memcpy((char *)memory + place, &end, sizeof end);
}

static void check_fence(void *memory)
{
    fence_end end;
    const size_t place = place_of_end(memory);
    memcpy(&end, (char *)memory + place, sizeof end);
    if (end.sealed != sealed(memory, end.bytes) || end.bytes > place) {
        fprintf(stderr, "assay_release(): %p is not from assay_allocate(), or more than its fence was written over\n",
                memory);
        abort();
    }
    for (size_t i = end.bytes; i < place; i++) {
        if (((const unsigned char *)memory)[i] != FENCE_VALUE) {
            fprintf(stderr, "assay_release(): byte %zu was written of an allocation of %zu bytes\n", i, end.bytes);
            abort();
        }
    }
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

void *assay_allocate(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 2 * large_page) {
        assay_fail(ASSAY_NO_MEMORY, "%zu elements of %zu bytes do not fit in memory", count, size);
        return NULL;
    }
    const size_t alignment = bytes >= large_from ? large_page : ASSAY_ALIGNMENT;
    const size_t whole = bytes ? (bytes + alignment - 1) / alignment * alignment : alignment;
    const size_t more = (alignment == large_page ? 0 : gap()) + (fenced ? FENCE_BYTES : 0);
    void *memory;
    if (posix_memalign(&memory, alignment, whole + more) != 0) {
        assay_fail(ASSAY_NO_MEMORY, "cannot allocate %zu bytes", whole);
        return NULL;
    }
    if (alignment == large_page)
        madvise(memory, whole, MADV_HUGEPAGE); /* a wish: without them it is slower, not wrong */
    memset(memory, 0, whole);
    if (fenced)
        build_fence(memory, bytes);
    return memory;
}

void assay_release(void *memory)
{
    if (memory && fenced)
        check_fence(memory);
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
