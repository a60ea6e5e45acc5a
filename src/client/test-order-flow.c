/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An order on every road that a CA may send it: what is asked, in which order, and how it ends. */

#include "client/test-order.h"

static void test_order_flow__the_fewest_requests(void **state)
{
        static const TestStep script[] = {STEP_ORDERS,
                                          STEP_AUTHORIZATION,
                                          STEP_CHALLENGE,
                                          STEP_FINALIZE,
                                          STEP_ORDER_VALID,
                                          STEP_CERTIFICATE,
                                          {}};

        succeeds(*state,
                 script,
                 "NewOrder /orders\nSetOrder /order\nFetch /authz\nPublish " TOKEN
                 "\nAnswerChallenge /challenge\nFinalize /finalize\nFetch /order\n"
                 "Fetch /certificate\nInstall\n");
        assert_int_equal(test_ca_connections(((TestRun *) *state)->ca), 1);
}

/* Whatever is done already is not asked for. */
static void test_order_flow__status_at_birth(void **state)
{
        static const TestStep valid[] = {
                        {.path = "/orders", .status = 201, .head = AT_ORDER, .body = ORDER_VALID},
                        STEP_CERTIFICATE,
                        {}};
        static const TestStep processing[] = {{.path = "/orders",
                                               .status = 201,
                                               .head = AT_ORDER,
                                               .body = ORDER("processing", "")},
                                              STEP_ORDER_VALID,
                                              STEP_CERTIFICATE,
                                              {}};
        static const TestStep ready[] = {{.path = "/orders",
                                          .status = 201,
                                          .head = AT_ORDER,
                                          .body = ORDER("ready", "")},
                                         {.path = "/finalize", .body = ORDER_VALID},
                                         STEP_CERTIFICATE,
                                         {}};
        static const TestStep proved[] = {
                        STEP_ORDERS,
                        {.path = "/authz", .body = AUTHORIZATION("valid", "valid")},
                        {.path = "/finalize", .body = ORDER_VALID},
                        STEP_CERTIFICATE,
                        {}};

        succeeds(*state, valid, "NewOrder /orders\nSetOrder /order\nFetch /certificate\nInstall\n");
        succeeds(*state,
                 processing,
                 "NewOrder /orders\nSetOrder /order\nFetch /order\nFetch /certificate\nInstall\n");
        succeeds(*state,
                 ready,
                 "NewOrder /orders\nSetOrder /order\nFinalize /finalize\nFetch /certificate\n"
                 "Install\n");
        succeeds(*state,
                 proved,
                 "NewOrder /orders\nSetOrder /order\nFetch /authz\nFinalize /finalize\n"
                 "Fetch /certificate\nInstall\n");
}

/* The CA looks already, of an earlier run's answer: its token is needed, another answer is not. */
static void test_order_flow__a_challenge_that_is_processing(void **state)
{
        static const TestStep script[] = {
                        STEP_ORDERS,
                        {.path = "/authz", .body = AUTHORIZATION("pending", "processing")},
                        STEP_FINALIZE,
                        STEP_ORDER_VALID,
                        STEP_CERTIFICATE,
                        {}};

        succeeds(*state,
                 script,
                 "NewOrder /orders\nSetOrder /order\nFetch /authz\nPublish " TOKEN
                 "\nFinalize /finalize\nFetch /order\nFetch /certificate\nInstall\n");
}

/* A CA that has not verified the names yet, whatever it calls that, is looked at until the order
 * says more; the try itself is no failure. */
static void test_order_flow__asked_too_early(void **state)
{
        static const TestStep answers[] = {
                        STEP_TOO_EARLY,
                        {.path = "/finalize",
                         .times = 1,
                         .status = 400,
                         .body = PROBLEM("malformed")},
                        {.path = "/finalize", .times = 1, .status = 403, .body = "<html>"},
                        {.path = "/finalize",
                         .times = 1,
                         .status = 500,
                         .body = PROBLEM("serverInternal")},
                        {.path = "/finalize", .times = 1, .body = ORDER("pending", "")},
        };

        FOREACH_ARRAY (a, answers, ELEMENTSOF(answers)) {
                const TestStep script[] = {
                                STEP_ORDERS,
                                STEP_AUTHORIZATION,
                                STEP_CHALLENGE,
                                *a,
                                {.path = "/order", .times = 1, .body = ORDER("pending", "")},
                                STEP_ORDER_READY,
                                STEP_FINALIZE,
                                STEP_ORDER_VALID,
                                STEP_CERTIFICATE,
                                {}};

                succeeds(*state,
                         script,
                         BEGUN TOO_EARLY "Fetch /order\nFetch /order\nFinalize /finalize\n"
                                         "Fetch /order\nFetch /certificate\nInstall\n");
        }
}

