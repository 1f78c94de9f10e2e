# SPDX-License-Identifier: MIT
"""Loop branches with register rotation, application registers, and walks of the register stack."""
from generate import FRAME, ROTATING, Test, load_gr, table

# --- loop branches -----------------------------------------------------------------------------


def number_registers():
    """Every rotating register holds its number, so that rotation shows."""
    out = []
    for r in range(32, 32 + ROTATING):
        out += ["\tmov r%d = %d" % (r, r), "\t;;"]
    for f in range(32, 128):
        out += ["\tmov r22 = %d" % f, "\t;;", "\tsetf.sig f%d = r22" % f, "\t;;"]
    return out


def branch(m, key, text):
    """ar.lc and ar.ec are 0..3, predicates random. Results: taken, pr, lc, ec, r33, r40, f32, f100."""
    before = load_gr(16, 17, 18)
    before += ["\tand r16 = 3, r16", "\tand r17 = 3, r17", "\t;;", "\tmov ar.lc = r16",
               "\tmov pr = r18, -2", "\t;;", "\tmov ar.ec = r17", "\tmov r27 = 0", "\t;;"]
    after = ["\tmov r27 = 1", "\t;;", "3:\tmov r28 = pr", "\tmov r29 = ar.lc", "\t;;",
             "\tmov r30 = ar.ec", "\t;;", "\tgetf.sig r14 = f32", "\tgetf.sig r15 = f100", "\t;;"]
    for r in (27, 28, 29, 30, 33, 40, 14, 15):
        after += ["\tst8 [r21] = r%d, 8" % r, "\t;;"]
    m.add(key, text, before, after, vectors=table(False), words=8, init=number_registers())


def loops(m):
    for _ in range(3):
        branch(m, "br_cloop", "br.cloop.sptk 3f")
        branch(m, "br_ctop", "br.ctop.sptk 3f")
        branch(m, "br_cexit", "br.cexit.spnt.many 3f")
        for p in (0, 7, 16, 40, 63):
            branch(m, "br_wtop", "(p%d) br.wtop.dptk 3f" % p)
            branch(m, "br_wexit", "(p%d) br.wexit.dpnt 3f" % p)
            branch(m, "br_cond", "(p%d) br.cond.sptk 3f" % p)
        for key in ("clrrrb", "clrrrb_pr"):
            # mov from pr knows no rotation: a predicate must decide something
            branch(m, key, "br.ctop.sptk 5f ;; 5: { .mib ; nop.m 0 ; nop.i 0 ; %s } ;; "
                   "(p%d) br.cond.sptk 3f" % (key.replace("_", "."), m.rng.randrange(16, 64)))
    for p in (7, 63):
        branch(m, "br_cond_ind", "(p%d) movl r28 = 3f ;; (p%d) mov b6 = r28 ;; "
                                 "(p%d) br.cond.sptk b6" % (p, p, p))
        branch(m, "brl_cond", "(p%d) brl.cond.sptk 3f" % p)


def calls(m):
    """The result says where the call came from and went to, and what ar.pfs and ar.ec held."""
    before = ("mov r27 = b0 ; mov r28 = ar.pfs ; add r14 = 1, r{a} ;; mov.i ar.ec = r{a} ; "
              "movl r22 = 3f ;; mov b6 = r22 ; tbit.nz p8, p0 = r20, 5 ;; ")
    after = (" ;; 5: mov.i r22 = ar.ec ;; xor r14 = r22, r14 ;; br 4f ;; "
             "3: mov.i ar.ec = 0 ;; mov r22 = b0 ; mov r23 = ar.pfs ;; add r14 = r14, r23 ;; "
             "movl r23 = 5b ;; sub r22 = r22, r23 ;; add r14 = r14, r22 ;; br.ret.sptk b0 ;; "
             "4: mov b0 = r27 ; mov ar.pfs = r28 ; mov r{d} = r14")
    for key, call in (("br_call", "br.call.sptk b0 = 3f"), ("brl_call", "brl.call.sptk b0 = 3f"),
                      ("br_call_ind", "br.call.sptk b0 = b6"), ("br_ret", "br.call.sptk b0 = 3f")):
        for qp in ("", "(p8) "):
            m.to_gr(key, before + qp + call + after, False, False)


# --- application registers ----------------------------------------------------------------------

