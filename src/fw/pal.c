/* SPDX-License-Identifier: MIT */
/*
 * Processor abstraction layer: one row per procedure (2:338-2:479). Answers come from the CPU
 * model; what a processor without errors, power states or configuration has nothing to say about is
 * answered so. A procedure without a row does not exist (-1), nor do those that may be absent:
 * PAL_COPY_PAL, CACHE_READ/WRITE, P-states, MC_ERROR_INJECT, VP_*.
 */
#include "fw/pal.h"

#include <stdio.h>
#include <string.h>

#include "fw/layout.h"
#include "mmu/read_tr.h"

int64_t pal_nothing(struct fw_call *c)
{
	(void)c;
	return PAL_OK;
}

static const struct cpu_model *model(const struct fw_call *c)
{
	return c->cpu->model;
}

/* --- memory and identity --- */

/* WB, UC, UCE, WC and NaTPage (2:387). */
static int64_t mem_attrib(struct fw_call *c)
{
	c->ret[1] = 1u << 0 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7;
	return PAL_OK;
}

static int64_t fixed_addr(struct fw_call *c)
{
	c->ret[1] = c->cpu->index;
	return PAL_OK;
}

/* The addresses are where they are. Type 0: interrupt block, 1: I/O ports. */
static int64_t platform_addr(struct fw_call *c)
{
	uint64_t type = c->arg[1];
	if (type > 1)
		return PAL_INVALID;
	uint64_t base = type ? MAP_IOPORT_BASE : MAP_PIB_BASE;
	return (c->arg[2] & ~(1ull << 63)) == base ? PAL_OK : PAL_ERROR;
}

/* Vendor 1, revision 1.0 of both halves. */
static int64_t version(struct fw_call *c)
{
	const uint64_t v = 0x0000010001000100ull;
	c->ret[1] = v;
	c->ret[2] = v;
	return PAL_OK;
}

/* Minimum stacked registers and no eager RSE modes (2:415). */
static int64_t rse_info(struct fw_call *c)
{
	c->ret[1] = RSE_PHYS;
	c->ret[2] = 0;
	return PAL_OK;
}

static int64_t debug_info(struct fw_call *c)
{
	c->ret[1] = model(c)->ibrs;
	c->ret[2] = model(c)->dbrs;
	return PAL_OK;
}

/* Bit n: register n exists. */
static uint64_t bit_range(unsigned first, unsigned last)
{
	return bits(~0ull, first, last - first + 1) << first;
}

static void application_registers(const struct fw_call *c, uint64_t r[2])
{
	r[0] = bit_range(0, 7) | bit_range(16, 19) | 1ull << AR_FCR | bit_range(24, 30) |
	       1ull << AR_CCV | 1ull << AR_UNAT | 1ull << AR_FPSR | 1ull << AR_ITC |
	       bit_range(48, 63);
	if (model(c)->features & CPU_RU)
		r[0] |= 1ull << AR_RUC;
	r[1] = bit_range(AR_PFS - 64, AR_EC - 64) | bit_range(112 - 64, 127 - 64);
}

static void control_registers(const struct fw_call *c, uint64_t r[2])
{
	r[0] = bit_range(CR_DCR, CR_IVA) | 1ull << CR_PTA | bit_range(CR_IPSR, CR_ISR) |
	       bit_range(CR_IIP, CR_IHA);
	if (model(c)->features & CPU_IIB)
		r[0] |= 1ull << CR_IIB0 | 1ull << CR_IIB1;
	r[1] = bit_range(CR_LID - 64, CR_IRR0 + 3 - 64) | bit_range(CR_ITV - 64, CR_CMCV - 64) |
	       bit_range(CR_LRR0 - 64, CR_LRR1 - 64);
}

/* 0, 1: AR implemented, AR read with side effects; 2, 3: the same of CR (2:412). Only IVR has any.
 */
static int64_t register_info(struct fw_call *c)
{
	switch (c->arg[1]) {
	case 0:
		application_registers(c, c->ret + 1);
		return PAL_OK;
	case 1:
		return PAL_OK;
	case 2:
		control_registers(c, c->ret + 1);
		return PAL_OK;
	case 3:
		c->ret[2] = 1ull << (CR_IVR - 64);
		return PAL_OK;
	default:
		return PAL_INVALID;
	}
}

/* --- frequencies: 100 MHz base, processor and ITC at ten times that --- */

static int64_t freq_base(struct fw_call *c)
{
	c->ret[1] = FW_BASE_HZ;
	return PAL_OK;
}

static uint64_t ratio(uint32_t num, uint32_t den)
{
	return (uint64_t)num << 32 | den;
}

static int64_t freq_ratios(struct fw_call *c)
{
	c->ret[1] = ratio(FW_ITC_HZ / FW_BASE_HZ, 1);
	c->ret[2] = ratio(1, 1);
	c->ret[3] = ratio(FW_ITC_HZ / FW_BASE_HZ, 1);
	return PAL_OK;
}

