/* SPDX-License-Identifier: MIT */
/*
 * Integer loads and stores, advanced and speculative ones included (3:151-3:158, 3:250-3:253), line
 * prefetch (3:164), memory and cache fences (3:61, 3:176), and the ALAT instructions (3:35).
 */
#include "cpu/exec_mem.h"
#include "cpu/fp.h"

#define ILLEGAL_UNLESS(ok)                                                                         \
	do {                                                                                       \
		if (unlikely(!(ok)))                                                               \
			return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);                                \
	} while (0)

/* --- loads --- */

/* Reads memory for load_typed. */
static enum fault typed_read(
	struct cpu *cpu, const struct insn *i, unsigned size, gva_t va, struct loaded *l)
{
	struct mmu *m = &cpu->mmu;
	enum ldtype t = ld_type(i);
	const struct ftlb_entry *e = ftlb_slot(m->data, va);
	unsigned acc = ACC_READ;

	l->v[1] = 0;
	if (size <= 8 && ftlb_hit(e->tag_r, va, size)) {
		l->v[0] = host_load((const void *)(va + e->addend), size);
		return FAULT_NONE;
	}
	if (ld_is_speculative(t)) {
		acc |= ACC_SPEC;
		m->defer = mmu_deferral(m, insn_ip(cpu, i), cpu->cr[CR_DCR]);
	}
	if (ld_is_advanced(t))
		acc |= ACC_ADVANCED;
	return size > 8 ? mem_load_big(m, va, size, acc, l->v)
			: mem_slow_load(m, va, size, acc, l->v);
}

enum exec load_typed(struct cpu *cpu, const struct insn *i, uint64_t tag, unsigned size, gva_t va,
	unsigned base_nat, struct loaded *l)
{
	enum ldtype t = ld_type(i);
	enum fault f = MEM_DEFERRED;
	bool spec = ld_is_speculative(t);

	*l = (struct loaded){.keep = false};
	if (!spec && base_nat)
		return fault_nat_consumption(cpu, ISR_BIT(R));
	if (ld_is_check(t)) {
		l->keep = alat_hit(cpu, tag);
		if (t != LD_C_NC)
			alat_drop(cpu, tag);
		if (l->keep)
			return EXEC_NEXT;
	}
	if (!spec || !(base_nat || cpu->psr & PSR(ED)))
		f = typed_read(cpu, i, size, va, l);
	if (f != FAULT_NONE && f != MEM_DEFERRED)
		return EXEC_FAULT;
	l->deferred = f == MEM_DEFERRED;
	if (ld_is_advanced(t) || t == LD_C_NC) {
		alat_drop(cpu, tag);
		if (!l->deferred && mem_is_speculative(&cpu->mmu, va))
			alat_set(cpu, tag, va, size, l->v[0], l->v[1]);
	}
	return EXEC_NEXT;
}

/* The types that are more than a load; kept out of the common path, which then needs no stack. */
static __attribute__((noinline)) enum exec load_special(
	struct cpu *cpu, const struct insn *i, unsigned size, enum update u)
{
	uint64_t inc = gr_value(cpu, i->r2);
	unsigned inc_nat = gr_nat(cpu, i->r2);
	uint64_t tag = alat_gr_tag(cpu, i->r1);
	struct loaded l;

	if (load_typed(cpu, i, tag, size, gr_value(cpu, i->r3), gr_nat(cpu, i->r3), &l) ==
		EXEC_FAULT)
		return EXEC_FAULT;
	if (!l.keep)
		gr_set(cpu, i->r1, l.v[0], l.deferred && ld_is_speculative(ld_type(i)));
	base_update(cpu, i, u, inc, inc_nat);
	return EXEC_NEXT;
}

static inline __attribute__((always_inline)) enum exec load(
	struct cpu *cpu, const struct insn *i, unsigned size, enum update u)
{
	uint64_t v, inc = u == UPDATE_REG ? gr_value(cpu, i->r2) : 0;
	unsigned inc_nat = u == UPDATE_REG ? gr_nat(cpu, i->r2) : 0;

