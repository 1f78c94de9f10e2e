/* SPDX-License-Identifier: MIT */
/*
 * A domain's disks become descriptors: it opens nothing itself. A file that a domain may write is
 * locked for it alone, others' for reading, as long as the domain lives: the lock belongs to the
 * open file, which is handed over. flock(2), so that locks of programs that know a format are not
 * in the way.
 */
#define _GNU_SOURCE
#include "tool/disk.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int complain(const struct config_disk *d, const char *what)
{
	log_error("%sdisk %s: %s: %s", d->where, d->vdev, d->target, what);
	return -EINVAL;
}

/* A number of the device's queue; partitions have it at their disk. */
static uint64_t queue_number(dev_t dev, const char *name)
{
	static const char *const where[] = {"", "/.."};
	unsigned long long v = 0;

	for (unsigned i = 0; i < countof(where); i++) {
		char path[120];
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u%s/queue/%s", major(dev),
			minor(dev), where[i], name);
		FILE *f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%llu", &v) != 1)
			v = 0;
		fclose(f);
		break;
	}
	return v;
}

static int measure_device(struct config_disk *d, int fd, dev_t dev)
{
	int sector = 512;

	if (ioctl(fd, BLKGETSIZE64, &d->size) < 0 || ioctl(fd, BLKSSZGET, &sector) < 0)
		return complain(d, strerror(errno));
	d->sector_size = (uint64_t)sector;
	if (!d->readonly && !d->no_discard && queue_number(dev, "discard_max_bytes"))
		d->discard_granule = queue_number(dev, "discard_granularity");
	return 0;
}

/* Holes can be made in some file systems only: one behind the end changes nothing. */
static void measure_file(struct config_disk *d, int fd, const struct stat *st)
{
	d->size = (uint64_t)st->st_size;
	if (!d->readonly && !d->no_discard &&
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, st->st_size, 4096) == 0)
		d->discard_granule = (uint64_t)st->st_blksize;
}

static int measure(struct config_disk *d, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return complain(d, strerror(errno));
	d->sector_size = 512;
	d->discard_granule = 0;
	if (S_ISBLK(st.st_mode))
		return measure_device(d, fd, st.st_rdev);
	if (!S_ISREG(st.st_mode))
		return complain(d, "is neither a file nor a block device");
	measure_file(d, fd, &st);
	return 0;
}

static int lock(const struct config_disk *d, int fd)
{
	if (flock(fd, (d->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return complain(d, strerror(errno));
	return complain(d, d->readonly ? "a domain writes it, or this one does under another name"
				       : "is in use by another domain, or twice by this one");
}

/* Somebody who meant an image in some format would find it overwritten. */
static void warn_of_format(const struct config_disk *d, int fd)
{
	static const struct {
		const char *magic, *name;
	} known[] = {{"QFI\xfb", "qcow2"}, {"KDMV", "vmdk"}, {"conectix", "vhd"}, {"QED", "qed"}};
	char head[8];

	if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		return;
	for (unsigned i = 0; i < countof(known); i++) {
		if (memcmp(head, known[i].magic, strlen(known[i].magic)) == 0)
			log_warn("%swarning: disk %s: %s: looks like %s, but format is raw",
				d->where, d->vdev, d->target, known[i].name);
	}
}

/* Block devices are opened so that nobody has them mounted. A pipe must not make us wait. */
static int open_raw(struct config_disk *d)
{
	struct stat st;
	int flags = (d->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK;

	if (stat(d->target, &st) == 0 && S_ISBLK(st.st_mode) && !d->readonly)
		flags |= O_EXCL;
	int fd = open(d->target, flags);
	if (fd < 0)
		return complain(
			d, errno == EBUSY ? "is mounted or otherwise in use" : strerror(errno));
	fcntl(fd, F_SETFL, 0);
	if (lock(d, fd) || measure(d, fd)) {
		close(fd);
		return -EINVAL;
	}
	warn_of_format(d, fd);
	return fd;
}

static int open_one(struct config_disk *d, int *image, int *shared)
{
	*image = *shared = -1;
	d->size = 0;
	if (d->format == DISK_EMPTY)
		return 0;
	if (d->format != DISK_RAW)
		return disk_start_helper(d, image, shared);
	*image = open_raw(d);
	return *image < 0 ? *image : 0;
}

int disks_open(struct domain_config *c, struct domain_fds *fds)
{
	for (unsigned i = 0; i < c->disks; i++)
		fds->disk[i].image = fds->disk[i].shared = -1;
	for (unsigned i = 0; i < c->disks; i++) {
		int err = open_one(&c->disk[i], &fds->disk[i].image, &fds->disk[i].shared);
		if (err) {
			disks_close(c, fds);
			return err;
		}
	}
	return 0;
}

void disks_close(const struct domain_config *c, struct domain_fds *fds)
{
	for (unsigned i = 0; i < c->disks; i++) {
		if (fds->disk[i].image >= 0)
			close(fds->disk[i].image);
		if (fds->disk[i].shared >= 0)
			close(fds->disk[i].shared);
	}
}
