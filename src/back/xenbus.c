/* SPDX-License-Identifier: MIT */
/*
 * See xenbus.h. A watch on the frontend's state makes us read it; what it is decides ours. Whether
 * a frontend that says Connected is the one we are connected to is told by its keys, which are read
 * each time: states between may go by unseen.
 */
#include "back/xenbus_private.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_LINES 8	/* of a device in the log */
#define VALUE_MAX   256 /* of what a frontend may write */

void *xenbus_dev(const struct xenbus_device *x)
{
	return x->dev;
}

unsigned xenbus_devid(const struct xenbus_device *x)
{
	return x->devid;
}

/* --- what we put --- */

static void ask(struct xenbus_device *x, unsigned type, const char *dir, const char *name,
	const char *value, unsigned what, unsigned arg)
{
	char path[XS_PAYLOAD_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	store_client_ask(&x->bus->client, type, path, value, strlen(value),
		(struct store_tag){x, what, arg});
}

static void write_value(struct xenbus_device *x, const struct xenbus_value *v)
{
	ask(x, XS_WRITE, x->back, v->name, v->text, ASK_NOTHING, 0);
}

static struct xenbus_value *find_value(struct xenbus_device *x, const char *name)
{
	struct xenbus_value *v = x->values;

	while (v && strcmp(v->name, name))
		v = v->next;
	if (v)
		return v;
	size_t n = strlen(name) + 1;
	v = calloc(1, sizeof(*v) + n);
	if (!v)
		return NULL;
	memcpy(v->name, name, n);
	*x->last = v;
	x->last = &v->next;
	return v;
}

static void put(struct xenbus_device *x, const char *name, const char *text)
{
	struct xenbus_value *v = find_value(x, name);

	if (v && v->text && strcmp(v->text, text) == 0)
		return;
	char *copy = v ? strdup(text) : NULL;
	if (!copy) {
		log_error("no memory for %s/%s", x->back, name);
		return;
	}
	free(v->text);
	v->text = copy;
	write_value(x, v);
}

void xenbus_put(struct xenbus_device *x, const char *name, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(x, name, text);
}

void xenbus_error(struct xenbus_device *x, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(x, "error", text);
	if (x->errors++ < ERROR_LINES)
		log_warn("%s %u: %s%s", x->kind->type, x->devid, text,
			x->errors == ERROR_LINES ? "; no more of this device" : "");
}

void xenbus_put_again(struct xenbus_device *x)
{
	struct xenbus_value *state = NULL;

	for (struct xenbus_value *v = x->values; v; v = v->next) {
		if (strcmp(v->name, "state") == 0)
			state = v;
		else if (v->text)
			write_value(x, v);
	}
	if (state && state->text)
		write_value(x, state);
}

static void set_state(struct xenbus_device *x, enum xenbus_state s)
{
	x->state = s;
	xenbus_put(x, "state", "%d", s);
}

/* --- what the frontend put --- */

unsigned xenbus_keys(const struct xenbus_device *x)
{
	unsigned n = 0;

	while (n < XENBUS_KEYS && x->kind->keys && x->kind->keys[n])
		n++;
	return n;
}

const char *xenbus_get(const struct xenbus_device *x, const char *key)
{
	for (unsigned i = 0; i < xenbus_keys(x); i++) {
		if (strcmp(x->kind->keys[i], key) == 0)
			return x->key[i];
	}
	return NULL;
}

static bool number(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	size_t n = text ? strlen(text) : 0;

	if (!n || n > 19 || strspn(text, "0123456789") != n)
		return false;
	for (; *text; text++)
		v = v * 10 + (uint64_t)(*text - '0');
	*value = v;
	return v <= max;
}

bool xenbus_get_number(
	const struct xenbus_device *x, const char *key, uint64_t max, uint64_t *value)
{
	return number(xenbus_get(x, key), max, value);
}

static void free_keys(char **key)
{
	for (unsigned i = 0; i < XENBUS_KEYS; i++) {
		free(key[i]);
		key[i] = NULL;
	}
}

/* --- states --- */

void xenbus_stop(struct xenbus_device *x)
{
	if (x->connected)
		x->kind->disconnect(x);
	x->connected = false;
	x->round++; /* keys that are being read are those of an earlier frontend */
}

/* The frontend may connect. */
void xenbus_offer(struct xenbus_device *x)
{
	xenbus_stop(x);
	if (x->kind->describe)
		x->kind->describe(x);
	x->described = true;
	set_state(x, XENBUS_INIT_WAIT);
}

static void close_with(struct xenbus_device *x, enum xenbus_state s)
{
	xenbus_stop(x);
	set_state(x, s);
}

static void connect_now(struct xenbus_device *x)
{
	xenbus_stop(x);
	if (x->state == XENBUS_CLOSING || x->state == XENBUS_CLOSED)
		xenbus_offer(x);
	x->connected = true;
	if (x->kind->connect(x) == 0)
		set_state(x, XENBUS_CONNECTED);
	else
		close_with(x, XENBUS_CLOSING);
}

static bool same_keys(const struct xenbus_device *x)
{
	for (unsigned i = 0; i < XENBUS_KEYS; i++) {
		const char *a = x->key[i], *b = x->fresh[i];
		if (a && b ? strcmp(a, b) != 0 : a != b)
			return false;
	}
	return true;
}

/* All keys were read, and the frontend has not moved since. */
static void keys_read(struct xenbus_device *x)
{
	bool same = same_keys(x);

	free_keys(x->key);
	memcpy(x->key, x->fresh, sizeof(x->key));
	memset(x->fresh, 0, sizeof(x->fresh));
	if (x->state != XENBUS_CONNECTED || !same)
		connect_now(x);
}

static void read_keys(struct xenbus_device *x)
{
	free_keys(x->fresh);
	x->round++;
	x->unread = xenbus_keys(x);
	for (unsigned i = 0; i < xenbus_keys(x); i++)
		ask(x, XS_READ, x->front, x->kind->keys[i], "", ASK_KEY, x->round << 8 | i);
	if (x->unread == 0)
		keys_read(x);
}

static void act(struct xenbus_device *x, enum xenbus_state front)
{
	switch (front) {
	case XENBUS_INITIALISING:
		if (x->state != XENBUS_INIT_WAIT)
			xenbus_offer(x);
		break;
	case XENBUS_INITIALISED:
	case XENBUS_CONNECTED:
		read_keys(x);
		break;
	case XENBUS_CLOSING:
		close_with(x, XENBUS_CLOSING);
		break;
	case XENBUS_UNKNOWN:
	case XENBUS_CLOSED:
		close_with(x, XENBUS_CLOSED);
		break;
	default:
		break; /* nothing that a backend has to follow */
	}
}

static void read_state(struct xenbus_device *x)
{
	x->again = x->reading;
	if (x->reading)
		return;
	x->reading = true;
	ask(x, XS_READ, x->front, "state", "", ASK_STATE, 0);
}

/* --- replies and events --- */

static void state_reply(struct xenbus_device *x, bool ok, const char *data)
{
	uint64_t state = XENBUS_UNKNOWN;

	x->reading = false;
	if (x->again)
		read_state(x);
	else if (!ok || number(data, XENBUS_RECONFIGURED, &state))
		act(x, (enum xenbus_state)state);
}

static void key_reply(struct xenbus_device *x, unsigned arg, bool ok, const char *data, size_t n)
{
	if (arg >> 8 != (x->round & 0xffffff))
		return;
	if (ok && n <= VALUE_MAX && strlen(data) == n)
		x->fresh[arg & 0xff] = strdup(data);
	if (--x->unread == 0 && !x->reading)
		keys_read(x);
}

void xenbus_reply(void *owner, const struct store_tag *t, bool ok, const char *data, size_t n)
{
	struct xenbus *b = owner;

	if (t->what == ASK_STATE)
		state_reply(t->ctx, ok, data);
	else if (t->what == ASK_KEY)
		key_reply(t->ctx, t->arg, ok, data, n);
	else if (t->what == ASK_RESET && --b->resets == 0)
		b->resetting = false;
}

/* The token is the frontend's directory. */
void xenbus_event(void *owner, const char *path, const char *token)
{
	struct xenbus *b = owner;
	(void)path;

	for (struct xenbus_device *x = b->devices; x; x = x->next) {
		if (strcmp(x->front, token) == 0)
			read_state(x);
	}
}

void xenbus_free_device(struct xenbus_device *x)
{
	xenbus_stop(x);
	free_keys(x->key);
	free_keys(x->fresh);
	for (struct xenbus_value *v = x->values, *next; v; v = next) {
		next = v->next;
		free(v->text);
		free(v);
	}
	free(x);
}
