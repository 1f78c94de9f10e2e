/* SPDX-License-Identifier: MIT */
/*
 * One processor's architectural state, and the machine it shares with others. Everything here
 * is owned by the vCPU's thread unless a field says otherwise. Exec functions (exec_*.c) are the
 * definition of each instruction; they work on this struct through the accessors below.
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "base/bus.h"
#include "base/clock.h"
#include "base/types.h"
#include "cpu/broadcast.h"
#include "cpu/model.h"
#include "isa/fault.h"
#include "isa/insn.h"
#include "mmu/access.h"
#include "mmu/mmu.h"
#include "mmu/ram.h"

#define MAX_CPUS 64

/* A floating-point register (1:85): value = (-1)^sign * sig * 2^(exp - 65535 - 63). */
struct freg {
	uint64_t sig;
	uint32_t exp;  /* 17 bits */
	uint32_t sign; /* 0 or 1 */
};
#define FREG_EXP_SPECIAL 0x1ffffu /* infinities and NaNs */
#define FREG_EXP_NATVAL	 0x1fffeu /* NaTVal: sign 0, sig 0 */
#define FREG_EXP_INT	 0x1003eu /* significand holds an integer */
#define FREG_EXP_BIAS	 0xffffu

/* clang-format off */
/* PSR bits (2:23). */
enum {
	PSR_BE_BIT = 1, PSR_UP_BIT, PSR_AC_BIT, PSR_MFL_BIT, PSR_MFH_BIT,
	PSR_IC_BIT = 13, PSR_I_BIT, PSR_PK_BIT,
	PSR_DT_BIT = 17, PSR_DFL_BIT, PSR_DFH_BIT, PSR_SP_BIT, PSR_PP_BIT, PSR_DI_BIT, PSR_SI_BIT,
	PSR_DB_BIT, PSR_LP_BIT, PSR_TB_BIT, PSR_RT_BIT,
	PSR_CPL_BIT = 32,
	PSR_IS_BIT = 34, PSR_MC_BIT, PSR_IT_BIT, PSR_ID_BIT, PSR_DA_BIT, PSR_DD_BIT, PSR_SS_BIT,
	PSR_RI_BIT = 41,
	PSR_ED_BIT = 43, PSR_BN_BIT, PSR_IA_BIT, PSR_VM_BIT
};
#define PSR(n) (1ull << PSR_##n##_BIT)

/* Application registers by number (1:32). Those not listed are reserved or ignored. */
enum ar {
	AR_K0 = 0, AR_RSC = 16, AR_BSP, AR_BSPSTORE, AR_RNAT, AR_FCR = 21, AR_EFLAG = 24, AR_CSD,
	AR_SSD, AR_CFLG, AR_FSR, AR_FIR, AR_FDR, AR_CCV = 32, AR_UNAT = 36, AR_FPSR = 40,
	AR_ITC = 44, AR_RUC = 45, AR_PFS = 64, AR_LC, AR_EC
};

/* Control registers by number (2:29). */
enum cr {
	CR_DCR = 0, CR_ITM, CR_IVA, CR_PTA = 8, CR_IPSR = 16, CR_ISR, CR_IIP = 19, CR_IFA, CR_ITIR,
	CR_IIPA, CR_IFS, CR_IIM, CR_IHA, CR_IIB0, CR_IIB1, CR_LID = 64, CR_IVR, CR_TPR, CR_EOI,
	CR_IRR0, CR_ITV = 72, CR_PMV, CR_CMCV, CR_LRR0 = 80, CR_LRR1
};
/* clang-format on */

/* Why cpu_run returned: the level above acts, then calls again. */
enum exit {
	EXIT_NONE,
	EXIT_BUDGET,	   /* the slots asked for have retired */
	EXIT_KICK,	   /* cpu_kick from another thread */
	EXIT_HALT,	   /* (set by firmware handlers) wait until an interrupt can be taken */
	EXIT_FIRMWARE,	   /* break in the firmware area: exit_arg is the entry number */
	EXIT_HYPERCALL,	   /* PV break: exit_arg is the immediate */
	EXIT_INTERRUPTION, /* cpu->intercept was set: mmu.fault holds it, nothing delivered */
	EXIT_CRASH	   /* the guest cannot go on (exit_text says why) */
};

/* Bits of cpu->kick. */
enum {
	KICK_EXIT = 1, /* cpu_run returns EXIT_KICK */
	KICK_SERVE =
		2, /* the run loop calls broadcast_serve and looks for interrupts, then goes on */
};

