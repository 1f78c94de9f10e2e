/* SPDX-License-Identifier: MIT */
/*
 * System abstraction layer procedures (Itanium SAL specification, chapter 9) and the SAL system
 * table (3.2.6). No errors are logged and there is nothing to flush, so most answers are short.
 */
#include "dev/platform.h"
#include "fw/call.h"
#include "fw/layout.h"
#include "fw/pal.h"

enum { SAL_OK = 0, SAL_UNIMPLEMENTED = -1, SAL_INVALID = -2, SAL_NO_INFORMATION = -5 };

enum sal_index {
	SAL_SET_VECTORS = 0x01000000,
	SAL_GET_STATE_INFO,
	SAL_GET_STATE_INFO_SIZE,
	SAL_CLEAR_STATE_INFO,
	SAL_MC_RENDEZ,
	SAL_MC_SET_PARAMS,
	SAL_REGISTER_PHYSICAL_ADDR,
	SAL_CACHE_FLUSH = 0x01000008,
	SAL_CACHE_INIT,
	SAL_PCI_CONFIG_READ = 0x01000010,
	SAL_PCI_CONFIG_WRITE,
	SAL_FREQ_BASE,
	SAL_PHYSICAL_ID_INFO,
	SAL_UPDATE_PAL = 0x01000020
};

/* --- procedures --- */

/* Type 0 OS_MCA, 1 OS_INIT (monarch, slave), 2 OS_BOOT_RENDEZ; then address, gp, length of each. */
static int64_t set_vectors(struct fw_call *c)
{
	struct fw_vector *v = c->fw->vector;
	struct fw_vector first = {c->arg[2], c->arg[3]}, second = {c->arg[5], c->arg[6]};
	switch (c->arg[1]) {
	case 0:
		v[FW_OS_MCA] = first;
		return SAL_OK;
	case 1:
		v[FW_OS_INIT_MONARCH] = first;
		v[FW_OS_INIT_SLAVE] = second;
		return SAL_OK;
	case 2:
		v[FW_OS_BOOT_RENDEZ] = first;
		return SAL_OK;
	default:
		return SAL_INVALID;
	}
}

/* Types: MCA, INIT, corrected machine check, corrected platform error. */
#define STATE_TYPES	4
#define STATE_INFO_SIZE 0x2000

static int64_t get_state_info(struct fw_call *c)
{
	return c->arg[1] < STATE_TYPES ? SAL_NO_INFORMATION : SAL_INVALID;
}

static int64_t get_state_info_size(struct fw_call *c)
{
	if (c->arg[1] >= STATE_TYPES)
		return SAL_INVALID;
	c->ret[1] = STATE_INFO_SIZE;
	return SAL_OK;
}

static int64_t clear_state_info(struct fw_call *c)
{
	return c->arg[1] < STATE_TYPES ? SAL_OK : SAL_INVALID;
}

/* Rendezvous interrupt, wake-up, corrected platform error; by interrupt or memory. */
static int64_t mc_set_params(struct fw_call *c)
{
	bool good = c->arg[1] >= 1 && c->arg[1] <= 3 && c->arg[2] >= 1 && c->arg[2] <= 2;
	return good ? SAL_OK : SAL_INVALID;
}

static int64_t cache_flush(struct fw_call *c)
{
	return c->arg[1] >= 1 && c->arg[1] <= 4 ? SAL_OK : SAL_INVALID;
}

struct pci_address {
	unsigned segment, bus, devfn, reg;
};

/* Type 0: 8 bits each of segment, bus, devfn, register; 1: 16, 8, 8 and 12 (SAL 9.3). */
static bool pci_address(uint64_t a, uint64_t type, uint64_t size, struct pci_address *p)
{
	unsigned reg_bits = type ? 12 : 8;
	if (type > 1 || (size != 1 && size != 2 && size != 4) || a & (size - 1))
		return false;
	p->reg = (unsigned)bits(a, 0, reg_bits);
	p->devfn = (unsigned)bits(a, reg_bits, 8);
	p->bus = (unsigned)bits(a, reg_bits + 8, 8);
	p->segment = (unsigned)bits(a, reg_bits + 16, type ? 16 : 8);
	return true;
}

static int64_t pci_config_read(struct fw_call *c)
{
	struct pci_address a;
	if (!pci_address(c->arg[1], c->arg[3], c->arg[2], &a))
		return SAL_INVALID;
	c->ret[1] = pci_host_read(
		&c->fw->platform->pci, a.segment, a.bus, a.devfn, a.reg, (unsigned)c->arg[2]);
	return SAL_OK;
}

