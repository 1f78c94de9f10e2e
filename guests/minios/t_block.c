/* SPDX-License-Identifier: MIT */
/*
 * A disk by the block protocol: its first device is written, of at least 4 MB, and has in each word
 * its offset at first; a second one is read-only.
 */
#include "device.h"
#include "tests.h"

enum { OP_READ, OP_WRITE, OP_BARRIER, OP_FLUSH, OP_DISCARD = 5, OP_INDIRECT };

struct segment {
	u32 ref;
	u8 first, last;
};

struct request {
	u8 op, segments;
	u16 handle;
	u64 id, sector;
	struct segment seg[11];
};
_Static_assert(sizeof(struct request) == 112, "blkif_request");

struct indirect {
	u8 op, real_op;
	u16 segments;
	u64 id, sector;
	u16 handle, pad;
	u32 ref[8];
};

struct response {
	u64 id;
	u8 op;
	int16_t status;
};

#define WAIT 10000

static struct device disk;
static struct front_ring ring;
static u64 next_id = 0x100;
static u64 *buffer[64];
static u32 ref[64], read_ref[64];

static bool connect(struct device *d)
{
	char path[96];

	ring_create(&ring, d->backend, sizeof(struct request));
	device_put(d, "ring-ref", ring.ref);
	device_put(d, "event-channel", ring.port);
	format(path, sizeof(path), "%s/protocol", d->front);
	xs_write(0, path, "ia64-abi");
	device_state(d, ST_INITIALISED);
	if (!device_wait(d, ST_CONNECTED, WAIT))
		return false;
	return device_state(d, ST_CONNECTED);
}

static bool disconnect(struct device *d)
{
	device_state(d, ST_CLOSING);
	bool closed = wait_until(device_back(d, "state", 0) >= ST_CLOSING, WAIT);
	device_state(d, ST_CLOSED);
	closed &= device_wait(d, ST_CLOSED, WAIT);
	ring_destroy(&ring);
	return closed;
}

static struct request *request(u8 op, u64 sector)
{
	struct request *r = ring_next(&ring);

	r->op = op;
	r->sector = sector;
	r->id = ++next_id;
	return r;
}

static void segment(struct request *r, u32 reference, u8 first, u8 last)
{
	r->seg[r->segments++] = (struct segment){reference, first, last};
}

/* The status of the request before, which is the only one; 99 when no answer comes, or another's.
 */
static int status(void)
{
	ring_push(&ring);
	const struct response *a = ring_answer(&ring, WAIT);

	return a && a->id == next_id ? a->status : 99;
}

static int whole_page(u8 op, u64 sector, unsigned n)
{
	segment(request(op, sector), ref[n], 0, 31);
	return status();
}

static bool is_pattern(const u64 *p, u64 offset, u64 bytes)
{
	for (u64 n = 0; n < bytes / 8; n++)
		if (p[n] != offset + 8 * n)
			return false;
	return true;
}

static void reading(void)
{
	report(whole_page(OP_READ, 0, 0) == 0 && is_pattern(buffer[0], 0, PAGE_SIZE),
		"a page is read");
	report_eq(grants[ref[0]].flags, GTF_ACCESS, "and its grant is not used any more");
	report(whole_page(OP_READ, 77, 1) == 0 && is_pattern(buffer[1], 77 * 512, PAGE_SIZE),
		"at any sector");
	memset(buffer[0], 0xff, PAGE_SIZE);
	segment(request(OP_READ, 100), ref[0], 3, 5);
	report(status() == 0 && is_pattern(buffer[0] + 192, 51200, 1536),
		"a segment of three sectors");
	report(buffer[0][191] == ~0ull && buffer[0][384] == ~0ull,
		"leaves the rest of its page alone");
	struct request *r = request(OP_READ, 256);
	for (unsigned n = 0; n < 11; n++)
		segment(r, ref[n], 0, 31);
	bool good = status() == 0;
	for (unsigned n = 0; n < 11; n++)
		good &= is_pattern(buffer[n], 256 * 512 + n * PAGE_SIZE, PAGE_SIZE);
	report(good, "eleven segments");
}

