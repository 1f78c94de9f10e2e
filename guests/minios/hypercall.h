/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls and their arguments, hyperprivops and privileged instructions.
 */
#ifndef MINIOS_HYPERCALL_H
#define MINIOS_HYPERCALL_H

#include "minios.h"

enum {
	HC_SCHED_COMPAT = 6,
	HC_MEMORY = 12,
	HC_MULTICALL = 13,
	HC_SET_TIMER = 15,
	HC_VERSION = 17,
	HC_CONSOLE_IO = 18,
	HC_GRANT = 20,
	HC_VCPU = 24,
	HC_SCHED = 29,
	HC_CALLBACK = 30,
	HC_EVENT = 32,
	HC_PHYSDEV = 33,
	HC_HVM = 34,
	HC_DOM0VP = 48,
	HC_OPT_FEATURE = 0x700,
};

enum {
	EPERM = 1,
	ENOENT = 2,
	ESRCH = 3,
	EAGAIN = 11,
	ENOMEM = 12,
	EACCES = 13,
	EFAULT = 14,
	EBUSY = 16,
	EEXIST = 17,
	EINVAL = 22,
	ENOSPC = 28,
	ENOSYS = 38,
	EISCONN = 106,
};

#define DOMID_SELF 0x7ff0

/* xencomm, both forms: inline for what is contiguous, a descriptor for anything. */
#define inline_handle(p) (pa(p) | 1ull << 63)

struct xencomm {
	u32 magic, count;
	u64 address[4];
} __attribute__((aligned(64)));
#define XENCOMM_MAGIC 0x58434f4d
/* For size bytes at p; d must stay while the handle is used. */
u64 described_handle(struct xencomm *d, void *p, u64 size);

static inline s64 hypercall(u64 number, u64 a0, u64 a1, u64 a2)
{
	return hypercall5(a0, a1, a2, 0, 0, number);
}
/* op of a hypercall whose second argument is a structure. */
static inline s64 hc_op(u64 number, u64 op, void *arg)
{
	return hypercall5(op, arg ? inline_handle(arg) : 0, 0, 0, 0, number);
}

/* --- event_channel_op --- */

enum {
	EVTCHN_BIND_INTERDOMAIN,
	EVTCHN_BIND_VIRQ,
	EVTCHN_BIND_PIRQ,
	EVTCHN_CLOSE,
	EVTCHN_SEND,
	EVTCHN_STATUS,
	EVTCHN_ALLOC_UNBOUND,
	EVTCHN_BIND_IPI,
	EVTCHN_BIND_VCPU,
	EVTCHN_UNMASK,
	EVTCHN_RESET
};
enum { VIRQ_TIMER = 0, VIRQ_DEBUG = 1, VIRQ_CONSOLE = 2, VIRQ_ITC = 16 };

struct evtchn_status {
	u16 dom;
	u32 port, status, vcpu;
	union {
		struct {
			u16 dom;
		} unbound;
		struct {
			u16 dom;
			u32 port;
		} interdomain;
		u32 virq;
	};
};

/* A port, or a negative error. */
s64 bind_virq(u32 virq, u32 vcpu);
s64 bind_ipi(u32 vcpu);
s64 alloc_unbound(u16 dom, u16 remote);
s64 bind_interdomain(u16 remote, u32 port);
s64 port_op(u32 op, u32 port); /* close, send, unmask */
s64 bind_vcpu(u32 port, u32 vcpu);
s64 port_status(u32 port, struct evtchn_status *s);

/* --- sched_op and vcpu_op --- */

enum {
	SCHED_YIELD,
	SCHED_BLOCK,
	SCHED_SHUTDOWN,
	SCHED_POLL,
	SCHED_REMOTE_SHUTDOWN,
	SCHED_CODE,
	SCHED_WATCHDOG
};

s64 poll_port(u32 port, u64 deadline);

s64 vcpu_op(u32 op, u32 vcpu, void *arg);

/* --- memory_op --- */

