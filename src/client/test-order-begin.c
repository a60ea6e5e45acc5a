/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How an order begins: anew, or where an earlier run has left it. */

#include "client/test-order.h"

static void test_order_flow__new_order_is_lost(void **state)
{
        static const TestStep once[] = {
                        {.path = "/orders", .times = 1, .status = 502},
                        STEP_ORDERS,
                        {.path = "/authz", .status = 403, .body = PROBLEM("unauthorized")},
                        {}};
        static const TestStep twice[] = {{.path = "/orders", .status = 502}, {}};

        fails_with(*state,
                   once,
                   EXIT_REFUSED,
                   "NewOrder /orders\nNewOrder /orders\nSetOrder /order\nFetch /authz\n");
        fails_with(*state, twice, EXIT_TRY_AGAIN, "NewOrder /orders\nNewOrder /orders\n");
}

static void test_order_flow__new_orders_that_are_none(void **state)
{
        static const struct {
                const char *name;
                TestStep answer;
                ExitStatus status;
        } cases[] = {
                        {"no URL", {.status = 201, .body = ORDER("pending", "")}, EXIT_TRY_AGAIN},
                        {"other names",
                         {.status = 201,
                          .head = AT_ORDER,
                          .body = ORDER_FOR("\"b.example\"", "pending", "")},
                         EXIT_TRY_AGAIN},
                        {"cut JSON",
                         {.status = 201, .head = AT_ORDER, .body = "{\"status\":\"pen"},
                         EXIT_TRY_AGAIN},
                        {"a page",
                         {.status = 201, .head = AT_ORDER, .body = "<html>"},
                         EXIT_TRY_AGAIN},
                        {"nothing", {.status = 204, .head = AT_ORDER}, EXIT_TRY_AGAIN},
                        {"an expiry that is none",
                         {.status = 201,
                          .head = AT_ORDER,
                          .body = ORDER("pending", ",\"expires\":\"soon\"")},
                         EXIT_TRY_AGAIN},
                        {"no authorizations",
                         {.status = 201,
                          .head = AT_ORDER,
                          .body = "{\"status\":\"pending\",\"identifiers\":[{\"type\":\"dns\","
                                  "\"value\":\"a.example\"}],\"finalize\":\"@/finalize\"}"},
                         EXIT_TRY_AGAIN},
                        {"rate limited",
                         {.status = 429, .body = PROBLEM("rateLimited")},
                         EXIT_TRY_AGAIN},
                        {"forbidden",
                         {.status = 403, .body = PROBLEM("rejectedIdentifier")},
                         EXIT_REFUSED},
        };

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                TestStep script[] = {c->answer, {}};

                script[0].path = "/orders";
                fails_with(*state, script, c->status, "NewOrder /orders\n");
        }
}

static void test_order_flow__yesterdays_order(void **state)
{
        static const char *const names[] = {"a.example", NULL};
        static const TestStep good[] = {STEP_ORDER_VALID, STEP_CERTIFICATE, {}};
        static const struct {
                const char *name;
                TestStep answer;
        } useless[] = {
                        {"gone", {.status = 404, .body = PROBLEM("malformed")}},
                        {"another's", {.status = 403, .body = PROBLEM("unauthorized")}},
                        {"expired",
                         {.body = ORDER("pending", ",\"expires\":\"1999-12-31T23:59:59Z\"")}},
                        {"other names", {.body = ORDER_FOR("\"b.example\"", "ready", "")}},
                        {"no JSON", {.body = "<html>"}},
        };
        TestRun *run = *state;

        test_run_describe(run, names, "/order");
        succeeds(run, good, "Fetch /order\nFetch /certificate\nInstall\n");
        FOREACH_ARRAY (c, useless, ELEMENTSOF(useless)) {
                TestStep script[] = {c->answer,
                                     {.path = "/orders",
                                      .status = 201,
                                      .head = AT_ORDER,
                                      .body = ORDER_VALID},
                                     STEP_CERTIFICATE,
                                     {}};

                script[0].path = "/order";
                succeeds(run,
                         script,
                         "Fetch /order\nForgetOrder\nNewOrder /orders\nSetOrder /order\n"
                         "Fetch /certificate\nInstall\n");
        }
}

/* One name has failed when nobody looked: what the CA still waits for is taken back, and what
 * cannot be looked at keeps nobody from a new order. */
