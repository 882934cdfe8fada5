/* Where the data folder is. */
#include "assay/readers.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ASSAY_DATA_SOURCE
#define ASSAY_DATA_SOURCE "data"
#endif
#ifndef ASSAY_DATA_INSTALLED
#define ASSAY_DATA_INSTALLED "data"
#endif

/* Of fixed size: see build.c. */
static const char source_folder[1024] = ASSAY_DATA_SOURCE, installed_folder[1024] = ASSAY_DATA_INSTALLED;

static assay_status join(const char *folder, const char *name, char *path, size_t size)
{
    const int length = snprintf(path, size, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= size)
        return assay_fail(ASSAY_OUT_OF_RANGE, "size is %zu, too small for the path \"%s/%s\"", size, folder, name);
    return ASSAY_OK;
}

/* The folder of this library, or of the program that it is linked into; empty if unknown. */
static void own_folder(char *folder, size_t size)
{
    Dl_info self;
    *folder = '\0';
    if (dladdr(source_folder, &self) != 0 && self.dli_fname && *self.dli_fname == '/') {
        if ((size_t)snprintf(folder, size, "%s", self.dli_fname) >= size)
            *folder = '\0';
    } else { /* a program is known by the name that it was called by */
        const ssize_t length = readlink("/proc/self/exe", folder, size - 1);
        folder[length > 0 ? length : 0] = '\0';
    }
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
}

/* Looks beside the program or library, so that what is installed may be moved as a whole: PREFIX/bin and PREFIX/lib, or
 * PREFIX/lib/ARCHITECTURE. */
static bool is_beside(const char *name, char *path, size_t size)
{
    static const char *const up[] = {"..", "../.."};
    char folder[1024];
    own_folder(folder, sizeof folder);
    for (size_t i = 0; *folder && i < sizeof up / sizeof *up; i++) {
        const int length = snprintf(path, size, "%s/%s/share/assay/data/%s", folder, up[i], name);
        if (length > 0 && (size_t)length < size && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

assay_status assay_data_path(const char *name, char *path, size_t size)
{
    if (!name || !*name)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "name is %s", name ? "empty" : "null");
    if (!path || size == 0)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "path is %s", path ? "of size 0" : "null");
    const char *chosen = getenv("ASSAY_DATA");
    const char *const folders[] = {source_folder, installed_folder, "data"};
    const char *const *search = chosen && *chosen ? &chosen : folders;
    const size_t count = chosen && *chosen ? 1 : sizeof folders / sizeof *folders;
    if (count > 1 && is_beside(name, path, size))
        return ASSAY_OK;
    for (size_t i = 0; i < count; i++) {
        const assay_status status = join(search[i], name, path, size);
        if (status != ASSAY_OK || access(path, R_OK) == 0)
            return status;
    }
    *path = '\0';
    if (count == 1)
        return assay_fail(ASSAY_IO, "data file \"%s\" is not readable in ASSAY_DATA=%s", name, chosen);
    return assay_fail(
        ASSAY_IO,
        "data file \"%s\" is not readable in ../share/assay/data beside the program, %s, %s or ./data (set "
        "ASSAY_DATA)",
        name, source_folder, installed_folder);
}

static assay_status cache_path(const char *name, char *path, size_t size)
{
    const char *chosen = getenv("ASSAY_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char folder[1024];
    int length;
    if (chosen && *chosen)
        length = snprintf(folder, sizeof folder, "%s", chosen);
    else if (cache && *cache)
        length = snprintf(folder, sizeof folder, "%s/assay", cache);
    else
        length = snprintf(folder, sizeof folder, "%s/.cache/assay", home && *home ? home : ".");
    if (length < 0 || (size_t)length >= sizeof folder)
        return assay_fail(ASSAY_OUT_OF_RANGE, "the path of the cache folder has %d bytes, at most %zu fit", length,
                          sizeof folder - 1);
    return join(folder, name, path, size);
}

assay_status assay_dataset_path(const char *name, char *path, size_t size)
{
    assay_status status = assay_data_path(name, path, size);
    if (status != ASSAY_IO)
        return status;
    status = cache_path(name, path, size);
    if (status != ASSAY_OK || access(path, R_OK) == 0)
        return status;
    *path = '\0';
    return assay_fail(ASSAY_UNSUPPORTED, "\"%s\" is not prepared; run make data", name);
}

static char *user_data;

const char *assay_user_data(void)
{
    return user_data;
}

assay_status assay_set_user_data(const char *path)
{
    char *copy = NULL;
    if (path && !(copy = strdup(path)))
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a path of %zu bytes", strlen(path));
    free(user_data);
    user_data = copy;
    return ASSAY_OK;
}
