/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signed requests between a CA that misbehaves and the signer: nonces, pauses, and how often. */

#include "client/request.h"

#include <sys/socket.h>

#include "client/test-objects.h"
#include "client/test-run.h"

static Request perform(TestRun *run, RequestKind kind, const char *path)
{
        Request q = {.kind = kind};
        char *url;

        assert_true(asprintf(&url, "%s%s", test_ca_origin(run->ca), path) > 0);
        q.url = url;
        assert_int_equal(requests_perform(&run->c, &q, 1), 0);
        free(url);
        q.url = NULL;
        return q;
}

/* It ends the run. */
static void perform_in_vain(TestRun *run, RequestKind kind, const char *url, ExitStatus status)
{
        _cleanup_request_ Request q = {.kind = kind, .url = url};

        assert_int_equal(requests_perform(&run->c, &q, 1), CLIENT_E_FAILED);
        test_run_expect_failure(run, status);
}

static char *url_of(TestRun *run, const char *path)
{
        char *url;

        assert_true(asprintf(&url, "%s%s", test_ca_origin(run->ca), path) > 0);
        return url;
}

/* The directory's reply has brought the first nonce, and each reply brings the next. */
static void test_requests_perform__nonces_are_carried_over(void **state)
{
        static const TestStep script[] = {{.path = "/x", .body = "{}"}, {}};
        TestRun *run = *state;

        test_run_play(run, script);
        for (unsigned i = 0; i < 3; i++) {
                _cleanup_request_ Request q = perform(run, REQUEST_FETCH, "/x");

                assert_int_equal(q.outcome, REQUEST_DONE);
                assert_string_equal(q.reply.body, "{}");
        }
        trace_expect(&run->trace, "Fetch /x\nFetch /x\nFetch /x\n");
        assert_int_equal(test_ca_connections(run->ca), 1);
}

static void test_requests_perform__a_reply_without_a_nonce(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x", .body = "{}", .has_no_nonce = true},
                        {.path = "/y", .has_no_nonce = true, .head = "Replay-Nonce: a b\r\n"},
                        {},
        };
        TestRun *run = *state;
        _cleanup_request_ Request x = {}, y = {}, z = {};

        test_run_play(run, script);
        x = perform(run, REQUEST_FETCH, "/x");
        y = perform(run, REQUEST_FETCH, "/y");
        z = perform(run, REQUEST_FETCH, "/x");
        trace_expect(&run->trace, "Fetch /x\nHEAD /nonce\nFetch /y\nHEAD /nonce\nFetch /x\n");
}

static void test_requests_perform__no_nonce_to_be_had(void **state)
{
        static const TestStep script[] = {
                        {.path = "/dir",
                         .has_no_nonce = true,
                         .body = "{\"newNonce\":\"@/nonce\",\"newAccount\":\"@/"
                                 "a\",\"newOrder\":\"@/"
                                 "o\"}"},
                        {.path = "/nonce", .has_no_nonce = true},
                        {},
        };
        TestRun *run = *state;
        _cleanup_free_ char *url = url_of(run, "/x");

        test_run_play(run, script);
        perform_in_vain(run, REQUEST_FETCH, url, EXIT_TRY_AGAIN);
        trace_expect(&run->trace, "HEAD /nonce\nHEAD /nonce\nHEAD /nonce\n");
}

static void test_requests_perform__bad_nonces(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x", .times = 5, .status = 400, .body = PROBLEM("badNonce")},
                        {.path = "/x"},
                        {},
        };
        TestRun *run = *state;
        _cleanup_request_ Request q = {};

        test_run_play(run, script);
        q = perform(run, REQUEST_FINALIZE, "/x");
        assert_int_equal(q.outcome, REQUEST_DONE);
        assert_null(q.problem);
        trace_expect(&run->trace,
                     "Finalize /x\nFinalize /x\nFinalize /x\nFinalize /x\nFinalize /x\nFinalize "
                     "/x\n");
}

static void test_requests_perform__a_ca_of_several_machines(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x", .times = 1, .status = 404, .body = PROBLEM("malformed")},
                        {.path = "/x", .body = "{}"},
                        {},
        };
        TestRun *run = *state;
        _cleanup_request_ Request q = {}, gone = {.kind = REQUEST_FETCH, .may_be_gone = true};
        _cleanup_free_ char *url = url_of(run, "/x");

        test_run_play(run, script);
        q = perform(run, REQUEST_FETCH, "/x");
        assert_int_equal(q.outcome, REQUEST_DONE);
        trace_expect(&run->trace, "Fetch /x\nFetch /x\n");

        test_ca_play(run->ca, script);
        gone.url = url;
        assert_int_equal(requests_perform(&run->c, &gone, 1), 0);
        assert_int_equal(gone.outcome, REQUEST_REFUSED);
        trace_expect(&run->trace, "Fetch /x\n");
}

