/* SPDX-License-Identifier: MIT */
/* The store as a whole: what it begins with, its domains and their ends. */
#include "store/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct quota_info quota_table[QUOTAS] = {
	[QUOTA_NODES] = {"nodes", 1000, "owned by a domain"},
	[QUOTA_WATCHES] = {"watches", 128, "of a domain"},
	[QUOTA_TRANSACTIONS] = {"transactions", 10, "of a domain at a time"},
	[QUOTA_TRANSACTION_NODES] = {"transaction-nodes", 1024, "that a transaction looks at"},
	[QUOTA_NODE_SIZE] = {"node-size", 2048, "bytes of a value"},
	[QUOTA_PERMISSIONS] = {"permissions", 5, "of a node"},
	[QUOTA_PATH_DEPTH] = {"path-depth", 128, "names in a path"},
	[QUOTA_OUTSTANDING] = {"outstanding", 20, "replies not yet read"},
};

struct domain_entry *store_domain(struct store *s, unsigned id)
{
	struct domain_entry ***page = &s->domain[id / DOMAIN_PAGE];
	if (!*page)
		*page = calloc(DOMAIN_PAGE, sizeof(struct domain_entry *));
	if (!*page)
		return NULL;
	struct domain_entry **d = &(*page)[id % DOMAIN_PAGE];
	if (!*d)
		*d = calloc(1, sizeof(**d));
	return *d;
}

unsigned domain_next(const struct store *s, unsigned id)
{
	for (id++; id < XS_DOMAINS; id++) {
		if (!s->domain[id / DOMAIN_PAGE])
			id |= DOMAIN_PAGE - 1;
		else if (domain_at(s, id))
			return id;
	}
	return XS_DOMAINS;
}

bool store_limit(const struct store_conn *c, enum quota q, unsigned *limit)
{
	*limit = c->store->quota[q];
	return (c->domid || c->backend) && *limit;
}

/* --- the beginning --- */

static bool first_nodes(struct store *s)
{
	static const struct {
		const char *path, *value;
	} nodes[] = {{"/tool/xenstored", ""}, {"/vm", ""}, {"/local/domain/0/domid", "0"},
		{"/local/domain/0/name", "Domain-0"}};
	int err = 0;
	for (unsigned i = 0; i < countof(nodes) && !err; i++) {
		struct change ch;
		change_begin(&ch, s, 0, NULL);
		err = change_write(&ch, nodes[i].path, nodes[i].value, strlen(nodes[i].value));
		change_finish(&ch);
	}
	return !err;
}

static bool first_special(struct store *s, const char *name)
{
	const struct perm privileged = {0, ACCESS_NONE};
	struct node *n = node_add(s->special, name, strlen(name));
	return n && node_set_perms(n, &privileged, 1);
}

static bool begin(struct store *s)
{
	const struct perm privileged = {0, ACCESS_NONE};
	struct domain_entry *d = store_domain(s, 0);
	s->root = node_new("", 0);
	s->special = node_new("", 0);
	if (!d || !s->root || !s->special || !node_set_perms(s->root, &privileged, 1))
		return false;
	d->nodes = 1;
	s->replaying = true; /* every store begins so: nothing for the journal */
	bool ok = first_special(s, "@introduceDomain") && first_special(s, "@releaseDomain") &&
		  first_nodes(s);
	s->replaying = false;
	return ok;
}

struct store *store_new(void)
{
	struct store *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	for (unsigned i = 0; i < QUOTAS; i++)
		s->quota[i] = quota_table[i].value;
	if (begin(s))
		return s;
	store_free(s);
	return NULL;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	while (s->conns) {
		store_reset_conn(s->conns);
		conn_free(s->conns);
	}
	node_put(s->root);
	node_put(s->special);
	for (unsigned i = 0; i < XS_DOMAINS; i = domain_next(s, i))
		free(domain_at(s, i));
	for (unsigned i = 0; i < countof(s->domain); i++)
		free(s->domain[i]);
	text_free(&s->journal);
	free(s);
}

/* --- connections --- */

void store_reset_conn(struct store_conn *c)
{
	watch_remove_all(c);
	while (c->transactions)
		tx_end(c, c->transactions, false);
}

struct store_conn *store_connect(struct store *s)
{
	return conn_new(s, 0);
}

struct store_conn *store_backend(struct store *s, unsigned domid)
{
	const struct domain_entry *d = domid && domid < XS_DOMAINS ? domain_at(s, domid) : NULL;
	struct store_conn *c = d && d->conn ? conn_new(s, 0) : NULL;
	if (c)
		c->backend = domid;
	return c;
}

void store_disconnect(struct store_conn *c)
{
	store_reset_conn(c);
	conn_free(c);
}

/* --- domains --- */

struct store_conn *store_domain_conn(struct store *s, unsigned id)
{
	if (!id || id >= XS_DOMAINS)
		return NULL;
	struct domain_entry *d = store_domain(s, id);
	if (d && !d->conn)
		d->conn = conn_new(s, id);
	return d ? d->conn : NULL;
}

