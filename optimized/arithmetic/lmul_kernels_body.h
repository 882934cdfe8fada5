/*
 * The kernels of lmul in the compiler's vector types. A file of an instruction set defines, and then includes this:
 *     LMUL_LANES         32-bit lanes of a vector
 *     LMUL_GROUPS        vectors of a panel of B, so that LMUL_TILE_ROWS * LMUL_GROUPS sums stay in registers
 *     LMUL_FMA(a, b, c)  a * b + c of float vectors, rounded once
 *     LMUL_FMA_1(a, b, c) the same of numbers
 *     LMUL_LEAST(a, b), LMUL_MOST(a, b)  the lesser and the greater of two vectors of unsigned numbers
 *     LMUL_MULTIPLY      LMUL_ADDITION of float32 vectors: a function that returns how many of the first elements it
 * did LMUL_TABLE         the name of the table of kernels
 */
#include "optimized/arithmetic/lmul_kernels.h"
#include "reference/arithmetic/lmul_softmax.h"

#include <string.h>

#define LMUL_INLINE static inline __attribute__((always_inline))

enum { VECTOR_BYTES = 4 * LMUL_LANES, PANEL = LMUL_LANES * LMUL_GROUPS };

typedef uint32_t u32v __attribute__((vector_size(4 * LMUL_LANES)));
typedef float f32v __attribute__((vector_size(4 * LMUL_LANES)));

static const uint32_t magnitude_bits = 0x7fffffff, sign_bit = 0x80000000, infinity_bits = 0x7f800000,
                      nan_bits = 0x7fc00000, least_normal_bits = 0x00800000, one_bits = 0x3f800000;

LMUL_INLINE u32v load(const void *from)
{
    u32v v;
    memcpy(&v, from, sizeof v);
    return v;
}

LMUL_INLINE void store(void *to, u32v v)
{
    memcpy(to, &v, sizeof v);
}

LMUL_INLINE u32v spread(uint32_t word)
{
    return (u32v){0} + word;
}

/* where ? yes : no, by lanes that are all ones or all zeros. */
LMUL_INLINE u32v choose(u32v where, u32v yes, u32v no)
{
    return (where & yes) | (~where & no);
}

/* ---- Rounding ------------------------------------------------------------------------------------------------- */

LMUL_INLINE u32v round_words(lmul_rounder r, u32v x)
{
    const u32v rounded = (x + r.half + ((x >> r.shift) & r.last)) & r.keep;
    const u32v is_nan = (u32v)((x & magnitude_bits) > infinity_bits);
    return choose(is_nan, spread(nan_bits), rounded);
}

/* To the numbers of an 8-bit format, as float32. */
LMUL_INLINE u32v round_to_grid(const lmul_fp8_grid *grid, u32v x)
{
    const u32v sign = x & sign_bit, magnitude = x & magnitude_bits;
    const lmul_rounder r = lmul_rounder_of(grid->mantissa_bits, LMUL_NEAREST);
    const u32v normal = (magnitude + r.half + ((magnitude >> r.shift) & r.last)) & r.keep;
    const u32v subnormal = (u32v)(((f32v)magnitude + grid->subnormal_rounder) - grid->subnormal_rounder);
    uint32_t least, largest;
    memcpy(&least, &grid->least_normal, sizeof least);
    memcpy(&largest, &grid->largest, sizeof largest);
    u32v rounded = choose((u32v)(magnitude < least), subnormal, normal);
    rounded = choose((u32v)(rounded > largest), spread(largest), rounded);
    return choose((u32v)(magnitude > infinity_bits), spread(nan_bits), sign | rounded);
}

static void round_array(unsigned bits, lmul_rounding rounding, const float *x, float *out, size_t n)
{
    const lmul_rounder r = lmul_rounder_of(bits, rounding);
    size_t i = 0;
    for (; i + LMUL_LANES <= n; i += LMUL_LANES)
        store(out + i, round_words(r, load(x + i)));
    if (i < n) {
        float part[LMUL_LANES] = {0};
        memcpy(part, x + i, (n - i) * sizeof *part);
        store(part, round_words(r, load(part)));
        memcpy(out + i, part, (n - i) * sizeof *part);
    }
}