/* Physical stacked registers the architecture shows (PAL_RSE_INFO): never more dirty than this. */
#define RSE_PHYS 96
/* Host ring: register 32+n of the frame is stacked[frame + n]; 32 slots of margin in front so that
 * a pointer biased by 32 stays inside. */
#define STACKED_SIZE 1024

/* Register stack (2:133), see rse.h. The ring holds the frame and the dirty registers below it. */
struct rse {
	uint64_t value[STACKED_SIZE];
	uint8_t nat[STACKED_SIZE];
	unsigned frame;	 /* index of r32 in the ring */
	int dirty;	 /* registers not yet in the backing store; negative while a frame is
			    incomplete (2:145) */
	bool load_frame; /* RSE.CFLE: an incomplete frame is to be loaded before the next
			    instruction; set by br.ret and rfi, cleared by interruptions */
	uint64_t bspstore;
	uint64_t rnat;	  /* ar.rnat: collection being built */
	unsigned mode_pl; /* ar.rsc as written: mode 1:0, pl 3:2, be 4, loadrs 29:16 */
};

/* ALAT entry (1:64): value is what was loaded, so that a check may compare with memory. */
struct alat_entry {
	bool valid;
	uint8_t size;
	uint64_t tag; /* which register: see alat.h */
	uint64_t generation;
	gva_t va;
	uint64_t value[2];
};
#define ALAT_ENTRIES 64

struct sapic {
	_Atomic uint64_t irr[4]; /* posted by any thread */
	_Atomic bool init_pending, nmi_unused;
	uint64_t isr[4]; /* in service */
	uint64_t tpr, itv, pmv, cmcv, lrr[2], lid;
};

#define JIT_RETURNS 32 /* a power of 2 */

struct machine;
struct hv_vcpu;
struct jitdump;

/* See stay_va. */
#define STAY_NOWHERE 2

struct cpu {
	/* hot: kept within the first 256 bytes for the JIT's sake */
	uint64_t *gr_base[2];	/* register r lives at gr_base[r >= 32][r] (see gr_value) */
	uint8_t *nat_base[2];	/* its NaT bit, 0 or 1, likewise */
	uint64_t pr;		/* predicates by their current (rotated) number; bit 0 is 1 */
	unsigned sof, sol, sor; /* current frame, in registers (sor = 8 * CFM.sor) */
	unsigned rrb_gr, rrb_fr, rrb_pr; /* rename bases as in CFM */
	gva_t page_va;			 /* virtual address of the 4 KB page being executed */
	gva_t stay_va;	  /* page_va while branches inside the page need no dispatch; 1 makes the
			     next taken branch leave the engine (mode or frame changed);
			     STAY_NOWHERE: it needs dispatch, wherever it leads */
	gva_t next_ip;	  /* target of a taken branch */
	unsigned next_ri; /* slot to go on with there, nearly always 0 */
	unsigned cpl;
	_Atomic uint32_t kick; /* set by any thread: leave the fast loop */
	uint64_t slots;	       /* retired slots since reset, kept at branches */
	unsigned slots_entry;  /* icache entry that slots counts up to, see pmu_at */
	uint64_t psr;	       /* all of it but cpl, which is above, and ri, which is ri */
	uint64_t br[8];

	uint64_t gr[32]; /* r0 stays 0 */
	uint8_t gr_nat[32];
	uint64_t gr_bank[16]; /* r16-r31 of the bank not in use */
	uint8_t gr_bank_nat[16];

	gva_t ip;    /* bundle, valid whenever cpu_run is not running */
	unsigned ri; /* slot */
	struct rse rse;
	struct freg fr[128]; /* physical; f0 = +0.0, f1 = +1.0 */
	uint64_t ar[128]; /* those without a better home (rsc, bsp..., pfs, lc, ec, kr, unat...) */
	uint64_t cr[128]; /* likewise */
	uint64_t pmc[256], pmd[256];
	struct alat_entry alat[ALAT_ENTRIES];
	uint64_t alat_generation; /* entries of other generations are void */
	struct sapic sapic;
	struct mmu mmu;

