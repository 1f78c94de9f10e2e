/* SPDX-License-Identifier: MIT */
/*
 * What a domain is made from. The CLI fills it from an xl.cfg file and hands it to the domain's
 * process as a stream section; the same section opens a save file.
 */
#ifndef DOMAIN_CONFIG_H
#define DOMAIN_CONFIG_H

#include "base/types.h"

struct stream;

/* What executes guest code; the numbers are in save files. */
enum domain_engine { ENGINE_INTERP, ENGINE_JIT, ENGINE_VERIFY };

/* What to do when the guest powers off, reboots or crashes. */
enum domain_action {
	ACTION_DESTROY, /* the process ends */
	ACTION_RESTART, /* built anew from the same kernel, in the same process */
	ACTION_PRESERVE /* kept, stopped, for dump-state */
};
#define ACTION_NAMES                                                                               \
	{                                                                                          \
		"destroy", "restart", "preserve"                                                   \
	}

struct domain_config {
	char name[64];
	char uuid[40];
	char cpu_model[32]; /* empty: the default model */
	char kernel[1024];  /* paths: for show, the process gets descriptors */
	char ramdisk[1024];
	char cmdline[2048];
	uint64_t memory; /* MB */
	uint64_t vcpus;
	uint64_t id;
	bool pv;       /* type: it knows that it runs on Xen */
	uint64_t vhpt; /* pv: log2 of the translation cache's size in bytes, 0: the default */
	bool virtual_clock;
	enum domain_engine engine;
	uint64_t jitdump;    /* 1: tell perf of translated code */
	char jit_debug[32];  /* letters: what of translations is logged */
	uint64_t code_cache; /* MB; 0: the engine's default */
	enum domain_action on_poweroff, on_reboot, on_crash;
};

/* Most MB of RAM that the guest-physical layout has room for (below 3 GB and from 4 GB up to the
 * slot at 1 TB). */
#define CONFIG_MAX_MEMORY     ((1024ull - 1) * 1024)
#define CONFIG_MAX_PV_MEMORY  (96ull * 1024)
#define CONFIG_MAX_VHPT	      28
#define CONFIG_MIN_MEMORY     8ull
#define CONFIG_MAX_CODE_CACHE 1024ull

/* The uuid as 16 bytes. */
void config_uuid_bytes(const struct domain_config *c, uint8_t out[16]);

void config_save(const struct domain_config *c, struct stream *s);
/* Leaves strings terminated and numbers in range, or the stream in error. */
void config_load(struct domain_config *c, struct stream *s);

#endif
