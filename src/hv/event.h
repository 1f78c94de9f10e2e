/* SPDX-License-Identifier: MIT */
/*
 * Event channels (ABI 10): ports of the guest, their state, and the two-level pending bits in
 * shared_info through which they reach a processor.
 */
#ifndef HV_EVENT_H
#define HV_EVENT_H

#include "hv/hv.h"

#define EVTCHN_PORTS 4096
#define EVTCHN_VIRQS 24

enum virq {
	VIRQ_TIMER = 0,
	VIRQ_DEBUG = 1,
	VIRQ_XENOPROF = 7,
	VIRQ_ITC = 16,
	VIRQ_MCA_CMC,
	VIRQ_MCA_CPE
};

enum evtchn_state {
	EVTCHN_CLOSED,
	EVTCHN_UNBOUND,
	EVTCHN_INTERDOMAIN,
	EVTCHN_PIRQ,
	EVTCHN_VIRQ,
	EVTCHN_IPI,
	EVTCHN_BINDING /* another domain has been asked; for the guest it is closed */
};

/* The other end of an interdomain channel was signalled. Called with the table locked, on the
 * sender's thread: it only passes the word on, say by an eventfd. */
typedef void evtchn_notify_fn(void *ctx);

struct evtchn {
	uint8_t state;	      /* enum evtchn_state */
	uint8_t vcpu;	      /* that is told */
	uint16_t remote_dom;  /* unbound, interdomain */
	uint32_t remote_port; /* interdomain */
	uint32_t virq;
	evtchn_notify_fn
		*notify; /* interdomain, the other end being outside: NULL while nobody is there */
	void *ctx;
};

/* The table, with its lock, belongs to a domain for its life. 0 or -ENOMEM. */
int evtchn_init(struct hv *hv);
void evtchn_free(struct hv *hv);
/* Closes all ports. */
void evtchn_reset(struct hv *hv);
void evtchn_save(struct hv *hv, struct stream *s);
void evtchn_load(struct hv *hv, struct stream *s);

/* A new port that remote_dom may bind; -XEN_ENOSPC. */
int64_t evtchn_alloc_unbound(struct hv *hv, uint16_t remote_dom);
/* Ties the outside end: port is unbound and waits for domid, or has lost its other end. From then
 * on what the guest sends goes to notify. 0, -XEN_EINVAL. */
int64_t evtchn_connect(
	struct hv *hv, uint32_t port, uint16_t domid, evtchn_notify_fn *notify, void *ctx);
/* The outside end goes away: the port waits for domid again. notify is not running any more when
 * it returns. */
void evtchn_disconnect(struct hv *hv, uint32_t port);
/* The same, if it is connected with that ctx: the guest may have closed the port, and another end
 * be connected to one of the same number. */
void evtchn_disconnect_from(struct hv *hv, uint32_t port, const void *ctx);
/* --- of other domains, I/O thread: bind to an unbound port that waits for domid, false: it is
 * none; event.lock is held until that is answered, or a closing would be heard first; the answer to
 * a bind of our port, and that there is none; a signal; the same of our port that had to be put
 * off; a port was closed; all were. Signals and closings that do not fit what is bound now are old:
 * nothing. */
bool evtchn_accept(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from);
void evtchn_bound(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from);
void evtchn_not_bound(struct hv *hv, uint32_t port);
void evtchn_signal_from(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from);
void evtchn_signal_again(struct hv *hv, uint32_t port, uint16_t domid);
void evtchn_lost(struct hv *hv, uint32_t port, uint16_t domid, uint32_t from);
void evtchn_domain_gone(struct hv *hv, uint16_t domid);

/* Signals the guest from outside. Any thread. */
void evtchn_signal(struct hv *hv, uint32_t port);

/* Raises a virtual interrupt of a processor; false when the guest has not bound it. Any thread. */
bool evtchn_raise_virq(struct hv *hv, unsigned vcpu, unsigned virq);
/* Is the port's pending bit set? */
bool evtchn_pending(const struct hv *hv, uint32_t port);

#endif
