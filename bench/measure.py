# SPDX-License-Identifier: MIT
"""What is measured, and how: the programs and their builds, the sides they run on, a Linux domain.

A side runs a program for some repeats and returns the shortest one. Programs that only compute are
measured by their process's CPU time, which other work on the host disturbs least; those of the system,
several threads or processes, by the clock. In a guest the clock goes on while the host does
something else, so there the CPU time of the whole domain per repeat is taken where it is less.
"""
import os
import pathlib
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "linux"))
import guest  # noqa: E402  (the path has to be set first)

SOURCE = TOP / "bench" / "programs"
COMPUTE = {
    "integer": "sieve, Collatz",
    "chase": "pointer chasing, 2 MB list and tree",
    "strings": "C library and byte loops on text",
    "sort": "quick sort, heap sort, qsort",
    "hash": "SHA-256, CRC-32, hash table",
    "compress": "LZ77, Huffman, and back",
    "divide": "integer division",
    "dispatch": "indirect branches and calls",
    "recursion": "fib, tak, Ackermann, queens",
    "matmul": "double: matrices",
    "nbody": "double: division, square root",
    "longdouble": "extended precision",
    "rotate": "br.ctop and br.wtop loops, memcpy",
}
SYSTEM = {
    "syscall": "1400 system calls",
    "gate": "1000 of the quick system calls",
    "switch": "200 context switches",
    "fault": "256 page faults, mprotect",
    "fork": "3 processes",
    "parallel": "two threads",
}
PROGRAMS = {**COMPUTE, **SYSTEM}
CFLAGS = "-std=gnu17 -O2 -Wall -Wextra -Werror -static -s -pthread".split()
LIMIT = 600  # seconds, for a program or a domain that hangs
COREMARK = "coremark"  # not ours: its sources are named by COREMARK
COREMARK_ARGUMENTS = "0x0 0x0 0x66 {} 7 1 2000"
LINE = re.compile(r"checksum ([0-9a-f]+) best (\d+) cpu (\d+) repeats (\d+)")


class Failure(Exception):
    """A program that gave no result, or a wrong one."""


class Result:
    """Of one program on one side: the checksum, seconds per repeat, how many repeats there were, and
    where it was measured from outside, the mean CPU time of one."""

    def __init__(self, checksum, seconds, repeats=1):
        self.checksum, self.seconds, self.repeats, self.cpu = checksum, seconds, repeats, None

    def add_cpu(self, seconds):
        """CPU time of all repeats. What it gives for one bounds the time from above, as the clock does."""
        self.cpu = seconds / self.repeats
        self.seconds = min(self.seconds, self.cpu)


def parse(name, text, clock):
    """The Result that a program printed, or None; clock is "best" or "cpu"."""
    if name == COREMARK:
        rate = re.search(r"Iterations/Sec\s*:\s*([\d.]+)", text)
        sums = re.findall(r"crc(?:list|matrix|state)\s*: 0x(\w+)", text)
        count = re.search(r"Iterations\s*:\s*(\d+)", text)
        return Result("".join(sums), 1 / float(rate.group(1)), int(count.group(1))) if rate else None
    m = LINE.search(text)
    if not m:
        return None
    return Result(m.group(1), int(m.group(2 if clock == "best" else 3)) / 1e9, int(m.group(4)))


