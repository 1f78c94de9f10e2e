/* SPDX-License-Identifier: MIT */
/*
 * Entries of disk=[...], xl-disk-configuration(5): positional parameters target, format, vdev and
 * access, key=value parameters and flags in any order, separated by commas; target= takes all
 * that follows. Some prefixes of older times stand in front of the target, and replace the format.
 */
#include "tool/disk.h"

#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parse {
	struct config_disk *d;
	char *error;
	bool target, format, vdev, access; /* are given */
};

static int fail(struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error, DISK_ERROR_SIZE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* --- names of virtual devices --- */

/* Letters as digits, then a partition without zeros in front. False: it is no such name. */
static bool letters_and_number(
	const char *s, const char *prefix, unsigned long *disk, unsigned long *partition)
{
	size_t n = strlen(prefix);
	char *end;

	if (strncmp(s, prefix, n) || s[n] < 'a' || s[n] > 'z')
		return false;
	*disk = 0;
	for (s += n; *s >= 'a' && *s <= 'z' && *disk < 1 << 20; s++)
		*disk = *disk * 26 + (unsigned long)(*s - 'a' + 1);
	*disk -= 1;
	*partition = 0;
	if (!*s)
		return true;
	if (*s < '1' || *s > '9')
		return false;
	*partition = strtoul(s, &end, 10);
	return !*end;
}

static bool d_and_p(const char *s, unsigned long *disk, unsigned long *partition)
{
	char rest;

	if (strlen(s) > 12 || s[strspn(s, "dp0123456789")])
		return false;
	return sscanf(s, "d%lup%lu%c", disk, partition, &rest) == 2;
}

int64_t disk_number(const char *vdev)
{
	unsigned long disk, part;
	char *end;

	if (letters_and_number(vdev, "xvd", &disk, &part) || d_and_p(vdev, &disk, &part)) {
		if (disk < 16 && part < 16)
			return (int64_t)(202 << 8 | disk << 4 | part);
		if (disk < 1 << 20 && part < 256)
			return (int64_t)(1 << 28 | disk << 8 | part);
		return -1;
	}
	if (letters_and_number(vdev, "sd", &disk, &part))
		return disk < 16 && part < 16 ? (int64_t)(8 << 8 | disk << 4 | part) : -1;
	if (letters_and_number(vdev, "hd", &disk, &part)) {
		if (disk > 3 || part > 63)
			return -1;
		return (int64_t)((disk < 2 ? 3 : 22) << 8 | (disk & 1) << 6 | part);
	}
	errno = 0;
	unsigned long number = strtoul(vdev, &end, 0);
	bool good = *vdev >= '0' && *vdev <= '9' && !*end && !errno && number <= INT_MAX;
	return good ? (int64_t)number : -1;
}

/* --- parameters --- */

static int set_target(struct parse *p, const char *v)
{
	if (p->target && *p->d->target)
		return fail(p, "target is given twice");
	if (strlen(v) >= sizeof(p->d->target))
		return fail(p, "target is longer than %zu characters", sizeof(p->d->target) - 1);
	snprintf(p->d->target, sizeof(p->d->target), "%s", v);
	p->target = true;
	return 0;
}

static int set_format(struct parse *p, const char *v)
{
	static const char *const names[] = DISK_FORMAT_NAMES;

	p->format = true;
	p->d->format = DISK_RAW;
	if (!*v)
		return 0;
	for (unsigned i = 0; i < countof(names); i++) {
		if (strcmp(v, names[i]) == 0 && i != DISK_NBD) {
			p->d->format = i;
			return 0;
		}
	}
	return fail(p,
		"format is '%s', possible are raw, qcow, qcow2, qed, vhd, vmdk, vdi and empty", v);
}

static int set_devtype(struct parse *p, const char *v)
{
	p->d->cdrom = strcmp(v, "cdrom") == 0;
	if (p->d->cdrom || strcmp(v, "disk") == 0)
		return 0;
	return fail(p, "devtype is '%s', possible are disk and cdrom", v);
}

static int set_vdev(struct parse *p, const char *v)
{
	char name[64];
	char *colon;

	if (p->vdev)
		return fail(p, "vdev is given twice");
	snprintf(name, sizeof(name), "%s", v);
	colon = strchr(name, ':');
	if (colon)
		*colon++ = 0;
	int64_t number = strlen(name) < sizeof(p->d->vdev) ? disk_number(name) : -1;
	if (number < 0)
		return fail(p, "vdev '%s' is no device such as xvda, xvdb1, sda, hdc or d0p1", v);
	strcpy(p->d->vdev, name);
	p->d->number = (uint64_t)number;
	p->vdev = true;
	return colon ? set_devtype(p, colon) : 0;
}

static int set_access(struct parse *p, const char *v)
{
	p->access = true;
	p->d->readonly = strcmp(v, "r") == 0 || strcmp(v, "ro") == 0;
	if (p->d->readonly || !*v || strcmp(v, "w") == 0 || strcmp(v, "rw") == 0)
		return 0;
	return fail(p, "access is '%s', possible are r, ro, w and rw", v);
}

/* Who serves the disk in xl; here it is always us. */
static int set_backendtype(struct parse *p, const char *v)
{
	if (strcmp(v, "phy") == 0 || strcmp(v, "tap") == 0 || strcmp(v, "qdisk") == 0)
		return 0;
	return fail(p, "backendtype is '%s', possible are phy, tap and qdisk", v);
}

static int set_backend(struct parse *p, const char *v)
{
	if (!*v || strcmp(v, "0") == 0 || strcmp(v, "Domain-0") == 0)
		return 0;
	return fail(p, "backend '%s': disks of other domains are not supported yet", v);
}

static int set_script(struct parse *p, const char *v)
{
	return *v ? fail(p, "script '%s': scripts are not supported", v) : 0;
}

static int set_cdrom(struct parse *p, const char *v)
{
	(void)v;
	return set_devtype(p, "cdrom");
}

static int set_discard(struct parse *p, const char *v)
{
	(void)v;
	p->d->no_discard = false;
	return 0;
}

static int set_no_discard(struct parse *p, const char *v)
{
	(void)v;
	p->d->no_discard = true;
	return 0;
}

/* The host's cache is in between anyway. */
static int set_direct_io_safe(struct parse *p, const char *v)
{
	(void)p, (void)v;
	return 0;
}

static const struct parameter {
	const char *name;
	int (*set)(struct parse *p, const char *v);
	bool flag; /* stands alone */
} parameters[] = {
	{"target", set_target, false},
	{"format", set_format, false},
	{"vdev", set_vdev, false},
	{"access", set_access, false},
	{"devtype", set_devtype, false},
	{"backendtype", set_backendtype, false},
	{"backend", set_backend, false},
	{"script", set_script, false},
	{"cdrom", set_cdrom, true},
	{"discard", set_discard, true},
	{"no-discard", set_no_discard, true},
	{"direct-io-safe", set_direct_io_safe, true},
};

static int positional(struct parse *p, const char *v)
{
	if (!p->target)
		return set_target(p, v);
	if (!p->format)
		return set_format(p, v);
	if (!p->vdev)
		return set_vdev(p, v);
	if (!p->access)
		return set_access(p, v);
	return fail(p, "'%s' is one parameter too many", v);
}

/* One parameter, without blanks around it. */
static int parameter(struct parse *p, char *text)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = 0;
	for (unsigned i = 0; i < countof(parameters); i++) {
		if (strcmp(text, parameters[i].name) == 0 && parameters[i].flag == !value)
			return parameters[i].set(p, value);
	}
	return value ? fail(p, "unknown parameter '%s'", text) : positional(p, text);
}

