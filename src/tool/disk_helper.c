/* SPDX-License-Identifier: MIT */
/*
 * Starting the helper that serves disks in formats of their own, and those of servers: a program
 * beside ours, so that domains without such disks need no library for them.
 */
#define _GNU_SOURCE
#include "tool/disk.h"

#include "back/block_nbd.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "epixen-nbd"

static const char *format_name(const struct config_disk *d)
{
	static const char *const names[] = DISK_FORMAT_NAMES;
	return names[d->format];
}

static int complain(const struct config_disk *d, const char *what)
{
	log_error("%sdisk %s: %s: %s", d->where, d->vdev, d->target, what);
	return -EINVAL;
}

/* The program beside our own image. */
static bool find_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - sizeof(PROGRAM) - 1);
	if (n < 0)
		return false;
	path[n] = 0;
	char *slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, PROGRAM);
	return access(path, X_OK) == 0;
}

static bool in_path(const char *program)
{
	const char *dirs = getenv("PATH");
	for (const char *p = dirs ? dirs : ""; *p; p += *p == ':') {
		char path[4096];
		size_t n = strcspn(p, ":");
		snprintf(path, sizeof(path), "%.*s/%s", (int)n, p, program);
		if (access(path, X_OK) == 0)
			return true;
		p += n;
	}
	return false;
}

/* Memory that cannot be made shorter by the helper. */
static int make_shared(void)
{
	int fd = memfd_create("epixen-nbd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && (ftruncate(fd, NBD_SHARED) < 0 ||
			       fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The numbers that it knows: socket, memory, pipe. */
static void become_helper(const char *program, const struct config_disk *d, const int fd[3])
{
	char name[] = PROGRAM, format[16], access[2] = {d->readonly ? 'r' : 'w', 0},
	     target[sizeof(d->target)];
	char *argv[] = {name, format, access, target, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR), high[3];

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(format, sizeof(format), "%s", format_name(d));
	snprintf(target, sizeof(target), "%s", d->target);
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(fd[i], F_DUPFD, 6); /* out of the way of each other */
	for (int i = 0; i < 3; i++) {
		dup2(null, i);
		dup2(high[i], 3 + i);
	}
	syscall(SYS_close_range, 6, ~0u, 0);
	execv(program, argv);
	_exit(127);
}

/* Waits for its word: what it knows of the image. */
static int await_ready(struct config_disk *d, int ready)
{
	char text[1100] = "";
	size_t n = 0;
	ssize_t got;
	unsigned long long size, granule;
	while (n < sizeof(text) - 1 && (got = read(ready, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	if (sscanf(text, "ok %llu %llu", &size, &granule) != 2)
		return complain(d, n ? text : "its helper died");
	d->size = size;
	d->sector_size = 512;
	d->discard_granule = d->no_discard ? 0 : granule;
	return 0;
}

static int start(struct config_disk *d, const char *program, int *image, int *shared)
{
	int pair[2], ready[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return complain(d, strerror(errno));
	*image = pair[0];
	*shared = make_shared();
	bool made = *shared >= 0 && pipe2(ready, O_CLOEXEC) == 0;
	pid_t pid = made ? fork() : -1;
	if (pid == 0)
		become_helper(program, d, (const int[3]){pair[1], *shared, ready[1]});
	int err = pid < 0 ? complain(d, strerror(errno)) : 0;
	close(pair[1]);
	if (made)
		close(ready[1]);
	if (!err)
		err = await_ready(d, ready[0]);
	if (made)
		close(ready[0]);
	if (err && pid > 0)
		waitpid(pid, NULL, 0);
	return err;
}

int disk_start_helper(struct config_disk *d, int *image, int *shared)
{
	char program[4096], text[sizeof(program) + 200];
	if (!find_program(program, sizeof(program))) {
		snprintf(text, sizeof(text),
			"format %s needs %s, which is not there: libnbd was missing when epixen "
			"was "
			"built",
			format_name(d), program);
		return complain(d, text);
	}
	if (d->format != DISK_NBD && access(d->target, R_OK) < 0)
		return complain(d, strerror(errno));
	if (d->format != DISK_NBD && !in_path("qemu-nbd")) {
		snprintf(text, sizeof(text), "format %s needs qemu-nbd, which is not there",
			format_name(d));
		return complain(d, text);
	}
	int err = start(d, program, image, shared);
	if (err && *image >= 0)
		close(*image);
	if (err && *shared >= 0)
		close(*shared);
	if (err)
		*image = *shared = -1;
	return err;
}
