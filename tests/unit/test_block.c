/* SPDX-License-Identifier: MIT */
/* Disks against a frontend in guest memory that follows Xen's io/blkif.h, and one that does not. */
#define _GNU_SOURCE
#include "pv.h"

#include "back/block_private.h"
#include "back/xenbus_private.h"
#include "base/stream.h"
#include "hv/event.h"
#include "hv/grant_table.h"
#include "hv/hypercall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SECTORS	   4096u
#define RING_FRAME 256u /* guest frames: 4 MB */
#define DATA_FRAME 300u
#define RING_REF   8u
#define DATA_REF   100u
#define PAGE	   16384u

/* io/blkif.h, 64 bits, written down anew. */
struct request {
	uint8_t op, segments;
	uint16_t handle;
	uint64_t id, sector;
	struct {
		uint32_t ref;
		uint8_t first, last;
	} seg[11];
};

struct request_indirect {
	uint8_t op, inner;
	uint16_t segments;
	uint64_t id, sector;
	uint16_t handle;
	uint32_t ref[8];
};

struct response {
	uint64_t id;
	uint8_t op;
	int16_t status;
};

enum { OP_READ, OP_WRITE, OP_BARRIER, OP_FLUSH, OP_RESERVED, OP_DISCARD, OP_INDIRECT };

struct disk {
	struct pv *p;
	struct xenbus *bus;
	struct block *block;
	struct vbd *v;
	int fd;
	uint32_t port;
	uint32_t req, rsp; /* the frontend's indices */
	_Atomic unsigned woken;
};

static void wake(void *ctx)
{
	struct disk *d = ctx;
	d->woken++;
}

static uint8_t *frame(struct disk *d, uint32_t gfn)
{
	return (uint8_t *)(uintptr_t)ram_read_ptr(&d->p->g.m.ram, GPA((uint64_t)gfn * PAGE), PAGE);
}

static uint32_t *index_at(struct disk *d, unsigned n)
{
	return (uint32_t *)(void *)frame(d, RING_FRAME) + n;
}

static void grant(struct disk *d, uint32_t ref, uint32_t gfn, bool readonly)
{
	uint32_t *e = grant_word(&d->p->hv, ref);
	e[1] = gfn;
	__atomic_store_n(e, (DOMID_DOM0 << 16) | 1 | (readonly ? 4 : 0), __ATOMIC_RELEASE);
}

static uint32_t grant_flags(struct disk *d, uint32_t ref)
{
	return __atomic_load_n(grant_word(&d->p->hv, ref), __ATOMIC_ACQUIRE) & 0xffff;
}

static void write_key(struct disk *d, unsigned n, const char *fmt, ...)
{
	char text[40] = "";
	va_list ap;
	va_start(ap, fmt);
	if (fmt)
		vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	free(d->v->x->key[n]);
	d->v->x->key[n] = fmt ? strdup(text) : NULL;
}

/* The frontend: a ring, a channel, granted pages. */
static void make_front(struct disk *d, const char *protocol)
{
	memset(frame(d, RING_FRAME), 0, PAGE);
	*index_at(d, 1) = *index_at(d, 3) = 1;
	d->req = d->rsp = 0;
	grant(d, RING_REF, RING_FRAME, false);
	for (uint32_t n = 0; n < 128; n++)
		grant(d, DATA_REF + n, DATA_FRAME + n, false);
	d->port = (uint32_t)evtchn_alloc_unbound(&d->p->hv, DOMID_DOM0);
	write_key(d, 0, "%u", RING_REF);
	write_key(d, 1, "%u", d->port);
	write_key(d, 2, "%s", protocol);
}

static struct disk *disk_with(void **state, struct block_image *image, bool readonly)
{
	struct disk *d = calloc(1, sizeof(*d));
	d->p = *state;
	d->bus = xenbus_new(1);
	d->block = block_new(&d->p->hv, d->bus, wake, d);
	struct block_disk disk = {"xvda", "nowhere", 202 << 8, readonly, false, image};
	assert_int_equal(block_add(d->block, &disk), 0);
	assert_int_equal(block_start(d->block), 0);
	d->v = d->block->disks;
	return d;
}

static void connected(struct disk *d)
{
	make_front(d, "ia64-abi");
	assert_int_equal(vbd_kind.connect(d->v->x), 0);
}

static void number_sectors(int fd)
{
	for (uint32_t n = 0; n < SECTORS; n++) {
		uint32_t sector[128];
		for (unsigned i = 0; i < 128; i++)
			sector[i] = n << 8 | i;
		assert_int_equal(pwrite(fd, sector, 512, n * 512), 512);
	}
}

static struct disk *disk_new(void **state, bool readonly)
{
	/* where a file system can say whether a read would wait */
	int fd = open("/var/tmp", O_TMPFILE | O_RDWR, 0600);
	if (fd < 0)
		fd = memfd_create("disk", 0);
	number_sectors(fd);
	struct block_image *image = block_file_new(dup(fd));
	image->size = SECTORS * 512ull;
	image->sector_size = 512;
	image->discard_granule = 4096;
	struct disk *d = disk_with(state, image, readonly);
	d->fd = fd;
	connected(d);
	return d;
}

static void disk_free(struct disk *d)
{
	xenbus_free(d->bus);
	assert_true(block_free(d->block));
	if (d->fd)
		close(d->fd);
	free(d);
}

