/* SPDX-License-Identifier: MIT */
/*
 * One domain's process: a machine, the threads that run its processors, and the I/O thread, which
 * is the process's first. vCPU threads only run guest code and ask; the I/O thread decides:
 * every change of the domain's life (pause, reboot, save, end) is made by it, with all vCPUs parked
 * at an instruction boundary.
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <pthread.h>

#include "base/text.h"
#include "base/types.h"
#include "cpu/cpu.h"
#include "dev/platform.h"
#include "fw/fw.h"
#include "hv/hv.h"
#include "domain/config.h"
#include "domain/console.h"
#include "domain/kernel.h"

struct block;
struct client;
struct domain_kind;
struct net;
struct store_ring;
struct xenbus;

/* What a vCPU thread asks the I/O thread for; the first one asked is served. */
enum domain_event {
	EVENT_NONE,
	EVENT_POWEROFF,
	EVENT_REBOOT,
	EVENT_RESTART,
	EVENT_WATCHDOG,
	EVENT_CRASH
};

/* How a domain's life ended, as `wait` reports it. */
enum domain_end { END_NOT_YET, END_POWEROFF, END_REBOOT, END_CRASH, END_DESTROYED };
#define END_NAMES                                                                                  \
	{                                                                                          \
		"running", "poweroff", "reboot", "crash", "destroyed"                              \
	}

/* One virtual processor as the domain sees it. With the virtual clock one thread runs them all and
 * only the first one's thread fields are in use. */
struct vcpu {
	struct domain *domain;
	struct cpu *cpu; /* changes only while parked */
	pthread_t thread;
	_Atomic uint32_t wakeups; /* futex: counts what might end a sleep */
	_Atomic bool asleep;	  /* in the futex: for the state letter of `list` */
};

/* Descriptors the process was given; -1: none. It opens nothing by path. */
struct domain_fds {
	int kernel, ramdisk;
	int control;		 /* listening socket */
	int directory, registry; /* its own directory and the one that holds it: for the janitor */
	int lock;		 /* held locked for the process's life */
	int ready;		 /* pipe to the creator: "ok" or the error */
	int state;		 /* save file to start from */
	/* Of each of config.disks: file, device or socket to its helper, and memory shared with it.
	 */
	struct {
		int image, shared;
	} disk[CONFIG_MAX_DISKS];
	int vif[CONFIG_MAX_VIFS]; /* tap device, or socket to its helper */
};

/* The other ends of a PV guest's console and xenstore rings; I/O thread. */
struct rings {
	uint32_t store_port, console_port; /* the guest's event channels */
	/* The guest has signalled the console's channel since its ring was looked at: bytes that it
	 * put there before it may expect no event in return. */
	_Atomic bool console_told;
};

struct domain {
	struct domain_config config;
	struct domain_fds fd;
	struct machine machine;
	const struct domain_kind *kind;
	struct platform platform; /* hvm */
	struct hv hv;		  /* pv */
	struct fw fw;
	struct rings rings;	  /* pv */
	struct store_ring *store; /* its end of xenstore (backend.h) */
	struct xenbus *bus;	  /* the backends' */
	struct {
		int fd;		    /* to epixend, or -1 */
		uint64_t lost;	    /* ms since when it is -1 */
	} match;		    /* match.h */
	struct block *block;	    /* disks */
	struct net *net;	    /* network interfaces */
	_Atomic uint64_t net_again; /* guest ns: when they have something to do unasked */
	struct kernel_image kernel;
	struct console console;

	struct vcpu vcpu[MAX_CPUS];
	unsigned threads; /* vCPU threads: config.vcpus, or 1 with the virtual clock */
	unsigned turn;	  /* virtual clock: whose slice is next */
	uint64_t device_look, device_deadline; /* virtual clock: guest times for platform_tick */
	bool started;			       /* the threads exist */

	pthread_mutex_t lock; /* guards the fields down to crash_text */
	pthread_cond_t changed;
	unsigned stops;	 /* reasons to be stopped: 0 lets the vCPUs run */
	unsigned parked; /* threads that wait for stops to become 0 */
	enum domain_event event;
	unsigned event_vcpu;
	char crash_text[200];
	_Atomic bool stopping; /* stops != 0, read without the lock */
	bool quit;	       /* with stops == 0: threads end */

