/* Word-parallel methods: symbols compared in vectors, bases by bit planes, and sums in bit slices. */
#include "optimized/discrete/hamming_distance_methods.h"

#include "assay/memory.h"
#include "assay/threads.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- SIMD ----------------------------------------------------------------------------------------------------- */

void hamming_compare(const hamming_kernels *kernels, const hamming_distance_input *input, int32_t *out)
{
    enum { BLOCK = 8192 };
    const size_t shifts = input->n - input->m + 1, blocks = (shifts + BLOCK - 1) / BLOCK;
#pragma omp parallel for num_threads(assay_threads()) schedule(dynamic) if (blocks > 1)
    for (size_t b = 0; b < blocks; b++) {
        const size_t first = b * BLOCK, count = smaller(shifts - first, BLOCK);
        const void *text = hamming_text_from(input, first);
        if (input->symbol_bytes == 1)
            kernels->compare_u8(text, count, input->pattern, input->m, out + first);
        else
            kernels->compare_u16(text, count, input->pattern, input->m, out + first);
    }
}

/* ---- DNA2 ----------------------------------------------------------------------------------------------------- */

/* Bit 0 of eight bytes as one byte: a multiplication moves them together. Little-endian. */
static unsigned char gather(uint64_t bytes)
{
    return (unsigned char)((bytes & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56);
}

/* Both bits of each base, bit i % 8 of byte i / 8; the planes are zero before. */
static void make_planes(const void *string, size_t length, size_t symbol_bytes, unsigned char *low, unsigned char *high)
{
    size_t i = 0;
    for (; symbol_bytes == 1 && i + 8 <= length; i += 8) {
        uint64_t bytes;
        memcpy(&bytes, (const uint8_t *)string + i, sizeof bytes);
        low[i / 8] = gather(bytes);
        high[i / 8] = gather(bytes >> 1);
    }
    for (; i < length; i++) {
        const size_t base = hamming_symbol_at(string, i, symbol_bytes);
        low[i / 8] |= (unsigned char)((base & 1) << i % 8);
        high[i / 8] |= (unsigned char)((base >> 1) << i % 8);
    }
}

static void set_bit(uint64_t *word, size_t bit, size_t value)
{
    *word |= (uint64_t)(value & 1) << bit % 64;
}

static assay_status make_bases(const hamming_distance_input *input, hamming_bases *bases)
{
    const size_t m = input->m, words = (m + 7 + 63) / 64, full = words > 2 ? words - 2 : 1;
    *bases = (hamming_bases){.words = words, .word = assay_allocate(words, sizeof *bases->word)};
    if (!bases->word)
        return ASSAY_NO_MEMORY;
    for (size_t r = 0; r < 8; r++) {
        for (size_t j = 0; j < m; j++) {
            const size_t base = hamming_symbol_at(input->pattern, j, input->symbol_bytes), bit = j + r;
            set_bit(&bases->word[bit / 64][r][0], bit, base);
            set_bit(&bases->word[bit / 64][r][1], bit, base >> 1);
        }
        for (size_t bit = r; bit < m + r; bit++) {
            const size_t w = bit / 64;
            if (w == 0 || w >= full)
                set_bit(&bases->mask[w == 0 ? 0 : w - full + 1][r], bit, 1);
        }
    }
    return ASSAY_OK;
}

assay_status hamming_count_bases(const hamming_kernels *kernels, const hamming_distance_input *input, int32_t *out)
{
    enum { BLOCK = 8192, PART = 1 << 16 };
    const size_t shifts = input->n - input->m + 1, blocks = (shifts + BLOCK - 1) / BLOCK;
    const size_t parts = (input->n + PART - 1) / PART;
    const size_t plane_bytes = (input->n / 64 + 1) * 8 + 2 * kernels->vector_bytes;
    unsigned char *planes = assay_allocate(2, plane_bytes);
    hamming_bases bases = {0};
    const assay_status status = planes ? make_bases(input, &bases) : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK) {
#pragma omp parallel num_threads(assay_threads()) if (blocks > 1)
        {
#pragma omp for schedule(dynamic)
            for (size_t i = 0; i < parts; i++)
                make_planes(hamming_text_from(input, i * PART), smaller(input->n - i * PART, PART), input->symbol_bytes,
                            planes + i * PART / 8, planes + plane_bytes + i * PART / 8);
#pragma omp for schedule(dynamic)
            for (size_t b = 0; b < blocks; b++) {
                const size_t first = b * BLOCK, count = smaller(shifts - first, BLOCK);
                const unsigned char *const text[2] = {planes + first / 8, planes + plane_bytes + first / 8};
                kernels->bases(text, &bases, count, out + first);
            }
        }
    }
    assay_release(planes);
    assay_release(bases.word);
    return status;
}