static void send_raw(struct disk *d, const void *request, size_t n, unsigned entry)
{
	memcpy(frame(d, RING_FRAME) + 64 + (d->req++ % 128) * entry, request, n);
	__atomic_store_n(index_at(d, 0), d->req, __ATOMIC_RELEASE);
}

/* As EVTCHNOP_send does. */
static void signal_backend(struct disk *d)
{
	pthread_mutex_lock(&d->p->hv.event.lock);
	struct evtchn *e = &d->p->hv.event.port[d->port];
	if (e->notify)
		e->notify(e->ctx);
	pthread_mutex_unlock(&d->p->hv.event.lock);
	block_eager(d->block);
}

static void pause_ms(unsigned ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* The next response; the test fails when none comes. */
static struct response receive_from(struct disk *d, unsigned entry)
{
	struct response r = {0};
	for (unsigned n = 0; n < 5000; n++) {
		if (__atomic_load_n(index_at(d, 2), __ATOMIC_ACQUIRE) != d->rsp) {
			memcpy(&r, frame(d, RING_FRAME) + 64 + (d->rsp++ % 128) * entry,
				entry == 108 ? 12 : 16);
			return r;
		}
		pause_ms(1);
	}
	fail_msg("no response");
	return r;
}

static void send(struct disk *d, const struct request *q)
{
	send_raw(d, q, sizeof(*q), 112);
	signal_backend(d);
}

static struct response receive(struct disk *d)
{
	return receive_from(d, 112);
}

static int ask(struct disk *d, struct request q)
{
	static uint64_t id = 0x123456789abc0000;
	q.id = ++id;
	send(d, &q);
	struct response r = receive(d);
	assert_int_equal(r.id, q.id);
	assert_int_equal(r.op, q.op);
	return r.status;
}

static struct request one(uint8_t op, uint64_t sector, uint8_t first, uint8_t last)
{
	struct request q = {.op = op, .segments = 1, .sector = sector};
	q.seg[0].ref = DATA_REF;
	q.seg[0].first = first;
	q.seg[0].last = last;
	return q;
}

static void shows_sectors(const uint8_t *p, uint32_t sector, uint32_t count)
{
	for (uint32_t n = 0; n < count * 128; n++) {
		uint32_t v;
		memcpy(&v, p + n * 4, 4);
		assert_int_equal(v, (sector + n / 128) << 8 | n % 128);
	}
}

/* --- what frontends do --- */

static void sectors_are_read_into_segments(void **state)
{
	struct disk *d = disk_new(state, false);
	struct request q = {.op = OP_READ, .segments = 3, .sector = 7};
	q.seg[0].ref = DATA_REF + 2, q.seg[0].first = 5, q.seg[0].last = 31;
	q.seg[1].ref = DATA_REF, q.seg[1].first = 0, q.seg[1].last = 31;
	q.seg[2].ref = DATA_REF + 1, q.seg[2].first = 0, q.seg[2].last = 0;
	memset(frame(d, DATA_FRAME), 0xee, 4 * PAGE);
	assert_int_equal(ask(d, q), 0);
	shows_sectors(frame(d, DATA_FRAME + 2) + 5 * 512, 7, 27);
	shows_sectors(frame(d, DATA_FRAME), 34, 32);
	shows_sectors(frame(d, DATA_FRAME + 1), 66, 1);
	for (unsigned n = 0; n < 5 * 512; n++)
		assert_int_equal(frame(d, DATA_FRAME + 2)[n], 0xee);
	assert_int_equal(frame(d, DATA_FRAME + 1)[512], 0xee);
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(grant_flags(d, DATA_REF + n), 1);
	for (unsigned n = 0; n < 5000 && !evtchn_pending(&d->p->hv, d->port); n++)
		pause_ms(1); /* the signal follows the response */
	assert_true(evtchn_pending(&d->p->hv, d->port));
	disk_free(d);
}

static void segments_are_written_to_sectors(void **state)
{
	struct disk *d = disk_new(state, false);
	struct request q = {.op = OP_WRITE, .segments = 11, .sector = 100};
	for (unsigned n = 0; n < 11; n++) {
		grant(d, DATA_REF + n, DATA_FRAME + n, true); /* reading is enough */
		memset(frame(d, DATA_FRAME + n), 0x40 + (int)n, PAGE);
		q.seg[n].ref = DATA_REF + n;
		q.seg[n].last = 31;
	}
	assert_int_equal(ask(d, q), 0);
	for (unsigned n = 0; n < 11; n++) {
		uint8_t got[PAGE], want[PAGE];
		memset(want, 0x40 + (int)n, PAGE);
		assert_int_equal(pread(d->fd, got, PAGE, 100 * 512 + n * PAGE), PAGE);
		assert_memory_equal(got, want, PAGE);
		assert_int_equal(grant_flags(d, DATA_REF + n), 5);
	}
	uint8_t got[512];
	pread(d->fd, got, 512, 99 * 512);
	shows_sectors(got, 99, 1);
	pread(d->fd, got, 512, (100 + 11 * 32) * 512);
	shows_sectors(got, 100 + 11 * 32, 1);
	disk_free(d);
}

/* Offsets in io/blkif.h where 8 bytes are aligned to 4. */
static void guests_of_32_bits_have_their_own_layout(void **state)
{
	struct disk *d = disk_new(state, false);
	vbd_kind.disconnect(d->v->x);
	make_front(d, "x86_32-abi");
	assert_int_equal(vbd_kind.connect(d->v->x), 0);
	for (unsigned n = 0; n < 300; n++) {
		uint8_t q[108] = {0};
		uint64_t id = 0xfeed00000000 + n, sector = 50 + n;
		uint32_t ref = DATA_REF;
		q[0] = OP_READ, q[1] = 1;
		memcpy(q + 4, &id, 8);
		memcpy(q + 12, &sector, 8);
		memcpy(q + 20, &ref, 4);
		q[24] = 1, q[25] = 2;
		send_raw(d, q, sizeof(q), 108);
		signal_backend(d);
		struct response r = receive_from(d, 108);
		assert_int_equal(r.id, id);
		assert_int_equal(r.status, 0);
		shows_sectors(frame(d, DATA_FRAME) + 512, (uint32_t)sector, 2);
	}
	disk_free(d);
}

static void unknown_protocol_does_not_connect(void **state)
{
	struct disk *d = disk_new(state, false);
	vbd_kind.disconnect(d->v->x);
	make_front(d, "vax-abi");
	assert_int_equal(vbd_kind.connect(d->v->x), -EINVAL);
	vbd_kind.disconnect(d->v->x);
	make_front(d, "x86_64-abi");
	assert_int_equal(vbd_kind.connect(d->v->x), 0);
	assert_int_equal(ask(d, one(OP_READ, 3, 0, 0)), 0);
	shows_sectors(frame(d, DATA_FRAME), 3, 1);
	disk_free(d);
}

static void missing_or_wrong_keys_do_not_connect(void **state)
{
	static const char *const wrong[][2] = {{"", "-1"}, {NULL, NULL}, {"9", "4000"},
		{"4294967295", "0"}, {"99999999999", "4096"}, {"8x", "1e1"}};
	struct disk *d = disk_new(state, false);
	for (unsigned n = 0; n < countof(wrong); n++) {
		for (unsigned k = 0; k < 2; k++) {
			vbd_kind.disconnect(d->v->x);
			make_front(d, "ia64-abi");
			write_key(d, k, wrong[n][k] ? "%s" : NULL, wrong[n][k]);
			assert_int_not_equal(vbd_kind.connect(d->v->x), 0);
		}
	}
	vbd_kind.disconnect(d->v->x);
	assert_int_equal(grant_flags(d, RING_REF), 1);
	disk_free(d);
}

static void many_requests_at_once_are_all_answered(void **state)
{
	struct disk *d = disk_new(state, false);
	static uint8_t seen[128];
	for (unsigned round = 0; round < 20; round++) {
		memset(seen, 0, sizeof(seen));
		for (unsigned n = 0; n < 128; n++) {
			struct request q = one(OP_READ, n * 8 % SECTORS, 0, 7);
			q.seg[0].ref = DATA_REF + n;
			q.id = n;
			send_raw(d, &q, sizeof(q), 112);
		}
		signal_backend(d);
		for (unsigned n = 0; n < 128; n++) {
			struct response r = receive(d);
			assert_int_equal(r.status, 0);
			assert_in_range(r.id, 0, 127);
			assert_int_equal(seen[r.id]++, 0);
		}
	}
	disk_free(d);
}

/* --- indirect --- */

static void put_segments(struct disk *d, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		uint8_t *s = frame(d, DATA_FRAME + 70) + n * 8;
		uint32_t ref = DATA_REF + n % 64;
		memcpy(s, &ref, 4);
		s[4] = 0, s[5] = 31;
	}
}

