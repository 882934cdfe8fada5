/* What the checks of lora_gradient share. */
#include "verify/attention/lora_gradient_checks.h"

#include "assay/memory.h"

#include <math.h>
#include <string.h>
#include <time.h>

const char *const lora_part_names[LORA_PART_COUNT] = {"Q", "K", "V"};

double lora_relative(const double *x, const double *y, size_t n)
{
    double difference = 0, whole = 0;
    for (size_t i = 0; i < n; i++) {
        difference += (x[i] - y[i]) * (x[i] - y[i]);
        whole += y[i] * y[i];
    }
    return difference == 0 ? 0 : sqrt(difference / whole);
}

bool lora_keep(verify_context *v, const lora_case *x, lora_snapshot *kept)
{
    const size_t tokens = x->problem.length * x->problem.width, adapter = x->problem.rank * x->problem.width;
    double *next = assay_allocate(tokens + 2 * LORA_PART_COUNT * adapter, sizeof *next);
    *kept = (lora_snapshot){.memory = next, .loss = x->result.loss};
    if (!verify_true(v, next, "memory"))
        return false;
    for (int m = 0; m < LORA_PART_COUNT; m++, next += 2 * adapter) {
        kept->a[m] = memcpy(next, x->result.a[m], adapter * sizeof *next);
        kept->b[m] = memcpy(next + adapter, x->result.b[m], adapter * sizeof *next);
    }
    kept->output = memcpy(next, x->result.output, tokens * sizeof *next);
    return true;
}

void lora_release_snapshot(lora_snapshot *kept)
{
    assay_release(kept->memory);
    *kept = (lora_snapshot){0};
}

double lora_distance(const lora_case *x, lora_gradient_mode mode, const lora_snapshot *kept)
{
    const size_t adapter = x->problem.rank * x->problem.width;
    double most = 0;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        if (m == LORA_K && mode == LORA_GRADIENT_PARTIAL)
            continue;
        const double of_a = lora_relative(x->result.a[m], kept->a[m], adapter);
        const double of_b = lora_relative(x->result.b[m], kept->b[m], adapter);
        most = of_a > most || isnan(of_a) ? of_a : most;
        most = of_b > most || isnan(of_b) ? of_b : most;
    }
    return most;
}

static double largest_difference(const double *x, const double *y, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs(x[i] - y[i]);
        most = difference > most || isnan(difference) ? difference : most;
    }
    return most;
}

double lora_deviation(const lora_case *x, lora_gradient_mode mode, const lora_snapshot *kept, const lora_bars *bars)
{
    const size_t adapter = x->problem.rank * x->problem.width;
    double most = 0;
    for (int m = 0; m < LORA_PART_COUNT; m++) {
        if (m == LORA_K && mode == LORA_GRADIENT_PARTIAL)
            continue;
        const double of_a = largest_difference(x->result.a[m], kept->a[m], adapter) / bars->a[m];
        const double of_b = largest_difference(x->result.b[m], kept->b[m], adapter) / bars->b[m];
        most = of_a > most || isnan(of_a) ? of_a : most;
        most = of_b > most || isnan(of_b) ? of_b : most;
    }
    return most;
}

double lora_median(double *x, size_t n)
{
    double median = NAN;
    assay_median(x, n, &median);
    return median;
}

double lora_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
