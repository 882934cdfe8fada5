/**
 * @file readers.h
 * Readers of data files: CSV, NumPy's .npy, IDX (MNIST's format), .fvecs and .ivecs; and where the data folder is.
 *
 * Every reader takes a path to a regular file of at most ASSAY_FILE_LIMIT bytes, reads all of it, and either fills its
 * result or leaves it untouched and fails: ASSAY_IO if the file cannot be opened or read, ASSAY_NO_MEMORY, and
 * ASSAY_BAD_DATA if it is too large, truncated, malformed, of a shape that contradicts its length, or holds NaN or
 * infinities. The message names the file, the line or byte, and the value. Files are read the same way whatever the
 * locale and the byte order of the machine. Nothing in a file is trusted.
 */
#ifndef ASSAY_READERS_H
#define ASSAY_READERS_H

#include "assay/status.h"

#include <stddef.h>
#include <stdint.h>

ASSAY_BEGIN_DECLARATIONS

/** Largest file that the readers accept, in bytes: 4 GiB. */
#define ASSAY_FILE_LIMIT (UINT64_C(1) << 32)

/** Numbers in rows and columns, row-major. */
typedef struct assay_table {
    double *values; /**< rows * columns numbers */
    size_t rows;    /**< at least 1 */
    size_t columns; /**< at least 1 */
} assay_table;

/** Reads comma-separated finite numbers, the same count on every line. A line that begins with '#' is a comment, blank
 *  lines are left out, spaces and tabs around a number are allowed; there is no header line and no quoting. At least
 *  one number is needed. Release the result with assay_table_release(). */
assay_status assay_read_csv(const char *path, assay_table *table);

/** Releases what a reader gave and zeroes the structure; a zeroed structure is fine. */
void assay_table_release(assay_table *table);

/** Element types of arrays. */
typedef enum assay_element {
    ASSAY_ELEMENT_U8,  /**< uint8_t */
    ASSAY_ELEMENT_I8,  /**< int8_t */
    ASSAY_ELEMENT_I16, /**< int16_t */
    ASSAY_ELEMENT_I32, /**< int32_t */
    ASSAY_ELEMENT_I64, /**< int64_t */
    ASSAY_ELEMENT_F32, /**< float */
    ASSAY_ELEMENT_F64  /**< double */
} assay_element;

/** Size of an element in bytes; 0 if @p element is none. */
size_t assay_element_size(assay_element element);

/** Largest number of dimensions. */
#define ASSAY_DIMENSIONS 8

/** An array in memory, row-major (last index fastest), in the machine's byte order. */
typedef struct assay_array {
    assay_element element;          /**< type of @c data's elements */
    size_t dimensions;              /**< 0 (a single number) to ASSAY_DIMENSIONS */
    size_t shape[ASSAY_DIMENSIONS]; /**< length along each of the dimensions, slowest first */
    size_t count;                   /**< product of the shape */
    void *data;                     /**< count elements, aligned to ASSAY_ALIGNMENT */
} assay_array;

/** Reads a .npy file (versions 1 to 3) of u1, i1, i2, i4, i8, f4 or f8 in either byte order, in C order. */
assay_status assay_read_npy(const char *path, assay_array *array);

/** Reads an IDX file: unsigned and signed bytes, 16- and 32-bit integers, float and double, big-endian. */
assay_status assay_read_idx(const char *path, assay_array *array);

/** Reads .fvecs: rows of float32, each with its length (int32) before it, little-endian; all rows must be as long as
 *  the first. The result has 2 dimensions. An empty file is malformed. */
assay_status assay_read_fvecs(const char *path, assay_array *array);

/** Reads .ivecs: the same with int32. */
assay_status assay_read_ivecs(const char *path, assay_array *array);

/** Releases what a reader gave and zeroes the structure; a zeroed structure is fine. */
void assay_array_release(assay_array *array);

/** Reads a file of any of these formats, by the ending of its name (.csv, .npy, .fvecs, .ivecs, .idx), as a table of
 *  doubles: what is asked of `--data FILE`. Arrays have a row for each index of their first dimension and all others in
 *  its columns, so that a single list is one column. Whole numbers beyond 2^53 are rounded. Release the result with
 *  assay_table_release(). ASSAY_BAD_DATA for another ending or an array without numbers. */
assay_status assay_read_table(const char *path, assay_table *table);

/** Finds the file @p name of the data folder and writes its path: the folder is the environment's ASSAY_DATA if set,
 *  else the first that has the file of share/assay/data beside the folder of the program or library, the source tree's,
 *  the installed one and the working directory's data/. ASSAY_IO if there is no such file (the message says where it
 * was sought), ASSAY_OUT_OF_RANGE if the path does not fit in @p size bytes. */
assay_status assay_data_path(const char *name, char *path, size_t size);

/** Finds a data set that `make data` prepares: first in the data folder, then in the cache folder, which is the
 *  environment's ASSAY_CACHE if set, else assay/ in XDG_CACHE_HOME or ~/.cache. ASSAY_UNSUPPORTED, with the message
 *  `"NAME" is not prepared; run make data`, if it is in neither: a check or benchmark that wants it is then skipped. */
assay_status assay_dataset_path(const char *name, char *path, size_t size);

/** The file that the user gave by `--data FILE` in place of the built-in real input; null if none. */
const char *assay_user_data(void);

/** Sets it: a copy is kept. Null takes it back. Not to be called while other threads read it. */
assay_status assay_set_user_data(const char *path);

ASSAY_END_DECLARATIONS

#endif
