/* SPDX-License-Identifier: MIT */
/*
 * Of a C library, what is used.
 */
#include "minios.h"

void *memset(void *p, int c, size_t n)
{
	for (volatile u8 *b = p; n--; b++)
		*b = (u8)c;
	return p;
}

void *memcpy(void *to, const void *from, size_t n)
{
	volatile u8 *t = to;
	for (const u8 *f = from; n--;)
		*t++ = *f++;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

bool starts(const char *s, const char *with)
{
	while (*with)
		if (*s++ != *with++)
			return false;
	return true;
}

u64 number_at(const char *s)
{
	u64 n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + (u64)(*s++ - '0');
	return n;
}

/* --- printf --- */

struct out {
	char *to;
	size_t size, at;
};

static void put(struct out *o, char c)
{
	if (o->at + 1 < o->size)
		o->to[o->at] = c;
	o->at++;
}

static void put_number(struct out *o, u64 v, unsigned base, int width, char pad)
{
	char digits[24];
	int n = 0;

	do {
		/* not by division: it takes registers of floating point, which tests look at */
		u64 q = 0, r = 0;
		for (int b = 63; b >= 0; b--) {
			r = r << 1 | (v >> b & 1);
			if (r >= base) {
				r -= base;
				q |= 1ull << b;
			}
		}
		digits[n++] = "0123456789abcdef"[r];
		v = q;
	} while (v);
	while (width-- > n)
		put(o, pad);
	while (n)
		put(o, digits[--n]);
}

static void put_text(struct out *o, const char *s, int width)
{
	int n = (int)strlen(s);

	for (; *s; s++)
		put(o, *s);
	while (n++ < width)
		put(o, ' ');
}

static const char *conversion(struct out *o, const char *f, va_list *ap)
{
	char pad = *f == '0' ? '0' : ' ';
	int width = 0;
	bool wide = false;

	while (*f >= '0' && *f <= '9')
		width = width * 10 + *f++ - '0';
	while (*f == 'l' || *f == 'z') {
		wide = true;
		f++;
	}
	if (*f == 's') {
		put_text(o, va_arg(*ap, const char *), width);
	} else if (*f == 'c') {
		put(o, (char)va_arg(*ap, int));
	} else if (*f == 'd') {
		s64 v = wide ? va_arg(*ap, s64) : va_arg(*ap, int);
		if (v < 0)
			put(o, '-');
		put_number(o, v < 0 ? -(u64)v : (u64)v, 10, width, pad);
	} else if (*f == 'u' || *f == 'x') {
		u64 v = wide ? va_arg(*ap, u64) : va_arg(*ap, u32);
		put_number(o, v, *f == 'x' ? 16 : 10, width, pad);
	} else {
		put(o, *f);
	}
	return f + 1;
}

int formatv(char *to, size_t size, const char *fmt, va_list ap)
{
	struct out o = {to, size, 0};
	va_list copy;

	va_copy(copy, ap);
	while (*fmt)
		if (*fmt == '%')
			fmt = conversion(&o, fmt + 1, &copy);
		else
			put(&o, *fmt++);
	va_end(copy);
	if (size)
		to[o.at < size ? o.at : size - 1] = 0;
	return (int)o.at;
}

int format(char *to, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = formatv(to, size, fmt, ap);
	va_end(ap);
	return n;
}

static u64 random_state = 0x9e3779b97f4a7c15;

u64 random_next(void)
{
	u64 x = random_state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return random_state = x;
}
