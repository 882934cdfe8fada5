/* Numbers as people read them: few digits, SI prefixes, powers of ten. All text is UTF-8. */
#ifndef ASSAY_REPORTS_NUMBER_H
#define ASSAY_REPORTS_NUMBER_H

#include <stdint.h>

/* A short text by value, for use in an argument: report_number(x, 4).text. */
typedef struct report_short {
    char text[80];
} report_short;

/* @p digits significant digits, as 0.8785 or 3.52×10⁻¹⁵; "–" for NaN, "∞" for infinity. */
report_short report_number(double x, int digits);

/* A number with its unit: "s", "B", "B/s", "flop/s", "op/s", "item/s" and "Hz" get SI prefixes, "x" is a ratio (12.3×),
 * "share" a fraction as percentage, anything else follows the number as it is. */
report_short report_quantity(double x, const char *unit);

/* The same without a unit that only follows the number: for a limit beside what it limits. */
report_short report_limit(double x, const char *unit);

/* "low to high" of one unit, as 0.40–0.43 ns. */
report_short report_range(double low, double high, const char *unit);

/* With groups of three digits: 4,294,967,296. */
report_short report_count(uint64_t n);

#endif
