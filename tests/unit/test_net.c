/* SPDX-License-Identifier: MIT */
/* Network interfaces against a frontend in guest memory that follows Xen's io/netif.h, and one that
 * does not; the other side is a socket of ours. */
#define _GNU_SOURCE
#include "pv.h"

#include "back/net_frame.h"
#include "back/net_private.h"
#include "back/xenbus_private.h"
#include "hv/event.h"
#include "hv/grant_table.h"
#include "hv/hypercall.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE	   16384u
#define TX_FRAME   256u /* guest frames: 4 MB */
#define RX_FRAME   257u
#define DATA_FRAME 300u
#define TX_REF	   8u
#define RX_REF	   9u
#define DATA_REF   100u /* 16 pages */
#define READ_REF   150u /* one that is for reading only */

enum { CSUM_BLANK = 1, MORE = 4, EXTRA = 8 };

struct tx_request {
	uint32_t ref;
	uint16_t offset, flags, id, size;
};

struct iface {
	struct pv *p;
	struct xenbus *bus;
	struct net *net;
	struct vif *v;
	int fd; /* the other side's */
	uint32_t tx, rx, tx_seen, rx_seen;
	uint64_t now;
};

static void wake(void *ctx)
{
	(void)ctx;
}

static uint8_t *frame(struct iface *i, uint32_t gfn)
{
	return (uint8_t *)(uintptr_t)ram_read_ptr(&i->p->g.m.ram, GPA((uint64_t)gfn * PAGE), PAGE);
}

static uint32_t *word(struct iface *i, uint32_t gfn, unsigned n)
{
	return (uint32_t *)(void *)frame(i, gfn) + n;
}

static void grant(struct iface *i, uint32_t ref, uint32_t gfn, bool readonly)
{
	uint32_t *e = grant_word(&i->p->hv, ref);
	e[1] = gfn;
	__atomic_store_n(e, (DOMID_DOM0 << 16) | 1 | (readonly ? 4 : 0), __ATOMIC_RELEASE);
}

/* keys are in the order of the backend's list */
static void write_key(struct iface *i, unsigned n, const char *fmt, ...)
{
	char text[40];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	free(i->v->x->key[n]);
	i->v->x->key[n] = strdup(text);
}

static void make_front(struct iface *i)
{
	uint32_t port = (uint32_t)evtchn_alloc_unbound(&i->p->hv, DOMID_DOM0);

	memset(frame(i, TX_FRAME), 0, PAGE);
	memset(frame(i, RX_FRAME), 0, PAGE);
	for (uint32_t gfn = TX_FRAME; gfn <= RX_FRAME; gfn++)
		*word(i, gfn, 1) = *word(i, gfn, 3) = 1;
	grant(i, TX_REF, TX_FRAME, false);
	grant(i, RX_REF, RX_FRAME, false);
	for (uint32_t n = 0; n < 16; n++)
		grant(i, DATA_REF + n, DATA_FRAME + n, false);
	grant(i, READ_REF, DATA_FRAME + 20, true);
	write_key(i, 0, "%u", TX_REF);
	write_key(i, 1, "%u", RX_REF);
	write_key(i, 2, "%u", port);
	write_key(i, 5, "1");
}

static struct iface *iface_with(void **state, const struct net_vif *how)
{
	struct iface *i = calloc(1, sizeof(*i));
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	i->p = *state;
	i->fd = pair[1];
	i->bus = xenbus_new(1);
	i->net = net_new(&i->p->hv, i->bus, wake, i);
	struct net_vif v = *how;
	v.mac = "00:16:3e:00:00:01";
	v.fd = pair[0];
	assert_int_equal(net_add(i->net, &v), 0);
	i->v = i->net->vifs;
	make_front(i);
	return i;
}

static struct iface *iface_new(void **state)
{
	struct iface *i = iface_with(state, &(struct net_vif){0});
	assert_int_equal(i->v->x->kind->connect(i->v->x), 0);
	return i;
}

static void iface_free(struct iface *i)
{
	xenbus_free(i->bus);
	net_free(i->net);
	if (i->fd >= 0)
		close(i->fd);
	free(i);
}

/* --- the frontend --- */

