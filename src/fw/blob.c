/* SPDX-License-Identifier: MIT */
/* The table writer. Space is set by fw/layout.h and suffices for MAX_CPUS processors. */
#include <assert.h>
#include <string.h>

#include "fw/call.h"

void blob_bytes(struct blob *b, const void *p, size_t n)
{
	assert(n <= b->cap - b->len);
	memcpy(b->data + b->len, p, n);
	b->len += n;
}

void blob_u8(struct blob *b, uint8_t v)
{
	blob_bytes(b, &v, sizeof(v));
}

void blob_u16(struct blob *b, uint16_t v)
{
	blob_bytes(b, &v, sizeof(v));
}

void blob_u32(struct blob *b, uint32_t v)
{
	blob_bytes(b, &v, sizeof(v));
}

void blob_u64(struct blob *b, uint64_t v)
{
	blob_bytes(b, &v, sizeof(v));
}

void blob_zero(struct blob *b, size_t n)
{
	assert(n <= b->cap - b->len);
	memset(b->data + b->len, 0, n);
	b->len += n;
}

void blob_text(struct blob *b, const char *text, size_t n, char pad)
{
	size_t len = strnlen(text, n);
	blob_bytes(b, text, len);
	for (; len < n; len++)
		blob_u8(b, (uint8_t)pad);
}

void blob_align(struct blob *b, size_t to)
{
	while (b->len % to)
		blob_u8(b, 0);
}

void blob_checksum(struct blob *b, size_t at, size_t n, size_t where)
{
	uint8_t sum = 0;
	b->data[where] = 0;
	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + b->data[at + i]);
	b->data[where] = (uint8_t)-sum;
}

void blob_patch_u32(struct blob *b, size_t at, uint32_t v)
{
	memcpy(b->data + at, &v, sizeof(v));
}

void blob_patch_u64(struct blob *b, size_t at, uint64_t v)
{
	memcpy(b->data + at, &v, sizeof(v));
}
