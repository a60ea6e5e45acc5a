/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Certificate signing requests. No common name: RFC 8555 section 7.4 lets the names be in the
 * subjectAltName alone, a common name has room for 64 letters only, and no CA needs it. */

#include "signer/csr.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "signer/alt-names.h"

static void request_freep(X509_REQ **request)
{
        X509_REQ_free(*request);
}

static void extensions_freep(STACK_OF(X509_EXTENSION) * *extensions)
{
        sk_X509_EXTENSION_pop_free(*extensions, X509_EXTENSION_free);
}

/* Not critical: how the certificate is to be marked (RFC 5280 section 4.2.1.6) is the CA's
 * business. */
static int add_names(X509_REQ *request, char *const *identifiers)
{
        _cleanup_(alt_names_freep) GENERAL_NAMES *names = NULL;
        _cleanup_(extensions_freep) STACK_OF(X509_EXTENSION) *extensions = NULL;

        if (alt_names_new(identifiers, &names) < 0)
                return -ENOMEM;
        if (X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1 ||
            X509_REQ_add_extensions(request, extensions) != 1)
                return -ENOMEM;
        return 0;
}

int csr_make(EVP_PKEY *key, char *const *identifiers, unsigned char **ret, size_t *ret_length)
{
        _cleanup_(request_freep) X509_REQ *request = X509_REQ_new();
        unsigned char *der = NULL, *copy;
        int length;

        if (!request || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
            X509_REQ_set_pubkey(request, key) != 1 || add_names(request, identifiers) < 0)
                return -ENOMEM;
        if (X509_REQ_sign(request, key, signing_digest(key)) <= 0) {
                ERR_clear_error();
                return -EOPNOTSUPP;
        }
        length = i2d_X509_REQ(request, &der);
        if (length <= 0)
                return -ENOMEM;
        copy = malloc((size_t) length);
        if (copy) {
                memcpy(copy, der, (size_t) length);
                *ret = copy;
                *ret_length = (size_t) length;
        }
        OPENSSL_free(der);
        return copy ? 0 : -ENOMEM;
}
