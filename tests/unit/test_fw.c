/* SPDX-License-Identifier: MIT */
/*
 * PAL, SAL, start of processors and INIT. Calls are made by the emulated processor through the
 * entry points; objdump judges their bundles.
 */
#include "fwcall.h"

#include <stdio.h>
#include <unistd.h>

#define BUFFER 0x200000ull

static int setup(void **state)
{
	struct board *b = board_new(2, 256ull << 20, NULL);
	board_build_fw(b, "console=ttyS0 quiet");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	board_delete(*state);
	return 0;
}

/* --- entry points --- */

static void disassemble(struct board *b, uint64_t at, char *text, size_t size)
{
	char path[] = "/tmp/epixen-fw-XXXXXX", cmd[200];
	uint8_t code[16];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ram_read(&b->m.ram, GPA(at), code, 16), 0);
	assert_int_equal(write(fd, code, 16), 16);
	close(fd);
	snprintf(cmd, sizeof(cmd), "ia64-linux-gnu-objdump -D -b binary -m ia64 %s", path);
	FILE *p = popen(cmd, "r");
	assert_non_null(p);
	size_t n = fread(text, 1, size - 1, p);
	text[n] = 0;
	assert_int_equal(pclose(p), 0);
	unlink(path);
}

static void entries_are_what_objdump_reads(void **state)
{
	struct board *b = *state;
	char text[4096];
	if (system("ia64-linux-gnu-objdump -v >/dev/null 2>&1"))
		skip();
	disassemble(b, FW_PAL_BASE, text, sizeof(text));
	assert_non_null(strstr(text, "[MIB]       break.m 0x1f0000"));
	assert_non_null(strstr(text, "nop.i 0x0"));
	assert_non_null(strstr(text, "br.ret.sptk.few b0;;"));
	disassemble(b, FW_ENTRY_ADDRESS(FW_ENTRY_SAL), text, sizeof(text));
	assert_non_null(strstr(text, "break.m 0x1f0001"));
	disassemble(b, FW_ENTRY_ADDRESS(FW_ENTRY_AP_WAIT), text, sizeof(text));
	assert_non_null(strstr(text, "break.m 0x1f0002"));
	assert_non_null(strstr(text, "br.few 0x0;;"));
	disassemble(b, FW_IVT_BASE + 0x7f00, text, sizeof(text));
	assert_non_null(strstr(text, "break.m 0x1f017f"));
}

static void a_static_call_returns_by_a_plain_branch(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	cpu->ar[AR_PFS] = 5ull << 7 | 7; /* a br.ret would restore this frame */
	assert_int_equal(fwcall_pal(b, 19, 0, 0, 0), 0);
	assert_int_equal(fwcall_result(b, 1), 96);
	assert_int_equal(cpu->sof, 0);
}

static void unknown_procedures_do_not_exist(void **state)
{
	struct board *b = *state;
	static const uint64_t missing[] = {
		0, 30, 33, 35, 36, 40, 44, 50, 255, 256, 259, 260, 262, 263, 266, 276, 300, 1000};
	for (unsigned i = 0; i < countof(missing); i++)
		assert_int_equal(fwcall_pal(b, missing[i], 0, 0, 0), -1);
}

static void a_fault_before_the_system_has_vectors_is_named(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	cpu->ip = 0x4000000; /* memory is zero: template 0, break.m 0 */
	assert_int_equal(cpu_run(cpu, 100), EXIT_FIRMWARE);
	assert_int_equal(fw_call(&b->fw, cpu, cpu->exit_arg), FW_CRASH);
	assert_non_null(strstr(cpu->exit_text, "break instruction"));
	assert_non_null(strstr(cpu->exit_text, "0x4000000"));
}

