/* The entry of libFuzzer. One program serves all targets: it is the one of the name that the program is called by,
 * fuzz-NAME. */
#include "fuzz/suite.h"

#include "assay/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    const char *name = strstr(strrchr((*argv)[0], '/') ? strrchr((*argv)[0], '/') : (*argv)[0], "fuzz-");
    target = name ? fuzz_find_target(name + strlen("fuzz-")) : NULL;
    if (!target) {
        fprintf(stderr, "%s: there is no target of this name\n", (*argv)[0]);
        exit(2);
    }
    return assay_set_threads(1) == ASSAY_OK ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return target(data, size);
}
