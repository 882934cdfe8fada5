/* The pages' style and scripts, as they stand in reports/assets/ (see mk/assets.mk). */
#ifndef ASSAY_REPORTS_ASSETS_H
#define ASSAY_REPORTS_ASSETS_H

#include <stddef.h>

extern const char report_page_css[], report_page_js[], report_watch_js[];
extern const size_t report_page_css_length, report_page_js_length, report_watch_js_length;

#endif
