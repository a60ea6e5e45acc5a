/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RFC 8737 section 3: self-signed, one subjectAltName, and the extension id-pe-acmeIdentifier,
 * critical, with the SHA-256 digest of the key authorization. No CA trusts it, and no server of
 * ours has it: only a validator can ask for the one protocol that it is shown for. */

#include "signer/validation.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/base64url.h"
#include "signer/alt-names.h"
#include "signer/key.h"
#include "signer/self-signed.h"

/* id-pe 31: OpenSSL has no name for it. */
#define ACME_IDENTIFIER_OID "1.3.6.1.5.5.7.1.31"

static void x509_freep(X509 **certificate)
{
        X509_free(*certificate);
}

static void bio_freep(BIO **bio)
{
        BIO_free(*bio);
}

void validation_done(Validation *validation)
{
        if (validation->pem)
                OPENSSL_cleanse(validation->pem, strlen(validation->pem));
        free(validation->pem);
        free(validation->certificate);
        *validation = (Validation){};
}

/* The extension's value is an OCTET STRING of the digest, inside of that of every extension.
 * Return: 0, -ENOMEM. */
static int add_digest(X509 *certificate, const unsigned char *digest)
{
        /* DER: tag, length. */
        unsigned char der[2 + VALIDATION_DIGEST_BYTES] = {V_ASN1_OCTET_STRING,
                                                          VALIDATION_DIGEST_BYTES};
        ASN1_OBJECT *id = OBJ_txt2obj(ACME_IDENTIFIER_OID, 1);
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        X509_EXTENSION *extension = NULL;
        int r = 0;

        memcpy(der + 2, digest, VALIDATION_DIGEST_BYTES);
        if (id && value && ASN1_OCTET_STRING_set(value, der, sizeof(der)) == 1)
                extension = X509_EXTENSION_create_by_OBJ(NULL, id, 1, value);
        if (extension)
                r = X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(value);
        ASN1_OBJECT_free(id);
        return r == 1 ? 0 : -ENOMEM;
}

static int make_certificate(EVP_PKEY *key,
                            const char *identifier,
                            const unsigned char *digest,
                            usec_t now_usec,
                            X509 **ret)
{
        _cleanup_(x509_freep) X509 *certificate = NULL;
        int r;

        r = self_signed_new(key,
                            "acmeward validation",
                            (char *[]){(char *) identifier, NULL},
                            now_usec,
                            now_usec + VALIDATION_LIFETIME_USEC,
                            &certificate);
        if (r == 0)
                r = add_digest(certificate, digest);
        if (r < 0)
                return r;
        if (X509_sign(certificate, key, signing_digest(key)) <= 0) {
                ERR_clear_error();
                return -EIO;
        }
        *ret = TAKE_PTR(certificate);
        return 0;
}

static int to_der(X509 *certificate, char **ret)
{
        unsigned char *der = NULL;
        int n = i2d_X509(certificate, &der);

        if (n <= 0)
                return -ENOMEM;
        *ret = base64url_encode(der, (size_t) n);
        OPENSSL_free(der);
        return *ret ? 0 : -ENOMEM;
}

static int to_pem(X509 *certificate, EVP_PKEY *key, char **ret)
{
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_secmem());
        char *text;
        long length;

        if (!bio || PEM_write_bio_X509(bio, certificate) != 1 ||
            PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
                ERR_clear_error();
                return -ENOMEM;
        }
        length = BIO_get_mem_data(bio, &text);
        *ret = length > 0 ? strndup(text, (size_t) length) : NULL;
        return *ret ? 0 : -ENOMEM;
}

int validation_make(const char *identifier,
                    const unsigned char digest[static VALIDATION_DIGEST_BYTES],
                    usec_t now_usec,
                    Validation *ret)
{
        _cleanup_(x509_freep) X509 *certificate = NULL;
        _cleanup_(validation_done) Validation validation = {};
        _cleanup_key_ EVP_PKEY *key = NULL;
        int r;

        /* What every validator can check. */
        r = key_generate(KEY_TYPE_EC_P256, NULL, &key);
        if (r == 0)
                r = make_certificate(key, identifier, digest, now_usec, &certificate);
        if (r == 0)
                r = to_der(certificate, &validation.certificate);
        if (r == 0)
                r = to_pem(certificate, key, &validation.pem);
        if (r < 0)
                return r;
        *ret = validation;
        validation = (Validation){};
        return 0;
}
