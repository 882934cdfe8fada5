/* The output of `assay history`: a table for people, objects and rows for machines. */
#include "cli/formats.h"
#include "cli/history.h"
#include "cli/terminal.h"
#include "reports/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN = 40 }; /* points of a sparkline */

/* ---- Text: small pieces -------------------------------------------------------------------------------------------
 */

static int letters_of(const char *text)
{
    int letters = 0;
    for (; *text; text++)
        letters += (*text & 0xc0) != 0x80;
    return letters;
}

static void print_column(FILE *out, const char *text, int width, bool right)
{
    const int blanks = letters_of(text) < width ? width - letters_of(text) : 0;
    fprintf(out, "%*s%s%*s", right ? blanks : 0, "", text, right ? 0 : blanks, "");
}

/* "2026-11-24 16:24" */
static report_words time_of(const report_run *run)
{
    report_words t = {""};
    const char *s = run->run.started;
    if (strlen(s) >= 16 && s[10] == 'T')
        snprintf(t.text, sizeof t.text, "%.10s %.5s", s, s + 11);
    else
        snprintf(t.text, sizeof t.text, "%.40s", s);
    return t;
}

/* "+5.1 % [+4.2, +6.0]", or both levels where a ratio means nothing. */
static report_words change_of(const report_history_series *s, const report_history_change *c)
{
    report_words t;
    const assay_interval *r = &c->ratio;
    if (isfinite(r->estimate) && r->estimate < 2) {
        snprintf(t.text, sizeof t.text, "%.60s [%+.3g, %+.3g]", report_size_of_change(c).text, 100 * (r->low - 1),
                 100 * (r->high - 1));
    } else if (isfinite(r->estimate)) {
        t = report_size_of_change(c);
    } else {
        size_t first, middle, end;
        report_segment_of(s, c->at - 1, &first, &middle);
        report_segment_of(s, c->at, &middle, &end);
        snprintf(t.text, sizeof t.text, "%.80s to %.80s", report_quantity(report_level(s, first, c->at), s->unit).text,
                 report_quantity(report_level(s, c->at, end), s->unit).text);
    }
    return t;
}

static const report_run *run_at(const report_history *h, const report_history_series *s, size_t point)
{
    return &h->runs[s->points[point].run];
}

static const report_history_change *last_change(const report_history_series *s)
{
    return s->change_count ? &s->changes[s->change_count - 1] : NULL;
}

/* ---- Sparklines ---------------------------------------------------------------------------------------------------
 */

bool history_has_blocks(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale)
            return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
    }
    return false;
}

/* The range that a line is drawn in: never narrower than 5 %, so that noise does not look like a mountain. */
static void range_of(const report_history_series *s, size_t first, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = first; i < s->count; i++) {
        *low = fmin(*low, s->points[i].value);
        *high = fmax(*high, s->points[i].value);
    }
    const double missing = 0.05 * fmax(fabs(*low), fabs(*high)) - (*high - *low);
    if (missing > 0) {
        *low -= missing / 2;
        *high += missing / 2;
    }
}

static bool changes_at(const report_history_series *s, size_t at)
{
    for (size_t i = 0; i < s->change_count; i++) {
        if (s->changes[i].at == at)
            return true;
    }
    return false;
}

history_sparkline history_draw(const report_history_series *s, size_t width, bool blocks)
{
    static const char *const levels[2][8] = {{"_", ".", ":", "-", "=", "+", "*", "#"},
                                             {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}};
    history_sparkline line = {""};
    const size_t first = s->count > width ? s->count - width : 0;
    double low, high;
    size_t used = 0;
    range_of(s, first, &low, &high);
    for (size_t i = first; i < s->count && used + 8 < sizeof line.text; i++) {
        const double share = high > low ? (s->points[i].value - low) / (high - low) : 0.5;
        const size_t level = share >= 1 ? 7 : (size_t)(8 * share);
        used += (size_t)snprintf(line.text + used, sizeof line.text - used, "%s%s",
                                 i > first && changes_at(s, i) ? (blocks ? "│" : "|") : "", levels[blocks][level]);
    }
    return line;
}

/* ---- Text ---------------------------------------------------------------------------------------------------------
 */

