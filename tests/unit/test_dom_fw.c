/* SPDX-License-Identifier: MIT */
/*
 * What the builder of PV domains leaves in memory and registers, statement by statement of the
 * guest ABI: 2.2 layout, 2.3 start_info, 2.4 boot_param, 2.5 shared_info, 2.6 rings, 2.8
 * registers, 3.1 stubs, 3.2 EFI and SAL tables, 3.3 ACPI. Numbers are those of the document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/rse.h"
#include "engine.h"
#include "hv/dom_fw.h"
#include "hv/pv_page.h"
#include "isa/insn.h"

#define SHARED_INFO 0x10000000000ull
#define MAPPED_REGS 0x10000004000ull
#define ENTRY	    0x4123450ull

struct world {
	struct machine m;
	struct hv hv;
	struct dom_boot boot;
	uint64_t n; /* pages */
};

/* A domain of so many MB and processors, built. */
static struct world *build(uint64_t mb, unsigned cpus, const struct dom_boot *boot)
{
	struct world *w = calloc(1, sizeof(*w));
	char error[200] = "";

	assert_non_null(w);
	w->m.model = cpu_model_find("montecito");
	w->m.engine = test_engine;
	clock_init(&w->m.clock, true);
	assert_int_equal(ram_add_slot(&w->m.ram, 0, mb << 20), 0);
	w->m.cpus = cpus;
	for (unsigned n = 0; n < cpus; n++)
		w->m.cpu[n] = cpu_new(&w->m, n);
	if (hv_init(&w->hv, &w->m, 1, error, sizeof(error)))
		fail_msg("%s", error);
	w->boot = *boot;
	w->n = (mb << 20) / 0x4000;
	dom_fw_build(&w->hv, boot);
	return w;
}

static void destroy(struct world *w)
{
	hv_free(&w->hv);
	for (unsigned n = 0; n < w->m.cpus; n++)
		cpu_free(w->m.cpu[n]);
	ram_free(&w->m.ram);
	free(w);
}

static const struct dom_boot plain = {
	.entry = ENTRY, .cmdline = "root=/dev/xvda1 quiet", .store_port = 7, .console_port = 9};

static int setup(void **state)
{
	*state = build(64, 4, &plain);
	return 0;
}

static int teardown(void **state)
{
	destroy(*state);
	return 0;
}

/* --- looking at memory --- */

static const uint8_t *bytes(struct world *w, uint64_t gpa, uint64_t n)
{
	const uint8_t *p = ram_read_ptr(&w->m.ram, GPA(gpa), n);
	assert_non_null(p);
	return p;
}

static uint64_t number(struct world *w, uint64_t gpa, unsigned size)
{
	const uint8_t *p = bytes(w, gpa, size);
	uint64_t v = 0;

	while (size--)
		v = v << 8 | p[size];
	return v;
}
#define U8(gpa)	 number(w, gpa, 1)
#define U16(gpa) number(w, gpa, 2)
#define U32(gpa) number(w, gpa, 4)
#define U64(gpa) number(w, gpa, 8)

static bool zero(struct world *w, uint64_t from, uint64_t to)
{
	const uint8_t *p = bytes(w, from, to - from);

	for (uint64_t n = 0; n < to - from; n++)
		if (p[n])
			return false;
	return true;
}

static unsigned sum(struct world *w, uint64_t gpa, uint64_t n)
{
	const uint8_t *p = bytes(w, gpa, n);
	unsigned s = 0;

	while (n--)
		s += *p++;
	return s & 0xff;
}

static void text_is(struct world *w, uint64_t gpa, const char *text)
{
	assert_memory_equal(bytes(w, gpa, strlen(text)), text, strlen(text));
}

/* --- 2.3 --- */

