/* SPDX-License-Identifier: MIT */
/*
 * What the guest believes is firmware: PAL, SAL, EFI runtime services and the tables that
 * describe the machine. Entry points in guest memory are single bundles; fw_call does the work.
 */
#ifndef FW_FW_H
#define FW_FW_H

#include <pthread.h>

#include "base/types.h"
#include "cpu/cpu.h"
#include "fw/variable.h"

struct platform;
struct stream;

/* What the caller of fw_call must do next. */
enum fw_action {
	FW_CONTINUE,
	FW_HALT, /* run the processor again when an interrupt is pending (sapic_highest) */
	FW_RESET_COLD,
	FW_RESET_WARM,
	FW_POWEROFF,
	FW_CRASH /* cpu->exit_text says why */
};

/* What to boot: a kernel already in guest RAM. */
struct fw_config {
	uint64_t entry;			  /* physical address of its first bundle */
	uint64_t kernel_low, kernel_high; /* physical range it occupies */
	uint64_t initrd, initrd_size;	  /* size 0: none */
	const char *cmdline;		  /* may be NULL */
	const char *name;		  /* of the domain, for SMBIOS; may be NULL */
	const uint8_t *uuid;		  /* 16 bytes, for SMBIOS; may be NULL */
};

/* Entry points an OS registered with SAL_SET_VECTORS: physical code address and gp. */
struct fw_vector {
	uint64_t ip, gp;
};
enum { FW_OS_MCA, FW_OS_INIT_MONARCH, FW_OS_INIT_SLAVE, FW_OS_BOOT_RENDEZ, FW_OS_VECTORS };

/* Per processor; touched by its own thread only. */
struct fw_cpu {
	bool waiting;	    /* in FW_ENTRY_AP_WAIT */
	uint64_t min_state; /* save area for INIT: ours, or by PAL_MC_REGISTER_MEM */
	bool mc_expected;
	char reason[96]; /* of FW_CRASH */
};

struct fw {
	struct machine *machine;
	struct platform *platform;
	struct fw_cpu cpu[MAX_CPUS];

	/* start state, from fw_build */
	uint64_t entry, boot_param;

	pthread_mutex_t lock; /* guards the rest */
	struct fw_vector vector[FW_OS_VECTORS];
	uint64_t in_init;    /* processors between INIT and their return from it */
	bool virtual_mode;   /* SetVirtualAddressMap was called */
	int64_t time_offset; /* ns that SetTime moved the clock by */
	int16_t time_zone;
	uint8_t daylight;
	uint32_t monotonic; /* high half of the monotonic count */
	struct variables variables;
};

/* All processors exist. EFI variables get their initial values and live until fw_free, so that they
 * outlast fw_build. Returns 0 or -ENOMEM. */
int fw_init(struct fw *fw, struct machine *m, struct platform *p);
void fw_free(struct fw *fw);

/* Writes firmware, tables and boot parameters into guest memory (platform_add_ram was called)
 * and puts every processor, freshly reset, where firmware leaves it: the first one about to execute
 * the kernel, the others waiting. Returns 0 or -errno with one line in err. */
int fw_build(struct fw *fw, const struct fw_config *cfg, char *err, size_t errlen);

/* Performs the firmware call with which cpu_run returned EXIT_FIRMWARE; entry is cpu->exit_arg.
 * Own thread of the processor. */
enum fw_action fw_call(struct fw *fw, struct cpu *cpu, uint64_t entry);

/* Delivers INIT: sapic_take_init said it arrived. The processor goes on in the OS's INIT handler;
 * FW_RESET_WARM when there is none. The processor's own thread. */
enum fw_action fw_deliver_init(struct fw *fw, struct cpu *cpu);

/* vCPUs must be stopped. */
void fw_save(struct fw *fw, struct stream *s);
void fw_load(struct fw *fw, struct stream *s);

#endif
