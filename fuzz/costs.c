/* Logs of measured costs. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "assay/evolved_exp_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static assay_status measure(void *self, const evolved_exp_program *program, double *cost)
{
    (void)self;
    *cost = (double)program->count;
    return ASSAY_OK;
}

/* A cost that is in the log is found there, another one is measured; either is written so that it is read back. */
static void use(const char *path)
{
    const evolved_exp_cost_function inner = {.measure = measure, .name = "nodes"};
    evolved_exp_program program;
    evolved_exp_cost_log *log;
    double cost = NAN, again = NAN;
    FUZZ_OK(evolved_exp_known("f3", &program));
    FUZZ_OK(evolved_exp_cost_log_open(path, inner, &log));
    evolved_exp_cost_function function = evolved_exp_cost_log_function(log);
    FUZZ_OK(function.measure(function.self, &program, &cost));
    evolved_exp_cost_log_close(log);
    FUZZ_OK(evolved_exp_cost_log_open(path, (evolved_exp_cost_function){0}, &log));
    function = evolved_exp_cost_log_function(log);
    FUZZ_OK(function.measure(function.self, &program, &again));
    FUZZ_ASSERT(isfinite(cost) && cost >= 0 && again == cost, "%g, read back as %g", cost, again);
    evolved_exp_cost_log_close(log);
}

int fuzz_costs(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("input.costs", data, size);
    evolved_exp_cost_log *log;
    fuzz_poison(&log, sizeof log);
    const assay_status status = evolved_exp_cost_log_open(path, (evolved_exp_cost_function){0}, &log);
    if (status != ASSAY_OK) {
        fuzz_expect_failure(status, path);
        fuzz_expect_untouched(&log, sizeof log);
        return 0;
    }
    evolved_exp_cost_log_close(log);
    use(path);
    return 0;
}
