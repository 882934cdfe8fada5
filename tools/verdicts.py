#!/usr/bin/env python3
"""Whether several builds of assay give the same verdicts.

usage: verdicts.py FOLDER/NAME/verdicts.csv...   (files of `assay verify --format csv`; NAME is how a build is called)

Prints every check whose verdict is not the same in all builds, and every one that failed anywhere. Exit status: 0 if there
is none, 1 if there is, 2 if a file cannot be read. A claim is what somebody measured: where builds differ in one, that is
printed and no failure, because a slower build may well not reproduce a claim about speed.
"""

import csv
import os
import sys


def read(path):
    """The verdicts of one build: check -> (kind, verdict, reason)."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        table = {
            "/".join((r["algorithm"], r["implementation"], r["check"])): (r["kind"], r["verdict"], r["reason"])
            for r in rows
        }
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as problem:
        print(f"verdicts: cannot read {path}: {problem!r}", file=sys.stderr)
        raise SystemExit(2) from problem
    if not table or len(table) != len(rows):
        print(f"verdicts: {path} has {len(rows)} rows for {len(table)} checks", file=sys.stderr)
        raise SystemExit(2)
    return table


def describe(check, builds):
    """One line for a check: who says what, those who agree together."""
    by_verdict = {}
    for name, table in builds.items():
        _, verdict, reason = table.get(check, ("", "absent", ""))
        by_verdict.setdefault(verdict, []).append((name, reason))
    parts = []
    for verdict, who in by_verdict.items():
        reason = next((reason for _, reason in who if reason and verdict in ("fail", "skipped")), "")
        parts.append(f"{verdict} in {', '.join(name for name, _ in who)}" + (f" ({reason})" if reason else ""))
    return f"{check}: {'; '.join(parts)}"


def main(paths):
    builds = {os.path.basename(os.path.dirname(os.path.abspath(path))): read(path) for path in paths}
    if len(builds) != len(paths) or not paths:
        print(__doc__, file=sys.stderr)
        return 2
    checks = sorted(set().union(*builds.values()))
    differing, claims, failed = [], [], []
    for check in checks:
        rows = [table.get(check) for table in builds.values()]
        verdicts = {row[1] if row else "absent" for row in rows}
        is_claim = all(row and row[0] == "claim" and row[1] != "fail" for row in rows)
        if len(verdicts) > 1:
            (claims if is_claim else differing).append(check)
        elif "fail" in verdicts:
            failed.append(check)
    for heading, some in (("differ", differing), ("fail in every build", failed), ("claims that differ", claims)):
        for check in some:
            print(f"{heading}: {describe(check, builds)}")
    print(
        f"{len(checks)} checks in {len(builds)} builds ({', '.join(builds)}): {len(differing)} differ, "
        f"{len(failed)} fail everywhere, {len(claims)} claims differ"
    )
    return 1 if differing or failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
