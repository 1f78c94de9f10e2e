/* SPDX-License-Identifier: MIT */
/*
 * Firmware calls: from the entry's number to the handler and back into guest registers. PAL's
 * static convention passes arguments in r28-r31 and returns by a plain branch; everything else
 * is called with br.call and finds them in r32 onwards (2:340, SAL 3.2, EFI 2.3).
 */
#include "fw/fw.h"

#include <errno.h>
#include <stdio.h>

#include "base/stream.h"
#include "dev/platform.h"
#include "fw/call.h"
#include "fw/layout.h"

static const struct guid global_variable =
	GUID(0x8be4df61, 0x93ca, 0x11d2, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c);

static int set_default(struct fw *fw, const char *name, const void *data, uint32_t size)
{
	uint16_t wide[32];
	uint32_t n = 0;
	do
		wide[n] = (uint8_t)name[n];
	while (name[n++]);
	return variables_set(&fw->variables, wide, n, &global_variable,
		VARIABLE_NON_VOLATILE | VARIABLE_BOOT | VARIABLE_RUNTIME, data, size);
}

/* A device path: ACPI PNP0501 unit 0, UART 115200 8N1, end (EFI 1.10, 8.3). */
static const uint8_t console_path[] = {2, 1, 12, 0, 0xd0, 0x41, 0x01, 0x05, 0, 0, 0,
	0,								    /* PNP0501, 0 */
	3, 14, 19, 0, 0, 0, 0, 0, 0x00, 0xc2, 0x01, 0, 0, 0, 0, 0, 8, 1, 1, /* UART */
	0x7f, 0xff, 4, 0};

static int default_variables(struct fw *fw)
{
	static const char *const consoles[] = {"ConIn", "ConOut", "ErrOut"};
	static const uint8_t timeout[] = {0, 0};
	int r = set_default(fw, "Lang", "eng", 3);
	if (!r)
		r = set_default(fw, "Timeout", timeout, sizeof(timeout));
	for (unsigned i = 0; i < countof(consoles) && !r; i++)
		r = set_default(fw, consoles[i], console_path, sizeof(console_path));
	return r;
}

int fw_init(struct fw *fw, struct machine *m, struct platform *p)
{
	*fw = (struct fw){.machine = m, .platform = p, .time_zone = 0x7ff};
	pthread_mutex_init(&fw->lock, NULL);
	int r = default_variables(fw);
	if (r)
		fw_free(fw);
	return r;
}

void fw_free(struct fw *fw)
{
	variables_free(&fw->variables);
	pthread_mutex_destroy(&fw->lock);
}

/* The guest takes the fault a pointer of its met; then the entry's break runs again. */
static enum fw_action restart(struct cpu *cpu)
{
	cpu->ri = 0;
	cpu_deliver(cpu);
	return FW_CONTINUE;
}

static void stacked_arguments(struct fw_call *c)
{
	for (unsigned i = 0; i < countof(c->arg) && i < c->cpu->sof; i++)
		c->arg[i] = gr_value(c->cpu, 32 + i);
}

static enum fw_action finish(struct fw_call *c, unsigned results)
{
	if (c->faulted)
		return restart(c->cpu);
	if (c->resumed)
		return FW_CONTINUE;
	for (unsigned i = 0; i < results; i++)
		gr_set(c->cpu, 8 + i, c->ret[i], 0);
	return c->action;
}

/* Index ranges of the two conventions (2:341). */
static bool pal_is_stacked(uint64_t index)
{
	return index < 1024 && index & 256;
}

static enum fw_action call_pal(struct fw_call *c)
{
	struct cpu *cpu = c->cpu;
	bool stacked = pal_is_stacked(gr_value(cpu, 28));
	if (stacked)
		stacked_arguments(c);
	for (unsigned i = 0; i < 4 && !stacked; i++)
		c->arg[i] = gr_value(cpu, 28 + i);
	c->arg[0] = gr_value(cpu, 28);
	c->ret[0] = (uint64_t)pal_call(c);
	enum fw_action action = finish(c, 4);
	if (!stacked && !c->faulted && !c->resumed) {
		cpu->ip = cpu->br[0] & ~15ull;
		cpu->ri = 0;
	}
	return action;
}

static enum fw_action call_sal(struct fw_call *c)
{
	stacked_arguments(c);
	pthread_mutex_lock(&c->fw->lock);
	c->ret[0] = (uint64_t)sal_call(c);
	pthread_mutex_unlock(&c->fw->lock);
	return finish(c, 4);
}

static enum fw_action call_efi(struct fw_call *c, unsigned service)
{
	stacked_arguments(c);
	pthread_mutex_lock(&c->fw->lock);
	c->ret[0] = efi_call(c, service);
	pthread_mutex_unlock(&c->fw->lock);
	return finish(c, 1);
}

/* Our processors need no software assistance, so the handler is never needed; it refuses. */
static enum fw_action call_fpswa(struct fw_call *c)
{
	c->ret[0] = (uint64_t)-1;
	return finish(c, 4);
}

static const char *vector_name(uint64_t offset)
{
	for (unsigned f = FAULT_NONE + 1; f < FAULT_COUNT; f++)
		if (fault_vector((enum fault)f) == offset)
			return fault_name((enum fault)f);
	return "reserved";
}

