#!/usr/bin/env python3
"""
Lets the allocations of the agreements fail, one in each run, and demands that this is told: no crash, no hang, no result
that is wrong without a word.

    tools/starve.py [ALGORITHM...]     (default: all; `make starve`)

The n-th assay_allocate() of each check finds no memory, for growing n, until a check has passed three times: then it
does not allocate as often. Prints what did anything else than pass or say that there is no memory; exit status 1 if
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


def run(algorithm, checks, n):
    """{check: (verdict, reason)}, the worst of its levels."""
    command = [PROGRAM, "verify", "--quick", "--no-db", "--format", "json", *(f"{algorithm}/*/{c}" for c in sorted(checks))]
    done = subprocess.run(command, env=os.environ | {"ASSAY_STARVE": str(n)}, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode > 1:
        sys.exit(f"starve: {' '.join(command)} ended with {done.returncode}")
    found = {}
    for record in map(json.loads, (line for line in done.stdout.splitlines() if line.startswith('{"algorithm"'))):
        verdict, reason = record["verdict"], record["reason"] or ""
        if verdict == "fail" and ("memory" not in reason or "ignal" in reason):
            verdict = "silent"
        worst = found.get(record["check"], ("pass", ""))
        rank = ["skipped", "pass", "fail", "silent"]
        if rank.index(verdict) >= rank.index(worst[0]):
            found[record["check"]] = (verdict, f"{record['implementation']}: {reason}")
    return found


def main():
    runs, bad = 0, 0
    for algorithm, checks in agreements(sys.argv[1:]):
        passed = collections.Counter()
        for n in places():
            for check, (verdict, reason) in run(algorithm, checks, n).items():
                runs += 1
                passed[check] += verdict in ("pass", "skipped")
                if verdict == "silent":
                    bad += 1
                    print(f"{algorithm}/{check}, allocation {n}: {reason[:200]}", flush=True)
            checks = {c for c in checks if passed[c] < PASSES}
            if not checks:
                break
        print(f"{algorithm}: done", file=sys.stderr, flush=True)
    print(f"{runs} checks with one allocation failing, {bad} without a word of it")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
