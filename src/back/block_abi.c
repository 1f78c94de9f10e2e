/* SPDX-License-Identifier: MIT */
/* The layouts differ in what 8 bytes are aligned to. */
#include "back/block_abi.h"

#include <string.h>

struct block_abi {
	const char *protocol;
	uint8_t entry, response;
	uint8_t id, sector;
	uint8_t rest; /* segments, or sectors to discard */
	uint8_t indirect_ref;
};

/* Common to all. */
enum { OP = 0, SEGMENTS = 1, INDIRECT_OP = 1, INDIRECT_SEGMENTS = 2, SEGMENT_SIZE = 8 };

static const struct block_abi abis[] = {
	{"ia64-abi", 112, 16, 8, 16, 24, 28},
	{"x86_64-abi", 112, 16, 8, 16, 24, 28},
	{"x86_32-abi", 108, 12, 4, 12, 20, 24},
};

const struct block_abi *block_abi_find(const char *protocol)
{
	for (unsigned i = 0; i < countof(abis); i++) {
		if (!protocol || strcmp(abis[i].protocol, protocol) == 0)
			return &abis[i];
	}
	return NULL;
}

const char *block_abi_name(const struct block_abi *a)
{
	return a->protocol;
}

uint32_t block_abi_entry(const struct block_abi *a)
{
	return a->entry;
}

static uint64_t get(const uint8_t *p, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	return v;
}

struct block_segment block_abi_segment(const uint8_t *raw)
{
	return (struct block_segment){(uint32_t)get(raw, 4), raw[4], raw[5]};
}

void block_abi_request(const struct block_abi *a, const uint8_t *raw, struct block_request *q)
{
	q->op = raw[OP];
	q->indirect = q->op == BLOCK_INDIRECT;
	q->id = get(raw + a->id, 8);
	q->sector = get(raw + a->sector, 8);
	q->segments = raw[SEGMENTS];
	q->discarded = get(raw + a->rest, 8);
	q->indirect_ref = (uint32_t)get(raw + a->indirect_ref, 4);
	if (q->indirect) {
		q->op = raw[INDIRECT_OP];
		q->segments = (uint16_t)get(raw + INDIRECT_SEGMENTS, 2);
	}
	for (unsigned n = 0; n < BLOCK_DIRECT_MAX; n++)
		q->segment[n] = block_abi_segment(raw + a->rest + n * SEGMENT_SIZE);
}

size_t block_abi_response(const struct block_abi *a, uint64_t id, uint8_t op, int16_t status,
	uint8_t raw[BLOCK_RESPONSE_MAX])
{
	memset(raw, 0, BLOCK_RESPONSE_MAX);
	memcpy(raw, &id, 8);
	raw[8] = op;
	memcpy(raw + 10, &status, 2);
	return a->response;
}
