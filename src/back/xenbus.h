/* SPDX-License-Identifier: MIT */
/*
 * The xenstore side of a domain's backends, which run in its own process as domain 0's: what they
 * publish, what frontends publish, and the states in which both go from one to the other
 * (xen/include/public/io/xenbus.h). A backend is a table of functions; the rings are its own.
 *
 * All on the I/O thread. Requests to epixend are asynchronous: nothing here waits. Their connection
 * may write below /local/domain/0/backend/TYPE/DOMID/DEVID, and read /local/domain/DOMID, only.
 * When epixend was killed, the next one gets everything again that was put, and the watches.
 *
 * Whoever creates the domain makes the directories of its devices, of what `nodes` lists
 * (xenbus_nodes): /local/domain/DOMID/device/TYPE/DEVID with backend, backend-id and state, and
 * /local/domain/0/backend/TYPE/DOMID/DEVID with frontend, frontend-id, online and state.
 */
#ifndef BACK_XENBUS_H
#define BACK_XENBUS_H

#include "base/text.h"
#include "base/types.h"

struct xenbus;
struct xenbus_device;

enum xenbus_state {
	XENBUS_UNKNOWN, /* there is none */
	XENBUS_INITIALISING,
	XENBUS_INIT_WAIT,
	XENBUS_INITIALISED,
	XENBUS_CONNECTED,
	XENBUS_CLOSING,
	XENBUS_CLOSED,
	XENBUS_RECONFIGURING,
	XENBUS_RECONFIGURED
};

struct xenbus_kind {
	const char *type; /* "vbd", "vif" */
	/* What of the frontend's directory connect needs, NULL-ended: "ring-ref", "event-channel",
	 * "protocol" ... At most XENBUS_KEYS. */
	const char *const *keys;
	/* What the creator of the domain writes beside what every device has: xenbus_front and
	 * xenbus_back. NULL: nothing. */
	void (*nodes)(const struct xenbus_device *x, struct text *out);
	/* Puts what a frontend reads before it connects; the state becomes InitWait behind it.
	 * NULL: nothing. Called again each time before a frontend can connect anew. */
	void (*describe)(struct xenbus_device *x);
	/* The frontend is Initialised or Connected and the keys were read: map the ring, bind the
	 * channel, put what it needs to know. 0: the state becomes Connected. -errno, when
	 * xenbus_error was told: Closing. */
	int (*connect)(struct xenbus_device *x);
	/* The frontend closes, starts anew or is gone, or the domain resets or ends: stop I/O,
	 * release grants. Also after a connect that failed, and without any: idempotent. */
	void (*disconnect)(struct xenbus_device *x);
};

#define XENBUS_KEYS 32

/* A domain's; NULL: no memory. */
struct xenbus *xenbus_new(unsigned domid);
/* Disconnects and forgets all devices. */
void xenbus_free(struct xenbus *b);

/* A new device, before or after there is a stream; dev is its owner's. NULL: no memory. */
struct xenbus_device *xenbus_add(
	struct xenbus *b, const struct xenbus_kind *k, unsigned devid, void *dev);
void *xenbus_dev(const struct xenbus_device *x);
unsigned xenbus_devid(const struct xenbus_device *x);
/* Writes BACKEND/name; the same value again is not written. */
void xenbus_put(struct xenbus_device *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What the frontend wrote before it connected; NULL: nothing, or nothing that is a short text. */
const char *xenbus_get(const struct xenbus_device *x, const char *key);
/* The same as a decimal number. Returns false when it is none, or above max. */
bool xenbus_get_number(
	const struct xenbus_device *x, const char *key, uint64_t max, uint64_t *value);
/* Writes BACKEND/error, and a line to the log unless the guest has caused many. */
void xenbus_error(struct xenbus_device *x, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* One more node for xenbus_kind.nodes, in the directory of the frontend, or the backend. */
void xenbus_front(struct text *out, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void xenbus_back(struct text *out, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Lines for the creator: "device TYPE DEVID", behind each "front NAME VALUE" and "back NAME
 * VALUE". */
void xenbus_nodes(const struct xenbus *b, struct text *out);

/* --- for the domain's loop --- */

/* A stream to epixend, which may follow an earlier one; takes fd. */
void xenbus_attach(struct xenbus *b, int fd);
/* Its descriptor, or -1, and what to poll it for. */
int xenbus_fd(const struct xenbus *b);
short xenbus_events(const struct xenbus *b);
/* Sends and receives what can be without waiting; calls the kinds' functions. */
void xenbus_pump(struct xenbus *b);
/* The guest starts anew: devices are disconnected, frontends' nodes become what they were at
 * first. */
void xenbus_reset(struct xenbus *b);
/* False while that is on its way: the new guest must not be heard yet. */
bool xenbus_settled(const struct xenbus *b);

#endif
