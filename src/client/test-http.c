/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The connection: how many, how long, and with whom. */

#include "client/test-run.h"

/* No test waits that long for anything. */
#define SOON_USEC (20 * USEC_PER_SEC)

static void test_http__one_connection_that_is_kept(void **state)
{
        TestRun *run = *state;

        for (unsigned i = 0; i < 5; i++) {
                _cleanup_http_reply_ HttpReply reply =
                                test_run_ask(run, i % 2 == 0 ? HTTP_GET : HTTP_HEAD, "/nonce");

                assert_int_equal(reply.status, 200);
        }
        assert_int_equal(test_ca_connections(run->ca), 1);
        assert_int_equal(http_streams(run->c.http), 1);
}

/* Without keep-alive it is one after the other, and goes on all the same. */
static void test_http__a_ca_that_keeps_no_connection(void **state)
{
        static const TestStep script[] = {{.path = "/x", .body = "hello", .end = TEST_LAST}, {}};
        TestRun *run = *state;

        test_ca_play(run->ca, script);
        for (unsigned i = 0; i < 3; i++) {
                _cleanup_http_reply_ HttpReply reply = test_run_ask(run, HTTP_POST, "/x");

                assert_int_equal(reply.result, HTTP_DONE);
        }
        assert_int_equal(test_ca_connections(run->ca), 3);
}

/* A signed request is good for once: nobody sends it again behind our back. */
static void test_http__a_post_is_sent_once(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x", .times = 1, .body = "hello"},
                        {.path = "/x", .end = TEST_REFUSE},
                        {},
        };
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply reply = {};

        test_ca_play(run->ca, script);
        reply = test_run_ask(run,
                             HTTP_POST,
                             "/x"); /* so that the next one is on a connection in use */
        assert_int_equal(reply.result, HTTP_DONE);
        http_reply_done(&reply);
        reply = test_run_ask(run, HTTP_POST, "/x");
        assert_int_equal(reply.result, HTTP_E_LOST);
        /* The body is no JWS, which the CA remarks on. */
        trace_expect(&run->trace, " /x\nNONCE\nURL\n /x\nNONCE\nURL\n");
}

/* A CA with this certificate is asked, and hears nothing. */
static void expect_result(TestRun *run, const TestCaOptions *options, HttpResult result)
{
        _cleanup_http_reply_ HttpReply reply = {};

        test_run_restart_ca(run, options);
        reply = test_run_ask(run, HTTP_GET, "/dir");
        assert_int_equal(reply.result, result);
        assert_non_null(reply.error);
        trace_expect(&run->trace, "");
}

static void test_http__who_is_not_believed_to_be_the_ca(void **state)
{
        const int64_t year = (int64_t) 365 * 86400;
        TestRun *run = *state;

        expect_result(run, &(TestCaOptions){.names = "IP:127.0.0.2"}, HTTP_E_UNTRUSTED);
        expect_result(run, &(TestCaOptions){.names = "DNS:localhost"}, HTTP_E_UNTRUSTED);
        /* Or our clock is wrong, in either direction. */
        expect_result(run,
                      &(TestCaOptions){.not_before = -50 * year, .not_after = -40 * year},
                      HTTP_E_UNTRUSTED);
        expect_result(run,
                      &(TestCaOptions){.not_before = 70 * year, .not_after = 71 * year},
                      HTTP_E_UNTRUSTED);
        /* TLS 1.2 at least. */
        expect_result(run, &(TestCaOptions){.is_old = true}, HTTP_E_LOST);
}

static void test_http__a_stranger_is_not_trusted(void **state)
{
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply reply = {};

        http_free(TAKE_PTR(run->c.http));
        assert_int_equal(http_new(NULL, &run->c.http), 0);
        reply = test_run_ask(run, HTTP_GET, "/dir");
        assert_int_equal(reply.result, HTTP_E_UNTRUSTED);
        trace_expect(&run->trace, "");
}

/* Trust= names a file, but no certificate is in it: nobody is believed for that. */
static void test_http__trust_that_is_none(void **state)
{
        static const char *const texts[] = {
                        "",
                        "hello\n",
                        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        };
        TestRun *run = *state;

        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                _cleanup_http_reply_ HttpReply reply = {};
                FILE *f = fopen(test_ca_trust(run->ca), "we");

                assert_non_null(f);
                fputs(*text, f);
                fclose(f);
                test_run_reconnect(run);
                reply = test_run_ask(run, HTTP_GET, "/dir");
                assert_row(*text, reply.result == HTTP_E_UNTRUSTED);
        }
        trace_expect(&run->trace, "");
}

static void test_http__nobody_is_there(void **state)
{
        _cleanup_http_reply_ HttpReply reply = {};
        Http *http = NULL;

        (void) state;
        assert_int_equal(http_new(NULL, &http), 0);
        /* A port that nobody can listen on. */
        assert_int_equal(http_start(http, &(HttpRequest){.url = "https://127.0.0.1:1/"}), 0);
        assert_int_equal(http_wait(http, -EBADF, now_monotonic() + SOON_USEC, &reply), 0);
        assert_int_equal(reply.result, HTTP_E_UNREACHABLE);
        http_free(http);
}

static void test_http__only_https(void **state)
{
        _cleanup_http_reply_ HttpReply reply = {};
        Http *http = NULL;

        (void) state;
        assert_int_equal(http_new(NULL, &http), 0);
        assert_int_equal(http_start(http, &(HttpRequest){.url = "http://127.0.0.1:1/"}), 0);
        assert_int_equal(http_wait(http, -EBADF, now_monotonic() + SOON_USEC, &reply), 0);
        assert_int_equal(reply.result, HTTP_E_REFUSED);
        http_free(http);
}

static void test_http_wait__ends_at_its_deadline(void **state)
{
        TestRun *run = *state;
        HttpReply reply;

        assert_int_equal(http_wait(run->c.http, -EBADF, 0, &reply), -ETIMEDOUT);
        assert_int_equal(http_wait(run->c.http, -EBADF, now_monotonic() + 1, &reply), -ETIMEDOUT);
}

static void test_http_new__trust_that_is_not_there(void **state)
{
        Http *http = NULL;

        (void) state;
        assert_int_equal(http_new("/nonexistent/ca.pem", &http), -ENOENT);
        assert_null(http);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_http__one_connection_that_is_kept),
                        test_of_run(test_http__a_ca_that_keeps_no_connection),
                        test_of_run(test_http__a_post_is_sent_once),
                        test_of_run(test_http__who_is_not_believed_to_be_the_ca),
                        test_of_run(test_http__a_stranger_is_not_trusted),
                        test_of_run(test_http__trust_that_is_none),
                        cmocka_unit_test(test_http__nobody_is_there),
                        cmocka_unit_test(test_http__only_https),
                        test_of_run(test_http_wait__ends_at_its_deadline),
                        cmocka_unit_test(test_http_new__trust_that_is_not_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
