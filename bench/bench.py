#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the same static ia64 program side by side: Ski in user mode, our user runner, and our
Linux domain, one after the other in each round so that a noisy host treats all alike. Prints the
median of the rounds and the ratio to Ski.

--coremark names a static ia64 CoreMark (posix port, -O2 -static, PERFORMANCE_RUN=1) and --ski the
command that runs it; neither is part of this project, and rows that lack theirs are left out by name.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "linux"))
import guest  # noqa: E402  (the path has to be set first)

ARGUMENTS = "0x0 0x0 0x66 {} 7 1 2000"


def score(text):
    """Iterations per second as CoreMark prints them."""
    found = re.search(r"Iterations/Sec\s*:\s*([\d.]+)", text)
    return float(found.group(1)) if found else None


def run_command(command, args):
    words = command.split() + [str(args.coremark)] + ARGUMENTS.format(args.iterations).split()
    return score(subprocess.run(words, capture_output=True, text=True, errors="replace").stdout)


def run_in_linux(args):
    with tempfile.TemporaryDirectory() as d:
        ramdisk = pathlib.Path(d) / "initramfs"
        guest.append_archive(args.ramdisk, ramdisk, {"bench": args.coremark.read_bytes()})
        g = guest.Guest(args.epixen, args.kernel, ramdisk)
        _, text = g.run("bench", timeout=1200, run="/bench " + ARGUMENTS.format(args.iterations))
    return score(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epixen", default="build/epixen")
    parser.add_argument("--runner", default="build/epixen-user")
    parser.add_argument("--kernel", type=pathlib.Path)
    parser.add_argument("--ramdisk", type=pathlib.Path)
    parser.add_argument("--coremark", type=pathlib.Path, default=os.environ.get("COREMARK"))
    parser.add_argument("--ski", default=os.environ.get("SKI"))
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if not args.coremark:
        sys.exit("bench: no CoreMark given: set COREMARK to a static ia64 binary (see bench/bench.py --help)")
    args.coremark = pathlib.Path(args.coremark)

    sides = {"epixen, user runner": lambda: run_command(args.runner, args)}
    if args.kernel and args.ramdisk:
        sides["epixen, in Linux"] = lambda: run_in_linux(args)
    if args.ski:
        sides["Ski, user mode"] = lambda: run_command(args.ski, args)
    else:
        print("bench: no Ski given: set SKI to its command; ratios are left out")
    scores = {name: [] for name in sides}
    for _ in range(args.rounds):
        for name, measure in sides.items():
            value = measure()
            if value is None:
                sys.exit(f"bench: {name} gave no result")
            scores[name].append(value)

    base = statistics.median(scores.get("Ski, user mode", [0]))
    print(f"{'CoreMark':<22} {'it/s':>8} {'ratio to Ski':>13}")
    for name, values in scores.items():
        median = statistics.median(values)
        print(f"{name:<22} {median:8.1f} " + (f"{median / base:13.2f}" if base else f"{'-':>13}"))


if __name__ == "__main__":
    main()
