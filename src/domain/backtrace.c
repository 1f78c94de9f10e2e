/* SPDX-License-Identifier: MIT */
/*
 * Walks frames upward: registers of outer frames are in the register stack, partly still in the
 * processor's ring, partly in its backing store. The bounds of everything read are checked, and
 * the number of frames is limited: the guest may be hostile or simply broken.
 */
#include "domain/backtrace.h"

#include "cpu/rse.h"
#include "domain/unwind.h"

#define FRAMES_MAX 48
#define INFO_MAX   2048

/* An entry of the unwind table: offsets from the segment's start. */
struct entry {
	uint64_t start, end, info;
};

struct frame {
	gva_t ip;
	unsigned slot;
	gva_t sp, bsp;
	uint64_t rp, pfs;
	unsigned sof;
};

static bool read_u64(struct cpu *cpu, gva_t va, uint64_t *v)
{
	gpa_t pa;
	bool uncached;
	if (va & 7 || mmu_translate(&cpu->mmu, va, 8, ACC_READ | ACC_NOFAULT, &pa, &uncached))
		return false;
	return ram_read(&cpu->machine->ram, pa, v, 8) == 0;
}

/* Register r of a frame with that bsp: what is not yet spilled is in the ring below the frame. */
static bool read_gr(struct cpu *cpu, const struct frame *f, unsigned r, uint64_t *v)
{
	if (r < 32) {
		*v = gr_value(cpu, r);
		return true;
	}
	gva_t a = rse_skip(f->bsp, (int)r - 32), bsp = rse_bsp(cpu);
	if (a >= bsp) {
		if (rse_registers(bsp, a) >= cpu->sof)
			return false;
		*v = gr_value(cpu, 32 + (unsigned)rse_registers(bsp, a));
		return true;
	}
	if (a < cpu->rse.bspstore)
		return read_u64(cpu, a, v);
	uint64_t below = rse_registers(a, bsp);
	if (below > cpu->rse.frame)
		return false;
	*v = cpu->rse.value[cpu->rse.frame - below];
	return true;
}

static bool read_entry(struct cpu *cpu, const struct kernel_image *k, uint64_t i, struct entry *e)
{
	gva_t a = k->unwind_va + i * sizeof(*e);
	return read_u64(cpu, a, &e->start) && read_u64(cpu, a + 8, &e->end) &&
	       read_u64(cpu, a + 16, &e->info);
}

/* The table is sorted by start. */
static bool find_entry(struct cpu *cpu, const struct kernel_image *k, gva_t ip, struct entry *e)
{
	uint64_t low = 0, high = k->unwind_size / sizeof(*e), offset = ip - k->text_va;
	while (low < high) {
		uint64_t middle = (low + high) / 2;
		if (!read_entry(cpu, k, middle, e))
			return false;
		if (offset < e->start)
			high = middle;
		else if (offset >= e->end)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/* Reads and decodes the descriptors for the frame's instruction. */
static bool describe(struct cpu *cpu, const struct kernel_image *k, const struct frame *f,
	struct unwind_frame *u)
{
	struct entry e;
	uint64_t head, info[INFO_MAX / 8];
	if (!k->unwind_size || !find_entry(cpu, k, f->ip, &e) ||
		!read_u64(cpu, k->text_va + e.info, &head))
		return false;
	uint64_t words = head & 0xffffffff;
	if (words > countof(info))
		return false;
	for (uint64_t i = 0; i < words; i++) {
		if (!read_u64(cpu, k->text_va + e.info + 8 + i * 8, &info[i]))
			return false;
	}
	uint64_t slot = (f->ip - k->text_va - e.start) / 16 * 3 + f->slot;
	return unwind_decode((const uint8_t *)info, words * 8, slot, u);
}

static bool fetch(struct cpu *cpu, const struct frame *f, const struct unwind_save *s, gva_t psp,
	uint64_t home, uint64_t *v)
{
	switch (s->place) {
	case PLACE_GR:
		return read_gr(cpu, f, (unsigned)s->value & 127, v);
	case PLACE_BR:
		*v = cpu->br[s->value & 7];
		return true;
	case PLACE_PSP:
		return read_u64(cpu, psp + 16 - s->value, v);
	case PLACE_SP:
		return read_u64(cpu, f->sp + s->value, v);
	default:
		*v = home;
		return true;
	}
}

/* Goes to the caller. The call stands in the bundle before the return address. */
static bool step(struct cpu *cpu, const struct unwind_frame *u, struct frame *f)
{
	uint64_t psp, rp, pfs;
	if (!fetch(cpu, f, &u->psp, 0, f->sp + u->psp.value, &psp) ||
		!fetch(cpu, f, &u->rp, psp, f->rp, &rp) ||
		!fetch(cpu, f, &u->pfs, psp, f->pfs, &pfs))
		return false;
	unsigned sof = pfs & 0x7f, sol = pfs >> 7 & 0x7f;
	if (rp < 16 || sof > 96 || sol > sof)
		return false;
	f->bsp = rse_skip(f->bsp, -(int)sol);
	f->sof = sof;
	f->ip = (rp & ~15ull) - 16;
	f->slot = 2;
	f->sp = psp;
	f->rp = f->pfs = 0; /* only the innermost frame may have them in their homes */
	return true;
}

void backtrace(struct text *out, struct cpu *cpu, const struct kernel_image *kernel)
{
	struct frame f = {.ip = cpu->ip,
		.slot = cpu->ri,
		.sp = cpu->gr[12],
		.bsp = rse_bsp(cpu),
		.rp = cpu->br[0],
		.pfs = cpu->ar[AR_PFS],
		.sof = cpu->sof};
	text_printf(out, "backtrace:\n");
	for (unsigned n = 0; n < FRAMES_MAX; n++) {
		struct unwind_frame u;
		bool known = describe(cpu, kernel, &f, &u);
		text_printf(out, "  %016llx sp %016llx bsp %016llx%s\n", (unsigned long long)f.ip,
			(unsigned long long)f.sp, (unsigned long long)f.bsp,
			!known		 ? "  no unwind information"
			: u.interruption ? "  interruption"
					 : "");
		if (!known) /* a leaf, or firmware: all is in its home */
			u = (struct unwind_frame){0};
		if ((!known && n) || u.interruption || !step(cpu, &u, &f))
			break;
	}
}
