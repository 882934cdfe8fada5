/* What a check says to the harness: measurements, demands, skips, notes. */
#include "verify/context.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

verify_depth verify_depth_of(const verify_context *v)
{
    return v->depth;
}

assay_level verify_level_of(const verify_context *v)
{
    return v->item->level;
}

uint64_t verify_seed_of(const verify_context *v)
{
    return v->seed;
}

assay_random verify_random(const verify_context *v, uint64_t stream)
{
    return (assay_random){v->seed, stream};
}

/* The first failure is the one that is shown. */
static void fail(verify_context *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(verify_context *v, const char *format, ...)
{
    verify_outcome *o = v->outcome;
    if (o->failed)
        return;
    o->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(o->reason, sizeof o->reason, format, arguments);
    va_end(arguments);
}

static double tightness(double measured, double limit, int at_least)
{
    double part = at_least ? limit : measured, whole = at_least ? measured : limit;
    if (part == whole)
        return 1;
    return whole == 0 ? INFINITY : fabs(part / whole);
}

static void hold(verify_context *v, double measured, double limit, int at_least, const char *unit, const char *place)
{
    verify_outcome *o = v->outcome;
    const bool passes = at_least ? measured >= limit : measured <= limit; /* false for NaN */
    const double tight = passes ? tightness(measured, limit, at_least) : INFINITY;
    o->asserted_something = true;
    if (o->failed || (passes && o->measured_something && !(tight > o->tightness)))
        return;
    o->measured_something = true;
    o->measured = measured;
    o->limit = limit;
    o->at_least = at_least;
    o->tightness = tight;
    snprintf(o->unit, sizeof o->unit, "%s", unit ? unit : "");
    snprintf(o->place, sizeof o->place, "%s", place);
    if (!passes)
        fail(v, "%s: measured %.9g, must be at %s %.9g %s", place, measured, at_least ? "least" : "most", limit,
             o->unit);
}

#define FORMAT_TEXT(text, format)                                                                                      \
    char text[320];                                                                                                    \
    do {                                                                                                               \
        va_list arguments_;                                                                                            \
        va_start(arguments_, format);                                                                                  \
        vsnprintf(text, sizeof text, format, arguments_);                                                              \
        va_end(arguments_);                                                                                            \
    } while (0)

void verify_at_most(verify_context *v, double measured, double limit, const char *unit, const char *format, ...)
{
    FORMAT_TEXT(place, format);
    hold(v, measured, limit, 0, unit, place);
}

void verify_at_least(verify_context *v, double measured, double limit, const char *unit, const char *format, ...)
{
    FORMAT_TEXT(place, format);
    hold(v, measured, limit, 1, unit, place);
}

bool verify_true(verify_context *v, bool condition, const char *format, ...)
{
    v->outcome->asserted_something = true;
    if (!condition) {
        FORMAT_TEXT(text, format);
        fail(v, "not so: %s", text);
    }
    return condition;
}

bool verify_same_bits(verify_context *v, uint64_t actual, uint64_t expected, const char *format, ...)
{
    v->outcome->asserted_something = true;
    if (actual != expected) {
        FORMAT_TEXT(text, format);
        fail(v, "%s: got 0x%llx, expected 0x%llx", text, (unsigned long long)actual, (unsigned long long)expected);
    }
    return actual == expected;
}

bool verify_ok(verify_context *v, assay_status status, const char *format, ...)
{
    v->outcome->asserted_something = true;
    if (status != ASSAY_OK) {
        FORMAT_TEXT(text, format);
        fail(v, "%s: %s: %s", text, assay_status_name(status), assay_error());
    }
    return status == ASSAY_OK;
}

void verify_rejects(verify_context *v, assay_status actual, assay_status expected, const char *mentions,
                    const char *format, ...)
{
    v->outcome->asserted_something = true;
    FORMAT_TEXT(text, format);
    if (actual != expected)
        fail(v, "%s: status is \"%s\", expected \"%s\"", text, assay_status_name(actual), assay_status_name(expected));
    else if (mentions && !strstr(assay_error(), mentions))
        fail(v, "%s: the message \"%s\" does not mention \"%s\"", text, assay_error(), mentions);
}

void verify_skip(verify_context *v, const char *format, ...)
{
    if (v->outcome->skipped)
        return;
    FORMAT_TEXT(text, format);
    v->outcome->skipped = true;
    if (!v->outcome->failed)
        snprintf(v->outcome->reason, sizeof v->outcome->reason, "%s", text);
}

void verify_note(verify_context *v, const char *format, ...)
{
    FORMAT_TEXT(text, format);
    snprintf(v->outcome->note, sizeof v->outcome->note, "%s", text);
}

void verify_perform_claim(verify_context *v, const verify_claim *claim)
{
    enum { MOST = 64 };
    verify_outcome *o = v->outcome;
    double values[MOST];
    int seeds = claim->seeds < 1 ? 1 : claim->seeds > MOST ? MOST : claim->seeds, passed = 0, in_part = 0;
    const bool has_part = claim->part_low != 0 || claim->part_high != 0;
    o->is_claim = true;
    for (int i = 0; i < seeds; i++) {
        double value = claim->measure(v, v->seed + (uint64_t)i);
        if (o->skipped)
            return;
        if (isnan(value)) {
            fail(v, "seed %llu could not be measured: %s", (unsigned long long)v->seed + (unsigned)i, o->note);
            return;
        }
        const bool passes = value >= claim->low && value <= claim->high;
        passed += passes;
        in_part += has_part && (passes || (value >= claim->part_low && value <= claim->part_high));
        int k = i;
        for (; k > 0 && values[k - 1] > value; k--)
            values[k] = values[k - 1];
        values[k] = value;
    }
    o->asserted_something = true;
    o->measured_something = true;
    o->measured = seeds % 2 ? values[seeds / 2] : 0.5 * (values[seeds / 2 - 1] + values[seeds / 2]);
    o->at_least = isinf(claim->high);
    o->limit = isinf(claim->high) ? claim->low : claim->high;
    snprintf(o->unit, sizeof o->unit, "%s", claim->unit ? claim->unit : "");
    o->spread_low = values[0];
    o->spread_high = values[seeds - 1];
    o->seeds = seeds;
    o->seeds_passed = passed;
    o->claim_verdict = passed == seeds                           ? ASSAY_REPRODUCED
                       : 2 * passed >= seeds || in_part == seeds ? ASSAY_REPRODUCED_IN_PART
                                                                 : ASSAY_NOT_REPRODUCED;
}

void verify_perform(verify_context *v)
{
    const verify_check *check = v->item->check;
    if (check->kernel)
        verify_perform_kernel(v, check->kernel);
    else if (check->claim)
        verify_perform_claim(v, check->claim);
    else if (check->run)
        check->run(v);
    if (!v->outcome->failed && !v->outcome->skipped && !v->outcome->asserted_something && !check->sweep)
        fail(v, "the check asserted nothing");
    v->outcome->done = true;
}
