/* Tests of fences: what a check can see of a kernel that leaves its memory. */
#include "assay/memory.h"

#include <check.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
enum { HAS_FENCES = 0 }; /* AddressSanitizer's own are there instead */
#else
enum { HAS_FENCES = 1 };
#endif

static void unfence(void)
{
    assay_fence(false);
}

static void fence(void)
{
    assay_fence(true);
}

START_TEST(memory_is_zeroed_and_aligned_with_and_without_a_fence)
{
    static const size_t counts[] = {0, 1, 7, 8, 9, 1000, ((size_t)8 << 20) / 8, ((size_t)8 << 20) / 8 + 3};
    assay_fence(_i % 2);
    const size_t count = counts[_i / 2];
    double *x = assay_allocate(count, sizeof *x);
    ck_assert_ptr_nonnull(x);
    ck_assert_uint_eq((uintptr_t)x % ASSAY_ALIGNMENT, 0);
    for (size_t i = 0; i < count; i++) {
        ck_assert_double_eq(x[i], 0);
        x[i] = 1;
    }
    assay_release(x);
}
END_TEST

START_TEST(numbers_past_the_end_are_not_numbers)
{
    if (!HAS_FENCES)
        return;
    for (size_t count = 0; count < 40; count++) {
        double *x = assay_allocate(count, sizeof *x), *volatile past = x;
        for (size_t i = 0; i < 8; i++)
            ck_assert_double_nan(past[count + i]);
        assay_release(x);
    }
}
END_TEST

START_TEST(writing_past_the_end_ends_the_program)
{
    static const size_t places[] = {0, 1, 63, 200};
    char *volatile x = assay_allocate(100, 1);
    x[100 + places[_i]] = 1;
    assay_release(x);
}
END_TEST

START_TEST(releasing_what_was_not_allocated_so_ends_the_program)
{
    assay_fence(false);
    char *x = assay_allocate(100, 1);
    assay_fence(true);
    assay_release(x);
}
END_TEST

Suite *test_memory(void);

Suite *test_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *fences = tcase_create("fences");
    tcase_add_checked_fixture(fences, fence, unfence);
    tcase_add_loop_test(fences, memory_is_zeroed_and_aligned_with_and_without_a_fence, 0, 16);
    tcase_add_test(fences, numbers_past_the_end_are_not_numbers);
    if (HAS_FENCES) {
        tcase_add_loop_test_raise_signal(fences, writing_past_the_end_ends_the_program, SIGABRT, 0, 4);
        tcase_add_test_raise_signal(fences, releasing_what_was_not_allocated_so_ends_the_program, SIGABRT);
    }
    suite_add_tcase(suite, fences);
    return suite;
}
