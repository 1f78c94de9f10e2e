/* SPDX-License-Identifier: MIT */
/* See guest.h. docs/misc/xenstore-paths of Xen says which nodes there are. */
#define _GNU_SOURCE
#include "tool/guest.h"

#include "base/log.h"
#include "store/wire.h"
#include "tool/control.h"
#include "tool/epixend.h"
#include "tool/xenstore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SECONDS 5

static int ask(struct guest *g, const char *command, struct text *out)
{
	struct timeval t = {.tv_sec = ANSWER_SECONDS};
	int fd = control_connect(&g->r, g->id, command, -1);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	int err = control_answer(fd, out, NULL, 0);
	close(fd);
	return err;
}

static void take_line(struct guest *g, const char *line)
{
	char key[16], value[16];
	if (sscanf(line, "%15s %15s", key, value) != 2)
		return;
	if (strcmp(key, "maxmem") == 0)
		g->memory = strtoull(value, NULL, 10);
	else if (strcmp(key, "vcpus") == 0)
		g->vcpus = strtoull(value, NULL, 10);
	else if (strcmp(key, "state") == 0)
		g->ended = strpbrk(value, "sc") != NULL;
	else if (strcmp(key, "type") == 0)
		g->pv = strcmp(value, "pv") == 0;
}

static int describe(struct guest *g)
{
	struct text lines = {0};
	int err = ask(g, "info", &lines);
	if (!err)
		err = ask(g, "nodes", &lines);
	for (const char *p = lines.len ? lines.data : ""; *p;) {
		take_line(g, p);
		p = strchrnul(p, '\n');
		p += *p == '\n';
	}
	text_free(&lines);
	if (err)
		log_error("%s: cannot talk to the domain: %s", g->name, strerror(-err));
	return err;
}

static int connect_store(struct guest *g)
{
	g->store = xenstore_open(&g->r);
	if (g->store < 0)
		log_error("cannot talk to epixend: %s", strerror(-g->store));
	return g->store < 0 ? g->store : 0;
}

/* With the registry open. */
static int find(struct guest *g, const char *domain)
{
	struct registry_entry e;
	char why[EPIXEND_WHY];
	int err = registry_find(&g->r, domain, &e);
	if (err)
		return err;
	g->id = e.id;
	memcpy(g->name, e.name, sizeof(g->name));
	err = epixend_ensure(&g->r, false, why);
	if (err < 0) {
		log_error("%s", why);
		return err;
	}
	registry_unlock(&g->r);
	err = describe(g);
	return err ? err : connect_store(g);
}

int guest_open(struct guest *g, const char *domain)
{
	*g = (struct guest){.store = -1};
	int err = registry_open(&g->r);
	if (err)
		return err;
	err = find(g, domain);
	if (err)
		guest_close(g);
	return err;
}

int guest_open_pv(struct guest *g, const char *domain)
{
	int err = guest_open(g, domain);
	if (err || (g->pv && !g->ended))
		return err;
	log_error("%s: %s", domain,
		g->ended ? "the guest has already ended" : "not a paravirtual domain");
	guest_close(g);
	return -EINVAL;
}

void guest_close(struct guest *g)
{
	if (g->store >= 0)
		close(g->store);
	registry_close(&g->r);
}

int guest_write(struct guest *g, const char *node, const char *value)
{
	char data[400];
	int n = snprintf(data, sizeof(data), XS_DOMAIN_PREFIX "%llu/%s%c%s",
		(unsigned long long)g->id, node, 0, value);
	int err = n < (int)sizeof(data) ? xenstore_ask(g->store, XS_WRITE, 0, data, (size_t)n, NULL)
					: -E2BIG;
	if (err)
		log_error("%s: cannot write %s in xenstore: %s", g->name, node, strerror(-err));
	return err;
}

/* Its text, terminated; false: there is none. */
static bool read_node(struct guest *g, const char *node, struct text *value)
{
	char path[80];
	int n = snprintf(
		path, sizeof(path), XS_DOMAIN_PREFIX "%llu/%s", (unsigned long long)g->id, node);

	value->len = 0;
	return !xenstore_ask(g->store, XS_READ, 0, path, (size_t)n + 1, value) && value->len;
}

int guest_wishes(const char *domain, uint64_t *target, uint64_t *online)
{
	struct guest g;
	struct text value = {0};
	char node[40];

	*target = *online = 0;
	int err = guest_open(&g, domain);
	if (err)
		return err;
	if (read_node(&g, "memory/target", &value))
		*target = (strtoull(value.data, NULL, 10) + 1023) / 1024;
	for (uint64_t i = 0; i < g.vcpus; i++) {
		snprintf(node, sizeof(node), "cpu/%llu/availability", (unsigned long long)i);
		*online += read_node(&g, node, &value) && strcmp(value.data, "online") == 0;
	}
	text_free(&value);
	guest_close(&g);
	return 0;
}

int guest_shutdown(const char *domain, const char *how)
{
	struct guest g;
	int err = guest_open_pv(&g, domain);
	if (err)
		return err;
	err = guest_write(&g, "control/shutdown", how);
	guest_close(&g);
	return err;
}

int guest_is_pv(const char *domain)
{
	struct text nodes = {0};
	int err = control_request(domain, "nodes", -1, &nodes);
	bool pv = !err && nodes.len && strncmp(nodes.data, "type pv\n", 8) == 0;
	text_free(&nodes);
	return err ? err : pv;
}
