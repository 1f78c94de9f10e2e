/* SPDX-License-Identifier: MIT */
/*
 * What the creator of a domain hands to its process: configuration and numbers of inherited
 * descriptors, in a memfd that holds a stream.
 */
#ifndef DOMAIN_HANDOVER_H
#define DOMAIN_HANDOVER_H

#include "domain/domain.h"

/* Returns the memfd, inheritable, or -errno. Makes the descriptors in fds inheritable. */
int handover_make(const struct domain_config *c, const struct domain_fds *fds);
/* Reads and closes fd; sets close-on-exec on the descriptors. Returns 0 or -errno. */
int handover_receive(int fd, struct domain_config *c, struct domain_fds *fds);

#endif
