/* SPDX-License-Identifier: MIT */
/*
 * The linear form between decoded instructions and x86-64. One guest instruction becomes a few
 * operations; values are numbers: 0..127 general registers by their name in the frame, from
 * IR_TEMP on temporaries, which live within one guest instruction. Predicates are no values: they
 * are named by operations that set or test them, so that a compare need not produce anything before
 * somebody asks (see gen.c).
 */
#ifndef JIT_IR_H
#define JIT_IR_H

#include <stdio.h>

#include "base/types.h"
#include "isa/insn.h"
#include "jit/x86.h"

struct icache_window;

#define IR_TEMP 128
#define IR_NONE 0xff

enum ir_op {
	IR_NOP,
	IR_MOV,	 /* d = a */
	IR_MOVI, /* d = imm */
	/* d = a op (b or imm) */
	IR_ADD,
	IR_SUB,
	IR_AND,
	IR_OR,
	IR_XOR,
	IR_MUL,
	IR_RSUB,   /* d = imm - a */
	IR_SHLADD, /* d = (a << imm) + b, imm 1..3 */
	IR_SHL,
	IR_SHR,
	IR_SAR, /* d = a by imm, 0..63 */
	IR_SHLV,
	IR_SHRV,
	IR_SARV, /* d = a by b, as the architecture has it: 64 and more empty it */
	IR_SHRD, /* d = low half of a:b shifted right by imm */
	IR_SEXT,
	IR_ZEXT, /* low size bytes of a */
	IR_POPCNT,
	IR_SEL,	 /* d = a if predicate qp */
	IR_CMP,	 /* p1, p2 by relation cc of a and (b or imm), size 4 or 8; type; qp */
	IR_TBIT, /* the same by bit imm of a; cc CC_B: bit is set, CC_AE: clear */
	IR_GUARD,
	IR_END,	   /* what is between happens only if predicate qp */
	IR_LOAD,   /* d = size bytes at a; slow way: the whole guest instruction by its exec */
	IR_STORE,  /* b to a */
	IR_REJOIN, /* where the slow way of the guest instruction's access comes back */
	IR_CALL,   /* the guest instruction by its exec */
	IR_LDR,
	IR_STR, /* d = / = a: rotating register named imm */
	IR_LDC,
	IR_STC, /* d = / = a: 8 bytes of struct cpu at imm */
	/* Floating-point registers are no values: imm names them, four as IR_FRS packs them. What
	 * an operation cannot do exactly its exec does, and the block is left behind it. */
	IR_FHOME,    /* FR imm is at home as everybody knows it (see fr_form.h) */
	IR_FCHECK,   /* the same, and it holds no NaTVal */
	IR_FNUM,     /* FR imm has been written at home: a number of some kind */
	IR_FANY,     /* the same: anything */
	IR_FINT,     /* its significand has been written at home: an integer */
	IR_FSET,     /* FR imm = the double (size 8) or single (4) in a */
	IR_FGET,     /* d = FR imm as a double or single */
	IR_FARITH,   /* FR f1 = f3 * f4 + f2 rounded to size; type: enum farith; cc: status field */
	IR_FSOFT,    /* FR f1 = f3 * f4 + f2 as its completer size and status field cc say: any
			   operands, in software */
	IR_FSIGN,    /* FR f1 = FR f3 with another sign; type: enum fsign */
	IR_FCMP,     /* p1, p2 by relation cc of FRs f3 and f4; type; qp */
	IR_FTOINT,   /* FR f1 = FR f3 as an integer; type: FTOINT_; cc: status field */
	IR_FFROMINT, /* FR f1 = the signed significand of FR f3, which is at home; type 1: the
			integer in FR f3, by status field 1, where it has been seen that integers
			are not normal */
	/* Divisions (divide.h); size: which one of the block, type: enum recipe. */
	IR_DIVSTART, /* FR f1 = step 0 of f3 / f4, p2 is true; or else the block is left */
	IR_DIVSTEP,  /* FR imm = step cc */
	IR_DIVEND,   /* FR imm = the quotient; DIVIDE_INTEGER: as an integer, cc 1: not negative */
	IR_FFLAGS,   /* ar.fpsr holds all there is to know */
	IR_BSWAP,    /* d = a with its bytes reversed */
	IR_MULH,     /* d = upper half of a * b + c (0 when c is IR_NONE); type 1: a and b signed */
	IR_CZX, /* d = number of the first zero part of a, size 1 or 2; type 1: from the left */
	IR_SEMAPHORE, /* d = size bytes at a, then the exchange with b; type: enum semaphore */
	IR_FENCE,
	IR_ALATSET,   /* ALAT entry of general register imm: size bytes at a were b */
	IR_ALATCHECK, /* the ALAT entry of general register imm holds (type 1: and is dropped now),
			 else the slow way */
	IR_CHECK0,    /* a & imm is 0, else the slow way */
	IR_GETPR,     /* d = all predicates */
	IR_SETPR,     /* predicates in mask imm = a */
	IR_ALLOC,     /* d = ar.pfs, new frame imm */
	IR_BRANCH,    /* taken if qp: see enum branch */
	IR_NEXT,      /* go on at entry imm, which is not translated here */
	IR_COUNT
};

