/* SPDX-License-Identifier: MIT */
/* Vectors, codes and names of FAULT_LIST. */
#include "isa/fault.h"

struct fault_row {
	uint16_t vector, code;
	const char *text;
};

static const struct fault_row faults[FAULT_COUNT] = {[FAULT_NONE] = {0, 0, "none"},
#define FAULT_ROW(name, vector, code, text) [FAULT_##name] = {vector, code, text},
	FAULT_LIST(FAULT_ROW)
#undef FAULT_ROW
};

uint16_t fault_vector(enum fault f)
{
	return faults[f].vector;
}

uint16_t fault_isr_code(enum fault f)
{
	return faults[f].code;
}

const char *fault_name(enum fault f)
{
	return faults[f].text;
}
