// SPDX-License-Identifier: MIT
// Runs for ever and touches nothing.
	.text
	.global _start
_start:	br.sptk.many _start ;;
