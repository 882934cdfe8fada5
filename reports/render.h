/* The report in the formats other than pages. */
#ifndef ASSAY_REPORTS_RENDER_H
#define ASSAY_REPORTS_RENDER_H

#include "reports/model.h"
#include "reports/text.h"

/* report.md: for reading as it stands. */
void report_markdown(report_text *t, const report_model *model);

/* results.json: everything, at full precision; docs/reading-a-report.md describes it. */
void report_json(report_text *t, const report_model *model);

/* junit.xml: checks as test cases. Claims are cases that do not fail, whatever their verdict. */
void report_junit(report_text *t, const report_model *model);

#endif
