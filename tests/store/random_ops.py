# SPDX-License-Identifier: MIT
"""Random requests of eight clients, three of them guests, with transactions and watches: replies and
events have to be those of the model. usage: random_ops.py RUNTIME OPERATIONS SEED"""
import collections
import random
import sys

import xs
from model import Model

NAMES = ['a', 'b', 'c', 'data']
GUESTS = [201, 202, 203]
LETTERS = {'': 'n', 'r': 'r', 'w': 'w', 'rw': 'b'}


class Actor:
    def __init__(self, client, domid):
        self.client, self.domid = client, domid
        self.tx = {}  # id: model's transaction
        self.watches = {}  # (path, token): as the client spells the path
        self.expected = collections.Counter()


class Run:
    def __init__(self, runtime, seed):
        self.random = random.Random(seed)
        self.model = Model()
        self.last = None
        tools = [xs.tool(runtime) for _ in range(5)]
        assert tools[0].ask(xs.CONTROL, b'quota\0set\0nodes\0000\0') == b'OK\0'
        self.actors = [Actor(c, 0) for c in tools]
        for path in ('/tool/xenstored', '/vm', '/m'):
            self.model.write(0, None, path, b'')
        self.model.write(0, None, '/local/domain/0/domid', b'0')
        self.model.write(0, None, '/local/domain/0/name', b'Domain-0')
        tools[0].ask(xs.WRITE, b'/m\0')
        for g in GUESTS:
            self.actors.append(Actor(xs.guest(runtime, tools[0], g), g))
            self.model.mkdir(0, None, '/local/domain/%d' % g)
            self.model.set_perms(0, None, '/local/domain/%d' % g, [(g, '')])
        self.commits = self.conflicts = 0

    def path(self, actor):
        """(as sent, absolute)"""
        r = self.random
        names = [r.choice(NAMES) for _ in range(r.choice((0, 1, 1, 2, 2, 3)))]
        home = '/local/domain/%d' % actor.domid
        if actor.domid and names and r.random() < 0.4:
            return '/'.join(names), home + '/' + '/'.join(names)
        top = r.choice(['/m', '/m', '/m', '/local/domain/%d' % r.choice(GUESTS)])
        path = '/'.join([top] + names)
        return path, path

    def perms(self, actor):
        r = self.random
        owner = actor.domid if actor.domid and r.random() < 0.8 else r.choice([0] + GUESTS)
        some = r.sample([0] + GUESTS, r.randrange(3))
        return [(d, r.choice(('', 'r', 'w', 'rw'))) for d in [owner] + some]

    def tree_request(self, actor):
        r, m, who = self.random, self.model, actor.domid
        txid = r.choice(list(actor.tx)) if actor.tx and r.random() < 0.7 else 0
        tx = actor.tx.get(txid)
        sent, path = self.path(actor)
        data = sent.encode() + b'\0'
        kind = r.choice(['read', 'read', 'directory', 'write', 'write', 'write', 'mkdir', 'rm',
                         'set_perms', 'get_perms'])
        if kind == 'write':
            value = r.choice([b'', b'x', b'value %d' % r.randrange(99), b'\0z\xff', b'v' * r.randrange(2000)])
            return xs.WRITE, data + value, txid, m.write(who, tx, path, value)
        if kind == 'set_perms':
            perms = self.perms(actor)
            data += b''.join(b'%s%d\0' % (LETTERS[a].encode(), d) for d, a in perms)
            return xs.SET_PERMS, data, txid, m.set_perms(who, tx, path, perms)
        if kind == 'rm' and (path.startswith('/local') and path.count('/') <= 3):
            kind = 'read'
        number = {'read': xs.READ, 'directory': xs.DIRECTORY, 'mkdir': xs.MKDIR, 'rm': xs.RM,
                  'get_perms': xs.GET_PERMS}[kind]
        return number, data, txid, getattr(m, kind)(who, tx, path)

    def transaction(self, actor):
        if len(actor.tx) < 3 and self.random.random() < 0.5 or not actor.tx:
            actor.tx[actor.client.start()] = self.model.begin()
            return None
        txid = self.random.choice(list(actor.tx))
        tx = actor.tx.pop(txid)
        if self.random.random() < 0.2:
            return xs.TRANSACTION_END, b'F\0', txid, b'OK\0'
        want = self.model.commit(actor.domid, tx)
        self.commits += want == b'OK\0'
        self.conflicts += want == 'EAGAIN'
        return xs.TRANSACTION_END, b'T\0', txid, want

    def watch(self, actor):
        sent, path = self.path(actor)
        token = 't%d' % self.random.randrange(3)
        data = b'%s\0%s\0' % (sent.encode(), token.encode())
        if self.random.random() < 0.4:
            known = actor.watches.pop((path, token), None)
            return xs.UNWATCH, data, 0, b'OK\0' if known else 'ENOENT'
        if (path, token) in actor.watches:
            return xs.WATCH, data, 0, 'EEXIST'
        if actor.domid and len(actor.watches) >= 60:
            return None
        actor.watches[path, token] = sent
        actor.expected[sent.encode(), token.encode()] += 1
        return xs.WATCH, data, 0, b'OK\0'

    def expect_events(self):
        if not self.model.events:
            return
        for actor in self.actors:
            told = set()
            for (path, token), sent in actor.watches.items():
                cut = len(path) - len(sent)
                told |= {(p[cut:].encode(), token.encode())
                         for p in self.model.heard(actor.domid, path)}
            actor.expected.update(told)

    def step(self):
        actor = self.random.choice(self.actors)
        self.model.events = []
        chance = self.random.random()
        what = self.watch if chance < 0.03 else self.transaction if chance < 0.15 else self.tree_request
        request = what(actor)
        if not request:
            return
        kind, data, tx, want = request
        got = actor.client.ask(kind, data, tx)
        assert got == want, 'domain %d: %d %r in %d: %r, not %r' % (
            actor.domid, kind, data[:80], tx, got, want)
        self.expect_events()

    def sync(self):
        for actor in self.actors:
            actor.client.ask(xs.GET_DOMAIN_PATH, b'1\0')
            got = collections.Counter(actor.client.events)
            assert got == actor.expected, 'events of domain %d: too many %r, missing %r' % (
                actor.domid, got - actor.expected, actor.expected - got)
            actor.client.events.clear()
            actor.expected.clear()

    def compare(self):
        """The whole tree, node by node."""
        c, m = self.actors[0].client, self.model
        for path in m.tree:
            data = path.encode() + b'\0'
            for kind, want in ((xs.READ, m.read), (xs.DIRECTORY, m.directory), (xs.GET_PERMS, m.get_perms)):
                assert c.ask(kind, data) == want(0, None, path), path
        assert c.ask(xs.CONTROL, b'check\0') == b'OK\0'


def main():
    runtime, operations, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    run = Run(runtime, seed)
    for i in range(operations):
        run.step()
        if i % 200 == 0:
            run.sync()
        if i % 5000 == 0:
            run.compare()
    run.sync()
    run.compare()
    tool = run.actors[0].client
    assert tool.ask(xs.CONTROL, b'quota\0set\0nodes\0001000\0') == tool.ask(xs.RM, b'/m\0') == b'OK\0'
    print('%d operations, %d commits, %d conflicts, %d nodes in the end' % (
        operations, run.commits, run.conflicts, len(run.model.tree)))
    assert run.commits > operations / 100 and run.conflicts > operations / 500


main()
