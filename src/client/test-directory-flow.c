/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/directory-flow.h"

#include "client/test-run.h"

#define URLS "\"newNonce\":\"@/n\",\"newAccount\":\"@/a\",\"newOrder\":\"@/o\""

static int get(TestRun *run, const TestStep *script)
{
        directory_free(TAKE_PTR(run->c.directory));
        failure_done(&run->c.failure);
        patience_init(&run->c.patience, now_monotonic());
        test_ca_play(run->ca, script);
        assert_int_equal(directory_send(&run->c), 0);
        return directory_receive(&run->c);
}

static const struct {
        const char *name;
        TestStep first, then;
        int r;
        ExitStatus status;
        const char *trace;
} receptions[] = {
                {"whole", {.body = "{" URLS "}"}, {}, 0, 0, "GET /dir\n"},
                {"lost once",
                 {.times = 1, .end = TEST_REFUSE},
                 {.body = "{" URLS "}"},
                 0,
                 0,
                 "GET /dir\nGET /dir\n"},
                {"cut once",
                 {.times = 1, .body = "{" URLS "}", .end = TEST_CUT},
                 {.body = "{" URLS "}"},
                 0,
                 0,
                 "GET /dir\nGET /dir\n"},
                {"restarts once",
                 {.times = 1, .status = 502, .body = "<html>"},
                 {.body = "{" URLS "}"},
                 0,
                 0,
                 "GET /dir\nGET /dir\n"},
                {"busy for long",
                 {.status = 503, .head = "Retry-After: 3600\r\n"},
                 {},
                 CLIENT_E_FAILED,
                 EXIT_TRY_AGAIN,
                 "GET /dir\n"},
                {"redirects",
                 {.status = 301, .head = "Location: @/new\r\n"},
                 {},
                 CLIENT_E_FAILED,
                 EXIT_TRY_AGAIN,
                 "GET /dir\n"},
                {"nothing there",
                 {.status = 404, .body = "<html>"},
                 {},
                 CLIENT_E_FAILED,
                 EXIT_CONFIGURATION,
                 "GET /dir\n"},
                {"somebody else's page",
                 {.head = "Content-Type: text/html\r\n", .body = "<html>"},
                 {},
                 CLIENT_E_FAILED,
                 EXIT_TRY_AGAIN,
                 "GET /dir\n"},
                {"empty", {}, {}, CLIENT_E_FAILED, EXIT_TRY_AGAIN, "GET /dir\n"},
                {"no newOrder",
                 {.body = "{\"newNonce\":\"@/n\",\"newAccount\":\"@/a\"}"},
                 {},
                 CLIENT_E_FAILED,
                 EXIT_TRY_AGAIN,
                 "GET /dir\n"},
                {"meta that is none",
                 {.body = "{" URLS ",\"meta\":[]}"},
                 {},
                 CLIENT_E_FAILED,
                 EXIT_TRY_AGAIN,
                 "GET /dir\n"},
                {"meta that is null", {.body = "{" URLS ",\"meta\":null}"}, {}, 0, 0, "GET /dir\n"},
                {"another origin",
                 {.body = "{\"newNonce\":\"https://x.example/"
                          "n\",\"newAccount\":\"@/a\",\"newOrder\":\"@/o\"}"},
                 {},
                 CLIENT_E_FAILED,
                 EXIT_REFUSED,
                 "GET /dir\n"},
};

static void test_directory_receive__table(void **state)
{
        TestRun *run = *state;

        FOREACH_ARRAY (c, receptions, ELEMENTSOF(receptions)) {
                TestStep script[] = {c->first, c->then, {}};

                script[0].path = script[1].path = "/dir";
                assert_row(c->name, get(run, script) == c->r);
                if (c->r != 0)
                        assert_row(c->name, run->c.failure.exit_status == c->status);
                else
                        assert_row(c->name, run->c.directory);
                trace_expect(&run->trace, c->trace);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_run(test_directory_receive__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
