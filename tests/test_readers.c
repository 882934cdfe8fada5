/* Tests of the data readers: good files of every kind, and every way in which a file can be bad. */
#include "assay/memory.h"
#include "assay/random.h"
#include "assay/readers.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];

static void make_folder(void)
{
    strcpy(folder, "/tmp/assay-readers-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_text(const char *text)
{
    write_bytes(text, strlen(text));
}

/* The call fails with a message that has all of the words, and leaves its result alone. */
#define assert_refused(STATUS, CALL, ...)                                                                              \
    do {                                                                                                               \
        const char *const words_[] = {__VA_ARGS__};                                                                    \
        ck_assert_int_eq(CALL, STATUS);                                                                                \
        for (size_t i_ = 0; i_ < sizeof words_ / sizeof *words_; i_++)                                                 \
            ck_assert_msg(strstr(assay_error(), words_[i_]) != NULL, "\"%s\" does not contain \"%s\"", assay_error(),  \
                          words_[i_]);                                                                                 \
    } while (0)

static void refuse_csv(const char *text, const char *place, const char *value)
{
    double untouched = 1;
    assay_table table = {&untouched, 7, 9};
    write_text(text);
    assert_refused(ASSAY_BAD_DATA, assay_read_csv(path, &table), path, place, value);
    ck_assert(table.values == &untouched && table.rows == 7 && table.columns == 9);
}

/* ---- CSV ------------------------------------------------------------------------------------------------------ */

START_TEST(csv_is_read)
{
    assay_table table;
    write_text("# a comment, with a comma\n1,2.5,-3e2\n\n 4 ,\t5,+6\r\n7,.5,8.");
    ck_assert_msg(assay_read_csv(path, &table) == ASSAY_OK, "%s", assay_error());
    const double expected[] = {1, 2.5, -300, 4, 5, 6, 7, 0.5, 8};
    ck_assert_uint_eq(table.rows, 3);
    ck_assert_uint_eq(table.columns, 3);
    ck_assert_mem_eq(table.values, expected, sizeof expected);
    assay_table_release(&table);
    ck_assert_ptr_null(table.values);
    assay_table_release(&table);
}
END_TEST

START_TEST(csv_grows)
{
    enum { ROWS = 5000 };
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "%d,%d\n", i, -i);
    fclose(file);
    assay_table table;
    ck_assert_int_eq(assay_read_csv(path, &table), ASSAY_OK);
    ck_assert_uint_eq(table.rows, ROWS);
    for (int i = 0; i < ROWS; i++)
        ck_assert(table.values[2 * i] == i && table.values[2 * i + 1] == -i);
    assay_table_release(&table);
}
END_TEST

START_TEST(csv_is_refused)
{
    refuse_csv("", "no numbers", "");
    refuse_csv("\n# only a comment\n", "no numbers", "");
    refuse_csv("1,2\n3\n", ":2:", "1 columns, must have 2");
    refuse_csv("1,2\n3,4,5\n", ":2:", "3 columns, must have 2");
    refuse_csv("1,2\n3,\n", ":2: column 2", "\"\"");
    refuse_csv(",1\n", ":1: column 1", "\"\"");
    refuse_csv("1,two\n", ":1: column 2", "\"two\"");
    refuse_csv("1,2 3\n", ":1: column 2", "\"2 3\"");
    refuse_csv("1,nan\n", ":1: column 2", "\"nan\"");
    refuse_csv("1\n-inf\n", ":2: column 1", "\"-inf\"");
    refuse_csv("1\n1e999\n", ":2: column 1", "\"1e999\"");
    refuse_csv("1\n-nan(7)\n", ":2: column 1", "\"-nan(7)\"");
    refuse_csv("1;2\n", ":1: column 1", "\"1;2\"");
    refuse_csv("a,b\n1,2\n", ":1: column 1", "\"a\"");
    refuse_csv("1,\x01\x80\n", ":1: column 2", "\"??\"");
}
END_TEST

START_TEST(csv_with_a_zero_byte_is_refused)
{
    assay_table table = {0};
    write_bytes("1,2\0,3\n", 7);
    assert_refused(ASSAY_BAD_DATA, assay_read_csv(path, &table), ":1: column 2");
    write_bytes("1,\0", 3);
    assert_refused(ASSAY_BAD_DATA, assay_read_csv(path, &table), ":1: column 2");
}
END_TEST

START_TEST(csv_does_not_depend_on_the_locale)
{
    const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C"};
    for (size_t i = 0; i < sizeof commas / sizeof *commas && !setlocale(LC_ALL, commas[i]); i++)
        ;
    assay_table table;
    write_text("1.5,2\n");
    ck_assert_int_eq(assay_read_csv(path, &table), ASSAY_OK);
    ck_assert_uint_eq(table.columns, 2);
    ck_assert_double_eq(table.values[0], 1.5);
    assay_table_release(&table);
    setlocale(LC_ALL, "C");
}
END_TEST

/* ---- Files ---------------------------------------------------------------------------------------------------- */

START_TEST(what_is_no_file_is_refused)
{
    assay_table table;
    assay_array array;
    assert_refused(ASSAY_IO, assay_read_csv("/nonexistent/file.csv", &table), "/nonexistent/file.csv", "No such file");
    assert_refused(ASSAY_IO, assay_read_npy(folder, &array), folder, "regular file");
    assert_refused(ASSAY_IO, assay_read_idx("/dev/zero", &array), "/dev/zero", "regular file");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_read_csv(NULL, &table), "path is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_read_csv(path, NULL), "table is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_read_fvecs(path, NULL), "array is null");
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* must not wait for a writer */
    assert_refused(ASSAY_IO, assay_read_ivecs(path, &array), path, "regular file");
}
END_TEST

