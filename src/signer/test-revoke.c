/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Revocation through the door: what root names and nothing else, what is on disk before the request
 * leaves, and a retired key that no certificate has again. */

#include "base/base64url.h"
#include "base/file.h"
#include "signer/door.h"
#include "signer/key.h"
#include "signer/retired.h"
#include "signer/test-room.h"
#include "state/revocation-request.h"

#define SIBLING_DIRECTORY "https://ca.example/sibling"
#define SIBLING_ACCOUNT "https://ca.example/acct/sibling"

static void ask_for(Room *room, const char *text)
{
        int fd = openat(room->d->fd, "run/acme/revoke", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(file_replace(fd, ROOM_NAME, text, strlen(text), 0644), 0);
        close(fd);
}

/* A live certificate; the signer runs anew, behind the door of acme-revoke@. */
static void go_live(Room *room)
{
        room_start(room);
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        room->door = DOOR_REVOKE;
        room_start(room);
}

static void expect_refusal(Room *room, const char *method, const char *reason)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *error = NULL;

        reply = streq(method, "Revoke") ? room_call(room,
                                                    room->client,
                                                    &error,
                                                    method,
                                                    "url",
                                                    ROOM_URL,
                                                    "nonce",
                                                    ROOM_NONCE,
                                                    NULL)
                                        : room_call(room, room->client, &error, method, NULL);
        assert_string_equal(error, "RevocationRefused");
        assert_string_equal(member(reply, "reason"), reason);
}

