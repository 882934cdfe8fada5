/* The summary of a report on a terminal. */
#include "reports/number.h"
#include "reports/report.h"

#include <math.h>
#include <string.h>

static const char *const titles[] = {"algorithm",    "checks",         "claims",   "tightest check",
                                     "best speedup", "over best peer", "of limit", "fastest"};

enum { COLUMNS = sizeof titles / sizeof *titles, CELL = 192 };

typedef char row_cells[COLUMNS][CELL];

/* Width on a terminal: characters, not bytes. Every character used here is one column wide. */
static int width_of(const char *s)
{
    int width = 0;
    for (; *s; s++)
        width += ((unsigned char)*s & 0xC0) != 0x80;
    return width;
}

/* What came from a database must not steer the terminal. */
static void copy_printable(char *out, size_t capacity, const char *s)
{
    size_t i = 0;
    for (; s[i] && i + 1 < capacity; i++)
        out[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
    out[i] = '\0';
}

static void describe_checks(char *out, const report_tally *n)
{
    int used = snprintf(out, CELL, "%zu passed", n->passed);
    if (n->failed)
        used += snprintf(out + used, CELL - (size_t)used, ", %zu FAILED", n->failed);
    if (n->skipped)
        snprintf(out + used, CELL - (size_t)used, ", %zu skipped", n->skipped);
}

static void describe_claims(char *out, const report_tally *n)
{
    size_t all = n->reproduced + n->in_part + n->not_reproduced;
    if (!all) {
        snprintf(out, CELL, "–");
        return;
    }
    int used = snprintf(out, CELL, "%zu of %zu", n->reproduced, all);
    if (n->in_part)
        snprintf(out + used, CELL - (size_t)used, ", %zu in part", n->in_part);
}

static void describe_row(row_cells cells, const report_summary_row *row)
{
    copy_printable(cells[0], CELL, row->algorithm);
    describe_checks(cells[1], &row->tally);
    describe_claims(cells[2], &row->tally);
    snprintf(cells[3], CELL, "%s", report_quantity(row->tightest, "share").text);
    snprintf(cells[4], CELL, "%s", report_quantity(row->speedup, "x").text);
    if (isfinite(row->speedup_low) && isfinite(row->speedup_high))
        snprintf(cells[4], CELL, "%s (%s)", report_quantity(row->speedup, "x").text,
                 report_range(row->speedup_low, row->speedup_high, "x").text);
    snprintf(cells[5], CELL, "%s", report_quantity(row->over_peer, "x").text);
    snprintf(cells[6], CELL, "%s", report_quantity(row->limit_fraction, "share").text);
    copy_printable(cells[7], CELL, row->fastest);
}

static void print_row(FILE *out, row_cells cells, const int *widths, const char *before, const char *after)
{
    fputs(before, out);
    for (int k = 0; k < COLUMNS; k++) {
        int padding = k + 1 < COLUMNS ? widths[k] - width_of(cells[k]) + 2 : 0;
        fprintf(out, "%s%*s", cells[k], padding, "");
    }
    fprintf(out, "%s\n", after);
}

void report_print_summary(const report_summary *summary, FILE *out, bool colour)
{
    int widths[COLUMNS];
    row_cells cells;
    for (int k = 0; k < COLUMNS; k++)
        widths[k] = width_of(titles[k]);
    for (size_t i = 0; i < summary->row_count; i++) {
        describe_row(cells, &summary->rows[i]);
        for (int k = 0; k < COLUMNS; k++)
            widths[k] = width_of(cells[k]) > widths[k] ? width_of(cells[k]) : widths[k];
    }
    for (int k = 0; k < COLUMNS; k++)
        snprintf(cells[k], CELL, "%s", titles[k]);
    print_row(out, cells, widths, colour ? "\033[1m" : "", colour ? "\033[0m" : "");
    for (size_t i = 0; i < summary->row_count; i++) {
        describe_row(cells, &summary->rows[i]);
        bool failed = summary->rows[i].tally.failed;
        print_row(out, cells, widths, colour ? failed ? "\033[31m" : "\033[32m" : "", colour ? "\033[0m" : "");
    }
    const report_tally *n = &summary->total;
    fprintf(out, "\nchecks: %zu passed, %zu failed, %zu skipped; claims: %zu reproduced, %zu in part, %zu not\n",
            n->passed, n->failed, n->skipped, n->reproduced, n->in_part, n->not_reproduced);
    if (summary->contradictions)
        fprintf(out, "%zu verdicts changed between runs of one revision\n", summary->contradictions);
    char slowest[sizeof summary->slowest];
    copy_printable(slowest, sizeof slowest, summary->slowest);
    if (*slowest)
        fprintf(out, "slowest: %s\n", slowest);
    fprintf(out, "report: %s\n", summary->index);
}
