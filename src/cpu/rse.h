/* SPDX-License-Identifier: MIT */
/*
 * Register Stack Engine (2:133-2:150). The stacked registers are a linear array in which the frame
 * moves up with calls and down with returns; near an end its live part is moved by a multiple of
 * 96, so that (frame + n) % 96 names the architecture's physical register n + 32.
 *
 *   backing store   ... | spilled ... | dirty registers | current frame |
 *                           bspstore ^                   ^ bsp = frame
 *
 * Nothing is ever clean: eager modes behave as lazy. Software sees 96 physical registers: dirty +
 * sof never exceeds RSE_PHYS. dirty < 0: the frame's lowest -dirty registers are still in
 * the backing store (incomplete frame, after br.ret or rfi).
 */
#ifndef CPU_RSE_H
#define CPU_RSE_H

#include "cpu/cpu.h"

#define RSE_FRAME_LOW  (32 + RSE_PHYS) /* 32 for the biased base pointer, 96 for dirty registers */
#define RSE_FRAME_HIGH (STACKED_SIZE - 2 * RSE_PHYS)

/* ar.rsc (2:136) */
#define RSC_MODE 3ull

/* Backing-store words whose address bits 8:3 are all ones are NaT collections (2:135). */
static inline unsigned rse_slot(gva_t a)
{
	return a >> 3 & 0x3f;
}

/* The address n registers further on (back, for n < 0), collections stepped over. The result is
 * never a collection's address. */
static inline gva_t rse_skip(gva_t a, int n)
{
	int d = (int)rse_slot(a) + n - (n < 0 ? 0x3e : 0);
	return a + (gva_t)(int64_t)(n + d / 0x3f) * 8;
}

/* Registers between two addresses, from <= to. */
static inline uint64_t rse_registers(gva_t from, gva_t to)
{
	uint64_t words = (to - from) / 8;
	return words - (rse_slot(from) + words) / 64;
}

static inline gva_t rse_bsp(const struct cpu *cpu)
{
	return rse_skip(cpu->rse.bspstore, cpu->rse.dirty);
}
/* ISR.ir: mandatory loads are still to be done. */
static inline bool rse_incomplete(const struct cpu *cpu)
{
	return cpu->rse.dirty < 0;
}
/* ar.bspstore and ar.rnat may be moved, and loadrs used, in this mode only. */
static inline bool rse_is_lazy(const struct cpu *cpu)
{
	return (cpu->rse.mode_pl & RSC_MODE) == 0;
}

/* Could alloc have made a frame with this marker? Others are undefined (1:36), but must not hurt
 * the host. */
bool rse_frame_sane(uint64_t cfm);

/* Reset state (2:149): a frame of 96 registers, nothing dirty. */
void rse_reset(struct cpu *cpu);
void rse_save(struct cpu *cpu, struct stream *s);
void rse_load(struct cpu *cpu, struct stream *s);

/* Recomputes gr_base and nat_base after the ring or the frame index was written directly. */
void rse_rebase(struct cpu *cpu);
/* The slow half of rse_set_frame. */
unsigned rse_relocate(struct cpu *cpu, unsigned frame);

/* Puts the frame at index frame; LOW - 96 <= frame <= HIGH + 96; dirty already fits it. */
static inline void rse_set_frame(struct cpu *cpu, unsigned frame)
{
	if (unlikely(frame - RSE_FRAME_LOW > RSE_FRAME_HIGH - RSE_FRAME_LOW))
		frame = rse_relocate(cpu, frame);
	cpu->rse.frame = frame;
	cpu->gr_base[1] = cpu->rse.value + frame - 32;
	cpu->nat_base[1] = cpu->rse.nat + frame - 32;
}

/* The frame's part of br.call: locals become dirty, outputs the new frame; rename bases clear. */
void rse_call(struct cpu *cpu);
/* The frame's part of br.ret: back to the frame pfm (ar.pfs.pfm). Afterwards the frame may be
 * incomplete: rse_fill. A pfm that would need more than 96 registers empties the frame (2:143). */
void rse_return(struct cpu *cpu, uint64_t pfm);
/* rfi with cr.ifs.v: back to the frame ifm that cover or the interruption left. */
void rse_return_interrupted(struct cpu *cpu, uint64_t ifm);
/* cover's frame part: the whole frame becomes dirty, CFM zero. */
void rse_cover(struct cpu *cpu);

/* The following access memory; on a fault, what was done so far stands and the same call resumes
 * it. */

/* Makes room for a frame of sof registers (alloc). */
enum fault rse_make_room(struct cpu *cpu, unsigned sof);
/* flushrs: afterwards bspstore == bsp. */
enum fault rse_flush(struct cpu *cpu);
/* Completes an incomplete frame. */
enum fault rse_fill(struct cpu *cpu);
/* loadrs; the caller has checked mode, frame and rse_loadrs_fits. */
enum fault rse_loadrs(struct cpu *cpu);
/* Do the registers between the tear point of ar.rsc.loadrs and bsp fit in 96? */
bool rse_loadrs_fits(const struct cpu *cpu);

/* Moves to application registers; values as written by software, legality checked by the caller. */
void rse_write_bspstore(struct cpu *cpu, uint64_t v);
void rse_write_rnat(struct cpu *cpu, uint64_t v);
/* Raises pl to no more privilege than cpl (2:136) and tells the mmu. */
void rse_write_rsc(struct cpu *cpu, uint64_t v);

#endif