static void a_kernel_that_returns_crashes(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	cpu->ip = cpu->br[0];
	assert_int_equal(cpu_run(cpu, 100), EXIT_FIRMWARE);
	assert_int_equal(fw_call(&b->fw, cpu, cpu->exit_arg), FW_CRASH);
	assert_non_null(strstr(cpu->exit_text, "returned"));
	assert_int_equal(fw_call(&b->fw, cpu, 0xffff), FW_CRASH);
}

/* --- PAL --- */

static void virtual_memory_is_that_of_the_model(void **state)
{
	(void)state;
	for (unsigned i = 0; i < cpu_model_count; i++) {
		const struct cpu_model *m = &cpu_models[i];
		struct board *b = board_new(1, 256ull << 20, m->name);
		board_build_fw(b, "");
		assert_int_equal(fwcall_pal(b, 8, 0, 0, 0), 0);
		uint64_t v1 = fwcall_result(b, 1), v2 = fwcall_result(b, 2);
		assert_int_equal(v1 >> 1 & 127, m->pa_bits);
		assert_int_equal(v1 >> 8 & 255, m->key_bits);
		assert_int_equal(v1 >> 16 & 255, m->pkrs - 1);
		assert_int_equal(v1 >> 32 & 255, m->dtrs - 1);
		assert_int_equal(v1 >> 40 & 255, m->itrs - 1);
		assert_int_equal(v2 & 255, m->va_bits - 1);
		assert_int_equal(v2 >> 8 & 255, m->rid_bits);
		assert_int_equal(fwcall_pal(b, 34, 0, 0, 0), 0);
		assert_int_equal(fwcall_result(b, 1), m->page_sizes);
		/* as many cache levels and types as the summary says */
		unsigned found = 0;
		for (unsigned level = 0; level < 8; level++)
			for (unsigned type = 0; type < 4; type++)
				found += fwcall_pal(b, 7, level, type, 0) == 0;
		assert_int_equal(found, v1 >> 48 & 255);
		assert_int_equal(fwcall_pal(b, 11, 0, 0, 0), 0);
		assert_int_equal(fwcall_result(b, 1), m->ibrs);
		assert_int_equal(fwcall_result(b, 2), m->dbrs);
		board_delete(b);
	}
}

static void frequencies_give_an_itc_of_1_ghz(void **state)
{
	struct board *b = *state;
	assert_int_equal(fwcall_sal(b, 0x01000012, 0), 0);
	uint64_t base = fwcall_result(b, 1);
	assert_int_equal(fwcall_pal(b, 13, 0, 0, 0), 0);
	assert_int_equal(fwcall_result(b, 1), base);
	assert_int_equal(fwcall_pal(b, 14, 0, 0, 0), 0);
	uint64_t itc = fwcall_result(b, 3);
	assert_int_equal(base * (itc >> 32) / (uint32_t)itc, 1000000000);
	assert_int_equal(fwcall_sal(b, 0x01000012, 9), -2);
}

static void caches_are_consistent(void **state)
{
	struct board *b = *state;
	assert_int_equal(fwcall_pal(b, 4, 0, 0, 0), 0);
	uint64_t levels = fwcall_result(b, 1), unique = fwcall_result(b, 2), found = 0;
	for (unsigned level = 0; level < 8; level++)
		for (unsigned type = 1; type < 3; type++) {
			if (fwcall_pal(b, 2, level, type, 0))
				continue;
			uint64_t c1 = fwcall_result(b, 1), c2 = fwcall_result(b, 2);
			assert_true(level < levels);
			assert_int_equal(c1 & 1, level > 0);
			/* lines and ways divide the size */
			assert_int_equal((uint32_t)c2 % ((c1 >> 8 & 255) << (c1 >> 16 & 255)), 0);
			assert_int_equal(fwcall_pal(b, 38, level, type, 0), 0);
			assert_int_equal(fwcall_pal(b, 43, level, type, ~0ull), 0);
			assert_int_equal(fwcall_result(b, 1), 1);
			found++;
		}
	assert_int_equal(found, unique);
}

