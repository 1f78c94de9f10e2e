/* SPDX-License-Identifier: MIT */
/* A paravirtual domain's hypervisor as a whole: made, reset, saved, loaded. */
#include "hv/hv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/stream.h"
#include "cpu/broadcast.h"
#include "cpu/timer.h"
#include "fw/fw.h"
#include "hv/event.h"
#include "hv/grant.h"
#include "hv/memory.h"
#include "hv/peer.h"
#include "hv/pv.h"
#include "hv/pv_page.h"
#include "hv/sched.h"

#define XSI_DEFAULT 0xf500000000000000ull

static void vcpu_init(struct hv *hv, unsigned n)
{
	struct hv_vcpu *v = &hv->vcpu[n];

	v->hv = hv;
	v->cpu = hv->machine->cpu[n];
	v->cpu->hv = v;
	pthread_mutex_init(&v->lock, NULL);
	pv_attach(v);
}

static int make_objects(struct hv *hv)
{
	int err = ram_add_slot(&hv->machine->ram, HV_SHARED_INFO, HV_SLOT_SIZE);

	if (!err)
		err = memory_init(hv);
	if (!err)
		err = evtchn_init(hv);
	if (!err)
		err = grant_init(hv);
	return err;
}

int hv_init(struct hv *hv, struct machine *m, uint16_t domid, char *error, size_t size)
{
	memset(hv, 0, sizeof(*hv));
	hv->machine = m;
	hv->domid = domid;
	hv->vcpus = m->cpus;
	hv->pages = m->ram.count ? m->ram.slot[0].size >> XEN_PAGE_SHIFT : 0;
	pthread_mutex_init(&hv->watchdog.lock, NULL);
	int err = make_objects(hv);
	if (err) {
		snprintf(error, size, "no memory for the pages shared with a PV guest: %s",
			strerror(-err));
		hv_free(hv);
		return err;
	}
	m->personality = &pv_personality;
	for (unsigned n = 0; n < hv->vcpus; n++)
		vcpu_init(hv, n);
	pv_page_attach(hv);
	hv_reset(hv);
	return 0;
}

void hv_free(struct hv *hv)
{
	if (!hv->machine)
		return;
	peers_free(hv);
	grant_free(hv);
	evtchn_free(hv);
	memory_free(hv);
	for (unsigned n = 0; n < hv->vcpus; n++)
		if (hv->vcpu[n].hv)
			pthread_mutex_destroy(&hv->vcpu[n].lock);
	pthread_mutex_destroy(&hv->watchdog.lock);
	hv->machine = NULL;
}

static void vcpu_reset(struct hv_vcpu *v)
{
	v->callback = 0;
	v->initialised = false;
	v->down = v->cpu->index != 0;
	v->polling = false;
	v->starting = false;
	v->timer.single = v->timer.period = v->timer.next = 0;
	v->runstate.area = 0;
	v->runstate.state = v->down ? RUNSTATE_OFFLINE : RUNSTATE_RUNNABLE;
	v->runstate.entry = clock_now(&v->hv->machine->clock);
	memset(v->runstate.time, 0, sizeof(v->runstate.time));
	pv_reset(v);
}

void hv_reset(struct hv *hv)
{
	peers_reset(hv);
	hv->xsi = XSI_DEFAULT;
	hv->identity.on = false;
	hv->rendezvous.ip = hv->rendezvous.gp = 0;
	hv->efi_virtual = false;
	hv->shutdown_code = -1;
	hv->pirq_eoi = false;
	memset(hv->shared_info, 0, XEN_PAGE_SIZE);
	for (unsigned n = 0; n < MAX_CPUS; n++)
		hv->shared_info[n * SHARED_VCPU_SIZE + 1] = 1; /* evtchn_upcall_mask */
	for (unsigned n = 0; n < countof(hv->watchdog.deadline); n++)
		hv->watchdog.deadline[n] = 0;
	evtchn_reset(hv);
	memory_reset(hv);
	grant_reset(hv);
	for (unsigned n = 0; n < hv->vcpus; n++)
		vcpu_reset(&hv->vcpu[n]);
}

