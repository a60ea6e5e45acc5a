/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a validator looks for in a throw-away certificate (RFC 8737 section 3, RFC 8738 section 6).
 */

#include "signer/validation.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/base64url.h"
#include "base/test.h"

#define NOW (1800000000 * USEC_PER_SEC)

static const unsigned char digest[VALIDATION_DIGEST_BYTES] = "0123456789abcdef0123456789abcde";

static X509 *make(const char *identifier, Validation *validation)
{
        _cleanup_free_ char *again = NULL;
        unsigned char *der = NULL;
        EVP_PKEY *key;
        X509 *certificate;
        BIO *bio;
        int n;

        assert_int_equal(validation_make(identifier, digest, NOW, validation), 0);
        bio = BIO_new_mem_buf(validation->pem, -1);
        certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        assert_non_null(certificate);
        assert_non_null(key);
        /* Both are of one key, and it has signed. */
        assert_int_equal(X509_check_private_key(certificate, key), 1);
        assert_int_equal(X509_verify(certificate, key), 1);
        n = i2d_X509(certificate, &der);
        again = base64url_encode(der, (size_t) n);
        assert_string_equal(again, validation->certificate);
        OPENSSL_free(der);
        EVP_PKEY_free(key);
        BIO_free(bio);
        return certificate;
}

static void check_digest(X509 *certificate)
{
        ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
        int at = X509_get_ext_by_OBJ(certificate, id, -1);
        X509_EXTENSION *extension = X509_get_ext(certificate, at);
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
        const unsigned char *p = ASN1_STRING_get0_data(value);

        assert_int_equal(X509_EXTENSION_get_critical(extension), 1);
        assert_int_equal(ASN1_STRING_length(value), 2 + VALIDATION_DIGEST_BYTES);
        assert_int_equal(p[0], V_ASN1_OCTET_STRING);
        assert_int_equal(p[1], VALIDATION_DIGEST_BYTES);
        assert_memory_equal(p + 2, digest, VALIDATION_DIGEST_BYTES);
        assert_int_equal(X509_get_ext_by_OBJ(certificate, id, at), -1);
        ASN1_OBJECT_free(id);
}

static void test_validation_make__what_a_ca_looks_for(void **state _unused_)
{
        static const struct {
                const char *identifier;
                int type;
        } cases[] = {
                        {"a.example", GEN_DNS},
                        {"192.0.2.1", GEN_IPADD},
                        {"2001:db8::1", GEN_IPADD},
        };

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                _cleanup_(validation_done) Validation validation = {};
                X509 *certificate = make(c->identifier, &validation);
                GENERAL_NAMES *names =
                                X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

                assert_int_equal(sk_GENERAL_NAME_num(names), 1);
                assert_int_equal(sk_GENERAL_NAME_value(names, 0)->type, c->type);
                check_digest(certificate);
                assert_true(X509_cmp_timeframe(NULL,
                                               X509_get0_notBefore(certificate),
                                               X509_get0_notAfter(certificate)) != 0);
                GENERAL_NAMES_free(names);
                X509_free(certificate);
        }
}

static void test_validation_make__a_key_each_time(void **state _unused_)
{
        _cleanup_(validation_done) Validation first = {}, second = {};
        X509 *a = make("a.example", &first), *b = make("a.example", &second);

        assert_int_not_equal(EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)), 1);
        X509_free(a);
        X509_free(b);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_validation_make__what_a_ca_looks_for),
                        cmocka_unit_test(test_validation_make__a_key_each_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
