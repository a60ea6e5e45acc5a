/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* CSRs: what they say, that they say nothing else, and that they are signed. */

#include <openssl/x509v3.h>

#include "acme/identifier.h"
#include "base/strv.h"
#include "base/test.h"
#include "signer/csr.h"
#include "signer/key.h"

static char **make_identifiers(unsigned n)
{
        char **list = NULL;

        for (unsigned i = 0; i < n; i++) {
                char name[32];

                snprintf(name, sizeof(name), "n%03u.example", i);
                assert_int_equal(strv_append(&list, name), 0);
        }
        return list;
}

static void check_names(X509_REQ *request, char **identifiers)
{
        STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
        GENERAL_NAMES *names;

        assert_int_equal(sk_X509_EXTENSION_num(extensions), 1);
        names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
        assert_non_null(names);
        assert_int_equal(sk_GENERAL_NAME_num(names), strv_length(identifiers));
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
                const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

                if (acme_is_address(identifiers[i])) {
                        ASN1_OCTET_STRING *address = a2i_IPADDRESS(identifiers[i]);

                        assert_int_equal(name->type, GEN_IPADD);
                        assert_int_equal(ASN1_STRING_cmp(name->d.iPAddress, address), 0);
                        ASN1_OCTET_STRING_free(address);
                        continue;
                }
                assert_int_equal(name->type, GEN_DNS);
                assert_int_equal(ASN1_STRING_length(name->d.dNSName), strlen(identifiers[i]));
                assert_memory_equal(ASN1_STRING_get0_data(name->d.dNSName),
                                    identifiers[i],
                                    strlen(identifiers[i]));
        }
        GENERAL_NAMES_free(names);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

static void test_csr_make__each_kind_of_key(_unused_ void **state)
{
        static const struct {
                KeyType type;
                int signature;
        } table[] = {
                        {KEY_TYPE_EC_P256, NID_ecdsa_with_SHA256},
                        {KEY_TYPE_EC_P384, NID_ecdsa_with_SHA384},
                        {KEY_TYPE_RSA_2048, NID_sha256WithRSAEncryption},
                        {KEY_TYPE_ED25519, NID_ED25519},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_strv_free_ char **identifiers = make_identifiers(3);
                _cleanup_free_ unsigned char *der = NULL;
                _cleanup_key_ EVP_PKEY *key = NULL;
                const unsigned char *p;
                X509_REQ *request;
                size_t length;

                assert_int_equal(key_generate(row->type, NULL, &key), 0);
                assert_int_equal(csr_make(key, identifiers, &der, &length), 0);
                p = der;
                request = d2i_X509_REQ(NULL, &p, (long) length);
                assert_non_null(request);
                assert_ptr_equal(p, der + length);
                assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
                assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(request), key), 1);
                assert_int_equal(X509_REQ_get_signature_nid(request), row->signature);
                assert_int_equal(X509_REQ_get_version(request), X509_REQ_VERSION_1);
                assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(request)), 0);
                assert_int_equal(X509_REQ_get_attr_count(request), 1);
                check_names(request, identifiers);
                X509_REQ_free(request);
        }
}

static void test_csr_make__hundred_long_names(_unused_ void **state)
{
        _cleanup_strv_free_ char **identifiers = NULL;
        _cleanup_free_ unsigned char *der = NULL;
        _cleanup_key_ EVP_PKEY *key = NULL;
        const unsigned char *p;
        X509_REQ *request;
        size_t length;

        for (unsigned i = 0; i < 100; i++) {
                char name[254];

                memset(name, 'a', sizeof(name) - 1);
                for (size_t dot = 60; dot < sizeof(name) - 1; dot += 60)
                        name[dot] = '.';
                snprintf(name, 4, "%03u", i);
                name[3] = 'x';
                name[253] = '\0';
                assert_int_equal(strv_append(&identifiers, name), 0);
        }
        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
        assert_int_equal(csr_make(key, identifiers, &der, &length), 0);
        p = der;
        request = d2i_X509_REQ(NULL, &p, (long) length);
        assert_non_null(request);
        check_names(request, identifiers);
        X509_REQ_free(request);
}

/* RFC 8738 section 3. */
static void test_csr_make__addresses(_unused_ void **state)
{
        char v4[] = "192.0.2.1", v6[] = "2001:db8::1", name[] = "a.example",
             *identifiers[] = {v4, v6, name, NULL};
        _cleanup_free_ unsigned char *der = NULL;
        _cleanup_key_ EVP_PKEY *key = NULL;
        const unsigned char *p;
        X509_REQ *request;
        size_t length;

        assert_int_equal(key_generate(KEY_TYPE_EC_P256, NULL, &key), 0);
        assert_int_equal(csr_make(key, identifiers, &der, &length), 0);
        p = der;
        request = d2i_X509_REQ(NULL, &p, (long) length);
        assert_non_null(request);
        check_names(request, identifiers);
        X509_REQ_free(request);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_csr_make__each_kind_of_key),
                        cmocka_unit_test(test_csr_make__hundred_long_names),
                        cmocka_unit_test(test_csr_make__addresses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
