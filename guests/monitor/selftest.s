// SPDX-License-Identifier: MIT
// Instruction self-test: each check computes something into r8 and compares it with a constant
// worked out by hand from the manual. Not a proof of anything, but a quick sign of life for every
// unit of the processor.
	.include "macros.s"

	.macro	CHECK name, expected
	.section .rodata.str
.Lcheck\@: .asciz "\name"
	.text
	movl	r9 = \expected
	movl	r10 = .Lcheck\@
	CALL	check
	.endm

	.text
// Counts a check: r8 result, r9 expected, r10 its name.
check:	alloc	r11 = ar.pfs, 0, 5, 2, 0
	mov	loc0 = r11
	mov	loc1 = b0
	mov	loc2 = r8
	mov	loc3 = r9
	mov	loc4 = r10
	cmp.eq	p6, p7 = r8, r9
	movl	r14 = passed
	movl	r15 = failed
(p7)	mov	r14 = r15
	ld8	r16 = [r14]
	adds	r16 = 1, r16
	st8	[r14] = r16
(p6)	br.cond.sptk 1f
	SAY	"  wrong: "
	mov	out0 = loc4
	CALL	puts
	SAY	" gives 0x"
	mov	out0 = loc2
	mov	out1 = 16
	CALL	puthex
	SAY	", not 0x"
	mov	out0 = loc3
	mov	out1 = 16
	CALL	puthex
	SAY	"\n"
1:	RETURN

FUNC cmd_selftest, 2, 2
	STORE	passed, r0
	STORE	failed, r0
	CALL	test_integer
	CALL	test_parallel
	CALL	test_memory
	CALL	test_branches
	CALL	test_float
	CALL	test_system
	SAY	"selftest   "
	LOAD	out0, passed
	mov	out1 = 0
	CALL	putdec
	SAY	" passed, "
	LOAD	out0, failed
	mov	out1 = 0
	CALL	putdec
	SAY	" failed\n"
	RETURN

FUNC test_integer, 4, 2
	movl	loc2 = 0x0123456789abcdef
	movl	loc3 = 0xfedcba9876543210
	add	r8 = loc2, loc3
	CHECK	"add", -1
	add	r8 = loc2, loc3, 1
	CHECK	"add+1", 0
	sub	r8 = loc2, loc3
	CHECK	"sub", 0x02468acf13579bdf
	sub	r8 = loc2, loc3, 1
	CHECK	"sub-1", 0x02468acf13579bde
	sub	r8 = -5, loc2
	CHECK	"sub imm", 0xfedcba987654320c
	and	r8 = 0x7f, loc2
	CHECK	"and imm", 0x6f
	andcm	r8 = -1, loc2
	CHECK	"andcm imm", 0xfedcba9876543210
	xor	r8 = loc2, loc3
	CHECK	"xor", -1
	shladd	r8 = loc2, 4, loc3
	CHECK	"shladd", 0x1111111111111100
	addp4	r8 = loc2, loc3
	CHECK	"addp4", 0x20000000ffffffff
	shl	r8 = loc2, 12
	CHECK	"shl", 0x3456789abcdef000
	mov	r14 = 64
	shr	r8 = loc3, r14
	CHECK	"shr by 64", -1
	shr.u	r8 = loc3, 60
	CHECK	"shr.u", 0xf
	extr	r8 = loc3, 4, 9
	CHECK	"extr", 0xffffffffffffff21
	extr.u	r8 = loc2, 60, 16
	CHECK	"extr.u past the end", 0
	dep	r8 = loc2, loc3, 8, 16
	CHECK	"dep", 0xfedcba9876cdef10
	dep.z	r8 = -1, 4, 8
	CHECK	"dep.z", 0xff0
	dep	r8 = -1, loc2, 60, 4
	CHECK	"dep imm", 0xf123456789abcdef
	shrp	r8 = loc2, loc3, 4
	CHECK	"shrp", 0xffedcba987654321
	sxt1	r8 = loc2
	CHECK	"sxt1", 0xffffffffffffffef
	zxt4	r8 = loc2
	CHECK	"zxt4", 0x89abcdef
	popcnt	r8 = loc2
	CHECK	"popcnt", 32
	movl	r14 = 0x1122330055667788
	czx1.l	r8 = r14
	CHECK	"czx1.l", 3
	movl	r14 = 0x1122330055667788
	czx1.r	r8 = r14
	CHECK	"czx1.r", 4
	mov	r8 = 0
	cmp.ltu	p6, p7 = loc2, loc3
(p6)	adds	r8 = 1, r8
	cmp.lt	p6, p7 = loc3, loc2
(p6)	adds	r8 = 2, r8
	cmp4.eq	p6, p7 = loc2, loc3
