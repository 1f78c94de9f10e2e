/* SPDX-License-Identifier: MIT */
/*
 * epixend is our own image under another name, as domains are. It is started with the registry
 * locked, which it locks to end: so it never ends between being asked and being relied on, and
 * never runs twice.
 */
#define _GNU_SOURCE
#include "tool/epixend.h"

#include "base/log.h"
#include "tool/control.h"
#include "tool/xenstore.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_SECONDS 5
#define GREETINGS      100
#define GREET_AGAIN_US 20000

enum { DIR_FD = 3, READY_FD = 4 }; /* in epixend */

int epixend_request(struct registry *r, const char *line, int pass)
{
	struct timeval t = {.tv_sec = ANSWER_SECONDS};
	int fd = control_connect_at(r->dir, "epixend.sock", line, pass);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	int err = control_answer(fd, NULL, NULL, 0);
	close(fd);
	return err;
}

/* --- starting it --- */

/* Everything else that the CLI has open would stay open as long as epixend lives. */
static void keep_only(int dir, int ready)
{
	dir = fcntl(dir, F_DUPFD, READY_FD + 1); /* first out of the way of each other */
	ready = fcntl(ready, F_DUPFD, READY_FD + 1);
	dup2(dir, DIR_FD);
	dup2(ready, READY_FD);
	syscall(SYS_close_range, READY_FD + 1, ~0u, 0);
}

