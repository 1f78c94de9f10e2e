/* SPDX-License-Identifier: MIT */
/* Sorting: quicksort and heap sort of integers, and the C library's qsort of records. */
#include "bench.h"

#define COUNT 8000

struct record {
	char name[12];
	uint32_t value;
};

static uint32_t array[COUNT];
static struct record records[COUNT / 4];

static void fill(void)
{
	uint64_t state = 5;
	for (uint32_t n = 0; n < COUNT; n++)
		array[n] = (uint32_t)(bench_random(&state) >> 40);
}

static void quicksort(uint32_t *a, long low, long high)
{
	while (low < high) {
		uint32_t pivot = a[(low + high) / 2];
		long i = low, j = high;
		while (i <= j) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i <= j) {
				uint32_t t = a[i];
				a[i++] = a[j];
				a[j--] = t;
			}
		}
		quicksort(a, low, j);
		low = i;
	}
}

static void sift(uint32_t *a, size_t at, size_t count)
{
	uint32_t value = a[at];
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && a[child + 1] > a[child])
			child++;
		if (a[child] <= value)
			break;
		a[at] = a[child];
	}
	a[at] = value;
}

static void heapsort(uint32_t *a, size_t count)
{
	for (size_t n = count / 2; n-- > 0;)
		sift(a, n, count);
	for (size_t n = count; n-- > 1;) {
		uint32_t t = a[0];
		a[0] = a[n];
		a[n] = t;
		sift(a, 0, n);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : (x->value > y->value) - (x->value < y->value);
}

static uint64_t sort_records(void)
{
	uint64_t sum = 0, state = 6;
	for (size_t n = 0; n < COUNT / 4; n++) {
		uint64_t r = bench_random(&state);
		for (unsigned k = 0; k < 6; k++)
			records[n].name[k] = (char)('a' + (r >> (8 * k) & 3));
		records[n].value = (uint32_t)n;
	}
	qsort(records, COUNT / 4, sizeof(records[0]), by_name);
	for (size_t n = 0; n < COUNT / 4; n += 16)
		sum = bench_mix(sum, records[n].value);
	return sum;
}

static uint64_t sum_of_array(void)
{
	uint64_t sum = 0;
	for (size_t n = 0; n < COUNT; n += 16)
		sum = bench_mix(sum, array[n]);
	return sum;
}

uint64_t bench(void)
{
	fill();
	quicksort(array, 0, COUNT - 1);
	uint64_t first = sum_of_array();
	fill();
	heapsort(array, COUNT);
	if (sum_of_array() != first)
		bench_fail("two sorts differ");
	return bench_mix(first, sort_records());
}
