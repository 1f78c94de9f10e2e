/* SPDX-License-Identifier: MIT */
/* Entries of disk=[...]: xl-disk-configuration(5), and the numbers of Xen's vbd-interface(7). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/stream.h"
#include "tool/cfg.h"
#include "tool/disk.h"
#include "tool/settings.h"

static struct config_disk parsed(const char *spec)
{
	struct config_disk d;
	char error[DISK_ERROR_SIZE];
	if (disk_parse(spec, &d, error))
		fail_msg("%s: %s", spec, error);
	return d;
}

/* format, then r or w, then c or d. */
static void means(
	const char *spec, const char *target, enum disk_format format, const char *vdev, char *how)
{
	struct config_disk d = parsed(spec);
	assert_string_equal(d.target, target);
	assert_int_equal(d.format, format);
	assert_string_equal(d.vdev, vdev);
	assert_int_equal(d.readonly, how[0] == 'r');
	assert_int_equal(d.cdrom, how[1] == 'c');
}

static void fails(const char *spec, const char *why)
{
	struct config_disk d;
	char error[DISK_ERROR_SIZE] = "";
	assert_int_not_equal(disk_parse(spec, &d, error), 0);
	assert_string_equal(error, why);
}

/* The examples that the manual page has. */
static void examples_of_the_manual_mean_what_it_says(void **state)
{
	(void)state;
	static const char *const same[] = {"/dev/vg/guest-volume,,hda",
		"/dev/vg/guest-volume,raw,hda,rw",
		"format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume",
		"raw:/dev/vg/guest-volume,hda,w"};
	for (unsigned n = 0; n < countof(same); n++)
		means(same[n], "/dev/vg/guest-volume", DISK_RAW, "hda", "wd");
	static const char *const iso[] = {"/root/image.iso,,hdc,cdrom",
		"/root/image.iso,,hdc,,cdrom", "/root/image.iso,raw,hdc,devtype=cdrom",
		"format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/root/image.iso",
		"raw:/root/image.iso,hdc:cdrom,ro"};
	for (unsigned n = 0; n < countof(iso); n++)
		means(iso[n], "/root/image.iso", DISK_RAW, "hdc", "rc");
}

static void positions_keys_and_flags_mix(void **state)
{
	(void)state;
	means("/a,qcow2,xvda", "/a", DISK_QCOW2, "xvda", "wd");
	means("/a,qcow2,xvda,r", "/a", DISK_QCOW2, "xvda", "rd");
	means("vdev=xvdb,/a,vhd,w", "/a", DISK_VHD, "xvdb", "wd");
	means("vdev=xvdb,access=r,format=vmdk,target=/a,b=c d", "/a,b=c d", DISK_VMDK, "xvdb",
		"rd");
	means(" /a , , xvdc , ro , discard , direct-io-safe ", "/a", DISK_RAW, "xvdc", "rd");
	means("/a,raw,xvda,w,backendtype=qdisk,backend=0,", "/a", DISK_RAW, "xvda", "wd");
	means("format=qed,/a,xvda", "/a", DISK_QED, "xvda", "wd");
	means(",empty,hdc,cdrom", "", DISK_EMPTY, "hdc", "rc");
	means("cdrom,vdev=hdc", "", DISK_EMPTY, "hdc", "rc");
	means("devtype=disk,vdev=sda1,target=/b", "/b", DISK_RAW, "sda1", "wd");
	assert_true(parsed("/a,,xvda,no-discard").no_discard);
	assert_false(parsed("/a,,xvda,no-discard,discard").no_discard);
	assert_false(parsed("/a,,xvda").no_discard);
}

static void prefixes_of_old_times_replace_the_format(void **state)
{
	(void)state;
	means("phy:/dev/sdb,xvda,w", "/dev/sdb", DISK_RAW, "xvda", "wd");
	means("file:/a.img,xvdb,r", "/a.img", DISK_RAW, "xvdb", "rd");
	means("tap:aio:/a.img,xvdb,w", "/a.img", DISK_RAW, "xvdb", "wd");
	means("tap:qcow2:/a.img,xvdb1,w", "/a.img", DISK_QCOW2, "xvdb1", "wd");
	means("file:relative,sda1,w", "relative", DISK_RAW, "sda1", "wd");
}

