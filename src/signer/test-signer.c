/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer as its callers see it: through the door. */

#include <sys/stat.h>

#include "signer/test-room.h"
#include "state/due.h"

static char *describe_due(Room *room)
{
        _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);
        const char *due = member(reply, "due");

        return strdup(due ?: "none");
}

static void assert_due(Room *room, const char *expected)
{
        _cleanup_free_ char *due = describe_due(room);

        assert_string_equal(due, expected);
}

static void restart(Room *room)
{
        room_stop(room);
        room_start(room);
}

static void test_describe__at_first(void **state)
{
        _cleanup_json_ struct json_object *reply = NULL;
        Room *room = *state;

        room_start(room);
        reply = room_ask(room, "Describe", NULL);
        assert_string_equal(member(reply, "name"), ROOM_NAME);
        assert_string_equal(member(reply, "directory"), ROOM_DIRECTORY);
        assert_string_equal(member(reply, "due"), "first");
        assert_string_equal(member(reply, "challenges"), "[ \"http-01\" ]");
        assert_string_equal(member(reply, "origins"), "[ \"https:\\/\\/ca.example\" ]");
        assert_string_equal(member(reply, "identifiers"),
                            "[ { \"type\": \"dns\", \"value\": \"" ROOM_NAME "\" } ]");
        assert_string_equal(member(reply, "termsOfServiceAgreed"), "true");
        assert_null(member(reply, "account"));
        assert_null(member(reply, "order"));
        assert_null(member(reply, "certificate"));
        assert_null(member(reply, "renewAt"));
}

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

static void test_install__from_nothing_to_live(void **state)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_(state_freep) State *s = NULL;
        _cleanup_free_ char *live = NULL;
        struct json_object *certificate;
        Room *room = *state;

        room_start(room);
        assert_due(room, "first");
        EVP_PKEY_free(room_renew(room));
        live = room_live(room);
        assert_string_equal(live, "1");
        assert_false(room_has(room, ROOM_CERTS "/pending"));

        reply = room_ask(room, "Describe", NULL);
        assert_null(member(reply, "due"));
        assert_null(member(reply, "order"));
        assert_string_equal(member(reply, "account"), ROOM_ACCOUNT);
        assert_true(json_object_object_get_ex(reply, "certificate", &certificate));
        assert_string_equal(member(certificate, "generation"), "1");
        assert_string_equal(member(certificate, "issuer"), "Test CA 1");
        assert_int_equal(integer_member(certificate, "installedAt"), PKI_NOW_USEC / USEC_PER_SEC);
        assert_int_equal(integer_member(reply, "renewAt"),
                         PKI_NOW_USEC / USEC_PER_SEC - 86400 + 60 * 86400);
        room_stop(room);

        s = room_state(room);
        assert_true(s->certificate.is_set);
        assert_string_equal(s->certificate.directory, ROOM_DIRECTORY);
        assert_string_equal(s->certificate.key_type, "ec-p256");
        assert_true(s->certificate.checked_usec == PKI_NOW_USEC);
        assert_true(room_logged(room, "ACME_SERIAL="));
        assert_true(room_logged(room, "ACME_NOT_AFTER="));
        assert_true(room_logged(room, "ACME_IDENTIFIERS=" ROOM_NAME));
        room_start(room);
        assert_due(room, "none");
}

static void wrong_purpose(PkiSpecs *s)
{
        s->leaf.extended_usage = "clientAuth";
}

static void future(PkiSpecs *s)
{
        s->leaf.not_before = 7200;
        s->leaf.not_after = 10000;
}

static void expect_refusal(Room *room, const char *chain, const char *reason)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *error = NULL;

        reply = room_call(room, room->client, &error, "Install", "chain", chain, NULL);
        assert_string_equal(error ?: "none", "ChainRefused");
        assert_string_equal(member(reply, "reason"), reason);
        assert_non_null(strstr(member(reply, "message"), "Certificate "));
}

