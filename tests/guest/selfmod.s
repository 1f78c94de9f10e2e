// SPDX-License-Identifier: MIT
// Processors rewrite code in the same page and run it, COUNT times each or for SECONDS: a function
// that returns a number is written with a new number, flushed, and called. One more function is
// written by one and called by all without any agreement: what it returns must be whole.
	.include "guest.inc"
	.include "smp.inc"

CODE = USER			// functions of a bundle, 64 bytes apart: of each processor, shared
SHARED = CODE + 64 * CPUS
	.ifndef	COUNT
COUNT = 1 << 20
	.endif

	.align	8
pattern: .quad	0x0000240000004011, 0x0084000880000200	// mov r8 = 0; nop.i 0; br.ret b0

// Writes `mov r8 = REG (14 bits); br.ret b0` at ADDRESS: immediate bits 6:0 at 19:13 of the slot, bits
// 12:7 at 32:27, sign at 36, slot 0 starting at bit 5. Overwrites r14 to r17.
	.macro	WRITE address, reg
	movl	r14 = pattern
	ld8	r15 = [r14], 8
	ld8	r16 = [r14]
	dep	r15 = \reg, r15, 18, 7
	extr.u	r17 = \reg, 7, 6
	dep	r15 = r17, r15, 32, 6
	adds	r14 = 8, \address
	st8	[r14] = r16
	st8.rel	[\address] = r15
	fc.i	\address
	sync.i
	srlz.i
	.endm

	.macro	CHECK_CODE
	movl	loc2 = COUNT
	movl	loc3 = CODE
	mov	r14 = ar.k5
	shl	r14 = r14, 6
	add	loc3 = loc3, r14
	movl	loc4 = SHARED
.Lround\@:
	extr.u	loc5 = loc2, 0, 13
	WRITE	loc3, loc5
	mov	b6 = loc3
	br.call.sptk.many b0 = b6
.Lmine\@:
	cmp.ne	p6, p0 = r8, loc5
(p6)	br.cond.spnt wrong
	mov	r20 = ar.k5
	cmp.ne	p6, p0 = 0, r20
(p6)	br.cond.spnt .Lcall\@
	extr.u	r20 = loc2, 0, 6
	shl	r21 = r20, 7
	or	r20 = r20, r21		// both halves alike
	WRITE	loc4, r20
.Lcall\@:
	mov	b6 = loc4
	srlz.i
	br.call.sptk.many b0 = b6
.Lshared\@:
	extr.u	r20 = r8, 0, 7
	extr.u	r21 = r8, 7, 6
	cmp.ne	p6, p0 = r20, r21
(p6)	br.cond.spnt wrong
	AGAIN	loc2, .Lround\@
	.endm

FUNC main, 4, 5
	movl	loc4 = SHARED
	mov	r20 = r0
	WRITE	loc4, r20
	START_OTHER
	CHECK_CODE
	WAIT_OTHER
	RETURN

FUNC other, 4, 1
	CHECK_CODE
	RETURN

wrong:	alloc	r14 = ar.pfs, 0, 0, 2, 0
	SAY	"code did not run as written\n"
	br.sptk	power_off
