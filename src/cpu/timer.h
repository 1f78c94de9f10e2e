/* SPDX-License-Identifier: MIT */
/*
 * The interval time counter and its match register (1:31, 2:33): ar.itc runs at 1 GHz with the
 * machine's clock, and ITV's vector becomes pending when it reaches cr.itm.
 */
#ifndef CPU_TIMER_H
#define CPU_TIMER_H

#include "cpu/cpu.h"

void timer_reset(struct cpu *cpu);
void timer_save(struct cpu *cpu, struct stream *s);
void timer_load(struct cpu *cpu, struct stream *s);

/* ar.itc as the guest reads it. */
uint64_t timer_read_itc(struct cpu *cpu);
void timer_write_itc(struct cpu *cpu, uint64_t v);
void timer_write_itm(struct cpu *cpu, uint64_t v);

/* Makes the interrupt pending if the match has happened. Own thread. */
void timer_check(struct cpu *cpu);
/* When timer_check will next have something to do, in ns of the machine's clock (clock_now);
 * UINT64_MAX when nothing is to come. Own thread, or the processor stopped. */
uint64_t timer_deadline(const struct cpu *cpu);

#endif
