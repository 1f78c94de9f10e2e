// SPDX-License-Identifier: MIT
// Timers at their extremes: cr.itm and ar.itc near 0, the middle and the end of their range, the
// counter running over, deadlines that passed long ago, halts until each; counters of the
// performance monitor about to overflow. An interrupt that is due must come.
	.include "guest.inc"

	.section .rodata
	.align	8
values:	.quad	0, 1, -1, -2, 1 << 63, (1 << 63) - 1, (1 << 63) + 1, 1 << 62
	.quad	3 << 62, 0x7fffffff, 0xffffffff, 1000000000, -1000000000, 0x123456789, 2, -500
	.text

// Waits in PAL_HALT_LIGHT until an interrupt is pending; r8: its vector.
FUNC halt
	movl	r14 = PAL
	mov	b6 = r14
	mov	r28 = 29
	movl	r14 = 1f
	mov	b0 = r14
	br.sptk	b6
1:	mov	r8 = cr.ivr
	mov	cr.eoi = r0
	RETURN

FUNC main, 4, 1
	mov	r14 = 0x40
	mov	cr.itv = r14
	mov	r14 = 0x50
	mov	cr.pmv = r14
	mov	loc2 = 255		// every pair
.Lpair:	extr.u	r15 = loc2, 0, 4
	extr.u	r16 = loc2, 4, 4
	shl	r15 = r15, 3
	shl	r16 = r16, 3
	movl	r14 = values
	add	r15 = r14, r15
	add	r16 = r14, r16
	ld8	r15 = [r15]
	ld8	r16 = [r16]
	mov	ar.itc = r15
	mov	cr.itm = r16
	srlz.d
	mov	r17 = ar.itc
	mov	cr.itm = r17		// the present
	adds	r17 = -1, r17
	mov	cr.itm = r17		// the past
	mov	cr.itm = r16
	mov	ar.ruc = r15
	mov	r18 = ar.ruc
	mov	r14 = 4
	mov	pmd[r14] = r15
	movl	r18 = 0x1200 | 1 << 5 | 1 << 6 | 15	// cycles, interrupt on overflow
	mov	pmc[r14] = r18
	mov	pmc[r0] = r0
	ssm	psr.up | psr.pp
	srlz.d
	nop	0
	rsm	psr.up | psr.pp
	mov	r18 = pmd[r14]
	mov	pmc[r14] = r0
1:	mov	r18 = cr.ivr		// whatever came
	mov	cr.eoi = r0
	mov	r19 = 15
	cmp.ne	p6, p0 = r18, r19
(p6)	br.cond.spnt 1b
	adds	loc2 = -1, loc2
	cmp.le	p6, p0 = 0, loc2
(p6)	br.cond.sptk .Lpair

// Over the end of the range, 20 times 1 ms
	mov	loc2 = 20
2:	movl	r15 = -500000
	mov	ar.itc = r15
	movl	r16 = 500000
	mov	cr.itm = r16
	srlz.d
	CALL	halt
	mov	r15 = 0x40
	cmp.ne	p6, p0 = r8, r15
(p6)	br.cond.spnt wrong
	mov	r15 = ar.itc
	cmp.gt	p6, p0 = r16, r15
(p6)	br.cond.spnt wrong
	adds	loc2 = -1, loc2
	cmp.ne	p6, p0 = 0, loc2
(p6)	br.cond.sptk 2b
	mov	r14 = 0x10000
	mov	cr.itv = r14
	RETURN

wrong:	alloc	r14 = ar.pfs, 0, 0, 2, 0
	SAY	"no interrupt in time\n"
	br.sptk	power_off
