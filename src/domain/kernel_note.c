/* SPDX-License-Identifier: MIT */
/*
 * What a kernel tells the domain builder of Xen (ABI 2.1): ELF notes with the name "Xen", in
 * segments or else in sections, or the string of its section __xen_guest. Kernels without any of
 * them are taken as they are.
 */
#include "domain/kernel_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NOTE_ENTRY = 1,
	NOTE_VIRT_BASE = 3,
	NOTE_PADDR_OFFSET = 4,
	NOTE_XEN_VERSION = 5,
	NOTE_GUEST_OS = 6,
	NOTE_LOADER = 8,
	NOTE_FEATURES = 10
};

/* A note's contents, or a value from the string. */
struct value {
	const uint8_t *data;
	uint64_t size;
	const char *name;
};

/* --- single values --- */

static int put_text(const struct kernel_file *f, const struct value *v, char *out, size_t size)
{
	const uint8_t *end = memchr(v->data, 0, v->size);

	if (!end)
		return kernel_fail(f, "its note %s is not a string", v->name);
	snprintf(out, size, "%s", (const char *)v->data);
	return 0;
}

static int put_number(const struct kernel_file *f, const struct value *v, uint64_t *out, bool *has)
{
	if (v->size != 4 && v->size != 8)
		return kernel_fail(f, "its note %s has %llu bytes, not 4 or 8", v->name,
			(unsigned long long)v->size);
	*out = kernel_number(f, v->data, (unsigned)v->size);
	*has = true;
	return 0;
}

/* Those that a domain has. */
static const char *const features[] = {"writable_page_tables", "auto_translated_physmap"};

static int check_feature(const struct kernel_file *f, const char *name, size_t len)
{
	if (!len || *name != '!')
		return 0;
	for (unsigned n = 0; n < countof(features); n++)
		if (strlen(features[n]) == len - 1 && memcmp(features[n], name + 1, len - 1) == 0)
			return 0;
	return kernel_fail(f, "needs the feature '%.*s', which is not here",
		(int)(len < 64 ? len - 1 : 63), name + 1);
}

/* Names with '|' between them, those with '!' are needed. */
static int check_features(const struct kernel_file *f, const char *list)
{
	int err = 0;

	while (*list && !err) {
		size_t len = strcspn(list, "|");
		err = check_feature(f, list, len);
		list += len + (list[len] == '|');
	}
	return err;
}

/* --- notes --- */

static int take_features(const struct kernel_file *f, const struct value *v)
{
	if (!memchr(v->data, 0, v->size))
		return kernel_fail(f, "its note %s is not a string", v->name);
	return check_features(f, (const char *)v->data);
}

static int take_note(const struct kernel_file *f, uint64_t type, const uint8_t *data, uint64_t size,
	struct kernel_notes *n)
{
	struct value v = {.data = data, .size = size};

	n->found = true;
	switch (type) {
	case NOTE_ENTRY:
		v.name = "ENTRY";
		return put_number(f, &v, &n->entry, &n->has_entry);
	case NOTE_VIRT_BASE:
		v.name = "VIRT_BASE";
		return put_number(f, &v, &n->base, &n->has_base);
	case NOTE_PADDR_OFFSET:
		v.name = "PADDR_OFFSET";
		return put_number(f, &v, &n->offset, &n->has_offset);
	case NOTE_XEN_VERSION:
		v.name = "XEN_VERSION";
		return put_text(f, &v, n->version, sizeof(n->version));
	case NOTE_GUEST_OS:
		v.name = "GUEST_OS";
		return put_text(f, &v, n->system, sizeof(n->system));
	case NOTE_LOADER:
		v.name = "LOADER";
		return put_text(f, &v, n->loader, sizeof(n->loader));
	case NOTE_FEATURES:
		v.name = "FEATURES";
		return take_features(f, &v);
	default:
		return 0;
	}
}

#define NOTE_HEADER 12

static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~3ull;
}

static int walk_notes(
	const struct kernel_file *f, uint64_t at, uint64_t size, struct kernel_notes *n)
{
	int err = 0;

	if (!kernel_has(f, at, size))
		return kernel_fail(f, "ELF file is truncated (notes)");
	n->walked += size;
	if (n->walked > 2 * f->len) /* once as segments, once as sections */
		return kernel_fail(f, "its ELF notes overlap");
	for (uint64_t end = at + size; end - at >= NOTE_HEADER && !err;) {
		const uint8_t *p = f->data + at;
		uint64_t name = kernel_number(f, p, 4), desc = kernel_number(f, p + 4, 4);
		uint64_t left = end - at - NOTE_HEADER;

		if (padded(name) > left || desc > left - padded(name))
			return kernel_fail(f, "its ELF note at 0x%llx is larger than what it is in",
				(unsigned long long)at);
		p += NOTE_HEADER;
		if (name == 4 && memcmp(p, "Xen", 4) == 0)
			err = take_note(f, kernel_number(f, p - 4, 4), p + padded(name), desc, n);
		left -= padded(name);
		at = end - (padded(desc) < left ? left - padded(desc) : 0);
	}
	return err;
}

/* --- sections --- */

struct section {
	uint32_t type;
	uint64_t name, offset, size;
};