static int ask_indirect(struct disk *d, uint8_t inner, uint16_t count, uint32_t ref)
{
	struct request_indirect q = {
		.op = OP_INDIRECT, .inner = inner, .segments = count, .id = 5, .sector = 64};
	q.ref[0] = ref;
	assert_true(sizeof(q) <= 112 && offsetof(struct request_indirect, ref) == 28);
	send_raw(d, &q, sizeof(q), 112);
	signal_backend(d);
	struct response r = receive(d);
	assert_int_equal(r.op, inner);
	assert_int_equal(r.id, 5);
	return r.status;
}

static void indirect_requests_move_64_pages(void **state)
{
	struct disk *d = disk_new(state, false);
	put_segments(d, 64);
	assert_int_equal(ask_indirect(d, OP_READ, 64, DATA_REF + 70), 0);
	shows_sectors(frame(d, DATA_FRAME), 64, 64 * 32);
	memset(frame(d, DATA_FRAME), 0x77, 64 * PAGE);
	assert_int_equal(ask_indirect(d, OP_WRITE, 64, DATA_REF + 70), 0);
	uint8_t got[512], want[512];
	memset(want, 0x77, 512);
	pread(d->fd, got, 512, (64 + 64 * 32 - 1) * 512);
	assert_memory_equal(got, want, 512);
	disk_free(d);
}

