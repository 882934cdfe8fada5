/* The report: what it shows, what it escapes, that it is the same twice, and what it refuses. */
#include "report_fixture.h"
#include "reports/files.h"
#include "reports/number.h"
#include "reports/report.h"
#include "reports/store.h"
#include "reports/text.h"
#include "tests/plain_records.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *test_report(void);

/* A folder of our own with a database and a report in it. */
static char folder[64], database[128], out[128];

static void make_folder(void)
{
    strcpy(folder, "/tmp/assay-report-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(database, sizeof database, "%s/assay.db", folder);
    snprintf(out, sizeof out, "%s/deeper/out", folder);
}

static void remove_folder(void)
{
    ck_assert(fixture_remove_folder(folder));
}

static void write_report(bool failing)
{
    ck_assert_msg(fixture_make_database(database, failing), "%s", assay_error());
    assay_status status = report_write(database, out, NULL, NULL);
    ck_assert_msg(status == ASSAY_OK, "%s", assay_error());
}

/* A file of the report; released by the caller. */
static char *content_of(const char *where, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", where, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "no %s", path);
    char *content = NULL;
    size_t length = 0, count;
    char buffer[1 << 16];
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0) {
        char *grown = realloc(content, length + count + 1);
        ck_assert_ptr_nonnull(grown);
        content = grown;
        memcpy(content + length, buffer, count);
        length += count;
    }
    fclose(file);
    ck_assert_msg(length > 0, "%s is empty", path);
    content[length] = '\0';
    ck_assert_uint_eq(strlen(content), length);
    return content;
}

static void ck_assert_has(const char *content, const char *what)
{
    ck_assert_msg(strstr(content, what) != NULL, "lacks: %s", what);
}

static void ck_assert_lacks(const char *content, const char *what)
{
    const char *found = strstr(content, what);
    ck_assert_msg(found == NULL, "holds: %.200s", found ? found : "");
}

/* Visits the names of the report's files; returns how many. */
static int each_file(void (*visit)(const char *name))
{
    DIR *listing = opendir(out);
    ck_assert_ptr_nonnull(listing);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        visit(entry->d_name);
        count++;
    }
    closedir(listing);
    return count;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* ---- Numbers and escapes ---------------------------------------------------------------------------------------- */