static void start_ap(struct hv_vcpu *v)
{
	struct hv *hv = v->hv;

	pthread_mutex_lock(&hv->fw->lock);
	uint64_t ip = hv->rendezvous.ip, gp = hv->rendezvous.gp;
	pthread_mutex_unlock(&hv->fw->lock);
	hv_boot_ap(v, ip, gp);
}

/* Who starts it says so first, and then that it is not down. */
bool hv_is_up(struct hv_vcpu *v)
{
	if (v->down)
		return false;
	if (unlikely(v->starting)) {
		v->starting = false;
		start_ap(v);
	}
	return true;
}

bool hv_has_work(struct hv_vcpu *v)
{
	bool vector = v->irr[0] | v->irr[1] | v->irr[2] | v->irr[3];

	if (v->down)
		return false;
	if (v->wait.on)
		return v->wait.answered;
	timer_check(v->cpu);
	if (v->timer_due)
		pv_timer_retry(v);
	if (v->polling) {
		if (!sched_poll_done(v))
			return false;
		v->polling = false;
		return true;
	}
	return shared_pending(v) || (vector && !v->callback);
}

uint64_t hv_deadline(struct hv_vcpu *v)
{
	uint64_t watchdog = sched_watchdog_deadline(v->hv);

	if (v->wait.on) /* virtual time would jump there, while the other domain's is real */
		return v->hv->machine->clock.is_virtual ? UINT64_MAX : watchdog;
	uint64_t timer = vcpu_timer_deadline(v);
	uint64_t poll = v->polling ? v->poll.deadline : UINT64_MAX;

	timer = poll < timer ? poll : timer;
	return watchdog < timer ? watchdog : timer;
}

enum hv_action hv_tick(struct hv_vcpu *v)
{
	vcpu_timer_check(v);
	runstate_refresh(v);
	return sched_watchdog_deadline(v->hv) <= clock_now(&v->hv->machine->clock) ? HV_WATCHDOG
										   : HV_CONTINUE;
}

void hv_flush(struct cpu *caller)
{
	struct hv *hv = caller->hv->hv;
	uint64_t taken = hv->memory.taken, flushed = hv->memory.flushed;

	broadcast_purge(caller, &(struct broadcast_purge){.frames = true});
	while (flushed < taken &&
		!atomic_compare_exchange_weak(&hv->memory.flushed, &flushed, taken))
		continue;
}

gpa_t hv_place(const struct hv *hv, gpa_t a)
{
	if (likely(memory_present(hv, a.v >> XEN_PAGE_SHIFT)) ||
		a.v - HV_SHARED_INFO < HV_SCRATCH - HV_SHARED_INFO)
		return a;
	return GPA(HV_SCRATCH | (a.v & (XEN_PAGE_SIZE - 1)));
}

/* --- saving; the pages themselves are RAM --- */

static void vcpu_save(const struct hv_vcpu *v, struct stream *s)
{
	stream_put_u64(s, v->callback);
	stream_put_u64(s, v->initialised);
	stream_put_u64(s, v->down);
	stream_put_u64(s, v->timer.single);
	stream_put_u64(s, v->timer.period);
	stream_put_u64(s, v->timer.next);
	stream_put_u64(s, v->runstate.area);
	for (unsigned n = 0; n < countof(v->runstate.time); n++)
		stream_put_u64(s, v->runstate.time[n]);
	stream_put_u64(s, v->starting);
	stream_put_u64(s, v->polling);
	stream_put_u64(s, v->poll.deadline);
	stream_put_u64(s, v->polling ? v->poll.count : 0);
	for (unsigned n = 0; v->polling && n < v->poll.count; n++)
		stream_put_u64(s, v->poll.port[n]);
	pv_save(v, s);
}

