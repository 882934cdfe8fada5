/* The pages of databases that hold what they should not. */
#include "fuzz/stores.h"
#include "fuzz/targets.h"

#include "reports/report.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pages must be finished, and show text as text. */
static void expect_pages(const char *folder)
{
    DIR *listing = opendir(folder);
    FUZZ_ASSERT(listing, "no folder %s", folder);
    for (const struct dirent *entry; (entry = readdir(listing));) {
        char path[512];
        size_t size;
        const char *ending = strrchr(entry->d_name, '.');
        if (!ending || (strcmp(ending, ".html") != 0 && strcmp(ending, ".xml") != 0))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        char *page = fuzz_read(path, &size);
        FUZZ_ASSERT(strlen(page) == size, "%s has a null byte", path);
        FUZZ_ASSERT(!strstr(page, "<i x="), "%s has markup from the database", path);
        free(page);
    }
    closedir(listing);
}

static void expect_history(const char *database)
{
    static const char *const formats[] = {"text", "json", "csv"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const char *const words[] = {"assay",  "history",  "--check",  "--all", "--db",
                                     database, "--format", formats[i], NULL};
        char *message;
        const int status = fuzz_command(words, &message);
        FUZZ_ASSERT(status >= 0 && status <= 3 && status != 2, "exit status %d: %s", status, message);
        FUZZ_ASSERT(status != 3 || *message, "exit status 3 without a word");
        free(message);
    }
}

int fuzz_report(const uint8_t *data, size_t size)
{
    const char *database = fuzz_wild_store("input.db", data, size), *folder = fuzz_path("pages");
    const report_options options = {.chart_js = fuzz_file("chart.js", "/* */", 5), .history = 3};
    report_summary summary;
    fuzz_poison(&summary, sizeof summary);
    assay_status status = report_write(database, folder, &options, &summary);
    if (status == ASSAY_OK) {
        expect_pages(folder);
        static FILE *nowhere;
        if (!nowhere)
            nowhere = fopen("/dev/null", "w");
        report_print_summary(&summary, nowhere, true);
        report_summary_free(&summary);
    } else {
        fuzz_expect_failure(status, database);
    }
    fuzz_remove(folder);
    expect_history(database);
    status = report_write_claims(database, fuzz_path("claims.md"));
    if (status != ASSAY_OK)
        fuzz_expect_failure(status, NULL);
    return 0;
}
