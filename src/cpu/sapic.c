/* SPDX-License-Identifier: MIT */
/* The local SAPIC: see sapic.h. Vectors are ranked so that a plain compare of ranks decides: NMI
 * above ExtINT above 255 down to 16 (2:117). */
#include "cpu/sapic.h"

#include <stdatomic.h>

#include "base/stream.h"
#include "cpu/timer.h"

#define TPR_MMI (1ull << 16)

void sapic_reset(struct cpu *cpu)
{
	struct sapic *s = &cpu->sapic;
	for (unsigned n = 0; n < 4; n++) {
		atomic_store(&s->irr[n], 0);
		s->isr[n] = 0;
	}
	atomic_store(&s->init_pending, false);
	s->tpr = TPR_MMI;
	s->itv = s->pmv = s->cmcv = s->lrr[0] = s->lrr[1] = SAPIC_MASKED;
	s->lid = (uint64_t)(cpu->index & 0xff) << 24;
}

void sapic_save(struct cpu *cpu, struct stream *s)
{
	struct sapic *p = &cpu->sapic;
	stream_begin(s, "sapic", 1);
	for (unsigned n = 0; n < 4; n++) {
		stream_put_u64(s, atomic_load(&p->irr[n]));
		stream_put_u64(s, p->isr[n]);
	}
	stream_put_u64(s, atomic_load(&p->init_pending));
	stream_put_u64(s, p->tpr);
	stream_put_u64(s, p->itv);
	stream_put_u64(s, p->pmv);
	stream_put_u64(s, p->cmcv);
	stream_put_u64(s, p->lrr[0]);
	stream_put_u64(s, p->lrr[1]);
	stream_put_u64(s, p->lid);
	stream_end(s);
}

void sapic_load(struct cpu *cpu, struct stream *s)
{
	struct sapic *p = &cpu->sapic;
	if (!stream_open(s, "sapic", 1))
		return;
	for (unsigned n = 0; n < 4; n++) {
		atomic_store(&p->irr[n], stream_get_u64(s));
		p->isr[n] = stream_get_u64(s);
	}
	atomic_store(&p->init_pending, stream_get_max(s, 1, "INIT pending") != 0);
	p->tpr = stream_get_u64(s);
	p->itv = stream_get_u64(s);
	p->pmv = stream_get_u64(s);
	p->cmcv = stream_get_u64(s);
	p->lrr[0] = stream_get_u64(s);
	p->lrr[1] = stream_get_u64(s);
	p->lid = stream_get_u64(s);
	stream_close(s);
}

static void set_pending(struct cpu *cpu, unsigned vector)
{
	atomic_fetch_or(&cpu->sapic.irr[vector >> 6], 1ull << (vector & 63));
}

void sapic_post(struct cpu *cpu, unsigned mode, unsigned vector)
{
	switch (mode) {
	case SAPIC_INT:
	case SAPIC_LOWEST:
		if (vector < 16 || vector > 255)
			return;
		set_pending(cpu, vector);
		break;
	case SAPIC_NMI:
		set_pending(cpu, SAPIC_VECTOR_NMI);
		break;
	case SAPIC_EXTINT:
		set_pending(cpu, SAPIC_VECTOR_EXTINT);
		break;
	case SAPIC_INIT:
		atomic_store(&cpu->sapic.init_pending, true);
		break;
	default:
		return;
	}
	cpu_kick(cpu);
}

void sapic_raise(struct cpu *cpu, uint64_t reg)
{
	unsigned vector = reg & 0xff;
	if (reg & SAPIC_MASKED)
		return;
	if (vector >= 16 || vector == SAPIC_VECTOR_EXTINT || vector == SAPIC_VECTOR_NMI)
		set_pending(cpu, vector);
}

static unsigned rank(int vector)
{
	switch (vector) {
	case -1:
		return 0;
	case SAPIC_VECTOR_NMI:
		return 257;
	case SAPIC_VECTOR_EXTINT:
		return 256;
	default:
		return (unsigned)vector;
	}
}

/* Highest-ranking vector of a 256-bit set, or -1. Bits 1 and 3-15 are never set by us. */
static int best_vector(const uint64_t set[4])
{
	if (set[0] & 1u << SAPIC_VECTOR_NMI)
		return SAPIC_VECTOR_NMI;
	if (set[0] & 1u << SAPIC_VECTOR_EXTINT)
		return SAPIC_VECTOR_EXTINT;
	for (int n = 3; n >= 0; n--) {
		uint64_t v = n ? set[n] : set[n] & ~0xffffull;
		if (v)
			return n * 64 + 63 - __builtin_clzll(v);
	}
	return -1;
}

