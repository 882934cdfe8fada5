/* The pages in a real browser: each tests itself (every chart drew, every column sorts, nothing failed, nothing was
 * requested) on a wide and a narrow window, light and dark. Without chromium the tests say that they were skipped. */
#include "history_fixture.h"
#include "report_fixture.h"
#include "reports/report.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Suite *test_browser(void);

enum { TIME_LIMIT = 120 };

static char folder[64], out[128];

/* The browser's path; null if there is none. */
static const char *browser(void)
{
    static const char *const paths[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/local/bin/chromium"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    }
    return NULL;
}

static void make_report(void)
{
    strcpy(folder, "/tmp/assay-browser-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    char database[128];
    snprintf(database, sizeof database, "%s/assay.db", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    ck_assert_msg(fixture_make_database(database, true), "%s", assay_error());
    const history_plan plan = {.runs = 16, .slower_from = 8, .factor = 1.1, .less_exact_from = 14, .seed = 4};
    ck_assert(fixture_add_history(database, &plan));
    ck_assert_msg(report_write(database, out, NULL, NULL) == ASSAY_OK, "%s", assay_error());
}

static void remove_report(void)
{
    ck_assert(fixture_remove_folder(folder));
}

/* Becomes the browser, in a process group of its own so that all its processes can be ended. */
static void become_browser(const char *page, int width, bool dark, int output)
{
    char profile[128], window[64], address[1024];
    snprintf(profile, sizeof profile, "--user-data-dir=%s/profile-XXXXXX", folder);
    if (!mkdtemp(strchr(profile, '=') + 1))
        _exit(126);
    snprintf(window, sizeof window, "--window-size=%d,900", width);
    snprintf(address, sizeof address, "file://%s/%s#selftest", out, page);
    setpgid(0, 0);
    setenv("HOME", folder, 1);
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    dup2(output, 1);
    dup2(nothing, 2);
    execl(browser(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
          "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
          dark ? "--blink-settings=preferredColorScheme=0" : "--blink-settings=preferredColorScheme=1", profile, window,
          "--virtual-time-budget=30000", "--dump-dom", address, (char *)NULL);
    _exit(127);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static char *larger(char *text, size_t capacity)
{
    char *grown = realloc(text, capacity + 1);
    ck_assert_ptr_nonnull(grown);
    return grown;
}

/* Reads to the end or to the time limit; released by the caller. */
static char *read_output(int input)
{
    double end = now() + TIME_LIMIT;
    size_t length = 0, capacity = 1 << 20;
    char *text = larger(NULL, capacity);
    while (now() < end) {
        struct pollfd waiting = {.fd = input, .events = POLLIN};
        if (poll(&waiting, 1, 1000) <= 0)
            continue;
        if (length == capacity)
            text = larger(text, capacity *= 2);
        ssize_t count = read(input, text + length, capacity - length);
        if (count == 0 || (count < 0 && errno != EINTR))
            break;
        length += count > 0 ? (size_t)count : 0;
    }
    text[length] = '\0';
    return text;
}

/* What the page found when it tested itself; released by the caller. */
static char *self_test(const char *page, int width, bool dark)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        become_browser(page, width, dark, ends[1]);
    close(ends[1]);
    char *text = read_output(ends[0]);
    close(ends[0]);
    kill(-child, SIGKILL);
    waitpid(child, NULL, 0);
    char *result = strstr(text, "<pre id=\"selftest\">");
    ck_assert_msg(result != NULL, "%s did not test itself within %d s: %zu bytes of it came", page, TIME_LIMIT,
                  strlen(text));
    char *end = strstr(result, "</pre>");
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    result = strdup(result);
    free(text);
    return result;
}

static void check_page(const char *page, int width, bool dark)
{
    char *result = self_test(page, width, dark);
    int charts = 0, sorts = 0;
    const char *counts = strstr(result, "selftest passed: ");
    ck_assert_msg(counts && sscanf(counts, "selftest passed: %d charts, %d sorts", &charts, &sorts) == 2,
                  "%s, %d wide, %s:\n%.2000s", page, width, dark ? "dark" : "light", result);
    ck_assert_msg(charts >= 1 && sorts >= 20, "%s: only %d charts and %d sorts", page, charts, sorts);
    free(result);
}

static bool is_skipped(void)
{
    if (browser())
        return false;
    fprintf(stderr, "skipped: chromium is not installed\n");
    return true;
}

START_TEST(every_page_works)
{
    if (is_skipped())
        return;
    make_report();
    DIR *listing = opendir(out);
    ck_assert_ptr_nonnull(listing);
    int pages = 0;
    for (struct dirent *entry; (entry = readdir(listing));) {
        size_t length = strlen(entry->d_name);
        if (length > 5 && strcmp(entry->d_name + length - 5, ".html") == 0) {
            check_page(entry->d_name, pages % 2 ? 390 : 1280, pages % 4 >= 2);
            pages++;
        }
    }
    closedir(listing);
    ck_assert_int_eq(pages, 5);
    check_page("evolved_exp.html", 390, true); /* the page with most on it, whichever way it came above */
    check_page("evolved_exp.html", 1280, false);
    remove_report();
}
END_TEST

/* A fault planted in a page, and what its self-test must say. */
typedef struct fault {
    const char *original, *planted, *seen;
} fault;

static const fault faults[] = {
    {"</body>", "<img src=\"https://example.org/x.png\"></body>", "request refused"},
    {"</body>", "<script>console.error('planted')</script></body>", "error: planted"},
    {"</body>", "<script>undefinedFunction()</script></body>", "undefinedFunction"},
    {"</body>", "<script>window.assayHostile = 1</script></body>", "data ran as a script"},
    {"class=\"chart-data\" data-canvas=\"chart-1\"", "data-canvas=\"chart-1\"", "canvases, but"},
    {"\"log\":true", "\"log\":oops", "cannot be drawn"},
    {"type: \"line\", data: values", "type: \"line\", data: []", "lacks a series"},
    {"set.segment === \"level\"", "set.segment === \"flat\"", "lacks a series"},
    {"Failed and skipped checks over the runs</h4>", "</h4>", "lacks its title or table"},
    {"body.append(...keyed", "(() => {})(...keyed", "does not sort"},
    {"-webkit-text-size-adjust", "min-width: 3000px; -webkit-text-size-adjust", "wider than the window"},
};

/* Replaces the last @p what, so that faults of one kind do not fall on the same chart. */
static char *replaced(char *page, const char *what, const char *by)
{
    size_t length = strlen(page), before = length;
    for (const char *p = page; (p = strstr(p, what)); p++)
        before = (size_t)(p - page);
    ck_assert_msg(before < length, "the page lacks %s", what);
    char *made = malloc(length + strlen(by) + 1);
    ck_assert_ptr_nonnull(made);
    sprintf(made, "%.*s%s%s", (int)before, page, by, page + before + strlen(what));
    free(page);
    return made;
}

static char *read_page(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", out, name);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    char *page = calloc(1, 1 << 22);
    ck_assert_ptr_nonnull(page);
    ck_assert_uint_gt(fread(page, 1, (1 << 22) - 1, file), 0);
    fclose(file);
    return page;
}

START_TEST(self_test_sees_what_is_broken)
{
    if (is_skipped())
        return;
    make_report();
    char *page = read_page("lmul.html");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        page = replaced(page, faults[i].original, faults[i].planted);
    char path[256];
    snprintf(path, sizeof path, "%s/broken.html", out);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(page, file);
    fclose(file);
    free(page);
    char *result = self_test("broken.html", 1280, false);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        ck_assert_msg(strstr(result, faults[i].seen) != NULL, "%s was not seen: %.2000s", faults[i].planted, result);
    free(result);
    remove_report();
}
END_TEST

Suite *test_browser(void)
{
    Suite *suite = suite_create("browser");
    TCase *pages = tcase_create("pages");
    tcase_set_timeout(pages, 600);
    tcase_add_test(pages, every_page_works);
    tcase_add_test(pages, self_test_sees_what_is_broken);
    suite_add_tcase(suite, pages);
    return suite;
}
