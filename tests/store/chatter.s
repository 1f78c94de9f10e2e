// SPDX-License-Identifier: MIT
// A PV guest that talks to xenstore for ever, in guest physical mode: WATCH, UNWATCH and WRITE data/n with a
// count, each with a number of its own. A reply that is not the one it waits for, or an error (a request done
// twice would give one), crashes it. For domains of 8 MB: the ring is at a place of its own.
	.set	STORE, 510 << 14
	.set	START_INFO, 509 << 14
	.text
	.global	_start

// Hypercall \number with two arguments; r2, r8-r31 are lost.
	.macro	call number, a, b
	mov	r32 = \a
	mov	r33 = \b
	mov	r2 = \number
	break	0x1000
	.endm

// Tells the other end.
	.macro	kick
	movl	r14 = port
	movl	r15 = 1 << 63
	or	r14 = r14, r15
	call	32, 4, r14
	.endm

_start:	alloc	r14 = ar.pfs, 0, 16, 0, 0
	movl	r4 = STORE
	mov	r5 = 0		// number of the request
	movl	r14 = START_INFO + 0x40
	movl	r15 = port
	ld4	r16 = [r14]
	st4	[r15] = r16

again:	movl	r40 = watch
	br.sptk	send
after1:	movl	r40 = unwatch
	br.sptk	send
after2:	movl	r40 = write
	movl	r14 = digits
	mov	r15 = 8
	mov	r16 = r5
1:	extr.u	r17 = r16, 28, 4	// the number, as eight digits
	shl	r16 = r16, 4
	add	r17 = 'a', r17
	add	r15 = -1, r15
	st1	[r14] = r17, 1
	cmp.ne	p6, p0 = 0, r15
(p6)	br.cond.dptk 1b
	br.sptk	send

// The message at r40, by header; then waits for its reply.
send:	add	r14 = 4, r40
	add	r15 = 12, r40
	add	r5 = 1, r5
	st4	[r14] = r5
	ld4	r41 = [r15]
	mov	r42 = r40
	add	r41 = 16, r41
put:	movl	r14 = STORE + 0x800
	movl	r15 = STORE + 0x804
	ld4.acq	r16 = [r14]
	ld4	r17 = [r15]
	sub	r18 = r17, r16
	zxt4	r18 = r18
	mov	r19 = 1024
	cmp.eq	p6, p7 = r18, r19
(p6)	br.cond.spnt full
	ld1	r20 = [r42], 1
	extr.u	r18 = r17, 0, 10
	add	r17 = 1, r17
	add	r41 = -1, r41
	add	r18 = r18, r4
	st1	[r18] = r20
	st4.rel	[r15] = r17
	cmp.ne	p6, p7 = 0, r41
(p6)	br.cond.dptk put
	kick
take:	movl	r42 = reply		// the next message: its header, then the rest
	mov	r41 = 16
	mov	r43 = 0
get:	movl	r14 = STORE + 0x808
	movl	r15 = STORE + 0x80c
	ld4	r16 = [r14]
	ld4.acq	r17 = [r15]
	cmp4.eq	p6, p7 = r16, r17
(p6)	br.cond.spnt empty
	movl	r19 = STORE + 0x400
	extr.u	r18 = r16, 0, 10
	add	r16 = 1, r16
	add	r41 = -1, r41
	add	r18 = r18, r19
	ld1	r20 = [r18]
	st1	[r42] = r20, 1
	st4.rel	[r14] = r16
	cmp.ne	p6, p7 = 0, r41
(p6)	br.cond.dptk get
	cmp.ne	p6, p7 = 0, r43
(p6)	br.cond.spnt whole
	movl	r14 = reply + 12
	mov	r43 = 1
	ld4	r41 = [r14]
	cmp.ne	p6, p7 = 0, r41
(p6)	br.cond.dptk get
whole:	kick
	movl	r14 = reply
	add	r18 = 4, r40
	add	r15 = 4, r14
	ld4	r16 = [r14]
	ld4	r17 = [r40]
	mov	r20 = 15
	cmp.eq	p6, p7 = r16, r20	// an event
(p6)	br.cond.spnt take
	ld4	r18 = [r18]
	ld4	r19 = [r15]
	cmp.ne	p6, p7 = r16, r17
	cmp.ne	p8, p9 = r18, r19
(p6)	br.cond.spnt bad
(p8)	br.cond.spnt bad
	mov	r14 = 4			// which was it?
	mov	r15 = 5
	cmp.eq	p6, p7 = r17, r14
	cmp.eq	p8, p9 = r17, r15
(p6)	br.cond.dptk after1
(p8)	br.cond.dptk after2
	br.sptk	again

full:	kick
	call	29, 0, r0
	br.sptk	put
empty:	call	29, 0, r0
	br.sptk	get
bad:	break.m	0			// nobody handles it

	.data
	.balign	16
port:	.skip	16
	.macro	message name, type, text:vararg
	.balign	8
\name:	.long	\type, 0, 0, 2f - 1f
1:	.ascii	\text
	.endm
	message	watch, 4, "data\0t\0"
2:	message	unwatch, 5, "data\0t\0"
2:	message	write, 11, "data/n\0"
digits:	.ascii	"aaaaaaaa"
2:	.balign	8
reply:	.skip	5000
