#include "verify/linear_program.h"

#include <glpk.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

struct linear_program {
    glp_prob *problem;            /* its row 1 is empty and free, because glp_exact() wants one; ours begin at row 2 */
    linear_program_method method; /* of the last solution */
    bool optimal;                 /* whether there is one */
    size_t columns;
    int *indices; /* room for one row, from 1 as GLPK counts */
    double *values;
    bool *seen; /* columns of the row in hand; all false between calls */
};

const char *linear_program_outcome_name(linear_program_outcome outcome)
{
    static const char *const names[] = {"optimal", "infeasible", "unbounded", "limit"};
    return (unsigned)outcome < sizeof names / sizeof *names ? names[outcome] : "unknown";
}

assay_status linear_program_create(size_t columns, linear_program_sense sense, linear_program **program)
{
    if (!program)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program is null");
    if (columns < 1 || columns > INT_MAX / 2)
        return assay_fail(ASSAY_OUT_OF_RANGE, "columns is %zu, must be 1 to %d", columns, INT_MAX / 2);
    if (sense != LINEAR_PROGRAM_MINIMISE && sense != LINEAR_PROGRAM_MAXIMISE)
        return assay_fail(ASSAY_OUT_OF_RANGE, "sense is %d, must be 0 or 1", (int)sense);
    linear_program *made = calloc(1, sizeof *made);
    if (!made)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a linear program");
    made->columns = columns;
    made->indices = malloc((columns + 1) * sizeof *made->indices);
    made->values = malloc((columns + 1) * sizeof *made->values);
    made->seen = calloc(columns, sizeof *made->seen);
    if (!made->indices || !made->values || !made->seen) {
        linear_program_release(made);
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %zu columns", columns);
    }
    glp_term_out(GLP_OFF);
    made->problem = glp_create_prob();
    glp_set_obj_dir(made->problem, sense == LINEAR_PROGRAM_MAXIMISE ? GLP_MAX : GLP_MIN);
    glp_add_cols(made->problem, (int)columns);
    glp_set_row_bnds(made->problem, glp_add_rows(made->problem, 1), GLP_FR, 0, 0);
    for (int j = 1; j <= (int)columns; j++)
        glp_set_col_bnds(made->problem, j, GLP_FR, 0, 0);
    *program = made;
    return ASSAY_OK;
}

void linear_program_release(linear_program *program)
{
    if (!program)
        return;
    if (program->problem)
        glp_delete_prob(program->problem);
    free(program->indices);
    free(program->values);
    free(program->seen);
    free(program);
}

/* ---- Stating it ----------------------------------------------------------------------------------------------- */

static assay_status check_column(const linear_program *program, size_t column)
{
    if (!program)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program is null");
    if (column >= program->columns)
        return assay_fail(ASSAY_OUT_OF_RANGE, "column is %zu, must be below %zu", column, program->columns);
    return ASSAY_OK;
}

static assay_status check_bounds(double low, double high)
{
    if (isnan(low) || isnan(high) || low > high || low == INFINITY || high == -INFINITY)
        return assay_fail(ASSAY_OUT_OF_RANGE, "low is %g and high is %g, must be low <= high", low, high);
    return ASSAY_OK;
}

static int bounds_kind(double low, double high)
{
    if (low == high)
        return GLP_FX;
    if (isinf(low))
        return isinf(high) ? GLP_FR : GLP_UP;
    return isinf(high) ? GLP_LO : GLP_DB;
}

assay_status linear_program_bound(linear_program *program, size_t column, double low, double high)
{
    assay_status status = check_column(program, column);
    if (status == ASSAY_OK)
        status = check_bounds(low, high);
    if (status == ASSAY_OK) {
        program->optimal = false;
        glp_set_col_bnds(program->problem, (int)column + 1, bounds_kind(low, high), low, high);
    }
    return status;
}

