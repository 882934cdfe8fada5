/* `assay limits` in its three formats, at the level that every machine has. */
#include "tests/command_fixture.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LIMITS "\"$ASSAY\" limits --quick --cpu baseline "

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

START_TEST(json_has_an_object_for_each_limit)
{
    char *text = command_expect(LIMITS "--format json", 0);
    size_t copies = 0, peaks = 0;
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));) {
        json_t *object = json_loads(line, 0, NULL);
        ck_assert_msg(object != NULL, "no JSON: %s", line);
        const char *name = json_string_value(json_object_get(object, "name"));
        const char *unit = json_string_value(json_object_get(object, "unit"));
        const char *where = json_string_value(json_object_get(object, "where"));
        ck_assert_ptr_nonnull(name);
        ck_assert_str_eq(json_string_value(json_object_get(object, "level")), "baseline");
        ck_assert_int_ge(json_integer_value(json_object_get(object, "threads")), 1);
        ck_assert_double_gt(json_number_value(json_object_get(object, "per_second")), 1e6);
        copies += strcmp(name, "copy bandwidth") == 0 && strcmp(where, "memory") == 0 && strcmp(unit, "B/s") == 0;
        peaks += strcmp(name, "fma f32") == 0 && *where == '\0' && strcmp(unit, "flop/s") == 0;
        json_decref(object);
    }
    ck_assert_uint_ge(copies, 1);
    ck_assert_uint_eq(copies, peaks); /* for one thread, and for all if there are several */
    free(text);
}
END_TEST

START_TEST(csv_and_text_have_a_head_and_a_line_for_each_limit)
{
    char *csv = command_expect(LIMITS "--format csv", 0), *text = command_expect(LIMITS, 0);
    const char head[] = "name,level,where,threads,per_second,unit\r\n";
    ck_assert_msg(strncmp(csv, head, sizeof head - 1) == 0, "%.300s", csv);
    ck_assert_ptr_nonnull(strstr(csv, "\r\nadd i32,baseline,,1,"));
    ck_assert_msg(strncmp(text, "limit ", 6) == 0 && strstr(text, "at best\n"), "%.300s", text);
    ck_assert_ptr_nonnull(strstr(text, "\nadd i32 "));
    ck_assert_uint_eq(count_lines(csv), count_lines(text));
    ck_assert_uint_gt(count_lines(csv), 8);
    free(csv);
    free(text);
}
END_TEST

START_TEST(wrong_requests_are_refused)
{
    char *text = command_expect(LIMITS "copy", 2);
    ck_assert_ptr_nonnull(strstr(text, "limits takes no PATTERN"));
    free(text);
    text = command_expect(LIMITS "--format junit", 2);
    ck_assert_ptr_nonnull(strstr(text, "junit"));
    free(text);
    text = command_expect(LIMITS ">/dev/full", 3);
    free(text);
}
END_TEST

Suite *test_limits_command(void);

Suite *test_limits_command(void)
{
    Suite *suite = suite_create("limits_command");
    TCase *test_case = tcase_create("limits_command");
    tcase_set_timeout(test_case, 300);
    tcase_add_test(test_case, json_has_an_object_for_each_limit);
    tcase_add_test(test_case, csv_and_text_have_a_head_and_a_line_for_each_limit);
    tcase_add_test(test_case, wrong_requests_are_refused);
    suite_add_tcase(suite, test_case);
    return suite;
}
