/* SPDX-License-Identifier: MIT */
/*
 * INIT: what PALE_INIT and SALE_ENTRY do between the event and the OS's INIT handler, and the way
 * back (2:282-2:307, SAL 5.2). The interrupted context goes to the min-state save area that
 * the OS registered; the first processor to come is the monarch, those after it are slaves.
 */
#include "base/stream.h"
#include "cpu/rse.h"
#include "fw/call.h"
#include "fw/layout.h"
#include "fw/pal.h"

#define IFS_VALID (1ull << 63)
#define UNCACHED  (1ull << 63)

/* Words of the min-state save area (2:291). */
enum {
	MS_NAT = 0, /* the bit of word n is bit n (a 512-byte aligned area) */
	MS_GR = 1,
	MS_BANK0 = 16,
	MS_BANK1 = 32,
	MS_PR = 48,
	MS_BR0,
	MS_RSC,
	MS_IIP,
	MS_IPSR,
	MS_IFS,
	MS_XIP, /* cr.iip, ipsr and ifs before the event */
	MS_XPSR,
	MS_XFS,
	MS_BR1,
	MS_WORDS
};

/* Processor state parameter (2:295): the registers are valid, nothing is lost, this is an INIT. */
enum {
	PSP_MN = 1 << 5,
	PSP_SY = 1 << 6,
	PSP_CO = 1 << 7,
	PSP_CI = 1 << 8,
	PSP_PI = 1 << 13,
	PSP_PM = 1 << 14,
	PSP_IN = 1 << 16,
	PSP_RS = 1 << 17
};
#define PSP_REGISTERS (0xfdull << 24 | 0xd << 20 | PSP_RS)
#define PSP_INIT      (PSP_REGISTERS | PSP_IN | PSP_PM | PSP_PI | PSP_CI | PSP_CO | PSP_SY | PSP_MN)

/* --- saving --- */

static void save_register(uint64_t *w, unsigned word, uint64_t value, unsigned nat)
{
	w[word] = value;
	w[MS_NAT] |= (uint64_t)(nat & 1) << word;
}

static void save_registers(const struct cpu *cpu, uint64_t *w)
{
	bool bank1 = cpu->psr & PSR(BN);
	unsigned current = bank1 ? MS_BANK1 : MS_BANK0, other = bank1 ? MS_BANK0 : MS_BANK1;
	for (unsigned r = 1; r < 16; r++)
		save_register(w, MS_GR + r - 1, cpu->gr[r], cpu->gr_nat[r]);
	for (unsigned r = 0; r < 16; r++) {
		save_register(w, current + r, cpu->gr[16 + r], cpu->gr_nat[16 + r]);
		save_register(w, other + r, cpu->gr_bank[r], cpu->gr_bank_nat[r]);
	}
	w[MS_BR0] = cpu->br[0];
	w[MS_BR1] = cpu->br[1];
	w[MS_RSC] = cpu->rse.mode_pl;
	w[MS_IIP] = cpu->ip;
	w[MS_IPSR] = cpu_psr(cpu);
	w[MS_IFS] = cpu_cfm(cpu) | IFS_VALID;
	w[MS_XIP] = cpu->cr[CR_IIP];
	w[MS_XPSR] = cpu->cr[CR_IPSR];
	w[MS_XFS] = cpu->cr[CR_IFS];
}

/* --- hand-off to the OS (SAL 5.2.2) --- */

static void enter_os(struct cpu *cpu, struct fw_vector v, uint64_t min_state)
{
	cpu->inflight_ic = 0;
	cpu->rse.load_frame = false; /* the handler goes on with the frame incomplete */
	cpu_set_psr(cpu, PSR(MC));
	rse_write_rsc(cpu, 0);
	gr_set(cpu, 1, v.gp, 0);
	gr_set(cpu, 8, FW_ENTRY_ADDRESS(FW_ENTRY_PAL), 0);
	gr_set(cpu, 9, FW_ENTRY_ADDRESS(FW_ENTRY_SAL), 0);
	gr_set(cpu, 10, FW_DATA_BASE, 0);
	gr_set(cpu, 11, 0, 0); /* reason: none of the known ones */
	gr_set(cpu, 12, FW_ENTRY_ADDRESS(FW_ENTRY_INIT_RETURN), 0);
	gr_set(cpu, 17, min_state | UNCACHED, 0);
	gr_set(cpu, 18, PSP_INIT, 0);
	cpu->ip = v.ip & ~15ull;
	cpu->ri = 0;
}

/* The first to come is the monarch. */
static struct fw_vector choose_vector(struct fw *fw, struct cpu *cpu)
{
	pthread_mutex_lock(&fw->lock);
	bool monarch = fw->in_init == 0;
	struct fw_vector v = fw->vector[monarch ? FW_OS_INIT_MONARCH : FW_OS_INIT_SLAVE];
	if (v.ip)
		fw->in_init |= 1ull << cpu->index;
	pthread_mutex_unlock(&fw->lock);
	return v;
}

