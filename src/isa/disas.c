/* SPDX-License-Identifier: MIT */
/*
 * From struct insn to text, spelled as objdump does. A spelling of ops.def or aliases.def is
 * copied; {name} becomes the completer's text and a word that names an operand its value.
 */
#include "isa/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- text buffer --- */
struct text {
	char *buf;
	size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(t->buf + t->used, t->size - t->used, format, args);
	va_end(args);
	if (n < 0)
		return;
	t->used += (size_t)n < t->size - t->used ? (size_t)n : t->size - t->used - 1;
}

/* --- names of registers --- */
/* clang-format off */
static const char *const ar_names[128] = {
	[0] = "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7",
	[16] = "rsc", "bsp", "bspstore", "rnat", [21] = "fcr", [24] = "eflag", "csd", "ssd", "cflg",
	"fsr", "fir", "fdr", [32] = "ccv", [36] = "unat", [40] = "fpsr", [44] = "itc", "ruc",
	[64] = "pfs", "lc", "ec",
};

static const char *const cr_names[128] = {
	[0] = "dcr", "itm", "iva", [8] = "pta", [16] = "ipsr", "isr", [19] = "iip", "ifa", "itir",
	"iipa", "ifs", "iim", "iha", "iib0", "iib1", [64] = "lid", "ivr", "tpr", "eoi", "irr0",
	"irr1", "irr2", "irr3", "itv", "pmv", "cmcv", [80] = "lrr0", "lrr1",
};
/* clang-format on */

static void put_named(struct text *t, const char *prefix, const char *const *names, unsigned n)
{
	if (names[n])
		put(t, "%s.%s", prefix, names[n]);
	else
		put(t, "%s%u", prefix, n);
}

/* --- operands --- */
struct context {
	const struct insn *i;
	gva_t ip;
};

typedef void put_fn(struct text *t, const struct context *c);

#define PUT(name, ...)                                                                             \
	static void put_##name(struct text *t, const struct context *c)                            \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

static void put_mux1_type(struct text *t, int64_t type)
{
	static const char *const names[16] = {"@brcst", [8] = "@mix", "@shuf", "@alt", "@rev"};
	if (names[type])
		put(t, "%s", names[type]);
	else
		put(t, "0x%x", (unsigned)type);
}

PUT(r1, put(t, "r%u", c->i->r1))
PUT(r2, put(t, "r%u", c->i->r2))
PUT(r3, put(t, "r%u", c->i->r3))
PUT(f1, put(t, "f%u", c->i->r1))
PUT(f2, put(t, "f%u", c->i->r2))
PUT(f3, put(t, "f%u", c->i->r3))
PUT(f4, put(t, "f%u", c->i->r4))
PUT(p1, put(t, "p%u", c->i->p1))
PUT(p2, put(t, "p%u", c->i->p2))
PUT(b1, put(t, "b%u", c->i->r1))
PUT(b2, put(t, "b%u", c->i->r2))
PUT(ar3, put_named(t, "ar", ar_names, c->i->r3))
PUT(cr3, put_named(t, "cr", cr_names, c->i->r3))
PUT(dahr3, put(t, "dahr%u", c->i->r3))
PUT(pos, put(t, "%u", c->i->pos))
PUT(len, put(t, "%u", c->i->len))
PUT(imm, put(t, "%" PRId64, c->i->imm))
PUT(imm19, put(t, "%u", (unsigned)((c->i->imm >> 6 & 0x7fff) << 4 | (c->i->imm & 0xf))))
PUT(ximm, put(t, "0x%" PRIx64, (uint64_t)c->i->imm))
PUT(target, put(t, "0x%" PRIx64, c->ip + (uint64_t)c->i->imm))
PUT(tag, put(t, "0x%" PRIx64, c->ip + (uint64_t)(sext(c->i->pos << 7 | c->i->len, 9) * 16)))
PUT(mbtype, put_mux1_type(t, c->i->imm))
PUT(sof, put(t, "%u", (unsigned)(c->i->imm & 0x7f)))
PUT(sol, put(t, "%u", (unsigned)(c->i->imm >> 7 & 0x7f)))
PUT(sor, put(t, "%u", (unsigned)(c->i->imm >> 14 & 0xf) * 8))
PUT(amask, put(t, "0x%x", (unsigned)(c->i->imm & 0x7f)))
PUT(omask, put(t, "0x%x", (unsigned)(c->i->imm >> 7)))

/* clang-format off */
#define WORD(name) {#name, put_##name}
static const struct word {
	const char *name;
	put_fn *put;
} words[] = {
	WORD(r1), WORD(r2), WORD(r3), WORD(f1), WORD(f2), WORD(f3), WORD(f4), WORD(p1), WORD(p2),
	WORD(b1), WORD(b2), WORD(ar3), WORD(cr3), WORD(dahr3), WORD(pos), WORD(len), WORD(imm),
	WORD(imm19), WORD(ximm), WORD(target), WORD(tag), WORD(mbtype), WORD(sof), WORD(sol),
	WORD(sor), WORD(amask), WORD(omask),
};
/* clang-format on */

