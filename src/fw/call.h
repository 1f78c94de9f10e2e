/* SPDX-License-Identifier: MIT */
/* What the files of fw/ share: a firmware call in progress, guest memory, and the table writer. */
#ifndef FW_CALL_H
#define FW_CALL_H

#include "fw/fw.h"

/* One call. Handlers read arg, set ret[1..3] (r9-r11) and return the status (r8). A handler that
 * finds c->faulted after a guest access returns at once with anything: the guest takes the fault,
 * and the call starts again from its beginning. So nothing may change before the last access that
 * can fault: outputs are made sure of with fw_writable first. */
struct fw_call {
	struct fw *fw;
	struct cpu *cpu;
	uint64_t arg[8];
	uint64_t ret[4];
	bool physical; /* pointers are physical addresses, whatever the processor's mode */
	bool faulted;
	bool resumed;	       /* another context was put in place: no results, no return */
	enum fw_action action; /* FW_CONTINUE unless the handler says otherwise */
};

/* --- guest.c --- */
/* Accesses through the caller's addressing mode; false on a fault (c->faulted) or when there is no
 * RAM at that address. */
bool fw_read(struct fw_call *c, gva_t va, void *buf, size_t len);
bool fw_writable(struct fw_call *c, gva_t va, size_t len);
bool fw_write(struct fw_call *c, gva_t va, const void *buf, size_t len);

/* --- handlers; the status is r8 --- */
int64_t pal_call(struct fw_call *c);			/* arg[0]: index */
int64_t sal_call(struct fw_call *c);			/* arg[0]: index */
uint64_t efi_call(struct fw_call *c, unsigned service); /* arg[0]: first argument */

/* --- start.c --- */
/* Registers as firmware leaves them when it starts a processor. */
void fw_start_state(struct cpu *cpu, uint64_t ip);
/* A waiting processor looks for its wake-up. */
enum fw_action fw_ap_wait(struct fw *fw, struct cpu *cpu);

/* --- init.c --- */
/* The OS's INIT handler returned to SAL. */
enum fw_action fw_init_return(struct fw *fw, struct cpu *cpu);

/* --- tables: each fills its part of the firmware area --- */
/* Little-endian bytes written one after the other. */
struct blob {
	uint8_t *data;
	size_t len, cap;
	uint64_t gpa; /* guest-physical address of data */
};
void blob_bytes(struct blob *b, const void *p, size_t n);
void blob_u8(struct blob *b, uint8_t v);
void blob_u16(struct blob *b, uint16_t v);
void blob_u32(struct blob *b, uint32_t v);
void blob_u64(struct blob *b, uint64_t v);
void blob_zero(struct blob *b, size_t n);
/* text in a field of n bytes, filled up with pad */
void blob_text(struct blob *b, const char *text, size_t n, char pad);
void blob_align(struct blob *b, size_t to);
static inline uint64_t blob_here(const struct blob *b)
{
	return b->gpa + b->len;
}
/* Makes the bytes [at, at + n) sum to 0 by setting the one at where. */
void blob_checksum(struct blob *b, size_t at, size_t n, size_t where);
void blob_patch_u32(struct blob *b, size_t at, uint32_t v);
void blob_patch_u64(struct blob *b, size_t at, uint64_t v);

/* A configuration table's identity and place. */
struct efi_table {
	struct guid guid;
	uint64_t address;
};
#define GUID(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                              \
	{                                                                                          \
		{                                                                                  \
			(a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24 & 0xff, (b)&0xff, \
				(b) >> 8, (c)&0xff, (c) >> 8, d0, d1, d2, d3, d4, d5, d6, d7       \
		}                                                                                  \
	}

/* Address of the RSDP; FACS goes to nvs. */
uint64_t acpi_build(const struct machine *m, struct blob *b, struct blob *nvs);
void dsdt_build(const struct machine *m, struct blob *b);
uint64_t smbios_build(const struct machine *m, const struct fw_config *cfg, struct blob *b);
uint64_t hcdp_build(struct blob *b);
uint64_t sal_table_build(const struct machine *m, struct blob *b);
/* Writes the part with fixed places, which must come first, FPSWA interface in front; returns the
 * address of the system table. */
uint64_t efi_tables_begin(struct blob *b);
void efi_tables_finish(struct blob *b, const struct efi_table *t, unsigned count);
/* Relocates what efi_tables_begin wrote. */
void efi_tables_relocate(struct fw *fw, uint64_t (*convert)(void *ctx, uint64_t pa), void *ctx);

struct efi_descriptor {
	uint32_t type, pad;
	uint64_t start, virt, pages, attributes;
};
#define EFI_DESCRIPTORS_MAX 64
/* Memory map for the machine with the given loader ranges; returns the number of descriptors. */
unsigned efi_memory_map(const struct ram *ram, const uint64_t (*loader)[2], unsigned count,
	struct efi_descriptor *d);

#endif
