/* SPDX-License-Identifier: MIT */
/* State of a paravirtual processor at its start (ABI 2.8), and in save files. */
#include "base/stream.h"
#include "cpu/sapic.h"
#include "hv/pv.h"
#include "hv/pv_page.h"

const struct personality pv_personality = {
	.exec = exec_table, .deliver = cpu_deliver, .interrupt = NULL, .timer = NULL};

void pv_attach(struct hv_vcpu *v)
{
	(void)v;
}

void pv_reset(struct hv_vcpu *v)
{
	pv_page_reset(v);
}

void pv_save(const struct hv_vcpu *v, struct stream *s)
{
	stream_put_u64(s, v->iva);
}

void pv_load(struct hv_vcpu *v, struct stream *s)
{
	v->iva = stream_get_u64(s);
}
