/* SPDX-License-Identifier: MIT */
/* Starting the helper that serves disks in formats of their own, and those of servers. */
#include "tool/disk.h"

#include "base/log.h"

#include <errno.h>

int disk_start_helper(struct config_disk *d, int *image, int *shared)
{
	(void)image, (void)shared;
	log_error("disk %s: %s: only format raw is supported yet", d->vdev, d->target);
	return -ENOSYS;
}
