/* SPDX-License-Identifier: MIT */
/* xl.cfg files: what the grammar takes, what the keys mean, and how errors are worded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/stream.h"
#include "tool/cfg.h"
#include "tool/cpus.h"
#include "tool/settings.h"

#include <stdio.h>
#include <string.h>

static const char minimal[] = "name = \"t\"\nkernel = \"k\"\n";

static void parses(struct cfg *cfg, const char *text)
{
	*cfg = (struct cfg){0};
	assert_int_equal(cfg_parse(cfg, "f.cfg", text, strlen(text)), 0);
}

static void parse_fails(const char *text, const char *error)
{
	struct cfg cfg = {0};
	assert_int_not_equal(cfg_parse(&cfg, "f.cfg", text, strlen(text)), 0);
	assert_string_equal(cfg.error, error);
	cfg_free(&cfg);
}

static void applies(struct domain_config *c, const char *text)
{
	struct cfg cfg;
	parses(&cfg, minimal);
	assert_int_equal(cfg_parse(&cfg, "f.cfg", text, strlen(text)), 0);
	if (settings_apply(&cfg, c))
		fail_msg("%s", cfg.error);
	cfg_free(&cfg);
}

/* text stands on lines 1.. of its own file. */
static void apply_fails(const char *text, const char *error)
{
	struct cfg cfg;
	struct domain_config c;
	parses(&cfg, minimal);
	assert_int_equal(cfg_parse(&cfg, "f.cfg", text, strlen(text)), 0);
	assert_int_not_equal(settings_apply(&cfg, &c), 0);
	assert_string_equal(cfg.error, error);
	cfg_free(&cfg);
}

static void strings_numbers_and_lists_are_values(void **state)
{
	(void)state;
	struct cfg cfg;
	parses(&cfg, "# head\n\na = \"x y\" # tail\nb=0x10;c = 'q\\'\\\\'\n"
		     "d = [ \"1\", 2,\n  'three', # note\n]\ne=[]\n");
	assert_int_equal(cfg.count, 5);
	assert_string_equal(cfg.setting[0].key, "a");
	assert_string_equal(cfg.setting[0].value.text, "x y");
	assert_int_equal(cfg.setting[0].line, 3);
	assert_int_equal(cfg.setting[1].value.kind, CFG_NUMBER);
	assert_string_equal(cfg.setting[1].value.text, "0x10");
	assert_string_equal(cfg.setting[2].value.text, "q'\\");
	assert_int_equal(cfg.setting[3].items, 3);
	assert_string_equal(cfg.setting[3].item[2].text, "three");
	assert_int_equal(cfg.setting[3].item[2].line, 6);
	assert_int_equal(cfg.setting[4].items, 0);
	cfg_free(&cfg);
}

static void file_may_end_without_newline(void **state)
{
	(void)state;
	struct cfg cfg;
	parses(&cfg, "a = 1");
	assert_int_equal(cfg.count, 1);
	cfg_free(&cfg);
}

static void syntax_errors_name_file_and_line(void **state)
{
	(void)state;
	parse_fails("a = 1\nb\n", "f.cfg:2: '=' expected after 'b', end of line found");
	parse_fails("a = \"x\n", "f.cfg:1: string is not closed");
	parse_fails("a = \"x", "f.cfg:1: string is not closed");
	parse_fails("a = \"\\q\"", "f.cfg:1: unknown escape in string");
	parse_fails("\n\n= 1\n", "f.cfg:3: key expected, '=' found");
	parse_fails("1a = 1\n", "f.cfg:1: key expected, '1' found");
	parse_fails("a = x\n", "f.cfg:1: string, number or list expected, 'x' found");
	parse_fails("a = 12z\n", "f.cfg:1: bad number '12z'");
	parse_fails("a = 99999999999999999999\n", "f.cfg:1: bad number '99999999999999999999'");
	parse_fails("a = 1 2\n", "f.cfg:1: end of line expected after 'a', '2' found");
	parse_fails("a = [1 2]\n", "f.cfg:1: ',' or ']' expected in list, '2' found");
	parse_fails("a = [1,\n\n", "f.cfg:3: string, number or list expected, end of file found");
	parse_fails("a = [[1]]\n", "f.cfg:1: string, number or list expected, '[' found");
	parse_fails("import os\n", "f.cfg:1: '=' expected after 'import', 'o' found");
	parse_fails("\x01", "f.cfg:1: key expected, byte 0x01 found");
}

