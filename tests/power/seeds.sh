#!/bin/bash
# False alarms of `assay verify --quick`, measured: does any check fail for another seed?
#
#   tests/power/seeds.sh [RUNS [FIRST]]        (default: seeds 1 to 100; PATTERN=... for a part)
#
# Prints one line for each seed. What was interrupted goes on: build/seeds/REVISION/ keeps the results of each seed, and
# the failures among them with the command that repeats each. Exit status 1 if there are any.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

runs=${1:-100}
first=${2:-1}
make -j"$(nproc)" all > /dev/null
out=build/seeds/$(git describe --always --dirty --abbrev=12)${PATTERN:+.$(printf %s "$PATTERN" | tr -c 'a-z0-9_\n' .)}
mkdir -p "$out"
cp build/assay "$out/program" # so that the tree may go on changing
export ASSAY_TIMEOUT_SCALE=${ASSAY_TIMEOUT_SCALE:-20} # what is asked is not whether the machine has other work
set -f

for seed in $(seq "$first" $((first + runs - 1))); do
    file=$out/$seed.json
    if [ ! -f "$file" ]; then
        status=0
        "$out/program" verify --quick --no-db --format json --seed "$seed" ${PATTERN:-} > "$file.part" 2> "$out/log" || status=$?
        [ "$status" -le 1 ] || { { echo "seed $seed: assay ended with $status"; cat "$out/log"; } >&2; exit "$status"; }
        mv "$file.part" "$file"
    fi
    echo "seed $seed: $(grep -c '"verdict":' "$file") checks, $(grep -c '"verdict":"fail"' "$file" || true) failed"
done

set +f
cat "$out"/[0-9]*.json > "$out/all"
total=$(grep -c '"verdict":' "$out/all")
failed=$(grep -c '"verdict":"fail"' "$out/all" || true)
echo "$(ls "$out"/[0-9]*.json | wc -l) seeds, $total checks, $failed failed"
grep '"verdict":"fail"' "$out/all" || true
[ "$failed" -eq 0 ]