static void become_epixend(struct registry *r, int ready, bool stay)
{
	char arg0[] = "epixend", dir[16], pipe[16], option[] = "--stay";
	char *argv[] = {arg0, dir, pipe, stay ? option : NULL, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR);
	int log = openat(r->dir, "epixend.log", O_WRONLY | O_CREAT | O_APPEND, 0600);

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(log >= 0 ? log : null, STDOUT_FILENO);
	dup2(log >= 0 ? log : null, STDERR_FILENO);
	keep_only(r->dir, ready);
	snprintf(dir, sizeof(dir), "%d", DIR_FD);
	snprintf(pipe, sizeof(pipe), "%d", READY_FD);
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* Waits for the new process's word. */
static int await_ready(int ready, pid_t pid, char why[EPIXEND_WHY])
{
	char text[128] = "";
	size_t n = 0;
	ssize_t got;
	while (n < sizeof(text) - 1 && (got = read(ready, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	if (strcmp(text, "ok") == 0)
		return 0;
	waitpid(pid, NULL, 0);
	snprintf(why, EPIXEND_WHY, "epixend cannot start: %s", n ? text : "it died");
	return -EIO;
}

static int start_process(struct registry *r, bool stay, char why[EPIXEND_WHY])
{
	int ready[2];
	int err = pipe2(ready, O_CLOEXEC) < 0 ? -errno : 0;
	pid_t pid = err ? -1 : fork();
	if (pid == 0)
		become_epixend(r, ready[1], stay);
	if (err || pid < 0) {
		snprintf(why, EPIXEND_WHY, "cannot start epixend: %s", strerror(errno));
		return -errno;
	}
	close(ready[1]);
	err = await_ready(ready[0], pid, why);
	close(ready[0]);
	return err;
}

/* --- domains --- */

/* Asks a domain, which may hang. */
static int ask_domain(struct registry *r, uint64_t id, const char *line, int pass, struct text *out)
{
	struct timeval t = {.tv_sec = ANSWER_SECONDS};
	int fd = control_connect(r, id, line, pass);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	int err = control_answer(fd, out, NULL, 0);
	close(fd);
	return err;
}

static void take_line(struct xenstore_domain *d, const char *line)
{
	char key[16], value[sizeof(d->kernel)];
	if (sscanf(line, "%15s %1023[^\n]", key, value) != 2)
		return;
	if (strcmp(key, "name") == 0)
		snprintf(d->name, sizeof(d->name), "%.63s", value);
	else if (strcmp(key, "uuid") == 0)
		snprintf(d->uuid, sizeof(d->uuid), "%.39s", value);
	else if (strcmp(key, "target") == 0)
		d->target = strtoull(value, NULL, 10);
	else if (strcmp(key, "maxmem") == 0)
		d->maxmem = strtoull(value, NULL, 10);
	else if (strcmp(key, "online") == 0)
		d->online = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(key, "vcpus") == 0)
		d->vcpus = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(key, "kernel") == 0)
		snprintf(d->kernel, sizeof(d->kernel), "%s", value);
}

static int describe(struct registry *r, uint64_t id, struct xenstore_domain *d)
{
	struct text info = {0};
	*d = (struct xenstore_domain){.id = (unsigned)id};
	snprintf(d->console, sizeof(d->console), "%s/%u/control", r->path, d->id);
	int err = ask_domain(r, id, "info", -1, &info);
	for (const char *p = info.len ? info.data : ""; *p;) {
		take_line(d, p);
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	text_free(&info);
	if (!err)
		err = ask_domain(r, id, "nodes", -1, &d->nodes);
	return err ? err : *d->uuid ? 0 : -EPROTO;
}

static int introduce(struct registry *r, uint64_t id)
{
	struct xenstore_domain d;
	int err = describe(r, id, &d);
	int fd = err ? err : xenstore_open(r);
	if (fd >= 0) {
		err = xenstore_introduce(fd, &d);
		close(fd);
	}
	text_free(&d.nodes);
	return fd < 0 ? fd : err;
}

/* A connection of which epixend gets one end with a line, and the domain the other with its own;
 * the domain gets it last: when it asks, all is there. */
static int give_stream(
	struct registry *r, uint64_t id, int type, const char *line, const char *command)
{
	int pair[2];
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	int err = epixend_request(r, line, pair[0]);
	close(pair[0]);
	if (!err && strcmp(command, "xenstore") == 0)
		err = introduce(r, id);
	if (!err)
		err = ask_domain(r, id, command, pair[1], NULL);
	close(pair[1]);
	return err;
}

static int attach(struct registry *r, uint64_t id, char why[EPIXEND_WHY])
{
	char line[40];
	snprintf(line, sizeof(line), "attach %llu counted", (unsigned long long)id);
	int err = give_stream(r, id, SOCK_STREAM, line, "xenstore");
	snprintf(line, sizeof(line), "backend %llu", (unsigned long long)id);
	if (!err)
		err = give_stream(r, id, SOCK_STREAM, line, "backend");
	snprintf(line, sizeof(line), "match %llu", (unsigned long long)id);
	if (!err)
		err = give_stream(r, id, SOCK_SEQPACKET, line, "match");
	if (err)
		snprintf(why, EPIXEND_WHY, "domain %llu cannot be made known to epixend: %s",
			(unsigned long long)id, strerror(-err));
	return err;
}

static void attach_all(struct registry *r)
{
	struct registry_entry *e;
	char why[EPIXEND_WHY];
	unsigned n = registry_list(r, &e);
	for (unsigned i = 0; i < n; i++) {
		if (attach(r, e[i].id, why))
			log_warn("warning: %s", why);
	}
	free(e);
	epixend_request(r, "settle", -1);
}

/* One that dies has taken the connection, and will not answer it any more. */
static int greet(struct registry *r, bool stay)
{
	int err = 0;
	for (unsigned i = 0; i < GREETINGS; i++) {
		err = epixend_request(r, stay ? "stay" : "ping", -1);
		if (err != -EPIPE && err != -ECONNRESET)
			break;
		usleep(GREET_AGAIN_US);
	}
	return err;
}

int epixend_ensure(struct registry *r, bool stay, char why[EPIXEND_WHY])
{
	int err = greet(r, stay);
	if (!err)
		return 0;
	if (err != -ENOENT && err != -ECONNREFUSED) {
		snprintf(why, EPIXEND_WHY, "epixend does not answer: %s", strerror(-err));
		return err;
	}
	err = start_process(r, stay, why);
	if (err)
		return err;
	attach_all(r);
	return 1;
}

int epixend_introduce(struct registry *r, uint64_t id, char why[EPIXEND_WHY])
{
	int err = registry_lock(r);
	if (err) {
		snprintf(why, EPIXEND_WHY, "registry: %s", strerror(-err));
		return err;
	}
	int started = epixend_ensure(r, false, why);
	if (started == 0)
		err = attach(r, id, why);
	if (err && epixend_request(r, "ping", -1))
		started = epixend_ensure(r, false, why); /* it died under our hands */
	registry_unlock(r);
	return started < 0 ? started : started ? 0 : err;
}
