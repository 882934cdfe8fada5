/* Globs over slash-separated names: lmul, lmul/avx2, and * / * /C5 (without the blanks) are patterns. */
#include "assay/verify.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { PARTS = 8, LENGTH = 512 };

/* Cuts text at its slashes in place; returns the number of parts, or PARTS + 1 if there are more. */
static size_t cut(char *text, char *parts[PARTS])
{
    size_t count = 0;
    for (char *part = text; part; count++) {
        if (count == PARTS)
            return PARTS + 1;
        char *slash = strchr(part, '/');
        if (slash)
            *slash = '\0';
        parts[count] = part;
        part = slash ? slash + 1 : NULL;
    }
    return count;
}

bool assay_pattern_matches(const char *pattern, const char *algorithm, const char *implementation, const char *rest)
{
    char wanted_text[LENGTH], name_text[LENGTH];
    char *wanted[PARTS], *name[PARTS];
    int wanted_length = snprintf(wanted_text, sizeof wanted_text, "%s", pattern);
    int name_length = snprintf(name_text, sizeof name_text, "%s/%s/%s", algorithm, implementation, rest);
    if (wanted_length >= LENGTH || name_length >= LENGTH)
        return false;
    size_t wanted_count = cut(wanted_text, wanted), name_count = cut(name_text, name);
    if (wanted_count > PARTS || wanted_count > name_count)
        return false;
    for (size_t i = 0; i < wanted_count; i++) {
        if (fnmatch(*wanted[i] ? wanted[i] : "*", name[i], 0) != 0)
            return false;
    }
    return true;
}
