/* SPDX-License-Identifier: MIT */
/*
 * SMBIOS 2.4: entry point and structures (DMTF DSP0134, chapters 2 and 3): firmware, system,
 * enclosure, processors, memory.
 */
#include <string.h>

#include "fw/call.h"
#include "fw/layout.h"

struct smbios {
	struct blob *b;
	size_t start;
	size_t longest, structure; /* largest structure; where the open one begins */
	unsigned count;
};

static void begin(struct smbios *s, uint8_t type, uint8_t length)
{
	s->structure = s->b->len;
	blob_u8(s->b, type);
	blob_u8(s->b, length);
	blob_u16(s->b, (uint16_t)(0x100 + s->count)); /* handle */
	s->count++;
}

/* Ends the formatted part with up to three texts; an unused one is NULL. */
static void end(struct smbios *s, const char *a, const char *b, const char *c)
{
	const char *text[] = {a, b, c};
	for (unsigned i = 0; i < countof(text) && text[i]; i++)
		blob_bytes(s->b, text[i], strlen(text[i]) + 1);
	blob_u8(s->b, 0);
	if (!a)
		blob_u8(s->b, 0);
	if (s->b->len - s->structure > s->longest)
		s->longest = s->b->len - s->structure;
}

static void put_bios(struct smbios *s)
{
	begin(s, 0, 24);
	blob_u8(s->b, 1); /* vendor */
	blob_u8(s->b, 2); /* version */
	blob_u16(s->b, 0xff00);
	blob_u8(s->b, 3);	 /* date */
	blob_u8(s->b, 0xff);	 /* size: 16 MB */
	blob_u64(s->b, 1u << 7); /* PCI */
	blob_u8(s->b, 1);	 /* ACPI */
	blob_u8(s->b, 1u << 3);	 /* EFI */
	blob_u8(s->b, 1);	 /* release 1.0 */
	blob_u8(s->b, 0);
	blob_u8(s->b, 0xff);
	blob_u8(s->b, 0xff);
	end(s, "epixen", "1.0", "01/01/2025");
}

static void put_system(struct smbios *s, const struct fw_config *cfg)
{
	begin(s, 1, 27);
	blob_u8(s->b, 1);
	blob_u8(s->b, 2);
	blob_u8(s->b, 0);
	blob_u8(s->b, 3); /* serial number: the domain's name */
	if (cfg->uuid)
		blob_bytes(s->b, cfg->uuid, 16);
	else
		blob_zero(s->b, 16);
	blob_u8(s->b, 6); /* woken by the power switch */
	blob_u8(s->b, 0);
	blob_u8(s->b, 0);
	end(s, "epixen", "HVM domain", cfg->name && cfg->name[0] ? cfg->name : "unnamed");
}

static void put_enclosure(struct smbios *s)
{
	begin(s, 3, 13);
	blob_u8(s->b, 1);
	blob_u8(s->b, 1); /* other */
	blob_zero(s->b, 3);
	blob_u8(s->b, 3); /* safe: boot-up, supply, thermal */
	blob_u8(s->b, 3);
	blob_u8(s->b, 3);
	blob_u8(s->b, 2); /* security: unknown */
	end(s, "epixen", NULL, NULL);
}

#define FAMILY_ITANIUM	 0x82
#define FAMILY_ITANIUM_2 0xb8

static void put_processor(struct smbios *s, const struct cpu_model *m)
{
	bool first = m->family == 7;
	begin(s, 4, 35);
	blob_u8(s->b, 1);
	blob_u8(s->b, 3); /* central processor */
	blob_u8(s->b, first ? FAMILY_ITANIUM : FAMILY_ITANIUM_2);
	blob_u8(s->b, 2);
	blob_u32(s->b, m->version);
	blob_u32(s->b, 0);
	blob_u8(s->b, 3);
	blob_u8(s->b, 0);
	blob_u16(s->b, 100); /* MHz: bus, maximum, current */
	blob_u16(s->b, 1000);
	blob_u16(s->b, 1000);
	blob_u8(s->b, 0x41); /* populated, enabled */
	blob_u8(s->b, 1);
	for (unsigned i = 0; i < 3; i++)
		blob_u16(s->b, 0xffff); /* caches: not described */
	blob_zero(s->b, 3);
	end(s, "socket", "Intel", m->text);
}

