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
from torture import EXCUSED  # noqa: E402

# Linux 2.6 cannot list directories, or set limits, as today's C library wants it to.
SCRIPT = """#!/bin/sh
cd /t/bin
ulimit -t 900 2>/dev/null
for t in $(cat /t/names); do
	./$t >/tmp/out 2>&1
	status=$?
	echo "TORTURE $t $status"
	[ $status -eq 0 ] || tail -n 3 /tmp/out
	rm -f $t
done
"""


def run_batch(args, binaries):
    """{binary name: exit status} of those that the guest reported, and the console."""
    with tempfile.TemporaryDirectory() as d:
        files = {f"t/bin/{b.name}": b.read_bytes() for b in binaries}
        files["t/run.sh"] = SCRIPT.encode()
        files["t/names"] = "".join(f"{b.name}\n" for b in binaries).encode()
        ramdisk = pathlib.Path(d) / "initramfs"
        guest.append_archive(args.ramdisk, ramdisk, files)
        kind = guest.PvGuest if args.pv else guest.Guest
        g = kind(args.epixen, args.kernel, ramdisk, args.memory, args.engine)
        _, text = g.run("torture", timeout=3600, vcpus=args.vcpus, run="sh /t/run.sh", extra="quiet")
    return {name: int(status) for name, status in re.findall(r"TORTURE (\S+) (\d+)", text)}, text


def verdict(name, status):
    """("ok", "FAIL" or "SKIP", detail) for a binary's name and its exit status."""
    if status == 0:
        return "ok", ""
    detail = "never reported" if status is None else f"exit {status}"
    excuse = EXCUSED.get(re.sub(r"-O\d$", "", name))
    return ("SKIP", f"{detail}: {excuse}") if excuse and status is not None else ("FAIL", detail)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    guest.add_arguments(parser)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/torture"))
    parser.add_argument("--log", type=pathlib.Path, default=pathlib.Path("failed-torture.log"),
                        help="where the console of a batch with failures goes")
    parser.add_argument("--batch", type=int, default=400)
    parser.add_argument("--memory", type=int, default=2048)
    parser.add_argument("--vcpus", type=int, default=1)
    parser.add_argument("--engine", default="jit")
    parser.add_argument("--pv", action="store_true", help="the kernel is one for Xen, in a paravirtual domain")
    args = parser.parse_args()
    where = "PV Linux" if args.pv else "Linux"
    binaries = sorted(p for p in args.work.iterdir() if p.is_file())
    counts = {"ok": 0, "FAIL": 0, "SKIP": 0}
    for start in range(0, len(binaries), args.batch):
        batch = binaries[start:start + args.batch]
        result, text = run_batch(args, batch)
        verdicts = {b.name: verdict(b.name, result.get(b.name)) for b in batch}
        for name, (word, detail) in verdicts.items():
            counts[word] += 1
            if word != "ok":
                print(f"{word} torture in {where} {name}: {detail}", flush=True)
        if any(word == "FAIL" for word, _ in verdicts.values()):
            args.log.write_text(text)
    print("torture in {}: {ok} passed, {FAIL} failed, {SKIP} skipped".format(where, **counts))
    return 1 if counts["FAIL"] or not counts["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
