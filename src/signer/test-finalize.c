/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A signing request that comes with the call, at the door of a signer on another machine: what is
 * taken, and everything that is not. */

#include <glob.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/base64url.h"
#include "signer/door.h"
#include "signer/key.h"
#include "signer/retired.h"
#include "signer/test-room.h"
#include "x509/request.h"

typedef struct Specs {
        KeyType key_type;
        const char *names;            /* NULL: none */
        const char *more, *more_text; /* another extension */
        const char *cn, *organization;
        bool has_attribute, is_forged;
} Specs;

static void add_extensions(X509_REQ *request, const Specs *specs)
{
        STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();

        if (specs->names)
                assert_true(sk_X509_EXTENSION_push(extensions,
                                                   X509V3_EXT_conf(NULL,
                                                                   NULL,
                                                                   "subjectAltName",
                                                                   specs->names)) > 0);
        if (specs->more)
                assert_true(sk_X509_EXTENSION_push(extensions,
                                                   X509V3_EXT_conf(NULL,
                                                                   NULL,
                                                                   specs->more,
                                                                   specs->more_text)) > 0);
        if (sk_X509_EXTENSION_num(extensions) > 0)
                assert_int_equal(X509_REQ_add_extensions(request, extensions), 1);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

static void add_name(X509_REQ *request, const char *field, const char *text)
{
        if (text)
                assert_int_equal(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request),
                                                            field,
                                                            MBSTRING_UTF8,
                                                            (const unsigned char *) text,
                                                            -1,
                                                            -1,
                                                            0),
                                 1);
}

/* key: NULL for a new one. Return: base64url. */
static char *make(const Specs *specs, EVP_PKEY *key)
{
        X509_REQ *request = X509_REQ_new();
        EVP_PKEY *own = NULL;
        unsigned char *der = NULL;
        char *text;
        int length;

        if (!key)
                assert_int_equal(key_generate(specs->key_type, NULL, &own), 0);
        add_name(request, "CN", specs->cn);
        add_name(request, "O", specs->organization);
        add_extensions(request, specs);
        if (specs->has_attribute)
                assert_int_equal(X509_REQ_add1_attr_by_NID(request,
                                                           NID_pkcs9_challengePassword,
                                                           MBSTRING_UTF8,
                                                           (const unsigned char *) "secret",
                                                           -1),
                                 1);
        assert_int_equal(X509_REQ_set_pubkey(request, key ?: own), 1);
        assert_true(X509_REQ_sign(request, key ?: own, EVP_sha256()) > 0);
        length = i2d_X509_REQ(request, &der);
        assert_true(length > 0);
        /* The last byte of the signature. */
        if (specs->is_forged)
                der[length - 1] ^= 1;
        text = base64url_encode(der, (size_t) length);
        assert_non_null(text);
        OPENSSL_free(der);
        X509_REQ_free(request);
        EVP_PKEY_free(own);
        return text;
}

static void start(Room *room)
{
        room->door = DOOR_DISTANT;
        room_start(room);
        room_register(room);
}

#define FINALIZE(csr) "FinalizeRequest", "url", ROOM_URL, "nonce", ROOM_NONCE, "csr", csr, NULL

static void expect_refused(Room *room, const char *what, const char *csr, const char *reason)
{
        _cleanup_json_ struct json_object *reply = NULL;
        _cleanup_free_ char *error = NULL;

        reply = room_call(room, room->client, &error, FINALIZE(csr));
        assert_row(what, error && streq(error, "RequestRefused"));
        assert_row(what, streq_ptr(member(reply, "reason"), reason));
}

static void test_finalize_request__of_our_names(void **state)
{
        static const Specs specs[] = {
                        {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME},
                        {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME, .cn = ROOM_NAME},
        };
        Room *room = *state;

        start(room);
        FOREACH_ARRAY (s, specs, ELEMENTSOF(specs)) {
                _cleanup_free_ char *csr = make(s, NULL);
                _cleanup_json_ struct json_object *reply = NULL, *payload = NULL;

                reply = room_ask(room, FINALIZE(csr));
                payload = jws_member(reply, "payload");
                assert_string_equal(member(payload, "csr"), csr);
        }
        room_stop(room);
        /* No key of a certificate has been made here. */
        assert_false(room_has(room, ROOM_CERTS "/pending"));
        assert_true(room_logged(room, "ACME_OPERATION=FinalizeRequest"));
}