/* The pattern of an 8-bit number from its value: the exponent is rebiased; a subnormal's pattern is its multiple of the
 * least one, which stands in the low bits after the addition that rounded it. */
LMUL_INLINE u32v encode_words(const lmul_layout *f, const lmul_fp8_grid *grid, u32v x)
{
    const u32v rounded = round_to_grid(grid, x), magnitude = rounded & magnitude_bits;
    uint32_t least;
    memcpy(&least, &grid->least_normal, sizeof least);
    const u32v normal = (magnitude >> (23 - f->mantissa_bits)) - ((127 - f->bias) << f->mantissa_bits);
    const u32v subnormal = (u32v)((f32v)magnitude + grid->subnormal_rounder) & 0xff;
    u32v pattern = choose((u32v)(magnitude < least), subnormal, normal);
    pattern = choose((u32v)(magnitude > infinity_bits), spread(f->nan), pattern);
    return pattern | (rounded >> 24 & 0x80);
}

static void encode_array(lmul_format format, const float *x, uint8_t *out, size_t n)
{
    const lmul_fp8_grid grid = lmul_fp8_grid_of(format);
    for (size_t i = 0; i < n; i += LMUL_LANES) {
        const size_t count = n - i < LMUL_LANES ? n - i : LMUL_LANES;
        uint32_t part[LMUL_LANES] = {0};
        memcpy(part, x + i, count * sizeof *part);
        store(part, encode_words(&lmul_layouts[format], &grid, load(part)));
        for (size_t j = 0; j < count; j++)
            out[i + j] = (uint8_t)part[j];
    }
}

static void decode_array(lmul_format format, const uint8_t *x, float *out, size_t n)
{
    float values[256];
    uint8_t patterns[256];
    for (unsigned i = 0; i < 256; i++)
        patterns[i] = (uint8_t)i;
    lmul_reference_fp8_decode(format, patterns, values, 256);
    for (size_t i = 0; i < n; i++)
        out[i] = values[x[i]];
}

/* ---- Products of elements ------------------------------------------------------------------------------------- */

/* One operand with the marks of its special values, lanes of all ones. */
typedef struct operand {
    u32v magnitude, sign, is_zero, is_special, is_nan;
} operand;

LMUL_INLINE operand examine(u32v x)
{
    operand o = {.magnitude = x & magnitude_bits, .sign = x & sign_bit};
    o.is_zero = (u32v)(o.magnitude < least_normal_bits);
    o.is_special = (u32v)(o.magnitude >= infinity_bits);
    o.is_nan = (u32v)(o.magnitude > infinity_bits);
    return o;
}

/* The addition with all special values; a zero product has the sign if @p keep_zero_sign. Magnitudes of two numbers add
 * up to less than 2^32 as unsigned. */
LMUL_INLINE u32v full_product(const operand *x, const operand *y, uint32_t offset, bool keep_zero_sign)
{
    const u32v sum = x->magnitude + y->magnitude, sign = x->sign ^ y->sign;
    const u32v is_zero = x->is_zero | y->is_zero, is_special = x->is_special | y->is_special;
    const u32v is_normal = ~is_zero & (u32v)(sum >= one_bits + least_normal_bits - offset);
    u32v result = sum - (one_bits - offset);
    result = choose((u32v)(result > infinity_bits), spread(infinity_bits), result) & is_normal;
    result |= keep_zero_sign ? sign : sign & is_normal;
    const u32v is_nan = x->is_nan | y->is_nan | is_zero;
    return choose(is_special, choose(is_nan, spread(nan_bits), sign | infinity_bits), result);
}

LMUL_INLINE u32v multiply_words(lmul_rounder r, uint32_t offset, u32v x, u32v y)
{
    const operand a = examine(round_words(r, x)), b = examine(round_words(r, y));
    return full_product(&a, &b, offset, true);
}

