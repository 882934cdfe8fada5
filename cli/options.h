/* Options that several commands share. Each group is an argp that a command takes as a child, with the command's
 * common_options as its input. */
#ifndef ASSAY_CLI_OPTIONS_H
#define ASSAY_CLI_OPTIONS_H

#include "cli/command.h"

#include "assay/verify.h"

#include <stdbool.h>
#include <stdint.h>

/* How output is written. */
typedef enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_JUNIT, FORMAT_CSV } output_format;

typedef struct common_options {
    uint64_t seed;
    int threads;       /* 0: the default */
    assay_level level; /* if has_level */
    bool has_level;
    unsigned shard, shards; /* 0 <= shard < shards */
    bool has_depth;
    verify_depth depth;
    output_format format;
    unsigned formats; /* the set of formats that the command has: 1u << FORMAT_TEXT | ... */
    const char *database;
    bool no_database;
    const char *data; /* the user's own input; null: none */
    const char *const *patterns;
    size_t pattern_count;
} common_options;

/* What holds when no option is given. */
common_options common_options_default(unsigned formats);

extern const struct argp options_machine;  /* --threads, --cpu */
extern const struct argp options_run;      /* --seed, --shard, --no-db */
extern const struct argp options_data;     /* --data */
extern const struct argp options_depth;    /* --quick, --full, --exhaustive */
extern const struct argp options_sizes;    /* --quick, --full */
extern const struct argp options_format;   /* --format */
extern const struct argp options_database; /* --db */

/* For the parsers of commands: hands the common options to the children. */
void options_share(struct argp_state *state, common_options *common, size_t children);

/* A whole decimal number in [low, high]; false if @p text is none. */
bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number);

/* Puts --cpu, --threads and --data in force; EXIT_ALL_GOOD or the exit status of a complaint. */
int options_apply(const common_options *common);

#endif