START_TEST(numbers_are_short)
{
    ck_assert_str_eq(report_number(0.87851234, 4).text, "0.8785");
    ck_assert_str_eq(report_number(3.52003e-15, 4).text, "3.52×10⁻¹⁵");
    ck_assert_str_eq(report_number(-1e30, 4).text, "−1×10³⁰");
    ck_assert_str_eq(report_number(100, 4).text, "100");
    ck_assert_str_eq(report_number(0, 4).text, "0");
    ck_assert_str_eq(report_number(NAN, 4).text, "–");
    ck_assert_str_eq(report_number(-INFINITY, 4).text, "−∞");
    ck_assert_str_eq(report_number(123456, 3).text, "123456");
    ck_assert_str_eq(report_count(4294967296).text, "4,294,967,296");
    ck_assert_str_eq(report_count(999).text, "999");
    ck_assert_str_eq(report_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}
END_TEST

START_TEST(quantities_have_prefixes)
{
    ck_assert_str_eq(report_quantity(4.1e-10, "s").text, "410 ps");
    ck_assert_str_eq(report_quantity(0.9996e-6, "s").text, "1.00 µs");
    ck_assert_str_eq(report_quantity(128, "s").text, "128 s");
    ck_assert_str_eq(report_quantity(20.4e9, "B/s").text, "20.4 GB/s");
    ck_assert_str_eq(report_quantity(0, "B/s").text, "0 B/s");
    ck_assert_str_eq(report_quantity(12.345, "x").text, "12.3×");
    ck_assert_str_eq(report_quantity(0.8501, "share").text, "85.0 %");
    ck_assert_str_eq(report_quantity(0.8785, "ulp").text, "0.8785 ulp");
    ck_assert_str_eq(report_quantity(NAN, "s").text, "–");
    ck_assert_str_eq(report_range(4.0e-10, 4.3e-10, "s").text, "400–430 ps");
    ck_assert_str_eq(report_range(NAN, 1, "s").text, "–");
    ck_assert_str_eq(report_limit(1, "ulp").text, "1");
}
END_TEST

static void ck_assert_escaped(void (*escape)(report_text *, const char *), const char *data, const char *expected)
{
    report_text t = {0};
    escape(&t, data);
    ck_assert_str_eq(t.data, expected);
    report_text_free(&t);
}

START_TEST(data_are_escaped)
{
    ck_assert_escaped(report_text_html, "<a href=\"x\" y='z'>&", "&lt;a href=&quot;x&quot; y=&#39;z&#39;&gt;&amp;");
    ck_assert_escaped(report_text_xml, "a\nb\x01<\xEF\xBF\xBF", "a&#10;b\xEF\xBF\xBD&lt;\xEF\xBF\xBD");
    ck_assert_escaped(report_text_json, "</script>\xE2\x80\xA8\"\\\n&",
                      "\"\\u003c/script\\u003e\\u2028\\u0022\\u005c\\u000a\\u0026\"");
    ck_assert_escaped(report_text_json, "\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"");
    ck_assert_escaped(report_text_markdown, "a|b*_`<\n", "a\\|b\\*\\_\\`&lt; ");
    ck_assert_escaped(report_text_markdown_code, "a|b", "`a\\|b`");
    ck_assert_escaped(report_text_markdown_code, "x ``y", "``` x ``y ```");
    report_text t = {0};
    report_text_script(&t, "f('</script><!--')", 18);
    ck_assert_str_eq(t.data, "f('<\\/script><\\!--')");
    report_text_free(&t);
    char valid[64];
    report_valid_utf8(valid, "a\xC3\xA9\xFF\xC0\x80\xED\xA0\x80\xE2\x82");
    ck_assert_str_eq(
        valid, "aé\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}
END_TEST

/* ---- Pages ------------------------------------------------------------------------------------------------------ */

static void check_page(const char *name)
{
    if (!ends_with(name, ".html"))
        return;
    char *page = content_of(out, name);
    ck_assert_lacks(page, "<script>window.assayHostile");
    ck_assert_lacks(page, "<img");
    ck_assert_lacks(page, " src=\"");
    ck_assert_lacks(page, "<link rel=\"stylesheet");
    ck_assert_lacks(page, "\xE2\x80\xA8 \xE2\x80\xA9 \xFF");
    ck_assert_has(page, "default-src 'none'");
    ck_assert_has(page, "Chart.js v3");
    int begun = 0, ended = 0;
    for (const char *p = page; (p = strstr(p, "<script")); p++)
        begun++;
    for (const char *p = page; (p = strstr(p, "</script")); p++)
        ended++;
    ck_assert_msg(begun == ended, "%s: %d scripts begin, %d end", name, begun, ended);
    ck_assert_has(page, "</html>");
    free(page);
}

START_TEST(pages_hold_no_foreign_markup)
{
    write_report(true);
    ck_assert_int_ge(each_file(check_page), 7);
}
END_TEST

START_TEST(first_page_says_everything)
{
    write_report(true);
    char *page = content_of(out, "index.html");
    const char *const parts[] = {"2 of 22 checks failed", "AMD EPYC 9R14",
                                 "Linux 6.1.0 x86_64",    "gcc 12.2.0",
                                 "-O3 -ffp-contract=off", "href=\"evolved_exp.html\"",
                                 "href=\"lmul.html\"",    "The evolved 10-operation program",
                                 "reproduced in part",    "not reproduced",
                                 "copy bandwidth",        "20.4 GB/s",
                                 "118 Gflop/s",           "interrupted",
                                 "0123456789ab",          "Over the best peer",
                                 "id=\"failures\"",       "Where the time goes",
                                 "The slowest checks"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_has(page, parts[i]);
    free(page);
}
END_TEST

START_TEST(success_is_said_too)
{
    write_report(false);
    char *page = content_of(out, "index.html");
    ck_assert_has(page, "No check failed, 2 of 21 were skipped");
    ck_assert_lacks(page, "id=\"failures\"");
    free(page);
}
END_TEST

START_TEST(page_of_an_algorithm_is_complete)
{
    write_report(true);
    char *page = content_of(out, "evolved_exp.html");
    const char *const parts[] = {"Error of exp_ulp: how often which",
                                 "Worst error of exp_ulp over its input",
                                 "Speedup over the reference: exp_uniform",
                                 "Time over size: exp_uniform",
                                 "Roofline, 1 thread",
                                 "Roofline, 2 threads",
                                 "memory copy bandwidth",
                                 "best error over candidates",
                                 "digits over operations",
                                 "Time over the runs: exp_uniform, size 16,777,216",
                                 "Failed and skipped checks over the runs",
                                 "SLEEF expf u10 avx512 (peer)",
                                 "at most 1.0 ulp",
                                 "No hardware counters: perf_event_open: not permitted",
                                 "build/assay verify --seed 1 &#39;evolved_exp/avx512/monotone&#39;",
                                 "baseline, avx2, x ≥ 0", /* same outputs, one curve */
                                 "aria-label=\"89.1 % of the limit\"",
                                 "28 of 256",
                                 "\"low\":"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_has(page, parts[i]);
    free(page);
}
END_TEST

static int drawn_peak;

START_TEST(quantities_have_their_charts_and_tables)
{
    write_report(true);
    char *page = content_of(out, "lmul.html");
    const char *const parts[] = {
        "Transport of MNIST digits, n = 784: error over iterations",
        "Transport of MNIST digits, n = 784: error over time",
        "violation of the marginals over iterations",
        "Words, n = 100,000",
        "queries per second over recall@10",
        "Benchmark search",
        "items per second over recall@10",
        "\"name\":\"size 80\"",
        "hnswlib (peer)",
        "word operations: hard family, m = 4096",
        "allowed by theory",
        "<td data-label=\"Method\">every pair</td><td data-label=\"Implementation\">reference, avx2</td>",
        "34.4 %", /* of the allowed */
        "Cost of a gradient",
        "exact: exponent 1.99 (1.947–2.031)",
        "\"draw\":\"fit\"",
        "multiply-adds over length L of the sequence",
        ">recall@10</th>",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_has(page, parts[i]);
    ck_assert_lacks(page, "las vegas, avx2"); /* both levels count the same */
    ck_assert_has(page, "\"categories\":[\"reference\",\"avx2\"]");
    free(page);

    char *markdown = content_of(out, "report.md");
    ck_assert_has(markdown, "### Counted operations");
    ck_assert_has(markdown, "### Fitted exponents");
    ck_assert_has(markdown, "### Convergence");
    free(markdown);

    char *json = content_of(out, "results.json");
    ck_assert_has(json, "\"kind\": \"quality and speed\"");
    ck_assert_has(json, "\"exponent\": {");
    ck_assert_has(json, "\"counted\": \"word operations\"");
    ck_assert_has(json, "\"quality_label\": \"recall@10\"");
    free(json);
}
END_TEST

START_TEST(long_series_keep_their_peaks)
{
    write_report(true);
    char *page = content_of(out, "evolved_exp.html");
    char *line = strstr(page, "\"label\":\"without\"");
    ck_assert_ptr_nonnull(line);
    char *end = strstr(line, "]}");
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    ck_assert_has(line, "\"x\":701,\"y\":3}"); /* one point of 4000 */
    drawn_peak = 0;
    for (const char *p = line; (p = strstr(p, "\"x\":")); p++)
        drawn_peak++;
    ck_assert_int_le(drawn_peak, 1024);
    ck_assert_int_ge(drawn_peak, 256);
    free(page);
}
END_TEST

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *load_results(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/results.json", out);
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root != NULL, "%s, line %d", error.text, error.line);
    return root;
}

static json_t *algorithm_named(json_t *root, const char *name)
{
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(root, "algorithms"), i, object)
    {
        if (strcmp(json_string_value(json_object_get(object, "algorithm")), name) == 0)
            return object;
    }
    ck_abort_msg("no algorithm %s", name);
    return NULL;
}

static json_t *member(json_t *algorithm, const char *array, const char *key, const char *value,
                      const char *implementation)
{
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(algorithm, array), i, object)
    {
        if (strcmp(json_string_value(json_object_get(object, key)), value) == 0 &&
            strcmp(json_string_value(json_object_get(object, "implementation")), implementation) == 0)
            return object;
    }
    ck_abort_msg("no %s %s/%s", array, implementation, value);
    return NULL;
}

static double real(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "%s is no number", key);
    return json_number_value(value);
}

START_TEST(a_part_does_not_hide_the_rest)
{
    write_report(true);
    json_t *root = load_results();
    json_t *exp = algorithm_named(root, "evolved_exp");
    ck_assert_double_eq(real(member(exp, "checks", "check", "monotone", "avx512"), "measured"), 0.004);
    ck_assert_double_eq(real(member(exp, "checks", "check", "exp_ulp", "avx2"), "measured"), 0.8914);
    ck_assert_int_eq(json_array_size(json_object_get(exp, "history")), 3);
    json_t *lmul = algorithm_named(root, "lmul"); /* failed in the first run, not in the second */
    ck_assert_str_eq(json_string_value(json_object_get(member(lmul, "checks", "check", "gemm", "avx2"), "verdict")),
                     "pass");
    json_decref(root);
}
END_TEST

START_TEST(json_holds_everything)
{
    write_report(true);
    json_t *root = load_results();
    ck_assert_int_eq(json_integer_value(json_object_get(root, "version")), 1);
    ck_assert_int_eq(json_array_size(json_object_get(root, "runs")), 5);
    ck_assert_int_eq(json_array_size(json_object_get(root, "limits")), 12);
    ck_assert(json_is_null(json_object_get(json_array_get(json_object_get(root, "runs"), 4), "seconds")));
    json_t *lmul = algorithm_named(root, "lmul");
    ck_assert_str_eq(json_string_value(json_object_get(member(lmul, "checks", "check", "scaling", "avx2"), "measured")),
                     "inf");
    json_t *claim = json_object_get(member(lmul, "checks", "check", "C9", "avx512"), "claim");
    ck_assert_str_eq(json_string_value(json_object_get(claim, "provenance")), "abstract");
    ck_assert_double_eq_tol(real(claim, "spread_low"), -2.3, 1e-12);
    json_t *exp = algorithm_named(root, "evolved_exp");
    json_t *timing = member(exp, "timings", "workload", "exp_uniform", "avx512");
    ck_assert_int_eq(json_array_size(json_object_get(timing, "repetitions")), 9);
    ck_assert_int_eq(json_array_size(json_object_get(timing, "history")), 2);
    ck_assert(json_is_null(json_object_get(json_object_get(timing, "counters"), "cycles")));
    double ratio = real(json_object_get(timing, "speedup"), "estimate");
    ck_assert_double_gt(ratio, 20);
    ck_assert_double_lt(real(json_object_get(timing, "speedup"), "low"), ratio);
    ck_assert_str_eq(json_string_value(json_object_get(timing, "best_peer")), "SLEEF expf u10 avx512");
    json_t *hostile = json_array_get(json_object_get(root, "algorithms"), 0);
    ck_assert_has(json_string_value(json_object_get(hostile, "algorithm")), "<script>window.assayHostile=1</script>");
    json_t *series = json_array_get(json_object_get(hostile, "series"), 0);
    ck_assert(json_is_null(json_array_get(json_object_get(series, "x"), 2)));
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(series, "y"), 1)), "inf");
    json_decref(root);
}
END_TEST