static void start_info_is_the_third_page_from_the_end(void **state)
{
	struct world *w = *state;
	uint64_t s = (w->n - 3) << 14;

	assert_string_equal(bytes(w, s, 32), "xen-3.0-ia64");
	assert_true(zero(w, s + 12, s + 0x20));
	assert_int_equal(U64(s + 0x20), w->n);
	assert_int_equal(U64(s + 0x28), 0);
	assert_int_equal(U32(s + 0x30), 0);
	assert_int_equal(U64(s + 0x38), w->n - 2);
	assert_int_equal(U32(s + 0x40), 7);
	assert_int_equal(U64(s + 0x48), w->n - 1);
	assert_int_equal(U32(s + 0x50), 9);
	assert_true(zero(w, s + 0x58, s + 0x80));
	assert_string_equal(bytes(w, s + 0x80, 1024), "root=/dev/xvda1 quiet");
	assert_true(zero(w, s + 0x480, s + 0x490));
}

static void the_command_line_ends_in_its_field(void **state)
{
	(void)state;
	char line[2048];
	struct dom_boot boot = plain;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	boot.cmdline = line;
	struct world *w = build(8, 1, &boot);
	uint64_t s = (w->n - 3) << 14;
	assert_int_equal(strlen((const char *)bytes(w, s + 0x80, 1024)), 1023);
	assert_int_equal(U64(s + 0x480), 0);
	destroy(w);
	boot.cmdline = NULL;
	w = build(8, 1, &boot);
	assert_true(zero(w, s + 0x80, s + 0x490));
	destroy(w);
}

static void a_ramdisk_is_named_twice(void **state)
{
	(void)state;
	struct dom_boot boot = plain;

	boot.initrd = 0x5004000;
	boot.initrd_size = 12345;
	struct world *w = build(128, 1, &boot);
	uint64_t s = (w->n - 3) << 14, b = s + 0x490;
	assert_int_equal(U64(s + 0x70), 0x5004000);
	assert_int_equal(U64(s + 0x78), 12345);
	assert_int_equal(U64(b + 0x40), 0x5004000);
	assert_int_equal(U64(b + 0x48), 12345);
	destroy(w);
}

static void a_big_endian_kernel_has_its_own_type(void **state)
{
	(void)state;
	struct dom_boot boot = plain;

	boot.big_endian = true;
	struct world *w = build(8, 1, &boot);
	assert_string_equal(bytes(w, (w->n - 3) << 14, 32), "xen-3.0-ia64be");
	assert_int_equal(U64(((w->n - 3) << 14) + 0x20), w->n); /* numbers stay little-endian */
	assert_false(cpu_psr(w->m.cpu[0]) & PSR(BE));
	assert_int_equal(page_get(&w->hv.vcpu[0], PAGE_DCR), 0);
	destroy(w);
}

/* --- 2.4 --- */

static void boot_param_follows_start_info(void **state)
{
	struct world *w = *state;
	uint64_t s = (w->n - 3) << 14, b = s + 0x490;

	assert_int_equal(U64(b + 0x00), s + 0x80);
	assert_int_equal(U64(b + 0x08), 0x2000);
	assert_int_equal(U64(b + 0x10), 0x2380);
	assert_int_equal(U64(b + 0x18), 40 * 6);
	assert_int_equal(U64(b + 0x20), 40);
	assert_int_equal(U32(b + 0x28), 1);
	assert_int_equal(U16(b + 0x2c), 80);
	assert_int_equal(U16(b + 0x2e), 25);
	assert_int_equal(U16(b + 0x30), 0);
	assert_int_equal(U16(b + 0x32), 24);
	assert_int_equal(U64(b + 0x38), 0); /* our processors have no FPSWA */
	assert_true(zero(w, b + 0x40, s + 0x4000));
}

/* --- 2.2 --- */

