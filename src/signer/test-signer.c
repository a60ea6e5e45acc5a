/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer as its callers see it, through the door: what it says of itself, and what it makes of
 * a store, a state or a configuration that is not right. */

#include <sys/stat.h>

#include "signer/door.h"
#include "signer/test-room.h"

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
        /* It is for the client to give up: proofs of names are pending with the CA. */
        assert_string_equal(member(other, "order"), ROOM_ORDER);
        room_expect(room, NULL, "SetOrder", "order", ROOM_ORDER, NULL);
        room_expect(room, NULL, "ForgetAccount", NULL);
        json_object_put(other);
        other = room_ask(room, "Describe", NULL);
        assert_null(member(other, "order"));
        assert_null(member(other, "account"));
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
        _cleanup_free_ char *path = NULL;
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

/* Each unit that may knock has its own methods, and the description everywhere. */
static void test_doors__have_their_own_methods(void **state)
{
        Room *room = *state;

        room->door = DOOR_CHALLENGE;
        room_start(room);
        json_object_put(room_ask(room, "KeyAuthorization", "token", ROOM_TOKEN, NULL));
        room_expect(room, "PermissionDenied", "Describe", NULL);
        room_expect(room, "PermissionDenied", "Fetch", "url", ROOM_URL, "nonce", "a", NULL);
        room_expect(room, "PermissionDenied", "InstallPlaceholder", NULL);
        room_stop(room);

        room->door = DOOR_RENEW;
        room_start(room);
        json_object_put(room_ask(room, "Describe", NULL));
        room_expect(room, "PermissionDenied", "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        room_expect(room, "PermissionDenied", "InstallPlaceholder", NULL);
        room_stop(room);

        room->door = DOOR_ALPN;
        room_start(room);
        json_object_put(room_ask(room,
                                 "ValidationCertificate",
                                 "token",
                                 ROOM_TOKEN,
                                 "identifier",
                                 ROOM_NAME,
                                 NULL));
        room_expect(room,
                    "IdentifierRefused",
                    "ValidationCertificate",
                    "token",
                    ROOM_TOKEN,
                    "identifier",
                    "other.example",
                    NULL);
        room_expect(room, "PermissionDenied", "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        room_expect(room, "PermissionDenied", "KeyAuthorizationDigest", "token", ROOM_TOKEN, NULL);
        room_stop(room);

        room->door = DOOR_DNS;
        room_start(room);
        json_object_put(room_ask(room, "KeyAuthorizationDigest", "token", ROOM_TOKEN, NULL));
        room_expect(room, "PermissionDenied", "KeyAuthorization", "token", ROOM_TOKEN, NULL);
        room_expect(room, "PermissionDenied", "Describe", NULL);
        room_stop(room);

        room->door = DOOR_PLACEHOLDER;
        room_start(room);
        room_expect(room, "PermissionDenied", "Describe", NULL);
        room_expect(room, "PermissionDenied", "Finalize", "url", ROOM_URL, "nonce", "a", NULL);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_describe__at_first),
                        TEST(test_describe__due_for_every_reason),
                        TEST(test_describe__key_mismatch),
                        TEST(test_describe__state_lost_or_damaged),
                        TEST(test_describe__order_under_way),
                        TEST(test_configuration__invalid),
                        TEST(test_store__cannot_be_opened),
                        TEST(test_account_key__damaged_is_not_replaced),
                        TEST(test_service__describes_itself),
                        TEST(test_doors__have_their_own_methods),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
