/* SPDX-License-Identifier: MIT */
/* What the keys of a configuration file mean: one table row each (settings.c). */
#ifndef TOOL_SETTINGS_H
#define TOOL_SETTINGS_H

#include "domain/config.h"
#include "tool/cfg.h"

/* Fills config from the settings, later ones winning, and checks it. Keys of xl that epixen does
 * not act on give a warning; a key nobody knows is an error. Returns 0, or -EINVAL with
 * cfg->error set. */
int settings_apply(struct cfg *cfg, struct domain_config *config);

#endif
