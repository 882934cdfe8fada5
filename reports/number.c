/* Numbers as people read them. */
#include "reports/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const superscripts[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};

static report_short plain(const char *s)
{
    report_short out;
    snprintf(out.text, sizeof out.text, "%s", s);
    return out;
}

/* The number with all its digits, without stripping zeros: in columns the digits say how well a number is known. */
static report_short with_zeros(double x, int digits)
{
    report_short out;
    char rounded[40];
    snprintf(rounded, sizeof rounded, "%.*e", digits - 1, fabs(x));
    int exponent = atoi(strchr(rounded, 'e') + 1);
    if (x == 0 || exponent < -3 || exponent > 5)
        return report_number(x, digits);
    int decimals = digits - 1 - exponent;
    snprintf(out.text, sizeof out.text, "%s%.*f", x < 0 ? "−" : "", decimals > 0 ? decimals : 0, fabs(x));
    return out;
}

report_short report_number(double x, int digits)
{
    if (isnan(x))
        return plain("–");
    if (isinf(x))
        return plain(x > 0 ? "∞" : "−∞");
    char scientific[40];
    snprintf(scientific, sizeof scientific, "%.*e", digits - 1, fabs(x));
    char *mark = strchr(scientific, 'e');
    int exponent = atoi(mark + 1);
    report_short out;
    const char *sign = x < 0 ? "−" : "";
    if (x == 0 || (exponent >= -3 && exponent < 6)) {
        int decimals = digits - 1 - exponent;
        char fixed[60];
        snprintf(fixed, sizeof fixed, "%.*f", x == 0 || decimals < 0 ? 0 : decimals, fabs(x));
        if (strchr(fixed, '.')) {
            size_t length = strlen(fixed);
            while (fixed[length - 1] == '0')
                fixed[--length] = '\0';
            if (fixed[length - 1] == '.')
                fixed[length - 1] = '\0';
        }
        snprintf(out.text, sizeof out.text, "%s%s", sign, fixed);
        return out;
    }
    *mark = '\0';
    for (size_t length = strlen(scientific); strchr(scientific, '.') && strchr("0.", scientific[length - 1]);
         length--) {
        int point = scientific[length - 1] == '.';
        scientific[length - 1] = '\0';
        if (point)
            break;
    }
    int used = snprintf(out.text, sizeof out.text, "%s%s×10%s", sign, scientific, exponent < 0 ? "⁻" : "");
    char power[12];
    snprintf(power, sizeof power, "%d", abs(exponent));
    for (const char *p = power; *p && used > 0 && (size_t)used < sizeof out.text; p++)
        used += snprintf(out.text + used, sizeof out.text - (size_t)used, "%s", superscripts[*p - '0']);
    return out;
}

/* An SI prefix and what it stands for. */
typedef struct prefix {
    double scale;
    const char *name;
} prefix;

static prefix choose_prefix(double x, const char *unit)
{
    static const prefix prefixes[] = {{1e-12, "p"}, {1e-9, "n"}, {1e-6, "µ"}, {1e-3, "m"}, {1, ""},
                                      {1e3, "k"},   {1e6, "M"},  {1e9, "G"},  {1e12, "T"}, {1e15, "P"}};
    size_t first = 0, last = sizeof prefixes / sizeof *prefixes - 1;
    if (strcmp(unit, "s") == 0)
        last = 4; /* kiloseconds are nobody's unit */
    else
        first = 4;
    size_t k = first;
    while (k < last && fabs(x) >= 0.9995 * prefixes[k + 1].scale)
        k++;
    return x == 0 ? prefixes[4] : prefixes[k];
}

static bool has_prefixes(const char *unit)
{
    static const char *const units[] = {"s", "B", "B/s", "flop/s", "op/s", "item/s", "Hz"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i], unit) == 0)
            return true;
    }
    return false;
}

report_short report_quantity(double x, const char *unit)
{
    report_short out;
    if (!isfinite(x))
        return report_number(x, 3);
    if (strcmp(unit, "x") == 0) {
        snprintf(out.text, sizeof out.text, "%.32s×", with_zeros(x, 3).text);
    } else if (strcmp(unit, "share") == 0) {
        double percent = 100 * x;
        snprintf(out.text, sizeof out.text, "%.32s %%", with_zeros(percent, percent < 1 ? 2 : 3).text);
    } else if (has_prefixes(unit)) {
        prefix p = choose_prefix(x, unit);
        snprintf(out.text, sizeof out.text, "%.32s %s%s", with_zeros(x / p.scale, 3).text, p.name, unit);
    } else {
        bool shown = *unit && strlen(unit) <= 40; /* a longer one would be cut, perhaps inside a character */
        snprintf(out.text, sizeof out.text, "%.32s%s%s", report_number(x, 4).text, shown ? " " : "", shown ? unit : "");
    }
    return out;
}

report_short report_limit(double x, const char *unit)
{
    bool part_of_number = has_prefixes(unit) || strcmp(unit, "x") == 0 || strcmp(unit, "share") == 0;
    return report_quantity(x, part_of_number ? unit : "");
}

report_short report_range(double low, double high, const char *unit)
{
    report_short out;
    if (!isfinite(low) || !isfinite(high))
        return plain("–");
    if (has_prefixes(unit)) {
        prefix p = choose_prefix(high, unit);
        snprintf(out.text, sizeof out.text, "%.32s–%.32s %s%s", with_zeros(low / p.scale, 3).text,
                 with_zeros(high / p.scale, 3).text, p.name, unit);
    } else if (strcmp(unit, "x") == 0) {
        snprintf(out.text, sizeof out.text, "%.32s–%.32s×", with_zeros(low, 3).text, with_zeros(high, 3).text);
    } else {
        snprintf(out.text, sizeof out.text, "%.32s–%.32s", report_number(low, 4).text, report_number(high, 4).text);
    }
    return out;
}

report_short report_count(uint64_t n)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    report_short out;
    size_t at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out.text[at++] = ',';
        out.text[at++] = digits[i];
    }
    out.text[at] = '\0';
    return out;
}
