/* SPDX-License-Identifier: MIT */
/* A block's IR as text, for debugging: what each instruction became. */
#include <inttypes.h>

#include "isa/op.h"
#include "jit/jit.h"

static const char *const names[IR_COUNT] = {[IR_NOP] = "nop",
	[IR_MOV] = "mov",
	[IR_MOVI] = "movi",
	[IR_ADD] = "add",
	[IR_SUB] = "sub",
	[IR_AND] = "and",
	[IR_OR] = "or",
	[IR_XOR] = "xor",
	[IR_MUL] = "mul",
	[IR_RSUB] = "rsub",
	[IR_SHLADD] = "shladd",
	[IR_SHL] = "shl",
	[IR_SHR] = "shr",
	[IR_SAR] = "sar",
	[IR_SHLV] = "shlv",
	[IR_SHRV] = "shrv",
	[IR_SARV] = "sarv",
	[IR_SHRD] = "shrd",
	[IR_SEXT] = "sext",
	[IR_ZEXT] = "zext",
	[IR_POPCNT] = "popcnt",
	[IR_BSWAP] = "bswap",
	[IR_SEL] = "sel",
	[IR_CMP] = "cmp",
	[IR_TBIT] = "tbit",
	[IR_GUARD] = "guard",
	[IR_END] = "end",
	[IR_LOAD] = "load",
	[IR_STORE] = "store",
	[IR_REJOIN] = "rejoin",
	[IR_CALL] = "call",
	[IR_LDR] = "ldr",
	[IR_STR] = "str",
	[IR_LDC] = "ldc",
	[IR_STC] = "stc",
	[IR_FCHECK] = "fcheck",
	[IR_FINT] = "fint",
	[IR_FHOME] = "fhome",
	[IR_FSET] = "fset",
	[IR_FGET] = "fget",
	[IR_FARITH] = "farith",
	[IR_FSOFT] = "fsoft",
	[IR_FSIGN] = "fsign",
	[IR_FCMP] = "fcmp",
	[IR_FTOINT] = "ftoint",
	[IR_FFROMINT] = "ffromint",
	[IR_DIVSTART] = "divstart",
	[IR_DIVSTEP] = "divstep",
	[IR_DIVEND] = "divend",
	[IR_FFLAGS] = "fflags",
	[IR_FNUM] = "fnum",
	[IR_FANY] = "fany",
	[IR_MULH] = "mulh",
	[IR_CZX] = "czx",
	[IR_SEMAPHORE] = "sem",
	[IR_FENCE] = "fence",
	[IR_ALATSET] = "alatset",
	[IR_ALATCHECK] = "alatcheck",
	[IR_CHECK0] = "check0",
	[IR_GETPR] = "getpr",
	[IR_SETPR] = "setpr",
	[IR_ALLOC] = "alloc",
	[IR_BRANCH] = "branch",
	[IR_NEXT] = "next"};

static void print_value(FILE *out, const char *before, unsigned v)
{
	if (v == IR_NONE)
		return;
	if (v >= IR_TEMP)
		fprintf(out, "%st%u", before, v - IR_TEMP);
	else
		fprintf(out, "%sr%u", before, v);
}

static void print_op(FILE *out, const struct ir *ir)
{
	fprintf(out, "    %-7s", names[ir->op] ? names[ir->op] : "?");
	print_value(out, " ", ir->d);
	print_value(out, " = ", ir->a);
	print_value(out, ", ", ir->b);
	print_value(out, " : ", ir->c);
	if (ir->size)
		fprintf(out, " size %u", ir->size);
	if (ir->qp)
		fprintf(out, " if p%u", ir->qp);
	if (ir->p1 | ir->p2)
		fprintf(out, " -> p%u, p%u cc %u type %u", ir->p1, ir->p2, ir->cc, ir->type);
	fprintf(out, " #%" PRId64 "\n", ir->imm);
}

void ir_print(FILE *out, const struct ir_block *b)
{
	fprintf(out, "block %#" PRIx64 ".%u key %#x, frame of %u\n", entry_ip(b, b->start),
		b->start % 3, b->key, b->need_sof);
	for (unsigned v = 0; v < IR_TEMP; v++)
		if (b->nat_test[v / 64] >> v % 64 & 1)
			fprintf(out, "  no NaT in r%u\n", v);
	for (unsigned n = 0; n < b->count; n++) {
		const struct ir *ir = &b->ir[n];
		if (n == 0 || ir->insn != ir[-1].insn) {
			unsigned entry = b->entry[ir->insn];
			fprintf(out, "  %#" PRIx64 ".%u %s\n", entry_ip(b, entry), entry % 3,
				op_name(b->insn[ir->insn].op));
		}
		print_op(out, ir);
	}
}

void code_print(FILE *out, const uint8_t *code, size_t size)
{
	fprintf(out, "code %zu bytes:", size);
	for (size_t n = 0; n < size; n++)
		fprintf(out, " %02x", code[n]);
	fputc('\n', out);
}
