/* The laws of merging, on random databases: any order, any bracketing and any repetition of the same databases give the
 * same database, which holds what the others held, each record once.
 *
 * A round draws runs of all kinds (sharded or not, interrupted, of several machines), records with odd values, and from
 * them some databases, each with a random part of all. ASSAY_MERGE_ROUNDS=n draws more rounds, ASSAY_MERGE_SEED=n
 * others. */
#include "assay/random.h"
#include "tests/store_fixture.h"

enum { FAMILIES = 4, SOURCES = 5, PARTS = 3, RECORDS = 6, KINDS = 6, TRIALS = 6, MANY = 12 };

typedef enum kind { RESULT, SERIES, COUNTED, TIMING, LIMIT, SHARD } kind;

/* Where the random numbers of a round come from. */
static struct {
    uint64_t seed, round, next;
} draw;

static uint64_t random_below(uint64_t bound)
{
    return assay_random_integer((assay_random){draw.seed, draw.round}, draw.next++, bound);
}

static bool one_in(uint64_t n)
{
    return random_below(n) == 0;
}

/* The same whenever it is asked for in this round: what a record is depends on which it is. */
static uint64_t fixed_below(unsigned family, kind k, unsigned record, unsigned member, uint64_t bound)
{
    const uint64_t index = (((uint64_t)family * KINDS + k) * 64 + record) * 64 + member;
    return assay_random_bits((assay_random){draw.seed + 1, draw.round}, index) % bound;
}

/* ---- What there is ----------------------------------------------------------------------------------------------- */

/* What the sources together hold, of which a merge must make one row each. */
typedef struct expectation {
    bool there;
    double least, most; /* of the seconds, or of a limit */
} expectation;

static expectation expected[FAMILIES][KINDS][RECORDS];

static const char *const texts[] = {"", "plain", "A; B", "B; A", "caf\xc3\xa9 '\"; --", NULL};
static const double numbers[] = {0, -0.0, 1, 0.1, 5e-324, 1e308, INFINITY, -INFINITY, NAN};

static const char *odd_text(unsigned family, kind k, unsigned record, unsigned member)
{
    return texts[fixed_below(family, k, record, member, COUNT(texts))];
}

static double odd_number(unsigned family, kind k, unsigned record, unsigned member)
{
    return numbers[fixed_below(family, k, record, member, COUNT(numbers))];
}

/* A family of runs that are shards, or copies, of one. */
static unsigned shards_of(unsigned family)
{
    return family % 2 ? PARTS : 1;
}

static assay_run run_of(unsigned family, char shard[16], unsigned part)
{
    static const char *const machines[] = {"A", "B", "A; B", "C; A", "", NULL};
    static const char *const starts[] = {"2026-11-24T16:24:58Z", "2026-11-24T16:24:59Z", "2026-11-25T00:00:00Z"};
    static const char *const levels[] = {"avx2", "avx512"}, *const depths[] = {"full", "exhaustive"};
    assay_run run = some_run(family < 2 ? "verify" : "bench", shard);
    snprintf(shard, 16, "%u/%u", part + 1, shards_of(family));
    run.level = levels[fixed_below(family, RESULT, 0, 60, 2)];
    run.depth = depths[fixed_below(family, RESULT, 0, 61, 2)];
    run.data = family == 3 ? "words.txt" : NULL;
    if (shards_of(family) > 1 || one_in(2)) { /* else it is a copy of the other copies */
        run.machine = machines[random_below(COUNT(machines))];
        run.compiler = one_in(3) ? NULL : "gcc 12.2.0";
        run.started = starts[random_below(COUNT(starts))];
        run.threads = 1 + (int)random_below(3);
        run.processors = 2 + (int)random_below(2);
    }
    return run;
}

static double some_seconds(void)
{
    static const double seconds[] = {0.25, 0.5, 1, 2, NAN};
    return seconds[random_below(COUNT(seconds))];
}

static void expect_record(unsigned family, kind k, unsigned record, double value)
{
    expectation *e = &expected[family][k][record];
    e->least = e->there ? fmin(e->least, value) : value; /* fmin() passes over NaN */
    e->most = e->there ? fmax(e->most, value) : value;
    e->there = true;
}

