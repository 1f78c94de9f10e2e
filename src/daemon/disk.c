/* SPDX-License-Identifier: MIT */
/*
 * The journal's two files. Records are appended to the current one before anybody hears of what
 * they say. When it is long, the other is filled with what there is now, and becomes current by its
 * header, which is written last: of two complete files the one with the higher number counts.
 */
#define _GNU_SOURCE
#include "daemon/daemon.h"

#include "base/log.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC	    0x316c6e6a6e657870ull
#define COMPACT_MIN (1u << 20)
#define TX_STRIDE   0x9e3779b1u /* far apart, whichever two are compared */

struct head {
	uint64_t magic, sequence;
};

static const char *const names[2] = {"epixend.journal.0", "epixend.journal.1"};

static int write_at(int fd, const void *data, size_t n, uint64_t at)
{
	const uint8_t *p = data;
	while (n) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);
		if (done <= 0)
			return done ? -errno : -EIO;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

/* Once for each trouble: what is not written is lost if epixend is killed, and only then. */
static void complain(struct disk *k, int err)
{
	if (err && !k->failed)
		log_error("cannot write the journal: %s; what changes now is not safe",
			strerror(-err));
	k->failed = err != 0;
}

/* Puts everything into the other file and goes on there. */
static int compact(struct daemon *d)
{
	struct disk *k = &d->disk;
	struct text all = {0};
	unsigned other = !k->current;
	struct head h = {MAGIC, k->sequence + 1};
	store_snapshot(d->store, &all);
	int err = all.failed ? -ENOMEM : ftruncate(k->fd[other], 0) < 0 ? -errno : 0;
	if (!err)
		err = write_at(k->fd[other], all.data, all.len, sizeof(h));
	if (!err)
		err = write_at(k->fd[other], &h, sizeof(h), 0);
	if (!err) {
		k->current = other;
		k->sequence = h.sequence;
		k->size = sizeof(h) + all.len;
		k->compact_at = 2 * k->size + COMPACT_MIN;
		if (ftruncate(k->fd[!other], 0) < 0)
			log_debug("the old journal stays as it is");
	}
	text_free(&all);
	return err;
}

void disk_append(struct daemon *d)
{
	struct disk *k = &d->disk;
	const struct text *j = store_journal(d->store);
	if (!j->len && !j->failed)
		return;
	bool anew = k->failed || j->failed || k->size + j->len > k->compact_at;
	int err = anew ? compact(d) : write_at(k->fd[k->current], j->data, j->len, k->size);
	if (!anew && !err)
		k->size += j->len;
	complain(k, err);
	store_journal_done(d->store);
}

static uint64_t read_sequence(int fd)
{
	struct head h;
	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || h.magic != MAGIC)
		return 0;
	return h.sequence;
}

static int replay(struct daemon *d)
{
	struct disk *k = &d->disk;
	struct stat st;
	int fd = k->fd[k->current];
	if (fstat(fd, &st) < 0)
		return -errno;
	size_t n = (size_t)st.st_size - sizeof(struct head), got = 0;
	uint8_t *data = malloc(n + 1);
	if (!data)
		return -ENOMEM;
	for (ssize_t more; got < n; got += (size_t)more) {
		more = pread(fd, data + got, n - got, (off_t)(sizeof(struct head) + got));
		if (more <= 0)
			break;
	}
	size_t used = store_replay(d->store, data, got);
	free(data);
	if (used < got)
		log_warn("the journal ends in the middle of a record, which nobody was told of");
	return 0;
}

int disk_open(struct daemon *d)
{
	struct disk *k = &d->disk;
	for (unsigned i = 0; i < 2; i++) {
		k->fd[i] =
			openat(d->dir, names[i], O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (k->fd[i] < 0)
			return -errno;
	}
	uint64_t a = read_sequence(k->fd[0]), b = read_sequence(k->fd[1]);
	k->current = b > a;
	k->sequence = b > a ? b : a;
	int err = k->sequence ? replay(d) : 0;
	if (!err)
		err = compact(d);
	store_number_transactions(d->store, (uint32_t)k->sequence * TX_STRIDE);
	return err;
}

void disk_remove(struct daemon *d)
{
	for (unsigned i = 0; i < 2; i++)
		unlinkat(d->dir, names[i], 0);
}