static struct json_object *sign(Room *room)
{
        return room_ask(room, "Revoke", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
}

static void test_revoke__says_what_root_has_asked_for(void **state)
{
        _cleanup_json_ struct json_object *described = NULL, *reply = NULL, *header = NULL,
                                          *payload = NULL;
        struct json_object *revocation;
        Room *room = *state;

        go_live(room);
        ask_for(room, "{\"generation\":\"1\",\"reason\":\"superseded\"}");
        described = room_ask(room, "DescribeRevocation", NULL);
        assert_true(json_object_object_get_ex(described, "revocation", &revocation));
        assert_string_equal(member(revocation, "reason"), "superseded");
        assert_string_equal(member(revocation, "key"), "account");
        assert_string_equal(member(revocation, "live"), "true");
        assert_string_equal(member(described, "account"), ROOM_ACCOUNT);
        reply = sign(room);
        header = jws_member(reply, "protected");
        payload = jws_member(reply, "payload");
        assert_string_equal(member(header, "kid"), ROOM_ACCOUNT);
        assert_string_equal(member(payload, "reason"), "4");
        assert_true(base64url_is_valid(member(payload, "certificate"), 100, 10000));
        assert_int_equal(json_object_object_length(payload), 2);
        room_stop(room);
        assert_true(room_logged(room, "ACME_OPERATION=Revoke"));
        assert_true(room_logged(room, "ACME_UNIT=acme-revoke@" ROOM_NAME ".service"));
}

/* RFC 8555 section 7.6: by the bare key, and without an account. */
static void test_revoke__by_the_certificates_key(void **state)
{
        _cleanup_json_ struct json_object *reply = NULL, *header = NULL, *payload = NULL;
        Room *room = *state;

        go_live(room);
        room_stop(room);
        room->door = 0;
        room_start(room);
        room_expect(room, NULL, "ForgetAccount", NULL);
        ask_for(room, "{\"generation\":\"1\"}");
        room_expect(room, "NoAccount", "Revoke", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        ask_for(room, "{\"generation\":\"1\",\"key\":\"certificate\"}");
        reply = sign(room);
        header = jws_member(reply, "protected");
        payload = jws_member(reply, "payload");
        assert_null(member(header, "kid"));
        assert_non_null(member(header, "jwk"));
        assert_null(member(payload, "reason"));
        room_expect(room, "UrlRefused", "Revoke", "url", "https://x.example/", "nonce", "n", NULL);
}

static void test_revoke__refusals(void **state)
{
        static const struct {
                const char *request, *reason;
        } table[] = {
                        {"{\"generation\":\"2\"}", "notFound"},
                        {"{\"serial\":\"ffff\"}", "notFound"},
                        {"{\"certificate\":\"x\"}", "notPem"},
                        {"{}", "malformed"},
                        {"", "malformed"},
        };
        _cleanup_free_ char *foreign = room_issue(NULL, "DNS:x.example", NULL);
        struct json_object *object = json_object_new_object();
        _cleanup_(state_freep) State *s = NULL;
        const char *formatted;
        Room *room = *state;

        go_live(room);
        expect_refusal(room, "DescribeRevocation", "notRequested");
        expect_refusal(room, "Revoke", "notRequested");
        room_expect(room, "RevocationRefused", "SetRevocation", "=revoked", "true", NULL);
        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                ask_for(room, row->request);
                expect_refusal(room, "DescribeRevocation", row->reason);
                expect_refusal(room, "Revoke", row->reason);
        }
        /* Of somebody else: the account may sign for it, its key is not here. */
        assert_int_equal(json_add_string(object, "certificate", foreign), 0);
        assert_int_equal(json_format(object, &formatted, NULL), 0);
        ask_for(room, formatted);
        json_object_put(sign(room));
        assert_int_equal(json_add_string(object, "key", "certificate"), 0);
        assert_int_equal(json_format(object, &formatted, NULL), 0);
        ask_for(room, formatted);
        expect_refusal(room, "Revoke", "noKey");
        json_object_put(object);
        room_stop(room);
        s = room_state(room);
        assert_true(s->certificate.revocation.asked_usec == 0);
}

/* Other doors have none of it, and this one nothing else. */
static void test_revoke__doors(void **state)
{
        static const char *const others[] = {"Describe",
                                             "NewOrder",
                                             "Finalize",
                                             "Install",
                                             "Fetch"};
        Room *room = *state;

        go_live(room);
        FOREACH_ARRAY (method, others, ELEMENTSOF(others))
                room_expect(room, "PermissionDenied", *method, NULL);
        room_stop(room);
        room->door = DOOR_RENEW;
        room_start(room);
        ask_for(room, "{\"generation\":\"1\"}");
        room_expect(room, "PermissionDenied", "Revoke", "url", ROOM_URL, "nonce", ROOM_NONCE, NULL);
        room_expect(room, "PermissionDenied", "SetRevocation", "=revoked", "true", NULL);
}

static void assert_due(Room *room, const char *due)
{
        _cleanup_json_ struct json_object *reply = NULL;
        unsigned door = room->door;

        room_stop(room);
        room->door = DOOR_RENEW;
        room_start(room);
        reply = room_ask(room, "Describe", NULL);
        assert_string_equal(member(reply, "due") ?: "none", due);
        room_stop(room);
        room->door = door;
        room_start(room);
}

/* Between the CA's yes and our note anything may die: then nobody knows, and it is due. */
static void test_set_revocation__what_is_remembered(void **state)
{
        _cleanup_(state_freep) State *asked = NULL, *revoked = NULL, *refused = NULL;
        Room *room = *state;

        go_live(room);
        assert_due(room, "none");
        ask_for(room, "{\"generation\":\"1\",\"reason\":\"affiliationChanged\"}");
        json_object_put(sign(room));
        room_kill(room);
        asked = room_state(room);
        assert_true(asked->certificate.revocation.asked_usec == PKI_NOW_USEC);
        assert_true(asked->certificate.revocation.revoked_usec == 0);
        room_start(room);
        assert_due(room, "revoked");
        json_object_put(sign(room));
        room_expect(room, NULL, "SetRevocation", "=revoked", "false", NULL);
        refused = room_state(room);
        assert_true(refused->certificate.revocation.asked_usec == 0);
        assert_null(refused->certificate.revocation.reason);
        assert_due(room, "none");
        json_object_put(sign(room));
        room_expect(room, NULL, "SetRevocation", "=revoked", "true", NULL);
        revoked = room_state(room);
        assert_true(revoked->certificate.revocation.revoked_usec == PKI_NOW_USEC);
        assert_string_equal(revoked->certificate.revocation.reason, "affiliationChanged");
        /* Whatever a CA says later, revoked is for ever. */
        json_object_put(sign(room));
        room_expect(room, NULL, "SetRevocation", "=revoked", "false", NULL);
        assert_due(room, "revoked");
        assert_true(room_logged(room, "ACME_REASON=affiliationChanged"));
}

/* Not the live one: nothing is due for it. */
static void test_set_revocation__of_an_older_one(void **state)
{
        Room *room = *state;

        room_start(room);
        EVP_PKEY_free(room_renew(room));
        EVP_PKEY_free(room_renew(room));
        room_stop(room);
        room->door = DOOR_REVOKE;
        room_start(room);
        ask_for(room, "{\"generation\":\"1\"}");
        json_object_put(sign(room));
        room_expect(room, NULL, "SetRevocation", "=revoked", "true", NULL);
        assert_due(room, "none");
}

/* What DescribeRevocation says of this generation. */
static void
assert_issuer(Room *room, const char *generation, const char *directory, const char *account)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text, "{\"generation\":\"%s\"}", generation) > 0);
        ask_for(room, text);
        reply = room_ask(room, "DescribeRevocation", NULL);
        assert_string_equal(member(reply, "directory"), directory);
        assert_string_equal(member(reply, "account"), account);
        json_object_put(sign(room));
}

