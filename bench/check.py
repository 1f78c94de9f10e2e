#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Refuses a loss of speed: compares ratios with bench/baseline.json, and fails for each row that has
lost more than 15 %. The last line is "N passed, N failed, N skipped".

A row's value is how fast the JIT is, as a ratio to something measured in the same rounds, so that the
machine's clock and load cancel out. For a computing program that is the same program; for the rows of
a Linux domain (its boot, system calls ...) it is the program `integer`. It runs

  - natively, on the type of processor and with the gcc that the baseline was made on: nothing in our
    tree changes the native side, so a loss is ours;
  - on the interpreter elsewhere, where native code and translated code need not gain alike. The lowest
    ratio among the baseline's machines counts. An interpreter that became faster looks like a loss of
    the JIT there, and one that became slower hides one.

The baseline has both for each machine it was made on; --write measures and replaces those of this
one. Against noise: CPU time of the shortest repeat of the shortest round, sides taking turns; rows that
would fail are measured again, up to --retries times, before they do.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import time

import measure
from measure import COMPUTE, SYSTEM, Command, Failure, Linux

LOSS = 0.15
NATIVE, INTERP, JIT = "native", "interp", "jit"
BOOT = "boot"
UNIT = "integer"  # what rows of a Linux domain are measured against
ROWS = [*COMPUTE, BOOT, *SYSTEM]
# Rows of a domain lose to whatever else the host does, and need the long run's rounds.
SHORT = ["integer", "strings", "sort", "recursion", "matmul", "rotate"]
BASELINE = pathlib.Path(__file__).resolve().parent / "baseline.json"


