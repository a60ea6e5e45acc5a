/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/room-error.h"

#include "base/test.h"

static const RoomError table[] = {
                {"Plain", NULL, EXIT_REFUSED, "It is plain"},
                {"Wordy", "message", EXIT_CONFIGURATION, "It has words"},
                {},
};
static const RoomErrors errors = {
                .interface = "io.acmeward.Test.",
                .room = "The test",
                .table = table,
};

static void test_room_error_fail__table(void **state)
{
        static const struct {
                const char *error, *parameters;
                ExitStatus status;
                const char *message;
        } cases[] = {
                        {"io.acmeward.Test.Plain", "{}", EXIT_REFUSED, "It is plain"},
                        {"io.acmeward.Test.Plain",
                         "{\"message\":\"more\"}",
                         EXIT_REFUSED,
                         "It is plain"},
                        {"io.acmeward.Test.Wordy",
                         "{\"message\":\"more\"}",
                         EXIT_CONFIGURATION,
                         "It has words: more"},
                        {"io.acmeward.Test.Wordy",
                         "{\"message\":\"a\\nMESSAGE_ID=1\\u001b[31m\"}",
                         EXIT_CONFIGURATION,
                         "It has words: a\\x0aMESSAGE_ID=1\\x1b[31m"},
                        {"io.acmeward.Test.Wordy",
                         "{\"message\":7}",
                         EXIT_CONFIGURATION,
                         "It has words: "},
                        {"io.acmeward.Test.Other",
                         "{}",
                         EXIT_BUG,
                         "The test answered with the error io.acmeward.Test.Other"},
                        {"org.varlink.service.MethodNotFound",
                         "{}",
                         EXIT_BUG,
                         "The test answered with the error org.varlink.service.MethodNotFound"},
                        {"io.acmeward.Another.Plain",
                         "{}",
                         EXIT_BUG,
                         "The test answered with the error io.acmeward.Another.Plain"},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_varlink_reply_ VarlinkReply reply = {.error = strdup(c->error)};
                Failure failure = {};

                assert_int_equal(
                                json_parse(c->parameters, strlen(c->parameters), &reply.parameters),
                                0);
                assert_int_equal(room_error_fail(&errors, &reply, &failure), CLIENT_E_FAILED);
                assert_int_equal(failure.exit_status, c->status);
                assert_string_equal(failure.message, c->message);
                failure_done(&failure);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_room_error_fail__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
