# SPDX-License-Identifier: MIT
"""How fast a paravirtual Linux domain reaches its disk and its network, against the same programs on
the host: the disk's image through the same cache, a TCP stream through the loopback device.
"""
import pathlib
import re
import shlex
import socketserver
import subprocess
import tempfile
import threading

import measure
from measure import Failure, guest

SOURCE = measure.TOP / "bench" / "io"
IMAGE_MB = 256
STREAM_MB = 64
# Row: disk's arguments after the file's name; the last is MB to move on each side.
DISK = {
    "read, 1 MB": "read seq 1024 1 {}",
    "write, 1 MB": "write seq 1024 1 {}",
    "read, 4 KB at random": "read random 4 1 {}",
    "write, 4 KB at random": "write random 4 1 {}",
    "read, 4 KB, 16 at once": "read random 4 16 {}",
    "write, 4 KB, 16 at once": "write random 4 16 {}",
}
GUEST_MB = {"1024": 256, "4": 16}
HOST_MB = {"1024": 256, "4": 64}
NET = {"to the host, TCP": "send", "from the host, TCP": "receive"}
LINE = re.compile(r"bytes (\d+) ns (\d+)")


class Peer(socketserver.BaseRequestHandler):
    """The other side of bench/io/stream.c."""

    def handle(self):
        order = self.request.recv(9, 256)  # MSG_WAITALL
        left = int.from_bytes(order[1:9], "little")
        piece = bytes(1 << 16)
        while left:
            if order[:1] == b"s":
                left -= len(self.request.recv(min(left, 1 << 16))) or left
            else:
                left -= self.request.send(piece[:left])
        if order[:1] == b"s":
            self.request.sendall(b"!")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def build(cc, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("disk", "stream"):
        subprocess.run([*shlex.split(cc), *measure.CFLAGS, "-o", directory / name, SOURCE / f"{name}.c"],
                       check=True)
    return directory


def rate(text):
    """MB/s."""
    m = LINE.search(text)
    return int(m.group(1)) / int(m.group(2)) * 1000 if m else None


def disk_words(row, megabytes):
    words = DISK[row].split()
    return " ".join(words).format(megabytes[words[2]])


def on_host(programs, image, port):
    def run(words):
        return rate(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)
    rates = {row: run([programs / "disk", image, *disk_words(row, HOST_MB).split()]) for row in DISK}
    for row, way in NET.items():
        rates[row] = run([programs / "stream", "127.0.0.1", str(port), way, str(4 * STREAM_MB)])
    return rates


def in_guest(args, programs, image, port):
    lines = ["ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up"]
    lines += [f"echo row; /bench/disk /dev/xvda {disk_words(row, GUEST_MB)}" for row in DISK]
    lines += [f"echo row; /bench/stream 10.0.2.2 {port} {way} {STREAM_MB}" for way in NET.values()]
    files = {f"bench/{name}": (programs / name).read_bytes() for name in ("disk", "stream")}
    files["bench/run"] = "".join(line + "\n" for line in lines).encode()
    with tempfile.TemporaryDirectory() as d:
        ramdisk = pathlib.Path(d) / "initramfs"
        guest.append_archive(args.ramdisk, ramdisk, files)
        g = guest.PvGuest(args.epixen, args.pv_kernel, ramdisk)
        _, text = g.run("bench-io", timeout=measure.LIMIT, vcpus=1, run="sh /bench/run",
                        disk=[f"{image},raw,xvda,w"], vif=[""])
    parts = re.split(r"^row$", text, flags=re.M)[1:]
    if len(parts) != len(DISK) + len(NET) or not all(map(rate, parts)):
        raise Failure("the paravirtual domain's disk or network gave no result:\n" + text[-1000:])
    return dict(zip([*DISK, *NET], map(rate, parts)))


def run_round(args):
    """{row: (MB/s in the domain, MB/s on the host)}."""
    guests = build(measure.ia64_compiler(args.shared), args.build / "bench" / "io-ia64")
    natives = build("gcc", args.build / "bench" / "io-native")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as d, Server(("127.0.0.1", 0), Peer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        image = pathlib.Path(d) / "disk.img"
        with open(image, "wb") as f:  # not sparse: holes would be read from nowhere
            for n in range(IMAGE_MB):
                f.write(bytes([n & 255]) * (1 << 20))
        port = server.server_address[1]
        host, domain = on_host(natives, image, port), in_guest(args, guests, image, port)
        server.shutdown()
    return {row: (domain[row], host[row]) for row in host}
