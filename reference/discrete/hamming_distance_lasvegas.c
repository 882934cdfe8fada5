/*
 * LASVEGAS: exact counts in random time (step 4 of the algorithm), for chunks of 2 m text symbols.
 *
 * Symbols are light, heavy or in between by their mass, the number of their pairs. Light ones are counted pair by pair,
 * heavy ones by transforms of complex numbers, and those in between, in groups, by transforms modulo q that are then
 * repaired where a count may have reached q. With a group's mass at most q L / 8 at most L / 8 of its L differences can
 * have reached q, and primes of about L leave nearly all of these alone in a bucket.
 */
#include "reference/discrete/hamming_distance_parts.h"

#include "assay/memory.h"

#include <string.h>

/* One chunk in progress. */
typedef struct chunk {
    const hamming_distance_settings *settings;
    hamming_distance_places text;
    const hamming_distance_places *pattern;
    size_t n, m, differences; /* L = n + m - 1 */
    uint64_t stream;          /* of random numbers for the next group */
    int64_t *matches;         /* M[d] at index d + m - 1 */
    uint32_t *residues, *group;
    size_t group_count;
    uint64_t group_mass, group_bound; /* pairs of the group, and what its counts cannot exceed */
} chunk;

static uint64_t mass_of(const chunk *c, size_t symbol)
{
    return (uint64_t)hamming_distance_count(&c->text, symbol) * hamming_distance_count(c->pattern, symbol);
}

/* At any difference each place of a symbol is in at most one pair. */
static uint64_t bound_of(const chunk *c, size_t symbol)
{
    const uint64_t in_text = hamming_distance_count(&c->text, symbol);
    const uint64_t in_pattern = hamming_distance_count(c->pattern, symbol);
    return in_text < in_pattern ? in_text : in_pattern;
}

static void add_pairs(chunk *c, size_t symbol)
{
    const hamming_distance_places *text = &c->text, *pattern = c->pattern;
    for (size_t i = text->start[symbol]; i < text->start[symbol + 1]; i++)
        for (size_t j = pattern->start[symbol]; j < pattern->start[symbol + 1]; j++)
            c->matches[text->position[i] + (c->m - 1) - pattern->position[j]]++;
    c->settings->counters->pairs += mass_of(c, symbol);
}

/* Transforms of complex numbers. */
static assay_status add_exactly(chunk *c, const uint32_t *symbols, size_t count)
{
    const size_t N = hamming_distance_power_of_two(c->differences);
    int64_t *counts = assay_allocate(N, sizeof *counts);
    if (!counts)
        return ASSAY_NO_MEMORY;
    const assay_status status =
        hamming_distance_reference_cyclic(&c->text, c->pattern, symbols, count, 0, N, counts, c->settings->counters);
    for (size_t e = 0; status == ASSAY_OK && e < c->differences; e++)
        c->matches[e] += counts[(e - (c->m - 1)) & (N - 1)];
    assay_release(counts);
    return status;
}

/* Adds the group's matches and empties it. */
static assay_status finish_group(chunk *c)
{
    hamming_distance_counters *counters = c->settings->counters;
    const uint32_t q = c->settings->modulus;
    const hamming_distance_group group = {
        &c->text, c->pattern, c->group, c->group_count, c->n, c->m, q, c->residues, hamming_distance_reference_cyclic};
    if (c->group_count == 0)
        return ASSAY_OK;
    counters->groups++;
    assay_status status = hamming_distance_reference_residues(&c->text, c->pattern, c->group, c->group_count, c->n,
                                                              c->m, q, c->residues, counters);
    bool done = c->group_bound < q;
    if (status == ASSAY_OK && !done) {
        counters->repaired_groups++;
        status = hamming_distance_repair(&group, c->settings->seed, c->stream++, &done, counters);
    }
    if (status == ASSAY_OK && done) {
        for (size_t e = 0; e < c->differences; e++)
            c->matches[e] += c->residues[e];
    } else if (status == ASSAY_OK) {
        counters->fallbacks++;
        status = add_exactly(c, c->group, c->group_count);
    }
    c->group_count = 0;
    c->group_mass = c->group_bound = 0;
    return status;
}

static assay_status add_symbol(chunk *c, uint32_t symbol)
{
    const uint64_t mass = mass_of(c, symbol), bound = bound_of(c, symbol), L = c->differences;
    const uint64_t q = c->settings->modulus, limit = q * L / 8;
    if (mass <= L) {
        add_pairs(c, symbol);
        return ASSAY_OK;
    }
    if (mass > limit)
        return add_exactly(c, &symbol, 1);
    /* A symbol that makes a certain group uncertain had better begin another one. */
    const bool would_overflow = !c->settings->group_by_mass && c->group_bound < q && c->group_bound + bound >= q;
    assay_status status = ASSAY_OK;
    if (c->group_mass + mass > limit || would_overflow)
        status = finish_group(c);
    c->group[c->group_count++] = symbol;
    c->group_mass += mass;
    c->group_bound += bound;
    return status;
}

static assay_status run_chunk(chunk *c, const uint16_t *text, size_t symbols, int32_t *out)
{
    memset(c->matches, 0, c->differences * sizeof *c->matches);
    assay_status status = hamming_distance_find_places(text, c->n, symbols, &c->text);
    for (uint32_t s = 0; status == ASSAY_OK && s < symbols; s++)
        status = add_symbol(c, s);
    if (status == ASSAY_OK)
        status = finish_group(c);
    for (size_t i = 0; status == ASSAY_OK && i + c->m <= c->n; i++)
        out[i] = (int32_t)((int64_t)c->m - c->matches[i + c->m - 1]); /* differences 0 to n - m */
    hamming_distance_release_places(&c->text);
    return status;
}

assay_status hamming_distance_reference_lasvegas(const hamming_distance_strings *strings,
                                                 const hamming_distance_settings *settings, int32_t *out)
{
    const size_t n = strings->n, m = strings->m, longest = n < 2 * m ? n : 2 * m, L = longest + m - 1;
    hamming_distance_places pattern = {0};
    chunk c = {.settings = settings,
               .pattern = &pattern,
               .m = m,
               .matches = assay_allocate(L, sizeof *c.matches),
               .residues = assay_allocate(L, sizeof *c.residues),
               .group = assay_allocate(strings->symbols, sizeof *c.group)};
    assay_status status = c.matches && c.residues && c.group ? ASSAY_OK : ASSAY_NO_MEMORY;
    if (status == ASSAY_OK)
        status = hamming_distance_find_places(strings->pattern, m, strings->symbols, &pattern);
    for (size_t first = 0; status == ASSAY_OK && first + m <= n; first += m + 1) { /* m + 1 shifts in 2 m symbols */
        c.n = n - first < 2 * m ? n - first : 2 * m;
        c.differences = c.n + m - 1;
        status = run_chunk(&c, strings->text + first, strings->symbols, out + first);
    }
    hamming_distance_release_places(&pattern);
    assay_release(c.matches);
    assay_release(c.residues);
    assay_release(c.group);
    return status;
}