void hv_save(struct hv *hv, struct stream *s)
{
	stream_begin(s, "hv", 2);
	stream_put_u64(s, hv->xsi);
	stream_put_u64(s, hv->identity.on);
	stream_put_u64(s, hv->identity.pgprot);
	stream_put_u64(s, hv->identity.key);
	stream_put_u64(s, hv->rendezvous.ip);
	stream_put_u64(s, hv->rendezvous.gp);
	stream_put_u64(s, hv->efi_virtual);
	stream_put_u64(s, (uint64_t)(hv->shutdown_code + 1));
	stream_put_u64(s, hv->pirq_eoi);
	for (unsigned n = 0; n < hv->vcpus; n++)
		vcpu_save(&hv->vcpu[n], s);
	for (unsigned n = 0; n < countof(hv->watchdog.deadline); n++)
		stream_put_u64(s, hv->watchdog.deadline[n]);
	stream_end(s);
	evtchn_save(hv, s);
	memory_save(hv, s);
	grant_save(hv, s);
}

/* The time while it was saved is nobody's. */
static void runstate_load(struct hv_vcpu *v, struct stream *s)
{
	for (unsigned n = 0; n < countof(v->runstate.time); n++)
		v->runstate.time[n] = stream_get_u64(s);
	v->runstate.state = v->down ? RUNSTATE_OFFLINE : RUNSTATE_RUNNABLE;
	v->runstate.entry = clock_now(&v->hv->machine->clock);
}

static void vcpu_load(struct hv_vcpu *v, struct stream *s, uint32_t version)
{
	v->callback = stream_get_u64(s);
	v->initialised = stream_get_max(s, 1, "initialised");
	v->down = stream_get_max(s, 1, "down");
	v->timer.single = stream_get_u64(s);
	v->timer.period = stream_get_max(s, 1ull << 62, "period of a timer");
	v->timer.next = stream_get_u64(s);
	v->runstate.area = stream_get_u64(s);
	if (version > 1) {
		runstate_load(v, s);
		v->starting = stream_get_max(s, 1, "starting");
	}
	v->polling = stream_get_max(s, 1, "polling");
	v->poll.deadline = stream_get_u64(s);
	v->poll.count = (unsigned)stream_get_max(s, countof(v->poll.port), "polled ports");
	for (unsigned n = 0; n < v->poll.count; n++)
		v->poll.port[n] = (uint32_t)stream_get_max(s, EVTCHN_PORTS - 1, "polled port");
	pv_load(v, s);
}

void hv_load(struct hv *hv, struct stream *s)
{
	uint32_t version = stream_open(s, "hv", 2);

	if (!version)
		return;
	hv->xsi = stream_get_u64(s);
	if (hv->xsi != XSI_DEFAULT && !pv_page_legal(hv->xsi))
		stream_fail(s, "the shared page cannot be at 0x%llx", (unsigned long long)hv->xsi);
	hv->identity.on = stream_get_max(s, 1, "identity");
	hv->identity.pgprot = stream_get_u64(s);
	hv->identity.key = (uint32_t)stream_get_max(s, 0xffffff, "protection key");
	hv->rendezvous.ip = stream_get_u64(s);
	hv->rendezvous.gp = stream_get_u64(s);
	hv->efi_virtual = stream_get_max(s, 1, "EFI mode");
	if (version > 1) {
		hv->shutdown_code = (int)stream_get_max(s, 256, "shutdown code") - 1;
		hv->pirq_eoi = stream_get_max(s, 1, "page of interrupts");
	}
	for (unsigned n = 0; n < hv->vcpus; n++)
		vcpu_load(&hv->vcpu[n], s, version);
	for (unsigned n = 0; n < countof(hv->watchdog.deadline); n++)
		hv->watchdog.deadline[n] = stream_get_u64(s);
	stream_close(s);
	evtchn_load(hv, s);
	memory_load(hv, s);
	grant_load(hv, s);
}