assay_status linear_program_cost(linear_program *program, size_t column, double cost)
{
    assay_status status = check_column(program, column);
    if (status == ASSAY_OK && !isfinite(cost))
        status = assay_fail(ASSAY_OUT_OF_RANGE, "cost is %g, must be finite", cost);
    if (status == ASSAY_OK) {
        program->optimal = false;
        glp_set_obj_coef(program->problem, (int)column + 1, cost);
    }
    return status;
}

assay_status linear_program_integer(linear_program *program, size_t column)
{
    const assay_status status = check_column(program, column);
    if (status == ASSAY_OK) {
        program->optimal = false;
        glp_set_col_kind(program->problem, (int)column + 1, GLP_IV);
    }
    return status;
}

/* Brings the row into GLPK's form in program->indices and ->values; gives its length. */
static assay_status gather_row(linear_program *program, size_t count, const size_t *columns, const double *values,
                               int *length)
{
    assay_status status = ASSAY_OK;
    size_t k;
    *length = 0;
    for (k = 0; k < count; k++) {
        status = check_column(program, columns[k]);
        if (status == ASSAY_OK && program->seen[columns[k]])
            status = assay_fail(ASSAY_INVALID_ARGUMENT, "column %zu stands twice in a row", columns[k]);
        if (status == ASSAY_OK && !isfinite(values[k]))
            status = assay_fail(ASSAY_OUT_OF_RANGE, "values[%zu] is %g, must be finite", k, values[k]);
        if (status != ASSAY_OK)
            break;
        program->seen[columns[k]] = true;
        if (values[k] != 0) {
            program->indices[++*length] = (int)columns[k] + 1;
            program->values[*length] = values[k];
        }
    }
    while (k-- > 0)
        program->seen[columns[k]] = false;
    return status;
}

assay_status linear_program_row(linear_program *program, size_t count, const size_t *columns, const double *values,
                                double low, double high)
{
    if (!program || (count > 0 && (!columns || !values)))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", !program ? "program" : !columns ? "columns" : "values");
    assay_status status = check_bounds(low, high);
    int length = 0;
    if (status == ASSAY_OK)
        status = gather_row(program, count, columns, values, &length);
    if (status == ASSAY_OK && glp_get_num_rows(program->problem) >= INT_MAX / 2)
        status = assay_fail(ASSAY_OUT_OF_RANGE, "the program has too many rows");
    if (status != ASSAY_OK)
        return status;
    program->optimal = false;
    const int row = glp_add_rows(program->problem, 1);
    glp_set_row_bnds(program->problem, row, bounds_kind(low, high), low, high);
    glp_set_mat_row(program->problem, row, length, program->indices, program->values);
    return ASSAY_OK;
}

assay_status linear_program_drop_rows(linear_program *program, size_t count)
{
    if (!program)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "program is null");
    const size_t rows = (size_t)glp_get_num_rows(program->problem) - 1;
    if (count > rows)
        return assay_fail(ASSAY_OUT_OF_RANGE, "count is %zu, must be at most %zu", count, rows);
    int *doomed = malloc((count + 1) * sizeof *doomed);
    if (!doomed)
        return assay_fail(ASSAY_NO_MEMORY, "no memory to drop %zu rows", count);
    for (size_t k = 1; k <= count; k++)
        doomed[k] = (int)(rows - count + k + 1);
    if (count > 0)
        glp_del_rows(program->problem, (int)count, doomed);
    program->optimal = false;
    free(doomed);
    return ASSAY_OK;
}

/* ---- Solving it ----------------------------------------------------------------------------------------------- */

static int milliseconds(double seconds)
{
    return seconds > 0 && seconds < INT_MAX / 1000 ? (int)ceil(1000 * seconds) : INT_MAX;
}