static void memory_map_is_as_documented(struct world *w)
{
	const uint64_t wb = 8, uc = 1, run = 1ull << 63;
	const uint64_t n = w->n;
	const struct {
		uint64_t type, start, end, attributes;
	} want[] = {{13, 0, 0x1000, wb | run}, {10, 0x1000, 0x2000, wb | run},
		{6, 0x2000, 0x3000, wb | run}, {7, 0x3000, (n - 4) << 14, wb},
		{6, (n - 4) << 14, n << 14, wb},
		{12, 0xffffc000000, 0xffffc000000 + (64 << 20), uc}};

	for (unsigned i = 0; i < countof(want); i++) {
		uint64_t d = 0x2380 + 40 * i;
		assert_int_equal(U32(d), want[i].type);
		assert_int_equal(U64(d + 8), want[i].start);
		assert_int_equal(U64(d + 16), 0);
		assert_int_equal(U64(d + 24), (want[i].end - want[i].start) >> 12);
		assert_int_equal(U64(d + 32), want[i].attributes);
	}
	assert_true(zero(w, 0x2380 + 40 * countof(want), 0x3000));
}

static void the_memory_map_covers_all_sizes(void **state)
{
	(void)state;
	static const uint64_t mb[] = {8, 9, 511, 4096, 98304};

	for (unsigned i = 0; i < countof(mb); i++) {
		struct world *w = build(mb[i], 1, &plain);
		memory_map_is_as_documented(w);
		destroy(w);
	}
}

static void memmap_info_is_for_tools(void **state)
{
	struct world *w = *state;
	uint64_t p = (w->n - 4) << 14;

	assert_int_equal(U64(p), 40);
	assert_int_equal(U64(p + 8), 40);
	assert_int_equal(U32(p + 0x10), 1);
	assert_int_equal(U32(p + 0x18), 7);
	assert_int_equal(U64(p + 0x20), 0);
	assert_int_equal(U64(p + 0x30), w->n << 2);
	assert_int_equal(U64(p + 0x38), 8);
	assert_true(zero(w, p + 0x18 + 40, p + 0x4000));
}

static void between_tables_and_last_pages_nothing_is_written(void **state)
{
	struct world *w = *state;
	assert_true(zero(w, 0x3000, (w->n - 4) << 14));
}

/* --- 2.5, 2.6 --- */

static void shared_info_masks_all_events(void **state)
{
	struct world *w = *state;

	for (unsigned n = 0; n < 64; n++) {
		assert_int_equal(U8(SHARED_INFO + 48 * n), 0);
		assert_int_equal(U8(SHARED_INFO + 48 * n + 1), 1);
		assert_true(zero(w, SHARED_INFO + 48 * n + 2, SHARED_INFO + 48 * n + 48));
	}
	assert_int_equal(U64(SHARED_INFO + 0x1010), w->n - 3);
	assert_int_equal(U32(SHARED_INFO + 0x1018), 0); /* evtchn_vector */
	assert_int_equal(U32(SHARED_INFO + 0x101c), 1);
	assert_int_equal(U64(SHARED_INFO + 0x1020), w->n - 4);
	assert_true(zero(w, SHARED_INFO + 0x1028, SHARED_INFO + 0x4000));
}

static void rings_are_zeroed(void **state)
{
	(void)state;
	struct world *w = build(8, 1, &plain);
	uint64_t ring = (w->n - 2) << 14;
	uint8_t *p = ram_write_ptr(&w->m.ram, GPA(ring), 0x8000);

	memset(p, 0xee, 0x8000);
	dom_fw_build(&w->hv, &plain);
	assert_true(zero(w, ring, ring + 0x8000));
	destroy(w);
}

/* --- 2.8 --- */