static void answers_go_to_buffers(void **state)
{
	struct board *b = *state;
	char text[128];
	assert_int_equal(fwcall_pal(b, 274, 0, BUFFER, 0), 0);
	ram_read(&b->m.ram, GPA(BUFFER), text, sizeof(text));
	assert_string_equal(text, b->m.model->text);
	assert_int_equal(fwcall_pal(b, 257, BUFFER, 0, 0), 0);
	assert_int_equal(board_ram64(b, BUFFER) >> 60 & 1, 1);
	for (unsigned i = 1; i < 8; i++)
		assert_int_equal(board_ram64(b, BUFFER + 8 * i), 0);
	assert_int_equal(fwcall_pal(b, 15, BUFFER, 0, 0), 0);
	assert_int_equal(fwcall_result(b, 1) & 255, b->m.model->pmds);
	assert_int_equal(board_ram64(b, BUFFER), (1ull << (4 + b->m.model->pmcs)) - 1);
	/* there is no memory at the VGA hole: refused, nothing else */
	assert_int_equal(fwcall_pal(b, 15, 0xa0000, 0, 0), -2);
	assert_int_equal(fwcall_pal(b, 274, 0, 0xdead0000, 0), -2);
}

static void translation_registers_can_be_read_back(void **state)
{
	struct board *b = *state;
	struct mmu *m = &b->m.cpu[0]->mmu;
	mmu_write_rr(m, 5, 0x77 << 8 | 14 << 2);
	mmu_itr(m, false, 3, 0xa000000123450000, 0x99 << 8 | 16 << 2, 0x0010000004560661);
	assert_int_equal(fwcall_pal(b, 261, 3, 1, BUFFER), 0);
	assert_int_equal(fwcall_result(b, 1) & 1, 1);
	assert_int_equal(board_ram64(b, BUFFER), 0x0010000004560661);
	assert_int_equal(board_ram64(b, BUFFER + 8), 0x99 << 8 | 16 << 2);
	assert_int_equal(board_ram64(b, BUFFER + 16) & 0x1ffffffffffff000, 0x123450000);
	assert_int_equal(board_ram64(b, BUFFER + 24) >> 8, 0x77);
	assert_int_equal(fwcall_pal(b, 261, 4, 1, BUFFER), 0);
	assert_int_equal(fwcall_result(b, 1), 0);
	assert_int_equal(fwcall_pal(b, 261, b->m.model->dtrs, 1, BUFFER), -2);
	assert_int_equal(fwcall_pal(b, 261, 0, 2, BUFFER), -2);
}

static void halt_light_halts(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	gr_set(cpu, 28, 29, 0);
	cpu->ip = FW_PAL_BASE;
	assert_int_equal(cpu_run(cpu, 100), EXIT_FIRMWARE);
	assert_int_equal(fw_call(&b->fw, cpu, cpu->exit_arg), FW_HALT);
	assert_int_equal(cpu->ip, cpu->br[0]);
	assert_int_equal(gr_value(cpu, 8), 0);
}

static void fixed_addresses_cannot_be_moved(void **state)
{
	struct board *b = *state;
	assert_int_equal(fwcall_pal(b, 16, 0, 0x80000000fee00000, 0), 0);
	assert_int_equal(fwcall_pal(b, 16, 1, 0xe0000000, 0), 0);
	assert_int_equal(fwcall_pal(b, 16, 0, 0x12300000, 0), -3);
	assert_int_equal(fwcall_pal(b, 16, 2, 0, 0), -2);
}

/* --- SAL --- */

