/* Approximate distances: exact distances of random classes of symbols (Kopelowitz and Porat; Karloff). */
#include "reference/discrete/hamming_distance_parts.h"

#include "assay/memory.h"

#include <math.h>

/* Text and pattern of a repetition, and its distances. */
typedef struct classes {
    uint16_t *text, *pattern;
    int32_t *distance;
} classes;

static uint16_t symbol_at(const void *string, size_t i, size_t symbol_bytes)
{
    return symbol_bytes == 1 ? ((const uint8_t *)string)[i] : ((const uint16_t *)string)[i];
}

static assay_status make_classes(const hamming_distance_input *input, classes *c)
{
    *c = (classes){.text = assay_allocate(input->n, sizeof *c->text),
                   .pattern = assay_allocate(input->m, sizeof *c->pattern),
                   .distance = assay_allocate(input->n - input->m + 1, sizeof *c->distance)};
    return c->text && c->pattern && c->distance ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static void release_classes(classes *c)
{
    assay_release(c->text);
    assay_release(c->pattern);
    assay_release(c->distance);
}

/* The exact distances of one repetition's classes. */
static assay_status run_repetition(hamming_distance_function exact, const hamming_distance_input *input,
                                   size_t repetition, uint64_t count, const hamming_distance_options *options,
                                   classes *c)
{
    enum { ALPHABET = 1 << 16 };
    uint16_t *class_of = assay_allocate(ALPHABET, sizeof *class_of);
    if (!class_of)
        return ASSAY_NO_MEMORY;
    const uint64_t seed = options ? options->seed : 0;
    const size_t symbols = input->symbol_bytes == 1 ? 256 : ALPHABET;
    for (size_t s = 0; s < symbols; s++)
        class_of[s] = (uint16_t)hamming_distance_class(seed, repetition, (uint16_t)s, count);
    for (size_t i = 0; i < input->n; i++)
        c->text[i] = class_of[symbol_at(input->text, i, input->symbol_bytes)];
    for (size_t j = 0; j < input->m; j++)
        c->pattern[j] = class_of[symbol_at(input->pattern, j, input->symbol_bytes)];
    assay_release(class_of);
    return exact(c->text, input->n, c->pattern, input->m, sizeof *c->text, HAMMING_DISTANCE_FFT_ALL, options,
                 c->distance);
}

/* Median of @p count numbers, which are sorted by insertion. */
static double median_of(int32_t *x, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && x[j - 1] > x[j]; j--) {
            const int32_t swap = x[j];
            x[j] = x[j - 1];
            x[j - 1] = swap;
        }
    const size_t low = (count - 1) / 2, high = count / 2;
    return ((double)x[low] + (double)x[high]) / 2;
}

static assay_status estimate_max(hamming_distance_function exact, const hamming_distance_input *input, uint64_t count,
                                 size_t repetitions, const hamming_distance_options *options, double *out)
{
    const size_t shifts = input->n - input->m + 1;
    classes c;
    assay_status status = make_classes(input, &c);
    for (size_t r = 0; status == ASSAY_OK && r < repetitions; r++) {
        status = run_repetition(exact, input, r, count, options, &c);
        for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
            out[i] = r == 0 || c.distance[i] > out[i] ? c.distance[i] : out[i];
    }
    release_classes(&c);
    return status;
}

static assay_status estimate_median(hamming_distance_function exact, const hamming_distance_input *input,
                                    uint64_t count, size_t repetitions, const hamming_distance_options *options,
                                    double *out)
{
    const size_t shifts = input->n - input->m + 1;
    const double m = (double)input->m, correction = count <= 1 << 16 ? (double)count / ((double)count - 1) : 1;
    size_t total;
    if (__builtin_mul_overflow(shifts, repetitions, &total))
        return assay_fail(ASSAY_NO_MEMORY, "%zu repetitions of %zu numbers do not fit", repetitions, shifts);
    classes c;
    assay_status status = make_classes(input, &c);
    int32_t *all = status == ASSAY_OK ? assay_allocate(total, sizeof *all) : NULL; /* by shift, then repetition */
    if (!all)
        status = ASSAY_NO_MEMORY;
    for (size_t r = 0; status == ASSAY_OK && r < repetitions; r++) {
        status = run_repetition(exact, input, r, count, options, &c);
        for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
            all[i * repetitions + r] = c.distance[i];
    }
    for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
        out[i] = fmin(m, median_of(all + i * repetitions, repetitions) * correction);
    assay_release(all);
    release_classes(&c);
    return status;
}

assay_status hamming_distance_estimate(hamming_distance_function exact, const hamming_distance_input *input,
                                       double epsilon, size_t repetitions, hamming_distance_estimator estimator,
                                       const hamming_distance_options *options, double *out)
{
    const uint64_t count = hamming_distance_classes(epsilon);
    return estimator == HAMMING_DISTANCE_MAX_LOWER ? estimate_max(exact, input, count, repetitions, options, out)
                                                   : estimate_median(exact, input, count, repetitions, options, out);
}

/* With two classes a mismatch is seen with probability 1/2: the mean is half the distance. */
assay_status hamming_distance_estimate_by_signs(hamming_distance_function exact, const hamming_distance_input *input,
                                                double epsilon, const hamming_distance_options *options, double *out)
{
    const size_t repetitions = (size_t)ceil(4 / (epsilon * epsilon)), shifts = input->n - input->m + 1;
    classes c;
    assay_status status = make_classes(input, &c);
    int64_t *sum = status == ASSAY_OK ? assay_allocate(shifts, sizeof *sum) : NULL;
    if (!sum)
        status = ASSAY_NO_MEMORY;
    for (size_t r = 0; status == ASSAY_OK && r < repetitions; r++) {
        status = run_repetition(exact, input, r, 2, options, &c);
        for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
            sum[i] += c.distance[i];
    }
    for (size_t i = 0; status == ASSAY_OK && i < shifts; i++)
        out[i] = 2 * (double)sum[i] / (double)repetitions;
    assay_release(sum);
    release_classes(&c);
    return status;
}

assay_status hamming_distance_reference_approximate(const void *text, size_t n, const void *pattern, size_t m,
                                                    size_t symbol_bytes, double epsilon, size_t repetitions,
                                                    hamming_distance_estimator estimator,
                                                    const hamming_distance_options *options, double *out)
{
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_estimate(epsilon, repetitions, estimator);
    if (status != ASSAY_OK)
        return status;
    return hamming_distance_estimate(hamming_distance_reference_exact, &input, epsilon, repetitions, estimator, options,
                                     out);
}

assay_status hamming_distance_reference_karloff(const void *text, size_t n, const void *pattern, size_t m,
                                                size_t symbol_bytes, double epsilon,
                                                const hamming_distance_options *options, double *out)
{
    const hamming_distance_input input = {text, pattern, n, m, symbol_bytes};
    assay_status status = hamming_distance_check(&input, options, out, sizeof *out);
    if (status == ASSAY_OK)
        status = hamming_distance_check_karloff(epsilon);
    if (status != ASSAY_OK)
        return status;
    return hamming_distance_estimate_by_signs(hamming_distance_reference_exact, &input, epsilon, options, out);
}
