#include "cli/patterns.h"
#include "cli/nearest.h"

#include "assay/bench.h"
#include "assay/catalogue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- --data ------------------------------------------------------------------------------------------------------ */

/* What the patterns select, and whether it takes data. */
typedef struct data_search {
    const common_options *common;
    char algorithm[NEAREST_NAME]; /* one that is selected and takes none */
    bool several;                 /* such algorithms */
    bool taken;
} data_search;

static void consider_data(data_search *s, const char *algorithm, const char *implementation, const char *rest)
{
    if (!patterns_match(s->common, algorithm, implementation, rest))
        return;
    const assay_algorithm *entry = assay_catalogue_find(algorithm);
    if (entry && entry->data)
        s->taken = true;
    else if (!*s->algorithm)
        snprintf(s->algorithm, sizeof s->algorithm, "%s", algorithm);
    else if (strcmp(s->algorithm, algorithm) != 0)
        s->several = true;
}

static void consider_data_of_check(void *self, const verify_item *item)
{
    consider_data(self, item->algorithm, item->implementation, item->check->name);
}

static void consider_data_of_workload(void *self, const bench_item *item)
{
    char rest[NEAREST_NAME];
    snprintf(rest, sizeof rest, "%s/%llu", item->workload->name, (unsigned long long)item->size);
    consider_data(self, item->algorithm, item->implementation, rest);
}

/* True if @p path is a regular file that can be read; errno otherwise. */
static bool can_be_read(const char *path)
{
    struct stat about;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait for its writer */
    if (file < 0)
        return false;
    const bool regular = fstat(file, &about) == 0 && S_ISREG(about.st_mode);
    close(file);
    errno = regular ? 0 : EINVAL;
    return regular;
}

int patterns_check_data(const common_options *common, pattern_scope scope)
{
    if (!common->data)
        return EXIT_ALL_GOOD;
    data_search s = {.common = common};
    if (scope & PATTERN_CHECKS)
        verify_each_item(consider_data_of_check, &s);
    if (scope & PATTERN_WORKLOADS)
        bench_each_item(consider_data_of_workload, &s);
    if (!s.taken) {
        if (s.several)
            complain("--data is given, but none of what is selected takes data of the user");
        else
            complain("--data is given, but %s takes no data of the user", s.algorithm);
        fprintf(stderr, "`%s list' shows which algorithms do.\n", command_program);
        return EXIT_USAGE;
    }
    if (!can_be_read(common->data)) {
        complain("--data is \"%s\", which cannot be read: %s", common->data,
                 errno == EINVAL ? "it is no regular file" : strerror(errno));
        return EXIT_USAGE;
    }
    return EXIT_ALL_GOOD;
}
