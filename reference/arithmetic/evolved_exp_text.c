/*
 * Programs as text: one line for each node, hexadecimal constants so that every bit survives.
 */
#include "assay/evolved_exp_search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const operation_names[] = {
    [EVOLVED_EXP_X] = "x",
    [EVOLVED_EXP_CONSTANT] = "constant",
    [EVOLVED_EXP_ADD] = "add",
    [EVOLVED_EXP_SUBTRACT] = "subtract",
    [EVOLVED_EXP_MULTIPLY] = "multiply",
    [EVOLVED_EXP_DIVIDE] = "divide",
    [EVOLVED_EXP_SQRT] = "sqrt",
    [EVOLVED_EXP_FMA] = "fma",
};
enum { OPERATIONS = sizeof operation_names / sizeof operation_names[0], LINE = 128 };

static int print_node(const evolved_exp_node *node, size_t index, char *line)
{
    const char *name = operation_names[node->operation];
    if (node->operation == EVOLVED_EXP_CONSTANT)
        return snprintf(line, LINE, "%zu %s %a\n", index, name, node->constant);
    switch (evolved_exp_arguments(node->operation)) {
    case 0: return snprintf(line, LINE, "%zu %s\n", index, name);
    case 1: return snprintf(line, LINE, "%zu %s %u\n", index, name, node->a);
    case 2: return snprintf(line, LINE, "%zu %s %u %u\n", index, name, node->a, node->b);
    default: return snprintf(line, LINE, "%zu %s %u %u %u\n", index, name, node->a, node->b, node->c);
    }
}

assay_status evolved_exp_print(const evolved_exp_program *program, char *text, size_t capacity, size_t *length)
{
    if (!text && capacity > 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "text is null with capacity = %zu", capacity);
    assay_status status = evolved_exp_check(program);
    if (status != ASSAY_OK)
        return status;
    char all[(EVOLVED_EXP_NODES + 1) * LINE];
    size_t used = 0;
    for (size_t i = 0; i < program->count; i++)
        used += (size_t)print_node(&program->nodes[i], i, all + used);
    used += (size_t)snprintf(all + used, LINE, "output %u\n", (unsigned)program->output);
    if (text && used >= capacity)
        return assay_fail(ASSAY_OUT_OF_RANGE, "capacity is %zu, must be at least %zu", capacity, used + 1);
    if (text)
        memcpy(text, all, used + 1);
    if (length)
        *length = used;
    return ASSAY_OK;
}

/* A line cut into words. */
typedef struct words {
    char copy[LINE];
    const char *word[6];
    unsigned count;
} words;

static bool split(const char *line, size_t length, words *out)
{
    if (length >= LINE || memchr(line, '\0', length))
        return false;
    memcpy(out->copy, line, length);
    out->copy[length] = '\0';
    out->count = 0;
    char *rest;
    for (char *word = strtok_r(out->copy, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest)) {
        if (out->count == 6)
            return false;
        out->word[out->count++] = word;
    }
    return true;
}

static bool parse_index(const char *word, uint32_t *index)
{
    char *end;
    if (word[0] < '0' || word[0] > '9')
        return false;
    unsigned long value = strtoul(word, &end, 10);
    *index = (uint32_t)value;
    return *end == '\0' && value < EVOLVED_EXP_NODES;
}

static bool parse_operation(const char *word, evolved_exp_operation *operation)
{
    for (unsigned i = 0; i < OPERATIONS; i++)
        if (strcmp(word, operation_names[i]) == 0) {
            *operation = (evolved_exp_operation)i;
            return true;
        }
    return false;
}

static bool parse_node(const words *line, size_t index, evolved_exp_node *node)
{
    uint32_t number, arguments[3] = {0, 0, 0};
    memset(node, 0, sizeof *node);
    if (line->count < 2 || !parse_index(line->word[0], &number) || number != index ||
        !parse_operation(line->word[1], &node->operation))
        return false;
    if (node->operation == EVOLVED_EXP_CONSTANT) {
        char *end;
        if (line->count != 3)
            return false;
        node->constant = strtod(line->word[2], &end);
        return *end == '\0' && end != line->word[2] && isfinite(node->constant);
    }
    if (line->count != 2 + evolved_exp_arguments(node->operation))
        return false;
    for (unsigned i = 0; i + 2 < line->count; i++)
        if (!parse_index(line->word[2 + i], &arguments[i]))
            return false;
    node->a = arguments[0];
    node->b = arguments[1];
    node->c = arguments[2];
    return true;
}

/* Takes one line into the program; sets *complete at the output line. */
static bool parse_line(const words *line, evolved_exp_program *program, bool *complete)
{
    if (line->count == 0 || line->word[0][0] == '#')
        return true;
    if (*complete)
        return false;
    if (strcmp(line->word[0], "output") == 0) {
        *complete = true;
        return line->count == 2 && parse_index(line->word[1], &program->output);
    }
    if (program->count == EVOLVED_EXP_NODES || !parse_node(line, program->count, &program->nodes[program->count]))
        return false;
    program->count++;
    return true;
}

assay_status evolved_exp_parse(const char *text, evolved_exp_program *program)
{
    if (!text || !program)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", text ? "program" : "text");
    evolved_exp_program result = {0};
    bool complete = false;
    size_t number = 1;
    for (const char *line = text; *line; number++) {
        size_t length = strcspn(line, "\n");
        words cut;
        bool comment = line[0] == '#';
        if (!comment && (!split(line, length, &cut) || !parse_line(&cut, &result, &complete)))
            return assay_fail(ASSAY_BAD_DATA, "text: line %zu is no line of a program: %.60s", number, line);
        line += length + (line[length] == '\n');
    }
    if (!complete)
        return assay_fail(ASSAY_BAD_DATA, "text ends after %zu nodes without an output", result.count);
    if (evolved_exp_check(&result) != ASSAY_OK)
        return assay_fail(ASSAY_BAD_DATA, "text: %s", assay_error());
    *program = result;
    return ASSAY_OK;
}
