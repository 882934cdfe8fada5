/* lmul: the paper's claims about errors, gates and energy (C1 to C5, C10, C11), and the error curves. */
#include "verify/arithmetic/lmul_checks.h"

#include <math.h>
#include <stdlib.h>

/* Pairs of numbers in [1, 2), all 2^23 mantissas equally likely. */
typedef struct pairs {
    size_t n;
    float *x, *y, *out;
    double *inverse; /* 1 / (x y) */
} pairs;

static void release_pairs(pairs *p)
{
    free(p->x);
    free(p->inverse);
}

static bool make_pairs(uint64_t seed, size_t n, pairs *p)
{
    *p = (pairs){.n = n, .x = malloc(3 * n * sizeof *p->x), .inverse = malloc(n * sizeof *p->inverse)};
    if (!p->x || !p->inverse) {
        release_pairs(p);
        return false;
    }
    p->y = p->x + n;
    p->out = p->y + n;
    const assay_random r = {seed, 41};
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = assay_random_bits(r, i);
        p->x[i] = lmul_float_of(0x3f800000 | (uint32_t)(bits & 0x7fffff));
        p->y[i] = lmul_float_of(0x3f800000 | (uint32_t)(bits >> 41));
        p->inverse[i] = 1 / ((double)p->x[i] * p->y[i]);
    }
    return true;
}

typedef struct moments {
    double mean, rmse, least;
} moments;

/* Of the relative errors of p->out. */
static moments measure(const pairs *p)
{
    double sum = 0, squares = 0, least = INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        const double error = p->out[i] * p->inverse[i] - 1;
        sum += error;
        squares += error * error;
        least = error < least ? error : least;
    }
    return (moments){sum / (double)p->n, sqrt(squares / (double)p->n), least};
}

static double paper_offset(unsigned bits)
{
    return ldexp(1, -(int)lmul_offset_exponent(bits));
}

static moments theory_of(unsigned bits)
{
    moments m = {NAN, NAN, NAN};
    lmul_theory(bits, paper_offset(bits), &m.mean, &m.rmse);
    return m;
}

static moments theory_of_fp8(unsigned mantissa_bits)
{
    moments m = {NAN, NAN, NAN};
    lmul_theory_rounded_product(mantissa_bits, &m.mean, &m.rmse);
    return m;
}

static double measure_c1(verify_context *v, uint64_t seed)
{
    static const unsigned widths[] = {1, 2, 3, 4, 5, 6, 7, 10, 23};
    pairs p;
    double worst = 0;
    if (!make_pairs(seed, 4000000, &p)) {
        verify_note(v, "no memory");
        return NAN;
    }
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        const lmul_arithmetic arithmetic = lmul_with_bits(widths[w]);
        if (lmul_multiply(&arithmetic, p.x, p.y, p.out, p.n)) {
            worst = NAN;
            break;
        }
        const moments measured = measure(&p), expected = theory_of(widths[w]);
        worst = fmax(worst, fmax(fabs(measured.mean - expected.mean), fabs(measured.rmse - expected.rmse)));
    }
    release_pairs(&p);
    return worst;
}

const verify_claim lmul_claim_c1 = {
    .statement = "Measured errors agree with the theoretical expectation: largest deviation of mean and root mean "
                 "square error over 9 widths, 4,000,000 uniform pairs each",
    .paper_value = "agreement",
    .provenance = "abstract",
    .unit = "deviation",
    .measure = measure_c1,
    .low = 0,
    .high = 2e-4,
    .seeds = 5};

static double measure_c2(verify_context *v, uint64_t seed)
{
    (void)v, (void)seed;
    return theory_of(4).rmse / theory_of_fp8(3).rmse;
}

const verify_claim lmul_claim_c2 = {.statement = "4-bit L-Mul is about as precise as E4M3 products: ratio of the root "
                                                 "mean square errors, inputs truncated",
                                    .paper_value = "comparable",
                                    .provenance = "abstract",
                                    .unit = "ratio",
                                    .measure = measure_c2,
                                    .low = 0.9,
                                    .high = 1.1,
                                    .seeds = 1};

static double measure_c3(verify_context *v, uint64_t seed)
{
    (void)v, (void)seed;
    return theory_of(3).rmse / theory_of_fp8(2).rmse;
}