(p7)	adds	r8 = 4, r8
	cmp.eq	p6, p7 = r0, r0
	cmp.ne.and p6, p7 = 1, r0
(p6)	adds	r8 = 8, r8
	cmp.eq.unc p6, p7 = 1, r0
(p7)	adds	r8 = 16, r8
	tbit.nz	p6, p7 = loc2, 62
(p7)	adds	r8 = 32, r8
	CHECK	"compares", 63
	movl	r14 = 0xfffffffffffe0001
	mov	r15 = pr
	mov	pr = r14, -1
	mov	r8 = pr
	mov	pr = r15, -1
	CHECK	"predicates", 0xfffffffffffe0001
	setf.sig f6 = loc2
	setf.sig f7 = loc3
	xma.l	f8 = f6, f7, f6
	getf.sig r8 = f8
	CHECK	"xma.l", 0x235a1df76f0d5adf
	xma.hu	f8 = f6, f7, f0
	getf.sig r8 = f8
	CHECK	"xma.hu", 0x0121fa00ad77d742
	xma.h	f8 = f6, f7, f0
	getf.sig r8 = f8
	CHECK	"xma.h", 0xfffeb49923cc0953
	RETURN

FUNC test_parallel, 2, 2
	movl	loc2 = 0x00ff7f8001028384
	movl	loc3 = 0x0101010180010203
	padd1	r8 = loc2, loc3
	CHECK	"padd1", 0x0100808181038587
	padd1.sss r8 = loc2, loc3
	CHECK	"padd1.sss", 0x01007f8181038587
	padd1.uuu r8 = loc2, loc3
	CHECK	"padd1.uuu", 0x01ff808181038587
	psub2	r8 = loc2, loc3
	CHECK	"psub2", 0xfffe7e7f81018181
	pcmp1.gt r8 = loc2, loc3
	CHECK	"pcmp1.gt", 0x0000ff00ffff0000
	pavg1	r8 = loc2, loc3
	CHECK	"pavg1", 0x0180404141014343
	mix1.l	r8 = loc2, loc3
	CHECK	"mix1.l", 0x00017f0101808302
	mux1	r8 = loc2, @rev
	CHECK	"mux1 rev", 0x84830201807fff00
	mux2	r8 = loc2, 0x1b
	CHECK	"mux2", 0x838401027f8000ff
	unpack1.l r8 = loc2, loc3
	CHECK	"unpack1.l", 0x0180020183028403
	pack2.uss r8 = loc2, loc3
	CHECK	"pack2.uss", 0xffff00ffffffff00
	psad1	r8 = loc2, loc3
	CHECK	"psad1", 894
	pmpyshr2.u r8 = loc2, loc3, 16
	CHECK	"pmpyshr2.u", 0x0000007f00810108
	RETURN

FUNC test_memory, 4, 2
	movl	loc2 = scratch
	movl	loc3 = 0x0123456789abcdef
	mov	r14 = loc2
	st8	[r14] = loc3, 8
	st4	[r14] = loc3, 4
	st2	[r14] = loc3, 2
	st1	[r14] = loc3, 2
	sub	r8 = r14, loc2
	CHECK	"post-increment", 16
	mov	r14 = loc2
	ld1	r8 = [r14], 4
	ld4	r16 = [loc2]
	add	r8 = r8, r16
	CHECK	"ld1 and ld4", 0x89abcdef + 0xef
	mov	r14 = loc3
	mov	ar.ccv = loc3
	cmpxchg8.acq r8 = [loc2], r0, ar.ccv
	xor	r8 = r8, r14
	ld8	r15 = [loc2]
	or	r8 = r8, r15
	CHECK	"cmpxchg8", 0
	fetchadd8.rel r8 = [loc2], 16
	fetchadd4.acq r15 = [loc2], -4
	ld8	r8 = [loc2]
	CHECK	"fetchadd", 12
	xchg4	r8 = [loc2], loc3
	CHECK	"xchg4", 12
	ld8.a	r15 = [loc2]
	st8	[loc2] = r0
	ld8.c.clr r15 = [loc2]
	mov	r8 = r15
	CHECK	"ld.a and ld.c", 0
	mov	r14 = -8
	ld8.s	r15 = [r14]		// no such address: deferred, not a fault
	tnat.nz	p6, p7 = r15
	mov	r8 = 0
(p6)	mov	r8 = 1
	CHECK	"ld.s", 1
	mov	r14 = -8
	ld8.s	r15 = [r14]
	mov	r16 = ar.unat
	mov	r14 = loc2
	.mem.offset 0, 0
	st8.spill [r14] = r15
	mov	r8 = 0
	ld8.fill r15 = [r14]
	tnat.nz	p6, p7 = r15
