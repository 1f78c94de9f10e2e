/* SPDX-License-Identifier: MIT */
/* The xenstore client: one request at a time, answers wait in place. */
#ifndef MINIOS_XENBUS_H
#define MINIOS_XENBUS_H

#include "minios.h"

enum {
	XS_DIRECTORY = 1,
	XS_READ,
	XS_GET_PERMS,
	XS_WATCH,
	XS_UNWATCH,
	XS_TRANSACTION_START,
	XS_TRANSACTION_END,
	XS_INTRODUCE,
	XS_RELEASE,
	XS_GET_DOMAIN_PATH,
	XS_WRITE,
	XS_MKDIR,
	XS_RM,
	XS_SET_PERMS,
	XS_WATCH_EVENT,
	XS_ERROR,
	XS_IS_DOMAIN_INTRODUCED
};

#define XS_MAX 4096

struct xs_reply {
	u32 type, length;      /* type 0: none came */
	char data[XS_MAX + 1]; /* ends with a 0 beyond length */
};

void xs_init(void);
/* Any request; the strings are sent with their ends, the last one with size bytes from data. */
const struct xs_reply *xs_request(u32 type, u32 tx, const char *path, const void *data, u32 size);
/* The value, NULL on an error; good until the next request. */
const char *xs_read(u32 tx, const char *path);
/* An error's name, "" for success. */
const char *xs_write(u32 tx, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *xs_error(const struct xs_reply *r);
u64 xs_number(const char *path, u64 otherwise);
u32 xs_begin(void);
/* "" or an error's name. */
const char *xs_end(u32 tx, bool commit);
const char *xs_watch(const char *path, const char *token);
const char *xs_unwatch(const char *path, const char *token);
/* The next watch event that there is within ms: path and token; NULL when there is none. */
const char *xs_event(unsigned ms, const char **token);
/* Waits until path has the value; false after ms. */
bool xs_wait(const char *path, const char *value, unsigned ms);
u16 own_domid(void);

#endif
