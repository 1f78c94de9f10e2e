/* SPDX-License-Identifier: MIT */
/* What waiting processors wait for, and time as a PV guest is given it. */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include "hv/hv.h"

/* Has a processor in sched_op poll what it waits for? */
bool sched_poll_done(const struct hv_vcpu *v);
/* When the guest's next watchdog runs out, ns; UINT64_MAX: none is set. */
uint64_t sched_watchdog_deadline(struct hv *hv);

/* Where a processor's time goes (vcpu_runstate_info). */
enum runstate { RUNSTATE_RUNNING, RUNSTATE_RUNNABLE, RUNSTATE_BLOCKED, RUNSTATE_OFFLINE };
/* The processor's state is another now; the guest's copy follows. Own thread. */
void runstate_change(struct hv_vcpu *v, enum runstate to);

/* A processor that runs for long is told of its time now and then, as if it had been scheduled. Own
 * thread. */
void runstate_refresh(struct hv_vcpu *v);

/* vcpu_op's timers: raises VIRQ_TIMER when due. Own thread. */
void vcpu_timer_check(struct hv_vcpu *v);
/* When the next of them is due, UINT64_MAX: never. */
uint64_t vcpu_timer_deadline(struct hv_vcpu *v);

#endif
