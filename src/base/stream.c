/* SPDX-License-Identifier: MIT */
/*
 * The save stream's bytes. A section is a 16-byte name, a 32-bit version, a 64-bit length and
 * then the payload; everything is little-endian, which every host of ours is.
 */
#include "base/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 28
#define LENGTH_AT   20

void stream_free(struct stream *s)
{
	free(s->data);
	s->data = NULL;
	s->len = s->cap = s->pos = 0;
}

void stream_fail(struct stream *s, const char *fmt, ...)
{
	if (s->error[0])
		return;
	int n = s->section[0] ? snprintf(s->error, sizeof(s->error), "%s: ", s->section) : 0;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(s->error + n, sizeof(s->error) - (size_t)n, fmt, ap);
	va_end(ap);
}

static bool reserve(struct stream *s, size_t n)
{
	if (s->cap - s->len >= n)
		return true;
	size_t cap = s->cap * 2 + n + 4096;
	uint8_t *p = realloc(s->data, cap);
	if (!p) {
		stream_fail(s, "out of memory");
		return false;
	}
	s->data = p;
	s->cap = cap;
	return true;
}

void stream_put(struct stream *s, const void *p, size_t n)
{
	if (!stream_ok(s) || !n || !reserve(s, n))
		return;
	memcpy(s->data + s->len, p, n);
	s->len += n;
}

void stream_put_u64(struct stream *s, uint64_t v)
{
	stream_put(s, &v, sizeof(v));
}

/* While writing, pos is where the open section's header stands. */
void stream_begin(struct stream *s, const char *name, uint32_t version)
{
	uint64_t length = 0;
	memset(s->section, 0, sizeof(s->section));
	memcpy(s->section, name, strnlen(name, sizeof(s->section) - 1));
	s->pos = s->len;
	stream_put(s, s->section, sizeof(s->section));
	stream_put(s, &version, sizeof(version));
	stream_put(s, &length, sizeof(length));
}

void stream_end(struct stream *s)
{
	if (stream_ok(s)) {
		uint64_t length = s->len - s->pos - HEADER_SIZE;
		memcpy(s->data + s->pos + LENGTH_AT, &length, sizeof(length));
	}
	s->section[0] = 0;
	s->pos = 0;
}

uint32_t stream_open(struct stream *s, const char *name, uint32_t max_version)
{
	char found[16];
	uint32_t version;
	uint64_t length;

	s->section_end = s->len;
	snprintf(s->section, sizeof(s->section), "%s", name);
	stream_get(s, found, sizeof(found));
	stream_get(s, &version, sizeof(version));
	stream_get(s, &length, sizeof(length));
	if (!stream_ok(s))
		return 0;
	if (strncmp(found, s->section, sizeof(found)) != 0)
		stream_fail(s, "section \"%.15s\" found in its place", found);
	else if (version == 0 || version > max_version)
		stream_fail(s, "version %u, this build reads up to %u", version, max_version);
	else if (length > s->len - s->pos)
		stream_fail(s, "truncated");
	if (!stream_ok(s))
		return 0;
	s->section_end = s->pos + length;
	return version;
}

void stream_close(struct stream *s)
{
	if (stream_ok(s) && s->pos != s->section_end)
		stream_fail(s, "%zu bytes left over", s->section_end - s->pos);
	s->section[0] = 0;
}

void stream_get(struct stream *s, void *p, size_t n)
{
	if (stream_ok(s) && n > s->section_end - s->pos)
		stream_fail(s, "truncated");
	if (!stream_ok(s)) {
		memset(p, 0, n);
		return;
	}
	if (n)
		memcpy(p, s->data + s->pos, n);
	s->pos += n;
}

uint64_t stream_get_u64(struct stream *s)
{
	uint64_t v;
	stream_get(s, &v, sizeof(v));
	return v;
}

uint64_t stream_get_max(struct stream *s, uint64_t max, const char *what)
{
	uint64_t v = stream_get_u64(s);
	if (v <= max)
		return v;
	stream_fail(s, "%s is %llu, at most %llu possible", what, (unsigned long long)v,
		(unsigned long long)max);
	return 0;
}