/* How a compare writes its targets (3:39). */
enum cmp_type { CMP_NORMAL, CMP_UNC, CMP_AND, CMP_OR, CMP_OR_ANDCM };

/* ar.ccv is compared with; imm is added. */
enum semaphore { SEMAPHORE_CMPXCHG, SEMAPHORE_XCHG, SEMAPHORE_ADD };

/* FRs f1, f2, f3, f4 in imm; 0 where there is none. */
#define IR_FRS(f1, f2, f3, f4) ((int64_t)((f1) | (f2) << 8 | (f3) << 16 | (unsigned)(f4) << 24))
static inline unsigned ir_fr(int64_t imm, unsigned n)
{
	return (unsigned)(imm >> 8 * (n - 1)) & 0xff;
}
enum farith { FARITH_FMA, FARITH_FMS, FARITH_FNMA };
enum fsign { FSIGN_SAME, FSIGN_OTHER, FSIGN_PLUS, FSIGN_MINUS };
enum { FTOINT_TRUNC = 1, FTOINT_UNSIGNED = 2 };

enum branch {
	BRANCH_DIRECT, /* to address imm */
	BRANCH_CALL,   /* frame and return link, to imm */
	BRANCH_CALL_INDIRECT,
	BRANCH_INDIRECT,
	BRANCH_RETURN,
	BRANCH_CLOOP, /* to imm if ar.lc is not 0, counting it down */
	BRANCH_CTOP,  /* a step of a counted pipelined loop, to imm while it goes on */
	BRANCH_CEXIT, /* likewise, to imm when it ends */
};

struct ir {
	uint8_t op, cc, size, type; /* enum ir_op, enum cc, bytes, enum cmp_type or branch */
	uint8_t d, a, b, c;	    /* values; b IR_NONE: imm instead; c: upper half of 16 bytes */
	uint8_t qp, p1, p2;
	uint16_t insn; /* index of the guest instruction in the block */
	int64_t imm;
};

#define BLOCK_INSNS 32
#define BLOCK_IR    1024
#define INSN_IR	    160 /* more than any instruction needs */

/* What a translation may take for granted; tested at dispatch. */
enum {
	KEY_SOR = 15,	  /* cfm.sor */
	KEY_RENAMED = 16, /* some rename base is not 0 */
	KEY_DFL = 32,	  /* psr.dfl, dfh: f2 to f31 and those from f32 on are disabled */
	KEY_DFH = 64,
	KEY_NAT = 128, /* general registers may hold NaTs */
};

/* One block on its way from page to code. */
struct ir_block {
	struct icache_window *page; /* what is translated */
	gva_t va;		    /* of the page */
	unsigned start;		    /* entry */
	unsigned key;
	unsigned host;	   /* HOST_ features (jit.h) */
	struct insn *insn; /* copies, in order */
	uint16_t entry[BLOCK_INSNS];
	unsigned insns;
	struct ir ir[BLOCK_IR];
	unsigned count;
	unsigned most;	 /* instructions, up to BLOCK_INSNS */
	bool calls_only; /* nothing inline but branches: what is left when host registers run out */
	unsigned need_sof;    /* the frame must have at least this many registers */
	uint64_t nat_test[2]; /* general registers that must hold no NaT (nat.c) */
};

/* Address of the bundle of an entry. */
static inline gva_t entry_ip(const struct ir_block *b, unsigned entry)
{
	return b->va + (entry / 3) * 16;
}

/* Decoded instructions to IR. */
void ir_translate(struct ir_block *b);
void ir_print(FILE *out, const struct ir_block *b);
void code_print(FILE *out, const uint8_t *code, size_t size);

#endif
