/* SPDX-License-Identifier: MIT */
/*
 * A big-endian kernel, as small as it can be: physical mode, console_io. It starts little-endian, chooses its byte
 * order itself, and interruptions come in that of cr.dcr (ABI 2.9, 5.4).
 */
	.macro	SAY text
	.section .rodata
1:	.ascii	"\text\r\n"
2:
	.text
	movl	r33 = 2b - 1b
	movl	r34 = 1b
	movl	r14 = 1 << 63
	or	r34 = r34, r14
	mov	r32 = 0
	mov	r2 = 18
	break	0x1000
	.endm
// One result: p6 is set when it is good.
	.macro	RESULT number, name
(p6)	br	3f
	SAY	"not ok \number - \name"
	br	4f
3:	SAY	"ok \number - \name"
4:
	.endm

	.section .text.ivt, "ax"
	.global	ivt
	.balign	32768
ivt:	.org	ivt + 0x2c00
	ld8	r20 = [r41]		// the break: in cr.dcr's order
	mov	r21 = b6
	br	b6
	.org	ivt + 0x6100

	.text
	.global	start
start:	alloc	r14 = ar.pfs, 0, 16, 0, 0
	movl	r41 = word
	movl	r42 = 0x0102030405060708
	movl	r43 = 0x0807060504030201
	movl	r44 = -0x490
	add	r44 = r44, r28
	adds	r45 = 8, r44
	ld8	r14 = [r45]
	movl	r15 = 0x65623436		// "64be"
	extr.u	r14 = r14, 16, 32
	ld8	r16 = [r41]
	cmp.eq	p6, p0 = r14, r15
	RESULT	1, "start_info names the big-endian ABI"
	ld8	r16 = [r41]
	cmp.eq	p6, p0 = r16, r43
	RESULT	2, "a big-endian kernel starts little-endian"
	sum	2
	ld8	r16 = [r41]
	cmp.eq	p6, p0 = r16, r42
	RESULT	3, "with psr.be its words are read as they are written"
	mov	r2 = 17			// a hypercall with psr.be set
	mov	r32 = 0
	mov	r33 = 0
	break	0x1000
	movl	r14 = 0x40001
	cmp.eq	p6, p0 = r8, r14
	RESULT	4, "hypercalls are done in either order"
	movl	r14 = ivt
	mov	cr.iva = r14
	mov	r14 = 2
	mov	cr.dcr = r14
	ssm	1 << 13
	rum	2
	movl	r14 = 5f
	mov	b6 = r14
	break	0x7777
	.balign	16
5:	cmp.eq	p6, p0 = r20, r42
	RESULT	5, "an interruption comes in the order of cr.dcr"
	sum	2
	break	0x18
	ld8	r16 = [r41]
	cmp.eq	p6, p0 = r16, r43
	RESULT	6, "RSM_BE ends psr.be"
	SAY	"1..6"
	mov	r2 = 6			// sched_op_compat: shut down
	mov	r32 = 2
	mov	r33 = 0
	break	0x1000

	.data
	.balign	8
word:	data8	0x0102030405060708
	.section .note.Xen, "a", "note"
	data4	4, 8, 1
	.asciz	"Xen"
	data8	start
	data4	4, 8, 5
	.asciz	"Xen"
	.asciz	"xen-3.0"
	data4	4, 8, 6
	.asciz	"Xen"
	.asciz	"minios\0"
	data4	4, 8, 8
	.asciz	"Xen"
	.asciz	"generic"
