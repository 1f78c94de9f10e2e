/* SPDX-License-Identifier: MIT */
/*
 * EFI: tables, memory map and runtime services. The C library's calendar and zlib's CRC-32 are the
 * oracles for what they know.
 */
#include "fwcall.h"

#include <time.h>
#include <zlib.h>

#define BUFFER 0x200000ull
#define NAME   0x210000ull
#define VENDOR 0x220000ull
#define SIZE   0x230000ull
#define ATTR   0x240000ull
#define DATA   0x250000ull

#define ERROR(n)  (1ull << 63 | (n))
#define INVALID	  ERROR(2)
#define UNSUPP	  ERROR(3)
#define TOO_SMALL ERROR(5)
#define NO_ROOM	  ERROR(9)
#define NOT_FOUND ERROR(14)

static int setup(void **state)
{
	struct board *b = board_new(1, 256ull << 20, NULL);
	board_build_fw(b, "");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	board_delete(*state);
	return 0;
}

static void poke(struct board *b, uint64_t at, const void *p, size_t n)
{
	assert_int_equal(ram_write(&b->m.ram, GPA(at), p, n), 0);
}

static void poke64(struct board *b, uint64_t at, uint64_t v)
{
	poke(b, at, &v, 8);
}

/* --- tables --- */

static uint32_t table_crc(struct board *b, uint64_t at)
{
	uint8_t t[512];
	uint32_t size = board_ram32(b, at + 12);
	assert_in_range(size, 24, sizeof(t));
	assert_int_equal(ram_read(&b->m.ram, GPA(at), t, size), 0);
	memset(t + 16, 0, 4);
	return (uint32_t)crc32(0, t, size);
}

static void tables_have_signature_and_checksum(void **state)
{
	struct board *b = *state;
	uint64_t systab = board_ram64(b, b->fw.boot_param + 8);
	uint64_t runtime = board_ram64(b, systab + 88);
	assert_int_equal(board_ram64(b, systab), 0x5453595320494249);
	assert_int_equal(board_ram64(b, runtime), 0x56524553544e5552);
	assert_int_equal(board_ram32(b, systab + 16), table_crc(b, systab));
	assert_int_equal(board_ram32(b, runtime + 16), table_crc(b, runtime));
	assert_int_equal(board_ram64(b, systab + 96), 0); /* no boot services */
	assert_int_equal(board_ram64(b, systab + 104), 4);
}

struct descriptor {
	uint32_t type, pad;
	uint64_t start, virt, pages, attributes;
};

static unsigned read_map(struct board *b, struct descriptor *d)
{
	uint64_t bp = b->fw.boot_param;
	assert_int_equal(board_ram64(b, bp + 0x20), sizeof(*d));
	assert_int_equal(board_ram32(b, bp + 0x28), 1);
	uint64_t size = board_ram64(b, bp + 0x18);
	assert_int_equal(size % sizeof(*d), 0);
	assert_int_equal(ram_read(&b->m.ram, GPA(board_ram64(b, bp + 0x10)), d, size), 0);
	return (unsigned)(size / sizeof(*d));
}

static const struct descriptor *at(const struct descriptor *d, unsigned n, uint64_t a)
{
	for (unsigned i = 0; i < n; i++)
		if (a - d[i].start < d[i].pages << 12)
			return &d[i];
	return NULL;
}

static void check_map(uint64_t ram)
{
	struct descriptor d[64];
	struct board *b = board_new(1, ram, NULL);
	board_build_fw(b, "");
	unsigned n = read_map(b, d);
	uint64_t usable = 0, end = 0;
	for (unsigned i = 0; i < n; i++) {
		assert_true(d[i].start >= end);
		assert_true(d[i].pages > 0);
		end = d[i].start + (d[i].pages << 12);
		if (d[i].type == 7 || d[i].type == 2)
			usable += d[i].pages << 12;
	}
	assert_int_equal(usable, ram);
	assert_int_equal(at(d, n, FW_PAL_BASE)->type, 13);
	assert_int_equal(at(d, n, FW_PAL_BASE)->attributes, 1ull << 63 | 8);
	assert_int_equal(at(d, n, fwcall_efi_entry(b, 0))->type, 5);
	assert_int_equal(at(d, n, 0xe0000000)->type, 12);
	assert_int_equal(at(d, n, 0xe0000000)->pages, 0x4000);
	assert_int_equal(at(d, n, 0xa0000)->type, 11);
	assert_int_equal(at(d, n, b->fw.boot_param)->type, 2);
	assert_int_equal(at(d, n, BOARD_KERNEL)->type, 2);
	assert_int_equal(at(d, n, BOARD_KERNEL + 0x1234567)->type, 2);
	assert_int_equal(at(d, n, 0x8000000)->type, 2);
	assert_int_equal(at(d, n, 0x8011000)->type, 7);
	assert_int_equal(at(d, n, board_ram64(b, b->fw.boot_param + 8))->type, 6);
	board_delete(b);
}

