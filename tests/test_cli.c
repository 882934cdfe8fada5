/* Tests of the assay command, run as its users do: arguments in, exit status and texts out.
 *
 * What runs is the command of a copy of this source tree to which `assay new` has added an algorithm, "sample": so the
 * tests do not depend on the collection, and every one of them tests what `assay new` writes. */
#include "assay/build.h"
#include "assay/cpu.h"
#include "assay/record.h"
#include "reports/store.h"

#include <check.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Running the command ----------------------------------------------------------------------------------------- */

static char folder[64];  /* of this test */
static char tree[64];    /* the copy of the source, for all tests */
static char program[96]; /* its command */

/* The flags that this program was built with beyond the usual: sanitizers, coverage. */
static const char *extra_flags(void)
{
    static const char usual[] = "-O3 -ffp-contract=off";
    const char *flags = assay_build_flags();
    if (strncmp(flags, usual, sizeof usual - 1) == 0)
        flags += sizeof usual - 1;
    return flags + strspn(flags, " "); /* letter for letter as they were given, or make takes them for others */
}

/* Names the compilers that this program was built with to make, which would take others for changed flags. */
static void set_compilers(void)
{
    char path[4096], c[64], cxx[64];
    snprintf(path, sizeof path, "%.*s/flags", (int)(strrchr(ASSAY_PROGRAM, '/') - ASSAY_PROGRAM), ASSAY_PROGRAM);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file && fscanf(file, "%63[^\n] %63[^\n]", c, cxx) == 2, "cannot read %s", path);
    fclose(file);
    ck_assert_int_eq(setenv("CC", c, 1), 0);
    ck_assert_int_eq(setenv("CXX", cxx, 1), 0);
    ck_assert_int_eq(setenv("EXTRA", extra_flags(), 1), 0);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/assay-cli-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(setenv("F", folder, 1), 0); /* for the shell: "$F/a.db" */
    snprintf(program, sizeof program, "%s/build/assay", tree);
    ck_assert_int_eq(setenv("ASSAY", program, 1), 0);
    set_compilers();
    unsetenv("MAKEFLAGS");
    unsetenv("MFLAGS");
    unsetenv("MAKELEVEL");
    unsetenv("ASSAY_CPU");
    unsetenv("NO_COLOR");
}

static void tear_down(void)
{
    ck_assert_int_eq(system("rm -rf \"$F\""), 0); /* NOLINT(cert-env33-c) */
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, '\0', file) < 0) { /* empty */
        free(text);
        text = strdup("");
    }
    fclose(file);
    return text;
}

typedef struct outcome {
    int status;
    char *out, *err;
} outcome;

static void release(outcome *o)
{
    free(o->out);
    free(o->err);
}

/* The end of what a command printed: Check refuses long messages. */
static const char *shown(const outcome *o)
{
    enum { MOST = 1200 };
    static char text[2 * MOST + 64];
    const size_t out = strlen(o->out), err = strlen(o->err);
    snprintf(text, sizeof text, "exit status %d\n%s\n%s", o->status, o->out + (out > MOST ? out - MOST : 0),
             o->err + (err > MOST ? err - MOST : 0));
    return text;
}

/* Runs a shell command; "$ASSAY" is the program and "$F" the test's folder. */
__attribute__((format(printf, 1, 2))) static outcome run(const char *format, ...)
{
    char command[4096] = "", line[8192], path[128];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    ck_assert_int_lt(length, (int)sizeof command);
    snprintf(line, sizeof line, "{ %s\n} >\"$F/out\" 2>\"$F/err\" </dev/null", command);
    outcome o;
    int state = system(line); /* NOLINT(cert-env33-c): a shell is what users type into */
    ck_assert_msg(WIFEXITED(state), "%s: wait status 0x%x", command, (unsigned)state);
    o.status = WEXITSTATUS(state);
    snprintf(path, sizeof path, "%s/out", folder);
    o.out = read_text(path);
    snprintf(path, sizeof path, "%s/err", folder);
    o.err = read_text(path);
    return o;
}

