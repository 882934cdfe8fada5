"""The campaign under test: its reading of C, its operators, and a whole campaign over a program of two functions."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from ctext import tokens_of, units_of
from mutants import in_order, mutants_of_text
from operators import OPERATORS

SNIPPET = r"""
/* a + b in a comment */
#define LEAST(a, b) ((a) < (b) ? (a) : (b)) // c + d
static const double table[] = {1.5, 0x1p-3, 0.0};
enum { LANES = 8 };
static_assert(LANES + 1 == 9, "e + f");
static int map(const float *x, float *y, size_t n)
{
    if (!x || !y)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "n is %d, must be + %d", n + 1, 2);
    void *room = assay_allocate(n, 1);
    if (!room)
        return ASSAY_NO_MEMORY;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        store(y + i, load(x + i));
    for (; i < n; i++)
        y[i] = rintf(x[i]) - (double)-1;
#pragma omp critical(demo)
    total -= y[0];
    char c = '+', *s = "- \" +";
    return (int)(n % 2 == 0 && c);
}
"""

# What each kind of fault makes of the snippet, each change once: (what was there, what is there now).
CHANGES = {
    "constant": [("1.5", "(1.5 * 1.0009765625)"), ("0x1p-3", "(0x1p-3 * 1.0009765625)"), ("8", "9"), ("0", "1"), ("1", "2"),
                 ("0", "1"), ("2", "3"), ("0", "1")],
    "operands": [("n % 2", "2 % n")],
    "sign": [("+", "-"), ("+=", "-="), ("+", "-"), ("+", "-"), ("-", "+"), ("-=", "+=")],
    "bound": [("<", "<="), ("<=", "<"), ("<", "<="), ("", " - 1")],
    "remainder": [("(a) < (b) ? (a) : (b)", "(b)"), ("i < n", "0 && (i < n)")],
    "comparison": [("<", ">"), ("<=", ">"), ("<", ">"), ("==", "!=")],
    "parallel": [("#pragma omp critical(demo)", "")],
    "rounding": [("rintf", "truncf")],
    "stale": [("store(y + i, load(x + i))", ""), ("y[i] = rintf(x[i]) - (double)-1", ""), ("total -= y[0]", "")],
    "logic": [("!", ""), ("||", "&&"), ("!", ""), ("&&", "||")],
    "bits": [],
}

PROJECT = {
    "Makefile": """
build/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -O2 -Werror -Wall -I. -MMD -MP $(EXTRA) -c $< -o $@
OBJECTS = build/optimized/demo/demo.c.o
build/libassay.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $(OBJECTS)
build/assay: build/main.c.o build/libassay.a
	$(CC) -o $@ build/main.c.o build/libassay.a
