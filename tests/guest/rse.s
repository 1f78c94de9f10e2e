// SPDX-License-Identifier: MIT
// Register stack extremes, COUNT rounds: rfi with random cr.ifs, br.ret with random ar.pfs, loadrs,
// cover and flushrs with random ar.rsc, ar.bspstore and ar.rnat, where the backing store may be
// anywhere, mapped or not. Each round ends in a br.ret, an rfi or an interruption.
	.include "guest.inc"

	.section .bss
	.align	8
rounds:	.skip	8
	.text

	.macro	RANDOM_STACK
	RANDOM	r20, r14
	movl	r21 = USER + 0x80000
	extr.u	r22 = r20, 0, 12
	add	r21 = r21, r22
	extr.u	r22 = r20, 12, 3
	cmp.eq	p6, p0 = 0, r22
(p6)	mov	r21 = r20
	cmp.eq	p6, p0 = 1, r22
(p6)	mov	r21 = -16
	cmp.eq	p6, p0 = 2, r22
(p6)	movl	r21 = 0xfee00000
	mov	ar.rsc = 0
	mov	ar.bspstore = r21
	RANDOM	r20, r14
	mov	ar.rnat = r20
	.endm

FUNC main, 0, 0
	HOOK	next
	movl	r15 = COUNT
	STORE	rounds, r15
	br.sptk	again

// From interruptions, by rfi; the old frame is gone.
next:	mov	ar.rsc = 0
	movl	r17 = USER
	mov	ar.bspstore = r17
	movl	r17 = PSR_BITS_IC | PSR_BITS_BN
	mov	cr.ipsr = r17
	movl	r17 = again
	mov	cr.iip = r17
	movl	r17 = 1 << 63
	mov	cr.ifs = r17
	rfi

again:	bsw.1
	mov	ar.rsc = 0
	loadrs
	movl	r14 = USER
	mov	ar.bspstore = r14
	alloc	r14 = ar.pfs, 0, 16, 4, 8
	LOAD	r15, rounds
	adds	r15 = -1, r15
	cmp.eq	p6, p0 = 0, r15
(p6)	br.cond.spnt finished
	STORE	rounds, r15
	RANDOM	r24, r14
	extr.u	r25 = r24, 0, 3
	cmp.eq	p8, p0 = 0, r25
(p8)	br.cond.spnt .Lrfi
	cmp.eq	p8, p0 = 1, r25
(p8)	br.cond.spnt .Lret
	cmp.eq	p8, p0 = 2, r25
(p8)	br.cond.spnt .Lloadrs
	cmp.eq	p8, p0 = 3, r25
(p8)	br.cond.spnt .Lcover
	cmp.eq	p8, p0 = 4, r25
(p8)	br.cond.spnt .Lcalls

// rfi after rfi, each with a random frame
.Lrfi:	RANDOM_STACK
	RANDOM	r20, r14
	dep	r20 = -1, r20, 63, 1
	rsm	psr.ic
	srlz.d
	movl	r21 = 0x8000003fffffffff
	and	r20 = r20, r21
	mov	cr.ifs = r20
	movl	r17 = PSR_BITS_BN
	mov	cr.ipsr = r17
	movl	r17 = .Lrfi2
	mov	cr.iip = r17
	rfi
.Lrfi2:	RANDOM	r20, r14
	movl	r21 = 0x8000003fffffffff
	and	r20 = r20, r21
	mov	cr.ifs = r20
	movl	r17 = PSR_BITS_IC | PSR_BITS_BN
	mov	cr.ipsr = r17
	movl	r17 = again
	mov	cr.iip = r17
	rfi

.Lret:	RANDOM_STACK
	RANDOM	r20, r14
	movl	r21 = 0xc3f0003fffffffff
	and	r20 = r20, r21
	mov	ar.pfs = r20
	movl	r17 = .Lret2
	mov	b6 = r17
	mov	r16 = 8
.Lret2:	adds	r16 = -1, r16
	cmp.ne	p6, p0 = 0, r16
(p6)	br.ret.sptk.many b6		// again, the frame getting emptier
	br.sptk	again

.Lloadrs:
	RANDOM_STACK
	RANDOM	r20, r14
	movl	r21 = 0x3fff0010
	and	r20 = r20, r21
	tbit.nz	p6, p0 = r20, 20
(p6)	dep	r20 = 0, r20, 25, 5
	mov	ar.rsc = r20
	alloc	r14 = ar.pfs, 0, 0, 0, 0
	loadrs
	loadrs
	flushrs
	cover
	br.sptk	again

.Lcover:
	RANDOM_STACK
	.rept	8
	cover
	alloc	r14 = ar.pfs, 0, 90, 6, 96
	.endr
	mov	ar.rsc = 3
	cover
	flushrs
	RANDOM_STACK
	loadrs
	br.sptk	again

.Lcalls:
	RANDOM_STACK
	movl	r16 = 300		// deep enough to spill, with big frames
	br.call.sptk.many b0 = recurse
.Lcalled:
	br.sptk	again
recurse:
	alloc	r34 = ar.pfs, 0, 94, 2, 0
	mov	r35 = b0
	adds	r16 = -1, r16
	cmp.eq	p6, p7 = 0, r16
(p7)	br.call.sptk.many b0 = recurse
.Lback:	mov	ar.pfs = r34
	mov	b0 = r35
	br.ret.sptk.many b0

finished:
	HOOK	skip
	movl	r12 = stack_top - 16
	alloc	r14 = ar.pfs, 0, 0, 2, 0
	SAY	"survived\n"
	br.sptk	power_off
