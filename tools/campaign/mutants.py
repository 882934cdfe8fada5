"""All mutants of a tree, with names that do not change while the function does not, and the order in which they are tried."""

import difflib
import glob
import hashlib
import os

from ctext import line_of, units_of
from operators import OF_TABLES, OPERATORS


class Mutant:
    """One planted fault."""

    def __init__(self, path, text, unit, operator, place, occurrence):
        self.path, self.text, self.function, self.operator = path, text, unit.name, operator
        self.start, self.end, self.replacement = place
        self.line = line_of(text, self.start)
        key = "\0".join((path, unit.name, unit.text, operator, str(occurrence), self.replacement))
        self.id = hashlib.sha256(key.encode()).hexdigest()[:10]

    def mutated(self):
        return self.text[: self.start] + self.replacement + self.text[self.end :]

    def diff(self):
        lines = difflib.unified_diff(self.text.splitlines(), self.mutated().splitlines(), n=0, lineterm="")
        return [line.rstrip() for line in lines if line[:2] not in ("--", "++", "@@") or line[2:3] not in ("-", "+", " ")]


def mutants_of_text(path, text):
    for unit in units_of(text):
        for name, operate in OPERATORS.items():
            if unit.kind == "table" and name not in OF_TABLES:
                continue
            for occurrence, place in enumerate(operate(unit)):
                mutant = Mutant(path, text, unit, name, place, occurrence)
                if mutant.mutated() != text:
                    yield mutant


def algorithm_files(root, algorithms):
    """The optimized files of each algorithm: {algorithm: [path]}; the longest name that begins a file's is its own."""
    names = {name: [] for name in algorithms}
    found = sorted(glob.glob(os.path.join(root, "optimized/*/*.[ch]")))
    for path in found:
        stem = os.path.basename(path).rsplit(".", 1)[0]
        owners = [n for n in names if stem == n or stem.startswith(n + "_")]
        if owners:
            names[max(owners, key=len)].append(os.path.relpath(path, root))
    return names


def in_order(mutants, seed):
    """Turn by turn one of each operator; within an operator in an order that the seed and the names make."""
    queues = {name: [] for name in OPERATORS}
    for mutant in mutants:
        queues[mutant.operator].append(mutant)
    for queue in queues.values():
        queue.sort(key=lambda m: hashlib.sha256(f"{seed}:{m.id}".encode()).hexdigest())
    while any(queues.values()):
        for queue in queues.values():
            if queue:
                yield queue.pop(0)


def mutants_of_files(root, paths):
    """Every mutant of some files, each once (the same change can come from two operators)."""
    seen = set()
    for path in paths:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for mutant in mutants_of_text(path, text):
            change = (path, mutant.start, mutant.end, mutant.replacement)
            if change not in seen:
                seen.add(change)
                yield mutant
