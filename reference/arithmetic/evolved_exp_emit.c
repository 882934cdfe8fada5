/*
 * A program as C, for those who want to compile it.
 */
#include "assay/evolved_exp_search.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = (EVOLVED_EXP_NODES + 8) * 96 };

/* Text under construction; it never outgrows TEXT because a node takes less than 96 characters. */
typedef struct writer {
    char text[TEXT];
    size_t used;
} writer;

static void write_text(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void write_text(writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    w->used += (size_t)vsnprintf(w->text + w->used, sizeof w->text - w->used, format, arguments);
    va_end(arguments);
}

static void write_node(writer *w, const evolved_exp_node *node, size_t i, bool single)
{
    const unsigned a = node->a, b = node->b, c = node->c;
    write_text(w, "        const %s v%zu = ", single ? "float" : "double", i);
    switch (node->operation) {
    case EVOLVED_EXP_X: write_text(w, "x[i];\n"); break;
    case EVOLVED_EXP_CONSTANT:
        if (single)
            write_text(w, "%af;\n", (double)(float)node->constant);
        else
            write_text(w, "%a;\n", node->constant);
        break;
    case EVOLVED_EXP_ADD: write_text(w, "v%u + v%u;\n", a, b); break;
    case EVOLVED_EXP_SUBTRACT: write_text(w, "v%u - v%u;\n", a, b); break;
    case EVOLVED_EXP_MULTIPLY: write_text(w, "v%u * v%u;\n", a, b); break;
    case EVOLVED_EXP_DIVIDE: write_text(w, "v%u / v%u;\n", a, b); break;
    case EVOLVED_EXP_SQRT: write_text(w, "__builtin_sqrt%s(v%u);\n", single ? "f" : "", a); break;
    case EVOLVED_EXP_FMA: write_text(w, "__builtin_fma%s(v%u, v%u, v%u);\n", single ? "f" : "", a, b, c); break;
    }
}

static bool is_identifier(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return name[0] != '\0' && (name[0] < '0' || name[0] > '9') && strspn(name, letters) == strlen(name) &&
           strlen(name) < 64;
}

assay_status evolved_exp_emit(const evolved_exp_program *program, evolved_exp_precision precision, const char *name,
                              char *text, size_t capacity, size_t *length)
{
    if (!name || (!text && capacity > 0))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name ? "text" : "name");
    if (!is_identifier(name))
        return assay_fail(ASSAY_INVALID_ARGUMENT, "name is \"%.80s\", must be an identifier of at most 63 letters",
                          name);
    if ((unsigned)precision > EVOLVED_EXP_F32)
        return assay_fail(ASSAY_OUT_OF_RANGE, "precision is %u, must be 0 or 1", (unsigned)precision);
    assay_status status = evolved_exp_check(program);
    if (status != ASSAY_OK)
        return status;
    evolved_exp_program needed = *program;
    evolved_exp_prune(&needed);
    const bool single = precision == EVOLVED_EXP_F32;
    const char *type = single ? "float" : "double";
    writer w = {.used = 0};
    write_text(&w, "#include <stddef.h>\n\nvoid %s(const %s *restrict x, %s *restrict y, size_t n)\n{\n", name, type,
               type);
    write_text(&w, "    for (size_t i = 0; i < n; i++) {\n");
    for (size_t i = 0; i < needed.count; i++)
        write_node(&w, &needed.nodes[i], i, single);
    write_text(&w, "        y[i] = v%u;\n    }\n}\n", (unsigned)needed.output);
    if (text && w.used >= capacity)
        return assay_fail(ASSAY_OUT_OF_RANGE, "capacity is %zu, must be at least %zu", capacity, w.used + 1);
    if (text)
        memcpy(text, w.text, w.used + 1);
    if (length)
        *length = w.used;
    return ASSAY_OK;
}
