# SPDX-License-Identifier: MIT
"""A client of xenstore, as the protocol says and nothing more; and ways to be a guest. As a program it
prints the pid of epixend: xs.py RUNTIME"""
import array
import socket
import struct
import sys

(CONTROL, DIRECTORY, READ, GET_PERMS, WATCH, UNWATCH, TRANSACTION_START, TRANSACTION_END, INTRODUCE,
 RELEASE, GET_DOMAIN_PATH, WRITE, MKDIR, RM, SET_PERMS, WATCH_EVENT, ERROR, IS_DOMAIN_INTRODUCED,
 RESUME, SET_TARGET) = range(20)
RESET_WATCHES = 21


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.buf = b''
        self.events = []
        self.sock.settimeout(60)

    def send(self, kind, data, tx=0):
        self.sock.sendall(struct.pack('<IIII', kind, 1, tx, len(data)) + data)

    def message(self):
        while len(self.buf) < 16 or len(self.buf) < 16 + struct.unpack_from('<I', self.buf, 12)[0]:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.buf += more
        kind, req, tx, size = struct.unpack_from('<IIII', self.buf)
        data = self.buf[16:16 + size]
        self.buf = self.buf[16 + size:]
        return kind, tx, data

    def reply(self, kind, tx=0):
        """The answer to the oldest request: bytes, or the name of an error as text."""
        while True:
            got, got_tx, data = self.message()
            if got == WATCH_EVENT:
                self.events.append(tuple(data.split(b'\0')[:2]))
                continue
            assert got_tx == tx and got in (kind, ERROR), (got, kind, got_tx, tx)
            return data[:-1].decode() if got == ERROR else data

    def ask(self, kind, data, tx=0):
        self.send(kind, data, tx)
        return self.reply(kind, tx)

    def start(self):
        return int(self.ask(TRANSACTION_START, b'\0')[:-1])


def tool(runtime):
    s = socket.socket(socket.AF_UNIX)
    s.connect(runtime + '/xenstored.sock')
    return Client(s)


def line(runtime, text, fd=None):
    """One line to epixend.sock, as the command line sends it."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(runtime + '/epixend.sock')
        control = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))]
        s.sendmsg([text.encode() + b'\n'], control)
        return s.recv(200).decode()


def attach(runtime, domid):
    ours, theirs = socket.socketpair()
    answer = line(runtime, 'attach %d' % domid, theirs.fileno())
    theirs.close()
    assert answer == 'ok\n', answer
    return Client(ours)


def guest(runtime, tool_client, domid):
    """A domain with a directory of its own, introduced."""
    c = attach(runtime, domid)
    home = b'/local/domain/%d\0' % domid
    assert tool_client.ask(MKDIR, home) == b'OK\0'
    assert tool_client.ask(SET_PERMS, home + b'n%d\0' % domid) == b'OK\0'
    assert tool_client.ask(INTRODUCE, b'%d\0000\0001\0' % domid) == b'OK\0'
    return c


def pid_of_epixend(runtime):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(runtime + '/epixend.sock')
        return struct.unpack_from('i', s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


if __name__ == '__main__':
    print(pid_of_epixend(sys.argv[1]))
