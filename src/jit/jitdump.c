/* SPDX-License-Identifier: MIT */
/*
 * perf's jitdump format, version 1 (Linux, tools/perf/Documentation/jitdump-specification.txt): a
 * header, then a record for each piece of code at the time when it was made. That the file is
 * mapped executable is how perf finds it. Each record leaves in one write to the end of the file,
 * so that threads need no lock.
 */
#define _GNU_SOURCE
#include "jit/jitdump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAGIC	      0x4a695444
#define EM_X86_64     62
#define JIT_CODE_LOAD 0
#define MARKER_SIZE   4096

struct header {
	uint32_t magic, version, size, machine, pad, pid;
	uint64_t time, flags;
};

struct record {
	uint32_t type, size;
	uint64_t time;
	uint32_t pid, tid;
	uint64_t vma, address, code_size, index;
	/* name, code */
};

struct jitdump {
	int fd;
	void *marker;
	_Atomic uint64_t index;
};

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool write_header(struct jitdump *j)
{
	const struct header h = {.magic = MAGIC,
		.version = 1,
		.size = sizeof(h),
		.machine = EM_X86_64,
		.pid = (uint32_t)getpid(),
		.time = now()};

	if (write(j->fd, &h, sizeof(h)) != sizeof(h))
		return false;
	j->marker = mmap(NULL, MARKER_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, j->fd, 0);
	return j->marker != MAP_FAILED;
}

struct jitdump *jitdump_open(const char *dir)
{
	struct jitdump *j = calloc(1, sizeof(*j));
	char *path = NULL;

	if (!j || asprintf(&path, "%s/jit-%d.dump", dir, (int)getpid()) < 0) {
		free(j);
		errno = ENOMEM;
		return NULL;
	}
	j->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	free(path);
	if (j->fd >= 0 && write_header(j))
		return j;
	int err = errno;
	if (j->fd >= 0)
		close(j->fd);
	free(j);
	errno = err;
	return NULL;
}

void jitdump_close(struct jitdump *j)
{
	if (!j)
		return;
	munmap(j->marker, MARKER_SIZE);
	close(j->fd);
	free(j);
}

void jitdump_code(struct jitdump *j, const char *name, const uint8_t *address, const uint8_t *code,
	size_t size)
{
	size_t name_size = strlen(name) + 1;
	struct record r = {.type = JIT_CODE_LOAD,
		.size = (uint32_t)(sizeof(r) + name_size + size),
		.time = now(),
		.pid = (uint32_t)getpid(),
		.tid = (uint32_t)gettid(),
		.vma = (uintptr_t)address,
		.address = (uintptr_t)address,
		.code_size = size,
		.index = j->index++};
	uint8_t *all = malloc(r.size);

	if (!all)
		return;
	memcpy(all, &r, sizeof(r));
	memcpy(all + sizeof(r), name, name_size);
	memcpy(all + sizeof(r) + name_size, code, size);
	if (write(j->fd, all, r.size) < 0)
		j->index--; /* the disk is full: perf then misses it, the guest does not */
	free(all);
}

void jitdump_block(struct jitdump *j, gva_t va, unsigned slot, const uint8_t *address,
	const uint8_t *code, size_t size)
{
	char name[40];
	int n = snprintf(name, sizeof(name), "ia64:%#llx", (unsigned long long)va);

	if (slot)
		snprintf(name + n, sizeof(name) - (size_t)n, ".%u", slot);
	jitdump_code(j, name, address, code, size);
}
