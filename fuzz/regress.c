/* What two revisions' programs printed, as `assay regress` compares it: two texts, cut at the first null byte. */
#include "fuzz/fuzz.h"
#include "fuzz/targets.h"

#include "cli/regress_accuracy.h"

#include <stdlib.h>
#include <string.h>

static void expect_change(const json_t *change)
{
    FUZZ_ASSERT(json_is_object(change) && json_is_string(json_object_get(change, "check")) &&
                    json_is_string(json_object_get(change, "what")) &&
                    json_is_boolean(json_object_get(change, "worse")) && json_object_get(change, "base") &&
                    json_object_get(change, "now"),
                "a change is incomplete");
}

int fuzz_regress(const uint8_t *data, size_t size)
{
    char *base = fuzz_text(data, size);
    const size_t first = strlen(base) + 1;
    char *now = fuzz_text(data + (first < size ? first : 0), first < size ? size - first : 0);
    json_t *changes;
    const assay_status status = regress_compare_results(base, now, &changes);
    if (status == ASSAY_OK) {
        for (size_t i = 0; i < json_array_size(changes); i++)
            expect_change(json_array_get(changes, i));
        json_decref(changes);
    } else {
        fuzz_expect_failure(status, NULL);
        FUZZ_ASSERT(!changes, "changes although it failed");
    }
    free(base);
    free(now);
    return 0;
}
