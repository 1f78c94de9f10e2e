/* SPDX-License-Identifier: MIT */
/* A processor's life: made, reset, saved, loaded, freed. Units with state of their own (rse, sapic,
 * timer, mmu) do their part in their own files. */
#include "cpu/cpu.h"

#include "base/stream.h"
#include "cpu/engine.h"
#include "cpu/fp.h"
#include "cpu/icache.h"
#include "cpu/rse.h"
#include "cpu/sapic.h"
#include "cpu/timer.h"

#include <stdlib.h>
#include <string.h>

#define FPSR_RESET 0x9804c0270033full /* all traps off, s1 with wre, s2 s3 td (1:88) */

struct cpu *cpu_new(struct machine *m, unsigned index)
{
	struct cpu *cpu = calloc(1, sizeof(*cpu));

	if (!cpu)
		return NULL;
	cpu->machine = m;
	cpu->model = m->model;
	cpu->index = index;
	cpu->icache = icache_new(
		m->engine && m->engine->decoded_pages ? m->engine->decoded_pages : ICACHE_PAGES);
	if (!cpu->icache || mmu_init(&cpu->mmu, m->model, &m->ram, &m->bus) < 0) {
		icache_free(cpu->icache);
		free(cpu);
		return NULL;
	}
	pthread_mutex_init(&cpu->port.lock, NULL);
	pthread_cond_init(&cpu->port.news, NULL);
	cpu_reset(cpu);
	if (m->engine && m->engine->open && !m->engine->open(cpu)) {
		cpu_free(cpu);
		return NULL;
	}
	return cpu;
}

void cpu_free(struct cpu *cpu)
{
	if (!cpu)
		return;
	if (cpu->machine->engine && cpu->machine->engine->close)
		cpu->machine->engine->close(cpu);
	icache_free(cpu->icache);
	mmu_free(&cpu->mmu);
	pthread_cond_destroy(&cpu->port.news);
	pthread_mutex_destroy(&cpu->port.lock);
	free(cpu);
}

static void reset_registers(struct cpu *cpu)
{
	memset(cpu->gr, 0, sizeof(cpu->gr));
	memset(cpu->gr_nat, 0, sizeof(cpu->gr_nat));
	memset(cpu->gr_bank, 0, sizeof(cpu->gr_bank));
	memset(cpu->gr_bank_nat, 0, sizeof(cpu->gr_bank_nat));
	memset(cpu->br, 0, sizeof(cpu->br));
	memset(cpu->fr, 0, sizeof(cpu->fr));
	memset(cpu->ar, 0, sizeof(cpu->ar));
	memset(cpu->cr, 0, sizeof(cpu->cr));
	memset(cpu->pmc, 0, sizeof(cpu->pmc));
	memset(cpu->pmd, 0, sizeof(cpu->pmd));
	memset(cpu->alat, 0, sizeof(cpu->alat));
	memset(cpu->dahr, 0, sizeof(cpu->dahr));
	cpu->fr[1] = FREG_ONE;
	cpu->ar[AR_FPSR] = FPSR_RESET;
	cpu->pr = 1;
	cpu->rrb_pr = 0;
}

void cpu_reset(struct cpu *cpu)
{
	reset_registers(cpu);
	cpu->ip = cpu->iipa = 0;
	cpu->inflight_ic = 0;
	cpu->taken = cpu->halted = false;
	cpu->exit = EXIT_NONE;
	mmu_reset(&cpu->mmu);
	cpu->psr = 0;
	rse_reset(cpu);
	cpu_set_psr(cpu, 0);
	sapic_reset(cpu);
	timer_reset(cpu);
	icache_drop_all(cpu);
}

/* --- saving; the ALAT is not saved: losing entries is always legal (1:64) --- */

static void put_array(struct stream *s, const uint64_t *v, size_t n)
{
	for (size_t k = 0; k < n; k++)
		stream_put_u64(s, v[k]);
}

static void get_array(struct stream *s, uint64_t *v, size_t n)
{
	for (size_t k = 0; k < n; k++)
		v[k] = stream_get_u64(s);
}

static void put_grs(const struct cpu *cpu, struct stream *s)
{
	put_array(s, cpu->gr, 32);
	stream_put(s, cpu->gr_nat, sizeof(cpu->gr_nat));
	put_array(s, cpu->gr_bank, 16);
	stream_put(s, cpu->gr_bank_nat, sizeof(cpu->gr_bank_nat));
}

static void get_nats(struct stream *s, uint8_t *nat, size_t n)
{
	stream_get(s, nat, n);
	for (size_t k = 0; k < n; k++)
		nat[k] &= 1;
}

