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

/* What a disk's bytes are in. Those from DISK_QCOW on are served by a helper process. */
enum disk_format {
	DISK_EMPTY, /* nothing: a drive without a medium */
	DISK_RAW,
	DISK_QCOW,
	DISK_QCOW2,
	DISK_QED,
	DISK_VHD,
	DISK_VMDK,
	DISK_VDI,
	DISK_NBD /* a server knows: target is its URI */
};
#define DISK_FORMAT_NAMES                                                                          \
	{                                                                                          \
		"empty", "raw", "qcow", "qcow2", "qed", "vhd", "vmdk", "vdi", "nbd"                \
	}

#define CONFIG_WHERE_SIZE 100

struct config_disk {
	char where[CONFIG_WHERE_SIZE]; /* "file:line: ", before messages; empty: it was restored */
	char target[1024];
	char vdev[32];	 /* as given: "xvda" */
	uint64_t number; /* what it means to the guest */
	enum disk_format format;
	bool readonly, cdrom;
	bool no_discard; /* is not offered */
	/* Known when it has been opened, each time. */
	uint64_t size;		  /* bytes */
	uint64_t sector_size;	  /* 512 but for devices of the host that say otherwise */
	uint64_t discard_granule; /* bytes; 0: there is no discard */
};

#define CONFIG_MAX_DISKS 32

#define CONFIG_HOST_CPUS 1024
#define CONFIG_MAX_CPUS	 64

/* The host's processors that a thread may run on: bit n of the whole is processor n. */
struct config_affinity {
	uint64_t set[CONFIG_HOST_CPUS / 64];
};

struct config_vif {
	char where[CONFIG_WHERE_SIZE]; /* as that of a disk */
	char mac[18];		       /* "00:16:3e:01:02:03" */
	char tap[16];		       /* the host's interface; empty: user-mode network */
	char forward[256];	       /* tcp:2222:22 ..., separated by spaces */
	/* So many bytes may be sent in each interval of so many microseconds; 0: no limit. */
	uint64_t rate_bytes, rate_usecs;
};

#define CONFIG_MAX_VIFS 8

struct domain_config {
	char name[64];
	char uuid[40];
	char cpu_model[32]; /* empty: the default model */
	char kernel[1024];  /* paths: for show, the process gets descriptors */
	char ramdisk[1024];
	char cmdline[2048];
	uint64_t memory; /* MB of RAM */
	uint64_t target; /* pv: MB that the guest is asked to keep at its start; 0: all */
	uint64_t vcpus;
	uint64_t online; /* pv: processors that the guest is to use at its start; 0: all */
	uint64_t id;
	bool pv;       /* type: it knows that it runs on Xen */
	uint64_t vhpt; /* pv: log2 of the translation cache's size in bytes, 0: the default */
	bool virtual_clock;
	enum domain_engine engine;
	uint64_t jitdump;    /* 1: tell perf of translated code */
	char jit_debug[32];  /* letters: what of translations is logged */
	uint64_t code_cache; /* MB; 0: the engine's default */
	enum domain_action on_poweroff, on_reboot, on_crash, on_watchdog;
	struct config_disk disk[CONFIG_MAX_DISKS];
	uint64_t disks;
	struct config_vif vif[CONFIG_MAX_VIFS];
	uint64_t vifs;
	struct config_affinity
		affinity[CONFIG_MAX_CPUS]; /* of the first vCPUs; others run anywhere */
	uint64_t affinities;
};

/* Most MB of RAM that the guest-physical layout has room for (below 3 GB and from 4 GB up to the
 * slot at 1 TB). */
#define CONFIG_MAX_MEMORY    ((1024ull - 1) * 1024)
#define CONFIG_MAX_PV_MEMORY (96ull * 1024)
/* Of what a guest's start_info has room for. */
#define CONFIG_MAX_PV_CMDLINE 1023
#define CONFIG_MIN_VHPT	      15
#define CONFIG_MAX_VHPT	      23
#define CONFIG_MIN_MEMORY     8ull
#define CONFIG_MAX_CODE_CACHE 1024ull

/* The section is not longer. */
#define CONFIG_SECTION_MAX (1u << 17)

/* The uuid as 16 bytes. */
void config_uuid_bytes(const struct domain_config *c, uint8_t out[16]);

void config_save(const struct domain_config *c, struct stream *s);
/* Leaves strings terminated and numbers in range, or the stream in error. */
void config_load(struct domain_config *c, struct stream *s);

#endif
