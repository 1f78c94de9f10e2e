/* SPDX-License-Identifier: MIT */
/* One byte on a socket says how to clean up; its end without one says that the domain died. */
#define _GNU_SOURCE
#include "domain/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KEEP_LOG = 'k', REMOVE_LOG = 'r', DONE = 'd' };

static void remove_entry(const struct domain *d)
{
	char id[24];
	snprintf(id, sizeof(id), "%llu", (unsigned long long)d->config.id);
	unlinkat(d->fd.directory, "control", 0);
	unlinkat(d->fd.directory, "name", 0);
	unlinkat(d->fd.directory, "lock", 0);
	unlinkat(d->fd.registry, id, AT_REMOVEDIR);
}

static void remove_log(const struct domain *d)
{
	char log[sizeof(d->config.name) + 16];
	snprintf(log, sizeof(log), "log/%s.log", d->config.name);
	unlinkat(d->fd.registry, log, 0);
}

/* Nothing may stay open here that others wait to see closed: the lock, pipes, the socket. */
static void keep_only(int keep[3])
{
	int next = STDERR_FILENO + 1;
	for (unsigned i = 0; i < 3; i++) /* first out of the way of each other */
		keep[i] = fcntl(keep[i], F_DUPFD, next + 3);
	for (unsigned i = 0; i < 3; i++)
		keep[i] = dup2(keep[i], next++);
	syscall(SYS_close_range, next, ~0u, 0);
}

static void work(struct domain *d, int fd)
{
	int keep[] = {fd, d->fd.directory, d->fd.registry};
	char order = KEEP_LOG, done = DONE;

	prctl(PR_SET_NAME, "epixen-janitor", 0, 0, 0);
	keep_only(keep);
	d->fd.directory = keep[1];
	d->fd.registry = keep[2];
	ssize_t n = read(keep[0], &order, 1);
	if (n == 1 && order == REMOVE_LOG)
		remove_log(d);
	remove_entry(d);
	if (n == 1 && send(keep[0], &done, 1, MSG_NOSIGNAL) < 0)
		_exit(1);
	_exit(0);
}

int janitor_start(struct domain *d)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	signal(SIGCHLD, SIG_IGN); /* nobody waits for it */
	pid_t pid = fork();
	int err = pid < 0 ? -errno : 0;
	if (pid == 0)
		work(d, pair[1]);
	close(pair[1]);
	d->janitor = pair[0];
	close(d->fd.directory);
	close(d->fd.registry);
	return err;
}

void janitor_finish(struct domain *d, bool keep_log)
{
	char order = keep_log ? KEEP_LOG : REMOVE_LOG;
	if (send(d->janitor, &order, 1, MSG_NOSIGNAL) < 0 || read(d->janitor, &order, 1) < 0)
		return; /* who looks for domains next removes what is stale */
}