static bool masked_by_tpr(const struct cpu *cpu, int vector)
{
	uint64_t tpr = cpu->sapic.tpr;
	if (vector == SAPIC_VECTOR_NMI)
		return false;
	if (tpr & TPR_MMI)
		return true;
	return vector != SAPIC_VECTOR_EXTINT && (unsigned)vector >> 4 <= bits(tpr, 4, 4);
}

int sapic_highest(const struct cpu *cpu)
{
	uint64_t irr[4];
	for (unsigned n = 0; n < 4; n++)
		irr[n] = atomic_load_explicit(&cpu->sapic.irr[n], memory_order_acquire);
	int v = best_vector(irr);
	if (v < 0 || rank(v) <= rank(best_vector(cpu->sapic.isr)) || masked_by_tpr(cpu, v))
		return -1;
	return v;
}

bool cpu_interrupt_pending(const struct cpu *cpu)
{
	return cpu->psr & PSR(I) && sapic_highest(cpu) >= 0;
}

bool sapic_take_init(struct cpu *cpu)
{
	if (cpu->psr & PSR(MC) || !atomic_load(&cpu->sapic.init_pending))
		return false;
	return atomic_exchange(&cpu->sapic.init_pending, false);
}

static uint64_t read_ivr(struct cpu *cpu)
{
	int v = sapic_highest(cpu);
	if (v < 0)
		return SAPIC_VECTOR_SPURIOUS;
	uint64_t bit = 1ull << (v & 63);
	atomic_fetch_and(&cpu->sapic.irr[v >> 6], ~bit);
	cpu->sapic.isr[v >> 6] |= bit;
	return (uint64_t)v;
}

static void end_of_interrupt(struct cpu *cpu)
{
	int v = best_vector(cpu->sapic.isr);
	if (v >= 0)
		cpu->sapic.isr[v >> 6] &= ~(1ull << (v & 63));
}

uint64_t sapic_read(struct cpu *cpu, unsigned cr)
{
	struct sapic *s = &cpu->sapic;
	switch (cr) {
	case CR_LID:
		return s->lid;
	case CR_IVR:
		timer_check(cpu);
		return read_ivr(cpu);
	case CR_TPR:
		return s->tpr;
	case CR_IRR0 ... CR_IRR0 + 3:
		timer_check(cpu);
		return atomic_load(&s->irr[cr - CR_IRR0]);
	case CR_ITV:
		return s->itv;
	case CR_PMV:
		return s->pmv;
	case CR_CMCV:
		return s->cmcv;
	case CR_LRR0:
	case CR_LRR1:
		return s->lrr[cr - CR_LRR0];
	default:
		return 0; /* EOI */
	}
}

/* Fields of each register (2:122-2:130): what is kept, and what must be written as 0. */
#define LID_KEPT     0xffff0000ull
#define LID_RESERVED 0xffffull
#define TPR_KEPT     0x100f0ull
#define TPR_RESERVED 0xff00ull
#define ITV_KEPT     0x100ffull
#define ITV_RESERVED 0xef00ull
#define LRR_KEPT     0x1a7ffull
#define LRR_RESERVED 0x4800ull

bool sapic_reserved(unsigned cr, uint64_t v)
{
	switch (cr) {
	case CR_LID:
		return v & LID_RESERVED;
	case CR_TPR:
		return v & TPR_RESERVED;
	case CR_ITV:
	case CR_PMV:
	case CR_CMCV:
		return v & ITV_RESERVED;
	case CR_LRR0:
	case CR_LRR1:
		return v & LRR_RESERVED;
	default:
		return false;
	}
}

void sapic_write(struct cpu *cpu, unsigned cr, uint64_t v)
{
	struct sapic *s = &cpu->sapic;
	switch (cr) {
	case CR_LID:
		__atomic_store_n(&s->lid, v & LID_KEPT, __ATOMIC_RELAXED); /* pib.c reads it */
		break;
	case CR_TPR:
		s->tpr = v & TPR_KEPT;
		break;
	case CR_EOI:
		end_of_interrupt(cpu);
		break;
	case CR_ITV:
		timer_check(cpu); /* matches so far go by the old vector */
		s->itv = v & ITV_KEPT;
		break;
	case CR_PMV:
		s->pmv = v & ITV_KEPT;
		break;
	case CR_CMCV:
		s->cmcv = v & ITV_KEPT;
		break;
	case CR_LRR0:
	case CR_LRR1:
		s->lrr[cr - CR_LRR0] = v & LRR_KEPT;
		break;
	default:
		break;
	}
}
