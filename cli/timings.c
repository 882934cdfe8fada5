#include "cli/timings.h"
#include "cli/terminal.h"
#include "reports/number.h"

#include "assay/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 2000 };

static const double confidence = 0.95;

/* A timing with everything it points to, and what follows from it. */
typedef struct kept_timing {
    assay_timing t;
    char *strings[8];
    double *seconds;
    assay_interval median;  /* of the seconds */
    assay_interval speedup; /* over the reference of the group; NaN without one */
} kept_timing;

/* ---- Keeping ----------------------------------------------------------------------------------------------------- */

static void release_timing(kept_timing *k)
{
    for (size_t i = 0; i < sizeof k->strings / sizeof k->strings[0]; i++)
        free(k->strings[i]);
    free(k->seconds);
}

static bool keep_timing(kept_timing *k, const assay_timing *timing)
{
    *k = (kept_timing){.t = *timing};
    const char **fields[] = {&k->t.algorithm, &k->t.implementation,  &k->t.workload, &k->t.limit_name,
                             &k->t.note,      &k->t.counters_reason, &k->t.replay,   &k->t.quality_label};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        k->strings[i] = strdup(*fields[i] ? *fields[i] : "");
        if (!k->strings[i])
            return false;
        *fields[i] = k->strings[i];
    }
    k->seconds = malloc((timing->repetitions + 1) * sizeof *k->seconds);
    if (!k->seconds)
        return false;
    if (timing->repetitions)
        memcpy(k->seconds, timing->seconds, timing->repetitions * sizeof *k->seconds);
    k->t.seconds = k->seconds;
    return true;
}

static bool is_same_group(const assay_timing *a, const assay_timing *b)
{
    return strcmp(a->algorithm, b->algorithm) == 0 && strcmp(a->workload, b->workload) == 0 && a->size == b->size;
}

static bool append(timing_writer *w, const assay_timing *timing)
{
    if (w->count == w->capacity) {
        const size_t capacity = w->capacity ? 2 * w->capacity : 32;
        kept_timing *group = realloc(w->group, capacity * sizeof *group);
        if (!group)
            return false;
        w->group = group;
        w->capacity = capacity;
    }
    if (!keep_timing(&w->group[w->count], timing)) {
        release_timing(&w->group[w->count]);
        return false;
    }
    w->count++;
    return true;
}

/* ---- What follows from a group ----------------------------------------------------------------------------------- */

static const kept_timing *reference_of(const timing_writer *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->group[i].t.is_reference)
            return &w->group[i];
    }
    return NULL;
}

static void evaluate(const timing_writer *w, kept_timing *k, const kept_timing *reference)
{
    const assay_random r = {.seed = w->seed, .stream = 0x626f6f74 /* "boot" */};
    const assay_interval unknown = {NAN, NAN, NAN};
    if (assay_bootstrap_median(k->seconds, k->t.repetitions, confidence, RESAMPLES, r, &k->median) != ASSAY_OK)
        k->median = unknown;
    if (k->t.is_reference)
        k->speedup = (assay_interval){1, 1, 1};
    else if (!reference || assay_bootstrap_ratio(reference->seconds, reference->t.repetitions, k->seconds,
                                                 k->t.repetitions, confidence, RESAMPLES, r, &k->speedup) != ASSAY_OK)
        k->speedup = unknown;
}

static double per_second(double amount, const kept_timing *k)
{
    return amount > 0 ? amount / k->median.estimate : NAN;
}

static double limit_fraction(const kept_timing *k)
{
    return k->t.limit_seconds > 0 ? k->t.limit_seconds / k->median.estimate : NAN;
}

