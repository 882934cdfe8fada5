/* lmul: every input there is. */
#include "assay/threads.h"
#include "verify/arithmetic/lmul_checks.h"

#include <stdlib.h>

/* Where the first difference is, for the message; the same whatever the number of threads. */
typedef struct difference {
    bool found;
    uint64_t index;
} difference;

static void keep_first(difference *d, uint64_t index)
{
#pragma omp critical(lmul_difference)
    if (!d->found || index < d->index)
        *d = (difference){true, index};
}

/* One number times all others, for every number. */
static void check_all_pairs(verify_context *v, lmul_format format)
{
    enum { ALL = 1 << 16 };
    difference d = {false, 0};
#pragma omp parallel num_threads(assay_threads())
    {
        uint16_t *x = malloc(4 * ALL * sizeof *x), *y = x + ALL, *out = y + ALL, *expected = out + ALL;
        for (uint32_t i = 0; x && i < ALL; i++)
            y[i] = (uint16_t)i;
#pragma omp for schedule(dynamic, 64)
        for (uint32_t a = 0; a < ALL; a++) {
            for (uint32_t i = 0; x && i < ALL; i++)
                x[i] = (uint16_t)a;
            if (!x || lmul_multiply_u16(format, x, y, out, ALL) ||
                lmul_reference_multiply_u16(format, x, y, expected, ALL)) {
                keep_first(&d, (uint64_t)a * ALL);
                continue;
            }
            if (memcmp(out, expected, ALL * sizeof *out) != 0) {
                uint32_t i = 0;
                while (out[i] == expected[i])
                    i++;
                keep_first(&d, (uint64_t)a * ALL + i);
            }
        }
        free(x);
    }
    verify_true(v, !d.found, "all 2^32 pairs agree with the reference; the first that does not is 0x%04x times 0x%04x",
                (unsigned)(d.index >> 16), (unsigned)(d.index & 0xffff));
}

void lmul_check_bf16_all_pairs(verify_context *v)
{
    check_all_pairs(v, LMUL_BF16);
}

void lmul_check_fp16_all_pairs(verify_context *v)
{
    check_all_pairs(v, LMUL_FP16);
}

void lmul_check_f32_all_patterns(verify_context *v)
{
    enum { PART = 1 << 16 };
    static const uint32_t others[] = {0x3f8ccccd, 0xbfffffff, 0x00800001, 0x7f7fffff}; /* 1.1, near -2, the extremes */
    static const unsigned widths[] = {23, 4, 23, 3};
    for (size_t o = 0; o < sizeof others / sizeof *others; o++) {
        lmul_arithmetic arithmetic = lmul_with_bits(widths[o]);
        arithmetic.rounding = o == 3 ? LMUL_NEAREST : LMUL_TRUNCATE;
        difference d = {false, 0};
#pragma omp parallel num_threads(assay_threads())
        {
            float *x = malloc(4 * PART * sizeof *x), *y = x + PART, *out = y + PART, *expected = out + PART;
            for (uint32_t i = 0; x && i < PART; i++)
                y[i] = lmul_float_of(others[o]);
#pragma omp for schedule(dynamic, 64)
            for (uint32_t part = 0; part < 1u << 16; part++) {
                for (uint32_t i = 0; x && i < PART; i++)
                    x[i] = lmul_float_of(part << 16 | i);
                if (!x || lmul_multiply(&arithmetic, x, y, out, PART) ||
                    lmul_reference_multiply(&arithmetic, x, y, expected, PART)) {
                    keep_first(&d, (uint64_t)part << 16);
                    continue;
                }
                for (uint32_t i = 0; i < PART; i++) {
                    if (lmul_bits_of(out[i]) != lmul_bits_of(expected[i])) {
                        keep_first(&d, (uint64_t)part << 16 | i);
                        break;
                    }
                }
            }
            free(x);
        }
        if (!verify_true(v, !d.found, "all 2^32 numbers times 0x%08x agree; the first that does not is 0x%08llx",
                         (unsigned)others[o], (unsigned long long)d.index))
            return;
    }
}
