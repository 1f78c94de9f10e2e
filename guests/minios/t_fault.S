/* SPDX-License-Identifier: MIT */
/*
 * Code that faults, for t_fault.c and t_user.c: NAME is a function of an address or value, NAME_at the faulting
 * instruction, in slot 0 of its bundle.
 */
#include "abi.h"

	.macro	FUNC name
	.global	\name, \name\()_at
	.proc	\name
	.balign	32
\name:
	.endm
	.macro	HERE name
	.balign	16
\name\()_at:
	.endm

	.text
	FUNC	f_load
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_load
	ld8	r8 = [r32]
	br.ret.sptk.many b0
	.endp	f_load

	FUNC	f_store
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_store
	st8	[r32] = r0
	br.ret.sptk.many b0
	.endp	f_store

	FUNC	f_add
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_add
	fetchadd8.acq r8 = [r32], 1
	br.ret.sptk.many b0
	.endp	f_add

	FUNC	f_load4
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_load4
	ld4	r8 = [r32]
	br.ret.sptk.many b0
	.endp	f_load4

	FUNC	f_jump
	alloc	r14 = ar.pfs, 1, 1, 0, 0
	mov	r33 = b0
	mov	b6 = r32
	br.call.sptk.many b0 = b6
	mov	b0 = r33
	mov	ar.pfs = r14
	HERE	f_jump
	br.ret.sptk.many b0
	.endp	f_jump

	FUNC	f_break
	HERE	f_break
	break.m	0x123456 - 0x100000
	br.ret.sptk.many b0
	.endp	f_break

// Slots 1 and 2 as well.
	.global	f_break1, f_break2
	.explicit
	.proc	f_break1
f_break1:
	{ .mib
	nop.m	0
	break.i	0x7777
	br.ret.sptk.many b0 ;;
	}
	.endp	f_break1
	.proc	f_break2
f_break2:
	{ .mmi
	nop.m	0
	nop.m	0
	break.i	0x7778
	} ;;
	br.ret.sptk.many b0
	.endp	f_break2
	.auto

	FUNC	f_nat
	movl	r14 = nat_word
	movl	r15 = -1
	mov	r16 = ar.unat
	mov	ar.unat = r15
	ld8.fill r17 = [r14]
	mov	ar.unat = r16
	HERE	f_nat
	ld8	r8 = [r17]
	br.ret.sptk.many b0
	.endp	f_nat

	FUNC	f_spec
	movl	r14 = nat_word
	movl	r15 = -1
	mov	r16 = ar.unat
	mov	ar.unat = r15
	ld8.fill r17 = [r14]
	mov	ar.unat = r16
	HERE	f_spec
	chk.s.m	r17, f_spec_to
	br.ret.sptk.many b0
	.balign	16
	.global	f_spec_to
f_spec_to:
	br.ret.sptk.many b0
	.endp	f_spec

	.global	f_spec_load
	.proc	f_spec_load
f_spec_load:	// r8 = 1 when ld.s from r32 gives a NaT
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	ld8.s	r15 = [r32]
	tnat.nz	p6, p7 = r15
(p6)	mov	r8 = 1
(p7)	mov	r8 = 0
	br.ret.sptk.many b0
	.endp	f_spec_load

	FUNC	f_high
	HERE	f_high
	fadd	f40 = f0, f1
	br.ret.sptk.many b0
	.endp	f_high

	FUNC	f_illegal
	HERE	f_illegal
	data8	0, 0
	br.ret.sptk.many b0
	.endp	f_illegal

	FUNC	f_divide
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	mov	r16 = ar.fpsr
	mov	ar.fpsr = r32
	HERE	f_divide
	frcpa.s0 f6, p6 = f1, f0
	mov	ar.fpsr = r16
	br.ret.sptk.many b0
	.endp	f_divide

	FUNC	f_inexact
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	mov	r16 = ar.fpsr
	mov	ar.fpsr = r32
	movl	r15 = 0x3ff0000000000001
	setf.d	f7 = r15
	HERE	f_inexact
	fma.d.s0 f6 = f7, f7, f0
	mov	ar.fpsr = r16
	br.ret.sptk.many b0
	.endp	f_inexact

	FUNC	f_rr
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	movl	r15 = 0x6000000000000000
	HERE	f_rr
	mov	rr[r15] = r32
	br.ret.sptk.many b0
	.endp	f_rr

	FUNC	f_pkr
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	mov	r15 = 3
	HERE	f_pkr
	mov	pkr[r32] = r15
	br.ret.sptk.many b0
	.endp	f_pkr

	FUNC	f_tpr
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_tpr
	mov	cr.tpr = r32
	br.ret.sptk.many b0
	.endp	f_tpr

	FUNC	f_itv
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_itv
	mov	cr.itv = r32
	br.ret.sptk.many b0
	.endp	f_itv

	FUNC	f_lid
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_lid
	mov	cr.lid = r32
	br.ret.sptk.many b0
	.endp	f_lid

	FUNC	f_pta
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_pta
	mov	cr.pta = r32
	br.ret.sptk.many b0
	.endp	f_pta

	FUNC	f_ptc_g
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	mov	r15 = 14 << 2
	HERE	f_ptc_g
	ptc.g	r32, r15
	br.ret.sptk.many b0
	.endp	f_ptc_g

	FUNC	f_ssm
	HERE	f_ssm
	ssm	1 << 23
	br.ret.sptk.many b0
	.endp	f_ssm

	FUNC	f_tpa
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	HERE	f_tpa
	tpa	r8 = r32
	br.ret.sptk.many b0
	.endp	f_tpa

	FUNC	f_dbr
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	mov	r15 = 0
	HERE	f_dbr
	mov	dbr[r15] = r32
	br.ret.sptk.many b0
	.endp	f_dbr

// A data miss while vpsr.ic is 0: r8 = 1 when the nested vector is entered with nothing changed.
	.global	f_nested
	.proc	f_nested
f_nested:
	alloc	r14 = ar.pfs, 1, 0, 0, 0
	movl	r15 = XSI_REGS + XSI_IC
	movl	r16 = XSI_REGS + 0xcd0
	movl	r17 = 1f
	st8	[r16] = r17
	movl	r18 = XSI_REGS + XSI_IIP
	mov	r19 = 0x5555
	st8	[r18] = r19
	mov	r20 = 0x2020
	mov	r8 = 0
	mov	r21 = b7
	st4	[r15] = r0
	ld8	r3 = [r32]
	br	2f
	.balign	16
1:	ld8	r9 = [r18]	// still bank 1
	cmp.eq	p6, p7 = r9, r19
	movl	r9 = 0x2020
(p6)	cmp.eq.unc p6, p7 = r9, r20
(p6)	mov	r8 = 1
2:	mov	r9 = 1
	st4	[r15] = r9
	mov	b7 = r21
	br.ret.sptk.many b0
	.endp	f_nested

	.data
	.balign	16
	.global	nat_word
nat_word:	// and a second word, for results
	data8	0, 0