static void test_order_flow__yesterdays_order_is_invalid(void **state)
{
        static const char *const names[] = {"a.example", NULL};
        static const struct {
                TestStep answer;
                const char *trace;
        } cases[] = {
                        {{.body = AUTHORIZATION("pending", "pending")},
                         "Fetch /authz\nDeactivateAuthorization /authz\n"},
                        {{.body = AUTHORIZATION("valid", "valid")}, "Fetch /authz\n"},
                        {{.body = AUTHORIZATION("invalid", "invalid")}, "Fetch /authz\n"},
                        {{.status = 403, .body = PROBLEM("unauthorized")}, "Fetch /authz\n"},
        };
        TestRun *run = *state;

        test_run_describe(run, names, "/order");
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_free_ char *trace = NULL;
                TestStep script[] = {{.path = "/order", .body = ORDER("invalid", "")},
                                     c->answer,
                                     {.path = "/orders",
                                      .status = 201,
                                      .head = AT_ORDER,
                                      .body = ORDER_VALID},
                                     STEP_CERTIFICATE,
                                     {}};

                script[1].path = "/authz";
                assert_true(asprintf(&trace,
                                     "Fetch /order\n%sForgetOrder\nNewOrder /orders\n"
                                     "SetOrder /order\nFetch /certificate\nInstall\n",
                                     c->trace) > 0);
                succeeds(run, script, trace);
        }
}

/* Whatever its status: its certificate would be, or is, not what is configured. */
static void test_order_flow__yesterdays_order_has_other_moments(void **state)
{
        static const char *const names[] = {"a.example", NULL};
        const TestStep anew = {.path = "/orders",
                               .status = 201,
                               .head = AT_ORDER,
                               .body = ORDER_VALID},
                       valid[] = {STEP_ORDER_VALID, anew, STEP_CERTIFICATE, {}},
                       pending[] = {{.path = "/order", .body = ORDER("pending", "")},
                                    STEP_AUTHORIZATION,
                                    anew,
                                    STEP_CERTIFICATE,
                                    {}};
        TestRun *run = *state;

        test_run_describe(run, names, "/order");
        run->c.about->is_order_outdated = true;
        succeeds(run,
                 valid,
                 "Fetch /order\nForgetOrder\nNewOrder /orders\nSetOrder /order\n"
                 "Fetch /certificate\nInstall\n");
        succeeds(run,
                 pending,
                 "Fetch /order\nFetch /authz\nDeactivateAuthorization /authz\nForgetOrder\n"
                 "NewOrder /orders\nSetOrder /order\nFetch /certificate\nInstall\n");
}

/* Its certificate is none, at every run: it does not keep us from a new one. */
static void test_order_flow__yesterdays_order_has_no_certificate(void **state)
{
        static const char *const names[] = {"a.example", NULL};
        static const char *const bodies[] = {"<html>", "", CERTIFICATE TEST_REFUSED_CHAIN};
        TestRun *run = *state;

        test_run_describe(run, names, "/order");
        FOREACH_ARRAY (body, bodies, ELEMENTSOF(bodies)) {
                const TestStep script[] = {STEP_ORDER_VALID,
                                           {.path = "/certificate", .times = 1, .body = *body},
                                           {.path = "/orders",
                                            .status = 201,
                                            .head = AT_ORDER,
                                            .body = ORDER_VALID},
                                           STEP_CERTIFICATE,
                                           {}};
                bool is_chain = body == bodies + 2;

                succeeds(run,
                         script,
                         is_chain ? "Fetch /order\nFetch /certificate\nInstall\nForgetOrder\n"
                                    "NewOrder /orders\nSetOrder /order\nFetch "
                                    "/certificate\nInstall\n"
                                  : "Fetch /order\nFetch /certificate\nForgetOrder\n"
                                    "NewOrder /orders\nSetOrder /order\nFetch "
                                    "/certificate\nInstall\n");
        }
}

static void test_order_flow__the_account_has_vanished(void **state)
{
        static const TestStep once[] = {
                        {.path = "/orders",
                         .times = 1,
                         .status = 400,
                         .body = PROBLEM("accountDoesNotExist")},
                        {.path = "/orders", .status = 201, .head = AT_ORDER, .body = ORDER_VALID},
                        STEP_CERTIFICATE,
                        {}};
        static const TestStep always[] = {
                        {.path = "/orders", .status = 400, .body = PROBLEM("accountDoesNotExist")},
                        {}};

        succeeds(*state,
                 once,
                 "NewOrder /orders\nForgetAccount\nNewAccount /account\nSetAccount\n"
                 "NewOrder /orders\nSetOrder /order\nFetch /certificate\nInstall\n");
        fails_with(*state,
                   always,
                   EXIT_REFUSED,
                   "NewOrder /orders\nForgetAccount\nNewAccount /account\nSetAccount\n"
                   "NewOrder /orders\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_order_flow__new_order_is_lost),
                        test_of_run(test_order_flow__new_orders_that_are_none),
                        test_of_run(test_order_flow__yesterdays_order),
                        test_of_run(test_order_flow__yesterdays_order_is_invalid),
                        test_of_run(test_order_flow__yesterdays_order_has_other_moments),
                        test_of_run(test_order_flow__yesterdays_order_has_no_certificate),
                        test_of_run(test_order_flow__the_account_has_vanished),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
