/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be asked for and what is refused: requests, their origins and parameters, the budget. */

#include <openssl/evp.h>

#include "base/base64url.h"
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

static void test_new_order__moments(void **state)
{
        static const struct {
                const char *settings, *not_before, *not_after;
        } table[] = {
                        {"", NULL, NULL},
                        {"Lifetime=10d\n", NULL, "2027-01-25T08:00:00Z"},
                        {"Backdate=1h\n", "2027-01-15T07:00:00Z", NULL},
                        {"Lifetime=90min\nBackdate=1w\n",
                         "2027-01-08T08:00:00Z",
                         "2027-01-15T09:30:00Z"},
        };
        Room *room = *state;

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_json_ struct json_object *reply = NULL, *payload = NULL;
                _cleanup_free_ char *certificate = NULL;

                assert_true(asprintf(&certificate, "[Certificate]\n%s", row->settings) > 0);
                room_configure(room,
                               "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                               certificate);
                room_start(room);
                room_register(room);
                reply = room_ask(room, "NewOrder", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
                payload = jws_member(reply, "payload");
                assert_row(row->settings, streq_ptr(member(payload, "notBefore"), row->not_before));
                assert_row(row->settings, streq_ptr(member(payload, "notAfter"), row->not_after));
                room_stop(room);
        }
}

static void test_new_order__by_a_configured_profile(void **state)
{
        static const char defaults[] =
                        "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n";
        _cleanup_json_ struct json_object *reply = NULL, *payload = NULL;
        Room *room = *state;

        room_configure(room,
                       defaults,
                       "[Certificate]\nProfile=shortlived classic\nProfileRequired=yes\n");
        room_start(room);
        room_register(room);
        reply = room_ask(room,
                         "NewOrder",
                         "url",
                         ROOM_URL,
                         "nonce",
                         ROOM_NONCE,
                         "profile",
                         "classic",
                         NULL);
        payload = jws_member(reply, "payload");
        assert_string_equal(member(payload, "profile"), "classic");
        room_expect(room,
                    "ProfileRefused",
                    "NewOrder",
                    "url",
                    ROOM_URL,
                    "nonce",
                    ROOM_NONCE,
                    "profile",
                    "other",
                    NULL);
        room_expect(room, "ProfileRefused", "NewOrder", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
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
                        "DeactivateAuthorization",
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

/* The same words end an account. */
static void test_deactivate_authorization__never_an_account(void **state)
{
        static const char *const urls[] = {
                        ROOM_ACCOUNT,
                        ROOM_ACCOUNT "?x",
                        "https://ca.example/Acct/1",
                        "https://ca.example/x/../acct/1",
                        "https://ca.example/%61cct/1",
                        "https://ca.example//acct/1",
                        "https://evil.example/authz/1",
        };
        _cleanup_json_ struct json_object *payload = NULL, *reply = NULL;
        Room *room = *state;

        room_start(room);
        room_expect(room,
                    "NoAccount",
                    "DeactivateAuthorization",
                    "url",
                    "https://ca.example/authz/1",
                    "nonce",
                    ROOM_NONCE,
                    NULL);
        room_register(room);
        FOREACH_ARRAY (url, urls, ELEMENTSOF(urls))
                room_expect(room,
                            "UrlRefused",
                            "DeactivateAuthorization",
                            "url",
                            *url,
                            "nonce",
                            ROOM_NONCE,
                            NULL);
        reply = room_ask(room,
                         "DeactivateAuthorization",
                         "url",
                         "https://ca.example/authz/1",
                         "nonce",
                         ROOM_NONCE,
                         NULL);
        payload = jws_member(reply, "payload");
        assert_string_equal(json_object_to_json_string_ext(payload, JSON_C_TO_STRING_PLAIN),
                            "{\"status\":\"deactivated\"}");
        /* One name: two authorizations at most, five tries each. */
        for (unsigned i = 1; i < 10; i++)
                room_expect(room,
                            NULL,
                            "DeactivateAuthorization",
                            "url",
                            "https://ca.example/authz/1",
                            "nonce",
                            ROOM_NONCE,
                            NULL);
        room_expect(room,
                    "BudgetExhausted",
                    "DeactivateAuthorization",
                    "url",
                    "https://ca.example/authz/1",
                    "nonce",
                    ROOM_NONCE,
                    NULL);
        room_expect(room, NULL, "Fetch", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
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
        room_expect(room, "MethodNotFound", "Sign", NULL);
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

/* What is configured, and nothing else; it outlasts the signer. */
static void test_set_challenge__of_what_is_configured(void **state)
{
        Room *room = *state;
        State *s;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY
                       "\nTermsOfServiceAgreed=yes\nChallenge=http-01 tls-alpn-01\n",
                       "[Certificate]\n");
        room_start(room);
        json_object_put(room_ask(room,
                                 "SetChallenge",
                                 "identifier",
                                 ROOM_NAME,
                                 "type",
                                 "tls-alpn-01",
                                 NULL));
        room_expect(room,
                    "InvalidParameter",
                    "SetChallenge",
                    "identifier",
                    "other.example",
                    "type",
                    "http-01",
                    NULL);
        room_expect(room,
                    "InvalidParameter",
                    "SetChallenge",
                    "identifier",
                    ROOM_NAME,
                    "type",
                    "dns-01",
                    NULL);
        restart(room);
        room_stop(room);
        s = room_state(room);
        assert_int_equal(state_challenge(s->challenges, ROOM_NAME), CHALLENGE_TYPE_TLS_ALPN01);
        state_free(s);
}

/* RFC 8555 section 8.4: of the very text that http-01 publishes. */
static void test_key_authorization_digest__is_of_the_key_authorization(void **state)
{
        _cleanup_json_ struct json_object *whole = NULL, *digest = NULL;
        _cleanup_free_ char *expected = NULL;
        unsigned char hash[32];
        Room *room = *state;
        const char *text;

        room_start(room);
        whole = room_ask(room, "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        digest = room_ask(room, "KeyAuthorizationDigest", "token", ROOM_TOKEN, NULL);
        text = member(whole, "keyAuthorization");
        assert_int_equal(EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL), 1);
        expected = base64url_encode(hash, sizeof(hash));
        assert_string_equal(member(digest, "digest"), expected);
        room_expect(room, "InvalidParameter", "KeyAuthorizationDigest", "token", "short", NULL);
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
                        TEST(test_new_order__by_a_configured_profile),
                        TEST(test_new_order__moments),
                        TEST(test_requests__need_an_account),
                        TEST(test_requests__urls_of_others),
                        TEST(test_requests__bad_parameters),
                        TEST(test_deactivate_authorization__never_an_account),
                        TEST(test_new_account__terms_not_agreed),
                        TEST(test_set_challenge__of_what_is_configured),
                        TEST(test_key_authorization__before_any_account),
                        TEST(test_key_authorization_digest__is_of_the_key_authorization),
                        TEST(test_budget__ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
