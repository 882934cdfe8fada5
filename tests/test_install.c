/* What `make install` installs, as those use it who have nothing else: pkg-config, manual pages, the completion of
 * bash, and the examples. It is installed as it was built; the rules that build it are tested in test_cli.c. */
#include "assay/build.h"
#include "command_fixture.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_install(void);

static char folder[64]; /* of all these tests */

/* Runs shell commands that must succeed. "$P" is where assay is installed, "$F" the tests' folder, "$S" the source. */
static char *runs(const char *commands)
{
    char *line = NULL;
    ck_assert_int_gt(asprintf(&line, "set -e; cd \"$F\"\n%s", commands), 0);
    char *text = command_expect(line, 0);
    free(line);
    return text;
}

static void expect(const char *commands)
{
    free(runs(commands));
}

static void expect_text(const char *commands, const char *expected)
{
    char *text = runs(commands);
    ck_assert_msg(strcmp(text, expected) == 0, "%s: \"%s\", not \"%s\"", commands, text, expected);
    free(text);
}

/* The flags that this program was built with beyond the usual, sanitizers for one: programs that link it need them. */
static const char *extra_flags(void)
{
    static const char usual[] = "-O3 -ffp-contract=off";
    const char *flags = assay_build_flags();
    return strncmp(flags, usual, sizeof usual - 1) == 0 ? flags + sizeof usual - 1 : flags;
}

static bool is_sanitized(void)
{
    return strstr(extra_flags(), "-fsanitize") != NULL;
}

static void install(void)
{
    char path[256], build[4096];
    snprintf(folder, sizeof folder, "/tmp/assay-install-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/prefix", folder);
    snprintf(build, sizeof build, "%.*s", (int)(strrchr(ASSAY_PROGRAM, '/') - ASSAY_PROGRAM), ASSAY_PROGRAM);
    const char *const environment[][2] = {
        {"F", folder}, {"P", path}, {"S", ASSAY_SOURCE}, {"B", build}, {"EXTRA", extra_flags()}, {"LC_ALL", "C.UTF-8"}};
    for (size_t i = 0; i < sizeof environment / sizeof *environment; i++)
        ck_assert_int_eq(setenv(environment[i][0], environment[i][1], 1), 0);
    snprintf(path, sizeof path, "%s/prefix/lib/pkgconfig", folder);
    ck_assert_int_eq(setenv("PKG_CONFIG_PATH", path, 1), 0);
    static const char *const unwanted[] = {"MAKEFLAGS",       "MFLAGS",     "MAKELEVEL",
                                           "LD_LIBRARY_PATH", "ASSAY_DATA", "DESTDIR"};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        unsetenv(unwanted[i]);
    expect("make -s -C \"$S\" BUILD=\"$B\" install-built prefix=\"$P\"");
}

static void remove_all(void)
{
    expect("cd /; rm -rf \"$F\"");
}

/* ---- install and uninstall --------------------------------------------------------------------------------------- */

