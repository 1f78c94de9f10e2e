# SPDX-License-Identifier: MIT
"""Loads, stores and semaphores: M1 to M18, on the vectors themselves and on a scratch buffer."""
from generate import load_fr, load_gr, store_gr, table

SIZES = (1, 2, 4, 8)
LOAD_TYPES = ("", ".s", ".a", ".sa", ".bias", ".acq", ".c.nc", ".c.clr", ".c.clr.acq")
HINTS = ("", ".nt1", ".nta")


def fill_scratch(a, b):
    """r22 = scratch, whose first two words become GR a and b."""
    return ["\tmovl r22 = scratch", "\t;;", "\tst8 [r22] = r%d, 8" % a, "\t;;",
            "\tst8 [r22] = r%d, -8" % b, "\t;;"]


def read_scratch(words):
    out = ["\tmovl r22 = scratch", "\t;;"]
    for _ in range(words):
        out += ["\tld8 r23 = [r22], 8", "\t;;", "\tst8 [r21] = r23, 8", "\t;;"]
    return out


class Memory:
    def __init__(self, maker):
        self.m = maker

    def gr(self, *others):
        """A register that differs from the others."""
        while True:
            r = self.m.gr()
            if r not in others:
                return r

    def load(self, size, kind, update):
        """From the vector's word a; the updated base is a result too. Register c is the increment,
        so that a NaT in it shows."""
        m, hint = self.m, self.m.rng.choice(HINTS)
        step, base = self.gr(), self.gr()
        while base == step:
            base = self.gr()
        d = self.gr(base, step)
        before = load_gr(step, 22, 22) + ["\tadd r%d = -16, r20" % base, "\t;;"]
        if ".c." in kind:
            before += ["\tld%d.a r%d = [r%d]" % (size, d, base), "\t;;"]
        text = "ld%d%s%s r%d = [r%d]" % (size, kind, hint, d, base)
        text += {"": "", "_r": ", r%d" % step, "_i": ", %d" % m.rng.randrange(-256, 256)}[update]
        after = store_gr(d) + ["\t;;", "\tsub r%d = r%d, r20" % (base, base), "\t;;"]
        m.add("ld%d%s" % (size, update), text, before, after + store_gr(base), words=2)

    def load_bad(self, size):
        """ld.s of an address that is nowhere or a NaT gives a NaT."""
        m = self.m
        a, d = self.gr(), self.gr()
        m.add("ld%d" % size, "ld%d.s r%d = [r%d]" % (size, d, a), load_gr(22, a, 22), store_gr(d))

    def store(self, size, kind, update):
        m = self.m
        a, base = self.gr(), self.gr(22, 23)
        while base == a:
            base = self.gr()
        before = load_gr(22, a, 23) + fill_scratch(23, 23) + ["\tmovl r%d = scratch + 8" % base,
                                                             "\t;;"]
        text = "st%d%s [r%d] = r%d" % (size, kind, base, a)
        text += ", %d" % m.rng.randrange(-256, 256) if update else ""
        after = ["\tst8 [r21] = r%d, 8" % base, "\t;;"] + read_scratch(2)
        m.add("st%d%s" % (size, update), text, before, after, vectors=table(False), words=3)

    def spill(self, update):
        """The UNAT bit of scratch + 8 k is what NaT sources show; the word itself is not read."""
        m = self.m
        a, k = self.gr(22), m.rng.randrange(64)
        before = load_gr(22, a, 23) + ["\tmovl r22 = scratch + %d" % (8 * k), "\t;;"]
        text = "st8.spill [r22] = r%d%s" % (a, ", -24" if update else "")
        after = ["\tmov r23 = ar.unat", "\t;;", "\tst8 [r21] = r23, 8", "\tst8 [r21] = r22, 8"]
        after = after[:3] + ["\t;;"] + after[3:]
        m.add("st8_spill" + update, text, before, after, words=2)

    def semaphore(self, key, template):
        """Memory is c; ar.ccv is c or a; the new value is b."""
        m = self.m
        c, a, b = self.gr(22, 23), self.gr(22, 23), self.gr(22, 23)
        while len({c, a, b}) < 3:
            a, b = self.gr(22, 23), self.gr(22, 23)
        d = self.gr(22, 23)
        before = load_gr(c, a, b) + fill_scratch(c, a)
        before += ["\ttbit.nz p8, p9 = r20, 5", "\t;;", "(p8) mov ar.ccv = r%d" % c,
                   "(p9) mov ar.ccv = r%d" % a, "\tmov ar.csd = r%d" % a, "\t;;"]
        text = template.format(d=d, b=b)
        after = store_gr(d) + ["\t;;"] + read_scratch(2)
        m.add(key, text, before, after, vectors=table(False), words=3)

    def float_load(self, key, kind, update, words=2):
        """Of the 16 bytes c, a of a vector."""
        m = self.m
        base, step = self.gr(22, 23), self.gr(22, 23)
        while base == step:
            base = self.gr(22, 23)
        f, g = m.fr(), 0
        while words == 4 and ((f + g) % 2 == 0 or g < 2 or (f < 32) != (g < 32)):
            g = m.fr()
        before = load_gr(step, 22, 23) + ["\tadd r%d = -16, r20" % base, "\t;;"]
        name, pair = key.replace("_", "."), ", f%d" % g if g else ""
        if ".c." in kind:
            before += ["\t%s.a f%d%s = [r%d]" % (name, f, pair, base), "\t;;"]
        text = "%s%s f%d%s = [r%d]" % (name, kind, f, pair, base)
        text += {"": "", "_r": ", r%d" % step, "_p": ", %d" % (8 if key == "ldfps" else 16),
                 "_i": ", %d" % m.rng.randrange(-256, 256)}[update]
        after = ["\tstf.spill [r21] = f%d, 16" % f, "\t;;"]
        if g:
            after += ["\tstf.spill [r21] = f%d, 16" % g, "\t;;"]
        after += ["\tsub r%d = r%d, r20" % (base, base), "\t;;",
                  "\tst8 [r21] = r%d, 8" % base, "\t;;", "\tst8 [r21] = r0, 8"]
        m.add(key + update.replace("_p", "_i"), text, before, after,
              vectors=table(False), words=words + 2)

    def float_store(self, key, update):
        m = self.m
        base, f = self.gr(22, 23), m.fr()
        before = load_fr(f, None, None) + fill_scratch(0, 0) + ["\tmovl r%d = scratch" % base,
                                                              "\t;;"]
        text = "%s [r%d] = f%d%s" % (key.replace("_", "."), base, f,
                                     ", %d" % m.rng.randrange(-256, 256) if update else "")
        after = ["\tst8 [r21] = r%d, 8" % base, "\t;;", "\tst8 [r21] = r0, 8", "\t;;"]
        m.add(key + update, text, before, after + read_scratch(2),
              vectors="fp_vectors" if key == "stf_spill" else "number_fp_vectors", words=4)