static int64_t pci_config_write(struct fw_call *c)
{
	struct pci_address a;
	if (!pci_address(c->arg[1], c->arg[4], c->arg[2], &a))
		return SAL_INVALID;
	pci_host_write(&c->fw->platform->pci, a.segment, a.bus, a.devfn, a.reg, (unsigned)c->arg[2],
		(uint32_t)c->arg[3]);
	return SAL_OK;
}

/* 0 platform, 1 input of the ITC, 2 real-time clock; r10: drift in parts per million. */
static int64_t freq_base(struct fw_call *c)
{
	static const uint64_t hz[] = {FW_BASE_HZ, FW_BASE_HZ, 1};
	if (c->arg[1] >= countof(hz))
		return SAL_INVALID;
	c->ret[1] = hz[c->arg[1]];
	c->ret[2] = c->arg[1] == 2 ? ~0ull : 0;
	return SAL_OK;
}

static int64_t physical_id_info(struct fw_call *c)
{
	c->ret[1] = c->cpu->index;
	return SAL_OK;
}

int64_t sal_call(struct fw_call *c)
{
	switch (c->arg[0]) {
	case SAL_SET_VECTORS:
		return set_vectors(c);
	case SAL_GET_STATE_INFO:
		return get_state_info(c);
	case SAL_GET_STATE_INFO_SIZE:
		return get_state_info_size(c);
	case SAL_CLEAR_STATE_INFO:
		return clear_state_info(c);
	case SAL_MC_SET_PARAMS:
		return mc_set_params(c);
	case SAL_CACHE_FLUSH:
		return cache_flush(c);
	case SAL_PCI_CONFIG_READ:
		return pci_config_read(c);
	case SAL_PCI_CONFIG_WRITE:
		return pci_config_write(c);
	case SAL_FREQ_BASE:
		return freq_base(c);
	case SAL_PHYSICAL_ID_INFO:
		return physical_id_info(c);
	case SAL_MC_RENDEZ:
	case SAL_REGISTER_PHYSICAL_ADDR: /* our entries run at any address */
	case SAL_CACHE_INIT:
		return SAL_OK;
	case SAL_UPDATE_PAL:
	default:
		return SAL_UNIMPLEMENTED;
	}
}

/* --- system table --- */

#define SAL_REVISION 0x0320 /* 3.20: extended PCI configuration addresses */

/* One coherence domain with all processors, id in bits 7:0, eid in 15:8. */
static uint64_t ptc_domain(const struct machine *m, struct blob *b)
{
	blob_align(b, 16);
	uint64_t list = blob_here(b);
	for (unsigned i = 0; i < m->cpus; i++)
		blob_u64(b, i);
	uint64_t domain = blob_here(b);
	blob_u64(b, m->cpus);
	blob_u64(b, list);
	return domain;
}

static void put_header(struct blob *b, unsigned entries)
{
	blob_text(b, "SST_", 4, 0);
	blob_u32(b, 0); /* length */
	blob_u16(b, SAL_REVISION);
	blob_u16(b, (uint16_t)entries);
	blob_zero(b, 8);     /* checksum */
	blob_u16(b, 0x0100); /* version of SAL A and B */
	blob_u16(b, 0x0100);
	blob_text(b, "epixen", 32, 0);
	blob_text(b, "epixen HVM", 32, 0);
	blob_zero(b, 8);
}

/* Translation registers are not listed: none is set up when the OS starts. */
uint64_t sal_table_build(const struct machine *m, struct blob *b)
{
	uint64_t domain = ptc_domain(m, b);
	blob_align(b, 16);
	size_t at = b->len;
	put_header(b, 4);
	blob_u8(b, 0); /* entry points; gp is not used */
	blob_zero(b, 7);
	blob_u64(b, FW_ENTRY_ADDRESS(FW_ENTRY_PAL));
	blob_u64(b, FW_ENTRY_ADDRESS(FW_ENTRY_SAL));
	blob_u64(b, FW_DATA_BASE);
	blob_zero(b, 16);
	blob_u8(b, 2); /* platform features: none, in particular no drift between ITCs */
	blob_zero(b, 15);
	blob_u8(b, 4);
	blob_zero(b, 3);
	blob_u32(b, 1);
	blob_u64(b, domain);
	blob_u8(b, 5); /* wake-up of application processors: by external interrupt */
	blob_zero(b, 7);
	blob_u64(b, FW_WAKEUP_VECTOR);
	blob_patch_u32(b, at + 4, (uint32_t)(b->len - at));
	blob_checksum(b, at, b->len - at, at + 12);
	return b->gpa + at;
}
