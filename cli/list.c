/* assay list: the algorithms, their implementations and whether this CPU runs them, checks and workloads. */
#include "cli/command.h"
#include "cli/formats.h"
#include "cli/options.h"
#include "cli/patterns.h"
#include "cli/terminal.h"

#include "assay/bench.h"
#include "assay/catalogue.h"

#include <stdlib.h>
#include <string.h>

static const struct argp_child children[] = {{.argp = &options_format}, {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    (void)text;
    common_options *common = state->input;
    switch (key) {
    case ARGP_KEY_INIT: options_share(state, common, 1); return 0;
    case ARGP_KEY_ARGS:
        common->patterns = (const char *const *)(state->argv + state->next);
        common->pattern_count = (size_t)(state->argc - state->next);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .parser = parse_option,
    .args_doc = "[PATTERN...]",
    .doc =
        "Lists the algorithms, their implementations and whether this CPU can run them, checks and workloads.\v"
        "A PATTERN is the glob of an algorithm's name; of algorithm/implementation/check it lists the algorithm too.",
    .children = children};

/* ---- What an algorithm has: gathered once, so that each thing is listed once ------------------------------------- */

enum { MOST = 512 };

typedef struct inventory {
    const common_options *common;
    const char *algorithm;
    bool selected;
    const verify_check *checks[MOST];
    size_t check_count;
    const bench_workload *workloads[MOST];
    size_t workload_count;
    double false_alarm; /* of all quick checks together; the levels of a check see the same random numbers */
} inventory;

static void gather_check(void *self, const verify_item *item)
{
    inventory *i = self;
    if (strcmp(item->algorithm, i->algorithm) != 0)
        return;
    i->selected = i->selected || patterns_match(i->common, item->algorithm, item->implementation, item->check->name);
    for (size_t k = 0; k < i->check_count; k++) {
        if (i->checks[k] == item->check)
            return;
    }
    if (i->check_count < MOST)
        i->checks[i->check_count++] = item->check;
    if (item->check->from == VERIFY_QUICK)
        i->false_alarm += item->check->false_alarm;
}

static void gather_workload(void *self, const bench_item *item)
{
    inventory *i = self;
    if (strcmp(item->algorithm, i->algorithm) != 0)
        return;
    char rest[256];
    snprintf(rest, sizeof rest, "%s/%llu", item->workload->name, (unsigned long long)item->size);
    i->selected = i->selected || patterns_match(i->common, item->algorithm, item->implementation, rest);
    for (size_t k = 0; k < i->workload_count; k++) {
        if (i->workloads[k] == item->workload)
            return;
    }
    if (i->workload_count < MOST)
        i->workloads[i->workload_count++] = item->workload;
}

static void gather(inventory *i, const common_options *common, const char *algorithm)
{
    *i = (inventory){.common = common, .algorithm = algorithm, .selected = common->pattern_count == 0};
    verify_each_item(gather_check, i);
    bench_each_item(gather_workload, i);
    for (size_t k = 0; k < common->pattern_count; k++)
        i->selected = i->selected || strcmp(common->patterns[k], algorithm) == 0;
}

static bool has_level(const assay_algorithm *a, int level)
{
    return level == ASSAY_REFERENCE || a->levels & ASSAY_LEVEL_BIT(level);
}

static assay_kind kind_of(const verify_check *check)
{
    return check->kernel ? ASSAY_AGREEMENT : check->claim ? ASSAY_CLAIM : check->sweep ? ASSAY_ORACLE : check->kind;
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

/* A list that goes on under its own beginning. */
typedef struct listing {
    const char *heading;
    int column;
} listing;

enum { INDENT = 19, LINE = 110 };

static void list_item(listing *l, const char *text)
{
    const int length = (int)strlen(text);
    if (l->column == 0)
        l->column = printf("  %-*s%s", INDENT - 2, l->heading, text);
    else if (l->column + length + 2 > LINE)
        l->column = printf(",\n%*s%s", INDENT, "", text) - 2;
    else
        l->column += printf(", %s", text);
}

static void end_list(listing *l)
{
    if (l->column)
        putchar('\n');
    l->column = 0;
}

static void print_implementations(const assay_algorithm *a)
{
    listing l = {.heading = "implementations"};
    for (int level = 0; level < ASSAY_LEVELS; level++) {
        char text[128];
        const char *lacks = assay_cpu_lacks((assay_level)level);
        if (!has_level(a, level))
            continue;
        snprintf(text, sizeof text, "%s%s%s%s", assay_level_name((assay_level)level), lacks ? " (no: lacks " : "",
                 lacks ? lacks : "", lacks ? ")" : "");
        list_item(&l, text);
    }
    end_list(&l);
}

static void print_checks(const inventory *i)
{
    for (assay_kind kind = ASSAY_ORACLE; kind <= ASSAY_REJECTION; kind++) {
        char heading[32];
        snprintf(heading, sizeof heading, "%s", assay_kind_name(kind));
        listing l = {.heading = heading};
        for (size_t k = 0; k < i->check_count; k++) {
            if (kind_of(i->checks[k]) == kind)
                list_item(&l, i->checks[k]->name);
        }
        end_list(&l);
    }
}

static void print_workloads(const inventory *i)
{
    listing l = {.heading = "workloads"};
    for (size_t k = 0; k < i->workload_count; k++)
        list_item(&l, i->workloads[k]->name);
    end_list(&l);
    listing peers = {.heading = "peers"};
    for (size_t k = 0; k < i->workload_count; k++) {
        const bench_workload *w = i->workloads[k];
        for (size_t p = 0; p < BENCH_PEERS && w->peers[p].name; p++) {
            bool earlier = false; /* the peer of an earlier workload */
            for (size_t m = 0; m < k && !earlier; m++) {
                for (size_t q = 0; q < BENCH_PEERS && i->workloads[m]->peers[q].name && !earlier; q++)
                    earlier = strcmp(i->workloads[m]->peers[q].name, w->peers[p].name) == 0;
            }
            if (!earlier)
                list_item(&peers, w->peers[p].name);
        }
    }
    end_list(&peers);
}

static void print_text(const assay_algorithm *a, const inventory *i)
{
    const bool colour = terminal_has_colour(stdout);
    printf("%s%s%s (%s)\n", colour ? "\033[1m" : "", a->name, colour ? "\033[0m" : "", a->family);
    printf("  %s\n  %s, %d, %s\n", a->title, a->authors, a->year, a->identifier);
    printf("  %s\n", a->summary);
    print_implementations(a);
    print_checks(i);
    print_workloads(i);
    if (i->false_alarm > 0)
        printf("  %-*sat most %.1g for all quick checks at a random seed\n", INDENT - 2, "false alarm", i->false_alarm);
    if (a->data)
        printf("  %-*s%s\n", INDENT - 2, "--data FILE", a->data);
    putchar('\n');
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static json_t *json_implementations(const assay_algorithm *a)
{
    json_t *list = json_array();
    for (int level = 0; level < ASSAY_LEVELS; level++) {
        if (!has_level(a, level))
            continue;
        const char *lacks = assay_cpu_lacks((assay_level)level);
        json_t *entry = json_object();
        json_object_set_new(entry, "name", format_json_text(assay_level_name((assay_level)level)));
        json_object_set_new(entry, "runs", json_boolean(!lacks));
        json_object_set_new(entry, "lacks", format_json_text(lacks));
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *json_checks(const inventory *i)
{
    json_t *list = json_array();
    for (size_t k = 0; k < i->check_count; k++) {
        const verify_check *c = i->checks[k];
        json_t *entry = json_object();
        json_object_set_new(entry, "name", format_json_text(c->name));
        json_object_set_new(entry, "kind", format_json_text(assay_kind_name(kind_of(c))));
        json_object_set_new(entry, "workload", format_json_text(c->workload));
        json_object_set_new(entry, "depth", format_json_text(verify_depth_name(c->from)));
        json_object_set_new(entry, "false_alarm", format_json_number(c->false_alarm));
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *json_sizes(const uint64_t sizes[BENCH_SIZES])
{
    json_t *list = json_array();
    for (size_t k = 0; k < BENCH_SIZES && sizes[k]; k++)
        json_array_append_new(list, json_integer((json_int_t)sizes[k]));
    return list;
}

static json_t *json_workloads(const inventory *i)
{
    json_t *list = json_array();
    for (size_t k = 0; k < i->workload_count; k++) {
        const bench_workload *w = i->workloads[k];
        json_t *entry = json_object(), *peers = json_array();
        for (size_t p = 0; p < BENCH_PEERS && w->peers[p].name; p++)
            json_array_append_new(peers, format_json_text(w->peers[p].name));
        json_object_set_new(entry, "name", format_json_text(w->name));
        json_object_set_new(entry, "size_label", format_json_text(w->size_label));
        json_object_set_new(entry, "quality_label", format_json_text(w->quality_label));
        json_object_set_new(entry, "sizes", json_sizes(w->sizes));
        json_object_set_new(entry, "peers", peers);
        json_array_append_new(list, entry);
    }
    return list;
}

static void print_json(const assay_algorithm *a, const inventory *i)
{
    json_t *object = json_object();
    json_object_set_new(object, "algorithm", format_json_text(a->name));
    json_object_set_new(object, "family", format_json_text(a->family));
    json_object_set_new(object, "title", format_json_text(a->title));
    json_object_set_new(object, "authors", format_json_text(a->authors));
    json_object_set_new(object, "year", json_integer(a->year));
    json_object_set_new(object, "identifier", format_json_text(a->identifier));
    json_object_set_new(object, "summary", format_json_text(a->summary));
    json_object_set_new(object, "data", format_json_text(a->data));
    json_object_set_new(object, "false_alarm", format_json_number(i->false_alarm));
    json_object_set_new(object, "implementations", json_implementations(a));
    json_object_set_new(object, "checks", json_checks(i));
    json_object_set_new(object, "workloads", json_workloads(i));
    format_json_line(stdout, object);
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

int command_list(int argc, char **argv)
{
    common_options common = common_options_default(1u << FORMAT_TEXT | 1u << FORMAT_JSON);
    parse_arguments(&argp, argc, argv, &common);
    if (patterns_check(&common, PATTERN_ALL) != EXIT_ALL_GOOD)
        return EXIT_USAGE;
    inventory *i = malloc(sizeof *i);
    if (!i) {
        complain("no memory");
        return EXIT_ENVIRONMENT;
    }
    for (int k = 0; k < assay_catalogue_size(); k++) {
        const assay_algorithm *a = assay_catalogue_at(k);
        gather(i, &common, a->name);
        if (!i->selected)
            continue;
        if (common.format == FORMAT_JSON)
            print_json(a, i);
        else
            print_text(a, i);
    }
    free(i);
    return close_output(EXIT_ALL_GOOD);
}