/* Where nobody knows whether the CA has done it, the caller is told so. */
static void test_requests_perform__lost_on_the_way(void **state)
{
        static const TestStep script[] = {
                        {.path = "/refuse", .times = 1, .end = TEST_REFUSE},
                        {.path = "/cut", .times = 1, .body = "{\"a\":1}", .end = TEST_CUT},
                        {.path = "/unframed", .times = 1, .body = "{}", .end = TEST_UNFRAMED},
                        {.path = "/502", .times = 1, .status = 502, .body = "<html>"},
                        {.path = "/504", .times = 1, .status = 504, .body = "<html>"},
                        {.path = "/refuse", .body = "{}"},
                        {.path = "/cut", .body = "{}"},
                        {.path = "/unframed", .body = "{}"},
                        {.path = "/502", .body = "{}"},
                        {.path = "/504", .body = "{}"},
                        {},
        };
        static const char *const paths[] = {"/refuse", "/cut", "/unframed", "/502", "/504"};
        TestRun *run = *state;

        FOREACH_ARRAY (path, paths, ELEMENTSOF(paths)) {
                _cleanup_request_ Request q = {}, safe = {};

                directory_free(TAKE_PTR(run->c.directory));
                test_run_play(run, script);
                q = perform(run, REQUEST_FINALIZE, *path);
                assert_row(*path, q.outcome == REQUEST_LOST);

                test_ca_play(run->ca, script);
                safe = perform(run, REQUEST_FETCH, *path);
                assert_row(*path, safe.outcome == REQUEST_DONE);
                pthread_mutex_lock(&run->trace.lock);
                assert_null(strstr(run->trace.text, "NONCE"));
                run->trace.text[0] = '\0';
                pthread_mutex_unlock(&run->trace.lock);
        }
}

/* A lost request is told with what there is: a status, or an error. */
static void test_request_fail__lost(void **state)
{
        static const TestStep script[] = {
                        {.path = "/502", .status = 502, .body = "<html>"},
                        {.path = "/refuse", .end = TEST_REFUSE},
                        {},
        };
        static const char *const paths[] = {"/502", "/refuse"};
        TestRun *run = *state;

        test_run_play(run, script);
        FOREACH_ARRAY (path, paths, ELEMENTSOF(paths)) {
                _cleanup_request_ Request q = perform(run, REQUEST_NEW_ORDER, *path);

                assert_int_equal(request_fail(&run->c, &q, "order"), CLIENT_E_FAILED);
                test_run_expect_failure(run, EXIT_TRY_AGAIN);
                failure_done(&run->c.failure);
        }
}

static void test_requests_perform__a_wait_that_is_too_long(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x",
                         .status = 503,
                         .head = "Retry-After: 7200\r\n",
                         .body = PROBLEM("rateLimited")},
                        {.path = "/date",
                         .status = 429,
                         .head = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                 "Retry-After: Sun, 06 Nov 1994 10:49:37 GMT\r\n"},
                        {},
        };
        static const char *const paths[] = {"/x", "/date"};
        TestRun *run = *state;

        test_run_play(run, script);
        FOREACH_ARRAY (path, paths, ELEMENTSOF(paths)) {
                _cleanup_request_ Request q = perform(run, REQUEST_FETCH, *path);

                assert_row(*path, q.outcome == REQUEST_REFUSED);
                assert_row(*path, q.retry_after_usec == 7200 * USEC_PER_SEC);
                assert_int_equal(request_fail(&run->c, &q, "look"), CLIENT_E_FAILED);
                test_run_expect_failure(run, EXIT_TRY_AGAIN);
                assert_row(*path, run->c.failure.retry_after_usec == 7200 * USEC_PER_SEC);
                failure_done(&run->c.failure);
        }
        trace_expect(&run->trace, "Fetch /x\nFetch /date\n");
}

