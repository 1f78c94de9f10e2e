/* SPDX-License-Identifier: MIT */
/*
 * What C cannot say: hypercalls, jumps out of a function, the way to user level.
 */
#include "abi.h"

	.macro	FUNC name
	.global	\name
	.proc	\name
	.balign	32
\name:
	.endm

	.text
// int64_t hypercall5(a0, a1, a2, a3, a4, number)
	FUNC	hypercall5
	alloc	r8 = ar.pfs, 6, 0, 0, 0
	mov	r2 = r37
	break	BREAK_HYPERCALL
	br.ret.sptk.many b0
	.endp	hypercall5

// uint64_t call_r28(number, value): hypercalls of class 0x600
	FUNC	call_r28
	alloc	r8 = ar.pfs, 2, 0, 0, 0
	mov	r2 = r32
	mov	r28 = r33
	break	BREAK_HYPERCALL
	br.ret.sptk.many b0
	.endp	call_r28

// void send_ipi_vector(cpu, vector)
	FUNC	send_ipi_vector
	alloc	r8 = ar.pfs, 2, 0, 0, 0
	mov	r14 = r32
	mov	r15 = r33
	mov	r2 = 0x400
	break	BREAK_HYPERCALL
	br.ret.sptk.many b0
	.endp	send_ipi_vector

// void pal_call(struct pal *): index and arguments in, r8-r11 out
	FUNC	pal_call
	alloc	r33 = ar.pfs, 1, 4, 0, 0
	mov	r34 = b0
	mov	r35 = r32
	ld8	r28 = [r35], 8
	ld8	r29 = [r35], 8
	ld8	r30 = [r35], 8
	ld8	r31 = [r35], 8
	movl	r14 = REGION7 + 0x800
	mov	b7 = r14
	movl	r14 = 1f
	mov	b0 = r14
	br.cond.sptk b7
	.balign	16
1:	st8	[r35] = r8, 8
	st8	[r35] = r9, 8
	st8	[r35] = r10, 8
	st8	[r35] = r11
	mov	ar.pfs = r33
	mov	b0 = r34
	br.ret.sptk.many b0
	.endp	pal_call

// int64_t call_at(address, a0..a6): firmware, whose entry has no descriptor; gp is kept
	FUNC	call_at
	alloc	r40 = ar.pfs, 8, 3, 8, 0
	mov	r41 = b0
	mov	r42 = gp
	mov	out0 = r33
	mov	out1 = r34
	mov	out2 = r35
	mov	out3 = r36
	mov	out4 = r37
	mov	out5 = r38
	mov	out6 = r39
	mov	out7 = 0
	mov	b6 = r32
	br.call.sptk.many b0 = b6
	mov	gp = r42
	mov	ar.pfs = r40
	mov	b0 = r41
	br.ret.sptk.many b0
	.endp	call_at

// int jump_set(struct jump *): 0, then what jump_to gives
	FUNC	jump_set
	alloc	r8 = ar.pfs, 1, 0, 0, 0
	flushrs
	mov	r14 = r32
	st8	[r14] = r12, 8
	st8	[r14] = r8, 8
	mov	r15 = b0
	st8	[r14] = r15, 8
	mov	r15 = ar.bsp
	st8	[r14] = r15, 8
	mov	r15 = pr
	st8	[r14] = r15, 8
	mov	r15 = ar.lc
	st8	[r14] = r15, 8
	mov	r15 = b1
	st8	[r14] = r15, 8
	mov	r15 = b2
	st8	[r14] = r15, 8
	mov	r15 = b3
	st8	[r14] = r15, 8
	mov	r15 = b4
	st8	[r14] = r15, 8
	mov	r15 = b5
	st8	[r14] = r15, 8
	mov	r16 = ar.rsc
	mov	ar.rsc = 0
	mov	r15 = ar.rnat
	mov	ar.rsc = r16
	st8	[r14] = r15, 8
	mov	r15 = ar.unat
	st8	[r14] = r15, 8
	st8.spill [r14] = r4, 8
	st8.spill [r14] = r5, 8
	st8.spill [r14] = r6, 8
	st8.spill [r14] = r7, 8
	mov	r16 = ar.unat
	mov	ar.unat = r15
	st8	[r14] = r16, 8
	mov	r8 = 0
	br.ret.sptk.many b0
	.endp	jump_set

// void jump_to(struct jump *, int)
	FUNC	jump_to
	alloc	r14 = ar.pfs, 2, 0, 0, 0
	mov	r8 = r33
	mov	r14 = r32
	alloc	r15 = ar.pfs, 0, 0, 0, 0
	mov	ar.rsc = 0
	flushrs
	ld8	r12 = [r14], 8
	ld8	r15 = [r14], 8
	mov	ar.pfs = r15
	ld8	r15 = [r14], 8
	mov	b0 = r15
	ld8	r16 = [r14], 8
	ld8	r15 = [r14], 8
	mov	pr = r15, -1
	ld8	r15 = [r14], 8
	mov	ar.lc = r15
	ld8	r15 = [r14], 8
	mov	b1 = r15
	ld8	r15 = [r14], 8
	mov	b2 = r15
	ld8	r15 = [r14], 8
	mov	b3 = r15
	ld8	r15 = [r14], 8
	mov	b4 = r15
	ld8	r15 = [r14], 8
	mov	b5 = r15
	ld8	r17 = [r14], 8
	invala
	mov	ar.bspstore = r16
	mov	ar.rnat = r17
	mov	ar.rsc = 3
	ld8	r18 = [r14], 8
	adds	r19 = 32, r14
	ld8	r19 = [r19]
	mov	ar.unat = r19
	ld8.fill r4 = [r14], 8
	ld8.fill r5 = [r14], 8
	ld8.fill r6 = [r14], 8
	ld8.fill r7 = [r14], 8
	mov	ar.unat = r18
	movl	gp = __gp
	br.ret.sptk.many b0
	.endp	jump_to

// void user_enter(ip, psr, sp, rbs, r8, gp): does not return; a trap from there jumps
	FUNC	user_enter
	alloc	r14 = ar.pfs, 6, 0, 0, 0
	movl	r14 = XSI_REGS + XSI_MASK
	mov	r15 = 1
	ld8	r14 = [r14]
	st1	[r14] = r15
	movl	r14 = XSI_REGS + XSI_IC
	st4	[r14] = r0
	movl	r14 = XSI_REGS + XSI_IPSR
	st8	[r14] = r33
	movl	r14 = XSI_REGS + XSI_IIP
	st8	[r14] = r32
	movl	r14 = XSI_REGS + XSI_IFS
	movl	r15 = 1 << 63
	st8	[r14] = r15
	mov	r8 = r36
	mov	r16 = r34
	mov	r17 = r35
	mov	r1 = r37
	alloc	r15 = ar.pfs, 0, 0, 0, 0
	mov	ar.rsc = 0
	flushrs
	mov	ar.bspstore = r17
	mov	ar.rnat = r0
	mov	ar.rsc = 15
	mov	ar.pfs = r0
	mov	r12 = r16
	break	1
	.endp	user_enter
