"""docs/campaign.md from the results and from what people wrote about the survivors."""

import os
import re

from operators import OPERATORS, WORDS

ARGUMENT = re.compile(r"^([0-9a-f]{10}) (equivalent|gap|closed): *(.*)$")
WORDS_ABOUT = "tools/campaign/survivors.txt"
COUNTED = ("caught", "survived")
TURN = 20  # mutants of each algorithm that were dealt with at a time

HEAD = """# The fault injection campaign

Written by `make campaign`, which can be interrupted and goes on. It plants faults in the optimized code, one at a time, as
changes of the C text, and runs `assay verify --quick` until the first check fails. What is asked is not whether the code is
right but whether the checks would say so if it were not.

* *Mutants.* Up to {each} of each algorithm, {count} in all, drawn from {files} files by a seed ({seed}), turn by turn one of each kind of
  fault. Functions, macros with parameters and the numbers of tables are mutated; left alone are messages, assertions, what
  only happens when memory runs out, and `assay_allocate`d sizes that only grow.
* *Not counted* are mutants that the compiler refuses (it runs with `-Werror`) and those of which it makes the same machine
  code, byte for byte.
* *Caught* means that a check failed, crashed, or used up {cpu} seconds of processor time. Claims do not take part: they
  cannot fail. A survivor has passed every quick check of its algorithm at every level, and those of the algorithms that
  use it.
* *Equivalent* survivors break no promise of the algorithm's header. Each is argued below (`tools/campaign/survivors.txt`);
  what is not equivalent is a gap.

`python3 tools/campaign --mutant ID` plants one again and keeps the program. (`--list` shows all there are.)
"""


def read_arguments(path):
    """{id: (word, text)}: what people say about mutants."""
    found, last = {}, None
    if not os.path.exists(path):
        return found
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            begins = ARGUMENT.match(line)
            if begins:
                last = begins.group(1)
                if last in found:
                    raise SystemExit(f"{path}:{number}: {last} is there twice")
                found[last] = [begins.group(2), begins.group(3).strip()]
            elif line[:1] in (" ", "\t") and line.strip() and last:
                found[last][1] += " " + line.strip()
            elif line.strip() and not line.startswith("#"):
                raise SystemExit(f"{path}:{number}: must be 'ID equivalent|gap|closed: words', an indented line, or # ...")
    return {name: tuple(words) for name, words in found.items()}


def quantile(numbers, share):
    """That of Hyndman and Fan's type 7, as everywhere here."""
    ordered = sorted(numbers)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def seconds(numbers, share):
    return f"{quantile(numbers, share):.2f}" if numbers else "-"


def table(head, rows):
    left = ["---" if i == 0 else "---:" for i in range(len(head))]
    cells = [[str(c).replace("|", "\\|") for c in row] for row in [head, left, *rows]]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells) + "\n"


class Tally:
    """Counts of some mutants."""

    def __init__(self, records, arguments):
        self.verdicts = [r["verdict"] for r in records]
        self.count = sum(v in COUNTED for v in self.verdicts)
        self.caught = self.verdicts.count("caught")
        survivors = [r for r in records if r["verdict"] == "survived"]
        self.equivalent = sum(arguments.get(r["id"], ("",))[0] == "equivalent" for r in survivors)
        self.gaps = len(survivors) - self.equivalent
        self.seconds = [r["cpu"] for r in records if r["verdict"] == "caught"]

    def share(self):
        faults = self.caught + self.gaps
        return f"{100 * self.caught / faults:.1f} %" if faults else "-"

    def row(self, name):
        return [name, self.count, self.caught, self.equivalent, self.gaps, self.share(),
                seconds(self.seconds, 0.5), seconds(self.seconds, 0.95),
                self.verdicts.count("same code"), self.verdicts.count("build error")]


COLUMNS = ["mutants", "caught", "equivalent", "gaps", "caught of the faults", "median s", "95 % s", "same code", "refused"]


