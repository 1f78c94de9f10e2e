/* SPDX-License-Identifier: MIT */
/* What a PV domain boots from, and the firmware it finds (ABI 2 and 3). */
#ifndef HV_DOM_FW_H
#define HV_DOM_FW_H

#include "hv/hv.h"

/* A kernel and a ramdisk that are in guest RAM already. */
struct dom_boot {
	uint64_t entry;			   /* physical */
	uint64_t initrd, initrd_size;	   /* size 0: none */
	const char *cmdline;		   /* up to 1023 characters count */
	bool big_endian;		   /* the kernel's data */
	uint32_t store_port, console_port; /* event channels, already allocated */
};

/* Pages at the end of RAM, by number from the last one (ABI 2.2). */
enum { DOM_CONSOLE_PAGE = 1, DOM_STORE_PAGE, DOM_START_INFO_PAGE, DOM_MEMMAP_PAGE };

/* Guest-physical address of such a page. */
static inline uint64_t dom_page(const struct hv *hv, unsigned page)
{
	return (hv->pages - page) << XEN_PAGE_SHIFT;
}

/* The first byte behind what firmware uses at the start of RAM. */
#define DOM_FW_END 0x3000ull

/* Writes firmware stubs, tables, memory map, start_info, boot parameters and shared_info, clears
 * the rings and puts the boot processor at the kernel's entry. hv is in its first state, vCPUs do
 * not run. RAM has 64 pages at least. */
void dom_fw_build(struct hv *hv, const struct dom_boot *boot);

/* --- calls: classes 0x300, 0x1000, 0x1100 of r2. Result registers are set; the vCPU's own thread
 * --- */
enum hv_action dom_efi_call(struct hv_vcpu *v, unsigned number);
enum hv_action dom_pal_call(struct hv_vcpu *v);
enum hv_action dom_sal_call(struct hv_vcpu *v);
/* Class 0x400: starts a processor, or makes a legacy vector pending. */
enum hv_action dom_ipi_call(struct hv_vcpu *v);
/* Takes the processor out of service until dom_ipi_call or vcpu_op starts it again. */
enum hv_action dom_cpu_down(struct hv_vcpu *v);

#endif
