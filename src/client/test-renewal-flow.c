/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The CA is asked when to renew, and what an order says of it. Whatever it answers, the run goes
 * on. */

#include "client/renewal-flow.h"
#include "client/test-order.h"

#define ID "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
#define DIRECTORY(more)                                                                            \
        "{\"newNonce\":\"@/nonce\",\"newAccount\":\"@/accounts\",\"newOrder\":\"@/orders\"" more "}"
#define STEP_DIRECTORY                                                                             \
        {                                                                                          \
                .path = "/dir", .body = DIRECTORY(",\"renewalInfo\":\"@/info\"")                   \
        }
#define WINDOW(start, end) "{\"suggestedWindow\":{\"start\":\"" start "\",\"end\":\"" end "\"}}"

#define GOOD WINDOW("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
#define NO_WINDOW "SetRenewalInfo    \n"
#define ASKED "GET /dir\nGET /info/" ID "\n"

/* Return: is a renewal due now? */
static bool ask(TestRun *run, const TestStep *script, const char *expected)
{
        Client *c = &run->c;

        http_free(TAKE_PTR(c->http));
        directory_free(TAKE_PTR(c->directory));
        run->config.trust = test_ca_trust(run->ca);
        c->about->due = NULL;
        c->about->renewal_id = ID;
        test_ca_play(run->ca, script);
        assert_int_equal(renewal_flow_ask(c), 0);
        assert_false(c->failure.is_set);
        trace_expect(&run->trace, expected);
        assert_true(c->about->renew_at_usec == 4711 * USEC_PER_SEC);
        return c->about->due;
}

static void test_renewal_flow_ask__answers(void **state)
{
        static const TestStep later[] = {
                        STEP_DIRECTORY,
                        {.path = "/info/" ID,
                         .head = "Retry-After: 7200\r\n",
                         .body = WINDOW("2100-01-01T00:00:00Z", "2100-01-02T00:00:00Z")},
                        {}};
        static const TestStep now[] = {
                        STEP_DIRECTORY,
                        {.path = "/info/" ID,
                         .body = "{\"suggestedWindow\":{\"start\":\"2020-01-01T00:00:00Z\","
                                 "\"end\":\"2020-01-02T00:00:00Z\"},"
                                 "\"explanationURL\":\"https://ca.example/why\"}"},
                        {}};

        assert_false(ask(*state, later, ASKED "SetRenewalInfo 4102444800 4102531200  7200\n"));
        assert_true(ask(*state,
                        now,
                        ASKED "SetRenewalInfo 1577836800 1577923200 https://ca.example/why \n"));
}

static void test_renewal_flow_ask__no_answers(void **state)
{
        static const struct {
                TestStep answer;
                const char *expected;
        } table[] = {
                        {{.status = 404}, ASKED NO_WINDOW},
                        {{.status = 500, .head = "Retry-After: 120\r\n"},
                         ASKED "SetRenewalInfo    120\n"},
                        /* libcurl's own try: the connection might have been a stale one. */
                        {{.end = TEST_REFUSE}, ASKED "GET /info/" ID "\n" NO_WINDOW},
                        {{.end = TEST_CUT, .body = GOOD}, ASKED NO_WINDOW},
                        {{.body = "<html>"}, ASKED NO_WINDOW},
                        {{.body = "{}"}, ASKED NO_WINDOW},
                        {{.body = WINDOW("2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z")},
                         ASKED NO_WINDOW},
                        {{.body = WINDOW("2020-01-01T00:00:00", "2020-01-02T00:00:00")},
                         ASKED NO_WINDOW},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                TestStep script[] = {STEP_DIRECTORY, row->answer, {}};

                script[1].path = "/info/" ID;
                assert_false(ask(*state, script, row->expected));
        }
}

static void test_renewal_flow_ask__directories(void **state)
{
        static const struct {
                TestStep step;
                const char *expected;
        } table[] = {
                        /* Not before tomorrow. */
                        {{.body = DIRECTORY("")}, "GET /dir\nSetRenewalInfo    86400\n"},
                        {{.body = DIRECTORY(",\"renewalInfo\":\"https://other.example/info\"")},
                         "GET /dir\n" NO_WINDOW},
                        {{.body = DIRECTORY(",\"renewalInfo\":\"http://ca.example\"")},
                         "GET /dir\n" NO_WINDOW},
                        {{.status = 503, .head = "Retry-After: 999999999\r\n"},
                         "GET /dir\nSetRenewalInfo    86400\n"},
                        {{.end = TEST_REFUSE}, "GET /dir\n" NO_WINDOW},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                TestStep script[] = {row->step, {}};

                script[0].path = "/dir";
                assert_false(ask(*state, script, row->expected));
        }
}

/* RFC 9773 section 5. */
static void test_order_flow__says_what_is_replaced(void **state)
{
        static const TestStep objected[] = {
                        STEP_DIRECTORY,
                        {.path = "/orders",
                         .times = 1,
                         .status = 409,
                         .body = PROBLEM("alreadyReplaced")},
                        {.path = "/orders", .status = 201, .head = AT_ORDER, .body = ORDER_VALID},
                        STEP_CERTIFICATE,
                        {}};
        static const TestStep limited[] = {
                        STEP_DIRECTORY,
                        {.path = "/orders", .status = 429, .body = PROBLEM("rateLimited")},
                        {}};
        TestRun *run = *state;

        run->c.about->renewal_id = ID;
        succeeds(run,
                 objected,
                 "NewOrder+ /orders\nNewOrder /orders\nSetOrder /order\n"
                 "Fetch /certificate\nInstall\n");
        fails_with(run, limited, EXIT_TRY_AGAIN, "NewOrder+ /orders\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_renewal_flow_ask__answers),
                        test_of_run(test_renewal_flow_ask__no_answers),
                        test_of_run(test_renewal_flow_ask__directories),
                        test_of_run(test_order_flow__says_what_is_replaced),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
