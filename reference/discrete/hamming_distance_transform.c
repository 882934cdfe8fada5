/* Counting pairs by their difference with transforms: complex numbers, and residues modulo a small prime. */
#include "reference/discrete/hamming_distance_parts.h"

#include "assay/memory.h"

#include <math.h>
#include <string.h>

size_t hamming_distance_power_of_two(size_t least)
{
    size_t power = 1;
    while (power < least)
        power *= 2;
    return power;
}

static unsigned log2_of(size_t power)
{
    return (unsigned)__builtin_ctzll(power);
}

/* The index whose bits are those of i in reverse. */
static size_t reversed(size_t i, unsigned bits)
{
    size_t result = 0;
    for (unsigned b = 0; b < bits; b++)
        result |= (i >> b & 1) << (bits - 1 - b);
    return result;
}

/* ---- Complex numbers ------------------------------------------------------------------------------------------ */

typedef struct complex_number {
    double re, im;
} complex_number;

/* x[k] = sum of x[j] root^(jk), root[j] being the j-th power of a primitive N-th root of unity (Cooley and Tukey). */
static void transform(complex_number *x, const complex_number *root, size_t N)
{
    const unsigned bits = log2_of(N);
    for (size_t i = 0; i < N; i++) {
        const size_t j = reversed(i, bits);
        if (i < j) {
            const complex_number swap = x[i];
            x[i] = x[j];
            x[j] = swap;
        }
    }
    for (size_t half = 1; half < N; half *= 2)
        for (size_t first = 0; first < N; first += 2 * half)
            for (size_t j = first; j < first + half; j++) {
                const complex_number a = x[j], b = x[j + half], w = root[(j - first) * (N / 2 / half)];
                const complex_number t = {b.re * w.re - b.im * w.im, b.re * w.im + b.im * w.re};
                x[j] = (complex_number){a.re + t.re, a.im + t.im};
                x[j + half] = (complex_number){a.re - t.re, a.im - t.im};
            }
}

static void spread(const hamming_distance_places *places, size_t symbol, uint32_t p, size_t N, complex_number *x)
{
    memset(x, 0, N * sizeof *x);
    for (size_t i = places->start[symbol]; i < places->start[symbol + 1]; i++) {
        const size_t position = p ? places->position[i] % p : places->position[i];
        x[position & (N - 1)].re += places->weight ? places->weight[i] : 1;
    }
}

/*
 * One product of spectra for each symbol, one transform back: sum over symbols of A conj(B), whose transform at v is
 * the sum of a[x] b[y] with x - y = v. Rounding: each of the three transforms errs by at most about 3 u log2 N relative
 * to its root mean square (u = 2^-53), so that an output errs by at most 9 u log2 N |a| |b|, summed over symbols. With
 * |a| |b| at most N that is below 2^-9 for N = 2^38: rounding to the nearest integer is certain for every N that fits.
 */
assay_status hamming_distance_reference_cyclic(const hamming_distance_places *text,
                                               const hamming_distance_places *pattern, const uint32_t *symbols,
                                               size_t symbol_count, uint32_t p, size_t N, int64_t *counts,
                                               hamming_distance_counters *counters)
{
    complex_number *root = assay_allocate(N, sizeof *root), *sum = assay_allocate(N, sizeof *sum);
    complex_number *a = assay_allocate(N, sizeof *a), *b = assay_allocate(N, sizeof *b);
    assay_status status = root && sum && a && b ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t j = 0; status == ASSAY_OK && j < N; j++) {
        const double angle = -2 * M_PI * (double)j / (double)N;
        root[j] = (complex_number){cos(angle), sin(angle)};
    }
    for (size_t s = 0; status == ASSAY_OK && s < symbol_count; s++) {
        spread(text, symbols[s], p, N, a);
        spread(pattern, symbols[s], p, N, b);
        transform(a, root, N);
        transform(b, root, N);
        /* The transform back is that of the conjugate: conj(A conj(B)). */
        for (size_t k = 0; k < N; k++) {
            sum[k].re += a[k].re * b[k].re + a[k].im * b[k].im;
            sum[k].im += a[k].re * b[k].im - a[k].im * b[k].re;
        }
    }
    if (status == ASSAY_OK) {
        transform(sum, root, N);
        for (size_t v = 0; v < N; v++)
            counts[v] += llround(sum[v].re / (double)N);
        counters->transforms += 2 * symbol_count + 1;
        counters->butterflies += (2 * symbol_count + 1) * (N / 2) * log2_of(N);
    }
    assay_release(root);
    assay_release(sum);
    assay_release(a);
    assay_release(b);
    return status;
}

