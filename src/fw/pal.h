/* SPDX-License-Identifier: MIT */
/* What the files of PAL share. */
#ifndef FW_PAL_H
#define FW_PAL_H

#include "fw/call.h"

/* Status of procedures (2:343). */
enum {
	PAL_OK = 0,
	PAL_UNIMPLEMENTED = -1,
	PAL_INVALID = -2,
	PAL_ERROR = -3,
	PAL_NO_INFORMATION = -6,
	PAL_NO_FEATURE_SET = -8
};

#define FW_BASE_HZ 100000000u
#define FW_ITC_HZ  1000000000u

int64_t pal_nothing(struct fw_call *c);

/* --- pal_cache.c --- */
int64_t pal_cache_summary(struct fw_call *c);
int64_t pal_cache_info(struct fw_call *c);
int64_t pal_cache_prot_info(struct fw_call *c);
int64_t pal_cache_shared_info(struct fw_call *c);
uint64_t pal_last_cache_size(void);

/* --- init.c --- */
/* PAL_MC_RESUME: back to the context in a min-state save area. */
int64_t fw_mc_resume(struct fw_call *c);

#endif
