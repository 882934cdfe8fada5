/* Tests of fences: what a check can see of a kernel that leaves its memory. */
#include "assay/memory.h"

#include <check.h>
#include <math.h>
#include <signal.h>
#include <string.h>

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

START_TEST(numbers_up_to_the_alignment_are_not_numbers)
{
    for (size_t count = 0; count < 40; count++) {
        double *x = assay_allocate(count, sizeof *x);
        for (size_t i = count; i % 8; i++)
            ck_assert_double_nan(((volatile double *)x)[i]);
        assay_release(x);
    }
}
END_TEST

static const size_t sizes[] = {0, 1, 64, 100, 4096, 5000, 12345};

START_TEST(behind_the_alignment_everything_is_forbidden)
{
    volatile char *x = assay_allocate(sizes[_i], 1);
    (void)x[(sizes[_i] + ASSAY_ALIGNMENT - 1) / ASSAY_ALIGNMENT * ASSAY_ALIGNMENT];
}
END_TEST

START_TEST(released_memory_is_forbidden)
{
    volatile char *x = assay_allocate(sizes[_i] + 1, 1);
    assay_release((void *)x);
    (void)x[0];
}
END_TEST

START_TEST(writing_before_or_behind_ends_the_program)
{
    static const ptrdiff_t places[] = {100, 101, 127, -64, -50};
    volatile char *x = assay_allocate(100, 1);
    x[places[_i]] = 1;
    assay_release((void *)x);
}
END_TEST

START_TEST(what_was_allocated_without_fences_can_be_released_with_them)
{
    assay_fence(false);
    void *without = assay_allocate(100, 1);
    assay_fence(true);
    void *with = assay_allocate(100, 1);
    assay_release(without);
    assay_fence(false);
    assay_release(with);
}
END_TEST

Suite *test_memory(void);

Suite *test_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *fences = tcase_create("fences");
    tcase_add_checked_fixture(fences, fence, unfence);
    tcase_add_loop_test(fences, memory_is_zeroed_and_aligned_with_and_without_a_fence, 0, 16);
    tcase_add_test(fences, what_was_allocated_without_fences_can_be_released_with_them);
    const bool are_there = assay_fence(true);
    assay_fence(false);
    if (are_there) {
        tcase_add_test(fences, numbers_up_to_the_alignment_are_not_numbers);
        tcase_add_loop_test_raise_signal(fences, behind_the_alignment_everything_is_forbidden, SIGSEGV, 0, 7);
        tcase_add_loop_test_raise_signal(fences, released_memory_is_forbidden, SIGSEGV, 0, 7);
        tcase_add_loop_test_raise_signal(fences, writing_before_or_behind_ends_the_program, SIGABRT, 0, 5);
    }
    suite_add_tcase(suite, fences);
    return suite;
}
