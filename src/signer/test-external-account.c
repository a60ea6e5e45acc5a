/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* External account bindings: the JWS of RFC 8555 section 7.3.4, and the file that says what is in
 * it. */

#include "signer/external-account.h"

#include <fcntl.h>
#include <openssl/hmac.h>

#include "base/base64url.h"
#include "base/file.h"
#include "base/test.h"
#include "signer/jwk.h"
#include "signer/key.h"

#define URL "https://ca.example/new-account"
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" /* 0, 1, 2 ... 31 */

typedef struct Fixture {
        TestDirectory *d;
        EVP_PKEY *key;
        struct json_object *payload;
        char *message;
} Fixture;

static int setup(void **state)
{
        Fixture *f = calloc(1, sizeof(*f));
        void *directory;

        test_directory_setup(&directory);
        f->d = directory;
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", f->d->path, 1), 0);
        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &f->key), 0);
        f->payload = json_object_new_object();
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        Fixture *f = *state;
        void *directory = f->d;

        test_directory_teardown(&directory);
        EVP_PKEY_free(f->key);
        json_object_put(f->payload);
        free(f->message);
        free(f);
        return 0;
}

static int add(Fixture *f, const char *text)
{
        free(TAKE_PTR(f->message));
        json_object_object_del(f->payload, "externalAccountBinding");
        if (text)
                assert_int_equal(file_replace(f->d->fd,
                                              "acme.external-accounts",
                                              text,
                                              strlen(text),
                                              0600),
                                 0);
        return external_account_add("zero", f->key, URL, f->payload, &f->message);
}

static const char *text_of(struct json_object *object, const char *name)
{
        struct json_object *value;

        assert_true(json_object_object_get_ex(object, name, &value));
        return json_object_get_string(value);
}

/* The JSON in a member of the binding: a reference. */
static struct json_object *decoded(struct json_object *binding, const char *name)
{
        const char *text = text_of(binding, name);
        struct json_object *object;
        char data[4096];
        size_t length;

        assert_int_equal(base64url_decode(text, data, sizeof(data), &length), 0);
        assert_int_equal(json_parse(data, length, &object), 0);
        return object;
}

static void check_signature(struct json_object *binding, const EVP_MD *digest)
{
        _cleanup_free_ char *input = NULL, *expected = NULL;
        unsigned char code[EVP_MAX_MD_SIZE], key[32];
        unsigned n;

        for (unsigned i = 0; i < sizeof(key); i++)
                key[i] = (unsigned char) i;
        assert_true(asprintf(&input,
                             "%s.%s",
                             text_of(binding, "protected"),
                             text_of(binding, "payload")) > 0);
        assert_non_null(HMAC(digest,
                             key,
                             sizeof(key),
                             (unsigned char *) input,
                             strlen(input),
                             code,
                             &n));
        expected = base64url_encode(code, n);
        assert_string_equal(text_of(binding, "signature"), expected);
}

static void test_external_account_add__is_as_the_rfc_has_it(void **state)
{
        static const struct {
                const char *text, *algorithm;
                const EVP_MD *(*digest)(void);
        } rows[] = {
                        {"zero id/1 " KEY "\n", "HS256", EVP_sha256},
                        {"zero\tid/1\t" KEY "=  HS256", "HS256", EVP_sha256},
                        {"# x\n\n zero@shop a b\nzero id/1 " KEY " HS384\r\n", "HS384", EVP_sha384},
                        {"other nonsense\nzero id/1 " KEY " HS512\n", "HS512", EVP_sha512},
        };
        _cleanup_json_ struct json_object *jwk = NULL;
        Fixture *f = *state;

        assert_int_equal(jwk_new(f->key, &jwk), 0);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_json_ struct json_object *header = NULL, *payload = NULL;
                struct json_object *binding;

                assert_row(row->text, add(f, row->text) == 0);
                assert_true(external_account_is_known("zero"));
                assert_true(json_object_object_get_ex(f->payload,
                                                      "externalAccountBinding",
                                                      &binding));
                header = decoded(binding, "protected");
                payload = decoded(binding, "payload");
                assert_string_equal(text_of(header, "alg"), row->algorithm);
                assert_string_equal(text_of(header, "kid"), "id/1");
                assert_string_equal(text_of(header, "url"), URL);
                assert_int_equal(json_object_object_length(header), 3);
                assert_true(json_object_equal(payload, jwk));
                check_signature(binding, row->digest());
        }
}

static void test_external_account_add__there_is_none(void **state)
{
        Fixture *f = *state;

        assert_int_equal(add(f, NULL), 0);
        assert_false(external_account_is_known("zero"));
        assert_int_equal(add(f, "zer id " KEY "\n# zero id " KEY "\n"), 0);
        assert_false(external_account_is_known("zero"));
        assert_int_equal(json_object_object_length(f->payload), 0);
        assert_null(f->message);
        assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
        assert_int_equal(add(f, NULL), 0);
}

static void test_external_account_add__nonsense(void **state)
{
        static const char *const rows[] = {
                        "zero",
                        "zero id",
                        "zero id short",
                        "zero id " KEY " HS1",
                        "zero id " KEY " none",
                        "zero id " KEY " HS256 more",
                        "zero id AAECAwQFBgcICQoLDA0ODxAREhMU!",
                        "zero i\x80 " KEY,
                        "zero id " KEY "\nzero id " KEY,
                        "../zero id " KEY,
                        "ZERO id " KEY,
        };
        Fixture *f = *state;

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                assert_row(*row, add(f, *row) == -EBADMSG);
                assert_row(*row, strstr(f->message, "line "));
                assert_null(strstr(f->message, KEY));
                /* Whoever asks only whether there is one will be told when it is used. */
                assert_row(*row, external_account_is_known("zero"));
        }
}

#define test_of(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test_of(test_external_account_add__is_as_the_rfc_has_it),
                        test_of(test_external_account_add__there_is_none),
                        test_of(test_external_account_add__nonsense),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
