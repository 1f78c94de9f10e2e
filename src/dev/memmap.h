/* SPDX-License-Identifier: MIT */
/*
 * Where everything is in an HVM domain: guest-physical addresses, legacy ports and interrupt
 * lines. The map is that of Xen/ia64 HVM domains, so that their drivers fit.
 */
#ifndef DEV_MEMMAP_H
#define DEV_MEMMAP_H

#define MAP_LOW_END	 0xa0000ull /* RAM below */
#define MAP_VGA_BASE	 0xa0000ull
#define MAP_VGA_SIZE	 0x20000ull
#define MAP_LOW2_BASE	 0xc0000ull /* RAM from here to MAP_PCI_BASE */
#define MAP_PCI_BASE	 0xc0000000ull
#define MAP_PCI_SIZE	 0x20000000ull
#define MAP_IOPORT_BASE	 0xe0000000ull
#define MAP_IOPORT_SIZE	 0x04000000ull
#define MAP_IOSAPIC_BASE 0xfec00000ull
#define MAP_IOSAPIC_SIZE 0x00100000ull
#define MAP_PIB_BASE	 0xfee00000ull
#define MAP_PIB_SIZE	 0x00200000ull
#define MAP_FW_BASE	 0xff000000ull
#define MAP_FW_SIZE	 0x01000000ull
#define MAP_HIGH_BASE	 0x100000000ull	  /* the rest of RAM */
#define MAP_HIGH_END	 0x10000000000ull /* PV pages start here */
/* One RAM slot is one host mapping and holds at most this. */
#define MAP_SLOT_MAX 0x4000000000ull

#define PORT_COM1     0x3f8
#define PORT_PM1_EVT  0x1f40 /* 4 bytes: status, enable */
#define PORT_PM1_CNT  0x1f44 /* 2 bytes */
#define PORT_PM_TIMER 0x1f48 /* 4 bytes */
#define PORT_RESET    0x1f4c /* 1 byte: ACPI reset register */

#define GSI_COM1  4
#define GSI_SCI	  9
#define GSI_PCI	  16 /* first of 32 */
#define GSI_COUNT 48

/* Line of a PCI function's INTA..INTD (pin 0..3). */
static inline unsigned gsi_pci(unsigned device, unsigned pin)
{
	return GSI_PCI + ((device * 4 + device / 8 + pin) & 31);
}

#endif
