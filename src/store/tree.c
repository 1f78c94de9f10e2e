/* SPDX-License-Identifier: MIT */
/* Children are kept sorted, so that look-up is a binary search and listings come in order. */
#include "store/tree.h"

#include "store/path.h"

#include <stdlib.h>
#include <string.h>

struct node *node_new(const char *name, size_t len)
{
	struct node *n = calloc(1, sizeof(*n) + len + 1);
	if (!n)
		return NULL;
	n->refs = 1;
	memcpy(n->name, name, len);
	return n;
}

void node_put(struct node *n)
{
	if (!n || --n->refs)
		return;
	for (unsigned i = 0; i < n->children; i++)
		node_put(n->child[i]);
	free(n->child);
	free(n->value);
	free(n->perm);
	free(n);
}

static bool replace(void **old, const void *data, size_t size)
{
	void *p = NULL;
	if (size) {
		p = malloc(size);
		if (!p)
			return false;
		memcpy(p, data, size);
	}
	free(*old);
	*old = p;
	return true;
}

bool node_set_value(struct node *n, const void *value, size_t len)
{
	void *p = n->value;
	if (!replace(&p, value, len))
		return false;
	n->value = p;
	n->len = (uint32_t)len;
	return true;
}

bool node_set_perms(struct node *n, const struct perm *perm, unsigned count)
{
	void *p = n->perm;
	if (!replace(&p, perm, count * sizeof(*perm)))
		return false;
	n->perm = p;
	n->perms = (uint16_t)count;
	return true;
}

static int compare(const char *name, size_t len, const struct node *n)
{
	int c = strncmp(name, n->name, len);
	return c ? c : -(int)(unsigned char)n->name[len];
}

/* Where name is, or would have to be, among the children. */
static unsigned position(const struct node *n, const char *name, size_t len, bool *found)
{
	unsigned low = 0, high = n->children;
	*found = false;
	while (low < high && !*found) {
		unsigned middle = low + (high - low) / 2;
		int c = compare(name, len, n->child[middle]);
		*found = c == 0;
		if (c > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return *found ? high : low;
}

struct node *node_child(const struct node *n, const char *name, size_t len)
{
	bool found;
	unsigned i = position(n, name, len, &found);
	return found ? n->child[i] : NULL;
}

struct node *node_add(struct node *parent, const char *name, size_t len)
{
	bool found;
	unsigned i = position(parent, name, len, &found);
	if (parent->children == parent->room) {
		unsigned room = parent->room * 2 + 4;
		struct node **more = realloc(parent->child, room * sizeof(struct node *));
		if (!more)
			return NULL;
		parent->child = more;
		parent->room = room;
	}
	struct node *n = node_new(name, len);
	if (!n)
		return NULL;
	memmove(parent->child + i + 1, parent->child + i,
		(parent->children - i) * sizeof(struct node *));
	parent->child[i] = n;
	parent->children++;
	return n;
}

void node_remove(struct node *parent, const char *name, size_t len)
{
	bool found;
	unsigned i = position(parent, name, len, &found);
	if (!found)
		return;
	node_put(parent->child[i]);
	parent->children--;
	memmove(parent->child + i, parent->child + i + 1,
		(parent->children - i) * sizeof(struct node *));
}

struct node *tree_nearest(struct node *root, const char *path, const char **rest)
{
	size_t len;
	for (const char *at = path, *name; *rest = at, (name = path_next(&at, &len));) {
		struct node *next = node_child(root, name, len);
		if (!next) {
			*rest = name;
			return root;
		}
		root = next;
	}
	return root;
}

struct node *tree_find(struct node *root, const char *path)
{
	size_t len;
	for (const char *at = path, *name; root && (name = path_next(&at, &len));)
		root = node_child(root, name, len);
	return root;
}

static struct node *copy(const struct node *n)
{
	struct node *c = node_new(n->name, strlen(n->name));
	if (!c)
		return NULL;
	c->child = malloc((n->children + 1) * sizeof(struct node *));
	if (!c->child || !node_set_value(c, n->value, n->len) ||
		!node_set_perms(c, n->perm, n->perms)) {
		node_put(c);
		return NULL;
	}
	c->room = n->children + 1;
	c->children = n->children;
	for (unsigned i = 0; i < n->children; i++)
		c->child[i] = node_get(n->child[i]);
	c->value_gen = n->value_gen;
	c->perms_gen = n->perms_gen;
	c->child_gen = n->child_gen;
	return c;
}

static struct node *own(struct node **slot)
{
	if ((*slot)->refs == 1)
		return *slot;
	struct node *c = copy(*slot);
	if (!c)
		return NULL;
	node_put(*slot);
	*slot = c;
	return c;
}

struct node *tree_own(struct node **root, const char *path)
{
	struct node *n = own(root);
	size_t len;
	for (const char *at = path, *name; n && (name = path_next(&at, &len));) {
		bool found;
		n = own(&n->child[position(n, name, len, &found)]);
	}
	return n;
}
