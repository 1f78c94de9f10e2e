/* SPDX-License-Identifier: MIT */
/* Images that are files or block devices of the host, as they are. */
#define _GNU_SOURCE
#include "back/block_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As many as a request has segments; what is left of a call that was cut short goes on. */
#define VECTOR_MAX 64

struct file {
	struct block_image image;
	int fd;
};

typedef ssize_t vector_fn(int fd, const struct iovec *v, int n, off_t at);

/* Drops done bytes from the front of the vector. */
static int advance(struct iovec *v, int n, size_t done)
{
	int first = 0;

	while (first < n && done >= v[first].iov_len)
		done -= v[first++].iov_len;
	memmove(v, v + first, (size_t)(n - first) * sizeof(*v));
	if (n > first) {
		v->iov_base = (uint8_t *)v->iov_base + done;
		v->iov_len -= done;
	}
	return n - first;
}

static int finish(vector_fn *call, int fd, const struct iovec *v, int n, uint64_t at, size_t done)
{
	struct iovec left[VECTOR_MAX];

	memcpy(left, v, (size_t)n * sizeof(*v));
	n = advance(left, n, done);
	while (n) {
		at += done;
		ssize_t got = call(fd, left, n, (off_t)at);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return -EIO; /* the file has become shorter */
		done = got < 0 ? 0 : (size_t)got;
		n = advance(left, n, done);
	}
	return 0;
}

static int transfer(vector_fn *call, struct block_image *i, const struct iovec *v, int n,
	uint64_t at, size_t total)
{
	int fd = ((struct file *)i)->fd;

	if (n > VECTOR_MAX)
		return -EINVAL;
	ssize_t got = call(fd, v, n, (off_t)at);
	if (likely(got == (ssize_t)total))
		return 0;
	if (got == 0)
		return -EIO;
	if (got < 0 && errno != EINTR)
		return -errno;
	return finish(call, fd, v, n, at, got < 0 ? 0 : (size_t)got);
}

static int file_read(struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total)
{
	return transfer(preadv, i, v, n, at, total);
}

static int file_write(
	struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total)
{
	return transfer(pwritev, i, v, n, at, total);
}

static int file_try_read(
	struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total)
{
	ssize_t got = preadv2(((struct file *)i)->fd, v, n, (off_t)at, RWF_NOWAIT);

	return got == (ssize_t)total ? 0 : -EAGAIN;
}

static int file_flush(struct block_image *i)
{
	return fdatasync(((struct file *)i)->fd) < 0 ? -errno : 0;
}

static int file_discard(struct block_image *i, uint64_t at, uint64_t len)
{
	int err = fallocate(((struct file *)i)->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		(off_t)at, (off_t)len);
	return err < 0 ? -errno : 0;
}

static void file_free(struct block_image *i)
{
	close(((struct file *)i)->fd);
	free(i);
}

static const struct block_image_ops file_ops = {
	file_read, file_write, file_flush, file_discard, file_try_read, file_free};

struct block_image *block_file_new(int fd)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->image.ops = &file_ops;
	f->fd = fd;
	return &f->image;
}

/* --- none --- */

static int none_transfer(
	struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total)
{
	(void)i, (void)v, (void)n, (void)at, (void)total;
	return -ENOMEDIUM;
}

static int none_flush(struct block_image *i)
{
	(void)i;
	return 0;
}

static int none_discard(struct block_image *i, uint64_t at, uint64_t len)
{
	(void)i, (void)at, (void)len;
	return -EOPNOTSUPP;
}

static void none_free(struct block_image *i)
{
	free(i);
}

static const struct block_image_ops none_ops = {
	none_transfer, none_transfer, none_flush, none_discard, NULL, none_free};

struct block_image *block_none_new(void)
{
	struct block_image *i = calloc(1, sizeof(*i));

	if (i)
		i->ops = &none_ops;
	return i;
}
