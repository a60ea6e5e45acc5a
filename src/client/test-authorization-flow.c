/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Authorizations as CAs give them: which tokens are published, what is answered, and what is said
 * of those that fail. */

#include "client/authorization-flow.h"

#include "client/test-objects.h"
#include "client/test-run.h"

#define OTHER_TOKEN "uuuuuuuuuuuuuuuuuuuuuu"
#define OTHER_CHALLENGE                                                                            \
        "{\"type\":\"http-01\",\"url\":\"@/other-challenge\",\"token\":\"" OTHER_TOKEN             \
        "\",\"status\":\"pending\"}"
#define DNS_TOKEN "vvvvvvvvvvvvvvvvvvvvvv"
#define DNS_CHALLENGE                                                                              \
        "{\"type\":\"dns-01\",\"url\":\"@/dns-challenge\",\"token\":\"" DNS_TOKEN                  \
        "\",\"status\":\"pending\"}"
#define FAILED(problem, more)                                                                      \
        CHALLENGE_WITH("invalid",                                                                  \
                       ",\"error\":{\"type\":\"urn:ietf:params:acme:error:" problem                \
                       "\",\"detail\":\"because\"" more "}")

/* An order with the authorizations of these paths, and this member more. */
static Order *make_order(TestRun *run, const char *const *paths, const char *more)
{
        const char *origin = test_ca_origin(run->ca), *field;
        char list[1024] = "";
        _cleanup_free_ char *text = NULL;
        Order *order;

        for (size_t i = 0; paths[i]; i++)
                (void) snprintf(list + strlen(list),
                                sizeof(list) - strlen(list),
                                "%s\"%s%s\"",
                                i > 0 ? "," : "",
                                origin,
                                paths[i]);
        assert_true(asprintf(&text,
                             "{\"status\":\"pending\",\"identifiers\":[" NAMED(
                                             "\"a.example\"") "," NAMED("\"b.example\"") "],"
                                                                                         "\"authori"
                                                                                         "zations\""
                                                                                         ":[%s],"
                                                                                         "\"finaliz"
                                                                                         "e\":\"%s/"
                                                                                         "f\"%s}",
                             list,
                             origin,
                             more) > 0);
        assert_int_equal(order_parse(text, strlen(text), &order, &field), 0);
        return order;
}

static int answer(TestRun *run, const TestStep *script, const char *const *paths, const char *more)
{
        _cleanup_(order_freep) Order *order = make_order(run, paths, more);
        usec_t retry_after_usec;

        directory_free(TAKE_PTR(run->c.directory));
        failure_done(&run->c.failure);
        patience_init(&run->c.patience, now_monotonic());
        test_run_play(run, script);
        return authorizations_answer(&run->c, order, &retry_after_usec);
}

static const char *const one[] = {"/authz", NULL};
static const char *const two[] = {"/authz", "/other", NULL};

static void test_authorizations_answer__two_for_one_name(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz", .body = AUTHORIZATION("pending", "pending")},
                        {.path = "/other",
                         .body = AUTHORIZATION_FOR("\"a.example\"", "pending", OTHER_CHALLENGE)},
                        {.path = "/challenge", .body = CHALLENGE("processing")},
                        {.path = "/other-challenge", .body = CHALLENGE("valid")},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run, script, two, ""), 0);
        trace_expect(&run->trace,
                     "Fetch /authz\nFetch /other\nPublish " TOKEN " " OTHER_TOKEN
                     "\nAnswerChallenge /challenge\nAnswerChallenge /other-challenge\n");
}

/* Names in another case are the same, and types that nobody knows are passed over. */
static void test_authorizations_answer__foreign_challenges(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz",
                         .body = AUTHORIZATION_FOR("\"A.Example\"",
                                                   "pending",
                                                   "{\"type\":\"dns-02\",\"url\":7},"
                                                   "{\"type\":\"pigeon\"}," CHALLENGE("pending"))},
                        {.path = "/challenge", .body = CHALLENGE("processing")},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run, script, one, ""), 0);
        trace_expect(&run->trace, "Fetch /authz\nPublish " TOKEN "\nAnswerChallenge /challenge\n");
}

/* The first of Challenge= that the CA offers, for each name by itself. */
static void test_authorizations_answer__mixed(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz",
                         .body = AUTHORIZATION_FOR("\"a.example\"",
                                                   "pending",
                                                   DNS_CHALLENGE "," CHALLENGE("pending"))},
                        {.path = "/other",
                         .body = AUTHORIZATION_FOR("\"b.example\"", "pending", DNS_CHALLENGE)},
                        {.path = "/challenge", .body = CHALLENGE("processing")},
                        {.path = "/dns-challenge", .body = CHALLENGE("processing")},
                        {}};
        TestRun *run = *state;

        test_run_lease(run, CHALLENGE_TYPE_DNS01);
        assert_int_equal(answer(run, script, two, ""), 0);
        /* Both rooms at once: which is first is nobody's business. */
        assert_non_null(strstr(run->trace.text, "\nPublish " TOKEN "\n"));
        assert_non_null(strstr(run->trace.text, "\nPublish dns-01 " DNS_TOKEN "\n"));
        assert_non_null(strstr(run->trace.text,
                               "\nAnswerChallenge /challenge\nAnswerChallenge /dns-challenge\n"));
        run->trace.text[0] = '\0';
}

