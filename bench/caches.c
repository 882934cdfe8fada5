/* Sizes of the data caches. The kernel's word comes first: in virtual machines glibc's sysconf() has been seen to
 * report ten times the L3 that there is. */
#include "bench/caches.h"

#include "assay/threads.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const place_names[BENCH_PLACES] = {"L1", "L2", "L3", "memory"};

const char *bench_place_name(bench_place place)
{
    return (unsigned)place < BENCH_PLACES ? place_names[place] : "unknown";
}

/* Reads the one line of folder/index<index>/<name>. */
static bool read_line(const char *folder, int index, const char *name, char *line, int capacity)
{
    char path[512];
    snprintf(path, sizeof path, "%s/index%d/%s", folder, index, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(line, capacity, file) != NULL;
    fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

/* "32K", "1024K", "32M"; 0 if it is none. */
static size_t parse_size(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    return end == text || value > SIZE_MAX >> (shift + 1) ? 0 : (size_t)value << shift;
}

/* The number of processors in a list like "0-3,8,10-11"; at least 1. */
static int count_list(const char *list)
{
    int count = 0;
    while (*list) {
        char *end;
        long first = strtol(list, &end, 10), last = first;
        if (end == list)
            break;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        if (last >= first && last - first < CPU_SETSIZE)
            count += (int)(last - first) + 1;
        list = *end == ',' ? end + 1 : end;
    }
    return count > 0 ? count : 1;
}

/* Takes what index<index> says, if that is a data cache; false if there is no such folder. */
static bool read_index(const char *folder, int index, int processors, bench_caches *caches)
{
    char level[16], type[32], size[32], list[4096];
    if (!read_line(folder, index, "level", level, sizeof level) || !read_line(folder, index, "type", type, sizeof type))
        return false;
    int number = atoi(level);
    if (strcmp(type, "Instruction") == 0 || number < 1 || number > BENCH_CACHES ||
        !read_line(folder, index, "size", size, sizeof size))
        return true;
    bench_cache *cache = &caches->level[number - 1];
    int sharing = read_line(folder, index, "shared_cpu_list", list, sizeof list) ? count_list(list) : 1;
    *cache = (bench_cache){parse_size(size), processors > sharing ? processors / sharing : 1};
    return true;
}

static size_t size_or(int name, size_t otherwise)
{
    long size = sysconf(name);
    return size > 0 ? (size_t)size : otherwise;
}

bench_caches bench_caches_read(const char *folder, int processors)
{
    bench_caches caches = {{{0, processors}, {0, processors}, {0, 1}}};
    for (int index = 0; index < 16 && read_index(folder, index, processors, &caches); index++)
        continue;
    bool nothing = caches.level[BENCH_L1].bytes == 0;
    if (nothing)
        caches.level[BENCH_L1].bytes = size_or(_SC_LEVEL1_DCACHE_SIZE, 32 << 10);
    if (caches.level[BENCH_L2].bytes == 0)
        caches.level[BENCH_L2].bytes = size_or(_SC_LEVEL2_CACHE_SIZE, 512 << 10);
    if (nothing) /* a kernel that tells of L1 but not of L3 means that there is no L3 */
        caches.level[BENCH_L3].bytes = size_or(_SC_LEVEL3_CACHE_SIZE, 8 << 20);
    return caches;
}

bench_caches bench_caches_here(void)
{
    cpu_set_t set;
    int processor = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        while (processor < CPU_SETSIZE - 1 && !CPU_ISSET(processor, &set))
            processor++;
    }
    char folder[64];
    snprintf(folder, sizeof folder, "/sys/devices/system/cpu/cpu%d/cache", processor);
    return bench_caches_read(folder, assay_processors());
}

size_t bench_cache_total(const bench_caches *caches, bench_place place, int threads)
{
    const bench_cache *cache = &caches->level[place];
    return cache->bytes * (size_t)(threads < cache->instances ? threads : cache->instances);
}

bench_place bench_place_of(const bench_caches *caches, double bytes, int threads)
{
    for (int place = BENCH_L1; place < BENCH_CACHES; place++) {
        if (bytes <= (double)bench_cache_total(caches, (bench_place)place, threads))
            return (bench_place)place;
    }
    return BENCH_MEMORY;
}
