/* SPDX-License-Identifier: MIT */
/* What the files of grant tables share. */
#ifndef HV_GRANT_TABLE_H
#define HV_GRANT_TABLE_H

#include "hv/grant.h"

#define GRANTS_PER_FRAME (XEN_PAGE_SIZE / 8)

/* Uses of one grant. */
struct active {
	uint8_t *host; /* of the pinned frame */
	uint32_t frame;
	uint16_t domid; /* the user */
	uint16_t readers, writers;
};

/* A grant that the guest has mapped into itself; the handle is its index. */
struct grant_map {
	bool used, placed; /* taken; and mapped */
	bool readonly;
	uint16_t dom; /* that granted */
	uint32_t ref;
	uint64_t gfn; /* where it is mapped */
};

struct grant_table {
	pthread_mutex_t lock;  /* guards active and map; flags in entries are atomic beside it */
	uint8_t *shared;       /* entries, guest RAM */
	unsigned frames;       /* in use */
	struct active *active; /* by reference */
	struct grant_map *map;
	unsigned maps;
};

/* Flags and domid of an entry; the frame is the word behind it. */
uint32_t *grant_word(const struct hv *hv, uint32_t ref);

#endif