static void sal_reaches_pci_configuration(void **state)
{
	struct board *b = *state;
	assert_int_equal(fwcall_sal(b, 0x01000010, 0, 4, 0), 0);
	assert_int_equal(fwcall_result(b, 1), 0x84e08086);
	assert_int_equal(fwcall_sal(b, 0x01000010, 2, 2, 1), 0);
	assert_int_equal(fwcall_result(b, 1), 0x84e0);
	assert_int_equal(fwcall_sal(b, 0x01000010, 1 << 11, 4, 0), 0);
	assert_int_equal(fwcall_result(b, 1), 0xffffffff);
	assert_int_equal(fwcall_sal(b, 0x01000011, 4, 2, 1, 0), 0);
	assert_int_equal(fwcall_sal(b, 0x01000010, 4, 1, 0), 0);
	assert_int_equal(fwcall_result(b, 1), 1);
	assert_int_equal(fwcall_sal(b, 0x01000010, 1, 4, 0), -2);
	assert_int_equal(fwcall_sal(b, 0x01000010, 0, 3, 0), -2);
	assert_int_equal(fwcall_sal(b, 0x01000010, 0, 4, 2), -2);
}

static void sal_has_no_errors_to_tell(void **state)
{
	struct board *b = *state;
	for (unsigned type = 0; type < 4; type++) {
		assert_int_equal(fwcall_sal(b, 0x01000001, type, 0, BUFFER), -5);
		assert_int_equal(fwcall_sal(b, 0x01000002, type), 0);
		assert_true(fwcall_result(b, 1) > 0);
		assert_int_equal(fwcall_sal(b, 0x01000003, type), 0);
	}
	assert_int_equal(fwcall_sal(b, 0x01000001, 4), -2);
	assert_int_equal(fwcall_sal(b, 0x01000005, 1, 1, 0xe8, 0, 0), 0);
	assert_int_equal(fwcall_sal(b, 0x01000008, 3), 0);
	assert_int_equal(fwcall_sal(b, 0x02000000), -1);
}

/* --- start of processors --- */

static void the_boot_processor_starts_as_a_loader_leaves_it(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	assert_int_equal(cpu->ip, BOARD_KERNEL);
	uint64_t psr = cpu_psr(cpu);
	assert_int_equal(psr & (PSR(DT) | PSR(RT) | PSR(IT) | PSR(I) | 3ull << PSR_CPL_BIT), 0);
	assert_true(psr & PSR(BN));
	assert_int_equal(cpu_cfm(cpu), 0);
	assert_int_equal(cpu->rse.mode_pl, 0);
	uint64_t bp = gr_value(cpu, 28);
	char cmdline[64];
	assert_int_equal(ram_read(&b->m.ram, GPA(board_ram64(b, bp)), cmdline, sizeof(cmdline)), 0);
	assert_string_equal(cmdline, "console=ttyS0 quiet");
	assert_int_equal(board_ram64(b, bp + 0x40), 0x8000000);
	assert_int_equal(board_ram64(b, bp + 0x48), 0x10001);
	assert_int_equal(board_ram64(b, board_ram64(b, bp + 8)), 0x5453595320494249);
}

/* Runs the second processor to its next firmware call and returns what that says. */
static enum fw_action step_ap(struct board *b)
{
	struct cpu *cpu = b->m.cpu[1];
	enum exit e = cpu_run(cpu, 100);
	if (e == EXIT_KICK)
		e = cpu_run(cpu, 100);
	assert_int_equal(e, EXIT_FIRMWARE);
	assert_int_equal(cpu->exit_arg, FW_ENTRY_AP_WAIT);
	return fw_call(&b->fw, cpu, cpu->exit_arg);
}

