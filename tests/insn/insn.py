#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the instruction test programs and judges their results.

    insn.py [--runner CMD]             against expected.txt (one hash per instruction)
    insn.py [--runner CMD] --ski BSKI  against the Ski simulator, result by result
    insn.py --ski BSKI --record        makes expected.txt, from Ski's results alone

A key is a row of src/isa/ops.def or a pair of them. Last line: N passed, N failed, N skipped.
"""
import argparse
import hashlib
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import generate  # noqa: E402
import groups  # noqa: E402

EXPECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected.txt")
HEADER = """# SPDX-License-Identifier: MIT
# One line per instruction: SHA-256 (first 16 digits) of the results of all its tests, in order.
# The values come from the Ski simulator of HP, not from this project: insn.py --ski BSKI --record.
# One defect of Ski was repaired for it: signedSat8 and signedSat16 in exec.incl.c compare with
# 0xFFFFFFFFFFFFFF80LL and 0xFFFFFFFFFFFF8000LL, which are unsigned in C, so that every number
# saturates to the minimum (volume 3 says 0x7f/0x80 and 0x7fff/0x8000: 3:195). It affects
# padd, psub, pack (.sss), pshladd2 and pshradd2; tests/unit/test_exec_int.c has these from SSE2.
"""


def run(command, **how):
    return subprocess.run(command, stdin=subprocess.DEVNULL, **how)


def build(directory, name, tests):
    """Assembles one program and links it with vectors.o."""
    vectors = os.path.join(directory, "vectors.o")
    obj = os.path.join(directory, name + ".o")
    assemble(generate.program(tests), obj)
    path = os.path.join(directory, name)
    run(["ia64-linux-gnu-ld", "-static", "-o", path, obj, vectors], check=True)


def assemble(text, obj):
    source = obj[:-2] + ".S"
    with open(source, "w") as f:
        f.write(text)
    run(["ia64-linux-gnu-as", "-mhint.b=ok", "-o", obj, source], check=True)


def results(command, path, tests):
    """List of bytes, one per test; shorter when the program stopped early."""
    done = run(command + [path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, parts, at = done.stdout, [], 0
    for test in tests:
        size = test.size()
        parts.append(out[at:at + size])
        at += size
    if at != len(out) or done.returncode:
        print("%s: exit code %d, %d bytes of %d: %s" % (os.path.basename(path), done.returncode,
              len(out), at, done.stderr.decode(errors="replace")[:2000]))
    return parts


def digests(tests, parts):
    sums = {}
    for test, part in zip(tests, parts):
        sums.setdefault(test.key, hashlib.sha256()).update(part)
    return {key: h.hexdigest()[:16] for key, h in sums.items()}


def words(data):
    return ["%016x" % w for w in struct.unpack("<%dQ" % (len(data) // 8), data)]


def show_difference(test, ours, theirs):
    """The first results that differ, with their vector's number."""
    a, b, shown = words(ours), words(theirs), 0
    if len(a) != len(b):
        print("%s: %s: %d words, not %d" % (test.key, test.text, len(a), len(b)))
    for n, pair in enumerate(zip(a, b)):
        if pair[0] != pair[1] and shown < 3:
            place = "%s %d word %d" % (test.vectors, n // test.words, n % test.words)
            print("%s: %s (%s): %s, not %s" % (test.key, test.text, place, *pair))
            shown += 1


def read_expected():
    with open(EXPECTED) as f:
        return dict(line.split() for line in f if not line.startswith("#"))


def judge(args, tests, path, expected):
    """Names of the keys that are right and wrong."""
    ours = results(args.runner.split(), path, tests)
    want = expected
    if args.ski:
        theirs = results([args.ski, "-noconsole", "-forceuser"], path, tests)
        want = digests(tests, theirs)
        for test, a, b in zip(tests, ours, theirs):
            show_difference(test, a, b)
    got = digests(tests, ours)
    short = {t.key for t, part in zip(tests, ours) if len(part) != t.size()}
    wrong = [key for key in got if got[key] != want.get(key) or key in short]
    return len(got) - len(wrong), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runner", default="build/epixen-user", help="command before the program")
    parser.add_argument("--ski", help="path of bski")
    parser.add_argument("--record", action="store_true", help="write expected.txt")
    parser.add_argument("--keep", help="directory for the programs")
    parser.add_argument("--build-only", action="store_true", help="leave the programs there")
    parser.add_argument("--built", help="directory with the programs of an earlier --keep")
    parser.add_argument("group", nargs="*", help="of: " + " ".join(groups.GROUPS))
    args = parser.parse_args()
    passed, failed, record = 0, [], {}
    expected = {} if args.ski or args.record else read_expected()
    with tempfile.TemporaryDirectory() as scratch:
        directory = args.keep or args.built or scratch
        if not args.built:
            assemble(generate.vectors_source(), os.path.join(directory, "vectors.o"))
        for name in args.group or groups.GROUPS:
            tests = groups.make(name)
            path = os.path.join(directory, name)
            if not args.built:
                build(directory, name, tests)
            if args.build_only:
                continue
            if args.record:
                ski = results([args.ski, "-noconsole", "-forceuser"], path, tests)
                if sum(map(len, ski)) != sum(t.size() for t in tests):
                    sys.exit("%s: nothing recorded" % name)
                record.update(digests(tests, ski))
            else:
                good, wrong = judge(args, tests, path, expected)
                passed, failed = passed + good, failed + wrong
    if args.record:
        with open(EXPECTED, "w") as f:
            f.write(HEADER + "".join("%s %s\n" % (k, record[k]) for k in sorted(record)))
        passed = len(record)
    for key in failed:
        print("FAIL %s" % key)
    print("%d passed, %d failed, 0 skipped" % (passed, len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
