/* functional_hash: what theory demands of keys and of evolution. */
#include "verify/arithmetic/functional_hash_checks.h"

#include <math.h>
#include <stdlib.h>

static const functional_hash_key none = {{0, 0}};

/* ---- Graphs: names and dead vertices ---- */

static functional_hash_key dag_key(verify_context *v, const functional_hash_dag *dag, functional_hash_equality equality)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = none;
    verify_ok(v, functional_hash_dag_key(dag, equality, NULL, &options, &key), "key of a graph");
    return key;
}

/* The vertices in another order in which edges still go up: the next one is drawn among those whose predecessors are
 * placed. The output stays last. */
static functional_hash_dag relabel(const functional_hash_dag *dag, functional_hash_dice *dice)
{
    functional_hash_dag result = {.vertices = dag->vertices};
    uint8_t place[FUNCTIONAL_HASH_DAG_VERTICES] = {0};
    unsigned placed = 1;
    for (uint8_t next = 1; next < dag->vertices; next++) {
        uint8_t ready[FUNCTIONAL_HASH_DAG_VERTICES], count = 0;
        for (uint8_t i = 1; i + 1u < dag->vertices; i++) {
            bool waits = placed >> i & 1;
            for (uint8_t j = 0; j < i; j++)
                waits |= (dag->successors[j] >> i & 1) && !(placed >> j & 1);
            if (!waits)
                ready[count++] = i;
        }
        const uint8_t chosen =
            count ? ready[assay_random_integer(dice->random, dice->next++, count)] : (uint8_t)(dag->vertices - 1);
        place[chosen] = next;
        placed |= 1u << chosen;
    }
    for (uint8_t i = 0; i < dag->vertices; i++) {
        result.operations[place[i]] = dag->operations[i];
        for (uint8_t j = i + 1; j < dag->vertices; j++)
            if (dag->successors[i] >> j & 1)
                result.successors[place[i]] |= (uint8_t)(1u << place[j]);
    }
    return result;
}

void functional_hash_check_invariance_dag(verify_context *v)
{
    enum { COUNT = 300 };
    functional_hash_dag dags[COUNT], pruned;
    functional_hash_dice dice = {verify_random(v, 21), 0};
    size_t moved = 0, cut = 0;
    functional_hash_random_dags(verify_random(v, 20), dags, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const functional_hash_dag other = relabel(&dags[i], &dice);
        verify_ok(v, functional_hash_dag_prune(&dags[i], &pruned), "prune");
        moved += memcmp(&other, &dags[i], sizeof other) != 0;
        cut += pruned.vertices < dags[i].vertices;
        for (functional_hash_equality e = FUNCTIONAL_HASH_BY_ISOMORPHISM; e <= FUNCTIONAL_HASH_BY_FUNCTION; e++) {
            const functional_hash_key key = dag_key(v, &dags[i], e);
            if (!verify_true(v, functional_hash_equal(key, dag_key(v, &other, e)), "graph %zu with other names", i) ||
                !verify_true(v, functional_hash_equal(key, dag_key(v, &pruned, e)), "graph %zu pruned", i))
                return;
        }
    }
    verify_true(v, moved > 0 && cut > 0, "%zu graphs renamed, %zu pruned", moved, cut);
}

/* ---- Learning programs: dead lines and lines that do not depend on each other ---- */

static functional_hash_key code_key(verify_context *v, const functional_hash_code *code,
                                    functional_hash_equality equality)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = none;
    verify_ok(v, functional_hash_code_key(code, equality, &options, &key), "key of a program");
    return key;
}

/* Whether the first of two lines neither writes what the other reads or writes, nor reads what it writes; by trying:
 * operations that take registers of both kinds are seen as taking any. */
static bool are_independent(const functional_hash_instruction *x, const functional_hash_instruction *y)
{
    return x->to != y->to && x->to != y->a && x->to != y->b && y->to != x->a && y->to != x->b;
}

