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
	uint32_t readers, writers;
};

/* A grant that the guest has mapped into itself; the handle is its index. */
struct grant_map {
	bool used, placed; /* taken; and mapped */
	bool readonly;
	uint16_t dom; /* that granted */
	uint32_t ref;
	uint32_t next;	/* free one, when it is not used */
	uint64_t gfn;	/* where it is mapped */
	uint64_t frame; /* that is mapped, as its owner numbers it */
	uint64_t link;	/* peer_link of another domain at that time */
};

struct grant_table {
	pthread_mutex_t lock;  /* guards active and map; flags in entries are atomic beside it */
	uint8_t *shared;       /* entries, guest RAM */
	unsigned frames;       /* in use */
	struct active *active; /* by reference */
	struct grant_map *map;
	unsigned maps;
	uint32_t free; /* first map that is not used, and next of each; or NO_MAP */
	unsigned placed;
};
#define NO_MAP UINT32_MAX

/* Flags and domid of an entry; the frame is the word behind it. */
uint32_t *grant_word(const struct hv *hv, uint32_t ref);

struct hypercall;

/* One element of a grant_table_op; what it writes to arg goes back to the guest. */
typedef enum grant_status grant_op_fn(struct hypercall *c, void *arg);
/* grant_map.c */
grant_op_fn grant_map_ref, grant_unmap_ref, grant_unmap_replace;
#define GRANT_MAP_SIZE	   32
#define GRANT_MAP_STATUS   0x12
#define GRANT_UNMAP_SIZE   24
#define GRANT_UNMAP_STATUS 0x14
/* Tells another domain which of its grants are about to be mapped, from the n-th element of a
 * map_grant_ref on, and that they have been; own grants: nothing. */
void grant_map_hint(struct hypercall *c, uint64_t n, uint64_t count);
void grant_map_hint_end(struct hypercall *c);
/* All maps are gone: before a reset. */
void grant_map_reset(struct hv *hv);

/* What another domain has answered. */
enum grant_status grant_peer_status(const struct hv_vcpu *v);

#endif
