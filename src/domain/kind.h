/* SPDX-License-Identifier: MIT */
/*
 * What differs between kinds of domain: what the guest finds beside processors and memory, and what
 * it asks for. hvm.c: a platform with firmware; pv.c: a hypervisor.
 */
#ifndef DOMAIN_KIND_H
#define DOMAIN_KIND_H

#include "domain/domain.h"

struct stream;

struct domain_kind {
	/* Adds memory to the empty machine, then what comes behind the processors. 0, or -errno
	 * with one line in error. */
	int (*add_ram)(struct domain *d, char error[LOAD_ERROR_SIZE]);
	int (*build)(struct domain *d, char error[LOAD_ERROR_SIZE]);
	/* Also after a build that failed. */
	void (*unbuild)(struct domain *d);
	/* Loads kernel and ramdisk and makes the first processor ready to run; memory is zeroed and
	 * processors are reset. */
	int (*boot)(struct domain *d, char error[LOAD_ERROR_SIZE]);
	void (*save)(struct domain *d, struct stream *s);
	void (*load)(struct domain *d, struct stream *s);

	/* I/O thread: work of devices and backends. Returns when to call again at the latest, guest
	 * ns, or UINT64_MAX; domain_notify calls it as well. */
	uint64_t (*tick)(struct domain *d);
	/* I/O thread: typed bytes; returns how many the guest had room for. */
	size_t (*input)(struct domain *d, const uint8_t *p, size_t n);
	/* I/O thread: asks the guest to shut down. Returns NULL, or why it cannot. */
	const char *(*shutdown)(struct domain *d);

	/* The vCPU's thread: acts on EXIT_FIRMWARE and EXIT_HYPERCALL. */
	void (*call)(struct vcpu *v, enum exit exit);
	/* The vCPU's thread: has it something to do, if it may sleep at all? */
	bool (*has_work)(struct vcpu *v);
	/* When it has to look again; guest ns. */
	uint64_t (*deadline)(struct vcpu *v);
};

extern const struct domain_kind kind_hvm, kind_pv;

#endif
