// SPDX-License-Identifier: MIT
// What every file of the monitor includes. Assembled with automatic stops (-xauto), so that the
// source reads one instruction after the other.
//
// Calling convention: the software conventions' register stack, static r8-r11 as results,
// r14-r31 scratch, p6-p15 scratch. Everything runs in physical mode with interrupts off;
// device registers are reached through uncacheable addresses (bit 63).

UNCACHED   = 0x8000000000000000
IOPORT     = UNCACHED | 0xe0000000	// sparse I/O ports of an HVM domain
UART       = IOPORT + (0xfe << 12) + 0x3f8	// registers 0-3; 4-7 are one port group on
UART_HIGH  = IOPORT + (0xff << 12) + 0x3fc
UART_GSI   = 4
UART_VECTOR = 0x30

// A function of two inputs with LOCALS locals beyond the two saved here and OUTS outputs.
	.macro	FUNC name, locals=0, outs=0
	.global	\name
\name:	alloc	loc0 = ar.pfs, 2, 2 + \locals, \outs, 0
	mov	loc1 = b0
	.endm

	.macro	RETURN
	mov	ar.pfs = loc0
	mov	b0 = loc1
	br.ret.sptk.many b0
	.endm

// A call returns to the next bundle, so a label has to make the assembler start one.
	.macro	CALL target
	br.call.sptk.many b0 = \target
.Lreturn\@:
	.endm

// Prints a string constant. Needs at least one output register.
	.macro	SAY text:vararg
	.section .rodata
.Lsay\@: .asciz	\text
	.text
	movl	out0 = .Lsay\@
	CALL	puts
	.endm

// Loads the 8-byte variable NAME into REG; uses r14.
	.macro	LOAD reg, name
	movl	r14 = \name
	ld8	\reg = [r14]
	.endm

	.macro	STORE name, reg
	movl	r14 = \name
	st8	[r14] = \reg
	.endm