static void fill(u64 *p, u64 seed)
{
	for (unsigned n = 0; n < PAGE_SIZE / 8; n++)
		p[n] = seed * 0x9e3779b97f4a7c15 + n;
}

static void writing(void)
{
	fill(buffer[0], 1);
	report_eq((u64)whole_page(OP_WRITE, 4096, 0), 0, "a page is written");
	memset(buffer[1], 0, PAGE_SIZE);
	report(whole_page(OP_READ, 4096, 1) == 0 && !memcmp(buffer[0], buffer[1], PAGE_SIZE),
		"and read back");
	request(OP_FLUSH, 0);
	report_eq((u64)status(), 0, "a flush");
	fill(buffer[0], 2);
	report_eq((u64)whole_page(OP_BARRIER, 4096 + 32, 0), 0, "a write with a barrier");
	request(OP_BARRIER, 0);
	report_eq((u64)status(), 0, "an empty barrier");
	segment(request(OP_WRITE, 4096 + 64), ref[0], 31, 31);
	report_eq((u64)status(), 0, "one sector is written");
	memset(buffer[1], 0, PAGE_SIZE);
	report(whole_page(OP_READ, 4096 + 64, 1) == 0 &&
			!memcmp((char *)buffer[0] + 31 * 512, buffer[1], 512) &&
			is_pattern(buffer[1] + 64, (4096 + 65) * 512, PAGE_SIZE - 512),
		"and no other");
	segment(request(OP_WRITE, 4096 + 128), read_ref[0], 0, 31);
	report_eq((u64)status(), 0, "what is granted for reading is written to the disk");
}

/* As many as the ring has, out of order as they may come back. */
static void many(void)
{
	bool seen[64] = {false}, good = true;
	u64 first = next_id + 1;

	for (unsigned n = 0; n < 32; n++) {
		fill(buffer[n], 100 + n);
		segment(request(OP_WRITE, 5000 + 32 * n), ref[n], 0, 31);
	}
	ring_push(&ring);
	for (unsigned n = 0; n < 32; n++) {
		const struct response *a = ring_answer(&ring, WAIT);
		if (!a || a->id - first >= 32 || seen[a->id - first] || a->status) {
			good = false;
			break;
		}
		seen[a->id - first] = true;
	}
	report(good, "32 writes at once are each answered once");
	for (unsigned n = 0; n < 32; n++)
		segment(request(OP_READ, 5000 + 32 * n), ref[32 + n], 0, 31);
	ring_push(&ring);
	for (unsigned n = 0; n < 32; n++) {
		const struct response *a = ring_answer(&ring, WAIT);
		good &= a && !a->status;
	}
	for (unsigned n = 0; n < 32 && good; n++)
		good &= !memcmp(buffer[n], buffer[32 + n], PAGE_SIZE);
	report(good, "and are read back");
}

static void indirect(void)
{
	u64 most = device_back(&disk, "feature-max-indirect-segments", 0);

	if (most < 32) {
		skip("the backend has none", "indirect segments");
		return;
	}
	struct segment *list = page_alloc();
	u32 list_ref = grant_give(disk.backend, list, true);
	for (unsigned n = 0; n < 32; n++) {
		memset(buffer[n], 0, PAGE_SIZE);
		list[n] = (struct segment){ref[n], 0, 31};
	}
	struct indirect *r = ring_next(&ring);
	*r = (struct indirect){.op = OP_INDIRECT,
		.real_op = OP_READ,
		.segments = 32,
		.id = ++next_id,
		.sector = 5000,
		.ref = {list_ref}};
	bool good = status() == 0;
	for (unsigned n = 0; n < 32 && good; n++)
		good &= !memcmp(buffer[n], buffer[32 + n], PAGE_SIZE);
	report(good, "a read of 32 indirect segments");
	r = ring_next(&ring);
	*r = (struct indirect){.op = OP_INDIRECT,
		.real_op = OP_READ,
		.segments = 60000,
		.id = ++next_id,
		.ref = {list_ref}};
	report_eq((u64)status(), (u64)-1, "60000 of them are an error");
	grant_end(list_ref);
	page_free(list);
}

