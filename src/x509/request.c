/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests of others. What a CA would refuse is refused here, where it costs nothing and can be
 * told to the one who has made it. */

#include "x509/request.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "x509/certificate.h"

static const char *const sentences[REQUEST_REASON_MAX] = {
                [REQUEST_E_NOT_REQUEST] = "it is no PKCS #10 signing request, in PEM or DER",
                [REQUEST_E_TOO_LARGE] = "it is larger than 32 KiB",
                [REQUEST_E_SIGNATURE] = "it is not signed by its own key",
                [REQUEST_E_WEAK_KEY] = "its key is too weak (RSA below 2048 bits, EC below 256), "
                                       "or of a kind that is not known",
                [REQUEST_E_NAMES] = "it asks for no names, or for others than DNS names and IP "
                                    "addresses",
                [REQUEST_E_COMMON_NAME] = "the common name of its subject is no DNS name",
};

const char *certificate_request_explain(CertificateRequestReason reason)
{
        return sentences[reason];
}

static void bio_freep(BIO **bio)
{
        BIO_free_all(*bio);
}

static void request_freep(X509_REQ **request)
{
        X509_REQ_free(*request);
}

static void extensions_freep(STACK_OF(X509_EXTENSION) * *extensions)
{
        sk_X509_EXTENSION_pop_free(*extensions, X509_EXTENSION_free);
}

static void names_freep(GENERAL_NAMES **names)
{
        GENERAL_NAMES_free(*names);
}

static void openssl_freep(unsigned char **p)
{
        OPENSSL_free(*p);
}

void certificate_request_done(CertificateRequest *request)
{
        free(request->der);
        EVP_PKEY_free(request->key);
        strv_free(request->names);
        free(request->fingerprint);
        *request = (CertificateRequest){};
}

/* Return: NULL when it is neither. */
static X509_REQ *read_request(const char *data, size_t length)
{
        _cleanup_(bio_freep) BIO *bio = BIO_new_mem_buf(data, (int) length);
        const unsigned char *p = (const unsigned char *) data;
        X509_REQ *request;

        request = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
        if (!request) {
                request = d2i_X509_REQ(NULL, &p, (long) length);
                /* Something is behind it. */
                if (request && p != (const unsigned char *) data + length) {
                        X509_REQ_free(request);
                        request = NULL;
                }
        }
        ERR_clear_error();
        return request;
}

/* Those of the subjectAltName. Return: 0, *ret is NULL when there is none; REQUEST_E_NAMES;
 * -ENOMEM. */
static int read_alternative_names(X509_REQ *request, char ***ret)
{
        _cleanup_(extensions_freep) STACK_OF(X509_EXTENSION) *extensions =
                        X509_REQ_get_extensions(request);
        _cleanup_(names_freep) GENERAL_NAMES *names = NULL;
        int r, critical = -1;

        names = X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, NULL);
        /* -1: there is none; -2: there are several; 0 and 1: it cannot be read. */
        if (!names)
                return critical == -1 ? 0 : REQUEST_E_NAMES;
        r = certificate_collect_names(names, ret);
        return r == -EBADMSG ? REQUEST_E_NAMES : r;
}

