/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions as a paravirtual kernel executes them natively at its real level 1 (ABI
 * 6.3), and break, its way to hyperprivops and hypercalls (4.1). At user level each is what it is
 * on bare hardware. Failing operations raise a General Exception whose ISR holds the code only.
 */
#include "cpu/engine.h"
#include "cpu/interrupt.h"
#include "cpu/model.h"
#include "cpu/pmu.h"
#include "cpu/rse.h"
#include "hv/pv.h"

static enum exec finish(struct cpu *cpu, enum pv_fault f)
{
	switch (f) {
	case PV_OK:
		return pv_event_due(cpu) ? EXEC_STOP : EXEC_NEXT;
	case PV_CRASHED:
		return EXEC_EXIT;
	default:
		cpu->hv->plain_isr = true;
		return cpu_fault(
			cpu, f == PV_RESERVED ? FAULT_RESERVED_REG_FIELD : FAULT_ILLEGAL_OP, 0);
	}
}

/* The same for what changes where code is. */
static enum exec finish_stop(struct cpu *cpu, enum pv_fault f)
{
	enum exec r = finish(cpu, f);
	return r == EXEC_NEXT ? EXEC_STOP : r;
}

static enum exec nat(struct cpu *cpu)
{
	return fault_nat_consumption(cpu, 0);
}

/* Result of a read into r1. */
static enum exec give(struct cpu *cpu, const struct insn *i, uint64_t value)
{
	if (gr_bad_target(cpu, i->r1))
		return finish(cpu, PV_ILLEGAL);
	gr_set(cpu, i->r1, value, 0);
	return EXEC_NEXT;
}

/* --- break --- */

/* A user's break, which is how system calls are made: delivered without leaving the engine. */
static enum exec reflect_break(struct cpu *cpu, const struct insn *i, exec_fn *native)
{
	enum exec r = native(cpu, i);

	if (r != EXEC_FAULT || cpu->intercept || cpu->psr & PSR_STEP)
		return r;
	cpu->ip = insn_ip(cpu, i);
	cpu->ri = i->slot;
	pv_deliver(cpu);
	if (cpu->exit == EXIT_CRASH)
		return EXEC_EXIT;
	cpu->next_ip = cpu->ip;
	cpu->next_ri = 0;
	cpu->stay_va = STAY_NOWHERE;
	return EXEC_BRANCH;
}

static enum exec take_break(struct cpu *cpu, const struct insn *i, exec_fn *native)
{
	uint64_t imm = (uint64_t)i->imm & 0x1fffff;

	if (!pv_kernel(cpu))
		return reflect_break(cpu, i, native);
	if (imm - 1 < PV_HYPERPRIVOPS - 1)
		return pv_hyperprivop(cpu->hv, (unsigned)imm);
	if (imm != HV_BREAK)
		return native(cpu, i);
	cpu->exit = EXIT_HYPERCALL;
	cpu->exit_arg = imm;
	return EXEC_EXIT;
}

static enum exec pv_break_m(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, i, exec_break_m);
}

static enum exec pv_break_i(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, i, exec_break_i);
}

static enum exec pv_break_f(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, i, exec_break_f);
}

static enum exec pv_break_x(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, i, exec_break_x);
}

/* --- control registers --- */

/* Those that are nothing but a word in the page; reserved: bits that must be 0. */
static const struct {
	uint8_t cr;
	uint16_t reserved;
	enum page_field field;
} page_cr[] = {
	{CR_DCR, 0, PAGE_DCR},
	{CR_PTA, 0x7e02, PAGE_PTA},
	{CR_IPSR, 0, PAGE_IPSR},
	{CR_ISR, 0, PAGE_ISR},
	{CR_IIP, 0, PAGE_IIP},
	{CR_IFA, 0, PAGE_IFA},
	{CR_ITIR, 0, PAGE_ITIR},
	{CR_IIPA, 0, PAGE_IIPA},
	{CR_IFS, 0, PAGE_IFS},
	{CR_IIM, 0, PAGE_IIM},
	{CR_IHA, 0, PAGE_IHA},
	{CR_PMV, 0xef00, PAGE_PMV},
	{CR_CMCV, 0xef00, PAGE_CMCV},
};

static int page_row(unsigned cr)
{
	for (unsigned n = 0; n < countof(page_cr); n++)
		if (page_cr[n].cr == cr)
			return (int)n;
	return -1;
}

