/* SPDX-License-Identifier: MIT */
/*
 * Firmware calls of a PV domain (ABI 3.4-3.6, 12.1): what its stubs ask for. What does not depend
 * on the hypervisor, such as caches and frequencies, is answered by fw/.
 */
#include "fw/call.h"
#include "fw/efi.h"
#include "fw/layout.h"
#include "fw/pal.h"
#include "cpu/personality.h"
#include "hv/dom_fw.h"
#include "hv/pv_page.h"

#define AT_DESCRIPTORS 0x2228ull
#define FUNCTIONS      10 /* with descriptors; stub 0x10 + n belongs to number n */
#define AP_WAKEUP      0xf3

/* --- from registers and back --- */

static struct fw_call begin(struct hv_vcpu *v)
{
	struct fw_call c = {.fw = v->hv->fw, .cpu = v->cpu};

	for (unsigned n = 0; n < countof(c.arg) && n < v->cpu->sof; n++)
		c.arg[n] = gr_value(v->cpu, 32 + n);
	return c;
}

/* A fault that a pointer of the guest met is its to handle; then the stub's break comes again. */
static void finish(struct fw_call *c, unsigned results)
{
	if (c->faulted) {
		hv_call_again(c->cpu);
		c->cpu->machine->personality->deliver(c->cpu);
		return;
	}
	for (unsigned n = 0; n < results; n++)
		gr_set(c->cpu, 8 + n, c->ret[n], 0);
}

static enum hv_action crash(struct hv_vcpu *v, const char *why)
{
	v->cpu->exit_text = why;
	return HV_CRASH;
}

/* --- processors --- */

/* One that was started again meanwhile does not go down for what it did before. */
enum hv_action dom_cpu_down(struct hv_vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	v->down = !v->starting;
	pthread_mutex_unlock(&v->lock);
	return HV_CONTINUE;
}

/* It sets its registers itself: its thread may not have stopped yet. False: it is up. */
static bool start_processor(struct hv_vcpu *v)
{
	pthread_mutex_lock(&v->lock);
	bool start = v->down;
	if (start) {
		v->initialised = true;
		v->starting = true;
		v->down = false;
	}
	pthread_mutex_unlock(&v->lock);
	if (start)
		cpu_kick(v->cpu);
	return start;
}

/* r14: processor, r15: vector. There is no result. */
enum hv_action dom_ipi_call(struct hv_vcpu *v)
{
	uint64_t n = gr_value(v->cpu, 14), vector = gr_value(v->cpu, 15);

	if (n >= v->hv->vcpus || vector > 255)
		return HV_CONTINUE;
	struct hv_vcpu *to = &v->hv->vcpu[n];
	if (vector == AP_WAKEUP && start_processor(to))
		return HV_CONTINUE;
	if (to->initialised)
		hv_pend_vector(to, (unsigned)vector);
	return HV_CONTINUE;
}

/* --- PAL (ABI 3.5) --- */

static void vm_summary(struct fw_call *c)
{
	c->ret[1] = 1 | 44u << 1 | 16u << 8 | 15u << 16 | 0x30ull << 24 | 11ull << 32 |
		    11ull << 40 | 3ull << 48 | 2ull << 56;
	c->ret[2] = 50 | 18u << 8;
}

/* Level and type: the second level is one cache of 128 pages of 16 KB, the first have one each. */
static int64_t vm_info(struct fw_call *c)
{
	uint64_t level = c->arg[1], type = c->arg[2];

	if (level == 0 && type == 2)
		c->ret[1] = 128 | 1u << 8 | 128u << 16 | 1ull << 32 | 1ull << 33;
	else if (level == 1 && (type == 1 || type == 2))
		c->ret[1] = 1 | 1u << 8 | 1u << 16;
	else
		return PAL_INVALID;
	c->ret[2] = XEN_PAGE_SIZE;
	return PAL_OK;
}