static void the_memory_map_is_sorted_and_complete(void **state)
{
	(void)state;
	check_map(256ull << 20);
	check_map((3ull << 30) - (128 << 10));
	check_map(5ull << 30);
	check_map(300ull << 30);
}

/* --- time --- */

struct efi_time {
	uint16_t year;
	uint8_t month, day, hour, minute, second, pad1;
	uint32_t nanosecond;
	int16_t time_zone;
	uint8_t daylight, pad2;
};

static struct efi_time get_time(struct board *b)
{
	struct efi_time t;
	assert_int_equal(fwcall_efi(b, EFI_GET_TIME, BUFFER, 0), 0);
	assert_int_equal(ram_read(&b->m.ram, GPA(BUFFER), &t, sizeof(t)), 0);
	return t;
}

static void time_is_what_the_c_library_says(void **state)
{
	struct board *b = *state;
	static const int64_t times[] = {0, 951782399, 951782400, 951868800, 4107542399, 4107542400,
		68169600, 1735689599, 1735689600, 5000000000, 9000000000};
	for (unsigned i = 0; i < countof(times) + 2000; i++) {
		time_t s = i < countof(times) ? times[i]
					      : (time_t)(i - countof(times)) * 3456789 + i * 86399;
		struct tm tm;
		gmtime_r(&s, &tm);
		b->m.clock.wall_base = s * 1000000000 + 123456789 - (int64_t)clock_now(&b->m.clock);
		struct efi_time t = get_time(b);
		assert_int_equal(t.year, tm.tm_year + 1900);
		assert_int_equal(t.month, tm.tm_mon + 1);
		assert_int_equal(t.day, tm.tm_mday);
		assert_int_equal(t.hour, tm.tm_hour);
		assert_int_equal(t.minute, tm.tm_min);
		assert_int_equal(t.second, tm.tm_sec);
		assert_int_equal(t.time_zone, 0x7ff);
	}
}

static void a_set_time_runs_on(void **state)
{
	struct board *b = *state;
	struct efi_time t = {.year = 2031,
		.month = 2,
		.day = 28,
		.hour = 23,
		.minute = 59,
		.second = 58,
		.time_zone = -60,
		.daylight = 1};
	poke(b, BUFFER, &t, sizeof(t));
	assert_int_equal(fwcall_efi(b, EFI_SET_TIME, BUFFER), 0);
	clock_advance(&b->m.clock, 2500000000ull);
	t = get_time(b);
	assert_int_equal(t.year, 2031);
	assert_int_equal(t.month, 3);
	assert_int_equal(t.day, 1);
	assert_int_equal(t.hour, 0);
	assert_int_equal(t.second, 0);
	assert_in_range(t.nanosecond, 500000000, 500100000);
	assert_int_equal(t.time_zone, -60);
	assert_int_equal(t.daylight, 1);
}

