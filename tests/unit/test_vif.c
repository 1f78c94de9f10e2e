/* SPDX-License-Identifier: MIT */
/* Entries of vif=[...], xl-network-configuration(5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tool/vif.h"

static struct config_vif v;
static char why[VIF_ERROR_SIZE];

static void nothing_is_user_mode_network(void **state)
{
	(void)state;
	assert_int_equal(vif_parse("", &v, why), 0);
	assert_string_equal(v.mac, "");
	assert_string_equal(v.tap, "");
	assert_int_equal(v.rate_bytes, 0);
}

static void keys_of_xl_are_read(void **state)
{
	(void)state;
	assert_int_equal(
		vif_parse("mac=00:16:3E:74:34:32, bridge=xenbr0,script=vif-bridge,model=e1000", &v,
			why),
		0);
	assert_string_equal(v.mac, "00:16:3E:74:34:32");
	assert_int_equal(vif_parse("tap=tap0", &v, why), 0);
	assert_string_equal(v.tap, "tap0");
	assert_int_equal(vif_parse("forward=tcp:2222:22,forward=udp:127.0.0.1:53:53", &v, why), 0);
	assert_string_equal(v.forward, "tcp:2222:22 udp:127.0.0.1:53:53");
}

/* The examples of the manual: bytes of one interval. */
static void rates_are_bytes_in_an_interval(void **state)
{
	static const struct {
		const char *spec;
		unsigned bytes, usecs;
	} good[] = {{"rate=10Mb/s", 62500, 50000}, {"rate=250KB/s", 12500, 50000},
		{"rate=1MB/s@20ms", 20000, 20000}, {"rate=1GB/s@1s", 1000000000, 1000000},
		{"rate=8000b/s@500000us", 500, 500000}};

	(void)state;
	for (unsigned n = 0; n < countof(good); n++) {
		assert_int_equal(vif_parse(good[n].spec, &v, why), 0);
		assert_int_equal(v.rate_bytes, good[n].bytes);
		assert_int_equal(v.rate_usecs, good[n].usecs);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *spec, *says;
	} bad[] = {{"mac=00:16:3e", "mac '00:16:3e'"}, {"mac=01:16:3e:00:00:00", "group"},
		{"mac=00:16:3e:00:00:0g", "mac '"}, {"rate=fast", "rate 'fast'"},
		{"rate=10M/s", "rate"}, {"rate=10Mb/s@5", "rate"}, {"rate=-1MB/s", "rate"},
		{"rate=nanMB/s", "rate"}, {"rate=0b/s", "rate"},
		{"colour=red", "unknown key 'colour'"}, {"bridge", "key=value"}, {"tap=", "tap"},
		{"tap=../x", "tap"}, {"forward=2222:22", "forward"}, {"forward=tcp:22", "forward"},
		{"forward=tcp:65536:22", "forward"}, {"forward=tcp:2222:0", "forward"},
		{"forward=tcp:2222:22:", "forward"}, {"forward=udp:127.0.0:1:1", "forward"},
		{"forward=tcp: 1:1", "forward"}, {"mac=00:00:00:00:00:00", "no address"},
		{"tap=tap0,forward=tcp:1:1", "user-mode"}};

	(void)state;
	for (unsigned n = 0; n < countof(bad); n++) {
		assert_true(vif_parse(bad[n].spec, &v, why) < 0);
		assert_non_null(strstr(why, bad[n].says));
	}
}

static void addresses_are_xens_and_stay(void **state)
{
	struct config_vif a, b;
	const char *uuid = "01234567-89ab-cdef-0123-456789abcdef";

	(void)state;
	vif_make_mac(&a, uuid, 0);
	vif_make_mac(&b, uuid, 0);
	assert_string_equal(a.mac, b.mac);
	assert_memory_equal(a.mac, "00:16:3e:", 9);
	vif_make_mac(&b, uuid, 1);
	assert_string_not_equal(a.mac, b.mac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_user_mode_network),
		cmocka_unit_test(keys_of_xl_are_read),
		cmocka_unit_test(rates_are_bytes_in_an_interval),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(addresses_are_xens_and_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
