/* local_lipschitz: the choice of the level. */
#include "assay/cpu.h"
#include "reference/networks/local_lipschitz_parts.h"

assay_status local_lipschitz_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                   local_lipschitz_method method, const local_lipschitz_options *options,
                                   local_lipschitz_result *result)
{
    return local_lipschitz_reference_bound(network, box, row, method, options, result);
}

assay_status local_lipschitz_branch_and_bound(const assay_network *network, const local_lipschitz_box *box, size_t row,
                                              const local_lipschitz_options *options,
                                              const local_lipschitz_search *search, local_lipschitz_outcome *outcome)
{
    return local_lipschitz_reference_branch_and_bound(network, box, row, options, search, outcome);
}