static void test_install__refusals_leave_the_store_alone(void **state)
{
        _cleanup_free_ char *other_names = NULL, *purpose = NULL, *other_key = NULL,
                            *with_key = NULL, *live = NULL, *large = NULL;
        Room *room = *state;
        EVP_PKEY *key;

        room_start(room);
        room_register(room);
        expect_refusal(room, "", "empty");
        key = room_finalize(room);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        other_names = room_issue(key, "DNS:evil.example", NULL);
        purpose = room_issue(key, "DNS:" ROOM_NAME, wrong_purpose);
        other_key = room_issue(pki_key("P-256"), "DNS:" ROOM_NAME, NULL);
        EVP_PKEY_free(key);
        assert_true(asprintf(&with_key,
                             "%s-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                             other_key) > 0);
        large = malloc(96 * 1024 + 2);
        memset(large, 'A', 96 * 1024 + 1);
        large[96 * 1024 + 1] = '\0';

        expect_refusal(room, other_names, "otherNames");
        expect_refusal(room, purpose, "purpose");
        expect_refusal(room, other_key, "otherKey");
        expect_refusal(room, with_key, "notPem");
        expect_refusal(room, large, "tooLarge");
        live = room_live(room);
        assert_null(live);
        assert_false(room_has(room, ROOM_CERTS "/1"));
        assert_false(room_has(room, ROOM_CERTS "/.#generation"));
        assert_true(room_has(room, ROOM_CERTS "/pending/key.pem"));
        room_stop(room);
        assert_true(room_logged(room, "ACME_REASON=otherNames"));
}

/* An order with a bad chain has nothing better to give; one from a clock ahead of ours will. */
static void test_install__refused_order_is_forgotten(void **state)
{
        _cleanup_free_ char *early = NULL, *purpose = NULL;
        Room *room = *state;
        EVP_PKEY *key;

        room_start(room);
        room_register(room);
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        key = room_finalize(room);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        early = room_issue(key, "DNS:" ROOM_NAME, future);
        purpose = room_issue(key, "DNS:" ROOM_NAME, wrong_purpose);
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_json_ struct json_object *reply = NULL;

                expect_refusal(room, i == 0 ? early : purpose, i == 0 ? "notYetValid" : "purpose");
                reply = room_ask(room, "Describe", NULL);
                assert_true(!!member(reply, "order") == (i == 0));
        }
}

static void test_finalize__pending_key_outlives_the_run(void **state)
{
        Room *room = *state;
        EVP_PKEY *first, *second, *third;

        room_start(room);
        room_register(room);
        first = room_finalize(room);
        room_kill(room);
        room_start(room);
        second = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(first, second), 1);

        /* KeyType= has changed: another key. */
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nKeyType=ec-p384\n");
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        restart(room);
        {
                _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);

                assert_null(member(reply, "order"));
        }
        third = room_finalize(room);
        assert_int_equal(EVP_PKEY_get_bits(third), 384);
        EVP_PKEY_free(first);
        EVP_PKEY_free(second);
        EVP_PKEY_free(third);
}

static void test_install__renewed_and_kept_keys(void **state)
{
        _cleanup_free_ char *live = NULL;
        EVP_PKEY *first, *second, *kept, *other;
        Room *room = *state;

        room_start(room);
        first = room_renew(room);
        second = room_renew(room);
        assert_int_equal(EVP_PKEY_eq(first, second), 0);

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nRenewKey=no\n");
        restart(room);
        kept = room_renew(room);
        assert_int_equal(EVP_PKEY_eq(second, kept), 1);
        live = room_live(room);
        assert_string_equal(live, "3");

        /* Of another type than is wanted now: not kept. */
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nRenewKey=no\nKeyType=ec-p384\n");
        restart(room);
        assert_due(room, "keyType");
        other = room_renew(room);
        assert_int_equal(EVP_PKEY_get_bits(other), 384);
        assert_due(room, "none");
        EVP_PKEY_free(first);
        EVP_PKEY_free(second);
        EVP_PKEY_free(kept);
        EVP_PKEY_free(other);
}

