# SPDX-License-Identifier: MIT
"""What is tested: per program, the instruction texts (Intel manual volume 3, in format order)."""
import floating
import flow
import memory
from generate import Maker

IMM8 = [-128, -127, -1, 0, 1, 5, 127]
IMM14 = [-8192, -1, 0, 1, 77, 8191]
IMM22 = [-2097152, -1, 0, 12345, 2097151]
COUNTS = [0, 1, 7, 8, 15, 16, 31]


def alu(m):
    for op in ("add", "sub"):
        m.to_gr(op, op + " r{d} = r{a}, r{b}")
        m.to_gr(op + "_1", op + " r{d} = r{a}, r{b}, 1")
    for op in ("addp4", "and", "andcm", "or", "xor"):
        m.to_gr(op, op + " r{d} = r{a}, r{b}")
    for op in ("shladd", "shladdp4"):
        for count in (1, 2, 3, 4):
            m.to_gr(op, op + " r{d} = r{a}, %d, r{b}" % count)
    for op in ("sub", "and", "andcm", "or", "xor"):
        for imm in IMM8:
            m.to_gr(op + "_imm", op + " r{d} = %d, r{b}" % imm)
    for imm in IMM14:
        m.to_gr("adds", "adds r{d} = %d, r{b}" % imm)
        m.to_gr("addp4_imm", "addp4 r{d} = %d, r{b}" % imm)
    for imm in IMM22:
        m.to_gr("addl", "addl r{d} = %d, r{b3}" % imm)


def compares(m, cmp):
    for rel in ("lt", "ltu", "eq"):
        for unc in ("", ".unc"):
            m.to_pr("%s_%s" % (cmp, rel), "%s.%s%s {p} = r{a}, r{b}" % (cmp, rel, unc))
            for imm in (-100, 0, 1, 127):
                m.to_pr("%s_%s_imm" % (cmp, rel), "%s.%s%s {p} = %d, r{b}" % (cmp, rel, unc, imm))
    for how in ("and", "or", "or.andcm"):
        row = how.replace(".", "_")
        for rel in ("eq", "ne"):
            m.to_pr("%s_%s_%s" % (cmp, rel, row), "%s.%s.%s {p} = r{a}, r{b}" % (cmp, rel, how))
            for imm in (-1, 0, 1):
                m.to_pr("%s_%s_%s_imm" % (cmp, rel, row),
                        "%s.%s.%s {p} = %d, r{b}" % (cmp, rel, how, imm))
        for rel in ("gt", "le", "ge", "lt"):
            m.to_pr("%s_%s_%s" % (cmp, rel, row), "%s.%s.%s {p} = r0, r{b}" % (cmp, rel, how))


def cmp8(m):
    compares(m, "cmp")


def cmp4(m):
    compares(m, "cmp4")


def tests(m):
    for op, operand in (("tbit", "r{b}, %d"), ("tnat", "r{b}")):
        for pos in (0, 1, 31, 32, 62, 63) if op == "tbit" else (0, 0, 0):
            text = operand % pos if op == "tbit" else operand
            for unc in ("", ".unc"):
                m.to_pr(op + "_z", "%s.z%s {p} = %s" % (op, unc, text))
            for how in ("and", "or", "or.andcm"):
                for rel in ("z", "nz"):
                    m.to_pr("%s_%s_%s" % (op, rel, how.replace(".", "_")),
                            "%s.%s.%s {p} = %s" % (op, rel, how, text))


def shifts(m):
    for op in ("shl", "shr", "shr.u"):
        m.to_gr(op.replace(".", "_"), op + " r{d} = r{a}, r{b}")
    for count in (0, 1, 8, 31, 32, 33, 62, 63):
        m.to_gr("shrp", "shrp r{d} = r{a}, r{b}, %d" % count)
    for pos in (0, 1, 15, 31, 32, 47, 62, 63):
        for length in (1, 2, 16, 31, 33, 64):
            m.to_gr("extr", "extr r{d} = r{b}, %d, %d" % (pos, length))
            m.to_gr("extr_u", "extr.u r{d} = r{b}, %d, %d" % (pos, length))
            m.to_gr("dep_z", "dep.z r{d} = r{b}, %d, %d" % (pos, length))
            m.to_gr("dep_imm", "dep r{d} = %d, r{b}, %d, %d" % (-(length & 1), pos, length))
        for length in (1, 5, 16):
            m.to_gr("dep", "dep r{d} = r{a}, r{b}, %d, %d" % (pos, length))
        for imm in IMM8:
            m.to_gr("dep_z_imm", "dep.z r{d} = %d, %d, %d" % (imm, pos, 1 + imm % 64))
    for op in ("sxt1", "sxt2", "sxt4", "zxt1", "zxt2", "zxt4", "czx1.l", "czx1.r", "czx2.l",
               "czx2.r", "popcnt"):
        m.to_gr(op.replace(".", "_"), op + " r{d} = r{b}")


