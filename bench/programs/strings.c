/* SPDX-License-Identifier: MIT */
/* Text: words are made, split, searched, compared, turned round and formatted, byte by byte and
 * with the C library. */
#include <ctype.h>

#include "bench.h"

#define SIZE 30000

static char text[SIZE + 16], copy[SIZE + 16];

static void make_text(void)
{
	static const char *const part[] = {"ta", "ni", "um", "or", "sel", "ex", "pi", "it"};
	uint64_t state = 4;
	size_t at = 0;
	while (at < SIZE) {
		uint64_t r = bench_random(&state);
		for (unsigned n = 0; n < 1 + (r & 3); n++) {
			const char *p = part[r >> (8 + 3 * n) & 7];
			while (*p)
				text[at++] = *p++;
		}
		text[at++] = r >> 60 ? ' ' : '\n';
	}
	text[SIZE] = 0;
}

static uint64_t split(void)
{
	uint64_t sum = 0;
	memcpy(copy, text, sizeof(text));
	const char *before = "";
	for (char *word = strtok(copy, " \n"); word; word = strtok(NULL, " \n")) {
		sum += strcmp(before, word) < 0 ? strlen(word) : 1;
		before = word;
	}
	return sum;
}

static uint64_t search(const char *what)
{
	uint64_t sum = 0;
	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		sum = bench_mix(sum, (uint64_t)(at - text));
	for (const char *at = strchr(text, '\n'); at; at = strchr(at + 1, '\n'))
		sum++;
	return sum;
}

/* Each word's letters in reverse, its first one in upper case. */
static uint64_t reverse(void)
{
	uint64_t sum = 0;
	size_t begin = 0;
	for (size_t n = 0; n < SIZE; n++) {
		if (isalpha((unsigned char)text[n]))
			continue;
		for (size_t k = begin; k < n; k++)
			copy[k] = text[begin + n - 1 - k];
		copy[begin] = (char)toupper((unsigned char)copy[begin]);
		begin = n + 1;
	}
	for (size_t n = 0; n < SIZE; n++)
		sum = sum * 31 + (unsigned char)copy[n];
	return sum;
}

static uint64_t format(void)
{
	char line[64];
	uint64_t sum = 0;
	for (int n = 0; n < 400; n++) {
		int length = snprintf(line, sizeof(line), "%d %s %04x", n * 7919, "is", n);
		sum = bench_mix(sum, (uint64_t)length + (unsigned char)line[n % length]);
	}
	return sum;
}

uint64_t bench(void)
{
	if (!text[0])
		make_text();
	uint64_t sum = bench_mix(split(), search("orsel"));
	sum = bench_mix(sum, reverse());
	return bench_mix(sum, format());
}
