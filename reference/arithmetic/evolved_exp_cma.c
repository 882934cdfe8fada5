/*
 * CMA-ES (Hansen) for the constants of a program: rank-one and rank-mu update, cumulative step-size adaptation.
 */
#include "reference/arithmetic/evolved_exp_search_parts.h"

#include <math.h>
#include <string.h>

enum {
    DIMENSIONS = 64, /* constants of a program with 30 operations: at most 61 */
    SAMPLES = 256,
    PATIENCE = 60, /* generations before an early stop is thought of */
    SWEEPS = 30
};

typedef struct strategy {
    size_t k, lambda, mu;
    double weight[SAMPLES / 2], mu_effective;
    double c_sigma, d_sigma, c_c, c_1, c_mu, chi;
    double sigma;
    double mean[DIMENSIONS], path_sigma[DIMENSIONS], path_c[DIMENSIONS];
    double covariance[DIMENSIONS][DIMENSIONS];
    double basis[DIMENSIONS][DIMENSIONS]; /* columns: eigenvectors */
    double scale[DIMENSIONS];             /* square roots of the eigenvalues */
    double z[SAMPLES][DIMENSIONS], y[SAMPLES][DIMENSIONS];
    double value[SAMPLES];
    size_t rank[SAMPLES];
} strategy;

static void set_parameters(strategy *s, size_t k, uint32_t lambda, double sigma)
{
    const double n = (double)k;
    s->k = k;
    s->lambda = lambda ? lambda : (size_t)fmax(8, 4 + floor(3 * log(n)));
    s->mu = s->lambda / 2;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < s->mu; i++) {
        s->weight[i] = log((double)s->mu + 0.5) - log((double)i + 1);
        sum += s->weight[i];
    }
    for (size_t i = 0; i < s->mu; i++) {
        s->weight[i] /= sum;
        squares += s->weight[i] * s->weight[i];
    }
    const double m = s->mu_effective = 1 / squares;
    s->c_sigma = (m + 2) / (n + m + 5);
    s->d_sigma = 1 + s->c_sigma + 2 * fmax(0, sqrt((m - 1) / (n + 1)) - 1);
    s->c_c = (4 + m / n) / (n + 4 + 2 * m / n);
    s->c_1 = 2 / ((n + 1.3) * (n + 1.3) + m);
    s->c_mu = fmin(1 - s->c_1, 2 * (m - 2 + 1 / m) / ((n + 2) * (n + 2) + m));
    s->chi = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
    s->sigma = sigma;
    for (size_t i = 0; i < k; i++) {
        s->path_sigma[i] = s->path_c[i] = 0;
        s->scale[i] = 1;
        for (size_t j = 0; j < k; j++)
            s->covariance[i][j] = s->basis[i][j] = i == j;
    }
}

/* One rotation of Jacobi's method: makes a[p][q] zero. */
static void rotate(size_t k, double a[DIMENSIONS][DIMENSIONS], double v[DIMENSIONS][DIMENSIONS], size_t p, size_t q)
{
    const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t i = 0; i < k; i++) {
        const double ip = a[i][p], iq = a[i][q];
        a[i][p] = c * ip - s * iq;
        a[i][q] = s * ip + c * iq;
    }
    for (size_t i = 0; i < k; i++) {
        const double pi = a[p][i], qi = a[q][i], vp = v[i][p], vq = v[i][q];
        a[p][i] = c * pi - s * qi;
        a[q][i] = s * pi + c * qi;
        v[i][p] = c * vp - s * vq;
        v[i][q] = s * vp + c * vq;
    }
}

/* basis and scale from the covariance, by cyclic Jacobi sweeps. False if it is no longer positive definite. */
static bool decompose(strategy *s)
{
    const size_t k = s->k;
    double a[DIMENSIONS][DIMENSIONS];
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            a[i][j] = s->covariance[i][j];
            s->basis[i][j] = i == j;
        }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bool rotated = false;
        for (size_t p = 0; p + 1 < k; p++)
            for (size_t q = p + 1; q < k; q++)
                if (fabs(a[p][q]) > 1e-13 * sqrt(fabs(a[p][p] * a[q][q]))) {
                    rotate(k, a, s->basis, p, q);
                    rotated = true;
                }
        if (!rotated)
            break;
    }
    for (size_t i = 0; i < k; i++) {
        if (!(a[i][i] > 0))
            return false;
        s->scale[i] = sqrt(a[i][i]);
    }
    return true;
}