static void every_cut_of_a_file_parses_or_fails(void **state)
{
	(void)state;
	static const char text[] = "name = \"t\\n\" # c\nl = [ 'a', 0x2, \"b\" ]; m = -5\n";
	for (size_t len = 0; len < sizeof(text); len++) {
		struct cfg cfg = {0};
		if (cfg_parse(&cfg, "f", text, len))
			assert_true(cfg.error[0] != 0);
		cfg_free(&cfg);
	}
}

static void arguments_need_no_quotes(void **state)
{
	(void)state;
	struct cfg cfg = {0};
	assert_int_equal(cfg_parse_arg(&cfg, "extra=run=ls -l"), 0);
	assert_int_equal(cfg_parse_arg(&cfg, "vcpus=4"), 0);
	assert_int_equal(cfg_parse_arg(&cfg, "name=\"x\""), 0);
	assert_int_equal(cfg_parse_arg(&cfg, "disk=['a','b']"), 0);
	assert_string_equal(cfg.setting[0].value.text, "run=ls -l");
	assert_int_equal(cfg.setting[1].value.kind, CFG_NUMBER);
	assert_string_equal(cfg.setting[2].value.text, "x");
	assert_int_equal(cfg.setting[3].items, 2);
	assert_int_not_equal(cfg_parse_arg(&cfg, "vcpus"), 0);
	assert_string_equal(cfg.error, "command line: key=value expected, 'vcpus' found");
	cfg_free(&cfg);
}

static void defaults_are_those_of_xl(void **state)
{
	(void)state;
	struct domain_config c;
	applies(&c, "");
	assert_string_equal(c.name, "t");
	assert_int_equal(c.vcpus, 1);
	assert_int_equal(c.engine, ENGINE_JIT);
	assert_int_equal(c.on_poweroff, ACTION_DESTROY);
	assert_int_equal(c.on_reboot, ACTION_RESTART);
	assert_int_equal(c.on_crash, ACTION_DESTROY);
	assert_int_equal(strlen(c.uuid), 36);
}

static void keys_reach_the_configuration(void **state)
{
	(void)state;
	struct domain_config c;
	applies(&c, "type='hvm'\nmemory=\"2048\"\nvcpus=64\nclock=\"virtual\"\nramdisk='r'\n"
		    "on_crash='preserve'\nengine='jit'\ncode_cache=24\nuuid='01234567-89ab-cdef-"
		    "0123-456789abcdef'\n");
	assert_int_equal(c.memory, 2048);
	assert_int_equal(c.vcpus, 64);
	assert_true(c.virtual_clock);
	assert_string_equal(c.ramdisk, "r");
	assert_int_equal(c.code_cache, 24);
	assert_int_equal(c.on_crash, ACTION_PRESERVE);
	assert_string_equal(c.uuid, "01234567-89ab-cdef-0123-456789abcdef");
}

static void later_settings_win(void **state)
{
	(void)state;
	struct domain_config c;
	applies(&c, "vcpus=2\nvcpus=3\n");
	assert_int_equal(c.vcpus, 3);
}

static void root_and_extra_make_the_command_line(void **state)
{
	(void)state;
	struct domain_config c;
	applies(&c, "root='/dev/sda1'\nextra='ro quiet'\n");
	assert_string_equal(c.cmdline, "root=/dev/sda1 ro quiet");
	applies(&c, "extra='ro'\n");
	assert_string_equal(c.cmdline, "ro");
	log_init("test", LOG_ERROR);
	applies(&c, "extra='ro'\ncmdline='all'\n");
	log_init("test", LOG_WARN);
	assert_string_equal(c.cmdline, "all");
}