#define LRR_MASKED 0x10000

static enum pv_fault cr_write(struct hv_vcpu *v, unsigned cr, uint64_t value)
{
	int row = page_row(cr);

	if (row >= 0 && value & page_cr[row].reserved)
		return PV_RESERVED;
	if (row >= 0) {
		page_set(v, page_cr[row].field, value);
		return PV_OK;
	}
	switch (cr) {
	case CR_ITM:
		pv_write_itm(v, value);
		return PV_OK;
	case CR_IVA:
		v->iva = value & ~0x7fffull;
		return PV_OK;
	case CR_TPR:
		return pv_write_tpr(v, value);
	case CR_EOI:
		pv_end_interrupt(v);
		return PV_OK;
	case CR_ITV:
		return pv_write_itv(v, value);
	case CR_LRR0:
	case CR_LRR1:
		return value & LRR_MASKED ? PV_OK : PV_ILLEGAL;
	default:
		return PV_ILLEGAL;
	}
}

static enum pv_fault cr_read(struct hv_vcpu *v, unsigned cr, uint64_t *value)
{
	int row = page_row(cr);

	if (row >= 0) {
		*value = page_get(v, page_cr[row].field);
		return PV_OK;
	}
	switch (cr) {
	case CR_ITM:
		*value = v->cpu->cr[CR_ITM];
		return PV_OK;
	case CR_IVA:
		*value = v->iva;
		return PV_OK;
	case CR_LID:
		*value = (uint64_t)v->cpu->index << 24;
		return PV_OK;
	case CR_IVR:
		*value = pv_read_ivr(v);
		return PV_OK;
	case CR_TPR:
		*value = page_get(v, PAGE_TPR);
		return PV_OK;
	case CR_EOI:
		*value = 0;
		return PV_OK;
	case CR_IRR0 ... CR_IRR0 + 3:
		*value = v->irr[cr - CR_IRR0];
		return PV_OK;
	case CR_ITV:
		*value = page_get(v, PAGE_ITV);
		return PV_OK;
	case CR_LRR0:
	case CR_LRR1:
		*value = LRR_MASKED;
		return PV_OK;
	default:
		return PV_ILLEGAL;
	}
}

static enum exec pv_mov_to_cr(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_mov_to_cr(cpu, i);
	if (gr_nat(cpu, i->r2))
		return nat(cpu);
	return finish(cpu, cr_write(cpu->hv, i->r3, gr_value(cpu, i->r2)));
}

static enum exec pv_mov_from_cr(struct cpu *cpu, const struct insn *i)
{
	uint64_t value = 0;

	if (!pv_kernel(cpu))
		return exec_mov_from_cr(cpu, i);
	if (gr_bad_target(cpu, i->r1) || cr_read(cpu->hv, i->r3, &value))
		return finish(cpu, PV_ILLEGAL);
	return give(cpu, i, value);
}

/* --- PSR --- */

#define PSR_SSM                                                                                    \
	(0x3eull | PSR(PP) | PSR(SP) | PSR(I) | PSR(IC) | PSR(DT) | PSR(DFL) | PSR(DFH) | PSR(PK))
#define PSR_RSM                                                                                    \
	(PSR(BE) | PSR(UP) | PSR(PP) | PSR(SP) | PSR(I) | PSR(IC) | PSR(DT) | PSR(DFL) |           \
		PSR(DFH) | PSR(PK))
#define PSR_L (0x0ffee03eull & ~(PSR(DI) | PSR(SI)))

static enum exec pv_ssm(struct cpu *cpu, const struct insn *i)
{
	uint64_t mask = (uint64_t)i->imm;

	if (!pv_kernel(cpu))
		return exec_ssm(cpu, i);
	if (mask & ~PSR_SSM)
		return finish(cpu, PV_ILLEGAL);
	pv_change_psr(cpu->hv, ~0ull, mask);
	return finish_stop(cpu, PV_OK);
}

static enum exec pv_rsm(struct cpu *cpu, const struct insn *i)
{
	uint64_t mask = (uint64_t)i->imm;

	if (!pv_kernel(cpu))
		return exec_rsm(cpu, i);
	if (mask & ~PSR_RSM)
		return finish(cpu, PV_ILLEGAL);
	pv_change_psr(cpu->hv, 0, mask);
	return finish_stop(cpu, PV_OK);
}

