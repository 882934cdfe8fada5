/**
 * @file publish.h
 * Puts a finished file in the place of an older one.
 */
#ifndef ASSAY_BENCH_PUBLISH_H
#define ASSAY_BENCH_PUBLISH_H

#include "assay/status.h"

/** Brings @p part to the disk and renames it to @p path, so that whoever looks finds the old file or the new one,
 * whole. */
assay_status bench_publish(const char *part, const char *path);

#endif
