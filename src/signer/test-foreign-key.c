/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A certificate by somebody else's signing request, through the signer's door. */

#include <fcntl.h>
#include <glob.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "signer/csr.h"
#include "signer/key.h"
#include "signer/retired.h"
#include "signer/test-room.h"

#define CSR_FILE "etc/acme/request.csr"
#define DEFAULTS "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"

static void write_request(Room *room, EVP_PKEY *key, const char *name, const char *second)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ unsigned char *der = NULL;
        _cleanup_free_ char *path = NULL;
        size_t length;
        FILE *f;

        assert_int_equal(strv_append(&names, name), 0);
        if (second)
                assert_int_equal(strv_append(&names, second), 0);
        assert_int_equal(csr_make(key, names, &der, &length), 0);
        assert_true(asprintf(&path, "%s/" CSR_FILE, room->d->path) > 0);
        f = fopen(path, "we");
        assert_non_null(f);
        assert_int_equal(fwrite(der, 1, length, f), length);
        fclose(f);
}

static void configure(Room *room, const char *more)
{
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text, "[Certificate]\nCSR=/" CSR_FILE "\n%s", more) > 0);
        room_configure(room, DEFAULTS, text);
}

static char *get_due(Room *room)
{
        _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);
        const char *due = member(reply, "due");

        return strdup(due ?: "none");
}

static void assert_due(Room *room, const char *expected)
{
        _cleanup_free_ char *due = get_due(room);

        assert_string_equal(due, expected);
}

static void restart(Room *room)
{
        room_stop(room);
        room_start(room);
}

/* For these names, "DNS:a.example,…". */
static void renew(Room *room, EVP_PKEY *key, const char *names)
{
        _cleanup_free_ char *chain = NULL;
        EVP_PKEY *found;

        room_register(room);
        json_object_put(room_ask(room, "SetOrder", "order", ROOM_ORDER, NULL));
        found = room_finalize(room);
        assert_int_equal(EVP_PKEY_eq(found, key), 1);
        chain = room_issue(found, names, NULL);
        json_object_put(room_ask(room, "Install", "chain", chain, NULL));
}

static void test_csr__no_key_in_the_store(void **state)
{
        _cleanup_key_ EVP_PKEY *key = pki_key("P-384");
        _cleanup_(state_freep) State *s = NULL;
        _cleanup_free_ char *foreign = NULL;
        Room *room = *state;

        write_request(room, key, "a.example", "b.example");
        configure(room, "");
        room_start(room);
        assert_due(room, "first");
        renew(room, key, "DNS:a.example,DNS:b.example");
        assert_true(room_has(room, ROOM_LIVE "/fullchain.pem"));
        assert_false(room_has(room, ROOM_LIVE "/privkey.pem"));
        assert_false(room_has(room, ROOM_CERTS "/pending"));
        assert_due(room, "none");
        restart(room);
        assert_due(room, "none");
        room_stop(room);
        s = room_state(room);
        assert_non_null(startswith(s->certificate.key_source, KEY_SOURCE_CSR));
        assert_int_equal(strv_length(s->certificate.identifiers), 2);

        /* Without the state it is still what was asked for. */
        assert_int_equal(unlinkat(room->d->fd, ROOM_CERTS "/state.json", 0), 0);
        room_start(room);
        assert_due(room, "none");
        foreign = room_issue(pki_key("P-256"), "DNS:a.example,DNS:b.example", NULL);
        room_expect(room, "ChainRefused", "Install", "chain", foreign, NULL);
}

