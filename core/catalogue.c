#include "assay/catalogue.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 1024 };

static const assay_algorithm *entries[CAPACITY];
static int count;

void assay_catalogue_add(const assay_algorithm *algorithm)
{
    if (count == CAPACITY || assay_catalogue_find(algorithm->name))
        abort(); /* two algorithms of one name: a mistake of the build, seen at the first start */
    int i = count++;
    for (; i > 0 && strcmp(entries[i - 1]->name, algorithm->name) > 0; i--)
        entries[i] = entries[i - 1];
    entries[i] = algorithm;
}

int assay_catalogue_size(void)
{
    return count;
}

const assay_algorithm *assay_catalogue_at(int position)
{
    return position >= 0 && position < count ? entries[position] : NULL;
}

const assay_algorithm *assay_catalogue_find(const char *name)
{
    for (int i = 0; name && i < count; i++) {
        if (strcmp(entries[i]->name, name) == 0)
            return entries[i];
    }
    return NULL;
}
