/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chains: one that is right passes, and for each reason there is one that is wrong in that alone.
 */

#include "base/test.h"
#include "x509/chain.h"
#include "x509/test-pki.h"

#define NAMES "DNS:a.example,DNS:b.example"

static char name_a[] = "a.example", name_b[] = "b.example";
static char *identifiers[] = {name_a, name_b, NULL};

static int parse_text(const char *text, size_t *ret_at)
{
        _cleanup_(chain_freep) Chain *chain = NULL;

        return chain_parse(text, strlen(text), &chain, ret_at);
}

/* key NULL: the leaf's own. */
static int verify_at(Pki *pki, const char *text, EVP_PKEY *key, usec_t now_usec, size_t *ret_at)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        int r;

        r = chain_parse(text, strlen(text), &chain, ret_at);
        if (r != 0)
                return r;
        return chain_verify(chain, key ?: pki->leaf_key, identifiers, now_usec, ret_at);
}

static void assert_reason(const char *row, int r, ChainReason expected)
{
        if (r != (int) expected)
                fail_msg("%s: %s instead of %s",
                         row,
                         r < 0    ? strerror(-r)
                         : r == 0 ? "nothing"
                                  : chain_reason_to_string((ChainReason) r),
                         expected == CHAIN_OK ? "nothing" : chain_reason_to_string(expected));
}

static void test_chain_verify__right_ones(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;
        _cleanup_free_ char *leaf = NULL, *two = NULL, *three = NULL;
        size_t at;

        pki_make(&pki, NAMES, NULL);
        leaf = pki_pem(pki.leaf, NULL);
        two = pki_pem(pki.leaf, pki.ca, NULL);
        three = pki_pem(pki.leaf, pki.ca, pki.root, NULL);
        assert_reason("leaf", verify_at(&pki, leaf, NULL, PKI_NOW_USEC, &at), CHAIN_OK);
        assert_reason("two", verify_at(&pki, two, NULL, PKI_NOW_USEC, &at), CHAIN_OK);
        assert_reason("three", verify_at(&pki, three, NULL, PKI_NOW_USEC, &at), CHAIN_OK);
}

/* Wrong in one respect each; the chain is leaf, intermediate, root. */
#define ADJUST(name, statement)                                                                    \
        static void name(PkiSpecs *s)                                                              \
        {                                                                                          \
                statement;                                                                         \
        }

ADJUST(names_other_case, s->leaf.names = "DNS:A.Example,DNS:b.EXAMPLE")
ADJUST(names_other_order, s->leaf.names = "DNS:b.example,DNS:a.example")
ADJUST(names_repeated, s->leaf.names = "DNS:a.example,DNS:b.example,DNS:a.example")
ADJUST(names_none, s->leaf.names = "")
ADJUST(names_fewer, s->leaf.names = "DNS:a.example")
ADJUST(names_more, s->leaf.names = NAMES ",DNS:c.example")
ADJUST(names_address, s->leaf.names = NAMES ",IP:192.0.2.1")
ADJUST(names_email, s->leaf.names = NAMES ",email:a@a.example")
ADJUST(names_uri, s->leaf.names = NAMES ",URI:https://a.example/")
ADJUST(names_wildcard, s->leaf.names = NAMES ",DNS:*.example")
ADJUST(names_dot, s->leaf.names = "DNS:a.example.,DNS:b.example")
ADJUST(names_twice, s->leaf.names_twice = true)
ADJUST(common_name, s->leaf.cn = "a.example")

ADJUST(version_1, {
        s->leaf.version = -1;
        s->leaf.names = s->leaf.constraints = s->leaf.usage = s->leaf.extended_usage = "";
})
ADJUST(serial_20, s->leaf.serial_bytes = 20)
ADJUST(serial_21, s->leaf.serial_bytes = 21)
ADJUST(backwards, {
        s->leaf.not_before = 10;
        s->leaf.not_after = 5;
})

ADJUST(leaf_expired, {
        s->leaf.not_before = -100;
        s->leaf.not_after = -1;
})
ADJUST(leaf_expires_now, {
        s->leaf.not_before = -100;
        s->leaf.not_after = 0;
})
ADJUST(leaf_almost_expired, {
        s->leaf.not_before = -100;
        s->leaf.not_after = 1;
})
ADJUST(ca_expired, {
        s->ca.not_before = -100;
        s->ca.not_after = -1;
})
ADJUST(leaf_in_an_hour, {
        s->leaf.not_before = 3600;
        s->leaf.not_after = 7200;
})
ADJUST(leaf_in_more_than_an_hour, {
        s->leaf.not_before = 3601;
        s->leaf.not_after = 7200;
})
ADJUST(ca_in_more_than_an_hour, {
        s->ca.not_before = 3601;
        s->ca.not_after = 7200;
})

