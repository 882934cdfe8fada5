#include "fuzz/suite.h"

#include "fuzz/targets.h"

#include <string.h>

const fuzz_entry fuzz_entries[] = {{"arguments", fuzz_arguments},
                                   {"cache", fuzz_cache},
                                   {"costs", fuzz_costs},
                                   {"csv", fuzz_csv},
                                   {"database", fuzz_database},
                                   {"hnsw", fuzz_hnsw},
                                   {"idx", fuzz_idx},
                                   {"mtx", fuzz_mtx},
                                   {"npy", fuzz_npy},
                                   {"pattern", fuzz_pattern},
                                   {"programs", fuzz_programs},
                                   {"regress", fuzz_regress},
                                   {"report", fuzz_report},
                                   {"rows", fuzz_rows},
                                   {"search", fuzz_search},
                                   {"vecs", fuzz_vecs},
                                   {NULL, NULL}};

fuzz_target *fuzz_find_target(const char *name)
{
    for (const fuzz_entry *entry = fuzz_entries; entry->name; entry++) {
        if (strcmp(entry->name, name) == 0)
            return entry->run;
    }
    return NULL;
}
