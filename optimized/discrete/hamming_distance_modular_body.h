/*
 * Transforms of residues modulo HAMMING_MODULUS = q in vectors of 16-bit lanes; see hamming_modular. The file of each
 * instruction set, which includes this after hamming_distance_kernels_body.h, defines
 *
 *     HD_MULTIPLY_HIGH(a, b)  upper halves of the products of 16-bit lanes
 *     HD_LEAST(a, b)          smaller ones of two vectors of unsigned 16-bit lanes
 *     HD_TRANSPOSE(x)         transposes a square of as many vectors as they have lanes
 *
 * Numbers between stages are below 2 q; their sums, below 4 q, fit in 16 bits.
 */
enum {
    LANES = HD_BYTES / 2,
    Q = HAMMING_MODULUS,
    Q_INVERSE = 53249, /* 1 / q modulo 2^16: 12289 * 53249 = 9985 * 2^16 + 1 */
    CACHED = 1 << 13   /* residues that stay in the L1 cache together with their roots */
};

static inline words_v all(uint16_t x)
{
    return x - (words_v){0};
}

static inline words_v load_words(const uint16_t *x)
{
    return *(const words_at *)x;
}

static inline void store_words(uint16_t *x, words_v v)
{
    *(words_at *)x = v;
}

/* From below 4 q to below 2 q: what is less than 2 q wraps around to something large. */
static inline words_v reduce(words_v x)
{
    return HD_LEAST(x, x - all(2 * Q));
}

/* Montgomery's product x f / 2^16 for any x, and f below q: between 1 and 2 q - 1. The high half of x f less that of
 * the multiple of q that has the same low half. */
static inline words_v times(words_v x, hamming_factor f)
{
    const words_v multiple = HD_MULTIPLY_HIGH(x * all(f.quotient), all(Q));
    return HD_MULTIPLY_HIGH(x, all(f.value)) - multiple + all(Q);
}

/* The same for a vector of factors. */
static inline words_v times_vector(words_v x, words_v f)
{
    const words_v multiple = HD_MULTIPLY_HIGH(x * f * all(Q_INVERSE), all(Q));
    return HD_MULTIPLY_HIGH(x, f) - multiple + all(Q);
}

static inline void split(words_v *a, words_v *b, hamming_factor root)
{
    const words_v sum = *a + *b, difference = *a + all(2 * Q) - *b;
    *a = reduce(sum);
    *b = times(difference, root);
}

static inline void join(words_v *a, words_v *b, hamming_factor root)
{
    const words_v t = times(*b, root), sum = *a + t, difference = *a + all(2 * Q) - t;
    *a = reduce(sum);
    *b = reduce(difference);
}

/* Two stages at once over @p length rows of @p columns residues; roots[h + j] is the j-th power of a 2 h-th root. */
#define TWO_STAGES(NAME, FIRST, SECOND)                                                                                \
    static void NAME(uint16_t *x, size_t columns, size_t length, const hamming_factor *roots)                          \
    {                                                                                                                  \
        const size_t quarter = length / 4, step = quarter * columns;                                                   \
        for (size_t j = 0; j < quarter; j++) {                                                                         \
            const hamming_factor wide0 = roots[2 * quarter + j], wide1 = roots[3 * quarter + j],                       \
                                 narrow = roots[quarter + j];                                                          \
            for (size_t c = 0; c < columns; c += LANES) {                                                              \
                uint16_t *at = x + j * columns + c;                                                                    \
                words_v a0 = load_words(at), a1 = load_words(at + step), a2 = load_words(at + 2 * step),               \
                        a3 = load_words(at + 3 * step);                                                                \
                FIRST                                                                                                  \
                SECOND                                                                                                 \
                store_words(at, a0);                                                                                   \
                store_words(at + step, a1);                                                                            \
                store_words(at + 2 * step, a2);                                                                        \
                store_words(at + 3 * step, a3);                                                                        \
            }                                                                                                          \
        }                                                                                                              \
    }

TWO_STAGES(
    split_twice,
    {
        split(&a0, &a2, wide0);
        split(&a1, &a3, wide1);
    },
    {
        split(&a0, &a1, narrow);
        split(&a2, &a3, narrow);
    })
TWO_STAGES(
    join_twice,
    {
        join(&a0, &a1, narrow);
        join(&a2, &a3, narrow);
    },
    {
        join(&a0, &a2, wide0);
        join(&a1, &a3, wide1);
    })

/* The last stage of an odd number: pairs of neighbouring rows, whose root is 1. */
#define PAIRS(NAME, STAGE)                                                                                             \
    static void NAME(uint16_t *x, size_t columns, size_t length, const hamming_factor *roots)                          \
    {                                                                                                                  \
        for (size_t j = 0; j < length; j += 2)                                                                         \
            for (size_t c = 0; c < columns; c += LANES) {                                                              \
                uint16_t *at = x + j * columns + c;                                                                    \
                words_v a = load_words(at), b = load_words(at + columns);                                              \
                STAGE(&a, &b, roots[1]);                                                                               \
                store_words(at, a);                                                                                    \
                store_words(at + columns, b);                                                                          \
            }                                                                                                          \
    }

PAIRS(split_pairs, split)
PAIRS(join_pairs, join)

/* In natural order; out in the order of reversed bits (decimation in frequency). */
static void forward(uint16_t *x, size_t columns, size_t length, const hamming_factor *roots)
{
    if (length * columns > CACHED && length >= 16) {
        split_twice(x, columns, length, roots);
        for (size_t i = 0; i < 4; i++)
            forward(x + i * (length / 4) * columns, columns, length / 4, roots);
        return;
    }
    size_t block = length;
    for (; block >= 4; block /= 4)
        for (size_t first = 0; first < length; first += block)
            split_twice(x + first * columns, columns, block, roots);
    if (block == 2)
        split_pairs(x, columns, length, roots);
}

