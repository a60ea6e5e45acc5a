/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A record names our account, and a name of ours, whoever asks for it. */

#include "signer/door.h"
#include "signer/test-room.h"

#define DEFAULTS "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"
#define CERTIFICATE                                                                                \
        "[Certificate]\nChallenge=dns-persist-01\nExperimental=dns-persist-01\n"                   \
        "Identifiers=a.example *.b.example b.example *.c.example\n"

static void begin(Room *room)
{
        room_configure(room, DEFAULTS, CERTIFICATE);
        room_start(room);
}

static void test_persistent_record__is_for_our_account(void **state)
{
        static const struct {
                const char *identifier, *value;
        } rows[] = {
                        {"a.example", "ca.example; accounturi=" ROOM_ACCOUNT},
                        {"b.example", "ca.example; accounturi=" ROOM_ACCOUNT "; policy=wildcard"},
                        {"c.example", "ca.example; accounturi=" ROOM_ACCOUNT "; policy=wildcard"},
        };
        Room *room = *state;

        begin(room);
        room_register(room);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_json_ struct json_object *reply = room_ask(room,
                                                                    "PersistentRecord",
                                                                    "identifier",
                                                                    row->identifier,
                                                                    "issuer",
                                                                    "ca.example",
                                                                    "accountUri",
                                                                    ROOM_ACCOUNT,
                                                                    NULL);

                assert_string_equal(member(reply, "value"), row->value);
        }
}

static void test_persistent_record__refusals(void **state)
{
        static const struct {
                const char *error, *identifier, *issuer, *uri;
        } rows[] = {
                        {"AccountRefused", "a.example", "ca.example", ROOM_ACCOUNT "0"},
                        {"AccountRefused", "a.example", "ca.example", "https://evil.example/1"},
                        {"IdentifierRefused", "x.example", "ca.example", ROOM_ACCOUNT},
                        {"IdentifierRefused", "*.b.example", "ca.example", ROOM_ACCOUNT},
                        {"InvalidParameter", "a.example", "ca example", ROOM_ACCOUNT},
                        {"InvalidParameter", "a.example", "ca.example;x", ROOM_ACCOUNT},
        };
        Room *room = *state;

        begin(room);
        room_expect(room,
                    "NoAccount",
                    "PersistentRecord",
                    "identifier",
                    "a.example",
                    "issuer",
                    "ca.example",
                    NULL);
        room_register(room);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                room_expect(room,
                            row->error,
                            "PersistentRecord",
                            "identifier",
                            row->identifier,
                            "issuer",
                            row->issuer,
                            "accountUri",
                            row->uri,
                            NULL);
}

static void test_persistent_record__is_behind_one_door(void **state)
{
        Room *room = *state;

        room->door = DOOR_RENEW;
        begin(room);
        room_expect(room,
                    "PermissionDenied",
                    "PersistentRecord",
                    "identifier",
                    "a.example",
                    "issuer",
                    "ca.example",
                    NULL);
}

#define test_of(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of(test_persistent_record__is_for_our_account),
                        test_of(test_persistent_record__refusals),
                        test_of(test_persistent_record__is_behind_one_door),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