def loads(maker):
    mem = Memory(maker)
    for size in SIZES:
        for kind in LOAD_TYPES:
            for update in ("", "_r", "_i"):
                mem.load(size, kind, update)
        mem.load_bad(size)
    for update in ("", "_r", "_i"):
        text = {"": "", "_r": ", r23", "_i": ", -40"}[update]
        maker.to_gr("ld8_fill" + update,
                    "add r22 = -16, r20 ;; ld8.fill r{d} = [r22]" + text, True, False)


def stores(maker):
    mem = Memory(maker)
    for size in SIZES:
        for kind in ("", ".rel", ".nta", ".rel.nta"):
            for update in ("", "_i"):
                mem.store(size, kind, update)
    for update in ("", "_i", "", "_i"):
        mem.spill(update)


def semaphores(maker):
    mem = Memory(maker)
    for size in SIZES:
        for order in ("acq", "rel"):
            mem.semaphore("cmpxchg%d" % size,
                          "cmpxchg%d.%s r{d} = [r22], r{b}, ar.ccv" % (size, order))
        mem.semaphore("xchg%d" % size, "xchg%d r{d} = [r22], r{b}" % size)
    for size in (4, 8):
        for inc in (-16, -8, -4, -1, 1, 4, 8, 16):
            order = "acq" if inc & 4 else "rel"
            mem.semaphore("fetchadd%d" % size, "fetchadd%d.%s r{d} = [r22], %d" % (size, order, inc))


