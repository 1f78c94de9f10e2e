/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor of one paravirtual domain, as the Xen/ia64 guest ABI describes it: one kernel
 * object per file. pv_*.c is the processor as a paravirtual kernel sees it (privileged-state page,
 * hyperprivops, privileged instructions, reflection of faults, translation); the others are what
 * hypercalls reach: events, grants, memory, scheduling.
 *
 * A vCPU's thread executes privileged instructions and hyperprivops inside cpu_run; a hypercall or
 * firmware call ends cpu_run with EXIT_HYPERCALL and hv_call does it. What concerns the domain as a
 * whole is answered as an enum hv_action.
 */
#ifndef HV_HV_H
#define HV_HV_H

#include <pthread.h>

#include "base/types.h"
#include "cpu/cpu.h"
#include "mmu/tlb.h"

struct evtchn;
struct exports;
struct fw;
struct grant_table;
struct memory_pin;
struct peers;
struct stream;

/* Frames of the guest ABI are 16 KB. */
#define XEN_PAGE_SHIFT 14
#define XEN_PAGE_SIZE  (1u << XEN_PAGE_SHIFT)

/* Guest-physical pages that every PV domain has (ABI 1.6), a RAM slot of their own. */
#define HV_SHARED_INFO	0x10000000000ull
#define HV_MAPPED_REGS	(HV_SHARED_INFO + XEN_PAGE_SIZE) /* + vcpu * XEN_PAGE_SIZE */
#define HV_GRANT_FRAMES (HV_SHARED_INFO + 0x104000)
#define HV_GRANT_MAX	32 /* frames of grant entries, 2048 each */
#define HV_SCRATCH	(HV_GRANT_FRAMES + HV_GRANT_MAX * XEN_PAGE_SIZE) /* see hv_place */
#define HV_SLOT_SIZE	(HV_SCRATCH + XEN_PAGE_SIZE - HV_SHARED_INFO)

#define HV_BREAK 0x1000 /* hypercall immediate */

/* What the caller of hv_call must do next. */
enum hv_action {
	HV_CONTINUE,
	HV_BLOCK, /* run the processor again when hv_has_work */
	HV_POWEROFF,
	HV_REBOOT,
	HV_SUSPEND,
	HV_WATCHDOG, /* a watchdog the guest had set was not served in time */
	HV_CRASH     /* cpu->exit_text says why */
};

/* A hypercall that waits for another domain's answer (peer.h): its processor does not run, and
 * makes it again. What tells how far it has come is not in the guest's registers: nothing of the
 * guest runs in between. */
struct hv_wait {
	bool on;	       /* these down to remote_port: guarded by peers' lock */
	bool asked, sought;    /* the domain; and before there is a connection, the matchmaker */
	bool nobody;	       /* it has died */
	_Atomic bool answered; /* the following are what was answered */
	int32_t status;
	int fd;
	uint32_t value, len;
	uint8_t *data; /* a page, of which len bytes are the answer's */
	uint64_t link; /* who answered: peer_link */
	uint16_t domid;
	uint32_t seq;
	uint64_t since;		    /* host ms: asked then */
	uint32_t port, remote_port; /* of a bind: ours, the other's */
	uint32_t ref;		    /* of a page that has come */
	bool page, readonly;
	bool again;  /* arg is what the call began with; own thread */
	bool nested; /* call is the multicall's entry; likewise */
	uint64_t call[8];
	uint64_t entry, element; /* those before were done: of a multicall, of an operation */
	unsigned step;
	uint64_t told; /* link of a domain that does not answer each, but at the end; 0: none */
	uint16_t told_domid;
	uint16_t hinted; /* which domain was told what will be mapped of it; 0: none */
	_Alignas(8) uint8_t arg[64];
};

/* One processor's part; its own thread only, but for what is atomic. */
struct hv_vcpu {
	struct hv *hv;
	struct cpu *cpu;
	uint8_t *regs;		 /* mapped_regs: 4 KB of guest RAM, see pv_page.h */
	_Atomic gva_t callback;	 /* event_callback_ip, 0: not registered */
	uint64_t iva;		 /* virtual cr.iva */
	uint64_t rr0;		 /* region register 0 behind metaphysical mode */
	uint64_t itm_last;	 /* the cr.itm that has been delivered */
	bool timer_due;		 /* expired, but VIRQ_ITC was not bound */
	_Atomic uint64_t irr[4]; /* legacy vectors (ABI 10.7), and those in service */
	uint64_t insvc[4];
	bool plain_isr; /* the General Exception in mmu.fault comes from emulation: code only */
	struct {
		gva_t va; /* of the latest itc.d, which serves fetches too (ABI 8.4) */
		bool valid;
	} last;
	struct tlb_entry shared_entry; /* of the page that was looked for last */
	struct tlb_entry read_only;    /* the same of a grant mapped for reading */
	struct hv_wait wait;
	unsigned budget; /* elements its present hypercall may still have */
	/* Guards timer, runstate and the change of the three that follow: other processors have
	 * a say in them. */
	pthread_mutex_t lock;
	_Atomic bool initialised; /* was started once */
	_Atomic bool down;	  /* offline: nothing runs */
	_Atomic bool starting;	  /* its registers are to be set before it runs again */
	_Atomic bool polling;	  /* in sched_op poll */
	struct {
		uint32_t port[128]; /* until one of them is pending */
		unsigned count;
		uint64_t deadline; /* or it is so late; ns */
	} poll;
	struct {
		uint64_t single;       /* ns when vcpu_op's one-shot timer is due, 0: not armed */
		uint64_t period, next; /* and the periodic one */
	} timer;
	struct {
		uint64_t area; /* handle of the guest's copy, 0: none */
		uint32_t state;
		uint64_t entry, time[4];
		uint64_t thread; /* CPU time of the thread at entry */
	} runstate;
};

