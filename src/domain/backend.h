/* SPDX-License-Identifier: MIT */
/*
 * What a domain's process serves as domain 0: the guest's xenstore ring, and its devices. All on
 * the I/O thread, also with the virtual clock.
 */
#ifndef DOMAIN_BACKEND_H
#define DOMAIN_BACKEND_H

#include <poll.h>

#include "domain/domain.h"

struct stream;

#define BACKEND_POLLS 64

/* Makes the devices of the configuration, the kind being built, before the process is confined:
 * what needs threads has them made here. 0, or -errno with one line in error. */
int backend_init(struct domain *d, char error[LOAD_ERROR_SIZE]);
/* Also after an init that failed, and without one. */
void backend_free(struct domain *d);
/* The guest is about to start anew: devices are disconnected, while their grants and channels are
 * still there. vCPUs are parked or not started. 0, or -errno with one line in error: memory and
 * grants are still in use. */
int backend_reset(struct domain *d, char error[LOAD_ERROR_SIZE]);
/* Finishes what is under way, and begins nothing before backend_resume, which has to follow in any
 * case. 0, or -errno with one line in error. vCPUs are parked. */
int backend_quiesce(struct domain *d, char error[LOAD_ERROR_SIZE]);
void backend_resume(struct domain *d);
/* The guest has ended for good: others may use its files. */
void backend_end(struct domain *d);

/* What to poll for, while the guest runs: fills the set and returns its size. */
unsigned backend_poll(struct domain *d, struct pollfd set[BACKEND_POLLS]);
/* Does what there is to do: after each poll, while the guest runs. */
void backend_serve(struct domain *d);

/* New streams to epixend, which are taken. */
void backend_take_store(struct domain *d, int fd);
void backend_take_bus(struct domain *d, int fd);
/* Lines for the creator, who writes nodes of xenstore: "node NAME VALUE" for the domain's own
 * directory, "type pv", then as xenbus_nodes. */
void backend_nodes(struct domain *d, struct text *out);

void backend_save(struct domain *d, struct stream *s);
/* version: of the section */
void backend_load(struct domain *d, struct stream *s, uint32_t version);

#endif