def by_turn(records, arguments):
    """Rows for the first mutants of each algorithm, the next, and so on."""
    place, turns = {}, {}
    for record in records:
        if record["verdict"] in COUNTED:
            place[record["algorithm"]] = place.get(record["algorithm"], 0) + 1
            turns.setdefault((place[record["algorithm"]] - 1) // TURN, []).append(record)
    for turn, those in sorted(turns.items()):
        tally = Tally(those, arguments)
        late = sum(r["verdict"] == "caught" and arguments.get(r["id"], ("",))[0] == "closed" for r in those)
        faults = tally.caught + tally.gaps
        share = lambda caught, faults=faults: f"{100 * caught / faults:.1f} %" if faults else "-"
        yield [f"{turn * TURN + 1} to {(turn + 1) * TURN}", faults, tally.caught - late, share(tally.caught - late),
               tally.caught, share(tally.caught)]


def tables(records, arguments):
    algorithms = sorted({r["algorithm"] for r in records})
    rows = [Tally([r for r in records if r["algorithm"] == a], arguments).row(a) for a in algorithms]
    yield "## By algorithm\n"
    yield table(["algorithm", *COLUMNS], [*rows, Tally(records, arguments).row("**all**")])
    yield ("Seconds are processor time from the start of the checks to the failure of one, of the mutants that were caught;\n"
           "compiling and linking excepted.\n")
    yield "## At first and now\n"
    yield table(["mutants of each algorithm", "faults", "caught at first", "at first", "caught now", "now"],
                by_turn(records, arguments))
    yield ("Gaps have been closed by checks that were added or sharpened; they are at the end. Later mutants were first tried\n"
           "when those before them had been dealt with: what was caught of them at first is what to expect of a new fault.\n")
    yield "## By kind of fault\n"
    rows = [Tally([r for r in records if r["operator"] == o], arguments).row(f"{o}: {WORDS[o]}") for o in OPERATORS]
    yield table(["fault", *COLUMNS], rows)


def by_kind(records):
    caught = [r for r in records if r["verdict"] == "caught"]
    kinds = sorted({r["kind"] for r in caught})
    yield "## What caught them\n"
    yield table(["kind of check", "mutants", "median s"],
                [[k, sum(r["kind"] == k for r in caught), seconds([r["cpu"] for r in caught if r["kind"] == k], 0.5)]
                 for k in kinds])
    first = sum(r["stage"] == 1 for r in caught)
    second = sum(r["stage"] == 2 for r in caught)
    yield (f"Agreements at the levels that the changed file serves (for a file that serves all: the baseline and the best\n"
           f"one) run first and caught {first}; the other checks there caught {second} of what was left; other levels, and\n"
           f"algorithms that use the code, {len(caught) - first - second}.\n")


def shown(record):
    diff = "\n".join(re.sub(r"\s*\\$", "", line) for line in record["diff"])
    place = f"`{record['file']}:{record['line']}` in `{record['function']}`"
    return f"**{record['id']}** {record['algorithm']}, {record['operator']}, {place}\n\n```diff\n{diff}\n```\n"


def survivors(records, arguments):
    """The survivors, the gaps first."""
    alive = [r for r in records if r["verdict"] == "survived"]
    is_equivalent = lambda r: arguments.get(r["id"], ("",))[0] == "equivalent"
    gaps = [r for r in alive if not is_equivalent(r)]
    yield f"## Gaps: {len(gaps)}\n"
    for record in gaps:
        yield shown(record)
        yield arguments.get(record["id"], ("gap", "Not yet looked at."))[1] + "\n"
    equivalent = [r for r in alive if is_equivalent(r)]
    yield f"## Equivalent survivors: {len(equivalent)}\n"
    for record in equivalent:
        yield shown(record)
        yield arguments[record["id"]][1] + "\n"


def closed(records, arguments):
    """What had survived in an earlier round and is caught by a check that was written for it."""
    rows = [r for r in records if r["verdict"] == "caught" and arguments.get(r["id"], ("",))[0] == "closed"]
    if not rows:
        return
    yield f"## Gaps that were closed: {len(rows)}\n"
    yield "These had survived at first; a check was added or sharpened, and now catches them.\n"
    for record in rows:
        yield shown(record)
        yield f"{arguments[record['id']][1]} Caught by `{record['by']}/{record['level']}/{record['check']}`: {record['reason']}\n"


def write(options, records, cpu_seconds):
    """Writes the report."""
    arguments = read_arguments(os.path.join(options.source, WORDS_ABOUT))
    count = sum(r["verdict"] in COUNTED for r in records)
    parts = [HEAD.format(each=options.each, count=count, seed=options.seed, cpu=cpu_seconds,
                         files=len({r["file"] for r in records}))]
    for section in (tables(records, arguments), by_kind(records), survivors(records, arguments), closed(records, arguments)):
        parts += section
    path = os.path.join(options.source, options.report)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
    os.replace(path + ".new", path)
    total = Tally(records, arguments)
    print(f"{options.report}: {total.count} mutants, {total.caught} caught, {total.equivalent} equivalent, "
          f"{total.gaps} gaps: {total.share()} of the faults")
