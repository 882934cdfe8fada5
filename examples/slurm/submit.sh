#!/bin/bash
# Submits the array, and the merge that waits until every task of it has ended well.
set -euo pipefail
cd "$(dirname "$0")"

array=$(sbatch --parsable verify.sbatch)
sbatch --dependency="afterok:${array%%;*}" merge.sbatch
