/* SPDX-License-Identifier: MIT */
/* The commands of the control socket: one function and one table row each. */
#include "domain/backend.h"
#include "domain/client.h"
#include "domain/kind.h"
#include "domain/match.h"

#include "hv/memory.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <stdio.h>
#include <unistd.h>

typedef void command_fn(struct domain *d, struct client *c, const char *arg);

static void reply(struct client *c, const char *text)
{
	text_printf(&c->out, "%s\n", text);
	c->kind = CLIENT_DONE;
}

/* Host seconds that the vCPU threads have run. */
static double cpu_seconds(struct domain *d)
{
	double sum = 0;
	for (unsigned i = 0; i < d->threads; i++) {
		clockid_t id;
		struct timespec t;
		if (pthread_getcpuclockid(d->vcpu[i].thread, &id) == 0 &&
			clock_gettime(id, &t) == 0)
			sum += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
	}
	return sum;
}

/* As in xl: running, blocked, paused, shut down, crashed, dying. */
static void state_letters(struct domain *d, char s[7])
{
	bool blocked = true;
	for (unsigned i = 0; i < d->threads; i++)
		blocked &= atomic_load_explicit(&d->vcpu[i].asleep, memory_order_relaxed);
	bool idle = d->paused || d->crashed || d->shut_down;
	memcpy(s, "------", 7);
	if (!idle)
		s[blocked] = blocked ? 'b' : 'r';
	if (d->paused)
		s[2] = 'p';
	if (d->shut_down)
		s[3] = 's';
	if (d->crashed)
		s[4] = 'c';
}

/* What the guest has not given back, MB. */
static uint64_t memory_now(struct domain *d)
{
	return d->config.pv ? memory_count(&d->hv) << XEN_PAGE_SHIFT >> 20 : d->config.memory;
}

/* Processors that the guest uses. */
static unsigned vcpus_now(struct domain *d)
{
	unsigned up = 0;
	for (unsigned i = 0; i < d->config.vcpus; i++)
		up += !d->config.pv || !d->hv.vcpu[i].down;
	return up;
}

static void cmd_info(struct domain *d, struct client *c, const char *arg)
{
	char state[7];
	(void)arg;
	state_letters(d, state);
	const struct domain_config *g = &d->config;
	text_printf(&c->out, "=name %s\n=id %llu\n=memory %llu\n=maxmem %llu\n=target %llu\n",
		g->name, (unsigned long long)g->id, (unsigned long long)memory_now(d),
		(unsigned long long)g->memory,
		(unsigned long long)(g->target ? g->target : g->memory));
	text_printf(&c->out, "=vcpus %llu\n=online %llu\n=up %u\n", (unsigned long long)g->vcpus,
		(unsigned long long)(g->online ? g->online : g->vcpus), vcpus_now(d));
	text_printf(&c->out, "=state %s\n=time %.1f\n=pid %d\n=uuid %s\n=kernel %s\n", state,
		cpu_seconds(d), (int)getpid(), d->config.uuid, d->config.kernel);
	reply(c, "ok");
}

static void cmd_pause(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	domain_pause(d);
	reply(c, "ok");
}

static void cmd_unpause(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	domain_unpause(d);
	reply(c, "ok");
}

static void cmd_destroy(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	d->end = END_DESTROYED;
	reply(c, "ok");
}

static void cmd_shutdown(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	if (d->crashed || d->shut_down) {
		reply(c, "error the guest has already ended");
		return;
	}
	char line[200];
	const char *why = d->kind->shutdown(d);
	snprintf(line, sizeof(line), "%s%s", why ? "error " : "ok", why ? why : "");
	reply(c, line);
}

static void cmd_reboot(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	domain_reboot(d);
	reply(c, "ok");
}

static void cmd_dump(struct domain *d, struct client *c, const char *arg)
{
	struct text report = {0};
	(void)arg;
	domain_stop(d);
	for (unsigned i = 0; i < d->config.vcpus; i++)
		dump_cpu(&report, d->vcpu[i].cpu, &d->kernel);
	domain_go(d);
	client_add_report(&c->out, &report);
	text_free(&report);
	reply(c, "ok");
}

static void cmd_stat(struct domain *d, struct client *c, const char *arg)
{
	struct text report = {0};
	(void)arg;
	domain_stop(d);
	stat_report(d, &report);
	domain_go(d);
	client_add_report(&c->out, &report);
	text_free(&report);
	reply(c, "ok");
}

