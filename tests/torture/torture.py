#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""GCC's execution tests (gcc.c-torture/execute of Debian's gcc-12-source), compiled for ia64-linux
and run in the user runner, inside a Linux domain, or in any other program that runs ia64 ELF files.

A program passes when it exits with 0. A test is skipped only when its own directives say that the
target is unsupported, when it is in EXCUSED, or when --oracle (a second simulator) fails on the same
binary; each is named.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

# Effective targets that ia64-linux lacks; every other one the tests ask for it has.
MISSING_TARGETS = {"dfp", "newlib_nano_io"}
DIRECTORY_FLAGS = {
    "": [],
    "ieee": ["-fno-inline"],
    "builtins": ["-fno-tree-dse", "-fno-tree-loop-distribute-patterns", "-fno-tracer",
                 "-fno-ipa-ra", "-fno-inline-functions"],
}
# Tests that may fail, as they do in Ski with the same binary: those that are wrong for ia64, and
# those that need what the user runner lacks, which have to pass in Linux.
SMALL_BUFFER = "its __builtin_setjmp buffer has 5 words, ia64 fills 6"
EXCUSED = {"pr64242": SMALL_BUFFER, "pr84521": SMALL_BUFFER}
EXCUSED_IN_RUNNER = {"20101011-1": "the user runner delivers no signals"}
DIRECTIVE = re.compile(r"\{\s*dg-([a-z-]+)\s+(.*?)\s*\}\s*(?:\*/)?\s*$", re.M)
TIMEOUT = 300


def target_matches(selector):
    """Whether a { target ... } or skip-if selector names ia64-linux: only by wildcard."""
    return re.search(r"(ia64|\*)-\*-(\*|linux\*)", selector) is not None


def directives(text):
    """(options, reason to skip or None) of one test's dg- comments."""
    options, skip = [], None
    for name, rest in DIRECTIVE.findall(text):
        if name in ("options", "additional-options"):
            match = re.match(r"(?:\"([^\"]*)\"|\{\s*\"?([^}\"]*)\"?\s*\})\s*(.*)", rest)
            condition = match.group(3)
            if not condition or re.search(r"target\s+(fpic|\*-\*-\*)", condition):
                options += (match.group(1) or match.group(2) or "").split()
        elif name == "require-effective-target":
            if rest.split()[0].strip("{}") in MISSING_TARGETS:
                skip = "needs " + rest.split()[0]
        elif name == "skip-if":
            condition = rest.split('"', 2)[-1]
            negated = re.search(r"!\s*\{", condition) is not None
            flags = re.sub(r"\{[^{}]*\*-\*[^{}]*\}|\{ !.*\} \}", "", condition, count=1)
            if negated != target_matches(condition) and not re.search(r"-[Of]\w", flags):
                skip = "dg-skip-if " + condition.strip()
    return options, skip


def script_flags(source):
    """Flags that a test's .x script adds for every target: lines without indentation."""
    script = source.with_suffix(".x")
    text = script.read_text() if script.exists() else ""
    added = re.findall(r"^(?:lappend|set) additional_flags (.*)$", text, re.M)
    return [flag.strip('"') for line in added for flag in line.split()]


class Test:
    def __init__(self, root, source):
        self.source = source
        self.directory = str(source.parent.relative_to(root))
        self.directory = "" if self.directory == "." else self.directory
        self.name = str(source.relative_to(root).with_suffix(""))
        self.options, self.skip = directives(source.read_text(errors="replace"))
        self.options += script_flags(source)

    def sources(self):
        if self.directory != "builtins":
            return [self.source]
        library = self.source.with_name(self.source.stem + "-lib.c")
        return [self.source, library, self.source.parent / "lib" / "main.c"]

    def binary(self, work, level):
        return work / (self.name.replace("/", "_") + level)

    def compile(self, args, level):
        out = self.binary(args.work, level)
        if out.exists():
            return None
        command = [args.cc, "-w", level, *DIRECTORY_FLAGS[self.directory], *self.options, "-static",
                   "-s", "-o", str(out), *map(str, self.sources()), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1:]


def find_tests(root):
    found = []
    for directory in DIRECTORY_FLAGS:
        for source in sorted((root / directory).glob("*.c")):
            if not source.stem.endswith("-lib"):
                found.append(Test(root, source))
    return found


def run(command, binary):
    """(ok, what happened) of one binary under a runner command."""
    try:
        done = subprocess.run(command.split() + [str(binary)], capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False, f"no end after {TIMEOUT} s"
    lines = (done.stderr or done.stdout).strip().splitlines()
    return done.returncode == 0, f"exit {done.returncode}" + (": " + lines[-1] if lines else "")


def run_oracle(command, binary):
    """Ski exits with its own status; it names the program's on standard error."""
    try:
        done = subprocess.run(command.split() + [str(binary)], capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False
    status = re.search(r"exited with status (\d+)", done.stdout + done.stderr)
    return done.returncode == 0 and (status is None or status.group(1) == "0")


def one(args, test, level):
    """(verdict, name, detail): compiles, and runs unless --compile-only."""
    name = f"{test.name} {level}"
    if test.skip:
        return "skipped", name, test.skip
    error = test.compile(args, level)
    if error is not None:
        return "skipped", name, "the compiler refuses: " + " ".join(error)
    if args.compile_only:
        return "passed", name, ""
    binary = test.binary(args.work, level)
    ok, detail = run(args.runner, binary)
    excuse = {**EXCUSED, **EXCUSED_IN_RUNNER}.get(test.name)
    if not ok and excuse:
        return "skipped", name, f"{detail.split(':')[0]}: {excuse}"
    if not ok and args.oracle and not run_oracle(args.oracle, binary):
        return "skipped", name, f"{detail}; fails under the oracle too"
    if ok and not args.keep:
        binary.unlink()
    return ("passed" if ok else "failed"), name, detail


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True,
                        help="the directory gcc.c-torture/execute")
    parser.add_argument("--cc", default="ia64-linux-gnu-gcc")
    parser.add_argument("--runner", default="build/epixen-user", help="command in front of the ELF")
    parser.add_argument("--oracle", help="command that runs the same binary elsewhere")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/torture"))
    parser.add_argument("--levels", default="-O0,-O2,-O3")
    parser.add_argument("--every", type=int, default=1, help="take every Nth test only")
    parser.add_argument("--only", help="regular expression on names")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--compile-only", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep binaries that passed")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)

    tests = find_tests(args.source)[::args.every]
    if args.only:
        tests = [t for t in tests if re.search(args.only, t.name)]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        jobs = [pool.submit(one, args, t, level) for level in args.levels.split(",") for t in tests]
        for number, job in enumerate(concurrent.futures.as_completed(jobs), 1):
            verdict, name, detail = job.result()
            counts[verdict] += 1
            if verdict != "passed":
                print(f"{'SKIP' if verdict == 'skipped' else 'FAIL'} torture {name}: {detail}",
                      flush=True)
            if sys.stderr.isatty():
                print(f"\r{number}/{len(jobs)}", end="", file=sys.stderr)
    print("torture: {passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
