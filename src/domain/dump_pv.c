/* SPDX-License-Identifier: MIT */
/*
 * A paravirtual processor's virtual registers, which are in the page it shares with the hypervisor
 * (ABI 5), its events, and what its hypercalls left behind. Names have a v where the real register
 * is in the report as well.
 */
#include "domain/dump.h"

#include "hv/event.h"
#include "hv/pv.h"
#include "hv/pv_page.h"
#include "hv/sched.h"

static void dump_state(struct text *t, const struct hv_vcpu *v)
{
	static const char *const runs[] = {"running", "runnable", "blocked", "offline"};
	uint32_t state = v->runstate.state;

	text_printf(t, "virtual: %s%s%s%s, events %s%s\n",
		state < countof(runs) ? runs[state] : "?", v->down ? ", down" : "",
		v->initialised ? "" : ", never started", v->polling ? ", polls" : "",
		shared_masked(v) ? "masked" : "not masked",
		shared_pending(v) ? ", one is pending" : "");
}

static void dump_fields(struct text *t, const struct hv_vcpu *v)
{
	static const struct {
		enum page_field field;
		const char *name;
	} f[] = {{PAGE_IPSR, "vipsr"}, {PAGE_IIP, "viip"}, {PAGE_IFS, "vifs"}, {PAGE_ISR, "visr"},
		{PAGE_IFA, "vifa"}, {PAGE_ITIR, "vitir"}, {PAGE_IIPA, "viipa"}, {PAGE_IHA, "viha"},
		{PAGE_IIM, "viim"}, {PAGE_DCR, "vdcr"}, {PAGE_PTA, "vpta"}, {PAGE_TPR, "vtpr"},
		{PAGE_ITV, "vitv"}, {PAGE_PMV, "vpmv"}, {PAGE_CMCV, "vcmcv"},
		{PAGE_PRECOVER_IFS, "precover"}, {PAGE_UNAT, "vunat"}, {PAGE_VNAT, "vnat"},
		{PAGE_VBNAT, "vbnat"}, {PAGE_PENDING, "pending"}, {PAGE_METAPHYSICAL, "metaphys"},
		{PAGE_BANKNUM, "banknum"}, {PAGE_ITC_OFFSET, "itc_offs"},
		{PAGE_ITC_LAST, "itc_last"}};
	unsigned column = 0;

	for (unsigned n = 0; n < countof(f); n++)
		dump_line(t, &column, f[n].name, page_get(v, f[n].field), false);
	dump_line(t, &column, "viva", v->iva, false);
	dump_line(t, &column, "callback", v->callback, false);
	dump_line(t, &column, "xsi", v->hv->xsi, false);
	dump_line(t, &column, "vrr0", v->rr0, false);
	dump_end(t, &column);
}

static void dump_arrays(struct text *t, const struct hv_vcpu *v)
{
	bool bank1 = page_get(v, PAGE_BANKNUM) != 0;
	unsigned column = 0;

	for (unsigned n = 0; n < 8; n++)
		dump_line(t, &column, (char[]){'v', 'r', 'r', '[', (char)('0' + n), ']', 0},
			page_get_at(v, PAGE_RRS, n), false);
	for (unsigned n = 0; n < 8; n++)
		dump_line(t, &column, (char[]){'v', 'k', 'r', (char)('0' + n), 0},
			page_get_at(v, PAGE_KRS, n), false);
	for (unsigned n = 0; n < 16; n++) {
		char name[] = {bank1 ? '0' : '1', ':', 'v', 'r', (char)('0' + (16 + n) / 10),
			(char)('0' + (16 + n) % 10), 0};
		dump_line(t, &column, name, page_get_at(v, bank1 ? PAGE_BANK0 : PAGE_BANK1, n),
			false);
	}
	for (unsigned n = 0; n < 4; n++) {
		dump_line(t, &column, (char[]){'v', 'i', 'r', 'r', (char)('0' + n), 0}, v->irr[n],
			false);
		dump_line(t, &column, (char[]){'i', 'n', 's', 'v', 'c', (char)('0' + n), 0},
			v->insvc[n], false);
	}
	dump_end(t, &column);
}

void dump_pv(struct text *t, struct hv_vcpu *v)
{
	dump_state(t, v);
	dump_psr(t, "vpsr", pv_psr(v));
	dump_fields(t, v);
	dump_arrays(t, v);
}
