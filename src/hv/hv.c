/* SPDX-License-Identifier: MIT */
/* A paravirtual domain's hypervisor as a whole: made, reset, saved, loaded. */
#include "hv/hv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/stream.h"
#include "cpu/broadcast.h"
#include "hv/pv.h"
#include "hv/pv_page.h"

#define XSI_DEFAULT 0xf500000000000000ull

static void vcpu_init(struct hv *hv, unsigned n)
{
	struct hv_vcpu *v = &hv->vcpu[n];

	v->hv = hv;
	v->cpu = hv->machine->cpu[n];
	v->cpu->hv = v;
	pv_attach(v);
}

int hv_init(struct hv *hv, struct machine *m, uint16_t domid, char *error, size_t size)
{
	int err;

	memset(hv, 0, sizeof(*hv));
	hv->machine = m;
	hv->domid = domid;
	hv->vcpus = m->cpus;
	hv->pages = m->ram.count ? m->ram.slot[0].size >> XEN_PAGE_SHIFT : 0;
	err = ram_add_slot(&m->ram, HV_SHARED_INFO, HV_SLOT_SIZE);
	if (err) {
		snprintf(error, size, "no memory for the pages shared with a PV guest: %s",
			strerror(-err));
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
	(void)hv;
}

static void vcpu_reset(struct hv_vcpu *v)
{
	v->callback = 0;
	v->initialised = false;
	v->down = v->cpu->index != 0;
	v->polling = false;
	pv_reset(v);
}

void hv_reset(struct hv *hv)
{
	hv->xsi = XSI_DEFAULT;
	hv->identity.on = false;
	hv->rendezvous.ip = hv->rendezvous.gp = 0;
	hv->efi_virtual = false;
	memset(hv->shared_info, 0, XEN_PAGE_SIZE);
	for (unsigned n = 0; n < MAX_CPUS; n++)
		hv->shared_info[n * SHARED_VCPU_SIZE + 1] = 1; /* evtchn_upcall_mask */
	for (unsigned n = 0; n < hv->vcpus; n++)
		vcpu_reset(&hv->vcpu[n]);
}

bool hv_has_work(const struct hv_vcpu *v)
{
	bool vector = v->irr[0] | v->irr[1] | v->irr[2] | v->irr[3];
	return shared_pending(v) || (vector && !v->callback);
}

void hv_flush(struct cpu *caller)
{
	broadcast_purge(caller, &(struct broadcast_purge){.frames = true});
}

gpa_t hv_place(const struct hv *hv, gpa_t a)
{
	if (likely(a.v >> XEN_PAGE_SHIFT < hv->pages) ||
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
	pv_save(v, s);
}

void hv_save(struct hv *hv, struct stream *s)
{
	stream_begin(s, "hv", 1);
	stream_put_u64(s, hv->xsi);
	stream_put_u64(s, hv->identity.on);
	stream_put_u64(s, hv->identity.pgprot);
	stream_put_u64(s, hv->identity.key);
	stream_put_u64(s, hv->rendezvous.ip);
	stream_put_u64(s, hv->rendezvous.gp);
	stream_put_u64(s, hv->efi_virtual);
	for (unsigned n = 0; n < hv->vcpus; n++)
		vcpu_save(&hv->vcpu[n], s);
	stream_end(s);
}

static void vcpu_load(struct hv_vcpu *v, struct stream *s)
{
	v->callback = stream_get_u64(s);
	v->initialised = stream_get_max(s, 1, "initialised");
	v->down = stream_get_max(s, 1, "down");
	v->polling = false;
	pv_load(v, s);
}

void hv_load(struct hv *hv, struct stream *s)
{
	if (!stream_open(s, "hv", 1))
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
	for (unsigned n = 0; n < hv->vcpus; n++)
		vcpu_load(&hv->vcpu[n], s);
	stream_close(s);
}