static void indirect_requests_that_make_no_sense_fail(void **state)
{
	struct disk *d = disk_new(state, false);
	put_segments(d, 70);
	assert_int_equal(ask_indirect(d, OP_READ, 65, DATA_REF + 70), -1);
	assert_int_equal(ask_indirect(d, OP_READ, 65535, DATA_REF + 70), -1);
	assert_int_equal(ask_indirect(d, OP_READ, 0, DATA_REF + 70), -1);
	assert_int_equal(ask_indirect(d, OP_READ, 1, 4000), -1);
	assert_int_equal(ask_indirect(d, OP_READ, 1, UINT32_MAX), -1);
	assert_int_equal(ask_indirect(d, OP_BARRIER, 1, DATA_REF + 70), -1);
	assert_int_equal(ask_indirect(d, OP_FLUSH, 1, DATA_REF + 70), -1);
	assert_int_equal(ask_indirect(d, OP_DISCARD, 1, DATA_REF + 70), -1);
	assert_int_equal(ask_indirect(d, OP_INDIRECT, 1, DATA_REF + 70), -2);
	frame(d, DATA_FRAME + 70)[5] = 32;
	assert_int_equal(ask_indirect(d, OP_READ, 1, DATA_REF + 70), -1);
	assert_int_equal(grant_flags(d, DATA_REF + 70), 1);
	disk_free(d);
}

/* --- bounds --- */

static void sectors_behind_the_end_fail(void **state)
{
	struct disk *d = disk_new(state, false);
	static const uint8_t ops[] = {OP_READ, OP_WRITE, OP_BARRIER, OP_FLUSH};
	for (unsigned n = 0; n < countof(ops); n++) {
		assert_int_equal(ask(d, one(ops[n], SECTORS - 1, 0, 0)), 0);
		assert_int_equal(ask(d, one(ops[n], SECTORS, 0, 0)), -1);
		assert_int_equal(ask(d, one(ops[n], SECTORS - 3, 0, 3)), -1);
		assert_int_equal(ask(d, one(ops[n], UINT64_MAX, 0, 0)), -1);
		assert_int_equal(ask(d, one(ops[n], UINT64_MAX / 512, 0, 7)), -1);
		assert_int_equal(ask(d, one(ops[n], 1ull << 55, 0, 7)), -1);
	}
	assert_int_equal(lseek(d->fd, 0, SEEK_END), SECTORS * 512);
	disk_free(d);
}

static void segments_outside_their_page_fail(void **state)
{
	struct disk *d = disk_new(state, false);
	memset(frame(d, DATA_FRAME), 0xee, 2 * PAGE);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 32)), -1);
	assert_int_equal(ask(d, one(OP_READ, 0, 32, 32)), -1);
	assert_int_equal(ask(d, one(OP_READ, 0, 5, 4)), -1);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 255)), -1);
	assert_int_equal(ask(d, one(OP_WRITE, 0, 255, 255)), -1);
	for (unsigned n = 0; n < 2 * PAGE; n++)
		assert_int_equal(frame(d, DATA_FRAME)[n], 0xee);
	disk_free(d);
}

static void numbers_of_segments_are_checked(void **state)
{
	struct disk *d = disk_new(state, false);
	static const uint8_t counts[] = {0, 12, 13, 128, 255};
	for (unsigned n = 0; n < countof(counts); n++) {
		struct request q = one(OP_READ, 0, 0, 0);
		q.segments = counts[n];
		assert_int_equal(ask(d, q), -1);
		q.op = OP_WRITE;
		assert_int_equal(ask(d, q), -1);
		q.op = OP_BARRIER;
		assert_int_equal(ask(d, q), counts[n] ? -1 : 0);
		q.op = OP_FLUSH;
		assert_int_equal(ask(d, q), counts[n] ? -1 : 0);
	}
	disk_free(d);
}

static void grants_to_nowhere_fail(void **state)
{
	struct disk *d = disk_new(state, false);
	static const uint32_t refs[] = {0, 90, 2047, 2048, 65535, 65536, UINT32_MAX};
	for (unsigned n = 0; n < countof(refs); n++) {
		struct request q = one(OP_READ, 0, 0, 31);
		q.segments = 2;
		q.seg[1].ref = refs[n];
		assert_int_equal(ask(d, q), -1);
		assert_int_equal(grant_flags(d, DATA_REF), 1);
	}
	grant(d, DATA_REF, 0xffffff, false); /* no such frame */
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 0)), -1);
	grant(d, DATA_REF, DATA_FRAME, true);
	memset(frame(d, DATA_FRAME), 0xee, 512);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 0)), -1);
	assert_int_equal(frame(d, DATA_FRAME)[0], 0xee);
	*grant_word(&d->p->hv, DATA_REF) = 7 << 16 | 1; /* another domain's */
	assert_int_equal(ask(d, one(OP_WRITE, 0, 0, 0)), -1);
	disk_free(d);
}

static void operations_nobody_knows_are_not_supported(void **state)
{
	struct disk *d = disk_new(state, false);
	static const uint8_t ops[] = {OP_RESERVED, 7, 100, 255};
	for (unsigned n = 0; n < countof(ops); n++)
		assert_int_equal(ask(d, one(ops[n], 0, 0, 0)), -2);
	disk_free(d);
}

static void readonly_disks_are_not_written(void **state)
{
	struct disk *d = disk_new(state, true);
	assert_int_equal(ask(d, one(OP_READ, 1, 0, 0)), 0);
	assert_int_equal(ask(d, one(OP_WRITE, 0, 0, 0)), -1);
	assert_int_equal(ask(d, one(OP_BARRIER, 0, 0, 0)), -1);
	assert_int_equal(ask(d, one(OP_FLUSH, 0, 0, 0)), -1);
	struct request q = {.op = OP_DISCARD};
	q.seg[0].ref = 8;
	assert_int_equal(ask(d, q), -1);
	q = (struct request){.op = OP_FLUSH};
	assert_int_equal(ask(d, q), 0);
	uint8_t got[512];
	pread(d->fd, got, 512, 0);
	shows_sectors(got, 0, 1);
	disk_free(d);
}

