/* What the targets share. */
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_abort(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "\n%s:%d: not so: %s: ", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static char folder[64];
static pid_t owner; /* of the folder: a child makes its own */

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

void fuzz_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_folder(void)
{
    if (owner == getpid())
        fuzz_remove(folder);
}

const char *fuzz_folder(void)
{
    if (owner == getpid())
        return folder;
    strcpy(folder, "/dev/shm/assay-fuzz-XXXXXX");
    if (!mkdtemp(folder)) {
        strcpy(folder, "/tmp/assay-fuzz-XXXXXX");
        FUZZ_ASSERT(mkdtemp(folder), "no folder for temporary files");
    }
    if (owner == 0)
        atexit(remove_folder);
    owner = getpid();
    return folder;
}

const char *fuzz_path(const char *name)
{
    static char paths[16][128];
    static unsigned turn;
    char *path = paths[turn++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    return path;
}

const char *fuzz_file(const char *name, const void *data, size_t size)
{
    const char *path = fuzz_path(name);
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_ASSERT(file >= 0 && (size == 0 || write(file, data, size) == (ssize_t)size) && close(file) == 0,
                "cannot write %s", path);
    return path;
}

char *fuzz_read(const char *path, size_t *size)
{
    struct stat about;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    FUZZ_ASSERT(file >= 0 && fstat(file, &about) == 0, "cannot read %s", path);
    char *bytes = malloc((size_t)about.st_size + 1);
    FUZZ_ASSERT(bytes && read(file, bytes, (size_t)about.st_size) == about.st_size, "cannot read %s", path);
    close(file);
    bytes[about.st_size] = '\0';
    *size = (size_t)about.st_size;
    return bytes;
}

void fuzz_expect_same_files(const char *a, const char *b)
{
    size_t size_a, size_b;
    char *bytes_a = fuzz_read(a, &size_a), *bytes_b = fuzz_read(b, &size_b);
    FUZZ_ASSERT(size_a == size_b && memcmp(bytes_a, bytes_b, size_a) == 0, "%s and %s differ", a, b);
    free(bytes_a);
    free(bytes_b);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    const size_t length = size ? strnlen((const char *)data, size) : 0;
    char *text = malloc(length + 1);
    FUZZ_ASSERT(text, "no memory for %zu bytes", length);
    if (length)
        memcpy(text, data, length);
    text[length] = '\0';
    return text;
}

uint8_t fuzz_byte(fuzz_bytes *bytes)
{
    return bytes->at < bytes->end ? *bytes->at++ : 0;
}

/* ---- Failures ---------------------------------------------------------------------------------------------------- */

enum { POISON = 0xa5 };

void fuzz_poison(void *output, size_t size)
{
    memset(output, POISON, size);
}

void fuzz_expect_untouched(const void *output, size_t size)
{
    for (size_t i = 0; i < size; i++)
        FUZZ_ASSERT(((const uint8_t *)output)[i] == POISON,
                    "byte %zu of an output was written by a call that failed: %s", i, assay_error());
}

void fuzz_expect_failure(assay_status status, const char *path)
{
    const char *message = assay_error();
    FUZZ_ASSERT(strcmp(assay_status_name(status), "unknown status") != 0 && status != ASSAY_OK, "status %d",
                (int)status);
    FUZZ_ASSERT(*message, "no message with status \"%s\"", assay_status_name(status));
    for (const char *c = message; *c; c++)
        FUZZ_ASSERT((unsigned char)*c >= ' ' && *c != 0x7f, "the message has the control character %d: %s", *c,
                    message);
    FUZZ_ASSERT(!path || strstr(message, path), "the message does not name %s: %s", path, message);
}
