/* A peer of sor_bandit in C++: Eigen. */
#include "bench/solvers/sor_bandit_peers.h"

#include <eigen3/Eigen/IterativeLinearSolvers>
#include <eigen3/Eigen/SparseCore>

namespace
{
using matrix = Eigen::SparseMatrix<double, Eigen::ColMajor, int>;
using factors = Eigen::IncompleteCholesky<double, Eigen::Lower, Eigen::NaturalOrdering<int>>;

struct gradients {
    matrix a; // the matrix is symmetric: its columns are our rows
    Eigen::ConjugateGradient<matrix, Eigen::Lower | Eigen::Upper, factors> solver;
};

void copy_values(const assay_csr *a, matrix &to)
{
    for (size_t k = 0; k < a->starts[a->rows]; k++)
        to.valuePtr()[k] = a->values[k];
}
} // namespace

void *sor_bandit_eigen_new(const assay_csr *a)
{
    gradients *g = new gradients;
    const auto n = static_cast<Eigen::Index>(a->rows);
    g->a.resize(n, n);
    g->a.resizeNonZeros(static_cast<Eigen::Index>(a->starts[a->rows]));
    for (size_t i = 0; i <= a->rows; i++)
        g->a.outerIndexPtr()[i] = static_cast<int>(a->starts[i]);
    for (size_t k = 0; k < a->starts[a->rows]; k++)
        g->a.innerIndexPtr()[k] = static_cast<int>(a->indices[k]);
    copy_values(a, g->a);
    g->solver.setTolerance(1e-8);
    g->solver.setMaxIterations(10000);
    g->solver.analyzePattern(g->a);
    return g;
}

int sor_bandit_eigen_run(void *self, const assay_csr *a, const double *b, double *x, long *iterations)
{
    auto *g = static_cast<gradients *>(self);
    const auto n = static_cast<Eigen::Index>(a->rows);
    copy_values(a, g->a);
    g->solver.factorize(g->a);
    Eigen::Map<Eigen::VectorXd> solution(x, n);
    const Eigen::VectorXd start = solution;
    solution = g->solver.solveWithGuess(Eigen::Map<const Eigen::VectorXd>(b, n), start);
    *iterations = static_cast<long>(g->solver.iterations());
    return g->solver.info() == Eigen::Success;
}

void sor_bandit_eigen_delete(void *self)
{
    delete static_cast<gradients *>(self);
}