/* Where text goes and how it looks there. */
typedef struct printer {
    const history_arguments *arguments;
    const report_history *history;
    FILE *out;
    bool colour, blocks;
    int name_width, value_width, line_width;
} printer;

static bool is_printed(const printer *p, const report_history_series *s)
{
    return s->measure == REPORT_TIME || s->change_count || s->judgement == REPORT_WORSE || p->arguments->all;
}

static report_words name_of(const report_history_series *s)
{
    report_words t;
    snprintf(t.text, sizeof t.text, "%.200s%s", report_name_of_series(s).text,
             s->is_peer        ? " (peer)"
             : s->is_reference ? " (reference)"
                               : "");
    return t;
}

static void print_change(const printer *p, const report_history_series *s)
{
    const report_history_change *c = last_change(s);
    if (!c) {
        fputs(report_judgement_name(s->judgement), p->out);
        return;
    }
    const bool alarm = s->judgement == REPORT_WORSE;
    const char *on = !p->colour ? "" : alarm ? "\033[1;31m" : c->worse ? "\033[31m" : "\033[32m";
    fprintf(p->out, "%s%s%s %s", on, change_of(s, c).text, *on ? "\033[0m" : "", report_direction_of_change(s, c));
    fprintf(p->out, " since %s, %s%s", time_of(run_at(p->history, s, c->at)).text,
            run_at(p->history, s, c->at)->run.revision, alarm ? ", new" : "");
    if (s->change_count > 1)
        fprintf(p->out, " (and %zu before)", s->change_count - 1);
}

static report_short value_of(const report_history_series *s)
{
    return report_quantity(s->points[s->count - 1].value, s->unit);
}

static void print_heading(const printer *p)
{
    fputs(p->colour ? "  \033[2m" : "  ", p->out);
    print_column(p->out, "", p->name_width, false);
    print_column(p->out, "runs", 5, true);
    print_column(p->out, "newest", p->value_width + 2, true);
    fputs("  ", p->out);
    print_column(p->out, "over the runs", p->line_width, false);
    fprintf(p->out, "  last change%s\n", p->colour ? "\033[0m" : "");
}

static void print_series(const printer *p, const report_history_series *s)
{
    char runs[24];
    snprintf(runs, sizeof runs, "%zu", s->count);
    fputs("  ", p->out);
    print_column(p->out, name_of(s).text, p->name_width, false);
    print_column(p->out, runs, 5, true);
    print_column(p->out, value_of(s).text, p->value_width + 2, true);
    fputs("  ", p->out);
    const bool more = s->change_count || s->judgement != REPORT_STEADY;
    print_column(p->out, history_draw(s, DRAWN, p->blocks).text, more ? p->line_width + 2 : 0, false);
    if (more)
        print_change(p, s);
    fputc('\n', p->out);
}

/* What the runs of a group have in common, and how many others there are. */
static void print_group(const printer *p, const report_history_series *s)
{
    const report_history_group *g = &p->history->groups[s->group];
    size_t others = 0;
    for (size_t i = 0; i < p->history->group_count; i++)
        others += p->history->groups[i].measure == g->measure ? p->history->groups[i].runs : 0;
    others -= g->runs;
    fprintf(p->out, "%s, %s over %zu run%s: %s (%d processor%s), %s, %s%s%s%s%s\n", s->algorithm,
            g->measure == REPORT_TIME ? "times" : "worst errors", g->runs, g->runs == 1 ? "" : "s", g->machine,
            g->processors, g->processors == 1 ? "" : "s", g->compiler, g->flags, *g->depth ? ", " : "", g->depth,
            *g->data ? ", data " : "", g->data);
    if (others && !p->arguments->all)
        fprintf(p->out, "  (%zu run%s of other machines or builds cannot be compared; --all shows them)\n", others,
                others == 1 ? "" : "s");
}

static void widen(int *width, const char *text)
{
    *width = letters_of(text) > *width ? letters_of(text) : *width;
}