/* What GLPK's code of return and status of solution mean. */
static assay_status judge(int code, int status, linear_program_outcome *outcome)
{
    if (code == GLP_ETMLIM || code == GLP_EITLIM)
        *outcome = LINEAR_PROGRAM_LIMIT;
    else if (code == GLP_ENOPFS || (code == 0 && (status == GLP_NOFEAS || status == GLP_INFEAS)))
        *outcome = LINEAR_PROGRAM_INFEASIBLE;
    else if (code == GLP_ENODFS || (code == 0 && status == GLP_UNBND))
        *outcome = LINEAR_PROGRAM_UNBOUNDED;
    else if (code == 0 && status == GLP_OPT)
        *outcome = LINEAR_PROGRAM_OPTIMAL;
    else
        return assay_fail(ASSAY_NOT_CONVERGED, "GLPK gave up with code %d and status %d", code, status);
    return ASSAY_OK;
}

/* The simplex method; from the standard basis if the last one was of no use. */
static int simplex(glp_prob *problem, bool exact, int limit)
{
    glp_smcp settings;
    glp_init_smcp(&settings);
    settings.msg_lev = GLP_MSG_OFF;
    settings.tol_bnd = settings.tol_dj = 1e-9;
    settings.tm_lim = limit;
    int code = exact ? glp_exact(problem, &settings) : glp_simplex(problem, &settings);
    if (code == GLP_EBADB || code == GLP_ESING || code == GLP_ECOND || code == GLP_EFAIL) {
        glp_std_basis(problem);
        code = exact ? glp_exact(problem, &settings) : glp_simplex(problem, &settings);
    }
    return code;
}

static int branch_and_bound(glp_prob *problem, int limit)
{
    glp_iocp settings;
    glp_init_iocp(&settings);
    settings.msg_lev = GLP_MSG_OFF;
    settings.tol_int = 1e-8;
    settings.tol_obj = 1e-9;
    settings.tm_lim = limit;
    return glp_intopt(problem, &settings);
}

assay_status linear_program_solve(linear_program *program, linear_program_method method, double seconds,
                                  linear_program_outcome *outcome)
{
    if (!program || !outcome)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", program ? "outcome" : "program");
    if ((unsigned)method > LINEAR_PROGRAM_INTEGER)
        return assay_fail(ASSAY_OUT_OF_RANGE, "method is %d, must be 0 to %d", (int)method, LINEAR_PROGRAM_INTEGER);
    if (!(seconds >= 0))
        return assay_fail(ASSAY_OUT_OF_RANGE, "seconds is %g, must be at least 0", seconds);
    glp_prob *problem = program->problem;
    program->optimal = false;
    program->method = method;
    glp_term_out(GLP_OFF);
    int code = simplex(problem, method == LINEAR_PROGRAM_EXACT, milliseconds(seconds));
    linear_program_outcome found;
    assay_status status = judge(code, glp_get_status(problem), &found);
    if (status == ASSAY_OK && found == LINEAR_PROGRAM_OPTIMAL && method == LINEAR_PROGRAM_INTEGER) {
        code = branch_and_bound(problem, milliseconds(seconds));
        status = judge(code, glp_mip_status(problem), &found);
    }
    if (status != ASSAY_OK)
        return status;
    program->optimal = found == LINEAR_PROGRAM_OPTIMAL;
    *outcome = found;
    return ASSAY_OK;
}

double linear_program_value(const linear_program *program)
{
    if (!program || !program->optimal)
        return NAN;
    return program->method == LINEAR_PROGRAM_INTEGER ? glp_mip_obj_val(program->problem)
                                                     : glp_get_obj_val(program->problem);
}

double linear_program_variable(const linear_program *program, size_t column)
{
    if (!program || !program->optimal || column >= program->columns)
        return NAN;
    const int j = (int)column + 1;
    return program->method == LINEAR_PROGRAM_INTEGER ? glp_mip_col_val(program->problem, j)
                                                     : glp_get_col_prim(program->problem, j);
}

double linear_program_dual(const linear_program *program, size_t row)
{
    if (!program || !program->optimal || program->method == LINEAR_PROGRAM_INTEGER ||
        row >= (size_t)glp_get_num_rows(program->problem) - 1)
        return NAN;
    return glp_get_row_dual(program->problem, (int)row + 2);
}
