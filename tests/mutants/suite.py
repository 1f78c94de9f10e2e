# SPDX-License-Identifier: MIT
"""A private copy of the source tree, and the tests that must notice when a row is broken there."""
import os
import shutil
import subprocess

UNIT = ("decode", "rows", "manual", "exec_int", "fp", "branch", "mem", "alat", "semaphore",
        "system", "interrupt", "sapic", "ram", "tlb", "mmu", "rse")
PROGRAMS = ["epixen-user", "fptest", "isatest", "jittest"] + ["tests/unit/test_" + u for u in UNIT]
SOURCES = ("Makefile", "src", "tests", "guests")
FLAGS = "-O1 -g0 -w -fsanitize=bounds,shift -fsanitize-undefined-trap-on-error"


class Tree:
    """root holds the sources and, in out, what is built of them."""

    def __init__(self, root, programs):
        self.root, self.programs = root, programs
        self.out = os.path.join(root, "out")

    @classmethod
    def create(cls, root, programs):
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        for name in SOURCES:
            copy = shutil.copytree if os.path.isdir(name) else shutil.copy2
            copy(name, os.path.join(root, name))
        return cls(root, programs)

    def clone(self, root):
        """A copy with what is built: times are kept, so that make finds it up to date."""
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.root, root)
        return Tree(root, self.programs)

    def read(self, path):
        with open(os.path.join(self.root, path)) as f:
            return f.read()

    def write(self, path, text, objects):
        """Changes a source; exactly these objects are stale then (its time stays the same)."""
        full = os.path.join(self.root, path)
        times = os.stat(full)
        with open(full, "w") as f:
            f.write(text)
        os.utime(full, ns=(times.st_atime_ns, times.st_mtime_ns))
        for name in objects:
            stale = os.path.join(self.out, name)
            if os.path.exists(stale):
                os.remove(stale)

    def preprocess(self, path):
        done = subprocess.run(["gcc", "-E", "-std=gnu17", "-Isrc", path], cwd=self.root,
                              stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    def make(self, targets=PROGRAMS, jobs=1):
        """None when it builds. What fails to is no broken row but a broken program."""
        return self.run("make", ["make", "-s", "-j%d" % jobs, "BUILD=out", "EXTRA_CFLAGS=" + FLAGS]
                        + ["out/" + t for t in targets], 600)

    def run(self, name, command, limit):
        """None, or what went wrong: the last words of a failed test."""
        environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", BUILD="out", SIZE="short")
        for variable in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            environment.pop(variable, None)
        try:
            done = subprocess.run(command, cwd=self.root, env=environment, timeout=limit,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            return "%s: no end" % name
        if done.returncode == 0:
            return None
        return "%s: %s" % (name, complaint(done.stdout.decode(errors="replace"), done.returncode))

    def jit_tests(self):
        """As row_tests, for a broken translator: the interpreter is right."""
        def jittest(limit, *arguments):
            return ("jittest", "jittest", ["out/jittest", "-m", "1024", *arguments], limit)
        return [jittest(60, "300", "1"), jittest(300, "-c", "2000", "1"),
                jittest(60, "-w", "15", "300", "9000"),
                ("fptest", "fptest", ["out/fptest", "100000", "1", "jit"], 60),
                ("insn", "epixen-user", ["python3", "tests/insn/insn.py", "--runner",
                                         "out/epixen-user --engine jit", "--built", self.programs],
                 120),
                ("user", "epixen-user", ["env", "ENGINES=jit", "sh", "tests/user/run-user.sh"], 60)]

    def row_tests(self):
        """(name, program to build, command, seconds after which it hangs), quick ones first."""
        def unit(names, limit):
            return [("test_" + u, "tests/unit/test_" + u, ["out/tests/unit/test_" + u], limit)
                    for u in names]
        out = unit(UNIT[:-2], 60)
        out.insert(1, ("objdump", "isatest", ["sh", "tests/isa/objdump.sh", "out/isatest", "-t",
                                              "20000", "-r", "5000"], 120))
        out.append(("fptest", "fptest", ["out/fptest", "100000", "1"], 60))
        out.append(("insn", "epixen-user", ["python3", "tests/insn/insn.py", "--runner",
                                            "out/epixen-user --engine interp", "--built", self.programs],
                    120))
        out.append(("user", "epixen-user", ["env", "ENGINES=interp", "sh", "tests/user/run-user.sh"], 60))
        return out + unit(UNIT[-2:], 120)

    def notice(self, side):
        """What the first test that fails says; None when none does. side: "rows" or "jit"."""
        for name, program, command, limit in self.row_tests() if side == "rows" else self.jit_tests():
            broken = self.make([program])
            if broken:
                raise RuntimeError(broken)
            why = self.run(name, command, limit)
            if why:
                return why
        return None


def complaint(output, status):
    lines = output.strip().split("\n")
    for line in lines:
        if line.startswith("not ok"):
            return line.split(" - ", 1)[-1]
    for line in lines:
        if line.startswith("FAIL"):
            return line[5:70]
        if line.endswith("unexplained differences"):
            return line.split(", ")[1]
    if status < 0:
        return "signal %d" % -status
    return lines[-1][:70] if lines[-1] else "exit code %d" % status
