/* SPDX-License-Identifier: MIT */
/* Indirect branches: an interpreter of a small stack machine by switch, and calls through pointers.
 */
#include "bench.h"

enum op { PUSH, ADD, SUB, MUL, AND, DUP, SWAP, LOAD, STORE, JUMP_IF, HALT };

struct insn {
	uint8_t op;
	int16_t arg;
};

/* Sums i * i & 0xfff - 3 for i from 9000 down to 1. */
static const struct insn program[] = {
	{PUSH, 9000},
	{STORE, 0},
	{PUSH, 0},
	{STORE, 1},
	{LOAD, 0},
	{DUP, 0},
	{MUL, 0},
	{PUSH, 0xfff},
	{AND, 0},
	{PUSH, 3},
	{SUB, 0},
	{LOAD, 1},
	{SWAP, 0},
	{ADD, 0},
	{STORE, 1},
	{LOAD, 0},
	{PUSH, 1},
	{SUB, 0},
	{DUP, 0},
	{STORE, 0},
	{JUMP_IF, 4},
	{HALT, 0},
};

static int64_t run(const struct insn *code)
{
	int64_t stack[16], memory[2] = {0, 0}, *top = stack, t;
	for (const struct insn *at = code;; at++) {
		switch ((enum op)at->op) {
		case PUSH:
			*top++ = at->arg;
			break;
		case ADD:
			top--;
			top[-1] += *top;
			break;
		case SUB:
			top--;
			top[-1] -= *top;
			break;
		case MUL:
			top--;
			top[-1] *= *top;
			break;
		case AND:
			top--;
			top[-1] &= *top;
			break;
		case DUP:
			top[0] = top[-1];
			top++;
			break;
		case SWAP:
			t = top[-1];
			top[-1] = top[-2];
			top[-2] = t;
			break;
		case LOAD:
			*top++ = memory[at->arg];
			break;
		case STORE:
			memory[at->arg] = *--top;
			break;
		case JUMP_IF:
			if (*--top)
				at = code + at->arg - 1;
			break;
		case HALT:
			return memory[1];
		}
	}
}

static uint64_t twice(uint64_t x)
{
	return 2 * x;
}

static uint64_t next(uint64_t x)
{
	return x + 1;
}

static uint64_t fold(uint64_t x)
{
	return x ^ x >> 7;
}

static uint64_t spread(uint64_t x)
{
	return x * 0x9e3779b97f4a7c15;
}

static uint64_t (*volatile const function[])(uint64_t) = {twice, next, fold, spread};

uint64_t bench(void)
{
	uint64_t x = 1, state = 13;
	for (unsigned n = 0; n < 60000; n++)
		x = function[bench_random(&state) >> 62](x);
	return bench_mix(x, (uint64_t)run(program));
}
