/* SPDX-License-Identifier: MIT */
/*
 * The process epixen-domain. It is handed a configuration and open descriptors, reports to its
 * creator whether the domain could be built, and runs it to its end.
 */
#define _GNU_SOURCE
#include "domain/domain.h"
#include "domain/handover.h"
#include "domain/janitor.h"
#include "domain/sandbox.h"

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

static int init(struct domain *d)
{
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	d->stops = 1; /* until the first unpause */
	d->stopping = true;
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->signal_fd = take_signals();
	if (d->wake_fd < 0 || d->signal_fd < 0)
		return -errno;
	return console_init(&d->console);
}

/* The vCPU threads wait until there is a guest to run; none is made later, so that the filter holds
 * for all and lets nobody make one. */
static int confine(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	sandbox_isolate();
	int err = domain_start(d);
	if (err) {
		snprintf(error, LOAD_ERROR_SIZE, "cannot start its threads: %s", strerror(-err));
		return err;
	}
	domain_stop(d); /* until they are in their loops */
	domain_go(d);
	err = sandbox_seal();
	if (err)
		snprintf(error, LOAD_ERROR_SIZE, "cannot confine its process (seccomp): %s",
			strerror(-err));
	return err;
}

/* Files are hostile input as the guest is, and are read confined. */
static int prepare(struct domain *d, char error[LOAD_ERROR_SIZE])
{
	int err = init(d);
	if (!err)
		err = janitor_start(d);
	if (err) {
		snprintf(error, LOAD_ERROR_SIZE, "%s", strerror(-err));
		return err;
	}
	err = domain_build(d, error);
	if (!err)
		err = confine(d, error);
	if (!err)
		err = d->fd.state >= 0 ? state_load(d, d->fd.state, error) : domain_boot(d, error);
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
	bool prepared = prepare(d, error) == 0;
	if (!prepared)
		janitor_finish(d, false);
	tell_creator(d, prepared ? "ok" : error);
	if (prepared)
		domain_loop(d);
	domain_join(d);
	int status = !prepared || d->end == END_CRASH;
	domain_unbuild(d);
	console_free(&d->console);
	text_free(&d->crash_report);
	free(d);
	return status;
}
