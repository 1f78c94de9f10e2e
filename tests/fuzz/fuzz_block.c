/* SPDX-License-Identifier: MIT */
/*
 * Any contents of a block device's ring and of the grant table behind it: requests are taken and
 * done as a disk's threads do. Bytes: layout and rights, 16 of indices, 32 grants of 6 bytes, then
 * what is in the ring.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "back/block_request.h"
#include "back/shared_ring.h"
#include "hv/grant_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM_SIZE (16ull << 20)
#define SECTORS	 512
#define GRANTS	 32
#define HEAD	 (1 + 16 + GRANTS * 6)

struct world {
	struct machine m;
	struct hv hv;
	struct block_target target;
	_Alignas(64) uint8_t ring[BLOCK_PAGE];
};

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	char error[200];
	int fd = memfd_create("disk", 0);

	assert(w && ftruncate(fd, SECTORS * 512) == 0);
	w->m.model = cpu_model_find("montvale");
	clock_init(&w->m.clock, true);
	ram_add_slot(&w->m.ram, 0, RAM_SIZE);
	w->m.cpu[0] = cpu_new(&w->m, 0);
	w->m.cpus = 1;
	if (hv_init(&w->hv, &w->m, 1, error, sizeof(error)))
		abort();
	w->target = (struct block_target){
		.hv = &w->hv, .image = block_file_new(fd), .name = "fuzz", .complained = true};
	w->target.image->size = SECTORS * 512;
	w->target.image->sector_size = 512;
	w->target.image->discard_granule = 4096;
	return w;
}

/* Entries near what the bytes say: most of them can be used. */
static void set_grants(struct world *w, const uint8_t *p)
{
	for (uint32_t ref = 0; ref < GRANTS; ref++, p += 6) {
		uint32_t *e = grant_word(&w->hv, ref), frame;
		e[0] = p[0] & 7 ? 1u | (p[0] & 0x84u) >> 1 : (uint32_t)p[0] << 16 | p[1];
		memcpy(&frame, p + 2, 4);
		e[1] = p[1] & 1 ? frame : frame % 1024;
	}
}

static void serve(struct world *w, const struct block_abi *abi)
{
	struct shared_ring r;
	struct block_request q;
	_Alignas(8) uint8_t raw[BLOCK_REQUEST_MAX], response[BLOCK_RESPONSE_MAX];

	shared_ring_attach(&r, w->ring, BLOCK_PAGE, block_abi_entry(abi));
	for (unsigned n = 0; n < 300 && shared_ring_take(&r, raw) == 1; n++) {
		block_abi_request(abi, raw, &q);
		int16_t status = (int16_t)block_perform(&w->target, &q);
		size_t len = block_abi_response(abi, q.id, q.op, status, response);
		shared_ring_put(&r, response, len);
		shared_ring_push(&r);
		shared_ring_sleep(&r);
	}
}

static void nothing_is_held(const struct world *w)
{
	for (uint32_t ref = 0; ref < GRANTS; ref++) {
		const struct active *a = &w->hv.grant->active[ref];
		if (a->readers || a->writers)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	size_t n = size > HEAD ? size - HEAD : 0;

	if (!w)
		w = world_new();
	if (size < HEAD)
		return 0;
	if (n > BLOCK_PAGE - 64)
		n = BLOCK_PAGE - 64;
	w->target.readonly = data[0] & 1;
	memset(w->ring, 0, sizeof(w->ring));
	memcpy(w->ring, data + 1, 16);
	set_grants(w, data + 17);
	memcpy(w->ring + 64, data + HEAD, n);
	/* a ring inside guest memory, which reads change: pages that are granted hold it as well */
	ram_write(&w->m.ram, GPA(0), w->ring, BLOCK_PAGE);
	serve(w, block_abi_find(data[0] & 2 ? "x86_32-abi" : "ia64-abi"));
	nothing_is_held(w);
	return 0;
}
