/* SPDX-License-Identifier: MIT */
/* See compare.h. One table names everything; what is not in it no guest can see. */
#include "jit/compare.h"

#include <inttypes.h>
#include <string.h>

struct field {
	const char *name; /* N: the element's number */
	uint32_t offset;
	uint16_t size, count; /* of an element in bytes, of elements */
};

/* clang-format off */
#define MEMBER(f)        (((struct cpu *)0)->f)
#define ONE(name, f)     {name, offsetof(struct cpu, f), sizeof(MEMBER(f)), 1}
#define ARRAY(name, f)   {name, offsetof(struct cpu, f), sizeof(MEMBER(f)[0]), \
			  sizeof(MEMBER(f)) / sizeof(MEMBER(f)[0])}
static const struct field fields[] = {
	ONE("ip", ip), ONE("slot", ri), ONE("slots retired", slots), ONE("psr", psr),
	ONE("cpl", cpl), ONE("pr", pr), ONE("cfm.sof", sof), ONE("cfm.sol", sol),
	ONE("cfm.sor", sor), ONE("cfm.rrb.gr", rrb_gr), ONE("cfm.rrb.fr", rrb_fr),
	ONE("cfm.rrb.pr", rrb_pr),
	ARRAY("rN", gr), ARRAY("rN nat", gr_nat),
	ARRAY("other bank N", gr_bank), ARRAY("other bank N nat", gr_bank_nat),
	ARRAY("bN", br), ARRAY("arN", ar), ARRAY("crN", cr), ARRAY("fr N", fr),
	ONE("rse frame", rse.frame), ONE("rse dirty", rse.dirty), ONE("frame to be loaded", rse.load_frame),
	ONE("ar.bspstore", rse.bspstore), ONE("ar.rnat", rse.rnat), ONE("ar.rsc", rse.mode_pl),
	ARRAY("stacked N", rse.value), ARRAY("stacked N nat", rse.nat),
	ONE("last bundle (iipa)", iipa), ONE("last slot", trap_slot), ONE("psr.ic in flight", inflight_ic),
	ONE("fault", mmu.fault.code), ONE("fault isr", mmu.fault.isr), ONE("fault ifa", mmu.fault.ifa),
	ONE("fault iim", mmu.fault.iim), ONE("fault itir", mmu.fault.itir), ONE("fault iha", mmu.fault.iha),
	ONE("rse level", mmu.rse_pl), ONE("big-endian", mmu.data_be),
	ONE("rse big-endian", mmu.rse_be), ONE("align check", mmu.align_check),
	ARRAY("rrN", mmu.rr), ARRAY("pkrN", mmu.pkr), ONE("pta", mmu.pta), ONE("mmu dcr", mmu.dcr),
	ARRAY("dbrN", mmu.dbr), ARRAY("ibrN", mmu.ibr),
	ARRAY("in service N", sapic.isr), ONE("tpr", sapic.tpr), ONE("itv", sapic.itv),
	ONE("pmv", sapic.pmv), ONE("cmcv", sapic.cmcv), ARRAY("lrrN", sapic.lrr), ONE("lid", sapic.lid),
	ONE("itc offset", itc_offset), ONE("itm armed", timer.armed), ONE("itc seen", timer.itc_seen),
	ARRAY("pmcN", pmc), ARRAY("pmdN", pmd), ONE("pmu slots", pmu.slots), ONE("pmu ns", pmu.ns),
	ARRAY("dahrN", dahr), ONE("halted", halted), ONE("alat generation", alat_generation),
};
/* clang-format on */

/* The fields of struct cpu that are copied in one go; the pointers in front are not. */
#define FIRST offsetof(struct cpu, pr)
#define LAST  offsetof(struct cpu, sapic)

static void copy_sapic(struct sapic *to, const struct sapic *from)
{
	for (unsigned n = 0; n < countof(to->irr); n++)
		atomic_store(&to->irr[n], atomic_load(&from->irr[n]));
	memcpy(to->isr, from->isr, sizeof(to->isr));
	to->tpr = from->tpr;
	to->itv = from->itv;
	to->pmv = from->pmv;
	to->cmcv = from->cmcv;
	memcpy(to->lrr, from->lrr, sizeof(to->lrr));
	to->lid = from->lid;
}

