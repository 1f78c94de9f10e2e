/* SPDX-License-Identifier: MIT */
/* Instructions that change the processor's mode: rfi (3:236), epc (3:53), bsw (3:34), vmsw (3:273);
 * and break (3:29), which is also the guest's way into the firmware. */
#include "cpu/exec.h"
#include "cpu/interrupt.h"
#include "cpu/pmu.h"
#include "cpu/rse.h"

#define IFS_VALID (1ull << 63)

/* --- break --- */

/* Immediates the stubs of the firmware area use: this plus the entry number. */
#define FIRMWARE_BREAK 0x1f

static bool in_firmware(const struct cpu *cpu)
{
	const struct machine *m = cpu->machine;
	return cpu->code_gpa.v - m->fw_base.v < m->fw_size;
}

static enum exec take_break(struct cpu *cpu, uint64_t imm)
{
	if (imm >> 16 == FIRMWARE_BREAK && in_firmware(cpu)) {
		cpu->exit = EXIT_FIRMWARE;
		cpu->exit_arg = imm & 0xffff;
		return EXEC_EXIT;
	}
	return cpu_fault_iim(cpu, FAULT_BREAK, 0, imm);
}

enum exec exec_break_i(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, (uint64_t)i->imm & 0x1fffff);
}

enum exec exec_break_m(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, (uint64_t)i->imm & 0x1fffff);
}

enum exec exec_break_f(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, (uint64_t)i->imm & 0x1fffff);
}

/* The low 21 bits of the 62. */
enum exec exec_break_x(struct cpu *cpu, const struct insn *i)
{
	return take_break(cpu, (uint64_t)i->imm & 0x1fffff);
}

/* Its immediate is ignored. */
enum exec exec_break_b(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	return cpu_fault_iim(cpu, FAULT_BREAK, 0, 0);
}

/* --- rfi --- */

static bool target_implemented(const struct cpu *cpu, gva_t ip)
{
	return cpu->psr & PSR(IT) ? mmu_va_implemented(&cpu->mmu, ip)
				  : mmu_pa_implemented(&cpu->mmu, ip);
}

/* Loads of the restored frame come after the branch: the run loop completes the frame. No lower-
 * privilege, taken-branch or single-step trap follows an rfi (3:236). IA-32 code cannot be resumed.
 */
enum exec exec_rfi(struct cpu *cpu, const struct insn *i)
{
	uint64_t ipsr = cpu->cr[CR_IPSR];
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	if (ipsr & PSR(IS))
		return cpu_fault(cpu, FAULT_DISABLED_ISA, 0);
	pmu_at(cpu, i);
	pmu_sync(cpu);
	cpu->inflight_ic = 0;
	cpu_set_psr(cpu, ipsr);
	cpu->next_ip = cpu->cr[CR_IIP] & ~15ull;
	cpu->next_ri = cpu->ri;
	if (cpu->cr[CR_IFS] & IFS_VALID)
		rse_return_interrupted(cpu, cpu->cr[CR_IFS]);
	cpu->rse.load_frame = true;
	if (!target_implemented(cpu, cpu->next_ip)) {
		cpu->taken = true;
		return cpu_trap(cpu, FAULT_UNIMPL_INST_ADDR, 0);
	}
	return EXEC_BRANCH;
}

/* --- others --- */

enum exec exec_epc(struct cpu *cpu, const struct insn *i)
{
	if (cpu->ar[AR_PFS] >> 62 < cpu->cpl)
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	unsigned level = mmu_epc_level(&cpu->mmu, insn_ip(cpu, i));
	if (level >= cpu->cpl)
		return EXEC_NEXT;
	/* the page is executable at every level: the engine may go on in it */
	cpu->cpl = level;
	cpu_sync_mode(cpu);
	return EXEC_NEXT;
}

static enum exec switch_bank(struct cpu *cpu, uint64_t bn)
{
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	if (cpu->psr & PSR(VM))
		return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
	cpu_set_psr(cpu, (cpu_psr(cpu) & ~PSR(BN)) | bn);
	return EXEC_NEXT;
}

enum exec exec_bsw_0(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	return switch_bank(cpu, 0);
}

enum exec exec_bsw_1(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	return switch_bank(cpu, PSR(BN));
}

/* Virtual machine features are there but disabled, as on a machine whose firmware was not asked for
 * them, so vmsw always faults (3:273). */
static enum exec vmsw(struct cpu *cpu)
{
	if (!(cpu->model->features & CPU_VM))
		return cpu_fault(cpu, FAULT_ILLEGAL_OP, 0);
	if (cpu->cpl != 0)
		return cpu_fault(cpu, FAULT_PRIV_OP, 0);
	return cpu_fault(cpu, FAULT_VIRTUALIZATION, 0);
}

enum exec exec_vmsw_0(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	return vmsw(cpu);
}

enum exec exec_vmsw_1(struct cpu *cpu, const struct insn *i)
{
	(void)i;
	return vmsw(cpu);
}
