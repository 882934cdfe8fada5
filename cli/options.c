#include "cli/options.h"

#include "assay/cpu.h"
#include "assay/readers.h"
#include "assay/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_SEED = 0x100,
    KEY_SHARD,
    KEY_NO_DATABASE,
    KEY_THREADS,
    KEY_CPU,
    KEY_QUICK,
    KEY_FULL,
    KEY_EXHAUSTIVE,
    KEY_FORMAT,
    KEY_DATABASE,
    KEY_DATA
};

static const char *const format_names[] = {"text", "json", "junit", "csv"};

enum { FORMATS = sizeof format_names / sizeof format_names[0] };

common_options common_options_default(unsigned formats)
{
    return (common_options){.seed = 1, .shards = 1, .formats = formats, .database = "reports/out/assay.db"};
}

bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    if (value < low || value > high)
        return false;
    *number = value;
    return true;
}

void options_share(struct argp_state *state, common_options *common, size_t children)
{
    for (size_t i = 0; i < children; i++)
        state->child_inputs[i] = common;
}

/* ---- --threads, --cpu -------------------------------------------------------------------------------------------- */

static error_t parse_machine(int key, char *text, struct argp_state *state)
{
    common_options *o = state->input;
    uint64_t number;
    switch (key) {
    case KEY_THREADS:
        if (!parse_number(text, 1, ASSAY_THREADS_MAX, &number))
            argp_error(state, "--threads is \"%s\", must be 1 to %d", text, ASSAY_THREADS_MAX);
        else
            o->threads = (int)number;
        return 0;
    case KEY_CPU:
        o->has_level = assay_level_parse(text, &o->level) == ASSAY_OK;
        if (!o->has_level)
            argp_error(state, "--cpu is \"%s\", must be reference, baseline, avx2 or avx512", text);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option machine_options[] = {
    {.name = "threads", .key = KEY_THREADS, .arg = "N", .doc = "Use up to N threads (default: every processor)"},
    {.name = "cpu", .key = KEY_CPU, .arg = "LEVEL", .doc = "Use no more than reference, baseline, avx2 or avx512"},
    {0}};
const struct argp options_machine = {.options = machine_options, .parser = parse_machine};

/* ---- --seed, --shard, --no-db ------------------------------------------------------------------------------------ */

/* K/N with 1 <= K <= N. */
static bool parse_shard(const char *text, common_options *o)
{
    char first[16];
    const char *slash = strchr(text, '/');
    uint64_t shard, shards;
    if (!slash || (size_t)(slash - text) >= sizeof first)
        return false;
    snprintf(first, sizeof first, "%.*s", (int)(slash - text), text);
    if (!parse_number(slash + 1, 1, 1u << 20, &shards) || !parse_number(first, 1, shards, &shard))
        return false;
    o->shard = (unsigned)shard - 1;
    o->shards = (unsigned)shards;
    return true;
}

static error_t parse_run(int key, char *text, struct argp_state *state)
{
    common_options *o = state->input;
    switch (key) {
    case KEY_SEED:
        if (!parse_number(text, 0, INT64_MAX, &o->seed)) /* JSON and SQLite know signed numbers only */
            argp_error(state, "--seed is \"%s\", must be 0 to %lld", text, (long long)INT64_MAX);
        return 0;
    case KEY_SHARD:
        if (!parse_shard(text, o))
            argp_error(state, "--shard is \"%s\", must be K/N with 1 <= K <= N <= %u", text, 1u << 20);
        return 0;
    case KEY_NO_DATABASE: o->no_database = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option run_options[] = {
    {.name = "seed", .key = KEY_SEED, .arg = "N", .doc = "Seed of all random numbers (default 1)"},
    {.name = "shard", .key = KEY_SHARD, .arg = "K/N", .doc = "Do the K-th of N parts; `assay merge' joins them"},
    {.name = "no-db", .key = KEY_NO_DATABASE, .doc = "Keep the results nowhere"},
    {0}};
const struct argp options_run = {.options = run_options, .parser = parse_run};

/* ---- --data ------------------------------------------------------------------------------------------------------ */

static error_t parse_data(int key, char *text, struct argp_state *state)
{
    common_options *o = state->input;
    if (key != KEY_DATA)
        return ARGP_ERR_UNKNOWN;
    if (!*text)
        argp_error(state, "--data is empty");
    o->data = text;
    return 0;
}

static const struct argp_option data_options[] = {{.name = "data",
                                                   .key = KEY_DATA,
                                                   .arg = "FILE",
                                                   .doc = "Your own input in place of the built-in real one, for "
                                                          "algorithms that take some (`assay list' says which)"},
                                                  {0}};
const struct argp options_data = {.options = data_options, .parser = parse_data};

/* ---- --quick, --full, --exhaustive ------------------------------------------------------------------------------- */

static error_t parse_depth(int key, char *text, struct argp_state *state)
{
    (void)text;
    common_options *o = state->input;
    verify_depth depth;
    switch (key) {
    case KEY_QUICK: depth = VERIFY_QUICK; break;
    case KEY_FULL: depth = VERIFY_FULL; break;
    case KEY_EXHAUSTIVE: depth = VERIFY_EXHAUSTIVE; break;
    default: return ARGP_ERR_UNKNOWN;
    }
    if (o->has_depth && o->depth != depth)
        argp_error(state, "--%s contradicts --%s", verify_depth_name(depth), verify_depth_name(o->depth));
    o->has_depth = true;
    o->depth = depth;
    return 0;
}

static const struct argp_option depth_options[] = {
    {.name = "quick", .key = KEY_QUICK, .doc = "What takes a minute"},
    {.name = "full", .key = KEY_FULL, .doc = "More seeds and sizes, every claim"},
    {.name = "exhaustive", .key = KEY_EXHAUSTIVE, .doc = "All 2^32 inputs of float32 functions too"},
    {0}};
const struct argp options_depth = {.options = depth_options, .parser = parse_depth};

static const struct argp_option size_options[] = {
    {.name = "quick", .key = KEY_QUICK, .doc = "Fewer and smaller sizes"},
    {.name = "full", .key = KEY_FULL, .doc = "Every workload at every size (the default)"},
    {0}};
const struct argp options_sizes = {.options = size_options, .parser = parse_depth};

/* ---- --format, --db ---------------------------------------------------------------------------------------------- */

static const char *names_of(unsigned formats, char text[64])
{
    size_t length = 0, left = (size_t)__builtin_popcount(formats);
    text[0] = '\0';
    for (size_t i = 0; i < FORMATS; i++) {
        if (formats & 1u << i) {
            length += (size_t)snprintf(text + length, 64 - length, "%s%s", format_names[i],
                                       left > 2    ? ", "
                                       : left == 2 ? " or "
                                                   : "");
            left--;
        }
    }
    return text;
}

static error_t parse_format(int key, char *text, struct argp_state *state)
{
    common_options *o = state->input;
    if (key != KEY_FORMAT)
        return ARGP_ERR_UNKNOWN;
    for (unsigned i = 0; i < FORMATS; i++) {
        if (strcmp(format_names[i], text) == 0 && o->formats & 1u << i) {
            o->format = (output_format)i;
            return 0;
        }
    }
    char names[64];
    argp_error(state, "--format is \"%s\", must be %s", text, names_of(o->formats, names));
    return 0;
}

static const struct argp_option format_options[] = {
    {.name = "format", .key = KEY_FORMAT, .arg = "FORMAT", .doc = "text, json (an object a line), junit or csv"}, {0}};
const struct argp options_format = {.options = format_options, .parser = parse_format};

static error_t parse_database(int key, char *text, struct argp_state *state)
{
    common_options *o = state->input;
    if (key != KEY_DATABASE)
        return ARGP_ERR_UNKNOWN;
    if (!*text)
        argp_error(state, "--db is empty");
    o->database = text;
    return 0;
}

static const struct argp_option database_options[] = {
    {.name = "db", .key = KEY_DATABASE, .arg = "FILE", .doc = "The database of results (default reports/out/assay.db)"},
    {0}};
const struct argp options_database = {.options = database_options, .parser = parse_database};

/* ---- Into force -------------------------------------------------------------------------------------------------- */

int options_apply(const common_options *common)
{
    assay_status status = assay_cpu_check_environment();
    if (status == ASSAY_OK && common->has_level) {
        status = assay_cpu_set_level(common->level);
        if (status != ASSAY_OK) {
            complain("--cpu is %s, but %s", assay_level_name(common->level), assay_error());
            return exit_status_of(status);
        }
    }
    if (status == ASSAY_OK && common->threads)
        status = assay_set_threads(common->threads);
    if (status == ASSAY_OK)
        status = assay_set_user_data(common->data);
    return status == ASSAY_OK ? EXIT_ALL_GOOD : complain_of(status);
}
