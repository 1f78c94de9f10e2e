# SPDX-License-Identifier: MIT
"""epixend is killed in the middle of random writes, again and again: whatever was acknowledged is
there afterwards, a transaction whole or not at all. usage: crash.py EPIXEN RUNTIME ROUNDS SEED"""
import os
import random
import signal
import subprocess
import sys
import threading
import time

import xs


def write_until_killed(client, rand, known):
    """Writes single nodes and pairs in transactions. Returns what was asked for last and may be
    there or not: a dictionary."""
    while True:
        value = b'%d ' % rand.getrandbits(64) + b'x' * rand.choice((0, 10, 3000))
        name = b'/crash/%d' % rand.randrange(200)
        pending = {name: value}
        try:
            if rand.random() < 0.3:
                tx = client.start()
                pending[name + b'/twin'] = value
                for n in pending:
                    assert client.ask(xs.WRITE, n + b'\0' + value, tx) == b'OK\0'
                assert client.ask(xs.TRANSACTION_END, b'T\0', tx) == b'OK\0'
            elif rand.random() < 0.1:
                pending = {n: None for n in known if n == name or n.startswith(name + b'/')}
                pending[name] = None
                client.ask(xs.RM, name + b'\0')
            else:
                assert client.ask(xs.WRITE, name + b'\0' + value) == b'OK\0'
        except (EOFError, ConnectionError):
            return pending
        for n, v in pending.items():
            known[n] = v


def check(client, known, pending):
    """pending has happened whole or not at all."""
    def state(name):
        got = client.ask(xs.READ, name + b'\0')
        return None if got == 'ENOENT' else got
    before = all(state(n) == known.get(n) for n in pending)
    after = all(state(n) == v for n, v in pending.items())
    assert before or after, 'half of %r' % list(pending)
    if after:
        known.update(pending)
    for name, value in known.items():
        assert state(name) == value, name


def main():
    epixen, runtime, rounds, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    rand = random.Random(seed)
    known, largest = {}, 0
    for _ in range(rounds):
        subprocess.run([epixen, 'env'], check=True, stdout=subprocess.DEVNULL)
        client = xs.tool(runtime)
        pid = xs.pid_of_epixend(runtime)
        timer = threading.Timer(rand.uniform(0.05, 0.5), os.kill, (pid, signal.SIGKILL))
        timer.start()
        pending = write_until_killed(client, rand, known)
        timer.join()
        time.sleep(0.05)
        largest = max([largest] + [os.stat(runtime + '/epixend.journal.%d' % i).st_size for i in (0, 1)])
        subprocess.run([epixen, 'env'], check=True, stdout=subprocess.DEVNULL)
        client = xs.tool(runtime)
        check(client, known, pending)
        assert client.ask(xs.CONTROL, b'check\0') == b'OK\0'
    print('%d kills, %d nodes, largest journal %d KB' % (rounds, len(known), largest >> 10))
    assert client.ask(xs.RM, b'/crash\0') == b'OK\0'


main()