static int occurrences(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

/* Demands an exit status and, unless null, that standard error mentions something. */
static void expect(const char *command, int status, const char *mentions)
{
    outcome o = run("%s", command);
    ck_assert_msg(o.status == status, "%s: not exit status %d: %s", command, status, shown(&o));
    ck_assert_msg(!mentions || strstr(o.err, mentions), "%s: standard error does not mention \"%s\": %s", command,
                  mentions, shown(&o));
    if (status == 2)
        ck_assert_msg(*o.out == '\0', "%s: a usage error belongs on standard error: %s", command, shown(&o));
    release(&o);
}

/* ---- The tree with the sample ------------------------------------------------------------------------------------ */

static pid_t owner; /* of the tree: children must not remove it */

static void remove_tree(void)
{
    if (getpid() == owner && system("rm -rf \"$TREE\"") != 0) /* NOLINT(cert-env33-c) */
        fprintf(stderr, "cannot remove %s\n", tree);
}

/* Once for all tests. */
static void make_sample(void)
{
    if (*tree)
        return;
    snprintf(tree, sizeof tree, "/tmp/assay-tree-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(tree));
    owner = getpid();
    atexit(remove_tree);
    setenv("TREE", tree, 1);
    set_up();
    outcome o =
        run("set -e; cd " ASSAY_SOURCE
            "; cp -a .gitignore .clang-format .clang-tidy Makefile mk cli core include reference optimized "
            "verify bench reports tests docs data tools $TREE\n"
            "rm -rf $TREE/reports/out; mkdir $TREE/build; cd $(dirname " ASSAY_PROGRAM ")\n"
            "for part in cli core reference optimized verify bench reports; do cp -a $part $TREE/build; done\n"
            "cp -a *.h *.a flags sources $TREE/build; rm $TREE/build/core/build.c.*"); /* it knows the revision */
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    release(&o);
    o = run("cd $TREE && " ASSAY_PROGRAM " new sample --family brand_new && "
            "sed -i 's/.levels = /.data = \"two vectors as .csv\", &/' reference/brand_new/sample.c && git init -q && "
            "git add -A && "
            "git -c user.name=test -c user.email=test@localhost commit -qm sample && make -j2 build/assay");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_ptr_nonnull(strstr(o.out, "CC    optimized/brand_new/sample_avx2.c"));
    ck_assert_msg(!strstr(o.out, "CC    cli/"), "more was compiled than what is new: %s", shown(&o));
    release(&o);
    tear_down();
}

/* ---- Usage ------------------------------------------------------------------------------------------------------- */

START_TEST(help_and_version_say_what_there_is)
{
    outcome o = run("$ASSAY help");
    ck_assert_int_eq(o.status, 0);
    static const char *const commands[] = {"list",  "verify", "bench", "report", "regress",
                                           "merge", "limits", "new",   "help"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        ck_assert_msg(strstr(o.out, commands[i]) != NULL, "help does not know %s", commands[i]);
        char line[64];
        snprintf(line, sizeof line, "$ASSAY %s --help", commands[i]);
        expect(line, 0, NULL);
        snprintf(line, sizeof line, "$ASSAY help %s", commands[i]);
        expect(line, 0, NULL);
    }
    release(&o);
    o = run("$ASSAY --version; $ASSAY verify --version");
    ck_assert_int_eq(o.status, 0);
    ck_assert_ptr_nonnull(strstr(o.out, assay_version()));
    ck_assert_int_eq(occurrences(o.out, "revision "), 2);
    release(&o);
    expect("$ASSAY", 2, "Usage: assay COMMAND");
    expect("$ASSAY help list verify", 2, "one COMMAND");
}
END_TEST

/* Command lines that are wrong, and what the complaint must mention. */
static const char *const wrong[][2] = {
    {"verfy", "did you mean verify?"},
    {"benhc", "did you mean bench?"},
    {"lsit", "list"},
    {"help verfy", "did you mean verify?"},
    {"xyzzy", "there is no command \"xyzzy\""},
    {"--verison", "there is no command"},
    {"verify --sed 3", "did you mean --seed?"},
    {"verify --exhuastive", "did you mean --exhaustive?"},
    {"bench --repetitoins=9", "did you mean --repetitions?"},
    {"new --familly arithmetic x", "did you mean --family?"},
    {"verify -x", "invalid option"},
    {"verify --seed", "requires an argument"},
    {"verify --quick=yes", "doesn't allow an argument"},
    {"verify --seed x", "--seed is \"x\", must be 0 to 9223372036854775807"},
    {"verify --seed ''", "--seed is \"\""},
    {"verify --seed -1", "--seed is \"-1\""},
    {"verify --seed 1.5", "--seed is \"1.5\""},
    {"verify --seed 9223372036854775808", "must be 0 to 9223372036854775807"},
    {"verify --seed 99999999999999999999999", "must be 0 to 9223372036854775807"},
    {"verify --threads 0", "--threads is \"0\", must be 1 to 1024"},
    {"verify --threads 1025", "--threads is \"1025\""},
    {"verify --threads two", "--threads is \"two\""},
    {"verify --cpu avx1024", "--cpu is \"avx1024\", must be reference, baseline, avx2 or avx512"},
    {"verify --shard 5/3", "--shard is \"5/3\", must be K/N with 1 <= K <= N"},
    {"bench --shard 0/3", "--shard is \"0/3\""},
    {"verify --shard 1/0", "--shard is \"1/0\""},
    {"verify --shard 1", "--shard is \"1\""},
    {"verify --shard 1/2/3", "--shard is \"1/2/3\""},
    {"verify --shard /2", "--shard is \"/2\""},
    {"verify --shard 00000000000000000001/2", "--shard is"},
    {"verify --format yaml", "--format is \"yaml\", must be text, json, junit or csv"},
    {"list --format csv", "--format is \"csv\", must be text or json"},
    {"limits --format junit", "--format is \"junit\", must be text, json or csv"},
    {"verify --quick --full", "--full contradicts --quick"},
    {"verify --db ''", "--db is empty"},
    {"verify --data ''", "--data is empty"},
    {"verify --data none.csv sample", "--data is \"none.csv\", which cannot be read: No such file"},
    {"bench --data / sample", "--data is \"/\", which cannot be read"},
    {"verify --data /etc/hostname lmul", "--data is given, but lmul takes no data of the user"},
    {"bench --data /etc/hostname lmul", "--data is given, but lmul takes no data of the user"},
    {"verify --data /etc/hostname lmul evolved_exp", "but none of what is selected takes data of the user"},
    {"list --data x", "there is no option \"--data\""},
    {"bench --exhaustive", "exhaustive"},
    {"bench --repetitions 8", "--repetitions is \"8\", must be 9 to 10000"},
    {"report everything", "takes no PATTERN"},
    {"report --claims ''", "--claims is empty"},
    {"limits everything", "takes no PATTERN"},
    {"merge", "no database is given"},
    {"merge a.db", "no output is given"},
    {"new", "no NAME is given"},
    {"new some_name", "no family is given"},
    {"new a b --family c", "one NAME"},
};

START_TEST(wrong_usage_is_refused)
{
    char command[256];
    snprintf(command, sizeof command, "$ASSAY %s", wrong[_i][0]);
    expect(command, 2, wrong[_i][1]);
}
END_TEST

START_TEST(an_unknown_level_in_the_environment_is_refused)
{
    expect("ASSAY_CPU=avx3 $ASSAY verify --no-db", 2, "ASSAY_CPU is \"avx3\"");
}
END_TEST

static const char *const unmatched[][2] = {
    {"smaple", "nothing matches \"smaple\"; did you mean sample"},
    {"'sample/*/dot_agres'", "did you mean sample/*/dot_agrees?"},
    {"'sampel/*/dot_agrees'", "did you mean sample"},
    {"sample/refernce", "did you mean sample/reference?"},
    {"sample/dot_agrees", "did you mean sample/*/dot_agrees?"},
    {"dot_agrees", "did you mean */*/dot_agrees"},
    {"sample qqqqqqqqqqqqqqqq", "nothing matches \"qqqqqqqqqqqqqqqq\"\n"},
};

START_TEST(patterns_that_match_nothing_get_advice)
{
    static const char *const commands[] = {"verify", "list", "verify --format json"};
    char command[256];
    for (size_t i = 0; i < 3; i++) {
        snprintf(command, sizeof command, "$ASSAY %s %s", commands[i], unmatched[_i][0]);
        expect(command, 2, unmatched[_i][1]);
    }
}
END_TEST

START_TEST(patterns_of_workloads_get_advice_too)
{
    expect("$ASSAY bench sample/avx2/dto", 2, "did you mean sample/avx2/dot?");
    expect("$ASSAY bench sample/avx2/dot/7", 2, "nothing matches");
    expect("$ASSAY bench 'sample/OpenBLAS sodt'", 2, "did you mean sample/OpenBLAS sdot?");
}
END_TEST

/* ---- list -------------------------------------------------------------------------------------------------------- */

START_TEST(list_tells_what_this_cpu_can_run)
{
    outcome o = run("$ASSAY list --format json");
    ck_assert_int_eq(o.status, 0);
    int algorithms = 0;
    double false_alarm = 0;
    for (char *line = strtok(o.out, "\n"); line; line = strtok(NULL, "\n"), algorithms++) {
        json_t *entry = json_loads(line, 0, NULL), *each;
        size_t i;
        ck_assert_ptr_nonnull(entry);
        ck_assert(json_is_string(json_object_get(entry, "title")) && json_is_integer(json_object_get(entry, "year")));
        ck_assert(json_is_string(json_object_get(entry, "identifier")));
        json_array_foreach(json_object_get(entry, "implementations"), i, each)
        {
            assay_level level;
            ck_assert_int_eq(assay_level_parse(json_string_value(json_object_get(each, "name")), &level), ASSAY_OK);
            const char *lacks = assay_cpu_lacks(level);
            ck_assert_int_eq(json_is_true(json_object_get(each, "runs")), !lacks);
            if (lacks)
                ck_assert_str_eq(json_string_value(json_object_get(each, "lacks")), lacks);
        }
        ck_assert_uint_gt(i, 0);
        json_t *alarm = json_object_get(entry, "false_alarm");
        ck_assert(json_is_number(alarm) && json_number_value(alarm) >= 0);
        false_alarm += json_number_value(alarm);
        json_decref(entry);
    }
    ck_assert_int_gt(algorithms, 0);
    ck_assert_msg(false_alarm > 0 && false_alarm < 1e-6,
                  "a right quick run of the whole collection fails with a probability of up to %g", false_alarm);
    release(&o);

    o = run("$ASSAY list sample");
    ck_assert_int_eq(o.status, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "sample"));
    ck_assert_ptr_nonnull(strstr(o.out, "agreement        dot_agrees"));
    ck_assert_ptr_nonnull(strstr(o.out, "implementations  reference, baseline, avx2"));
    ck_assert_ptr_nonnull(strstr(o.out, "OpenBLAS sdot"));
    ck_assert_ptr_nonnull(strstr(o.out, "--data FILE      two vectors as .csv\n"));
    release(&o);
}
END_TEST

/* ---- --data ------------------------------------------------------------------------------------------------------ */

/* A replay command, in the test's folder and without a database. */
static const char *replay_in(const char *replay)
{
    static char command[1024];
    snprintf(command, sizeof command, "cd $F && %s --no-db", replay);
    return command;
}

static bool note_data(void *self, const report_run *run)
{
    snprintf(self, 128, "%s", run->run.data ? run->run.data : "");
    return true;
}

/* The user's file is kept with the run, and every command that repeats something names it, however odd its name. */
START_TEST(data_of_the_user_is_told_everywhere)
{
    expect("cd $F && echo 1,2 >\"it's mine.csv\"", 0, NULL);
    outcome o = run("cd $F && $ASSAY verify --db $F/a.db --format json --data \"it's mine.csv\" 'sample/*/dot_rejects' "
                    "'lmul/*/rejects_theory'");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    int with = 0, without = 0;
    for (char *line = strtok(o.out, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *result = json_loads(line, 0, NULL);
        const char *replay = json_string_value(json_object_get(result, "replay"));
        const char *option = strstr(replay, " --data 'it'\\''s mine.csv'");
        with += option && strlen(option) == strlen(" --data 'it'\\''s mine.csv'");
        without += !strstr(replay, "--data");
        if (with == 1 && option)
            expect(replay_in(replay), 0, NULL);
        json_decref(result);
    }
    ck_assert_int_ge(with, 2);
    ck_assert_int_eq(without, 1);
    release(&o);

    char kept[128] = "", path[128];
    report_store *store;
    snprintf(path, sizeof path, "%s/a.db", folder);
    ck_assert_int_eq(report_store_open_read_only(path, &store), ASSAY_OK);
    ck_assert_int_eq(report_store_each_run(store, note_data, kept), ASSAY_OK);
    report_store_close(store);
    ck_assert_str_eq(kept, "it's mine.csv");

    o = run("cd $F && $ASSAY bench --quick --no-limits --no-counters --db $F/b.db --data \"it's mine.csv\" "
            "sample/baseline/dot/1024 && $ASSAY report --db $F/b.db -o $F/pages && grep -F \"s mine.csv'\" "
            "$F/pages/report.md");
    ck_assert_msg(o.status == 0 && strstr(o.out, " --data 'it'"), "%s", shown(&o));
    release(&o);
}
END_TEST

/* ---- verify: formats --------------------------------------------------------------------------------------------- */

static bool ends_with_summary(const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    while (length > 0 && text[length - 1] != '\n')
        length--;
    int passed, failed, skipped, end = 0;
    return sscanf(text + length, "%d passed, %d failed, %d skipped%n", &passed, &failed, &skipped, &end) == 3 &&
           text[length + (size_t)end] == '\n';
}

START_TEST(text_is_one_line_for_each_check)
{
    outcome o = run("$ASSAY verify --no-db 'sample/*/dot_rejects'");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_ptr_nonnull(strstr(o.out, "sample/avx2/dot_rejects "));
    ck_assert_ptr_nonnull(strstr(o.out, "pass"));
    ck_assert_msg(ends_with_summary(o.out), "no summary at the end:\n%s", o.out);
    ck_assert_msg(!strchr(o.out, '\033') && !strchr(o.err, '\033'), "colours in a pipe");
    ck_assert_msg(*o.err == '\0', "not quiet in a pipe: %s", o.err);
    release(&o);
}
END_TEST

static const char *const result_fields[] = {"algorithm", "implementation", "kind",   "check",      "workload",
                                            "measured",  "limit",          "unit",   "verdict",    "reason",
                                            "seconds",   "seed",           "replay", "false_alarm"};

enum { RESULT_FIELDS = sizeof result_fields / sizeof result_fields[0] };

START_TEST(json_has_exactly_the_fields)
{
    outcome o = run("$ASSAY verify --no-db --seed 42 --cpu baseline --format json 'sample/*/dot_agrees' 'sample/*/C1'");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    int lines = 0;
    for (char *line = strtok(o.out, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        json_error_t error;
        json_t *result = json_loads(line, JSON_REJECT_DUPLICATES, &error), *value;
        ck_assert_msg(result != NULL, "%s: %s", error.text, line);
        size_t i = 0;
        const char *key;
        json_object_foreach(result, key, value)
        {
            ck_assert_uint_lt(i, RESULT_FIELDS);
            ck_assert_str_eq(key, result_fields[i]);
            i++;
        }
        ck_assert_uint_eq(i, RESULT_FIELDS);
        ck_assert_str_eq(json_string_value(json_object_get(result, "algorithm")), "sample");
        const char *kind = json_string_value(json_object_get(result, "kind"));
        ck_assert_str_eq(kind, strcmp(json_string_value(json_object_get(result, "check")), "C1") == 0 ? "claim"
                                                                                                      : "agreement");
        ck_assert_int_eq(json_integer_value(json_object_get(result, "seed")), 42);
        ck_assert(json_is_real(json_object_get(result, "seconds")));
        const char *replay = json_string_value(json_object_get(result, "replay"));
        ck_assert_ptr_nonnull(strstr(replay, "--seed 42"));
        outcome again = run("%s --no-db", replay);
        const bool is_skipped = strcmp(json_string_value(json_object_get(result, "verdict")), "skipped") == 0;
        const char *words = is_skipped ? "0 passed, 0 failed, 1 skipped" : "1 passed, 0 failed, 0 skipped";
        ck_assert_msg(again.status == 0 && strstr(again.out, words), "%s\n%s", replay, shown(&again));
        release(&again);
        json_decref(result);
    }
    ck_assert_int_eq(lines, 4);
    ck_assert_msg(ends_with_summary(o.err), "no summary on standard error:\n%s", o.err);
    release(&o);
}
END_TEST

/* Counts the fields of one CSV record and moves behind its CRLF; -1 if it is none by RFC 4180. */
static int csv_fields(const char **text)
{
    int fields = 1;
    const char *c = *text;
    while (*c) {
        if (*c == '"') {
            for (c++; *c && (*c != '"' || c[1] == '"'); c++)
                c += *c == '"';
            if (*c++ != '"' || (*c != ',' && *c != '\r'))
                return -1;
        }
        while (*c && !strchr(",\r\n\"", *c))
            c++;
        if (*c == ',') {
            fields++;
            c++;
        } else if (c[0] == '\r' && c[1] == '\n') {
            *text = c + 2;
            return fields;
        } else if (*c != '"') {
            return -1;
        }
    }
    return -1;
}

START_TEST(csv_is_csv)
{
    outcome o = run("$ASSAY verify --no-db --format csv sample");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    const char *text = o.out;
    int records = 0;
    while (*text) {
        ck_assert_int_eq(csv_fields(&text), RESULT_FIELDS);
        records++;
    }
    ck_assert_int_ge(records, 2);
    ck_assert_int_eq(strncmp(o.out, "algorithm,implementation,kind,check,", 36), 0);
    release(&o);
}
END_TEST

START_TEST(junit_counts_its_cases)
{
    outcome o = run("$ASSAY verify --no-db --format junit sample");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_int_eq(strncmp(o.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", 50), 0);
    int promised = 0;
    for (const char *at = strstr(o.out, " tests=\""); at; at = strstr(at + 1, " tests=\""))
        promised += atoi(at + 8);
    ck_assert_int_ge(promised, 1);
    ck_assert_int_eq(promised, occurrences(o.out, "<testcase "));
    ck_assert_int_eq(occurrences(o.out, "<testsuite "), occurrences(o.out, "</testsuite>"));
    ck_assert_int_eq(occurrences(o.out, "</testsuites>"), 1);
    ck_assert_int_eq(occurrences(o.out, "<failure"), 0);
    release(&o);
}
END_TEST

/* ---- verify: on a terminal --------------------------------------------------------------------------------------- */

/* Runs the command with a terminal for output; gives what came there. */
static char *run_on_terminal(const char *no_colour)
{
    int terminal;
    struct winsize size = {.ws_row = 25, .ws_col = 100};
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        setenv("TERM", "xterm", 1);
        if (no_colour)
            setenv("NO_COLOR", no_colour, 1);
        execl(program, "assay", "verify", "--no-db", "sample", (char *)NULL);
        _exit(127);
    }
    char *text = calloc(1, 1 << 20);
    size_t length = 0;
    ssize_t count;
    while ((count = read(terminal, text + length, (1 << 20) - 1 - length)) > 0)
        length += (size_t)count;
    int state;
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    close(terminal);
    ck_assert_msg(WIFEXITED(state) && WEXITSTATUS(state) == 0, "%s", text);
    return text;
}

START_TEST(a_terminal_gets_colours_and_a_bar)
{
    char *text = run_on_terminal(NULL);
    ck_assert_ptr_nonnull(strstr(text, "\033[32mpass"));
    ck_assert_ptr_nonnull(strstr(text, "\r["));
    ck_assert_ptr_nonnull(strstr(text, " of "));
    free(text);
    text = run_on_terminal("1");
    ck_assert_ptr_null(strstr(text, "\033[32m"));
    ck_assert_ptr_nonnull(strstr(text, "\r["));
    free(text);
    text = run_on_terminal(""); /* empty means not set: https://no-color.org */
    ck_assert_ptr_nonnull(strstr(text, "\033[32m"));
    free(text);
}
END_TEST

/* ---- The database ------------------------------------------------------------------------------------------------ */

typedef struct tally {
    int runs, ended, results, failures;
    report_store *store;
} tally;

static bool count_result(void *self, const assay_result *result)
{
    tally *t = self;
    t->results++;
    t->failures += result->verdict == ASSAY_FAIL;
    return true;
}

static bool count_run(void *self, const report_run *stored)
{
    tally *t = self;
    t->runs++;
    t->ended += !isnan(stored->seconds);
    return report_store_each_result(t->store, stored->id, count_result, t) == ASSAY_OK;
}

/* What is in a database of the test's folder. */
static tally count_records(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    tally t = {0};
    ck_assert_msg(report_store_open_read_only(path, &t.store) == ASSAY_OK, "%s", assay_error());
    ck_assert_int_eq(report_store_each_run(t.store, count_run, &t), ASSAY_OK);
    report_store_close(t.store);
    return t;
}

START_TEST(results_are_kept)
{
    outcome o = run("$ASSAY verify --db $F/new/folder/a.db sample");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    release(&o);
    tally first = count_records("new/folder/a.db");
    ck_assert_int_eq(first.runs, 1);
    ck_assert_int_eq(first.ended, 1);
    ck_assert_int_eq(first.results, 13);
    o = run("$ASSAY verify --db $F/new/folder/a.db sample");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    release(&o);
    tally second = count_records("new/folder/a.db");
    ck_assert_int_eq(second.runs, 2);
    ck_assert_int_eq(second.results, 26);
}
END_TEST

START_TEST(bad_databases_are_refused_and_left_alone)
{
    outcome o = run("echo text >$F/file; head -c 100000 /dev/urandom >$F/corrupt.db; cp $F/corrupt.db $F/corrupt.copy\n"
                    "$ASSAY verify --db $F/newer.db 'sample/*/dot_rejects' >/dev/null || exit 9");
    ck_assert_int_eq(o.status, 0);
    release(&o);
    char path[128];
    snprintf(path, sizeof path, "%s/newer.db", folder);
    FILE *file = fopen(path, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 60, SEEK_SET), 0); /* user_version, in the file format of SQLite */
    fputs("\x7f\xff\xff\x01", file);
    fclose(file);
    o = run("cp $F/newer.db $F/newer.copy");
    release(&o);
    static const char *const commands[] = {"verify --db", "bench --no-limits --db", "report -o $F/pages --db",
                                           "merge -o $F/merged.db"};
    for (size_t i = 0; i < 4; i++) {
        char command[256];
        snprintf(command, sizeof command, "$ASSAY %s $F/corrupt.db", commands[i]);
        expect(command, 3, "corrupt.db");
        snprintf(command, sizeof command, "$ASSAY %s $F/newer.db", commands[i]);
        expect(command, 3, "newer");
        snprintf(command, sizeof command, "$ASSAY %s $F/file/a.db", commands[i]);
        expect(command, 3, "file");
    }
    expect("$ASSAY report -o $F/pages --db $F/nowhere.db", 3, "nowhere.db");
    expect("cmp $F/corrupt.db $F/corrupt.copy && cmp $F/newer.db $F/newer.copy && test ! -e $F/merged.db", 0, NULL);
}
END_TEST

/* A limit on the size of files, in blocks of 512 bytes, stands for a full disk. */
START_TEST(a_full_disk_keeps_the_results_so_far)
{
    outcome o = run("(ulimit -f 16; exec $ASSAY verify --db $F/a.db sample); echo $?; "
                    "$ASSAY verify --db $F/b.db 'sample/*/dot_rejects' >/dev/null && stat -c %%s $F/b.db");
    int status, size, printed = 0;
    ck_assert_msg(sscanf(o.out, "%d %d", &status, &size) == 2, "%s", shown(&o));
    ck_assert_int_eq(status, 3);
    release(&o);

    /* Room for an empty database and its first records. */
    o = run("rm $F/a.db*; ulimit -f %d; exec $ASSAY verify --db $F/a.db --format json sample", size / 512 + 4);
    ck_assert_msg(o.status == 3, "%s", shown(&o));
    ck_assert_msg(strstr(o.err, "the database refused a result, those before it are kept"), "%s", o.err);
    for (const char *c = o.out; *c; c++)
        printed += *c == '\n';
    tally t = count_records("a.db");
    ck_assert_int_eq(t.runs, 1);
    ck_assert_int_eq(t.ended, 0);
    ck_assert_int_ge(printed, 1);
    ck_assert_int_eq(t.results, printed - 1); /* all but the one that was refused */
    release(&o);
}
END_TEST

START_TEST(a_file_system_without_space_is_no_crash)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", folder, "tmpfs", 0, "size=16k") != 0)
            _exit(77); /* not root */
        char path[128];
        snprintf(path, sizeof path, "%s/a.db", folder);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        execl(program, "assay", "verify", "--db", path, "sample", (char *)NULL);
        _exit(127);
    }
    int state;
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    ck_assert_msg(WIFEXITED(state) && (WEXITSTATUS(state) == 3 || WEXITSTATUS(state) == 77), "wait status 0x%x",
                  (unsigned)state);
}
END_TEST

START_TEST(output_that_cannot_be_written_is_told)
{
    expect("$ASSAY verify --no-db 'sample/*/dot_rejects' >/dev/full", 3, "cannot write the output");
    expect("$ASSAY list >/dev/full", 3, "cannot write the output");
    expect("$ASSAY help >/dev/full", 3, "cannot write the output");
}
END_TEST

/* ---- Interrupts -------------------------------------------------------------------------------------------------- */

/* Starts verify --full and interrupts it after its first result. */
static int interrupt_after_a_result(void)
{
    char path[128], byte;
    snprintf(path, sizeof path, "%s/a.db", folder);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(ends[1], 1);
        dup2(null, 2);
        close(ends[0]);
        close(ends[1]);
        execl(program, "assay", "verify", "--full", "--db", path, "sample", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (read(ends[0], &byte, 1) == 1 && byte != '\n')
        continue;
    kill(child, SIGINT);
    while (read(ends[0], &byte, 1) == 1)
        continue;
    close(ends[0]);
    int state;
    ck_assert_int_eq(waitpid(child, &state, 0), child);
    if (WIFSIGNALED(state))
        return 128 + WTERMSIG(state); /* before the checks began; a shell says the same */
    return WEXITSTATUS(state);
}

START_TEST(an_interrupted_run_keeps_its_results_and_goes_on)
{
    ck_assert_int_eq(interrupt_after_a_result(), 130);
    tally before = count_records("a.db");
    ck_assert_int_eq(before.runs, 1);
    ck_assert_int_eq(before.ended, 0);
    ck_assert_int_ge(before.results, 1);
    ck_assert_int_eq(before.failures, 0);
    ck_assert_int_eq(interrupt_after_a_result(), 130);
    tally after = count_records("a.db");
    ck_assert_int_eq(after.runs, 1);
    ck_assert_int_ge(after.results, before.results);

    /* The third time to the end: all results, each once, the earlier ones printed again. */
    outcome o = run("$ASSAY verify --full --db $F/a.db sample");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_ptr_nonnull(strstr(o.err, "going on with run 1, which was interrupted"));
    ck_assert_ptr_nonnull(strstr(o.out, "13 passed, 0 failed, 0 skipped"));
    release(&o);
    tally whole = count_records("a.db");
    ck_assert_int_eq(whole.runs, 1);
    ck_assert_int_eq(whole.ended, 1);
    ck_assert_int_eq(whole.results, 13);

    /* A finished run is not gone on with, nor an interrupted one if all is to be run afresh. */
    ck_assert_int_eq(interrupt_after_a_result(), 130);
    ck_assert_int_eq(count_records("a.db").runs, 2);
    o = run("$ASSAY verify --full --fresh --db $F/a.db sample");
    ck_assert_msg(o.status == 0 && *o.err == '\0', "%s", shown(&o));
    release(&o);
    ck_assert_int_eq(count_records("a.db").runs, 3);
    expect("echo '/* changed */' >>$TREE/core/status.c && cd $TREE && make build/assay >/dev/null", 0, NULL);
    ck_assert_int_eq(interrupt_after_a_result(), 130);
    o = run("$ASSAY verify --full --db $F/a.db 'sample/*/dot_rejects'");
    ck_assert_msg(o.status == 0 && *o.err == '\0', "changed source must start anew: %s", shown(&o));
    release(&o);
    ck_assert_int_eq(count_records("a.db").runs, 5);
    expect("cd $TREE && git checkout -q core && make build/assay >/dev/null", 0, NULL);
}
END_TEST

/* ---- Contradictions ---------------------------------------------------------------------------------------------- */

typedef struct copying {
    report_store *store;
    int64_t to;
} copying;

/* Copies a result with the opposite verdict. */
static bool plant_opposite(void *self, const assay_result *result)
{
    const copying *c = self;
    assay_result opposite = *result;
    opposite.verdict = result->verdict == ASSAY_PASS ? ASSAY_FAIL : ASSAY_NOT_REPRODUCED;
    ck_assert_int_eq(report_store_add_result(c->store, c->to, &opposite), ASSAY_OK);
    return false;
}

static bool plant_run(void *self, const report_run *stored)
{
    copying *c = self;
    ck_assert_int_eq(report_store_begin_run(c->store, &stored->run, &c->to), ASSAY_OK);
    ck_assert_int_eq(report_store_each_result(c->store, stored->id, plant_opposite, c), ASSAY_OK);
    ck_assert_int_eq(report_store_end_run(c->store, c->to, 1), ASSAY_OK);
    return false;
}

START_TEST(a_verdict_that_changes_is_a_failure)
{
    static const char command[] = "$ASSAY verify --db $F/a.db 'sample/*/C1'";
    char path[128];
    expect(command, 0, NULL);
    snprintf(path, sizeof path, "%s/a.db", folder);
    copying c = {0};
    ck_assert_int_eq(report_store_open(path, &c.store), ASSAY_OK);
    ck_assert_int_eq(report_store_each_run(c.store, plant_run, &c), ASSAY_OK);
    report_store_close(c.store);
    expect(command, 1, "contradiction");
}
END_TEST

/* ---- Ranks ------------------------------------------------------------------------------------------------------- */

#ifdef __SANITIZE_ADDRESS__
enum { IS_ADDRESS_SANITIZED = 1 }; /* Open MPI's own leaks would be reported as ours */
#else
enum { IS_ADDRESS_SANITIZED = 0 };
#endif

START_TEST(ranks_give_the_results_of_one_process)
{
    outcome o = run("command -v mpirun");
    const bool is_possible = o.status == 0 && !IS_ADDRESS_SANITIZED;
    release(&o);
    if (!is_possible)
        return;
    o = run("set -e; cd $F; mpirun --allow-run-as-root --oversubscribe --bind-to none -n 3 $ASSAY verify --db ranks.db "
            "sample >ranks\n"
            "$ASSAY verify --no-db sample >one\n"
            "for f in ranks one; do sed 's/ *[0-9.]* s / /; s/\\r//' $f | sort >$f.sorted; done; diff ranks.sorted "
            "one.sorted");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    release(&o);
    tally t = count_records("ranks.db");
    ck_assert_int_eq(t.runs, 1);
    ck_assert_int_eq(t.ended, 1);
    ck_assert_int_eq(t.results, 13);
    expect("mpirun --allow-run-as-root --oversubscribe --bind-to none -n 2 $ASSAY verify --no-db smaple", 2,
           "did you mean sample");
    expect("mpirun --allow-run-as-root --oversubscribe --bind-to none -n 2 $ASSAY verify --fail-fast --no-db sample", 2,
           "--fail-fast is for a single process");
    expect("mpirun --allow-run-as-root --oversubscribe --bind-to none -n 2 $ASSAY bench --quick sample >$F/null", 2,
           "would disturb each other's timings");
}
END_TEST

/* ---- bench ------------------------------------------------------------------------------------------------------- */

static const char *const timing_fields[] = {
    "algorithm",        "implementation",   "workload",       "size",    "repetitions",   "seconds", "bytes_per_second",
    "items_per_second", "flops_per_second", "limit_fraction", "speedup", "quality_label", "quality", "counters"};

enum { TIMING_FIELDS = sizeof timing_fields / sizeof timing_fields[0] };

static double number_of(json_t *object, const char *key)
{
    json_t *number = json_object_get(object, key);
    ck_assert_msg(json_is_number(number), "%s is no number", key);
    return json_number_value(number);
}

static bool is_ordered(json_t *interval, const char *estimate)
{
    return number_of(interval, "low") <= number_of(interval, estimate) &&
           number_of(interval, estimate) <= number_of(interval, "high") && number_of(interval, "low") > 0;
}

START_TEST(bench_json_has_exactly_the_fields)
{
    outcome o = run("$ASSAY bench --full --no-limits --format json --db $F/a.db 'sample/*/dot/1024'");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    int lines = 0, references = 0;
    for (char *line = strtok(o.out, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        json_t *timing = json_loads(line, JSON_REJECT_DUPLICATES, NULL), *value;
        ck_assert_msg(timing != NULL, "%s", line);
        size_t i = 0;
        const char *key;
        json_object_foreach(timing, key, value)
        {
            ck_assert_uint_lt(i, TIMING_FIELDS);
            ck_assert_str_eq(key, timing_fields[i]);
            i++;
        }
        ck_assert_uint_eq(i, TIMING_FIELDS);
        ck_assert_int_ge(json_integer_value(json_object_get(timing, "repetitions")), 9);
        ck_assert(is_ordered(json_object_get(timing, "seconds"), "median"));
        json_t *speedup = json_object_get(timing, "speedup");
        ck_assert_str_eq(json_string_value(json_object_get(speedup, "over")), "reference");
        ck_assert(is_ordered(speedup, "ratio"));
        if (strcmp(json_string_value(json_object_get(timing, "implementation")), "reference") == 0) {
            references++;
            ck_assert_double_eq(number_of(speedup, "ratio"), 1);
        }
        json_t *counters = json_object_get(timing, "counters");
        ck_assert(json_is_string(json_object_get(counters, "reason")) || json_object_get(counters, "cycles"));
        json_decref(timing);
    }
    ck_assert_int_eq(references, 1);
    ck_assert_int_ge(lines, 2);
    ck_assert_ptr_nonnull(strstr(o.err, " timed, "));
    release(&o);
    ck_assert_int_eq(count_records("a.db").ended, 1);

    o = run("$ASSAY bench --quick --no-limits --no-db --format csv sample/baseline/dot/1024");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    int records = 0;
    for (const char *text = o.out; *text; records++)
        ck_assert_int_eq(csv_fields(&text), 23);
    ck_assert_int_eq(records, 2);
    ck_assert_ptr_null(strstr(o.out, ",reference,")); /* without the reference there is no speedup */
    release(&o);
}
END_TEST

/* ---- merge and report -------------------------------------------------------------------------------------------- */

START_TEST(shards_merge_to_the_whole)
{
    outcome o = run("for k in 1 2 3; do $ASSAY verify --shard $k/3 --db $F/$k.db sample || exit 9; done; "
                    "$ASSAY verify --db $F/whole.db sample || exit 9");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    release(&o);
    expect("$ASSAY merge $F/1.db $F/2.db $F/3.db -o $F/all.db", 0, NULL);
    tally all = count_records("all.db"), whole = count_records("whole.db");
    ck_assert_int_eq(all.runs, 1);
    ck_assert_int_eq(all.results, whole.results);
    ck_assert_int_eq(all.results,
                     count_records("1.db").results + count_records("2.db").results + count_records("3.db").results);
    expect("$ASSAY merge $F/1.db $F/2.db -o $F/all.db", 2, "all.db");
    expect("$ASSAY verify --seed 77 --db $F/other.db sample/reference", 0, NULL);
    expect("$ASSAY merge $F/1.db $F/other.db -o $F/both.db", 2, "77");
    expect("test ! -e $F/both.db", 0, NULL);
    expect("$ASSAY merge $F/1.db $F/nowhere.db -o $F/both.db", 3, "nowhere.db");
}
END_TEST

START_TEST(report_writes_pages)
{
    outcome o = run("$ASSAY verify --db $F/a.db sample/reference >/dev/null && $ASSAY report --db $F/a.db -o $F/pages");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_ptr_nonnull(strstr(o.out, "sample"));
    ck_assert_ptr_nonnull(strstr(o.out, "pages/index.html"));
    release(&o);
    expect("test -s $F/pages/index.html", 0, NULL);
    expect("ASSAY_CHART_JS=$F/nothing.js $ASSAY report --db $F/a.db -o $F/others", 3, "nothing.js");
    expect("echo >$F/file; $ASSAY report --db $F/a.db -o $F/file/pages", 3, "file");
}
END_TEST

/* ---- new --------------------------------------------------------------------------------------------------------- */

static const char *const wrong_names[][2] = {
    {"Upper", "must be at most"},     {"9lives", "must be at most"},
    {"with-dash", "must be at most"}, {"../escape", "must be at most"},
    {"''", "must be at most"},        {"a_name_that_is_far_too_long_for_anybody_to_want_to_type_it", "must be at most"},
    {"quick_avx2", "must not end"},   {"verify", "the harness's own"},
};

START_TEST(new_refuses_bad_names)
{
    char command[512];
    for (size_t i = 0; i < sizeof wrong_names / sizeof wrong_names[0]; i++) {
        snprintf(command, sizeof command, "$ASSAY new %s --family arithmetic -C $TREE", wrong_names[i][0]);
        expect(command, 2, wrong_names[i][1]);
    }
    expect("$ASSAY new fine --family ../.. -C $TREE", 2, "--family is");
    expect("$ASSAY new sample --family arithmetic -C $TREE", 2, "already");
    expect("$ASSAY new fine --family arithmetic -C $F", 2, "no source tree");
}
END_TEST

START_TEST(new_writes_all_or_nothing)
{
    static const char make_tree[] = "mkdir -p $F/tree/include/assay $F/tree/reference $F/tree/optimized $F/tree/verify "
                                    "$F/tree/bench && touch $F/tree/include/assay/status.h";
    expect(make_tree, 0, NULL);
    expect("mkdir $F/tree/verify/odd && touch $F/tree/verify/odd/thing.c; $ASSAY new thing --family odd -C $F/tree", 2,
           "verify/odd/thing.c exists");
    expect("test ! -e $F/tree/reference/odd && test ! -e $F/tree/include/assay/thing.h", 0, NULL);
    expect("rm -r $F/tree/bench && touch $F/tree/bench; $ASSAY new other --family odd -C $F/tree", 3, "bench");
    expect("test ! -e $F/tree/reference/odd && test ! -e $F/tree/include/assay/other.h && test ! -e "
           "$F/tree/verify/odd/other.c",
           0, NULL);
    expect("rm $F/tree/bench && mkdir $F/tree/bench; (ulimit -f 4; exec $ASSAY new other --family odd -C $F/tree)", 3,
           "cannot write");
    expect("test ! -e $F/tree/reference/odd && test ! -e $F/tree/include/assay/other.h", 0, NULL);
    expect("$ASSAY new other --family odd -C $F/tree && $ASSAY new another --family odd -C $F/tree && "
           "ls $F/tree/include/assay/other.h $F/tree/reference/odd/other.c $F/tree/optimized/odd/other.c "
           "$F/tree/optimized/odd/other_avx2.c $F/tree/verify/odd/other.c $F/tree/bench/odd/other.c && "
           "! grep -r @ $F/tree/reference $F/tree/optimized/odd/other.c $F/tree/bench",
           0, NULL);
    expect("$ASSAY new other --family odd -C $F/tree", 2, "exists");
}
END_TEST

/* Whatever its name does to the lines, and with a family that comes after "simd.h" or before. */
START_TEST(what_new_writes_passes_lint)
{
    outcome o = run("command -v clang-format && command -v clang-tidy");
    const bool has_tools = o.status == 0;
    release(&o);
    if (!has_tools) {
        fprintf(stderr, "skipped: clang-format or clang-tidy is not installed\n");
        return;
    }
    static const char *const names[] = {"x --family zeta", "a_rather_long_name_for_an_algorithm --family alpha"};
    for (size_t i = 0; i < 2; i++) {
        o = run("cd $TREE && $ASSAY new %s >$F/files && sed -i '/^next:/d' $F/files && test $(wc -l <$F/files) = 7 && "
                "clang-format --dry-run --Werror $(cat $F/files)",
                names[i]);
        ck_assert_msg(o.status == 0, "%s", shown(&o));
        release(&o);
    }
    o = run("cd $TREE && make -k $(sed -n 's#^\\./\\(.*\\.c\\)$#build/lint/\\1.tidy#p' $F/files)");
    ck_assert_int_eq(occurrences(o.out, "TIDY"), 5);
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    release(&o);
    expect(
        "cd $TREE && git clean -fdq include reference optimized verify bench && test -z \"$(git status --porcelain)\"",
        0, NULL);
}
END_TEST

/* make_sample has built it. */
START_TEST(what_new_writes_verifies_and_benchmarks)
{
    outcome o = run("$ASSAY verify --full --no-db sample");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_int_eq(occurrences(o.out, " pass "), 12);
    ck_assert_int_eq(occurrences(o.out, " reproduced "), 1);
    ck_assert_ptr_nonnull(strstr(o.out, "13 passed, 0 failed, 0 skipped"));
    release(&o);
    o = run("$ASSAY bench --quick --no-limits --no-db sample");
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_ptr_nonnull(strstr(o.out, "sample/OpenBLAS sdot/dot/1024"));
    ck_assert_ptr_nonnull(strstr(o.out, "sample/avx2/dot/1024"));
    release(&o);
}
END_TEST

/* Mistakes in the optimized code, by sed, and the check that must see each. */
static const char *const mistakes[][3] = {
    {"s/for (; i < n; i++)/for (; i + 1 < n; i++)/", "sample.c", "sample/baseline/dot_agrees"},
    {"s/_mm256_add_pd(c, d)/c/", "sample_avx2.c", "sample/avx2/dot_truth"},
    {"s/i += 16/i += 17/", "sample_avx2.c", "sample/avx2/dot_agrees"},
};

START_TEST(its_checks_see_mistakes)
{
    outcome o =
        run("cd $TREE && sed -i '%s' optimized/brand_new/%s && make build/assay && build/assay verify --no-db sample; "
            "status=$?; build/assay verify --no-db --fail-fast sample >$F/fast 2>&1; echo $? >>$F/fast; exit $status",
            mistakes[_i][0], mistakes[_i][1]);
    outcome undo = run("cd $TREE && git checkout -q optimized && make build/assay");
    ck_assert_msg(undo.status == 0, "%s", shown(&undo));
    release(&undo);
    ck_assert_msg(o.status == 1, "%s", shown(&o));
    char line[256];
    snprintf(line, sizeof line, "replay: build/assay verify '%s' --quick --seed 1", mistakes[_i][2]);
    ck_assert_msg(strstr(o.out, line) && strstr(o.out, "FAIL") && strstr(o.out, "reason: "), "%s", shown(&o));
    release(&o);
    o = run("cat $F/fast"); /* one failure, where others may follow */
    ck_assert_msg(strstr(o.out, ", 1 failed, 0 skipped") && strstr(o.out, "stopped at the first failure") &&
                      strcmp(strrchr(o.out, '\n') - 1, "1\n") == 0,
                  "%s", shown(&o));
    release(&o);
}
END_TEST

/* A check that fails with a reason full of what formats must escape. */
START_TEST(odd_reasons_are_escaped)
{
    outcome o =
        run("cd $TREE && sed -i 's/verify_true(v, xy == yx, .*/verify_true(v, false, "
            "\"odd \\\\\"text\\\\\", <\\&>\\\\xff\\\\001\");/' verify/brand_new/sample.c && make build/assay && "
            "for f in json csv junit text; do build/assay verify --no-db --format $f 'sample/avx2/dot_symmetric' "
            ">$F/$f; [ $? = 1 ] || exit 9; done");
    outcome undo = run("cd $TREE && git checkout -q verify && make build/assay");
    ck_assert_msg(undo.status == 0, "%s", shown(&undo));
    release(&undo);
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    release(&o);

    o = run("cat $F/json");
    json_t *result = json_loads(o.out, 0, NULL);
    ck_assert_msg(result != NULL, "%s", shown(&o));
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(result, "reason")), "odd \"text\", <&>"));
    json_decref(result);
    release(&o);
    o = run("cat $F/csv");
    const char *text = o.out;
    ck_assert_int_eq(csv_fields(&text), RESULT_FIELDS);
    ck_assert_int_eq(csv_fields(&text), RESULT_FIELDS);
    ck_assert_msg(strstr(o.out, "odd \"\"text\"\", <&>") != NULL, "%s", shown(&o));
    release(&o);
    o = run("cat $F/junit");
    ck_assert_msg(strstr(o.out, "odd &quot;text&quot;, &lt;&amp;&gt;") != NULL, "%s", shown(&o));
    ck_assert_ptr_null(strchr(o.out, '\001'));
    ck_assert_int_eq(occurrences(o.out, "<failure "), 1);
    ck_assert_int_eq(occurrences(o.out, " failures=\"1\""), 1);
    release(&o);
}
END_TEST

