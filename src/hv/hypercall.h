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
	XEN_EFAULT = 14,
	XEN_EBUSY = 16,
	XEN_EEXIST = 17,
	XEN_EINVAL = 22,
	XEN_ENOSPC = 28,
	XEN_ENOSYS = 38,
	XEN_EOVERFLOW = 75
};

#define DOMID_SELF 0x7ff0
/* Elements that one call may have: it runs to its end before anything else does. */
#define HYPERCALL_MOST (1u << 20)

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
	hc_hvm_op, hc_dom0vp_op;

/* opt_feature, class 0x700: the handle is arg[0]. */
int64_t hc_opt_feature(struct hypercall *c);

/* --- guest buffers (xencomm.c, ABI 4.3) --- */
/* Copies len bytes at offset of the buffer behind a handle; 0 or -XEN_EFAULT, then part of it may
 * have been copied. */
int64_t xencomm_read(struct hv *hv, uint64_t handle, uint64_t offset, void *to, uint64_t len);
int64_t xencomm_write(
	struct hv *hv, uint64_t handle, uint64_t offset, const void *from, uint64_t len);

static inline bool is_self(const struct hv *hv, uint16_t domid)
{
	return domid == DOMID_SELF || domid == hv->domid;
}

#endif
