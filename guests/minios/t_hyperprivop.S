/* SPDX-License-Identifier: MIT */
/*
 * Hyperprivops with particular registers: NaTs, frames, banks; for t_hyperprivop.c.
 */
#include "abi.h"

	.macro	FUNC name
	.global	\name
	.proc	\name
	.balign	32
\name:
	.endm

	.text
// Operations that change nothing but r8: 1 if no other register changed.
	FUNC	hp_keep
	alloc	r34 = ar.pfs, 0, 40, 0, 0
	mov	r35 = pr
	mov	r36 = ar.unat
	mov	r37 = r13
	movl	r14 = nat_word
	mov	r15 = -1
	mov	ar.unat = r15
	ld8.fill r20 = [r14]
	ld8.fill r60 = [r14]
	mov	ar.unat = r36
	.irp	n, 2, 3, 9, 10, 11, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 50, 70
	movl	r\n = 0x1000 + \n
	.endr
	mov	ar.ccv = r21
	setf.sig f6 = r21
	setf.sig f32 = r22
	.irp	op, 2, 3, 8, 9, 0xb, 0xd, 0x10, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19
	mov	r8 = 0
	break.m	\op
	.endr
	mov	r8 = 1
	.irp	n, 2, 3, 9, 10, 11, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 50, 70
	movl	r33 = 0x1000 + \n
	cmp.ne	p6, p7 = r33, r\n
(p6)	mov	r8 = 0
	.endr
	tnat.z	p6, p0 = r20
(p6)	mov	r8 = 0
	tnat.z	p6, p0 = r60
(p6)	mov	r8 = 0
	mov	r14 = ar.ccv
	cmp.ne	p6, p0 = r14, r21
(p6)	mov	r8 = 0
	getf.sig r14 = f6
	cmp.ne	p6, p0 = r14, r21
(p6)	mov	r8 = 0
	getf.sig r14 = f32
	cmp.ne	p6, p0 = r14, r22
(p6)	mov	r8 = 0
	mov	r14 = ar.unat
	cmp.ne	p6, p0 = r14, r36
(p6)	mov	r8 = 0
	mov	pr = r35, -1
	mov	ar.pfs = r34
	br.ret.sptk.many b0
	.endp	hp_keep

// Results are no NaTs, whatever r8 was: 1.
	FUNC	hp_nat
	alloc	r34 = ar.pfs, 0, 4, 0, 0
	mov	r35 = ar.unat
	mov	r8 = 1
	mov	r15 = -1
	.irp	op, 8, 9, 0x10, 0x14, 0x19
	movl	r14 = nat_word
	mov	ar.unat = r15
	mov	r33 = r8
	ld8.fill r8 = [r14]
	break.m	\op
	tnat.nz	p6, p7 = r8
(p6)	mov	r8 = 0
(p7)	mov	r8 = r33
	.endr
	mov	ar.unat = r35
	mov	ar.pfs = r34
	br.ret.sptk.many b0
	.endp	hp_nat

// cover: r8 = vifs, with CFM then taken back by the caller's br.ret; out: r9 = frame size behind it
	FUNC	hp_cover_raw
	alloc	r14 = ar.pfs, 0, 10, 5, 0
	mov	r16 = b0
	mov	r17 = r14
	mov	r19 = ar.bsp
	break.m	4
	movl	r15 = XSI_REGS + XSI_IFS
	ld8	r8 = [r15]
	// back: as rfi would, with the frame's marker
	movl	r20 = XSI_REGS + XSI_IC
	st4	[r20] = r0
	st8	[r15] = r8
	movl	r21 = XSI_REGS + XSI_IPSR
	movl	r22 = PSR_KERNEL
	st8	[r21] = r22
	movl	r21 = XSI_REGS + XSI_IIP
	movl	r22 = 1f
	st8	[r21] = r22
	break.m	1
	.balign	16
1:	mov	r9 = ar.bsp
	sub	r9 = r9, r19
	movl	r14 = nat_word + 8
	st8	[r14] = r9
	mov	ar.pfs = r17
	mov	b0 = r16
	br.ret.sptk.many b0
	.endp	hp_cover_raw

// rfi with an empty vifs leaves the frame as it is; r8 = 1 if local registers and r16, r17 are there
	FUNC	hp_rfi_stay
	alloc	r32 = ar.pfs, 0, 6, 0, 0
	mov	r33 = 0x33
	mov	r37 = 0x37
	mov	r16 = 0x16
	movl	r20 = XSI_REGS + XSI_IC
	st4	[r20] = r0
	movl	r15 = XSI_REGS + XSI_IFS
	st8	[r15] = r0
	movl	r21 = XSI_REGS + XSI_IPSR
	movl	r22 = PSR_KERNEL
	st8	[r21] = r22
	movl	r21 = XSI_REGS + XSI_IIP
	movl	r22 = 1f
	st8	[r21] = r22
	break.m	1
	.balign	16
1:	mov	r8 = 1
	cmp.ne	p6, p0 = 0x33, r33
(p6)	mov	r8 = 0
	cmp.ne	p6, p0 = 0x37, r37
(p6)	mov	r8 = 0
	cmp.ne	p6, p0 = 0x16, r16
(p6)	mov	r8 = 0
	mov	ar.pfs = r32
	br.ret.sptk.many b0
	.endp	hp_rfi_stay

