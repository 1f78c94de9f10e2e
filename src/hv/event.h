/* SPDX-License-Identifier: MIT */
/* Event channels (ABI 10). */
#ifndef HV_EVENT_H
#define HV_EVENT_H

#include "hv/hv.h"

#define VIRQ_ITC 16

/* Raises a virtual interrupt of a processor; false when the guest has not bound it. */
bool evtchn_raise_virq(struct hv *hv, unsigned vcpu, unsigned virq);

#endif
