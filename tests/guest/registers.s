// SPDX-License-Identifier: MIT
// Every register that is named by another one, with every number and random values; every control
// and application register; translation registers, purges, probes and hashes with random
// operands; a VHPT anywhere in any format; COUNT rounds of each. Data translation is on at times, so
// that what was inserted is used; the program itself stays in physical mode for code.
	.include "guest.inc"

	.section .bss
	.align	8
round:	.skip	8
	.text

// Registers that must keep a value for the guest to go on are restored by this.
	.macro	REPAIR
	rsm	psr.i | psr.ic
	srlz.d
	movl	r14 = ivt
	mov	cr.iva = r14
	mov	cr.dcr = r0
	mov	r14 = 15 << 2
	mov	cr.pta = r14
	mov	ar.rsc = 0
	movl	r15 = 0x661		// 64 MB for the program when data translation is on
	mov	r14 = 26 << 2
	mov	cr.ifa = r0
	mov	cr.itir = r14
	mov	r14 = 1
	itr.d	dtr[r14] = r15
	ssm	psr.ic
	srlz.d
	.endm

// An instruction that needs psr.ic 0 and may fault, which tells nobody where to go on: ar.k4 does.
	.macro	UNCOLLECTED insn:vararg
	movl	r14 = 9f
	mov	ar.k4 = r14
	rsm	psr.ic
	srlz.d
	\insn
9:	ssm	psr.ic
	srlz.d
	.endm

skip_here:
	mov	r17 = cr.isr
	tbit.z	p6, p0 = r17, 39	// isr.ni
(p6)	br.cond.sptk skip
	mov	r17 = ar.k4
	mov	cr.iip = r17
	movl	r17 = PSR_BITS_BN
	mov	cr.ipsr = r17
	movl	r17 = 0
	mov	cr.ifs = r17
	mov	b7 = r31
	mov	pr = r30, -1
	rfi

FUNC main, 2, 0
	HOOK	skip_here
	movl	r15 = 0x777777 << 8 | 12 << 2	// a region id that no other region gets
	mov	rr[r0] = r15
	movl	loc2 = COUNT
.Lround:
	REPAIR
	RANDOM	r20, r14		// the value
	RANDOM	r22, r14
	extr.u	r21 = r22, 0, 8		// the number
	tbit.nz	p6, p0 = r22, 8
(p6)	extr.u	r21 = r22, 0, 4
	tbit.nz	p6, p0 = r22, 9
(p6)	dep	r21 = r22, r21, 56, 8
	tbit.nz	p6, p0 = r22, 10
(p6)	movl	r15 = 0xffffffff
(p6)	and	r20 = r15, r20
	.irp	file, pkr, dbr, ibr, pmc, pmd
	mov	\file[r21] = r20
	mov	r16 = \file[r21]
	.endr
	mov	r16 = cpuid[r21]
	mov	pmc[r0] = r0
	ssm	psr.up | psr.pp
	rsm	psr.up | psr.pp

	shl	r17 = r22, 61		// region registers: any page size, the id in range
	dep	r17 = -1, r17, 61, 1	// but not the program's
	extr.u	r16 = r20, 0, 32
	mov	rr[r17] = r16
	mov	r15 = 13
	dep	r16 = r15, r16, 2, 6
	dep	r16 = 0, r16, 1, 1
	mov	rr[r17] = r16
	mov	r16 = rr[r17]

	mov	cr.dcr = r20
	mov	cr.dcr = r0
	mov	cr.pta = r20
	movl	r15 = 0xffffffffffff81ff
	and	r16 = r20, r15
	dep	r16 = 0, r16, 1, 1
	mov	cr.pta = r16
	thash	r15 = r22
	ttag	r15 = r22
	thash	r15 = r20
	tpa	r15 = r20
	tak	r15 = r20
	probe.r	r15 = r20, 3
	probe.w	r15 = r20, r22
	probe.rw.fault r20, 2

	.irp	c, lid, tpr, itv, pmv, cmcv, lrr0, lrr1
	mov	cr.\c = r20
	extr.u	r16 = r20, 0, 8
	mov	cr.\c = r16
	mov	r16 = cr.\c
	.endr
	mov	cr.lid = r0
	mov	r16 = cr.irr0
	mov	r16 = cr.ivr
	mov	cr.eoi = r20

	.irp	c, ipsr, isr, iip, ifa, itir, iipa, ifs, iim, iha
	UNCOLLECTED mov cr.\c = r20
	.endr

// Translations at random addresses outside region 0, where data of ours is reached
	dep	r18 = -1, r22, 61, 1
	movl	r15 = 0xe007ffffffffffff
	and	r18 = r18, r15
	extr.u	r16 = r20, 8, 6
	shl	r16 = r16, 2
	movl	r15 = 0x001c003ffffffffd	// attributes 4 and up or 0
	and	r17 = r20, r15
	mov	r15 = 0x61
	or	r17 = r15, r17
	.macro	INSERT insn:vararg
	rsm	psr.ic
	srlz.d
	mov	cr.ifa = r18
	mov	cr.itir = r16
	UNCOLLECTED \insn
	.endm
	INSERT	itc.d r17
	INSERT	itc.i r17
	mov	r15 = 2
	or	r15 = r15, r21		// not the slot of the program's
	INSERT	itr.d dtr[r15] = r17
	mov	r15 = 5
	INSERT	itr.i itr[r15] = r17
	ssm	psr.ic
	srlz.d
	tpa	r15 = r18
	tak	r15 = r18
	tbit.nz	p6, p0 = r22, 20
(p6)	ptc.l	r18, r16
	tbit.nz	p6, p0 = r22, 21
(p6)	ptr.d	r18, r16
	tbit.nz	p6, p0 = r22, 22
(p6)	ptr.i	r18, r16
	tbit.nz	p6, p0 = r22, 23
(p6)	ptc.g	r20, r20

// Through them, and through what the walker finds in its table: the hook switches data translation
// off at a miss
	HOOK	missed
	movl	r15 = USER | 1		// walker on, short format, and long format
	tbit.nz	p6, p0 = r22, 24
(p6)	dep	r15 = -1, r15, 8, 1
	mov	r19 = 15
	dep	r15 = r19, r15, 2, 6
	mov	cr.pta = r15
	srlz.d
	ssm	psr.dt
	srlz.d
	ld8	r15 = [r18]
	ld8.s	r15 = [r20]
	lfetch.fault [r20]
	st8	[r18] = r15
	fetchadd8.acq r15 = [r18], 1
	fc	r18
	rsm	psr.dt
	srlz.d
	HOOK	skip_here

	.irp	a, ccv, unat, fpsr, ec, lc, pfs, k0, k7, fcr, csd, ssd, eflag, cflg, fsr, fir, fdr
	mov	ar.\a = r20
	mov	r16 = ar.\a
	.endr
	mov	ar.rsc = r20
	mov	r16 = ar.rsc
	mov	ar.rsc = 0

	adds	loc2 = -1, loc2
	cmp.ne	p6, p0 = 0, loc2
(p6)	br.cond.sptk .Lround
	REPAIR
	RETURN

// A miss while data translation is on: skip it, with translation off, so that the rest of the round
// does not depend on it.
missed:	mov	r17 = cr.ipsr
	dep	r17 = 0, r17, 17, 1
	mov	cr.ipsr = r17
	rsm	psr.dt
	srlz.d
	br.sptk	skip_here
