#include "bench/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Brings a file, or the names in a folder, to the disk. */
static assay_status synchronize(const char *path, int flags)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (descriptor < 0)
        return assay_fail(ASSAY_IO, "cannot open %s: %s", path, strerror(errno));
    int failed = fsync(descriptor) != 0 && errno != EINVAL; /* EINVAL: nothing that could be synchronized */
    assay_status status =
        failed ? assay_fail(ASSAY_IO, "cannot write %s to the disk: %s", path, strerror(errno)) : ASSAY_OK;
    close(descriptor);
    return status;
}

assay_status bench_publish(const char *part, const char *path)
{
    assay_status status = synchronize(part, 0);
    if (status == ASSAY_OK && rename(part, path) != 0)
        status = assay_fail(ASSAY_IO, "cannot rename %s to %s: %s", part, path, strerror(errno));
    if (status != ASSAY_OK) {
        unlink(part);
        return status;
    }
    char *copy = strdup(path);
    if (!copy)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the name %s", path);
    status = synchronize(dirname(copy), O_DIRECTORY);
    free(copy);
    return status;
}