struct reservation {
	u64 extents, count;
	u32 order, flags;
	u16 dom;
};
enum {
	MEM_INCREASE,
	MEM_DECREASE,
	MEM_MAX_RAM,
	MEM_CURRENT,
	MEM_MAXIMUM,
	MEM_POPULATE = 6,
	MEM_ADD = 7,
	MEM_EXCHANGE = 11,
	MEM_MAX_GPFN = 14
};

/* --- hyperprivops --- */

#define HP0(name, number)                                                                          \
	static inline void name(void)                                                              \
	{                                                                                          \
		__asm__ volatile("break " #number ::: "memory");                                   \
	}
#define HP_GET(name, number)                                                                       \
	static inline u64 name(void)                                                               \
	{                                                                                          \
		register u64 r8 __asm__("r8") = 0;                                                 \
		__asm__ volatile("break " #number : "+r"(r8)::"memory");                           \
		return r8;                                                                         \
	}
#define HP1(name, number)                                                                          \
	static inline u64 name(u64 a)                                                              \
	{                                                                                          \
		register u64 r8 __asm__("r8") = a;                                                 \
		__asm__ volatile("break " #number : "+r"(r8)::"memory");                           \
		return r8;                                                                         \
	}
#define HP2(name, number)                                                                          \
	static inline u64 name(u64 a, u64 b)                                                       \
	{                                                                                          \
		register u64 r8 __asm__("r8") = a;                                                 \
		register u64 r9 __asm__("r9") = b;                                                 \
		__asm__ volatile("break " #number : "+r"(r8) : "r"(r9) : "memory");                \
		return r8;                                                                         \
	}

HP0(hp_rsm_dt, 2)
HP0(hp_ssm_dt, 3)
HP1(hp_itc_d, 5)
HP1(hp_itc_i, 6)
HP0(hp_ssm_i, 7)
HP_GET(hp_get_ivr, 8)
HP_GET(hp_get_tpr, 9)
HP1(hp_set_tpr, 10)
HP0(hp_eoi, 11)
HP1(hp_set_itm, 12)
HP1(hp_thash, 13)
HP2(hp_ptc_ga, 14)
HP2(hp_itr_d, 15)
HP1(hp_get_rr, 16)
HP2(hp_set_rr, 17)
HP2(hp_set_kr, 18)
HP1(hp_fc, 19)
HP1(hp_get_cpuid, 20)
HP1(hp_get_pmd, 21)
HP_GET(hp_get_eflag, 22)
HP1(hp_set_eflag, 23)
HP0(hp_rsm_be, 24)
HP_GET(hp_get_psr, 25)

static inline void hp_set_rr0_to_rr4(u64 a, u64 b, u64 c, u64 d, u64 e)
{
	register u64 r8 __asm__("r8") = a;
	register u64 r9 __asm__("r9") = b;
	register u64 r10 __asm__("r10") = c;
	register u64 r11 __asm__("r11") = d;
	register u64 r14 __asm__("r14") = e;
	__asm__ volatile("break 26" ::"r"(r8), "r"(r9), "r"(r10), "r"(r11), "r"(r14) : "memory");
}

/* Privileged instructions, which trap. */
#define cr_get(name)                                                                               \
	({                                                                                         \
		u64 v_;                                                                            \
		__asm__ volatile("mov %0 = cr." #name ";;srlz.d" : "=r"(v_)::"memory");            \
		v_;                                                                                \
	})
#define cr_set(name, value)                                                                        \
	__asm__ volatile("mov cr." #name " = %0;;srlz.d" ::"r"((u64)(value)) : "memory")
#define ar_get(name)                                                                               \
	({                                                                                         \
		u64 v_;                                                                            \
		__asm__ volatile("mov %0 = ar." #name : "=r"(v_)::"memory");                       \
		v_;                                                                                \
	})

static inline void itc_d(u64 address, u64 pte, unsigned ps)
{
	xsi64(XSI_IFA) = address;
	xsi64(XSI_ITIR) = ps << 2;
	hp_itc_d(pte);
}

static inline void itc_i(u64 address, u64 pte, unsigned ps)
{
	xsi64(XSI_IFA) = address;
	xsi64(XSI_ITIR) = ps << 2;
	hp_itc_i(pte);
}

#endif
