/* SPDX-License-Identifier: MIT */
/*
 * EFI runtime services (EFI 1.10, chapter 5; UEFI 2.0, chapter 7). Boot services are over when the
 * guest starts. Pointers are in the caller's mode: physical until SetVirtualAddressMap, virtual
 * after it.
 */
#include "fw/efi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fw/layout.h"

/* --- variables --- */

struct name {
	struct guid vendor;
	uint32_t len; /* characters with the terminator; 0: longer than VARIABLE_NAME_MAX */
	uint16_t c[VARIABLE_NAME_MAX];
};

/* Reads up to the terminator, never further: what follows may be unmapped. */
static bool read_name(struct fw_call *c, gva_t name, gva_t vendor, struct name *n)
{
	if (!name || !vendor || !fw_read(c, vendor, &n->vendor, sizeof(n->vendor)))
		return false;
	n->len = 0;
	for (uint32_t i = 0; i < VARIABLE_NAME_MAX; i++) {
		if (!fw_read(c, name + 2 * i, &n->c[i], 2))
			return false;
		if (!n->c[i]) {
			n->len = i + 1;
			break;
		}
	}
	return true;
}

static struct variable *find(struct fw_call *c, const struct name *n)
{
	struct variable *v = variables_find(&c->fw->variables, n->c, n->len, &n->vendor);
	return v && v->attributes & VARIABLE_RUNTIME ? v : NULL;
}

/* Name, vendor, attributes (optional), data size (in, out), data. */
static uint64_t get_variable(struct fw_call *c)
{
	struct name n;
	uint64_t room;
	gva_t attributes = c->arg[2], size = c->arg[3], data = c->arg[4];
	if (!read_name(c, c->arg[0], c->arg[1], &n) || !size || !fw_read(c, size, &room, 8))
		return EFI_INVALID_PARAMETER;
	const struct variable *v = n.len > 1 ? find(c, &n) : NULL;
	if (!v)
		return EFI_NOT_FOUND;
	uint64_t need = v->size;
	bool fits = room >= need;
	if (fits && !data)
		return EFI_INVALID_PARAMETER;
	if (!fw_writable(c, size, 8) || (attributes && !fw_writable(c, attributes, 4)) ||
		(fits && !fw_writable(c, data, need)))
		return EFI_INVALID_PARAMETER;
	fw_write(c, size, &need, 8);
	if (attributes)
		fw_write(c, attributes, &v->attributes, 4);
	if (!fits)
		return EFI_BUFFER_TOO_SMALL;
	fw_write(c, data, v->data, need);
	return EFI_SUCCESS;
}

/* The first runtime variable from index i on, or NULL. */
static struct variable *visible_from(struct variables *vs, unsigned i)
{
	for (; i < vs->count; i++)
		if (vs->v[i].attributes & VARIABLE_RUNTIME)
			return &vs->v[i];
	return NULL;
}

/* Name size in bytes (in, out), name (in, out; empty: start), vendor (in, out). */
static uint64_t get_next_variable_name(struct fw_call *c)
{
	struct variables *vs = &c->fw->variables;
	struct name n;
	uint64_t room;
	gva_t size = c->arg[0], name = c->arg[1], vendor = c->arg[2];
	if (!size || !fw_read(c, size, &room, 8) || !read_name(c, name, vendor, &n))
		return EFI_INVALID_PARAMETER;
	unsigned next = 0;
	if (n.len != 1) {
		const struct variable *last = n.len ? find(c, &n) : NULL;
		if (!last)
			return EFI_INVALID_PARAMETER;
		next = (unsigned)(last - vs->v) + 1;
	}
	const struct variable *v = visible_from(vs, next);
	if (!v)
		return EFI_NOT_FOUND;
	uint64_t need = v->name_len * 2;
	if (!fw_writable(c, size, 8) ||
		(room >= need && (!fw_writable(c, name, need) || !fw_writable(c, vendor, 16))))
		return EFI_INVALID_PARAMETER;
	fw_write(c, size, &need, 8);
	if (room < need)
		return EFI_BUFFER_TOO_SMALL;
	fw_write(c, name, v->name, need);
	fw_write(c, vendor, &v->vendor, 16);
	return EFI_SUCCESS;
}

