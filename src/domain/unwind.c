/* SPDX-License-Identifier: MIT */
/*
 * One pass over a function's regions, carrying what has been saved where, up to the region that the
 * instruction stands in. The bytes come from guest memory: nothing in them is trusted.
 */
#include "domain/unwind.h"

#define DEPTH  16 /* nested prologues */
#define LABELS 16

struct state {
	struct unwind_frame frame[DEPTH]; /* by nesting of prologues */
	unsigned depth;
};

struct decoder {
	const uint8_t *p, *end;
	bool bad;
	uint64_t slot;	 /* of the instruction, from the start of the present region */
	uint64_t length; /* of the present region, in slots */
	bool body;
	uint64_t epilogues; /* prologues to undo behind the present region */
	struct state state;
	struct state label[LABELS];
	uint64_t label_name[LABELS];
	unsigned labels;
};

static unsigned byte(struct decoder *d)
{
	if (d->p == d->end) {
		d->bad = true;
		return 0;
	}
	return *d->p++;
}

static uint64_t uleb(struct decoder *d)
{
	uint64_t v = 0;
	for (unsigned shift = 0; !d->bad; shift += 7) {
		unsigned b = byte(d);
		if (shift < 63)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			break;
	}
	return v;
}

static struct unwind_frame *top(struct decoder *d)
{
	return &d->state.frame[d->state.depth];
}

static void save(struct decoder *d, struct unwind_save *s, enum unwind_place place, uint64_t value)
{
	/* without a when descriptor the register is safe at the end of its prologue */
	uint64_t when = s->known ? s->when : d->length;
	*s = (struct unwind_save){place, value, when, true};
}

static void at(struct unwind_save *s, uint64_t slot)
{
	s->when = slot + 1;
	s->known = true;
}

/* The prologue's mask form: rp, pfs, psp and predicates in consecutive registers. */
static void prologue_gr(struct decoder *d, unsigned mask, unsigned gr)
{
	if (mask & 8)
		save(d, &top(d)->rp, PLACE_GR, gr++);
	if (mask & 4)
		save(d, &top(d)->pfs, PLACE_GR, gr++);
	if (mask & 2)
		save(d, &top(d)->psp, PLACE_GR, gr);
}

/* P3: a register is kept in another. */
static void p3(struct decoder *d, unsigned what, unsigned reg)
{
	switch (what) {
	case 0:
		save(d, &top(d)->psp, PLACE_GR, reg);
		break;
	case 1:
		save(d, &top(d)->rp, PLACE_GR, reg);
		break;
	case 2:
		save(d, &top(d)->pfs, PLACE_GR, reg);
		break;
	case 6: /* the return link is in another branch register from the start */
		save(d, &top(d)->rp, PLACE_BR, reg & 7);
		top(d)->rp.when = 0;
		break;
	default:
		break;
	}
}

/* P7: saved in memory, or when. */
static void p7(struct decoder *d, unsigned what)
{
	uint64_t t = uleb(d);
	switch (what) {
	case 0:
		save(d, &top(d)->psp, PLACE_HOME, uleb(d) * 16);
		at(&top(d)->psp, t);
		break;
	case 1:
		at(&top(d)->psp, t);
		break;
	case 3:
		save(d, &top(d)->psp, PLACE_SP, t * 4);
		break;
	case 4:
		at(&top(d)->rp, t);
		break;
	case 5:
		save(d, &top(d)->rp, PLACE_PSP, t * 4);
		break;
	case 6:
		at(&top(d)->pfs, t);
		break;
	case 7:
		save(d, &top(d)->pfs, PLACE_PSP, t * 4);
		break;
	default:
		break;
	}
}

static void p8(struct decoder *d)
{
	unsigned what = byte(d);
	uint64_t t = uleb(d);
	if (what == 1)
		save(d, &top(d)->rp, PLACE_SP, t * 4);
	else if (what == 2)
		save(d, &top(d)->pfs, PLACE_SP, t * 4);
}

static void skip(struct decoder *d, uint64_t n)
{
	if (n > (size_t)(d->end - d->p))
		d->bad = true;
	else
		d->p += n;
}

/* X1-X4, which say the same under a predicate: skipped. */
static void extended(struct decoder *d, unsigned b)
{
	static const uint8_t fixed[] = {1, 2, 2, 3}, lebs[] = {2, 1, 2, 1};
	skip(d, fixed[b - 0xf9]);
	for (unsigned i = 0; i < lebs[b - 0xf9]; i++)
		uleb(d);
}

static void prologue_wide(struct decoder *d, unsigned b)
{
	if (b == 0xf0)
		p8(d);
	else if (b == 0xf1)
		skip(d, 2);
	else if (b >= 0xf9 && b <= 0xfc)
		extended(d, b);
	else if (b == 0xff) {
		skip(d, 2);
		top(d)->interruption = true;
	} else
		d->bad = true;
}

