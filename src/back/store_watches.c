/* SPDX-License-Identifier: MIT */
/* See store_watches.h. */
#include "back/store_watches.h"

#include "base/stream.h"
#include "store/wire.h"

#include <stdlib.h>
#include <string.h>

/* Of path and token with their ends; 0: there are no two. */
static size_t text_length(const uint8_t *text, size_t len)
{
	const uint8_t *path = memchr(text, 0, len);
	const uint8_t *token = path ? memchr(path + 1, 0, len - (size_t)(path + 1 - text)) : NULL;

	return token ? (size_t)(token + 1 - text) : 0;
}

static struct store_watch **find(struct store_watches *w, const uint8_t *text, size_t len)
{
	struct store_watch **at = &w->first;

	while (*at && ((*at)->len != len || memcmp((*at)->text, text, len)))
		at = &(*at)->next;
	return at;
}

static void add(struct store_watches *w, const uint8_t *text, size_t len)
{
	struct store_watch **at = find(w, text, len);
	struct store_watch *new =
		*at || w->count == STORE_WATCHES_MOST ? NULL : malloc(sizeof(*new) + len);

	if (!new)
		return;
	new->next = NULL;
	new->len = (uint32_t)len;
	memcpy(new->text, text, len);
	*at = new;
	w->count++;
}

static void drop(struct store_watches *w, struct store_watch **at)
{
	struct store_watch *old = *at;

	if (!old)
		return;
	*at = old->next;
	free(old);
	w->count--;
}

void store_watches_note(struct store_watches *w, const uint8_t *request)
{
	struct xs_header h;

	memcpy(&h, request, sizeof(h));
	const uint8_t *text = request + XS_HEADER;
	size_t len = text_length(text, h.len);
	if (h.type == XS_RESET_WATCHES)
		store_watches_clear(w);
	else if (h.type == XS_WATCH && len)
		add(w, text, len);
	else if (h.type == XS_UNWATCH && len)
		drop(w, find(w, text, len));
}

void store_watches_clear(struct store_watches *w)
{
	while (w->first)
		drop(w, &w->first);
}

void store_watches_save(const struct store_watches *w, struct stream *s)
{
	stream_put_u64(s, w->count);
	for (const struct store_watch *at = w->first; at; at = at->next) {
		stream_put_u64(s, at->len);
		stream_put(s, at->text, at->len);
	}
}

void store_watches_load(struct store_watches *w, struct stream *s)
{
	uint8_t text[XS_PAYLOAD_MAX];
	uint64_t count = stream_get_max(s, STORE_WATCHES_MOST, "watches in xenstore");

	store_watches_clear(w);
	for (uint64_t i = 0; i < count && stream_ok(s); i++) {
		size_t len = stream_get_max(s, sizeof(text), "bytes of a watch");
		stream_get(s, text, len);
		if (!stream_ok(s))
			return;
		if (!len || text_length(text, len) != len)
			stream_fail(s, "a watch in xenstore is not whole");
		else
			add(w, text, len);
	}
}
