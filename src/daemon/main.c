/* SPDX-License-Identifier: MIT */
/* The process epixend: started with the runtime directory open, confined before it hears anybody.
 */
#define _GNU_SOURCE
#include "daemon/daemon.h"

#include "base/log.h"
#include "domain/sandbox.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long domains that the journal knows may take to be attached again. */
#define SETTLE_MS 30000

/* What the confined process does beyond a domain's: it writes its journal, makes pairs of sockets
 * for domains, and in the end removes files by name, from its one directory. */
static int confine(void)
{
	static const int more[] = {SYS_pwrite64, SYS_unlinkat, SYS_flock, SYS_socketpair};
	sandbox_isolate();
	return sandbox_seal_with(more, countof(more));
}

static int start(struct daemon *d)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	d->lock = openat(d->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	d->store = store_new();
	if (d->lock < 0 || !d->store)
		return d->store ? -errno : -ENOMEM;
	int err = disk_open(d);
	if (!err)
		err = listen_start(d);
	return err ? err : confine();
}

static void tell_starter(int fd, int err)
{
	char text[128] = "ok";
	if (err)
		snprintf(text, sizeof(text), "%s", strerror(-err));
	if (write(fd, text, strlen(text)) < 0)
		log_error("%s", text);
	close(fd);
}

/* What somebody other than a domain has put into the store is kept for the next time. */
static void clean_up(struct daemon *d)
{
	struct stat st;
	if (!store_has_content(d->store))
		disk_remove(d);
	if (fstat(STDERR_FILENO, &st) == 0 && st.st_size == 0)
		unlinkat(d->dir, "epixend.log", 0);
}

int daemon_main(int argc, char **argv)
{
	struct daemon d = {.dir = atoi(argv[1])};
	int ready = atoi(argv[2]);
	log_init("epixend", LOG_INFO);
	prctl(PR_SET_NAME, "epixend", 0, 0, 0);
	d.stay = argc > 3 && strcmp(argv[3], "--stay") == 0;
	int err = start(&d);
	tell_starter(ready, err);
	if (err) {
		log_error("cannot start: %s", strerror(-err));
		store_free(d.store);
		return EXIT_FAILURE;
	}
	if (store_next_domain(d.store, 0))
		d.settle_at = loop_now() + SETTLE_MS;
	loop_run(&d);
	clean_up(&d);
	store_free(d.store);
	return EXIT_SUCCESS;
}