static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* Four standard normal numbers from one block of random bits (Box and Muller). */
static void four_normals(assay_random random, uint64_t block, double out[4])
{
    uint64_t bits[4];
    assay_random_block(random, block, bits);
    for (int i = 0; i < 4; i += 2) {
        const double radius = sqrt(-2 * log(1 - unit(bits[i]))), angle = 0x1.921fb54442d18p+2 * unit(bits[i + 1]);
        out[i] = radius * cos(angle);
        out[i + 1] = radius * sin(angle);
    }
}

/* Draws the samples of a generation: z normal, y = B D z. */
static void sample(strategy *s, assay_random random, uint64_t *block)
{
    double four[4];
    size_t left = 0;
    for (size_t l = 0; l < s->lambda; l++) {
        double scaled[DIMENSIONS];
        for (size_t i = 0; i < s->k; i++) {
            if (left == 0) {
                four_normals(random, (*block)++, four);
                left = 4;
            }
            s->z[l][i] = four[--left];
            scaled[i] = s->scale[i] * s->z[l][i];
        }
        for (size_t i = 0; i < s->k; i++) {
            double sum = 0;
            for (size_t j = 0; j < s->k; j++)
                sum += s->basis[i][j] * scaled[j];
            s->y[l][i] = sum;
        }
    }
}

/* Ranks the samples, best first; equal ones stay in their order. */
static void rank_samples(strategy *s)
{
    for (size_t l = 0; l < s->lambda; l++) {
        size_t place = l;
        for (; place > 0 && s->value[s->rank[place - 1]] > s->value[l]; place--)
            s->rank[place] = s->rank[place - 1];
        s->rank[place] = l;
    }
}

static double norm(const double *v, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

/* Moves the paths by the weighted means of z and y; returns whether the step-size path is not too long (h_sigma). */
static bool update_paths(strategy *s, const double *z_mean, const double *y_mean, uint32_t generation)
{
    const size_t k = s->k;
    const double step = sqrt(s->c_sigma * (2 - s->c_sigma) * s->mu_effective);
    for (size_t i = 0; i < k; i++) {
        double whitened = 0; /* C^(-1/2) y = B z */
        for (size_t j = 0; j < k; j++)
            whitened += s->basis[i][j] * z_mean[j];
        s->path_sigma[i] = (1 - s->c_sigma) * s->path_sigma[i] + step * whitened;
    }
    const double settled = sqrt(1 - pow(1 - s->c_sigma, 2.0 * generation));
    const bool short_path = norm(s->path_sigma, k) / settled < (1.4 + 2 / ((double)k + 1)) * s->chi;
    const double rise = short_path ? sqrt(s->c_c * (2 - s->c_c) * s->mu_effective) : 0;
    for (size_t i = 0; i < k; i++)
        s->path_c[i] = (1 - s->c_c) * s->path_c[i] + rise * y_mean[i];
    return short_path;
}

static void update_covariance(strategy *s, bool short_path)
{
    const double kept = 1 - s->c_1 - s->c_mu + (short_path ? 0 : s->c_1 * s->c_c * (2 - s->c_c));
    for (size_t i = 0; i < s->k; i++)
        for (size_t j = 0; j <= i; j++) {
            double rank_mu = 0;
            for (size_t l = 0; l < s->mu; l++)
                rank_mu += s->weight[l] * s->y[s->rank[l]][i] * s->y[s->rank[l]][j];
            const double entry = kept * s->covariance[i][j] + s->c_1 * s->path_c[i] * s->path_c[j] + s->c_mu * rank_mu;
            s->covariance[i][j] = s->covariance[j][i] = entry;
        }
}

/* The update after a ranked generation, counted from 1. */
static void update(strategy *s, uint32_t generation)
{
    double z_mean[DIMENSIONS], y_mean[DIMENSIONS];
    for (size_t i = 0; i < s->k; i++) {
        z_mean[i] = y_mean[i] = 0;
        for (size_t l = 0; l < s->mu; l++) {
            z_mean[i] += s->weight[l] * s->z[s->rank[l]][i];
            y_mean[i] += s->weight[l] * s->y[s->rank[l]][i];
        }
        s->mean[i] += s->sigma * y_mean[i];
    }
    update_covariance(s, update_paths(s, z_mean, y_mean, generation));
    s->sigma *= exp(fmin(1, s->c_sigma / s->d_sigma * (norm(s->path_sigma, s->k) / s->chi - 1)));
}

static double condition_root(const strategy *s)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < s->k; i++) {
        least = fmin(least, s->scale[i]);
        most = fmax(most, s->scale[i]);
    }
    return most / least;
}