const verify_claim lmul_claim_c3 = {.statement = "3-bit L-Mul is more precise than E5M2 products: ratio of the root "
                                                 "mean square errors, inputs truncated against rounded to nearest",
                                    .paper_value = "outperforms",
                                    .provenance = "abstract",
                                    .unit = "ratio",
                                    .measure = measure_c3,
                                    .low = 0,
                                    .high = 0.9,
                                    .part_low = 0,
                                    .part_high = 1,
                                    .seeds = 1};

static double measure_c4(verify_context *v, uint64_t seed)
{
    lmul_arithmetic arithmetic = lmul_with_bits(4);
    arithmetic.rounding = LMUL_NEAREST;
    pairs p;
    if (!make_pairs(seed, 4000000, &p) || lmul_multiply(&arithmetic, p.x, p.y, p.out, p.n)) {
        verify_note(v, "no memory, or %s", assay_error());
        return NAN;
    }
    const moments m = measure(&p);
    release_pairs(&p);
    verify_note(v, "rounded to nearest: mean %.4f, root mean square %.4f", m.mean, m.rmse);
    return m.rmse / theory_of_fp8(3).rmse;
}

const verify_claim lmul_claim_c4 = {.statement = "The rounding of the inputs decides: with rounding to nearest, 4-bit "
                                                 "L-Mul is far less precise than E4M3 products (C2 fails)",
                                    .paper_value = "(not said)",
                                    .provenance = "derived",
                                    .unit = "ratio of root mean square errors",
                                    .measure = measure_c4,
                                    .low = 1.5,
                                    .high = INFINITY,
                                    .seeds = 5};

/* The printed formula on 23 bits; NaN if it cannot be measured. */
static moments measure_formula(verify_context *v, uint64_t seed)
{
    const lmul_arithmetic arithmetic = lmul_with_bits(23);
    moments m = {NAN, NAN, NAN};
    pairs p;
    if (!make_pairs(seed, 200000, &p) || lmul_reference_multiply_formula(&arithmetic, p.x, p.y, p.out, p.n)) {
        verify_note(v, "no memory, or %s", assay_error());
        return m;
    }
    p.x[0] = p.y[0] = lmul_float_of(0x3fffffff); /* the worst case is in the corner */
    p.inverse[0] = 1 / ((double)p.x[0] * p.y[0]);
    lmul_reference_multiply_formula(&arithmetic, p.x, p.y, p.out, 1);
    m = measure(&p);
    release_pairs(&p);
    return m;
}

static double measure_c5(verify_context *v, uint64_t seed)
{
    return measure_formula(v, seed).rmse / theory_of(23).rmse;
}

const verify_claim lmul_claim_c5 = {.statement = "The formula as printed, without the carry, is not what the adder "
                                                 "computes: ratio of root mean square errors",
                                    .paper_value = "(printed as equal)",
                                    .provenance = "derived",
                                    .unit = "ratio",
                                    .measure = measure_c5,
                                    .low = 3,
                                    .high = INFINITY,
                                    .seeds = 5};

static double measure_c5_least(verify_context *v, uint64_t seed)
{
    return measure_formula(v, seed).least;
}

const verify_claim lmul_claim_c5_least = {.statement =
                                              "The formula as printed, without the carry: least relative error "
                                              "(the adder's is -0.0729)",
                                          .paper_value = "(printed as equal)",
                                          .provenance = "derived",
                                          .unit = "relative error",
                                          .measure = measure_c5_least,
                                          .low = -INFINITY,
                                          .high = -0.2,
                                          .seeds = 5};

static double measure_c10_half(verify_context *v, uint64_t seed)
{
    (void)seed;
    verify_note(v, "gates: L-Mul 16 bit %u, 8 bit %u; products FP16 %u, E4M3 %u, E5M2 %u", lmul_gates(5, 10),
                lmul_gates(4, 3), lmul_multiplier_gates(5, 10), lmul_multiplier_gates(4, 3),
                lmul_multiplier_gates(5, 2));
    return (double)lmul_gates(5, 10) / lmul_multiplier_gates(4, 3);
}

const verify_claim lmul_claim_c10_half = {.statement = "16-bit L-Mul needs fewer gates than an E4M3 multiplier (unit "
                                                       "gates)",
                                          .paper_value = "256 against 325 gates",
                                          .provenance = "recalled",
                                          .unit = "ratio of gates",
                                          .measure = measure_c10_half,
                                          .low = 0,
                                          .high = 0.9999,
                                          .seeds = 1};

static double measure_c10_eight(verify_context *v, uint64_t seed)
{
    (void)v, (void)seed;
    return (double)lmul_gates(4, 3) / lmul_multiplier_gates(4, 3);
}

