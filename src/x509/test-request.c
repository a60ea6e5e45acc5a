/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signing requests of others: PEM and DER, names, and what is refused. */

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/test.h"
#include "x509/request.h"
#include "x509/test-pki.h"

static void add_extension(X509_REQ *request, const char *names)
{
        STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

        assert_non_null(extension);
        assert_true(sk_X509_EXTENSION_push(extensions, extension) > 0);
        assert_int_equal(X509_REQ_add_extensions(request, extensions), 1);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

/* names and cn may be NULL. Return: a new array. */
static char *make(const char *kind, const char *cn, const char *names, size_t *ret_length)
{
        X509_REQ *request = X509_REQ_new();
        EVP_PKEY *key = streq(kind, "RSA-1024") ? EVP_RSA_gen(1024) : pki_key(kind);
        unsigned char *der = NULL;
        char *copy;
        int length;

        if (cn)
                assert_int_equal(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request),
                                                            "CN",
                                                            MBSTRING_UTF8,
                                                            (const unsigned char *) cn,
                                                            -1,
                                                            -1,
                                                            0),
                                 1);
        if (names)
                add_extension(request, names);
        assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
        assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
        length = i2d_X509_REQ(request, &der);
        assert_true(length > 0);
        copy = malloc((size_t) length + 1);
        assert_non_null(copy);
        memcpy(copy, der, (size_t) length);
        copy[length] = '\0';
        *ret_length = (size_t) length;
        OPENSSL_free(der);
        X509_REQ_free(request);
        EVP_PKEY_free(key);
        return copy;
}

static char *to_pem(const char *der, size_t length)
{
        const unsigned char *p = (const unsigned char *) der;
        X509_REQ *request = d2i_X509_REQ(NULL, &p, (long) length);
        BIO *bio = BIO_new(BIO_s_mem());
        char *text, *copy;
        long n;

        assert_int_equal(PEM_write_bio_X509_REQ(bio, request), 1);
        n = BIO_get_mem_data(bio, &text);
        copy = strndup(text, (size_t) n);
        BIO_free(bio);
        X509_REQ_free(request);
        return copy;
}

static void test_certificate_request_parse__names(_unused_ void **state)
{
        static const struct {
                const char *cn, *names, *expected;
                int result;
        } table[] = {
                        {NULL, "DNS:b.example,DNS:A.example", "a.example b.example", 0},
                        {"B.example", "DNS:a.example", "a.example b.example", 0},
                        {"a.example", "DNS:a.example", "a.example", 0},
                        {"a.example", NULL, "a.example", 0},
                        {NULL, "DNS:*.a.example,IP:192.0.2.1", "*.a.example 192.0.2.1", 0},
                        {NULL, NULL, NULL, REQUEST_E_NAMES},
                        {NULL, "email:a@a.example", NULL, REQUEST_E_NAMES},
                        {NULL, "DNS:a.example,URI:https://a.example/", NULL, REQUEST_E_NAMES},
                        {"The \x1b server", "DNS:a.example", NULL, REQUEST_E_COMMON_NAME},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                CertificateRequest request = {};
                _cleanup_free_ char *der = NULL, *joined = NULL;
                size_t length;

                der = make("P-256", row->cn, row->names, &length);
                assert_int_equal(certificate_request_parse(der, length, &request), row->result);
                if (row->result != 0) {
                        assert_null(request.der);
                        continue;
                }
                assert_int_equal(strv_join(request.names, " ", &joined), 0);
                assert_string_equal(joined, row->expected);
                certificate_request_done(&request);
        }
}

static void test_certificate_request_parse__pem_and_der_are_one(_unused_ void **state)
{
        CertificateRequest a = {}, b = {};
        _cleanup_free_ char *der = NULL, *pem = NULL;
        size_t length;

        der = make("P-256", NULL, "DNS:a.example", &length);
        pem = to_pem(der, length);
        assert_int_equal(certificate_request_parse(der, length, &a), 0);
        assert_int_equal(certificate_request_parse(pem, strlen(pem), &b), 0);
        assert_int_equal(a.length, length);
        assert_memory_equal(a.der, der, length);
        assert_string_equal(a.fingerprint, b.fingerprint);
        assert_int_equal(EVP_PKEY_eq(a.key, b.key), 1);
        certificate_request_done(&a);
        certificate_request_done(&b);
}

static void test_certificate_request_parse__refused(_unused_ void **state)
{
        CertificateRequest request = {};
        _cleanup_free_ char *der = NULL, *weak = NULL,
                            *large = calloc(1, REQUEST_FILE_BYTES_MAX + 1);
        size_t length;

        weak = make("RSA-1024", NULL, "DNS:a.example", &length);
        assert_int_equal(certificate_request_parse(weak, length, &request), REQUEST_E_WEAK_KEY);
        der = make("P-256", NULL, "DNS:a.example", &length);
        assert_int_equal(certificate_request_parse(der, length - 1, &request),
                         REQUEST_E_NOT_REQUEST);
        assert_int_equal(certificate_request_parse(der, length + 1, &request),
                         REQUEST_E_NOT_REQUEST);
        assert_int_equal(certificate_request_parse("", 0, &request), REQUEST_E_NOT_REQUEST);
        assert_int_equal(certificate_request_parse(large, REQUEST_FILE_BYTES_MAX + 1, &request),
                         REQUEST_E_TOO_LARGE);
        /* The last byte is the signature's. */
        der[length - 1] ^= 1;
        assert_int_equal(certificate_request_parse(der, length, &request), REQUEST_E_SIGNATURE);
        assert_null(request.der);
}

/* Whatever is cut off, or flipped, of one: nothing but an answer. */
static void test_certificate_request_parse__damaged(_unused_ void **state)
{
        _cleanup_free_ char *der = NULL;
        size_t length;

        der = make("P-256", "a.example", "DNS:a.example,DNS:b.example", &length);
        for (size_t i = 0; i < length; i++) {
                CertificateRequest request = {};

                assert_true(certificate_request_parse(der, i, &request) > 0);
                der[i] ^= 0x41;
                if (certificate_request_parse(der, length, &request) == 0)
                        certificate_request_done(&request);
                der[i] ^= 0x41;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_certificate_request_parse__names),
                        cmocka_unit_test(test_certificate_request_parse__pem_and_der_are_one),
                        cmocka_unit_test(test_certificate_request_parse__refused),
                        cmocka_unit_test(test_certificate_request_parse__damaged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
