/* SPDX-License-Identifier: MIT */
/* The registry's files. Sockets are bound through /proc/self/fd, for long paths' sake. */
#define _GNU_SOURCE
#include "tool/registry.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* /tmp belongs to everybody: only a directory of ours that others cannot write to will do. */
static int open_private(const char *path)
{
	struct stat st;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || st.st_mode & 0022) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/* A runtime directory that su or sudo left in the environment may not be ours to use: then the
 * next place is taken, the same at each call. */
static int open_directory(struct registry *r)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	if (xdg && *xdg && access(xdg, W_OK) == 0)
		snprintf(r->path, sizeof(r->path), "%s/epixen", xdg);
	else if (geteuid() == 0)
		snprintf(r->path, sizeof(r->path), "/run/epixen");
	else
		snprintf(r->path, sizeof(r->path), "/tmp/epixen-%u", (unsigned)geteuid());
	return open_private(r->path);
}

int registry_open(struct registry *r)
{
	r->dir = open_directory(r);
	if (r->dir < 0) {
		log_error("%s: %s", r->path, strerror(-r->dir));
		return r->dir;
	}
	int err = registry_lock(r);
	if (err)
		registry_close(r);
	return err;
}

int registry_lock(struct registry *r)
{
	r->lock = openat(r->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (r->lock >= 0 && flock(r->lock, LOCK_EX) == 0)
		return 0;
	int err = -errno;
	log_error("%s/lock: %s", r->path, strerror(-err));
	registry_unlock(r);
	return err;
}

void registry_unlock(struct registry *r)
{
	if (r->lock >= 0)
		close(r->lock);
	r->lock = -1;
}

void registry_close(struct registry *r)
{
	registry_unlock(r);
	close(r->dir);
}

static int open_entry(struct registry *r, uint64_t id)
{
	char name[24];
	snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
	return openat(r->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void registry_remove(struct registry *r, uint64_t id)
{
	char name[24];
	int dir = open_entry(r, id);
	if (dir < 0)
		return;
	unlinkat(dir, "control", 0);
	unlinkat(dir, "name", 0);
	unlinkat(dir, "lock", 0);
	close(dir);
	snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
	unlinkat(r->dir, name, AT_REMOVEDIR);
}

static bool is_stale(int dir)
{
	int lock = openat(dir, "lock", O_RDWR | O_CLOEXEC);
	bool stale = lock < 0 || flock(lock, LOCK_EX | LOCK_NB) == 0;
	if (lock >= 0)
		close(lock);
	return stale;
}

/* Fills e; a stale entry is removed. Returns whether it lives. */
static bool read_entry(struct registry *r, uint64_t id, struct registry_entry *e)
{
	*e = (struct registry_entry){.id = id};
	int dir = open_entry(r, id);
	if (dir < 0)
		return false;
	bool stale = is_stale(dir);
	int fd = openat(dir, "name", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = read(fd, e->name, sizeof(e->name) - 1);
		e->name[n > 0 ? n : 0] = 0;
		close(fd);
	}
	close(dir);
	if (stale)
		registry_remove(r, id);
	return !stale && fd >= 0;
}

static int by_id(const void *a, const void *b)
{
	const struct registry_entry *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

unsigned registry_list(struct registry *r, struct registry_entry **list)
{
	unsigned n = 0;
	*list = NULL;
	DIR *dir = fdopendir(openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!dir)
		return 0;
	for (struct dirent *f; (f = readdir(dir));) {
		char *rest;
		uint64_t id = strtoull(f->d_name, &rest, 10);
		struct registry_entry e;
		if (*rest || rest == f->d_name || !read_entry(r, id, &e))
			continue;
		struct registry_entry *more = realloc(*list, (n + 1) * sizeof(e));
		if (!more)
			break;
		*list = more;
		more[n++] = e;
	}
	closedir(dir);
	if (n)
		qsort(*list, n, sizeof(**list), by_id);
	return n;
}

static bool find(struct registry *r, const char *name, uint64_t id, struct registry_entry *e)
{
	struct registry_entry *list;
	unsigned n = registry_list(r, &list);
	bool found = false;
	for (unsigned i = 0; i < n && !found; i++) {
		found = name ? strcmp(list[i].name, name) == 0 : list[i].id == id;
		if (found)
			*e = list[i];
	}
	free(list);
	return found;
}

int registry_find(struct registry *r, const char *text, struct registry_entry *e)
{
	char *rest;
	uint64_t id = strtoull(text, &rest, 10);
	bool number = *text && !*rest;
	if (find(r, number ? NULL : text, id, e))
		return 0;
	log_error("no domain '%s'", text);
	return -ENOENT;
}

/* Xen's ids of domains end here; then they begin again. */
#define ID_LAST 0x7fefull

/* Ids that are used twice are used long after each other. */
static uint64_t next_id(struct registry *r)
{
	char text[24] = "";
	struct registry_entry e;
	uint64_t id = 0;
	int fd = openat(r->dir, "next-id", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return 1;
	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		id = strtoull(text, NULL, 10) - 1;
	do {
		id = id % ID_LAST + 1;
	} while (find(r, NULL, id, &e));
	int n = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)id + 1);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) < 0)
		log_warn("%s/next-id: %s", r->path, strerror(errno));
	close(fd);
	return id;
}

static int listen_at(int dir)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control", dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int write_name(int dir, const char *name)
{
	int fd = openat(dir, "name", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, name, strlen(name));
	close(fd);
	return n < 0 ? -EIO : 0;
}

static int fill_entry(const char *name, struct registry_slot *slot)
{
	int err = write_name(slot->directory, name);
	if (err)
		return err;
	slot->lock = openat(slot->directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (slot->lock < 0 || flock(slot->lock, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	slot->control = listen_at(slot->directory);
	return slot->control < 0 ? slot->control : 0;
}

int registry_check_name(struct registry *r, const char *name)
{
	struct registry_entry e;

	if (!find(r, name, 0, &e))
		return 0;
	log_error("a domain '%s' exists already, with id %llu", name, (unsigned long long)e.id);
	return -EEXIST;
}

int registry_add(struct registry *r, const char *name, struct registry_slot *slot)
{
	char id[24];

	if (registry_check_name(r, name))
		return -EEXIST;
	*slot = (struct registry_slot){next_id(r), -1, -1, -1};
	snprintf(id, sizeof(id), "%llu", (unsigned long long)slot->id);
	int err = 0;
	if (mkdirat(r->dir, id, 0700) < 0 || (slot->directory = open_entry(r, slot->id)) < 0)
		err = -errno;
	if (!err)
		err = fill_entry(name, slot);
	if (err) {
		log_error("%s/%s: %s", r->path, id, strerror(-err));
		registry_remove(r, slot->id);
	}
	return err;
}

int registry_open_log(struct registry *r, const char *name)
{
	char file[100];
	if (mkdirat(r->dir, "log", 0700) < 0 && errno != EEXIST)
		return -errno;
	snprintf(file, sizeof(file), "log/%s.log", name);
	int fd = openat(r->dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

void registry_remove_log(struct registry *r, const char *name)
{
	char file[100];
	snprintf(file, sizeof(file), "log/%s.log", name);
	unlinkat(r->dir, file, 0);
}