	gpa_t code_gpa;	     /* physical address of the page being executed */
	gva_t iipa;	     /* bundle of the last instruction that completed with psr.ic 1 */
	uint8_t inflight_ic; /* psr.ic change not yet serialised (2:21): old value + 1, else 0 */
	bool taken;	     /* the trapping instruction was a taken branch */
	uint8_t trap_slot;   /* slot of the trapping instruction, for ISR.ei: set with EXEC_TRAP */
	bool intercept;	     /* tests and the user runner: return EXIT_INTERRUPTION */
	bool halted;	     /* in PAL_HALT_LIGHT */

	struct {
		gva_t vector;		   /* the latest one taken */
		uint32_t fruitless, count; /* in a row: by its first instruction; with psr.ic 0 */
	} nested;

	enum exit exit;
	uint64_t exit_arg;
	const char *exit_text;

	unsigned index; /* number of the vCPU */
	const struct cpu_model *model;
	struct machine *machine;
	struct icache *icache;
	uint64_t itc_offset; /* ar.itc = clock_now + itc_offset */
	struct {
		bool armed;	   /* ar.itc has not yet reached cr.itm */
		uint64_t itc_seen; /* the latest ar.itc the guest has read */
	} timer;
	struct {
		uint64_t at; /* slots retired before the instruction that reads or writes them */
		uint64_t slots,
			ns; /* cpu->slots and the clock when counters were last brought up */
	} pmu;
	uint16_t dahr[8]; /* data access hint registers (9500) */
	bool nat_seen; /* some GR may hold a NaT: never false wrongly (the JIT looks and clears it)
			*/
	struct {
		struct jit *state;   /* the machine's, while the engine is open here */
		struct jit_cpu *own; /* what this processor has of its own */
		int64_t left;	     /* slots of the budget not yet retired */
		uint64_t end;	     /* cpu->slots when it is spent */
		gva_t target;	     /* LEAVE_INDIRECT: where to */
		uint32_t from;	 /* exit point of the latest taken branch, 0: as cpu->iipa says */
		uint32_t result; /* enum exec of the instruction that left */
		uint64_t generation;	 /* of ram's code log, as far as translations know */
		bool forms;		 /* some FR may be in a form of jit/fr_form.h */
		uint64_t division[4][2]; /* operands of the block's divisions (jit/divide.h) */
		uint64_t divisor[128];	 /* of FRs that are steps of one */
		uint64_t alat[2];	 /* address and value for a new ALAT entry */
		uint32_t mxcsr;		 /* scratch */
		uint64_t *calls;	 /* of exec functions, by row */
		struct {		 /* where calls will return to: see gen_return.c */
			uint64_t tag;
			const uint8_t *code;
		} ret[JIT_RETURNS];
		uint32_t ret_top; /* offset of the latest one */
	} jit;
	struct verify *verify;		 /* engine verify: what it keeps, see jit/verify.c */
	uint64_t delivered[FAULT_COUNT]; /* interruptions by cause, for `epixen stat` */
	struct broadcast_port port;
	struct hv_vcpu *hv; /* the hypervisor's part, NULL on bare hardware */
	void *wait;	    /* where the vCPU thread sleeps: set by the domain, see cpu_kick */
	void (*wake)(struct cpu *cpu); /* called by cpu_kick, any thread */
};

/* What all processors of a domain share. */
struct machine {
	struct ram ram;
	struct bus bus;
	struct clock clock;
	const struct cpu_model *model;
	const struct engine *engine;	       /* NULL: the interpreter */
	const struct personality *personality; /* NULL: bare hardware (cpu/personality.h) */
	unsigned jit_step; /* blocks of at most so many instructions, left behind each; 0: no limit
			    */
	struct jit *jit;   /* translated code, while some processor has the engine open */
	size_t code_cache; /* bytes of it at most; 0: as many as the JIT thinks right */
	unsigned jit_without;	 /* HOST_ features (jit.h) that generated code must not use */
	const char *jit_debug;	 /* letters: what translations print; NULL: nothing */
	void *jit_out;		 /* the FILE it goes to; NULL: stderr */
	struct jitdump *jitdump; /* tells perf of translations; NULL: does not */
	struct cpu *cpu[MAX_CPUS];
	unsigned cpus;
	gpa_t fw_base; /* breaks are firmware calls only when executed from here */
	uint64_t fw_size;
};

/* --- lifecycle (cpu.c) --- */
/* Allocates a processor in its reset state. NULL when memory is short. */
struct cpu *cpu_new(struct machine *m, unsigned index);
void cpu_free(struct cpu *cpu);
void cpu_reset(struct cpu *cpu);
void cpu_save(struct cpu *cpu, struct stream *s);
void cpu_load(struct cpu *cpu, struct stream *s);

