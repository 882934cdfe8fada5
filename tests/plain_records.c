#include "tests/plain_records.h"

#include <math.h>

assay_run plain_run(const char *command, const char *revision, const char *started)
{
    return (assay_run){.command = command,
                       .revision = revision,
                       .compiler = "gcc 12.2.0",
                       .flags = "-O3 -ffp-contract=off",
                       .machine = "AMD EPYC 9R14",
                       .system = "Linux 6.1.0 x86_64",
                       .level = "avx512",
                       .depth = "",
                       .shard = "1/1",
                       .started = started,
                       .word_bits = 64,
                       .processors = 2,
                       .threads = 2,
                       .seed = 1};
}

assay_timing plain_timing(const char *algorithm, const char *implementation, const char *workload, uint64_t size,
                          const double seconds[9])
{
    return (assay_timing){.algorithm = algorithm,
                          .implementation = implementation,
                          .workload = workload,
                          .size = size,
                          .threads = 1,
                          .repetitions = 9,
                          .seconds = seconds,
                          .bytes = NAN,
                          .flops = NAN,
                          .items = NAN,
                          .working_set = NAN,
                          .limit_seconds = NAN,
                          .limit_name = "",
                          .note = "",
                          .quality = NAN,
                          .quality_label = "",
                          .cycles = NAN,
                          .instructions = NAN,
                          .branch_misses = NAN,
                          .cache_misses = NAN,
                          .counters_reason = "",
                          .replay = ""};
}
