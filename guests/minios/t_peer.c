/* SPDX-License-Identifier: MIT */
/*
 * Two domains: role=server waits for a role=client, which is told the server's number by peer=N.
 * They meet in xenstore, then talk by an event channel and granted pages. In the end the client
 * shuts down with all of it in use; or dies=client and dies=server tell both which of them will be
 * killed.
 */
#include "grant.h"
#include "tests.h"
#include "xenbus.h"

#define DIR    "data/peer"
#define ROUNDS 1000
#define MANY   40
#define STORM  20 /* rounds of each processor, on a page of its own */

static bool dies(const char *who)
{
	char name[16];

	return !strcmp(option("dies", name, sizeof(name)), who);
}

static volatile u64 *page;
static unsigned helpers; /* processors that run */

/* Whose turn it is, odd: the client's. Waits by polling the port. */
static bool turn(u32 port, u64 n)
{
	u64 end = now() + 20000000000;

	while (page[0] != n) {
		port_clear(port);
		__sync_synchronize();
		if (page[0] == n)
			break;
		if (now() >= end)
			return false;
		poll_port(port, now() + 1000000000);
	}
	return true;
}

static bool ping_pong(u32 port, u64 first)
{
	u64 begin = now();

	for (u64 n = first; n < ROUNDS; n += 2) {
		if (!turn(port, n))
			return false;
		page[1 + (n & 7)] = n * n;
		__sync_synchronize();
		page[0] = n + 1;
		port_op(EVTCHN_SEND, port);
	}
	print("# a turn takes %lu ns\r\n", (now() - begin) / ROUNDS);
	return true;
}

/* --- server --- */

static u16 wait_for_client(void)
{
	char perms[16];
	u32 n = (u32)format(perms, sizeof(perms), "b%u", own_domid()) + 1;

	xs_write(0, "data/secret", "x");
	xs_write(0, DIR, "%s", "");
	report(!*xs_error(xs_request(XS_SET_PERMS, 0, DIR, perms, n)),
		"a directory is opened to all domains");
	while (!xs_number(DIR "/from", 0))
		delay(10);
	return (u16)xs_number(DIR "/from", 0);
}

static void served_by_events(u16 client, u32 port)
{
	struct evtchn_status st = {0};

	report(!port_status(port, &st) && st.status == 2 && st.interdomain.dom == client,
		"the port is bound to one of the client");
	port_unmask(port);
	u32 was = event_count[port];
	events_on();
	page[20] = 1;
	report(event_wait(port, was + 1, 20000), "an event comes from the other domain");
	events_off();
	port_mask(port);
	page[0] = 0;
	report(ping_pong(port, 0), "1000 turns by events and a shared page");
}

static u64 *many[MANY];

static void give_many(u16 client)
{
	u32 first = 0;

	for (unsigned n = 0; n < MANY; n++) {
		many[n] = page_alloc();
		many[n][0] = n;
		u32 ref = grant_give(client, many[n], false);
		if (!n)
			first = ref;
	}
	xs_write(0, DIR "/many", "%u", first);
}

/* A frame of which the memory was given back, for a page of the client's. */
static u32 accept_page(u16 client, void *at)
{
	u32 ref = grant_give(client, at, false);
	static u64 list[1];
	struct reservation r = {.extents = inline_handle(list), .count = 1, .dom = DOMID_SELF};

	list[0] = gpfn(at);
	report_eq((u64)hc_op(HC_MEMORY, MEM_DECREASE, &r), 1, "memory is given back");
	grants[ref].flags = GTF_TRANSFER;
	return ref;
}

static volatile bool hammers, lost;

/* Writes what it then reads, while the page comes and goes. */
static void hammer(void *arg)
{
	volatile u64 *word = arg;

	for (u64 n = 0; hammers; n++) {
		*word = n;
		if (*word != n)
			lost = true;
	}
}

static void start_hammers(void)
{
	hammers = true;
	for (unsigned n = 1; n < helpers; n++)
		cpu_post(n, hammer, many[n] + 7);
}

static void stop_hammers(void)
{
	bool idle = true;

	hammers = false;
	for (unsigned n = 1; n < helpers; n++)
		idle &= wait_until(cpu_idle(n), 5000);
	report(idle && !lost, "no write is lost while pages move");
}

