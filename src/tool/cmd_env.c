/* SPDX-License-Identifier: MIT */
/* env: the variables by which programs made for Xen find epixend's xenstore. */
#define _GNU_SOURCE
#include "base/log.h"
#include "tool/epixend.h"
#include "tool/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define END_TRIES  100
#define END_TRY_US 20000

/* libxenstore takes no longer path than a socket's address has room for. */
static int print(const struct registry *r)
{
	char path[sizeof(r->path) + 16];
	struct sockaddr_un a;
	int n = snprintf(path, sizeof(path), "%s/xenstored.sock", r->path);
	if ((size_t)n >= sizeof(a.sun_path)) {
		log_error("%s: too long for the address of a socket", path);
		return EXIT_FAILURE;
	}
	printf("XENSTORED_PATH='");
	for (const char *p = path; *p; p++)
		printf(*p == '\'' ? "'\\''" : "%c", *p);
	printf("'; export XENSTORED_PATH\n");
	return EXIT_SUCCESS;
}

/* It ends when nobody holds the registry, unless somebody else relies on it again. */
static int await_end(struct registry *r)
{
	registry_unlock(r);
	for (unsigned i = 0; i < END_TRIES && !faccessat(r->dir, "epixend.sock", F_OK, 0); i++)
		usleep(END_TRY_US);
	return EXIT_SUCCESS;
}

static int end(struct registry *r)
{
	int err = epixend_request(r, "end", -1);
	if (err == -EPROTO)
		log_error("epixend goes on: there are domains");
	else if (err && err != -ENOENT && err != -ECONNREFUSED)
		log_error("epixend does not answer: %s", strerror(-err));
	else
		return await_end(r);
	return EXIT_FAILURE;
}

int cmd_env(int argc, char **argv)
{
	static const struct option options[] = {
		{"stay", no_argument, NULL, 's'}, {"end", no_argument, NULL, 'e'}, {0}};
	struct registry r;
	char why[EPIXEND_WHY];
	bool stay = false, ends = false;
	for (int c; (c = getopt_long(argc, argv, "se", options, NULL)) != -1;) {
		if (c != 's' && c != 'e')
			return verb_usage(argv[0]);
		stay |= c == 's';
		ends |= c == 'e';
	}
	if (optind != argc || (stay && ends))
		return verb_usage(argv[0]);
	if (registry_open(&r))
		return EXIT_FAILURE;
	int status = EXIT_FAILURE;
	if (ends)
		status = end(&r);
	else if (epixend_ensure(&r, stay, why) >= 0)
		status = print(&r);
	else
		log_error("%s", why);
	registry_close(&r);
	return status;
}
