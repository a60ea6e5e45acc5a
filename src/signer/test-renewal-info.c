/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the CA says of when to renew: what is remembered, when it counts, and what a fallen client
 * could make of it. */

#include "signer/test-room.h"

#define NOW_SEC ((long long) (PKI_NOW_USEC / USEC_PER_SEC))
#define DAY_SEC 86400LL

static void travel(Room *room, usec_t usec)
{
        room_stop(room);
        room->now_usec = PKI_NOW_USEC + usec;
        room_start(room);
}

/* Of the reply to Describe. */
static void assert_told(Room *room, const char *due, bool ask)
{
        _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);

        assert_string_equal(member(reply, "due") ?: "none", due);
        assert_string_equal(member(reply, "askRenewalInfo"), ask ? "true" : "false");
}

/* In seconds from now; end 0: no window. Return: when the renewal is to be, in seconds. */
static int64_t set_window(Room *room, int64_t start, int64_t end)
{
        _cleanup_json_ struct json_object *reply = NULL;
        char a[32], b[32];

        (void) snprintf(a, sizeof(a), "%lli", NOW_SEC + (long long) start);
        (void) snprintf(b, sizeof(b), "%lli", NOW_SEC + (long long) end);
        reply = end == 0 ? room_ask(room, "SetRenewalInfo", NULL)
                         : room_ask(room, "SetRenewalInfo", "=start", a, "=end", b, NULL);
        return integer_member(reply, "renewAt");
}

static void test_set_renewal_info__pulls_forward(void **state)
{
        _cleanup_(state_freep) State *s = NULL;
        Room *room = *state;
        int64_t at;

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        assert_told(room, "none", false);
        at = set_window(room, 10 * DAY_SEC, 12 * DAY_SEC);
        assert_true(at >= NOW_SEC + 10 * DAY_SEC && at < NOW_SEC + 12 * DAY_SEC);
        /* The same each time, also in another run. */
        travel(room, USEC_PER_HOUR);
        assert_true(set_window(room, 10 * DAY_SEC, 12 * DAY_SEC) == at);
        travel(room, 9 * USEC_PER_DAY);
        assert_told(room, "none", true);
        travel(room, 12 * USEC_PER_DAY);
        assert_told(room, "renewalInfo", true);
        EVP_PKEY_free(room_renew(room));
        assert_told(room, "none", false);
        room_stop(room);
        assert_true(room_logged(room, "ACME_RENEW_AT="));
        s = room_state(room);
        assert_true(s->certificate.renewal_info.moment_usec == 0);
}

/* The CA's, or a fallen client's: "at once", for every certificate. */
static void test_set_renewal_info__once_a_day(void **state)
{
        Room *room = *state;

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        assert_true(set_window(room, -2 * DAY_SEC + 1, -DAY_SEC / 2) == NOW_SEC + DAY_SEC);
        assert_told(room, "none", false);
        travel(room, USEC_PER_DAY);
        assert_told(room, "renewalInfo", true);
}

static void test_set_renewal_info__windows_that_change_nothing(void **state)
{
        static const struct {
                int64_t start, end;
        } table[] = {
                        {0, 0},
                        {12 * DAY_SEC, 10 * DAY_SEC},
                        {12 * DAY_SEC, 12 * DAY_SEC},
                        {90 * DAY_SEC, 92 * DAY_SEC},           /* when it has expired */
                        {2900000 * DAY_SEC, 2900001 * DAY_SEC}, /* the year 9967 */
        };
        int64_t by_age;
        Room *room = *state;

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        by_age = NOW_SEC - DAY_SEC + 60 * DAY_SEC;
        FOREACH_ARRAY (row, table, ELEMENTSOF(table))
                assert_true(set_window(room, row->start, row->end) == by_age);
        /* Later than by age: not at all. */
        assert_true(set_window(room, 70 * DAY_SEC, 71 * DAY_SEC) == by_age);
}

