/*
 * Learning programs as data: validity, what is dead, mutation, text.
 */
#include "reference/arithmetic/functional_hash_domain_parts.h"

#include <math.h>
#include <stdlib.h>

enum {
    FUNCTIONS = FUNCTIONAL_HASH_CODE_FUNCTIONS,
    LINES = FUNCTIONAL_HASH_CODE_LINES,
    OPERATIONS = FUNCTIONAL_HASH_CODE_OPERATIONS
};

const functional_hash_instruction_form functional_hash_instruction_forms[OPERATIONS] = {
    [FUNCTIONAL_HASH_SCALAR_ADD] = {"add", 's', 's', 's'},
    [FUNCTIONAL_HASH_SCALAR_SUBTRACT] = {"subtract", 's', 's', 's'},
    [FUNCTIONAL_HASH_SCALAR_MULTIPLY] = {"multiply", 's', 's', 's'},
    [FUNCTIONAL_HASH_SCALAR_DIVIDE] = {"divide", 's', 's', 's'},
    [FUNCTIONAL_HASH_SCALAR_RELU] = {"relu", 's', 's', 0},
    [FUNCTIONAL_HASH_SCALAR_ABSOLUTE] = {"abs", 's', 's', 0},
    [FUNCTIONAL_HASH_SCALAR_CONSTANT] = {"constant", 's', 0, 0},
    [FUNCTIONAL_HASH_DOT] = {"dot", 's', 'v', 'v'},
    [FUNCTIONAL_HASH_VECTOR_ADD] = {"add", 'v', 'v', 'v'},
    [FUNCTIONAL_HASH_VECTOR_SUBTRACT] = {"subtract", 'v', 'v', 'v'},
    [FUNCTIONAL_HASH_VECTOR_SCALE] = {"scale", 'v', 's', 'v'},
    [FUNCTIONAL_HASH_VECTOR_ZERO] = {"zero", 'v', 0, 0},
};

static const char *const function_names[FUNCTIONS] = {"setup", "predict", "learn"};

size_t functional_hash_code_capacity(functional_hash_code_function function)
{
    static const uint8_t capacities[FUNCTIONS] = {3, 3, 5};
    return (unsigned)function < FUNCTIONS ? capacities[function] : 0;
}

/* Registers of a class, and how many there are. */
static uint32_t registers_of(char class)
{
    return class == 's' ? FUNCTIONAL_HASH_CODE_SCALARS : class == 'v' ? FUNCTIONAL_HASH_CODE_VECTORS : 1;
}

static const functional_hash_instruction_form *form_of(const functional_hash_instruction *line)
{
    return &functional_hash_instruction_forms[line->operation];
}

/* ---- Validity ---- */

static bool is_valid(const functional_hash_instruction *line)
{
    if (line->operation >= OPERATIONS)
        return false;
    const functional_hash_instruction_form *form = form_of(line);
    return line->to < registers_of(form->to) && line->a < registers_of(form->a) && line->b < registers_of(form->b) &&
           isfinite(line->constant) && (line->operation == FUNCTIONAL_HASH_SCALAR_CONSTANT || line->constant == 0);
}

assay_status functional_hash_code_check(const functional_hash_code *code)
{
    if (!code)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "code is null");
    for (int f = 0; f < FUNCTIONS; f++) {
        const size_t capacity = functional_hash_code_capacity((functional_hash_code_function)f);
        if (code->counts[f] > capacity)
            return assay_fail(ASSAY_INVALID_ARGUMENT, "code has %u instructions in %s, must have at most %zu",
                              code->counts[f], function_names[f], capacity);
        for (size_t i = 0; i < code->counts[f]; i++)
            if (!is_valid(&code->lines[f][i]))
                return assay_fail(ASSAY_INVALID_ARGUMENT, "code: line %zu of %s is no instruction (operation %u)",
                                  i + 1, function_names[f], code->lines[f][i].operation);
    }
    return ASSAY_OK;
}

/* ---- What is dead ---- */

/* A set of registers: scalars from bit 0, vectors from bit 4. */
static unsigned set_of(char class, uint8_t number)
{
    return class == 's' ? 1u << number : class == 'v' ? 1u << (FUNCTIONAL_HASH_CODE_SCALARS + number) : 0;
}

/* What must be known before a function for the registers @p after to be right behind it; marks the lines that matter.
 */
static unsigned needed_before(const functional_hash_code *code, int f, unsigned after, unsigned *live)
{
    for (size_t i = code->counts[f]; i-- > 0;) {
        const functional_hash_instruction *line = &code->lines[f][i];
        const functional_hash_instruction_form *form = form_of(line);
        const unsigned written = set_of(form->to, line->to);
        if (!(after & written))
            continue;
        *live |= 1u << i;
        after = (after & ~written) | set_of(form->a, line->a) | set_of(form->b, line->b);
    }
    return after;
}

