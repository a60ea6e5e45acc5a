/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JWS and JWK, against the examples of their RFCs and against OpenSSL's own verification. */

#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include "base/base64url.h"
#include "base/test.h"
#include "signer/jwk.h"
#include "signer/jws.h"
#include "signer/key.h"

/* tests/vectors/jose: one example of an RFC each. */
typedef struct Vector {
        const char *source, *alg, *thumbprint, *input, *signature, *key, *public_key;
        bool deterministic;
        struct json_object *jwk;
} Vector;

static const JsonField vector_fields[] = {
                {"source", JSON_STRING, offsetof(Vector, source), 0, NULL, JSON_MANDATORY, 0},
                {"alg", JSON_STRING, offsetof(Vector, alg), 0, NULL, 0, 0},
                {"jwk", JSON_OBJECT, offsetof(Vector, jwk), 0, NULL, JSON_MANDATORY, 0},
                {"thumbprint",
                 JSON_STRING,
                 offsetof(Vector, thumbprint),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"input", JSON_STRING, offsetof(Vector, input), 0, NULL, 0, 0},
                {"signature", JSON_STRING, offsetof(Vector, signature), 0, NULL, 0, 0},
                {"deterministic", JSON_BOOLEAN, offsetof(Vector, deterministic), 0, NULL, 0, 0},
                {"key", JSON_STRING, offsetof(Vector, key), 0, NULL, 0, 0},
                {"publicKey", JSON_STRING, offsetof(Vector, public_key), 0, NULL, 0, 0},
                {},
};

static struct json_object *read_vector(const char *name, Vector *ret)
{
        _cleanup_free_ char *text = NULL, *path = NULL;
        struct json_object *object;
        size_t length;

        assert_true(asprintf(&path, VECTORS "/jose/%s.json", name) > 0);
        assert_int_equal(file_read(AT_FDCWD, path, 65536, 0, &text, &length), 0);
        assert_int_equal(json_parse(text, length, &object), 0);
        *ret = (Vector){};
        assert_int_equal(json_dispatch(object, vector_fields, ret, 0, NULL), 0);
        return object;
}

static EVP_PKEY *read_key(const Vector *vector)
{
        const char *text = vector->key ?: vector->public_key;
        BIO *bio = BIO_new_mem_buf(text, -1);
        EVP_PKEY *key;

        key = vector->key ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
                          : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        assert_non_null(key);
        BIO_free(bio);
        return key;
}

static unsigned char *decode(const char *text, size_t *ret_length)
{
        size_t n = strlen(text), padded = (n + 3) / 4 * 4;
        unsigned char *data = malloc(padded + 1);
        char *standard = malloc(padded + 1);
        int length;

        memset(standard, '=', padded);
        for (size_t i = 0; i < n; i++)
                standard[i] = (char) (text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
        length = EVP_DecodeBlock(data, (unsigned char *) standard, (int) padded);
        assert_true(length >= 0);
        free(standard);
        *ret_length = (size_t) length - (padded - n);
        return data;
}

/* r and s side by side, as DER. */
static unsigned char *wrap_ecdsa(const unsigned char *raw, size_t length, size_t *ret_length)
{
        ECDSA_SIG *sig = ECDSA_SIG_new();
        unsigned char *der = NULL, *copy;
        int half = (int) length / 2, n;

        assert_true(ECDSA_SIG_set0(sig,
                                   BN_bin2bn(raw, half, NULL),
                                   BN_bin2bn(raw + half, half, NULL)));
        n = i2d_ECDSA_SIG(sig, &der);
        assert_true(n > 0);
        copy = malloc((size_t) n);
        memcpy(copy, der, (size_t) n);
        OPENSSL_free(der);
        ECDSA_SIG_free(sig);
        *ret_length = (size_t) n;
        return copy;
}

static bool verify(EVP_PKEY *key, const char *alg, const char *input, const char *signature)
{
        static const char *const digests[][2] = {
                        {"ES256", "SHA256"},
                        {"ES384", "SHA384"},
                        {"RS256", "SHA256"},
                        {"EdDSA", NULL},
        };
        size_t length;
        _cleanup_free_ unsigned char *data = decode(signature, &length);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const char *digest = NULL;
        int r;

        FOREACH_ARRAY (row, digests, ELEMENTSOF(digests))
                if (streq((*row)[0], alg))
                        digest = (*row)[1];
        if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
                unsigned char *der = wrap_ecdsa(data, length, &length);

                free(data);
                data = der;
        }
        assert_int_equal(EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, key, NULL), 1);
        r = EVP_DigestVerify(context, data, length, (const unsigned char *) input, strlen(input));
        EVP_MD_CTX_free(context);
        return r == 1;
}

