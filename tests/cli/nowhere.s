// SPDX-License-Identifier: MIT
// Jumps to an address where there is no memory, with no vectors of its own.
	.text
	.global _start
_start:	movl r14 = 0xd0000000 ;;
	mov b6 = r14 ;;
	br.sptk.many b6 ;;
