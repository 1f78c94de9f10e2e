/* SPDX-License-Identifier: MIT */
/*
 * A transaction is a snapshot, a tree of its own, a list of what it depended on and one of what it
 * did. It can be committed if nothing that it depended on differs between its snapshot and the tree
 * of all; what it did is then done again. So two transactions conflict only over the same nodes,
 * and creating different children of one node is none.
 */
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct dep {
	unsigned flags;
	char path[];
};

/* Where path is, or would have to be. */
static unsigned position(const struct tx *tx, const char *path, bool *found)
{
	unsigned low = 0, high = tx->deps;
	*found = false;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int c = strcmp(path, tx->dep[middle]->path);
		if (c == 0) {
			*found = true;
			return middle;
		}
		if (c > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct tx *tx)
{
	if (tx->deps < tx->room)
		return true;
	unsigned room = tx->room * 2 + 16;
	struct dep **more = realloc(tx->dep, room * sizeof(struct dep *));
	if (!more)
		return false;
	tx->dep = more;
	tx->room = room;
	return true;
}

int tx_depend(struct tx *tx, const char *path, unsigned flags)
{
	bool found;
	unsigned i = position(tx, path, &found);
	if (found) {
		tx->dep[i]->flags |= flags;
		return 0;
	}
	if (tx->max_deps && tx->deps >= tx->max_deps)
		return ENOSPC;
	size_t len = strlen(path) + 1;
	struct dep *d = malloc(sizeof(*d) + len);
	if (!d || !make_room(tx)) {
		free(d);
		return ENOMEM;
	}
	d->flags = flags;
	memcpy(d->path, path, len);
	memmove(tx->dep + i + 1, tx->dep + i, (tx->deps - i) * sizeof(struct dep *));
	tx->dep[i] = d;
	tx->deps++;
	return 0;
}

struct tx *tx_find(struct store_conn *c, uint32_t id)
{
	struct tx *tx = c->transactions;
	while (tx && tx->id != id)
		tx = tx->next;
	return tx;
}

static uint32_t new_id(struct store_conn *c)
{
	do {
		c->store->next_tx++;
	} while (!c->store->next_tx || tx_find(c, c->store->next_tx));
	return c->store->next_tx;
}

int tx_start(struct store_conn *c, uint32_t *id)
{
	struct store *s = c->store;
	struct domain_entry *d = store_domain(s, c->domid);
	unsigned max;
	if (!d)
		return ENOMEM;
	if (store_limit(c, QUOTA_TRANSACTIONS, &max) && c->tx_count >= max)
		return ENOSPC;
	struct tx *tx = calloc(1, sizeof(*tx));
	if (!tx)
		return ENOMEM;
	if (!store_limit(c, QUOTA_TRANSACTION_NODES, &tx->max_deps))
		tx->max_deps = 0;
	*id = tx->id = new_id(c);
	tx->started = s->steps;
	tx->base = node_get(s->root);
	tx->tree = node_get(s->root);
	tx->next = c->transactions;
	c->transactions = tx;
	c->tx_count++;
	d->transactions++;
	return 0;
}

static bool differs(const struct dep *d, struct node *base, struct node *now)
{
	struct node *a = tree_find(base, d->path), *b = tree_find(now, d->path);
	if (!a || !b)
		return a || b;
	return (d->flags & DEP_VALUE && a->value_gen != b->value_gen) ||
	       (d->flags & DEP_PERMS && a->perms_gen != b->perms_gen) ||
	       (d->flags & DEP_CHILDREN && a->child_gen != b->child_gen) ||
	       (d->flags & DEP_TREE && a != b);
}

static bool conflicts(const struct tx *tx, const struct store *s)
{
	if (s->root == tx->base)
		return false;
	for (unsigned i = 0; i < tx->deps; i++) {
		if (differs(tx->dep[i], tx->base, s->root))
			return true;
	}
	return false;
}

static int do_again(struct change *ch, const struct text *ops)
{
	const uint8_t *at = (const uint8_t *)ops->data, *end = at + ops->len;
	int err = 0;
	while (at < end && !err)
		err = change_apply(ch, &at, end);
	return err;
}

static int commit(struct store_conn *c, struct tx *tx)
{
	struct store *s = c->store;
	struct change ch;
	if (tx->doomed || conflicts(tx, s))
		return EAGAIN;
	if (!tx->ops.len)
		return 0;
	struct node *tree = node_get(s->root);
	change_begin_for(&ch, c, NULL);
	ch.root = &tree;
	int err = do_again(&ch, &tx->ops);
	if (err) {
		change_drop(&ch);
		node_put(tree);
		return err == ENOSPC || err == ENOMEM ? err : EAGAIN;
	}
	node_put(s->root);
	s->root = tree;
	change_finish(&ch);
	return 0;
}

static void drop_trees(struct tx *tx)
{
	node_put(tx->base);
	node_put(tx->tree);
	tx->base = tx->tree = NULL;
	text_free(&tx->ops);
}

int tx_end(struct store_conn *c, struct tx *tx, bool do_commit)
{
	struct tx **p = &c->transactions;
	while (*p != tx)
		p = &(*p)->next;
	*p = tx->next;
	int err = do_commit ? commit(c, tx) : 0;
	drop_trees(tx);
	for (unsigned i = 0; i < tx->deps; i++)
		free(tx->dep[i]);
	free(tx->dep);
	free(tx);
	c->tx_count--;
	domain_at(c->store, c->domid)->transactions--;
	return err;
}

void tx_age_all(struct store *s)
{
	for (struct store_conn *c = s->conns; c; c = c->next) {
		for (struct tx *tx = c->transactions; tx; tx = tx->next) {
			if (tx->doomed || s->steps - tx->started < TX_STEPS_MAX)
				continue;
			tx->doomed = true;
			drop_trees(tx);
		}
	}
}