START_TEST(sweeps_are_joined)
{
    write_report(true);
    json_t *root = load_results();
    json_t *sweep = member(algorithm_named(root, "evolved_exp"), "sweeps", "check", "exp_ulp", "avx2");
    ck_assert_int_eq(json_integer_value(json_object_get(sweep, "parts")), 28);
    ck_assert_int_eq(json_integer_value(json_object_get(sweep, "inputs")), 28 * INT64_C(16777216));
    ck_assert_int_eq(json_integer_value(json_object_get(sweep, "not_correctly_rounded")), 28 * 40000);
    json_t *positive = json_object_get(sweep, "binade_worst_positive"),
           *negative = json_object_get(sweep, "binade_worst_negative");
    ck_assert(json_is_real(json_array_get(positive, 0x38 << 1)));
    ck_assert(json_is_real(json_array_get(positive, 0x43 << 1)));
    ck_assert(json_is_null(json_array_get(negative, 0x37 << 1)));
    ck_assert(json_is_null(json_array_get(positive, 0x45 << 1)));
    ck_assert(json_is_real(json_array_get(negative, 0x45 << 1)));
    double worst = 0;
    for (size_t i = 0; i < 256; i++)
        worst = fmax(worst, fmax(json_number_value(json_array_get(positive, i)),
                                 json_number_value(json_array_get(negative, i))));
    ck_assert_double_eq(worst, real(sweep, "worst_ulp"));
    json_decref(root);
}
END_TEST