/* Nobody heard what came of the first try: the order says. */
static void test_order_flow__first_try_is_lost(void **state)
{
        static const TestStep script[] = {STEP_ORDERS,
                                          STEP_AUTHORIZATION,
                                          STEP_CHALLENGE,
                                          {.path = "/finalize", .status = 504},
                                          STEP_ORDER_VALID,
                                          STEP_CERTIFICATE,
                                          {}};

        succeeds(*state, script, BEGUN TOO_EARLY "Fetch /order\nFetch /certificate\nInstall\n");
}

/* The reason why it is refused is the certificate's, and told as such: the names are proved. */
static void test_order_flow__refused_early_and_when_ready(void **state)
{
        static const TestStep script[] = {
                        STEP_ORDERS,
                        STEP_AUTHORIZATION,
                        STEP_CHALLENGE,
                        STEP_ORDER_READY,
                        {.path = "/finalize", .status = 400, .body = PROBLEM("badCSR")},
                        {}};
        TestRun *run = *state;

        fails_with(run, script, EXIT_REFUSED, BEGUN TOO_EARLY "Fetch /order\nFinalize /finalize\n");
        assert_true(run->c.is_authorized);
}

/* What has nothing to do with the order is no reason to look at it. */
static void test_order_flow__first_try_meets_a_redirection(void **state)
{
        static const TestStep script[] = {STEP_ORDERS,
                                          STEP_AUTHORIZATION,
                                          STEP_CHALLENGE,
                                          {.path = "/finalize", .status = 302},
                                          {}};
        TestRun *run = *state;

        fails_with(run, script, EXIT_TRY_AGAIN, BEGUN TOO_EARLY);
        /* Whether the names are proved is not known. */
        assert_false(run->c.is_authorized);
}

/* A CA that makes more of it than a refusal gets a new order, and is looked at first. */
static void test_order_flow__invalid_after_the_first_try(void **state)
{
        static const struct {
                TestStep finalize;
                const char *order; /* NULL: the reply has said so already */
        } ways[] = {
                        {STEP_TOO_EARLY, ORDER("invalid", "")},
                        {STEP_TOO_EARLY, ORDER("invalid", ",\"error\":" PROBLEM("malformed"))},
                        {{.path = "/finalize", .times = 1, .status = 504}, ORDER("invalid", "")},
                        {{.path = "/finalize", .times = 1, .body = ORDER("invalid", "")}, NULL},
        };

        FOREACH_ARRAY (way, ways, ELEMENTSOF(ways)) {
                const TestStep script[] = {
                                STEP_ORDERS,
                                {.path = "/authz",
                                 .times = 1,
                                 .body = AUTHORIZATION("pending", "pending")},
                                {.path = "/authz", .body = AUTHORIZATION("valid", "valid")},
                                STEP_CHALLENGE,
                                way->finalize,
                                {.path = way->order ? "/order" : "/unused",
                                 .times = 1,
                                 .body = way->order},
                                STEP_ORDER_READY,
                                STEP_FINALIZE,
                                STEP_ORDER_VALID,
                                STEP_CERTIFICATE,
                                {}};
                char trace[512];

                (void) snprintf(trace,
                                sizeof(trace),
                                BEGUN TOO_EARLY
                                "%sFetch /authz\nFetch /authz\nForgetOrder\nNewOrder /orders\n"
                                "SetOrder /order\nFetch /authz\nFetch /order\nFinalize /finalize\n"
                                "Fetch /order\nFetch /certificate\nInstall\n",
                                way->order ? "Fetch /order\n" : "");
                succeeds(*state, script, trace);
        }
}

/* Once: another order that goes the same way is not for our haste. */
static void test_order_flow__invalid_for_ever(void **state)
{
        static const TestStep script[] = {
                        STEP_ORDERS,
                        {.path = "/authz", .times = 1, .body = AUTHORIZATION("pending", "pending")},
                        {.path = "/authz", .body = AUTHORIZATION("valid", "valid")},
                        STEP_CHALLENGE,
                        STEP_TOO_EARLY,
                        {.path = "/order", .body = ORDER("invalid", "")},
                        {}};

        fails_with(*state,
                   script,
                   EXIT_TRY_AGAIN,
                   BEGUN TOO_EARLY "Fetch /order\nFetch /authz\nFetch /authz\nForgetOrder\n"
                                   "NewOrder /orders\nSetOrder /order\nFetch /authz\n"
                                   "Fetch /order\nFetch /authz\nForgetOrder\n");
}

