/* SPDX-License-Identifier: MIT */
/* See net_frame.h: RFC 791, 8200, 9293, 768; VLAN tags of IEEE 802.1Q. */
#include "back/net_frame.h"

enum { ETHER = 14, TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd, TYPE_VLAN = 0x8100 };
enum { TCP = 6, UDP = 17, HOP_BY_HOP = 0, ROUTING = 43, DESTINATION = 60 };

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The protocol, with *at moved behind the header; -1: none that is known. */
static int skip_ip4(const uint8_t *f, size_t n, size_t *at)
{
	if (n < *at + 20)
		return -1;
	size_t header = (f[*at] & 15) * 4u;
	int protocol = f[*at + 9];

	if (header < 20 || get16(f + *at + 6) & 0x1fff)
		return -1;
	*at += header;
	return protocol;
}

static int skip_ip6(const uint8_t *f, size_t n, size_t *at)
{
	if (n < *at + 40)
		return -1;
	int protocol = f[*at + 6];

	*at += 40;
	while (protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DESTINATION) {
		if (n < *at + 8)
			return -1;
		protocol = f[*at];
		*at += f[*at + 1] * 8u + 8;
	}
	return protocol;
}

bool net_frame_checksum(const uint8_t *f, size_t n, uint16_t *start, uint16_t *offset)
{
	size_t at = ETHER;
	int protocol = -1;

	if (n < ETHER)
		return false;
	if (get16(f + at - 2) == TYPE_VLAN && n >= at + 4)
		at += 4;
	if (get16(f + at - 2) == TYPE_IP4)
		protocol = skip_ip4(f, n, &at);
	else if (get16(f + at - 2) == TYPE_IP6)
		protocol = skip_ip6(f, n, &at);
	if (protocol != TCP && protocol != UDP)
		return false;
	*start = (uint16_t)at;
	*offset = protocol == TCP ? 16 : 6;
	return at + *offset + 2 <= n && at <= UINT16_MAX;
}

void net_frame_complete(uint8_t *f, size_t n)
{
	uint16_t start, offset;
	uint64_t sum = 0;

	if (!net_frame_checksum(f, n, &start, &offset))
		return;
	for (size_t i = start; i + 1 < n; i += 2)
		sum += get16(f + i);
	if ((n - start) & 1)
		sum += (unsigned)f[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	unsigned v = ~(unsigned)sum & 0xffff;
	if (!v && offset == 6) /* UDP's 0 says that there is none */
		v = 0xffff;
	f[start + offset] = (uint8_t)(v >> 8);
	f[start + offset + 1] = (uint8_t)v;
}
