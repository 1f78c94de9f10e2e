/* SPDX-License-Identifier: MIT */
/* What the files of xenbus share. */
#ifndef BACK_XENBUS_PRIVATE_H
#define BACK_XENBUS_PRIVATE_H

#include "back/store_client.h"
#include "back/xenbus.h"

enum { ASK_NOTHING, ASK_STATE, ASK_KEY, ASK_RESET };

struct xenbus_value {
	struct xenbus_value *next;
	char *text;
	char name[];
};

struct xenbus_device {
	struct xenbus_device *next;
	struct xenbus *bus;
	const struct xenbus_kind *kind;
	void *dev;
	unsigned devid;
	char front[80], back[80];
	enum xenbus_state state; /* ours */
	bool described;
	bool connected;		/* connect was called, disconnect was not */
	bool reading, again;	/* the frontend's state is being read; once more */
	unsigned round, unread; /* of its keys */
	char *key[XENBUS_KEYS], *fresh[XENBUS_KEYS];
	unsigned errors;
	struct xenbus_value *values, **last; /* what was put */
};

struct xenbus {
	unsigned domid;
	bool attached; /* once */
	bool resetting;
	unsigned resets; /* requests without a reply */
	struct store_client client;
	struct xenbus_device *devices, **last;
};

/* How many keys the kind has. */
unsigned xenbus_keys(const struct xenbus_device *x);
/* Writes again what was put. */
void xenbus_put_again(struct xenbus_device *x);
/* Disconnects it; the frontend may connect. */
void xenbus_offer(struct xenbus_device *x);
/* Disconnects it. */
void xenbus_stop(struct xenbus_device *x);
/* Replies and events, for the client. */
void xenbus_reply(void *bus, const struct store_tag *t, bool ok, const char *data, size_t n);
void xenbus_event(void *bus, const char *path, const char *token);
/* Frees a device that is not in the list any more. */
void xenbus_free_device(struct xenbus_device *x);

#endif