def float_memory(maker):
    mem = Memory(maker)
    for key in ("ldfs", "ldfd", "ldf8", "ldfe"):
        for kind in ("", ".s", ".a", ".sa", ".c.nc", ".c.clr"):
            for update in ("", "_r", "_i"):
                mem.float_load(key, kind, update)
    for key in ("ldfps", "ldfpd", "ldfp8"):
        for kind in ("", ".s", ".a", ".c.clr"):
            for update in ("", "_p"):
                mem.float_load(key, kind, update, words=4)
    for update in ("", "_r", "_i"):
        mem.float_load("ldf_fill", "", update)
    for key in ("stfs", "stfd", "stf8", "stfe", "stf_spill"):
        for update in ("", "_i"):
            mem.float_store(key, update)


def wide(m):
    """16 bytes at once: scratch holds a, b; csd is b."""
    setup = ("movl r22 = scratch ;; add r23 = 8, r22 ;; st8 [r22] = r{a} ;; st8 [r23] = r{b} ;; "
             "mov ar.csd = r{b} ;; mov ar.ccv = r{a} ;; ")
    for order in ("", ".acq"):
        for reg in ("r14", "ar.csd"):
            m.to_gr("ld16", setup + "ld16%s r14, ar.csd = [r22] ;; mov r{d} = %s" % (order, reg),
                    False, False)
    for order in ("", ".rel"):
        for word in ("r22", "r23"):
            m.to_gr("st16", setup + "st8 [r23] = r{a} ;; st16%s [r22] = r{b}, ar.csd ;; "
                    "ld8 r{d} = [%s]" % (order, word), False, False)
    for order in (".acq", ".rel"):
        for ptr in ("r22", "r23"):
            for result in ("mov r{d} = r14", "ld8 r{d} = [r22]", "add r23 = 8, r22 ;; "
                           "ld8 r{d} = [r23]"):
                text = setup + "cmp8xchg16%s r14 = [%s], r20, ar.csd, ar.ccv ;; %s"
                m.to_gr("cmp8xchg16", text % (order, ptr, result), False, False)


# Two words of memory, at r22 and r23, hold GR a and b; r24 is the complement of a: a store of the
# same value need not make a check miss where the ALAT compares values.
MUST_MISS = ("st8 [r22] = r24", "st1 [r22] = r24", "invala", "invala.e r14",
             "shr.u r24 = r24, 56 ;; add r23 = 7, r22 ;; st1 [r23] = r24")
MAY_HIT = ("nop 0", "st8 [r23] = r24", "st1 [r23] = r24", "invala.e r15")


def advanced(m):
    """chk.a: an ALAT may miss at any time (and Ski has none), so results are that a check which
    must miss branches, and otherwise the value after the recovery code."""
    setup = ("movl r22 = scratch ;; add r23 = 8, r22 ;; st8 [r22] = r{a} ;; st8 [r23] = r{b} ;; "
             "andcm r24 = -1, r{a} ;; invala ;; ")
    for clear in ("nc", "clr"):
        miss = setup + "%s ;; %s ;; mov r14 = 1 ;; chk.a.%s r14, 3f ;; mov r14 = 2 ;; 3: ;; mov r{d} = r14"
        hit = setup + ("%s ;; %s ;; chk.a.%s r14, 3f ; br 4f ;; 3: ld8 r14 = [r22] ;; 4: ;; "
                       "mov r{d} = r14")
        for between in MUST_MISS:
            m.to_gr("chk_a_gr", miss % ("ld8.a r14 = [r22]", between, clear), False, False)
            m.to_gr("chk_a_fr", (miss % ("ldf8.a f40 = [r22]", between.replace("e r14", "e f40"),
                                         clear)).replace("%s r14" % clear, "%s f40" % clear),
                    False, False)
        m.to_gr("chk_a_gr", miss % ("ld8.a r15 = [r22]", "nop 0", clear), False, False)
        for between in MAY_HIT + MUST_MISS:
            m.to_gr("chk_a_gr", hit % ("ld8.a r14 = [r22]", between, clear), False, False)
    m.to_gr("chk_s_f", "setf.sig f40 = r{a} ;; mov r{d} = 1 ;; chk.s f40, 3f ;; mov r{d} = 2 ;; 3:",
            True, False)
