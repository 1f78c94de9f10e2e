/* SPDX-License-Identifier: MIT */
/*
 * Interruption vectors and the event callback. Region 7 misses are filled here; all else saves a
 * struct frame and goes to trap() in C, with the interrupted frame of stacked registers covered. From user level
 * memory stack and backing store change to the processor's own.
 */
#include "abi.h"

	.macro	VECTOR offset
	.org	ivt + \offset
	mov	r31 = pr
	movl	r16 = \offset
	br	save
	.endm

	.section .text.ivt, "ax"
	.balign	32768
	.global	ivt
ivt:
	VECTOR	0x0000
	VECTOR	0x0400
	VECTOR	0x0800
	.org	ivt + 0xc00
	movl	r16 = 0xc00
	br	identity
	.org	ivt + 0x1000
	movl	r16 = 0x1000
	br	identity
	.org	ivt + 0x1400
	br	nested
	VECTOR	0x1800
	VECTOR	0x1c00
	VECTOR	0x2000
	VECTOR	0x2400
	VECTOR	0x2800
	VECTOR	0x2c00
	VECTOR	0x3000
	VECTOR	0x5000
	VECTOR	0x5100
	VECTOR	0x5200
	VECTOR	0x5300
	VECTOR	0x5400
	VECTOR	0x5500
	VECTOR	0x5600
	VECTOR	0x5700
	VECTOR	0x5900
	VECTOR	0x5a00
	VECTOR	0x5b00
	VECTOR	0x5c00
	VECTOR	0x5d00
	VECTOR	0x5e00
	VECTOR	0x5f00
	VECTOR	0x6000
	VECTOR	0x6900
	.org	ivt + 0x8000

	.global	event_entry
event_entry:
	mov	r31 = pr
	movl	r16 = VECTOR_EVENT
	br	save

// A miss of the kernel in region 7 below 1 << 50: the address is the physical one.
identity:
	mov	r31 = pr
	movl	r17 = XSI_REGS + XSI_IFA
	ld8	r18 = [r17], XSI_IPSR - XSI_IFA
	movl	r22 = misses
	ld8	r19 = [r17]
	extr.u	r20 = r18, 50, 14
	extr.u	r19 = r19, 32, 2
	mov	r21 = 0x3800
	cmp.ne	p6, p0 = r20, r21
(p6)	br	save
	cmp.ne	p6, p0 = r19, r0
(p6)	br	save
	ld8	r23 = [r22]
	adds	r23 = 1, r23
	st8	[r22] = r23
	mov	r20 = r8
	extr.u	r19 = r18, PAGE_SHIFT, 50 - PAGE_SHIFT
	shl	r19 = r19, PAGE_SHIFT
	mov	r21 = PTE_KERNEL
	or	r8 = r19, r21
	mov	r21 = PAGE_SHIFT << 2		// key 0; the page has the region's id there
	adds	r17 = XSI_ITIR - XSI_IPSR, r17
	st8	[r17] = r21
	mov	r21 = 0xc00
	cmp.eq	p6, p7 = r16, r21
(p6)	break	6
(p7)	break	5
	mov	r8 = r20
	mov	pr = r31, -1
	break	1

// A test waits here: it has put the address to go on at into the processor's tmp area.
nested:
	movl	r31 = XSI_REGS + 0xcd0
	ld8	r31 = [r31]
	mov	b7 = r31
	br	b7

	.macro	PUT offset, reg
	adds	r20 = \offset, r29
	st8	[r20] = \reg
	.endm
	.macro	COPY offset, from
	adds	r21 = \from, r17
	ld8	r21 = [r21]
	adds	r20 = \offset, r29
	st8	[r20] = r21
	.endm
	.macro	SPILL first, last, pointer
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.if	\n >= \first && \n <= \last
	adds	\pointer = F_GR + 8 * \n, \pointer
	st8.spill [\pointer] = r\n
	adds	\pointer = -F_GR - 8 * \n, \pointer
	.endif
	.endr
	.endm

save:
	movl	r17 = XSI_REGS
	mov	r19 = r12
	mov	r24 = r13
	adds	r18 = XSI_IPSR, r17
	ld8	r18 = [r18]
	extr.u	r20 = r18, 32, 2
	cmp.eq	p6, p7 = 3, r20
	mov	r25 = ar.rsc
	mov	r26 = ar.pfs
	mov	r27 = ar.unat
	mov	r13 = ar.k6
	adds	r28 = C_STACK, r13
(p6)	ld8	r12 = [r28]
	movl	r28 = -FRAME_SIZE - 16
	add	r12 = r28, r12
	and	r12 = -16, r12
	adds	r29 = 16, r12
	PUT	F_VECTOR, r16
	PUT	F_PR, r31
	PUT	F_IPSR, r18
	PUT	F_GR + 8 * 12, r19
	PUT	F_GR + 8 * 13, r24
	PUT	F_RSC, r25
	PUT	F_PFS, r26
	PUT	F_UNAT, r27
	COPY	F_ISR, XSI_ISR
	COPY	F_IIP, XSI_IIP
	COPY	F_IFA, XSI_IFA
	COPY	F_ITIR, XSI_ITIR
	COPY	F_IIM, XSI_IIM
	COPY	F_IHA, XSI_IHA
	COPY	F_IFS, XSI_PRECOVER
	COPY	F_XIFS, XSI_IFS
(p6)	mov	ar.rsc = 0
	break	4