static enum fw_action crash(struct fw *fw, struct cpu *cpu, const char *why)
{
	char *reason = fw->cpu[cpu->index].reason;
	snprintf(reason, sizeof(fw->cpu[0].reason), "%s", why);
	cpu->exit_text = reason;
	return FW_CRASH;
}

static enum fw_action call_vector(struct fw *fw, struct cpu *cpu, uint64_t offset)
{
	char *reason = fw->cpu[cpu->index].reason;
	snprintf(reason, sizeof(fw->cpu[0].reason),
		"%s fault at 0x%llx before the system set cr.iva", vector_name(offset),
		(unsigned long long)cpu->cr[CR_IIP]);
	cpu->exit_text = reason;
	return FW_CRASH;
}

static enum fw_action call_entry(struct fw *fw, struct cpu *cpu, uint64_t entry)
{
	struct fw_call c = {.fw = fw, .cpu = cpu};
	if (entry >= FW_ENTRY_VECTOR && entry < FW_ENTRY_VECTOR + 0x80)
		return call_vector(fw, cpu, (entry - FW_ENTRY_VECTOR) << 8);
	if (entry >= FW_ENTRY_EFI && entry < FW_ENTRY_EFI + EFI_SERVICES)
		return call_efi(&c, (unsigned)entry - FW_ENTRY_EFI);
	switch (entry) {
	case FW_ENTRY_PAL:
		return call_pal(&c);
	case FW_ENTRY_SAL:
		return call_sal(&c);
	case FW_ENTRY_AP_WAIT:
		return fw_ap_wait(fw, cpu);
	case FW_ENTRY_FPSWA:
		return call_fpswa(&c);
	case FW_ENTRY_OS_RETURN:
		return crash(fw, cpu, "the kernel returned to its boot loader");
	case FW_ENTRY_INIT_RETURN:
		return fw_init_return(fw, cpu);
	default:
		return crash(fw, cpu, "break in the firmware area that is no entry point");
	}
}

/* The caller's translations are read and a fault may be delivered: other processors' purges wait.
 */
enum fw_action fw_call(struct fw *fw, struct cpu *cpu, uint64_t entry)
{
	cpu_enter(cpu);
	enum fw_action action = call_entry(fw, cpu, entry);
	cpu_leave(cpu);
	return action;
}

static void save_shared(const struct fw *fw, struct stream *s)
{
	stream_put_u64(s, fw->entry);
	stream_put_u64(s, fw->boot_param);
	for (unsigned i = 0; i < FW_OS_VECTORS; i++) {
		stream_put_u64(s, fw->vector[i].ip);
		stream_put_u64(s, fw->vector[i].gp);
	}
	stream_put_u64(s, fw->in_init);
	stream_put_u64(s, fw->virtual_mode);
	stream_put_u64(s, (uint64_t)fw->time_offset);
	stream_put_u64(s, (uint16_t)fw->time_zone);
	stream_put_u64(s, fw->daylight);
	stream_put_u64(s, fw->monotonic);
}

static void load_shared(struct fw *fw, struct stream *s)
{
	fw->entry = stream_get_u64(s);
	fw->boot_param = stream_get_u64(s);
	for (unsigned i = 0; i < FW_OS_VECTORS; i++) {
		fw->vector[i].ip = stream_get_u64(s);
		fw->vector[i].gp = stream_get_u64(s);
	}
	fw->in_init = stream_get_u64(s);
	fw->virtual_mode = stream_get_max(s, 1, "EFI mode");
	fw->time_offset = (int64_t)stream_get_u64(s);
	fw->time_zone = (int16_t)stream_get_max(s, 0xffff, "time zone");
	fw->daylight = (uint8_t)stream_get_max(s, 3, "daylight");
	fw->monotonic = (uint32_t)stream_get_max(s, UINT32_MAX, "monotonic count");
}

void fw_save(struct fw *fw, struct stream *s)
{
	pthread_mutex_lock(&fw->lock);
	stream_begin(s, "fw", 1);
	save_shared(fw, s);
	for (unsigned i = 0; i < fw->machine->cpus; i++) {
		const struct fw_cpu *p = &fw->cpu[i];
		stream_put_u64(s, p->waiting | (unsigned)p->mc_expected << 1);
		stream_put_u64(s, p->min_state);
	}
	stream_end(s);
	variables_save(&fw->variables, s);
	pthread_mutex_unlock(&fw->lock);
}

void fw_load(struct fw *fw, struct stream *s)
{
	pthread_mutex_lock(&fw->lock);
	if (stream_open(s, "fw", 1)) {
		load_shared(fw, s);
		for (unsigned i = 0; i < fw->machine->cpus; i++) {
			uint64_t flags = stream_get_max(s, 3, "processor flags");
			fw->cpu[i].waiting = flags & 1;
			fw->cpu[i].mc_expected = flags >> 1;
			fw->cpu[i].min_state = stream_get_u64(s);
		}
		stream_close(s);
		variables_load(&fw->variables, s);
	}
	pthread_mutex_unlock(&fw->lock);
}
