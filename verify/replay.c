#include "verify/replay.h"

#include "assay/catalogue.h"
#include "assay/readers.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A word for the shell: within ' ' all but ' itself stands for itself. */
static void quote(const char *word, char *text, size_t size)
{
    size_t used = 0;
    const char *parts[] = {"'", word, "'"};
    for (int part = 0; part < 3; part++) {
        for (const char *c = parts[part]; *c && used + 5 < size; c++) {
            const bool escaped = part == 1 && *c == '\'';
            used += (size_t)snprintf(text + used, size - used, escaped ? "'\\''" : "%c", *c);
        }
    }
}

void verify_replay_data(const char *algorithm, char *text, size_t size)
{
    static const char option[] = " --data ";
    const assay_algorithm *entry = assay_catalogue_find(algorithm);
    *text = '\0';
    if (!assay_user_data() || !entry || !entry->data || size < sizeof option)
        return;
    memcpy(text, option, sizeof option);
    quote(assay_user_data(), text + sizeof option - 1, size - (sizeof option - 1));
}