/* ---- Ratios within a run ---------------------------------------------------------------------------------------- */

static void add_timing(report_store *store, int64_t run, const char *implementation, bool reference, double seconds)
{
    double repetitions[9];
    for (int i = 0; i < 9; i++)
        repetitions[i] = seconds * (1 + 0.001 * i);
    assay_timing t = plain_timing("lmul", implementation, "dot", 64, repetitions);
    t.is_reference = reference;
    ck_assert_int_eq(report_store_add_timing(store, run, &t), ASSAY_OK);
}

static int64_t add_run(report_store *store, const char *started, const char *revision)
{
    assay_run run = plain_run("bench", revision, started);
    int64_t id = 0;
    ck_assert_int_eq(report_store_begin_run(store, &run, &id), ASSAY_OK);
    return id;
}

START_TEST(ratios_stay_within_a_run)
{
    report_store *store = NULL;
    ck_assert_int_eq(report_store_open(database, &store), ASSAY_OK);
    int64_t both = add_run(store, "2026-01-01T00:00:00Z", "a");
    add_timing(store, both, "reference", true, 8e-6);
    add_timing(store, both, "avx2", false, 2e-6);
    add_timing(store, both, "avx512", false, 1e-6);
    int64_t two = add_run(store, "2026-01-02T00:00:00Z", "a"); /* a machine three times as fast */
    add_timing(store, two, "reference", true, 8e-6 / 3);
    add_timing(store, two, "avx2", false, 2e-6 / 3);
    int64_t alone = add_run(store, "2026-01-03T00:00:00Z", "a");
    add_timing(store, alone, "avx512", false, 1e-9); /* no reference: no ratio, no place in the table */
    report_store_close(store);
    ck_assert_int_eq(report_write(database, out, NULL, NULL), ASSAY_OK);
    json_t *root = load_results();
    json_t *lmul = algorithm_named(root, "lmul");
    json_t *avx2 = member(lmul, "timings", "workload", "dot", "avx2"),
           *avx512 = member(lmul, "timings", "workload", "dot", "avx512");
    ck_assert_double_eq_tol(real(json_object_get(avx2, "seconds"), "estimate"), 2e-6 / 3 * 1.004, 1e-12);
    ck_assert_double_eq_tol(real(json_object_get(avx2, "speedup"), "estimate"), 4, 1e-9);
    ck_assert_double_eq_tol(real(json_object_get(avx512, "seconds"), "estimate"), 1.004e-6, 1e-12);
    ck_assert_double_eq_tol(real(json_object_get(avx512, "speedup"), "estimate"), 8, 1e-9);
    ck_assert_int_eq(json_array_size(json_object_get(avx512, "history")), 2);
    json_decref(root);
}
END_TEST