static bool has_counters(const kept_timing *k)
{
    return !isnan(k->t.cycles) || !isnan(k->t.instructions) || !isnan(k->t.branch_misses) || !isnan(k->t.cache_misses);
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

/* What a reader wants of the rates: bytes, else what the algorithm counts, else operations. */
static report_short main_rate(const kept_timing *k)
{
    if (k->t.bytes > 0)
        return report_quantity(per_second(k->t.bytes, k), "B/s");
    return k->t.items > 0 ? report_quantity(per_second(k->t.items, k), "item/s")
                          : report_quantity(per_second(k->t.flops, k), "flop/s");
}

/* Prints text in a column: letters of several bytes, as in µs, take one place. */
static void print_column(FILE *out, const char *text, int width, bool right)
{
    int letters = 0;
    for (const char *c = text; *c; c++)
        letters += (*c & 0xc0) != 0x80;
    const int blanks = letters < width ? width - letters : 0;
    fprintf(out, "%*s%s%*s", right ? blanks : 0, "", text, right ? 0 : blanks, "");
}

static void write_text(const timing_writer *w, const kept_timing *k)
{
    char name[512], range[96], speedup[192] = "", limit[160] = "";
    snprintf(name, sizeof name, "%s/%s/%s/%llu", k->t.algorithm, k->t.implementation, k->t.workload,
             (unsigned long long)k->t.size);
    if (!isnan(k->speedup.estimate) && !k->t.is_reference)
        snprintf(speedup, sizeof speedup, "%.2fx [%.2f, %.2f]", k->speedup.estimate, k->speedup.low, k->speedup.high);
    if (!isnan(limit_fraction(k)))
        snprintf(limit, sizeof limit, "%3.0f %% of %s", 100 * limit_fraction(k), k->t.limit_name);
    snprintf(range, sizeof range, " [%s]", report_range(k->median.low, k->median.high, "s").text);
    print_column(w->out, name, w->width + 2, false);
    print_column(w->out, report_quantity(k->median.estimate, "s").text, 8, true);
    print_column(w->out, range, 20, false);
    print_column(w->out, speedup, 27, false);
    print_column(w->out, main_rate(k).text, 10, true);
    fprintf(w->out, "  %s%s%s", limit, *k->t.note ? "  " : "", k->t.note);
    if (*k->t.quality_label)
        fprintf(w->out, "  %s %s", k->t.quality_label, report_number(k->t.quality, 4).text);
    fputc('\n', w->out);
}

/* ---- For machines ------------------------------------------------------------------------------------------------ */

static json_t *json_interval(const char *name, const assay_interval *i)
{
    json_t *object = json_object();
    json_object_set_new(object, name, format_json_number(i->estimate));
    json_object_set_new(object, "low", format_json_number(i->low));
    json_object_set_new(object, "high", format_json_number(i->high));
    return object;
}

static json_t *json_speedup(const kept_timing *k, const kept_timing *reference)
{
    if (!reference)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "over", format_json_text(reference->t.implementation));
    json_t *interval = json_interval("ratio", &k->speedup);
    json_object_update(object, interval);
    json_decref(interval);
    return object;
}

static json_t *json_counters(const kept_timing *k)
{
    json_t *object = json_object();
    if (!has_counters(k)) {
        json_object_set_new(object, "reason", format_json_text(k->t.counters_reason));
        return object;
    }
    json_object_set_new(object, "cycles", format_json_number(k->t.cycles));
    json_object_set_new(object, "instructions", format_json_number(k->t.instructions));
    json_object_set_new(object, "branch_misses", format_json_number(k->t.branch_misses));
    json_object_set_new(object, "cache_misses", format_json_number(k->t.cache_misses));
    return object;
}

static void write_json(const timing_writer *w, const kept_timing *k, const kept_timing *reference)
{
    json_t *object = json_object();
    json_object_set_new(object, "algorithm", format_json_text(k->t.algorithm));
    json_object_set_new(object, "implementation", format_json_text(k->t.implementation));
    json_object_set_new(object, "workload", format_json_text(k->t.workload));
    json_object_set_new(object, "size", json_integer((json_int_t)k->t.size));
    json_object_set_new(object, "repetitions", json_integer((json_int_t)k->t.repetitions));
    json_object_set_new(object, "seconds", json_interval("median", &k->median));
    json_object_set_new(object, "bytes_per_second", format_json_number(per_second(k->t.bytes, k)));
    json_object_set_new(object, "items_per_second", format_json_number(per_second(k->t.items, k)));
    json_object_set_new(object, "flops_per_second", format_json_number(per_second(k->t.flops, k)));
    json_object_set_new(object, "limit_fraction", format_json_number(limit_fraction(k)));
    json_object_set_new(object, "speedup", json_speedup(k, reference));
    json_object_set_new(object, "quality_label", format_json_text(k->t.quality_label));
    json_object_set_new(object, "quality", format_json_number(k->t.quality));
    json_object_set_new(object, "counters", json_counters(k));
    format_json_line(w->out, object);
}

