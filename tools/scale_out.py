#!/usr/bin/env python3
"""The cost of verifying on 1, 64 and 4096 cores, from the rates in a database of results.

    tools/scale_out.py reports/out/assay.db [--price 0.05] [--efficiency 0.75] [--inputs 1099511627776] > table.md

A part of an exhaustive sweep (2^24 inputs) took its seconds on the threads of its run: core-seconds are their product,
which is too much where other programs ran at the same time. A sweep of which some parts are missing is extrapolated from
those that are there. The double function is judged by MPFR alone, with the rate of the check exp2_f64_error (20,000
inputs, one thread).
"""

import argparse
import sqlite3
import sys

PARTS = 256
CORES = (1, 64, 4096)
DOUBLE_CHECK = "exp2_f64_error"
DOUBLE_INPUTS = 20_000


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("database")
    p.add_argument("--price", type=float, default=0.05, help="of a core-hour, in any currency (default 0.05)")
    p.add_argument("--efficiency", type=float, default=0.75, help="of many cores, 0 to 1 (default 0.75)")
    p.add_argument("--inputs", type=int, default=2**40, help="sampled inputs of the double function (default 2^40)")
    o = p.parse_args()
    if not 0 < o.efficiency <= 1 or o.price < 0 or o.inputs < 1:
        p.error("--efficiency must be above 0 and at most 1, --price at least 0, --inputs at least 1")
    return o


def sweeps(db):
    """Name, core-seconds over all parts, and parts measured, of each sweep: each part as fast as any run had it."""
    rows = db.execute(
        "SELECT name, sum(least) * ? / count(*), count(*) FROM (SELECT algorithm || '/' || implementation || '/' || "
        "check_name AS name, min(sweep_shard.seconds * threads) AS least FROM sweep_shard JOIN run ON run.id = run_id "
        "WHERE sweep_shard.shards = ? GROUP BY name, shard) GROUP BY name ORDER BY name",
        (PARTS, PARTS)).fetchall()
    if not rows:
        sys.exit("scale_out: the database has no parts of sweeps: run `assay verify --exhaustive` first")
    return rows


def double_rate(db):
    """Core-seconds for an input of the double function, at the slowest level; None without the check."""
    seconds = db.execute("SELECT max(least) FROM (SELECT min(seconds) AS least FROM result WHERE check_name = ? "
                         "GROUP BY implementation)", (DOUBLE_CHECK,)).fetchone()[0]
    return seconds / DOUBLE_INPUTS if seconds else None


def duration(hours):
    if hours < 1 / 60:
        return f"{3600 * hours:.3g} s"
    return f"{60 * hours:.3g} min" if hours < 1 else f"{hours:,.3g} h" if hours < 1000 else f"{hours:,.0f} h"


def money(amount):
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.2g}"


def line(what, seconds, o, most):
    cells = []
    for cores in CORES:
        used = min(cores, most)
        efficiency = 1 if used == 1 else o.efficiency
        hours = seconds / 3600 / used / efficiency
        note = "" if used == cores else f" (on {used})"
        cells.append(f"{duration(hours)}{note}, {money(hours * used * o.price)}")
    return f"| {what} | {seconds:,.3g} | " + " | ".join(cells) + " |"


def main():
    o = options()
    db = sqlite3.connect(f"file:{o.database}?mode=ro", uri=True)
    machine, revision = db.execute("SELECT machine, revision FROM run ORDER BY id DESC LIMIT 1").fetchone()
    rows = sweeps(db)
    print(f"Rates of {machine}, revision {revision}; {o.price:g} a core-hour; efficiency {o.efficiency:g} on many cores.")
    print(f"Time and cost on {CORES[0]}, {CORES[1]} and {CORES[2]} cores.\n")
    print("| what | core-seconds | " + " | ".join(f"{c} core{'s' if c > 1 else ''}" for c in CORES) + " |")
    print("|---|---|" + "---|" * len(CORES))
    for name, seconds, parts in rows:
        print(line(f"`{name}`" + (f", from {parts} of {PARTS} parts" if parts < PARTS else ""), seconds, o, PARTS))
    print(line(f"all {len(rows)} sweeps", sum(r[1] for r in rows), o, PARTS * len(rows)))
    rate = double_rate(db)
    if rate:
        print(line(f"a double function, {o.inputs:.4g} inputs, {1e6 * rate:.3g} µs each", rate * o.inputs, o, 1 << 30))


if __name__ == "__main__":
    try:
        main()
    except sqlite3.Error as problem:
        sys.exit(f"scale_out: {problem}: is it a database of results?")