static void test_describe__due_for_every_reason(void **state)
{
        static const char defaults[] =
                        "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n";
        Room *room = *state;
        struct timespec times[2] = {};

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        assert_due(room, "none");
        room_stop(room);

        room->now_usec = PKI_NOW_USEC + 60 * USEC_PER_DAY;
        room_start(room);
        assert_due(room, "expiring");
        room_stop(room);
        room->now_usec = PKI_NOW_USEC + USEC_PER_DAY;

        room_configure(room, defaults, "[Certificate]\nIdentifiers=a.example b.example\n");
        room_start(room);
        assert_due(room, "identifiers");
        room_stop(room);

        room_configure(room, defaults, "[Certificate]\nKeyType=rsa-2048\n");
        room_start(room);
        assert_due(room, "keyType");
        room_stop(room);

        room_configure(room,
                       "[Defaults]\nCA=https://other.example/dir\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\n");
        room_start(room);
        assert_due(room, "ca");
        room_stop(room);
        room_configure(room, defaults, "[Certificate]\n");

        close(openat(room->d->fd,
                     "run/acme/request/" ROOM_NAME,
                     O_CREAT | O_WRONLY | O_CLOEXEC,
                     0644));
        room_start(room);
        times[0].tv_sec = times[1].tv_sec = (time_t) (PKI_NOW_USEC / USEC_PER_SEC) - 5;
        assert_int_equal(utimensat(room->d->fd, "run/acme/request/" ROOM_NAME, times, 0), 0);
        assert_due(room, "none");
        times[0].tv_sec = times[1].tv_sec = (time_t) (PKI_NOW_USEC / USEC_PER_SEC) + 5;
        assert_int_equal(utimensat(room->d->fd, "run/acme/request/" ROOM_NAME, times, 0), 0);
        assert_due(room, "requested");
}

static void test_describe__key_mismatch(void **state)
{
        _cleanup_(state_freep) State *s = NULL;
        Room *room = *state;

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        assert_int_equal(renameat(room->d->fd,
                                  ROOM_CERTS "/1/privkey.pem",
                                  room->d->fd,
                                  ROOM_CERTS "/2/privkey.pem"),
                         0);
        room_start(room);
        assert_due(room, "keyMismatch");
        room_stop(room);
        s = room_state(room);
        assert_true(s->certificate.checked_usec == 0);

        assert_int_equal(unlinkat(room->d->fd, ROOM_CERTS "/2/privkey.pem", 0), 0);
        room_start(room);
        assert_due(room, "keyMismatch");
        EVP_PKEY_free(room_renew(room));
        assert_due(room, "none");
}

static void test_describe__state_lost_or_damaged(void **state)
{
        static const char *const texts[] = {"", "{\"version\":1", "{\"version\":2}", "junk"};
        Room *room = *state;

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                _cleanup_(state_freep) State *s = NULL;
                _cleanup_free_ char *path = NULL;
                FILE *f;

                room_stop(room);
                assert_true(asprintf(&path, "%s/" ROOM_CERTS "/state.json", room->d->path) > 0);
                f = fopen(path, "we");
                fputs(*text, f);
                fclose(f);
                room_start(room);
                assert_due(room, "none");
                room_stop(room);
                s = room_state(room);
                assert_true(s->certificate.is_set);
                assert_string_equal(s->certificate.generation, "1");
                assert_string_equal(s->certificate.key_type, "ec-p256");
                assert_null(s->certificate.directory);
                assert_true(room_has(room, ROOM_CERTS "/state.json.bad"));
                assert_int_equal(unlinkat(room->d->fd, ROOM_CERTS "/state.json.bad", 0), 0);
                room_start(room);
        }
        room_stop(room);
        assert_true(room_logged(room, "ACME_REASON=newer"));
        assert_true(room_logged(room, "ACME_REASON=damaged"));
        assert_int_equal(unlinkat(room->d->fd, ROOM_CERTS "/state.json", 0), 0);
        room_start(room);
        assert_due(room, "none");
        assert_false(room_has(room, ROOM_CERTS "/state.json.bad"));
}

