/* SPDX-License-Identifier: MIT */
/* Disks on the CLI's side: what an entry of disk=[...] means, and its descriptors. */
#ifndef TOOL_DISK_H
#define TOOL_DISK_H

#include "domain/domain.h"

#define DISK_ERROR_SIZE 1400

/* Reads an entry in the syntax of xl-disk-configuration(5). Returns 0, or -EINVAL with what is
 * wrong in error. */
int disk_parse(const char *spec, struct config_disk *d, char error[DISK_ERROR_SIZE]);
/* The device number of a virtual device's name (Xen's vbd-interface), or -1. */
int64_t disk_number(const char *vdev);

/* Opens all disks of the configuration, locks them, and notes their sizes. Returns 0, or -errno
 * with one line logged and nothing left open. */
int disks_open(struct domain_config *c, struct domain_fds *fds);
void disks_close(const struct domain_config *c, struct domain_fds *fds);

/* Starts the helper process that serves a disk in one of the formats it knows: image becomes the
 * socket to it, shared the memory for what is moved. Returns 0, or -errno with one line logged. */
int disk_start_helper(struct config_disk *d, int *image, int *shared);

#endif