static enum exec pv_mov_to_psr_l(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_mov_to_psr_l(cpu, i);
	if (gr_nat(cpu, i->r2))
		return nat(cpu);
	pv_change_psr(cpu->hv, gr_value(cpu, i->r2), PSR_L);
	return finish_stop(cpu, PV_OK);
}

static enum exec pv_mov_from_psr(struct cpu *cpu, const struct insn *i)
{
	return pv_kernel(cpu) ? give(cpu, i, pv_psr_readable(cpu->hv)) : exec_mov_from_psr(cpu, i);
}

static enum exec switch_bank(struct cpu *cpu, unsigned bank)
{
	pv_set_bank(cpu->hv, bank);
	return finish(cpu, PV_OK);
}

static enum exec pv_bsw_0(struct cpu *cpu, const struct insn *i)
{
	return pv_kernel(cpu) ? switch_bank(cpu, 0) : exec_bsw_0(cpu, i);
}

static enum exec pv_bsw_1(struct cpu *cpu, const struct insn *i)
{
	return pv_kernel(cpu) ? switch_bank(cpu, 1) : exec_bsw_1(cpu, i);
}

/* The hypervisor cannot put one frame under another: both non-empty is the end (ABI 5.8). */
static enum exec pv_rfi_insn(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_rfi(cpu, i);
	if (page_get(cpu->hv, PAGE_IFS) > IFS_VALID && cpu_cfm(cpu)) {
		pv_crash(cpu, "rfi with cr.ifs valid from a frame that is not empty");
		return EXEC_EXIT;
	}
	return pv_rfi(cpu->hv);
}

/* --- indirect registers --- */

#define INDEX(v) ((unsigned)(v)&0xff)

#define GUEST_PKRS 15 /* the last one is the hypervisor's */
#define DEBUG_REGS 8

static enum pv_fault write_pkr(struct hv_vcpu *v, unsigned n, uint64_t value)
{
	if (n >= GUEST_PKRS || value & 0xf0 || value >> (8 + v->cpu->model->key_bits))
		return PV_RESERVED;
	mmu_write_pkr(&v->cpu->mmu, n, value);
	return PV_OK;
}

/* Odd registers hold mask, levels (never 0) and kinds, even ones an address, not the
 * hypervisor's. */
static enum pv_fault write_debug(struct hv_vcpu *v, bool inst, unsigned n, uint64_t value)
{
	uint64_t kept = inst ? 0x8effffffffffffffull : 0xceffffffffffffffull;

	if (n >= DEBUG_REGS)
		return PV_RESERVED;
	if (!(n & 1) && value - XEN_LOW < XEN_HIGH - XEN_LOW)
		return PV_ILLEGAL;
	mmu_write_debug(&v->cpu->mmu, inst, n, n & 1 ? value & kept : value);
	return PV_OK;
}

static enum pv_fault write_pmc(struct hv_vcpu *v, unsigned n, uint64_t value)
{
	if (pmu_pmc_reserved(n, value))
		return PV_RESERVED;
	pmu_write_pmc(v->cpu, n, value);
	return PV_OK;
}

static enum pv_fault write_to(struct hv_vcpu *v, unsigned op, uint64_t index, uint64_t value)
{
	switch (op) {
	case OP_mov_to_rr:
		return pv_set_rr(v, index, value);
	case OP_mov_to_pkr:
		return write_pkr(v, INDEX(index), value);
	case OP_mov_to_dbr:
	case OP_mov_to_ibr:
		return write_debug(v, op == OP_mov_to_ibr, INDEX(index), value);
	case OP_mov_to_pmc:
		return write_pmc(v, INDEX(index), value);
	default:
		pmu_write_pmd(v->cpu, INDEX(index), value);
		return PV_OK;
	}
}

static enum exec pv_mov_to(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_table[i->op](cpu, i);
	if (gr_nat(cpu, i->r2) || gr_nat(cpu, i->r3))
		return nat(cpu);
	return finish_stop(
		cpu, write_to(cpu->hv, i->op, gr_value(cpu, i->r3), gr_value(cpu, i->r2)));
}

static enum pv_fault read_file(const uint64_t *file, unsigned n, unsigned limit, uint64_t *value)
{
	if (n >= limit)
		return PV_RESERVED;
	*value = file[n];
	return PV_OK;
}