/* Whatever was there before stays, also where a folder is ours too; and what an older version installed goes. */
START_TEST(uninstall_removes_what_install_installed)
{
    expect(
        "mkdir -p stage/opt/x/lib stage/opt/x/include/assay stage/opt/x/share/man/man3\n"
        "touch stage/opt/x/lib/other.a stage/opt/x/include/assay/foreign.h stage/opt/x/share/man/man3/other.3\n"
        "find stage ! -type d | sort >before; find stage -type d >folders; mkdir stage/opt/x/share/assay\n"
        "echo /opt/x/include/assay/old.h >stage/opt/x/share/assay/installed; touch stage/opt/x/include/assay/old.h\n"
        "make -s -C \"$S\" BUILD=\"$B\" install-built DESTDIR=\"$F/stage\" prefix=/opt/x >said\n"
        "grep -q \"^install: $(($(wc -l <stage/opt/x/share/assay/installed) - 1)) files below $F/stage/opt/x\" said\n"
        "(cd stage; find . ! -type d | sed s/^.//) | grep -v -e /other -e foreign.h -e assay/installed$ | LC_ALL=C "
        "sort "
        "| diff - stage/opt/x/share/assay/installed");
    expect("if grep -rlF \"$F/stage\" stage; then echo 'DESTDIR stands in these files'; exit 1; fi");
    expect("make -s -C \"$S\" BUILD=\"$B\" uninstall DESTDIR=\"$F/stage\" prefix=/opt/x\n"
           "find stage ! -type d | sort | diff before -; while read -r d; do test -d \"$d\"; done <folders\n"
           "test ! -e stage/opt/x/share/assay");
    expect(
        "make -s -C \"$S\" BUILD=\"$B\" uninstall DESTDIR=\"$F/stage\" prefix=/opt/x | grep -q 'nothing is installed'");
    char *text = command_expect("make -s -C \"$S\" BUILD=\"$B\" install-built prefix=relative", 2);
    ck_assert_msg(strstr(text, "prefix is relative, must be an absolute path") != NULL, "%s", text);
    free(text);
}
END_TEST

START_TEST(folders_can_be_chosen)
{
    expect(
        "make -s -C \"$S\" BUILD=\"$B\" install-built DESTDIR=\"$F/deb\" prefix=/usr libdir=/usr/lib/some-machine "
        "mandir=/usr/man\n"
        "ls deb/usr/lib/some-machine/libassay.so deb/usr/lib/some-machine/pkgconfig/assay.pc deb/usr/man/man1/assay.1\n"
        "grep -Fx 'libdir=${prefix}/lib/some-machine' deb/usr/lib/some-machine/pkgconfig/assay-harness.pc\n"
        "make -s -C \"$S\" BUILD=\"$B\" uninstall DESTDIR=\"$F/deb\" prefix=/usr; test -z \"$(find deb ! -type d)\"");
}
END_TEST

/* ---- pkg-config -------------------------------------------------------------------------------------------------- */

/* A program that computes and says where it found its data. */
static const char user_program[] =
    "cat >user.c <<'END'\n"
    "#include <assay/evolved_exp.h>\n"
    "#include <assay/readers.h>\n"
    "#include <stdio.h>\n"
    "int main(void)\n"
    "{\n"
    "    float x[] = {0, 1}, y[2];\n"
    "    char path[4096];\n"
    "    if (evolved_exp_exp_f32(x, y, 2) || assay_data_path(\"digits.csv\", path, 4096))\n"
    "        return puts(assay_error()), 1;\n"
    "    printf(\"%.4f %s\\n\", (double)y[1], path);\n"
    "}\n"
    "END\n"
    "build() { ${CC:-gcc} $EXTRA user.c -o user \"$@\"; }\n";

static char *program_and(const char *commands)
{
    char *line = NULL;
    ck_assert_int_gt(asprintf(&line, "%s%s", user_program, commands), 0);
    char *text = runs(line);
    free(line);
    return text;
}

static void expect_of_program(const char *commands, const char *expected)
{
    char *text = program_and(commands);
    ck_assert_msg(strcmp(text, expected) == 0, "%s: \"%s\", not \"%s\"", commands, text, expected);
    free(text);
}

START_TEST(shared_library_is_linked_by_its_soname)
{
    expect_text("pkg-config --modversion assay assay-harness | uniq", "0.1.0\n");
    expect_of_program("build $(pkg-config --cflags --libs assay)\n"
                      "LD_LIBRARY_PATH=$P/lib ./user | sed \"s#$P##\"; readelf -d user | grep -o 'libassay.so.0'",
                      "2.7183 /lib/../share/assay/data/digits.csv\nlibassay.so.0\n");
}
END_TEST

START_TEST(static_library_needs_no_other_file)
{
    if (is_sanitized()) /* whose libraries are shared ones */
        return;
    expect_of_program("build -static -Wl,--whole-archive -L\"$P/lib\" -lassay -Wl,--no-whole-archive "
                      "$(pkg-config --static --cflags --libs assay) 2>ld.err || { cat ld.err; exit 1; }\n"
                      "./user | sed \"s# .*# found#\"; readelf -d user | grep -c NEEDED || true",
                      "2.7183 found\n0\n");
}
END_TEST