/* ---- Verdicts that change --------------------------------------------------------------------------------------- */

static void add_claim_run(report_store *store, const char *started, assay_verdict verdict)
{
    assay_run run = plain_run("verify", "a", started);
    run.depth = "quick";
    assay_result claim = {.algorithm = "lmul",
                          .implementation = "avx2",
                          .kind = ASSAY_CLAIM,
                          .check = "C6",
                          .workload = "",
                          .measured = 1,
                          .limit = NAN,
                          .unit = "",
                          .verdict = verdict,
                          .reason = "",
                          .replay = "",
                          .statement = "wavers",
                          .paper_value = "1",
                          .provenance = "paper",
                          .spread_low = 1,
                          .spread_high = 1,
                          .seeds = 1,
                          .seeds_passed = 1};
    int64_t id = 0;
    ck_assert_int_eq(report_store_begin_run(store, &run, &id), ASSAY_OK);
    ck_assert_int_eq(report_store_add_result(store, id, &claim), ASSAY_OK);
}

START_TEST(changed_verdicts_are_failures)
{
    report_store *store = NULL;
    ck_assert_int_eq(report_store_open(database, &store), ASSAY_OK);
    add_claim_run(store, "2026-01-01T00:00:00Z", ASSAY_REPRODUCED);
    add_claim_run(store, "2026-01-02T00:00:00Z", ASSAY_NOT_REPRODUCED);
    report_store_close(store);
    report_summary summary;
    ck_assert_int_eq(report_write(database, out, NULL, &summary), ASSAY_OK);
    ck_assert_uint_eq(summary.contradictions, 1);
    report_summary_free(&summary);
    char *page = content_of(out, "index.html"), *text = content_of(out, "report.md");
    ck_assert_has(page, "headline fail");
    ck_assert_has(page, "the verdict changed between runs of one revision");
    ck_assert_has(text, "Verdicts that changed");
    free(page);
    free(text);
}
END_TEST

/* ---- JUnit ------------------------------------------------------------------------------------------------------ */

/* Checks that the text from '<' is a tag with quoted attributes; returns its end. */
static const char *check_tag(const char *p)
{
    bool quoted = false;
    for (p++; *p && (quoted || *p != '>'); p++) {
        quoted ^= *p == '"';
        ck_assert_msg(*p != '<' || !quoted, "a bare < in an attribute: %.40s", p);
    }
    ck_assert_msg(*p == '>', "a tag does not end");
    return p;
}

/* Elements nest, entities are XML's own, characters are allowed ones. */
static void check_well_formed(const char *xml)
{
    char open_elements[16][32];
    int depth = 0;
    ck_assert_msg(strncmp(xml, "<?xml ", 6) == 0, "no declaration");
    for (const char *p = strchr(xml, '>') + 1; *p; p++) {
        unsigned char c = (unsigned char)*p;
        ck_assert_msg(c >= 0x20 || c == '\n' || c == '\t', "character %u", c);
        if (c == '&')
            ck_assert_msg(strchr("algq#", p[1]) && memchr(p, ';', 8), "entity %.10s", p);
        if (c != '<')
            continue;
        const char *end = check_tag(p);
        char name[32];
        ck_assert_int_eq(sscanf(p + 1 + (p[1] == '/'), "%31[a-z-]", name), 1);
        if (p[1] == '/') {
            ck_assert_int_gt(depth, 0);
            ck_assert_str_eq(open_elements[--depth], name);
        } else if (end[-1] != '/') {
            ck_assert_int_lt(depth, 16);
            strcpy(open_elements[depth++], name);
        }
        p = end;
    }
    ck_assert_int_eq(depth, 0);
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *p = text; (p = strstr(p, what)); p++)
        count++;
    return count;
}

