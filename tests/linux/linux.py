#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a Linux guest must do: boot again and again, keep time, idle, survive save and load, on the JIT
and, where that tells something, on the interpreter.

Each test prints one line `ok NAME: figure` or `not ok NAME: why`; the last line counts them.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

import guest
from guest import READY, Guest

# Where the console of a failed guest goes.
LOGS = pathlib.Path(os.environ.get("BUILD", "."))


def boots(g, count, sizes):
    """count boots spread over numbers of vCPUs reach the prompt, see their CPUs and power off."""
    for n in range(count):
        vcpus = sizes[n % len(sizes)]
        code, text = g.run(f"boot{n}", vcpus=vcpus, run="nproc")
        if READY not in text or code != 0 or f"\n{vcpus}\n" not in text:
            (LOGS / "failed-boot.log").write_text(text)
            return False, f"boot {n} with {vcpus} vCPUs: exit {code}, console in failed-boot.log"
    return True, f"{count} boots"


def virtual(g, engines):
    """With the virtual clock all runs print the same bytes, whatever the engine."""
    texts = [g.on(engine).run("virtual", vcpus=2, clock="virtual", run="cat /proc/uptime")[1]
             for engine in engines]
    if READY not in texts[0]:
        return False, "no prompt"
    return len(set(texts)) == 1, f"{len(texts[0])} bytes of console"


def sleep(g, seconds, vcpus, late):
    """sleep N takes N seconds by the host's clock and is at most late, with all other vCPUs busy."""
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
    return -0.5 <= took - seconds <= late, f"{took:.2f} s for {seconds} s, {vcpus} vCPUs"


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
        return self.g.pid(self.name)


def idle(g, vcpus, limit, warm=15, seconds=8):
    """An idle guest costs the host less than limit (fraction of a core) per vCPU, in the best of
    three spans: other work on the host's cores makes the same instructions take longer."""
    spans = []
    with Background(g, "idle", vcpus=vcpus) as domain:
        time.sleep(warm)
        for _ in range(3):
            before, start = guest.cpu_seconds(domain.pid()), time.monotonic()
            time.sleep(seconds)
            used = guest.cpu_seconds(domain.pid()) - before
            spans.append(used / (time.monotonic() - start) / vcpus)
    return min(spans) < limit, f"{100 * min(spans):.2f} % of a core per vCPU"


def save_one_boot(g, limit, delays):
    """Boots once, saved and restored at most limit times; returns (how often, exit code, console)."""
    console, count = [], 0

    def start(*words):
        p = subprocess.Popen([g.epixen, *words], stdout=subprocess.PIPE, text=True,
                             stdin=subprocess.DEVNULL, errors="replace")
        reader = threading.Thread(target=lambda: console.extend(p.stdout))
        reader.start()
        return p, reader

    with tempfile.TemporaryDirectory() as d:
        image = pathlib.Path(d) / "saved.image"
        path = g.config(d, "saved", vcpus=2, run="sleep 1; echo all well")
        p, reader = start("create", "-c", str(path))
        while count < limit:
            time.sleep(delays.uniform(0.05, 0.35))
            if p.poll() is not None:
                break
            try:
                g.command("save", "saved", str(image))
            except RuntimeError:
                if p.wait(timeout=30):  # it may just have powered off by itself
                    raise
                break
            p.wait()
            reader.join()
            p, reader = start("restore", "-c", str(image))
            count += 1
        p.wait(timeout=600)
        reader.join()
    return count, p.returncode, "".join(console)


def saves(g, count):
    """A booting kernel saved, destroyed and loaded still reaches the prompt; in one boot or in
    several, until that was done count times."""
    done, boots_done, delays = 0, 0, random.Random(1)
    while done < count:
        times, code, text = save_one_boot(g, count - done, delays)
        done, boots_done = done + times, boots_done + 1
        if READY not in text or "all well" not in text or code or not times:
            (LOGS / "failed-save.log").write_text(text)
            return False, f"after {done} saves: exit {code}, console in failed-save.log"
    return True, f"{done} saves and loads in {boots_done} boots"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    guest.add_arguments(parser)
    parser.add_argument("--long", action="store_true", help="the full counts of the release test")
    parser.add_argument("--slow", action="store_true",
                        help="a build with a sanitizer: figures of speed are printed, not judged")
    parser.add_argument("tests", nargs="*", help="names; all when empty")
    args = parser.parse_args()
    g = Guest(args.epixen, args.kernel, args.ramdisk)
    late = 10 if args.slow else 0.5
    tests = {
        "boots": lambda: boots(g, 50 if args.long else 3, (1, 2) if args.slow else (1, 2, 4)),
        "boots-interp": lambda: boots(g.on("interp"), 50 if args.long else 1, (2, 1, 4)),
        "virtual": lambda: virtual(g, ("jit", "interp") * (2 if args.long else 1)),
        "sleep": lambda: sleep(g, 60 if args.long else 5, 1, late),
        "sleep-busy": lambda: sleep(g, 60 if args.long else 5, 2, late),
        "idle": lambda: idle(g, 2, 1 if args.slow else 0.03),
        "saves": lambda: saves(g, 50 if args.long else 5),
        "saves-interp": lambda: saves(g.on("interp"), 50 if args.long else 1),
    }
    counts = [0, 0]
    for name in args.tests or tests:
        try:
            ok, figure = tests[name]()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            ok, figure = False, str(error)
        counts[not ok] += 1
        print(f"{'ok' if ok else 'not ok'} {name}: {figure}", flush=True)
    print("linux: {} passed, {} failed, 0 skipped".format(*counts))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