void compare_copy(struct cpu *to, const struct cpu *from)
{
	memcpy((char *)to + FIRST, (const char *)from + FIRST, LAST - FIRST);
	atomic_store(&to->kick, 0);
	to->gr_base[1] = to->rse.value + to->rse.frame - 32;
	to->nat_base[1] = to->rse.nat + to->rse.frame - 32;
	copy_sapic(&to->sapic, &from->sapic);
	mmu_copy(&to->mmu, &from->mmu);
	to->iipa = from->iipa;
	to->inflight_ic = from->inflight_ic;
	to->taken = from->taken;
	to->trap_slot = from->trap_slot;
	to->intercept = from->intercept;
	to->halted = from->halted;
	to->exit = from->exit;
	to->exit_arg = from->exit_arg;
	to->exit_text = from->exit_text;
	to->itc_offset = from->itc_offset;
	to->timer = from->timer;
	to->pmu = from->pmu;
	memcpy(to->dahr, from->dahr, sizeof(to->dahr));
	to->nat_seen = from->nat_seen;
}

static const char *at(const struct cpu *cpu, const struct field *f, unsigned n)
{
	return (const char *)cpu + f->offset + (size_t)n * f->size;
}

static bool alike(const struct cpu *a, const struct cpu *b, const struct field *f)
{
	return memcmp(at(a, f, 0), at(b, f, 0), (size_t)f->size * f->count) == 0;
}

/* An entry counts only while a check could find it. */
static bool entry_alike(const struct cpu *a, const struct cpu *b, unsigned n)
{
	const struct alat_entry *x = &a->alat[n], *y = &b->alat[n];
	bool x_counts = x->valid && x->generation == a->alat_generation;
	bool y_counts = y->valid && y->generation == b->alat_generation;

	if (x_counts != y_counts)
		return false;
	return !x_counts || (x->size == y->size && x->tag == y->tag && x->va == y->va &&
				    x->value[0] == y->value[0] && x->value[1] == y->value[1]);
}

static bool alat_alike(const struct cpu *a, const struct cpu *b)
{
	if (memcmp(a->alat, b->alat, sizeof(a->alat)) == 0)
		return true;
	for (unsigned n = 0; n < ALAT_ENTRIES; n++)
		if (!entry_alike(a, b, n))
			return false;
	return true;
}

/* The mode the mmu was told, but for psr.ri, which it does not look at. */
static bool modes_alike(const struct cpu *a, const struct cpu *b)
{
	return ((a->mmu.psr ^ b->mmu.psr) & ~(3ull << PSR_RI_BIT)) == 0;
}

/* Code reads the frame through these. */
static bool bases_right(const struct cpu *c)
{
	return c->gr_base[0] == c->gr && c->nat_base[0] == c->gr_nat &&
	       c->gr_base[1] == c->rse.value + c->rse.frame - 32 &&
	       c->nat_base[1] == c->rse.nat + c->rse.frame - 32;
}

const char *compare_first(const struct cpu *a, const struct cpu *b)
{
	for (unsigned n = 0; n < countof(fields); n++)
		if (!alike(a, b, &fields[n]))
			return fields[n].name;
	if (!alat_alike(a, b))
		return "ALAT";
	if (!mmu_tlbs_alike(&a->mmu, &b->mmu))
		return "TLB";
	if (!modes_alike(a, b))
		return "mmu's mode";
	if (!bases_right(a) || !bases_right(b))
		return "frame's address";
	return NULL;
}

/* --- printing --- */