def application(m):
    for ar in ("unat", "ccv", "lc", "ec"):
        unit = "i" if ar in ("lc", "ec") else "m"
        m.to_gr("mov_ar", "mov.{0} ar.{1} = r{{a}} ;; mov.{0} r{{d}} = ar.{1}".format(unit, ar),
                False, False)
        for imm in (-128, -1, 0, 5, 127):
            m.to_gr("mov_ar_imm", "mov.{0} ar.{1} = {2} ;; mov.{0} r{{d}} = ar.{1}".format(
                unit, ar, imm), False, False)
    # br.ret takes ar.pfs: keep it
    m.to_gr("mov_ar", "mov r27 = ar.pfs ;; movl r28 = 0x1500000514 ;; mov ar.pfs = r28 ;; "
                      "mov r{d} = ar.pfs ;; mov ar.pfs = r27", False, False)
    m.to_gr("alloc", "{{ .mii ; alloc r{d} = ar.pfs, 0, %d, 0, %d }}" % (FRAME, ROTATING), True, False)
    for text in ("sum 0x2", "sum 0x8", "rum 0x3e", "sum 0x38", "mov psr.um = r23"):
        m.to_gr("psr_um", "mov r23 = 4 ;; rum 0x3e ;; %s ;; mov r{d} = psr.um ;; rum 0x3e" % text,
                True, False)
    for text in ("mf", "mf.a", "fwb", "invala", "srlz.d", "srlz.i", "sync.i", "fc r20",
                 "fc.i r20", "lfetch [r20]", "lfetch.fault.excl.nta [r20]", "lfetch [r22], 8",
                 "lfetch [r22], r23",
                 "invala.e r2", "invala.e f2", "flushrs", "fsetc.s2 0x7f, 0x40", "fclrf.s3"):
        m.to_gr("no_result", "mov r22 = r20 ; mov r23 = 24 ;; %s ;; sub r{d} = r22, r20" % text, True,
                False)


# --- the register stack --------------------------------------------------------------------------

AREA = 400  # words of backing store that are dumped
MIX = 0x9e3779b97f4a7c15


