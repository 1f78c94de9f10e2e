/* SPDX-License-Identifier: MIT */
/*
 * A paravirtual processor at its start, in time, in save files, and beside another one. Expected
 * results are those of the guest ABI, sections 2.5, 2.8, 6.3, 9 and 10.7.
 */
#include "pv.h"

#include "base/stream.h"
#include "cpu/timer.h"
#include "hv/event.h"

#define FPSR 0x0009804c0270033full

/* The machine of pv.h with a second processor. */
static int setup_two(void **state)
{
	struct pv *p = calloc(1, sizeof(*p));
	char error[200];

	guest_init(&p->g, "poulson");
	p->g.m.cpu[1] = cpu_new(&p->g.m, 1);
	p->g.m.cpus = 2;
	assert_int_equal(hv_init(&p->hv, &p->g.m, 1, error, sizeof(error)), 0);
	p->cpu = p->g.cpu;
	p->v = &p->hv.vcpu[0];
	pv_start(p);
	*state = p;
	return 0;
}

static void check_start(const struct hv_vcpu *v)
{
	const struct cpu *cpu = v->cpu;

	assert_int_equal(cpu->cpl, 1);
	assert_true((cpu->psr & PSR_REAL_SET) == PSR_REAL_SET);
	assert_int_equal(cpu_cfm(cpu), 0);
	assert_int_equal(rse_bsp(cpu), 0);
	assert_int_equal(cpu->rse.mode_pl, 1 << 2);
	assert_int_equal(cpu->rse.rnat, 0);
	assert_true(cpu->ar[AR_FPSR] == FPSR);
	assert_int_equal(page_get(v, PAGE_METAPHYSICAL), 1);
	assert_int_equal(page_get(v, PAGE_BANKNUM), 1);
	assert_int_equal(page_get(v, PAGE_ITV), 1 << 16);
	assert_int_equal(page_get(v, PAGE_PTA), 15 << 2);
	for (unsigned n = 0; n < 8; n++)
		assert_int_equal(page_get_at(v, PAGE_RRS, n), 14 << 2 | (n < 6 ? 1 : 0));
	assert_true(page_get(v, PAGE_MASK_ADDR) == v->hv->xsi + 48 * cpu->index + 1);
}

static void boot_processor(void **state)
{
	struct pv *p = *state;

	hv_reset(&p->hv);
	for (unsigned n = 0; n < 64; n++)
		assert_int_equal(p->hv.shared_info[n * 48 + 1], 1);
	hv_boot_cpu(&p->hv, 0x4000000, 0x1000490);
	check_start(p->v);
	assert_int_equal(p->cpu->ip, 0x4000000);
	for (unsigned r = 1; r < 32; r++)
		assert_int_equal(p->cpu->gr[r], r == 28 ? 0x1000490 : 0);
	for (unsigned b = 0; b < 8; b++)
		assert_int_equal(p->cpu->br[b], 0);
	assert_true(pv_psr(p->v) == (PSR(AC) | PSR(IC) | PSR(DI) | PSR(BN)));
	assert_int_equal(shared_vcpu(p->v)[1], 1);
	assert_int_equal(p->v->iva, 0);
	assert_true(p->v->initialised && !p->v->down);
	assert_true(p->hv.vcpu[1].down && !p->hv.vcpu[1].initialised);
}

static void other_processor(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *v = &p->hv.vcpu[1];

	cpu_enter(p->cpu);
	assert_true(hv_set_shared_info_va(&p->hv, p->cpu, XSI));
	cpu_leave(p->cpu);
	for (unsigned again = 0; again < 2; again++) {
		v->cpu->gr[9] = 9;
		hv_boot_ap(v, 0x5000000, 0x77);
		check_start(v);
		assert_int_equal(v->cpu->ip, 0x5000000);
		assert_int_equal(v->cpu->gr[1], 0x77);
		assert_int_equal(v->cpu->gr[9], 0);
		assert_int_equal(v->cpu->br[0], 0x840);
		assert_int_equal(shared_vcpu(v)[1], 0xff);
		/* psr.ic as it was: off in a page that is new */
		assert_int_equal(page_get(v, PAGE_IC), again);
		page_set(v, PAGE_IC, 1);
	}
	assert_int_equal(shared_vcpu(v) - p->hv.shared_info, 48);
	assert_int_equal(v->regs - p->v->regs, 0x4000);
}