static assay_status add_record(report_store *store, int64_t run, unsigned family, kind k, unsigned record)
{
    char name[32];
    double x[3], y[3];
    const double varying = k == RESULT || k == LIMIT || k == SHARD ? some_seconds() : NAN;
    snprintf(name, sizeof name, "r%u", record);
    for (unsigned i = 0; i < 3; i++) {
        x[i] = odd_number(family, k, record, 10 + i);
        y[i] = odd_number(family, k, record, 20 + i);
    }
    expect_record(family, k, record, varying);
    assay_result result = some_result(name, (assay_verdict)fixed_below(family, k, record, 1, 6));
    assay_sweep_shard part = some_shard(record, RECORDS);
    result.workload = odd_text(family, k, record, 2);
    result.reason = odd_text(family, k, record, 3);
    result.measured = odd_number(family, k, record, 4);
    result.spread_low = odd_number(family, k, record, 5);
    result.seconds = part.seconds = varying;
    part.output_hash = fixed_below(family, k, record, 6, UINT64_MAX);
    part.binade_worst[7] = odd_number(family, k, record, 7);
    switch (k) {
    case RESULT: return report_store_add_result(store, run, &result);
    case SERIES:
        return report_store_add_series(store, run,
                                       &(assay_series){.algorithm = "a",
                                                       .implementation = name,
                                                       .chart = "c",
                                                       .label = odd_text(family, k, record, 8),
                                                       .count = 1 + record % 3,
                                                       .x = x,
                                                       .y = y});
    case COUNTED:
        return report_store_add_count(store, run,
                                      &(assay_count){.algorithm = "a",
                                                     .implementation = name,
                                                     .workload = "w",
                                                     .method = odd_text(family, k, record, 8),
                                                     .counted = "n",
                                                     .count = x[0],
                                                     .allowed = y[0]});
    case TIMING:
        return report_store_add_timing(store, run,
                                       &(assay_timing){.algorithm = "a",
                                                       .implementation = name,
                                                       .workload = "w",
                                                       .size = fixed_below(family, k, record, 9, UINT64_MAX),
                                                       .threads = 1,
                                                       .repetitions = 3,
                                                       .seconds = x,
                                                       .bytes = y[0],
                                                       .note = odd_text(family, k, record, 8)});
    case LIMIT:
        return report_store_add_limit(
            store, run,
            &(assay_limit){.name = name, .level = odd_text(family, k, record, 8), .threads = 1, .per_second = varying});
    case SHARD: return report_store_add_shard(store, run, &part);
    }
    return ASSAY_INVALID_ARGUMENT;
}

/* ---- Databases --------------------------------------------------------------------------------------------------- */

static void add_run(report_store *store, unsigned family)
{
    char shard[16];
    const assay_run run = run_of(family, shard, (unsigned)random_below(shards_of(family)));
    int64_t id;
    assert_ok(report_store_begin_run(store, &run, &id));
    for (unsigned i = (unsigned)random_below(2 * RECORDS); i > 0; i--) /* some of them twice */
        assert_ok(add_record(store, id, family, (kind)random_below(KINDS), (unsigned)random_below(RECORDS)));
    if (!one_in(3)) { /* else it was interrupted */
        const double seconds = some_seconds();
        assert_ok(report_store_end_run(store, id, isnan(seconds) ? 3 : seconds));
    }
}

/* A path that nobody has used; the last 1024 stay valid. */
static const char *new_name(void)
{
    static char paths[1024][96];
    static unsigned count;
    char *path = paths[count % COUNT(paths)];
    snprintf(path, sizeof paths[0], "%s/%u.db", folder, count++);
    return path;
}

static const char *make_source(void)
{
    report_store *store;
    const char *path = new_name();
    assert_ok(report_store_open(path, &store));
    for (unsigned i = 1 + (unsigned)random_below(4); i > 0; i--)
        add_run(store, (unsigned)random_below(FAMILIES));
    report_store_close(store);
    return path;
}

static const char *merged(const char *const *paths, size_t count)
{
    const char *out = new_name();
    assert_ok(report_store_merge(paths, count, out, false));
    return out;
}

/* Merges all of @p paths in some order, some of them several times and some of them merged before. */
static const char *merge_somehow(const char *const *paths, size_t count, unsigned depth)
{
    const char *given[MANY];
    size_t many = 0;
    for (size_t i = 0; i < count; i++)
        given[many++] = paths[i];
    while (many < MANY && one_in(3))
        given[many++] = paths[random_below(count)];
    for (size_t i = many; i > 1; i--) {
        const size_t j = random_below(i);
        const char *other = given[j];
        given[j] = given[i - 1];
        given[i - 1] = other;
    }
    while (depth > 0 && many > 1 && !one_in(3)) { /* replace the first few by what they make */
        const size_t few = 1 + random_below(many);
        const char *one = merge_somehow(given, few, depth - 1);
        memmove(given, given + few, (many - few) * sizeof *given);
        many -= few;
        given[many++] = one;
    }
    return merged(given, many);
}

/* ---- The laws ---------------------------------------------------------------------------------------------------- */

static void demand_equal(const char *path, const char *text, const char *what)
{
    char *now = dump(path, NULL);
    size_t same = 0;
    while (now[same] && now[same] == text[same])
        same++;
    ck_assert_msg(strcmp(now, text) == 0, "%s (seed %llu, round %llu): %.200s instead of %.200s", what,
                  (unsigned long long)draw.seed, (unsigned long long)draw.round, now + (same > 60 ? same - 60 : 0),
                  text + (same > 60 ? same - 60 : 0));
    free(now);
}

