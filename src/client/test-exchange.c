/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is sent, and what is believed of a reply, over real TLS. */

#include "client/test-run.h"

static void test_exchange__a_reply(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x",
                         .status = 201,
                         .head = "location: \t@/here \r\nRetry-After: 7\r\nX-Other: y\r\n"
                                 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                 "Link: <@/dir>;rel=\"index\"\r\n"
                                 "Link: <@/terms>;rel=\"terms-of-service\"\r\n",
                         .body = "hello"},
                        {},
        };
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply reply = {};
        _cleanup_free_ char *here = NULL, *terms = NULL;

        assert_true(asprintf(&here, "%s/here", test_ca_origin(run->ca)) > 0);
        assert_true(asprintf(&terms, "%s/terms", test_ca_origin(run->ca)) > 0);
        test_ca_play(run->ca, script);
        reply = test_run_ask(run, HTTP_GET, "/x");
        assert_int_equal(reply.result, HTTP_DONE);
        assert_null(reply.error);
        assert_int_equal(reply.status, 201);
        assert_int_equal(reply.body_length, 5);
        assert_string_equal(reply.body, "hello");
        assert_string_equal(reply.replay_nonce, "n1");
        assert_string_equal(reply.location, here);
        assert_string_equal(reply.retry_after, "7");
        assert_string_equal(reply.date, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_string_equal(reply.terms_of_service, terms);
        trace_expect(&run->trace, "GET /x\n");
}

static void test_exchange__what_is_sent(void **state)
{
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply first = test_run_ask(run, HTTP_GET, "/dir");
        const char *head = test_ca_head(run->ca);

        assert_non_null(strstr(head, "\r\nUser-Agent: acmeward/"));
        assert_non_null(strstr(head, "\r\nAccept-Language: en\r\n"));
        assert_null(strcasestr(head, "\r\nAccept-Encoding:"));
        assert_null(strcasestr(head, "\r\nCookie:"));
        assert_null(strcasestr(head, "\r\nContent-Type:"));

        http_reply_done(&first);
        first = test_run_ask(run, HTTP_POST, "/dir");
        assert_non_null(strstr(head, "\r\nContent-Type: application/jose+json\r\n"));
        assert_non_null(strstr(head, "\r\nAccept-Language: en\r\n"));
        assert_null(strcasestr(head, "\r\nExpect:"));
        assert_null(strstr(head, "application/pem-certificate-chain"));
}

#define RAW_HEAD "HTTP/1.1 200 OK\r\n"
#define RAW_LENGTH RAW_HEAD "Content-Length: 5\r\n"

static void test_exchange__replies_in_every_form(void **state)
{
        static const struct {
                const char *raw;
                HttpResult result;
        } cases[] = {
                        {RAW_LENGTH "\r\nhello", HTTP_DONE},
                        {"HTTP/1.1 100 Continue\r\n\r\n" RAW_LENGTH "\r\nhello", HTTP_DONE},
                        {"HTTP/1.1 103 Early Hints\r\nReplay-Nonce: early\r\n\r\n" RAW_LENGTH
                         "\r\nhello",
                         HTTP_DONE},
                        {RAW_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                         HTTP_DONE},
                        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTP_DONE},
                        /* What ends with the connection may not be whole. */
                        {RAW_HEAD "\r\nhello", HTTP_E_LOST},
                        {"HTTP/1.0 200 OK\r\n\r\nhello", HTTP_E_LOST},
                        {RAW_LENGTH "\r\nhell", HTTP_E_LOST},
                        {RAW_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", HTTP_E_LOST},
                        {RAW_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", HTTP_E_LOST},
                        {RAW_HEAD "Content-", HTTP_E_LOST},
                        {"", HTTP_E_LOST},
                        {"SSH-2.0-OpenSSH_9.2\r\n", HTTP_E_REFUSED},
                        {RAW_LENGTH "Retry-After\r\n\r\nhello", HTTP_E_REFUSED},
        };
        TestRun *run = *state;

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                const TestStep script[] = {{.path = "/x", .body = c->raw, .end = TEST_RAW}, {}};
                _cleanup_http_reply_ HttpReply reply = {};

                test_ca_play(run->ca, script);
                /* The connection has ended each time, which may not have been noticed yet. */
                test_run_reconnect(run);
                reply = test_run_ask(run, HTTP_POST, "/x");
                if (reply.result != c->result)
                        fail_msg("%s: %d, %s", c->raw, reply.result, reply.error);
                if (c->result == HTTP_DONE) {
                        assert_row(c->raw, streq(reply.body, "hello"));
                        assert_row(c->raw, !reply.replay_nonce);
                } else
                        assert_row(c->raw, reply.error);
        }
}