void functional_hash_check_invariance_code(verify_context *v)
{
    enum { COUNT = 600 };
    functional_hash_code *codes = calloc(COUNT, sizeof *codes), pruned;
    size_t cut = 0, swapped = 0;
    if (!verify_true(v, codes != NULL, "memory"))
        return;
    functional_hash_random_codes(verify_random(v, 22), codes, COUNT, 60);
    bool good = true;
    for (size_t i = 0; good && i < COUNT; i++) {
        functional_hash_code *code = &codes[i];
        const functional_hash_key key = code_key(v, code, FUNCTIONAL_HASH_BY_FUNCTION);
        verify_ok(v, functional_hash_code_prune(code, &pruned), "prune");
        cut += memcmp(pruned.counts, code->counts, sizeof pruned.counts) != 0;
        good = verify_true(v, functional_hash_equal(key, code_key(v, &pruned, FUNCTIONAL_HASH_BY_FUNCTION)),
                           "program %zu without its dead lines", i) &&
               verify_true(v,
                           functional_hash_equal(code_key(v, code, FUNCTIONAL_HASH_BY_ISOMORPHISM),
                                                 code_key(v, &pruned, FUNCTIONAL_HASH_BY_ISOMORPHISM)),
                           "program %zu without its dead lines, by isomorphism", i);
        for (int f = 0; good && f < FUNCTIONAL_HASH_CODE_FUNCTIONS; f++)
            for (size_t line = 1; good && line < code->counts[f]; line++) {
                functional_hash_instruction *x = &code->lines[f][line - 1], *y = &code->lines[f][line], keep = *x;
                if (!are_independent(x, y))
                    continue;
                swapped++;
                *x = *y;
                *y = keep;
                good = verify_true(v, functional_hash_equal(key, code_key(v, code, FUNCTIONAL_HASH_BY_FUNCTION)),
                                   "program %zu with lines %zu and %zu swapped", i, line, line + 1);
            }
    }
    verify_true(v, cut > 0 && swapped > 0, "%zu programs with dead lines, %zu swaps", cut, swapped);
    free(codes);
}

/* ---- Lambda terms: names, lets, calls ---- */

static functional_hash_key term_key(verify_context *v, const functional_hash_term *term,
                                    functional_hash_equality equality)
{
    const functional_hash_options options = functional_hash_domain_options();
    functional_hash_key key = none;
    verify_ok(v, functional_hash_term_key(term, equality, &options, &key), "key of a term");
    return key;
}

/* Copies a part; with @p value, the free variable @p name becomes a copy of that whole term. The count runs beyond the
 * capacity if it does not fit. */
static size_t copy(const functional_hash_term *from, size_t at, const functional_hash_term *value, uint8_t name,
                   functional_hash_term *to, size_t *count)
{
    functional_hash_term_node n = from->nodes[at];
    const bool let = n.kind == FUNCTIONAL_HASH_TERM_LET, function = n.kind == FUNCTIONAL_HASH_TERM_FUNCTION;
    if (n.kind == FUNCTIONAL_HASH_TERM_VARIABLE && value && n.name == name)
        return copy(value, value->count - 1u, NULL, 0, to, count);
    const functional_hash_term *inside = (let || function) && n.name == name ? NULL : value;
    if (n.kind >= FUNCTIONAL_HASH_TERM_ADD) {
        n.a = (uint8_t)copy(from, n.a, function ? inside : value, name, to, count);
        if (n.kind != FUNCTIONAL_HASH_TERM_ABSOLUTE && !function)
            n.b = (uint8_t)copy(from, n.b, let ? inside : value, name, to, count);
    }
    if (*count < FUNCTIONAL_HASH_TERM_NODES)
        to->nodes[*count] = n;
    return (*count)++;
}

