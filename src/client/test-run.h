/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client in the middle of its run, between the test's CA and the test's doors: for the steps that
 * talk to a CA. */

#include "client/client.h"
#include "client/test-ca.h"
#include "client/test-doors.h"

typedef struct TestRun {
        TestDirectory *d;
        TestTrace trace;
        TestCa *ca;
        TestDoors *doors;
        Config config;
        ConfigCa config_ca;
        Client c;
} TestRun;

/* As setup and teardown; the run is for a.example, and has an account. */
int test_run_setup(void **state);

/* Adds this type to those that are configured, and takes a lease on it that is ready; http-01 is
 * the first. */
void test_run_lease(TestRun *run, ChallengeType type);
int test_run_teardown(void **state);
#define test_of_run(function)                                                                      \
        cmocka_unit_test_setup_teardown(function, test_run_setup, test_run_teardown)

/* Describes it anew: names as a list of JSON ("{…},{…}" is made of it), and the order of an earlier
 * run by its path, NULL: none. */
void test_run_describe(TestRun *run, const char *const *names, const char *order);

/* Plays the script; has the directory then, and no line in the trace. */
void test_run_play(TestRun *run, const TestStep *script);

/* The reply to one request that is not signed; a POST has the body "{}". */
HttpReply test_run_ask(TestRun *run, HttpMethod method, const char *path);

/* Another connection, or another CA and a connection to it. */
void test_run_reconnect(TestRun *run);
void test_run_restart_ca(TestRun *run, const TestCaOptions *options);

/* The run has failed with this status. */
void test_run_expect_failure(TestRun *run, ExitStatus status);
