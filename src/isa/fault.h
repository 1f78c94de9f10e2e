/* SPDX-License-Identifier: MIT */
/*
 * Interruptions as data (2:95, 2:165). A row: name, IVA offset, ISR.code bits, text. One row per
 * cause, so that several rows share a vector and differ in ISR.code. Order is no priority.
 */
#ifndef ISA_FAULT_H
#define ISA_FAULT_H

#include "base/types.h"

/* clang-format off */
#define FAULT_LIST(_)                                                              \
	_(VHPT_TRANSLATION,   0x0000, 0x00, "VHPT translation")                    \
	_(ITLB,               0x0400, 0x00, "instruction TLB")                     \
	_(DTLB,               0x0800, 0x00, "data TLB")                            \
	_(ALT_ITLB,           0x0c00, 0x00, "alternate instruction TLB")           \
	_(ALT_DTLB,           0x1000, 0x00, "alternate data TLB")                  \
	_(DATA_NESTED_TLB,    0x1400, 0x00, "data nested TLB")                     \
	_(INST_KEY_MISS,      0x1800, 0x00, "instruction key miss")                \
	_(DATA_KEY_MISS,      0x1c00, 0x00, "data key miss")                       \
	_(DIRTY_BIT,          0x2000, 0x00, "dirty bit")                           \
	_(INST_ACCESS_BIT,    0x2400, 0x00, "instruction access bit")              \
	_(DATA_ACCESS_BIT,    0x2800, 0x00, "data access bit")                     \
	_(BREAK,              0x2c00, 0x00, "break instruction")                   \
	_(EXTERNAL_INTERRUPT, 0x3000, 0x00, "external interrupt")                  \
	_(PAGE_NOT_PRESENT,   0x5000, 0x00, "page not present")                    \
	_(KEY_PERMISSION,     0x5100, 0x00, "key permission")                      \
	_(INST_ACCESS_RIGHTS, 0x5200, 0x00, "instruction access rights")           \
	_(DATA_ACCESS_RIGHTS, 0x5300, 0x00, "data access rights")                  \
	_(ILLEGAL_OP,         0x5400, 0x00, "illegal operation")                   \
	_(PRIV_OP,            0x5400, 0x10, "privileged operation")                \
	_(PRIV_REG,           0x5400, 0x20, "privileged register")                 \
	_(RESERVED_REG_FIELD, 0x5400, 0x30, "reserved register or field")          \
	_(DISABLED_ISA,       0x5400, 0x40, "disabled instruction set transition") \
	_(UNIMPL_DATA_ADDR,   0x5400, 0x30, "unimplemented data address")          \
	_(ILLEGAL_DEPENDENCY, 0x5400, 0x80, "illegal dependency")                  \
	_(DISABLED_FP,        0x5500, 0x00, "disabled FP register")                \
	_(NAT_CONSUMPTION,    0x5600, 0x10, "register NaT consumption")            \
	_(NATPAGE,            0x5600, 0x20, "NaT page consumption")                \
	_(SPECULATION,        0x5700, 0x00, "speculation")                         \
	_(INST_DEBUG,         0x5900, 0x00, "instruction debug")                   \
	_(DATA_DEBUG,         0x5900, 0x00, "data debug")                          \
	_(UNALIGNED,          0x5a00, 0x00, "unaligned reference")                 \
	_(UNSUPPORTED_DATA,   0x5b00, 0x00, "unsupported data reference")          \
	_(FP_FAULT,           0x5c00, 0x00, "floating-point fault")                \
	_(FP_TRAP,            0x5d00, 0x00, "floating-point trap")                 \
	_(LOWER_PRIV,         0x5e00, 0x00, "lower-privilege transfer trap")       \
	_(UNIMPL_INST_ADDR,   0x5e00, 0x10, "unimplemented instruction address")   \
	_(TAKEN_BRANCH,       0x5f00, 0x00, "taken branch trap")                   \
	_(SINGLE_STEP,        0x6000, 0x00, "single step trap")                    \
	_(VIRTUALIZATION,     0x6100, 0x00, "virtualization")
/* clang-format on */

enum fault {
	FAULT_NONE,
#define FAULT_ENUM(name, vector, code, text) FAULT_##name,
	FAULT_LIST(FAULT_ENUM)
#undef FAULT_ENUM
		FAULT_COUNT
};

/* ISR bits (2:165, table 8-1 onwards). ISR.code is bits 15:0, ei 42:41, ed 43. */
enum {
	ISR_X_BIT = 32,
	ISR_W_BIT = 33,
	ISR_R_BIT = 34,
	ISR_NA_BIT = 35,
	ISR_SP_BIT = 36,
	ISR_RS_BIT = 37,
	ISR_IR_BIT = 38,
	ISR_NI_BIT = 39,
	ISR_SO_BIT = 40,
	ISR_EI_BIT = 41,
	ISR_ED_BIT = 43
};
#define ISR_BIT(n) (1ull << ISR_##n##_BIT)

/* The one pending interruption of a processor, filled where it is detected. */
struct fault_info {
	enum fault code;
	uint64_t isr;  /* code bits beyond the table's and x w r na sp rs; not ir ni ei ed */
	uint64_t iim;  /* break, chk and FP immediates */
	gva_t ifa;     /* faulting data or instruction address, where the vector reports one */
	uint64_t itir; /* ps and key from the region register, for translation faults */
	gva_t iha;     /* VHPT entry address, for translation faults */
};

uint16_t fault_vector(enum fault f);
uint16_t fault_isr_code(enum fault f);
const char *fault_name(enum fault f);

#endif
