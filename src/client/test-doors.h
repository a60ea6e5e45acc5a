/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two doors of a client, behind one socket: a signer that signs nothing but says what it would
 * sign (protected: the nonce, payload: the method, signature: the URL), and a challenge room that
 * publishes nothing. What they are told to do is in the trace: "SetOrder https://…", "Publish t".
 * A new order that says which certificate it replaces is a "NewOrder+". */

#include "base/test.h"
#include "client/test-trace.h"

/* A window that begins before it is a reason to renew now. */
#define TEST_DUE_BEFORE 2000000000

/* A chain with it is refused. */
#define TEST_REFUSED_CHAIN "refuse me"

/* A chain with this and a digit behind it fits so well. */
#define TEST_PREFERENCE "preference "

typedef struct TestDoors TestDoors;

TestDoors *test_doors_start(const TestDirectory *directory, TestTrace *trace);
void test_doors_stop(TestDoors *doors);

const char *test_doors_path(const TestDoors *doors);

/* The chain that Install had last; NULL: none. */
const char *test_doors_installed(const TestDoors *doors);

/* From now on there is another CA behind the one under way, and Describe has this of it: JSON,
 * which must outlive the doors. NULL: there is none again. */
void test_doors_set_next(TestDoors *doors, const char *description);

/* Until SetAccount: what needs an account is answered with NoAccount. */
void test_doors_forget_account(TestDoors *doors);
