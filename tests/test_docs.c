/* The documents as a site: that it can be made, that each link leads somewhere, that the layers of the source are what
 * the drawing says; and that the tools which say so would see it if not. */
#include "command_fixture.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_docs(void);

static char folder[64];

static void set_up(void)
{
    char build[4096];
    snprintf(folder, sizeof folder, "/tmp/assay-docs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(build, sizeof build, "%.*s", (int)(strrchr(ASSAY_PROGRAM, '/') - ASSAY_PROGRAM), ASSAY_PROGRAM);
    ck_assert_int_eq(setenv("F", folder, 1), 0);
    ck_assert_int_eq(setenv("B", build, 1), 0);
    ck_assert_int_eq(setenv("S", ASSAY_SOURCE, 1), 0);
    unsetenv("MAKEFLAGS");
    unsetenv("MFLAGS");
    unsetenv("MAKELEVEL");
}

static void tear_down(void)
{
    free(command_expect("rm -rf \"$F\"", 0));
}

/* Runs a command in the test's folder; it must end so and say that. */
static void expect(const char *command, int status, const char *says)
{
    char *line = NULL;
    ck_assert_int_gt(asprintf(&line, "set -e; cd \"$F\"\n%s", command), 0);
    char *text = command_expect(line, status);
    ck_assert_msg(strstr(text, says) != NULL, "%s: \"%s\" does not say \"%s\"", command, text, says);
    free(text);
    free(line);
}

static bool has(const char *tool)
{
    char command[128];
    int status;
    snprintf(command, sizeof command, "command -v %s", tool);
    free(command_output(command, &status));
    if (status != 0)
        fprintf(stderr, "skipped: %s is not installed\n", tool);
    return status == 0;
}

/* ---- Links ------------------------------------------------------------------------------------------------------- */

static const char *const links[][2] = {
    {"a.html", NULL},
    {"deeper/b.html#there", NULL},
    {"#here", NULL},
    {"https://example.org/x?y=1#z", NULL},
    {"nowhere.html", "leads to no file"},
    {"deeper", "leads to no file"},
    {"deeper/b.html#nothing", "leads to no place in its page"},
    {"#There", "leads to no place in its page"},
    {"../outside.html", "leads out of the site"},
    {"https://", "is no well-formed address"},
    {"https:/example.org", "is no well-formed address"},
    {"htps://example.org/", "is no well-formed address"},
    {"http://exa mple.org/", "is no well-formed address"},
    {"", NULL},
};

START_TEST(links_that_lead_nowhere_are_seen)
{
    char command[512];
    snprintf(command, sizeof command,
             "mkdir -p site/deeper; touch outside.html; echo '<p id=\"there\">' >site/deeper/b.html\n"
             "echo '<p id=\"here\"><a href=\"%s\">x</a>' >site/a.html; python3 \"$S/tools/check_links.py\" site",
             links[_i][0]);
    expect(command, links[_i][1] ? 1 : 0, links[_i][1] ? links[_i][1] : "");
}
END_TEST

START_TEST(ids_must_differ_and_pages_be_there)
{
    expect("mkdir site; python3 \"$S/tools/check_links.py\" site", 1, "there is no page");
    expect("echo '<p id=\"x\"><p id=\"x\">' >site/a.html; python3 \"$S/tools/check_links.py\" site", 1,
           "the id \"x\" is there 2 times");
    expect("echo '<img src=\"x.png\">' >site/a.html; python3 \"$S/tools/check_links.py\" site", 1, "x.png");
}
END_TEST

/* ---- Layers ------------------------------------------------------------------------------------------------------ */

START_TEST(layers_know_those_below_them_only)
{
    expect("python3 \"$S/tools/layers.py\" \"$S\" layers.svg; grep -c '</svg>' layers.svg", 0, "1");
    expect(
        "mkdir -p core verify/odd optimized/odd reference/odd; echo '#include \"assay/lmul.h\"' >optimized/odd/lmul.c\n"
        "cp optimized/odd/lmul.c reference/odd/lmul.c; cp optimized/odd/lmul.c verify/odd\n"
        "python3 \"$S/tools/layers.py\" .",
        0, "");
    expect("echo '#include \"assay/verify.h\"' >>reference/odd/lmul.c; python3 \"$S/tools/layers.py\" .", 1,
           "reference/odd/lmul.c:2: includes assay/verify.h: reference must not know verify");
    expect("cp optimized/odd/lmul.c reference/odd/lmul.c; echo '#include \"cli/options.h\"' >core/x.h\n"
           "python3 \"$S/tools/layers.py\" .",
           1, "core/x.h:1: includes cli/options.h: core must not know cli");
    expect("echo '#include \"elsewhere/x.h\"' >core/x.h; python3 \"$S/tools/layers.py\" .", 1, "which is no layer");
}
END_TEST

/* ---- The site ---------------------------------------------------------------------------------------------------- */

START_TEST(site_can_be_made)
{
    if (!has("doxygen") || !has("cmark-gfm") || !has("python3"))
        return;
    expect("make -s -C \"$S\" BUILD=\"$B\" docs-built SITE=\"$F/site\"", 0, "site/index.html");
    expect(
        "cd site; for page in algorithms documents statistics oracle architecture adding-an-algorithm api/lmul "
        "examples-own-kernel; do grep -q '</html>' $page.html; done; grep -c 'href=\"api/lmul.html\"' algorithms.html",
        0, "1");
    /* The same source, but for one mistake. */
    expect("mkdir source; ln -s \"$S\"/* source; rm source/README.md; cat >make_site <<'END'\n"
           "python3 \"$S/tools/site.py\" source \"$ASSAY\" \"$B/site/xml\" wrong\n"
           "END\n"
           "sed 's#(docs/oracle.md)#(docs/orcle.md)#' \"$S/README.md\" >source/README.md; . ./make_site",
           1, "README.md: the link \"docs/orcle.md\" leads to no file");
    expect("grep -v '^| `lmul`' \"$S/README.md\" >source/README.md; . ./make_site", 1,
           "the table of the README has no line for lmul");
    expect("sed 's/2410.00907/2410.00908/' \"$S/README.md\" >source/README.md; . ./make_site", 1,
           "the README's line for lmul does not name arXiv:2410.00907");
}
END_TEST

Suite *test_docs(void)
{
    Suite *suite = suite_create("docs");
    TCase *c = tcase_create("docs");
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_set_timeout(c, 600);
    tcase_add_loop_test(c, links_that_lead_nowhere_are_seen, 0, (int)(sizeof links / sizeof *links));
    tcase_add_test(c, ids_must_differ_and_pages_be_there);
    tcase_add_test(c, layers_know_those_below_them_only);
    tcase_add_test(c, site_can_be_made);
    suite_add_tcase(suite, c);
    return suite;
}
