/* SPDX-License-Identifier: MIT */
/*
 * The process epixen-domain. It is handed a configuration and open descriptors, reports to its
 * creator whether the domain could be built, runs it and removes its registry entry at the end.
 */
#define _GNU_SOURCE
#include "domain/domain.h"
#include "domain/handover.h"

#include "base/log.h"
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* SIGTERM ends the domain like `destroy`; terminals and readers that vanish do not. */
static int take_signals(void)
{
	sigset_t set;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The place for seccomp and namespaces: everything is open and built, no guest instruction has run.
 * What the process still needs: futex, poll, read, write, send, recvmsg, accept, clocks, mmap
 * of anonymous memory, thread exit, and unlinkat on two descriptors. */
static void confine(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int init(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	d->stops = 1; /* until the first unpause */
	d->stopping = true;
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->signal_fd = take_signals();
	if (d->wake_fd < 0 || d->signal_fd < 0 || console_init(&d->console)) {
		snprintf(error, LOAD_ERROR_SIZE, "%s", strerror(errno));
		return -errno;
	}
	return 0;
}

static int prepare(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	int err = init(d, error);
	if (!err)
		err = domain_build(d, error);
	if (!err && d->fd.state >= 0)
		err = state_load(d, d->fd.state, error);
	else if (!err)
		err = domain_boot(d, error);
	if (err)
		return err;
	confine();
	err = domain_start(d);
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "cannot start its threads: %s", strerror(-err));
	return err;
}

static void tell_creator(struct domain *d, const char *text)
{
	if (write(d->fd.ready, text, strlen(text)) < 0)
		log_error("%s", text);
	close(d->fd.ready);
}

int domain_main(int config_fd)
{
	char error[LOAD_ERROR_SIZE] = "";
	struct domain *d = calloc(1, sizeof(*d));
	if (!d || handover_receive(config_fd, &d->config, &d->fd)) {
		log_error("epixen-domain is started by `epixen create`");
		return 2;
	}
	log_init(d->config.name, LOG_INFO);
	prctl(PR_SET_NAME, "epixen-domain", 0, 0, 0);
	if (prepare(d, error)) {
		tell_creator(d, error);
		return 1;
	}
	tell_creator(d, "ok");
	domain_loop(d);
	domain_join(d);
	int status = d->end == END_CRASH;
	domain_unbuild(d);
	console_free(&d->console);
	text_free(&d->crash_report);
	free(d);
	return status;
}
