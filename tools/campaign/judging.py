"""Runs the checks on a mutant, those first that are most likely to catch it, and stops at the first that fails."""

import json
import os
import resource
import signal
import subprocess
import time

from building import BuildError, environment

LEVELS = ("reference", "baseline", "avx2", "avx512")
WALL_SECONDS = 1800  # of one run of assay; a hang costs processor time and ends sooner, see below
CPU_SECONDS = 20  # of one check
MEMORY_GIGABYTES = 12  # that can be written: the range of addresses of the fences is much larger


class Item:
    """A check at a level."""

    def __init__(self, algorithm, level, check, kind):
        self.algorithm, self.level, self.check, self.kind = algorithm, level, check, kind
        self.pattern = f"{algorithm}/{level}/{check}"


class Outcome:
    """What a run of checks has shown."""

    def __init__(self):
        self.failed = None  # the record of the check that failed
        self.wall = self.cpu = 0.0
        self.checks = 0
        self.ran = []  # (level, check) of all


def limit():
    """Called in the process that becomes assay."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_GIGABYTES << 30, MEMORY_GIGABYTES << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def verify(program, tree, patterns, fail_fast=True):
    """Runs the checks of the patterns."""
    command = [program, "verify", "--quick", "--no-db", "--format", "json", *(["--fail-fast"] if fail_fast else []), *patterns]
    outcome = Outcome()
    start, before = time.monotonic(), os.times()
    with subprocess.Popen(command, cwd=tree, env=environment() | {"ASSAY_TIMEOUT_SCALE": "10"}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, preexec_fn=limit) as process:
        try:
            output, errors = process.communicate(timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            outcome.failed = {"check": "(the whole run)", "implementation": "", "kind": "time", "reason": "hangs"}
    after = os.times()
    outcome.wall = time.monotonic() - start
    outcome.cpu = after.children_user + after.children_system - before.children_user - before.children_system
    for line in output.splitlines():
        if not line.startswith("{"):
            continue
        record = json.loads(line)
        outcome.checks += 1
        outcome.ran.append((record["implementation"], record["check"]))
        if record["verdict"] == "fail" and outcome.failed is None:
            outcome.failed = record
    if outcome.failed is None and process.returncode != 0:
        if process.returncode == 2:
            raise BuildError(f"{' '.join(command)[:300]}: {errors[-500:]}")
        outcome.failed = {"check": "(the program)", "implementation": "", "kind": "crash",
                          "reason": f"exit status {process.returncode}: {errors[-200:].strip()}"}
    return outcome


def quick_items(program, tree):
    """{algorithm: its checks} that run at the quick depth, claims excepted: those cannot fail. Which level a check
    stands under that is not repeated for each, only a run tells."""
    listed = subprocess.run([program, "list", "--format", "json"], cwd=tree, env=environment(), check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    checks = {}
    for line in listed.splitlines():
        record = json.loads(line)
        checks[record["algorithm"]] = {c["name"]: c["kind"] for c in record["checks"]
                                       if c["depth"] == "quick" and c["kind"] != "claim"}
    return checks


class Judge:
    """Knows the checks, and that they pass on the right program."""

    def __init__(self, build):
        self.build = build
        self.program = os.path.join(build.tree, "build/assay")
        self.checks = quick_items(self.program, build.tree)
        self.known = {}
        self.users = self.find_users()

    def items(self, algorithm):
        """The checks of an algorithm with their levels. All are run once on the right program: they have to pass before
        a mutant can be said to be caught. Remembered in a file until the program changes."""
        if algorithm in self.known:
            return self.known[algorithm]
        path = os.path.join(self.build.folder, "right", f"checks-of-{algorithm}.json")
        built = os.path.getmtime(self.program)
        if not os.path.exists(path) or os.path.getmtime(path) < built:
            ran = self.run_right(algorithm)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(ran, file)
        with open(path, encoding="utf-8") as file:
            self.known[algorithm] = [Item(algorithm, *words) for words in json.load(file)]
        return self.known[algorithm]

    def run_right(self, algorithm):
        kinds = self.checks[algorithm]
        outcome = verify(self.program, self.build.tree, [f"{algorithm}/*/{c}" for c in kinds], fail_fast=False)
        if outcome.failed:
            raise BuildError(f"{algorithm} fails unchanged: {outcome.failed['check']}: {outcome.failed['reason']}")
        return [(level, check, kinds[check]) for level, check in outcome.ran]

    def find_users(self):
        """{algorithm: others whose code or checks are compiled from its headers}."""
        users = {}
        for path, objects in self.build.users.items():
            owner = self.owner(os.path.basename(path).rsplit(".", 1)[0])
            if owner is None or path.startswith("bench/"):
                continue
            for name in objects:
                user = self.owner(os.path.basename(name).split(".")[0])
                if user not in (None, owner) and not name.startswith("build/bench/"):
                    users.setdefault(owner, set()).add(user)
        return users

    def owner(self, stem):
        found = [a for a in self.checks if stem == a or stem.startswith(a + "_")]
        return max(found, key=len) if found else None

    def stages(self, algorithm, objects):
        """Patterns of the checks, in three parts: agreements at the levels that the objects serve (of code without a level
        in its name: the best one and the baseline, whose code it may be), everything else at these, the rest with the
        algorithms that use this one. Within a part assay keeps its own order."""
        suffixes = {o.split(".")[0].rsplit("_", 1)[-1] for o in objects}
        mine = self.items(algorithm)
        best = max((i.level for i in mine), key=LEVELS.index)
        served = suffixes if suffixes <= set(LEVELS) else {best, "baseline"}
        first = [i for i in mine if i.level in served and i.kind == "agreement"]
        second = [i for i in mine if i.level in served and i.kind != "agreement"]
        third = [i for i in mine if i.level not in served]
        yield from ([i.pattern for i in part] for part in (first, second) if part)
        for user in sorted(self.users.get(algorithm, ())):
            third += self.items(user)
        if third:
            yield [i.pattern for i in third]

    def judge(self, algorithm, different, program):
        """The record of what became of a mutant."""
        verdict = {"verdict": "survived", "wall": 0.0, "cpu": 0.0, "checks": 0}
        for stage, patterns in enumerate(self.stages(algorithm, different), 1):
            outcome = verify(program, self.build.tree, patterns)
            verdict["wall"] += outcome.wall
            verdict["cpu"] += outcome.cpu
            verdict["checks"] += outcome.checks
            if outcome.failed:
                failed = outcome.failed
                verdict |= {"verdict": "caught", "stage": stage, "check": failed["check"], "level": failed["implementation"],
                            "by": failed.get("algorithm", algorithm), "kind": failed["kind"], "reason": failed["reason"][:300]}
                break
        return verdict