	ILLEGAL_UNLESS(!gr_bad_target(cpu, i->r1));
	ILLEGAL_UNLESS(u == UPDATE_NONE || !gr_bad_target(cpu, i->r3));
	if (unlikely(!ld_is_plain(i)))
		return load_special(cpu, i, size, u);
	if (unlikely(gr_nat(cpu, i->r3)))
		return fault_nat_consumption(cpu, ISR_BIT(R));
	if (unlikely(mem_load(&cpu->mmu, gr_value(cpu, i->r3), size, ACC_READ, &v)))
		return EXEC_FAULT;
	gr_set(cpu, i->r1, v, 0);
	base_update(cpu, i, u, inc, inc_nat);
	return EXEC_NEXT;
}

#define EXEC_LOAD(bytes)                                                                           \
	enum exec exec_ld##bytes(struct cpu *cpu, const struct insn *i)                            \
	{                                                                                          \
		return load(cpu, i, bytes, UPDATE_NONE);                                           \
	}                                                                                          \
	enum exec exec_ld##bytes##_r(struct cpu *cpu, const struct insn *i)                        \
	{                                                                                          \
		return load(cpu, i, bytes, UPDATE_REG);                                            \
	}                                                                                          \
	enum exec exec_ld##bytes##_i(struct cpu *cpu, const struct insn *i)                        \
	{                                                                                          \
		return load(cpu, i, bytes, UPDATE_IMM);                                            \
	}

EXEC_LOAD(1)
EXEC_LOAD(2)
EXEC_LOAD(4)
EXEC_LOAD(8)

static inline unsigned unat_bit(gva_t va)
{
	return va >> 3 & 63;
}

static enum exec load_fill(struct cpu *cpu, const struct insn *i, enum update u)
{
	gva_t va = gr_value(cpu, i->r3);
	uint64_t v, inc = u == UPDATE_REG ? gr_value(cpu, i->r2) : 0;
	unsigned inc_nat = u == UPDATE_REG ? gr_nat(cpu, i->r2) : 0;

	ILLEGAL_UNLESS(!gr_bad_target(cpu, i->r1));
	ILLEGAL_UNLESS(u == UPDATE_NONE || !gr_bad_target(cpu, i->r3));
	if (unlikely(gr_nat(cpu, i->r3)))
		return fault_nat_consumption(cpu, ISR_BIT(R));
	if (unlikely(mem_load(&cpu->mmu, va, 8, ACC_READ, &v)))
		return EXEC_FAULT;
	gr_set(cpu, i->r1, v, cpu->ar[AR_UNAT] >> unat_bit(va) & 1);
	base_update(cpu, i, u, inc, inc_nat);
	return EXEC_NEXT;
}

enum exec exec_ld8_fill(struct cpu *cpu, const struct insn *i)
{
	return load_fill(cpu, i, UPDATE_NONE);
}

enum exec exec_ld8_fill_r(struct cpu *cpu, const struct insn *i)
{
	return load_fill(cpu, i, UPDATE_REG);
}

enum exec exec_ld8_fill_i(struct cpu *cpu, const struct insn *i)
{
	return load_fill(cpu, i, UPDATE_IMM);
}

enum exec exec_ld16(struct cpu *cpu, const struct insn *i)
{
	uint64_t v[2];

	ILLEGAL_UNLESS(cpu->model->features & CPU_AO);
	ILLEGAL_UNLESS(!gr_bad_target(cpu, i->r1));
	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, ISR_BIT(R));
	if (mem_load_big(&cpu->mmu, gr_value(cpu, i->r3), 16, ACC_READ | ACC_ATOMIC, v))
		return EXEC_FAULT;
	/* the GR has the lower address in either byte order (3:151) */
	gr_set(cpu, i->r1, v[cpu->mmu.data_be], 0);
	cpu->ar[AR_CSD] = v[!cpu->mmu.data_be];
	return EXEC_NEXT;
}

/* --- stores --- */