static void print_block(printer *p, const report_history_series *s, size_t count)
{
    size_t left_out = 0;
    p->name_width = p->line_width = p->value_width = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_printed(p, &s[i])) {
            widen(&p->name_width, name_of(&s[i]).text);
            widen(&p->value_width, value_of(&s[i]).text);
            widen(&p->line_width, history_draw(&s[i], DRAWN, p->blocks).text);
        }
    }
    widen(&p->value_width, "newest");
    widen(&p->line_width, "over the runs");
    print_group(p, s);
    if (p->name_width)
        print_heading(p);
    for (size_t i = 0; i < count; i++) {
        if (is_printed(p, &s[i]))
            print_series(p, &s[i]);
        else
            left_out++;
    }
    if (left_out)
        fprintf(p->out, "  %zu worst error%s without a change\n", left_out, left_out == 1 ? "" : "s");
    fputc('\n', p->out);
}

/* Whether regress can build the revision. */
static bool is_known(const char *revision)
{
    return *revision && !strstr(revision, "-dirty") && strcmp(revision, "unknown") != 0;
}

static void print_alarm(const printer *p, const report_history_series *s)
{
    const report_history_change *c = last_change(s);
    const report_run *first = run_at(p->history, s, c->at), *before = run_at(p->history, s, c->at - 1);
    const size_t runs = s->count - c->at;
    fprintf(p->out, "%s: %s/%s: %s in the newest %s", report_direction_of_change(s, c), s->algorithm,
            report_name_of_series(s).text, change_of(s, c).text, runs == 1 ? "run" : "");
    if (runs > 1)
        fprintf(p->out, "%zu runs", runs);
    fprintf(p->out, ", since revision %s (before: %s)\n", first->run.revision, before->run.revision);
    if (s->measure == REPORT_TIME && is_known(before->run.revision))
        fprintf(p->out, "  to be sure: %s regress --base %s '%s/%s'\n", command_program, before->run.revision,
                s->algorithm, report_name_of_series(s).text);
}

static void print_text(const history_arguments *a, const report_history *h, FILE *out)
{
    printer p = {
        .arguments = a, .history = h, .out = out, .colour = terminal_has_colour(out), .blocks = history_has_blocks()};
    for (size_t i = 0, end; i < h->series_count; i = end) {
        const report_history_series *s = &h->series[i];
        for (end = i + 1;
             end < h->series_count && h->series[end].group == s->group && h->series[end].algorithm == s->algorithm;)
            end++;
        print_block(&p, s, end - i);
    }
    for (size_t i = 0; i < h->series_count; i++) {
        if (h->series[i].judgement == REPORT_WORSE)
            print_alarm(&p, &h->series[i]);
    }
    const history_summary sum = history_summarize(h);
    fprintf(out, "%zu judged: %zu worse, %zu steady; %zu with too few runs\n", sum.judged, sum.worse,
            sum.judged - sum.worse, sum.too_few);
}

/* ---- For machines -------------------------------------------------------------------------------------------------
 */

static json_t *json_points(const report_history *h, const report_history_series *s)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->count; i++) {
        size_t first, end;
        const report_history_point *point = &s->points[i];
        const report_run *run = run_at(h, s, i);
        report_segment_of(s, i, &first, &end);
        json_t *object = json_object();
        json_object_set_new(object, "run", json_integer(run->id));
        json_object_set_new(object, "started", format_json_text(run->run.started));
        json_object_set_new(object, "revision", format_json_text(run->run.revision));
        json_object_set_new(object, "value", format_json_number(point->value));
        json_object_set_new(object, "low", format_json_number(point->low));
        json_object_set_new(object, "high", format_json_number(point->high));
        json_object_set_new(object, "level", format_json_number(report_level(s, first, end)));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *json_changes(const report_history *h, const report_history_series *s)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->change_count; i++) {
        const report_history_change *c = &s->changes[i];
        json_t *object = json_object();
        json_object_set_new(object, "run", json_integer(run_at(h, s, c->at)->id));
        json_object_set_new(object, "revision", format_json_text(run_at(h, s, c->at)->run.revision));
        json_object_set_new(object, "before", format_json_text(run_at(h, s, c->at - 1)->run.revision));
        json_object_set_new(object, "ratio", format_json_number(c->ratio.estimate));
        json_object_set_new(object, "low", format_json_number(c->ratio.low));
        json_object_set_new(object, "high", format_json_number(c->ratio.high));
        json_object_set_new(object, "p", format_json_number(c->p));
        json_object_set_new(object, "worse", json_boolean(c->worse));
        json_object_set_new(object, "newest", json_boolean(c->newest));
        json_array_append_new(array, object);
    }
    return array;
}

