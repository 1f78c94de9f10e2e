/* SPDX-License-Identifier: MIT */
/*
 * Compression: LZ77 with a hash of three bytes, its literals and matches as bytes, those as Huffman
 * codes; and back again. The result must be the text.
 */
#include "bench.h"

#define SIZE	40000
#define WINDOW	4096
#define SYMBOLS 256

static uint8_t text[SIZE], packed[2 * SIZE], bits[2 * SIZE], unpacked[2 * SIZE], again[SIZE];

struct code {
	uint32_t bits;
	unsigned length;
};

static void make_text(void)
{
	uint64_t state = 9;
	for (size_t n = 0; n < SIZE; n++) {
		uint64_t r = bench_random(&state);
		size_t back = 1 + (r >> 20 & 2047), run = 4 + (r >> 8 & 15);
		if (back > n || (r & 3) == 0) {
			text[n] = (uint8_t)('a' + (r >> 40 & r >> 50 & 15));
			continue;
		}
		for (size_t k = 0; k < run && n < SIZE; k++, n++)
			text[n] = text[n - back];
		n--;
	}
}

static size_t match_length(size_t from, size_t at)
{
	size_t n = 0;
	while (n < 130 && at + n < SIZE && text[from + n] == text[at + n])
		n++;
	return n;
}

/* A byte below 128 starts that many literals plus one; others are a match's length, then 2 bytes.
 */
static size_t lz_pack(void)
{
	static uint32_t last[4096];
	size_t out = 0, literals = 0;
	memset(last, 0, sizeof(last));
	for (size_t at = 0; at < SIZE;) {
		size_t length = 0, from = 0;
		if (at + 3 <= SIZE) {
			uint32_t three = text[at] | text[at + 1] << 8 | text[at + 2] << 16;
			uint32_t *slot = &last[three * 2654435761u >> 20];
			from = *slot;
			*slot = (uint32_t)at;
			if (from < at && at - from < WINDOW)
				length = match_length(from, at);
		}
		if (length < 4) {
			if (literals == 0 || packed[literals - 1] == 127) {
				packed[out++] = 255;
				literals = out;
			}
			packed[literals - 1]++;
			packed[out++] = text[at++];
			continue;
		}
		literals = 0;
		packed[out++] = (uint8_t)(128 + length - 4);
		packed[out++] = (uint8_t)(at - from);
		packed[out++] = (uint8_t)((at - from) >> 8);
		at += length;
	}
	return out;
}

static size_t lz_unpack(const uint8_t *in, size_t size)
{
	size_t out = 0;
	for (size_t n = 0; n < size;) {
		unsigned c = in[n++];
		if (c < 128) {
			for (unsigned k = 0; k <= c; k++)
				again[out++] = in[n++];
			continue;
		}
		size_t from = out - (in[n] | (size_t)in[n + 1] << 8);
		n += 2;
		for (unsigned k = 0; k < c - 124; k++)
			again[out++] = again[from++];
	}
	return out;
}

/* Parents of a Huffman tree over those symbols that occur; returns its root. */
static unsigned make_tree(const uint8_t *in, size_t size, uint16_t child[][2])
{
	uint32_t weight[2 * SYMBOLS] = {0};
	unsigned count = SYMBOLS;
	for (size_t n = 0; n < size; n++)
		weight[in[n]]++;
	for (;;) {
		unsigned least[2] = {0, 0};
		unsigned found = 0;
		for (unsigned n = 0; n < count; n++) {
			if (weight[n] == 0)
				continue;
			if (found == 0 || weight[n] < weight[least[0]]) {
				least[1] = least[0];
				least[0] = n;
			} else if (found == 1 || weight[n] < weight[least[1]]) {
				least[1] = n;
			}
			found++;
		}
		if (found < 2)
			return least[0];
		for (unsigned k = 0; k < 2; k++)
			child[count][k] = (uint16_t)least[k];
		weight[count++] = weight[least[0]] + weight[least[1]];
		weight[least[0]] = weight[least[1]] = 0;
	}
}

static void make_codes(uint16_t child[][2], unsigned at, struct code so_far, struct code *codes)
{
	if (at < SYMBOLS) {
		codes[at] = so_far;
		return;
	}
	for (unsigned k = 0; k < 2; k++)
		make_codes(child, child[at][k],
			(struct code){so_far.bits << 1 | k, so_far.length + 1}, codes);
}

static size_t huffman_pack(const struct code *codes, size_t size)
{
	uint64_t hold = 0;
	unsigned held = 0;
	size_t out = 0;
	for (size_t n = 0; n < size; n++) {
		const struct code *c = &codes[packed[n]];
		hold = hold << c->length | c->bits;
		for (held += c->length; held >= 8; held -= 8)
			bits[out++] = (uint8_t)(hold >> (held - 8));
	}
	bits[out++] = (uint8_t)(hold << (8 - held));
	return out;
}

static void huffman_unpack(uint16_t child[][2], unsigned root, size_t size)
{
	size_t bit = 0;
	for (size_t n = 0; n < size; n++) {
		unsigned at = root;
		for (; at >= SYMBOLS; bit++)
			at = child[at][bits[bit / 8] >> (7 - bit % 8) & 1];
		unpacked[n] = (uint8_t)at;
	}
}

uint64_t bench(void)
{
	static uint16_t child[2 * SYMBOLS][2];
	static struct code codes[SYMBOLS];
	if (!text[0])
		make_text();
	size_t size = lz_pack();
	unsigned root = make_tree(packed, size, child);
	make_codes(child, root, (struct code){0, 0}, codes);
	size_t final = huffman_pack(codes, size);
	huffman_unpack(child, root, size);
	if (lz_unpack(unpacked, size) != SIZE || memcmp(text, again, SIZE) != 0)
		bench_fail("unpacked differs from packed");
	uint64_t sum = bench_mix(size, final);
	for (size_t n = 0; n < final; n += 64)
		sum = bench_mix(sum, bits[n]);
	return sum;
}
