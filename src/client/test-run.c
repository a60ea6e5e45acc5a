/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/test-run.h"

#include <signal.h>

#include "base/log.h"
#include "client/directory-flow.h"

/* No test waits that long for anything. */
#define SOON_USEC (20 * USEC_PER_SEC)

void test_run_describe(TestRun *run, const char *const *names, const char *order)
{
        _cleanup_free_ char *text = NULL, *member = NULL;
        const char *origin = test_ca_origin(run->ca), *field = NULL;
        _cleanup_json_ struct json_object *object = NULL;
        char list[4096] = "";

        for (size_t i = 0; names[i]; i++)
                (void) snprintf(list + strlen(list),
                                sizeof(list) - strlen(list),
                                "%s{\"type\":\"dns\",\"value\":\"%s\"}",
                                i > 0 ? "," : "",
                                names[i]);
        if (order)
                assert_true(asprintf(&member, ",\"order\":\"%s%s\"", origin, order) > 0);
        assert_true(asprintf(&text,
                             "{\"name\":\"a.example\",\"ca\":\"test\",\"directory\":\"%s/dir\","
                             "\"due\":\"first\",\"askRenewalInfo\":false,\"termsOfServiceAgreed\":"
                             "true,\"origins\":[\"%s\"],"
                             "\"challenges\":[\"http-01\"],\"identifiers\":[%s]%s}",
                             origin,
                             origin,
                             list,
                             member ? member : "") > 0);
        assert_int_equal(json_parse(text, strlen(text), &object), 0);
        description_free(TAKE_PTR(run->c.about));
        assert_int_equal(description_parse(object, &run->c.about, &field), 0);
}

void test_run_lease(TestRun *run, ChallengeType type)
{
        Lease *lease = run->c.leases + type;

        lease->type = type;
        lease->is_ready = true;
        assert_int_equal(varlink_client_connect(test_doors_path(run->doors), &lease->client), 0);
        run->config.challenges[run->config.n_challenges++] = type;
}

int test_run_setup(void **state)
{
        static const char *const names[] = {"a.example", NULL};
        TestRun *run = calloc(1, sizeof(*run));
        void *directory;

        assert_non_null(run);
        /* As PID 1 has it for a service. */
        (void) signal(SIGPIPE, SIG_IGN);
        log_open("test-client");
        log_set_target(LOG_TARGET_STDERR);
        test_directory_setup(&directory);
        run->d = directory;
        trace_init(&run->trace);
        run->ca = test_ca_start(run->d, &run->trace, &(TestCaOptions){});
        run->doors = test_doors_start(run->d, &run->trace);
        assert_true(asprintf(&run->config_ca.directory, "%s/dir", test_ca_origin(run->ca)) > 0);
        run->config.cas = &run->config_ca;
        run->config.n_cas = 1;
        config_use_ca(&run->config, 0);
        run->c.config = &run->config;
        run->c.has_account = true;
        run->c.signer.failure = &run->c.failure;
        run->c.signer.errors = &signer_errors;
        patience_init(&run->c.patience, now_monotonic());
        test_run_describe(run, names, NULL);
        assert_int_equal(http_new(test_ca_trust(run->ca), &run->c.http), 0);
        assert_int_equal(varlink_client_connect(test_doors_path(run->doors), &run->c.signer.client),
                         0);
        test_run_lease(run, CHALLENGE_TYPE_HTTP01);
        *state = run;
        return 0;
}

int test_run_teardown(void **state)
{
        TestRun *run = *state;
        void *directory = run->d;

        run->c.config = NULL; /* ours */
        client_done(&run->c);
        test_ca_stop(run->ca);
        test_doors_stop(run->doors);
        free(run->config_ca.directory);
        test_directory_teardown(&directory);
        free(run);
        return 0;
}

void test_run_play(TestRun *run, const TestStep *script)
{
        test_ca_play(run->ca, script);
        assert_int_equal(directory_send(&run->c), 0);
        assert_int_equal(directory_receive(&run->c), 0);
        trace_expect(&run->trace, "GET /dir\n");
}

void test_run_expect_failure(TestRun *run, ExitStatus status)
{
        assert_true(run->c.failure.is_set);
        if (run->c.failure.exit_status != status)
                fail_msg("%d: %s", run->c.failure.exit_status, run->c.failure.message);
}

HttpReply test_run_ask(TestRun *run, HttpMethod method, const char *path)
{
        HttpRequest request = {.method = method, .userdata = run};
        _cleanup_free_ char *url = NULL;
        HttpReply reply = {};

        assert_true(asprintf(&url, "%s%s", test_ca_origin(run->ca), path) > 0);
        request.url = url;
        if (method == HTTP_POST)
                request.body = strdup("{}");
        assert_int_equal(http_start(run->c.http, &request), 0);
        assert_int_equal(http_wait(run->c.http, -EBADF, now_monotonic() + SOON_USEC, &reply), 0);
        assert_ptr_equal(reply.userdata, run);
        assert_int_equal(http_under_way(run->c.http), 0);
        return reply;
}

void test_run_reconnect(TestRun *run)
{
        http_free(TAKE_PTR(run->c.http));
        assert_int_equal(http_new(test_ca_trust(run->ca), &run->c.http), 0);
}

void test_run_restart_ca(TestRun *run, const TestCaOptions *options)
{
        http_free(TAKE_PTR(run->c.http));
        test_ca_stop(run->ca);
        run->ca = test_ca_start(run->d, &run->trace, options);
        test_run_reconnect(run);
}
