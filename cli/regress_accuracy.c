#include "cli/regress_accuracy.h"
#include "cli/regress.h"

#include "assay/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The results of a run by name: algorithm/implementation/check. */
static json_t *index_results(char *lines)
{
    json_t *results = json_object();
    for (char *rest = lines, *line; (line = strtok_r(rest, "\n", &rest));) {
        json_t *object = json_loads(line, 0, NULL);
        if (json_object_get(object, "check")) {
            char name[512];
            snprintf(name, sizeof name, "%s/%s/%s", text(object, "algorithm"), text(object, "implementation"),
                     text(object, "check"));
            json_object_set(results, name, object);
        }
        json_decref(object);
    }
    return results;
}

/* How good a verdict is; a skip is neither good nor bad. */
static int rank(const char *verdict)
{
    assay_verdict v = ASSAY_SKIPPED;
    if (assay_verdict_parse(verdict, &v) != ASSAY_OK)
        return -1;
    switch (v) {
    case ASSAY_PASS:
    case ASSAY_REPRODUCED: return 3;
    case ASSAY_REPRODUCED_IN_PART: return 2;
    case ASSAY_NOT_REPRODUCED: return 1;
    case ASSAY_FAIL: return 0;
    case ASSAY_SKIPPED: break;
    }
    return -1;
}

static void add_change(json_t *changes, const char *name, const char *what, json_t *base, json_t *now, bool worse)
{
    json_array_append_new(changes, json_pack("{s:s, s:s, s:o, s:o, s:b}", "check", name, "what", what, "base", base,
                                             "now", now, "worse", worse));
}

/* Measured errors are compared where truth is deterministic; claims may rest on timings, laws on tolerances of their
 * own, so of those only the verdict counts. */
static bool has_error(const json_t *result)
{
    const char *kind = text(result, "kind");
    return strcmp(kind, "oracle") == 0 || strcmp(kind, "agreement") == 0;
}

static void compare(json_t *changes, const char *name, const json_t *base, const json_t *now)
{
    const int before = rank(text(base, "verdict")), after = rank(text(now, "verdict"));
    if (before >= 0 && after >= 0 && before != after) {
        add_change(changes, name, "verdict", json_string(text(base, "verdict")), json_string(text(now, "verdict")),
                   after < before);
        return;
    }
    const double old_error = number(base, "measured"), new_error = number(now, "measured");
    /* Beyond the last digits that a change of the order of summation in the oracle could move. */
    if (has_error(now) && after == 3 && fabs(new_error - old_error) > 1e-9 * fabs(old_error))
        add_change(changes, name, "worst error", json_real(old_error), json_real(new_error), new_error > old_error);
}

assay_status regress_compare_results(char *base_lines, char *lines, json_t **changes)
{
    json_t *base = index_results(base_lines), *now = index_results(lines);
    *changes = json_array();
    assay_status status = ASSAY_OK;
    if (json_object_size(base) == 0 || json_object_size(now) == 0)
        status = assay_fail(ASSAY_BAD_DATA, "one of the revisions reported no results of checks");
    const char *name;
    json_t *result;
    json_object_foreach(base, name, result)
    {
        const json_t *other = json_object_get(now, name);
        if (other)
            compare(*changes, name, result, other);
        else
            add_change(*changes, name, "check is gone", json_string(text(result, "verdict")), json_null(), false);
    }
    json_decref(base);
    json_decref(now);
    if (status != ASSAY_OK) {
        json_decref(*changes);
        *changes = NULL;
    }
    return status;
}

static assay_status verify_with(const char *program, const char *const *patterns, size_t pattern_count,
                                const char *seed, char **lines)
{
    const char **arguments = calloc(pattern_count + 16, sizeof *arguments);
    if (!arguments)
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate %zu patterns", pattern_count);
    size_t n = 0;
    arguments[n++] = program;
    arguments[n++] = "verify";
    arguments[n++] = "--quick";
    arguments[n++] = "--format=json";
    arguments[n++] = "--no-db";
    arguments[n++] = "--seed";
    arguments[n++] = seed;
    for (size_t i = 0; i < pattern_count; i++)
        arguments[n++] = patterns[i];
    int exit_status = 0;
    assay_status status = regress_capture(arguments, 0, CAPTURE_PLAINLY, lines, &exit_status);
    free(arguments);
    if (status == ASSAY_OK && exit_status > 1) { /* 1 is a failed check, which is what we want to see */
        free(*lines);
        *lines = NULL;
        status = assay_fail(ASSAY_UNSUPPORTED, "%s verify ended with status %d", program, exit_status);
    }
    return status;
}

assay_status regress_compare_accuracy(const char *base_program, const char *program, const char *const *patterns,
                                      size_t pattern_count, uint64_t seed, json_t **changes)
{
    char seed_text[32], *base_lines = NULL, *lines = NULL;
    *changes = NULL;
    snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)seed);
    assay_status status = verify_with(base_program, patterns, pattern_count, seed_text, &base_lines);
    if (status == ASSAY_OK)
        status = verify_with(program, patterns, pattern_count, seed_text, &lines);
    if (status == ASSAY_OK)
        status = regress_compare_results(base_lines, lines, changes);
    free(base_lines);
    free(lines);
    return status;
}