static enum pv_fault read_from(struct hv_vcpu *v, unsigned op, uint64_t index, uint64_t *value)
{
	const struct mmu *m = &v->cpu->mmu;

	switch (op) {
	case OP_mov_from_rr:
		*value = page_get_at(v, PAGE_RRS, index >> 61);
		return PV_OK;
	case OP_mov_from_pkr:
		return read_file(m->pkr, INDEX(index), GUEST_PKRS + 1, value);
	case OP_mov_from_dbr:
		return read_file(m->dbr, INDEX(index), DEBUG_REGS, value);
	case OP_mov_from_ibr:
		return read_file(m->ibr, INDEX(index), DEBUG_REGS, value);
	default:
		*value = pmu_read_pmc(v->cpu, INDEX(index));
		return PV_OK;
	}
}

static enum exec pv_mov_from(struct cpu *cpu, const struct insn *i)
{
	uint64_t value = 0;
	enum pv_fault f;

	if (!pv_kernel(cpu))
		return exec_table[i->op](cpu, i);
	if (gr_bad_target(cpu, i->r1))
		return finish(cpu, PV_ILLEGAL);
	if (gr_nat(cpu, i->r3))
		return nat(cpu);
	f = read_from(cpu->hv, i->op, gr_value(cpu, i->r3), &value);
	return f ? finish(cpu, f) : give(cpu, i, value);
}

/* --- application registers: those that are privileged --- */

static enum exec write_ar(struct cpu *cpu, unsigned ar, uint64_t value)
{
	if (ar == AR_ITC)
		return EXEC_NEXT; /* ignored */
	if (ar > 7)
		return finish(cpu, PV_ILLEGAL);
	page_set_at(cpu->hv, PAGE_KRS, ar, value);
	cpu->ar[AR_K0 + ar] = value;
	return EXEC_NEXT;
}

static enum exec pv_mov_to_ar_m(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_mov_to_ar_m(cpu, i);
	if (gr_nat(cpu, i->r2))
		return nat(cpu);
	return write_ar(cpu, i->r3, gr_value(cpu, i->r2));
}

static enum exec pv_mov_to_ar_imm_m(struct cpu *cpu, const struct insn *i)
{
	return pv_kernel(cpu) ? write_ar(cpu, i->r3, (uint64_t)i->imm)
			      : exec_mov_to_ar_imm_m(cpu, i);
}

static bool ar_privileged(unsigned ar)
{
	return ar <= 7 || ar == AR_CFLG || ar == AR_ITC || ar == AR_RUC;
}

/* --- translations --- */

static enum exec pv_insert_tc(struct cpu *cpu, const struct insn *i)
{
	bool inst = i->op == OP_itc_i;

	if (!pv_kernel(cpu))
		return exec_table[i->op](cpu, i);
	if (gr_nat(cpu, i->r2))
		return nat(cpu);
	return finish_stop(cpu, pv_itc(cpu->hv, inst, gr_value(cpu, i->r2)));
}

static enum exec pv_insert_tr(struct cpu *cpu, const struct insn *i)
{
	bool inst = i->op == OP_itr_i;

	if (!pv_kernel(cpu))
		return exec_table[i->op](cpu, i);
	if (gr_nat(cpu, i->r2) || gr_nat(cpu, i->r3))
		return nat(cpu);
	return finish_stop(cpu, pv_itr(cpu->hv, inst, gr_value(cpu, i->r3), gr_value(cpu, i->r2)));
}

static enum pv_fault purge(struct hv_vcpu *v, unsigned op, gva_t va, unsigned ps)
{
	switch (op) {
	case OP_ptc_l:
	case OP_ptc_ga:
		return pv_ptc(v, va, ps, op == OP_ptc_ga);
	case OP_ptr_d:
	case OP_ptr_i:
		return pv_ptr(v, op == OP_ptr_i, va, ps);
	default:
		return PV_ILLEGAL; /* ptc.g */
	}
}

static enum exec pv_purge(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_table[i->op](cpu, i);
	if (gr_nat(cpu, i->r2) || gr_nat(cpu, i->r3))
		return nat(cpu);
	unsigned ps = (unsigned)bits(gr_value(cpu, i->r2), 2, 6);
	return finish_stop(cpu, purge(cpu->hv, i->op, gr_value(cpu, i->r3), ps));
}

