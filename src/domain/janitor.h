/* SPDX-License-Identifier: MIT */
/*
 * The process that removes a domain's registry entry. The domain's own process may not touch files
 * once it is confined, and may die without a word; a small one that waits for either may and does.
 */
#ifndef DOMAIN_JANITOR_H
#define DOMAIN_JANITOR_H

#include "domain/domain.h"

/* Starts it, handing over d->fd.directory and d->fd.registry. Only thread. Returns 0 or -errno. */
int janitor_start(struct domain *d);

/* Has the entry removed, and the log with it unless keep_log, and returns when that is done. */
void janitor_finish(struct domain *d, bool keep_log);

#endif
