/*
 * The known programs for 2^x on (0, 1]: those of the paper's Figure 11, and the same three forms with minimax constants
 * followed by squarings.
 *
 * A squaring, for one operation, lets the form approximate 2^(x/2) instead, which divides its error by 2^q and then
 * doubles it; q = 3, 5, 7 for the three forms, so that digits grow by 0.602, 1.204 and 1.806. Scaling x costs nothing
 * because the constants absorb it. The minimax constants were found by exchange in 60-digit arithmetic. From T10 on a
 * constant rounded to one double would cost more than the whole error (8 times half an ulp of c5 is 4.4e-16).
 */
#include "assay/evolved_exp_search.h"

#include <string.h>

/* The forms, with constants in the order in which the paper prints them. */
typedef enum form {
    FORM2, /* c1 / (c2 + x) */
    FORM3, /* c1 / (c3 + x) - c2 */
    FORM5, /* w = x + c1 / x;  c2 / (c4 + w) - c3 */
    FORM10 /* w = x + c3 / x;  t = (c1 / w + w) + c2;  c4 / t - c5 */
} form;

/* Constants are sums high + low; low is 0 where a double is enough. */
typedef struct known {
    const char *name;
    form form;
    unsigned squarings;
    double high[5], low[5];
} known;

static const known table[] = {
    {"f2", FORM2, 0, {-2.1258595374472384, -2.0413845597733418}, {0}},
    {"f3", FORM3, 0, {-8.387819235563974, 1.4427239805682266, -3.4355225277901402}, {0}},
    {"f5", FORM5, 0, {25.596749740144819, 17.746150088734609, -0.99999366143081858, -8.8505996518073289}, {0}},
    {"f10",
     FORM10,
     3,
     {15141.981176922711, -250.55247494972059, 5783.5330096027765, 501.10494991027866, -0.99999999999999956},
     {0}},
    {"T3", FORM3, 0, {-0x1.071e7960b7710p+3, 0x1.6a09dd7bcf22ep+0, -0x1.b41b4db0ea5b3p+1}, {0}},
    {"T4", FORM3, 1, {-0x1.b808cd26e8ab3p+3, 0x1.306fe067153a1p+0, -0x1.9205f9707229bp+2}, {0}},
    {"T5", FORM5, 0, {0x1.98d8546b18a74p+4, 0x1.1b706d7cb8ee7p+4, -0x1.ffff6e592c92bp-1, -0x1.1acf2c992e902p+3}, {0}},
    {"T6", FORM5, 1, {0x1.91ec82af300cbp+6, 0x1.1698726efdb1cp+5, -0x1.fffffb6a3d14bp-1, -0x1.168469fcd1958p+4}, {0}},
    {"T7",
     FORM10,
     0,
     {0x1.dac1dd37af8fbp+7, -0x1.f5cdfd5cc51e6p+4, 0x1.69f9c9508fc1ep+6, 0x1.f5ce0fa9d502ep+5, -0x1.fffffffb28999p-1},
     {0}},
    {"T8",
     FORM10,
     1,
     {0x1.d98fac358f463p+9, -0x1.f5457f3534f72p+5, 0x1.699747d45b03fp+8, 0x1.f5457fc91c82ap+6, -0x1.fffffffff62c7p-1},
     {0}},
    {"T9",
     FORM10,
     2,
     {0x1.d942b605bc25bp+11, -0x1.f52341362a351p+6, 0x1.697e941b9e9b4p+10, 0x1.f523413acc653p+7, -0x1.ffffffffffec4p-1},
     {0}},
    {"T10",
     FORM10,
     3,
     {0x1.d92f7201283bep+13, -0x1.f51aafffbd829p+7, 0x1.69786606e6b46p+12, 0x1.f51aafffe299fp+8, -0x1.ffffffffffffep-1},
     {0x1.8ebab707f5360p-42, -0x1.c6f46407d501ep-49, -0x1.11df6642d7eccp-45, 0x1.4c74095ba7c71p-46,
      0x1.def297bac732ap-55}},
    {"T11",
     FORM10,
     4,
     {0x1.d92aa09910739p+15, -0x1.f5188b97f8582p+8, 0x1.6976da6f8b9dap+14, 0x1.f5188b97f980fp+9, -1.0},
     {0x1.5c67d8f002f4dp-39, -0x1.fcb86257a7432p-48, 0x1.a3b1a6a65edc4p-42, -0x1.c967ee34096abp-45,
      0x1.3bf0838f6ab45p-59}},
    {"T12",
     FORM10,
     5,
     {0x1.d9296c389daf1p+17, -0x1.f518027c6d604p+9, 0x1.6976778892f31p+16, 0x1.f518027c6d698p+10, -1.0},
     {-0x1.df7a9f00a0bbbp-38, 0x1.cd6be8e1b2a9ep-46, -0x1.2b7549bab6826p-38, 0x1.59cc652402c2ep-45,
      0x1.3bf50f91406d0p-66}},
};
enum { KNOWN = sizeof table / sizeof table[0] };

