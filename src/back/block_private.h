/* SPDX-License-Identifier: MIT */
/* What the files of disks share. */
#ifndef BACK_BLOCK_PRIVATE_H
#define BACK_BLOCK_PRIVATE_H

#include <pthread.h>

#include "back/block.h"
#include "back/block_request.h"
#include "back/shared_ring.h"

/* Requests at a time, of all disks together. */
#define BLOCK_THREADS 4

/* One disk. The lock guards what is not said to be somebody's own. */
struct vbd {
	struct vbd *next;
	struct block *block;
	struct xenbus_device *x;
	struct block_target target; /* fixed, but for its atomics */
	char name[32], where[1024];
	uint32_t number;
	bool cdrom;

	/* I/O thread */
	bool bound, mapped;
	uint32_t port, ring_ref;
	struct {
		bool connected; /* the guest was, when it was saved, and knows no better */
		uint32_t port, ring_ref;
		char protocol[16];
	} saved;

	bool live;   /* requests may be taken */
	bool kicked; /* the guest has signalled, or nobody has looked yet */
	bool broken; /* its ring is */
	bool report; /* which has not been told */
	unsigned
		flying; /* requests taken whose answers are not published, or are being signalled */
	bool busy;	/* somebody is in serve_eagerly, and looks at the ring again */
	bool put_off;	/* deferred is a request that was taken, for a thread to do */
	struct block_request deferred;
	bool held; /* barrier: nothing is taken before it is done, which begins when none flies */
	struct block_request barrier;
	const struct block_abi *abi;
	struct shared_ring ring;
};

struct block {
	struct hv *hv;
	struct xenbus *bus;
	block_wake_fn *wake;
	void *ctx;
	struct vbd *disks, **last;

	pthread_mutex_t lock;
	pthread_cond_t work; /* for threads: something may be taken */
	pthread_cond_t done; /* a disk has none in flight any more */
	struct vbd *turn;    /* whose requests are looked for first */
	bool paused, quit;
	bool eager_used;    /* whoever signals calls block_eager next */
	_Atomic bool eager; /* it is to do something */
	unsigned idle;	    /* threads that wait for work */
	unsigned threads, running;
	pthread_t thread[BLOCK_THREADS];
};

/* A thread's life (block_work.c); arg is the struct block. */
void *block_work(void *arg);
/* Waits until the disk has none in flight. False: it takes longer than ms. The lock is held. */
bool block_await(struct vbd *v, unsigned ms);

extern const struct xenbus_kind vbd_kind;

#endif