const verify_claim lmul_claim_c10_eight = {.statement = "8-bit L-Mul needs less than half the gates of an E4M3 "
                                                        "multiplier (unit gates)",
                                           .paper_value = "157 against 325 gates",
                                           .provenance = "recalled",
                                           .unit = "ratio of gates",
                                           .measure = measure_c10_eight,
                                           .low = 0,
                                           .high = 0.4999,
                                           .seeds = 1};

static double measure_c11_product(verify_context *v, uint64_t seed)
{
    (void)v, (void)seed;
    return 100 * lmul_energy_saved_by_product();
}

const verify_claim lmul_claim_c11_element = {.statement = "Element-wise products save 95 % of the energy (model of "
                                                          "45 nm; cannot be observed on a CPU)",
                                             .paper_value = "95 %",
                                             .provenance = "abstract",
                                             .unit = "% saved",
                                             .measure = measure_c11_product,
                                             .low = 95,
                                             .high = 100,
                                             .seeds = 1};

static double measure_c11_dot(verify_context *v, uint64_t seed)
{
    (void)v, (void)seed;
    return 100 * lmul_energy_saved_by_dot();
}

const verify_claim lmul_claim_c11_dot = {.statement = "Dot products save 80 % of the energy (model of 45 nm; cannot be "
                                                      "observed on a CPU)",
                                         .paper_value = "80 %",
                                         .provenance = "abstract",
                                         .unit = "% saved",
                                         .measure = measure_c11_dot,
                                         .low = 75,
                                         .high = 80,
                                         .seeds = 1};

/* The numbers worked out beforehand, to their last digit. */
void lmul_check_theory_values(verify_context *v)
{
    static const struct {
        unsigned bits;
        double mean, rmse;
    } table[] = {{1, -0.038534, 0.146671}, {2, -0.038491, 0.084571}, {3, -0.038488, 0.059561},
                 {4, 0.004082, 0.035860},  {5, -0.017434, 0.035824}, {6, -0.006734, 0.031403},
                 {7, -0.001341, 0.030623}, {10, 0.003402, 0.030848}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const moments m = theory_of(table[i].bits);
        verify_at_most(v, fabs(m.mean - table[i].mean), 5e-7, "absolute difference", "mean, %u bits", table[i].bits);
        verify_at_most(v, fabs(m.rmse - table[i].rmse), 5e-7, "absolute difference", "rmse, %u bits", table[i].bits);
    }
    double mean = 0, rmse = 0;
    verify_ok(v, lmul_theory(0, 0.0625, &mean, &rmse), "not rounded");
    verify_at_most(v, fabs(mean - 0.004082) + fabs(rmse - 0.030950), 1e-6, "absolute difference", "not rounded");
    verify_ok(v, lmul_theory(0, 0.05525, &mean, &rmse), "best offset");
    verify_at_most(v, fabs(rmse - 0.030538), 5e-7, "absolute difference", "not rounded, best offset");
    verify_ok(v, lmul_theory(0, 0.056623, &mean, &rmse), "offset without bias");
    verify_at_most(v, fabs(mean), 1e-6, "mean", "not rounded, offset without bias");
    const moments e4m3 = theory_of_fp8(3), e5m2 = theory_of_fp8(2);
    verify_at_most(v, fabs(e4m3.mean + 0.000650) + fabs(e4m3.rmse - 0.036053), 1e-6, "absolute difference", "E4M3");
    verify_at_most(v, fabs(e5m2.mean + 0.002586) + fabs(e5m2.rmse - 0.071920), 1e-6, "absolute difference", "E5M2");
    static const unsigned best[][3] = {{2, 1, 4}, {3, 1, 8}, {4, 2, 16}, {5, 3, 32}, {6, 5, 64}, {7, 8, 128}};
    for (size_t i = 0; i < sizeof best / sizeof *best; i++) {
        unsigned found = 0;
        double least = INFINITY;
        for (unsigned j = 0; j < best[i][2]; j++) {
            verify_ok(v, lmul_theory(best[i][0], (double)j / best[i][2], &mean, &rmse), "offset %u", j);
            if (rmse < least) {
                least = rmse;
                found = j;
            }
        }
        verify_true(v, found == best[i][1], "the best offset for %u bits is %u/%u, found %u", best[i][0], best[i][1],
                    best[i][2], found);
    }
    static const unsigned gates[][4] = {/* e, m, L-Mul, multiplier */
                                        {5, 2, 47, 96},
                                        {4, 3, 47, 127},
                                        {5, 10, 103, 752},
                                        {8, 23, 215, 3483}};
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
        verify_true(v,
                    lmul_gates(gates[i][0], gates[i][1]) == gates[i][2] &&
                        lmul_multiplier_gates(gates[i][0], gates[i][1]) == gates[i][3],
                    "gates of %u exponent and %u mantissa bits are %u and %u", gates[i][0], gates[i][1], gates[i][2],
                    gates[i][3]);
    verify_true(v, lmul_gates(8, 7) == 103, "gates of BF16 are 103");
}