static void judge_by_xmllint(void)
{
    char path[192];
    snprintf(path, sizeof path, "%s/junit.xml", out);
    char *arguments[] = {"xmllint", "--noout", path, NULL};
    pid_t child;
    int outcome = -1;
    ck_assert_int_eq(posix_spawn(&child, "/usr/bin/xmllint", NULL, NULL, arguments, environ), 0);
    ck_assert_int_eq(waitpid(child, &outcome, 0), child);
    ck_assert_int_eq(outcome, 0);
}

START_TEST(junit_is_well_formed)
{
    write_report(true);
    char *xml = content_of(out, "junit.xml");
    check_well_formed(xml);
    ck_assert_int_eq(count_of(xml, "<failure "), 2);
    ck_assert_int_eq(count_of(xml, "<skipped "), 1);
    ck_assert_int_eq(count_of(xml, "<testcase "), 27);
    ck_assert_has(xml, "<testsuites name=\"assay\" tests=\"27\" failures=\"2\" errors=\"0\" skipped=\"1\"");
    ck_assert_has(xml, "not reproduced, measured −1.4 points");
    ck_assert_lacks(xml, "<script");
    free(xml);
    if (access("/usr/bin/xmllint", X_OK) == 0)
        judge_by_xmllint();
}
END_TEST

/* ---- Markdown --------------------------------------------------------------------------------------------------- */

/* Length of the run of backticks at @p p. */
static size_t backticks(const char *p)
{
    return strspn(p, "`");
}

/* Counts the bars that divide cells, which those in code spans do too, and demands that no '<' stands outside of one.
 */
static int count_bars(const char *line, const char *end)
{
    int bars = 0;
    size_t open_span = 0;
    for (const char *p = line; p < end; p++) {
        if (*p == '\\' && (p[1] == '|' || !open_span)) {
            p++; /* an escape; in a code span only that of the bar is one */
        } else if (*p == '`') {
            size_t run = backticks(p);
            open_span = !open_span ? run : run == open_span ? 0 : open_span;
            p += run - 1;
        } else {
            ck_assert_msg(*p != '<' || open_span, "markup: %.*s", (int)(end - line), line);
            bars += *p == '|';
        }
    }
    ck_assert_msg(!open_span, "a code span does not end: %.*s", (int)(end - line), line);
    return bars;
}

/* Every row of a table has as many cells as its head: no data broke out of its cell. */
static void check_tables(const char *text)
{
    int columns = 0, tables = 0;
    while (*text) {
        const char *end = strchr(text, '\n');
        ck_assert_ptr_nonnull(end);
        int bars = count_bars(text, end);
        if (*text == '|' && columns)
            ck_assert_msg(bars == columns, "%d cells, not %d: %.*s", bars - 1, columns - 1, (int)(end - text), text);
        tables += *text == '|' && !columns;
        columns = *text == '|' ? bars : 0;
        text = end + 1;
    }
    ck_assert_int_ge(tables, 8);
}

START_TEST(markdown_tables_are_whole)
{
    write_report(true);
    char *text = content_of(out, "report.md");
    check_tables(text);
    ck_assert_has(text, "## evolved\\_exp");
    ck_assert_has(text, "| reproduced in part | C5 |");
    ck_assert_has(text, "20.4 GB/s");
    free(text);
}
END_TEST

/* ---- The whole -------------------------------------------------------------------------------------------------- */

static char again[160];

static void check_same(const char *name)
{
    char *first = content_of(out, name), *second = content_of(again, name);
    ck_assert_msg(strcmp(first, second) == 0, "%s differs", name);
    ck_assert_msg(name[0] != '.', "%s was left over", name);
    free(first);
    free(second);
}

START_TEST(same_database_same_bytes)
{
    write_report(true);
    snprintf(again, sizeof again, "%s/again", folder);
    ck_assert_int_eq(report_write(database, again, NULL, NULL), ASSAY_OK);
    ck_assert_int_eq(each_file(check_same), 7);
}
END_TEST

