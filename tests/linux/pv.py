#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a Linux kernel with CONFIG_XEN must do as a paravirtual domain: boot, use its disk and its
network, take processors away and add them, end and begin anew. Such a kernel is given by PV_KERNEL.

Each test prints one line `ok NAME: figure` or `not ok NAME: why`; the last line counts them.
"""
import argparse
import contextlib
import functools
import hashlib
import http.server
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import guest
from guest import READY, PvGuest

LOGS = pathlib.Path(os.environ.get("BUILD", "."))

# On the ramdisk: the kernel runs it when xenstore asks for a shutdown, and our init is not one that
# could be told by a signal.
POWEROFF = b"#!/bin/sh\nexec /bin/busybox poweroff -f\n"
REBOOT = b"#!/bin/sh\nexec /bin/busybox reboot -f\n"

# $1 pieces of 8 MB, no two alike, through the file system and back.
FILL = b"""mkdir -p /mnt && mount -t ext2 /dev/xvda /mnt || exit 1
head -c 8388608 /dev/urandom >/tmp/piece
pieces() { i=0; while [ $i -lt $1 ]; do i=$((i + 1)); echo $i; cat /tmp/piece; done; }
pieces $1 >/mnt/file
umount /mnt && mount -t ext2 /dev/xvda /mnt || exit 1
echo "written $(pieces $1 | md5sum | cut -d' ' -f1) $(wc -c </mnt/file)"
echo "read $(md5sum </mnt/file)"
umount /mnt
"""

NETWORK = b"""ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up && ip route add default via 10.0.2.2
ping -c 3 10.0.2.2
wget -q -O - http://10.0.2.2:$1/file | md5sum | sed 's/^/got /'
"""

# A second boot finds what the first has left on the disk.
AGAIN = b"""mkdir -p /mnt && mount -t ext2 /dev/xvda /mnt || exit 1
[ -e /mnt/seen ] && { echo second boot; umount /mnt; poweroff -f; }
echo >/mnt/seen; umount /mnt; reboot -f
"""

# One by one, by the guest itself.
PLUG = b"""cd /sys/devices/system/cpu
for round in 1 2 3; do
	for n in 3 2 1; do echo 0 >cpu$n/online || exit 1; done
	echo "alone $(nproc)"
	for n in 1 2 3; do echo 1 >cpu$n/online || exit 1; done
	echo "all $(nproc)"
done
for n in 1 2 3 4; do (i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo done) & done; wait
"""

# Linux takes a processor away by itself, and leaves it to udev to add it.
WATCH = b"""last=
while :; do
	for n in 1 2 3; do
		file=/sys/devices/system/cpu/cpu$n/online
		[ "$(cat $file)" = 0 ] && sleep 1 && [ "$(cat $file)" = 0 ] && echo 1 >$file
	done 2>/dev/null
	n=$(nproc)
	[ "$n" = "$last" ] || echo "cpus $n"
	last=$n
	sleep 0.2