static void prologue_descriptor(struct decoder *d, unsigned b)
{
	if (b < 0xa0) /* P1 */
		return;
	if (b < 0xb0) { /* P2 */
		skip(d, 1);
	} else if (b < 0xb8) { /* P3 */
		unsigned b1 = byte(d);
		p3(d, (b & 7) << 1 | b1 >> 7, b1 & 0x7f);
	} else if (b == 0xb8) { /* P4: two bits per slot */
		skip(d, (d->length * 2 + 7) / 8);
	} else if (b == 0xb9) { /* P5 */
		skip(d, 3);
	} else if (b < 0xc0) {
		d->bad = true;
	} else if (b >= 0xf0) {
		prologue_wide(d, b);
	} else if (b >= 0xe0) {
		p7(d, b & 15);
	} /* else P6: nothing follows */
}

static void label_state(struct decoder *d, uint64_t label)
{
	if (d->labels == LABELS) {
		d->bad = true;
		return;
	}
	d->label_name[d->labels] = label;
	d->label[d->labels++] = d->state;
}

static void copy_state(struct decoder *d, uint64_t label)
{
	for (unsigned i = d->labels; i-- > 0;) {
		if (d->label_name[i] == label) {
			d->state = d->label[i];
			return;
		}
	}
	d->bad = true;
}

static void body_descriptor(struct decoder *d, unsigned b)
{
	if (b < 0xa0) { /* B1 */
		label_state(d, b & 31);
	} else if (b < 0xc0) {
		copy_state(d, b & 31);
	} else if (b < 0xe0) { /* B2 */
		uleb(d);
		d->epilogues = (b & 31) + 1;
	} else if (b == 0xe0) { /* B3 */
		uleb(d);
		d->epilogues = uleb(d) + 1;
	} else if (b == 0xf0) { /* B4 */
		label_state(d, uleb(d));
	} else if (b == 0xf8) {
		copy_state(d, uleb(d));
	} else if (b >= 0xf9 && b <= 0xfc) {
		extended(d, b);
	} else {
		d->bad = true;
	}
}

/* Behind a prologue everything it saved is in place. */
static void settle(struct unwind_frame *f)
{
	f->rp.when = f->pfs.when = f->psp.when = 0;
}

static void push_prologue(struct decoder *d)
{
	if (d->state.depth + 1 == DEPTH) {
		d->bad = true;
		return;
	}
	settle(top(d));
	d->state.frame[d->state.depth + 1] = *top(d);
	d->state.depth++;
}

static void pop_epilogues(struct decoder *d)
{
	uint64_t n = d->epilogues < d->state.depth ? d->epilogues : d->state.depth;
	d->state.depth -= (unsigned)n;
	d->epilogues = 0;
}

/* R1-R3: begins a region. */
static void region(struct decoder *d, unsigned b)
{
	unsigned mask = 0, gr = 0;

	if (b < 0x40) { /* R1 */
		d->body = b >> 5 & 1;
		d->length = b & 31;
	} else if (b < 0x48) { /* R2 */
		unsigned b1 = byte(d);
		mask = (b & 7) << 1 | b1 >> 7;
		gr = b1 & 0x7f;
		d->body = false;
		d->length = uleb(d);
	} else if (b >= 0x60 && b < 0x64) { /* R3 */
		d->body = b & 1;
		d->length = uleb(d);
	} else {
		d->bad = true;
	}
	if (!d->body && !d->bad) {
		push_prologue(d);
		prologue_gr(d, mask, gr);
	}
}

/* Forgets what has not happened yet at the instruction. */
static void not_yet(struct decoder *d, struct unwind_save *s)
{
	if (!d->body && s->known && d->slot < s->when)
		*s = (struct unwind_save){0};
}

bool unwind_decode(const uint8_t *p, size_t len, uint64_t slot, struct unwind_frame *f)
{
	struct decoder d = {.p = p, .end = p + len, .slot = slot};
	bool found = false;

	while (!d.bad && d.p < d.end && (!found || *d.p >= 0x80)) {
		unsigned b = byte(&d);
		if (b < 0x80) {
			pop_epilogues(&d);
			d.slot -= d.length;
			region(&d, b);
			found = d.slot < d.length;
		} else if (d.body) {
			body_descriptor(&d, b);
		} else {
			prologue_descriptor(&d, b);
		}
	}
	not_yet(&d, &top(&d)->rp);
	not_yet(&d, &top(&d)->pfs);
	not_yet(&d, &top(&d)->psp);
	*f = *top(&d);
	return found && !d.bad;
}
