/* Quantities that a check records to be drawn: convergence, quality over speed, fitted exponents. (Counts are records
 * of their own: worker.c.) */
#include "verify/context.h"

#include <math.h>
#include <stdlib.h>

void verify_record_convergence(verify_context *v, const char *chart, const char *label, verify_progress along,
                               const char *error_label, const double *progress, const double *error, size_t n)
{
    double *x = malloc(2 * n * sizeof *x + 1), *y = x + n;
    size_t kept = 0;
    if (!verify_true(v, x, "memory for %zu points", n))
        return;
    for (size_t i = 0; i < n; i++) {
        if (error[i] > 0 && isfinite(error[i])) {
            x[kept] = progress[i];
            y[kept++] = error[i];
        }
    }
    verify_record_series(v, &(assay_series){.chart = chart,
                                            .label = label,
                                            .style = ASSAY_LINE,
                                            .x_label = along == VERIFY_ITERATIONS ? "iterations" : "seconds",
                                            .y_label = error_label,
                                            .y_log = 1,
                                            .count = kept,
                                            .x = x,
                                            .y = y,
                                            .kind = ASSAY_CONVERGENCE});
    free(x);
}

void verify_record_quality_speed(verify_context *v, const char *chart, const char *label, const char *quality_label,
                                 const char *speed_label, const double *quality, const double *speed, size_t n)
{
    verify_record_series(v, &(assay_series){.chart = chart,
                                            .label = label,
                                            .style = ASSAY_LINE,
                                            .x_label = quality_label,
                                            .y_label = speed_label,
                                            .y_log = 1,
                                            .count = n,
                                            .x = quality,
                                            .y = speed,
                                            .kind = ASSAY_QUALITY_SPEED});
}

bool verify_record_exponent(verify_context *v, const char *chart, const char *label, const char *x_label,
                            const char *y_label, const double *x, const double *y, size_t n, assay_interval *exponent)
{
    double factor = 0;
    if (!verify_ok(v, assay_fit_exponent(x, y, n, 0.95, exponent, &factor), "exponent of %s", label))
        return false;
    verify_record_series(v, &(assay_series){.chart = chart,
                                            .label = label,
                                            .style = ASSAY_SCATTER,
                                            .x_label = x_label,
                                            .y_label = y_label,
                                            .x_log = 1,
                                            .y_log = 1,
                                            .count = n,
                                            .x = x,
                                            .y = y,
                                            .kind = ASSAY_SCALING,
                                            .exponent = exponent->estimate,
                                            .exponent_low = exponent->low,
                                            .exponent_high = exponent->high,
                                            .factor = factor});
    return true;
}