/* The prefix is moved as a whole: pkg-config finds the files beside it, and the program its data. */
START_TEST(installation_can_be_moved)
{
    expect_of_program("cp -a \"$P\" moved; sed -i \"s#$P#/nowhere#\" moved/lib/pkgconfig/*.pc\n"
                      "export PKG_CONFIG_PATH=$F/moved/lib/pkgconfig\n"
                      "build $(pkg-config --define-prefix --cflags --libs assay)\n"
                      "LD_LIBRARY_PATH=$F/moved/lib ./user | sed \"s#$F##\"; rm -r moved",
                      "2.7183 /moved/lib/../share/assay/data/digits.csv\n");
}
END_TEST

START_TEST(destdir_serves_as_a_system_root)
{
    expect_of_program("make -s -C \"$S\" BUILD=\"$B\" install-built DESTDIR=\"$F/sysroot\" prefix=/usr >/dev/null\n"
                      "export PKG_CONFIG_SYSROOT_DIR=$F/sysroot PKG_CONFIG_PATH=$F/sysroot/usr/lib/pkgconfig "
                      "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1\n"
                      "build $(pkg-config --cflags --libs assay)\n"
                      "LD_LIBRARY_PATH=$F/sysroot/usr/lib ./user | sed \"s#$F##\"; rm -r sysroot",
                      "2.7183 /sysroot/usr/lib/../share/assay/data/digits.csv\n");
}
END_TEST

/* ---- Manual pages ------------------------------------------------------------------------------------------------ */

/* Calls visit with each long option that a command's help lists, without dashes. */
static void each_option(const char *command, void (*visit)(const char *option, void *self), void *self)
{
    char line[128];
    snprintf(line, sizeof line, "\"$ASSAY\" %s --help | sed -nE 's/^ {2,6}(-., )?--([a-z-]+).*/\\2/p'", command);
    char *text = command_expect(line, 0), *rest = text;
    for (const char *option; (option = strsep(&rest, "\n"));) {
        if (*option)
            visit(option, self);
    }
    free(text);
}

/* A manual page with its \- as plain dashes. */
static char *plain_page(void)
{
    return runs("sed 's/\\\\-/-/g' \"$P/share/man/man1/assay.1\"");
}

/* The line of the page that heads an option, or null. */
static const char *heading_of(const char *page, const char *option)
{
    char dashed[64];
    snprintf(dashed, sizeof dashed, "--%s", option);
    for (const char *at = strstr(page, "\n.SH OPTIONS\n"); at && (at = strstr(at, "\n.TP\n")); at += 5) {
        const char *heading = at + 5, *found = strstr(heading, dashed);
        const size_t length = strcspn(heading, "\n");
        while (found && found < heading + length) {
            const char after = found[strlen(dashed)];
            if (!(after >= 'a' && after <= 'z') && after != '-')
                return heading;
            found = strstr(found + 1, dashed);
        }
    }
    return NULL;
}

typedef struct told {
    const char *page, *command;
    char seen[8192]; /* the options of all commands, each between spaces */
} told;

/* An option of a command is in the page, and if the page names the commands that have it, this is among them. */
static void is_told(const char *option, void *self)
{
    told *t = self;
    const char *heading = heading_of(t->page, option);
    ck_assert_msg(heading != NULL, "assay.1 has no --%s, which assay %s has", option, t->command);
    const char *note = heading + strcspn(heading, "\n") + 1;
    char commands[256];
    snprintf(commands, sizeof commands, "%.*s", (int)strcspn(note, "\n"), note);
    if (strncmp(commands, ".RB (", 5) == 0)
        ck_assert_msg(strstr(commands, t->command) != NULL, "assay.1 does not say that assay %s has --%s: %s",
                      t->command, option, commands);
    const size_t length = strlen(t->seen);
    snprintf(t->seen + length, sizeof t->seen - length, " %s ", option);
}

