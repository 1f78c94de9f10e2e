/* SPDX-License-Identifier: MIT */
/*
 * From a break to what it asks for (ABI 3.1, 4.2, 4.4): the number in r2 has a class, hypercalls
 * proper are class 0 and stand in a table. What is not there is -ENOSYS, what only dom0 may do
 * -EPERM.
 */
#include "hv/hypercall.h"

#include <string.h>

#include "cpu/broadcast.h"
#include "hv/dom_fw.h"

enum {
	CLASS_HYPERCALL = 0,
	CLASS_EFI = 0x300,
	CLASS_IPI = 0x400,
	CLASS_FPSWA = 0x500,
	CLASS_SHARED_INFO = 0x600,
	CLASS_OPT_FEATURE = 0x700,
	CLASS_PAL = 0x1000,
	CLASS_SAL = 0x1100,
	CLASS_SAL_RETURN = 0x1200
};

#define HYPERCALLS 64

static int64_t hc_privileged(struct hypercall *c)
{
	(void)c;
	return -XEN_EPERM;
}

static hypercall_fn hc_multicall;

/* Of arguments that are ints, a bit each in narrow, the upper half does not count. */
static const struct {
	hypercall_fn *fn;
	unsigned narrow;
} hypercall_table[HYPERCALLS] = {
	[6] = {hc_sched_op_compat, 1},
	[7] = {hc_privileged, 0}, /* platform_op */
	[12] = {hc_memory_op, 0},
	[13] = {hc_multicall, 2},
	[17] = {hc_xen_version, 1},
	[18] = {hc_console_io, 3},
	[20] = {hc_grant_table_op, 5},
	[24] = {hc_vcpu_op, 3},
	[29] = {hc_sched_op, 1},
	[30] = {hc_callback_op, 1},
	[31] = {hc_privileged, 0}, /* xenoprof_op */
	[32] = {hc_event_channel_op, 1},
	[33] = {hc_physdev_op, 1},
	[34] = {hc_hvm_op, 0},
	[35] = {hc_privileged, 0}, /* sysctl */
	[36] = {hc_domctl, 0},
	[37] = {hc_privileged, 0}, /* kexec_op */
	[48] = {hc_dom0vp_op, 0},
	[49] = {hc_pirq_eoi, 1},
	[50] = {hc_debug_op, 0},
};

static int64_t call_number(struct hypercall *c, uint64_t number)
{
	if (number >= HYPERCALLS || !hypercall_table[number].fn)
		return -XEN_ENOSYS;
	for (unsigned n = 0; n < countof(c->arg); n++)
		if (hypercall_table[number].narrow >> n & 1)
			c->arg[n] = (uint32_t)c->arg[n];
	return hypercall_table[number].fn(c);
}

bool hypercall_spend(struct hypercall *c, uint64_t n)
{
	if (n > c->v->budget)
		return false;
	c->v->budget -= (unsigned)n;
	return true;
}

/* --- multicall: entries of number, result and six arguments --- */

#define ENTRY_SIZE   64
#define ENTRY_RESULT 8

static int64_t multicall_one(struct hypercall *c, uint64_t n)
{
	struct hv *hv = c->v->hv;
	struct hypercall one = {.v = c->v};
	struct hv_wait *w = &c->v->wait;
	uint64_t entry[ENTRY_SIZE / 8];

	if (w->nested)
		memcpy(entry, w->call, sizeof(entry));
	else if (xencomm_read(hv, c->arg[0], n * ENTRY_SIZE, entry, sizeof(entry)))
		return -XEN_EFAULT;
	for (unsigned i = 0; i < countof(one.arg); i++)
		one.arg[i] = entry[2 + i];
	bool nested = entry[0] < HYPERCALLS && hypercall_table[entry[0]].fn == hc_multicall;
	int64_t result = nested ? -XEN_EINVAL : call_number(&one, entry[0]);
	if (one.action != HV_CONTINUE)
		c->action = one.action;
	c->again = w->nested = one.again;
	memcpy(w->call, entry, sizeof(entry));
	return one.again ? 0
			 : xencomm_write(hv, c->arg[0], n * ENTRY_SIZE + ENTRY_RESULT, &result, 8);
}