static void servers_are_named_by_uris(void **state)
{
	(void)state;
	means("nbd://host:10809/name,,xvda", "nbd://host:10809/name", DISK_NBD, "xvda", "wd");
	means("vdev=xvda,access=r,target=nbd+unix:///x?socket=/tmp/a,b",
		"nbd+unix:///x?socket=/tmp/a,b", DISK_NBD, "xvda", "rd");
	fails("nbd://host,qcow2,xvda", "a server's disk has format raw");
}

static void mistakes_are_named(void **state)
{
	(void)state;
	fails("", "no vdev is given");
	fails("/a", "no vdev is given");
	fails("target=/a,vdev=xvda", "no vdev is given: target= takes all that follows");
	fails(",,xvda", "no target is given");
	fails("/a,zip,xvda",
		"format is 'zip', possible are raw, qcow, qcow2, qed, vhd, vmdk, vdi and empty");
	fails("/a,,floppy", "vdev 'floppy' is no device such as xvda, xvdb1, sda, hdc or d0p1");
	fails("/a,,xvda,x", "access is 'x', possible are r, ro, w and rw");
	fails("/a,,xvda,w,more", "'more' is one parameter too many");
	fails("/a,,xvda,devtype=tape", "devtype is 'tape', possible are disk and cdrom");
	fails("/a,,xvda:tape", "devtype is 'tape', possible are disk and cdrom");
	fails("/a,,xvda,colour=red", "unknown parameter 'colour'");
	fails("/a,,xvda,cdrom=1", "unknown parameter 'cdrom'");
	fails("/a,,xvda,target=/b", "target is given twice");
	fails("/a,,xvda,vdev=xvdb", "vdev is given twice");
	fails("/a,,xvda,backendtype=magic",
		"backendtype is 'magic', possible are phy, tap and qdisk");
	fails("/a,,xvda,backend=store",
		"backend 'store': disks of other domains are not supported yet");
	fails("/a,,xvda,script=block-iscsi", "script 'block-iscsi': scripts are not supported");
	char spec[3000];
	snprintf(spec, sizeof(spec), "vdev=xvda,target=/%01100d", 0);
	fails(spec, "target is longer than 1023 characters");
	snprintf(spec, sizeof(spec), "/%02900d", 0);
	fails(spec, "longer than 2047 characters");
}

/* vbd-interface(7), computed by hand. */
static void names_have_the_numbers_that_xen_gives_them(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int64_t number;
	} known[] = {{"xvda", 51712}, {"xvda1", 51713}, {"xvdb", 51728}, {"xvdp15", 51967},
		{"xvdq", 268439552}, {"xvda16", 268435472}, {"xvdz", 268441856},
		{"xvdaa", 268442112}, {"xvdba", 268448768}, {"d0p0", 51712}, {"d1p2", 51730},
		{"d16p0", 268439552}, {"d536p37", 268572709}, {"sda", 2048}, {"sda1", 2049},
		{"sdp15", 2303}, {"hda", 768}, {"hda1", 769}, {"hdb", 832}, {"hdc", 5632},
		{"hdd63", 5759}, {"51712", 51712}, {"0xca00", 51712}, {"0", 0}};
	for (unsigned n = 0; n < countof(known); n++) {
		if (disk_number(known[n].name) != known[n].number)
			fail_msg(
				"%s is %lld", known[n].name, (long long)disk_number(known[n].name));
	}
	static const char *const none[] = {"", "xvd", "xvd1", "xvda0", "xvda01", "xvda256",
		"xvda1x", "sdq", "sda16", "hde", "hda64", "vda", "d", "d1", "dp", "d1p", "d1p256",
		"d1p2p", "-1", "99999999999999999999", "xvdzzzzzzzzz", "xvdA", " 1", "0x",
		"d1048576p0"};
	for (unsigned n = 0; n < countof(none); n++) {
		if (disk_number(none[n]) >= 0)
			fail_msg("%s is %lld", none[n], (long long)disk_number(none[n]));
	}
}