/* The page and the help of the commands tell of the same commands and options. */
START_TEST(assay_1_tells_every_command_and_option)
{
    static told t;
    char *page = plain_page(), *commands = runs("\"$ASSAY\" help | sed -nE 's/^  ([a-z]+) .*/\\1/p'"), *rest = commands;
    t.page = page;
    for (const char *command; (command = strsep(&rest, "\n"));) {
        char entry[64], synopsis[64];
        if (!*command)
            continue;
        snprintf(entry, sizeof entry, "\n.TP\n.B %s\n", command);
        snprintf(synopsis, sizeof synopsis, "\n.SY assay\n.B %s\n", command);
        ck_assert_msg(strstr(page, entry) != NULL, "assay.1 does not explain assay %s", command);
        ck_assert_msg(strstr(page, synopsis) != NULL, "the synopsis of assay.1 lacks assay %s", command);
        t.command = command;
        each_option(command, is_told, &t);
    }
    ck_assert_ptr_nonnull(strstr(t.seen, " exhaustive ")); /* something was seen */

    char *headings = runs("sed -n '/^.SH OPTIONS/,/^.SH EXIT/p' \"$P/share/man/man1/assay.1\" | sed 's/\\\\-/-/g' | "
                          "sed -n '/^.TP/{n;p}' | grep -oE -- '--[a-z-]+' | cut -c3-"),
         *next = headings;
    for (const char *option; (option = strsep(&next, "\n"));) {
        char spaced[64];
        snprintf(spaced, sizeof spaced, " %s ", option);
        ck_assert_msg(!*option || strstr(t.seen, spaced), "assay.1 has --%s, which no command has", option);
    }
    free(headings);
    free(commands);
    free(page);
}
END_TEST

/* One page for each header, nothing else, and every function of the library in one of them. */
START_TEST(headers_have_manual_pages)
{
    int status;
    free(command_output("command -v doxygen && command -v python3", &status));
    if (status != 0) {
        fprintf(stderr, "skipped: doxygen or python3 is not installed\n");
        return;
    }
    expect(
        "ls \"$P/share/man/man3\" >pages; (cd \"$P/include/assay\" && ls *.h) | sed 's/.*/assay_&.3/' | diff - pages");
    expect("cd \"$P/share/man/man3\"; nm -D --defined-only \"$P/lib/libassay.so.0\" | awk '$2 == \"T\" {print $3}' | "
           "while read -r f; do grep -q \"\\\\\\\\fB$f\\\\\\\\fP\" *.3 || { echo \"no page tells of $f\"; exit 1; }; "
           "done");
    expect("cd \"$P/share/man/man3\"; for page in *.3; do name=${page%.3}\n"
           "grep -q \"^$name .- [A-Z].*[^.]$\" $page || { echo \"$page: no name with a description\"; exit 1; }\n"
           "grep -q \"^.B #include <assay/${name#assay_}>$\" $page || { echo \"$page: no synopsis\"; exit 1; }\n"
           "if grep -n \"^'\" $page; then echo \"$page: text that troff would take for a request\"; exit 1; fi; done");
}
END_TEST

/* ---- Completion -------------------------------------------------------------------------------------------------- */

/* What bash would offer after these words, sorted and in one line. */
static void offers(const char *words, const char *expected)
{
    char line[1024];
    snprintf(line, sizeof line,
             "bash -ec '. \"$P/share/bash-completion/completions/assay\"; complete -p assay >/dev/null; set +e\n"
             "COMP_WORDS=(\"$P/bin/assay\" %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _assay\n"
             "printf \"%%s\\n\" \"${COMPREPLY[@]}\"' | LC_ALL=C sort | tr '\\n' ' '",
             words);
    expect_text(line, expected);
}