START_TEST(summary_is_printed)
{
    ck_assert(fixture_make_database(database, true));
    report_summary summary;
    ck_assert_int_eq(report_write(database, out, NULL, &summary), ASSAY_OK);
    ck_assert_uint_eq(summary.row_count, 3);
    ck_assert_uint_eq(summary.total.failed, 2);
    ck_assert_str_eq(summary.rows[1].algorithm, "evolved_exp");
    ck_assert_double_gt(summary.rows[1].speedup, 20);
    ck_assert_double_eq_tol(summary.rows[1].tightest, 3.52003 / 3.6, 1e-9);
    ck_assert(isnan(summary.rows[0].speedup));
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    report_print_summary(&summary, stream, false);
    fclose(stream);
    ck_assert_has(text, "evolved_exp");
    ck_assert_has(text, "1 FAILED");
    ck_assert_has(text, "\nslowest: ");
    ck_assert_has(text, summary.index);
    ck_assert_lacks(text, "\033");
    free(text);
    report_summary_free(&summary);
    report_summary_free(NULL);
}
END_TEST

/* ---- Claims in one file ----------------------------------------------------------------------------------------- */

/* A database of two runs with one claim each: the second is quick, and of the same revision. */
static void make_claims(void)
{
    report_store *store;
    ck_assert_int_eq(report_store_open(database, &store), ASSAY_OK);
    for (int quick = 0; quick < 2; quick++) {
        const assay_run run = {.command = "verify",
                               .revision = "0123456789ab",
                               .machine = "A Processor",
                               .depth = quick ? "quick" : "full",
                               .shard = "1/1",
                               .started = quick ? "2026-11-24T11:00:00Z" : "2026-11-24T10:00:00Z",
                               .word_bits = 64,
                               .processors = 2,
                               .threads = 2,
                               .seed = 7};
        const assay_result claim = {.algorithm = "lmul",
                                    .implementation = "avx2",
                                    .kind = ASSAY_CLAIM,
                                    .check = "C1",
                                    .measured = quick ? 0.25 : 0.125,
                                    .limit = NAN,
                                    .unit = "per cent",
                                    .verdict = quick ? ASSAY_REPRODUCED_IN_PART : ASSAY_REPRODUCED,
                                    .seconds = quick ? 1 : 30,
                                    .replay = quick ? "assay verify quickly" : "assay verify fully",
                                    .statement = "a | statement",
                                    .paper_value = "0.1",
                                    .provenance = "abstract",
                                    .spread_low = 0.1,
                                    .spread_high = 0.5,
                                    .seeds = 5,
                                    .seeds_passed = 5};
        int64_t id;
        ck_assert_int_eq(report_store_begin_run(store, &run, &id), ASSAY_OK);
        ck_assert_int_eq(report_store_add_result(store, id, &claim), ASSAY_OK);
        ck_assert_int_eq(report_store_end_run(store, id, 1), ASSAY_OK);
    }
    report_store_close(store);
}