/* --- translation (2:459-2:469) --- */

static int64_t ptce_info(struct fw_call *c)
{
	c->ret[1] = 0;
	c->ret[2] = 1ull << 32 | 1; /* one ptc.e purges everything */
	c->ret[3] = 0;
	return PAL_OK;
}

static int64_t vm_summary(struct fw_call *c)
{
	const struct cpu_model *m = model(c);
	c->ret[1] = 1 | (uint64_t)m->pa_bits << 1 | (uint64_t)m->key_bits << 8 |
		    (uint64_t)(m->pkrs - 1u) << 16 | 0x30ull << 24 |
		    (uint64_t)(m->dtrs - 1u) << 32 | (uint64_t)(m->itrs - 1u) << 40 |
		    (uint64_t)2 << 48 | (uint64_t)1 << 56;
	c->ret[2] = (m->va_bits - 1u) | (uint64_t)m->rid_bits << 8;
	return PAL_OK;
}

/* One level, an instruction and a data cache. Type 1 instruction, 2 data (2:461). */
static int64_t vm_info(struct fw_call *c)
{
	if (c->arg[1] != 0 || (c->arg[2] != 1 && c->arg[2] != 2))
		return PAL_INVALID;
	c->ret[1] = 1 | 128u << 8 | 128u << 16; /* one set of 128 */
	c->ret[2] = model(c)->page_sizes;
	return PAL_OK;
}

static int64_t vm_page_size(struct fw_call *c)
{
	c->ret[1] = model(c)->page_sizes;
	c->ret[2] = model(c)->purge_sizes;
	return PAL_OK;
}

/* Register number, type 0 instruction or 1 data, buffer of four words (2:469). */
static int64_t vm_tr_read(struct fw_call *c)
{
	uint64_t slot = c->arg[1], type = c->arg[2], w[4];
	if (type > 1 || slot >= (type ? model(c)->dtrs : model(c)->itrs))
		return PAL_INVALID;
	bool valid = mmu_read_tr(&c->cpu->mmu, type == 0, (unsigned)slot, w);
	if (!fw_write(c, c->arg[3], w, sizeof(w)))
		return PAL_INVALID;
	c->ret[1] = valid ? 15 : 0; /* access rights, level, dirty, attribute are valid */
	return PAL_OK;
}

/* --- features: none can be chosen (2:373, 2:408) --- */

static int64_t proc_get_features(struct fw_call *c)
{
	return c->arg[2] ? PAL_NO_FEATURE_SET : PAL_OK;
}

static int64_t proc_set_features(struct fw_call *c)
{
	return c->arg[2] ? PAL_NO_FEATURE_SET : PAL_OK;
}

/* --- performance monitors (2:401) --- */

/* Events that count cycles and retired instructions, as on Itanium 2. */
#define EVENT_CYCLES  0x12u
#define EVENT_RETIRED 0x08u

static int64_t perf_mon_info(struct fw_call *c)
{
	const struct cpu_model *m = model(c);
	uint64_t mask[16] = {0}; /* 256 bits each: PMC, PMD, counts cycles, counts retired */
	mask[0] = bit_range(0, 3u + m->pmcs);
	mask[4] = bit_range(0, 3u + m->pmds);
	mask[8] = mask[12] = bit_range(4, 3u + m->pmds);
	if (!fw_write(c, c->arg[1], mask, sizeof(mask)))
		return PAL_INVALID;
	c->ret[1] =
		m->pmds | (uint32_t)m->pmc_width << 8 | EVENT_CYCLES << 16 | EVENT_RETIRED << 24;
	return PAL_OK;
}

/* --- power (2:384) --- */

static int64_t halt_light(struct fw_call *c)
{
	c->action = FW_HALT;
	return PAL_OK;
}

/* State 1 to 7 would be deeper ones; state 0 does not exist as such but is asked for by systems
 * that found no deeper one. All wait for an interrupt. */
static int64_t halt(struct fw_call *c)
{
	if (c->arg[1] > 7)
		return PAL_INVALID;
	c->action = FW_HALT;
	return PAL_OK;
}

/* Eight words, one per state: latencies 1 and 1, power 10, implemented, coherent. */
static int64_t halt_info(struct fw_call *c)
{
	uint64_t state[8] = {1ull | 1ull << 16 | 10ull << 32 | 1ull << 60 | 1ull << 61};
	return fw_write(c, c->arg[1], state, sizeof(state)) ? PAL_OK : PAL_INVALID;
}

/* --- machine checks: there are none (2:388-2:400) --- */

static struct fw_cpu *fw_cpu(const struct fw_call *c)
{
	return &c->fw->cpu[c->cpu->index];
}

static int64_t mc_expected(struct fw_call *c)
{
	c->ret[1] = fw_cpu(c)->mc_expected;
	fw_cpu(c)->mc_expected = c->arg[1] & 1;
	return PAL_OK;
}