/* Each of these appends a node and returns its index. */

static uint32_t append(evolved_exp_program *program, evolved_exp_operation operation, uint32_t a, uint32_t b)
{
    program->nodes[program->count] = (evolved_exp_node){.operation = operation, .a = a, .b = b};
    return (uint32_t)program->count++;
}

static uint32_t append_number(evolved_exp_program *program, double number)
{
    program->nodes[program->count] = (evolved_exp_node){.operation = EVOLVED_EXP_CONSTANT, .constant = number};
    return (uint32_t)program->count++;
}

static uint32_t append_constant(evolved_exp_program *program, const known *entry, unsigned index)
{
    uint32_t high = append_number(program, entry->high[index - 1]);
    if (entry->low[index - 1] == 0)
        return high;
    uint32_t low = append_number(program, entry->low[index - 1]);
    return append(program, EVOLVED_EXP_ADD, high, low);
}

/* x + c / x */
static uint32_t append_symmetric(evolved_exp_program *program, const known *entry, unsigned index, uint32_t x)
{
    uint32_t quotient = append(program, EVOLVED_EXP_DIVIDE, append_constant(program, entry, index), x);
    return append(program, EVOLVED_EXP_ADD, x, quotient);
}

/* numerator / denominator - offset */
static uint32_t append_quotient(evolved_exp_program *program, const known *entry, unsigned numerator,
                                uint32_t denominator, unsigned offset)
{
    uint32_t quotient = append(program, EVOLVED_EXP_DIVIDE, append_constant(program, entry, numerator), denominator);
    return append(program, EVOLVED_EXP_SUBTRACT, quotient, append_constant(program, entry, offset));
}

static uint32_t append_form(evolved_exp_program *program, const known *entry)
{
    uint32_t x = append(program, EVOLVED_EXP_X, 0, 0), w, t;
    switch (entry->form) {
    case FORM2:
        t = append(program, EVOLVED_EXP_ADD, append_constant(program, entry, 2), x);
        return append(program, EVOLVED_EXP_DIVIDE, append_constant(program, entry, 1), t);
    case FORM3:
        t = append(program, EVOLVED_EXP_ADD, append_constant(program, entry, 3), x);
        return append_quotient(program, entry, 1, t, 2);
    case FORM5:
        w = append_symmetric(program, entry, 1, x);
        t = append(program, EVOLVED_EXP_ADD, append_constant(program, entry, 4), w);
        return append_quotient(program, entry, 2, t, 3);
    case FORM10:
        w = append_symmetric(program, entry, 3, x);
        t = append(program, EVOLVED_EXP_DIVIDE, append_constant(program, entry, 1), w);
        t = append(program, EVOLVED_EXP_ADD, t, w);
        t = append(program, EVOLVED_EXP_ADD, t, append_constant(program, entry, 2));
        return append_quotient(program, entry, 4, t, 5);
    }
    return x;
}

const char *evolved_exp_known_name(size_t position)
{
    return position < KNOWN ? table[position].name : NULL;
}

assay_status evolved_exp_known(const char *name, evolved_exp_program *program)
{
    if (!name || !program)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", name ? "program" : "name");
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(name, table[i].name) != 0)
            continue;
        evolved_exp_program result = {0};
        uint32_t value = append_form(&result, &table[i]);
        for (unsigned k = 0; k < table[i].squarings; k++)
            value = append(&result, EVOLVED_EXP_MULTIPLY, value, value);
        result.output = value;
        *program = result;
        return ASSAY_OK;
    }
    return assay_fail(ASSAY_INVALID_ARGUMENT, "name is \"%s\", must be f2, f3, f5, f10 or T3 to T12", name);
}
