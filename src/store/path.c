/* SPDX-License-Identifier: MIT */
/* The rules of docs/misc/xenstore.txt: letters, digits and -/_@, no empty names, bounded length. */
#include "store/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

size_t path_prefix(char out[PATH_SIZE], unsigned domid)
{
	return (size_t)snprintf(out, PATH_SIZE, XS_DOMAIN_PREFIX "%u/", domid);
}

static bool valid_names(const char *p)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-/_@";
	if (p[strspn(p, allowed)] || strstr(p, "//"))
		return false;
	size_t len = strlen(p);
	return len == 1 || p[len - 1] != '/';
}

int path_canonical(char out[PATH_SIZE], unsigned domid, const char *text)
{
	size_t len = strlen(text), prefix = 0;
	if (!len)
		return EINVAL;
	if (*text != '/')
		prefix = path_prefix(out, domid);
	if (len > (prefix ? XS_REL_PATH_MAX : XS_ABS_PATH_MAX))
		return EINVAL;
	memcpy(out + prefix, text, len + 1);
	return valid_names(out) ? 0 : EINVAL;
}

bool path_is_special(const char *text)
{
	return *text == '@' && strlen(text) <= XS_REL_PATH_MAX;
}

bool path_parent(char out[PATH_SIZE], const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash || !slash[1])
		return false;
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	memcpy(out, path, len);
	out[len] = 0;
	return true;
}

bool path_is_within(const char *path, const char *above)
{
	size_t len = strlen(above);
	if (len == 1 && *above == '/')
		return *path == '/';
	return strncmp(path, above, len) == 0 && (!path[len] || path[len] == '/');
}

unsigned path_depth(const char *path)
{
	unsigned n = 0;
	size_t len;
	for (const char *at = path; path_next(&at, &len);)
		n++;
	return n;
}

const char *path_next(const char **at, size_t *len)
{
	const char *p = *at;
	if (*p == '/')
		p++;
	if (!*p)
		return NULL;
	*len = strcspn(p, "/");
	*at = p + *len;
	return p;
}
