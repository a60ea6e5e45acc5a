/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Placeholders: what they say of themselves, when there is one, and that nothing of them gets into
 * a real certificate. */

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "signer/self-signed.h"
#include "signer/test-room.h"
#include "x509/certificate.h"

#define DEFAULTS "[Defaults]\nCA=" ROOM_DIRECTORY "\nTermsOfServiceAgreed=yes\n"
#define WANTED "[Certificate]\nPlaceholder=yes\n"

static X509 *read_live(Room *room)
{
        _cleanup_free_ char *path = NULL;
        X509 *certificate;
        FILE *f;

        assert_true(asprintf(&path, "%s/" ROOM_LIVE "/fullchain.pem", room->d->path) > 0);
        f = fopen(path, "re");
        assert_non_null(f);
        certificate = PEM_read_X509(f, NULL, NULL, NULL);
        /* And nothing behind it. */
        assert_null(PEM_read_X509(f, NULL, NULL, NULL));
        fclose(f);
        assert_non_null(certificate);
        return certificate;
}

static EVP_PKEY *live_key(Room *room)
{
        X509 *certificate = read_live(room);
        EVP_PKEY *key = X509_get_pubkey(certificate);

        X509_free(certificate);
        return key;
}

static void assert_live(Room *room, const char *generation)
{
        _cleanup_free_ char *live = room_live(room);

        assert_string_equal(live ?: "none", generation);
}

static void assert_due(Room *room, const char *expected)
{
        _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);

        assert_string_equal(member(reply, "due") ?: "none", expected);
}

/* Asks for one. */
static void placeholder(Room *room)
{
        json_object_put(room_ask(room, "InstallPlaceholder", NULL));
}

static void expect_refusal(Room *room, const char *reason)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *error = NULL;

        reply = room_call(room, room->client, &error, "InstallPlaceholder", NULL);
        assert_string_equal(error ?: "none", "PlaceholderRefused");
        assert_string_equal(member(reply, "reason"), reason);
}

static void start_wanted(Room *room)
{
        room_configure(room, DEFAULTS, WANTED);
        room_start(room);
}

static bool is_placeholder_told(Room *room)
{
        _cleanup_json_ struct json_object *reply = room_ask(room, "Describe", NULL);
        struct json_object *certificate, *value;

        assert_true(json_object_object_get_ex(reply, "certificate", &certificate));
        assert_true(json_object_object_get_ex(certificate, "placeholder", &value));
        return json_object_get_boolean(value);
}

static void test_placeholder__says_what_it_is(void **state)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_(state_freep) State *s = NULL;
        Room *room = *state;
        usec_t from, to;
        X509 *x;

        room_configure(room, DEFAULTS, WANTED "Identifiers=b.example c.a.example a.example\n");
        room_start(room);
        placeholder(room);
        assert_false(room_has(room, ROOM_CERTS "/pending"));
        assert_true(is_placeholder_told(room));
        assert_due(room, "first");
        room_stop(room);

        x = read_live(room);
        assert_true(certificate_is_placeholder(x));
        assert_int_equal(certificate_get_names(x, &names), 0);
        assert_int_equal(strv_length(names), 3);
        assert_true(strv_contains(names, "c.a.example"));
        assert_int_equal(X509_check_ca(x), 0);
        assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_SERVER);
        assert_int_equal(X509_self_signed(x, 1), 1);
        assert_int_equal(certificate_get_time(X509_get0_notBefore(x), &from), 0);
        assert_int_equal(certificate_get_time(X509_get0_notAfter(x), &to), 0);
        assert_true(from < PKI_NOW_USEC && to == PKI_NOW_USEC + PLACEHOLDER_LIFETIME_USEC);
        X509_free(x);

        s = room_state(room);
        assert_true(s->certificate.is_set && s->certificate.is_placeholder);
        assert_null(s->certificate.directory);
        assert_true(room_has(room, ROOM_LIVE "/placeholder"));
        assert_true(room_logged(room, "Installed a placeholder"));
}

static void test_placeholder__every_key_type(void **state)
{
        static const char *const types[] = {"ec-p256", "ec-p384", "rsa-2048"};
        Room *room = *state;

        FOREACH_ARRAY (type, types, ELEMENTSOF(types)) {
                _cleanup_free_ char *certificate = NULL;
                _cleanup_(state_freep) State *s = NULL;

                assert_true(asprintf(&certificate, WANTED "KeyType=%s\n", *type) > 0);
                room_configure(room, DEFAULTS, certificate);
                room_start(room);
                placeholder(room);
                room_stop(room);
                s = room_state(room);
                assert_string_equal(s->certificate.key_type, *type);
        }
        /* Another type is a reason for another placeholder. */
        assert_live(room, "3");
}

static void test_placeholder__only_where_it_is_wanted(void **state)
{
        Room *room = *state;

        room_configure(room, DEFAULTS, "[Certificate]\nPlaceholder=no\n");
        room_start(room);
        expect_refusal(room, "notConfigured");
        room_stop(room);
        assert_null(room_live(room));
}

static void test_placeholder__never_over_a_real_one(void **state)
{
        Room *room = *state;

        start_wanted(room);
        EVP_PKEY_free(room_renew(room));
        expect_refusal(room, "live");
        room_stop(room);
        room_start(room);
        expect_refusal(room, "live");
        assert_live(room, "1");
        assert_false(is_placeholder_told(room));
        /* Nor over what somebody else has put there. */
        assert_int_equal(unlinkat(room->d->fd, ROOM_LIVE, 0), 0);
        assert_int_equal(symlinkat("/etc/somewhere", room->d->fd, ROOM_LIVE), 0);
        expect_refusal(room, "live");
}

