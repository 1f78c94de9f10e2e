// SPDX-License-Identifier: MIT
// INIT storms: the second processor sends INIT, NMI and ExtINT to the first as fast as it can, COUNT
// rounds, while that one works with its register stack and checks the result. Its INIT handler
// returns to SAL, which resumes what was interrupted.
	.include "guest.inc"
	.include "smp.inc"

	.section .bss
	.align	8
inits:	.skip	8
	.text

on_init:
	movl	r2 = inits
	fetchadd8.acq r3 = [r2], 1
	mov	b0 = r12
	mov	r8 = r0			// resume
	mov	r10 = r0		// the same context
	br.sptk	b0

// r8 = in0 + ... + 1, by recursion.
FUNC sum, 1, 1
	cmp.eq	p6, p7 = 0, in0
(p6)	mov	r8 = r0
(p6)	br.cond.spnt 1f
	adds	out0 = -1, in0
	mov	loc2 = in0
	CALL	sum
	add	r8 = r8, loc2
1:	RETURN

FUNC main, 2, 7
	movl	out0 = 0x01000000	// SAL_SET_VECTORS
	mov	out1 = 1		// OS_INIT
	movl	out2 = on_init
	mov	out3 = r0
	mov	out4 = r0
	movl	out5 = on_init
	mov	out6 = r0
	movl	r14 = SAL
	mov	b6 = r14
	br.call.sptk.many b0 = b6
.Lset:
	START_OTHER
.Lwork:	mov	out0 = 60
	CALL	sum
	movl	r15 = 1830
	cmp.ne	p6, p0 = r8, r15
(p6)	br.cond.spnt wrong
	mov	r15 = cr.ivr
	mov	cr.eoi = r0
	movl	r14 = other_done
	ld8.acq	r15 = [r14]
	cmp.eq	p6, p0 = 0, r15
(p6)	br.cond.spnt .Lwork
	LOAD	r15, inits
	cmp.eq	p6, p0 = 0, r15
(p6)	br.cond.spnt wrong
	RETURN

FUNC other, 1, 1
	movl	loc2 = COUNT
	movl	r14 = PIB		// id 0, eid 0
1:	mov	r15 = 5 << 8		// INIT
	st8.rel	[r14] = r15
	mov	r15 = 4 << 8		// NMI
	st8.rel	[r14] = r15
	mov	r15 = 7 << 8		// ExtINT
	st8.rel	[r14] = r15
	adds	loc2 = -1, loc2
	cmp.ne	p6, p0 = 0, loc2
(p6)	br.cond.sptk 1b
	RETURN

wrong:	alloc	r14 = ar.pfs, 0, 0, 2, 0
	SAY	"lost something\n"
	br.sptk	power_off
