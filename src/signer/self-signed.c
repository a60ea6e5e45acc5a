/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Certificates that we sign ourselves, in the form of RFC 5280. The placeholder's is for the same
 * names as the real one will have; it says of itself what it is; who looks for that asks
 * certificate_is_placeholder(). */

#include "signer/self-signed.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "signer/alt-names.h"
#include "x509/certificate.h"

/* RFC 5280 section 4.1.2.2 allows 20, positive; these are enough to be no other's. */
#define SERIAL_BYTES 16U

static void x509_freep(X509 **certificate)
{
        X509_free(*certificate);
}

static void bio_freep(BIO **bio)
{
        BIO_free(*bio);
}

static void bignum_freep(BIGNUM **number)
{
        BN_free(*number);
}

static int set_serial(X509 *certificate)
{
        _cleanup_(bignum_freep) BIGNUM *number = NULL;
        unsigned char bytes[SERIAL_BYTES];

        if (RAND_bytes(bytes, sizeof(bytes)) != 1)
                return -EIO;
        /* Positive, and always of the same length. */
        bytes[0] = (unsigned char) ((bytes[0] & 0x3f) | 0x40);
        number = BN_bin2bn(bytes, sizeof(bytes), NULL);
        if (!number || !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)))
                return -ENOMEM;
        return 0;
}

static int set_validity(X509 *certificate, usec_t from_usec, usec_t to_usec)
{
        time_t from = (time_t) ((from_usec - PLACEHOLDER_BEFORE_USEC) / USEC_PER_SEC);
        time_t to = (time_t) (to_usec / USEC_PER_SEC);

        if (!ASN1_TIME_set(X509_getm_notBefore(certificate), from) ||
            !ASN1_TIME_set(X509_getm_notAfter(certificate), to))
                return -ENOMEM;
        return 0;
}

static int set_names(X509 *certificate, const char *common_name, char *const *identifiers)
{
        _cleanup_(alt_names_freep) GENERAL_NAMES *names = NULL;
        X509_NAME *subject = X509_get_subject_name(certificate);

        if (X509_NAME_add_entry_by_NID(subject,
                                       NID_commonName,
                                       MBSTRING_ASC,
                                       (const unsigned char *) common_name,
                                       -1,
                                       -1,
                                       0) != 1 ||
            X509_set_issuer_name(certificate, subject) != 1 ||
            alt_names_new(identifiers, &names) < 0)
                return -ENOMEM;
        return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) ==
                                               1
                               ? 0
                               : -ENOMEM;
}

/* A server's, and nothing else (RFC 5280 sections 4.2.1.3, 4.2.1.9, 4.2.1.12). */
static int set_purpose(X509 *certificate, EVP_PKEY *key)
{
        const struct {
                int nid;
                const char *value;
        } extensions[] = {
                        {NID_basic_constraints, "critical,CA:FALSE"},
                        {NID_key_usage,
                         EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
                                         ? "critical,digitalSignature,keyEncipherment"
                                         : "critical,digitalSignature"},
                        {NID_ext_key_usage, "serverAuth"},
        };

        FOREACH_ARRAY (e, extensions, ELEMENTSOF(extensions)) {
                X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, e->nid, e->value);
                int r = extension ? X509_add_ext(certificate, extension, -1) : 0;

                X509_EXTENSION_free(extension);
                if (r != 1)
                        return -ENOMEM;
        }
        return 0;
}

/* Through the reader of what a CA sends, so that the store has one kind of chain. */
static int to_chain(X509 *certificate, Chain **ret)
{
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
        char *text;
        long length;
        size_t at;
        int r;

        if (!bio || PEM_write_bio_X509(bio, certificate) != 1)
                return -ENOMEM;
        length = BIO_get_mem_data(bio, &text);
        r = chain_parse(text, (size_t) length, ret, &at);
        return r > 0 ? -EBADMSG : r;
}

int self_signed_new(EVP_PKEY *key,
                    const char *common_name,
                    char *const *identifiers,
                    usec_t from_usec,
                    usec_t to_usec,
                    X509 **ret)
{
        _cleanup_(x509_freep) X509 *certificate = X509_new();
        int r;

        if (!certificate || X509_set_version(certificate, X509_VERSION_3) != 1 ||
            X509_set_pubkey(certificate, key) != 1)
                return -ENOMEM;
        r = set_serial(certificate);
        if (r == 0)
                r = set_validity(certificate, from_usec, to_usec);
        if (r == 0)
                r = set_names(certificate, common_name, identifiers);
        if (r == 0)
                r = set_purpose(certificate, key);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(certificate);
        return 0;
}

int self_signed_make(EVP_PKEY *key, char *const *identifiers, usec_t now_usec, Chain **ret)
{
        _cleanup_(x509_freep) X509 *certificate = NULL;
        int r;

        r = self_signed_new(key,
                            PLACEHOLDER_COMMON_NAME,
                            identifiers,
                            now_usec,
                            now_usec + PLACEHOLDER_LIFETIME_USEC,
                            &certificate);
        if (r < 0)
                return r;
        if (X509_sign(certificate, key, signing_digest(key)) <= 0) {
                ERR_clear_error();
                return -EOPNOTSUPP;
        }
        return to_chain(certificate, ret);
}