static void a_waiting_processor_starts_at_the_rendezvous(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[1];
	assert_int_equal(step_ap(b), FW_HALT);
	/* a wake-up before the OS said where to go is lost */
	board_write(b, MAP_PIB_BASE + 0x1000, 8, FW_WAKEUP_VECTOR);
	assert_int_equal(sapic_highest(cpu), FW_WAKEUP_VECTOR);
	assert_int_equal(step_ap(b), FW_HALT);
	assert_int_equal(sapic_highest(cpu), -1);
	assert_int_equal(fwcall_sal(b, 0x01000000, 2, 0x4000100, 0x5000000), 0);
	/* other interrupts are taken and forgotten */
	board_write(b, MAP_PIB_BASE + 0x1000, 8, 0x40);
	assert_int_equal(step_ap(b), FW_HALT);
	assert_int_equal(sapic_highest(cpu), -1);
	board_write(b, MAP_PIB_BASE + 0x1000, 8, FW_WAKEUP_VECTOR);
	assert_int_equal(step_ap(b), FW_CONTINUE);
	assert_int_equal(cpu->ip, 0x4000100);
	assert_int_equal(gr_value(cpu, 1), 0x5000000);
	assert_int_equal(cpu_psr(cpu) & (PSR(DT) | PSR(IT) | PSR(I)), 0);
	assert_int_equal(sapic_highest(cpu), -1);
	assert_int_equal(cpu->sapic.lid, 1u << 24);
	/* and comes back when the OS returns it */
	cpu->ip = cpu->br[0];
	assert_int_equal(step_ap(b), FW_HALT);
	board_write(b, MAP_PIB_BASE + 0x1000, 8, FW_WAKEUP_VECTOR);
	assert_int_equal(step_ap(b), FW_CONTINUE);
	assert_int_equal(cpu->ip, 0x4000100);
}

static void sal_table_names_the_wakeup_vector(void **state)
{
	struct board *b = *state;
	uint64_t systab = board_ram64(b, b->fw.boot_param + 8);
	uint64_t sst = board_ram64(b, board_ram64(b, systab + 112) + 16);
	static const uint8_t size[] = {48, 32, 16, 32, 16, 16};
	uint8_t t[1024], sum = 0;
	assert_int_equal(ram_read(&b->m.ram, GPA(sst), t, sizeof(t)), 0);
	assert_memory_equal(t, "SST_", 4);
	uint32_t len = t[4] | (uint32_t)t[5] << 8;
	assert_in_range(len, 96, sizeof(t));
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + t[i]);
	assert_int_equal(sum, 0);
	bool found = false;
	uint8_t *p = t + 96;
	for (unsigned n = t[10]; n--; p += size[*p]) {
		assert_true(*p < sizeof(size));
		found |= *p == 5 && p[1] == 0 && p[8] == FW_WAKEUP_VECTOR;
	}
	assert_ptr_equal(p, t + len);
	assert_true(found);
}

/* --- INIT --- */

