/* SPDX-License-Identifier: MIT */
/* Entries of vif=[...]: key=value pairs, separated by commas. */
#include "tool/vif.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_USECS 50000 /* of a rate without one: xl-network-configuration(5) */

static int fail(char *error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(char *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, VIF_ERROR_SIZE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c | (c > '9' ? 32 : 0));
	return c && at ? (int)(at - digits) : -1;
}

/* Six bytes, of one device only. */
static int read_mac(struct config_vif *v, const char *text, char *error)
{
	bool good = strlen(text) == sizeof(v->mac) - 1;

	for (unsigned i = 0; good && text[i]; i++)
		good = i % 3 == 2 ? text[i] == ':' : hex(text[i]) >= 0;
	if (!good)
		return fail(error, "mac '%.40s' is not of the form 00:16:3e:xx:xx:xx", text);
	if (!text[strspn(text, "0:")])
		return fail(error, "mac %s is no address", text);
	if (hex(text[1]) & 1)
		return fail(error, "mac %s is a group's address, not an interface's", text);
	memcpy(v->mac, text, sizeof(v->mac));
	return 0;
}

static int wrong_rate(const char *text, char *error)
{
	return fail(error, "rate '%.40s' is not like 10Mb/s, 250KB/s or 1GB/s@20ms", text);
}

/* 10Mb/s, 1MB/s@20ms: bits or bytes per second, and the interval in which they are counted. */
static int read_rate(struct config_vif *v, const char *text, char *error)
{
	char *end;
	double amount = strtod(text, &end), interval = INTERVAL_USECS;
	const char *units = "KMG", *unit = *end ? strchr(units, *end) : NULL;

	for (long k = unit ? unit - units + 1 : 0; k > 0; k--)
		amount *= 1000;
	end += unit != NULL;
	if (*end != 'b' && *end != 'B')
		return wrong_rate(text, error);
	amount /= *end == 'b' ? 8 : 1;
	if (strncmp(++end, "/s", 2))
		return wrong_rate(text, error);
	end += 2;
	if (*end == '@') {
		interval = strtod(end + 1, &end);
		interval *= strcmp(end, "us") == 0   ? 1
			    : strcmp(end, "ms") == 0 ? 1e3
			    : strcmp(end, "s") == 0  ? 1e6
						     : 0;
	} else if (*end) {
		return wrong_rate(text, error);
	}
	double bytes = amount * interval / 1e6;
	if (!(bytes >= 1 && bytes < UINT32_MAX) || !(interval >= 1 && interval < UINT32_MAX))
		return wrong_rate(text, error);
	v->rate_bytes = (uint64_t)bytes;
	v->rate_usecs = (uint64_t)interval;
	return 0;
}

static int read_tap(struct config_vif *v, const char *text, char *error)
{
	if (!text[0] || strlen(text) >= sizeof(v->tap) || strchr(text, '/'))
		return fail(error, "tap '%.40s' is no name of an interface", text);
	snprintf(v->tap, sizeof(v->tap), "%s", text);
	return 0;
}

static bool read_port(const char **p, char after)
{
	char *end;
	unsigned long port = **p >= '0' && **p <= '9' ? strtoul(*p, &end, 10) : 0;

	if (port < 1 || port > 65535 || *end != after)
		return false;
	*p = end + (after != 0);
	return true;
}

/* tcp:2222:22, udp:127.0.0.1:5353:53: ports of host and guest, before them an address of the host
 */
static bool is_forward(const char *text)
{
	struct in_addr host;
	char address[16];

	if (strncmp(text, "tcp:", 4) && strncmp(text, "udp:", 4))
		return false;
	text += 4;
	size_t n = strcspn(text, ":");
	if (memchr(text, '.', n)) {
		snprintf(address, sizeof(address), "%.*s", (int)n, text);
		if (n >= sizeof(address) || text[n] != ':' || !inet_pton(AF_INET, address, &host))
			return false;
		text += n + 1;
	}
	return read_port(&text, ':') && read_port(&text, 0);
}

/* The helper finds out whether the host lets it. */
static int add_forward(struct config_vif *v, const char *text, char *error)
{
	size_t n = strlen(v->forward);

	if (!is_forward(text))
		return fail(error,
			"forward '%.60s' is not like tcp:2222:22 or udp:127.0.0.1:5353:53", text);
	if (n + strlen(text) + 2 > sizeof(v->forward))
		return fail(error, "too many ports are forwarded");
	snprintf(v->forward + n, sizeof(v->forward) - n, "%s%s", n ? " " : "", text);
	return 0;
}

static int read_pair(struct config_vif *v, const char *key, const char *value, char *error)
{
	static const char *const accepted[] = {"bridge", "gatewaydev", "script", "ip", "backend",
		"model", "type", "vifname", "trusted", "devid"};

	if (strcmp(key, "mac") == 0)
		return read_mac(v, value, error);
	if (strcmp(key, "rate") == 0)
		return read_rate(v, value, error);
	if (strcmp(key, "tap") == 0)
		return read_tap(v, value, error);
	if (strcmp(key, "forward") == 0)
		return add_forward(v, value, error);
	for (unsigned i = 0; i < countof(accepted); i++) {
		if (strcmp(key, accepted[i]) == 0)
			return 0;
	}
	return fail(error, "unknown key '%.40s'", key);
}

int vif_parse(const char *spec, struct config_vif *v, char error[VIF_ERROR_SIZE])
{
	char text[1024], *next = text;

	*v = (struct config_vif){0};
	if (strlen(spec) >= sizeof(text))
		return fail(error, "is too long");
	snprintf(text, sizeof(text), "%s", spec);
	while (next && *next) {
		char *pair = next + strspn(next, " ");
		next = strchr(pair, ',');
		if (next)
			*next++ = 0;
		char *value = strchr(pair, '=');
		if (!value)
			return fail(error, "'%.60s' is not of the form key=value", pair);
		*value++ = 0;
		if (read_pair(v, pair, value, error))
			return -EINVAL;
	}
	if (v->tap[0] && v->forward[0])
		return fail(error, "forward is for user-mode network, not for a tap device");
	return 0;
}

/* FNV-1a of what is the domain's own. */
void vif_make_mac(struct config_vif *v, const char *uuid, unsigned n)
{
	uint32_t h = 2166136261u ^ n;

	for (const char *p = uuid; *p; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	h ^= h >> 15;
	snprintf(v->mac, sizeof(v->mac), "00:16:3e:%02x:%02x:%02x", h >> 16 & 0x7f, h >> 8 & 0xff,
		h & 0xff);
}
