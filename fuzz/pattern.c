/* PATTERNs against names, and advice on mistyped names: two texts, cut at the first line end. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "assay/verify.h"
#include "cli/nearest.h"

#include <stdlib.h>
#include <string.h>

static void expect_patterns(const char *pattern, const char *name)
{
    const bool special = strpbrk(name, "*?[\\/") != NULL;
    const bool matches = assay_pattern_matches(pattern, name, "avx2", "C1/64");
    FUZZ_ASSERT(assay_pattern_matches("", name, "avx2", "C1/64") || strlen(name) > 400,
                "the empty pattern does not match %s", name);
    if (!special && *name && strlen(name) < 400) {
        FUZZ_ASSERT(assay_pattern_matches(name, name, "avx2", "C1/64"), "%s does not match itself", name);
        FUZZ_ASSERT(strcmp(pattern, name) != 0 || matches, "%s does not match itself", name);
    }
}

static void expect_advice(const char *typed, const char *name)
{
    char text[NEAREST_TEXT];
    const size_t distance = edit_distance(typed, name);
    FUZZ_ASSERT(distance == edit_distance(name, typed), "the distance of %s and %s is not symmetric", typed, name);
    FUZZ_ASSERT((distance == 0) == (strcmp(typed, name) == 0) || distance == SIZE_MAX, "%s and %s are %zu apart", typed,
                name, distance);
    nearest near = nearest_begin(typed);
    nearest_consider(&near, name, name);
    nearest_consider(&near, "functional_hash", "functional_hash");
    nearest_consider(&near, "lmul", "lmul");
    nearest_consider(&near, name, name);
    FUZZ_ASSERT(near.count <= NEAREST_NAMES, "%zu names", near.count);
    FUZZ_ASSERT(strlen(nearest_advice(&near, text)) < NEAREST_TEXT, "%s", text);
}

int fuzz_pattern(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    const size_t first = end ? (size_t)(end - data) : size;
    char *pattern = fuzz_text(data, first), *name = fuzz_text(end ? end + 1 : data, end ? size - first - 1 : 0);
    expect_patterns(pattern, name);
    expect_advice(pattern, name);
    free(pattern);
    free(name);
    return 0;
}
