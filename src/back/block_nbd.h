/* SPDX-License-Identifier: MIT */
/*
 * Images that a helper process serves (src/helper/nbd.c), which speaks NBD to qemu-nbd or a server:
 * what it and the domain's process say to each other. They share some pieces of memory, one for
 * each request at a time, and a socket of packets. The helper ends when its end of that is closed,
 * and closes the image before.
 */
#ifndef BACK_BLOCK_NBD_H
#define BACK_BLOCK_NBD_H

#include "back/block_abi.h"
#include "back/block_image.h"

#define NBD_SLOTS     4u
#define NBD_SLOT_SIZE BLOCK_TRANSFER_MAX
#define NBD_SHARED    (NBD_SLOTS * NBD_SLOT_SIZE)

enum nbd_op { NBD_READ, NBD_WRITE, NBD_FLUSH, NBD_DISCARD, NBD_CLOSE };

/* Bytes stand at the beginning of the slot. */
struct nbd_call {
	uint32_t op, slot;
	uint64_t at, len;
};

struct nbd_answer {
	uint32_t slot;
	int32_t err; /* 0 or -errno */
};

/* socket: of the domain; memory: sealed so that it has NBD_SHARED bytes for ever. Takes both. NULL:
 * no memory, they stay the caller's. */
struct block_image *block_nbd_new(int socket, int memory);

#endif
