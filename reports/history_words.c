/* What series and their changes are called. */
#include "reports/history.h"
#include "reports/number.h"

#include <math.h>
#include <stdio.h>

const char *report_measure_name(report_measure measure)
{
    return measure == REPORT_TIME ? "time" : "accuracy";
}

const char *report_judgement_name(report_judgement judgement)
{
    static const char *const names[] = {"steady", "worse", "too few runs", "not in the newest run", "not judged"};
    return names[judgement];
}

report_words report_name_of_series(const report_history_series *s)
{
    report_words w;
    if (s->measure == REPORT_TIME)
        snprintf(w.text, sizeof w.text, "%.120s/%.200s/%llu", s->implementation, s->name, (unsigned long long)s->size);
    else
        snprintf(w.text, sizeof w.text, "%.120s/%.200s", s->implementation, s->name);
    return w;
}

report_words report_title_of_series(const report_history_series *s)
{
    report_words w;
    if (s->measure == REPORT_TIME)
        snprintf(w.text, sizeof w.text, "%.120s, size %.30s: %.120s", s->name, report_count(s->size).text,
                 s->implementation);
    else
        snprintf(w.text, sizeof w.text, "%.120s: worst error of %.120s", s->name, s->implementation);
    return w;
}

report_words report_size_of_change(const report_history_change *c)
{
    report_words w = {"changed"};
    const double r = c->ratio.estimate;
    if (!isfinite(r))
        return w;
    if (r >= 2)
        snprintf(w.text, sizeof w.text, "%.3g×", r);
    else if (fabs(r - 1) < 0.0005)
        snprintf(w.text, sizeof w.text, "%s0.05 %%", r >= 1 ? "+<" : "−<");
    else
        snprintf(w.text, sizeof w.text, "%s%.3g %%", r >= 1 ? "+" : "−", 100 * fabs(r - 1));
    return w;
}

report_words report_interval_of_change(const report_history_change *c)
{
    report_words w = {""};
    const assay_interval *r = &c->ratio;
    if (isfinite(r->estimate) && r->low < r->high)
        snprintf(w.text, sizeof w.text, "%+.3g to %+.3g %%", 100 * (r->low - 1), 100 * (r->high - 1));
    return w;
}

const char *report_direction_of_change(const report_history_series *s, const report_history_change *c)
{
    if (s->measure == REPORT_ACCURACY)
        return c->worse ? "less accurate" : "more accurate";
    return c->worse ? "slower" : "faster";
}