def parallel(m):
    for op in ("padd", "psub"):
        for size in "12":
            for form in ("", ".sss", ".uuu", ".uus"):
                m.to_gr(op + size, op + size + form + " r{d} = r{a}, r{b}")
        m.to_gr(op + "4", op + "4 r{d} = r{a}, r{b}")
    for size in "12":
        m.to_gr("pavg" + size, "pavg%s r{d} = r{a}, r{b}" % size)
        m.to_gr("pavg" + size, "pavg%s.raz r{d} = r{a}, r{b}" % size)
    for op in ("pavgsub1", "pavgsub2", "pcmp1.eq", "pcmp2.eq", "pcmp4.eq", "pcmp1.gt", "pcmp2.gt",
               "pcmp4.gt", "pmpy2.r", "pmpy2.l", "mix1.r", "mix2.r", "mix4.r", "mix1.l", "mix2.l",
               "mix4.l", "pack2.uss", "pack2.sss", "pack4.sss", "unpack1.h", "unpack2.h",
               "unpack4.h", "unpack1.l", "unpack2.l", "unpack4.l", "pmin1.u", "pmax1.u", "pmin2",
               "pmax2", "psad1", "pshl2", "pshl4", "pshr2", "pshr4", "pshr2.u", "pshr4.u"):
        m.to_gr(op.replace(".", "_"), op + " r{d} = r{a}, r{b}")
    for count in (1, 2, 3):
        m.to_gr("pshladd2", "pshladd2 r{d} = r{a}, %d, r{b}" % count)
        m.to_gr("pshradd2", "pshradd2 r{d} = r{a}, %d, r{b}" % count)
    for count in (0, 7, 15, 16):
        m.to_gr("pmpyshr2", "pmpyshr2 r{d} = r{a}, r{b}, %d" % count)
        m.to_gr("pmpyshr2_u", "pmpyshr2.u r{d} = r{a}, r{b}, %d" % count)
    for kind in ("brcst", "mix", "shuf", "alt", "rev"):
        m.to_gr("mux1", "mux1 r{d} = r{a}, @" + kind)
    for kind in (0x00, 0x1b, 0xe4, 0xff, 0x93, 0x4e, 0xd8):
        m.to_gr("mux2", "mux2 r{d} = r{a}, %#x" % kind)
    for count in COUNTS:
        for op in ("pshr2", "pshr4", "pshr2.u", "pshr4.u", "pshl2", "pshl4"):
            m.to_gr(op.replace(".", "_") + "_imm", op + " r{d} = r{a}, %d" % count)


def moves(m):
    for imm in (0, 1, -1, 2**63, 2**62 + 5, 0x123456789abcdef):
        m.to_gr("movl", "movl r{d} = %#x" % (imm % 2**64))
    m.to_gr("mov_from_ip", "movl r22 = 3f ;; 3: mov r{d} = ip ;; sub r{d} = r{d}, r22", True, False)
    for b in range(1, 8):
        m.to_gr("mov_br", "mov b%d = r{a} ;; mov r{d} = b%d" % (b, b), False, False)
    for mask in (-2, 2, 0xfffe, -65536, 0x5554, -21846):
        m.to_gr("mov_pr", "mov pr = r{a}, %#x ;; mov r{d} = pr" % (mask % 2**64), False, False)
    for imm in (0, -65536, 0x7ffffff0000, 0x12340000):
        m.to_gr("mov_pr_rot", "mov pr.rot = %#x ;; mov r{d} = pr" % (imm % 2**64), True, False)
    for unit in "mi":
        m.to_gr("chk_s_" + unit, "chk.s.%s r{a}, 3f ; mov r{d} = 1 ;; 3:" % unit, True, False)
    for unit in "mifb":
        m.to_gr("nop_" + unit, "nop.%s 0x1234" % unit)
        m.to_gr("hint_" + unit, "hint.%s 0" % unit)
    m.to_gr("nop_x", "nop.x 0x123456789abc")
    m.to_gr("hint_x", "hint.x 0")


def float_moves(m):
    for op in ("sig", "exp", "s", "d"):
        for _ in range(3):
            m.to_fr("setf_" + op, "setf.%s f{d} = r{a}" % op, "gr")
            m.fr_to_gr("getf_" + op, "getf.%s r{d} = f{f}" % op)
    for op in ("fmerge.s", "fmerge.ns", "fmerge.se", "fmix.lr", "fmix.r", "fmix.l", "fsxt.r",
               "fsxt.l", "fpack", "fswap", "fswap.nl", "fswap.nr", "fand", "fandcm", "for", "fxor",
               "fpmerge.s", "fpmerge.ns", "fpmerge.se"):
        for _ in range(2):
            m.to_fr(op.replace(".", "_"), op + " f{d} = f{f}, f{g}")
    for op in ("fselect", "xma.l", "xma.h", "xma.hu"):
        for _ in range(3):
            m.to_fr(op.replace(".", "_"), op + " f{d} = f{f}, f{g}, f{h}")
    m.to_fr("fcvt_xf", "fcvt.xf f{d} = f{f}")


def float_tests(m):
    for classes in ("@nat", "@qnan", "@snan", "@pos|@norm", "@neg|@unorm", "@pos|@neg|@zero",
                    "@neg|@inf", "@pos|@unorm|@norm|@inf", "@nat|@qnan|@snan|@pos|@neg"):
        m.to_pr("fclass_m", "fclass.m {p} = f{f}, %s" % classes, fp=True)
        m.to_pr("fclass_m", "fclass.nm.unc {p} = f{f}, %s" % classes, fp=True)
    for rel in ("eq", "lt", "le", "unord"):
        for unc in ("", ".unc"):
            m.to_pr("fcmp_" + rel, "fcmp.%s%s {p} = f{f}, f{g}" % (rel, unc), False, True)


GROUPS = {f.__name__: f for f in (
    alu, cmp8, cmp4, tests, shifts, parallel, moves, float_moves, float_tests,
    memory.loads, memory.stores, memory.semaphores, memory.float_memory, memory.advanced,
    memory.wide, flow.loops, flow.calls, flow.application, flow.register_stack,
    floating.multiply_add, floating.conversions, floating.reciprocals, floating.controls)}


def make(name):
    """The tests of one program."""
    maker = Maker(name)
    GROUPS[name](maker)
    return maker.tests
