#include "reports/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-lock"};

enum { SUFFIXES = sizeof suffixes / sizeof suffixes[0] };

/* "FOLDER/" of a path; "" if it has none. The caller frees it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
}

void temporary_remove(const char *name)
{
    for (size_t i = 0; i < SUFFIXES; i++) {
        char *path;
        if (asprintf(&path, "%s%s", name, suffixes[i]) < 0)
            continue;
        unlink(path);
        free(path);
    }
}

/* True if @p entry is @p start, the number of a process that is no more, and one of the suffixes. */
static bool is_stale(const char *entry, const char *start)
{
    char *end;
    const size_t length = strlen(start);
    if (strncmp(entry, start, length) != 0 || entry[length] < '1' || entry[length] > '9')
        return false;
    const long process = strtol(entry + length, &end, 10);
    for (size_t i = 0; i < SUFFIXES; i++) {
        if (strcmp(end, suffixes[i]) == 0)
            return (pid_t)process == process && kill((pid_t)process, 0) != 0 && errno == ESRCH;
    }
    return false;
}

static void remove_stale(const char *folder, const char *start)
{
    DIR *directory = opendir(*folder ? folder : ".");
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (is_stale(entry->d_name, start))
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    if (directory)
        closedir(directory);
}

/* The host belongs to the name because on a folder of several hosts only its own processes can be looked for. */
assay_status temporary_name(const char *path, char **name)
{
    struct utsname host;
    const char *slash = strrchr(path, '/');
    char *start = NULL, *folder = folder_of(path), *made = NULL;
    if (uname(&host) != 0)
        strcpy(host.nodename, "host");
    if (asprintf(&start, ".%s.%s-", slash ? slash + 1 : path, host.nodename) < 0)
        start = NULL;
    if (folder && start && asprintf(&made, "%s%s%ld", folder, start, (long)getpid()) < 0)
        made = NULL;
    if (made) {
        remove_stale(folder, start);
        temporary_remove(made); /* of an earlier process with our number */
    }
    free(start);
    free(folder);
    *name = made;
    return made ? ASSAY_OK : assay_fail(ASSAY_NO_MEMORY, "cannot copy the path \"%s\"", path);
}

assay_status temporary_sync(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && (fsync(file) == 0 || errno == EINVAL); /* some systems cannot sync a folder */
    assay_status status = synced ? ASSAY_OK : assay_fail(ASSAY_IO, "cannot sync \"%s\": %s", path, strerror(errno));
    if (file >= 0)
        close(file);
    return status;
}

assay_status temporary_sync_folder(const char *path)
{
    char *folder = folder_of(path);
    assay_status status = folder ? temporary_sync(*folder ? folder : ".")
                                 : assay_fail(ASSAY_NO_MEMORY, "cannot copy the path \"%s\"", path);
    free(folder);
    return status;
}