/* ---- Residues ------------------------------------------------------------------------------------------------- */

static uint32_t power_modulo(uint32_t base, uint32_t exponent, uint32_t q)
{
    uint64_t result = 1, square = base;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * square % q;
        square = square * square % q;
    }
    return (uint32_t)result;
}

/* A number whose powers below N, a power of two from 2 on that divides q - 1, are all different. */
static uint32_t primitive_root(size_t N, uint32_t q)
{
    for (uint32_t candidate = 2;; candidate++) {
        const uint32_t root = power_modulo(candidate, (q - 1) / (uint32_t)N, q);
        if (power_modulo(root, (uint32_t)N / 2, q) == q - 1)
            return root;
    }
}

/* The same transform modulo q; root[j] is the j-th power of a primitive N-th root. */
static void transform_modulo(uint32_t *x, const uint32_t *root, size_t N, uint32_t q)
{
    const unsigned bits = log2_of(N);
    for (size_t i = 0; i < N; i++) {
        const size_t j = reversed(i, bits);
        if (i < j) {
            const uint32_t swap = x[i];
            x[i] = x[j];
            x[j] = swap;
        }
    }
    for (size_t half = 1; half < N; half *= 2)
        for (size_t first = 0; first < N; first += 2 * half)
            for (size_t j = first; j < first + half; j++) {
                const uint32_t a = x[j];
                const uint32_t t = (uint32_t)((uint64_t)x[j + half] * root[(j - first) * (N / 2 / half)] % q);
                x[j] = (a + t) % q;
                x[j + half] = (a + q - t) % q;
            }
}

/* x[i] = 1 where @p symbol stands at first + i, i < length, else 0. */
static void indicate(const hamming_distance_places *places, size_t symbol, ptrdiff_t first, size_t length, uint32_t *x)
{
    for (size_t i = places->start[symbol]; i < places->start[symbol + 1]; i++) {
        const ptrdiff_t offset = (ptrdiff_t)places->position[i] - first;
        if (offset >= 0 && (size_t)offset < length)
            x[offset] = 1;
    }
}

/* Where the transforms of a convolution in pieces are: windows of N text positions that begin every N/2, pieces of N/2
 * pattern positions, and sums for blocks of N/2 differences. */
typedef struct pieces {
    size_t N, half, piece_count, block_count, window_count;
    uint32_t q, *root, *inverse_root; /* powers of the root and of its inverse */
    uint32_t *window, *piece, *sum;
} pieces;

static assay_status make_pieces(size_t N, size_t n, size_t m, uint32_t q, pieces *made)
{
    const size_t half = N / 2, piece_count = (m + half - 1) / half;
    /* Blocks begin at -piece_count half, at or before -(m - 1), and reach to n - 1. */
    const size_t block_count = piece_count + (n + half - 1) / half, window_count = block_count + piece_count - 1;
    *made = (pieces){.N = N,
                     .half = half,
                     .piece_count = piece_count,
                     .block_count = block_count,
                     .window_count = window_count,
                     .q = q,
                     .root = assay_allocate(N, sizeof *made->root),
                     .inverse_root = assay_allocate(N, sizeof *made->inverse_root),
                     .window = assay_allocate(window_count * N, sizeof *made->window),
                     .piece = assay_allocate(piece_count * N, sizeof *made->piece),
                     .sum = assay_allocate(block_count * N, sizeof *made->sum)};
    if (!made->root || !made->inverse_root || !made->window || !made->piece || !made->sum)
        return ASSAY_NO_MEMORY;
    const uint32_t root = primitive_root(N, q), inverse = power_modulo(root, q - 2, q);
    made->root[0] = made->inverse_root[0] = 1;
    for (size_t j = 1; j < N; j++) {
        made->root[j] = (uint32_t)((uint64_t)made->root[j - 1] * root % q);
        made->inverse_root[j] = (uint32_t)((uint64_t)made->inverse_root[j - 1] * inverse % q);
    }
    return ASSAY_OK;
}

