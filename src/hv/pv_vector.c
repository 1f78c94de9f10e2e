/* SPDX-License-Identifier: MIT */
/*
 * Legacy interrupt vectors, which a paravirtual guest polls until it has registered its event
 * callback (ABI 10.7), and the interval timer (ABI 9): cr.itm is compared with the real ar.itc.
 */
#include <stdatomic.h>

#include "cpu/timer.h"
#include "hv/event.h"
#include "hv/pv.h"

#define VECTOR_SPURIOUS 15
#define TPR_MMI		0x10000
#define TPR_MIC		0xf0
#define ITV_MASKED	0x10000
#define ITV_RESERVED	0xef00

void hv_pend_vector(struct hv_vcpu *v, unsigned vector)
{
	if (v->callback)
		return;
	atomic_fetch_or(&v->irr[vector >> 6 & 3], 1ull << (vector & 63));
	page_set(v, PAGE_PENDING, 1);
}

static int highest(const uint64_t set[4])
{
	for (int n = 3; n >= 0; n--)
		if (set[n])
			return n * 64 + 63 - __builtin_clzll(set[n]);
	return -1;
}

/* What cr.ivr would give, psr.i or not. */
static int deliverable(const struct hv_vcpu *v)
{
	uint64_t tpr = page_get(v, PAGE_TPR), irr[4];
	int pending;

	for (unsigned n = 0; n < 4; n++)
		irr[n] = v->irr[n];
	pending = highest(irr);
	if (v->callback || pending <= highest(v->insvc) || tpr & TPR_MMI)
		return VECTOR_SPURIOUS;
	return pending <= (int)(tpr & TPR_MIC) + 15 ? VECTOR_SPURIOUS : pending;
}

static void note_pending(struct hv_vcpu *v)
{
	if (deliverable(v) != VECTOR_SPURIOUS)
		page_set(v, PAGE_PENDING, 1);
}

uint64_t pv_read_ivr(struct hv_vcpu *v)
{
	int vector = deliverable(v);

	if (vector == VECTOR_SPURIOUS) {
		page_set(v, PAGE_PENDING, 0);
		return VECTOR_SPURIOUS;
	}
	uint64_t bit = 1ull << (vector & 63);
	if (vector == (int)(page_get(v, PAGE_ITV) & 0xff))
		v->itm_last = v->cpu->cr[CR_ITM];
	v->insvc[vector >> 6] |= bit;
	atomic_fetch_and(&v->irr[vector >> 6], ~bit);
	return (uint64_t)vector;
}

void pv_end_interrupt(struct hv_vcpu *v)
{
	int vector = highest(v->insvc);

	if (vector < 0)
		return;
	v->insvc[vector >> 6] &= ~(1ull << (vector & 63));
	note_pending(v);
}

enum pv_fault pv_write_tpr(struct hv_vcpu *v, uint64_t tpr)
{
	if (tpr & 0xff00)
		return PV_RESERVED;
	page_set(v, PAGE_TPR, tpr);
	note_pending(v);
	return PV_OK;
}

/* --- timer --- */

/* cpu->sapic.itv is kept for timer_deadline. An itm that lies in the past counts, unless it is the
 * one that has been delivered. */
void pv_timer_arm(struct hv_vcpu *v)
{
	uint64_t itv = page_get(v, PAGE_ITV), itm = v->cpu->cr[CR_ITM];
	bool enabled = itv && !(itv & ITV_MASKED);

	v->timer_due = false;
	v->cpu->sapic.itv = enabled ? itv : ITV_MASKED;
	v->cpu->timer.armed = enabled && itm && itm != v->itm_last;
}

void pv_write_itm(struct hv_vcpu *v, uint64_t itm)
{
	v->cpu->cr[CR_ITM] = itm;
	pv_timer_arm(v);
}

enum pv_fault pv_write_itv(struct hv_vcpu *v, uint64_t itv)
{
	if (itv & ITV_RESERVED)
		return PV_ILLEGAL;
	page_set(v, PAGE_ITV, itv);
	if (itv & ITV_MASKED)
		v->cpu->cr[CR_ITM] = 0;
	pv_timer_arm(v);
	return PV_OK;
}

void pv_timer_retry(struct hv_vcpu *v)
{
	v->timer_due = v->callback && !evtchn_raise_virq(v->hv, v->cpu->index, VIRQ_ITC);
	if (!v->timer_due)
		v->itm_last = v->cpu->cr[CR_ITM];
}

void pv_timer_expired(struct cpu *cpu)
{
	struct hv_vcpu *v = cpu->hv;

	if (v->callback)
		pv_timer_retry(v);
	else
		hv_pend_vector(v, page_get(v, PAGE_ITV) & 0xff);
}
