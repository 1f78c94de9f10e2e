/* SPDX-License-Identifier: MIT */
/* Hypercalls: what handlers get and may use (ABI 4). */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include "hv/hv.h"

/* Results are 0 or more, or one of these, negated. */
enum xen_errno {
	XEN_EPERM = 1,
	XEN_ENOENT = 2,
	XEN_ESRCH = 3,
	XEN_EAGAIN = 11,
	XEN_ENOMEM = 12,
	XEN_EACCES = 13,
	XEN_EFAULT = 14,
	XEN_EBUSY = 16,
	XEN_EEXIST = 17,
	XEN_EINVAL = 22,
	XEN_ENOSPC = 28,
	XEN_ENOSYS = 38,
	XEN_ETIME = 62,
	XEN_EOVERFLOW = 75
};

#define DOMID_SELF 0x7ff0
/* Elements that one call may have, those of a multicall's entries included: it runs to its end
 * before anything else does. Each is a copy or two of guest memory, a frame, a mapping. */
#define HYPERCALL_MOST	(1u << 16)
#define HYPERCALL_FLUSH 16 /* elements that hv_flush counts as: all processors have to answer */

#define DOMID_DOM0 0 /* the backends in the domain's own process speak for it */

/* One call. Handlers run on the vCPU's thread, with other processors running: guest memory is
 * read once and checked. */
struct hypercall {
	struct hv_vcpu *v;
	uint64_t arg[6];
	enum hv_action action; /* HV_CONTINUE unless the handler says otherwise */
	bool again; /* it waits for another domain, and is to be made again: see peer_call */
};

typedef int64_t hypercall_fn(struct hypercall *c);

/* event.c, grant.c, memory.c, sched.c, vcpu_op.c, version.c */
hypercall_fn hc_memory_op, hc_xen_version, hc_console_io, hc_grant_table_op, hc_vcpu_op,
	hc_sched_op, hc_sched_op_compat, hc_callback_op, hc_event_channel_op, hc_physdev_op,
	hc_hvm_op, hc_dom0vp_op, hc_domctl, hc_pirq_eoi, hc_debug_op;

/* opt_feature, class 0x700: the handle is arg[0]. */
int64_t hc_opt_feature(struct hypercall *c);

/* Before n elements are done: false when the call has had too many. */
bool hypercall_spend(struct hypercall *c, uint64_t n);

/* --- guest buffers (xencomm.c, ABI 4.3) --- */
/* Copies len bytes at offset of the buffer behind a handle; 0 or -XEN_EFAULT, then part of it may
 * have been copied. */
int64_t xencomm_read(struct hv *hv, uint64_t handle, uint64_t offset, void *to, uint64_t len);
int64_t xencomm_write(
	struct hv *hv, uint64_t handle, uint64_t offset, const void *from, uint64_t len);

/* Does the handle stand for no buffer at all? */
bool xencomm_is_null(struct hv *hv, uint64_t handle);

/* What an operation on a domain answers: 0 for the guest's own. Only dom0 is there for sure. */
static inline int64_t domain_error(const struct hv *hv, uint16_t domid)
{
	if (domid == DOMID_SELF || domid == hv->domid)
		return 0;
	return domid == DOMID_DOM0 ? -XEN_EPERM : -XEN_ESRCH;
}

/* The same of one that only dom0 may do, where no number stands for oneself. */
static inline int64_t numbered_error(const struct hv *hv, uint16_t domid)
{
	return domid == DOMID_DOM0 || domid == hv->domid ? -XEN_EPERM : -XEN_ESRCH;
}

static inline bool is_self(const struct hv *hv, uint16_t domid)
{
	return domid == DOMID_SELF || domid == hv->domid;
}

#endif
