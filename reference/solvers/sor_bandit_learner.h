/* What the learners are made of. */
#ifndef REFERENCE_SOLVERS_SOR_BANDIT_LEARNER_H
#define REFERENCE_SOLVERS_SOR_BANDIT_LEARNER_H

#include "assay/sor_bandit.h"

enum { SOR_BANDIT_FEATURES = 32 }; /* most Chebyshev polynomials */

/* What all learners have; the first member of each kind. */
struct sor_bandit_learner {
    size_t arms;
    double low, high; /* of the contexts */
    assay_random random;
    uint64_t choices; /* made so far */
    size_t clamped;
    size_t arm;                                                    /* the last choice */
    bool waiting;                                                  /* for its loss */
    double *p;                                                     /* the distribution that it was drawn from */
    void (*predict)(sor_bandit_learner *self, double context);     /* sets p */
    assay_status (*update)(sor_bandit_learner *self, double loss); /* learns the loss of arm */
    void (*release)(sor_bandit_learner *self);                     /* what the kind has of its own; may be null */
    assay_status (*coefficients)(const sor_bandit_learner *self, double *coefficients, double *box); /* may be null */
};

/* Allocates @p size bytes for a learner of some kind and sets what all have. */
assay_status sor_bandit_make_learner(size_t size, size_t arms, double low, double high, assay_random random,
                                     sor_bandit_learner **learner);

/* The least squares over a box that ChebCB needs, by normal equations of @p m <= SOR_BANDIT_FEATURES unknowns: gram is
 * the m x m matrix sum of phi phi^T, side the sum of phi (loss - 1). */

/* psi = the unconstrained solution of least norm; eigenvalues up to 1e-12 times the largest count as 0. */
void sor_bandit_least_norm(size_t m, const double *gram, const double *side, double *psi);

/* theta = the minimiser of the sum of (theta . phi - (loss - 1) / scale)^2 over |theta_j| <= box[j]. */
void sor_bandit_fit_box(size_t m, const double *gram, const double *side, const double *psi, double scale,
                        const double *box, double *theta);

/* ChebCB. How the past is kept is left to the four functions: as a list (reference) or as sums (optimized). */
typedef struct sor_bandit_chebyshev sor_bandit_chebyshev;

typedef struct sor_bandit_past {
    size_t size; /* bytes of the learner, with what the kind adds behind sor_bandit_chebyshev */
    assay_status (*prepare)(sor_bandit_chebyshev *self);
    /* Adds phi and target = loss - 1 of the arm that was chosen. */
    assay_status (*add)(sor_bandit_chebyshev *self, double target);
    /* gram (m x m) and side (m) of an arm; false if it has never been chosen. */
    bool (*moments)(const sor_bandit_chebyshev *self, size_t arm, double *gram, double *side);
    /* The sum of (predicted - target / scale)^2 over all steps. */
    double (*squares)(const sor_bandit_chebyshev *self, double scale);
    void (*release)(sor_bandit_chebyshev *self);
} sor_bandit_past;

struct sor_bandit_chebyshev {
    sor_bandit_learner base;
    const sor_bandit_past *past;
    size_t features;
    double *theta;     /* arms x features */
    double *predicted; /* of all arms for the context at hand */
    double phi[SOR_BANDIT_FEATURES], box[SOR_BANDIT_FEATURES];
    double eta, scale, least, most; /* scale S; losses so far */
    size_t steps;
};

assay_status sor_bandit_make_chebyshev(const sor_bandit_past *past, size_t arms, size_t features, double low,
                                       double high, assay_random random, sor_bandit_learner **learner);

#endif