/* RFC 8555 section 7.4: a name may be in the subject as well, or there alone. */
static int add_common_name(X509_REQ *request, char ***names)
{
        const X509_NAME *subject = X509_REQ_get_subject_name(request);
        _cleanup_(openssl_freep) unsigned char *text = NULL;
        int at, length;

        at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
        if (at < 0)
                return 0;
        length = ASN1_STRING_to_UTF8(&text,
                                     X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        if (length <= 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
                return REQUEST_E_COMMON_NAME;
        for (int i = 0; i < length; i++) {
                if (text[i] <= ' ' || text[i] > '~' || text[i] == ':')
                        return REQUEST_E_COMMON_NAME;
                if (text[i] >= 'A' && text[i] <= 'Z')
                        text[i] = (unsigned char) (text[i] - 'A' + 'a');
        }
        return strv_append(names, (const char *) text);
}

static int read_names(X509_REQ *request, CertificateRequest *ret)
{
        int r;

        r = read_alternative_names(request, &ret->names);
        if (r == 0)
                r = add_common_name(request, &ret->names);
        if (r == 0 && !ret->names)
                r = REQUEST_E_NAMES;
        if (r == 0)
                strv_sort_unique(ret->names);
        return r;
}

static int read_key(X509_REQ *request, CertificateRequest *ret)
{
        ret->key = X509_REQ_get_pubkey(request);
        if (!ret->key || !certificate_key_is_strong(ret->key))
                return REQUEST_E_WEAK_KEY;
        return X509_REQ_verify(request, ret->key) == 1 ? 0 : REQUEST_E_SIGNATURE;
}

/* What is sent is what was understood, and nothing that stood around it. */
static int format_request(X509_REQ *request, CertificateRequest *ret)
{
        _cleanup_(openssl_freep) unsigned char *der = NULL;
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned digest_length;
        int length = i2d_X509_REQ(request, &der);

        if (length <= 0)
                return REQUEST_E_NOT_REQUEST;
        if ((size_t) length > REQUEST_BYTES_MAX)
                return REQUEST_E_TOO_LARGE;
        ret->der = malloc((size_t) length);
        if (!ret->der ||
            EVP_Digest(der, (size_t) length, digest, &digest_length, EVP_sha256(), NULL) != 1)
                return -ENOMEM;
        memcpy(ret->der, der, (size_t) length);
        ret->length = (size_t) length;
        ret->fingerprint = certificate_format_hex(digest, digest_length);
        return ret->fingerprint ? 0 : -ENOMEM;
}

int certificate_request_parse(const char *data, size_t length, CertificateRequest *ret)
{
        _cleanup_(request_freep) X509_REQ *request = NULL;
        CertificateRequest found = {};
        int r;

        if (length > REQUEST_FILE_BYTES_MAX)
                return REQUEST_E_TOO_LARGE;
        request = read_request(data, length);
        if (!request)
                return REQUEST_E_NOT_REQUEST;
        r = format_request(request, &found);
        if (r == 0)
                r = read_key(request, &found);
        if (r == 0)
                r = read_names(request, &found);
        ERR_clear_error();
        if (r == 0)
                *ret = found;
        else
                certificate_request_done(&found);
        return r;
}

static bool is_plain_attribute(X509_ATTRIBUTE *attribute)
{
        return OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute)) == NID_ext_req &&
               X509_ATTRIBUTE_count(attribute) == 1;
}

static bool has_names_alone(X509_REQ *request)
{
        _cleanup_(extensions_freep) STACK_OF(X509_EXTENSION) *extensions =
                        X509_REQ_get_extensions(request);

        return extensions && sk_X509_EXTENSION_num(extensions) == 1 &&
               OBJ_obj2nid(X509_EXTENSION_get_object(sk_X509_EXTENSION_value(extensions, 0))) ==
                               NID_subject_alt_name;
}

bool certificate_request_is_plain(const CertificateRequest *request)
{
        const unsigned char *p = request->der;
        _cleanup_(request_freep) X509_REQ *parsed = d2i_X509_REQ(NULL, &p, (long) request->length);
        const X509_NAME *subject;
        bool is_plain;

        if (!parsed)
                return false;
        subject = X509_REQ_get_subject_name(parsed);
        is_plain = X509_NAME_entry_count(subject) <=
                                   (X509_NAME_get_index_by_NID(subject, NID_commonName, -1) >= 0) &&
                   X509_REQ_get_attr_count(parsed) == 1 &&
                   is_plain_attribute(X509_REQ_get_attr(parsed, 0)) && has_names_alone(parsed);
        ERR_clear_error();
        return is_plain;
}
