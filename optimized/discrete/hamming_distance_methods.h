/* The methods of the optimized code, each for checked arguments, and what they share. */
#ifndef ASSAY_HAMMING_DISTANCE_METHODS_H
#define ASSAY_HAMMING_DISTANCE_METHODS_H

#include "optimized/discrete/hamming_distance_kernels.h"

/* ---- hamming_distance_alphabet.c ---- */

/* The symbols of a pattern, numbered in ascending order; any other symbol has the number @c symbols. */
typedef struct hamming_alphabet {
    size_t symbols;
    uint16_t *symbol;               /* by number */
    uint32_t *number;               /* by symbol, 256 or 65,536 of them */
    uint64_t *in_text;              /* how often each stands in the text; the last one is all others */
    hamming_distance_places places; /* of the numbers in the pattern */
} hamming_alphabet;

assay_status hamming_make_alphabet(const hamming_distance_input *input, hamming_alphabet *alphabet);
void hamming_release_alphabet(hamming_alphabet *alphabet);

static inline size_t hamming_symbol_at(const void *string, size_t i, size_t symbol_bytes)
{
    return symbol_bytes == 1 ? ((const uint8_t *)string)[i] : ((const uint16_t *)string)[i];
}

/* The part of a text from a symbol on. */
static inline const void *hamming_text_from(const hamming_distance_input *input, size_t first)
{
    return (const unsigned char *)input->text + first * input->symbol_bytes;
}

static inline uint64_t hamming_pairs_of(const hamming_alphabet *a, size_t number)
{
    return a->in_text[number] * hamming_distance_count(&a->places, number);
}

enum {
    HAMMING_PIECE = 16384,   /* SLICED: shifts and pattern symbols that are summed at a time */
    HAMMING_STRIPE = 1 << 16 /* pairs: shifts whose distances stay in the L2 cache */
};

/* Some of the numbers of an alphabet. */
typedef struct hamming_selection {
    uint32_t *number;
    size_t count;
} hamming_selection;

/* ---- Methods that write distances ---- */

void hamming_compare(const hamming_kernels *kernels, const hamming_distance_input *input, int32_t *out);
assay_status hamming_count_bases(const hamming_kernels *kernels, const hamming_distance_input *input, int32_t *out);
assay_status hamming_count_sliced(const hamming_kernels *kernels, const hamming_distance_input *input,
                                  const hamming_alphabet *alphabet, int32_t *out);

/* ---- Methods that subtract the matches of some symbols from what is there ---- */

assay_status hamming_subtract_pairs(const hamming_distance_input *input, const hamming_alphabet *alphabet,
                                    const hamming_selection *selection, int32_t *out,
                                    hamming_distance_counters *counters);

/* Transforms of N symbols of text; float32 up to patterns of 65,536 symbols. */
assay_status hamming_subtract_fourier(const hamming_kernels *kernels, const hamming_distance_input *input,
                                      const hamming_alphabet *alphabet, const hamming_selection *selection, size_t N,
                                      int32_t *out, hamming_distance_counters *counters);

/* The best length of those for a pattern. */
size_t hamming_fourier_length(size_t m);

/* Transforms modulo HAMMING_MODULUS; a symbol that stands that often in the pattern or more is cut into shares. */
assay_status hamming_subtract_modular(const hamming_kernels *kernels, const hamming_distance_input *input,
                                      const hamming_alphabet *alphabet, const hamming_selection *selection,
                                      int32_t *out, hamming_distance_counters *counters);

/* Longest pattern of these; their length for a pattern. */
size_t hamming_modular_pattern_max(void);
size_t hamming_modular_length(size_t m);

/* residues[d + m - 1] = matches of the selected symbols at difference d, modulo HAMMING_MODULUS, for a text with
 * n + m - 1 at most hamming_modular_length_max(). */
assay_status hamming_modular_residues(const hamming_kernels *kernels, const hamming_distance_input *input,
                                      const hamming_alphabet *alphabet, const hamming_selection *selection,
                                      uint32_t *residues, hamming_distance_counters *counters);
size_t hamming_modular_length_max(void);

/* Symbols whose counts may exceed the modulus: residues repaired by hashing (or, if they have too many pairs for that,
 * exact transforms), in chunks of 2 m symbols of text. */
assay_status hamming_subtract_repaired(const hamming_kernels *kernels, const hamming_distance_input *input,
                                       const hamming_alphabet *alphabet, const hamming_selection *selection,
                                       const hamming_distance_settings *settings, int32_t *out);

/* hamming_distance_cyclic by FFTW, in float64. */
assay_status hamming_cyclic(const hamming_distance_places *text, const hamming_distance_places *pattern,
                            const uint32_t *symbols, size_t symbol_count, uint32_t p, size_t N, int64_t *counts,
                            hamming_distance_counters *counters);

/* ---- Methods made of these ---- */

typedef struct hamming_las_vegas_way {
    double pair_limit; /* symbols with at most so many pairs for each position that transforms go through are light */
    bool shares;       /* symbols that the modulus cannot hold are cut into shares, instead of being repaired */
    bool fourier;      /* transforms of real numbers instead */
} hamming_las_vegas_way;

assay_status hamming_las_vegas(const hamming_kernels *kernels, const hamming_distance_input *input,
                               const hamming_alphabet *alphabet, const hamming_distance_settings *settings,
                               hamming_las_vegas_way way, int32_t *out);
assay_status hamming_abrahamson(const hamming_kernels *kernels, const hamming_distance_input *input,
                                const hamming_alphabet *alphabet, size_t threshold, size_t N, int32_t *out,
                                hamming_distance_counters *counters);
assay_status hamming_automatic(const hamming_kernels *kernels, const hamming_distance_input *input,
                               const hamming_distance_settings *settings, int32_t *out);

/* What comparing pairs of symbols costs, and AUTO altogether, in the same units. */
double hamming_cost_of_pairs(const hamming_distance_input *input, double pairs);
double hamming_cost_of_automatic(const hamming_kernels *kernels, const hamming_distance_input *input,
                                 const hamming_alphabet *alphabet);

void hamming_add_counters(hamming_distance_counters *sum, const hamming_distance_counters *part);

#endif