/* --- each sees its own page --- */

static unsigned run_on(struct pv *p, unsigned n, struct insn i)
{
	struct cpu *cpu = p->g.m.cpu[n];
	struct hv_vcpu *v = &p->hv.vcpu[n];

	cpu->ip = GUEST_CODE;
	p->g.at = GUEST_CODE;
	cpu_set_psr(cpu, PSR_REAL_SET | 1ull << PSR_CPL_BIT);
	page_set(v, PAGE_IC, 1);
	page_set(v, PAGE_BANKNUM, 1);
	v->iva = GUEST_IVA;
	guest_m(&p->g, .op = i.op, .imm = i.imm, .r1 = i.r1, .r2 = i.r2, .r3 = i.r3);
	guest_end(&p->g);
	assert_int_equal(cpu_run(cpu, 100000), EXIT_FIRMWARE);
	return (unsigned)cpu->exit_arg == GUEST_DONE ? GUEST_DONE : (unsigned)cpu->exit_arg << 4;
}

static void each_processor_sees_its_own_page(void **state)
{
	struct pv *p = *state;

	hv_boot_ap(&p->hv.vcpu[1], GUEST_CODE, 0);
	for (unsigned n = 0; n < 2; n++) {
		struct hv_vcpu *v = &p->hv.vcpu[n];
		page_set(v, PAGE_IIM, 0x10 + n);
		v->cpu->gr[3] = p->hv.xsi + 0x4000 + 0x8c0;
		run_on(p, n, (struct insn){.op = OP_ld8, .r1 = 14, .r3 = 3});
		assert_int_equal(v->cpu->gr[14], 0x10 + n);
		run_on(p, n, (struct insn){.op = OP_mov_from_cr, .r1 = 14, .r3 = CR_LID});
		assert_int_equal(v->cpu->gr[14], n << 24);
	}
}

#define DATA 0x2000000000100000ull

static void purges_and_new_frames_reach_all(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *other = &p->hv.vcpu[1];

	hv_boot_ap(other, GUEST_CODE, 0);
	for (unsigned global = 0; global < 2; global++) {
		page_set(other, PAGE_IFA, DATA);
		page_set(other, PAGE_ITIR, 14 << 2);
		assert_int_equal(
			pv_itc(other, false, 0x200000 | PTE_P | PTE_A | PTE_D | 1 << 7 | 2 << 9),
			PV_OK);
		other->cpu->gr[3] = DATA;
		assert_int_equal(
			run_on(p, 1, (struct insn){.op = OP_ld8, .r1 = 14, .r3 = 3}), GUEST_DONE);
		p->cpu->gr[3] = DATA;
		p->cpu->gr[2] = 14 << 2;
		run_on(p, 0, (struct insn){.op = global ? OP_ptc_ga : OP_ptc_l, .r3 = 3, .r2 = 2});
		assert_int_equal(run_on(p, 1, (struct insn){.op = OP_ld8, .r1 = 14, .r3 = 3}),
			global ? 0x1000 : GUEST_DONE);
	}
	/* a frame that goes away */
	uint64_t v = 42;
	assert_int_equal(ram_write(&p->g.m.ram, GPA(0x3000000), &v, 8), 0);
	other->cpu->gr[3] = 0x3000000;
	run_on(p, 1, (struct insn){.op = OP_ld8, .r1 = 14, .r3 = 3});
	assert_int_equal(other->cpu->gr[14], 42);
	p->hv.pages = 0x2000000 >> 14;
	cpu_enter(p->cpu);
	hv_flush(p->cpu);
	cpu_leave(p->cpu);
	run_on(p, 1, (struct insn){.op = OP_ld8, .r1 = 14, .r3 = 3});
	assert_int_equal(other->cpu->gr[14], 0);
}

