/* What is read from text: the programs of evolved_exp, and the graphs, learning programs and terms of functional_hash.
 * Each text is given to all four. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "assay/evolved_exp_search.h"
#include "assay/functional_hash_domains.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 8192 };

/* Parses; what was parsed is printed, read back and printed the same. False if it is none. */
#define ROUND_TRIP(KIND, TYPE)                                                                                         \
    static bool read_##KIND(const char *text, TYPE *value)                                                             \
    {                                                                                                                  \
        static char first[TEXT], second[TEXT];                                                                         \
        size_t length, again;                                                                                          \
        TYPE copy;                                                                                                     \
        fuzz_poison(value, sizeof *value);                                                                             \
        const assay_status status = KIND##_parse(text, value);                                                         \
        if (status != ASSAY_OK) {                                                                                      \
            fuzz_expect_failure(status, NULL);                                                                         \
            fuzz_expect_untouched(value, sizeof *value);                                                               \
            return false;                                                                                              \
        }                                                                                                              \
        FUZZ_OK(KIND##_print(value, first, sizeof first, &length));                                                    \
        FUZZ_ASSERT(length == strlen(first), "%zu characters, not %zu", strlen(first), length);                        \
        FUZZ_OK(KIND##_parse(first, &copy));                                                                           \
        FUZZ_OK(KIND##_print(&copy, second, sizeof second, &again));                                                   \
        FUZZ_ASSERT(strcmp(first, second) == 0, "printed as %s, read back as %s", first, second);                      \
        return true;                                                                                                   \
    }                                                                                                                  \
    struct KIND##_swallow_semicolon

ROUND_TRIP(evolved_exp, evolved_exp_program);
ROUND_TRIP(functional_hash_code, functional_hash_code);
ROUND_TRIP(functional_hash_dag, functional_hash_dag);
ROUND_TRIP(functional_hash_term, functional_hash_term);

/* Any program may be a parent, also of operations that it has none of. */
static void mutate(const evolved_exp_program *program)
{
    evolved_exp_search_config config;
    FUZZ_OK(evolved_exp_search_default(EVOLVED_EXP_TARGET_EXP2, &config));
    config.max_operations = 30;
    config.operations |= 1u << EVOLVED_EXP_FMA;
    for (uint64_t i = 0; i < 8; i++) {
        evolved_exp_program child;
        const assay_status status = evolved_exp_mutate(&config, 1, i, program, &child);
        if (status == ASSAY_OK)
            FUZZ_OK(evolved_exp_check(&child));
        else
            fuzz_expect_failure(status, NULL);
    }
}

static void use_program(const evolved_exp_program *program)
{
    static const double x[] = {0, 0.25, -3, 1e300, INFINITY, NAN};
    double plain[6], fast[6];
    uint32_t cost;
    char text[TEXT];
    FUZZ_OK(evolved_exp_reference_evaluate_f64(program, x, plain, 6));
    FUZZ_OK(evolved_exp_evaluate_f64(program, x, fast, 6));
    FUZZ_ASSERT(memcmp(plain, fast, sizeof plain) == 0, "the levels differ");
    FUZZ_OK(evolved_exp_cost(program, &cost));
    FUZZ_OK(evolved_exp_emit(program, EVOLVED_EXP_F32, "f", text, sizeof text, NULL));
    evolved_exp_program collapsed = *program;
    const assay_status status = evolved_exp_collapse(&collapsed);
    if (status == ASSAY_OK)
        FUZZ_OK(evolved_exp_check(&collapsed));
    else
        fuzz_expect_failure(status, NULL);
    mutate(program);
}

static void use_code(const functional_hash_code *code)
{
    functional_hash_code pruned;
    functional_hash_key key;
    const functional_hash_options options = functional_hash_default();
    FUZZ_OK(functional_hash_code_prune(code, &pruned));
    FUZZ_OK(functional_hash_code_key(code, FUNCTIONAL_HASH_BY_STRUCTURE, &options, &key));
}

static void use_dag(const functional_hash_dag *dag)
{
    functional_hash_dag pruned;
    if (functional_hash_dag_check(dag) == ASSAY_OK)
        FUZZ_OK(functional_hash_dag_prune(dag, &pruned));
}

static void use_term(const functional_hash_term *term)
{
    const double p[] = {0.5, -2}, y[] = {1, 1e300};
    double plain[2], fast[2];
    functional_hash_term pruned;
    FUZZ_OK(functional_hash_term_prune(term, &pruned));
    const assay_status expected = functional_hash_reference_term_run(term, p, y, 2, plain);
    const assay_status status = functional_hash_term_run(term, p, y, 2, fast);
    FUZZ_ASSERT(status == expected, "%s by the reference, %s", assay_status_name(expected), assay_status_name(status));
    for (size_t i = 0; status == ASSAY_OK && i < 2; i++)
        FUZZ_ASSERT(plain[i] == fast[i] || (isnan(plain[i]) && isnan(fast[i])), "%a by the reference, %a", plain[i],
                    fast[i]);
}

int fuzz_programs(const uint8_t *data, size_t size)
{
    evolved_exp_program program;
    functional_hash_code code;
    functional_hash_dag dag;
    functional_hash_term term;
    char *text = fuzz_text(data, size);
    if (read_evolved_exp(text, &program))
        use_program(&program);
    if (read_functional_hash_code(text, &code))
        use_code(&code);
    if (read_functional_hash_dag(text, &dag))
        use_dag(&dag);
    if (read_functional_hash_term(text, &term))
        use_term(&term);
    free(text);
    return 0;
}
