/* Tests of the linear programs: known optima, every outcome, bad input, silence. */
#include "assay/random.h"
#include "verify/linear_program.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static linear_program *program;
static linear_program_outcome outcome;

static void release(void)
{
    linear_program_release(program);
    program = NULL;
}

#define assert_good(CALL) ck_assert_msg((CALL) == ASSAY_OK, "%s", assay_error())

static void make(size_t columns, linear_program_sense sense)
{
    release();
    assert_good(linear_program_create(columns, sense, &program));
}

static void row2(double a, double b, double low, double high)
{
    const size_t columns[] = {0, 1};
    const double values[] = {a, b};
    assert_good(linear_program_row(program, 2, columns, values, low, high));
}

static void solve(linear_program_method method, linear_program_outcome expected)
{
    assert_good(linear_program_solve(program, method, 0, &outcome));
    ck_assert_str_eq(linear_program_outcome_name(outcome), linear_program_outcome_name(expected));
}

/* Dantzig's kind of example: maximise 3x + 5y, x <= 4, 2y <= 12, 3x + 2y <= 18: 36 at (2, 6), prices 0, 3/2, 1. */
static void make_textbook(void)
{
    make(2, LINEAR_PROGRAM_MAXIMISE);
    for (size_t j = 0; j < 2; j++)
        assert_good(linear_program_bound(program, j, 0, INFINITY));
    assert_good(linear_program_cost(program, 0, 3));
    assert_good(linear_program_cost(program, 1, 5));
    row2(1, 0, -INFINITY, 4);
    row2(0, 2, -INFINITY, 12);
    row2(3, 2, -INFINITY, 18);
}

START_TEST(a_textbook_program_is_solved)
{
    for (int method = LINEAR_PROGRAM_SIMPLEX; method <= LINEAR_PROGRAM_INTEGER; method++) {
        make_textbook();
        solve((linear_program_method)method, LINEAR_PROGRAM_OPTIMAL);
        ck_assert_double_eq_tol(linear_program_value(program), 36, 1e-9);
        ck_assert_double_eq_tol(linear_program_variable(program, 0), 2, 1e-9);
        ck_assert_double_eq_tol(linear_program_variable(program, 1), 6, 1e-9);
        static const double prices[] = {0, 1.5, 1};
        for (size_t i = 0; i < 3; i++)
            if (method == LINEAR_PROGRAM_INTEGER)
                ck_assert_double_nan(linear_program_dual(program, i));
            else
                ck_assert_double_eq_tol(linear_program_dual(program, i), prices[i], 1e-9);
    }
}
END_TEST

START_TEST(minimising_is_not_maximising)
{
    make(1, LINEAR_PROGRAM_MINIMISE);
    assert_good(linear_program_bound(program, 0, -3, 7));
    assert_good(linear_program_cost(program, 0, 2));
    solve(LINEAR_PROGRAM_EXACT, LINEAR_PROGRAM_OPTIMAL);
    ck_assert_double_eq(linear_program_value(program), -6);
}
END_TEST

START_TEST(integers_are_integers)
{
    /* maximise x + y, 2x + 2y <= 7 in integers: 3, while the relaxation has 3.5. */
    make(2, LINEAR_PROGRAM_MAXIMISE);
    for (size_t j = 0; j < 2; j++) {
        assert_good(linear_program_bound(program, j, 0, 10));
        assert_good(linear_program_cost(program, j, 1));
        assert_good(linear_program_integer(program, j));
    }
    row2(2, 2, -INFINITY, 7);
    solve(LINEAR_PROGRAM_SIMPLEX, LINEAR_PROGRAM_OPTIMAL);
    ck_assert_double_eq_tol(linear_program_value(program), 3.5, 1e-9);
    solve(LINEAR_PROGRAM_INTEGER, LINEAR_PROGRAM_OPTIMAL);
    ck_assert_double_eq(linear_program_value(program), 3);
    /* 2x + 2y = 7 has no integer solution, but real ones. */
    row2(2, 2, 7, 7);
    solve(LINEAR_PROGRAM_SIMPLEX, LINEAR_PROGRAM_OPTIMAL);
    solve(LINEAR_PROGRAM_INTEGER, LINEAR_PROGRAM_INFEASIBLE);
    ck_assert_double_nan(linear_program_value(program));
}
END_TEST

START_TEST(infeasible_and_unbounded_are_told_apart)
{
    for (int method = LINEAR_PROGRAM_SIMPLEX; method <= LINEAR_PROGRAM_INTEGER; method++) {
        make(2, LINEAR_PROGRAM_MAXIMISE);
        assert_good(linear_program_cost(program, 0, 1));
        row2(1, 1, -INFINITY, 1);
        solve((linear_program_method)method, LINEAR_PROGRAM_UNBOUNDED);
        ck_assert_double_nan(linear_program_variable(program, 0));
        row2(1, 0, -INFINITY, 5);
        solve((linear_program_method)method, LINEAR_PROGRAM_OPTIMAL);
        ck_assert_double_eq_tol(linear_program_value(program), 5, 1e-9);
        row2(1, 0, 6, INFINITY);
        solve((linear_program_method)method, LINEAR_PROGRAM_INFEASIBLE);
        assert_good(linear_program_drop_rows(program, 1)); /* and back again */
        solve((linear_program_method)method, LINEAR_PROGRAM_OPTIMAL);
        ck_assert_double_eq_tol(linear_program_value(program), 5, 1e-9);
    }
}
END_TEST

