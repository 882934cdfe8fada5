/* Measures what the machine can do at best. Each kernel is timed in several rounds, the rounds going over all kernels,
 * and its best round counts: a limit is a maximum, and what disturbs a round only makes it slower. */
#include "bench/limits.h"

#include "assay/threads.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char *const stream_names[LIMITS_STREAMS] = {"read bandwidth", "write bandwidth", "copy bandwidth",
                                                         "triad bandwidth"};
static const int stream_arrays[LIMITS_STREAMS] = {1, 1, 2, 3};
static const char *const arithmetic_names[LIMITS_ARITHMETICS] = {"fma f32", "fma f64", "add i32"};

/* One kernel to be timed, and the place of its result. */
typedef struct probe {
    limits_stream_kernel *stream; /* null: arithmetic */
    limits_arithmetic_kernel *arithmetic;
    int arrays;
    size_t bytes;    /* of each array, for each thread */
    uint64_t passes; /* over the arrays, or steps of the chains, in one round */
    double *best;    /* bytes or operations a second */
} probe;

enum { PROBES = ASSAY_LEVELS * (BENCH_PLACES * LIMITS_STREAMS + LIMITS_STREAMS + LIMITS_ARITHMETICS) };

/* All that is measured with one number of threads. */
typedef struct survey {
    int threads;
    char *memory, *map;
    size_t bytes, map_bytes; /* for each thread bytes / threads */
    bool (*stop)(void);
    size_t count;
    probe probes[PROBES];
} survey;