static enum fw_action deliver(struct fw *fw, struct cpu *cpu)
{
	struct fw_cpu *f = &fw->cpu[cpu->index];
	uint64_t w[MS_WORDS] = {0};
	if (f->waiting)
		return FW_HALT;
	struct fw_vector v = choose_vector(fw, cpu);
	if (!v.ip)
		return FW_RESET_WARM;
	save_registers(cpu, w);
	rse_cover(cpu);
	/* with the frame gone predicates stand in their places: what mov from pr gives */
	w[MS_PR] = cpu->pr;
	if (ram_write(&fw->machine->ram, GPA(f->min_state), w, sizeof(w)))
		return FW_RESET_WARM;
	cpu->cr[CR_IIP] = w[MS_IIP];
	cpu->cr[CR_IPSR] = w[MS_IPSR];
	cpu->cr[CR_IFS] = w[MS_IFS];
	enter_os(cpu, v, f->min_state);
	return FW_CONTINUE;
}

enum fw_action fw_deliver_init(struct fw *fw, struct cpu *cpu)
{
	cpu_enter(cpu);
	enum fw_action action = deliver(fw, cpu);
	cpu_leave(cpu);
	return action;
}

/* --- and back --- */

static void load_registers(struct cpu *cpu, const uint64_t *w)
{
	bool bank1 = cpu->psr & PSR(BN);
	unsigned current = bank1 ? MS_BANK1 : MS_BANK0, other = bank1 ? MS_BANK0 : MS_BANK1;
	for (unsigned r = 1; r < 16; r++)
		gr_set(cpu, r, w[MS_GR + r - 1], w[MS_NAT] >> (MS_GR + r - 1) & 1);
	for (unsigned r = 0; r < 16; r++) {
		gr_set(cpu, 16 + r, w[current + r], w[MS_NAT] >> (current + r) & 1);
		cpu->gr_bank[r] = w[other + r];
		cpu->gr_bank_nat[r] = w[MS_NAT] >> (other + r) & 1;
	}
	cpu->nat_seen = true;
	cpu->br[0] = w[MS_BR0];
	cpu->br[1] = w[MS_BR1];
	cpu->cr[CR_IIP] = w[MS_XIP];
	cpu->cr[CR_IPSR] = w[MS_XPSR];
	cpu->cr[CR_IFS] = w[MS_XFS];
}

/* The rfi of PAL_MC_RESUME, which leaves the control registers as they were before the event. */
static bool resume(struct fw *fw, struct cpu *cpu, uint64_t min_state)
{
	uint64_t w[MS_WORDS];
	if (ram_read(&fw->machine->ram, GPA(min_state & ~UNCACHED), w, sizeof(w)) ||
		w[MS_IPSR] & PSR(IS))
		return false;
	pthread_mutex_lock(&fw->lock);
	fw->in_init &= ~(1ull << cpu->index);
	pthread_mutex_unlock(&fw->lock);
	cpu->inflight_ic = 0;
	cpu_set_cfm(cpu, 0);
	cpu->pr = w[MS_PR] | 1;
	rse_write_rsc(cpu, w[MS_RSC]);
	cpu_set_psr(cpu, w[MS_IPSR]);
	load_registers(cpu, w);
	cpu->ip = w[MS_IIP] & ~15ull;
	if (w[MS_IFS] & IFS_VALID)
		rse_return_interrupted(cpu, w[MS_IFS]);
	cpu->rse.load_frame = true;
	return true;
}

/* r8: 0 resume, -1 warm boot, -2 cold boot, -3 halt; r10: 0 the same context; r22: min-state area.
 */
enum fw_action fw_init_return(struct fw *fw, struct cpu *cpu)
{
	uint64_t at = gr_value(cpu, 10) ? gr_value(cpu, 22) : fw->cpu[cpu->index].min_state;
	switch ((int64_t)gr_value(cpu, 8)) {
	case 0:
		return resume(fw, cpu, at) ? FW_CONTINUE : FW_RESET_WARM;
	case -2:
		return FW_RESET_COLD;
	case -3:
		return FW_POWEROFF;
	default:
		return FW_RESET_WARM;
	}
}

/* PAL_MC_RESUME(set CMCI, save area, new context): returns only when the arguments are wrong. */
int64_t fw_mc_resume(struct fw_call *c)
{
	uint64_t at = c->arg[2] & ~UNCACHED;
	if (at & 0x1ff || !resume(c->fw, c->cpu, at))
		return PAL_INVALID;
	c->resumed = true;
	return PAL_OK;
}