START_TEST(an_unreadable_file_is_refused)
{
    assay_table table;
    write_text("1\n");
    ck_assert_int_eq(chmod(path, 0), 0);
    if (access(path, R_OK) == 0) /* root reads everything */
        return;
    assert_refused(ASSAY_IO, assay_read_csv(path, &table), path, "Permission denied");
}
END_TEST

START_TEST(an_oversized_file_is_refused)
{
    assay_array array;
    const int descriptor = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(descriptor, 0);
    const int status = ftruncate(descriptor, (off_t)ASSAY_FILE_LIMIT + 1); /* a hole: takes no space */
    close(descriptor);
    if (status != 0) /* the file system has no such sizes */
        return;
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), path, "4294967297 bytes", "at most 4294967296");
}
END_TEST

/* ---- npy ------------------------------------------------------------------------------------------------------ */

static size_t npy_bytes(unsigned char *out, int version, const char *header, const void *data, size_t size)
{
    const size_t length = strlen(header), prefix = version == 1 ? 10 : 12;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (unsigned char)version;
    out[7] = 0;
    for (size_t i = 8; i < prefix; i++)
        out[i] = (unsigned char)(length >> (8 * (i - 8)));
    memcpy(out + prefix, header, length);
    if (size)
        memcpy(out + prefix + length, data, size);
    return prefix + length + size;
}

static void write_npy(const char *header, const void *data, size_t size)
{
    unsigned char bytes[1024];
    write_bytes(bytes, npy_bytes(bytes, 1, header, data, size));
}

static void refuse_npy(const char *header, size_t data_size, const char *word)
{
    static const unsigned char data[64];
    int untouched = 1;
    assay_array array = {.count = 7, .data = &untouched};
    write_npy(header, data, data_size);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), path, word);
    ck_assert(array.data == &untouched && array.count == 7);
}

START_TEST(npy_is_read)
{
    unsigned char bytes[1024];
    assay_array array;
    const float numbers[6] = {1, 2, 3, 4, 5, -6.5f};
    for (int version = 1; version <= 3; version++) {
        write_bytes(bytes, npy_bytes(bytes, version, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n",
                                     numbers, sizeof numbers));
        ck_assert_msg(assay_read_npy(path, &array) == ASSAY_OK, "%s", assay_error());
        ck_assert(array.element == ASSAY_ELEMENT_F32 && array.dimensions == 2 && array.shape[0] == 2 &&
                  array.shape[1] == 3 && array.count == 6);
        ck_assert_mem_eq(array.data, numbers, sizeof numbers);
        ck_assert_uint_eq((uintptr_t)array.data % ASSAY_ALIGNMENT, 0);
        assay_array_release(&array);
    }
    write_npy("{\"shape\":(3,),\"fortran_order\":False,\"descr\":\">i2\"}", "\x01\x02\xff\xfe\x00\x05", 6);
    ck_assert_msg(assay_read_npy(path, &array) == ASSAY_OK, "%s", assay_error());
    const int16_t shorts[3] = {258, -2, 5};
    ck_assert(array.element == ASSAY_ELEMENT_I16 && array.dimensions == 1);
    ck_assert_mem_eq(array.data, shorts, sizeof shorts);
    assay_array_release(&array);
    const double single = 2.5;
    write_npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", &single, sizeof single);
    ck_assert_int_eq(assay_read_npy(path, &array), ASSAY_OK);
    ck_assert(array.dimensions == 0 && array.count == 1 && *(double *)array.data == 2.5);
    assay_array_release(&array);
    write_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 4)}", "", 0);
    ck_assert_int_eq(assay_read_npy(path, &array), ASSAY_OK);
    ck_assert(array.count == 0 && array.shape[1] == 4 && array.data);
    assay_array_release(&array);
}
END_TEST

