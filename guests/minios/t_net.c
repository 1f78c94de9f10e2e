/* SPDX-License-Identifier: MIT */
/*
 * A network interface by the net protocol: ARP and ICMP echo with the gateway of the user-mode
 * network.
 */
#include "device.h"
#include "tests.h"

struct tx {
	u32 ref;
	u16 offset, flags, id, size;
};

struct rx {
	u16 id;
	u32 ref;
};

struct rx_answer {
	u16 id, offset, flags;
	int16_t status;
};

#define WAIT	10000
#define BUFFERS 8

static struct device nic;
static struct front_ring tx_ring, rx_ring;
static u8 *rx_page[BUFFERS], *tx_page;
static u32 tx_ref, rx_ref[BUFFERS];
static u8 mac[6], gateway_mac[6];
static const u8 own_ip[4] = {10, 0, 2, 15}, gateway[4] = {10, 0, 2, 2};

static void offer(u16 n)
{
	struct rx *r = ring_next(&rx_ring);

	*r = (struct rx){n, rx_ref[n]};
	ring_push(&rx_ring);
}

static void read_mac(void)
{
	char path[96];

	format(path, sizeof(path), "%s/mac", nic.front);
	const char *s = xs_read(0, path);
	for (unsigned n = 0; s && n < 6; n++)
		for (unsigned d = 0; d < 2; d++) {
			u8 c = (u8)s[3 * n + d];
			mac[n] = (u8)(mac[n] << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10));
		}
}

static bool connect(void)
{
	ring_create(&tx_ring, nic.backend, sizeof(struct tx));
	ring_create(&rx_ring, nic.backend, sizeof(struct rx));
	port_op(EVTCHN_CLOSE, rx_ring.port);
	rx_ring.port = tx_ring.port;
	device_put(&nic, "tx-ring-ref", tx_ring.ref);
	device_put(&nic, "rx-ring-ref", rx_ring.ref);
	device_put(&nic, "event-channel", tx_ring.port);
	device_put(&nic, "request-rx-copy", 1);
	device_put(&nic, "feature-rx-notify", 1);
	for (u16 n = 0; n < BUFFERS; n++)
		offer(n);
	return device_state(&nic, ST_CONNECTED) && device_wait(&nic, ST_CONNECTED, WAIT);
}

/* Sends what is in tx_page; the backend's status. */
static int transmit(u16 size)
{
	struct tx *t = ring_next(&tx_ring);

	*t = (struct tx){tx_ref, 0, 0, 7, size};
	ring_push(&tx_ring);
	const u16 *a = ring_answer(&tx_ring, WAIT);
	return a && a[0] == 7 ? (int16_t)a[1] : 99;
}

static u8 frame_in[PAGE_SIZE];

/* The next frame of an Ethernet type that comes, its size; 0 when none does. */
static unsigned receive(u16 type)
{
	for (unsigned n = 0; n < 50; n++) {
		const struct rx_answer *r = ring_answer(&rx_ring, WAIT);
		if (!r || r->id >= BUFFERS || r->status <= 0)
			return 0;
		struct rx_answer a = *r;
		memcpy(frame_in, rx_page[a.id] + a.offset, (u64)a.status);
		offer(a.id);
		if ((frame_in[12] << 8 | frame_in[13]) == type)
			return (unsigned)a.status;
	}
	return 0;
}

static void ethernet(const u8 *to, u16 type)
{
	memset(tx_page, 0, 2048);
	memcpy(tx_page, to, 6);
	memcpy(tx_page + 6, mac, 6);
	tx_page[12] = (u8)(type >> 8);
	tx_page[13] = (u8)type;
}

static void arp(void)
{
	static const u8 all[6] = {255, 255, 255, 255, 255, 255}, head[8] = {0, 1, 8, 0, 6, 4, 0, 1};

	ethernet(all, 0x806);
	memcpy(tx_page + 14, head, 8);
	memcpy(tx_page + 22, mac, 6);
	memcpy(tx_page + 28, own_ip, 4);
	memcpy(tx_page + 38, gateway, 4);
	report_eq((u64)transmit(60), 0, "a frame is sent");
	unsigned n = receive(0x806);
	report(n >= 42 && frame_in[21] == 2 && !memcmp(frame_in + 28, gateway, 4),
		"the gateway answers ARP");
	report(!memcmp(frame_in, mac, 6), "to the interface's own address");
	memcpy(gateway_mac, frame_in + 22, 6);
}

static u16 checksum(const u8 *p, unsigned n)
{
	u32 sum = 0;

	for (unsigned i = 0; i < n; i += 2)
		sum += (u32)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

static void put16(u8 *p, u16 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static bool echo(u16 sequence, u16 payload)
{
	u8 *ip = tx_page + 14, *icmp = ip + 20;
	u16 size = (u16)(28 + payload);

	ethernet(gateway_mac, 0x800);
	ip[0] = 0x45;
	put16(ip + 2, size);
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, own_ip, 4);
	memcpy(ip + 16, gateway, 4);
	put16(ip + 10, checksum(ip, 20));
	icmp[0] = 8;
	put16(icmp + 4, 0x1234);
	put16(icmp + 6, sequence);
	for (u16 n = 0; n < payload; n++)
		icmp[8 + n] = (u8)(n * 7 + sequence);
	put16(icmp + 2, checksum(icmp, 8u + payload));
	if (transmit((u16)(14 + size)))
		return false;
	unsigned n = receive(0x800);
	u8 *in = frame_in + 34;
	return n >= 14u + size && in[0] == 0 && !checksum(in, 8u + payload) &&
	       !memcmp(in + 4, icmp + 4, 4u + payload);
}

void test_net(void)
{
	xs_init();
	grants_init();
	if (!device_find("vif", 0, &nic)) {
		skip("no interface", "networks");
		return;
	}
	for (unsigned n = 0; n < BUFFERS; n++) {
		rx_page[n] = page_alloc();
		rx_ref[n] = grant_give(nic.backend, rx_page[n], false);
	}
	tx_page = page_alloc();
	tx_ref = grant_give(nic.backend, tx_page, true);
	read_mac();
	report(device_wait(&nic, ST_INIT_WAIT, WAIT), "the backend waits for its frontend");
	if (!report(connect(), "and connects"))
		return;
	arp();
	report(echo(1, 32), "the gateway answers an echo request");
	report(echo(2, 1400), "and a large one");
	bool all = true;
	for (u16 n = 3; n < 60 && all; n++)
		all = echo(n, (u16)(n * 20));
	report(all, "and many");
	struct tx *t = ring_next(&tx_ring);
	*t = (struct tx){3000, 0, 0, 7, 60};
	ring_push(&tx_ring);
	const u16 *a = ring_answer(&tx_ring, WAIT);
	report(a && (int16_t)a[1] == -1, "a reference that is not given is an error");
	report(echo(100, 32), "which does the interface no harm");
	device_state(&nic, ST_CLOSING);
	report(wait_until(device_back(&nic, "state", 0) >= ST_CLOSING, WAIT),
		"the interface is closed");
}