/* (let x7 value body), its inlined form, and ((fn x7 body) value), body being a term in which p became x7. */
static bool make_forms(const functional_hash_term *value, const functional_hash_term *body,
                       functional_hash_term forms[3])
{
    enum { NAME = 63 };
    functional_hash_term open = *body;
    for (size_t i = 0; i < open.count; i++)
        if (open.nodes[i].kind == FUNCTIONAL_HASH_TERM_P)
            open.nodes[i] = (functional_hash_term_node){.kind = FUNCTIONAL_HASH_TERM_VARIABLE, .name = NAME};
    memset(forms, 0, 3 * sizeof *forms);
    size_t counts[3] = {0};
    for (int f = 0; f < 3; f++) {
        functional_hash_term_node n = {.kind = FUNCTIONAL_HASH_TERM_LET, .name = NAME};
        if (f == 1) {
            copy(&open, open.count - 1u, value, NAME, &forms[f], &counts[f]);
        } else if (f == 0) {
            n.a = (uint8_t)copy(value, value->count - 1u, NULL, 0, &forms[f], &counts[f]);
            n.b = (uint8_t)copy(&open, open.count - 1u, NULL, 0, &forms[f], &counts[f]);
            forms[f].nodes[counts[f]++ % FUNCTIONAL_HASH_TERM_NODES] = n;
        } else {
            n.a = (uint8_t)copy(&open, open.count - 1u, NULL, 0, &forms[f], &counts[f]);
            n.kind = FUNCTIONAL_HASH_TERM_FUNCTION;
            forms[f].nodes[counts[f]++ % FUNCTIONAL_HASH_TERM_NODES] = n;
            const uint8_t function = (uint8_t)(counts[f] - 1);
            n = (functional_hash_term_node){.kind = FUNCTIONAL_HASH_TERM_APPLY, .a = function};
            n.b = (uint8_t)copy(value, value->count - 1u, NULL, 0, &forms[f], &counts[f]);
            forms[f].nodes[counts[f]++ % FUNCTIONAL_HASH_TERM_NODES] = n;
        }
        if (counts[f] > FUNCTIONAL_HASH_TERM_NODES)
            return false;
        forms[f].count = (uint8_t)counts[f];
    }
    return true;
}

/* Whether a term goes beyond the limits of evaluation, as an inlined form may where its let does not. */
static bool is_too_long(const functional_hash_term *term)
{
    const double p = 1, y = 2;
    double value;
    return functional_hash_term_run(term, &p, &y, 1, &value) == ASSAY_NOT_CONVERGED;
}

void functional_hash_check_invariance_term(verify_context *v)
{
    enum { COUNT = 300 };
    functional_hash_term *terms = calloc(COUNT, sizeof *terms), renamed, pruned, forms[3];
    size_t inlined = 0, cut = 0;
    if (!verify_true(v, terms != NULL, "memory"))
        return;
    functional_hash_random_terms(verify_random(v, 23), terms, COUNT, 10);
    bool good = true;
    for (size_t i = 0; good && i < COUNT; i++) {
        renamed = terms[i];
        for (size_t k = 0; k < renamed.count; k++) /* an odd factor and a shift permute the names */
            renamed.nodes[k].name = (uint8_t)((renamed.nodes[k].name * 5 + 11 + i) % FUNCTIONAL_HASH_TERM_NAMES);
        verify_ok(v, functional_hash_term_prune(&terms[i], &pruned), "prune");
        cut += pruned.count < terms[i].count;
        for (functional_hash_equality e = FUNCTIONAL_HASH_BY_ISOMORPHISM; good && e <= FUNCTIONAL_HASH_BY_FUNCTION;
             e++) {
            const functional_hash_key key = term_key(v, &terms[i], e);
            good = verify_true(v, functional_hash_equal(key, term_key(v, &renamed, e)), "term %zu renamed", i) &&
                   verify_true(v, functional_hash_equal(key, term_key(v, &pruned, e)), "term %zu pruned", i);
        }
        if (i == 0 || !good || !make_forms(&terms[i - 1], &terms[i], forms))
            continue;
        const functional_hash_key key = term_key(v, &forms[0], FUNCTIONAL_HASH_BY_FUNCTION);
        if (!functional_hash_is_hashable(key)) /* a value that gets stuck may be one that is not used */
            continue;
        inlined++;
        for (int f = 1; good && f < 3; f++)
            good =
                is_too_long(&forms[f]) ||
                verify_true(v, functional_hash_equal(key, term_key(v, &forms[f], FUNCTIONAL_HASH_BY_FUNCTION)),
                            "let of term %zu in term %zu against its %s", i - 1, i, f == 1 ? "inlined form" : "call");
    }
    verify_true(v, cut > 0 && inlined > 0, "%zu terms pruned, %zu inlined", cut, inlined);
    free(terms);
}