/* Section number i; false where the file has no such header. Nothing else depends on them. */
static bool read_section(const struct kernel_file *f, unsigned i, struct section *s)
{
	uint64_t at = f->e.e_shoff + (uint64_t)i * sizeof(Elf64_Shdr);

	if (f->e.e_shentsize != sizeof(Elf64_Shdr) || i >= f->e.e_shnum || at < f->e.e_shoff ||
		!kernel_has(f, at, sizeof(Elf64_Shdr)))
		return false;
	const uint8_t *p = f->data + at;
	s->name = kernel_number(f, p + offsetof(Elf64_Shdr, sh_name), 4);
	s->type = (uint32_t)kernel_number(f, p + offsetof(Elf64_Shdr, sh_type), 4);
	s->offset = kernel_number(f, p + offsetof(Elf64_Shdr, sh_offset), 8);
	s->size = kernel_number(f, p + offsetof(Elf64_Shdr, sh_size), 8);
	return true;
}

static bool section_is(const struct kernel_file *f, const struct section *s, const char *name)
{
	struct section names;
	size_t len = strlen(name) + 1;

	return read_section(f, f->e.e_shstrndx, &names) && names.offset <= f->len &&
	       s->name <= f->len && kernel_has(f, names.offset + s->name, len) &&
	       memcmp(f->data + names.offset + s->name, name, len) == 0;
}

static int walk_note_sections(const struct kernel_file *f, struct kernel_notes *n)
{
	struct section s;
	int err = 0;

	for (unsigned i = 0; read_section(f, i, &s) && !err; i++)
		if (s.type == SHT_NOTE)
			err = walk_notes(f, s.offset, s.size, n);
	return err;
}

/* --- __xen_guest: NAME=value,NAME=value --- */

static int take_pair(
	const struct kernel_file *f, const char *name, const char *value, struct kernel_notes *n)
{
	if (strcmp(name, "LOADER") == 0)
		snprintf(n->loader, sizeof(n->loader), "%s", value);
	else if (strcmp(name, "GUEST_OS") == 0)
		snprintf(n->system, sizeof(n->system), "%s", value);
	else if (strcmp(name, "XEN_VER") == 0)
		snprintf(n->version, sizeof(n->version), "%s", value);
	else if (strcmp(name, "VIRT_BASE") == 0) {
		n->base = strtoull(value, NULL, 0);
		n->has_base = true;
	} else if (strcmp(name, "VIRT_ENTRY") == 0) {
		n->entry = strtoull(value, NULL, 0);
		n->has_entry = true;
	} else if (strcmp(name, "ELF_PADDR_OFFSET") == 0) {
		n->offset = strtoull(value, NULL, 0);
		n->has_offset = true;
	} else if (strcmp(name, "FEATURES") == 0)
		return check_features(f, value);
	return 0;
}

/* text may be written to. */
static int take_pairs(const struct kernel_file *f, char *text, struct kernel_notes *n)
{
	int err = 0;

	n->found = true;
	while (*text && !err) {
		size_t len = strcspn(text, ",");
		char *next = text + len + (text[len] == ',');
		text[len] = 0;
		char *equals = strchr(text, '=');
		if (equals) {
			*equals = 0;
			err = take_pair(f, text, equals + 1, n);
		}
		text = next;
	}
	if (!n->has_offset) { /* as such kernels expect it */
		n->offset = n->base;
		n->has_offset = n->has_base;
	}
	return err;
}

static int read_guest_section(const struct kernel_file *f, struct kernel_notes *n)
{
	char text[1024];
	struct section s;
	unsigned i = 0;

	while (read_section(f, i, &s) && !section_is(f, &s, "__xen_guest"))
		i++;
	if (!read_section(f, i, &s))
		return 0;
	if (!kernel_has(f, s.offset, s.size) || s.size >= sizeof(text))
		return kernel_fail(f, "its section __xen_guest is damaged");
	memcpy(text, f->data + s.offset, s.size);
	text[s.size] = 0;
	return take_pairs(f, text, n);
}

/* --- all of it --- */

static int read_all(const struct kernel_file *f, struct kernel_notes *n)
{
	int err = 0;

	for (unsigned i = 0; i < f->e.e_phnum && !err; i++)
		if (f->ph[i].p_type == PT_NOTE)
			err = walk_notes(f, f->ph[i].p_offset, f->ph[i].p_filesz, n);
	if (!err && !n->found)
		err = walk_note_sections(f, n);
	if (!err && !n->found)
		err = read_guest_section(f, n);
	return err;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

int kernel_read_notes(const struct kernel_file *f, struct kernel_notes *n)
{
	*n = (struct kernel_notes){0};
	int err = read_all(f, n);

	if (err || !n->found)
		return err;
	if (!begins(n->loader, "generic") && !begins(n->system, "linux"))
		return kernel_fail(f,
			"is for system '%s' and loader '%s'; 'linux' or 'generic' is known here",
			n->system, n->loader);
	if (!begins(n->version, "xen-3.0"))
		return kernel_fail(f, "is a kernel for '%s', not 'xen-3.0'", n->version);
	if (n->has_offset && !n->has_base)
		return kernel_fail(f, "its notes have PADDR_OFFSET without VIRT_BASE");
	return 0;
}
