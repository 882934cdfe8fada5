/* Files that are read and written whole. */
#ifndef ASSAY_REPORTS_FILES_H
#define ASSAY_REPORTS_FILES_H

#include "assay/status.h"
#include "reports/text.h"

/* Makes a folder with those above it; fine if it is there. */
assay_status report_make_folder(const char *folder);

/* Writes @p text to folder/name: under another name first, then renamed, so that readers see the old file or the new.
 */
assay_status report_write_file(const char *folder, const char *name, const report_text *text);

/* Reads Chart.js from @p path; null: from $ASSAY_CHART_JS, else from where Debian's libjs-chart.js installs it. */
assay_status report_read_chart_js(const char *path, report_text *script);

#endif
