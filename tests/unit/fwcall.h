/* SPDX-License-Identifier: MIT */
/* Calling firmware as a kernel does: registers by convention, the processor runs the entry's
 * bundle, and the call is over when it stands at the return address. */
#ifndef TESTS_FWCALL_H
#define TESTS_FWCALL_H

#include "board.h"
#include "cpu/rse.h"
#include "fw/layout.h"

#define FWCALL_RETURN FW_ENTRY_ADDRESS(FW_ENTRY_OS_RETURN)

static inline uint64_t fwcall_result(struct board *b, unsigned n)
{
	return gr_value(b->m.cpu[0], 8 + n);
}

/* Runs from ip, serving firmware calls, until the processor stands at the return address. Returns
 * the last action. */
static inline enum fw_action fwcall_run(struct board *b, uint64_t ip)
{
	struct cpu *cpu = b->m.cpu[0];
	enum fw_action a = FW_CONTINUE;
	cpu->br[0] = FWCALL_RETURN;
	cpu->ip = ip;
	cpu->ri = 0;
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(cpu_run(cpu, 1000), EXIT_FIRMWARE);
		if (cpu->exit_arg == FW_ENTRY_OS_RETURN)
			return a;
		a = fw_call(&b->fw, cpu, cpu->exit_arg);
		if (a != FW_CONTINUE && a != FW_HALT)
			return a;
	}
	fail_msg("the call does not return");
	return a;
}

static inline int64_t fwcall_pal(
	struct board *b, uint64_t index, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct cpu *cpu = b->m.cpu[0];
	const uint64_t args[] = {index, a1, a2, a3};
	bool stacked = index & 256;
	cpu_set_cfm(cpu, stacked ? 4 : 0);
	for (unsigned i = 0; i < 4; i++)
		gr_set(cpu, (stacked ? 32 : 28) + i, args[i], 0);
	gr_set(cpu, 28, index, 0);
	cpu->ar[AR_PFS] = 0;
	fwcall_run(b, FW_PAL_BASE);
	return (int64_t)fwcall_result(b, 0);
}

/* SAL and EFI: up to eight arguments. */
static inline enum fw_action fwcall_stacked(struct board *b, uint64_t entry, const uint64_t a[8])
{
	struct cpu *cpu = b->m.cpu[0];
	cpu_set_cfm(cpu, 8);
	for (unsigned i = 0; i < 8; i++)
		gr_set(cpu, 32 + i, a[i], 0);
	cpu->ar[AR_PFS] = 0;
	return fwcall_run(b, entry);
}

#define fwcall_sal(b, ...)                                                                         \
	(fwcall_stacked(b, FW_ENTRY_ADDRESS(FW_ENTRY_SAL), (const uint64_t[8]){__VA_ARGS__}),      \
		(int64_t)fwcall_result(b, 0))

/* Through the runtime services table and the function descriptor, as an OS finds them. */
static inline uint64_t fwcall_efi_entry(struct board *b, unsigned service)
{
	uint64_t systab = board_ram64(b, b->fw.boot_param + 8);
	uint64_t runtime = board_ram64(b, systab + 88);
	return board_ram64(b, board_ram64(b, runtime + 24 + 8 * service));
}
#define fwcall_efi(b, service, ...)                                                                \
	(fwcall_stacked(b, fwcall_efi_entry(b, service), (const uint64_t[8]){__VA_ARGS__}),        \
		fwcall_result(b, 0))

#endif
