/* SPDX-License-Identifier: MIT */
/*
 * Where the console is: the DIG64 PCDP table, version 2.0 (signature and GUID are those of its
 * predecessor, HCDP): one UART, COM1, which is the primary console.
 */
#include "fw/call.h"
#include "fw/layout.h"

#define UART_CLOCK_HZ 1843200u
#define UART_BAUD     115200u

enum { FLAG_PRIMARY = 1 << 2, FLAG_INTERRUPT = 1 << 6 };

static void put_uart(struct blob *b)
{
	blob_u8(b, 0); /* console UART, 8 bits, no parity, 1 stop bit */
	blob_u8(b, 8);
	blob_u8(b, 1);
	blob_u8(b, 1);
	blob_zero(b, 4); /* not a PCI device */
	blob_u64(b, UART_BAUD);
	blob_u8(b, 1); /* I/O space, 8-bit registers */
	blob_u8(b, 8);
	blob_u8(b, 0);
	blob_u8(b, 1);
	blob_u64(b, PORT_COM1);
	blob_u16(b, 0);
	blob_u16(b, 0);
	blob_u32(b, GSI_COM1);
	blob_u32(b, UART_CLOCK_HZ);
	blob_u8(b, 0);
	blob_u8(b, FLAG_PRIMARY | FLAG_INTERRUPT);
	blob_u16(b, 0); /* index in ConOut */
	blob_u32(b, 0);
}

uint64_t hcdp_build(struct blob *b)
{
	blob_align(b, 16);
	size_t at = b->len;
	blob_text(b, "HCDP", 4, 0);
	blob_u32(b, 0);
	blob_u8(b, 3);
	blob_u8(b, 0);
	blob_text(b, "EPIXEN", 6, ' ');
	blob_text(b, "EPIXEN", 8, ' ');
	blob_u32(b, 1);
	blob_text(b, "EPIX", 4, ' ');
	blob_u32(b, 1);
	blob_u32(b, 1); /* UARTs */
	put_uart(b);
	blob_patch_u32(b, at + 4, (uint32_t)(b->len - at));
	blob_checksum(b, at, b->len - at, at + 9);
	return b->gpa + at;
}