static void discarded_sectors_are_zeroes_and_others_stay(void **state)
{
	struct disk *d = disk_new(state, false);
	struct request q = {.op = OP_DISCARD, .sector = 16};
	uint64_t count = 32;
	memcpy(&q.seg[0], &count, 8);
	assert_int_equal(ask(d, q), 0);
	uint8_t got[512], zero[512] = {0};
	for (unsigned n = 16; n < 48; n++) {
		pread(d->fd, got, 512, n * 512);
		assert_memory_equal(got, zero, 512);
	}
	pread(d->fd, got, 512, 15 * 512);
	shows_sectors(got, 15, 1);
	pread(d->fd, got, 512, 48 * 512);
	shows_sectors(got, 48, 1);
	q.sector = SECTORS - 1;
	assert_int_equal(ask(d, q), -1);
	count = UINT64_MAX;
	memcpy(&q.seg[0], &count, 8);
	assert_int_equal(ask(d, q), -1);
	q.sector = 1;
	assert_int_equal(ask(d, q), -1);
	d->v->target.image->discard_granule = 0;
	assert_int_equal(ask(d, q), -2);
	disk_free(d);
}

/* --- memory --- */

static void code_in_pages_that_are_read_into_is_dropped(void **state)
{
	struct disk *d = disk_new(state, false);
	struct ram *ram = &d->p->g.m.ram;
	gpa_t page = GPA((uint64_t)DATA_FRAME * PAGE);
	ram_set_flags(ram, page, RAM_HAS_CODE | RAM_LOG_DIRTY);
	ram_set_flags(ram, GPA(page.v + 4096), RAM_HAS_CODE | RAM_LOG_DIRTY);
	uint64_t generation = ram->code_generation;
	assert_int_equal(ask(d, one(OP_WRITE, 0, 0, 31)), 0);
	assert_int_equal(ram->code_generation, generation);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 7)), 0);
	assert_int_equal(ram->code_generation, generation + 1);
	assert_int_equal(ram_flags(ram_find(ram, page, 1), page), RAM_DIRTY);
	assert_int_equal(ram_flags(ram_find(ram, page, 1), GPA(page.v + 4096)),
		RAM_HAS_CODE | RAM_LOG_DIRTY);
	disk_free(d);
}

static void memory_that_nobody_may_write_is_not_read_into(void **state)
{
	struct disk *d = disk_new(state, false);
	ram_set_flags(&d->p->g.m.ram, GPA((uint64_t)DATA_FRAME * PAGE), RAM_READ_ONLY);
	memset(frame(d, DATA_FRAME), 0xee, 512);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 0)), -1);
	assert_int_equal(frame(d, DATA_FRAME)[0], 0xee);
	assert_int_equal(ask(d, one(OP_WRITE, 0, 0, 0)), 0);
	disk_free(d);
}

/* --- an image that does what the test says --- */

struct slow {
	struct block_image image;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed; /* calls wait */
	unsigned calls, flushes;
	char order[64]; /* r, w, f as they end */
	int err;
};

static int slow_do(struct slow *s, char what)
{
	pthread_mutex_lock(&s->lock);
	s->calls++;
	pthread_cond_broadcast(&s->changed);
	while (s->closed)
		pthread_cond_wait(&s->changed, &s->lock);
	size_t n = strlen(s->order);
	if (n < sizeof(s->order) - 1)
		s->order[n] = what;
	int err = s->err;
	pthread_mutex_unlock(&s->lock);
	return err;
}

static int slow_read(struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total)
{
	(void)v, (void)n, (void)at, (void)total;
	return slow_do((struct slow *)i, 'r');
}

static int slow_write(
	struct block_image *i, const struct iovec *v, int n, uint64_t at, size_t total)
{
	(void)v, (void)n, (void)at, (void)total;
	return slow_do((struct slow *)i, 'w');
}

static int slow_flush(struct block_image *i)
{
	return slow_do((struct slow *)i, 'f');
}

static int slow_discard(struct block_image *i, uint64_t at, uint64_t len)
{
	(void)at, (void)len;
	return slow_do((struct slow *)i, 'd');
}

static void slow_free(struct block_image *i)
{
	(void)i;
}

static const struct block_image_ops slow_ops = {
	slow_read, slow_write, slow_flush, slow_discard, NULL, slow_free};

static void slow_init(struct slow *s)
{
	*s = (struct slow){.image = {.ops = &slow_ops, .size = SECTORS * 512, .sector_size = 512}};
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
}

