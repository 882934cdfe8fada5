/*
 * POT in this process. Python is loaded when it is first wanted, so that nothing here is linked to it: Debian's
 * libpython3.11 with Debian's packages, whatever other Pythons there are.
 */
#include "bench/transport/sinkhorn_newton_pot.h"

#include "assay/threads.h"

#include <cblas.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

static const char library[] = "libpython3.11.so.1.0";
static wchar_t program[] = L"/usr/bin/python3";

/* What is used of Python. */
typedef struct python {
    void (*initialize)(int signals);
    void (*set_program_name)(const wchar_t *name);
    int (*run)(const char *code); /* 0 if no exception was raised */
} python;

/* Arrays come as addresses. The first column of `out` tells that the code came to its end. */
static const char prelude[] =
    "import sys\n"
    "sys.path[:] = [p for p in sys.path if not p.startswith('/usr/local')]\n"
    "if '/usr/lib/python3/dist-packages' not in sys.path:\n"
    "    sys.path.append('/usr/lib/python3/dist-packages')\n"
    "import ctypes\n"
    "import numpy\n"
    "import ot\n"
    "class Problem:\n"
    "    def __init__(self, cost, r, c, n, m):\n"
    "        share = lambda at, count: numpy.ctypeslib.as_array((ctypes.c_double * count).from_address(at))\n"
    "        self.cost, self.r, self.c = share(cost, n * m).reshape(n, m), share(r, n), share(c, m)\n"
    "    def emd(self):\n"
    "        return ot.emd(self.r, self.c, self.cost, numItermax=100000000)\n"
    "    def sinkhorn(self, method, eta, limit, threshold, out):\n"
    "        p = ot.sinkhorn(self.r, self.c, self.cost, 1 / eta, method=method, numItermax=limit, stopThr=threshold,\n"
    "                        warn=False)\n"
    "        if out:\n"
    "            error = abs(p.sum(1) - self.r).sum() + abs(p.sum(0) - self.c).sum()\n"
    "            ctypes.c_double.from_address(out).value = error\n";

/* A flag or function of the library; function pointers go by way of a union, as POSIX means it. */
static bool find(void *handle, const char *name, void *function)
{
    void *symbol = dlsym(handle, name);
    *(void **)function = symbol;
    return symbol != NULL;
}

static const python *load(void)
{
    static python p;
    static enum { UNTRIED, LOADED, MISSING } state = UNTRIED;
    if (state != UNTRIED)
        return state == LOADED ? &p : NULL;
    state = MISSING;
    void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL); /* global: Python's own extensions look for it there */
    if (!handle || !find(handle, "Py_InitializeEx", &p.initialize) ||
        !find(handle, "Py_SetProgramName", &p.set_program_name) || !find(handle, "PyRun_SimpleString", &p.run))
        return NULL;
    int *ignore_environment = dlsym(handle, "Py_IgnoreEnvironmentFlag");
    int *no_user_site = dlsym(handle, "Py_NoUserSiteDirectory");
    if (ignore_environment && no_user_site)
        *ignore_environment = *no_user_site = 1;
    p.set_program_name(program);
    p.initialize(0);
    if (p.run("try:\n    import ot\n    found = True\nexcept Exception:\n    found = False\n") != 0 ||
        p.run("assert found") != 0 || p.run(prelude) != 0)
        return NULL;
    state = LOADED;
    return &p;
}

bool pot_is_available(void)
{
    return load() != NULL;
}

static assay_status run(const sinkhorn_newton_problem *problem, const char *call)
{
    char code[1024];
    const python *p = load();
    if (!p)
        return assay_fail(ASSAY_UNSUPPORTED, "%s or POT is missing", library);
    openblas_set_num_threads(assay_threads()); /* the same OpenBLAS as NumPy's */
    const int length =
        snprintf(code, sizeof code, "Problem(%ju, %ju, %ju, %zu, %zu).%s", (uintmax_t)(uintptr_t)problem->cost,
                 (uintmax_t)(uintptr_t)problem->r, (uintmax_t)(uintptr_t)problem->c, problem->n, problem->m, call);
    if (length < 0 || (size_t)length >= sizeof code)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "the call of POT is too long");
    return p->run(code) == 0 ? ASSAY_OK : assay_fail(ASSAY_UNSUPPORTED, "POT raised an exception");
}

assay_status pot_emd(const sinkhorn_newton_problem *problem)
{
    return run(problem, "emd()");
}

assay_status pot_sinkhorn(const sinkhorn_newton_problem *problem, const char *method, size_t limit, double threshold,
                          double *error)
{
    char call[256];
    snprintf(call, sizeof call, "sinkhorn('%s', %.17g, %zu, %.17g, %ju)", method, problem->eta, limit, threshold,
             (uintmax_t)(uintptr_t)error);
    return run(problem, call);
}
