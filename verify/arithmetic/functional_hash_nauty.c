/* Canonical forms of graphs by nauty. */
#include "verify/arithmetic/functional_hash_nauty.h"

#include <nauty/nauty.h>
#include <string.h>

enum { VERTICES = FUNCTIONAL_HASH_DAG_VERTICES, COLOURS = FUNCTIONAL_HASH_POOL + 3 };

/* Operations, then input, then output. */
static int colour_of(const functional_hash_dag *dag, int vertex)
{
    return vertex == 0 ? COLOURS - 2 : vertex + 1 == dag->vertices ? COLOURS - 1 : dag->operations[vertex];
}

void functional_hash_canonical_form(const functional_hash_dag *pruned, functional_hash_form *form)
{
    static DEFAULTOPTIONS_GRAPH(options);
    statsblk stats;
    graph g[VERTICES], canonical[VERTICES];
    int lab[VERTICES], ptn[VERTICES], orbits[VERTICES], count = 0;
    const int n = pruned->vertices, m = 1;
    options.digraph = TRUE;
    options.getcanon = TRUE;
    options.defaultptn = FALSE;
    EMPTYGRAPH(g, m, n);
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            if (pruned->successors[i] >> j & 1)
                ADDONEARC(g, i, j, m);
    memset(form, 0, sizeof *form);
    form->word[0] = (uint64_t)n;
    for (int colour = 0; colour < COLOURS; colour++) {
        const int first = count;
        for (int i = 0; i < n; i++)
            if (colour_of(pruned, i) == colour) {
                lab[count] = i;
                ptn[count] = 1;
                form->word[1 + count++] = (uint64_t)colour;
            }
        if (count > first)
            ptn[count - 1] = 0; /* a cell ends */
    }
    densenauty(g, lab, ptn, orbits, &options, &stats, m, n, canonical);
    for (int i = 0; i < n; i++)
        form->word[1 + VERTICES + i] = canonical[i];
}
