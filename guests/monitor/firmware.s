// SPDX-License-Identifier: MIT
// What the firmware left behind: EFI system table, SAL system table, ACPI; and calls into it.
	.include "macros.s"

// struct ia64_boot_param
BP_SYSTAB = 0x08
BP_MEMMAP = 0x10
// EFI system table and runtime services
EFI_VENDOR = 24
EFI_REVISION = 32
EFI_RUNTIME = 88
EFI_TABLES = 104
RT_GET_TIME = 24
RT_RESET = 104

	.text
// Fills the variables at the end of this file; those not found stay 0.
FUNC firmware_find, 4, 2
	LOAD	r15, boot_param
	adds	r15 = BP_SYSTAB, r15
	ld8	r16 = [r15]
	STORE	efi_systab, r16
	adds	r17 = EFI_RUNTIME, r16
	ld8	r18 = [r17]
	STORE	efi_runtime, r18
	adds	r17 = EFI_TABLES, r16
	ld8	loc2 = [r17], 8		// number of configuration tables
	ld8	loc3 = [r17]
1:	cmp.eq	p6, p0 = 0, loc2
(p6)	br.cond.spnt 2f
	adds	loc2 = -1, loc2
	ld8	r15 = [loc3], 8
	ld8	r16 = [loc3], 8
	ld8	r17 = [loc3], 8
	movl	r18 = 0x11d32d88eb9d2d32	// SAL system table
	movl	r19 = 0x4dc13f279000169a
	cmp.eq	p6, p7 = r15, r18
(p6)	cmp.eq	p6, p7 = r16, r19
	movl	r20 = sal_systab
(p6)	st8	[r20] = r17
	movl	r18 = 0x11d3e4f18868e871	// ACPI 2.0
	movl	r19 = 0x81883cc7800022bc
	cmp.eq	p6, p7 = r15, r18
(p6)	cmp.eq	p6, p7 = r16, r19
	movl	r20 = acpi_rsdp
(p6)	st8	[r20] = r17
	br.sptk	1b
2:	CALL	sal_find
	CALL	madt_find
	RETURN

// The PAL entry point is in the SAL system table's entry of type 0.
FUNC sal_find
	LOAD	r15, sal_systab
	cmp.eq	p6, p0 = 0, r15
(p6)	br.cond.spnt 2f
	adds	r16 = 10, r15
	ld2	r17 = [r16]		// entries
	adds	r15 = 96, r15
1:	cmp.eq	p6, p0 = 0, r17
(p6)	br.cond.spnt 2f
	adds	r17 = -1, r17
	ld1	r18 = [r15]
	cmp.eq	p6, p7 = 0, r18
	adds	r19 = 8, r15
(p6)	ld8	r20 = [r19]
	movl	r21 = pal_proc
(p6)	st8	[r21] = r20
	movl	r22 = sal_sizes
	add	r22 = r22, r18
	cmp.ltu	p6, p0 = 5, r18		// an unknown type: its length is unknown too
(p6)	br.cond.spnt 2f
	ld1	r22 = [r22]
	add	r15 = r15, r22
	br.sptk	1b
2:	RETURN

// ACPI: RSDP -> XSDT -> table "APIC" -> entries: 6 is an I/O SAPIC, 7 a local SAPIC.
FUNC madt_find, 2, 2
	LOAD	r15, acpi_rsdp
	cmp.eq	p6, p0 = 0, r15
(p6)	br.cond.spnt 9f
	adds	r15 = 24, r15
	ld8	r15 = [r15]
	adds	r16 = 4, r15
	ld4	r17 = [r16]
	add	loc2 = r15, r17		// end of the XSDT
	adds	loc3 = 36, r15
1:	cmp.geu	p6, p0 = loc3, loc2
(p6)	br.cond.spnt 9f
	ld4	r15 = [loc3], 4		// entries are only 4-byte aligned
	ld4	r16 = [loc3], 4
	shl	r16 = r16, 32
	or	r15 = r15, r16
	ld4	r16 = [r15]
	movl	r17 = 0x43495041	// "APIC"
	cmp.ne	p6, p0 = r16, r17
