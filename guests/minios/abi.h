/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the Xen/ia64 guest ABI and of this kernel's own layout, for C and assembly.
 */
#ifndef MINIOS_ABI_H
#define MINIOS_ABI_H

#define PAGE_SHIFT 14
#define PAGE_SIZE  (1 << PAGE_SHIFT)

/* The kernel lies in one translation register of 4 MB; region 7 is all memory, one to one. */
#define KERNEL_PA  0x400000
#define KERNEL_PS  22
#define REGION7	   0xe000000000000000
#define KERNEL_RR7 (0x107 << 8 | PAGE_SHIFT << 2)
#define PTE_KERNEL 0x661 /* P, WB, A, D, level 0, RWX */
#define PTE_USER   0x7e1 /* P, WB, A, D, level 3, RWX */
#define PTE_DATA   0x461 /* P, WB, A, D, level 0, RW */

/* shared_info and the privileged-state page of the running processor. */
#define XSI	     0xfffffffffff00000
#define XSI_REGS     0xfffffffffff04000
#define XSI_BANK1    0x400
#define XSI_BANK0    0x480
#define XSI_VNAT     0x500
#define XSI_IPSR     0x880
#define XSI_ISR	     0x888
#define XSI_IIP	     0x898
#define XSI_IFA	     0x8a0
#define XSI_ITIR     0x8a8
#define XSI_IFS	     0x8b8
#define XSI_IIM	     0x8c0
#define XSI_IHA	     0x8c8
#define XSI_PRECOVER 0xc00
#define XSI_UNAT     0xc08
#define XSI_IC	     0xc10
#define XSI_MASK     0xc18
#define XSI_META     0xc48
#define XSI_BANKNUM  0xc4c
#define XSI_RRS	     0xc50
#define XSI_KRS	     0xc90
#define XSI_ITCOFF   0xd50

#define BREAK_HYPERCALL 0x1000
#define BREAK_USER	0x100000

#define PSR_BE 1
#define PSR_AC 3
#define PSR_IC 13
#define PSR_I  14
#define PSR_DT 17
#define PSR_RT 27
#define PSR_IT 36
#define PSR_BN 44
/* ac, ic, i, dt, rt, it, bn; a user's has level 3 above. */
#define PSR_KERNEL 0x101008022008
#define PSR_USER   0x101308026008

/* struct frame: what an interruption saves. */
#define F_VECTOR   0
#define F_ISR	   8
#define F_IIP	   16
#define F_IPSR	   24
#define F_IFS	   32
#define F_IFA	   40
#define F_ITIR	   48
#define F_IIM	   56
#define F_IHA	   64
#define F_PR	   72
#define F_UNAT	   80
#define F_GRUNAT   88
#define F_PFS	   96
#define F_RSC	   104
#define F_RNAT	   112
#define F_BSPSTORE 120
#define F_LOADRS   128
#define F_FPSR	   136
#define F_CCV	   144
#define F_CSD	   152
#define F_SSD	   160
#define F_XIFS	   168
#define F_BR	   184 /* b0, b6, b7 */
#define F_GR	   256
#define F_FR	   512 /* f6-f11 */
#define FRAME_SIZE 608

/* struct cpu, to which r13 points in the kernel and ar.k6 always. */
#define C_ID	   0
#define C_STACK	   8
#define C_RBS	   16
#define C_LOG_SIZE 14

#define VECTOR_EVENT 0x10000

#define MAX_CPUS 64

#endif
