// SPDX-License-Identifier: MIT
// Reads and writes all over the devices' address space: COUNT accesses of every size to random
// addresses of the I/O ports, IOSAPIC, interrupt block, VGA and PCI holes and beyond, and to the
// registers that are there. Only what ends the domain at once is left out.
	.include "guest.inc"

// Addresses worth more visits than chance would give them.
	.section .rodata
	.align	8
places:
	.quad	IOPORT + (0xfe << 12), IOPORT + (0xff << 12)	// UART
	.quad	IOPORT + (0x33e << 12), IOPORT + (0x33f << 12)	// PCI configuration
	.quad	IOPORT + (0x7d0 << 12), IOPORT + (0x7d2 << 12)	// PM events, PM timer
	.quad	IOSAPIC, IOSAPIC + 0x10, IOSAPIC + 0x40
	.quad	PIB + 0x1e0000, PIB + 0x1e0008, PIB + 0x100000
	.quad	IOSAPIC + 0x10, IOPORT + (0xfe << 12), IOPORT + (0x33f << 12), PIB
// Windows: base, bits of offset
windows:
	.quad	IOPORT, 26, IOSAPIC, 20, PIB, 21, UNCACHED | 0xa0000, 17
	.quad	UNCACHED | 0xc0000000, 29, 0xe0000000, 26, 0xfec00000, 20, UNCACHED | 0xfd000000, 24
	.quad	UNCACHED, 63, 0, 63, UNCACHED | 0xffffffff000, 12, 0xf00000000000, 44
	.quad	UNCACHED | 0x3ff0000, 17, UNCACHED | 0xff200000, 24, 0xfee00000, 21, 0x10000000, 30
	.text

FUNC main, 3, 1
	movl	loc2 = COUNT
.Laccess:
	RANDOM	r20, r14		// r21: address
	RANDOM	r22, r14
	extr.u	r15 = r20, 1, 4
	tbit.nz	p6, p7 = r20, 0
(p6)	shl	r15 = r15, 3
(p6)	movl	r16 = places
(p7)	shl	r15 = r15, 4
(p7)	movl	r16 = windows
	add	r16 = r16, r15
	ld8	r21 = [r16], 8
	extr.u	r17 = r20, 8, 3		// near the place
(p6)	add	r21 = r21, r17
(p7)	ld8	r17 = [r16]
(p7)	mov	r18 = 1
(p7)	shl	r18 = r18, r17
(p7)	adds	r18 = -1, r18
(p7)	and	r18 = r18, r22
(p7)	add	r21 = r21, r18

// Not: our own memory below 4 MB, power-off and reset, and messages that are an INIT
	shl	r15 = r21, 1
	shr.u	r15 = r15, 1
	movl	r16 = 0x400000
	cmp.ltu	p8, p0 = r15, r16
(p8)	br.cond.spnt .Lnext
	movl	r16 = 0xe0000000
	sub	r16 = r15, r16
	shr.u	r16 = r16, 12
	mov	r17 = 0x7d1		// PM1 control
	cmp.eq	p8, p0 = r16, r17
	mov	r17 = 0x7d3		// reset
	cmp.eq.or p8, p0 = r16, r17
(p8)	br.cond.spnt .Lnext
	movl	r16 = 0xff000000	// firmware
	cmp.geu	p8, p9 = r15, r16
	movl	r16 = 0x100000000
(p8)	cmp.ltu	p8, p0 = r15, r16
(p8)	br.cond.spnt .Lnext

	RANDOM	r23, r14		// value
	tbit.nz	p6, p0 = r20, 50
(p6)	mov	r23 = -1
	dep	r23 = 0, r23, 10, 1	// delivery mode INIT is 5
	extr.u	r15 = r20, 40, 4
	.macro	KIND number, insn
	cmp.eq	p6, p0 = \number, r15
(p6)	\insn
	.endm
	KIND	0, "ld1 r16 = [r21]"
	KIND	1, "ld2 r16 = [r21]"
	KIND	2, "ld4 r16 = [r21]"
	KIND	3, "ld8 r16 = [r21]"
	KIND	4, "st1 [r21] = r23"
	KIND	5, "st2 [r21] = r23"
	KIND	6, "st4 [r21] = r23"
	KIND	7, "st8 [r21] = r23"
	KIND	8, "ld8.s r16 = [r21]"
	KIND	9, "xchg4 r16 = [r21], r23"
	KIND	10, "ldfe f6 = [r21]"
	KIND	11, "stfe [r21] = f6"
	KIND	12, "ld8.a r16 = [r21]"
	KIND	13, "fc r21"
	KIND	14, "fetchadd8.acq r16 = [r21], 1"
	KIND	15, "st8.spill [r21] = r23"
.Lnext:	tbit.nz	p6, p0 = r20, 55	// unaligned accesses fault, or are done
(p6)	sum	psr.ac
	tbit.nz	p6, p0 = r20, 56
(p6)	rum	psr.ac
	adds	loc2 = -1, loc2
	cmp.ne	p6, p0 = 0, loc2
(p6)	br.cond.sptk .Laccess
	rum	psr.ac
	movl	r14 = UART + 0x1000	// out of loopback, divisor latch off
	st1	[r14] = r0
	movl	r14 = UART + 3
	st1	[r14] = r0
	SAY	"\n"
	RETURN
