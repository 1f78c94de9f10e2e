/* SPDX-License-Identifier: MIT */
/* A whole HVM machine for tests of devices and firmware: RAM, processors, platform, firmware, and a
 * trivial kernel's place; nothing runs unless the test calls cpu_run. */
#ifndef TESTS_BOARD_H
#define TESTS_BOARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/stream.h"
#include "cpu/cpu.h"
#include "cpu/sapic.h"
#include "dev/memmap.h"
#include "dev/platform.h"
#include "engine.h"
#include "fw/fw.h"

#define BOARD_KERNEL 0x4000000ull

struct board {
	struct machine m;
	struct platform p;
	struct fw fw;
	char out[256]; /* console output */
	size_t out_len;
	unsigned poweroffs, resets;
};

static inline void board_console(void *ctx, const uint8_t *data, size_t n)
{
	struct board *b = ctx;
	for (size_t i = 0; i < n && b->out_len + 1 < sizeof(b->out); i++)
		b->out[b->out_len++] = (char)data[i];
}

static inline void board_power(void *ctx, enum pm_event e)
{
	struct board *b = ctx;
	if (e == PM_POWEROFF)
		b->poweroffs++;
	else
		b->resets++;
}

/* Virtual clock: time moves only by clock_advance. */
static inline struct board *board_new(unsigned cpus, uint64_t ram, const char *model)
{
	struct board *b = calloc(1, sizeof(*b));
	char err[200] = "";
	assert_non_null(b);
	struct platform_config cfg = {board_console, b, board_power, b};
	b->m.model = cpu_model_find(model);
	assert_non_null(b->m.model);
	b->m.engine = test_engine;
	clock_init(&b->m.clock, true);
	assert_int_equal(platform_add_ram(&b->m, ram, err, sizeof(err)), 0);
	b->m.cpus = cpus;
	for (unsigned i = 0; i < cpus; i++) {
		b->m.cpu[i] = cpu_new(&b->m, i);
		assert_non_null(b->m.cpu[i]);
	}
	assert_int_equal(platform_init(&b->p, &b->m, &cfg, err, sizeof(err)), 0);
	assert_int_equal(fw_init(&b->fw, &b->m, &b->p), 0);
	return b;
}

static inline void board_build_fw(struct board *b, const char *cmdline)
{
	char err[200] = "";
	struct fw_config cfg = {.entry = BOARD_KERNEL,
		.kernel_low = BOARD_KERNEL,
		.kernel_high = BOARD_KERNEL + 0x1234567,
		.initrd = 0x8000000,
		.initrd_size = 0x10001,
		.cmdline = cmdline,
		.name = "test"};
	assert_int_equal(fw_build(&b->fw, &cfg, err, sizeof(err)), 0);
}

static inline void board_delete(struct board *b)
{
	fw_free(&b->fw);
	platform_free(&b->p);
	for (unsigned i = 0; i < b->m.cpus; i++)
		cpu_free(b->m.cpu[i]);
	ram_free(&b->m.ram);
	free(b);
}

static inline uint64_t board_read(struct board *b, uint64_t addr, unsigned size)
{
	struct bus_access a = {.addr = addr, .size = (uint8_t)size};
	bus_access(&b->m.bus, &a);
	return a.value;
}

static inline void board_write(struct board *b, uint64_t addr, unsigned size, uint64_t v)
{
	struct bus_access a = {.addr = addr, .size = (uint8_t)size, .write = true, .value = v};
	bus_access(&b->m.bus, &a);
}

/* Where port p stands in the sparse window (2:268). */
static inline uint64_t board_port(unsigned p)
{
	return 0xe0000000ull + ((uint64_t)(p >> 2) << 12) + (p & 0xfff);
}

static inline unsigned board_in(struct board *b, unsigned port, unsigned size)
{
	return (unsigned)board_read(b, board_port(port), size);
}

static inline void board_outb(struct board *b, unsigned port, unsigned size, unsigned v)
{
	board_write(b, board_port(port), size, v);
}

/* Is vector pending at the processor? Clears it. */
static inline bool board_take(struct board *b, unsigned cpu, unsigned vector)
{
	uint64_t bit = 1ull << (vector & 63);
	return __atomic_fetch_and(&b->m.cpu[cpu]->sapic.irr[vector >> 6], ~bit, __ATOMIC_SEQ_CST) &
	       bit;
}

static inline uint64_t board_ram64(struct board *b, uint64_t addr)
{
	uint64_t v = 0;
	assert_int_equal(ram_read(&b->m.ram, GPA(addr), &v, 8), 0);
	return v;
}
static inline uint32_t board_ram32(struct board *b, uint64_t addr)
{
	uint32_t v = 0;
	assert_int_equal(ram_read(&b->m.ram, GPA(addr), &v, 4), 0);
	return v;
}

#endif
