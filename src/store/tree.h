/* SPDX-License-Identifier: MIT */
/*
 * A tree of nodes that can be shared. Whoever holds a reference to a root holds a snapshot: a
 * change first makes copies of the shared nodes on its way (tree_own), so that a snapshot costs
 * nothing until something changes, and then only what changes.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "base/types.h"

enum { ACCESS_NONE, ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_OWNER = 4 };

struct perm {
	uint16_t domid;
	uint16_t access; /* READ and WRITE */
};

struct node {
	unsigned refs;
	unsigned children, room;
	struct node **child; /* by name */
	uint64_t value_gen, perms_gen,
		child_gen; /* when each changed, as store's count of changes */
	uint32_t len;
	uint16_t perms; /* at least 1: the owner comes first, with everybody's access */
	uint8_t *value;
	struct perm *perm;
	char name[];
};

/* A node without children, value and permissions, with one reference; NULL: no memory. */
struct node *node_new(const char *name, size_t len);
static inline struct node *node_get(struct node *n)
{
	n->refs++;
	return n;
}
void node_put(struct node *n);
/* Return false when there is no memory; the node, not shared, is then as before. */
bool node_set_value(struct node *n, const void *value, size_t len);
bool node_set_perms(struct node *n, const struct perm *perm, unsigned count);

struct node *node_child(const struct node *n, const char *name, size_t len);
/* Adds a new node below one that is not shared; NULL: no memory. */
struct node *node_add(struct node *parent, const char *name, size_t len);
/* Removes the child of this name from a node that is not shared. */
void node_remove(struct node *parent, const char *name, size_t len);

/* Looks a path up from a node; path may be "/" or begin in the middle, with a '/'. */
struct node *tree_find(struct node *root, const char *path);
/* The nearest node that exists on the way to path; *rest: the first name that does not, or its
 * end. */
struct node *tree_nearest(struct node *root, const char *path, const char **rest);
/* Makes the way to a node, and itself, the tree's own. The path must exist. NULL: no memory. */
struct node *tree_own(struct node **root, const char *path);

#endif
