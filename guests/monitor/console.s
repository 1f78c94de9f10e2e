// SPDX-License-Identifier: MIT
// The 16550 console, printing of text and numbers, and waiting for input in PAL_HALT_LIGHT.
	.include "macros.s"

	.text
// 115200 8n1 with FIFO; interrupts come later, when the I/O SAPIC has been found.
FUNC console_init
	movl	r14 = UART
	movl	r15 = UART_HIGH
	mov	r16 = 0x83
	adds	r17 = 3, r14
	st1	[r17] = r16		// divisor latch
	mov	r16 = 1
	st1	[r14] = r16
	adds	r18 = 1, r14
	st1	[r18] = r0
	mov	r16 = 3
	st1	[r17] = r16
	mov	r16 = 7
	adds	r17 = 2, r14
	st1	[r17] = r16		// FIFOs on and cleared
	mov	r16 = 0x0b
	st1	[r15] = r16		// DTR RTS OUT2
	mf.a
	RETURN

// Routes the UART's interrupt to this processor, when an I/O SAPIC is known.
FUNC console_interrupts
	LOAD	r16, iosapic
	cmp.eq	p6, p0 = r0, r16
(p6)	br.cond.spnt 1f
	movl	r17 = UNCACHED
	or	r16 = r16, r17
	adds	r18 = 0x10, r16		// the data window
	mov	r19 = cr.lid
	extr.u	r19 = r19, 16, 16
	shl	r19 = r19, 16		// destination: id and eid
	mov	r20 = 0x11 + 2 * UART_GSI
	st4	[r16] = r20
	mf.a
	st4	[r18] = r19
	mf.a
	mov	r20 = 0x10 + 2 * UART_GSI
	st4	[r16] = r20
	mf.a
	mov	r20 = UART_VECTOR
	st4	[r18] = r20
	mf.a
	mov	cr.tpr = r0
	srlz.d
	movl	r14 = UART + 1
	mov	r15 = 1
	st1	[r14] = r15		// receive interrupt on
	mf.a
1:	RETURN

// putc(character): a newline becomes carriage return and newline.
FUNC putc, 0, 1
	cmp.ne	p6, p7 = '\n', in0
(p6)	br.cond.sptk 1f
	mov	out0 = '\r'
	CALL	putc
1:	movl	r14 = UART_HIGH + 1
	movl	r15 = UART
2:	ld1.acq	r16 = [r14]
	tbit.z	p6, p0 = r16, 5
(p6)	br.cond.spnt 2b
	st1	[r15] = in0
	RETURN

// puts(string)
FUNC puts, 0, 1
1:	ld1	r14 = [in0], 1
	cmp.eq	p6, p0 = r0, r14
(p6)	br.cond.spnt 2f
	mov	out0 = r14
	CALL	putc
	br.sptk	1b
2:	RETURN

// puthex(value, digits): the lowest digits, leading zeros kept.
FUNC puthex, 1, 1
	mov	loc2 = in1
1:	cmp.eq	p6, p0 = r0, loc2
(p6)	br.cond.spnt 2f
	adds	loc2 = -1, loc2
	shl	r14 = loc2, 2
	shr.u	r15 = in0, r14
	and	r15 = 15, r15
	movl	r16 = hex_digits
	add	r16 = r16, r15
	ld1	out0 = [r16]
	CALL	putc
	br.sptk	1b
2:	RETURN

// divide10(value): r8 = value / 10, r9 = value % 10.
FUNC divide10
	movl	r14 = 0xcccccccccccccccd
	setf.sig f6 = in0
	setf.sig f7 = r14
	xmpy.hu	f8 = f6, f7
	getf.sig r8 = f8
	shr.u	r8 = r8, 3
	shladd	r14 = r8, 2, r8
	shladd	r14 = r14, 1, r0
	sub	r9 = in0, r14
	RETURN

// putdec(value, width): right-aligned in width columns, at most 20.
FUNC putdec, 3, 2
	movl	loc2 = number_end
	mov	loc3 = in0
	st1	[loc2] = r0
1:	mov	out0 = loc3
	CALL	divide10
	mov	loc3 = r8
	adds	r9 = '0', r9
	adds	loc2 = -1, loc2
	st1	[loc2] = r9
	adds	in1 = -1, in1
	cmp.ne	p6, p0 = r0, loc3
(p6)	br.cond.sptk 1b
2:	cmp.lt	p6, p0 = 0, in1
(p6)	mov	r9 = ' '
(p6)	adds	loc2 = -1, loc2
(p6)	st1	[loc2] = r9
(p6)	adds	in1 = -1, in1
(p6)	br.cond.sptk 2b
	mov	out0 = loc2
	CALL	puts
	RETURN

// put2(value): two decimal digits.
FUNC put2, 0, 2
	mov	out0 = in0
	CALL	divide10
	mov	in1 = r9
	adds	out0 = '0', r8
	CALL	putc
	adds	out0 = '0', in1
	CALL	putc
	RETURN

// getc(): r8 = the next character typed. Idle until there is one.
FUNC getc, 0, 2
1:	movl	r14 = UART_HIGH + 1
	ld1.acq	r15 = [r14]
	tbit.nz	p6, p0 = r15, 0
(p6)	br.cond.sptk 3f
	LOAD	r15, iosapic
	cmp.eq	p6, p0 = r0, r15	// no interrupt to wake us: poll
(p6)	br.cond.spnt 1b
	CALL	pal_halt_light
2:	mov	r14 = cr.ivr		// take and end whatever woke us
	srlz.d
	cmp.eq	p6, p0 = 15, r14
(p6)	br.cond.sptk 1b
	mov	cr.eoi = r0
	srlz.d
	br.sptk	2b
3:	movl	r14 = UART
	ld1.acq	r8 = [r14]
	RETURN

// getline(buffer, size): reads to the end of the line with echo; backspace and Ctrl-U work.
// r8 = length.
FUNC getline, 2, 2
	mov	loc2 = 0
	adds	loc3 = -1, in1
1:	CALL	getc
	cmp.eq	p6, p7 = '\r', r8
(p7)	cmp.eq	p6, p0 = '\n', r8
(p6)	br.cond.spnt 9f
	cmp.eq	p6, p7 = 8, r8
(p7)	cmp.eq	p6, p0 = 127, r8
(p6)	br.cond.spnt 5f
	cmp.eq	p6, p0 = 21, r8
(p6)	br.cond.spnt 7f
	cmp.gtu	p6, p7 = 32, r8
(p6)	br.cond.spnt 1b
	cmp.geu	p6, p0 = loc2, loc3
(p6)	br.cond.spnt 1b
	add	r14 = in0, loc2
	adds	loc2 = 1, loc2
	st1	[r14] = r8
	mov	out0 = r8
	CALL	putc
	br.sptk	1b
5:	cmp.eq	p6, p0 = 0, loc2
(p6)	br.cond.spnt 1b
	adds	loc2 = -1, loc2
	SAY	"\b \b"
	br.sptk	1b
7:	cmp.eq	p6, p0 = 0, loc2
(p6)	br.cond.spnt 1b
	adds	loc2 = -1, loc2
	SAY	"\b \b"
	br.sptk	7b
9:	add	r14 = in0, loc2
	st1	[r14] = r0
	SAY	"\n"
	mov	r8 = loc2
	RETURN

	.section .rodata
hex_digits: .ascii "0123456789abcdef"
	.bss
number:	.skip	40
number_end: .skip 8
