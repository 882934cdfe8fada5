/* What the pages share: their frame, tables, marks. */
#include "reports/page.h"

#include "assay/build.h"
#include "core/assert.h"
#include "reports/assets.h"
#include "reports/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Frame ------------------------------------------------------------------------------------------------------ */

/* Nothing may be fetched, whatever a page says: it is whole in itself. */
static const char policy[] = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
                             "'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action "
                             "'none'\">\n";

static const char icon[] = "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' "
                           "viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23a67c1e'/%3E%3C/svg%3E\">\n";

void report_page_begin(report_text *t, const char *title, bool home)
{
    report_text_add(t, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    report_text_add(t, policy);
    report_text_add(
        t, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    report_text_add(t, icon);
    report_text_add(t, "<title>");
    report_text_html(t, title);
    report_text_add(t, "</title>\n<style>\n");
    report_text_bytes(t, report_page_css, report_page_css_length);
    report_text_add(t, "</style>\n<script>\n");
    report_text_script(t, report_watch_js, report_watch_js_length);
    report_text_add(t, "</script>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
                       "<header class=\"site\"><div class=\"inner\">");
    report_text_add(t,
                    home ? "<span class=\"brand\">assay</span>" : "<a class=\"brand\" href=\"index.html\">assay</a>");
    report_text_add(t, "<nav aria-label=\"Sections\" id=\"sections\"></nav></div></header>\n<main id=\"main\">\n"
                       "<noscript><p class=\"hint\">Charts, sorting and filters need JavaScript; the tables below each "
                       "chart have its data.</p></noscript>\n");
}

void report_page_end(report_text *t, const report_text *chart_js)
{
    report_text_add(t, "</main>\n<footer><p>Written by assay ");
    report_text_html(t, assay_version());
    report_text_add(
        t, ". The same content for programs: <a href=\"results.json\">results.json</a>, <a "
           "href=\"junit.xml\">junit.xml</a>; as text: <a href=\"report.md\">report.md</a>.</p></footer>\n<script>\n");
    if (chart_js->data)
        report_text_script(t, chart_js->data, chart_js->length);
    report_text_add(t, "\n</script>\n<script>\n");
    report_text_script(t, report_page_js, report_page_js_length);
    report_text_add(t, "</script>\n</body>\n</html>\n");
}

void report_section_begin(report_text *t, const char *id, const char *heading)
{
    report_text_format(t, "<section id=\"%s\" aria-labelledby=\"%s-heading\">\n<h2 id=\"%s-heading\">", id, id, id);
    report_text_html(t, heading);
    report_text_add(t, "</h2>\n");
}

void report_section_end(report_text *t)
{
    report_text_add(t, "</section>\n");
}

void report_hint(report_text *t, const char *text)
{
    report_text_add(t, "<p class=\"hint\">");
    report_text_html(t, text);
    report_text_add(t, "</p>\n");
}

/* ---- Tables ----------------------------------------------------------------------------------------------------- */

static report_table begin_table(report_text *t, const char *caption, const report_column *columns, size_t count,
                                bool plain)
{
    report_text_format(t, "<div class=\"scroll\"><table%s><caption class=\"hidden\">",
                       plain ? "" : " class=\"sortable\"");
    report_text_html(t, caption);
    report_text_add(t, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        report_text_add(t, columns[i].cells == REPORT_NUMBERS ? "<th scope=\"col\" class=\"number\" data-label=\""
                                                              : "<th scope=\"col\" data-label=\"");
        report_text_html(t, columns[i].title);
        report_text_add(t, "\">");
        report_text_html(t, columns[i].title);
        report_text_add(t, "</th>");
    }
    report_text_add(t, "</tr></thead>\n<tbody>\n");
    return (report_table){.text = t, .columns = columns, .column_count = count, .plain = plain};
}

report_table report_table_begin(report_text *t, const char *caption, const report_column *columns, size_t count)
{
    return begin_table(t, caption, columns, count, false);
}

report_table report_plain_table_begin(report_text *t, const char *caption, const report_column *columns, size_t count)
{
    return begin_table(t, caption, columns, count, true);
}

void report_table_row(report_table *table)
{
    report_text_add(table->text, table->in_row ? "</tr>\n<tr>" : "<tr>");
    table->in_row = true;
    table->column = 0;
}

void report_table_end(report_table *table)
{
    report_text_add(table->text, table->in_row ? "</tr>\n</tbody></table></div>\n" : "</tbody></table></div>\n");
}

void report_cell_begin(report_table *table, double value)
{
    report_text *t = table->text;
    ASSAY_ASSERT(table->in_row && table->column < table->column_count);
    const report_column *column = &table->columns[table->column++ % table->column_count];
    static const char *const begins[] = {[REPORT_WORDS] = "<td data-label=\"",
                                         [REPORT_NUMBERS] = "<td class=\"number\" data-label=\"",
                                         [REPORT_PROSE] = "<td class=\"prose\" data-label=\""};
    report_text_add(t, begins[column->cells]);
    report_text_html(t, column->title);
    if (!isnan(value))
        report_text_format(t, "\" data-value=\"%.9g", value);
    else if (column->cells == REPORT_NUMBERS)
        report_text_add(t, "\" data-value=\"");
    report_text_add(t, "\">");
}

void report_cell_end(report_table *table)
{
    report_text_add(table->text, "</td>");
}

static void head_cell(report_table *table, const char *text)
{
    report_text_add(table->text, "<th scope=\"row\">");
    report_text_html(table->text, text);
    report_text_add(table->text, "</th>");
    table->column++;
}

void report_cell(report_table *table, const char *text)
{
    if (table->plain && table->column == 0) {
        head_cell(table, text);
        return;
    }
    report_cell_begin(table, NAN);
    report_text_html(table->text, text);
    report_cell_end(table);
}

void report_cell_number(report_table *table, double value, const char *shown)
{
    report_cell_begin(table, value);
    report_text_html(table->text, shown);
    report_cell_end(table);
}

void report_cell_interval(report_table *table, const assay_interval *interval, const char *unit)
{
    report_cell_begin(table, interval->estimate);
    report_text_html(table->text, report_quantity(interval->estimate, unit).text);
    if (isfinite(interval->low) && isfinite(interval->high) && interval->low < interval->high) {
        report_text_add(table->text, "<small class=\"interval\">");
        report_text_html(table->text, report_range(interval->low, interval->high, unit).text);
        report_text_add(table->text, "</small>");
    }
    report_cell_end(table);
}

void report_cell_verdict(report_table *table, assay_verdict verdict)
{
    static const int severity[] = {
        [ASSAY_FAIL] = 0,    [ASSAY_NOT_REPRODUCED] = 1, [ASSAY_REPRODUCED_IN_PART] = 2,
        [ASSAY_SKIPPED] = 3, [ASSAY_REPRODUCED] = 4,     [ASSAY_PASS] = 5,
    };
    report_cell_begin(table, severity[verdict]);
    report_verdict_mark(table->text, verdict);
    report_cell_end(table);
}

void report_cell_replay(report_table *table, const char *command)
{
    report_cell_begin(table, NAN);
    if (*command) {
        report_text_add(table->text, "<details class=\"replay\"><summary>command</summary><code>");
        report_text_html(table->text, command);
        report_text_add(table->text, "</code></details>");
    }
    report_cell_end(table);
}

/* ---- Marks ------------------------------------------------------------------------------------------------------ */

const char *report_verdict_class(assay_verdict verdict)
{
    static const char *const classes[] = {
        [ASSAY_PASS] = "pass",       [ASSAY_FAIL] = "fail",           [ASSAY_SKIPPED] = "skip",
        [ASSAY_REPRODUCED] = "pass", [ASSAY_NOT_REPRODUCED] = "fail", [ASSAY_REPRODUCED_IN_PART] = "part",
    };
    return classes[verdict];
}

void report_verdict_mark(report_text *t, assay_verdict verdict)
{
    static const char *const signs[] = {
        [ASSAY_PASS] = "✓",       [ASSAY_FAIL] = "✗",           [ASSAY_SKIPPED] = "–",
        [ASSAY_REPRODUCED] = "✓", [ASSAY_NOT_REPRODUCED] = "✗", [ASSAY_REPRODUCED_IN_PART] = "◐",
    };
    report_text_format(t, "<span class=\"verdict %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
                       report_verdict_class(verdict), signs[verdict], assay_verdict_name(verdict));
}

void report_tally_bar(report_text *t, const report_tally *tally, bool claims)
{
    const struct {
        size_t count;
        const char *class, *sign, *word;
    } parts[2][3] = {
        {{tally->passed, "pass", "✓", "passed"},
         {tally->skipped, "skip", "–", "skipped"},
         {tally->failed, "fail", "✗", "failed"}},
        {{tally->reproduced, "pass", "✓", "reproduced"},
         {tally->in_part, "part", "◐", "in part"},
         {tally->not_reproduced, "fail", "✗", "not reproduced"}},
    };
    report_text_add(t, "<span class=\"tally\"><span class=\"stack\" aria-hidden=\"true\">");
    for (size_t i = 0; i < 3; i++) {
        if (parts[claims][i].count)
            report_text_format(t, "<span class=\"%s\" style=\"flex:%zu\"></span>", parts[claims][i].class,
                               parts[claims][i].count);
    }
    report_text_add(t, "</span><span class=\"counts\">");
    for (size_t i = 0; i < 3; i++) {
        if (parts[claims][i].count)
            report_text_format(t, "<span class=\"%s\"><span aria-hidden=\"true\">%s</span> %zu %s</span> ",
                               parts[claims][i].class, parts[claims][i].sign, parts[claims][i].count,
                               parts[claims][i].word);
    }
    report_text_add(t, "</span></span>");
}

void report_origin(report_text *t, const report_model *model, const report_model_run *run)
{
    if (strcmp(run->stored.run.revision, report_newest_revision(model)) == 0)
        return;
    report_text_add(t, "<small class=\"origin\">from revision ");
    report_text_html(t, run->stored.run.revision);
    report_text_add(t, "</small>");
}

report_run_name report_name_of_run(const report_model_run *run)
{
    return report_name_of_start(&run->stored.run);
}

report_run_name report_name_of_start(const assay_run *r)
{
    report_run_name name = {""};
    bool iso = strlen(r->started) >= 16 && r->started[10] == 'T';
    if (iso)
        snprintf(name.text, sizeof name.text, "%.10s %.5s", r->started, r->started + 11);
    else if (strlen(r->started) < 40)
        snprintf(name.text, sizeof name.text, "%s", r->started);
    size_t used = strlen(name.text);
    if (strlen(r->revision) < 64) /* a longer one is none, and would be cut inside a character */
        snprintf(name.text + used, sizeof name.text - used, "%s%s", used ? " · " : "", r->revision);
    return name;
}

/* ---- Claims ----------------------------------------------------------------------------------------------------- */

bool report_has_claims(const report_model_algorithm *algorithm)
{
    for (size_t i = 0; i < algorithm->result_count; i++) {
        if (algorithm->results[i].record.kind == ASSAY_CLAIM)
            return true;
    }
    return false;
}

static void claim_words(report_text *t, const report_model *model, const report_model_result *result)
{
    const assay_result *r = &result->record;
    report_text_add(t, "<strong class=\"name\">");
    report_text_html(t, r->check);
    report_text_add(t, "</strong> ");
    report_text_html(t, r->statement);
    if (*r->reason) {
        report_text_add(t, "<small class=\"reason\">");
        report_text_html(t, r->reason);
        report_text_add(t, "</small>");
    }
    report_origin(t, model, result->run);
}

static void claim_row(report_table *table, const report_model *model, const report_model_algorithm *a,
                      const report_model_result *result, bool with_algorithm)
{
    report_text *t = table->text;
    const assay_result *r = &result->record;
    report_table_row(table);
    if (with_algorithm) {
        report_cell_begin(table, NAN);
        report_text_format(t, "<a href=\"%s\">", a->file);
        report_text_html(t, a->name);
        report_text_add(t, "</a>");
        report_cell_end(table);
    }
    report_cell_verdict(table, r->verdict);
    report_cell_begin(table, NAN);
    claim_words(t, model, result);
    report_cell_end(table);
    report_cell(table, *r->paper_value ? r->paper_value : "–");
    report_cell_number(table, r->measured, report_quantity(r->measured, r->unit).text);
    bool spread = r->seeds > 1;
    report_cell_number(table, spread ? r->spread_high - r->spread_low : NAN,
                       spread ? report_range(r->spread_low, r->spread_high, r->unit).text : "–");
    char seeds[32];
    snprintf(seeds, sizeof seeds, "%d of %d", r->seeds_passed, r->seeds);
    report_cell_number(table, r->seeds > 0 ? (double)r->seeds_passed / r->seeds : NAN, r->seeds > 0 ? seeds : "–");
    report_cell(table, r->provenance);
    report_cell_replay(table, r->replay);
}

void report_claims_table(report_text *t, const report_model *model, const report_model_algorithm *only)
{
    static const report_column columns[] = {
        {"Algorithm", REPORT_WORDS}, {"Verdict", REPORT_WORDS}, {"Claim", REPORT_PROSE},
        {"Paper", REPORT_WORDS},     {"Ours", REPORT_NUMBERS},  {"Spread", REPORT_NUMBERS},
        {"Seeds", REPORT_NUMBERS},   {"Source", REPORT_WORDS},  {"Replay", REPORT_WORDS}};
    size_t skip = only ? 1 : 0;
    report_table table = report_table_begin(t, "Claims of the papers, measured again", columns + skip,
                                            sizeof columns / sizeof *columns - skip);
    for (size_t i = 0; i < model->algorithm_count; i++) {
        const report_model_algorithm *a = model->algorithms[i];
        for (size_t k = 0; (!only || a == only) && k < a->result_count; k++) {
            if (a->results[k].record.kind == ASSAY_CLAIM)
                claim_row(&table, model, a, &a->results[k], !only);
        }
    }
    report_table_end(&table);
}