static void test_placeholder__gives_way_to_the_first_real_one(void **state)
{
        _cleanup_(state_freep) State *s = NULL;
        EVP_PKEY *first, *second;
        Room *room = *state;

        start_wanted(room);
        placeholder(room);
        first = live_key(room);
        second = room_renew(room);
        assert_int_not_equal(EVP_PKEY_eq(first, second), 1);
        assert_live(room, "2");
        assert_false(room_has(room, ROOM_LIVE "/placeholder"));
        assert_due(room, "none");
        room_stop(room);
        s = room_state(room);
        assert_false(s->certificate.is_placeholder);
        EVP_PKEY_free(first);
        EVP_PKEY_free(second);
}

/* RenewKey=no keeps keys of certificates, within one signer's life and from one to the next. */
static void test_placeholder__its_key_is_not_kept(void **state)
{
        EVP_PKEY *first, *second, *third;
        Room *room = *state;

        for (unsigned i = 0; i < 2; i++) {
                room_configure(room, DEFAULTS, WANTED "RenewKey=no\n");
                room_start(room);
                placeholder(room);
                first = live_key(room);
                if (i == 1) {
                        room_stop(room);
                        room_start(room);
                }
                second = room_renew(room);
                assert_int_not_equal(EVP_PKEY_eq(first, second), 1);
                third = room_renew(room);
                assert_int_equal(EVP_PKEY_eq(second, third), 1);
                room_stop(room);
                EVP_PKEY_free(first);
                EVP_PKEY_free(second);
                EVP_PKEY_free(third);
                assert_int_equal(file_remove_tree(room->d->fd, "var"), 0);
                room_make_store(room);
        }
}

static void test_placeholder__is_made_anew_for_a_reason_only(void **state)
{
        Room *room = *state;

        start_wanted(room);
        placeholder(room);
        placeholder(room);
        room_stop(room);
        room_start(room);
        placeholder(room);
        assert_live(room, "1");
        room_stop(room);

        room->now_usec += 2 * PLACEHOLDER_LIFETIME_USEC / 3;
        room_start(room);
        placeholder(room);
        assert_live(room, "2");
        room_stop(room);

        room_configure(room, DEFAULTS, WANTED "Identifiers=other.example\n");
        room_start(room);
        placeholder(room);
        assert_live(room, "3");
        room_stop(room);

        /* A clock that was ahead. */
        room->now_usec -= PLACEHOLDER_LIFETIME_USEC;
        room_start(room);
        placeholder(room);
        assert_live(room, "4");
}

static void test_placeholder__old_ones_are_pruned(void **state)
{
        Room *room = *state;

        room_configure(room, DEFAULTS, WANTED);
        for (unsigned i = 0; i < 6; i++) {
                room_start(room);
                placeholder(room);
                room_stop(room);
                room->now_usec += PLACEHOLDER_LIFETIME_USEC;
        }
        assert_live(room, "6");
        assert_false(room_has(room, ROOM_CERTS "/2"));
        assert_true(room_has(room, ROOM_CERTS "/3"));
}

/* The count of failures, and an order that can be gone on with, are not its business. */
static void test_placeholder__is_no_success(void **state)
{
        _cleanup_(state_freep) State *s = NULL;
        _cleanup_json_ struct json_object *reply = NULL;
        Room *room = *state;

        start_wanted(room);
        room_register(room);
        json_object_put(room_ask(room, "SetOrder", "order", ROOM_ORDER, NULL));
        room_stop(room);
        s = room_state(room);
        assert_int_equal(s->failure.count, 1);
        room_start(room);
        placeholder(room);
        room_kill(room);
        room_start(room);
        reply = room_ask(room, "Describe", NULL);
        assert_string_equal(member(reply, "order"), ROOM_ORDER);
        room_stop(room);
        state_free(TAKE_PTR(s));
        s = room_state(room);
        assert_int_equal(s->failure.count, 1);
        assert_true(s->certificate.is_placeholder);
}

/* A caller that has fallen may hand in any chain for our key. */
static void test_install__a_placeholder_of_a_callers(void **state)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *error = NULL, *pem = NULL;
        EVP_PKEY *key, *other = pki_key("P-256");
        PkiSpec spec = {.cn = PLACEHOLDER_COMMON_NAME, .names = "DNS:" ROOM_NAME};
        Room *room = *state;
        X509 *x;

        room_start(room);
        room_register(room);
        key = room_finalize(room);
        spec.key = key;
        spec.issuer_key = other;
        x = pki_certify(&spec);
        pem = pki_pem(x, NULL);
        reply = room_call(room, room->client, &error, "Install", "chain", pem, NULL);
        assert_string_equal(error ?: "none", "ChainRefused");
        assert_string_equal(member(reply, "reason"), "placeholder");
        assert_null(room_live(room));
        X509_free(x);
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
        static const struct CMUnitTest tests[] = {
                        TEST(test_placeholder__says_what_it_is),
                        TEST(test_placeholder__every_key_type),
                        TEST(test_placeholder__only_where_it_is_wanted),
                        TEST(test_placeholder__never_over_a_real_one),
                        TEST(test_placeholder__gives_way_to_the_first_real_one),
                        TEST(test_placeholder__its_key_is_not_kept),
                        TEST(test_placeholder__is_made_anew_for_a_reason_only),
                        TEST(test_placeholder__old_ones_are_pruned),
                        TEST(test_placeholder__is_no_success),
                        TEST(test_install__a_placeholder_of_a_callers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