START_TEST(npy_is_refused)
{
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 20, "needs 24 bytes");
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 28, "needs 24 bytes");
    refuse_npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", 24, "Fortran order");
    refuse_npy("{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}", 24, "\"<c8\"");
    refuse_npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", 24, "\"|O\"");
    refuse_npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", 12, "simple");
    refuse_npy("{'descr': '<f4', 'shape': (3,)}", 12, "lacks fortran_order");
    refuse_npy("{'descr': '<f4', 'fortran_order': False}", 4, "lacks shape");
    refuse_npy("{'fortran_order': False, 'shape': ()}", 4, "lacks descr");
    refuse_npy("{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", 12, "neither True nor False");
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, }", 12, "not a number");
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", 12, "not a number");
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3", 12, "',' or ')'");
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': 3}", 12, "'('");
    refuse_npy("{'descr': '<f4', 'colour': 'red'}", 12, "unknown key");
    refuse_npy("{'descr': '<f4' 'shape': (3,)}", 12, "',' or '}'");
    refuse_npy("", 0, "does not begin with '{'");
    refuse_npy("{'descr", 0, "is not a key");
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 12, "too large");
    refuse_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 0, "overflows");
    refuse_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296)}", 0, "overflows");
    refuse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4, "more than 8");
}
END_TEST

START_TEST(npy_with_a_bad_beginning_is_refused)
{
    assay_array array;
    unsigned char bytes[1024];
    write_bytes("\x93NUMP", 5);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), "does not begin");
    write_bytes("\x93NUMPX\x01\x00\x10\x00", 10);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), "does not begin");
    const size_t size = npy_bytes(bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "abcd", 4);
    bytes[6] = 4;
    write_bytes(bytes, size);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), "version 4");
    bytes[6] = 1;
    bytes[9] = 0xff;
    write_bytes(bytes, size);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), "header has 65");
    write_bytes("\x93NUMPY\x02\x00\x10\x00\x00", 11);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), "truncated at byte 11");
}
END_TEST

START_TEST(npy_that_is_not_finite_is_refused)
{
    assay_array array;
    const float numbers[3] = {1, 2, __builtin_inff()};
    write_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", numbers, sizeof numbers);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), "element 2 is inf");
    const double doubles[2] = {__builtin_nan(""), 0};
    write_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", doubles, sizeof doubles);
    assert_refused(ASSAY_BAD_DATA, assay_read_npy(path, &array), "element 0 is", "nan");
}
END_TEST

/* Whatever is wrong with a file, the reader neither crashes nor believes it: mutations and truncations of good ones. */
static void mutate(const unsigned char *good, size_t size, assay_status (*read)(const char *path, assay_array *array))
{
    const assay_random r = {20240607, 3};
    unsigned char bytes[1024];
    for (uint64_t i = 0; i < 3000; i++) {
        assay_array array = {0};
        memcpy(bytes, good, size);
        bytes[assay_random_integer(r, 4 * i, size)] = (unsigned char)assay_random_bits(r, 4 * i + 1);
        const size_t kept = i % 2 ? size : assay_random_integer(r, 4 * i + 2, size + 1);
        write_bytes(bytes, kept);
        const assay_status status = read(path, &array);
        ck_assert(status == ASSAY_OK || status == ASSAY_BAD_DATA);
        ck_assert(status == ASSAY_OK ? array.data != NULL : array.data == NULL);
        if (status == ASSAY_OK)
            ck_assert_uint_le(array.count * assay_element_size(array.element), kept);
        assay_array_release(&array);
    }
}

