/* Hardware counters: one group, so that all count during the same moments, read as differences and never reset. */
#include "bench/counters.h"

#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

const counters_event counters_hardware[BENCH_COUNTERS] = {
    [BENCH_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    [BENCH_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    [BENCH_BRANCH_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    [BENCH_CACHE_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
};
static const char *const names[BENCH_COUNTERS] = {"cycles", "instructions", "branch misses", "cache misses"};

enum { UNKNOWN_SETTING = -1000 };

static int paranoid_setting(void)
{
    int setting = UNKNOWN_SETTING;
    FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    if (file) {
        if (fscanf(file, "%d", &setting) != 1)
            setting = UNKNOWN_SETTING;
        fclose(file);
    }
    return setting;
}

void counters_explain(int error, int paranoid, char *reason, int capacity)
{
    const char *name = strerrorname_np(error);
    if (error == EACCES || error == EPERM) {
        char setting[64] = "";
        if (paranoid != UNKNOWN_SETTING)
            snprintf(setting, sizeof setting, ", kernel.perf_event_paranoid is %d", paranoid);
        snprintf(reason, (size_t)capacity, "hardware counters: not permitted (perf_event_open: %s%s)", name, setting);
    } else {
        snprintf(reason, (size_t)capacity, "hardware counters: not supported on this machine (perf_event_open: %s)",
                 name ? name : "unknown error");
    }
}

/* Opens one event of this process, and of the threads that it starts if @p threads, in the group of @p leader. */
static int open_event(counters_event event, int leader, bool threads)
{
    struct perf_event_attr attributes = {
        .type = event.type,
        .size = sizeof attributes,
        .config = event.config,
        .read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .disabled = leader < 0, /* the group begins as one, when it is complete */
        .inherit = threads,
        .exclude_kernel = 1, /* what every user may count */
        .exclude_hv = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

bench_counters counters_none(const char *reason)
{
    bench_counters counters = {.leader = -1};
    for (int i = 0; i < BENCH_COUNTERS; i++)
        counters.descriptor[i] = -1;
    snprintf(counters.reason, sizeof counters.reason, "%s", reason);
    return counters;
}

bool counters_open(bench_counters *counters, const counters_event events[BENCH_COUNTERS])
{
    *counters = counters_none("");
    counters->threads = true;
    int error = 0;
    for (int i = 0; i < BENCH_COUNTERS; i++) {
        int descriptor = open_event(events[i], counters->leader, counters->threads);
        if (descriptor < 0 && errno == EINVAL && counters->leader < 0 && counters->threads) {
            counters->threads = false; /* kernels before 4.13 cannot read a group that is inherited */
            descriptor = open_event(events[i], -1, false);
        }
        if (descriptor < 0) {
            error = errno;
            snprintf(counters->reason, sizeof counters->reason, "hardware counters: no %s here (perf_event_open: %s)",
                     names[i], strerrorname_np(error));
        } else if (counters->leader < 0) {
            counters->leader = descriptor;
        }
        counters->descriptor[i] = descriptor;
    }
    if (counters->leader >= 0)
        ioctl(counters->leader, PERF_EVENT_IOC_ENABLE, 0);
    else
        counters_explain(error, paranoid_setting(), counters->reason, sizeof counters->reason);
    return counters->leader >= 0;
}

void counters_close(bench_counters *counters)
{
    for (int i = 0; i < BENCH_COUNTERS; i++) {
        if (counters->descriptor[i] >= 0)
            close(counters->descriptor[i]);
        counters->descriptor[i] = -1;
    }
    counters->leader = -1;
}

bool counters_read(const bench_counters *counters, counters_sample *sample)
{
    struct {
        uint64_t count, enabled, running, value[BENCH_COUNTERS];
    } group;
    if (counters->leader < 0 || read(counters->leader, &group, sizeof group) < (ssize_t)(3 * sizeof(uint64_t)))
        return false;
    sample->enabled = group.enabled;
    sample->running = group.running;
    uint64_t next = 0; /* the group holds those that could be opened, in that order */
    for (int i = 0; i < BENCH_COUNTERS; i++)
        sample->value[i] = counters->descriptor[i] >= 0 && next < group.count ? group.value[next++] : 0;
    return true;
}

void counters_between(const bench_counters *counters, const counters_sample *before, const counters_sample *after,
                      uint64_t runs, double per_run[BENCH_COUNTERS])
{
    const double enabled = (double)(after->enabled - before->enabled);
    const double running = (double)(after->running - before->running);
    for (int i = 0; i < BENCH_COUNTERS; i++) {
        bool counted = counters->descriptor[i] >= 0 && running > 0 && runs > 0;
        double value = (double)(after->value[i] - before->value[i]);
        per_run[i] = counted ? value * (enabled / running) / (double)runs : NAN;
    }
}
