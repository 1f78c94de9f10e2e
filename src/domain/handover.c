/* SPDX-License-Identifier: MIT */
/* The one place that knows in which order descriptors are listed. */
#define _GNU_SOURCE
#include "domain/handover.h"

#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMED 8

static int *fd_at(const struct domain_config *c, struct domain_fds *f, size_t i)
{
	int *const named[NAMED] = {&f->kernel, &f->ramdisk, &f->control, &f->directory,
		&f->registry, &f->lock, &f->ready, &f->state};

	if (i < NAMED)
		return named[i];
	i -= NAMED;
	if (i < c->vifs)
		return &f->vif[i];
	i -= c->vifs;
	return i % 2 ? &f->disk[i / 2].shared : &f->disk[i / 2].image;
}

static size_t count(const struct domain_config *c)
{
	return NAMED + c->vifs + 2 * c->disks;
}

int handover_make(const struct domain_config *c, const struct domain_fds *fds)
{
	struct stream s = {0};
	struct domain_fds copy = *fds;
	config_save(c, &s);
	stream_begin(&s, "descriptors", 1);
	for (size_t i = 0; i < count(c); i++) {
		int fd = *fd_at(c, &copy, i);
		stream_put_u64(&s, (uint64_t)(int64_t)fd);
		if (fd >= 0)
			fcntl(fd, F_SETFD, 0);
	}
	stream_end(&s);
	int fd = memfd_create("epixen-config", 0);
	if (fd >= 0 && (!stream_ok(&s) || write(fd, s.data, s.len) != (ssize_t)s.len)) {
		close(fd);
		fd = -1;
		errno = EIO;
	}
	stream_free(&s);
	return fd < 0 ? -errno : fd;
}

int handover_receive(int fd, struct domain_config *c, struct domain_fds *fds)
{
	struct stat st;
	struct stream s = {0};
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > 2 * CONFIG_SECTION_MAX)
		return -EINVAL;
	s.data = malloc((size_t)st.st_size + 1);
	if (!s.data)
		return -ENOMEM;
	ssize_t n = pread(fd, s.data, (size_t)st.st_size, 0);
	s.len = n > 0 ? (size_t)n : 0;
	config_load(c, &s);
	stream_open(&s, "descriptors", 1);
	for (size_t i = 0; i < count(c); i++) {
		int got = (int)stream_get_u64(&s);
		*fd_at(c, fds, i) = got;
		if (stream_ok(&s) && got >= 0)
			fcntl(got, F_SETFD, FD_CLOEXEC);
	}
	stream_close(&s);
	bool ok = stream_ok(&s);
	stream_free(&s);
	close(fd);
	return ok ? 0 : -EINVAL;
}
