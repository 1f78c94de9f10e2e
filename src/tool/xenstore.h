/* SPDX-License-Identifier: MIT */
/* A client of xenstore, for what a toolstack writes there about a domain. */
#ifndef TOOL_XENSTORE_H
#define TOOL_XENSTORE_H

#include "base/text.h"
#include "tool/registry.h"

struct xenstore_domain {
	unsigned id;
	char name[64], uuid[40];
	uint64_t target, maxmem; /* MB that it has first and at most */
	unsigned online, vcpus;	 /* likewise */
	char kernel[1024];
	struct text nodes; /* lines as backend_nodes of the domain puts them */
	char console[440]; /* its control socket */
};

/* Connects to xenstored.sock. Returns the socket or -errno. */
int xenstore_open(struct registry *r);
/* One request with n bytes and its reply, which may be NULL. Returns 0, -EPROTO when it was
 * refused, reply then names why, or another -errno. */
int xenstore_ask(
	int fd, unsigned type, uint32_t tx, const void *data, size_t n, struct text *reply);
/* Makes the domain known, unless it is: its nodes, then INTRODUCE. Returns 0 or -errno. */
int xenstore_introduce(int fd, const struct xenstore_domain *d);

#endif
