/* SPDX-License-Identifier: MIT */
/*
 * The user's running domains, as a directory: $XDG_RUNTIME_DIR/epixen, for root /run/epixen, else
 * /tmp/epixen-UID. Each domain has a directory named by its id with its name, its control
 * socket and a lock file that its process holds locked; an entry whose lock is free is stale
 * and goes. One lock file guards changes.
 */
#ifndef TOOL_REGISTRY_H
#define TOOL_REGISTRY_H

#include "base/types.h"

struct registry {
	char path[400];
	int dir;
	int lock;
};

struct registry_entry {
	uint64_t id;
	char name[64];
};

/* What a new domain's process gets from the registry. */
struct registry_slot {
	uint64_t id;
	int directory, lock, control; /* control: listening */
};

/* Opens the directory, making it if need be, and locks it. Failures are logged. Returns 0 or
 * -errno. */
int registry_open(struct registry *r);
void registry_close(struct registry *r);
/* Locks it again after registry_unlock. Failures are logged. Returns 0 or -errno. */
int registry_lock(struct registry *r);
/* Lets others change the registry while we go on using it. */
void registry_unlock(struct registry *r);

/* Is a name free? -EEXIST, logged, when it is in use. Locked. */
int registry_check_name(struct registry *r, const char *name);
/* Makes an entry with a new id; -EEXIST when the name is in use. Locked. */
int registry_add(struct registry *r, const char *name, struct registry_slot *slot);
/* Removes an entry's files. Locked. */
void registry_remove(struct registry *r, uint64_t id);
/* Lists the entries by id, removing stale ones. Returns how many; the array is the caller's to
 * free. Locked. */
unsigned registry_list(struct registry *r, struct registry_entry **list);
/* By name, or by id when text is a number. Returns 0 or -ENOENT, logged. Locked. */
int registry_find(struct registry *r, const char *text, struct registry_entry *e);

/* Opens the log file that a domain of this name writes to, emptied. Returns it or -errno. */
int registry_open_log(struct registry *r, const char *name);
void registry_remove_log(struct registry *r, const char *name);

#endif
