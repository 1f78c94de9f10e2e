/* SPDX-License-Identifier: MIT */
/*
 * A processor's registers as text: for dump-state and crash reports. A '*' behind a value says
 * that its NaT bit is set. Reading changes nothing: no register with side effects is read.
 */
#include "domain/domain.h"

#include "cpu/rse.h"
#include "cpu/timer.h"
#include "domain/backtrace.h"
#include "domain/dump.h"

void dump_line(struct text *t, unsigned *column, const char *name, uint64_t v, bool nat)
{
	text_printf(t, "%s%9s %016llx%s", *column == 0 ? "" : " ", name, (unsigned long long)v,
		nat ? "*" : " ");
	if (++*column == 4) {
		text_printf(t, "\n");
		*column = 0;
	}
}

void dump_end(struct text *t, unsigned *column)
{
	if (*column)
		text_printf(t, "\n");
	*column = 0;
}

void dump_psr(struct text *t, const char *name, uint64_t psr)
{
	static const struct {
		unsigned bit;
		const char *name;
	} flag[] = {{PSR_BE_BIT, "be"}, {PSR_UP_BIT, "up"}, {PSR_AC_BIT, "ac"}, {PSR_IC_BIT, "ic"},
		{PSR_I_BIT, "i"}, {PSR_PK_BIT, "pk"}, {PSR_DT_BIT, "dt"}, {PSR_DFL_BIT, "dfl"},
		{PSR_DFH_BIT, "dfh"}, {PSR_SP_BIT, "sp"}, {PSR_DB_BIT, "db"}, {PSR_RT_BIT, "rt"},
		{PSR_IS_BIT, "is"}, {PSR_MC_BIT, "mc"}, {PSR_IT_BIT, "it"}, {PSR_ID_BIT, "id"},
		{PSR_DA_BIT, "da"}, {PSR_DD_BIT, "dd"}, {PSR_SS_BIT, "ss"}, {PSR_ED_BIT, "ed"},
		{PSR_BN_BIT, "bn"}, {PSR_IA_BIT, "ia"}, {PSR_VM_BIT, "vm"}};
	text_printf(t, "%9s %016llx cpl=%u", name, (unsigned long long)psr,
		(unsigned)(psr >> PSR_CPL_BIT & 3));
	for (unsigned i = 0; i < countof(flag); i++) {
		if (psr >> flag[i].bit & 1)
			text_printf(t, " %s", flag[i].name);
	}
	text_printf(t, "\n");
}

static void dump_frame(struct text *t, const struct cpu *cpu)
{
	text_printf(t, "      cfm %016llx sof=%u sol=%u sor=%u rrb=%u/%u/%u dirty=%d\n",
		(unsigned long long)cpu_cfm(cpu), cpu->sof, cpu->sol, cpu->sor, cpu->rrb_gr,
		cpu->rrb_fr, cpu->rrb_pr, cpu->rse.dirty);
}

static void dump_control(struct text *t, struct cpu *cpu)
{
	static const struct {
		unsigned number;
		const char *name;
	} cr[] = {{CR_IPSR, "ipsr"}, {CR_IIP, "iip"}, {CR_IFS, "ifs"}, {CR_ISR, "isr"},
		{CR_IFA, "ifa"}, {CR_ITIR, "itir"}, {CR_IIPA, "iipa"}, {CR_IHA, "iha"},
		{CR_IIM, "iim"}, {CR_IVA, "iva"}, {CR_DCR, "dcr"}, {CR_PTA, "pta"},
		{CR_ITM, "itm"}};
	unsigned column = 0;
	for (unsigned i = 0; i < countof(cr); i++)
		dump_line(t, &column, cr[i].name, cpu->cr[cr[i].number], false);
	dump_line(t, &column, "lid", cpu->sapic.lid, false);
	dump_line(t, &column, "tpr", cpu->sapic.tpr, false);
	dump_line(t, &column, "itv", cpu->sapic.itv, false);
	for (unsigned i = 0; i < 4; i++) {
		char name[8] = {'i', 'r', 'r', (char)('0' + i)};
		dump_line(t, &column, name, cpu->sapic.irr[i], false);
	}
	for (unsigned i = 0; i < 8; i++) {
		char name[8] = {'r', 'r', '[', (char)('0' + i), ']'};
		dump_line(t, &column, name, cpu->mmu.rr[i], false);
	}
	dump_end(t, &column);
}

static void dump_application(struct text *t, struct cpu *cpu)
{
	unsigned column = 0;
	for (unsigned i = 0; i < 8; i++) {
		char name[8] = {'b', (char)('0' + i)};
		dump_line(t, &column, name, cpu->br[i], false);
	}
	for (unsigned i = 0; i < 8; i++) {
		char name[8] = {'k', 'r', (char)('0' + i)};
		dump_line(t, &column, name, cpu->ar[AR_K0 + i], false);
	}
	dump_line(t, &column, "pr", cpu->pr, false);
	dump_line(t, &column, "rsc", cpu->rse.mode_pl, false);
	dump_line(t, &column, "bsp", rse_bsp(cpu), false);
	dump_line(t, &column, "bspstore", cpu->rse.bspstore, false);
	dump_line(t, &column, "rnat", cpu->rse.rnat, false);
	dump_line(t, &column, "unat", cpu->ar[AR_UNAT], false);
	dump_line(t, &column, "pfs", cpu->ar[AR_PFS], false);
	dump_line(t, &column, "fpsr", cpu->ar[AR_FPSR], false);
	dump_line(t, &column, "ccv", cpu->ar[AR_CCV], false);
	dump_line(t, &column, "lc", cpu->ar[AR_LC], false);
	dump_line(t, &column, "ec", cpu->ar[AR_EC], false);
	dump_line(t, &column, "itc", clock_now(&cpu->machine->clock) + cpu->itc_offset, false);
	dump_end(t, &column);
}

static void dump_general(struct text *t, const struct cpu *cpu)
{
	unsigned column = 0;
	for (unsigned r = 0; r < 32 + cpu->sof && r < 128; r++) {
		char name[] = {'r', (char)('0' + r / 100), (char)('0' + r / 10 % 10),
			(char)('0' + r % 10), 0};
		dump_line(t, &column, name, gr_value(cpu, r), gr_nat(cpu, r) != 0);
	}
	dump_end(t, &column);
	for (unsigned r = 0; r < 16; r++) {
		char name[] = {'b', 'a', 'n', 'k', ' ', 'r', (char)('0' + (16 + r) / 10),
			(char)('0' + (16 + r) % 10), 0};
		dump_line(t, &column, name, cpu->gr_bank[r], cpu->gr_bank_nat[r] != 0);
	}
	dump_end(t, &column);
}

void dump_cpu(struct text *out, struct cpu *cpu, const struct kernel_image *kernel)
{
	text_printf(out, "vCPU %u: %s, ip %016llx slot %u\n", cpu->index,
		cpu->halted ? "halted" : "running", (unsigned long long)cpu->ip, cpu->ri);
	dump_psr(out, "psr", cpu_psr(cpu));
	dump_frame(out, cpu);
	dump_control(out, cpu);
	dump_application(out, cpu);
	dump_general(out, cpu);
	if (cpu->hv)
		dump_pv(out, cpu->hv);
	backtrace(out, cpu, kernel);
}
