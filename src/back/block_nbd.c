/* SPDX-License-Identifier: MIT */
/*
 * See block_nbd.h. A thread with a request takes a slot, and waits for its answer; whoever waits
 * first reads answers for all.
 */
#define _GNU_SOURCE
#include "back/block_nbd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long closing may take: until a format's last tables are written. */
#define CLOSE_MS 10000

enum slot { FREE, TAKEN, DONE };

struct nbd {
	struct block_image image;
	int socket, memory;
	uint8_t *shared;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum slot slot[NBD_SLOTS];
	int err[NBD_SLOTS];
	bool reading; /* some thread is in recv */
	bool dead;    /* the helper is gone, or makes no sense */
};

/* --- the lock is held --- */

static unsigned take_slot(struct nbd *n)
{
	for (;;) {
		for (unsigned i = 0; i < NBD_SLOTS; i++) {
			if (n->slot[i] == FREE) {
				n->slot[i] = TAKEN;
				return i;
			}
		}
		pthread_cond_wait(&n->changed, &n->lock);
	}
}

static void free_slot(struct nbd *n, unsigned slot)
{
	n->slot[slot] = FREE;
	pthread_cond_broadcast(&n->changed);
}

static void read_answer(struct nbd *n)
{
	struct nbd_answer a;
	ssize_t got;

	n->reading = true;
	pthread_mutex_unlock(&n->lock);
	do
		got = recv(n->socket, &a, sizeof(a), 0);
	while (got < 0 && errno == EINTR);
	pthread_mutex_lock(&n->lock);
	n->reading = false;
	if (got != sizeof(a) || a.slot >= NBD_SLOTS || n->slot[a.slot] != TAKEN || a.err > 0) {
		n->dead = true;
	} else {
		n->slot[a.slot] = DONE;
		n->err[a.slot] = a.err;
	}
	pthread_cond_broadcast(&n->changed);
}

static int await(struct nbd *n, unsigned slot)
{
	while (n->slot[slot] != DONE && !n->dead) {
		if (n->reading)
			pthread_cond_wait(&n->changed, &n->lock);
		else
			read_answer(n);
	}
	return n->slot[slot] == DONE ? n->err[slot] : -EIO;
}

/* --- calls --- */

static int call(struct nbd *n, enum nbd_op op, unsigned slot, uint64_t at, uint64_t len)
{
	struct nbd_call c = {op, slot, at, len};
	int err = -EIO;

	if (send(n->socket, &c, sizeof(c), MSG_NOSIGNAL) == sizeof(c)) {
		pthread_mutex_lock(&n->lock);
		err = await(n, slot);
		pthread_mutex_unlock(&n->lock);
	}
	return err;
}

static unsigned begin(struct nbd *n)
{
	pthread_mutex_lock(&n->lock);
	unsigned slot = take_slot(n);
	pthread_mutex_unlock(&n->lock);
	return slot;
}

static int end(struct nbd *n, unsigned slot, int err)
{
	pthread_mutex_lock(&n->lock);
	free_slot(n, slot);
	pthread_mutex_unlock(&n->lock);
	return err;
}

static int nbd_read(
	struct block_image *i, const struct iovec *v, int count, uint64_t at, size_t total)
{
	struct nbd *n = (struct nbd *)i;

	if (total > NBD_SLOT_SIZE)
		return -EINVAL;
	unsigned slot = begin(n);
	const uint8_t *from = n->shared + slot * NBD_SLOT_SIZE;
	int err = call(n, NBD_READ, slot, at, total);
	for (int k = 0; k < count && !err; k++) {
		memcpy(v[k].iov_base, from, v[k].iov_len);
		from += v[k].iov_len;
	}
	return end(n, slot, err);
}

static int nbd_write(
	struct block_image *i, const struct iovec *v, int count, uint64_t at, size_t total)
{
	struct nbd *n = (struct nbd *)i;

	if (total > NBD_SLOT_SIZE)
		return -EINVAL;
	unsigned slot = begin(n);
	uint8_t *to = n->shared + slot * NBD_SLOT_SIZE;
	for (int k = 0; k < count; k++) {
		memcpy(to, v[k].iov_base, v[k].iov_len);
		to += v[k].iov_len;
	}
	return end(n, slot, call(n, NBD_WRITE, slot, at, total));
}

static int nbd_flush(struct block_image *i)
{
	struct nbd *n = (struct nbd *)i;
	unsigned slot = begin(n);

	return end(n, slot, call(n, NBD_FLUSH, slot, 0, 0));
}

static int nbd_discard(struct block_image *i, uint64_t at, uint64_t len)
{
	struct nbd *n = (struct nbd *)i;
	unsigned slot = begin(n);

	return end(n, slot, call(n, NBD_DISCARD, slot, at, len));
}

/* Others may open the image when we return. */
static void nbd_free(struct block_image *i)
{
	struct nbd *n = (struct nbd *)i;
	struct nbd_call c = {.op = NBD_CLOSE};
	struct pollfd p = {.fd = n->socket, .events = POLLIN};

	if (!n->dead && send(n->socket, &c, sizeof(c), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(c))
		poll(&p, 1, CLOSE_MS);
	munmap(n->shared, NBD_SHARED);
	close(n->socket);
	close(n->memory);
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->changed);
	free(n);
}

static const struct block_image_ops nbd_ops = {
	nbd_read, nbd_write, nbd_flush, nbd_discard, NULL, nbd_free};

struct block_image *block_nbd_new(int socket, int memory)
{
	struct nbd *n = calloc(1, sizeof(*n));
	void *p = mmap(NULL, NBD_SHARED, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);

	if (!n || p == MAP_FAILED) {
		free(n);
		if (p != MAP_FAILED)
			munmap(p, NBD_SHARED);
		return NULL;
	}
	n->image.ops = &nbd_ops;
	n->socket = socket;
	n->memory = memory;
	n->shared = p;
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->changed, NULL);
	return &n->image;
}