static void after_client(u16 client, u32 ref, u32 accept, u64 *accepted, u64 *readonly)
{
	bool seen = true;

	report_eq(readonly[6], 0, "what is granted for reading is not written");
	report_eq(page[100], 0xc0b1ed, "what is copied to a grant arrives");
	report_eq(page[101], 0x5555, "and what is copied from another");
	for (unsigned n = 0; n < MANY; n++)
		seen &= many[n][1] == n + 100 && many[n][0] == n;
	report(seen, "%u pages were mapped, written and given back", MANY);
	stop_hammers();
	report(many[0][2] == STORM && (helpers < 2 || many[1][2] == STORM), "each time they were");
	report_eq(grants[accept].flags, GTF_TRANSFER | GTF_COMMITTED | GTF_COMPLETED,
		"a page has been transferred");
	report_eq(accepted[3], 0x7a5f, "with what is in it");
	report_eq(grants[accept].dom, client, "by the client");
	report_eq(grants[ref].flags, GTF_ACCESS | GTF_READING | GTF_WRITING,
		"the first page is in use");
}

static void server(void)
{
	u32 port, ref, ro_ref;
	u64 *readonly = page_alloc(), *accepted = page_alloc();
	u16 client = wait_for_client();

	report(client != own_domid(), "a client comes by xenstore: domain %u", client);
	page = page_alloc();
	page[0] = ~0ull;
	readonly[5] = 0x5555;
	port = (u32)alloc_unbound(DOMID_SELF, client);
	ref = grant_give(client, (void *)page, false);
	ro_ref = grant_give(client, readonly, true);
	u32 accept = accept_page(client, accepted);
	give_many(client);
	start_hammers();
	xs_write(0, DIR "/accept", "%u", accept);
	xs_write(0, DIR "/ref", "%u", ref);
	xs_write(0, DIR "/ro-ref", "%u", ro_ref);
	xs_write(0, DIR "/port", "%u", port);
	report(xs_wait(DIR "/result", "bound", 20000), "the client has bound and mapped");
	xs_write(0, DIR "/seen", "1");
	served_by_events(client, port);
	report(xs_wait(DIR "/result", "copied", 20000), "the client has done");
	after_client(client, ref, accept, accepted, readonly);
	xs_write(0, DIR "/seen", "2");
	if (dies("server")) {
		print("# now it dies\r\n");
		for (;;)
			delay(1000);
	}
	report(wait_until(grants[ref].flags == GTF_ACCESS, 20000),
		"the end of the client ends its maps");
	struct evtchn_status st = {0};
	report(wait_until(!port_status(port, &st) && st.status == 1, 20000), "and frees the port");
}

/* --- client --- */

static char path[96];

static const char *there(u16 peer, const char *key)
{
	format(path, sizeof(path), "/local/domain/%u/%s", peer, key);
	return path;
}

static u64 wait_number(u16 peer, const char *key)
{
	u64 n;

	while ((n = xs_number(there(peer, key), ~0ull)) == ~0ull)
		delay(10);
	return n;
}

/* What this domain writes there goes when it ends, so it waits until it was seen. */
static void tell(u16 peer, const char *result, u64 seen)
{
	xs_write(0, there(peer, DIR "/result"), "%s", result);
	while (wait_number(peer, DIR "/seen") != seen)
		delay(5);
}

void f_store(u64 va);