/* Memory device: all of it. Sizes are in MB, 0x7fff at most. */
static void put_memory_device(struct smbios *s, unsigned array, uint64_t kb)
{
	uint64_t mb = kb >> 10;
	begin(s, 17, 27);
	blob_u16(s->b, (uint16_t)array);
	blob_u16(s->b, 0xfffe);
	blob_u16(s->b, 64); /* bits: total, data */
	blob_u16(s->b, 64);
	blob_u16(s->b, mb < 0x7fff ? (uint16_t)mb : 0x7fff);
	blob_u8(s->b, 2); /* form factor: unknown */
	blob_u8(s->b, 0);
	blob_u8(s->b, 1);
	blob_u8(s->b, 0);
	blob_u8(s->b, 2); /* kind: unknown */
	blob_u16(s->b, 1u << 2);
	blob_zero(s->b, 6);
	end(s, "memory", NULL, NULL);
}

/* Type 16, one type 17 and a type 19 for each range of RAM. */
static void put_memory(struct smbios *s, const struct ram *ram)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < ram->count; i++)
		if (ram->slot[i].base != MAP_FW_BASE)
			total += ram->slot[i].size;
	uint64_t kb = total >> 10;
	unsigned array = 0x100 + s->count;
	begin(s, 16, 15);
	blob_u8(s->b, 3); /* on the board, system memory, no error correction */
	blob_u8(s->b, 3);
	blob_u8(s->b, 3);
	blob_u32(s->b, kb < 0x80000000 ? (uint32_t)kb : 0x80000000);
	blob_u16(s->b, 0xfffe);
	blob_u16(s->b, 1);
	end(s, NULL, NULL, NULL);
	put_memory_device(s, array, kb);
	for (unsigned i = 0; i < ram->count; i++) {
		const struct ram_slot *p = &ram->slot[i];
		/* 2.4 has 32-bit addresses in KB */
		if (p->base == MAP_FW_BASE || (p->base + p->size) >> 10 > UINT32_MAX)
			continue;
		begin(s, 19, 15);
		blob_u32(s->b, (uint32_t)(p->base >> 10));
		blob_u32(s->b, (uint32_t)((p->base + p->size) >> 10) - 1);
		blob_u16(s->b, (uint16_t)array);
		blob_u8(s->b, 1);
		end(s, NULL, NULL, NULL);
	}
}

static uint64_t put_entry_point(const struct smbios *s)
{
	struct blob *b = s->b;
	size_t length = b->len - s->start;
	blob_align(b, 16);
	size_t at = b->len;
	blob_text(b, "_SM_", 4, 0);
	blob_u8(b, 0);
	blob_u8(b, 31);
	blob_u8(b, 2);
	blob_u8(b, 4);
	blob_u16(b, (uint16_t)s->longest);
	blob_zero(b, 6);
	blob_text(b, "_DMI_", 5, 0);
	blob_u8(b, 0);
	blob_u16(b, (uint16_t)length);
	blob_u32(b, (uint32_t)(b->gpa + s->start));
	blob_u16(b, (uint16_t)s->count);
	blob_u8(b, 0x24);
	blob_checksum(b, at + 16, 15, at + 21);
	blob_checksum(b, at, 31, at + 4);
	return b->gpa + at;
}

uint64_t smbios_build(const struct machine *m, const struct fw_config *cfg, struct blob *b)
{
	blob_align(b, 16);
	struct smbios s = {.b = b, .start = b->len};
	put_bios(&s);
	put_system(&s, cfg);
	put_enclosure(&s);
	for (unsigned i = 0; i < m->cpus; i++)
		put_processor(&s, m->model);
	put_memory(&s, &m->ram);
	begin(&s, 127, 4);
	end(&s, NULL, NULL, NULL);
	return put_entry_point(&s);
}
