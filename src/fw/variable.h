/* SPDX-License-Identifier: MIT */
/* The store of EFI variables: name and vendor to attributes and data (EFI 1.10, 6.2). */
#ifndef FW_VARIABLE_H
#define FW_VARIABLE_H

#include "base/types.h"

struct stream;

enum { VARIABLE_NON_VOLATILE = 1, VARIABLE_BOOT = 2, VARIABLE_RUNTIME = 4, VARIABLE_APPEND = 0x40 };

#define VARIABLE_NAME_MAX  512 /* characters, terminator included */
#define VARIABLE_DATA_MAX  (32u << 10)
#define VARIABLE_TOTAL_MAX (256u << 10) /* names and data of all */

struct guid {
	uint8_t b[16];
};

struct variable {
	struct guid vendor;
	uint32_t attributes;
	uint32_t name_len; /* characters, terminator included */
	uint32_t size;
	uint16_t *name;
	uint8_t *data;
};

struct variables {
	struct variable *v;
	unsigned count, cap;
	uint32_t used; /* bytes of names and data */
};

void variables_free(struct variables *vs);
/* NULL when there is none. name_len counts the terminator. */
struct variable *variables_find(
	struct variables *vs, const uint16_t *name, uint32_t name_len, const struct guid *vendor);
/* Creates or replaces. Returns 0, -ENOSPC or -ENOMEM with nothing changed. */
int variables_set(struct variables *vs, const uint16_t *name, uint32_t name_len,
	const struct guid *vendor, uint32_t attributes, const void *data, uint32_t size);
void variables_remove(struct variables *vs, struct variable *v);

void variables_save(const struct variables *vs, struct stream *s);
/* Replaces what is there. */
void variables_load(struct variables *vs, struct stream *s);

#endif