/* ---- One function, four representations ---- */

enum { PIXELS = FUNCTIONAL_HASH_DAG_PIXELS };

/* 0.8 z^2 + 0.1 for each of n inputs z. */
static assay_status as_dag(void *self, const double *inputs, double *outputs, size_t n)
{
    double squares[PIXELS];
    for (size_t i = 0; i < n; i++)
        squares[i] = inputs[i] * inputs[i];
    return functional_hash_dag_run(self, squares, 1, outputs);
}

static assay_status as_code(void *self, const double *inputs, double *outputs, size_t n)
{
    double rows[PIXELS][FUNCTIONAL_HASH_CODE_WIDTH] = {{0}}, labels[PIXELS] = {0};
    for (size_t i = 0; i < n; i++)
        rows[i][0] = inputs[i];
    const assay_status status = functional_hash_code_run(self, rows[0], labels, 0, n, outputs);
    for (size_t i = 0; i < n; i++)
        outputs[i] = -outputs[i]; /* the residual of label 0 */
    return status;
}

static assay_status as_term(void *self, const double *inputs, double *outputs, size_t n)
{
    return functional_hash_term_run(self, inputs, inputs, n, outputs);
}

static assay_status as_program(void *self, const double *inputs, double *outputs, size_t n)
{
    return evolved_exp_evaluate_f64(self, inputs, outputs, n);
}

void functional_hash_check_representations(verify_context *v)
{
    functional_hash_dag dag;
    functional_hash_code code;
    functional_hash_term term;
    evolved_exp_program program;
    verify_ok(v, functional_hash_dag_parse("conv1: 01 12", &dag), "graph");
    verify_ok(v,
              functional_hash_code_parse("setup: s2 = constant(0.8)\nsetup: s3 = constant(0.1)\n"
                                         "predict: s0 = dot(v0, v0)\npredict: s0 = multiply(s2, s0)\n"
                                         "predict: s0 = add(s0, s3)\n",
                                         &code),
              "learning program");
    verify_ok(v, functional_hash_term_parse("(+ (* 0.8 (* p p)) 0.1)", &term), "term");
    verify_ok(v,
              evolved_exp_parse("0 x\n1 multiply 0 0\n2 constant 0.8\n3 multiply 2 1\n4 constant 0.1\n5 add 3 4\n"
                                "output 5\n",
                                &program),
              "straight-line program");
    double inputs[PIXELS];
    const functional_hash_options options = functional_hash_default();
    functional_hash_key keys[4] = {none, none, none, none};
    verify_ok(v, functional_hash_canonical_inputs(7, inputs, PIXELS), "inputs");
    verify_ok(v, functional_hash_run(as_dag, &dag, inputs, PIXELS, &options, &keys[0]), "graph");
    verify_ok(v, functional_hash_run(as_code, &code, inputs, PIXELS, &options, &keys[1]), "learning program");
    verify_ok(v, functional_hash_run(as_term, &term, inputs, PIXELS, &options, &keys[2]), "term");
    verify_ok(v, functional_hash_run(as_program, &program, inputs, PIXELS, &options, &keys[3]), "program");
    verify_true(v, functional_hash_is_hashable(keys[0]), "it has a key");
    for (int k = 1; k < 4; k++)
        verify_true(v, functional_hash_equal(keys[0], keys[k]), "representation %d has the graph's key", k);
}

