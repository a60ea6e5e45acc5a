/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/account-flow.h"

#include "client/test-objects.h"
#include "client/test-run.h"

#define URLS "\"newNonce\":\"@/nonce\",\"newAccount\":\"@/account\",\"newOrder\":\"@/o\""
#define AT "Location: @/account/1\r\n"

static void begin(TestRun *run, const TestStep *script)
{
        directory_free(TAKE_PTR(run->c.directory));
        failure_done(&run->c.failure);
        test_doors_forget_account(run->doors);
        run->c.has_account = false;
        test_run_play(run, script);
}

static void test_account_ensure__table(void **state)
{
        static const struct {
                const char *name;
                TestStep answer;
                int r;
                ExitStatus status;
        } cases[] = {
                        {"new", {.status = 201, .head = AT, .body = "{\"status\":\"valid\"}"}},
                        {"known", {.status = 200, .head = AT, .body = "{\"status\":\"valid\"}"}},
                        {"deactivated",
                         {.status = 200, .head = AT, .body = "{\"status\":\"deactivated\"}"},
                         CLIENT_E_FAILED,
                         EXIT_REFUSED},
                        {"a status that nobody knows",
                         {.status = 201, .head = AT, .body = "{\"status\":\"sleepy\"}"},
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"no URL",
                         {.status = 201, .body = "{\"status\":\"valid\"}"},
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"two URLs",
                         {.status = 201,
                          .head = AT "Location: @/account/2\r\n",
                          .body = "{\"status\":\"valid\"}"},
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"a stranger's URL",
                         {.status = 201,
                          .head = "Location: https://x.example/1\r\n",
                          .body = "{\"status\":\"valid\"}"},
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"no JSON",
                         {.status = 201, .head = AT, .body = "{\"status\":\"val"},
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"contact",
                         {.status = 400, .body = PROBLEM("invalidContact")},
                         CLIENT_E_FAILED,
                         EXIT_CONFIGURATION},
                        {"external account",
                         {.status = 403, .body = PROBLEM("externalAccountRequired")},
                         CLIENT_E_FAILED,
                         EXIT_REFUSED},
                        {"it does not know whom it is to make",
                         {.status = 400, .body = PROBLEM("accountDoesNotExist")},
                         CLIENT_E_FAILED,
                         EXIT_REFUSED},
        };
        TestRun *run = *state;

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                TestStep script[] = {c->answer, {}};

                script[0].path = "/account";
                begin(run, script);
                assert_row(c->name, account_ensure(&run->c) == c->r);
                if (c->r != 0)
                        assert_row(c->name, run->c.failure.exit_status == c->status);
                assert_row(c->name, run->c.has_account == (c->r == 0));
                trace_expect(&run->trace,
                             c->r == 0 ? "NewAccount /account\nSetAccount\n"
                                       : "NewAccount /account\n");
        }
}

static void test_account_ensure__there_is_one(void **state)
{
        TestRun *run = *state;

        test_run_play(run, NULL);
        assert_int_equal(account_ensure(&run->c), 0);
        trace_expect(&run->trace, "");
}

/* newAccount of a key that has an account gives that one: it may be asked twice. */
static void test_account_ensure__lost_once(void **state)
{
        static const TestStep script[] = {
                        {.path = "/account", .times = 1, .end = TEST_REFUSE},
                        {},
        };
        TestRun *run = *state;

        begin(run, script);
        assert_int_equal(account_ensure(&run->c), 0);
        trace_expect(&run->trace,
                     "NewAccount /account\nHEAD /nonce\nNewAccount /account\nSetAccount\n");
}

/* Two keys of which nobody here knows which is the account's: the CA is asked with the other one.
 */
static void test_account_ensure__by_the_other_key(void **state)
{
        static const TestStep script[] = {
                        {.path = "/account",
                         .times = 1,
                         .status = 400,
                         .body = PROBLEM("accountDoesNotExist")},
                        {},
        };
        TestRun *run = *state;

        begin(run, script);
        run->c.about->is_key_unclear = true;
        assert_int_equal(account_ensure(&run->c), 0);
        trace_expect(&run->trace,
                     "NewAccount /account\nForgetAccount\nNewAccount /account\nSetAccount\n");
}

/* What the directory says before anything is sent. */
static void test_account_ensure__conditions(void **state)
{
        static const TestStep terms[] = {
                        {.path = "/dir",
                         .body = "{" URLS ",\"meta\":{\"termsOfService\":\"@/terms\"}}"},
                        {},
        };
        static const TestStep binding[] = {
                        {.path = "/dir",
                         .body = "{" URLS ",\"meta\":{\"externalAccountRequired\":true}}"},
                        {},
        };
        TestRun *run = *state;

        begin(run, terms);
        run->c.about->terms_of_service_agreed = false;
        assert_int_equal(account_ensure(&run->c), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_REFUSED);
        assert_non_null(strstr(run->c.failure.message, "/terms"));
        assert_non_null(strstr(run->c.failure.message, "TermsOfServiceAgreed=yes"));

        begin(run, binding);
        assert_int_equal(account_ensure(&run->c), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_REFUSED);
        trace_expect(&run->trace, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_account_ensure__table),
                        test_of_run(test_account_ensure__there_is_one),
                        test_of_run(test_account_ensure__lost_once),
                        test_of_run(test_account_ensure__by_the_other_key),
                        test_of_run(test_account_ensure__conditions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
