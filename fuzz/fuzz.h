/*
 * Fuzz targets: each feeds bytes that nobody vouches for to one reader and asserts what the reader promises.
 *
 * A target is a function `int fuzz_NAME(const uint8_t *data, size_t size)` in fuzz/NAME.c. `make fuzz` makes a
 * libFuzzer program of each, `make test` runs each on every file of fuzz/corpus/NAME. A broken promise is an abort, as
 * a crash is.
 */
#ifndef ASSAY_FUZZ_H
#define ASSAY_FUZZ_H

#include "assay/readers.h"
#include "assay/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ends the process with a message. */
void fuzz_abort(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5), noreturn));

#define FUZZ_ASSERT(CONDITION, ...)                                                                                    \
    do {                                                                                                               \
        if (!(CONDITION))                                                                                              \
            fuzz_abort(__FILE__, __LINE__, #CONDITION, __VA_ARGS__);                                                   \
    } while (0)

/* The call must succeed. */
#define FUZZ_OK(CALL)                                                                                                  \
    do {                                                                                                               \
        const assay_status fuzz_got_ = CALL;                                                                           \
        FUZZ_ASSERT(fuzz_got_ == ASSAY_OK, "%s: %s", assay_status_name(fuzz_got_), assay_error());                     \
    } while (0)

/* ---- Inputs ------------------------------------------------------------------------------------------------------ */

/* A folder of this process, in memory if possible, that goes when the process ends. */
const char *fuzz_folder(void);

/* The path of a name in the folder; the last 16 stay valid. */
const char *fuzz_path(const char *name);

/* Writes a file of the folder and returns its path. */
const char *fuzz_file(const char *name, const void *data, size_t size);

/* All bytes of a file with a null byte behind them, to be released by free(). */
char *fuzz_read(const char *path, size_t *size);

/* Removes a file or a folder with all that is in it; what is not there is fine. */
void fuzz_remove(const char *path);

void fuzz_expect_same_files(const char *a, const char *b);

/* The bytes as a string of exactly as many as strlen() says, so that a step beyond its end is seen; to be released by
 * free(). */
char *fuzz_text(const uint8_t *data, size_t size);

/* A reader of an input as a sequence of small numbers; zeros when it is used up. */
typedef struct fuzz_bytes {
    const uint8_t *at, *end;
} fuzz_bytes;

uint8_t fuzz_byte(fuzz_bytes *bytes);

/* ---- Failures ---------------------------------------------------------------------------------------------------- */

/* Fills an output with a pattern before a call that may fail, and asserts afterwards that it is still there. */
void fuzz_poison(void *output, size_t size);
void fuzz_expect_untouched(const void *output, size_t size);

/* A failure must be told in words without control characters, and name the file (null: there is none). */
void fuzz_expect_failure(assay_status status, const char *path);

/* ---- Commands (arguments.c) ----------------------------------------------------------------------------------------
 */

/* The exit status of the command of these words (null at the end), run in this process with its output thrown away;
 * *message, to be released by free(), is what it said on stderr. What would take long is put aside. */
int fuzz_command(const char *const *words, char **message);

/* ---- What was read ----------------------------------------------------------------------------------------------- */

/* Dimensions, count and memory agree and floating-point numbers are finite. */
void fuzz_expect_array(const assay_array *array);
void fuzz_expect_same_arrays(const assay_array *a, const assay_array *b);

/* The ways of reading by the ending of the file's name agree with the reader of the format. */
void fuzz_expect_table(const char *path, const assay_array *array);

/* The common part of the targets of arrays: reads a file, asserts all of the above, has it written again and read back.
 * @p write gives the bytes of a file of the format. */
int fuzz_array(const char *name, const uint8_t *data, size_t size,
               assay_status (*read)(const char *path, assay_array *array),
               uint8_t *(*write)(const assay_array *array, size_t *size));

#endif