def this_machine():
    """The type of processor and the native compiler."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    words = [re.search(rf"^{key}\s*:\s*(.*)$", info, re.M).group(1)
             for key in ("vendor_id", "cpu family", "model")]
    gcc = subprocess.run(["gcc", "-dumpfullversion"], stdout=subprocess.PIPE, text=True).stdout.strip()
    return "{} family {} model {}, gcc {}".format(*words, gcc)


class Best:
    """The least seconds seen of each row on each side."""

    def __init__(self):
        self.seconds = {}

    def add(self, row, side, seconds):
        sides = self.seconds.setdefault(row, {})
        sides[side] = min(seconds, sides.get(side, seconds))

    def ratio(self, row, side):
        """How fast the JIT is in this row, with what `side` needs as 1. None: not measured."""
        base = self.seconds.get(row if row in COMPUTE else UNIT, {}).get(side)
        jit = self.seconds.get(row, {}).get(JIT)
        return base / jit if base and jit else None


class Bench:
    """Measures rows on the sides wanted; the JIT is one of them."""

    def __init__(self, args, sides):
        cc = measure.ia64_compiler(args.shared)
        if not cc:
            raise Failure("no C compiler for ia64: set IA64_CC, or SHARED to where toolchain/ is")
        self.args = args
        self.ia64 = measure.build(cc, args.build / "bench" / "ia64")
        self.sides = {JIT: Command(f"{args.runner} --engine jit", self.ia64)}
        if NATIVE in sides:
            self.sides[NATIVE] = Command("", measure.build("gcc", args.build / "bench" / "native"))
        if INTERP in sides:
            self.sides[INTERP] = Command(f"{args.runner} --engine interp", self.ia64)

    def round(self, rows, best):
        in_linux = [r for r in rows if r not in COMPUTE]
        for row in [r for r in rows if r in COMPUTE] or [UNIT]:
            results = {s: c.run(row, 3, self.args.milliseconds) for s, c in self.sides.items()}
            if None in results.values():
                raise Failure(f"{row} gave no result: " + ", ".join(s for s, r in results.items() if not r))
            measure.check_sums(row, results)
            for side, r in results.items():
                best.add(row, side, r.seconds)
        if in_linux:
            self.round_in_linux([r for r in in_linux if r in SYSTEM], best)

    def round_in_linux(self, rows, best):
        domain = Linux(self.args)
        programs = {r: self.ia64[r] for r in rows}
        domain.run(measure.files_of(programs), measure.shell_lines(rows, self.args.milliseconds))
        best.add(BOOT, JIT, domain.boot_cpu)
        for row, r in domain.results(rows).items():
            if not r:
                raise Failure(f"{row} gave no result in Linux:\n" + domain.text[-1000:])
            best.add(row, JIT, r.seconds)


def wanted(baseline, machine):
    """(the side to compare with, {row: ratio})."""
    if machine in baseline:
        return NATIVE, {row: sides[NATIVE] for row, sides in baseline[machine].items()}
    rows = {row for m in baseline.values() for row in m}
    return INTERP, {row: min(m[row][INTERP] for m in baseline.values() if row in m) for row in rows}


def losers(rows, want, best, side):
    """The rows that are too slow or were not measured."""
    return [r for r in rows if r in want and (best.ratio(r, side) or 0) < want[r] * (1 - LOSS)]


def judge(rows, want, side, measure_round, rounds, retries, pause=2):
    """Measures and returns (what was measured, rows that lost). measure_round(rows, best) is one round."""
    best = Best()
    for _ in range(rounds):
        measure_round(rows, best)
    lost = losers(rows, want, best, side)
    for n in range(retries):
        if not lost:
            break
        print(f"once more, too slow so far: {' '.join(lost)}", flush=True)
        time.sleep(n * pause)
        measure_round(lost, best)
        lost = losers(rows, want, best, side)
    return best, lost


def report(rows, want, best, side, lost):
    """Prints the table and returns the exit status."""
    print(f"{'':<12}{'to ' + side:>10}{'baseline':>10}{'change':>9}")
    for row in rows:
        value, before = best.ratio(row, side) or 0, want.get(row)
        change = f"{100 * (value / before - 1):+8.0f}%" if before else "      new"
        print(f"{row:<12}{value:10.4f}{before or 0:10.4f}{change}")
    for row in lost:
        value = best.ratio(row, side) or 0
        print(f"FAIL bench {row}: the JIT has lost {100 * (1 - value / want[row]):.0f} % "
              f"({value:.4f} to {side}, {want[row]:.4f} in {BASELINE.name}; {100 * LOSS:.0f} % are allowed)")
    known = [r for r in rows if r in want]
    gained = [r for r in known if (best.ratio(r, side) or 0) > want[r] * (1 + LOSS)]
    if gained:
        print(f"bench: faster than the baseline, which `make bench-baseline` renews: {' '.join(gained)}")
    print(f"{len(known) - len(lost)} passed, {len(lost)} failed, {len(rows) - len(known)} skipped")
    return 1 if lost else 0


def write(path, baseline, machine, best, rows):
    baseline[machine] = {r: {s: round(best.ratio(r, s), 5) for s in (NATIVE, INTERP)} for r in rows}
    path.write_text(json.dumps(baseline, indent="\t") + "\n")
    print(f"bench: {path} rewritten for {machine}")


def from_file(path):
    """A round that was measured elsewhere: {row: {side: seconds}}."""
    def measure_round(rows, best):
        for row, sides in json.loads(path.read_text()).items():
            for side, seconds in sides.items():
                best.add(row, side, seconds)
    return measure_round


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    path = pathlib.Path
    parser.add_argument("--build", type=path, default=path("build"))
    parser.add_argument("--shared", type=path, default=path("../shared"))
    parser.add_argument("--baseline", type=path, default=BASELINE)
    parser.add_argument("--short", action="store_true", help="a few rows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--retries", type=int, default=5)
    parser.add_argument("--milliseconds", type=int, default=300, help="of each program on each side")
    parser.add_argument("--write", action="store_true", help="rewrite the baseline for this machine")
    parser.add_argument("--results", type=path, help="compare what is in this file instead of measuring")
    args = parser.parse_args()
    args.epixen, args.runner = args.build / "epixen", args.build / "epixen-user"
    args.kernel = args.shared / "guests" / "vmlinux-6.1-ia64.gz"
    args.ramdisk = args.shared / "guests" / "initramfs-busybox.cpio.gz"
    return args


def main():
    args = parse_arguments()
    machine = this_machine()
    baseline = json.loads(args.baseline.read_text()) if args.baseline.exists() else {}
    rows = SHORT if args.short else ROWS
    if not args.results and not (args.kernel.exists() and args.ramdisk.exists()):
        print(f"SKIP bench in Linux: {args.kernel} or {args.ramdisk} is not there")
        rows = [r for r in rows if r in COMPUTE]
    side, want = (NATIVE, {}) if args.write else wanted(baseline, machine)
    if side == INTERP:
        print(f"bench: no baseline for {machine}: compared with the interpreter")
    try:
        sides = (NATIVE, INTERP) if args.write else (side,)
        measure_round = from_file(args.results) if args.results else Bench(args, sides).round
        best, lost = judge(rows, want, side, measure_round, args.rounds, args.retries)
    except Failure as why:
        print(f"FAIL bench: {why}\n0 passed, 1 failed, 0 skipped")
        sys.exit(1)
    if args.write:
        write(args.baseline, baseline, machine, best, rows)
    else:
        sys.exit(report(rows, want, best, side, lost))


if __name__ == "__main__":
    main()