static void refusals(void)
{
	u64 sectors = device_back(&disk, "sectors", 0);

	report_eq((u64)whole_page(OP_READ, sectors, 0), (u64)-1, "a read beyond the end");
	report_eq((u64)whole_page(OP_WRITE, sectors - 1, 0), (u64)-1, "a write across the end");
	report_eq((u64)whole_page(OP_READ, ~0ull, 0), (u64)-1,
		"a read of the last sector that there could be");
	request(77, 0);
	report_eq((u64)status(), (u64)-2, "an unknown operation is not supported");
	segment(request(OP_READ, 0), 2000, 0, 31);
	report_eq((u64)status(), (u64)-1, "a reference that is not given");
	segment(request(OP_READ, 0), 1 << 24, 0, 31);
	report_eq((u64)status(), (u64)-1, "a reference beyond the table");
	segment(request(OP_READ, 0), read_ref[0], 0, 31);
	report_eq((u64)status(), (u64)-1, "a read into what is granted for reading");
	segment(request(OP_READ, 0), ref[0], 5, 3);
	report_eq((u64)status(), (u64)-1, "a segment that ends before it begins");
	segment(request(OP_READ, 0), ref[0], 0, 32);
	report_eq((u64)status(), (u64)-1, "a segment beyond its page");
	request(OP_READ, 0)->segments = 12;
	report_eq((u64)status(), (u64)-1, "twelve segments");
	report(whole_page(OP_READ, 0, 0) == 0 && is_pattern(buffer[0], 0, PAGE_SIZE),
		"all of that does the device no harm");
}

static void again(void)
{
	report(disconnect(&disk), "the device is closed");
	bool given = true;
	for (unsigned n = 0; n < 64; n++)
		given &= grants[ref[n]].flags == GTF_ACCESS;
	report(given, "and uses no grants any more");
	device_state(&disk, ST_INITIALISING);
	report(device_wait(&disk, ST_INIT_WAIT, WAIT), "it can be initialised again");
	report(connect(&disk), "and connected");
	report(whole_page(OP_READ, 5000, 1) == 0 && !memcmp(buffer[1], buffer[32], PAGE_SIZE),
		"what was written is there");
	disconnect(&disk);
}

static void readonly(void)
{
	if (!device_find("vbd", 1, &disk)) {
		skip("no second disk", "a read-only disk");
		return;
	}
	report(connect(&disk), "a second disk is connected");
	report_eq(device_back(&disk, "info", 0) & 4, 4, "it is read-only");
	report_eq((u64)whole_page(OP_READ, 0, 0), 0, "it is read");
	report_eq((u64)whole_page(OP_WRITE, 0, 0), (u64)-1, "and not written");
	/* The ring itself is not trusted. */
	ring.header[0] = ring.prod + 5000;
	port_op(EVTCHN_SEND, ring.port);
	delay(50);
	report_eq((u64)hypercall(HC_VERSION, 0, 0, 0), 0x40001,
		"a ring whose producer is wrong ends nothing but itself");
	disconnect(&disk);
}

void test_block(void)
{
	xs_init();
	grants_init();
	if (!device_find("vbd", 0, &disk)) {
		skip("no disk", "disks");
		return;
	}
	for (unsigned n = 0; n < 64; n++) {
		buffer[n] = page_alloc();
		ref[n] = grant_give(disk.backend, buffer[n], false);
	}
	read_ref[0] = grant_give(disk.backend, buffer[0], true);
	report(device_wait(&disk, ST_INIT_WAIT, WAIT), "the backend waits for its frontend");
	if (!report(connect(&disk), "and connects"))
		return;
	report(device_back(&disk, "sectors", 0) >= 8192, "the disk's size is told");
	report_eq(device_back(&disk, "sector-size", 0), 512, "and that of a sector");
	reading();
	writing();
	many();
	indirect();
	refusals();
	again();
	readonly();
}
