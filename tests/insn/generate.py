# SPDX-License-Identifier: MIT
"""Assembly programs that run every register-to-register instruction on a table of vectors.

A test is one instruction text; its function runs it on each vector and writes one result per
vector (8 bytes, or 16 for an FP register) to a buffer, which the program writes to stdout. The
output of a program is thus the results of its tests, in order: whoever runs it can compare them.

A result register that holds a NaT is replaced by NAT_MARK, as its value is not architected.
"""
import random

VECTORS = 1000
NAT_MARK = 0x0bad0bad0bad0bad

# Registers that carry the machinery: r20 vector, r21 output, r22 r23 scratch, r25 mark.
STATIC = [2, 3, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 27, 28, 29, 30, 31]
FRAME = 64  # locals of a test's frame
ROTATING = 32
PREDICATES = list(range(9, 64))


class Test:
    """One test. key: the line of expected.txt it counts for; words: of 8 bytes in one result.

    body is run once per vector; when code is given, it is the whole function instead, and makes
    `words` words in all.
    """

    def __init__(self, key, text, body, vectors="vectors", words=1, rotate=0, init=(), code=None):
        self.key, self.text, self.body, self.code = key, text, body, code
        self.vectors, self.words, self.rotate, self.init = vectors, words, rotate, list(init)

    def results(self):
        """How many results there are."""
        return 1 if self.code else VECTORS

    def size(self):
        """Bytes of output."""
        return self.results() * self.words * 8


class Maker:
    """Collects the tests of one program; register numbers are drawn at random per test."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.tests = []

    def gr(self):
        if self.rng.random() < 0.5:
            return self.rng.choice(STATIC)
        return 32 + self.rng.randrange(FRAME)

    def fr(self):
        return self.rng.randrange(2, 128)

    def predicates(self, count):
        return self.rng.sample(PREDICATES, count)

    def rotation(self):
        return self.rng.choice([0, 0, 1, 5, 31, 47, 95])

    def add(self, key, text, before, after, **how):
        body = before + ["\t%s" % text, "\t;;"] + after
        self.tests.append(Test(key, text, body, rotate=self.rotation(), **how))

    # --- r1 = something -------------------------------------------------------------------

    def to_gr(self, key, template, nat=True, predicated=True):
        """template uses {d} {a} {b}; d holds c before. Plain, then once with a predicate."""
        for qp in ("", "(p8) ") if predicated else ("",):
            regs = {"d": self.gr(), "a": self.gr(), "b": self.gr()}
            while regs["a"] == regs["b"]:  # one of them would not be loaded
                regs["b"] = self.gr()
            if "{b3}" in template:
                regs["b"] = regs["b3"] = self.rng.choice([2, 3])
            before = load_gr(regs["d"], regs["a"], regs["b"])
            if regs["d"] in (regs["a"], regs["b"]) and self.rng.random() < 0.5:
                pass  # the target is a source as well: wanted
            if qp:
                before += ["\ttbit.nz p8, p0 = r20, 5", "\t;;"]
            text = qp + template.format(**regs)
            self.add(key, text, before, store_gr(regs["d"]), vectors=table(nat))

    # --- p1, p2 = something ----------------------------------------------------------------

    def to_pr(self, key, template, nat=True, fp=False):
        """Runs under a predicate, with all old values of the targets; p0 is a target at times."""
        for p0 in (None, 0, 1):
            q, p1, p2 = self.predicates(3)
            if p0 is not None:
                p1, p2 = (0, p2) if p0 == 0 else (p1, 0)
            if fp:
                regs = dict(zip("fgh", self.rng.sample(range(2, 128), 3)))
                before = load_fr(regs["f"], regs["g"], regs["h"])
            else:
                regs = {"a": self.gr(), "b": self.gr()}
                before = load_gr(22, regs["a"], regs["b"])
            before += ["\ttbit.nz p%d, p0 = r20, 6" % q, "\ttbit.nz p6, p0 = r20, 7",
                       "\ttbit.nz p7, p0 = r20, 8", "\t;;"]
            before += set_predicate(p1, 6) + set_predicate(p2, 7)
            text = "(p%d) " % q + template.format(p="p%d, p%d" % (p1, p2), **regs)
            after = ["\tmov r22 = 0", "\t;;", "(p%d) add r22 = 1, r22" % p1, "\t;;",
                     "(p%d) add r22 = 2, r22" % p2, "\t;;", "\tst8 [r21] = r22, 8"]
            self.add(key, text, before, after, vectors=table(nat, fp))

    # --- floating-point registers ----------------------------------------------------------

    def to_fr(self, key, template, source="fr", nat=True):
        """template uses {d} and {f} {g} {h} (FR sources) or {a} (a GR source)."""
        regs = dict(zip("dfgh", self.rng.sample(range(2, 128), 4)), a=self.gr())
        if source == "fr":
            before, vectors = load_fr(regs["f"], regs["g"], regs["h"]), "fp_vectors"
        else:
            before, vectors = load_gr(22, regs["a"], 23), table(nat)
        self.add(key, template.format(**regs), before,
                 ["\tstf.spill [r21] = f%d, 16" % regs["d"]], vectors=vectors, words=2)

    def fr_to_gr(self, key, template):
        regs = {"d": self.gr(), "f": self.fr()}
        before = load_fr(regs["f"], None, None)
        self.add(key, template.format(**regs), before, store_gr(regs["d"]), vectors="fp_vectors")


def table(nat, fp=False):
    """Name of the table of vectors, with or without NaTs or unnormal numbers."""
    return ("" if nat else "plain_") + ("fp_" if fp else "") + "vectors"


def load_gr(c, a, b):
    """Vector: unat word, c, a, b. A later load may overwrite an earlier one's register."""
    out = ["\tld8 r23 = [r20], 8", "\t;;", "\tmov ar.unat = r23", "\t;;"]
    for r in (c, a, b):
        out += ["\tld8.fill r%d = [r20], 8" % r, "\t;;"]
    return out


