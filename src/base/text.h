/* SPDX-License-Identifier: MIT */
/* Text that grows: reports and replies are put together in one and sent whole. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/types.h"

struct text {
	char *data; /* terminated when len > 0; owned by the text */
	size_t len, cap;
	bool failed; /* memory ran out: the text is cut */
};

void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_add(struct text *t, const char *p, size_t len);
/* Frees the buffer and leaves an empty text. */
void text_free(struct text *t);

#endif