ADJUST(leaf_is_ca, s->leaf.constraints = "critical,CA:TRUE")
ADJUST(leaf_signs_certificates, s->leaf.usage = "digitalSignature,keyCertSign")
ADJUST(leaf_unconstrained, s->leaf.constraints = s->leaf.usage = "")
ADJUST(purpose_none, s->leaf.extended_usage = "")
ADJUST(purpose_client, s->leaf.extended_usage = "clientAuth")
ADJUST(purpose_any, s->leaf.extended_usage = "anyExtendedKeyUsage")
ADJUST(purpose_both, s->leaf.extended_usage = "clientAuth,serverAuth")
ADJUST(usage_elsewhere, s->leaf.usage = "nonRepudiation")

ADJUST(leaf_p224, s->leaf.key = pki_key("P-224"))
ADJUST(leaf_p384, s->leaf.key = pki_key("P-384"))
ADJUST(ca_rsa_1024, s->ca.key = pki_key("RSA-1024"))
ADJUST(ca_rsa_2048, s->ca.key = pki_key("RSA-2048"))
ADJUST(ca_ed25519, s->ca.key = pki_key("ED25519"))
ADJUST(leaf_sha1, s->leaf.digest = "SHA1")
ADJUST(leaf_md5, {
        s->ca.key = pki_key("RSA-2048");
        s->leaf.digest = "MD5";
})
ADJUST(leaf_sha384, s->leaf.digest = "SHA384")
ADJUST(ca_sha1, s->ca.digest = "SHA1")
ADJUST(root_sha1, s->root.digest = "SHA1")

ADJUST(ca_is_none, s->ca.constraints = "critical,CA:FALSE")
ADJUST(ca_unconstrained, s->ca.constraints = "")
ADJUST(ca_may_not_sign, s->ca.usage = "cRLSign")
ADJUST(other_signer, s->leaf.issuer_key = pki_key("P-256"))

ADJUST(root_path_length, s->root.constraints = "critical,CA:TRUE,pathlen:0")
ADJUST(ca_other_names, s->ca.name_constraints = "critical,permitted;DNS:elsewhere.example")
ADJUST(ca_these_names, s->ca.name_constraints = "critical,permitted;DNS:example")
ADJUST(leaf_unknown_critical, s->leaf.unknown_critical = "1.3.6.1.4.1.11129.2.4.3")

