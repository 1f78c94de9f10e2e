/* SPDX-License-Identifier: MIT */
/* The list of passes: see pass.h. */
#include "jit/pass.h"

#include <stdlib.h>
#include <string.h>

/* NaTs come first: which registers are read must be known before reads go away. */
static const struct {
	char letter;
	const char *name;
	ir_pass_fn *run;
} passes[] = {
	{'n', "NaTs", ir_nats},
	{'p', "propagation", ir_propagate},
	{'d', "dead values", ir_dead},
};

bool ir_leaves(const struct ir *ir)
{
	switch (ir->op) {
	case IR_NOP:
	case IR_CMP:
	case IR_TBIT:
	case IR_GUARD:
	case IR_END:
	case IR_REJOIN:
	case IR_STR:
	case IR_STC:
	case IR_GETPR:
	case IR_SETPR:
	case IR_FNUM:
	case IR_FANY:
	case IR_FINT:
		return false;
	default:
		return !ir_is_pure(ir);
	}
}

static void run_shown(struct ir_block *b, unsigned n, FILE *out)
{
	struct ir_block *before = malloc(sizeof(*before));

	if (before)
		*before = *b;
	if (passes[n].run(b) && before) {
		fprintf(out, "before %s: ", passes[n].name);
		ir_print(out, before);
		fprintf(out, "after %s: ", passes[n].name);
		ir_print(out, b);
	}
	free(before);
}

void ir_run_passes(struct ir_block *b, const char *letters, FILE *out)
{
	for (unsigned n = 0; n < countof(passes); n++)
		if (unlikely(letters != NULL) && strchr(letters, passes[n].letter))
			run_shown(b, n, out);
		else
			passes[n].run(b);
}