static void set_closed(struct slow *s, bool closed)
{
	pthread_mutex_lock(&s->lock);
	s->closed = closed;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void await_calls(struct slow *s, unsigned count)
{
	pthread_mutex_lock(&s->lock);
	while (s->calls < count)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void send_op(struct disk *d, uint8_t op, uint64_t id)
{
	struct request q = one(op, 0, 0, 0);
	q.id = id;
	if (op == OP_FLUSH)
		q.segments = 0;
	send(d, &q);
}

static void barriers_wait_for_what_is_before_and_hold_what_is_behind(void **state)
{
	struct slow s;
	slow_init(&s);
	struct disk *d = disk_with(state, &s.image, false);
	connected(d);
	set_closed(&s, true);
	send_op(d, OP_READ, 1);
	send_op(d, OP_READ, 2);
	send_op(d, OP_BARRIER, 3);
	send_op(d, OP_WRITE, 4);
	send_op(d, OP_WRITE, 5);
	await_calls(&s, 2);
	pause_ms(30);
	assert_int_equal(s.calls, 2); /* the barrier has not begun */
	set_closed(&s, false);
	unsigned order[6] = {0};
	for (unsigned n = 0; n < 5; n++)
		order[receive(d).id] = n;
	assert_int_equal(order[3], 2);
	assert_string_equal(s.order, "rrfwfww");
	disk_free(d);
}

static void flush_is_done_by_the_image(void **state)
{
	struct slow s;
	slow_init(&s);
	struct disk *d = disk_with(state, &s.image, false);
	connected(d);
	send_op(d, OP_FLUSH, 1);
	assert_int_equal(receive(d).status, 0);
	assert_string_equal(s.order, "f");
	disk_free(d);
}

static void failures_of_the_host_are_the_guests_and_go_on(void **state)
{
	struct slow s;
	slow_init(&s);
	struct disk *d = disk_with(state, &s.image, false);
	connected(d);
	static const struct {
		int err, status;
	} known[] = {{-EIO, -1}, {-ENOSPC, -1}, {-EOPNOTSUPP, -2}, {0, 0}};
	s.image.discard_granule = 512;
	for (unsigned n = 0; n < countof(known); n++) {
		s.err = known[n].err;
		for (uint8_t op = OP_READ; op <= OP_DISCARD; op++) {
			struct request q = one(op, 0, 0, 1);
			if (op == OP_DISCARD)
				memcpy(&q.seg[0], &(uint64_t){8}, 8);
			if (op != OP_RESERVED)
				assert_int_equal(ask(d, q), known[n].status);
		}
	}
	disk_free(d);
}

static void a_file_that_became_shorter_fails(void **state)
{
	struct disk *d = disk_new(state, false);
	assert_int_equal(ftruncate(d->fd, 1024), 0);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 1)), 0);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 3)), -1);
	assert_int_equal(ask(d, one(OP_READ, 100, 0, 3)), -1);
	disk_free(d);
}

static void reads_of_cached_sectors_are_answered_before_the_signal_returns(void **state)
{
	struct disk *d = disk_new(state, false);
	struct iovec v = {frame(d, DATA_FRAME), 512};
	if (d->v->target.image->ops->try_read(d->v->target.image, &v, 1, 0, 512)) {
		disk_free(d);
		skip();
	}
	block_use_eager(d->block);
	unsigned at_once = 0; /* a worker that is awake may be the first to see one */
	for (unsigned n = 0; n < 1000; n++) {
		send_op(d, OP_READ, n);
		at_once += __atomic_load_n(index_at(d, 2), __ATOMIC_ACQUIRE) == n + 1;
		assert_int_equal(receive(d).id, n);
	}
	assert_true(at_once > 900);
	disk_free(d);
}

struct sender {
	struct disk *d;
	pthread_t thread;
	bool stop;
};

static void *signal_always(void *arg)
{
	struct sender *s = arg;
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		signal_backend(s->d);
	return NULL;
}

