/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/authority.h"

#include "client/test-run.h"

#define SECOND "https://second.example/dir"
#define DESCRIPTION(ca, directory, challenge)                                                      \
        "{\"name\":\"a.example\",\"ca\":\"" ca "\",\"directory\":\"" directory "\","               \
        "\"due\":\"first\",\"askRenewalInfo\":false,\"termsOfServiceAgreed\":true,"                \
        "\"origins\":[\"https://second.example\"],\"challenges\":[\"" challenge "\"],"             \
        "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"}]}"

/* A run of CA=test second that is in the middle of an order with the first, and has failed there.
 */
typedef struct Turn {
        TestRun *run;
        ConfigCa cas[2];
        char *identifiers[2];
} Turn;

static void begin(Turn *turn, TestRun *run)
{
        Client *c = &run->c;

        *turn = (Turn){
                        .run = run,
                        .cas = {{.name = (char *) "test", .directory = run->config_ca.directory},
                                {.name = (char *) "second", .directory = (char *) SECOND}},
                        .identifiers = {(char *) "a.example"},
        };
        run->config.cas = turn->cas;
        run->config.n_cas = c->n_cas_left = ELEMENTSOF(turn->cas);
        run->config.identifiers = turn->identifiers;
        config_use_ca(&run->config, 0);
        c->is_proving = c->has_registered_again = true;
        c->order = strdup("https://ca.example/order");
        assert_non_null(c->order);
}

/* What the signer was asked. */
static int turn_after(Turn *turn, const char *expected)
{
        int r = authority_turn(&turn->run->c);

        trace_expect(&turn->run->trace, expected);
        return r;
}

static void test_authority_turn__the_failure_is_not_the_cas(void **state)
{
        TestRun *run = *state;
        Turn turn;

        begin(&turn, run);
        test_doors_set_next(run->doors, DESCRIPTION("second", SECOND, "http-01"));
        /* None at all. */
        assert_int_equal(turn_after(&turn, ""), CLIENT_E_FAILED);
        /* Ours. */
        (void) failure_set(&run->c.failure, EXIT_CONFIGURATION, "no door");
        assert_int_equal(turn_after(&turn, ""), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_CONFIGURATION);
        /* Its, and there is no other. */
        failure_done(&run->c.failure);
        (void) failure_set_of_this_ca(&run->c.failure, EXIT_TRY_AGAIN, "it is down");
        run->config.n_cas = 1;
        assert_int_equal(turn_after(&turn, ""), CLIENT_E_FAILED);
        assert_non_null(run->c.http);
        assert_non_null(run->c.order);
}

static void test_authority_turn__the_signer_knows_no_next(void **state)
{
        TestRun *run = *state;
        Turn turn;

        begin(&turn, run);
        (void) failure_set_of_this_ca(&run->c.failure, EXIT_TRY_AGAIN, "it is down");
        assert_int_equal(turn_after(&turn, "NextAuthority test 75\n"), CLIENT_E_FAILED);
        /* The run ends with this reason, and what is open may still be needed. */
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        assert_string_equal(run->c.failure.message, "it is down");
        assert_string_equal(run->config.ca, "test");
        assert_non_null(run->c.http);
        assert_non_null(run->c.order);
}

static void test_authority_turn__what_is_the_cas_goes_with_it(void **state)
{
        TestRun *run = *state;
        Turn turn;

        begin(&turn, run);
        test_doors_set_next(run->doors, DESCRIPTION("second", SECOND, "http-01"));
        (void) failure_set_of_this_ca(&run->c.failure, EXIT_TRY_AGAIN, "it is down");
        assert_int_equal(turn_after(&turn, "NextAuthority test 75\n"), 0);
        assert_false(run->c.failure.is_set);
        assert_string_equal(run->config.ca, "second");
        assert_string_equal(run->config.directory, SECOND);
        assert_string_equal(run->c.about->ca, "second");
        assert_null(run->c.http);
        assert_null(run->c.directory);
        assert_null(run->c.order);
        assert_false(run->c.has_account);
        assert_false(run->c.has_registered_again);
        assert_int_equal(run->c.nonces_under_way, 0);
        assert_int_equal(run->c.n_cas_left, 1);
        /* Port 80 is as open as it was. */
        assert_true(run->c.is_proving);
        assert_true(run->c.leases[CHALLENGE_TYPE_HTTP01].is_ready);
}

/* The signer is on another machine, or its configuration has changed since. */
static void test_authority_turn__the_signer_says_something_else(void **state)
{
        static const char *const descriptions[] = {
                        DESCRIPTION("third", "https://third.example/dir", "http-01"),
                        DESCRIPTION("second", "https://other.example/dir", "http-01"),
                        DESCRIPTION("second", SECOND, "dns-01"),
        };
        TestRun *run = *state;

        FOREACH_ARRAY (description, descriptions, ELEMENTSOF(descriptions)) {
                Turn turn;

                free(TAKE_PTR(run->c.order));
                begin(&turn, run);
                test_doors_set_next(run->doors, *description);
                failure_done(&run->c.failure);
                (void) failure_set_of_this_ca(&run->c.failure, EXIT_TRY_AGAIN, "it is down");
                assert_int_equal(turn_after(&turn, "NextAuthority test 75\n"), CLIENT_E_FAILED);
                test_run_expect_failure(run, EXIT_TRY_AGAIN);
                assert_false(run->c.failure.is_of_this_ca);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_authority_turn__the_failure_is_not_the_cas),
                        test_of_run(test_authority_turn__the_signer_knows_no_next),
                        test_of_run(test_authority_turn__what_is_the_cas_goes_with_it),
                        test_of_run(test_authority_turn__the_signer_says_something_else),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
