/* SPDX-License-Identifier: MIT */
/*
 * The small hypercalls: what the hypervisor is (ABI 1.2), its console, entry points, and those of
 * which little is left for a domain without hardware of its own (4.4-4.7, 10.6).
 */
#include <string.h>

#include "hv/hypercall.h"
#include "hv/memory.h"
#include "hv/pv_page.h"

/* --- xen_version --- */

#define VERSION	   0x00040001
#define VIRT_START 0xf000000000000000ull
#define FEATURES   0x00000005u /* writable page tables, auto-translated */
#define PAGE	   0x4000

static int64_t put_text(struct hypercall *c, const char *text, size_t size)
{
	char buffer[1024] = {0};

	memccpy(buffer, text, 0, size - 1);
	return xencomm_write(c->v->hv, c->arg[1], 0, buffer, size);
}

static int64_t compile_info(struct hypercall *c)
{
	char info[64 + 16 + 32 + 32] = {0};

	memcpy(info, "gcc", 3);
	memcpy(info + 64, "epixen", 6);
	memcpy(info + 80, "epixen", 6);
	return xencomm_write(c->v->hv, c->arg[1], 0, info, sizeof(info));
}

static int64_t features(struct hypercall *c)
{
	uint32_t f[2]; /* submap index, submap */

	if (xencomm_read(c->v->hv, c->arg[1], 0, f, sizeof(f)))
		return -XEN_EFAULT;
	if (f[0] != 0)
		return -XEN_EINVAL;
	f[1] = FEATURES;
	return xencomm_write(c->v->hv, c->arg[1], 0, f, sizeof(f));
}

int64_t hc_xen_version(struct hypercall *c)
{
	static const uint64_t virt_start = VIRT_START;

	switch (c->arg[0]) {
	case 0:
		return VERSION;
	case 1:
		return put_text(c, ".6-epixen", 16);
	case 2:
		return compile_info(c);
	case 3:
		return put_text(c, "xen-3.0-ia64 xen-3.0-ia64be ", 1024);
	case 4:
		return put_text(c, "unavailable", 64);
	case 5:
		return xencomm_write(c->v->hv, c->arg[1], 0, &virt_start, sizeof(virt_start));
	case 6:
		return features(c);
	case 7:
		return xencomm_is_null(c->v->hv, c->arg[1]) ? PAGE : -XEN_EINVAL;
	case 8:
		return xencomm_write(c->v->hv, c->arg[1], 0, c->v->hv->uuid, 16);
	case 9:
		return put_text(c, "", 1024);
	default:
		return -XEN_ENOSYS;
	}
}

/* --- console_io: the hypervisor's own console is the domain's --- */

#define CONSOLE_PART 128

/* A count below 0 is none. */
static int64_t console_write(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	uint64_t count = c->arg[1] >> 31 ? 0 : c->arg[1];
	uint8_t bytes[CONSOLE_PART];

	for (uint64_t at = 0; at < count; at += CONSOLE_PART) {
		uint64_t part = count - at < CONSOLE_PART ? count - at : CONSOLE_PART;
		if (!hypercall_spend(c, 1))
			return -XEN_EINVAL;
		if (xencomm_read(hv, c->arg[2], at, bytes, part))
			return -XEN_EFAULT;
		if (hv->console.write)
			hv->console.write(hv->console.ctx, bytes, part);
	}
	return 0;
}

int64_t hc_console_io(struct hypercall *c)
{
	switch (c->arg[0]) {
	case 0:
		return console_write(c);
	case 1: /* what is typed goes to the console ring */
		return -XEN_EPERM;
	default:
		return -XEN_ENOSYS;
	}
}

/* Is there a structure of that size, whatever it says? */
static int64_t structure(struct hypercall *c, uint64_t handle, size_t size)
{
	uint8_t bytes[64];
	return xencomm_read(c->v->hv, handle, 0, bytes, size);
}

/* What follows when there is one. */
static int64_t structure_then(struct hypercall *c, size_t size, int64_t result)
{
	int64_t err = structure(c, c->arg[1], size);
	return err ? err : result;
}

/* --- callback_op --- */

