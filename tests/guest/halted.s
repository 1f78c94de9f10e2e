// SPDX-License-Identifier: MIT
// Halts for ever: everything masked, nothing to wait for. It must cost nothing and be stoppable.
	.include "guest.inc"
main:	mov	r14 = 1 << 16
	mov	cr.tpr = r14
	movl	r14 = PAL
	mov	b6 = r14
1:	mov	r28 = 29
	movl	r14 = 1b
	mov	b0 = r14
	br.sptk	b6
