/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The quick look: when it may say that nothing is to be done. */

#include "client/check.h"
#include "client/failure.h"

#include "base/test.h"

#define NOW (1800000000 * USEC_PER_SEC)
#define ISSUED (NOW - 30 * USEC_PER_DAY)
#define EXPIRES (NOW + 60 * USEC_PER_DAY)
#define DUE_AT (EXPIRES - 30 * USEC_PER_DAY)

static char *names[] = {(char *) "example.org", NULL};

static ConfigCa ca = {.directory = (char *) "https://ca.example/dir"};

static const Config config = {
                .name = (char *) "example.org",
                .identifiers = names,
                .cas = &ca,
                .n_cas = 1,
                .key_type = KEY_TYPE_EC_P256,
};

static State good_state(void)
{
        return (State){
                        .certificate =
                                        {
                                                        .is_set = true,
                                                        .not_before_usec = ISSUED,
                                                        .not_after_usec = EXPIRES,
                                                        .installed_usec = ISSUED,
                                                        .checked_usec = NOW - USEC_PER_HOUR,
                                                        .identifiers = names,
                                                        .key_type = (char *) "ec-p256",
                                                        .directory = (char *) "https://ca.example/"
                                                                              "dir",
                                                        .renewal_info.again_usec =
                                                                        NOW + USEC_PER_HOUR,
                                        },
        };
}

static CheckVerdict decide(const State *state, usec_t requested_usec, bool is_timer, usec_t *until)
{
        return check_decide(state, &config, "settings", requested_usec, is_timer, NOW, until);
}

static void test_check_decide__not_due(void **state)
{
        State s = good_state();
        usec_t until = 0;

        (void) state;
        assert_int_equal(decide(&s, 0, false, &until), CHECK_NOT_DUE);
        assert_true(until == DUE_AT);
        assert_int_equal(decide(&s, 0, true, &until), CHECK_NOT_DUE);
}

static void test_check_decide__anything_else_runs(void **state)
{
        char *others[] = {(char *) "example.net", NULL};
        State s;
        usec_t until;

        (void) state;
        assert_int_equal(decide(NULL, 0, true, &until), CHECK_RUN);

        s = good_state();
        s.certificate.is_set = false;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);

        s = good_state();
        s.certificate.not_after_usec = NOW + USEC_PER_DAY;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);

        s = good_state();
        s.certificate.identifiers = others;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);

        s = good_state();
        s.certificate.key_type = (char *) "rsa-2048";
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);

        s = good_state();
        s.certificate.directory = (char *) "https://other.example/dir";
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);

        s = good_state();
        assert_int_equal(decide(&s, NOW - USEC_PER_MINUTE, true, &until), CHECK_RUN);
}

static void test_check_decide__trusts_no_old_look(void **state)
{
        State s = good_state();
        usec_t until;

        (void) state;
        s.certificate.checked_usec = NOW - DUE_CHECK_INTERVAL_USEC;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        s.certificate.checked_usec = NOW + USEC_PER_SEC;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
}

static void test_check_decide__asks_the_ca_when_to_renew(void **state)
{
        State s = good_state();
        usec_t until;

        (void) state;
        s.certificate.renewal_info.moment_usec = NOW + USEC_PER_DAY;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_NOT_DUE);
        assert_true(until == NOW + USEC_PER_DAY);
        s.certificate.renewal_info.again_usec = NOW;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        s.certificate.renewal_info.again_usec = 0;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        /* Of a clock that went wrong. */
        s.certificate.renewal_info.again_usec = NOW + 2 * USEC_PER_DAY;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
}

static State failed_state(void)
{
        return (State){
                        .failure =
                                        {
                                                        .count = 2,
                                                        .last_usec = NOW - USEC_PER_MINUTE,
                                                        .outcome = EXIT_TRY_AGAIN,
                                                        .next_attempt_usec =
                                                                        NOW + 9 * USEC_PER_MINUTE,
                                                        .settings = (char *) "settings",
                                        },
        };
}