/* ---- SLICED --------------------------------------------------------------------------------------------------- */

/* Shifts and pattern symbols of a piece: the planes of a window of twice that stay in the L2 cache for alphabets of up
 * to 200 symbols. Counts of a piece fit in 16 bits. */
enum { PIECE = HAMMING_PIECE };

/* A piece of the pattern: for each of the residues of positions modulo 8, where in the planes the bits of the first
 * shifts begin for each position, by multiples of HAMMING_SLICE_INPUTS. */
typedef struct slice_lists {
    uint32_t *offsets;
    size_t start[9];
} slice_lists;

/* The memory of a thread. */
typedef struct slice_work {
    unsigned char *planes;
    uint16_t *counts;
} slice_work;

/* All that does not change. */
typedef struct slicing {
    const hamming_kernels *kernels;
    const hamming_distance_input *input;
    const hamming_alphabet *alphabet;
    size_t stride, zero, rest; /* bytes of a plane; which plane is zero, and which takes the symbols that are absent */
    size_t pieces;
    slice_lists *lists; /* of each piece */
} slicing;

static assay_status make_lists(const slicing *s, size_t piece, slice_lists *lists)
{
    const size_t first = piece * PIECE, length = smaller(s->input->m - first, PIECE);
    lists->offsets = assay_allocate(length + (size_t)8 * HAMMING_SLICE_INPUTS, sizeof *lists->offsets);
    if (!lists->offsets)
        return ASSAY_NO_MEMORY;
    size_t count = 0;
    for (size_t residue = 0; residue < 8; residue++) {
        lists->start[residue] = count;
        for (size_t j = residue; j < length; j += 8) {
            const size_t symbol = hamming_symbol_at(s->input->pattern, first + j, s->input->symbol_bytes);
            lists->offsets[count++] = (uint32_t)(s->alphabet->number[symbol] * s->stride + j / 8);
        }
        while (count % HAMMING_SLICE_INPUTS != 0)
            lists->offsets[count++] = (uint32_t)(s->zero * s->stride);
    }
    lists->start[8] = count;
    return ASSAY_OK;
}

/* A plane for each symbol: bit i tells whether it stands at text[i]. */
static void fill_planes(const slicing *s, const void *text, size_t length, unsigned char *planes)
{
    const hamming_alphabet *a = s->alphabet;
    const size_t width = s->input->symbol_bytes, words = (length + 63) / 64 * 8;
    const bool compare = s->kernels->plane_u8 && a->symbols <= s->kernels->vector_bytes / width;
    for (size_t number = 0; number < a->symbols; number++) {
        unsigned char *plane = planes + number * s->stride;
        if (!compare)
            memset(plane, 0, s->stride);
        else if (width == 1)
            s->kernels->plane_u8(text, length, (uint8_t)a->symbol[number], (uint64_t *)(void *)plane);
        else
            s->kernels->plane_u16(text, length, a->symbol[number], (uint64_t *)(void *)plane);
        if (compare)
            memset(plane + words, 0, s->stride - words);
    }
    for (size_t i = 0; !compare && i < length; i++) {
        const size_t number = a->number[hamming_symbol_at(text, i, width)];
        planes[(number < a->symbols ? number : s->rest) * s->stride + i / 8] |= (unsigned char)(1u << i % 8);
    }
}