static void write_csv(const timing_writer *w, const kept_timing *k, const kept_timing *reference)
{
    const double numbers[] = {k->median.estimate,
                              k->median.low,
                              k->median.high,
                              per_second(k->t.bytes, k),
                              per_second(k->t.items, k),
                              per_second(k->t.flops, k),
                              limit_fraction(k)};
    const double counters[] = {k->speedup.estimate, k->speedup.low,     k->speedup.high,  k->t.cycles,
                               k->t.instructions,   k->t.branch_misses, k->t.cache_misses};
    format_csv_text(w->out, k->t.algorithm, true);
    format_csv_text(w->out, k->t.implementation, false);
    format_csv_text(w->out, k->t.workload, false);
    format_csv_count(w->out, k->t.size);
    format_csv_count(w->out, k->t.repetitions);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        format_csv_number(w->out, numbers[i]);
    format_csv_text(w->out, reference ? reference->t.implementation : "", false);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        format_csv_number(w->out, counters[i]);
    format_csv_text(w->out, has_counters(k) ? "" : k->t.counters_reason, false);
    format_csv_text(w->out, k->t.quality_label, false);
    format_csv_number(w->out, k->t.quality);
    format_csv_end(w->out);
}

static const char csv_head[] =
    "algorithm,implementation,workload,size,repetitions,seconds_median,seconds_low,seconds_high,bytes_per_second,"
    "items_per_second,flops_per_second,limit_fraction,speedup_over,speedup_ratio,speedup_low,speedup_high,cycles,"
    "instructions,branch_misses,cache_misses,counters_reason,quality_label,quality\r\n";

static void gather_case(timing_writer *w, const char *algorithm, const char *implementation, const char *workload,
                        uint64_t size, double seconds, const char *skipped)
{
    char group[256], name[256];
    snprintf(group, sizeof group, "%s.%s", algorithm, implementation);
    snprintf(name, sizeof name, "%s/%llu", workload, (unsigned long long)size);
    junit_add(&w->cases, group, name, seconds, skipped ? JUNIT_SKIPPED : JUNIT_PASSED, skipped, "");
}

/* ---- All --------------------------------------------------------------------------------------------------------- */

timing_writer timing_writer_begin(output_format format, FILE *out, int width, uint64_t seed)
{
    if (format == FORMAT_CSV)
        fputs(csv_head, out);
    return (timing_writer){.format = format, .out = out, .width = width, .seed = seed};
}

static void write_timing(timing_writer *w, kept_timing *k, const kept_timing *reference)
{
    evaluate(w, k, reference);
    switch (w->format) {
    case FORMAT_TEXT: write_text(w, k); break;
    case FORMAT_JSON: write_json(w, k, reference); break;
    case FORMAT_CSV: write_csv(w, k, reference); break;
    case FORMAT_JUNIT:
        gather_case(w, k->t.algorithm, k->t.implementation, k->t.workload, k->t.size, k->median.estimate, NULL);
        break;
    }
}

bool timing_writer_flush(timing_writer *w)
{
    const kept_timing *reference = reference_of(w);
    for (size_t i = 0; i < w->count; i++)
        write_timing(w, &w->group[i], reference);
    for (size_t i = 0; i < w->count; i++)
        release_timing(&w->group[i]);
    w->count = 0;
    fflush(w->out);
    return !w->failed;
}

void timing_write(timing_writer *w, const assay_timing *timing)
{
    if (w->count && !is_same_group(&w->group[0].t, timing))
        timing_writer_flush(w);
    w->timings++;
    if (!append(w, timing))
        w->failed = true;
}

void timing_write_skipped(timing_writer *w, const bench_item *item, const char *reason)
{
    w->skipped++;
    if (w->format == FORMAT_TEXT) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s/%s/%llu", item->algorithm, item->implementation, item->workload->name,
                 (unsigned long long)item->size);
        fprintf(w->out, "%-*s  skipped: %s\n", w->width, name, reason);
    } else if (w->format == FORMAT_JUNIT) {
        gather_case(w, item->algorithm, item->implementation, item->workload->name, item->size, 0, reason);
    }
}

bool timing_writer_end(timing_writer *w)
{
    bool complete = timing_writer_flush(w);
    free(w->group);
    w->group = NULL;
    w->capacity = 0;
    return (w->format != FORMAT_JUNIT || junit_print(&w->cases, "assay bench", w->out)) && complete;
}
