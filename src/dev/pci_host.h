/* SPDX-License-Identifier: MIT */
/*
 * PCI host bridge: bus 0 and its configuration space, reached through SAL_PCI_CONFIG_READ/WRITE and
 * through ports 0xcf8/0xcfc (PCI 2.3, 3.2.2). Functions other than the bridge itself come with
 * later devices.
 */
#ifndef DEV_PCI_HOST_H
#define DEV_PCI_HOST_H

#include <pthread.h>

#include "base/types.h"

struct ioport;
struct stream;

/* One function: its configuration space, and which bits of it software may write. */
struct pci_function {
	uint8_t config[256];
	uint8_t writable[256];
};

struct pci_host {
	pthread_mutex_t lock;
	uint32_t address;		    /* port 0xcf8 */
	struct pci_function bridge;	    /* 0000:00:00.0 */
	struct pci_function *function[256]; /* by device << 3 | function; NULL when absent */
};

/* Returns 0 or -errno of ioport_add. */
int pci_host_init(struct pci_host *p, struct ioport *io);
void pci_host_free(struct pci_host *p);
void pci_host_reset(struct pci_host *p);
void pci_host_save(struct pci_host *p, struct stream *s);
void pci_host_load(struct pci_host *p, struct stream *s);

/* Configuration accesses, 1, 2 or 4 bytes, aligned, reg below 4096. An absent function reads as all
 * ones and ignores writes. Any thread. */
uint32_t pci_host_read(struct pci_host *p, unsigned segment, unsigned bus, unsigned devfn,
	unsigned reg, unsigned size);
void pci_host_write(struct pci_host *p, unsigned segment, unsigned bus, unsigned devfn,
	unsigned reg, unsigned size, uint32_t value);

#endif
