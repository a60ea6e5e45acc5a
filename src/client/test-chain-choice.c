/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of a CA's chains is installed. */

#include "client/test-order.h"

#define NTH(n) CERTIFICATE TEST_PREFERENCE #n
#define TO(path) "Link: <@/" path ">;rel=\"alternate\"\r\n"
#define STEP_VALID                                                                                 \
        {                                                                                          \
                .path = "/orders", .status = 201, .head = AT_ORDER, .body = ORDER_VALID            \
        }
#define BEFORE "NewOrder /orders\nSetOrder /order\nFetch /certificate\n"

static void installs(TestRun *run, const TestStep *script, const char *trace, const char *chain)
{
        char wanted[] = "Root X1";

        run->config.preferred_chain = wanted;
        succeeds(run, script, trace);
        run->config.preferred_chain = NULL;
        assert_string_equal(test_doors_installed(run->doors), chain);
}

static void test_chain_choose__nobody_has_asked(void **state)
{
        static const TestStep script[] = {
                        STEP_VALID,
                        {.path = "/certificate", .head = TO("c2"), .body = CERTIFICATE},
                        {.path = "/c2", .body = NTH(2)},
                        {}};

        succeeds(*state, script, BEFORE "Install\n");
}

static void test_chain_choose__the_first_is_wanted(void **state)
{
        static const TestStep script[] = {
                        STEP_VALID,
                        {.path = "/certificate", .head = TO("c2"), .body = NTH(2)},
                        {.path = "/c2", .body = NTH(2)},
                        {}};

        installs(*state, script, BEFORE "WeighChain\nInstall\n", NTH(2));
}

static void test_chain_choose__another_is_wanted(void **state)
{
        static const TestStep script[] = {
                        STEP_VALID,
                        {.path = "/certificate",
                         .head = TO("c2") "Link: <@/x>;rel=up\r\n" TO("c3") TO("c4"),
                         .body = CERTIFICATE},
                        {.path = "/c2", .body = NTH(1)},
                        {.path = "/c3", .body = NTH(2)},
                        {.path = "/c4", .body = NTH(2)},
                        {}};

        /* No more are fetched than it takes. */
        installs(*state,
                 script,
                 BEFORE "WeighChain\nFetch /c2\nWeighChain\nFetch /c3\nWeighChain\nInstall\n",
                 NTH(2));
}

static void test_chain_choose__none_is_wanted(void **state)
{
        static const TestStep script[] = {
                        STEP_VALID,
                        {.path = "/certificate",
                         .head = "Link: <@/c2>;rel=alternate, <@/c3>;rel=alternate, "
                                 "<@/c4>;rel=alternate, <@/c5>;rel=alternate, "
                                 "<@/c6>;rel=alternate\r\n",
                         .body = NTH(0) "first"},
                        {.path = "/c2", .body = NTH(0)},
                        {.path = "/c3", .body = NTH(0)},
                        {.path = "/c4", .body = NTH(0)},
                        {.path = "/c5", .body = NTH(0)},
                        {.path = "/c6", .body = NTH(2)},
                        {}};

        /* Four at most. */
        installs(*state,
                 script,
                 BEFORE "WeighChain\nFetch /c2\nWeighChain\nFetch /c3\nWeighChain\n"
                        "Fetch /c4\nWeighChain\nFetch /c5\nWeighChain\nInstall\n",
                 NTH(0) "first");
}

/* Gone, somebody else's, a page, refused by the signer: told, and no failure. */
static void test_chain_choose__others_that_are_none(void **state)
{
        static const TestStep script[] = {
                        STEP_VALID,
                        {.path = "/certificate",
                         .head = TO("c2") "Link: <https://evil.example/c>;rel=alternate\r\n" TO(
                                         "c3") TO("c4"),
                         .body = NTH(1)},
                        {.path = "/c2", .status = 404, .body = PROBLEM("malformed")},
                        {.path = "/c3", .body = "<html>busy</html>"},
                        {.path = "/c4", .body = NTH(2) TEST_REFUSED_CHAIN},
                        {}};

        installs(*state,
                 script,
                 BEFORE "WeighChain\nFetch /c2\nFetch /c3\nFetch /c4\nWeighChain\nInstall\n",
                 NTH(1));
        assert_false(((TestRun *) *state)->c.failure.is_set);
}

static void test_chain_choose__the_first_is_refused(void **state)
{
        static const TestStep script[] = {STEP_VALID,
                                          {.path = "/certificate",
                                           .head = TO("c2"),
                                           .body = CERTIFICATE TEST_REFUSED_CHAIN},
                                          {.path = "/c2", .body = NTH(0)},
                                          {}};

        installs(*state, script, BEFORE "WeighChain\nFetch /c2\nWeighChain\nInstall\n", NTH(0));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_chain_choose__nobody_has_asked),
                        test_of_run(test_chain_choose__the_first_is_wanted),
                        test_of_run(test_chain_choose__another_is_wanted),
                        test_of_run(test_chain_choose__none_is_wanted),
                        test_of_run(test_chain_choose__others_that_are_none),
                        test_of_run(test_chain_choose__the_first_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