static void the_boot_processor_starts_as_documented(void **state)
{
	struct world *w = *state;
	struct hv_vcpu *v = &w->hv.vcpu[0];
	const struct cpu *cpu = w->m.cpu[0];

	assert_int_equal(cpu->ip, ENTRY);
	assert_int_equal(cpu->cpl, 1);
	assert_true(cpu_psr(cpu) & PSR(AC));
	assert_int_equal(page_get(v, PAGE_IC), 1);
	assert_int_equal(page_get(v, PAGE_BANKNUM), 1);
	assert_int_equal(page_get(v, PAGE_METAPHYSICAL), 1);
	assert_int_equal(page_get(v, PAGE_DFH), 0);
	assert_int_equal(page_get(v, PAGE_PENDING), 0);
	assert_int_equal(gr_value(cpu, 28), ((w->n - 3) << 14) + 0x490);
	for (unsigned r = 1; r < 32; r++)
		assert_true(r == 28 || (!gr_value(cpu, r) && !gr_nat(cpu, r)));
	for (unsigned n = 0; n < 8; n++)
		assert_int_equal(cpu->br[n], 0);
	assert_int_equal(cpu->pr, 1);
	assert_int_equal(cpu_cfm(cpu), 0);
	assert_int_equal(cpu->ar[AR_FPSR], 0x0009804c0270033f);
	assert_int_equal(cpu->rse.mode_pl, 1 << 2);
	assert_int_equal(cpu->rse.bspstore, 0);
	assert_int_equal(cpu->rse.rnat, 0);
	for (unsigned n = AR_K0; n < AR_K0 + 8; n++)
		assert_int_equal(cpu->ar[n], 0);
	assert_int_equal(cpu->ar[AR_CCV] | cpu->ar[AR_UNAT] | cpu->ar[AR_PFS] | cpu->ar[AR_LC] |
				 cpu->ar[AR_EC],
		0);
}

/* What both kinds of processor have (2.8). */
static void control_registers_are(struct hv_vcpu *v)
{
	for (unsigned n = 0; n < 8; n++)
		assert_int_equal(page_get_at(v, PAGE_RRS, n), 14 << 2 | (n < 6));
	assert_int_equal(page_get(v, PAGE_PTA), 15 << 2);
	assert_int_equal(page_get(v, PAGE_ITV), 1 << 16);
	assert_int_equal(v->iva, 0);
	assert_int_equal(
		page_get(v, PAGE_MASK_ADDR), v->hv->xsi + 48 * (uint64_t)v->cpu->index + 1);
}

static void control_registers_start_as_documented(void **state)
{
	struct world *w = *state;
	struct hv_vcpu *v = &w->hv.vcpu[0];

	control_registers_are(v);
	assert_int_equal(w->hv.xsi, 0xf500000000000000);
	assert_int_equal(
		U64(MAPPED_REGS + 0xc50), 14 << 2 | 1); /* the page is where it should be */
	for (unsigned n = 1; n < 4; n++)
		assert_true(w->hv.vcpu[n].down);
}

static void other_processors_start_at_the_rendezvous(void **state)
{
	struct world *w = *state;
	struct hv_vcpu *v = &w->hv.vcpu[2];
	const struct cpu *cpu = w->m.cpu[2];

	hv_boot_ap(v, 0x4200000, 0x4567890);
	assert_int_equal(cpu->ip, 0x4200000);
	assert_int_equal(gr_value(cpu, 1), 0x4567890);
	assert_int_equal(cpu->br[0], 0x840);
	assert_int_equal(U8(SHARED_INFO + 48 * 2 + 1), 0xff);
	assert_int_equal(page_get(v, PAGE_METAPHYSICAL), 1);
	assert_int_equal(page_get(v, PAGE_BANKNUM), 1);
	assert_int_equal(page_get(v, PAGE_IC), 0);
	assert_int_equal(cpu->cpl, 1);
	assert_int_equal(cpu_cfm(cpu), 0);
	assert_int_equal(cpu->ar[AR_FPSR], 0x0009804c0270033f);
	assert_int_equal(cpu->rse.mode_pl, 1 << 2);
	control_registers_are(v);
}

/* --- 3.1 --- */