/* Eight bytes: the one state that there is. */
static int64_t halt_info(struct fw_call *c)
{
	const uint64_t state = 1000 | 1000u << 16 | 10ull << 32 | 1ull << 60 | 1ull << 61;

	return fw_write(c, c->arg[1], &state, sizeof(state)) ? PAL_OK : PAL_INVALID;
}

/* Events wake it even while they are masked, and stay masked when it returns. */
static enum hv_action halt_light(struct hv_vcpu *v)
{
	bool due = shared_pending(v) && !shared_masked(v);

	shared_set_mask(v, 1);
	return due ? HV_CONTINUE : HV_BLOCK;
}

/* What the hypervisor answers itself; PAL_ERROR: the host's PAL does. */
static int64_t own_pal(struct fw_call *c)
{
	switch (c->arg[0]) {
	case 7:
		return vm_info(c);
	case 8:
		vm_summary(c);
		return PAL_OK;
	case 41:
		return 1;
	case 257:
		return halt_info(c);
	case 2:
	case 4:
	case 5:
	case 6:
	case 9:
	case 11:
	case 12:
	case 13:
	case 14:
	case 15:
	case 17:
	case 19:
	case 20:
	case 22:
	case 34:
	case 39:
		return PAL_ERROR;
	case 274:
		return c->arg[1] == 0 ? PAL_ERROR : PAL_UNIMPLEMENTED;
	default:
		return PAL_UNIMPLEMENTED;
	}
}

/* Index in r28. Static procedures have arguments in r29 to r31, stacked ones from r33 on. */
enum hv_action dom_pal_call(struct hv_vcpu *v)
{
	enum { CACHE_FLUSH = 1, HALT = 28, HALT_LIGHT = 29 };
	struct fw_call c = begin(v);
	enum hv_action action = HV_CONTINUE;

	c.arg[0] = gr_value(v->cpu, 28);
	for (unsigned n = 1; n < 4 && c.arg[0] < 256; n++)
		c.arg[n] = gr_value(v->cpu, 28 + n);
	if (c.arg[0] == CACHE_FLUSH && c.arg[3])
		return crash(v, "PAL_CACHE_FLUSH with a progress indicator");
	if (c.arg[0] == HALT)
		action = dom_cpu_down(v);
	else if (c.arg[0] == HALT_LIGHT)
		action = halt_light(v);
	else if (c.arg[0] != CACHE_FLUSH)
		c.ret[0] = (uint64_t)own_pal(&c);
	if (c.ret[0] == (uint64_t)PAL_ERROR)
		c.ret[0] = (uint64_t)pal_call(&c);
	finish(&c, 4);
	return action;
}

/* --- SAL (ABI 3.4) --- */

enum { SAL_OK = 0, SAL_UNIMPLEMENTED = -1, SAL_INVALID = -2, SAL_NO_INFORMATION = -5 };

static int64_t set_vectors(struct hv *hv, const struct fw_call *c)
{
	if (c->arg[1] != 2)
		return SAL_OK;
	if (c->arg[4] || c->arg[5] || c->arg[6] || c->arg[7])
		return SAL_INVALID;
	pthread_mutex_lock(&hv->fw->lock);
	hv->rendezvous.ip = c->arg[2];
	hv->rendezvous.gp = c->arg[3];
	pthread_mutex_unlock(&hv->fw->lock);
	return SAL_OK;
}

static int64_t freq_base(struct fw_call *c)
{
	if (c->arg[1] != 0)
		return SAL_UNIMPLEMENTED;
	c->ret[1] = FW_BASE_HZ;
	c->ret[2] = ~0ull; /* drift is not known */
	return SAL_OK;
}

enum hv_action dom_sal_call(struct hv_vcpu *v)
{
	struct fw_call c = begin(v);
	enum hv_action action = HV_CONTINUE;
	int64_t status = SAL_OK;

