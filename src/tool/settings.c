/* SPDX-License-Identifier: MIT */
/*
 * From settings to struct domain_config. A row names the key, how its value is read and where it
 * goes; what concerns several keys at once is checked at the end.
 */
#include "tool/settings.h"

#include "base/log.h"
#include "cpu/cpu.h"
#include "tool/cpus.h"
#include "tool/disk.h"
#include "tool/vif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define FOR_PV "is for domains of type pv yet, ignored"

struct reading {
	struct cfg *cfg;
	struct domain_config *config;
	char cmdline[2048], root[512], extra[2048];
	bool real_clock; /* asked for, not by default */
};

struct row;
typedef int read_fn(struct reading *r, const struct cfg_setting *s, const struct row *row);

struct row {
	const char *key;
	read_fn *read; /* NULL: known from xl, but epixen does nothing with it yet */
	size_t offset, size;
	uint64_t min, max;
	const char *unit;
};

static int want_text(struct reading *r, const struct cfg_setting *s)
{
	if (s->value.kind == CFG_LIST)
		return cfg_fail(r->cfg, s, "%s must be a string, not a list", s->key);
	return 0;
}

static int read_text_to(struct reading *r, const struct cfg_setting *s, char *out, size_t size)
{
	if (want_text(r, s))
		return -EINVAL;
	size_t len = strlen(s->value.text);
	if (len >= size)
		return cfg_fail(r->cfg, s, "%s is longer than %zu characters", s->key, size - 1);
	memcpy(out, s->value.text, len + 1);
	return 0;
}

static int read_text(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	return read_text_to(r, s, (char *)r->config + row->offset, row->size);
}

static int read_line(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	return read_text_to(r, s, (char *)r + row->offset, row->size);
}

static int read_number(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	char *rest = NULL;
	long long v = 0;

	errno = 0;
	if (s->value.kind != CFG_LIST)
		v = strtoll(s->value.text, &rest, 0);
	if (!rest || *rest || rest == s->value.text || errno)
		return cfg_fail(r->cfg, s, "%s must be a number", s->key);
	if (v < 0 || (uint64_t)v < row->min || (uint64_t)v > row->max)
		return cfg_fail(r->cfg, s, "%s is %lld%s, possible are %llu to %llu", s->key, v,
			row->unit, (unsigned long long)row->min, (unsigned long long)row->max);
	*(uint64_t *)(void *)((char *)r->config + row->offset) = (uint64_t)v;
	return 0;
}

/* xl's other actions, and the nearest that there is. */
static const struct {
	const char *name;
	enum domain_action action;
} other_actions[] = {
	{"coredump-destroy", ACTION_DESTROY},
	{"coredump-restart", ACTION_RESTART},
	{"rename-restart", ACTION_RESTART},
	{"soft-reset", ACTION_RESTART},
};

static int find_action(const struct cfg_setting *s)
{
	static const char *const names[] = ACTION_NAMES;
	for (unsigned i = 0; i < countof(names); i++) {
		if (strcmp(s->value.text, names[i]) == 0)
			return (int)i;
	}
	for (unsigned i = 0; i < countof(other_actions); i++) {
		if (strcmp(s->value.text, other_actions[i].name) == 0) {
			char where[128];
			cfg_where(where, sizeof(where), s);
			log_warn("%s: warning: %s '%s' is not supported, taken as '%s'", where,
				s->key, s->value.text, names[other_actions[i].action]);
			return (int)other_actions[i].action;
		}
	}
	return -1;
}

static int read_action(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	if (want_text(r, s))
		return -EINVAL;
	int found = find_action(s);
	if (found < 0)
		return cfg_fail(r->cfg, s, "%s is '%s', possible are destroy, restart and preserve",
			s->key, s->value.text);
	enum domain_action action = (enum domain_action)found;
	memcpy((char *)r->config + row->offset, &action, sizeof(action));
	return 0;
}

static int read_name(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	if (read_text(r, s, row))
		return -EINVAL;
	const char *name = r->config->name;
	if (!*name)
		return cfg_fail(r->cfg, s, "name is empty");
	if (name[strspn(name, "0123456789")] == 0)
		return cfg_fail(
			r->cfg, s, "name '%s' is a number, which names a domain by its id", name);
	for (const char *p = name; *p; p++) {
		if (*p <= ' ' || *p == '/' || *p > '~')
			return cfg_fail(
				r->cfg, s, "name '%s' has a blank, '/' or unprintable byte", name);
	}
	return 0;
}