static void *run_until_event(void *arg)
{
	struct cpu *cpu = arg;
	enum exit e;

	do
		e = cpu_run(cpu, 100000);
	while (e == EXIT_BUDGET || e == EXIT_KICK);
	return (void *)(uintptr_t)(e == EXIT_FIRMWARE ? cpu->exit_arg << 4 : 1);
}

/* Another processor runs all the time; in the end an event from here ends its loop. */
static void purges_and_events_meet_a_running_processor(void **state)
{
	struct pv *p = *state;
	struct hv_vcpu *other = &p->hv.vcpu[1];
	pthread_t thread;
	void *end;

	hv_boot_ap(other, GUEST_CODE, 0);
	other->iva = GUEST_IVA;
	other->callback = GUEST_IVA + 0x3000;
	page_set(other, PAGE_IC, 1);
	shared_set_mask(other, 0);
	p->g.at = GUEST_CODE;
	guest_m(&p->g, .op = OP_ld8, .r1 = 14, .r3 = 3);
	guest_b(&p->g, .op = OP_br_cond, .imm = -16);
	other->cpu->gr[3] = 0x200000;
	p->hv.event.port[3] = (struct evtchn){.state = EVTCHN_VIRQ, .virq = 0, .vcpu = 1};
	p->hv.event.virq[1][VIRQ_TIMER] = 3;
	assert_int_equal(pthread_create(&thread, NULL, run_until_event, other->cpu), 0);
	cpu_enter(p->cpu);
	for (unsigned n = 0; n < 100; n++) {
		hv_flush(p->cpu);
		assert_int_equal(pv_ptc(p->v, DATA, 14, true), PV_OK);
		hv_pend_vector(other, 0x40); /* dropped */
	}
	cpu_leave(p->cpu);
	assert_true(evtchn_raise_virq(&p->hv, 1, VIRQ_TIMER));
	assert_int_equal(pthread_join(thread, &end), 0);
	assert_int_equal((uintptr_t)end, 0x3000);
	assert_int_equal(other->irr[1], 0);
	assert_int_equal(page_get(other, PAGE_IIP) & ~0x10ull, GUEST_CODE);
}

/* --- time --- */

static void set_itm(struct pv *p, uint64_t itm)
{
	p->cpu->gr[8] = itm;
	assert_int_equal(PV_M(p, .op = OP_break_m, .imm = 0x0c), GUEST_DONE);
}

static uint64_t itc(struct pv *p)
{
	return clock_now(&p->g.m.clock) + p->cpu->itc_offset;
}

static bool pending(const struct pv *p, unsigned vector)
{
	return p->v->irr[vector / 64] >> vector % 64 & 1;
}

static void the_timer_pends_its_vector_without_callback(void **state)
{
	struct pv *p = *state;

	assert_int_equal(pv_write_itv(p->v, 0xef), PV_OK);
	set_itm(p, itc(p) + 5000000);
	timer_check(p->cpu);
	assert_false(pending(p, 0xef));
	assert_true(timer_deadline(p->cpu) - clock_now(&p->g.m.clock) <= 5000000);
	clock_advance(&p->g.m.clock, 5000000);
	timer_check(p->cpu);
	assert_true(pending(p, 0xef));
	assert_int_equal(page_get(p->v, PAGE_PENDING), 1);
	/* once */
	assert_int_equal(pv_read_ivr(p->v), 0xef);
	pv_end_interrupt(p->v);
	clock_advance(&p->g.m.clock, 5000000);
	timer_check(p->cpu);
	assert_false(pending(p, 0xef));
	assert_true(timer_deadline(p->cpu) == UINT64_MAX);
	/* the same value again has been delivered; another one in the past has not */
	set_itm(p, p->cpu->cr[CR_ITM]);
	timer_check(p->cpu);
	assert_false(pending(p, 0xef));
	set_itm(p, p->cpu->cr[CR_ITM] + 1);
	timer_check(p->cpu);
	assert_true(pending(p, 0xef));
}

