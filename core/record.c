#include "assay/record.h"

#include <string.h>

static const char *const kinds[] = {"oracle", "agreement", "law", "claim", "rejection"};
static const char *const verdicts[] = {"pass", "fail", "skipped", "reproduced", "reproduced in part", "not reproduced"};
static const char *const styles[] = {"histogram", "line", "scatter", "front"};
static const char *const series_kinds[] = {"points", "convergence", "quality and speed", "scaling"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "unknown";
}

static assay_status parse(const char *const *names, size_t count, const char *what, const char *name, unsigned *value)
{
    if (!name)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", what);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *value = i;
            return ASSAY_OK;
        }
    }
    return assay_fail(ASSAY_INVALID_ARGUMENT, "\"%s\" is no %s", name, what);
}

const char *assay_kind_name(assay_kind kind)
{
    return name_of(kinds, COUNT(kinds), (unsigned)kind);
}

const char *assay_verdict_name(assay_verdict verdict)
{
    return name_of(verdicts, COUNT(verdicts), (unsigned)verdict);
}

const char *assay_series_style_name(assay_series_style style)
{
    return name_of(styles, COUNT(styles), (unsigned)style);
}

const char *assay_series_kind_name(assay_series_kind kind)
{
    return name_of(series_kinds, COUNT(series_kinds), (unsigned)kind);
}

assay_status assay_kind_parse(const char *name, assay_kind *kind)
{
    unsigned value = 0;
    assay_status status = parse(kinds, COUNT(kinds), "kind", name, &value);
    if (status == ASSAY_OK)
        *kind = (assay_kind)value;
    return status;
}

assay_status assay_verdict_parse(const char *name, assay_verdict *verdict)
{
    unsigned value = 0;
    assay_status status = parse(verdicts, COUNT(verdicts), "verdict", name, &value);
    if (status == ASSAY_OK)
        *verdict = (assay_verdict)value;
    return status;
}

assay_status assay_series_style_parse(const char *name, assay_series_style *style)
{
    unsigned value = 0;
    assay_status status = parse(styles, COUNT(styles), "series style", name, &value);
    if (status == ASSAY_OK)
        *style = (assay_series_style)value;
    return status;
}

assay_status assay_series_kind_parse(const char *name, assay_series_kind *kind)
{
    unsigned value = 0;
    assay_status status = parse(series_kinds, COUNT(series_kinds), "kind of series", name, &value);
    if (status == ASSAY_OK)
        *kind = (assay_series_kind)value;
    return status;
}