	int wake_fd;   /* eventfd: there is something for the I/O thread */
	int signal_fd; /* SIGTERM */
	int janitor;   /* socket to the process that removes the registry entry */

	/* I/O thread only */
	bool paused, crashed, shut_down; /* `list` shows p, c, s */
	enum domain_end end;
	struct text crash_report; /* and what else is to be told at the end */
	struct client *clients;
};

/* --- build.c --- */
/* Builds machine, devices and firmware, the clock paused. Returns 0, or -errno with one line in
 * error: the process then ends. */
int domain_build(struct domain *d, char error[LOAD_ERROR_SIZE]);
/* Resets everything, loads kernel and ramdisk and puts the vCPUs to their start. vCPUs must be
 * parked or not started. Returns as domain_build. */
int domain_boot(struct domain *d, char error[LOAD_ERROR_SIZE]);
/* Does what firmware says must follow. The processor's own thread. */
void domain_firmware_action(struct vcpu *v, enum fw_action action);
/* An INIT interrupt arrived, sapic_take_init says. Its own thread. */
void domain_init_interrupt(struct vcpu *v);
/* Frees what domain_build made; vCPUs must be parked or not started. */
void domain_unbuild(struct domain *d);

/* --- vcpu.c --- */
/* Ties a processor to its thread. */
void vcpu_attach(struct domain *d, unsigned index, struct cpu *cpu);
/* Starts the vCPU threads, stopped. Returns 0 or -errno. */
int domain_start(struct domain *d);
/* Ends the vCPU threads. */
void domain_join(struct domain *d);

/* --- stop.c --- */
/* Stops all vCPUs at an instruction boundary and returns when they are. Nests. I/O thread. */
void domain_stop(struct domain *d);
/* Undoes one domain_stop. */
void domain_go(struct domain *d);
/* Asks the I/O thread for something and stops the domain until it has acted. vCPU threads, which
 * call vcpu_park next. */
void domain_ask(struct domain *d, enum domain_event event, unsigned vcpu);
/* The guest cannot go on; why is kept from the first call. vCPU threads. */
void domain_crash(struct vcpu *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The guest did not serve its watchdog in time: as domain_crash, but on_watchdog decides. */
void domain_watchdog(struct vcpu *v);
/* Waits while the domain is stopped. Returns false when the thread has to end. */
bool vcpu_park(struct vcpu *v);
/* Wakes a sleeping vCPU thread. Any thread; this is what cpu_kick calls. */
void vcpu_wake(struct vcpu *v);
/* Makes the I/O thread look around. Any thread. */
void domain_notify(struct domain *d);

/* --- life.c: I/O thread only --- */
/* Stop and continue the guest and its clock; no effect when that is so already. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
/* Resets the machine as a reset button does, with on_reboot deciding what follows. */
void domain_reboot(struct domain *d);
/* At the end: what engine "verify" has compared goes to the log and to whoever waits. */
void domain_report_checks(struct domain *d);
/* Acts on what a vCPU thread asked for, if anything. */
void domain_serve_event(struct domain *d);

/* --- dump.c --- */
/* Registers and backtrace of one processor, which is parked. */
void dump_cpu(struct text *out, struct cpu *cpu, const struct kernel_image *kernel);

/* --- stat.c --- */
/* Counters of all processors, which are parked: a line "engine NAME", then lines as stat.c says. */
void stat_report(struct domain *d, struct text *out);

/* --- state.c --- */
/* The whole domain as a save file; vCPUs must be stopped. Returns 0 or -errno. */
int state_save(struct domain *d, int fd, char error[LOAD_ERROR_SIZE]);
/* Loads it into a domain that has been built from the same configuration and not started. */
int state_load(struct domain *d, int fd, char error[LOAD_ERROR_SIZE]);
/* Only the configuration at the start of a save file. */
int state_read_config(int fd, struct domain_config *c, char error[LOAD_ERROR_SIZE]);

/* --- io.c --- */
/* The I/O thread's loop: from the first instruction to the domain's end. */
void domain_loop(struct domain *d);

/* --- main.c --- */
/* The process epixen-domain: builds what the configuration in config_fd (a stream) asks for and
 * runs it to its end. Returns the exit status. */
int domain_main(int config_fd);

#endif
