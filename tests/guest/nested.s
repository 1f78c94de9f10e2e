// SPDX-License-Identifier: MIT
// Interruptions without end: handlers that fault. KIND 0: two vectors whose first instructions lead
// to each other; 1: a handler that works a little and then misses the TLB, for ever, with psr.ic
// 0; 2: vectors in a page that is not mapped.
	.include "guest.inc"
main:
	.if	KIND == 0
	movl	r14 = cycle
	.elseif	KIND == 1
	movl	r14 = misses
	.else
	movl	r14 = 0x6000000000000000
	.endif
	rsm	psr.ic
	srlz.d
	mov	cr.iva = r14
	srlz.i
	.if	KIND > 0
	movl	r15 = PSR_BITS_VIRTUAL | PSR_BITS_BN	// translations: for code alone
	movl	r16 = 1f
	movl	r17 = 20 << 2
	movl	r18 = 0x100000
	movl	r19 = 0x100000 | 0x661
	mov	cr.ipsr = r15
	mov	cr.iip = r16
	mov	cr.itir = r17
	mov	cr.ifa = r18
	mov	r20 = 1
	itr.i	itr[r20] = r19
	srlz.i
	rfi
1:	ssm	psr.ic
	srlz.d
	movl	r14 = 0x2000000000000000
	ld8	r15 = [r14]
	.else
	break.m	0
	.endif
2:	br.sptk	2b

	.align	32768
cycle:	.org	cycle + 0x2c00, 0	// break
	.byte	0x11, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0x20 // an illegal instruction
	.org	cycle + 0x5400, 0	// general exception
	break.m	0
	.org	cycle + 0x8000, 0

	.align	32768
misses:
	.rept	64
	adds	r16 = 1, r16
	shl	r17 = r16, 20
	ld8	r18 = [r17]
	adds	r16 = 1, r16
	.align	256
	.endr
	.rept	64
	adds	r16 = 1, r16
	shl	r17 = r16, 20
	ld8	r18 = [r17]
	adds	r16 = 1, r16
	.align	256
	.endr
