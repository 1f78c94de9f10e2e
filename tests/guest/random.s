// SPDX-License-Identifier: MIT
// Executes pages of random instructions with random registers, at privilege level CPL, in virtual
// mode with nothing mapped but this program and a megabyte from USER on, on CPUS processors, each with
// a megabyte of its own: COUNT pages, or for SECONDS. What faults is
// skipped; what leaves the page, loops or tears the register stack ends the page. At level 0 the
// code may destroy anything of the guest.
	.include "guest.inc"
	.ifndef	CPUS
CPUS = 1
	.endif
	.ifndef	COUNT
COUNT = 1 << 40
	.endif
	.include "smp.inc"

// Of processor 0: the others' are OWN higher.
CODE = USER			// one page of 4 KB
DATA = USER + 0x10000		// random, and what pointers point to
STACK = USER + 0x80000		// backing store
FAULTS_MAX = 3000		// of one page of code

	.section .bss
	.align	8
faults:	.skip	8 * CPUS
pages:	.skip	8 * CPUS
	.text

// REG = an address of this processor's own; T is overwritten. SHIFT: log2 of the distance.
	.macro	OWN reg, t, address, shift=20
	movl	\reg = \address
	mov	\t = ar.k5
	shl	\t = \t, \shift
	add	\reg = \reg, \t
	.endm

FUNC main, 2, 5
	HOOK	interrupted
	START_OTHER
	br.sptk	start

FUNC other, 2, 1
start:
	rsm	psr.ic
	srlz.d
	movl	r15 = 0x100000
	movl	r16 = 20 << 2
	movl	r17 = 0x100000 | 0x661	// rwx at level 0
	mov	cr.ifa = r15
	mov	cr.itir = r16
	itr.i	itr[r0] = r17
	itr.d	dtr[r0] = r17
	mov	r18 = 1
	OWN	r15, r17, USER
	movl	r17 = 0x7e1		// rwx at level 3
	or	r17 = r15, r17
	mov	cr.ifa = r15
	itr.i	itr[r18] = r17
	itr.d	dtr[r18] = r17
	ssm	psr.ic
	srlz.i
	mov	r15 = 0x40
	mov	cr.itv = r15
	OWN	r14, r15, pages, 3
	movl	r15 = COUNT
	st8	[r14] = r15

// Interrupted pages come back here by rfi, in physical mode with an empty frame.
next_page:
	rsm	psr.i
	mov	ar.rsc = 0
	loadrs
	OWN	r14, r15, 0x300000, 16
	mov	ar.bspstore = r14
	alloc	r14 = ar.pfs, 0, 8, 2, 0
	OWN	r14, r15, pages, 3
	ld8	r15 = [r14]
	adds	r15 = -1, r15
	cmp.eq	p6, p0 = -1, r15
	.ifdef	SECONDS
	mov	r16 = ar.itc
	movl	r17 = SECONDS * 1000000000
	cmp.ltu	p6, p0 = r17, r16
	.endif
(p6)	br.cond.spnt finished
	st8	[r14] = r15
	OWN	r14, r15, faults, 3
	st8	[r14] = r0

// Code: three random slots and a template each; every other one has the opcode of system
// instructions and no predicate.
	OWN	loc2, r15, CODE
	mov	r15 = 255
	mov	ar.lc = r15
.Lbundle:
	RANDOM	r20, r14
	RANDOM	r21, r14
	RANDOM	r22, r14
	movl	r23 = (1 << 33) - 64
	movl	r24 = 1 << 37
	tbit.nz	p6, p0 = r20, 60
(p6)	and	r21 = r21, r23
(p6)	or	r21 = r21, r24
	dep.z	r25 = r21, 46, 18	// slot 1, low part
	dep.z	r20 = r20, 0, 46	// slot 0 and the template
	or	r25 = r20, r25
	extr.u	r21 = r21, 18, 23
	dep.z	r26 = r22, 23, 41
	or	r26 = r21, r26
	st8	[loc2] = r25, 8
	fc.i	loc2
	st8	[loc2] = r26, 8
	br.cloop.sptk .Lbundle
	sync.i
	srlz.i

// Data, of which a part changes every time.
	OWN	loc2, r15, DATA
	mov	r15 = 511
	mov	ar.lc = r15
1:	RANDOM	r20, r14
	st8	[loc2] = r20, 8
	br.cloop.sptk 1b

// Floating-point registers
	OWN	loc2, r15, DATA
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,60,61,62,63,64,65,66,67,68,69,70,90,91,92,93,94,95,96,97,98,99,100,120,121,122,123,124,125,126,127
	ldf.fill f\n = [loc2], 16
	.endr
	.irp	n, 8,9,10,11,33,34,35,36,37
	ldfd	f\n = [loc2], 8
	.endr

// Application registers, within what is legal
	RANDOM	r20, r14
	mov	ar.ccv = r20
	RANDOM	r20, r14
	mov	ar.unat = r20
	RANDOM	r20, r14
	and	r21 = 63, r20
	mov	ar.lc = r21
	extr.u	r21 = r20, 8, 6
	mov	ar.ec = r21
	RANDOM	r20, r14
	movl	r21 = 0xc3f0003fffffffff
	and	r20 = r20, r21
	tbit.nz	p6, p0 = r20, 9