CC = gcc
-include $(wildcard build/*.d build/*/*/*.d)
""",
    "optimized/demo/demo.h": """
int demo_sum(const int *x, int n);
int demo_idle(int n);
static inline int demo_next(int i) { return i + 1; }
""",
    "optimized/demo/demo.c": """
#include "optimized/demo/demo.h"
int demo_sum(const int *x, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i = demo_next(i))
        sum += x[i];
    return sum;
}
int demo_idle(int n) { return n == 77 ? 5 : n; }
""",
    "main.c": r"""
#include "optimized/demo/demo.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    static const int x[] = {1000, 1, 20, 300, 4000};
    if (argc > 1 && strcmp(argv[1], "list") == 0) {
        puts("{\"algorithm\":\"demo\",\"checks\":[{\"name\":\"sum\",\"kind\":\"agreement\",\"depth\":\"quick\"},"
             "{\"name\":\"C1\",\"kind\":\"claim\",\"depth\":\"quick\"}]}");
        return 0;
    }
    alarm(1);
    const int good = demo_sum(x + 1, 3) == 321 && demo_idle(3) == 3;
    printf("{\"algorithm\":\"demo\",\"implementation\":\"baseline\",\"check\":\"sum\",\"kind\":\"agreement\","
           "\"verdict\":\"%s\",\"reason\":\"wrong\",\"seconds\":0.0}\n", good ? "pass" : "fail");
    return !good;
}
""",
    "tools/campaign/survivors.txt": "# words\n",
}


class Reading(unittest.TestCase):
    """C as tokens and units."""

    def test_tokens(self):
        texts = [t.text for t in tokens_of("a->b>>=0x1.8p-3f; // c\n'\\''\"/*\" /* \n */ x+++y")]
        self.assertEqual(texts, ["a", "->", "b", ">>=", "0x1.8p-3f", ";", "'\\''", '"/*"', "x", "++", "+", "y"])

    def test_units(self):
        found = [(u.kind, u.name) for u in units_of(SNIPPET)]
        self.assertEqual(found, [("macro", "LEAST"), ("table", "table"), ("table", "LANES"), ("function", "map")])

    def test_operators(self):
        mutants = list(mutants_of_text("demo.c", SNIPPET))
        for name in OPERATORS:
            made = [(SNIPPET[m.start : m.end], m.replacement) for m in mutants if m.operator == name]
            self.assertEqual(made, CHANGES[name], name)
        self.assertEqual(len({m.id for m in mutants}), len(mutants))

    def test_names_and_order_do_not_depend_on_other_functions(self):
        alone = [m.id for m in mutants_of_text("demo.c", SNIPPET)]
        among = [m.id for m in mutants_of_text("demo.c", "int before(int a)\n{\n    return a;\n}\n" + SNIPPET)]
        self.assertEqual(alone, among)
        mutants = list(mutants_of_text("demo.c", SNIPPET))
        first = list(in_order(mutants, 1))
        self.assertEqual([m.operator for m in first[:4]], ["constant", "operands", "sign", "bound"])
        self.assertEqual([m.id for m in first], [m.id for m in in_order(reversed(mutants), 1)])
        self.assertNotEqual([m.id for m in first], [m.id for m in in_order(mutants, 2)])


class Whole(unittest.TestCase):
    """A campaign over a program with one function that is checked and one of which a part is not."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="assay-campaign-")
        for name, text in PROJECT.items():
            self.write(name, text)
        subprocess.run(["git", "init", "-q", self.folder], check=True)
        os.mkdir(os.path.join(self.folder, "docs"))

    def tearDown(self):
        shutil.rmtree(self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def campaign(self, *options):
        command = [sys.executable, os.path.dirname(os.path.abspath(__file__)), "--source", self.folder,
                   "--folder", os.path.join(self.folder, "out"), "--each", "100", *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_kills_and_survivors(self):
        self.campaign()
        records = [json.loads(line) for line in self.read("out/results.jsonl").splitlines()]
        of = lambda name: {(r["operator"], r["verdict"]) for r in records if r["function"] == name}
        self.assertEqual({v for _, v in of("demo_sum") | of("demo_next")} - {"build error"}, {"caught"})
        self.assertIn(("constant", "caught"), of("demo_next"))  # of a header, by whoever includes it
        idle = [r for r in records if r["function"] == "demo_idle"]
        self.assertEqual({r["verdict"] for r in idle if r["operator"] == "comparison"}, {"caught"})
        self.assertEqual({r["verdict"] for r in idle if r["operator"] == "constant"}, {"survived"})
        self.assertIn("Gaps: 2", self.read("docs/campaign.md"))

        self.assertEqual(self.campaign().count("survived"), 0)  # nothing is run twice
        survivor = next(r["id"] for r in idle if r["verdict"] == "survived")
        self.write("tools/campaign/survivors.txt", f"{survivor} equivalent: nobody\n    asks for 77.\n")
        self.campaign("--report-only")
        report = self.read("docs/campaign.md")
        self.assertIn("Gaps: 1", report)
        self.assertIn("nobody asks for 77.", report)
        self.assertEqual(self.campaign("--again").count("survived"), 1)  # the one that is not equivalent
        self.assertIn('"verdict": "survived"', self.campaign("--mutant", survivor))


if __name__ == "__main__":
    unittest.main()
