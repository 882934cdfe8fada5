"""A copy of the working tree, built once; then each mutant compiled alone and linked with the rest."""

import filecmp
import os
import re
import shlex
import shutil
import subprocess

MAKE_VARIABLES = ["BUILD=build", "V=1"]
# What is compiled here has no debug information: it takes time, and makes files of the same machine code differ.
WITHOUT_DEBUG = ["-g0"]
LAYERS = ("cli", "core", "reference", "optimized", "verify", "bench", "reports")


class BuildError(Exception):
    """What the user has to be told."""


def run(command, **how):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **how)


def environment():
    """Without what a make that started us has left there."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")}
    return kept | {"LC_ALL": "C"}


def files_of(source):
    listed = run(["git", "-C", source, "ls-files", "-z", "-co", "--exclude-standard"])
    if listed.returncode != 0:
        raise BuildError(f"cannot list the files of {source}: {listed.stdout.strip()}")
    return [p for p in listed.stdout.split("\0") if p and os.path.isfile(os.path.join(source, p))]


def export(source, tree):
    """Makes tree a copy of the source; files that have not changed keep their times, so that nothing is built in vain."""
    wanted = set(files_of(source))
    for path in wanted:
        to, origin = os.path.join(tree, path), os.path.join(source, path)
        if not os.path.exists(to) or not filecmp.cmp(origin, to, shallow=False):
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(origin, to)
    for folder, folders, names in os.walk(tree):
        if folder == tree:
            folders[:] = [f for f in folders if f not in ("build", ".git")]
        for name in names:
            if os.path.relpath(os.path.join(folder, name), tree) not in wanted:
                os.remove(os.path.join(folder, name))


def take_objects(source, tree):
    """Takes over what has been built in the source tree since; make will see what is out of date. What knows its folder
    is not taken."""
    origin, to = os.path.join(source, "build"), os.path.join(tree, "build")
    if not os.path.exists(os.path.join(origin, "assay")):
        return
    os.makedirs(to, exist_ok=True)
    built = [os.path.join(folder, name) for layer in LAYERS for folder, _, names in os.walk(os.path.join(origin, layer))
             for name in names if not (layer == "core" and name.startswith("data.c."))]
    built += [os.path.join(origin, name) for name in os.listdir(origin)
              if name in ("flags", "sources", "build_facts.h") or name.endswith(".a")]
    for path in built:
        copy = os.path.join(to, os.path.relpath(path, origin))
        if not os.path.exists(copy) or os.path.getmtime(copy) < os.path.getmtime(path):
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copy2(path, copy)


def linker():
    """The fastest there is."""
    for name in ("mold", "lld", "gold"):
        if shutil.which(f"ld.{name}"):
            return [f"-fuse-ld={name}"]
    return []


class Build:
    """A built tree, the commands that built it, and which object depends on which file."""

    def __init__(self, source, folder, jobs):
        self.tree = os.path.join(folder, "tree")
        self.folder = folder
        export(source, self.tree)
        take_objects(source, self.tree)
        self.make(["-j", str(jobs), "build/assay"])
        self.read_commands()
        self.read_dependencies()

    def make(self, arguments):
        made = run(["make", "-C", self.tree, *MAKE_VARIABLES, *arguments], env=environment())
        if made.returncode != 0:
            raise BuildError(f"make {' '.join(arguments)} failed in {self.tree}:\n{made.stdout[-2000:]}")
        return made.stdout

    def read_commands(self):
        """What make would do from scratch: {object: command}, the objects of libassay.a, and the last link."""
        self.compile, self.library, self.link = {}, [], []
        text = self.make(["-n", "-B", "build/assay"]).replace("\\\n", " ")
        for line in text.splitlines():
            if re.search(r"\bar rcs build/libassay\.a ", line):
                self.library = shlex.split(line.split("ar rcs build/libassay.a ")[1])
            elif " -c " in line and " -o " in line:
                command = shlex.split(line)
                self.compile[command[command.index("-o") + 1]] = command
            elif " -o build/assay " in line:
                self.link = shlex.split(line)
        if not (self.compile and self.library and self.link):
            raise BuildError("cannot find the commands that build assay in what make says")

    def read_dependencies(self):
        """{file: objects that are compiled from it}."""
        self.users = {}
        for name, command in self.compile.items():
            path = os.path.join(self.tree, name[:-2] + ".d")
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as file:
                text = file.read().replace("\\\n", " ")
            for dependency in text.split("\n", 1)[0].split(":", 1)[1].split():
                self.users.setdefault(os.path.normpath(dependency), []).append(name)

    def objects_of(self, path):
        """The objects that a change of path changes; benchmarks are of no interest here."""
        return [o for o in self.users.get(path, []) if not o.startswith("build/bench/")]

    def compile_object(self, name, to, overlay=None, path=None):
        """Compiles an object; with an overlay, the file at path is that of the overlay, whoever includes it."""
        command = [c for c in self.compile[name] if c not in ("ccache", "-MMD", "-MP")] + WITHOUT_DEBUG
        command[command.index("-o") + 1] = to
        if overlay:
            command = [os.path.join(overlay, path) if c == path else c for c in command]
            command.insert(1, f"-I{overlay}")  # before -I.
        return run(command, cwd=self.tree, env=environment() | ({"CCACHE_DISABLE": "1"} if overlay else {}))

    def right_object(self, name):
        """The object as it is without a mutant, compiled like a mutant's."""
        path = os.path.join(self.folder, "right", name.replace("/", "-"))
        if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(os.path.join(self.tree, name)):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            made = self.compile_object(name, f"{path}.{os.getpid()}.o")
            if made.returncode != 0:
                raise BuildError(f"cannot compile {name}: {made.stdout[-1000:]}")
            os.replace(f"{path}.{os.getpid()}.o", path)
        return path

    def compile_mutant(self, mutant, work):
        """Compiles the mutant's objects into the folder work: ("built", {object: file}), ("same code", None) or
        ("build error", first message)."""
        overlay = os.path.join(work, "overlay")
        shutil.rmtree(overlay, ignore_errors=True)
        changed = os.path.join(overlay, mutant.path)
        os.makedirs(os.path.dirname(changed))
        with open(changed, "w", encoding="utf-8") as file:
            file.write(mutant.mutated())
        different = {}
        for number, name in enumerate(self.objects_of(mutant.path)):
            to = os.path.join(work, f"{number}.o")
            compiled = self.compile_object(name, to, overlay, mutant.path)
            if compiled.returncode != 0:
                found = re.search(r"error: (.*)", compiled.stdout)
                return "build error", found.group(1) if found else compiled.stdout[-200:]
            if not filecmp.cmp(to, self.right_object(name), shallow=False):
                different[name] = to
        return ("built", different) if different else ("same code", None)

    def link_mutant(self, different, work):
        """Links assay with the mutant's objects in place of the right ones; returns the program."""
        program = os.path.join(work, "assay")
        command = []
        for word in self.link:
            words = self.library if word == "build/libassay.a" else [word]
            command += [different.get(w, w) for w in words]
        command[command.index("-o") + 1] = program
        linked = run([*command, *linker(), "-s"], cwd=self.tree, env=environment())
        if linked.returncode != 0:
            raise BuildError(f"cannot link: {linked.stdout[-1000:]}")
        return program
