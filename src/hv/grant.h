/* SPDX-License-Identifier: MIT */
/*
 * Grant tables (ABI 11.2), version 1: the guest lists frames that another domain may use. Backends
 * in the domain's own process use them as domain 0.
 */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include "hv/hv.h"

enum grant_status {
	GNTST_OKAY = 0,
	GNTST_GENERAL_ERROR = -1,
	GNTST_BAD_DOMAIN = -2,
	GNTST_BAD_GNTREF = -3,
	GNTST_BAD_HANDLE = -4,
	GNTST_BAD_VIRT_ADDR = -5,
	GNTST_BAD_DEV_ADDR = -6,
	GNTST_NO_SPACE = -7,
	GNTST_PERMISSION_DENIED = -8,
	GNTST_BAD_PAGE = -9,
	GNTST_BAD_COPY_ARG = -10,
	GNTST_ADDRESS_TOO_BIG = -11,
	GNTST_EAGAIN = -12
};

/* 0 or -ENOMEM. */
int grant_init(struct hv *hv);
void grant_free(struct hv *hv);
/* The table is empty and has its first frame; nobody uses any grant. */
void grant_reset(struct hv *hv);
void grant_save(struct hv *hv, struct stream *s);
void grant_load(struct hv *hv, struct stream *s);

/* The page granted to domid by ref, for reading or for both; the guest sees it in use until
 * grant_release with the same ref and access. NULL with *status set. Any thread. */
uint8_t *grant_acquire(
	struct hv *hv, uint32_t ref, uint16_t domid, bool readonly, enum grant_status *status);
void grant_release(struct hv *hv, uint32_t ref, bool readonly);
/* The same of a domain that may ask for more than it has; false: it does not use that. */
bool grant_release_of(struct hv *hv, uint32_t ref, uint16_t domid, bool readonly);
/* A domain, not this one, uses nothing any more. I/O thread. */
void grant_domain_gone(struct hv *hv, uint16_t domid);
/* Puts a page that domid gives where ref says that one is accepted. The I/O thread with all
 * processors stopped, or a vCPU's with hv_flush to follow. */
enum grant_status grant_take_transfer(
	struct hv *hv, uint32_t ref, uint16_t domid, const uint8_t page[XEN_PAGE_SIZE]);
/* Would ref take a page that domid gives, as it stands now? Any thread. */
bool grant_accepts(struct hv *hv, uint32_t ref, uint16_t domid);
/* What keeps the domain from being saved, or NULL. vCPUs are parked. */
const char *grant_why_busy(struct hv *hv);
/* The page's guest frame, between acquire and release. */
uint64_t grant_frame(const struct hv *hv, uint32_t ref);

#endif