/* By the CA that has issued it and with the account there, whichever comes first in CA=, and also
 * when the other one's has been asked for before. */
static void test_revoke__each_by_the_ca_that_has_issued_it(void **state)
{
        _cleanup_json_ struct json_object *reply = NULL;
        Room *room = *state;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY " " SIBLING_DIRECTORY
                       "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\n");
        room_start(room);
        EVP_PKEY_free(room_renew(room));
        reply = room_ask(room, "Describe", NULL);
        room_expect(room, NULL, "NextAuthority", "ca", member(reply, "ca"), "=outcome", "75", NULL);
        EVP_PKEY_free(room_renew(room));
        room_expect(room, NULL, "SetAccount", "account", SIBLING_ACCOUNT, NULL);
        room_stop(room);
        room->door = DOOR_REVOKE;
        room_start(room);
        assert_issuer(room, "1", ROOM_DIRECTORY, ROOM_ACCOUNT);
        assert_issuer(room, "2", SIBLING_DIRECTORY, SIBLING_ACCOUNT);
        /* What is live is due now, by the first CA that is not put off. */
        room_stop(room);
        room->now_usec += USEC_PER_DAY;
        room_start(room);
        assert_issuer(room, "2", SIBLING_DIRECTORY, SIBLING_ACCOUNT);
        /* Described as the one and signed for as the other. */
        ask_for(room, "{\"generation\":\"1\"}");
        expect_refusal(room, "Revoke", "otherCa");
        room_stop(room);
        room_configure(room,
                       "[Defaults]\nCA=" SIBLING_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\n");
        room_start(room);
        expect_refusal(room, "DescribeRevocation", "otherCa");
}

static void test_revoke__a_compromised_key_is_retired_first(void **state)
{
        _cleanup_free_ char *path = NULL, *chain = NULL;
        char fingerprint[RETIRED_FINGERPRINT_MAX];
        EVP_PKEY *key, *next;
        Room *room = *state;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nRenewKey=no\n");
        room_start(room);
        key = room_renew(room);
        assert_int_equal(retired_fingerprint(key, fingerprint), 0);
        assert_true(asprintf(&path, "var/lib/acme/retired/%s", fingerprint) > 0);
        assert_int_equal(retired_has(room->d->path, key), 0);
        room_stop(room);
        room->door = DOOR_REVOKE;
        room_start(room);
        ask_for(room, "{\"generation\":\"1\",\"reason\":\"keyCompromise\"}");
        assert_false(room_has(room, path));
        json_object_put(sign(room));
        /* Whatever the CA says, and if we die. */
        room_kill(room);
        assert_true(room_has(room, path));
        assert_int_equal(retired_has(room->d->path, key), 1);
        room->door = 0;
        room_start(room);
        assert_due(room, "keyRetired");
        /* RenewKey=no or not: it is another one. */
        next = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(key, next), 0);
        assert_int_equal(EVP_PKEY_up_ref(key), 1);
        chain = room_issue(key, "DNS:" ROOM_NAME, NULL);
        room_expect(room, "ChainRefused", "Install", "chain", chain, NULL);
        room_stop(room);
        assert_true(room_logged(room, "ACME_REASON=retiredKey"));
        EVP_PKEY_free(next);
        EVP_PKEY_free(key);
}