static inline __attribute__((always_inline)) enum exec store(
	struct cpu *cpu, const struct insn *i, unsigned size, enum update u)
{
	uint64_t v = gr_value(cpu, i->r2);

	ILLEGAL_UNLESS(u == UPDATE_NONE || !gr_bad_target(cpu, i->r3));
	if (unlikely(gr_nat(cpu, i->r3) | gr_nat(cpu, i->r2)))
		return fault_nat_consumption(cpu, ISR_BIT(W));
	if (unlikely(mem_store(&cpu->mmu, gr_value(cpu, i->r3), size, ACC_WRITE, v)))
		return EXEC_FAULT;
	base_update(cpu, i, u, 0, 0);
	return EXEC_NEXT;
}

#define EXEC_STORE(bytes)                                                                          \
	enum exec exec_st##bytes(struct cpu *cpu, const struct insn *i)                            \
	{                                                                                          \
		return store(cpu, i, bytes, UPDATE_NONE);                                          \
	}                                                                                          \
	enum exec exec_st##bytes##_i(struct cpu *cpu, const struct insn *i)                        \
	{                                                                                          \
		return store(cpu, i, bytes, UPDATE_IMM);                                           \
	}

EXEC_STORE(1)
EXEC_STORE(2)
EXEC_STORE(4)
EXEC_STORE(8)

static enum exec store_spill(struct cpu *cpu, const struct insn *i, enum update u)
{
	gva_t va = gr_value(cpu, i->r3);
	uint64_t bit = 1ull << unat_bit(va), unat = cpu->ar[AR_UNAT] & ~bit;

	ILLEGAL_UNLESS(u == UPDATE_NONE || !gr_bad_target(cpu, i->r3));
	if (unlikely(gr_nat(cpu, i->r3)))
		return fault_nat_consumption(cpu, ISR_BIT(W));
	if (unlikely(mem_store(&cpu->mmu, va, 8, ACC_WRITE, gr_value(cpu, i->r2))))
		return EXEC_FAULT;
	cpu->ar[AR_UNAT] = unat | (gr_nat(cpu, i->r2) ? bit : 0);
	base_update(cpu, i, u, 0, 0);
	return EXEC_NEXT;
}

enum exec exec_st8_spill(struct cpu *cpu, const struct insn *i)
{
	return store_spill(cpu, i, UPDATE_NONE);
}

enum exec exec_st8_spill_i(struct cpu *cpu, const struct insn *i)
{
	return store_spill(cpu, i, UPDATE_IMM);
}

enum exec exec_st16(struct cpu *cpu, const struct insn *i)
{
	uint64_t v[2];

	ILLEGAL_UNLESS(cpu->model->features & CPU_AO);
	if (gr_nat(cpu, i->r3) | gr_nat(cpu, i->r2))
		return fault_nat_consumption(cpu, ISR_BIT(W));
	v[cpu->mmu.data_be] = gr_value(cpu, i->r2);
	v[!cpu->mmu.data_be] = cpu->ar[AR_CSD];
	return mem_store_big(&cpu->mmu, gr_value(cpu, i->r3), 16, ACC_WRITE | ACC_ATOMIC, v)
		       ? EXEC_FAULT
		       : EXEC_NEXT;
}

/* --- lfetch: nothing to prefetch; the .fault form checks the translation --- */

#define LFETCH_FAULT 2

static enum exec lfetch(struct cpu *cpu, const struct insn *i, enum update u)
{
	uint64_t inc = u == UPDATE_REG ? gr_value(cpu, i->r2) : 0;
	unsigned inc_nat = u == UPDATE_REG ? gr_nat(cpu, i->r2) : 0;
	bool uncached;
	gpa_t pa;

	ILLEGAL_UNLESS(u == UPDATE_NONE || !gr_bad_target(cpu, i->r3));
	if (i->comp & LFETCH_FAULT && !(cpu->psr & PSR(ED))) {
		if (gr_nat(cpu, i->r3))
			return fault_nat_consumption(
				cpu, ISR_BIT(R) | ISR_BIT(NA) | ACC_NA_CODE(ACC_LFETCH));
		if (mmu_translate(&cpu->mmu, gr_value(cpu, i->r3), 1, ACC_READ | ACC_LFETCH, &pa,
			    &uncached))
			return EXEC_FAULT;
	}
	base_update(cpu, i, u, inc, inc_nat);
	return EXEC_NEXT;
}

