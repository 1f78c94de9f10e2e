/* SPDX-License-Identifier: MIT */
/*
 * One request of a block device, from a guest that may ask for anything: checked, and done between
 * the guest's granted pages and the image.
 */
#ifndef BACK_BLOCK_REQUEST_H
#define BACK_BLOCK_REQUEST_H

#include "back/block_abi.h"
#include "back/block_image.h"
#include "hv/hv.h"

struct block_target {
	struct hv *hv;
	struct block_image *image;
	const char *name; /* for the log */
	bool readonly;
	_Atomic bool complained; /* a failure of the host was logged */
};

/* Does it if that takes no time: a small read of what the host has in memory. Returns whether it
 * was done, with the answer in *s; q stays as it is. */
bool block_try(struct block_target *t, const struct block_request *q, enum block_status *s);
/* Does it, and waits. q is changed. Any thread, several at once. */
enum block_status block_perform(struct block_target *t, struct block_request *q);

#endif
