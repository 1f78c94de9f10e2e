/* SPDX-License-Identifier: MIT */
/* Asking a paravirtual guest for something, by nodes of xenstore that its kernel watches. */
#ifndef TOOL_GUEST_H
#define TOOL_GUEST_H

#include "base/types.h"
#include "tool/registry.h"

struct guest {
	struct registry r;
	uint64_t id;
	char name[64];
	bool pv;
	bool ended;	 /* shut down or crashed, and preserved */
	uint64_t memory; /* MB, at most */
	uint64_t vcpus;
	int store;
};

/* Finds a domain and connects to xenstore, starting epixend if need be. Failures are logged.
 * Returns 0 or -errno. */
int guest_open(struct guest *g, const char *domain);
/* The same; a domain that is not paravirtual, or has ended, is a failure as well. */
int guest_open_pv(struct guest *g, const char *domain);
void guest_close(struct guest *g);
/* Writes a node below the domain's directory. Failures are logged. Returns 0 or -errno. */
int guest_write(struct guest *g, const char *node, const char *value);
/* What a paravirtual guest was asked for last: memory in MB and how many processors; 0 for what is
 * not known. Failures are logged. Returns 0 or -errno. */
int guest_wishes(const char *domain, uint64_t *target, uint64_t *online);
/* Asks it to go down in a way: "poweroff", "reboot". As guest_write. */
int guest_shutdown(const char *domain, const char *how);
/* Is it paravirtual? -errno when that cannot be found out, which is logged. */
int guest_is_pv(const char *domain);

#endif