/* What a value of up to 8 bytes, or a floating-point register, looks like. */
static void value_text(char text[40], const struct cpu *cpu, const struct field *f, unsigned n)
{
	uint64_t v = 0;

	if (!cpu) {
		text[0] = 0;
	} else if (f->size == sizeof(struct freg)) {
		struct freg r;
		memcpy(&r, at(cpu, f, n), sizeof(r));
		snprintf(text, 40, "%u.%05x.%016" PRIx64, r.sign, r.exp, r.sig);
	} else {
		memcpy(&v, at(cpu, f, n), f->size);
		snprintf(text, 40, "%016" PRIx64, v);
	}
}

static void print_line(FILE *out, const char *name, const char text[3][40])
{
	fprintf(out, "  %-20s %-24s %-24s %s\n", name, text[0], text[1], text[2]);
}

/* Registers of the frame have their names in b's frame. */
static void element_name(char name[40], const struct cpu *b, const struct field *f, unsigned n)
{
	const char *nat = f->size == 1 ? " nat" : "", *number = strchr(f->name, 'N');
	unsigned r = (n - b->rse.frame) % STACKED_SIZE;

	if (f->count == STACKED_SIZE && r < b->sof)
		snprintf(name, 40, "r%u%s (not rotated)", 32 + r, nat);
	else if (number)
		snprintf(name, 40, "%.*s%u%s", (int)(number - f->name), f->name, n, number + 1);
	else
		snprintf(name, 40, "%s", f->name);
}

static void print_field(FILE *out, const struct cpu *before, const struct cpu *a,
	const struct cpu *b, const struct field *f)
{
	for (unsigned n = 0; n < f->count; n++) {
		char name[40], text[3][40];
		if (memcmp(at(a, f, n), at(b, f, n), f->size) == 0)
			continue;
		element_name(name, b, f, n);
		value_text(text[0], before, f, n);
		value_text(text[1], a, f, n);
		value_text(text[2], b, f, n);
		print_line(out, name, text);
	}
}

static void print_predicates(
	FILE *out, const struct cpu *before, const struct cpu *a, const struct cpu *b)
{
	for (unsigned p = 0; p < 64; p++) {
		char name[32], text[3][40] = {"", "", ""};
		if (!((a->pr ^ b->pr) >> p & 1))
			continue;
		snprintf(name, sizeof(name), "p%u", p);
		if (before)
			snprintf(text[0], 40, "%u", pr_get(before, p));
		snprintf(text[1], 40, "%u", pr_get(a, p));
		snprintf(text[2], 40, "%u", pr_get(b, p));
		print_line(out, name, text);
	}
}

static void entry_text(char text[40], const struct cpu *cpu, unsigned n)
{
	const struct alat_entry *e = &cpu->alat[n];

	if (e->valid && e->generation == cpu->alat_generation)
		snprintf(text, 40, "%" PRIx64 ".%u", e->va, e->size);
	else
		snprintf(text, 40, "none");
}

static void print_alat(
	FILE *out, const struct cpu *before, const struct cpu *a, const struct cpu *b)
{
	for (unsigned n = 0; n < ALAT_ENTRIES; n++) {
		char name[32], text[3][40] = {"", "", ""};
		if (entry_alike(a, b, n))
			continue;
		snprintf(name, sizeof(name), "alat %u", n);
		if (before)
			entry_text(text[0], before, n);
		entry_text(text[1], a, n);
		entry_text(text[2], b, n);
		print_line(out, name, text);
	}
}

void compare_print(FILE *out, const struct cpu *before, const struct cpu *a, const struct cpu *b)
{
	for (unsigned n = 0; n < countof(fields); n++)
		print_field(out, before, a, b, &fields[n]);
	print_predicates(out, before, a, b);
	print_alat(out, before, a, b);
	if (!mmu_tlbs_alike(&a->mmu, &b->mmu))
		fprintf(out, "  the TLBs hold different translations\n");
	if (!modes_alike(a, b))
		fprintf(out, "  the mmu was told psr %#" PRIx64 " and %#" PRIx64 "\n", a->mmu.psr,
			b->mmu.psr);
	if (!bases_right(a) || !bases_right(b))
		fprintf(out, "  the frame's address does not match rse.frame\n");
}