static void put_tx(struct iface *i, const void *slot)
{
	memcpy(frame(i, TX_FRAME) + 64 + i->tx++ % 1024 * 12, slot, 12);
}

static uint64_t serve(struct iface *i)
{
	__atomic_store_n(word(i, TX_FRAME, 0), i->tx, __ATOMIC_RELEASE);
	__atomic_store_n(word(i, RX_FRAME, 0), i->rx, __ATOMIC_RELEASE);
	return net_serve(i->net, i->now);
}

/* The status of the next response; 99: there is none. */
static int tx_answer(struct iface *i, uint16_t *id)
{
	uint8_t *p = frame(i, TX_FRAME) + 64 + i->tx_seen % 1024 * 12;
	int16_t status;

	if (*word(i, TX_FRAME, 2) == i->tx_seen)
		return 99;
	i->tx_seen++;
	memcpy(id, p, 2);
	memcpy(&status, p + 2, 2);
	return status;
}

/* Sends one slot; what the backend says. */
static int send_one(struct iface *i, struct tx_request q)
{
	uint16_t id;

	put_tx(i, &q);
	serve(i);
	int status = tx_answer(i, &id);
	if (status != 99)
		assert_int_equal(id, q.id);
	return status;
}

static void put_rx(struct iface *i, uint16_t id, uint32_t ref)
{
	uint8_t *p = frame(i, RX_FRAME) + 64 + i->rx++ % 2048 * 8;
	memcpy(p, &id, 2);
	memcpy(p + 4, &ref, 4);
}

static bool rx_answer(struct iface *i, uint16_t out[4])
{
	if (*word(i, RX_FRAME, 2) == i->rx_seen)
		return false;
	memcpy(out, frame(i, RX_FRAME) + 64 + i->rx_seen++ % 2048 * 8, 8);
	return true;
}

/* --- tests: what the guest sends --- */

static void frames_go_out_as_they_are(void **state)
{
	struct iface *i = iface_new(state);
	uint8_t got[100];

	memset(frame(i, DATA_FRAME) + 10, 0xab, 60);
	assert_int_equal(send_one(i, (struct tx_request){DATA_REF, 10, 0, 7, 60}), 0);
	assert_int_equal(recv(i->fd, got, sizeof(got), 0), 60);
	assert_memory_equal(got, frame(i, DATA_FRAME) + 10, 60);
	iface_free(i);
}

static void pieces_become_one_frame(void **state)
{
	struct iface *i = iface_new(state);
	uint8_t got[300];
	uint16_t id;

	memset(frame(i, DATA_FRAME), 1, 100);
	memset(frame(i, DATA_FRAME + 1) + PAGE - 50, 2, 50);
	memset(frame(i, DATA_FRAME + 2), 3, 30);
	put_tx(i, &(struct tx_request){DATA_REF, 0, MORE, 1, 180});
	put_tx(i, &(struct tx_request){DATA_REF + 1, PAGE - 50, MORE, 2, 50});
	put_tx(i, &(struct tx_request){DATA_REF + 2, 0, 0, 3, 30});
	serve(i);
	assert_int_equal(recv(i->fd, got, sizeof(got), 0), 180);
	for (unsigned n = 0; n < 180; n++)
		assert_int_equal(got[n], n < 100 ? 1 : n < 150 ? 2 : 3);
	for (unsigned n = 1; n <= 3; n++) {
		assert_int_equal(tx_answer(i, &id), 0);
		assert_int_equal(id, n);
	}
	iface_free(i);
}

/* An Ethernet frame with a UDP packet of n bytes of data, its checksum that of the pseudo header.
 */
