/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The CAs of CA=, as a client can have its way through them: forwards, once, and no other. */

#include "signer/test-room.h"

#define SECOND_DIRECTORY "https://second.example/dir"
#define SECOND_URL "https://second.example/x"
#define SIBLING_DIRECTORY "https://ca.example/sibling" /* of the same origin */
#define ONE_STRING(name, value) name, value, NULL

static void start_with(Room *room, const char *cas)
{
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text, "[Defaults]\nCA=%s\nTermsOfServiceAgreed=yes\n", cas) > 0);
        room_configure(room, text, "[Certificate]\n");
        room_start(room);
}

/* The CA under way, by its name; owned. */
static char *under_way(Room *room, const char *directory)
{
        _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);
        char *name;

        assert_string_equal(member(reply, "directory"), directory);
        name = strdup(member(reply, "ca"));
        assert_non_null(name);
        return name;
}

/* Return: what comes next, owned; NULL: nothing. */
static char *pass_over(Room *room, const char *ca, const char *retry_after)
{
        _cleanup_json_ struct json_object *reply = room_ask(room,
                                                            "NextAuthority",
                                                            "ca",
                                                            ca,
                                                            "=outcome",
                                                            "75",
                                                            "detail",
                                                            "evil \x1b[31m",
                                                            "=retryAfter",
                                                            retry_after,
                                                            NULL);
        const char *next = member(reply, "next");

        return next ? strdup(next) : NULL;
}

static void sign(Room *room, const char *url, const char *error)
{
        room_expect(room, error, "NewAccount", "url", url, "nonce", ROOM_NONCE, NULL);
}

static void test_next_authority__everything_is_the_next_ones(void **state)
{
        Room *room = *state;
        _cleanup_free_ char *first = NULL, *second = NULL, *next = NULL, *last = NULL;
        State *s;

        start_with(room, ROOM_DIRECTORY " " SECOND_DIRECTORY);
        first = under_way(room, ROOM_DIRECTORY);
        sign(room, ROOM_URL, NULL);
        sign(room, SECOND_URL, "UrlRefused");
        room_expect(room, NULL, "SetAccount", ONE_STRING("account", ROOM_ACCOUNT));
        room_expect(room, NULL, "SetOrder", ONE_STRING("order", ROOM_ORDER));

        next = pass_over(room, first, "7200");
        second = under_way(room, SECOND_DIRECTORY);
        assert_string_equal(next, second);
        /* Its origin, its account; the other's order is not its. */
        sign(room, ROOM_URL, "UrlRefused");
        room_expect(room, "NoAccount", "NewOrder", "url", SECOND_URL, "nonce", ROOM_NONCE, NULL);
        sign(room, SECOND_URL, NULL);
        {
                _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);

                assert_null(member(reply, "account"));
                assert_null(member(reply, "order"));
        }
        /* There is no way back, and none to anywhere else. */
        room_expect(room, "AuthorityRefused", "NextAuthority", "ca", first, "=outcome", "75", NULL);
        room_expect(room, "AuthorityRefused", "NextAuthority", "ca", "x", "=outcome", "75", NULL);
        last = pass_over(room, second, "0");
        assert_null(last);
        free(TAKE_PTR(next));
        next = under_way(room, SECOND_DIRECTORY);
        room_stop(room);

        s = room_state(room);
        assert_int_equal(s->n_authorities, 2);
        assert_string_equal(s->authorities[0].directory, ROOM_DIRECTORY);
        assert_string_equal(s->authorities[0].failure.detail, "evil \\x1b[31m");
        assert_true(s->authorities[0].failure.next_attempt_usec ==
                    room->now_usec + 7200 * USEC_PER_SEC);
        assert_true(s->authorities[1].failure.next_attempt_usec ==
                    room->now_usec + 60 * USEC_PER_SEC);
        /* It is gone on with when its CA has its turn. */
        assert_string_equal(s->order.url, ROOM_ORDER);
        state_free(s);
}

/* The next run begins with who is not put off, and ends with what the others have asked for. */
static void test_next_authority__remembered_by_the_next_run(void **state)
{
        Room *room = *state;
        _cleanup_free_ char *first = NULL, *next = NULL, *second = NULL, *again = NULL;
        _cleanup_json_ struct json_object *reply = NULL;
        State *s;

        start_with(room, ROOM_DIRECTORY " " SIBLING_DIRECTORY);
        first = under_way(room, ROOM_DIRECTORY);
        next = pass_over(room, first, "7200");
        reply = room_ask(room, "ReportFailure", "=outcome", "75", "=retryAfter", "9000", NULL);
        /* Not the 9000 s of the second: the first may be asked before. */
        assert_int_equal(integer_member(reply, "nextAttempt") -
                                         (int64_t) (room->now_usec / USEC_PER_SEC),
                         7200);
        room_stop(room);
        room_start(room);
        second = under_way(room, SIBLING_DIRECTORY);
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        s = room_state(room);
        assert_string_equal(s->certificate.ca, second);
        assert_string_equal(s->certificate.directory, SIBLING_DIRECTORY);
        assert_int_equal(s->n_authorities, 1);
        state_free(s);

        /* Nothing is due: it is a matter of who has issued. Then something is. */
        room_start(room);
        free(TAKE_PTR(second));
        second = under_way(room, SIBLING_DIRECTORY);
        room_stop(room);
        room->now_usec += 80 * USEC_PER_DAY;
        room_start(room);
        again = under_way(room, ROOM_DIRECTORY);
        assert_string_equal(again, first);
}

static void test_due__only_without_who_has_issued(void **state)
{
        Room *room = *state;
        _cleanup_json_ struct json_object *reply = NULL, *other = NULL;

        start_with(room, ROOM_DIRECTORY " " SIBLING_DIRECTORY);
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        start_with(room, SIBLING_DIRECTORY " " ROOM_DIRECTORY);
        reply = room_ask(room, "Describe", NULL);
        assert_null(member(reply, "due"));
        room_stop(room);
        start_with(room, SIBLING_DIRECTORY);
        other = room_ask(room, "Describe", NULL);
        assert_string_equal(member(other, "due"), "ca");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        TEST(test_next_authority__everything_is_the_next_ones),
                        TEST(test_next_authority__remembered_by_the_next_run),
                        TEST(test_due__only_without_who_has_issued),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