/* A state that is none of those that may follow: it is what the CA says, and nothing ends. */
static void test_order_flow__jumps(void **state)
{
        static const TestStep script[] = {
                        STEP_ORDERS,
                        STEP_AUTHORIZATION,
                        STEP_CHALLENGE,
                        STEP_TOO_EARLY,
                        {.path = "/order", .times = 1, .body = ORDER("processing", "")},
                        {.path = "/order", .times = 1, .body = ORDER("pending", "")},
                        STEP_ORDER_VALID,
                        STEP_CERTIFICATE,
                        {}};
        static const TestStep unknown[] = {STEP_ORDERS,
                                           STEP_AUTHORIZATION,
                                           STEP_CHALLENGE,
                                           STEP_TOO_EARLY,
                                           {.path = "/order", .body = ORDER("sleepy", "")},
                                           {}};
        static const TestStep valid_of_what[] = {STEP_ORDERS,
                                                 STEP_AUTHORIZATION,
                                                 STEP_CHALLENGE,
                                                 STEP_TOO_EARLY,
                                                 {.path = "/order", .body = ORDER("valid", "")},
                                                 {}};

        succeeds(*state,
                 script,
                 BEGUN TOO_EARLY
                 "Fetch /order\nFetch /order\nFetch /order\nFetch /certificate\nInstall\n");
        fails_with(*state, unknown, EXIT_TRY_AGAIN, BEGUN TOO_EARLY "Fetch /order\n");
        fails_with(*state, valid_of_what, EXIT_TRY_AGAIN, BEGUN TOO_EARLY "Fetch /order\n");
}

/* The CA has taken the request, and is late to say so: it is not asked again and again. */
static void test_order_flow__finalized_but_still_ready(void **state)
{
        static const TestStep late[] = {STEP_ORDERS,
                                        STEP_AUTHORIZATION,
                                        STEP_CHALLENGE,
                                        STEP_TOO_EARLY,
                                        STEP_ORDER_READY,
                                        {.path = "/finalize", .body = ORDER("ready", "")},
                                        {.path = "/order", .times = 2, .body = ORDER("ready", "")},
                                        STEP_ORDER_VALID,
                                        STEP_CERTIFICATE,
                                        {}};
        static const TestStep too_early[] = {
                        STEP_ORDERS,
                        STEP_AUTHORIZATION,
                        STEP_CHALLENGE,
                        STEP_TOO_EARLY,
                        {.path = "/order", .times = 2, .body = ORDER("ready", "")},
                        {.path = "/finalize",
                         .times = 1,
                         .status = 403,
                         .body = PROBLEM("orderNotReady")},
                        STEP_FINALIZE,
                        STEP_ORDER_VALID,
                        STEP_CERTIFICATE,
                        {}};

        succeeds(*state,
                 late,
                 BEGUN TOO_EARLY "Fetch /order\nFinalize /finalize\nFetch /order\nFetch /order\n"
                                 "Fetch /order\nFetch /certificate\nInstall\n");
        succeeds(*state,
                 too_early,
                 BEGUN TOO_EARLY
                 "Fetch /order\nFinalize /finalize\nFetch /order\nFinalize /finalize\n"
                 "Fetch /order\nFetch /certificate\nInstall\n");
}

static void test_order_flow__ready_for_ever(void **state)
{
        static const TestStep script[] = {
                        STEP_ORDERS,
                        STEP_AUTHORIZATION,
                        STEP_CHALLENGE,
                        STEP_TOO_EARLY,
                        {.path = "/order", .body = ORDER("ready", "")},
                        {.path = "/finalize", .status = 403, .body = PROBLEM("orderNotReady")},
                        {}};

        fails_with(*state,
                   script,
                   EXIT_TRY_AGAIN,
                   BEGUN TOO_EARLY
                   "Fetch /order\nFinalize /finalize\nFetch /order\nFinalize /finalize\n"
                   "Fetch /order\nFinalize /finalize\nFetch /order\n");
}

