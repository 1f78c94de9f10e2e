/* SPDX-License-Identifier: MIT */
/*
 * A small paravirtual kernel that tests its hypervisor: what its files offer each other. Everything
 * runs at kernel level in region 7; pa(p) is the guest-physical address of what p points to.
 */
#ifndef MINIOS_H
#define MINIOS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define countof(a) (sizeof(a) / sizeof((a)[0]))

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

/* --- lib.c --- */

void *memset(void *p, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
bool starts(const char *s, const char *with);
u64 number_at(const char *s);
int format(char *to, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int formatv(char *to, size_t size, const char *fmt, va_list ap);
u64 random_next(void);

/* --- start --- */

struct start_info {
	char magic[32];
	u64 nr_pages, shared_info;
	u32 flags;
	u64 store_mfn;
	u32 store_evtchn;
	u64 console_mfn;
	u32 console_evtchn;
	u64 pt_base, nr_pt_frames, mfn_list, mod_start, mod_len;
	char cmd_line[1024];
};

struct boot_param {
	u64 command_line, efi_systab, efi_memmap, efi_memmap_size, efi_memdesc_size;
	u32 efi_memdesc_version;
	u16 columns, rows, x, y;
	u64 fpswa, initrd_start, initrd_size, domain_start, domain_size;
};

struct vcpu_info {
	u8 pending, mask;
	u64 selector;
	u8 time[32];
};

struct shared_info {
	struct vcpu_info vcpu[64];
	u64 pending[64], mask[64];
	u32 wc_version, wc_sec, wc_nsec;
	u64 start_info_pfn;
	u32 evtchn_vector, memmap_info_pages;
	u64 memmap_info_pfn;
};

#define shared	      ((volatile struct shared_info *)XSI)
#define xsi64(offset) (*(volatile u64 *)(XSI_REGS + (offset)))
#define xsi32(offset) (*(volatile u32 *)(XSI_REGS + (offset)))

extern struct start_info *start_info;
extern struct boot_param *boot_param;

/* --- memory (mm.c) --- */

#define va(physical)  ((void *)(REGION7 + (u64)(physical)))
#define pa(pointer)   ((u64)(pointer)&0x1fffffffffffffff)
#define gpfn(pointer) (pa(pointer) >> PAGE_SHIFT)

void memory_init(void);
void *page_alloc(void); /* zeroed */
void page_free(void *p);
u64 pages_left(void);

/* A translation that misses of address find; NULL pte ends it. */
struct mapping {
	u64 va, pte;
	unsigned ps;
	bool keep_misses; /* do not fill, let the test see them */
};
/* Inserted at the next miss. */
void map_add(u64 va, u64 pte, unsigned ps);
void map_replace(u64 va, u64 pte, unsigned ps); /* purges nothing */
void map_clear(void);
bool map_fill(u64 ifa, bool instruction);
void tlb_purge(u64 va, unsigned ps);

/* --- interruptions (trap.c) --- */

struct frame {
	u64 vector, isr, iip, ipsr, ifs, ifa, itir, iim, iha, pr, unat, gr_unat, pfs, rsc, rnat,
		bspstore, loadrs, fpsr, ccv, csd, ssd, xifs, pad, b0, b6, b7, pad2[6], r[32];
	u64 f[6][2];
};

struct jump {
	u64 word[18];
};
int jump_set(struct jump *j) __attribute__((returns_twice));
void jump_to(struct jump *j, int value) __attribute__((noreturn));

struct runstate {
	u32 state;
	u64 entry, time[4];
};

struct cpu {
	u64 id, trap_stack, trap_rbs;
	struct jump jump;
	bool expecting, in_user;
	struct frame caught;
	bool (*hook)(struct frame *f); /* true: handled, go on with the frame */
	volatile u64 events;	       /* upcalls */
	volatile bool alive;
	void (*volatile work)(void *);
	void *volatile work_arg;
	void (*early)(void *); /* once, before it has a callback */
	volatile struct runstate area;
};
_Static_assert(sizeof(struct cpu) <= 1 << C_LOG_SIZE, "C_LOG_SIZE");

register struct cpu *self __asm__("r13");
extern struct cpu cpus[MAX_CPUS];
struct cpu *cpu_of(unsigned n);
extern u64 misses; /* of region 7 */

#define NO_FAULT 0xffff
/* The vector of the fault that fn runs into; self->caught has the frame. */
u64 fault_of(void (*fn)(u64), u64 arg);
/* The same of code at user level, which starts at ip with r8 = arg; it ends with break BREAK_USER.
 */
u64 user_run(u64 ip, u64 arg);
u64 user_run_at(u64 ip, u64 psr, u64 arg);
void user_map(void);
#define USER_CODE 0x2000000000000000ull
#define USER_DATA 0x2000000000100000ull /* 64 KB: backing store from below, stack from above */
extern char user_start[];
#define user_address(symbol) (USER_CODE + ((u64)(symbol) - (u64)user_start))

void user_enter(u64 ip, u64 psr, u64 sp, u64 rbs, u64 arg, u64 gp) __attribute__((noreturn));
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* --- hypercalls (call.S, hypercall.h) --- */

s64 hypercall5(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 number);
s64 call_r28(u64 number, u64 value);
void send_ipi_vector(u64 cpu, u64 vector);
struct pal {
	u64 index, arg[3];
	s64 status;
	u64 value[3];
};
void pal_call(struct pal *p);
s64 call_at(u64 address, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6);
struct sal {
	s64 status;
	u64 value[3];
};

/* --- console (console.c) --- */

void console_init(void);
void console_write(const char *s, size_t n);
void console_flush(void);
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- TAP (tap.c) --- */

/* One result; ok is returned. The name is a sentence about behaviour. */
bool report(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, with both numbers when they differ. */
bool report_eq(u64 got, u64 wanted, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void skip(const char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int tap_end(void);
/* NAME=value of the command line, "" if there is none. */
const char *option(const char *name, char *to, size_t size);
u64 option_number(const char *name, u64 otherwise);

/* --- events (event.c) --- */

typedef void event_fn(unsigned port);
void events_init(void);
void events_on(void);
bool events_off(void); /* were they on? */
void events_restore(bool on);
void event_upcall(void);
void event_handle(unsigned port, event_fn *fn);
void port_unmask(unsigned port);
void port_mask(unsigned port);
bool port_pending(unsigned port);
void port_clear(unsigned port);
/* How often the port has been seen by the upcall, and where last. */
extern volatile u32 event_count[4096];
extern volatile u8 event_cpu[4096];
/* Waits until count of port is at least n, for at most ms. */
bool event_wait(unsigned port, u32 n, unsigned ms);

/* --- time (time.c) --- */

u64 now(void); /* ns of the hypervisor's clock */
static inline u64 itc(void)
{
	u64 t;
	__asm__ volatile("mov %0 = ar.itc" : "=r"(t)::"memory");
	return t;
}
/* Until when to wait for somebody outside: 5000 ms and more are for ever, 0. With a virtual clock
 * others have time of another kind. */
static inline u64 wait_deadline(unsigned ms)
{
	return ms >= 5000 ? 0 : now() + ms * 1000000ull;
}
void delay(unsigned ms);
/* Gives way; spinning loops call it. */
void yield(void);
#define wait_until(condition, ms)                                                                  \
	({                                                                                         \
		u64 end_ = now() + (ms)*1000000ull;                                                \
		bool done_;                                                                        \
		while (!(done_ = (condition)) && now() < end_)                                     \
			yield();                                                                   \
		done_;                                                                             \
	})

/* --- processors (smp.c) --- */

unsigned cpus_found(void);
/* Starts processor n; it runs what cpu_run gives it. */
bool cpu_start(unsigned n);
/* Has processor n call fn, and waits for its end. */
bool cpu_call(unsigned n, void (*fn)(void *), void *arg, unsigned ms);
void cpu_post(unsigned n, void (*fn)(void *), void *arg);
bool cpu_idle(unsigned n);
void cpu_main(void) __attribute__((noreturn));

/* --- ends --- */

void shut_down(u32 reason) __attribute__((noreturn));

#endif
