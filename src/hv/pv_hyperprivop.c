/* SPDX-License-Identifier: MIT */
/*
 * Hyperprivops (ABI 6.1, 6.2): privileged operations of a paravirtual kernel as break instructions.
 * Arguments are in r8-r11 and r14, the result is in r8, nothing else changes; an operation that
 * cannot be done is left out silently.
 */
#include "cpu/model.h"
#include "cpu/pmu.h"
#include "cpu/rse.h"
#include "hv/pv.h"

#define CPUID_XEN_IA64 0x343661692f6e6558ull /* "Xen/ia64" */

static uint64_t arg(const struct hv_vcpu *v, unsigned r)
{
	return v->cpu->gr[r];
}

static enum pv_fault result(struct hv_vcpu *v, uint64_t value)
{
	gr_set(v->cpu, 8, value, 0);
	return PV_OK;
}

static enum pv_fault rsm_dt(struct hv_vcpu *v)
{
	pv_set_metaphysical(v, true);
	return PV_OK;
}

static enum pv_fault ssm_dt(struct hv_vcpu *v)
{
	pv_set_metaphysical(v, false);
	return PV_OK;
}

static enum pv_fault cover(struct hv_vcpu *v)
{
	page_set(v, PAGE_IFS, IFS_VALID | cpu_cfm(v->cpu));
	rse_cover(v->cpu);
	return PV_OK;
}

static enum pv_fault itc_d(struct hv_vcpu *v)
{
	return pv_itc(v, false, arg(v, 8));
}

static enum pv_fault itc_i(struct hv_vcpu *v)
{
	return pv_itc(v, true, arg(v, 8));
}

/* The event that it lets in is delivered behind it, so with i and ic set in vipsr. */
static enum pv_fault ssm_i(struct hv_vcpu *v)
{
	page_set(v, PAGE_IC, 1);
	shared_set_mask(v, 0);
	return PV_OK;
}

static enum pv_fault get_ivr(struct hv_vcpu *v)
{
	return result(v, pv_read_ivr(v));
}

static enum pv_fault get_tpr(struct hv_vcpu *v)
{
	return result(v, page_get(v, PAGE_TPR));
}

static enum pv_fault set_tpr(struct hv_vcpu *v)
{
	return pv_write_tpr(v, arg(v, 8));
}

static enum pv_fault eoi(struct hv_vcpu *v)
{
	pv_end_interrupt(v);
	return PV_OK;
}

static enum pv_fault set_itm(struct hv_vcpu *v)
{
	pv_write_itm(v, arg(v, 8));
	return PV_OK;
}

static enum pv_fault thash(struct hv_vcpu *v)
{
	return result(v, pv_thash(v, arg(v, 8)));
}

static enum pv_fault ptc_ga(struct hv_vcpu *v)
{
	return pv_ptc(v, arg(v, 8), (unsigned)bits(arg(v, 9), 2, 6), true);
}

static enum pv_fault itr_d(struct hv_vcpu *v)
{
	return pv_itr(v, false, arg(v, 8), arg(v, 9));
}

static enum pv_fault get_rr(struct hv_vcpu *v)
{
	return result(v, page_get_at(v, PAGE_RRS, arg(v, 8) >> 61));
}

static enum pv_fault set_rr(struct hv_vcpu *v)
{
	return pv_set_rr(v, arg(v, 8), arg(v, 9));
}

/* What is left in r8 is what the hypervisor's own code leaves there. */
static enum pv_fault set_kr(struct hv_vcpu *v)
{
	uint64_t n = arg(v, 8);

	if (n > 7)
		return PV_ILLEGAL;
	page_set_at(v, PAGE_KRS, (unsigned)n, arg(v, 9));
	v->cpu->ar[AR_K0 + n] = arg(v, 9);
	return result(v, n - 8);
}

#define FC_LINE 64

static enum pv_fault fc(struct hv_vcpu *v)
{
	uint64_t a;

	if (mmu_tpa(&v->cpu->mmu, arg(v, 8), &a)) {
		v->cpu->mmu.fault.code = FAULT_NONE;
		return PV_ILLEGAL;
	}
	gpa_t line = hv_place(v->hv, GPA(a & ~(FC_LINE - 1ull)));
	ram_invalidate_code(&v->cpu->machine->ram, line, FC_LINE);
	return PV_OK;
}

static enum pv_fault get_cpuid(struct hv_vcpu *v)
{
	uint64_t n = arg(v, 8);

	if (n <= 2)
		return result(v, n == 0 ? CPUID_XEN_IA64 : 0);
	return result(v, n < 256 ? cpu_model_cpuid(v->cpu->model, (unsigned)n) : 0);
}

static enum pv_fault get_pmd(struct hv_vcpu *v)
{
	return result(v, pmu_read_pmd(v->cpu, arg(v, 8) & 0xff));
}

static enum pv_fault nothing(struct hv_vcpu *v)
{
	(void)v;
	return PV_OK;
}

static enum pv_fault rsm_be(struct hv_vcpu *v)
{
	pv_change_psr(v, 0, PSR(BE));
	return PV_OK;
}

static enum pv_fault get_psr(struct hv_vcpu *v)
{
	return result(v, pv_psr_readable(v));
}

/* All five or none. */
static enum pv_fault set_rr0_to_rr4(struct hv_vcpu *v)
{
	static const uint8_t from[5] = {8, 9, 10, 11, 14};

	for (unsigned n = 0; n < 5; n++)
		if (!pv_rr_legal(arg(v, from[n])))
			return PV_RESERVED;
	for (uint64_t n = 0; n < 5; n++)
		pv_set_rr(v, n << 61, arg(v, from[n]));
	return PV_OK;
}

enum { RFI = 1 };

/* By number; rfi, which branches, stands apart. */
static enum pv_fault (*const table[])(struct hv_vcpu *v) = {
	[0x02] = rsm_dt,
	[0x03] = ssm_dt,
	[0x04] = cover,
	[0x05] = itc_d,
	[0x06] = itc_i,
	[0x07] = ssm_i,
	[0x08] = get_ivr,
	[0x09] = get_tpr,
	[0x0a] = set_tpr,
	[0x0b] = eoi,
	[0x0c] = set_itm,
	[0x0d] = thash,
	[0x0e] = ptc_ga,
	[0x0f] = itr_d,
	[0x10] = get_rr,
	[0x11] = set_rr,
	[0x12] = set_kr,
	[0x13] = fc,
	[0x14] = get_cpuid,
	[0x15] = get_pmd,
	[0x16] = nothing, /* GET_EFLAG */
	[0x17] = nothing, /* SET_EFLAG */
	[0x18] = rsm_be,
	[0x19] = get_psr,
	[0x1a] = set_rr0_to_rr4,
};
_Static_assert(countof(table) == PV_HYPERPRIVOPS, "numbers 1 to 0x1a");

/* Does the code that runs now have to be looked up again? */
static bool moves_code(const struct hv_vcpu *v, unsigned number)
{
	uint64_t region = v->cpu->page_va >> 61;

	switch (number) {
	case 0x02:
	case 0x03:
		return region == 0;
	case 0x06:
	case 0x0e:
		return true;
	case 0x11:
		return region == arg(v, 8) >> 61;
	case 0x1a:
		return region < 5;
	default:
		return false;
	}
}

enum exec pv_hyperprivop(struct hv_vcpu *v, unsigned number)
{
	if (number == RFI)
		return pv_rfi(v);
	if (table[number](v) == PV_CRASHED)
		return EXEC_EXIT;
	return moves_code(v, number) || pv_event_due(v->cpu) ? EXEC_STOP : EXEC_NEXT;
}