static void wrong_times_are_refused(void **state)
{
	struct board *b = *state;
	static const struct efi_time wrong[] = {
		{.year = 2031, .month = 2, .day = 29},
		{.year = 2100, .month = 2, .day = 29},
		{.year = 2031, .month = 0, .day = 1},
		{.year = 2031, .month = 13, .day = 1},
		{.year = 2031, .month = 1, .day = 0},
		{.year = 2031, .month = 4, .day = 31},
		{.year = 1899, .month = 1, .day = 1},
		{.year = 10000, .month = 1, .day = 1},
		{.year = 2031, .month = 1, .day = 1, .hour = 24},
		{.year = 2031, .month = 1, .day = 1, .minute = 60},
		{.year = 2031, .month = 1, .day = 1, .second = 60},
		{.year = 2031, .month = 1, .day = 1, .nanosecond = 1000000000},
		{.year = 2031, .month = 1, .day = 1, .time_zone = 1441},
		{.year = 2031, .month = 1, .day = 1, .daylight = 4},
	};
	for (unsigned i = 0; i < countof(wrong); i++) {
		poke(b, BUFFER, &wrong[i], sizeof(wrong[i]));
		assert_true(fwcall_efi(b, EFI_SET_TIME, BUFFER) == INVALID);
	}
	assert_true(fwcall_efi(b, EFI_SET_TIME, 0) == INVALID);
	assert_true(fwcall_efi(b, EFI_GET_TIME, 0) == INVALID);
	assert_true(fwcall_efi(b, EFI_GET_WAKEUP_TIME, BUFFER, BUFFER, BUFFER) == UNSUPP);
	assert_true(fwcall_efi(b, EFI_SET_WAKEUP_TIME, 0, 0) == UNSUPP);
}

/* --- variables --- */