def ia64_compiler(shared):
    """A command, or None."""
    done = subprocess.run([TOP / "tests" / "toolchain.sh", str(shared)], stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def build(cc, directory, names=PROGRAMS):
    """Compiles what is older than its source; returns {name: path}."""
    directory.mkdir(parents=True, exist_ok=True)
    built = {}
    common = [SOURCE / "main.c", SOURCE / "bench.h"]
    for name in names:
        out, source = directory / name, SOURCE / f"{name}.c"
        newest = max(p.stat().st_mtime for p in [source, *common])
        if not out.exists() or out.stat().st_mtime < newest:
            subprocess.run([*shlex.split(cc), *CFLAGS, "-o", out, source, common[0], "-lm"], check=True)
        built[name] = out
    return built


def build_coremark(cc, source, out):
    """Compiles CoreMark's sources, or takes the ia64 binary that source is."""
    if source.is_file():
        return source
    if not out.exists():
        files = [*source.glob("core_*.c"), source / "posix" / "core_portme.c"]
        subprocess.run([*shlex.split(cc), "-O2", "-static", "-s", f"-I{source}", f"-I{source / 'posix'}",
                        "-DPERFORMANCE_RUN=1", '-DFLAGS_STR="-O2"', "-o", out, *files, "-lrt"], check=True)
    return out


class Command:
    """A side that runs programs in a process of this host, maybe through an emulator."""

    def __init__(self, prefix, programs, iterations=4000):
        """iterations is for CoreMark, which has its own loop."""
        self.prefix, self.programs, self.iterations = shlex.split(prefix), programs, iterations

    def run(self, name, repeats, milliseconds):
        """None where this side cannot run the program, or does not have it."""
        if name not in self.programs:
            return None
        arguments = [str(repeats), str(milliseconds)]
        if name == COREMARK:
            arguments = COREMARK_ARGUMENTS.format(self.iterations).split()
        before = children_seconds()
        try:
            done = subprocess.run([*self.prefix, self.programs[name], *arguments], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                  errors="replace", timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return None
        r = parse(name, done.stdout, "cpu" if name in COMPUTE else "best")
        if r and name == COREMARK:
            r.add_cpu(children_seconds() - before)
        return r


class Linux:
    """One boot of a Linux domain on the JIT that runs what it is told, and what is known about it then."""

    def __init__(self, args, vcpus=1, kernel=None, kind=guest.Guest):
        """kernel: instead of args.kernel, for a domain of that kind."""
        self.args, self.vcpus = args, vcpus
        self.kernel, self.kind = kernel or args.kernel, kind
        self.boot_seconds = self.boot_cpu = self.overhead = None
        self.text, self.stamps = "", []

    def run(self, files, lines):
        """Boots with files {name: bytes} in /bench, runs lines there by the shell; returns the
        console's text from the first to the last of them."""
        script = "cd /bench\n" + "".join(f"{line}\n" for line in lines) + "echo bench: done\nread x\n"
        files = {f"bench/{name}": data for name, data in files.items()}
        files["bench/run"] = script.encode()
        with tempfile.TemporaryDirectory() as d:
            ramdisk = pathlib.Path(d) / "initramfs"
            guest.append_archive(self.args.ramdisk, ramdisk, files)
            g = self.kind(self.args.epixen, self.kernel, ramdisk)
            name = f"bench-{os.getpid()}"
            path = g.config(d, name, vcpus=self.vcpus, engine="jit", run="sh /bench/run")
            self._follow(g, name, path)
        return self.text

    def _follow(self, g, name, path):
        start = time.monotonic()
        command = [g.epixen, "create", "-c", str(path)]
        with subprocess.Popen(command, text=True, errors="replace", stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
            late = threading.Timer(LIMIT, g.command, ("destroy", name), {"check": False})
            late.start()
            for line in p.stdout:
                self.text += line
                if guest.READY in line:
                    self.boot_seconds = time.monotonic() - start
                    self.boot_cpu = cpu_seconds(g.pid(name))
                elif line.startswith("bench: "):
                    self._stamp(g.pid(name), line)
                    p.stdin.write("\n")
                    p.stdin.flush()
            late.cancel()
        if self.overhead is None:
            raise Failure("the Linux domain did not get through:\n" + self.text[-2000:])

    def _stamp(self, pid, line):
        self.stamps.append(cpu_seconds(pid))
        if "done" in line:
            self.overhead = overhead(pid)

    def results(self, names):
        """Of what the programs printed between their names on the console."""
        parts = re.split(r"^bench: (\w+)\r?$", self.text, flags=re.M)
        results = {}
        for n, name in enumerate(parts[1:-2:2]):
            results[name] = r = parse(name, parts[2 * n + 2], "best")
            if r:
                r.add_cpu(self.stamps[n + 1] - self.stamps[n])
        return {n: results.get(n) for n in names}


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_seconds(pid):
    """Host CPU time of all threads; exact for those that sleep."""
    stats = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(p.read_text().split()[0]) for p in stats) / 1e9


def overhead(pid):
    """Bytes that a domain's process has in memory besides the guest's RAM. What is mapped twice
    counts once: the proportional share."""
    total, counts = 0, True
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            counts = "guest-ram" not in line
        elif line.startswith("Pss:") and counts:
            total += int(line.split()[1]) * 1024
    return total


def shell_lines(names, milliseconds, iterations=4000):
    """For Linux.run: every program in turn, each once before it counts and waiting until CPU
    time has been read."""
    lines = []
    for name in names:
        warm, arguments = "1", f"2 {milliseconds}"
        if name == COREMARK:
            warm, arguments = (COREMARK_ARGUMENTS.format(n) for n in (1, iterations))
        lines += [f"./{name} {warm} >/dev/null", f"echo bench: {name}; read x", f"./{name} {arguments}"]
    return lines


def files_of(programs):
    return {name: path.read_bytes() for name, path in programs.items()}


def check_sums(name, results):
    """All sides must have computed the same."""
    sums = {side: r.checksum for side, r in results.items() if r}
    if len(set(sums.values())) > 1:
        raise Failure(f"{name}: checksums differ: " + ", ".join(f"{s} {c}" for s, c in sums.items()))
