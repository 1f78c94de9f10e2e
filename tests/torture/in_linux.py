#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the binaries that torture.py --compile-only made inside a Linux domain, in batches that
travel as an initramfs archive behind the usual one."""
import argparse
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "linux"))
import guest  # noqa: E402  (the path has to be set first)

SCRIPT = """#!/bin/sh
cd /t/bin
for t in *; do ./$t >/tmp/out 2>&1; echo "TORTURE $t $?"; rm -f $t; done
"""


def run_batch(args, binaries):
    """{binary name: exit status} of those that the guest reported."""
    with tempfile.TemporaryDirectory() as d:
        files = {f"t/bin/{b.name}": b.read_bytes() for b in binaries}
        files["t/run.sh"] = SCRIPT.encode()
        ramdisk = pathlib.Path(d) / "initramfs"
        guest.append_archive(args.ramdisk, ramdisk, files)
        g = guest.Guest(args.epixen, args.kernel, ramdisk, memory=args.memory)
        _, text = g.run("torture", timeout=3600, vcpus=args.vcpus, run="sh /t/run.sh", extra="quiet")
    return {name: int(status) for name, status in re.findall(r"TORTURE (\S+) (\d+)", text)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    guest.add_arguments(parser)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/torture"))
    parser.add_argument("--batch", type=int, default=400)
    parser.add_argument("--memory", type=int, default=1536)
    parser.add_argument("--vcpus", type=int, default=1)
    args = parser.parse_args()
    binaries = sorted(p for p in args.work.iterdir() if p.is_file())
    passed = failed = 0
    for start in range(0, len(binaries), args.batch):
        batch = binaries[start:start + args.batch]
        result = run_batch(args, batch)
        for binary in batch:
            status = result.get(binary.name)
            passed, failed = passed + (status == 0), failed + (status != 0)
            if status != 0:
                print(f"failed: {binary.name}: "
                      + ("never reported" if status is None else f"exit {status}"), flush=True)
    print(f"torture in Linux: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
