#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the same static ia64 program side by side: Ski in user mode, our user runner, and our
Linux domain, one after the other in each round so that a noisy host treats all alike. Prints the
median of the rounds and the ratio to Ski, twice: by the program's own clock, and by the host CPU time
that the simulating process used, which other work on the host disturbs less.

--coremark names a static ia64 CoreMark (posix port, -O2 -static, PERFORMANCE_RUN=1) and --ski the
command that runs it; neither is part of this project, and rows that lack theirs are left out by name.
"""
import argparse
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "linux"))
import guest  # noqa: E402  (the path has to be set first)

SKI = "Ski, user mode"
ARGUMENTS = "0x0 0x0 0x66 {} 7 1 2000"


def score(text):
    """Iterations per second as CoreMark prints them."""
    found = re.search(r"Iterations/Sec\s*:\s*([\d.]+)", text)
    return float(found.group(1)) if found else None


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_command(command, args):
    """(iterations per second by the program's clock, per CPU second)."""
    words = command.split() + [str(args.coremark)] + ARGUMENTS.format(args.iterations).split()
    before = children_seconds()
    text = subprocess.run(words, capture_output=True, text=True, errors="replace").stdout
    return score(text), args.iterations / (children_seconds() - before)


def run_in_linux(args, engine):
    """The same; CPU time is that of the whole domain between two lines on its console."""
    stamps, text = {}, ""
    with tempfile.TemporaryDirectory() as d:
        ramdisk = pathlib.Path(d) / "initramfs"
        guest.append_archive(args.ramdisk, ramdisk, {"bench": args.coremark.read_bytes()})
        g = guest.Guest(args.epixen, args.kernel, ramdisk)
        name = f"bench-{os.getpid()}"
        program = "/bench " + ARGUMENTS.format(args.iterations)
        path = g.config(d, name, engine=engine, run=f"sleep 1; echo begin; {program}; echo end; sleep 1")
        with subprocess.Popen([args.epixen, "create", "-c", str(path)], text=True, errors="replace",
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as p:
            for line in p.stdout:
                text += line
                if line.strip() in ("begin", "end"):
                    stamps[line.strip()] = guest.cpu_seconds(g.pid(name))
    if len(stamps) < 2:
        return None, None
    return score(text), args.iterations / (stamps["end"] - stamps["begin"])


def median(results, n):
    return statistics.median(r[n] for r in results)


def report(results):
    base = results.get(SKI)
    print(f"{'CoreMark':<28} {'it/s':>8} {'to Ski':>7}   {'it/CPU s':>8} {'to Ski':>7}")
    for name, values in results.items():
        row = f"{name:<28}"
        for n in (0, 1):
            value = median(values, n)
            row += f" {value:8.1f} " + (f"{value / median(base, n):7.2f}  " if base else f"{'-':>7}  ")
        print(row.rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epixen", default="build/epixen")
    parser.add_argument("--runner", default="build/epixen-user")
    parser.add_argument("--kernel", type=pathlib.Path)
    parser.add_argument("--ramdisk", type=pathlib.Path)
    parser.add_argument("--coremark", type=pathlib.Path, default=os.environ.get("COREMARK"))
    parser.add_argument("--ski", default=os.environ.get("SKI"))
    parser.add_argument("--engines", default="interp,jit", help="one, or both with a comma")
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if not args.coremark:
        sys.exit("bench: no CoreMark given: set COREMARK to a static ia64 binary (see bench/bench.py --help)")
    args.coremark = pathlib.Path(args.coremark)

    sides = {}
    for engine in args.engines.split(","):
        sides[f"epixen {engine}, user runner"] = (
            lambda e=engine: run_command(f"{args.runner} --engine {e}", args))
        if args.kernel and args.kernel.exists() and args.ramdisk and args.ramdisk.exists():
            sides[f"epixen {engine}, in Linux"] = lambda e=engine: run_in_linux(args, e)
        else:
            print("bench: no kernel and ramdisk given: the row in Linux is left out")
    if args.ski:
        sides[SKI] = lambda: run_command(args.ski, args)
    else:
        print("bench: no Ski given: set SKI to its command; ratios are left out")
    results = {name: [] for name in sides}
    for _ in range(args.rounds):
        for name, measure in sides.items():
            value = measure()
            if None in value:
                sys.exit(f"bench: {name} gave no result")
            results[name].append(value)
    report(results)


if __name__ == "__main__":
    main()
