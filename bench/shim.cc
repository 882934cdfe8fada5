// Google Benchmark behind the plain C of shim.h. No exception leaves this file.
#include "bench/shim.h"

#include "assay/build.h"

#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

struct shim {
    std::string program, seconds, repetitions; // referred to by Google Benchmark as long as it runs
    std::ofstream file;
    std::unique_ptr<benchmark::JSONReporter> json;
};

namespace
{

const char *const counter_names[BENCH_COUNTERS] = {"CYCLES", "INSTRUCTIONS", "BRANCH-MISSES", "CACHE-MISSES"};

// One repetition.
void repeat(benchmark::State &state, const shim_job &job)
{
    const uint64_t runs = static_cast<uint64_t>(state.max_iterations);
    if (const char *reason = job.before(job.self, runs)) {
        state.SkipWithError(reason);
        // Not once; but a repetition that never started would have no iterations, and the library aborts where
        // repetitions differ in them.
        for (auto _ : state) // NOLINT(clang-analyzer-deadcode.DeadStores)
            continue;
        return;
    }
    bench_state *const data = job.state;
    assay_status (*const run)(bench_state *) = job.run;
    for (auto _ : state) { // NOLINT(clang-analyzer-deadcode.DeadStores): the library's idiom
        const assay_status status = run(data);
        bench_consume(data->data);
        data->turn++;
        if (status != ASSAY_OK) {
            char reason[256];
            shim_describe(status, reason, sizeof reason);
            state.SkipWithError(reason);
            return;
        }
    }
    double counts[BENCH_COUNTERS];
    job.after(job.self, runs, counts);
    for (int i = 0; i < BENCH_COUNTERS; i++) {
        if (!std::isnan(counts[i]))
            state.counters[counter_names[i]] = counts[i];
    }
    const std::pair<const char *, double> rates[] = {
        {"bytes_per_second", data->bytes}, {"items_per_second", data->items}, {"flops_per_second", data->flops}};
    for (const auto &[name, per_run] : rates) {
        if (per_run > 0)
            state.counters[name] = benchmark::Counter(per_run * static_cast<double>(runs), benchmark::Counter::kIsRate);
    }
}

// Hands results to the jobs, and those without errors to the JSON.
class Reporter : public benchmark::BenchmarkReporter
{
  public:
    Reporter(benchmark::JSONReporter *json, const shim_job *jobs, size_t count)
        : json_(json), jobs_(jobs), failed_(count, false)
    {
    }

    bool ReportContext(const Context &) override
    {
        return true;
    }

    void ReportRuns(const std::vector<Run> &runs) override
    {
        bool failed = false;
        for (const Run &run : runs) {
            const size_t i = job_of(run);
            if (run.error_occurred && !failed_[i]) {
                failed_[i] = true;
                jobs_[i].failed(jobs_[i].self, run.error_message.c_str());
            }
            failed = failed || failed_[i];
        }
        if (failed)
            return;
        for (const Run &run : runs) {
            const size_t i = job_of(run);
            if (run.run_type == Run::RT_Iteration)
                report_repetition(jobs_[i], run);
        }
        if (json_)
            json_->ReportRuns(runs);
    }

  private:
    static void report_repetition(const shim_job &job, const Run &run)
    {
        double counts[BENCH_COUNTERS];
        for (int i = 0; i < BENCH_COUNTERS; i++) {
            const auto counter = run.counters.find(counter_names[i]);
            counts[i] = counter == run.counters.end() ? NAN : static_cast<double>(counter->second);
        }
        job.timed(job.self, run.real_accumulated_time / static_cast<double>(run.iterations), counts);
    }

    size_t job_of(const Run &run) const
    {
        for (size_t i = 0; i < failed_.size(); i++) {
            if (run.run_name.function_name == jobs_[i].name)
                return i;
        }
        throw std::runtime_error("Google Benchmark reports \"" + run.run_name.function_name + "\", which was not run");
    }

    benchmark::JSONReporter *json_;
    const shim_job *jobs_;
    std::vector<bool> failed_;
};

void initialize(shim &s)
{
    char random[] = "--benchmark_enable_random_interleaving=true", out[] = "--benchmark_out=";
    char *arguments[] = {&s.program[0], &s.seconds[0], &s.repetitions[0], random, out, nullptr};
    int count = 5;
    benchmark::Initialize(&count, arguments);
    static bool first = true; // the context is the process's: a second value of a name is refused
    if (first)
        benchmark::AddCustomContext("assay_revision", assay_build_revision());
    first = false;
}

// Opens the JSON with Google Benchmark's own context.
assay_status open_json(shim &s, const char *path)
{
    s.file.open(path, std::ios::out | std::ios::trunc);
    if (!s.file)
        return assay_fail(ASSAY_IO, "cannot write %s", path);
    s.json = std::make_unique<benchmark::JSONReporter>();
    s.json->SetOutputStream(&s.file);
    s.json->SetErrorStream(&s.file);
    s.json->ReportContext(benchmark::BenchmarkReporter::Context());
    return ASSAY_OK;
}

} // namespace

extern "C" assay_status shim_open(const char *program, double seconds, size_t repetitions, const char *json_path,
                                  shim **opened)
try {
    auto s = std::make_unique<shim>();
    char text[64];
    s->program = program;
    std::snprintf(text, sizeof text, "--benchmark_min_time=%.17g", seconds);
    s->seconds = text;
    std::snprintf(text, sizeof text, "--benchmark_repetitions=%zu", repetitions);
    s->repetitions = text;
    initialize(*s);
    const assay_status status = json_path ? open_json(*s, json_path) : ASSAY_OK;
    if (status == ASSAY_OK)
        *opened = s.release();
    return status;
} catch (const std::exception &problem) {
    return assay_fail(ASSAY_NO_MEMORY, "Google Benchmark: %s", problem.what());
}

extern "C" assay_status shim_run(shim *s, const shim_job *jobs, size_t count)
try {
    benchmark::ClearRegisteredBenchmarks();
    for (size_t i = 0; i < count; i++) {
        const shim_job *job = &jobs[i];
        auto *registered =
            benchmark::RegisterBenchmark(job->name, [job](benchmark::State &state) { repeat(state, *job); });
        registered->UseRealTime();
        if (job->process_time)
            registered->MeasureProcessCPUTime();
    }
    Reporter reporter(s->json.get(), jobs, count);
    benchmark::RunSpecifiedBenchmarks(&reporter, std::string("all"));
    benchmark::ClearRegisteredBenchmarks();
    return ASSAY_OK;
} catch (const std::exception &problem) {
    return assay_fail(ASSAY_NO_MEMORY, "Google Benchmark: %s", problem.what());
}

extern "C" assay_status shim_close(shim *s)
try {
    const std::unique_ptr<shim> owned(s);
    if (!s || !s->json)
        return ASSAY_OK;
    s->json->Finalize();
    s->file.close();
    return s->file ? ASSAY_OK : assay_fail(ASSAY_IO, "cannot write Google Benchmark's JSON: the disk may be full");
} catch (const std::exception &problem) {
    return assay_fail(ASSAY_IO, "Google Benchmark: %s", problem.what());
}
