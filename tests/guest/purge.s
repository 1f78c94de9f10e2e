// SPDX-License-Identifier: MIT
// Processors insert, use and purge translations of the same pages as fast as they can, COUNT times
// each or for SECONDS, with every kind and size of purge, while stores through them must hit the right page.
	.include "guest.inc"
	.include "smp.inc"

	.ifndef	COUNT
COUNT = 1
	.endif
PAGES = USER			// 64 pages of 16 KB; the word at a page's start is its address
WINDOW = 0x2000000000000000	// where they are mapped

// In virtual mode for data. r36: rounds left; a page that is not mapped is inserted by `missed`.
	.macro	STORM
	rsm	psr.ic
	srlz.d
	movl	r15 = 0x100000		// program, and pages at their own addresses
	movl	r16 = 24 << 2
	movl	r17 = 0x661
	mov	cr.ifa = r0
	mov	cr.itir = r16
	itr.d	dtr[r0] = r17
	movl	r15 = WINDOW
	movl	r16 = 7 << 8 | 14 << 2
	mov	rr[r15] = r16
	srlz.d
	ssm	psr.ic | psr.dt
	srlz.d
	movl	loc2 = COUNT
.Lround\@:
	RANDOM	r20, r14
	extr.u	r21 = r20, 0, 6
	shl	r21 = r21, 14
	movl	r22 = WINDOW
	add	r22 = r22, r21
	movl	r23 = PAGES
	add	r23 = r23, r21
	ld8	r24 = [r22]
	cmp.ne	p6, p0 = r24, r23
(p6)	br.cond.spnt wrong
	adds	r25 = 8, r22
	st8	[r25] = r20		// both write here
	ld8.a	r26 = [r22]
	extr.u	r27 = r20, 8, 4
	extr.u	r28 = r20, 16, 6
	shl	r28 = r28, 2		// any size
	cmp.eq	p6, p0 = 0, r27
(p6)	ptc.g	r22, r28
	cmp.eq	p6, p0 = 1, r27
(p6)	ptc.ga	r22, r28
	cmp.eq	p6, p0 = 2, r27
(p6)	ptc.l	r22, r28
	cmp.eq	p6, p0 = 3, r27
(p6)	ptc.e	r22
	cmp.eq	p6, p0 = 4, r27
(p6)	mov	r28 = 14 << 2
(p6)	ptc.ga	r22, r28
	ld8.c.clr r26 = [r22]
	cmp.ne	p6, p0 = r26, r23
(p6)	br.cond.spnt wrong
	tpa	r26 = r22
	cmp.ne	p6, p0 = r26, r23
(p6)	br.cond.spnt wrong
	AGAIN	loc2, .Lround\@
	.endm

FUNC main, 2, 5
	movl	r15 = PAGES
	mov	r16 = 63
	mov	ar.lc = r16
	movl	r17 = 1 << 14
1:	st8	[r15] = r15
	add	r15 = r17, r15
	br.cloop.sptk 1b
	HOOK	missed
	START_OTHER
	STORM
	WAIT_OTHER
	rsm	psr.dt
	srlz.d
	RETURN

FUNC other, 2, 1
	STORM
	rsm	psr.dt
	srlz.d
	RETURN

wrong:	rsm	psr.dt
	srlz.d
	alloc	r14 = ar.pfs, 0, 0, 2, 0
	SAY	"a page was not where it was mapped\n"
	br.sptk	power_off

// Alternate data TLB miss, or nested: enters the page.
missed:	mov	r17 = cr.ifa
	movl	r18 = 0xfc000
	and	r17 = r17, r18
	movl	r18 = PAGES | 0x661
	or	r18 = r17, r18
	mov	r19 = 14 << 2
	mov	cr.itir = r19
	itc.d	r18
	mov	b7 = r31
	mov	pr = r30, -1
	rfi