START_TEST(bash_completes_what_there_is)
{
    offers("ve", "verify ");
    offers("help l", "limits list ");
    offers("--v", "--version ");
    offers("verify --fr", "--fresh ");
    offers("regress --no-", "--no-accuracy --no-timing ");
    offers("verify --cpu a", "avx2 avx512 ");
    offers("verify --cpu = avx5", "avx512 ");
    offers("list --format \"\"", "json text ");
    offers("limits --format c", "csv ");
    offers("new --family att", "attention ");
    offers("verify --quick lmu", "lmul ");
    offers("verify lmul/av", "lmul/avx2 lmul/avx512 ");
    offers("verify --threads ve", " ");
    offers("nonsense ve", " ");
    expect("touch a.db; bash -c '. \"$P/share/bash-completion/completions/assay\"; COMP_WORDS=(\"$P/bin/assay\" merge "
           "a.d)\n"
           "COMP_CWORD=2; _assay; test \"${COMPREPLY[*]}\" = a.db'");
}
END_TEST

/* What is offered is what a sed script finds in the catalogue's entry of lmul, one { a line. */
static void offers_listed(const char *words, const char *script)
{
    char command[512];
    snprintf(command, sizeof command,
             "\"$ASSAY\" list --format json lmul | tr '{' '\\n' | sed -nE '%s' | tr ',' '\\n' | LC_ALL=C sort | tr "
             "'\\n' ' '",
             script);
    char *listed = runs(command);
    ck_assert_msg(strchr(listed, '/') != NULL, "%s finds nothing", command);
    offers(words, listed);
    free(listed);
}

/* Every algorithm, and every check and workload of one, can be completed. */
START_TEST(completion_knows_what_list_knows)
{
    char *algorithms = runs("\"$ASSAY\" list --format json | sed -E 's/^.\"algorithm\":\"([^\"]*)\".*/\\1/' | "
                            "LC_ALL=C sort | tr '\\n' ' '");
    offers("verify \"\"", algorithms);
    free(algorithms);
    offers_listed("verify lmul/avx2/", "s#^\"name\":\"([^\"]*)\",\"kind\".*#lmul/avx2/\\1#p");
    offers_listed("verify lmul/avx2/gemm_s", "s#^\"name\":\"(gemm_s[^\"]*)\",\"kind\".*#lmul/avx2/\\1#p");
    offers_listed("bench lmul/avx2/", "s#^\"name\":\"([^\"]*)\",\"size_label\".*#lmul/avx2/\\1#p");
    offers_listed("bench lmul/avx2/gemm_square/", "/^\"name\":\"gemm_square\"/{s#.*\"sizes\":\\[([^]]*)\\].*#\\1#; "
                                                  "s#([0-9]+)#lmul/avx2/gemm_square/\\1#g; p}");
}
END_TEST

/* ---- Examples ---------------------------------------------------------------------------------------------------- */

START_TEST(example_use_library_finds_neighbours)
{
    expect_text("cp -r \"$S/examples/use-library\" library; cd library; make -s clean\n"
                "make -s run CFLAGS=\"-O2 -Wall -Wextra -Werror $EXTRA\" | tee found | wc -l; head -1 found",
                "5\n17 0\n");
    /* The five rows that a plain search finds. */
    expect("cd library; python3 - <<'END' >truth\n"
           "import struct\n"
           "data = open('words.npy', 'rb').read()[128:]\n"
           "rows = [struct.unpack_from('<100f', data, 400 * i) for i in range(len(data) // 400)]\n"
           "near = sorted((sum((a - b) ** 2 for a, b in zip(rows[17], r)), i) for i, r in enumerate(rows))[:5]\n"
           "print(*(i for _, i in near), sep='\\n')\n"
           "END\n"
           "cut -d' ' -f1 found | diff - truth");
    expect("cd library; LD_LIBRARY_PATH=$P/lib; export LD_LIBRARY_PATH; ! ./nearest none.npy 1 1 2>said; "
           "grep -q 'none.npy.*No such file' said; ! ./nearest words.npy 5000 1 2>said; grep -q 'ROW must be 0 to "
           "4999' said");
}
END_TEST