def store_gr(r):
    return ["\ttnat.nz p6, p0 = r%d" % r, "\t;;", "(p6) mov r%d = r25" % r, "\t;;",
            "\tst8 [r21] = r%d, 8" % r]


def load_fr(f, g, h):
    out = []
    for r in (f, g, h):
        out += ["\tldf.fill f%d = [r20], 16" % r if r is not None else "\tadd r20 = 16, r20",
                "\t;;"]
    return out + ["\tadd r20 = 16, r20", "\t;;"]


def set_predicate(p, source):
    """p = the predicate source."""
    return ["\tcmp.ne p%d, p0 = r0, r0" % p, "\t;;", "(p%d) cmp.eq p%d, p0 = r0, r0" % (source, p),
            "\t;;"] if p else []


# --- vectors -----------------------------------------------------------------------------------

EDGES = [0, 1, 2, 2**64 - 1, 2**63, 2**63 - 1, 2**31, 2**31 - 1, 2**32, 2**32 - 1, 2**16, 2**15,
         0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x8000800080008000, 0x7fff7fff7fff7fff,
         0x8000000080000000, 0x7fffffff7fffffff, 0xffffffff00000000, 0x00ff00ff00ff00ff,
         0x0101010101010101, 0xff00ff00ff00ff00]


def value(rng):
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(EDGES)
    if kind == 1:
        return rng.randrange(80)
    if kind == 2:  # few bytes other than zero
        return rng.getrandbits(64) & rng.getrandbits(64) & rng.getrandbits(64)
    if kind == 3:
        return (rng.choice(EDGES) + rng.randrange(-3, 4)) % 2**64
    return rng.getrandbits(64)


def gr_table(name, nat, rng):
    """.data lines: 32 bytes a vector; ld8.fill takes UNAT bit 8:3 of its address."""
    out = ["\t.balign 512", "\t.global %s" % name, "%s:" % name]
    for n in range(VECTORS):
        c, a, b = value(rng), value(rng), value(rng)
        if rng.randrange(8) == 0:
            b = a
        unat = 0
        for k in range(3):
            if nat and rng.randrange(6) == 0:
                unat |= 1 << (n * 4 + 1 + k) % 64
        out.append("\tdata8 %#x, %#x, %#x, %#x" % (unat, c, a, b))
    return out


def fr_value(rng):
    """(significand, sign and exponent): every class of 82-bit number, as ldf.fill takes them."""
    kind = rng.randrange(16)
    sig, exp, sign = rng.getrandbits(64), rng.getrandbits(17), rng.getrandbits(1)
    if kind == 0:
        return 0, 0x1fffe  # NaTVal
    if kind == 1:
        sig, exp = rng.choice([0, 1 << 63, 3 << 62, 1 << 62, (1 << 63) + 5]), 0x1ffff
    elif kind == 2:
        sig = 0 if rng.randrange(2) else sig >> 1
    elif kind == 3:
        exp = 0
    elif kind == 4:
        exp = 0x1003e  # an integer
    elif kind < 10:
        sig, exp = sig | 1 << 63, 0xffff + rng.randrange(-70, 70)
    elif kind < 12:
        sig, exp = (sig | 1 << 63) & (-1 << 40), 0xffff + rng.randrange(-130, 130)
    return sig, sign << 17 | exp


