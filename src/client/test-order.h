/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whole orders, played from a script, for the tests of order-begin.c, order-flow.c and
 * order-end.c. */

#include "client/order-flow.h"
#include "client/test-objects.h"
#include "client/test-run.h"

/* The steps of a renewal as it should be; the first of a path that is not used up counts. */
#define STEP_ORDERS                                                                                \
        {                                                                                          \
                .path = "/orders", .status = 201, .head = AT_ORDER, .body = ORDER("pending", "")   \
        }
#define STEP_AUTHORIZATION                                                                         \
        {                                                                                          \
                .path = "/authz", .body = AUTHORIZATION("pending", "pending")                      \
        }
#define STEP_CHALLENGE                                                                             \
        {                                                                                          \
                .path = "/challenge", .body = CHALLENGE("processing")                              \
        }
/* The CA has not verified the names when it is asked for the certificate first. */
#define STEP_TOO_EARLY                                                                             \
        {                                                                                          \
                .path = "/finalize", .times = 1, .status = 403, .body = PROBLEM("orderNotReady")   \
        }
#define TOO_EARLY "Finalize /finalize\n"
#define STEP_ORDER_READY                                                                           \
        {                                                                                          \
                .path = "/order", .times = 1, .body = ORDER("ready", "")                           \
        }
#define STEP_FINALIZE                                                                              \
        {                                                                                          \
                .path = "/finalize", .body = ORDER("processing", "")                               \
        }
#define STEP_ORDER_VALID                                                                           \
        {                                                                                          \
                .path = "/order", .body = ORDER_VALID                                              \
        }
#define STEP_CERTIFICATE                                                                           \
        {                                                                                          \
                .path = "/certificate", .body = CERTIFICATE                                        \
        }

static inline void play(TestRun *run, const TestStep *script)
{
        directory_free(TAKE_PTR(run->c.directory));
        failure_done(&run->c.failure);
        patience_init(&run->c.patience, now_monotonic());
        run->c.has_registered_again = run->c.is_early_harmful = false;
        test_run_play(run, script);
}

static inline void succeeds(TestRun *run, const TestStep *script, const char *trace)
{
        usec_t not_after_usec = 0;

        play(run, script);
        if (order_flow_run(&run->c, &not_after_usec) != 0)
                fail_msg("%s: %s", run->c.failure.message, run->trace.text);
        assert_true(not_after_usec == 4711 * USEC_PER_SEC);
        trace_expect(&run->trace, trace);
}

static inline void
fails_with(TestRun *run, const TestStep *script, ExitStatus status, const char *trace)
{
        usec_t not_after_usec = 0;

        play(run, script);
        assert_int_equal(order_flow_run(&run->c, &not_after_usec), CLIENT_E_FAILED);
        test_run_expect_failure(run, status);
        trace_expect(&run->trace, trace);
}