START_TEST(the_time_has_a_limit)
{
    /* Even cycles of a market split problem: integer infeasible, and branch and bound must see nearly everything. */
    enum { COLUMNS = 40, ROWS = 5 };
    make(COLUMNS, LINEAR_PROGRAM_MAXIMISE);
    size_t columns[COLUMNS];
    for (size_t j = 0; j < COLUMNS; j++) {
        columns[j] = j;
        assert_good(linear_program_bound(program, j, 0, 1));
        assert_good(linear_program_integer(program, j));
    }
    for (size_t i = 0; i < ROWS; i++) {
        double values[COLUMNS], sum = 0;
        for (size_t j = 0; j < COLUMNS; j++)
            sum += values[j] = (double)assay_random_integer((assay_random){5, i}, j, 100);
        assert_good(linear_program_row(program, COLUMNS, columns, values, floor(sum / 2), floor(sum / 2)));
    }
    assert_good(linear_program_solve(program, LINEAR_PROGRAM_INTEGER, 0.05, &outcome));
    ck_assert_int_eq(outcome, LINEAR_PROGRAM_LIMIT);
    ck_assert_double_nan(linear_program_value(program));
}
END_TEST

/* max sum x_j with |a_i x| <= 1 for the rows of a random matrix, by the simplex method and in rationals. */
START_TEST(methods_agree)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        enum { N = 6 };
        size_t columns[N];
        make(N, LINEAR_PROGRAM_MAXIMISE);
        for (size_t j = 0; j < N; j++) {
            columns[j] = j;
            assert_good(linear_program_cost(program, j, 1));
        }
        for (size_t i = 0; i < 2 * N; i++) {
            double values[N];
            for (size_t j = 0; j < N; j++)
                values[j] = assay_random_normal((assay_random){seed, i}, j);
            assert_good(linear_program_row(program, N, columns, values, -1, 1));
        }
        solve(LINEAR_PROGRAM_SIMPLEX, LINEAR_PROGRAM_OPTIMAL);
        const double value = linear_program_value(program);
        solve(LINEAR_PROGRAM_EXACT, LINEAR_PROGRAM_OPTIMAL);
        ck_assert_double_eq_tol(linear_program_value(program), value, 1e-8 * fabs(value));
    }
}
END_TEST

START_TEST(bad_input_is_refused)
{
    const size_t twice[] = {1, 1}, beyond[] = {0, 2}, fine[] = {0, 1};
    const double values[] = {1, 2}, wrong[] = {1, NAN};
    linear_program *untouched = NULL;
    ck_assert_int_eq(linear_program_create(0, LINEAR_PROGRAM_MINIMISE, &untouched), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_create(1, (linear_program_sense)7, &untouched), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_create(1, LINEAR_PROGRAM_MINIMISE, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_ptr_null(untouched);
    make(2, LINEAR_PROGRAM_MAXIMISE);
    ck_assert_int_eq(linear_program_row(program, 2, twice, values, 0, 1), ASSAY_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(assay_error(), "column 1"));
    ck_assert_int_eq(linear_program_row(program, 2, beyond, values, 0, 1), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_row(program, 2, fine, wrong, 0, 1), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_row(program, 2, fine, values, 1, 0), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_row(program, 2, fine, values, NAN, 0), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_row(program, 2, NULL, values, 0, 1), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(linear_program_row(program, 2, fine, values, 0, 1), ASSAY_OK); /* the marks are gone again */
    ck_assert_int_eq(linear_program_bound(program, 2, 0, 1), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_bound(program, 0, INFINITY, INFINITY), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_cost(program, 0, INFINITY), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_cost(NULL, 0, 1), ASSAY_INVALID_ARGUMENT);
    ck_assert_int_eq(linear_program_integer(program, 9), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_drop_rows(program, 2), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_solve(program, (linear_program_method)3, 0, &outcome), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_solve(program, LINEAR_PROGRAM_SIMPLEX, NAN, &outcome), ASSAY_OUT_OF_RANGE);
    ck_assert_int_eq(linear_program_solve(program, LINEAR_PROGRAM_SIMPLEX, 0, NULL), ASSAY_INVALID_ARGUMENT);
    ck_assert_double_nan(linear_program_value(program));
}
END_TEST

START_TEST(nothing_is_printed)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
    make_textbook();
    for (int method = LINEAR_PROGRAM_SIMPLEX; method <= LINEAR_PROGRAM_INTEGER; method++)
        linear_program_solve(program, (linear_program_method)method, 0, &outcome);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    struct stat facts;
    ck_assert_int_eq(fstat(fileno(file), &facts), 0);
    ck_assert_int_eq((int)facts.st_size, 0);
    fclose(file);
}
END_TEST

Suite *test_linear_program(void);
Suite *test_linear_program(void)
{
    Suite *suite = suite_create("linear_program");
    TCase *cases = tcase_create("linear_program");
    tcase_add_checked_fixture(cases, NULL, release);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_textbook_program_is_solved);
    tcase_add_test(cases, minimising_is_not_maximising);
    tcase_add_test(cases, integers_are_integers);
    tcase_add_test(cases, infeasible_and_unbounded_are_told_apart);
    tcase_add_test(cases, the_time_has_a_limit);
    tcase_add_test(cases, methods_agree);
    tcase_add_test(cases, bad_input_is_refused);
    tcase_add_test(cases, nothing_is_printed);
    suite_add_tcase(suite, cases);
    return suite;
}