/* --- the whole --- */

/* What used to say how to serve the target: before '/', so that it is no part of a name. */
static const struct {
	const char *prefix, *format;
} old_prefixes[] = {
	{"phy:", "raw"},
	{"file:", "raw"},
	{"aio:", NULL},
	{"tap:", NULL},
	{"tap2:", NULL},
	{"tapdisk:", NULL},
	{"ioemu:", NULL},
	{"raw:", "raw"},
	{"qcow:", "qcow"},
	{"qcow2:", "qcow2"},
	{"qed:", "qed"},
	{"vhd:", "vhd"},
};

/* Drops them, each once: "tap:qcow2:/file". Entries with one have no format behind the target. */
static int skip_prefixes(struct parse *p, const char **s)
{
	for (bool found = true; found;) {
		found = false;
		for (unsigned i = 0; i < countof(old_prefixes); i++) {
			size_t n = strlen(old_prefixes[i].prefix);
			if (strncmp(*s, old_prefixes[i].prefix, n))
				continue;
			*s += n;
			found = true;
			if (!p->format || old_prefixes[i].format)
				set_format(
					p, old_prefixes[i].format ? old_prefixes[i].format : "raw");
		}
	}
	return 0;
}

static bool is_uri(const char *target)
{
	static const char *const schemes[] = {
		"nbd://", "nbds://", "nbd+unix://", "nbds+unix://", "nbd+vsock://"};
	for (unsigned i = 0; i < countof(schemes); i++) {
		if (strncmp(target, schemes[i], strlen(schemes[i])) == 0)
			return true;
	}
	return false;
}

/* What is left out, and what does not go together. */
static int settle(struct parse *p)
{
	struct config_disk *d = p->d;

	if (!p->vdev && strstr(d->target, "vdev="))
		return fail(p, "no vdev is given: target= takes all that follows");
	if (!p->vdev)
		return fail(p, "no vdev is given");
	if (d->cdrom)
		d->readonly = true;
	if (!*d->target && (d->cdrom || d->format == DISK_EMPTY))
		d->format = DISK_EMPTY;
	else if (!*d->target)
		return fail(p, "no target is given");
	if (!is_uri(d->target))
		return 0;
	if (d->format != DISK_RAW)
		return fail(p, "a server's disk has format raw");
	d->format = DISK_NBD;
	return 0;
}

static char *trim(char *s)
{
	s += strspn(s, " \t\n");
	for (size_t n = strlen(s); n && strchr(" \t\n", s[n - 1]); n--)
		s[n - 1] = 0;
	return s;
}

int disk_parse(const char *spec, struct config_disk *d, char error[DISK_ERROR_SIZE])
{
	struct parse p = {.d = d, .error = error};
	char text[2048];
	int err = 0;

	*d = (struct config_disk){.format = DISK_RAW, .sector_size = 512};
	spec += strspn(spec, " \t\n");
	skip_prefixes(&p, &spec);
	if (strlen(spec) >= sizeof(text))
		return fail(&p, "longer than %zu characters", sizeof(text) - 1);
	strcpy(text, spec);
	for (char *s = text, *next; s && !err; s = next) {
		s += strspn(s, " \t\n");
		next = strncmp(s, "target=", 7) ? strchr(s, ',') : NULL;
		if (next)
			*next++ = 0;
		s = trim(s);
		/* an empty one behind the last comma is none */
		if (*s || next)
			err = parameter(&p, s);
	}
	return err ? err : settle(&p);
}