enum exec exec_lfetch(struct cpu *cpu, const struct insn *i)
{
	return lfetch(cpu, i, UPDATE_NONE);
}

enum exec exec_lfetch_r(struct cpu *cpu, const struct insn *i)
{
	return lfetch(cpu, i, UPDATE_REG);
}

enum exec exec_lfetch_i(struct cpu *cpu, const struct insn *i)
{
	return lfetch(cpu, i, UPDATE_IMM);
}

enum exec exec_lfetch_count(struct cpu *cpu, const struct insn *i)
{
	return lfetch(cpu, i, UPDATE_NONE);
}

/* --- ALAT --- */

static enum exec check_advanced(struct cpu *cpu, const struct insn *i, uint64_t tag)
{
	bool hit = alat_hit(cpu, tag);
	if (i->comp & 1)
		alat_drop(cpu, tag);
	if (hit)
		return EXEC_NEXT;
	cpu->next_ip = insn_ip(cpu, i) + (uint64_t)i->imm;
	cpu->next_ri = 0;
	return EXEC_BRANCH;
}

enum exec exec_chk_a_gr(struct cpu *cpu, const struct insn *i)
{
	return check_advanced(cpu, i, alat_gr_tag(cpu, i->r1));
}

enum exec exec_chk_a_fr(struct cpu *cpu, const struct insn *i)
{
	unsigned code = fp_disabled(cpu, i->r1, 0, 0, 0);
	if (unlikely(code))
		return fp_disabled_fault(cpu, code, 0);
	return check_advanced(cpu, i, alat_fr_tag(cpu, i->r1));
}

enum exec exec_invala(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	alat_drop_all(cpu);
	return EXEC_NEXT;
}

enum exec exec_invala_gr(struct cpu *cpu, const struct insn *i)
{
	alat_drop(cpu, alat_gr_tag(cpu, i->r1));
	return EXEC_NEXT;
}

enum exec exec_invala_fr(struct cpu *cpu, const struct insn *i)
{
	alat_drop(cpu, alat_fr_tag(cpu, i->r1));
	return EXEC_NEXT;
}

/* --- fences and caches --- */

enum exec exec_mf(struct cpu *cpu, const struct insn *i)
{
	(void)cpu;
	(void)i;
	__asm__ volatile("mfence" ::: "memory");
	return EXEC_NEXT;
}

/* Platform acceptance: device accesses are done when they return. */
enum exec exec_mf_a(struct cpu *cpu, const struct insn *i)
{
	return exec_mf(cpu, i);
}

enum exec exec_fwb(struct cpu *cpu, const struct insn *i)
{
	(void)cpu;
	(void)i;
	return EXEC_NEXT;
}

/* fc.i has told every processor already; the caches of decoded code look at dispatch. */
enum exec exec_sync_i(struct cpu *cpu, const struct insn *i)
{
	exec_mf(cpu, i);
	return EXEC_STOP;
}

#define FC_LINE 64

enum exec exec_fc(struct cpu *cpu, const struct insn *i)
{
	gpa_t pa;

	if (gr_nat(cpu, i->r3))
		return fault_nat_consumption(cpu, ISR_BIT(R) | ISR_BIT(NA) | ACC_NA_CODE(ACC_FC));
	if (mmu_fc(&cpu->mmu, gr_value(cpu, i->r3), &pa))
		return EXEC_FAULT;
	ram_invalidate_code(&cpu->machine->ram, GPA(pa.v & ~(FC_LINE - 1ull)), FC_LINE);
	return EXEC_NEXT;
}

enum exec exec_fc_i(struct cpu *cpu, const struct insn *i)
{
	return exec_fc(cpu, i);
}
