/*
 * The corpus as tests: each target is given every file of its folder, by whatever compiler built the rest.
 *
 * Check's child dies of a broken promise as of a crash; which file it was, a handler says.
 */
#include "fuzz/suite.h"

#include "fuzz/fuzz.h"

#include "assay/threads.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ASSAY_SOURCE
#define ASSAY_SOURCE "."
#endif

static char current[1024]; /* the file that is being read, and a line end */

static void tell_current(int number)
{
    static const char before[] = "\nwhile a target was reading ";
    if (write(STDERR_FILENO, before, sizeof before - 1) > 0 && write(STDERR_FILENO, current, strlen(current)) > 0)
        raise(number); /* the handler is no longer installed */
}

static void install_handler(void)
{
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM, SIGTERM};
    const struct sigaction action = {.sa_handler = tell_current, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

START_TEST(corpus)
{
    const fuzz_entry *entry = &fuzz_entries[_i];
    struct dirent **files;
    char folder[512];
    snprintf(folder, sizeof folder, ASSAY_SOURCE "/fuzz/corpus/%s", entry->name);
    const int count = scandir(folder, &files, is_file, alphasort);
    ck_assert_msg(count > 0, "there are no inputs in %s", folder);
    ck_assert_int_eq(assay_set_threads(1), ASSAY_OK);
    install_handler();
    entry->run(NULL, 0);
    for (int i = 0; i < count; i++) {
        char path[900];
        size_t size;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        snprintf(current, sizeof current, "%s\n", path);
        char *data = fuzz_read(path, &size);
        uint8_t *exact = malloc(size ? size : 1); /* without the null byte behind it: a step too far is seen */
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, data, size);
        ck_assert_msg(entry->run(exact, size) == 0, "%s", path);
        free(exact);
        free(data);
        free(files[i]);
    }
    free(files);
}
END_TEST

int main(void)
{
    int targets = 0;
    while (fuzz_entries[targets].name)
        targets++;
    Suite *suite = suite_create("fuzz");
    TCase *cases = tcase_create("corpus");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, corpus, 0, targets);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