static void print_json(const report_history *h, const report_history_series *s, FILE *out)
{
    const report_history_group *g = &h->groups[s->group];
    json_t *object = json_object();
    json_object_set_new(object, "algorithm", format_json_text(s->algorithm));
    json_object_set_new(object, "measure", format_json_text(report_measure_name(s->measure)));
    json_object_set_new(object, "name", format_json_text(report_name_of_series(s).text));
    json_object_set_new(object, "implementation", format_json_text(s->implementation));
    json_object_set_new(object, s->measure == REPORT_TIME ? "workload" : "check", format_json_text(s->name));
    if (s->measure == REPORT_TIME)
        json_object_set_new(object, "size", json_integer((json_int_t)s->size));
    else
        json_object_set_new(object, "workload", format_json_text(s->workload));
    json_object_set_new(object, "threads", json_integer(s->threads));
    json_object_set_new(object, "unit", format_json_text(s->unit));
    json_object_set_new(object, "peer", json_boolean(s->is_peer));
    json_object_set_new(object, "reference", json_boolean(s->is_reference));
    json_object_set_new(object, "machine", format_json_text(g->machine));
    json_object_set_new(object, "processors", json_integer(g->processors));
    json_object_set_new(object, "compiler", format_json_text(g->compiler));
    json_object_set_new(object, "flags", format_json_text(g->flags));
    json_object_set_new(object, "depth", format_json_text(g->depth));
    json_object_set_new(object, "judgement", format_json_text(report_judgement_name(s->judgement)));
    json_object_set_new(object, "p", format_json_number(s->p));
    json_object_set_new(object, "p_adjusted", format_json_number(s->adjusted));
    json_object_set_new(object, "changes", json_changes(h, s));
    json_object_set_new(object, "points", json_points(h, s));
    format_json_line(out, object);
}

static void print_csv(const report_history *h, const report_history_series *s, FILE *out)
{
    const report_history_group *g = &h->groups[s->group];
    for (size_t i = 0; i < s->count; i++) {
        const report_run *run = run_at(h, s, i);
        size_t first, end;
        report_segment_of(s, i, &first, &end);
        format_csv_text(out, s->algorithm, true);
        format_csv_text(out, report_measure_name(s->measure), false);
        format_csv_text(out, s->implementation, false);
        format_csv_text(out, s->name, false);
        format_csv_text(out, s->measure == REPORT_TIME ? "" : s->workload, false);
        format_csv_count(out, s->size);
        format_csv_count(out, (uint64_t)s->threads);
        format_csv_text(out, s->unit, false);
        format_csv_text(out, g->machine, false);
        format_csv_text(out, g->compiler, false);
        format_csv_text(out, g->flags, false);
        format_csv_count(out, (uint64_t)run->id);
        format_csv_text(out, run->run.started, false);
        format_csv_text(out, run->run.revision, false);
        format_csv_number(out, s->points[i].value);
        format_csv_number(out, s->points[i].low);
        format_csv_number(out, s->points[i].high);
        format_csv_number(out, report_level(s, first, end));
        format_csv_count(out, changes_at(s, i));
        format_csv_text(out, report_judgement_name(s->judgement), false);
        format_csv_end(out);
    }
}

static const char csv_head[] =
    "algorithm,measure,implementation,name,workload,size,threads,unit,machine,compiler,flags,"
    "run,started,revision,value,low,high,level,change,judgement\r\n";

void history_print(const history_arguments *a, const report_history *h, FILE *out)
{
    if (a->common.format == FORMAT_TEXT) {
        print_text(a, h, out);
        return;
    }
    if (a->common.format == FORMAT_CSV)
        fputs(csv_head, out);
    for (size_t i = 0; i < h->series_count; i++) {
        if (a->common.format == FORMAT_CSV)
            print_csv(h, &h->series[i], out);
        else
            print_json(h, &h->series[i], out);
    }
}