static int read_type(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	(void)row;
	if (want_text(r, s))
		return -EINVAL;
	r->config->pv = strcmp(s->value.text, "pv") == 0;
	if (r->config->pv || strcmp(s->value.text, "hvm") == 0)
		return 0;
	return cfg_fail(
		r->cfg, s, "%s is '%s', possible are 'hvm' and 'pv'", s->key, s->value.text);
}

static int read_clock(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	(void)row;
	if (want_text(r, s))
		return -EINVAL;
	r->config->virtual_clock = strcmp(s->value.text, "virtual") == 0;
	r->real_clock = !r->config->virtual_clock;
	if (r->config->virtual_clock || strcmp(s->value.text, "real") == 0)
		return 0;
	return cfg_fail(
		r->cfg, s, "clock is '%s', possible are 'real' and 'virtual'", s->value.text);
}

static int read_engine(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	(void)row;
	if (want_text(r, s))
		return -EINVAL;
	static const char *const names[] = {
		[ENGINE_INTERP] = "interp", [ENGINE_JIT] = "jit", [ENGINE_VERIFY] = "verify"};
	for (unsigned n = 0; n < countof(names); n++) {
		if (strcmp(s->value.text, names[n]) == 0) {
			r->config->engine = n;
			return 0;
		}
	}
	return cfg_fail(r->cfg, s, "engine is '%s', possible are 'interp', 'jit' and 'verify'",
		s->value.text);
}

static int read_model(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	if (read_text(r, s, row))
		return -EINVAL;
	if (cpu_model_find(r->config->cpu_model))
		return 0;
	return cfg_fail(r->cfg, s, "cpu_model '%s' is unknown", r->config->cpu_model);
}

static int read_uuid(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	if (read_text(r, s, row))
		return -EINVAL;
	const char *u = r->config->uuid;
	bool good = strlen(u) == strlen(form);
	for (unsigned i = 0; good && form[i]; i++)
		good = form[i] == '-' ? u[i] == '-'
				      : strchr("0123456789abcdefABCDEF", u[i]) != NULL;
	return good ? 0 : cfg_fail(r->cfg, s, "uuid '%s' is not of the form %s", u, form);
}

/* Log2 of bytes, or -1 for one that all domains share, which is none of ours. */
static int read_vhpt(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	r->config->vhpt = 0;
	if (s->value.kind != CFG_LIST &&
		(strcmp(s->value.text, "-1") == 0 || strcmp(s->value.text, "0") == 0))
		return 0;
	return read_number(r, s, row);
}

/* It would be a program that chooses the kernel, with the rights of who creates the domain. */
static int refuse_bootloader(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	(void)row;
	if (want_text(r, s))
		return -EINVAL;
	return *s->value.text ? cfg_fail(r->cfg, s,
					"bootloader '%s' cannot be run: give kernel and ramdisk",
					s->value.text)
			      : 0;
}

/* For what is found wrong when the thing is opened. */
static void note_place(char out[CONFIG_WHERE_SIZE], const struct cfg_setting *s)
{
	cfg_where(out, CONFIG_WHERE_SIZE - 2, s);
	strcat(out, ": ");
}

/* A string is for all processors, a list has one for each. */
static int read_cpus(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	struct domain_config *c = r->config;
	unsigned host = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
	bool list = s->value.kind == CFG_LIST;
	char why[CPUS_ERROR_SIZE];

	(void)row;
	if (list && s->items > CONFIG_MAX_CPUS)
		return cfg_fail(r->cfg, s, "cpus has %u entries, possible are %d", s->items,
			CONFIG_MAX_CPUS);
	c->affinities = list ? s->items : CONFIG_MAX_CPUS;
	for (unsigned i = 0; i < c->affinities; i++) {
		struct cfg_setting at = *s;
		at.line = list && s->line ? s->item[i].line : s->line;
		if (cpus_parse(list ? s->item[i].text : s->value.text, host, &c->affinity[i], why))
			return cfg_fail(r->cfg, &at, "cpus %s", why);
	}
	return 0;
}