/* A domain that has ended does nothing more. */
static bool ends(enum hv_action action)
{
	return action != HV_CONTINUE && action != HV_BLOCK;
}

static int64_t hc_multicall(struct hypercall *c)
{
	int64_t err = hypercall_spend(c, c->arg[1]) ? 0 : -XEN_EINVAL;

	for (uint64_t n = c->v->wait.entry; n < c->arg[1] && !err && !ends(c->action); n++) {
		err = multicall_one(c, n);
		c->v->wait.entry = c->again ? n : 0;
		if (c->again)
			break;
	}
	return err;
}

/* --- dispatch --- */

/* A NaT argument is read as -1 (ABI 4.2). */
static uint64_t argument(const struct cpu *cpu, unsigned r)
{
	if (r >= 32 + cpu->sof)
		return 0;
	return gr_nat(cpu, r) ? ~0ull : gr_value(cpu, r);
}

/* f6-f11 and what a call destroys stay as they are, which is as good as anything, but for these. */
static void set_result(struct cpu *cpu, int64_t result)
{
	gr_set(cpu, 8, (uint64_t)result, 0);
	gr_set(cpu, 10, 0, 0);
	gr_set(cpu, 14, 0, 0);
}

static enum hv_action hypercall(struct hv_vcpu *v, uint64_t number)
{
	struct hypercall c = {.v = v};

	for (unsigned n = 0; n < countof(c.arg); n++)
		c.arg[n] = argument(v->cpu, 32 + n);
	v->budget = HYPERCALL_MOST;
	int64_t result = call_number(&c, number);
	if (c.again)
		return HV_BLOCK;
	set_result(v->cpu, result);
	return c.action;
}

static enum hv_action set_shared_info(struct hv_vcpu *v)
{
	if (!hv_set_shared_info_va(v->hv, v->cpu, gr_value(v->cpu, 28))) {
		v->cpu->exit_text = "the shared page is put where it cannot be";
		return HV_CRASH;
	}
	gr_set(v->cpu, 8, 0, 0);
	return HV_CONTINUE;
}

static enum hv_action opt_feature(struct hv_vcpu *v)
{
	struct hypercall c = {.v = v, .arg = {argument(v->cpu, 32)}};

	gr_set(v->cpu, 8, (uint64_t)hc_opt_feature(&c), 0);
	return HV_CONTINUE;
}

/* Refused: there is nothing to assist with. */
static enum hv_action fpswa(struct hv_vcpu *v)
{
	gr_set(v->cpu, 8, ~0ull, 0);
	for (unsigned r = 9; r < 12; r++)
		gr_set(v->cpu, r, 0, 0);
	return HV_CONTINUE;
}

static enum hv_action call(struct hv_vcpu *v)
{
	uint64_t number = gr_value(v->cpu, 2);

	if (gr_nat(v->cpu, 2)) {
		set_result(v->cpu, -XEN_ENOSYS);
		return HV_CONTINUE;
	}
	switch (number & ~0xffull) {
	case CLASS_HYPERCALL:
		return hypercall(v, number);
	case CLASS_EFI:
		return dom_efi_call(v, number & 0xff);
	case CLASS_IPI:
		return dom_ipi_call(v);
	case CLASS_FPSWA:
		return fpswa(v);
	case CLASS_SHARED_INFO:
		return set_shared_info(v);
	case CLASS_OPT_FEATURE:
		return opt_feature(v);
	case CLASS_PAL:
		return dom_pal_call(v);
	case CLASS_SAL:
		return dom_sal_call(v);
	case CLASS_SAL_RETURN:
		return dom_cpu_down(v);
	default:
		gr_set(v->cpu, 8, (uint64_t)-XEN_ENOSYS, 0);
		return HV_CONTINUE;
	}
}

/* Translations are read and faults may be delivered: other processors' purges wait. */
enum hv_action hv_call(struct hv *hv, struct cpu *cpu)
{
	cpu_enter(cpu);
	enum hv_action action = call(&hv->vcpu[cpu->index]);
	cpu_leave(cpu);
	return action;
}
