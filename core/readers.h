/* What the readers share: a whole file in memory, and the making of results. */
#ifndef ASSAY_CORE_READERS_H
#define ASSAY_CORE_READERS_H

#include "assay/readers.h"

#include <stdbool.h>

/* A file's bytes, with a zero byte behind them. */
typedef struct file_bytes {
    const char *path;
    unsigned char *bytes;
    size_t size;
} file_bytes;

/* Reads a regular file of at most ASSAY_FILE_LIMIT bytes. */
assay_status file_read(const char *path, file_bytes *file);

void file_release(file_bytes *file);

/* Copies @p count elements in little- or big-endian order to the machine's order. */
void elements_copy(void *to, const unsigned char *from, size_t count, size_t element_size, bool big_endian);

/* Completes an array whose element, dimensions and shape are set: its data are the rest of the file from @p offset on,
 * which must be exactly as long as the shape says. */
assay_status array_from_bytes(const file_bytes *file, size_t offset, bool big_endian, assay_array *array);

/* Fails if an array of floating-point numbers holds a NaN or an infinity. */
assay_status array_check_finite(const assay_array *array, const char *path);

/* Reads a file and has @p parse make an array of it; @p array is written only on success. */
assay_status array_read(const char *path, assay_array *array,
                        assay_status (*parse)(const file_bytes *file, assay_array *array));

#endif
