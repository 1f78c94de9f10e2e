// SPDX-License-Identifier: MIT
// Calls every PAL, SAL and EFI procedure with random arguments, COUNT times each kind: small
// numbers, pointers to memory, to its end, to devices, to nothing. Only what ends the domain
// (ResetSystem, PAL_MC_RESUME into random registers) is left out.
	.include "guest.inc"

BUFFER = USER

	.section .rodata
	.align	8
sal_numbers:
	.quad	0x01000000, 0x01000001, 0x01000002, 0x01000003
	.quad	0x01000004, 0x01000005, 0x01000006, 0x01000008
	.quad	0x01000009, 0x01000010, 0x01000010, 0x01000011
	.quad	0x01000011, 0x01000012, 0x01000013, 0x01000020
bases:	.quad	0, BUFFER, 0x3ffffff, 0xe0000000, 0x8000000000400000, 0xfec00000, 0x9fff0, -1
	.text

// A random argument in REG.
	.macro	ARGUMENT reg
	RANDOM	r20, r14
	extr.u	r15 = r20, 0, 3
	shl	r15 = r15, 3
	movl	r16 = bases
	add	r16 = r16, r15
	ld8	r16 = [r16]
	extr.u	r15 = r20, 8, 12
	tbit.nz	p6, p0 = r20, 20
(p6)	extr.u	r15 = r20, 8, 4
(p6)	shl	r15 = r15, 3
	add	\reg = r16, r15
	tbit.nz	p6, p0 = r20, 30
(p6)	extr.u	\reg = r20, 40, 3
	extr.u	r15 = r20, 32, 4
	cmp.eq	p6, p0 = 0, r15
(p6)	mov	\reg = r20
	.endm

	.macro	LEAVE_OUT number		// of r15
	movl	r16 = \number
	cmp.eq	p6, p0 = r15, r16
(p6)	mov	r15 = r0
	.endm

	.macro	ALARM			// for procedures that wait
	mov	r14 = ar.itc
	movl	r16 = 100000
	add	r14 = r14, r16
	mov	cr.itm = r14
	.endm

// A bad pointer faults at the entry point: the call is given up. Behind it stands a br.ret, which
// would be wrong for a static PAL call.
faulted:
	mov	r17 = ar.k5
	cmp.eq	p6, p0 = r0, r17
(p6)	br.cond.sptk skip
	mov	cr.iip = r17
	mov	b7 = r31
	mov	pr = r30, -1
	rfi

FUNC main, 3, 8
	HOOK	faulted
	mov	r14 = 0x40
	mov	cr.itv = r14
	movl	loc2 = COUNT
.Lpal:	RANDOM	r20, r14
	extr.u	r15 = r20, 0, 6
	tbit.nz	p6, p0 = r20, 10
(p6)	extr.u	r15 = r20, 0, 10
	extr.u	r16 = r20, 40, 6
	cmp.eq	p6, p0 = 0, r16
(p6)	mov	r15 = r20
	LEAVE_OUT 26			// PAL_MC_RESUME
	mov	loc3 = r15
	ARGUMENT r29
	ARGUMENT r30
	ARGUMENT r31
	mov	r28 = loc3
	mov	out0 = loc3
	mov	out1 = r29
	mov	out2 = r30
	mov	out3 = r31
	extr.u	r15 = loc3, 8, 56
	mov	r16 = 3
	and	r17 = 1, r15
	cmp.geu	p8, p9 = r16, r15
(p8)	cmp.eq	p8, p9 = 1, r17		// the stacked convention: 256-511, 768-1023
	ALARM
	movl	r14 = PAL
	mov	b6 = r14
	mov	ar.k5 = r0
(p9)	br.cond.spnt .Lstatic
	br.call.sptk.many b0 = b6
.Lstacked:
	br.sptk	.Lpal_done
.Lstatic:
	movl	r14 = .Lpal_done
	mov	ar.k5 = r14
	mov	b0 = r14
	br.sptk	b6
.Lpal_done:
	mov	ar.k5 = r0
	mov	r14 = cr.ivr
	mov	cr.eoi = r0
	adds	loc2 = -1, loc2
	cmp.ne	p6, p0 = 0, loc2
(p6)	br.cond.sptk .Lpal

	movl	loc2 = COUNT
.Lsal:	.irp	n, 1,2,3,4,5,6,7
	ARGUMENT out\n
	.endr
	RANDOM	r20, r14
	extr.u	r15 = r20, 0, 4
	shl	r15 = r15, 3
	movl	r16 = sal_numbers
	add	r16 = r16, r15
	ld8	out0 = [r16]
	extr.u	r16 = r20, 40, 5
	cmp.eq	p6, p0 = 0, r16
(p6)	mov	out0 = r20
	movl	r14 = SAL
	mov	b6 = r14
	br.call.sptk.many b0 = b6
.Lsal_done:
	adds	loc2 = -1, loc2
	cmp.ne	p6, p0 = 0, loc2
(p6)	br.cond.sptk .Lsal

	movl	loc2 = COUNT
.Lefi:	movl	r17 = BUFFER		// what pointers point to: names, sizes, vendors
	mov	r15 = 63
	mov	ar.lc = r15
1:	RANDOM	r20, r14
	tbit.nz	p6, p0 = r20, 60
(p6)	extr.u	r20 = r20, 0, 6
	st8	[r17] = r20, 8
	br.cloop.sptk 1b
	.irp	n, 0,1,2,3,4,5,6,7
	ARGUMENT out\n
	.endr
	RANDOM	r20, r14
	extr.u	r15 = r20, 0, 4
	tbit.nz	p6, p0 = r20, 10
(p6)	extr.u	r15 = r20, 0, 2		// variables more often
(p6)	adds	r15 = 6, r15
	cmp.ltu	p6, p0 = 13, r15
(p6)	mov	r15 = 8
	LEAVE_OUT 10			// ResetSystem
	mov	r16 = 8			// SetVariable: attributes that can be stored
	cmp.eq	p6, p0 = r15, r16
	tbit.nz.and p6, p0 = r20, 20
(p6)	extr.u	out2 = r20, 30, 3
(p6)	extr.u	out3 = r20, 40, 14
(p6)	movl	out0 = BUFFER
	cmp.eq	p6, p0 = 4, r15		// SetVirtualAddressMap: a version that exists
	tbit.nz.and p6, p0 = r20, 20
(p6)	mov	out2 = 1
(p6)	mov	out1 = 48
	movl	r14 = EFI
	shl	r15 = r15, 4
	add	r14 = r14, r15
	mov	b6 = r14
	br.call.sptk.many b0 = b6
.Lefi_done:
	adds	loc2 = -1, loc2
	cmp.ne	p6, p0 = 0, loc2
(p6)	br.cond.sptk .Lefi
	RETURN
