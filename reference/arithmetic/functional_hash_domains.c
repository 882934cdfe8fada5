/* Representations as evolution sees them. */
#include "assay/functional_hash_search.h"

/* ---- Graphs ---- */

static assay_status dag_random(const void *task, functional_hash_dice *dice, void *candidate)
{
    (void)task;
    return functional_hash_dag_random(dice, candidate);
}

static assay_status dag_mutate(const void *task, functional_hash_dice *dice, const void *parent, void *child)
{
    (void)task;
    return functional_hash_dag_mutate(dice, parent, child);
}

static assay_status dag_key(const void *task, const void *candidate, functional_hash_equality equality,
                            const functional_hash_options *options, functional_hash_key *key)
{
    const functional_hash_dag_domain_task *t = task;
    return functional_hash_dag_key(candidate, equality, &t->view, options, key);
}

static assay_status dag_audit(const void *task, const void *candidate, functional_hash_key *key)
{
    (void)task;
    return functional_hash_dag_audit(candidate, key);
}

static assay_status dag_evaluate(const void *task, const void *candidate, assay_random random, double *fitness)
{
    const functional_hash_dag_domain_task *t = task;
    (void)random;
    return functional_hash_dag_evaluate(t->images, candidate, fitness);
}

static assay_status dag_print(const void *candidate, char *text, size_t capacity, size_t *length)
{
    return functional_hash_dag_print(candidate, text, capacity, length);
}

functional_hash_domain functional_hash_dag_domain(const functional_hash_dag_domain_task *task)
{
    return (functional_hash_domain){
        "dag", sizeof(functional_hash_dag), task, dag_random, dag_mutate, dag_key, dag_audit, dag_evaluate, dag_print};
}

/* ---- Learning programs ---- */

static assay_status code_random(const void *task, functional_hash_dice *dice, void *candidate)
{
    (void)task;
    return functional_hash_code_random(dice, candidate);
}

static assay_status code_mutate(const void *task, functional_hash_dice *dice, const void *parent, void *child)
{
    (void)task;
    return functional_hash_code_mutate(dice, parent, child);
}

static assay_status code_key(const void *task, const void *candidate, functional_hash_equality equality,
                             const functional_hash_options *options, functional_hash_key *key)
{
    (void)task;
    return functional_hash_code_key(candidate, equality, options, key);
}

static assay_status code_audit(const void *task, const void *candidate, functional_hash_key *key)
{
    (void)task;
    return functional_hash_code_audit(candidate, key);
}

static assay_status code_evaluate(const void *task, const void *candidate, assay_random random, double *fitness)
{
    (void)task;
    (void)random;
    return functional_hash_code_evaluate(candidate, fitness);
}

static assay_status code_print(const void *candidate, char *text, size_t capacity, size_t *length)
{
    return functional_hash_code_print(candidate, text, capacity, length);
}

functional_hash_domain functional_hash_code_domain(void)
{
    return (functional_hash_domain){
        "code",    sizeof(functional_hash_code), NULL, code_random, code_mutate, code_key, code_audit, code_evaluate,
        code_print};
}

/* ---- Lambda terms ---- */

static assay_status term_random(const void *task, functional_hash_dice *dice, void *candidate)
{
    (void)task;
    return functional_hash_term_random(dice, candidate);
}

static assay_status term_mutate(const void *task, functional_hash_dice *dice, const void *parent, void *child)
{
    (void)task;
    return functional_hash_term_mutate(dice, parent, child);
}

static assay_status term_key(const void *task, const void *candidate, functional_hash_equality equality,
                             const functional_hash_options *options, functional_hash_key *key)
{
    (void)task;
    return functional_hash_term_key(candidate, equality, options, key);
}

static assay_status term_audit(const void *task, const void *candidate, functional_hash_key *key)
{
    (void)task;
    return functional_hash_term_audit(candidate, key);
}

static assay_status term_evaluate(const void *task, const void *candidate, assay_random random, double *fitness)
{
    (void)task;
    (void)random;
    return functional_hash_term_evaluate(candidate, fitness);
}

static assay_status term_print(const void *candidate, char *text, size_t capacity, size_t *length)
{
    return functional_hash_term_print(candidate, text, capacity, length);
}

functional_hash_domain functional_hash_term_domain(void)
{
    return (functional_hash_domain){
        "lambda",  sizeof(functional_hash_term), NULL, term_random, term_mutate, term_key, term_audit, term_evaluate,
        term_print};
}