static unsigned make_udp(uint8_t *f, unsigned n)
{
	static const uint8_t head[42] = {[12] = 8,
		0,
		0x45,
		[22] = 64,
		17,
		[26] = 10,
		0,
		2,
		15,
		10,
		0,
		2,
		2,
		0x12,
		0x34,
		0,
		53};
	unsigned length = 8 + n, sum = 17 + length;

	memcpy(f, head, sizeof(head));
	f[17] = (uint8_t)(20 + length), f[16] = (uint8_t)((20 + length) >> 8);
	f[39] = (uint8_t)length, f[38] = (uint8_t)(length >> 8);
	for (unsigned k = 0; k < n; k++)
		f[42 + k] = (uint8_t)(k * 37 + 5);
	for (unsigned k = 26; k < 34; k += 2)
		sum += (unsigned)f[k] << 8 | f[k + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	f[40] = (uint8_t)(sum >> 8), f[41] = (uint8_t)sum;
	return 42 + n;
}

/* RFC 768: over pseudo header and packet the sum is all ones. */
static unsigned udp_sum(const uint8_t *f, unsigned n)
{
	unsigned length = n - 34, sum = 17 + length;

	for (unsigned k = 26; k < n; k++)
		sum += k & 1 ? f[k] : (unsigned)f[k] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void checksums_are_completed(void **state)
{
	struct iface *i = iface_new(state);
	uint8_t got[2000];

	for (unsigned data = 0; data < 1400; data = data * 2 + 1) {
		uint16_t n = (uint16_t)make_udp(frame(i, DATA_FRAME), data);
		assert_int_equal(
			send_one(i, (struct tx_request){DATA_REF, 0, CSUM_BLANK, 1, n}), 0);
		assert_int_equal(recv(i->fd, got, sizeof(got), 0), n);
		assert_int_equal(udp_sum(got, n), 0xffff);
	}
	iface_free(i);
}

static void a_tap_device_is_told_of_checksum_and_segments(void **state)
{
	struct iface *i = iface_with(state, &(struct net_vif){.header = true});
	uint8_t got[3000];
	uint16_t id, n = (uint16_t)make_udp(frame(i, DATA_FRAME), 1000);
	const struct {
		uint8_t type, flags;
		uint16_t size;
		uint8_t gso, pad;
		uint16_t features, unused[2];
	} extra = {1, 0, 1400, 1, 0, 0, {0, 0}};

	assert_int_equal(i->v->x->kind->connect(i->v->x), 0);
	put_tx(i, &(struct tx_request){DATA_REF, 0, CSUM_BLANK | EXTRA, 1, n});
	put_tx(i, &extra);
	serve(i);
	assert_int_equal(recv(i->fd, got, sizeof(got), 0), n + 10);
	/* virtio 1.1, 5.1.6: needs a checksum, TCP over IPv4, sizes, where it begins and stands */
	static const uint8_t head[10] = {1, 1, 54, 0, 0x78, 5, 34, 0, 6, 0};
	assert_memory_equal(got, head, sizeof(head));
	assert_memory_equal(got + 10, frame(i, DATA_FRAME), n);
	assert_int_equal(tx_answer(i, &id), 0);
	assert_int_equal(tx_answer(i, &id), 1); /* the extra slot's: none */
	iface_free(i);
}

static void what_is_not_in_a_page_fails(void **state)
{
	struct iface *i = iface_new(state);
	uint8_t got[100];
	static const struct tx_request bad[] = {
		{DATA_REF, PAGE - 10, 0, 1, 11},
		{DATA_REF, 65535, 0, 2, 60},
		{DATA_REF, 0, 0, 3, 65535},
		{999999, 0, 0, 4, 60},
		{50, 0, 0, 5, 60},
		{DATA_REF, 0, 0, 6, 0},
	};

	for (unsigned n = 0; n < countof(bad); n++)
		assert_int_equal(send_one(i, bad[n]), -1);
	assert_int_equal(recv(i->fd, got, sizeof(got), MSG_DONTWAIT), -1);
	assert_int_equal(send_one(i, (struct tx_request){DATA_REF, 0, 0, 7, 60}), 0);
	iface_free(i);
}

static void pieces_larger_than_their_frame_fail(void **state)
{
	struct iface *i = iface_new(state);
	uint16_t id;

	put_tx(i, &(struct tx_request){DATA_REF, 0, MORE, 1, 100});
	put_tx(i, &(struct tx_request){DATA_REF + 1, 0, 0, 2, 101});
	serve(i);
	assert_int_equal(tx_answer(i, &id), -1);
	assert_int_equal(tx_answer(i, &id), -1);
	iface_free(i);
}

static void packets_without_end_break_the_ring(void **state)
{
	struct iface *i = iface_new(state);

	for (unsigned n = 0; n < 40; n++)
		put_tx(i, &(struct tx_request){DATA_REF, 0, MORE, 1, 4000});
	serve(i);
	assert_false(i->v->live);
	assert_false(i->v->tx.mapped || i->v->rx.mapped || i->v->tx.bound);
	serve(i);
	iface_free(i);
}

static void an_index_too_far_breaks_the_ring(void **state)
{
	struct iface *i = iface_new(state);

	i->tx = 5000;
	serve(i);
	assert_false(i->v->live);
	iface_free(i);
}

static void a_rate_holds_for_each_interval(void **state)
{
	struct iface *i =
		iface_with(state, &(struct net_vif){.rate_bytes = 1000, .rate_usecs = 50000});
	unsigned sent = 0;
	uint8_t got[700];

	assert_int_equal(i->v->x->kind->connect(i->v->x), 0);
	i->now = 1000000000;
	for (unsigned n = 0; n < 10; n++)
		put_tx(i, &(struct tx_request){DATA_REF, 0, 0, 1, 600});
	uint64_t again = serve(i);
	while (recv(i->fd, got, sizeof(got), 0) == 600)
		sent++;
	assert_int_equal(sent, 2); /* the credit was not used up before the second */
	assert_int_equal(again, i->now + 50000000);
	i->now = again - 1;
	serve(i);
	assert_int_equal(recv(i->fd, got, sizeof(got), 0), -1);
	i->now = again;
	serve(i);
	assert_int_equal(recv(i->fd, got, sizeof(got), 0), 600);
	iface_free(i);
}

/* --- what comes from outside --- */

static void frames_come_into_granted_pages(void **state)
{
	struct iface *i = iface_new(state);
	uint8_t sent[1514];
	uint16_t r[4];

	memset(sent, 0x5a, sizeof(sent));
	put_rx(i, 77, DATA_REF + 3);
	serve(i);
	assert_false(rx_answer(i, r));
	assert_int_equal(send(i->fd, sent, sizeof(sent), 0), sizeof(sent));
	serve(i);
	assert_true(rx_answer(i, r));
	assert_int_equal(r[0], 77);
	assert_int_equal(r[1], 0);
	assert_int_equal(r[3], sizeof(sent));
	assert_memory_equal(frame(i, DATA_FRAME + 3), sent, sizeof(sent));
	iface_free(i);
}

static void frames_wait_for_room(void **state)
{
	struct iface *i = iface_new(state);
	struct pollfd set[NET_VIFS];
	uint8_t sent[60] = {1};
	uint16_t r[4];

	send(i->fd, sent, sizeof(sent), 0);
	serve(i);
	assert_int_equal(net_poll(i->net, set), 0); /* nobody need wake for it */
	put_rx(i, 1, DATA_REF);
	put_rx(i, 2, DATA_REF + 1);
	serve(i);
	assert_true(rx_answer(i, r));
	assert_false(rx_answer(i, r));
	assert_int_equal(net_poll(i->net, set), 1);
	iface_free(i);
}

static void pages_that_may_not_be_written_are_not(void **state)
{
	struct iface *i = iface_new(state);
	uint8_t sent[60] = {1};
	uint16_t r[4];

	memset(frame(i, DATA_FRAME + 20), 0x11, 60);
	put_rx(i, 1, READ_REF);
	put_rx(i, 2, 999999);
	send(i->fd, sent, sizeof(sent), 0);
	send(i->fd, sent, sizeof(sent), 0);
	serve(i);
	for (unsigned n = 1; n <= 2; n++) {
		assert_true(rx_answer(i, r));
		assert_int_equal(r[0], n);
		assert_int_equal((int16_t)r[3], -1);
	}
	assert_int_equal(frame(i, DATA_FRAME + 20)[0], 0x11);
	iface_free(i);
}

static void code_in_pages_that_are_received_into_is_dropped(void **state)
{
	struct iface *i = iface_new(state);
	struct ram *ram = &i->p->g.m.ram;
	gpa_t a = GPA((uint64_t)DATA_FRAME * PAGE);
	uint8_t sent[60] = {1};

	ram_set_flags(ram, a, RAM_HAS_CODE);
	uint64_t before = ram->code_generation;
	put_rx(i, 1, DATA_REF);
	send(i->fd, sent, sizeof(sent), 0);
	serve(i);
	assert_true(ram->code_generation != before);
	iface_free(i);
}

static void a_network_that_is_gone_drops_frames(void **state)
{
	struct iface *i = iface_new(state);
	struct pollfd set[NET_VIFS];

	close(i->fd);
	i->fd = -1;
	put_rx(i, 1, DATA_REF);
	serve(i);
	assert_true(i->v->gone);
	assert_int_equal(net_poll(i->net, set), 0);
	assert_int_equal(send_one(i, (struct tx_request){DATA_REF, 0, 0, 1, 60}), 0);
	assert_int_equal(i->v->dropped, 1);
	iface_free(i);
}

/* --- connecting --- */

static void frontends_that_do_not_copy_are_refused(void **state)
{
	struct iface *i = iface_with(state, &(struct net_vif){0});

	write_key(i, 5, "0");
	assert_true(i->v->x->kind->connect(i->v->x) < 0);
	i->v->x->kind->disconnect(i->v->x);
	assert_false(i->v->tx.mapped);
	iface_free(i);
}

static void channels_may_be_two(void **state)
{
	struct iface *i = iface_with(state, &(struct net_vif){0});

	write_key(i, 3, "%u", (unsigned)evtchn_alloc_unbound(&i->p->hv, DOMID_DOM0));
	write_key(i, 4, "%u", (unsigned)evtchn_alloc_unbound(&i->p->hv, DOMID_DOM0));
	free(i->v->x->key[2]);
	i->v->x->key[2] = NULL;
	assert_int_equal(i->v->x->kind->connect(i->v->x), 0);
	assert_true(i->v->tx.bound && i->v->rx.bound);
	assert_true(i->v->tx.port != i->v->rx.port);
	iface_free(i);
}

static void wrong_keys_do_not_connect(void **state)
{
	for (unsigned n = 0; n < 3; n++) {
		struct iface *i = iface_with(state, &(struct net_vif){0});
		write_key(i, n, "%u", 4095000);
		assert_true(i->v->x->kind->connect(i->v->x) < 0);
		i->v->x->kind->disconnect(i->v->x);
		assert_false(i->v->tx.mapped || i->v->rx.mapped || i->v->tx.bound);
		iface_free(i);
	}
}

static void random_rings_hurt_nobody(void **state)
{
	uint64_t x = 1;

	for (unsigned round = 0; round < 300; round++) {
		struct iface *i = iface_new(state);
		for (unsigned n = 0; n < 30; n++) {
			uint8_t *rings[] = {frame(i, TX_FRAME), frame(i, RX_FRAME)};
			for (unsigned k = 0; k < 400; k++) {
				x = x * 6364136223846793005 + 1442695040888963407;
				rings[k & 1][64 + (x >> 40) % 400] = (uint8_t)(x >> 32);
			}
			i->tx += x >> 20 & 7;
			i->rx += x >> 24 & 7;
			send(i->fd, &x, 8 + (x >> 50) % 1, 0);
			serve(i);
			for (uint8_t b[64]; recv(i->fd, b, sizeof(b), 0) > 0;)
				;
		}
		iface_free(i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, pv_setup, pv_teardown)
		TEST(frames_go_out_as_they_are),
		TEST(pieces_become_one_frame),
		TEST(checksums_are_completed),
		TEST(a_tap_device_is_told_of_checksum_and_segments),
		TEST(what_is_not_in_a_page_fails),
		TEST(pieces_larger_than_their_frame_fail),
		TEST(packets_without_end_break_the_ring),
		TEST(an_index_too_far_breaks_the_ring),
		TEST(a_rate_holds_for_each_interval),
		TEST(frames_come_into_granted_pages),
		TEST(frames_wait_for_room),
		TEST(pages_that_may_not_be_written_are_not),
		TEST(code_in_pages_that_are_received_into_is_dropped),
		TEST(a_network_that_is_gone_drops_frames),
		TEST(frontends_that_do_not_copy_are_refused),
		TEST(channels_may_be_two),
		TEST(wrong_keys_do_not_connect),
		TEST(random_rings_hurt_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