static void test_set_renewal_info__when_to_ask_again(void **state)
{
        Room *room = *state;

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        travel(room, 6 * USEC_PER_HOUR - USEC_PER_SEC);
        assert_told(room, "none", false);
        travel(room, 6 * USEC_PER_HOUR);
        assert_told(room, "none", true);
        json_object_put(room_ask(room, "SetRenewalInfo", "=retryAfter", "7200", NULL));
        travel(room, 8 * USEC_PER_HOUR - USEC_PER_SEC);
        assert_told(room, "none", false);
        travel(room, 8 * USEC_PER_HOUR);
        assert_told(room, "none", true);
        /* As often as a CA likes, but not all the time. */
        json_object_put(room_ask(room, "SetRenewalInfo", "=retryAfter", "1", NULL));
        assert_told(room, "none", false);
}

static void test_set_renewal_info__refusals(void **state)
{
        Room *room = *state;

        room_start(room);
        room_expect(room, "NoCertificate", "SetRenewalInfo", NULL);
        EVP_PKEY_free(room_renew(room));
        room_expect(room, "InvalidParameter", "SetRenewalInfo", "start", "now", NULL);
        room_expect(room, "InvalidParameter", "SetRenewalInfo", "=retryAfter", "86401", NULL);
        room_expect(room, "InvalidParameter", "SetRenewalInfo", "=start", "-1", NULL);
        room_expect(room, "InvalidParameter", "SetRenewalInfo", "explanation", "javascript:", NULL);
        room_stop(room);
        room_configure(room,
                       "[Defaults]\nCA=https://other.example/dir\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\n");
        room_start(room);
        room_expect(room, "NoCertificate", "SetRenewalInfo", NULL);
}

static void test_new_order__says_what_it_replaces(void **state)
{
        _cleanup_json_ struct json_object *described = NULL, *first = NULL, *plain = NULL,
                                          *replacing = NULL;
        Room *room = *state;

        room_start(room);
        room_register(room);
        /* There is nothing to be replaced yet. */
        first = room_ask(room,
                         "NewOrder",
                         "url",
                         ROOM_URL,
                         "nonce",
                         ROOM_NONCE,
                         "=replaces",
                         "true",
                         NULL);
        EVP_PKEY_free(room_renew(room));
        described = room_ask(room, "Describe", NULL);
        plain = room_ask(room, "NewOrder", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        replacing = room_ask(room,
                             "NewOrder",
                             "url",
                             ROOM_URL,
                             "nonce",
                             ROOM_NONCE,
                             "=replaces",
                             "true",
                             NULL);

        _cleanup_json_ struct json_object *a = jws_member(first, "payload"),
                                          *b = jws_member(plain, "payload"),
                                          *c = jws_member(replacing, "payload");
        assert_null(member(a, "replaces"));
        assert_null(member(b, "replaces"));
        assert_string_equal(member(c, "replaces"), member(described, "renewalId"));

        /* Names that have nothing to do with it. */
        room_stop(room);
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nIdentifiers=other.example\n");
        room_start(room);
        _cleanup_json_ struct json_object *other = room_ask(room,
                                                            "NewOrder",
                                                            "url",
                                                            ROOM_URL,
                                                            "nonce",
                                                            ROOM_NONCE,
                                                            "=replaces",
                                                            "true",
                                                            NULL);
        _cleanup_json_ struct json_object *d = jws_member(other, "payload");
        assert_null(member(d, "replaces"));
}

#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        ROOM_TEST(test_set_renewal_info__pulls_forward),
                        ROOM_TEST(test_set_renewal_info__once_a_day),
                        ROOM_TEST(test_set_renewal_info__windows_that_change_nothing),
                        ROOM_TEST(test_set_renewal_info__when_to_ask_again),
                        ROOM_TEST(test_set_renewal_info__refusals),
                        ROOM_TEST(test_new_order__says_what_it_replaces),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
