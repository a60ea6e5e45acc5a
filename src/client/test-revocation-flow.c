/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One request, and what the signer is told of the CA's answer: nothing where there is a doubt. */

#include "client/revocation-flow.h"

#include "client/directory-flow.h"
#include "client/test-objects.h"
#include "client/test-run.h"

#define URLS "\"newNonce\":\"@/nonce\",\"newAccount\":\"@/account\",\"newOrder\":\"@/o\""
#define STEP_DIRECTORY                                                                             \
        {                                                                                          \
                .path = "/dir", .body = "{" URLS ",\"revokeCert\":\"@/revoke\"}"                   \
        }
#define STEP_ACCOUNT                                                                               \
        {                                                                                          \
                .path = "/account", .head = "Location: @/account/1\r\n",                           \
                .body = "{\"status\":\"valid\"}"                                                   \
        }

static int revoke_as(TestRun *run, const char *key, const TestStep *script, bool *ret_was_revoked)
{
        Client *c = &run->c;

        failure_done(&c->failure);
        directory_free(TAKE_PTR(c->directory));
        c->about->revocation = (DescribedRevocation){.serial = "0a", .key = key};
        test_run_play(run, script);
        return revocation_flow_run(c, ret_was_revoked);
}

static void test_revocation_flow__table(void **state)
{
        static const struct {
                const char *name;
                TestStep answer;
                const char *expected;
                ExitStatus status;
                bool was_revoked;
        } cases[] = {
                        {"done", {.status = 200}, "Revoke /revoke\nSetRevocation true\n"},
                        {"already",
                         {.status = 400, .body = PROBLEM("alreadyRevoked")},
                         "Revoke /revoke\nSetRevocation true\n",
                         EXIT_DONE,
                         true},
                        {"reason",
                         {.status = 400, .body = PROBLEM("badRevocationReason")},
                         "Revoke /revoke\nSetRevocation false\n",
                         EXIT_REFUSED},
                        {"not ours",
                         {.status = 403, .body = PROBLEM("unauthorized")},
                         "Revoke /revoke\nSetRevocation false\n",
                         EXIT_REFUSED},
                        {"too often",
                         {.status = 429, .body = PROBLEM("rateLimited")},
                         "Revoke /revoke\n",
                         EXIT_TRY_AGAIN},
                        {"its own trouble",
                         {.status = 500, .body = PROBLEM("serverInternal")},
                         "Revoke /revoke\nRevoke /revoke\nRevoke /revoke\n",
                         EXIT_TRY_AGAIN},
                        {"without a word", {.status = 400}, "Revoke /revoke\n", EXIT_REFUSED},
        };
        TestRun *run = *state;

        FOREACH_ARRAY (row, cases, ELEMENTSOF(cases)) {
                TestStep script[] = {STEP_DIRECTORY, row->answer, {}};
                bool was_revoked = false;
                int r;

                script[1].path = "/revoke";
                r = revoke_as(run, "account", script, &was_revoked);
                if (row->status == EXIT_DONE) {
                        assert_int_equal(r, 0);
                        assert_int_equal(was_revoked, row->was_revoked);
                } else {
                        assert_int_equal(r, CLIENT_E_FAILED);
                        test_run_expect_failure(run, row->status);
                }
                trace_expect(&run->trace, row->expected);
        }
}

/* The certificate's own key needs no account; the account's does. */
static void test_revocation_flow__who_signs(void **state)
{
        static const TestStep script[] = {STEP_DIRECTORY,
                                          STEP_ACCOUNT,
                                          {.path = "/revoke", .status = 200},
                                          {}};
        TestRun *run = *state;
        bool was_revoked;

        test_doors_forget_account(run->doors);
        run->c.has_account = false;
        assert_int_equal(revoke_as(run, "certificate", script, &was_revoked), 0);
        trace_expect(&run->trace, "Revoke /revoke\nSetRevocation true\n");
        assert_int_equal(revoke_as(run, "account", script, &was_revoked), 0);
        trace_expect(&run->trace,
                     "NewAccount /account\nSetAccount\nRevoke /revoke\nSetRevocation true\n");
}

static void test_revocation_flow__directories(void **state)
{
        static const TestStep none[] = {{.path = "/dir", .body = "{" URLS "}"}, {}};
        static const TestStep strange[] = {
                        {.path = "/dir",
                         .body = "{" URLS ",\"revokeCert\":\"https://x.example/r\"}"},
                        {}};
        TestRun *run = *state;
        bool was_revoked;

        assert_int_equal(revoke_as(run, "account", none, &was_revoked), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        assert_int_equal(revoke_as(run, "account", strange, &was_revoked), CLIENT_E_FAILED);
        assert_true(run->c.failure.is_set);
        trace_expect(&run->trace, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_revocation_flow__table),
                        test_of_run(test_revocation_flow__who_signs),
                        test_of_run(test_revocation_flow__directories),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
