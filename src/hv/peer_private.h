/* SPDX-License-Identifier: MIT */
/* What the files about other domains share. */
#ifndef HV_PEER_PRIVATE_H
#define HV_PEER_PRIVATE_H

#include "hv/peer.h"

/* What could not be sent yet, in order. */
struct peer_packet {
	struct peer_packet *next;
	struct peer_msg msg;
	int pass; /* descriptor to go along, which is not its own; or -1 */
	uint8_t data[];
};

struct peer {
	struct peer *next;
	uint16_t domid;
	uint64_t link; /* of all connections */
	int fd;
	_Atomic bool gone; /* to be ended by the I/O thread */
	struct peer_packet *queue, **tail;
	size_t queued;		   /* bytes */
	uint32_t hint[PEER_HINTS]; /* grants that it uses because it has said that it will */
	unsigned hints;
	_Atomic bool signals;	  /* some of unsignalled */
	uint64_t unsignalled[64]; /* own ports whose signal had no room */
};

struct peers {
	pthread_mutex_t lock; /* guards the list, what is queued, and who waits; innermost */
	struct peers_host host;
	struct peer *list; /* only the I/O thread changes it */
	uint64_t links;	   /* that there were */
	unsigned broken;   /* of which the protocol was broken */
	bool stopped;	   /* processors, until this turn is over */
	uint8_t *data;	   /* what came behind a packet's structure */
	int passed;	   /* and with it, or -1 */
};

/* All: I/O thread. A packet of that domain, which is checked, is answered or done; false: it makes
 * no sense. */
bool peer_take(struct hv *hv, struct peer *p, const struct peer_msg *m);
typedef bool peer_take_fn(struct hv *hv, struct peer *p, const struct peer_msg *m);
/* Those about grants; hv->peers->data has what came behind m. peer_grant.c */
peer_take_fn peer_take_map, peer_take_unmap, peer_take_read, peer_take_write, peer_take_transfer,
	peer_take_hint;

/* Answers the request m with a status. */
void peer_answer(struct hv *hv, struct peer *p, const struct peer_msg *m, int32_t status);
/* The same with 0, with len bytes of data, or a descriptor, whose end peers_unpass is to be told: m
 * is the request, with from, offset and len those of the answer. */
void peer_answer_with(
	struct hv *hv, struct peer *p, const struct peer_msg *m, const void *data, int pass);
/* Processors stop until the end of this turn. */
void peer_stop(struct hv *hv);

#endif