(p6)	mov	r8 = 1
	mov	ar.unat = r16
	CHECK	"spill and fill", 1
	RETURN

// Sum of 1..in0 by recursion, deep enough for the register stack engine to spill.
FUNC recurse, 1, 1
	cmp.eq	p6, p7 = 0, in0
(p6)	mov	r8 = 0
(p6)	br.cond.spnt 1f
	mov	loc2 = in0
	adds	out0 = -1, in0
	CALL	recurse
	add	r8 = r8, loc2
1:	RETURN

FUNC test_branches, 30, 2
	mov	out0 = 200
	CALL	recurse
	CHECK	"recursion and the register stack", 200 * 201 / 2
	mov	loc2 = ar.lc
	mov	ar.lc = 9
	mov	r8 = 0
1:	adds	r8 = 3, r8
	br.cloop.sptk 1b
	mov	ar.lc = loc2
	CHECK	"br.cloop", 30
	CALL	rotate_sum
	CHECK	"br.ctop with rotating registers", 8 * 7 / 2 + 8
	RETURN

// A modulo-scheduled loop of two stages over 0..7: adds (value + 1) one rotation after it was made.
rotate_sum:
	alloc	r11 = ar.pfs, 0, 8, 0, 8
	mov	r14 = ar.lc
	mov	r15 = pr
	mov	ar.lc = 7
	mov	ar.ec = 2
	mov	pr.rot = 1 << 16
	mov	r8 = 0
	mov	r16 = 0
	.explicit
	;;
1:
	{ .mii
(p16)	mov	r32 = r16
(p16)	adds	r16 = 1, r16
(p17)	adds	r9 = 1, r33
	;;
	}
	{ .mib
(p17)	add	r8 = r8, r9
	nop.i	0
	br.ctop.sptk 1b
	;;
	}
	.auto
	mov	pr = r15, -1
	mov	ar.lc = r14
	mov	ar.pfs = r11
	br.ret.sptk.many b0

FUNC test_float, 2, 2
	movl	r14 = 0x4008000000000000	// 3.0
	setf.d	f6 = r14
	movl	r14 = 0x4000000000000000	// 2.0
	setf.d	f7 = r14
	fma.d	f8 = f6, f7, f1
	getf.d	r8 = f8
	CHECK	"fma", 0x401c000000000000
	fnorm.s	f8 = f6
	getf.s	r8 = f8
	CHECK	"fnorm.s", 0x40400000
	frcpa	f8, p6 = f1, f6
	getf.sig r8 = f8
	CHECK	"frcpa", 0xaa80000000000000
	getf.exp r8 = f8
	CHECK	"frcpa exponent", 0xfffd
	// one Newton step and a correctly rounded 1/3
	fnma.s1	f9 = f6, f8, f1
	fma.s1	f8 = f9, f8, f8
	fma.s1	f9 = f9, f9, f0
	fma.s1	f8 = f9, f8, f8
	fma.s1	f9 = f9, f9, f0
	fma.s1	f8 = f9, f8, f8
	fma.d	f8 = f8, f1, f0
	getf.d	r8 = f8
	CHECK	"division", 0x3fd5555555555555
	fcmp.lt	p6, p7 = f7, f6
	mov	r8 = 0
(p6)	mov	r8 = 1
	CHECK	"fcmp", 1
	fneg	f8 = f6
	fcvt.fx.trunc f8 = f8
	getf.sig r8 = f8
	CHECK	"fcvt.fx.trunc", -3
	mov	r14 = -7
	setf.sig f8 = r14
	fcvt.xf	f8 = f8
	getf.d	r8 = f8
	CHECK	"fcvt.xf", 0xc01c000000000000
	RETURN

FUNC test_system, 2, 2
	movl	r15 = 0x1338
	mov	loc2 = rr[r0]
	mov	rr[r0] = r15
	srlz.d
	mov	r8 = rr[r0]
	mov	rr[r0] = loc2
	srlz.d
	CHECK	"region register", 0x1338
	bsw.0
	mov	r20 = 1
	bsw.1
	mov	r20 = 2
	bsw.0
	mov	r8 = r20
	bsw.1
	CHECK	"bank switch", 1
	mov	r14 = psr
	mov	r8 = 0
	tbit.nz	p6, p7 = r14, 13
(p6)	mov	r8 = 1
	CHECK	"psr.ic", 1
	mov	loc3 = ar.itc
	mov	r14 = ar.itc
	cmp.geu	p6, p7 = r14, loc3
	mov	r8 = 0
(p6)	mov	r8 = 1
	CHECK	"ITC goes forward", 1
	RETURN

	.data
	.align	16
passed:	.quad	0
failed:	.quad	0
scratch: .skip	64
