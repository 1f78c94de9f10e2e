/* SPDX-License-Identifier: MIT */
/*
 * Two domains: role=server waits for a role=client, which is told the server's number by peer=N.
 * They meet in xenstore, then talk by an event channel and granted pages.
 */
#include "grant.h"
#include "tests.h"
#include "xenbus.h"

#define DIR    "data/peer"
#define ROUNDS 1000

static volatile u64 *page;

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
	for (u64 n = first; n < ROUNDS; n += 2) {
		if (!turn(port, n))
			return false;
		page[1 + (n & 7)] = n * n;
		__sync_synchronize();
		page[0] = n + 1;
		port_op(EVTCHN_SEND, port);
	}
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

static void server(void)
{
	u32 port, ref, ro_ref;
	u64 *readonly = page_alloc();
	u16 client = wait_for_client();

	report(client != own_domid(), "a client comes by xenstore: domain %u", client);
	page = page_alloc();
	page[0] = ~0ull;
	readonly[5] = 0x5555;
	port = (u32)alloc_unbound(DOMID_SELF, client);
	ref = grant_give(client, (void *)page, false);
	ro_ref = grant_give(client, readonly, true);
	xs_write(0, DIR "/ref", "%u", ref);
	xs_write(0, DIR "/ro-ref", "%u", ro_ref);
	xs_write(0, DIR "/port", "%u", port);
	report(xs_wait(DIR "/result", "bound", 20000), "the client has bound and mapped");
	xs_write(0, DIR "/seen", "1");
	served_by_events(client, port);
	report(xs_wait(DIR "/result", "copied", 20000), "the client has done");
	xs_write(0, DIR "/seen", "2");
	report_eq(readonly[6], 0, "what is granted for reading is not written");
	report_eq(page[100], 0xc0b1ed, "what is copied to a grant arrives");
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
	tell(peer, "copied", 2); /* and ends with the page mapped, the port bound */
}

void test_peer(void)
{
	char role[16];

	xs_init();
	grants_init();
	events_off();
	if (!strcmp(option("role", role, sizeof(role)), "server"))
		server();
	else
		client();
}