class Walk:
    """A random tree of calls on a backing store of its own. Every function fills its locals with
    running numbers (r14), some NaT, and afterwards mixes them into r15 and writes that. Return
    addresses are kept elsewhere (r19), as they depend on the linker."""

    def __init__(self, number, rng, depth, mode):
        self.number, self.rng, self.mode, self.words, self.code = number, rng, mode, 0, []
        self.names = 0
        self.top = self.function(depth)

    def emit(self, r):
        self.words += 1
        return ["\tst8 [r21] = r%d, 8" % r, "\t;;"]

    def emit_address(self, r):
        """Relative to the backing store, so that the linker's choices do not show."""
        return ["\tsub r16 = r%d, r30" % r, "\t;;"] + self.emit(16)

    def mix(self, r):
        """r15 = (r15 rotated left by 7) + r, or the mark when r is a NaT."""
        return ["\ttnat.nz p6, p7 = r%d" % r, "\tshrp r15 = r15, r15, 57", "\t;;",
                "(p6)\tadd r15 = r15, r25", "(p7)\tadd r15 = r15, r%d" % r, "\t;;"]

    def fill(self, r):
        if self.rng.random() < 0.15:
            return ["\tld8.fill r%d = [r18]" % r, "\t;;"]  # a NaT
        return ["\tadd r14 = r14, r17", "\t;;", "\tmov r%d = r14" % r, "\t;;"]

    def flush(self):
        """bsp, bspstore and rnat after flushrs. Of rnat what bspstore has passed: the rest is
        undefined."""
        out = ["\tflushrs", "\t;;", "\tmov r22 = ar.bsp", "\t;;"] + self.emit_address(22)
        out += ["\tmov ar.rsc = 0xc", "\t;;", "\tmov r22 = ar.bspstore", "\tmov r23 = ar.rnat",
                "\t;;"] + self.emit_address(22)
        out += ["\textr.u r22 = r22, 3, 6", "\tmov r24 = 1", "\t;;", "\tshl r24 = r24, r22",
                "\t;;", "\tadd r24 = -1, r24", "\t;;", "\tand r23 = r23, r24", "\t;;"]
        out += self.emit(23)
        return out + ["\tmov ar.rsc = %#x" % self.mode, "\t;;"]

    def leaf(self):
        """flushrs, then loadrs of so many bytes."""
        name = self.new_name()
        count = self.rng.choice([0, 8, 69, 256, 407])  # bits 2:0 do not count
        body = ["\talloc r22 = ar.pfs, 0, 0, 0, 0", "\t;;"] + self.flush()
        body += ["\tmovl r22 = %d" % (count << 16 | 0xc), "\t;;", "\tmov ar.rsc = r22", "\t;;",
                 "\tloadrs", "\t;;", "\tmov r22 = ar.bspstore", "\t;;"] + self.emit_address(22)
        body += ["\tmov ar.rsc = %#x" % self.mode, "\t;;", "\tbr.ret.sptk b0", "\t;;"]
        self.code += ["%s:" % name] + body
        return name

    def new_name(self):
        self.names += 1
        return ".Lwalk%d_%d" % (self.number, self.names)

    def function(self, depth):
        """Emits one function after those it calls; returns its name."""
        if depth == 0:
            return self.leaf()
        rng = self.rng
        outs = rng.choice([0, 1, 3, 8])
        local = rng.choice([3, 4, 10, 30, 62, 63, 64, 80, 93 - outs])
        rotating = rng.choice([0, 0, min(local + outs, 96) // 8 * 8])
        body = ["\talloc r32 = ar.pfs, 0, %d, %d, %d" % (local, outs, rotating),
                "\tmov r22 = b0", "\t;;", "\tst8 [r19] = r22, 8", "\t;;"]
        locals_ = list(range(33, 32 + local))
        for r in locals_:
            body += self.fill(r)
        for _ in range(rng.choice([1, 1, 1, 2])):
            for r in range(32 + local, 32 + local + outs):
                body += self.fill(r)
            callee = self.function(depth - 1)
            body += ["\tbr.call.sptk b0 = %s" % callee, "\t;;"]
        for r in locals_:
            body += self.mix(r)
        body += self.emit(15)
        if rng.random() < 0.3:
            body += self.flush()
        body += ["\tadd r19 = -8, r19", "\t;;", "\tld8 r22 = [r19]", "\t;;", "\tmov b0 = r22",
                 "\tmov ar.pfs = r32", "\t;;", "\tbr.ret.sptk b0", "\t;;"]
        name = self.new_name()
        self.code += ["%s:" % name] + body
        return name


def walk_test(number, rng, depth, mode, offset):
    walk = Walk(number, rng, depth, mode)
    nat = ["\tmovl r18 = scratch + 8", "\tmov r22 = 2", "\tmov r23 = 77", "\t;;",
           "\tst8 [r18] = r23", "\tmov ar.unat = r22", "\t;;"]
    clear = ["\tmovl r22 = scratch + 512", "\tmovl r23 = 3000", "\t;;", "1:\tst8 [r22] = r0, 8",
             "\tadd r23 = -1, r23", "\t;;", "\tcmp.ne p6, p0 = 0, r23", "\t;;",
             "(p6)\tbr.cond.sptk 1b", "\t;;"]
    enter = ["\tflushrs", "\t;;", "\tmov ar.rsc = 0xc", "\t;;", "\tmov r28 = ar.bspstore",
             "\tmov r29 = ar.rnat", "\t;;", "\tmovl r22 = scratch + %d" % (512 + 8 * offset), "\t;;",
             "\tmov ar.bspstore = r22", "\t;;", "\tmov ar.rnat = r0", "\t;;",
             "\tmov ar.rsc = %#x" % mode, "\t;;"]
    leave = ["\tflushrs", "\t;;", "\tmov ar.rsc = 0xc", "\t;;", "\tmov ar.bspstore = r28", "\t;;",
             "\tmov ar.rnat = r29", "\t;;", "\tmov ar.rsc = 0xf", "\t;;"]
    dump = ["\tmovl r22 = scratch + 512", "\tmovl r23 = %d" % AREA, "\t;;",
            "1:\tld8 r16 = [r22], 8", "\t;;", "\tst8 [r21] = r16, 8", "\tadd r23 = -1, r23",
            "\t;;", "\tcmp.ne p6, p0 = 0, r23", "\t;;", "(p6)\tbr.cond.sptk 1b", "\t;;"]
    code = ["\talloc r26 = ar.pfs, 0, 0, 0, 0", "\tmov r27 = b0", "\tmovl r21 = buffer",
            "\tmov r14 = 0", "\tmov r15 = 0",
            "\tmovl r19 = scratch + 32000", "\tmovl r30 = scratch", "\tmovl r17 = %#x" % MIX, "\t;;"]
    code += nat + clear + enter + ["\tbr.call.sptk b0 = %s" % walk.top, "\t;;"] + leave + dump
    code += ["\tmov b0 = r27", "\tmov ar.pfs = r26", "\t;;", "\tbr.ret.sptk b0", "\t;;"]
    return walk.words + AREA, code + walk.code


def register_stack(m):
    for n in range(200):
        mode = 0xc if n % 2 else 0xf
        words, code = walk_test(n, m.rng, 2 + n % 9, mode, m.rng.randrange(64))
        m.tests.append(Test("register_stack", "walk %d" % n, [], words=words, code=code))