/* Begun by acmectl replace --compromised, of two types, while the signer has the order for one of
 * the very keys. */
static void test_replacement__of_a_compromised_key(void **state)
{
        _cleanup_free_ char *live = NULL, *second = NULL, *chain = NULL, *text = NULL;
        RevocationRequest requests[] = {{.reason = REVOCATION_KEY_COMPROMISE},
                                        {.reason = REVOCATION_KEY_COMPROMISE}};
        EVP_PKEY *key, *other, *kept, *next;
        size_t length;
        Room *room = *state;
        int fd;

        room_configure(room,
                       "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n",
                       "[Certificate]\nRenewKey=no\n");
        room_start(room);
        key = room_renew(room);
        kept = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(key, kept), 1);
        assert_int_equal(file_read(room->d->fd,
                                   ROOM_CERTS "/1/cert.pem",
                                   REVOCATION_REQUEST_BYTES_MAX,
                                   0,
                                   &live,
                                   &length),
                         0);
        assert_int_equal(key_generate(KEY_TYPE_RSA_2048, NULL, &other), 0);
        assert_int_equal(EVP_PKEY_up_ref(other), 1);
        requests[0].certificate = second = room_issue(other, "DNS:" ROOM_NAME, NULL);
        requests[1].certificate = live;
        assert_int_equal(replacement_format(requests, 2, &text), 0);
        fd = openat(room->d->fd, "var/lib/acme/replace", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_replace(fd, ROOM_NAME, text, strlen(text), 0644), 0);
        close(fd);
        /* The order is for the old key: it comes too late. */
        chain = room_issue(kept, "DNS:" ROOM_NAME, NULL);
        room_expect(room, "ChainRefused", "Install", "chain", chain, NULL);
        next = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(key, next), 0);
        assert_int_equal(retired_has(room->d->path, key), 1);
        assert_int_equal(retired_has(room->d->path, other), 1);
        EVP_PKEY_free(other);
        assert_due(room, "keyRetired");
        /* One that cannot be read stops nobody. */
        fd = openat(room->d->fd, "var/lib/acme/replace", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_replace(fd, ROOM_NAME, "{", 1, 0644), 0);
        close(fd);
        EVP_PKEY_free(next);
        next = room_finalize(room);
        EVP_PKEY_free(next);
        EVP_PKEY_free(key);
}

/* By the signer of another name, while this one has the key in its hands. */
static void test_retired__meanwhile(void **state)
{
        EVP_PKEY *key, *next;
        Room *room = *state;

        room_start(room);
        room_register(room);
        key = room_finalize(room);
        assert_int_equal(retired_add(room->d->path, key), 0);
        assert_int_equal(retired_add(room->d->path, key), 0);
        next = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(key, next), 0);
        room_stop(room);
        EVP_PKEY_free(key);
        /* And the next run's is that of the second request. */
        room_start(room);
        key = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(key, next), 1);
        EVP_PKEY_free(key);
        EVP_PKEY_free(next);
}

#define test_of_room(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of_room(test_revoke__says_what_root_has_asked_for),
                        test_of_room(test_revoke__by_the_certificates_key),
                        test_of_room(test_revoke__refusals),
                        test_of_room(test_revoke__doors),
                        test_of_room(test_set_revocation__what_is_remembered),
                        test_of_room(test_set_revocation__of_an_older_one),
                        test_of_room(test_revoke__each_by_the_ca_that_has_issued_it),
                        test_of_room(test_revoke__a_compromised_key_is_retired_first),
                        test_of_room(test_replacement__of_a_compromised_key),
                        test_of_room(test_retired__meanwhile),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
