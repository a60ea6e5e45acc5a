/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attempts that fail: reported by the client, or by its silence. */

#include "signer/test-room.h"

static void restart(Room *room)
{
        room_stop(room);
        room_start(room);
}

/* With an outcome; the next attempt, in seconds from now. */
static int64_t report(Room *room, VarlinkClient *client, int64_t retry_after)
{
        struct json_object *parameters = json_object_new_object();
        _cleanup_varlink_reply_ VarlinkReply reply = {};

        assert_int_equal(json_add_integer(parameters, "outcome", 75), 0);
        assert_int_equal(json_add_string(parameters, "problem", "urn:ietf:params:acme:error:dns"),
                         0);
        assert_int_equal(json_add_string(parameters, "detail", "evil \x1b[31m\n\\x0a"), 0);
        if (retry_after > 0)
                assert_int_equal(json_add_integer(parameters, "retryAfter", retry_after), 0);
        assert_int_equal(varlink_client_call(client,
                                             "io.acmeward.Signer.ReportFailure",
                                             parameters,
                                             60 * USEC_PER_SEC,
                                             &reply),
                         0);
        return integer_member(reply.parameters, "nextAttempt") -
               (int64_t) (room->now_usec / USEC_PER_SEC);
}

static unsigned failures(Room *room)
{
        _cleanup_(state_freep) State *s = NULL;

        room_stop(room);
        if (room_has(room, ROOM_CERTS "/" STATE_FILE))
                s = room_state(room);
        room_start(room);
        return s ? s->failure.count : 0;
}

static void call_and_go(Room *room, const char *method)
{
        VarlinkClient *client = room_connect(room);
        _cleanup_free_ char *error = NULL;
        bool request = !streq(method, "KeyAuthorization") && !streq(method, "Describe") &&
                       !startswith(method, "Forget");

        json_object_put(room_call(room,
                                  client,
                                  &error,
                                  method,
                                  request                             ? "url"
                                  : streq(method, "KeyAuthorization") ? "token"
                                                                      : NULL,
                                  request ? ROOM_URL : ROOM_TOKEN,
                                  request ? "nonce" : NULL,
                                  ROOM_NONCE,
                                  NULL));
        assert_null(error);
        varlink_client_free(client);
}

static void test_report_failure__schedule(void **state)
{
        Room *room = *state;
        State *s;

        room_start(room);
        assert_int_equal(report(room, room->client, 0), 60);
        assert_int_equal(report(room, room->client, 0), 600);
        assert_int_equal(report(room, room->client, 0), 6000);
        restart(room);
        assert_int_equal(report(room, room->client, 0), 86400);
        assert_int_equal(report(room, room->client, 100000), 100000);
        room_stop(room);
        s = room_state(room);
        assert_int_equal(s->failure.count, 5);
        assert_int_equal(s->failure.outcome, 75);
        assert_string_equal(s->failure.problem, "urn:ietf:params:acme:error:dns");
        assert_string_equal(s->failure.detail, "evil \\x1b[31m\\x0a\\x0a");
        state_free(s);

        /* A success ends the row. */
        room_start(room);
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        s = room_state(room);
        assert_int_equal(s->failure.count, 0);
        state_free(s);
}

static void test_disconnect__in_the_middle_is_a_failure(void **state)
{
        Room *room = *state;
        VarlinkClient *client;

        room_start(room);
        call_and_go(room, "Describe");
        assert_int_equal(failures(room), 0);
        call_and_go(room, "KeyAuthorization");
        assert_int_equal(failures(room), 0);
        call_and_go(room, "NewAccount");
        assert_int_equal(failures(room), 1);
        assert_true(room_logged(room, "The client went away"));

        /* Reported: not again. Reported, and then gone on with: once more. */
        client = room_connect(room);
        (void) report(room, client, 0);
        varlink_client_free(client);
        assert_int_equal(failures(room), 2);
        client = room_connect(room);
        (void) report(room, client, 0);
        {
                _cleanup_free_ char *error = NULL;

                json_object_put(room_call(room, client, &error, "ForgetOrder", NULL));
        }
        varlink_client_free(client);
        assert_int_equal(failures(room), 4);
}

static void test_disconnect__when_nothing_is_due(void **state)
{
        Room *room = *state;

        room_start(room);
        EVP_PKEY_free(room_renew(room)); /* and the room's own client goes after it */
        assert_int_equal(failures(room), 0);
        call_and_go(room, "Fetch");
        assert_int_equal(failures(room), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_report_failure__schedule),
                        TEST(test_disconnect__in_the_middle_is_a_failure),
                        TEST(test_disconnect__when_nothing_is_due),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
