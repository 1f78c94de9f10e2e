/* SPDX-License-Identifier: MIT */
/* Register Stack Engine: see rse.h (2:133-2:150). */
#include "cpu/rse.h"

#include "base/stream.h"

#include <string.h>

#define COLLECTION_SLOT 63u
#define RNAT_MASK	(~0ull >> 1)
#define CFM_MASK	(~0ull >> 26) /* 38 bits */

void rse_rebase(struct cpu *cpu)
{
	cpu->gr_base[0] = cpu->gr;
	cpu->nat_base[0] = cpu->gr_nat;
	rse_set_frame(cpu, cpu->rse.frame);
}

void rse_reset(struct cpu *cpu)
{
	memset(&cpu->rse, 0, sizeof(cpu->rse));
	cpu->rse.frame = RSE_FRAME_LOW;
	cpu_set_cfm(cpu, RSE_PHYS);
	rse_rebase(cpu);
}

/* Moves what is alive, at most 96 registers below and 96 from the frame on, to the middle. */
unsigned rse_relocate(struct cpu *cpu, unsigned frame)
{
	struct rse *r = &cpu->rse;
	unsigned below = r->dirty > 0 ? (unsigned)r->dirty : 0;
	unsigned to = RSE_FRAME_LOW + 3 * RSE_PHYS + (frame - 32) % RSE_PHYS;

	memmove(r->value + to - below, r->value + frame - below,
		(below + RSE_PHYS) * sizeof(r->value[0]));
	memmove(r->nat + to - below, r->nat + frame - below, below + RSE_PHYS);
	/* no NaT bit stays behind where nothing is alive */
	memset(r->nat, 0, to - below);
	memset(r->nat + to + RSE_PHYS, 0, STACKED_SIZE - to - RSE_PHYS);
	return to;
}

void rse_call(struct cpu *cpu)
{
	unsigned sol = cpu->sol, sof = cpu->sof - sol;

	cpu->rse.dirty += (int)sol;
	rse_set_frame(cpu, cpu->rse.frame + sol);
	if (unlikely(cpu->sor | cpu->rrb_fr | cpu->rrb_pr))
		cpu_set_cfm(cpu, sof);
	cpu->sof = sof;
	cpu->sol = 0;
}

void rse_cover(struct cpu *cpu)
{
	unsigned sof = cpu->sof;

	cpu->rse.dirty += (int)sof;
	rse_set_frame(cpu, cpu->rse.frame + sof);
	cpu_set_cfm(cpu, 0);
}

bool rse_frame_sane(uint64_t cfm)
{
	unsigned sof = cfm & 0x7f, sol = cfm >> 7 & 0x7f, sor = (cfm >> 14 & 0xf) * 8;
	unsigned gr = cfm >> 18 & 0x7f, fr = cfm >> 25 & 0x7f, pr = cfm >> 32 & 0x3f;

	return sof <= RSE_PHYS && sol <= sof && sor <= sof && (gr == 0 || gr < sor) && fr < 96 &&
	       pr < 48;
}

/* Takes back the preserved registers below and makes cfm the frame; too large a one is emptied. */
static void restore_frame(struct cpu *cpu, unsigned preserved, uint64_t cfm)
{
	struct rse *r = &cpu->rse;

	r->dirty -= (int)preserved;
	if (unlikely(r->dirty < -RSE_PHYS)) { /* undefined: returns from incomplete frames */
		r->bspstore = rse_skip(r->bspstore, r->dirty + RSE_PHYS);
		r->dirty = -RSE_PHYS;
	}
	rse_set_frame(cpu, r->frame - preserved);
	if (unlikely(r->dirty + (int)(cfm & 0x7f) > RSE_PHYS))
		cfm = 0;
	if (unlikely(cfm >> 14 || cpu->sor | cpu->rrb_fr | cpu->rrb_pr))
		cpu_set_cfm(cpu, cfm);
	cpu->sof = cfm & 0x7f;
	cpu->sol = cfm >> 7 & 0x7f;
}

void rse_return(struct cpu *cpu, uint64_t pfm)
{
	pfm &= CFM_MASK;
	if (unlikely(!rse_frame_sane(pfm)))
		pfm = 0;
	restore_frame(cpu, pfm >> 7 & 0x7f, pfm);
}

void rse_return_interrupted(struct cpu *cpu, uint64_t ifm)
{
	ifm &= CFM_MASK;
	if (unlikely(!rse_frame_sane(ifm)))
		ifm = 0;
	restore_frame(cpu, ifm & 0x7f, ifm);
}

/* Stores the register or NaT collection that belongs at bspstore. */
static enum fault store_one(struct cpu *cpu)
{
	struct rse *r = &cpu->rse;
	unsigned slot = rse_slot(r->bspstore), n = r->frame - (unsigned)r->dirty;
	uint64_t v = slot == COLLECTION_SLOT ? r->rnat : r->value[n];
	enum fault f = mem_store(&cpu->mmu, r->bspstore, 8, ACC_RSE, v);

