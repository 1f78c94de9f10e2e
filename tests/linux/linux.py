#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a Linux guest must do: boot again and again, keep time, idle, survive save and load.

Each test prints one line `ok NAME: figure` or `not ok NAME: why`; the last line counts them.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import guest
from guest import READY, Guest


def boots(g, count):
    """count boots spread over 1, 2 and 4 vCPUs reach the prompt, see their CPUs and power off."""
    for n in range(count):
        vcpus = (1, 2, 4)[n % 3]
        code, text = g.run(f"boot{n}", vcpus=vcpus, run="nproc")
        if READY not in text or code or f"\n{vcpus}\n" not in text:
            pathlib.Path("failed-boot.log").write_text(text)
            return False, f"boot {n} with {vcpus} vCPUs: exit {code}, console in failed-boot.log"
    return True, f"{count} boots"


def virtual(g):
    """With the virtual clock two runs print the same bytes."""
    texts = [g.run("virtual", vcpus=2, clock="virtual", run="cat /proc/uptime")[1] for _ in (1, 2)]
    if READY not in texts[0]:
        return False, "no prompt"
    return texts[0] == texts[1], f"{len(texts[0])} bytes of console"


def sleep(g, seconds, vcpus):
    """sleep N takes N seconds by the host's clock, with all other vCPUs busy."""
    busy = "(while :; do :; done) & " * (vcpus - 1)
    with tempfile.TemporaryDirectory() as d:
        path = g.config(d, "sleep", vcpus=vcpus, run=f"{busy}echo begin; sleep {seconds}; echo end")
        with subprocess.Popen([g.epixen, "create", "-c", str(path)], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True) as p:
            stamp = {}
            for line in p.stdout:
                stamp.setdefault(line.strip(), time.monotonic())
    if "begin" not in stamp or "end" not in stamp:
        return False, "the guest did not get that far"
    took = stamp["end"] - stamp["begin"]
    return abs(took - seconds) <= 0.5, f"{took:.2f} s for {seconds} s, {vcpus} vCPUs"


class Background:
    """A domain in the background, its console collected; destroyed at the end."""

    def __init__(self, g, name, **keys):
        self.g, self.name = g, name
        self.directory = tempfile.TemporaryDirectory()
        self.path = g.config(self.directory.name, name, **keys)

    def __enter__(self):
        self.g.command("create", str(self.path))
        return self

    def __exit__(self, *_):
        self.g.command("destroy", self.name, check=False)
        self.directory.cleanup()

    def pid(self):
        return int(guest.find(r"pid\s*[:=]?\s*(\d+)", self.g.command("list", "-l", self.name)))


def idle(g, vcpus, limit, warm=15, seconds=20):
    """An idle guest costs the host less than limit (fraction of a core) per vCPU."""
    with Background(g, "idle", vcpus=vcpus) as domain:
        time.sleep(warm)
        before = guest.cpu_seconds(domain.pid())
        time.sleep(seconds)
        used = (guest.cpu_seconds(domain.pid()) - before) / seconds / vcpus
    return used < limit, f"{100 * used:.2f} % of a core per vCPU"


def saves(g, count):
    """A booting kernel saved, destroyed and loaded count times still reaches the prompt."""
    with tempfile.TemporaryDirectory() as d:
        path = g.config(d, "saved", vcpus=2, run="sleep 1; echo all well")
        image = pathlib.Path(d) / "saved.image"
        console = []

        def start(*words):
            p = subprocess.Popen([g.epixen, *words], stdout=subprocess.PIPE, text=True,
                                 stdin=subprocess.DEVNULL, errors="replace")
            reader = threading.Thread(target=lambda: console.extend(p.stdout))
            reader.start()
            return p, reader

        p, reader = start("create", "-c", str(path))
        for n in range(count):
            time.sleep(0.05 + n * 0.007 % 0.3)
            if p.poll() is not None:
                break
            g.command("save", "saved", str(image))
            p.wait()
            reader.join()
            p, reader = start("restore", "-c", str(image))
        p.wait(timeout=300)
        reader.join()
    text = "".join(console)
    ok = READY in text and "all well" in text and p.returncode == 0
    if not ok:
        pathlib.Path("failed-save.log").write_text(text)
    return ok, f"{n + 1} saves and loads, exit {p.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    guest.add_arguments(parser)
    parser.add_argument("--long", action="store_true", help="the full counts of the release test")
    parser.add_argument("tests", nargs="*", help="names; all when empty")
    args = parser.parse_args()
    g = Guest(args.epixen, args.kernel, args.ramdisk)
    tests = {
        "boots": lambda: boots(g, 50 if args.long else 3),
        "virtual": lambda: virtual(g),
        "sleep": lambda: sleep(g, 60 if args.long else 5, 1),
        "sleep-busy": lambda: sleep(g, 60 if args.long else 5, 2),
        "idle": lambda: idle(g, 2, 0.03),
        "saves": lambda: saves(g, 50 if args.long else 5),
    }
    counts = [0, 0]
    for name in args.tests or tests:
        ok, figure = tests[name]()
        counts[not ok] += 1
        print(f"{'ok' if ok else 'not ok'} {name}: {figure}", flush=True)
    print("linux: {} passed, {} failed, 0 skipped".format(*counts))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