static void test_chain_verify__table(_unused_ void **state)
{
#define ROW(adjust, reason, at)                                                                    \
        {                                                                                          \
#adjust, adjust, reason, at                                                        \
        }
        static const struct {
                const char *name;
                void (*adjust)(PkiSpecs *s);
                ChainReason reason;
                size_t at;
        } table[] = {
                        ROW(names_other_case, CHAIN_OK, 0),
                        ROW(names_other_order, CHAIN_OK, 0),
                        ROW(names_repeated, CHAIN_OK, 0),
                        ROW(common_name, CHAIN_OK, 0),
                        ROW(names_none, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_fewer, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_more, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_address, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_email, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_uri, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_wildcard, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_dot, CHAIN_E_OTHER_NAMES, 0),
                        ROW(names_twice, CHAIN_E_MALFORMED, 0),

                        ROW(version_1, CHAIN_E_MALFORMED, 0),
                        ROW(serial_20, CHAIN_OK, 0),
                        ROW(serial_21, CHAIN_E_MALFORMED, 0),
                        ROW(backwards, CHAIN_E_MALFORMED, 0),

                        ROW(leaf_expired, CHAIN_E_EXPIRED, 0),
                        ROW(leaf_expires_now, CHAIN_E_EXPIRED, 0),
                        ROW(leaf_almost_expired, CHAIN_OK, 0),
                        ROW(ca_expired, CHAIN_E_EXPIRED, 1),
                        ROW(leaf_in_an_hour, CHAIN_OK, 0),
                        ROW(leaf_in_more_than_an_hour, CHAIN_E_NOT_YET_VALID, 0),
                        ROW(ca_in_more_than_an_hour, CHAIN_E_NOT_YET_VALID, 1),

                        ROW(leaf_is_ca, CHAIN_E_AUTHORITY, 0),
                        ROW(leaf_signs_certificates, CHAIN_E_AUTHORITY, 0),
                        ROW(leaf_unconstrained, CHAIN_OK, 0),
                        ROW(purpose_none, CHAIN_E_PURPOSE, 0),
                        ROW(purpose_client, CHAIN_E_PURPOSE, 0),
                        ROW(purpose_any, CHAIN_E_PURPOSE, 0),
                        ROW(purpose_both, CHAIN_OK, 0),
                        ROW(usage_elsewhere, CHAIN_E_PURPOSE, 0),

                        ROW(leaf_p224, CHAIN_E_WEAK_KEY, 0),
                        ROW(leaf_p384, CHAIN_OK, 0),
                        ROW(ca_rsa_1024, CHAIN_E_WEAK_KEY, 1),
                        ROW(ca_rsa_2048, CHAIN_OK, 0),
                        ROW(ca_ed25519, CHAIN_OK, 0),
                        ROW(leaf_sha1, CHAIN_E_WEAK_SIGNATURE, 0),
                        ROW(leaf_md5, CHAIN_E_WEAK_SIGNATURE, 0),
                        ROW(leaf_sha384, CHAIN_OK, 0),
                        ROW(ca_sha1, CHAIN_E_WEAK_SIGNATURE, 1),
                        ROW(root_sha1, CHAIN_OK, 0),

                        ROW(ca_is_none, CHAIN_E_NOT_AUTHORITY, 1),
                        ROW(ca_unconstrained, CHAIN_E_NOT_AUTHORITY, 1),
                        ROW(ca_may_not_sign, CHAIN_E_NOT_AUTHORITY, 1),
                        ROW(other_signer, CHAIN_E_BAD_SIGNATURE, 1),

                        ROW(root_path_length, CHAIN_E_PATH, 2),
                        ROW(ca_other_names, CHAIN_E_PATH, 0),
                        ROW(ca_these_names, CHAIN_OK, 0),
                        ROW(leaf_unknown_critical, CHAIN_E_PATH, 0),
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table)) {
                _cleanup_(pki_done) Pki pki;
                _cleanup_free_ char *text = NULL;
                size_t at = 99;
                int r;

                pki_make(&pki, NAMES, row->adjust);
                text = pki_pem(pki.leaf, pki.ca, pki.root, NULL);
                r = verify_at(&pki, text, NULL, PKI_NOW_USEC, &at);
                assert_reason(row->name, r, row->reason);
                if (r != 0)
                        assert_row(row->name, at == row->at);
        }
}

static void test_chain_verify__other_key(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;
        _cleanup_free_ char *text = NULL;
        EVP_PKEY *other = pki_key("P-256"), *rsa = pki_key("RSA-2048");
        size_t at;

        pki_make(&pki, NAMES, NULL);
        text = pki_pem(pki.leaf, pki.ca, NULL);
        assert_reason("same kind",
                      verify_at(&pki, text, other, PKI_NOW_USEC, &at),
                      CHAIN_E_OTHER_KEY);
        assert_reason("other kind",
                      verify_at(&pki, text, rsa, PKI_NOW_USEC, &at),
                      CHAIN_E_OTHER_KEY);
        EVP_PKEY_free(other);
        EVP_PKEY_free(rsa);
}

static void test_chain_verify__order(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki, stranger;
        _cleanup_free_ char *swapped = NULL, *skipped = NULL, *foreign = NULL, *again = NULL,
                            *upside_down = NULL;
        size_t at;

        pki_make(&pki, NAMES, NULL);
        pki_make(&stranger, NAMES, NULL);
        swapped = pki_pem(pki.leaf, pki.root, pki.ca, NULL);
        skipped = pki_pem(pki.leaf, pki.root, NULL);
        foreign = pki_pem(pki.leaf, stranger.ca, NULL);
        again = pki_pem(pki.leaf, pki.leaf, pki.ca, NULL);
        upside_down = pki_pem(pki.ca, pki.leaf, NULL);

        assert_reason("swapped",
                      verify_at(&pki, swapped, NULL, PKI_NOW_USEC, &at),
                      CHAIN_E_ISSUER_NAME);
        assert_int_equal(at, 1);
        assert_reason("skipped",
                      verify_at(&pki, skipped, NULL, PKI_NOW_USEC, &at),
                      CHAIN_E_ISSUER_NAME);
        /* The same name, another key. */
        assert_reason("foreign",
                      verify_at(&pki, foreign, NULL, PKI_NOW_USEC, &at),
                      CHAIN_E_BAD_SIGNATURE);
        assert_reason("again",
                      verify_at(&pki, again, NULL, PKI_NOW_USEC, &at),
                      CHAIN_E_ISSUER_NAME);
        assert_reason("upside down",
                      verify_at(&pki, upside_down, NULL, PKI_NOW_USEC, &at),
                      CHAIN_E_OTHER_KEY);
}