/* A wildcard comes without its "*." (RFC 8555 section 7.1.4), and is not the name. */
static void test_authorizations_answer__wildcard_of_no_order(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz",
                         .body = "{\"status\":\"pending\",\"wildcard\":true,\"identifier\":" NAMED(
                                         "\"a.example\"") ",\"challenges\":[" DNS_CHALLENGE "]}"},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run, script, one, ""), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        trace_expect(&run->trace, "Fetch /authz\n");
}

static void test_authorizations_answer__what_no_answer_is_made_for(void **state)
{
        static const struct {
                const char *name, *body;
                int r;
                ExitStatus status;
        } cases[] = {
                        {"valid", AUTHORIZATION("valid", "valid"), CLIENT_E_ALL_VALID, 0},
                        {"no http-01",
                         AUTHORIZATION_FOR("\"a.example\"", "pending", DNS_CHALLENGE),
                         CLIENT_E_FAILED,
                         EXIT_REFUSED},
                        {"no challenges",
                         AUTHORIZATION_FOR("\"a.example\"", "pending", ""),
                         CLIENT_E_FAILED,
                         EXIT_REFUSED},
                        {"somebody else's name",
                         AUTHORIZATION_FOR("\"c.example\"", "pending", CHALLENGE("pending")),
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"a token that is a path",
                         "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a."
                         "example\"},"
                         "\"challenges\":[{\"type\":\"http-01\",\"url\":\"@/"
                         "c\",\"status\":\"pending\","
                         "\"token\":\"../../../../../etc/passwd\"}]}",
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"expired",
                         AUTHORIZATION("expired", "pending"),
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"deactivated",
                         AUTHORIZATION("deactivated", "pending"),
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"sleepy",
                         AUTHORIZATION("sleepy", "pending"),
                         CLIENT_E_FAILED,
                         EXIT_TRY_AGAIN},
                        {"cut", "{\"status\":\"pending\"", CLIENT_E_FAILED, EXIT_TRY_AGAIN},
        };
        TestRun *run = *state;

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                const TestStep script[] = {{.path = "/authz", .body = c->body}, {}};

                assert_row(c->name, answer(run, script, one, "") == c->r);
                if (c->r == CLIENT_E_FAILED)
                        assert_row(c->name, run->c.failure.exit_status == c->status);
                /* Nothing was published. */
                assert_row(c->name, !strstr(run->trace.text, "Publish"));
                run->trace.text[0] = '\0';
        }
}

/* Whether the CA has heard an answer, its authorization says. */
static void test_authorizations_answer__an_answer_is_lost(void **state)
{
        static const TestStep heard[] = {
                        {.path = "/authz", .times = 1, .body = AUTHORIZATION("pending", "pending")},
                        {.path = "/challenge", .end = TEST_REFUSE},
                        {.path = "/authz", .body = AUTHORIZATION("pending", "processing")},
                        {}};
        static const TestStep not_heard[] = {
                        {.path = "/authz", .body = AUTHORIZATION("pending", "pending")},
                        {.path = "/challenge", .times = 1, .status = 504},
                        {.path = "/challenge", .body = CHALLENGE("processing")},
                        {}};
        static const TestStep valid_meanwhile[] = {
                        {.path = "/authz", .times = 1, .body = AUTHORIZATION("pending", "pending")},
                        {.path = "/challenge", .status = 400, .body = PROBLEM("malformed")},
                        {.path = "/authz", .body = AUTHORIZATION("valid", "valid")},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run, heard, one, ""), 0);
        trace_expect(&run->trace,
                     "Fetch /authz\nPublish " TOKEN
                     "\nAnswerChallenge /challenge\nHEAD /nonce\nFetch /authz\n");
        assert_int_equal(answer(run, not_heard, one, ""), 0);
        trace_expect(&run->trace,
                     "Fetch /authz\nPublish " TOKEN
                     "\nAnswerChallenge /challenge\nFetch /authz\nAnswerChallenge /challenge\n");
        assert_int_equal(answer(run, valid_meanwhile, one, ""), CLIENT_E_ALL_VALID);
        trace_expect(&run->trace,
                     "Fetch /authz\nPublish " TOKEN "\nAnswerChallenge /challenge\nFetch /authz\n");
}

static void test_authorizations_answer__the_ca_never_hears(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz", .body = AUTHORIZATION("pending", "pending")},
                        {.path = "/challenge", .status = 504},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run, script, one, ""), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        trace_expect(&run->trace,
                     "Fetch /authz\nPublish " TOKEN
                     "\nAnswerChallenge /challenge\nFetch /authz\nAnswerChallenge /challenge\n"
                     "Fetch /authz\nAnswerChallenge /challenge\n");
}

