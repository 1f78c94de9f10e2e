/* SPDX-License-Identifier: MIT */
/* mem-set: how much memory the guest is to keep; its balloon gives the rest back. */
#include "base/log.h"
#include "tool/guest.h"
#include "tool/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As xl reads it: MB without a letter. Returns KB, or 0 for what is no size. */
static uint64_t kilobytes(const char *text)
{
	static const char letters[] = "bkmgt";
	char *rest;
	uint64_t v = strtoull(text, &rest, 10);
	const char *letter = *rest ? strchr(letters, *rest | 0x20) : letters + 2;
	if (*text < '0' || *text > '9' || !letter || (*rest && rest[1]) || v >> 40)
		return 0;
	unsigned shift = 10 * (unsigned)(letter - letters);
	return shift < 10 ? v >> 10 : shift > 30 && v >> 20 ? 0 : v << (shift - 10);
}

int cmd_mem_set(int argc, char **argv)
{
	struct guest g;
	char value[24];
	if (argc != 3)
		return verb_usage(argv[0]);
	uint64_t size = kilobytes(argv[2]);
	if (!size) {
		log_error("mem-set: '%s' is not a size, such as 512 (MB) or 2g", argv[2]);
		return EXIT_FAILURE;
	}
	if (guest_open_pv(&g, argv[1]))
		return EXIT_FAILURE;
	int err = size > g.memory * 1024 ? -1 : 0;
	if (err)
		log_error("%s: it was made with %llu MB, and cannot have more", g.name,
			(unsigned long long)g.memory);
	snprintf(value, sizeof(value), "%llu", (unsigned long long)size);
	if (!err)
		err = guest_write(&g, "memory/target", value);
	guest_close(&g);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
