/* SPDX-License-Identifier: MIT */
/* Starting the process of a domain. */
#ifndef TOOL_LAUNCH_H
#define TOOL_LAUNCH_H

#include "domain/domain.h"
#include "tool/registry.h"

/* Registers the domain (c->id is set) and starts its process, paused. fds: kernel, ramdisk and
 * state are the caller's, who closes them afterwards. The registry is left unlocked. Returns 0, or
 * -errno with one line logged and nothing left behind. */
int launch_domain(struct registry *r, struct domain_config *c, struct domain_fds *fds);

#endif
