/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A CA for tests, over HTTPS at 127.0.0.1, in threads of the test's process. It plays a script: of
 * the steps for a path the first one that is not used up is the answer. The directory, nonces and
 * an account it has by itself. A signed request whose nonce it has not given, or has had before, or
 * whose URL is another one, is a line "NONCE" or "URL" in the trace. */

#include "base/test.h"
#include "client/test-trace.h"

typedef enum TestEnd {
        TEST_WHOLE,
        TEST_LAST,     /* and the connection ends, as announced */
        TEST_HANG,     /* nothing comes */
        TEST_REFUSE,   /* the connection ends when the request has come */
        TEST_CUT,      /* the connection ends within the body */
        TEST_UNFRAMED, /* no length: the body ends with the connection */
        TEST_RAW,      /* body is the whole reply; then the connection ends */
} TestEnd;

typedef struct TestStep {
        const char *path; /* NULL ends a script */
        unsigned times;   /* 0: for ever */
        unsigned status;  /* 0: 200 */
        const char *head; /* more lines, each with its "\r\n" */
        const char *body; /* a '@' in head and body stands for the CA's origin */
        TestEnd end;
        bool has_no_nonce;
} TestStep;

typedef struct TestCaOptions {
        const char *names;             /* of its certificate; NULL: "IP:127.0.0.1" */
        int64_t not_before, not_after; /* as in PkiSpec; both 0: for ever */
        bool is_old;                   /* TLS 1.1 at most */
} TestCaOptions;

typedef struct TestCa TestCa;

/* directory: where the file with its certificate goes; trace: borrowed. */
TestCa *
test_ca_start(const TestDirectory *directory, TestTrace *trace, const TestCaOptions *options);
void test_ca_stop(TestCa *ca);

/* Borrowed until the next call, or the end. */
void test_ca_play(TestCa *ca, const TestStep *script);

const char *test_ca_origin(const TestCa *ca); /* "https://127.0.0.1:1234" */
const char *test_ca_trust(const TestCa *ca);  /* a path */
unsigned test_ca_connections(TestCa *ca);     /* so far */

/* The head of the last request, as it came. */
const char *test_ca_head(const TestCa *ca);
