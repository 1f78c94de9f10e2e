// SPDX-License-Identifier: MIT
// Its vectors hold illegal instructions: the first fault never ends.
	.text
	.global _start
_start:	rsm psr.ic | psr.i ;;
	srlz.d
	movl r14 = vectors ;;
	mov cr.iva = r14 ;;
	srlz.i ;;
	break 0 ;;
1:	br.sptk.many 1b ;;
	.align 32768
vectors:
	.skip 32768, 0