/* The three instructions of the bundle as text, and its template. */
static unsigned bundle(struct world *w, uint64_t gpa, char out[3][80])
{
	struct bundle b = {U64(gpa), U64(gpa + 8)};
	struct insn i;

	for (unsigned n = 0; n < 3; n++) {
		insn_decode(&i, b, n);
		insn_print(out[n], 80, &i, b, gpa);
	}
	return (unsigned)U8(gpa) & 0x1f;
}

static void stub_is(struct world *w, uint64_t gpa, unsigned nr, const char *branch)
{
	char text[3][80], want[80];

	assert_int_equal(bundle(w, gpa, text), 0x11);
	snprintf(want, sizeof(want), "adds r2=%u,r0", nr);
	assert_string_equal(text[0], want);
	assert_string_equal(text[1], "break.i 0x1000");
	assert_string_equal(text[2], branch);
}

static void stubs_call_the_hypervisor(void **state)
{
	struct world *w = *state;

	for (unsigned n = 0; n < 10; n++)
		stub_is(w, 0x100 + 16 * n, 0x300 + n, "br.ret.sptk.many b0");
	stub_is(w, 0x820, 0x1100, "br.ret.sptk.many b0");
	stub_is(w, 0x840, 0x1200, "br.few b0");
}

static void pal_returns_by_its_convention(void **state)
{
	struct world *w = *state;
	char text[3][80];

	assert_int_equal(bundle(w, 0x800, text) & 1, 1);
	assert_string_equal(text[0], "adds r2=4096,r0");
	assert_string_equal(text[1], "adds r9=256,r0");
	assert_string_equal(text[2], "cmp.ltu p7,p8=r28,r9");
	assert_int_equal(bundle(w, 0x810, text) & 1, 1);
	assert_string_equal(text[0], "break.m 0x1000");
	assert_string_equal(text[1], "(p07) br.cond.sptk.few b0");
	assert_string_equal(text[2], "(p08) br.ret.sptk.few b0");
}

static void nothing_else_is_in_the_stub_page(void **state)
{
	struct world *w = *state;

	assert_true(zero(w, 0, 0x100));
	assert_true(zero(w, 0x1a0, 0x800));
	assert_true(zero(w, 0x830, 0x840));
	assert_true(zero(w, 0x850, 0x1000));
}

/* --- 3.2 --- */

static const uint8_t sal_guid[] = {0x32, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00,
	0x90, 0x27, 0x3f, 0xc1, 0x4d};
static const uint8_t acpi_guid[] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22,
	0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};

static void the_efi_system_table_is_at_8k(void **state)
{
	struct world *w = *state;

	text_is(w, 0x2000, "IBI SYST");
	assert_int_equal(U32(0x2008), 1 << 16);
	assert_int_equal(U32(0x200c), 24);
	assert_int_equal(U32(0x2010), 0);
	assert_int_equal(U64(0x2018), 0x2340);
	assert_int_equal(U32(0x2020), 1);
	assert_true(zero(w, 0x2028, 0x2058));
	assert_int_equal(U64(0x2058), 0x2078);
	assert_int_equal(U64(0x2060), 0);
	assert_int_equal(U64(0x2068), 6);
	assert_int_equal(U64(0x2070), 0x20e8);
	assert_memory_equal(bytes(w, 0x20e8, 16), sal_guid, 16);
	assert_int_equal(U64(0x20f8), 0x2178);
	assert_memory_equal(bytes(w, 0x2100, 16), acpi_guid, 16);
	assert_int_equal(U64(0x2110), 0x1000);
	assert_true(zero(w, 0x2118, 0x2178));
	assert_memory_equal(bytes(w, 0x2340, 18), "X\0e\0n\0/\0i\0a\0006\0004\0\0\0", 18);
	assert_true(zero(w, 0x2352, 0x2380));
}

