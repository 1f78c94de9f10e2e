/* SPDX-License-Identifier: MIT */
/*
 * Changes of the tree, for requests, transactions, commits and the journal alike. Within a
 * transaction the tree is the transaction's own, and what a change depended on is noted; at its
 * commit the same changes are made once more to the tree of all.
 */
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void change_begin(struct change *ch, struct store *s, unsigned domid, struct tx *tx)
{
	*ch = (struct change){.store = s, .domid = domid, .tx = tx};
	ch->root = tx ? &tx->tree : &s->root;
	ch->last = &ch->events;
}

void change_begin_for(struct change *ch, const struct store_conn *c, struct tx *tx)
{
	change_begin(ch, c->store, c->domid, tx);
	ch->backend = c->backend;
}

void change_drop(struct change *ch)
{
	for (struct event *e = ch->events, *next; e; e = next) {
		next = e->next;
		node_put(e->old);
		free(e);
	}
	text_free(&ch->ops);
	free(ch->tally);
}

static void finish_tx(struct change *ch)
{
	for (unsigned i = 0; i < ch->tallies; i++) {
		if (ch->tally[i].domid == ch->domid)
			ch->tx->owned += ch->tally[i].nodes;
	}
	text_add(&ch->tx->ops, ch->ops.data, ch->ops.len);
	ch->tx->doomed |= ch->tx->ops.failed;
}

void change_finish(struct change *ch)
{
	struct store *s = ch->store;
	if (ch->tx) {
		finish_tx(ch);
	} else {
		for (unsigned i = 0; i < ch->tallies; i++) {
			struct domain_entry *d = store_domain(s, ch->tally[i].domid);
			if (d)
				d->nodes += (unsigned)ch->tally[i].nodes;
		}
		if (ch->ops.len) {
			record_add(s, ch->domid, &ch->ops);
			if (++s->steps % TX_AGE_STEPS == 0)
				tx_age_all(s);
		}
		for (struct event *e = ch->events; e; e = e->next)
			watch_fire(s, e->path, e->old);
	}
	change_drop(ch);
}

/* Counts nodes of an owner; false: no memory. */
static bool tally(struct change *ch, unsigned domid, int nodes)
{
	unsigned i = 0;
	while (i < ch->tallies && ch->tally[i].domid != domid)
		i++;
	if (i == ch->tallies) {
		struct tally *more = realloc(ch->tally, (i + 1) * sizeof(*more));
		if (!more)
			return false;
		ch->tally = more;
		more[ch->tallies++] = (struct tally){domid, 0};
	}
	ch->tally[i].nodes += nodes;
	return true;
}

/* Nothing of a transaction is told before its commit. */
static void note_event(struct change *ch, const char *path, struct node *old)
{
	if (ch->tx)
		return;
	size_t len = strlen(path) + 1;
	struct event *e = malloc(sizeof(*e) + len);
	if (!e)
		return;
	e->next = NULL;
	e->old = old ? node_get(old) : NULL;
	memcpy(e->path, path, len);
	*ch->last = e;
	ch->last = &e->next;
}

static int depend(struct change *ch, const char *path, unsigned flags)
{
	return ch->tx ? tx_depend(ch->tx, path, flags) : 0;
}

/* With a path's first n bytes. */
static int depend_prefix(struct change *ch, const char *path, size_t n, unsigned flags)
{
	char prefix[PATH_SIZE];
	if (n == 0)
		return depend(ch, "/", flags);
	memcpy(prefix, path, n);
	prefix[n] = 0;
	return depend(ch, prefix, flags);
}

/* What a client may know about a node that does not exist follows from the nearest one that
 * does. */
static int absent(struct change *ch, const char *path, unsigned need)
{
	const char *rest;
	size_t len;
	struct node *n = tree_nearest(*ch->root, path, &rest);
	int err = 0;
	if (ch->domid) {
		const char *end = rest;
		path_next(&end, &len);
		err = depend_prefix(ch, path, (size_t)(rest - path) - 1, DEP_PERMS);
		if (!err)
			err = depend_prefix(ch, path, (size_t)(end - path), 0);
	}
	if (!err)
		err = depend(ch, path, 0);
	if (err)
		return err;
	return ch->trusted || perm_access(ch->store, ch->domid, n) & need ? ENOENT : EACCES;
}