static void test_describe__order_under_way(void **state)
{
        _cleanup_json_ struct json_object *same = NULL, *other = NULL;
        Room *room = *state;

        room_start(room);
        room_register(room);
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        restart(room);
        same = room_ask(room, "Describe", NULL);
        assert_string_equal(member(same, "order"), ROOM_ORDER);
        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nIdentifiers=a.example b.example\n");
        restart(room);
        other = room_ask(room, "Describe", NULL);
        assert_null(member(other, "order"));
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        room_expect(room, NULL, "ForgetAccount", NULL);
        json_object_put(other);
        other = room_ask(room, "Describe", NULL);
        assert_null(member(other, "order"));
        assert_null(member(other, "account"));
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

static void test_configuration__invalid(void **state)
{
        static const char *const methods[] = {
                        "Describe",
                        "ForgetAccount",
                        "ForgetOrder",
        };
        Room *room = *state;

        room_configure(room, "[Defaults]\nKeyType=dsa\n", "[Certificate]\n");
        room_start(room);
        FOREACH_ARRAY (method, methods, ELEMENTSOF(methods))
                room_expect(room, "ConfigurationInvalid", *method, NULL);
        room_expect(room, "ConfigurationInvalid", "NewOrder", "url", ROOM_URL, "nonce", "a", NULL);
        room_expect(room, "ConfigurationInvalid", "SetOrder", "order", ROOM_ORDER, NULL);
        room_expect(room, "ConfigurationInvalid", "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        room_expect(room, "ConfigurationInvalid", "Install", "chain", "x", NULL);
        room_stop(room);
        assert_false(room_has(room, ROOM_CERTS));
}

static void test_store__cannot_be_opened(void **state)
{
        Room *room = *state;

        assert_int_equal(unlinkat(room->d->fd, "var/lib/acme/live", AT_REMOVEDIR), 0);
        close(openat(room->d->fd, "var/lib/acme/live", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
        room_start(room);
        room_expect(room, "StoreFailed", "Describe", NULL);
        room_expect(room, "StoreFailed", "NewOrder", "url", ROOM_URL, "nonce", "a", NULL);
}

static void test_account_key__damaged_is_not_replaced(void **state)
{
        _cleanup_free_ char *ca = NULL, *path = NULL;
        _cleanup_json_ struct json_object *reply = NULL;
        Room *room = *state;

        room_start(room);
        room_register(room);
        reply = room_ask(room, "Describe", NULL);
        assert_true(asprintf(&path,
                             "%s/var/lib/acme/accounts/%s/key.pem",
                             room->d->path,
                             member(reply, "ca")) > 0);
        room_stop(room);
        assert_int_equal(truncate(path, 20), 0);
        room_start(room);
        room_expect(room, "StoreFailed", "Describe", NULL);
        room_expect(room, "StoreFailed", "KeyAuthorization", "token", ROOM_TOKEN, NULL);
}

/* RSA keys are made beside the door: who needs none of them is answered meanwhile. */
static void test_rsa__made_beside_the_door(void **state)
{
        Room *room = *state;
        EVP_PKEY *key;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"
                       "AccountKeyType=rsa-2048\n",
                       "[Certificate]\nKeyType=rsa-3072\n");
        room_start(room);
        assert_due(room, "first");
        assert_due(room, "first");
        key = room_renew(room);
        assert_int_equal(EVP_PKEY_get_bits(key), 3072);
        EVP_PKEY_free(key);
        assert_due(room, "none");
}

/* Stopped while it makes a key: at once, and in order. */
static void test_rsa__stopped_in_the_middle(void **state)
{
        Room *room = *state;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"
                       "AccountKeyType=rsa-4096\n",
                       "[Certificate]\nKeyType=rsa-4096\n");
        room_start(room);
        assert_due(room, "first");
}

static void test_service__describes_itself(void **state)
{
        _cleanup_json_ struct json_object *info = NULL, *description = NULL;
        Room *room = *state;

        room_start(room);
        info = room_ask(room, "org.varlink.service.GetInfo", NULL);
        assert_non_null(strstr(member(info, "interfaces"), "io.acmeward.Signer"));
        description = room_ask(room,
                               "org.varlink.service.GetInterfaceDescription",
                               "interface",
                               "io.acmeward.Signer",
                               NULL);
        assert_non_null(strstr(member(description, "description"), "method Install("));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_describe__at_first),
                        TEST(test_requests__say_what_they_mean),
                        TEST(test_requests__need_an_account),
                        TEST(test_requests__urls_of_others),
                        TEST(test_requests__bad_parameters),
                        TEST(test_new_account__terms_not_agreed),
                        TEST(test_key_authorization__before_any_account),
                        TEST(test_install__from_nothing_to_live),
                        TEST(test_install__refusals_leave_the_store_alone),
                        TEST(test_install__refused_order_is_forgotten),
                        TEST(test_finalize__pending_key_outlives_the_run),
                        TEST(test_install__renewed_and_kept_keys),
                        TEST(test_describe__due_for_every_reason),
                        TEST(test_describe__key_mismatch),
                        TEST(test_describe__state_lost_or_damaged),
                        TEST(test_describe__order_under_way),
                        TEST(test_report_failure__schedule),
                        TEST(test_disconnect__in_the_middle_is_a_failure),
                        TEST(test_disconnect__when_nothing_is_due),
                        TEST(test_budget__ends),
                        TEST(test_configuration__invalid),
                        TEST(test_store__cannot_be_opened),
                        TEST(test_account_key__damaged_is_not_replaced),
                        TEST(test_rsa__made_beside_the_door),
                        TEST(test_rsa__stopped_in_the_middle),
                        TEST(test_service__describes_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
