/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A private key that root has brought, through the signer's door. */

#include <openssl/pem.h>

#include "signer/key.h"
#include "signer/retired.h"
#include "signer/test-room.h"

#define IMPORT ROOM_CERTS "/import-key"
#define DEFAULTS "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"

static void write_text(Room *room, const char *text)
{
        _cleanup_free_ char *path = NULL;
        FILE *f;

        assert_true(asprintf(&path, "%s/" IMPORT, room->d->path) > 0);
        f = fopen(path, "we");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
}

static void write_key(Room *room, EVP_PKEY *key)
{
        _cleanup_free_ char *path = NULL;
        FILE *f;

        assert_true(asprintf(&path, "%s/" IMPORT, room->d->path) > 0);
        f = fopen(path, "we");
        assert_non_null(f);
        assert_int_equal(PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
        fclose(f);
}

static void expect_refusal(Room *room, const char *reason)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *error = NULL;

        reply = room_call(room, room->client, &error, "ImportKey", NULL);
        assert_string_equal(error ?: "none", "KeyRefused");
        assert_string_equal(member(reply, "reason"), reason);
        assert_false(room_has(room, IMPORT));
}

/* For which key the next certificate is. */
static void assert_next(Room *room, EVP_PKEY *key)
{
        EVP_PKEY *found = room_finalize(room);

        assert_int_equal(EVP_PKEY_eq(found, key), 1);
        EVP_PKEY_free(found);
}

static void test_import_key__next_certificate_is_for_it(void **state)
{
        _cleanup_key_ EVP_PKEY *key = pki_key("P-256");
        _cleanup_json_ struct json_object *reply = NULL, *described = NULL;
        Room *room = *state;

        room_configure(room, DEFAULTS, "[Certificate]\nRenewKey=no\n");
        room_start(room);
        room_register(room);
        EVP_PKEY_free(room_finalize(room));
        json_object_put(room_ask(room, "SetOrder", "order", ROOM_ORDER, NULL));
        write_key(room, key);
        reply = room_ask(room, "ImportKey", NULL);
        assert_string_equal(member(reply, "keyType"), "ec-p256");
        assert_int_equal(strlen(member(reply, "fingerprint")), RETIRED_FINGERPRINT_MAX - 1);
        assert_false(room_has(room, IMPORT));
        assert_true(room_has(room, ROOM_CERTS "/pending/key.pem"));
        /* The order for the other one is of no use any more. */
        described = room_ask(room, "Describe", NULL);
        assert_null(member(described, "order"));
        room_kill(room);
        room_start(room);
        assert_next(room, key);
        EVP_PKEY_free(room_renew(room));
        /* And it is kept. */
        room_stop(room);
        room_start(room);
        assert_next(room, key);
}

static void test_import_key__refused(void **state)
{
        static const char *const texts[] = {"",
                                            "no key\n",
                                            "{}",
                                            "{\"kty\": \"EC\"}",
                                            "-----BEGIN"};
        _cleanup_key_ EVP_PKEY *first = NULL, *other = pki_key("P-384"), *odd = pki_key("P-521");
        _cleanup_key_ EVP_PKEY *retired = pki_key("P-256");
        Room *room = *state;

        assert_int_equal(retired_add(room->d->path, retired), 0);
        room_start(room);
        room_register(room);
        first = room_finalize(room);
        expect_refusal(room, "missing");
        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                write_text(room, *text);
                expect_refusal(room, "notKey");
        }
        write_key(room, other);
        expect_refusal(room, "keyType");
        write_key(room, odd);
        expect_refusal(room, "kind");
        write_key(room, retired);
        expect_refusal(room, "retired");
        /* What was to be is to be still. */
        assert_next(room, first);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test_setup_teardown(test_import_key__next_certificate_is_for_it,
                                                        room_setup,
                                                        room_teardown),
                        cmocka_unit_test_setup_teardown(test_import_key__refused,
                                                        room_setup,
                                                        room_teardown),
        };

        key_library_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