static void use_grants(u16 peer, u32 ref, u32 ro_ref, u64 *ro)
{
	u32 handle;
	u64 *own = page_alloc();

	report_eq((u64)grant_map(peer, ro_ref, ro, GNTMAP_HOST, &handle), (u64)-1,
		"not for writing what is for reading");
	report_eq((u64)grant_map(peer, ro_ref, ro, GNTMAP_HOST | GNTMAP_READONLY, &handle), 0,
		"but for reading");
	report_eq(ro[5], 0x5555, "it is read");
	report_eq(fault_of(f_store, (u64)(ro + 6)), 0x5300, "and not written");
	report_eq((u64)grant_unmap(ro, handle), 0, "and given back");
	own[0] = 0xc0b1ed;
	struct grant_copy c = {.from = {gpfn(own), DOMID_SELF, 0},
		.to = {ref, peer, 800},
		.length = 8,
		.flags = COPY_TO_REF,
		.status = 99};
	grant_op(GNTTAB_COPY, &c, 1);
	report_eq((u64)c.status, 0, "a copy into the other domain");
	c = (struct grant_copy){.from = {ro_ref, peer, 40},
		.to = {gpfn(own), DOMID_SELF, 8},
		.length = 8,
		.flags = COPY_FROM_REF,
		.status = 99};
	grant_op(GNTTAB_COPY, &c, 1);
	report(c.status == 0 && own[1] == 0x5555, "a copy from there");
	c = (struct grant_copy){.from = {ro_ref, peer, 40},
		.to = {ref, peer, 808},
		.length = 8,
		.flags = COPY_FROM_REF | COPY_TO_REF,
		.status = 99};
	grant_op(GNTTAB_COPY, &c, 1);
	report_eq((u64)c.status, 0, "a copy between two pages of the other domain");
	c.to.frame = ro_ref;
	grant_op(GNTTAB_COPY, &c, 1);
	report_eq((u64)c.status, (u64)-1, "but not to one for reading");
	c.from.offset = PAGE_SIZE - 4;
	grant_op(GNTTAB_COPY, &c, 1);
	report_eq((u64)c.status, (u64)-10, "nor beyond its end");
}

static void use_many(u16 peer, u32 first)
{
	static struct grant_map m[MANY];
	static struct grant_unmap u[MANY];
	u64 *at[MANY];
	unsigned good = 0, right = 0, back = 0;

	for (unsigned n = 0; n < MANY; n++) {
		at[n] = page_alloc();
		m[n] = (struct grant_map){.host_addr = pa(at[n]),
			.flags = GNTMAP_HOST,
			.ref = first + n,
			.dom = peer,
			.status = 99};
	}
	u64 begin = now();
	report_eq((u64)grant_op(GNTTAB_MAP, m, MANY), 0, "%u pages are mapped in one call", MANY);
	u64 mapped = now();
	for (unsigned n = 0; n < MANY; n++) {
		good += !m[n].status;
		right += !m[n].status && at[n][0] == n;
		at[n][1] = n + 100;
		u[n] = (struct grant_unmap){
			.host_addr = pa(at[n]), .handle = m[n].handle, .status = 99};
	}
	report_eq(good, MANY, "all are");
	report_eq(right, MANY, "each is the right one");
	u64 unmap = now();
	report_eq((u64)grant_op(GNTTAB_UNMAP, u, MANY), 0, "and unmapped in one");
	print("# a map takes %lu ns, its end %lu ns\r\n", (mapped - begin) / MANY,
		(now() - unmap) / MANY);
	for (unsigned n = 0; n < MANY; n++)
		back += !u[n].status;
	report_eq(back, MANY, "all are");
}

struct storm {
	u16 peer;
	u32 ref, port, handle;
	u64 *at, *own;
	unsigned bad;
};

static void storm(void *arg)
{
	struct storm *s = arg;

	for (u64 n = 1; n <= STORM; n++) {
		struct grant_copy c = {.from = {s->ref, s->peer, 16},
			.to = {gpfn(s->own), DOMID_SELF, 24},
			.length = 8,
			.flags = COPY_FROM_REF,
			.status = 99};
		s->bad += grant_map(s->peer, s->ref, s->at, GNTMAP_HOST, &s->handle) != 0;
		s->at[2]++;
		s->bad += grant_unmap(s->at, s->handle) != 0;
		s->bad += grant_op(GNTTAB_COPY, &c, 1) || c.status || s->own[3] != n;
		s->bad += port_op(EVTCHN_SEND, s->port) != 0;
	}
}

/* All processors at once. */
static void use_at_once(u16 peer, u32 first, u32 port)
{
	static struct storm s[8];
	unsigned bad = 0;

	for (unsigned n = 0; n < helpers; n++)
		s[n] = (struct storm){peer, first + n, port, 0, page_alloc(), page_alloc(), 0};
	for (unsigned n = 1; n < helpers; n++)
		cpu_post(n, storm, &s[n]);
	storm(&s[0]);
	for (unsigned n = 0; n < helpers; n++)
		bad += s[n].bad + !wait_until(cpu_idle(n), 30000);
	report_eq(bad, 0, "all processors map, copy and signal at once");
}