static const char *const signing_vectors[] = {
                "rfc7515-a2-rs256",
                "rfc7515-a3-es256",
                "rfc8037-a4-eddsa",
};

static void test_jws_signature__examples_of_the_rfcs(_unused_ void **state)
{
        FOREACH_ARRAY (name, signing_vectors, ELEMENTSOF(signing_vectors)) {
                _cleanup_json_ struct json_object *object = NULL;
                _cleanup_free_ unsigned char *data = NULL;
                _cleanup_free_ char *text = NULL;
                _cleanup_key_ EVP_PKEY *key = NULL;
                size_t length;
                Vector v;

                object = read_vector(*name, &v);
                key = read_key(&v);
                assert_string_equal(jws_algorithm(key), v.alg);
                assert_int_equal(jws_signature(key, v.input, strlen(v.input), &data, &length), 0);
                text = base64url_encode(data, length);
                assert_int_equal(strlen(text), strlen(v.signature));
                if (v.deterministic)
                        assert_string_equal(text, v.signature);
                assert_row(*name, verify(key, v.alg, v.input, v.signature));
                assert_row(*name, verify(key, v.alg, v.input, text));
        }
}

static void test_jwk_new__examples_of_the_rfcs(_unused_ void **state)
{
        static const char *const names[] = {
                        "rfc7515-a2-rs256",
                        "rfc7515-a3-es256",
                        "rfc7638-3.1-thumbprint",
                        "rfc8037-a4-eddsa",
        };

        FOREACH_ARRAY (name, names, ELEMENTSOF(names)) {
                _cleanup_json_ struct json_object *object = NULL, *jwk = NULL;
                _cleanup_free_ char *thumbprint = NULL;
                _cleanup_key_ EVP_PKEY *key = NULL;
                const char *expected, *text;
                Vector v;

                object = read_vector(*name, &v);
                key = read_key(&v);
                assert_int_equal(jwk_new(key, &jwk), 0);
                assert_int_equal(json_format(v.jwk, &expected, NULL), 0);
                assert_int_equal(json_format(jwk, &text, NULL), 0);
                assert_string_equal(text, expected);
                assert_int_equal(jwk_thumbprint(key, &thumbprint), 0);
                assert_string_equal(thumbprint, v.thumbprint);
        }
}

static const KeyType all_types[] = {
                KEY_TYPE_EC_P256,
                KEY_TYPE_EC_P384,
                KEY_TYPE_RSA_2048,
                KEY_TYPE_ED25519,
};

static struct json_object *decode_json(const char *text)
{
        size_t length;
        _cleanup_free_ unsigned char *data = decode(text, &length);
        struct json_object *object;

        assert_int_equal(json_parse((const char *) data, length, &object), 0);
        return object;
}

static const char *get_string(struct json_object *object, const char *name)
{
        struct json_object *value;

        return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value)
                                                               : NULL;
}