/* The other way round (decimation in time); @p roots are the inverses. */
static void backward(uint16_t *x, size_t columns, size_t length, const hamming_factor *roots)
{
    if (length * columns > CACHED && length >= 16) {
        for (size_t i = 0; i < 4; i++)
            backward(x + i * (length / 4) * columns, columns, length / 4, roots);
        join_twice(x, columns, length, roots);
        return;
    }
    size_t block = 4;
    if (__builtin_ctzll(length) % 2 == 1) {
        join_pairs(x, columns, length, roots);
        block = 8;
    }
    for (; block <= length; block *= 4)
        for (size_t first = 0; first < length; first += block)
            join_twice(x + first * columns, columns, block, roots);
}

static void transform_rows(const hamming_modular *m, uint16_t *x)
{
    forward(x, m->width, m->length, m->row_roots);
}

#define ROWS(NAME, TYPE)                                                                                               \
    static void NAME(const hamming_modular *m, const TYPE *text, size_t length, TYPE symbol, uint16_t *x)              \
    {                                                                                                                  \
        for (size_t i = 0; i < length; i++)                                                                            \
            x[i] = text[i] == symbol;                                                                                  \
        memset(x + length, 0, (m->N - length) * sizeof *x);                                                            \
        transform_rows(m, x);                                                                                          \
    }

ROWS(rows_u8, uint8_t)
ROWS(rows_u16, uint16_t)

/* From LANES rows to a tile: 2 width vectors, a lane for each row, transformed. The upper half of the coefficients
 * being zero, the first stage is a product. */
static void make_tile(const hamming_modular *m, const uint16_t *rows, uint16_t *tile)
{
    for (size_t c = 0; c < m->width; c += LANES) {
        words_v square[LANES];
        for (size_t i = 0; i < LANES; i++)
            square[i] = load_words(rows + i * m->width + c);
        HD_TRANSPOSE(square);
        for (size_t i = 0; i < LANES; i++) {
            store_words(tile + (c + i) * LANES, square[i]);
            store_words(tile + (m->width + c + i) * LANES, times(square[i], m->column_roots[m->width + c + i]));
        }
    }
    forward(tile, LANES, m->width, m->column_roots);
    forward(tile + m->width * LANES, LANES, m->width, m->column_roots);
}

static void columns(const hamming_modular *m, const uint16_t *x, uint16_t *spectrum)
{
    const size_t tile_size = 2 * m->width * LANES;
    for (size_t row = 0; row < m->length; row += LANES, spectrum += tile_size) {
        make_tile(m, x + row * m->width, spectrum);
        for (size_t i = 0; i < tile_size; i += LANES) {
            const words_v product = times(load_words(spectrum + i), m->to_montgomery);
            store_words(spectrum + i, HD_LEAST(product, product - all(Q))); /* below q, as a factor must be */
        }
    }
}

static void multiply(const hamming_modular *m, const uint16_t *x, const uint16_t *spectrum, uint16_t *sum)
{
    const size_t tile_size = 2 * m->width * LANES;
    uint16_t tile[2 * HAMMING_WIDTH_MAX * LANES] __attribute__((aligned(64)));
    for (size_t row = 0; row < m->length; row += LANES, spectrum += tile_size, sum += tile_size) {
        make_tile(m, x + row * m->width, tile);
        for (size_t i = 0; i < tile_size; i += LANES) {
            const words_v product = times_vector(load_words(tile + i), load_words(spectrum + i));
            store_words(sum + i, reduce(load_words(sum + i) + product));
        }
    }
}

static void inverse(const hamming_modular *m, uint16_t *sum, uint16_t *x)
{
    const size_t tile_size = 2 * m->width * LANES;
    for (size_t row = 0; row < m->length; row += LANES, sum += tile_size) {
        backward(sum, LANES, 2 * m->width, m->column_inverse);
        const words_v fold = load_words(m->fold + row);
        for (size_t c = 0; c < m->width; c += LANES) {
            words_v square[LANES];
            for (size_t i = 0; i < LANES; i++)
                square[i] = reduce(load_words(sum + (c + i) * LANES) +
                                   times_vector(load_words(sum + (m->width + c + i) * LANES), fold));
            HD_TRANSPOSE(square);
            for (size_t i = 0; i < LANES; i++)
                store_words(x + (row + i) * m->width + c, square[i]);
        }
    }
    backward(x, m->width, m->length, m->row_inverse);
    for (size_t i = 0; i < m->N; i += LANES) {
        const words_v scaled = times(load_words(x + i), m->scale);
        store_words(x + i, HD_LEAST(scaled, scaled - all(Q)));
    }
}

#define HD_TABLE                                                                                                       \
    .vector_bytes = HD_BYTES, .compare_u8 = compare_u8, .compare_u16 = compare_u16, .distance_u8 = distance_u8,        \
    .distance_u16 = distance_u16, .sliced = sliced, .bases = bases, .indicate_u8 = indicate_u8,                        \
    .indicate_u16 = indicate_u16, .correlate = correlate, .off_integers = off_integers, .subtract = subtract,          \
    .rows_u8 = rows_u8, .rows_u16 = rows_u16, .rows = transform_rows, .columns = columns, .multiply = multiply,        \
    .inverse = inverse