static void runtime_services_are_descriptors(void **state)
{
	struct world *w = *state;
	static const uint16_t order[] = {
		0x2090, 0x2098, 0x20a0, 0x20a8, 0x20b0, 0x20c0, 0x20c8, 0x20d0, 0x20d8, 0x20e0};

	assert_int_equal(U64(0x2078), 0x5652453544e5552);
	assert_int_equal(U32(0x2080), 0x10000);
	assert_int_equal(U64(0x20b8), 0); /* ConvertPointer */
	for (unsigned n = 0; n < countof(order); n++) {
		assert_int_equal(U64(order[n]), 0x2228 + 16 * n);
		assert_int_equal(U64(0x2228 + 16 * n), 0x100 + 16 * n);
		assert_int_equal(U64(0x2230 + 16 * n), 0);
	}
	assert_true(zero(w, 0x2328, 0x2340)); /* xen_sal_data */
}

static void the_sal_table_has_two_entries(void **state)
{
	struct world *w = *state;

	text_is(w, 0x2178, "SST_");
	assert_int_equal(U32(0x217c), 96);
	assert_int_equal(U8(0x2180), 1);
	assert_int_equal(U8(0x2181), 0);
	assert_int_equal(U16(0x2182), 2);
	assert_int_equal(sum(w, 0x2178, 0x2218 - 0x2178), 0);
	text_is(w, 0x2178 + 24, "Xen/ia64");
	text_is(w, 0x2178 + 56, "Xen/ia64");
	assert_int_equal(U8(0x21d8), 0);
	assert_int_equal(U64(0x21e0), 0x800);
	assert_int_equal(U64(0x21e8), 0x820);
	assert_int_equal(U64(0x21f0), 0);
	assert_int_equal(U8(0x2208), 5);
	assert_int_equal(U8(0x2209), 0);
	assert_int_equal(U64(0x2210), 0xf3);
}

/* --- 3.3 --- */

static void header_is(
	struct world *w, uint64_t gpa, const char *name, uint32_t length, uint8_t revision)
{
	text_is(w, gpa, name);
	assert_int_equal(U32(gpa + 4), length);
	assert_int_equal(U8(gpa + 8), revision);
	assert_int_equal(sum(w, gpa, length), 0);
	assert_memory_equal(bytes(w, gpa + 10, 6), "XEN\0\0\0", 6);
	text_is(w, gpa + 16, "Xen/ia64");
	assert_memory_equal(bytes(w, gpa + 28, 4), "XEN\0", 4);
	assert_int_equal(U32(gpa + 32), 0x00040001);
}

static void acpi_tables_are_where_they_should_be(void **state)
{
	struct world *w = *state;

	text_is(w, 0x1000, "RSD PTR ");
	assert_memory_equal(bytes(w, 0x1008 + 1, 6), "XEN\0\0\0", 6);
	assert_int_equal(U8(0x100f), 2);
	assert_int_equal(U32(0x1014), 36);
	assert_int_equal(U64(0x1018), 0x1024);
	assert_int_equal(sum(w, 0x1000, 20), 0);
	assert_int_equal(sum(w, 0x1000, 36), 0);
	header_is(w, 0x1024, "XSDT", 52, 1);
	assert_int_equal(U64(0x1048), 0x1058);
	assert_int_equal(U64(0x1050), 0x1478);
	header_is(w, 0x1058, "FACP", 244, 3);
	header_is(w, 0x118c, "DSDT", 82, 1);
	text_is(w, 0x114c, "FACS");
	assert_int_equal(U32(0x1150), 64);
	assert_int_equal(U8(0x114c + 32), 1);
}

