/* SPDX-License-Identifier: MIT */
/*
 * The save stream: a sequence of named, versioned sections of little-endian numbers.
 * Each unit writes and reads its own section in _save and _load. Reading never trusts the
 * input: the first error sticks, later reads give zero, and stream_error() names the place.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/types.h"

struct stream {
	uint8_t *data; /* owned by the stream */
	size_t len;    /* bytes written, or bytes available to read */
	size_t cap;
	size_t pos; /* read position */
	size_t section_end;
	char section[16];
	char error[160]; /* empty while all is well */
};

/* Frees the stream's buffer; the struct may be used again after zeroing. */
void stream_free(struct stream *s);

/* Starts a section in a stream being written. name: at most 15 characters. */
void stream_begin(struct stream *s, const char *name, uint32_t version);
void stream_end(struct stream *s);

/* Starts reading the section that must come next. Returns its version, 1..max_version; on a
 * wrong name, a newer version or truncation sets the error and returns 0. */
uint32_t stream_open(struct stream *s, const char *name, uint32_t max_version);
/* Ends reading; bytes left over are an error. */
void stream_close(struct stream *s);

void stream_put(struct stream *s, const void *p, size_t n);
void stream_get(struct stream *s, void *p, size_t n);
void stream_put_u64(struct stream *s, uint64_t v);
uint64_t stream_get_u64(struct stream *s);
/* As stream_get_u64; a value above max sets the error, naming what. */
uint64_t stream_get_max(struct stream *s, uint64_t max, const char *what);

/* Sets the error unless one is set already. */
void stream_fail(struct stream *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool stream_ok(const struct stream *s)
{
	return s->error[0] == 0;
}

#endif
