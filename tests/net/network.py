#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""epixen-net, the user-mode network, without a guest: frames written here, answers read here."""
import argparse
import os
import socket
import struct
import subprocess
import sys
import threading

MAC = bytes.fromhex("00163e000001")
GUEST, GATEWAY = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])


class Network:
    """The helper, started as `epixen create` does: frames on descriptor 3, its word on 4."""

    def __init__(self, program, *forwards):
        self.frames, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.frames.settimeout(10)
        said, word = os.pipe()

        def descriptors():
            high = [os.dup(theirs.fileno()), os.dup(word)]
            high = [os.dup2(fd, 20 + n) for n, fd in enumerate(high)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.closerange(5, 64)

        self.process = subprocess.Popen([program, *forwards], preexec_fn=descriptors, close_fds=False)
        theirs.close()
        os.close(word)
        with os.fdopen(said) as f:
            self.said = f.read()

    def close(self):
        self.frames.close()
        return self.process.wait(timeout=10)

    def expect(self, wanted):
        """The first frame that wanted answers something for."""
        while True:
            answer = wanted(self.frames.recv(65536))
            if answer is not None:
                return answer

    def resolve(self):
        """The gateway's address, by ARP (RFC 826)."""
        self.frames.send(b"\xff" * 6 + MAC + struct.pack(">HHHBBH", 0x806, 1, 0x800, 6, 4, 1) +
                         MAC + GUEST + b"\0" * 6 + GATEWAY)
        return self.expect(lambda f: f[22:28] if f[12:14] == b"\x08\x06" and f[28:32] == GATEWAY else None)

    def send(self, to, protocol, payload, target=GATEWAY):
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
        whole = head + GUEST + target
        whole = whole[:10] + struct.pack(">H", checksum(whole)) + whole[12:]
        self.frames.send(to + MAC + b"\x08\x00" + whole + payload)


def checksum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ping(program):
    n = Network(program)
    echo = b"\x08\0\0\0\x12\x34\0\1" + b"hello" * 5 + b"."
    echo = echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:]
    n.send(n.resolve(), 1, echo)
    reply = n.expect(lambda f: f[34:] if f[12:14] == b"\x08\x00" and f[23] == 1 else None)
    return n.said == "ok" and reply[0] == 0 and reply[4:] == echo[4:] and n.close() == 0


def udp(program):
    """A datagram to a server on the host and back; longer ones too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]

        def serve():
            for _ in range(3):
                data, who = server.recvfrom(65536)
                server.sendto(data[::-1], who)

        threading.Thread(target=serve, daemon=True).start()
        n = Network(program)
        gateway = n.resolve()
        for size in (1, 100, 1400):
            data = os.urandom(size)
            n.send(gateway, 17, struct.pack(">HHHH", 4000, port, 8 + size, 0) + data)
            got = n.expect(lambda f: f[42:42 + size] if f[12:14] == b"\x08\x00" and f[23] == 17 else None)
            if got != data[::-1]:
                return False
        return n.close() == 0


def dhcp(program):
    """DISCOVER is answered by an OFFER of 10.0.2.15 (RFC 2131)."""
    n = Network(program)
    body = struct.pack(">BBBBIHH", 1, 1, 6, 0, 77, 0, 0) + b"\0" * 16 + MAC + b"\0" * 10 + b"\0" * 192
    body += b"\x63\x82\x53\x63\x35\x01\x01\xff"
    datagram = struct.pack(">HHHH", 68, 67, 8 + len(body), 0) + body
    n.send(b"\xff" * 6, 17, datagram, b"\xff" * 4)
    offer = n.expect(lambda f: f[42:] if f[23] == 17 and f[34:36] == b"\0\x43" else None)
    return offer[16:20] == GUEST and n.close() == 0


def forward(program):
    """A port of the host leads to the guest: its SYN comes; one that is taken is said."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    n = Network(program, f"tcp:127.0.0.1:{port}:22")
    n.resolve()
    with socket.socket() as client:
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", port))
        n.expect(lambda f: True if f[23] == 6 and f[36:38] == b"\0\x16" and f[47] & 2 else None)
        taken = Network(program, f"tcp:127.0.0.1:{port}:22")
    good = taken.said.startswith(f"cannot forward tcp:127.0.0.1:{port}:22") and taken.close() != 0
    return good and n.close() == 0


def rubbish(program):
    """Frames that are none change nothing."""
    n = Network(program)
    gateway = n.resolve()
    for size in range(1, 400, 3):
        n.frames.send(os.urandom(size))
        n.frames.send(gateway + MAC + b"\x08\x00" + os.urandom(size))
        n.frames.send(gateway + MAC + b"\x86\xdd" + os.urandom(size))
    return n.resolve() == gateway and n.close() == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    failed = 0
    tests = (ping, udp, dhcp, forward, rubbish)
    for test in tests:
        try:
            good = test(program)
        except (OSError, subprocess.SubprocessError) as error:
            good = False
            print(error)
        failed += not good
        print("ok" if good else "FAIL", "user-mode network:", test.__name__)
    print(f"{len(tests) - failed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