/* Errors name the entry and its own place. */
static int read_disk(struct reading *r, const struct cfg_setting *s, unsigned i)
{
	struct config_disk *d = &r->config->disk[i];
	struct cfg_setting at = *s;
	char why[DISK_ERROR_SIZE];

	at.line = s->line ? s->item[i].line : 0;
	if (disk_parse(s->item[i].text, d, why))
		return cfg_fail(r->cfg, &at, "disk '%.80s': %s", s->item[i].text, why);
	note_place(d->where, &at);
	for (unsigned n = 0; n < i; n++) {
		if (r->config->disk[n].number == d->number)
			return cfg_fail(r->cfg, &at, "disk '%.80s': vdev %s is there already",
				s->item[i].text, d->vdev);
	}
	return 0;
}

static int read_disks(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	(void)row;
	if (s->value.kind != CFG_LIST)
		return cfg_fail(r->cfg, s, "disk must be a list of strings: disk = [ '...' ]");
	if (s->items > CONFIG_MAX_DISKS)
		return cfg_fail(r->cfg, s, "disk has %u entries, possible are %d", s->items,
			CONFIG_MAX_DISKS);
	for (unsigned i = 0; i < s->items; i++) {
		if (read_disk(r, s, i))
			return -EINVAL;
	}
	r->config->disks = s->items;
	return 0;
}

static int read_vifs(struct reading *r, const struct cfg_setting *s, const struct row *row)
{
	char why[VIF_ERROR_SIZE];

	(void)row;
	if (s->value.kind != CFG_LIST)
		return cfg_fail(r->cfg, s, "vif must be a list of strings: vif = [ '...' ]");
	if (s->items > CONFIG_MAX_VIFS)
		return cfg_fail(r->cfg, s, "vif has %u entries, possible are %d", s->items,
			CONFIG_MAX_VIFS);
	for (unsigned i = 0; i < s->items; i++) {
		struct cfg_setting at = *s;
		at.line = s->line ? s->item[i].line : 0;
		if (vif_parse(s->item[i].text, &r->config->vif[i], why))
			return cfg_fail(r->cfg, &at, "vif '%.80s': %s", s->item[i].text, why);
		note_place(r->config->vif[i].where, &at);
	}
	r->config->vifs = s->items;
	return 0;
}

/* clang-format off */
#define TO(field)   offsetof(struct domain_config, field), sizeof(((struct domain_config *)0)->field)
#define LINE(field) offsetof(struct reading, field), sizeof(((struct reading *)0)->field)
static const struct row rows[] = {
	{"name",        read_name,   TO(name),        0, 0, ""},
	{"uuid",        read_uuid,   TO(uuid),        0, 0, ""},
	{"type",        read_type,   0, 0,            0, 0, ""},
	{"builder",     read_type,   0, 0,            0, 0, ""},
	{"memory",      read_number, TO(memory),      CONFIG_MIN_MEMORY, CONFIG_MAX_MEMORY, " MB"},
	{"maxmem",      read_number, TO(target),      CONFIG_MIN_MEMORY, CONFIG_MAX_MEMORY, " MB"},
	{"vcpus",       read_number, TO(vcpus),       1, MAX_CPUS, ""},
	{"maxvcpus",    read_number, TO(online),      1, MAX_CPUS, ""},
	{"cpus",        read_cpus,   0, 0,            0, 0, ""},
	{"vhpt",        read_vhpt,   TO(vhpt),        CONFIG_MIN_VHPT, CONFIG_MAX_VHPT, ""},
	{"cpu_model",   read_model,  TO(cpu_model),   0, 0, ""},
	{"clock",       read_clock,  0, 0,            0, 0, ""},
	{"engine",      read_engine, 0, 0,            0, 0, ""},
	{"jitdump",     read_number, TO(jitdump),     0, 1, ""},
	{"jit_debug",   read_text,   TO(jit_debug),   0, 0, ""},
	{"code_cache",  read_number, TO(code_cache),  1, CONFIG_MAX_CODE_CACHE, " MB"},
	{"kernel",      read_text,   TO(kernel),      0, 0, ""},
	{"ramdisk",     read_text,   TO(ramdisk),     0, 0, ""},
	{"cmdline",     read_line,   LINE(cmdline),   0, 0, ""},
	{"root",        read_line,   LINE(root),      0, 0, ""},
	{"extra",       read_line,   LINE(extra),     0, 0, ""},
	{"bootloader",  refuse_bootloader, 0, 0,      0, 0, ""},
	{"disk",        read_disks,  0, 0,            0, 0, ""},
	{"vif",         read_vifs,   0, 0,            0, 0, ""},
	{"on_poweroff", read_action, TO(on_poweroff), 0, 0, ""},
	{"on_reboot",   read_action, TO(on_reboot),   0, 0, ""},
	{"on_crash",    read_action, TO(on_crash),    0, 0, ""},
	{"on_watchdog", read_action, TO(on_watchdog), 0, 0, ""},
};
/* clang-format on */

