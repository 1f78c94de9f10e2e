/* SPDX-License-Identifier: MIT */
/*
 * Watches, found by the path they watch: an event looks up its path and all above it. Only a
 * removal has to look at all watches, for those of nodes that went with it.
 */
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned list_of(const char *path, size_t len)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)path[i]) * 16777619u;
	return (h ^ h >> 16) % WATCH_LISTS;
}

static const char *shown(const struct watch *w, const char *path)
{
	char prefix[PATH_SIZE];
	return w->relative ? path + path_prefix(prefix, w->conn->domid) : path;
}

/* A path too long for a message is told as the watch's own, which fits as its request did. */
static void tell(struct watch *w, const char *path)
{
	struct store_conn *c = w->conn;
	if (w->lost || conn_event(c, shown(w, path), w->token) ||
		(c->out_bytes <= OUTPUT_MAX && conn_event(c, shown(w, w->path), w->token)))
		return;
	w->lost = true;
	w->conn->lost_events = true;
}

void watch_trigger(struct watch *w)
{
	tell(w, w->path);
}

void watch_tell_lost(struct store_conn *c)
{
	c->lost_events = false;
	for (struct watch *w = c->watches; w; w = w->sister) {
		if (!w->lost)
			continue;
		w->lost = false;
		watch_trigger(w);
	}
}

static bool readable(const struct store *s, unsigned domid, const struct node *n)
{
	return n && perm_access(s, domid, n) & ACCESS_READ;
}

/* A node's removal or loss of permission is told to who could read it, and a change to who can read
 * its parent. */
static bool permitted(struct store *s, unsigned domid, const char *path, struct node *old)
{
	char parent[PATH_SIZE];
	if (!domid || readable(s, domid, old) || readable(s, domid, tree_find(s->root, path)))
		return true;
	return path_parent(parent, path) && readable(s, domid, tree_find(s->root, parent));
}

/* Watches of the first len bytes of path. */
static void fire_at(struct store *s, const char *path, size_t len, struct node *old)
{
	for (struct watch *w = s->watch[list_of(path, len)]; w; w = w->next) {
		if (strncmp(w->path, path, len) == 0 && !w->path[len] &&
			permitted(s, w->conn->domid, path, old))
			tell(w, path);
	}
}

static void fire_below(struct store *s, const char *path, struct node *old)
{
	size_t len = strlen(path);
	for (unsigned i = 0; i < WATCH_LISTS; i++) {
		for (struct watch *w = s->watch[i]; w; w = w->next) {
			if (!path_is_within(w->path, path) || !w->path[len])
				continue;
			struct node *n = tree_find(old, w->path + len);
			if (n && permitted(s, w->conn->domid, w->path, n))
				watch_trigger(w);
		}
	}
}

void watch_fire(struct store *s, const char *path, struct node *old)
{
	size_t len;
	if (s->replaying)
		return;
	fire_at(s, path, 1, old);
	for (const char *at = path; path_next(&at, &len);)
		fire_at(s, path, (size_t)(at - path), old);
	if (old && !tree_find(s->root, path))
		fire_below(s, path, old);
}

void watch_fire_special(struct store *s, const char *name)
{
	size_t len = strlen(name);
	const struct node *n = node_child(s->special, name, len);
	for (struct watch *w = s->watch[list_of(name, len)]; w && !s->replaying; w = w->next) {
		if (strcmp(w->path, name) == 0 && readable(s, w->conn->domid, n))
			tell(w, name);
	}
}

static struct watch **find(struct store_conn *c, const char *path, const char *token)
{
	struct watch **p = &c->watches;
	while (*p && (strcmp((*p)->path, path) || strcmp((*p)->token, token)))
		p = &(*p)->sister;
	return p;
}

static struct watch *make(const char *path, const char *token)
{
	size_t len = strlen(path) + 1;
	struct watch *w = calloc(1, sizeof(*w) + len);
	if (!w)
		return NULL;
	memcpy(w->path, path, len);
	w->token = strdup(token);
	if (w->token)
		return w;
	free(w);
	return NULL;
}

int watch_add(struct store_conn *c, const char *path, const char *token, bool relative)
{
	struct domain_entry *d = store_domain(c->store, c->domid);
	struct watch **end = find(c, path, token);
	unsigned max;
	if (*end)
		return EEXIST;
	if (d && store_limit(c, QUOTA_WATCHES, &max) && c->watch_count >= max)
		return E2BIG;
	struct watch *w = d ? make(path, token) : NULL;
	if (!w)
		return ENOMEM;
	struct watch **list = &c->store->watch[list_of(path, strlen(path))];
	w->relative = relative;
	w->conn = c;
	w->next = *list;
	*list = w;
	*end = w;
	c->watch_count++;
	d->watches++;
	return 0;
}

static void drop(struct store_conn *c, struct watch **p)
{
	struct watch *w = *p, **list = &c->store->watch[list_of(w->path, strlen(w->path))];
	while (*list != w)
		list = &(*list)->next;
	*list = w->next;
	*p = w->sister;
	free(w->token);
	free(w);
	c->watch_count--;
	domain_at(c->store, c->domid)->watches--;
}

int watch_remove(struct store_conn *c, const char *path, const char *token)
{
	struct watch **p = find(c, path, token);
	if (!*p)
		return ENOENT;
	drop(c, p);
	return 0;
}

void watch_remove_all(struct store_conn *c)
{
	while (c->watches)
		drop(c, &c->watches);
}
