/**
 * @file temporary.h
 * Names for files that are written whole: under a temporary name, synced, then renamed. Who finds the file finds the
 * old or the new one.
 */
#ifndef ASSAY_REPORTS_TEMPORARY_H
#define ASSAY_REPORTS_TEMPORARY_H

#include "assay/status.h"

/**
 * Gives a new name in the folder of @p path, ".NAME.HOST-PROCESS", under which nothing is, and removes what processes
 * of this host that were killed left under such names, an SQLite database's other files included. Freed by free().
 */
assay_status temporary_name(const char *path, char **name);

/** Removes the file and those that SQLite makes beside a database of that name. */
void temporary_remove(const char *name);

/** Lets what was renamed in the folder of @p path outlive a power cut. */
assay_status temporary_sync_folder(const char *path);

/** Writes a file's content to the disk. */
assay_status temporary_sync(const char *path);

#endif
