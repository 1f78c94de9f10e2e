/* SPDX-License-Identifier: MIT */
/* The groups of tests, by the name that the command line has them under. */
#ifndef MINIOS_TESTS_H
#define MINIOS_TESTS_H

void test_start(void);
void test_hypercall(void);
void test_event(void);
void test_timer(void);
void test_memory(void);
void test_grant(void);
void test_hyperprivop(void);
void test_privop(void);
void test_fault(void);
void test_user(void);
void test_vcpu(void);
void test_store(void);
void test_block(void);
void test_net(void);
void test_peer(void);

#endif