/* The gravest decides, whichever comes first; the order is no use any more. */
static void test_authorizations_check__failures(void **state)
{
        static const TestStep caa[] = {
                        {.path = "/authz",
                         .body = AUTHORIZATION_FOR(
                                         "\"a.example\"",
                                         "invalid",
                                         FAILED("connection",
                                                ",\"subproblems\":[{\"type\":\"urn:ietf:params:"
                                                "acme:"
                                                "error:dns\",\"detail\":\"no address\"}]"))},
                        {.path = "/other",
                         .body = AUTHORIZATION_FOR("\"b.example\"", "invalid", FAILED("caa", ""))},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run, caa, two, ""), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_REFUSED);
        assert_string_equal(run->c.failure.problem, "urn:ietf:params:acme:error:caa");
        trace_expect(&run->trace, "Fetch /authz\nFetch /other\nForgetOrder\n");
}

/* One has failed: what is pending beside it is taken back, and a CA that does not like that changes
 * nothing. */
static void test_authorizations_answer__the_rest_is_taken_back(void **state)
{
        static const char *const three[] = {"/authz", "/other", "/valid", NULL};
        static const TestStep script[] = {
                        {.path = "/authz", .body = AUTHORIZATION("invalid", "invalid")},
                        {.path = "/other", .times = 1, .body = AUTHORIZATION("pending", "pending")},
                        {.path = "/other", .status = 403, .body = PROBLEM("unauthorized")},
                        {.path = "/valid", .body = AUTHORIZATION("valid", "valid")},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run, script, three, ""), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        trace_expect(&run->trace,
                     "Fetch /authz\nFetch /other\nFetch /valid\nForgetOrder\n"
                     "DeactivateAuthorization /other\n");
}

/* The next run goes another way for that name, and for no other. */
static void test_authorizations_check__another_type_is_tried_next(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz",
                         .body = AUTHORIZATION_FOR("\"a.example\"",
                                                   "invalid",
                                                   DNS_CHALLENGE "," FAILED("connection", ""))},
                        {.path = "/other",
                         .body = AUTHORIZATION_FOR("\"b.example\"", "pending", OTHER_CHALLENGE)},
                        {}};
        TestRun *run = *state;

        test_run_lease(run, CHALLENGE_TYPE_DNS01);
        assert_int_equal(answer(run, script, two, ""), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        trace_expect(&run->trace,
                     "Fetch /authz\nFetch /other\nForgetOrder\nSetChallenge dns-01 a.example\n"
                     "DeactivateAuthorization /other\n");
}

/* Some CAs explain themselves in the order alone. */
static void test_authorizations_check__explained_in_the_order(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz", .body = AUTHORIZATION("invalid", "invalid")},
                        {}};
        TestRun *run = *state;

        assert_int_equal(answer(run,
                                script,
                                one,
                                ",\"error\":{\"type\":\"urn:ietf:params:acme:error:caa\","
                                "\"detail\":\"forbidden\"}"),
                         CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_REFUSED);
        assert_string_equal(run->c.failure.problem, "urn:ietf:params:acme:error:caa");
        trace_expect(&run->trace, "Fetch /authz\nForgetOrder\n");

        assert_int_equal(answer(run, script, one, ""), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        assert_null(run->c.failure.problem);
}

/* What is valid is not asked for again. */
static void test_authorizations_check__the_open_ones_remain(void **state)
{
        static const TestStep script[] = {
                        {.path = "/authz", .body = AUTHORIZATION("valid", "valid")},
                        {.path = "/other",
                         .body = AUTHORIZATION_FOR("\"b.example\"", "pending", OTHER_CHALLENGE)},
                        {}};
        TestRun *run = *state;
        _cleanup_(order_freep) Order *order = make_order(run, two, "");
        _cleanup_strv_free_ char **urls = NULL;

        test_run_play(run, script);
        assert_int_equal(strv_copy(order->authorizations, &urls), 0);
        assert_int_equal(authorizations_check(&run->c, order, &urls), 0);
        assert_int_equal(strv_length(urls), 1);
        assert_non_null(strstr(urls[0], "/other"));
        trace_expect(&run->trace, "Fetch /authz\nFetch /other\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_authorizations_answer__two_for_one_name),
                        test_of_run(test_authorizations_answer__foreign_challenges),
                        test_of_run(test_authorizations_answer__mixed),
                        test_of_run(test_authorizations_answer__wildcard_of_no_order),
                        test_of_run(test_authorizations_answer__what_no_answer_is_made_for),
                        test_of_run(test_authorizations_answer__an_answer_is_lost),
                        test_of_run(test_authorizations_answer__the_ca_never_hears),
                        test_of_run(test_authorizations_check__failures),
                        test_of_run(test_authorizations_answer__the_rest_is_taken_back),
                        test_of_run(test_authorizations_check__another_type_is_tried_next),
                        test_of_run(test_authorizations_check__explained_in_the_order),
                        test_of_run(test_authorizations_check__the_open_ones_remain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