static int64_t query(sqlite3 *db, const char *text, double *number)
{
    sqlite3_stmt *statement;
    ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    const int64_t count = sqlite3_column_int64(statement, 0);
    *number = sqlite3_column_type(statement, 1) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, 1);
    sqlite3_finalize(statement);
    return count;
}

/* Every record of a sharded family is there once, with the least seconds or the greatest limit that any source had. Of
 * runs that are not sharded there may be several that are no copies of each other. */
static void demand_records(const char *path)
{
    static const struct {
        const char *table, *name, *value;
    } tables[KINDS] = {{"result", "check_name", "min(result.seconds)"},
                       {"series", "implementation", "NULL"},
                       {"operation_count", "implementation", "NULL"},
                       {"timing", "implementation", "NULL"},
                       {"machine_limit", "name", "max(per_second)"},
                       {"sweep_shard", "'r' || sweep_shard.shard", "min(sweep_shard.seconds)"}};
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    for (unsigned family = 0; family < FAMILIES; family++) {
        for (unsigned k = 0; k < KINDS; k++) {
            for (unsigned record = 0; record < RECORDS; record++) {
                char text[512];
                double value;
                const expectation *e = &expected[family][k][record];
                snprintf(
                    text, sizeof text,
                    "SELECT count(*), %s FROM %s JOIN run ON run.id = run_id WHERE command = '%s' AND run.shards = %u"
                    " AND %s = 'r%u'",
                    tables[k].value, tables[k].table, family < 2 ? "verify" : "bench", shards_of(family),
                    tables[k].name, record);
                const int64_t count = query(db, text, &value);
                ck_assert_msg(shards_of(family) > 1 ? count == e->there : (count > 0) == e->there,
                              "seed %llu, round %llu: %lld of %s", (unsigned long long)draw.seed,
                              (unsigned long long)draw.round, (long long)count, text);
                const double wanted = k == LIMIT ? e->most : e->least;
                ck_assert_msg(count == 0 || value == wanted || (isnan(value) && isnan(wanted)), "%s: %g, not %g", text,
                              value, wanted);
            }
        }
    }
    sqlite3_close(db);
}

static void check_round(void)
{
    const char *sources[SOURCES];
    const size_t count = 1 + random_below(SOURCES);
    memset(expected, 0, sizeof expected);
    for (size_t i = 0; i < count; i++)
        sources[i] = make_source();
    const char *all = merged(sources, count);
    char *text = dump(all, NULL);
    assert_integrity(all);
    demand_records(all);
    for (unsigned trial = 0; trial < TRIALS; trial++)
        demand_equal(merge_somehow(sources, count, 3), text, "another order or bracketing");
    demand_equal(merged(&all, 1), text, "merged again");
    const char *with[] = {sources[random_below(count)], all, all};
    demand_equal(merged(with, 3), text, "merged with a part of it");
    free(text);
}

static uint64_t number_in_environment(const char *name, uint64_t usual)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : usual;
}

START_TEST(order_bracketing_and_repetition_do_not_matter)
{
    draw.seed = number_in_environment("ASSAY_MERGE_SEED", 1);
    const uint64_t rounds = number_in_environment("ASSAY_MERGE_ROUNDS", 12);
    for (draw.round = 0; draw.round < rounds; draw.round++) {
        draw.next = 0;
        check_round();
    }
}
END_TEST

START_TEST(replacing_merges_what_is_there)
{
    draw.seed = 7;
    const char *sources[3];
    for (size_t i = 0; i < 3; i++)
        sources[i] = make_source();
    char *text = dump(merged(sources, 3), NULL);
    const char *total = new_name();
    assert_ok(report_store_merge(sources, 1, total, true)); /* nothing is there yet */
    for (size_t i = 1; i < 3; i++) {
        const char *both[] = {total, sources[i]};
        assert_refused(ASSAY_INVALID_ARGUMENT, report_store_merge(both, 2, total, false), "--replace");
        assert_ok(report_store_merge(both, 2, total, true));
    }
    demand_equal(total, text, "one after the other");
    /* Not what is no database of ours, nor one that somebody uses. */
    write_file(in_folder("text"), "text", 4);
    assert_refused(ASSAY_BAD_DATA, report_store_merge(sources, 1, in_folder("text"), true), "no SQLite database");
    assert_file_is(in_folder("text"), "text", 4);
    report_store *user;
    assert_ok(report_store_open(total, &user));
    add_run(user, 0);
    assert_refused(ASSAY_IO, report_store_merge(sources, 1, total, true), "another process is using it");
    report_store_close(user);
    assert_ok(report_store_merge(sources, 1, total, true));
    free(text);
}
END_TEST

Suite *test_merge_laws(void);

Suite *test_merge_laws(void)
{
    Suite *suite = suite_create("merge_laws");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 3600);
    tcase_add_checked_fixture(laws, make_folder, remove_folder);
    tcase_add_test(laws, order_bracketing_and_repetition_do_not_matter);
    tcase_add_test(laws, replacing_merges_what_is_there);
    suite_add_tcase(suite, laws);
    return suite;
}
