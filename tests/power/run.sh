#!/bin/bash
# The power of `assay regress`, measured: how often does it cry wolf, how often does it miss one?
#
#   tests/power/run.sh [aa] [everywhere] [slowdown] [accuracy]     (default: all four; TRIES=10, PATTERN=..., BUDGET=240)
#
# aa:         this revision against itself over all benchmarks (of PATTERN): every "slower" or "faster" is a false alarm.
# everywhere: against a copy that waits 5 % of its time after each run of any kernel: all benchmarks must be "slower".
# slowdown:   against a copy whose AVX-512 (or AVX2) exponential does 5 % of its elements twice: must be "slower".
# accuracy:   against a copy one of whose coefficients costs up to one unit in the last place: must be "worse".
#
# Prints one line for each try and a Markdown table at the end. The machine should have nothing else to do.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

tries=${TRIES:-10}
head=$(git rev-parse HEAD)
out=build/power
pattern=${PATTERN:-*}
set -f # patterns are for assay
mkdir -p "$out"
table="| experiment | tries | comparisons | alarms | misses |
| --- | --- | --- | --- | --- |"

# A copy of this revision to plant something in, built.
copy() { # NAME SED-EXPRESSION FILE
    local tree=$PWD/$out/$1
    git worktree prune
    [ -d "$tree" ] || git worktree add --quiet --detach --force "$tree" "$head"
    git -C "$tree" checkout --quiet --force "$head"
    sed -i "$2" "$tree/$3"
    if git -C "$tree" diff --quiet; then
        echo "nothing was planted in $3: has the kernel been rewritten?" >&2
        exit 1
    fi
    make -C "$tree" -j"$(nproc)" all > "$out/$1.log" 2>&1
    echo "$tree"
}

count() { # FILE JQ-LIKE PATTERN: lines that contain it
    grep -c -- "$2" "$1" || true
}

compared() { # FILE: benchmarks for which there was time
    grep '"benchmark"' "$1" | grep -c '"pairs":[1-9]' || true
}

experiment_aa() {
    make -j"$(nproc)" all > "$out/aa.log"
    local alarms=0 comparisons=0 n
    for try in $(seq "$tries"); do
        build/assay regress --base "$head" --seed "$try" --no-accuracy --budget "${BUDGET:-240}" --format json \
            "$pattern" > "$out/aa.$try.json" || [ $? = 1 ]
        n=$(($(count "$out/aa.$try.json" '"verdict":"slower"') + $(count "$out/aa.$try.json" '"verdict":"faster"')))
        alarms=$((alarms + n))
        comparisons=$((comparisons + $(compared "$out/aa.$try.json")))
        echo "A/A $try: $n false alarms," \
             "$(count "$out/aa.$try.json" '"verdict":"undecided"') undecided of $(compared "$out/aa.$try.json")"
    done
    table+="
| same revision | $tries | $comparisons | $alarms | - |"
}

experiment_everywhere() {
    local tree missed misses=0 comparisons=0
    tree=$(copy everywhere 's|^\( *\)const assay_status status = run(data);|\1const auto begun = std::chrono::steady_clock::now();\n&\n\1const auto done = std::chrono::steady_clock::now();\n\1while (std::chrono::steady_clock::now() < done + (done - begun) / 20) {\n\1}|; s|^#include <cmath>|#include <chrono>\n&|' bench/shim.cc)
    for try in $(seq "$tries"); do
        (cd "$tree" && build/assay regress --base "$head" --seed "$try" --no-accuracy --budget "${BUDGET:-240}" \
            --format json "$pattern") > "$out/everywhere.$try.json" || [ $? = 1 ]
        missed=$(($(compared "$out/everywhere.$try.json") - $(count "$out/everywhere.$try.json" '"verdict":"slower"')))
        echo "5 % everywhere $try: $missed missed of $(compared "$out/everywhere.$try.json")"
        comparisons=$((comparisons + $(compared "$out/everywhere.$try.json")))
        misses=$((misses + missed))
    done
    table+="
| planted 5 % slowdown of every kernel | $tries | $comparisons | - | $misses |"
}

# The best level that this machine has, and the file that holds its kernel.
if grep -q avx512dq /proc/cpuinfo; then level=avx512; else level=avx2; fi
kernel=optimized/arithmetic/evolved_exp_$level.c

experiment_slowdown() {
    local tree misses=0
    tree=$(copy slowdown 's|^\( *\)map(x, y, n, false, exp_of);|\1map(x, y, n, false, exp_of), map(x, y, n / 20, false, exp_of);|' "$kernel")
    for try in $(seq "$tries"); do
        (cd "$tree" && build/assay regress --base "$head" --seed "$try" --no-accuracy --budget 60 --format json \
            "evolved_exp/$level/exp_uniform/4096") > "$out/slowdown.$try.json" || [ $? = 1 ]
        echo "5 % slowdown $try: $(grep -o '"verdict":"[a-z]*"\|"ratio":[0-9.]*' "$out/slowdown.$try.json" | tr '\n' ' ')"
        grep -q '"verdict":"slower"' "$out/slowdown.$try.json" || misses=$((misses + 1))
    done
    table+="
| planted 5 % slowdown | $tries | $tries | - | $misses |"
}

experiment_accuracy() {
    local tree misses=0
    # A relative error of r^2 2^-12 with |r| <= ln 2 / 32: up to one unit in the last place of a float.
    tree=$(copy accuracy 's|^\(#define EXP_C2 *\)\(.*\)$|\1(\2 + 0x1p-12f)|' optimized/arithmetic/evolved_exp_kernels.h)
    for try in $(seq "$tries"); do
        (cd "$tree" && build/assay regress --base "$head" --seed "$try" --no-timing --format json "evolved_exp/$level") \
            > "$out/accuracy.$try.json" || [ $? = 1 ]
        echo "accuracy loss $try: $(count "$out/accuracy.$try.json" '"worse":true') results are worse"
        grep -q '"worse":true' "$out/accuracy.$try.json" || misses=$((misses + 1))
    done
    table+="
| planted loss of 1 ulp | $tries | $tries | - | $misses |"
}

for experiment in "${@:-aa everywhere slowdown accuracy}"; do
    for one in $experiment; do
        "experiment_$one"
    done
done
printf '\n%s\n' "$table"
