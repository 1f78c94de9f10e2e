/* SPDX-License-Identifier: MIT */
/* Permissions: a letter and a domain's id each; the first names the owner and everybody's access.
 */
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "nrwb"; /* by ACCESS bits */

unsigned perm_access(const struct store *s, unsigned domid, const struct node *n)
{
	const unsigned all = ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER;
	if (!domid)
		return all;
	const struct domain_entry *d = domain_at(s, domid);
	unsigned target = d && d->target ? d->target : domid;
	for (unsigned i = 0; i < n->perms; i++) {
		unsigned id = n->perm[i].domid;
		if (id == domid || id == target)
			return i ? n->perm[i].access : all;
	}
	return n->perm[0].access;
}

bool request_domid(const char *text, unsigned *id)
{
	char *rest;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long v = strtoul(text, &rest, 10);
	*id = (unsigned)v;
	return !*rest && v <= UINT16_MAX;
}

int perm_parse(struct perm *perm, unsigned count, const char *text)
{
	for (unsigned i = 0; i < count; i++) {
		const char *letter = *text ? strchr(letters, *text) : NULL;
		unsigned id;
		if (!letter || !request_domid(text + 1, &id) || id >= XS_DOMAINS)
			return EINVAL;
		perm[i] = (struct perm){(uint16_t)id, (uint16_t)(letter - letters)};
		text += strlen(text) + 1;
	}
	return 0;
}

void perm_format(struct text *out, const struct node *n)
{
	for (unsigned i = 0; i < n->perms; i++) {
		text_printf(out, "%c%u", letters[n->perm[i].access], n->perm[i].domid);
		text_add(out, "", 1);
	}
}