LMUL_INLINE u32v multiply_exact_or_fp8(const lmul_arithmetic *arithmetic, const lmul_fp8_grid *grid, u32v x, u32v y)
{
    if (arithmetic->kind == LMUL_EXACT)
        return (u32v)((f32v)x * (f32v)y);
    const u32v product = (u32v)((f32v)round_to_grid(grid, x) * (f32v)round_to_grid(grid, y));
    return arithmetic->round_products ? round_to_grid(grid, product) : product;
}

/* Any arithmetic. The last few go by way of padded copies. */
static void multiply_generic(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n)
{
    const bool is_addition = arithmetic->kind == LMUL_ADDITION;
    const lmul_rounder r =
        is_addition ? lmul_rounder_of(arithmetic->bits, arithmetic->rounding) : (lmul_rounder){0, 0, 0, 0};
    const uint32_t offset = is_addition ? lmul_offset_f32(arithmetic) : 0;
    const lmul_fp8_grid grid = lmul_fp8_grid_of(arithmetic->format);
    for (size_t i = 0; i < n; i += LMUL_LANES) {
        const size_t count = n - i < LMUL_LANES ? n - i : LMUL_LANES;
        float a[LMUL_LANES] = {0}, b[LMUL_LANES] = {0};
        const bool whole = count == LMUL_LANES;
        if (!whole) {
            memcpy(a, x + i, count * sizeof *a);
            memcpy(b, y + i, count * sizeof *b);
        }
        const u32v u = load(whole ? x + i : a), v = load(whole ? y + i : b);
        const u32v product =
            is_addition ? multiply_words(r, offset, u, v) : multiply_exact_or_fp8(arithmetic, &grid, u, v);
        store(whole ? out + i : a, product);
        if (!whole)
            memcpy(out + i, a, count * sizeof *a);
    }
}

static void multiply_array(const lmul_arithmetic *arithmetic, const float *x, const float *y, float *out, size_t n,
                           bool past_cache)
{
    size_t done = 0;
    if (arithmetic->kind == LMUL_ADDITION)
        done = LMUL_MULTIPLY(arithmetic, x, y, out, n, past_cache);
    multiply_generic(arithmetic, x + done, y + done, out + done, n - done);
}