done
"""

FILES = {"sbin/poweroff": POWEROFF, "sbin/reboot": REBOOT, "t/fill": FILL, "t/network": NETWORK,
         "t/again": AGAIN, "t/plug": PLUG, "t/watch": WATCH}


class Console:
    """A domain whose console is read while it runs; destroyed at the end."""

    def __init__(self, g, name, **keys):
        self.g, self.name, self.text = g, name, ""
        self.directory = tempfile.TemporaryDirectory()
        path = g.config(self.directory.name, name, **keys)
        self.process = subprocess.Popen([g.epixen, "create", "-c", str(path)], stdout=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while data := os.read(self.process.stdout.fileno(), 4096):
            self.text += data.decode(errors="replace").replace("\r", "")

    def wait_for(self, text, count=1, seconds=120):
        """Until text has come count times."""
        end = time.monotonic() + seconds
        while self.text.count(text) < count:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"the console did not say {text!r}: {self.text[-300:]!r}")
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.g.command("destroy", self.name, check=False)
        self.process.wait(timeout=60)
        self.reader.join()
        self.directory.cleanup()


def ext2(directory, megabytes):
    path = pathlib.Path(directory) / "disk.img"
    subprocess.run(["truncate", "-s", f"{megabytes}M", path], check=True)
    subprocess.run([mke2fs(), "-q", "-F", "-t", "ext2", path], check=True)
    return path


def mke2fs():
    return shutil.which("mke2fs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def failed(name, text, why):
    (LOGS / f"failed-pv-{name}.log").write_text(text)
    return False, f"{why}, console in failed-pv-{name}.log"


def boots(g, count):
    for n in range(count):
        vcpus = (1, 2, 4)[n % 3]
        code, text = g.run(f"boot{n}", vcpus=vcpus, run="nproc")
        if READY not in text or code != 0 or f"\n{vcpus}\n" not in text:
            return failed("boots", text, f"boot {n} with {vcpus} vCPUs: exit {code}")
    return True, f"{count} boots"


def disk(g, pieces):
    """Written, read back, and found by the host's own tools in the image."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as d:
        image = ext2(d, pieces * 8 + 40)
        start = time.monotonic()
        code, text = g.run("disk", vcpus=2, run=f"sh /t/fill {pieces}",
                           disk=[f"{image},raw,xvda,w"])
        took = time.monotonic() - start
        written = re.search(r"^written (\w{32}) (\d+)", text, re.M)
        read = re.search(r"^read (\w{32})", text, re.M)
        if code or not written or not read or written.group(1) != read.group(1):
            return failed("disk", text, f"exit {code}")
        tools = os.path.dirname(mke2fs())
        if subprocess.run([f"{tools}/e2fsck", "-fn", image], capture_output=True).returncode:
            return failed("disk", text, "the file system is damaged")
        subprocess.run([f"{tools}/debugfs", "-R", f"dump /file {d}/file", image], capture_output=True)
        with open(f"{d}/file", "rb") as f:
            if hashlib.file_digest(f, "md5").hexdigest() != read.group(1):
                return failed("disk", text, "the image holds something else")
    return True, f"{int(written.group(2)) >> 20} MB written and read, {took:.0f} s with the boot"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def server(directory):
    handler = functools.partial(Quiet, directory=directory)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        yield s.server_address[1]
        s.shutdown()


def network(g, megabytes):
    data = random.Random(1).randbytes(megabytes << 20)
    with tempfile.TemporaryDirectory() as d, server(d) as port:
        (pathlib.Path(d) / "file").write_bytes(data)
        code, text = g.run("network", run=f"sh /t/network {port}", vif=[""])
    if code or ", 0% packet loss" not in text:
        return failed("network", text, f"exit {code}: no answer to ping")
    if f"got {hashlib.md5(data).hexdigest()}" not in text:
        return failed("network", text, "another file came")
    return True, f"ping answered, {megabytes} MB fetched"


def plug(g):
    code, text = g.run("plug", vcpus=4, run="sh /t/plug")
    lines = text.split("\n")
    if code or [lines.count(line) for line in ("alone 1", "all 4", "done")] != [3, 3, 4]:
        return failed("plug", text, f"exit {code}")
    return True, "three processors away and back three times"


def vcpu_set(g):
    with Console(g, "watch", vcpus=4, run="sh /t/watch") as c:
        c.wait_for("cpus 4")
        for n in range(1, 4):
            g.command("vcpu-set", "watch", "2")
            c.wait_for("cpus 2", n)
            g.command("vcpu-set", "watch", "4")
            c.wait_for("cpus 4", n + 1)
    return True, "4 to 2 and back three times"


def sizes(g, everything):
    """The least memory that 2.6.32 boots with, the most that there is, more processors than it knows."""
    rows = [(76, 1, "swiotlb=512"), (192, 2, ""), (98304, 2, "")]
    if everything:
        rows += [(512, 16, ""), (512, 64, ""), (98304, 16, "")]
    for memory, vcpus, extra in rows:
        code, text = g.run("size", memory=memory, vcpus=vcpus, extra=extra, run="nproc")
        ready = re.search(r"(\d+) cpu, (\d+) kB", text)
        if code or READY not in text or not ready:
            return failed("sizes", text, f"exit {code} with {memory} MB, {vcpus} vCPUs")
        if not min(vcpus, 2) <= int(ready[1]) <= vcpus or int(ready[2]) < (memory - 160) * 990:
            return failed("sizes", text, f"{ready[0]} of {memory} MB, {vcpus} vCPUs")
    return True, f"{len(rows)} sizes, 76 MB to 96 GB"