static void get_grs(struct cpu *cpu, struct stream *s)
{
	get_array(s, cpu->gr, 32);
	get_nats(s, cpu->gr_nat, sizeof(cpu->gr_nat));
	get_array(s, cpu->gr_bank, 16);
	get_nats(s, cpu->gr_bank_nat, sizeof(cpu->gr_bank_nat));
	cpu->gr[0] = cpu->gr_nat[0] = 0;
	cpu->nat_seen = true;
}

static void put_frs(const struct cpu *cpu, struct stream *s)
{
	for (unsigned n = 2; n < 128; n++) {
		stream_put_u64(s, cpu->fr[n].sig);
		stream_put_u64(s, (uint64_t)cpu->fr[n].sign << 17 | cpu->fr[n].exp);
	}
}

static void get_frs(struct cpu *cpu, struct stream *s)
{
	for (unsigned n = 2; n < 128; n++) {
		cpu->fr[n].sig = stream_get_u64(s);
		uint64_t v = stream_get_max(s, 0x3ffff, "exponent");
		cpu->fr[n].sign = v >> 17;
		cpu->fr[n].exp = v & 0x1ffff;
	}
}

void cpu_save(struct cpu *cpu, struct stream *s)
{
	stream_begin(s, "cpu", 1);
	stream_put_u64(s, cpu_psr(cpu));
	stream_put_u64(s, cpu_cfm(cpu));
	stream_put_u64(s, cpu->pr);
	stream_put_u64(s, cpu->ip);
	stream_put_u64(s, cpu->iipa);
	stream_put_u64(s, cpu->slots);
	stream_put_u64(s, cpu->inflight_ic);
	stream_put_u64(s, cpu->halted);
	put_grs(cpu, s);
	put_array(s, cpu->br, countof(cpu->br));
	put_frs(cpu, s);
	put_array(s, cpu->ar, countof(cpu->ar));
	put_array(s, cpu->cr, countof(cpu->cr));
	put_array(s, cpu->pmc, countof(cpu->pmc));
	put_array(s, cpu->pmd, countof(cpu->pmd));
	for (unsigned n = 0; n < countof(cpu->dahr); n++)
		stream_put_u64(s, cpu->dahr[n]);
	stream_put_u64(s, cpu->pmu.slots);
	stream_put_u64(s, cpu->pmu.ns);
	rse_save(cpu, s);
	stream_end(s);
	sapic_save(cpu, s);
	timer_save(cpu, s);
	mmu_save(&cpu->mmu, s);
}

static void load_cfm(struct cpu *cpu, uint64_t cfm, struct stream *s)
{
	if (!rse_frame_sane(cfm) || cpu->rse.dirty + (int)(cfm & 0x7f) > RSE_PHYS)
		stream_fail(s, "frame marker 0x%llx out of range", (unsigned long long)cfm);
	else
		cpu_set_cfm(cpu, cfm);
}

void cpu_load(struct cpu *cpu, struct stream *s)
{
	if (!stream_open(s, "cpu", 1))
		return;
	uint64_t psr = stream_get_u64(s), cfm = stream_get_u64(s), pr = stream_get_u64(s);
	cpu->ip = stream_get_u64(s) & ~15ull;
	cpu->iipa = stream_get_u64(s);
	cpu->slots = stream_get_u64(s);
	cpu->inflight_ic = (uint8_t)stream_get_max(s, 2, "psr.ic in flight");
	cpu->halted = stream_get_max(s, 1, "halted");
	cpu_set_psr(cpu, psr);
	get_grs(cpu, s);
	get_array(s, cpu->br, countof(cpu->br));
	get_frs(cpu, s);
	get_array(s, cpu->ar, countof(cpu->ar));
	cpu->ar[AR_EC] &= 0x3f;
	if (fpsr_reserved(cpu->ar[AR_FPSR]))
		stream_fail(s, "reserved fields of ar.fpsr are set");
	get_array(s, cpu->cr, countof(cpu->cr));
	get_array(s, cpu->pmc, countof(cpu->pmc));
	get_array(s, cpu->pmd, countof(cpu->pmd));
	for (unsigned n = 0; n < countof(cpu->dahr); n++)
		cpu->dahr[n] = (uint16_t)stream_get_max(s, 0xffff, "dahr");
	cpu->pmu.slots = stream_get_u64(s);
	cpu->pmu.ns = stream_get_u64(s);
	rse_load(cpu, s);
	load_cfm(cpu, cfm, s);
	cpu->pr = pr | 1;
	memset(cpu->alat, 0, sizeof(cpu->alat));
	stream_close(s);
	sapic_load(cpu, s);
	timer_load(cpu, s);
	mmu_load(&cpu->mmu, s);
	cpu_sync_mode(cpu);
	icache_drop_all(cpu);
}