/* ---- install ----------------------------------------------------------------------------------------------------- */

/* What is installed serves a program that uses the library, and a tree that puts its own algorithm under the harness.
 */
START_TEST(what_is_installed_can_be_used)
{
    expect("cd $TREE && make -s install DESTDIR=$F/stage prefix=/usr", 0, NULL);
    outcome o =
        run("cd $F/stage/usr && ls bin/assay lib/libassay.a lib/libassay.so.0 lib/libassay-harness.a "
            "include/assay/verify.h share/man/man1/assay.1 share/assay/data/origin.md && readlink lib/libassay.so");
    ck_assert_msg(o.status == 0 && strstr(o.out, "libassay.so.0\n"), "%s", shown(&o));
    release(&o);

    static const char environment[] =
        "export PKG_CONFIG_SYSROOT_DIR=$F/stage PKG_CONFIG_PATH=$F/stage/usr/lib/pkgconfig "
        "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1";
    o = run("%s; set -e; cd $F; cat >user.c <<'END'\n"
            "#include <assay/sample.h>\n"
            "#include <stdio.h>\n"
            "int main(void)\n"
            "{\n"
            "    const float x[3] = {1, 2, 3};\n"
            "    float result;\n"
            "    return sample_dot(x, x, 3, &result) != ASSAY_OK || printf(\"%%g\\n\", (double)result) < 0;\n"
            "}\n"
            "END\n"
            "$CC $EXTRA user.c $(pkg-config --cflags --libs assay) -o user && LD_LIBRARY_PATH=$F/stage/usr/lib ./user",
            environment);
    ck_assert_msg(o.status == 0 && strcmp(o.out, "14\n") == 0, "%s", shown(&o));
    release(&o);

    o = run("%s; set -e; mkdir -p $F/own/optimized/brand_new; cd $F/own; cp $TREE/optimized/simd.h optimized; "
            "cp $TREE/optimized/brand_new/*.h optimized/brand_new; "
            "for layer in reference optimized verify bench; do cp $TREE/$layer/brand_new/sample.c $layer.c; done; "
            "$CC $EXTRA -std=gnu17 -O2 -mavx2 -mfma -I. *.c $TREE/optimized/brand_new/sample_avx2.c "
            "$(pkg-config --cflags --libs assay-harness) -o own && ./own list --format json && ./own verify",
            environment);
    ck_assert_msg(o.status == 0, "%s", shown(&o));
    ck_assert_int_eq(occurrences(o.out, "{\"algorithm\":"), 1); /* its own, not the collection */
    ck_assert_ptr_nonnull(strstr(o.out, "13 passed, 0 failed, 0 skipped"));
    release(&o);

    expect("cd $TREE && make -s uninstall DESTDIR=$F/stage prefix=/usr && test -z \"$(find $F/stage ! -type d)\"", 0,
           NULL);
}
END_TEST