/* Whatever byte of leaf or intermediate is another one, the chain is refused. */
static void test_chain_verify__every_byte_counts(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;

        pki_make(&pki, NAMES, NULL);
        for (size_t which = 0; which < 2; which++) {
                unsigned char *der = NULL;
                int length = i2d_X509(which == 0 ? pki.leaf : pki.ca, &der);

                assert_true(length > 0);
                for (int i = 0; i < length; i++) {
                        const unsigned char *p = der;
                        _cleanup_free_ char *text = NULL;
                        X509 *damaged;
                        size_t at;

                        der[i] ^= 1;
                        damaged = d2i_X509(NULL, &p, length);
                        if (damaged) {
                                text = which == 0 ? pki_pem(damaged, pki.ca, pki.root, NULL)
                                                  : pki_pem(pki.leaf, damaged, pki.root, NULL);
                                if (verify_at(&pki, text, NULL, PKI_NOW_USEC, &at) == 0)
                                        fail_msg("byte %d of certificate %zu", i, which);
                        }
                        X509_free(damaged);
                        der[i] ^= 1;
                }
                OPENSSL_free(der);
        }
}

static void test_chain_parse__spellings(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;
        _cleanup_free_ char *plain = NULL, *dos = NULL, *blank = NULL, *unended = NULL;
        size_t n, at;

        pki_make(&pki, NAMES, NULL);
        plain = pki_pem(pki.leaf, pki.ca, NULL);
        n = strlen(plain);
        dos = calloc(1, 2 * n + 1);
        for (size_t i = 0, j = 0; i < n; i++) {
                if (plain[i] == '\n')
                        dos[j++] = '\r';
                dos[j++] = plain[i];
        }
        assert_true(asprintf(&blank, "\n\r\n%s\n\n", plain) > 0);
        unended = strndup(plain, n - 1);
        assert_reason("plain", parse_text(plain, &at), CHAIN_OK);
        assert_reason("CRLF", parse_text(dos, &at), CHAIN_OK);
        assert_reason("blank lines", parse_text(blank, &at), CHAIN_OK);
        assert_reason("no last newline", parse_text(unended, &at), CHAIN_OK);
}