/* A field that says two things is not heard; what is no field does no harm. */
static void test_exchange__fields_in_every_form(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x",
                         .body = RAW_LENGTH "Replay-Nonce: a\r\nReplay-Nonce: b\r\n"
                                            "Replay-Nonce: c\r\nLocation: \r\nRetry-After:\r\n"
                                            "Link: nonsense\r\nLink: <a\r\nDate:\t\r\n\r\nhello",
                         .end = TEST_RAW},
                        {},
        };
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply reply = {};

        test_ca_play(run->ca, script);
        reply = test_run_ask(run, HTTP_GET, "/x");
        assert_int_equal(reply.result, HTTP_DONE);
        assert_null(reply.replay_nonce);
        assert_null(reply.location);
        assert_null(reply.retry_after);
        assert_null(reply.date);
        assert_null(reply.terms_of_service);
}

/* n times 'x' between the two. */
static char *many(const char *head, size_t n, const char *end)
{
        char *text = malloc(strlen(head) + n + strlen(end) + 1);

        assert_non_null(text);
        strcpy(text, head);
        memset(text + strlen(head), 'x', n);
        strcpy(text + strlen(head) + n, end);
        return text;
}

static void test_exchange__limits(void **state)
{
        _cleanup_free_ char *most = many("", HTTP_JSON_MAX, ""),
                            *more = many("", HTTP_JSON_MAX + 1, "");
        _cleanup_free_ char *wide = many(RAW_LENGTH "X: ", HTTP_HEADERS_MAX, "\r\n\r\nhello");
        _cleanup_free_ char *unframed = many(RAW_HEAD "\r\n", HTTP_JSON_MAX + 1, "");
        const TestStep script[] = {
                        {.path = "/most", .body = most},
                        {.path = "/more", .body = more},
                        {.path = "/wide", .body = wide, .end = TEST_RAW},
                        {.path = "/unframed", .body = unframed, .end = TEST_RAW},
                        {},
        };
        static const char *const too_large[] = {"/more", "/wide", "/unframed"};
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply reply = {};

        test_ca_play(run->ca, script);
        reply = test_run_ask(run, HTTP_POST, "/most");
        assert_int_equal(reply.result, HTTP_DONE);
        assert_int_equal(reply.body_length, HTTP_JSON_MAX);
        FOREACH_ARRAY (path, too_large, ELEMENTSOF(too_large)) {
                http_reply_done(&reply);
                test_run_reconnect(run);
                reply = test_run_ask(run, HTTP_POST, *path);
                assert_row(*path, reply.result == HTTP_E_REFUSED);
        }
}

static void test_exchange__redirects_are_not_followed(void **state)
{
        static const TestStep script[] = {
                        {.path = "/x", .status = 302, .head = "Location: @/y\r\n"},
                        {.path = "/y", .body = "here"},
                        {},
        };
        TestRun *run = *state;
        _cleanup_http_reply_ HttpReply reply = {};

        test_ca_play(run->ca, script);
        reply = test_run_ask(run, HTTP_GET, "/x");
        assert_int_equal(reply.status, 302);
        trace_expect(&run->trace, "GET /x\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_exchange__a_reply),
                        test_of_run(test_exchange__what_is_sent),
                        test_of_run(test_exchange__replies_in_every_form),
                        test_of_run(test_exchange__fields_in_every_form),
                        test_of_run(test_exchange__limits),
                        test_of_run(test_exchange__redirects_are_not_followed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
