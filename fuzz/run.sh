#!/usr/bin/env bash
# Runs fuzz targets: run.sh FOLDER SECONDS JOBS TARGET..., where FOLDER has the programs. Prints a table; exit status 1 if
# there is a finding. What was found to be of interest is kept in FOLDER/corpus for the next time.
set -uo pipefail
cd "$(dirname "$0")/.."
folder=$1 seconds=$2 jobs=$3
shift 3

# A run of one target; everything that it says is in FOLDER/log/TARGET.
fuzz_one() {
    local folder=$1 seconds=$2 name=$3
    mkdir -p "$folder/corpus/$name" "$folder/log" "$folder/findings"
    # Nothing that is read here is longer than some thousand bytes, so that no allocation of hundreds of megabytes is right.
    "$folder/fuzz-$name" -max_total_time="$seconds" -timeout=20 -max_len=4096 -len_control=0 -malloc_limit_mb=256 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$folder/findings/$name-" "$folder/corpus/$name" "fuzz/corpus/$name" \
        > "$folder/log/$name" 2>&1
    local status=$? log="$folder/log/$name" executions edges
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    printf '%s %s %s %s %s\n' "$name" "${executions:--}" "${edges:--}" "$(find "$folder/corpus/$name" -type f | wc -l)" \
        "$status" > "$folder/log/$name.line"
}
export -f fuzz_one

printf '%s\n' "$@" | xargs -P "$jobs" -I NAME bash -c 'fuzz_one "$@"' fuzz_one "$folder" "$seconds" NAME

printf '%-12s %12s %8s %8s %9s\n' target executions edges corpus findings
status=0
for name in "$@"; do
    read -r _ executions edges corpus ended < "$folder/log/$name.line"
    printf '%-12s %12s %8s %8s %9s\n' "$name" "$executions" "$edges" "$corpus" "$([ "$ended" = 0 ] && echo 0 || echo 1)"
    [ "$ended" = 0 ] || status=1
done
for name in "$@"; do
    read -r _ _ _ _ ended < "$folder/log/$name.line"
    [ "$ended" = 0 ] && continue
    echo
    echo "$name ended with status $ended; its log is $folder/log/$name"
    grep -a -m 3 -E 'ERROR: |SUMMARY: |not so: |runtime error: ' "$folder/log/$name"
    finding=$(sed -n 's/.*Test unit written to //p' "$folder/log/$name" | tail -1)
    [ -z "$finding" ] || echo "to repeat it: $folder/fuzz-$name $finding"
done
exit $status
