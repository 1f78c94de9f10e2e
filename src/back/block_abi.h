/* SPDX-License-Identifier: MIT */
/*
 * Requests and responses of block devices as frontends lay them out
 * (xen/include/public/io/blkif.h): by the word that they write as "protocol". Pages are 16 KB in
 * each. All is little-endian, for big-endian guests too, as in everything that a guest shares with
 * Xen.
 */
#ifndef BACK_BLOCK_ABI_H
#define BACK_BLOCK_ABI_H

#include "base/types.h"

#define BLOCK_SECTOR	   512u
#define BLOCK_PAGE	   16384u
#define BLOCK_DIRECT_MAX   11u /* segments in a request */
#define BLOCK_INDIRECT_MAX 64u /* segments in a page that a request names */
#define BLOCK_REQUEST_MAX  112u
#define BLOCK_RESPONSE_MAX 16u
#define BLOCK_TRANSFER_MAX (BLOCK_INDIRECT_MAX * BLOCK_PAGE) /* bytes */

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_WRITE_BARRIER,
	BLOCK_FLUSH,
	BLOCK_RESERVED,
	BLOCK_DISCARD,
	BLOCK_INDIRECT
};

enum block_status { BLOCK_OKAY = 0, BLOCK_ERROR = -1, BLOCK_EOPNOTSUPP = -2 };

struct block_segment {
	uint32_t ref;
	uint8_t first, last; /* sectors of the page, both are meant */
};

/* A request, whatever its layout was. Nothing of it has been checked but what is said here. */
struct block_request {
	uint8_t op;	   /* of an indirect request that inside, which is what is answered */
	bool indirect;	   /* segments are in the page of indirect_ref */
	uint16_t segments; /* as the guest says; only the first BLOCK_DIRECT_MAX were copied */
	uint64_t id, sector;
	uint64_t discarded; /* sectors */
	uint32_t indirect_ref;
	struct block_segment segment[BLOCK_INDIRECT_MAX];
};

struct block_abi;

/* The layout of that name, NULL: of a guest that does not name one. NULL: there is none such. */
const struct block_abi *block_abi_find(const char *protocol);
const char *block_abi_name(const struct block_abi *a);
uint32_t block_abi_entry(const struct block_abi *a);
/* raw: an entry of the ring. */
void block_abi_request(const struct block_abi *a, const uint8_t *raw, struct block_request *q);
/* One segment of those in an indirect page; all layouts have the same. */
struct block_segment block_abi_segment(const uint8_t *raw);
/* Returns the size. */
size_t block_abi_response(const struct block_abi *a, uint64_t id, uint8_t op, int16_t status,
	uint8_t raw[BLOCK_RESPONSE_MAX]);

#endif