/* What cannot be read is no wait that was granted: it does not have us ask without an end. */
static void test_requests_perform__retry_after_that_is_none(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x", .status = 503, .head = "Retry-After: tomorrow\r\n"},
                        {},
        };
        TestRun *run = *state;
        _cleanup_request_ Request q = {};

        test_run_play(run, script);
        q = perform(run, REQUEST_NEW_ORDER, "/x");
        assert_int_equal(q.outcome, REQUEST_REFUSED);
        trace_expect(&run->trace, "NewOrder /x\nNewOrder /x\nNewOrder /x\n");
}

static void test_requests_perform__only_the_cas_own_urls(void **state)
{
        static const char *const urls[] = {
                        "https://127.0.0.1:1/x",
                        "http://127.0.0.1/x",
                        "https://user@127.0.0.1/x",
                        "file:///etc/passwd",
                        "",
        };
        TestRun *run = *state;

        test_run_play(run, NULL);
        FOREACH_ARRAY (url, urls, ELEMENTSOF(urls)) {
                perform_in_vain(run, REQUEST_FETCH, *url, EXIT_REFUSED);
                failure_done(&run->c.failure);
        }
        trace_expect(&run->trace, "");
}

static void test_requests_perform__ends_with_the_run(void **state)
{
        static const TestStep script[] = {{.path = "/x", .end = TEST_HANG}, {}};
        TestRun *run = *state;
        _cleanup_free_ char *url = url_of(run, "/x");

        test_run_play(run, script);
        run->c.patience.deadline_usec = now_monotonic() + 20 * USEC_PER_MSEC;
        perform_in_vain(run, REQUEST_FETCH, url, EXIT_TRY_AGAIN);
}

/* Nothing leads to a certificate any more: neither a CA that hangs nor its Retry-After is waited
 * for. */
static void test_requests__the_signer_goes_away(void **state)
{
        static const TestStep script[] = {{.path = "/x", .end = TEST_HANG}, {}};
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply reply = {};
        _cleanup_free_ char *url = url_of(run, "/x");
        usec_t until_usec;

        test_run_play(run, script);
        assert_int_equal(shutdown(signer_fd(&run->c.signer), SHUT_RDWR), 0);
        until_usec = now_monotonic() + USEC_PER_MINUTE;
        assert_int_equal(requests_pause(&run->c, until_usec), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        failure_done(&run->c.failure);

        assert_int_equal(http_start(run->c.http, &(HttpRequest){.url = url}), 0);
        assert_int_equal(client_wait_for_reply(&run->c, until_usec, &reply), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_TRY_AGAIN);
        assert_true(now_monotonic() < until_usec);
}

static void test_requests_perform__a_signer_without_an_account(void **state)
{
        TestRun *run = *state;
        _cleanup_free_ char *url = url_of(run, "/x");
        _cleanup_request_ Request q = {.kind = REQUEST_FETCH, .url = url};

        test_run_play(run, NULL);
        test_doors_forget_account(run->doors);
        assert_int_equal(requests_perform(&run->c, &q, 1), CLIENT_E_NO_ACCOUNT);
        trace_expect(&run->trace, "");
}

static void test_request_fail__what_a_person_must_do(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x",
                         .status = 403,
                         .head = "Link: <@/terms/2>;rel=\"terms-of-service\"\r\n",
                         .body = PROBLEM("userActionRequired")},
                        {},
        };
        TestRun *run = *state;
        _cleanup_request_ Request q = {};

        test_run_play(run, script);
        q = perform(run, REQUEST_NEW_ORDER, "/x");
        assert_non_null(strstr(q.reply.terms_of_service, "/terms/2"));
        assert_int_equal(request_fail(&run->c, &q, "order"), CLIENT_E_FAILED);
        test_run_expect_failure(run, EXIT_REFUSED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_requests_perform__nonces_are_carried_over),
                        test_of_run(test_requests_perform__a_reply_without_a_nonce),
                        test_of_run(test_requests_perform__no_nonce_to_be_had),
                        test_of_run(test_requests_perform__bad_nonces),
                        test_of_run(test_requests_perform__a_ca_of_several_machines),
                        test_of_run(test_requests_perform__lost_on_the_way),
                        test_of_run(test_request_fail__lost),
                        test_of_run(test_requests_perform__a_wait_that_is_too_long),
                        test_of_run(test_requests_perform__retry_after_that_is_none),
                        test_of_run(test_requests_perform__only_the_cas_own_urls),
                        test_of_run(test_requests_perform__ends_with_the_run),
                        test_of_run(test_requests__the_signer_goes_away),
                        test_of_run(test_requests_perform__a_signer_without_an_account),
                        test_of_run(test_request_fail__what_a_person_must_do),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
