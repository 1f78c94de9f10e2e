/* SPDX-License-Identifier: MIT */
/*
 * The disks of a domain: backends of type vbd, and the threads that do their I/O. The guest's
 * signal wakes a thread, which takes requests from the ring, moves bytes between guest memory and
 * image, and answers; the I/O thread has no part in that. As many requests are in flight as there
 * are threads.
 *
 * I/O thread, unless it says otherwise.
 */
#ifndef BACK_BLOCK_H
#define BACK_BLOCK_H

#include "back/block_image.h"
#include "back/xenbus.h"
#include "hv/hv.h"

struct block;
struct stream;

struct block_disk {
	const char *name;   /* "xvda" */
	const char *target; /* for who looks into xenstore */
	uint32_t number;    /* device number, which the frontend knows it by */
	bool readonly, cdrom;
	struct block_image *image; /* taken, also by a block_add that fails */
};

/* Something has to be told on the I/O thread: block_serve is to be called. Any thread. */
typedef void block_wake_fn(void *ctx);

/* NULL: no memory. */
struct block *block_new(struct hv *hv, struct xenbus *bus, block_wake_fn *wake, void *ctx);
/* One more disk, before block_start. 0 or -errno. */
int block_add(struct block *b, const struct block_disk *d);
/* Makes the threads, when there are disks: none later. They run when it returns. 0 or -errno. */
int block_start(struct block *b);
/* Behind xenbus_free. Ends the threads; NULL is allowed. Returns false, with nothing freed, when
 * the host has not finished a request: its memory is still in use. */
bool block_free(struct block *b);

/* From now on whoever lets the guest signal a channel calls block_eager behind that, on the same
 * thread: small reads of what the host has in memory are done at once then, without another thread.
 */
void block_use_eager(struct block *b);
void block_eager(struct block *b);
/* Tells xenstore and log what threads have found. */
void block_serve(struct block *b);
/* Takes no more requests, and waits for those in flight, ms at most. Returns NULL or the name of a
 * disk that is not done; requests wait in the rings either way until block_resume. */
const char *block_quiesce(struct block *b, unsigned ms);
void block_resume(struct block *b);
/* Which frontends are connected, and how: while all is quiet. A guest that is loaded goes on with
 * the connections it had: they are among the nodes that its creator writes. */
void block_save(const struct block *b, struct stream *s);
void block_load(struct block *b, struct stream *s);
/* The domain has ended: disconnects all disks and closes their images, so that others may use them,
 * unless the host is still busy with one. */
void block_end(struct block *b);
/* A request of a device that was disconnected is still in flight: the name of its disk. The guest's
 * memory and grants must not be taken from it. NULL: none is. */
const char *block_stuck(struct block *b);

#endif