static int64_t mc_error_info(struct fw_call *c)
{
	(void)c;
	return PAL_NO_INFORMATION;
}

static int64_t mc_register_mem(struct fw_call *c)
{
	uint64_t at = c->arg[1] & ~(1ull << 63);
	c->ret[1] = FW_MIN_STATE_SIZE;
	if (at & 0x1ff || (c->arg[2] && c->arg[2] < FW_MIN_STATE_SIZE) ||
		!ram_find(&c->fw->machine->ram, GPA(at), FW_MIN_STATE_SIZE))
		return PAL_INVALID;
	fw_cpu(c)->min_state = at;
	return PAL_OK;
}

static int64_t mc_resume(struct fw_call *c)
{
	return fw_mc_resume(c);
}

/* --- topology: each processor is a package of one core with one thread (2:386) --- */

static int64_t logical_to_physical(struct fw_call *c)
{
	uint64_t n = c->arg[1];
	if (n != ~0ull && n != 0)
		return PAL_INVALID;
	c->ret[1] = 1 | 1ull << 16 | 1ull << 32 | (uint64_t)c->cpu->index << 48;
	c->ret[2] = 0;
	c->ret[3] = c->cpu->index << 8;
	return PAL_OK;
}

static int64_t get_hw_policy(struct fw_call *c)
{
	c->ret[1] = 0; /* performance */
	c->ret[2] = 1;
	c->ret[3] = c->cpu->index << 8;
	return PAL_OK;
}

static int64_t set_hw_policy(struct fw_call *c)
{
	return c->arg[1] == 0 ? PAL_OK : PAL_INVALID;
}

/* --- the rest --- */

/* Prefetches are visible at once, here and on all other processors (2:407). */
static int64_t prefetch_visibility(struct fw_call *c)
{
	return c->arg[1] > 1 ? PAL_INVALID : 1;
}

/* 0: text of 128 bytes; 16: frequency in Hz; 17: size of the last cache; 18: bus frequency. */
static int64_t brand_info(struct fw_call *c)
{
	char text[128] = {0};
	switch (c->arg[1]) {
	case 0:
		snprintf(text, sizeof(text), "%s", model(c)->text);
		return fw_write(c, c->arg[2], text, sizeof(text)) ? PAL_OK : PAL_INVALID;
	case 16:
		c->ret[1] = FW_ITC_HZ;
		return PAL_OK;
	case 17:
		c->ret[1] = pal_last_cache_size();
		return PAL_OK;
	case 18:
		c->ret[1] = FW_BASE_HZ;
		return PAL_OK;
	default:
		return PAL_INVALID;
	}
}

static const struct {
	uint16_t index;
	int64_t (*handler)(struct fw_call *c);
} procedures[] = {
	{29, halt_light}, /* first: idle loops call it */
	{1, pal_nothing}, /* CACHE_FLUSH: caches are always coherent; r9 vector, r10 progress 0 */
	{2, pal_cache_info},
	{3, pal_nothing}, /* CACHE_INIT */
	{4, pal_cache_summary},
	{5, mem_attrib},
	{6, ptce_info},
	{7, vm_info},
	{8, vm_summary},
	{9, pal_nothing}, /* BUS_GET_FEATURES: none */
	{10, pal_nothing},
	{11, debug_info},
	{12, fixed_addr},
	{13, freq_base},
	{14, freq_ratios},
	{15, perf_mon_info},
	{16, platform_addr},
	{17, proc_get_features},
	{18, proc_set_features},
	{19, rse_info},
	{20, version},
	{21, pal_nothing}, /* MC_CLEAR_LOG: nothing pending */
	{22, pal_nothing}, /* MC_DRAIN */
	{23, mc_expected},
	{24, pal_nothing}, /* MC_DYNAMIC_STATE: 0 bytes */
	{25, mc_error_info},
	{26, mc_resume},
	{27, mc_register_mem},
	{28, halt},
	{31, pal_nothing}, /* CACHE_LINE_INIT */
	{32, pal_nothing}, /* PMI_ENTRYPOINT: there is no PMI */
	{34, vm_page_size},
	{37, pal_nothing}, /* MEM_FOR_TEST: 0 bytes */
	{38, pal_cache_prot_info},
	{39, register_info},
	{41, prefetch_visibility},
	{42, logical_to_physical},
	{43, pal_cache_shared_info},
	{48, get_hw_policy},
	{49, set_hw_policy},
	{51, pal_nothing}, /* MC_HW_TRACKING: none */
	{257, halt_info},
	{258, pal_nothing}, /* TEST_PROC: passed */
	{261, vm_tr_read},
	{274, brand_info},
};

int64_t pal_call(struct fw_call *c)
{
	for (unsigned i = 0; i < countof(procedures); i++)
		if (procedures[i].index == c->arg[0])
			return procedures[i].handler(c);
	return PAL_UNIMPLEMENTED;
}
