/* SPDX-License-Identifier: MIT */
/*
 * Where processors start: physical mode, no stack. Region registers, the translation register of the
 * kernel, then rfi into region 7. The boot processor comes with r28, others through SAL's rendezvous.
 */
#include "abi.h"

	.section .note.Xen, "a", "note"
	.macro	NOTE type, size, value:vararg
	.balign	4
	data4	4, \size, \type
	.asciz	"Xen"
	.balign	4
	\value
	.endm
	NOTE	1, 8, data8 start_physical
	NOTE	5, 8, .asciz "xen-3.0"
	NOTE	6, 8, .asciz "minios\0"
	NOTE	7, 8, .asciz "epixen\0"
	NOTE	8, 8, .asciz "generic"

	.section .text.head, "ax"
	.global	start, start_ap
start:
	mov	r8 = 0		// number of the processor
	mov	r9 = r28
	br	1f
start_ap:
	mov	r8 = cr.lid
	shr.u	r8 = r8, 24
	mov	r9 = 0
1:	rsm	1 << PSR_IC | 1 << PSR_I
	mov	r10 = 0		// rr0-rr6: region ids 0x100 on, 16 KB, no VHPT
	movl	r11 = 0x100 << 8 | PAGE_SHIFT << 2
	mov	r14 = 1
	mov	ar.lc = 7
	shl	r14 = r14, 61
2:	mov	rr[r10] = r11
	add	r10 = r10, r14
	adds	r11 = 256, r11
	br.cloop.sptk 2b

	movl	r16 = REGION7 + KERNEL_PA
	mov	r17 = KERNEL_PS << 2
	mov	cr.ifa = r16
	mov	cr.itir = r17
	movl	r18 = KERNEL_PA | PTE_KERNEL
	mov	r19 = 0
	itr.i	itr[r19] = r18
	itr.d	dtr[r19] = r18
	movl	r20 = PSR_KERNEL & ~(1 << PSR_I)
	movl	r21 = 3f
	movl	r22 = 1 << 63
	mov	cr.ipsr = r20
	mov	cr.iip = r21
	mov	cr.ifs = r22
	rfi
	.balign	16
3:	movl	gp = __gp
	movl	r16 = ivt
	mov	cr.iva = r16
	shl	r17 = r8, C_LOG_SIZE
	movl	r18 = cpus
	add	r13 = r17, r18
	mov	ar.k6 = r13
	mov	r19 = 0
	mov	ar.rsc = 0
	loadrs
	shl	r20 = r8, 14	// 16 KB: backing store from below, stack from above
	movl	r21 = stacks
	add	r20 = r20, r21
	mov	ar.bspstore = r20
	mov	ar.rnat = r0
	mov	ar.rsc = 3
	movl	r22 = 16384 - 32
	add	r12 = r20, r22
	cmp.ne	p6, p0 = 0, r8
(p6)	br	4f
	movl	r28 = XSI
	mov	r2 = 0x600
	break	BREAK_HYPERCALL
4:	alloc	r2 = ar.pfs, 0, 0, 2, 0
	mov	out0 = r9
	mov	out1 = r8
	br.call.sptk.many b0 = main
5:	br	5b

	.bss
	.balign	16384
	.global	stacks, cpus
stacks:	.skip	16384 * MAX_CPUS
cpus:	.skip	(1 << C_LOG_SIZE) * MAX_CPUS