/* ---- Curves --------------------------------------------------------------------------------------------------- */

enum { CURVE = 12 };

static void record(verify_context *v, const char *chart, const char *label, assay_series_style style,
                   const char *x_label, const char *y_label, size_t count, const double *x, const double *y)
{
    const assay_series series = {.chart = chart,
                                 .label = label,
                                 .style = style,
                                 .x_label = x_label,
                                 .y_label = y_label,
                                 .count = count,
                                 .x = x,
                                 .y = y};
    verify_record_series(v, &series);
}

static void record_over_offset(verify_context *v, unsigned bits, const char *label)
{
    enum { POINTS = 41 };
    double x[POINTS], y[POINTS], mean;
    for (int i = 0; i < POINTS; i++) {
        x[i] = 0.2 * i / (POINTS - 1);
        lmul_theory(bits, x[i], &mean, &y[i]);
    }
    record(v, "error over the offset", label, ASSAY_LINE, "offset", "root mean square relative error", POINTS, x, y);
}

/* The root mean square within 1 %, that is, the mean square m within 1.99 %: by Bernstein's inequality (see
 * lmul_check_sampled_moments, whose bound B of an error gives a square the variance B^2 m at most) it is not with a
 * probability of at most 2 exp(-n 0.0199^2 / 2 / (1.01 B^2 / m)). B^2 / m is at most 12.2 (at 4 bits), which makes
 * 7e-11 for each of 10 widths. */
void lmul_record_error_curves(verify_context *v)
{
    static const char chart[] = "error over mantissa bits", x_label[] = "mantissa bits";
    static const char y_label[] = "root mean square relative error";
    double bits[CURVE], theory[CURVE], measured[CURVE], bias[CURVE], e4m3[CURVE], e5m2[CURVE], nearest[CURVE];
    pairs p;
    if (!verify_true(v, make_pairs(verify_seed_of(v), 1500000, &p), "memory"))
        return;
    for (unsigned k = 1; k <= CURVE; k++) {
        lmul_arithmetic arithmetic = lmul_with_bits(k);
        const moments expected = theory_of(k);
        verify_ok(v, lmul_multiply(&arithmetic, p.x, p.y, p.out, p.n), "%u bits", k);
        const moments found = measure(&p);
        arithmetic.rounding = LMUL_NEAREST;
        verify_ok(v, lmul_multiply(&arithmetic, p.x, p.y, p.out, p.n), "%u bits to nearest", k);
        bits[k - 1] = k;
        theory[k - 1] = expected.rmse;
        bias[k - 1] = expected.mean;
        measured[k - 1] = found.rmse;
        nearest[k - 1] = measure(&p).rmse;
        e4m3[k - 1] = theory_of_fp8(3).rmse;
        e5m2[k - 1] = theory_of_fp8(2).rmse;
        verify_at_most(v, fabs(found.rmse / expected.rmse - 1), 0.01, "relative difference", "%u bits", k);
    }
    release_pairs(&p);
    record(v, chart, "L-Mul truncated, theory", ASSAY_LINE, x_label, y_label, CURVE, bits, theory);
    record(v, chart, "L-Mul truncated, measured", ASSAY_SCATTER, x_label, y_label, CURVE, bits, measured);
    record(v, chart, "L-Mul to nearest, measured", ASSAY_SCATTER, x_label, y_label, CURVE, bits, nearest);
    record(v, chart, "E4M3 exact product", ASSAY_LINE, x_label, y_label, CURVE, bits, e4m3);
    record(v, chart, "E5M2 exact product", ASSAY_LINE, x_label, y_label, CURVE, bits, e5m2);
    record(v, "bias over mantissa bits", "L-Mul truncated, theory", ASSAY_LINE, x_label, "mean relative error", CURVE,
           bits, bias);
    record_over_offset(v, 3, "3 bits truncated");
    record_over_offset(v, 4, "4 bits truncated");
    record_over_offset(v, 7, "7 bits truncated");
    record_over_offset(v, 0, "not rounded");
}