static uint64_t variable_status(int r)
{
	return r == 0 ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

/* What is left of attributes and data once they are known to be readable. */
static uint64_t store_variable(
	struct fw_call *c, const struct name *n, uint32_t attributes, uint8_t *data, uint32_t size)
{
	struct variable *old = find(c, n);
	uint32_t have = 0;
	if (attributes & VARIABLE_APPEND && old) {
		have = old->size;
		memmove(data + have, data, size);
		memcpy(data, old->data, have);
	}
	attributes &= ~(uint32_t)VARIABLE_APPEND;
	if (old && old->attributes != attributes)
		return EFI_INVALID_PARAMETER;
	return variable_status(variables_set(
		&c->fw->variables, n->c, n->len, &n->vendor, attributes, data, have + size));
}

static uint64_t delete_variable(struct fw_call *c, const struct name *n)
{
	struct variable *v = find(c, n);
	if (!v)
		return EFI_NOT_FOUND;
	variables_remove(&c->fw->variables, v);
	return EFI_SUCCESS;
}

#define ATTRIBUTES_KNOWN                                                                           \
	(VARIABLE_NON_VOLATILE | VARIABLE_BOOT | VARIABLE_RUNTIME | VARIABLE_APPEND)

/* Name, vendor, attributes, data size, data. At run time only non-volatile variables with runtime
 * access can be set (UEFI 2.0, 7.2). */
static uint64_t set_variable(struct fw_call *c)
{
	struct name n;
	uint32_t attributes = (uint32_t)c->arg[2];
	uint64_t size = c->arg[3];
	if (!read_name(c, c->arg[0], c->arg[1], &n) || n.len < 2)
		return EFI_INVALID_PARAMETER;
	if (attributes & ~(uint32_t)ATTRIBUTES_KNOWN)
		return EFI_INVALID_PARAMETER;
	bool append = attributes & VARIABLE_APPEND;
	if (!(attributes & (VARIABLE_BOOT | VARIABLE_RUNTIME)) || (!size && !append))
		return delete_variable(c, &n);
	if (!(attributes & VARIABLE_RUNTIME) || !(attributes & VARIABLE_NON_VOLATILE))
		return EFI_INVALID_PARAMETER;
	const struct variable *old = find(c, &n);
	uint64_t have = append && old ? old->size : 0;
	if (size > VARIABLE_DATA_MAX - have)
		return EFI_OUT_OF_RESOURCES;
	if (!size)
		return EFI_SUCCESS;
	uint8_t *data = malloc(have + size);
	if (!data)
		return EFI_OUT_OF_RESOURCES;
	uint64_t status = EFI_INVALID_PARAMETER;
	if (c->arg[4] && fw_read(c, c->arg[4], data, size))
		status = store_variable(c, &n, attributes, data, (uint32_t)size);
	free(data);
	return status;
}

/* Attributes; maximum storage, remaining storage, maximum size of one. */
static uint64_t query_variable_info(struct fw_call *c)
{
	const uint64_t answer[3] = {
		VARIABLE_TOTAL_MAX, VARIABLE_TOTAL_MAX - c->fw->variables.used, VARIABLE_DATA_MAX};
	if (!(c->arg[0] & VARIABLE_RUNTIME))
		return EFI_INVALID_PARAMETER;
	for (unsigned i = 0; i < 3; i++)
		if (!c->arg[1 + i] || !fw_writable(c, c->arg[1 + i], 8))
			return EFI_INVALID_PARAMETER;
	for (unsigned i = 0; i < 3; i++)
		fw_write(c, c->arg[1 + i], &answer[i], 8);
	return EFI_SUCCESS;
}

/* --- address map --- */

/* The map the OS passed, while it is applied. */
struct address_map {
	struct efi_descriptor d[EFI_DESCRIPTORS_MAX * 2];
	unsigned count;
};

static uint64_t convert(void *ctx, uint64_t pa)
{
	const struct address_map *map = ctx;
	for (unsigned i = 0; i < map->count; i++) {
		const struct efi_descriptor *d = &map->d[i];
		if (d->attributes & EFI_MEMORY_RUNTIME && pa - d->start < d->pages << 12)
			return pa - d->start + d->virt;
	}
	return pa;
}

/* Map size, descriptor size, version, map. */
static uint64_t set_virtual_address_map(struct fw_call *c)
{
	struct address_map map = {0};
	uint64_t size = c->arg[0], each = c->arg[1];
	if (c->fw->virtual_mode)
		return EFI_UNSUPPORTED;
	if ((uint32_t)c->arg[2] != 1 || each < sizeof(map.d[0]) || size / each > countof(map.d))
		return EFI_INVALID_PARAMETER;
	for (; map.count < size / each; map.count++)
		if (!fw_read(c, c->arg[3] + map.count * each, &map.d[map.count], sizeof(map.d[0])))
			return EFI_INVALID_PARAMETER;
	efi_tables_relocate(c->fw, convert, &map);
	c->fw->virtual_mode = true;
	return EFI_SUCCESS;
}

/* --- the rest --- */

static uint64_t get_next_high_monotonic_count(struct fw_call *c)
{
	uint32_t next = c->fw->monotonic + 1;
	if (!c->arg[0] || !fw_write(c, c->arg[0], &next, 4))
		return EFI_INVALID_PARAMETER;
	c->fw->monotonic = next;
	return EFI_SUCCESS;
}

/* Type: 0 cold, 1 warm, 2 shut down. Does not return. */
static uint64_t reset_system(struct fw_call *c)
{
	switch (c->arg[0]) {
	case 1:
		c->action = FW_RESET_WARM;
		break;
	case 2:
		c->action = FW_POWEROFF;
		break;
	default:
		c->action = FW_RESET_COLD;
	}
	return EFI_SUCCESS;
}

uint64_t efi_call(struct fw_call *c, unsigned service)
{
	switch ((enum efi_service)service) {
	case EFI_GET_TIME:
		return efi_get_time(c);
	case EFI_SET_TIME:
		return efi_set_time(c);
	case EFI_SET_VIRTUAL_ADDRESS_MAP:
		return set_virtual_address_map(c);
	case EFI_GET_VARIABLE:
		return get_variable(c);
	case EFI_GET_NEXT_VARIABLE_NAME:
		return get_next_variable_name(c);
	case EFI_SET_VARIABLE:
		return set_variable(c);
	case EFI_GET_NEXT_HIGH_MONOTONIC_COUNT:
		return get_next_high_monotonic_count(c);
	case EFI_RESET_SYSTEM:
		return reset_system(c);
	case EFI_QUERY_VARIABLE_INFO:
		return query_variable_info(c);
	/* nothing wakes a domain that is off; pointers are converted in one go; no capsules */
	case EFI_GET_WAKEUP_TIME:
	case EFI_SET_WAKEUP_TIME:
	case EFI_CONVERT_POINTER:
	case EFI_UPDATE_CAPSULE:
	case EFI_QUERY_CAPSULE_CAPABILITIES:
	case EFI_SERVICES:
		break;
	}
	return EFI_UNSUPPORTED;
}