int change_find(struct change *ch, const char *path, unsigned need, struct node **n)
{
	struct node *found = tree_find(*ch->root, path);
	if (n)
		*n = found;
	if (!found)
		return absent(ch, path, need);
	int err = depend(ch, path, DEP_PERMS);
	if (err)
		return err;
	if (!ch->trusted && (perm_access(ch->store, ch->domid, found) & need) != need)
		return EACCES;
	return 0;
}

static bool limit(const struct change *ch, enum quota q, unsigned *value)
{
	*value = ch->store->quota[q];
	return (ch->domid || ch->backend) && !ch->trusted && *value;
}

static int check_nodes(const struct change *ch, unsigned more)
{
	unsigned max;
	if (!limit(ch, QUOTA_NODES, &max))
		return 0;
	if (ch->backend)
		return restrict_count(*ch->root, ch->backend) + more > max ? ENOSPC : 0;
	const struct domain_entry *d = domain_at(ch->store, ch->domid);
	int64_t owned = (d ? d->nodes : 0) + (int64_t)more + (ch->tx ? ch->tx->owned : 0);
	for (unsigned i = 0; i < ch->tallies; i++)
		owned += ch->tally[i].domid == ch->domid ? ch->tally[i].nodes : 0;
	return owned > max ? ENOSPC : 0;
}

static int check_room(const struct change *ch, size_t len)
{
	size_t max = ch->domid || ch->backend ? TX_BYTES_MAX : TX_BYTES_MAX_PRIV;
	unsigned size;
	if (limit(ch, QUOTA_NODE_SIZE, &size) && len > size)
		return ENOSPC;
	return ch->tx && ch->tx->ops.len + len + XS_ABS_PATH_MAX > max ? ENOSPC : 0;
}

/* A new node below parent, with its permissions but for the owner. */
static struct node *create(struct change *ch, struct node *parent, const char *name, size_t len)
{
	struct node *n = node_add(parent, name, len);
	if (!n)
		return NULL;
	if (!node_set_perms(n, parent->perm, parent->perms) ||
		!tally(ch, ch->domid ? ch->domid : parent->perm[0].domid, 1)) {
		node_remove(parent, name, len);
		return NULL;
	}
	if (ch->domid)
		n->perm[0].domid = (uint16_t)ch->domid;
	parent->child_gen = n->value_gen = n->perms_gen = n->child_gen = ++ch->store->changes;
	return n;
}

/* All that is missing on the way to path, which change_find did not find. */
static int create_path(struct change *ch, const char *path, struct node **out)
{
	char above[PATH_SIZE];
	const char *rest;
	size_t len;
	unsigned depth;
	tree_nearest(*ch->root, path, &rest);
	const char *end = rest;
	path_next(&end, &len);
	memcpy(above, path, (size_t)(end - path) + 1);
	above[end - path] = 0;
	int err = depend(ch, above, 0);
	above[rest - path] = 0;
	if (rest - path > 1)
		above[rest - path - 1] = 0;
	if (!err)
		err = depend(ch, above, DEP_PERMS);
	if (!err && limit(ch, QUOTA_PATH_DEPTH, &depth) && path_depth(path) > depth)
		err = ENOSPC;
	if (!err)
		err = check_nodes(ch, path_depth(rest - 1));
	struct node *n = err ? NULL : tree_own(ch->root, above);
	for (const char *at = rest - 1, *name; n && (name = path_next(&at, &len));)
		n = create(ch, n, name, len);
	*out = n;
	return err ? err : n ? 0 : ENOMEM;
}

int change_write(struct change *ch, const char *path, const void *value, size_t len)
{
	struct node *n;
	int err = change_find(ch, path, ACCESS_WRITE, &n);
	if (err && (err != ENOENT || n))
		return err;
	bool exists = !err;
	err = check_room(ch, len);
	if (!err)
		err = exists ? depend(ch, path, DEP_VALUE) : create_path(ch, path, &n);
	if (err)
		return err;
	n = tree_own(ch->root, path);
	if (!n || !node_set_value(n, value, len))
		return ENOMEM;
	n->value_gen = ++ch->store->changes;
	record_op(&ch->ops, OP_WRITE, path, value, len);
	note_event(ch, path, NULL);
	return 0;
}