(p6)	br.cond.sptk 1b
	adds	r16 = 4, r15
	ld4	r17 = [r16]
	add	r17 = r15, r17		// end of the table
	adds	r15 = 44, r15
3:	cmp.geu	p6, p0 = r15, r17
(p6)	br.cond.spnt 9f
	ld1	r18 = [r15], 1
	ld1	r19 = [r15], -1
	cmp.eq	p6, p0 = 6, r18
(p6)	br.cond.spnt 5f
	cmp.eq	p6, p0 = 7, r18
(p6)	br.cond.spnt 6f
4:	cmp.eq	p6, p0 = 0, r19
(p6)	br.cond.spnt 9f
	add	r15 = r15, r19
	br.sptk	3b
5:	adds	r20 = 8, r15
	ld4	r21 = [r20], 4
	ld4	r22 = [r20]
	shl	r22 = r22, 32
	or	r21 = r21, r22
	STORE	iosapic, r21
	br.sptk	4b
6:	adds	r20 = 8, r15
	ld4	r21 = [r20]		// flags: bit 0, enabled
	and	r21 = 1, r21
	LOAD	r22, processors
	add	r22 = r22, r21
	STORE	processors, r22
	br.sptk	4b
9:	RETURN

// PAL_HALT_LIGHT through the static calling convention; returns when an interrupt is pending.
FUNC pal_halt_light
	LOAD	r15, pal_proc
	mov	r28 = 29
	mov	r29 = 0
	mov	r30 = 0
	mov	r31 = 0
	mov	b7 = r15
	movl	r16 = 1f
	mov	b0 = r16
	br.cond.sptk.many b7
1:	RETURN

// efi_call(offset in the runtime services table, first argument): three more arguments are 0.
FUNC efi_call, 1, 4
	LOAD	r15, efi_runtime
	mov	loc2 = gp
	add	r15 = r15, in0
	ld8	r15 = [r15]
	ld8	r16 = [r15], 8
	ld8	gp = [r15]
	mov	b6 = r16
	mov	out0 = in1
	mov	out1 = 0
	mov	out2 = 0
	mov	out3 = 0
	CALL	b6
	mov	gp = loc2
	RETURN

	.global	cmd_reboot
	.global	cmd_halt
FUNC cmd_reboot, 0, 2
	mov	out0 = RT_RESET
	mov	out1 = 0		// EfiResetCold
	CALL	efi_call
	RETURN

FUNC cmd_halt, 0, 2
	mov	out0 = RT_RESET
	mov	out1 = 2		// EfiResetShutdown
	CALL	efi_call
	RETURN

// The clock of the firmware, and how long the ITC has been running.
FUNC cmd_time, 1, 2
	mov	out0 = RT_GET_TIME
	movl	out1 = efi_time
	CALL	efi_call
	cmp.ne	p6, p0 = 0, r8
(p6)	br.cond.spnt 1f
	movl	loc2 = efi_time
	ld2	out0 = [loc2], 2
	mov	out1 = 4
	CALL	putdec
	.macro	FIELD before
	SAY	"\before"
	ld1	out0 = [loc2], 1
	CALL	put2
	.endm
	FIELD	"-"
	FIELD	"-"
	FIELD	" "
	FIELD	":"
	FIELD	":"
	SAY	" UTC, up "
	br.sptk	2f
1:	SAY	"no clock; up "
2:	mov	r14 = ar.itc
	movl	r15 = 0x89705f4136b4a597	// 2^93 / 10^9, rounded up
	setf.sig f6 = r14
	setf.sig f7 = r15
	xmpy.hu	f8 = f6, f7
	getf.sig r14 = f8
	shr.u	out0 = r14, 29
	mov	out1 = 0
	CALL	putdec
	SAY	" s\n"
	RETURN