/* ---- Fewer bits and fewer inputs merge more, never less ---- */

typedef struct key_pair {
    functional_hash_key fine, coarse;
} key_pair;

static int by_fine(const void *a, const void *b)
{
    return memcmp(&((const key_pair *)a)->fine, &((const key_pair *)b)->fine, sizeof(functional_hash_key));
}

static bool demand_coarser(verify_context *v, key_pair *pairs, size_t count, const char *what)
{
    qsort(pairs, count, sizeof *pairs, by_fine);
    for (size_t i = 1; i < count; i++)
        if (by_fine(&pairs[i], &pairs[i - 1]) == 0 &&
            !verify_true(v, functional_hash_equal(pairs[i].coarse, pairs[i - 1].coarse), "%s", what))
            return false;
    return true;
}

void functional_hash_check_coarser(verify_context *v)
{
    enum { COUNT = 400 };
    static const unsigned bits[] = {52, 24, 12, 6, 3, 1};
    static const size_t inputs[] = {8, 4, 2, 1};
    functional_hash_dag dags[COUNT];
    key_pair pairs[COUNT];
    functional_hash_random_dags(verify_random(v, 24), dags, COUNT);
    for (int scalar = 0; scalar < 2; scalar++)
        for (size_t b = 1; b < sizeof bits / sizeof *bits; b++) {
            const functional_hash_dag_view view = {1, scalar};
            functional_hash_options fine = functional_hash_domain_options(), coarse = fine;
            fine.bits = bits[b - 1];
            coarse.bits = bits[b];
            for (size_t i = 0; i < COUNT; i++) {
                verify_ok(v,
                          functional_hash_dag_key(&dags[i], FUNCTIONAL_HASH_BY_FUNCTION, &view, &fine, &pairs[i].fine),
                          "fine");
                verify_ok(
                    v, functional_hash_dag_key(&dags[i], FUNCTIONAL_HASH_BY_FUNCTION, &view, &coarse, &pairs[i].coarse),
                    "coarse");
            }
            if (!demand_coarser(v, pairs, COUNT, "equal keys stay equal with fewer bits"))
                return;
        }
    for (size_t n = 1; n < sizeof inputs / sizeof *inputs; n++) {
        const functional_hash_dag_view more = {inputs[n - 1], false}, fewer = {inputs[n], false};
        functional_hash_options options = functional_hash_domain_options();
        options.floor = 0x1p-40; /* the same for both */
        for (size_t i = 0; i < COUNT; i++) {
            verify_ok(v,
                      functional_hash_dag_key(&dags[i], FUNCTIONAL_HASH_BY_FUNCTION, &more, &options, &pairs[i].fine),
                      "more inputs");
            verify_ok(
                v, functional_hash_dag_key(&dags[i], FUNCTIONAL_HASH_BY_FUNCTION, &fewer, &options, &pairs[i].coarse),
                "fewer inputs");
        }
        if (!demand_coarser(v, pairs, COUNT, "equal keys stay equal with fewer inputs"))
            return;
    }
}

/* ---- Evolution ---- */

