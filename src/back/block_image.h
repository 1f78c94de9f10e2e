/* SPDX-License-Identifier: MIT */
/*
 * What is behind a disk: bytes that are read and written by several threads at once. A file or
 * block device of the host (block_file.c), or a helper process that knows a format or a server
 * (block_nbd.c).
 */
#ifndef BACK_BLOCK_IMAGE_H
#define BACK_BLOCK_IMAGE_H

#include <sys/uio.h>

#include "base/types.h"

struct block_image;

/* Each waits until it is done, and returns 0 or -errno. Any thread. */
struct block_image_ops {
	/* All of the vector's bytes, total, within the size; at most 64 pieces. */
	int (*read)(struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total);
	int (*write)(
		struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total);
	/* What was written before this was called survives a failure of the host's power. */
	int (*flush)(struct block_image *i);
	/* The bytes are not needed any more. -EOPNOTSUPP where that cannot be done. */
	int (*discard)(struct block_image *i, uint64_t at, uint64_t len);
	/* As read when that takes no time; -EAGAIN else, and bytes may have changed. NULL: never.
	 */
	int (*try_read)(
		struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total);
	/* Closes it; no other call is running. */
	void (*free)(struct block_image *i);
};

struct block_image {
	const struct block_image_ops *ops;
	uint64_t size;		  /* bytes */
	uint32_t sector_size;	  /* 512, or what the host's device has */
	uint32_t discard_granule; /* bytes; 0: no discard */
};

/* Takes fd, open as far as it will be used. NULL: no memory, fd stays the caller's. */
struct block_image *block_file_new(int fd);
/* An image that has nothing, and fails. */
struct block_image *block_none_new(void);

#endif