struct store_conn *store_attach(struct store *s, unsigned domid)
{
	bool known = domid < XS_DOMAINS && domain_at(s, domid) && domain_at(s, domid)->conn;
	struct store_conn *c = store_domain_conn(s, domid);
	if (!c)
		return NULL;
	record_note(s, domid, OP_ATTACH, "/", NULL, 0);
	if (!known)
		return c;
	conn_clear(c);
	c->broken = false;
	while (c->transactions)
		tx_end(c, c->transactions, false);
	c->lost_transactions = true;
	for (struct watch *w = c->watches; w; w = w->sister) {
		w->lost = false;
		watch_trigger(w);
	}
	return c;
}

void store_counts_requests(struct store_conn *c)
{
	c->counted = true;
}

void store_number_transactions(struct store *s, uint32_t from)
{
	s->next_tx = from;
}

unsigned store_next_domain(const struct store *s, unsigned id)
{
	do {
		id = domain_next(s, id);
	} while (id < XS_DOMAINS && !domain_at(s, id)->conn);
	return id < XS_DOMAINS ? id : 0;
}

void store_shutdown(struct store *s, unsigned domid)
{
	struct domain_entry *d = domid < XS_DOMAINS ? domain_at(s, domid) : NULL;
	if (!d || !d->introduced || d->shut_down)
		return;
	d->shut_down = true;
	watch_fire_special(s, "@releaseDomain");
}

void store_release(struct store *s, unsigned domid)
{
	struct domain_entry *d = domain_at(s, domid);
	if (!d || !d->introduced)
		return;
	store_reset_conn(d->conn);
	conn_clear(d->conn);
	d->introduced = d->shut_down = false;
	record_note(s, domid, OP_RELEASE, "/", NULL, 0);
	watch_fire_special(s, "@releaseDomain");
}

void store_drop_domain(struct store *s, unsigned id)
{
	struct domain_entry *d = domain_at(s, id);
	store_reset_conn(d->conn);
	conn_free(d->conn);
	*d = (struct domain_entry){.nodes = d->nodes};
	for (unsigned i = 0; (i = domain_next(s, i)) < XS_DOMAINS;) {
		if (domain_at(s, i)->target == id)
			domain_at(s, i)->target = 0;
	}
}

/* Removes the domain's name from a node's permissions. */
__attribute__((noinline)) static void remove_perms(
	struct change *ch, const struct node *n, const char *path, unsigned id)
{
	struct perm perm[XS_PAYLOAD_MAX / 3];
	unsigned kept = 0;
	for (unsigned i = 0; i < n->perms; i++) {
		if (n->perm[i].domid != id)
			perm[kept++] = n->perm[i];
	}
	if (kept && kept < n->perms)
		change_perms(ch, path, perm, kept);
}

/* Removes what the domain owns at and below path, and its name from other permissions. A change may
 * replace nodes on the way, so they are looked up again. Returns whether path itself went. */
static bool remove_traces(struct change *ch, char *path, size_t len, unsigned id)
{
	struct node *n = tree_find(*ch->root, path);
	if (n->perm[0].domid == id && len)
		return change_rm(ch, path) == 0;
	remove_perms(ch, n, len ? path : "/", id);
	for (unsigned i = 0; n = tree_find(*ch->root, path), i < n->children;) {
		size_t name = strlen(n->child[i]->name);
		path[len] = '/';
		memcpy(path + len + 1, n->child[i]->name, name + 1);
		if (!remove_traces(ch, path, len + 1 + name, id))
			i++;
		path[len] = 0;
	}
	return false;
}

/* The directory of the machine, which its domain's node names. */
static void remove_vm(struct change *ch, const char *home)
{
	char node[PATH_SIZE + 3], vm[PATH_SIZE], text[PATH_SIZE] = "";
	snprintf(node, sizeof(node), "%s/vm", home);
	const struct node *n = tree_find(*ch->root, node);
	if (!n || n->len >= sizeof(text))
		return;
	memcpy(text, n->value, n->len);
	if (!path_canonical(vm, 0, text) && path_is_within(vm, "/vm") && vm[3])
		change_rm(ch, vm);
}

static void remove_nodes(struct store *s, unsigned id)
{
	char path[PATH_SIZE];
	struct change ch;
	change_begin(&ch, s, 0, NULL);
	path[path_prefix(path, id) - 1] = 0;
	remove_vm(&ch, path);
	restrict_remove(&ch, id);
	if (tree_find(s->root, path))
		change_rm(&ch, path);
	path[0] = 0;
	remove_traces(&ch, path, 0, id);
	change_finish(&ch);
}

void store_forget(struct store *s, unsigned domid)
{
	struct domain_entry *d = domid < XS_DOMAINS ? domain_at(s, domid) : NULL;
	if (!d || !d->conn)
		return;
	bool introduced = d->introduced;
	store_drop_domain(s, domid);
	record_note(s, domid, OP_FORGET, "/", NULL, 0);
	remove_nodes(s, domid);
	if (introduced)
		watch_fire_special(s, "@releaseDomain");
}
