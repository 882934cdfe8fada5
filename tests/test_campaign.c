/* The tool that plants faults in the optimized code, on a snippet and on a program of two functions. It is in Python,
 * and so are its tests; here they take part in the suite. */
#include "tests/command_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(the_campaign_works)
{
    char *output = command_expect("python3 " ASSAY_SOURCE "/tools/campaign/selftest.py 2>&1", 0);
    ck_assert_ptr_nonnull(strstr(output, "\nOK\n"));
    free(output);
}
END_TEST

Suite *test_campaign(void);

Suite *test_campaign(void)
{
    Suite *suite = suite_create("campaign");
    TCase *test_case = tcase_create("campaign");
    tcase_set_timeout(test_case, 300);
    tcase_add_test(test_case, the_campaign_works);
    suite_add_tcase(suite, test_case);
    return suite;
}