static void a_masked_timer_is_disarmed(void **state)
{
	struct pv *p = *state;

	assert_int_equal(pv_write_itv(p->v, 0xef), PV_OK);
	set_itm(p, itc(p) + 1000);
	assert_int_equal(pv_write_itv(p->v, 0x100ef), PV_OK);
	clock_advance(&p->g.m.clock, 5000);
	timer_check(p->cpu);
	assert_false(pending(p, 0xef));
	assert_true(timer_deadline(p->cpu) == UINT64_MAX);
	assert_int_equal(pv_write_itv(p->v, 0xef), PV_OK);
	timer_check(p->cpu);
	assert_false(pending(p, 0xef));
	set_itm(p, itc(p) + 1000);
	clock_advance(&p->g.m.clock, 5000);
	timer_check(p->cpu);
	assert_true(pending(p, 0xef));
}

/* A processor that blocks is not inside cpu_run, and the channel may be bound while it sleeps. */
static void the_timer_wakes_a_blocked_processor(void **state)
{
	struct pv *p = *state;

	p->v->callback = GUEST_IVA + 0x3000;
	assert_int_equal(pv_write_itv(p->v, 0xef), PV_OK);
	p->cpu->gr[8] = itc(p) + 1000;
	assert_int_equal(PV_M(p, .op = OP_break_m, .imm = 0x0c), GUEST_DONE);
	assert_false(hv_has_work(p->v));
	clock_advance(&p->g.m.clock, 5000);
	assert_false(hv_has_work(p->v)); /* nobody listens */
	assert_true(timer_deadline(p->cpu) == UINT64_MAX);
	p->hv.event.port[3] = (struct evtchn){.state = EVTCHN_VIRQ, .virq = VIRQ_ITC};
	p->hv.event.virq[0][VIRQ_ITC] = 3;
	assert_true(hv_has_work(p->v));
	assert_int_equal(shared_vcpu(p->v)[0], 1);
	shared_vcpu(p->v)[0] = 0;
	p->hv.shared_info[0xc00] = 0;
	assert_false(hv_has_work(p->v)); /* once */
}

static void itc_is_real_and_offset_is_the_guests(void **state)
{
	struct pv *p = *state;

	page_set(p->v, PAGE_ITC_OFFSET, 1ull << 50);
	uint64_t before = itc(p);
	assert_int_equal(PV_M(p, .op = OP_mov_from_ar_m, .r1 = 14, .r3 = AR_ITC), GUEST_DONE);
	assert_true(p->cpu->gr[14] >= before && p->cpu->gr[14] <= itc(p));
}

/* --- saving --- */

static void save_all(struct pv *p, struct stream *s)
{
	for (unsigned n = 0; n < 2; n++)
		cpu_save(p->g.m.cpu[n], s);
	hv_save(&p->hv, s);
	ram_save(&p->g.m.ram, s);
}

static void load_all(struct pv *p, struct stream *s)
{
	for (unsigned n = 0; n < 2; n++)
		cpu_load(p->g.m.cpu[n], s);
	hv_load(&p->hv, s);
	ram_load(&p->g.m.ram, s);
}

