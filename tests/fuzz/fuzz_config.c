/* SPDX-License-Identifier: MIT */
/* Any bytes as a configuration file: parsed and applied, or refused with a line. */
#include "base/log.h"
#include "tool/settings.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfg cfg = {0};
	struct domain_config config;
	log_init("fuzz", LOG_ERROR);
	int err = cfg_parse(&cfg, "f", (const char *)data, size);
	if (!err)
		err = settings_apply(&cfg, &config);
	if (err && !cfg.error[0])
		abort();
	cfg_free(&cfg);
	return 0;
}