static void every_cut_of_an_entry_parses_or_fails(void **state)
{
	(void)state;
	static const char text[] = "tap:qcow2:/a, vdev=hdc:cdrom,access=ro,format=raw,,target=b,";
	for (size_t from = 0; from < sizeof(text); from++) {
		for (size_t n = 0; from + n < sizeof(text); n++) {
			struct config_disk d;
			char spec[sizeof(text)], error[DISK_ERROR_SIZE] = "";
			memcpy(spec, text + from, n);
			spec[n] = 0;
			if (disk_parse(spec, &d, error))
				assert_true(error[0] != 0);
			else
				assert_true(d.vdev[0] != 0);
		}
	}
}

/* --- the key --- */

static int apply(const char *text, struct domain_config *c, char error[512])
{
	static const char head[] = "name='t'\nkernel='k'\ntype='pv'\n";
	struct cfg cfg = {0};
	assert_int_equal(cfg_parse(&cfg, "f.cfg", head, strlen(head)), 0);
	assert_int_equal(cfg_parse(&cfg, "f.cfg", text, strlen(text)), 0);
	int err = settings_apply(&cfg, c);
	memcpy(error, cfg.error, sizeof(cfg.error));
	cfg_free(&cfg);
	return err;
}

static void errors_name_entry_and_line(void **state)
{
	(void)state;
	struct domain_config c;
	char error[512];
	assert_int_not_equal(apply("disk='/a,,xvda'", &c, error), 0);
	assert_string_equal(error, "f.cfg:1: disk must be a list of strings: disk = [ '...' ]");
	assert_int_not_equal(apply("disk=['/a,,xvda',\n'/b,,xvdb,q']", &c, error), 0);
	assert_string_equal(
		error, "f.cfg:2: disk '/b,,xvdb,q': access is 'q', possible are r, ro, w and rw");
	assert_int_not_equal(apply("disk=['/a,,xvda',\n\n'/b,,0xca00']", &c, error), 0);
	assert_string_equal(error, "f.cfg:3: disk '/b,,0xca00': vdev 0xca00 is there already");
	assert_int_equal(apply("disk=[]", &c, error), 0);
	assert_int_equal(c.disks, 0);
}

static void many_disks_survive_the_stream(void **state)
{
	(void)state;
	struct domain_config c, back;
	char error[512], text[4000] = "disk=[";
	struct stream s = {0};
	for (unsigned n = 0; n < CONFIG_MAX_DISKS; n++)
		snprintf(text + strlen(text), 100, "'/disk%u,%s,d%up%u,%s,no-discard',", n,
			n % 2 ? "raw" : "qcow2", n, n % 3, n % 5 ? "r" : "w");
	strcat(text, "]");
	assert_int_equal(apply(text, &c, error), 0);
	c.disk[3].size = 12345;
	config_save(&c, &s);
	assert_true(s.len < CONFIG_SECTION_MAX);
	config_load(&back, &s);
	assert_true(stream_ok(&s));
	assert_int_equal(back.disks, CONFIG_MAX_DISKS);
	for (unsigned n = 0; n < CONFIG_MAX_DISKS; n++) {
		char name[20];
		snprintf(name, sizeof(name), "/disk%u", n);
		assert_string_equal(back.disk[n].target, name);
		assert_int_equal(back.disk[n].format, n % 2 ? DISK_RAW : DISK_QCOW2);
		assert_int_equal(back.disk[n].readonly, n % 5 != 0);
		assert_int_equal(back.disk[n].number, disk_number(back.disk[n].vdev));
		assert_true(back.disk[n].no_discard);
	}
	assert_int_equal(back.disk[3].size, 12345);
	stream_free(&s);
	strcpy(strrchr(text, ']'), "'/more,,sda']");
	assert_int_not_equal(apply(text, &c, error), 0);
	assert_string_equal(error, "f.cfg:1: disk has 33 entries, possible are 32");
}

/* --- opening --- */

struct files {
	char directory[40];
	struct domain_config c[2];
	struct domain_fds fds[2];
};