int change_mkdir(struct change *ch, const char *path)
{
	struct node *n;
	int err = change_find(ch, path, ACCESS_WRITE, &n);
	if (err != ENOENT || n)
		return err;
	err = check_room(ch, 0);
	if (!err)
		err = create_path(ch, path, &n);
	if (err)
		return err;
	record_op(&ch->ops, OP_MKDIR, path, NULL, 0);
	note_event(ch, path, NULL);
	return 0;
}

static bool tally_tree(struct change *ch, const struct node *n)
{
	bool ok = tally(ch, n->perm[0].domid, -1);
	for (unsigned i = 0; i < n->children && ok; i++)
		ok = tally_tree(ch, n->child[i]);
	return ok;
}

/* What does not exist needs no removing, if its parent does. */
static int rm_absent(struct change *ch, const char *path)
{
	char parent[PATH_SIZE];
	path_parent(parent, path);
	int err = depend(ch, parent, 0);
	return err ? err : tree_find(*ch->root, parent) ? 0 : ENOENT;
}

int change_rm(struct change *ch, const char *path)
{
	char above[PATH_SIZE];
	struct node *n;
	int err = change_find(ch, path, ACCESS_WRITE, &n);
	if (err == ENOENT && !n)
		return rm_absent(ch, path);
	if (!err && !path_parent(above, path))
		err = EINVAL;
	if (!err)
		err = check_room(ch, 0);
	if (!err)
		err = depend(ch, path, DEP_TREE);
	if (err)
		return err;
	struct node *parent = tree_own(ch->root, above);
	if (!parent || !tally_tree(ch, n))
		return ENOMEM;
	record_op(&ch->ops, OP_RM, path, NULL, 0);
	note_event(ch, path, n);
	parent->child_gen = ++ch->store->changes;
	const char *name = strrchr(path, '/') + 1;
	node_remove(parent, name, strlen(name));
	return 0;
}

static int check_perms(
	const struct change *ch, const struct node *n, const struct perm *perm, unsigned count)
{
	unsigned max;
	if (limit(ch, QUOTA_PERMISSIONS, &max) && count > max)
		return ENOSPC;
	return ch->domid && !ch->trusted && perm[0].domid != n->perm[0].domid ? EPERM : 0;
}

int change_perms(struct change *ch, const char *path, const struct perm *perm, unsigned count)
{
	struct node *n;
	int err = change_find(ch, path, ACCESS_WRITE | ACCESS_OWNER, &n);
	if (!err)
		err = check_perms(ch, n, perm, count);
	if (!err)
		err = check_room(ch, count * sizeof(*perm));
	if (err)
		return err;
	if (!tally(ch, n->perm[0].domid, -1) || !tally(ch, perm[0].domid, 1))
		return ENOMEM;
	note_event(ch, path, n);
	n = tree_own(ch->root, path);
	if (!n || !node_set_perms(n, perm, count))
		return ENOMEM;
	n->perms_gen = ++ch->store->changes;
	record_op(&ch->ops, OP_PERMS, path, perm, count * sizeof(*perm));
	return 0;
}

int change_apply(struct change *ch, const uint8_t **at, const uint8_t *end)
{
	struct perm perm[XS_PAYLOAD_MAX / 3];
	const uint8_t *data;
	const char *path;
	enum op op;
	size_t n;
	if (!record_read(at, end, &op, &path, &data, &n))
		return EIO;
	switch (op) {
	case OP_WRITE:
		return change_write(ch, path, data, n);
	case OP_MKDIR:
		return change_mkdir(ch, path);
	case OP_RM:
		return change_rm(ch, path);
	case OP_PERMS:
		if (n < sizeof(*perm) || n > sizeof(perm))
			return EIO;
		memcpy(perm, data, n);
		return change_perms(ch, path, perm, (unsigned)(n / sizeof(*perm)));
	default:
		return EIO;
	}
}
