#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bench table: each program of bench/programs natively, on this emulator's engines, inside a Linux
domain, on Ski, and on QEMU's user mode for other machines. All sides of a program run one after the
other in each round, so that a noisy host treats them alike, and must compute the same. Printed are
medians of the rounds, ratios, and what a domain is wanted to reach.

Optional: SKI (the command that runs Ski's user mode), COREMARK (the directory of its sources, or a
static ia64 binary), qemu-user with Debian's cross compilers (tests/deps.sh bench), a kernel and
ramdisk. What is missing is said and its columns are left out.
"""
import argparse
import contextlib
import io
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import textwrap

import measure
import pv_io
from measure import COMPUTE, COREMARK, SYSTEM, Command, Failure, Linux, guest

NATIVE, JIT, INTERP, LINUX, SKI = "native", "jit", "interp", "Linux", "Ski"
PV, PLAIN = "PV", "PV's own"
MACHINES = ("aarch64", "riscv64")


class Table:
    """Results by program and side, and single figures of the domains by name."""

    def __init__(self):
        self.times, self.figures = {}, {}

    def add(self, name, results):
        measure.check_sums(name, results)
        for side, r in results.items():
            if r:
                self.times.setdefault(name, {}).setdefault(side, []).append(r.seconds)

    def add_figure(self, name, value):
        if value is not None:
            self.figures.setdefault(name, []).append(value)

    def time(self, name, side):
        values = self.times.get(name, {}).get(side)
        return statistics.median(values) if values else None

    def speed(self, name, side, base):
        """How many times as fast as base."""
        a, b = self.time(name, side), self.time(name, base)
        return b / a if a and b else None

    def figure(self, name):
        return statistics.median(self.figures[name]) if name in self.figures else None


def left_out(what, why):
    print(f"bench: {what} left out: {why}")


def programs_for(cc, args, machine):
    directory = args.build / "bench" / machine
    programs = measure.build(cc, directory)
    if args.coremark and (args.coremark.is_dir() or machine == "ia64"):
        programs[COREMARK] = measure.build_coremark(cc, args.coremark, directory / COREMARK)
    return programs


def make_sides(args):
    """{name: Command}, and the ia64 programs."""
    cc = measure.ia64_compiler(args.shared)
    if not cc:
        sys.exit("bench: no C compiler for ia64: set IA64_CC, or SHARED to where toolchain/ is")
    ia64 = programs_for(cc, args, "ia64")
    sides = {NATIVE: Command("", programs_for("gcc", args, "native"), iterations=20000)}
    sides[JIT] = Command(f"{args.runner} --engine jit", ia64)
    sides[INTERP] = Command(f"{args.runner} --engine interp", ia64, iterations=1000)
    if args.ski:
        sides[SKI] = Command(args.ski, ia64, iterations=1000)
    else:
        left_out(SKI, "set SKI to its command")
    for machine in MACHINES:
        cc, qemu = f"{machine}-linux-gnu-gcc", f"qemu-{machine}"
        if shutil.which(cc) and shutil.which(qemu):
            sides[machine] = Command(qemu, programs_for(cc, args, machine))
        else:
            left_out(qemu, f"{cc} or {qemu} is not installed: tests/deps.sh bench")
    return sides, ia64


def measure_linux(args, table, ia64, per_program):
    """One domain with one processor that runs everything, one with two for what is parallel."""
    one = Linux(args)
    one.run(measure.files_of(ia64), measure.shell_lines(ia64, args.milliseconds))
    for name, result in one.results(ia64).items():
        if not result:
            raise Failure(f"{name} gave no result in Linux:\n" + one.text[-1000:])
        per_program[name][LINUX] = result
    table.add_figure("boot", one.boot_seconds)
    table.add_figure("overhead", one.overhead)
    both = {}
    for vcpus in (1, 2):
        domain = Linux(args, vcpus=vcpus)
        domain.run(measure.files_of({"parallel": ia64["parallel"]}),
                   measure.shell_lines(["parallel"], 4 * args.milliseconds))
        both[vcpus] = domain.results(["parallel"])["parallel"]
    table.add_figure("scaling", both[1].seconds / both[2].seconds)
    table.add_figure("cpu scaling", 2 * both[1].cpu / both[2].cpu)


def measure_pv(args, per_program, ia64):
    """What a paravirtual kernel does for programs, and the unmodified one that it is compared with."""
    names = {n: ia64[n] for n in (*SYSTEM, COREMARK) if n in ia64 and n != "parallel"}
    for side, kernel, kind in ((PV, args.pv_kernel, guest.PvGuest),
                               (PLAIN, args.pv_plain, guest.Guest)):
        domain = Linux(args, 1, kernel, kind)
        domain.run(measure.files_of(names), measure.shell_lines(names, args.milliseconds))
        for name, result in domain.results(names).items():
            if not result:
                raise Failure(f"{name} gave no result in {side}:\n" + domain.text[-1000:])
            per_program[name][side] = result


def measure_host_scaling(args, table, native):
    """The same program natively on one processor and on all: what the host had to give."""
    one = Command("taskset -c 0", native).run("parallel", 2, args.milliseconds)
    two = Command("", native).run("parallel", 2, args.milliseconds)
    table.add_figure("host scaling", one.seconds / two.seconds)


def run_round(args, table, sides, ia64, in_linux):
    per_program = {}
    for name in ia64:
        per_program[name] = {side: c.run(name, 2, args.milliseconds) for side, c in sides.items()
                             if not (name in SYSTEM and side in (JIT, INTERP))}
    if in_linux:
        measure_linux(args, table, ia64, per_program)
    if args.pv_kernel:
        measure_pv(args, per_program, ia64)
    measure_host_scaling(args, table, sides[NATIVE].programs)
    for name, results in per_program.items():
        table.add(name, results)


def number(value, width):
    """With three digits that count, but not more than four decimals."""
    if value is None:
        return f"{'-':>{width}}"
    return f"{value:{width}.{min(4, max(0, 2 - math.floor(math.log10(value))))}f}"


def mean(values):
    values = [v for v in values if v]
    return math.exp(statistics.fmean(map(math.log, values))) if values else None


def print_table(title, columns, rows, means=()):
    """columns {heading: function of a program}; means are (label, programs)."""
    print(f"\n{title}\n{'':<12}" + "".join(f"{c:>9}" for c in columns))
    for name in rows:
        print(f"{name:<12}" + "".join(number(f(name), 9) for f in columns.values()))
    for label, names in means:
        print(f"{label:<12}" + "".join(number(mean(f(n) for n in names), 9) for f in columns.values()))


def print_tables(table, sides):
    rows = [n for n in [*COMPUTE, COREMARK, *SYSTEM] if n in table.times]
    present = [s for s in (NATIVE, JIT, LINUX, INTERP, SKI, *MACHINES)
               if any(s in table.times[n] for n in rows)]
    computing = [n for n in rows if n not in SYSTEM]
    print_table("Milliseconds per repeat (one CoreMark iteration)",
                {s: lambda n, s=s: (table.time(n, s) or 0) * 1e3 or None for s in present}, rows)
    print_table("Speed, native = 1; geometric means",
                {s: lambda n, s=s: table.speed(n, s, NATIVE) for s in present[1:]}, rows,
                [("computing", computing), ("system", [n for n in rows if n in SYSTEM])])
    if SKI in sides:
        print_table("Speed, Ski = 1 (its system calls are the host's)",
                    {s: lambda n, s=s: table.speed(n, s, SKI) for s in (JIT, LINUX) if s in present},
                    rows, [("computing", computing)])
    if PV in (side for times in table.times.values() for side in times):
        print_table("Speed in a paravirtual domain, in the unmodified one = 1",
                    {PV: lambda n: table.speed(n, PV, PLAIN)}, [n for n in rows if PV in table.times[n]])


def print_figures(table):
    """What a domain is wanted to reach."""
    host = table.figure("host scaling")
    rows = [
        ("CoreMark in Linux, times Ski", table.speed(COREMARK, LINUX, SKI), ">=", 10),
        ("boot, create to ready, s", table.figure("boot"), "<", 6),
        (f"two vCPUs, times one (host {host:.2f})", table.figure("scaling"), ">=", 1.8),
        ("two vCPUs, by CPU time needed", table.figure("cpu scaling"), ">=", 1.8),
        ("overhead after it all, MB", (table.figure("overhead") or 0) / 2**20 or None, "<=", 64),
    ]
    print(f"\n{'A domain':<36}{'measured':>9}  wanted")
    for name, value, relation, wanted in rows:
        good = value is not None and (value >= wanted if relation == ">=" else value <= wanted)
        verdict = "" if good else "  not measured" if value is None else "  MISSED"
        print(f"{name:<36}{number(value, 9)}  {relation} {wanted}{verdict}")


def print_io(rounds):
    """Of a paravirtual domain's disk and network: medians of the rounds."""
    print(f"\n{'PV disk and network, MB/s':<28}{'domain':>9}{'host':>9}{'ratio':>9}")
    for row in rounds[0]:
        domain, host = (statistics.median(r[row][side] for r in rounds) for side in (0, 1))
        print(f"{row:<28}{number(domain, 9)}{number(host, 9)}{number(domain / host, 9)}")