(p6)	movl	r20 = 0xc000000000000000 | 8 << 7 | 20
	mov	ar.pfs = r20
	RANDOM	r20, r14
	movl	r21 = 0x03ffffffffffefff	// precision control 1 is reserved
	movl	r22 = 1 << 9 | 1 << 22 | 1 << 35 | 1 << 48
	and	r20 = r20, r21
	or	r20 = r20, r22
	mov	ar.fpsr = r20
	.irp	n, 1,2,3,4,5,6,7
	RANDOM	r20, r14
	extr.u	r21 = r20, 4, 8
	shl	r21 = r21, 4
	OWN	r22, r23, CODE
	add	r21 = r21, r22
	tbit.nz	p6, p0 = r20, 40
(p6)	mov	r21 = r20
	mov	b\n = r21
	.endr

// Where to: the page, with random bits of the user's PSR every second time
	rsm	psr.ic
	srlz.d
	RANDOM	r20, r14
	movl	r22 = 0x0000abe00f5c003a	// be up ac mfl mfh... and the one-instruction bits
	and	r22 = r22, r20
	RANDOM	r20, r14
	and	r22 = r22, r20
	tbit.nz	p6, p0 = r20, 40
(p6)	mov	r22 = r0
	movl	r21 = PSR_BITS_VIRTUAL | PSR_BITS_IC | PSR_BITS_I | PSR_BITS_BN | CPL << 32
	or	r22 = r22, r21
	mov	cr.ipsr = r22
	OWN	r21, r22, CODE
	mov	cr.iip = r21
// A random frame: loads of what lies in the backing store follow
	RANDOM	r20, r14
	movl	r21 = 0x3fffffffff
	and	r20 = r20, r21
	tbit.nz	p6, p0 = r20, 20
(p6)	movl	r20 = 48 | 30 << 7 | 2 << 14
	dep	r20 = -1, r20, 63, 1
	mov	cr.ifs = r20
	OWN	r14, r21, STACK
	extr.u	r21 = r20, 3, 9
	shl	r21 = r21, 3
	add	r14 = r14, r21
	flushrs
	mov	ar.rsc = 0
	mov	ar.bspstore = r14
	RANDOM	r20, r14
	mov	ar.rnat = r20
	movl	r21 = 0x3fff001f
	and	r20 = r20, r21
	mov	r15 = 0xc
	or	r20 = r15, r20
	mov	ar.rsc = r20
	mov	r14 = ar.itc
	movl	r15 = 3000000		// 3 ms for the page
	add	r14 = r14, r15
	mov	cr.itm = r14
	RANDOM	r20, r14
	mov	pr = r20, -1

// General registers: pointers to data, NaTs, anything. ar.k6 goes on where the last one stops.
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	RANDOM	r\n, r14
	OWN	r15, r14, DATA
	extr.u	r14 = r\n, 5, 12
	add	r14 = r15, r14
	tbit.nz	p6, p0 = r\n, 3
(p6)	mov	r\n = r14
	.endr
	RANDOM	r14, r15
	RANDOM	r15, r14
	rfi

finished:
	mov	r15 = ar.k5
	cmp.ne	p6, p0 = 0, r15
(p6)	br.cond.spnt other_end
	WAIT_OTHER
	rsm	psr.ic
	srlz.d
	HOOK	skip
	ssm	psr.ic
	srlz.d
	SAY	"survived\n"
	br.sptk	power_off

// Every interruption of random code. Bank 0 is ours.
interrupted:
	mov	r17 = cr.isr
	movl	r19 = 1 << 37 | 1 << 38	// rs, ir: the register stack's own
	and	r17 = r17, r19
	cmp.ne	p6, p0 = r0, r17
(p6)	br.cond.spnt .Lleave
	mov	r18 = cr.iip
	OWN	r19, r20, CODE
	sub	r19 = r18, r19
	shr.u	r19 = r19, 12
	cmp.ne	p6, p0 = r0, r19
(p6)	br.cond.spnt .Lleave
	movl	r19 = 0x3000		// external interrupt
	cmp.eq	p6, p0 = r16, r19
(p6)	br.cond.spnt .Lleave
	OWN	r20, r21, faults, 3
	ld8	r21 = [r20]
	adds	r21 = 1, r21
	st8	[r20] = r21
	movl	r19 = FAULTS_MAX
	cmp.gtu	p6, p0 = r21, r19
(p6)	br.cond.spnt .Lleave
	br.sptk	skip
.Lleave:
	mov	r17 = cr.ivr
	mov	cr.eoi = r0
	movl	r17 = PSR_BITS_IC | PSR_BITS_BN
	mov	cr.ipsr = r17
	movl	r17 = next_page
	mov	cr.iip = r17
	movl	r17 = 1 << 63
	mov	cr.ifs = r17
	mov	ar.rsc = 0
	OWN	r17, r18, 0x300000, 16
	mov	ar.bspstore = r17
	rfi
