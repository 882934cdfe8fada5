"""
The fault injection campaign: plants faults in the optimized code, one at a time, and sees whether verify --quick notices.

    python3 tools/campaign [--jobs N] [--each N] [ALGORITHM...]   runs what is missing, writes docs/campaign.md
    python3 tools/campaign --mutant ID                            plants one mutant and keeps its program
    python3 tools/campaign --again                                runs again survivors that are neither equivalent nor gaps
    python3 tools/campaign --list [ALGORITHM...]                  prints the mutants in the order they are tried
"""

import argparse
import concurrent.futures
import json
import os
import sys

import report
from building import Build, BuildError
from judging import CPU_SECONDS, Judge
from mutants import algorithm_files, in_order, mutants_of_files


def parse():
    parser = argparse.ArgumentParser(prog="campaign", description="Plants faults and sees whether verify --quick notices.")
    parser.add_argument("algorithms", nargs="*", metavar="ALGORITHM", help="default: all")
    parser.add_argument("--source", default=".", help="the source tree (default: the current folder)")
    parser.add_argument("--folder", default="build/campaign", help="for the copy and the results")
    parser.add_argument("--each", type=int, default=40, metavar="N", help="mutants of each algorithm that count (40)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of mutants (1)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="algorithms at once (1)")
    parser.add_argument("--again", action="store_true", help="run again survivors that are not yet explained")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    parser.add_argument("--mutant", metavar="ID", help="run one mutant and show what it did")
    parser.add_argument("--report", metavar="FILE", default="docs/campaign.md", help="what is written (docs/campaign.md)")
    parser.add_argument("--report-only", action="store_true", help="write it from the results at hand")
    return parser.parse_args()


class Results:
    """The results so far, in a file of one JSON record a line, written as they come."""

    def __init__(self, path, forget_survivors_but=None):
        self.path, self.records = path, {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    if line.endswith("\n"):  # the last may have been cut off
                        record = json.loads(line)
                        self.records[record["id"]] = record
        if forget_survivors_but is not None:
            self.records = {k: r for k, r in self.records.items() if r["verdict"] != "survived" or k in forget_survivors_but}

    def add(self, record):
        self.records[record["id"]] = record
        with open(self.path, "a", encoding="utf-8") as file:  # by several processes, each line at once
            file.write(json.dumps(record) + "\n")


def try_mutant(algorithm, mutant, build, judge, work):
    os.makedirs(work, exist_ok=True)
    record = {"id": mutant.id, "algorithm": algorithm, "operator": mutant.operator, "file": mutant.path,
              "line": mutant.line, "function": mutant.function, "diff": mutant.diff()}
    state, detail = build.compile_mutant(mutant, work)
    if state != "built":
        return record | {"verdict": state, "reason": detail}
    return record | judge.judge(algorithm, detail, build.link_mutant(detail, work))


def tell(record):
    caught = record["verdict"] == "caught"
    how = f"{record['by']}/{record['level']}/{record['check']} after {record['cpu']:.2f} s" if caught else ""
    print(f"{record['id']} {record['algorithm']} {record['file']}:{record['line']} {record['operator']}: "
          f"{record['verdict']} {how}", flush=True)
    if record["verdict"] == "survived":
        print("\n".join("    " + line for line in record["diff"]), flush=True)


def those_that_count(mutants, arguments, records, on_missing):
    """The records of an algorithm's mutants in order, until enough have been caught or have survived. on_missing gives
    that of a mutant which has none yet, or None to stop there."""
    counted = 0
    for mutant in in_order(mutants, arguments.seed):
        if counted >= arguments.each:
            return
        record = records.get(mutant.id) or on_missing(mutant)
        if record is None:
            return
        counted += record["verdict"] in report.COUNTED
        yield record


def run_algorithm(algorithm, arguments, files, build, judge, results):
    """Tries an algorithm's mutants; in a process of its own, so that processor time can be told apart."""

    def try_one(mutant):
        record = try_mutant(algorithm, mutant, build, judge, os.path.join(arguments.folder, "work-" + algorithm))
        results.add(record)
        tell(record)
        return record

    for _ in those_that_count(mutants_of_files(build.tree, files), arguments, results.records, try_one):
        pass


def write_report(arguments, tree, records):
    """The report of what there is, be it all or not; the places in the files are those of today."""
    counted = []
    for algorithm, files in algorithm_files(tree, sorted({r["algorithm"] for r in records.values()})).items():
        counted += those_that_count(mutants_of_files(tree, files), arguments, records, lambda mutant: None)
    report.write(arguments, counted, CPU_SECONDS)


def choose(arguments, files):
    unknown = [a for a in arguments.algorithms if not files.get(a)]
    if unknown:
        raise BuildError(f"{unknown[0]} is no algorithm with optimized files; there are {', '.join(sorted(files))}")
    return arguments.algorithms or sorted(a for a in files if files[a])


def show_one(arguments, files, build, judge):
    for algorithm, paths in files.items():
        for mutant in mutants_of_files(build.tree, paths):
            if mutant.id == arguments.mutant:
                work = os.path.join(arguments.folder, "one")
                record = try_mutant(algorithm, mutant, build, judge, work)
                print(json.dumps(record, indent=1), f"\nprogram: {work}/assay (in {build.tree})")
                return
    raise BuildError(f"there is no mutant {arguments.mutant}: its function may have changed (--list shows all)")


def campaign(arguments):
    os.makedirs(arguments.folder, exist_ok=True)
    words = report.read_arguments(os.path.join(arguments.source, report.WORDS_ABOUT))
    explained = {name for name, (word, _) in words.items() if word in ("equivalent", "gap")}
    results = Results(os.path.join(arguments.folder, "results.jsonl"), explained if arguments.again else None)
    if arguments.report_only:
        write_report(arguments, arguments.source, results.records)
        return
    build = Build(arguments.source, arguments.folder, os.cpu_count())
    judge = Judge(build)
    files = algorithm_files(build.tree, judge.checks)
    chosen = choose(arguments, files)
    if arguments.list:
        for algorithm in chosen:
            for mutant in in_order(mutants_of_files(build.tree, files[algorithm]), arguments.seed):
                print(mutant.id, mutant.operator, f"{mutant.path}:{mutant.line}", *mutant.diff(), sep="\n  ")
        return
    if arguments.mutant:
        show_one(arguments, files, build, judge)
        return
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for tried in [pool.submit(run_algorithm, a, arguments, files[a], build, judge, results) for a in chosen]:
            tried.result()
    write_report(arguments, build.tree, Results(results.path).records)


def main():
    arguments = parse()
    arguments.source, arguments.folder = os.path.abspath(arguments.source), os.path.abspath(arguments.folder)
    try:
        campaign(arguments)
    except BuildError as error:
        print(f"campaign: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("campaign: interrupted; the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
