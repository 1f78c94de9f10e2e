/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as code of a paravirtual kernel, any contents of the pages it shares with the
 * hypervisor: whatever hyperprivops and privileged instructions find there, the host is not hurt.
 * Bytes: how it starts, how many fields of the page are written, those fields, the code.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hv/pv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM_SIZE   (16ull << 20)
#define CODE	   0x100000
#define BUDGET	   3000
#define ROUNDS	   8
#define FIELD_SIZE 10

struct world {
	struct machine m;
	struct hv hv;
};

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	char error[200];

	assert(w);
	w->m.model = cpu_model_find("montvale");
	clock_init(&w->m.clock, true);
	ram_add_slot(&w->m.ram, 0, RAM_SIZE);
	w->m.cpu[0] = cpu_new(&w->m, 0);
	w->m.cpus = 1;
	if (hv_init(&w->hv, &w->m, 1, error, sizeof(error)))
		abort();
	return w;
}

/* Numbers that mean something now and then: pointers into RAM and the shared pages, small ones. */
static void set_registers(struct cpu *cpu)
{
	static const uint64_t seed[4] = {0x100000, 0xfffffffffff04400, 3, 0x9e3779b97f4a7c15};

	for (unsigned r = 1; r < 32; r++)
		cpu->gr[r] = seed[r % 4] + r * 8;
}

static const uint8_t *set_page(struct hv_vcpu *v, const uint8_t *data, const uint8_t *end)
{
	unsigned n = *data++;

	for (; n > 0 && end - data >= FIELD_SIZE; n--, data += FIELD_SIZE) {
		unsigned offset = (data[0] | (unsigned)data[1] << 8) & 0xff8;
		memcpy(v->regs + offset, data + 2, 8);
	}
	return data;
}

static void run(struct world *w)
{
	struct cpu *cpu = w->m.cpu[0];

	for (unsigned n = 0; n < ROUNDS; n++) {
		enum exit e = cpu_run(cpu, BUDGET);
		clock_advance(&w->m.clock, BUDGET);
		if (e == EXIT_CRASH)
			break;
		if (e == EXIT_HYPERCALL && n % 2)
			hv_call_again(cpu);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	const uint8_t *end = data + size;

	if (!w)
		w = world_new();
	if (size < 18)
		return 0;
	hv_reset(&w->hv);
	hv_boot_cpu(&w->hv, CODE, 0);
	set_registers(w->m.cpu[0]);
	w->hv.xsi = 0xfffffffffff00000;
	w->hv.vcpu[0].iva = data[0] & 1 ? CODE : 0;
	w->hv.vcpu[0].callback = data[0] & 2 ? CODE : 0;
	w->hv.identity.on = data[0] & 4;
	w->hv.shared_info[0] = data[0] >> 3 & 1;
	if (data[0] & 16)
		cpu_set_cfm(w->m.cpu[0], 40 | 20 << 7);
	data = set_page(&w->hv.vcpu[0], data + 1, end);
	ram_write(&w->m.ram, GPA(CODE), data, (size_t)(end - data));
	run(w);
	return 0;
}