/*
 * Matches of all pieces at shifts first to first + count - 1. Positions j of the pattern with the same residue r modulo
 * 8 have their bits for shifts i at bit (i + r) + (j - r), whose second part is whole bytes: they are summed for i + r
 * and added to the counts r places below.
 */
static void run_slice(const slicing *s, slice_work *work, size_t first, size_t count, int32_t *out)
{
    const size_t bits = 8 * s->kernels->vector_bytes, blocks = (count + 7 + bits - 1) / bits;
    for (size_t i = 0; i < count; i++)
        out[i] = (int32_t)s->input->m;
    for (size_t piece = 0; piece < s->pieces; piece++) {
        const size_t begin = first + piece * PIECE, length = smaller(s->input->m - piece * PIECE, PIECE);
        const slice_lists *lists = &s->lists[piece];
        fill_planes(s, hamming_text_from(s->input, begin), count + length - 1, work->planes);
        memset(work->counts, 0, (blocks * bits + 8) * sizeof *work->counts);
        for (size_t r = 0; r < 8; r++)
            s->kernels->sliced(work->planes, lists->offsets + lists->start[r], lists->start[r + 1] - lists->start[r],
                               blocks, work->counts + 8 - r);
        for (size_t i = 0; i < count; i++)
            out[i] -= work->counts[8 + i];
    }
}

static assay_status run_slices(const slicing *s, size_t block, size_t shifts, int32_t *out)
{
    const size_t blocks = (shifts + block - 1) / block, bits = 8 * s->kernels->vector_bytes;
    bool no_memory = false;
#pragma omp parallel num_threads(assay_threads()) if (blocks > 1)
    {
        slice_work work = {.planes = assay_allocate(s->alphabet->symbols + 2, s->stride),
                           .counts = assay_allocate(block + 2 * bits + 16, sizeof *work.counts)};
        const bool ready = work.planes && work.counts;
        if (!ready) {
#pragma omp atomic write
            no_memory = true;
        }
#pragma omp for schedule(dynamic)
        for (size_t b = 0; b < blocks; b++)
            if (ready)
                run_slice(s, &work, b * block, smaller(shifts - b * block, block), out + b * block);
        assay_release(work.planes);
        assay_release(work.counts);
    }
    return no_memory ? assay_fail(ASSAY_NO_MEMORY, "no memory for %zu bit planes", s->alphabet->symbols) : ASSAY_OK;
}

assay_status hamming_count_sliced(const hamming_kernels *kernels, const hamming_distance_input *input,
                                  const hamming_alphabet *alphabet, int32_t *out)
{
    const size_t shifts = input->n - input->m + 1, block = smaller(shifts, PIECE);
    const size_t window = block + smaller(input->m, PIECE), bits = 8 * kernels->vector_bytes;
    slicing s = {.kernels = kernels,
                 .input = input,
                 .alphabet = alphabet,
                 .stride = ((window + 2 * bits) / 512 + 1) * 64 + 64, /* an odd number of lines had better follow */
                 .zero = alphabet->symbols,
                 .rest = alphabet->symbols + 1,
                 .pieces = (input->m + PIECE - 1) / PIECE};
    assay_status status = ASSAY_OK;
    if ((alphabet->symbols + 2) * s.stride > UINT32_MAX)
        return assay_fail(ASSAY_NO_MEMORY, "%zu bit planes are too many", alphabet->symbols);
    s.lists = assay_allocate(s.pieces, sizeof *s.lists);
    if (!s.lists)
        return ASSAY_NO_MEMORY;
    for (size_t piece = 0; status == ASSAY_OK && piece < s.pieces; piece++)
        status = make_lists(&s, piece, &s.lists[piece]);
    if (status == ASSAY_OK)
        status = run_slices(&s, block, shifts, out);
    for (size_t piece = 0; piece < s.pieces; piece++)
        assay_release(s.lists[piece].offsets);
    assay_release(s.lists);
    return status;
}
