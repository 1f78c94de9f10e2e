/* SPDX-License-Identifier: MIT */
/* What the files of EFI share. */
#ifndef FW_EFI_H
#define FW_EFI_H

#include "fw/call.h"

#define EFI_SUCCESS	      0ull
#define EFI_ERROR(n)	      (1ull << 63 | (n))
#define EFI_INVALID_PARAMETER EFI_ERROR(2)
#define EFI_UNSUPPORTED	      EFI_ERROR(3)
#define EFI_BUFFER_TOO_SMALL  EFI_ERROR(5)
#define EFI_OUT_OF_RESOURCES  EFI_ERROR(9)
#define EFI_NOT_FOUND	      EFI_ERROR(14)

enum efi_memory_type {
	EFI_RESERVED,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BOOT_CODE,
	EFI_BOOT_DATA,
	EFI_RUNTIME_CODE,
	EFI_RUNTIME_DATA,
	EFI_CONVENTIONAL,
	EFI_UNUSABLE,
	EFI_ACPI_RECLAIM,
	EFI_ACPI_NVS,
	EFI_MMIO,
	EFI_IO_PORTS,
	EFI_PAL_CODE
};

#define EFI_MEMORY_UC	   1ull
#define EFI_MEMORY_WB	   8ull
#define EFI_MEMORY_RUNTIME (1ull << 63)

/* --- efi_time.c --- */
uint64_t efi_get_time(struct fw_call *c);
uint64_t efi_set_time(struct fw_call *c);

#endif
