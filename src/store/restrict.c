/* SPDX-License-Identifier: MIT */
/*
 * What the process that serves a domain's devices may do in domain 0's name. Such a process may be
 * in its guest's hands, so it may write only below directories of devices that were made for it,
 * and reset what its own guest has written about them.
 */
#include "store/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BACKENDS XS_DOMAIN_PREFIX "0/backend"

/* The part of path behind above and a slash; NULL: it is not below. */
static const char *below(const char *path, const char *above)
{
	return path_is_within(path, above) && path[strlen(above)] ? path + strlen(above) + 1 : NULL;
}

/* The same without n names more. */
static const char *skip(const char *path, unsigned n)
{
	for (; path && n; n--) {
		path = strchr(path, '/');
		if (path)
			path++;
	}
	return path;
}

/* The part of a path behind /local/domain/0/backend/TYPE/DOMID, "" for that itself; NULL: it is not
 * there. */
static const char *in_backends(const char *path, unsigned domid)
{
	char id[8];
	size_t n = (size_t)snprintf(id, sizeof(id), "%u", domid);
	const char *at = skip(below(path, BACKENDS), 1);
	if (!at || strncmp(at, id, n) || (at[n] && at[n] != '/'))
		return NULL;
	return at[n] ? at + n + 1 : at + n;
}

/* Below an existing directory of a device: names of len bytes in front of rest. */
static int in_device(struct node *root, const char *path, const char *rest)
{
	char dir[PATH_SIZE];
	size_t len = (size_t)(rest - path) - 1;
	memcpy(dir, path, len);
	dir[len] = 0;
	return tree_find(root, dir) ? 0 : ENOENT;
}

static int check_home(struct node *root, const char *home, const char *path, enum restrict_access a)
{
	const char *rest = below(path, home);
	if (a == RESTRICT_READ)
		return 0;
	if (!rest || a == RESTRICT_PERMS)
		return EACCES;
	bool device = strncmp(rest, "device/", 7) == 0 && skip(rest, 3);
	if (a == RESTRICT_REMOVE)
		return device ? 0 : EACCES;
	if (!device && strcmp(rest, "control/shutdown"))
		return EACCES;
	return tree_find(root, path) ? 0 : ENOENT;
}

int restrict_check(
	const struct store_conn *c, struct node *root, const char *path, enum restrict_access a)
{
	char home[PATH_SIZE];
	if (!c->backend)
		return 0;
	home[path_prefix(home, c->backend) - 1] = 0;
	if (path_is_within(path, home))
		return check_home(root, home, path, a);
	const char *rest = in_backends(path, c->backend);
	if (!rest || a == RESTRICT_PERMS)
		return EACCES;
	if (a == RESTRICT_READ)
		return 0;
	rest = skip(rest, 1);
	return rest ? in_device(root, path, rest) : EACCES;
}

static unsigned count(const struct node *n)
{
	unsigned sum = n != NULL;
	for (unsigned i = 0; n && i < n->children; i++)
		sum += count(n->child[i]);
	return sum;
}

unsigned restrict_count(struct node *root, unsigned domid)
{
	char id[8];
	const struct node *all = tree_find(root, BACKENDS);
	size_t n = (size_t)snprintf(id, sizeof(id), "%u", domid);
	unsigned sum = 0;
	for (unsigned i = 0; all && i < all->children; i++)
		sum += count(node_child(all->child[i], id, n));
	return sum;
}

void restrict_remove(struct change *ch, unsigned domid)
{
	char path[PATH_SIZE];
	const struct node *all, *type;
	for (unsigned i = 0; (all = tree_find(*ch->root, BACKENDS)) && i < all->children;) {
		unsigned before = all->children;
		if (strlen(all->child[i]->name) > XS_ABS_PATH_MAX - sizeof(BACKENDS) - 8) {
			i++; /* nothing below has a path */
			continue;
		}
		int n = snprintf(path, sizeof(path), BACKENDS "/%s", all->child[i]->name);
		snprintf(path + n, sizeof(path) - (size_t)n, "/%u", domid);
		bool found = tree_find(*ch->root, path) && !change_rm(ch, path);
		path[n] = 0;
		type = tree_find(*ch->root, path);
		if (found && type && !type->children && change_rm(ch, path) == 0 && before == 1)
			change_rm(ch, BACKENDS);
		all = tree_find(*ch->root, BACKENDS);
		i += all && all->children == before;
	}
}