START_TEST(mutated_files_do_no_harm)
{
    unsigned char bytes[1024];
    static const float numbers[6] = {1, 2, 3, 4, 5, 6};
    mutate(
        bytes,
        npy_bytes(bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", numbers, sizeof numbers),
        assay_read_npy);
    memcpy(bytes,
           "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
           "abcdef",
           18);
    mutate(bytes, 18, assay_read_idx);
    memcpy(bytes,
           "\x02\0\0\0"
           "abcdefgh"
           "\x02\0\0\0"
           "abcdefgh",
           24);
    mutate(bytes, 24, assay_read_ivecs);
    mutate(bytes, 24, assay_read_fvecs);
}
END_TEST

/* ---- IDX ------------------------------------------------------------------------------------------------------ */

START_TEST(idx_is_read)
{
    assay_array array;
    write_bytes("\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                "abcdef",
                18);
    ck_assert_msg(assay_read_idx(path, &array) == ASSAY_OK, "%s", assay_error());
    ck_assert(array.element == ASSAY_ELEMENT_U8 && array.dimensions == 2 && array.shape[0] == 2 && array.shape[1] == 3);
    ck_assert_mem_eq(array.data, "abcdef", 6);
    assay_array_release(&array);
    write_bytes("\0\0\x0d\x01\0\0\0\x01\x3f\xc0\0\0", 12);
    ck_assert_int_eq(assay_read_idx(path, &array), ASSAY_OK);
    ck_assert(array.element == ASSAY_ELEMENT_F32 && *(float *)array.data == 1.5f);
    assay_array_release(&array);
    write_bytes("\0\0\x0c\x01\0\0\0\x01\xff\xff\xff\xfe", 12);
    ck_assert_int_eq(assay_read_idx(path, &array), ASSAY_OK);
    ck_assert(array.element == ASSAY_ELEMENT_I32 && *(int32_t *)array.data == -2);
    assay_array_release(&array);
    write_bytes("\0\0\x0b\x01\0\0\0\x01\xff\xfe", 10);
    ck_assert_int_eq(assay_read_idx(path, &array), ASSAY_OK);
    ck_assert(array.element == ASSAY_ELEMENT_I16 && *(int16_t *)array.data == -2);
    assay_array_release(&array);
    write_bytes("\0\0\x09\x01\0\0\0\x01\xfe", 9);
    ck_assert_int_eq(assay_read_idx(path, &array), ASSAY_OK);
    ck_assert(array.element == ASSAY_ELEMENT_I8 && *(int8_t *)array.data == -2);
    assay_array_release(&array);
    write_bytes("\0\0\x0e\x01\0\0\0\x01\xc0\x04\0\0\0\0\0\0", 16);
    ck_assert_int_eq(assay_read_idx(path, &array), ASSAY_OK);
    ck_assert(array.element == ASSAY_ELEMENT_F64 && *(double *)array.data == -2.5);
    assay_array_release(&array);
}
END_TEST

static void refuse_idx(const void *bytes, size_t size, const char *word)
{
    assay_array array = {.count = 7};
    write_bytes(bytes, size);
    assert_refused(ASSAY_BAD_DATA, assay_read_idx(path, &array), path, word);
    ck_assert_uint_eq(array.count, 7);
}

START_TEST(idx_is_refused)
{
    refuse_idx("", 0, "truncated at byte 0");
    refuse_idx("\0\0\x08", 3, "truncated at byte 3");
    refuse_idx("\x1f\x8b\x08\x00", 4, "1f 8b"); /* compressed */
    refuse_idx("\0\0\x07\x01\0\0\0\x01x", 9, "0x07");
    refuse_idx("\0\0\x08\x00", 4, "dimensions, is 0");
    refuse_idx("\0\0\x08\x09", 4, "dimensions, is 9");
    refuse_idx("\0\0\x08\x02\0\0\0\x02\0\0", 10, "truncated at byte 10");
    refuse_idx("\0\0\x08\x01\0\0\0\x03"
               "ab",
               10, "needs 3 bytes of data, but 2");
    refuse_idx("\0\0\x08\x01\0\0\0\x01"
               "ab",
               10, "needs 1 bytes of data, but 2");
    refuse_idx("\0\0\x0e\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, "overflows");
    refuse_idx("\0\0\x0d\x01\0\0\0\x01\x7f\xc0\0\0", 12, "element 0 is nan");
}
END_TEST

/* ---- vecs ----------------------------------------------------------------------------------------------------- */

START_TEST(vecs_are_read)
{
    assay_array array;
    write_bytes("\x02\0\0\0\0\0\x80\x3f\0\0\0\x40\x02\0\0\0\0\0\x40\x40\0\0\x80\x40", 24);
    ck_assert_msg(assay_read_fvecs(path, &array) == ASSAY_OK, "%s", assay_error());
    const float numbers[4] = {1, 2, 3, 4};
    ck_assert(array.element == ASSAY_ELEMENT_F32 && array.dimensions == 2 && array.shape[0] == 2 &&
              array.shape[1] == 2 && array.count == 4);
    ck_assert_mem_eq(array.data, numbers, sizeof numbers);
    assay_array_release(&array);
    write_bytes("\x01\0\0\0\xfe\xff\xff\xff", 8);
    ck_assert_int_eq(assay_read_ivecs(path, &array), ASSAY_OK);
    ck_assert(array.element == ASSAY_ELEMENT_I32 && array.shape[0] == 1 && *(int32_t *)array.data == -2);
    assay_array_release(&array);
}
END_TEST

static void refuse_vecs(const void *bytes, size_t size, const char *word)
{
    assay_array array = {.count = 7};
    write_bytes(bytes, size);
    assert_refused(ASSAY_BAD_DATA, assay_read_fvecs(path, &array), path, word);
    ck_assert_uint_eq(array.count, 7);
}

START_TEST(vecs_are_refused)
{
    refuse_vecs("", 0, "truncated at byte 0");
    refuse_vecs("\0\0\0\0", 4, "length 0");
    refuse_vecs("\xff\xff\xff\xff", 4, "length -1");
    refuse_vecs("\xff\xff\xff\x7f", 4, "multiple of");
    refuse_vecs("\x02\0\0\0abcdefg", 11, "multiple of 12");
    refuse_vecs("\x01\0\0\0abcd\x02\0\0\0abcd", 16, "byte 8: row 1 has length 2");
    refuse_vecs("\x01\0\0\0\0\0\x80\x7f", 8, "element 0 is inf");
}
END_TEST

/* ---- The data folder ------------------------------------------------------------------------------------------ */

START_TEST(data_are_found)
{
    char found[256];
    write_text("1\n");
    ck_assert_int_eq(setenv("ASSAY_DATA", folder, 1), 0);
    ck_assert_int_eq(assay_data_path("file", found, sizeof found), ASSAY_OK);
    ck_assert_str_eq(found, path);
    assert_refused(ASSAY_IO, assay_data_path("no-such-file", found, sizeof found), "no-such-file", folder);
    assert_refused(ASSAY_OUT_OF_RANGE, assay_data_path("file", found, 8), "size is 8");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_data_path(NULL, found, sizeof found), "name is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_data_path("", found, sizeof found), "name is empty");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_data_path("file", NULL, 8), "path is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_data_path("file", found, 0), "size 0");
    ck_assert_int_eq(unsetenv("ASSAY_DATA"), 0);
    assert_refused(ASSAY_IO, assay_data_path("no-such-file", found, sizeof found), "no-such-file", "ASSAY_DATA");
}
END_TEST

START_TEST(the_digits_are_there)
{
    char found[4096];
    assay_table table;
    ck_assert_int_eq(unsetenv("ASSAY_DATA"), 0);
    ck_assert_msg(assay_data_path("digits.csv", found, sizeof found) == ASSAY_OK, "%s", assay_error());
    ck_assert_msg(assay_read_csv(found, &table) == ASSAY_OK, "%s", assay_error());
    ck_assert_uint_eq(table.rows, 1797);
    ck_assert_uint_eq(table.columns, 65);
    double sum = 0;
    for (size_t i = 0; i < table.rows * table.columns; i++)
        sum += table.values[i];
    ck_assert_double_eq(sum, 569788); /* all pixels and labels */
    assay_table_release(&table);
}
END_TEST

START_TEST(elements_have_sizes)
{
    static const size_t sizes[] = {1, 1, 2, 4, 8, 4, 8};
    for (int i = 0; i < 7; i++)
        ck_assert_uint_eq(assay_element_size((assay_element)i), sizes[i]);
    ck_assert_uint_eq(assay_element_size((assay_element)7), 0);
}
END_TEST

static void expect_table_at(const char *where, size_t rows, size_t columns, double first, double last)
{
    assay_table table;
    ck_assert_msg(assay_read_table(where, &table) == ASSAY_OK, "%s", assay_error());
    ck_assert_uint_eq(table.rows, rows);
    ck_assert_uint_eq(table.columns, columns);
    ck_assert_double_eq(table.values[0], first);
    ck_assert_double_eq(table.values[rows * columns - 1], last);
    assay_table_release(&table);
}

static void expect_table(const char *file, size_t rows, size_t columns, double first, double last)
{
    char where[256];
    ck_assert_int_eq(assay_data_path(file, where, sizeof where), ASSAY_OK);
    expect_table_at(where, rows, columns, first, last);
}

static void write_npy_at(const char *where, const char *header, const void *data, size_t size)
{
    write_npy(header, data, size);
    ck_assert_int_eq(rename(path, where), 0);
}

START_TEST(any_format_is_a_table)
{
    expect_table("digits.csv", 1797, 65, 0, 8);
    expect_table("mnist_small-images.idx", 1000, 784, 0, 0);
    expect_table("mnist_small-labels.idx", 1000, 1, 0, 9);
    expect_table("words_small.fvecs", 5000, 100, (double)-0.038194F, (double)0.98117F);
    char where[160];
    snprintf(where, sizeof where, "%s/a.npy", folder);
    const int16_t whole[] = {-32768, 0, 1, 2, 3, 32767};
    write_npy_at(where, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }\n", whole, sizeof whole);
    expect_table_at(where, 2, 3, -32768, 32767);
    const int64_t large[] = {-5, INT64_C(1) << 60};
    write_npy_at(where, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", large, sizeof large);
    expect_table_at(where, 2, 1, -5, 0x1p60);
    const double single = 0.25;
    write_npy_at(where, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", &single, sizeof single);
    expect_table_at(where, 1, 1, 0.25, 0.25);
    assay_table table = {0};
    write_npy_at(where, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }\n", &single, 0);
    assert_refused(ASSAY_BAD_DATA, assay_read_table(where, &table), "holds no numbers");
    unlink(where);
    assert_refused(ASSAY_IO, assay_read_table(where, &table), "a.npy");
    write_text("1,2\n"); /* its name has no ending */
    assert_refused(ASSAY_BAD_DATA, assay_read_table(path, &table), "must end in .csv, .npy");
    assert_refused(ASSAY_BAD_DATA, assay_read_table("x.txt", &table), "must end in .csv, .npy");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_read_table(NULL, &table), "path is null");
    assert_refused(ASSAY_INVALID_ARGUMENT, assay_read_table(path, NULL), "table is null");
    ck_assert_ptr_null(table.values);
}
END_TEST

Suite *test_readers(void);
Suite *test_readers(void)
{
    Suite *suite = suite_create("readers");
    TCase *cases = tcase_create("readers");
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, csv_is_read);
    tcase_add_test(cases, csv_grows);
    tcase_add_test(cases, csv_is_refused);
    tcase_add_test(cases, csv_with_a_zero_byte_is_refused);
    tcase_add_test(cases, csv_does_not_depend_on_the_locale);
    tcase_add_test(cases, what_is_no_file_is_refused);
    tcase_add_test(cases, an_unreadable_file_is_refused);
    tcase_add_test(cases, an_oversized_file_is_refused);
    tcase_add_test(cases, npy_is_read);
    tcase_add_test(cases, npy_is_refused);
    tcase_add_test(cases, npy_with_a_bad_beginning_is_refused);
    tcase_add_test(cases, npy_that_is_not_finite_is_refused);
    tcase_add_test(cases, mutated_files_do_no_harm);
    tcase_add_test(cases, idx_is_read);
    tcase_add_test(cases, idx_is_refused);
    tcase_add_test(cases, vecs_are_read);
    tcase_add_test(cases, vecs_are_refused);
    tcase_add_test(cases, data_are_found);
    tcase_add_test(cases, the_digits_are_there);
    tcase_add_test(cases, elements_have_sizes);
    tcase_add_test(cases, any_format_is_a_table);
    suite_add_tcase(suite, cases);
    return suite;
}
