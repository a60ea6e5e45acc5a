/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be asked for and what is refused: requests, their origins and parameters, the budget. */

#include "signer/test-room.h"

static void check_request(Room *room, const char *method, bool by_jwk, const char *expected_payload)
{
        _cleanup_json_ struct json_object *reply = NULL, *header = NULL, *payload = NULL;

        reply = room_ask(room, method, "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        header = jws_member(reply, "protected");
        payload = jws_member(reply, "payload");
        assert_string_equal(member(header, "url"), ROOM_URL);
        assert_string_equal(member(header, "nonce"), ROOM_NONCE);
        assert_string_equal(member(header, "alg"), "ES256");
        assert_true(!!member(header, "jwk") == by_jwk);
        assert_true(!!member(header, "kid") == !by_jwk);
        if (expected_payload)
                assert_string_equal(payload ? json_object_to_json_string_ext(payload,
                                                                             JSON_C_TO_STRING_PLAIN)
                                            : "",
                                    expected_payload);
}

static void restart(Room *room)
{
        room_stop(room);
        room_start(room);
}

static void test_requests__say_what_they_mean(void **state)
{
        Room *room = *state;

        room_start(room);
        check_request(room,
                      "NewAccount",
                      true,
                      "{\"termsOfServiceAgreed\":true,\"contact\":[\"mailto:a@example.org\"]}");
        room_expect(room, NULL, "SetAccount", "account", ROOM_ACCOUNT, NULL);
        check_request(room,
                      "NewOrder",
                      false,
                      "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"" ROOM_NAME "\"}]}");
        check_request(room, "Fetch", false, "");
        check_request(room, "AnswerChallenge", false, "{}");
        check_request(room, "Finalize", false, NULL);
        room_stop(room);
        assert_true(room_logged(room, "ACME_OPERATION=Finalize"));
        assert_true(room_logged(room, "ACME_ACCOUNT=" ROOM_ACCOUNT));
        /* Never a nonce. */
        assert_false(room_logged(room, ROOM_NONCE));
}

static void test_requests__need_an_account(void **state)
{
        static const char *const methods[] = {"NewOrder", "Fetch", "AnswerChallenge", "Finalize"};
        Room *room = *state;

        room_start(room);
        FOREACH_ARRAY (method, methods, ELEMENTSOF(methods))
                room_expect(room, "NoAccount", *method, "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        room_register(room);
        FOREACH_ARRAY (method, methods, ELEMENTSOF(methods))
                room_expect(room, NULL, *method, "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        room_expect(room, NULL, "ForgetAccount", NULL);
        room_expect(room, "NoAccount", "NewOrder", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
}

static void test_requests__urls_of_others(void **state)
{
        static const char *const urls[] = {
                        "https://evil.example/x",
                        "https://ca.example:8443/x",
                        "http://ca.example/x",
                        "https://ca.example@evil.example/x",
                        "https://ca.example.evil.example/x",
                        "https://ca.example\\@evil.example/",
                        "//ca.example/x",
                        "",
        };
        static const char *const methods[] = {
                        "NewAccount",
                        "NewOrder",
                        "Fetch",
                        "AnswerChallenge",
                        "Finalize",
        };
        Room *room = *state;

        room_start(room);
        room_register(room);
        FOREACH_ARRAY (url, urls, ELEMENTSOF(urls)) {
                FOREACH_ARRAY (method, methods, ELEMENTSOF(methods))
                        room_expect(room,
                                    "UrlRefused",
                                    *method,
                                    "url",
                                    *url,
                                    "nonce",
                                    ROOM_NONCE,
                                    NULL);
                room_expect(room, "UrlRefused", "SetAccount", "account", *url, NULL);
                room_expect(room, "UrlRefused", "SetOrder", "order", *url, NULL);
        }
        room_stop(room);
        assert_true(room_logged(room, "ACME_REASON=UrlRefused"));
}

static void test_requests__bad_parameters(void **state)
{
        _cleanup_free_ char *long_nonce = calloc(1, 514);
        Room *room = *state;

        memset(long_nonce, 'A', 513);
        room_start(room);
        room_register(room);
        room_expect(room, "InvalidParameter", "Fetch", "url", ROOM_URL, NULL);
        room_expect(room, "InvalidParameter", "Fetch", "url", ROOM_URL, "nonce", "", NULL);
        room_expect(room, "InvalidParameter", "Fetch", "url", ROOM_URL, "nonce", "a b", NULL);
        room_expect(room, "InvalidParameter", "Fetch", "url", ROOM_URL, "nonce", "a\"b", NULL);
        room_expect(room, "InvalidParameter", "Fetch", "url", ROOM_URL, "nonce", long_nonce, NULL);
        room_expect(room,
                    "InvalidParameter",
                    "Fetch",
                    "url",
                    ROOM_URL,
                    "nonce",
                    "a",
                    "payload",
                    "x",
                    NULL);
        room_expect(room,
                    "InvalidParameter",
                    "NewOrder",
                    "url",
                    ROOM_URL,
                    "nonce",
                    "a",
                    "identifiers",
                    "x",
                    NULL);
        room_expect(room, "InvalidParameter", "KeyAuthorization", "token", "short", NULL);
        room_expect(room,
                    "InvalidParameter",
                    "KeyAuthorization",
                    "token",
                    "../../../../etc/passwd",
                    NULL);
        room_expect(room, "InvalidParameter", "Describe", "x", "y", NULL);
        room_expect(room, "MethodNotFound", "Sign", NULL);
        room_expect(room, "MethodNotFound", "Revoke", NULL);
        room_stop(room);
        assert_true(room_logged(room, "Refused a call"));
}

static void test_new_account__terms_not_agreed(void **state)
{
        Room *room = *state;

        room_configure(room, "[Defaults]\nCA=" ROOM_DIRECTORY "\n", "[Certificate]\n");
        room_start(room);
        room_expect(room, "TermsNotAgreed", "NewAccount", "url", ROOM_URL, "nonce", "a", NULL);
}

static void test_key_authorization__before_any_account(void **state)
{
        _cleanup_json_ struct json_object *first = NULL, *second = NULL;
        Room *room = *state;

        room_start(room);
        first = room_ask(room, "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        assert_non_null(startswith(member(first, "keyAuthorization"), ROOM_TOKEN "."));
        assert_int_equal(strlen(member(first, "keyAuthorization")), strlen(ROOM_TOKEN) + 1 + 43);
        restart(room);
        second = room_ask(room, "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        assert_string_equal(member(first, "keyAuthorization"), member(second, "keyAuthorization"));
        room_stop(room);
        assert_false(room_logged(room, ROOM_TOKEN));
}

static void test_budget__ends(void **state)
{
        Room *room = *state;
        unsigned n = 0;

        room_start(room);
        room_register(room);
        for (;; n++) {
                _cleanup_free_ char *error = NULL;

                json_object_put(room_call(room,
                                          room->client,
                                          &error,
                                          "Fetch",
                                          "url",
                                          ROOM_URL,
                                          "nonce",
                                          ROOM_NONCE,
                                          NULL));
                if (error) {
                        assert_string_equal(error, "BudgetExhausted");
                        break;
                }
                assert_true(n < 1000);
        }
        /* One for NewAccount. */
        assert_int_equal(n + 1, (2 * 24 + 64) * 5);
        /* Endless refusals do not fill the journal. */
        for (unsigned i = 0; i < 300; i++)
                room_expect(room, "BudgetExhausted", "Fetch", "url", ROOM_URL, "nonce", "a", NULL);
        room_stop(room);
        assert_true(room_logged(room, "stops to count them"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_requests__say_what_they_mean),
                        TEST(test_requests__need_an_account),
                        TEST(test_requests__urls_of_others),
                        TEST(test_requests__bad_parameters),
                        TEST(test_new_account__terms_not_agreed),
                        TEST(test_key_authorization__before_any_account),
                        TEST(test_budget__ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