static void bad_values_are_named(void **state)
{
	(void)state;
	apply_fails("memory = 0", "f.cfg:1: memory is 0 MB, possible are 8 to 1047552");
	apply_fails("memory = 2000000", "f.cfg:1: memory is 2000000 MB, possible are 8 to 1047552");
	apply_fails("memory = -1", "f.cfg:1: memory is -1 MB, possible are 8 to 1047552");
	apply_fails("code_cache = 0", "f.cfg:1: code_cache is 0 MB, possible are 1 to 1024");
	apply_fails("vcpus = 0", "f.cfg:1: vcpus is 0, possible are 1 to 64");
	apply_fails("\nvcpus = 1000", "f.cfg:2: vcpus is 1000, possible are 1 to 64");
	apply_fails("vcpus = 'two'", "f.cfg:1: vcpus must be a number");
	apply_fails("vcpus = ''", "f.cfg:1: vcpus must be a number");
	apply_fails("memory = [512]", "f.cfg:1: memory must be a number");
	apply_fails("name = ['a']", "f.cfg:1: name must be a string, not a list");
	apply_fails("name = ''", "f.cfg:1: name is empty");
	apply_fails("name = '../x'", "f.cfg:1: name '../x' has a blank, '/' or unprintable byte");
	apply_fails(
		"name = '12'", "f.cfg:1: name '12' is a number, which names a domain by its id");
	apply_fails("type = 'pvh'", "f.cfg:1: type is 'pvh', possible are 'hvm' and 'pv'");
	apply_fails("type = 'pv'\nmemory = 98305",
		"f.cfg:2: memory is 98305 MB, a PV domain has 98304 at most");
	apply_fails("cpu_model = 'z80'", "f.cfg:1: cpu_model 'z80' is unknown");
	apply_fails("clock = 'sun'", "f.cfg:1: clock is 'sun', possible are 'real' and 'virtual'");
	apply_fails("on_crash = 'weep'",
		"f.cfg:1: on_crash is 'weep', possible are destroy, restart and preserve");
	apply_fails("uuid = 'x'",
		"f.cfg:1: uuid 'x' is not of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
	apply_fails("\n\nflux_capacitor = 1", "f.cfg:3: unknown key 'flux_capacitor'");
}

static void long_strings_are_refused_not_cut(void **state)
{
	(void)state;
	char text[3000], error[100];
	for (unsigned i = 0; i < 2; i++) {
		const char *key = i ? "extra" : "kernel";
		size_t max = i ? 2047 : 1023;
		int n = snprintf(text, sizeof(text), "%s = '", key);
		memset(text + n, 'x', max + 1);
		memcpy(text + n + max + 1, "'", 2);
		snprintf(error, sizeof(error), "f.cfg:1: %s is longer than %zu characters", key,
			max);
		apply_fails(text, error);
	}
}

static void keys_of_xl_without_effect_are_accepted(void **state)
{
	(void)state;
	struct domain_config c;
	log_init("test", LOG_ERROR);
	applies(&c, "vif = ['mac=00:16:3e:00:00:01']\nvnc = 1\npae = 1\n");
	log_init("test", LOG_WARN);
}

static void a_pv_domain_is_made_with_the_most_it_may_have(void **state)
{
	(void)state;
	struct domain_config c;
	applies(&c, "type='pv'\nmemory=256\nmaxmem=1024\nvcpus=2\nmaxvcpus=8\n");
	assert_int_equal(c.memory, 1024);
	assert_int_equal(c.target, 256);
	assert_int_equal(c.vcpus, 8);
	assert_int_equal(c.online, 2);
	applies(&c, "type='pv'\nmemory=256\nvcpus=2\n");
	assert_int_equal(c.memory, 256);
	assert_int_equal(c.target, 0);
	assert_int_equal(c.vcpus, 2);
	assert_int_equal(c.online, 0);
	log_init("test", LOG_ERROR);
	applies(&c, "memory=256\nmaxmem=1024\nvcpus=2\nmaxvcpus=8\nvhpt=16\n");
	log_init("test", LOG_WARN);
	assert_int_equal(c.memory, 256);
	assert_int_equal(c.vcpus, 2);
	assert_int_equal(c.vhpt, 0);
	apply_fails("memory = 512\nmaxmem = 256",
		"f.cfg:2: maxmem is 256, less than the domain has at first (512)");
	apply_fails("maxvcpus = 2\nvcpus = 4",
		"f.cfg:1: maxvcpus is 2, less than the domain has at first (4)");
	apply_fails("type = 'pv'\nmaxmem = 98305",
		"f.cfg:2: memory is 98305 MB, a PV domain has 98304 at most");
}

static void a_vhpt_has_sizes_of_xen(void **state)
{
	(void)state;
	struct domain_config c;
	static const struct {
		const char *text;
		unsigned size;
	} good[] = {{"type='pv'", 0}, {"type='pv'\nvhpt=0", 0}, {"type='pv'\nvhpt=-1", 0},
		{"type='pv'\nvhpt=15", 15}, {"type='pv'\nvhpt='23'", 23}};
	for (unsigned i = 0; i < countof(good); i++) {
		applies(&c, good[i].text);
		assert_int_equal(c.vhpt, good[i].size);
	}
	apply_fails("vhpt = 14", "f.cfg:1: vhpt is 14, possible are 15 to 23");
	apply_fails("vhpt = 24", "f.cfg:1: vhpt is 24, possible are 15 to 23");
	apply_fails("vhpt = -2", "f.cfg:1: vhpt is -2, possible are 15 to 23");
	apply_fails("vhpt = [ 16 ]", "f.cfg:1: vhpt must be a number");
}

static void cpus_are_lists_of_the_hosts(void **state)
{
	(void)state;
	struct config_affinity a;
	char why[CPUS_ERROR_SIZE];
	static const struct {
		const char *text;
		uint64_t bits;
	} good[] = {{"0", 1}, {"3", 8}, {"0-3", 15}, {"0-3,^2", 11}, {"all", 0xff},
		{"all,^0,^5-6", 0x9e}, {"1,4-5,4", 0x32}, {"^1,0-1", 3}, {"0,63", 1 | 1ull << 63}};
	static const char *const bad[] = {"", "x", "1-", "-1", "3-1", "1,,2", "1 2", "0x3", "1024",
		"99999999999999999999", "^", "allx", "node:1"};
	for (unsigned i = 0; i < countof(good); i++) {
		assert_int_equal(cpus_parse(good[i].text, 8, &a, why), 0);
		assert_int_equal(a.set[0], good[i].bits);
		assert_int_equal(a.set[1], 0);
	}
	for (unsigned i = 0; i < countof(bad); i++)
		assert_int_not_equal(cpus_parse(bad[i], 8, &a, why), 0);
	assert_int_not_equal(cpus_parse("8-9", 8, &a, why), 0);
	assert_string_equal(why, "'8-9' names none of the host's processors, 0 to 7");
	assert_int_not_equal(cpus_parse("1,^1", 8, &a, why), 0);
	struct domain_config c;
	applies(&c, "cpus = [ '0', 'all' ]");
	assert_int_equal(c.affinities, 2);
	assert_int_equal(c.affinity[0].set[0], 1);
	applies(&c, "cpus = 0");
	assert_int_equal(c.affinities, 64);
	assert_int_equal(c.affinity[63].set[0], 1);
	apply_fails("cpus = [ '0',\n'no' ]",
		"f.cfg:2: cpus 'no' is not a list of processors, such as 0-3,^2");
}

static void what_a_pv_domain_has_not_is_refused(void **state)
{
	(void)state;
	struct domain_config c;
	char text[1200] = "type = 'pv'\nextra = '";
	size_t n = strlen(text);
	memset(text + n, 'x', 1023);
	snprintf(text + n + 1023, 4, "'\n");
	applies(&c, text);
	assert_int_equal(strlen(c.cmdline), 1023);
	snprintf(text + n + 1023, 4, "x'\n");
	apply_fails(text,
		"f.cfg:2: the command line has 1024 characters, a PV domain's has 1023 at "
		"most");
	apply_fails("\nbootloader = 'pygrub'",
		"f.cfg:2: bootloader 'pygrub' cannot be run: give kernel and ramdisk");
	applies(&c, "bootloader = ''");
	applies(&c, "on_watchdog = 'preserve'");
	assert_int_equal(c.on_watchdog, ACTION_PRESERVE);
	applies(&c, "");
	assert_int_equal(c.on_watchdog, ACTION_DESTROY);
	apply_fails("on_watchdog = 'bark'", "f.cfg:1: on_watchdog is 'bark', possible are destroy, "
					    "restart and preserve");
}

static void name_and_kernel_are_needed(void **state)
{
	(void)state;
	struct cfg cfg;
	struct domain_config c;
	parses(&cfg, "kernel='k'");
	assert_int_not_equal(settings_apply(&cfg, &c), 0);
	assert_string_equal(cfg.error, "f.cfg: no name given");
	cfg_free(&cfg);
	parses(&cfg, "name='n'");
	assert_int_not_equal(settings_apply(&cfg, &c), 0);
	assert_string_equal(cfg.error, "f.cfg: no kernel given");
	cfg_free(&cfg);
}

static void engines_have_names_and_verify_takes_the_virtual_clock(void **state)
{
	(void)state;
	struct domain_config c, back;
	struct stream s = {0};
	applies(&c, "");
	assert_int_equal(c.engine, ENGINE_JIT);
	assert_false(c.virtual_clock);
	applies(&c, "engine='interp'");
	assert_int_equal(c.engine, ENGINE_INTERP);
	applies(&c, "engine='verify'\nclock='real'");
	assert_int_equal(c.engine, ENGINE_VERIFY);
	assert_true(c.virtual_clock);
	config_save(&c, &s);
	config_load(&back, &s);
	assert_true(stream_ok(&s));
	assert_int_equal(back.engine, ENGINE_VERIFY);
	stream_free(&s);
	apply_fails("engine = 'steam'",
		"f.cfg:1: engine is 'steam', possible are 'interp', 'jit' and 'verify'");
}

static void configuration_survives_the_stream(void **state)
{
	(void)state;
	struct domain_config c, back;
	struct stream s = {0};
	applies(&c, "vcpus=5\nmemory=99\nextra='a b'\non_reboot='preserve'\nclock='virtual'\n"
		    "engine='jit'\njitdump=1\njit_debug='ic'\ncode_cache=7");
	c.id = 77;
	c.target = 50;
	c.online = 3;
	c.affinities = 2;
	c.affinity[1].set[3] = 42;
	c.vhpt = 17;
	c.on_watchdog = ACTION_RESTART;
	config_save(&c, &s);
	config_load(&back, &s);
	assert_true(stream_ok(&s));
	assert_int_equal(back.vcpus, 5);
	assert_int_equal(back.memory, 99);
	assert_int_equal(back.id, 77);
	assert_int_equal(back.target, 50);
	assert_int_equal(back.online, 3);
	assert_int_equal(back.affinities, 2);
	assert_int_equal(back.affinity[1].set[3], 42);
	assert_int_equal(back.vhpt, 17);
	assert_int_equal(back.on_watchdog, ACTION_RESTART);
	assert_int_equal(back.code_cache, 7);
	assert_true(back.virtual_clock);
	assert_int_equal(back.engine, ENGINE_JIT);
	assert_int_equal(back.jitdump, 1);
	assert_string_equal(back.jit_debug, "ic");
	assert_int_equal(back.on_reboot, ACTION_PRESERVE);
	assert_string_equal(back.cmdline, "a b");
	assert_string_equal(back.uuid, c.uuid);
	stream_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_numbers_and_lists_are_values),
		cmocka_unit_test(file_may_end_without_newline),
		cmocka_unit_test(syntax_errors_name_file_and_line),
		cmocka_unit_test(every_cut_of_a_file_parses_or_fails),
		cmocka_unit_test(arguments_need_no_quotes),
		cmocka_unit_test(defaults_are_those_of_xl),
		cmocka_unit_test(keys_reach_the_configuration),
		cmocka_unit_test(later_settings_win),
		cmocka_unit_test(root_and_extra_make_the_command_line),
		cmocka_unit_test(bad_values_are_named),
		cmocka_unit_test(long_strings_are_refused_not_cut),
		cmocka_unit_test(keys_of_xl_without_effect_are_accepted),
		cmocka_unit_test(a_pv_domain_is_made_with_the_most_it_may_have),
		cmocka_unit_test(a_vhpt_has_sizes_of_xen),
		cmocka_unit_test(cpus_are_lists_of_the_hosts),
		cmocka_unit_test(what_a_pv_domain_has_not_is_refused),
		cmocka_unit_test(name_and_kernel_are_needed),
		cmocka_unit_test(engines_have_names_and_verify_takes_the_virtual_clock),
		cmocka_unit_test(configuration_survives_the_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