/* Keys of xl and xm files that change nothing here: such files must still start. */
static const char *const ignored[] = {"acpi", "acpi_firmware", "acpi_laptop_slate", "altp2m",
	"apic", "bios", "boot", "bootloader_args", "cap", "channel", "claim_mode", "cpu_weight",
	"cpuid", "cpus_soft", "device_model", "device_model_args", "device_model_override",
	"device_model_version", "driver_domain", "dm_restrict", "e820_host", "event_channels",
	"extratime", "firmware", "firmware_override", "gfx_passthru", "guest_os_type", "hap",
	"hdtype", "hpet", "init_seclabel", "ioports", "iomem", "irqs", "keymap", "latency",
	"localtime", "max_event_channels", "max_grant_frames", "max_maptrack_frames", "monitor",
	"ms_vm_genid", "nestedhvm", "nographic", "nomigrate", "nodes", "numa_placement", "nvram",
	"nx", "on_soft_reset", "pae", "parallel", "passthrough", "pci", "pci_msitranslate",
	"pci_permissive", "pci_power_mgmt", "period", "pool", "pvh", "rdm", "restart",
	"rtc_timeoffset", "sdl", "seclabel", "serial", "shadow_memory", "slice", "smbios_firmware",
	"soundhw", "spice", "stdvga", "suppress_spurious_page_faults", "timer_mode", "tsc_mode",
	"usb", "usbctrl", "usbdev", "usbdevice", "vcpu_avail", "vfb", "vga", "videoram", "viommu",
	"viridian", "vkb", "vnc", "vncconsole", "vncdisplay", "vnclisten", "vncpasswd", "vncunused",
	"vnuma", "vpt_align", "vscsi", "vtpm", "xen_platform_pci"};

static int unknown_key(struct reading *r, const struct cfg_setting *s)
{
	char where[128];
	for (unsigned i = 0; i < countof(ignored); i++) {
		if (strcmp(ignored[i], s->key) == 0) {
			cfg_where(where, sizeof(where), s);
			log_warn("%s: warning: '%s' is not supported yet, ignored", where, s->key);
			return 0;
		}
	}
	return cfg_fail(r->cfg, s, "unknown key '%s'", s->key);
}

static int apply_one(struct reading *r, const struct cfg_setting *s)
{
	for (unsigned i = 0; i < countof(rows); i++) {
		if (strcmp(rows[i].key, s->key) == 0)
			return rows[i].read(r, s, &rows[i]);
	}
	return unknown_key(r, s);
}

/* Random, but with the virtual clock made of the name: two runs must be alike. */
static void make_uuid(char uuid[40], const char *name, bool fixed)
{
	uint8_t b[16] = {0};
	for (unsigned i = 0; fixed && name[i]; i++)
		b[i % 16] = (uint8_t)(b[i % 16] * 31 + (unsigned char)name[i]);
	if (!fixed && getrandom(b, sizeof(b), 0) != sizeof(b))
		log_warn("no random numbers for a uuid: %s", strerror(errno));
	b[6] = (b[6] & 0xf) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
}

/* At the place of the key. */
static void warn(const struct reading *r, const char *key, const char *what)
{
	char where[128];
	cfg_where(where, sizeof(where), cfg_find(r->cfg, key));
	log_warn("%s: warning: %s %s", where, key, what);
}

/* As xl: a cmdline stands alone, else root= and extra are joined. */
static int join_cmdline(struct reading *r)
{
	char *out = r->config->cmdline;
	size_t size = sizeof(r->config->cmdline);
	int n;
	if (r->cmdline[0]) {
		if (r->root[0] || r->extra[0])
			warn(r, "cmdline", "is given, root and extra are ignored");
		n = snprintf(out, size, "%s", r->cmdline);
	} else if (r->root[0]) {
		n = snprintf(out, size, "root=%s%s%s", r->root, r->extra[0] ? " " : "", r->extra);
	} else {
		n = snprintf(out, size, "%s", r->extra);
	}
	if ((size_t)n < size)
		return 0;
	return cfg_fail(r->cfg, cfg_find(r->cfg, "extra"),
		"root and extra together are longer than %zu characters", size - 1);
}