static void test_check_decide__the_timer_waits_after_a_failure(void **state)
{
        State s = failed_state();
        usec_t until = 0;

        (void) state;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_TOO_EARLY);
        assert_true(until == NOW + 9 * USEC_PER_MINUTE);
        /* An administrator's request from before the failure has been heard. */
        assert_int_equal(decide(&s, NOW - USEC_PER_HOUR, true, &until), CHECK_TOO_EARLY);
}

static void test_check_decide__but_not_always(void **state)
{
        State s;
        usec_t until;

        (void) state;
        s = failed_state();
        assert_int_equal(decide(&s, 0, false, &until), CHECK_RUN);  /* by hand */
        assert_int_equal(decide(&s, NOW, true, &until), CHECK_RUN); /* asked since */
        s.failure.next_attempt_usec = NOW;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        s.failure.next_attempt_usec = USEC_INFINITY;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        s = failed_state();
        s.failure.settings = (char *) "mended";
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        s.failure.settings = NULL;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        s = failed_state();
        s.failure.count = 0;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
}

static void test_check_decide__no_failure_of_a_wrong_clock(void **state)
{
        State s = failed_state();
        usec_t until;

        (void) state;
        s.failure.last_usec = NOW + 3650 * USEC_PER_DAY;
        s.failure.next_attempt_usec = s.failure.last_usec + USEC_PER_MINUTE;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_RUN);
        s.failure.last_usec = NOW;
        assert_int_equal(decide(&s, 0, true, &until), CHECK_TOO_EARLY);
}

static void test_failure_set__the_first_is_the_cause(void **state)
{
        Failure f = {};

        (void) state;
        assert_int_equal(failure_set(&f, EXIT_REFUSED, "cause %d", 1), CLIENT_E_FAILED);
        assert_int_equal(failure_set(&f, EXIT_BUG, "consequence"), CLIENT_E_FAILED);
        assert_int_equal(f.exit_status, EXIT_REFUSED);
        assert_string_equal(f.message, "cause 1");
        failure_done(&f);
}

static void test_failure_set_problem__by_the_table(void **state)
{
        static const char text[] = "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
                                   "\"detail\":\"\\u001b[31mslow down\"}";
        _cleanup_(problem_freep) Problem *problem = NULL;
        Failure f = {};

        (void) state;
        assert_int_equal(problem_parse(text, strlen(text), &problem), 0);
        assert_int_equal(failure_set_problem(&f,
                                             "Failed to order",
                                             problem,
                                             PROBLEM_AT_REQUEST,
                                             429),
                         CLIENT_E_FAILED);
        assert_int_equal(f.exit_status, EXIT_TRY_AGAIN);
        assert_string_equal(f.problem, "urn:ietf:params:acme:error:rateLimited");
        assert_non_null(strstr(f.message, "Failed to order: rateLimited: \\x1b[31mslow down; "));
        failure_done(&f);
}

static void test_failure_set_problem__without_an_explanation(void **state)
{
        static const char text[] = "{\"status\":502}";
        _cleanup_(problem_freep) Problem *problem = NULL;
        Failure f = {};

        (void) state;
        assert_int_equal(problem_parse(text, strlen(text), &problem), 0);
        assert_int_equal(failure_set_problem(&f, "Failed", problem, PROBLEM_AT_REQUEST, 502),
                         CLIENT_E_FAILED);
        assert_int_equal(f.exit_status, EXIT_TRY_AGAIN);
        assert_null(f.problem);
        assert_non_null(strstr(f.message, "HTTP status 502"));
        failure_done(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_check_decide__not_due),
                        cmocka_unit_test(test_check_decide__anything_else_runs),
                        cmocka_unit_test(test_check_decide__trusts_no_old_look),
                        cmocka_unit_test(test_check_decide__asks_the_ca_when_to_renew),
                        cmocka_unit_test(test_check_decide__the_timer_waits_after_a_failure),
                        cmocka_unit_test(test_check_decide__but_not_always),
                        cmocka_unit_test(test_check_decide__no_failure_of_a_wrong_clock),
                        cmocka_unit_test(test_failure_set__the_first_is_the_cause),
                        cmocka_unit_test(test_failure_set_problem__by_the_table),
                        cmocka_unit_test(test_failure_set_problem__without_an_explanation),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