/* --- spelling --- */
static void put_completer(struct text *t, const struct insn *i, const char *name, size_t length)
{
	for (unsigned k = 1; k < isa_operand_count; k++) {
		const struct operand *o = &isa_operands[k];
		if (o->name && strlen(o->name) == length && !memcmp(o->name, name, length))
			put(t, "%s", o->spelling[operand_of_insn(o, i)]);
	}
}

static void put_word(struct text *t, const struct context *c, const char *word, size_t length)
{
	for (unsigned k = 0; k < countof(words); k++)
		if (strlen(words[k].name) == length && !memcmp(words[k].name, word, length)) {
			words[k].put(t, c);
			return;
		}
	put(t, "%.*s", (int)length, word);
}

static void put_operands(struct text *t, const struct context *c, const char *s)
{
	while (*s) {
		size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.");
		if (n)
			put_word(t, c, s, n);
		else
			put(t, "%.*s", (int)(n = 1), s);
		s += n;
	}
}

static void put_spelling(struct text *t, const struct context *c, const char *s)
{
	while (*s && *s != ' ') {
		if (*s == '{') {
			size_t n = strcspn(s, "}");
			put_completer(t, c->i, s + 1, n - 1);
			s += n + 1;
		} else {
			put(t, "%c", *s++);
		}
	}
	put_operands(t, c, s);
}

static const char *spelling(const struct insn *i)
{
#define ALIAS(row, condition, text)                                                                \
	if (i->op == OP_##row && (condition))                                                      \
		return text;
#include "isa/aliases.def"
#undef ALIAS
	return isa_rows[i->op].spelling;
}

/* The slot holds no instruction: objdump prints its bits, of a long one the second slot's. */
static void put_data(struct text *t, struct bundle b, unsigned slot)
{
	if (slot == 1 && bundle_slots(b) == 2)
		slot = 2;
	put(t, "data8 0x%09" PRIx64, bundle_slot(b, slot));
}

static bool spellable(const struct insn *i)
{
	for (unsigned k = 0; k < ROW_COMPLETERS; k++) {
		const struct operand *o = &isa_operands[isa_rows[i->op].completer[k]];
		if (o->name && !o->spelling[operand_of_insn(o, i)])
			return false;
	}
	return i->op != OP_illegal && spelling(i);
}

/* blank: what stands in the predicate's place when there is none. */
static void put_insn(struct text *t, const struct insn *i, gva_t ip, const char *blank)
{
	struct context c = {i, ip};
	if (i->qp)
		put(t, "(p%02u) ", i->qp);
	else
		put(t, "%s", blank);
	put_spelling(t, &c, spelling(i));
}

void insn_print(char *buf, size_t size, const struct insn *i, struct bundle b, gva_t ip)
{
	struct text t = {buf, size, 0};
	if (spellable(i))
		put_insn(&t, i, ip, "");
	else
		put_data(&t, b, i->slot);
}

static void put_template(struct text *t, struct bundle b)
{
	static const char *const names[16] = {"MII", "MII", "MLX", [4] = "MMI", "MMI", "MFI", "MMF",
		"MIB", "MBB", [11] = "BBB", "MMB", [14] = "MFB"};
	unsigned n = b.lo >> 1 & 0xf;
	if (names[n])
		put(t, "[%s] ", names[n]);
	else
		put(t, "[-%x-] ", n);
}

#define BLANK "      "

/* objdump shows no stop after what it cannot spell. */
static void put_line(struct text *t, const struct insn *i, struct bundle b, gva_t ip)
{
	unsigned last = i->slot + 1u == bundle_slots(b) ? 2 : i->slot;
	if (spellable(i)) {
		put_insn(t, i, ip, BLANK);
		put(t, bundle_templates[b.lo & 0x1f].stop >> last & 1 ? ";;\n" : "\n");
	} else {
		put(t, BLANK);
		put_data(t, b, i->slot);
		put(t, "\n");
	}
}

void bundle_print(char *buf, size_t size, struct bundle b, gva_t ip, bool lenient)
{
	struct text t = {buf, size, 0};
	for (unsigned slot = 0; slot < bundle_slots(b); slot++) {
		struct insn i;
		if (lenient)
			insn_decode_lenient(&i, b, slot);
		else
			insn_decode(&i, b, slot);
		if (slot == 0)
			put_template(&t, b);
		else
			put(&t, BLANK);
		put_line(&t, &i, b, ip);
	}
}