static void test_finalize_request__refused(void **state)
{
        static const struct {
                const char *what, *reason;
                Specs specs;
        } table[] = {
                        {"another name", "names", {KEY_TYPE_EC_P256, .names = "DNS:b.example"}},
                        {"one more name",
                         "names",
                         {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME ",DNS:b.example"}},
                        {"a wildcard", "names", {KEY_TYPE_EC_P256, .names = "DNS:*." ROOM_NAME}},
                        {"one more in the subject",
                         "names",
                         {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME, .cn = "b.example"}},
                        {"one more of another kind",
                         "names",
                         {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME ",email:a@a.example"}},
                        {"no name", "names", {KEY_TYPE_EC_P256}},
                        {"to be a CA",
                         "more",
                         {KEY_TYPE_EC_P256,
                          .names = "DNS:" ROOM_NAME,
                          .more = "basicConstraints",
                          .more_text = "critical,CA:TRUE"}},
                        {"another use",
                         "more",
                         {KEY_TYPE_EC_P256,
                          .names = "DNS:" ROOM_NAME,
                          .more = "extendedKeyUsage",
                          .more_text = "codeSigning"}},
                        {"must-staple",
                         "more",
                         {KEY_TYPE_EC_P256,
                          .names = "DNS:" ROOM_NAME,
                          .more = "tlsfeature",
                          .more_text = "status_request"}},
                        {"an unknown extension",
                         "more",
                         {KEY_TYPE_EC_P256,
                          .names = "DNS:" ROOM_NAME,
                          .more = "1.2.3.4",
                          .more_text = "DER:0500"}},
                        {"an organization",
                         "more",
                         {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME, .organization = "Other"}},
                        {"an attribute",
                         "more",
                         {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME, .has_attribute = true}},
                        {"the name in the subject alone",
                         "more",
                         {KEY_TYPE_EC_P256, .cn = ROOM_NAME}},
                        {"another key type",
                         "keyType",
                         {KEY_TYPE_EC_P384, .names = "DNS:" ROOM_NAME}},
                        {"a forged signature",
                         "signature",
                         {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME, .is_forged = true}},
        };
        Room *room = *state;

        start(room);
        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_free_ char *csr = make(&row->specs, NULL);

                expect_refused(room, row->what, csr, row->reason);
        }
        room_stop(room);
        assert_true(room_logged(room, "ACME_REASON=RequestRefused"));
        assert_false(room_logged(room, "ACME_OPERATION=FinalizeRequest\nACME_URL"));
}

static void test_finalize_request__garbage(void **state)
{
        static const Specs specs = {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME};
        _cleanup_free_ char *csr = make(&specs, NULL), *longer = NULL;
        _cleanup_free_ char *large = malloc(64 * 1024);
        Room *room = *state;

        assert_non_null(large);
        start(room);
        expect_refused(room, "nothing", "", "notRequest");
        expect_refused(room, "no base64url", "+/==", "notRequest");
        expect_refused(room, "no DER", "AAAA", "notRequest");
        assert_true(asprintf(&longer, "%sAAAA", csr) > 0);
        expect_refused(room, "more behind it", longer, "notRequest");
        csr[strlen(csr) / 2] = '\0';
        expect_refused(room, "half of it", csr, "notRequest");
        memset(large, 'A', 64 * 1024);
        /* 32 KiB of what is none, and one letter group more. */
        large[REQUEST_BYTES_MAX / 3 * 4] = '\0';
        expect_refused(room, "large", large, "notRequest");
        memset(large, 'A', 64 * 1024);
        large[64 * 1024 - 1] = '\0';
        room_expect(room, "InvalidParameter", FINALIZE(large));
}

/* A request by the account's own key. */
static char *make_of_account(Room *room, const Specs *specs)
{
        _cleanup_free_ char *pattern = NULL;
        EVP_PKEY *key;
        glob_t found;
        char *csr;
        FILE *f;

        assert_true(asprintf(&pattern, "%s/var/lib/acme/accounts/*/key.pem", room->d->path) > 0);
        assert_int_equal(glob(pattern, 0, NULL, &found), 0);
        f = fopen(found.gl_pathv[0], "re");
        assert_non_null(f);
        key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
        assert_non_null(key);
        csr = make(specs, key);
        EVP_PKEY_free(key);
        fclose(f);
        globfree(&found);
        return csr;
}

/* RFC 8555 section 11.1; and a key that others know. */
static void test_finalize_request__a_key_for_nothing_else(void **state)
{
        static const Specs specs = {KEY_TYPE_EC_P256, .names = "DNS:" ROOM_NAME};
        _cleanup_free_ char *csr = NULL;
        EVP_PKEY *key = NULL;
        Room *room = *state;

        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
        assert_int_equal(retired_add(room->d->path, key), 0);
        csr = make(&specs, key);
        start(room);
        expect_refused(room, "retired", csr, "retired");
        free(csr);
        csr = make_of_account(room, &specs);
        expect_refused(room, "the account's", csr, "account");
        EVP_PKEY_free(key);
}

static void test_door__has_the_account_and_no_certificate(void **state)
{
        static const char *const methods[] = {"Describe", "Finalize", "Install", "ReportFailure"};
        _cleanup_json_ struct json_object *about = NULL;
        Room *room = *state;

        start(room);
        FOREACH_ARRAY (method, methods, ELEMENTSOF(methods))
                room_expect(room, "PermissionDenied", *method, NULL);
        about = room_ask(room, "DescribeAccount", NULL);
        assert_string_equal(member(about, "account"), ROOM_ACCOUNT);
        assert_string_equal(member(about, "directory"), ROOM_DIRECTORY);
        assert_int_equal(strlen(member(about, "thumbprint")), 43);
        room_stop(room);
        assert_false(room_has(room, ROOM_CERTS "/pending"));
        room->door = DOOR_RENEW;
        room_start(room);
        room_expect(room, "PermissionDenied", "FinalizeRequest", NULL);
        room_expect(room, "PermissionDenied", "DescribeAccount", NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        TEST(test_finalize_request__of_our_names),
                        TEST(test_finalize_request__refused),
                        TEST(test_finalize_request__garbage),
                        TEST(test_finalize_request__a_key_for_nothing_else),
                        TEST(test_door__has_the_account_and_no_certificate),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