size_t evolved_exp_constant_nodes(const evolved_exp_program *program, uint32_t *nodes)
{
    size_t count = 0;
    for (uint32_t i = 0; i < program->count; i++)
        if (program->nodes[i].operation == EVOLVED_EXP_CONSTANT)
            nodes[count++] = i;
    return count;
}

/* What a run of CMA-ES works on. */
typedef struct task {
    evolved_exp_evaluator *evaluator;
    const evolved_exp_points *points;
    evolved_exp_program *program; /* its constants are the latest sample */
    uint32_t nodes[EVOLVED_EXP_NODES];
    size_t k;
    double best, constants[DIMENSIONS];
    uint64_t evaluations;
} task;

/* E of a vector of constants; remembers the best. */
static double evaluate(task *t, const double *constants)
{
    for (size_t i = 0; i < t->k; i++) {
        if (!isfinite(constants[i]))
            return INFINITY;
        t->program->nodes[t->nodes[i]].constant = constants[i];
    }
    const double error = t->evaluator(t->program, t->points);
    t->evaluations++;
    if (error < t->best) {
        t->best = error;
        memcpy(t->constants, constants, t->k * sizeof *constants);
    }
    return error;
}

static void evaluate_generation(task *t, strategy *s)
{
    for (size_t l = 0; l < s->lambda; l++) {
        double x[DIMENSIONS];
        for (size_t i = 0; i < t->k; i++)
            x[i] = s->mean[i] + s->sigma * s->y[l][i];
        s->value[l] = evaluate(t, x);
    }
}

static void evolve(const evolved_exp_search_config *config, task *t, assay_random random)
{
    strategy s;
    set_parameters(&s, t->k, config->lambda, config->sigma);
    for (size_t i = 0; i < t->k; i++)
        s.mean[i] = t->constants[i];
    const uint32_t generations = config->variant == EVOLVED_EXP_NO_CMA ? 1 : config->generations;
    uint64_t block = 0;
    uint32_t improved = 0;
    for (uint32_t g = 1; g <= generations && t->best > 0; g++) {
        const double before = t->best;
        sample(&s, random, &block);
        evaluate_generation(t, &s);
        rank_samples(&s);
        if (t->best < before)
            improved = g;
        if (g >= PATIENCE && (g - improved > g / 2 || t->best > 0.5))
            break;
        update(&s, g);
        if (!decompose(&s) || condition_root(&s) > 1e12)
            break;
    }
}

double evolved_exp_cma(const evolved_exp_search_config *config, evolved_exp_evaluator *evaluator,
                       const evolved_exp_points *points, assay_random random, evolved_exp_program *program,
                       uint64_t *evaluations)
{
    task t = {.evaluator = evaluator, .points = points, .program = program, .best = INFINITY};
    t.k = evolved_exp_constant_nodes(program, t.nodes);
    for (size_t i = 0; i < t.k; i++)
        t.constants[i] = program->nodes[t.nodes[i]].constant;
    double start[DIMENSIONS];
    memcpy(start, t.constants, t.k * sizeof *start);
    evaluate(&t, start);
    if (t.k > 0)
        evolve(config, &t, random);
    for (size_t i = 0; i < t.k; i++)
        program->nodes[t.nodes[i]].constant = t.constants[i];
    *evaluations = t.evaluations;
    return t.best;
}
