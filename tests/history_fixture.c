#include "tests/history_fixture.h"

#include "assay/random.h"
#include "reports/store.h"
#include "tests/plain_records.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct writer {
    report_store *store;
    const history_plan *plan;
    size_t first; /* run of the machine that counts */
    int64_t run;
    bool ok;
} writer;

static void check(writer *w, assay_status status)
{
    if (status != ASSAY_OK)
        fprintf(stderr, "fixture: %s\n", assay_error());
    w->ok &= status == ASSAY_OK;
}

void fixture_revision(size_t k, char revision[13])
{
    snprintf(revision, 13, "%012llx", (k + 1) * 0x9e3779b97f4aull & 0xffffffffffffull);
}

static void begin(writer *w, const char *command, size_t k, bool other_machine)
{
    char started[48], revision[13];
    snprintf(started, sizeof started, "2026-%02u-%02uT%s:00:00Z", (unsigned)(1 + k / 28) % 100, (unsigned)(1 + k % 28),
             *command == 'b' ? "12" : "13");
    fixture_revision(k, revision);
    assay_run run = plain_run(command, revision, started);
    run.depth = *command == 'b' ? "" : "quick";
    if (other_machine)
        run.machine = "Intel Atom";
    check(w, report_store_begin_run(w->store, &run, &w->run));
}

/* Nine repetitions around a median that is @p level. */
static void add_time(writer *w, const char *algorithm, const char *implementation, const char *workload, size_t size,
                     double level)
{
    double seconds[9];
    for (int i = 0; i < 9; i++)
        seconds[i] = level * (1 + 0.004 * (i - 4));
    assay_timing t = plain_timing(algorithm, implementation, workload, size, seconds);
    t.is_peer = *implementation == 'O';
    t.is_reference = *implementation == 'r';
    check(w, report_store_add_timing(w->store, w->run, &t));
}

typedef struct benchmark {
    const char *algorithm, *implementation, *workload;
    size_t size;
    double seconds;
} benchmark;

static void add_bench(writer *w, size_t k, bool other_machine)
{
    static const benchmark all[] = {
        {"lmul", "avx2", "multiply", 4096, 1.2e-6},   {"lmul", "reference", "multiply", 4096, 30e-6},
        {"lmul", "avx512", "multiply", 4096, 0.7e-6}, {"lmul", "OpenBLAS", "multiply", 4096, 0.6e-6},
        {"lmul", "avx2", "dot", 65536, 21e-6},        {"lmul", "avx512", "dot", 65536, 12e-6},
        {"sor_bandit", "avx2", "heat", 1024, 3e-3},   {"lmul", "reference", "dot", 65536, 600e-6}};
    begin(w, "bench", k, other_machine);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const assay_random r = {w->plan->seed, i};
        if (w->plan->newest_is_partial && k + 1 == w->first + w->plan->runs && all[i].size == 4096)
            continue;
        const bool slower = (i == 0 || (i == 3 && w->plan->peer_slower)) && w->plan->factor > 0 && !other_machine &&
                            k - w->first >= w->plan->slower_from;
        const double level = all[i].seconds * exp(0.01 * assay_random_normal(r, k)) * (other_machine ? 3 : 1);
        add_time(w, all[i].algorithm, all[i].implementation, all[i].workload, all[i].size,
                 slower ? level * w->plan->factor : level);
    }
    check(w, report_store_end_run(w->store, w->run, 10));
}

static void add_error(writer *w, const char *check_name, assay_kind kind, double measured, assay_verdict verdict)
{
    const int at_least = strcmp(check_name, "found") == 0; /* the larger, the better */
    const assay_result r = {.algorithm = "lmul",
                            .implementation = "avx2",
                            .kind = kind,
                            .check = check_name,
                            .workload = "odd shapes",
                            .measured = measured,
                            .limit = at_least ? 0.5 : 1,
                            .at_least = at_least,
                            .unit = at_least ? "" : "ulp",
                            .verdict = verdict,
                            .reason = "",
                            .seconds = 0.1,
                            .seed = 1,
                            .replay = "",
                            .spread_low = NAN,
                            .spread_high = NAN};
    check(w, report_store_add_result(w->store, w->run, &r));
}

static void add_verify(writer *w, size_t k, bool other_machine)
{
    const bool less_exact = w->plan->less_exact_from && k - w->first >= w->plan->less_exact_from;
    const assay_random r = {w->plan->seed, 99};
    begin(w, "verify", k, other_machine);
    add_error(w, "gemm", ASSAY_ORACLE, less_exact ? 0.75 : 0.6, ASSAY_PASS);
    add_error(w, "found", ASSAY_ORACLE, less_exact ? 0.9 : 0.98, ASSAY_PASS);
    add_error(w, "exact", ASSAY_AGREEMENT, 0, ASSAY_PASS);
    /* No oracle: its number may be anything. */
    add_error(w, "timed claim", ASSAY_CLAIM, 1 + 10 * assay_random_uniform(r, k), ASSAY_REPRODUCED);
    check(w, report_store_end_run(w->store, w->run, 5));
}

bool fixture_add_history(const char *path, const history_plan *plan)
{
    writer w = {.plan = plan, .ok = true};
    check(&w, report_store_open(path, &w.store));
    const size_t shift = plan->other_machine_is_newest ? plan->runs : 0;
    const size_t first = plan->other_machine_is_newest ? 0 : plan->other_machine;
    w.first = first;
    for (size_t k = 0; w.ok && k < plan->other_machine; k++)
        add_bench(&w, shift + k, true);
    for (size_t k = first; w.ok && k < first + plan->runs; k++) {
        add_bench(&w, k, false);
        add_verify(&w, k, false);
    }
    report_store_close(w.store);
    return w.ok;
}
