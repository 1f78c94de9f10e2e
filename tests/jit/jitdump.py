#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a jitdump file as perf's specification describes it and says whether everything in it is
as it should be: jitdump.py FILE PID [NAME...]; code of each NAME must be there."""
import re
import struct
import sys

HEADER = struct.Struct("=6I2Q")
RECORD = struct.Struct("=2IQ")
LOAD = struct.Struct("=2I4Q")


def check(ok, what):
    if not ok:
        sys.exit(f"jitdump: {what}")


def main(path, pid, *wanted):
    data = open(path, "rb").read()
    magic, version, size, machine, _, its_pid, time, flags = HEADER.unpack_from(data)
    check((magic, version, size, machine) == (0x4A695444, 1, HEADER.size, 62), "header")
    check(its_pid == int(pid), f"pid {its_pid}, not {pid}")
    check(flags == 0, "times are no TSC")
    names, at, indices = set(), size, set()
    while at < len(data):
        kind, length, when = RECORD.unpack_from(data, at)
        check(kind == 0 and when >= time and at + length <= len(data), f"record at {at}")
        owner, _, vma, address, code_size, index = LOAD.unpack_from(data, at + RECORD.size)
        name, rest = data[at + RECORD.size + LOAD.size:at + length].split(b"\0", 1)
        check(owner == its_pid and vma == address != 0, f"address at {at}")
        check(len(rest) == code_size > 0, f"{name}: code of {len(rest)} bytes, not {code_size}")
        check(re.fullmatch(rb"ia64:(0x[0-9a-f]+(\.[12])?|common)", name), f"name {name}")
        check(index not in indices, f"index {index} twice")
        indices.add(index)
        names.add(name.decode())
        at += length
    for name in wanted:
        check(name in names, f"no code named {name}")
    print(f"{len(indices)} pieces of code")


main(*sys.argv[1:])