/* Limits end a search with the candidate that reaches them. */
static void check_limits(verify_context *v)
{
    const functional_hash_domain domain = functional_hash_code_domain();
    for (int which = 0; which < 3; which++) {
        functional_hash_search_config config = functional_hash_search_default();
        functional_hash_history history;
        config.population = 1; /* no more is made at once than one */
        config.tournament = 1;
        config.candidates = which == 0 ? 137 : 0;
        config.evaluations = which == 1 ? 5 : 0;
        config.time = which == 2 ? 3333 : 0;
        if (functional_hash_run_search(v, &domain, &config, verify_seed_of(v), &history) &&
            verify_true(v, history.count > 1, "some candidates")) {
            const functional_hash_record *last = &history.records[history.count - 1], *before = last - 1;
            verify_true(v, which != 0 || history.count == 137, "%zu candidates", history.count);
            verify_true(v, which != 1 || (last->evaluations == 5 && before->evaluations == 4), "%llu evaluations",
                        (unsigned long long)last->evaluations);
            verify_true(v, which != 2 || (last->time >= 3333 && before->time < 3333), "%g seconds", last->time);
        }
        functional_hash_release_history(&history);
    }
}

void functional_hash_check_accounting(verify_context *v)
{
    check_limits(v);
    for (uint32_t most = 1; most <= 3; most++)
        for (int removing = 0; removing < 2; removing++) {
            const functional_hash_domain domain = functional_hash_code_domain();
            functional_hash_search_config config = functional_hash_search_default();
            functional_hash_history history;
            config.candidates = 800;
            config.max_evaluations = most;
            config.remove_probability = removing ? 0.25 : 0;
            if (functional_hash_run_search(v, &domain, &config, verify_seed_of(v), &history)) {
                const functional_hash_cache_counts *c = &history.result.counts;
                uint64_t evaluated = 0, looked_up = 0;
                for (size_t i = 0; i < history.count; i++) {
                    looked_up += functional_hash_is_hashable(history.records[i].key);
                    evaluated += history.records[i].lookup == FUNCTIONAL_HASH_MISS ||
                                 history.records[i].lookup == FUNCTIONAL_HASH_PARTIAL;
                }
                verify_true(v, c->misses + c->partial_hits + c->hits + c->uncached == c->lookups && c->uncached == 0,
                            "the counts add up");
                verify_true(v,
                            c->lookups == looked_up && c->misses + c->partial_hits == evaluated &&
                                evaluated == history.result.evaluations,
                            "they are those of the records");
                verify_true(v, c->size == c->misses - c->removed, "an entry for each miss that was not removed");
                verify_true(v, removing || c->removed == 0, "removals");
                if (most == 1 && !removing)
                    verify_true(v,
                                functional_hash_distinct_candidates(v, &domain, &history, FUNCTIONAL_HASH_BY_FUNCTION) -
                                        (looked_up < history.count) ==
                                    c->misses,
                                "misses are the distinct keys");
                const double time = 10.0 * (double)history.count + 400.0 * (double)evaluated;
                verify_true(v, history.result.time == time, "simulated time is %g, must be %g", history.result.time,
                            time);
            }
            functional_hash_release_history(&history);
        }
}

/* Without noise and false merges, sharing evaluations changes nothing but their number. The same function written in
 * two ways may differ in its fitness by rounding: the regression's condition (features that are nearly constant are
 * divided by 1e-6) turns 1e-16 into 1e-11 at most in what was seen; 1e-9 is where ties begin, beyond which evolution
 * would see another fitness. How often rounding changes a classified image, and so a fitness by 1/400, cannot be
 * derived: the searches are always the same two, and other seeds are the claim C3_trajectory's. */