static enum exec pv_ptc_e(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_ptc_e(cpu, i);
	mmu_purge_all_tc(&cpu->mmu);
	return finish_stop(cpu, PV_OK);
}

/* A miss of tpa is never a VHPT fault. */
static enum exec tpa_fault(struct cpu *cpu, gva_t va)
{
	struct fault_info *f = &cpu->mmu.fault;

	if (f->code == FAULT_VHPT_TRANSLATION || f->code == FAULT_DTLB || f->code == FAULT_ALT_DTLB)
		f->code =
			page_get_at(cpu->hv, PAGE_RRS, va >> 61) & 1 ? FAULT_DTLB : FAULT_ALT_DTLB;
	return EXEC_FAULT;
}

static enum exec pv_tpa(struct cpu *cpu, const struct insn *i)
{
	uint64_t pa;

	if (!pv_kernel(cpu))
		return exec_tpa(cpu, i);
	if (gr_bad_target(cpu, i->r1))
		return finish(cpu, PV_ILLEGAL);
	if (gr_nat(cpu, i->r3))
		return nat(cpu);
	if (mmu_tpa(&cpu->mmu, gr_value(cpu, i->r3), &pa))
		return tpa_fault(cpu, gr_value(cpu, i->r3));
	return give(cpu, i, pa);
}

static enum exec pv_tak(struct cpu *cpu, const struct insn *i)
{
	if (!pv_kernel(cpu))
		return exec_tak(cpu, i);
	if (gr_nat(cpu, i->r3))
		return nat(cpu);
	return give(cpu, i, mmu_tak(&cpu->mmu, gr_value(cpu, i->r3)));
}

/* --- the second exec function of each row that has one --- */

static exec_fn *const second[OP_COUNT] = {
	[OP_break_m] = pv_break_m,
	[OP_break_i] = pv_break_i,
	[OP_break_f] = pv_break_f,
	[OP_break_x] = pv_break_x,
	[OP_mov_to_cr] = pv_mov_to_cr,
	[OP_mov_from_cr] = pv_mov_from_cr,
	[OP_ssm] = pv_ssm,
	[OP_rsm] = pv_rsm,
	[OP_mov_to_psr_l] = pv_mov_to_psr_l,
	[OP_mov_from_psr] = pv_mov_from_psr,
	[OP_bsw_0] = pv_bsw_0,
	[OP_bsw_1] = pv_bsw_1,
	[OP_rfi] = pv_rfi_insn,
	[OP_mov_to_rr] = pv_mov_to,
	[OP_mov_to_pkr] = pv_mov_to,
	[OP_mov_to_dbr] = pv_mov_to,
	[OP_mov_to_ibr] = pv_mov_to,
	[OP_mov_to_pmc] = pv_mov_to,
	[OP_mov_to_pmd] = pv_mov_to,
	[OP_mov_from_rr] = pv_mov_from,
	[OP_mov_from_pkr] = pv_mov_from,
	[OP_mov_from_dbr] = pv_mov_from,
	[OP_mov_from_ibr] = pv_mov_from,
	[OP_mov_from_pmc] = pv_mov_from,
	[OP_mov_to_ar_m] = pv_mov_to_ar_m,
	[OP_mov_to_ar_imm_m] = pv_mov_to_ar_imm_m,
	[OP_itc_d] = pv_insert_tc,
	[OP_itc_i] = pv_insert_tc,
	[OP_itr_d] = pv_insert_tr,
	[OP_itr_i] = pv_insert_tr,
	[OP_ptc_l] = pv_purge,
	[OP_ptc_g] = pv_purge,
	[OP_ptc_ga] = pv_purge,
	[OP_ptr_d] = pv_purge,
	[OP_ptr_i] = pv_purge,
	[OP_ptc_e] = pv_ptc_e,
	[OP_tpa] = pv_tpa,
	[OP_tak] = pv_tak,
};

/* Moves to application registers that anybody may write stay as they are, for the engine's sake. */
exec_fn *pv_exec(const struct insn *i)
{
	bool ar = i->op == OP_mov_to_ar_m || i->op == OP_mov_to_ar_imm_m;

	return second[i->op] && (!ar || ar_privileged(i->r3)) ? second[i->op] : exec_table[i->op];
}
