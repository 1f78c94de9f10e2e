# SPDX-License-Identifier: MIT
"""FP arithmetic and conversions, with the status flags that ar.fpsr collects. MPFR judges the
numbers elsewhere (tests/fp); here whole instructions run, rotated and predicated."""
from generate import load_fr

# ar.fpsr: traps off; s0 default, s1 wre, s2 and s3 as default; then other roundings and precisions.
FPSR = {"default": 0x9804c0270033f, "down": 0x9804c02700f3f | 1 << 10, "up": 0x9804c027003bf | 1 << 11,
        "zero": 0x9804c0270033f | 3 << 10, "single": 0x9804c0270003f}


def arithmetic(m, key, template, fpsr="default", predicate=False,
               vectors="plain_fp_vectors"):
    """Results: the register, ar.fpsr and, for the reciprocals, the predicate."""
    regs = dict(zip("dfgh", m.rng.sample(range(2, 128), 4)), p=m.rng.randrange(9, 64))
    before = load_fr(regs["f"], regs["g"], regs["h"])
    before += ["\tmovl r22 = %#x" % FPSR[fpsr], "\t;;", "\tmov ar.fpsr = r22", "\t;;"]
    after = ["\tstf.spill [r21] = f%d, 16" % regs["d"], "\tmov r22 = ar.fpsr", "\tmov r23 = 0",
             "\t;;", "(p%d)\tmov r23 = 1" % (regs["p"] if predicate else 0), "\t;;",
             "\tst8 [r21] = r22, 8", "\t;;", "\tst8 [r21] = r23, 8"]
    m.add(key, template.format(**regs), before, after, vectors=vectors, words=4)


def multiply_add(m):
    for fpsr in FPSR:
        for pc in ("", ".s", ".d"):
            for op in ("fma", "fms", "fnma"):
                sf = m.rng.choice(["s0", "s0", "s2", "s3"])
                arithmetic(m, op, "%s%s.%s f{d} = f{f}, f{g}, f{h}" % (op, pc, sf), fpsr)
                arithmetic(m, op, "%s%s.s0 f{d} = f{f}, f1, f{h}" % (op, pc), fpsr)
                arithmetic(m, op, "%s%s.s0 f{d} = f{f}, f{g}, f0" % (op, pc), fpsr)
        for op in ("fpma", "fpms", "fpnma"):
            arithmetic(m, op, op + ".s0 f{d} = f{f}, f{g}, f{h}", fpsr)


def conversions(m):
    for fpsr in FPSR:
        for op in ("fcvt.fx", "fcvt.fxu", "fcvt.fx.trunc", "fcvt.fxu.trunc", "fpcvt.fx",
                   "fpcvt.fxu", "fpcvt.fx.trunc", "fpcvt.fxu.trunc"):
            key = op.replace(".trunc", "").replace(".", "_")
            arithmetic(m, key, op + ".s0 f{d} = f{f}", fpsr)
    for op in ("fmin", "fmax", "famin", "famax", "fpmin", "fpmax", "fpamin", "fpamax"):
        arithmetic(m, op, op + ".s0 f{d} = f{f}, f{g}")
    for rel in ("eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"):
        arithmetic(m, "fpcmp_" + rel, "fpcmp.%s.s0 f{d} = f{f}, f{g}" % rel)


def reciprocals(m):
    for op in ("frcpa", "fprcpa"):
        for sf in ("s0", "s1"):
            arithmetic(m, op, op + ".%s f{d}, p{p} = f{f}, f{g}" % sf, "default", True,
                       "mild_fp_vectors")
    for op in ("frsqrta", "fprsqrta"):
        for sf in ("s0", "s1"):
            arithmetic(m, op, op + ".%s f{d}, p{p} = f{f}" % sf, "default", True,
                       "mild_fp_vectors")


def controls(m):
    """fsetc, fclrf and fchkf on status registers with flags raised. A precision of 1 and s0.td are
    reserved."""
    for n, fpsr in enumerate(FPSR.values()):
        for sf in range(4):
            setup = "movl r22 = %#x ;; mov ar.fpsr = r22 ;; " % (fpsr | (n * 37 + sf * 5 & 0x3f)
                                                                << 13 + 13 * sf)
            m.to_gr("fsetc", setup + "fsetc.s%d %#x, %#x ;; mov r{d} = ar.fpsr" % (
                sf, m.rng.getrandbits(7) & ~12 | m.rng.choice([0, 12]), m.rng.getrandbits(7) &
                ~12 & (0x3f if sf == 0 else 0x7f) | m.rng.choice([0, 8, 12])), False, False)
            m.to_gr("fclrf", setup + "fclrf.s%d ;; mov r{d} = ar.fpsr" % sf, False, False)
            m.to_gr("fchkf", setup + "mov r14 = 1 ;; fchkf.s%d 3f ;; mov r14 = 2 ;; 3: mov r{d} = "
                    "r14" % sf, False, False)