void functional_hash_check_trajectory(verify_context *v)
{
    enum { SEED = 1 };
    functional_hash_dag_task *digits = functional_hash_digits(v);
    const functional_hash_dag_domain_task task = {digits, {4, false}};
    const functional_hash_domain domains[2] = {functional_hash_dag_domain(&task), functional_hash_code_domain()};
    functional_hash_search_config config = functional_hash_search_default();
    config.audit = true;
    for (int d = digits ? 0 : 1; d < 2; d++) {
        functional_hash_history shared, alone;
        config.candidates = verify_depth_of(v) == VERIFY_QUICK ? (d == 0 ? 300 : 1500) : 3000;
        config.equality = FUNCTIONAL_HASH_BY_FUNCTION;
        bool good = functional_hash_run_search(v, &domains[d], &config, SEED, &shared);
        config.equality = FUNCTIONAL_HASH_BY_NOTHING;
        good &= functional_hash_run_search(v, &domains[d], &config, SEED, &alone);
        for (size_t i = 0; good && i < shared.count; i++) {
            if (shared.result.counts.false_merges > 0)
                break; /* candidates that are equal on canonical inputs only: the law says nothing */
            const double x = shared.records[i].fitness, y = alone.records[i].fitness;
            good = verify_true(
                v, memcmp(shared.candidates + i * shared.size, alone.candidates + i * shared.size, shared.size) == 0,
                "%s: candidate %zu is the same", domains[d].name, i);
            if (x != y) /* infinities */
                verify_at_most(v, fabs(x - y), 1e-9, "absolute difference", "%s: fitness of candidate %zu",
                               domains[d].name, i);
        }
        verify_true(v, shared.result.evaluations <= alone.result.evaluations, "sharing saves evaluations");
        verify_note(v, "%s: %llu of %llu evaluations, %llu false merges", domains[d].name,
                    (unsigned long long)shared.result.evaluations, (unsigned long long)alone.result.evaluations,
                    (unsigned long long)shared.result.counts.false_merges);
        functional_hash_release_history(&shared);
        functional_hash_release_history(&alone);
    }
    functional_hash_dag_task_destroy(digits);
}

/* On one sequence of candidates, the coarser equality needs no more evaluations. Of graphs that holds for certain,
 * because isomorphic ones have the same bits, and the hash of NAS-Bench-101 finds no others (see "space"). */
void functional_hash_check_order(verify_context *v)
{
    functional_hash_dag_task *digits = functional_hash_digits(v);
    const functional_hash_dag_domain_task task = {digits, {4, false}};
    const functional_hash_domain domains[] = {functional_hash_dag_domain(&task), functional_hash_code_domain(),
                                              functional_hash_term_domain()};
    for (size_t d = digits ? 0 : 1; d < sizeof domains / sizeof *domains; d++) {
        functional_hash_search_config config = functional_hash_search_default();
        functional_hash_history history;
        config.candidates = verify_depth_of(v) == VERIFY_QUICK ? 400 : 3000;
        if (functional_hash_run_search(v, &domains[d], &config, verify_seed_of(v), &history)) {
            size_t distinct[4] = {history.count};
            for (functional_hash_equality e = FUNCTIONAL_HASH_BY_STRUCTURE; e <= FUNCTIONAL_HASH_BY_FUNCTION; e++)
                distinct[e] = functional_hash_distinct_candidates(v, &domains[d], &history, e);
            verify_true(v, distinct[3] <= distinct[2] && distinct[2] <= distinct[1] && distinct[1] <= distinct[0],
                        "%s: %zu candidates, %zu structures, %zu classes of isomorphism, %zu functions",
                        domains[d].name, distinct[0], distinct[1], distinct[2], distinct[3]);
        }
        functional_hash_release_history(&history);
    }
    functional_hash_dag_task_destroy(digits);
}

/* All bits of vectors that differ in one: no two keys of n are equal but with probability n^2 / 2^129, below 1e-26. */
void functional_hash_check_collisions(verify_context *v)
{
    enum { WIDTH = 4 };
    const size_t count = verify_depth_of(v) == VERIFY_QUICK ? 100000 : 1000000;
    double *values = calloc(count * WIDTH, sizeof *values);
    functional_hash_key *keys = calloc(count, sizeof *keys);
    const functional_hash_options options = {.bits = 52};
    if (verify_true(v, values && keys, "memory")) {
        assay_random_fill_normal(verify_random(v, 25), 0, 0, 1, values, WIDTH);
        for (size_t i = 1; i < count; i++) { /* each is the one before with one value moved by one unit */
            memcpy(values + i * WIDTH, values + (i - 1) * WIDTH, WIDTH * sizeof *values);
            double *moved = &values[i * WIDTH + i % WIDTH];
            *moved = nextafter(*moved, INFINITY);
        }
        verify_ok(v, functional_hash_mix_rows(values, count, WIDTH, &options, keys), "mix");
        const size_t distinct = functional_hash_count_distinct(keys, count);
        verify_true(v, distinct == count, "%zu keys of %zu vectors", distinct, count);
    }
    free(values);
    free(keys);
}

