#include "cli/patterns.h"
#include "cli/nearest.h"

#include "assay/bench.h"
#include "assay/catalogue.h"

#include <stdio.h>
#include <string.h>

bool patterns_match(const common_options *common, const char *algorithm, const char *implementation, const char *rest)
{
    for (size_t i = 0; i < common->pattern_count; i++) {
        if (assay_pattern_matches(common->patterns[i], algorithm, implementation, rest))
            return true;
    }
    return common->pattern_count == 0;
}

/* A pattern that is held against everything there is. */
typedef struct search {
    const char *pattern;
    char part[3][NEAREST_NAME]; /* algorithm, implementation, check or workload, as typed; empty: anything */
    bool found;
    bool found_algorithm, found_implementation; /* so many parts match something */
    nearest
        near[3]; /* by the algorithm alone; by implementation within matching algorithms; by the rest of the names */
} search;

static void consider(search *s, const char *algorithm, const char *implementation, const char *name, const char *rest)
{
    char shown[4 * NEAREST_NAME]; /* what is too long to advise, nearest_consider passes over */
    nearest_consider(&s->near[0], algorithm, algorithm);
    snprintf(shown, sizeof shown, "*/*/%s", name);
    nearest_consider(&s->near[0], name, shown); /* a check's name where the algorithm's should be */
    if (!assay_pattern_matches(s->part[0], algorithm, implementation, rest))
        return;
    s->found_algorithm = true;
    snprintf(shown, sizeof shown, "%s/%s", s->part[0], implementation);
    nearest_consider(&s->near[1], implementation, shown);
    snprintf(shown, sizeof shown, "%s/*/%s", s->part[0], name);
    nearest_consider(&s->near[1], name, shown); /* a check's name where the implementation's should be */
    char two_parts[2 * NEAREST_NAME];
    snprintf(two_parts, sizeof two_parts, "%s/%s", s->part[0], s->part[1]);
    if (!assay_pattern_matches(two_parts, algorithm, implementation, rest))
        return;
    s->found_implementation = true;
    snprintf(shown, sizeof shown, "%s/%s/%s", s->part[0], *s->part[1] ? s->part[1] : "*", name);
    nearest_consider(&s->near[2], name, shown);
    s->found = s->found || assay_pattern_matches(s->pattern, algorithm, implementation, rest);
}

static void consider_check(void *self, const verify_item *item)
{
    consider(self, item->algorithm, item->implementation, item->check->name, item->check->name);
}

static void consider_workload(void *self, const bench_item *item)
{
    char rest[NEAREST_NAME];
    snprintf(rest, sizeof rest, "%s/%llu", item->workload->name, (unsigned long long)item->size);
    consider(self, item->algorithm, item->implementation, item->workload->name, rest);
}

static void split(search *s)
{
    const char *text = s->pattern;
    for (size_t i = 0; i < 3; i++) {
        const size_t length = strcspn(text, "/");
        snprintf(s->part[i], sizeof s->part[i], "%.*s", (int)length, text);
        text += text[length] == '/' ? length + 1 : length;
        s->near[i] = nearest_begin(s->part[i]);
    }
}

static int check_pattern(const char *pattern, pattern_scope scope)
{
    search s = {.pattern = pattern};
    split(&s);
    for (int i = 0; i < assay_catalogue_size(); i++) {
        const char *name = assay_catalogue_at(i)->name;
        nearest_consider(&s.near[0], name, name);
        s.found = s.found || (scope == PATTERN_ALL && strcmp(pattern, name) == 0);
    }
    if (scope & PATTERN_CHECKS)
        verify_each_item(consider_check, &s);
    if (scope & PATTERN_WORKLOADS)
        bench_each_item(consider_workload, &s);
    if (s.found)
        return EXIT_ALL_GOOD;
    const nearest *near = !s.found_algorithm ? &s.near[0] : !s.found_implementation ? &s.near[1] : &s.near[2];
    char advice[NEAREST_TEXT];
    complain("nothing matches \"%s\"%s", pattern, nearest_advice(near, advice));
    fprintf(stderr, "`%s list' shows what there is.\n", command_program);
    return EXIT_USAGE;
}

int patterns_check(const common_options *common, pattern_scope scope)
{
    for (size_t i = 0; i < common->pattern_count; i++) {
        if (check_pattern(common->patterns[i], scope) != EXIT_ALL_GOOD)
            return EXIT_USAGE;
    }
    return EXIT_ALL_GOOD;
}
