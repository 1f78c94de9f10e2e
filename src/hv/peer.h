/* SPDX-License-Identifier: MIT */
/*
 * Other domains. Each is a process of its own; what two of them have with each other, event
 * channels and grants, they settle in packets over a pair of sockets that epixend has made for the
 * two, and nobody else hears. The I/O thread takes packets; a processor that needs an answer waits
 * for it as a blocked one does (struct hv_wait), and then makes its hypercall once more.
 *
 * A packet that makes no sense ends its connection, which is for both sides as if the other domain
 * had died.
 */
#ifndef HV_PEER_H
#define HV_PEER_H

#include <poll.h>

#include "hv/hypercall.h"

#define DOMID_LAST 0x7fef /* those above have special meanings */

/* Requests get a PEER_ANSWER with their seq; the others none. */
enum peer_kind {
	PEER_ANSWER, /* status, and what the request asks for */
	PEER_BIND,   /* request: binds your port, to my port from */
	PEER_EVENT,  /* port is signalled by my port from */
	PEER_CLOSE,  /* my port from, which port was bound to, is closed */
	PEER_HELLO,  /* request: are you there? */
	/* Requests about a grant that is yours: port is its reference. */
	PEER_MAP,   /* flags: for reading only. The answer has a file of one page; from is its frame
		     */
	PEER_UNMAP, /* flags as it was mapped with */
	PEER_READ,  /* from bytes at offset */
	PEER_WRITE, /* len bytes at offset */
	PEER_TRANSFER, /* takes a page */
	/* No request: grants that are about to be mapped, so that processors stop once for all;
	 * those of the hint before are done with. A list of references, with PEER_HINT_READ those
	 * that are mapped for reading. */
	PEER_HINT,
	PEER_KINDS
};

#define PEER_HINTS     64 /* references in a hint */
#define PEER_HINT_READ (1u << 31)

struct peer_msg {
	uint32_t kind;
	uint32_t seq;
	int32_t status;
	uint32_t port; /* or a grant reference */
	uint32_t from;
	uint32_t offset;
	uint32_t len;	/* bytes behind this structure */
	uint32_t flags; /* of an answer: the request's kind */
};

/* What the process around the hypervisor does for it. */
struct peers_host {
	void *ctx;
	/* The I/O thread is to call peers_serve soon. Any thread. */
	void (*notify)(void *ctx);
	/* Who does not answer for so long, in milliseconds of the host, is given up as if dead;
	 * peers_serve has to be called now and then while peers_awaited. */
	unsigned patience;
	/* So many frames may be in files of their own at a time. */
	unsigned exports;
	/* Stops all processors at an instruction boundary, and lets them go on. I/O thread. */
	void (*stop)(void *ctx);
	void (*go)(void *ctx);
};

/* 0 or -ENOMEM. Without it there are no other domains. */
int peers_init(struct hv *hv, const struct peers_host *host);
void peers_free(struct hv *hv);

/* --- I/O thread --- */
/* Ends all connections, as the domain's death would: before hv_reset, vCPUs are parked. */
void peers_reset(struct hv *hv);
/* A domain that somebody waits for and that the matchmaker has not been asked for yet; 0: none. */
uint16_t peers_wanted(struct hv *hv);
/* Asks for all again: there is a new matchmaker. */
void peers_want_again(struct hv *hv);
/* The matchmaker's answers; a connection is taken. */
void peers_connect(struct hv *hv, uint16_t domid, int fd);
void peers_refuse(struct hv *hv, uint16_t domid);
/* What to poll for: fills the set, unless it is NULL, and returns how many there are. */
unsigned peers_poll(struct hv *hv, struct pollfd *set);
/* Does what has come in. */
void peers_serve(struct hv *hv);
/* The descriptor is about to be closed: packets that wait to be sent with it go without. Any thread
 * that may close it. */
void peers_unpass(struct hv *hv, int fd);
/* Does some processor wait for another domain? */
bool peers_awaited(const struct hv *hv);
/* Is somebody waiting to be connected? */
bool peers_wanting(struct hv *hv);

/* --- vCPU threads, from handlers of hypercalls --- */
enum peer_result {
	PEER_WAITS,    /* c->again is set: return, the call is made again */
	PEER_ANSWERED, /* v->wait has status and the rest */
	PEER_NOBODY    /* there is no such domain, or it has died meanwhile */
};
/* Sends a request with len bytes of data and waits for the answer. To be called again, with what it
 * was called with first, when the hypercall is made again. link: over that connection only; 0: any.
 */
enum peer_result peer_call(struct hypercall *c, uint16_t domid, uint64_t link,
	const struct peer_msg *m, const void *data);
/* Nobody waits any more: the processor starts anew. */
void peer_forget(struct hv_vcpu *v);

/* --- any thread; event.lock may be held --- */
/* There is something for peers_serve. */
void peers_notify(struct hv *hv);
/* To be sent in order, now or later; nothing happens when there is no such connection; link as
 * above. A request without a seq gets no answer. */
void peer_tell(struct hv *hv, uint16_t domid, uint64_t link, const struct peer_msg *m);
/* The same with m->len bytes of data. */
void peer_tell_with(
	struct hv *hv, uint16_t domid, uint64_t link, const struct peer_msg *m, const void *data);
/* Signals what the own port is bound to; what cannot be told now is told once later. */
void peer_signal(struct hv *hv, uint16_t domid, uint32_t port, uint32_t own);

#endif