static int make_files(void **state)
{
	struct files *f = calloc(1, sizeof(*f));
	log_init("test", LOG_ERROR);
	strcpy(f->directory, "/tmp/epixen-disk-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	assert_int_equal(chdir(f->directory), 0);
	FILE *a = fopen("a", "w");
	assert_int_equal(ftruncate(fileno(a), 1 << 20), 0);
	fclose(a);
	*state = f;
	return 0;
}

static int remove_files(void **state)
{
	struct files *f = *state;
	unlink("a");
	rmdir("dir");
	unlink("pipe");
	assert_int_equal(chdir("/"), 0);
	rmdir(f->directory);
	free(f);
	return 0;
}

static int opens(struct files *f, unsigned who, const char *spec)
{
	f->c[who].disk[0] = parsed(spec);
	f->c[who].disks = 1;
	return disks_open(&f->c[who], &f->fds[who]);
}

static void close_disks(struct files *f, unsigned who)
{
	disks_close(&f->c[who], &f->fds[who]);
}

static void sizes_are_those_of_files(void **state)
{
	struct files *f = *state;
	assert_int_equal(opens(f, 0, "a,,xvda"), 0);
	assert_int_equal(f->c[0].disk[0].size, 1 << 20);
	assert_int_equal(f->c[0].disk[0].sector_size, 512);
	struct stat st;
	stat("a", &st);
	assert_int_equal(
		st.st_size, 1 << 20); /* looking whether holes can be made changes nothing */
	close_disks(f, 0);
	assert_int_equal(opens(f, 0, "a,,xvda,r"), 0);
	assert_int_equal(f->c[0].disk[0].discard_granule, 0);
	assert_int_equal(write(f->fds[0].disk[0].image, "x", 1), -1);
	close_disks(f, 0);
	assert_int_equal(opens(f, 0, "a,,xvda,no-discard"), 0);
	assert_int_equal(f->c[0].disk[0].discard_granule, 0);
	close_disks(f, 0);
}

static void one_domain_writes_or_many_read(void **state)
{
	struct files *f = *state;
	assert_int_equal(opens(f, 0, "a,,xvda"), 0);
	assert_int_not_equal(opens(f, 1, "a,,xvda"), 0);
	assert_int_not_equal(opens(f, 1, "a,,xvda,r"), 0);
	close_disks(f, 0);
	assert_int_equal(opens(f, 0, "a,,xvda,r"), 0);
	assert_int_equal(opens(f, 1, "a,,xvda,r"), 0);
	close_disks(f, 1);
	assert_int_not_equal(opens(f, 1, "a,,xvda"), 0);
	close_disks(f, 0);
	assert_int_equal(opens(f, 1, "a,,xvda"), 0);
	close_disks(f, 1);
}

static void twice_in_one_domain_is_refused_too(void **state)
{
	struct files *f = *state;
	f->c[0].disk[0] = parsed("a,,xvda");
	f->c[0].disk[1] = parsed("./a,,xvdb");
	f->c[0].disks = 2;
	assert_int_not_equal(disks_open(&f->c[0], &f->fds[0]), 0);
	assert_int_equal(opens(f, 1, "a,,xvda"), 0); /* nothing was left open */
	close_disks(f, 1);
}

static void what_is_no_disk_is_refused(void **state)
{
	struct files *f = *state;
	mkdir("dir", 0700);
	mkfifo("pipe", 0600);
	assert_int_not_equal(opens(f, 0, "nothing,,xvda"), 0);
	assert_int_not_equal(opens(f, 0, "dir,,xvda"), 0);
	assert_int_not_equal(opens(f, 0, "dir,,xvda,r"), 0);
	assert_int_not_equal(opens(f, 0, "pipe,,xvda"), 0);
	assert_int_not_equal(opens(f, 0, "pipe,,xvda,r"), 0);
	assert_int_not_equal(opens(f, 0, "/dev/null,,xvda"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_manual_mean_what_it_says),
		cmocka_unit_test(positions_keys_and_flags_mix),
		cmocka_unit_test(prefixes_of_old_times_replace_the_format),
		cmocka_unit_test(servers_are_named_by_uris),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(names_have_the_numbers_that_xen_gives_them),
		cmocka_unit_test(every_cut_of_an_entry_parses_or_fails),
		cmocka_unit_test(errors_name_entry_and_line),
		cmocka_unit_test(many_disks_survive_the_stream),
		cmocka_unit_test_setup_teardown(sizes_are_those_of_files, make_files, remove_files),
		cmocka_unit_test_setup_teardown(
			one_domain_writes_or_many_read, make_files, remove_files),
		cmocka_unit_test_setup_teardown(
			twice_in_one_domain_is_refused_too, make_files, remove_files),
		cmocka_unit_test_setup_teardown(
			what_is_no_disk_is_refused, make_files, remove_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
