/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PKCS #12, in algorithms that every reader has: triple DES with keys derived by SHA-1 (RFC 7292
 * appendix B), and a MAC by SHA-1. Java 8 before update 301 and Java 11 before 11.0.12 open neither
 * the AES nor the SHA-256 that OpenSSL would take by itself ("keystore password was incorrect").
 * That costs nothing here: the file is 0600, its password lies in another file of the same machine,
 * and it is the mode that protects the key, as it does without a password in a PEM file.
 *
 * What is compared is what is inside: salts and initialisation vectors are new each time. */

#include "writer/pkcs12.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

/* What keytool takes. A guess at the password costs a thief so much more; a run costs it
 * milliseconds. */
#define ITERATIONS 10000

static void pkcs12_freep(PKCS12 **p12)
{
        PKCS12_free(*p12);
}

static void others_freep(STACK_OF(X509) * *others)
{
        sk_X509_free(*others);
}

static void parsed_freep(STACK_OF(X509) * *others)
{
        sk_X509_pop_free(*others, X509_free);
}

static void pkey_freep(EVP_PKEY **key)
{
        EVP_PKEY_free(*key);
}

static void x509_freep(X509 **certificate)
{
        X509_free(*certificate);
}

/* All but the first, borrowed. Return: NULL without memory. */
static STACK_OF(X509) * other_certificates(const Chain *chain)
{
        STACK_OF(X509) *others = sk_X509_new_null();

        for (size_t i = 1; others && i < chain_length(chain); i++)
                if (sk_X509_push(others, chain_get(chain, i)) <= 0) {
                        sk_X509_free(others);
                        return NULL;
                }
        return others;
}

static int encode(PKCS12 *p12, char **ret, size_t *ret_length)
{
        _cleanup_free_ unsigned char *data = NULL;
        unsigned char *end;
        int length;

        length = i2d_PKCS12(p12, NULL);
        if (length <= 0)
                return -EIO;
        data = end = malloc((size_t) length);
        if (!data)
                return -ENOMEM;
        if (i2d_PKCS12(p12, &end) != length)
                return -EIO;
        *ret = (char *) TAKE_PTR(data);
        *ret_length = (size_t) length;
        return 0;
}

int pkcs12_make(EVP_PKEY *key,
                const Chain *chain,
                const char *alias,
                const char *password,
                char **ret,
                size_t *ret_length)
{
        _cleanup_(others_freep) STACK_OF(X509) *others = other_certificates(chain);
        _cleanup_(pkcs12_freep) PKCS12 *p12 = NULL;

        if (!others)
                return -ENOMEM;
        /* -1: no MAC, since PKCS12_create() would take SHA-256 for it. */
        p12 = PKCS12_create(password,
                            alias,
                            key,
                            chain_get(chain, 0),
                            others,
                            NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                            NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                            ITERATIONS,
                            -1,
                            0);
        if (!p12 || PKCS12_set_mac(p12, password, -1, NULL, 0, ITERATIONS, EVP_sha1()) != 1) {
                ERR_clear_error();
                return -EIO;
        }
        return encode(p12, ret, ret_length);
}

/* Every one of the chain but the first, in whatever order, and no other. */
static bool has_others(STACK_OF(X509) * found, const Chain *chain)
{
        size_t n_found = found ? (size_t) sk_X509_num(found) : 0;

        if (n_found != chain_length(chain) - 1)
                return false;
        for (size_t i = 1; i < chain_length(chain); i++) {
                bool is_there = false;

                for (size_t k = 0; k < n_found; k++)
                        is_there |= X509_cmp(sk_X509_value(found, (int) k), chain_get(chain, i)) ==
                                    0;
                if (!is_there)
                        return false;
        }
        return true;
}

bool pkcs12_is_same(const char *data,
                    size_t length,
                    EVP_PKEY *key,
                    const Chain *chain,
                    const char *password)
{
        const unsigned char *at = (const unsigned char *) data;
        _cleanup_(parsed_freep) STACK_OF(X509) *others = NULL;
        _cleanup_(x509_freep) X509 *leaf = NULL;
        _cleanup_(pkey_freep) EVP_PKEY *found = NULL;
        _cleanup_(pkcs12_freep) PKCS12 *p12 = NULL;
        bool is_same;

        if (length > PKCS12_BYTES_MAX)
                return false;
        p12 = d2i_PKCS12(NULL, &at, (long) length);
        is_same = p12 && at == (const unsigned char *) data + length &&
                  PKCS12_parse(p12, password, &found, &leaf, &others) == 1 && found && leaf &&
                  EVP_PKEY_eq(found, key) == 1 && X509_cmp(leaf, chain_get(chain, 0)) == 0 &&
                  has_others(others, chain);
        ERR_clear_error();
        return is_same;
}
