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

struct stream;
struct tlb_entry;

/* Privilege level of kernels, whose virtual level is 0. */
#define KERNEL_PL 1

/* In the rids that guests may use there are 18 bits; the metaphysical one lies outside. */
#define PV_RID_BITS 18

/* Results of emulation beside 0: the code of a General Exception, whose ISR then holds nothing else
 * (ABI 6.3). */
enum pv_fault { PV_OK, PV_ILLEGAL = 0x100, PV_RESERVED = 0x130 };

/* --- pv_state.c --- */
extern const struct personality pv_personality;
void pv_attach(struct hv_vcpu *v);
void pv_reset(struct hv_vcpu *v);
void pv_save(const struct hv_vcpu *v, struct stream *s);
void pv_load(struct hv_vcpu *v, struct stream *s);

#endif
