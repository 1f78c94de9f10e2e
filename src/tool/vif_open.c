/* SPDX-License-Identifier: MIT */
/*
 * A domain's interfaces become descriptors: a tap device, or the socket to a helper that has the
 * user-mode network, a program beside ours.
 */
#define _GNU_SOURCE
#include "tool/vif.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM	 "epixen-net"
#define BUFFER	 (4 << 20) /* bytes of frames on the way */
#define FORWARDS 32	   /* of the shortest form have room in a configuration */

static int complain(const struct config_vif *v, unsigned n, const char *what)
{
	log_error("%svif %u: %s", v->where, n, what);
	return -EINVAL;
}

static int open_tap(const struct config_vif *v, unsigned n)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	char why[200];
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", v->tap);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &r) == 0)
		return fd;
	snprintf(why, sizeof(why), "tap %s: %s%s", v->tap, fd < 0 ? "/dev/net/tun: " : "",
		errno == EPERM
			? "may not be used: `ip tuntap add NAME mode tap user USER` allows it"
			: strerror(errno));
	if (fd >= 0)
		close(fd);
	return complain(v, n, why);
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

/* Numbers that it knows: socket and pipe. Its parent is not there to wait for it. */
static void become_helper(const char *program, const struct config_vif *v, const int fd[2])
{
	char name[] = PROGRAM, forward[sizeof(v->forward)];
	char *argv[FORWARDS + 2] = {name}, *save = NULL;
	unsigned n = 1;
	sigset_t none;
	int null = open("/dev/null", O_RDWR), high[2];

	if (fork())
		_exit(0);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(forward, sizeof(forward), "%s", v->forward);
	for (char *p = strtok_r(forward, " ", &save); p && n <= FORWARDS;
		p = strtok_r(NULL, " ", &save))
		argv[n++] = p;
	for (int i = 0; i < 2; i++)
		high[i] = fcntl(fd[i], F_DUPFD, 5);
	for (int i = 0; i < 2; i++)
		dup2(high[i], 3 + i);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	syscall(SYS_close_range, 5, ~0u, 0);
	execv(program, argv);
	_exit(127);
}

static int await_ready(int ready, const struct config_vif *v, unsigned n)
{
	char text[300] = "";
	size_t len = 0;
	ssize_t got;

	while (len < sizeof(text) - 1 &&
		(got = read(ready, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = 0;
	return strcmp(text, "ok") == 0 ? 0 : complain(v, n, len ? text : "its helper died");
}

static int start_helper(const struct config_vif *v, unsigned n)
{
	char program[4096];
	int pair[2], ready[2], size = BUFFER;

	if (!find_program(program, sizeof(program)))
		return complain(
			v, n, PROGRAM ", which user-mode networks need, is not beside epixen");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return complain(v, n, strerror(errno));
	if (pipe2(ready, O_CLOEXEC) < 0) {
		close(pair[0]), close(pair[1]);
		return complain(v, n, strerror(errno));
	}
	for (unsigned i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	pid_t pid = fork();
	if (pid == 0)
		become_helper(program, v, (const int[2]){pair[1], ready[1]});
	int err = pid < 0 ? complain(v, n, strerror(errno)) : 0;
	close(pair[1]);
	close(ready[1]);
	if (!err) {
		waitpid(pid, NULL, 0);
		err = await_ready(ready[0], v, n);
	}
	close(ready[0]);
	if (!err)
		return pair[0];
	close(pair[0]);
	return err;
}

int vifs_open(const struct domain_config *c, struct domain_fds *fds)
{
	for (unsigned n = 0; n < c->vifs; n++)
		fds->vif[n] = -1;
	for (unsigned n = 0; n < c->vifs; n++) {
		const struct config_vif *v = &c->vif[n];
		int fd = v->tap[0] ? open_tap(v, n) : start_helper(v, n);
		if (fd < 0) {
			vifs_close(c, fds);
			return fd;
		}
		fds->vif[n] = fd;
	}
	return 0;
}

void vifs_close(const struct domain_config *c, struct domain_fds *fds)
{
	for (unsigned n = 0; n < c->vifs; n++) {
		if (fds->vif[n] >= 0)
			close(fds->vif[n]);
	}
}