static void put_name(struct board *b, const char *name)
{
	static const uint8_t vendor[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	uint16_t wide[600];
	size_t n = strlen(name) + 1;
	for (size_t i = 0; i < n; i++)
		wide[i] = (uint8_t)name[i];
	poke(b, NAME, wide, n * 2);
	poke(b, VENDOR, vendor, 16);
}

static uint64_t set(struct board *b, const char *name, unsigned attr, const char *data)
{
	put_name(b, name);
	poke(b, DATA, data, strlen(data));
	return fwcall_efi(b, EFI_SET_VARIABLE, NAME, VENDOR, attr, strlen(data), DATA);
}

/* Reads at most room bytes; text gets them. */
static uint64_t get(struct board *b, const char *name, uint64_t room, char *text)
{
	put_name(b, name);
	poke64(b, SIZE, room);
	uint64_t status = fwcall_efi(b, EFI_GET_VARIABLE, NAME, VENDOR, ATTR, SIZE, DATA);
	uint64_t n = board_ram64(b, SIZE);
	if (status == 0) {
		ram_read(&b->m.ram, GPA(DATA), text, n);
		text[n] = 0;
	}
	return status;
}

static void variables_are_kept(void **state)
{
	struct board *b = *state;
	char text[100];
	assert_true(get(b, "Boot", 10, text) == NOT_FOUND);
	assert_int_equal(set(b, "Boot", 7, "first"), 0);
	assert_int_equal(get(b, "Boot", 10, text), 0);
	assert_string_equal(text, "first");
	assert_int_equal(board_ram32(b, ATTR), 7);
	assert_int_equal(set(b, "Boot", 7, "second, longer"), 0);
	assert_true(get(b, "Boot", 13, text) == TOO_SMALL);
	assert_int_equal(board_ram64(b, SIZE), 14);
	assert_int_equal(get(b, "Boot", 14, text), 0);
	assert_string_equal(text, "second, longer");
	assert_int_equal(set(b, "Boot", 7 | 0x40, " still"), 0);
	assert_int_equal(get(b, "Boot", 99, text), 0);
	assert_string_equal(text, "second, longer still");
	assert_int_equal(set(b, "Boot", 7, ""), 0);
	assert_true(get(b, "Boot", 10, text) == NOT_FOUND);
	assert_true(set(b, "Boot", 7, "") == NOT_FOUND);
}

static void attributes_must_allow_it(void **state)
{
	struct board *b = *state;
	assert_true(set(b, "A", 3, "x") == INVALID); /* not at run time */
	assert_true(set(b, "A", 6, "x") == INVALID); /* volatile */
	assert_true(set(b, "A", 7 | 0x10, "x") == INVALID);
	assert_int_equal(set(b, "A", 7, "x"), 0);
	assert_true(set(b, "A", 5, "x") == INVALID); /* others than it has */
	assert_true(set(b, "", 7, "x") == INVALID);
	assert_int_equal(set(b, "A", 0, "x"), 0); /* deletes */
}

static void all_variables_are_enumerated_once(void **state)
{
	struct board *b = *state;
	unsigned total = b->fw.variables.count, seen = 0;
	for (unsigned i = 0; i < 20; i++) {
		char name[8] = {'V', (char)('a' + i), 0};
		assert_int_equal(set(b, name, 7, "data"), 0);
	}
	put_name(b, "");
	uint64_t status;
	bool last = false;
	for (;;) {
		poke64(b, SIZE, 100);
		status = fwcall_efi(b, EFI_GET_NEXT_VARIABLE_NAME, SIZE, NAME, VENDOR);
		if (status)
			break;
		seen++;
		last |= board_ram32(b, NAME) == ('V' | 't' << 16);
	}
	assert_true(status == NOT_FOUND);
	assert_int_equal(seen, total + 20);
	assert_true(last);
	put_name(b, "");
	poke64(b, SIZE, 2);
	assert_true(fwcall_efi(b, EFI_GET_NEXT_VARIABLE_NAME, SIZE, NAME, VENDOR) == TOO_SMALL);
	assert_true(board_ram64(b, SIZE) > 2);
	put_name(b, "NoSuch");
	poke64(b, SIZE, 100);
	assert_true(fwcall_efi(b, EFI_GET_NEXT_VARIABLE_NAME, SIZE, NAME, VENDOR) == INVALID);
}

static void the_store_has_limits(void **state)
{
	struct board *b = *state;
	put_name(b, "Big");
	assert_true(fwcall_efi(b, EFI_SET_VARIABLE, NAME, VENDOR, 7, VARIABLE_DATA_MAX + 1, DATA) ==
		    NO_ROOM);
	assert_true(fwcall_efi(b, EFI_SET_VARIABLE, NAME, VENDOR, 7, ~0ull, DATA) == NO_ROOM);
	unsigned n = 0;
	uint64_t status = 0;
	for (; n < 100 && !status; n++) {
		char name[8] = {'B', (char)('a' + n % 26), (char)('a' + n / 26), 0};
		put_name(b, name);
		status = fwcall_efi(b, EFI_SET_VARIABLE, NAME, VENDOR, 7, VARIABLE_DATA_MAX, DATA);
	}
	assert_true(status == NO_ROOM);
	assert_int_equal(n, VARIABLE_TOTAL_MAX / VARIABLE_DATA_MAX);
	assert_int_equal(
		fwcall_efi(b, EFI_QUERY_VARIABLE_INFO, 7, BUFFER, BUFFER + 8, BUFFER + 16), 0);
	assert_int_equal(board_ram64(b, BUFFER), VARIABLE_TOTAL_MAX);
	assert_in_range(board_ram64(b, BUFFER + 8), 1, VARIABLE_DATA_MAX);
}

static void an_endless_name_is_refused(void **state)
{
	struct board *b = *state;
	uint16_t wide[1000];
	for (unsigned i = 0; i < 1000; i++)
		wide[i] = 'x';
	put_name(b, "");
	poke(b, NAME, wide, sizeof(wide));
	poke64(b, SIZE, 10);
	assert_true(fwcall_efi(b, EFI_SET_VARIABLE, NAME, VENDOR, 7, 1, DATA) == INVALID);
	assert_true(fwcall_efi(b, EFI_GET_VARIABLE, NAME, VENDOR, 0, SIZE, DATA) == NOT_FOUND);
	assert_true(fwcall_efi(b, EFI_GET_NEXT_VARIABLE_NAME, SIZE, NAME, VENDOR) == INVALID);
}

static void variables_outlast_a_new_boot_and_a_save(void **state)
{
	struct board *b = *state;
	struct stream s = {0};
	char text[100];
	assert_int_equal(set(b, "Keep", 7, "me"), 0);
	board_build_fw(b, "");
	assert_int_equal(get(b, "Keep", 10, text), 0);
	fw_save(&b->fw, &s);
	assert_int_equal(set(b, "Keep", 7, ""), 0);
	assert_int_equal(set(b, "Other", 7, "gone"), 0);
	fw_load(&b->fw, &s);
	assert_string_equal(s.error, "");
	assert_int_equal(get(b, "Keep", 10, text), 0);
	assert_string_equal(text, "me");
	assert_true(get(b, "Other", 10, text) == NOT_FOUND);
	stream_free(&s);
}

static void a_console_is_named_for_the_loader(void **state)
{
	struct board *b = *state;
	static const uint8_t global[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa,
		0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
	put_name(b, "ConOut");
	poke(b, VENDOR, global, 16);
	poke64(b, SIZE, 100);
	assert_int_equal(fwcall_efi(b, EFI_GET_VARIABLE, NAME, VENDOR, 0, SIZE, DATA), 0);
	/* device path nodes end with 7f ff 04 00 at its very end; one is a UART (3, 14) */
	uint8_t p[100];
	uint64_t size = board_ram64(b, SIZE), i = 0;
	bool uart = false;
	ram_read(&b->m.ram, GPA(DATA), p, size);
	while (i + 4 <= size && p[i] != 0x7f) {
		uart |= p[i] == 3 && p[i + 1] == 14;
		i += p[i + 2];
	}
	assert_int_equal(i + 4, size);
	assert_true(uart);
}

/* --- the rest --- */

static void the_virtual_map_relocates_pointers(void **state)
{
	struct board *b = *state;
	struct descriptor d[64];
	const uint64_t region7 = 7ull << 61;
	unsigned n = read_map(b, d);
	uint64_t systab = board_ram64(b, b->fw.boot_param + 8);
	uint64_t runtime = board_ram64(b, systab + 88);
	uint64_t desc = board_ram64(b, runtime + 24);
	uint64_t entry = board_ram64(b, desc);
	uint64_t svam = board_ram64(b, runtime + 24 + 8 * EFI_SET_VIRTUAL_ADDRESS_MAP);
	for (unsigned i = 0; i < n; i++)
		d[i].virt = d[i].start | region7;
	poke(b, BUFFER, d, n * sizeof(d[0]));
	assert_true(fwcall_efi(b, EFI_SET_VIRTUAL_ADDRESS_MAP, n * 40, 40, 2, BUFFER) == INVALID);
	assert_true(fwcall_efi(b, EFI_SET_VIRTUAL_ADDRESS_MAP, n * 40, 0, 1, BUFFER) == INVALID);
	assert_true(
		fwcall_efi(b, EFI_SET_VIRTUAL_ADDRESS_MAP, 1ull << 40, 40, 1, BUFFER) == INVALID);
	assert_int_equal(fwcall_efi(b, EFI_SET_VIRTUAL_ADDRESS_MAP, n * 40, 40, 1, BUFFER), 0);
	assert_true(board_ram64(b, runtime + 24) == (desc | region7));
	assert_true(board_ram64(b, desc) == (entry | region7));
	assert_true(board_ram64(b, systab + 88) == (runtime | region7));
	assert_true(board_ram64(b, FW_DATA_BASE + 8) >> 61 == 7); /* FPSWA */
	/* a kernel started by kexec calls it again, in physical mode */
	assert_int_equal(board_ram64(b, runtime + 24 + 8 * EFI_SET_VIRTUAL_ADDRESS_MAP), svam);
	assert_int_equal(board_ram64(b, svam) >> 61, 0);
	assert_int_equal(board_ram32(b, systab + 16), table_crc(b, systab));
	assert_int_equal(board_ram32(b, runtime + 16), table_crc(b, runtime));
	const uint64_t again[8] = {n * 40, 40, 1, BUFFER};
	fwcall_stacked(b, board_ram64(b, svam), again);
	assert_true(fwcall_result(b, 0) == UNSUPP);
}

static void the_monotonic_count_counts(void **state)
{
	struct board *b = *state;
	assert_int_equal(fwcall_efi(b, EFI_GET_NEXT_HIGH_MONOTONIC_COUNT, BUFFER), 0);
	uint32_t first = board_ram32(b, BUFFER);
	assert_int_equal(fwcall_efi(b, EFI_GET_NEXT_HIGH_MONOTONIC_COUNT, BUFFER), 0);
	assert_int_equal(board_ram32(b, BUFFER), first + 1);
	assert_true(fwcall_efi(b, EFI_GET_NEXT_HIGH_MONOTONIC_COUNT, 0) == INVALID);
}

static void reset_system_says_how(void **state)
{
	struct board *b = *state;
	static const enum fw_action action[] = {FW_RESET_COLD, FW_RESET_WARM, FW_POWEROFF};
	for (unsigned i = 0; i < 3; i++) {
		const uint64_t args[8] = {i};
		assert_int_equal(
			fwcall_stacked(b, fwcall_efi_entry(b, EFI_RESET_SYSTEM), args), action[i]);
	}
}

static void what_is_not_there_is_unsupported(void **state)
{
	struct board *b = *state;
	assert_true(fwcall_efi(b, EFI_CONVERT_POINTER, 0, BUFFER) == UNSUPP);
	assert_true(fwcall_efi(b, EFI_UPDATE_CAPSULE, 0, 0, 0) == UNSUPP);
	assert_true(fwcall_efi(b, EFI_QUERY_CAPSULE_CAPABILITIES, 0, 0, 0, 0) == UNSUPP);
}

/* A virtual pointer without translation: the guest takes the miss, inserts it, and the call is
 * made again by the return from the handler. */
static void a_pointer_that_misses_the_tlb_is_the_guests_fault(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	uint64_t entry = fwcall_efi_entry(b, EFI_GET_TIME);
	const gva_t va = 0xa000000000200ff8; /* crosses into the next page */
	mmu_write_rr(&cpu->mmu, 5, 5 << 8 | 12 << 2);
	cpu->cr[CR_IVA] = 0x300000;
	cpu_set_psr(cpu, PSR(IC) | PSR(DT));
	cpu_set_cfm(cpu, 2);
	gr_set(cpu, 32, va, 0);
	gr_set(cpu, 33, 0, 0);
	gr_set(cpu, 8, 0x1234, 0);
	for (unsigned miss = 0; miss < 2; miss++) {
		cpu->ip = entry;
		cpu->ri = 0;
		assert_int_equal(cpu_run(cpu, 100), EXIT_FIRMWARE);
		assert_int_equal(fw_call(&b->fw, cpu, cpu->exit_arg), FW_CONTINUE);
		assert_int_equal(cpu->ip, 0x300000 + 0x1000); /* alternate data TLB */
		assert_int_equal(cpu->ri, 0);
		assert_int_equal(cpu->cr[CR_IIP], entry);
		assert_int_equal(cpu->cr[CR_IPSR] >> PSR_RI_BIT & 3, 0);
		assert_true(cpu->cr[CR_IFA] == (miss ? 0xa000000000201000 : va));
		assert_true(cpu->cr[CR_ISR] & ISR_BIT(W));
		assert_int_equal(gr_value(cpu, 8), 0x1234);
		mmu_itc(&cpu->mmu, false, cpu->cr[CR_IFA], 12 << 2,
			(BUFFER + 0x1000 * miss) | 0x661 | 2 << 9);
		cpu_set_psr(cpu, cpu->cr[CR_IPSR]);
	}
	cpu->ip = entry;
	cpu->ri = 0;
	assert_int_equal(cpu_run(cpu, 100), EXIT_FIRMWARE);
	assert_int_equal(fw_call(&b->fw, cpu, cpu->exit_arg), FW_CONTINUE);
	assert_int_equal(gr_value(cpu, 8), 0);
	assert_in_range(board_ram32(b, BUFFER + 0xff8) & 0xffff, 1970, 2200);
	assert_int_equal(board_ram32(b, BUFFER + 0x1004), 0x7ff);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(tables_have_signature_and_checksum),
		cmocka_unit_test(the_memory_map_is_sorted_and_complete),
		T(time_is_what_the_c_library_says),
		T(a_set_time_runs_on),
		T(wrong_times_are_refused),
		T(variables_are_kept),
		T(attributes_must_allow_it),
		T(all_variables_are_enumerated_once),
		T(the_store_has_limits),
		T(an_endless_name_is_refused),
		T(variables_outlast_a_new_boot_and_a_save),
		T(a_console_is_named_for_the_loader),
		T(the_virtual_map_relocates_pointers),
		T(the_monotonic_count_counts),
		T(reset_system_says_how),
		T(what_is_not_there_is_unsupported),
		T(a_pointer_that_misses_the_tlb_is_the_guests_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