def wait_for_memory(g, name, megabytes):
    end = time.monotonic() + 60
    while f"memory {megabytes}\n" not in g.command("list", "-l", name):
        if time.monotonic() > end:
            raise RuntimeError(f"the guest does not come to {megabytes} MB")
        time.sleep(0.1)


def most(g):
    """It begins with less than it may have, and is given more."""
    with Console(g, "most", memory=256, maxmem=512, vcpus=2, maxvcpus=4, run="sh /t/watch") as c:
        c.wait_for("cpus 2")
        wait_for_memory(g, "most", 256)
        for megabytes in (400, 512, 300):
            g.command("mem-set", "most", str(megabytes))
            wait_for_memory(g, "most", megabytes)
        g.command("vcpu-set", "most", "4")
        c.wait_for("cpus 4")
    return True, "256 of 512 MB and 2 of 4 processors at first, then as told"


def reboot(g):
    with tempfile.TemporaryDirectory() as d:
        code, text = g.run("reboot", run="sh /t/again", disk=[f"{ext2(d, 8)},raw,xvda,w"],
                           on_reboot="restart")
    if code or "second boot" not in text or text.count(READY) != 2:
        return failed("reboot", text, f"exit {code}")
    return True, "two boots, one power-off"


def shutdown(g):
    with Console(g, "shutdown", vcpus=2, run="sh /t/watch", on_reboot="restart") as c:
        c.wait_for("cpus 2")
        g.command("reboot", "shutdown")
        c.wait_for("cpus 2", 2)
        g.command("shutdown", "shutdown")
        code = c.process.wait(timeout=60)
    return code == 0, f"rebooted, then powered off: exit {code}"


def restored(g):
    """What is asked of a guest by xenstore reaches it where it goes on, too."""
    with tempfile.TemporaryDirectory() as d, Console(g, "watch", vcpus=4, run="sh /t/watch") as c:
        c.wait_for("cpus 4")
        g.command("vcpu-set", "watch", "2")
        c.wait_for("cpus 2")
        g.command("save", "watch", f"{d}/image")
        g.command("restore", f"{d}/image")
        g.command("vcpu-set", "watch", "4")
        end = time.monotonic() + 60
        while (up := g.command("list", "watch").splitlines()[-1].split()[3]) != "4":
            if time.monotonic() > end:
                return False, f"{up} processors of 4"
            time.sleep(0.2)
        done = subprocess.run([g.epixen, "shutdown", "-w", "watch"], timeout=60)
    return done.returncode == 0, "4 processors again, then powered off"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    guest.add_arguments(parser)
    parser.add_argument("--long", action="store_true", help="the full counts of the release test")
    parser.add_argument("tests", nargs="*", help="names; all when empty")
    args = parser.parse_args()
    counts = [0, 0]
    with tempfile.TemporaryDirectory() as d:
        ramdisk = pathlib.Path(d) / "ramdisk"
        guest.append_archive(args.ramdisk, ramdisk, FILES)
        g = PvGuest(args.epixen, args.kernel, ramdisk)
        tests = {
            "boots": lambda: boots(g, 30 if args.long else 3),
            "boots-interp": lambda: boots(g.on("interp"), 9 if args.long else 1),
            "disk": lambda: disk(g, 63 if args.long else 8),
            "network": lambda: network(g, 64 if args.long else 4),
            "plug": lambda: plug(g),
            "vcpu-set": lambda: vcpu_set(g),
            "sizes": lambda: sizes(g, args.long),
            "most": lambda: most(g),
            "reboot": lambda: reboot(g),
            "shutdown": lambda: shutdown(g),
            "restored": lambda: restored(g),
        }
        for name in args.tests or tests:
            try:
                ok, figure = tests[name]()
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                ok, figure = False, str(error)
            counts[not ok] += 1
            print(f"{'ok' if ok else 'not ok'} {name}: {figure}", flush=True)
    print("pv: {} passed, {} failed, 0 skipped".format(*counts))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