static void init_saves_and_resumes_everything(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	assert_int_equal(fwcall_sal(b, 0x01000000, 1, 0x4000200, 0x111, 0, 0x4000300, 0x222), 0);
	cpu_set_cfm(cpu, 20 | 8 << 7 | 2ull << 14 | 3ull << 18 | 5ull << 32);
	cpu_set_psr(cpu, PSR(IC) | PSR(AC) | 1ull << PSR_RI_BIT);
	cpu->ip = 0x4001230;
	cpu->pr = 0x123456789abcdef1;
	cpu->br[0] = 0x77;
	cpu->br[1] = 0x88;
	for (unsigned r = 1; r < 32 + 20; r++)
		gr_set(cpu, r, 0x1000 + r, r % 3 == 0);
	for (unsigned r = 0; r < 16; r++) {
		cpu->gr_bank[r] = 0x9000 + r;
		cpu->gr_bank_nat[r] = r % 5 == 0;
	}
	cpu->cr[CR_IIP] = 0xaaa0;
	cpu->cr[CR_IPSR] = 0xbbb;
	cpu->cr[CR_IFS] = 0xccc;
	uint64_t psr = cpu_psr(cpu), cfm = cpu_cfm(cpu), pr = cpu->pr;
	uint64_t rsc = cpu->rse.mode_pl, bsp = rse_bsp(cpu);

	assert_int_equal(fw_deliver_init(&b->fw, cpu), FW_CONTINUE);
	assert_int_equal(cpu->ip, 0x4000200);
	assert_int_equal(gr_value(cpu, 1), 0x111);
	assert_int_equal(gr_value(cpu, 8), FW_PAL_BASE);
	assert_int_equal(cpu_psr(cpu), PSR(MC));
	assert_int_equal(cpu_cfm(cpu), 0);
	uint64_t ms = gr_value(cpu, 17) & ~(1ull << 63);
	assert_int_equal(board_ram64(b, ms + 8 * 51), 0x4001230);
	assert_int_equal(board_ram64(b, ms + 8 * 52), psr);
	assert_int_equal(board_ram64(b, ms + 8 * 53), cfm | 1ull << 63);
	assert_int_equal(board_ram64(b, ms + 8 * 54), 0xaaa0);

	uint64_t back = gr_value(cpu, 12);
	for (unsigned r = 1; r < 32; r++)
		gr_set(cpu, r, 0, 0);
	cpu->ip = back;
	assert_int_equal(cpu_run(cpu, 100), EXIT_FIRMWARE);
	assert_int_equal(fw_call(&b->fw, cpu, cpu->exit_arg), FW_CONTINUE);
	assert_int_equal(cpu->ip, 0x4001230);
	assert_int_equal(cpu_psr(cpu), psr);
	assert_int_equal(cpu_cfm(cpu), cfm);
	assert_int_equal(cpu->pr, pr);
	assert_int_equal(cpu->rse.mode_pl, rsc);
	assert_int_equal(rse_bsp(cpu), bsp);
	assert_int_equal(cpu->br[0], 0x77);
	assert_int_equal(cpu->br[1], 0x88);
	for (unsigned r = 1; r < 32 + 20; r++) {
		assert_int_equal(gr_value(cpu, r), 0x1000 + r);
		assert_int_equal(gr_nat(cpu, r), r % 3 == 0);
	}
	for (unsigned r = 0; r < 16; r++) {
		assert_int_equal(cpu->gr_bank[r], 0x9000 + r);
		assert_int_equal(cpu->gr_bank_nat[r], r % 5 == 0);
	}
	assert_int_equal(cpu->cr[CR_IIP], 0xaaa0);
	assert_int_equal(cpu->cr[CR_IPSR], 0xbbb);
	assert_int_equal(cpu->cr[CR_IFS], 0xccc);
}

static void the_first_processor_in_init_is_the_monarch(void **state)
{
	struct board *b = *state;
	assert_int_equal(fwcall_sal(b, 0x01000000, 2, 0x4000100, 0), 0);
	assert_int_equal(fwcall_sal(b, 0x01000000, 1, 0x4000200, 1, 0, 0x4000300, 2), 0);
	/* a waiting processor has nothing to save and no OS */
	assert_int_equal(fw_deliver_init(&b->fw, b->m.cpu[1]), FW_HALT);
	board_write(b, MAP_PIB_BASE + 0x1000, 8, FW_WAKEUP_VECTOR);
	assert_int_equal(step_ap(b), FW_CONTINUE);
	assert_int_equal(fw_deliver_init(&b->fw, b->m.cpu[1]), FW_CONTINUE);
	assert_int_equal(b->m.cpu[1]->ip, 0x4000200);
	assert_int_equal(fw_deliver_init(&b->fw, b->m.cpu[0]), FW_CONTINUE);
	assert_int_equal(b->m.cpu[0]->ip, 0x4000300);
	assert_int_not_equal(gr_value(b->m.cpu[0], 17), gr_value(b->m.cpu[1], 17));
}

static void init_without_a_handler_resets(void **state)
{
	struct board *b = *state;
	assert_int_equal(fw_deliver_init(&b->fw, b->m.cpu[0]), FW_RESET_WARM);
}

/* --- building, saving, hostile calls --- */

static void builds_that_cannot_be_are_refused(void **state)
{
	struct board *b = *state;
	char err[200] = "", line[5000];
	struct fw_config cfg = {.kernel_high = 1ull << 30};
	assert_true(fw_build(&b->fw, &cfg, err, sizeof(err)) < 0);
	assert_string_not_equal(err, "");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	cfg = (struct fw_config){.entry = BOARD_KERNEL, .cmdline = line};
	err[0] = 0;
	assert_true(fw_build(&b->fw, &cfg, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "command line"));
}

