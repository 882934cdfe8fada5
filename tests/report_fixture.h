/* A database with records of every kind, for the tests of the reports: two revisions, every verdict, kind and style,
 * sweeps, timings with peers, limits, missing and infinite numbers, and strings that attack each output format. */
#ifndef ASSAY_TESTS_REPORT_FIXTURE_H
#define ASSAY_TESTS_REPORT_FIXTURE_H

#include <stdbool.h>

/* What the hostile strings hold; a page that runs it defines window.assayHostile. */
extern const char fixture_hostile[];

/* Makes the database; false if the store refused something (assay_error() says what). @p failing adds a failed check.
 */
bool fixture_make_database(const char *path, bool failing);

/* Removes a folder with all that is in it. */
bool fixture_remove_folder(const char *folder);

#endif
