/* SPDX-License-Identifier: MIT */
/*
 * The instruction table from the command line, for comparison with objdump (objdump.sh).
 *
 *   isatest disas FILE VMA [strict]   the bundles of FILE in the layout of objdump -d
 *                                     --no-show-raw-insn; strict applies the legality rules
 *   isatest random COUNT SEED         COUNT random bundles, raw, to standard output
 *   isatest rows COUNT SEED           COUNT bundles with random instructions of every row
 */
#include "isa/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int disassemble(FILE *in, gva_t ip, bool lenient)
{
	uint8_t raw[16];
	for (; fread(raw, sizeof(raw), 1, in) == 1; ip += sizeof(raw)) {
		static const unsigned offset[] = {0, 6, 12};
		struct bundle b;
		char text[512];
		memcpy(&b, raw, sizeof(b));
		bundle_print(text, sizeof(text), b, ip, lenient);
		unsigned slot = 0;
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), slot++)
			printf("%" PRIx64 ":\t%s\n", ip + offset[slot], line);
	}
	return 0;
}

/* splitmix64: the sequence is the same everywhere. */
static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static int write_bundle(struct bundle b)
{
	return fwrite(&b, sizeof(b), 1, stdout) == 1;
}

static int random_bundles(uint64_t count, uint64_t seed)
{
	while (count--)
		if (!write_bundle((struct bundle){draw(&seed), draw(&seed)}))
			return 1;
	return 0;
}

/* Random bits but for the fixed fields of some row that runs on unit. */
static uint64_t random_slot(enum unit unit, uint64_t *seed)
{
	for (;;) {
		const struct row *r = &isa_rows[draw(seed) % OP_COUNT];
		const struct format *f = &isa_formats[r->format];
		if (f->units >> unit & 1)
			return ((draw(seed) & ~(f->mask | r->mask)) | f->value | r->value) &
			       0x1ffffffffff;
	}
}

static int row_bundles(uint64_t count, uint64_t seed)
{
	while (count) {
		unsigned template = draw(&seed) & 0x1f;
		const enum unit *unit = bundle_templates[template].unit;
		if (unit[0] == UNIT_NONE)
			continue;
		uint64_t s[3];
		for (unsigned k = 0; k < 3; k++)
			s[k] = unit[k] == UNIT_L ? draw(&seed) & 0x1ffffffffff
						 : random_slot(unit[k], &seed);
		if (!write_bundle((struct bundle){
			    template | s[0] << 5 | s[1] << 46, s[1] >> 18 | s[2] << 23}))
			return 1;
		count--;
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: isatest disas FILE VMA [strict] | random COUNT SEED | rows COUNT SEED\n");
	return 2;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return usage();
	if (!strcmp(argv[1], "random"))
		return random_bundles(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	if (!strcmp(argv[1], "rows"))
		return row_bundles(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	if (strcmp(argv[1], "disas"))
		return usage();
	FILE *in = fopen(argv[2], "rb");
	if (!in) {
		perror(argv[2]);
		return 1;
	}
	int rc = disassemble(in, strtoull(argv[3], NULL, 0), argc == 4);
	fclose(in);
	return rc;
}