// EFI vendor (UTF-16) and revision, and where the tables are.
FUNC cmd_fw, 1, 2
	SAY	"firmware   EFI "
	LOAD	r15, efi_systab
	adds	r15 = 8, r15
	ld4	loc2 = [r15]
	extr.u	out0 = loc2, 16, 16
	mov	out1 = 0
	CALL	putdec
	SAY	"."
	extr.u	out0 = loc2, 0, 16
	mov	out1 = 0
	CALL	putdec
	SAY	" by "
	LOAD	r15, efi_systab
	adds	r15 = EFI_VENDOR, r15
	ld8	loc2 = [r15]
1:	ld2	r14 = [loc2], 2
	cmp.eq	p6, p0 = 0, r14
(p6)	br.cond.spnt 2f
	mov	out0 = r14
	CALL	putc
	br.sptk	1b
2:	.macro	TABLE name, var
	SAY	"\name"
	LOAD	out0, \var
	mov	out1 = 12
	CALL	puthex
	.endm
	TABLE	"\n           SAL 0x", sal_systab
	TABLE	", PAL 0x", pal_proc
	TABLE	"\n           ACPI 0x", acpi_rsdp
	TABLE	", I/O SAPIC 0x", iosapic
	SAY	"\n"
	RETURN

// The EFI memory map, one descriptor a line.
FUNC cmd_mem, 4, 2
	LOAD	r15, boot_param
	adds	r15 = BP_MEMMAP, r15
	ld8	loc2 = [r15], 8
	ld8	loc3 = [r15], 8
	add	loc3 = loc2, loc3
	ld8	loc4 = [r15]		// size of a descriptor
	mov	loc5 = 0
	SAY	"memory     start            end              MiB  type\n"
1:	cmp.geu	p6, p0 = loc2, loc3
(p6)	br.cond.spnt 3f
	SAY	"           "
	adds	r15 = 8, loc2
	ld8	out0 = [r15]
	mov	out1 = 12
	CALL	puthex
	SAY	"  "
	adds	r15 = 8, loc2
	ld8	r16 = [r15]
	adds	r15 = 24, loc2
	ld8	r17 = [r15]
	shl	r17 = r17, 12
	add	out0 = r16, r17
	adds	out0 = -1, out0
	mov	out1 = 12
	CALL	puthex
	adds	r15 = 24, loc2
	ld8	r17 = [r15]
	shr.u	out0 = r17, 8
	mov	out1 = 9
	CALL	putdec
	SAY	"  "
	ld4	r14 = [loc2]
	mov	r15 = 15
	cmp.ltu	p6, p0 = 14, r14
(p6)	mov	r14 = r15
	cmp.eq	p6, p7 = 7, r14
	adds	r16 = 24, loc2
	ld8	r16 = [r16]
(p6)	add	loc5 = loc5, r16
	movl	r16 = efi_types
	shladd	r16 = r14, 3, r16
	ld8	out0 = [r16]
	CALL	puts
	SAY	"\n"
	add	loc2 = loc2, loc4
	br.sptk	1b
3:	SAY	"           usable: "
	shr.u	out0 = loc5, 8
	mov	out1 = 0
	CALL	putdec
	SAY	" MiB\n"
	RETURN

	.section .rodata
sal_sizes: .byte 48, 32, 16, 32, 16, 16
	.align	8
	.macro	TYPE text:vararg
	.section .rodata.str
.Ltype\@: .asciz \text
	.section .rodata
	.quad	.Ltype\@
	.endm
efi_types:
	TYPE	"reserved"
	TYPE	"loader code"
	TYPE	"loader data"
	TYPE	"boot services code"
	TYPE	"boot services data"
	TYPE	"runtime services code"
	TYPE	"runtime services data"
	TYPE	"conventional memory"
	TYPE	"unusable"
	TYPE	"ACPI reclaim"
	TYPE	"ACPI NVS"
	TYPE	"memory-mapped I/O"
	TYPE	"I/O port space"
	TYPE	"PAL code"
	TYPE	"persistent memory"
	TYPE	"unknown"

	.data
	.align	8
	.global	iosapic
	.global	processors
efi_systab: .quad 0
efi_runtime: .quad 0
sal_systab: .quad 0
acpi_rsdp: .quad 0
pal_proc: .quad	0
iosapic: .quad	0
processors: .quad 0
efi_time: .skip 16
