/* Files that are read and written whole. */
#include "reports/files.h"
#include "reports/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char installed_chart_js[] = "/usr/share/javascript/chart.js/chart.min.js";

assay_status report_make_folder(const char *folder)
{
    report_text path = {0};
    report_text_add(&path, folder);
    if (path.failed || path.length == 0) {
        report_text_free(&path);
        return assay_fail(path.failed ? ASSAY_NO_MEMORY : ASSAY_INVALID_ARGUMENT, "folder is empty");
    }
    int failure = 0;
    for (char *p = path.data + 1; !failure; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(path.data, 0777) != 0 && errno != EEXIST)
            failure = errno;
        *p = c;
        if (c == '\0')
            break;
    }
    struct stat about;
    if (!failure && stat(path.data, &about) == 0 && !S_ISDIR(about.st_mode))
        failure = ENOTDIR;
    report_text_free(&path);
    return failure ? assay_fail(ASSAY_IO, "cannot make the folder '%s': %s", folder, strerror(failure)) : ASSAY_OK;
}

/* Writes and syncs; 0 or errno. */
static int write_all(int file, const report_text *text)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t count = write(file, text->data + done, text->length - done);
        if (count < 0 && errno != EINTR)
            return errno;
        done += count > 0 ? (size_t)count : 0;
    }
    return fsync(file) == 0 ? 0 : errno;
}

static assay_status write_and_rename(const char *temporary, const char *path, const report_text *text)
{
    int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), failure = 0;
    if (file < 0)
        return assay_fail(ASSAY_IO, "cannot write '%s': %s", path, strerror(errno));
    failure = write_all(file, text);
    if (close(file) != 0 && !failure)
        failure = errno;
    if (!failure && rename(temporary, path) != 0)
        failure = errno;
    if (!failure)
        return temporary_sync_folder(path);
    unlink(temporary);
    return assay_fail(ASSAY_IO, "cannot write '%s': %s", path, strerror(failure));
}

assay_status report_write_file(const char *folder, const char *name, const report_text *text)
{
    if (text->failed)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for %s of the report", name);
    report_text path = {0};
    char *temporary = NULL;
    report_text_format(&path, "%s/%s", folder, name);
    assay_status status = path.failed ? assay_fail(ASSAY_NO_MEMORY, "no memory for %s of the report", name)
                                      : temporary_name(path.data, &temporary);
    if (status == ASSAY_OK)
        status = write_and_rename(temporary, path.data, text);
    free(temporary);
    report_text_free(&path);
    return status;
}

/* Reads a stream to its end; false if that fails. */
static int read_all(FILE *file, report_text *text)
{
    char buffer[1 << 16];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0)
        report_text_bytes(text, buffer, count);
    return !ferror(file) && !text->failed;
}

assay_status report_read_chart_js(const char *path, report_text *script)
{
    if (!path)
        path = getenv("ASSAY_CHART_JS");
    if (!path || !*path)
        path = installed_chart_js;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return assay_fail(ASSAY_UNSUPPORTED, "no Chart.js at '%s' (%s): install libjs-chart.js or run make deps", path,
                          strerror(errno));
    int whole = read_all(file, script);
    fclose(file);
    if (whole && script->length)
        return ASSAY_OK;
    report_text_free(script);
    return assay_fail(ASSAY_UNSUPPORTED, "cannot read Chart.js from '%s': install libjs-chart.js or run make deps",
                      path);
}