struct hv {
	struct machine *machine;
	struct fw *fw; /* answers what does not depend on the hypervisor; the builder sets it */
	uint16_t domid;
	uint8_t uuid[16];
	struct {
		/* What the guest writes through console_io; any vCPU's thread. NULL: dropped. */
		void (*write)(void *ctx, const uint8_t *data, size_t n);
		void *ctx;
	} console;
	_Atomic gva_t xsi;    /* where the guest sees shared_info; mapped_regs follow at + 0x4000 */
	uint64_t pages;	      /* N: RAM is [0, pages << 14) */
	uint8_t *shared_info; /* guest RAM; the guest writes it at any time */
	struct hv_vcpu vcpu[MAX_CPUS];
	unsigned vcpus;
	struct {
		_Atomic bool on; /* set behind the others */
		_Atomic uint64_t pgprot;
		_Atomic uint32_t key;
	} identity; /* of region 7: opt_feature 1 */
	struct {
		uint64_t ip, gp;
	} rendezvous;	  /* where SAL starts processors: SAL_SET_VECTORS; under fw->lock */
	bool efi_virtual; /* SetVirtualAddressMap was called; likewise */
	struct {
		pthread_mutex_t lock;
		struct evtchn *port;	     /* EVTCHN_PORTS */
		uint32_t virq[MAX_CPUS][24]; /* port of each, 0: not bound */
	} event;
	struct grant_table *grant;
	struct peers *peers;	   /* NULL: there are no other domains */
	struct exports *exports;   /* what they have mapped; likewise */
	_Atomic int shutdown_code; /* announced with shutdown_code, -1: not */
	_Atomic bool pirq_eoi;	   /* the guest has named a page for it */
	struct {
		pthread_mutex_t lock;
		uint64_t deadline[2]; /* 0: not set */
	} watchdog;
	struct {
		pthread_mutex_t lock;	  /* guards present and pin */
		_Atomic uint64_t *absent; /* bit per frame that was given back */
		_Atomic uint64_t *place;  /* bit per frame where a grant is mapped */
		uint64_t present;	  /* frames */
		_Atomic uint64_t taken;	  /* frames ever; so many when hv_flush began last */
		_Atomic uint64_t flushed;
		struct memory_pin *pin[256]; /* hashed by frame */
	} memory;
};

/* Hooks the processor to the hypervisor (struct personality), adds the slot of PV pages, and puts
 * every page and table into its first state. The processors exist. Returns 0 or -errno with one
 * line in error. */
int hv_init(struct hv *hv, struct machine *m, uint16_t domid, char *error, size_t size);
void hv_free(struct hv *hv);
/* First state again, for a reboot; vCPUs are parked. */
void hv_reset(struct hv *hv);
void hv_save(struct hv *hv, struct stream *s);
/* The processors have been loaded; RAM may come later. */
void hv_load(struct hv *hv, struct stream *s);

/* Where in RAM the guest's page with guest-physical address a is; the scratch page for frames that
 * it does not have (ABI 1.5). Any thread. */
gpa_t hv_place(const struct hv *hv, gpa_t a);
/* Call after frames were added or taken away: returns when no processor uses what it knew of them.
 * A vCPU's thread, between cpu_enter and cpu_leave when outside cpu_run. */
void hv_flush(struct cpu *caller);

/* State of a processor that starts (ABI 2.8); it does not run. The boot processor begins at entry
 * with r28 = boot_param; another one, on its own thread and in SAL's name, at the rendezvous
 * address with its gp. */
void hv_boot_cpu(struct hv *hv, uint64_t entry, uint64_t boot_param);
void hv_boot_ap(struct hv_vcpu *v, uint64_t ip, uint64_t gp);
/* Undoes the break of the present hypercall, so that it is made again: for continuations, and for
 * faults that firmware emulation reflects. */
void hv_call_again(struct cpu *cpu);
/* Hypercall 0x600. False: va is illegal, and the domain is to be crashed. */
bool hv_set_shared_info_va(struct hv *hv, struct cpu *caller, gva_t va);
/* Legacy vectors (ABI 10.7): makes one pending, any thread; dropped once a callback is there. */
void hv_pend_vector(struct hv_vcpu *v, unsigned vector);

/* Performs the hypercall or firmware call with which cpu_run returned EXIT_HYPERCALL: number in r2.
 * Own thread of the processor. */
enum hv_action hv_call(struct hv *hv, struct cpu *cpu);

/* Is the processor up? Its registers are set first if it was told to start. Its own thread, in
 * between two runs. */
bool hv_is_up(struct hv_vcpu *v);
/* Does a processor that blocked have something to do? Its own thread. */
bool hv_has_work(struct hv_vcpu *v);
/* When a blocked processor must look again at the latest, beside its interval timer; guest ns. */
uint64_t hv_deadline(struct hv_vcpu *v);
/* Timers and watchdogs are looked at: every millisecond or so, and before a processor blocks. Its
 * own thread. HV_WATCHDOG or HV_CONTINUE. */
enum hv_action hv_tick(struct hv_vcpu *v);

#endif