assay_status functional_hash_code_prune(const functional_hash_code *code, functional_hash_code *pruned)
{
    const assay_status status = functional_hash_code_check(code);
    if (status != ASSAY_OK)
        return status;
    if (!pruned)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "pruned is null");
    const unsigned input = set_of('v', 0), label = set_of('s', 1), prediction = set_of('s', 0);
    unsigned live[FUNCTIONS] = {0}, example = 0; /* what must be known before an example, be it of training or not */
    for (unsigned before = ~0u; before != example;) {
        before = example;
        unsigned need =
            needed_before(code, FUNCTIONAL_HASH_PREDICT, prediction | example, &live[FUNCTIONAL_HASH_PREDICT]);
        example |= need & ~(input | label);
        need = needed_before(code, FUNCTIONAL_HASH_LEARN, example, &live[FUNCTIONAL_HASH_LEARN]);
        need = needed_before(code, FUNCTIONAL_HASH_PREDICT, need & ~label, &live[FUNCTIONAL_HASH_PREDICT]);
        example |= need & ~(input | label);
    }
    needed_before(code, FUNCTIONAL_HASH_SETUP, example, &live[FUNCTIONAL_HASH_SETUP]);
    functional_hash_code result = {0};
    for (int f = 0; f < FUNCTIONS; f++)
        for (size_t i = 0; i < code->counts[f]; i++)
            if (live[f] >> i & 1)
                result.lines[f][result.counts[f]++] = code->lines[f][i];
    *pruned = result;
    return ASSAY_OK;
}

/* ---- Random programs ---- */

static uint8_t draw_register(functional_hash_dice *dice, char class)
{
    return class ? (uint8_t)functional_hash_draw_below(dice, registers_of(class)) : 0;
}

static functional_hash_instruction draw_line(functional_hash_dice *dice)
{
    functional_hash_instruction line = {.operation = (uint8_t)functional_hash_draw_below(dice, OPERATIONS)};
    const functional_hash_instruction_form *form = form_of(&line);
    line.to = draw_register(dice, form->to);
    line.a = draw_register(dice, form->a);
    line.b = draw_register(dice, form->b);
    if (line.operation == FUNCTIONAL_HASH_SCALAR_CONSTANT)
        line.constant = functional_hash_draw_normal(dice);
    return line;
}

/* Gives a line another operation; registers whose class changes are drawn afresh. */
static void change_operation(functional_hash_dice *dice, functional_hash_instruction *line)
{
    const functional_hash_instruction_form *old = form_of(line);
    line->operation = (uint8_t)((line->operation + 1 + functional_hash_draw_below(dice, OPERATIONS - 1)) % OPERATIONS);
    const functional_hash_instruction_form *form = form_of(line);
    line->to = form->to == old->to ? line->to : draw_register(dice, form->to);
    line->a = form->a == old->a ? line->a : draw_register(dice, form->a);
    line->b = form->b == old->b ? line->b : draw_register(dice, form->b);
    line->constant = line->operation == FUNCTIONAL_HASH_SCALAR_CONSTANT ? functional_hash_draw_normal(dice) : 0;
}

static void change_line(functional_hash_dice *dice, functional_hash_instruction *line)
{
    const functional_hash_instruction_form *form = form_of(line);
    char members[4] = {'o', 't'};
    uint32_t count = 2;
    if (form->a)
        members[count++] = 'a';
    if (form->b)
        members[count++] = 'b';
    if (line->operation == FUNCTIONAL_HASH_SCALAR_CONSTANT)
        members[count++] = 'c';
    switch (members[functional_hash_draw_below(dice, count)]) {
    case 'o': change_operation(dice, line); break;
    case 't': line->to = draw_register(dice, form->to); break;
    case 'a': line->a = draw_register(dice, form->a); break;
    case 'b': line->b = draw_register(dice, form->b); break;
    default: line->constant = functional_hash_draw_normal(dice);
    }
}

/* Inserts a random line at a random place of a function with room. */
static void insert_line(functional_hash_dice *dice, functional_hash_code *code)
{
    int room[FUNCTIONS];
    uint32_t count = 0;
    for (int f = 0; f < FUNCTIONS; f++)
        if (code->counts[f] < functional_hash_code_capacity((functional_hash_code_function)f))
            room[count++] = f;
    if (count == 0)
        return;
    const int f = room[functional_hash_draw_below(dice, count)];
    const size_t at = functional_hash_draw_below(dice, code->counts[f] + 1u);
    functional_hash_instruction *lines = code->lines[f];
    memmove(lines + at + 1, lines + at, (code->counts[f] - at) * sizeof *lines);
    lines[at] = draw_line(dice);
    code->counts[f]++;
}

static void delete_line(functional_hash_code *code, int f, size_t at)
{
    functional_hash_instruction *lines = code->lines[f];
    code->counts[f]--;
    memmove(lines + at, lines + at + 1, (code->counts[f] - at) * sizeof *lines);
    lines[code->counts[f]] = (functional_hash_instruction){0};
}