/* Offsets in the FADT: ACPI 2.0, table 5-5. */
static void the_fadt_has_registers_in_plain_memory(void **state)
{
	struct world *w = *state;
	const uint64_t f = 0x1058;

	assert_int_equal(U64(f + 132), 0x114c); /* X_FIRMWARE_CTRL */
	assert_int_equal(U64(f + 140), 0x118c); /* X_DSDT */
	assert_int_equal(U8(f + 148), 0);	/* X_PM1a_EVT_BLK: system memory */
	assert_int_equal(U8(f + 149), 32);
	assert_int_equal(U64(f + 152), 0x17a4);
	assert_int_equal(U64(f + 164), 0);
	assert_int_equal(U8(f + 173), 8); /* X_PM1a_CNT_BLK */
	assert_int_equal(U64(f + 176), 0x17a8);
	assert_int_equal(U8(f + 209), 32); /* X_PM_TMR_BLK */
	assert_int_equal(U64(f + 212), 0x17a9);
	assert_int_equal(U8(f + 88), 4); /* PM1_EVT_LEN */
	assert_int_equal(U8(f + 89), 1); /* PM1_CNT_LEN */
	assert_int_equal(U8(f + 91), 4); /* PM_TMR_LEN */
	assert_true(zero(w, 0x17a4, 0x17b0));
}

static void the_madt_has_all_slots_and_enables_what_is_there(void **state)
{
	(void)state;
	static const unsigned count[] = {1, 4, 64};

	for (unsigned i = 0; i < countof(count); i++) {
		struct world *w = build(8, count[i], &plain);
		header_is(w, 0x1478, "APIC", 44 + 12 * count[i], 2);
		assert_int_equal(U64(0x1478 + 36), 0);
		for (unsigned n = 0; n < 64; n++) {
			uint64_t e = 0x14a4 + 12 * n;
			assert_int_equal(U8(e), 7);
			assert_int_equal(U8(e + 1), 12);
			assert_int_equal(U8(e + 2), n);
			assert_int_equal(U8(e + 3), n);
			assert_int_equal(U8(e + 4), 0);
			assert_int_equal(U32(e + 8), n < count[i]);
		}
		destroy(w);
	}
}

static void the_dsdt_has_three_processors(void **state)
{
	struct world *w = *state;
	const uint64_t aml = 0x11b0;

	assert_int_equal(U8(aml), 0x10); /* Scope */
	text_is(w, aml + 2, "\\_SB_");
	for (unsigned n = 0; n < 3; n++) {
		char name[8];
		snprintf(name, sizeof(name), "CPU%u", n);
		assert_int_equal(U16(aml + 7 + 13 * n), 0x835b); /* Processor */
		text_is(w, aml + 10 + 13 * n, name);
		assert_int_equal(U8(aml + 14 + 13 * n), n);
	}
	assert_true(zero(w, aml + 46, 0x1478));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(start_info_is_the_third_page_from_the_end),
		cmocka_unit_test(the_command_line_ends_in_its_field),
		cmocka_unit_test(a_ramdisk_is_named_twice),
		cmocka_unit_test(a_big_endian_kernel_has_its_own_type),
		TEST(boot_param_follows_start_info),
		cmocka_unit_test(the_memory_map_covers_all_sizes),
		TEST(memmap_info_is_for_tools),
		TEST(between_tables_and_last_pages_nothing_is_written),
		TEST(shared_info_masks_all_events),
		cmocka_unit_test(rings_are_zeroed),
		TEST(the_boot_processor_starts_as_documented),
		TEST(control_registers_start_as_documented),
		TEST(other_processors_start_at_the_rendezvous),
		TEST(stubs_call_the_hypervisor),
		TEST(pal_returns_by_its_convention),
		TEST(nothing_else_is_in_the_stub_page),
		TEST(the_efi_system_table_is_at_8k),
		TEST(runtime_services_are_descriptors),
		TEST(the_sal_table_has_two_entries),
		TEST(acpi_tables_are_where_they_should_be),
		TEST(the_fadt_has_registers_in_plain_memory),
		cmocka_unit_test(the_madt_has_all_slots_and_enables_what_is_there),
		TEST(the_dsdt_has_three_processors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
