/*
 * AUTO: the method that a model of costs expects to be the fastest.
 *
 * The candidates are SIMD, SLICED, and pairs for rare symbols with transforms of residues for frequent ones. DNA2 and
 * FFT_ALL are none: SLICED does what DNA2 does with fewer operations, and a transform of 16-bit residues costs a
 * quarter of one of float32.
 */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/cpu.h"

/* Nanoseconds on a processor of 2022 (AMD Zen 4); only their ratios matter. */
typedef struct costs {
    double compared;      /* a pair of bytes compared; 16-bit symbols cost twice that */
    double sliced;        /* a bit added in bit slices */
    double sliced_shift;  /* what a shift costs besides: counters taken apart, eight times */
    double plane;         /* a symbol of text in the plane of a symbol, by comparison; 16-bit ones cost twice that */
    double residue;       /* a residue through a transform, product included, while they fit in the L2 cache */
    double large_residue; /* if they do not */
} costs;

static const costs cost_table[ASSAY_LEVELS] = {
    [ASSAY_BASELINE] = {.0144, .0041, 11, 1, 3.4, 4.0},
    [ASSAY_AVX2] = {.0078, .00200, 2.2, .06, 1.2, 2.0},
    [ASSAY_AVX512] = {.0083, .00128, 1.6, .034, .95, 1.8},
};

static const double PAIR = .6;    /* a pair */
static const double COUNTED = .8; /* a symbol counted and looked up */
static const double SET = 3;      /* a bit set in a plane */

/* The last transform that stays in the L2 cache with its product. */
enum { LARGE = 1 << 16 };

double hamming_cost_of_pairs(const hamming_distance_input *input, double pairs)
{
    return pairs * cost_table[assay_cpu_level()].compared * (double)input->symbol_bytes;
}

static double cost_of_slicing(const costs *c, const hamming_kernels *kernels, const hamming_distance_input *input,
                              size_t symbols, double shifts)
{
    enum { PIECE = 16384 };
    const double m = (double)input->m, width = (double)input->symbol_bytes, block = shifts < PIECE ? shifts : PIECE;
    const double piece = m < PIECE ? m : PIECE, pieces = m / piece;
    const double window = pieces * (block + piece) / block; /* symbols put in planes for each shift */
    const bool by_comparison = kernels->plane_u8 && symbols <= kernels->vector_bytes / input->symbol_bytes;
    const double plane = by_comparison ? c->plane * width * (double)symbols : SET + (double)symbols / 256;
    return shifts * (m * c->sliced + c->sliced_shift * pieces + plane * window);
}

/* Pairs where they cost less than transforms; *limit is that number of pairs for each residue. */
static double cost_of_transforms(const costs *c, const hamming_distance_input *input, const hamming_alphabet *alphabet,
                                 double shifts, double *limit)
{
    const size_t most = hamming_modular_pattern_max(), part = input->m < most ? input->m : most;
    const double parts = (double)((input->m + most - 1) / most);
    const size_t N = hamming_modular_length(part), step = N - part + 1;
    const double windows = (double)(((size_t)shifts + step - 1) / step);
    const double residue = N > LARGE ? c->large_residue : c->residue;
    double cost = 0, places = 0;
    *limit = residue / PAIR * (windows + 1) / windows;
    for (size_t s = 0; s < alphabet->symbols; s++) {
        const double pairs = (double)hamming_pairs_of(alphabet, s);
        const double in_pattern = (double)hamming_distance_count(&alphabet->places, s);
        if (pairs <= *limit * windows * (double)N * parts) {
            cost += PAIR * pairs;
        } else {
            const double shares = 1 + in_pattern / parts / HAMMING_MODULUS;
            cost += parts * (double)(size_t)shares * (windows + 1) * (double)N * residue;
            places += in_pattern;
        }
    }
    if (places > 0)
        cost += parts * (double)(size_t)(1 + places / parts / HAMMING_MODULUS) * windows * (double)N * residue;
    return cost;
}

double hamming_cost_of_automatic(const hamming_kernels *kernels, const hamming_distance_input *input,
                                 const hamming_alphabet *alphabet)
{
    const costs *c = &cost_table[assay_cpu_level()];
    const double shifts = (double)(input->n - input->m + 1);
    double limit;
    const double comparing = hamming_cost_of_pairs(input, shifts * (double)input->m);
    const double slicing = cost_of_slicing(c, kernels, input, alphabet->symbols, shifts);
    const double transforms = cost_of_transforms(c, input, alphabet, shifts, &limit);
    const double counting = COUNTED * (double)input->n + (slicing < transforms ? slicing : transforms);
    return comparing < counting ? comparing : counting;
}

assay_status hamming_automatic(const hamming_kernels *kernels, const hamming_distance_input *input,
                               const hamming_distance_settings *settings, int32_t *out)
{
    const costs *c = &cost_table[assay_cpu_level()];
    const double shifts = (double)(input->n - input->m + 1),
                 comparing = hamming_cost_of_pairs(input, shifts * (double)input->m);
    /* Symbols need not be counted where comparing costs little more than that. */
    const double counting = COUNTED * (double)input->n;
    hamming_alphabet alphabet;
    if (comparing <= counting + c->sliced_shift * shifts) {
        hamming_compare(kernels, input, out);
        return ASSAY_OK;
    }
    assay_status status = hamming_make_alphabet(input, &alphabet);
    if (status != ASSAY_OK)
        return status;
    hamming_distance_settings own = *settings; /* whatever the options say */
    own.counters = settings->counters;
    own.modulus = HAMMING_MODULUS;
    own.group_by_mass = false;
    hamming_las_vegas_way way = {.shares = true};
    const double slicing = cost_of_slicing(c, kernels, input, alphabet.symbols, shifts);
    const double transforms = cost_of_transforms(c, input, &alphabet, shifts, &way.pair_limit);
    if (comparing <= slicing && comparing <= transforms)
        hamming_compare(kernels, input, out);
    else if (slicing <= transforms)
        status = hamming_count_sliced(kernels, input, &alphabet, out);
    else
        status = hamming_las_vegas(kernels, input, &alphabet, &own, way, out);
    hamming_release_alphabet(&alphabet);
    return status;
}
