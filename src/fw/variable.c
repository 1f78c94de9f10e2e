/* SPDX-License-Identifier: MIT */
/* EFI variables: a short array, searched in order, which is also the enumeration order. */
#include "fw/variable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/stream.h"

#define COUNT_MAX 4096

static uint32_t cost(const struct variable *v)
{
	return v->name_len * 2 + v->size;
}

void variables_free(struct variables *vs)
{
	for (unsigned i = 0; i < vs->count; i++) {
		free(vs->v[i].name);
		free(vs->v[i].data);
	}
	free(vs->v);
	*vs = (struct variables){0};
}

struct variable *variables_find(
	struct variables *vs, const uint16_t *name, uint32_t name_len, const struct guid *vendor)
{
	for (unsigned i = 0; i < vs->count; i++) {
		struct variable *v = &vs->v[i];
		if (v->name_len == name_len && !memcmp(&v->vendor, vendor, sizeof(*vendor)) &&
			!memcmp(v->name, name, name_len * 2))
			return v;
	}
	return NULL;
}

static int grow(struct variables *vs)
{
	if (vs->count < vs->cap)
		return 0;
	if (vs->count == COUNT_MAX)
		return -ENOSPC;
	unsigned cap = vs->cap ? vs->cap * 2 : 16;
	struct variable *p = realloc(vs->v, cap * sizeof(*p));
	if (!p)
		return -ENOMEM;
	vs->v = p;
	vs->cap = cap;
	return 0;
}

static void *copy(const void *p, size_t n)
{
	void *q = malloc(n ? n : 1);
	if (q && n)
		memcpy(q, p, n);
	return q;
}

static int replace(struct variables *vs, struct variable *v, uint32_t attributes, const void *data,
	uint32_t size)
{
	if (vs->used - v->size + size > VARIABLE_TOTAL_MAX)
		return -ENOSPC;
	uint8_t *p = copy(data, size);
	if (!p)
		return -ENOMEM;
	free(v->data);
	vs->used = vs->used - v->size + size;
	v->data = p;
	v->size = size;
	v->attributes = attributes;
	return 0;
}

static int add(struct variables *vs, struct variable v, const uint16_t *name, const void *data)
{
	if (vs->used + cost(&v) > VARIABLE_TOTAL_MAX)
		return -ENOSPC;
	int r = grow(vs);
	if (r)
		return r;
	v.name = copy(name, v.name_len * 2);
	v.data = copy(data, v.size);
	if (!v.name || !v.data) {
		free(v.name);
		free(v.data);
		return -ENOMEM;
	}
	vs->used += cost(&v);
	vs->v[vs->count++] = v;
	return 0;
}

int variables_set(struct variables *vs, const uint16_t *name, uint32_t name_len,
	const struct guid *vendor, uint32_t attributes, const void *data, uint32_t size)
{
	struct variable *old = variables_find(vs, name, name_len, vendor);
	if (old)
		return replace(vs, old, attributes, data, size);
	struct variable v = {
		.vendor = *vendor, .attributes = attributes, .name_len = name_len, .size = size};
	return add(vs, v, name, data);
}

void variables_remove(struct variables *vs, struct variable *v)
{
	vs->used -= cost(v);
	free(v->name);
	free(v->data);
	unsigned i = (unsigned)(v - vs->v);
	memmove(v, v + 1, (--vs->count - i) * sizeof(*v));
}

void variables_save(const struct variables *vs, struct stream *s)
{
	stream_begin(s, "efi-variables", 1);
	stream_put_u64(s, vs->count);
	for (unsigned i = 0; i < vs->count; i++) {
		const struct variable *v = &vs->v[i];
		stream_put(s, &v->vendor, sizeof(v->vendor));
		stream_put_u64(s, v->attributes);
		stream_put_u64(s, v->name_len);
		stream_put(s, v->name, v->name_len * 2);
		stream_put_u64(s, v->size);
		stream_put(s, v->data, v->size);
	}
	stream_end(s);
}

static void load_one(struct variables *vs, struct stream *s, uint16_t *name, uint8_t *data)
{
	struct guid vendor;
	stream_get(s, &vendor, sizeof(vendor));
	uint32_t attributes = (uint32_t)stream_get_max(s, 0xff, "variable attributes");
	uint32_t name_len = (uint32_t)stream_get_max(s, VARIABLE_NAME_MAX, "variable name length");
	stream_get(s, name, name_len * 2);
	uint32_t size = (uint32_t)stream_get_max(s, VARIABLE_DATA_MAX, "variable size");
	stream_get(s, data, size);
	if (!stream_ok(s))
		return;
	if (!name_len || name[name_len - 1])
		stream_fail(s, "variable name is not terminated");
	else if (variables_set(vs, name, name_len, &vendor, attributes, data, size))
		stream_fail(s, "too many variables");
}

void variables_load(struct variables *vs, struct stream *s)
{
	if (!stream_open(s, "efi-variables", 1))
		return;
	uint16_t *name = malloc(VARIABLE_NAME_MAX * 2);
	uint8_t *data = malloc(VARIABLE_DATA_MAX);
	variables_free(vs);
	uint64_t n = stream_get_max(s, COUNT_MAX, "number of variables");
	if (!name || !data)
		stream_fail(s, "out of memory");
	for (uint64_t i = 0; i < n && stream_ok(s); i++)
		load_one(vs, s, name, data);
	free(name);
	free(data);
	stream_close(s);
}