def head(args):
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "?")
    commit = subprocess.run(["git", "-C", measure.TOP, "describe", "--always", "--dirty"],
                            capture_output=True, text=True).stdout.strip()
    return (f"epixen {commit}, {cpu}, {os.cpu_count()} processors\n"
            f"{args.rounds} rounds, load {os.getloadavg()[0]:.1f} before")


def put_into(path, text):
    """Replaces what is behind the heading "The table"."""
    before, heading, _ = path.read_text().partition("## The table\n")
    path.write_text(before + heading + "\n" + textwrap.indent(text, "    ", lambda line: line.strip()))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    path = pathlib.Path
    parser.add_argument("--build", type=path, default=path("build"), help="where epixen is and programs go")
    parser.add_argument("--shared", type=path, default=path("../shared"))
    parser.add_argument("--kernel", type=path, help="default: the one in SHARED/guests")
    parser.add_argument("--ramdisk", type=path)
    parser.add_argument("--coremark", type=path, default=os.environ.get("COREMARK"))
    parser.add_argument("--pv-kernel", type=path, default=os.environ.get("PV_KERNEL"),
                        help="Linux with CONFIG_XEN: docs/pv-linux.md")
    parser.add_argument("--pv-plain", type=path, default=os.environ.get("PV_PLAIN"),
                        help="the same without it, to compare; default: KERNEL")
    parser.add_argument("--ski", default=os.environ.get("SKI"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--milliseconds", type=int, default=300, help="of each program on each side")
    parser.add_argument("--into", type=path, help="a document whose table is replaced")
    parser.add_argument("--quick", action="store_true", help="one short round")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.milliseconds = 1, 100
    args.epixen, args.runner = args.build / "epixen", args.build / "epixen-user"
    args.kernel = args.kernel or args.shared / "guests" / "vmlinux-6.1-ia64.gz"
    args.pv_plain = args.pv_plain or args.kernel
    args.ramdisk = args.ramdisk or args.shared / "guests" / "initramfs-busybox.cpio.gz"
    return args


def main():
    args = parse_arguments()
    text = io.StringIO()
    print(head(args), file=text)
    print(text.getvalue(), flush=True)
    sides, ia64 = make_sides(args)
    in_linux = args.kernel.exists() and args.ramdisk.exists()
    if not in_linux:
        left_out("a Linux domain", f"{args.kernel} or {args.ramdisk} is not there")
    if COREMARK not in ia64:
        left_out("CoreMark", "set COREMARK to its sources")
    if not args.pv_kernel:
        left_out("a paravirtual domain", "set PV_KERNEL to a kernel with CONFIG_XEN")
    table, io_rounds = Table(), []
    try:
        for _ in range(args.rounds):
            run_round(args, table, sides, ia64, in_linux)
            if args.pv_kernel:
                io_rounds.append(pv_io.run_round(args))
    except Failure as why:
        sys.exit(f"bench: {why}")
    text.write(f"load {os.getloadavg()[0]:.1f} after\n")
    with contextlib.redirect_stdout(text):
        print_tables(table, sides)
        print_figures(table)
        if io_rounds:
            print_io(io_rounds)
    print(text.getvalue())
    if args.into:
        put_into(args.into, text.getvalue())


if __name__ == "__main__":
    main()
