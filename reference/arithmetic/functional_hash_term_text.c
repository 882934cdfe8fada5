/* Lambda terms as text, in prefix form. */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum { NODES = FUNCTIONAL_HASH_TERM_NODES, NAMES = FUNCTIONAL_HASH_TERM_NAMES };

static const char *const words[FUNCTIONAL_HASH_TERM_KINDS] = {
    [FUNCTIONAL_HASH_TERM_ADD] = "+",       [FUNCTIONAL_HASH_TERM_SUBTRACT] = "-",
    [FUNCTIONAL_HASH_TERM_MULTIPLY] = "*",  [FUNCTIONAL_HASH_TERM_DIVIDE] = "/",
    [FUNCTIONAL_HASH_TERM_MAXIMUM] = "max", [FUNCTIONAL_HASH_TERM_ABSOLUTE] = "abs",
    [FUNCTIONAL_HASH_TERM_LET] = "let",     [FUNCTIONAL_HASH_TERM_FUNCTION] = "fn",
};

static void print_part(functional_hash_text *t, const functional_hash_term *term, size_t at)
{
    const functional_hash_term_node *n = &term->nodes[at];
    switch ((functional_hash_term_kind)n->kind) {
    case FUNCTIONAL_HASH_TERM_NUMBER: functional_hash_append(t, "%a", n->number); return;
    case FUNCTIONAL_HASH_TERM_P: functional_hash_append(t, "p"); return;
    case FUNCTIONAL_HASH_TERM_Y: functional_hash_append(t, "y"); return;
    case FUNCTIONAL_HASH_TERM_VARIABLE: functional_hash_append(t, "x%u", n->name); return;
    default: break;
    }
    functional_hash_append(t, "(%s%s", words[n->kind] ? words[n->kind] : "", words[n->kind] ? " " : "");
    if (n->kind == FUNCTIONAL_HASH_TERM_LET || n->kind == FUNCTIONAL_HASH_TERM_FUNCTION)
        functional_hash_append(t, "x%u ", n->name);
    print_part(t, term, n->a);
    if (functional_hash_term_parts(n->kind) > 1) {
        functional_hash_append(t, " ");
        print_part(t, term, n->b);
    }
    functional_hash_append(t, ")");
}

assay_status functional_hash_term_print(const functional_hash_term *term, char *text, size_t capacity, size_t *length)
{
    const assay_status status = functional_hash_term_check(term);
    if (status != ASSAY_OK)
        return status;
    if (!text && capacity > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "text is null");
    functional_hash_text t = {text, capacity, 0};
    print_part(&t, term, term->count - 1u);
    return functional_hash_end_text(&t, length);
}

/* ---- Reading ---- */

typedef struct reader {
    const char *at;
    functional_hash_term term;
    unsigned depth;
    bool failed;
} reader;

static void skip_space(reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

static uint8_t fail(reader *r)
{
    r->failed = true;
    return 0;
}

static uint8_t append(reader *r, functional_hash_term_node n)
{
    const uint8_t place = functional_hash_term_append(&r->term, n);
    r->failed |= r->term.count > NODES;
    return place;
}

/* xN; false if there is none. */
static bool read_name(reader *r, uint8_t *name)
{
    skip_space(r);
    if (r->at[0] != 'x' || !isdigit((unsigned char)r->at[1]))
        return false;
    char *end;
    const unsigned long number = strtoul(r->at + 1, &end, 10);
    r->at = end;
    *name = (uint8_t)number;
    return number < NAMES;
}

static uint8_t read_part(reader *r);

static uint8_t read_leaf(reader *r)
{
    functional_hash_term_node n = {.kind = FUNCTIONAL_HASH_TERM_VARIABLE};
    char *end;
    if (*r->at == 'p' || *r->at == 'y') {
        n.kind = *r->at++ == 'p' ? FUNCTIONAL_HASH_TERM_P : FUNCTIONAL_HASH_TERM_Y;
    } else if (!read_name(r, &n.name)) {
        n = (functional_hash_term_node){.kind = FUNCTIONAL_HASH_TERM_NUMBER, .number = strtod(r->at, &end)};
        if (end == r->at || !isfinite(n.number))
            return fail(r);
        r->at = end;
    }
    if (*r->at && !strchr(" \t\r\n()", *r->at)) /* a word goes on */
        return fail(r);
    return append(r, n);
}

/* The kind of the word at the head of a list; APPLY if there is none. */
static functional_hash_term_kind read_head(reader *r)
{
    const size_t length = strcspn(r->at, " \t\r\n()");
    for (unsigned kind = 0; kind < FUNCTIONAL_HASH_TERM_KINDS; kind++)
        if (words[kind] && strlen(words[kind]) == length && memcmp(words[kind], r->at, length) == 0) {
            r->at += length;
            return (functional_hash_term_kind)kind;
        }
    return FUNCTIONAL_HASH_TERM_APPLY;
}

static uint8_t read_part(reader *r)
{
    skip_space(r);
    if (r->failed || *r->at != '(')
        return r->failed ? 0 : read_leaf(r);
    if (++r->depth > NODES)
        return fail(r);
    r->at++;
    skip_space(r);
    functional_hash_term_node n = {.kind = (uint8_t)read_head(r)};
    if ((n.kind == FUNCTIONAL_HASH_TERM_LET || n.kind == FUNCTIONAL_HASH_TERM_FUNCTION) && !read_name(r, &n.name))
        return fail(r);
    n.a = read_part(r);
    n.b = functional_hash_term_parts(n.kind) > 1 ? read_part(r) : 0;
    skip_space(r);
    if (r->failed || *r->at != ')')
        return fail(r);
    r->at++;
    r->depth--;
    return append(r, n);
}

assay_status functional_hash_term_parse(const char *text, functional_hash_term *term)
{
    if (!text || !term)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", text ? "term" : "text");
    reader r = {.at = text};
    read_part(&r);
    skip_space(&r);
    if (r.failed || *r.at)
        return assay_fail(ASSAY_BAD_DATA, "text is no term at byte %zu: %.40s", (size_t)(r.at - text), r.at);
    if (functional_hash_term_check(&r.term) != ASSAY_OK)
        return assay_fail(ASSAY_BAD_DATA, "text: %s", assay_error());
    *term = r.term;
    return ASSAY_OK;
}