struct op_register {
	uint16_t type, flags;
	uint32_t pad;
	uint64_t address;
};

enum { CALLBACK_EVENT, CALLBACK_FAILSAFE };

static int64_t register_callback(struct hypercall *c)
{
	struct op_register op;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	if (op.address >= XEN_LOW && op.address < XEN_HIGH)
		return -XEN_EINVAL;
	if (op.type == CALLBACK_EVENT)
		c->v->callback = op.address & ~15ull;
	return op.type <= CALLBACK_FAILSAFE ? 0 : -XEN_ENOSYS;
}

int64_t hc_callback_op(struct hypercall *c)
{
	switch (c->arg[0]) {
	case 0:
		return register_callback(c);
	case 1: /* nothing can be unregistered */
		return structure_then(c, 2, -XEN_EINVAL);
	default:
		return -XEN_ENOSYS;
	}
}

/* --- physdev_op: no physical interrupt is the domain's --- */

#define IRQS 256

struct op_irq {
	uint32_t irq, flags;
};

enum { NEEDS_EOI = 1 };

static int64_t irq_status_query(struct hypercall *c)
{
	struct op_irq op;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	if (op.irq >= IRQS)
		return -XEN_EINVAL;
	op.flags = NEEDS_EOI;
	return xencomm_write(c->v->hv, c->arg[1], 0, &op, sizeof(op));
}

static int64_t eoi(struct hypercall *c)
{
	uint32_t irq;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &irq, sizeof(irq)))
		return -XEN_EFAULT;
	return irq < IRQS ? 0 : -XEN_EINVAL;
}

int64_t hc_pirq_eoi(struct hypercall *c)
{
	return c->arg[0] < IRQS ? 0 : -XEN_EINVAL;
}

/* A page of bits, none of which will be set. */
static int64_t pirq_eoi_gmfn(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	uint64_t gfn;

	if (xencomm_read(hv, c->arg[1], 0, &gfn, sizeof(gfn)))
		return -XEN_EFAULT;
	if (!memory_present(hv, gfn))
		return -XEN_EINVAL;
	return atomic_exchange(&hv->pirq_eoi, true) ? -XEN_EBUSY : 0;
}

int64_t hc_physdev_op(struct hypercall *c)
{
	switch (c->arg[0]) {
	case 4: /* irq_unmask_notify */
		return 0;
	case 5:
		return irq_status_query(c);
	case 8: /* apic_read, apic_write */
	case 9:
		return structure_then(c, 16, -XEN_EPERM);
	case 10: /* alloc_irq_vector, free_irq_vector */
	case 11:
		return structure_then(c, 8, -XEN_EPERM);
	case 12:
		return eoi(c);
	case 13: /* map_pirq, unmap_pirq */
		return structure_then(c, 40, 0);
	case 14:
		return structure_then(c, 8, 0);
	case 17:
	case 28:
		return pirq_eoi_gmfn(c);
	case 15: /* manage_pci */
	case 16:
	case 20:
		return -XEN_EPERM;
	default:
		return -XEN_ENOSYS;
	}
}

/* --- those of HVM guests and of domain 0 --- */

struct op_param {
	uint16_t domid, pad;
	uint32_t index;
	uint64_t value;
};

#define PARAMS 26