/* The 16- and 8-bit formats: two magnitudes add up to less than 2^16 or 2^8. */
#define LMUL_NARROW_MULTIPLY(NAME, WORD, SIGN)                                                                         \
    typedef WORD NAME##_vector __attribute__((vector_size(4 * LMUL_LANES)));                                           \
    LMUL_INLINE NAME##_vector NAME##_choose(NAME##_vector where, NAME##_vector yes, NAME##_vector no)                  \
    {                                                                                                                  \
        return (where & yes) | (~where & no);                                                                          \
    }                                                                                                                  \
    LMUL_INLINE NAME##_vector NAME##_product(const lmul_layout *f, NAME##_vector x, NAME##_vector y)                   \
    {                                                                                                                  \
        const NAME##_vector zero = {0};                                                                                \
        const WORD least_normal = (WORD)(1u << f->mantissa_bits);                                                      \
        const WORD offset = (WORD)(1u << (f->mantissa_bits - lmul_offset_exponent(f->mantissa_bits)));                 \
        const WORD subtrahend = (WORD)((f->bias << f->mantissa_bits) - offset);                                        \
        const WORD infinity = (WORD)f->infinity, overflow = (WORD)f->overflow;                                         \
        const WORD least_nan = (WORD)(overflow == infinity ? infinity + 1u : infinity);                                \
        const NAME##_vector a = x & (WORD)(SIGN - 1), b = y & (WORD)(SIGN - 1), sign = (x ^ y) & (WORD)SIGN;           \
        const NAME##_vector is_zero = (NAME##_vector)(a < least_normal) | (NAME##_vector)(b < least_normal);           \
        const NAME##_vector has_infinity = (NAME##_vector)(a == infinity) | (NAME##_vector)(b == infinity);            \
        const NAME##_vector is_nan =                                                                                   \
            (NAME##_vector)(a >= least_nan) | (NAME##_vector)(b >= least_nan) | (has_infinity & is_zero);              \
        const NAME##_vector sum = a + b;                                                                               \
        const NAME##_vector is_normal = ~is_zero & (NAME##_vector)(sum >= (WORD)(subtrahend + least_normal));          \
        NAME##_vector result = sum - subtrahend;                                                                       \
        result = NAME##_choose((NAME##_vector)(result > overflow), zero + overflow, result) & is_normal;               \
        result = NAME##_choose(has_infinity, zero + infinity, result) | sign;                                          \
        return NAME##_choose(is_nan, zero + (WORD)f->nan, result);                                                     \
    }                                                                                                                  \
    static void NAME(const lmul_layout *format, const WORD *x, const WORD *y, WORD *out, size_t n)                     \
    {                                                                                                                  \
        enum { COUNT = sizeof(NAME##_vector) / sizeof(WORD) };                                                         \
        const lmul_layout f = *format;                                                                                 \
        NAME##_vector a = {0}, b = {0};                                                                                \
        size_t i = 0;                                                                                                  \
        for (; i + COUNT <= n; i += COUNT) {                                                                           \
            memcpy(&a, x + i, sizeof a);                                                                               \
            memcpy(&b, y + i, sizeof b);                                                                               \
            const NAME##_vector product = NAME##_product(&f, a, b);                                                    \
            memcpy(out + i, &product, sizeof product);                                                                 \
        }                                                                                                              \
        if (i < n) {                                                                                                   \
            memcpy(&a, x + i, (n - i) * sizeof *x);                                                                    \
            memcpy(&b, y + i, (n - i) * sizeof *y);                                                                    \
            const NAME##_vector product = NAME##_product(&f, a, b);                                                    \
            memcpy(out + i, &product, (n - i) * sizeof *out);                                                          \
        }                                                                                                              \
    }

LMUL_NARROW_MULTIPLY(multiply_array_u16, uint16_t, 0x8000u)
LMUL_NARROW_MULTIPLY(multiply_array_u8, uint8_t, 0x80u)

/* ---- Matrix products ------------------------------------------------------------------------------------------ */

static float exact_dot(const float *x, const float *y, size_t n, float sum)
{
    for (size_t i = 0; i < n; i++)
        sum = LMUL_FMA_1(x[i], y[i], sum);
    return sum;
}

/* Rounds numbers as the arithmetic demands and finds their range; zeros become the word 0. The numbers of A (those with
 * @p nonzero) also get their masks, all ones where they are not zero, and bias - offset subtracted. */
LMUL_INLINE lmul_range prepare_addition(lmul_rounder r, uint32_t subtrahend, uint32_t *words, uint32_t *nonzero,
                                        size_t n)
{
    lmul_range range = {UINT32_MAX, 0, false, false};
    u32v least = spread(UINT32_MAX), most = {0}, zeros = {0};
    for (size_t i = 0; i < n; i += LMUL_LANES) {
        const u32v word = round_words(r, load(words + i)), exponent = (word >> 23) & 0xff;
        const u32v is_zero = (u32v)(exponent == 0);
        const u32v exponent_or_large = exponent | is_zero;
        least = choose((u32v)(exponent_or_large < least), exponent_or_large, least);
        most = choose((u32v)(exponent > most), exponent, most);
        zeros |= is_zero;
        store(words + i, nonzero ? (word & ~is_zero) - subtrahend : word & ~is_zero);
        if (nonzero)
            store(nonzero + i, ~is_zero);
    }
    for (size_t lane = 0; lane < LMUL_LANES; lane++) {
        range.least = least[lane] < range.least ? least[lane] : range.least;
        range.most = most[lane] > range.most ? most[lane] : range.most;
        range.has_zero |= zeros[lane] != 0;
    }
    range.has_special = range.most == 0xff;
    return range;
}

/* The same where nothing but truncation is to be done, which is the rule: no zero, no special value. False otherwise,
 * and nothing is changed. */
LMUL_INLINE bool prepare_plain_addition(lmul_rounder r, uint32_t subtrahend, uint32_t *words, uint32_t *nonzero,
                                        size_t n, lmul_range *range)
{
    u32v least = spread(UINT32_MAX), most = {0}, signs = {0};
    for (size_t i = 0; i < n; i += LMUL_LANES) {
        const u32v magnitude = load(words + i) & magnitude_bits;
        const u32v above = magnitude - least_normal_bits; /* negative, that is huge, for zeros and subnormals */
        least = LMUL_LEAST(least, above);
        most = LMUL_MOST(most, magnitude);
        signs |= above;
    }
    *range = (lmul_range){UINT32_MAX, 0, false, false};
    for (size_t lane = 0; lane < LMUL_LANES; lane++) {
        range->least = least[lane] < range->least ? least[lane] : range->least;
        range->most = most[lane] > range->most ? most[lane] : range->most;
        if (signs[lane] & sign_bit)
            return false;
    }
    if (range->most >= infinity_bits)
        return false;
    range->least = (range->least + least_normal_bits) >> 23;
    range->most >>= 23;
    for (size_t i = 0; i < n; i += LMUL_LANES) {
        store(words + i, (load(words + i) & r.keep) - (nonzero ? subtrahend : 0));
        if (nonzero)
            store(nonzero + i, spread(UINT32_MAX));
    }
    return true;
}

static lmul_range prepare_words(const lmul_arithmetic *arithmetic, uint32_t *words, uint32_t *nonzero, size_t n)
{
    if (arithmetic->kind == LMUL_ADDITION) {
        const lmul_rounder r = lmul_rounder_of(arithmetic->bits, arithmetic->rounding);
        const uint32_t subtrahend = one_bits - lmul_offset_f32(arithmetic);
        lmul_range range;
        if (!r.last && (nonzero ? prepare_plain_addition(r, subtrahend, words, nonzero, n, &range)
                                : prepare_plain_addition(r, subtrahend, words, NULL, n, &range)))
            return range;
        return nonzero ? prepare_addition(r, subtrahend, words, nonzero, n)
                       : prepare_addition(r, subtrahend, words, NULL, n);
    }
    if (arithmetic->kind == LMUL_FP8) {
        const lmul_fp8_grid grid = lmul_fp8_grid_of(arithmetic->format);
        for (size_t i = 0; i < n; i += LMUL_LANES)
            store(words + i, round_to_grid(&grid, load(words + i)));
    }
    return (lmul_range){0, 0, false, false};
}

/* Marks the rows of @p columns words that have a zero among them. */
static void mark_zeros(const uint32_t *words, size_t columns, size_t rows, lmul_zeros *zeros)
{
    for (size_t l = 0; l < rows; l++) {
        uint32_t found = 0;
        for (size_t i = 0; i < columns; i++)
            found |= words[l * columns + i] == 0;
        zeros->bits[l / 64] |= (uint64_t)found << l % 64;
    }
}

/* The first position from @p from on, at most @p end, whose mark is @p wanted. */
static size_t find_mark(const lmul_zeros *zeros, size_t from, size_t end, bool wanted)
{
    while (from < end) {
        const uint64_t rest = (wanted ? zeros->bits[from / 64] : ~zeros->bits[from / 64]) >> from % 64;
        if (rest) {
            from += (size_t)__builtin_ctzll(rest);
            break;
        }
        from = (from / 64 + 1) * 64;
    }
    return from < end ? from : end;
}

/* Columns beyond B's last are filled with a number that B has, so that they do not change the range. */
static void pack_panel(const lmul_arithmetic *arithmetic, const float *b, size_t row, size_t column, size_t index,
                       lmul_packed *packed)
{
    const size_t first = index * PANEL, columns = packed->n - first < PANEL ? packed->n - first : PANEL;
    for (size_t block = 0; block * LMUL_DEPTH < packed->k; block++) {
        const size_t start = block * LMUL_DEPTH;
        const size_t depth = packed->k - start < LMUL_DEPTH ? packed->k - start : LMUL_DEPTH;
        uint32_t *words = packed->words + start * packed->panels * PANEL + index * depth * PANEL;
        for (size_t l = 0; l < depth; l++) {
            const float *from = b + (start + l) * row + first * column;
            uint32_t *to = words + l * PANEL;
            if (column == 1)
                memcpy(to, from, columns * sizeof *to);
            else
                for (size_t j = 0; j < columns; j++)
                    memcpy(to + j, from + j * column, sizeof *to);
            for (size_t j = columns; j < PANEL; j++)
                to[j] = to[0];
        }
        const lmul_range range = prepare_words(arithmetic, words, NULL, depth * PANEL);
        packed->ranges[block * packed->panels + index] = range;
        if (range.has_zero)
            mark_zeros(words, PANEL, depth, &packed->zeros[block * packed->panels + index]);
    }
}

/* A block of rows of A, by depth: the words that are added (of LMUL_ADDITION: A less bias - offset), and masks that are
 * 0 where A is zero. */
typedef struct a_block {
    uint32_t words[LMUL_DEPTH * LMUL_TILE_ROWS] __attribute__((aligned(64)));
    uint32_t nonzero[LMUL_DEPTH * LMUL_TILE_ROWS] __attribute__((aligned(64)));
    lmul_zeros zeros;
    lmul_range range;
} a_block;

typedef uint32_t four_words __attribute__((vector_size(16)));

/* to = the transpose of 4 x 4 words from four rows. */
LMUL_INLINE void transpose_four(const float *const *rows, size_t l, uint32_t *to)
{
    four_words r[4];
    for (size_t i = 0; i < 4; i++)
        memcpy(&r[i], rows[i] + l, sizeof r[i]);
    const four_words low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5),
                     high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7),
                     low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5),
                     high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    const four_words columns[4] = {
        __builtin_shufflevector(low01, low23, 0, 1, 4, 5), __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
        __builtin_shufflevector(high01, high23, 0, 1, 4, 5), __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
    memcpy(to, columns, sizeof columns);
}

/* Rows beyond the last are copies of the first. */
static void pack_rows(const lmul_arithmetic *arithmetic, size_t rows, size_t depth, const float *a, size_t lda,
                      a_block *block)
{
    _Static_assert(LMUL_TILE_ROWS == 4, "transposed by fours");
    const size_t count = depth * LMUL_TILE_ROWS, padded = (count + LMUL_LANES - 1) / LMUL_LANES * LMUL_LANES;
    const float *from[LMUL_TILE_ROWS];
    for (size_t i = 0; i < LMUL_TILE_ROWS; i++)
        from[i] = a + (i < rows ? i : 0) * lda;
    size_t l = 0;
    for (; l + 4 <= depth; l += 4)
        transpose_four(from, l, block->words + l * LMUL_TILE_ROWS);
    for (; l < depth; l++)
        for (size_t i = 0; i < LMUL_TILE_ROWS; i++)
            memcpy(&block->words[l * LMUL_TILE_ROWS + i], &from[i][l], sizeof **from);
    for (size_t i = count; i < padded; i++)
        block->words[i] = block->words[0];
    block->range = prepare_words(arithmetic, block->words, block->nonzero, padded);
    block->zeros = (lmul_zeros){{0}};
    if (block->range.has_zero)
        mark_zeros(block->nonzero, LMUL_TILE_ROWS, depth, &block->zeros);
}

/* What a tile's product needs. */
typedef struct tile {
    size_t depth;
    const uint32_t *a, *nonzero;
    const uint32_t *b;
    lmul_zeros zeros; /* of A or B */
    float *c;         /* LMUL_TILE_ROWS x columns, row length ldc */
    size_t ldc;
    uint32_t offset;
    const lmul_fp8_grid *grid;
} tile;

typedef enum tile_kind { TILE_FAST, TILE_ZEROS, TILE_FULL, TILE_FMA, TILE_ROUNDED } tile_kind;

/* sum += a b for one row and one vector of columns. */
LMUL_INLINE f32v add_product(const tile *t, tile_kind kind, f32v sum, size_t at, u32v b, u32v b_nonzero,
                             const operand *b_operand)
{
    switch (kind) {
    case TILE_FMA: return LMUL_FMA((f32v)spread(t->a[at]), (f32v)b, sum);
    case TILE_ROUNDED: return sum + (f32v)round_to_grid(t->grid, (u32v)((f32v)spread(t->a[at]) * (f32v)b));
    /* The whole words are added: the signs meet in bit 31, into which the magnitudes neither carry nor borrow. */
    case TILE_FAST: return sum + (f32v)(spread(t->a[at]) + b);
    case TILE_ZEROS: return sum + (f32v)((spread(t->a[at]) + b) & b_nonzero & t->nonzero[at]);
    case TILE_FULL: break;
    }
    const operand a = examine(spread(t->a[at] + one_bits - t->offset));
    return sum + (f32v)full_product(&a, b_operand, t->offset, false);
}

/* sums += column l of A times row l of B. */
LMUL_INLINE void add_outer_product(const tile *t, tile_kind kind, size_t groups, size_t l,
                                   f32v sum[LMUL_TILE_ROWS][LMUL_GROUPS])
{
    u32v b[LMUL_GROUPS], nonzero[LMUL_GROUPS];
    operand examined[LMUL_GROUPS];
    for (size_t g = 0; g < groups; g++) {
        b[g] = load(t->b + l * PANEL + g * LMUL_LANES);
        nonzero[g] = (u32v)(b[g] != 0);
        examined[g] = examine(b[g]);
    }
    for (size_t i = 0; i < LMUL_TILE_ROWS; i++)
        for (size_t g = 0; g < groups; g++)
            sum[i][g] = add_product(t, kind, sum[i][g], l * LMUL_TILE_ROWS + i, b[g], nonzero[g], &examined[g]);
}

LMUL_INLINE void multiply_tile(const tile *t, tile_kind kind, size_t groups)
{
    f32v sum[LMUL_TILE_ROWS][LMUL_GROUPS];
    for (size_t i = 0; i < LMUL_TILE_ROWS; i++)
        for (size_t g = 0; g < groups; g++)
            sum[i][g] = (f32v)load(t->c + i * t->ldc + g * LMUL_LANES);
    for (size_t l = 0; l < t->depth;) {
        /* Zeros often come in whole columns of A or rows of B, with none elsewhere. */
        if (kind == TILE_ZEROS)
            for (const size_t end = find_mark(&t->zeros, l, t->depth, true); l < end; l++)
                add_outer_product(t, TILE_FAST, groups, l, sum);
        for (const size_t end = kind == TILE_ZEROS ? find_mark(&t->zeros, l, t->depth, false) : t->depth; l < end; l++)
            add_outer_product(t, kind, groups, l, sum);
    }
    for (size_t i = 0; i < LMUL_TILE_ROWS; i++)
        for (size_t g = 0; g < groups; g++)
            store(t->c + i * t->ldc + g * LMUL_LANES, (u32v)sum[i][g]);
}

/* One function for each kind and width, all loops unrolled. */
#define LMUL_TILE(KIND)                                                                                                \
    static void tile_##KIND(const tile *t, size_t groups)                                                              \
    {                                                                                                                  \
        switch (groups) {                                                                                              \
        case 1: multiply_tile(t, KIND, 1); break;                                                                      \
        case 2: multiply_tile(t, KIND, LMUL_GROUPS < 2 ? LMUL_GROUPS : 2); break;                                      \
        case 3: multiply_tile(t, KIND, LMUL_GROUPS < 3 ? LMUL_GROUPS : 3); break;                                      \
        default: multiply_tile(t, KIND, LMUL_GROUPS); break;                                                           \
        }                                                                                                              \
    }
LMUL_TILE(TILE_FAST)
LMUL_TILE(TILE_ZEROS)
LMUL_TILE(TILE_FULL)
LMUL_TILE(TILE_FMA)
LMUL_TILE(TILE_ROUNDED)

/* The plain addition is exact if no product's exponent field falls below 1 or reaches 255; three mantissa fractions
 * (the offset is one) carry at most 2 into it. */
static bool is_in_range(const lmul_range *a, const lmul_range *b)
{
    return (uint64_t)a->least + b->least >= 127 + 1 && (uint64_t)a->most + b->most + 2 <= 127 + 254;
}

static tile_kind kind_of(const lmul_arithmetic *arithmetic, const lmul_range *a, const lmul_range *b)
{
    if (arithmetic->kind == LMUL_EXACT)
        return TILE_FMA;
    if (arithmetic->kind == LMUL_FP8) /* exact products: a fused addition rounds as a plain one does */
        return arithmetic->round_products ? TILE_ROUNDED : TILE_FMA;
    if (a->has_special || b->has_special || !is_in_range(a, b))
        return TILE_FULL;
    return a->has_zero || b->has_zero ? TILE_ZEROS : TILE_FAST;
}

/* A tile at C's edge goes by way of a copy. */
static void multiply_one(tile_kind kind, tile *t, size_t rows, size_t columns)
{
    static void (*const functions[])(const tile *t, size_t groups) = {[TILE_FAST] = tile_TILE_FAST,
                                                                      [TILE_ZEROS] = tile_TILE_ZEROS,
                                                                      [TILE_FULL] = tile_TILE_FULL,
                                                                      [TILE_FMA] = tile_TILE_FMA,
                                                                      [TILE_ROUNDED] = tile_TILE_ROUNDED};
    const size_t groups = (columns + LMUL_LANES - 1) / LMUL_LANES;
    if (rows == LMUL_TILE_ROWS && columns == PANEL) {
        functions[kind](t, groups);
        return;
    }
    float edge[LMUL_TILE_ROWS * PANEL] __attribute__((aligned(64))) = {0};
    float *const c = t->c;
    const size_t ldc = t->ldc;
    for (size_t i = 0; i < rows; i++)
        memcpy(edge + i * PANEL, c + i * ldc, columns * sizeof *edge);
    t->c = edge;
    t->ldc = PANEL;
    functions[kind](t, groups);
    for (size_t i = 0; i < rows; i++)
        memcpy(c + i * ldc, edge + i * PANEL, columns * sizeof *edge);
}

static void multiply_rows(const lmul_arithmetic *arithmetic, size_t m, const float *a, size_t lda, const lmul_packed *b,
                          float *c, size_t ldc)
{
    const lmul_fp8_grid grid = lmul_fp8_grid_of(arithmetic->format);
    const uint32_t offset = arithmetic->kind == LMUL_ADDITION ? lmul_offset_f32(arithmetic) : 0;
    a_block rows_of_a;
    for (size_t start = 0, block = 0; start < b->k; start += LMUL_DEPTH, block++) {
        const size_t depth = b->k - start < LMUL_DEPTH ? b->k - start : LMUL_DEPTH;
        for (size_t i = 0; i < m; i += LMUL_TILE_ROWS) {
            const size_t rows = m - i < LMUL_TILE_ROWS ? m - i : LMUL_TILE_ROWS;
            pack_rows(arithmetic, rows, depth, a + i * lda + start, lda, &rows_of_a);
            for (size_t p = 0; p < b->panels; p++) {
                const tile_kind kind = kind_of(arithmetic, &rows_of_a.range, &b->ranges[block * b->panels + p]);
                tile t = {.depth = depth, .a = rows_of_a.words, .nonzero = rows_of_a.nonzero, .ldc = ldc};
                t.b = b->words + start * b->panels * PANEL + p * depth * PANEL;
                for (size_t w = 0; kind == TILE_ZEROS && w < LMUL_DEPTH / 64; w++)
                    t.zeros.bits[w] = rows_of_a.zeros.bits[w] | b->zeros[block * b->panels + p].bits[w];
                t.c = c + i * ldc + p * PANEL;
                t.offset = offset;
                t.grid = &grid;
                multiply_one(kind, &t, rows, b->n - p * PANEL < PANEL ? b->n - p * PANEL : PANEL);
            }
        }
    }
}

static void softmax(float *row, size_t n, float scale)
{
    lmul_softmax_row(row, n, scale);
}

const lmul_kernels LMUL_TABLE = {PANEL,        multiply_array, multiply_array_u16, multiply_array_u8, round_array,
                                 encode_array, decode_array,   exact_dot,          pack_panel,        multiply_rows,
                                 softmax};
