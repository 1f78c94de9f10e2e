/* SPDX-License-Identifier: MIT */
/* Address types, so that the three address spaces cannot be mixed by accident. */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Guest virtual address: a 64-bit register value, region number in bits 63:61. */
typedef uint64_t gva_t;

/* Guest physical address, bit 63 (the uncacheable attribute) already removed. */
typedef struct {
	uint64_t v;
} gpa_t;

typedef __int128 int128_t;
typedef unsigned __int128 uint128_t;

#define GPA(x) ((gpa_t){(x)})

#define countof(a)  (sizeof(a) / sizeof((a)[0]))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Bits [pos, pos+len) of v, 1 <= len <= 64, moved down to bit 0. */
static inline uint64_t bits(uint64_t v, unsigned pos, unsigned len)
{
	return v >> pos & (~0ull >> (64 - len));
}

/* The low len bits of v taken as a two's-complement number, 1 <= len <= 64. */
static inline int64_t sext(uint64_t v, unsigned len)
{
	return (int64_t)(v << (64 - len)) >> (64 - len);
}

#endif