static void test_chain_parse__not_pem(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;
        _cleanup_free_ char *one = NULL;
        static const char *const around[][2] = {
                        {"subject=CN = x\n", ""},
                        {"", "end\n"},
                        {"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
                        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", ""},
                        {"",
                         "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED "
                         "CERTIFICATE-----\n"},
                        {"",
                         "-----BEGIN X509 CERTIFICATE-----\nAAAA\n-----END X509 "
                         "CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE-----\nAAAA\n"},
                        {"", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE-----\nA=AA\n-----END CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE-----\nA===\n-----END CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE-----\nAA A\n-----END CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE-----\nAA-_\n-----END CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE----- \nAAAA\n-----END CERTIFICATE-----\n"},
                        {"", " -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
                        {"", "-----END CERTIFICATE-----\n"},
                        {"", "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n"},
                        {"", "\x1b[31m\n"},
                        {"", "\r"},
                        {"\xef\xbb\xbf", ""},
        };
        size_t at;

        pki_make(&pki, NAMES, NULL);
        one = pki_pem(pki.leaf, NULL);
        FOREACH_ARRAY (row, around, ELEMENTSOF(around)) {
                _cleanup_free_ char *text = NULL;

                assert_true(asprintf(&text, "%s%s%s", (*row)[0], one, (*row)[1]) > 0);
                assert_reason((*row)[1], parse_text(text, &at), CHAIN_E_NOT_PEM);
        }
}

static void test_chain_parse__limits(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;
        _cleanup_free_ char *ten = NULL, *eleven = NULL, *large = NULL;
        X509 *c;
        size_t at, n;

        pki_make(&pki, NAMES, NULL);
        c = pki.leaf;
        ten = pki_pem(c, c, c, c, c, c, c, c, c, c, NULL);
        eleven = pki_pem(c, c, c, c, c, c, c, c, c, c, c, NULL);
        assert_reason("ten", parse_text(ten, &at), CHAIN_OK);
        assert_reason("eleven", parse_text(eleven, &at), CHAIN_E_TOO_MANY);
        assert_int_equal(at, 10);
        assert_reason("none", parse_text("", &at), CHAIN_E_EMPTY);
        assert_reason("blank", parse_text("\n\n", &at), CHAIN_E_EMPTY);

        large = malloc(CHAIN_BYTES_MAX + 2);
        n = strlen(ten);
        memcpy(large, ten, n);
        memset(large + n, '\n', CHAIN_BYTES_MAX + 1 - n);
        large[CHAIN_BYTES_MAX] = '\0';
        assert_reason("as large as can be", parse_text(large, &at), CHAIN_OK);
        large[CHAIN_BYTES_MAX] = '\n';
        large[CHAIN_BYTES_MAX + 1] = '\0';
        assert_reason("one more", parse_text(large, &at), CHAIN_E_TOO_LARGE);
}

static void test_chain_parse__malformed(_unused_ void **state)
{
        static const char *const texts[] = {
                        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                        "-----BEGIN CERTIFICATE-----\nMIIBAQ==\n-----END CERTIFICATE-----\n",
        };
        size_t at;

        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts))
                assert_reason(*text, parse_text(*text, &at), CHAIN_E_MALFORMED);
}

static void test_chain_format__what_was_parsed(_unused_ void **state)
{
        _cleanup_(pki_done) Pki pki;
        _cleanup_free_ char *text = NULL, *all = NULL, *leaf = NULL, *rest = NULL, *none = NULL,
                            *expected_leaf = NULL, *expected_rest = NULL;
        _cleanup_(chain_freep) Chain *chain = NULL;
        size_t at;

        pki_make(&pki, NAMES, NULL);
        text = pki_pem(pki.leaf, pki.ca, pki.root, NULL);
        expected_leaf = pki_pem(pki.leaf, NULL);
        expected_rest = pki_pem(pki.ca, pki.root, NULL);
        assert_int_equal(chain_parse(text, strlen(text), &chain, &at), 0);
        assert_int_equal(chain_length(chain), 3);
        assert_int_equal(chain_format(chain, 0, 3, &all), 0);
        assert_int_equal(chain_format(chain, 0, 1, &leaf), 0);
        assert_int_equal(chain_format(chain, 1, 3, &rest), 0);
        assert_int_equal(chain_format(chain, 1, 1, &none), 0);
        assert_string_equal(all, text);
        assert_string_equal(leaf, expected_leaf);
        assert_string_equal(rest, expected_rest);
        assert_string_equal(none, "");
}

static void test_chain_reason__words(_unused_ void **state)
{
        assert_null(chain_reason_to_string(CHAIN_OK));
        for (ChainReason reason = CHAIN_OK + 1; reason < CHAIN_REASON_MAX; reason++) {
                _cleanup_free_ char *message = NULL;

                assert_non_null(chain_reason_to_string(reason));
                assert_int_equal(chain_explain(reason, 1, &message), 0);
                assert_non_null(strstr(message, "Certificate 2 of the chain "));
                for (ChainReason other = CHAIN_OK + 1; other < reason; other++)
                        assert_string_not_equal(chain_reason_to_string(reason),
                                                chain_reason_to_string(other));
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_chain_verify__right_ones),
                        cmocka_unit_test(test_chain_verify__table),
                        cmocka_unit_test(test_chain_verify__other_key),
                        cmocka_unit_test(test_chain_verify__order),
                        cmocka_unit_test(test_chain_verify__every_byte_counts),
                        cmocka_unit_test(test_chain_parse__spellings),
                        cmocka_unit_test(test_chain_parse__not_pem),
                        cmocka_unit_test(test_chain_parse__limits),
                        cmocka_unit_test(test_chain_parse__malformed),
                        cmocka_unit_test(test_chain_format__what_was_parsed),
                        cmocka_unit_test(test_chain_reason__words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