/* Small reads, which are done at once, among others that are not, with signals from all sides. */
static void eager_and_other_requests_mix(void **state)
{
	struct disk *d = disk_new(state, false);
	struct sender s = {.d = d};
	block_use_eager(d->block);
	pthread_create(&s.thread, NULL, signal_always, &s);
	static uint8_t seen[100];
	for (unsigned round = 0; round < 50; round++) {
		memset(seen, 0, sizeof(seen));
		for (unsigned n = 0; n < 100; n++) {
			static const uint8_t ops[] = {
				OP_READ, OP_READ, OP_WRITE, OP_READ, OP_FLUSH};
			struct request q = one(n == 77 ? OP_BARRIER : ops[n % 5], n * 8, 0, 7);
			q.seg[0].ref = DATA_REF + n;
			q.id = n;
			send_raw(d, &q, sizeof(q), 112);
		}
		signal_backend(d);
		for (unsigned n = 0; n < 100; n++) {
			struct response r = receive(d);
			assert_int_equal(r.status, 0);
			assert_in_range(r.id, 0, 99);
			assert_int_equal(seen[r.id]++, 0);
			if (r.id == 77)
				assert_int_equal(n, 77);
		}
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(s.thread, NULL);
	disk_free(d);
}

static void an_eager_disk_saves_and_disconnects(void **state)
{
	struct slow s;
	slow_init(&s);
	struct disk *d = disk_with(state, &s.image, false);
	block_use_eager(d->block);
	connected(d);
	set_closed(&s, true);
	send_op(d, OP_READ, 1);
	await_calls(&s, 1);
	send_op(d, OP_READ, 2);
	assert_string_equal(block_quiesce(d->block, 20), "xvda");
	set_closed(&s, false);
	assert_null(block_quiesce(d->block, 5000));
	block_resume(d->block);
	assert_int_equal(receive(d).id + receive(d).id, 3); /* in any order */
	send_op(d, OP_BARRIER, 3);
	assert_int_equal(receive(d).id, 3);
	vbd_kind.disconnect(d->v->x);
	assert_null(block_stuck(d->block));
	disk_free(d);
}

static void saving_waits_for_requests_and_takes_none(void **state)
{
	struct slow s;
	slow_init(&s);
	struct disk *d = disk_with(state, &s.image, false);
	connected(d);
	set_closed(&s, true);
	send_op(d, OP_READ, 1);
	await_calls(&s, 1);
	assert_string_equal(block_quiesce(d->block, 20), "xvda");
	set_closed(&s, false);
	assert_null(block_quiesce(d->block, 5000));
	assert_int_equal(*index_at(d, 2), 1);
	send_op(d, OP_READ, 2);
	pause_ms(30);
	assert_int_equal(*index_at(d, 2), 1);
	block_resume(d->block);
	assert_int_equal(receive(d).id, 1);
	assert_int_equal(receive(d).id, 2);
	disk_free(d);
}

static void *open_later(void *s)
{
	pause_ms(50);
	set_closed(s, false);
	return NULL;
}

static void disconnecting_waits_and_answers_nothing(void **state)
{
	struct slow s;
	slow_init(&s);
	struct disk *d = disk_with(state, &s.image, false);
	connected(d);
	set_closed(&s, true);
	send_op(d, OP_READ, 1);
	send_op(d, OP_BARRIER, 2);
	send_op(d, OP_READ, 3);
	await_calls(&s, 1);
	pthread_t t;
	pthread_create(&t, NULL, open_later, &s);
	vbd_kind.disconnect(d->v->x);
	vbd_kind.disconnect(d->v->x);
	pthread_join(t, NULL);
	assert_null(block_stuck(d->block));
	assert_string_equal(s.order, "r");
	assert_int_equal(*index_at(d, 2), 0);
	assert_int_equal(grant_flags(d, RING_REF), 1);
	assert_int_equal(grant_flags(d, DATA_REF), 1);
	connected(d);
	send_op(d, OP_READ, 9);
	assert_int_equal(receive(d).id, 9);
	disk_free(d);
}

static void a_host_that_hangs_stops_its_disk_only(void **state)
{
	struct slow s;
	slow_init(&s);
	struct disk *d = disk_with(state, &s.image, false);
	connected(d);
	set_closed(&s, true);
	send_op(d, OP_READ, 1);
	await_calls(&s, 1);
	vbd_kind.disconnect(d->v->x); /* takes its time, and gives up */
	assert_string_equal(block_stuck(d->block), "xvda");
	assert_false(block_free(d->block));
	assert_int_equal(vbd_kind.connect(d->v->x), -EBUSY);
	assert_int_equal(grant_flags(d, RING_REF), 0x19);
	set_closed(&s, false);
	while (block_stuck(d->block))
		pause_ms(1);
	assert_int_equal(grant_flags(d, RING_REF), 1);
	connected(d);
	send_op(d, OP_READ, 9);
	assert_int_equal(receive(d).id, 9);
	disk_free(d);
}

/* --- rings --- */

static void a_broken_ring_stops_its_disk_and_is_told_once(void **state)
{
	struct disk *d = disk_new(state, false);
	static const uint32_t wrong[] = {129, 1000, 0x80000000, UINT32_MAX};
	for (unsigned n = 0; n < countof(wrong); n++) {
		unsigned woken = d->woken;
		__atomic_store_n(index_at(d, 0), wrong[n], __ATOMIC_RELEASE);
		signal_backend(d);
		for (unsigned i = 0; i < 5000 && d->woken == woken; i++)
			pause_ms(1);
		assert_int_equal(d->woken, woken + 1);
		block_serve(d->block);
		block_serve(d->block);
		assert_int_equal(d->v->x->errors, n + 1);
		__atomic_store_n(index_at(d, 0), 1, __ATOMIC_RELEASE);
		signal_backend(d);
		pause_ms(10);
		assert_int_equal(*index_at(d, 2), 0);
		vbd_kind.disconnect(d->v->x);
		connected(d);
		assert_int_equal(ask(d, one(OP_READ, 0, 0, 0)), 0);
		vbd_kind.disconnect(d->v->x);
		connected(d);
	}
	disk_free(d);
}

static void requests_that_wait_when_it_connects_are_done(void **state)
{
	struct disk *d = disk_new(state, false);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 0)), 0);
	vbd_kind.disconnect(d->v->x);
	struct request q = one(OP_READ, 9, 0, 0); /* saved with it; nobody signals again */
	q.id = 77;
	send_raw(d, &q, sizeof(q), 112);
	d->port = (uint32_t)evtchn_alloc_unbound(&d->p->hv, DOMID_DOM0);
	write_key(d, 1, "%u", d->port);
	assert_int_equal(vbd_kind.connect(d->v->x), 0);
	assert_int_equal(receive(d).id, 77);
	shows_sectors(frame(d, DATA_FRAME), 9, 1);
	disk_free(d);
}

static void somebody_elses_channel(void *ctx)
{
	*(bool *)ctx = true;
}

static void a_port_that_others_have_by_now_is_left_to_them(void **state)
{
	struct disk *d = disk_new(state, false);
	struct hv *hv = &d->p->hv;
	bool told = false;
	hv->event.port[d->port] = (struct evtchn){0}; /* the guest closes it */
	assert_int_equal(evtchn_alloc_unbound(hv, DOMID_DOM0), d->port);
	assert_int_equal(evtchn_connect(hv, d->port, DOMID_DOM0, somebody_elses_channel, &told), 0);
	vbd_kind.disconnect(d->v->x);
	assert_int_equal(hv->event.port[d->port].state, EVTCHN_INTERDOMAIN);
	signal_backend(d);
	assert_true(told);
	disk_free(d);
}