	if (unlikely(f))
		return f;
	r->bspstore += 8;
	if (slot == COLLECTION_SLOT) {
		r->rnat = 0;
	} else {
		r->rnat = (r->rnat & ~(1ull << slot)) | (uint64_t)r->nat[n] << slot;
		r->dirty--;
	}
	return FAULT_NONE;
}

/* Loads the register or NaT collection just below bspstore. */
static enum fault load_one(struct cpu *cpu)
{
	struct rse *r = &cpu->rse;
	gva_t a = r->bspstore - 8;
	uint64_t v;
	enum fault f = mem_load(&cpu->mmu, a, 8, ACC_RSE, &v);

	if (unlikely(f))
		return f;
	r->bspstore = a;
	if (rse_slot(a) == COLLECTION_SLOT) {
		r->rnat = v & RNAT_MASK;
	} else {
		unsigned n = (unsigned)((int)r->frame - ++r->dirty);
		r->value[n] = v;
		r->nat[n] = r->rnat >> rse_slot(a) & 1;
		cpu->nat_seen |= r->nat[n];
	}
	return FAULT_NONE;
}

enum fault rse_make_room(struct cpu *cpu, unsigned sof)
{
	while (cpu->rse.dirty > RSE_PHYS - (int)sof) {
		enum fault f = store_one(cpu);
		if (unlikely(f))
			return f;
	}
	return FAULT_NONE;
}

enum fault rse_flush(struct cpu *cpu)
{
	while (cpu->rse.dirty > 0 || rse_slot(cpu->rse.bspstore) == COLLECTION_SLOT) {
		enum fault f = store_one(cpu);
		if (unlikely(f))
			return f;
	}
	return FAULT_NONE;
}

enum fault rse_fill(struct cpu *cpu)
{
	while (cpu->rse.dirty < 0) {
		enum fault f = load_one(cpu);
		if (unlikely(f))
			return f;
	}
	return FAULT_NONE;
}

static gva_t tear_point(const struct cpu *cpu)
{
	return rse_bsp(cpu) - (cpu->rse.mode_pl >> 16 & 0x3ff8);
}

bool rse_loadrs_fits(const struct cpu *cpu)
{
	return rse_registers(tear_point(cpu), rse_bsp(cpu)) <= RSE_PHYS;
}

enum fault rse_loadrs(struct cpu *cpu)
{
	struct rse *r = &cpu->rse;
	gva_t tear = tear_point(cpu), bsp = rse_bsp(cpu);

	while ((int64_t)(r->bspstore - tear) > 0) {
		enum fault f = load_one(cpu);
		if (unlikely(f))
			return f;
	}
	r->dirty = (int)rse_registers(tear, bsp);
	r->bspstore = tear;
	return FAULT_NONE;
}

void rse_write_bspstore(struct cpu *cpu, uint64_t v)
{
	cpu->rse.bspstore = v & ~7ull;
}

void rse_write_rnat(struct cpu *cpu, uint64_t v)
{
	cpu->rse.rnat = v & RNAT_MASK;
}

void rse_write_rsc(struct cpu *cpu, uint64_t v)
{
	unsigned pl = v >> 2 & 3;

	if (pl < cpu->cpl)
		v = (v & ~0xcull) | (uint64_t)cpu->cpl << 2;
	cpu->rse.mode_pl = v & 0x3fff001f;
	mmu_set_mode(&cpu->mmu, cpu_psr(cpu), cpu->rse.mode_pl);
}

void rse_save(struct cpu *cpu, struct stream *s)
{
	struct rse *r = &cpu->rse;

	stream_put_u64(s, (uint64_t)(int64_t)r->dirty);
	stream_put_u64(s, r->load_frame);
	stream_put_u64(s, r->bspstore);
	stream_put_u64(s, r->rnat);
	stream_put_u64(s, r->mode_pl);
	stream_put_u64(s, r->frame);
	for (unsigned n = r->frame - RSE_PHYS; n < r->frame + RSE_PHYS; n++) {
		stream_put_u64(s, r->value[n]);
		stream_put_u64(s, r->nat[n]);
	}
}

void rse_load(struct cpu *cpu, struct stream *s)
{
	struct rse *r = &cpu->rse;
	int64_t dirty = (int64_t)stream_get_u64(s);

	if (dirty < -RSE_PHYS || dirty > RSE_PHYS)
		stream_fail(s, "dirty registers out of range");
	r->load_frame = stream_get_max(s, 1, "frame to be loaded");
	r->bspstore = stream_get_u64(s) & ~7ull;
	r->rnat = stream_get_u64(s) & RNAT_MASK;
	r->mode_pl = (unsigned)stream_get_max(s, 0x3fff001f, "ar.rsc");
	uint64_t frame = stream_get_max(s, RSE_FRAME_HIGH, "stacked frame");
	if (frame < RSE_FRAME_LOW)
		stream_fail(s, "stacked frame out of range");
	if (!stream_ok(s))
		return;
	r->dirty = (int)dirty;
	r->frame = (unsigned)frame;
	for (unsigned n = r->frame - RSE_PHYS; n < r->frame + RSE_PHYS; n++) {
		r->value[n] = stream_get_u64(s);
		r->nat[n] = (uint8_t)stream_get_max(s, 1, "NaT bit");
	}
	rse_rebase(cpu);
}
