/* What is minimised. */
#include "core/network_parts.h"

#include <math.h>

/* -log softmax(y)[label], and share times its gradient, softmax(y) - e_label. */
static double cross_entropy(const double *y, size_t outputs, size_t label, double share, double *gradient)
{
    double largest = y[0], sum = 0;
    for (size_t o = 1; o < outputs; o++)
        largest = fmax(largest, y[o]);
    for (size_t o = 0; o < outputs; o++)
        sum += exp(y[o] - largest); /* at least 1 and never an overflow */
    for (size_t o = 0; gradient && o < outputs; o++)
        gradient[o] = share * (exp(y[o] - largest) / sum - (o == label));
    return log(sum) + (largest - y[label]);
}

static double squared_error(const double *y, size_t outputs, const double *value, double share, double *gradient)
{
    double sum = 0;
    for (size_t o = 0; o < outputs; o++) {
        const double difference = y[o] - value[o];
        sum += difference * difference / 2;
        if (gradient)
            gradient[o] = share * difference;
    }
    return sum;
}

double network_loss_rows(const assay_targets *targets, size_t first, size_t n, size_t outputs, size_t total,
                         const double *y, double *gradient)
{
    const double share = 1 / (double)total;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double *row = gradient ? gradient + i * outputs : NULL;
        sum += targets->loss == ASSAY_CROSS_ENTROPY
                   ? cross_entropy(y + i * outputs, outputs, targets->labels[first + i], share, row)
                   : squared_error(y + i * outputs, outputs, targets->values + (first + i) * outputs, share, row);
    }
    return sum;
}

assay_status network_check_targets(const assay_network *network, const assay_targets *targets, size_t n)
{
    if (!targets)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "targets is null");
    const size_t outputs = assay_network_outputs(network);
    if (targets->loss != ASSAY_CROSS_ENTROPY && targets->loss != ASSAY_SQUARED_ERROR)
        return assay_fail(ASSAY_OUT_OF_RANGE, "targets->loss is %d, must be 0 or 1", (int)targets->loss);
    if (targets->loss == ASSAY_SQUARED_ERROR)
        return targets->values ? ASSAY_OK : assay_fail(ASSAY_INVALID_ARGUMENT, "targets->values is null");
    if (!targets->labels)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "targets->labels is null");
    for (size_t i = 0; i < n; i++)
        if (targets->labels[i] >= outputs)
            return assay_fail(ASSAY_OUT_OF_RANGE, "targets->labels[%zu] is %zu, must be below %zu", i,
                              targets->labels[i], outputs);
    return ASSAY_OK;
}