static void check_jws(EVP_PKEY *key, const char *kid, const char *payload)
{
        static const char nonce[] = "n-_0", url[] = "https://ca.example/x?y=1&z";
        _cleanup_json_ struct json_object *header = NULL;
        _cleanup_(jws_done) Jws jws = {};
        _cleanup_free_ char *input = NULL;
        _cleanup_free_ unsigned char *sent = NULL;
        size_t length;

        assert_int_equal(jws_sign(key, kid, nonce, url, payload, &jws), 0);
        assert_true(asprintf(&input, "%s.%s", jws.protected, jws.payload) > 0);
        assert_true(verify(key, jws_algorithm(key), input, jws.signature));

        header = decode_json(jws.protected);
        assert_int_equal(json_object_object_length(header), 4);
        assert_string_equal(get_string(header, "alg"), jws_algorithm(key));
        assert_string_equal(get_string(header, "nonce"), nonce);
        assert_string_equal(get_string(header, "url"), url);
        assert_true(json_object_object_get_ex(header, "jwk", NULL) == !kid);
        if (kid)
                assert_string_equal(get_string(header, "kid"), kid);

        sent = decode(jws.payload, &length);
        assert_int_equal(length, strlen(payload));
        assert_memory_equal(sent, payload, length);
}

static void test_jws_sign__each_kind_of_key(_unused_ void **state)
{
        FOREACH_ARRAY (type, all_types, ELEMENTSOF(all_types)) {
                _cleanup_key_ EVP_PKEY *key = NULL;

                assert_int_equal(key_generate(*type, NULL, &key), 0);
                check_jws(key, NULL, "{\"termsOfServiceAgreed\":true}");
                check_jws(key, "https://ca.example/acct/1", "{}");
                check_jws(key, "https://ca.example/acct/1", "");
        }
}

/* r or s begins with a zero byte in one signature of 128. */
static void test_jws_signature__has_fixed_width(_unused_ void **state)
{
        static const struct {
                KeyType type;
                size_t length;
        } table[] = {{KEY_TYPE_EC_P256, 64}, {KEY_TYPE_EC_P384, 96}};

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_key_ EVP_PKEY *key = NULL;
                bool short_r = false, short_s = false;

                assert_int_equal(key_generate(row->type, NULL, &key), 0);
                for (unsigned i = 0; i < 10000 && !(short_r && short_s); i++) {
                        _cleanup_free_ unsigned char *data = NULL;
                        size_t length;

                        assert_int_equal(jws_signature(key, "x", 1, &data, &length), 0);
                        assert_int_equal(length, row->length);
                        short_r = short_r || data[0] == 0;
                        short_s = short_s || data[length / 2] == 0;
                }
                assert_true(short_r && short_s);
        }
}

/* A coordinate begins with a zero byte in one key of 256. */
static void test_jwk_new__coordinates_have_fixed_width(_unused_ void **state)
{
        bool seen = false;

        for (unsigned i = 0; i < 10000 && !seen; i++) {
                _cleanup_json_ struct json_object *jwk = NULL;
                _cleanup_key_ EVP_PKEY *key = NULL;

                assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
                assert_int_equal(jwk_new(key, &jwk), 0);
                assert_int_equal(strlen(get_string(jwk, "x")), 43);
                assert_int_equal(strlen(get_string(jwk, "y")), 43);
                /* Eight bits of zero: six in the first letter, two in the second. */
                seen = get_string(jwk, "x")[0] == 'A' && get_string(jwk, "x")[1] >= 'A' &&
                       get_string(jwk, "x")[1] <= 'P';
        }
        assert_true(seen);
}

static void test_jws_sign__kinds_without_an_algorithm(_unused_ void **state)
{
        static const char *const kinds[] = {"X25519", "ED448"};

        FOREACH_ARRAY (kind, kinds, ELEMENTSOF(kinds)) {
                _cleanup_key_ EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, *kind);
                char *thumbprint = NULL;
                Jws jws;

                assert_null(jws_algorithm(key));
                assert_int_equal(jws_sign(key, NULL, "n", "https://ca.example/", "", &jws),
                                 -EOPNOTSUPP);
                assert_int_equal(jwk_thumbprint(key, &thumbprint), -EOPNOTSUPP);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_jws_signature__examples_of_the_rfcs),
                        cmocka_unit_test(test_jwk_new__examples_of_the_rfcs),
                        cmocka_unit_test(test_jws_sign__each_kind_of_key),
                        cmocka_unit_test(test_jws_signature__has_fixed_width),
                        cmocka_unit_test(test_jwk_new__coordinates_have_fixed_width),
                        cmocka_unit_test(test_jws_sign__kinds_without_an_algorithm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
