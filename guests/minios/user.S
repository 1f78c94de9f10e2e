/* SPDX-License-Identifier: MIT */
/*
 * What tests run at user level: one page, mapped at USER_CODE, and one behind it that epc gates are in.
 * Entered with r8 = an argument, left by break BREAK_USER.
 */
#include "abi.h"

	.macro	USER name
	.global	\name, \name\()_at
	.balign	32
\name:
	.endm
	.macro	HERE name
	.balign	16
\name\()_at:
	.endm
	.macro	DONE
	.balign	16
	break	BREAK_USER
	.endm

	.section .user, "ax"
	.balign	16384
	.global	user_start
user_start:

	USER	u_syscall
	mov	r9 = 0x99
	mov	r20 = 0x2020
	mov	r31 = 0x3131
	HERE	u_syscall
	break.m	BREAK_USER

	USER	u_load
	HERE	u_load
	ld8	r8 = [r8]
	DONE

	USER	u_load4
	HERE	u_load4
	ld4	r8 = [r8]
	DONE

	USER	u_store
	HERE	u_store
	st8	[r8] = r0
	DONE

	USER	u_jump
	mov	b6 = r8
	br.call.sptk.many b0 = b6
	DONE

	USER	u_rsm
	HERE	u_rsm
	rsm	1 << PSR_I
	DONE

	USER	u_cr
	HERE	u_cr
	mov	r8 = cr.iva
	DONE

	USER	u_kr
	HERE	u_kr
	mov	ar.k3 = r8
	DONE

	USER	u_itc
	mov	r8 = ar.itc
	DONE

	USER	u_hyperprivop
	HERE	u_hyperprivop
	break.m	1
	DONE

	USER	u_hypercall
	mov	r2 = 17
	HERE	u_hypercall
	break.m	BREAK_HYPERCALL
	DONE

// psr.be for data: r9 = what is at r8 as a big-endian number, before and after a system call
	USER	u_big
	sum	2
	ld8	r9 = [r8]
	break.m	BREAK_USER + 1
	ld8	r10 = [r8]
	movl	r11 = 0x0102030405060708
	adds	r14 = 8, r8
	st8	[r14] = r11
	rum	2
	ld8	r11 = [r14]
	DONE

	USER	u_step
	nop	0
	HERE	u_step
	nop	0
	DONE

	USER	u_branch
	br	u_branch_at
	nop	0
	HERE	u_branch
	DONE

// Calls r8 deep, with all 96 stacked registers in use several times over; r8 = 1 if they came back.
	USER	u_deep
	alloc	r14 = ar.pfs, 0, 0, 1, 0
	mov	r32 = r8
	mov	r9 = 1
	br.call.sptk.many b0 = deep
	mov	r8 = r9
	DONE
deep:
	alloc	r33 = ar.pfs, 1, 80, 1, 0
	mov	r34 = b0
	add	r40 = r32, r32
	add	r60 = r40, r32
	add	r111 = r60, r32
	cmp.eq	p6, p0 = 0, r32
(p6)	br	1f
	adds	r113 = -1, r32
	br.call.sptk.many b0 = deep
1:	add	r14 = r32, r32
	cmp.ne	p6, p0 = r14, r40
	add	r14 = r14, r32
	cmp.ne	p7, p0 = r14, r60
	add	r14 = r14, r32
	cmp.ne	p8, p0 = r14, r111
(p6)	mov	r9 = 0
(p7)	mov	r9 = 0
(p8)	mov	r9 = 0
	mov	b0 = r34
	mov	ar.pfs = r33
	br.ret.sptk.many b0

// r8 system calls; r8 = 1 if no register changed by one but those that carry a result.
	USER	u_keep
	alloc	r14 = ar.pfs, 0, 16, 0, 0
	mov	r9 = r8
	mov	r10 = 1
	movl	r2 = 0x2000000000108000
	mov	r3 = -1
	mov	r15 = ar.unat
	mov	ar.unat = r3
	ld8.fill r20 = [r2]
	ld8.fill r36 = [r2]
	ld8.fill r6 = [r2]
	mov	ar.unat = r15
	mov	ar.lc = 55
	mov	ar.ccv = r9
	mov	b6 = r2
	mov	b3 = r2
1:	movl	r4 = 0x4444444444444444
	add	r5 = r4, r9
	add	r14 = 14, r9
	add	r16 = 16, r9
	add	r23 = 23, r9
	add	r31 = 31, r9
	add	r32 = 32, r9
	add	r47 = 47, r9
	setf.sig f6 = r31
	setf.d	f9 = r4
	setf.sig f40 = r32
	mov	r8 = r9
	mov	r11 = 7
	break.m	BREAK_USER + 1
	.macro	SAME reg, plus
	adds	r15 = -\plus, \reg
	cmp.ne	p6, p0 = r15, r9
(p6)	mov	r10 = 0
	.endm
	SAME	r14, 14
	SAME	r16, 16
	SAME	r23, 23
	SAME	r31, 31
	SAME	r32, 32
	SAME	r47, 47
	SAME	r8, 1000		// the result
	getf.sig r15 = f6
	SAME	r15, 31
	getf.sig r15 = f40
	SAME	r15, 32
	getf.d	r15 = f9
	cmp.ne	p6, p0 = r15, r4
(p6)	mov	r10 = 0
	add	r15 = r4, r9
	cmp.ne	p6, p0 = r15, r5
(p6)	mov	r10 = 0
	mov	r15 = b3
	cmp.ne	p6, p0 = r15, r2
(p6)	mov	r10 = 0
	mov	r15 = b6
	cmp.ne	p6, p0 = r15, r2
(p6)	mov	r10 = 0
	mov	r15 = ar.lc
	cmp.ne	p6, p0 = 55, r15
(p6)	mov	r10 = 0
	cmp.ne	p6, p0 = 7, r11
(p6)	mov	r10 = 0
	tnat.z	p6, p0 = r20
(p6)	mov	r10 = 0
	tnat.z	p6, p0 = r36
(p6)	mov	r10 = 0
	tnat.z	p6, p0 = r6
(p6)	mov	r10 = 0
	tnat.nz	p6, p0 = r16
(p6)	mov	r10 = 0
	adds	r9 = -1, r9
	cmp.ne	p6, p0 = r0, r9
(p6)	br	1b
	mov	r8 = r10
	DONE

	USER	u_gate
	br.call.sptk.many b0 = gate
	mov	r14 = b0
	HERE	u_gate
	DONE

	.balign	16384
gate:	epc
	break.m	0x19
	movl	r14 = XSI_REGS + XSI_RRS
	ld8	r11 = [r14]
	mov	r9 = ar.pfs
	br.ret.sptk.many b0
