/* SPDX-License-Identifier: MIT */
/*
 * Bytes as what four processors of a paravirtual guest ask of the hypervisor: every row of the
 * hypercall table and every firmware call, with arguments that mean something most of the time,
 * between them hyperprivops, writes to the shared pages, the passing of time, save files. The
 * fuzzer and a unit test drive it. A call must leave what the hypervisor knows consistent, answer
 * with an errno of Xen's and take less than HC_SLOW.
 */
#ifndef FUZZ_HYPERCALL_H
#define FUZZ_HYPERCALL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/stream.h"
#include "cpu/broadcast.h"
#include "cpu/timer.h"
#include "fw/fw.h"
#include "hv/dom_fw.h"
#include "hv/event.h"
#include "hv/grant_table.h"
#include "hv/hypercall.h"
#include "hv/memory.h"
#include "hv/pv.h"
#include "hv/sched.h"
#include "hypercall_rows.h"

#ifdef SANITIZED
#define HC_SLOW 4000000000ull
#else
#define HC_SLOW 1000000000ull
#endif

#define HC_RAM	   (4ull << 20)
#define HC_VCPUS   4
#define HC_CODE	   0x100000ull
#define HC_ARG	   0x120000ull /* structures; lists of frames and ports; descriptors */
#define HC_LIST	   0x140000ull
#define HC_DESC	   0x160000ull
#define HC_ENDLESS 0x200000ull /* a descriptor whose list does not end, nor hold anything */
#define HC_INLINE  (1ull << 63)
#define HC_MOST	   256 /* bytes of a structure */

struct hc_guest {
	struct machine m;
	struct fw fw;
	struct hv hv;
};

/* Who makes its calls. */
struct hc_world {
	struct hc_guest *g;
	bool alone;		/* nobody else does */
	const uint8_t *p, *end; /* the input */
	unsigned vcpu;		/* whose turn it is */
	uint32_t port, handle;	/* seen in the last structures */
	unsigned depth;		/* of multicalls */
	bool odd;		/* the call is not what its row says */
	bool saved;		/* once for an input: it takes long */
	uint64_t called[HC_ROWS], good[HC_ROWS], bad[HC_ROWS];
	uint64_t slowest, mapped; /* ns; grants at a time */
};

static void hc_die(const struct hc_world *w, const char *why)
{
	fprintf(stderr, "hypercall on vcpu %u: %s\n", w->vcpu, why);
	abort();
}

/* --- input --- */

static uint64_t hc_take(struct hc_world *w, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n && w->p < w->end; i++)
		v |= (uint64_t)*w->p++ << 8 * i;
	return v;
}