static void state_survives_save_and_load(void **state)
{
	struct board *b = *state;
	struct stream s = {0}, again = {0};
	assert_int_equal(fwcall_sal(b, 0x01000000, 2, 0x4000100, 0x5000000), 0);
	fw_save(&b->fw, &s);
	assert_int_equal(fwcall_sal(b, 0x01000000, 2, 0, 0), 0);
	b->fw.cpu[1].waiting = false;
	fw_load(&b->fw, &s);
	assert_string_equal(s.error, "");
	fw_save(&b->fw, &again);
	assert_int_equal(again.len, s.len);
	assert_memory_equal(again.data, s.data, s.len);
	board_write(b, MAP_PIB_BASE + 0x1000, 8, FW_WAKEUP_VECTOR);
	assert_int_equal(step_ap(b), FW_CONTINUE);
	assert_int_equal(b->m.cpu[1]->ip, 0x4000100);
	stream_free(&s);
	stream_free(&again);
}

static uint64_t random_state = 88172645463325252ull;
static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Small numbers, RAM, holes, the firmware itself, nonsense. */
static uint64_t random_argument(void)
{
	switch (random64() % 6) {
	case 0:
		return random64() % 16;
	case 1:
		return random64() % (256u << 20);
	case 2:
		return 0xff000000 + random64() % 0x1000000;
	case 3:
		return 0x01000000 + random64() % 0x40;
	case 4:
		return random64() % 0x100000000 & ~7ull;
	default:
		return random64();
	}
}

static void random_calls_hurt_nothing(void **state)
{
	struct board *b = *state;
	struct cpu *cpu = b->m.cpu[0];
	for (unsigned i = 0; i < 200000; i++) {
		static const unsigned entries[] = {FW_ENTRY_PAL, FW_ENTRY_SAL, FW_ENTRY_FPSWA};
		unsigned n = (unsigned)(random64() % (3 + EFI_SERVICES));
		unsigned entry = n < 3 ? entries[n] : FW_ENTRY_EFI + n - 3;
		cpu_set_cfm(cpu, random64() % 10);
		for (unsigned r = 28; r < 32 + cpu->sof; r++)
			gr_set(cpu, r, random_argument(), 0);
		if (random64() & 1)
			gr_set(cpu, 28, random64() % 300, 0);
		cpu->ip = FW_ENTRY_ADDRESS(entry);
		cpu->ri = 1;
		fw_call(&b->fw, cpu, entry);
		cpu_set_psr(cpu, PSR(IC) | (random64() % 8 ? 0 : PSR(DT)));
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(entries_are_what_objdump_reads),
		T(a_static_call_returns_by_a_plain_branch),
		T(unknown_procedures_do_not_exist),
		T(a_fault_before_the_system_has_vectors_is_named),
		T(a_kernel_that_returns_crashes),
		cmocka_unit_test(virtual_memory_is_that_of_the_model),
		T(frequencies_give_an_itc_of_1_ghz),
		T(caches_are_consistent),
		T(answers_go_to_buffers),
		T(translation_registers_can_be_read_back),
		T(halt_light_halts),
		T(fixed_addresses_cannot_be_moved),
		T(sal_reaches_pci_configuration),
		T(sal_has_no_errors_to_tell),
		T(the_boot_processor_starts_as_a_loader_leaves_it),
		T(a_waiting_processor_starts_at_the_rendezvous),
		T(sal_table_names_the_wakeup_vector),
		T(init_saves_and_resumes_everything),
		T(the_first_processor_in_init_is_the_monarch),
		T(init_without_a_handler_resets),
		T(builds_that_cannot_be_are_refused),
		T(state_survives_save_and_load),
		T(random_calls_hurt_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