static void give_page(u16 peer, u32 ref)
{
	u64 *own = page_alloc();
	struct grant_transfer t = {.frame = gpfn(own), .dom = peer, .ref = ref, .status = 99};

	own[3] = 0x7a5f;
	report(!grant_op(GNTTAB_TRANSFER, &t, 1) && !t.status, "a page is transferred: %d",
		t.status);
	report_eq(own[3], 0, "an empty one takes its place");
	t.status = 99;
	grant_op(GNTTAB_TRANSFER, &t, 1);
	report_eq((u64)t.status, (u64)-1, "one is accepted, not two");
}

static void refusals(u16 peer, u32 ref)
{
	u32 handle;
	void *at = page_alloc();

	report_eq((u64)bind_interdomain(31000, 1), (u64)-ESRCH, "nobody is there to bind to");
	report_eq((u64)grant_map(31000, 1, at, GNTMAP_HOST, &handle), (u64)-2, "nor to map from");
	report_eq((u64)grant_map(peer, ref + 200, at, GNTMAP_HOST, &handle), (u64)-1,
		"what is not granted is not mapped");
	report_eq((u64)grant_map(peer, 1 << 20, at, GNTMAP_HOST, &handle), (u64)-3,
		"nor what is beyond the table");
	report_eq((u64)grant_unmap(at, 4000), (u64)-4, "nor unmapped");
}

/* The other domain is no more, but what was mapped of it is still there. */
static void after_server(u16 peer, u32 ref, u32 port, u32 handle)
{
	struct evtchn_status st = {0};

	print("# waits for the other's death\r\n");
	report(wait_until(!port_status(port, &st) && st.status == 1, 60000),
		"the death of the server frees the port");
	report_eq(page[100], 0xc0b1ed, "what is mapped stays");
	page[100] = 1;
	report_eq(port_op(EVTCHN_SEND, port), 0, "what is signalled is lost");
	report(wait_until(bind_interdomain(peer, port) == -ESRCH, 20000), "it is not there");
	report_eq((u64)grant_unmap((void *)page, handle), 0, "its page is unmapped");
	report_eq((u64)grant_map(peer, ref, (void *)page, GNTMAP_HOST, &handle), (u64)-2,
		"and not mapped any more");
}

static void client(void)
{
	u16 peer = (u16)option_number("peer", 0);
	u32 handle;

	while (!xs_read(0, there(peer, DIR)))
		delay(10);
	report(!xs_read(0, there(peer, "data/secret")), "others' nodes are not read");
	report(!strcmp(xs_write(0, there(peer, "data/secret"), "y"), "EACCES"), "nor written");
	report(!*xs_write(0, there(peer, DIR "/from"), "%u", own_domid()),
		"but where they are open");
	u32 remote = (u32)wait_number(peer, DIR "/port");
	u32 ref = (u32)wait_number(peer, DIR "/ref"),
	    ro_ref = (u32)wait_number(peer, DIR "/ro-ref");
	s64 port = bind_interdomain(peer, remote);
	report(port > 0, "an event channel to another domain");
	report(bind_interdomain(peer, remote) < 0, "is bound once");
	report(bind_interdomain(peer, remote + 1) < 0, "and only what was offered");
	page = page_alloc();
	report_eq((u64)grant_map(peer, ref, (void *)page, GNTMAP_HOST, &handle), 0,
		"a page of another domain is mapped");
	tell(peer, "bound", 1);
	report(wait_until(page[20] == 1, 20000), "and the same memory");
	port_op(EVTCHN_SEND, (u32)port);
	report(ping_pong((u32)port, 1), "1000 turns by events and a shared page");
	use_grants(peer, ref, ro_ref, page_alloc());
	u32 many_refs = (u32)wait_number(peer, DIR "/many");
	use_many(peer, many_refs);
	use_at_once(peer, many_refs, (u32)port);
	give_page(peer, (u32)wait_number(peer, DIR "/accept"));
	refusals(peer, ref);
	tell(peer, "copied", 2); /* and ends with the page mapped, the port bound */
	if (dies("server"))
		after_server(peer, ref, (u32)port, handle);
	if (dies("client")) {
		print("# now it dies\r\n");
		for (;;)
			delay(1000);
	}
}

void test_peer(void)
{
	char role[16];

	xs_init();
	grants_init();
	events_off();
	for (helpers = 1; helpers < 8 && helpers < cpus_found() && cpu_start(helpers);)
		helpers++;
	if (!strcmp(option("role", role, sizeof(role)), "server"))
		server();
	else
		client();
}
