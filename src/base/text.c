/* SPDX-License-Identifier: MIT */
/* Growing text: doubles its buffer, so that adding is cheap. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct text *t, size_t len)
{
	if (t->cap - t->len > len)
		return true;
	size_t cap = t->cap * 2 + len + 256;
	char *p = realloc(t->data, cap);
	if (!p) {
		t->failed = true;
		return false;
	}
	t->data = p;
	t->cap = cap;
	return true;
}

void text_add(struct text *t, const char *p, size_t len)
{
	if (!len || !reserve(t, len))
		return;
	memcpy(t->data + t->len, p, len);
	t->len += len;
	t->data[t->len] = 0;
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n > 0 && reserve(t, (size_t)n))
		t->len += (size_t)vsnprintf(t->data + t->len, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}