(p7)	br	1f
	mov	r20 = ar.rnat
	mov	r21 = ar.bspstore
	adds	r28 = C_RBS, r13
	ld8	r28 = [r28]
	mov	ar.bspstore = r28
	mov	r22 = ar.bsp
	sub	r22 = r22, r28
	shl	r22 = r22, 16
	mov	r18 = r20
	mov	r19 = r21
	PUT	F_RNAT, r18
	PUT	F_BSPSTORE, r19
	PUT	F_LOADRS, r22
	mov	ar.rnat = r0
	mov	ar.rsc = 3
1:	mov	ar.unat = r0
	SPILL	1, 15, r29
	adds	r2 = 16, r12
	mov	r3 = ar.unat
	// bank 1 again
	movl	r14 = XSI_REGS + XSI_VNAT
	ld8	r15 = [r14]
	mov	ar.unat = r15
	movl	r14 = XSI_REGS + XSI_BANKNUM
	mov	r15 = 1
	st4	[r14] = r15
	movl	r14 = XSI_REGS + XSI_BANK1
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld8.fill r\n = [r14], 8
	.endr
	mov	ar.unat = r3
	SPILL	16, 31, r2
	mov	r3 = ar.unat
	adds	r14 = F_GRUNAT, r2
	st8	[r14] = r3
	adds	r14 = F_BR, r2
	mov	r15 = b0
	st8	[r14] = r15, 8
	mov	r15 = b6
	st8	[r14] = r15, 8
	mov	r15 = b7
	st8	[r14] = r15
	adds	r14 = F_FPSR, r2
	mov	r15 = ar.fpsr
	st8	[r14] = r15, 8
	mov	r15 = ar.ccv
	st8	[r14] = r15, 8
	mov	r15 = ar.csd
	st8	[r14] = r15, 8
	mov	r15 = ar.ssd
	st8	[r14] = r15
	movl	r14 = F_FR
	add	r14 = r14, r2
	.irp	n, 6, 7, 8, 9, 10, 11
	stf.spill [r14] = f\n, 16
	.endr
	movl	r14 = 0x9804c0270033f
	mov	ar.fpsr = r14
	movl	r14 = XSI_REGS + XSI_IC
	mov	r15 = 1
	st4	[r14] = r15
	movl	gp = __gp
	alloc	r15 = ar.pfs, 0, 0, 1, 0
	adds	out0 = 16, r12
	br.call.sptk.many b0 = trap

// Back: events off, ic off, everything from the frame.
	movl	r14 = XSI_REGS + XSI_MASK
	mov	r15 = 1
	ld8	r14 = [r14]
	st1	[r14] = r15
	movl	r14 = XSI_REGS + XSI_IC
	st4	[r14] = r0
	adds	r2 = 16, r12
	movl	r14 = F_FR
	add	r14 = r14, r2
	.irp	n, 6, 7, 8, 9, 10, 11
	ldf.fill f\n = [r14], 16
	.endr
	adds	r14 = F_BR, r2
	ld8	r15 = [r14], 8
	mov	b0 = r15
	ld8	r15 = [r14], 8
	mov	b6 = r15
	ld8	r15 = [r14]
	mov	b7 = r15
	adds	r14 = F_FPSR, r2
	ld8	r15 = [r14], 8
	mov	ar.fpsr = r15
	ld8	r15 = [r14], 8
	mov	ar.ccv = r15
	ld8	r15 = [r14], 8
	mov	ar.csd = r15
	ld8	r15 = [r14]
	mov	ar.ssd = r15
	adds	r14 = F_GRUNAT, r2
	ld8	r3 = [r14]
	mov	ar.unat = r3
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	adds	r14 = F_GR + 8 * \n, r2
	ld8.fill r\n = [r14]
	.endr
	// to bank 0, by hand
	movl	r14 = XSI_REGS + XSI_BANK1
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	st8.spill [r14] = r\n, 8
	.endr
	mov	r15 = ar.unat
	movl	r14 = XSI_REGS + XSI_VNAT
	zxt2	r15 = r15
	st8	[r14] = r15
	movl	r14 = XSI_REGS + XSI_BANKNUM
	st4	[r14] = r0
	mov	ar.unat = r3
	adds	r29 = 16, r12
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15
	adds	r20 = F_GR + 8 * \n, r29
	ld8.fill r\n = [r20]
	.endr
	.macro	GET reg, offset
	adds	r20 = \offset, r29
	ld8	\reg = [r20]
	.endm
	movl	r17 = XSI_REGS
	GET	r18, F_IPSR
	extr.u	r20 = r18, 32, 2
	cmp.eq	p6, p7 = 3, r20
	adds	r21 = XSI_IPSR, r17
	st8	[r21] = r18
	GET	r18, F_IIP
	adds	r21 = XSI_IIP, r17
	st8	[r21] = r18
	GET	r18, F_IFS
	adds	r21 = XSI_IFS, r17
	st8	[r21] = r18
	GET	r22, F_PFS
	GET	r23, F_RSC
	GET	r24, F_UNAT
	GET	r25, F_LOADRS
	GET	r26, F_BSPSTORE
	GET	r27, F_RNAT
	GET	r28, F_PR
	GET	r13, F_GR + 8 * 13
	GET	r12, F_GR + 8 * 12
	alloc	r18 = ar.pfs, 0, 0, 0, 0
(p7)	br	2f
	mov	ar.rsc = r25
	loadrs
	mov	ar.bspstore = r26
	mov	ar.rnat = r27
	mov	ar.rsc = r23
2:	mov	ar.pfs = r22
	mov	ar.unat = r24
	mov	pr = r28, -1
	break	1