/* ---- All --------------------------------------------------------------------------------------------------------- */

Suite *test_cli(void);

static TCase *add_case(Suite *suite, const char *name, double seconds)
{
    TCase *c = tcase_create(name);
    tcase_add_unchecked_fixture(c, make_sample, NULL);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_set_timeout(c, seconds);
    suite_add_tcase(suite, c);
    return c;
}

Suite *test_cli(void)
{
    Suite *suite = suite_create("cli");
    TCase *usage = add_case(suite, "usage", 60);
    tcase_add_test(usage, help_and_version_say_what_there_is);
    tcase_add_loop_test(usage, wrong_usage_is_refused, 0, (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(usage, an_unknown_level_in_the_environment_is_refused);
    tcase_add_loop_test(usage, patterns_that_match_nothing_get_advice, 0,
                        (int)(sizeof unmatched / sizeof unmatched[0]));
    tcase_add_test(usage, patterns_of_workloads_get_advice_too);
    tcase_add_test(usage, list_tells_what_this_cpu_can_run);
    tcase_add_test(usage, data_of_the_user_is_told_everywhere);
    TCase *output = add_case(suite, "output", 120);
    tcase_add_test(output, text_is_one_line_for_each_check);
    tcase_add_test(output, json_has_exactly_the_fields);
    tcase_add_test(output, csv_is_csv);
    tcase_add_test(output, junit_counts_its_cases);
    tcase_add_test(output, a_terminal_gets_colours_and_a_bar);
    tcase_add_test(output, output_that_cannot_be_written_is_told);
    tcase_add_test(output, bench_json_has_exactly_the_fields);
    TCase *database = add_case(suite, "database", 120);
    tcase_add_test(database, results_are_kept);
    tcase_add_test(database, bad_databases_are_refused_and_left_alone);
    tcase_add_test(database, a_full_disk_keeps_the_results_so_far);
    tcase_add_test(database, a_file_system_without_space_is_no_crash);
    tcase_add_test(database, an_interrupted_run_keeps_its_results_and_goes_on);
    tcase_add_test(database, a_verdict_that_changes_is_a_failure);
    tcase_add_test(database, ranks_give_the_results_of_one_process);
    tcase_add_test(database, shards_merge_to_the_whole);
    tcase_add_test(database, report_writes_pages);
    TCase *new_algorithm = add_case(suite, "new", 300);
    tcase_add_test(new_algorithm, new_refuses_bad_names);
    tcase_add_test(new_algorithm, new_writes_all_or_nothing);
    tcase_add_test(new_algorithm, what_new_writes_passes_lint);
    tcase_add_test(new_algorithm, what_new_writes_verifies_and_benchmarks);
    tcase_add_test(new_algorithm, odd_reasons_are_escaped);
    tcase_add_loop_test(new_algorithm, its_checks_see_mistakes, 0, (int)(sizeof mistakes / sizeof mistakes[0]));
    tcase_add_test(add_case(suite, "install", 300), what_is_installed_can_be_used);
    return suite;
}
