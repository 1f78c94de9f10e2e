# SPDX-License-Identifier: MIT
"""What xenstore should do, told simply: a dictionary of paths, copied for each transaction."""


class Node:
    def __init__(self, value, perms, version):
        self.value = value
        self.perms = perms  # [(domid, access)], access a subset of 'rw'
        self.versions = {'value': version, 'perms': version, 'children': version}

    def copy(self):
        n = Node(self.value, self.perms, 0)
        n.versions = dict(self.versions)
        return n


def parent(path):
    return path.rsplit('/', 1)[0] or '/'


def within(path, above):
    return above == '/' or path == above or path.startswith(above + '/')


class Transaction:
    def __init__(self, tree):
        self.base = tree
        self.tree = {p: n.copy() for p, n in tree.items()}
        self.deps = set()
        self.ops = []


class Model:
    def __init__(self):
        self.version = 0
        self.tree = {'/': Node(b'', [(0, '')], 0)}
        self.events = []  # (path, tree before, tree after, removed) of the last request

    # --- permissions ---

    @staticmethod
    def access(domid, node):
        owner = node.perms[0]
        if domid == 0 or domid == owner[0]:
            return 'rwo'
        for who, what in node.perms[1:]:
            if who == domid:
                return what
        return owner[1]

    def lookup(self, who, tx, path, need):
        """The node, or the name of an error. A transaction depends on what it has seen."""
        tree = tx.tree if tx else self.tree
        deps = tx.deps if tx else set()
        deps.add(('exists', path))
        if path in tree:
            deps.add(('perms', path))
            ok = all(c in self.access(who, tree[path]) for c in need)
            return tree[path] if ok else 'EACCES'
        missing, above = path, parent(path)
        while above not in tree:
            missing, above = above, parent(above)
        if who:
            deps.update((('exists', missing), ('perms', above), ('exists', above)))
        return 'ENOENT' if any(c in self.access(who, tree[above]) for c in need) else 'EACCES'

    # --- requests: each returns bytes or the name of an error ---

    def read(self, who, tx, path):
        n = self.lookup(who, tx, path, 'r')
        if isinstance(n, str):
            return n
        if tx:
            tx.deps.add(('value', path))
        return n.value

    def directory(self, who, tx, path):
        n = self.lookup(who, tx, path, 'r')
        if isinstance(n, str):
            return n
        if tx:
            tx.deps.add(('children', path))
        tree = tx.tree if tx else self.tree
        names = sorted(p.rsplit('/', 1)[1] for p in tree if p != '/' and parent(p) == path)
        return b''.join(n.encode() + b'\0' for n in names)

    def get_perms(self, who, tx, path):
        n = self.lookup(who, tx, path, 'r')
        if isinstance(n, str):
            return n
        letter = {'': 'n', 'r': 'r', 'w': 'w', 'rw': 'b'}
        return b''.join(b'%s%d\0' % (letter[a].encode(), d) for d, a in n.perms)

    def create(self, who, tx, path):
        tree = tx.tree if tx else self.tree
        above = parent(path)
        if above not in tree:
            self.create(who, tx, above)
        elif tx:
            tx.deps.update((('exists', path), ('perms', above), ('exists', above)))
        perms = list(tree[above].perms)
        if who:
            perms[0] = (who, perms[0][1])
        self.version += 1
        tree[path] = Node(b'', perms, self.version)
        tree[above].versions['children'] = self.version

    def write(self, who, tx, path, value):
        n = self.lookup(who, tx, path, 'w')
        if n == 'EACCES':
            return n
        if n == 'ENOENT':
            self.create(who, tx, path)
        elif tx:
            tx.deps.add(('value', path))
        self.version += 1
        node = (tx.tree if tx else self.tree)[path]
        node.value = value
        node.versions['value'] = self.version
        self.did(tx, ('write', path, value), path)
        return b'OK\0'

    def mkdir(self, who, tx, path):
        n = self.lookup(who, tx, path, 'w')
        if n == 'EACCES':
            return n
        if n == 'ENOENT':
            self.create(who, tx, path)
            self.did(tx, ('mkdir', path), path)
        return b'OK\0'

    def rm(self, who, tx, path):
        n = self.lookup(who, tx, path, 'w')
        tree = tx.tree if tx else self.tree
        above = parent(path)
        if n == 'ENOENT':
            if tx:
                tx.deps.add(('exists', above))
            return b'OK\0' if above in tree else 'ENOENT'
        if n == 'EACCES':
            return n
        if path == '/':
            return 'EINVAL'
        if tx:
            tx.deps.add(('tree', path))
        gone = {p: tree.pop(p) for p in [p for p in tree if within(p, path)]}
        self.version += 1
        tree[above].versions['children'] = self.version
        self.did(tx, ('rm', path), path, gone)
        return b'OK\0'

    def set_perms(self, who, tx, path, perms):
        n = self.lookup(who, tx, path, 'wo')
        if isinstance(n, str):
            return n
        if who and perms[0][0] != n.perms[0][0]:
            return 'EPERM'
        old = n.copy()
        self.version += 1
        n.perms = perms
        n.versions['perms'] = self.version
        self.did(tx, ('set_perms', path, perms), path, {path: old})
        return b'OK\0'

    def did(self, tx, op, path, old=None):
        if tx:
            tx.ops.append(op)
        else:
            self.events.append((path, old or {}))

    # --- transactions ---

    def begin(self):
        return Transaction({p: n.copy() for p, n in self.tree.items()})

    def changed(self, tx, what, path):
        a, b = tx.base.get(path), self.tree.get(path)
        if what == 'tree':
            before = {p: n.versions for p, n in tx.base.items() if within(p, path)}
            after = {p: n.versions for p, n in self.tree.items() if within(p, path)}
            return a is not None and before != after
        if a is None or b is None:
            return (a is None) != (b is None)
        return what != 'exists' and a.versions[what] != b.versions[what]

    def commit(self, who, tx):
        if any(self.changed(tx, *d) for d in tx.deps):
            return 'EAGAIN'
        for op in tx.ops:
            assert getattr(self, op[0])(who, None, *op[1:]) == b'OK\0'
        return b'OK\0'

    # --- watches ---

    def may_hear(self, who, path, old):
        if who == 0:
            return True
        nodes = [old.get(path), self.tree.get(path)]
        if path != '/':
            nodes.append(self.tree.get(parent(path)))
        return any(n and 'r' in self.access(who, n) for n in nodes)

    def heard(self, who, watched):
        """The paths that a watch of a client hears of because of the last request. Those who may
        not read hear nothing; a removal is told to what was below, too."""
        paths = set()
        for path, old in self.events:
            if within(path, watched) and self.may_hear(who, path, old):
                paths.add(path)
            elif path not in self.tree and watched != path and watched in old:
                if within(watched, path) and self.may_hear(who, watched, old):
                    paths.add(watched)
        return paths