START_TEST(example_python_calls_the_library)
{
    if (is_sanitized()) /* Python is not */
        return;
    char *text = runs("python3 \"$S/examples/python/evolved_exp.py\" \"$P/lib/libassay.so.0\"");
    double error = 1;
    ck_assert_msg(sscanf(text, "exp of 160001 numbers, largest relative error %lf", &error) == 1 && error < 2e-7, "%s",
                  text);
    ck_assert_msg(strstr(text, "\nrefused: x is null") != NULL, "%s", text);
    free(text);
}
END_TEST

/* The exercise as its README leads through it: see it fail, mend it, see it pass, and so on. */
START_TEST(example_own_kernel_leads_to_the_mistake)
{
    char flags[512]; /* regress too takes them from the environment */
    snprintf(flags, sizeof flags, "-O2 -Werror %s", extra_flags());
    ck_assert_int_eq(setenv("CFLAGS", flags, 1), 0);
    expect("cp -r \"$S/examples/own-kernel\" kernel; cd kernel; rm -rf build reports\n"
           "git init -q; git config user.name test; git config user.email test@localhost; git add -A\n"
           "git commit -qm 'The kernel as it was found'; make -s && build/assay list blend\n"
           "build/assay --version | grep -F \"revision $(git rev-parse --short=12 HEAD),\"");
    char *text = runs("cd kernel; build/assay verify && exit 9; test $? = 1");
    ck_assert_msg(strstr(text, "blend/avx2/agrees           FAIL") && strstr(text, "8 passed, 1 failed, 0 skipped"),
                  "%s", text);
    free(text);
    text = runs("cd kernel; patch <mended.patch; make -s; build/assay verify");
    ck_assert_msg(strstr(text, "9 passed, 0 failed, 0 skipped") != NULL, "%s", text);
    free(text);
    text = runs(
        "cd kernel; build/assay bench --quick --seconds 0.001 --no-limits --no-counters; build/assay report -o pages\n"
        "grep -c blend pages/index.html >/dev/null; test -s pages/blend.html");
    ck_assert_msg(strstr(text, "blend/avx2/image/1920 ") && strstr(text, "8 timed, 0 skipped"), "%s", text);
    free(text);
    /* Against what was committed; then the mistake against what is right, which is a loss. */
    text = runs("cd kernel; build/assay regress --base HEAD --no-timing; git commit -qam 'Blend the rest too'\n"
                "patch -sR <mended.patch; make -s\n"
                "build/assay regress --base HEAD --no-timing && exit 9; test $? = 1");
    ck_assert_msg(strstr(text, "0 accuracy losses") && strstr(text, "1 accuracy losses"), "%s", text);
    free(text);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *c = tcase_create(name);
    tcase_add_unchecked_fixture(c, install, remove_all);
    tcase_set_timeout(c, 600);
    suite_add_tcase(suite, c);
    return c;
}

Suite *test_install(void)
{
    Suite *suite = suite_create("install");
    TCase *installed = add_case(suite, "files");
    tcase_add_test(installed, uninstall_removes_what_install_installed);
    tcase_add_test(installed, folders_can_be_chosen);
    tcase_add_test(installed, shared_library_is_linked_by_its_soname);
    tcase_add_test(installed, static_library_needs_no_other_file);
    tcase_add_test(installed, installation_can_be_moved);
    tcase_add_test(installed, destdir_serves_as_a_system_root);
    TCase *told_of = add_case(suite, "told");
    tcase_add_test(told_of, assay_1_tells_every_command_and_option);
    tcase_add_test(told_of, headers_have_manual_pages);
    tcase_add_test(told_of, bash_completes_what_there_is);
    tcase_add_test(told_of, completion_knows_what_list_knows);
    TCase *examples = add_case(suite, "examples");
    tcase_add_test(examples, example_use_library_finds_neighbours);
    tcase_add_test(examples, example_python_calls_the_library);
    tcase_add_test(examples, example_own_kernel_leads_to_the_mistake);
    return suite;
}
