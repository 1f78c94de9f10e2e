// SPDX-License-Identifier: MIT
// Jumps to WHERE, where there is nothing to execute.
	.include "guest.inc"
main:	movl	r14 = 0xff008000		// the firmware's vectors, which report
	mov	cr.iva = r14
	movl	r14 = WHERE
	mov	b6 = r14
	br.sptk.many b6
