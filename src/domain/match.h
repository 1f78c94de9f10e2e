/* SPDX-License-Identifier: MIT */
/*
 * How a domain finds others. Its process has a SOCK_SEQPACKET connection to epixend, whose number
 * on it nobody can choose; it asks there for a domain, and both get one end of a pair of sockets
 * (hv/peer.h).
 */
#ifndef DOMAIN_MATCH_H
#define DOMAIN_MATCH_H

#include <poll.h>
#include <stdint.h>

struct domain;

enum match_kind {
	MATCH_FIND, /* to epixend: I want to talk to domid */
	MATCH_PEER, /* from it, with a descriptor: the connection to domid */
	MATCH_NONE  /* from it: there is none of that number */
};

struct match_msg {
	uint32_t kind, domid;
};

/* A paravirtual domain, whose hypervisor has been made. 0 or -ENOMEM. All but _init: I/O thread. */
int match_init(struct domain *d);
void match_free(struct domain *d);
/* A new connection to epixend, which is taken. */
void match_take(struct domain *d, int fd);
/* What to poll for, also while the domain is paused: fills the set, unless it is NULL, and returns
 * how many there are. */
unsigned match_poll(struct domain *d, struct pollfd *set);
/* Does what has come in, of epixend and of other domains. */
void match_serve(struct domain *d);
/* What the domain shares with others that keeps it from being saved, or NULL. vCPUs are parked. */
const char *match_why_busy(struct domain *d);
/* When it has to be called at the latest: milliseconds, or -1. */
int match_timeout(struct domain *d);

#endif
