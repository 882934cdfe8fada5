/*
 * AUTO: the method that a model of costs expects to be the fastest.
 *
 * The candidates are SIMD, SLICED, and pairs for rare symbols together with transforms for frequent ones, of residues
 * or of float32. DNA2 is none: SLICED does the same with fewer operations.
 */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/cpu.h"

#include <math.h>

/* Nanoseconds for a number in a transform, products included, while it stays in the L2 cache and if it does not. */
typedef struct transform_cost {
    double small, large;
} transform_cost;

/* Nanoseconds on a processor of 2022 (AMD Zen 4), measured; only their ratios matter. */
typedef struct costs {
    double compared;        /* a pair of bytes compared; 16-bit symbols cost twice that */
    double sliced;          /* a bit added in bit slices */
    double sliced_shift;    /* what a shift costs besides: counters taken apart, eight times */
    double plane;           /* a symbol of text in the plane of a symbol, by comparison; 16-bit ones cost twice that */
    double bases;           /* a pair of bases */
    double bases_shift;     /* what a shift of them costs besides */
    transform_cost modular; /* of 16-bit residues */
    transform_cost fourier; /* of float32 */
} costs;

static const costs cost_table[ASSAY_LEVELS] = {
    [ASSAY_BASELINE] = {.0144, .0041, 11, 1, .0106, 1.7, {2.8, 3.3}, {1.95, 3.2}},
    [ASSAY_AVX2] = {.0078, .00200, 2.2, .06, .0035, .7, {.95, 1.2}, {1.65, 2.9}},
    [ASSAY_AVX512] = {.0083, .00128, 1.6, .034, .0015, .5, {.95, 1.2}, {1.6, 2.8}},
};

static const double PAIR = .43;   /* a pair, while the pattern is short against HAMMING_STRIPE */
static const double LIST = 7;     /* a symbol of text that has pairs: its list begins and ends unexpectedly */
static const double COUNTED = .8; /* a symbol counted and looked up */
static const double SET = 3;      /* a bit set in a plane */

static const double FAR = 1.5; /* by this grows the cost of bit slices if the planes do not stay in the L2 cache */

/* The longest transform that stays in the L2 cache with its product, and the bytes of planes that do. */
enum { SMALL = 1 << 15, PLANES = 3 << 18 };

double hamming_cost_of_pairs(const hamming_distance_input *input, double pairs)
{
    return pairs * cost_table[assay_cpu_level()].compared * (double)input->symbol_bytes;
}

static double cost_of_slicing(const costs *c, const hamming_kernels *kernels, const hamming_distance_input *input,
                              size_t symbols, double shifts)
{
    const double PIECE = HAMMING_PIECE, m = (double)input->m, width = (double)input->symbol_bytes,
                 block = shifts < PIECE ? shifts : PIECE;
    const double piece = m < PIECE ? m : PIECE, pieces = m / piece;
    const double window = pieces * (block + piece) / block; /* symbols put in planes for each shift */
    const bool by_comparison = kernels->plane_u8 && symbols <= kernels->vector_bytes / input->symbol_bytes;
    const double plane = by_comparison ? c->plane * width * (double)symbols : SET + (double)symbols / 256;
    const double far = (double)symbols * (block + piece) / 8 > PLANES ? FAR : 1;
    return shifts * (m * c->sliced * far + c->sliced_shift * pieces + plane * window);
}

/* Transforms of length N over windows of text, for each of several parts of the pattern. */
typedef struct transforms {
    double N, windows, parts, number; /* number: nanoseconds for one of N */
    double held;                      /* places of a symbol that one transform can hold */
} transforms;

static transforms plan_transforms(const costs *c, const hamming_distance_input *input, bool fourier, double shifts)
{
    const size_t most = fourier ? input->m : hamming_modular_pattern_max(), part = input->m < most ? input->m : most;
    const size_t N = fourier ? hamming_fourier_length(part) : hamming_modular_length(part), step = N - part + 1;
    const size_t windows = ((size_t)shifts + step - 1) / step, parts = (input->m + most - 1) / most;
    const transform_cost *cost = fourier ? &c->fourier : &c->modular;
    const double wide = fourier && part > 65536 ? 2 : 1; /* float64 */
    return (transforms){.N = (double)N,
                        .windows = (double)windows,
                        .parts = (double)parts,
                        .number = wide * (N > SMALL ? cost->large : cost->small),
                        .held = fourier ? 2 * (double)input->m : HAMMING_MODULUS};
}

