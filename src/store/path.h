/* SPDX-License-Identifier: MIT */
/* Names of nodes. A canonical path is absolute, valid and terminated. */
#ifndef STORE_PATH_H
#define STORE_PATH_H

#include "store/wire.h"

#define PATH_SIZE (XS_ABS_PATH_MAX + 1)

/* Makes text, as client domid sent it, canonical: what does not begin with '/' is below the
 * client's own directory. Returns 0 or EINVAL. */
int path_canonical(char out[PATH_SIZE], unsigned domid, const char *text);
/* Is text one of the special watches, "@" and any name? */
bool path_is_special(const char *text);
/* The parent's path; false for "/". */
bool path_parent(char out[PATH_SIZE], const char *path);
/* Is path equal to above or below it? */
bool path_is_within(const char *path, const char *above);
/* Length of "/local/domain/N/", which relative paths leave out. */
size_t path_prefix(char out[PATH_SIZE], unsigned domid);
/* How many names the path consists of. */
unsigned path_depth(const char *path);

/* Goes through a path's names: *at starts as the path; the result is the next name, not terminated,
 * with its length, or NULL after the last one. */
const char *path_next(const char **at, size_t *len);

#endif