static void a_loaded_guest_goes_on_with_its_connection(void **state)
{
	struct disk *d = disk_new(state, false);
	struct stream s = {0};
	struct text nodes = {0};
	char want[200];
	stream_begin(&s, "disks", 1);
	block_save(d->block, &s);
	stream_end(&s);
	stream_open(&s, "disks", 1);
	block_load(d->block, &s);
	stream_close(&s);
	assert_true(stream_ok(&s));
	xenbus_nodes(d->bus, &nodes);
	snprintf(want, sizeof(want),
		"front ring-ref %u\nfront event-channel %u\nfront protocol ia64-abi\nfront state "
		"4\n",
		RING_REF, d->port);
	assert_non_null(strstr(nodes.data, want));
	/* as evtchn_load leaves it */
	evtchn_disconnect(&d->p->hv, d->port);
	d->p->hv.event.port[d->port].state = EVTCHN_INTERDOMAIN;
	vbd_kind.disconnect(d->v->x);
	assert_int_equal(vbd_kind.connect(d->v->x), 0);
	assert_int_equal(ask(d, one(OP_READ, 0, 0, 0)), 0);
	text_free(&nodes);
	stream_free(&s);
	disk_free(d);
}

static void every_cut_of_a_saved_disk_is_refused(void **state)
{
	struct disk *d = disk_new(state, false);
	struct stream s = {0};
	stream_begin(&s, "disks", 1);
	block_save(d->block, &s);
	stream_end(&s);
	for (size_t n = 0; n < s.len; n++) {
		struct stream cut = {.data = s.data, .len = n};
		stream_open(&cut, "disks", 1);
		block_load(d->block, &cut);
		stream_close(&cut);
		assert_false(stream_ok(&cut));
	}
	stream_free(&s);
	disk_free(d);
}

static uint64_t random_bits(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void random_requests_hurt_nobody(void **state)
{
	struct disk *d = disk_new(state, false);
	uint64_t seed = 88172645463325252ull, answered = 0;
	for (unsigned round = 0; round < 3000; round++) {
		uint64_t q[14];
		for (unsigned n = 0; n < countof(q); n++)
			q[n] = random_bits(&seed);
		uint8_t *bytes = (uint8_t *)q;
		bytes[0] %= 8;
		if (round & 1)
			bytes[1] %= 13;
		if (round & 2)
			q[2] %= SECTORS + 8;
		for (unsigned n = 0; n < 11 && round & 4; n++) {
			uint32_t ref = DATA_REF - 2 + (uint32_t)(q[3 + n] % 70);
			memcpy(bytes + 24 + n * 8, &ref, 4);
			bytes[28 + n * 8] %= 36;
			bytes[29 + n * 8] %= 36;
		}
		send_raw(d, q, 112, 112);
		signal_backend(d);
		answered += receive(d).status == 0;
	}
	assert_true(answered > 0);
	for (unsigned n = 0; n < 64; n++)
		assert_int_equal(grant_flags(d, DATA_REF + n) & 0x18, 0);
	assert_int_equal(lseek(d->fd, 0, SEEK_END), SECTORS * 512);
	disk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)
		TEST(sectors_are_read_into_segments),
		TEST(segments_are_written_to_sectors),
		TEST(guests_of_32_bits_have_their_own_layout),
		TEST(unknown_protocol_does_not_connect),
		TEST(missing_or_wrong_keys_do_not_connect),
		TEST(many_requests_at_once_are_all_answered),
		TEST(indirect_requests_move_64_pages),
		TEST(indirect_requests_that_make_no_sense_fail),
		TEST(sectors_behind_the_end_fail),
		TEST(segments_outside_their_page_fail),
		TEST(numbers_of_segments_are_checked),
		TEST(grants_to_nowhere_fail),
		TEST(operations_nobody_knows_are_not_supported),
		TEST(readonly_disks_are_not_written),
		TEST(discarded_sectors_are_zeroes_and_others_stay),
		TEST(code_in_pages_that_are_read_into_is_dropped),
		TEST(memory_that_nobody_may_write_is_not_read_into),
		TEST(barriers_wait_for_what_is_before_and_hold_what_is_behind),
		TEST(flush_is_done_by_the_image),
		TEST(failures_of_the_host_are_the_guests_and_go_on),
		TEST(a_file_that_became_shorter_fails),
		TEST(reads_of_cached_sectors_are_answered_before_the_signal_returns),
		TEST(eager_and_other_requests_mix),
		TEST(an_eager_disk_saves_and_disconnects),
		TEST(saving_waits_for_requests_and_takes_none),
		TEST(disconnecting_waits_and_answers_nothing),
		TEST(a_host_that_hangs_stops_its_disk_only),
		TEST(a_broken_ring_stops_its_disk_and_is_told_once),
		TEST(requests_that_wait_when_it_connects_are_done),
		TEST(a_port_that_others_have_by_now_is_left_to_them),
		TEST(a_loaded_guest_goes_on_with_its_connection),
		TEST(every_cut_of_a_saved_disk_is_refused),
		TEST(random_requests_hurt_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