static void test_csr__another_request_is_due(void **state)
{
        _cleanup_key_ EVP_PKEY *key = pki_key("P-256"), *other = pki_key("P-256");
        Room *room = *state;

        write_request(room, key, "a.example", NULL);
        configure(room, "");
        room_start(room);
        renew(room, key, "DNS:a.example");
        write_request(room, other, "a.example", NULL);
        restart(room);
        assert_due(room, "key");
        renew(room, other, "DNS:a.example");
        assert_due(room, "none");
        write_request(room, other, "a.example", "b.example");
        restart(room);
        assert_due(room, "key");
        renew(room, other, "DNS:a.example,DNS:b.example");

        /* And back to a key of ours. */
        room_configure(room, DEFAULTS, "[Certificate]\nIdentifiers=a.example b.example\n");
        restart(room);
        assert_due(room, "key");
        EVP_PKEY_free(room_finalize(room));
        assert_true(room_has(room, ROOM_CERTS "/pending/key.pem"));
        /* A key of ours that was under way is not kept beside somebody else's. */
        configure(room, "");
        restart(room);
        assert_due(room, "none");
        assert_false(room_has(room, ROOM_CERTS "/pending"));
}

static void test_csr__names_of_others_are_refused(void **state)
{
        static const struct {
                const char *name, *second, *settings;
        } table[] = {
                        {"a.example", "b.example", "Identifiers=a.example\n"},
                        {"a.example", NULL, "Identifiers=a.example b.example\n"},
                        {"*.a.example", NULL, ""},
                        {"a_b.example", NULL, ""},
        };
        _cleanup_key_ EVP_PKEY *key = pki_key("P-256");
        Room *room = *state;

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                write_request(room, key, row->name, row->second);
                configure(room, row->settings);
                room_start(room);
                room_expect(room, "ConfigurationInvalid", "Describe", NULL);
                room_expect(room,
                            "ConfigurationInvalid",
                            "Finalize",
                            "url",
                            ROOM_URL,
                            "nonce",
                            ROOM_NONCE,
                            NULL);
                room_stop(room);
        }
        assert_int_equal(unlinkat(room->d->fd, CSR_FILE, 0), 0);
        room_start(room);
        room_expect(room, "ConfigurationInvalid", "Describe", NULL);
        assert_false(room_has(room, ROOM_LIVE));
}

static EVP_PKEY *account_key(Room *room)
{
        _cleanup_free_ char *pattern = NULL;
        EVP_PKEY *key = NULL;
        glob_t found;

        assert_true(asprintf(&pattern, "%s/var/lib/acme/accounts/*/key.pem", room->d->path) > 0);
        assert_int_equal(glob(pattern, 0, NULL, &found), 0);
        assert_int_equal(key_read_file(AT_FDCWD, found.gl_pathv[0], &key), 0);
        globfree(&found);
        return key;
}

static void test_csr__keys_that_may_not_be_had(void **state)
{
        _cleanup_key_ EVP_PKEY *key = pki_key("P-256"), *account = NULL;
        Room *room = *state;

        write_request(room, key, "a.example", NULL);
        configure(room, "");
        assert_int_equal(retired_add(room->d->path, key), 0);
        room_start(room);
        room_expect(room, "ConfigurationInvalid", "Describe", NULL);
        room_register(room);
        room_stop(room);
        account = account_key(room);
        write_request(room, account, "a.example", NULL);
        room_start(room);
        room_expect(room, "ConfigurationInvalid", "Describe", NULL);
        room_expect(room,
                    "ConfigurationInvalid",
                    "Finalize",
                    "url",
                    ROOM_URL,
                    "nonce",
                    ROOM_NONCE,
                    NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test_setup_teardown(test_csr__no_key_in_the_store,
                                                        room_setup,
                                                        room_teardown),
                        cmocka_unit_test_setup_teardown(test_csr__another_request_is_due,
                                                        room_setup,
                                                        room_teardown),
                        cmocka_unit_test_setup_teardown(test_csr__names_of_others_are_refused,
                                                        room_setup,
                                                        room_teardown),
                        cmocka_unit_test_setup_teardown(test_csr__keys_that_may_not_be_had,
                                                        room_setup,
                                                        room_teardown),
        };

        key_library_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
