#!/usr/bin/env python3
"""
Lets the allocations of the agreements fail, one in each run, and demands that this is told: no crash, no hang, no result
that is wrong without a word.

    tools/starve.py [ALGORITHM...]     (default: all; `make starve`)

The n-th assay_allocate() of each check finds no memory, for growing n, until a check has passed three times: then it
does not allocate as often. At the best level of the CPU, where the reference is called, too. Prints what did anything else than pass or say that there is no memory; exit status 1 if
there is any.
"""

import collections
import json
import os
import subprocess
import sys

PROGRAM = os.environ.get("ASSAY", "build/assay")
PASSES = 3  # of a check, after which it is left alone
MOST = 2000


def places():
    """0 to 20, then a fifth more each time."""
    n = 0
    while n < MOST:
        yield n
        n += max(1, n // 20 * 4)


def agreements(chosen):
    listed = subprocess.run([PROGRAM, "list", "--format", "json"], check=True, stdout=subprocess.PIPE, text=True).stdout
    for record in map(json.loads, listed.splitlines()):
        if not chosen or record["algorithm"] in chosen:
            yield record["algorithm"], {c["name"] for c in record["checks"]
                                        if c["kind"] == "agreement" and c["depth"] == "quick"}


def verify(patterns, n):
    command = [PROGRAM, "verify", "--quick", "--no-db", "--format", "json", *patterns]
    done = subprocess.run(command, env=os.environ | {"ASSAY_STARVE": str(n)}, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode > 1:
        sys.exit(f"starve: {' '.join(command)} ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"algorithm"')]


def at_best_level(algorithm, checks):
    """Patterns of the checks, each at the last of its levels that is not skipped."""
    best = {}
    for record in verify([f"{algorithm}/*/{c}" for c in sorted(checks)], 10**12):
        if record["verdict"] != "skipped":
            best[record["check"]] = record["implementation"]
    return {check: f"{algorithm}/{level}/{check}" for check, level in best.items()}


def judge(record):
    """pass, told, or what happened instead."""
    reason = record["reason"] or ""
    if record["verdict"] != "fail":
        return "pass"
    is_told = "memory" in reason or "cannot allocate" in reason
    return "told" if is_told and "ignal" not in reason else reason[:200]


def main():
    runs, bad = 0, 0
    for algorithm, checks in agreements(sys.argv[1:]):
        passed, patterns = collections.Counter(), at_best_level(algorithm, checks)
        for n in places():
            if not patterns:
                break
            for record in verify(patterns.values(), n):
                runs += 1
                check, verdict = record["check"], judge(record)
                passed[check] += verdict == "pass"
                if verdict not in ("pass", "told"):
                    bad += 1
                    print(f"{patterns[check]}, allocation {n}: {verdict}", flush=True)
            patterns = {c: p for c, p in patterns.items() if passed[c] < PASSES}
        print(f"{algorithm}: done", file=sys.stderr, flush=True)
    print(f"{runs} checks with one allocation failing, {bad} without a word of it")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