START_TEST(claims_go_to_one_file)
{
    make_claims();
    char path[256];
    snprintf(path, sizeof path, "%s/claims.md", out);
    ck_assert_msg(report_write_claims(database, path) == ASSAY_OK, "%s", assay_error());
    char *text = content_of(out, "claims.md");
    ck_assert_has(text, "1 claims of 1 algorithms: 1 reproduced, 0 in part, 0 not reproduced.");
    ck_assert_has(text, "Measured at revision 0123456789ab, depth full, on A Processor, seeds from 7.");
    ck_assert_has(text, "| C1 | **reproduced** | a \\| statement | 0.1 | 0.125 per cent | 0.1–0.5 | 5 of 5 | "
                        "abstract | `assay verify fully` |");
    ck_assert_lacks(text, "quickly"); /* the newer run is not as deep */
    free(text);
    snprintf(path, sizeof path, "%s/claims.md/x", out);
    ck_assert_int_eq(report_write_claims(database, path), ASSAY_IO);
    ck_assert_int_eq(report_write_claims(database, ""), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(report_write(database, out, NULL, NULL), ASSAY_OK);
    text = content_of(out, "index.html");
    ck_assert_has(text, "quickly"); /* pages show the newest */
    free(text);
}
END_TEST

/* ---- Refusals --------------------------------------------------------------------------------------------------- */

static void ck_assert_refused(assay_status status, assay_status expected, const char *mentions)
{
    ck_assert_msg(status == expected, "%s: %s", assay_status_name(status), assay_error());
    ck_assert_msg(strstr(assay_error(), mentions) != NULL, "\"%s\" lacks \"%s\"", assay_error(), mentions);
}

START_TEST(bad_arguments_are_refused)
{
    ck_assert_refused(report_write(NULL, out, NULL, NULL), ASSAY_INVALID_ARGUMENT, "database is null");
    ck_assert_refused(report_write(database, NULL, NULL, NULL), ASSAY_INVALID_ARGUMENT, "folder is null");
    ck_assert_refused(report_write(database, "", NULL, NULL), ASSAY_INVALID_ARGUMENT, "folder is empty");
    ck_assert_int_ne(report_write(database, out, NULL, NULL), ASSAY_OK); /* there is none */
    ck_assert_int_ne(access(out, F_OK), 0);
}
END_TEST

START_TEST(missing_chart_js_is_named)
{
    ck_assert(fixture_make_database(database, true));
    report_options options = {.chart_js = "/nowhere/chart.js"};
    ck_assert_refused(report_write(database, out, &options, NULL), ASSAY_UNSUPPORTED,
                      "install libjs-chart.js or run make deps");
    setenv("ASSAY_CHART_JS", "/elsewhere/chart.js", 1);
    ck_assert_refused(report_write(database, out, NULL, NULL), ASSAY_UNSUPPORTED, "/elsewhere/chart.js");
    setenv("ASSAY_CHART_JS", folder, 1);
    ck_assert_refused(report_write(database, out, NULL, NULL), ASSAY_UNSUPPORTED, "cannot read Chart.js");
    ck_assert_int_ne(access(out, F_OK), 0);
}
END_TEST

START_TEST(unwritable_folders_are_named)
{
    ck_assert(fixture_make_database(database, true));
    ck_assert_refused(report_write(database, "/proc/nothing/out", NULL, NULL), ASSAY_IO, "/proc/nothing/out");
    ck_assert_refused(report_write(database, database, NULL, NULL), ASSAY_IO, "Not a directory");
    char blocked[192];
    snprintf(blocked, sizeof blocked, "%s/index.html", out);
    ck_assert_int_eq(report_make_folder(blocked), ASSAY_OK); /* a folder where a file is to be */
    ck_assert_refused(report_write(database, out, NULL, NULL), ASSAY_IO, "index.html");
}
END_TEST

START_TEST(full_disk_keeps_the_old_file)
{
    report_text text = {0};
    report_text_add(&text, "new");
    ck_assert_refused(report_write_file("/dev/full", "x", &text), ASSAY_IO, "/dev/full/x");
    text.failed = true;
    ck_assert_refused(report_write_file(folder, "x", &text), ASSAY_NO_MEMORY, "x");
    char path[128];
    snprintf(path, sizeof path, "%s/x", folder);
    ck_assert_int_ne(access(path, F_OK), 0);
    report_text_free(&text);
}
END_TEST

START_TEST(empty_database_is_refused)
{
    report_store *store = NULL;
    ck_assert_int_eq(report_store_open(database, &store), ASSAY_OK);
    report_store_close(store);
    ck_assert_refused(report_write(database, out, NULL, NULL), ASSAY_BAD_DATA, "holds no results");
    ck_assert_int_ne(access(out, F_OK), 0);
}
END_TEST

Suite *test_report(void)
{
    Suite *suite = suite_create("report");
    TCase *pure = tcase_create("numbers and escapes");
    tcase_add_test(pure, numbers_are_short);
    tcase_add_test(pure, quantities_have_prefixes);
    tcase_add_test(pure, data_are_escaped);
    suite_add_tcase(suite, pure);
    TCase *files = tcase_create("files");
    tcase_set_timeout(files, 60);
    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, pages_hold_no_foreign_markup);
    tcase_add_test(files, first_page_says_everything);
    tcase_add_test(files, success_is_said_too);
    tcase_add_test(files, page_of_an_algorithm_is_complete);
    tcase_add_test(files, long_series_keep_their_peaks);
    tcase_add_test(files, quantities_have_their_charts_and_tables);
    tcase_add_test(files, a_part_does_not_hide_the_rest);
    tcase_add_test(files, json_holds_everything);
    tcase_add_test(files, sweeps_are_joined);
    tcase_add_test(files, ratios_stay_within_a_run);
    tcase_add_test(files, changed_verdicts_are_failures);
    tcase_add_test(files, junit_is_well_formed);
    tcase_add_test(files, markdown_tables_are_whole);
    tcase_add_test(files, same_database_same_bytes);
    tcase_add_test(files, summary_is_printed);
    tcase_add_test(files, claims_go_to_one_file);
    tcase_add_test(files, bad_arguments_are_refused);
    tcase_add_test(files, missing_chart_js_is_named);
    tcase_add_test(files, unwritable_folders_are_named);
    tcase_add_test(files, full_disk_keeps_the_old_file);
    tcase_add_test(files, empty_database_is_refused);
    suite_add_tcase(suite, files);
    return suite;
}
