/* SPDX-License-Identifier: MIT */
/* The configuration as a stream section. Strings are stored whole, at their full field size. */
#include "domain/config.h"

#include "base/stream.h"
#include "cpu/cpu.h"

#include <string.h>

static void disk_save(const struct config_disk *d, struct stream *s)
{
	stream_put(s, d->target, sizeof(d->target));
	stream_put(s, d->vdev, sizeof(d->vdev));
	stream_put_u64(s, d->number);
	stream_put_u64(s, d->format);
	stream_put_u64(s, d->readonly);
	stream_put_u64(s, d->cdrom);
	stream_put_u64(s, d->no_discard);
	stream_put_u64(s, d->size);
	stream_put_u64(s, d->sector_size);
	stream_put_u64(s, d->discard_granule);
}

static void vif_save(const struct config_vif *v, struct stream *s)
{
	stream_put(s, v->mac, sizeof(v->mac));
	stream_put(s, v->tap, sizeof(v->tap));
	stream_put(s, v->forward, sizeof(v->forward));
	stream_put_u64(s, v->rate_bytes);
	stream_put_u64(s, v->rate_usecs);
}

void config_save(const struct domain_config *c, struct stream *s)
{
	stream_begin(s, "config", 9);
	stream_put(s, c->name, sizeof(c->name));
	stream_put(s, c->uuid, sizeof(c->uuid));
	stream_put(s, c->cpu_model, sizeof(c->cpu_model));
	stream_put(s, c->kernel, sizeof(c->kernel));
	stream_put(s, c->ramdisk, sizeof(c->ramdisk));
	stream_put(s, c->cmdline, sizeof(c->cmdline));
	stream_put_u64(s, c->memory);
	stream_put_u64(s, c->vcpus);
	stream_put_u64(s, c->id);
	stream_put_u64(s, c->virtual_clock);
	stream_put_u64(s, c->engine);
	stream_put_u64(s, c->jitdump);
	stream_put(s, c->jit_debug, sizeof(c->jit_debug));
	stream_put_u64(s, c->code_cache);
	stream_put_u64(s, c->pv);
	stream_put_u64(s, c->vhpt);
	stream_put_u64(s, c->on_poweroff);
	stream_put_u64(s, c->on_reboot);
	stream_put_u64(s, c->on_crash);
	stream_put_u64(s, c->disks);
	for (unsigned i = 0; i < c->disks; i++)
		disk_save(&c->disk[i], s);
	stream_put_u64(s, c->vifs);
	for (unsigned i = 0; i < c->vifs; i++)
		vif_save(&c->vif[i], s);
	stream_put_u64(s, c->target);
	stream_put_u64(s, c->online);
	stream_put_u64(s, c->on_watchdog);
	stream_put_u64(s, c->affinities);
	stream_put(s, c->affinity, c->affinities * sizeof(c->affinity[0]));
	stream_end(s);
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20) - 'a' + 10u;
}

void config_uuid_bytes(const struct domain_config *c, uint8_t out[16])
{
	unsigned n = 0;
	for (const char *p = c->uuid; p[0] && p[1] && n < 16;) {
		if (*p == '-') {
			p++;
			continue;
		}
		out[n++] = (uint8_t)(hex_digit(p[0]) << 4 | (hex_digit(p[1]) & 15));
		p += 2;
	}
}

static void get_text(struct stream *s, char *text, size_t size)
{
	stream_get(s, text, size);
	text[size - 1] = 0;
}

static void disk_load(struct config_disk *d, struct stream *s)
{
	get_text(s, d->target, sizeof(d->target));
	get_text(s, d->vdev, sizeof(d->vdev));
	d->number = stream_get_max(s, UINT32_MAX, "device number of a disk");
	d->format = stream_get_max(s, DISK_NBD, "format of a disk");
	d->readonly = stream_get_max(s, 1, "access to a disk");
	d->cdrom = stream_get_max(s, 1, "kind of a disk");
	d->no_discard = stream_get_max(s, 1, "discard of a disk");
	d->size = stream_get_max(s, INT64_MAX, "size of a disk");
	d->sector_size = stream_get_max(s, 1 << 20, "sectors of a disk");
	d->discard_granule = stream_get_max(s, UINT32_MAX, "discard of a disk");
}

static void vif_load(struct config_vif *v, struct stream *s)
{
	get_text(s, v->mac, sizeof(v->mac));
	get_text(s, v->tap, sizeof(v->tap));
	get_text(s, v->forward, sizeof(v->forward));
	v->rate_bytes = stream_get_max(s, UINT32_MAX, "rate of an interface");
	v->rate_usecs = stream_get_max(s, UINT32_MAX, "rate of an interface");
}

void config_load(struct domain_config *c, struct stream *s)
{
	memset(c, 0, sizeof(*c));
	uint32_t version = stream_open(s, "config", 9);
	get_text(s, c->name, sizeof(c->name));
	get_text(s, c->uuid, sizeof(c->uuid));
	get_text(s, c->cpu_model, sizeof(c->cpu_model));
	get_text(s, c->kernel, sizeof(c->kernel));
	get_text(s, c->ramdisk, sizeof(c->ramdisk));
	get_text(s, c->cmdline, sizeof(c->cmdline));
	c->memory = stream_get_max(s, CONFIG_MAX_MEMORY, "memory");
	c->vcpus = stream_get_max(s, MAX_CPUS, "vcpus");
	c->id = stream_get_u64(s);
	c->virtual_clock = stream_get_max(s, 1, "clock");
	c->engine = version > 1 ? stream_get_max(s, ENGINE_VERIFY, "engine") : ENGINE_INTERP;
	c->jitdump = version > 2 && stream_get_max(s, 1, "jitdump");
	if (version > 2)
		get_text(s, c->jit_debug, sizeof(c->jit_debug));
	c->code_cache = version > 3 ? stream_get_max(s, CONFIG_MAX_CODE_CACHE, "code_cache") : 0;
	c->pv = version > 4 && stream_get_max(s, 1, "type");
	c->vhpt = version > 4 ? stream_get_max(s, CONFIG_MAX_VHPT, "vhpt") : 0;
	c->on_poweroff = stream_get_max(s, ACTION_PRESERVE, "on_poweroff");
	c->on_reboot = stream_get_max(s, ACTION_PRESERVE, "on_reboot");
	c->on_crash = stream_get_max(s, ACTION_PRESERVE, "on_crash");
	c->disks = version > 5 ? stream_get_max(s, CONFIG_MAX_DISKS, "disks") : 0;
	for (unsigned i = 0; i < c->disks; i++)
		disk_load(&c->disk[i], s);
	c->vifs = version > 6 ? stream_get_max(s, CONFIG_MAX_VIFS, "interfaces") : 0;
	for (unsigned i = 0; i < c->vifs; i++)
		vif_load(&c->vif[i], s);
	if (version > 7) {
		c->target = stream_get_max(s, c->memory, "memory at the start");
		c->online = stream_get_max(s, c->vcpus, "vcpus at the start");
		c->on_watchdog = stream_get_max(s, ACTION_PRESERVE, "on_watchdog");
	}
	c->affinities = version > 8 ? stream_get_max(s, CONFIG_MAX_CPUS, "cpus") : 0;
	stream_get(s, c->affinity, c->affinities * sizeof(c->affinity[0]));
	stream_close(s);
	if (stream_ok(s) && (c->memory < CONFIG_MIN_MEMORY || c->vcpus == 0))
		stream_fail(s, "no memory or no vcpus");
}