/* Pairs where they cost less than transforms; the way says so. */
static double cost_of_transforms(const costs *c, const hamming_distance_input *input, const hamming_alphabet *alphabet,
                                 double shifts, hamming_las_vegas_way *way)
{
    const transforms t = plan_transforms(c, input, way->fourier, shifts);
    const double each = t.parts * (t.windows + 1) * t.N * t.number; /* a symbol, in the text and in the pattern */
    /* Near the ends of stripes half of the pairs that are looked at belong to another one. */
    const double m = (double)input->m,
                 pair = PAIR * (1 + 1.5 * (m < HAMMING_STRIPE ? m : HAMMING_STRIPE) / HAMMING_STRIPE);
    double cost = 0, places = 0, groups = 0, transformed = 0;
    way->pair_limit = each / pair / (t.windows * t.N);
    for (size_t s = 0; s < alphabet->symbols; s++) {
        const double pairs = (double)hamming_pairs_of(alphabet, s);
        const double in_pattern = (double)hamming_distance_count(&alphabet->places, s);
        if (pairs <= way->pair_limit * t.windows * t.N) {
            cost += pair * pairs + LIST * (double)alphabet->in_text[s];
        } else {
            const double shares = (double)(size_t)(1 + in_pattern / t.parts / t.held);
            cost += each * shares;
            groups += shares > 1 ? shares : 0; /* a group for each share, at worst */
            places += shares > 1 ? 0 : in_pattern;
            transformed++;
        }
    }
    if (places > 0)
        groups += (double)(size_t)(1 + places / t.parts / t.held);
    cost += t.parts * groups * t.windows * t.N * t.number; /* transforms back */
    /* FFT_ALL does without the transforms of one symbol if it knows all of the text. */
    const bool has_pivot = way->fourier && transformed > 1 && transformed == (double)alphabet->symbols &&
                           alphabet->in_text[alphabet->symbols] == 0;
    return has_pivot ? cost - each : cost;
}

/* The better of both kinds of transforms. */
static double choose_transforms(const costs *c, const hamming_distance_input *input, const hamming_alphabet *alphabet,
                                double shifts, hamming_las_vegas_way *way)
{
    hamming_las_vegas_way modular = {.shares = true}, fourier = {.fourier = true};
    const double modular_cost = cost_of_transforms(c, input, alphabet, shifts, &modular);
    const double fourier_cost = cost_of_transforms(c, input, alphabet, shifts, &fourier);
    *way = modular_cost <= fourier_cost ? modular : fourier;
    return modular_cost <= fourier_cost ? modular_cost : fourier_cost;
}

/* Infinity where there are other symbols than bases. */
static double cost_of_bases(const costs *c, const hamming_distance_input *input, double shifts)
{
    const size_t width = input->symbol_bytes;
    const bool bases = hamming_distance_first_above_3(input->pattern, input->m, width) < 0 &&
                       hamming_distance_first_above_3(input->text, input->n, width) < 0;
    double pair = c->bases;
#if defined(__x86_64__)
    if (assay_cpu_level() == ASSAY_AVX512 && !__builtin_cpu_supports("avx512vpopcntdq"))
        pair *= 2; /* bits are counted by nibbles */
#endif
    return bases ? shifts * ((double)input->m * pair + c->bases_shift) : INFINITY;
}

double hamming_cost_of_automatic(const hamming_kernels *kernels, const hamming_distance_input *input,
                                 const hamming_alphabet *alphabet)
{
    const costs *c = &cost_table[assay_cpu_level()];
    const double shifts = (double)(input->n - input->m + 1);
    hamming_las_vegas_way way;
    const double comparing = hamming_cost_of_pairs(input, shifts * (double)input->m);
    const double slicing = cost_of_slicing(c, kernels, input, alphabet->symbols, shifts);
    const double transforming = choose_transforms(c, input, alphabet, shifts, &way);
    const double counting = COUNTED * (double)input->n + (slicing < transforming ? slicing : transforming);
    return fmin(fmin(comparing, counting), cost_of_bases(c, input, shifts));
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
    const double by_bases = comparing <= c->bases_shift * shifts ? INFINITY : cost_of_bases(c, input, shifts);
    if (by_bases < comparing && by_bases <= counting + c->sliced_shift * shifts)
        return hamming_count_bases(kernels, input, out);
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
    hamming_las_vegas_way way;
    const double slicing = cost_of_slicing(c, kernels, input, alphabet.symbols, shifts);
    const double transforming = choose_transforms(c, input, &alphabet, shifts, &way);
    if (comparing <= slicing && comparing <= transforming && comparing <= by_bases)
        hamming_compare(kernels, input, out);
    else if (by_bases <= slicing && by_bases <= transforming)
        status = hamming_count_bases(kernels, input, out);
    else if (slicing <= transforming)
        status = hamming_count_sliced(kernels, input, &alphabet, out);
    else
        status = hamming_las_vegas(kernels, input, &alphabet, &own, way, out);
    hamming_release_alphabet(&alphabet);
    return status;
}