/* Has the guest ended, and nobody has acted on it yet? A file would not tell. */
static bool event_pending(struct domain *d)
{
	pthread_mutex_lock(&d->lock);
	bool pending = d->event != EVENT_NONE;
	pthread_mutex_unlock(&d->lock);
	return pending;
}

/* What a restored guest is to find in xenstore: what it was asked for last, 0 where that is not
 * known. */
static void take_wishes(
	struct domain_config *c, unsigned long long target, unsigned long long online)
{
	if (c->pv && target && target <= c->memory)
		c->target = target;
	if (c->pv && online && online <= c->vcpus)
		c->online = online;
}

/* save [keep] [MB PROCESSORS]: to the descriptor passed; the domain then ends unless it is to be
 * kept. */
static void cmd_save(struct domain *d, struct client *c, const char *arg)
{
	char error[LOAD_ERROR_SIZE];
	unsigned long long target = 0, online = 0;
	bool keep = strncmp(arg, "keep", 4) == 0;
	if (c->passed < 0) {
		reply(c, "error no descriptor came with the command");
		return;
	}
	if (d->crashed || d->shut_down) {
		reply(c, "error the guest has already ended");
		return;
	}
	sscanf(arg + (keep ? 4 : 0), "%llu %llu", &target, &online);
	take_wishes(&d->config, target, online);
	bool was_paused = d->paused;
	domain_pause(d);
	if (event_pending(d)) {
		if (!was_paused)
			domain_unpause(d);
		reply(c, "error the guest has just ended");
		return;
	}
	int err = state_save(d, c->passed, error);
	if (!was_paused && (err || keep))
		domain_unpause(d);
	if (err) {
		text_printf(&c->out, "error %s\n", error);
		c->kind = CLIENT_DONE;
		return;
	}
	if (!keep)
		d->end = END_DESTROYED;
	reply(c, "ok");
}

static void cmd_console(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	reply(c, "ok");
	c->kind = CLIENT_CONSOLE;
	c->pos = console_start(&d->console);
}

/* The stream to xenstore, when the domain is new, and when epixend has been started anew. */
static void cmd_xenstore(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	if (c->passed < 0) {
		reply(c, "error no descriptor came with the command");
		return;
	}
	backend_take_store(d, c->passed);
	c->passed = -1;
	reply(c, "ok");
}

/* That of the domain's backends. */
static void cmd_backend(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	if (c->passed < 0) {
		reply(c, "error no descriptor came with the command");
		return;
	}
	backend_take_bus(d, c->passed);
	c->passed = -1;
	reply(c, "ok");
}

/* The connection through which it finds other domains. */
static void cmd_match(struct domain *d, struct client *c, const char *arg)
{
	(void)arg;
	if (c->passed < 0) {
		reply(c, "error no descriptor came with the command");
		return;
	}
	match_take(d, c->passed);
	c->passed = -1;
	reply(c, "ok");
}

/* What of xenstore is to be written before the streams come. */
static void cmd_nodes(struct domain *d, struct client *c, const char *arg)
{
	struct text nodes = {0};
	(void)arg;
	backend_nodes(d, &nodes);
	client_add_report(&c->out, &nodes);
	text_free(&nodes);
	reply(c, "ok");
}

static void cmd_wait(struct domain *d, struct client *c, const char *arg)
{
	(void)d;
	(void)arg;
	c->kind = CLIENT_WAIT;
}

static const struct {
	const char *name;
	command_fn *fn;
} commands[] = {
	{"info", cmd_info},
	{"pause", cmd_pause},
	{"unpause", cmd_unpause},
	{"destroy", cmd_destroy},
	{"shutdown", cmd_shutdown},
	{"reboot", cmd_reboot},
	{"dump", cmd_dump},
	{"stat", cmd_stat},
	{"save", cmd_save},
	{"console", cmd_console},
	{"wait", cmd_wait},
	{"xenstore", cmd_xenstore},
	{"backend", cmd_backend},
	{"match", cmd_match},
	{"nodes", cmd_nodes},
};

void control_command(struct domain *d, struct client *c)
{
	char *arg = strchr(c->line, ' ');
	if (arg)
		*arg++ = 0;
	for (unsigned i = 0; i < countof(commands); i++) {
		if (strcmp(commands[i].name, c->line) == 0) {
			commands[i].fn(d, c, arg ? arg : "");
			return;
		}
	}
	reply(c, "error unknown command");
}
