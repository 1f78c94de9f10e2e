/* SPDX-License-Identifier: MIT */
/*
 * Processor interrupt block (2:122): 8-byte stores into its lower half are interprocessor
 * interrupts; INTA and XTP stand in the upper half. Also the one way by which any interrupt
 * message finds its processor.
 */
#ifndef DEV_PIB_H
#define DEV_PIB_H

#include "base/types.h"

struct machine;
struct stream;

struct pib {
	struct machine *machine;
	_Atomic uint8_t xtp; /* kept, not used: no message is redirected */
};

int pib_init(struct pib *p, struct machine *m);
void pib_reset(struct pib *p);
void pib_save(struct pib *p, struct stream *s);
void pib_load(struct pib *p, struct stream *s);

/* Posts an interrupt to the processor with this local id; mode is the delivery mode of IPI data
 * and redirection entries (0 INT, 1 lowest priority, 2 PMI, 4 NMI, 5 INIT, 7 ExtINT). A message to
 * nobody or with a reserved mode is dropped. Any thread. */
void pib_deliver(struct machine *m, unsigned id, unsigned eid, unsigned mode, unsigned vector);

#endif