static void state_survives_saving(void **state)
{
	struct pv *p = *state, *q;
	void *other;
	struct stream s = {0};

	hv_boot_ap(&p->hv.vcpu[1], 0x5000000, 7);
	p->hv.vcpu[1].down = false;
	p->hv.identity.on = true;
	p->hv.identity.key = 0x234;
	p->v->callback = GUEST_IVA + 0x3000;
	p->hv.vcpu[1].iva = 0x8000;
	hv_pend_vector(&p->hv.vcpu[1], 0x51);
	assert_int_equal(pv_set_rr(p->v, DATA, 0x77 << 8 | 14 << 2), PV_OK);
	assert_int_equal(pv_set_rr(p->v, 0, 0x78 << 8 | 14 << 2), PV_OK);
	assert_int_equal(pv_write_itv(p->v, 0xef), PV_OK);
	set_itm(p, itc(p) + 1000);
	save_all(p, &s);
	s.pos = 0;

	setup_two(&other);
	q = other;
	load_all(q, &s);
	assert_string_equal(s.error, "");
	assert_true(q->hv.identity.on);
	assert_int_equal(q->hv.identity.key, 0x234);
	assert_int_equal(q->v->callback, GUEST_IVA + 0x3000);
	assert_int_equal(q->hv.vcpu[1].iva, 0x8000);
	assert_int_equal(q->hv.vcpu[1].irr[1], 1ull << 0x11);
	assert_false(q->hv.vcpu[1].down);
	assert_int_equal(page_get_at(q->v, PAGE_RRS, 1), 0x77 << 8 | 14 << 2);
	assert_int_equal(pv_itir(q->v, DATA), 0x77 << 8 | 14 << 2);
	assert_int_equal(pv_itir(q->v, 0), 0x78 << 8 | 14 << 2);
	assert_true(timer_deadline(q->cpu) != UINT64_MAX);
	q->cpu->gr[3] = 0x1000; /* physical mode */
	assert_int_equal(run_on(q, 0, (struct insn){.op = OP_ld8, .r1 = 14, .r3 = 3}), GUEST_DONE);
	pv_teardown(&other);
	stream_free(&s);
}

/* A file cannot give a guest what it could not have reached: level 0, or other region ids. */
static void saved_state_is_checked(void **state)
{
	struct pv *p = *state;
	struct stream s = {0};

	p->cpu->cpl = 0;
	p->cpu->psr &= ~(PSR(IT) | PSR(DT));
	save_all(p, &s);
	s.pos = 0;
	load_all(p, &s);
	assert_true(stream_ok(&s));
	check_start(p->v);
	stream_free(&s);

	s = (struct stream){0};
	p->cpu->mmu.rr[3] = p->cpu->mmu.rr[4];
	save_all(p, &s);
	s.pos = 0;
	load_all(p, &s);
	assert_false(stream_ok(&s));
	stream_free(&s);

	pv_start(p);
	s = (struct stream){0};
	p->hv.xsi = 0xf000000000000000ull;
	save_all(p, &s);
	s.pos = 0;
	load_all(p, &s);
	assert_false(stream_ok(&s));
	stream_free(&s);
}

/* As engine verify makes one. */
static void a_copy_of_the_hypervisors_part_differs_when_changed(void **state)
{
	struct pv *p = *state;
	const struct personality *with = p->g.m.personality;
	struct cpu *copy = cpu_new(&p->g.m, 0);
	struct hv_vcpu *v;

	assert_true(with->copy_open(copy, p->cpu));
	v = copy->hv;
	p->v->iva = 0x8000;
	p->v->irr[2] = 5;
	assert_non_null(with->differs(copy, p->cpu));
#define CHANGED(change)                                                                            \
	with->copy(copy, p->cpu);                                                                  \
	assert_null(with->differs(copy, p->cpu));                                                  \
	change;                                                                                    \
	assert_non_null(with->differs(copy, p->cpu))
	CHANGED(v->iva = 0);
	CHANGED(v->rr0 ^= 0x100);
	CHANGED(v->itm_last++);
	CHANGED(v->timer_due = !v->timer_due);
	CHANGED(v->irr[2] = 4);
	CHANGED(v->insvc[3] ^= 1);
	CHANGED(v->plain_isr = !v->plain_isr);
	CHANGED(v->last.valid = !v->last.valid);
	with->copy_close(copy);
	assert_null(copy->hv);
	cpu_free(copy);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_two, pv_teardown)
	const struct CMUnitTest tests[] = {
		T(boot_processor),
		T(other_processor),
		T(each_processor_sees_its_own_page),
		T(purges_and_new_frames_reach_all),
		T(purges_and_events_meet_a_running_processor),
		T(the_timer_pends_its_vector_without_callback),
		T(a_masked_timer_is_disarmed),
		T(the_timer_wakes_a_blocked_processor),
		T(itc_is_real_and_offset_is_the_guests),
		T(state_survives_saving),
		T(saved_state_is_checked),
		T(a_copy_of_the_hypervisors_part_differs_when_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