assay_status functional_hash_code_random(functional_hash_dice *dice, functional_hash_code *code)
{
    if (!dice || !code)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", dice ? "code" : "dice");
    memset(code, 0, sizeof *code);
    return ASSAY_OK;
}

assay_status functional_hash_code_mutate(functional_hash_dice *dice, const functional_hash_code *parent,
                                         functional_hash_code *child)
{
    if (!dice || !child)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", dice ? "child" : "dice");
    const assay_status status = functional_hash_code_check(parent);
    if (status != ASSAY_OK)
        return status;
    memmove(child, parent, sizeof *child);
    const uint32_t what = functional_hash_draw_below(dice, 3);
    uint32_t lines = 0;
    for (int f = 0; f < FUNCTIONS; f++)
        lines += child->counts[f];
    if (what == 0)
        insert_line(dice, child);
    if (what == 0 || lines == 0)
        return ASSAY_OK;
    size_t at = functional_hash_draw_below(dice, lines);
    int f = 0;
    while (at >= child->counts[f])
        at -= child->counts[f++];
    if (what == 1)
        delete_line(child, f, at);
    else
        change_line(dice, &child->lines[f][at]);
    return ASSAY_OK;
}

/* ---- Text ---- */

static void print_line(functional_hash_text *t, const functional_hash_instruction *line)
{
    const functional_hash_instruction_form *form = form_of(line);
    functional_hash_append(t, "%c%u = %s(", form->to, line->to, form->name);
    if (line->operation == FUNCTIONAL_HASH_SCALAR_CONSTANT)
        functional_hash_append(t, "%a", line->constant);
    if (form->a)
        functional_hash_append(t, "%c%u", form->a, line->a);
    if (form->b)
        functional_hash_append(t, ", %c%u", form->b, line->b);
    functional_hash_append(t, ")\n");
}

assay_status functional_hash_code_print(const functional_hash_code *code, char *text, size_t capacity, size_t *length)
{
    const assay_status status = functional_hash_code_check(code);
    if (status != ASSAY_OK)
        return status;
    if (!text && capacity > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "text is null");
    functional_hash_text t = {text, capacity, 0};
    functional_hash_append(&t, "%s", ""); /* ends an empty text, too */
    for (int f = 0; f < FUNCTIONS; f++)
        for (size_t i = 0; i < code->counts[f]; i++) {
            functional_hash_append(&t, "%s: ", function_names[f]);
            print_line(&t, &code->lines[f][i]);
        }
    return functional_hash_end_text(&t, length);
}

/* A register of a class at the beginning of a text; moves on. */
static bool parse_register(const char **at, char class, uint8_t *number)
{
    if (!class)
        return true;
    if (**at != class || (*at)[1] < '0' || (uint32_t)((*at)[1] - '0') >= registers_of(class))
        return false;
    *number = (uint8_t)((*at)[1] - '0');
    *at += 2;
    return true;
}

static bool parse_word(const char **at, const char *word)
{
    const size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

/* The line as one of an operation, up to its end. */
static bool parse_as(const char *at, uint8_t operation, functional_hash_instruction *line, const char **end)
{
    *line = (functional_hash_instruction){.operation = operation};
    const functional_hash_instruction_form *form = form_of(line);
    if (!parse_register(&at, form->to, &line->to) || !parse_word(&at, " = ") || !parse_word(&at, form->name) ||
        !parse_word(&at, "("))
        return false;
    if (operation == FUNCTIONAL_HASH_SCALAR_CONSTANT) {
        char *behind;
        line->constant = strtod(at, &behind);
        if (behind == at || !isfinite(line->constant))
            return false;
        at = behind;
    }
    if (!parse_register(&at, form->a, &line->a) || (form->b && !parse_word(&at, ", ")) ||
        !parse_register(&at, form->b, &line->b) || !parse_word(&at, ")\n"))
        return false;
    *end = at;
    return true;
}

static bool parse_line(const char **at, functional_hash_code *code)
{
    int f = 0;
    while (f < FUNCTIONS && !parse_word(at, function_names[f]))
        f++;
    if (f == FUNCTIONS || code->counts[f] == functional_hash_code_capacity((functional_hash_code_function)f) ||
        !parse_word(at, ": "))
        return false;
    for (int operation = 0; operation < OPERATIONS; operation++)
        if (parse_as(*at, (uint8_t)operation, &code->lines[f][code->counts[f]], at)) {
            code->counts[f]++;
            return true;
        }
    return false;
}

assay_status functional_hash_code_parse(const char *text, functional_hash_code *code)
{
    if (!text || !code)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", text ? "code" : "text");
    functional_hash_code result = {0};
    size_t number = 1;
    for (const char *at = text; *at; number++) {
        const char *line = at;
        if (!parse_line(&at, &result))
            return assay_fail(ASSAY_BAD_DATA, "text: line %zu is no instruction: %.60s", number, line);
    }
    *code = result;
    return ASSAY_OK;
}
