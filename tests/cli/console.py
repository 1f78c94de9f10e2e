#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The console on a real terminal: raw while attached, Ctrl-] detaches, settings restored on every
way out. usage: console.py EPIXEN CONFIG"""
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

epixen, config = sys.argv[1:3]
try:
    master, slave = pty.openpty()
except OSError as error:
    print(f"no terminal to be had: {error}")
    sys.exit(77)
before = termios.tcgetattr(slave)


def start(*words):
    return subprocess.Popen([epixen, *words], stdin=slave, stdout=slave, stderr=slave,
                            start_new_session=True)


def expect(text, seconds=30):
    seen = b""
    end = time.monotonic() + seconds
    while text not in seen:
        ready, _, _ = select.select([master], [], [], max(0, end - time.monotonic()))
        if not ready:
            sys.exit(f"no {text!r} in {seen!r}")
        seen += os.read(master, 4096)


def is_raw():
    return not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO)


def ended(p, status, what):
    if p.wait(timeout=30) != status:
        sys.exit(f"{what}: exit {p.returncode}")
    if termios.tcgetattr(slave) != before:
        sys.exit(f"{what}: the terminal is not as it was")


p = start("create", "-c", config)
expect(b"> ")
if not is_raw():
    sys.exit("the terminal is not raw")
os.write(master, b"cpu\r")
expect(b"processor")
os.write(master, b"\x1d")
ended(p, 0, "detach")

p = start("console", "t")
os.write(master, b"mem\r")
expect(b"usable")
p.send_signal(signal.SIGTERM)
ended(p, 0, "SIGTERM")

p = start("console", "t")
time.sleep(0.5)
os.write(master, b"\x03halt\r")  # Ctrl-C goes to the guest
ended(p, 0, "power-off")
