# SPDX-License-Identifier: MIT
"""Guests that flood: with watches, nodes, transactions, requests whose replies they do not read,
events they do not take. Each meets its quota; its neighbour's requests are answered meanwhile.
usage: flood.py RUNTIME"""
import struct
import sys
import threading
import time

import xs


class Flood(threading.Thread):
    """Sends requests as fast as they are taken, and reads replies or not."""
    def __init__(self, client, request, read):
        super().__init__(daemon=True)
        self.client, self.request, self.read = client, request, read
        self.stop = False
        self.sent = 0
        client.sock.settimeout(0.2)
        self.start()

    def run(self):
        i = 0
        while not self.stop:
            block = b''.join(self.request(i + k) for k in range(50))
            i += 50
            try:
                self.client.sock.sendall(block)
                self.sent += 50
            except (TimeoutError, OSError):
                if not self.read:
                    return
            try:
                if self.read:
                    self.client.sock.recv(1 << 20, 0x40)  # MSG_DONTWAIT
            except OSError:
                pass


def request(kind, data, tx=0):
    return struct.pack('<IIII', kind, 1, tx, len(data)) + data


def worst_answer(client, seconds):
    """The longest that a neighbour waits for an answer, and how many it got."""
    worst, count, end = 0, 0, time.time() + seconds
    while time.time() < end:
        begin = time.time()
        assert client.ask(xs.WRITE, b'mine\0%d' % count) == b'OK\0'
        assert client.ask(xs.READ, b'mine\0') == b'%d' % count
        worst, count = max(worst, time.time() - begin), count + 1
    return worst, count


def memory(tool):
    return {k: int(v) for k, v in (l.split() for l in
            tool.ask(xs.CONTROL, b'memreport\0')[:-1].decode().splitlines())}


FLOODS = [
    ('nodes', lambda i: request(xs.WRITE, b'n%d/%d\0x' % (i % 1000, i)), True),
    ('watches', lambda i: request(xs.WATCH, b'w%d\0t\0' % i), True),
    ('transactions', lambda i: request(xs.TRANSACTION_START, b'\0'), True),
    ('requests without reading', lambda i: request(xs.READ, b'n1\0'), False),
    ('values in a transaction', lambda i: request(xs.WRITE, b'v\0' + b'v' * 2000, 1), True),
    ('rubbish', lambda i: request(i % 30, b'r%d\0' % i), True),
]


def main():
    runtime = sys.argv[1]
    tool = xs.tool(runtime)
    neighbour = xs.guest(runtime, tool, 301)
    for name, make, read in FLOODS:
        flooder = Flood(xs.guest(runtime, tool, 302), make, read)
        worst, count = worst_answer(neighbour, 1.5)
        flooder.stop = True
        flooder.join()
        quota = tool.ask(xs.CONTROL, b'quota\x00302\0').decode()
        used = dict(l.replace(':', ' ').split() for l in quota.strip('\0').splitlines()[1:])
        print('%s: %d sent; neighbour: %d answers, the slowest after %.0f ms; %s' % (
            name, flooder.sent, count, worst * 1000, used))
        assert int(used['nodes']) <= 1000 and int(used['watches']) <= 128
        assert int(used['transactions']) <= 10 and int(used['outstanding']) <= 20
        assert worst < 2 and count > 50, (name, worst, count)
        flooder.client.sock.close()
        while tool.ask(xs.IS_DOMAIN_INTRODUCED, b'302\0') != b'F\0':
            time.sleep(0.01)
        assert tool.ask(xs.READ, b'/local/domain/302\0') == 'ENOENT'

    deaf = xs.guest(runtime, tool, 303)
    assert deaf.ask(xs.WATCH, b'/local/domain/303\0t\0') == b'OK\0'
    for i in range(20000):
        assert tool.ask(xs.WRITE, b'/local/domain/303/' + b'd' * 1000 + b'/%d\0x' % (i % 3000)) == b'OK\0'
    used = memory(tool)
    print('events that nobody takes:', used)
    assert used['output'] < 400000
    deaf.ask(xs.GET_DOMAIN_PATH, b'303\0')
    assert (b'/local/domain/303', b't') in deaf.events, 'lost events were not told'
    assert len(deaf.events) < 3000
    assert tool.ask(xs.CONTROL, b'check\0') == b'OK\0'


main()
