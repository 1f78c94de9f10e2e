/* SPDX-License-Identifier: MIT */
/*
 * A terminal in raw mode on one side, two connections on the other: the console's bytes, and a
 * `wait` that tells how the domain ended. Signals arrive as a descriptor, so that every way out
 * restores the terminal.
 */
#define _GNU_SOURCE
#include "tool/attach.h"

#include "base/log.h"
#include "tool/control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define DETACH 0x1d /* Ctrl-] */

struct attach {
	int console, wait, signals;
	bool raw; /* terminal is the console: restore saved at the end */
	struct termios saved;
	bool input_open;
};

enum step { STEP_GO, STEP_ENDED, STEP_DETACH, STEP_FAILED };

static void terminal_raw(struct attach *a)
{
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &a->saved) < 0)
		return;
	struct termios t = a->saved;
	cfmakeraw(&t);
	a->raw = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
	if (a->raw)
		fprintf(stderr, "Connected; Ctrl-] detaches.\r\n");
}

static void terminal_restore(struct attach *a)
{
	if (a->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &a->saved);
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return true;
}

/* What was typed goes to the domain, up to a Ctrl-]. The connection is drained by the domain at
 * once or the UART's queue is full: then typing waits. */
static enum step from_user(struct attach *a)
{
	char buf[256];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
	if (n <= 0) {
		a->input_open = n < 0 && errno == EINTR;
		return STEP_GO;
	}
	char *detach = a->raw ? memchr(buf, DETACH, (size_t)n) : NULL;
	if (detach)
		n = detach - buf;
	for (ssize_t at = 0; at < n;) {
		ssize_t sent = send(a->console, buf + at, (size_t)(n - at), MSG_NOSIGNAL);
		if (sent < 0)
			break; /* the domain is ending: its last output is still to be read */
		at += sent;
	}
	return detach ? STEP_DETACH : STEP_GO;
}

static enum step from_domain(struct attach *a)
{
	char buf[4096];
	ssize_t n = read(a->console, buf, sizeof(buf));
	if (n <= 0)
		return STEP_ENDED;
	return write_all(STDOUT_FILENO, buf, (size_t)n) ? STEP_GO : STEP_FAILED;
}

static enum step relay(struct attach *a)
{
	for (;;) {
		struct pollfd p[] = {{.fd = a->console, .events = POLLIN},
			{.fd = a->input_open ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = a->signals, .events = POLLIN}};
		enum step step = STEP_GO;
		if (poll(p, countof(p), -1) < 0 && errno != EINTR)
			return STEP_FAILED;
		if (p[2].revents)
			return STEP_DETACH;
		if (p[0].revents)
			step = from_domain(a);
		if (step == STEP_GO && p[1].revents)
			step = from_user(a);
		if (step != STEP_GO)
			return step;
	}
}

/* The domain has gone: says how. */
static int verdict(struct attach *a)
{
	struct text report = {0};
	char how[64] = "";
	int err = control_answer(a->wait, &report, how, sizeof(how));
	if (report.len)
		fputs(report.data, stderr);
	text_free(&report);
	if (err)
		log_error("the domain's process died");
	return err || strcmp(how, "crash") == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(struct attach *a)
{
	terminal_raw(a);
	enum step step = relay(a);
	terminal_restore(a);
	switch (step) {
	case STEP_ENDED:
		return verdict(a);
	case STEP_DETACH:
		if (a->raw)
			fprintf(stderr, "\n");
		return EXIT_SUCCESS;
	default:
		log_error("console: %s", strerror(errno));
		return EXIT_FAILURE;
	}
}

static int watch_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int let_start(struct registry *r, uint64_t id)
{
	int fd = control_connect(r, id, "unpause", -1);
	if (fd < 0)
		return fd;
	int err = control_answer(fd, NULL, NULL, 0);
	close(fd);
	return err;
}

/* The console's connection and, if asked for, the start. The domain may end at any time. */
static int join_console(struct attach *a, struct registry *r, uint64_t id, bool unpause)
{
	a->console = control_connect(r, id, "console", -1);
	if (a->console < 0)
		return a->console;
	int err = control_answer(a->console, NULL, NULL, 0);
	return !err && unpause ? let_start(r, id) : err;
}

int attach_console(struct registry *r, uint64_t id, bool unpause)
{
	struct attach a = {.input_open = true, .console = -1, .signals = watch_signals()};
	a.wait = control_connect(r, id, "wait", -1);
	if (a.wait < 0) {
		log_error("cannot attach to the console: %s", strerror(-a.wait));
		return EXIT_FAILURE;
	}
	int err = join_console(&a, r, id, unpause);
	int status = err ? verdict(&a) : run(&a);
	close(a.wait);
	if (a.console >= 0)
		close(a.console);
	close(a.signals);
	return status;
}
