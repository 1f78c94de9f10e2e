#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks rows of the instruction table, or emitters of the translator, one at a time and sees whether
the tests notice.

Half of the mutants of rows change the row in ops.def (an opcode field, an operand, a legality rule, an
attribute), half its exec function; the formats take turns. named.txt lists mutants that are tried
first, equivalent.txt changes that mean nothing; emitters have lists of their own (emitter.py). Exit
status 0 only when all are found.
"""
import argparse
import concurrent.futures
import itertools
import os
import queue
import random
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import body  # noqa: E402
import emitter  # noqa: E402
import suite  # noqa: E402
import table  # noqa: E402

OPS, FORMATS = "src/isa/ops.def", "src/isa/formats.def"
DEPTH = 2  # of calls below an exec function that are broken, too


class Mutant:
    """files: new text by path, made only when needed; objects: what is made of them. Row numbers
    stay the same, so a changed table concerns only the object that holds it."""

    def __init__(self, row, form, kind, what, files, objects, side="rows"):
        self.row, self.form, self.kind, self.what = row, form, kind, what
        self.files, self.objects, self.side = files, objects, side

    def __str__(self):
        return "%-4s %-16s %s" % (self.form, self.row, self.what)


class Source:
    """Where mutants come from."""

    def __init__(self, tree):
        self.table = table.Table(tree.read(OPS), tree.read(FORMATS))
        self.text, self.home = {}, {}
        for name in sorted(os.listdir(os.path.join(tree.root, "src/cpu"))):
            if re.fullmatch(r"exec_\w+\.c", name):
                path = "src/cpu/" + name
                self.text[path] = tree.preprocess(path)
                for function in body.functions(self.text[path]):
                    if function.startswith("exec_"):
                        self.home[function[5:]] = path
        self.equivalent = list(read_list("equivalent.txt"))

    def known(self, row, what):
        return any(re.fullmatch(e[0], row) and re.search(e[1], what) for e in self.equivalent)

    def of_table(self, row):
        for kind, ways in table.KINDS.items():
            for what, change in ways(self.table, row):
                yield kind, what, lambda c=change: dict(
                    zip((OPS, FORMATS), self.table.render(row, **c)))

    def of_code(self, row):
        path = self.home[row.id]
        for kind, what, text in body.ways(self.text[path], row.id, DEPTH):
            yield kind, re.sub(r"\s+", " ", what), lambda t=text: {path: t()}

    def all(self, row, side):
        """Mutants of a row; side: "table" or "code"."""
        source = "src/isa/table.c" if side == "table" else self.home[row.id]
        for kind, what, files in getattr(self, "of_" + side)(row):
            if not self.known(row.id, what):
                yield Mutant(row.id, row.format.name, kind, what, files, [source[:-1] + "o"])

    def draw(self, rng):
        """Endless, formats in random order, table and code in turn, kinds with equal chances."""
        forms = {}
        for row in self.table.rows.values():
            forms.setdefault(row.format.name, []).append(row)
        side = ["table", "code"]
        while True:
            names = sorted(forms)
            rng.shuffle(names)
            for name in names:
                choice = list(self.all(rng.choice(forms[name]), side[0]))
                if not choice:
                    continue
                kind = rng.choice(sorted({m.kind for m in choice}))
                side.reverse()
                yield rng.choice([m for m in choice if m.kind == kind])

    def named(self):
        """ROW  SIDE  REGEX of named.txt: the first mutant of the row whose description it is in."""
        for row, side, pattern in read_list("named.txt"):
            found = [m for m in self.all(self.table.rows[row], side) if re.search(pattern, m.what)]
            if not found:
                sys.exit("named.txt: no mutant %s %s %s" % (row, side, pattern))
            yield found[0]


def read_list(name):
    with open(os.path.join(HERE, name)) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                yield re.split(r"\t+| {2,}", line.strip())


class Trial:
    """Tries mutants in several trees at once and counts."""

    def __init__(self, trees, total):
        self.trees = queue.Queue()
        for tree in trees:
            self.trees.put(tree)
        self.total, self.found, self.survived, self.began = total, 0, [], time.time()
        self.lock = threading.Lock()

    def one(self, mutant):
        """False when the mutant cannot be built: another must take its place."""
        tree = self.trees.get()
        files = mutant.files()
        whole = {path: tree.read(path) for path in files}
        try:
            for path, text in files.items():
                tree.write(path, text, mutant.objects)
            if tree.make(mutant.objects):
                return False
            self.report(mutant, tree.notice(mutant.side))
            return True
        finally:
            for path, text in whole.items():
                tree.write(path, text, mutant.objects)
            self.trees.put(tree)

    def report(self, mutant, why):
        with self.lock:
            self.found += why is not None
            if why is None:
                self.survived.append(mutant)
            done = self.found + len(self.survived)
            seconds = int(time.time() - self.began)
            print("%3d/%d %2d:%02d  %-8s  %s%s" % (
                done, self.total, seconds // 60, seconds % 60,
                "found" if why else "SURVIVED", mutant, "  by " + why if why else ""), flush=True)

    def run(self, mutants, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            waiting, started = set(), 0
            while True:
                while len(waiting) < jobs and started < self.total:
                    waiting.add(pool.submit(self.one, next(mutants)))
                    started += 1
                if not waiting:
                    return
                done, waiting = concurrent.futures.wait(
                    waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                started -= sum(not d.result() for d in done)


def prepare(directory, jobs, sides):
    """Trees, one per job, that are built and pass."""
    programs = os.path.abspath(os.path.join(directory, "insn"))
    os.makedirs(programs, exist_ok=True)
    first = suite.Tree.create(os.path.join(directory, "0"), programs)
    print("building", flush=True)
    why = first.make(jobs=jobs)
    if why:
        sys.exit("the tree does not build: " + why)
    subprocess.run(["python3", "tests/insn/insn.py", "--keep", programs, "--build-only"], check=True,
                   cwd=first.root, stdout=subprocess.DEVNULL)
    for side in sides:
        why = first.notice(side)
        if why:
            sys.exit("the tests fail without a mutant: " + why)
    return [first] + [first.clone(os.path.join(directory, str(n))) for n in range(1, jobs)]


def choose(args, tree, sides):
    """Endless mutants: the named ones, then random ones of each side in turn; and how many to try."""
    named, drawn = [], []
    for side in sides:
        source = Source(tree) if side == "rows" else emitter.Source(tree, Mutant, read_list)
        named += [] if args.no_named else list(source.named())
        drawn.append(source.draw(random.Random(args.seed)))
    turns = itertools.chain.from_iterable(zip(*drawn))
    return itertools.chain(named, turns), len(named) + args.n * len(sides)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", nargs="?", default="build/mutants", help="for private copies")
    parser.add_argument("-n", type=int, default=30, help="random mutants of each side")
    parser.add_argument("-s", "--seed", default="1", help="which ones")
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="at a time")
    parser.add_argument("--list", action="store_true", help="print them, try nothing")
    parser.add_argument("--no-named", action="store_true", help="random mutants only")
    parser.add_argument("--only", choices=("rows", "jit"), help="one side; else -n of each")
    args = parser.parse_args()
    sides = [args.only] if args.only else ["rows", "jit"]
    trees = [suite.Tree(".", None)] if args.list else prepare(args.directory, args.j, sides)
    mutants, total = choose(args, trees[0], sides)
    if args.list:
        for _, m in zip(range(total), mutants):
            print(m)
        return 0
    trial = Trial(trees, total)
    trial.run(mutants, args.j)
    print("%d passed, %d failed, 0 skipped" % (trial.found, len(trial.survived)))
    return 1 if trial.survived else 0


if __name__ == "__main__":
    sys.exit(main())
