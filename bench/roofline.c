/* The least time in which the machine can do a run's bytes and operations: the roofline (Williams, Waterman and
 * Patterson 2009), with the roof of each way of going through memory on its own. */
#include "bench/limits.h"

#include <math.h>

static const char *const stream_limits[BENCH_PLACES][LIMITS_STREAMS] = {
    {"L1 read bandwidth", "L1 write bandwidth", "L1 copy bandwidth", "L1 triad bandwidth"},
    {"L2 read bandwidth", "L2 write bandwidth", "L2 copy bandwidth", "L2 triad bandwidth"},
    {"L3 read bandwidth", "L3 write bandwidth", "L3 copy bandwidth", "L3 triad bandwidth"},
    {"memory read bandwidth", "memory write bandwidth", "memory copy bandwidth", "memory triad bandwidth"},
};
static const char *const arithmetic_limits[LIMITS_ARITHMETICS] = {"fma f32", "fma f64", "add i32"};

/* The larger of two numbers, either of which may be missing. */
static double larger(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

/* A level includes those below it, and fewer threads are always allowed: the best of all those is the limit. */
static double best_bandwidth(const bench_machine *machine, assay_level level, int all, bench_place place,
                             limits_stream stream)
{
    double best = NAN;
    for (int l = 0; l <= (int)level; l++) {
        for (int t = 0; t <= all; t++)
            best = larger(best, machine->bandwidth[l][t][place][stream]);
    }
    return best;
}

static double best_arithmetic(const bench_machine *machine, assay_level level, int all, bench_arithmetic arithmetic)
{
    double best = NAN;
    for (int l = 0; l <= (int)level; l++) {
        for (int t = 0; t <= all; t++)
            best = larger(best, machine->arithmetic[l][t][arithmetic]);
    }
    return best;
}

/* Bytes of each pure stream that the run does at least, whatever else it does. Doing more takes no less time, so that
 * each of them alone is a limit; adding them up would not be, because reads and writes overlap. */
static void contained_streams(const bench_state *state, double bytes[LIMITS_STREAMS])
{
    double read = state->bytes_read, written = state->bytes_written;
    if (!(read > 0) && !(written > 0))
        read = written = state->bytes / 2;
    read = read > 0 ? read : 0;
    written = written > 0 ? written : 0;
    bytes[LIMITS_READ] = read;
    bytes[LIMITS_WRITE] = written;
    bytes[LIMITS_COPY] = 2 * fmin(read, written);
    bytes[LIMITS_TRIAD] = 3 * fmin(read / 2, written);
}

/* Raises the least time to @p limit if that is more. */
static void raise_to(double limit, const char *limit_name, double *seconds, const char **name)
{
    if (limit > 0 && !(*seconds >= limit)) {
        *seconds = limit;
        *name = limit_name;
    }
}

double limits_seconds(const bench_machine *machine, const bench_state *state, bench_arithmetic arithmetic,
                      assay_level level, int threads, const char **name)
{
    const int all = threads > 1;
    double working_set = state->working_set > 0 ? state->working_set : state->bytes;
    bench_place place = bench_place_of(&machine->caches, working_set, threads);
    double seconds = NAN, bytes[LIMITS_STREAMS];
    *name = "";
    contained_streams(state, bytes);
    for (int stream = 0; stream < LIMITS_STREAMS; stream++)
        raise_to(bytes[stream] / best_bandwidth(machine, level, all, place, (limits_stream)stream),
                 stream_limits[place][stream], &seconds, name);
    raise_to(state->flops / best_arithmetic(machine, level, all, arithmetic), arithmetic_limits[arithmetic], &seconds,
             name);
    return seconds;
}