static const limits_kernels *kernels_of(assay_level level)
{
    switch (level) {
    case ASSAY_BASELINE: return &limits_kernels_baseline;
#if defined(__x86_64__)
    case ASSAY_AVX2: return &limits_kernels_avx2;
    case ASSAY_AVX512: return &limits_kernels_avx512;
#else
    case ASSAY_AVX2: return &limits_kernels_baseline; /* carried by 16-byte vectors */
#endif
    default: return NULL;
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* Bytes that all threads together go through: half of a cache, or far more than the last one (but never more than a
 * quarter of the machine's memory). Each thread's part alone is far more than a last cache: which processors share one
 * is not to be trusted on a virtual machine, and a part that fits into a cache of its own would pass for memory. */
static size_t working_set(const bench_caches *caches, bench_place place, int threads)
{
    if (place != BENCH_MEMORY)
        return bench_cache_total(caches, place, threads) / 2;
    size_t wanted = (size_t)64 << 20;
    for (int level = BENCH_L1; level < BENCH_CACHES; level++) {
        size_t four = 4 * bench_cache_total(caches, (bench_place)level, threads);
        wanted = four > wanted ? four : wanted;
    }
    wanted *= (size_t)threads;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t quarter = pages > 0 && page > 0 ? (size_t)pages / 4 * (size_t)page : wanted;
    return quarter < wanted ? quarter : wanted;
}

/* Large pages where the system gives them, so that bandwidth is measured and not address translation. Each thread
 * touches its own part first, so that it lies in its own node's memory. */
static assay_status map_memory(survey *s)
{
    const size_t large = (size_t)2 << 20;
    s->map_bytes = s->bytes + large;
    s->map = mmap(NULL, s->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->map == MAP_FAILED) {
        s->map = NULL;
        return assay_fail(ASSAY_NO_MEMORY, "cannot map %zu bytes to measure bandwidth: %s", s->map_bytes,
                          strerror(errno));
    }
    s->memory = s->map + (large - (uintptr_t)s->map % large) % large;
#ifdef MADV_HUGEPAGE
    madvise(s->memory, s->bytes, MADV_HUGEPAGE); /* refused where there are none: then small pages it is */
#endif
    const size_t part = s->bytes / (size_t)s->threads;
#pragma omp parallel for num_threads(s->threads) schedule(static, 1)
    for (int thread = 0; thread < s->threads; thread++)
        memset(s->memory + (size_t)thread * part, 1, part);
    return ASSAY_OK;
}

/* ---- Timing ------------------------------------------------------------------------------------------------------ */

/* Bytes or operations a second of one round with all threads, from the first one's start to the last one's end.
 * @p shortest is the time of the quickest thread. */
static double time_round(const survey *s, const probe *p, double *shortest)
{
    double first = INFINITY, last = 0, work = 0, least = INFINITY;
    const size_t part = s->bytes / (size_t)s->threads;
#pragma omp parallel num_threads(s->threads) reduction(min : first, least) reduction(max : last) reduction(+ : work)
    {
        char *a = s->memory + (size_t)omp_get_thread_num() * part;
        const char *b = a + (p->arrays > 1 ? p->bytes : 0), *c = a + (p->arrays > 2 ? 2 * p->bytes : 0);
        if (p->stream)
            p->stream(a, b, c, p->bytes); /* into the caches again, where the other probes have been meanwhile */
#pragma omp barrier
        first = now();
        if (p->stream) {
            for (uint64_t pass = 0; pass < p->passes; pass++)
                p->stream(a, b, c, p->bytes);
            work = (double)p->passes * p->arrays * (double)p->bytes;
        } else {
            work = p->arithmetic(p->passes);
        }
        last = now();
        least = last - first;
    }
    *shortest = least;
    return work / (last - first);
}

/* One round that is long enough to count. Those that are not are repeated with more passes: also in later rounds,
 * because a thread that lost its processor makes a round look long. */
static void measure_round(const survey *s, probe *p, double seconds)
{
    for (double shortest = 0; shortest < seconds / 2;) {
        double speed = time_round(s, p, &shortest);
        if (shortest < seconds / 2)
            p->passes *= shortest < seconds / 8 ? 4 : 2;
        else if (!(*p->best >= speed)) /* NaN at first */
            *p->best = speed;
    }
}

/* ---- The plan ---------------------------------------------------------------------------------------------------- */

static void add_stream(survey *s, limits_stream_kernel *kernel, limits_stream stream, size_t bytes, double *best)
{
    size_t array = bytes / (size_t)s->threads / (size_t)stream_arrays[stream] / LIMITS_BLOCK * LIMITS_BLOCK;
    if (kernel && array > 0)
        s->probes[s->count++] =
            (probe){.stream = kernel, .arrays = stream_arrays[stream], .bytes = array, .passes = 1, .best = best};
}

static void add_level(survey *s, bench_machine *machine, assay_level level, int all)
{
    const limits_kernels *kernels = kernels_of(level);
    for (int place = BENCH_L1; place < BENCH_PLACES; place++) {
        size_t bytes = working_set(&machine->caches, (bench_place)place, s->threads);
        for (int stream = 0; stream < LIMITS_STREAMS; stream++) {
            double *best = &machine->bandwidth[level][all][place][stream];
            add_stream(s, kernels->plain[stream], (limits_stream)stream, bytes, best);
            if (place == BENCH_MEMORY) /* the better of the two ways to store is the limit */
                add_stream(s, kernels->around[stream], (limits_stream)stream, bytes, best);
        }
    }
    for (int i = 0; i < LIMITS_ARITHMETICS; i++)
        s->probes[s->count++] =
            (probe){.arithmetic = kernels->arithmetic[i], .passes = 1, .best = &machine->arithmetic[level][all][i]};
}

/* Rounds over all probes until there are @p rounds or the time is spent; at least one. */
static assay_status run_rounds(survey *s, int rounds, double seconds, double budget)
{
    const double start = now();
    double longest = 0;
    for (int round = 0; round < rounds; round++) {
        double begun = now();
        if (round > 0 && begun - start + longest > budget)
            break;
        for (size_t i = 0; i < s->count; i++) {
            if (s->stop && s->stop())
                return assay_fail(ASSAY_INTERRUPTED, "interrupted while the limits were measured");
            measure_round(s, &s->probes[i], seconds);
        }
        longest = fmax(longest, now() - begun);
    }
    return ASSAY_OK;
}

static assay_status measure_threads(bool quick, assay_level highest, int all, bool (*stop)(void),
                                    bench_machine *machine)
{
    survey s = {.threads = all ? machine->threads : 1, .stop = stop};
    s.bytes = working_set(&machine->caches, BENCH_MEMORY, s.threads);
    for (int level = ASSAY_BASELINE; level <= (int)highest; level++)
        add_level(&s, machine, (assay_level)level, all);
    assay_status status = map_memory(&s);
    if (status == ASSAY_OK)
        status = run_rounds(&s, quick ? 5 : 11, quick ? 0.003 : 0.006, quick ? 2.0 : 5.0);
    if (s.map)
        munmap(s.map, s.map_bytes);
    return status;
}

void limits_clear(bench_machine *machine)
{
    *machine = (bench_machine){.threads = 1};
    double *numbers[] = {&machine->bandwidth[0][0][0][0], &machine->arithmetic[0][0][0]};
    const size_t counts[] = {sizeof machine->bandwidth / sizeof(double), sizeof machine->arithmetic / sizeof(double)};
    for (int table = 0; table < 2; table++) {
        for (size_t i = 0; i < counts[table]; i++)
            numbers[table][i] = NAN;
    }
}

assay_status limits_measure(bool quick, assay_level highest, int threads, bool (*stop)(void), bench_machine *machine)
{
    limits_clear(machine);
    machine->caches = bench_caches_here();
    machine->threads = threads;
    if (highest < ASSAY_BASELINE)
        highest = ASSAY_BASELINE;
    assay_status status = measure_threads(quick, highest, 0, stop, machine);
    if (status == ASSAY_OK && threads > 1)
        status = measure_threads(quick, highest, 1, stop, machine);
    return status;
}

/* ---- Records ----------------------------------------------------------------------------------------------------- */

static void report_level(const bench_machine *machine, assay_level level, int all, const bench_sink *sink)
{
    assay_limit limit = {.level = assay_level_name(level), .threads = all ? machine->threads : 1, .unit = "B/s"};
    for (int place = BENCH_L1; place < BENCH_PLACES; place++) {
        limit.where = bench_place_name((bench_place)place);
        for (int stream = 0; stream < LIMITS_STREAMS; stream++) {
            limit.name = stream_names[stream];
            limit.per_second = machine->bandwidth[level][all][place][stream];
            if (!isnan(limit.per_second))
                sink->limit(sink->self, &limit);
        }
    }
    limit.where = "";
    for (int i = 0; i < LIMITS_ARITHMETICS; i++) {
        limit.name = arithmetic_names[i];
        limit.unit = i == BENCH_ADD_I32 ? "op/s" : "flop/s";
        limit.per_second = machine->arithmetic[level][all][i];
        if (!isnan(limit.per_second))
            sink->limit(sink->self, &limit);
    }
}

void limits_report(const bench_machine *machine, const bench_sink *sink)
{
    if (!sink->limit)
        return;
    for (int level = 0; level < ASSAY_LEVELS; level++) {
        report_level(machine, (assay_level)level, 0, sink);
        report_level(machine, (assay_level)level, 1, sink);
    }
}

assay_status bench_limits(bool quick, const bench_sink *sink)
{
    if (!sink)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "sink is null");
    bench_machine machine;
    if (sink->start)
        sink->start(sink->self, "limits");
    assay_status status = limits_measure(quick, assay_cpu_level(), assay_threads(), NULL, &machine);
    if (status == ASSAY_OK)
        limits_report(&machine, sink);
    return status;
}