static uint64_t hc_one_of(struct hc_world *w, const uint64_t *list, unsigned n)
{
	uint64_t k = hc_take(w, 1);
	return k < 240 ? list[k % n] : hc_take(w, 8);
}
#define HC_ONE_OF(w, ...)                                                                          \
	hc_one_of(w, (const uint64_t[]){__VA_ARGS__},                                              \
		sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* --- places and handles --- */

static uint64_t hc_frame(struct hc_world *w)
{
	uint64_t k = hc_take(w, 1);

	if (k < 200)
		return 0x90 + k % 32; /* nothing of ours stands there */
	return HC_ONE_OF(w, k, 0, w->g->hv.pages - 1, w->g->hv.pages,
		HV_SHARED_INFO >> XEN_PAGE_SHIFT, HV_GRANT_FRAMES >> XEN_PAGE_SHIFT,
		HV_SCRATCH >> XEN_PAGE_SHIFT, UINT32_MAX, ~0ull, 1ull << 50,
		HC_ARG >> XEN_PAGE_SHIFT, HC_DESC >> XEN_PAGE_SHIFT);
}

static uint64_t hc_address(struct hc_world *w)
{
	uint64_t a = hc_frame(w) << XEN_PAGE_SHIFT;
	return hc_take(w, 1) < 200 ? a : a + HC_ONE_OF(w, 8, 4, 0x3ff8, 0x3ffc, 0x3fff, 1);
}

static void hc_put(struct hc_world *w, uint64_t gpa, const void *p, size_t n)
{
	ram_write(&w->g->m.ram, GPA(gpa), p, n);
}

/* A list of pieces for bytes at gpa, which lie across two pages now and then, with gaps. */
static uint64_t hc_descriptor(struct hc_world *w, uint64_t gpa)
{
	uint64_t k = hc_take(w, 1), at = HC_DESC + (k & 7) * 0x400, list[4];
	uint32_t head[2] = {0x58434f4d, 4};

	for (unsigned n = 0; n < 4; n++)
		list[n] = k >> (3 + n) & 1 ? ~0ull : gpa + n * XEN_PAGE_SIZE;
	if (k < 100) {
		list[0] = gpa;
		list[1] = (gpa & ~0x3fffull) + 2 * XEN_PAGE_SIZE;
	}
	if (k > 250)
		head[k & 1] = (uint32_t)hc_take(w, 4);
	hc_put(w, at, head, sizeof(head));
	hc_put(w, at + 8, list, sizeof(list));
	return at;
}

static uint64_t hc_bad_handle(struct hc_world *w)
{
	return HC_ONE_OF(w, 0, HC_INLINE, HC_ENDLESS, HC_DESC + 4, HC_DESC + 0x3ffc,
		HC_INLINE | ((w->g->hv.pages << XEN_PAGE_SHIFT) - 4), HC_INLINE | HV_SHARED_INFO,
		HC_INLINE | HV_MAPPED_REGS, HC_INLINE | HV_GRANT_FRAMES, HC_INLINE | HV_SCRATCH,
		HC_INLINE | hc_address(w), hc_address(w), ~0ull, HC_CODE, HC_INLINE | (1ull << 50));
}

/* A handle of a buffer at gpa: inline, described, or of something else. */
static uint64_t hc_handle(struct hc_world *w, uint64_t gpa)
{
	uint64_t k = hc_take(w, 1);

	if (k < 150)
		return gpa | HC_INLINE;
	return k < 230 ? hc_descriptor(w, gpa) : hc_bad_handle(w);
}

static uint64_t hc_count(struct hc_world *w)
{
	uint64_t k = hc_take(w, 1);

	if (k < 230)
		return 1 + k % 4;
	return HC_ONE_OF(w, 0, 128, 129, 2048, 65536, 65537, 1 << 20, 1ull << 31, UINT32_MAX,
		1ull << 32, ~0ull, 1ull << 58);
}

/* --- values by kind: see hypercall_rows.h --- */

static uint64_t hc_list(struct hc_world *w, bool ports)
{
	uint64_t at = HC_LIST + (hc_take(w, 1) & 3) * 0x100;

	for (unsigned n = 0; n < 4; n++) {
		uint64_t v =
			ports ? HC_ONE_OF(w, w->port, 1, 2, 3, 4, 5, 0, 4095, 4096) : hc_frame(w);
		hc_put(w, at + n * (ports ? 4 : 8), &v, ports ? 4 : 8);
	}
	return hc_handle(w, at);
}

static uint64_t hc_domid(struct hc_world *w)
{
	uint64_t k = hc_take(w, 1);

	return k < 200 ? DOMID_SELF
		       : HC_ONE_OF(
				 w, 0, w->g->hv.domid, w->g->hv.domid + 1u, 0x7ff1, 0x7ff2, 0xffff);
}

static uint64_t hc_time(struct hc_world *w)
{
	uint64_t now = clock_now(&w->g->m.clock);

	return HC_ONE_OF(w, now + 1000, now + 1000000, now, now - 1, 0, 1, 1000000, 999999,
		1ull << 62, (1ull << 62) - 1, 1ull << 63, ~0ull, now + (1ull << 51));
}

static uint64_t hc_virtual(struct hc_world *w)
{
	return HC_ONE_OF(w, w->g->hv.xsi, XEN_LOW, XEN_HIGH, 0xfffffffffff00000, 0xf100000000000000,
		0xe000000000000000 | HC_CODE, HC_CODE, 0, 0x8000000000000000, 0xa000000000000000);
}

static uint64_t hc_value(struct hc_world *w, char kind)
{
	switch (kind) {
	case 'd':
		return hc_domid(w);
	case 'p':
		return HC_ONE_OF(
			w, w->port, w->port, 1, 2, 3, 4, 5, 6, 7, 8, 0, 63, 64, 4095, 4096);
	case 'v':
		return HC_ONE_OF(
			w, 0, 1, 2, 3, w->vcpu, w->vcpu, 4, 63, 64, UINT32_MAX, 1ull << 32);
	case 'q':
		return HC_ONE_OF(w, 0, 1, 2, 7, 15, 16, 17, 18, 23, 24, UINT32_MAX);
	case 'r':
		return HC_ONE_OF(w, 1, 2, 3, 4, 5, 6, 7, 8, 0, 2047, 2048, 65535, 65536);
	case 'h':
		return HC_ONE_OF(w, w->handle, 0, 1, 2, 3, 4, 63, 64, UINT32_MAX);
	case 'o':
		return HC_ONE_OF(w, 0, 0, 0, 0, 0, 0, 0, 1, 20, 21, 63, 64);
	case 'f':
		return HC_ONE_OF(w, 2, 2, 2, 6, 0, 1, 3, 4, 5, 7, 8, 16, 31);
	case 'l':
		return HC_ONE_OF(w, 0, 1, 2, 3, 4, 5, 6, 7, 31, 32, 33, 255, 256);
	case 'n':
		return hc_count(w);
	case 'F':
		return hc_list(w, false);
	case 'P':
		return hc_list(w, true);
	case 'B':
		return hc_handle(w, HC_ARG + 0x8000);
	case 'g':
		return hc_frame(w);
	case 'A':
		return hc_address(w);
	case 't':
		return hc_time(w);
	case 'V':
		return hc_virtual(w);
	case '.':
		return 0;
	default:
		return hc_take(w, 8);
	}
}

/* One structure; its size. */
static size_t hc_structure(struct hc_world *w, const char *layout, uint8_t *to)
{
	size_t n = 0;

	for (const char *c = layout; *c; c += 2) {
		unsigned size = (unsigned)c[1] - '0';
		uint64_t v = hc_value(w, c[0]);
		memcpy(to + n, &v, size);
		n += size;
	}
	return n;
}

static unsigned hc_arguments(struct hc_world *w, const struct hc_row *r, uint64_t arg[8]);

/* An entry of a multicall: number, result, arguments. */
static size_t hc_entry(struct hc_world *w, uint8_t *to)
{
	uint64_t entry[10] = {0};
	const struct hc_row *r = &hc_rows[hc_take(w, 2) % HC_ROWS];

	entry[0] = hc_take(w, 1) < 250 ? r->number : hc_take(w, 8);
	w->depth++;
	if (w->depth < 3)
		hc_arguments(w, r, entry + 2);
	w->depth--;
	memcpy(to, entry, 64);
	return 64;
}

/* Up to three structures, and the handle of the first. */
static uint64_t hc_structures(struct hc_world *w, const struct hc_row *r)
{
	uint64_t place = HC_ARG + w->depth * 0x10000ull + (hc_take(w, 1) < 200 ? 0 : 0x3ff8);
	uint64_t handle = hc_handle(w, place), at = 0;
	uint8_t bytes[HC_MOST] = {0};

	for (unsigned n = 0; n < 3; n++) {
		bool entry = r->layout[0] == 'M';
		size_t size = entry ? hc_entry(w, bytes) : hc_structure(w, r->layout, bytes);
		xencomm_write(&w->g->hv, handle, at, bytes, size);
		at += size;
		if (!strchr(r->args, 'n'))
			break;
	}
	return handle;
}

static unsigned hc_arguments(struct hc_world *w, const struct hc_row *r, uint64_t arg[8])
{
	unsigned n = 0;

	for (const char *c = r->args; *c; c++) {
		uint64_t k;
		switch (*c) {
		case 'c':
			k = hc_take(w, 1);
			w->odd |= k >= 250;
			arg[n++] = k < 250 ? r->cmd : r->cmd | k << (k & 1 ? 32 : 6);
			break;
		case 's':
			arg[n++] = hc_structures(w, r);
			break;
		default:
			arg[n++] = hc_value(w, *c);
		}
	}
	return n;
}

/* --- what must hold at any time --- */

static void hc_check_frames(struct hc_world *w)
{
	struct hv *hv = &w->g->hv;
	uint64_t present = 0;

	for (uint64_t gfn = 0; gfn < hv->pages; gfn++)
		present += memory_present(hv, gfn) && !memory_is_place(hv, gfn);
	if (present != hv->memory.present)
		hc_die(w, "frames are miscounted");
}

static void hc_check_ports(struct hc_world *w)
{
	struct hv *hv = &w->g->hv;

	for (unsigned n = 0; n < HC_VCPUS; n++)
		for (unsigned q = 0; q < EVTCHN_VIRQS; q++) {
			uint32_t port = hv->event.virq[n][q];
			const struct evtchn *e = &hv->event.port[port];
			if (port >= EVTCHN_PORTS ||
				(port && (e->state != EVTCHN_VIRQ || e->virq != q)))
				hc_die(w, "a virtual interrupt has a port that is not its own");
		}
	for (uint32_t port = 0; port < EVTCHN_PORTS; port++) {
		const struct evtchn *e = &hv->event.port[port];
		if (e->state > EVTCHN_IPI || e->vcpu >= HC_VCPUS)
			hc_die(w, "a port is in no state");
		if (e->state == EVTCHN_INTERDOMAIN && is_self(hv, e->remote_dom) && !e->notify &&
			hv->event.port[e->remote_port].remote_port != port)
			hc_die(w, "a channel's ends are not each other's");
	}
}

static void hc_check_grants(struct hc_world *w)
{
	const struct grant_table *t = w->g->hv.grant;
	uint64_t uses = 0, placed = 0;
	uint8_t pins[HC_RAM >> XEN_PAGE_SHIFT] = {0};

	for (uint32_t ref = 0; ref < t->frames * GRANTS_PER_FRAME; ref++) {
		const struct active *a = &t->active[ref];
		uses += a->readers + a->writers;
		if (a->readers + a->writers)
			pins[a->frame]++;
	}
	for (uint64_t gfn = 0; gfn < w->g->hv.pages; gfn++)
		if (memory_pins(&w->g->hv, gfn) != pins[gfn])
			hc_die(w, "a frame is pinned, or not, for nothing");
	for (unsigned n = 0; n < t->maps; n++)
		placed += t->map[n].used && is_self(&w->g->hv, t->map[n].dom);
	if (placed > w->mapped)
		w->mapped = placed;
	if (uses != placed)
		hc_die(w, "grants are in use that nobody has mapped");
}

/* What was saved is what is saved after it has been loaded. Nobody saves mapped grants. */
static void hc_save_and_load(struct hc_world *w)
{
	struct stream a = {0}, b = {0};

	for (uint64_t gfn = 0; gfn < w->g->hv.pages; gfn++)
		if (memory_is_place(&w->g->hv, gfn))
			return;
	w->saved = true;
	hv_save(&w->g->hv, &a);
	hv_load(&w->g->hv, &a);
	if (a.error[0])
		hc_die(w, a.error);
	hv_save(&w->g->hv, &b);
	if (a.len != b.len || memcmp(a.data, b.data, a.len))
		hc_die(w, "loading and saving changes what was saved");
	stream_free(&a);
	stream_free(&b);
}

static void hc_check(struct hc_world *w)
{
	hc_check_frames(w);
	hc_check_ports(w);
	hc_check_grants(w);
}

/* --- steps --- */

/* No frame is where another is: what was mapped is not any more. */
static void hc_check_new(struct hc_world *w)
{
	uint64_t v;

	for (uint64_t gfn = 0x80; gfn < 0xe0; gfn++)
		hc_put(w, gfn << XEN_PAGE_SHIFT, &gfn, sizeof(gfn));
	for (uint64_t gfn = 0x80; gfn < 0xe0; gfn++) {
		ram_read(&w->g->m.ram, GPA(gfn << XEN_PAGE_SHIFT), &v, sizeof(v));
		if (v != gfn)
			hc_die(w, "a frame is not its own after a reboot");
	}
}

static void hc_boot(struct hc_world *w)
{
	struct dom_boot boot = {.entry = HC_CODE, .cmdline = "fuzz"};
	uint32_t endless[2] = {0x58434f4d, UINT32_MAX};

	if (!w->alone)
		return;
	hv_reset(&w->g->hv);
	hc_check_new(w);
	dom_fw_build(&w->g->hv, &boot);
	memset(w->g->m.ram.slot[0].host + HC_ARG, 0, HC_ENDLESS - HC_ARG);
	memset(w->g->m.ram.slot[0].host + HC_ENDLESS, 0xff, HC_RAM / 16);
	hc_put(w, HC_ENDLESS, endless, sizeof(endless));
	for (unsigned n = 1; n < HC_VCPUS; n++)
		hv_boot_ap(&w->g->hv.vcpu[n], HC_CODE, 0);
	for (uint32_t ref = 1; ref < 9; ref++) {
		uint32_t entry[2] = {1 | (uint32_t)w->g->hv.domid << 16, 0xc0 + ref};
		hc_put(w, HV_GRANT_FRAMES + 8 * ref, entry, sizeof(entry));
	}
	w->port = w->handle = 0;
}

static struct cpu *hc_cpu(struct hc_world *w)
{
	return w->g->m.cpu[w->vcpu];
}

static uint64_t hc_thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What comes back in a structure is used by others. */
static void hc_learn(struct hc_world *w)
{
	uint32_t words[8];

	ram_read(&w->g->m.ram, GPA(HC_ARG), words, sizeof(words));
	for (unsigned n = 0; n < 3; n++)
		if (words[n] && words[n] < 64)
			w->port = words[n];
	w->handle = words[5];
}

static void hc_after(struct hc_world *w, enum hv_action action)
{
	if (action != HV_CONTINUE && action != HV_BLOCK)
		hc_boot(w);
	struct hv_vcpu *v = &w->g->hv.vcpu[w->vcpu];
	if (action == HV_BLOCK && !hv_has_work(v))
		v->polling = false;
}

static void hc_call(struct hc_world *w)
{
	unsigned row = hc_take(w, 2) % HC_ROWS;
	const struct hc_row *r = &hc_rows[row];
	struct cpu *cpu = hc_cpu(w);
	uint64_t arg[8] = {0};
	w->odd = false;
	unsigned args = hc_arguments(w, r, arg), odd = (unsigned)hc_take(w, 1);
	w->odd |= odd >= 240;

	cpu_set_cfm(cpu, odd < 250 ? 8 : odd - 250);
	gr_set(cpu, 2, r->number, odd == 249);
	bool registers = r->number >= 0x300 && r->number != 0x700;
	for (unsigned n = 0; n < args && n < cpu->sof; n++)
		gr_set(cpu, 32 + n, arg[n], odd == 240 + n);
	for (unsigned n = 0; registers && n < 4; n++)
		gr_set(cpu, 28 + n, arg[n], 0);
	if (r->number == 0x400) {
		gr_set(cpu, 14, arg[0], 0);
		gr_set(cpu, 15, arg[1], 0);
	}
	gr_set(cpu, 8, 0, 0);
	uint64_t start = hc_thread_ns();
	enum hv_action action = hv_call(&w->g->hv, cpu);
	uint64_t took = hc_thread_ns() - start;
	int64_t result = (int64_t)gr_value(cpu, 8);
	if (took > w->slowest)
		w->slowest = took;
	if (took > HC_SLOW)
		hc_die(w, "takes too long");
	if (r->number < 64 && result < 0 && result != -1 && (result < -100))
		hc_die(w, "the result is no errno");
	w->called[row]++;
	w->good[row] += result >= 0 && !w->odd;
	w->bad[row] += result < 0 && !w->odd;
	hc_learn(w);
	hc_after(w, action);
}

static void hc_hyperprivop(struct hc_world *w)
{
	struct cpu *cpu = hc_cpu(w);
	unsigned number = 1 + hc_take(w, 1) % (PV_HYPERPRIVOPS - 1);

	for (unsigned r = 8; r < 12; r++)
		gr_set(cpu, r, hc_value(w, "AVtl"[r - 8]), 0);
	cpu_enter(cpu);
	pv_hyperprivop(w->g->hv.vcpu + w->vcpu, number);
	bool crashed = cpu->exit == EXIT_CRASH;
	cpu->exit = EXIT_NONE;
	cpu_leave(cpu);
	if (crashed)
		hc_boot(w);
}

/* The guest writes its shared pages: anything, or an entry of its grant table. */
static void hc_poke(struct hc_world *w)
{
	uint64_t place = HC_ONE_OF(w, HV_SHARED_INFO, HV_SHARED_INFO + 0xc00,
		HV_MAPPED_REGS + 0x800, HV_MAPPED_REGS + 0xc00, HV_GRANT_FRAMES, HV_GRANT_FRAMES,
		HC_ARG, HC_DESC, HC_LIST);
	uint64_t at = place + (hc_take(w, 1) & 0x3f) * 8;
	uint64_t v = hc_take(w, 8);

	if (place == HV_GRANT_FRAMES)
		v = HC_ONE_OF(w, 1, 1, 2, 5, 0, 3) | hc_domid(w) << 16 | hc_frame(w) << 32;
	if (place < HC_RAM || place >= HV_SHARED_INFO)
		hc_put(w, at, &v, sizeof(v));
}

static void hc_pass_time(struct hc_world *w)
{
	clock_advance(
		&w->g->m.clock, HC_ONE_OF(w, 1, 1000, 1000000, 20000000, 1000000000) & ~0ull >> 20);
	struct hv_vcpu *v = &w->g->hv.vcpu[w->vcpu];
	hv_is_up(v);
	hv_has_work(v);
	hv_deadline(v);
	runstate_change(v, hc_take(w, 1) & 3);
	if (hv_tick(v) != HV_CONTINUE)
		hc_boot(w);
}

static void hc_outside(struct hc_world *w)
{
	uint32_t port = (uint32_t)hc_value(w, 'p');

	evtchn_signal(&w->g->hv, port);
	evtchn_raise_virq(&w->g->hv, w->vcpu, hc_take(w, 1) % EVTCHN_VIRQS);
	if (hc_take(w, 1) & 1)
		evtchn_disconnect(&w->g->hv, port);
	if (hc_take(w, 1) & 1)
		hv_pend_vector(&w->g->hv.vcpu[w->vcpu], hc_take(w, 1) & 0xff);
}

static void hc_step(struct hc_world *w)
{
	uint64_t k = hc_take(w, 1);

	if (w->alone)
		w->vcpu = k % HC_VCPUS;
	if (k < 190)
		hc_call(w);
	else if (k < 215)
		hc_hyperprivop(w);
	else if (k < 235)
		hc_poke(w);
	else if (k < 245)
		hc_pass_time(w);
	else if (k < 254)
		hc_outside(w);
	else if (w->alone && !w->saved)
		hc_save_and_load(w);
}

/* --- the two entries --- */

static void hc_console(void *ctx, const uint8_t *data, size_t n)
{
	(void)ctx;
	if (n && memchr(data, 0, n) == data + n) /* reads all of it */
		abort();
}

static struct hc_world *hc_world_new(void)
{
	struct hc_world *w = calloc(1, sizeof(*w));
	struct hc_guest *g = calloc(1, sizeof(*g));
	char error[200];

	w->g = g;
	w->alone = true;
	g->m.model = cpu_model_find("montvale");
	clock_init(&g->m.clock, true);
	ram_add_slot(&g->m.ram, 0, HC_RAM);
	for (unsigned n = 0; n < HC_VCPUS; n++)
		g->m.cpu[n] = cpu_new(&g->m, n);
	g->m.cpus = HC_VCPUS;
	if (fw_init(&g->fw, &g->m, NULL) || hv_init(&g->hv, &g->m, 1, error, sizeof(error)))
		hc_die(w, "no memory");
	g->hv.fw = &g->fw;
	g->hv.console.write = hc_console;
	return w;
}

static void hc_run(struct hc_world *w, const uint8_t *data, size_t size)
{
	w->p = data;
	w->end = data + size;
	w->saved = false;
	hc_boot(w);
	while (w->p < w->end)
		hc_step(w);
	if (w->alone)
		hc_check(w);
}

#endif