	switch (c.arg[0]) {
	case 0x01000000:
		status = set_vectors(v->hv, &c);
		break;
	case 0x01000001: /* GET_STATE_INFO */
		status = SAL_NO_INFORMATION;
		break;
	case 0x01000002: /* GET_STATE_INFO_SIZE */
	case 0x01000003: /* CLEAR_STATE_INFO */
	case 0x01000004: /* MC_RENDEZ */
	case 0x01000005: /* MC_SET_PARAMS */
	case 0x01000008: /* CACHE_FLUSH */
	case 0x01000009: /* CACHE_INIT */
	case 0x01000010: /* PCI_CONFIG_READ, WRITE: there is no PCI here */
	case 0x01000011:
	case 0x01000020: /* UPDATE_PAL */
		break;
	case 0x01000012:
		status = freq_base(&c);
		break;
	case 0x02000000: /* Xen's own: as if SAL's return address had been called */
		action = dom_cpu_down(v);
		break;
	default:
		status = SAL_UNIMPLEMENTED;
	}
	c.ret[0] = (uint64_t)status;
	finish(&c, 4);
	return action;
}

/* --- EFI (ABI 3.6) --- */

/* Bytes of a map: many times what we give. */
#define MAP_MOST (1 << 20)

/* The virtual address of PAL code in the map of arg[3], or 0. Only that range is called. */
static uint64_t pal_code_address(struct fw_call *c)
{
	struct efi_descriptor d;

	for (uint64_t at = 0; at + sizeof(d) <= c->arg[0]; at += sizeof(d)) {
		if (!fw_read(c, c->arg[3] + at, &d, sizeof(d)))
			return 0;
		if (d.type == EFI_PAL_CODE)
			return d.virt;
	}
	return 0;
}

/* Size, descriptor size, version, map. */
static uint64_t set_virtual_address_map(struct hv *hv, struct fw_call *c)
{
	if (hv->efi_virtual)
		return EFI_UNSUPPORTED;
	if (c->arg[2] != 1 || c->arg[1] != sizeof(struct efi_descriptor) || c->arg[0] > MAP_MOST)
		return EFI_INVALID_PARAMETER;
	uint64_t base = pal_code_address(c);
	if (c->faulted)
		return 0;
	for (unsigned n = 0; base && n < FUNCTIONS; n++) {
		uint64_t entry = base + 0x100 + 16 * n;
		ram_write(&hv->machine->ram, GPA(AT_DESCRIPTORS + 16 * n), &entry, sizeof(entry));
	}
	hv->efi_virtual = true;
	return EFI_SUCCESS;
}

static uint64_t efi_service(struct hv *hv, struct fw_call *c, unsigned n, enum hv_action *action)
{
	enum { GET_TIME = 0, SET_VIRTUAL_ADDRESS_MAP = 4, RESET_SYSTEM = 9 };
	enum { RESET_SHUTDOWN = 2 };

	switch (n) {
	case GET_TIME:
		c->physical = !hv->efi_virtual;
		return efi_get_time(c);
	case SET_VIRTUAL_ADDRESS_MAP:
		return set_virtual_address_map(hv, c);
	case RESET_SYSTEM:
		*action = c->arg[0] == RESET_SHUTDOWN ? HV_POWEROFF : HV_REBOOT;
		return EFI_UNSUPPORTED;
	default:
		return EFI_UNSUPPORTED;
	}
}

enum hv_action dom_efi_call(struct hv_vcpu *v, unsigned number)
{
	struct fw_call c = begin(v);
	enum hv_action action = HV_CONTINUE;

	if (number >= FUNCTIONS)
		c.ret[0] = (uint64_t)-38; /* -ENOSYS */
	else {
		pthread_mutex_lock(&c.fw->lock);
		c.ret[0] = efi_service(v->hv, &c, number, &action);
		pthread_mutex_unlock(&c.fw->lock);
	}
	finish(&c, 1);
	return action;
}