/* Parameters are an HVM domain's; a PV one has none. */
static int64_t hvm_param(struct hypercall *c)
{
	struct op_param op;

	if (xencomm_read(c->v->hv, c->arg[1], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	int64_t err = op.index < PARAMS ? domain_error(c->v->hv, op.domid) : -XEN_EINVAL;
	return err ? err : -XEN_EINVAL;
}

int64_t hc_hvm_op(struct hypercall *c)
{
	switch (c->arg[0]) {
	case 0:
	case 1:
		return hvm_param(c);
	case 2: /* set_pci_intx_level, set_isa_irq_level */
		return structure_then(c, 8, -XEN_EINVAL);
	case 3:
		return structure_then(c, 4, -XEN_EINVAL);
	case 4: /* set_pci_link_route */
		return 0;
	case 7: /* modified_memory */
		return structure_then(c, 24, -XEN_EINVAL);
	default:
		return -XEN_ENOSYS;
	}
}

/* The frame is a hole from now on. */
static int64_t zap_physmap(struct hypercall *c)
{
	struct hv *hv = c->v->hv;

	if ((uint32_t)c->arg[2])
		return -XEN_ENOSYS;
	if (!hypercall_spend(c, HYPERCALL_FLUSH))
		return -XEN_ENOMEM;
	if (memory_remove(hv, c->arg[1])) {
		hv_flush(c->v->cpu);
		memory_discard(hv, c->arg[1]);
	}
	return 0;
}

/* A frame's other number, which is the same: also of the pages that no memory is behind. */
static int64_t frame_number(const struct hv *hv, uint64_t gfn)
{
	gpa_t a = GPA(gfn << XEN_PAGE_SHIFT);

	if (gfn >> (64 - XEN_PAGE_SHIFT) || hv_place(hv, a).v != a.v)
		return -1;
	return (int64_t)gfn;
}

#define MEMMAP_HEAD 24 /* sizes of the map and its descriptors, their version */

/* A domU may have its own, as it stands where shared_info says. */
static int64_t get_memmap(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	uint8_t page[XEN_PAGE_SIZE];
	uint64_t gfn = host_load(hv->shared_info + SHARED_MEMMAP_INFO_PFN, 8), size;
	int64_t err = domain_error(hv, (uint16_t)c->arg[1]);

	if (err)
		return err;
	if (!memory_present(hv, gfn) ||
		ram_read(&hv->machine->ram, GPA(gfn << XEN_PAGE_SHIFT), page, sizeof(page)))
		return -XEN_EFAULT;
	memcpy(&size, page, sizeof(size));
	if (size > sizeof(page) - MEMMAP_HEAD)
		return -XEN_EFAULT;
	return xencomm_write(hv, c->arg[2], 0, page, MEMMAP_HEAD + size);
}

/* The guest's frames are machine frames; there is no I/O space and no FPSWA. */
int64_t hc_dom0vp_op(struct hypercall *c)
{
	switch (c->arg[0]) {
	case 0:	 /* ioremap */
	case 6:	 /* add_physmap */
	case 7:	 /* expose_p2m */
	case 8:	 /* perfmon */
	case 9:	 /* add_physmap_with_gmfn */
	case 11: /* add_io_space */
	case 12: /* expose_foreign_p2m */
		return -XEN_EPERM;
	case 13: /* unexpose_foreign_p2m */
		return -XEN_ENOENT;
	case 14:
		return get_memmap(c);
	case 1: /* phystomach, machtophys */
	case 3:
		return frame_number(c->v->hv, c->arg[1]);
	case 5:
		return zap_physmap(c);
	case 10: /* fpswa_revision */
		return -XEN_ENOSYS;
	default:
		return -1;
	}
}

#define DOMCTL_VERSION 7

int64_t hc_domctl(struct hypercall *c)
{
	uint32_t op[2]; /* operation, version of the interface */

	if (xencomm_read(c->v->hv, c->arg[0], 0, op, sizeof(op)))
		return -XEN_EFAULT;
	return op[1] == DOMCTL_VERSION ? -XEN_EPERM : -XEN_EACCES;
}

int64_t hc_debug_op(struct hypercall *c)
{
	int64_t err = structure(c, c->arg[2], 8);
	return err ? err : numbered_error(c->v->hv, (uint16_t)c->arg[1]);
}

/* --- opt_feature (ABI 4.5) --- */

struct op_feature {
	uint64_t cmd;
	uint8_t on, pad[7];
	uint64_t pgprot, key;
};

#define IDENT_MAP_REG7 1

int64_t hc_opt_feature(struct hypercall *c)
{
	struct hv *hv = c->v->hv;
	struct op_feature op;

	if (xencomm_read(hv, c->arg[0], 0, &op, sizeof(op)))
		return -XEN_EFAULT;
	if (op.cmd != IDENT_MAP_REG7)
		return -XEN_ENOSYS;
	hv->identity.pgprot = op.pgprot;
	hv->identity.key = (uint32_t)op.key & 0xffffff;
	hv->identity.on = op.on;
	return 0;
}