/* --- running (run.c) --- */
/* Runs until something above must act. budget: at most about this many slots (whole runs between
 * branches are not split). Own thread only. */
enum exit cpu_run(struct cpu *cpu, uint64_t budget);
/* Makes cpu_run return EXIT_KICK soon and wakes a halted processor. Any thread. */
void cpu_kick(struct cpu *cpu);

/* --- PSR (psr.c) --- */
/* The whole PSR, cpl and ri included. */
uint64_t cpu_psr(const struct cpu *cpu);
/* Writes every bit of PSR, switching register bank, mode and fast TLBs as needed. */
void cpu_set_psr(struct cpu *cpu, uint64_t psr);
/* Tells the mmu the present psr and ar.rsc; cpu_set_psr does. Also after inflight_ic changed. */
void cpu_sync_mode(struct cpu *cpu);
uint64_t cpu_cfm(const struct cpu *cpu);
/* Sets sof, sol, sor and the rename bases; moves nothing in the ring but renames predicates. */
void cpu_set_cfm(struct cpu *cpu, uint64_t cfm);

/* --- interruptions (interrupt.c) --- */
/* Notes a fault for EXEC_FAULT / a trap for EXEC_TRAP; isr: code and attribute bits. */
enum exec cpu_fault(struct cpu *cpu, enum fault f, uint64_t isr);
enum exec cpu_fault_addr(struct cpu *cpu, enum fault f, uint64_t isr, gva_t ifa);
enum exec cpu_fault_iim(struct cpu *cpu, enum fault f, uint64_t isr, uint64_t iim);
enum exec cpu_trap(struct cpu *cpu, enum fault f, uint64_t isr);
/* Delivers mmu.fault: collects cr.*, switches to the vector. ip/ri are the interrupted (for traps:
 * next) instruction. */
void cpu_deliver(struct cpu *cpu);

/* --- general registers --- */
/* Physical position of a GR after rotation, 0..127; r is the number in the instruction. */
static inline unsigned gr_rotate(const struct cpu *cpu, unsigned r)
{
	unsigned n = r - 32u;
	if (unlikely(n < cpu->sor)) {
		n += cpu->rrb_gr;
		if (n >= cpu->sor)
			n -= cpu->sor;
		r = n + 32;
	}
	return r;
}
static inline uint64_t gr_value(const struct cpu *cpu, unsigned r)
{
	r = gr_rotate(cpu, r);
	return cpu->gr_base[r >= 32][r];
}
static inline unsigned gr_nat(const struct cpu *cpu, unsigned r)
{
	r = gr_rotate(cpu, r);
	return cpu->nat_base[r >= 32][r];
}
/* Is r no legal target now: r0, or outside the frame (1:42)? -> Illegal Operation fault. */
static inline bool gr_bad_target(const struct cpu *cpu, unsigned r)
{
	return r == 0 || (r >= 32 && r >= 32 + cpu->sof);
}
/* r has been checked with gr_bad_target. */
static inline void gr_set(struct cpu *cpu, unsigned r, uint64_t v, unsigned nat)
{
	r = gr_rotate(cpu, r);
	cpu->gr_base[r >= 32][r] = v;
	cpu->nat_base[r >= 32][r] = (uint8_t)nat;
	if (unlikely(nat))
		cpu->nat_seen = true;
}

/* --- floating-point registers --- */
static inline unsigned fr_rotate(const struct cpu *cpu, unsigned f)
{
	if (f < 32)
		return f;
	f += cpu->rrb_fr;
	return f >= 128 ? f - 96 : f;
}
static inline struct freg *fr_ptr(struct cpu *cpu, unsigned f)
{
	return &cpu->fr[fr_rotate(cpu, f)];
}

/* --- predicates --- */
static inline bool pr_get(const struct cpu *cpu, unsigned p)
{
	return cpu->pr >> p & 1;
}
/* Writes to p0 are discarded. */
static inline void pr_set(struct cpu *cpu, unsigned p, bool v)
{
	cpu->pr = (cpu->pr & ~(1ull << p)) | (uint64_t)v << p | 1;
}

/* Address of the bundle an instruction stands in. */
static inline gva_t insn_ip(const struct cpu *cpu, const struct insn *i)
{
	return cpu->page_va + ((gva_t)i->bundle << 4);
}

#endif