// rfi into the middle of a bundle: r8 = the slots that ran: 4 for slot 2 only
	FUNC	hp_rfi_slot
	alloc	r32 = ar.pfs, 1, 1, 0, 0
	movl	r20 = XSI_REGS + XSI_IC
	st4	[r20] = r0
	movl	r15 = XSI_REGS + XSI_IFS
	st8	[r15] = r0
	movl	r21 = XSI_REGS + XSI_IPSR
	movl	r22 = PSR_KERNEL | 2 << 41
	st8	[r21] = r22
	movl	r21 = XSI_REGS + XSI_IIP
	movl	r22 = 1f
	st8	[r21] = r22
	mov	r8 = 0
	mov	r9 = 0
	mov	r10 = 0
	mov	r11 = 0
	break.m	1
	.explicit
	.balign	16
1:	{ .mii
	adds	r9 = 1, r8
	adds	r10 = 2, r8
	adds	r11 = 4, r8 ;;
	}
	.auto
	add	r8 = r9, r10
	add	r8 = r8, r11
	mov	ar.pfs = r32
	br.ret.sptk.many b0
	.endp	hp_rfi_slot

// bank switches: native bsw, r8 = 1 if each bank kept its registers and NaTs
	FUNC	bank_switch
	alloc	r32 = ar.pfs, 0, 6, 0, 0
	mov	r33 = ar.unat
	mov	r15 = -1
	movl	r14 = nat_word
	mov	ar.unat = r15
	ld8.fill r19 = [r14]
	mov	ar.unat = r33
	mov	r16 = 0x1116
	mov	r31 = 0x1131
	mov	r8 = 1
	bsw.0
	mov	r16 = 0x116
	mov	r19 = 0x119
	mov	r31 = 0x131
	movl	r9 = XSI_REGS + XSI_BANKNUM
	ld4	r9 = [r9]
	cmp.ne	p6, p0 = r0, r9
(p6)	mov	r8 = 0
	bsw.1
	movl	r9 = 0x1116
	cmp.ne	p6, p0 = r9, r16
(p6)	mov	r8 = 0
	movl	r9 = 0x1131
	cmp.ne	p6, p0 = r9, r31
(p6)	mov	r8 = 0
	tnat.z	p6, p0 = r19
(p6)	mov	r8 = 0
	bsw.0
	movl	r9 = 0x116
	cmp.ne	p6, p0 = r9, r16
(p6)	mov	r8 = 0
	movl	r9 = 0x119
	cmp.ne	p6, p0 = r9, r19
(p6)	mov	r8 = 0
	tnat.nz	p6, p0 = r19
(p6)	mov	r8 = 0
	bsw.1
	mov	ar.pfs = r32
	br.ret.sptk.many b0
	.endp	bank_switch

// physical mode: r8 = the word at guest-physical r32, read through region 0
	FUNC	read_physical
	alloc	r33 = ar.pfs, 1, 1, 0, 0
	break.m	2
	ld8	r8 = [r32]
	break.m	3
	mov	ar.pfs = r33
	br.ret.sptk.many b0
	.endp	read_physical

// The same by instructions, and by rfi to physical mode and back: r8, r9
	FUNC	read_physical_natively
	alloc	r33 = ar.pfs, 1, 1, 0, 0
	rsm	1 << PSR_DT
	srlz.d
	ld8	r8 = [r32]
	ssm	1 << PSR_DT
	srlz.d
	mov	ar.pfs = r33
	br.ret.sptk.many b0
	.endp	read_physical_natively

	FUNC	read_in_physical_mode
	alloc	r33 = ar.pfs, 1, 3, 0, 0
	mov	r34 = 0
	movl	r20 = XSI_REGS + XSI_IC
	movl	r15 = XSI_REGS + XSI_IFS
	movl	r21 = XSI_REGS + XSI_IPSR
	movl	r23 = XSI_REGS + XSI_IIP
	st4	[r20] = r0
	st8	[r15] = r0
	movl	r22 = PSR_KERNEL & ~(1 << PSR_IT | 1 << PSR_DT | 1 << PSR_RT)
	st8	[r21] = r22
	movl	r22 = 1f - REGION7
	st8	[r23] = r22
	break.m	1
	.balign	16
1:	ld8	r8 = [r32]
	mov	r9 = ip
	movl	r14 = XSI_REGS + XSI_META	// region 7 goes on being virtual
	ld4	r10 = [r14]
	rsm	1 << PSR_IC
	movl	r22 = PSR_KERNEL
	mov	cr.ipsr = r22
	movl	r22 = 2f
	mov	cr.iip = r22
	mov	cr.ifs = r0
	break.m	1
	.balign	16
2:	shl	r10 = r10, 63
	shr.u	r9 = r9, 60
	or	r9 = r9, r10
	movl	r14 = nat_word + 8
	st8	[r14] = r9
	mov	ar.pfs = r33
	br.ret.sptk.many b0
	.endp	read_in_physical_mode

// psr.be by sum, off by hyperprivop 0x18: r8 = word as read big-endian, r9 stored in nat_word[1] after
	FUNC	big_then_little
	alloc	r33 = ar.pfs, 1, 1, 0, 0
	movl	r14 = nat_word + 8
	sum	2
	ld8	r8 = [r32]
	break.m	0x18
	ld8	r9 = [r32]
	st8	[r14] = r9
	mov	ar.pfs = r33
	br.ret.sptk.many b0
	.endp	big_then_little

	.explicit
	.global	return_1, return_2
	.balign	16
return_1: { .mib
	mov	r8 = 1
	nop.i	0
	br.ret.sptk.many b0 ;;
	}
return_2: { .mib
	mov	r8 = 2
	nop.i	0
	br.ret.sptk.many b0 ;;
	}
