/* SPDX-License-Identifier: MIT */
/* Hashing: SHA-256 of a buffer, CRC-32 by table, and a hash table with open addressing. */
#include "bench.h"

#define SIZE  20000
#define SLOTS 16384
#define KEYS  10000

static uint8_t buffer[SIZE];
static uint32_t crc_table[256], round_constant[64];
static uint64_t table[SLOTS];

/* The first 32 bits of the fractional part of the cube roots of the first 64 primes (FIPS 180-4).
 */
static void make_constants(void)
{
	unsigned n = 0;
	for (uint64_t prime = 2; n < 64; prime++) {
		uint64_t factor = 2, root = 0;
		while (factor * factor <= prime && prime % factor)
			factor++;
		if (factor * factor <= prime)
			continue;
		for (uint64_t bit = 1ull << 34; bit; bit >>= 1) {
			unsigned __int128 r = root | bit;
			if (r * r * r <= (unsigned __int128)prime << 96)
				root |= bit;
		}
		round_constant[n++] = (uint32_t)root;
	}
}

static void make_tables(void)
{
	uint64_t state = 7;
	make_constants();
	for (uint32_t n = 0; n < 256; n++) {
		uint32_t c = n;
		for (unsigned k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		crc_table[n] = c;
	}
	for (size_t n = 0; n < SIZE; n++)
		buffer[n] = (uint8_t)(bench_random(&state) >> 56);
}

static inline uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void sha_block(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], v[8];
	for (unsigned n = 0; n < 16; n++, p += 4)
		w[n] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (unsigned n = 16; n < 64; n++) {
		uint32_t a = w[n - 15], b = w[n - 2];
		w[n] = w[n - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[n - 7] +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
	memcpy(v, h, sizeof(v));
	for (unsigned n = 0; n < 64; n++) {
		uint32_t a = v[0], e = v[4];
		uint32_t t = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			     ((e & v[5]) ^ (~e & v[6])) + round_constant[n] + w[n];
		uint32_t u = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			     ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t;
		v[0] = t + u;
	}
	for (unsigned n = 0; n < 8; n++)
		h[n] += v[n];
}

static uint64_t sha(void)
{
	uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
		0x1f83d9ab, 0x5be0cd19};
	for (size_t n = 0; n + 64 <= SIZE / 2; n += 64)
		sha_block(h, buffer + n);
	return (uint64_t)h[0] << 32 | h[7];
}

static uint64_t crc(void)
{
	uint32_t c = ~0u;
	for (size_t n = 0; n < SIZE; n++)
		c = c >> 8 ^ crc_table[(c ^ buffer[n]) & 255];
	return ~c;
}

static uint64_t insert_all(void)
{
	uint64_t state = 8, probes = 0;
	memset(table, 0, sizeof(table));
	for (unsigned n = 0; n < KEYS; n++) {
		uint64_t key = bench_random(&state) >> 44 | 1;
		size_t at = key * 0x9e3779b97f4a7c15 >> 50;
		while (table[at] && table[at] != key) {
			at = (at + 1) % SLOTS;
			probes++;
		}
		table[at] = key;
	}
	return probes;
}

uint64_t bench(void)
{
	if (!crc_table[1])
		make_tables();
	return bench_mix(bench_mix(sha(), crc()), insert_all());
}