def fr_plain(rng):
    """As fr_value without the numbers that processors leave to software: unnormal ones."""
    while True:
        sig, exp = fr_value(rng)
        if sig >> 63 and exp & 0x1ffff or (sig, exp & 0x1ffff) in ((0, 0), (0, 0x1fffe)):
            return sig, exp


def fr_number(rng):
    """As fr_plain without NaTVal."""
    while True:
        sig, exp = fr_plain(rng)
        if exp & 0x1ffff != 0x1fffe:
            return sig, exp


def fr_mild(rng):
    """As fr_plain, with exponents for which frcpa and frsqrta need no software assistance; as two
    single-precision numbers they are ordinary, too."""
    while True:
        sig, exp = fr_plain(rng)
        if abs((exp & 0x1ffff) - 0xffff) < 1000:
            return sig & ~(3 << 30) | 1 << 30, exp
        if exp & 0x1ffff in (0, 0x1fffe, 0x1ffff):
            return sig, exp


def fr_table(name, value_of, rng):
    out = ["\t.balign 512", "\t.global %s" % name, "%s:" % name]
    for _ in range(VECTORS):
        words = []
        for _ in range(3):
            words += value_of(rng)
        out.append("\tdata8 " + ", ".join("%#x" % w for w in words + [0, 0]))
    return out


def vectors_source():
    rng = random.Random("vectors")
    lines = ["\t.data"]
    lines += gr_table("vectors", True, rng) + gr_table("plain_vectors", False, rng)
    lines += fr_table("fp_vectors", fr_value, rng) + fr_table("plain_fp_vectors", fr_plain, rng)
    lines += fr_table("number_fp_vectors", fr_number, rng)
    lines += fr_table("mild_fp_vectors", fr_mild, rng)
    return "\n".join(lines) + "\n"


# --- the program -------------------------------------------------------------------------------

def function(n, test):
    """r26 counts vectors: the tests of branches need ar.lc."""
    head = ["", "test%d:\t// %s" % (n, test.text.replace("//", ""))]
    if test.code:
        return head + test.code
    return head + [
            "\talloc r24 = ar.pfs, 0, %d, 0, %d" % (FRAME, ROTATING),
            "\tmovl r20 = %s" % test.vectors, "\tmovl r21 = buffer",
            "\tmov r22 = %d" % test.rotate, "\tmov r26 = %d" % VECTORS, "\t;;",
            "\tmov ar.lc = r22", "\tmov ar.ec = 1", "\t;;",
            "1:\tbr.ctop.sptk 1b", "\t;;",
            "\tmov pr = r0, -1", "\t;;"] + test.init + ["\t;;",
            "2:"] + test.body + [
            "\tadd r26 = -1, r26", "\t;;", "\tcmp.ne p6, p0 = 0, r26", "\t;;",
            "(p6)\tbr.cond.dptk 2b", "\t;;", "\tbr.ret.sptk b0"]


def program(tests):
    """The whole assembly text."""
    out = ["\t.text", "\t.explicit", "\t.global _start", "_start:",
           "\talloc r3 = ar.pfs, 0, 0, 3, 0", "\tmovl r25 = %#x" % NAT_MARK,
           "\tmovl r2 = 0x9804c0270033f", "\t;;", "\tmov ar.fpsr = r2", "\t;;"]
    for n, test in enumerate(tests):
        out += ["\tbr.call.sptk b0 = test%d" % n, "\t;;", "\tmov r32 = 1",
                "\tmovl r33 = buffer", "\tmovl r34 = %d" % test.size(),
                "\tmov r15 = 1027", "\t;;", "\tbreak 0x100000", "\t;;"]
    out += ["\tmov r32 = 0", "\tmov r15 = 1025", "\t;;", "\tbreak 0x100000"]
    for n, test in enumerate(tests):
        out += function(n, test)
    out += ["\t.bss", "\t.balign 512", "scratch:", "\t.skip 32768", "buffer:",
            "\t.skip %d" % max(test.size() for test in tests)]
    return "\n".join(out) + "\n"
