/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables judged by ACPICA: every table in the guest's memory is written to a file and
 * disassembled by iasl, which must have nothing to say; the DSDT must also compile again
 * (3168: iasl prefers Device() to the Processor() of ACPI 2.0).
 * With a directory as argument it only leaves the tables there.
 */
#include "board.h"

#include <stdio.h>
#include <unistd.h>

static uint64_t find_rsdp(struct board *b)
{
	static const uint8_t acpi20[16] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc,
		0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
	uint64_t systab = board_ram64(b, b->fw.boot_param + 8);
	uint64_t count = board_ram64(b, systab + 104), t = board_ram64(b, systab + 112);
	for (; count--; t += 24) {
		uint8_t guid[16];
		ram_read(&b->m.ram, GPA(t), guid, 16);
		if (!memcmp(guid, acpi20, 16))
			return board_ram64(b, t + 16);
	}
	fail_msg("no ACPI 2.0 table in the EFI system table");
	return 0;
}

static void dump(struct board *b, const char *dir, uint64_t at)
{
	char sig[5] = "", path[600];
	uint32_t len = board_ram32(b, at + 4);
	ram_read(&b->m.ram, GPA(at), sig, 4);
	uint8_t *p = malloc(len), sum = 0;
	assert_non_null(p);
	assert_int_equal(ram_read(&b->m.ram, GPA(at), p, len), 0);
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	if (strcmp(sig, "FACS"))
		assert_int_equal(sum, 0);
	snprintf(path, sizeof(path), "%s/%s.aml", dir, sig);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	fclose(f);
	free(p);
}

static void dump_all(struct board *b, const char *dir)
{
	uint64_t xsdt = board_ram64(b, find_rsdp(b) + 24);
	uint32_t len = board_ram32(b, xsdt + 4);
	dump(b, dir, xsdt);
	for (uint32_t i = 36; i < len; i += 8) {
		uint64_t t = board_ram64(b, xsdt + i);
		dump(b, dir, t);
		if (board_ram32(b, t) == 0x50434146) { /* FACP */
			dump(b, dir, board_ram64(b, t + 132));
			dump(b, dir, board_ram64(b, t + 140));
		}
	}
}

/* Runs a command; its output must not speak of errors, warnings or remarks other than counts of 0.
 */
static void quiet(const char *fmt, const char *dir, const char *table)
{
	char cmd[1400], line[512];
	snprintf(cmd, sizeof(cmd), fmt, dir, table);
	FILE *p = popen(cmd, "r");
	assert_non_null(p);
	bool good = true;
	while (fgets(line, sizeof(line), p)) {
		bool count = strstr(line, "0 Errors, 0 Warnings");
		if (!count && (strstr(line, "rror") || strstr(line, "arning") ||
				      strstr(line, "Invalid") || strstr(line, "/****"))) {
			print_message("%s: %s", table, line);
			good = false;
		}
	}
	int status = pclose(p);
	assert_int_equal(status, 0);
	assert_true(good);
}

static void check(unsigned cpus)
{
	static const char *const tables[] = {"XSDT", "FACP", "APIC", "SPCR", "FACS", "DSDT"};
	char dir[] = "/tmp/epixen-acpi-XXXXXX", cmd[100];
	if (system("iasl -v >/dev/null 2>&1"))
		skip();
	assert_non_null(mkdtemp(dir));
	struct board *b = board_new(cpus, 512ull << 20, NULL);
	board_build_fw(b, "");
	dump_all(b, dir);
	for (unsigned i = 0; i < countof(tables); i++)
		quiet("cd %s && iasl -d %s.aml 2>&1 && cat *.dsl", dir, tables[i]);
	quiet("cd %s && iasl -vw 3168 -p again %s.dsl 2>&1", dir, "DSDT");
	board_delete(b);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void iasl_accepts_tables_of_one_processor(void **state)
{
	(void)state;
	check(1);
}

static void iasl_accepts_tables_of_64_processors(void **state)
{
	(void)state;
	check(64);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(iasl_accepts_tables_of_one_processor),
		cmocka_unit_test(iasl_accepts_tables_of_64_processors),
	};
	if (argc > 1) {

		struct board *b =
			board_new(argc > 2 ? (unsigned)atoi(argv[2]) : 1, 512ull << 20, NULL);
		board_build_fw(b, "");
		dump_all(b, argv[1]);
		board_delete(b);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
