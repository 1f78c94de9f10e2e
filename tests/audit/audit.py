#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No row of the instruction table without a test that fails when the row is broken.

    audit.py BUILD [ROW...]      breaks the rows in the test that rows.txt (or the row's line in
                                 tests/insn/expected.txt) names; that test must fail
    audit.py --suggest BUILD     tests that would do for the rows without one

The programs in BUILD/audit do so by themselves when EPIXEN_BROKEN names the row (broken.c), so that
nothing is compiled. Last line: N passed, N failed, N skipped; each row counts.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests/insn"))
sys.dont_write_bytecode = True
import groups  # noqa: E402
import insn  # noqa: E402

LIMIT = 120  # seconds


def rows():
    with open(os.path.join(ROOT, "src/isa/ops.def")) as f:
        return re.findall(r"^OP\((\w+),", f.read(), re.M)


def read_list():
    """Row -> (test, broken): as rows.txt says, else an insn key of the same name."""
    tests = {key: ("insn:" + key, key) for key in insn.read_expected()}
    with open(os.path.join(HERE, "rows.txt")) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                row, test, effect = (line.split() + [""])[:3]
                tests[row] = (test, "!" + row if effect == "nothing" else row)
    return tests


class Programs:
    """Runs one test with a row broken; the insn programs are assembled once."""

    def __init__(self, build, scratch):
        self.build, self.scratch, self.group = build, scratch, {}
        self.expected = insn.read_expected()
        insn.assemble(insn.generate.vectors_source(), os.path.join(scratch, "vectors.o"))

    def assemble(self, keys):
        for name in groups.GROUPS:
            tests = groups.make(name)
            self.group.update((t.key, name) for t in tests if t.key in self.expected)
            if any(t.key in keys for t in tests):
                insn.build(self.scratch, name, tests)

    def output(self, command, broken):
        """Exit status and output; a program that does not end has noticed."""
        # A test that fails leaks; that is no finding of a sanitizer.
        env = dict(os.environ, EPIXEN_BROKEN=broken, ASAN_OPTIONS="detect_leaks=0")
        try:
            done = subprocess.run(command, env=env,
                                  timeout=LIMIT, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return 1, b""
        return done.returncode, done.stdout

    def fails(self, test, broken):
        kind, _, key = test.partition(":")
        if kind != "insn":
            return self.output([os.path.join(self.build, "audit", test)], broken)[0] != 0
        name = self.group[key]
        status, out = self.output([os.path.join(self.build, "audit/epixen-user"), "--engine", "interp",
                                   os.path.join(self.scratch, name)], broken)
        tests, parts, at = groups.make(name), [], 0
        for t in tests:
            parts.append(out[at:at + t.size()])
            at += t.size()
        return insn.digests(tests, parts)[key] != self.expected[key]


def judge(programs, row, listed):
    """What is wrong with the row's test."""
    if row not in listed:
        return "no test with an outside oracle is listed for it"
    test, broken = listed[row]
    if programs.fails(test, broken):
        return None
    return "%s does not fail when the row %s" % (
        test, "raises a fault" if broken[0] == "!" else "does nothing")


def suggest(programs, build, names):
    """For each row the first program that notices, with the row skipped or else with a fault."""
    found = [p for p in sorted(os.listdir(os.path.join(build, "audit")))
             if re.fullmatch(r"test_\w+", p)]

    def first(row):
        for mark in ("", "!"):
            for p in found:
                if programs.fails(p, mark + row):
                    return p + ("\tnothing" if mark else "")
        return "none"
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, test in zip(names, pool.map(first, names)):
            print("%s\t%s" % (row, test), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--suggest", action="store_true")
    parser.add_argument("build")
    parser.add_argument("row", nargs="*")
    args = parser.parse_args()
    names, listed = args.row or rows(), read_list()
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        programs = Programs(args.build, scratch)
        if args.suggest:
            suggest(programs, args.build, args.row or [r for r in names if r not in listed])
            return 0
        programs.assemble({listed[r][0].partition(":")[2] for r in names if r in listed})
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for row, why in zip(names, pool.map(lambda r: judge(programs, r, listed), names)):
                failed += why is not None
                if why:
                    print("FAIL %s: %s" % (row, why))
    print("%d passed, %d failed, 0 skipped" % (len(names) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
