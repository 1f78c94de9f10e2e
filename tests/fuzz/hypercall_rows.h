/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls and firmware calls there are, as the fuzzer knows them (ABI 3, 4.4). A kind is a
 * letter: c this row's operation, s a handle of structures, n their count, d domain, p port, v
 * vcpu, q virtual interrupt, r grant, h mapping, o order, f flags, l a small number, F and P
 * handles of lists of frames and ports, B of bytes, g frame, A address, t time, V virtual address,
 * x anything. In a layout each is followed by its size; M is an entry of a multicall.
 */
#ifndef FUZZ_HYPERCALL_ROWS_H
#define FUZZ_HYPERCALL_ROWS_H

#include <stdint.h>

/* What must have been seen of a row when it was called often: results of 0 or more, errors. */
enum { HC_GOOD = 1, HC_BAD = 2, HC_BOTH = 3 };

struct hc_row {
	uint16_t number;
	uint16_t seen;
	uint64_t cmd;
	const char *args, *layout;
};

#define HC_RESERVATION "F8n8o4l4d2.6"
#define HC_ANY	       "x8x8x8"

/* clang-format off */
static const struct hc_row hc_rows[] = {
	{6, HC_GOOD, 0, "c", ""},  {6, HC_GOOD, 1, "c", ""},  {6, HC_GOOD, 2, "cl", ""},  {6, HC_BAD, 3, "c", ""},
	{7, HC_BAD, 0, "s", HC_ANY},
	/* memory_op */
	{12, HC_GOOD, 0, "cs", HC_RESERVATION},
	{12, HC_GOOD, 1, "cs", HC_RESERVATION},
	{12, HC_GOOD, 2, "cs", HC_ANY},
	{12, HC_BOTH, 3, "cs", "d2"},
	{12, HC_BOTH, 4, "cs", "d2"},
	{12, HC_BAD, 5, "cs", HC_ANY},
	{12, HC_GOOD, 6, "cs", HC_RESERVATION},
	{12, HC_BAD, 7, "cs", "d2.2l4l8g8"},
	{12, HC_BAD, 10, "cs", "n4.4B8"},
	{12, HC_BOTH, 11, "cs", HC_RESERVATION HC_RESERVATION "o8"},
	{12, HC_BOTH, 14, "cs", "d2"},
	{12, HC_BAD, 16, "cs", "x8x8x8x8d2"},
	{12, HC_BAD, 17, "cs", "x8x8x8x8d2"},
	{13, HC_BOTH, 0, "sn", "M1"},
	/* xen_version */
	{17, HC_GOOD, 0, "cs", ""},   {17, HC_BOTH, 1, "cB", ""},   {17, HC_BOTH, 2, "cB", ""},
	{17, HC_BOTH, 3, "cB", ""},   {17, HC_BOTH, 4, "cB", ""},   {17, HC_BOTH, 5, "cB", ""},
	{17, HC_BOTH, 6, "cs", "o4x4"}, {17, HC_BOTH, 7, "co", ""},  {17, HC_BOTH, 8, "cB", ""},
	{17, HC_BOTH, 9, "cB", ""},
	{18, HC_BOTH, 0, "cnB", ""},  {18, HC_BAD, 1, "cnB", ""},
	/* grant_table_op */
	{20, HC_BOTH, 0, "csn", "A8f4r4d2.2.4.8"},
	{20, HC_BOTH, 1, "csn", "A8.8h4.4"},
	{20, HC_BOTH, 2, "csn", "d2.2l4.8F8"},
	{20, HC_BOTH, 3, "csn", "d2.2"},
	{20, HC_BOTH, 4, "csn", "g8d2.2r4.8"},
	{20, HC_BOTH, 5, "csn", "g8d2l2.4g8d2l2.4l2l2.4"},
	{20, HC_BOTH, 5, "csn", "r8d2l2.4r8d2l2.4l2l2.4"},
	{20, HC_BOTH, 6, "csn", "d2.2.8.4"},
	{20, HC_BOTH, 7, "csn", "A8A8h4.4"},
	{20, HC_BOTH, 8, "csn", "l4"},
	{20, HC_BAD, 9, "csn", "l4d2.2F8"},
	{20, HC_BOTH, 10, "csn", "d2.2l4"},
	/* vcpu_op */
	{24, HC_BAD, 0, "cvB", ""},     {24, HC_BOTH, 1, "cv", ""},     {24, HC_BOTH, 2, "cv", ""},
	{24, HC_BOTH, 3, "cv", ""},     {24, HC_BOTH, 4, "cvB", ""},    {24, HC_BOTH, 5, "cvs", "B8"},
	{24, HC_BOTH, 6, "cvs", "t8"},  {24, HC_BOTH, 7, "cv", ""},     {24, HC_BOTH, 8, "cvs", "t8l4"},
	{24, HC_BOTH, 9, "cv", ""},     {24, HC_BAD, 10, "cvs", "g8x8"}, {24, HC_BAD, 11, "cv", ""},
	/* sched_op */
	{29, HC_GOOD, 0, "c", ""},      {29, HC_GOOD, 1, "c", ""},      {29, HC_BOTH, 2, "cs", "l4"},
	{29, HC_BOTH, 3, "cs", "P8n4.4t8"},
	{29, HC_BAD, 4, "cs", "d2.2l4"}, {29, HC_BOTH, 5, "cs", "l4"},
	{29, HC_BOTH, 6, "cs", "l4l4"},
	{30, HC_BOTH, 0, "cs", "l2.2.4V8"}, {30, HC_BAD, 1, "cs", "l2"},
	{31, HC_BAD, 0, "ls", HC_ANY},
	/* event_channel_op */
	{32, HC_BOTH, 0, "cs", "d2.2p4.4"}, {32, HC_BOTH, 1, "cs", "q4v4.4"}, {32, HC_BAD, 2, "cs", "l4l4.4"},
	{32, HC_BOTH, 3, "cs", "p4"},       {32, HC_BOTH, 4, "cs", "p4"},     {32, HC_BOTH, 5, "cs", "d2.2p4.8.8"},
	{32, HC_BOTH, 6, "cs", "d2d2.4"},   {32, HC_BOTH, 7, "cs", "v4.4"},   {32, HC_BOTH, 8, "cs", "p4v4"},
	{32, HC_BOTH, 9, "cs", "p4"},       {32, HC_BOTH, 10, "cs", "d2"},
	/* physdev_op */
	{33, HC_GOOD, 4, "c", ""},        {33, HC_BOTH, 5, "cs", "l4.4"},    {33, HC_BAD, 8, "cs", HC_ANY},
	{33, HC_BAD, 9, "cs", HC_ANY},    {33, HC_BAD, 10, "cs", "l4l4"},    {33, HC_BAD, 11, "cs", "l4l4"},
	{33, HC_BOTH, 12, "cs", "l4"},    {33, HC_BOTH, 13, "cs", HC_ANY HC_ANY}, {33, HC_BOTH, 14, "cs", HC_ANY},
	{33, HC_BAD, 15, "cs", HC_ANY},   {33, HC_BAD, 16, "cs", HC_ANY},    {33, HC_BOTH, 17, "cs", "g8"},
	{33, HC_BAD, 20, "cs", HC_ANY},   {33, HC_BOTH, 28, "cs", "g8"},
	/* hvm_op */
	{34, HC_BAD, 0, "cs", "d2.2l4x8"}, {34, HC_BAD, 1, "cs", "d2.2l4x8"}, {34, HC_BAD, 2, "cs", HC_ANY},
	{34, HC_BAD, 3, "cs", HC_ANY},     {34, HC_GOOD, 4, "cs", HC_ANY},    {34, HC_BAD, 7, "cs", HC_ANY},
	{35, HC_BAD, 0, "s", HC_ANY},      {36, HC_BAD, 0, "s", HC_ANY},      {37, HC_BAD, 0, "ls", HC_ANY},
	/* dom0vp_op */
	{48, HC_BAD, 0, "cAn", ""},        {48, HC_BOTH, 1, "cg", ""},        {48, HC_BOTH, 3, "cg", ""},
	{48, HC_BAD, 4, "c", ""},          {48, HC_BOTH, 5, "cgo", ""},       {48, HC_BAD, 6, "cggfd", ""},
	{48, HC_BAD, 7, "cggnn", ""},      {48, HC_BAD, 8, "clBn", ""},       {48, HC_BAD, 9, "cggfd", ""},
	{48, HC_BAD, 10, "cB", ""},        {48, HC_BAD, 11, "cAll", ""},      {48, HC_BAD, 12, "cgdBf", ""},
	{48, HC_BAD, 13, "cgd", ""},       {48, HC_BOTH, 14, "cdB", ""},
	{49, HC_BOTH, 0, "l", ""},         {50, HC_BAD, 0, "ldB", ""},
	/* those of no or another meaning */
	{14, HC_BAD, 0, "xxxx", ""},       {15, HC_BAD, 0, "t", ""},          {28, HC_BAD, 0, "cB", ""},
	{63, HC_BAD, 0, "xx", ""},         {64, HC_BAD, 0, "xx", ""},         {0x200, HC_BAD, 0, "xx", ""},
	{0x900, HC_BAD, 0, "xx", ""},
	/* EFI */
	{0x300, HC_BOTH, 0, "AA", ""},     {0x301, HC_BAD, 0, "AA", ""},      {0x304, HC_BAD, 40, "cltA", ""},
	{0x304, HC_BOTH, 40, "cclA", ""},  {0x305, HC_BAD, 0, "AAAA", ""},    {0x309, HC_BAD, 0, "lxAA", ""},
	{0x30a, HC_BAD, 0, "AAAA", ""},
	/* interrupts, FPSWA, the shared page, features */
	{0x400, HC_GOOD, 0, "vl", ""},     {0x400, HC_GOOD, 0xf3, "vc", ""},  {0x500, HC_BAD, 0, "AAAA", ""},
	{0x501, HC_BAD, 0, "AAAA", ""},    {0x600, HC_GOOD, 0, "V", ""},      {0x700, HC_BOTH, 0, "s", "l8l8x8x8"},
	/* PAL */
	{0x1000, HC_GOOD, 1, "cllo", ""},  {0x1000, HC_BOTH, 2, "cffo", ""},  {0x1000, HC_GOOD, 4, "clll", ""},
	{0x1000, HC_GOOD, 5, "clll", ""},  {0x1000, HC_GOOD, 6, "clll", ""},  {0x1000, HC_BOTH, 7, "clll", ""},
	{0x1000, HC_GOOD, 8, "clll", ""},  {0x1000, HC_GOOD, 9, "clll", ""},  {0x1000, HC_GOOD, 12, "clll", ""},
	{0x1000, HC_GOOD, 14, "clll", ""}, {0x1000, HC_GOOD, 15, "cAll", ""}, {0x1000, HC_GOOD, 19, "clll", ""},
	{0x1000, HC_GOOD, 20, "clll", ""}, {0x1000, HC_GOOD, 28, "clll", ""}, {0x1000, HC_GOOD, 29, "clll", ""},
	{0x1000, HC_GOOD, 34, "clll", ""}, {0x1000, HC_BOTH, 39, "clll", ""}, {0x1000, HC_GOOD, 41, "clll", ""},
	{0x1000, 0, 257, "cAll", ""},      {0x1000, HC_BAD, 261, "cllA", ""}, {0x1000, 0, 274, "clAA", ""},
	{0x1000, 0, 0, "xAAA", ""},
	/* SAL */
	{0x1100, HC_BOTH, 0x01000000, "clAAoooo", ""}, {0x1100, HC_BAD, 0x01000001, "clAA", ""},
	{0x1100, HC_GOOD, 0x01000004, "clAA", ""},     {0x1100, HC_GOOD, 0x01000008, "clAA", ""},
	{0x1100, HC_GOOD, 0x01000010, "clAA", ""},     {0x1100, HC_BOTH, 0x01000012, "coAA", ""},
	{0x1100, HC_GOOD, 0x02000000, "clAA", ""},     {0x1100, HC_BAD, 0, "xlAA", ""},
	{0x1200, HC_GOOD, 0, "x", ""},
};
/* clang-format on */

#define HC_ROWS (sizeof(hc_rows) / sizeof(hc_rows[0]))

#endif
