/* SPDX-License-Identifier: MIT */
/*
 * ITC and ITM: see timer.h. The processor compares for equality, so an ITM that lies in the past
 * matches only after the counter has gone round. A guest cannot tell a match from a miss, however,
 * when the counter passed ITM between the guest's last look at it and its write of ITM, which a
 * pause of the host thread makes likely: that counts as a match.
 */
#include "cpu/timer.h"

#include "base/stream.h"
#include "cpu/personality.h"
#include "cpu/sapic.h"

static uint64_t itc_now(const struct cpu *cpu)
{
	return clock_now(&cpu->machine->clock) + cpu->itc_offset;
}

void timer_reset(struct cpu *cpu)
{
	cpu->itc_offset = 0;
	cpu->cr[CR_ITM] = 0;
	cpu->timer.armed = false;
	cpu->timer.itc_seen = 0;
}

void timer_save(struct cpu *cpu, struct stream *s)
{
	stream_begin(s, "timer", 1);
	stream_put_u64(s, cpu->itc_offset);
	stream_put_u64(s, cpu->cr[CR_ITM]);
	stream_put_u64(s, cpu->timer.armed);
	stream_put_u64(s, cpu->timer.itc_seen);
	stream_end(s);
}

void timer_load(struct cpu *cpu, struct stream *s)
{
	if (!stream_open(s, "timer", 1))
		return;
	cpu->itc_offset = stream_get_u64(s);
	cpu->cr[CR_ITM] = stream_get_u64(s);
	cpu->timer.armed = stream_get_max(s, 1, "timer armed") != 0;
	cpu->timer.itc_seen = stream_get_u64(s);
	stream_close(s);
}

uint64_t timer_read_itc(struct cpu *cpu)
{
	return cpu->timer.itc_seen = itc_now(cpu);
}

/* Has the counter passed itm since the guest looked at it, or is that still to come? Differences
 * are modulo 2^64: a distance of half the range or more lies in the past. */
static void arm(struct cpu *cpu)
{
	uint64_t itm = cpu->cr[CR_ITM];
	cpu->timer.armed = (int64_t)(itm - cpu->timer.itc_seen) > 0;
}

void timer_write_itc(struct cpu *cpu, uint64_t v)
{
	timer_check(cpu);
	cpu->itc_offset = v - clock_now(&cpu->machine->clock);
	cpu->timer.itc_seen = v - 1;
	arm(cpu);
}

void timer_write_itm(struct cpu *cpu, uint64_t v)
{
	timer_check(cpu);
	cpu->cr[CR_ITM] = v;
	arm(cpu);
}

void timer_check(struct cpu *cpu)
{
	const struct personality *p = cpu->machine->personality;

	if (!cpu->timer.armed || (int64_t)(itc_now(cpu) - cpu->cr[CR_ITM]) < 0)
		return;
	cpu->timer.armed = false;
	cpu->timer.itc_seen = cpu->cr[CR_ITM]; /* what the interrupt tells */
	if (p)
		p->timer(cpu);
	else
		sapic_raise(cpu, cpu->sapic.itv);
}

uint64_t timer_deadline(const struct cpu *cpu)
{
	uint64_t now = clock_now(&cpu->machine->clock);
	uint64_t left = cpu->cr[CR_ITM] - (now + cpu->itc_offset);
	if (!cpu->timer.armed || cpu->sapic.itv & SAPIC_MASKED)
		return UINT64_MAX;
	if ((int64_t)left <= 0)
		return now;
	return left > UINT64_MAX - now ? UINT64_MAX : now + left;
}