/* What PV domains have not. */
static int check_pv(const struct reading *r)
{
	const struct domain_config *c = r->config;
	const char *line = r->cmdline[0] ? "cmdline" : r->extra[0] ? "extra" : "root";

	if (!c->pv)
		return 0;
	if (c->memory > CONFIG_MAX_PV_MEMORY)
		return cfg_fail(r->cfg, cfg_find(r->cfg, c->target ? "maxmem" : "memory"),
			"memory is %llu MB, a PV domain has %llu at most",
			(unsigned long long)c->memory, CONFIG_MAX_PV_MEMORY);
	size_t len = strlen(c->cmdline);
	if (len > CONFIG_MAX_PV_CMDLINE)
		return cfg_fail(r->cfg, cfg_find(r->cfg, line),
			"the command line has %zu characters, a PV domain's has %d at most", len,
			CONFIG_MAX_PV_CMDLINE);
	return 0;
}

/* A domain is made with the most it may have; a guest that knows Xen begins with less. */
static int settle_most(struct reading *r, const char *key, uint64_t *first, uint64_t *most)
{
	const struct cfg_setting *s = cfg_find(r->cfg, key);
	uint64_t at_first = *first;

	if (!*most)
		return 0;
	if (*most < at_first)
		return cfg_fail(r->cfg, s, "%s is %llu, less than the domain has at first (%llu)",
			key, (unsigned long long)*most, (unsigned long long)at_first);
	if (!r->config->pv) {
		if (*most > at_first)
			warn(r, key, FOR_PV);
		*most = 0;
		return 0;
	}
	*first = *most;
	*most = at_first;
	return 0;
}

static int settle_sizes(struct reading *r)
{
	struct domain_config *c = r->config;
	int err = settle_most(r, "maxmem", &c->memory, &c->target);

	if (!err)
		err = settle_most(r, "maxvcpus", &c->vcpus, &c->online);
	if (c->vhpt && !c->pv) {
		warn(r, "vhpt", FOR_PV);
		c->vhpt = 0;
	}
	return err;
}

/* An unmodified guest has no drivers for what there is. */
static void settle_disks(const struct reading *r)
{
	if (!r->config->disks || r->config->pv)
		return;
	warn(r, "disk", FOR_PV);
	r->config->disks = 0;
}

static void settle_vifs(const struct reading *r)
{
	struct domain_config *c = r->config;

	if (c->vifs && !c->pv) {
		warn(r, "vif", FOR_PV);
		c->vifs = 0;
	}
	for (unsigned i = 0; i < c->vifs; i++) {
		if (!c->vif[i].mac[0])
			vif_make_mac(&c->vif[i], c->uuid, i);
	}
}

/* Comparing engines takes a clock that both see alike. */
static void settle_clock(const struct reading *r)
{
	if (r->config->engine != ENGINE_VERIFY)
		return;
	if (r->real_clock)
		warn(r, "engine", "'verify' runs with clock 'virtual', not 'real'");
	r->config->virtual_clock = true;
}

int settings_apply(struct cfg *cfg, struct domain_config *config)
{
	struct reading r = {.cfg = cfg, .config = config};

	*config = (struct domain_config){
		.memory = 512, .vcpus = 1, .engine = ENGINE_JIT, .on_reboot = ACTION_RESTART};
	for (unsigned i = 0; i < cfg->count; i++) {
		if (apply_one(&r, &cfg->setting[i]))
			return -EINVAL;
	}
	if (!config->name[0])
		snprintf(cfg->error, sizeof(cfg->error), "%s: no name given", cfg->file);
	else if (!config->kernel[0])
		snprintf(cfg->error, sizeof(cfg->error), "%s: no kernel given", cfg->file);
	if (!config->name[0] || !config->kernel[0] || settle_sizes(&r) || join_cmdline(&r) ||
		check_pv(&r))
		return -EINVAL;
	settle_clock(&r);
	settle_disks(&r);
	if (!config->uuid[0])
		make_uuid(config->uuid, config->name, config->virtual_clock);
	settle_vifs(&r);
	return 0;
}
