/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One certificate, and what is said of it. */

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/test.h"
#include "x509/certificate.h"
#include "x509/test-pki.h"

static void named_issuer(PkiSpecs *s)
{
        s->ca.cn = "Evil \x1b[31m CA\n";
        s->leaf.serial_bytes = 20;
}

static void test_certificate_summarize__fields(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;
        _cleanup_(certificate_summary_done) CertificateSummary s = {};
        char name_a[] = "a.example", name_b[] = "b.example",
             *identifiers[] = {name_a, name_b, NULL};

        pki_make(&pki, "DNS:B.example,DNS:a.example", named_issuer);
        assert_int_equal(certificate_summarize(pki.leaf, &s), 0);
        assert_int_equal(strlen(s.serial), 40);
        assert_int_equal(strlen(s.fingerprint), 64);
        assert_int_equal(strspn(s.fingerprint, "0123456789abcdef"), 64);
        assert_string_equal(s.issuer, "Evil \\x1b[31m CA\\x0a");
        assert_true(s.not_before_usec == PKI_NOW_USEC - USEC_PER_DAY);
        assert_true(s.not_after_usec == PKI_NOW_USEC + 89 * USEC_PER_DAY);
        assert_true(strv_equal(s.identifiers, identifiers));
}

static void test_certificate_get_names__addresses(_unused_ void **state)
{
        static const struct {
                const char *names, *expected;
        } table[] = {
                        {"IP:192.0.2.1", "192.0.2.1"},
                        {"DNS:a.example,IP:2001:DB8:0:0::1,IP:192.0.2.1",
                         "192.0.2.1 2001:db8::1 a.example"},
                        {"DNS:192.0.2.1", NULL},
                        {"DNS:2001:db8::1", NULL},
                        {"DNS:a.example,email:a@a.example", NULL},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_strv_free_ char **names = NULL;
                _cleanup_free_ char *text = NULL;
                _cleanup_(pki_done) Pki pki;

                pki_make(&pki, row->names, NULL);
                assert_row(row->names,
                           certificate_get_names(pki.leaf, &names) ==
                                           (row->expected ? 0 : -EBADMSG));
                assert_int_equal(strv_join(names, " ", &text), 0);
                assert_row(row->names, streq(text, row->expected ?: ""));
        }
}

static void test_certificate_is_placeholder__by_its_name(_unused_ void **state)
{
        EVP_PKEY *key = pki_key("P-256");
        static const struct {
                const char *cn;
                bool expected;
        } table[] = {
                        {PLACEHOLDER_COMMON_NAME, true},
                        {NULL, false},
                        {"acmeward placeholder ", false},
                        {"acmeward placeholde", false},
                        {"acmeward", false},
        };
        Pki pki;

        pki_make(&pki, "DNS:a.example", NULL);
        assert_false(certificate_is_placeholder(pki.leaf));
        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                PkiSpec self = {.cn = row->cn, .key = key, .names = "DNS:a.example"};
                PkiSpec issued = {.cn = row->cn,
                                  .key = key,
                                  .issuer = pki.ca,
                                  .issuer_key = pki.ca_key,
                                  .names = "DNS:a.example"};
                X509 *x = pki_certify(&self), *y = pki_certify(&issued);

                assert_int_equal(certificate_is_placeholder(x), row->expected);
                /* A CA may call a customer what it likes. */
                assert_false(certificate_is_placeholder(y));
                X509_free(x);
                X509_free(y);
        }
        EVP_PKEY_free(key);
        pki_done(&pki);
}

static X509 *read_certificate(const char *path)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        X509 *certificate = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

        assert_non_null(certificate);
        return certificate;
}

static void test_certificate_get_renewal_id__rfc_example(_unused_ void **state)
{
        X509 *certificate = read_certificate(VECTORS "/x509/rfc9773-appendix-a.pem");
        _cleanup_free_ char *id = NULL;

        assert_int_equal(certificate_get_renewal_id(certificate, &id), 0);
        assert_string_equal(id, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
        X509_free(certificate);
}

/* An authority key identifier of so many bytes. */
static void set_authority(X509 *certificate, int length)
{
        unsigned char bytes[256] = {};
        AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();

        authority->keyid = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(authority->keyid, bytes, length), 1);
        assert_int_equal(X509_add1_ext_i2d(certificate,
                                           NID_authority_key_identifier,
                                           authority,
                                           0,
                                           X509V3_ADD_REPLACE),
                         1);
        AUTHORITY_KEYID_free(authority);
}

static void test_certificate_get_renewal_id__table(_unused_ void **state)
{
        static const struct {
                int key_id_bytes; /* 0: none */
                size_t serial_bytes;
                int r;
        } table[] = {
                        {0, 8, -ENOENT},
                        {20, 8, 0},
                        {EVP_MAX_MD_SIZE, 20, 0},
                        {EVP_MAX_MD_SIZE + 1, 8, -EBADMSG},
                        {20, 21, -EBADMSG},
        };
        EVP_PKEY *key = pki_key("P-256");

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                X509 *certificate = pki_certify(
                                &(PkiSpec){.key = key, .serial_bytes = row->serial_bytes});
                char *id = NULL;

                if (row->key_id_bytes > 0)
                        set_authority(certificate, row->key_id_bytes);
                assert_int_equal(certificate_get_renewal_id(certificate, &id), row->r);
                assert_int_equal(id != NULL, row->r == 0);
                free(id);
                X509_free(certificate);
        }
        EVP_PKEY_free(key);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_certificate_summarize__fields),
                        cmocka_unit_test(test_certificate_get_names__addresses),
                        cmocka_unit_test(test_certificate_is_placeholder__by_its_name),
                        cmocka_unit_test(test_certificate_get_renewal_id__rfc_example),
                        cmocka_unit_test(test_certificate_get_renewal_id__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
