/* SPDX-License-Identifier: MIT */
/*
 * Rotating loops. The compiler makes none, so daxpy and a search for a zero byte are br.ctop and
 * br.wtop loops in assembly for ia64, and plain C elsewhere; memcpy, memmove, memset, memcmp and
 * strlen are the C library's, which rotate there.
 */
#include "bench.h"

#define COUNT 1000
#define BYTES 10000

static double x[COUNT], y[COUNT];
static char from[BYTES], to[BYTES];

#ifdef __ia64__

/* y += factor * x. The loads are stage 0, the sum is stage 6, the store stage 10. */
void daxpy(double *y, const double *x, double factor, uint64_t count);
/* How many bytes are in front of the first zero. */
uint64_t length(const char *s);

/* clang-format off */
__asm__(
	".text\n"
	".proc daxpy\n"
	"daxpy:	.prologue\n"
	"	alloc	r14 = ar.pfs, 4, 4, 0, 8\n"
	"	.save	pr, r15\n"
	"	mov	r15 = pr\n"
	"	.save	ar.lc, r16\n"
	"	mov	r16 = ar.lc\n"
	"	.body\n"
	"	mov	r17 = in0\n"
	"	mov	r18 = in1\n"
	"	mov	r19 = in0\n"
	"	adds	r20 = -1, in3 ;;\n"
	"	mov	ar.lc = r20\n"
	"	mov	ar.ec = 11\n"
	"	mov	pr.rot = 1 << 16 ;;\n"
	"1:	(p16)	ldfd	f32 = [r18], 8\n"
	"	(p16)	ldfd	f48 = [r17], 8\n"
	"	(p22)	fma.d	f64 = f8, f38, f54\n"
	"	(p26)	stfd	[r19] = f68, 8\n"
	"	br.ctop.sptk	1b ;;\n"
	"	mov	ar.lc = r16\n"
	"	mov	pr = r15, -1\n"
	"	br.ret.sptk	b0 ;;\n"
	"	.endp daxpy\n"
	".proc length\n"
	"length: .prologue\n"
	"	alloc	r14 = ar.pfs, 1, 7, 0, 8\n"
	"	.save	pr, r15\n"
	"	mov	r15 = pr\n"
	"	.body\n"
	"	mov	r17 = in0\n"
	"	mov	r8 = -1\n"
	"	mov	ar.ec = 2\n"
	"	mov	pr.rot = 1 << 16 ;;\n"
	"1:	ld1.s	r32 = [r17], 1\n"
	"	(p18)	cmp.ne	p17, p0 = r34, r0\n"
	"	(p18)	adds	r8 = 1, r8\n"
	"	(p17)	br.wtop.sptk 1b ;;\n"
	"	mov	pr = r15, -1\n"
	"	br.ret.sptk	b0 ;;\n"
	"	.endp length\n");
/* clang-format on */

#else

__attribute__((noinline)) static void daxpy(
	double *a, const double *b, double factor, uint64_t count)
{
	for (uint64_t n = 0; n < count; n++)
		a[n] += factor * b[n];
}

__attribute__((noinline)) static uint64_t length(const char *s)
{
	uint64_t n = 0;
	while (s[n])
		n++;
	return n;
}

#endif

/* All numbers are small multiples of 1/4, so that every sum is exact. */
static uint64_t vectors(void)
{
	uint64_t sum = 0;
	for (size_t n = 0; n < COUNT; n++) {
		x[n] = (double)(n % 16);
		y[n] = (double)(n % 5);
	}
	for (unsigned n = 0; n < 100; n++)
		daxpy(y, x, (n & 1 ? -0.25 : 0.5), COUNT);
	for (size_t n = 0; n < COUNT; n++)
		sum = bench_mix(sum, (uint64_t)(int64_t)(4 * y[n]));
	return sum;
}

static uint64_t strings(void)
{
	uint64_t sum = 0;
	memset(from, 'x', BYTES - 1);
	for (size_t n = 0; n < 30; n++) {
		size_t end = BYTES - 1 - 7 * n;
		from[end] = 0;
		sum += length(from + n) + strlen(from + n);
		memcpy(to + n, from, BYTES - n);
		memmove(to, to + 8, BYTES / 2);
		sum += memcmp(to + n, from, BYTES / 4) == 0;
		from[end] = 'y';
	}
	for (size_t n = 0; n < BYTES; n += 16)
		sum = bench_mix(sum, (unsigned char)to[n]);
	return sum;
}

uint64_t bench(void)
{
	return bench_mix(vectors(), strings());
}
