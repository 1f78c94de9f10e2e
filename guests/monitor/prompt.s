// SPDX-License-Identifier: MIT
// The prompt: a table of commands, and those that need no firmware.
	.include "macros.s"

	.text
// Reads one line and runs the command it names.
FUNC prompt_loop, 2, 2
	SAY	"> "
	movl	out0 = line
	mov	out1 = LINE_SIZE
	CALL	getline
	cmp.eq	p6, p0 = 0, r8
(p6)	br.cond.spnt 9f
	movl	loc2 = commands
1:	ld8	out1 = [loc2], 8
	ld8	loc3 = [loc2], 16
	cmp.eq	p6, p0 = 0, out1
(p6)	br.cond.spnt 8f
	movl	out0 = line
	CALL	streq
	cmp.eq	p6, p0 = 0, r8
(p6)	br.cond.sptk 1b
	mov	b6 = loc3
	CALL	b6
	br.sptk	9f
8:	SAY	"unknown command: "
	movl	out0 = line
	CALL	puts
	SAY	" (type help)\n"
9:	RETURN

// streq(a, b): r8 = 1 when equal.
FUNC streq
	mov	r8 = 0
1:	ld1	r14 = [in0], 1
	ld1	r15 = [in1], 1
	cmp.ne	p6, p0 = r14, r15
(p6)	br.cond.spnt 2f
	cmp.ne	p6, p0 = 0, r14
(p6)	br.cond.sptk 1b
	mov	r8 = 1
2:	RETURN

FUNC cmd_help, 2, 2
	movl	loc2 = commands
1:	ld8	loc3 = [loc2], 16
	cmp.eq	p6, p0 = 0, loc3
(p6)	br.cond.spnt 2f
	SAY	"  "
	mov	out0 = loc3
	CALL	puts
	SAY	"\t"
	ld8	out0 = [loc2], 8
	CALL	puts
	SAY	"\n"
	br.sptk	1b
2:	RETURN

// Vendor, family and model from CPUID, features, and how many processors ACPI lists.
FUNC cmd_cpu, 1, 2
	SAY	"processor  "
	movl	loc2 = vendor
	mov	r14 = cpuid[r0]
	st8	[loc2] = r14, 8
	mov	r15 = 1
	mov	r14 = cpuid[r15]
	st8	[loc2] = r14, 8
	st1	[loc2] = r0
	movl	out0 = vendor
	CALL	puts
	mov	r15 = 3
	mov	loc2 = cpuid[r15]
	.macro	CPUID_FIELD text, pos
	SAY	"\text"
	extr.u	out0 = loc2, \pos, 8
	mov	out1 = 0
	CALL	putdec
	.endm
	CPUID_FIELD " family ", 24
	CPUID_FIELD " model ", 16
	CPUID_FIELD " revision ", 8
	CPUID_FIELD " architecture ", 32
	SAY	"\n           features 0x"
	mov	r15 = 4
	mov	out0 = cpuid[r15]
	mov	out1 = 16
	CALL	puthex
	SAY	", "
	LOAD	out0, processors
	mov	out1 = 0
	CALL	putdec
	SAY	" in the domain, this one has lid 0x"
	mov	r14 = cr.lid
	extr.u	out0 = r14, 16, 16
	mov	out1 = 4
	CALL	puthex
	SAY	"\n"
	RETURN

	.section .rodata
	.macro	COMMAND name, text
	.section .rodata.str
.Lname_\name: .asciz "\name"
.Ltext_\name: .asciz "\text"
	.section .rodata
	.quad	.Lname_\name, cmd_\name, .Ltext_\name
	.endm
	.align	8
// name, function, description. cmd_help steps over the middle one.
commands:
	COMMAND	help, "this list"
	COMMAND	cpu, "the processor"
	COMMAND	fw, "the firmware and its tables"
	COMMAND	mem, "the memory map"
	COMMAND	time, "date, time and time since start"
	COMMAND	selftest, "try the instructions and compare with known results"
	COMMAND	reboot, "start again"
	COMMAND	halt, "power off"
	.quad	0, 0, 0

LINE_SIZE = 80
	.bss
line:	.skip	LINE_SIZE
	.align	8
vendor:	.skip	24
