/* SPDX-License-Identifier: MIT */
/*
 * What every program of the bench is made of. A program defines bench(), one repeat: the same work
 * each time, at most some milliseconds natively, and a checksum of what it computed, which must be
 * the same on every machine. main.c repeats and times it.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t bench(void);

/* Ends the program: its result would mean nothing. */
_Noreturn void bench_fail(const char *why);

/* xorshift64*: the same numbers everywhere. *state must not be 0. */
static inline uint64_t bench_random(uint64_t *state)
{
	uint64_t x = *state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1d;
}

/* Adds a value to a checksum; the order counts. */
static inline uint64_t bench_mix(uint64_t sum, uint64_t value)
{
	sum ^= value;
	sum *= 0x9e3779b97f4a7c15;
	return sum ^ sum >> 32;
}
