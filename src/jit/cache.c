/* SPDX-License-Identifier: MIT */
/* Memory for code: written through one mapping of a memfd, executed through another. */
#define _GNU_SOURCE
#include "jit/jit.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int cache_init(struct cache *c, size_t size)
{
	int fd = memfd_create("epixen-code", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	c->rw = MAP_FAILED;
	void *rx = MAP_FAILED;
	if (ftruncate(fd, (off_t)size) == 0) {
		c->rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		rx = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	}
	close(fd);
	if (c->rw == MAP_FAILED || rx == MAP_FAILED) {
		if (c->rw != MAP_FAILED)
			munmap(c->rw, size);
		if (rx != MAP_FAILED)
			munmap(rx, size);
		return -ENOMEM;
	}
	c->rx = (uint8_t *)rx - c->rw;
	c->size = size;
	c->used = 0;
	return 0;
}

void cache_free(struct cache *c)
{
	munmap(c->rw, c->size);
	munmap(c->rw + c->rx, c->size);
}
