// SPDX-License-Identifier: MIT
// Entry from the boot loader, the interruption vectors, and what happens after a fault.
	.include "macros.s"

	.section .text.ivt, "ax"
	.align	32768
ivt:
// Every vector notes its offset and goes to one handler.
	.macro	VECTORS first, count, size
	.set	.Lv, \first
	.rept	\count
	.org	ivt + .Lv, 0
	mov	r16 = .Lv
	br.sptk	fault
	.set	.Lv, .Lv + \size
	.endr
	.endm
	VECTORS	0, 20, 0x400
	VECTORS	0x5000, 48, 0x100
	.org	ivt + 0x8000, 0

	.text
	.global	_start
// r28: physical address of the boot parameter block.
_start:
	rsm	psr.i | psr.ic
	srlz.d
	mov	r20 = r28
	movl	gp = 0
	movl	r14 = ivt
	mov	cr.iva = r14
	STORE	boot_param, r20
restart:				// also where a fault comes back to
	mov	ar.rsc = 0
	loadrs
	movl	r14 = backing_store
	mov	ar.bspstore = r14
	mov	ar.rnat = r0
	movl	r12 = stack_top - 16
	movl	r15 = 0x9804c0270033f
	mov	ar.fpsr = r15
	bsw.1
	mov	ar.rsc = 3
	ssm	psr.ic
	srlz.i
	alloc	r14 = ar.pfs, 0, 0, 2, 0
	LOAD	r15, started
	cmp.ne	p6, p0 = r0, r15
(p6)	br.cond.sptk .Lprompt
	adds	r15 = 1, r0
	STORE	started, r15
	CALL	console_init
	CALL	firmware_find
	CALL	console_interrupts
	SAY	"\nepixen monitor: a small IA-64 system (type help)\n\n"
	CALL	cmd_cpu
	CALL	cmd_fw
	CALL	cmd_mem
	CALL	cmd_selftest
.Lprompt:
	CALL	prompt_loop
	br.sptk	.Lprompt

// An interruption nobody expected: say what and where, then back to the prompt. r16 (bank 0): vector.
fault:
	movl	r17 = fault_state
	mov	r18 = cr.iip
	st8	[r17] = r16, 8
	st8	[r17] = r18, 8
	mov	r18 = cr.isr
	mov	r19 = cr.ifa
	st8	[r17] = r18, 8
	st8	[r17] = r19, 8
	mov	r18 = cr.ipsr
	st8	[r17] = r18
	bsw.1
	mov	ar.rsc = 0
	cover
	loadrs
	movl	r14 = backing_store
	mov	ar.bspstore = r14
	mov	ar.rnat = r0
	movl	r12 = stack_top - 16
	mov	ar.rsc = 3
	ssm	psr.ic
	srlz.i
	alloc	r14 = ar.pfs, 0, 1, 2, 0
	movl	loc0 = fault_state
	.macro	SHOW text
	SAY	"\text"
	ld8	out0 = [loc0], 8
	adds	out1 = 16, r0
	CALL	puthex
	.endm
	SHOW	"\n*** interruption: vector 0x"
	SHOW	"\n    iip 0x"
	SHOW	" isr 0x"
	SHOW	"\n    ifa 0x"
	SHOW	" ipsr 0x"
	SAY	"\n"
	rsm	psr.ic
	srlz.d
	br.sptk	restart

	.data
	.align	8
	.global	boot_param
boot_param: .quad 0
started: .quad	0
fault_state: .skip 40

	.bss
	.align	4096
backing_store: .skip 32768
	.skip	32768
	.global	stack_top
stack_top: .skip 16