static void release_pieces(pieces *c)
{
    assay_release(c->root);
    assay_release(c->inverse_root);
    assay_release(c->window);
    assay_release(c->piece);
    assay_release(c->sum);
}

/* Adds the products of one symbol's spectra to the sums. */
static void add_symbol(pieces *c, const hamming_distance_places *text, const hamming_distance_places *pattern,
                       size_t symbol)
{
    const size_t N = c->N, half = c->half;
    memset(c->window, 0, c->window_count * N * sizeof *c->window);
    memset(c->piece, 0, c->piece_count * N * sizeof *c->piece);
    for (size_t w = 0; w < c->window_count; w++) {
        indicate(text, symbol, ((ptrdiff_t)w - (ptrdiff_t)c->piece_count) * (ptrdiff_t)half, N, c->window + w * N);
        transform_modulo(c->window + w * N, c->root, N, c->q);
    }
    for (size_t p = 0; p < c->piece_count; p++) {
        indicate(pattern, symbol, (ptrdiff_t)(p * half), half, c->piece + p * N);
        transform_modulo(c->piece + p * N, c->inverse_root, N, c->q); /* of the reversed piece */
    }
    for (size_t block = 0; block < c->block_count; block++)
        for (size_t p = 0; p < c->piece_count; p++)
            for (size_t k = 0; k < N; k++) {
                uint32_t *sum = &c->sum[block * N + k];
                *sum = (uint32_t)((*sum + (uint64_t)c->window[(block + p) * N + k] * c->piece[p * N + k]) % c->q);
            }
}

/* Too few roots of unity for transforms: pair by pair. */
static void residues_by_pairs(const hamming_distance_places *text, const hamming_distance_places *pattern,
                              size_t symbol, size_t m, uint32_t q, uint32_t *residues,
                              hamming_distance_counters *counters)
{
    for (size_t i = text->start[symbol]; i < text->start[symbol + 1]; i++)
        for (size_t j = pattern->start[symbol]; j < pattern->start[symbol + 1]; j++) {
            uint32_t *residue = &residues[text->position[i] + (m - 1) - pattern->position[j]];
            *residue = (*residue + 1) % q;
        }
    counters->pairs += (uint64_t)hamming_distance_count(text, symbol) * hamming_distance_count(pattern, symbol);
}

assay_status hamming_distance_reference_residues(const hamming_distance_places *text,
                                                 const hamming_distance_places *pattern, const uint32_t *symbols,
                                                 size_t symbol_count, size_t n, size_t m, uint32_t q,
                                                 uint32_t *residues, hamming_distance_counters *counters)
{
    enum { LEAST = 16, MOST = 4096 };
    memset(residues, 0, (n + m - 1) * sizeof *residues);
    size_t N = (q - 1) & (1 - q); /* the largest power of two that divides q - 1 */
    N = N < MOST ? N : MOST;
    if (N < LEAST) {
        for (size_t s = 0; s < symbol_count; s++)
            residues_by_pairs(text, pattern, symbols[s], m, q, residues, counters);
        return ASSAY_OK;
    }
    pieces c;
    const assay_status status = make_pieces(N, n, m, q, &c);
    if (status == ASSAY_OK) {
        for (size_t s = 0; s < symbol_count; s++)
            add_symbol(&c, text, pattern, symbols[s]);
        const uint64_t scale = power_modulo((uint32_t)N % q, q - 2, q);
        for (size_t block = 0; block < c.block_count; block++) {
            transform_modulo(c.sum + block * N, c.inverse_root, N, q);
            for (size_t i = 0; i < c.half; i++) {
                const ptrdiff_t index = (ptrdiff_t)(block * c.half + i + m - 1) - (ptrdiff_t)(c.piece_count * c.half);
                if (index >= 0 && (size_t)index < n + m - 1)
                    residues[index] = (uint32_t)(c.sum[block * N + i] * scale % q);
            }
        }
        const uint64_t transforms = symbol_count * (c.window_count + c.piece_count) + c.block_count;
        counters->modular_transforms += transforms;
        counters->modular_butterflies += transforms * (N / 2) * log2_of(N);
        counters->modular_products += symbol_count * c.block_count * c.piece_count * N;
    }
    release_pieces(&c);
    return status;
}