/* ---- Text ---- */

void functional_hash_check_text(verify_context *v)
{
    enum { COUNT = 300 };
    char text[4096];
    size_t length = 0;
    functional_hash_dag dags[COUNT], dag;
    functional_hash_code *codes = calloc(COUNT, sizeof *codes), code;
    functional_hash_term *terms = calloc(COUNT, sizeof *terms), term;
    if (verify_true(v, codes && terms, "memory")) {
        functional_hash_random_dags(verify_random(v, 26), dags, COUNT);
        functional_hash_random_codes(verify_random(v, 27), codes, COUNT, 50);
        functional_hash_random_terms(verify_random(v, 28), terms, COUNT, 10);
        for (size_t i = 0; i < COUNT; i++) {
            verify_ok(v, functional_hash_dag_print(&dags[i], text, sizeof text, &length), "print");
            verify_ok(v, functional_hash_dag_parse(text, &dag), "%s", text);
            bool good = verify_true(v, strlen(text) == length && memcmp(&dag, &dags[i], sizeof dag) == 0, "%s", text);
            verify_ok(v, functional_hash_code_print(&codes[i], text, sizeof text, &length), "print");
            verify_ok(v, functional_hash_code_parse(text, &code), "%s", text);
            good &= verify_true(v, strlen(text) == length && memcmp(&code, &codes[i], sizeof code) == 0, "%s", text);
            verify_ok(v, functional_hash_term_print(&terms[i], text, sizeof text, &length), "print");
            verify_ok(v, functional_hash_term_parse(text, &term), "%s", text);
            good &= verify_true(v, strlen(text) == length && memcmp(&term, &terms[i], sizeof term) == 0, "%s", text);
            if (!good)
                break;
        }
    }
    free(codes);
    free(terms);
}

/* ---- Streams ---- */

/* With noise and random proposals, what is proposed is the same with and without sharing; with noise and removal, too.
 */
void functional_hash_check_streams(verify_context *v)
{
    const functional_hash_domain domain = functional_hash_term_domain();
    functional_hash_search_config config = functional_hash_search_default();
    functional_hash_history all[3];
    bool good = true;
    config.algorithm = FUNCTIONAL_HASH_RANDOM;
    config.candidates = 300;
    config.noise = 0.1;
    for (int i = 0; i < 3; i++) {
        config.equality = i == 0 ? FUNCTIONAL_HASH_BY_NOTHING : FUNCTIONAL_HASH_BY_FUNCTION;
        config.remove_probability = i == 2 ? 0.5 : 0;
        good &= functional_hash_run_search(v, &domain, &config, verify_seed_of(v), &all[i]);
    }
    for (int i = 1; good && i < 3; i++)
        verify_true(v, memcmp(all[0].candidates, all[i].candidates, all[0].count * all[0].size) == 0,
                    "proposals do not depend on evaluations");
    for (size_t i = 0; good && i < all[0].count; i++) /* a candidate that is evaluated gets its own noise */
        if (all[1].records[i].lookup == FUNCTIONAL_HASH_MISS && isfinite(all[0].records[i].fitness))
            good = verify_true(v, all[0].records[i].fitness == all[1].records[i].fitness,
                               "noise of candidate %zu is its own", i);
    for (int i = 0; i < 3; i++)
        functional_hash_release_history(&all[i]);
}
