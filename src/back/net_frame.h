/* SPDX-License-Identifier: MIT */
/* Ethernet frames: what has to be filled in before another network stack sees one. */
#ifndef BACK_NET_FRAME_H
#define BACK_NET_FRAME_H

#include "base/types.h"

/* Where the checksum of the TCP or UDP packet in an Ethernet frame of n bytes begins and, from
 * there, stands. False: it has none, or is cut short, or is a fragment. */
bool net_frame_checksum(const uint8_t *frame, size_t n, uint16_t *start, uint16_t *offset);
/* Completes a checksum of which only the pseudo header is there, as guests leave it with
 * csum_blank. A frame that has none stays as it is. */
void net_frame_complete(uint8_t *frame, size_t n);

#endif
