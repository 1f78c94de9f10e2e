/* SPDX-License-Identifier: MIT */
/*
 * The firmware area: what stands where in the 16 MB below 4 GB, and the numbers of the entry
 * points in it. An entry is a bundle whose break instruction leaves the processor with
 * EXIT_FIRMWARE and the entry's number; the work is done by C code of this directory.
 */
#ifndef FW_LAYOUT_H
#define FW_LAYOUT_H

#include "dev/memmap.h"

#define FW_PAL_BASE	  (MAP_FW_BASE + 0x000000) /* PAL code: the PAL_PROC entry */
#define FW_PAL_SIZE	  0x10000ull
#define FW_IVT_BASE	  (MAP_FW_BASE + 0x008000) /* interruption vectors until the OS has its own */
#define FW_CODE_BASE	  (MAP_FW_BASE + 0x010000) /* all other entries */
#define FW_CODE_SIZE	  0x10000ull
#define FW_DATA_BASE	  (MAP_FW_BASE + 0x020000) /* EFI, SAL, SMBIOS and console tables */
#define FW_DATA_SIZE	  0x20000ull
#define FW_ACPI_BASE	  (MAP_FW_BASE + 0x040000)
#define FW_ACPI_SIZE	  0x10000ull
#define FW_NVS_BASE	  (MAP_FW_BASE + 0x050000) /* FACS */
#define FW_NVS_SIZE	  0x10000ull
#define FW_MIN_STATE_BASE (MAP_FW_BASE + 0x0c0000) /* min-state save area of each processor */
#define FW_MIN_STATE_SIZE 0x1000ull
#define FW_STACK_BASE	  (MAP_FW_BASE + 0x100000) /* memory and register stack of each processor */
#define FW_STACK_SIZE	  0x4000ull

enum fw_entry {
	FW_ENTRY_PAL,
	FW_ENTRY_SAL,
	FW_ENTRY_AP_WAIT, /* a processor waits for its wake-up interrupt */
	FW_ENTRY_FPSWA,
	FW_ENTRY_OS_RETURN,	/* the OS returned to its boot loader */
	FW_ENTRY_INIT_RETURN,	/* OS_INIT returned to SAL */
	FW_ENTRY_EFI = 0x10,	/* + enum efi_service */
	FW_ENTRY_VECTOR = 0x100 /* + offset of the interruption vector / 0x100 */
};

/* Runtime services in the order of the EFI table (EFI 1.10, 4.5; UEFI 2.0, 4.5). */
enum efi_service {
	EFI_GET_TIME,
	EFI_SET_TIME,
	EFI_GET_WAKEUP_TIME,
	EFI_SET_WAKEUP_TIME,
	EFI_SET_VIRTUAL_ADDRESS_MAP,
	EFI_CONVERT_POINTER,
	EFI_GET_VARIABLE,
	EFI_GET_NEXT_VARIABLE_NAME,
	EFI_SET_VARIABLE,
	EFI_GET_NEXT_HIGH_MONOTONIC_COUNT,
	EFI_RESET_SYSTEM,
	EFI_UPDATE_CAPSULE,
	EFI_QUERY_CAPSULE_CAPABILITIES,
	EFI_QUERY_VARIABLE_INFO,
	EFI_SERVICES
};

/* Address of an entry other than vectors. */
#define FW_ENTRY_ADDRESS(e) ((e) == FW_ENTRY_PAL ? FW_PAL_BASE : FW_CODE_BASE + 16ull * (e))

/* The external interrupt that starts a waiting processor. */
#define FW_WAKEUP_VECTOR 0xf3

#endif
