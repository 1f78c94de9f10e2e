/* SPDX-License-Identifier: MIT */
/*
 * The processor as a paravirtual kernel sees it: what pv_*.c share. The kernel runs at privilege
 * level 1 with psr.ic, i, dt, rt, it and bn really set; its own values of these are virtual and
 * stand in the shared pages. Everything runs on the processor's own thread, inside cpu_run, or
 * while the processor does not run.
 */
#ifndef HV_PV_H
#define HV_PV_H

#include "cpu/exec.h"
#include "cpu/personality.h"
#include "hv/hv.h"
#include "hv/pv_page.h"

struct stream;

/* Privilege level of kernels, whose virtual level is 0. */
#define KERNEL_PL 1

/* What an emulated operation answers: 0 is success, the others the code of a General Exception
 * whose ISR holds nothing else (ABI 6.3). Hyperprivops discard them (6.1). */
enum pv_fault {
	PV_OK,
	PV_ILLEGAL,  /* code 0x00 */
	PV_RESERVED, /* code 0x30 */
	PV_CRASHED   /* the domain is to be crashed: cpu->exit is set */
};

#define IFS_VALID (1ull << 63)

static inline bool pv_kernel(const struct cpu *cpu)
{
	return cpu->cpl <= KERNEL_PL;
}

/* The guest did what only a crash of the domain answers; why is a constant. */
static inline enum pv_fault pv_crash(struct cpu *cpu, const char *why)
{
	cpu->exit = EXIT_CRASH;
	cpu->exit_text = why;
	return PV_CRASHED;
}

/* --- pv_state.c --- */
extern const struct personality pv_personality;
void pv_attach(struct hv_vcpu *v);
void pv_reset(struct hv_vcpu *v);
void pv_save(const struct hv_vcpu *v, struct stream *s);
void pv_load(struct hv_vcpu *v, struct stream *s);

/* --- pv_psr.c --- */
/* psr.ic, i, dt, rt, it, bn as they really are in every guest, with the flags that are forced. */
#define PSR_REAL_SET (PSR(IC) | PSR(I) | PSR(DT) | PSR(RT) | PSR(IT) | PSR(BN))
/* Bits whose real and virtual values are the same (ABI 5.6); ri is among them. */
#define PSR_PLAIN                                                                                  \
	(PSR(BE) | PSR(UP) | PSR(AC) | PSR(MFL) | PSR(MFH) | PSR(DFL) | PSR(SP) | PSR(PK) |        \
		PSR(DB) | PSR(LP) | PSR(TB) | PSR(ID) | PSR(DA) | PSR(DD) | PSR(SS) |              \
		3ull << PSR_RI_BIT | PSR(ED) | PSR(IA))

/* The virtual PSR, all of it. */
uint64_t pv_psr(const struct hv_vcpu *v);
/* What mov r=psr and GET_PSR give: bits 31:0 and 36:35. */
uint64_t pv_psr_readable(const struct hv_vcpu *v);
/* Writes the virtual PSR as rfi does. */
void pv_set_psr(struct hv_vcpu *v, uint64_t psr);
/* Writes its bits under mask, which lies in 31:0, as ssm, rsm and mov psr.l do. */
void pv_change_psr(struct hv_vcpu *v, uint64_t value, uint64_t mask);
/* Guest physical mode (ABI 5.7). */
void pv_set_metaphysical(struct hv_vcpu *v, bool on);
/* Switches the virtual register bank. */
void pv_set_bank(struct hv_vcpu *v, unsigned bank);
/* The frame and the branch of a virtual rfi; pv_set_psr included. Returns EXEC_BRANCH or
 * EXEC_TRAP. */
enum exec pv_rfi(struct hv_vcpu *v);

/* --- pv_deliver.c --- */
void pv_deliver(struct cpu *cpu);
/* Is an event to be delivered before the next instruction? */
bool pv_event_due(struct cpu *cpu);
/* The same between runs of the engine, where the timer is looked at, too. */
bool pv_interrupt_due(struct cpu *cpu);

/* --- pv_vector.c: legacy vectors and the timer --- */
uint64_t pv_read_ivr(struct hv_vcpu *v);
void pv_end_interrupt(struct hv_vcpu *v);
enum pv_fault pv_write_tpr(struct hv_vcpu *v, uint64_t tpr);
/* cr.itm and cr.itv were written, or loaded. */
void pv_write_itm(struct hv_vcpu *v, uint64_t itm);
enum pv_fault pv_write_itv(struct hv_vcpu *v, uint64_t itv);
void pv_timer_arm(struct hv_vcpu *v);
void pv_timer_expired(struct cpu *cpu);
/* The timer has expired and VIRQ_ITC was not bound then: tries again. */
void pv_timer_retry(struct hv_vcpu *v);

/* --- pv_tlb.c --- */
extern const struct mmu_nested pv_nested;
enum pv_fault pv_itc(struct hv_vcpu *v, bool inst, uint64_t pte);
enum pv_fault pv_itr(struct hv_vcpu *v, bool inst, uint64_t slot, uint64_t pte);
enum pv_fault pv_ptc(struct hv_vcpu *v, gva_t va, unsigned ps, bool global);
enum pv_fault pv_ptr(struct hv_vcpu *v, bool inst, gva_t va, unsigned ps);
enum pv_fault pv_set_rr(struct hv_vcpu *v, gva_t va, uint64_t rr);
/* Would pv_set_rr take the value (ABI 8.2)? */
bool pv_rr_legal(uint64_t rr);
/* Are the region registers, which came from a save file, what pv_set_rr makes? */
bool pv_rrs_sane(const struct hv_vcpu *v);
/* Tells the mmu region register 0, as the mode has it. */
void pv_sync_rr0(struct hv_vcpu *v);
uint64_t pv_thash(const struct hv_vcpu *v, gva_t va);
/* {rid, ps} of the region of va, as in cr.itir. */
uint64_t pv_itir(const struct hv_vcpu *v, gva_t va);

/* --- pv_hyperprivop.c --- */
#define PV_HYPERPRIVOPS 0x1b /* numbers 1 to 0x1a */
/* Performs break number at kernel level. */
enum exec pv_hyperprivop(struct hv_vcpu *v, unsigned number);

/* --- pv_privop.c --- */
exec_fn *pv_exec(const struct insn *i);

#endif