/* Whether it was done when nobody heard the reply, the order says. */
static void test_order_flow__finalization_is_lost(void **state)
{
        static const TestStep done[] = {STEP_ORDERS,
                                        STEP_AUTHORIZATION,
                                        STEP_CHALLENGE,
                                        STEP_TOO_EARLY,
                                        STEP_ORDER_READY,
                                        {.path = "/finalize", .status = 504},
                                        STEP_ORDER_VALID,
                                        STEP_CERTIFICATE,
                                        {}};
        static const TestStep not_done[] = {
                        STEP_ORDERS,
                        STEP_AUTHORIZATION,
                        STEP_CHALLENGE,
                        STEP_TOO_EARLY,
                        {.path = "/order", .times = 2, .body = ORDER("ready", "")},
                        {.path = "/finalize", .times = 1, .status = 502},
                        STEP_FINALIZE,
                        STEP_ORDER_VALID,
                        STEP_CERTIFICATE,
                        {}};

        succeeds(*state,
                 done,
                 BEGUN TOO_EARLY
                 "Fetch /order\nFinalize /finalize\nFetch /order\nFetch /certificate\n"
                 "Install\n");
        succeeds(*state,
                 not_done,
                 BEGUN TOO_EARLY
                 "Fetch /order\nFinalize /finalize\nFetch /order\nFinalize /finalize\n"
                 "Fetch /order\nFetch /certificate\nInstall\n");
}

/* A wait that the CA asks for and a run cannot: the order is kept for the next one. */
static void test_order_flow__processing_for_ever(void **state)
{
        static const TestStep asks[] = {{.path = "/orders",
                                         .status = 201,
                                         .head = AT_ORDER "Retry-After: 3600\r\n",
                                         .body = ORDER("processing", "")},
                                        {}};
        static const TestStep does_not[] = {{.path = "/orders",
                                             .status = 201,
                                             .head = AT_ORDER,
                                             .body = ORDER("processing", "")},
                                            {.path = "/order", .body = ORDER("processing", "")},
                                            {}};
        TestRun *run = *state;
        usec_t not_after_usec;

        fails_with(run, asks, EXIT_TRY_AGAIN, "NewOrder /orders\nSetOrder /order\n");
        assert_true(run->c.failure.retry_after_usec == USEC_PER_HOUR);

        play(run, does_not);
        run->c.patience.left_usec = 300 * USEC_PER_MSEC;
        assert_int_equal(order_flow_run(&run->c, &not_after_usec), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        /* Not in a tight loop; and the order was not forgotten. */
        assert_null(strstr(run->trace.text, "ForgetOrder"));
        assert_true(strlen(run->trace.text) < 12 * strlen("Fetch /order\n"));
}

static void test_order_flow__a_page_instead_of_the_certificate(void **state)
{
        static const TestStep script[] = {
                        {.path = "/orders", .status = 201, .head = AT_ORDER, .body = ORDER_VALID},
                        {.path = "/certificate", .body = "<html>busy</html>"},
                        {}};
        static const TestStep nul[] = {
                        {.path = "/orders", .status = 201, .head = AT_ORDER, .body = ORDER_VALID},
                        {.path = "/certificate"},
                        {}};

        /* The order is kept: it may have one. */
        fails_with(*state,
                   script,
                   EXIT_TRY_AGAIN,
                   "NewOrder /orders\nSetOrder /order\nFetch /certificate\n");
        fails_with(*state,
                   nul,
                   EXIT_TRY_AGAIN,
                   "NewOrder /orders\nSetOrder /order\nFetch /certificate\n");
}

static void test_order_flow__a_certificate_that_is_refused(void **state)
{
        static const TestStep script[] = {
                        STEP_ORDERS,
                        STEP_AUTHORIZATION,
                        STEP_CHALLENGE,
                        STEP_TOO_EARLY,
                        STEP_ORDER_READY,
                        {.path = "/finalize", .body = ORDER_VALID},
                        {.path = "/certificate", .body = CERTIFICATE TEST_REFUSED_CHAIN},
                        {}};

        fails_with(*state,
                   script,
                   EXIT_TRY_AGAIN,
                   BEGUN TOO_EARLY "Fetch /order\nFinalize /finalize\nFetch /certificate\nInstall\n"
                                   "ForgetOrder\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_order_flow__the_fewest_requests),
                        test_of_run(test_order_flow__status_at_birth),
                        test_of_run(test_order_flow__a_challenge_that_is_processing),
                        test_of_run(test_order_flow__asked_too_early),
                        test_of_run(test_order_flow__first_try_is_lost),
                        test_of_run(test_order_flow__refused_early_and_when_ready),
                        test_of_run(test_order_flow__first_try_meets_a_redirection),
                        test_of_run(test_order_flow__invalid_after_the_first_try),
                        test_of_run(test_order_flow__invalid_for_ever),
                        test_of_run(test_order_flow__jumps),
                        test_of_run(test_order_flow__finalized_but_still_ready),
                        test_of_run(test_order_flow__ready_for_ever),
                        test_of_run(test_order_flow__finalization_is_lost),
                        test_of_run(test_order_flow__processing_for_ever),
                        test_of_run(test_order_flow__a_page_instead_of_the_certificate),
                        test_of_run(test_order_flow__a_certificate_that_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
