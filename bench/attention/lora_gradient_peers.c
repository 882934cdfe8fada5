/* Loads libtorch's peer, which lies beside the command. */
#include "bench/attention/lora_gradient_peers.h"
#include "bench/attention/torch/lora_gradient.h"

#include "assay/threads.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The function of assay-torch.so in the command's own folder; null if there is none. */
static lora_gradient_torch_function *load(void)
{
    char path[PATH_MAX + 32];
    const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    if (length <= 0)
        return NULL;
    path[length] = '\0';
    char *const slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    snprintf(slash + 1, sizeof path - (size_t)(slash + 1 - path), "assay-torch.so");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* stays loaded */
    void *symbol = library ? dlsym(library, LORA_TORCH_FUNCTION) : NULL;
    lora_gradient_torch_function *function = NULL;
    memcpy(&function, &symbol, sizeof function); /* POSIX promises what C does not */
    return function;
}

static lora_gradient_torch_function *torch(void)
{
    static lora_gradient_torch_function *function;
    static bool tried;
    if (!tried)
        function = load();
    tried = true;
    return function;
}

bool lora_peer_torch_available(void)
{
    return torch() != NULL;
}

assay_status lora_peer_torch(const lora_gradient_problem *problem, lora_gradient_result *result)
{
    lora_gradient_torch_function *const function = torch();
    if (!function)
        return assay_fail(ASSAY_UNSUPPORTED, "assay-torch.so is not there");
    return function(problem, assay_threads(), result) == 0 ? ASSAY_OK
                                                           : assay_fail(ASSAY_UNSUPPORTED, "libtorch failed");
}
